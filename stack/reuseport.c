/* SPDX-License-Identifier: MIT */
/*
 * SO_REUSEPORT groups: sockets bound to the same address and port by the same user, of which each
 * packet or connection is given to one by its flow hash.
 *
 * net/core/sock_reuseport.c: members stand in order of binding; when one leaves, the last takes its
 * place, and since the index is the hash scaled to the number of members, other flows move too
 * (what QUIC servers notice on a reload). A member that SO_INCOMING_CPU ties to the CPU at work wins
 * over the hash's pick. A program (SO_ATTACH_REUSEPORT_CBPF) belongs to the group, whichever member it was
 * attached to, and stays when that one leaves; its pick is taken whatever state that socket is in.
 */
#include <stdlib.h>

#include "sim/engine/pool.h"
#include "stack/ebpf.h"
#include "stack/inet_hash.h"
#include "stack/udp.h"

struct sock_reuseport {
	u32 num, cap;
	struct bpf_prog *prog; /* picks a member; NULL: the hash does */
	struct inet_sock *socks[];
};

#define REUSEPORT_INIT_SOCKS 8u

static struct sock_reuseport *group_new(u32 cap)
{
	struct sock_reuseport *g =
		xcalloc(1, sizeof(*g) + cap * sizeof(struct inet_sock *));

	g->cap = cap;
	return g;
}

static struct sock_reuseport *group_grow(struct sock_reuseport *old)
{
	struct sock_reuseport *g = group_new(old->cap * 2);

	g->num = old->num;
	g->prog = old->prog;
	for (u32 i = 0; i < old->num; i++) {
		g->socks[i] = old->socks[i];
		g->socks[i]->reuse_group = g;
	}
	free(old);
	return g;
}

static void group_free(struct sock_reuseport *g)
{
	bpf_prog_put(g->prog);
	free(g);
}

/* A socket that was given a program before it was bound is a group of its own. */
int reuseport_add_sock(struct inet_sock *inet, struct inet_sock *existing)
{
	struct sock_reuseport *g = existing ? existing->reuse_group : NULL;

	if (!g && inet->reuse_group)
		return 0;
	reuseport_detach_sock(inet);
	if (!g)
		g = group_new(REUSEPORT_INIT_SOCKS);
	else if (g->num == g->cap)
		g = group_grow(g);
	g->socks[g->num++] = inet;
	inet->reuse_group = g;
	return 0;
}

void reuseport_detach_sock(struct inet_sock *inet)
{
	struct sock_reuseport *g = inet->reuse_group;

	if (!g)
		return;
	bpf_sockarray_forget(inet);
	for (u32 i = 0; i < g->num; i++) {
		if (g->socks[i] != inet)
			continue;
		g->socks[i] = g->socks[--g->num];
		break;
	}
	inet->reuse_group = NULL;
	if (!g->num)
		group_free(g);
}

/* sk_unhashed() of Linux: neither bound, for UDP, nor listening or connected, for TCP. */
static bool unhashed(const struct inet_sock *inet)
{
	if (inet->sk.type == SOCK_RAW)
		return false;
	if (inet->sk.protocol == IPPROTO_TCP || inet->sk.protocol == IPPROTO_UDP)
		return list_empty(&inet->lookup_node) && !inet->hashed;
	return !inet->num;
}

int reuseport_attach_prog(struct inet_sock *inet, struct bpf_prog *prog)
{
	struct sock_reuseport *g;

	if (!inet->reuse_group) {
		if (!unhashed(inet) || !inet->sk.reuseport)
			return -EINVAL;
		reuseport_add_sock(inet, NULL);
	}
	g = inet->reuse_group;
	bpf_prog_get(prog);
	bpf_prog_put(g->prog);
	g->prog = prog;
	return 0;
}

int reuseport_detach_prog(struct inet_sock *inet)
{
	struct sock_reuseport *g = inet->reuse_group;

	if (!g)
		return inet->sk.reuseport ? -ENOENT : -EINVAL;
	if (!g->prog)
		return -ENOENT;
	bpf_prog_put(g->prog);
	g->prog = NULL;
	return 0;
}

/*
 * What a filter sees begins behind the transport header, and its result is a member's number; a number
 * that is none leaves it to the hash.
 */
static struct inet_sock *select_by_filter(const struct sock_reuseport *g, const struct sk_buff *skb)
{
	u32 hlen = g->socks[0]->sk.protocol == IPPROTO_TCP ? (u32)(skb->head[skb->data + 12] >> 4) * 4 :
							     UDP_HLEN;
	u32 i = bpf_prog_run(g->prog, skb, hlen);

	return i < g->num ? g->socks[i] : NULL;
}

/*
 * BPF_PROG_TYPE_SK_REUSEPORT picks from a map. False: it wants the packet to find no socket. *pick NULL:
 * it leaves it to the hash.
 */
static bool select_by_program(const struct sock_reuseport *g, struct inet_sock *any,
			      const struct sk_buff *skb, u32 hash, struct inet_sock **pick)
{
	struct ebpf_run run = { .prog = g->prog, .skb = skb, .asked = any, .hash = hash };
	bool pass = (u32)ebpf_prog_run(&run) == SK_PASS;

	*pick = run.selected;
	return pass;
}

struct inet_sock *reuseport_select_sock(struct inet_sock *any, struct sk_buff *skb, u32 hash)
{
	struct sock_reuseport *g = any->reuse_group;
	int cpu = cpu_current(any->sk.host)->id;
	u32 start = (u32)((u64)hash * g->num >> 32);
	struct inet_sock *pick = NULL;

	if (g->prog && skb && g->prog->type == BPF_PROG_TYPE_SK_REUSEPORT) {
		if (!select_by_program(g, any, skb, hash, &pick))
			return NULL;
	} else if (g->prog && skb) {
		pick = select_by_filter(g, skb);
	}
	if (pick)
		return pick;
	for (u32 k = 0; k < g->num; k++) {
		u32 i = start + k < g->num ? start + k : start + k - g->num;
		struct inet_sock *s = g->socks[i];

		if (s->sk.state == TCP_ESTABLISHED)
			continue;
		if (s->sk.incoming_cpu_set == cpu)
			return s;
		if (!pick)
			pick = s;
	}
	return pick;
}

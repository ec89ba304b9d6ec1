/* SPDX-License-Identifier: MIT */
/*
 * SO_REUSEPORT groups: sockets bound to the same address and port by the same user, of which each
 * packet or connection is given to one by its flow hash.
 *
 * net/core/sock_reuseport.c: members stand in order of binding; when one leaves, the last takes its
 * place, and since the index is the hash scaled to the number of members, other flows move too
 * (what QUIC servers notice on a reload). A member that SO_INCOMING_CPU ties to the CPU at work wins
 * over the hash's pick.
 */
#include <stdlib.h>

#include "sim/engine/pool.h"
#include "stack/inet_hash.h"

struct sock_reuseport {
	u32 num, cap;
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
	for (u32 i = 0; i < old->num; i++) {
		g->socks[i] = old->socks[i];
		g->socks[i]->reuse_group = g;
	}
	free(old);
	return g;
}

int reuseport_add_sock(struct inet_sock *inet, struct inet_sock *existing)
{
	struct sock_reuseport *g = existing ? existing->reuse_group : NULL;

	assert(!inet->reuse_group);
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
	for (u32 i = 0; i < g->num; i++) {
		if (g->socks[i] != inet)
			continue;
		g->socks[i] = g->socks[--g->num];
		break;
	}
	inet->reuse_group = NULL;
	if (!g->num)
		free(g);
}

struct inet_sock *reuseport_select_sock(struct inet_sock *any, u32 hash)
{
	struct sock_reuseport *g = any->reuse_group;
	int cpu = cpu_current(any->sk.host)->id;
	u32 start = (u32)((u64)hash * g->num >> 32);
	struct inet_sock *pick = NULL;

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

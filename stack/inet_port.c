/* SPDX-License-Identifier: MIT */
/*
 * Ports: who may bind what beside whom, and which ephemeral port is taken.
 *
 * The rules are those of inet_csk_get_port(), udp_lib_get_port() and __inet_hash_connect(). Since
 * Linux 4.2 bind() with port 0 and connect() prefer ports of opposite parity, so that a host that does
 * both does not run out of either. Which port comes next is random (RNG_EPHEMERAL_PORT) and a choice
 * (CHOICE_PORT): a search can ask for the one port that makes a program meet itself.
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/engine/choice.h"
#include "stack/inet_hash.h"

#define PORT_PERTURB_SIZE 256u

/* inet_rcv_saddr_equal() with wildcards on both sides. */
bool inet_rcv_saddr_equal(const struct inet_sock *a, const struct inet_sock *b)
{
	bool any_a = ipaddr_is_any(&a->rcv_saddr), any_b = ipaddr_is_any(&b->rcv_saddr);
	bool v4_a = ipaddr_is_v4(&a->rcv_saddr), v4_b = ipaddr_is_v4(&b->rcv_saddr);

	if (!any_a && !any_b)
		return ipaddr_equal(&a->rcv_saddr, &b->rcv_saddr);
	/* "::" covers IPv4 as well unless IPV6_V6ONLY; "0.0.0.0" covers IPv4 alone. */
	if (v4_a && v4_b)
		return true;
	if (any_a && !v4_a && (!v4_b || !a->v6only))
		return true;
	if (any_b && !v4_b && (!v4_a || !b->v6only))
		return true;
	return false;
}

static bool same_device(const struct sock *a, const struct sock *b)
{
	return !a->bound_dev_if || !b->bound_dev_if || a->bound_dev_if == b->bound_dev_if;
}

/* relax: an explicit port was asked for; SO_REUSEADDR on both sides then suffices. */
static bool tcp_conflicts(const struct inet_sock *a, const struct inet_sock *b, bool relax)
{
	const struct sock *sk = &a->sk, *sk2 = &b->sk;
	bool shared_group = sk->reuseport && sk2->reuseport &&
			    (sk2->state == TCP_TIME_WAIT || sk->uid == sk2->uid);

	if (a == b || !same_device(sk, sk2))
		return false;
	if (sk->reuse && sk2->reuse && sk2->state != TCP_LISTEN) {
		if (relax)
			return false;
	} else if (shared_group) {
		return false;
	}
	return inet_rcv_saddr_equal(a, b);
}

static bool udp_conflicts(const struct inet_sock *a, const struct inet_sock *b)
{
	const struct sock *sk = &a->sk, *sk2 = &b->sk;

	if (a == b || !same_device(sk, sk2) || (sk->reuse && sk2->reuse))
		return false;
	if (sk->reuseport && sk2->reuseport && sk->uid == sk2->uid)
		return false;
	return inet_rcv_saddr_equal(a, b);
}

static bool port_conflicts(struct inet_sock *inet, struct inet_bind_bucket *b, bool relax)
{
	struct inet_sock *other;

	list_for_each_entry(other, &b->owners, bind_node) {
		if (inet->sk.protocol == IPPROTO_TCP ? tcp_conflicts(inet, other, relax) :
						       udp_conflicts(inet, other))
			return true;
	}
	return false;
}

static bool port_usable(struct inet_sock *inet, u16 port, bool relax)
{
	struct inet_bind_bucket *b = inet_bucket_find(inet->sk.net, inet->sk.protocol, port);

	return !b || !port_conflicts(inet, b, relax);
}

static void port_range(const struct inet_sock *inet, int *low, int *high)
{
	const int *sys = inet->sk.net->sysctl.ip_local_port_range;

	*low = sys[0];
	*high = sys[1];
	if (inet->port_range[0] > *low && inet->port_range[0] <= *high)
		*low = inet->port_range[0];
	if (inet->port_range[1] && inet->port_range[1] < *high && inet->port_range[1] >= *low)
		*high = inet->port_range[1];
}

/* A port that the schedule asks for, 0: the ordinary way. */
static u16 chosen_port(struct inet_sock *inet, int low, int high)
{
	u32 v = choose(inet->sk.net->sim, inet->sk.host->id, CHOICE_PORT, (u32)(high - low) + 2);

	return v ? (u16)(low + (int)v - 1) : 0;
}

/* inet_csk_find_open_port() for one part of the range: odd offsets first, then even ones. 0: none. */
static u16 scan_range(struct inet_sock *inet, int low, int high)
{
	struct net *net = inet->sk.net;
	u32 remaining = (u32)(high - low);
	u32 offset;

	if (remaining > 1)
		remaining &= ~1u;
	offset = rng_below(&net->rng_port, remaining) | 1u;
	for (int pass = 0; pass < 2; pass++, offset--) {
		int port = low + (int)offset;

		for (u32 i = 0; i < remaining; i += 2, port += 2) {
			struct inet_bind_bucket *b;

			if (port >= high)
				port -= (int)remaining;
			b = inet_bucket_find(net, inet->sk.protocol, (u16)port);
			if (!b || (!b->connect_only && !port_conflicts(inet, b, false)))
				return (u16)port;
		}
	}
	return 0;
}

static u16 tcp_open_port(struct inet_sock *inet)
{
	int low, high, half;
	u16 port;

	port_range(inet, &low, &high);
	port = chosen_port(inet, low, high);
	if (port && port_usable(inet, port, false))
		return port;
	high++; /* the scans take a half-open range */
	if (!inet->sk.reuse || high - low < 4)
		return scan_range(inet, low, high);
	/* With SO_REUSEADDR the lower half is tried first, so that the upper stays free for others. */
	half = low + (((high - low) >> 2) << 1);
	port = scan_range(inet, low, half);
	return port ? port : scan_range(inet, half, high);
}

/* udp_lib_get_port(): from a random start, each port of the range once. */
static u16 udp_open_port(struct inet_sock *inet)
{
	int low, high;
	u32 range, start;
	u16 port;

	port_range(inet, &low, &high);
	port = chosen_port(inet, low, high);
	if (port && port_usable(inet, port, false))
		return port;
	range = (u32)(high - low) + 1;
	start = rng_below(&inet->sk.net->rng_port, range);
	for (u32 i = 0; i < range; i++) {
		port = (u16)(low + (int)((start + i) % range));
		if (port_usable(inet, port, false))
			return port;
	}
	return 0;
}

/* The member of the group that inet would join: same port, address, user, both with SO_REUSEPORT. */
static struct inet_sock *reuseport_peer(struct inet_sock *inet)
{
	struct inet_sock *s;

	list_for_each_entry(s, &inet->bucket->lookup, lookup_node) {
		if (s != inet && s->reuse_group && s->sk.reuseport && s->sk.uid == inet->sk.uid &&
		    s->sk.family == inet->sk.family && s->v6only == inet->v6only &&
		    s->sk.bound_dev_if == inet->sk.bound_dev_if &&
		    ipaddr_equal(&s->rcv_saddr, &inet->rcv_saddr))
			return s;
	}
	return NULL;
}

static void lookup_insert(struct inet_sock *inet)
{
	if (inet->sk.reuseport)
		reuseport_add_sock(inet, reuseport_peer(inet));
	list_add(&inet->lookup_node, &inet->bucket->lookup);
}

int inet_get_port(struct sock *sk, u16 port)
{
	struct inet_sock *inet = inet_sk(sk);
	bool udp = sk->protocol != IPPROTO_TCP;
	struct inet_bind_bucket *b;

	if (!port) {
		port = udp ? udp_open_port(inet) : tcp_open_port(inet);
		if (!port)
			return -EADDRINUSE;
	} else if (!port_usable(inet, port, true)) {
		return -EADDRINUSE;
	}
	b = inet_bucket_get(sk->net, sk->protocol, port);
	b->connect_only = false;
	inet_bucket_join(b, inet);
	inet->sport = port;
	if (udp)
		lookup_insert(inet);
	return 0;
}

void inet_put_port(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	reuseport_detach_sock(inet);
	inet_bucket_leave(inet);
	inet->num = 0;
}

int inet_autobind(struct sock *sk)
{
	if (inet_sk(sk)->num)
		return 0;
	return inet_get_port(sk, 0) ? -EAGAIN : 0;
}

void inet_inherit_port(struct inet_sock *child, struct inet_sock *parent)
{
	child->sport = parent->sport;
	inet_bucket_join(parent->bucket, child);
}

int inet_listen_insert(struct inet_sock *inet)
{
	/* Two sockets may share a port by SO_REUSEADDR as long as neither listens. */
	if (port_conflicts(inet, inet->bucket, true))
		return -EADDRINUSE;
	lookup_insert(inet);
	return 0;
}

void inet_listen_remove(struct inet_sock *inet)
{
	reuseport_detach_sock(inet);
	list_del_init(&inet->lookup_node);
}

/* ---- connect() --------------------------------------------------------------------------------- */

/* True when the 4-tuple with this local port is free, or was made free. */
static bool tuple_free(struct inet_sock *inet, u16 port,
		       bool (*may_replace)(struct inet_sock *, struct inet_sock *))
{
	struct inet_sock *old = inet_lookup_established(inet->sk.net, &inet->daddr, inet->dport,
							&inet->rcv_saddr, port,
							inet->sk.bound_dev_if);

	return !old || (may_replace && may_replace(old, inet));
}

static bool try_connect_port(struct inet_sock *inet, u16 port,
			     bool (*may_replace)(struct inet_sock *, struct inet_sock *))
{
	struct inet_bind_bucket *b = inet_bucket_find(inet->sk.net, IPPROTO_TCP, port);

	if (b && !b->connect_only)
		return false;
	if (b && !tuple_free(inet, port, may_replace))
		return false;
	/* The replaced sock may have been the bucket's last. */
	b = inet_bucket_find(inet->sk.net, IPPROTO_TCP, port);
	if (!b) {
		b = inet_bucket_get(inet->sk.net, IPPROTO_TCP, port);
		b->connect_only = true;
	}
	inet_bucket_join(b, inet);
	inet->sport = port;
	inet_ehash_insert(inet);
	return true;
}

/*
 * Successive connections to one destination take successive ports of one parity: the start is a keyed
 * hash of the destination, moved on by a counter for each hash slot (RFC 6056 algorithm 4, in a smaller
 * table than Linux's).
 */
static u32 *port_perturb(struct net *net, u64 hash)
{
	if (!net->port_perturb)
		net->port_perturb = xcalloc(PORT_PERTURB_SIZE, sizeof(u32));
	return &net->port_perturb[hash % PORT_PERTURB_SIZE];
}

static int connect_any_port(struct inet_sock *inet,
			    bool (*may_replace)(struct inet_sock *, struct inet_sock *))
{
	struct net *net = inet->sk.net;
	u64 hash = inet_ehashfn(net, &inet->saddr, 0, &inet->daddr, inet->dport);
	u32 *perturb = port_perturb(net, hash);
	u32 remaining, offset;
	int low, high;
	u16 want;

	port_range(inet, &low, &high);
	want = chosen_port(inet, low, high);
	if (want && try_connect_port(inet, want, may_replace))
		return 0;
	high++;
	remaining = (u32)(high - low);
	if (remaining > 1)
		remaining &= ~1u;
	offset = ((u32)(hash >> 8) + *perturb) % remaining & ~1u;
	for (int pass = 0; pass < 2; pass++, offset++) {
		int port = low + (int)offset;

		for (u32 i = 0; i < remaining; i += 2, port += 2) {
			if (port >= high)
				port -= (int)remaining;
			if (!try_connect_port(inet, (u16)port, may_replace))
				continue;
			/* Now and then skip one more, so that the sequence is not a plain count. */
			if (i == 0 && rng_below(&net->rng_port, 16) == 0)
				i = 2;
			*perturb += i + 2;
			return 0;
		}
		if (remaining <= 1)
			break;
	}
	return -EADDRNOTAVAIL;
}

int inet_hash_connect(struct inet_sock *inet,
		      bool (*may_replace)(struct inet_sock *old, struct inet_sock *inet))
{
	if (!inet->num)
		return connect_any_port(inet, may_replace);
	if (!tuple_free(inet, inet->num, may_replace))
		return -EADDRNOTAVAIL;
	inet_ehash_insert(inet);
	return 0;
}

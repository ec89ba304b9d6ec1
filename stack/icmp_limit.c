/* SPDX-License-Identifier: MIT */
/*
 * Limits on ICMP messages that we send (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f)).
 *
 * Two token buckets as in Linux: one for the host (icmp_msgs_per_sec, icmp_msgs_burst), from which
 * a random 0 to 2 tokens are taken so that the count tells an attacker nothing; and one for each
 * destination (icmp_ratelimit), which saves up to six messages.
 */
#include <stdlib.h>

#include "stack/icmp.h"

#define XRLIM_BURST_FACTOR 6
#define ICMP_PEERS_MAX 256u

struct icmp_peer {
	union ipaddr addr;
	nsec_t tokens, last;
};

struct icmp_peers {
	struct icmp_peer *peer;
	u32 n, cap;
};

bool icmp_global_exhausted(struct net *net)
{
	const struct net_sysctl *s = &net->sysctl;
	nsec_t delta;
	s64 incr;

	if (net->icmp_tokens > 0)
		return false;
	delta = min(net_now(net) - net->icmp_stamp, NSEC_PER_SEC);
	if (delta < NSEC_PER_SEC / 50)
		return true;
	incr = s->icmp_msgs_per_sec * delta / NSEC_PER_SEC;
	if (!incr)
		return true;
	net->icmp_stamp = net_now(net);
	net->icmp_tokens = (u32)min(incr, (s64)s->icmp_msgs_burst);
	return net->icmp_tokens == 0;
}

static void icmp_global_consume(struct net *net)
{
	u32 n = rng_below(&net->rng_icmp, 3);

	net->icmp_tokens -= min(n, net->icmp_tokens);
}

/* The bucket of a destination; when there are too many, the one that was used the longest ago goes.
 */
static struct icmp_peer *icmp_peer_get(struct net *net, const union ipaddr *a)
{
	struct icmp_peers *t = net->icmp_peers;
	struct icmp_peer *p, *oldest;

	if (!t)
		t = net->icmp_peers = xcalloc(1, sizeof(*t));
	oldest = t->peer;
	for (u32 i = 0; i < t->n; i++) {
		if (ipaddr_equal(&t->peer[i].addr, a))
			return &t->peer[i];
		if (t->peer[i].last < oldest->last)
			oldest = &t->peer[i];
	}
	if (t->n < ICMP_PEERS_MAX) {
		if (t->n == t->cap) {
			t->cap = t->cap ? t->cap * 2 : 4;
			t->peer = xrealloc(t->peer, t->cap * sizeof(*t->peer));
		}
		p = &t->peer[t->n++];
	} else {
		p = oldest;
	}
	*p = (struct icmp_peer){.addr = *a, .last = net_now(net) - 60 * NSEC_PER_SEC};
	return p;
}

bool icmp_peer_allow(struct net *net, const struct dst *dst, const union ipaddr *daddr,
		     nsec_t timeout)
{
	struct icmp_peer *p;

	if (timeout && !(dst->dev->flags & IFF_LOOPBACK)) {
		p = icmp_peer_get(net, daddr);
		p->tokens += net_now(net) - p->last;
		p->tokens = min(p->tokens, XRLIM_BURST_FACTOR * timeout);
		p->last = net_now(net);
		if (p->tokens < timeout)
			return false;
		p->tokens -= timeout;
	}
	icmp_global_consume(net);
	return true;
}

void icmp_peers_free(struct net *net)
{
	if (!net->icmp_peers)
		return;
	free(net->icmp_peers->peer);
	free(net->icmp_peers);
	net->icmp_peers = NULL;
}

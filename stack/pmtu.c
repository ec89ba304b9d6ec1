/* SPDX-License-Identifier: MIT */
/*
 * The exceptions of a host, in one small array (pmtu.h).
 *
 * An exception is looked up when a route is resolved, not for each packet: it is part of the cached
 * dst, with its expiry, and a change bumps the generation of all of them. Linux too bounds their
 * number (five for each bucket of FNHE_HASH_SIZE) and evicts the oldest.
 */
#include "stack/pmtu.h"

#include <stdlib.h>

#include "stack/fib.h"

#define PMTU_MAX 1024u
#define IPV6_MIN_MTU 1280u

struct pmtu_table {
	struct pmtu_entry *entry;
	u32 n, cap;
};

static struct pmtu_entry *pmtu_find(const struct net *net, const union ipaddr *daddr)
{
	struct pmtu_table *t = net->pmtu;

	for (u32 i = 0; t && i < t->n; i++) {
		if (ipaddr_equal(&t->entry[i].daddr, daddr))
			return &t->entry[i];
	}
	return NULL;
}

const struct pmtu_entry *pmtu_lookup(const struct net *net, const union ipaddr *daddr)
{
	const struct pmtu_entry *e = pmtu_find(net, daddr);

	return e && net_now(net) < e->expires ? e : NULL;
}

/* A slot for daddr: its own, a new one, or that of the exception which expires first. */
static struct pmtu_entry *pmtu_slot(struct net *net, const union ipaddr *daddr)
{
	struct pmtu_entry *e = pmtu_find(net, daddr);
	struct pmtu_table *t;

	if (e)
		return e;
	if (!net->pmtu)
		net->pmtu = xcalloc(1, sizeof(*net->pmtu));
	t = net->pmtu;
	if (t->n < PMTU_MAX) {
		if (t->n == t->cap) {
			t->cap = t->cap ? t->cap * 2 : 4;
			t->entry = xrealloc(t->entry, t->cap * sizeof(*t->entry));
		}
		e = &t->entry[t->n++];
	} else {
		e = t->entry;
		for (u32 i = 1; i < t->n; i++) {
			if (t->entry[i].expires < e->expires)
				e = &t->entry[i];
		}
	}
	*e = (struct pmtu_entry){.daddr = *daddr};
	if (ipaddr_is_v4(daddr))
		e->gateway = ipaddr_v4(0);
	return e;
}

void ip_update_pmtu(struct net *net, const union ipaddr *daddr, u32 mtu)
{
	struct flow fl = {.daddr = *daddr};
	struct pmtu_entry *e;
	bool locked = false;
	struct dst dst;

	if (ipaddr_is_v4(daddr))
		fl.saddr = ipaddr_v4(0);
	if (route_output(net, &fl, &dst) || dst.pmtu_locked || dst.mtu <= mtu)
		return;
	if (ipaddr_is_v4(daddr) && mtu < net->sysctl.min_pmtu) {
		locked = true;
		mtu = min(dst.mtu, net->sysctl.min_pmtu);
	} else if (!ipaddr_is_v4(daddr)) {
		mtu = max(mtu, IPV6_MIN_MTU);
	}
	e = pmtu_slot(net, daddr);
	e->mtu = mtu;
	e->locked = locked;
	e->expires = net_now(net) + net->sysctl.mtu_expires;
	rt_genid_bump(net);
}

void pmtu_redirect(struct net *net, const union ipaddr *daddr, const union ipaddr *gateway)
{
	struct pmtu_entry *e = pmtu_slot(net, daddr);

	e->gateway = *gateway;
	e->expires = NSEC_NEVER; /* Linux: until the route or the exception is evicted */
	rt_genid_bump(net);
}

void pmtu_table_free(struct net *net)
{
	if (!net->pmtu)
		return;
	free(net->pmtu->entry);
	free(net->pmtu);
	net->pmtu = NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * The neighbour cache and its state machine (neighbour.h; RFC 4861 section 7.3, RFC 1122 section
 * 2.3.2, arp(7)). Times and limits are the sysctls under net.ipv4.neigh.default, shared by both
 * families.
 */
#include "stack/neighbour.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/engine/trace.h"
#include "stack/multicast.h"
#include "stack/fib.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/stack_world.h"
#include "stack/net_ratelimit.h"

#define NEIGH_HASH_MIN 64u
/* neigh_periodic_work() draws a new reachable_time this often. */
#define NEIGH_RAND_INTERVAL (300 * NSEC_PER_SEC)
#define NEIGH_GC_GRACE (5 * NSEC_PER_SEC)

static const u8 eth_broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* ---- table ---- */

static u32 neigh_hashfn(const struct net *net, const struct net_device *dev, const union ipaddr *a)
{
	u64 h = (u64)net->host->id << 32 | (u32)dev->ifindex;

	h = (h ^ a->d[0]) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 32) ^ a->d[1]) * 0x9e3779b97f4a7c15ull;
	return (u32)(h >> 32);
}

static void neigh_hash_grow(struct stack_world *sw)
{
	u32 size = sw->neigh_hash ? (sw->neigh_mask + 1) * 2 : NEIGH_HASH_MIN;
	struct neighbour **table = xcalloc(size, sizeof(*table));

	for (u32 i = 0; sw->neigh_hash && i <= sw->neigh_mask; i++) {
		struct neighbour *n = sw->neigh_hash[i];

		while (n) {
			struct neighbour *next = n->next;

			n->next = table[n->hash & (size - 1)];
			table[n->hash & (size - 1)] = n;
			n = next;
		}
	}
	free(sw->neigh_hash);
	sw->neigh_hash = table;
	sw->neigh_mask = size - 1;
}

static void neigh_hash_insert(struct stack_world *sw, struct neighbour *n)
{
	struct neighbour **head;

	if (!sw->neigh_hash || sw->nneigh > sw->neigh_mask)
		neigh_hash_grow(sw);
	head = &sw->neigh_hash[n->hash & sw->neigh_mask];
	n->next = *head;
	*head = n;
	sw->nneigh++;
}

static void neigh_hash_remove(struct stack_world *sw, struct neighbour *n)
{
	struct neighbour **p = &sw->neigh_hash[n->hash & sw->neigh_mask];

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	sw->nneigh--;
}

static struct pool *neigh_pool(struct stack_world *sw)
{
	static const char name[] = "neighbour";

	return stack_pool(sw, name, sizeof(struct neighbour));
}

struct neighbour *neigh_lookup(struct net *net, const struct net_device *dev, const union ipaddr *a)
{
	struct stack_world *sw = stack_world_of(net->host);
	u32 hash = neigh_hashfn(net, dev, a);
	struct neighbour *n;

	if (!sw->neigh_hash)
		return NULL;
	for (n = sw->neigh_hash[hash & sw->neigh_mask]; n; n = n->next) {
		if (n->hash == hash && n->dev == dev && ipaddr_equal(&n->addr, a))
			return n;
	}
	return NULL;
}

static void neigh_purge_queue(struct neighbour *n)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&n->arp_queue)))
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_DEAD, "neighbour");
	n->arp_queue_len_bytes = 0;
}

static void neigh_free(struct neighbour *n)
{
	struct net *net = n->net;
	struct stack_world *sw = stack_world_of(net->host);

	timer_del(&n->timer);
	neigh_purge_queue(n);
	list_del_init(&n->node);
	neigh_hash_remove(sw, n);
	net->neigh->entries--;
	pool_free(neigh_pool(sw), n);
	rt_genid_bump(net);
}

static nsec_t neigh_rand_reach_time(struct net *net)
{
	u32 base_us = (u32)(net->sysctl.base_reachable_time / NSEC_PER_USEC);

	return base_us ? (nsec_t)(rng_below(&net->rng_neigh, base_us) + base_us / 2) * NSEC_PER_USEC
		       : 0;
}

static struct neigh_table *neigh_tbl(struct net *net)
{
	struct neigh_table *t = net->neigh;

	if (!t) {
		t = net->neigh = xcalloc(1, sizeof(*t));
		list_init(&t->list);
		t->reachable_time = neigh_rand_reach_time(net);
		t->last_rand = net_now(net);
	} else if (net_now(net) > t->last_rand + NEIGH_RAND_INTERVAL) {
		t->reachable_time = neigh_rand_reach_time(net);
		t->last_rand = net_now(net);
	}
	return t;
}

/* neigh_forced_gc(): entries that are not in use make room, the oldest first. */
static bool neigh_forced_gc(struct net *net)
{
	struct neigh_table *t = net->neigh;
	struct neighbour *n, *tmp;
	int want = t->entries - net->sysctl.neigh_gc_thresh2;
	int freed = 0;

	list_for_each_entry_safe(n, tmp, &t->list, node) {
		if (freed >= want)
			break;
		if ((n->state & (NUD_PERMANENT | NUD_INCOMPLETE)) ||
		    (n->state != NUD_FAILED && net_now(net) < n->updated + NEIGH_GC_GRACE))
			continue;
		neigh_free(n);
		freed++;
	}
	return freed > 0;
}

static bool neigh_has_room(struct net *net)
{
	const struct neigh_table *t = net->neigh;

	if (t->entries < net->sysctl.neigh_gc_thresh2)
		return true;
	return neigh_forced_gc(net) || t->entries < net->sysctl.neigh_gc_thresh3;
}

/* ARP's and ND's constructor: addresses that need no question. */
static void neigh_construct(struct neighbour *n)
{
	const union ipaddr *a = &n->addr;

	n->state = NUD_NOARP;
	if (n->dev->flags & (IFF_NOARP | IFF_LOOPBACK)) {
		memcpy(n->ha, n->dev->mac, ETH_ALEN);
	} else if (ipaddr_is_multicast(a)) {
		ip_mc_mac(a, n->ha);
	} else if (ipaddr_is_v4(a) && ip_addr_type(n->net, a) == RTN_BROADCAST_) {
		memcpy(n->ha, eth_broadcast, ETH_ALEN);
	} else {
		n->state = NUD_NONE;
	}
}

static void neigh_timer_fn(struct timer *timer);

struct neighbour *neigh_create(struct net *net, struct net_device *dev, const union ipaddr *a)
{
	struct neighbour *n = neigh_lookup(net, dev, a);
	struct stack_world *sw = stack_world_of(net->host);
	struct neigh_table *t;

	if (n)
		return n;
	t = neigh_tbl(net);
	if (!neigh_has_room(net)) {
		net_info_ratelimited(net, ipaddr_is_v4(a) ? "neighbour: arp_cache: neighbor table overflow!" :
								    "neighbour: ndisc_cache: neighbor table overflow!");
		return NULL;
	}
	n = pool_zalloc(neigh_pool(sw));
	n->net = net;
	n->dev = dev;
	n->addr = *a;
	n->hash = neigh_hashfn(net, dev, a);
	n->confirmed = net_now(net) - 2 * t->reachable_time;
	n->updated = n->used = net_now(net);
	skb_queue_init(&n->arp_queue);
	timer_init(&n->timer, net->host, neigh_timer_fn);
	neigh_construct(n);
	list_add_tail(&n->node, &t->list);
	t->entries++;
	neigh_hash_insert(sw, n);
	return n;
}

/* ---- state machine ---- */

u8 neigh_state(const struct neighbour *n)
{
	if (n->state == NUD_REACHABLE &&
	    net_now(n->net) > n->confirmed + n->net->neigh->reachable_time)
		return NUD_STALE;
	return n->state;
}

static void neigh_solicit(struct neighbour *n)
{
	struct sk_buff *skb = skb_peek(&n->arp_queue);

	n->probes++;
	if (ipaddr_is_v4(&n->addr))
		arp_solicit(n, skb);
	else
		ndisc_solicit(n, skb);
}

/* Nobody answered: each waiting packet is an error to its sender (arp_error_report()). */
static void neigh_invalidate(struct neighbour *n)
{
	struct net *net = n->net;
	struct sk_buff_head q;
	struct sk_buff *skb;

	/* Errors may make the sender send again at once: what waits must be out of the way. */
	skb_queue_init(&q);
	while ((skb = skb_dequeue(&n->arp_queue)))
		skb_queue_tail(&q, skb);
	n->arp_queue_len_bytes = 0;
	n->updated = net_now(net);
	while ((skb = skb_dequeue(&q))) {
		icmp_send_link_failure(net, skb);
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED, "neighbour");
	}
}

static int neigh_max_probes(const struct neighbour *n)
{
	const struct net_sysctl *s = &n->net->sysctl;

	return s->ucast_solicit + (n->state == NUD_PROBE ? 0 : s->mcast_solicit);
}

static void neigh_timer_fn(struct timer *timer)
{
	struct neighbour *n = container_of(timer, struct neighbour, timer);
	const struct net_sysctl *s = &n->net->sysctl;
	nsec_t now = net_now(n->net);

	if (n->state == NUD_DELAY) {
		if (now <= n->confirmed + s->delay_first_probe_time) {
			n->state = NUD_REACHABLE;
			n->updated = now;
			return;
		}
		n->state = NUD_PROBE;
		n->updated = now;
		n->probes = 0;
	}
	if ((n->state & (NUD_INCOMPLETE | NUD_PROBE)) && n->probes >= neigh_max_probes(n)) {
		n->state = NUD_FAILED;
		neigh_invalidate(n);
		return;
	}
	if (n->state & (NUD_INCOMPLETE | NUD_PROBE)) {
		timer_mod(&n->timer, now + max(s->retrans_time, 10 * NSEC_PER_MSEC));
		neigh_solicit(n);
	}
}

static void neigh_queue_packet(struct neighbour *n, struct sk_buff *skb)
{
	u32 limit = n->net->sysctl.unres_qlen_bytes;

	while (n->arp_queue_len_bytes + skb->truesize > limit) {
		struct sk_buff *old = skb_dequeue(&n->arp_queue);

		if (!old)
			break;
		n->arp_queue_len_bytes -= old->truesize;
		kfree_skb_reason(old, SKB_DROP_REASON_NEIGH_QUEUEFULL, "neighbour");
	}
	skb_queue_tail(&n->arp_queue, skb);
	n->arp_queue_len_bytes += skb->truesize;
}

/* neigh_event_send(): true when skb may go now; else it has been taken. */
static bool neigh_ready(struct neighbour *n, struct sk_buff *skb)
{
	const struct net_sysctl *s = &n->net->sysctl;
	nsec_t now = net_now(n->net);

	n->used = now;
	if (n->state & (NUD_CONNECTED | NUD_DELAY | NUD_PROBE) && neigh_state(n) != NUD_STALE)
		return true;
	if (neigh_state(n) == NUD_STALE) {
		n->state = NUD_DELAY;
		n->updated = now;
		timer_mod(&n->timer, now + s->delay_first_probe_time);
		return true;
	}
	if (n->state == NUD_INCOMPLETE) {
		neigh_queue_packet(n, skb);
		return false;
	}
	if (s->mcast_solicit == 0) {
		n->state = NUD_FAILED;
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_FAILED, "neighbour");
		return false;
	}
	/* The probes count on from the unicast ones, which make no sense without an address. */
	n->probes = (u8)s->ucast_solicit;
	n->state = NUD_INCOMPLETE;
	n->updated = now;
	timer_mod(&n->timer, now + max(s->retrans_time, 10 * NSEC_PER_MSEC));
	neigh_queue_packet(n, skb);
	neigh_solicit(n);
	return false;
}

int neigh_output(struct neighbour *n, struct sk_buff *skb)
{
	if (!(n->state & (NUD_NOARP | NUD_PERMANENT)) && !neigh_ready(n, skb))
		return 0;
	eth_header(skb, n->ha, n->dev->mac, ntohs(skb->protocol));
	return dev_queue_xmit(skb);
}

static void neigh_flush_queue(struct neighbour *n)
{
	struct sk_buff_head q;
	struct sk_buff *skb;

	skb_queue_init(&q);
	while ((skb = skb_dequeue(&n->arp_queue)))
		skb_queue_tail(&q, skb);
	n->arp_queue_len_bytes = 0;
	while ((skb = skb_dequeue(&q)))
		neigh_output(n, skb);
}

static void neigh_update_router(struct neighbour *n, u32 flags)
{
	if (flags & NEIGH_UPDATE_OVERRIDE_ISROUTER)
		n->router = flags & NEIGH_UPDATE_ISROUTER;
}

/* The rules for a different address: false when the news must be dropped. */
static bool neigh_accept_lladdr(struct neighbour *n, const u8 **lladdr, u8 *state, u32 flags)
{
	bool differs = *lladdr && memcmp(*lladdr, n->ha, ETH_ALEN) != 0;

	if (!*lladdr || !(n->state & NUD_VALID)) {
		if (!*lladdr)
			*lladdr = n->ha;
		return true;
	}
	if (differs && !(flags & NEIGH_UPDATE_OVERRIDE)) {
		if (!(flags & NEIGH_UPDATE_WEAK_OVERRIDE) || !(n->state & NUD_CONNECTED))
			return false;
		*lladdr = n->ha;
		*state = NUD_STALE;
	} else if (!differs && *state == NUD_STALE && !(flags & NEIGH_UPDATE_OVERRIDE)) {
		*state = n->state; /* nothing new: no reason to doubt it */
	}
	return true;
}

void neigh_update(struct neighbour *n, const u8 *lladdr, u8 state, u32 flags)
{
	nsec_t now = net_now(n->net);
	u8 old = n->state;

	if ((old & (NUD_NOARP | NUD_PERMANENT)) && !(state & NUD_PERMANENT))
		return;
	if (!(state & NUD_VALID)) {
		timer_del(&n->timer);
		n->state = state;
		n->updated = now;
		if ((old & (NUD_INCOMPLETE | NUD_PROBE)) && state == NUD_FAILED)
			neigh_invalidate(n);
		return;
	}
	if (!lladdr && !(old & NUD_VALID))
		return;
	if (!neigh_accept_lladdr(n, &lladdr, &state, flags)) {
		neigh_update_router(n, flags);
		return;
	}
	if (state & NUD_CONNECTED)
		n->confirmed = now;
	if (lladdr != n->ha && memcmp(lladdr, n->ha, ETH_ALEN) != 0) {
		memcpy(n->ha, lladdr, ETH_ALEN);
		/* Linux makes a changed address look unconfirmed unless the news was a
		 * confirmation. */
		if (!(state & NUD_CONNECTED))
			n->confirmed = now - 2 * n->net->neigh->reachable_time;
	}
	if (state != old) {
		timer_del(&n->timer);
		n->state = state;
		if (state & (NUD_DELAY | NUD_PROBE))
			timer_mod(&n->timer, now + n->net->sysctl.delay_first_probe_time);
	}
	n->updated = now;
	neigh_update_router(n, flags);
	if (!(old & NUD_VALID))
		neigh_flush_queue(n);
}

struct neighbour *neigh_event_ns(struct net *net, struct net_device *dev, const union ipaddr *a,
				 const u8 *lladdr)
{
	struct neighbour *n = neigh_create(net, dev, a);

	if (n)
		neigh_update(n, lladdr, NUD_STALE, NEIGH_UPDATE_OVERRIDE);
	return n;
}

int neigh_add(struct net *net, struct net_device *dev, const union ipaddr *a,
	      const u8 mac[ETH_ALEN])
{
	struct neighbour *n;

	if (ipaddr_is_any(a) || ipaddr_is_multicast(a))
		return -EINVAL;
	if (dev->flags & IFF_LOOPBACK)
		return -EINVAL;
	n = neigh_create(net, dev, a);
	if (!n)
		return -ENOBUFS;
	neigh_update(n, mac, NUD_PERMANENT, NEIGH_UPDATE_OVERRIDE);
	return 0;
}

void dst_confirm(struct dst *dst)
{
	if (dst->neigh && dst->genid == dst->neigh->net->genid)
		dst->neigh->confirmed = net_now(dst->neigh->net);
}

/* ---- removal ---- */

static void neigh_flush(struct net *net, struct net_device *dev, bool skip_permanent)
{
	struct neighbour *n, *tmp;

	if (!net->neigh)
		return;
	list_for_each_entry_safe(n, tmp, &net->neigh->list, node) {
		if (n->dev == dev && !(skip_permanent && n->state == NUD_PERMANENT))
			neigh_free(n);
	}
}

void neigh_ifdown(struct net *net, struct net_device *dev)
{
	neigh_flush(net, dev, false);
}

void neigh_carrier_down(struct net *net, struct net_device *dev)
{
	neigh_flush(net, dev, true);
}

void neigh_table_free(struct net *net)
{
	struct neighbour *n, *tmp;

	if (!net->neigh)
		return;
	list_for_each_entry_safe(n, tmp, &net->neigh->list, node)
		neigh_free(n);
	free(net->neigh);
	net->neigh = NULL;
}

void neigh_for_each(struct net *net, void (*fn)(void *ctx, const struct neighbour *n), void *ctx)
{
	const struct neighbour *n;

	if (!net->neigh)
		return;
	list_for_each_entry(n, &net->neigh->list, node)
		fn(ctx, n);
}

const char *neigh_state_name(u8 state)
{
	static const struct {
		u8 state;
		const char *name;
	} names[] = {
	    {NUD_NONE, "NONE"},	    {NUD_INCOMPLETE, "INCOMPLETE"}, {NUD_REACHABLE, "REACHABLE"},
	    {NUD_STALE, "STALE"},   {NUD_DELAY, "DELAY"},	    {NUD_PROBE, "PROBE"},
	    {NUD_FAILED, "FAILED"}, {NUD_NOARP, "NOARP"},	    {NUD_PERMANENT, "PERMANENT"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].state == state)
			return names[i].name;
	}
	return "?";
}

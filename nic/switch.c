/* SPDX-License-Identifier: MIT */
/*
 * A learning switch (IEEE 802.1D, clause 7: learning, ageing, filtering, flooding).
 *
 * Theory of operation. A frame has arrived whole when the switch sees it (store and forward). The
 * switch learns the source, decides, and hands the frame to the link of each output port, not to
 * start before the forwarding latency has passed. The links compute departures in advance (link.c),
 * so a switch has no events of its own: what a port holds is what its link says has not started.
 *
 * The shared buffer is the sum over the ports. It is only brought up to date when a frame seems not
 * to fit: held bytes leave by time alone, so the remembered sum is never too small.
 */
#include "nic/switch.h"

#include <stdlib.h>
#include <string.h>

#include "nic/netdev.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"

#define SWITCH_MAX_PORTS 1024
#define MAC_BUCKETS_MIN 16u

struct mac_entry {
	struct mac_entry *next; /* in its bucket */
	u64 mac;
	int port;
	nsec_t seen;
};

struct switch_port {
	struct link_port lp;
	struct netswitch *sw;
	int index;
	u64 held; /* bytes, when last asked */
	struct switch_port_stats stats;
};

struct netswitch {
	struct world_object object;
	struct netswitch *next; /* world->switches */
	struct world *world;
	struct host *host; /* its place in the order of events */
	struct switch_params p;
	struct switch_port *ports;
	u64 held; /* sum over the ports */
	struct pool macs;
	struct mac_entry **bucket;
	u32 nbuckets, nmacs;
};

void switch_params_default(struct switch_params *p)
{
	*p = (struct switch_params){
	    .ports = 8,
	    .port_queue = 512,
	    .buffer_bytes = 4 << 20,
	    .latency = NSEC_PER_USEC,
	    .ageing = 300 * NSEC_PER_SEC,
	    .mac_table = 8192,
	};
}

/* ---- the address table ---- */

static u64 mac_key(const u8 *mac)
{
	return (u64)get_be16(mac) << 32 | get_be32(mac + 2);
}

static u32 mac_bucket(const struct netswitch *sw, u64 mac)
{
	return (u32)(mac * 0x9e3779b97f4a7c15ull >> 32) & (sw->nbuckets - 1);
}

/* Unlinks and frees entries of a bucket that have aged; returns where mac's link is, or the end. */
static struct mac_entry **mac_find(struct netswitch *sw, u64 mac)
{
	nsec_t now = sw->world->sim.now;
	struct mac_entry **pp = &sw->bucket[mac_bucket(sw, mac)], *e;

	while ((e = *pp) != NULL) {
		if (e->seen + sw->p.ageing <= now) {
			*pp = e->next;
			pool_free(&sw->macs, e);
			sw->nmacs--;
			continue;
		}
		if (e->mac == mac)
			break;
		pp = &e->next;
	}
	return pp;
}

static void mac_grow(struct netswitch *sw)
{
	struct mac_entry **old = sw->bucket;
	u32 n = sw->nbuckets;

	sw->nbuckets = n ? n * 2 : MAC_BUCKETS_MIN;
	sw->bucket = xcalloc(sw->nbuckets, sizeof(*sw->bucket));
	for (u32 i = 0; i < n; i++) {
		for (struct mac_entry *e = old[i], *next; e; e = next) {
			u32 b = mac_bucket(sw, e->mac);

			next = e->next;
			e->next = sw->bucket[b];
			sw->bucket[b] = e;
		}
	}
	free(old);
}

/* A full table learns nothing new until something has aged. */
static void mac_learn(struct netswitch *sw, u64 mac, int port)
{
	struct mac_entry **pp = mac_find(sw, mac);

	if (!*pp) {
		if (sw->nmacs >= sw->p.mac_table)
			return;
		if (sw->nmacs >= sw->nbuckets) {
			mac_grow(sw);
			pp = mac_find(sw, mac);
		}
		*pp = pool_zalloc(&sw->macs);
		(*pp)->mac = mac;
		sw->nmacs++;
	}
	(*pp)->port = port;
	(*pp)->seen = sw->world->sim.now;
}

/* A port without carrier leads nowhere. */
static void mac_forget_port(struct netswitch *sw, int port)
{
	for (u32 i = 0; i < sw->nbuckets; i++) {
		struct mac_entry **pp = &sw->bucket[i], *e;

		while ((e = *pp) != NULL) {
			if (e->port != port) {
				pp = &e->next;
				continue;
			}
			*pp = e->next;
			pool_free(&sw->macs, e);
			sw->nmacs--;
		}
	}
}

int switch_lookup(struct netswitch *sw, const u8 mac[6])
{
	struct mac_entry **pp = mac_find(sw, mac_key(mac));

	return *pp ? (*pp)->port : -1;
}

/* ---- forwarding ---- */

/* Brings the account of one port up to date; returns its frames. */
static u32 port_refresh(struct switch_port *sp)
{
	u64 bytes;
	u32 frames = link_backlog(&sp->lp, &bytes);

	sp->sw->held += bytes - sp->held;
	sp->held = bytes;
	return frames;
}

static bool buffer_full(struct netswitch *sw, u32 len)
{
	if (sw->held + len <= sw->p.buffer_bytes)
		return false;
	for (int i = 0; i < sw->p.ports; i++)
		port_refresh(&sw->ports[i]);
	return sw->held + len > sw->p.buffer_bytes;
}

static void switch_drop(struct switch_port *sp, struct sk_buff *skb, enum skb_drop_reason reason)
{
	sp->stats.dropped++;
	kfree_skb_reason(skb, reason, PLACE_SWITCH);
}

static void output(struct switch_port *sp, struct sk_buff *skb)
{
	struct netswitch *sw = sp->sw;

	if (!link_has_queue(&sp->lp)) {
		u32 frames = port_refresh(sp);

		if (frames >= sw->p.port_queue || buffer_full(sw, skb->len)) {
			switch_drop(sp, skb, SKB_DROP_REASON_SWITCH_BUFFER_FULL);
			return;
		}
		sw->held += skb->len;
		sp->held += skb->len;
	}
	sp->stats.tx_packets++;
	sp->stats.tx_bytes += skb->len;
	link_transmit(&sp->lp, skb, sw->world->sim.now + sw->p.latency);
}

static void flood(struct switch_port *in, struct sk_buff *skb)
{
	struct netswitch *sw = in->sw;
	struct switch_port *last = NULL;

	in->stats.flooded++;
	for (int i = 0; i < sw->p.ports; i++) {
		struct switch_port *sp = &sw->ports[i];

		if (sp == in || !link_is_up(&sp->lp))
			continue;
		if (last)
			output(last, skb_clone(skb));
		last = sp;
	}
	if (last)
		output(last, skb);
	else
		switch_drop(in, skb, SKB_DROP_REASON_SWITCH_NO_PORT);
}

/* 01-80-C2-00-00-0x: for the neighbour only (802.1D, table 7-10). */
static bool link_local_group(u64 mac)
{
	return mac >> 4 == 0x0180c200000ull;
}

static void switch_receive(struct link_port *lp, struct sk_buff *skb)
{
	struct switch_port *in = lp->owner;
	struct netswitch *sw = in->sw;
	u64 dst, src;
	int out;

	skb->host = sw->host;
	in->stats.rx_packets++;
	in->stats.rx_bytes += skb->len;
	trace_hop(sw->world->sim.trace, skb->id, sw->world->sim.now, sw->host->id, PLACE_SWITCH,
		  in->index + 1, -1);
	if (unlikely(skb->bad_fcs || !pskb_may_pull(skb, ETH_HLEN))) {
		switch_drop(in, skb,
			    skb->bad_fcs ? SKB_DROP_REASON_FRAME_CRC
					 : SKB_DROP_REASON_PKT_TOO_SMALL);
		return;
	}
	dst = mac_key(skb_data(skb));
	src = mac_key(skb_data(skb) + ETH_ALEN);
	if (!(src >> 40 & 1))
		mac_learn(sw, src, in->index);
	if (link_local_group(dst)) {
		switch_drop(in, skb, SKB_DROP_REASON_SWITCH_NO_PORT);
		return;
	}
	out = dst >> 40 & 1 ? -1 : switch_lookup(sw, skb_data(skb));
	if (out < 0)
		flood(in, skb);
	else if (out == in->index || !link_is_up(&sw->ports[out].lp))
		switch_drop(in, skb, SKB_DROP_REASON_SWITCH_NO_PORT);
	else
		output(&sw->ports[out], skb);
}

static void switch_carrier(struct link_port *lp, bool up)
{
	struct switch_port *sp = lp->owner;

	if (!up)
		mac_forget_port(sp->sw, sp->index);
}

static const struct link_port_ops switch_link_ops = {
    .receive = switch_receive,
    .carrier = switch_carrier,
};

/* ---- making and unmaking ---- */

static void switch_destroy(struct world_object *o)
{
	struct netswitch *sw = container_of(o, struct netswitch, object);

	for (int i = 0; i < sw->p.ports; i++)
		mac_forget_port(sw, i);
	pool_destroy(&sw->macs);
	free(sw->bucket);
	free(sw->ports);
	free(sw);
}

struct netswitch *switch_new(struct world *w, const char *name, const struct switch_params *p)
{
	struct netswitch *sw = xcalloc(1, sizeof(*sw));

	assert(p->ports >= 2 && p->ports <= SWITCH_MAX_PORTS);
	sw->world = w;
	sw->p = *p;
	sw->host = host_new(w, name, 1);
	sw->ports = xcalloc((size_t)p->ports, sizeof(*sw->ports));
	for (int i = 0; i < p->ports; i++) {
		struct switch_port *sp = &sw->ports[i];

		sp->sw = sw;
		sp->index = i;
		sp->lp =
		    (struct link_port){.ops = &switch_link_ops, .owner = sp, .host = sw->host->id};
	}
	pool_init(&sw->macs, "switch mac", sizeof(struct mac_entry));
	mac_grow(sw);
	sw->object.destroy = switch_destroy;
	if (w->last_switch)
		w->last_switch->next = sw;
	else
		w->switches = sw;
	w->last_switch = sw;
	world_own(w, &sw->object);
	return sw;
}

struct link_port *switch_port(struct netswitch *sw, int port)
{
	return &sw->ports[port].lp;
}

const struct switch_port_stats *switch_port_stats(const struct netswitch *sw, int port)
{
	return &sw->ports[port].stats;
}

int switch_nports(const struct netswitch *sw)
{
	return sw->p.ports;
}

u32 switch_host_id(const struct netswitch *sw)
{
	return sw->host->id;
}

struct netswitch *switch_next(const struct netswitch *sw)
{
	return sw->next;
}

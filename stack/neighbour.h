/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: link-layer addresses of hosts on a device's link, for ARP and neighbour discovery.
 *
 * Theory of operation
 *
 * The states are those of RFC 4861 section 7.3.2, which Linux uses for ARP too:
 *   INCOMPLETE  asked (multicast) up to mcast_solicit times, retrans_time apart; packets wait in a
 *		 queue bounded by bytes, of which the oldest is dropped
 *   REACHABLE   confirmed less than reachable_time ago
 *   STALE	 usable, not confirmed; the next packet moves it to DELAY
 *   DELAY	 usable; delay_first_probe_time for an upper layer to confirm
 *   PROBE	 usable; ucast_solicit unicast questions
 *   FAILED	 no answer: waiting packets are returned as EHOSTUNREACH; the next packet asks again
 * PERMANENT and NOARP entries have no life.
 *
 * REACHABLE turns STALE when the entry is next used and its time has passed, so an idle neighbour
 *costs no timer; only INCOMPLETE, DELAY and PROBE run one.
 *
 * An entry is freed only together with a bump of net->genid, so dst.neigh may cache a bare pointer.
 */
#ifndef STACK_NEIGHBOUR_H
#define STACK_NEIGHBOUR_H

#include <netinet/if_ether.h>

#include "sim/host/timer.h"
#include "stack/ip.h"

#define NUD_INCOMPLETE 0x01
#define NUD_REACHABLE 0x02
#define NUD_STALE 0x04
#define NUD_DELAY 0x08
#define NUD_PROBE 0x10
#define NUD_FAILED 0x20
#define NUD_NOARP 0x40
#define NUD_PERMANENT 0x80
#define NUD_NONE 0x00
#define NUD_IN_TIMER (NUD_INCOMPLETE | NUD_DELAY | NUD_PROBE)
#define NUD_CONNECTED (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE)
#define NUD_VALID (NUD_CONNECTED | NUD_PROBE | NUD_STALE | NUD_DELAY)

struct neighbour {
	struct list_head node;	/* neigh_table.list, in order of creation */
	struct neighbour *next; /* chain of stack_world.neigh_hash */
	struct net *net;
	struct net_device *dev;
	union ipaddr addr;
	u32 hash;
	u8 state; /* NUD_* */
	u8 probes;
	bool router; /* IPv6: the R flag of its last advertisement */
	u8 ha[ETH_ALEN];
	nsec_t confirmed, used, updated;
	struct sk_buff_head arp_queue;
	u32 arp_queue_len_bytes;
	struct timer timer;
};

struct neigh_table {
	struct list_head list;
	int entries;
	nsec_t reachable_time; /* base_reachable_time times a random factor in [0.5, 1.5) */
	nsec_t last_rand;
};

#define NEIGH_UPDATE_OVERRIDE 1u      /* may replace a different address */
#define NEIGH_UPDATE_WEAK_OVERRIDE 2u /* if different, only mark STALE */
#define NEIGH_UPDATE_OVERRIDE_ISROUTER 4u
#define NEIGH_UPDATE_ISROUTER 8u

/* NULL when there is none. */
struct neighbour *neigh_lookup(struct net *net, const struct net_device *dev,
			       const union ipaddr *a);
/* The entry, made when missing; NULL when the table is full (gc_thresh3). */
struct neighbour *neigh_create(struct net *net, struct net_device *dev, const union ipaddr *a);
/*
 * Sends skb (data at the network header, dev set) to the neighbour, or queues it until the address
 * is known. Takes skb. 0, NET_XMIT_* or negative errno.
 */
int neigh_output(struct neighbour *n, struct sk_buff *skb);
/* News about a neighbour: lladdr NULL means the one it has. Sends what waited when it becomes
 * valid. */
void neigh_update(struct neighbour *n, const u8 *lladdr, u8 state, u32 flags);
/* A question has come from this address: learn it as STALE (neigh_event_ns()). */
struct neighbour *neigh_event_ns(struct net *net, struct net_device *dev, const union ipaddr *a,
				 const u8 *lladdr);
/* The device went down, or lost its carrier: entries go (permanent ones stay in the second case).
 */
void neigh_ifdown(struct net *net, struct net_device *dev);
void neigh_carrier_down(struct net *net, struct net_device *dev);
void neigh_table_free(struct net *net);
/* For tools: calls fn for each entry in order of creation. */
void neigh_for_each(struct net *net, void (*fn)(void *ctx, const struct neighbour *n), void *ctx);
/* "REACHABLE"; static. */
const char *neigh_state_name(u8 state);
/* The state as it is now: REACHABLE reads as STALE once its time has passed. */
u8 neigh_state(const struct neighbour *n);

/* The protocols' part. skb: a packet that waits, for its source address; may be NULL. */
void arp_solicit(struct neighbour *n, struct sk_buff *skb);
void ndisc_solicit(struct neighbour *n, struct sk_buff *skb);
/* Handler of ETH_P_ARP. */
void arp_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);
/* Neighbour discovery messages, from icmpv6.c. Takes skb (data at the ICMPv6 header). */
void ndisc_rcv(struct net *net, struct sk_buff *skb);
/* ff02::1:ffXX:XXXX of an address, RFC 4291 section 2.7.1. */
union ipaddr ipv6_solicited_node(const union ipaddr *a);

#endif

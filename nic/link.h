/* SPDX-License-Identifier: MIT */
/*
 * A link: a full-duplex cable between two ports, each direction with its own rate, delay, queue and
 * faults.
 *
 * A port belongs to a NIC or a switch. The owner calls link_send(); the frame occupies the direction
 * for its serialisation time (preamble, frame check sequence and inter-frame gap included: 24 bytes on
 * top of the frame, and at least 64 bytes with FCS), travels for the delay, and arrives by an event at
 * the other port's host.
 *
 * Without a queue (queue_packets 0) the sender keeps the queue: it hands frames over when the direction
 * is free (link_busy()), or in a row behind each other (link_transmit()), and is told by ready() when it
 * asked for that with link_want_ready(). With a queue the link holds up to that many frames (or bytes)
 * itself, as a modem or a shaper does, and drops beyond; it is never busy then.
 *
 * A direction is a first-in-first-out server with known service times, so it needs no event for the end
 * of a frame: the moment when a frame starts, ends and arrives is computed when it is handed over. One
 * event for each direction serves all frames in flight. A change of rate or delay re-computes what has
 * not started yet.
 *
 * This is the only way from one host to another.
 */
#ifndef NIC_LINK_H
#define NIC_LINK_H

#include "nic/skb.h"
#include "sim/host/world.h"

struct link;
struct link_port;

struct link_port_ops {
	/* A frame has arrived whole. Takes skb (skb->host NULL, data at the Ethernet header). */
	void (*receive)(struct link_port *p, struct sk_buff *skb);
	/* The direction is free again; called once for each link_want_ready(). NULL if never asked. */
	void (*ready)(struct link_port *p);
	/* Carrier came or went, or (up) the link was joined. NULL: does not care. */
	void (*carrier)(struct link_port *p, bool up);
};

struct link_port {
	const struct link_port_ops *ops;
	void *owner;
	u32 host; /* where events of this port happen: the NIC's host; a switch has an id of its own */
	struct link *link; /* NULL: no cable */
	int end;	   /* 0 or 1 */
};

/* Faults of one direction. Exact patterns for tests, probabilities for scenarios. */
struct link_faults {
	struct ratio loss;	/* independent */
	/* Gilbert-Elliott: p good->bad, r bad->good, loss in the bad state (1 - h), in the good (1 - k). */
	struct ratio ge_p, ge_r, ge_loss_bad, ge_loss_good;
	struct ratio duplicate;
	struct ratio corrupt;	/* flips one to three bits of the frame after the Ethernet header */
	struct ratio reorder;	/* delayed by reorder_delay, so that later frames overtake */
	nsec_t reorder_delay;
	nsec_t jitter;		/* uniform in [0, jitter], may reorder unless keep_order */
	bool keep_order;
	bool bad_fcs;		/* corruption is caught by the receiving NIC: counted rx_crc_errors */
	u64 drop_nth[8];	/* exact: drop the n-th frame (from 1) of this direction; 0: unused */
	u32 explore_drop;	/* CHOICE_DROP is asked for the first so many frames; 0: never */
	u32 explore_delay;	/* CHOICE_DELAY likewise, with explore_quantum */
	nsec_t explore_quantum;
};

struct link_params {
	u64 rate;	   /* bits a second; 0: infinitely fast */
	nsec_t delay;	   /* >= 1 ns: hosts must be at least that far apart */
	u32 queue_packets; /* 0: none, the sender is paced */
	u64 queue_bytes;   /* 0: no limit by bytes */
	struct link_faults faults;
};

struct link_dir_stats {
	u64 packets, bytes, lost, duplicated, corrupted, reordered, queue_dropped, down_dropped;
};

/* Joins two ports. Either direction's parameters may differ. Owned by the world. */
struct link *link_new(struct world *w, struct link_port *a, struct link_port *b,
		      const struct link_params *ab, const struct link_params *ba);
/* Takes skb (data at the Ethernet header). The direction is not busy. */
void link_send(struct link_port *p, struct sk_buff *skb);
/*
 * As link_send(), but behind what the direction already holds, and not before time t: the sender keeps
 * account of the queue. Returns when the sender is done with the frame: its last bit has left, or at t
 * when the link queues it, or now when there is no carrier.
 */
nsec_t link_transmit(struct link_port *p, struct sk_buff *skb, nsec_t t);
/* No cable or a frame on it whose last bit has not left. */
bool link_busy(const struct link_port *p);
bool link_is_up(const struct link_port *p);
/* True when the link queues frames itself (queue_packets), so that the sender needs no pacing. */
bool link_has_queue(const struct link_port *p);
/* When the last frame that was handed over has left; in the past when the direction is free. */
nsec_t link_free_at(const struct link_port *p);
/* Frames handed over with link_transmit() that have not started, and their bytes. */
u32 link_backlog(struct link_port *p, u64 *bytes);
/* Asks that ready() be called once, when the direction is free and not before time t. */
void link_want_ready(struct link_port *p, nsec_t t);
/* How long a frame of len bytes (without FCS) occupies a direction of this rate, rounded down. */
nsec_t link_serialisation(u64 rate, u32 len);
/* Changes of a running link: from end 0 or 1, or both (-1). */
void link_set_params(struct link *l, int from_end, const struct link_params *p);
const struct link_params *link_get_params(const struct link *l, int from_end);
/* Carrier down: frames in flight are lost, ports are told. */
void link_set_up(struct link *l, bool up);
/* Partition: carrier stays, nothing passes. */
void link_set_partition(struct link *l, bool on);
/* The port at the other end; NULL: no cable. */
struct link_port *link_peer(const struct link_port *p);
/* 0 or negative errno: a ratio above 1, a delay below 1 ns, a negative time. For the scenario's checks. */
int link_params_check(const struct link_params *p);
const struct link_dir_stats *link_stats(const struct link *l, int from_end);

#endif

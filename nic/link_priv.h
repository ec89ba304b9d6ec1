/* SPDX-License-Identifier: MIT */
/*
 * What link.c (time) and link_faults.c (what goes wrong) share.
 */
#ifndef NIC_LINK_PRIV_H
#define NIC_LINK_PRIV_H

#include "nic/link.h"
#include "sim/engine/event.h"
#include "sim/engine/rng.h"

/* Preamble 7, start of frame 1, frame check sequence 4, inter-frame gap 12 (IEEE 802.3). */
#define ETH_WIRE_OVERHEAD 24u
/* Smallest frame with its frame check sequence, and what surrounds it. */
#define ETH_MIN_WIRE (64u + 20u)

/* A frame in flight: in skb->cb. */
struct link_frame {
	nsec_t not_before; /* the sender's wish */
	nsec_t start;	   /* first bit leaves */
	nsec_t end;	   /* last bit has left */
	nsec_t arrive;	   /* last bit is there */
	u64 seq;	   /* of the sender's events: order of being handed over */
	bool late;	   /* overtaken on purpose: not part of the order that keep_order keeps */
};

/* A frame that has not started, for the account of the queue. */
struct link_slot {
	nsec_t start;
	u32 len;
};

enum link_stream {
	LS_LOSS = 0,
	LS_GE,
	LS_DUPLICATE,
	LS_CORRUPT,
	LS_REORDER,
	LS_JITTER,
	LS_NR
};

struct link_dir {
	struct link *link;
	struct link_port *from, *to;
	struct link_params p;
	struct event arrive_ev;	 /* at to->host, for the first frame of flight */
	struct event ready_ev;	 /* at from->host */
	struct list_head flight; /* by time of arrival, then seq */
	struct link_slot *slots; /* ring of slot_cap entries, a power of two; NULL until used */
	u32 slot_cap, slot_head, slot_len;
	u64 slot_bytes;
	nsec_t free_at;	   /* end of the last frame handed over */
	u64 free_frac;	   /* and its fraction of a nanosecond, in units of 1/rate */
	nsec_t last_arrive; /* for keep_order */
	u64 nframes;	   /* put on the wire: counts for drop_nth and exploration */
	bool faulty;	   /* some fault is set: the long way */
	bool ge_bad;	   /* Gilbert-Elliott: in the bad state */
	struct rng rng[LS_NR];
	struct link_dir_stats st;
};

struct link {
	struct world_object object;
	struct world *world;
	struct link *next; /* world->links */
	u32 id;		   /* from 0, in order of creation */
	bool up, partition;
	struct link_dir dir[2]; /* dir[end]: from port end */
};

static inline struct link_frame *link_frame(struct sk_buff *skb)
{
	_Static_assert(sizeof(struct link_frame) <= sizeof(skb->cb), "skb->cb");
	return (struct link_frame *)(void *)skb->cb;
}

/* Seeds the streams of a direction. */
void link_faults_init(struct link_dir *d);
/* Is this frame (number d->nframes) lost on its way? 0: no. */
enum skb_drop_reason link_faults_loss(struct link_dir *d);
/* How much later than the delay says the frame arrives; sets late when that is meant to reorder. */
nsec_t link_faults_lateness(struct link_dir *d, bool *late);
bool link_faults_duplicate(struct link_dir *d);
/* Perhaps flips bits. */
void link_faults_corrupt(struct link_dir *d, struct sk_buff *skb);
/* Is any fault set? */
bool link_faults_any(const struct link_faults *f);
/* Probabilities in range, times not negative. */
bool link_faults_valid(const struct link_faults *f);

#endif

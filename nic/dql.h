/* SPDX-License-Identifier: MIT */
/*
 * Dynamic queue limits: how many bytes a TX queue of the hardware may hold so that it neither starves nor
 * builds a queue that nobody controls (kernel: include/linux/dynamic_queue_limits.h describes it).
 *
 * Counters run freely and wrap. Completions come in batches; the time between two is an interval.
 */
#ifndef NIC_DQL_H
#define NIC_DQL_H

#include "sim/engine/types.h"

struct dql {
	u32 num_queued;	   /* bytes ever handed to the hardware */
	u32 num_completed; /* bytes ever sent */
	u32 limit;	   /* bytes that may be in flight */
	u32 min_limit, max_limit;
	u32 last_obj;	   /* size of the packet queued last */
	/* As they were at the last completion. */
	u32 prev_queued, prev_last_obj, prev_ovlimit;
	u32 lowest_slack;  /* since slack_start */
	nsec_t slack_start;
	nsec_t slack_hold_time; /* the limit shrinks once in this time: 1 s */
};

void dql_init(struct dql *d);
/* Forgets everything but the bounds: the ring is empty. */
void dql_reset(struct dql *d);
void dql_queued(struct dql *d, u32 bytes);
/* Bytes that may still be queued; negative: over the limit, which one packet may always be. */
static inline s32 dql_avail(const struct dql *d)
{
	return (s32)(d->limit - (d->num_queued - d->num_completed));
}
void dql_completed(struct dql *d, u32 bytes, nsec_t now);

#endif

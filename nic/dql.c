/* SPDX-License-Identifier: MIT */
/*
 * Dynamic queue limits. See dql.h; the rules are those that the kernel's header comment states:
 *
 *   starved  the limit held packets back, and the hardware ran dry before the next interval: too
 * small; grow by what was sent beyond what was queued at the interval's start slack    the hardware
 * was busy during the whole interval, and even so bytes were left over that it did not need: too
 * large; shrink by the smallest slack seen within the hold time
 */
#include "nic/dql.h"

#define DQL_MAX_LIMIT (UINT32_MAX / 2 - 65536)

static u32 excess(u32 a, u32 b)
{
	return (s32)(a - b) > 0 ? a - b : 0;
}

void dql_init(struct dql *d)
{
	*d = (struct dql){
	    .max_limit = DQL_MAX_LIMIT,
	    .lowest_slack = UINT32_MAX,
	    .slack_hold_time = NSEC_PER_SEC,
	};
}

void dql_reset(struct dql *d)
{
	u32 lo = d->min_limit, hi = d->max_limit;

	dql_init(d);
	d->limit = d->min_limit = lo;
	d->max_limit = hi;
}

void dql_queued(struct dql *d, u32 bytes)
{
	d->last_obj = bytes;
	d->num_queued += bytes;
}

static void restart_slack(struct dql *d, nsec_t now)
{
	d->lowest_slack = UINT32_MAX;
	d->slack_start = now;
}

/*
 * Twice what one interval sent is what has to be queued to stay busy through the next; whatever the
 * limit allows beyond that is slack. Packets are whole: the part of the last one that stuck out
 * counts too.
 */
static u32 interval_slack(const struct dql *d, u32 completed)
{
	u32 slack = excess(d->limit + d->prev_ovlimit, 2 * (completed - d->num_completed));
	u32 last = d->prev_ovlimit ? excess(d->prev_last_obj, d->prev_ovlimit) : 0;

	return max(slack, last);
}

void dql_completed(struct dql *d, u32 bytes, nsec_t now)
{
	u32 completed = d->num_completed + bytes, limit = d->limit;
	u32 ovlimit = excess(d->num_queued - d->num_completed, limit);
	u32 inflight = d->num_queued - completed;
	u32 prev_inflight = d->prev_queued - d->num_completed;
	bool prev_all_sent = (s32)(completed - d->prev_queued) >= 0;

	if ((ovlimit && !inflight) || (d->prev_ovlimit && prev_all_sent)) {
		limit += excess(completed, d->prev_queued) + d->prev_ovlimit;
		restart_slack(d, now);
	} else if (inflight && prev_inflight && !prev_all_sent) {
		d->lowest_slack = min(d->lowest_slack, interval_slack(d, completed));
		if (now > d->slack_start + d->slack_hold_time) {
			limit = excess(limit, d->lowest_slack);
			restart_slack(d, now);
		}
	}
	limit = clamp(limit, d->min_limit, d->max_limit);
	if (limit != d->limit) {
		d->limit = limit;
		ovlimit = 0;
	}
	d->num_completed = completed;
	d->prev_queued = d->num_queued;
	d->prev_last_obj = d->last_obj;
	d->prev_ovlimit = ovlimit;
}

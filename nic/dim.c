/* SPDX-License-Identifier: MIT */
/*
 * Dynamic interrupt moderation: climbs the hill of throughput by trying profiles
 * (Documentation/networking/net_dim.rst).
 *
 * Profiles stand in a row, from short delays (left) to long ones (right). After every 64 interrupts
 * the rates are compared with those of the time before: more bytes are better, then more packets,
 * then fewer interrupts; a tenth is the least difference that counts. While a step made things
 * better the next one goes the same way; else it turns. Having turned on both sides of the best
 * profile, or at an end of the row, it parks until the load changes. After too many steps it is
 * tired and parks for as many decisions.
 */
#include "nic/dim.h"

#define EVENTS_PER_DECISION 64u
#define TIRED_AFTER (2 * DIM_NPROFILES)

const struct dim_profile dim_rx_profiles[DIM_NPROFILES] = {
    {1, 256}, {8, 256}, {64, 256}, {128, 256}, {256, 256},
};

enum verdict { SAME, BETTER, WORSE };

void dim_init(struct dim *d)
{
	*d = (struct dim){.profile = 1};
}

static bool differs(u64 a, u64 b)
{
	u64 diff = a > b ? a - b : b - a;

	return b && diff * 100 / b > 10;
}

static enum verdict compare(const struct dim_stats *now, const struct dim_stats *prev)
{
	if (!prev->bytes)
		return now->bytes ? BETTER : SAME;
	if (differs(now->bytes, prev->bytes))
		return now->bytes > prev->bytes ? BETTER : WORSE;
	if (differs(now->packets, prev->packets))
		return now->packets > prev->packets ? BETTER : WORSE;
	if (differs(now->events, prev->events))
		return now->events < prev->events ? BETTER : WORSE;
	return SAME;
}

static void park(struct dim *d, enum dim_state how)
{
	d->state = (u8)how;
	d->steps_left = d->steps_right = 0;
	if (how == DIM_PARKED)
		d->tired = 0;
}

static void turn(struct dim *d)
{
	if (d->state == DIM_GOING_RIGHT) {
		d->state = DIM_GOING_LEFT;
		d->steps_left = 0;
	} else {
		d->state = DIM_GOING_RIGHT;
		d->steps_right = 0;
	}
}

/* A step back over the summit, after at least two towards it. */
static bool on_top(const struct dim *d)
{
	if (d->state == DIM_GOING_RIGHT)
		return d->steps_left > 1 && d->steps_right == 1;
	return d->steps_right > 1 && d->steps_left == 1;
}

static void step(struct dim *d)
{
	bool right = d->state == DIM_GOING_RIGHT;

	if (d->tired == TIRED_AFTER) {
		park(d, DIM_PARKED_TIRED);
		return;
	}
	if (d->profile == (right ? DIM_NPROFILES - 1 : 0)) {
		park(d, DIM_PARKED);
		return;
	}
	d->profile = (u8)(right ? d->profile + 1 : d->profile - 1);
	if (right)
		d->steps_right++;
	else
		d->steps_left++;
	d->tired++;
}

static void leave_parking(struct dim *d)
{
	d->state = d->profile ? DIM_GOING_LEFT : DIM_GOING_RIGHT;
	step(d);
}

static void decide(struct dim *d, const struct dim_stats *now)
{
	bool was_parked = d->state == DIM_PARKED;
	enum verdict v = compare(now, &d->prev);

	switch ((enum dim_state)d->state) {
	case DIM_PARKED:
		if (v != SAME)
			leave_parking(d);
		break;
	case DIM_PARKED_TIRED:
		if (!--d->tired)
			leave_parking(d);
		break;
	case DIM_GOING_RIGHT:
	case DIM_GOING_LEFT:
		if (v != BETTER)
			turn(d);
		if (on_top(d))
			park(d, DIM_PARKED);
		else
			step(d);
		break;
	}
	/* While it stays parked, the load is measured against that at which it parked. */
	if (!was_parked || d->state != DIM_PARKED)
		d->prev = *now;
}

static u64 per_msec(u64 n, nsec_t span)
{
	return (n * (u64)NSEC_PER_MSEC + (u64)span - 1) / (u64)span;
}

void dim_update(struct dim *d, const struct dim_sample *now)
{
	nsec_t span = now->t - d->start.t;

	if (d->measuring) {
		if (now->events - d->start.events < EVENTS_PER_DECISION || span <= 0)
			return;
		decide(d, &(struct dim_stats){
			      .bytes = per_msec(now->bytes - d->start.bytes, span),
			      .packets = per_msec(now->packets - d->start.packets, span),
			      .events = per_msec(now->events - d->start.events, span),
			  });
	}
	d->measuring = true;
	d->start = *now;
}

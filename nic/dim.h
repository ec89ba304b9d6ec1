/* SPDX-License-Identifier: MIT */
/*
 * Dynamic interrupt moderation (Documentation/networking/net_dim.rst).
 */
#ifndef NIC_DIM_H
#define NIC_DIM_H

#include "sim/engine/types.h"

#define DIM_NPROFILES 5

struct dim_profile {
	u16 usecs;  /* an interrupt is late by at most this */
	u16 frames; /* ... or comes with so many frames */
};
extern const struct dim_profile dim_rx_profiles[DIM_NPROFILES];

/* Ever growing counters of a queue. */
struct dim_sample {
	nsec_t t;
	u64 packets, bytes, events;
};

/* Rates for each millisecond, rounded up. */
struct dim_stats {
	u64 bytes, packets, events;
};

enum dim_state { DIM_PARKED = 0, DIM_PARKED_TIRED, DIM_GOING_RIGHT, DIM_GOING_LEFT };

struct dim {
	u8 profile; /* index */
	u8 state;   /* enum dim_state */
	u8 steps_left, steps_right, tired;
	bool measuring;
	struct dim_sample start;
	struct dim_stats prev;
};

void dim_init(struct dim *d);
/* After each poll: every 64 interrupts decides whether the profile changes. */
void dim_update(struct dim *d, const struct dim_sample *now);

#endif

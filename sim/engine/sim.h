/* SPDX-License-Identifier: MIT */
/*
 * One simulation: virtual time, events, choices, randomness and the trace. Knows nothing of networks.
 *
 * There is no file-scope variable anywhere in the simulator: two simulations can live in one process.
 */
#ifndef SIM_ENGINE_SIM_H
#define SIM_ENGINE_SIM_H

#include "sim/engine/choice.h"
#include "sim/engine/event.h"
#include "sim/engine/types.h"

struct trace;

enum sim_stop {
	SIM_RUNNING = 0,
	SIM_IDLE,	/* no event is left */
	SIM_TIME_LIMIT, /* the next event is after the limit */
	SIM_STOPPED,	/* sim_stop() */
};

struct sim {
	nsec_t now;
	u64 seed;
	u64 nevents; /* events executed */
	struct event_queue events;
	struct choices choices;
	u64 order;   /* folds what happened in which order, without times: sim_happened() */
	struct trace *trace; /* borrowed; never NULL: a trace may have no sinks */
	bool stop;
};

/* Takes ownership of st, borrows tr (which outlives the sim). */
void sim_init(struct sim *s, u64 seed, struct strategy *st, struct trace *tr);
void sim_destroy(struct sim *s);
/*
 * Runs events up to and including time until; sim->now ends at the last event's time, or at until
 * when events remain beyond it.
 */
enum sim_stop sim_run(struct sim *s, nsec_t until);
/* A call of actor has returned what: two runs with the same order behaved alike. */
static inline void sim_happened(struct sim *s, u32 actor, u64 what)
{
	s->order = (s->order ^ ((u64)actor << 32 ^ what)) * 0x9e3779b97f4a7c15ull;
	s->order ^= s->order >> 29;
}
/* Makes sim_run() return after the current event. */
void sim_stop(struct sim *s);

#endif

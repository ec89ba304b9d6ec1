/* SPDX-License-Identifier: MIT */
/*
 * The main loop: virtual time goes from event to event (sim.h).
 */
#include "sim/engine/sim.h"

void sim_init(struct sim *s, u64 seed, struct strategy *st, struct trace *tr)
{
	assert(tr);
	*s = (struct sim){.seed = seed, .trace = tr};
	event_queue_init(&s->events);
	choices_init(&s->choices, st);
}

void sim_destroy(struct sim *s)
{
	choices_destroy(&s->choices);
	event_queue_destroy(&s->events);
}

enum sim_stop sim_run(struct sim *s, nsec_t until)
{
	struct event_queue *q = &s->events;

	s->stop = false;
	while (!s->stop) {
		nsec_t t = event_queue_next(q);
		struct event *ev;

		if (unlikely(t > until)) {
			if (t == NSEC_NEVER)
				return SIM_IDLE;
			s->now = max(s->now, until);
			return SIM_TIME_LIMIT;
		}
		if (unlikely(t == NSEC_NEVER))
			return SIM_IDLE;
		ev = event_queue_pop(q);
		s->now = t;
		s->nevents++;
		ev->fn(s, ev);
	}
	return SIM_STOPPED;
}

void sim_stop(struct sim *s)
{
	s->stop = true;
}

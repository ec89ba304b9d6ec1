/* SPDX-License-Identifier: MIT */
/*
 * The event queue: the one place that says what happens next.
 *
 * Events are ordered by (time, host, origin, seq): when, at which host, scheduled by which host, and
 * that host's own counter. The key does not depend on who inserted first in real time, so hosts can be
 * spread over threads without changing a result. Host 0 is the world itself (timed changes of links);
 * hosts count from 1.
 *
 * The queue is a 4-ary heap whose entries hold the key, so that sifting does not follow pointers; each
 * event knows its place in the heap, so cancelling costs O(log n) and needs no search.
 *
 * An event is embedded in what it concerns; the queue never owns it. An event must be cancelled before
 * its memory goes.
 */
#ifndef SIM_ENGINE_EVENT_H
#define SIM_ENGINE_EVENT_H

#include "sim/engine/types.h"

struct sim;
struct event;

/* Called with sim->now at the event's time; the event is no longer pending and may be scheduled again. */
typedef void (*event_fn)(struct sim *s, struct event *ev);

struct event {
	nsec_t time;
	u32 host;     /* where it happens */
	u32 origin;   /* who scheduled it last */
	u64 seq;      /* origin's counter at that moment */
	u32 heap_pos; /* 1-based place in the heap; 0: not pending */
	event_fn fn;
};

struct event_entry {
	nsec_t time;
	u64 hosts; /* host << 32 | origin */
	u64 seq;
	struct event *ev;
};

/*
 * Popping leaves the root vacant: the event that runs mostly schedules another for soon, which then
 * takes that place and moves a level or two, where removing and inserting would cost the whole depth
 * twice.
 */
struct event_queue {
	struct event_entry *heap;
	void *heap_mem; /* what heap lies in */
	u32 len; /* the vacant root included */
	u32 cap;
	bool vacant;
	u64 *seq;    /* next counter for each origin */
	u32 norigin; /* length of seq */
};

void event_queue_init(struct event_queue *q);
void event_queue_destroy(struct event_queue *q);

/* Must be called once before an event is used. host: where it will happen. */
void event_init(struct event *ev, u32 host, event_fn fn);
/*
 * Schedules ev at absolute time t (>= now, asserted), or moves it there if it is pending. origin is the
 * host on whose behalf this is called; an event for another host must be later than now (asserted).
 */
void event_at(struct sim *s, struct event *ev, u32 origin, nsec_t t);
/*
 * For one event that stands for many things in turn (a link's frames in flight): the counter is taken when a
 * thing is scheduled, and used when the event comes to stand for it, so that the order does not depend on
 * who moved the event on.
 */
u64 event_take_seq(struct sim *s, u32 origin);
void event_at_seq(struct sim *s, struct event *ev, u32 origin, u64 seq, nsec_t t);
/* Does nothing to an event that is not pending. */
void event_cancel(struct sim *s, struct event *ev);

static inline bool event_pending(const struct event *ev)
{
	return ev->heap_pos != 0;
}

/* The time of the earliest event, or NSEC_NEVER. */
nsec_t event_queue_next(struct event_queue *q);
/* Removes and returns the earliest event, or NULL. For sim_run() and tests. */
struct event *event_queue_pop(struct event_queue *q);

#endif

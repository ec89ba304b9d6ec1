/* SPDX-License-Identifier: MIT */
/*
 * Timers that run in softirq context on a CPU of their host, as the kernel's timer wheel does.
 *
 * At expiry the CPU takes a timer interrupt (COST_TIMER) and the function runs in SOFTIRQ_TIMER. Timers
 * that expire together run in the order of the event queue. Expiry is exact to the nanosecond: the
 * model has no jiffies (a difference from Linux, where a timer is up to one jiffy late).
 *
 * Moving a pending timer to a later time is O(1): the event stays where it is and is queued again when
 * it fires early. TCP moves its retransmission timer with each ACK.
 */
#ifndef SIM_HOST_TIMER_H
#define SIM_HOST_TIMER_H

#include "sim/engine/event.h"
#include "sim/engine/list.h"

struct host;
struct cpu;
struct timer;

typedef void (*timer_fn)(struct timer *t);

struct timer {
	struct event ev;
	struct list_head node; /* in cpu->timers between expiry and its softirq */
	struct host *host;
	int cpu;	 /* where it was armed, hence where it runs */
	bool armed;
	nsec_t expires;
	timer_fn fn;
};

void timer_init(struct timer *t, struct host *h, timer_fn fn);
/* Arms or moves it to absolute time expires, on the CPU that runs now. A time that has passed means now. */
void timer_mod(struct timer *t, nsec_t expires);
/* After this returns fn does not run, even if the timer has expired and waits for its softirq. */
void timer_del(struct timer *t);
/* Armed, or expired and waiting for its softirq. */
static inline bool timer_pending(const struct timer *t)
{
	return t->armed;
}

#endif

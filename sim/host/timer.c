/* SPDX-License-Identifier: MIT */
/*
 * Timers (timer.h): an event, a timer interrupt on the CPU that armed it, and SOFTIRQ_TIMER.
 */
#include "sim/host/timer.h"

#include "sim/host/host.h"
#include "sim/host/sched.h"

static void timer_expire(struct sim *s, struct event *ev)
{
	struct timer *t = container_of(ev, struct timer, ev);
	struct cpu *cpu = &t->host->cpus[t->cpu];

	if (!t->armed)
		return;
	/* It was moved to a later time since this event was queued. */
	if (t->expires > s->now) {
		event_at(s, ev, t->host->id, t->expires);
		return;
	}
	list_add_tail(&t->node, &cpu->timers);
	softirq_raise(cpu, SOFTIRQ_TIMER);
}

void timer_init(struct timer *t, struct host *h, timer_fn fn)
{
	*t = (struct timer){ .host = h, .fn = fn };
	event_init(&t->ev, h->id, timer_expire);
	list_init(&t->node);
}

void timer_mod(struct timer *t, nsec_t expires)
{
	struct sim *s = t->host->sim;

	expires = max(expires, s->now);
	list_del_init(&t->node);
	t->armed = true;
	t->expires = expires;
	/* A later time waits until the queued event comes: O(1) for a timer that always moves on. */
	if (event_pending(&t->ev) && t->ev.time <= expires)
		return;
	t->cpu = cpu_current(t->host)->id;
	event_at(s, &t->ev, t->host->id, expires);
}

void timer_del(struct timer *t)
{
	t->armed = false;
	list_del_init(&t->node);
	/* The event may stay queued only while the timer lives; callers free timers after this. */
	event_cancel(t->host->sim, &t->ev);
}

/* One expired timer is one step. */
static nsec_t timer_softirq_next(struct cpu *cpu)
{
	return list_empty(&cpu->timers) ? CPU_NO_STEP : cpu->host->cost.v[COST_TIMER];
}

static void timer_softirq_run(struct cpu *cpu)
{
	struct timer *t;

	if (list_empty(&cpu->timers))
		return; /* deleted meanwhile */
	t = list_first_entry(&cpu->timers, struct timer, node);
	list_del_init(&t->node);
	t->armed = false;
	t->fn(t);
}

void timers_host_init(struct host *h)
{
	softirq_register(h, SOFTIRQ_TIMER, timer_softirq_next, timer_softirq_run);
}

/* SPDX-License-Identifier: MIT */
/*
 * timer_create(2): timers of a process, on any clock, that send signals.
 *
 * A timer has one signal on its way at most. A periodic one is armed again when that is taken; how
 * many periods have passed meanwhile is its overrun count. When the signal is ignored, it waits
 * until it no longer is. Timers on clocks of CPU time are looked at after each step of the process.
 */
#include <signal.h>
#include <stdlib.h>

#include "stack/capability.h"
#include "stack/syscall_priv.h"
#include "stack/timers.h"

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif

struct posix_timer {
	struct list_head node;
	struct process_timers *pt;
	int id, clock;
	int notify, signo, tid; /* tid 0: to the process */
	s64 value;
	int cpu_tid; /* of a clock of a thread */
	struct timer timer;
	nsec_t expires, interval; /* on its clock */
	bool armed;
	bool pending; /* its signal is on its way, or is ignored: periods go by */
	bool ignored;
	s64 overrun, overrun_last;
};

static struct posix_timer *find_timer(struct process *p, int id)
{
	struct process_timers *pt = p->timers;
	struct posix_timer *pt_timer;

	if (!pt)
		return NULL;
	list_for_each_entry(pt_timer, &pt->posix, node) {
		if (pt_timer->id == id)
			return pt_timer;
	}
	return NULL;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

/* CPU clocks of a thread that is gone stand still. */
static nsec_t timer_now(const struct posix_timer *pt)
{
	struct process *p = pt->pt->proc;
	struct task *t;
	nsec_t now = 0;

	t = pt->cpu_tid ? task_find(p->host, pt->cpu_tid) :
			  list_first_entry(&p->threads, struct task, thread_node);
	if (t && clock_read(t, pt->clock, &now) < 0)
		now = 0;
	return now;
}

static void arm(struct posix_timer *pt)
{
	pt->armed = true;
	if (pt->notify == SIGEV_NONE)
		return;
	if (clock_is_cpu(pt->clock))
		pt->pt->ncpu++;
	else
		timer_mod(&pt->timer, host_now(pt->pt->proc->host) + pt->expires - timer_now(pt));
}

static void disarm(struct posix_timer *pt)
{
	if (pt->armed && pt->notify != SIGEV_NONE && clock_is_cpu(pt->clock))
		pt->pt->ncpu--;
	pt->armed = false;
	timer_del(&pt->timer);
}

/* Moves the expiry past now by whole periods: how many. */
static s64 forward(struct posix_timer *pt, nsec_t now)
{
	s64 n;

	if (now < pt->expires)
		return 0;
	n = (now - pt->expires) / pt->interval + 1;
	pt->expires += n * pt->interval;
	return n;
}

/* ---- expiry ---------------------------------------------------------------------------------- */

static struct task *target(const struct posix_timer *pt)
{
	struct process *p = pt->pt->proc;

	if (pt->tid)
		return task_find(p->host, pt->tid);
	return list_empty(&p->threads) ? NULL :
					 list_first_entry(&p->threads, struct task, thread_node);
}

static void send_signal(struct posix_timer *pt)
{
	struct siginfo info = { .signo = pt->signo, .code = SI_TIMER, .timerid = pt->id,
				.value = pt->value };
	struct task *t = target(pt);

	if (!t)
		return;
	pt->overrun = -1;
	pt->pending = true;
	if (signal_ignored(t, pt->signo)) {
		pt->pending = pt->ignored = pt->interval != 0;
		return;
	}
	if (pt->tid)
		signal_send_task(t, &info);
	else
		signal_send_process(pt->pt->proc, &info);
}

static void expire(struct posix_timer *pt)
{
	disarm(pt);
	send_signal(pt);
}

static void timer_fire(struct timer *timer)
{
	expire(container_of(timer, struct posix_timer, timer));
}

void posix_cpu_timers_run(struct process_timers *timers)
{
	struct posix_timer *pt;

	list_for_each_entry(pt, &timers->posix, node) {
		if (pt->armed && clock_is_cpu(pt->clock) && pt->notify != SIGEV_NONE &&
		    timer_now(pt) >= pt->expires)
			expire(pt);
	}
}

void posix_timer_delivered(struct process *p, struct siginfo *info)
{
	struct posix_timer *pt = find_timer(p, info->timerid);

	if (!pt || !pt->pending)
		return;
	pt->pending = false;
	if (pt->interval) {
		pt->overrun += forward(pt, timer_now(pt));
		arm(pt);
	} else {
		pt->overrun = 0;
	}
	pt->overrun_last = min(pt->overrun, INT32_MAX);
	info->overrun = (int)pt->overrun_last;
}

void posix_timers_unignore(struct process *p, int signo)
{
	struct process_timers *timers = p->timers;
	struct posix_timer *pt;

	if (!timers)
		return;
	list_for_each_entry(pt, &timers->posix, node) {
		if (pt->ignored && pt->signo == signo) {
			pt->ignored = false;
			send_signal(pt);
		}
	}
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void timer_free(struct posix_timer *pt)
{
	disarm(pt);
	signal_discard_timer(pt->pt->proc, pt->id);
	list_del_init(&pt->node);
	free(pt);
}

void posix_timers_delete(struct process_timers *timers)
{
	while (!list_empty(&timers->posix))
		timer_free(list_first_entry(&timers->posix, struct posix_timer, node));
}

/* Clocks that exist but have no timers: EOPNOTSUPP. */
static s64 check_clock(struct task *t, int clock)
{
	nsec_t now;

	switch (clock) {
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return capable(t, CAP_WAKE_ALARM) ? 0 : -EPERM;
	default:
		return clock_read(t, clock, &now);
	}
}

static s64 check_event(struct task *t, const struct sigevent *ev, struct posix_timer *pt)
{
	struct task *to;

	pt->notify = ev->sigev_notify;
	pt->signo = ev->sigev_signo;
	pt->value = (s64)(intptr_t)ev->sigev_value.sival_ptr;
	switch (ev->sigev_notify) {
	case SIGEV_THREAD_ID:
		to = task_find(t->host, ev->_sigev_un._tid);
		if (!to || to->proc != t->proc)
			return -EINVAL;
		pt->tid = to->tid;
		break;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD: /* a matter of the C library; to the kernel a signal */
		break;
	case SIGEV_NONE:
		return 0;
	default:
		return -EINVAL;
	}
	return pt->signo >= 1 && pt->signo <= SIG_MAX ? 0 : -EINVAL;
}

s64 sys_timer_create(struct task *t, int clock, const struct sigevent *ev, int *id)
{
	struct posix_timer pt = { .clock = clock, .notify = SIGEV_SIGNAL, .signo = SIGALRM };
	struct process_timers *timers;
	struct posix_timer *p;
	s64 err = check_clock(t, clock);

	if (!err && ev)
		err = check_event(t, ev, &pt);
	if (err)
		return err;
	if (!id)
		return -EFAULT;
	timers = process_timers(t->proc);
	p = xcalloc(1, sizeof(*p));
	*p = pt;
	p->pt = timers;
	p->id = timers->next_id++;
	if (!ev)
		p->value = p->id;
	if (clock == CLOCK_THREAD_CPUTIME_ID)
		p->cpu_tid = t->tid;
	timer_init(&p->timer, t->host, timer_fire);
	list_add_tail(&p->node, &timers->posix);
	*id = p->id;
	return 0;
}

static void get(struct posix_timer *pt, struct itimerspec *value)
{
	nsec_t now = timer_now(pt), left;
	bool none = pt->notify == SIGEV_NONE;

	value->it_interval = ns_to_timespec(pt->interval);
	value->it_value = ns_to_timespec(0);
	if (!pt->armed && !pt->pending)
		return;
	if (pt->interval && (pt->pending || none))
		pt->overrun += forward(pt, now);
	else if (!pt->interval && pt->pending)
		return;
	left = pt->expires - now;
	if (left > 0)
		value->it_value = ns_to_timespec(left);
	else if (!none)
		value->it_value = ns_to_timespec(1);
}

s64 sys_timer_gettime(struct task *t, int id, struct itimerspec *value)
{
	struct posix_timer *pt = find_timer(t->proc, id);

	if (!pt)
		return -EINVAL;
	if (!value)
		return -EFAULT;
	get(pt, value);
	return 0;
}

s64 sys_timer_settime(struct task *t, int id, int flags, const struct itimerspec *new_value,
		      struct itimerspec *old_value)
{
	struct posix_timer *pt;
	nsec_t value;

	if (!new_value || !timespec_valid(&new_value->it_value) ||
	    !timespec_valid(&new_value->it_interval))
		return -EINVAL;
	pt = find_timer(t->proc, id);
	if (!pt)
		return -EINVAL;
	if (old_value)
		get(pt, old_value);
	disarm(pt);
	signal_discard_timer(t->proc, id);
	pt->pending = pt->ignored = false;
	pt->overrun = -1;
	pt->overrun_last = 0;
	pt->interval = timespec_to_ns(&new_value->it_interval);
	value = timespec_to_ns(&new_value->it_value);
	if (!value) {
		pt->interval = 0;
		return 0;
	}
	pt->expires = flags & TIMER_ABSTIME ? value : timer_now(pt) + value;
	arm(pt);
	return 0;
}

s64 sys_timer_getoverrun(struct task *t, int id)
{
	struct posix_timer *pt = find_timer(t->proc, id);

	return pt ? pt->overrun_last : -EINVAL;
}

s64 sys_timer_delete(struct task *t, int id)
{
	struct posix_timer *pt = find_timer(t->proc, id);

	if (!pt)
		return -EINVAL;
	timer_free(pt);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * setitimer(2) and alarm(2), which is ITIMER_REAL. The timers of CPU time are looked at after each
 * step of the process, as the kernel looks at them with each tick.
 */
#include <signal.h>
#include <stdlib.h>

#include "stack/syscall_priv.h"
#include "stack/timers.h"

#define TICK (NSEC_PER_SEC / 250) /* CONFIG_HZ of Debian's kernels */

static void itimer_fire(struct timer *timer)
{
	struct process_timers *pt = container_of(timer, struct process_timers, real);

	if (pt->real_interval) {
		pt->real_expires += pt->real_interval;
		timer_mod(timer, pt->real_expires);
	}
	signal_send_process(pt->proc, &(struct siginfo){ .signo = SIGALRM, .code = SI_KERNEL });
}

struct process_timers *process_timers(struct process *p)
{
	struct process_timers *pt = p->timers;

	if (pt)
		return pt;
	pt = xcalloc(1, sizeof(*pt));
	pt->proc = p;
	timer_init(&pt->real, p->host, itimer_fire);
	list_init(&pt->posix);
	p->timers = pt;
	return pt;
}

void process_timers_free(struct process *p)
{
	struct process_timers *pt = p->timers;

	if (!pt)
		return;
	timer_del(&pt->real);
	posix_timers_delete(pt);
	free(pt);
	p->timers = NULL;
}

/* ---- ITIMER_REAL ----------------------------------------------------------------------------- */

static nsec_t real_left(struct process *p)
{
	struct process_timers *pt = p->timers;

	if (!pt || !timer_pending(&pt->real))
		return 0;
	return max(pt->real_expires - host_now(p->host), NSEC_PER_USEC);
}

static void real_set(struct process *p, nsec_t value, nsec_t interval)
{
	struct process_timers *pt = process_timers(p);

	timer_del(&pt->real);
	pt->real_interval = interval;
	if (!value)
		return;
	pt->real_expires = host_now(p->host) + value;
	timer_mod(&pt->real, pt->real_expires);
}

/* What was left is rounded to the nearest second, but never to 0. */
s64 sys_alarm(struct task *t, unsigned seconds)
{
	nsec_t left = real_left(t->proc);
	s64 secs = left ? max((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1) : 0;

	if (seconds || left)
		real_set(t->proc, seconds * NSEC_PER_SEC, 0);
	return secs;
}

/* ---- ITIMER_VIRTUAL, ITIMER_PROF ------------------------------------------------------------- */

static nsec_t cpu_time_of(const struct process *p, int which)
{
	return which == ITIMER_VIRTUAL ? p->utime : p->cpu_time;
}

static struct cpu_itimer *cpu_itimer(struct process_timers *pt, int which)
{
	return &pt->cpu[which == ITIMER_PROF];
}

static nsec_t cpu_left(struct process *p, int which)
{
	struct process_timers *pt = p->timers;
	struct cpu_itimer *it = pt ? cpu_itimer(pt, which) : NULL;
	nsec_t left;

	if (!it || !it->expires)
		return 0;
	left = it->expires - cpu_time_of(p, which);
	return left > 0 ? left : TICK;
}

static void cpu_set(struct process *p, int which, nsec_t value, nsec_t interval)
{
	struct process_timers *pt = process_timers(p);
	struct cpu_itimer *it = cpu_itimer(pt, which);

	pt->ncpu -= it->expires != 0;
	it->interval = interval;
	it->expires = value ? cpu_time_of(p, which) + value : 0;
	pt->ncpu += it->expires != 0;
}

void cpu_itimers_run(struct process_timers *pt)
{
	static const struct {
		int which, signo;
	} kinds[] = { { ITIMER_VIRTUAL, SIGVTALRM }, { ITIMER_PROF, SIGPROF } };

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cpu_itimer *it = cpu_itimer(pt, kinds[i].which);

		if (!it->expires || cpu_time_of(pt->proc, kinds[i].which) < it->expires)
			continue;
		if (it->interval) {
			it->expires += it->interval;
		} else {
			it->expires = 0;
			pt->ncpu--;
		}
		signal_send_process(pt->proc, &(struct siginfo){ .signo = kinds[i].signo,
								 .code = SI_KERNEL });
	}
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool valid(const struct timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static nsec_t to_nsec(const struct timeval *tv)
{
	return min(tv->tv_sec, TIMER_MAX_SEC) * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

static struct timeval to_timeval(nsec_t ns)
{
	return (struct timeval){ .tv_sec = ns / NSEC_PER_SEC,
				 .tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

static void itimer_get(struct process *p, int which, struct itimerval *value)
{
	struct process_timers *pt = p->timers;
	nsec_t interval = 0;

	if (pt)
		interval = which == ITIMER_REAL ? pt->real_interval :
						  cpu_itimer(pt, which)->interval;
	value->it_value = to_timeval(which == ITIMER_REAL ? real_left(p) : cpu_left(p, which));
	value->it_interval = to_timeval(interval);
}

static bool known(int which)
{
	return which == ITIMER_REAL || which == ITIMER_VIRTUAL || which == ITIMER_PROF;
}

s64 sys_getitimer(struct task *t, int which, struct itimerval *value)
{
	if (!known(which))
		return -EINVAL;
	if (!value)
		return -EFAULT;
	itimer_get(t->proc, which, value);
	return 0;
}

/* Without a new value the timer is switched off. */
s64 sys_setitimer(struct task *t, int which, const struct itimerval *new_value,
		  struct itimerval *old_value)
{
	static const struct itimerval off;

	if (!new_value)
		new_value = &off;
	if (!known(which) || !valid(&new_value->it_value) || !valid(&new_value->it_interval))
		return -EINVAL;
	if (old_value)
		itimer_get(t->proc, which, old_value);
	if (which == ITIMER_REAL)
		real_set(t->proc, to_nsec(&new_value->it_value), to_nsec(&new_value->it_interval));
	else
		cpu_set(t->proc, which, to_nsec(&new_value->it_value),
			to_nsec(&new_value->it_interval));
	return 0;
}

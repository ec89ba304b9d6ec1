/* SPDX-License-Identifier: MIT */
/*
 * setitimer(2) with ITIMER_REAL, and alarm(2), which is the same timer.
 */
#include <signal.h>
#include <stdlib.h>

#include "sim/host/timer.h"
#include "stack/syscall_priv.h"

struct itimer {
	struct timer timer;
	struct process *proc;
	nsec_t expires, interval;
};

static void itimer_fire(struct timer *timer)
{
	struct itimer *it = container_of(timer, struct itimer, timer);

	if (it->interval) {
		it->expires += it->interval;
		timer_mod(timer, it->expires);
	}
	signal_send_process(it->proc, &(struct siginfo){ .signo = SIGALRM, .code = SI_KERNEL });
}

void process_timers_free(struct process *p)
{
	struct itimer *it = p->timers;

	if (!it)
		return;
	timer_del(&it->timer);
	free(it);
	p->timers = NULL;
}

static struct itimer *itimer_of(struct process *p)
{
	struct itimer *it = p->timers;

	if (it)
		return it;
	it = xcalloc(1, sizeof(*it));
	it->proc = p;
	timer_init(&it->timer, p->host, itimer_fire);
	p->timers = it;
	return it;
}

static nsec_t itimer_left(struct process *p)
{
	struct itimer *it = p->timers;

	if (!it || !timer_pending(&it->timer))
		return 0;
	return max(it->expires - host_now(p->host), NSEC_PER_USEC);
}

static void itimer_set(struct process *p, nsec_t value, nsec_t interval)
{
	struct itimer *it = itimer_of(p);

	timer_del(&it->timer);
	it->interval = interval;
	if (!value)
		return;
	it->expires = host_now(p->host) + value;
	timer_mod(&it->timer, it->expires);
}

/* What was left is rounded to the nearest second, but never to 0. */
s64 sys_alarm(struct task *t, unsigned seconds)
{
	nsec_t left = itimer_left(t->proc);
	s64 secs = left ? max((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1) : 0;

	if (seconds || left)
		itimer_set(t->proc, seconds * NSEC_PER_SEC, 0);
	return secs;
}

static bool valid(const struct timeval *tv)
{
	return tv->tv_sec >= 0 && tv->tv_sec < NSEC_NEVER / NSEC_PER_SEC / 4 && tv->tv_usec >= 0 &&
	       tv->tv_usec < 1000000;
}

static nsec_t to_nsec(const struct timeval *tv)
{
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

static struct timeval to_timeval(nsec_t ns)
{
	return (struct timeval){ .tv_sec = ns / NSEC_PER_SEC,
				 .tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

/* The timers of CPU time are not there: EINVAL, as for an unknown one. */
s64 sys_setitimer(struct task *t, int which, const struct itimerval *new_value,
		  struct itimerval *old_value)
{
	struct itimer *it = t->proc->timers;

	if (which != ITIMER_REAL)
		return -EINVAL;
	if (new_value && (!valid(&new_value->it_value) || !valid(&new_value->it_interval)))
		return -EINVAL;
	if (old_value) {
		old_value->it_value = to_timeval(itimer_left(t->proc));
		old_value->it_interval = to_timeval(it ? it->interval : 0);
	}
	if (new_value)
		itimer_set(t->proc, to_nsec(&new_value->it_value),
			   to_nsec(&new_value->it_interval));
	return 0;
}

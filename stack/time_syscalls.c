/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping (clock_gettime(2), nanosleep(2)). Every clock that counts time is virtual
 * time; monotonic ones start with the run, CLOCK_REALTIME at the world's epoch. Sleeps end to the
 * nanosecond: there is no timer slack.
 */
#include <sys/time.h>

#include "stack/capability.h"
#include "stack/poll.h"
#include "stack/timers.h"

#define TICK (NSEC_PER_SEC / 250) /* CONFIG_HZ of Debian's kernels: what coarse clocks count in */

/* Clock ids of CPU time (clock_getcpuclockid(3)): whose and what, by their bits. */
#define CPUCLOCK_PID(clock) (~((clock) >> 3))
#define CPUCLOCK_PER_THREAD(clock) ((clock) & 4)
enum cpuclock_which { CPUCLOCK_PROF, CPUCLOCK_VIRT, CPUCLOCK_SCHED };

bool clock_is_cpu(int clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

static s64 cpu_clock_read(struct task *t, int clock, nsec_t *now)
{
	int id = CPUCLOCK_PID(clock), which = clock & 3;
	struct process *p = t->proc;

	if (which > CPUCLOCK_SCHED)
		return -EINVAL;
	if (CPUCLOCK_PER_THREAD(clock)) {
		t = id ? task_find(t->host, id) : t;
		if (!t || t->proc != p)
			return -EINVAL;
		*now = which == CPUCLOCK_VIRT ? t->utime : t->cpu_time;
		return 0;
	}
	p = id ? process_find(t->host, id) : p;
	if (!p)
		return -EINVAL;
	*now = which == CPUCLOCK_VIRT ? p->utime : p->cpu_time;
	return 0;
}

s64 clock_read(struct task *t, int clock, nsec_t *now)
{
	if (clock < 0)
		return cpu_clock_read(t, clock, now);
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI: /* no leap seconds have been told, as after boot */
		*now = host_realtime(t->host, host_now(t->host));
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*now = host_now(t->host);
		return 0;
	case CLOCK_REALTIME_COARSE:
		*now = host_realtime(t->host, host_now(t->host) / TICK * TICK);
		return 0;
	case CLOCK_MONOTONIC_COARSE:
		*now = host_now(t->host) / TICK * TICK;
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*now = t->cpu_time;
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*now = t->proc->cpu_time;
		return 0;
	default:
		return -EINVAL;
	}
}

s64 sys_clock_gettime(struct task *t, int clock, struct timespec *ts)
{
	nsec_t now;
	s64 err = clock_read(t, clock, &now);

	if (err)
		return err;
	if (!ts)
		return -EFAULT;
	*ts = ns_to_timespec(now);
	return 0;
}

s64 sys_clock_getres(struct task *t, int clock, struct timespec *ts)
{
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE ||
		      (clock < 0 && (clock & 3) != CPUCLOCK_SCHED);
	nsec_t now;
	s64 err = clock_read(t, clock, &now);

	if (!err && ts)
		*ts = ns_to_timespec(coarse ? TICK : 1);
	return err;
}

/* Nobody sets virtual time, whatever his privileges. */
s64 sys_clock_settime(struct task *t, int clock, const struct timespec *ts)
{
	nsec_t now;
	s64 err;

	if (clock != CLOCK_REALTIME && clock >= 0)
		return -EINVAL;
	if (!ts)
		return -EFAULT;
	err = clock_read(t, clock, &now);
	if (err)
		return err;
	return clock == CLOCK_REALTIME && !timespec_valid(ts) ? -EINVAL : -EPERM;
}

s64 sys_settimeofday(struct task *t, const struct timeval *tv, const struct timezone *tz)
{
	if (tv && (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000))
		return -EINVAL;
	return -EPERM;
}

s64 sys_time(struct task *t, s64 *secs)
{
	s64 now = host_realtime(t->host, host_now(t->host)) / NSEC_PER_SEC;

	if (secs)
		*secs = now;
	return now;
}

s64 sys_gettimeofday(struct task *t, struct timeval *tv, struct timezone *tz)
{
	nsec_t now = host_realtime(t->host, host_now(t->host));

	if (tz)
		*tz = (struct timezone){ 0 };

	if (tv) {
		tv->tv_sec = now / NSEC_PER_SEC;
		tv->tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return 0;
}

static s64 do_sleep(struct task *t, nsec_t timeo, struct timespec *rem)
{
	s64 ret = task_wait_on(t, NULL, false, 0, timeo, "nanosleep");
	nsec_t left;

	if (ret == -EAGAIN)
		return 0;
	if (ret != -ERESTARTSYS)
		return ret;
	if (rem) {
		left = poll_time_left(t, timeo);
		rem->tv_sec = left / NSEC_PER_SEC;
		rem->tv_nsec = left % NSEC_PER_SEC;
	}
	return -ERESTARTNOHAND;
}

s64 sys_nanosleep(struct task *t, const struct timespec *req, struct timespec *rem)
{
	nsec_t timeo;
	s64 err;

	if (!req)
		return -EFAULT;
	err = timespec_timeo(req, &timeo);
	return err ? err : do_sleep(t, timeo, rem);
}

s64 sys_clock_nanosleep(struct task *t, int clock, int flags, const struct timespec *req,
			struct timespec *rem)
{
	nsec_t timeo, now;
	s64 err;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	if (clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	err = clock_read(t, clock, &now);
	if (err)
		return err;
	if (!req)
		return -EFAULT;
	err = timespec_timeo(req, &timeo);
	if (err)
		return err;
	if (flags & TIMER_ABSTIME) {
		if (timeo != NSEC_NEVER)
			timeo -= now;
		rem = NULL;
	}
	return do_sleep(t, timeo, rem);
}

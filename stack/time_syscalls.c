/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping (clock_gettime(2), nanosleep(2)). Every clock that counts time is virtual
 * time; monotonic ones start with the run, CLOCK_REALTIME at the world's epoch. Sleeps end to the nanosecond: there is no timer slack.
 */
#include "stack/poll.h"

static s64 clock_now(struct task *t, int clock, nsec_t *now)
{
	struct task *other;

	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI: /* no leap seconds have been told, as after boot */
		*now = host_realtime(t->host, host_now(t->host));
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*now = host_now(t->host);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*now = t->cpu_time;
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*now = 0;
		list_for_each_entry(other, &t->proc->threads, thread_node)
			*now += other->cpu_time;
		return 0;
	default:
		return -EINVAL;
	}
}

s64 sys_clock_gettime(struct task *t, int clock, struct timespec *ts)
{
	nsec_t now;
	s64 err = clock_now(t, clock, &now);

	if (err)
		return err;
	if (!ts)
		return -EFAULT;
	ts->tv_sec = now / NSEC_PER_SEC;
	ts->tv_nsec = now % NSEC_PER_SEC;
	return 0;
}

s64 sys_clock_getres(struct task *t, int clock, struct timespec *ts)
{
	nsec_t now;
	s64 err = clock_now(t, clock, &now);

	if (!err && ts)
		*ts = (struct timespec){ .tv_nsec = 1 };
	return err;
}

s64 sys_gettimeofday(struct task *t, struct timeval *tv)
{
	nsec_t now = host_realtime(t->host, host_now(t->host));

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
	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	err = clock_now(t, clock, &now);
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

/* SPDX-License-Identifier: MIT */
/*
 * Clocks, and the timers that a process has: setitimer(2) and timer_create(2).
 */
#ifndef STACK_TIMERS_H
#define STACK_TIMERS_H

#include <time.h>

#include "sim/host/process.h"
#include "sim/host/timer.h"

/* What a clock shows (clock_gettime(2)). 0 or -EINVAL. */
s64 clock_read(struct task *t, int clock, nsec_t *now);
/* True for clocks of CPU time. */
bool clock_is_cpu(int clock);

static inline struct timespec ns_to_timespec(nsec_t ns)
{
	return (struct timespec){ .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
}
/* Longer than any run; it can be added to the time that it is. */
#define TIMER_MAX_SEC (NSEC_NEVER / NSEC_PER_SEC / 4)

static inline nsec_t timespec_to_ns(const struct timespec *ts)
{
	return min(ts->tv_sec, TIMER_MAX_SEC) * NSEC_PER_SEC + ts->tv_nsec;
}
static inline bool timespec_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && (u64)ts->tv_nsec < (u64)NSEC_PER_SEC;
}

/* ITIMER_VIRTUAL and ITIMER_PROF count CPU time. */
struct cpu_itimer {
	nsec_t expires, interval; /* expires 0: off */
};

struct process_timers {
	struct process *proc;
	struct timer real; /* ITIMER_REAL */
	nsec_t real_expires, real_interval;
	struct cpu_itimer cpu[2]; /* virtual, prof */
	struct list_head posix;	  /* struct posix_timer */
	int next_id;
	u32 ncpu; /* armed timers of CPU clocks */
};

/* p's timers, made when there are none. */
struct process_timers *process_timers(struct process *p);

/* itimer.c: the CPU timers of setitimer() that have expired. */
void cpu_itimers_run(struct process_timers *pt);

/* posix_timer.c */
void posix_cpu_timers_run(struct process_timers *pt);
void posix_timers_delete(struct process_timers *pt);
/* The signal of a timer is taken: how often it has expired since, and when it does next. */
void posix_timer_delivered(struct process *p, struct siginfo *info);
/* signo is no longer ignored: timers that wait for that go on. */
void posix_timers_unignore(struct process *p, int signo);

#endif

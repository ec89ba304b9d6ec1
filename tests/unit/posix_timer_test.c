/* SPDX-License-Identifier: MIT */
/*
 * timer_create(2), setitimer(2), clocks, getrusage(2), times(2). These tests pass on Linux too
 * (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <signal.h>
#include <string.h>
#include <sys/times.h>
#include <sys/wait.h>

#define MS NSEC_PER_MSEC

static int ncaught;

static void on_signal(struct vproc *p, const struct siginfo *info)
{
	ncaught++;
}

static u64 sig_bit(int signo)
{
	return 1ull << (signo - 1);
}

static s64 settime(struct vproc *p, int id, int flags, nsec_t value, nsec_t interval)
{
	struct itimerspec its = {
		.it_value = { value / NSEC_PER_SEC, value % NSEC_PER_SEC },
		.it_interval = { interval / NSEC_PER_SEC, interval % NSEC_PER_SEC },
	};

	return vcall(p, SYS_timer_settime, id, flags, &its, 0);
}

static int create(struct vproc *p, int clock, int notify, int signo)
{
	struct sigevent ev = { .sigev_notify = notify, .sigev_signo = signo };
	int id = -1;

	ev.sigev_value.sival_int = 42;
	ev._sigev_un._tid = (int)vcall(p, SYS_gettid);
	assert_int_equal(vcall(p, SYS_timer_create, clock, &ev, &id), 0);
	return id;
}

static void arguments(struct vproc *p)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65 };
	struct itimerspec its = { .it_value.tv_nsec = NSEC_PER_SEC };
	int id = -1, a, b;

	assert_int_equal(vcall(p, SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_signo = SIGUSR1;
	assert_int_equal(vcall(p, SYS_timer_create, 99, &ev, &id), -EINVAL);
	assert_int_equal(vcall(p, SYS_timer_create, CLOCK_MONOTONIC_RAW, &ev, &id), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_timer_create, CLOCK_REALTIME_COARSE, &ev, &id), -EOPNOTSUPP);
	ev.sigev_notify = 77;
	assert_int_equal(vcall(p, SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	ev.sigev_notify = SIGEV_THREAD_ID;
	ev._sigev_un._tid = 1;
	assert_int_equal(vcall(p, SYS_timer_create, CLOCK_MONOTONIC, &ev, &id), -EINVAL);
	a = create(p, CLOCK_BOOTTIME, SIGEV_SIGNAL, SIGUSR1);
	b = create(p, CLOCK_TAI, SIGEV_NONE, 0);
	assert_int_equal(b, a + 1);
	assert_int_equal(vcall(p, SYS_timer_settime, a, 0, &its, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_timer_settime, a, 0, 0, 0), -EINVAL);
	its.it_value.tv_nsec = 0;
	its.it_value.tv_sec = INT64_MAX;
	assert_int_equal(vcall(p, SYS_timer_settime, a, 0, &its, 0), 0);
	assert_int_equal(vcall(p, SYS_timer_settime, 77, 0, &its, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_timer_getoverrun, a), 0);
	assert_int_equal(vcall(p, SYS_timer_delete, a), 0);
	assert_int_equal(vcall(p, SYS_timer_delete, a), -EINVAL);
	assert_int_equal(vcall(p, SYS_timer_gettime, a, &its), -EINVAL);
	assert_int_equal(vcall(p, SYS_timer_delete, b), 0);
}

static void test_arguments(void **state)
{
	vrun(arguments);
}

static void signals(struct vproc *p)
{
	u64 set = sig_bit(SIGUSR1);
	struct timespec ts = { .tv_sec = 5 };
	struct itimerspec its;
	siginfo_t si;
	nsec_t start;
	int id;

	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	for (int i = 0; i < 2; i++) {
		id = create(p, CLOCK_MONOTONIC, i ? SIGEV_THREAD_ID : SIGEV_SIGNAL, SIGUSR1);
		start = vproc_now(p);
		assert_int_equal(settime(p, id, 0, 30 * MS, 0), 0);
		assert_int_equal(vcall(p, SYS_timer_gettime, id, &its), 0);
		assert_in_range(its.it_value.tv_nsec, 20 * MS, 30 * MS);
		assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), SIGUSR1);
		assert_in_range(vproc_now(p) - start, 30 * MS, 60 * MS);
		assert_int_equal(si.si_code, SI_TIMER);
		assert_int_equal(si.si_timerid, id);
		assert_int_equal(si.si_overrun, 0);
		assert_int_equal(si.si_value.sival_int, 42);
		assert_int_equal(vcall(p, SYS_timer_gettime, id, &its), 0);
		assert_int_equal(its.it_value.tv_nsec, 0);
		assert_int_equal(vcall(p, SYS_timer_delete, id), 0);
	}
	/* Periods that pass while the signal is blocked. */
	id = create(p, CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1);
	assert_int_equal(settime(p, id, 0, 10 * MS, 20 * MS), 0);
	vproc_sleep(p, 100 * MS);
	assert_int_equal(vcall(p, SYS_timer_gettime, id, &its), 0);
	assert_in_range(its.it_value.tv_nsec, 1, 20 * MS);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), SIGUSR1);
	assert_int_equal(si.si_overrun, 4);
	assert_int_equal(vcall(p, SYS_timer_getoverrun, id), 4);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), SIGUSR1);
	assert_int_equal(si.si_overrun, 0);
	/* What is pending goes with the timer. */
	vproc_sleep(p, 30 * MS);
	assert_int_equal(vcall(p, SYS_timer_delete, id), 0);
	ts.tv_sec = 0;
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), -EAGAIN);
	vcall(p, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}

static void test_signals(void **state)
{
	vrun(signals);
}

/* While the signal is ignored periods pass; afterwards the timer goes on. */
static void ignored(struct vproc *p)
{
	struct timespec now;
	struct itimerspec its;
	int id;

	ncaught = 0;
	vproc_signal(p, SIGUSR1, VPROC_IGN, 0);
	id = create(p, CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	assert_int_equal(settime(p, id, 0, 10 * MS, 30 * MS), 0);
	vproc_sleep(p, 55 * MS);
	vproc_signal(p, SIGUSR1, on_signal, 0);
	vproc_sleep(p, 2 * MS);
	assert_int_equal(ncaught, 1);
	vproc_sleep(p, 30 * MS);
	assert_true(ncaught >= 2);
	/* Set to a time of its clock that has passed: at once. */
	vcall(p, SYS_timer_settime, id, 0, &(struct itimerspec){ 0 }, &its);
	assert_int_equal(its.it_interval.tv_nsec, 30 * MS);
	ncaught = 0;
	vcall(p, SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	assert_int_equal(settime(p, id, TIMER_ABSTIME, now.tv_sec * NSEC_PER_SEC + now.tv_nsec, 0),
			 0);
	vproc_sleep(p, 10 * MS);
	assert_int_equal(ncaught, 1);
	vcall(p, SYS_timer_delete, id);
	/* Without a signal it can be asked how long. */
	id = create(p, CLOCK_MONOTONIC, SIGEV_NONE, 0);
	assert_int_equal(settime(p, id, 0, 10 * MS, 40 * MS), 0);
	vproc_sleep(p, 20 * MS);
	assert_int_equal(vcall(p, SYS_timer_gettime, id, &its), 0);
	assert_in_range(its.it_value.tv_nsec, MS, 31 * MS);
	vcall(p, SYS_timer_delete, id);
}

static void test_ignored(void **state)
{
	vrun(ignored);
}

static int inherited_id;

static void no_timers(struct vproc *p)
{
	struct itimerval itv = { .it_value.tv_sec = 1 };
	struct itimerspec its;

	if (vcall(p, SYS_timer_gettime, inherited_id, &its) != -EINVAL ||
	    vcall(p, SYS_getitimer, ITIMER_REAL, &itv) || itv.it_value.tv_sec ||
	    itv.it_value.tv_usec)
		vcall(p, SYS_exit_group, 1);
}

/* fork(2): timers stay with the parent. */
static void not_inherited(struct vproc *p)
{
	struct itimerval itv = { .it_value.tv_sec = 100 };
	int status;
	s64 pid;

	inherited_id = create(p, CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1);
	assert_int_equal(settime(p, inherited_id, 0, 100 * NSEC_PER_SEC, 0), 0);
	assert_int_equal(vcall(p, SYS_setitimer, ITIMER_REAL, &itv, 0), 0);
	pid = vproc_fork(p, no_timers, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(vcall(p, SYS_setitimer, ITIMER_REAL, 0, &itv), 0);
	assert_true(itv.it_value.tv_sec >= 99);
	assert_int_equal(vcall(p, SYS_getitimer, ITIMER_REAL, &itv), 0);
	assert_int_equal(itv.it_value.tv_sec, 0);
}

static void test_not_inherited(void **state)
{
	vrun(not_inherited);
}

/* Runs on until the signal comes. */
static nsec_t burn(struct vproc *p, int clock)
{
	struct timespec a, b;
	int before = ncaught;

	vcall(p, SYS_clock_gettime, clock, &a);
	for (int i = 0; i < 100000000 && ncaught == before; i++)
		vcall(p, SYS_getppid);
	vcall(p, SYS_clock_gettime, clock, &b);
	return (b.tv_sec - a.tv_sec) * NSEC_PER_SEC + b.tv_nsec - a.tv_nsec;
}

static void cpu_timers(struct vproc *p)
{
	struct itimerval itv = { .it_value.tv_usec = 20000 }, old;
	int id;

	ncaught = 0;
	vproc_signal(p, SIGPROF, on_signal, 0);
	vproc_signal(p, SIGVTALRM, on_signal, 0);
	vproc_signal(p, SIGUSR1, on_signal, 0);
	assert_int_equal(vcall(p, SYS_setitimer, 7, &itv, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_getitimer, 7, &itv), -EINVAL);
	assert_int_equal(vcall(p, SYS_setitimer, ITIMER_PROF, &itv, 0), 0);
	vproc_sleep(p, 40 * MS);
	assert_int_equal(ncaught, 0);
	assert_int_equal(vcall(p, SYS_getitimer, ITIMER_PROF, &old), 0);
	assert_in_range(old.it_value.tv_usec, 10000, 28000);
	assert_in_range(burn(p, CLOCK_PROCESS_CPUTIME_ID), 10 * MS, 45 * MS);
	assert_int_equal(vcall(p, SYS_getitimer, ITIMER_PROF, &old), 0);
	assert_int_equal(old.it_value.tv_usec, 0);
	assert_int_equal(vcall(p, SYS_setitimer, ITIMER_VIRTUAL, &itv, 0), 0);
	burn(p, CLOCK_PROCESS_CPUTIME_ID);
	assert_int_equal(ncaught, 2);
	id = create(p, CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1);
	assert_int_equal(settime(p, id, 0, 15 * MS, 0), 0);
	assert_in_range(burn(p, CLOCK_THREAD_CPUTIME_ID), 12 * MS, 45 * MS);
	assert_int_equal(ncaught, 3);
	vcall(p, SYS_timer_delete, id);
	id = create(p, CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1);
	assert_int_equal(settime(p, id, 0, 10 * MS, 10 * MS), 0);
	burn(p, CLOCK_PROCESS_CPUTIME_ID);
	burn(p, CLOCK_PROCESS_CPUTIME_ID);
	assert_int_equal(ncaught, 5);
	vcall(p, SYS_timer_delete, id);
}

static void test_cpu_timers(void **state)
{
	vrun(cpu_timers);
}

static nsec_t clock_ns(struct vproc *p, int clock)
{
	struct timespec ts = { 0 };

	assert_int_equal(vcall(p, SYS_clock_gettime, clock, &ts), 0);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* The clock of a process or, with bit 2, of a thread; 0: one's own. Bits 0, 1: what counts. */
static int cpu_clock(int id, int which)
{
	return (int)(~(u32)id << 3 | (u32)which);
}

static void clocks(struct vproc *p)
{
	int self = (int)vcall(p, SYS_getpid), tid = (int)vcall(p, SYS_gettid);
	struct timespec ts = { 0 };
	s64 secs = 0, ret;

	for (int c = CLOCK_REALTIME; c <= CLOCK_BOOTTIME; c++)
		clock_ns(p, c);
	clock_ns(p, CLOCK_TAI);
	assert_int_equal(vcall(p, SYS_clock_gettime, 10, &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_gettime, 12, &ts), -EINVAL);
	/* Of a process, of a thread: by number. */
	assert_true(clock_ns(p, cpu_clock(self, 2)) > 0);
	assert_true(clock_ns(p, cpu_clock(tid, 6)) > 0);
	assert_true(clock_ns(p, cpu_clock(0, 6)) > 0);
	assert_int_equal(vcall(p, SYS_clock_gettime, cpu_clock(4000000, 2), &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_gettime, cpu_clock(1, 6), &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_getres, CLOCK_MONOTONIC, &ts), 0);
	assert_int_equal(ts.tv_nsec, 1);
	assert_int_equal(vcall(p, SYS_clock_getres, CLOCK_MONOTONIC_COARSE, &ts), 0);
	assert_true(ts.tv_nsec > 100000);
	assert_int_equal(vcall(p, SYS_clock_settime, CLOCK_MONOTONIC, &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_settime, 99, &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &ts), -EINVAL);
	assert_int_equal(vcall(p, SYS_clock_settime, cpu_clock(self, 2), &ts), -EPERM);
	ret = vcall(p, SYS_time, &secs);
	assert_int_equal(ret, secs);
}

static void test_clocks(void **state)
{
	vrun(clocks);
}

/* Only here: no clock of the simulator can be set, not even by root. */
static void no_setting(struct vproc *p)
{
	struct timespec ts = { .tv_sec = 5 };
	struct timeval tv = { .tv_sec = 5 };

	assert_int_equal(vcall(p, SYS_clock_settime, CLOCK_REALTIME, &ts), -EPERM);
	assert_int_equal(vcall(p, SYS_settimeofday, &tv, 0), -EPERM);
	vcall(p, CALL_COMPUTE, 5 * NSEC_PER_MSEC);
	assert_true(clock_ns(p, cpu_clock(0, 1)) >= 5 * MS);
	assert_true(clock_ns(p, cpu_clock(0, 0)) > clock_ns(p, cpu_clock(0, 1)));
}

static void test_no_setting(void **state)
{
	vrun(no_setting);
}

static void burns(struct vproc *p)
{
	struct timespec ts = { 0 };

	while (ts.tv_nsec < 60 * MS && !ts.tv_sec)
		vcall(p, SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &ts);
}

static nsec_t rusage_ns(const struct rusage *ru)
{
	return (ru->ru_utime.tv_sec + ru->ru_stime.tv_sec) * NSEC_PER_SEC +
	       (ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) * NSEC_PER_USEC;
}

/* What children used counts once they have been waited for. */
static void usage(struct vproc *p)
{
	struct rusage ru = { 0 }, child = { 0 };
	struct tms tms;
	int status;
	s64 pid;

	assert_int_equal(vcall(p, SYS_getrusage, 5, &ru), -EINVAL);
	assert_int_equal(vcall(p, SYS_getrusage, RUSAGE_CHILDREN, &ru), 0);
	assert_int_equal(rusage_ns(&ru), 0);
	pid = vproc_fork(p, burns, NULL);
	vproc_sleep(p, 200 * MS);
	assert_int_equal(vcall(p, SYS_getrusage, RUSAGE_CHILDREN, &ru), 0);
	assert_int_equal(rusage_ns(&ru), 0);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, &child), pid);
	assert_in_range(rusage_ns(&child), 55 * MS, 120 * MS);
	assert_int_equal(vcall(p, SYS_getrusage, RUSAGE_CHILDREN, &ru), 0);
	assert_int_equal(rusage_ns(&ru), rusage_ns(&child));
	assert_true(vcall(p, SYS_times, &tms) >= 0);
	assert_in_range(tms.tms_cutime + tms.tms_cstime, 4, 12);
	assert_int_equal(vcall(p, SYS_getrusage, RUSAGE_THREAD, &ru), 0);
	assert_true(ru.ru_nvcsw > 0);
	assert_int_equal(vcall(p, SYS_getrusage, RUSAGE_SELF, &ru), 0);
	assert_true(ru.ru_nvcsw > 0);
}

static void test_usage(void **state)
{
	vrun(usage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_signals),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_cpu_timers),
		cmocka_unit_test(test_clocks), cmocka_unit_test(test_no_setting),
		cmocka_unit_test(test_usage), cmocka_unit_test(test_not_inherited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

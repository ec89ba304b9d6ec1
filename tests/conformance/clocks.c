/* SPDX-License-Identifier: MIT */
/*
 * Clocks, sleeps and timers: relations that hold whatever the time is, and errors:
 * clock_gettime(2), timer_create(2), setitimer(2).
 */
#include "transcript.h"

static long long ns(struct timespec ts)
{
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static long long read_clock(clockid_t c)
{
	struct timespec ts = {0, 0};

	clock_gettime(c, &ts);
	return ns(ts);
}

int main(void)
{
	struct timespec ts, left = {9, 9};
	struct timeval tv;
	struct itimerval it, old;
	long long a, b;

	part("clocks");
	CALL(clock_gettime(99, &ts));
	CALL(clock_gettime(CLOCK_REALTIME, &ts));
	CALL(clock_gettime(CLOCK_MONOTONIC_RAW, &ts));
	CALL(clock_gettime(CLOCK_BOOTTIME, &ts));
	CALL(clock_gettime(CLOCK_TAI, &ts));
	CALL(clock_gettime(CLOCK_REALTIME_COARSE, &ts));
	CALL(clock_gettime(CLOCK_MONOTONIC_COARSE, &ts));
	CALL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts));
	CALL(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts));
	CALL(clock_getres(CLOCK_MONOTONIC, &ts));
	VALUE(ns(ts));
	CALL(clock_getres(CLOCK_REALTIME, NULL));
	CALL(clock_getres(99, NULL));
	a = read_clock(CLOCK_MONOTONIC);
	b = read_clock(CLOCK_MONOTONIC);
	FACT(b >= a);
	a = read_clock(CLOCK_REALTIME);
	gettimeofday(&tv, NULL);
	b = read_clock(CLOCK_REALTIME);
	FACT(tv.tv_sec * 1000000LL + tv.tv_usec >= a / 1000 &&
	     tv.tv_sec * 1000000LL + tv.tv_usec <= b / 1000 + 1);
	FACT(time(NULL) - tv.tv_sec <= 1);
	FACT(read_clock(CLOCK_REALTIME) > 1000000000LL * 1000000000);
	FACT(read_clock(CLOCK_BOOTTIME) >= read_clock(CLOCK_MONOTONIC) - 1000000);
	part("sleeps");
	ts = (struct timespec){0, 20000000};
	a = read_clock(CLOCK_MONOTONIC);
	CALL(nanosleep(&ts, &left));
	FACT(read_clock(CLOCK_MONOTONIC) - a >= 20000000);
	FACT(left.tv_sec == 9);
	ts.tv_nsec = 1000000000;
	CALL(nanosleep(&ts, NULL));
	ts = (struct timespec){-1, 0};
	CALL(nanosleep(&ts, NULL));
	ERR(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL));
	ERR(clock_nanosleep(99, 0, &ts, NULL));
	ERR(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL));
	ts = (struct timespec){0, 0};
	TOOK(0, ERR(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL)));
	TOOK(0, ERR(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL)));
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 20000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	ERR(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL));
	FACT(read_clock(CLOCK_REALTIME) >= ns(ts));
	part("interval timers");
	catch_signal(SIGALRM, 0);
	it = (struct itimerval){{0, 10000}, {0, 10000}};
	CALL(setitimer(ITIMER_REAL, &it, NULL));
	for (int i = 0; i < 3; i++)
		pause();
	VALUE(caught[SIGALRM]);
	it = (struct itimerval){{0, 0}, {0, 0}};
	CALL(setitimer(ITIMER_REAL, &it, &old));
	VALUE(old.it_interval.tv_usec);
	FACT(old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 10000);
	CALL(getitimer(ITIMER_REAL, &old));
	VALUE(old.it_value.tv_usec);
	it.it_value.tv_usec = 1000000;
	CALL(setitimer(ITIMER_REAL, &it, NULL));
	CALL(setitimer(77, &it, NULL));
	VALUE(alarm(100));
	FACT(alarm(0) >= 99);
	VALUE(alarm(0));
	part("timers");
	timer_t t;
	struct itimerspec its = {{0, 0}, {0, 20000000}}, was;
	struct sigevent se = {
	    .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 5};
	sigset_t set;
	siginfo_t si;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CALL(timer_create(99, &se, &t));
	CALL(timer_create(CLOCK_MONOTONIC, &se, &t));
	CALL(timer_settime(t, 0, &its, NULL));
	TOOK(19, FACT(sigwaitinfo(&set, &si) == SIGRTMIN));
	FACT(si.si_code == SI_TIMER && si.si_value.sival_int == 5 && si.si_overrun == 0);
	its.it_interval.tv_nsec = 5000000;
	CALL(timer_settime(t, 0, &its, NULL));
	sleep_ms(60);
	FACT(sigwaitinfo(&set, &si) == SIGRTMIN);
	FACT(si.si_overrun >= 4 && timer_getoverrun(t) >= 4);
	CALL(timer_gettime(t, &was));
	VALUE(was.it_interval.tv_nsec);
	CALL(timer_delete(t));
	CALL(timer_gettime(t, &was));
	se.sigev_notify = 99;
	CALL(timer_create(CLOCK_MONOTONIC, &se, &t));
	return 0;
}

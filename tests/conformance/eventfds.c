/* SPDX-License-Identifier: MIT */
/*
 * eventfd, timerfd and signalfd: values, errors, poll, what read() gives: eventfd(2),
 * timerfd_create(2), signalfd(2).
 */
#include "transcript.h"
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static uint64_t v;

static void counter(int flags)
{
	int e = FD(eventfd(3, flags | EFD_NONBLOCK));

	EVENTS(e);
	CALL(read(e, &v, 4));
	CALL(read(e, &v, 8));
	VALUE(v);
	CALL(read(e, &v, 16));
	VALUE(v);
	EVENTS(e);
	CALL(read(e, &v, 8));
	v = UINT64_MAX;
	CALL(write(e, &v, 8));
	v = UINT64_MAX - 1;
	CALL(write(e, &v, 8));
	EVENTS(e);
	v = 1;
	CALL(write(e, &v, 8));
	CALL(write(e, &v, 4));
	CALL(read(e, &v, 8));
	FACT(v == UINT64_MAX - 1);
	v = 0;
	CALL(write(e, &v, 8));
	EVENTS(e);
	CALL(lseek(e, 0, SEEK_SET));
	close(e);
}

static void timer(int t, int flags, long first_ms, long every_ms)
{
	struct itimerspec it = {{0, every_ms * 1000000}, {0, first_ms * 1000000}}, old;

	CALL(timerfd_settime(t, flags, &it, &old));
	FACT(old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
}

int main(void)
{
	struct itimerspec it = {{0, 0}, {0, 0}};
	struct signalfd_siginfo si[2];
	int t, s, n;
	sigset_t set;

	part("eventfd");
	CALL(eventfd(0, 1 << 20));
	counter(0);
	part("eventfd as semaphore");
	counter(EFD_SEMAPHORE);

	part("timerfd");
	CALL(timerfd_create(99, 0));
	CALL(timerfd_create(CLOCK_MONOTONIC, 1));
	t = FD(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	EVENTS(t);
	CALL(read(t, &v, 8));
	CALL(write(t, &v, 8));
	timer(t, 0, 30, 0);
	CALL(read(t, &v, 8));
	fcntl(t, F_SETFL, 0);
	TOOK(30, CALL(read(t, &v, 8)));
	VALUE(v);
	fcntl(t, F_SETFL, O_NONBLOCK);
	CALL(read(t, &v, 8));
	timer(t, 0, 20, 20);
	sleep_ms(70);
	EVENTS(t);
	CALL(read(t, &v, 4));
	CALL(read(t, &v, 8));
	FACT(v >= 3);
	CALL(timerfd_gettime(t, &it));
	FACT(it.it_interval.tv_nsec == 20000000);
	FACT(it.it_value.tv_nsec > 0 && it.it_value.tv_nsec <= 20000000);
	it = (struct itimerspec){{0, 0}, {0, 0}};
	CALL(timerfd_settime(t, 0, &it, NULL));
	sleep_ms(30);
	CALL(read(t, &v, 8));
	it.it_value.tv_nsec = 1000000000;
	CALL(timerfd_settime(t, 0, &it, NULL));
	it.it_value.tv_nsec = -1;
	CALL(timerfd_settime(t, 0, &it, NULL));
	it.it_value.tv_nsec = 1;
	CALL(timerfd_settime(t, 77, &it, NULL));
	CALL(timerfd_settime(0, 0, &it, NULL));
	CALL(timerfd_settime(t, TFD_TIMER_ABSTIME, &it, NULL));
	CALL(read(t, &v, 8));
	VALUE(v);
	CALL(timerfd_gettime(t, &it));
	VALUE(it.it_value.tv_nsec);

	part("signalfd");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CALL(signalfd(0, &set, 0));
	CALL(signalfd(-1, &set, 77));
	s = FD(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	EVENTS(s);
	CALL(read(s, si, sizeof(si[0])));
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 8});
	EVENTS(s);
	CALL(read(s, si, 8));
	n = (int)CALL(read(s, si, sizeof(si)));
	for (int i = 0; i < n / (int)sizeof(si[0]); i++)
		printf("%s code %d value %d, pid is %s\n", signal_name((int)si[i].ssi_signo),
		       si[i].ssi_code, si[i].ssi_int,
		       (pid_t)si[i].ssi_pid == getpid() ? "mine" : "not mine");
	n = (int)CALL(read(s, si, sizeof(si)));
	VALUE(si[0].ssi_int);
	CALL(write(s, si, 128));
	sigdelset(&set, SIGUSR1);
	FACT(signalfd(s, &set, 0) == s);
	kill(getpid(), SIGUSR1);
	EVENTS(s);
	CALL(read(s, si, sizeof(si)));
	if (!fork()) {
		sigset_t usr;

		sigemptyset(&usr);
		sigaddset(&usr, SIGUSR1);
		sigprocmask(SIG_UNBLOCK, &usr, NULL); /* pending signals are not inherited */
		leave(0);
	}
	wait(&n);
	show_status("child", n);
	return 0;
}

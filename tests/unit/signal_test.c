/* SPDX-License-Identifier: MIT */
/*
 * signal(7): handlers, interrupted calls, SA_RESTART, masks, default actions, timers that send
 * signals.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <sys/wait.h>

static int caught[16], ncaught;

static void on_signal(struct vproc *p, const struct siginfo *info)
{
	caught[ncaught++] = info->signo;
}

static u64 sig_bit(int signo)
{
	return 1ull << (signo - 1);
}

static void alarm_in(struct vproc *p, nsec_t ns)
{
	struct itimerval itv = { .it_value.tv_usec = ns / NSEC_PER_USEC };

	assert_int_equal(vcall(p, SYS_setitimer, ITIMER_REAL, &itv, 0), 0);
}

static void eintr(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	struct timespec ts = { .tv_nsec = 500 * NSEC_PER_MSEC }, rem = { 0 };
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct epoll_event ev;
	int ep = (int)vcall(p, SYS_epoll_create1, 0);
	u64 v;

	ncaught = 0;
	assert_int_equal(vproc_signal(p, SIGALRM, on_signal, 0), 0);
	alarm_in(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), -EINTR);
	assert_int_equal(ncaught, 1);
	/* poll, sleeps and epoll_wait are never made again, whatever the flags. */
	assert_int_equal(vproc_signal(p, SIGALRM, on_signal, SA_RESTART), 0);
	alarm_in(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, -1), -EINTR);
	alarm_in(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, -1), -EINTR);
	alarm_in(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_pause), -EINTR);
	alarm_in(p, 200 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_nanosleep, &ts, &rem), -EINTR);
	assert_in_range(rem.tv_nsec, 285 * NSEC_PER_MSEC, 310 * NSEC_PER_MSEC);
	assert_int_equal(ncaught, 5);
}

static void test_eintr(void **state)
{
	vrun(eintr);
}

static void post_later(struct vproc *p)
{
	u64 one = 1;

	vproc_sleep(p, 50 * NSEC_PER_MSEC);
	vcall(p, SYS_write, *(int *)vproc_arg(p), &one, 8);
}

/* With SA_RESTART the read goes on after the handler, as long as it has no time limit. */
static void restart(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 0, 0), status;
	s64 pid;
	u64 v = 0;

	ncaught = 0;
	assert_int_equal(vproc_signal(p, SIGALRM, on_signal, SA_RESTART), 0);
	pid = vproc_fork(p, post_later, &fd);
	alarm_in(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), 8);
	assert_int_equal(v, 1);
	assert_int_equal(ncaught, 1);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
}

static void test_restart(void **state)
{
	vrun(restart);
}

/* A signal that is ignored wakes nobody for good: the call goes on with its deadline. */
static void ignored(struct vproc *p)
{
	struct pollfd pfd = { .fd = -1 };
	nsec_t start = vproc_now(p);

	assert_int_equal(vproc_signal(p, SIGALRM, VPROC_IGN, 0), 0);
	alarm_in(p, 20 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 60), 0);
	assert_in_range(vproc_now(p) - start, 60 * NSEC_PER_MSEC, 75 * NSEC_PER_MSEC);
}

static void test_ignored(void **state)
{
	vrun(ignored);
}

/* Blocked signals stay pending; the frames of several pile up, so the highest number runs first. */
static void blocked(struct vproc *p)
{
	u64 set = sig_bit(SIGUSR1) | sig_bit(SIGUSR2), old = 1, pending = 0;
	int pid = (int)vcall(p, SYS_getpid);

	ncaught = 0;
	vproc_signal(p, SIGUSR1, on_signal, 0);
	vproc_signal(p, SIGUSR2, on_signal, 0);
	assert_int_equal(vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 8), 0);
	assert_int_equal(old, 0);
	assert_int_equal(vcall(p, SYS_kill, pid, SIGUSR2), 0);
	assert_int_equal(vcall(p, SYS_kill, pid, SIGUSR1), 0);
	assert_int_equal(vcall(p, SYS_kill, pid, SIGUSR1), 0);
	assert_int_equal(ncaught, 0);
	assert_int_equal(vcall(p, SYS_rt_sigpending, &pending, 8), 0);
	assert_int_equal(pending, set);
	assert_int_equal(vcall(p, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8), 0);
	assert_int_equal(ncaught, 2);
	assert_int_equal(caught[0], SIGUSR2);
	assert_int_equal(caught[1], SIGUSR1);
	assert_int_equal(vcall(p, SYS_rt_sigprocmask, 9, &set, 0, 8), -EINVAL);
}

static void test_blocked(void **state)
{
	vrun(blocked);
}

/* sigsuspend() and ppoll() change the mask and wait in one step, and put the mask back. */
static void masks(struct vproc *p)
{
	u64 set = sig_bit(SIGUSR1), none = 0, now = 0;
	int pid = (int)vcall(p, SYS_getpid);
	struct timespec ts = { .tv_sec = 1 };

	ncaught = 0;
	vproc_signal(p, SIGUSR1, on_signal, 0);
	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	vcall(p, SYS_kill, pid, SIGUSR1);
	assert_int_equal(vcall(p, SYS_rt_sigsuspend, &none, 8), -EINTR);
	assert_int_equal(ncaught, 1);
	vcall(p, SYS_kill, pid, SIGUSR1);
	assert_int_equal(vcall(p, SYS_ppoll, 0, 0, &ts, &none, 8), -EINTR);
	assert_int_equal(ncaught, 2);
	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, 0, &now, 8);
	assert_int_equal(now, set);
	ts.tv_sec = 0;
	ts.tv_nsec = 10 * NSEC_PER_MSEC;
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, 0, &ts, 8), -EAGAIN);
	vcall(p, SYS_kill, pid, SIGUSR1);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, 0, &ts, 8), SIGUSR1);
	assert_int_equal(ncaught, 2);
	vcall(p, SYS_rt_sigprocmask, SIG_SETMASK, &none, &now, 8);
	assert_int_equal(now, set);
}

static void test_masks(void **state)
{
	vrun(masks);
}

static void on_nested(struct vproc *p, const struct siginfo *info)
{
	u64 one = 1;

	caught[ncaught++] = info->signo;
	/* Calls of a handler are ordinary calls; its own signal is blocked meanwhile. */
	vcall(p, SYS_kill, vcall(p, SYS_getpid), SIGUSR1);
	vcall(p, SYS_write, caught[15], &one, 8);
	assert_int_equal(ncaught, 1);
	vproc_signal(p, SIGUSR1, on_signal, 0);
}

static void handler_calls(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	u64 v = 0;

	ncaught = 0;
	caught[15] = fd;
	vproc_signal(p, SIGUSR1, on_nested, 0);
	assert_int_equal(vcall(p, SYS_tkill, vcall(p, SYS_gettid), SIGUSR1), 0);
	assert_int_equal(ncaught, 2);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), 8);
	assert_int_equal(v, 1);
	/* SA_RESETHAND: once. */
	vproc_signal(p, SIGUSR1, on_signal, SA_RESETHAND);
	vcall(p, SYS_tkill, vcall(p, SYS_gettid), SIGUSR1);
	assert_int_equal(ncaught, 3);
	vproc_signal(p, SIGUSR1, VPROC_IGN, 0);
	vcall(p, SYS_tkill, vcall(p, SYS_gettid), SIGUSR1);
	assert_int_equal(ncaught, 3);
}

static void test_handler_calls(void **state)
{
	vrun(handler_calls);
}

static void sleeper(struct vproc *p)
{
	vproc_sleep(p, 5 * NSEC_PER_SEC);
}

static void exits_with(struct vproc *p)
{
	vcall(p, SYS_exit_group, 300);
}

static void children(struct vproc *p)
{
	static const int signals[] = { SIGTERM, SIGKILL, SIGUSR2 };
	int status = -1;
	s64 pid;

	assert_int_equal(vcall(p, SYS_wait4, -1, &status, 0, 0), -ECHILD);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		pid = vproc_fork(p, sleeper, NULL);
		assert_int_equal(vcall(p, SYS_wait4, pid, &status, WNOHANG, 0), 0);
		vproc_sleep(p, 5 * NSEC_PER_MSEC);
		assert_int_equal(vcall(p, SYS_kill, pid, 0), 0);
		assert_int_equal(vcall(p, SYS_kill, pid, signals[i]), 0);
		assert_int_equal(vcall(p, SYS_wait4, -1, &status, 0, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_int_equal(vcall(p, SYS_kill, pid, SIGTERM), -ESRCH);
	}
	pid = vproc_fork(p, exits_with, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 300 & 0xff);
	assert_int_equal(vcall(p, SYS_kill, vcall(p, SYS_getpid), 65), -EINVAL);
	/* No zombies for a parent that ignores SIGCHLD. */
	vproc_signal(p, SIGCHLD, VPROC_IGN, 0);
	pid = vproc_fork(p, exits_with, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), -ECHILD);
}

static void test_children(void **state)
{
	vrun(children);
}

static void alarms(struct vproc *p)
{
	assert_int_equal(vcall(p, SYS_alarm, 10), 0);
	assert_int_equal(vcall(p, SYS_alarm, 2), 10);
	assert_int_equal(vcall(p, SYS_alarm, 0), 2);
	assert_int_equal(vcall(p, SYS_alarm, 0), 0);
	assert_int_equal(vcall(p, SYS_setitimer, 7, 0, 0), -EINVAL);
}

static void test_alarms(void **state)
{
	vrun(alarms);
}

static int sigio_fd, sigio_band;

static void on_io(struct vproc *p, const struct siginfo *info)
{
	ncaught++;
	sigio_fd = info->fd;
	sigio_band = (int)info->band;
}

/* O_ASYNC (fcntl(2)): SIGIO, or with F_SETSIG a signal that names the descriptor. */
static void sigio(struct vproc *p)
{
	int fds[2];
	char c;

	ncaught = 0;
	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	vproc_signal(p, SIGIO, on_signal, 0);
	vproc_signal(p, SIGRTMIN, on_io, 0);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETOWN, vcall(p, SYS_getpid)), 0);
	vcall(p, SYS_write, fds[1], "a", 1);
	assert_int_equal(ncaught, 0);
	assert_int_equal(vcall(p, SYS_read, fds[0], &c, 1), 1);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETFL, O_ASYNC), 0);
	vcall(p, SYS_write, fds[1], "a", 1);
	assert_int_equal(ncaught, 1);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETSIG, SIGRTMIN), 0);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_GETSIG, 0), SIGRTMIN);
	assert_int_equal(vcall(p, SYS_read, fds[0], &c, 1), 1);
	vcall(p, SYS_write, fds[1], "a", 1);
	assert_int_equal(ncaught, 2);
	assert_int_equal(sigio_fd, fds[0]);
	assert_int_equal(sigio_band, POLLIN | POLLRDNORM);
	/* Each write tells, and each read the writer; whether anything changed or not. */
	vcall(p, SYS_write, fds[1], "a", 1);
	assert_int_equal(ncaught, 3);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETFL, 0), 0);
	vcall(p, SYS_fcntl, fds[1], F_SETOWN, vcall(p, SYS_getpid));
	vcall(p, SYS_fcntl, fds[1], F_SETFL, O_ASYNC);
	assert_int_equal(vcall(p, SYS_read, fds[0], &c, 1), 1);
	assert_int_equal(ncaught, 4);
	vcall(p, SYS_fcntl, fds[1], F_SETFL, 0);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETOWN, 4000000), -ESRCH);
}

static void test_sigio(void **state)
{
	vrun(sigio);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eintr),	cmocka_unit_test(test_restart),
		cmocka_unit_test(test_ignored), cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_masks),	cmocka_unit_test(test_handler_calls),
		cmocka_unit_test(test_children), cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_sigio),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

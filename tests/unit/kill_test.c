/* SPDX-License-Identifier: MIT */
/*
 * kill(2), rt_sigqueueinfo(2), signalfd(2), pidfd_open(2), process groups and sessions. These tests
 * pass on Linux too (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define MS NSEC_PER_MSEC

static u64 sig_bit(int signo)
{
	return 1ull << (signo - 1);
}

static void sleeps(struct vproc *p)
{
	vproc_sleep(p, 60 * NSEC_PER_SEC);
}

static void expect_killed(struct vproc *p, s64 pid, int signo)
{
	int status;

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), signo);
}

static void groups(struct vproc *p)
{
	int self = (int)vcall(p, SYS_getpid), status;
	s64 a = vproc_fork(p, sleeps, NULL), b = vproc_fork(p, sleeps, NULL);

	assert_int_equal(vcall(p, SYS_getpgid, a), vcall(p, SYS_getpgrp));
	assert_int_equal(vcall(p, SYS_setpgid, a, -2), -EINVAL);
	assert_int_equal(vcall(p, SYS_setpgid, a, 4000000), -EPERM);
	assert_int_equal(vcall(p, SYS_setpgid, 4000000, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_setpgid, 1, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_setpgid, a, 0), 0);
	assert_int_equal(vcall(p, SYS_setpgid, b, a), 0);
	assert_int_equal(vcall(p, SYS_getpgid, b), a);
	assert_int_equal(vcall(p, SYS_getsid, b), vcall(p, SYS_getsid, 0));
	assert_int_equal(vcall(p, SYS_getpgid, -1), -ESRCH);
	assert_int_equal(vcall(p, SYS_kill, -a, 0), 0);
	assert_int_equal(vcall(p, SYS_kill, -a, SIGUSR1), 0);
	expect_killed(p, a, SIGUSR1);
	expect_killed(p, b, SIGUSR1);
	assert_int_equal(vcall(p, SYS_kill, -a, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_kill, INT_MIN, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_kill, 4000000, SIGTERM), -ESRCH);
	assert_int_equal(vcall(p, SYS_kill, 4000000, 99), -ESRCH);
	assert_int_equal(vcall(p, SYS_kill, self, 65), -EINVAL);
	assert_int_equal(vcall(p, SYS_kill, 1, 0), 0);
	/* Pid 0: the caller's own group. */
	a = vproc_fork(p, sleeps, NULL);
	vproc_signal(p, SIGUSR2, VPROC_IGN, 0);
	b = vproc_fork(p, sleeps, NULL);
	assert_int_equal(vcall(p, SYS_kill, a, SIGTERM), 0);
	expect_killed(p, a, SIGTERM);
	assert_int_equal(vcall(p, SYS_kill, b, SIGUSR2), 0);
	assert_int_equal(vcall(p, SYS_wait4, b, &status, WNOHANG, 0), 0);
	assert_int_equal(vcall(p, SYS_kill, b, SIGKILL), 0);
	expect_killed(p, b, SIGKILL);
	/* A zombie can be signalled. */
	a = vproc_fork(p, sleeps, NULL);
	vcall(p, SYS_kill, a, SIGKILL);
	vproc_sleep(p, 50 * MS);
	assert_int_equal(vcall(p, SYS_kill, a, SIGTERM), 0);
	expect_killed(p, a, SIGKILL);
}

static void test_groups(void **state)
{
	vrun(groups);
}

static void makes_session(struct vproc *p)
{
	int pid = (int)vcall(p, SYS_getpid);

	assert_int_equal(vcall(p, SYS_setsid), pid);
	assert_int_equal(vcall(p, SYS_getsid, 0), pid);
	assert_int_equal(vcall(p, SYS_getpgrp), pid);
	assert_int_equal(vcall(p, SYS_setsid), -EPERM);
	assert_int_equal(vcall(p, SYS_setpgid, 0, 0), -EPERM);
}

static void group_leader(struct vproc *p)
{
	assert_int_equal(vcall(p, SYS_setpgid, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_setsid), -EPERM);
}

static void waits_long(struct vproc *p)
{
	vcall(p, SYS_setsid);
	vproc_sleep(p, 60 * NSEC_PER_SEC);
}

static void sessions(struct vproc *p)
{
	int status;
	s64 pid = vproc_fork(p, makes_session, NULL);

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
	pid = vproc_fork(p, group_leader, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
	pid = vproc_fork(p, waits_long, NULL);
	vproc_sleep(p, 50 * MS);
	assert_int_equal(vcall(p, SYS_setpgid, pid, 0), -EPERM);
	assert_int_equal(vcall(p, SYS_getsid, pid), pid);
	vcall(p, SYS_kill, pid, SIGKILL);
	expect_killed(p, pid, SIGKILL);
}

static void test_sessions(void **state)
{
	vrun(sessions);
}

static void queue(struct vproc *p)
{
	u64 set = sig_bit(SIGRTMIN) | sig_bit(SIGUSR1);
	struct timespec ts = { .tv_sec = 1 };
	int self = (int)vcall(p, SYS_getpid), tid = (int)vcall(p, SYS_gettid);
	siginfo_t si, out;

	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	memset(&si, 0, sizeof(si));
	si.si_code = SI_QUEUE;
	si.si_pid = 77;
	si.si_uid = 88;
	for (int i = 1; i <= 3; i++) {
		si.si_value.sival_int = i;
		assert_int_equal(vcall(p, SYS_rt_sigqueueinfo, self, SIGRTMIN, &si), 0);
	}
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &out, &ts, 8), SIGRTMIN);
		assert_int_equal(out.si_code, SI_QUEUE);
		assert_int_equal(out.si_pid, 77);
		assert_int_equal(out.si_uid, 88);
		assert_int_equal(out.si_value.sival_int, i);
	}
	assert_int_equal(vcall(p, SYS_rt_tgsigqueueinfo, self, tid, SIGUSR1, &si), 0);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &out, &ts, 8), SIGUSR1);
	assert_int_equal(vcall(p, SYS_rt_tgsigqueueinfo, self, 0, SIGUSR1, &si), -EINVAL);
	assert_int_equal(vcall(p, SYS_rt_tgsigqueueinfo, 1, tid, SIGUSR1, &si), -ESRCH);
	assert_int_equal(vcall(p, SYS_rt_sigqueueinfo, self, 65, &si), -EINVAL);
	assert_int_equal(vcall(p, SYS_rt_sigqueueinfo, 4000000, SIGUSR1, &si), -ESRCH);
	/* Only to itself may a process say that the kernel sent it. */
	si.si_code = SI_USER;
	assert_int_equal(vcall(p, SYS_rt_sigqueueinfo, 4000000, SIGUSR1, &si), -EPERM);
	assert_int_equal(vcall(p, SYS_rt_sigqueueinfo, self, 0, &si), 0);
	vcall(p, SYS_tgkill, self, tid, SIGUSR1);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &out, &ts, 8), SIGUSR1);
	assert_int_equal(out.si_code, SI_TKILL);
	assert_int_equal(out.si_pid, self);
	assert_int_equal(vcall(p, SYS_tgkill, self, tid, 65), -EINVAL);
	assert_int_equal(vcall(p, SYS_tgkill, self, 4000000, 65), -ESRCH);
	vcall(p, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}

static void test_queue(void **state)
{
	vrun(queue);
}

static void signals_later(struct vproc *p)
{
	vproc_sleep(p, 50 * MS);
	vcall(p, SYS_kill, vcall(p, SYS_getppid), SIGUSR1);
}

static void signalfds(struct vproc *p)
{
	u64 set = sig_bit(SIGUSR1) | sig_bit(SIGUSR2);
	int self = (int)vcall(p, SYS_getpid), status, ep;
	struct signalfd_siginfo si[3];
	struct epoll_event ev = { .events = EPOLLIN };
	struct pollfd pfd = { .events = POLLIN };
	int fd = (int)vcall(p, SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK | SFD_CLOEXEC);
	s64 pid;

	assert_true(fd >= 0);
	assert_int_equal(vcall(p, SYS_signalfd4, -1, &set, 8, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_signalfd4, 0, &set, 8, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_signalfd4, 99, &set, 8, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	assert_int_equal(vcall(p, SYS_read, fd, si, sizeof(si)), -EAGAIN);
	assert_int_equal(vcall(p, SYS_read, fd, si, 127), -EINVAL);
	assert_int_equal(vcall(p, SYS_write, fd, si, 8), -EINVAL);
	vcall(p, SYS_kill, self, SIGUSR2);
	vcall(p, SYS_kill, self, SIGUSR1);
	pfd.fd = fd;
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 1);
	assert_int_equal(vcall(p, SYS_read, fd, si, sizeof(si)), 256);
	assert_int_equal(si[0].ssi_signo, SIGUSR1);
	assert_int_equal(si[1].ssi_signo, SIGUSR2);
	assert_int_equal(si[0].ssi_pid, self);
	assert_int_equal(si[0].ssi_code, SI_USER);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 0);
	/* Waiting: read, poll, epoll. */
	vcall(p, SYS_fcntl, fd, F_SETFL, 0);
	ep = (int)vcall(p, SYS_epoll_create1, 0);
	assert_int_equal(vcall(p, SYS_epoll_ctl, ep, EPOLL_CTL_ADD, fd, &ev), 0);
	for (int i = 0; i < 3; i++) {
		pid = vproc_fork(p, signals_later, NULL);
		if (i == 1)
			assert_int_equal(vcall(p, SYS_poll, &pfd, 1, -1), 1);
		if (i == 2)
			assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, -1), 1);
		assert_int_equal(vcall(p, SYS_read, fd, si, sizeof(si)), 128);
		assert_int_equal(si[0].ssi_signo, SIGUSR1);
		assert_int_equal(si[0].ssi_pid, pid);
		assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	}
	set = sig_bit(SIGUSR2);
	assert_int_equal(vcall(p, SYS_signalfd4, fd, &set, 8, 0), fd);
	set |= sig_bit(SIGUSR1);
	vcall(p, SYS_kill, self, SIGUSR1);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 0);
	vproc_signal(p, SIGUSR1, VPROC_IGN, 0);
	vcall(p, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}

static void test_signalfd(void **state)
{
	vrun(signalfds);
}

static void has_pipe(struct vproc *p)
{
	vcall(p, SYS_write, ((int *)vproc_arg(p))[1], "x", 1);
	vproc_sleep(p, 60 * NSEC_PER_SEC);
}

static void pidfds(struct vproc *p)
{
	struct pollfd pfd = { .events = POLLIN };
	int self = (int)vcall(p, SYS_getpid), fd, fds[2], dup;
	siginfo_t si;
	s64 pid;
	char c;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	pid = vproc_fork(p, has_pipe, fds);
	assert_int_equal(vcall(p, SYS_read, fds[0], &c, 1), 1);
	assert_int_equal(vcall(p, SYS_pidfd_open, pid, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_pidfd_open, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_pidfd_open, 4000000, 0), -ESRCH);
	fd = (int)vcall(p, SYS_pidfd_open, pid, O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFD), FD_CLOEXEC);
	pfd.fd = fd;
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 0);
	dup = (int)vcall(p, SYS_pidfd_getfd, fd, fds[1], 0);
	assert_true(dup >= 0);
	assert_int_equal(vcall(p, SYS_write, dup, "y", 1), 1);
	assert_int_equal(vcall(p, SYS_read, fds[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_int_equal(vcall(p, SYS_pidfd_getfd, fd, 99, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_pidfd_getfd, fds[0], 0, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_pidfd_getfd, fd, fds[1], 1), -EINVAL);
	/* waitid() by a descriptor that does not block. */
	assert_int_equal(vcall(p, SYS_waitid, 3, fd, &si, WEXITED, 0), -EAGAIN);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, 0, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, 0, 9), -EINVAL);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fds[0], SIGTERM, 0, 0), -EBADF);
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGTERM;
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, &si, 0), -EPERM);
	si.si_signo = SIGUSR1;
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, &si, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, -1), 1);
	assert_int_equal(pfd.revents, POLLIN);
	assert_int_equal(vcall(p, SYS_waitid, 3, fd, &si, WEXITED, 0), 0);
	assert_int_equal(si.si_pid, pid);
	assert_int_equal(si.si_status, SIGTERM);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, 0, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_pidfd_getfd, fd, 0, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_waitid, 3, fd, &si, WEXITED, 0), -ECHILD);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 1);
	assert_int_equal(pfd.revents, POLLIN | POLLHUP);
	fd = (int)vcall(p, SYS_pidfd_open, self, 0);
	assert_int_equal(vcall(p, SYS_pidfd_send_signal, fd, 0, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_read, fd, &c, 1), -EINVAL);
}

static void test_pidfd(void **state)
{
	vrun(pidfds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups), cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_queue), cmocka_unit_test(test_signalfd),
		cmocka_unit_test(test_pidfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

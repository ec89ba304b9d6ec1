/* SPDX-License-Identifier: MIT */
/*
 * pipe(7), eventfd(2), timerfd_create(2).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static u8 big[128 * 1024];

static void capacity(struct vproc *p)
{
	int fds[2], n;

	assert_int_equal(vcall(p, SYS_pipe2, fds, O_NONBLOCK), 0);
	assert_int_equal(vcall(p, SYS_read, fds[0], big, 1), -EAGAIN);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, sizeof(big)), 65536);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 1), -EAGAIN);
	assert_int_equal(vcall(p, SYS_ioctl, fds[0], FIONREAD, &n), 0);
	assert_int_equal(n, 65536);
	/* One byte less in a full pipe frees no page. */
	assert_int_equal(vcall(p, SYS_read, fds[0], big, 4095), 4095);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 1), -EAGAIN);
	assert_int_equal(vcall(p, SYS_read, fds[0], big, 1), 1);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 5000), 4096);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_GETPIPE_SZ, 0), 65536);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETPIPE_SZ, 4096), -EBUSY);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETPIPE_SZ, 70000), 131072);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 5000), 5000);
}

static void test_capacity(void **state)
{
	vrun(capacity);
}

/* Small writes share a page; a write that does not fit the rest takes a new one. */
static void pages(struct vproc *p)
{
	int fds[2];

	assert_int_equal(vcall(p, SYS_pipe2, fds, O_NONBLOCK), 0);
	for (int i = 0; i < 16; i++)
		assert_int_equal(vcall(p, SYS_write, fds[1], big, 3000), 3000);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 3000), -EAGAIN);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 1096), 1096);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, 1), -EAGAIN);
	assert_int_equal(vcall(p, SYS_read, fds[0], big, sizeof(big)), 16 * 3000 + 1096);
}

static void test_pages(void **state)
{
	vrun(pages);
}

static void packets(struct vproc *p)
{
	int fds[2];
	char buf[8];

	assert_int_equal(vcall(p, SYS_pipe2, fds, O_NONBLOCK | O_DIRECT), 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_write, fds[1], "de", 2), 2);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 2), 2);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 8), 2);
	assert_memory_equal(buf, "de", 2);
	assert_int_equal(vcall(p, SYS_pipe2, fds, O_TRUNC), -EINVAL);
}

static void test_packets(void **state)
{
	vrun(packets);
}

static void slow_reader(struct vproc *p)
{
	int *fds = vproc_arg(p);
	static u8 buf[10000];
	s64 total = 0, n;

	vcall(p, SYS_close, fds[1]);
	vproc_sleep(p, 5 * NSEC_PER_MSEC);
	while ((n = vcall(p, SYS_read, fds[0], buf, sizeof(buf))) > 0)
		total += n;
	assert_int_equal(n, 0);
	vcall(p, SYS_exit_group, total == 128 * 1024 ? 7 : 1);
}

/* A blocking write goes through in pieces; end of file when the last writer is gone. */
static void blocking(struct vproc *p)
{
	int fds[2], status;
	s64 pid;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	pid = vproc_fork(p, slow_reader, fds);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, sizeof(big)), sizeof(big));
	assert_int_equal(vcall(p, SYS_close, fds[1]), 0);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void test_blocking(void **state)
{
	vrun(blocking);
}

static void writer_dies(struct vproc *p)
{
	int *fds = vproc_arg(p);

	vcall(p, SYS_write, fds[1], "x", 1);
	vcall(p, SYS_exit_group, 3);
}

static void broken(struct vproc *p)
{
	int fds[2], status;
	s64 pid;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_int_equal(vcall(p, SYS_close, fds[0]), 0);
	assert_int_equal(vproc_signal(p, SIGPIPE, VPROC_IGN, 0), 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "x", 1), -EPIPE);
	assert_int_equal(vproc_signal(p, SIGPIPE, VPROC_DFL, 0), 0);
	pid = vproc_fork(p, writer_dies, fds);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGPIPE);
}

static void test_broken(void **state)
{
	vrun(broken);
}

static void eventfd_values(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 3, EFD_NONBLOCK);
	int sem = (int)vcall(p, SYS_eventfd2, 2, EFD_NONBLOCK | EFD_SEMAPHORE);
	u64 v = 4;

	assert_int_equal(vcall(p, SYS_write, fd, &v, 8), 8);
	assert_int_equal(vcall(p, SYS_write, fd, &v, 7), -EINVAL);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 7), -EINVAL);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), 8);
	assert_int_equal(v, 7);
	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), -EAGAIN);
	v = UINT64_MAX;
	assert_int_equal(vcall(p, SYS_write, fd, &v, 8), -EINVAL);
	v = UINT64_MAX - 1;
	assert_int_equal(vcall(p, SYS_write, fd, &v, 8), 8);
	v = 1;
	assert_int_equal(vcall(p, SYS_write, fd, &v, 8), -EAGAIN);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vcall(p, SYS_read, sem, &v, 8), 8);
		assert_int_equal(v, 1);
	}
	assert_int_equal(vcall(p, SYS_read, sem, &v, 8), -EAGAIN);
	assert_int_equal(vcall(p, SYS_eventfd2, 0, 2), -EINVAL);
}

static void test_eventfd(void **state)
{
	vrun(eventfd_values);
}

static void timerfd_ticks(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	struct itimerspec its = { .it_value.tv_nsec = 10 * NSEC_PER_MSEC,
				  .it_interval.tv_nsec = 20 * NSEC_PER_MSEC };
	struct itimerspec cur;
	nsec_t start = vproc_now(p);
	u64 ticks;

	assert_int_equal(vcall(p, SYS_timerfd_settime, fd, 0, &its, 0), 0);
	assert_int_equal(vcall(p, SYS_read, fd, &ticks, 8), 8);
	assert_int_equal(ticks, 1);
	assert_in_range(vproc_now(p) - start, 10 * NSEC_PER_MSEC, 15 * NSEC_PER_MSEC);
	vproc_sleep(p, 70 * NSEC_PER_MSEC); /* 80 ms: expired at 30, 50, 70 */
	assert_int_equal(vcall(p, SYS_read, fd, &ticks, 8), 8);
	assert_int_equal(ticks, 3);
	assert_int_equal(vcall(p, SYS_timerfd_gettime, fd, &cur), 0);
	assert_in_range(cur.it_value.tv_nsec, 1, 10 * NSEC_PER_MSEC);
	assert_int_equal(cur.it_interval.tv_nsec, 20 * NSEC_PER_MSEC);
	its.it_value.tv_nsec = 0;
	assert_int_equal(vcall(p, SYS_timerfd_settime, fd, 0, &its, 0), 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(vcall(p, SYS_read, fd, &ticks, 8), -EAGAIN);
	its.it_value.tv_nsec = NSEC_PER_SEC;
	assert_int_equal(vcall(p, SYS_timerfd_settime, fd, 0, &its, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_timerfd_create, 99, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_timerfd_gettime, 0, &cur), -EINVAL);
}

static void test_timerfd(void **state)
{
	vrun(timerfd_ticks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capacity), cmocka_unit_test(test_pages),
		cmocka_unit_test(test_packets),	 cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_broken),	 cmocka_unit_test(test_eventfd),
		cmocka_unit_test(test_timerfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * poll(2), ppoll(2), select(2), pselect6(2).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <string.h>
#include <sys/socket.h>

static void post_later(struct vproc *p)
{
	u64 one = 1;

	vproc_sleep(p, 20 * NSEC_PER_MSEC);
	vcall(p, SYS_write, *(int *)vproc_arg(p), &one, 8);
}

static void events(struct vproc *p)
{
	int efd = (int)vcall(p, SYS_eventfd2, 0, 0), fds[2];
	int file = (int)vcall(p, SYS_memfd_create, "f", 0);
	struct pollfd pfd[6] = {
		{ .fd = efd, .events = POLLIN | POLLOUT }, { .fd = -1, .events = POLLIN },
		{ .fd = 99, .events = POLLIN },		   { .fd = file, .events = POLLIN },
		{ .fd = -1 },				   { .fd = -1 },
	};

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	pfd[4] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	pfd[5] = (struct pollfd){ .fd = fds[1], .events = 0 };
	assert_int_equal(vcall(p, SYS_poll, pfd, 6, 0), 3);
	assert_int_equal(pfd[0].revents, POLLOUT);
	assert_int_equal(pfd[1].revents, 0);
	assert_int_equal(pfd[2].revents, POLLNVAL);
	assert_int_equal(pfd[3].revents, POLLIN);
	assert_int_equal(pfd[4].revents, 0);
	assert_int_equal(pfd[5].revents, 0);
	assert_int_equal(vcall(p, SYS_close, fds[0]), 0);
	assert_int_equal(vcall(p, SYS_poll, &pfd[5], 1, 0), 1);
	assert_int_equal(pfd[5].revents, POLLERR);
	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_int_equal(vcall(p, SYS_close, fds[1]), 0);
	pfd[4] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	assert_int_equal(vcall(p, SYS_poll, &pfd[4], 1, -1), 1);
	assert_int_equal(pfd[4].revents, POLLHUP);
	assert_int_equal(vcall(p, SYS_poll, pfd, 1u << 30, 0), -EINVAL);
}

static void test_events(void **state)
{
	vrun(events);
}

static void waiting(struct vproc *p)
{
	int a = (int)vcall(p, SYS_eventfd2, 0, 0), b = (int)vcall(p, SYS_eventfd2, 0, 0);
	struct pollfd pfd[2] = { { .fd = a, .events = POLLIN }, { .fd = b, .events = POLLIN } };
	nsec_t start = vproc_now(p);
	struct timespec ts = { .tv_sec = 1 };
	u64 v;

	assert_int_equal(vcall(p, SYS_poll, pfd, 2, 15), 0);
	assert_in_range(vproc_now(p) - start, 15 * NSEC_PER_MSEC, 25 * NSEC_PER_MSEC);
	assert_true(vproc_fork(p, post_later, &b) > 0);
	start = vproc_now(p);
	assert_int_equal(vcall(p, SYS_poll, pfd, 2, -1), 1);
	assert_int_equal(pfd[0].revents, 0);
	assert_int_equal(pfd[1].revents, POLLIN);
	assert_in_range(vproc_now(p) - start, 15 * NSEC_PER_MSEC, 35 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_read, b, &v, 8), 8);
	assert_true(vproc_fork(p, post_later, &b) > 0);
	/* What is left of the limit comes back. */
	assert_int_equal(vcall(p, SYS_ppoll, pfd, 2, &ts, 0, 8), 1);
	assert_int_equal(ts.tv_sec, 0);
	assert_in_range(ts.tv_nsec, 960 * NSEC_PER_MSEC, 985 * NSEC_PER_MSEC);
	ts.tv_nsec = NSEC_PER_SEC;
	assert_int_equal(vcall(p, SYS_ppoll, pfd, 2, &ts, 0, 8), -EINVAL);
}

static void test_waiting(void **state)
{
	vrun(waiting);
}

static void selecting(struct vproc *p)
{
	int a = (int)vcall(p, SYS_eventfd2, 0, 0), b = (int)vcall(p, SYS_eventfd2, 0, 0);
	int n = b + 1;
	struct timeval tv = { .tv_usec = 10000 };
	fd_set in, out;
	u64 v = 1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(a, &in);
	FD_SET(b, &in);
	assert_int_equal(vcall(p, SYS_select, n, &in, 0, 0, &tv), 0);
	assert_false(FD_ISSET(a, &in) || FD_ISSET(b, &in));
	assert_int_equal(tv.tv_sec, 0);
	assert_int_equal(tv.tv_usec, 0);
	assert_int_equal(vcall(p, SYS_write, a, &v, 8), 8);
	FD_SET(a, &in);
	FD_SET(b, &in);
	FD_SET(a, &out);
	assert_int_equal(vcall(p, SYS_select, n, &in, &out, 0, 0), 2);
	assert_true(FD_ISSET(a, &in) && FD_ISSET(a, &out) && !FD_ISSET(b, &in));
	/* n bounds what is looked at. */
	assert_int_equal(vcall(p, SYS_select, a, &in, &out, 0, &tv), 0);
	assert_int_equal(vcall(p, SYS_select, -1, &in, &out, 0, &tv), -EINVAL);
	FD_SET(50, &in);
	assert_int_equal(vcall(p, SYS_select, 60, &in, 0, 0, &tv), -EBADF);
	tv.tv_sec = -1;
	assert_int_equal(vcall(p, SYS_select, 0, 0, 0, 0, &tv), -EINVAL);
	FD_ZERO(&in);
	FD_SET(b, &in);
	assert_true(vproc_fork(p, post_later, &b) > 0);
	assert_int_equal(vcall(p, SYS_pselect6, n, &in, 0, 0, 0, 0), 1);
	assert_true(FD_ISSET(b, &in));
}

static void test_selecting(void **state)
{
	vrun(selecting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_selecting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

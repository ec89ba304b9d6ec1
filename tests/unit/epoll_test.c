/* SPDX-License-Identifier: MIT */
/*
 * epoll(7): triggers, one-shot, exclusive wakeups, nesting, and what outlives a descriptor.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <signal.h>
#include <string.h>

static int ep_new(struct vproc *p)
{
	return (int)vcall(p, SYS_epoll_create1, 0);
}

static s64 ep_ctl(struct vproc *p, int ep, int op, int fd, u32 events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return vcall(p, SYS_epoll_ctl, ep, op, fd, &ev);
}

static void post(struct vproc *p, int fd)
{
	u64 one = 1;

	assert_int_equal(vcall(p, SYS_write, fd, &one, 8), 8);
}

static void drain(struct vproc *p, int fd)
{
	u64 v;

	assert_int_equal(vcall(p, SYS_read, fd, &v, 8), 8);
}

static void ctl_errors(struct vproc *p)
{
	int ep = ep_new(p), fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	int file = (int)vcall(p, SYS_memfd_create, "f", 0);
	struct epoll_event ev[2] = { { .events = EPOLLIN } };

	assert_int_equal(vcall(p, SYS_epoll_create, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_epoll_create1, 1), -EINVAL);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN), -ENOENT);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_DEL, fd, 0), -ENOENT);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fd, EPOLLIN), 0);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fd, EPOLLIN), -EEXIST);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, file, EPOLLIN), -EPERM);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, ep, EPOLLIN), -EINVAL);
	assert_int_equal(ep_ctl(p, fd, EPOLL_CTL_ADD, ep, EPOLLIN), -EINVAL);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, 88, EPOLLIN), -EBADF);
	assert_int_equal(ep_ctl(p, 88, EPOLL_CTL_ADD, fd, EPOLLIN), -EBADF);
	assert_int_equal(ep_ctl(p, ep, 9, fd, EPOLLIN), -EINVAL);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE), -EINVAL);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_epoll_wait, fd, ev, 1, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_epoll_wait, 88, ev, 1, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 1, 0), 0);
}

static void test_ctl_errors(void **state)
{
	vrun(ctl_errors);
}

/* A pipe that is polled wakes its pollers with each write, not only when it was empty. */
static void pipe_edges(struct vproc *p)
{
	int ep = ep_new(p), fds[2];
	struct epoll_event ev;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "a", 1), 1);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 0), 1);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 0), 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "b", 1), 1);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 0), 1);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 0), 0);
}

static void test_pipe_edges(void **state)
{
	vrun(pipe_edges);
}

static void triggers(struct vproc *p)
{
	int ep = ep_new(p), fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	struct epoll_event ev[4];

	/* Level: until it is drained. */
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fd, EPOLLIN), 0);
	post(p, fd);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
		assert_int_equal(ev[0].events, EPOLLIN);
		assert_int_equal(ev[0].data.fd, fd);
	}
	drain(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 0);
	/* Edge: once for each wakeup, however much came between two looks. */
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET), 0);
	post(p, fd);
	post(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 0);
	post(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
	/* MOD looks again. */
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
	/* An edge whose cause is gone is no event. */
	post(p, fd);
	drain(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 0);
	/* One shot: until MOD. */
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT), 0);
	post(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
	post(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 0);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 4, 0), 1);
}

static void test_triggers(void **state)
{
	vrun(triggers);
}

/* With too small a buffer the ready files take turns. */
static void turns(struct vproc *p)
{
	int ep = ep_new(p), fd[3];
	struct epoll_event ev[2];

	for (int i = 0; i < 3; i++) {
		fd[i] = (int)vcall(p, SYS_eventfd2, 1, 0);
		assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fd[i], EPOLLIN), 0);
	}
	for (int i = 0; i < 7; i++) {
		assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 1, 0), 1);
		assert_int_equal(ev[0].data.fd, fd[i % 3]);
	}
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 0), 2);
	assert_int_equal(ev[0].data.fd, fd[1]);
	assert_int_equal(ev[1].data.fd, fd[2]);
}

static void test_turns(void **state)
{
	vrun(turns);
}

static void nesting(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	int ep[6];
	struct epoll_event ev[2];

	for (int i = 0; i < 6; i++)
		ep[i] = ep_new(p);
	assert_int_equal(ep_ctl(p, ep[0], EPOLL_CTL_ADD, fd, EPOLLIN), 0);
	for (int i = 1; i < 5; i++)
		assert_int_equal(ep_ctl(p, ep[i], EPOLL_CTL_ADD, ep[i - 1], EPOLLIN), 0);
	/* A chain of five is the longest; a loop of any length is refused. */
	assert_int_equal(ep_ctl(p, ep[5], EPOLL_CTL_ADD, ep[4], EPOLLIN), -ELOOP);
	assert_int_equal(ep_ctl(p, ep[0], EPOLL_CTL_ADD, ep[4], EPOLLIN), -ELOOP);
	assert_int_equal(ep_ctl(p, ep[0], EPOLL_CTL_ADD, ep[1], EPOLLIN), -ELOOP);
	assert_int_equal(ep_ctl(p, ep[5], EPOLL_CTL_ADD, ep[3], EPOLLIN | EPOLLEXCLUSIVE), -EINVAL);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep[4], ev, 2, 0), 0);
	post(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep[4], ev, 2, 0), 1);
	assert_int_equal(ev[0].data.fd, ep[3]);
	drain(p, fd);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep[4], ev, 2, 0), 0);
}

static void test_nesting(void **state)
{
	vrun(nesting);
}

/* epoll(7), question 6: the registration lives as long as the description. */
static void outlives_descriptor(struct vproc *p)
{
	int ep = ep_new(p), fd = (int)vcall(p, SYS_eventfd2, 1, 0), copy;
	struct epoll_event ev[2];

	copy = (int)vcall(p, SYS_dup, fd);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, fd, EPOLLIN), 0);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_ADD, copy, EPOLLIN), 0);
	assert_int_equal(vcall(p, SYS_close, fd), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 0), 2);
	assert_int_equal(ev[0].data.fd, fd);
	assert_int_equal(ep_ctl(p, ep, EPOLL_CTL_DEL, fd, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_close, copy), 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 2, 0), 0);
}

static void test_outlives_descriptor(void **state)
{
	vrun(outlives_descriptor);
}

static void timeouts(struct vproc *p)
{
	int ep = ep_new(p);
	struct epoll_event ev[1];
	struct timespec ts = { .tv_nsec = 3 * NSEC_PER_MSEC };
	nsec_t start = vproc_now(p);

	assert_int_equal(vcall(p, SYS_epoll_wait, ep, ev, 1, 20), 0);
	assert_in_range(vproc_now(p) - start, 20 * NSEC_PER_MSEC, 30 * NSEC_PER_MSEC);
	start = vproc_now(p);
	assert_int_equal(vcall(p, 441, ep, ev, 1, &ts, 0, 8), 0); /* epoll_pwait2 */
	assert_in_range(vproc_now(p) - start, 3 * NSEC_PER_MSEC, 12 * NSEC_PER_MSEC);
	ts.tv_nsec = -1;
	assert_int_equal(vcall(p, 441, ep, ev, 1, &ts, 0, 8), -EINVAL);
}

static void test_timeouts(void **state)
{
	vrun(timeouts);
}

struct herd {
	int fd;	    /* what is waited for */
	int ep[4];  /* -1: the thread shares ep[0] */
	u32 events;
	int woken[4];
	int order[4];
	int nwoken;
};

struct herd_arg {
	struct herd *herd;
	int i;
};

static void herd_thread(struct vproc *p)
{
	struct herd_arg *arg = vproc_arg(p);
	struct herd *herd = arg->herd;
	struct epoll_event ev[1];

	if (vcall(p, SYS_epoll_wait, herd->ep[arg->i], ev, 1, 300) == 1) {
		herd->woken[arg->i]++;
		herd->order[herd->nwoken++] = arg->i;
	}
}

/* Threads 0 to 3 begin to wait in this order; then one event comes. Returns how many got it. */
static int herd_run(struct vproc *p, bool shared, u32 events)
{
	static struct herd herd;
	static struct herd_arg args[4];

	memset(&herd, 0, sizeof(herd));
	herd.fd = (int)vcall(p, SYS_eventfd2, 0, 0);
	for (int i = 0; i < 4; i++) {
		herd.ep[i] = shared && i ? herd.ep[0] : ep_new(p);
		if (!shared || !i)
			assert_int_equal(ep_ctl(p, herd.ep[i], EPOLL_CTL_ADD, herd.fd, events), 0);
		args[i] = (struct herd_arg){ &herd, i };
		assert_true(vproc_thread(p, herd_thread, &args[i]) > 0);
		vproc_sleep(p, 20 * NSEC_PER_MSEC);
	}
	post(p, herd.fd);
	vproc_sleep(p, 50 * NSEC_PER_MSEC);
	vproc_sleep(p, 400 * NSEC_PER_MSEC);
	return herd.nwoken * 10 + (herd.nwoken == 1 ? herd.order[0] : 0);
}

/*
 * Waiters of one instance: an edge wakes one, the latest. Instances that each watch the file: all
 * are woken, or with EPOLLEXCLUSIVE the first only.
 */
static void herds(struct vproc *p)
{
	assert_int_equal(herd_run(p, true, EPOLLIN | EPOLLET), 13);
	assert_int_equal(herd_run(p, false, EPOLLIN), 40);
	assert_int_equal(herd_run(p, false, EPOLLIN | EPOLLEXCLUSIVE), 10);
	/* A level that nobody takes away goes on from waiter to waiter. */
	assert_int_equal(herd_run(p, true, EPOLLIN), 40);
}

static void test_herds(void **state)
{
	vrun(herds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctl_errors), cmocka_unit_test(test_pipe_edges),
		cmocka_unit_test(test_triggers),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_outlives_descriptor),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_herds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

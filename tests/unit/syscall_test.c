/* SPDX-License-Identifier: MIT */
/*
 * The driver of calls as the trace shows it: rows, arguments, results, costs, calls that never
 * return.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sim/engine/trace.h"
#include "stack/net.h"

/* Rows of the syscall table as text. */
struct rows {
	struct trace_sink sink;
	char text[8192];
	size_t len;
	bool times;
};

static void rows_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct rows *r = container_of(s, struct rows, sink);
	s64 cell[TRACE_MAX_COLUMNS] = { 0 };
	const char *name = "", *args = "";
	int nargs = 0, nname = 0;

	if (d->table != TT_SYSCALL)
		return;
	for (int i = 0; i < d->ncolumns; i++) {
		cell[i] = v[i].type == TV_INT ? v[i].i : -1;
		if (!strcmp(d->columns[i].name, "name")) {
			name = v[i].p;
			nname = (int)v[i].len;
		} else if (!strcmp(d->columns[i].name, "args")) {
			args = v[i].p;
			nargs = (int)v[i].len;
		} else if (!strcmp(d->columns[i].name, "result")) {
			cell[30] = v[i].type == TV_INT ? v[i].i : INT64_MIN;
		} else if (!strcmp(d->columns[i].name, "errno")) {
			cell[31] = v[i].type == TV_INT ? v[i].i : 0;
		} else if (!strcmp(d->columns[i].name, "t_enter")) {
			cell[28] = v[i].i;
		} else if (!strcmp(d->columns[i].name, "t_exit")) {
			cell[29] = v[i].type == TV_INT ? v[i].i : -1;
		}
	}
	if (r->times)
		r->len += (size_t)snprintf(r->text + r->len, sizeof(r->text) - r->len, "%lld-%lld ",
					   (long long)cell[28], (long long)cell[29]);
	r->len += (size_t)snprintf(r->text + r->len, sizeof(r->text) - r->len, "%.*s(%.*s) = ", nname,
				   name, nargs, args);
	if (cell[29] < 0)
		r->len += (size_t)snprintf(r->text + r->len, sizeof(r->text) - r->len, "?\n");
	else if (cell[31])
		r->len += (size_t)snprintf(r->text + r->len, sizeof(r->text) - r->len, "-1 %s\n",
					   strerrorname_np((int)cell[31]));
	else
		r->len += (size_t)snprintf(r->text + r->len, sizeof(r->text) - r->len, "%lld\n",
					   (long long)cell[30]);
}

static char *rows_close(struct trace_sink *s, bool ok)
{
	return NULL;
}

static void run_traced(struct rows *r, vproc_fn fn, bool times)
{
	struct trace *tr = trace_new(TRACE_SYSCALLS);
	struct world *w;
	struct host *h;

	*r = (struct rows){ .sink = { .row = rows_row, .close = rows_close }, .times = times };
	trace_add_sink(tr, &r->sink);
	w = world_new(1, strategy_default(), tr);
	h = host_new(w, "a", 1);
	stack_world_init(w);
	net_host_init(h);
	vproc_start(h, "test", fn, NULL, 0);
	sim_run(&w->sim, 10 * NSEC_PER_SEC);
	syscall_trace_unfinished(w);
	world_destroy(w);
	trace_free(tr, true);
}

static void many_calls(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct iovec iov[2] = { { "ab", 2 }, { "c\n", 2 } };
	struct linger ling = { 1, 3 };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET, .data.fd = 7 };
	struct pollfd pfd = { .fd = 1, .events = POLLOUT };
	struct timespec ts = { .tv_nsec = 500 };
	int fds[2], one = 1, ep;
	char buf[8];

	vcall(p, SYS_bind, 99, &sin, sizeof(sin));
	vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, 4);
	vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &ling, 8);
	vcall(p, SYS_pipe2, fds, O_NONBLOCK);
	vcall(p, SYS_writev, fds[1], iov, 2);
	vcall(p, SYS_read, fds[0], buf, 8);
	vcall(p, SYS_read, fds[0], buf, 8);
	vcall(p, SYS_write, 1, "hello \"world\" this is longer than 32 bytes\n", 43);
	vcall(p, SYS_poll, &pfd, 1, 0);
	ep = (int)vcall(p, SYS_epoll_create1, 0);
	vcall(p, SYS_epoll_ctl, ep, EPOLL_CTL_ADD, fds[1], &ev);
	vcall(p, SYS_nanosleep, &ts, 0);
	vcall(p, SYS_sendto, 99, "xyz", 3, MSG_NOSIGNAL | MSG_DONTWAIT, &sin, 16);
	vcall(p, SYS_kill, 0x7fffff, 15);
	vcall(p, 9999, 1);
	vcall(p, SYS_exit_group, 4);
}

static const char expected_calls[] =
	"socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK, IPPROTO_UDP) = 3\n"
	"bind(99, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EBADF\n"
	"setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0\n"
	"setsockopt(3, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=3}, 8) = 0\n"
	"pipe2([4, 5], O_NONBLOCK) = 0\n"
	"writev(5, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\\n\", iov_len=2}], 2) = 4\n"
	"read(4, \"abc\\n\", 8) = 4\n"
	"read(4, ..., 8) = -1 EAGAIN\n"
	"write(1, \"hello \\\"world\\\" this is longer tha\"..., 43) = 43\n"
	"poll([{fd=1, events=POLLOUT, revents=POLLOUT}], 1, 0) = 1\n"
	"epoll_create1(0) = 6\n"
	"epoll_ctl(6, EPOLL_CTL_ADD, 5, {events=EPOLLIN|EPOLLET, data=7}) = 0\n"
	"nanosleep({tv_sec=0, tv_nsec=500}, NULL) = 0\n"
	"sendto(99, \"xyz\", 3, MSG_DONTWAIT|MSG_NOSIGNAL, {sa_family=AF_INET, sin_port=htons(80), "
	"sin_addr=inet_addr(\"0.0.0.0\")}, 16) = -1 EBADF\n"
	"kill(8388607, SIGTERM) = -1 ESRCH\n"
	"syscall(9999) = -1 ENOSYS\n"
	"exit_group(4) = ?\n";

static void test_rows(void **state)
{
	static struct rows r;

	run_traced(&r, many_calls, false);
	assert_string_equal(r.text, expected_calls);
}

static void waits_for_ever(struct vproc *p)
{
	char c;
	int fds[2];

	vcall(p, SYS_pipe2, fds, 0);
	vcall(p, SYS_read, fds[0], &c, 1);
}

static void test_unfinished(void **state)
{
	static struct rows r;

	run_traced(&r, waits_for_ever, false);
	assert_string_equal(r.text, "pipe2([3, 4], 0) = 0\nread(3, ..., 1) = ?\n");
}

/* Entry, socket work and copied bytes each take their time. */
static void costs(struct vproc *p)
{
	static char buf[4000];
	const u32 *cost = vproc_host(p)->cost.v;
	nsec_t call = cost[COST_SYSCALL] + cost[COST_USER_STEP], t;
	int fds[2];

	vcall(p, SYS_pipe2, fds, 0);
	t = vproc_now(p);
	vcall(p, SYS_getpid);
	assert_int_equal(vproc_now(p) - t, call);
	t = vproc_now(p);
	vcall(p, SYS_listen, 99, 1);
	assert_int_equal(vproc_now(p) - t, call + cost[COST_SOCKET_CALL]);
	t = vproc_now(p);
	assert_int_equal(vcall(p, SYS_write, fds[1], buf, 4000), 4000);
	assert_int_equal(vproc_now(p) - t, call + 4000 * cost[COST_COPY_BYTE] / 1000);
	t = vproc_now(p);
	vcall(p, CALL_COMPUTE, 7 * NSEC_PER_MSEC);
	assert_int_equal(vproc_now(p) - t, 7 * NSEC_PER_MSEC + cost[COST_USER_STEP]);
}

static void test_costs(void **state)
{
	vrun(costs);
}

static int turns[8], nturns;

static void turn_taker(struct vproc *p)
{
	int id = *(int *)vproc_arg(p);

	for (int i = 0; i < 3; i++) {
		turns[nturns++] = id;
		vcall(p, SYS_sched_yield);
	}
}

/* On one CPU sched_yield() lets the other thread go first. */
static void yields(struct vproc *p)
{
	static const int ids[2] = { 1, 2 };

	nturns = 0;
	vproc_thread(p, turn_taker, (void *)(uintptr_t)&ids[0]);
	vproc_thread(p, turn_taker, (void *)(uintptr_t)&ids[1]);
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(nturns, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(turns[i], i % 2 + 1);
}

static void test_yields(void **state)
{
	vrun_cpus(yields, 1);
}

/* A thread that ends leaves the others; exit_group() ends all. */
static void ends(struct vproc *p)
{
	vcall(p, SYS_exit, 0);
}

static void thread_exit(struct vproc *p)
{
	u64 mask = 0;

	assert_true(vproc_thread(p, ends, NULL) > vcall(p, SYS_getpid));
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_getpid), vcall(p, SYS_gettid));
	assert_int_equal(vcall(p, SYS_sched_getaffinity, 0, 8, &mask), 8);
	assert_int_equal(mask, 3);
	mask = 2;
	assert_int_equal(vcall(p, SYS_sched_setaffinity, 0, 8, &mask), 0);
	vcall(p, SYS_sched_yield);
	vcall(p, SYS_sched_yield);
	assert_int_equal(vproc_host(p)->cur_cpu->id, 1);
	mask = 4;
	assert_int_equal(vcall(p, SYS_sched_setaffinity, 0, 8, &mask), -EINVAL);
}

static void test_threads(void **state)
{
	vrun(thread_exit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_costs),  cmocka_unit_test(test_yields),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

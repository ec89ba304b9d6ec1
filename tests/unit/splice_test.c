/* SPDX-License-Identifier: MIT */
/*
 * splice(2), tee(2), vmsplice(2), copy_file_range(2), preadv2(2). These tests pass on Linux too
 * (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MS NSEC_PER_MSEC

static void pipe_make(struct vproc *p, int fds[2])
{
	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
}

static void expect_read(struct vproc *p, int fd, const char *text)
{
	char buf[64] = "";

	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf) - 1), (s64)strlen(text));
	assert_string_equal(buf, text);
}

static void pipes(struct vproc *p)
{
	int a[2], b[2];
	s64 off = 0;

	pipe_make(p, a);
	pipe_make(p, b);
	vcall(p, SYS_write, a[1], "hello world", 11);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 5, 0), 5);
	assert_int_equal(vcall(p, SYS_tee, a[0], b[1], 100, 0), 6);
	expect_read(p, b[0], "hello world");
	expect_read(p, a[0], " world");
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 5, SPLICE_F_NONBLOCK), -EAGAIN);
	assert_int_equal(vcall(p, SYS_tee, a[0], b[1], 5, SPLICE_F_NONBLOCK), -EAGAIN);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 5, 64), -EINVAL);
	assert_int_equal(vcall(p, SYS_splice, a[0], &off, b[1], 0, 5, 0), -ESPIPE);
	assert_int_equal(vcall(p, SYS_splice, a[1], 0, b[1], 0, 5, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[0], 0, 5, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_splice, 99, 0, b[1], 0, 5, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, a[1], 0, 5, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_tee, a[0], a[1], 5, 0), -EINVAL);
	/* The other end is gone. */
	vcall(p, SYS_close, a[1]);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 5, 0), 0);
	assert_int_equal(vcall(p, SYS_tee, a[0], b[1], 5, 0), 0);
	vproc_signal(p, SIGPIPE, VPROC_IGN, 0);
	pipe_make(p, a);
	vcall(p, SYS_write, a[1], "x", 1);
	vcall(p, SYS_close, b[0]);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, b[1], 0, 5, 0), -EPIPE);
}

static void test_pipes(void **state)
{
	vrun(pipes);
}

static void files(struct vproc *p)
{
	int a[2], f = (int)vcall(p, SYS_memfd_create, "f", 0), sv[2];
	s64 off = 2;

	pipe_make(p, a);
	vcall(p, SYS_write, f, "0123456789", 10);
	assert_int_equal(vcall(p, SYS_splice, f, &off, a[1], 0, 4, 0), 4);
	assert_int_equal(off, 6);
	expect_read(p, a[0], "2345");
	assert_int_equal(vcall(p, SYS_splice, f, 0, a[1], 0, 4, 0), 0);
	off = -1;
	assert_int_equal(vcall(p, SYS_splice, f, &off, a[1], 0, 4, 0), -EINVAL);
	vcall(p, SYS_write, a[1], "abc", 3);
	off = 8;
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, f, &off, 100, 0), 3);
	assert_int_equal(off, 11);
	vcall(p, SYS_lseek, f, 0, SEEK_SET);
	expect_read(p, f, "01234567abc");
	vcall(p, SYS_write, a[1], "Z", 1);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, f, 0, 100, 0), 1);
	assert_int_equal(vcall(p, SYS_lseek, f, 0, SEEK_CUR), 12);
	/* Sockets. */
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(vcall(p, SYS_splice, sv[0], 0, sv[1], 0, 5, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_splice, f, 0, sv[1], 0, 5, 0), -EINVAL);
	vcall(p, SYS_write, a[1], "to a socket", 11);
	assert_int_equal(vcall(p, SYS_splice, a[0], 0, sv[0], 0, 100, 0), 11);
	assert_int_equal(vcall(p, SYS_splice, sv[1], 0, a[1], 0, 4, 0), 4);
	expect_read(p, a[0], "to a");
	expect_read(p, sv[1], " socket");
	vcall(p, SYS_fcntl, sv[1], F_SETFL, O_NONBLOCK);
	assert_int_equal(vcall(p, SYS_splice, sv[1], 0, a[1], 0, 4, 0), -EAGAIN);
}

static void test_files(void **state)
{
	vrun(files);
}

static void on_alarm(struct vproc *p, const struct siginfo *info)
{
}

static int wait_sv[2], wait_pipe[2];

static void writes_later(struct vproc *p)
{
	vproc_sleep(p, 50 * MS);
	vcall(p, SYS_write, wait_sv[0], "late", 4);
}

static void drains_later(struct vproc *p)
{
	char buf[4096];
	s64 n;

	vcall(p, SYS_close, wait_sv[1]);
	vproc_sleep(p, 50 * MS);
	while ((n = vcall(p, SYS_read, wait_sv[0], buf, sizeof(buf))) > 0)
		;
}

/* Socket to pipe waits for bytes, pipe to socket for room. */
static void waits(struct vproc *p)
{
	static char data[65536];
	struct itimerval itv = { .it_value.tv_usec = 20000 };
	s64 pid, total = 0, n;
	int status;

	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, wait_sv), 0);
	pipe_make(p, wait_pipe);
	pid = vproc_fork(p, writes_later, NULL);
	assert_int_equal(vcall(p, SYS_splice, wait_sv[1], 0, wait_pipe[1], 0, 100, 0), 4);
	expect_read(p, wait_pipe[0], "late");
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	pid = vproc_fork(p, drains_later, NULL);
	vcall(p, SYS_close, wait_sv[0]);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(vcall(p, SYS_write, wait_pipe[1], data, sizeof(data)), 65536);
		for (s64 left = 65536; left; left -= n) {
			n = vcall(p, SYS_splice, wait_pipe[0], 0, wait_sv[1], 0, left, 0);
			assert_true(n > 0);
			total += n;
		}
	}
	assert_int_equal(total, 655360);
	vcall(p, SYS_close, wait_sv[1]);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	/* A full pipe that nobody reads: a signal ends the wait. */
	assert_int_equal(vcall(p, SYS_write, wait_pipe[1], data, sizeof(data)), 65536);
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, wait_sv), 0);
	vcall(p, SYS_write, wait_sv[0], "x", 1);
	vproc_signal(p, SIGALRM, on_alarm, 0);
	vcall(p, SYS_setitimer, ITIMER_REAL, &itv, 0);
	assert_int_equal(vcall(p, SYS_splice, wait_sv[1], 0, wait_pipe[1], 0, 1, 0), -EINTR);
	assert_int_equal(vcall(p, SYS_splice, wait_sv[1], 0, wait_pipe[1], 0, 1, SPLICE_F_NONBLOCK),
			 -EAGAIN);
}

static void test_waits(void **state)
{
	vrun(waits);
}

static void echoes(struct vproc *p)
{
	int s = *(int *)vproc_arg(p), c = (int)vcall(p, SYS_accept4, s, 0, 0, 0), fds[2];
	s64 n;

	/* As a proxy does: from the socket into a pipe and back. */
	vcall(p, SYS_pipe2, fds, 0);
	while ((n = vcall(p, SYS_splice, c, 0, fds[1], 0, 65536, SPLICE_F_MOVE)) > 0) {
		while (n > 0)
			n -= vcall(p, SYS_splice, fds[0], 0, c, 0, n, SPLICE_F_MOVE | SPLICE_F_MORE);
	}
	vcall(p, SYS_exit_group, n ? 1 : 0);
}

static void over_tcp(struct vproc *p)
{
	static u8 out[100000], in[sizeof(out)];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int s = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0), c, status;
	socklen_t len = sizeof(sin);
	s64 pid, got = 0, n;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (u8)(i * 7 + i / 256);
	assert_int_equal(vcall(p, SYS_bind, s, &sin, sizeof(sin)), 0);
	assert_int_equal(vcall(p, SYS_listen, s, 1), 0);
	assert_int_equal(vcall(p, SYS_getsockname, s, &sin, &len), 0);
	pid = vproc_fork(p, echoes, &s);
	c = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(vcall(p, SYS_connect, c, &sin, sizeof(sin)), 0);
	assert_int_equal(vcall(p, SYS_write, c, out, sizeof(out)), sizeof(out));
	while (got < (s64)sizeof(in) &&
	       (n = vcall(p, SYS_read, c, in + got, sizeof(in) - (size_t)got)) > 0)
		got += n;
	assert_memory_equal(in, out, sizeof(in));
	vcall(p, SYS_close, c);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static void test_over_tcp(void **state)
{
	vrun(over_tcp);
}

static void user_memory(struct vproc *p)
{
	struct iovec iov[2] = { { "ab", 2 }, { "cde", 3 } };
	char buf[8] = "", out[8] = "";
	struct iovec in[2] = { { buf, 1 }, { out, 7 } };
	int a[2];

	pipe_make(p, a);
	assert_int_equal(vcall(p, SYS_vmsplice, a[1], iov, 2, 0), 5);
	assert_int_equal(vcall(p, SYS_vmsplice, a[0], in, 2, 0), 5);
	assert_string_equal(buf, "a");
	assert_string_equal(out, "bcde");
	assert_int_equal(vcall(p, SYS_vmsplice, a[0], in, 2, SPLICE_F_NONBLOCK), -EAGAIN);
	assert_int_equal(vcall(p, SYS_vmsplice, a[0], in, 2, 99), -EINVAL);
	assert_int_equal(vcall(p, SYS_vmsplice, 99, in, 2, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_vmsplice, a[0], in, 0, 0), 0);
}

static void test_user_memory(void **state)
{
	vrun(user_memory);
}

static void ranges(struct vproc *p)
{
	int f = (int)vcall(p, SYS_memfd_create, "f", 0);
	int g = (int)vcall(p, SYS_memfd_create, "g", 0);
	int a[2];
	s64 in = 1, out = 4;

	pipe_make(p, a);
	vcall(p, SYS_write, f, "0123456789", 10);
	assert_int_equal(vcall(p, SYS_copy_file_range, f, &in, g, &out, 3, 0), 3);
	assert_int_equal(in, 4);
	assert_int_equal(out, 7);
	assert_int_equal(vcall(p, SYS_copy_file_range, f, 0, g, 0, 3, 0), 0);
	vcall(p, SYS_lseek, f, 8, SEEK_SET);
	assert_int_equal(vcall(p, SYS_copy_file_range, f, 0, g, 0, 30, 0), 2);
	assert_int_equal(vcall(p, SYS_lseek, g, 0, SEEK_CUR), 2);
	in = 0;
	out = 2;
	assert_int_equal(vcall(p, SYS_copy_file_range, f, &in, f, &out, 3, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_copy_file_range, f, &in, f, &out, 3, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_copy_file_range, a[0], 0, f, &out, 3, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_copy_file_range, 99, 0, f, &out, 3, 0), -EBADF);
	/* sendfile() into a file and into a pipe. */
	vcall(p, SYS_lseek, g, 0, SEEK_SET);
	in = 0;
	assert_int_equal(vcall(p, SYS_sendfile, g, f, &in, 4), 4);
	assert_int_equal(vcall(p, SYS_sendfile, a[1], f, &in, 4), 4);
	expect_read(p, a[0], "4567");
}

static void test_ranges(void **state)
{
	vrun(ranges);
}

static void vectors(struct vproc *p)
{
	int f = (int)vcall(p, SYS_memfd_create, "f", 0), a[2];
	char x[3] = "", y[5] = "";
	struct iovec out[2] = { { "abc", 3 }, { "def", 3 } }, in[2] = { { x, 2 }, { y, 4 } };

	pipe_make(p, a);
	assert_int_equal(vcall(p, SYS_pwritev, f, out, 2, 2, 0), 6);
	assert_int_equal(vcall(p, SYS_lseek, f, 0, SEEK_CUR), 0);
	assert_int_equal(vcall(p, SYS_preadv, f, in, 2, 3, 0), 5);
	assert_string_equal(x, "bc");
	assert_string_equal(y, "def");
	assert_int_equal(vcall(p, SYS_preadv, f, in, 2, -1, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_preadv, a[0], in, 2, 0, 0), -ESPIPE);
	assert_int_equal(vcall(p, SYS_preadv, a[0], in, 2000, 0, 0), -ESPIPE);
	assert_int_equal(vcall(p, SYS_preadv, f, in, 2000, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_preadv2, f, in, 2, -1, 0, 0), 6);
	assert_int_equal(vcall(p, SYS_lseek, f, 0, SEEK_CUR), 6);
	assert_int_equal(vcall(p, SYS_preadv2, f, in, 2, -2, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_preadv2, f, in, 2, 0, 0, 1 << 20), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_preadv2, f, in, 2, 0, 0, RWF_APPEND), 6);
	assert_int_equal(vcall(p, SYS_preadv2, f, in, 2, 0, 0, RWF_NOWAIT), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_preadv2, a[0], in, 2, -1, 0, RWF_NOWAIT), -EAGAIN);
	assert_int_equal(vcall(p, SYS_pwritev2, f, out, 1, 0, 0, RWF_APPEND | RWF_DSYNC), 3);
	assert_int_equal(vcall(p, SYS_lseek, f, 0, SEEK_END), 11);
	vcall(p, SYS_fcntl, f, F_SETFL, O_APPEND);
	assert_int_equal(vcall(p, SYS_pwrite64, f, "x", 1, 0), 1);
	assert_int_equal(vcall(p, SYS_lseek, f, 0, SEEK_END), 12);
	assert_int_equal(vcall(p, SYS_pwritev2, a[1], out, 2, -1, 0, 0), 6);
	expect_read(p, a[0], "abcdef");
}

static void test_vectors(void **state)
{
	vrun(vectors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipes), cmocka_unit_test(test_files),
		cmocka_unit_test(test_waits), cmocka_unit_test(test_over_tcp),
		cmocka_unit_test(test_user_memory),
		cmocka_unit_test(test_ranges), cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

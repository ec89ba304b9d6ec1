/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and descriptions: open(2), close(2), dup(2), fcntl(2), fork(2), close_range(2).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <linux/close_range.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void lowest_number(struct vproc *p)
{
	int a = (int)vcall(p, SYS_eventfd2, 0, 0);
	int b = (int)vcall(p, SYS_eventfd2, 0, 0);
	int c = (int)vcall(p, SYS_eventfd2, 0, 0);

	assert_int_equal(b, a + 1);
	assert_int_equal(c, a + 2);
	assert_int_equal(vcall(p, SYS_close, a), 0);
	assert_int_equal(vcall(p, SYS_close, b), 0);
	assert_int_equal(vcall(p, SYS_close, b), -EBADF);
	assert_int_equal(vcall(p, SYS_dup, c), a);
	assert_int_equal(vcall(p, SYS_eventfd2, 0, 0), b);
	assert_int_equal(vcall(p, SYS_fcntl, c, F_DUPFD, 20), 20);
	assert_int_equal(vcall(p, SYS_fcntl, c, F_DUPFD, 20), 21);
	assert_int_equal(vcall(p, SYS_eventfd2, 0, 0), c + 1);
	assert_int_equal(vcall(p, SYS_close, -1), -EBADF);
	assert_int_equal(vcall(p, SYS_close, 99999), -EBADF);
}

static void test_lowest_number(void **state)
{
	vrun(lowest_number);
}

static void dup_errors(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_eventfd2, 0, 0);

	assert_int_equal(vcall(p, SYS_dup, 77), -EBADF);
	assert_int_equal(vcall(p, SYS_dup2, fd, fd), fd);
	assert_int_equal(vcall(p, SYS_dup2, 77, 77), -EBADF);
	assert_int_equal(vcall(p, SYS_dup2, fd, -1), -EBADF);
	assert_int_equal(vcall(p, SYS_dup2, fd, 1 << 30), -EBADF);
	assert_int_equal(vcall(p, SYS_dup3, fd, fd, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_dup3, fd, 30, O_NONBLOCK), -EINVAL);
	assert_int_equal(vcall(p, SYS_dup3, fd, 30, O_CLOEXEC), 30);
	assert_int_equal(vcall(p, SYS_fcntl, 30, F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFD, 0), 0);
	assert_int_equal(vcall(p, SYS_dup2, fd, 30), 30);
	assert_int_equal(vcall(p, SYS_fcntl, 30, F_GETFD, 0), 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_DUPFD, -1), -EINVAL);
	assert_int_equal(vcall(p, SYS_fcntl, fd, 12345, 0), -EINVAL);
}

static void test_dup_errors(void **state)
{
	vrun(dup_errors);
}

/* Status flags belong to the description, close-on-exec to the descriptor. */
static void flags_shared(struct vproc *p)
{
	int fds[2], fd;

	assert_int_equal(vcall(p, SYS_pipe2, fds, O_CLOEXEC), 0);
	fd = (int)vcall(p, SYS_dup, fds[0]);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFL, 0), O_RDONLY | O_NONBLOCK);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFD, 0), 0);
	assert_int_equal(vcall(p, SYS_fcntl, fds[0], F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(vcall(p, SYS_fcntl, fds[1], F_GETFL, 0), O_WRONLY);
	assert_int_equal(vcall(p, SYS_read, fds[1], fds, 4), -EBADF);
	assert_int_equal(vcall(p, SYS_write, fds[0], fds, 4), -EBADF);
}

static void test_flags_shared(void **state)
{
	vrun(flags_shared);
}

static void emfile(struct vproc *p)
{
	int first = (int)vcall(p, SYS_eventfd2, 0, 0);
	struct rlimit old, rl;
	int fds[2] = { -7, -7 };

	assert_int_equal(vcall(p, SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &old), 0);
	rl = old;
	rl.rlim_cur = (rlim_t)first + 2;
	assert_int_equal(vcall(p, SYS_prlimit64, 0, RLIMIT_NOFILE, &rl, 0), 0);
	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), -EMFILE);
	assert_int_equal(vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0), first + 1);
	assert_int_equal(vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0), -EMFILE);
	assert_int_equal(vcall(p, SYS_dup, first), -EMFILE);
	assert_int_equal(vcall(p, SYS_fcntl, first, F_DUPFD, first + 2), -EINVAL);
	assert_int_equal(vcall(p, SYS_dup2, first, first + 2), -EBADF);
	assert_int_equal(vcall(p, SYS_prlimit64, 0, RLIMIT_NOFILE, &old, 0), 0);
}

static void test_emfile(void **state)
{
	vrun(emfile);
}

static void close_range_test(struct vproc *p)
{
	int a = (int)vcall(p, SYS_eventfd2, 0, 0);

	for (int i = 1; i < 5; i++)
		vcall(p, SYS_dup, a);
	assert_int_equal(vcall(p, SYS_close_range, 5u, 3u, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_close_range, a + 1, a + 2, 0), 0);
	assert_int_equal(vcall(p, SYS_fcntl, a + 1, F_GETFD, 0), -EBADF);
	assert_int_equal(vcall(p, SYS_fcntl, a + 3, F_GETFD, 0), 0);
	assert_int_equal(vcall(p, SYS_close_range, a + 3, ~0u, CLOSE_RANGE_CLOEXEC), 0);
	assert_int_equal(vcall(p, SYS_fcntl, a + 4, F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(vcall(p, SYS_dup, a), a + 1);
}

static void test_close_range(void **state)
{
	vrun(close_range_test);
}

static void child_reads(struct vproc *p)
{
	char buf[4];
	int fd = *(int *)vproc_arg(p);

	assert_int_equal(vcall(p, SYS_read, fd, buf, 3), 3);
	assert_memory_equal(buf, "abc", 3);
	vcall(p, SYS_close, fd);
}

/* fork() and dup() share the description, and with it the offset. */
static void offsets_shared(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_memfd_create, "f", 0), fd2, status = -1;
	s64 pid;
	char buf[8];

	assert_int_equal(vcall(p, SYS_write, fd, "abcdefgh", 8), 8);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_SET), 0);
	pid = vproc_fork(p, child_reads, &fd);
	assert_true(pid > 0);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_CUR), 3);
	fd2 = (int)vcall(p, SYS_dup, fd);
	assert_int_equal(vcall(p, SYS_read, fd2, buf, 2), 2);
	assert_memory_equal(buf, "de", 2);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 8), 3);
	assert_memory_equal(buf, "fgh", 3);
	assert_int_equal(vcall(p, SYS_pread64, fd, buf, 8, 6), 2);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 8), 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, -9, SEEK_END), -EINVAL);
	assert_int_equal(vcall(p, SYS_ftruncate, fd, 4), 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_END), 4);
}

static void test_offsets_shared(void **state)
{
	vrun(offsets_shared);
}

static void sendfile_to_pipe(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_memfd_create, "f", 0), fds[2];
	s64 off = 2;
	char buf[16];

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_int_equal(vcall(p, SYS_write, fd, "0123456789", 10), 10);
	assert_int_equal(vcall(p, SYS_sendfile, fds[1], fd, &off, 4), 4);
	assert_int_equal(off, 6);
	assert_int_equal(vcall(p, SYS_sendfile, fds[1], fd, 0, 4), 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, 8, SEEK_SET), 8);
	assert_int_equal(vcall(p, SYS_sendfile, fds[1], fd, 0, 100), 2);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 16), 6);
	assert_memory_equal(buf, "234589", 6);
	assert_int_equal(vcall(p, SYS_sendfile, fds[0], fd, 0, 4), -EBADF);
	assert_int_equal(vcall(p, SYS_pread64, fds[0], buf, 1, 0), -ESPIPE);
	assert_int_equal(vcall(p, SYS_lseek, fds[0], 0, SEEK_SET), -ESPIPE);
}

static void test_sendfile_to_pipe(void **state)
{
	vrun(sendfile_to_pipe);
}

static void reader(struct vproc *p)
{
	int *fds = vproc_arg(p);
	char buf[4];

	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 4), 2);
	assert_memory_equal(buf, "hi", 2);
	fds[2] = 1;
}

/* A call that waits keeps the description: closing the descriptor does not wake it (close(2)). */
static void close_while_reading(struct vproc *p)
{
	int fds[3] = { 0 }, other[2];

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_true(vproc_thread(p, reader, fds) > 0);
	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_close, fds[0]), 0);
	assert_int_equal(vcall(p, SYS_pipe2, other, 0), 0);
	assert_int_equal(other[0], fds[0]);
	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(fds[2], 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "hi", 2), 2);
	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	assert_int_equal(fds[2], 1);
}

static void test_close_while_reading(void **state)
{
	vrun(close_while_reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lowest_number),
		cmocka_unit_test(test_dup_errors),
		cmocka_unit_test(test_flags_shared),
		cmocka_unit_test(test_emfile),
		cmocka_unit_test(test_close_range),
		cmocka_unit_test(test_offsets_shared),
		cmocka_unit_test(test_sendfile_to_pipe),
		cmocka_unit_test(test_close_while_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

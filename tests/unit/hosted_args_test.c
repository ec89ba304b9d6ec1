/* SPDX-License-Identifier: MIT */
/*
 * The arguments of hosted calls: copied in and out as the man page of each call says, with as few
 * system calls as can be.
 */
#include "tests/unit/hosted_fixture.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/epoll.h>

/* How often memory was moved; the C library's functions are replaced to count. */
static struct {
	int reads, writes;
} moved;

ssize_t process_vm_readv(pid_t pid, const struct iovec *local, unsigned long nlocal,
			 const struct iovec *remote, unsigned long nremote, unsigned long flags)
{
	moved.reads++;
	return syscall(SYS_process_vm_readv, pid, local, nlocal, remote, nremote, flags);
}

ssize_t process_vm_writev(pid_t pid, const struct iovec *local, unsigned long nlocal,
			  const struct iovec *remote, unsigned long nremote, unsigned long flags)
{
	moved.writes++;
	return syscall(SYS_process_vm_writev, pid, local, nlocal, remote, nremote, flags);
}

/* ---- speed
 * --------------------------------------------------------------------------------------- */

static void assert_moved(struct fixture *f, s64 result, int reads, int writes)
{
	out(f, result);
	assert_int_equal(moved.reads, reads);
	assert_int_equal(moved.writes, writes);
	moved.reads = moved.writes = 0;
}

static void test_few_system_calls(void **state)
{
	struct fixture *f = *state;
	u8 *m = f->mem;

	assert_int_equal(in(f, SYS_close, 3), 0);
	assert_moved(f, 0, 0, 0);
	assert_int_equal(in(f, SYS_epoll_create1, 0), 0);
	assert_moved(f, 3, 0, 0);
	assert_int_equal(in(f, SYS_sendto, 3, A(m), 1024), 0);
	assert_moved(f, 1024, 1, 0);
	assert_int_equal(in(f, SYS_sendto, 3, A(m), 1024, 0, A(m + 2000), 16), 0);
	assert_moved(f, 1024, 1, 0);
	assert_int_equal(in(f, SYS_recvfrom, 3, A(m), 1024), 0);
	assert_moved(f, 1024, 0, 1);
	assert_int_equal(in(f, SYS_recvfrom, 3, A(m), 1024), 0);
	assert_moved(f, -EAGAIN, 0, 0);
	*(int *)(m + 3000) = 16;
	assert_int_equal(in(f, SYS_recvfrom, 3, A(m), 1024, 0, A(m + 2000), A(m + 3000)), 0);
	assert_moved(f, 1024, 1, 1);
	assert_int_equal(in(f, SYS_epoll_wait, 3, A(m), 64, 0), 0);
	assert_moved(f, 0, 0, 0);
	assert_int_equal(in(f, SYS_clock_gettime, 0, A(m)), 0);
	assert_moved(f, 0, 0, 1);
	assert_int_equal(in(f, SYS_rt_sigprocmask, 0, A(m), A(m + 8), 8), 0);
	assert_moved(f, 0, 1, 1);
}

/* Once a call has needed more memory, the next one has it. */
static void test_memory_is_kept(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(in(f, SYS_read, 3, A(f->mem), 100000), 0);
	assert_int_equal(f->h.arena.nbig, 1);
	out(f, 100000);
	assert_int_equal(in(f, SYS_read, 3, A(f->mem), 100000), 0);
	assert_int_equal(f->h.arena.nbig, 0);
	out(f, 0);
	assert_int_equal(in(f, SYS_read, 3, A(f->mem), 0x40000000), 0);
	assert_int_equal(f->req.a[2], CALL_MAX);
	out(f, 0);
	assert_true(f->h.arena.size <= 1 << 20);
}

/* ---- structures and strings
 * ---------------------------------------------------------------------- */

static void test_strings(void **state)
{
	struct fixture *f = *state;
	char *last = (char *)f->end - 4;

	memcpy(last, "abc", 4);
	assert_int_equal(in(f, SYS_openat, (u64)AT_FDCWD, A(last), 2, 0644), 0);
	assert_string_equal(P(1), "abc");
	assert_int_equal(f->req.a[0], AT_FDCWD);
	assert_int_equal(f->req.a[3], 0644);
	last[3] = 'd';
	assert_int_equal(in(f, SYS_openat, (u64)AT_FDCWD, A(last)), -EFAULT);
	assert_int_equal(in(f, SYS_openat, (u64)AT_FDCWD, 0), -EFAULT);
	assert_int_equal(in(f, SYS_openat, (u64)AT_FDCWD, A(f->end)), -EFAULT);
	memset(f->mem, 'x', PATH_MAX);
	f->mem[PATH_MAX - 1] = 0;
	assert_int_equal(in(f, SYS_unlink, A(f->mem)), 0);
	assert_int_equal(strlen(P(0)), PATH_MAX - 1);
	f->mem[PATH_MAX - 1] = 'x';
	assert_int_equal(in(f, SYS_unlink, A(f->mem)), -ENAMETOOLONG);
	/* fstat() of glibc; without a name since Linux 6.11. */
	assert_int_equal(in(f, SYS_newfstatat, 3, 0, A(f->mem), AT_EMPTY_PATH), 0);
	assert_null(P(1));
}

static void test_structures(void **state)
{
	struct fixture *f = *state;
	struct timespec *ts = (struct timespec *)f->mem, *rem = ts + 1;

	*ts = (struct timespec){3, 4};
	*rem = (struct timespec){7, 7};
	assert_int_equal(in(f, SYS_nanosleep, A(ts), A(rem)), 0);
	assert_memory_equal(P(0), ts, sizeof(*ts));
	*(struct timespec *)P(1) = (struct timespec){1, 2};
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(rem->tv_sec, 7);
	assert_int_equal(in(f, SYS_nanosleep, A(ts), A(rem)), 0);
	*(struct timespec *)P(1) = (struct timespec){1, 2};
	assert_int_equal(out(f, -EINTR), -EINTR);
	assert_int_equal(rem->tv_sec, 1);
	/* Up to the last byte, and one further. */
	assert_int_equal(in(f, SYS_nanosleep, A(f->end - 16)), 0);
	assert_int_equal(in(f, SYS_nanosleep, A(f->end - 15)), -EFAULT);
	assert_int_equal(in(f, SYS_fstat, 3, A(f->end - 1)), 0);
	assert_int_equal(out(f, 0), -EFAULT);
	assert_int_equal(in(f, SYS_fstat, 3, 0), -EFAULT);
	/* What fails writes nothing. */
	memset(f->mem, 0x11, 16);
	assert_int_equal(in(f, SYS_getitimer, 0, A(f->mem)), 0);
	assert_int_equal(out(f, -EINVAL), -EINVAL);
	assert_int_equal(f->mem[0], 0x11);
	/* Optional ones stay NULL. */
	assert_int_equal(in(f, SYS_prlimit64, 0, 7, 0, 0), 0);
	assert_null(P(2));
	assert_null(P(3));
	assert_int_equal(out(f, 0), 0);
	/* Descriptors are not made when nobody can be told. */
	assert_int_equal(in(f, SYS_pipe2, A(f->end - 4), 0), -EFAULT);
}

/* A call that cannot be made is traced all the same: without an address of anybody's. */
static void test_failure_leaves_values(void **state)
{
	struct fixture *f = *state;
	char text[256];

	assert_int_equal(in(f, SYS_sendto, 3, A(f->mem), 4, 5, A(f->end), 16), -EFAULT);
	assert_int_equal(f->req.a[0], 3);
	assert_int_equal(f->req.a[2], 4);
	assert_null(P(1));
	assert_null(P(4));
	syscall_format(NULL, &f->req, -EFAULT, true, text, sizeof(text));
	assert_string_equal(text, "3, NULL, 4, MSG_OOB|MSG_DONTROUTE, NULL, 16");
}

static void test_wait(void **state)
{
	struct fixture *f = *state;
	int *status = (int *)f->mem;

	*status = 77;
	assert_int_equal(in(f, SYS_wait4, (u64)-1, A(status), 1, A(f->mem + 64)), 0);
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(*status, 77);
	assert_int_equal(in(f, SYS_wait4, (u64)-1, A(status), 0, A(f->mem + 64)), 0);
	*(int *)P(1) = 0x300;
	assert_int_equal(out(f, 12), 12);
	assert_int_equal(*status, 0x300);
	/* waitid() writes what it knows of siginfo_t, and zeros when it fails. */
	memset(f->mem, 0x11, 128);
	assert_int_equal(in(f, SYS_waitid, 0, 0, A(f->mem), 4, 0), 0);
	assert_int_equal(out(f, -ECHILD), -ECHILD);
	assert_int_equal(f->mem[0], 0);
	assert_int_equal(f->mem[12], 0x11);
	assert_int_equal(f->mem[27], 0);
	assert_int_equal(f->mem[28], 0x11);
}

/* ---- buffers
 * ------------------------------------------------------------------------------------- */

static void test_buffers(void **state)
{
	struct fixture *f = *state;

	memcpy(f->end - 5, "hello", 5);
	assert_int_equal(in(f, SYS_write, 1, A(f->end - 5), 5), 0);
	assert_memory_equal(P(1), "hello", 5);
	assert_int_equal(out(f, 5), 5);
	assert_int_equal(in(f, SYS_write, 1, A(f->end - 5), 6), -EFAULT);
	assert_int_equal(in(f, SYS_write, 1, 0, 0), 0);
	assert_int_equal(in(f, SYS_write, 1, 0, 5), -EFAULT);
	/* There may be nothing to read. */
	assert_int_equal(in(f, SYS_read, 1, 0, 5), 0);
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(in(f, SYS_read, 1, 0, 5), 0);
	assert_int_equal(out(f, 1), -EFAULT);
	/* Nowhere is there so much; a socket's call is cut to 2 GiB first. */
	assert_int_equal(in(f, SYS_write, 1, A(f->mem), (u64)-1), -EFAULT);
	assert_int_equal(in(f, SYS_read, 1, A(f->mem), (u64)-1), -EFAULT);
	assert_int_equal(in(f, SYS_recvfrom, 1, A(f->mem), (u64)-1), 0);
	assert_int_equal(out(f, 0), 0);
	/* The result says how much is written; MSG_TRUNC makes it more than there is room for. */
	memset(f->mem, '.', 8);
	assert_int_equal(in(f, SYS_recvfrom, 3, A(f->mem), 4), 0);
	memcpy(P(1), "abcd", 4);
	assert_int_equal(out(f, 2), 2);
	assert_memory_equal(f->mem, "ab......", 8);
	assert_int_equal(in(f, SYS_recvfrom, 3, A(f->mem), 4), 0);
	memcpy(P(1), "abcd", 4);
	assert_int_equal(out(f, 100), 100);
	assert_memory_equal(f->mem, "abcd....", 8);
	assert_int_equal(in(f, SYS_read, 3, A(f->end - 2), 4), 0);
	assert_int_equal(out(f, 2), 2);
	assert_int_equal(in(f, SYS_read, 3, A(f->end - 2), 4), 0);
	assert_int_equal(out(f, 3), -EFAULT);
}

/* A TCP socket asked for bytes with MSG_TRUNC throws them away: the buffer stays, or may be
 * missing. */
static void test_recv_trunc(void **state)
{
	struct fixture *f = *state;

	memcpy(f->mem, "before", 6);
	assert_int_equal(in(f, SYS_recvfrom, 3, A(f->mem), 6, MSG_TRUNC), 0);
	assert_int_equal(out(f, 6), 6);
	assert_memory_equal(f->mem, "before", 6);
	assert_int_equal(in(f, SYS_recvfrom, 3, 0, 6, MSG_TRUNC), 0);
	assert_non_null(P(1));
	assert_int_equal(out(f, 6), 6);
}

static void test_arrays(void **state)
{
	struct fixture *f = *state;
	struct epoll_event *ev;

	memset(f->mem, '.', 40);
	assert_int_equal(in(f, SYS_epoll_wait, 3, A(f->mem), 1000000, 0), 0);
	assert_int_equal(f->req.a[2], 65536);
	ev = P(1);
	ev[0] = (struct epoll_event){.events = EPOLLIN, .data.u64 = 5};
	ev[1] = (struct epoll_event){.events = EPOLLOUT, .data.u64 = 6};
	assert_int_equal(out(f, 2), 2);
	assert_int_equal(((struct epoll_event *)f->mem)[1].data.u64, 6);
	assert_int_equal(f->mem[24], '.');
	assert_int_equal(in(f, SYS_epoll_wait, 3, A(f->mem), (u64)-5, 0), 0);
	assert_int_equal((int)f->req.a[2], -5);
	out(f, -EINVAL);
	/* getgroups(0, ...) counts. */
	assert_int_equal(in(f, SYS_getgroups, 0, A(f->mem)), 0);
	assert_int_equal(out(f, 3), 3);
	assert_int_equal(f->mem[0], EPOLLIN);
	assert_int_equal(in(f, SYS_setgroups, 2, A(f->end - 8)), 0);
	assert_int_equal(in(f, SYS_setgroups, 3, A(f->end - 8)), -EFAULT);
	assert_int_equal(in(f, SYS_setgroups, 65537, A(f->mem)), -EINVAL);
	/* An event is not needed to take one out. */
	assert_int_equal(in(f, SYS_epoll_ctl, 3, EPOLL_CTL_DEL, 4, A(f->end)), 0);
	assert_null(P(3));
	assert_int_equal(in(f, SYS_epoll_ctl, 3, EPOLL_CTL_ADD, 4, A(f->end)), -EFAULT);
}

/* ---- sockets
 * ------------------------------------------------------------------------------------- */

static void test_addresses(void **state)
{
	struct fixture *f = *state;
	int *len = (int *)(f->mem + 512);

	assert_int_equal(in(f, SYS_bind, 3, A(f->end - 16), 16), 0);
	assert_int_equal(in(f, SYS_bind, 3, A(f->end - 16), 17), -EFAULT);
	assert_int_equal(in(f, SYS_bind, 3, A(f->mem), 129), -EINVAL);
	assert_int_equal(in(f, SYS_bind, 3, A(f->mem), (u64)-1), -EINVAL);
	assert_int_equal(in(f, SYS_bind, 3, 0, 16), -EFAULT);
	assert_int_equal(in(f, SYS_connect, 3, 0, 0), 0);
	/* Without an address its length is nothing. */
	assert_int_equal(in(f, SYS_accept, 3, 0, A(f->end)), 0);
	assert_null(P(2));
	assert_int_equal(out(f, 4), 4);
	/* As much as there is room for; the length is the real one. */
	memset(f->mem, '.', 32);
	*len = 4;
	assert_int_equal(in(f, SYS_accept, 3, A(f->mem), A(len)), 0);
	memcpy(P(1), "ADDRESS.", 8);
	*(int *)P(2) = 8;
	assert_int_equal(out(f, 4), 4);
	assert_memory_equal(f->mem, "ADDR....", 8);
	assert_int_equal(*len, 8);
	*len = 100;
	assert_int_equal(in(f, SYS_getsockname, 3, A(f->end - 8), A(len)), 0);
	*(int *)P(2) = 8;
	assert_int_equal(out(f, 0), 0);
	*len = 100;
	assert_int_equal(in(f, SYS_getsockname, 3, A(f->end - 7), A(len)), 0);
	*(int *)P(2) = 8;
	assert_int_equal(out(f, 0), -EFAULT);
	*len = 0;
	assert_int_equal(in(f, SYS_getsockname, 3, 0, A(len)), 0);
	*(int *)P(2) = 16;
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(*len, 16);
	assert_int_equal(in(f, SYS_getsockname, 3, A(f->mem), 0), -EFAULT);
}

static void test_options(void **state)
{
	struct fixture *f = *state;
	int *len = (int *)(f->mem + 512);
	struct sock_filter *code = (struct sock_filter *)(f->mem + 1024);
	struct sock_fprog *prog = (struct sock_fprog *)(f->mem + 2048);
	char text[256];

	assert_int_equal(in(f, SYS_setsockopt, 3, SOL_SOCKET, SO_KEEPALIVE, A(f->end - 4), 4), 0);
	/* What cannot be read is the option's to refuse: it may have other reasons. */
	assert_int_equal(in(f, SYS_setsockopt, 3, SOL_SOCKET, SO_KEEPALIVE, A(f->end - 4), 5), 0);
	assert_ptr_equal(P(3), SOCKOPT_FAULT);
	assert_int_equal(in(f, SYS_setsockopt, 3, SOL_SOCKET, SO_KEEPALIVE, A(f->mem), (u64)-4), 0);
	assert_int_equal((int)f->req.a[4], -4);
	*len = 2;
	f->mem[2] = '.';
	assert_int_equal(in(f, SYS_getsockopt, 3, 1, 9, A(f->mem), A(len)), 0);
	*(int *)P(3) = 0x01020304;
	*(int *)P(4) = 2;
	assert_int_equal(out(f, 0), 0);
	assert_memory_equal(f->mem, "\4\3.", 3);
	*len = -1;
	assert_int_equal(in(f, SYS_getsockopt, 3, 1, 9, A(f->mem), A(len)), 0);
	assert_int_equal(*(int *)P(4), -1);
	assert_int_equal(in(f, SYS_getsockopt, 3, 1, 9, A(f->mem), A(f->end)), 0);
	assert_null(P(4));
	/* A filter is two pieces, and its address no part of a trace. */
	code[1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 7);
	*prog = (struct sock_fprog){.len = 2, .filter = code};
	assert_int_equal(
	    in(f, SYS_setsockopt, 3, SOL_SOCKET, SO_ATTACH_FILTER, A(prog), sizeof(*prog)), 0);
	assert_int_equal(((struct sock_fprog *)P(3))->filter[1].k, 7);
	assert_ptr_not_equal(((struct sock_fprog *)P(3))->filter, code);
	syscall_format(NULL, &f->req, 0, true, text, sizeof(text));
	assert_string_equal(text, "3, SOL_SOCKET, SO_ATTACH_FILTER, ..., 16");
	prog->filter = (struct sock_filter *)(f->end - 8);
	assert_int_equal(
	    in(f, SYS_setsockopt, 3, SOL_SOCKET, SO_ATTACH_FILTER, A(prog), sizeof(*prog)),
	    -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_few_system_calls),
	    T(test_memory_is_kept),
	    T(test_strings),
	    T(test_structures),
	    T(test_failure_leaves_values),
	    T(test_wait),
	    T(test_buffers),
	    T(test_recv_trunc),
	    T(test_arrays),
	    T(test_addresses),
	    T(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

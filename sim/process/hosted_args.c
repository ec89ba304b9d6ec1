/* SPDX-License-Identifier: MIT */
/*
 * The arguments of system calls: copies in, copies out. One row for each call that stack/ carries out;
 * what the kernel would copy, and how much of it, by the call's man page.
 */
#include "sim/process/hosted_args.h"

#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>

#include "stack/syscalls.h"

#define SOCKADDR_MAX 128 /* struct sockaddr_storage */
#define SIGSET_SIZE 8

#define V { VALUE, 0, 0 }
#define S { STRING, 0, 0 }
#define I(n) { IN, 0, n }
#define O(n) { OUT, 0, n }
#define X(n) { INOUT, 0, n }
#define XA(n) { INOUT_ALWAYS, 0, n }
#define OE(n) { OUT_EINTR, 0, n }
#define B(len) { BUF_IN, len, 0 }
#define BO(cap) { BUF_OUT, cap, 0 }
#define A(len) { ADDR_IN, len, 0 }
#define AO(len) { ADDR_OUT, len, 0 }
#define SET(size) { SIGSET_IN, size, 0 }
#define SETO(size) { SIGSET_OUT, size, 0 }
#define FDS { FD_SET_INOUT, 0, 0 }
#define IOV(n) { IOVEC_IN, n, 0 }
#define IOVO(n) { IOVEC_OUT, n, 0 }
#define CMD { BY_COMMAND, 0, 0 }
#define TS 16 /* struct timespec, struct timeval */
#define ITS 32 /* struct itimerspec, struct itimerval */
#define RU 144 /* struct rusage */
#define SI 128 /* siginfo_t */

static const struct arg rows[][6] = {
	[SYS_accept] = { V, AO(2), X(4) },
	[SYS_accept4] = { V, AO(2), X(4), V },
	[SYS_access] = { S, V },
	[SYS_bind] = { V, A(2), V },
	[SYS_chmod] = { S, V },
	[SYS_clock_getres] = { V, O(TS) },
	[SYS_clock_gettime] = { V, O(TS) },
	[SYS_clock_nanosleep] = { V, V, I(TS), OE(TS) },
	[SYS_clock_settime] = { V, I(TS) },
	[SYS_connect] = { V, A(2), V },
	[SYS_copy_file_range] = { V, X(8), V, X(8), V, V },
	[SYS_creat] = { S, V },
	[SYS_epoll_ctl] = { V, V, V, I(sizeof(struct epoll_event)) },
	[SYS_epoll_pwait] = { V, { ARRAY_OUT, 2, sizeof(struct epoll_event) }, V, V, SET(5), V },
	[SYS_epoll_pwait2] = { V, { ARRAY_OUT, 2, sizeof(struct epoll_event) }, V, I(TS), SET(5), V },
	[SYS_epoll_wait] = { V, { ARRAY_OUT, 2, sizeof(struct epoll_event) }, V, V },
	[SYS_execve] = { S },
	[SYS_execveat] = { V, S },
	[SYS_faccessat] = { V, S, V },
	[SYS_faccessat2] = { V, S, V, V },
	[SYS_fcntl] = { V, V, CMD },
	[SYS_fstat] = { V, O(sizeof(struct stat)) },
	[SYS_fstatfs] = { V, O(sizeof(struct statfs)) },
	[SYS_getcpu] = { O(4), O(4), V },
	[SYS_getdents64] = { V, BO(2), V },
	[SYS_getgroups] = { V, { ARRAY_OUT, 0, 4 } },
	[SYS_getitimer] = { V, O(ITS) },
	[SYS_getpeername] = { V, AO(2), X(4) },
	[SYS_getrandom] = { BO(1), V, V },
	[SYS_getresgid] = { O(4), O(4), O(4) },
	[SYS_getresuid] = { O(4), O(4), O(4) },
	[SYS_getrlimit] = { V, O(16) },
	[SYS_getrusage] = { V, O(RU) },
	[SYS_getsockname] = { V, AO(2), X(4) },
	[SYS_getsockopt] = { V, V, V, { OPTION_OUT, 4, 0 }, X(4) },
	[SYS_gettimeofday] = { O(TS), O(8) },
	[SYS_ioctl] = { V, V, CMD },
	[SYS_lchown] = { S, V, V },
	[SYS_lstat] = { S, O(sizeof(struct stat)) },
	[SYS_memfd_create] = { S, V },
	[SYS_nanosleep] = { I(TS), OE(TS) },
	[SYS_newfstatat] = { V, S, O(sizeof(struct stat)), V },
	[SYS_open] = { S, V, V },
	[SYS_openat] = { V, S, V, V },
	[SYS_pidfd_send_signal] = { V, V, I(SI), V },
	[SYS_pipe] = { O(8) },
	[SYS_pipe2] = { O(8), V },
	[SYS_poll] = { { ARRAY_INOUT, 1, sizeof(struct pollfd) }, V, V },
	[SYS_ppoll] = { { ARRAY_INOUT, 1, sizeof(struct pollfd) }, V, XA(TS), SET(4), V },
	[SYS_prctl] = { V, CMD, V, V, V },
	[SYS_pread64] = { V, BO(2), V, V },
	[SYS_preadv] = { V, IOVO(2), V, V, V },
	[SYS_preadv2] = { V, IOVO(2), V, V, V, V },
	[SYS_prlimit64] = { V, V, I(16), O(16) },
	[SYS_pselect6] = { V, FDS, FDS, FDS, XA(TS), { SIGSET_PAIR, 0, 0 } },
	[SYS_pwrite64] = { V, B(2), V, V },
	[SYS_pwritev] = { V, IOV(2), V, V, V },
	[SYS_pwritev2] = { V, IOV(2), V, V, V, V },
	[SYS_read] = { V, BO(2), V },
	[SYS_readlink] = { S, BO(2), V },
	[SYS_readlinkat] = { V, S, BO(3), V },
	[SYS_readv] = { V, IOVO(2), V },
	[SYS_recvfrom] = { V, BO(2), V, V, AO(5), X(4) },
	[SYS_recvmmsg] = { V, { MMSG_OUT, 2, 0 }, V, V, X(TS) },
	[SYS_recvmsg] = { V, { MSG_OUT, 0, 0 }, V },
	[SYS_rt_sigaction] = { V, I(32), V, V },
	[SYS_rt_sigpending] = { SETO(1), V },
	[SYS_rt_sigprocmask] = { V, SET(3), SETO(3), V },
	[SYS_rt_sigqueueinfo] = { V, V, I(SI) },
	[SYS_rt_sigsuspend] = { SET(1), V },
	[SYS_rt_sigtimedwait] = { SET(3), O(SI), I(TS), V },
	[SYS_rt_tgsigqueueinfo] = { V, V, V, I(SI) },
	[SYS_sched_getaffinity] = { V, V, BO(1) },
	[SYS_sched_getparam] = { V, O(4) },
	[SYS_sched_rr_get_interval] = { V, O(TS) },
	[SYS_sched_setaffinity] = { V, V, B(1) },
	[SYS_sched_setparam] = { V, I(4) },
	[SYS_sched_setscheduler] = { V, V, I(4) },
	[SYS_select] = { V, FDS, FDS, FDS, XA(TS) },
	[SYS_sendfile] = { V, V, X(8), V },
	[SYS_sendmmsg] = { V, { MMSG_IN, 2, 0 }, V, V },
	[SYS_sendmsg] = { V, { MSG_IN, 0, 0 }, V },
	[SYS_sendto] = { V, B(2), V, V, A(5), V },
	[SYS_setgroups] = { V, { ARRAY_IN, 0, 4 } },
	[SYS_setitimer] = { V, I(ITS), O(ITS) },
	[SYS_setrlimit] = { V, I(16) },
	[SYS_setsockopt] = { V, V, V, { OPTION_IN, 4, 0 }, V },
	[SYS_signalfd] = { V, SET(2), V },
	[SYS_signalfd4] = { V, SET(2), V, V },
	[SYS_socketpair] = { V, V, V, O(8) },
	[SYS_splice] = { V, X(8), V, X(8), V, V },
	[SYS_stat] = { S, O(sizeof(struct stat)) },
	[SYS_statx] = { V, S, V, V, O(256) },
	[SYS_sysinfo] = { O(112) },
	[SYS_time] = { O(8) },
	[SYS_timer_create] = { V, I(64), O(4) },
	[SYS_timer_gettime] = { V, O(ITS) },
	[SYS_timer_settime] = { V, V, I(ITS), O(ITS) },
	[SYS_timerfd_gettime] = { V, O(ITS) },
	[SYS_timerfd_settime] = { V, V, I(ITS), O(ITS) },
	[SYS_times] = { O(32) },
	[SYS_uname] = { O(sizeof(struct utsname)) },
	[SYS_unlink] = { S },
	[SYS_unlinkat] = { V, S, V },
	[SYS_vmsplice] = { V, IOV(2), V, V },
	[SYS_wait4] = { V, X(4), V, X(RU) },
	[SYS_waitid] = { V, V, X(SI), V, X(RU) },
	[SYS_write] = { V, B(2), V },
	[SYS_writev] = { V, IOV(2), V },
};

/* ---- in ------------------------------------------------------------------------------------------ */

void *args_copy(struct hosted *h, u64 addr, size_t size)
{
	void *p = hosted_alloc(h, size);

	return hosted_read(h, addr, p, size) < 0 ? NULL : p;
}

static int copy_in(struct hosted *h, u64 addr, u64 size, s64 *value)
{
	void *p = args_copy(h, addr, size);

	*value = (s64)(uintptr_t)p;
	return p ? 0 : -EFAULT;
}

static int room(struct hosted *h, u64 size, s64 *value)
{
	*value = (s64)(uintptr_t)hosted_alloc(h, size);
	return 0;
}

static int string_in(struct hosted *h, u64 addr, s64 *value)
{
	char text[PATH_MAX];
	int len = hosted_read_string(h, addr, text, sizeof(text));

	if (len < 0)
		return len;
	room(h, (u64)len + 1, value);
	memcpy((void *)(uintptr_t)*value, text, (size_t)len + 1);
	return 0;
}

/* The kernel takes lengths of addresses and options as int. */
static int int_length(u64 v, u64 max)
{
	int len = (int)v;

	if (len < 0)
		return -EINVAL;
	return (int)min((u64)len, max);
}

static int addr_in(struct hosted *h, u64 addr, u64 length, s64 *value)
{
	int len = int_length(length, SOCKADDR_MAX + 1);

	if (len < 0 || len > SOCKADDR_MAX)
		return -EINVAL;
	return copy_in(h, addr, (u64)len, value);
}

static int addr_out_room(struct hosted *h, u64 len_addr, s64 *value)
{
	int cap;

	if (hosted_read(h, len_addr, &cap, sizeof(cap)) < 0)
		return -EFAULT;
	if (cap < 0)
		return -EINVAL;
	return room(h, max((u64)cap, (u64)SOCKADDR_MAX), value);
}

static int sigset_pair_in(struct hosted *h, u64 addr, s64 *value)
{
	u64 *pair = args_copy(h, addr, 16);
	s64 set = 0;

	if (!pair)
		return -EFAULT;
	if (pair[0] && pair[1] != SIGSET_SIZE)
		return -EINVAL;
	if (pair[0] && copy_in(h, pair[0], SIGSET_SIZE, &set) < 0)
		return -EFAULT;
	pair[0] = (u64)set;
	*value = (s64)(uintptr_t)pair;
	return 0;
}

static u64 fd_set_size(u64 bits)
{
	return min((bits + 63) / 64 * 8, (u64)sizeof(fd_set));
}

static int fd_set_in(struct hosted *h, u64 addr, u64 bits, s64 *value)
{
	room(h, sizeof(fd_set), value);
	memset((void *)(uintptr_t)*value, 0, sizeof(fd_set));
	return hosted_read(h, addr, (void *)(uintptr_t)*value, fd_set_size(bits));
}

static int buffers_in(struct hosted *h, const struct arg *arg, int i, s64 *value)
{
	u64 addr = h->args[i], other = h->args[arg->other];
	int len;

	switch ((enum arg_kind)arg->kind) {
	case BUF_IN:
		return copy_in(h, addr, min(other, MAX_RW_COUNT), value);
	case BUF_OUT:
		return room(h, min(other, MAX_RW_COUNT), value);
	case ARRAY_IN:
	case ARRAY_INOUT:
		if ((u32)other > 1u << 20)
			return -EINVAL;
		return copy_in(h, addr, (u32)other * (u64)arg->size, value);
	case ARRAY_OUT:
		return room(h, min((u64)(u32)other, (u64)65536) * arg->size, value);
	case OPTION_IN:
		len = int_length(other, 1 << 20);
		return len < 0 ? len : copy_in(h, addr, (u64)len, value);
	case ADDR_IN:
		return addr_in(h, addr, other, value);
	case ADDR_OUT:
	case OPTION_OUT:
		return addr_out_room(h, other, value);
	case SIGSET_IN:
		return other == SIGSET_SIZE ? copy_in(h, addr, SIGSET_SIZE, value) : -EINVAL;
	case SIGSET_OUT:
		return other <= SIGSET_SIZE ? room(h, SIGSET_SIZE, value) : -EINVAL;
	case FD_SET_INOUT:
		return fd_set_in(h, addr, other, value);
	case IOVEC_IN:
	case IOVEC_OUT:
		return args_iovec_in(h, addr, other, arg->kind == IOVEC_IN, value);
	case MSG_IN:
	case MSG_OUT:
		return args_msg_in(h, addr, arg->kind == MSG_IN, value);
	case MMSG_IN:
	case MMSG_OUT:
		return args_mmsg_in(h, addr, other, arg->kind == MMSG_IN, value);
	default:
		return 0;
	}
}

static int arg_in(struct hosted *h, const struct arg *arg, int i, s64 *value)
{
	u64 addr = h->args[i];

	if (arg->kind == VALUE) {
		*value = (s64)addr;
		return 0;
	}
	if (arg->kind == BY_COMMAND)
		return args_command_in(h, i, value);
	*value = 0;
	if (!addr)
		return 0;
	switch ((enum arg_kind)arg->kind) {
	case STRING:
		return string_in(h, addr, value);
	case IN:
	case INOUT:
	case INOUT_ALWAYS:
		return copy_in(h, addr, arg->size, value);
	case OUT:
	case OUT_EINTR:
		room(h, arg->size, value);
		memset((void *)(uintptr_t)*value, 0, arg->size);
		return 0;
	case SIGSET_PAIR:
		return sigset_pair_in(h, addr, value);
	default:
		return buffers_in(h, arg, i, value);
	}
}

static const struct arg *row_of(int nr)
{
	return nr >= 0 && nr < (int)ARRAY_SIZE(rows) ? rows[nr] : NULL;
}

int hosted_args_in(struct hosted *h, struct syscall_req *req)
{
	const struct arg *row = row_of(h->nr);

	for (int i = 0; i < 6; i++) {
		int err = 0;

		if (row)
			err = arg_in(h, &row[i], i, &req->a[i]);
		else
			req->a[i] = (s64)h->args[i];
		if (err)
			return err;
	}
	return 0;
}

/* ---- out ----------------------------------------------------------------------------------------- */

static int length_out(struct hosted *h, const struct arg *arg, int i, const struct syscall_req *req)
{
	const int *len = (const int *)(uintptr_t)req->a[arg->other];
	int cap;

	if (!len || hosted_read(h, h->args[arg->other], &cap, sizeof(cap)) < 0)
		return -EFAULT;
	return hosted_write(h, h->args[i], (void *)(uintptr_t)req->a[i], (size_t)min(cap, *len));
}

static int success_out(struct hosted *h, const struct arg *arg, int i,
		       const struct syscall_req *req, u64 result)
{
	u64 addr = h->args[i], other = h->args[arg->other];
	void *p = (void *)(uintptr_t)req->a[i];

	switch ((enum arg_kind)arg->kind) {
	case OUT:
	case INOUT:
	case INOUT_ALWAYS:
		return hosted_write(h, addr, p, arg->size);
	case BUF_OUT:
		return hosted_write(h, addr, p, min(result, other));
	case ARRAY_INOUT:
		return hosted_write(h, addr, p, (u32)other * (u64)arg->size);
	case ARRAY_OUT:
		return hosted_write(h, addr, p, min(result, (u64)(u32)other) * arg->size);
	case ADDR_OUT:
	case OPTION_OUT:
		return length_out(h, arg, i, req);
	case SIGSET_OUT:
		return hosted_write(h, addr, p, min(other, (u64)SIGSET_SIZE));
	case FD_SET_INOUT:
		return hosted_write(h, addr, p, fd_set_size(other));
	case IOVEC_OUT:
		return args_iovec_out(h, addr, p, result);
	case MSG_OUT:
		return args_msg_out(h, addr, p, result);
	case MMSG_IN:
	case MMSG_OUT:
		return args_mmsg_out(h, addr, p, result, arg->kind == MMSG_OUT);
	default:
		return 0;
	}
}

static int arg_out(struct hosted *h, const struct arg *arg, int i, const struct syscall_req *req,
		   s64 result)
{
	void *p = (void *)(uintptr_t)req->a[i];

	if (arg->kind == VALUE)
		return 0;
	if (arg->kind == BY_COMMAND)
		return result < 0 ? 0 : args_command_out(h, i, req->a[i]);
	if (!p)
		return 0;
	if (arg->kind == OUT_EINTR)
		return result == -EINTR ? hosted_write(h, h->args[i], p, arg->size) : 0;
	if (result < 0)
		return arg->kind == INOUT_ALWAYS ? hosted_write(h, h->args[i], p, arg->size) : 0;
	return success_out(h, arg, i, req, (u64)result);
}

s64 hosted_args_out(struct hosted *h, const struct syscall_req *req, s64 result)
{
	const struct arg *row = row_of(h->nr);
	int err = 0;

	/* Lengths last: they say how much room there was. */
	for (int i = 0; row && i < 6; i++) {
		int e = arg_out(h, &row[i], i, req, result);

		if (e < 0)
			err = e;
	}
	return err ? err : result;
}

/* SPDX-License-Identifier: MIT */
/*
 * Arguments of hosted calls that have parts (readv(2), recvmsg(2), recvmmsg(2), poll(2),
 * select(2)), and those whose command says what they are (ioctl(2), fcntl(2), prctl(2), capget(2)).
 */
#include "tests/unit/hosted_fixture.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

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

/* ---- messages -----------------------------------------------------------------------------------
 */

static void test_iovec(void **state)
{
	struct fixture *f = *state;
	struct iovec *iov = (struct iovec *)f->mem, *copy;
	u8 *data = f->mem + PAGE;

	memcpy(data, "abcdefgh", 8);
	iov[0] = (struct iovec){data + 4, 2};
	iov[1] = (struct iovec){NULL, 0};
	iov[2] = (struct iovec){data, 3};
	assert_int_equal(in(f, SYS_writev, 1, A(iov), 3), 0);
	copy = P(1);
	assert_memory_equal(copy[0].iov_base, "ef", 2);
	assert_memory_equal(copy[2].iov_base, "abc", 3);
	assert_int_equal(out(f, 5), 5);
	/* Exactly the result, over the pieces. */
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 3), 0);
	copy = P(1);
	memcpy(copy[0].iov_base, "12", 2);
	memcpy(copy[2].iov_base, "345", 3);
	assert_int_equal(out(f, 4), 4);
	assert_memory_equal(data, "34cd12gh", 8);
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 0), 0);
	assert_int_equal(in(f, SYS_readv, 1, 0, 0), 0);
	assert_int_equal(in(f, SYS_readv, 1, 0, 1), -EFAULT);
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 1025), -EINVAL);
	assert_int_equal(in(f, SYS_readv, 1, A(iov), (u64)-1), -EINVAL);
	assert_int_equal(in(f, SYS_readv, 1, A(f->end - 32), 3), -EFAULT);
	iov[1].iov_len = (size_t)-1;
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 3), -EINVAL);
	iov[1] = (struct iovec){f->end - 1, 2};
	assert_int_equal(in(f, SYS_writev, 1, A(iov), 3), -EFAULT);
	/* Together no more than one call moves. */
	iov[0] = (struct iovec){data, CALL_MAX - 10};
	iov[1] = (struct iovec){data, CALL_MAX};
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 3), 0);
	copy = P(1);
	assert_int_equal(copy[1].iov_len, 10);
	assert_int_equal(copy[2].iov_len, 0);
	out(f, 0);
	/* The most pieces that there may be. */
	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){f->mem + 32768 + i * 2, 1};
	memset(f->mem + 32768, '.', 2048);
	assert_int_equal(in(f, SYS_readv, 1, A(iov), 1024), 0);
	memset(((struct iovec *)P(1))->iov_base, 'x', 1024);
	assert_int_equal(out(f, 1024), 1024);
	assert_memory_equal(f->mem + 32768 + 2044, "x.x.", 4);
}

/* A message of two pieces with name and control data, all in the program's memory. */
static struct msghdr *message(struct fixture *f, u8 *at)
{
	struct msghdr *m = (struct msghdr *)at;
	struct iovec *iov = (struct iovec *)(at + 128);

	memcpy(at + 512, "payload", 7);
	iov[0] = (struct iovec){at + 512, 3};
	iov[1] = (struct iovec){at + 515, 4};
	*m = (struct msghdr){.msg_name = at + 256,
			     .msg_namelen = 16,
			     .msg_iov = iov,
			     .msg_iovlen = 2,
			     .msg_control = at + 384,
			     .msg_controllen = 24,
			     .msg_flags = 0x55};
	((struct cmsghdr *)m->msg_control)->cmsg_len = CMSG_LEN(4);
	return m;
}

static void test_sendmsg(void **state)
{
	struct fixture *f = *state;
	struct msghdr *m = message(f, f->mem), *copy;

	moved.reads = moved.writes = 0;
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), 0);
	assert_int_equal(moved.reads, 3); /* header; what it points to; what the pieces point to */
	copy = P(1);
	assert_int_equal(copy->msg_namelen, 16);
	assert_memory_equal(copy->msg_iov[0].iov_base, "pay", 3);
	assert_memory_equal(copy->msg_iov[1].iov_base, "load", 4);
	assert_int_equal(((struct cmsghdr *)copy->msg_control)->cmsg_len, CMSG_LEN(4));
	assert_int_equal(out(f, 7), 7);
	assert_int_equal(moved.writes, 0);
	m->msg_namelen = 1000; /* is cut */
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), 0);
	assert_int_equal(((struct msghdr *)P(1))->msg_namelen, 128);
	m->msg_namelen = (socklen_t)-1;
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), -EINVAL);
	m->msg_namelen = 16;
	m->msg_iovlen = 1025;
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), -EMSGSIZE);
	m->msg_iovlen = 2;
	m->msg_controllen = 1u << 31;
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), -ENOBUFS);
	m->msg_controllen = 24;
	m->msg_control = f->end - 23;
	assert_int_equal(in(f, SYS_sendmsg, 3, A(m), 0), -EFAULT);
	assert_int_equal(in(f, SYS_sendmsg, 3, A(f->end - 55), 0), -EFAULT);
	assert_int_equal(in(f, SYS_sendmsg, 3, 0, 0), -EFAULT);
}

static void test_recvmsg(void **state)
{
	struct fixture *f = *state;
	struct msghdr *m = message(f, f->mem), *copy, before = *m;

	memset(f->mem + 256, '.', 32);
	m->msg_namelen = before.msg_namelen = 4;
	assert_int_equal(in(f, SYS_recvmsg, 3, A(m), 0), 0);
	copy = P(1);
	memcpy(copy->msg_iov[0].iov_base, "abc", 3);
	memcpy(copy->msg_iov[1].iov_base, "defg", 4);
	memcpy(copy->msg_name, "NAMENAME", 8);
	copy->msg_namelen = 8;
	memset(copy->msg_control, 'c', 20);
	copy->msg_controllen = 20;
	copy->msg_flags = MSG_TRUNC;
	moved.writes = 0;
	assert_int_equal(out(f, 5), 5);
	assert_int_equal(moved.writes, 1);
	assert_memory_equal(f->mem + 512, "abcdead", 7);
	assert_memory_equal(f->mem + 256, "NAME....", 8);
	assert_memory_equal(f->mem + 384 + 16, "cccc\0", 5);
	assert_int_equal(m->msg_namelen, 8);
	assert_int_equal(m->msg_controllen, 20);
	assert_int_equal(m->msg_flags, MSG_TRUNC);
	/* The pointers are as they were. */
	assert_ptr_equal(m->msg_name, before.msg_name);
	assert_ptr_equal(m->msg_iov, before.msg_iov);
	assert_ptr_equal(m->msg_control, before.msg_control);
	/* Room for control data without an address is none. */
	m->msg_control = NULL;
	m->msg_controllen = 24;
	assert_int_equal(in(f, SYS_recvmsg, 3, A(m), 0), 0);
	assert_int_equal(((struct msghdr *)P(1))->msg_controllen, 0);
}

static void test_mmsg(void **state)
{
	struct fixture *f = *state;
	struct mmsghdr *vec = (struct mmsghdr *)f->mem, *copy;
	struct iovec *bad = (struct iovec *)f->end;
	void *big;

	for (int i = 0; i < 3; i++)
		vec[i].msg_hdr = *message(f, f->mem + PAGE * (i + 1));
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(vec), 3, 0), 0);
	copy = P(1);
	assert_memory_equal(copy[2].msg_hdr.msg_iov[1].iov_base, "load", 4);
	copy[0].msg_len = 7;
	copy[1].msg_len = 6;
	vec[2].msg_len = 99;
	assert_int_equal(out(f, 2), 2);
	assert_int_equal(vec[0].msg_len, 7);
	assert_int_equal(vec[1].msg_len, 6);
	assert_int_equal(vec[2].msg_len, 99);
	assert_int_equal(in(f, SYS_recvmmsg, 3, A(vec), 3, 0, 0), 0);
	copy = P(1);
	memcpy(copy[1].msg_hdr.msg_iov[0].iov_base, "xy", 2);
	copy[0].msg_len = 0;
	copy[1].msg_len = 2;
	copy[1].msg_hdr.msg_namelen = 0;
	assert_int_equal(out(f, 2), 2);
	assert_memory_equal(f->mem + PAGE * 2 + 512, "xyyload", 7);
	assert_int_equal(vec[1].msg_len, 2);
	assert_int_equal(vec[1].msg_hdr.msg_namelen, 0);
	/* A mistake in the third is found when two have gone; in the first at once. */
	vec[2].msg_hdr.msg_iov = bad;
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(vec), 3, 0), 0);
	assert_int_equal(f->req.a[2], 2);
	copy = P(1);
	assert_memory_equal(copy[1].msg_hdr.msg_iov[0].iov_base, "xyy", 3);
	copy[0].msg_len = 7;
	assert_int_equal(out(f, 1), 1);
	vec[0].msg_hdr.msg_iovlen = 1025;
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(vec), 3, 0), -EMSGSIZE);
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(vec), 0, 0), 0);
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(f->end), 1, 0), -EFAULT);
	/* No more at once than one call may move. */
	for (int i = 0; i < 3; i++) {
		vec[i].msg_hdr = *message(f, f->mem + PAGE * (i + 1));
		vec[i].msg_hdr.msg_iov[0].iov_len = CALL_MAX / 2;
	}
	assert_int_equal(in(f, SYS_recvmmsg, 3, A(vec), 3, 0, 0), 0);
	assert_int_equal(f->req.a[2], 3);
	out(f, -EAGAIN);
	big = mmap(NULL, CALL_MAX / 2, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 3; i++)
		vec[i].msg_hdr.msg_iov[0].iov_base = big;
	assert_int_equal(in(f, SYS_sendmmsg, 3, A(vec), 3, 0), 0);
	assert_int_equal(f->req.a[2], 1);
	out(f, -EAGAIN);
	munmap(big, CALL_MAX / 2);
	/* The vector ends with the memory. */
	memcpy(f->end - sizeof(*vec), &vec[1], sizeof(*vec));
	assert_int_equal(in(f, SYS_recvmmsg, 3, A(f->end - sizeof(*vec)), 5000, 0, 0), 0);
	assert_int_equal(f->req.a[2], 1);
}

/* ---- poll, select, signal sets
 * ------------------------------------------------------------------- */

static void test_poll(void **state)
{
	struct fixture *f = *state;
	struct pollfd *fds = (struct pollfd *)f->mem, *copy;

	for (int i = 0; i < 100; i++)
		fds[i] = (struct pollfd){.fd = i, .events = POLLIN, .revents = i == 5};
	assert_int_equal(in(f, SYS_poll, A(fds), 100, 0), 0);
	copy = P(0);
	copy[5].revents = 0;
	copy[7].revents = POLLIN;
	fds[7].fd = 70; /* another thread's doing while this one waits */
	assert_int_equal(out(f, 1), 1);
	assert_int_equal(fds[5].revents, 0);
	assert_int_equal(fds[7].revents, POLLIN);
	assert_int_equal(fds[7].fd, 70);
	assert_int_equal(in(f, SYS_poll, A(fds), 100, 0), 0);
	((struct pollfd *)P(0))[9].revents = POLLIN;
	assert_int_equal(out(f, -EINTR), -EINTR);
	assert_int_equal(fds[9].revents, POLLIN); /* an interrupted call tells too */
	assert_int_equal(in(f, SYS_poll, 0, 0, 0), 0);
	assert_int_equal(in(f, SYS_poll, A(f->end - 8), 2, 0), -EFAULT);
	assert_int_equal(in(f, SYS_poll, A(f->mem), UINT_MAX, 0), -EINVAL);
}

/* What is left of the time is told if that is possible, even when the call fails. */
static void test_time_left(void **state)
{
	struct fixture *f = *state;
	struct timespec *ts = (struct timespec *)(f->mem + PAGE);

	*ts = (struct timespec){5, 0};
	assert_int_equal(in(f, SYS_ppoll, A(f->mem), 1, A(ts), 0, 0), 0);
	((struct timespec *)P(2))->tv_sec = 3;
	assert_int_equal(out(f, -EINTR), -EINTR);
	assert_int_equal(ts->tv_sec, 3);
	assert_int_equal(mprotect(ts, PAGE, PROT_READ), 0);
	assert_int_equal(in(f, SYS_ppoll, A(f->mem), 1, A(ts), 0, 0), 0);
	((struct pollfd *)P(0))->revents = POLLIN;
	((struct timespec *)P(2))->tv_sec = 2;
	assert_int_equal(out(f, 1), 1);
	assert_int_equal(((struct pollfd *)f->mem)->revents, POLLIN);
	assert_int_equal(ts->tv_sec, 3);
}

static void test_select(void **state)
{
	struct fixture *f = *state;
	u64 *set = (u64 *)f->mem;

	set[0] = 0xff;
	set[1] = 0x1234;
	set[2] = 0x99;
	assert_int_equal(in(f, SYS_select, 65, A(set), 0, 0, 0), 0);
	assert_int_equal(*(u64 *)P(1), 0xff);
	assert_int_equal(((u64 *)P(1))[1], 0x1234);
	assert_int_equal(((u64 *)P(1))[2], 0);
	memset(P(1), 0, 128);
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(set[0], 0);
	assert_int_equal(set[1], 0);
	assert_int_equal(set[2], 0x99);
	assert_int_equal(in(f, SYS_select, (u64)-1, A(set), 0, 0, 0), 0);
	assert_int_equal((int)f->req.a[0], -1);
	assert_int_equal(in(f, SYS_select, 1 << 30, A(f->end - 128), 0, 0, 0), 0);
	assert_int_equal(f->req.a[0], 1024);
	assert_int_equal(in(f, SYS_select, 64, A(f->end - 7), 0, 0, 0), -EFAULT);
}

static void test_sigsets(void **state)
{
	struct fixture *f = *state;
	u64 *m = (u64 *)f->mem;

	m[0] = 0x42;
	assert_int_equal(in(f, SYS_rt_sigprocmask, 0, A(m), A(m + 1), 8), 0);
	assert_int_equal(*(u64 *)P(1), 0x42);
	*(u64 *)P(2) = 0x77;
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(m[1], 0x77);
	assert_int_equal(in(f, SYS_rt_sigprocmask, 0, 0, 0, 4), -EINVAL);
	assert_int_equal(in(f, SYS_rt_sigsuspend, 0, 4), -EINVAL);
	assert_int_equal(in(f, SYS_rt_sigsuspend, A(f->end), 8), -EFAULT);
	/* The size counts only with a set. */
	assert_int_equal(in(f, SYS_epoll_pwait, 3, A(m), 1, 0, 0, 77), 0);
	assert_int_equal(in(f, SYS_epoll_pwait, 3, A(m), 1, 0, A(m), 77), -EINVAL);
	/* rt_sigpending() writes as much as it is asked for. */
	m[0] = ~0ull;
	assert_int_equal(in(f, SYS_rt_sigpending, A(m), 4), 0);
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(m[0], 0xffffffff00000000);
	assert_int_equal(in(f, SYS_rt_sigpending, A(m), 9), -EINVAL);
	/* pselect6: a pointer to pointer and size. */
	m[0] = A(m + 4);
	m[1] = 8;
	m[4] = 0x99;
	assert_int_equal(in(f, SYS_pselect6, 0, 0, 0, 0, 0, A(m)), 0);
	assert_int_equal(**(u64 **)P(5), 0x99);
	m[1] = 4;
	assert_int_equal(in(f, SYS_pselect6, 0, 0, 0, 0, 0, A(m)), -EINVAL);
	m[0] = 0;
	assert_int_equal(in(f, SYS_pselect6, 0, 0, 0, 0, 0, A(m)), 0);
	assert_null(*(u64 **)P(5));
	m[0] = A(f->end);
	m[1] = 8;
	assert_int_equal(in(f, SYS_pselect6, 0, 0, 0, 0, 0, A(m)), -EFAULT);
}

/* ---- commands
 * ------------------------------------------------------------------------------------ */

static void test_ioctl(void **state)
{
	struct fixture *f = *state;
	struct ifconf *conf = (struct ifconf *)f->mem;
	struct ifreq *ifr = (struct ifreq *)f->mem;

	assert_int_equal(in(f, SYS_ioctl, 3, FIONREAD, A(f->mem)), 0);
	*(int *)P(2) = 77;
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(*(int *)f->mem, 77);
	/* Where it is to be put matters when there is something to put. */
	assert_int_equal(in(f, SYS_ioctl, 3, FIONREAD, 0), 0);
	assert_int_equal(out(f, -ENOTTY), -ENOTTY);
	assert_int_equal(in(f, SYS_ioctl, 3, FIONREAD, 0), 0);
	assert_int_equal(out(f, 0), -EFAULT);
	assert_int_equal(in(f, SYS_ioctl, 3, FIONBIO, 0), -EFAULT);
	assert_int_equal(in(f, SYS_ioctl, 3, FIONBIO, A(f->mem)), 0);
	assert_int_equal(*(int *)P(2), 77);
	/* What nothing here serves gets nothing. */
	assert_int_equal(in(f, SYS_ioctl, 3, TCGETS, A(f->mem)), 0);
	assert_null(P(2));
	assert_int_equal(out(f, -ENOTTY), -ENOTTY);
	strcpy(ifr->ifr_name, "eth0");
	assert_int_equal(in(f, SYS_ioctl, 3, SIOCGIFINDEX, A(ifr)), 0);
	assert_string_equal(((struct ifreq *)P(2))->ifr_name, "eth0");
	((struct ifreq *)P(2))->ifr_ifindex = 4;
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(ifr->ifr_ifindex, 4);
	*conf = (struct ifconf){.ifc_len = 80, .ifc_buf = (char *)f->mem + 512};
	assert_int_equal(in(f, SYS_ioctl, 3, SIOCGIFCONF, A(conf)), 0);
	memcpy(((struct ifconf *)P(2))->ifc_buf, "lo", 3);
	((struct ifconf *)P(2))->ifc_len = 40;
	assert_int_equal(out(f, 0), 0);
	assert_string_equal(f->mem + 512, "lo");
	assert_int_equal(conf->ifc_len, 40);
	assert_ptr_equal(conf->ifc_buf, f->mem + 512);
	conf->ifc_buf = NULL;
	assert_int_equal(in(f, SYS_ioctl, 3, SIOCGIFCONF, A(conf)), 0);
	assert_null(((struct ifconf *)P(2))->ifc_buf);
	assert_int_equal(out(f, 0), 0);
}

static void test_fcntl(void **state)
{
	struct fixture *f = *state;
	char text[128];

	assert_int_equal(in(f, SYS_fcntl, 3, F_DUPFD, 10), 0);
	assert_int_equal(f->req.a[2], 10);
	syscall_format(NULL, &f->req, 10, true, text, sizeof(text));
	assert_string_equal(text, "3, 0, 10");
	*(struct f_owner_ex *)f->mem = (struct f_owner_ex){F_OWNER_PID, 42};
	assert_int_equal(in(f, SYS_fcntl, 3, F_SETOWN_EX, A(f->mem)), 0);
	assert_int_equal(((struct f_owner_ex *)P(2))->pid, 42);
	syscall_format(NULL, &f->req, 0, true, text, sizeof(text));
	assert_string_equal(text, "3, 15, ...");
	assert_int_equal(in(f, SYS_fcntl, 3, F_GETOWN_EX, A(f->end)), 0);
	assert_int_equal(out(f, 0), -EFAULT);
}

static void test_prctl(void **state)
{
	struct fixture *f = *state;

	memcpy(f->end - 5, "name", 5);
	assert_int_equal(in(f, SYS_prctl, PR_SET_NAME, A(f->end - 5)), 0);
	assert_string_equal(P(1), "name");
	memset(f->mem, 'n', 32);
	assert_int_equal(in(f, SYS_prctl, PR_SET_NAME, A(f->mem)), 0);
	assert_string_equal(P(1), "nnnnnnnnnnnnnnn");
	assert_int_equal(in(f, SYS_prctl, PR_SET_NAME, A(f->end)), -EFAULT);
	assert_int_equal(in(f, SYS_prctl, PR_GET_NAME, A(f->mem)), 0);
	strcpy(P(1), "x");
	assert_int_equal(out(f, 0), 0);
	assert_string_equal(f->mem, "x");
	assert_int_equal(f->mem[16], 'n');
	assert_int_equal(in(f, SYS_prctl, PR_SET_PDEATHSIG, 9), 0);
	assert_int_equal(f->req.a[1], 9);
	assert_int_equal(out(f, 0), 0);
}

static void test_capabilities(void **state)
{
	struct fixture *f = *state;
	u32 *header = (u32 *)f->mem, *data = header + 8;

	header[0] = _LINUX_CAPABILITY_VERSION_3;
	memset(data, 0x11, 32);
	assert_int_equal(in(f, SYS_capget, A(header), A(data)), 0);
	((u32 *)P(1))[5] = 0x77;
	assert_int_equal(out(f, 0), 0);
	assert_int_equal(data[5], 0x77);
	assert_int_equal(data[6], 0x11111111);
	/* Asking for the version: it is told with EINVAL. */
	header[0] = 0;
	assert_int_equal(in(f, SYS_capget, A(header), 0), 0);
	*(u32 *)P(0) = _LINUX_CAPABILITY_VERSION_3;
	assert_int_equal(out(f, -EINVAL), -EINVAL);
	assert_int_equal(header[0], _LINUX_CAPABILITY_VERSION_3);
	header[0] = _LINUX_CAPABILITY_VERSION_1;
	assert_int_equal(in(f, SYS_capset, A(header), A(f->end - 12)), 0);
	header[0] = _LINUX_CAPABILITY_VERSION_3;
	assert_int_equal(in(f, SYS_capset, A(header), A(f->end - 12)), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_iovec), T(test_sendmsg),   T(test_recvmsg), T(test_mmsg),
	    T(test_poll),  T(test_time_left), T(test_select),  T(test_sigsets),
	    T(test_ioctl), T(test_fcntl),     T(test_prctl),   T(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Every call that takes a descriptor, on every kind of descriptor and on none, with sound arguments and with
 * pointers that are NULL. A line for each call: its results, and the kinds that gave them. Each call has a
 * descriptor of its own, which does not block.
 * differs: mostly in which of two errors is told
 */
#include "transcript.h"

#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <termios.h>

/* ---- descriptors -------------------------------------------------------------------------------
 */

static int closed(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static int minus_one(void)
{
	return -1;
}

static int too_large(void)
{
	return INT_MAX;
}

static int pipe_end(int end)
{
	int p[2];

	pipe2(p, O_NONBLOCK);
	/* The other end stays open, out of the way of the numbers that are given out. */
	fcntl(p[!end], F_DUPFD, 200);
	close(p[!end]);
	return p[end];
}

static int pipe_read(void)
{
	return pipe_end(0);
}

static int pipe_write(void)
{
	return pipe_end(1);
}

static int file(void)
{
	return open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
}

static int file_path(void)
{
	return open("file", O_PATH);
}

static int directory(void)
{
	return open(".", O_RDONLY | O_DIRECTORY);
}

static int dev_null(void)
{
	return open("/dev/null", O_RDWR);
}

static int event(void)
{
	return eventfd(0, EFD_NONBLOCK);
}

static int epoll(void)
{
	return epoll_create1(0);
}

static int timer(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
}

static int signal_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return signalfd(-1, &set, SFD_NONBLOCK);
}

static int pid(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), O_NONBLOCK);
}

#define SOCKET(name, ...)                                                                          \
	static int name(void)                                                                      \
	{                                                                                          \
		return socket(__VA_ARGS__);                                                        \
	}
SOCKET(tcp, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)
SOCKET(tcp6, AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0)
SOCKET(udp, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)
SOCKET(udp6, AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0)
SOCKET(raw, AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP)
SOCKET(unix_stream, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)
SOCKET(unix_dgram, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)
SOCKET(unix_seqpacket, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0)
SOCKET(packet, AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0)
SOCKET(netlink, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE)

static int listener(void)
{
	int fd = tcp();

	listen(fd, 1);
	return fd;
}

static int unix_pair(void)
{
	int fd[2];

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd);
	fcntl(fd[1], F_DUPFD, 200);
	close(fd[1]);
	return fd[0];
}

#define KIND(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}
static const struct {
	const char *name;
	int (*make)(void);
} kinds[] = {
    KIND(closed),
    KIND(minus_one),
    KIND(too_large),
    KIND(pipe_read),
    KIND(pipe_write),
    KIND(file),
    KIND(file_path),
    KIND(directory),
    KIND(dev_null),
    KIND(event),
    KIND(epoll),
    KIND(timer),
    KIND(signal_set),
    KIND(pid),
    KIND(tcp),
    KIND(tcp6),
    KIND(listener),
    KIND(udp),
    KIND(udp6),
    KIND(raw),
    KIND(unix_stream),
    KIND(unix_dgram),
    KIND(unix_seqpacket),
    KIND(unix_pair),
    KIND(packet),
    KIND(netlink),
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* ---- calls -------------------------------------------------------------------------------------
 */

static int null_fd; /* an open file for calls that take two */
static char buf[64];
static struct iovec iov = {buf, sizeof(buf)};
static struct sockaddr_in loopback;
static struct sockaddr_storage name;
static socklen_t name_len;
static struct msghdr msg;
static struct mmsghdr mmsg;
static struct timespec now;
static struct itimerspec its;
static struct epoll_event ev;
static struct ifreq ifr;
static struct stat st;
static struct statfs stfs;
static sigset_t set;
static int value;
static loff_t offset;

/* Before each: calls write to these. */
static void prepare(void)
{
	loopback =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	name_len = sizeof(name);
	msg = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1};
	mmsg = (struct mmsghdr){.msg_hdr = msg};
	now = (struct timespec){0};
	its = (struct itimerspec){0};
	ev = (struct epoll_event){.events = EPOLLIN};
	ifr = (struct ifreq){.ifr_name = "lo"};
	value = 0;
	offset = 0;
	sigemptyset(&set);
	lseek(null_fd, 0, SEEK_SET);
}

/* DO: the call with fd. With P(pointer), NULL stands for the pointer in the second round. */
static bool nulls;
#define P(p) (nulls ? NULL : (p))
#define DO(text, ...)                                                                              \
	static long do_##text(int fd)                                                              \
	{                                                                                          \
		return syscall(__VA_ARGS__);                                                       \
	}

DO(read, SYS_read, fd, P(buf), 8)
DO(write, SYS_write, fd, P(buf), 8)
DO(readv, SYS_readv, fd, P(&iov), 1)
DO(writev, SYS_writev, fd, P(&iov), 1)
DO(pread64, SYS_pread64, fd, P(buf), 8, 0)
DO(pwrite64, SYS_pwrite64, fd, P(buf), 8, 0)
DO(pread_negative, SYS_pread64, fd, P(buf), 8, -1L)
DO(preadv, SYS_preadv, fd, P(&iov), 1, 0, 0)
DO(pwritev, SYS_pwritev, fd, P(&iov), 1, 0, 0)
DO(preadv2, SYS_preadv2, fd, P(&iov), 1, -1L, -1L, 0)
DO(pwritev2, SYS_pwritev2, fd, P(&iov), 1, -1L, -1L, 0)
DO(lseek, SYS_lseek, fd, 0, SEEK_CUR)
DO(lseek_whence, SYS_lseek, fd, 0, 77)
DO(ftruncate, SYS_ftruncate, fd, 0)
DO(fallocate, SYS_fallocate, fd, 0, 0, 16)
DO(fsync, SYS_fsync, fd)
DO(fdatasync, SYS_fdatasync, fd)
DO(fstat, SYS_fstat, fd, P(&st))
DO(fstatfs, SYS_fstatfs, fd, P(&stfs))
DO(fchdir, SYS_fchdir, fd)
DO(flock, SYS_flock, fd, LOCK_SH | LOCK_NB)
DO(openat, SYS_openat, fd, P("file"), O_RDONLY)
DO(fcntl_getfd, SYS_fcntl, fd, F_GETFD)
DO(fcntl_getown, SYS_fcntl, fd, F_GETOWN)
DO(fcntl_getown_ex, SYS_fcntl, fd, F_GETOWN_EX, P(buf))
DO(fcntl_setown, SYS_fcntl, fd, F_SETOWN, 0)
DO(fcntl_setsig, SYS_fcntl, fd, F_SETSIG, 65)
DO(fcntl_getlk, SYS_fcntl, fd, F_GETLK, NULL)
DO(fcntl_unknown, SYS_fcntl, fd, 9999, 0)
DO(fcntl_getpipe_sz, SYS_fcntl, fd, F_GETPIPE_SZ)
DO(fcntl_setpipe_sz, SYS_fcntl, fd, F_SETPIPE_SZ, 4096)
DO(fcntl_get_seals, SYS_fcntl, fd, F_GET_SEALS)
DO(dup2_far, SYS_dup2, fd, 1 << 30)
DO(dup3_flags, SYS_dup3, fd, 199, 1)
DO(ioctl_fionread, SYS_ioctl, fd, FIONREAD, P(&value))
DO(ioctl_siocoutq, SYS_ioctl, fd, SIOCOUTQ, P(&value))
DO(ioctl_siocatmark, SYS_ioctl, fd, SIOCATMARK, P(&value))
DO(ioctl_fionbio, SYS_ioctl, fd, FIONBIO, P(&value))
DO(ioctl_fioasync, SYS_ioctl, fd, FIOASYNC, P(&value))
DO(ioctl_siocspgrp, SYS_ioctl, fd, SIOCSPGRP, P(&value))
DO(ioctl_siocgpgrp, SYS_ioctl, fd, SIOCGPGRP, P(&value))
DO(ioctl_siocgstamp, SYS_ioctl, fd, SIOCGSTAMP_OLD, P(buf))
DO(ioctl_siocgifflags, SYS_ioctl, fd, SIOCGIFFLAGS, P(&ifr))
DO(ioctl_tcgets, SYS_ioctl, fd, TCGETS, P(buf))
DO(ioctl_unknown, SYS_ioctl, fd, 0xdead, P(buf))
DO(bind, SYS_bind, fd, P(&loopback), sizeof(loopback))
DO(bind_short, SYS_bind, fd, P(&loopback), 1)
DO(bind_long, SYS_bind, fd, P(&loopback), 129)
DO(connect_short, SYS_connect, fd, P(&loopback), 1)
DO(connect_unspec, SYS_connect, fd, P(&name), 2)
DO(listen, SYS_listen, fd, 1)
DO(accept, SYS_accept, fd, P(&name), P(&name_len))
DO(accept4_flags, SYS_accept4, fd, P(&name), P(&name_len), 0x7)
DO(getsockname, SYS_getsockname, fd, P(&name), P(&name_len))
DO(getpeername, SYS_getpeername, fd, P(&name), P(&name_len))
DO(sendto, SYS_sendto, fd, P(buf), 8, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0)
DO(recvfrom, SYS_recvfrom, fd, P(buf), 8, MSG_DONTWAIT, P(&name), P(&name_len))
DO(recv_oob, SYS_recvfrom, fd, P(buf), 8, MSG_DONTWAIT | MSG_OOB, NULL, NULL)
DO(recv_errqueue, SYS_recvfrom, fd, P(buf), 8, MSG_DONTWAIT | MSG_ERRQUEUE, NULL, NULL)
DO(sendmsg, SYS_sendmsg, fd, P(&msg), MSG_DONTWAIT | MSG_NOSIGNAL)
DO(recvmsg, SYS_recvmsg, fd, P(&msg), MSG_DONTWAIT)
DO(sendmmsg, SYS_sendmmsg, fd, P(&mmsg), 1, MSG_DONTWAIT | MSG_NOSIGNAL)
DO(recvmmsg, SYS_recvmmsg, fd, P(&mmsg), 1, MSG_DONTWAIT, NULL)
DO(shutdown, SYS_shutdown, fd, SHUT_RD)
DO(shutdown_how, SYS_shutdown, fd, 3)
DO(setsockopt, SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, P(&value), 4)
DO(getsockopt, SYS_getsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, P(&value), P(&name_len))
DO(epoll_wait, SYS_epoll_wait, fd, P(&ev), 1, 0)
DO(epoll_wait_none, SYS_epoll_wait, fd, P(&ev), 0, 0)
DO(epoll_add_null, SYS_epoll_ctl, fd, EPOLL_CTL_ADD, null_fd, P(&ev))
DO(epoll_del_null, SYS_epoll_ctl, fd, EPOLL_CTL_DEL, null_fd, P(&ev))
DO(timerfd_settime, SYS_timerfd_settime, fd, 0, P(&its), NULL)
DO(timerfd_gettime, SYS_timerfd_gettime, fd, P(&its))
DO(signalfd4, SYS_signalfd4, fd, P(&set), 8, 0)
DO(signalfd4_size, SYS_signalfd4, fd, P(&set), 4, 0)
DO(pidfd_send_signal, SYS_pidfd_send_signal, fd, 0, NULL, 0)
DO(pidfd_flags, SYS_pidfd_send_signal, fd, 0, NULL, 77)
DO(splice_from, SYS_splice, fd, NULL, null_fd, NULL, 8, 2)
DO(splice_to, SYS_splice, null_fd, NULL, fd, NULL, 8, 2)
DO(tee_from, SYS_tee, fd, null_fd, 8, 2)
DO(vmsplice, SYS_vmsplice, fd, P(&iov), 1, 2)
DO(sendfile_from, SYS_sendfile, null_fd, fd, P(&offset), 8)
DO(sendfile_to, SYS_sendfile, fd, null_fd, P(&offset), 8)
DO(mmap, SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 1)

#define CALLS(name)                                                                                \
	{                                                                                          \
#name, do_##name                                                                   \
	}
static const struct {
	const char *name;
	long (*run)(int fd);
} calls[] = {
    CALLS(read),
    CALLS(write),
    CALLS(readv),
    CALLS(writev),
    CALLS(pread64),
    CALLS(pwrite64),
    CALLS(pread_negative),
    CALLS(preadv),
    CALLS(pwritev),
    CALLS(preadv2),
    CALLS(pwritev2),
    CALLS(lseek),
    CALLS(lseek_whence),
    CALLS(ftruncate),
    CALLS(fallocate),
    CALLS(fsync),
    CALLS(fdatasync),
    CALLS(fstat),
    CALLS(fstatfs),
    CALLS(fchdir),
    CALLS(flock),
    CALLS(openat),
    CALLS(fcntl_getfd),
    CALLS(fcntl_getown),
    CALLS(fcntl_getown_ex),
    CALLS(fcntl_setown),
    CALLS(fcntl_setsig),
    CALLS(fcntl_getlk),
    CALLS(fcntl_unknown),
    CALLS(fcntl_getpipe_sz),
    CALLS(fcntl_setpipe_sz),
    CALLS(fcntl_get_seals),
    CALLS(dup2_far),
    CALLS(dup3_flags),
    CALLS(ioctl_fionread),
    CALLS(ioctl_siocoutq),
    CALLS(ioctl_siocatmark),
    CALLS(ioctl_fionbio),
    CALLS(ioctl_fioasync),
    CALLS(ioctl_siocspgrp),
    CALLS(ioctl_siocgpgrp),
    CALLS(ioctl_siocgstamp),
    CALLS(ioctl_siocgifflags),
    CALLS(ioctl_tcgets),
    CALLS(ioctl_unknown),
    CALLS(bind),
    CALLS(bind_short),
    CALLS(bind_long),
    CALLS(connect_short),
    CALLS(connect_unspec),
    CALLS(listen),
    CALLS(accept),
    CALLS(accept4_flags),
    CALLS(getsockname),
    CALLS(getpeername),
    CALLS(sendto),
    CALLS(recvfrom),
    CALLS(recv_oob),
    CALLS(recv_errqueue),
    CALLS(sendmsg),
    CALLS(recvmsg),
    CALLS(sendmmsg),
    CALLS(recvmmsg),
    CALLS(shutdown),
    CALLS(shutdown_how),
    CALLS(setsockopt),
    CALLS(getsockopt),
    CALLS(epoll_wait),
    CALLS(epoll_wait_none),
    CALLS(epoll_add_null),
    CALLS(epoll_del_null),
    CALLS(timerfd_settime),
    CALLS(timerfd_gettime),
    CALLS(signalfd4),
    CALLS(signalfd4_size),
    CALLS(pidfd_send_signal),
    CALLS(pidfd_flags),
    CALLS(splice_from),
    CALLS(splice_to),
    CALLS(tee_from),
    CALLS(vmsplice),
    CALLS(sendfile_from),
    CALLS(sendfile_to),
    CALLS(mmap),
};

/* ---- all of them -------------------------------------------------------------------------------
 */

/* Descriptors and numbers of processes have no meaning: what succeeds is "ok", or the bytes moved.
 */
static void result_text(long ret, char text[32])
{
	if (ret < 0)
		snprintf(text, 32, "%s", strerrorname_np(errno));
	else if (ret == 0 || ret == 8 || ret == 64)
		snprintf(text, 32, "%ld", ret);
	else
		snprintf(text, 32, "ok");
}

static void sweep(size_t call)
{
	static char result[KINDS][32];
	bool shown[KINDS] = {false};

	for (size_t k = 0; k < KINDS; k++) {
		int fd = kinds[k].make();

		prepare();
		result_text(calls[call].run(fd), result[k]);
		close_range(8, 4095, 0);
	}
	printf("%s%s:", calls[call].name, nulls ? " of nothing" : "");
	for (size_t k = 0; k < KINDS; k++) {
		if (shown[k])
			continue;
		printf(" %s (", result[k]);
		for (size_t n = k; n < KINDS; n++) {
			if (strcmp(result[n], result[k]) != 0)
				continue;
			shown[n] = true;
			printf("%s%s", n == k ? "" : " ", kinds[n].name);
		}
		printf(")");
	}
	printf("\n");
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	null_fd = open("other", O_RDWR | O_CREAT, 0644);
	if (write(null_fd, buf, sizeof(buf)) != sizeof(buf))
		return 1;
	/* Numbers of fresh descriptors begin at 8. */
	while (dup(0) < 7)
		;
	for (int round = 0; round < 2; round++) {
		nulls = round;
		for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
			sweep(i);
	}
	printf("combinations: %zu\n", 2 * KINDS * sizeof(calls) / sizeof(calls[0]));
	return 0;
}

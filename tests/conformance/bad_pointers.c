/* SPDX-License-Identifier: MIT */
/*
 * Pointers to memory that is not there, and NULL: what is looked at before them, what is not followed at
 * all, what has happened all the same. The ERRORS sections of the calls' man pages leave the order open.
 */
#include "transcript.h"

#include <linux/capability.h>
#include <net/if.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static void *bad; /* a page that cannot be accessed; the one before it can */
static int none = -1, file, pair[2], tcp, udp;

static void sockets(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct mmsghdr m[2] = { 0 };
	struct iovec iov = { "xy", 2 };
	socklen_t len = sizeof(a);
	int c = socket(AF_INET, SOCK_STREAM, 0);

	CALL(bind(none, bad, 16));
	CALL(bind(file, bad, 16));
	CALL(bind(tcp, bad, 16));
	CALL(bind(tcp, bad, 129));
	CALL(bind(tcp, bad, (socklen_t)-1));
	CALL(connect(file, bad, 16));
	CALL(send(none, bad, 5, 0));
	CALL(send(file, bad, 5, 0));
	CALL(send(pair[0], bad, 5, 0));
	CALL(send(pair[0], NULL, 0, 0));
	CALL(setsockopt(none, SOL_SOCKET, SO_KEEPALIVE, bad, (socklen_t)-4));
	CALL(setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, bad, 4));
	CALL(setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, NULL, 4));
	CALL(getsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, bad, &len));
	CALL(getsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &c, bad));
	CALL(getsockname(tcp, bad, &len));
	CALL(getsockname(tcp, (void *)&a, bad));
	CALL(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, bad));
	/* A connection whose peer's name cannot be told is closed. */
	listen(tcp, 1);
	len = sizeof(a);
	getsockname(tcp, (void *)&a, &len);
	CALL(connect(c, (void *)&a, sizeof(a)));
	CALL(accept(tcp, bad, &len));
	CALL(recv(c, &a, 1, 0));
	/* Messages before the one that is wrong go. */
	for (int i = 0; i < 2; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = i ? bad : &iov, .msg_iovlen = 1 };
	CALL(sendmmsg(pair[0], m, 2, 0));
	CALL(sendmmsg(pair[0], m + 1, 1, 0));
	CALL(sendmmsg(pair[0], bad, 1, 0));
	CALL(sendmmsg(pair[0], bad, 0, 0));
	CALL(sendmsg(pair[0], bad, 0));
	CALL(recvmsg(pair[0], NULL, 0));
	/* Received, and nobody to give it to: what was received is told, the rest at the next call. */
	send(pair[0], "12", 2, 0);
	CALL(recvmmsg(pair[1], m, 2, MSG_DONTWAIT, NULL));
	CALL(recvmmsg(pair[1], m, 1, MSG_DONTWAIT, NULL));
	CALL(recvmmsg(pair[1], m, 1, MSG_DONTWAIT, NULL));
	CALL(recvmmsg(file, bad, 1, 0, NULL));
}

static void files(void)
{
	struct iovec iov[3] = { { "ab", 2 }, { bad, 1 }, { "c", 1 } };
	int p[2];

	CALL(write(none, bad, 5));
	CALL(write(file, bad, 5));
	CALL(write(file, NULL, 5));
	CALL(write(file, NULL, 0));
	CALL(write(file, iov, (size_t)-1));
	CALL(write(pair[0], iov, (size_t)-1));
	CALL(read(file, bad, 5));
	CALL(read(file, (char *)bad - 5, 6));
	CALL(writev(pair[0], bad, 1));
	CALL(writev(pair[0], iov, 1025));
	CALL(writev(pair[0], iov, -1));
	CALL(readv(file, NULL, 0));
	CALL(pipe(p));
	CALL(syscall(SYS_pipe2, bad, 0));
	CALL(syscall(SYS_pipe2, NULL, -1));
	CALL(fcntl(p[0], F_SETOWN_EX, bad));
	CALL(fcntl(p[0], F_GETOWN_EX, NULL));
	CALL(ioctl(p[0], FIONREAD, bad));
	CALL(ioctl(none, FIONREAD, bad));
	CALL(ioctl(udp, FIONREAD, bad));
	CALL(ioctl(udp, SIOCGIFINDEX, bad));
	CALL(ioctl(udp, TCGETS, bad));
	CALL(ioctl(udp, 0x1234, NULL));
	CALL(syscall(SYS_fstat, p[0], bad));
	CALL(syscall(SYS_fstat, none, bad));
	CALL(open(NULL, O_RDONLY));
	CALL(open(bad, O_RDONLY));
	CALL(syscall(SYS_memfd_create, bad, 0));
	CALL(syscall(SYS_getrandom, bad, 5, 0));
	CALL(syscall(SYS_getrandom, NULL, 0, 0));
}

static void waiting(void)
{
	struct pollfd pfd = { .fd = udp, .events = POLLIN };
	struct epoll_event ev[2] = { { .events = EPOLLIN } };
	struct timespec now = { 0, 0 };
	struct timeval tv = { 0, 0 };
	void *mask[2] = { bad, (void *)8 };
	int ep = epoll_create1(0), tfd = timerfd_create(CLOCK_MONOTONIC, 0);

	CALL(poll(bad, 1, 0));
	CALL(poll(bad, 0, 0));
	CALL(syscall(SYS_ppoll, &pfd, 1, &now, NULL, 77));
	CALL(syscall(SYS_ppoll, &pfd, 1, &now, &ev, 77));
	CALL(syscall(SYS_ppoll, &pfd, 1, bad, NULL, 8));
	CALL(syscall(SYS_select, 1, bad, NULL, NULL, &tv));
	CALL(syscall(SYS_select, -1, bad, NULL, NULL, &tv));
	CALL(syscall(SYS_select, 1, NULL, NULL, NULL, bad));
	CALL(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, mask));
	CALL(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, bad));
	mask[1] = (void *)4;
	CALL(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, mask));
	mask[0] = NULL;
	CALL(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &now, mask));
	CALL(epoll_ctl(ep, EPOLL_CTL_ADD, udp, bad));
	CALL(epoll_ctl(ep, EPOLL_CTL_ADD, none, bad));
	CALL(epoll_ctl(ep, EPOLL_CTL_ADD, udp, ev));
	CALL(epoll_ctl(ep, EPOLL_CTL_DEL, udp, bad));
	CALL(epoll_wait(ep, bad, 0, 0));
	CALL(epoll_wait(ep, ev, 1 << 30, 0));
	CALL(epoll_wait(none, bad, 1, 0));
	CALL(syscall(SYS_epoll_pwait, ep, ev, 1, 0, mask, 4));
	CALL(syscall(SYS_epoll_pwait, ep, ev, 1, 0, NULL, 4));
	CALL(timerfd_settime(tfd, 0, NULL, NULL));
	CALL(timerfd_settime(tfd, 0, bad, NULL));
	CALL(timerfd_gettime(tfd, bad));
	CALL(timerfd_gettime(udp, bad));
	CALL(syscall(SYS_nanosleep, bad, NULL));
	CALL(syscall(SYS_nanosleep, &now, bad)); /* nothing is left */
	CALL(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad));
	CALL(syscall(SYS_clock_gettime, 77, bad));
	CALL(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL));
	CALL(syscall(SYS_gettimeofday, bad, NULL));
	CALL(syscall(SYS_gettimeofday, NULL, NULL));
}

static void signals(void)
{
	struct timespec now = { 0, 0 };
	unsigned long set = 0;

	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4));
	CALL(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, 77, NULL, NULL, 8));
	CALL(syscall(SYS_rt_sigprocmask, 77, &set, NULL, 8));
	CALL(syscall(SYS_rt_sigsuspend, NULL, 4));
	CALL(syscall(SYS_rt_sigsuspend, bad, 8));
	CALL(syscall(SYS_rt_sigpending, bad, 8));
	CALL(syscall(SYS_rt_sigpending, bad, 9));
	CALL(syscall(SYS_rt_sigpending, bad, 0));
	CALL(syscall(SYS_rt_sigtimedwait, bad, NULL, &now, 8));
	CALL(syscall(SYS_rt_sigtimedwait, &set, NULL, bad, 8));
	CALL(syscall(SYS_rt_sigtimedwait, &set, bad, &now, 8));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	CALL(syscall(SYS_signalfd4, -1, &set, 4, 0));
	CALL(syscall(SYS_signalfd4, -1, bad, 8, 0));
	CALL(syscall(SYS_signalfd4, udp, bad, 8, 0));
}

static void processes(void)
{
	struct __user_cap_header_struct header = { 0, 0 };
	unsigned char info[128];
	unsigned long cpus = 1;
	int status = 77;

	/* waitid() writes some of siginfo_t, whatever it says. */
	memset(info, 0x11, sizeof(info));
	CALL(waitid(P_ALL, 0, (void *)info, WEXITED));
	printf("%x %x %x %x\n", info[0], info[12], info[16], info[28]);
	CALL(waitid(P_ALL, 0, bad, WEXITED));
	CALL(wait4(-1, bad, WNOHANG, NULL));
	if (!fork())
		_exit(3);
	FACT(wait4(-1, &status, 0, bad) == -1 && errno == EFAULT);
	CALL(wait4(-1, &status, WNOHANG, NULL)); /* the child is gone */
	CALL(syscall(SYS_getitimer, 0, bad));
	CALL(syscall(SYS_getitimer, 9, bad));
	CALL(syscall(SYS_setitimer, 0, bad, NULL));
	CALL(syscall(SYS_uname, bad));
	CALL(syscall(SYS_times, bad));
	CALL(syscall(SYS_sysinfo, bad));
	CALL(syscall(SYS_getrusage, 0, bad));
	CALL(syscall(SYS_getrusage, 77, bad));
	CALL(syscall(SYS_prlimit64, 0, 7, NULL, bad));
	CALL(syscall(SYS_prlimit64, 0, 7, bad, NULL));
	CALL(syscall(SYS_getcpu, bad, NULL, NULL));
	CALL(syscall(SYS_getcpu, NULL, NULL, NULL));
	CALL(syscall(SYS_sched_getaffinity, 0, 3, bad));
	CALL(syscall(SYS_sched_getaffinity, 0, 128, bad));
	CALL(syscall(SYS_sched_setaffinity, 0, 128, bad));
	CALL(syscall(SYS_sched_setaffinity, 0, 8, &cpus));
	CALL(syscall(SYS_getgroups, -1, bad));
	CALL(syscall(SYS_getresuid, bad, bad, bad));
	CALL(prctl(PR_SET_NAME, bad));
	CALL(prctl(PR_GET_NAME, bad));
	CALL(prctl(PR_GET_PDEATHSIG, bad));
	/* capget() tells the version that it wants. */
	CALL(syscall(SYS_capget, &header, NULL));
	printf("%x\n", header.version);
	CALL(syscall(SYS_capget, &header, bad));
	header.version = 5;
	CALL(syscall(SYS_capget, &header, bad));
	printf("%x\n", header.version);
	CALL(syscall(SYS_capget, bad, NULL));
}

int main(void)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	bad = map + 4096;
	mprotect(bad, 4096, PROT_NONE);
	file = open("/dev/null", O_RDWR);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	sockets();
	files();
	waiting();
	signals();
	processes();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Any call with any arguments: descriptors of every kind, pointers into memory that ends, numbers that
 * are near some limit. What the calls say is of no interest, only that somebody is there to say it.
 * Calls that would end or block this program are left out; a timer interrupts the rest.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MEMORY 65536
#define MAX_FDS 64
typedef unsigned long word;

static const int calls[] = {
	SYS_accept, SYS_accept4, SYS_bind, SYS_capget, SYS_clock_getres, SYS_clock_gettime,
	SYS_clock_nanosleep, SYS_connect, SYS_copy_file_range, SYS_dup, SYS_epoll_create1, SYS_epoll_ctl,
	SYS_epoll_pwait, SYS_epoll_pwait2, SYS_epoll_wait, SYS_eventfd2, SYS_fadvise64, SYS_fcntl,
	SYS_fstat, SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_futex, SYS_getcpu, SYS_getdents64,
	SYS_getgroups, SYS_getitimer, SYS_getpeername, SYS_getpgid, SYS_getpriority, SYS_getrandom,
	SYS_getresgid, SYS_getresuid, SYS_getrlimit, SYS_getrusage, SYS_getsid, SYS_getsockname,
	SYS_getsockopt, SYS_gettimeofday, SYS_ioctl, SYS_listen, SYS_lseek, SYS_memfd_create,
	SYS_nanosleep, SYS_newfstatat, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pipe2, SYS_poll,
	SYS_ppoll, SYS_prctl, SYS_pread64, SYS_preadv, SYS_preadv2, SYS_prlimit64, SYS_pselect6,
	SYS_pwrite64, SYS_pwritev, SYS_pwritev2, SYS_read, SYS_readlink, SYS_readlinkat, SYS_readv,
	SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg, SYS_rt_sigpending, SYS_rt_sigtimedwait,
	SYS_sched_getaffinity, SYS_sched_getattr, SYS_sched_getparam, SYS_sched_getscheduler,
	SYS_sched_rr_get_interval, SYS_sched_setaffinity, SYS_sched_yield, SYS_select, SYS_sendfile,
	SYS_sendmmsg, SYS_sendmsg, SYS_sendto, SYS_setsockopt, SYS_shutdown, SYS_signalfd4, SYS_socket,
	SYS_socketpair, SYS_splice, SYS_statx, SYS_sysinfo, SYS_tee, SYS_time, SYS_timer_create,
	SYS_timer_getoverrun, SYS_timer_gettime, SYS_timer_settime, SYS_timerfd_create,
	SYS_timerfd_gettime, SYS_timerfd_settime, SYS_times, SYS_uname, SYS_vmsplice, SYS_wait4,
	SYS_waitid, SYS_write, SYS_writev,
};

static const word numbers[] = {
	0, 1, 2, 3, 4, 6, 8, 16, 17, 24, 28, 64, 100, 128, 129, 1024, 1025, 4096, 65536, 1ul << 20, -1ul,
	-100ul, 0x7fffffff, 0x80000000, 0xffffffff, 1ul << 47, 1ul << 63, FIONREAD, FIOASYNC, 0x8910, 0x8912,
	0x8913, 0x8915, SO_ATTACH_FILTER, MSG_DONTWAIT, MSG_PEEK | MSG_DONTWAIT, O_NONBLOCK | O_CLOEXEC,
};

static word seed;
static char *memory;
static int fds[MAX_FDS];
static unsigned nfds;

static word draw(word n)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return (seed >> 33) % n;
}

static word some_value(void)
{
	switch (draw(8)) {
	case 0:
	case 1:
	case 2:
		return (word)memory + draw(MEMORY);
	case 3:
		return (word)memory + MEMORY - 150 + draw(200);
	case 4:
		return numbers[draw(LEN(numbers))];
	case 5:
		return (word)fds[draw(nfds)];
	case 6:
		return 0;
	default:
		return draw(48);
	}
}

static void add(int fd)
{
	if (fd >= 0 && nfds < MAX_FDS)
		fds[nfds++] = fd;
}

static void open_all(void)
{
	static const int sockets[][3] = {
		{ AF_INET, SOCK_STREAM, 0 },  { AF_INET, SOCK_DGRAM, 0 },   { AF_INET6, SOCK_STREAM, 0 },
		{ AF_INET6, SOCK_DGRAM, 0 },  { AF_INET, SOCK_RAW, 1 },     { AF_UNIX, SOCK_DGRAM, 0 },
		{ AF_UNIX, SOCK_STREAM, 0 },  { AF_NETLINK, SOCK_RAW, 0 },  { AF_PACKET, SOCK_RAW, 0 },
	};
	int pair[2];

	for (unsigned i = 0; i < LEN(sockets); i++)
		add(socket(sockets[i][0], sockets[i][1] | SOCK_NONBLOCK, sockets[i][2]));
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
		if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair))
			continue;
		add(pair[0]);
		add(pair[1]);
	}
	if (!pipe2(pair, O_NONBLOCK)) {
		add(pair[0]);
		add(pair[1]);
	}
	add(epoll_create1(0));
	add(eventfd(0, EFD_NONBLOCK));
	add(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	add(memfd_create("any", 0));
	add(open("/proc/net/tcp", O_RDONLY));
	add(open("/proc/net", O_RDONLY | O_DIRECTORY));
}

/* What would change this program's own fate, or fill its table of descriptors. */
static int harmful(int nr, const word *a)
{
	switch (nr) {
	case SYS_fcntl:
		return a[1] == F_SETSIG || a[1] == F_SETFL || a[1] == F_DUPFD;
	case SYS_ioctl:
		return a[1] == FIONBIO;
	case SYS_prctl:
		return a[0] == PR_SET_PDEATHSIG || a[0] == PR_SET_SECCOMP;
	case SYS_prlimit64:
		return a[2] != 0;
	case SYS_pidfd_send_signal:
		return a[1] != 0;
	case SYS_timer_create:
		return a[1] != 0;
	case SYS_accept:
	case SYS_accept4:
	case SYS_dup:
	case SYS_pipe2:
	case SYS_socket:
	case SYS_socketpair:
		return draw(8) != 0;
	default:
		return 0;
	}
}

static void interrupted(int signo)
{
}

int main(int argc, char **argv)
{
	const struct itimerval soon = { { 0, 1000 }, { 0, 1000 } };
	word *words, a[6], count = argc > 2 ? strtoul(argv[2], NULL, 0) : 5000;

	seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	for (int signo = 1; signo <= 64; signo++) {
		if (signo < SIGHUP || signo == SIGTERM || signo == SIGINT || signo == SIGSEGV ||
		    signo == SIGILL || signo == SIGBUS || signo == SIGFPE || signo == SIGTRAP)
			continue;
		signal(signo, SIG_IGN);
	}
	/* No SA_RESTART, which signal() sets: a call that waits for ever shall end. */
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = interrupted }, NULL);
	memory = mmap(NULL, 2 * MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || mprotect(memory + MEMORY, MEMORY, PROT_NONE))
		return 1;
	words = (word *)memory;
	open_all();
	for (word i = 0; i < count; i++) {
		int nr = calls[draw(LEN(calls))];

		for (int k = 0; k < 32; k++)
			words[draw(MEMORY / sizeof(*words))] = some_value();
		for (int k = 0; k < 6; k++)
			a[k] = some_value();
		if (draw(2))
			a[0] = (word)fds[draw(nfds)];
		if (harmful(nr, a))
			continue;
		setitimer(ITIMER_REAL, &soon, NULL);
		syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	printf("still here\n");
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * floor N [P]: the least that an emulated call can cost here. P processes (1) take turns at N calls of
 * getppid, each of which is a seccomp notification that a bare loop answers, all on one CPU. Prints
 * microseconds for each call.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, unsigned long long)
#endif

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int install_filter(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(insns) / sizeof(insns[0]), insns };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &prog);
}

static void pass_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, x = 0;
	struct iovec iov = { &x, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sendmsg(sock, &m, 0);
}

static int take_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))], x;
	struct iovec iov = { &x, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(sock, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

/* The process goes on to its next call. */
static int answer(int fd, unsigned long long id)
{
	struct seccomp_notif_resp resp = { .id = id, .val = 1 };

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static unsigned long long next_call(int fd)
{
	struct seccomp_notif req = { 0 };

	return ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) ? 0 : req.id;
}

/* A filter for each process: the kernel looks for a call among all that wait at one listener. */
static void child(int sock)
{
	pass_fd(sock, install_filter());
	close_range(3, ~0u, 0); /* listeners: who held one would never be told that nobody listens */
	/* Until nobody answers any more. */
	while (syscall(SYS_getppid) == 1)
		;
	_exit(0);
}

/* n calls, one of each process in turn: each has one that waits all the time. */
static double measure(const int *fd, long n, long processes)
{
	unsigned long long *id = calloc((size_t)processes, sizeof(*id));
	double start = 0;

	for (long i = 0; i < processes; i++)
		id[i] = next_call(fd[i]);
	for (long i = -n / 10; i < n; i++) {
		long k = (i + n) % processes;

		if (i == 0)
			start = now();
		if (answer(fd[k], id[k]) || !(id[k] = next_call(fd[k])))
			exit(1);
	}
	free(id);
	return (now() - start) / (double)n;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0, processes = argc > 2 ? atol(argv[2]) : 1;
	cpu_set_t set;
	int sv[2], *fd;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	if (n < 10 || processes < 1 || socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		return 2;
	fd = calloc((size_t)processes, sizeof(*fd));
	for (long i = 0; i < processes; i++) {
		if (!fork())
			child(sv[1]);
		fd[i] = take_fd(sv[0]);
		ioctl(fd[i], SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL);
	}
	printf("%.3f\n", measure(fd, n, processes) * 1e6);
	free(fd);
	return 0;
}

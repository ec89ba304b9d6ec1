/* SPDX-License-Identifier: MIT */
/*
 * script.h and vrun.h on the running kernel: the oracle. A unit test whose only door is vcall() is
 * built with this file in place of the library, and must pass as it does in the simulator:
 *
 *	cc -std=c17 -D_GNU_SOURCE -I. tests/unit/pipe_test.c tests/unit/support/native.c -lcmocka -lpthread
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct vproc {
	vproc_fn fn;
	void *arg;
};

static struct vproc *current;
static vproc_handler handlers[SIG_MAX + 1];

void vrun_cpus(vproc_fn fn, int ncpu)
{
	struct vproc p = { .fn = fn };

	current = &p;
	fn(&p);
	for (int sig = 1; sig <= SIG_MAX; sig++)
		signal(sig, SIG_DFL);
	for (int fd = 3; fd < 100; fd++)
		close(fd);
}

void *vproc_arg(struct vproc *p)
{
	return p->arg;
}

nsec_t vproc_now(struct vproc *p)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

s64 vproc_call(struct vproc *p, int nr, s64 a0, s64 a1, s64 a2, s64 a3, s64 a4, s64 a5)
{
	long ret = syscall(nr, a0, a1, a2, a3, a4, a5);

	return ret < 0 ? -errno : ret;
}

s64 vproc_fork(struct vproc *p, vproc_fn fn, void *arg)
{
	pid_t pid = fork();

	if (pid)
		return pid < 0 ? -errno : pid;
	p->arg = arg;
	fn(p);
	_exit(0);
}

static void *thread_main(void *arg)
{
	struct vproc *p = arg;

	p->fn(p);
	return NULL;
}

s64 vproc_thread(struct vproc *p, vproc_fn fn, void *arg)
{
	struct vproc *child = calloc(1, sizeof(*child));
	pthread_t thread;

	child->fn = fn;
	child->arg = arg;
	pthread_create(&thread, NULL, thread_main, child);
	return 1;
}

s64 vproc_sleep(struct vproc *p, nsec_t ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

	return vcall(p, SYS_nanosleep, &ts, 0);
}

static void handler_main(int sig, siginfo_t *si, void *uc)
{
	struct siginfo info = { .signo = sig, .code = si->si_code };

	if (si->si_code >= POLL_IN && si->si_code <= POLL_HUP) {
		info.fd = si->si_fd;
		info.band = si->si_band;
	} else {
		info.pid = si->si_pid;
	}
	handlers[sig](current, &info);
}

s64 vproc_signal(struct vproc *p, int signo, vproc_handler handler, u64 flags)
{
	struct sigaction sa = { .sa_flags = (int)flags | SA_SIGINFO };

	sa.sa_sigaction = handler_main;
	if ((uintptr_t)handler <= 1) {
		sa.sa_flags = (int)flags;
		sa.sa_handler = (uintptr_t)handler ? SIG_IGN : SIG_DFL;
	}
	handlers[signo] = handler;
	return sigaction(signo, &sa, NULL) ? -errno : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Virtual processes for unit tests: a C function that makes calls as a real program does.
 *
 * Each process runs on a stack of its own; vcall() switches to the simulator, which carries the
 * call out in virtual time and switches back with the result. So a test reads as the socket program
 * it models:
 *
 *	static void client(struct vproc *p)
 *	{
 *		int fd = vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
 *		assert_int_equal(vcall(p, SYS_connect, fd, &addr, sizeof(addr)), 0);
 *	}
 *
 * Results are those of the kernel: -errno on failure. The function's end is exit(0).
 */
#ifndef TESTS_UNIT_SUPPORT_SCRIPT_H
#define TESTS_UNIT_SUPPORT_SCRIPT_H

#include <sys/syscall.h>

#include "stack/syscalls.h"

struct vproc;
typedef void (*vproc_fn)(struct vproc *p);
/* A signal handler: installed by its address; runs on the process's stack and may make calls. */
typedef void (*vproc_handler)(struct vproc *p, const struct siginfo *info);

#define VPROC_DFL ((vproc_handler)(uintptr_t)0)
#define VPROC_IGN ((vproc_handler)(uintptr_t)1)

/* Starts fn as a process of h at absolute time start. arg: for vproc_arg(). Its pid is returned. */
int vproc_start(struct host *h, const char *name, vproc_fn fn, void *arg, nsec_t start);
void *vproc_arg(struct vproc *p);
struct host *vproc_host(struct vproc *p);
nsec_t vproc_now(struct vproc *p);

/* fork() or a new thread: runs fn there; arg as above. The pid or tid, or -errno. */
s64 vproc_fork(struct vproc *p, vproc_fn fn, void *arg);
s64 vproc_thread(struct vproc *p, vproc_fn fn, void *arg);

/* One call; unused arguments are 0. Pointers and integers alike. */
s64 vproc_call(struct vproc *p, int nr, s64 a0, s64 a1, s64 a2, s64 a3, s64 a4, s64 a5);
#define VCALL_PICK(p, nr, a0, a1, a2, a3, a4, a5, ...)                                             \
	vproc_call(p, nr, (s64)(a0), (s64)(a1), (s64)(a2), (s64)(a3), (s64)(a4), (s64)(a5))
#define vcall(p, ...) VCALL_PICK(p, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* nanosleep for ns. */
s64 vproc_sleep(struct vproc *p, nsec_t ns);
/* sigaction: handler VPROC_DFL, VPROC_IGN or a vproc_handler. */
s64 vproc_signal(struct vproc *p, int signo, vproc_handler handler, u64 flags);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The coroutine behind a virtual process of a unit test: ucontext(3), one switch for each call.
 */
#include "tests/unit/support/script.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define VPROC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VPROC_ASAN 1
#endif
#endif
#ifdef VPROC_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#define VPROC_STACK (256 * 1024)
#define VPROC_MAX_HANDLERS 8

struct vproc {
	struct utask *u;
	vproc_fn fn;
	void *arg;
	ucontext_t self, sim;
	void *stack;
	bool ended;
	s64 result;
	struct syscall_req req;
	/* Handlers that are to run before the program goes on; the latest runs first. */
	struct {
		vproc_handler fn;
		struct siginfo info;
	} handlers[VPROC_MAX_HANDLERS];
	int nhandlers;
	/* What AddressSanitizer wants to know of a switch. */
	void *fake_self, *fake_sim;
	const void *sim_bottom;
	size_t sim_size;
};

static void switch_to_program(struct vproc *p)
{
#ifdef VPROC_ASAN
	__sanitizer_start_switch_fiber(&p->fake_sim, p->stack, VPROC_STACK);
#endif
	swapcontext(&p->sim, &p->self);
#ifdef VPROC_ASAN
	__sanitizer_finish_switch_fiber(p->fake_sim, NULL, NULL);
#endif
}

static void switch_to_sim(struct vproc *p)
{
#ifdef VPROC_ASAN
	__sanitizer_start_switch_fiber(p->ended ? NULL : &p->fake_self, p->sim_bottom, p->sim_size);
#endif
	swapcontext(&p->self, &p->sim);
#ifdef VPROC_ASAN
	__sanitizer_finish_switch_fiber(p->fake_self, &p->sim_bottom, &p->sim_size);
#endif
}

static void vproc_main(unsigned hi, unsigned lo)
{
	struct vproc *p = (struct vproc *)((uintptr_t)hi << 32 | lo);

#ifdef VPROC_ASAN
	__sanitizer_finish_switch_fiber(NULL, &p->sim_bottom, &p->sim_size);
#endif
	p->fn(p);
	p->ended = true;
	switch_to_sim(p);
}

static s64 raw_call(struct vproc *p, const struct syscall_req *req)
{
	p->req = *req;
	switch_to_sim(p);
	return p->result;
}

/* The call's result stands on the simulator's side until rt_sigreturn hands it out. */
s64 vproc_call(struct vproc *p, int nr, s64 a0, s64 a1, s64 a2, s64 a3, s64 a4, s64 a5)
{
	struct syscall_req req = { .nr = nr, .a = { a0, a1, a2, a3, a4, a5 } };
	struct syscall_req sigreturn = { .nr = SYS_rt_sigreturn };
	int base = p->nhandlers; /* handlers that this call's caller interrupted */
	s64 result = raw_call(p, &req);

	while (p->nhandlers > base) {
		int top = --p->nhandlers;

		p->handlers[top].fn(p, &p->handlers[top].info);
		result = raw_call(p, &sigreturn);
	}
	return result;
}

static bool vproc_resume(struct utask *u, s64 result, struct syscall_req *req, int *status)
{
	struct vproc *p = u->program;

	p->u = u;
	p->result = result;
	switch_to_program(p);
	if (p->ended) {
		*status = 0;
		return false;
	}
	*req = p->req;
	return true;
}

static void vproc_handle_signal(struct utask *u, const struct siginfo *info, u64 handler,
				const struct sigset *restore)
{
	struct vproc *p = u->program;

	assert(p->nhandlers < VPROC_MAX_HANDLERS);
	p->handlers[p->nhandlers].fn = (vproc_handler)(uintptr_t)handler;
	p->handlers[p->nhandlers++].info = *info;
}

static void vproc_destroy(struct utask *u)
{
	struct vproc *p = u->program;

	munmap(p->stack, VPROC_STACK);
	free(p);
}

static const struct program_ops vproc_ops = {
	.resume = vproc_resume,
	.handle_signal = vproc_handle_signal,
	.destroy = vproc_destroy,
};

static struct vproc *vproc_new(vproc_fn fn, void *arg)
{
	struct vproc *p = xcalloc(1, sizeof(*p));
	uintptr_t self = (uintptr_t)p;

	p->fn = fn;
	p->arg = arg;
	p->stack = mmap(NULL, VPROC_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert(p->stack != MAP_FAILED);
	getcontext(&p->self);
	p->self.uc_stack.ss_sp = p->stack;
	p->self.uc_stack.ss_size = VPROC_STACK;
	makecontext(&p->self, (void (*)(void))vproc_main, 2, (unsigned)(self >> 32),
		    (unsigned)self);
	return p;
}

int vproc_start(struct host *h, const char *name, vproc_fn fn, void *arg, nsec_t start)
{
	return process_spawn(h, name, &vproc_ops, vproc_new(fn, arg), -1, start)->pid;
}

void *vproc_arg(struct vproc *p)
{
	return p->arg;
}

struct host *vproc_host(struct vproc *p)
{
	return p->u->task->host;
}

nsec_t vproc_now(struct vproc *p)
{
	return host_now(vproc_host(p));
}

static s64 vproc_spawn(struct vproc *p, vproc_fn fn, void *arg, bool thread)
{
	struct spawn_req req = { .ops = &vproc_ops, .program = vproc_new(fn, arg), .name = "child",
				 .thread = thread, .cpu = -1 };

	return vcall(p, CALL_SPAWN, &req);
}

s64 vproc_fork(struct vproc *p, vproc_fn fn, void *arg)
{
	return vproc_spawn(p, fn, arg, false);
}

s64 vproc_thread(struct vproc *p, vproc_fn fn, void *arg)
{
	return vproc_spawn(p, fn, arg, true);
}

s64 vproc_sleep(struct vproc *p, nsec_t ns)
{
	struct timespec ts = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };

	return vcall(p, SYS_nanosleep, &ts, 0);
}

s64 vproc_signal(struct vproc *p, int signo, vproc_handler handler, u64 flags)
{
	struct ksigaction act = { .handler = (u64)(uintptr_t)handler, .flags = flags };

	return vcall(p, SYS_rt_sigaction, signo, &act, 0);
}

/* SPDX-License-Identifier: MIT */
/*
 * Signal handlers of hosted programs.
 *
 * Which signals a task takes, and when, is the simulator's (sim/host/signal.c); the frame, the alternate
 * stack and the restart of the interrupted call are the kernel's, which does them as it always does: the
 * signal is sent for real, its siginfo replaced on the way by the simulated one. The real signal mask
 * stays empty, so that nothing blocks a signal that the simulator delivers and none of the program's own
 * faults is forced; the simulated mask that the handler's return is to restore is written into the frame
 * (struct rt_sigframe, arch/x86: the return address, then struct ucontext).
 */
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/process/hosted_int.h"
#include "stack/siginfo.h"
#include "stack/syscalls.h"

/* Of uc_sigmask in the kernel's struct ucontext: flags, link, stack, sigcontext come before it. */
#define UC_SIGMASK (8 + 8 + 24 + 256)

/* Leaves h in a ptrace stop in which its call has its result. */
static bool stop(struct hosted *h, s64 result)
{
	int status;

	if (h->at != HELD_NOTIFY) {
		hosted_prepare(h, result);
		return true;
	}
	ptrace(PTRACE_INTERRUPT, h->tid, NULL, NULL);
	hosted_answer(h, result);
	status = hosted_waitpid(h->tid);
	if (status != -1 && status >> 16 == PTRACE_EVENT_STOP)
		return true;
	if (status != -1)
		hosted_note(h, status);
	return false;
}

/* Goes on from a ptrace stop to the stop in which the kernel asks whether to deliver signo. */
static bool raise_real(struct hosted *h, int signo)
{
	int status;

	syscall(SYS_tgkill, h->proc->tgid, h->tid, signo);
	for (;;) {
		ptrace(PTRACE_CONT, h->tid, NULL, NULL);
		status = hosted_waitpid(h->tid);
		if (status == -1)
			return false;
		if (WIFSTOPPED(status) && status >> 8 == signo)
			return true;
		if (!WIFSTOPPED(status)) {
			hosted_note(h, status);
			return false;
		}
	}
}

/* From that stop into the first instruction of the handler. */
static bool enter_handler(struct hosted *h, const struct hosted_signal *s)
{
	struct user_regs_struct r;
	u64 none = 0;
	int status;

	ptrace(PTRACE_SINGLESTEP, h->tid, NULL, (void *)(uintptr_t)s->info.signo);
	status = hosted_waitpid(h->tid);
	if (status == -1)
		return false;
	if (!WIFSTOPPED(status) || status >> 8 != SIGTRAP) {
		/* No room for the frame: SIGSEGV. */
		hosted_note(h, status);
		return false;
	}
	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	hosted_write(h, r.rsp + 8 + UC_SIGMASK, &s->mask, sizeof(s->mask));
	ptrace(PTRACE_SETSIGMASK, h->tid, (void *)sizeof(none), &none);
	return true;
}

static bool set_up(struct hosted *h, const struct hosted_signal *s)
{
	siginfo_t info;

	/* A fault is in its signal stop already, with the address in its siginfo. */
	if (h->at == HELD_FAULT && h->status == s->info.signo) {
		h->at = HELD_NEW;
		return enter_handler(h, s);
	}
	if (!raise_real(h, s->info.signo))
		return false;
	siginfo_to_user(&info, &s->info);
	ptrace(PTRACE_SETSIGINFO, h->tid, NULL, &info);
	return enter_handler(h, s);
}

bool hosted_inject(struct hosted *h, s64 result)
{
	u32 n = h->nsignals;

	h->nsignals = 0;
	h->running = true;
	if (!stop(h, result))
		return false;
	for (u32 i = 0; i < n; i++) {
		if (!set_up(h, &h->signals[i]))
			return false;
	}
	h->running = true;
	ptrace(PTRACE_CONT, h->tid, NULL, NULL);
	return true;
}

/* ---- calls --------------------------------------------------------------------------------------- */

/* Both sides must know: the simulator what to do, the kernel where the handler is. */
static s64 do_rt_sigaction(struct task *t, struct hosted *h, const s64 *a)
{
	if (h->args[3] != sizeof(u64))
		return -EINVAL;
	h->answer = ANSWER_NATIVE;
	return sys_rt_sigaction(t, (int)a[0], (const struct ksigaction *)(uintptr_t)a[1], NULL);
}

/* struct rt_sigframe without its first word, which ret has taken: struct ucontext is on top. */
static s64 do_rt_sigreturn(struct task *t, struct hosted *h, const s64 *a)
{
	u64 sp = (u64)ptrace(PTRACE_PEEKUSER, h->tid, offsetof(struct user_regs_struct, rsp), NULL);
	u64 mask, none = 0;

	if (hosted_read(h, sp + UC_SIGMASK, &mask, sizeof(mask)) < 0) {
		utask_exit_group(t, SIGSEGV);
		return 0;
	}
	/* The real mask stays empty. */
	hosted_write(h, sp + UC_SIGMASK, &none, sizeof(none));
	hosted_native_call(h);
	t->blocked.bits = mask & ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1));
	h->answer = ANSWER_AS_IS;
	return 0;
}

const struct hosted_call hosted_signal_calls[] = {
	{ SYS_rt_sigaction, do_rt_sigaction },
	{ SYS_rt_sigreturn, do_rt_sigreturn },
	{ 0, NULL },
};

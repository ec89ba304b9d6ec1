/* SPDX-License-Identifier: MIT */
/*
 * Real threads: letting one go and waiting until it is held again.
 *
 * What holds a thread shows in two places: its calls are notifications on the listener of its seccomp
 * filter (seccomp_unotify(2)), everything else is a ptrace stop (ptrace(2)), told by SIGCHLD. Waiting
 * for both at once would cost a poll(2) for each call. Instead the wait is for a notification, and the
 * handler of SIGCHLD makes that wait fail, also when the signal comes just before it: a handler that
 * interrupts the code between the check of the flag and the system call moves the program counter out
 * of it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "sim/process/hosted_int.h"

/* The only global: a signal handler has nothing else. What has happened since it was looked at. */
#define CHILD_EVENT 1 /* waitpid() may have something */
#define ALARM_EVENT 2 /* a second is over */
volatile int hosted_child_event __attribute__((visibility("hidden")));

/*
 * long hosted_recv(long fd, long cmd, struct seccomp_notif *n): ioctl(2) with the result of the kernel,
 * or -EINTR at once when hosted_child_event is set.
 */
extern long hosted_recv(long fd, long cmd, struct seccomp_notif *n);
extern const char hosted_recv_done[], hosted_recv_abort[];
__asm__(".pushsection .text\n"
	".globl hosted_recv, hosted_recv_done, hosted_recv_abort\n"
	".hidden hosted_recv, hosted_recv_done, hosted_recv_abort\n"
	".type hosted_recv, @function\n"
	"hosted_recv:\n\t"
	"cmpl $0, hosted_child_event(%rip)\n\t"
	"jne hosted_recv_abort\n\t"
	"movl $16, %eax\n\t" /* SYS_ioctl */
	"syscall\n"
	"hosted_recv_done:\n\t"
	"ret\n"
	"hosted_recv_abort:\n\t"
	"movq $-4, %rax\n\t" /* -EINTR */
	"ret\n"
	".size hosted_recv, .-hosted_recv\n"
	".popsection\n");

static void on_signal_event(int sig, siginfo_t *info, void *ctx)
{
	greg_t *rip = &((ucontext_t *)ctx)->uc_mcontext.gregs[REG_RIP];

	hosted_child_event |= sig == SIGALRM ? ALARM_EVENT : CHILD_EVENT;
	if (*rip >= (greg_t)(uintptr_t)hosted_recv &&
	    *rip < (greg_t)(uintptr_t)hosted_recv_done)
		*rip = (greg_t)(uintptr_t)hosted_recv_abort;
}

/* SIGALRM comes once a second, to look after programs that make no calls. */
void hosted_signals_install(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal_event, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval second = { { 1, 0 }, { 1, 0 } };

	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &second, NULL);
}

void hosted_signals_restore(void)
{
	struct itimerval none = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
}

int hosted_waitpid(pid_t tid)
{
	int status;
	pid_t got;

	do {
		got = waitpid(tid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -1 : status;
}

/* ---- being held --------------------------------------------------------------------------------- */

static void held(struct hosted *h, enum hosted_at at)
{
	h->at = at;
	h->running = false;
	h->answer = ANSWER_RESULT;
}

static void on_notification(struct hosted_world *hw, const struct seccomp_notif *n)
{
	struct hosted *h = hosted_find(hw, (pid_t)n->pid);

	assert(h);
	held(h, HELD_NOTIFY);
	h->notify_id = n->id;
	h->nr = n->data.nr;
	memcpy(h->args, n->data.args, sizeof(h->args));
}

static void on_seccomp_stop(struct hosted *h)
{
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	held(h, HELD_ENTRY);
	h->nr = (int)r.orig_rax;
	h->args[0] = r.rdi;
	h->args[1] = r.rsi;
	h->args[2] = r.rdx;
	h->args[3] = r.r10;
	h->args[4] = r.r8;
	h->args[5] = r.r9;
}

/* rdtsc and rdtscp raise SIGSEGV, since the program may not read the real counter (PR_SET_TSC). */
static int tsc_length(struct hosted *h, u64 rip)
{
	u8 b[3] = { 0 };

	if (hosted_read(h, rip, b, 3) < 0 && hosted_read(h, rip, b, 2) < 0)
		return 0;
	return hosted_tsc_length(b);
}

static bool is_fault(int sig, const siginfo_t *info)
{
	return info->si_code > 0 && (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE ||
				     sig == SIGILL || sig == SIGTRAP || sig == SIGSYS);
}

/* Signals that are not faults come from outside the simulation, and do not exist in it. */
static void on_signal(struct hosted *h, int sig)
{
	struct user_regs_struct r;
	siginfo_t info;
	int len;

	if (ptrace(PTRACE_GETSIGINFO, h->tid, NULL, &info) < 0 || !is_fault(sig, &info)) {
		ptrace(PTRACE_CONT, h->tid, NULL, NULL);
		return;
	}
	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	len = sig == SIGSEGV && info.si_code == SI_KERNEL ? tsc_length(h, r.rip) : 0;
	if (len) {
		held(h, HELD_TSC);
		h->stop[0] = (u64)len;
		return;
	}
	held(h, HELD_FAULT);
	h->status = sig;
	h->stop[0] = (u64)(s64)info.si_code;
	h->stop[1] = (u64)(uintptr_t)info.si_addr;
}

void hosted_note(struct hosted *h, int status)
{
	int event = status >> 16;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		held(h, HELD_DEAD);
		h->status = status;
		hosted_set_tid(h, 0);
	} else if (event == PTRACE_EVENT_SECCOMP) {
		on_seccomp_stop(h);
	} else if (event || (WSTOPSIG(status) & 0x80)) {
		ptrace(PTRACE_CONT, h->tid, NULL, NULL);
	} else {
		on_signal(h, WSTOPSIG(status));
	}
}

/* The news is nearly always of the thread that runs: asking for all costs time for each that there is. */
static void reap(struct hosted *h)
{
	struct hosted_world *hw = h->proc->hw;
	int status;
	pid_t tid;

	if (waitpid(h->tid, &status, __WALL | WNOHANG) > 0) {
		hosted_note(h, status);
		return;
	}
	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		h = hosted_find(hw, tid);
		if (h)
			hosted_note(h, status);
	}
}

/* CPU time that the process has used, in seconds; real. */
static s64 cpu_seconds(const struct hosted *h)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(h->proc->tgid, &clock) || clock_gettime(clock, &ts) < 0)
		return 0;
	return ts.tv_sec;
}

/* A loop without calls would go on for ever: virtual time stands still meanwhile. */
static void watch(struct hosted *h, s64 *since)
{
	s64 now = cpu_seconds(h);

	if (*since < 0)
		*since = now;
	if (now - *since < HOSTED_COMPUTE_LIMIT)
		return;
	h->proc->hw->stuck = h;
	kill(h->proc->tgid, SIGKILL);
	hosted_note(h, SIGKILL);
}

static void on_event(struct hosted *h, s64 *since)
{
	int event = hosted_child_event;

	hosted_child_event = 0;
	if (event & ALARM_EVENT)
		watch(h, since);
	if (h->running && event & CHILD_EVENT)
		reap(h);
}

static void wait_held(struct hosted *h)
{
	struct hosted_world *hw = h->proc->hw;
	s64 since = -1;

	while (h->running) {
		struct seccomp_notif n = { 0 };

		if (!hosted_recv(h->proc->listener, (long)SECCOMP_IOCTL_NOTIF_RECV, &n))
			on_notification(hw, &n);
		else
			on_event(h, &since);
	}
}

/* ---- going on ----------------------------------------------------------------------------------- */

static void set_reg(struct hosted *h, size_t offset, u64 v)
{
	ptrace(PTRACE_POKEUSER, h->tid, (void *)offset, (void *)(uintptr_t)v);
}

#define SET_REG(h, reg, v) set_reg(h, offsetof(struct user_regs_struct, reg), (u64)(v))

/* Virtual: one tick for each nanosecond of the host's time. */
static void answer_tsc(struct hosted *h)
{
	struct task *t = h->u->task;
	u64 tsc = (u64)host_now(t->host);
	struct user_regs_struct r;

	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	r.rip += h->stop[0];
	r.rax = (u32)tsc;
	r.rdx = tsc >> 32;
	if (h->stop[0] == 3)
		r.rcx = (u64)t->cpu;
	ptrace(PTRACE_SETREGS, h->tid, NULL, &r);
}

static void answer_notification(struct hosted *h, s64 result)
{
	struct seccomp_notif_resp resp = { .id = h->notify_id };

	if (h->answer == ANSWER_NATIVE && result >= 0)
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else if (result < 0)
		resp.error = (int)result;
	else
		resp.val = result;
	/* ENOENT: it was killed. That will show. */
	ioctl(h->proc->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

void hosted_prepare(struct hosted *h, s64 result)
{
	switch (h->at) {
	case HELD_ENTRY:
		SET_REG(h, orig_rax, -1);
		SET_REG(h, rax, result);
		break;
	case HELD_EXIT:
		if (h->answer != ANSWER_AS_IS)
			SET_REG(h, rax, result);
		break;
	case HELD_TSC:
		answer_tsc(h);
		break;
	case HELD_NEW:
	case HELD_NOTIFY:
	case HELD_FAULT:
	case HELD_DEAD:
		break;
	}
}

void hosted_answer(struct hosted *h, s64 result)
{
	h->running = true;
	if (h->at == HELD_NOTIFY) {
		answer_notification(h, result);
		return;
	}
	hosted_prepare(h, result);
	ptrace(PTRACE_CONT, h->tid, NULL, NULL);
}

bool hosted_native_call(struct hosted *h)
{
	int status;

	ptrace(PTRACE_SYSCALL, h->tid, NULL, NULL);
	status = hosted_waitpid(h->tid);
	if (status != -1 && WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		held(h, HELD_EXIT);
		return true;
	}
	if (status != -1)
		hosted_note(h, status);
	return false;
}

void hosted_run(struct hosted *h, s64 result)
{
	if (h->at == HELD_DEAD)
		return;
	if (hosted_tsc_allowed)
		hosted_tsc_forbid();
	if (h->nsignals)
		hosted_inject(h, result);
	else
		hosted_answer(h, result);
	wait_held(h);
}

/* SPDX-License-Identifier: MIT */
/*
 * Signals on the way back to the program (signal(7)): handlers, default actions, and what becomes
 * of the call that was interrupted ("Interruption of system calls and library functions by signal
 * handlers").
 */
#include <signal.h>
#include <stdlib.h>

#include "stack/siginfo.h"
#include "stack/syscall_priv.h"
#include "stack/timers.h"

#define UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

/* The call's fate, by the action of the first handler that runs. */
static void frame_call(struct utask *u, struct sigframe *f, s64 ret, u32 sa_flags)
{
	bool restart = ret == -ERESTARTNOINTR || (ret == -ERESTARTSYS && (sa_flags & SA_RESTART));

	f->result = u->result;
	if (ret == -ERESTARTSYS || ret == -ERESTARTNOHAND || ret == -EINTR)
		f->result = -EINTR;
	f->restart = restart;
	f->req = u->req;
	f->t_enter = u->t_enter;
	u->frames_restart = restart;
}

/* The frame is the program's own; what is left to tell it is whether the call is made again. */
static void native_frame_call(struct utask *u, s64 ret, u32 sa_flags)
{
	struct sigframe f;

	frame_call(u, &f, ret, sa_flags);
	u->result = f.restart ? -ERESTARTNOINTR : f.result;
}

static void frame_push(struct task *t, const struct siginfo *info, s64 ret, bool first)
{
	struct utask *u = task_utask(t);
	const struct sigaction_state *sa = signal_action(t->proc, info->signo);
	struct sigset mask = u->restore_mask ? u->saved_mask : t->blocked;
	u64 handler = sa->handler;

	u->restore_mask = false;
	if (u->prog->native_frames) {
		if (first)
			native_frame_call(u, ret, sa->flags);
	} else {
		struct sigframe *f = xcalloc(1, sizeof(*f));

		f->mask = mask;
		if (first)
			frame_call(u, f, ret, sa->flags);
		f->next = u->frames;
		u->frames = f;
	}
	t->blocked.bits |= sa->mask.bits;
	if (!(sa->flags & SA_NODEFER))
		t->blocked.bits |= 1ull << (info->signo - 1);
	if (sa->flags & SA_RESETHAND)
		signal_action_set(t->proc, info->signo)->disposition = SIGD_DEFAULT;
	u->prog->handle_signal(u, info, handler, &mask);
}

bool task_dequeue_signal(struct task *t, u64 blocked, struct siginfo *info)
{
	if (!signal_dequeue(t, blocked, info))
		return false;
	if (info->code == SI_TIMER)
		posix_timer_delivered(t->proc, info);
	return true;
}

int signals_deliver(struct task *t, s64 ret)
{
	struct siginfo info;
	int handlers = 0;

	while (task_dequeue_signal(t, t->blocked.bits & ~UNBLOCKABLE, &info)) {
		const struct sigaction_state *sa = signal_action(t->proc, info.signo);

		if (sa->disposition == SIGD_HANDLER) {
			frame_push(t, &info, ret, !handlers++);
			continue;
		}
		if (sa->disposition == SIGD_IGNORE)
			continue;
		switch (signal_default_action(info.signo)) {
		case SIG_ACT_TERM:
		case SIG_ACT_CORE: /* none is dumped: RLIMIT_CORE is 0, or there is nowhere to put it */
			utask_exit_group(t, info.signo);
			return -1;
		case SIG_ACT_STOP:
			signal_stop(t->proc, info.signo);
			break;
		case SIG_ACT_IGN:
		case SIG_ACT_CONT: /* carried out when it was sent: sim/host/signal.c */
			break;
		}
	}
	return handlers;
}

/* SPDX-License-Identifier: MIT */
/*
 * Signal calls: sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2), pause(2). Sending is in
 * kill_syscalls.c.
 */
#include <signal.h>

#include "stack/poll.h"
#include "stack/siginfo.h"
#include "stack/timers.h"

#define SA_KNOWN                                                                                   \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |         \
	 SA_RESETHAND | 0x04000000 /* SA_RESTORER */)
#define UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

s64 sys_rt_sigaction(struct task *t, int signo, const struct ksigaction *act,
		     struct ksigaction *old)
{
	const struct sigaction_state *was;
	struct sigaction_state *sa;

	if (signo < 1 || signo > SIG_MAX || (act && (signo == SIGKILL || signo == SIGSTOP)))
		return -EINVAL;
	was = signal_action(t->proc, signo);
	if (old) {
		old->handler = was->disposition == SIGD_HANDLER ? was->handler :
			       was->disposition == SIGD_IGNORE	? 1 :
								  0;
		old->flags = was->flags;
		old->restorer = 0;
		old->mask = was->mask;
	}
	if (!act)
		return 0;
	sa = signal_action_set(t->proc, signo);
	/*
	 * Bits that the kernel does not know are cleared, so that a program can ask which it knows.
	 */
	sa->flags = (u32)(act->flags & SA_KNOWN);
	sa->mask.bits = act->mask.bits & ~UNBLOCKABLE;
	sa->handler = act->handler;
	sa->disposition = !act->handler	    ? SIGD_DEFAULT :
			  act->handler == 1 ? SIGD_IGNORE :
					      SIGD_HANDLER;
	/* POSIX: what is pending is discarded, blocked or not. */
	if (signal_ignored_by(t->proc, signo))
		signal_discard(t->proc, 1ull << (signo - 1));
	else
		posix_timers_unignore(t->proc, signo);
	return 0;
}

s64 sys_rt_sigprocmask(struct task *t, int how, const struct sigset *set, struct sigset *old)
{
	u64 was = t->blocked.bits, bits;

	if (set) {
		bits = set->bits & ~UNBLOCKABLE;
		switch (how) {
		case SIG_BLOCK:
			t->blocked.bits |= bits;
			break;
		case SIG_UNBLOCK:
			t->blocked.bits &= ~bits;
			break;
		case SIG_SETMASK:
			t->blocked.bits = bits;
			break;
		default:
			return -EINVAL;
		}
	}
	if (old)
		old->bits = was;
	return 0;
}

s64 sys_rt_sigpending(struct task *t, struct sigset *set)
{
	if (!set)
		return -EFAULT;
	set->bits = (t->pending.set.bits | t->proc->sig.pending.set.bits) & t->blocked.bits;
	return 0;
}

static s64 wait_signal(struct task *t, const char *what)
{
	s64 ret = task_wait_on(t, NULL, false, 0, NSEC_NEVER, what);

	return ret == -EPARK ? ret : -ERESTARTNOHAND;
}

s64 sys_rt_sigsuspend(struct task *t, const struct sigset *mask)
{
	if (!mask)
		return -EFAULT;
	task_swap_mask(t, mask);
	return wait_signal(t, "sigsuspend");
}

s64 sys_pause(struct task *t)
{
	return wait_signal(t, "pause");
}

s64 sys_rt_sigtimedwait(struct task *t, const struct sigset *set, siginfo_t *info,
			const struct timespec *timeout)
{
	struct sigset mask;
	struct siginfo si;
	nsec_t timeo;
	s64 ret;

	if (!set)
		return -EFAULT;
	ret = timespec_timeo(timeout, &timeo);
	if (ret)
		return ret;
	if (task_dequeue_signal(t, ~(set->bits & ~UNBLOCKABLE), &si)) {
		if (info)
			siginfo_to_user(info, &si);
		return si.signo;
	}
	/*
	 * While it waits the signals of the set are not blocked, so that they wake it; the blocked ones
	 * are still not dropped for being ignored.
	 */
	if (!task_utask(t)->restore_mask)
		t->real_blocked = t->blocked;
	mask.bits = t->blocked.bits & ~set->bits;
	task_swap_mask(t, &mask);
	ret = task_wait_on(t, NULL, false, 0, timeo, "sigtimedwait");
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/*
 * The driver ends a handler itself (syscall.c); this is for whoever makes the call outside of it.
 */
s64 sys_rt_sigreturn(struct task *t)
{
	return -EFAULT;
}

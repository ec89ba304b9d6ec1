/* SPDX-License-Identifier: MIT */
/*
 * Signal calls: sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2), kill(2), pause(2).
 */
#include <signal.h>
#include <string.h>

#include "stack/capability.h"
#include "stack/poll.h"

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

/* Takes a signal of set although it is blocked. */
static bool take_from(struct task *t, const struct sigset *set, struct siginfo *info)
{
	struct sigset blocked = t->blocked;
	bool found;

	t->blocked.bits = ~(set->bits & ~UNBLOCKABLE);
	found = signal_take(t, info);
	t->blocked = blocked;
	return found;
}

static void siginfo_return(siginfo_t *to, const struct siginfo *info)
{
	if (!to)
		return;
	memset(to, 0, sizeof(*to));
	to->si_signo = info->signo;
	to->si_code = info->code;
	if (info->signo == SIGIO || (info->code >= POLL_IN && info->code <= POLL_HUP &&
				     info->signo >= 32)) {
		to->si_band = info->band;
		to->si_fd = info->fd;
		return;
	}
	to->si_pid = info->pid;
	to->si_uid = info->uid;
	if (info->signo == SIGCHLD)
		to->si_status = info->status;
	else
		to->si_value.sival_ptr = (void *)(intptr_t)info->value;
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
	if (take_from(t, set, &si)) {
		siginfo_return(info, &si);
		return si.signo;
	}
	/* While it waits the signals of the set are not blocked, so that they wake it. */
	mask.bits = t->blocked.bits & ~set->bits;
	task_swap_mask(t, &mask);
	ret = task_wait_on(t, NULL, false, 0, timeo, "sigtimedwait");
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool may_signal(const struct task *t, const struct process *p)
{
	return capable(t, CAP_KILL) || t->proc->uid == p->uid;
}

static s64 kill_one(struct task *t, struct process *p, int signo)
{
	struct siginfo info = { .signo = signo, .code = SI_USER, .pid = t->proc->pid,
				.uid = t->proc->uid };

	if (!may_signal(t, p))
		return -EPERM;
	if (!signo || p->zombie)
		return 0;
	return signal_send_process(p, &info);
}

s64 sys_kill(struct task *t, int pid, int signo)
{
	struct process *p;
	s64 ret = -ESRCH;

	if (signo < 0 || signo > SIG_MAX)
		return -EINVAL;
	if (pid > 0) {
		p = process_find(t->host, pid);
		return p ? kill_one(t, p, signo) : -ESRCH;
	}
	list_for_each_entry(p, &t->host->processes, node) {
		s64 err;

		if (pid == -1 ? p == t->proc : p->pgid != (pid ? -pid : t->proc->pgid))
			continue;
		err = kill_one(t, p, signo);
		if (!err || ret == -ESRCH)
			ret = err;
	}
	return ret;
}

static s64 kill_thread(struct task *t, int pid, int tid, int signo)
{
	struct siginfo info = { .signo = signo, .code = SI_TKILL, .pid = t->proc->pid,
				.uid = t->proc->uid };
	struct task *to;

	if (tid <= 0 || signo < 0 || signo > SIG_MAX)
		return -EINVAL;
	to = task_find(t->host, tid);
	if (!to || !to->proc || (pid && to->proc->pid != pid))
		return -ESRCH;
	if (!may_signal(t, to->proc))
		return -EPERM;
	return signo ? signal_send_task(to, &info) : 0;
}

s64 sys_tkill(struct task *t, int tid, int signo)
{
	return kill_thread(t, 0, tid, signo);
}

s64 sys_tgkill(struct task *t, int pid, int tid, int signo)
{
	return pid <= 0 ? -EINVAL : kill_thread(t, pid, tid, signo);
}

/*
 * The driver ends a handler itself (syscall.c); this is for whoever makes the call outside of it.
 */
s64 sys_rt_sigreturn(struct task *t)
{
	return -EFAULT;
}

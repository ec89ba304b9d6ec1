/* SPDX-License-Identifier: MIT */
/*
 * Sending signals: kill(2), tgkill(2), rt_sigqueueinfo(2), and who may (kill(2), "For a process to
 * have permission").
 */
#include <limits.h>
#include <signal.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/siginfo.h"
#include "stack/syscall_priv.h"

#define INIT_PID 1

bool may_signal(const struct task *t, const struct process *p, int signo)
{
	struct cred mine, theirs;

	if (t->proc == p || capable(t, CAP_KILL))
		return true;
	mine = process_cred(t->proc);
	theirs = process_cred(p);
	if (mine.euid == theirs.suid || mine.euid == theirs.ruid || mine.ruid == theirs.suid ||
	    mine.ruid == theirs.ruid)
		return true;
	return signo == SIGCONT && p->sid == t->proc->sid;
}

static struct siginfo user_info(const struct task *t, int signo, int code)
{
	return (struct siginfo){ .signo = signo, .code = code, .pid = t->proc->pid,
				 .uid = process_cred(t->proc).ruid };
}

s64 signal_process_checked(struct task *t, struct process *p, const struct siginfo *info)
{
	if (!may_signal(t, p, info->signo))
		return -EPERM;
	return info->signo ? signal_send_process(p, info) : 0;
}

/* Init takes no signal that it has no handler for, and there is nobody to have one. */
static s64 kill_init(const struct task *t)
{
	return capable(t, CAP_KILL) ? 0 : -EPERM;
}

static s64 kill_group(struct task *t, int pgid, const struct siginfo *info)
{
	struct process *p;
	s64 ret = -ESRCH;

	list_for_each_entry(p, &t->host->processes, node) {
		if (p->pgid == pgid && ret)
			ret = signal_process_checked(t, p, info);
		else if (p->pgid == pgid)
			signal_process_checked(t, p, info);
	}
	return ret;
}

/* Everybody but init and the caller. That some may not be signalled is no error. */
static s64 kill_all(struct task *t, const struct siginfo *info)
{
	struct process *p;
	bool any = false;
	s64 ret = 0;

	list_for_each_entry(p, &t->host->processes, node) {
		s64 err;

		if (p == t->proc)
			continue;
		any = true;
		err = signal_process_checked(t, p, info);
		if (err != -EPERM)
			ret = err;
	}
	return any ? ret : -ESRCH;
}

s64 sys_kill(struct task *t, int pid, int signo)
{
	struct siginfo info = user_info(t, signo, SI_USER);
	struct process *p;

	/* Numbers of signals are looked at only where there is somebody to signal. */
	if (pid == INT_MIN)
		return -ESRCH;
	if (signo < 0 || signo > SIG_MAX)
		return pid > 0 && pid != INIT_PID && !process_find_any(t->host, pid) ? -ESRCH :
										       -EINVAL;
	if (pid == -1)
		return kill_all(t, &info);
	if (pid <= 0)
		return kill_group(t, pid ? -pid : t->proc->pgid, &info);
	p = process_find_any(t->host, pid);
	if (!p)
		return pid == INIT_PID ? kill_init(t) : -ESRCH;
	return signal_process_checked(t, p, &info);
}

static s64 signal_thread(struct task *t, int pid, int tid, const struct siginfo *info)
{
	struct task *to = task_find(t->host, tid);

	if (!to || !to->proc || (pid > 0 && to->proc->pid != pid))
		return -ESRCH;
	if (info->signo < 0 || info->signo > SIG_MAX)
		return -EINVAL;
	if (!may_signal(t, to->proc, info->signo))
		return -EPERM;
	return info->signo ? signal_send_task(to, info) : 0;
}

s64 sys_tkill(struct task *t, int tid, int signo)
{
	struct siginfo info = user_info(t, signo, SI_TKILL);

	return tid <= 0 ? -EINVAL : signal_thread(t, 0, tid, &info);
}

s64 sys_tgkill(struct task *t, int pid, int tid, int signo)
{
	struct siginfo info = user_info(t, signo, SI_TKILL);

	return pid <= 0 || tid <= 0 ? -EINVAL : signal_thread(t, pid, tid, &info);
}

/* Only to itself may a process pretend that the kernel, kill() or tgkill() sent a signal. */
static bool forged(const struct task *t, int pid, int code)
{
	return (code >= 0 || code == SI_TKILL) && t->proc->pid != pid;
}

s64 sys_rt_sigqueueinfo(struct task *t, int pid, int signo, const siginfo_t *user)
{
	struct siginfo info;
	struct process *p;

	if (!user)
		return -EFAULT;
	siginfo_from_user(&info, user);
	info.signo = signo;
	if (forged(t, pid, info.code))
		return -EPERM;
	p = process_find_any(t->host, pid);
	if (!p)
		return pid == INIT_PID ? kill_init(t) : -ESRCH;
	if (signo < 0 || signo > SIG_MAX)
		return -EINVAL;
	return signal_process_checked(t, p, &info);
}

s64 sys_rt_tgsigqueueinfo(struct task *t, int pid, int tid, int signo, const siginfo_t *user)
{
	struct siginfo info;

	if (!user)
		return -EFAULT;
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	siginfo_from_user(&info, user);
	info.signo = signo;
	if (forged(t, pid, info.code))
		return -EPERM;
	return signal_thread(t, pid, tid, &info);
}

/* SPDX-License-Identifier: MIT */
/*
 * Who is told by a signal that an open file has something to do (fcntl(2), "Managing signals";
 * socket(7), "Signals"): a process, a thread or a process group owns the description, SIGIO or
 * F_SETSIG's signal comes with O_ASYNC, SIGURG without.
 */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "sim/host/process.h"
#include "stack/file.h"
#include "stack/syscalls.h"

/* ---- owners ------------------------------------------------------------------------------------
 */

/* A number that any thread, process, group or session has. */
static bool pid_in_use(struct host *h, int pid)
{
	struct process *p;

	if (task_find(h, pid))
		return true;
	list_for_each_entry (p, &h->processes, node) {
		if (p->pid == pid || p->pgid == pid || p->sid == pid)
			return true;
	}
	return false;
}

static s64 set_owner(struct task *t, struct file *f, int pid, bool thread)
{
	if (pid && !pid_in_use(t->host, pid < 0 ? -pid : pid))
		return -ESRCH;
	f->owner_pid = pid;
	f->owner_thread = thread;
	f->owner_ruid = process_cred(t->proc).ruid;
	f->owner_euid = t->proc->uid;
	return 0;
}

s64 file_set_owner(struct task *t, struct file *f, int pid)
{
	return pid == INT_MIN ? -EINVAL : set_owner(t, f, pid, false);
}

int file_owner(const struct file *f)
{
	struct process *p;

	if (f->owner_thread)
		return task_find(f->host, f->owner_pid) ? f->owner_pid : 0;
	list_for_each_entry (p, &f->host->processes, node) {
		if (f->owner_pid > 0 ? p->pid == f->owner_pid : p->pgid == -f->owner_pid)
			return f->owner_pid;
	}
	return 0;
}

static s64 owner_ex(struct task *t, struct file *f, int cmd, s64 arg)
{
	struct f_owner_ex *ex = (struct f_owner_ex *)(uintptr_t)arg;

	if (!ex)
		return -EFAULT;
	if (cmd == F_GETOWN_EX) {
		ex->type = f->owner_thread    ? F_OWNER_TID
			   : f->owner_pid < 0 ? F_OWNER_PGRP
					      : F_OWNER_PID;
		ex->pid = abs(file_owner(f));
		return 0;
	}
	if (ex->type != F_OWNER_TID && ex->type != F_OWNER_PID && ex->type != F_OWNER_PGRP)
		return -EINVAL;
	if (ex->pid < 0)
		return -ESRCH;
	return set_owner(t, f, ex->type == F_OWNER_PGRP ? -ex->pid : ex->pid,
			 ex->type == F_OWNER_TID);
}

s64 file_owner_fcntl(struct task *t, struct file *f, int cmd, s64 arg)
{
	switch (cmd) {
	case F_SETOWN:
		return file_set_owner(t, f, (int)arg);
	case F_GETOWN:
		return file_owner(f);
	case F_SETOWN_EX:
	case F_GETOWN_EX:
		return owner_ex(t, f, cmd, arg);
	case F_SETSIG:
		if (arg < 0 || arg > SIG_MAX)
			return -EINVAL;
		f->owner_sig = (int)arg;
		return 0;
	case F_GETSIG:
		return f->owner_sig;
	default:
		return -EINVAL;
	}
}

/* ---- signals -----------------------------------------------------------------------------------
 */

/* As kill(2) would, but that no capability helps (sigio_perm() in Linux's fs/fcntl.c). */
static bool sigio_allowed(const struct file *f, const struct process *p)
{
	struct cred c = process_cred(p);

	return !f->owner_euid || f->owner_euid == c.suid || f->owner_euid == c.ruid ||
	       f->owner_ruid == c.suid || f->owner_ruid == c.ruid;
}

static void signal_owner(struct file *f, const struct siginfo *info)
{
	static const struct siginfo lost = {.signo = SIGIO, .code = SI_KERNEL};
	struct task *t;
	struct process *p;

	if (f->owner_thread) {
		t = task_find(f->host, f->owner_pid);
		if (!t || !t->proc || !sigio_allowed(f, t->proc))
			return;
		if (signal_send_task(t, info) == -EAGAIN && info->signo != SIGIO)
			signal_send_task(t, &lost);
		return;
	}
	list_for_each_entry (p, &f->host->processes, node) {
		if (f->owner_pid > 0 ? p->pid != f->owner_pid : p->pgid != -f->owner_pid)
			continue;
		if (!sigio_allowed(f, p))
			continue;
		/* The queue is full: a plain SIGIO says that something was lost (fcntl(2)). */
		if (signal_send_process(p, info) == -EAGAIN && info->signo != SIGIO)
			signal_send_process(p, &lost);
	}
}

/* si_band follows from si_code alone, whatever poll() would say (band_table[] of fs/fcntl.c). */
static u32 band_of(int code)
{
	switch (code) {
	case POLL_IN:
		return EPOLLIN | EPOLLRDNORM;
	case POLL_OUT:
		return EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
	case POLL_MSG:
		return EPOLLIN | EPOLLRDNORM | EPOLLMSG;
	case POLL_ERR:
		return EPOLLERR;
	case POLL_PRI:
		return EPOLLPRI | EPOLLRDBAND;
	default:
		return EPOLLHUP | EPOLLERR;
	}
}

/* Signals whose codes mean something else already. */
static bool has_own_codes(int signo)
{
	switch (signo) {
	case SIGILL:
	case SIGFPE:
	case SIGSEGV:
	case SIGBUS:
	case SIGTRAP:
	case SIGCHLD:
	case SIGSYS:
		return true;
	default:
		return false;
	}
}

void kill_fasync(struct file *f, int code)
{
	struct siginfo info = {.signo = SIGIO, .code = SI_KERNEL};

	if (!(f->flags & O_ASYNC) || !f->owner_pid)
		return;
	if (f->owner_sig) {
		info.signo = f->owner_sig;
		info.code = has_own_codes(f->owner_sig) ? SI_SIGIO : code;
		info.band = band_of(code);
		info.fd = f->async_fd;
	}
	signal_owner(f, &info);
}

void send_sigurg_owner(struct file *f)
{
	struct siginfo info = {.signo = SIGURG, .code = SI_KERNEL};

	if (!f->owner_pid)
		return;
	signal_owner(f, &info);
	kill_fasync(f, POLL_PRI);
}

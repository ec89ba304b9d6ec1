/* SPDX-License-Identifier: MIT */
/*
 * wait4(2) and waitid(2): children that have ended, stopped or gone on.
 */
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "sim/host/process.h"
#include "stack/pidfd.h"
#include "stack/syscall_priv.h"

#define WAIT_CLONE_OPTIONS (u32)(__WNOTHREAD | __WALL | __WCLONE)
#define NONE (-1) /* no child is in a state that is asked for */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* What is waited for, and what was found. */
struct wait_opts {
	int type, id; /* P_PID, P_PGID, P_ALL */
	u32 options;
	/* Found: */
	int pid;
	u32 uid;
	int status;	 /* wait4's */
	int code, value; /* waitid's si_code and si_status */
	struct cpu_usage usage;
};

static bool eligible(const struct task *t, const struct process *child, const struct wait_opts *w)
{
	if (w->type == P_PID && child->pid != w->id)
		return false;
	if (w->type == P_PGID && child->pgid != w->id)
		return false;
	if (w->options & __WNOTHREAD && child->parent_tid != t->tid)
		return false;
	/* A "clone" child is one that ends with another signal than SIGCHLD. */
	return w->options & __WALL ||
	       (child->exit_signal != SIGCHLD) == !!(w->options & (u32)__WCLONE);
}

static void usage_add(struct cpu_usage *sum, const struct cpu_usage *u)
{
	sum->utime += u->utime;
	sum->stime += u->stime;
	sum->nvcsw += u->nvcsw;
	sum->nivcsw += u->nivcsw;
}

static void found(struct wait_opts *w, const struct process *child)
{
	w->pid = child->pid;
	w->uid = process_cred(child).ruid;
	w->usage = process_usage(child);
	usage_add(&w->usage, &process_attr(child)->children);
}

static bool wait_zombie(struct process *parent, struct process *child, struct wait_opts *w)
{
	if (!(w->options & WEXITED))
		return false;
	found(w, child);
	w->status = child->status;
	wait_status_split(child->status, &w->code, &w->value);
	if (!(w->options & WNOWAIT)) {
		process_usage_reap(parent, child);
		process_reap(child);
	}
	return true;
}

static bool wait_job(struct process *child, struct wait_opts *w)
{
	if (child->stop_signal && w->options & WSTOPPED) {
		found(w, child);
		w->code = CLD_STOPPED;
		w->value = child->stop_signal;
		w->status = W_STOPCODE(child->stop_signal);
		if (!(w->options & WNOWAIT))
			child->stop_signal = 0;
		return true;
	}
	if (child->continued && w->options & WCONTINUED) {
		found(w, child);
		w->code = CLD_CONTINUED;
		w->value = SIGCONT;
		w->status = __W_CONTINUED;
		if (!(w->options & WNOWAIT))
			child->continued = false;
		return true;
	}
	return false;
}

/* The child's pid; 0: WNOHANG and none. */
static s64 do_wait(struct task *t, struct wait_opts *w, const char *what)
{
	struct process *child;
	bool any = false;

	w->pid = 0;
	list_for_each_entry(child, &t->proc->children, sibling) {
		if (!eligible(t, child, w))
			continue;
		/* A zombie does nothing any more: no reason to wait for a stop. */
		any |= !child->zombie;
		if (child->zombie ? wait_zombie(t->proc, child, w) : wait_job(child, w))
			return w->pid;
	}
	if (!any)
		return -ECHILD;
	if (w->options & WNOHANG)
		return 0;
	return task_wait_on(t, &t->proc->wait_child, false, 0, NSEC_NEVER, what);
}

s64 sys_wait4(struct task *t, int pid, int *status, int options, struct rusage *ru)
{
	struct wait_opts w = { .type = P_ALL, .options = (u32)options | WEXITED };
	s64 ret;

	if ((u32)options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_CLONE_OPTIONS))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	if (pid > 0) {
		w.type = P_PID;
		w.id = pid;
	} else if (pid != -1) {
		w.type = P_PGID;
		w.id = pid ? -pid : t->proc->pgid;
	}
	ret = do_wait(t, &w, "wait4");
	if (ret > 0 && status)
		*status = w.status;
	if (ret > 0 && ru)
		rusage_fill(ru, &w.usage);
	return ret;
}

/* 0, or why there is nothing that could be waited for. */
static s64 waitid_target(struct task *t, int type, int id, struct wait_opts *w, bool *nonblock)
{
	w->type = type;
	w->id = id;
	switch (type) {
	case P_ALL:
		return 0;
	case P_PID:
		return id > 0 ? 0 : -EINVAL;
	case P_PGID:
		w->id = id ? id : t->proc->pgid;
		return id >= 0 ? 0 : -EINVAL;
	case P_PIDFD:
		if (id < 0)
			return -EINVAL;
		w->type = P_PID;
		w->id = pidfd_pid(t, id, nonblock);
		return min(w->id, 0);
	default:
		return -EINVAL;
	}
}

s64 sys_waitid(struct task *t, int type, int id, siginfo_t *info, int options, struct rusage *ru)
{
	struct wait_opts w = { .options = (u32)options };
	bool nonblock = false;
	s64 ret;

	if ((u32)options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
			     WAIT_CLONE_OPTIONS) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	ret = waitid_target(t, type, id, &w, &nonblock);
	if (ret)
		return ret;
	if (nonblock)
		w.options |= WNOHANG;
	ret = do_wait(t, &w, "waitid");
	if (!ret && nonblock && !(options & WNOHANG))
		ret = -EAGAIN;
	if (ret < 0)
		return ret;
	if (ret && ru)
		rusage_fill(ru, &w.usage);
	if (info) {
		memset(info, 0, sizeof(*info));
		if (ret) {
			info->si_signo = SIGCHLD;
			info->si_code = w.code;
			info->si_pid = w.pid;
			info->si_uid = w.uid;
			info->si_status = w.value;
		}
	}
	return 0;
}

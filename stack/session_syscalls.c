/* SPDX-License-Identifier: MIT */
/*
 * Parents, process groups and sessions (credentials(7), setpgid(2), setsid(2)). There is no
 * terminal, so no session has one. Process 1 is init: the parent of whatever has no other, in a
 * session of its own; nothing else of it exists.
 */
#include "stack/syscalls.h"

#define INIT_PID 1

s64 sys_getppid(struct task *t)
{
	return t->proc->parent ? t->proc->parent->pid : INIT_PID;
}

/* A process of the group in session sid. */
static struct process *pgrp_member(struct host *h, int pgid, int sid)
{
	struct process *p;

	list_for_each_entry(p, &h->processes, node) {
		if (p->pgid == pgid && (!sid || p->sid == sid))
			return p;
	}
	return NULL;
}

s64 sys_setpgid(struct task *t, int pid, int pgid)
{
	struct process *self = t->proc, *p;
	struct task *thread;

	if (!pid)
		pid = self->pid;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	p = process_find(t->host, pid);
	if (!p) {
		thread = task_find(t->host, pid);
		return thread && thread->proc ? -EINVAL : -ESRCH;
	}
	if (p->parent == self) {
		if (p->sid != self->sid)
			return -EPERM;
		if (p->execed)
			return -EACCES;
	} else if (p != self) {
		return -ESRCH;
	}
	/* Leaders of sessions stay in their group. */
	if (p->sid == p->pid || (pgid != pid && !pgrp_member(t->host, pgid, self->sid)))
		return -EPERM;
	p->pgid = pgid;
	return 0;
}

s64 sys_getpgid(struct task *t, int pid)
{
	struct process *p = pid ? process_find_any(t->host, pid) : t->proc;

	if (!p)
		return pid == INIT_PID ? INIT_PID : -ESRCH;
	return p->pgid;
}

s64 sys_getsid(struct task *t, int pid)
{
	struct process *p = pid ? process_find_any(t->host, pid) : t->proc;

	if (!p)
		return pid == INIT_PID ? INIT_PID : -ESRCH;
	return p->sid;
}

s64 sys_setsid(struct task *t)
{
	struct process *p = t->proc;

	/* A new session would have a group that exists already. */
	if (p->sid == p->pid || pgrp_member(t->host, p->pid, 0))
		return -EPERM;
	p->sid = p->pgid = p->pid;
	return p->pid;
}

/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads: fork, exec, exit, who they are.
 */
#include <stdio.h>

#include "stack/cred.h"
#include "stack/syscall_priv.h"
#include "stack/timers.h"

/* ---- birth and death ------------------------------------------------------------------------- */

/*
 * What a child has of its parent (fork(2)): descriptors, dispositions, identity; no pending
 * signals.
 */
static struct process *fork_process(struct task *t, const struct spawn_req *req)
{
	struct process *parent = t->proc;
	struct process *p = process_new(t->host, parent, req->name);

	if (req->share_files) {
		p->files = parent->files;
		files_get(p->files);
	} else {
		p->files = files_dup(parent->files);
	}
	signal_actions_copy(p, parent);
	p->pgid = parent->pgid;
	p->sid = parent->sid;
	p->user_step_cost = parent->user_step_cost;
	p->nofile = parent->nofile;
	p->nofile_max = parent->nofile_max;
	p->oom_score_adj = parent->oom_score_adj;
	return p;
}

static void handlers_to_default(struct process *p)
{
	for (int sig = 1; sig <= SIG_MAX; sig++) {
		if (signal_action(p, sig)->disposition == SIGD_HANDLER)
			*signal_action_set(p, sig) = (struct sigaction_state){ 0 };
	}
}

s64 sys_spawn(struct task *t, struct spawn_req *req)
{
	struct process *p;
	struct task *child;

	if (t->host->ntasks >= t->host->max_tasks)
		return -EAGAIN;
	p = req->thread ? t->proc : fork_process(t, req);
	if (!req->thread && req->exit_signal)
		p->exit_signal = (u8)max(req->exit_signal, 0);
	child = utask_start(t->host, p, req->name, req->ops, req->program, req->cpu,
			    host_now(t->host));
	if (req->clear_handlers && !req->thread)
		handlers_to_default(p);
	req->program = NULL;
	child->blocked = t->blocked;
	if (req->cpu < 0)
		task_set_affinity(child, t->affinity);
	return child->tid;
}

static void close_on_exec(struct task *t)
{
	struct files_struct *fs = t->proc->files;

	if (fs->refs > 1) { /* unshared by execve(2) */
		t->proc->files = files_dup(fs);
		files_put(t, fs);
		fs = t->proc->files;
	}
	for (u32 fd = 0; fd < fs->nfd; fd++) {
		if (fs->fd[fd].file && fs->fd[fd].cloexec)
			file_put(NULL, fd_remove(fs, (int)fd));
	}
}

void utask_exec(struct task *t, const char *name)
{
	struct process *p = t->proc, *child;
	struct task *other, *tmp;

	list_for_each_entry_safe(other, tmp, &p->threads, thread_node) {
		if (other != t)
			utask_exit(other, 0);
	}
	t->tid = p->pid;
	list_for_each_entry(child, &p->children, sibling)
		child->parent_tid = p->pid;
	p->execed = true;
	p->exit_signal = SIGCHLD;
	if (p->timers)
		posix_timers_delete(p->timers);
	if (p->attr)
		p->attr->membarrier = 0;
	cred_exec(p);
	close_on_exec(t);
	handlers_to_default(p);
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(t->name, sizeof(t->name), "%s", name);
}

s64 sys_exit(struct task *t, int status)
{
	utask_exit(t, (status & 0xff) << 8);
	return 0;
}

s64 sys_exit_group(struct task *t, int status)
{
	utask_exit_group(t, (status & 0xff) << 8);
	return 0;
}

/* ---- identities ------------------------------------------------------------------------------ */

s64 sys_getpid(struct task *t)
{
	return t->proc->pid;
}

s64 sys_gettid(struct task *t)
{
	return t->tid;
}

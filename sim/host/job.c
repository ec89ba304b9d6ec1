/* SPDX-License-Identifier: MIT */
/*
 * Parents and children, process groups and sessions: who is told of what became of a process, who
 * gets its orphans, and what happens to a group that nobody controls any more (wait(2), setpgid(2),
 * prctl(2) PR_SET_CHILD_SUBREAPER and PR_SET_PDEATHSIG).
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "sim/host/process.h"

#define NSEC_PER_TICK (NSEC_PER_SEC / 100) /* USER_HZ */

void wait_status_split(int status, int *code, int *value)
{
	if (WIFEXITED(status)) {
		*code = CLD_EXITED;
		*value = WEXITSTATUS(status);
	} else {
		*code = WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
		*value = WTERMSIG(status);
	}
}

static struct siginfo child_info(const struct process *p, int signo)
{
	return (struct siginfo){
		.signo = signo, .pid = p->pid, .uid = process_cred(p).ruid,
		.utime = p->utime / NSEC_PER_TICK,
		.stime = (p->cpu_time - p->utime) / NSEC_PER_TICK,
	};
}

bool process_notify_parent(struct process *p)
{
	struct siginfo info = child_info(p, p->exit_signal);
	struct process *parent = p->parent;
	const struct sigaction_state *sa;
	bool autoreap = false;

	if (!parent)
		return true; /* init waits for everybody */
	wait_status_split(p->status, &info.code, &info.status);
	wake_up_all(&parent->wait_child, 0);
	sa = signal_action(parent, SIGCHLD);
	if (p->exit_signal == SIGCHLD) {
		/* Ignored on purpose: the child is not to be waited for (wait(2), notes). */
		autoreap = sa->disposition == SIGD_IGNORE || sa->flags & SA_NOCLDWAIT;
		if (sa->disposition == SIGD_IGNORE)
			return true;
	}
	if (p->exit_signal)
		signal_send_process(parent, &info);
	return autoreap;
}

void process_notify_job(struct process *p, int code, int signo)
{
	struct siginfo info = child_info(p, SIGCHLD);
	const struct sigaction_state *sa;

	if (!p->parent)
		return;
	info.code = code;
	info.status = signo;
	sa = signal_action(p->parent, SIGCHLD);
	if (sa->disposition != SIGD_IGNORE && !(sa->flags & SA_NOCLDSTOP))
		signal_send_process(p->parent, &info);
	wake_up_all(&p->parent->wait_child, 0);
}

/* ---- groups ---------------------------------------------------------------------------------- */

bool pgrp_orphaned(struct host *h, int pgid, const struct process *ignored)
{
	struct process *p;

	list_for_each_entry(p, &h->processes, node) {
		if (p->pgid != pgid || p == ignored || p->zombie || !p->parent)
			continue;
		if (p->parent->pgid != pgid && p->parent->sid == p->sid)
			return false;
	}
	return true;
}

static bool has_stopped(struct host *h, int pgid)
{
	struct process *p;

	list_for_each_entry(p, &h->processes, node) {
		if (p->pgid == pgid && p->stopped)
			return true;
	}
	return false;
}

void pgrp_exit(struct process *p, struct process *child)
{
	struct process *member = child ? child : p, *parent = child ? p : p->parent, *q;
	int pgid = member->pgid;

	if (!parent || parent->pgid == pgid || parent->sid != member->sid ||
	    !pgrp_orphaned(p->host, pgid, child ? NULL : p) || !has_stopped(p->host, pgid))
		return;
	list_for_each_entry(q, &p->host->processes, node) {
		if (q->pgid != pgid)
			continue;
		signal_send_process(q, &(struct siginfo){ .signo = SIGHUP, .code = SI_KERNEL });
		signal_send_process(q, &(struct siginfo){ .signo = SIGCONT, .code = SI_KERNEL });
	}
}

/* ---- orphans --------------------------------------------------------------------------------- */

/* Another thread of p, or the nearest ancestor that wants orphans. NULL: init. */
static struct process *find_reaper(struct process *p)
{
	for (struct process *q = p->parent; q; q = q->parent) {
		if (process_attr(q)->subreaper && !q->zombie && !list_empty(&q->threads))
			return q;
	}
	return NULL;
}

static void parent_died(struct process *child, struct process *p)
{
	int signo = process_attr(child)->pdeath_signal;

	if (signo)
		signal_send_process(child, &(struct siginfo){ .signo = signo, .code = SI_USER,
							      .pid = p->pid,
							      .uid = process_cred(p).ruid });
}

static void adopt(struct process *child, struct process *p, struct process *reaper)
{
	list_del_init(&child->sibling);
	child->parent = reaper;
	child->parent_tid = reaper ? reaper->pid : 0;
	child->exit_signal = SIGCHLD;
	if (reaper)
		list_add_tail(&child->sibling, &reaper->children);
	if (!child->zombie)
		parent_died(child, p);
	else if (process_notify_parent(child))
		process_reap(child);
}

void process_reparent(struct process *p, struct task *t)
{
	struct process *child, *tmp, *reaper;

	if (t) {
		/* Other threads go on: the first of them is the parent now. */
		struct task *heir = list_first_entry(&p->threads, struct task, thread_node);

		list_for_each_entry(child, &p->children, sibling) {
			if (child->parent_tid != t->tid)
				continue;
			child->parent_tid = heir->tid;
			if (!child->zombie)
				parent_died(child, p);
		}
		return;
	}
	reaper = find_reaper(p);
	list_for_each_entry_safe(child, tmp, &p->children, sibling) {
		if (!child->zombie) {
			/* p is no link to the group any more once the child is not its own. */
			child->parent = reaper;
			pgrp_exit(p, child);
			child->parent = p;
		}
		adopt(child, p, reaper);
	}
}

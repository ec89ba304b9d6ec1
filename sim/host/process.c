/* SPDX-License-Identifier: MIT */
/*
 * Processes: what threads share.
 */
#include "sim/host/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host/sched.h"

/* In order of pid: new ones are nearly always last. */
static void insert_by_pid(struct host *h, struct process *p)
{
	struct list_head *at = h->processes.prev;

	while (at != &h->processes && list_entry(at, struct process, node)->pid > p->pid)
		at = at->prev;
	list_add(&p->node, at);
}

struct process *process_new(struct host *h, struct process *parent, const char *name)
{
	struct process *p = xcalloc(1, sizeof(*p));

	p->host = h;
	p->pid = h->next_pid++;
	p->caps = CAP_FULL_SET;
	p->nofile = 1024;
	p->exit_signal = SIGCHLD;
	strncpy(p->name, name, sizeof(p->name) - 1);
	list_init(&p->threads);
	list_init(&p->children);
	list_init(&p->sibling);
	wait_queue_init(&p->wait_child, h);
	signal_queue_init(&p->sig.pending);
	p->user_step_cost = h->cost.v[COST_USER_STEP];
	insert_by_pid(h, p);
	if (parent) {
		struct task *t = task_current(h);

		p->parent = parent;
		p->parent_tid = t && t->proc == parent ? t->tid : parent->pid;
		list_add_tail(&p->sibling, &parent->children);
		p->uid = parent->uid;
		p->gid = parent->gid;
		p->caps = parent->caps;
		p->nofile = parent->nofile;
		p->user_step_cost = parent->user_step_cost;
		process_attr_copy(p, parent);
	}
	return p;
}

static void attr_free(struct process *p)
{
	struct process_attr *a = p->attr;

	if (!a)
		return;
	while (!list_empty(&a->refs)) {
		struct process_ref *r = list_first_entry(&a->refs, struct process_ref, node);

		list_del_init(&r->node);
		r->proc = NULL;
	}
	pid_ref_put(a->pid);
	/* Another process's epoll instance may still wait for its signals: in vain. */
	while (wait_queue_active(&a->signalfd))
		wait_remove(list_first_entry(&a->signalfd.list, struct wait_entry, node));
	if (a->cred)
		free(a->cred->groups);
	free(a->cred);
	free(a);
}

void process_free(struct process *p)
{
	struct process *child, *next;

	/* At the end of the world parents may go before their children. */
	list_for_each_entry_safe(child, next, &p->children, sibling) {
		child->parent = NULL;
		list_del_init(&child->sibling);
	}
	list_del_init(&p->node);
	list_del_init(&p->sibling);
	signal_queue_clear(&p->sig.pending);
	free(p->sig.actions);
	attr_free(p);
	free(p);
}

void process_reap(struct process *p)
{
	assert(p->zombie && list_empty(&p->threads));
	process_free(p);
}

struct process *process_find(struct host *h, int pid)
{
	struct process *p;

	list_for_each_entry(p, &h->processes, node) {
		if (p->pid == pid)
			return p;
	}
	return NULL;
}

struct process *process_find_any(struct host *h, int tid)
{
	struct process *p = process_find(h, tid);
	struct task *t;

	if (p)
		return p;
	t = task_find(h, tid);
	return t ? t->proc : NULL;
}

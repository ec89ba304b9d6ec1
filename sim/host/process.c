/* SPDX-License-Identifier: MIT */
/*
 * Processes: what threads share.
 */
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
	p->caps = ~0ull;
	p->nofile = 1024;
	strncpy(p->name, name, sizeof(p->name) - 1);
	list_init(&p->threads);
	list_init(&p->children);
	list_init(&p->sibling);
	wait_queue_init(&p->wait_child, h);
	signal_queue_init(&p->sig.pending);
	p->user_step_cost = h->cost.v[COST_USER_STEP];
	insert_by_pid(h, p);
	if (parent) {
		p->parent = parent;
		list_add_tail(&p->sibling, &parent->children);
		p->uid = parent->uid;
		p->gid = parent->gid;
		p->caps = parent->caps;
		p->nofile = parent->nofile;
		p->user_step_cost = parent->user_step_cost;
	}
	return p;
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

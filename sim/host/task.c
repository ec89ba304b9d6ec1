/* SPDX-License-Identifier: MIT */
/*
 * Tasks: birth, death, affinity.
 */
#include "sim/host/task.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "sim/engine/trace.h"
#include "sim/host/process.h"
#include "sim/host/sched.h"

static void set_name(char to[TASK_NAME_LEN], const char *name)
{
	size_t len = strlen(name);

	len = min(len, (size_t)TASK_NAME_LEN - 1);
	memcpy(to, name, len);
	to[len] = '\0';
}

struct task *task_new_at(struct host *h, struct process *proc, const char *name,
			 const struct task_ops *ops, void *priv, int cpu, nsec_t start)
{
	struct task *t = xcalloc(1, sizeof(*t));

	t->host = h;
	t->proc = proc;
	t->ops = ops;
	t->priv = priv;
	set_name(t->name, name);
	/* The first thread has the number of its process. */
	t->tid = proc && list_empty(&proc->threads) ? proc->pid : h->next_pid++;
	t->cpu = max(cpu, 0);
	for (int i = 0; i < h->ncpu; i++)
		t->affinity[i / 64] |= 1ull << i % 64;
	if (cpu >= 0) {
		memset(t->affinity, 0, sizeof(t->affinity));
		t->affinity[cpu / 64] = 1ull << cpu % 64;
	}
	h->ntasks++;
	t->t_start = max(start, host_now(h));
	signal_queue_init(&t->pending);
	wait_entry_init(&t->waits[0], t);
	wait_entry_init(&t->waits[1], t);
	list_add_tail(&t->thread_node, proc ? &proc->threads : &h->kthreads);
	sched_task_init(t, start);
	return t;
}

struct task *task_new(struct host *h, struct process *proc, const char *name,
		      const struct task_ops *ops, void *priv, int cpu)
{
	return task_new_at(h, proc, name, ops, priv, cpu, host_now(h));
}

static void trace_end(struct task *t, nsec_t t_exit, int status)
{
	struct trace_task row = { .host = t->host->id, .pid = t->proc ? t->proc->pid : 0,
				  .tid = t->tid,
				  .ppid = t->proc && t->proc->parent ? t->proc->parent->pid : 0,
				  .name = t->name, .t_start = t->t_start, .t_exit = t_exit,
				  .status = status, .cpu_time = t->cpu_time };

	trace_task(t->host->sim->trace, &row);
}

void task_report(struct task *t)
{
	trace_end(t, NSEC_NEVER, -1);
}

void task_free(struct task *t)
{
	list_del_init(&t->thread_node);
	wait_remove(&t->waits[0]);
	wait_remove(&t->waits[1]);
	signal_queue_clear(&t->pending);
	t->host->ntasks--;
	if (t->ops->destroy)
		t->ops->destroy(t);
	free(t);
}

static void process_exit(struct process *p, int status)
{
	struct process_ref *r;

	p->status = status;
	process_reparent(p, NULL);
	p->zombie = true;
	pgrp_exit(p, NULL);
	if (p->attr) {
		list_for_each_entry(r, &p->attr->refs, node)
			wake_up_all(&r->exited, EPOLLIN | EPOLLRDNORM);
	}
	if (process_notify_parent(p))
		process_reap(p);
}

/* What the thread has used stays with its process. */
static void account_thread(struct process *p, const struct task *t)
{
	if (p->attr || p->parent) {
		struct cpu_usage *u = &process_attr_set(p)->threads;

		u->nvcsw += t->nvcsw;
		u->nivcsw += t->nivcsw;
	}
}

void task_exit(struct task *t, int status)
{
	struct cpu *cpu = &t->host->cpus[t->cpu];
	struct process *p = t->proc;
	bool own_step = cpu->curr == t && t->host->cur_cpu == cpu && cpu->ctx == CTX_TASK;
	bool last = p && p->threads.next == p->threads.prev;

	trace_sched(t->host->sim->trace, host_now(t->host), t->host->id, t->cpu, t->tid, "exit",
		    NULL);
	trace_end(t, host_now(t->host), status);
	sched_task_remove(t);
	t->state = TASK_DEAD;
	list_del_init(&t->thread_node);
	t->proc = NULL;
	if (p)
		account_thread(p, t);
	/* Without exit_group() the status of a process is that of its main thread. */
	if (p && t->tid == p->pid)
		p->status = status;
	if (last)
		process_exit(p, p->group_exit ? status : p->status);
	else if (p)
		process_reparent(p, t);
	if (!own_step)
		task_free(t);
}

void task_set_affinity(struct task *t, const u64 mask[4])
{
	memcpy(t->affinity, mask, sizeof(t->affinity));
	/* A task that waits for a CPU moves at once, one that runs at the end of its step. */
	if (t->state == TASK_RUNNING && !list_empty(&t->run_node) &&
	    !(mask[t->cpu / 64] >> t->cpu % 64 & 1)) {
		sched_task_remove(t);
		t->state = TASK_PARKED;
		task_wake(t);
	}
}

struct task *task_find(struct host *h, int tid)
{
	struct process *p;
	struct task *t;

	list_for_each_entry(p, &h->processes, node) {
		list_for_each_entry(t, &p->threads, thread_node) {
			if (t->tid == tid)
				return t;
		}
	}
	return NULL;
}

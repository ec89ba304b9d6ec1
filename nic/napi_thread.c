/* SPDX-License-Identifier: MIT */
/*
 * Threaded NAPI: polling in a kernel thread, where the scheduler shares the CPU between it and programs
 * (Documentation/networking/napi.rst); and busy polling on behalf of a program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nic/napi.h"
#include "sim/host/task.h"

struct napi_thread {
	struct task *task;
	struct napi_struct *napi;
	struct napi_poll_ctx poll;
};

static nsec_t thread_next(struct task *t)
{
	struct napi_thread *th = t->priv;
	struct napi_struct *n = th->napi;
	nsec_t cost;

	if (!th->poll.napi && (n->state & NAPI_STATE_SCHED_THREADED))
		th->poll = (struct napi_poll_ctx){ .napi = n };
	cost = napi_poll_next(&th->poll);
	return cost == CPU_NO_STEP ? 0 : cost;
}

static enum step_result thread_run(struct task *t)
{
	struct napi_thread *th = t->priv;
	struct napi_struct *n = th->napi;

	if (th->poll.napi) {
		napi_poll_run(&th->poll);
		return STEP_AGAIN;
	}
	/* Scheduled since the step began. After a poll whose budget was used up the slice decides. */
	if (n->state & NAPI_STATE_SCHED_THREADED)
		return STEP_AGAIN;
	t->wait_what = "napi";
	return STEP_PARK;
}

static void thread_destroy(struct task *t)
{
	free(t->priv);
}

static const struct task_ops thread_ops = { .next = thread_next, .run = thread_run,
					    .destroy = thread_destroy };

void napi_thread_wake(struct napi_struct *n)
{
	task_wake(n->thread->task);
}

void napi_thread_forget(struct napi_struct *n)
{
	if (n->thread)
		n->thread->poll.napi = NULL;
}

static void thread_start(struct net_device *dev, struct napi_struct *n)
{
	struct napi_thread *th = xcalloc(1, sizeof(*th));
	char name[32];

	th->napi = n;
	n->thread = th;
	snprintf(name, sizeof(name), "napi/%s-%u", dev->name, n->napi_id);
	th->task = task_new(dev->host, NULL, name, &thread_ops, th, -1);
}

int dev_set_threaded(struct net_device *dev, bool threaded)
{
	struct napi_struct *n;

	if (list_empty(&dev->napis))
		return -EOPNOTSUPP;
	list_for_each_entry(n, &dev->napis, dev_node) {
		if (threaded && !n->thread)
			thread_start(dev, n);
		if (threaded)
			n->state |= NAPI_STATE_THREADED;
		else
			n->state &= ~NAPI_STATE_THREADED;
	}
	return 0;
}

/* napi_busy_loop() once: the CPU time of the poll is the task's. */
int napi_busy_poll(struct napi_struct *n, int budget)
{
	struct host *h = n->timer.host;
	nsec_t cost;

	/* Somebody polls already: the packets come without our help. */
	if (n->state & (NAPI_STATE_SCHED | NAPI_STATE_DISABLE)) {
		n->state |= NAPI_STATE_PREFER_BUSY_POLL;
		return 0;
	}
	n->state |= NAPI_STATE_SCHED | NAPI_STATE_IN_BUSY_POLL;
	cpu_charge(h, h->cost.v[COST_NAPI_POLL]);
	n->work = 0;
	while (n->work < budget && (cost = n->ops->next(n)) != CPU_NO_STEP) {
		cpu_charge(h, cost);
		n->work += n->ops->poll_one(n);
	}
	napi_gro_flush(n);
	gro_normal_list(n);
	n->packets += (u64)n->work;
	n->state &= ~(NAPI_STATE_SCHED | NAPI_STATE_IN_BUSY_POLL | NAPI_STATE_PREFER_BUSY_POLL);
	if (n->state & NAPI_STATE_MISSED) {
		n->state &= ~NAPI_STATE_MISSED;
		napi_schedule(n);
	}
	return n->work;
}

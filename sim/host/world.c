/* SPDX-License-Identifier: MIT */
/*
 * The world (world.h).
 */
#include "sim/host/world.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/host/sched.h"

struct world *world_new(u64 seed, struct strategy *st, struct trace *tr)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->epoch = WORLD_EPOCH;
	sim_init(&w->sim, seed, st, tr);
	list_init(&w->objects);
	list_init(&w->late_objects);
	return w;
}

static void destroy_objects(struct list_head *objects)
{
	while (!list_empty(objects)) {
		struct world_object *o = list_last_entry(objects, struct world_object, node);

		list_del_init(&o->node);
		o->destroy(o);
	}
}

void world_destroy(struct world *w)
{
	/* Links and switches first, in reverse order: they hold packets and point at NICs. */
	destroy_objects(&w->objects);
	for (u32 i = w->nhosts; i > 0; i--)
		host_destroy(w->hosts[i]);
	destroy_objects(&w->late_objects);
	free(w->hosts);
	sim_destroy(&w->sim);
	free(w);
}

void world_own(struct world *w, struct world_object *o)
{
	list_add_tail(&o->node, &w->objects);
}

void world_own_late(struct world *w, struct world_object *o)
{
	list_add_tail(&o->node, &w->late_objects);
}

static void report_cpus(struct host *h)
{
	nsec_t now = host_now(h);

	for (int i = 0; i < h->ncpu; i++) {
		struct cpu *cpu = &h->cpus[i];
		nsec_t busy = 0;

		/* The step under way has been paid for as far as it got. */
		if (cpu->ctx != CTX_IDLE && event_pending(&cpu->ev)) {
			cpu->time[cpu->ctx] += now - cpu->step_start;
			cpu->step_start = now;
		}
		busy = cpu->time[CTX_HARDIRQ] + cpu->time[CTX_SOFTIRQ] + cpu->time[CTX_TASK];
		if (busy)
			trace_cpu(h->sim->trace, h->id, i, cpu->time[CTX_HARDIRQ],
				  cpu->time[CTX_SOFTIRQ], cpu->time[CTX_TASK], now - busy);
	}
}

void world_report(struct world *w)
{
	struct process *p;
	struct task *t;

	for (u32 i = 1; i <= w->nhosts; i++) {
		struct host *h = w->hosts[i];

		list_for_each_entry(p, &h->processes, node) {
			list_for_each_entry(t, &p->threads, thread_node)
				task_report(t);
		}
		list_for_each_entry(t, &h->kthreads, thread_node)
			task_report(t);
		report_cpus(h);
	}
}

struct host *world_find_host(struct world *w, const char *name)
{
	for (u32 i = 1; i <= w->nhosts; i++) {
		if (!strcmp(w->hosts[i]->name, name))
			return w->hosts[i];
	}
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * Hosts and their life (host.h).
 */
#include "sim/host/host.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/host/sched.h"

#define FIRST_PID 100 /* lower numbers look like kernel threads */

struct host *host_new(struct world *w, const char *name, int ncpu)
{
	struct host *h = xcalloc(1, sizeof(*h));

	assert(ncpu >= 1 && ncpu <= 256);
	if (w->nhosts + 1 >= w->cap) {
		w->cap = max(64u, w->cap * 2);
		w->hosts = xrealloc(w->hosts, w->cap * sizeof(*w->hosts));
		w->hosts[0] = NULL;
	}
	h->id = ++w->nhosts;
	w->hosts[h->id] = h;
	h->name = xstrdup(name);
	h->world = w;
	h->sim = &w->sim;
	h->ncpu = ncpu;
	h->next_pid = FIRST_PID;
	h->next_irq = 24; /* after the legacy lines, as MSI vectors are numbered */
	h->netdev_budget = 300;
	h->max_tasks = 32768;
	h->netdev_budget_time = 2000 * NSEC_PER_USEC;
	cost_model_default(&h->cost);
	list_init(&h->processes);
	list_init(&h->kthreads);
	h->cpus = xcalloc((size_t)ncpu, sizeof(*h->cpus));
	for (int i = 0; i < ncpu; i++)
		cpu_init(&h->cpus[i], h, i);
	timers_host_init(h);
	trace_host(w->sim.trace, h->id, name, ncpu);
	return h;
}

void host_add_layer(struct host *h, struct host_layer *layer)
{
	layer->next = h->layers;
	h->layers = layer;
}

static void destroy_tasks(struct host *h, struct list_head *tasks)
{
	while (!list_empty(tasks)) {
		struct task *t = list_first_entry(tasks, struct task, thread_node);

		event_cancel(h->sim, &t->timeout);
		list_del_init(&t->run_node);
		task_free(t);
	}
}

struct host_label {
	struct host_label *next;
	char text[];
};

const char *host_label(struct host *h, const char *text)
{
	struct host_label *l;
	size_t size = strlen(text) + 1;

	for (l = h->labels; l; l = l->next) {
		if (!strcmp(l->text, text))
			return l->text;
	}
	l = xcalloc(1, sizeof(*l) + size);
	memcpy(l->text, text, size);
	l->next = h->labels;
	h->labels = l;
	return l->text;
}

static void free_labels(struct host *h)
{
	while (h->labels) {
		struct host_label *l = h->labels;

		h->labels = l->next;
		free(l);
	}
}

void host_destroy(struct host *h)
{
	/* Nothing runs any more: programs let go of what they hold, then the layers go. */
	for (int i = 0; i < h->ncpu; i++)
		cpu_destroy(&h->cpus[i]);
	while (!list_empty(&h->processes)) {
		struct process *p = list_first_entry(&h->processes, struct process, node);

		destroy_tasks(h, &p->threads);
		process_free(p);
	}
	while (h->layers) {
		struct host_layer *l = h->layers;

		h->layers = l->next;
		l->destroy(h);
	}
	destroy_tasks(h, &h->kthreads);
	h->world->hosts[h->id] = NULL;
	free_labels(h);
	free(h->cpus);
	free(h->name);
	free(h);
}

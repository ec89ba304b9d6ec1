/* SPDX-License-Identifier: MIT */
/*
 * A host: CPUs, tasks, a cost model, and places where the upper layers hang their own part.
 */
#ifndef SIM_HOST_HOST_H
#define SIM_HOST_HOST_H

#include "sim/host/cpu.h"
#include "sim/host/world.h"

struct process;
struct host_layer;

struct host {
	u32 id; /* from 1, in order of declaration */
	char *name;
	struct world *world;
	struct sim *sim; /* &world->sim, for short */
	struct cost_model cost;
	struct cpu *cpus;
	int ncpu;
	struct list_head processes; /* struct process.node, in order of pid */
	struct list_head kthreads;  /* struct task.thread_node of those without a process */
	int next_pid;
	int next_irq;
	u32 ntasks, max_tasks; /* fork() fails beyond (EAGAIN), as with ulimit -u */
	u64 next_packet; /* counter for packet ids */
	u64 next_sock;	 /* counter for socket cookies */
	u64 next_file;	 /* counter for open file descriptions */
	int netdev_budget;	    /* packets for one NET_RX softirq; default 300 */
	nsec_t netdev_budget_time;  /* netdev_budget_usecs; default 2000 us, see sysctl/net.rst */
	struct softirq_action softirq[SOFTIRQ_NR]; /* registered by nic/ and this layer */
	struct cpu *cur_cpu; /* whose step runs its effect now; NULL outside any step */
	struct netdev_table *netdevs; /* nic/netdev.h */
	struct net *net;	      /* stack/net.h */
	/* Tear-down of the upper layers' parts, called in reverse order of registration. */
	struct host_layer *layers;
	struct host_label *labels;
};

struct host_layer {
	struct host_layer *next;
	void (*destroy)(struct host *h);
};

/* ncpu 1..256. The name is copied. */
struct host *host_new(struct world *w, const char *name, int ncpu);
/* Security labels (spawn's label=): the same text gives the same pointer, valid as long as h is. */
const char *host_label(struct host *h, const char *text);
/* Called by world_destroy(). */
void host_destroy(struct host *h);
void host_add_layer(struct host *h, struct host_layer *layer);

static inline nsec_t host_now(const struct host *h)
{
	return h->sim->now;
}
/* Virtual time t as CLOCK_REALTIME has it. */
static inline nsec_t host_realtime(const struct host *h, nsec_t t)
{
	return h->world->epoch + t;
}

#endif

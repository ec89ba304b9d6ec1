/* SPDX-License-Identifier: MIT */
/*
 * The per-CPU backlog: loopback's receive queue, and where RPS and RFS move packets to other CPUs
 * (Documentation/networking/scaling.rst). Bounded by net.core.netdev_max_backlog.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nic/napi.h"
#include "nic/nic.h"
#include "nic/tx.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

/* Where a flow of a queue is processed now, and how far that CPU's backlog was then. */
struct rps_flow {
	u16 cpu; /* + 1; 0: none */
	u64 last_qtail;
};

/* ---- the backlog's NAPI instance ----------------------------------------------------------------- */

static struct softnet_data *sd_of(struct napi_struct *n)
{
	return n->priv;
}

static nsec_t backlog_next(struct napi_struct *n)
{
	struct softnet_data *sd = sd_of(n);

	return sd->input_pkt_queue.qlen ? sd->cpu->host->cost.v[COST_BACKLOG_PACKET] : CPU_NO_STEP;
}

static int backlog_poll_one(struct napi_struct *n)
{
	struct softnet_data *sd = sd_of(n);
	struct sk_buff *skb = skb_dequeue(&sd->input_pkt_queue);

	if (!skb)
		return 0;
	sd->input_head++;
	netif_receive_skb_core(skb);
	return 1;
}

static const struct napi_ops backlog_ops = { .next = backlog_next, .poll_one = backlog_poll_one };

/* The inter-processor interrupt of RPS. */
static void rps_trigger(struct irq *irq)
{
	struct softnet_data *sd = container_of(irq, struct softnet_data, rps_irq);

	sd->received_rps++;
	napi_schedule(&sd->backlog);
}

void backlog_init(struct softnet_data *sd, struct host *h)
{
	napi_init(&sd->backlog, h, &backlog_ops, sd);
	sd->backlog.weight = h->netdevs->sysctl.dev_weight;
	napi_enable(&sd->backlog);
	irq_init(&sd->rps_irq, h, "rps", rps_trigger);
	sd->rps_irq.cpu = sd->cpu->id;
}

bool enqueue_to_backlog(struct sk_buff *skb, struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);
	struct host *h = cpu->host;

	if (!(skb->dev->flags & IFF_UP)) {
		skb->dev->stats.rx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_DEV_READY, PLACE_BACKLOG);
		return false;
	}
	if (sd->input_pkt_queue.qlen > (u32)h->netdevs->sysctl.netdev_max_backlog) {
		sd->dropped++;
		skb->dev->stats.rx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG, PLACE_BACKLOG);
		return false;
	}
	trace_hop(h->sim->trace, skb->id, host_now(h), h->id, PLACE_BACKLOG, skb->dev->ifindex,
		  cpu->id);
	sd->backlog.weight = h->netdevs->sysctl.dev_weight;
	skb_queue_tail(&sd->input_pkt_queue, skb);
	sd->input_tail++;
	if (sd->input_pkt_queue.qlen > 1)
		return true;
	/*
	 * A poll that is about to complete (it found the queue empty) learns of the packet by MISSED, or it
	 * would lie here for ever: later ones find a queue that is not empty and schedule nothing.
	 */
	if (cpu == cpu_current(h) || (sd->backlog.state & NAPI_STATE_SCHED))
		napi_schedule(&sd->backlog);
	else
		irq_raise(&sd->rps_irq);
	return true;
}

int netif_rx(struct sk_buff *skb)
{
	struct cpu *cpu = rps_target(skb);

	if (!cpu)
		cpu = cpu_current(skb->host);
	return enqueue_to_backlog(skb, cpu) ? 0 : -ENOBUFS;
}

/* ---- RPS and RFS --------------------------------------------------------------------------------- */

/* The CPU on which the flow's program reads, when RFS knows it; -1. */
static int rfs_cpu(struct host *h, struct rps_map *map, u32 hash)
{
	struct netdev_table *t = h->netdevs;
	struct rps_flow *f;
	int want;

	if (!t->sock_flow || !map->flow_cnt)
		return -1;
	want = (int)t->sock_flow[hash & (t->sock_flow_cnt - 1)] - 1;
	if (want < 0 || want >= h->ncpu)
		return -1;
	f = &map->flows[hash & (map->flow_cnt - 1)];
	/* Only when nothing of the flow waits on the old CPU may it move: no reordering. */
	if (f->cpu != want + 1 &&
	    (!f->cpu || (s64)(softnet(&h->cpus[f->cpu - 1])->input_head - f->last_qtail) >= 0))
		f->cpu = (u16)(want + 1);
	if (!f->cpu)
		return -1;
	f->last_qtail = softnet(&h->cpus[f->cpu - 1])->input_tail + 1;
	return f->cpu - 1;
}

struct cpu *rps_target(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct host *h = dev->host;
	struct rps_map *map;
	u32 hash;
	int cpu;

	if (likely(!dev->rps))
		return NULL;
	map = &dev->rps[skb->queue_mapping ? skb->queue_mapping - 1 : 0];
	if (!map->ncpu && !map->flow_cnt)
		return NULL;
	hash = skb_get_hash(skb);
	cpu = rfs_cpu(h, map, hash);
	if (cpu >= 0)
		return &h->cpus[cpu];
	return map->ncpu ? &h->cpus[map->cpus[(u64)hash * map->ncpu >> 32]] : NULL;
}

static u32 round_up_pow2(u32 n)
{
	u32 p = 1;

	while (p < n)
		p *= 2;
	return p;
}

void rps_record_flow(struct host *h, u32 hash)
{
	struct netdev_table *t = h->netdevs;

	if (!hash || !t->sysctl.rps_sock_flow_entries)
		return;
	if (!t->sock_flow) {
		t->sock_flow_cnt = round_up_pow2((u32)t->sysctl.rps_sock_flow_entries);
		t->sock_flow = xcalloc(t->sock_flow_cnt, sizeof(*t->sock_flow));
	}
	t->sock_flow[hash & (t->sock_flow_cnt - 1)] = (u16)(cpu_current(h)->id + 1);
}

int nic_set_rps(struct net_device *dev, int queue, const u64 cpus[4], u32 flow_cnt)
{
	struct host *h = dev->host;
	struct rps_map *map;

	if (queue < 0 || queue >= dev->num_rx_queues || flow_cnt > 1u << 20)
		return -EINVAL;
	if (!dev->rps)
		dev->rps = xcalloc((size_t)dev->num_rx_queues, sizeof(*dev->rps));
	map = &dev->rps[queue];
	map->ncpu = 0;
	free(map->cpus);
	map->cpus = xcalloc((size_t)h->ncpu, sizeof(*map->cpus));
	for (int i = 0; i < h->ncpu; i++) {
		if (cpus[i / 64] >> i % 64 & 1)
			map->cpus[map->ncpu++] = (u16)i;
	}
	free(map->flows);
	map->flows = NULL;
	map->flow_cnt = flow_cnt ? round_up_pow2(flow_cnt) : 0;
	if (flow_cnt) {
		map->flows = xcalloc(map->flow_cnt, sizeof(*map->flows));
		if (!h->netdevs->sysctl.rps_sock_flow_entries)
			h->netdevs->sysctl.rps_sock_flow_entries = 32768;
	}
	return 0;
}

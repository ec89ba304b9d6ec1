/* SPDX-License-Identifier: MIT */
/*
 * Counters of nic/ at the end of a run, by the names that ip -s link, ethtool -S, tc -s qdisc and
 * /proc/net/softnet_stat use.
 *
 * A set whose values are all zero is left out, so that a world of idle hosts stays small.
 */
#include "nic/report.h"

#include <stdio.h>

#include "nic/link_priv.h"
#include "nic/napi.h"
#include "nic/netdev.h"
#include "nic/qdisc.h"
#include "nic/switch.h"
#include "sim/engine/trace.h"

struct counter {
	const char *name;
	u64 value;
};

static void report(struct world *w, u32 host, const char *scope, const char *object,
		   const struct counter *c, size_t n)
{
	u64 any = 0;

	for (size_t i = 0; i < n; i++)
		any |= c[i].value;
	for (size_t i = 0; any && i < n; i++)
		trace_counter(w->sim.trace, host, scope, object, c[i].name, c[i].value);
}

static void report_link(struct world *w, struct link *l)
{
	char object[32];

	snprintf(object, sizeof(object), "link%u", l->id);
	for (int end = 0; end < 2; end++) {
		const struct link_dir_stats *s = &l->dir[end].st;
		const struct counter c[] = {
		    {"packets", s->packets},
		    {"bytes", s->bytes},
		    {"lost", s->lost},
		    {"duplicated", s->duplicated},
		    {"corrupted", s->corrupted},
		    {"reordered", s->reordered},
		    {"queue_dropped", s->queue_dropped},
		    {"down_dropped", s->down_dropped},
		};

		report(w, l->dir[end].from->host, "link", object, c, ARRAY_SIZE(c));
	}
}

static void report_switch_port(struct world *w, u32 host, int port,
			       const struct switch_port_stats *s)
{
	const struct counter c[] = {
	    {"rx_packets", s->rx_packets}, {"rx_bytes", s->rx_bytes}, {"tx_packets", s->tx_packets},
	    {"tx_bytes", s->tx_bytes},	   {"dropped", s->dropped},   {"flooded", s->flooded},
	};
	char object[32];

	snprintf(object, sizeof(object), "port%d", port);
	report(w, host, "switch", object, c, ARRAY_SIZE(c));
}

static void report_qdisc(struct world *w, const struct Qdisc *q)
{
	const struct counter c[] = {
	    {"bytes", q->bytes},	   {"packets", q->packets},   {"drops", q->drops},
	    {"overlimits", q->overlimits}, {"requeues", q->requeues}, {"qlen", q->qlen},
	    {"backlog", q->backlog},
	};
	char object[IFNAMSIZ + 48];

	if (q->dev->root)
		snprintf(object, sizeof(object), "%s %s", q->dev->name, q->ops->id);
	else
		snprintf(object, sizeof(object), "%s:%d %s", q->dev->name, q->txq->index,
			 q->ops->id);
	report(w, q->dev->host->id, "qdisc", object, c, ARRAY_SIZE(c));
}

/* The driver's own counters. */
struct emit_ctx {
	struct world *world;
	struct net_device *dev;
};

static void emit_driver(void *ctx, const char *name, u64 v)
{
	struct emit_ctx *e = ctx;

	trace_counter(e->world->sim.trace, e->dev->host->id, "ethtool", e->dev->name, name, v);
}

static void report_device(struct world *w, struct net_device *dev)
{
	const struct netdev_stats *s = &dev->stats;
	const struct counter c[] = {
	    {"rx_packets", s->rx_packets},
	    {"rx_bytes", s->rx_bytes},
	    {"rx_errors", s->rx_errors},
	    {"rx_dropped", s->rx_dropped},
	    {"rx_missed_errors", s->rx_missed_errors},
	    {"rx_crc_errors", s->rx_crc_errors},
	    {"rx_length_errors", s->rx_length_errors},
	    {"rx_over_errors", s->rx_over_errors},
	    {"multicast", s->multicast},
	    {"tx_packets", s->tx_packets},
	    {"tx_bytes", s->tx_bytes},
	    {"tx_errors", s->tx_errors},
	    {"tx_dropped", s->tx_dropped},
	    {"tx_carrier_errors", s->tx_carrier_errors},
	    {"tx_timeout", dev->tx_timeouts},
	};
	struct emit_ctx e = {w, dev};
	u64 any = 0;

	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		any |= c[i].value;
	if (!any)
		return;
	report(w, dev->host->id, "nic", dev->name, c, ARRAY_SIZE(c));
	if (dev->ops->counters)
		dev->ops->counters(dev, emit_driver, &e);
	if (dev->root)
		report_qdisc(w, dev->root);
	else
		for (int i = 0; i < dev->num_tx_queues; i++)
			if (dev->txq[i].qdisc)
				report_qdisc(w, dev->txq[i].qdisc);
}

static void report_softnet(struct world *w, struct cpu *cpu)
{
	const struct softnet_data *sd = softnet(cpu);
	char object[16];

	if (!sd)
		return;
	snprintf(object, sizeof(object), "cpu%d", cpu->id);
	report(w, cpu->host->id, "softnet", object,
	       (const struct counter[]){
		   {"processed", sd->processed},
		   {"dropped", sd->dropped},
		   {"time_squeeze", sd->time_squeeze},
		   {"received_rps", sd->received_rps},
		   {"flow_limit_count", sd->flow_limit_count},
	       },
	       5);
}

static void report_host(struct world *w, struct host *h)
{
	struct net_device *dev;

	if (!h->netdevs)
		return;
	list_for_each_entry (dev, &h->netdevs->devices, node)
		report_device(w, dev);
	for (int i = 0; i < h->ncpu; i++)
		report_softnet(w, &h->cpus[i]);
}

void nic_report_counters(struct world *w)
{
	for (u32 i = 1; i <= w->nhosts; i++)
		report_host(w, w->hosts[i]);
	for (struct link *l = w->links; l; l = l->next)
		report_link(w, l);
	for (struct netswitch *sw = w->switches; sw; sw = switch_next(sw))
		for (int i = 0; i < switch_nports(sw); i++)
			report_switch_port(w, switch_host_id(sw), i, switch_port_stats(sw, i));
}

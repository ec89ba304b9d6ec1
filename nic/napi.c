/* SPDX-License-Identifier: MIT */
/*
 * NAPI in softirq context: net_rx_action() and the steps of a poll (napi.h).
 */
#include "nic/napi.h"

#include "sim/engine/trace.h"

struct host *softnet_host(const struct napi_struct *n)
{
	return n->timer.host;
}

static void trace_napi(struct napi_struct *n, const char *what)
{
	struct host *h = softnet_host(n);

	trace_napi_poll(h->sim->trace, host_now(h), h->id, cpu_current(h)->id, n->napi_id, what,
			n->work, n->weight);
}

/* ---- scheduling -------------------------------------------------------------------------------- */

bool napi_schedule_prep(struct napi_struct *n)
{
	if (n->state & NAPI_STATE_DISABLE)
		return false;
	if (n->state & NAPI_STATE_SCHED) {
		n->state |= NAPI_STATE_MISSED;
		return false;
	}
	n->state |= NAPI_STATE_SCHED;
	return true;
}

void napi_schedule(struct napi_struct *n)
{
	struct cpu *cpu;

	if (!napi_schedule_prep(n))
		return;
	if (n->state & NAPI_STATE_THREADED) {
		napi_thread_wake(n);
		return;
	}
	cpu = cpu_current(softnet_host(n));
	list_add_tail(&n->poll_node, &softnet(cpu)->poll_list);
	softirq_raise(cpu, SOFTIRQ_NET_RX);
}

/* gro_flush_timeout and napi_defer_hard_irqs: a poll by timer in place of an interrupt. */
static void napi_watchdog(struct timer *t)
{
	struct napi_struct *n = container_of(t, struct napi_struct, timer);

	napi_schedule(n);
}

void netif_napi_add(struct net_device *dev, struct napi_struct *n, const struct napi_ops *ops,
		    void *priv)
{
	struct host *h = dev->host;

	napi_init(n, h, ops, priv);
	n->dev = dev;
	n->napi_id = h->netdevs->next_napi_id++;
	list_add_tail(&n->dev_node, &dev->napis);
}

void napi_init(struct napi_struct *n, struct host *h, const struct napi_ops *ops, void *priv)
{
	*n = (struct napi_struct){ .ops = ops, .priv = priv, .weight = NAPI_POLL_WEIGHT,
				   .state = NAPI_STATE_SCHED | NAPI_STATE_DISABLE };
	list_init(&n->poll_node);
	list_init(&n->dev_node);
	skb_queue_init(&n->gro.held);
	skb_queue_init(&n->rx_list);
	timer_init(&n->timer, h, napi_watchdog);
}

void napi_enable(struct napi_struct *n)
{
	n->state &= ~(NAPI_STATE_SCHED | NAPI_STATE_DISABLE | NAPI_STATE_MISSED);
}

void napi_disable(struct napi_struct *n)
{
	struct host *h = softnet_host(n);

	timer_del(&n->timer);
	list_del_init(&n->poll_node);
	for (int i = 0; i < h->ncpu; i++) {
		if (softnet(&h->cpus[i])->poll.napi == n)
			softnet(&h->cpus[i])->poll.napi = NULL;
	}
	napi_thread_forget(n);
	n->state |= NAPI_STATE_SCHED | NAPI_STATE_DISABLE;
	skb_queue_purge(&n->gro.held);
	skb_queue_purge(&n->rx_list);
}

struct napi_struct *napi_by_id(struct host *h, u32 napi_id)
{
	struct net_device *dev;
	struct napi_struct *n;

	list_for_each_entry(dev, &h->netdevs->devices, node) {
		list_for_each_entry(n, &dev->napis, dev_node) {
			if (n->napi_id == napi_id)
				return n;
		}
	}
	return NULL;
}

/* ---- one poll ---------------------------------------------------------------------------------- */

/* napi_complete_done(): false when the poll goes on or a timer will do what the interrupt would. */
static bool napi_complete_done(struct napi_struct *n)
{
	bool deferred = false;

	if (n->work) {
		if (n->gro.held.qlen && n->gro_flush_timeout)
			deferred = true;
		n->defer_hard_irqs_count = n->defer_hard_irqs;
	}
	if (n->defer_hard_irqs_count) {
		n->defer_hard_irqs_count--;
		deferred = n->gro_flush_timeout > 0;
	}
	if (!(deferred && n->gro.held.qlen && n->work))
		napi_gro_flush(n);
	gro_normal_list(n);
	trace_napi(n, "complete");
	/* Something was scheduled while the poll ran: it has to look again. */
	if (n->state & NAPI_STATE_MISSED) {
		n->state &= ~NAPI_STATE_MISSED;
		trace_napi(n, "missed");
		return false;
	}
	n->state &= ~NAPI_STATE_SCHED;
	if (deferred) {
		timer_mod(&n->timer, n->timer.host->sim->now + n->gro_flush_timeout);
		return false;
	}
	return true;
}

nsec_t napi_poll_next(struct napi_poll_ctx *c)
{
	struct napi_struct *n = c->napi;
	const u32 *cost;
	nsec_t next;

	if (!n)
		return CPU_NO_STEP;
	cost = softnet_host(n)->cost.v;
	switch (c->phase) {
	case NAPI_BEGIN:
		return cost[COST_NAPI_POLL];
	case NAPI_POLL:
		next = n->work < n->weight ? n->ops->next(n) : CPU_NO_STEP;
		if (next != CPU_NO_STEP)
			return next;
		if (n->work >= n->weight) {
			/* The budget is used up: it stays scheduled, behind the others. */
			trace_napi(n, "poll");
			napi_gro_flush(n);
			gro_normal_list(n);
			c->napi = NULL;
			return CPU_NO_STEP;
		}
		c->phase = NAPI_COMPLETE;
		return cost[COST_NAPI_COMPLETE];
	case NAPI_COMPLETE:
		return cost[COST_NAPI_COMPLETE];
	case NAPI_REARM:
		return cost[COST_NAPI_REARM] + (n->ops->rearm_delay ? n->ops->rearm_delay(n) : 0);
	}
	return CPU_NO_STEP;
}

void napi_poll_run(struct napi_poll_ctx *c)
{
	struct napi_struct *n = c->napi;

	if (!n)
		return; /* disabled meanwhile */
	switch (c->phase) {
	case NAPI_BEGIN:
		n->work = 0;
		n->polls++;
		c->phase = NAPI_POLL;
		break;
	case NAPI_POLL:
		n->work += n->ops->poll_one(n);
		break;
	case NAPI_COMPLETE:
		trace_napi(n, "poll");
		n->packets += (u64)n->work;
		if (napi_complete_done(n)) {
			c->phase = NAPI_REARM;
			if (!n->ops->rearm)
				c->napi = NULL;
		} else if (n->state & NAPI_STATE_SCHED) {
			c->phase = NAPI_BEGIN;
		} else {
			c->napi = NULL;
		}
		break;
	case NAPI_REARM:
		c->napi = NULL;
		trace_napi(n, "rearm");
		if (n->ops->rearm(n))
			napi_schedule(n);
		break;
	}
}

/* ---- net_rx_action() --------------------------------------------------------------------------- */

static bool rx_limit_reached(const struct softnet_data *sd)
{
	return sd->rx_budget <= 0 || host_now(sd->cpu->host) >= sd->rx_deadline;
}

/* The poll that is over used this much; what stays scheduled goes to the end of the list. */
static void poll_over(struct softnet_data *sd, struct napi_struct *n)
{
	sd->rx_budget -= n->work;
	if ((n->state & (NAPI_STATE_SCHED | NAPI_STATE_DISABLE)) == NAPI_STATE_SCHED &&
	    list_empty(&n->poll_node) && n->work >= n->weight)
		list_add_tail(&n->poll_node, &sd->poll_list);
}

static bool poll_pick(struct softnet_data *sd)
{
	struct napi_struct *n;

	if (list_empty(&sd->poll_list))
		return false;
	if (rx_limit_reached(sd)) {
		sd->time_squeeze++;
		softirq_raise(sd->cpu, SOFTIRQ_NET_RX);
		return false;
	}
	n = list_first_entry(&sd->poll_list, struct napi_struct, poll_node);
	list_del_init(&n->poll_node);
	sd->poll = (struct napi_poll_ctx){ .napi = n, .phase = NAPI_BEGIN };
	return true;
}

nsec_t net_rx_next(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);
	struct host *h = cpu->host;

	if (!sd->rx_active) {
		sd->rx_active = true;
		sd->rx_budget = h->netdev_budget;
		sd->rx_deadline = host_now(h) + h->netdev_budget_time;
	}
	for (;;) {
		struct napi_struct *n = sd->poll.napi;
		nsec_t cost;

		if (!n && !poll_pick(sd))
			break;
		n = sd->poll.napi;
		cost = napi_poll_next(&sd->poll);
		if (cost != CPU_NO_STEP)
			return cost;
		poll_over(sd, n);
	}
	sd->rx_active = false;
	return CPU_NO_STEP;
}

void net_rx_run(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);
	struct napi_struct *n = sd->poll.napi;

	napi_poll_run(&sd->poll);
	/* Completed or re-armed: charged here, since the next step is another instance's. */
	if (n && !sd->poll.napi)
		poll_over(sd, n);
}

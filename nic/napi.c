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

/* On the CPU that runs now. A net_rx_action() that is under way finds it by itself. */
static void poll_list_add(struct napi_struct *n)
{
	struct cpu *cpu = cpu_current(softnet_host(n));
	struct softnet_data *sd = softnet(cpu);

	list_add_tail(&n->poll_node, &sd->poll_list);
	if (!sd->rx_active)
		softirq_raise(cpu, SOFTIRQ_NET_RX);
}

void napi_schedule(struct napi_struct *n)
{
	if (!napi_schedule_prep(n))
		return;
	if (n->state & NAPI_STATE_THREADED) {
		n->state |= NAPI_STATE_SCHED_THREADED;
		napi_thread_wake(n);
		return;
	}
	poll_list_add(n);
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
	n->state &= ~(NAPI_STATE_SCHED | NAPI_STATE_SCHED_THREADED | NAPI_STATE_DISABLE |
		      NAPI_STATE_MISSED);
	n->defer_hard_irqs_count = n->defer_hard_irqs;
}

void dev_set_napi_defer(struct net_device *dev, nsec_t gro_flush_timeout, u32 defer_hard_irqs)
{
	struct napi_struct *n;

	list_for_each_entry(n, &dev->napis, dev_node) {
		n->gro_flush_timeout = gro_flush_timeout;
		n->defer_hard_irqs = n->defer_hard_irqs_count = defer_hard_irqs;
	}
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
	n->state &= ~NAPI_STATE_SCHED_THREADED;
	n->state |= NAPI_STATE_SCHED | NAPI_STATE_DISABLE;
	skb_queue_purge(&n->gro.held);
	skb_queue_purge(&n->rx_list);
	n->rx_count = 0;
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

/*
 * napi_complete_done(): true when the driver is to re-arm its interrupt. It is not when something was
 * scheduled meanwhile (then it stays scheduled), nor while napi_defer_hard_irqs lets the timer do what
 * the interrupt would. gro_flush_timeout alone holds flows for more segments, with interrupts on.
 */
static bool napi_complete_done(struct napi_struct *n)
{
	nsec_t timeout = 0;
	bool rearm = true;

	if (n->work) {
		if (n->gro.held.qlen)
			timeout = n->gro_flush_timeout;
		n->defer_hard_irqs_count = n->defer_hard_irqs;
	}
	if (n->defer_hard_irqs_count) {
		n->defer_hard_irqs_count--;
		timeout = n->gro_flush_timeout;
		rearm = !timeout;
	}
	if (timeout)
		gro_flush_old(n);
	else
		napi_gro_flush(n);
	gro_normal_list(n);
	trace_napi(n, "complete");
	if (n->state & NAPI_STATE_MISSED) {
		n->state &= ~NAPI_STATE_MISSED;
		trace_napi(n, "missed");
		return false;
	}
	n->state &= ~(NAPI_STATE_SCHED | NAPI_STATE_SCHED_THREADED);
	if (timeout)
		timer_mod(&n->timer, host_now(softnet_host(n)) + timeout);
	return rearm;
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
		next = n->ops->next(n);
		if (next != CPU_NO_STEP)
			return next;
		c->phase = NAPI_COMPLETE;
		return cost[COST_NAPI_COMPLETE];
	case NAPI_COMPLETE:
		return cost[COST_NAPI_COMPLETE];
	case NAPI_REARM:
		return cost[COST_NAPI_REARM] + (n->ops->rearm_delay ? n->ops->rearm_delay(n) : 0);
	}
	return CPU_NO_STEP;
}

static void poll_ends(struct napi_poll_ctx *c, bool again)
{
	c->napi = NULL;
	c->again = again;
}

static void poll_unit(struct napi_poll_ctx *c, struct napi_struct *n)
{
	int work = n->ops->poll_one(n);

	n->work += work;
	c->used += work;
	if (n->work < n->weight)
		return;
	/* The budget is used up: it stays scheduled, behind the others. */
	trace_napi(n, "poll");
	n->packets += (u64)n->work;
	gro_flush_old(n);
	gro_normal_list(n);
	poll_ends(c, true);
}

/*
 * Once SCHED is clear anybody may schedule the instance, and another CPU may poll it while this one
 * still re-arms: nothing of the instance's poll may be looked at after that.
 */
static void poll_complete(struct napi_poll_ctx *c, struct napi_struct *n)
{
	bool rearm;

	trace_napi(n, "poll");
	n->packets += (u64)n->work;
	rearm = napi_complete_done(n);
	if (rearm && n->ops->rearm) {
		c->phase = NAPI_REARM;
		return;
	}
	/* It missed something, and is scheduled anew; a thread sees that by itself. */
	if ((n->state & (NAPI_STATE_SCHED | NAPI_STATE_SCHED_THREADED)) == NAPI_STATE_SCHED)
		poll_list_add(n);
	poll_ends(c, false);
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
		poll_unit(c, n);
		break;
	case NAPI_COMPLETE:
		poll_complete(c, n);
		break;
	case NAPI_REARM:
		poll_ends(c, false);
		trace_napi(n, "rearm");
		if (n->ops->rearm(n))
			napi_schedule(n);
		break;
	}
}

/* ---- net_rx_action() --------------------------------------------------------------------------- */

/*
 * One action polls each instance of its list once; those that used up their budget are left for the
 * next action, which is another round of the softirq loop with a fresh budget. So a single busy queue
 * never exceeds netdev_budget: it runs into the limits of the softirq loop instead.
 */
static void action_begin(struct softnet_data *sd)
{
	struct host *h = sd->cpu->host;

	sd->rx_active = true;
	sd->rx_squeezed = false;
	sd->rx_budget = h->netdev_budget;
	sd->rx_deadline = host_now(h) + h->netdev_budget_time;
	list_splice_tail_init(&sd->poll_list, &sd->rx_todo);
}

static bool action_pick(struct softnet_data *sd)
{
	struct napi_struct *n;

	if (sd->rx_squeezed)
		return false;
	if (list_empty(&sd->rx_todo) && list_empty(&sd->rx_repoll))
		list_splice_tail_init(&sd->poll_list, &sd->rx_todo);
	if (list_empty(&sd->rx_todo))
		return false;
	n = list_first_entry(&sd->rx_todo, struct napi_struct, poll_node);
	list_del_init(&n->poll_node);
	sd->poll = (struct napi_poll_ctx){ .napi = n };
	return true;
}

/* What is left goes on the list again: first what was not polled, then what is new. */
static void action_end(struct softnet_data *sd)
{
	list_splice_tail_init(&sd->poll_list, &sd->rx_todo);
	list_splice_tail_init(&sd->rx_repoll, &sd->rx_todo);
	list_splice_tail_init(&sd->rx_todo, &sd->poll_list);
	sd->rx_active = false;
	if (!list_empty(&sd->poll_list))
		softirq_raise(sd->cpu, SOFTIRQ_NET_RX);
}

nsec_t net_rx_next(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);

	if (!sd->rx_active)
		action_begin(sd);
	if (!sd->poll.napi && !action_pick(sd)) {
		action_end(sd);
		return CPU_NO_STEP;
	}
	return napi_poll_next(&sd->poll);
}

void net_rx_run(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);
	struct napi_struct *n = sd->poll.napi;

	napi_poll_run(&sd->poll);
	if (!n || sd->poll.napi)
		return;
	if (sd->poll.again)
		list_add_tail(&n->poll_node, &sd->rx_repoll);
	sd->rx_budget -= sd->poll.used;
	if (sd->rx_budget <= 0 || host_now(cpu->host) >= sd->rx_deadline) {
		sd->time_squeeze++;
		sd->rx_squeezed = true;
	}
}

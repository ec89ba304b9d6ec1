/* SPDX-License-Identifier: MIT */
/*
 * The TX watchdog (kernel: dev_watchdog() in net/sched/sch_generic.c): a TX queue that its driver
 * has stopped and not woken for watchdog_timeo (5 s) is reported and reset.
 *
 * The kernel looks at intervals. Here a timer exists only while a queue is stopped, so that a
 * device at rest causes no events; it then looks exactly when the oldest stop expires.
 */
#include "nic/tx.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace.h"
#include "sim/host/timer.h"

#define WATCHDOG_TIMEO (5 * NSEC_PER_SEC)

struct tx_watchdog {
	struct timer timer;
	struct net_device *dev;
};

static nsec_t timeo(const struct net_device *dev)
{
	return dev->watchdog_timeo ? dev->watchdog_timeo : WATCHDOG_TIMEO;
}

static void report(struct net_device *dev, int queue, nsec_t stuck)
{
	struct host *h = dev->host;
	char text[96];
	int n =
	    snprintf(text, sizeof(text), "NETDEV WATCHDOG: %s: transmit queue %d timed out %lld ms",
		     dev->name, queue, (long long)(stuck / NSEC_PER_MSEC));

	trace_log(h->sim->trace, host_now(h), h->id, 0, "kernel", text, (size_t)n);
}

/* When the queue that has been stopped longest times out; NSEC_NEVER: none is stopped. */
static nsec_t next_look(const struct net_device *dev)
{
	nsec_t t = NSEC_NEVER;

	for (int i = 0; i < dev->num_tx_queues; i++)
		if (dev->txq[i].stopped)
			t = min(t, dev->txq[i].stopped_since + timeo(dev));
	return t;
}

static void expired(struct timer *timer)
{
	struct tx_watchdog *wd = container_of(timer, struct tx_watchdog, timer);
	struct net_device *dev = wd->dev;
	nsec_t now = host_now(dev->host), next;

	for (int i = 0; i < dev->num_tx_queues; i++) {
		struct netdev_queue *txq = &dev->txq[i];

		if (!txq->stopped || !dev->carrier || now < txq->stopped_since + timeo(dev))
			continue;
		dev->tx_timeouts++;
		report(dev, i, now - txq->stopped_since);
		txq->stopped_since = now;
		dev->ops->tx_timeout(dev, i);
	}
	next = next_look(dev);
	if (next < NSEC_NEVER)
		timer_mod(timer, max(next, now + 1));
}

void tx_watchdog_stopped(struct netdev_queue *txq)
{
	struct net_device *dev = txq->dev;
	struct tx_watchdog *wd = dev->tx_watchdog;

	txq->stopped_since = host_now(dev->host);
	if (!dev->ops->tx_timeout)
		return;
	if (!wd) {
		wd = dev->tx_watchdog = xcalloc(1, sizeof(*wd));
		wd->dev = dev;
		timer_init(&wd->timer, dev->host, expired);
	}
	if (!timer_pending(&wd->timer))
		timer_mod(&wd->timer, txq->stopped_since + timeo(dev));
}

void tx_watchdog_woken(struct net_device *dev)
{
	if (dev->tx_watchdog && next_look(dev) == NSEC_NEVER)
		timer_del(&dev->tx_watchdog->timer);
}

void tx_watchdog_free(struct net_device *dev)
{
	if (dev->tx_watchdog)
		timer_del(&dev->tx_watchdog->timer);
	free(dev->tx_watchdog);
	dev->tx_watchdog = NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * Queueing disciplines: what all of them share, and how a device gets them (kernel: sch_generic.c
 * and sch_mq.c are the specification).
 *
 * A packet that the driver refused waits in q->requeue, in front of everything that the discipline
 * still holds. The order of a discipline therefore never changes because a ring was full.
 */
#include "nic/qdisc_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nic/gso.h"
#include "nic/tx.h"
#include "sim/engine/pool.h"
#include "sim/engine/trace_place.h"

const u8 qdisc_default_priomap[16] = {1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};

static const struct Qdisc_ops *const kinds[] = {
    &pfifo_fast_qdisc_ops, &pfifo_qdisc_ops, &prio_qdisc_ops, &netem_qdisc_ops, &fq_qdisc_ops,
};

nsec_t qdisc_now(const struct Qdisc *q)
{
	return host_now(q->dev->host);
}

/* As qdisc_pkt_len_init(): a super-packet weighs what its segments will weigh on the wire. */
void qdisc_pkt_init(struct sk_buff *skb)
{
	struct qdisc_cb *cb = qdisc_cb(skb);

	cb->pkt_len = skb->len;
	cb->segs = 1;
	if (skb->gso_size) {
		u32 hdr = gso_header_len(skb);

		cb->segs = gso_segment_count(skb);
		cb->pkt_len += (cb->segs - 1) * hdr;
	}
}

void qdisc_took(struct Qdisc *q, struct sk_buff *skb)
{
	q->qlen++;
	q->backlog += qdisc_cb(skb)->pkt_len;
}

void qdisc_gave(struct Qdisc *q, struct sk_buff *skb)
{
	q->qlen--;
	q->backlog -= qdisc_cb(skb)->pkt_len;
	q->bytes += qdisc_cb(skb)->pkt_len;
	q->packets += qdisc_cb(skb)->segs;
}

int qdisc_drop(struct Qdisc *q, struct sk_buff *skb, enum skb_drop_reason reason)
{
	q->drops++;
	kfree_skb_reason(skb, reason, PLACE_QDISC);
	return NET_XMIT_DROP;
}

static void watchdog_expired(struct timer *t)
{
	netif_schedule(container_of(t, struct Qdisc, watchdog));
}

void qdisc_watchdog_schedule(struct Qdisc *q, nsec_t t)
{
	if (!timer_pending(&q->watchdog) || q->watchdog.expires != t)
		timer_mod(&q->watchdog, t);
}

static size_t find_kind(const char *kind)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(kinds) && strcmp(kinds[i]->id, kind) != 0)
		i++;
	return i;
}

bool qdisc_kind_known(const char *kind)
{
	return find_kind(kind) < ARRAY_SIZE(kinds);
}

void dev_change_tx_queue_len(struct net_device *dev, u32 len)
{
	dev->tx_queue_len = len;
	for (int i = 0; i < dev->num_tx_queues; i++) {
		struct Qdisc *q = dev->txq[i].qdisc;

		if (q && q->ops == &pfifo_fast_qdisc_ops)
			q->limit = len;
	}
}

struct Qdisc *qdisc_new(struct net_device *dev, struct netdev_queue *txq, const char *kind,
			const void *params, int *err)
{
	size_t i = find_kind(kind);
	struct Qdisc *q;

	*err = -ENOENT;
	if (i == ARRAY_SIZE(kinds))
		return NULL;
	q = xcalloc(1, sizeof(*q));
	q->ops = kinds[i];
	q->dev = dev;
	q->txq = txq;
	q->limit = dev->tx_queue_len;
	list_init(&q->sched_node);
	skb_queue_init(&q->requeue);
	timer_init(&q->watchdog, dev->host, watchdog_expired);
	*err = q->ops->init(q, params);
	if (*err) {
		free(q);
		return NULL;
	}
	return q;
}

static struct sk_buff *take_any(struct Qdisc *q)
{
	struct sk_buff *skb = skb_dequeue(&q->requeue);

	if (!skb)
		skb = q->ops->drain(q);
	return skb;
}

void qdisc_reset(struct Qdisc *q)
{
	struct sk_buff *skb;

	timer_del(&q->watchdog);
	while ((skb = take_any(q)) != NULL) {
		q->drops++;
		kfree_skb_reason(skb, SKB_DROP_REASON_QUEUE_PURGE, PLACE_QDISC);
	}
	q->qlen = 0;
	q->backlog = 0;
}

void qdisc_free(struct Qdisc *q)
{
	struct sk_buff *skb;

	if (!q)
		return;
	timer_del(&q->watchdog);
	list_del_init(&q->sched_node);
	while ((skb = take_any(q)) != NULL)
		consume_skb(skb);
	q->ops->destroy(q);
	free(q);
}

/* ---- the disciplines of a device ---- */

static void detach_all(struct net_device *dev, void (*release)(struct Qdisc *))
{
	if (dev->root)
		release(dev->root);
	else
		for (int i = 0; i < dev->num_tx_queues; i++)
			if (dev->txq[i].qdisc)
				release(dev->txq[i].qdisc);
	dev->root = NULL;
	for (int i = 0; i < dev->num_tx_queues; i++)
		dev->txq[i].qdisc = NULL;
}

static void purge_and_free(struct Qdisc *q)
{
	qdisc_reset(q);
	qdisc_free(q);
}

static int attach_leaves(struct net_device *dev, const char *kind)
{
	int err = 0;

	for (int i = 0; i < dev->num_tx_queues && !err; i++)
		dev->txq[i].qdisc = qdisc_new(dev, &dev->txq[i], kind, NULL, &err);
	return err;
}

int dev_set_qdisc(struct net_device *dev, const char *kind, const void *params)
{
	struct Qdisc *q;
	int err;

	dev->qdisc_set = true;
	if (strcmp(kind, "mq") == 0) {
		detach_all(dev, purge_and_free);
		return attach_leaves(dev, net_core_sysctl(dev->host)->default_qdisc);
	}
	if (strcmp(kind, "noqueue") == 0) {
		detach_all(dev, purge_and_free);
		return 0;
	}
	q = qdisc_new(dev, dev->num_tx_queues == 1 ? &dev->txq[0] : NULL, kind, params, &err);
	if (!q)
		return err;
	detach_all(dev, purge_and_free);
	dev->root = q;
	for (int i = 0; i < dev->num_tx_queues; i++)
		dev->txq[i].qdisc = q;
	return 0;
}

/*
 * The loopback device and those without a queue length stay without a discipline. Once set, what a user chose
 * stays, "noqueue" too.
 */
void dev_activate(struct net_device *dev)
{
	if (!dev->qdisc_set && dev->tx_queue_len && !(dev->flags & IFF_LOOPBACK))
		dev_set_qdisc(dev, "mq", NULL);
}

void dev_deactivate(struct net_device *dev)
{
	if (dev->root)
		qdisc_reset(dev->root);
	else
		for (int i = 0; i < dev->num_tx_queues; i++)
			if (dev->txq[i].qdisc)
				qdisc_reset(dev->txq[i].qdisc);
}

void dev_shutdown(struct net_device *dev)
{
	detach_all(dev, qdisc_free);
	tx_watchdog_free(dev);
	free(dev->xps_flows);
	dev->xps_flows = NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * netem (tc-netem(8)): a host's own emulation of a bad network on its way out.
 *
 * In the order of the kernel: duplicate and loss are drawn together (a packet that is both goes
 * once), corruption, the limit, then the time of departure:
 *
 *   delayed    now + delay, +- jitter, uniform; with a rate: not before the packet ahead has been
 * sent, plus its own transmission time reordered  with gap N and probability: N - 1 packets are
 * delayed, then one may go at once, in front
 *
 * The queue is sorted by departure, so jitter reorders. What is cut from a super-packet afterwards
 * leaves together, as in Linux.
 */
#include "nic/qdisc_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "nic/gso.h"
#include "sim/engine/pool.h"
#include "sim/engine/rng.h"

#define NETEM_LIMIT 1000

struct netem {
	struct netem_params p;
	struct list_head queue; /* by due, then seq */
	u64 seq;
	u32 counter; /* packets since the last one that went at once */
	struct rng rng;
};

static bool valid(struct ratio r)
{
	return !r.num || r.num <= r.den;
}

static int netem_init(struct Qdisc *q, const void *params)
{
	static const struct netem_params none;
	const struct netem_params *p = params ? params : &none;
	int queue = q->txq ? q->txq->index : 0;
	struct netem *n;

	if (p->delay < 0 || p->jitter < 0 || !valid(p->loss) || !valid(p->duplicate) ||
	    !valid(p->corrupt) || !valid(p->reorder))
		return -EINVAL;
	if (p->reorder.num &&
	    !p->delay) /* tc: reordering not possible without specifying some delay */
		return -EINVAL;
	n = xcalloc(1, sizeof(*n));
	n->p = *p;
	if (!n->p.limit)
		n->p.limit = NETEM_LIMIT;
	if (n->p.reorder.num && !n->p.gap)
		n->p.gap = 1;
	q->limit = n->p.limit;
	list_init(&n->queue);
	rng_init(&n->rng, q->dev->host->sim->seed, q->dev->host->id, RNG_NETEM,
		 (u64)q->dev->ifindex << 16 | (u64)queue);
	q->priv = n;
	return 0;
}

static void netem_insert(struct Qdisc *q, struct sk_buff *skb)
{
	struct netem *n = q->priv;
	struct list_head *at = n->queue.prev;

	qdisc_cb(skb)->seq = n->seq++;
	while (at != &n->queue &&
	       qdisc_cb(list_entry(at, struct sk_buff, node))->due > qdisc_cb(skb)->due)
		at = at->prev;
	list_add(&skb->node, at);
	qdisc_took(q, skb);
}

/* Flips one bit anywhere; the checksum is filled in first, so that the receiver can see it. */
static void netem_corrupt(struct netem *n, struct sk_buff *skb)
{
	u32 payload_len, at, linear;
	u8 *payload, *byte;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_help(skb);
	payload = skb_linearize_copy(skb, &payload_len);
	linear = skb_headlen(skb);
	at = ETH_HLEN + rng_below(&n->rng, skb->len - ETH_HLEN);
	byte = at < linear ? skb_data(skb) + at : payload + (at - linear);
	*byte ^= (u8)(1u << rng_below(&n->rng, 8));
	skb->ip_summed = CHECKSUM_NONE;
	skb->corrupted = true;
}

/* A super-packet is cut before one of its segments is spoilt: the first one, as Linux does. */
static struct sk_buff *corrupt_one(struct Qdisc *q, struct sk_buff *skb, struct sk_buff_head *rest)
{
	struct netem *n = q->priv;

	if (skb->gso_size) {
		skb_gso_segment(skb, rest);
		skb = skb_dequeue(rest);
		qdisc_pkt_init(skb);
	}
	if (skb->len > ETH_HLEN)
		netem_corrupt(n, skb);
	return skb;
}

static nsec_t jittered(struct netem *n)
{
	if (!n->p.jitter)
		return n->p.delay;
	return n->p.delay - n->p.jitter + (nsec_t)(rng_u64(&n->rng) % (2 * (u64)n->p.jitter + 1));
}

static void netem_schedule(struct Qdisc *q, struct sk_buff *skb)
{
	struct netem *n = q->priv;
	nsec_t now = qdisc_now(q), delay;

	if (n->p.gap && n->counter >= n->p.gap - 1 && rng_chance(&n->rng, n->p.reorder)) {
		n->counter = 0;
		qdisc_cb(skb)->due = now;
		netem_insert(q, skb);
		return;
	}
	delay = jittered(n);
	if (n->p.rate) {
		if (!list_empty(&n->queue)) {
			nsec_t last =
			    qdisc_cb(list_last_entry(&n->queue, struct sk_buff, node))->due;

			delay = max(delay - (last - now), 0);
			now = max(last, now);
		}
		delay += (nsec_t)((u64)qdisc_cb(skb)->pkt_len * 8 * NSEC_PER_SEC / n->p.rate);
	}
	qdisc_cb(skb)->due = now + delay;
	n->counter++;
	netem_insert(q, skb);
}

static int netem_admit(struct Qdisc *q, struct sk_buff *skb)
{
	if (q->qlen >= q->limit) {
		q->overlimits++;
		return qdisc_drop(q, skb, SKB_DROP_REASON_QDISC_DROP);
	}
	netem_schedule(q, skb);
	return NET_XMIT_SUCCESS;
}

static int netem_enqueue(struct sk_buff *skb, struct Qdisc *q)
{
	struct netem *n = q->priv;
	struct sk_buff_head rest;
	struct sk_buff *copy = NULL;
	int count = 1, ret;

	skb_queue_init(&rest);
	if (rng_chance(&n->rng, n->p.duplicate))
		count++;
	if (rng_chance(&n->rng, n->p.loss))
		count--;
	if (!count) {
		qdisc_drop(q, skb, SKB_DROP_REASON_QDISC_DROP);
		return NET_XMIT_SUCCESS; /* the sender is not told: it is the network that lost it
					  */
	}
	if (count > 1)
		copy = skb_clone(skb);
	if (rng_chance(&n->rng, n->p.corrupt))
		skb = corrupt_one(q, skb, &rest);
	ret = netem_admit(q, skb);
	while ((skb = skb_dequeue(&rest)) != NULL) {
		qdisc_pkt_init(skb);
		netem_admit(q, skb);
	}
	if (copy)
		netem_admit(q, copy);
	return ret;
}

static struct sk_buff *netem_drain(struct Qdisc *q)
{
	struct netem *n = q->priv;
	struct sk_buff *skb;

	if (list_empty(&n->queue))
		return NULL;
	skb = list_first_entry(&n->queue, struct sk_buff, node);
	list_del_init(&skb->node);
	return skb;
}

static struct sk_buff *netem_dequeue(struct Qdisc *q)
{
	struct netem *n = q->priv;
	struct sk_buff *skb;

	if (list_empty(&n->queue))
		return NULL;
	skb = list_first_entry(&n->queue, struct sk_buff, node);
	if (qdisc_cb(skb)->due > qdisc_now(q)) {
		qdisc_watchdog_schedule(q, qdisc_cb(skb)->due);
		return NULL;
	}
	list_del_init(&skb->node);
	qdisc_gave(q, skb);
	return skb;
}

static void netem_destroy(struct Qdisc *q)
{
	free(q->priv);
}

const struct Qdisc_ops netem_qdisc_ops = {
    .id = "netem",
    .init = netem_init,
    .enqueue = netem_enqueue,
    .dequeue = netem_dequeue,
    .drain = netem_drain,
    .destroy = netem_destroy,
};

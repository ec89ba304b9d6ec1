/* SPDX-License-Identifier: MIT */
/*
 * pfifo and pfifo_fast (tc-pfifo(8), tc-pfifo_fast(8)).
 *
 * pfifo: one queue of so many packets. pfifo_fast: three bands by priority, the lower band always
 * first, each band a ring of tx_queue_len packets, as in the kernel since its bands became lockless
 * rings.
 */
#include "nic/qdisc_priv.h"

#include <stdlib.h>

#include "sim/engine/pool.h"

struct pfifo_fast {
	struct sk_buff_head band[PFIFO_FAST_BANDS];
};

static int pfifo_init(struct Qdisc *q, const void *params)
{
	const struct pfifo_params *p = params;

	if (p && p->limit)
		q->limit = p->limit;
	q->priv = xcalloc(1, sizeof(struct sk_buff_head));
	skb_queue_init(q->priv);
	return 0;
}

static int pfifo_enqueue(struct sk_buff *skb, struct Qdisc *q)
{
	struct sk_buff_head *fifo = q->priv;

	if (fifo->qlen >= q->limit)
		return qdisc_drop(q, skb, SKB_DROP_REASON_QDISC_DROP);
	skb_queue_tail(fifo, skb);
	qdisc_took(q, skb);
	return NET_XMIT_SUCCESS;
}

static struct sk_buff *pfifo_drain(struct Qdisc *q)
{
	return skb_dequeue(q->priv);
}

static struct sk_buff *pfifo_dequeue(struct Qdisc *q)
{
	struct sk_buff *skb = skb_dequeue(q->priv);

	if (skb)
		qdisc_gave(q, skb);
	return skb;
}

static void priv_destroy(struct Qdisc *q)
{
	free(q->priv);
}

const struct Qdisc_ops pfifo_qdisc_ops = {
    .id = "pfifo",
    .init = pfifo_init,
    .enqueue = pfifo_enqueue,
    .dequeue = pfifo_dequeue,
    .drain = pfifo_drain,
    .destroy = priv_destroy,
};

static int pfifo_fast_init(struct Qdisc *q, const void *params)
{
	struct pfifo_fast *f = xcalloc(1, sizeof(*f));

	for (int i = 0; i < PFIFO_FAST_BANDS; i++)
		skb_queue_init(&f->band[i]);
	q->priv = f;
	return 0;
}

static int pfifo_fast_enqueue(struct sk_buff *skb, struct Qdisc *q)
{
	struct pfifo_fast *f = q->priv;
	struct sk_buff_head *band = &f->band[qdisc_default_priomap[skb->priority & 15]];

	if (band->qlen >= q->limit)
		return qdisc_drop(q, skb, SKB_DROP_REASON_QDISC_DROP);
	skb_queue_tail(band, skb);
	qdisc_took(q, skb);
	return NET_XMIT_SUCCESS;
}

static struct sk_buff *pfifo_fast_drain(struct Qdisc *q)
{
	struct pfifo_fast *f = q->priv;

	for (int i = 0; i < PFIFO_FAST_BANDS; i++)
		if (f->band[i].qlen)
			return skb_dequeue(&f->band[i]);
	return NULL;
}

static struct sk_buff *pfifo_fast_dequeue(struct Qdisc *q)
{
	struct sk_buff *skb = pfifo_fast_drain(q);

	if (skb)
		qdisc_gave(q, skb);
	return skb;
}

const struct Qdisc_ops pfifo_fast_qdisc_ops = {
    .id = "pfifo_fast",
    .init = pfifo_fast_init,
    .enqueue = pfifo_fast_enqueue,
    .dequeue = pfifo_fast_dequeue,
    .drain = pfifo_fast_drain,
    .destroy = priv_destroy,
};

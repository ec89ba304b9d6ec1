/* SPDX-License-Identifier: MIT */
/*
 * prio (tc-prio(8)): 2 to 16 bands, a packet's priority names its band, a lower band always goes
 * first.
 *
 * Each band is a pfifo of tx_queue_len packets, which is what tc gives each class at first. Classes
 * cannot be given other disciplines, and packets are classified by priority alone (no filters).
 */
#include "nic/qdisc_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

#define PRIO_MAX_BANDS 16
#define PRIO_DEFAULT_BANDS 3

struct prio {
	int bands;
	u8 priomap[16];
	struct sk_buff_head band[PRIO_MAX_BANDS];
};

static int prio_init(struct Qdisc *q, const void *params)
{
	static const struct prio_params none;
	const struct prio_params *p = params ? params : &none;
	int bands = p->bands ? p->bands : PRIO_DEFAULT_BANDS;
	const u8 *map = p->priomap;
	struct prio *pr;

	if (memcmp(map, none.priomap, sizeof(none.priomap)) == 0)
		map = qdisc_default_priomap;
	if (bands < 2 || bands > PRIO_MAX_BANDS)
		return -EINVAL;
	for (int i = 0; i < 16; i++)
		if (map[i] >= bands && map != qdisc_default_priomap)
			return -EINVAL;
	pr = xcalloc(1, sizeof(*pr));
	pr->bands = bands;
	for (int i = 0; i < 16; i++)
		pr->priomap[i] = (u8)min(map[i], bands - 1);
	for (int i = 0; i < bands; i++)
		skb_queue_init(&pr->band[i]);
	q->priv = pr;
	return 0;
}

static int prio_enqueue(struct sk_buff *skb, struct Qdisc *q)
{
	struct prio *pr = q->priv;
	struct sk_buff_head *band = &pr->band[pr->priomap[skb->priority & 15]];

	if (band->qlen >= q->limit)
		return qdisc_drop(q, skb, SKB_DROP_REASON_QDISC_DROP);
	skb_queue_tail(band, skb);
	qdisc_took(q, skb);
	return NET_XMIT_SUCCESS;
}

static struct sk_buff *prio_drain(struct Qdisc *q)
{
	struct prio *pr = q->priv;

	for (int i = 0; i < pr->bands; i++)
		if (pr->band[i].qlen)
			return skb_dequeue(&pr->band[i]);
	return NULL;
}

static struct sk_buff *prio_dequeue(struct Qdisc *q)
{
	struct sk_buff *skb = prio_drain(q);

	if (skb)
		qdisc_gave(q, skb);
	return skb;
}

static void prio_destroy(struct Qdisc *q)
{
	free(q->priv);
}

const struct Qdisc_ops prio_qdisc_ops = {
    .id = "prio",
    .init = prio_init,
    .enqueue = prio_enqueue,
    .dequeue = prio_dequeue,
    .drain = prio_drain,
    .destroy = prio_destroy,
};

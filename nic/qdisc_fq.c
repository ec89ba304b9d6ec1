/* SPDX-License-Identifier: MIT */
/*
 * fq (tc-fq(8)): every flow has a queue of its own, flows take turns, and a packet with a departure
 * time (skb->tstamp, set by a pacing sender or SO_TXTIME) holds its flow back until then.
 *
 * Turns are deficit round robin with a quantum of bytes. A flow that was idle is new: it goes
 * before the old ones, once, and starts with an initial quantum, so that short exchanges overtake
 * bulk. A flow that must wait is in a heap by time until it is due; the watchdog is set to the
 * earliest.
 *
 * A flow is a value of the packet's flow hash (Linux: the socket). TC_PRIO_CONTROL packets have a
 * queue of their own that always goes first. Since 6.7 flows stand in three bands by priority,
 * which are served in turn by weights of 9 to 3 to 1.
 */
#include "nic/qdisc_priv.h"

#include <errno.h>
#include <stdlib.h>

#include "nic/tx.h"
#include "sim/engine/pool.h"

#define FQ_BANDS 3
#define FQ_BUCKETS 1024
#define FQ_LIMIT 10000
#define FQ_FLOW_LIMIT 100
#define FQ_HORIZON (10 * NSEC_PER_SEC)
#define FQ_FORGET (3 * NSEC_PER_SEC)
#define TC_PRIO_CONTROL 7

enum fq_state { FQ_DETACHED = 0, FQ_ACTIVE, FQ_THROTTLED };

struct fq_flow {
	struct fq_flow *next;	  /* in its bucket */
	struct list_head node;	  /* in new_flows or old_flows */
	struct sk_buff_head pkts; /* by departure time, mostly in order of arrival */
	u32 hash;
	s32 credit;
	u8 band;
	enum fq_state state;
	nsec_t age;	  /* when it became detached */
	nsec_t next_time; /* earliest departure of the next packet */
	u64 seq;	  /* order of being throttled, for ties */
};

struct fq_band {
	struct list_head new_flows, old_flows;
	s32 credit, quantum;
	u32 npkts;
};

struct fq {
	struct fq_params p;
	struct fq_band band[FQ_BANDS];
	int band_nr;	       /* being served */
	struct fq_flow **heap; /* throttled flows, earliest first */
	u32 nheap, cap;
	u64 seq;
	struct sk_buff_head internal; /* TC_PRIO_CONTROL */
	struct fq_flow *bucket[FQ_BUCKETS];
};

/* ---- throttled flows: a binary heap ---- */

static bool earlier(const struct fq_flow *a, const struct fq_flow *b)
{
	return a->next_time != b->next_time ? a->next_time < b->next_time : a->seq < b->seq;
}

static void heap_push(struct fq *fq, struct fq_flow *f)
{
	u32 i = fq->nheap++;

	if (fq->nheap > fq->cap) {
		fq->cap = fq->cap ? fq->cap * 2 : 16;
		fq->heap = xrealloc(fq->heap, fq->cap * sizeof(*fq->heap));
	}
	while (i && earlier(f, fq->heap[(i - 1) / 2])) {
		fq->heap[i] = fq->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	fq->heap[i] = f;
}

static struct fq_flow *heap_pop(struct fq *fq)
{
	struct fq_flow *top = fq->heap[0], *last = fq->heap[--fq->nheap];
	u32 i = 0, child;

	while ((child = 2 * i + 1) < fq->nheap) {
		if (child + 1 < fq->nheap && earlier(fq->heap[child + 1], fq->heap[child]))
			child++;
		if (!earlier(fq->heap[child], last))
			break;
		fq->heap[i] = fq->heap[child];
		i = child;
	}
	fq->heap[i] = last;
	return top;
}

/* ---- flows ---- */

/* Finds or makes the flow, and forgets idle ones that it meets. */
static struct fq_flow *fq_classify(struct Qdisc *q, u32 hash)
{
	struct fq *fq = q->priv;
	struct fq_flow **pp = &fq->bucket[hash % FQ_BUCKETS], *f;

	while ((f = *pp) != NULL) {
		if (f->hash == hash)
			return f;
		if (f->state == FQ_DETACHED && qdisc_now(q) > f->age + FQ_FORGET) {
			*pp = f->next;
			free(f);
			continue;
		}
		pp = &f->next;
	}
	f = xcalloc(1, sizeof(*f));
	f->hash = hash;
	f->credit = (s32)fq->p.initial_quantum;
	f->age = qdisc_now(q);
	list_init(&f->node);
	skb_queue_init(&f->pkts);
	*pp = f;
	return f;
}

/* By departure time, behind those of the same. */
static void flow_queue_add(struct fq_flow *f, struct sk_buff *skb)
{
	struct list_head *at = f->pkts.list.prev;

	while (at != &f->pkts.list &&
	       qdisc_cb(list_entry(at, struct sk_buff, node))->due > qdisc_cb(skb)->due)
		at = at->prev;
	list_add(&skb->node, at);
	f->pkts.qlen++;
}

static int fq_enqueue(struct sk_buff *skb, struct Qdisc *q)
{
	struct fq *fq = q->priv;
	nsec_t now = qdisc_now(q);
	u8 band = qdisc_default_priomap[skb->priority & 15];
	struct fq_flow *f;

	if (fq->band[band].npkts >= q->limit)
		return qdisc_drop(q, skb, SKB_DROP_REASON_FQ_BAND_LIMIT);
	if (skb->tstamp > now + fq->p.horizon)
		return qdisc_drop(q, skb, SKB_DROP_REASON_FQ_HORIZON_LIMIT);
	qdisc_cb(skb)->due = skb->tstamp > now ? skb->tstamp : now;
	if ((skb->priority & 15) == TC_PRIO_CONTROL) {
		skb_queue_tail(&fq->internal, skb);
		qdisc_took(q, skb);
		return NET_XMIT_SUCCESS;
	}
	f = fq_classify(q, skb_get_hash(skb));
	if (f->pkts.qlen >= fq->p.flow_limit)
		return qdisc_drop(q, skb, SKB_DROP_REASON_FQ_FLOW_LIMIT);
	if (f->state == FQ_DETACHED) {
		/* Idle for long enough to deserve its first quantum again? Linux: 40 ms refill
		 * delay. */
		if (now > f->age + 40 * NSEC_PER_MSEC)
			f->credit = max(f->credit, (s32)fq->p.quantum);
		list_add_tail(&f->node, &fq->band[band].new_flows);
		f->state = FQ_ACTIVE;
	}
	f->band = band;
	qdisc_cb(skb)->seq = band;
	fq->band[band].npkts++;
	flow_queue_add(f, skb);
	qdisc_took(q, skb);
	return NET_XMIT_SUCCESS;
}

static void fq_release_due(struct Qdisc *q)
{
	struct fq *fq = q->priv;

	while (fq->nheap && fq->heap[0]->next_time <= qdisc_now(q)) {
		struct fq_flow *f = heap_pop(fq);

		f->state = FQ_ACTIVE;
		list_add_tail(&f->node, &fq->band[f->band].old_flows);
	}
}

static void fq_throttle(struct fq *fq, struct fq_flow *f, nsec_t t)
{
	list_del_init(&f->node);
	f->state = FQ_THROTTLED;
	f->next_time = t;
	f->seq = fq->seq++;
	heap_push(fq, f);
}

/*
 * The head flow of a list had no packet. A new flow goes through the old list once before it is
 * forgotten, so that a flow cannot be new again and again.
 */
static void fq_flow_empty(struct Qdisc *q, struct fq_flow *f, bool was_new)
{
	struct fq *fq = q->priv;

	if (was_new) {
		list_move_tail(&f->node, &fq->band[f->band].old_flows);
		return;
	}
	list_del_init(&f->node);
	f->state = FQ_DETACHED;
	f->age = qdisc_now(q);
}

static struct sk_buff *fq_send(struct Qdisc *q, struct fq_band *band, struct fq_flow *f)
{
	struct fq *fq = q->priv;
	struct sk_buff *skb = skb_dequeue(&f->pkts);
	u32 len = qdisc_cb(skb)->pkt_len;

	f->credit -= (s32)len;
	band->credit -= (s32)len;
	fq->band[qdisc_cb(skb)->seq].npkts--;
	qdisc_gave(q, skb);
	if (fq->p.maxrate)
		f->next_time = qdisc_now(q) + (nsec_t)((u64)len * 8 * NSEC_PER_SEC / fq->p.maxrate);
	return skb;
}

/* The next packet of a band that is due; what has to wait is throttled on the way. */
static struct sk_buff *fq_band_dequeue(struct Qdisc *q, struct fq_band *band)
{
	struct fq *fq = q->priv;

	for (;;) {
		bool is_new = !list_empty(&band->new_flows);
		struct list_head *head = is_new ? &band->new_flows : &band->old_flows;
		struct sk_buff *skb;
		struct fq_flow *f;
		nsec_t due;

		if (list_empty(head))
			return NULL;
		f = list_first_entry(head, struct fq_flow, node);
		if (f->credit <= 0) {
			f->credit += (s32)fq->p.quantum;
			list_move_tail(&f->node, &fq->band[f->band].old_flows);
			continue;
		}
		skb = skb_peek(&f->pkts);
		if (!skb) {
			fq_flow_empty(q, f, is_new);
			continue;
		}
		due = max(qdisc_cb(skb)->due, f->next_time);
		if (due <= qdisc_now(q))
			return fq_send(q, band, f);
		fq_throttle(fq, f, due);
	}
}

static bool fq_band_empty(const struct fq_band *band)
{
	return list_empty(&band->new_flows) && list_empty(&band->old_flows);
}

/* Bands take turns: each sends until its credit is used up, and earns its quantum at its turn. */
static struct sk_buff *fq_dequeue(struct Qdisc *q)
{
	struct fq *fq = q->priv;
	struct sk_buff *skb = skb_dequeue(&fq->internal);
	int idle = 0;

	if (skb) {
		qdisc_gave(q, skb);
		return skb;
	}
	fq_release_due(q);
	while (idle < FQ_BANDS) {
		struct fq_band *band = &fq->band[fq->band_nr];

		if (band->credit > 0) {
			skb = fq_band_dequeue(q, band);
			if (skb)
				return skb;
		}
		idle = fq_band_empty(band) ? idle + 1 : 0;
		fq->band_nr = (fq->band_nr + 1) % FQ_BANDS;
		band = &fq->band[fq->band_nr];
		band->credit = min(band->credit + band->quantum, band->quantum);
	}
	if (fq->nheap)
		qdisc_watchdog_schedule(q, fq->heap[0]->next_time);
	return NULL;
}

static struct sk_buff *fq_drain(struct Qdisc *q)
{
	struct fq *fq = q->priv;
	struct sk_buff *skb;

	if (fq->internal.qlen)
		return skb_dequeue(&fq->internal);
	for (u32 i = 0; q->qlen && i < FQ_BUCKETS; i++) {
		for (struct fq_flow *f = fq->bucket[i]; f; f = f->next) {
			if (!f->pkts.qlen)
				continue;
			skb = skb_dequeue(&f->pkts);
			fq->band[qdisc_cb(skb)->seq].npkts--;
			return skb;
		}
	}
	return NULL;
}

static void fq_destroy(struct Qdisc *q)
{
	struct fq *fq = q->priv;

	for (u32 i = 0; i < FQ_BUCKETS; i++) {
		for (struct fq_flow *f = fq->bucket[i], *next; f; f = next) {
			next = f->next;
			free(f);
		}
	}
	free(fq->heap);
	free(fq);
}

static int fq_init(struct Qdisc *q, const void *params)
{
	static const s32 weights[FQ_BANDS] = {9 << 16, 3 << 16, 1 << 16};
	static const struct fq_params none;
	const struct fq_params *p = params ? params : &none;
	u32 frame = q->dev->mtu + ETH_HLEN;
	struct fq *fq;

	if (p->horizon < 0 || p->quantum > 1 << 20 || p->initial_quantum > 1 << 30)
		return -EINVAL;
	fq = xcalloc(1, sizeof(*fq));
	fq->p = *p;
	fq->p.limit = p->limit ? p->limit : FQ_LIMIT;
	fq->p.flow_limit = p->flow_limit ? p->flow_limit : FQ_FLOW_LIMIT;
	fq->p.quantum = p->quantum ? p->quantum : 2 * frame;
	fq->p.initial_quantum = p->initial_quantum ? p->initial_quantum : 10 * frame;
	fq->p.horizon = p->horizon ? p->horizon : FQ_HORIZON;
	q->limit = fq->p.limit;
	for (int i = 0; i < FQ_BANDS; i++) {
		list_init(&fq->band[i].new_flows);
		list_init(&fq->band[i].old_flows);
		fq->band[i].credit = fq->band[i].quantum = weights[i];
	}
	skb_queue_init(&fq->internal);
	q->priv = fq;
	return 0;
}

const struct Qdisc_ops fq_qdisc_ops = {
    .id = "fq",
    .init = fq_init,
    .enqueue = fq_enqueue,
    .dequeue = fq_dequeue,
    .drain = fq_drain,
    .destroy = fq_destroy,
};

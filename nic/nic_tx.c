/* SPDX-License-Identifier: MIT */
/*
 * The NIC's TX rings.
 *
 * Theory of operation. The driver puts packets in a ring and rings the doorbell. The NIC serves its
 * rings in turn, a wire frame from each: it cuts super-packets while they leave (TSO), so the ring
 * and the disciplines handle one packet where the wire sees many. Between ring and wire is a small
 * FIFO of FIFO_TIME: the NIC fetches ahead that much and no more, so that a frame of another queue
 * does not wait for a whole super-packet. One event marks the end of what was fetched; at it,
 * packets whose last bit has left become completed, and the queue's interrupt is raised through its
 * moderation. The NAPI poll then cleans: frees the packet (which gives its socket its memory back),
 * tells byte queue limits, and wakes a stopped queue.
 *
 * The driver stops its queue when no descriptor is left and wakes it when an eighth of the ring is
 * free. A packet takes one descriptor, however many slices it has (as with indirect descriptors of
 * virtio-net).
 *
 * The classic race (bug tx_wake_lost): the driver sees a full ring, and before it has stored that
 * the queue is stopped another CPU cleans the ring, sees a queue that is not stopped, and wakes
 * nobody. A right driver looks at the ring again after the store. A wrong one waits for a
 * completion that never comes.
 */
#include "nic/nic_tx.h"

#include <stdlib.h>

#include "nic/dql.h"
#include "nic/nic.h"
#include "nic/tx.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

#define FIFO_TIME (10 * NSEC_PER_USEC)
#define CLEAN_BATCH 64u
/* Between the check and the store of a wrong driver: some instructions, or as long as an interrupt
 * takes. */
#define STOP_WINDOW 200
#define STOP_WINDOW_STALLED (100 * NSEC_PER_USEC)

static inline struct nic_tx_desc *desc_at(const struct nic_tx_ring *r, u32 i)
{
	return &r->desc[i & (r->cap - 1)];
}

static inline u32 ring_free(const struct nic_tx_ring *r)
{
	u32 used = nic_tx_used(r);

	return used < r->size ? r->size - used : 0;
}

static inline nsec_t tx_now(const struct nic_tx *tx)
{
	return host_now(tx->dev->host);
}

static void ring_grow(struct nic_tx_ring *r)
{
	u32 cap = r->cap ? r->cap * 2 : 8;
	struct nic_tx_desc *d = xcalloc(cap, sizeof(*d));

	for (u32 i = r->clean; i != r->tail; i++)
		d[i & (cap - 1)] = *desc_at(r, i);
	free(r->desc);
	r->desc = d;
	r->cap = cap;
}

/* ---- from the ring to the wire ---- */

/*
 * The frame goes on the wire; what its socket is charged stays behind until completion, on an empty
 * packet that stands in for it.
 */
static struct sk_buff *leave_charge(struct sk_buff *skb)
{
	struct sk_buff *stub;

	if (!skb->destructor) {
		skb->sk = NULL;
		return NULL;
	}
	stub = alloc_skb(skb->host);
	stub->sk = skb->sk;
	stub->destructor = skb->destructor;
	stub->truesize = skb->truesize;
	stub->tx_slot = skb->tx_slot;
	skb->sk = NULL;
	skb->destructor = NULL;
	return stub;
}

static void desc_sent(struct nic_tx_ring *r, nsec_t done)
{
	desc_at(r, r->sent)->done = done;
	r->sent++;
	r->cutting = false;
	if (r->sent == r->tail)
		r->tx->nwaiting--;
}

/* Puts the next frame of a ring on the wire. */
static void send_frame(struct nic_tx_ring *r)
{
	struct nic_tx_desc *d = desc_at(r, r->sent);
	struct nic_tx *tx = r->tx;
	struct sk_buff *frame = d->skb;
	bool last = true;
	nsec_t done;

	if (frame->gso_size) {
		if (!r->cutting) {
			gso_iter_init(&r->it, d->skb);
			r->cutting = true;
			r->tso_packets++;
		}
		frame = gso_iter_next(&r->it);
		last = r->it.left == 0;
	} else {
		d->skb = leave_charge(frame);
	}
	r->packets++;
	r->bytes += frame->len;
	tx->dev->stats.tx_packets++;
	tx->dev->stats.tx_bytes += frame->len;
	done = link_transmit(tx->port, frame, 0);
	if (last)
		desc_sent(r, done);
}

/* The next ring, in turn, whose first packet the NIC can see. */
static struct nic_tx_ring *pick_ring(struct nic_tx *tx, nsec_t now, nsec_t *visible)
{
	if (!tx->nwaiting)
		return NULL;
	for (int i = 0; i < tx->nrings; i++) {
		int k = tx->next + i;
		struct nic_tx_ring *r = &tx->ring[k < tx->nrings ? k : k - tx->nrings];

		if (r->sent == r->tail)
			continue;
		if (desc_at(r, r->sent)->visible <= now) {
			tx->next = (int)(r - tx->ring) + 1;
			if (tx->next == tx->nrings)
				tx->next = 0;
			return r;
		}
		*visible = min(*visible, desc_at(r, r->sent)->visible);
	}
	return NULL;
}

/* Is a descriptor on the wire whose completion nobody has seen? */
static bool completion_due(const struct nic_tx *tx)
{
	for (int i = 0; i < tx->nrings; i++)
		if (tx->ring[i].sent != tx->ring[i].completed)
			return true;
	return false;
}

static void pump(struct nic_tx *tx)
{
	nsec_t now = tx_now(tx), visible = NSEC_NEVER;
	struct nic_tx_ring *r;
	bool full = false;

	for (;;) {
		full = link_busy(tx->port) && link_free_at(tx->port) >= now + FIFO_TIME;
		if (full)
			break;
		r = pick_ring(tx, now, &visible);
		if (!r)
			break;
		send_frame(r);
	}
	if (!tx->ready_armed && (full || completion_due(tx))) {
		link_want_ready(tx->port, now);
		tx->ready_armed = true;
	}
	if (visible < NSEC_NEVER && !full)
		event_at(tx->dev->host->sim, &tx->doorbell_ev, tx->dev->host->id, visible);
}

static void doorbell_seen(struct sim *s, struct event *ev)
{
	struct nic_tx *tx = container_of(ev, struct nic_tx, doorbell_ev);

	if (link_is_up(tx->port))
		pump(tx);
}

/* Marks what has left, and raises interrupts. */
static void complete(struct nic_tx *tx)
{
	nsec_t now = tx_now(tx);

	for (int i = 0; i < tx->nrings; i++) {
		struct nic_tx_ring *r = &tx->ring[i];
		u32 n = 0;

		while (r->completed != r->sent && desc_at(r, r->completed)->done <= now) {
			r->completed++;
			n++;
		}
		if (n)
			tx->completed(tx->dev, i, n);
	}
}

void nic_tx_ready(struct nic_tx *tx)
{
	tx->ready_armed = false;
	complete(tx);
	if (link_is_up(tx->port))
		pump(tx);
}

/* ---- the driver ---- */

static void stop_stored(struct sim *s, struct event *ev)
{
	struct nic_tx_ring *r = container_of(ev, struct nic_tx_ring, stop_ev);

	r->stopping = false;
}

/*
 * No descriptor is left. Checking, stopping and checking again are one step here; only a driver
 * that does not check again needs the time between the first two. Its lock keeps senders away
 * meanwhile, which is why the queue counts as stopped at once for them.
 */
static void ring_full(struct nic_tx_ring *r)
{
	struct host *h = r->tx->dev->host;
	nsec_t window;

	netif_tx_stop_queue(r->txq);
	if (!r->tx->wake_lost_bug)
		return;
	window = choose(h->sim, h->id, CHOICE_STALL, 2) ? STOP_WINDOW_STALLED : STOP_WINDOW;
	r->stopping = true;
	r->stop_cpu = cpu_current(h)->id;
	event_at(h->sim, &r->stop_ev, h->id, host_now(h) + window);
}

static u32 wire_bytes(struct sk_buff *skb)
{
	if (!skb->gso_size)
		return skb->len;
	return skb->len + (gso_segment_count(skb) - 1) * gso_header_len(skb);
}

enum netdev_tx nic_tx_xmit(struct nic_tx *tx, struct sk_buff *skb)
{
	struct nic_tx_ring *r = &tx->ring[skb->queue_mapping];
	struct host *h = tx->dev->host;
	u32 bytes = wire_bytes(skb);

	if (!ring_free(r)) {
		r->busy++;
		return NETDEV_TX_BUSY;
	}
	trace_hop(h->sim->trace, skb->id, host_now(h), h->id, PLACE_TX_RING, tx->dev->ifindex,
		  r->txq->index);
	if (nic_tx_used(r) == r->cap)
		ring_grow(r);
	*desc_at(r, r->tail) = (struct nic_tx_desc){
	    .skb = skb, .bytes = bytes, .visible = host_now(h) + tx->dma_delay};
	if (r->sent == r->tail)
		tx->nwaiting++;
	r->tail++;
	netdev_tx_sent_queue(r->txq, bytes);
	if (!ring_free(r))
		ring_full(r);
	if (tx->dma_delay) {
		if (!event_pending(&tx->doorbell_ev))
			event_at(h->sim, &tx->doorbell_ev, h->id, host_now(h) + tx->dma_delay);
	} else if (link_is_up(tx->port)) {
		pump(tx);
	}
	return NETDEV_TX_OK;
}

/*
 * Does the cleaning CPU see that the queue is stopped? The one that is about to stop it does: it
 * has finished its transmission before it cleans.
 */
static bool sees_stopped(const struct nic_tx_ring *r)
{
	if (r->stopping && cpu_current(r->tx->dev->host)->id != r->stop_cpu)
		return false;
	return r->txq->stopped;
}

static void clean_done(struct nic_tx_ring *r)
{
	u32 pkts = r->clean_pkts, bytes = r->clean_bytes;

	r->clean_pkts = 0;
	r->clean_bytes = 0;
	netdev_tx_completed_queue(r->txq, pkts, bytes);
	if (sees_stopped(r) && ring_free(r) >= max(r->size / 8, 1u)) {
		r->restarts++;
		netif_tx_wake_queue(r->txq);
	}
}

void nic_tx_clean_one(struct nic_tx_ring *r)
{
	struct nic_tx_desc *d = desc_at(r, r->clean);

	assert(nic_tx_to_clean(r));
	r->clean_pkts++;
	r->clean_bytes += d->bytes;
	r->clean++;
	if (d->skb)
		consume_skb(d->skb);
	if (!nic_tx_to_clean(r) || r->clean_pkts == CLEAN_BATCH)
		clean_done(r);
}

/* ---- down and up ---- */

/* What waits is lost; it counts as sent, so that the driver gets its descriptors back. */
static void lose_waiting(struct nic_tx_ring *r)
{
	while (r->sent != r->tail) {
		struct nic_tx_desc *d = desc_at(r, r->sent);

		r->dropped++;
		r->tx->dev->stats.tx_carrier_errors++;
		kfree_skb_reason(d->skb, SKB_DROP_REASON_LINK_DOWN, PLACE_TX_RING);
		d->skb = NULL;
		desc_sent(r, tx_now(r->tx));
	}
}

void nic_tx_carrier(struct nic_tx *tx, bool up)
{
	if (up)
		return;
	for (int i = 0; i < tx->nrings; i++) {
		struct nic_tx_ring *r = &tx->ring[i];

		lose_waiting(r);
		for (u32 k = r->completed; k != r->sent; k++)
			desc_at(r, k)->done = tx_now(tx);
	}
	complete(tx);
}

static void ring_reset(struct nic_tx_ring *r)
{
	lose_waiting(r);
	r->completed = r->sent;
	while (nic_tx_to_clean(r)) {
		struct nic_tx_desc *d = desc_at(r, r->clean++);

		if (d->skb)
			consume_skb(d->skb);
	}
	event_cancel(r->tx->dev->host->sim, &r->stop_ev);
	r->stopping = false;
	r->clean_pkts = 0;
	r->clean_bytes = 0;
	r->txq->bql_stopped = false;
	if (r->txq->dql)
		dql_reset(r->txq->dql);
}

void nic_tx_stop(struct nic_tx *tx)
{
	for (int i = 0; i < tx->nrings; i++) {
		ring_reset(&tx->ring[i]);
		tx->ring[i].txq->stopped = false;
	}
	tx_watchdog_woken(tx->dev);
	event_cancel(tx->dev->host->sim, &tx->doorbell_ev);
}

void nic_tx_timeout(struct nic_tx *tx, int queue)
{
	ring_reset(&tx->ring[queue]);
	netif_tx_wake_queue(tx->ring[queue].txq);
}

void nic_tx_set_ring(struct nic_tx *tx, u32 size)
{
	for (int i = 0; i < tx->nrings; i++)
		tx->ring[i].size = size;
}

void nic_tx_init(struct nic_tx *tx, struct net_device *dev, struct link_port *port,
		 const struct nic_params *p,
		 void (*completed)(struct net_device *dev, int queue, u32 n))
{
	*tx = (struct nic_tx){
	    .dev = dev,
	    .port = port,
	    .nrings = p->tx_queues,
	    .dma_delay = p->dma_delay,
	    .wake_lost_bug = p->bugs.tx_wake_lost,
	    .completed = completed,
	};
	event_init(&tx->doorbell_ev, dev->host->id, doorbell_seen);
	tx->ring = xcalloc((size_t)tx->nrings, sizeof(*tx->ring));
	for (int i = 0; i < tx->nrings; i++) {
		struct nic_tx_ring *r = &tx->ring[i];

		r->tx = tx;
		r->txq = &dev->txq[i];
		r->size = p->tx_ring;
		event_init(&r->stop_ev, dev->host->id, stop_stored);
		if (p->no_bql)
			continue;
		r->txq->dql = xcalloc(1, sizeof(*r->txq->dql));
		dql_init(r->txq->dql);
	}
}

void nic_tx_destroy(struct nic_tx *tx)
{
	for (int i = 0; i < tx->nrings; i++) {
		struct nic_tx_ring *r = &tx->ring[i];

		while (r->clean != r->tail) {
			struct nic_tx_desc *d = desc_at(r, r->clean++);

			if (d->skb)
				consume_skb(d->skb);
		}
		event_cancel(tx->dev->host->sim, &r->stop_ev);
		free(r->desc);
		free(r->txq->dql);
		r->txq->dql = NULL;
	}
	event_cancel(tx->dev->host->sim, &tx->doorbell_ev);
	free(tx->ring);
}

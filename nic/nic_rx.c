/* SPDX-License-Identifier: MIT */
/*
 * The receiving half of the NIC: MAC filter, steering rules, RSS, rings, and the driver's poll.
 */
#include <string.h>

#include "nic/nic_priv.h"
#include "nic/rss.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

#define VLAN_HLEN 4u
#define RX_HEADROOM 64u	   /* NET_SKB_PAD */
#define RX_PAGE_HALF 2048u /* a receive buffer: half a page */

/* ---- the hardware ------------------------------------------------------------------------------ */

/* Its own address, the commonest, needs no look at lists. */
static bool mac_accepts(const struct nic *nic, const struct sk_buff *skb)
{
	const u8 *dst = skb->head + skb->data;

	return !memcmp(dst, nic->dev->mac, ETH_ALEN) || dev_addr_wanted(nic->dev, dst);
}

static bool rule_matches(const struct nic_rule *r, const struct rss_tuple *t)
{
	u32 alen = t->addr_len / 2;

	if ((r->family && r->family != t->family) || (r->proto && r->proto != t->proto))
		return false;
	if (r->match_saddr && memcmp(r->saddr, t->bytes, alen))
		return false;
	if (r->match_daddr && memcmp(r->daddr, t->bytes + alen, alen))
		return false;
	if ((r->sport || r->dport) && !t->ports)
		return false;
	return (!r->sport || r->sport == get_be16(t->bytes + t->addr_len)) &&
	       (!r->dport || r->dport == get_be16(t->bytes + t->addr_len + 2));
}

/* The queue that takes the frame; -1: a rule drops it. skb->data at the network header. */
static int pick_queue(struct nic *nic, struct sk_buff *skb)
{
	struct rss_tuple t;
	bool l4;

	/* One queue and nobody to use the hash: nothing to compute. */
	if (nic->p.rx_queues == 1 && !nic->nrules && !nic->dev->rps)
		return 0;
	if (!rss_parse(skb, &t))
		return 0;
	if (nic->dev->features & NETIF_F_RXHASH || nic->p.rx_queues > 1) {
		u32 hash = rss_hash(nic->p.rss_key, &t, nic->p.udp_rss_4tuple, &l4);

		skb->hash = hash;
		skb->l4_hash = l4;
	}
	for (int i = 0; i < nic->nrules; i++) {
		if (rule_matches(&nic->rules[i], &t))
			return nic->rules[i].queue;
	}
	if (nic->p.rx_queues == 1)
		return 0;
	return nic->indir[skb->hash & (RSS_INDIR_SIZE - 1)];
}

static void rx_drop(struct nic *nic, struct sk_buff *skb, u64 *counter,
		    enum skb_drop_reason reason)
{
	(*counter)++;
	kfree_skb_reason(skb, reason, PLACE_RX_RING);
}

/* Checks that the MAC makes before a frame costs a descriptor. False: it is gone. */
static bool mac_receive(struct nic *nic, struct sk_buff *skb)
{
	struct netdev_stats *st = &nic->dev->stats;

	if (!(nic->dev->flags & IFF_UP)) {
		rx_drop(nic, skb, &st->rx_dropped, SKB_DROP_REASON_DEV_READY);
		return false;
	}
	if (skb->bad_fcs) {
		st->rx_errors++;
		rx_drop(nic, skb, &st->rx_crc_errors, SKB_DROP_REASON_FRAME_CRC);
		return false;
	}
	if (skb->len > nic->dev->mtu + ETH_HLEN + VLAN_HLEN) {
		st->rx_errors++;
		rx_drop(nic, skb, &st->rx_length_errors, SKB_DROP_REASON_FRAME_TOO_LONG);
		return false;
	}
	if (!pskb_may_pull(skb, ETH_HLEN)) {
		rx_drop(nic, skb, &st->rx_length_errors, SKB_DROP_REASON_HDR_TRUNC);
		return false;
	}
	if (!mac_accepts(nic, skb)) {
		rx_drop(nic, skb, &nic->filtered, SKB_DROP_REASON_NIC_FILTER);
		return false;
	}
	return true;
}

/* What the frame costs a socket: head and buffers of half a page (build_skb(), ixgbe and its kin). */
static u32 rx_truesize(u32 len)
{
	u32 need = len + RX_HEADROOM + 320;

	return 256 + (need + RX_PAGE_HALF - 1) / RX_PAGE_HALF * RX_PAGE_HALF;
}

static void ring_put(struct nic *nic, struct nic_queue *q, struct sk_buff *skb)
{
	struct net_device *dev = nic->dev;
	struct host *h = dev->host;

	if (!q->rx.free) {
		q->rx.missed++;
		rx_drop(nic, skb, &dev->stats.rx_missed_errors, SKB_DROP_REASON_FULL_RING);
		return;
	}
	q->rx.free--;
	skb->queue_mapping = (u16)(q->index + 1);
	skb->napi_id = q->napi.napi_id;
	skb->truesize = rx_truesize(skb->len);
	skb->tstamp = host_now(h);
	trace_hop(h->sim->trace, skb->id, host_now(h), h->id, PLACE_RX_RING, dev->ifindex, q->index);
	if (nic->p.dma_delay) {
		skb_queue_tail(&q->rx.dma, skb);
		if (!event_pending(&q->rx.dma_ev))
			event_at(h->sim, &q->rx.dma_ev, h->id, host_now(h) + nic->p.dma_delay);
		return;
	}
	skb_queue_tail(&q->rx.filled, skb);
	nic_irq_event(q, 1, false);
}

/* Frames have reached memory. */
static void dma_done(struct sim *s, struct event *ev)
{
	struct nic_queue *q = container_of(ev, struct nic_queue, rx.dma_ev);
	nsec_t delay = q->nic->p.dma_delay;
	struct sk_buff *skb;
	u32 n = 0;

	while ((skb = skb_peek(&q->rx.dma)) != NULL && skb->tstamp + delay <= s->now) {
		skb_unlink(&q->rx.dma, skb);
		skb_queue_tail(&q->rx.filled, skb);
		n++;
	}
	if (skb)
		event_at(s, ev, q->nic->dev->host->id, skb->tstamp + delay);
	nic_irq_event(q, n, false);
}

/* What the sender's host knew of the packet did not travel with it. */
static void forget_sender(struct nic *nic, struct sk_buff *skb)
{
	skb->host = nic->dev->host;
	skb->dev = nic->dev;
	skb->hash = 0;
	skb->l4_hash = false;
	skb->gso_type = SKB_GSO_NONE;
	skb->gso_size = skb->gso_segs = 0;
	skb->mark = 0;
	skb->priority = 0;
	skb->ooo_okay = false;
}

/* A device that does not check leaves it to the stack, which needs the real bytes. */
static void no_rx_checksum(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_help(skb);
	skb->ip_summed = CHECKSUM_NONE;
}

void nic_rx_frame(struct nic *nic, struct sk_buff *skb)
{
	int queue;

	forget_sender(nic, skb);
	if (!mac_receive(nic, skb))
		return;
	/* The classifier looks behind the Ethernet header. */
	eth_type_trans(skb, nic->dev);
	if (!(nic->dev->features & NETIF_F_RXCSUM))
		no_rx_checksum(skb);
	queue = pick_queue(nic, skb);
	if (queue < 0) {
		rx_drop(nic, skb, &nic->rule_drops, SKB_DROP_REASON_NIC_FILTER);
		return;
	}
	ring_put(nic, &nic->q[queue], skb);
}

/* ---- the driver's poll ------------------------------------------------------------------------- */

static bool rx_ready(const struct nic_queue *q)
{
	return q->rx.filled.qlen != 0;
}

static struct nic_tx_ring *tx_ring(const struct nic_queue *q)
{
	return q->index < q->nic->tx.nrings ? &q->nic->tx.ring[q->index] : NULL;
}

static bool tx_ready(const struct nic_queue *q)
{
	const struct nic_tx_ring *r = tx_ring(q);

	return r && nic_tx_to_clean(r);
}

static nsec_t nic_poll_next(struct napi_struct *n)
{
	const struct nic_queue *q = n->priv;
	const u32 *cost = q->nic->dev->host->cost.v;

	if (tx_ready(q))
		return cost[COST_TX_CLEAN];
	return rx_ready(q) ? cost[COST_NAPI_PACKET] : CPU_NO_STEP;
}

/* One descriptor goes back to the hardware, unless memory for it fails (dma_fail_nth). */
static void refill_one(struct nic_queue *q)
{
	if (++q->nic->refills == q->nic->p.dma_fail_nth) {
		q->rx.alloc_failed++;
		/* A driver without retry loses the descriptor for good. */
		if (!q->nic->p.bugs.no_refill_retry)
			q->rx.missing++;
		return;
	}
	q->rx.free++;
}

static void refill(struct nic_queue *q)
{
	u32 n = q->rx.missing + 1;

	q->rx.missing = 0;
	while (n--)
		refill_one(q);
}

static int rx_one(struct napi_struct *n, struct nic_queue *q)
{
	struct sk_buff *skb = skb_dequeue(&q->rx.filled);
	struct net_device *dev = q->nic->dev;
	struct host *h = dev->host;

	if (!skb)
		return 0;
	q->rx.packets++;
	q->rx.bytes += skb->len + ETH_HLEN;
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += skb->len + ETH_HLEN;
	dev->stats.multicast += skb->pkt_type == PACKET_MULTICAST;
	trace_hop(h->sim->trace, skb->id, host_now(h), h->id, PLACE_NAPI, dev->ifindex, q->index);
	refill(q);
	napi_gro_receive(n, skb);
	return 1;
}

static int nic_poll_one(struct napi_struct *n)
{
	struct nic_queue *q = n->priv;

	if (tx_ready(q)) {
		nic_tx_clean_one(tx_ring(q));
		return 0;
	}
	return rx_one(n, q);
}

/* The window in which a buggy driver loses an event, as wide as the schedule makes it. */
static nsec_t nic_rearm_delay(struct napi_struct *n)
{
	const struct nic_queue *q = n->priv;
	struct host *h = q->nic->dev->host;

	if (!q->nic->p.bugs.rearm_before_check)
		return 0;
	return choose(h->sim, h->id, CHOICE_STALL, 2) ? 100 * NSEC_PER_USEC : 0;
}

static bool nic_rearm(struct napi_struct *n)
{
	struct nic_queue *q = n->priv;

	nic_irq_unmask(q);
	if (q->nic->p.bugs.rearm_before_check)
		return false;
	if (!rx_ready(q) && !tx_ready(q))
		return false;
	q->mod.masked = true;
	return true;
}

const struct napi_ops nic_napi_ops = {
	.next = nic_poll_next,
	.poll_one = nic_poll_one,
	.rearm_delay = nic_rearm_delay,
	.rearm = nic_rearm,
};

/* ---- life -------------------------------------------------------------------------------------- */

void nic_rx_init(struct nic *nic)
{
	for (int i = 0; i < nic->nq; i++) {
		struct nic_rx_ring *rx = &nic->q[i].rx;

		skb_queue_init(&rx->filled);
		skb_queue_init(&rx->dma);
		event_init(&rx->dma_ev, nic->dev->host->id, dma_done);
		rx->size = rx->free = i < nic->p.rx_queues ? nic->p.rx_ring : 0;
	}
}

void nic_rx_purge(struct nic *nic)
{
	for (int i = 0; i < nic->nq; i++) {
		struct nic_rx_ring *rx = &nic->q[i].rx;

		rx->free += rx->filled.qlen + rx->dma.qlen;
		event_cancel(nic->dev->host->sim, &rx->dma_ev);
		skb_queue_purge(&rx->dma);
		skb_queue_purge(&rx->filled);
	}
}

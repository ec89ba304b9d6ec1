/* SPDX-License-Identifier: MIT */
/*
 * The way down.
 *
 *   dev_queue_xmit   picks the TX queue; enqueues in the discipline and runs it at once, in the
 * context of the sender qdisc_run        dequeues while the driver takes packets; after 64
 * (dev_weight) it leaves the rest to the NET_TX softirq, so that one sender does not work for all
 * others for ever xmit_one         taps (packet sockets, captures) see the packet here, then the
 * driver gets it
 *
 * A packet that the driver cannot take as it is (a super-packet it cannot cut, a checksum it cannot
 * fill in) is made fit after it has left the discipline, as validate_xmit_skb() does.
 */
#include "nic/tx.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "nic/dql.h"
#include "nic/gso.h"
#include "nic/napi.h"
#include "nic/qdisc_priv.h"
#include "sim/engine/pool.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

/* ---- picking the queue ---- */

static u32 mix(u32 h, u32 v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/* Linux keys this hash with a secret of the boot; a simulation has one boot. */
u32 skb_get_hash(struct sk_buff *skb)
{
	u8 *ip = skb_network_header(skb);
	u32 avail = (u32)(skb->tail - skb->network_header), h = 0x5bd1e995u;
	u32 l4 = 40, addrs = 8, naddr = 8;
	u8 proto;

	if (skb->hash)
		return skb->hash;
	if (skb->network_header >= skb->tail || avail < 20)
		return 0;
	if (ip[0] >> 4 == 4) {
		proto = get_be16(ip + 6) & 0x3fff ? 0 : ip[9];
		l4 = (u32)(ip[0] & 15) * 4;
		addrs = 12;
	} else if (ip[0] >> 4 == 6 && avail >= 40) {
		proto = ip[6];
		naddr = 32;
	} else {
		return 0;
	}
	for (u32 i = 0; i < naddr; i += 4)
		h = mix(h, get_be32(ip + addrs + i));
	h = mix(h, proto);
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && avail >= l4 + 4) {
		h = mix(h, get_be32(ip + l4));
		skb->l4_hash = true;
	}
	skb->hash = h ? h : 1;
	return skb->hash;
}

u32 skb_get_hash_symmetric(struct sk_buff *skb)
{
	const u8 *ip = skb_network_header(skb);
	u32 avail = (u32)(skb->tail - skb->network_header), h = 0x5bd1e995u;
	u32 l4 = 40, addrs = 8, alen = 16, ports = 0;
	u8 proto;

	if (skb->network_header >= skb->tail || avail < 20)
		return 0;
	if (ip[0] >> 4 == 4) {
		proto = get_be16(ip + 6) & 0x3fff ? 0 : ip[9];
		l4 = (u32)(ip[0] & 15) * 4;
		addrs = 12;
		alen = 4;
	} else if (ip[0] >> 4 == 6 && avail >= 40) {
		proto = ip[6];
	} else {
		return 0;
	}
	/* Sums do not know which side is which. */
	for (u32 i = 0; i < alen; i += 4)
		h = mix(h, get_be32(ip + addrs + i) + get_be32(ip + addrs + alen + i));
	if ((proto == IPPROTO_TCP || proto == IPPROTO_UDP) && avail >= l4 + 4)
		ports = (u32)get_be16(ip + l4) + get_be16(ip + l4 + 2);
	h = mix(mix(mix(h, proto), ports), 0);
	return h ? h : 1;
}

static bool is_tcp(struct sk_buff *skb)
{
	const u8 *ip = skb_network_header(skb);

	return (ip[0] >> 4 == 4 ? ip[9] : ip[6]) == IPPROTO_TCP;
}

/* A TCP flow keeps its queue while packets of it may be on their way, or they would overtake each
 * other. */
struct xps_flow {
	u32 hash;
	u8 queue; /* plus one; 0: unused */
};
#define XPS_FLOWS 256u

/*
 * XPS. Linux keeps a flow's queue in its socket; here a small table by flow hash does: flows that
 * share a place only pick again.
 */
static int xps_pick(struct net_device *dev, struct sk_buff *skb)
{
	int mine = dev->xps_cpu_to_txq[cpu_current(dev->host)->id];
	struct xps_flow *f;
	u32 hash;

	if (skb->transport_header <= skb->network_header || !is_tcp(skb))
		return mine;
	if (!dev->xps_flows)
		dev->xps_flows = xcalloc(XPS_FLOWS, sizeof(*dev->xps_flows));
	hash = skb_get_hash(skb);
	f = &dev->xps_flows[hash % XPS_FLOWS];
	if (f->queue && f->hash == hash && !skb->ooo_okay)
		return f->queue - 1;
	*f = (struct xps_flow){hash, (u8)(mine + 1)};
	return mine;
}

int dev_set_xps(struct net_device *dev, int queue, const u64 cpus[4])
{
	int ncpu = dev->host->ncpu;

	if (queue < 0 || queue >= dev->num_tx_queues)
		return -EINVAL;
	if (!dev->xps_cpu_to_txq) {
		dev->xps_cpu_to_txq = xcalloc((size_t)ncpu, 1);
		memset(dev->xps_cpu_to_txq, XPS_NONE, (size_t)ncpu);
	}
	for (int i = 0; i < ncpu; i++) {
		if (cpus[i / 64] >> i % 64 & 1)
			dev->xps_cpu_to_txq[i] = (u8)queue;
		else if (dev->xps_cpu_to_txq[i] == queue)
			dev->xps_cpu_to_txq[i] = XPS_NONE;
	}
	return 0;
}

static bool has_xps(const struct net_device *dev)
{
	return dev->xps_cpu_to_txq &&
	       dev->xps_cpu_to_txq[cpu_current(dev->host)->id] != XPS_NONE;
}

struct netdev_queue *netdev_pick_tx(struct net_device *dev, struct sk_buff *skb)
{
	int n = dev->num_tx_queues, i;

	if (n == 1)
		i = 0;
	else if (has_xps(dev))
		i = xps_pick(dev, skb);
	else if (skb->queue_mapping) /* forwarded: the RX queue, plus one */
		i = (skb->queue_mapping - 1) % n;
	else
		i = (int)((u64)skb_get_hash(skb) * (u32)n >> 32);
	skb->queue_mapping = (u16)i;
	return &dev->txq[i];
}

/* ---- to the driver ---- */

/* A packet socket does not hear itself. */
static bool sent_by(const struct packet_type *pt, const struct sock *sk)
{
	if (!sk)
		return false;
	return pt->id_match ? pt->id_match(pt, sk) : pt->priv == sk;
}

static void xmit_taps(struct sk_buff *skb, struct net_device *dev)
{
	for (struct packet_type *pt = dev->host->netdevs->taps, *next; pt; pt = next) {
		struct sk_buff *copy;

		next = pt->next;
		if (pt->ignore_outgoing || (pt->dev && pt->dev != dev) || sent_by(pt, skb->sk))
			continue;
		copy = skb_clone(skb);
		copy->mac_header = copy->data;
		copy->pkt_type = PACKET_OUTGOING;
		pt->func(copy, dev, pt);
	}
}

static enum netdev_tx xmit_one(struct sk_buff *skb, struct net_device *dev)
{
	if (unlikely(dev->host->netdevs->taps != NULL))
		xmit_taps(skb, dev);
	return dev->ops->start_xmit(skb, dev);
}

static bool can_segment(const struct net_device *dev, const struct sk_buff *skb)
{
	static const u32 feature[] = {
	    [SKB_GSO_TCPV4] = NETIF_F_TSO,
	    [SKB_GSO_TCPV6] = NETIF_F_TSO6,
	    [SKB_GSO_UDP_L4] = NETIF_F_GSO_UDP_L4,
	};

	return (dev->features & feature[skb->gso_type]) && (dev->features & NETIF_F_HW_CSUM) &&
	       skb->len <= dev->gso_max_size;
}

static void fill_checksum(struct net_device *dev, struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL && !(dev->features & NETIF_F_HW_CSUM))
		skb_checksum_help(skb);
}

/* Appends to out what the driver gets for skb: itself or its segments. */
static void validate_xmit_skb(struct net_device *dev, struct sk_buff *skb, struct sk_buff_head *out)
{
	struct sk_buff_head segs;

	if (likely(!skb->gso_size || can_segment(dev, skb))) {
		if (!skb->gso_size)
			fill_checksum(dev, skb);
		skb_queue_tail(out, skb);
		return;
	}
	skb_queue_init(&segs);
	skb_gso_segment(skb, &segs);
	while ((skb = skb_dequeue(&segs)) != NULL) {
		fill_checksum(dev, skb);
		qdisc_pkt_init(skb);
		skb_queue_tail(out, skb);
	}
}

/* ---- running a discipline ---- */

static struct netdev_queue *skb_txq(struct Qdisc *q, const struct sk_buff *skb)
{
	return q->txq ? q->txq : &q->dev->txq[skb->queue_mapping];
}

/* Back in front: counted as held again. */
static void requeue(struct Qdisc *q, struct sk_buff *skb)
{
	skb_queue_head(&q->requeue, skb);
	q->requeues++;
	q->qlen++;
	q->backlog += qdisc_cb(skb)->pkt_len;
}

/* In front of what is there already, in their order. */
static void requeue_list(struct Qdisc *q, struct sk_buff_head *list)
{
	while (list->qlen) {
		struct sk_buff *skb = list_last_entry(&list->list, struct sk_buff, node);

		skb_unlink(list, skb);
		requeue(q, skb);
	}
}

static struct sk_buff *dequeue_skb(struct Qdisc *q)
{
	struct sk_buff *skb = skb_peek(&q->requeue);

	if (skb) {
		if (netif_xmit_stopped(skb_txq(q, skb)))
			return NULL;
		skb_unlink(&q->requeue, skb);
		q->qlen--;
		q->backlog -= qdisc_cb(skb)->pkt_len;
		return skb;
	}
	if (q->txq && netif_xmit_stopped(q->txq))
		return NULL;
	return q->ops->dequeue(q);
}

/* Hands skb to the driver, cut if need be; what is refused goes back in order. False: the driver is
 * full. */
static bool sch_direct_xmit(struct Qdisc *q, struct sk_buff *skb)
{
	struct netdev_queue *txq = skb_txq(q, skb);
	struct sk_buff_head list;

	skb_queue_init(&list);
	validate_xmit_skb(q->dev, skb, &list);
	while ((skb = skb_dequeue(&list)) != NULL) {
		if (!netif_xmit_stopped(txq) && xmit_one(skb, q->dev) == NETDEV_TX_OK)
			continue;
		skb_queue_head(&list, skb);
		requeue_list(q, &list);
		return false;
	}
	return !netif_xmit_stopped(txq);
}

void qdisc_run(struct Qdisc *q)
{
	int quota = net_core_sysctl(q->dev->host)->dev_weight;
	struct sk_buff *skb;

	if (q->running)
		return;
	q->running = true;
	while ((skb = dequeue_skb(q)) != NULL) {
		quota -= (int)qdisc_cb(skb)->segs;
		if (!sch_direct_xmit(q, skb))
			break;
		if (quota <= 0) {
			netif_schedule(q);
			break;
		}
	}
	q->running = false;
}

void netif_schedule(struct Qdisc *q)
{
	struct cpu *cpu = cpu_current(q->dev->host);

	if (q->scheduled)
		return;
	q->scheduled = true;
	list_add_tail(&q->sched_node, &softnet(cpu)->output_queue);
	softirq_raise(cpu, SOFTIRQ_NET_TX);
}

/* The work was paid for by its sender (COST_TX_STACK); the softirq itself costs its entry. */
nsec_t net_tx_next(struct cpu *cpu)
{
	return list_empty(&softnet(cpu)->output_queue) ? CPU_NO_STEP : 0;
}

void net_tx_run(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);
	struct Qdisc *q;

	if (list_empty(&sd->output_queue))
		return;
	q = list_first_entry(&sd->output_queue, struct Qdisc, sched_node);
	list_del_init(&q->sched_node);
	q->scheduled = false;
	qdisc_run(q);
}

/* ---- dev_queue_xmit ---- */

static void tx_drop(struct net_device *dev, struct sk_buff *skb, enum skb_drop_reason reason)
{
	dev->stats.tx_dropped++;
	kfree_skb_reason(skb, reason, PLACE_QDISC);
}

static int xmit_noqueue(struct net_device *dev, struct netdev_queue *txq, struct sk_buff *skb)
{
	struct sk_buff_head list;
	int ret = 0;

	skb_queue_init(&list);
	validate_xmit_skb(dev, skb, &list);
	while ((skb = skb_dequeue(&list)) != NULL) {
		if (!netif_xmit_stopped(txq) && xmit_one(skb, dev) == NETDEV_TX_OK)
			continue;
		tx_drop(dev, skb, SKB_DROP_REASON_FULL_RING);
		ret = -ENETDOWN;
	}
	return ret;
}

int dev_queue_xmit(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct netdev_queue *txq;
	struct Qdisc *q;
	int ret;

	skb->mac_header = skb->data;
	if (!skb->id)
		skb->id = (u64)dev->host->id << 40 | ++dev->host->next_packet;
	txq = netdev_pick_tx(dev, skb);
	q = txq->qdisc;
	if (unlikely(!(dev->flags & IFF_UP) || !dev->carrier)) {
		/* noop_qdisc, which a device that is down or has no carrier has: no error */
		tx_drop(dev, skb, SKB_DROP_REASON_QDISC_DROP);
		return NET_XMIT_CN;
	}
	if (!q)
		return xmit_noqueue(dev, txq, skb);
	trace_hop(dev->host->sim->trace, skb->id, host_now(dev->host), dev->host->id, PLACE_QDISC,
		  dev->ifindex, txq->index);
	qdisc_pkt_init(skb);
	ret = q->ops->enqueue(skb, q);
	qdisc_run(q);
	return ret;
}

int dev_direct_xmit(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct netdev_queue *txq;
	struct sk_buff_head list;
	int ret = 0;

	skb->mac_header = skb->data;
	txq = netdev_pick_tx(dev, skb);
	skb_queue_init(&list);
	validate_xmit_skb(dev, skb, &list);
	while ((skb = skb_dequeue(&list)) != NULL) {
		if (!dev->carrier || netif_xmit_stopped(txq) ||
		    dev->ops->start_xmit(skb, dev) != NETDEV_TX_OK) {
			tx_drop(dev, skb, SKB_DROP_REASON_FULL_RING);
			ret = NET_XMIT_DROP;
		}
	}
	return ret;
}

/* ---- flow control by the driver ---- */

void netif_tx_stop_queue(struct netdev_queue *txq)
{
	txq->stopped = true;
	tx_watchdog_stopped(txq);
}

void netif_tx_wake_queue(struct netdev_queue *txq)
{
	if (!txq->stopped)
		return;
	txq->stopped = false;
	tx_watchdog_woken(txq->dev);
	if (txq->qdisc)
		netif_schedule(txq->qdisc);
}

void netdev_tx_sent_queue(struct netdev_queue *txq, u32 bytes)
{
	if (!txq->dql)
		return;
	dql_queued(txq->dql, bytes);
	txq->bql_stopped = dql_avail(txq->dql) < 0;
}

void netdev_tx_completed_queue(struct netdev_queue *txq, u32 pkts, u32 bytes)
{
	if (!txq->dql || !bytes)
		return;
	dql_completed(txq->dql, bytes, host_now(txq->dev->host));
	if (dql_avail(txq->dql) < 0 || !txq->bql_stopped)
		return;
	txq->bql_stopped = false;
	if (txq->qdisc)
		netif_schedule(txq->qdisc);
}

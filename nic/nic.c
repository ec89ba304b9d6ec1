/* SPDX-License-Identifier: MIT */
/*
 * The NIC as a device: set-up, settings, counters.
 */
#include "nic/nic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nic/nic_ethtool.h"
#include "nic/nic_priv.h"
#include "sim/engine/trace.h"

/* The key of "Verifying the RSS hash calculation", which most drivers take as their default. */
static const u8 default_rss_key[RSS_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

void nic_params_default(struct nic_params *p)
{
	*p = (struct nic_params){
		.rx_queues = 1,
		.tx_queues = 1,
		.rx_ring = 256,
		.tx_ring = 256,
		.mtu = 1500,
		.features = NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4 |
			    NETIF_F_GRO | NETIF_F_RXCSUM | NETIF_F_RXHASH,
		.udp_rss_4tuple = true,
	};
	memcpy(p->rss_key, default_rss_key, RSS_KEY_LEN);
}

/* ---- port and device ---------------------------------------------------------------------------- */

static void port_receive(struct link_port *port, struct sk_buff *skb)
{
	nic_rx_frame(port->owner, skb);
}

static void port_ready(struct link_port *port)
{
	nic_tx_ready(&((struct nic *)port->owner)->tx);
}

static void port_carrier(struct link_port *port, bool up)
{
	struct nic *nic = port->owner;

	nic_tx_carrier(&nic->tx, up);
	if (up)
		netif_carrier_on(nic->dev);
	else
		netif_carrier_off(nic->dev);
}

static const struct link_port_ops port_ops = {
	.receive = port_receive,
	.ready = port_ready,
	.carrier = port_carrier,
};

static void tx_completed(struct net_device *dev, int queue, u32 n)
{
	nic_irq_event(&nic_of(dev)->q[queue], n, true);
}

static enum netdev_tx nic_start_xmit(struct sk_buff *skb, struct net_device *dev)
{
	return nic_tx_xmit(&nic_of(dev)->tx, skb);
}

static void nic_timeout(struct net_device *dev, int queue)
{
	nic_tx_timeout(&nic_of(dev)->tx, queue);
}

static int nic_open(struct net_device *dev)
{
	struct nic *nic = nic_of(dev);

	for (int i = 0; i < nic->nq; i++)
		napi_enable(&nic->q[i].napi);
	return 0;
}

static int nic_stop(struct net_device *dev)
{
	struct nic *nic = nic_of(dev);

	for (int i = 0; i < nic->nq; i++) {
		napi_disable(&nic->q[i].napi);
		nic_irq_stop(&nic->q[i]);
	}
	nic_tx_stop(&nic->tx);
	nic_rx_purge(nic);
	return 0;
}

static int nic_change_mtu(struct net_device *dev, u32 mtu)
{
	if (mtu < 68 || mtu > 9216)
		return -EINVAL;
	dev->mtu = mtu;
	nic_of(dev)->p.mtu = mtu;
	netdev_notify(dev, NETDEV_CHANGEMTU);
	return 0;
}

static void nic_destroy(struct net_device *dev)
{
	struct nic *nic = nic_of(dev);

	for (int i = 0; i < nic->nq; i++) {
		napi_disable(&nic->q[i].napi);
		nic_irq_destroy(&nic->q[i]);
	}
	nic_rx_purge(nic);
	nic_tx_destroy(&nic->tx);
	free(nic->rules);
	free(nic->q);
	free(nic);
}

/* ethtool -S: names as common drivers have them. */
static void nic_counters(struct net_device *dev, void (*emit)(void *ctx, const char *name, u64 v),
			 void *ctx)
{
	struct nic *nic = nic_of(dev);
	char name[48];

	for (int i = 0; i < nic->nq; i++) {
		const struct nic_queue *q = &nic->q[i];
		const struct {
			const char *name;
			u64 v;
		} c[] = {
			{ "rx_queue_%d_packets", q->rx.packets },
			{ "rx_queue_%d_bytes", q->rx.bytes },
			{ "rx_queue_%d_drops", q->rx.missed },
			{ "rx_queue_%d_alloc_failed", q->rx.alloc_failed },
			{ "rx_queue_%d_polls", q->napi.polls },
			{ "rx_queue_%d_interrupts", q->mod.raised },
		};

		for (size_t k = 0; k < ARRAY_SIZE(c); k++) {
			if (!c[k].v)
				continue;
			snprintf(name, sizeof(name), c[k].name, i);
			emit(ctx, name, c[k].v);
		}
	}
	for (int i = 0; i < nic->tx.nrings; i++) {
		const struct nic_tx_ring *r = &nic->tx.ring[i];
		const struct {
			const char *name;
			u64 v;
		} c[] = {
			{ "tx_queue_%d_packets", r->packets }, { "tx_queue_%d_bytes", r->bytes },
			{ "tx_queue_%d_tso", r->tso_packets }, { "tx_queue_%d_restart", r->restarts },
			{ "tx_queue_%d_busy", r->busy },       { "tx_queue_%d_dropped", r->dropped },
		};

		for (size_t k = 0; k < ARRAY_SIZE(c); k++) {
			if (!c[k].v)
				continue;
			snprintf(name, sizeof(name), c[k].name, i);
			emit(ctx, name, c[k].v);
		}
	}
	if (nic->filtered)
		emit(ctx, "rx_filtered", nic->filtered);
	if (nic->rule_drops)
		emit(ctx, "rx_rule_drops", nic->rule_drops);
}

static s64 nic_speed(struct net_device *dev)
{
	const struct link_port *port = &nic_of(dev)->port;
	u64 rate = dev->carrier && port->link ? link_get_params(port->link, port->end)->rate : 0;

	return rate ? (s64)(rate / 1000000) : -1;
}

static const struct net_device_ops nic_ops = {
	.start_xmit = nic_start_xmit,
	.tx_timeout = nic_timeout,
	.open = nic_open,
	.stop = nic_stop,
	.change_mtu = nic_change_mtu,
	.destroy = nic_destroy,
	.counters = nic_counters,
	.speed = nic_speed,
	.ethtool = nic_ethtool,
};

/* Locally administered (IEEE 802), unique by host and interface: 02:00, the host, the ifindex. */
static void derive_mac(u8 mac[6], const struct net_device *dev)
{
	u32 id = dev->host->id;

	mac[0] = 0x02;
	mac[1] = 0;
	mac[2] = (u8)(id >> 16);
	put_be16(mac + 3, (u16)id);
	mac[5] = (u8)dev->ifindex;
}

static void queues_init(struct nic *nic)
{
	struct net_device *dev = nic->dev;
	struct host *h = dev->host;

	for (int i = 0; i < nic->nq; i++) {
		struct nic_queue *q = &nic->q[i];

		q->nic = nic;
		q->index = i;
		netif_napi_add(dev, &q->napi, &nic_napi_ops, q);
		nic_irq_init(q, i % h->ncpu);
		if (i < nic->p.rx_queues)
			trace_queue(h->sim->trace, h->id, dev->ifindex, "rx", i, q->mod.irq.number,
				    q->mod.irq.cpu, q->napi.napi_id);
		if (i < nic->p.tx_queues)
			trace_queue(h->sim->trace, h->id, dev->ifindex, "tx", i, q->mod.irq.number,
				    q->mod.irq.cpu, q->napi.napi_id);
	}
}

struct net_device *nic_new(struct host *h, const char *name, const struct nic_params *p,
			   const u8 *mac)
{
	struct net_device *dev = netdev_new(h, name, &nic_ops, p->tx_queues, p->rx_queues);
	struct nic *nic;

	if (!dev)
		return NULL;
	nic = xcalloc(1, sizeof(*nic));
	nic->dev = dev;
	nic->p = *p;
	nic->nq = max(p->rx_queues, p->tx_queues);
	nic->q = xcalloc((size_t)nic->nq, sizeof(*nic->q));
	nic->port = (struct link_port){ .ops = &port_ops, .owner = nic, .host = h->id };
	dev->priv = nic;
	dev->kind = "ethernet";
	dev->flags = IFF_BROADCAST | IFF_MULTICAST;
	dev->mtu = p->mtu;
	dev->features = p->features;
	if (mac)
		memcpy(dev->mac, mac, ETH_ALEN);
	else
		derive_mac(dev->mac, dev);
	nic_default_indir(nic);
	trace_nic(h->sim->trace, h->id, dev->ifindex, dev->name, dev->mac, dev->kind, dev->mtu);
	queues_init(nic);
	nic_rx_init(nic);
	nic_tx_init(&nic->tx, dev, &nic->port, p, tx_completed);
	return dev;
}

struct link_port *nic_port(struct net_device *dev)
{
	return &nic_of(dev)->port;
}

/* ---- settings ---------------------------------------------------------------------------------- */

void nic_default_indir(struct nic *nic)
{
	for (int i = 0; i < RSS_INDIR_SIZE; i++)
		nic->indir[i] = (u8)(i % nic->p.rx_queues);
}

int nic_set_coalesce(struct net_device *dev, const struct nic_coalesce *c)
{
	if (c->rx_usecs < 0 || c->tx_usecs < 0)
		return -EINVAL;
	nic_of(dev)->p.coalesce = *c;
	return 0;
}

int nic_set_indir(struct net_device *dev, const u8 *table, int n)
{
	struct nic *nic = nic_of(dev);

	if (n != RSS_INDIR_SIZE)
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		if (table[i] >= nic->p.rx_queues)
			return -EINVAL;
	}
	memcpy(nic->indir, table, RSS_INDIR_SIZE);
	return 0;
}

int nic_set_rss_key(struct net_device *dev, const u8 *key, int len)
{
	if (len != RSS_KEY_LEN)
		return -EINVAL;
	memcpy(nic_of(dev)->p.rss_key, key, RSS_KEY_LEN);
	return 0;
}

int nic_set_ring(struct net_device *dev, u32 rx, u32 tx)
{
	struct nic *nic = nic_of(dev);

	/* As ethtool -G: the device is down meanwhile, so rings are empty. */
	if (dev->flags & IFF_UP)
		return -EBUSY;
	if (rx < NIC_RING_MIN_RX || rx > NIC_RING_MAX || tx < NIC_RING_MIN_TX || tx > NIC_RING_MAX)
		return -EINVAL;
	nic->p.rx_ring = rx;
	nic->p.tx_ring = tx;
	for (int i = 0; i < nic->p.rx_queues; i++)
		nic->q[i].rx.size = nic->q[i].rx.free = rx;
	nic_tx_set_ring(&nic->tx, tx);
	return 0;
}

int nic_set_irq_affinity(struct net_device *dev, int queue, int cpu)
{
	struct nic *nic = nic_of(dev);

	if (queue < 0 || queue >= nic->nq || cpu < 0 || cpu >= dev->host->ncpu)
		return -EINVAL;
	nic->q[queue].mod.irq.cpu = cpu;
	return 0;
}

int nic_add_rule(struct net_device *dev, const struct nic_rule *r)
{
	struct nic *nic = nic_of(dev);
	int at = 0;

	if (r->queue >= nic->p.rx_queues)
		return -EINVAL;
	while (at < nic->nrules && nic->rules[at].location < r->location)
		at++;
	if (at < nic->nrules && nic->rules[at].location == r->location) {
		nic->rules[at] = *r;
		return 0;
	}
	nic->rules = xrealloc(nic->rules, (size_t)(nic->nrules + 1) * sizeof(*nic->rules));
	memmove(nic->rules + at + 1, nic->rules + at,
		(size_t)(nic->nrules - at) * sizeof(*nic->rules));
	nic->rules[at] = *r;
	nic->nrules++;
	return 0;
}

int nic_del_rule(struct net_device *dev, int location)
{
	struct nic *nic = nic_of(dev);

	for (int i = 0; i < nic->nrules; i++) {
		if (nic->rules[i].location != location)
			continue;
		memmove(nic->rules + i, nic->rules + i + 1,
			(size_t)(nic->nrules - i - 1) * sizeof(*nic->rules));
		nic->nrules--;
		return 0;
	}
	return -ENOENT;
}

struct napi_struct *nic_napi(struct net_device *dev, int queue)
{
	return &nic_of(dev)->q[queue].napi;
}

void nic_queue_state(struct net_device *dev, int queue, struct nic_queue_state *st)
{
	const struct nic *nic = nic_of(dev);
	const struct nic_queue *q = &nic->q[queue];
	const struct nic_tx_ring *r = queue < nic->tx.nrings ? &nic->tx.ring[queue] : NULL;

	*st = (struct nic_queue_state){
		.rx_filled = q->rx.filled.qlen + q->rx.dma.qlen,
		.rx_free = q->rx.free,
		.tx_used = r ? nic_tx_used(r) : 0,
		.tx_free = r ? r->size - nic_tx_used(r) : 0,
		.irq_masked = q->mod.masked,
		.irq_pending = q->mod.irq.pending,
		.napi_scheduled = (q->napi.state & NAPI_STATE_SCHED) != 0,
		.tx_stopped = queue < dev->num_tx_queues && dev->txq[queue].stopped,
		.napi_id = q->napi.napi_id,
		.irq = q->mod.irq.number,
		.cpu = q->mod.irq.cpu,
	};
}

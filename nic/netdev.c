/* SPDX-License-Identifier: MIT */
/*
 * The device table of a host: registration, opening, carrier, notifiers, packet handlers.
 */
#include "nic/netdev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include "nic/loopback.h"
#include "nic/napi.h"
#include "nic/qdisc_priv.h"
#include "nic/tx.h"

/* An address of dev_addr_filter(). */
struct dev_addr {
	struct dev_addr *next;
	u8 mac[ETH_ALEN];
	int users;
};

/* ---- host -------------------------------------------------------------------------------------- */

static void rps_free(struct net_device *dev)
{
	for (int i = 0; dev->rps && i < dev->num_rx_queues; i++) {
		free(dev->rps[i].cpus);
		free(dev->rps[i].flows);
	}
	free(dev->rps);
}

static void netdev_free(struct net_device *dev)
{
	list_del_init(&dev->node);
	dev_shutdown(dev);
	if (dev->ops->destroy)
		dev->ops->destroy(dev);
	rps_free(dev);
	free(dev->xps_cpu_to_txq);
	free(dev->ifalias);
	while (dev->addrs) {
		struct dev_addr *a = dev->addrs;

		dev->addrs = a->next;
		free(a);
	}
	for (int i = 0; i < dev->num_tx_queues; i++)
		free(dev->txq[i].dql);
	free(dev->txq);
	free(dev);
}

static void softnet_free(struct cpu *cpu)
{
	struct softnet_data *sd = softnet(cpu);

	skb_queue_purge(&sd->input_pkt_queue);
	skb_queue_purge(&sd->backlog.gro.held);
	skb_queue_purge(&sd->backlog.rx_list);
	free(sd);
}

static void netdevs_destroy(struct host *h)
{
	struct netdev_table *t = h->netdevs;

	while (!list_empty(&t->devices))
		netdev_free(list_first_entry(&t->devices, struct net_device, node));
	for (int i = 0; i < h->ncpu; i++)
		softnet_free(&h->cpus[i]);
	free(t->sock_flow);
	free(t);
	h->netdevs = NULL;
}

static void softnet_new(struct host *h, struct cpu *cpu)
{
	struct softnet_data *sd = xcalloc(1, sizeof(*sd));

	cpu->softnet = sd;
	sd->cpu = cpu;
	list_init(&sd->poll_list);
	list_init(&sd->rx_todo);
	list_init(&sd->rx_repoll);
	list_init(&sd->output_queue);
	skb_queue_init(&sd->input_pkt_queue);
	backlog_init(sd, h);
}

void netdev_host_init(struct host *h)
{
	struct netdev_table *t = xcalloc(1, sizeof(*t));

	list_init(&t->devices);
	t->next_ifindex = 1;
	t->next_napi_id = MIN_NAPI_ID;
	t->sysctl = (struct net_core_sysctl){ .netdev_max_backlog = 1000, .dev_weight = 64,
					      .gro_normal_batch = 8,
					      .default_qdisc = "pfifo_fast" };
	h->netdevs = t;
	t->layer.destroy = netdevs_destroy;
	host_add_layer(h, &t->layer);
	for (int i = 0; i < h->ncpu; i++)
		softnet_new(h, &h->cpus[i]);
	softirq_register(h, SOFTIRQ_NET_TX, net_tx_next, net_tx_run);
	softirq_register(h, SOFTIRQ_NET_RX, net_rx_next, net_rx_run);
	loopback_new(h);
}

struct net_core_sysctl *net_core_sysctl(struct host *h)
{
	return &h->netdevs->sysctl;
}

/* ---- handlers ---------------------------------------------------------------------------------- */

static struct packet_type **handler_list(struct host *h, const struct packet_type *pt)
{
	return pt->type == htons(ETH_P_ALL) ? &h->netdevs->taps : &h->netdevs->ptypes;
}

void dev_add_pack(struct host *h, struct packet_type *pt)
{
	struct packet_type **pp = handler_list(h, pt);

	/* In order of registration: each tap sees packets in that order. */
	while (*pp)
		pp = &(*pp)->next;
	pt->next = NULL;
	*pp = pt;
}

void dev_remove_pack(struct host *h, struct packet_type *pt)
{
	for (struct packet_type **pp = handler_list(h, pt); *pp; pp = &(*pp)->next) {
		if (*pp == pt) {
			*pp = pt->next;
			return;
		}
	}
}

/* ---- devices ----------------------------------------------------------------------------------- */

struct net_device *dev_get_by_index(struct host *h, int ifindex)
{
	struct net_device *dev;

	list_for_each_entry(dev, &h->netdevs->devices, node) {
		if (dev->ifindex == ifindex)
			return dev;
	}
	return NULL;
}

struct net_device *dev_get_by_name(struct host *h, const char *name)
{
	struct net_device *dev;

	list_for_each_entry(dev, &h->netdevs->devices, node) {
		if (!strcmp(dev->name, name))
			return dev;
	}
	return NULL;
}

struct net_device *dev_loopback(struct host *h)
{
	return list_first_entry(&h->netdevs->devices, struct net_device, node);
}

struct net_device *netdev_new(struct host *h, const char *name, const struct net_device_ops *ops,
			      int ntx, int nrx)
{
	struct net_device *dev;

	if (dev_get_by_name(h, name) || strlen(name) >= IFNAMSIZ)
		return NULL;
	dev = xcalloc(1, sizeof(*dev));
	dev->host = h;
	strcpy(dev->name, name);
	dev->ifindex = h->netdevs->next_ifindex++;
	dev->ops = ops;
	dev->mtu = 1500;
	dev->tx_queue_len = 1000;
	dev->gso_max_size = 65536;
	dev->gso_max_segs = 65535;
	dev->num_tx_queues = ntx;
	dev->num_rx_queues = nrx;
	list_init(&dev->napis);
	dev->txq = xcalloc((size_t)ntx, sizeof(*dev->txq));
	for (int i = 0; i < ntx; i++) {
		dev->txq[i].dev = dev;
		dev->txq[i].index = i;
	}
	list_add_tail(&dev->node, &h->netdevs->devices);
	return dev;
}

/* ---- addresses --------------------------------------------------------------------------------- */

void dev_addr_filter(struct net_device *dev, const u8 mac[ETH_ALEN], int inc)
{
	struct dev_addr **pp = &dev->addrs, *a;

	while (*pp && memcmp((*pp)->mac, mac, ETH_ALEN) != 0)
		pp = &(*pp)->next;
	a = *pp;
	if (!a) {
		assert(inc > 0);
		a = *pp = xcalloc(1, sizeof(*a));
		memcpy(a->mac, mac, ETH_ALEN);
	}
	a->users += inc;
	if (!a->users) {
		*pp = a->next;
		free(a);
	}
}

bool dev_addr_wanted(const struct net_device *dev, const u8 mac[ETH_ALEN])
{
	static const u8 broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	const struct netdev_table *t = dev->host->netdevs;

	if (dev->promiscuity || dev->flags & IFF_PROMISC || !memcmp(mac, dev->mac, ETH_ALEN) ||
	    !memcmp(mac, broadcast, ETH_ALEN))
		return true;
	if (mac[0] & 1 && (dev->allmulti || dev->flags & IFF_ALLMULTI || !t->mc_wanted ||
			   t->mc_wanted(dev, mac)))
		return true;
	for (const struct dev_addr *a = dev->addrs; a; a = a->next) {
		if (!memcmp(a->mac, mac, ETH_ALEN))
			return true;
	}
	return false;
}

/* ---- state ------------------------------------------------------------------------------------- */

void netdev_add_notifier(struct host *h, struct netdev_notifier *n)
{
	n->next = h->netdevs->notifiers;
	h->netdevs->notifiers = n;
}

static void notify(struct net_device *dev, enum netdev_event ev)
{
	for (struct netdev_notifier *n = dev->host->netdevs->notifiers; n; n = n->next)
		n->call(n, dev, ev);
}

void netdev_notify(struct net_device *dev, enum netdev_event ev)
{
	notify(dev, ev);
}

int dev_open(struct net_device *dev)
{
	int err;

	if (dev->flags & IFF_UP)
		return 0;
	err = dev->ops->open ? dev->ops->open(dev) : 0;
	if (err)
		return err;
	dev->flags |= IFF_UP;
	dev_activate(dev);
	if (dev->carrier)
		dev->flags |= IFF_RUNNING;
	notify(dev, NETDEV_UP);
	return 0;
}

/* What a device says of itself and nobody sets (IFF_VOLATILE). */
#define VOLATILE_FLAGS                                                                             \
	(u32)(IFF_LOOPBACK | IFF_POINTOPOINT | IFF_BROADCAST | IFF_MASTER | IFF_SLAVE | IFF_RUNNING)

int dev_change_flags(struct net_device *dev, u32 flags)
{
	u32 changed = (flags ^ dev->flags) & ~VOLATILE_FLAGS;

	if (changed & ~(u32)(IFF_UP | IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI))
		return -EOPNOTSUPP;
	dev->flags ^= changed & (u32)(IFF_NOARP | IFF_PROMISC | IFF_ALLMULTI);
	if (!(changed & IFF_UP))
		return 0;
	return flags & IFF_UP ? dev_open(dev) : dev_close(dev);
}

int dev_close(struct net_device *dev)
{
	if (!(dev->flags & IFF_UP))
		return 0;
	dev->flags &= ~(u32)(IFF_UP | IFF_RUNNING);
	notify(dev, NETDEV_DOWN);
	dev_deactivate(dev);
	return dev->ops->stop ? dev->ops->stop(dev) : 0;
}

void netif_carrier_on(struct net_device *dev)
{
	if (dev->carrier)
		return;
	dev->carrier = true;
	if (!(dev->flags & IFF_UP))
		return;
	dev->flags |= IFF_RUNNING;
	notify(dev, NETDEV_CHANGE);
}

void netif_carrier_off(struct net_device *dev)
{
	if (!dev->carrier)
		return;
	dev->carrier = false;
	if (!(dev->flags & IFF_UP))
		return;
	dev->flags &= ~(u32)IFF_RUNNING;
	dev_deactivate(dev);
	notify(dev, NETDEV_CHANGE);
}

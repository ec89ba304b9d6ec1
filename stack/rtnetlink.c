/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_ROUTE: which message is whose (rtnetlink(7)), links and addresses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/capability.h"
#include "stack/in_device.h"
#include "stack/netlink.h"

#define IFLA_ALLMULTI_ 61 /* newer than the oldest headers that this builds with */
#define IFF_LOWER_UP_ 0x10000u
#define FOREVER UINT32_MAX

int rtnetlink_rcv(struct nl_req *r)
{
	u16 type = r->h->nlmsg_type, kind = type & 3;

	if (type < RTM_BASE || r->len < sizeof(struct rtgenmsg))
		return type < RTM_BASE ? -EOPNOTSUPP : 0;
	if (kind != 2 && !capable(r->t, CAP_NET_ADMIN))
		return -EPERM;
	r->dump = kind == 2 && (r->h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	switch (type - kind) {
	case RTM_NEWLINK:
		return rtnl_link(r);
	case RTM_NEWADDR:
		return rtnl_addr(r);
	case RTM_NEWROUTE:
		return rtnl_route(r);
	case RTM_NEWNEIGH:
		return rtnl_neigh(r);
	case RTM_NEWRULE:
		return rtnl_rule(r);
	default:
		r->dump = false;
		return -EOPNOTSUPP;
	}
}

int nl_addr_family(const union ipaddr *a)
{
	return ipaddr_is_v4(a) ? AF_INET : AF_INET6;
}

bool nl_attr_addr(const struct nlattr *a, u8 family, union ipaddr *to)
{
	if (family == AF_INET && nl_attr_len(a) == 4) {
		be32 v;

		memcpy(&v, nl_attr_data(a), 4);
		*to = ipaddr_v4(v);
		return true;
	}
	if (family == AF_INET6 && nl_attr_len(a) == 16) {
		memcpy(to->b, nl_attr_data(a), 16);
		return true;
	}
	return false;
}

void nl_put_addr(struct nl_buf *b, u16 type, const union ipaddr *a)
{
	if (ipaddr_is_v4(a))
		nl_put(b, type, &a->w[3], 4);
	else
		nl_put(b, type, a->b, 16);
}

/* ---- links --------------------------------------------------------------------------------------- */

static const char *qdisc_name(const struct net_device *dev)
{
	if (dev->root)
		return dev->root->ops->id;
	return dev->tx_queue_len ? dev->num_tx_queues > 1 ? "mq" : "pfifo_fast" : "noqueue";
}

static void put_stats(struct nl_buf *b, const struct netdev_stats *s)
{
	struct rtnl_link_stats64 v = {
		.rx_packets = s->rx_packets, .tx_packets = s->tx_packets,
		.rx_bytes = s->rx_bytes, .tx_bytes = s->tx_bytes,
		.rx_errors = s->rx_errors, .tx_errors = s->tx_errors,
		.rx_dropped = s->rx_dropped, .tx_dropped = s->tx_dropped,
		.multicast = s->multicast, .collisions = s->collisions,
		.rx_length_errors = s->rx_length_errors, .rx_over_errors = s->rx_over_errors,
		.rx_crc_errors = s->rx_crc_errors, .rx_missed_errors = s->rx_missed_errors,
		.tx_aborted_errors = s->tx_aborted_errors,
		.tx_carrier_errors = s->tx_carrier_errors, .tx_fifo_errors = s->tx_fifo_errors,
	};
	struct rtnl_link_stats v32;
	const u64 *from = (const u64 *)&v;
	u32 *to = (u32 *)&v32;

	nl_put(b, IFLA_STATS64, &v, sizeof(v));
	for (size_t i = 0; i < sizeof(v32) / 4; i++)
		to[i] = (u32)from[i];
	nl_put(b, IFLA_STATS, &v32, sizeof(v32));
}

static void put_link(struct nl_buf *b, struct ifinfomsg *ifi, const struct net_device *dev)
{
	static const u8 broadcast[ETH_ALEN] = { 255, 255, 255, 255, 255, 255 };
	bool lo = dev->flags & IFF_LOOPBACK, tun = dev->flags & IFF_POINTOPOINT;
	u8 operstate = lo || tun ? 0 : dev->flags & IFF_UP && dev->carrier ? 6 : 2;

	ifi->ifi_type = lo ? ARPHRD_LOOPBACK : tun ? ARPHRD_NONE : ARPHRD_ETHER;
	ifi->ifi_index = dev->ifindex;
	ifi->ifi_flags = dev->flags | (dev->flags & IFF_UP && dev->carrier ? IFF_LOWER_UP_ : 0);
	nl_put_string(b, IFLA_IFNAME, dev->name);
	nl_put_u32(b, IFLA_TXQLEN, lo ? 1000 : dev->tx_queue_len);
	nl_put_u8(b, IFLA_OPERSTATE, operstate);
	nl_put_u8(b, IFLA_LINKMODE, 0);
	nl_put_u32(b, IFLA_MTU, dev->mtu);
	nl_put_u32(b, IFLA_GROUP, 0);
	/* A user's own switch counts once. */
	nl_put_u32(b, IFLA_PROMISCUITY, (u32)dev->promiscuity + !!(dev->flags & IFF_PROMISC));
	nl_put_u32(b, IFLA_ALLMULTI_, (u32)dev->allmulti + !!(dev->flags & IFF_ALLMULTI));
	nl_put_u32(b, IFLA_NUM_TX_QUEUES, (u32)dev->num_tx_queues);
	nl_put_u32(b, IFLA_GSO_MAX_SEGS, dev->gso_max_segs);
	nl_put_u32(b, IFLA_GSO_MAX_SIZE, dev->gso_max_size);
	nl_put_u32(b, IFLA_NUM_RX_QUEUES, (u32)dev->num_rx_queues);
	nl_put_u8(b, IFLA_CARRIER, dev->carrier);
	nl_put_string(b, IFLA_QDISC, qdisc_name(dev));
	if (!tun) {
		nl_put(b, IFLA_ADDRESS, dev->mac, ETH_ALEN);
		nl_put(b, IFLA_BROADCAST, lo ? dev->mac : broadcast, ETH_ALEN);
	}
	put_stats(b, &dev->stats);
}

static void link_message(struct nl_req *r, const struct net_device *dev)
{
	struct ifinfomsg *ifi = nl_answer(r, RTM_NEWLINK, sizeof(*ifi));
	struct ifinfomsg copy = { 0 };
	u32 at = (u32)((u8 *)ifi - r->out->data);

	put_link(r->out, &copy, dev);
	memcpy(r->out->data + at, &copy, sizeof(copy));
	nl_end(r->out);
}

static struct net_device *find_link(struct nl_req *r, const struct ifinfomsg *ifi,
				    const struct nlattr *const *attrs)
{
	char name[IFNAMSIZ] = "";

	if (ifi->ifi_index > 0)
		return dev_get_by_index(r->net->host, ifi->ifi_index);
	if (!attrs[IFLA_IFNAME])
		return NULL;
	memcpy(name, nl_attr_data(attrs[IFLA_IFNAME]),
	       min(nl_attr_len(attrs[IFLA_IFNAME]), (u32)IFNAMSIZ - 1));
	return dev_get_by_name(r->net->host, name);
}

/* What `ip link set` changes: up and down, the MTU, the queue length. Other attributes are refused. */
static int change_link(struct nl_req *r, const struct ifinfomsg *ifi, const struct nlattr *const *attrs,
		       struct net_device *dev)
{
	static const u16 served[] = { IFLA_IFNAME, IFLA_MTU, IFLA_TXQLEN };
	struct nl_buf b = { 0 };
	struct ifinfomsg copy = { 0 }, *at;
	u32 change = ifi->ifi_change ? ifi->ifi_change : ifi->ifi_flags;
	int err = 0;

	for (int i = 1; i <= IFLA_MAX; i++) {
		bool ok = !attrs[i];

		for (size_t j = 0; j < ARRAY_SIZE(served); j++)
			ok |= served[j] == i;
		if (!ok)
			return -EOPNOTSUPP;
	}
	if (change & ~(u32)IFF_UP)
		return -EOPNOTSUPP;
	if (attrs[IFLA_MTU])
		err = dev->ops->change_mtu ?
			      dev->ops->change_mtu(dev, nl_attr_u32(attrs[IFLA_MTU], 0)) : -EOPNOTSUPP;
	if (!err && attrs[IFLA_TXQLEN])
		dev_change_tx_queue_len(dev, nl_attr_u32(attrs[IFLA_TXQLEN], 0));
	if (!err && change & IFF_UP && (ifi->ifi_flags ^ dev->flags) & IFF_UP)
		err = ifi->ifi_flags & IFF_UP ? dev_open(dev) : dev_close(dev);
	if (err)
		return err;
	at = nl_begin(&b, RTM_NEWLINK, 0, 0, 0, sizeof(*at));
	(void)at;
	put_link(&b, &copy, dev);
	memcpy(b.data + NLMSG_HDRLEN, &copy, sizeof(copy));
	nl_end(&b);
	nl_notify(r->net, NETLINK_ROUTE, RTNLGRP_LINK, &b);
	nl_free(&b);
	return 0;
}

int rtnl_link(struct nl_req *r)
{
	const struct nlattr *attrs[IFLA_MAX + 1];
	struct ifinfomsg ifi = { 0 };
	struct net_device *dev;

	memcpy(&ifi, r->payload, min(r->len, (u32)sizeof(ifi)));
	if (r->dump) {
		list_for_each_entry(dev, &r->net->host->netdevs->devices, node)
			link_message(r, dev);
		return 0;
	}
	if (r->len < sizeof(ifi) || nl_parse(r, sizeof(ifi), attrs, IFLA_MAX))
		return -EINVAL;
	dev = find_link(r, &ifi, attrs);
	if (!dev)
		return r->h->nlmsg_type == RTM_NEWLINK && r->h->nlmsg_flags & NLM_F_CREATE ?
			       -EOPNOTSUPP : -ENODEV;
	if (r->h->nlmsg_type == RTM_GETLINK) {
		link_message(r, dev);
		return 0;
	}
	return r->h->nlmsg_type == RTM_DELLINK ? -EOPNOTSUPP : change_link(r, &ifi, attrs, dev);
}

/* ---- addresses ----------------------------------------------------------------------------------- */

static u8 addr_scope(const struct in_ifaddr *ifa)
{
	if (ipaddr_is_loopback(&ifa->addr))
		return RT_SCOPE_HOST;
	return !ipaddr_is_v4(&ifa->addr) && ipaddr_is_linklocal(&ifa->addr) ? RT_SCOPE_LINK :
									    RT_SCOPE_UNIVERSE;
}

static void put_ifaddr(struct nl_buf *b, struct ifaddrmsg *at, const struct in_ifaddr *ifa)
{
	const struct ifa_cacheinfo forever = { .ifa_prefered = FOREVER, .ifa_valid = FOREVER };
	bool v4 = ipaddr_is_v4(&ifa->addr);
	u32 flags = IFA_F_PERMANENT | (ifa->secondary ? IFA_F_SECONDARY : 0);

	*at = (struct ifaddrmsg){
		.ifa_family = v4 ? AF_INET : AF_INET6, .ifa_prefixlen = (u8)ifa->plen,
		.ifa_flags = (u8)flags, .ifa_scope = addr_scope(ifa),
		.ifa_index = (u32)ifa->dev->ifindex,
	};
	nl_put_addr(b, IFA_ADDRESS, &ifa->addr);
	if (v4) {
		be32 mask = ifa->plen ? htonl(~0u << (32 - ifa->plen)) : 0;
		be32 broadcast = ipaddr_to_v4(&ifa->addr) | ~mask;

		nl_put_addr(b, IFA_LOCAL, &ifa->addr);
		if (ifa->dev->flags & IFF_BROADCAST && ifa->plen < 31)
			nl_put(b, IFA_BROADCAST, &broadcast, sizeof(broadcast));
		nl_put_string(b, IFA_LABEL, ifa->dev->name);
	}
	nl_put(b, IFA_CACHEINFO, &forever, sizeof(forever));
	nl_put_u32(b, IFA_FLAGS, flags);
}

struct addr_dump {
	struct nl_req *r;
	u8 family;
	u32 index;
};

static void dump_addr(void *ctx, const struct in_ifaddr *ifa)
{
	struct addr_dump *d = ctx;
	struct ifaddrmsg m;
	u32 at;

	if ((d->family && d->family != nl_addr_family(&ifa->addr)) ||
	    (d->index && d->index != (u32)ifa->dev->ifindex))
		return;
	nl_answer(d->r, RTM_NEWADDR, sizeof(m));
	at = d->r->out->len - (u32)sizeof(m);
	put_ifaddr(d->r->out, &m, ifa);
	memcpy(d->r->out->data + at, &m, sizeof(m));
	nl_end(d->r->out);
}

static void notify_addr(struct nl_req *r, u16 type, const struct in_ifaddr *ifa)
{
	struct nl_buf b = { 0 };
	struct ifaddrmsg m;

	nl_begin(&b, type, 0, r->h->nlmsg_seq, r->nl->portid, sizeof(m));
	put_ifaddr(&b, &m, ifa);
	memcpy(b.data + NLMSG_HDRLEN, &m, sizeof(m));
	nl_end(&b);
	nl_notify(r->net, NETLINK_ROUTE,
		  m.ifa_family == AF_INET ? RTNLGRP_IPV4_IFADDR : RTNLGRP_IPV6_IFADDR, &b);
	nl_free(&b);
}

static int change_addr(struct nl_req *r, const struct ifaddrmsg *m)
{
	struct net_device *dev = dev_get_by_index(r->net->host, (int)m->ifa_index);
	const struct nlattr *attrs[IFA_MAX + 1], *a;
	struct in_ifaddr ifa = { .dev = dev, .plen = m->ifa_prefixlen };
	bool add = r->h->nlmsg_type == RTM_NEWADDR;
	int err;

	if (nl_parse(r, sizeof(*m), attrs, IFA_MAX))
		return -EINVAL;
	if (!dev)
		return -ENODEV;
	a = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (!a || !nl_attr_addr(a, m->ifa_family, &ifa.addr))
		return -EINVAL;
	err = add ? ip_addr_add(r->net, dev, &ifa.addr, ifa.plen) :
		    ip_addr_del(r->net, dev, &ifa.addr, ifa.plen);
	if (!err)
		notify_addr(r, r->h->nlmsg_type, &ifa);
	return err;
}

int rtnl_addr(struct nl_req *r)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	struct ifaddrmsg m = { 0 };
	struct addr_dump d = { .r = r };

	memcpy(&m, r->payload, min(r->len, (u32)sizeof(m)));
	if (r->h->nlmsg_type != RTM_GETADDR)
		return r->len < sizeof(m) ? -EINVAL : change_addr(r, &m);
	if (!r->dump)
		return -EOPNOTSUPP;
	d.index = r->nl->strict && r->len >= sizeof(m) ? m.ifa_index : 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		d.family = families[i];
		if (!m.ifa_family || m.ifa_family == d.family)
			ifaddr_for_each(r->net, dump_addr, &d);
	}
	return 0;
}

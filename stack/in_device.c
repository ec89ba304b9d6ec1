/* SPDX-License-Identifier: MIT */
/*
 * Addresses of devices and the routes that come with them.
 *
 * As in net/ipv4's fib_add_ifaddr(), an address brings a host route in the local table, a route to
 * its network and a broadcast route; as in net/ipv6's addrconf, a device that goes up gets a
 * link-local address from its MAC (RFC 4291 appendix A) and the route for multicast. Addresses are
 * usable at once: duplicate address detection is not run (net.ipv6.conf.*.accept_dad = 0).
 */
#include "stack/in_device.h"

#include <errno.h>
#include <stdlib.h>

#include "stack/fib.h"
#include "stack/multicast.h"
#include "stack/neighbour.h"

struct in_device *in_dev_get(struct net_device *dev)
{
	struct in_device *in = dev->ip_ptr;

	if (!in) {
		in = xcalloc(1, sizeof(*in));
		list_init(&in->mc_list);
		dev->ip_ptr = in;
	}
	return in;
}

void in_device_free(struct net_device *dev)
{
	struct in_device *in = in_dev(dev);

	if (!in)
		return;
	ip_mc_free_device(dev);
	free(in->addr);
	free(in);
	dev->ip_ptr = NULL;
}

static bool dev_is_loopback(const struct net_device *dev)
{
	return dev->flags & IFF_LOOPBACK;
}

static void kernel_route(struct net *net, struct net_device *dev, bool add, u32 id,
			 u8 type, const union ipaddr *dst, int plen, const union ipaddr *src,
			 u32 metric)
{
	bool v4 = ipaddr_is_v4(dst);
	struct fib_entry e = {.plen = (u8)(v4 ? plen + 96 : plen),
			      .type = type,
			      .dev = dev,
			      .metric = metric,
			      .kernel = true};

	e.dst = ipaddr_mask(dst, e.plen);
	if (v4)
		e.gateway = e.prefsrc = ipaddr_v4(0);
	if (src)
		e.prefsrc = *src;
	if (add)
		fib_insert(net, id, &e);
	else
		fib_delete(net, id, &e);
}

static union ipaddr ipv4_subnet_broadcast(const struct in_ifaddr *ifa)
{
	return ipaddr_v4(ipaddr_to_v4(&ifa->addr) | htonl((u32)(0xffffffffull >> ifa->plen)));
}

/* The routes of an IPv4 address beside its host route; they exist while the device is up. */
static void ifaddr4_net_routes(struct net *net, const struct in_ifaddr *ifa, bool add)
{
	struct net_device *dev = ifa->dev;
	union ipaddr prefix = ipaddr_mask(&ifa->addr, ifa->plen + 96);

	if (ifa->secondary || prefix.b[12] == 0 ||
	    (ifa->plen == 32 && ipaddr_equal(&prefix, &ifa->addr)))
		return;
	if (dev_is_loopback(dev))
		kernel_route(net, dev, add, FIB_TABLE_LOCAL, RTN_LOCAL_, &prefix, ifa->plen,
			     &ifa->addr, 0);
	else
		kernel_route(net, dev, add, FIB_TABLE_MAIN, RTN_UNICAST_, &prefix, ifa->plen,
			     &ifa->addr, 0);
	if (ifa->plen < 31) {
		union ipaddr brd = ipv4_subnet_broadcast(ifa);

		kernel_route(net, dev, add, FIB_TABLE_LOCAL, RTN_BROADCAST_, &brd, 32, &ifa->addr,
			     0);
	}
}

static void ifaddr_host_route(struct net *net, const struct in_ifaddr *ifa, bool add)
{
	bool v4 = ipaddr_is_v4(&ifa->addr);

	kernel_route(net, ifa->dev, add, FIB_TABLE_LOCAL, RTN_LOCAL_, &ifa->addr, v4 ? 32 : 128,
		     v4 ? &ifa->addr : NULL, 0);
}

static void ifaddr_routes(struct net *net, const struct in_ifaddr *ifa, bool add)
{
	struct net_device *dev = ifa->dev;
	bool v4 = ipaddr_is_v4(&ifa->addr);

	ifaddr_host_route(net, ifa, add);
	if (v4)
		ifaddr4_net_routes(net, ifa, add);
	else if (ifa->plen < 128)
		kernel_route(net, dev, add, FIB_TABLE_MAIN, RTN_UNICAST_, &ifa->addr, ifa->plen,
			     NULL, IP6_RT_PRIO_ADDRCONF);
}

static bool same_subnet(const struct in_ifaddr *a, const union ipaddr *addr, int plen)
{
	return a->plen == plen && ipaddr_prefix_equal(&a->addr, addr, plen);
}

/* A group must be joined for each IPv6 address, so that solicitations reach it (RFC 4861 7.2.1). */
static void ifaddr_solicited(struct net *net, const struct in_ifaddr *ifa, bool join)
{
	union ipaddr group;

	if (ipaddr_is_v4(&ifa->addr) || dev_is_loopback(ifa->dev))
		return;
	group = ipv6_solicited_node(&ifa->addr);
	if (join)
		ip_mc_join(net, ifa->dev, &group);
	else
		ip_mc_leave(net, ifa->dev, &group);
}

int ip_addr_add(struct net *net, struct net_device *dev, const union ipaddr *a, int plen)
{
	bool v4 = ipaddr_is_v4(a);
	struct in_ifaddr ifa = {.addr = *a, .plen = plen, .dev = dev};
	struct in_device *in;

	if (plen < 0 || plen > (v4 ? 32 : 128) || ipaddr_is_any(a) || ipaddr_is_multicast(a) ||
	    ipaddr_is_limited_broadcast(a))
		return -EINVAL;
	if (!v4 && net->sysctl.ipv6_disable && !dev_is_loopback(dev))
		return -EACCES;
	in = in_dev_get(dev);
	for (int i = 0; i < in->naddr; i++) {
		if (ipaddr_equal(&in->addr[i].addr, a) && (!v4 || in->addr[i].plen == plen))
			return -EEXIST;
		if (v4 && same_subnet(&in->addr[i], a, plen))
			ifa.secondary = true;
	}
	in->addr = xrealloc(in->addr, (size_t)(in->naddr + 1) * sizeof(*in->addr));
	in->addr[in->naddr++] = ifa;
	if (dev->flags & IFF_UP) {
		ifaddr_routes(net, &ifa, true);
		ifaddr_solicited(net, &ifa, true);
	} else if (v4) {
		ifaddr_host_route(net, &ifa, true); /* the host has the address all the same */
	}
	rt_genid_bump(net);
	return 0;
}

/*
 * The secondaries of a deleted primary go with it (promote_secondaries = 0). Walks from the end
 * because each removal moves what follows.
 */
static void remove_secondaries(struct net *net, struct in_device *in,
			       const struct in_ifaddr *primary)
{
	for (int i = in->naddr; i-- > 0;) {
		struct in_ifaddr ifa = in->addr[i];

		if (ifa.secondary && ipaddr_is_v4(&ifa.addr) &&
		    same_subnet(&ifa, &primary->addr, primary->plen))
			ip_addr_del(net, primary->dev, &ifa.addr, ifa.plen);
	}
}

int ip_addr_del(struct net *net, struct net_device *dev, const union ipaddr *a, int plen)
{
	struct in_device *in = in_dev(dev);
	struct in_ifaddr ifa;
	int i = 0;

	while (in && i < in->naddr &&
	       !(ipaddr_equal(&in->addr[i].addr, a) && in->addr[i].plen == plen))
		i++;
	if (!in || i == in->naddr)
		return -EADDRNOTAVAIL;
	ifa = in->addr[i];
	in->naddr--;
	memmove(&in->addr[i], &in->addr[i + 1], (size_t)(in->naddr - i) * sizeof(*in->addr));
	ifaddr_routes(net, &ifa, false);
	ifaddr_solicited(net, &ifa, false);
	fib_flush_prefsrc(net, a);
	if (!ifa.secondary && ipaddr_is_v4(a))
		remove_secondaries(net, in, &ifa);
	rt_genid_bump(net);
	return 0;
}

/* fe80::/64 with the modified EUI-64 of the MAC. */
static union ipaddr ipv6_lladdr_from_mac(const u8 mac[ETH_ALEN])
{
	return (union ipaddr){.b = {0xfe, 0x80, [8] = (u8)(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe,
				    mac[3], mac[4], mac[5]}};
}

static void ipv6_device_up(struct net *net, struct net_device *dev)
{
	static const union ipaddr mc6 = {.b = {0xff}};

	if (dev_is_loopback(dev) || net->sysctl.ipv6_disable)
		return;
	kernel_route(net, dev, true, FIB_TABLE_LOCAL, RTN_MULTICAST_, &mc6, 8, NULL,
		     IP6_RT_PRIO_ADDRCONF);
	if (!ipv6_get_lladdr(dev, &(union ipaddr){.d = {0, 0}})) {
		union ipaddr ll = ipv6_lladdr_from_mac(dev->mac);

		ip_addr_add(net, dev, &ll, 64);
	}
}

static void in_device_up(struct net *net, struct net_device *dev)
{
	struct in_device *in = in_dev_get(dev);

	for (int i = 0; i < in->naddr; i++) {
		ifaddr_routes(net, &in->addr[i], true);
		ifaddr_solicited(net, &in->addr[i], true);
	}
	ipv6_device_up(net, dev);
}

static void ipv6_drop_addrs(struct net *net, struct net_device *dev)
{
	struct in_device *in = in_dev(dev);

	for (int i = in ? in->naddr : 0; i-- > 0;) {
		struct in_ifaddr ifa = in->addr[i];

		if (!ipaddr_is_v4(&ifa.addr) && !dev_is_loopback(dev))
			ip_addr_del(net, dev, &ifa.addr, ifa.plen);
	}
}

void ipv6_disable_changed(struct net *net)
{
	struct net_device *dev;

	list_for_each_entry(dev, &net->host->netdevs->devices, node) {
		if (net->sysctl.ipv6_disable)
			ipv6_drop_addrs(net, dev);
		else if (dev->flags & IFF_UP)
			ipv6_device_up(net, dev);
	}
	rt_genid_bump(net);
}

void in_device_flush(struct net *net, struct net_device *dev)
{
	struct in_device *in = in_dev(dev);

	while (in && in->naddr) {
		struct in_ifaddr ifa = in->addr[in->naddr - 1];

		ip_addr_del(net, dev, &ifa.addr, ifa.plen);
	}
}

/* IPv4 addresses stay configured; IPv6 addresses are lost (keep_addr_on_down = 0), as in Linux. */
static void in_device_down(struct net *net, struct net_device *dev)
{
	neigh_ifdown(net, dev);
	ipv6_drop_addrs(net, dev);
	if (net->fib)
		fib_flush_dev(net, dev);
	rt_genid_bump(net);
}

void in_device_event(struct net *net, struct net_device *dev, enum netdev_event ev)
{
	switch (ev) {
	case NETDEV_UP:
		in_device_up(net, dev);
		break;
	case NETDEV_DOWN:
		in_device_down(net, dev);
		break;
	case NETDEV_CHANGE:
		/* Carrier: routes stay (ignore_routes_with_linkdown = 0), neighbours are forgotten.
		 */
		if (!dev->carrier)
			neigh_carrier_down(net, dev);
		break;
	case NETDEV_CHANGEMTU:
		rt_genid_bump(net);
		break;
	}
}

void ifaddr_for_each(struct net *net, void (*fn)(void *ctx, const struct in_ifaddr *ifa), void *ctx)
{
	struct net_device *dev;

	list_for_each_entry(dev, &net->host->netdevs->devices, node) {
		struct in_device *in = in_dev(dev);

		for (int i = 0; in && i < in->naddr; i++)
			fn(ctx, &in->addr[i]);
	}
}

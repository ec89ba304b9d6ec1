/* SPDX-License-Identifier: MIT */
/*
 * The ioctls about devices (netdevice(7)): what they are, their IPv4 address, and changes of both.
 * IPv6 addresses and everything newer have netlink only.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "nic/netdev.h"
#include "stack/capability.h"
#include "stack/ethtool.h"
#include "stack/in_device.h"
#include "stack/socket.h"
#include "stack/syscall.h"

/* The device's first IPv4 address, which is the one that these calls know; NULL: none. */
static struct in_ifaddr *first_addr(struct net_device *dev)
{
	struct in_device *in = in_dev(dev);

	for (int i = 0; in && i < in->naddr; i++) {
		if (ipaddr_is_v4(&in->addr[i].addr))
			return &in->addr[i];
	}
	return NULL;
}

static be32 mask_of(int plen)
{
	return plen ? htonl(~0u << (32 - plen)) : 0;
}

static void put_sin(struct ifreq *ifr, be32 addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = addr };

	memcpy(&ifr->ifr_addr, &sin, sizeof(sin));
}

static s64 get_addr(unsigned cmd, struct ifreq *ifr, struct net_device *dev)
{
	const struct in_ifaddr *ifa = first_addr(dev);
	be32 addr, mask;

	if (!ifa)
		return -EADDRNOTAVAIL;
	addr = ipaddr_to_v4(&ifa->addr);
	mask = mask_of(ifa->plen);
	switch (cmd) {
	case SIOCGIFNETMASK:
		put_sin(ifr, mask);
		return 0;
	case SIOCGIFBRDADDR:
		put_sin(ifr, dev->flags & IFF_BROADCAST ? addr | ~mask : 0);
		return 0;
	default: /* SIOCGIFADDR; no device here has a peer address of its own */
		put_sin(ifr, addr);
		return 0;
	}
}

static s64 get_hwaddr(struct ifreq *ifr, const struct net_device *dev)
{
	memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
	ifr->ifr_hwaddr.sa_family = dev->flags & IFF_LOOPBACK ? ARPHRD_LOOPBACK :
				    dev->flags & IFF_POINTOPOINT ? ARPHRD_NONE :
								   ARPHRD_ETHER;
	memcpy(ifr->ifr_hwaddr.sa_data, dev->mac, ETH_ALEN);
	return 0;
}

static s64 get(unsigned cmd, struct ifreq *ifr, struct net_device *dev)
{
	switch (cmd) {
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = dev->ifindex;
		return 0;
	case SIOCGIFFLAGS:
		ifr->ifr_flags = (short)dev->flags;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = (int)dev->mtu;
		return 0;
	case SIOCGIFMETRIC:
		ifr->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		ifr->ifr_qlen = (int)dev->tx_queue_len;
		return 0;
	case SIOCGIFHWADDR:
		return get_hwaddr(ifr, dev);
	case SIOCGIFMAP: /* no device here has memory, ports or an interrupt line to set */
		memset(&ifr->ifr_map, 0, sizeof(ifr->ifr_map));
		return 0;
	default:
		return get_addr(cmd, ifr, dev);
	}
}

/* ---- changes ------------------------------------------------------------------------------------- */

/* The classes of old: what an address means until its mask is set. */
static int class_plen(be32 addr)
{
	u32 a = ntohl(addr);

	return !(a >> 31) ? 8 : a >> 30 == 2 ? 16 : a >> 29 == 6 ? 24 : -1;
}

static s64 replace_addr(struct net *net, struct net_device *dev, be32 addr, int plen)
{
	struct in_ifaddr *ifa = first_addr(dev);
	union ipaddr a = ipaddr_v4(addr);

	if (ifa) {
		union ipaddr old = ifa->addr;

		ip_addr_del(net, dev, &old, ifa->plen);
	}
	return addr ? ip_addr_add(net, dev, &a, plen) : 0;
}

static s64 set_addr(struct net *net, unsigned cmd, const struct ifreq *ifr, struct net_device *dev)
{
	const struct in_ifaddr *ifa = first_addr(dev);
	struct sockaddr_in sin;
	u32 inverse;

	memcpy(&sin, &ifr->ifr_addr, sizeof(sin));
	if (sin.sin_family != AF_INET)
		return -EINVAL;
	if (cmd == SIOCSIFADDR) {
		int plen = dev->flags & IFF_POINTOPOINT ? 32 : class_plen(sin.sin_addr.s_addr);

		return plen < 0 ? -EINVAL : replace_addr(net, dev, sin.sin_addr.s_addr, plen);
	}
	if (!ifa)
		return -EADDRNOTAVAIL;
	inverse = ~ntohl(sin.sin_addr.s_addr);
	if (inverse & (inverse + 1))
		return -EINVAL;
	return replace_addr(net, dev, ipaddr_to_v4(&ifa->addr),
			    32 - __builtin_popcount(inverse));
}

/* The one that the device has; another is more than any driver here can. */
static s64 set_hwaddr(const struct ifreq *ifr, const struct net_device *dev)
{
	struct ifreq now;

	get_hwaddr(&now, dev);
	if (ifr->ifr_hwaddr.sa_family != now.ifr_hwaddr.sa_family)
		return -EINVAL;
	return memcmp(ifr->ifr_hwaddr.sa_data, dev->mac, ETH_ALEN) ? -EOPNOTSUPP : 0;
}

static s64 set(struct net *net, unsigned cmd, struct ifreq *ifr, struct net_device *dev)
{
	switch (cmd) {
	case SIOCSIFHWADDR:
		return set_hwaddr(ifr, dev);
	case SIOCSIFMETRIC:
		return -EOPNOTSUPP; /* as in all kernels */
	case SIOCSIFFLAGS:
		return dev_change_flags(dev, (u16)ifr->ifr_flags);
	case SIOCSIFMTU:
		if (ifr->ifr_mtu < 0)
			return -EINVAL;
		return dev->ops->change_mtu ? dev->ops->change_mtu(dev, (u32)ifr->ifr_mtu) : -EOPNOTSUPP;
	case SIOCSIFTXQLEN:
		if (ifr->ifr_qlen < 0)
			return -EINVAL;
		dev_change_tx_queue_len(dev, (u32)ifr->ifr_qlen);
		return 0;
	default:
		return set_addr(net, cmd, ifr, dev);
	}
}

/* ---- all of them --------------------------------------------------------------------------------- */

/* Devices that have an IPv4 address; without room: how much would be needed. */
static s64 get_conf(struct host *h, struct ifconf *c)
{
	struct net_device *dev;
	int used = 0;

	list_for_each_entry(dev, &h->netdevs->devices, node) {
		struct in_device *in = in_dev(dev);

		for (int i = 0; in && i < in->naddr; i++) {
			struct ifreq ifr = { 0 };

			if (!ipaddr_is_v4(&in->addr[i].addr))
				continue;
			memcpy(ifr.ifr_name, dev->name, IFNAMSIZ);
			put_sin(&ifr, ipaddr_to_v4(&in->addr[i].addr));
			if (c->ifc_buf && c->ifc_len - used >= (int)sizeof(ifr))
				memcpy(c->ifc_buf + used, &ifr, sizeof(ifr));
			else if (c->ifc_buf)
				continue;
			used += (int)sizeof(ifr);
		}
	}
	c->ifc_len = used;
	return 0;
}

static s64 get_name(struct host *h, struct ifreq *ifr)
{
	struct net_device *dev = dev_get_by_index(h, ifr->ifr_ifindex);

	if (!dev)
		return -ENODEV;
	memset(ifr->ifr_name, 0, IFNAMSIZ);
	memcpy(ifr->ifr_name, dev->name, min(strlen(dev->name), (size_t)IFNAMSIZ - 1));
	return 0;
}

static bool changes(unsigned cmd)
{
	switch (cmd) {
	case SIOCSIFFLAGS:
	case SIOCSIFMTU:
	case SIOCSIFTXQLEN:
	case SIOCSIFADDR:
	case SIOCSIFNETMASK:
	case SIOCSIFHWADDR:
	case SIOCSIFMETRIC:
		return true;
	default:
		return false;
	}
}

bool if_ioctl_known(unsigned cmd)
{
	switch (cmd) {
	case SIOCGIFCONF:
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFDSTADDR:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFMAP:
	case SIOCETHTOOL:
		return true;
	default:
		return changes(cmd);
	}
}

s64 if_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct net_device *dev;
	struct ifreq *ifr = arg;

	if (cmd == SIOCGIFCONF)
		return get_conf(sk->host, arg);
	if (cmd == SIOCGIFNAME)
		return get_name(sk->host, ifr);
	if (changes(cmd) && !capable(t, CAP_NET_ADMIN))
		return -EPERM;
	ifr->ifr_name[IFNAMSIZ - 1] = 0;
	dev = dev_get_by_name(sk->host, ifr->ifr_name);
	if (!dev)
		return -ENODEV;
	if (cmd == SIOCETHTOOL)
		return ifr->ifr_data ? dev_ethtool(t, dev, ifr->ifr_data) : -EFAULT;
	return changes(cmd) ? set(sk->net, cmd, ifr, dev) : get(cmd, ifr, dev);
}

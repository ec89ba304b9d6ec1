/* SPDX-License-Identifier: MIT */
/*
 * What IP keeps for a device: its addresses and its multicast groups (struct in_device and
 * inet6_dev).
 */
#ifndef STACK_IN_DEVICE_H
#define STACK_IN_DEVICE_H

#include "stack/ip.h"

struct ip_mc_group;

struct in_device {
	struct in_ifaddr *addr; /* in order of configuration */
	int naddr;
	struct list_head mc_list; /* struct ip_mc_group; multicast.h */
	u32 mtu6;		  /* IPv6's own MTU, 0: the device's */
};

static inline struct in_device *in_dev(const struct net_device *dev)
{
	return dev->ip_ptr;
}
/* The same, made when it is not there. */
struct in_device *in_dev_get(struct net_device *dev);
void in_device_free(struct net_device *dev);
/* Routes and the link-local address come with the device going up, and go when it goes down. */
void in_device_event(struct net *net, struct net_device *dev, enum netdev_event ev);

/* net.ipv6.conf.all.disable_ipv6 was written: addresses go, or link-local ones come back. */
void ipv6_disable_changed(struct net *net);

/* Source addresses (in_source.c). */
/* inet_select_addr(): a primary address of dev, in the subnet of hint when possible; any: none. */
union ipaddr inet_select_addr(struct net *net, const struct net_device *dev,
			      const union ipaddr *hint);
/* RFC 6724 section 5 among the host's IPv6 addresses; unspecified: none. */
union ipaddr ipv6_dev_get_saddr(struct net *net, const struct net_device *dev,
				const union ipaddr *daddr);
/* The device that holds the address; NULL: none. */
struct net_device *ip_dev_find(struct net *net, const union ipaddr *a);
/* A link-local IPv6 address of dev, for neighbour discovery and MLD; false: none. */
bool ipv6_get_lladdr(const struct net_device *dev, union ipaddr *a);

#endif

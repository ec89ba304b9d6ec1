/* SPDX-License-Identifier: MIT */
#include "stack/inet_mc.h"

#include <stdlib.h>

#include "sim/engine/pool.h"

struct ip_mc_socklist {
	struct list_head node;
	union ipaddr group;
	int ifindex;
};

struct find_dev {
	const union ipaddr *local;
	struct net_device *dev;
};

static void match_ifaddr(void *ctx, const struct in_ifaddr *ifa)
{
	struct find_dev *f = ctx;

	if (!f->dev && ipaddr_equal(&ifa->addr, f->local))
		f->dev = ifa->dev;
}

/* ip_mc_find_dev() */
static struct net_device *mc_device(struct inet_sock *inet, const union ipaddr *group, int ifindex,
				    const union ipaddr *local)
{
	struct net *net = inet->sk.net;
	struct find_dev f = { .local = local };
	struct flow fl = { .daddr = *group, .saddr = ipaddr_is_v4(group) ? ipaddr_v4(INADDR_ANY) :
								       ipaddr_v6(&in6addr_any) };
	struct dst dst;

	if (ifindex)
		return dev_get_by_index(net->host, ifindex);
	if (local && !ipaddr_is_any(local)) {
		ifaddr_for_each(net, match_ifaddr, &f);
		return f.dev;
	}
	return route_output(net, &fl, &dst) ? NULL : dst.dev;
}

int inet_mc_join(struct inet_sock *inet, const union ipaddr *group, int ifindex,
		 const union ipaddr *local)
{
	struct ip_mc_socklist *m;
	struct net_device *dev;
	int count = 0, err;

	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	dev = mc_device(inet, group, ifindex, local);
	if (!dev)
		return -ENODEV;
	list_for_each_entry(m, &inet->mc_list, node) {
		if (ipaddr_equal(&m->group, group) && m->ifindex == dev->ifindex)
			return -EADDRINUSE;
		count++;
	}
	if (ipaddr_is_v4(group) && count >= inet->sk.net->sysctl.igmp_max_memberships)
		return -ENOBUFS;
	err = ip_mc_join(inet->sk.net, dev, group);
	if (err)
		return err;
	m = xcalloc(1, sizeof(*m));
	m->group = *group;
	m->ifindex = dev->ifindex;
	list_add_tail(&m->node, &inet->mc_list);
	return 0;
}

static void leave(struct inet_sock *inet, struct ip_mc_socklist *m)
{
	struct net_device *dev = dev_get_by_index(inet->sk.host, m->ifindex);

	if (dev)
		ip_mc_leave(inet->sk.net, dev, &m->group);
	list_del_init(&m->node);
	free(m);
}

int inet_mc_leave(struct inet_sock *inet, const union ipaddr *group, int ifindex,
		  const union ipaddr *local)
{
	struct ip_mc_socklist *m;

	if (!ifindex && local) { /* ip_mc_find_dev() */
		struct net_device *dev = mc_device(inet, group, 0, local);

		if (!dev && ipaddr_is_any(local))
			return -ENODEV;
		if (!dev)
			return -EADDRNOTAVAIL;
		ifindex = dev->ifindex;
	}
	list_for_each_entry(m, &inet->mc_list, node) {
		if (ipaddr_equal(&m->group, group) && (!ifindex || m->ifindex == ifindex)) {
			leave(inet, m);
			return 0;
		}
	}
	return -EADDRNOTAVAIL;
}

void inet_mc_drop(struct inet_sock *inet)
{
	while (!list_empty(&inet->mc_list))
		leave(inet, list_first_entry(&inet->mc_list, struct ip_mc_socklist, node));
}

/* ip_mc_sf_allow(), inet6_mc_check(): without a membership, IP_MULTICAST_ALL or IPV6_MULTICAST_ALL decides. */
bool inet_mc_wants(const struct inet_sock *inet, const union ipaddr *group, int dif)
{
	struct ip_mc_socklist *m;

	list_for_each_entry(m, &inet->mc_list, node) {
		if (ipaddr_equal(&m->group, group) && m->ifindex == dif)
			return true;
	}
	return ipaddr_is_v4(group) ? inet->mc_all : inet->mc6_all;
}

/* SPDX-License-Identifier: MIT */
/*
 * The multicast groups of a device (multicast.h).
 */
#include "stack/multicast.h"

#include <errno.h>

#include "stack/in_device.h"
#include "stack/stack_world.h"

/* net.ipv4.conf.*.igmpv3_unsolicited_report_interval and its MLD twin. */
#define UNSOLICITED_REPORT_INTERVAL NSEC_PER_SEC

static struct pool *group_pool(struct net *net)
{
	static const char name[] = "ip_mc_group";

	return stack_pool(stack_world_of(net->host), name, sizeof(struct ip_mc_group));
}

/* 224.0.0.1; ff01::1 and ff02::1. */
static bool is_all_hosts(const union ipaddr *g)
{
	static const union ipaddr all_nodes = {.b = {0xff, 0x02, [15] = 1}};
	static const union ipaddr all_nodes_if = {.b = {0xff, 0x01, [15] = 1}};

	if (ipaddr_is_v4(g))
		return g->w[3] == htonl(INADDR_ALLHOSTS_GROUP);
	return ipaddr_equal(g, &all_nodes) || ipaddr_equal(g, &all_nodes_if);
}

/* Reported at all? Not all-hosts (RFC 3376 section 6), not solicited-node groups (multicast.h). */
static bool is_reportable(const struct ip_mc_group *g)
{
	static const u8 solicited[13] = {0xff, 0x02, [11] = 1, 0xff};

	if ((g->dev->flags & IFF_LOOPBACK) || is_all_hosts(&g->group) || g->net->dying ||
	    !(g->dev->flags & IFF_UP))
		return false;
	return ipaddr_is_v4(&g->group) || memcmp(g->group.b, solicited, sizeof(solicited)) != 0;
}

static struct ip_mc_group *ip_mc_find(const struct net_device *dev, const union ipaddr *group)
{
	const struct in_device *in = in_dev(dev);
	struct ip_mc_group *g;

	if (!in)
		return NULL;
	list_for_each_entry(g, &in->mc_list, node) {
		if (ipaddr_equal(&g->group, group))
			return g;
	}
	return NULL;
}

bool ip_mc_joined(const struct net_device *dev, const union ipaddr *group)
{
	const struct ip_mc_group *g;

	if (is_all_hosts(group))
		return true;
	g = ip_mc_find(dev, group);
	return g && g->users;
}

void ip_mc_mac(const union ipaddr *group, u8 mac[ETH_ALEN])
{
	const u8 *a = group->b;

	if (ipaddr_is_v4(group))
		memcpy(mac, (const u8[]){ 0x01, 0x00, 0x5e, a[13] & 0x7f, a[14], a[15] }, ETH_ALEN);
	else
		memcpy(mac, (const u8[]){ 0x33, 0x33, a[12], a[13], a[14], a[15] }, ETH_ALEN);
}

bool ip_mc_wanted(const struct net_device *dev, const u8 mac[ETH_ALEN])
{
	static const u8 all_hosts[2][ETH_ALEN] = { { 0x01, 0x00, 0x5e, 0, 0, 1 },
						   { 0x33, 0x33, 0, 0, 0, 1 } };
	const struct in_device *in = in_dev(dev);
	const struct ip_mc_group *g;
	u8 want[ETH_ALEN];

	if (!memcmp(mac, all_hosts[0], ETH_ALEN) || !memcmp(mac, all_hosts[1], ETH_ALEN))
		return true;
	if (!in)
		return false;
	list_for_each_entry(g, &in->mc_list, node) {
		ip_mc_mac(&g->group, want);
		if (g->users && !memcmp(mac, want, ETH_ALEN))
			return true;
	}
	return false;
}

static void ip_mc_free(struct ip_mc_group *g)
{
	timer_del(&g->timer);
	list_del_init(&g->node);
	pool_free(group_pool(g->net), g);
}

static void ip_mc_timer(struct timer *t)
{
	struct ip_mc_group *g = container_of(t, struct ip_mc_group, timer);
	bool change = g->repeat > 0;
	enum mc_record type = !g->users ? MC_TO_INCLUDE : change ? MC_TO_EXCLUDE : MC_IS_EXCLUDE;

	if (ipaddr_is_v4(&g->group))
		igmp_send_report(g, type);
	else
		mld_send_report(g, type);
	if (change)
		g->repeat--;
	if (g->repeat)
		timer_mod(&g->timer,
			  net_now(g->net) + 1 +
			      rng_below(&g->net->rng_icmp, (u32)UNSOLICITED_REPORT_INTERVAL));
	else if (!g->users)
		ip_mc_free(g);
}

static void ip_mc_changed(struct ip_mc_group *g)
{
	if (!is_reportable(g) || !g->net->sysctl.igmp_qrv) {
		if (!g->users)
			ip_mc_free(g);
		return;
	}
	g->repeat = (u8)g->net->sysctl.igmp_qrv;
	timer_mod(&g->timer, net_now(g->net));
}

int ip_mc_join(struct net *net, struct net_device *dev, const union ipaddr *group)
{
	struct ip_mc_group *g;

	if (!ipaddr_is_multicast(group))
		return -EINVAL;
	g = ip_mc_find(dev, group);
	if (!g) {
		g = pool_zalloc(group_pool(net));
		g->net = net;
		g->dev = dev;
		g->group = *group;
		timer_init(&g->timer, net->host, ip_mc_timer);
		list_add_tail(&g->node, &in_dev_get(dev)->mc_list);
	}
	if (g->users++ == 0)
		ip_mc_changed(g);
	return 0;
}

int ip_mc_leave(struct net *net, struct net_device *dev, const union ipaddr *group)
{
	struct ip_mc_group *g = ip_mc_find(dev, group);

	if (!g || !g->users)
		return -EADDRNOTAVAIL;
	if (--g->users == 0)
		ip_mc_changed(g);
	return 0;
}

void ip_mc_query(struct net_device *dev, bool v4, const union ipaddr *group, nsec_t max_delay)
{
	struct in_device *in = in_dev(dev);
	struct ip_mc_group *g;

	if (!in)
		return;
	list_for_each_entry(g, &in->mc_list, node) {
		nsec_t when;

		if (ipaddr_is_v4(&g->group) != v4 || !g->users || !is_reportable(g) ||
		    (group && !ipaddr_equal(group, &g->group)))
			continue;
		/* In milliseconds: the longest delay does not fit into 32 bits of nanoseconds. */
		when = net_now(g->net) +
		       rng_below(&g->net->rng_icmp, (u32)(max_delay / NSEC_PER_MSEC) + 1) *
			   NSEC_PER_MSEC;
		if (!timer_pending(&g->timer) || when < g->timer.expires)
			timer_mod(&g->timer, when);
	}
}

void ip_mc_free_device(struct net_device *dev)
{
	struct in_device *in = in_dev(dev);
	struct ip_mc_group *g, *tmp;

	list_for_each_entry_safe(g, tmp, &in->mc_list, node)
		ip_mc_free(g);
}

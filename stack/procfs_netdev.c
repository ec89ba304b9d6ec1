/* SPDX-License-Identifier: MIT */
/*
 * What /proc/net says of devices and their neighbourhood: dev, dev_mcast, softnet_stat, arp, if_inet6,
 * igmp, igmp6, psched (proc_tid_net(5)).
 */
#include <sys/stat.h>

#include "nic/napi.h"
#include "stack/in_device.h"
#include "stack/multicast.h"
#include "stack/neighbour.h"
#include "stack/procfs_priv.h"

#define for_each_device(m, dev) list_for_each_entry(dev, &(m)->at.host->netdevs->devices, node)

static int dev_show(struct seq_file *m)
{
	struct net_device *dev;

	seq_puts(m, "Inter-|   Receive                                                |  Transmit\n"
		    " face |bytes    packets errs drop fifo frame compressed multicast|"
		    "bytes    packets errs drop fifo colls carrier compressed\n");
	for_each_device(m, dev) {
		const struct netdev_stats *s = &dev->stats;
		unsigned long long drops = s->rx_dropped + s->rx_missed_errors;
		unsigned long long frames = s->rx_length_errors + s->rx_over_errors +
					    s->rx_crc_errors;
		unsigned long long carrier = s->tx_carrier_errors + s->tx_aborted_errors;

		seq_printf(m, "%6s: %7llu %7llu %4llu %4llu %4u %5llu %10u %9llu "
			      "%8llu %7llu %4llu %4llu %4llu %5llu %7llu %10u\n",
			   dev->name, (unsigned long long)s->rx_bytes,
			   (unsigned long long)s->rx_packets, (unsigned long long)s->rx_errors,
			   drops, 0, frames, 0, (unsigned long long)s->multicast,
			   (unsigned long long)s->tx_bytes, (unsigned long long)s->tx_packets,
			   (unsigned long long)s->tx_errors, (unsigned long long)s->tx_dropped,
			   (unsigned long long)s->tx_fifo_errors,
			   (unsigned long long)s->collisions, carrier, 0);
	}
	return 0;
}

static int softnet_stat_show(struct seq_file *m)
{
	for (int i = 0; i < m->at.host->ncpu; i++) {
		const struct softnet_data *sd = softnet(&m->at.host->cpus[i]);
		u32 qlen = sd->input_pkt_queue.qlen;

		seq_printf(m, "%08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x %08x "
			      "%08x %08x\n",
			   (u32)sd->processed, (u32)sd->dropped, (u32)sd->time_squeeze, 0, 0, 0, 0,
			   0, 0, (u32)sd->received_rps, (u32)sd->flow_limit_count, qlen, i, qlen,
			   0);
	}
	return 0;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void put_hex(struct seq_file *m, const u8 *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		seq_printf(m, "%02x", b[i]);
}

/* RFC 4291 section 2.5, in the kernel's bits. */
static int scope_of(const union ipaddr *a)
{
	if (ipaddr_is_loopback(a))
		return 0x10;
	if (ipaddr_is_linklocal(a))
		return 0x20;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0 ? 0x40 : 0;
}

/* Addresses are permanent, and usable at once: there is no duplicate address detection. */
static void inet6_line(void *ctx, const struct in_ifaddr *ifa)
{
	struct seq_file *m = ctx;

	if (ipaddr_is_v4(&ifa->addr))
		return;
	put_hex(m, ifa->addr.b, 16);
	seq_printf(m, " %02x %02x %02x %02x %8s\n", ifa->dev->ifindex, ifa->plen,
		   scope_of(&ifa->addr), 0x80, ifa->dev->name);
}

static int if_inet6_show(struct seq_file *m)
{
	ifaddr_for_each(m->at.host->net, inet6_line, m);
	return 0;
}

static void arp_line(void *ctx, const struct neighbour *n)
{
	struct seq_file *m = ctx;
	u8 state = neigh_state(n);
	u32 flags = state & NUD_PERMANENT ? 6 : state & NUD_VALID ? 2 : 0;
	char ip[INET6_ADDRSTRLEN];

	if (!ipaddr_is_v4(&n->addr) || state & NUD_NOARP)
		return;
	seq_printf(m, "%-16s 0x%-10x0x%-10x%02x:%02x:%02x:%02x:%02x:%02x     *        %s\n",
		   ipaddr_format(ip, &n->addr), 1, flags, n->ha[0], n->ha[1], n->ha[2], n->ha[3],
		   n->ha[4], n->ha[5], n->dev->name);
}

static int arp_show(struct seq_file *m)
{
	seq_puts(m, "IP address       HW type     Flags       HW address            Mask     "
		    "Device\n");
	if (m->at.host->net->neigh)
		neigh_for_each(m->at.host->net, arp_line, m);
	return 0;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* A group that a device is in. Those that every host is in stand nowhere in this stack. */
struct group {
	union ipaddr addr;
	u32 users;
	bool all_hosts;
};

struct group_ctx {
	struct net_device *dev;
	bool v4;
	void (*fn)(struct seq_file *m, struct net_device *dev, const struct group *g);
	struct seq_file *m;
};

/* Of one family: what was joined last comes first, and all-hosts groups, joined first, last. */
static void each_group(struct group_ctx *c)
{
	static const char *const all[] = { "224.0.0.1", "ff02::1", "ff01::1" };
	struct in_device *in = in_dev(c->dev);
	struct ip_mc_group *g;

	if (in) {
		for (struct list_head *at = in->mc_list.prev; at != &in->mc_list; at = at->prev) {
			g = list_entry(at, struct ip_mc_group, node);
			if (g->users && ipaddr_is_v4(&g->group) == c->v4)
				c->fn(c->m, c->dev, &(struct group){ g->group, g->users, false });
		}
	}
	for (size_t i = c->v4 ? 0 : 1; i < (c->v4 ? 1 : ARRAY_SIZE(all)); i++) {
		struct group group = { .users = 1, .all_hosts = true };

		if (!ipaddr_parse(all[i], &group.addr))
			c->fn(c->m, c->dev, &group);
	}
}

/* IGMPv3 has no timer for each group, and no reporter among a group's hosts. */
static void igmp_line(struct seq_file *m, struct net_device *dev, const struct group *g)
{
	seq_printf(m, "\t\t\t\t%08X %5u 0:00000000\t\t0\n", g->addr.w[3], g->users);
}

static void count_group(struct seq_file *m, struct net_device *dev, const struct group *g)
{
	m->len++;
}

static int igmp_show(struct seq_file *m)
{
	struct net_device *dev;

	seq_puts(m, "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
	for_each_device(m, dev) {
		struct seq_file count = { .at = m->at };
		struct group_ctx c = { dev, true, count_group, &count };

		each_group(&c);
		seq_printf(m, "%d\t%-10s: %5d %7s\n", dev->ifindex, dev->name, (int)count.len,
			   "V3");
		c = (struct group_ctx){ dev, true, igmp_line, m };
		each_group(&c);
	}
	return 0;
}

/* Flags: 4 loaded, 8 never reported (RFC 2710 section 5). */
static void igmp6_line(struct seq_file *m, struct net_device *dev, const struct group *g)
{
	u32 flags = g->all_hosts ? (g->addr.b[1] == 2 ? 0xc : 8) : 4;

	seq_printf(m, "%-4d %-15s ", dev->ifindex, dev->name);
	put_hex(m, g->addr.b, 16);
	seq_printf(m, " %5u %08X 0\n", g->users, flags);
}

static int igmp6_show(struct seq_file *m)
{
	struct net_device *dev;

	for_each_device(m, dev) {
		struct group_ctx c = { dev, false, igmp6_line, m };

		each_group(&c);
	}
	return 0;
}

/* RFC 1112 section 6.4, RFC 2464 section 7. ff01::1 is on no wire. */
static void mcast_line(struct seq_file *m, struct net_device *dev, const struct group *g)
{
	const u8 *b = g->addr.b;
	bool v4 = ipaddr_is_v4(&g->addr);

	if (!v4 && (b[1] & 0xf) <= 1)
		return;
	seq_printf(m, "%-4d %-15s %-5u %-5d ", dev->ifindex, dev->name, 1, 0);
	if (v4)
		seq_printf(m, "01005e%02x%02x%02x\n", b[13] & 0x7f, b[14], b[15]);
	else
		seq_printf(m, "3333%02x%02x%02x%02x\n", b[12], b[13], b[14], b[15]);
}

static int dev_mcast_show(struct seq_file *m)
{
	struct net_device *dev;

	for_each_device(m, dev) {
		struct group_ctx c = { dev, true, mcast_line, m };

		if (dev->flags & (IFF_LOOPBACK | IFF_POINTOPOINT) || !(dev->flags & IFF_UP))
			continue;
		each_group(&c);
		c.v4 = false;
		each_group(&c);
	}
	return 0;
}

#define SHOW(n)                                                                                    \
	{ .path = "/proc/%pid/net/" #n, .mode = S_IFREG | 0444, .show = n##_show,                  \
	  .flags = PF_NO_WRITE }

const struct procfs_entry procfs_netdev_entries[] = {
	SHOW(arp), SHOW(dev), SHOW(dev_mcast), SHOW(if_inet6), SHOW(igmp), SHOW(igmp6),
	/* Ticks of packet schedulers in nanoseconds: constants of the kernel. */
	{ .path = "/proc/%pid/net/psched", .mode = S_IFREG | 0444,
	  .text = "000003e8 00000040 000f4240 3b9aca00\n", .flags = PF_NO_WRITE },
	SHOW(softnet_stat),
	{ 0 },
};

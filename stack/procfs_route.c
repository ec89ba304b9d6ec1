/* SPDX-License-Identifier: MIT */
/*
 * /proc/net/route and /proc/net/ipv6_route (proc_tid_net(5)): the main table of IPv4 in order of prefix,
 * the longer of two first; both tables of IPv6, where what contains a prefix follows it, as a walk of the
 * kernel's tree meets them.
 */
#include <net/route.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "stack/fib.h"
#include "stack/procfs_priv.h"

#define ROUTE_WIDTH 127
#define RTF_NONEXTHOP_ 0x00200000u
#define RTF_LOCAL_ 0x80000000u

/* A row of a table with its place there, so that sorting is stable. */
struct row {
	const struct fib_entry *e;
	u32 place;
};

static bool is_v4(const struct fib_entry *e)
{
	return ipaddr_is_v4(&e->dst) && e->plen >= 96;
}

static int compare_places(const struct row *x, const struct row *y)
{
	if (x->e->metric != y->e->metric)
		return x->e->metric < y->e->metric ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int by_prefix4(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int diff = memcmp(x->e->dst.b, y->e->dst.b, 16);

	if (diff)
		return diff;
	if (x->e->plen != y->e->plen)
		return x->e->plen > y->e->plen ? -1 : 1;
	return compare_places(x, y);
}

static int by_walk6(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int plen = min(x->e->plen, y->e->plen);
	union ipaddr xd = ipaddr_mask(&x->e->dst, plen), yd = ipaddr_mask(&y->e->dst, plen);
	int diff = memcmp(xd.b, yd.b, 16);

	if (diff)
		return diff;
	if (x->e->plen != y->e->plen)
		return x->e->plen > y->e->plen ? -1 : 1;
	return compare_places(x, y);
}

/* The family's rows of a table, sorted; freed by the caller. */
static struct row *rows_of(const struct net *net, u32 id, bool v4, u32 *n)
{
	const struct fib_table *t = fib_table(net, id);
	struct row *rows = xcalloc(t->n + 1, sizeof(*rows));

	*n = 0;
	for (u32 i = 0; i < t->n; i++) {
		if (is_v4(&t->entry[i]) == v4)
			rows[(*n)++] = (struct row){ &t->entry[i], i };
	}
	qsort(rows, *n, sizeof(*rows), v4 ? by_prefix4 : by_walk6);
	return rows;
}

static bool rejects(const struct fib_entry *e)
{
	return e->type == RTN_UNREACHABLE_ || e->type == RTN_PROHIBIT_;
}

static u32 route_flags4(const struct fib_entry *e)
{
	return RTF_UP | (rejects(e) ? RTF_REJECT : 0) |
	       (ipaddr_is_any(&e->gateway) ? 0 : RTF_GATEWAY) | (e->plen == 128 ? RTF_HOST : 0);
}

static int route_show(struct seq_file *m)
{
	u32 n;
	struct row *rows = rows_of(m->at.host->net, FIB_TABLE_MAIN, true, &n);

	seq_puts(m, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU"
		    "\tWindow\tIRTT");
	seq_pad(m, 0, ROUTE_WIDTH);
	seq_puts(m, "\n");
	for (u32 i = 0; i < n; i++) {
		const struct fib_entry *e = rows[i].e;
		u32 plen = e->plen - 96u;
		size_t from = m->len;

		if (e->type == RTN_BROADCAST_ || e->type == RTN_MULTICAST_)
			continue;
		seq_printf(m, "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%d\t%u\t%u",
			   e->dev ? e->dev->name : "*", e->dst.w[3],
			   ipaddr_is_v4(&e->gateway) ? e->gateway.w[3] : 0, route_flags4(e), 0, 0,
			   e->metric, plen ? htonl(~0u << (32 - plen)) : 0,
			   e->advmss ? e->advmss + 40 : 0, 0, e->rtt);
		seq_pad(m, from, ROUTE_WIDTH);
		seq_puts(m, "\n");
	}
	free(rows);
	return 0;
}

static void put_addr6(struct seq_file *m, const union ipaddr *a)
{
	for (int i = 0; i < 16; i++)
		seq_printf(m, "%02x", a ? a->b[i] : 0);
}

static void route6_line(struct seq_file *m, const union ipaddr *dst, int plen,
			const union ipaddr *gateway, u32 metric, u32 flags, const char *dev)
{
	put_addr6(m, dst);
	seq_printf(m, " %02x ", plen);
	put_addr6(m, NULL);
	seq_puts(m, " 00 ");
	put_addr6(m, gateway);
	seq_printf(m, " %08x %08x %08x %08x %8s\n", metric, 1, 0, flags, dev);
}

/* Each of the kernel's two tables ends with an entry of its own, which finds nothing. */
static void table6(struct seq_file *m, u32 id)
{
	u32 n;
	struct row *rows = rows_of(m->at.host->net, id, false, &n);

	for (u32 i = 0; i < n; i++) {
		const struct fib_entry *e = rows[i].e;
		bool via = !ipaddr_is_any(&e->gateway);
		u32 flags = RTF_UP | (via ? RTF_GATEWAY : 0) | (rejects(e) ? RTF_REJECT : 0);

		if (e->type == RTN_LOCAL_)
			flags |= RTF_LOCAL_ | RTF_NONEXTHOP_;
		route6_line(m, &e->dst, e->plen, via ? &e->gateway : NULL, e->metric, flags,
			    e->dev ? e->dev->name : "lo");
	}
	route6_line(m, NULL, 0, NULL, ~0u, RTF_NONEXTHOP_ | RTF_REJECT, "lo");
	free(rows);
}

static int ipv6_route_show(struct seq_file *m)
{
	table6(m, FIB_TABLE_MAIN);
	table6(m, FIB_TABLE_LOCAL);
	return 0;
}

#define SHOW(n)                                                                                    \
	{ .path = "/proc/%pid/net/" #n, .mode = S_IFREG | 0444, .show = n##_show,                  \
	  .flags = PF_NO_WRITE }

const struct procfs_entry procfs_route_entries[] = {
	SHOW(ipv6_route),
	SHOW(route),
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * Which source address a packet gets when its sender has not chosen one.
 *
 * IPv4: inet_select_addr(), the first primary address of the device, one in the destination's
 * subnet before others. IPv6: RFC 6724 section 5, rules 1, 2, 5, 6 and 8; the rest concern
 * deprecated, home and temporary addresses, which do not exist here.
 */
#include "stack/in_device.h"

static bool ifaddr_in_subnet(const struct in_ifaddr *ifa, const union ipaddr *a)
{
	return ipaddr_prefix_equal(&ifa->addr, a, ifa->plen);
}

/* 127/8 has host scope: it is no source for packets that leave the host. */
static bool ipv4_source_allowed(const struct in_ifaddr *ifa, const struct net_device *dev)
{
	return ipaddr_is_v4(&ifa->addr) && !ifa->secondary &&
	       ((dev->flags & IFF_LOOPBACK) || !ipaddr_is_loopback(&ifa->addr));
}

static const struct in_ifaddr *first_ipv4(const struct net_device *dev, const union ipaddr *hint)
{
	const struct in_device *in = in_dev(dev);
	const struct in_ifaddr *first = NULL;

	for (int i = 0; in && i < in->naddr; i++) {
		const struct in_ifaddr *ifa = &in->addr[i];

		if (!ipv4_source_allowed(ifa, dev))
			continue;
		if (!hint || ifaddr_in_subnet(ifa, hint))
			return ifa;
		if (!first)
			first = ifa;
	}
	return first;
}

union ipaddr inet_select_addr(struct net *net, const struct net_device *dev,
			      const union ipaddr *hint)
{
	const struct in_ifaddr *ifa = first_ipv4(dev, hint);
	struct net_device *other;

	if (ifa)
		return ifa->addr;
	/* A device without an address borrows one, that of no loopback. */
	list_for_each_entry(other, &net->host->netdevs->devices, node) {
		if (other->flags & IFF_LOOPBACK)
			continue;
		ifa = first_ipv4(other, NULL);
		if (ifa)
			return ifa->addr;
	}
	return ipaddr_v4(0);
}

/* RFC 4007 scopes, as RFC 6724 section 3.1 compares them: multicast scope values. */
static int ipv6_scope(const union ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return 14;
	if (ipaddr_is_multicast(a))
		return a->b[1] & 0xf;
	if (ipaddr_is_linklocal(a) || ipaddr_is_loopback(a))
		return 2;
	if (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0)
		return 5; /* site-local, deprecated */
	return 14;
}

struct addr_label {
	union ipaddr prefix;
	int plen;
	int label;
};

/* The kernel's default table, RFC 6724 section 2.1 and its additions, longest prefix first. */
static int ipv6_label(const union ipaddr *a)
{
	static const struct addr_label labels[] = {
	    {{.b = {[15] = 1}}, 128, 0},		/* ::1 */
	    {{.b = {[10] = 0xff, [11] = 0xff}}, 96, 4}, /* ::ffff:0:0/96 */
	    {{.b = {0}}, 96, 3},			/* ::/96 */
	    {{.b = {0x20, 0x01}}, 32, 6},		/* 2001::/32 */
	    {{.b = {0x20, 0x01, 0, 0x10}}, 28, 7},	/* 2001:10::/28 */
	    {{.b = {0x3f, 0xfe}}, 16, 12},		/* 3ffe::/16 */
	    {{.b = {0x20, 0x02}}, 16, 2},		/* 2002::/16 */
	    {{.b = {0xfe, 0xc0}}, 10, 11},		/* fec0::/10 */
	    {{.b = {0xfc}}, 7, 5},			/* fc00::/7 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(labels); i++) {
		const u8 *p = labels[i].prefix.b;
		int n = labels[i].plen;

		if (memcmp(p, a->b, (size_t)n / 8) == 0 &&
		    (n % 8 == 0 || ((p[n / 8] ^ a->b[n / 8]) >> (8 - n % 8)) == 0))
			return labels[i].label;
	}
	return 1;
}

/* Equal leading bits. Rule 8 looks no further than the source's own prefix. */
static int common_prefix(const union ipaddr *a, const union ipaddr *b)
{
	for (int i = 0; i < 16; i++) {
		u32 x = (u32)(a->b[i] ^ b->b[i]);

		if (x)
			return i * 8 + __builtin_clz(x) - 24;
	}
	return 128;
}

struct saddr_choice {
	const struct net_device *oif;
	const union ipaddr *daddr;
	const struct in_ifaddr *best;
};

/* True when a is to be preferred over the best so far. */
static bool saddr_better(const struct saddr_choice *c, const struct in_ifaddr *a)
{
	const struct in_ifaddr *b = c->best;
	int sa = ipv6_scope(&a->addr), sb = ipv6_scope(&b->addr), sd = ipv6_scope(c->daddr);
	int la = ipv6_label(&a->addr), lb = ipv6_label(&b->addr), ld = ipv6_label(c->daddr);

	if (ipaddr_equal(&a->addr, c->daddr) != ipaddr_equal(&b->addr, c->daddr))
		return ipaddr_equal(&a->addr, c->daddr);
	if (sa != sb)
		return sa < sb ? sa >= sd : sb < sd;
	if ((a->dev == c->oif) != (b->dev == c->oif))
		return a->dev == c->oif;
	if ((la == ld) != (lb == ld))
		return la == ld;
	return min(common_prefix(&a->addr, c->daddr), a->plen) >
	       min(common_prefix(&b->addr, c->daddr), b->plen);
}

static void saddr_consider(void *ctx, const struct in_ifaddr *ifa)
{
	struct saddr_choice *c = ctx;
	bool need_link = ipaddr_is_linklocal(c->daddr) || ipaddr_is_multicast(c->daddr);

	if (ipaddr_is_v4(&ifa->addr) || !(ifa->dev->flags & IFF_UP))
		return;
	/* Candidates for link-local and multicast destinations are those of the outgoing device. */
	if (c->oif && need_link && ifa->dev != c->oif)
		return;
	if (!c->best || saddr_better(c, ifa))
		c->best = ifa;
}

union ipaddr ipv6_dev_get_saddr(struct net *net, const struct net_device *dev,
				const union ipaddr *daddr)
{
	struct saddr_choice c = {.oif = dev, .daddr = daddr};

	ifaddr_for_each(net, saddr_consider, &c);
	return c.best ? c.best->addr : (union ipaddr){.d = {0, 0}};
}

struct net_device *ip_dev_find(struct net *net, const union ipaddr *a)
{
	struct net_device *dev;

	list_for_each_entry(dev, &net->host->netdevs->devices, node) {
		const struct in_device *in = in_dev(dev);

		for (int i = 0; in && i < in->naddr; i++) {
			if (ipaddr_equal(&in->addr[i].addr, a))
				return dev;
		}
	}
	/* All of 127/8 is the loopback's. */
	if (ipaddr_is_v4(a) && ipaddr_is_loopback(a))
		return dev_loopback(net->host);
	return NULL;
}

bool ipv6_get_lladdr(const struct net_device *dev, union ipaddr *a)
{
	const struct in_device *in = in_dev(dev);

	for (int i = 0; in && i < in->naddr; i++) {
		if (!ipaddr_is_v4(&in->addr[i].addr) && ipaddr_is_linklocal(&in->addr[i].addr)) {
			*a = in->addr[i].addr;
			return true;
		}
	}
	return false;
}

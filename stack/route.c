/* SPDX-License-Identifier: MIT */
/*
 * Route lookup for output and input, and configuration of routes.
 *
 * Output follows ip_route_output_key() and ip6_route_output(): checks of the source, destinations
 * that need no route (limited broadcast, link-local multicast with a device), then the tables. The
 * result is a struct dst by value; whoever keeps it looks up again when net->genid has moved on.
 */
#include "stack/route.h"

#include <errno.h>

#include "stack/fib.h"
#include "stack/in_device.h"
#include "stack/pmtu.h"

#define IP_MAX_MTU 0xffffu
#define IP6_MAX_MTU (0xffffu + 40u)

static bool is_zeronet(const union ipaddr *a)
{
	return ipaddr_is_v4(a) && a->b[12] == 0;
}

static bool is_local_multicast(const union ipaddr *a) /* 224.0.0/24 */
{
	return ipaddr_is_v4(a) && a->b[12] == 224 && a->b[13] == 0 && a->b[14] == 0;
}

static u32 dev_path_mtu(const struct net_device *dev, bool v4)
{
	return min(dev->mtu, v4 ? IP_MAX_MTU : IP6_MAX_MTU);
}

static void dst_init(struct net *net, struct dst *dst, struct net_device *dev, u8 type,
		     const union ipaddr *nexthop, const union ipaddr *saddr)
{
	*dst = (struct dst){.dev = dev,
			    .nexthop = *nexthop,
			    .saddr = *saddr,
			    .mtu = dev_path_mtu(dev, ipaddr_is_v4(nexthop)),
			    .genid = net->genid,
			    .expires = NSEC_NEVER,
			    .type = type};
}

/* Metrics of the route, then what was learned about this destination. */
static void dst_apply_entry(struct net *net, struct dst *dst, const struct fib_entry *e,
			    const union ipaddr *daddr)
{
	const struct pmtu_entry *p = pmtu_lookup(net, daddr);

	if (e->mtu)
		dst->mtu = min(e->mtu, ipaddr_is_v4(daddr) ? IP_MAX_MTU : IP6_MAX_MTU);
	dst->table = e->table;
	dst->plen = ipaddr_is_v4(daddr) ? (u8)(e->plen - 96) : e->plen;
	dst->pmtu_locked = e->mtu_lock;
	dst->rtt_hint = e->rtt;
	dst->initcwnd = e->initcwnd;
	dst->initrwnd = e->initrwnd;
	dst->advmss = e->advmss;
	if (!p)
		return;
	dst->expires = p->expires;
	if (p->mtu && !e->mtu_lock) {
		dst->mtu = min(dst->mtu, p->mtu);
		dst->pmtu_locked = p->locked;
	}
	if (!ipaddr_is_any(&p->gateway))
		dst->nexthop = p->gateway;
}

static int entry_error(const struct fib_entry *e)
{
	switch (e->type) {
	case RTN_UNREACHABLE_:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT_:
		return -EACCES;
	case RTN_UNREACHABLE_NET_:
		return -ENETUNREACH;
	case RTN_BLACKHOLE_:
		return -EINVAL;
	default:
		return 0;
	}
}

/* Fills dst from the route found; saddr stays what the flow asked for or becomes the route's. */
static int dst_from_entry(struct net *net, const struct flow *fl, const union ipaddr *daddr,
			  const struct fib_entry *e, struct dst *dst)
{
	const union ipaddr *nexthop = ipaddr_is_any(&e->gateway) ? daddr : &e->gateway;
	union ipaddr saddr = fl->saddr;
	struct net_device *dev = e->dev;
	int err = entry_error(e);

	if (err)
		return err;
	if (ipaddr_is_any(&saddr)) {
		if (!ipaddr_is_any(&e->prefsrc))
			saddr = e->prefsrc;
		else if (!ipaddr_is_v4(daddr))
			saddr = ipv6_dev_get_saddr(net, dev, daddr);
		else
			saddr =
			    e->type == RTN_LOCAL_ ? *daddr : inet_select_addr(net, dev, nexthop);
	}
	if (e->type == RTN_LOCAL_)
		dev = dev_loopback(net->host);
	dst_init(net, dst, dev, e->type, nexthop, &saddr);
	dst_apply_entry(net, dst, e, daddr);
	return 0;
}

/* Checks of a source that the caller gave; may fix the device for broadcast and multicast. */
static int check_saddr4(struct net *net, const struct flow *fl, struct net_device **dev)
{
	const union ipaddr *s = &fl->saddr;

	if (ipaddr_is_any(s))
		return 0;
	if (ipaddr_is_multicast(s) || ipaddr_is_limited_broadcast(s) || is_zeronet(s))
		return -ENETUNREACH;
	if (!*dev && (ipaddr_is_multicast(&fl->daddr) || ipaddr_is_limited_broadcast(&fl->daddr))) {
		*dev = ip_dev_find(net, s);
		if (!*dev)
			return -ENETUNREACH;
		return 1;
	}
	if (!fl->anysrc && !ip_dev_find(net, s))
		return -ENETUNREACH;
	return 0;
}

static u8 type_without_route(const union ipaddr *daddr)
{
	if (ipaddr_is_limited_broadcast(daddr))
		return RTN_BROADCAST_;
	return ipaddr_is_multicast(daddr) ? RTN_MULTICAST_ : RTN_UNICAST_;
}

static int dst_on_device(struct net *net, const struct flow *fl, struct net_device *dev,
			 struct dst *dst)
{
	union ipaddr saddr = fl->saddr;

	if (ipaddr_is_any(&saddr))
		saddr = inet_select_addr(net, dev, NULL);
	dst_init(net, dst, dev, type_without_route(&fl->daddr), &fl->daddr, &saddr);
	return 0;
}

/* What tables and rules are asked for this flow. */
static struct fib_key flow_key(const struct flow *fl, const union ipaddr *daddr)
{
	return (struct fib_key){.daddr = daddr,
				.saddr = ipaddr_is_any(&fl->saddr) ? NULL : &fl->saddr,
				.oif = fl->oif,
				.iif = fl->iif,
				.on_link = fl->dontroute,
				.mark = fl->mark,
				.uid = fl->uid,
				.tos = fl->tos,
				.proto = fl->proto,
				.sport = fl->sport,
				.dport = fl->dport};
}

static int route_output4(struct net *net, const struct flow *fl, struct net_device *dev,
			 struct dst *dst)
{
	struct flow f = *fl;
	const struct fib_entry *e;
	struct fib_key key;
	int err = check_saddr4(net, fl, &dev);

	if (err)
		return err < 0 ? err : dst_on_device(net, fl, dev, dst);
	if (dev && (is_local_multicast(&f.daddr) || ipaddr_is_limited_broadcast(&f.daddr)))
		return dst_on_device(net, fl, dev, dst);
	if (ipaddr_is_any(&f.daddr)) /* 0.0.0.0 means this host */
		f.daddr = ipaddr_is_any(&f.saddr) ? ipaddr_v4(htonl(INADDR_LOOPBACK)) : f.saddr;
	if (ipaddr_is_limited_broadcast(&f.daddr)) {
		/* Without a device the default route decides, as for any other destination. */
		e = fib_table_lookup(net, FIB_TABLE_MAIN, &(struct fib_key){.daddr = &f.daddr});
		return e && e->dev ? dst_on_device(net, &f, e->dev, dst) : -ENETUNREACH;
	}
	if (is_zeronet(&f.daddr))
		return -EINVAL;
	key = flow_key(&f, &f.daddr);
	e = fib_lookup(net, &key);
	if (!e || (dev && !e->dev)) /* bound to a device: assume that the destination is on its link */
		return dev ? dst_on_device(net, &f, dev, dst) : -ENETUNREACH;
	err = dst_from_entry(net, &f, &f.daddr, e, dst);
	if (err)
		return err;
	if (ipaddr_is_multicast(&f.daddr)) {
		dst->type = RTN_MULTICAST_;
		dst->nexthop = f.daddr; /* the default route may serve, its gateway does not */
	}
	if (ipaddr_is_loopback(&dst->saddr) && !(dst->dev->flags & IFF_LOOPBACK))
		return -EINVAL;
	return 0;
}

static int route_output6(struct net *net, const struct flow *fl, struct dst *dst)
{
	struct flow f = *fl;
	const struct fib_entry *e;
	struct fib_key key;
	int err;

	if (ipaddr_is_any(&f.daddr))
		f.daddr = ipaddr_v6(&in6addr_loopback);
	key = flow_key(&f, &f.daddr);
	e = fib_lookup(net, &key);
	if (!e)
		return -ENETUNREACH;
	err = dst_from_entry(net, &f, &f.daddr, e, dst);
	if (err)
		return err;
	if (ipaddr_is_any(&dst->saddr) && !f.anysrc)
		return -EADDRNOTAVAIL;
	return 0;
}

int route_output(struct net *net, const struct flow *fl, struct dst *dst)
{
	struct net_device *dev = NULL;

	dst->dev = NULL;
	if (ipaddr_is_v4(&fl->saddr) && !ipaddr_is_v4(&fl->daddr))
		return -EAFNOSUPPORT;
	if (fl->oif) {
		dev = dev_get_by_index(net->host, fl->oif);
		if (!dev)
			return ipaddr_is_v4(&fl->daddr) ? -ENODEV : -ENETUNREACH;
		if (!(dev->flags & IFF_UP) || !in_dev(dev))
			return -ENETUNREACH;
	}
	return ipaddr_is_v4(&fl->daddr) ? route_output4(net, fl, dev, dst)
					: route_output6(net, fl, dst);
}

int route_connect(struct net *net, const struct flow *fl, struct dst *dst)
{
	struct flow f = *fl;
	int err = route_output(net, fl, dst);

	if (err || !net->fib->rules || !ipaddr_is_v4(&fl->daddr) || !ipaddr_is_any(&fl->saddr))
		return err;
	f.saddr = dst->saddr;
	return route_output(net, &f, dst);
}

/* Ports of what is no later fragment. */
static void input_ports(struct sk_buff *skb, u32 thoff, struct flow *fl)
{
	const u8 *th = skb_network_header(skb) + thoff;

	if (fl->proto != IPPROTO_TCP && fl->proto != IPPROTO_UDP)
		return;
	if (th + 4 > skb_data(skb) + skb_headlen(skb))
		return;
	fl->sport = get_be16(th);
	fl->dport = get_be16(th + 2);
}

void route_input_flow(const struct net *net, struct sk_buff *skb, const union ipaddr *s,
		      const union ipaddr *d, struct flow *fl)
{
	const u8 *h = skb_network_header(skb);
	bool v4 = ipaddr_is_v4(d);

	*fl = (struct flow){.saddr = *s, .daddr = *d, .iif = skb->dev->ifindex, .mark = skb->mark};
	if (likely(!net->fib->rules))
		return;
	fl->tos = v4 ? h[1] : (u8)(get_be16(h) >> 4);
	fl->proto = h[v4 ? 9 : 6];
	if (!v4 || !(get_be16(h + 6) & 0x1fff))
		input_ports(skb, v4 ? (h[0] & 15u) * 4 : 40, fl);
}

int route_forward(struct net *net, const struct flow *fl, struct dst *dst)
{
	static const struct flow any;
	const union ipaddr *daddr = &fl->daddr;
	struct fib_key key = flow_key(fl, daddr);
	const struct fib_entry *e = net->fib->rules ? fib_lookup(net, &key) :
						      fib_table_lookup(net, FIB_TABLE_MAIN, &key);

	dst->dev = NULL;
	if (!e || e->type == RTN_THROW_)
		return -ENETUNREACH;
	if (entry_error(e))
		return entry_error(e);
	dst_init(net, dst, e->dev, e->type, ipaddr_is_any(&e->gateway) ? daddr : &e->gateway,
		 &any.saddr);
	dst_apply_entry(net, dst, e, daddr);
	return 0;
}

enum rtn_type route_input_type(struct net *net, const struct net_device *in,
			       const struct flow *fl)
{
	const union ipaddr *daddr = &fl->daddr;
	struct fib_key key = flow_key(fl, daddr);
	const struct fib_entry *e;

	if (ipaddr_is_limited_broadcast(daddr))
		return RTN_BROADCAST_;
	if (ipaddr_is_multicast(daddr))
		return RTN_MULTICAST_;
	/* A link-local address belongs to one device only. */
	if (!ipaddr_is_v4(daddr) && ipaddr_is_linklocal(daddr) && !(in->flags & IFF_LOOPBACK))
		key.oif = in->ifindex;
	/* Linux does not look again at what the host sends to itself. */
	e = in->flags & IFF_LOOPBACK ? fib_table_lookup(net, FIB_TABLE_LOCAL, &key) : NULL;
	if (!e)
		e = fib_lookup(net, &key);
	if (!e || e->type == RTN_UNREACHABLE_NET_)
		return RTN_UNSPEC_;
	return (enum rtn_type)e->type;
}

bool ip_addr_is_local(struct net *net, const union ipaddr *a, const struct net_device *dev)
{
	struct fib_key key = {.daddr = a, .oif = dev ? dev->ifindex : 0};
	const struct fib_entry *e = fib_table_lookup(net, FIB_TABLE_LOCAL, &key);

	return e && e->type == RTN_LOCAL_;
}

enum rtn_type ip_addr_type(struct net *net, const union ipaddr *a)
{
	const struct fib_entry *e;

	if (ipaddr_is_multicast(a))
		return RTN_MULTICAST_;
	if (is_zeronet(a) || ipaddr_is_limited_broadcast(a))
		return RTN_BROADCAST_;
	e = fib_table_lookup(net, FIB_TABLE_LOCAL, &(struct fib_key){.daddr = a});
	return e ? (enum rtn_type)e->type : RTN_UNICAST_;
}

/* ---- configuration ---- */

static int spec_to_entry(const struct route_spec *r, struct fib_entry *e)
{
	bool v4 = ipaddr_is_v4(&r->dst);

	if (r->plen < 0 || r->plen > (v4 ? 32 : 128))
		return -EINVAL;
	*e = (struct fib_entry){.gateway = r->gateway,
				.prefsrc = r->prefsrc,
				.dev = r->dev,
				.metric = r->metric,
				.mtu = r->mtu,
				.initcwnd = r->initcwnd,
				.initrwnd = r->initrwnd,
				.advmss = r->advmss,
				.rtt = r->rtt,
				.plen = (u8)(v4 ? r->plen + 96 : r->plen),
				.type = r->type ? r->type : RTN_UNICAST_,
				.mtu_lock = r->mtu_lock};
	e->dst = ipaddr_mask(&r->dst, e->plen);
	if (!ipaddr_equal(&e->dst, &r->dst))
		return -EINVAL; /* host bits set */
	if (!v4 && !e->metric)
		e->metric = IP6_RT_PRIO_USER;
	/* A zeroed spec means "any" in either family. */
	if (v4 && ipaddr_is_any(&e->gateway))
		e->gateway = ipaddr_v4(0);
	if (v4 && ipaddr_is_any(&e->prefsrc))
		e->prefsrc = ipaddr_v4(0);
	return 0;
}

/* A gateway must be on a link of ours, and must not be ourselves (fib_check_nh(),
 * ip6_route_check_nh()). */
static int check_gateway(struct net *net, struct fib_entry *e, u32 table)
{
	struct fib_key key = {.daddr = &e->gateway, .oif = e->dev ? e->dev->ifindex : 0};
	const struct fib_entry *via;

	if (ipaddr_is_v4(&e->gateway) != ipaddr_is_v4(&e->dst))
		return -EINVAL;
	if (ip_addr_type(net, &e->gateway) != RTN_UNICAST_)
		return -EINVAL;
	/* In its own table first, then as any packet would go. */
	via = table == FIB_TABLE_MAIN ? NULL : fib_table_lookup(net, table, &key);
	if (!via)
		via = fib_lookup(net, &key);
	if (!via || !via->dev || !ipaddr_is_any(&via->gateway))
		return ipaddr_is_v4(&e->dst) ? -ENETUNREACH : -EHOSTUNREACH;
	e->dev = via->dev;
	return 0;
}

int route_add(struct net *net, const struct route_spec *r)
{
	u32 table = r->table ? r->table : FIB_TABLE_MAIN;
	struct fib_entry e;
	int err = spec_to_entry(r, &e);

	if (err)
		return err;
	if (!ipaddr_is_any(&e.prefsrc) && !ip_addr_is_local(net, &e.prefsrc, NULL))
		return -EINVAL;
	switch (e.type) {
	case RTN_BLACKHOLE_:
	case RTN_UNREACHABLE_:
	case RTN_PROHIBIT_:
	case RTN_THROW_:
		if (e.dev || !ipaddr_is_any(&e.gateway))
			return -EINVAL;
		return fib_insert(net, table, &e);
	case RTN_UNICAST_:
		break;
	default:
		return -EINVAL;
	}
	if (!ipaddr_is_any(&e.gateway))
		err = check_gateway(net, &e, table);
	else if (!e.dev)
		err = -ENODEV;
	if (err)
		return err;
	if (!(e.dev->flags & IFF_UP))
		return -ENETDOWN;
	return fib_insert(net, table, &e);
}

int route_del(struct net *net, const struct route_spec *r)
{
	struct fib_entry e;
	int err = spec_to_entry(r, &e);

	return err ? err : fib_delete(net, r->table ? r->table : FIB_TABLE_MAIN, &e);
}

void route_for_each(struct net *net, void (*fn)(void *ctx, const struct route_spec *r), void *ctx)
{
	const struct fib_table *t = &net->fib->main;

	for (u32 i = 0; i < t->n; i++) {
		const struct fib_entry *e = &t->entry[i];
		bool v4 = ipaddr_is_v4(&e->dst) && e->plen >= 96;
		struct route_spec r = {.dst = e->dst,
				       .plen = v4 ? e->plen - 96 : e->plen,
				       .gateway = e->gateway,
				       .dev = e->dev,
				       .prefsrc = e->prefsrc,
				       .metric = e->metric,
				       .type = e->type,
				       .mtu = e->mtu,
				       .initcwnd = e->initcwnd,
				       .initrwnd = e->initrwnd,
				       .advmss = e->advmss,
				       .rtt = e->rtt,
				       .mtu_lock = e->mtu_lock};

		fn(ctx, &r);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Routes and neighbours over NETLINK_ROUTE (rtnetlink(7), ip-route(8)).
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/fib.h"
#include "stack/neighbour.h"
#include "stack/netlink.h"

/* ---- routes -------------------------------------------------------------------------------------- */

static bool entry_is_v4(const struct fib_entry *e)
{
	return ipaddr_is_v4(&e->dst) && e->plen >= 96;
}

static const u8 rtn_types[] = {
	[RTN_UNSPEC_] = RTN_UNSPEC, [RTN_UNICAST_] = RTN_UNICAST, [RTN_LOCAL_] = RTN_LOCAL,
	[RTN_BROADCAST_] = RTN_BROADCAST, [RTN_MULTICAST_] = RTN_MULTICAST,
	[RTN_BLACKHOLE_] = RTN_BLACKHOLE, [RTN_UNREACHABLE_] = RTN_UNREACHABLE,
	[RTN_PROHIBIT_] = RTN_PROHIBIT, [RTN_THROW_] = RTN_THROW,
};

static u8 route_scope(const struct fib_entry *e, bool v4)
{
	if (!v4)
		return RT_SCOPE_UNIVERSE;
	if (e->type == RTN_LOCAL_)
		return RT_SCOPE_HOST;
	if (e->type == RTN_BROADCAST_)
		return RT_SCOPE_LINK;
	return e->dev && ipaddr_is_any(&e->gateway) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static void put_metrics(struct nl_buf *b, const struct fib_entry *e)
{
	u32 at;

	if (!e->mtu && !e->initcwnd && !e->initrwnd && !e->advmss && !e->rtt)
		return;
	at = nl_nest(b, RTA_METRICS);
	if (e->mtu_lock)
		nl_put_u32(b, RTAX_LOCK, 1u << RTAX_MTU);
	if (e->mtu)
		nl_put_u32(b, RTAX_MTU, e->mtu);
	if (e->rtt)
		nl_put_u32(b, RTAX_RTT, e->rtt);
	if (e->advmss)
		nl_put_u32(b, RTAX_ADVMSS, e->advmss);
	if (e->initcwnd)
		nl_put_u32(b, RTAX_INITCWND, e->initcwnd);
	if (e->initrwnd)
		nl_put_u32(b, RTAX_INITRWND, e->initrwnd);
	nl_nest_end(b, at);
}

static void put_route(struct nl_buf *b, struct rtmsg *m, const struct fib_entry *e, u32 table)
{
	bool v4 = entry_is_v4(e);

	*m = (struct rtmsg){
		.rtm_family = v4 ? AF_INET : AF_INET6, .rtm_dst_len = v4 ? (u8)(e->plen - 96) : e->plen,
		.rtm_table = table < 256 ? (u8)table : RT_TABLE_COMPAT,
		.rtm_protocol = e->kernel || table == RT_TABLE_LOCAL ? RTPROT_KERNEL : RTPROT_BOOT,
		.rtm_scope = route_scope(e, v4), .rtm_type = rtn_types[e->type],
	};
	nl_put_u32(b, RTA_TABLE, table);
	if (m->rtm_dst_len)
		nl_put_addr(b, RTA_DST, &e->dst);
	if (e->metric)
		nl_put_u32(b, RTA_PRIORITY, e->metric);
	put_metrics(b, e);
	if (!ipaddr_is_any(&e->prefsrc))
		nl_put_addr(b, RTA_PREFSRC, &e->prefsrc);
	if (!ipaddr_is_any(&e->gateway))
		nl_put_addr(b, RTA_GATEWAY, &e->gateway);
	if (e->dev)
		nl_put_u32(b, RTA_OIF, (u32)e->dev->ifindex);
}

static void route_message(struct nl_req *r, const struct fib_entry *e, u32 table)
{
	struct rtmsg m;
	u32 at;

	nl_answer(r, RTM_NEWROUTE, sizeof(m));
	at = r->out->len - (u32)NLMSG_ALIGN(sizeof(m));
	put_route(r->out, &m, e, table);
	memcpy(r->out->data + at, &m, sizeof(m));
	nl_end(r->out);
}

/* In order of prefix, as the kernel's trie is walked; the longer of two with the same bits first. */
static void dump_table(struct nl_req *r, u8 family, u32 table)
{
	const struct fib_table *t = fib_table(r->net, table);
	const struct fib_entry *last = NULL;

	while (t) {
		const struct fib_entry *next = NULL;

		for (u32 i = 0; i < t->n; i++) {
			const struct fib_entry *e = &t->entry[i];
			int after = last ? memcmp(e->dst.b, last->dst.b, 16) : 1;

			if (entry_is_v4(e) != (family == AF_INET))
				continue;
			/* Entries of one table are unique by (prefix, place): place breaks ties. */
			if (after < 0 || (!after && e <= last))
				continue;
			if (!next || memcmp(e->dst.b, next->dst.b, 16) < 0)
				next = e;
		}
		if (!next)
			return;
		route_message(r, next, table);
		last = next;
	}
}

static void dump_routes(struct nl_req *r, const struct rtmsg *m)
{
	static const u8 families[] = { AF_INET, AF_INET6 };
	const struct nlattr *attrs[RTA_MAX + 1];
	u32 table = m->rtm_table;

	if (r->len >= sizeof(*m) && !nl_parse(r, sizeof(*m), attrs, RTA_MAX))
		table = nl_attr_u32(attrs[RTA_TABLE], table);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (m->rtm_family && m->rtm_family != families[i])
			continue;
		if (table) {
			dump_table(r, families[i], table);
			continue;
		}
		dump_table(r, families[i], RT_TABLE_LOCAL);
		for (u32 k = 0; k < r->net->fib->nmore; k++)
			dump_table(r, families[i], r->net->fib->more[k]->id);
		dump_table(r, families[i], RT_TABLE_MAIN);
	}
}

/* ip route get: what a packet there would do. */
static int get_route(struct nl_req *r, const struct rtmsg *m, const struct nlattr *const *attrs)
{
	struct flow fl = { .oif = (int)nl_attr_u32(attrs[RTA_OIF], 0),
			   .mark = nl_attr_u32(attrs[RTA_MARK], 0),
			   .uid = nl_attr_u32(attrs[RTA_UID], r->t->proc->uid), .tos = m->rtm_tos };
	struct rtmsg answer;
	struct dst dst;
	u32 at;
	int err;

	if (!attrs[RTA_DST] || !nl_attr_addr(attrs[RTA_DST], m->rtm_family, &fl.daddr))
		return -EINVAL;
	fl.saddr = m->rtm_family == AF_INET ? ipaddr_v4(0) : ipaddr_v6(&in6addr_any);
	if (attrs[RTA_SRC] && !nl_attr_addr(attrs[RTA_SRC], m->rtm_family, &fl.saddr))
		return -EINVAL;
	err = route_output(r->net, &fl, &dst);
	if (err)
		return err;
	nl_answer(r, RTM_NEWROUTE, sizeof(answer));
	at = r->out->len - (u32)NLMSG_ALIGN(sizeof(answer));
	answer = (struct rtmsg){
		.rtm_family = m->rtm_family, .rtm_dst_len = m->rtm_family == AF_INET ? 32 : 128,
		.rtm_table = !dst.table ? RT_TABLE_MAIN : dst.table < 256 ? (u8)dst.table : RT_TABLE_COMPAT,
		.rtm_type = rtn_types[dst.type], .rtm_flags = RTM_F_CLONED,
	};
	nl_put_u32(r->out, RTA_TABLE, dst.table ? dst.table : RT_TABLE_MAIN);
	nl_put_addr(r->out, RTA_DST, &fl.daddr);
	nl_put_u32(r->out, RTA_OIF, (u32)dst.dev->ifindex);
	nl_put_addr(r->out, RTA_PREFSRC, &dst.saddr);
	if (fl.mark)
		nl_put_u32(r->out, RTA_MARK, fl.mark);
	if (!ipaddr_equal(&dst.nexthop, &fl.daddr))
		nl_put_addr(r->out, RTA_GATEWAY, &dst.nexthop);
	nl_put_u32(r->out, RTA_UID, r->t->proc->uid);
	memcpy(r->out->data + at, &answer, sizeof(answer));
	nl_end(r->out);
	return 0;
}

static int parse_metrics(const struct nlattr *a, struct route_spec *rs)
{
	const u8 *p = nl_attr_data(a);
	u32 off = 0, len = nl_attr_len(a);

	while (off + NLA_HDRLEN <= len) {
		const struct nlattr *m = (const void *)(p + off);
		u32 v;

		if (m->nla_len < NLA_HDRLEN || m->nla_len > len - off)
			return -EINVAL;
		v = nl_attr_u32(m, 0);
		switch (m->nla_type & NLA_TYPE_MASK) {
		case RTAX_LOCK:
			rs->mtu_lock = v >> RTAX_MTU & 1;
			break;
		case RTAX_MTU:
			rs->mtu = v;
			break;
		case RTAX_ADVMSS:
			rs->advmss = v;
			break;
		case RTAX_INITCWND:
			rs->initcwnd = v;
			break;
		case RTAX_INITRWND:
			rs->initrwnd = v;
			break;
		case RTAX_RTT:
			rs->rtt = v;
			break;
		default:
			return -EOPNOTSUPP;
		}
		off += NLA_ALIGN(m->nla_len);
	}
	return 0;
}

static int parse_route(struct nl_req *r, const struct rtmsg *m, const struct nlattr *const *attrs,
		       struct route_spec *rs)
{
	static const u8 types[] = { [RTN_UNICAST] = RTN_UNICAST_, [RTN_BLACKHOLE] = RTN_BLACKHOLE_,
				    [RTN_UNREACHABLE] = RTN_UNREACHABLE_,
				    [RTN_PROHIBIT] = RTN_PROHIBIT_, [RTN_THROW] = RTN_THROW_ };
	u8 family = m->rtm_family;
	u32 oif = nl_attr_u32(attrs[RTA_OIF], 0);

	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	rs->table = nl_attr_u32(attrs[RTA_TABLE], m->rtm_table);
	if (rs->table == RT_TABLE_LOCAL || m->rtm_src_len ||
	    m->rtm_tos || attrs[RTA_MULTIPATH])
		return -EOPNOTSUPP;
	rs->dst = rs->gateway = rs->prefsrc =
		family == AF_INET ? ipaddr_v4(0) : ipaddr_v6(&in6addr_any);
	rs->plen = m->rtm_dst_len;
	rs->metric = nl_attr_u32(attrs[RTA_PRIORITY], 0);
	rs->type = m->rtm_type < ARRAY_SIZE(types) ? types[m->rtm_type] : 0;
	if (!rs->type && r->h->nlmsg_type == RTM_NEWROUTE)
		return -EINVAL;
	if ((attrs[RTA_DST] && !nl_attr_addr(attrs[RTA_DST], family, &rs->dst)) ||
	    (attrs[RTA_GATEWAY] && !nl_attr_addr(attrs[RTA_GATEWAY], family, &rs->gateway)) ||
	    (attrs[RTA_PREFSRC] && !nl_attr_addr(attrs[RTA_PREFSRC], family, &rs->prefsrc)))
		return -EINVAL;
	if (oif) {
		rs->dev = dev_get_by_index(r->net->host, (int)oif);
		if (!rs->dev)
			return -ENODEV;
	}
	return attrs[RTA_METRICS] ? parse_metrics(attrs[RTA_METRICS], rs) : 0;
}

static int change_route(struct nl_req *r, const struct rtmsg *m, const struct nlattr *const *attrs)
{
	struct route_spec rs = { .type = RTN_UNICAST_ };
	int err = parse_route(r, m, attrs, &rs);

	if (err)
		return err;
	if (r->h->nlmsg_type == RTM_DELROUTE)
		return route_del(r->net, &rs);
	/* ip route replace: the old one goes first. */
	if (r->h->nlmsg_flags & NLM_F_REPLACE)
		route_del(r->net, &(struct route_spec){ .table = rs.table, .dst = rs.dst, .plen = rs.plen,
							.metric = rs.metric, .gateway = rs.prefsrc,
							.prefsrc = rs.prefsrc, .type = rs.type });
	return route_add(r->net, &rs);
}

int rtnl_route(struct nl_req *r)
{
	const struct nlattr *attrs[RTA_MAX + 1];
	struct rtmsg m = { 0 };

	memcpy(&m, r->payload, min(r->len, (u32)sizeof(m)));
	if (r->dump) {
		dump_routes(r, &m);
		return 0;
	}
	if (r->len < sizeof(m) || nl_parse(r, sizeof(m), attrs, RTA_MAX))
		return -EINVAL;
	return r->h->nlmsg_type == RTM_GETROUTE ? get_route(r, &m, attrs) : change_route(r, &m, attrs);
}

/* ---- neighbours ---------------------------------------------------------------------------------- */

struct neigh_dump {
	struct nl_req *r;
	u8 family;
};

static void dump_neigh(void *ctx, const struct neighbour *n)
{
	struct neigh_dump *d = ctx;
	struct ndmsg *m;
	u8 state = neigh_state(n);

	if ((d->family && d->family != nl_addr_family(&n->addr)) || state & NUD_NOARP)
		return;
	m = nl_answer(d->r, RTM_NEWNEIGH, sizeof(*m));
	m->ndm_family = (u8)nl_addr_family(&n->addr);
	m->ndm_ifindex = n->dev->ifindex;
	m->ndm_state = state;
	m->ndm_type = RTN_UNICAST;
	nl_put_addr(d->r->out, NDA_DST, &n->addr);
	if (state & NUD_VALID)
		nl_put(d->r->out, NDA_LLADDR, n->ha, ETH_ALEN);
	nl_end(d->r->out);
}

int rtnl_neigh(struct nl_req *r)
{
	const struct nlattr *attrs[NDA_MAX + 1];
	struct ndmsg m = { 0 };
	struct neigh_dump d = { .r = r };
	struct net_device *dev;
	union ipaddr a;

	memcpy(&m, r->payload, min(r->len, (u32)sizeof(m)));
	if (r->dump) {
		d.family = m.ndm_family;
		if (r->net->neigh)
			neigh_for_each(r->net, dump_neigh, &d);
		return 0;
	}
	if (r->len < sizeof(m) || nl_parse(r, sizeof(m), attrs, NDA_MAX))
		return -EINVAL;
	dev = dev_get_by_index(r->net->host, m.ndm_ifindex);
	if (!dev)
		return -ENODEV;
	if (!attrs[NDA_DST] || !nl_attr_addr(attrs[NDA_DST], m.ndm_family, &a))
		return -EINVAL;
	if (r->h->nlmsg_type != RTM_NEWNEIGH || m.ndm_state != NUD_PERMANENT || !attrs[NDA_LLADDR] ||
	    nl_attr_len(attrs[NDA_LLADDR]) != ETH_ALEN)
		return -EOPNOTSUPP;
	return neigh_add(r->net, dev, &a, nl_attr_data(attrs[NDA_LLADDR]));
}

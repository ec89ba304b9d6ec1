/* SPDX-License-Identifier: MIT */
/*
 * Rules of policy routing over NETLINK_ROUTE: RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE (ip-rule(8);
 * fib_nl_newrule() and fib4_rule_configure() in Linux). What a rule may ask for and no host here has
 * (tunnels, realms, VRFs, groups of interfaces) is refused.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/fib_rules.h"
#include "stack/netlink.h"

#define TOS_ECN 3u
#ifndef FRA_DSCP
#define FRA_DSCP 26
#endif

/* ---- answers --------------------------------------------------------------------------------- */

static void put_range(struct nl_buf *b, int type, const u16 *range)
{
	struct fib_rule_port_range pr = { range[0], range[1] };

	if (range[0])
		nl_put(b, (u16)type, &pr, sizeof(pr));
}

static u32 rule_flags(struct host *h, const struct fib_rule *r)
{
	u32 flags = r->invert ? FIB_RULE_INVERT : 0;

	if (r->iif[0] && !dev_get_by_name(h, r->iif))
		flags |= FIB_RULE_IIF_DETACHED;
	if (r->oif[0] && !dev_get_by_name(h, r->oif))
		flags |= FIB_RULE_OIF_DETACHED;
	return flags;
}

static bool has_pref(const struct fib_rule_list *l, u32 pref)
{
	for (u32 i = 0; i < l->n; i++) {
		if (l->rule[i].pref == pref)
			return true;
	}
	return false;
}

static void put_rule(struct nl_req *r, bool v4, const struct fib_rule *rule)
{
	struct fib_rule_hdr *h = nl_answer(r, RTM_NEWRULE, sizeof(*h));
	struct nl_buf *b = r->out;

	h->family = v4 ? AF_INET : AF_INET6;
	h->table = rule->table < 256 ? (u8)rule->table : RT_TABLE_COMPAT;
	h->action = rule->action;
	h->flags = rule_flags(r->net->host, rule);
	if (rule->action == FR_ACT_GOTO && !has_pref(fib_rule_list(r->net, v4), rule->target))
		h->flags |= FIB_RULE_UNRESOLVED;
	h->dst_len = rule->dst_plen;
	h->src_len = rule->src_plen;
	h->tos = rule->tos;
	nl_put_u32(b, FRA_TABLE, rule->table);
	nl_put_u32(b, FRA_SUPPRESS_PREFIXLEN, (u32)rule->suppress_plen);
	nl_put(b, FRA_PROTOCOL, &rule->protocol, 1);
	if (rule->iif[0])
		nl_put(b, FRA_IIFNAME, rule->iif, (u32)strlen(rule->iif) + 1);
	if (rule->oif[0])
		nl_put(b, FRA_OIFNAME, rule->oif, (u32)strlen(rule->oif) + 1);
	if (rule->pref)
		nl_put_u32(b, FRA_PRIORITY, rule->pref);
	if (rule->mark)
		nl_put_u32(b, FRA_FWMARK, rule->mark);
	if (rule->mask || rule->mark)
		nl_put_u32(b, FRA_FWMASK, rule->mask);
	if (rule->target)
		nl_put_u32(b, FRA_GOTO, rule->target);
	if (rule->has_uid)
		nl_put(b, FRA_UID_RANGE, rule->uid, sizeof(rule->uid));
	put_range(b, FRA_SPORT_RANGE, rule->sport);
	put_range(b, FRA_DPORT_RANGE, rule->dport);
	if (rule->ipproto)
		nl_put(b, FRA_IP_PROTO, &rule->ipproto, 1);
	if (rule->dst_plen)
		nl_put_addr(b, FRA_DST, &rule->dst);
	if (rule->src_plen)
		nl_put_addr(b, FRA_SRC, &rule->src);
	nl_end(b);
}

static void dump_rules(struct nl_req *r, u8 family)
{
	for (int v4 = 1; v4 >= 0; v4--) {
		const struct fib_rule_list *l = fib_rule_list(r->net, v4);

		if (family && family != (v4 ? AF_INET : AF_INET6))
			continue;
		for (u32 i = 0; i < l->n; i++)
			put_rule(r, v4, &l->rule[i]);
	}
}

/* ---- requests -------------------------------------------------------------------------------- */

static int parse_prefix(const struct nlattr *a, u8 family, u8 plen, union ipaddr *to)
{
	u8 bits = family == AF_INET ? 32 : 128;

	*to = family == AF_INET ? ipaddr_v4(0) : ipaddr_v6(&in6addr_any);
	if (!plen)
		return 0;
	if (plen > bits || !a || !nl_attr_addr(a, family, to))
		return -EINVAL;
	return 0;
}

static int parse_name(const struct nlattr *a, char name[IFNAMSIZ])
{
	u32 len = a ? nl_attr_len(a) : 0;

	if (!a)
		return 0;
	if (len > IFNAMSIZ)
		return -ERANGE;
	memcpy(name, nl_attr_data(a), min(len, (u32)IFNAMSIZ - 1));
	return 0;
}

/* nla_get_port_range(): both ends, none of them 0. */
static int parse_range(const struct nlattr *a, u16 *range)
{
	struct fib_rule_port_range pr;

	if (!a)
		return 0;
	if (nl_attr_len(a) < sizeof(pr))
		return -ERANGE;
	memcpy(&pr, nl_attr_data(a), sizeof(pr));
	if (!pr.start || !pr.end || pr.end < pr.start || pr.end == UINT16_MAX)
		return -EINVAL;
	range[0] = pr.start;
	range[1] = pr.end;
	return 0;
}

static int parse_byte(const struct nlattr *a, u8 *v)
{
	if (!a)
		return 0;
	if (nl_attr_len(a) < 1)
		return -ERANGE;
	memcpy(v, nl_attr_data(a), 1);
	return 0;
}

static int parse_uids(const struct nlattr *a, struct fib_rule *rule)
{
	if (!a)
		return 0;
	if (nl_attr_len(a) < sizeof(rule->uid))
		return -ERANGE;
	memcpy(rule->uid, nl_attr_data(a), sizeof(rule->uid));
	if (rule->uid[0] == UINT32_MAX || rule->uid[1] == UINT32_MAX || rule->uid[0] > rule->uid[1])
		return -EINVAL;
	rule->has_uid = true;
	return 0;
}

static int parse_action(const struct fib_rule_hdr *h, const struct nlattr *const *attrs, bool add,
			struct fib_rule *rule)
{
	rule->action = h->action;
	rule->invert = h->flags & FIB_RULE_INVERT;
	rule->table = nl_attr_u32(attrs[FRA_TABLE], h->table);
	rule->target = nl_attr_u32(attrs[FRA_GOTO], 0);
	if (!add)
		return 0;
	switch (h->action) {
	case FR_ACT_GOTO:
		return rule->target ? 0 : -EINVAL;
	case FR_ACT_TO_TBL:
		/* A table of its own choice would be Linux's answer to none (fib_empty_table()). */
		return rule->target ? -EINVAL : rule->table ? 0 : -EOPNOTSUPP;
	case FR_ACT_NOP:
	case FR_ACT_BLACKHOLE:
	case FR_ACT_UNREACHABLE:
	case FR_ACT_PROHIBIT:
		return rule->target ? -EINVAL : 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* Numbers that are too short are told before anything is looked at (nla_validate()). */
static int check_numbers(const struct nlattr *const *attrs)
{
	static const u8 numbers[] = { FRA_PRIORITY, FRA_FWMARK, FRA_FWMASK, FRA_TABLE, FRA_GOTO,
				      FRA_SUPPRESS_PREFIXLEN, FRA_SUPPRESS_IFGROUP };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (attrs[numbers[i]] && nl_attr_len(attrs[numbers[i]]) < sizeof(u32))
			return -ERANGE;
	}
	return 0;
}

static int parse_rule(struct nl_req *r, const struct fib_rule_hdr *h,
		      const struct nlattr *const *attrs, struct fib_rule *rule)
{
	bool add = r->h->nlmsg_type == RTM_NEWRULE;
	int err;

	if (h->family != AF_INET && h->family != AF_INET6)
		return -EAFNOSUPPORT;
	if (attrs[FRA_FLOW] || attrs[FRA_TUN_ID] || attrs[FRA_L3MDEV] ||
	    (attrs[FRA_SUPPRESS_IFGROUP] && nl_attr_u32(attrs[FRA_SUPPRESS_IFGROUP], 0) != UINT32_MAX))
		return -EOPNOTSUPP;
	if (h->tos & TOS_ECN)
		return -EINVAL;
	rule->tos = h->tos;
	rule->pref = nl_attr_u32(attrs[FRA_PRIORITY], 0);
	if (add && !attrs[FRA_PRIORITY])
		rule->pref = fib_rule_default_pref(r->net, h->family == AF_INET);
	rule->mark = nl_attr_u32(attrs[FRA_FWMARK], 0);
	/* A mark without a mask means all bits of it. */
	rule->mask = nl_attr_u32(attrs[FRA_FWMASK], rule->mark ? UINT32_MAX : 0);
	rule->suppress_plen = (int)nl_attr_u32(attrs[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX);
	err = parse_action(h, attrs, add, rule);
	if (!err)
		err = parse_prefix(attrs[FRA_SRC], h->family, h->src_len, &rule->src);
	if (!err)
		err = parse_prefix(attrs[FRA_DST], h->family, h->dst_len, &rule->dst);
	if (!err)
		err = parse_name(attrs[FRA_IIFNAME], rule->iif);
	if (!err)
		err = parse_name(attrs[FRA_OIFNAME], rule->oif);
	if (!err)
		err = parse_uids(attrs[FRA_UID_RANGE], rule);
	if (!err)
		err = parse_byte(attrs[FRA_IP_PROTO], &rule->ipproto);
	if (!err)
		err = parse_byte(attrs[FRA_PROTOCOL], &rule->protocol);
	if (!err)
		err = parse_range(attrs[FRA_SPORT_RANGE], rule->sport);
	if (!err)
		err = parse_range(attrs[FRA_DPORT_RANGE], rule->dport);
	rule->src_plen = h->src_len;
	rule->dst_plen = h->dst_len;
	return err;
}

int rtnl_rule(struct nl_req *r)
{
	const struct nlattr *attrs[FRA_MAX + 1];
	struct fib_rule rule = { .pref = 0 };
	struct fib_rule_hdr h = { 0 };
	int err;

	memcpy(&h, r->payload, min(r->len, (u32)sizeof(h)));
	if (r->dump) {
		dump_rules(r, h.family);
		return 0;
	}
	if (r->h->nlmsg_type == RTM_GETRULE)
		return -EOPNOTSUPP;
	if (r->len < sizeof(h) || nl_parse(r, sizeof(h), attrs, FRA_MAX))
		return -EINVAL;
	err = check_numbers(attrs);
	if (!err)
		err = parse_rule(r, &h, attrs, &rule);
	if (err)
		return err;
	if (r->h->nlmsg_type == RTM_NEWRULE)
		return fib_rule_add(r->net, h.family == AF_INET, &rule,
				    r->h->nlmsg_flags & NLM_F_EXCL);
	return fib_rule_del(r->net, h.family == AF_INET, &rule, attrs[FRA_PRIORITY]);
}

/* SPDX-License-Identifier: MIT */
/*
 * Rules of policy routing (fib_rules.h; ip-rule(8), fib_rules_lookup() and fib4_rule_match() in Linux).
 */
#include "stack/fib_rules.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <stdlib.h>
#include <string.h>

#define TOS_DSCP 0xfcu

static const struct fib_rule first4[] = {
	{ .pref = 0, .table = FIB_TABLE_LOCAL, .action = FR_ACT_TO_TBL, .protocol = 2, .suppress_plen = -1 },
	{ .pref = 32766, .table = FIB_TABLE_MAIN, .action = FR_ACT_TO_TBL, .protocol = 2,
	  .suppress_plen = -1 },
	{ .pref = 32767, .table = FIB_TABLE_DEFAULT, .action = FR_ACT_TO_TBL, .protocol = 2,
	  .suppress_plen = -1 },
};
#define FIRST6 2u /* IPv6 has no table default */

const struct fib_rule_list *fib_rule_list(const struct net *net, bool v4)
{
	/* Never written through: a list is copied before its first change. */
	static const struct fib_rule_list four = { (struct fib_rule *)(uintptr_t)first4,
						   ARRAY_SIZE(first4) };
	static const struct fib_rule_list six = { (struct fib_rule *)(uintptr_t)first4, FIRST6 };
	const struct fib_rules *rules = net->fib->rules;

	if (!rules)
		return v4 ? &four : &six;
	return v4 ? &rules->v4 : &rules->v6;
}

static void list_copy(struct fib_rule_list *to, const struct fib_rule_list *from)
{
	to->n = from->n;
	to->rule = xcalloc(to->n, sizeof(*to->rule));
	memcpy(to->rule, from->rule, to->n * sizeof(*to->rule));
}

static struct fib_rule_list *list_for_change(struct net *net, bool v4)
{
	struct fib_rules *rules = net->fib->rules;

	if (!rules) {
		rules = xcalloc(1, sizeof(*rules));
		list_copy(&rules->v4, fib_rule_list(net, true));
		list_copy(&rules->v6, fib_rule_list(net, false));
		net->fib->rules = rules;
	}
	return v4 ? &rules->v4 : &rules->v6;
}

void fib_rules_free(struct fib_rules *rules)
{
	if (!rules)
		return;
	free(rules->v4.rule);
	free(rules->v6.rule);
	free(rules);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* In front of the second rule, as fib_default_rule_pref() has it: behind local, before all others. */
u32 fib_rule_default_pref(const struct net *net, bool v4)
{
	const struct fib_rule_list *l = fib_rule_list(net, v4);

	return l->n > 1 && l->rule[1].pref ? l->rule[1].pref - 1 : 0;
}

static bool range_equal(const u16 *a, const u16 *b)
{
	return a[0] == b[0] && a[1] == b[1];
}

static bool rule_equal(const struct fib_rule *a, const struct fib_rule *b)
{
	return a->pref == b->pref && a->table == b->table && a->action == b->action &&
	       a->mark == b->mark && a->mask == b->mask && a->src_plen == b->src_plen &&
	       a->dst_plen == b->dst_plen && ipaddr_equal(&a->src, &b->src) &&
	       ipaddr_equal(&a->dst, &b->dst) && a->tos == b->tos && a->ipproto == b->ipproto &&
	       a->invert == b->invert && a->has_uid == b->has_uid &&
	       (!a->has_uid || (a->uid[0] == b->uid[0] && a->uid[1] == b->uid[1])) &&
	       range_equal(a->sport, b->sport) && range_equal(a->dport, b->dport) &&
	       a->suppress_plen == b->suppress_plen && !strcmp(a->iif, b->iif) &&
	       !strcmp(a->oif, b->oif);
}

int fib_rule_add(struct net *net, bool v4, const struct fib_rule *r, bool excl)
{
	struct fib_rule_list *l;
	u32 at = 0;

	if (r->action == FR_ACT_GOTO && r->target <= r->pref)
		return -EINVAL;
	l = list_for_change(net, v4);
	for (u32 i = 0; excl && i < l->n; i++) {
		if (rule_equal(&l->rule[i], r))
			return -EEXIST;
	}
	while (at < l->n && l->rule[at].pref <= r->pref)
		at++;
	l->rule = xrealloc(l->rule, (l->n + 1) * sizeof(*l->rule));
	memmove(&l->rule[at + 1], &l->rule[at], (l->n - at) * sizeof(*l->rule));
	l->rule[at] = *r;
	l->n++;
	rt_genid_bump(net);
	return 0;
}

static bool rule_has(const struct fib_rule *r, const struct fib_rule *want, bool has_pref)
{
	return (!want->action || r->action == want->action) &&
	       (!want->table || r->table == want->table) &&
	       (!has_pref || r->pref == want->pref) &&
	       (!want->iif[0] || !strcmp(r->iif, want->iif)) &&
	       (!want->oif[0] || !strcmp(r->oif, want->oif)) &&
	       (!want->mark || r->mark == want->mark) && (!want->mask || r->mask == want->mask) &&
	       (!want->has_uid ||
		(r->has_uid && r->uid[0] == want->uid[0] && r->uid[1] == want->uid[1])) &&
	       (!want->ipproto || r->ipproto == want->ipproto) && (!want->tos || r->tos == want->tos) &&
	       (!want->sport[0] || range_equal(r->sport, want->sport)) &&
	       (!want->dport[0] || range_equal(r->dport, want->dport)) &&
	       (!want->src_plen ||
		(r->src_plen == want->src_plen && ipaddr_equal(&r->src, &want->src))) &&
	       (!want->dst_plen ||
		(r->dst_plen == want->dst_plen && ipaddr_equal(&r->dst, &want->dst)));
}

int fib_rule_del(struct net *net, bool v4, const struct fib_rule *want, bool has_pref)
{
	const struct fib_rule_list *now = fib_rule_list(net, v4);
	struct fib_rule_list *l;
	u32 i = 0;

	while (i < now->n && !rule_has(&now->rule[i], want, has_pref))
		i++;
	if (i == now->n)
		return -ENOENT;
	l = list_for_change(net, v4);
	l->n--;
	memmove(&l->rule[i], &l->rule[i + 1], (l->n - i) * sizeof(*l->rule));
	rt_genid_bump(net);
	return 0;
}

/* ---- lookup ---------------------------------------------------------------------------------- */

static bool prefix_matches(const union ipaddr *a, const union ipaddr *prefix, u8 plen, bool v4)
{
	int bits = v4 ? plen + 96 : plen;
	union ipaddr x, y;

	if (!plen)
		return true;
	if (!a)
		return false;
	x = ipaddr_mask(a, bits);
	y = ipaddr_mask(prefix, bits);
	return ipaddr_equal(&x, &y);
}

static bool dev_matches(const struct net *net, const char *name, int ifindex)
{
	const struct net_device *dev;

	if (!name[0])
		return true;
	dev = ifindex ? dev_get_by_index(net->host, ifindex) : NULL;
	return dev && !strcmp(dev->name, name);
}

static bool port_matches(const u16 *range, u16 port)
{
	return !range[0] || (port >= range[0] && port <= range[1]);
}

static bool rule_matches(const struct net *net, const struct fib_rule *r, const struct fib_key *key,
			 bool v4)
{
	/* What the host sends itself comes in through lo. */
	int iif = key->iif ? key->iif : dev_loopback(net->host)->ifindex;
	bool match = dev_matches(net, r->iif, iif) && dev_matches(net, r->oif, key->oif) &&
		     !((r->mark ^ key->mark) & r->mask) &&
		     (!r->has_uid || (key->uid >= r->uid[0] && key->uid <= r->uid[1])) &&
		     prefix_matches(key->saddr, &r->src, r->src_plen, v4) &&
		     prefix_matches(key->daddr, &r->dst, r->dst_plen, v4) &&
		     (!r->tos || r->tos == (key->tos & TOS_DSCP)) &&
		     (!r->ipproto || r->ipproto == key->proto) &&
		     port_matches(r->sport, key->sport) && port_matches(r->dport, key->dport);

	return match != r->invert;
}

/* The rule's answer; NULL: go on with the next. */
static const struct fib_entry *rule_action(const struct net *net, const struct fib_rule *r,
					   const struct fib_key *key, bool v4)
{
	static const struct fib_entry refusals[] = {
		[FR_ACT_BLACKHOLE] = { .type = RTN_BLACKHOLE_ },
		[FR_ACT_UNREACHABLE] = { .type = RTN_UNREACHABLE_NET_ },
		[FR_ACT_PROHIBIT] = { .type = RTN_PROHIBIT_ },
	};
	const struct fib_entry *e;

	if (r->action != FR_ACT_TO_TBL)
		return &refusals[r->action];
	e = fib_table_lookup(net, r->table, key);
	if (!e || e->type == RTN_THROW_)
		return NULL;
	return (v4 ? e->plen - 96 : e->plen) <= r->suppress_plen ? NULL : e;
}

const struct fib_entry *fib_rules_lookup(const struct net *net, const struct fib_key *key)
{
	bool v4 = ipaddr_is_v4(key->daddr);
	const struct fib_rule_list *l = fib_rule_list(net, v4);

	for (u32 i = 0; i < l->n; i++) {
		const struct fib_rule *r = &l->rule[i];
		const struct fib_entry *e;

		if (!rule_matches(net, r, key, v4) || r->action == FR_ACT_NOP)
			continue;
		if (r->action == FR_ACT_GOTO) {
			u32 to = i + 1;

			while (to < l->n && l->rule[to].pref < r->target)
				to++;
			/* A target that is not there yet: the rule does nothing. */
			if (to < l->n && l->rule[to].pref == r->target)
				i = to - 1;
			continue;
		}
		e = rule_action(net, r, key, v4);
		if (e)
			return e;
	}
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * host:rule{fwmark = 1, table = 100}: a rule of policy routing, as ip-rule(8) adds it. Routes of that table:
 * host:route(prefix, {via =, table = 100}).
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "sim/host/host.h"
#include "sim/scenario/scenario_priv.h"
#include "stack/fib_rules.h"

struct rule_args {
	const char *from, *to, *iif, *oif, *action, *family;
	u64 fwmark, mask;
	u64 priority, table, suppress;
	u32 tos, ipproto;
	bool invert;
};

#define UNSET UINT64_MAX

static const struct field fields[] = {
	FIELD(struct rule_args, from, FIELD_STRING),
	FIELD(struct rule_args, to, FIELD_STRING),
	FIELD(struct rule_args, iif, FIELD_STRING),
	FIELD(struct rule_args, oif, FIELD_STRING),
	FIELD(struct rule_args, action, FIELD_STRING),
	FIELD(struct rule_args, family, FIELD_STRING),
	FIELD(struct rule_args, fwmark, FIELD_U64, 0, UINT32_MAX),
	FIELD(struct rule_args, mask, FIELD_U64, 0, UINT32_MAX),
	FIELD(struct rule_args, priority, FIELD_U64, 0, UINT32_MAX),
	FIELD(struct rule_args, table, FIELD_U64, 1, UINT32_MAX),
	FIELD_AS("suppress_prefixlength", struct rule_args, suppress, FIELD_U64, 0, 128),
	FIELD(struct rule_args, tos, FIELD_U32, 0, 255),
	FIELD(struct rule_args, ipproto, FIELD_U32, 0, 255),
	FIELD(struct rule_args, invert, FIELD_BOOL),
};

static u8 rule_action(lua_State *L, const struct rule_args *a)
{
	static const char *const names[] = { [FR_ACT_NOP] = "nop", [FR_ACT_BLACKHOLE] = "blackhole",
					     [FR_ACT_UNREACHABLE] = "unreachable",
					     [FR_ACT_PROHIBIT] = "prohibit" };

	if (!a->action && a->table == UNSET)
		scenario_error(L, "rule: 'table' or 'action' is needed");
	if (a->action && a->table != UNSET)
		scenario_error(L, "rule: 'table' and 'action' exclude each other");
	if (!a->action)
		return FR_ACT_TO_TBL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i] && !strcmp(names[i], a->action))
			return (u8)i;
	}
	scenario_error(L, "rule: there is no action '%s'; nop, blackhole, unreachable and prohibit are",
		       a->action);
	return 0;
}

/* True: IPv4. Both prefixes, or 'family', say so; neither: IPv4, as for ip(8). */
static bool rule_family(lua_State *L, const struct rule_args *a, struct fib_rule *r)
{
	bool v4 = !a->family || strcmp(a->family, "inet6") != 0;
	bool known = a->family;
	const struct {
		const char *text;
		union ipaddr *to;
		u8 *plen;
	} ends[] = { { a->from, &r->src, &r->src_plen }, { a->to, &r->dst, &r->dst_plen } };

	if (a->family && v4 && strcmp(a->family, "inet") != 0)
		scenario_error(L, "rule: 'family' is \"inet\" or \"inet6\", not '%s'", a->family);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		int plen;

		if (!ends[i].text)
			continue;
		*ends[i].to = check_prefix(L, ends[i].text, &plen);
		*ends[i].plen = (u8)plen;
		if (known && ipaddr_is_v4(ends[i].to) != v4)
			scenario_error(L, "rule: '%s' is of the other family", ends[i].text);
		v4 = ipaddr_is_v4(ends[i].to);
		known = true;
	}
	return v4;
}

static void rule_device(lua_State *L, const char *what, const char *name, char to[IFNAMSIZ])
{
	if (!name)
		return;
	if (strlen(name) >= IFNAMSIZ)
		scenario_error(L, "rule: '%s': the name '%s' is too long", what, name);
	strcpy(to, name);
}

/* h:rule{from=, to=, iif=, oif=, fwmark=, mask=, tos=, ipproto=, invert=, priority=, table= | action=} */
static int h_rule(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	struct rule_args a = { .mask = UNSET, .priority = UNSET, .table = UNSET, .suppress = UNSET };
	struct fib_rule r = { .protocol = 3 /* boot, as of ip(8) */ };
	bool v4;
	int err;

	scenario_building(L, "rule");
	check_nargs(L, "rule", 2);
	check_table(L, 2, "rule", "host:rule{fwmark = 1, table = 100}");
	fields_parse(L, 2, "rule", fields, ARRAY_SIZE(fields), &a, 0);
	v4 = rule_family(L, &a, &r);
	r.action = rule_action(L, &a);
	r.table = a.table == UNSET ? 0 : (u32)a.table;
	r.mark = (u32)a.fwmark;
	r.mask = a.mask != UNSET ? (u32)a.mask : r.mark ? UINT32_MAX : 0;
	r.pref = a.priority == UNSET ? fib_rule_default_pref(h->net, v4) : (u32)a.priority;
	r.suppress_plen = a.suppress == UNSET ? -1 : (int)a.suppress;
	r.tos = (u8)a.tos;
	r.ipproto = (u8)a.ipproto;
	r.invert = a.invert;
	rule_device(L, "iif", a.iif, r.iif);
	rule_device(L, "oif", a.oif, r.oif);
	err = fib_rule_add(h->net, v4, &r, true);
	if (err)
		return scenario_error(L, "rule: on host %s: %s", h->name, strerrordesc_np(-err));
	return 0;
}

void scenario_open_rule(struct scenario *s)
{
	handle_add_method(lua_world_state(s->lw), HANDLE_HOST, "rule", h_rule);
}

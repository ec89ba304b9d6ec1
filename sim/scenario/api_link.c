/* SPDX-License-Identifier: MIT */
/*
 * link{}: a cable between two ports, and what happens to it at stated times.
 */
#include <stdlib.h>
#include <string.h>

#include "nic/nic.h"
#include "sim/host/host.h"
#include "sim/scenario/scenario_priv.h"

/* ---- parameters -------------------------------------------------------------------------------- */

static const struct field link_fields[] = {
	FIELD(struct link_params, rate, FIELD_RATE),
	FIELD(struct link_params, delay, FIELD_DURATION),
	FIELD_AS("queue", struct link_params, queue_packets, FIELD_U32),
	FIELD_AS("queue_bytes", struct link_params, queue_bytes, FIELD_SIZE),
	FIELD_AS("loss", struct link_params, faults.loss, FIELD_RATIO),
	FIELD_AS("ge_p", struct link_params, faults.ge_p, FIELD_RATIO),
	FIELD_AS("ge_r", struct link_params, faults.ge_r, FIELD_RATIO),
	FIELD_AS("ge_loss_bad", struct link_params, faults.ge_loss_bad, FIELD_RATIO),
	FIELD_AS("ge_loss_good", struct link_params, faults.ge_loss_good, FIELD_RATIO),
	FIELD_AS("duplicate", struct link_params, faults.duplicate, FIELD_RATIO),
	FIELD_AS("corrupt", struct link_params, faults.corrupt, FIELD_RATIO),
	FIELD_AS("reorder", struct link_params, faults.reorder, FIELD_RATIO),
	FIELD_AS("reorder_delay", struct link_params, faults.reorder_delay, FIELD_DURATION),
	FIELD_AS("jitter", struct link_params, faults.jitter, FIELD_DURATION),
	FIELD_AS("keep_order", struct link_params, faults.keep_order, FIELD_BOOL),
	FIELD_AS("bad_fcs", struct link_params, faults.bad_fcs, FIELD_BOOL),
	FIELD_AS("explore_drop", struct link_params, faults.explore_drop, FIELD_U32),
	FIELD_AS("explore_delay", struct link_params, faults.explore_delay, FIELD_U32),
	FIELD_AS("explore_quantum", struct link_params, faults.explore_quantum, FIELD_DURATION),
	/* Read by the caller. */
	{ "drop_nth", FIELD_ANY, 0, 0, 0 },
	{ "a_to_b", FIELD_ANY, 0, 0, 0 },
	{ "b_to_a", FIELD_ANY, 0, 0, 0 },
};
#define NFIELDS_DIRECTION (ARRAY_SIZE(link_fields) - 2)

/* drop_nth = {3, 7}: exactly these frames, counted from 1, are lost. */
static void parse_drop_nth(lua_State *L, int idx, struct link_faults *f)
{
	lua_Integer n;

	if (lua_getfield(L, idx, "drop_nth") == LUA_TNIL) {
		lua_pop(L, 1);
		return;
	}
	n = array_length(L, -1, "link: 'drop_nth'", 1, (int)ARRAY_SIZE(f->drop_nth));
	memset(f->drop_nth, 0, sizeof(f->drop_nth));
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, -1, i);
		if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
			scenario_error(L, "link: drop_nth counts frames from 1");
		f->drop_nth[i - 1] = (u64)lua_tointeger(L, -1);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

/* FIELD_ANY writes a bool at offset 0: give it something else than the parameters. */
struct parsed {
	bool any;
	struct link_params p;
};

static void parse_fields(lua_State *L, int idx, struct link_params *p, size_t n, int array)
{
	struct field fields[ARRAY_SIZE(link_fields)];
	struct parsed out = { .p = *p };

	memcpy(fields, link_fields, sizeof(fields));
	for (size_t i = 0; i < n; i++) {
		if (fields[i].type != FIELD_ANY)
			fields[i].off += offsetof(struct parsed, p);
	}
	fields_parse(L, idx, "link", fields, n, &out, array);
	*p = out.p;
	parse_drop_nth(L, idx, &p->faults);
	if (p->faults.explore_delay && !p->faults.explore_quantum)
		scenario_error(L, "link: explore_delay needs explore_quantum");
	if (link_params_check(p))
		scenario_error(L, "link: delay must be at least 1ns, and nothing negative");
}

/* ---- link{} ------------------------------------------------------------------------------------ */

/* A NIC, or a switch's next free port. */
static struct link_port *end_port(lua_State *L, int idx, int i)
{
	struct link_port *port = NULL;
	struct handle *h;

	lua_geti(L, idx, i);
	h = handle_test(L, -1, HANDLE_NIC);
	if (h) {
		port = nic_port(h->obj);
		if (port->link)
			scenario_error(L, "link: %s of host %s has a cable already",
				       ((struct net_device *)h->obj)->name,
				       ((struct net_device *)h->obj)->host->name);
	} else {
		h = handle_test(L, -1, HANDLE_SWITCH);
		if (!h)
			scenario_error(L, "link: end %d must be a nic or a switch, not a %s", i,
				       handle_test(L, -1, HANDLE_HOST) ? "host: give one of its nics" :
									 luaL_typename(L, -1));
		if ((int)h->next_port >= switch_nports(h->obj))
			scenario_error(L, "link: all %d ports of the switch are taken",
				       switch_nports(h->obj));
		port = switch_port(h->obj, (int)h->next_port++);
	}
	lua_pop(L, 1);
	return port;
}

static void direction(lua_State *L, const char *key, struct link_params *p)
{
	if (lua_getfield(L, 1, key) != LUA_TNIL) {
		check_table(L, -1, "link: a direction", "{loss = \"1%\"}");
		parse_fields(L, lua_gettop(L), p, NFIELDS_DIRECTION, 0);
	}
	lua_pop(L, 1);
}

static int l_link(lua_State *L)
{
	struct scenario *s = scenario_building(L, "link");
	struct link_params ab = { .delay = NSEC_PER_USEC }, ba;
	struct link_port *a, *b;

	check_nargs(L, "link", 1);
	check_table(L, 1, "link", "link{nic1, nic2, delay = \"10us\"}");
	if (lua_rawlen(L, 1) != 2)
		return scenario_error(L, "link: two ends are needed: link{nic1, nic2, ...}");
	parse_fields(L, 1, &ab, ARRAY_SIZE(link_fields), 2);
	ba = ab;
	direction(L, "a_to_b", &ab);
	direction(L, "b_to_a", &ba);
	a = end_port(L, 1, 1);
	b = end_port(L, 1, 2);
	if (a == b || a->host == b->host)
		return scenario_error(L, "link: both ends are on the same host");
	handle_push(L, HANDLE_LINK, link_new(s->world, a, b, &ab, &ba));
	return 1;
}

/* ---- changes at stated times --------------------------------------------------------------------- */

enum link_change_kind { LINK_SET, LINK_UP, LINK_DOWN, LINK_PARTITION, LINK_HEAL };

struct link_change {
	struct world_object obj;
	struct event ev;
	struct link *link;
	enum link_change_kind kind;
	struct link_params p[2];
};

static void change_now(struct sim *sim, struct event *ev)
{
	struct link_change *c = container_of(ev, struct link_change, ev);

	switch (c->kind) {
	case LINK_SET:
		link_set_params(c->link, 0, &c->p[0]);
		link_set_params(c->link, 1, &c->p[1]);
		break;
	case LINK_UP:
	case LINK_DOWN:
		link_set_up(c->link, c->kind == LINK_UP);
		break;
	case LINK_PARTITION:
	case LINK_HEAL:
		link_set_partition(c->link, c->kind == LINK_PARTITION);
		break;
	}
}

static void change_destroy(struct world_object *o)
{
	free(container_of(o, struct link_change, obj));
}

static struct link_change *change_new(struct scenario *s, struct link *l,
				      enum link_change_kind kind, nsec_t t)
{
	struct link_change *c = xcalloc(1, sizeof(*c));

	c->link = l;
	c->kind = kind;
	c->obj.destroy = change_destroy;
	world_own(s->world, &c->obj);
	event_init(&c->ev, 0, change_now);
	event_at(&s->world->sim, &c->ev, 0, t);
	return c;
}

/* l:at("1s", {loss = "5%"}): what is not named stays as link{} set it. */
static int l_at(lua_State *L)
{
	struct link *l = handle_check(L, 1, HANDLE_LINK)->obj;
	struct scenario *s = scenario_building(L, "at");
	nsec_t t = check_duration(L, 2, "at");
	struct link_params p[2] = { *link_get_params(l, 0), *link_get_params(l, 1) };
	struct link_change *c;

	check_nargs(L, "at", 3);
	check_table(L, 3, "at", "{loss = \"1%\"}");
	for (int i = 0; i < 2; i++) {
		parse_fields(L, 3, &p[i], ARRAY_SIZE(link_fields), 0);
		if (lua_getfield(L, 3, i ? "b_to_a" : "a_to_b") != LUA_TNIL) {
			check_table(L, -1, "at: a direction", "{loss = \"1%\"}");
			parse_fields(L, lua_gettop(L), &p[i], NFIELDS_DIRECTION, 0);
		}
		lua_pop(L, 1);
	}
	c = change_new(s, l, LINK_SET, t);
	c->p[0] = p[0];
	c->p[1] = p[1];
	lua_settop(L, 1);
	return 1;
}

/* l:down(t [, up again at]) and l:partition(t [, healed at]) */
static int change_span(lua_State *L, const char *what, enum link_change_kind on,
		       enum link_change_kind off)
{
	struct link *l = handle_check(L, 1, HANDLE_LINK)->obj;
	struct scenario *s = scenario_building(L, what);
	nsec_t from = check_duration(L, 2, what);

	check_nargs(L, what, 3);
	change_new(s, l, on, from);
	if (!lua_isnoneornil(L, 3)) {
		nsec_t to = check_duration(L, 3, what);

		if (to <= from)
			return scenario_error(L, "%s: the end is not after the beginning", what);
		change_new(s, l, off, to);
	}
	lua_settop(L, 1);
	return 1;
}

static int l_down(lua_State *L)
{
	return change_span(L, "down", LINK_DOWN, LINK_UP);
}

static int l_partition(lua_State *L)
{
	return change_span(L, "partition", LINK_PARTITION, LINK_HEAL);
}

void scenario_open_link(struct scenario *s)
{
	static const luaL_Reg methods[] = { { "at", l_at },
					    { "down", l_down },
					    { "partition", l_partition },
					    { NULL, NULL } };

	handle_type(lua_world_state(s->lw), HANDLE_LINK, methods, NULL);
	scenario_function(s, "link", l_link);
}

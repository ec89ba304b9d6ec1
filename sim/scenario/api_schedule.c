/* SPDX-License-Identifier: MIT */
/*
 * schedule{seed =, set = {}, {host =, kind =, nth =, value =}...}: the decisions of the run are in the
 * scenario itself. `sockloom keep` writes it.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/host/host.h"
#include "sim/scenario/scenario_priv.h"

struct entry {
	const char *host, *kind;
	u32 nth, value;
};

struct header {
	u64 seed;
	bool set; /* a table */
};

static void add_param(lua_State *L, struct scenario *s, const char *name, const char *value)
{
	/* What --set says goes before it. */
	for (size_t i = 0; i < s->opts.nparams; i++) {
		if (!strcmp(s->opts.params[i].name, name))
			return;
	}
	s->kept = xrealloc(s->kept, (s->nkept + 1) * sizeof(*s->kept));
	s->kept[s->nkept++] = (struct scenario_param){ xstrdup(name), xstrdup(value) };
}

static void take_set(lua_State *L, struct scenario *s)
{
	lua_getfield(L, 1, "set");
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		return;
	}
	check_table(L, -1, "schedule: 'set'", "set = {name = \"value\"}");
	lua_sorted_keys(L, lua_gettop(L));
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		if (!lua_isstring(L, -1))
			scenario_error(L, "schedule: 'set' has names as keys");
		lua_pushvalue(L, -1);
		lua_rawget(L, -4);
		if (!lua_isstring(L, -1))
			scenario_error(L, "schedule: 'set' has texts as values");
		add_param(L, s, lua_tostring(L, -2), lua_tostring(L, -1));
		lua_pop(L, 2);
	}
	lua_pop(L, 3);
}

static void take_entry(lua_State *L, struct scenario *s, int i)
{
	static const struct field fields[] = {
		FIELD(struct entry, host, FIELD_STRING),
		FIELD(struct entry, kind, FIELD_STRING),
		FIELD(struct entry, nth, FIELD_U32),
		FIELD(struct entry, value, FIELD_U32),
	};
	struct entry e = { 0 };
	struct scheduled *to;

	lua_rawgeti(L, 1, i);
	check_table(L, -1, "schedule", "{host = \"a\", kind = \"hold\", nth = 3, value = 1}");
	fields_parse(L, lua_gettop(L), "schedule", fields, ARRAY_SIZE(fields), &e, 0);
	if (!e.host || !e.kind || !e.value)
		scenario_error(L, "schedule: entry %d needs host, kind, nth and value", i);
	if (!choice_kind_parse(e.kind))
		scenario_error(L, "schedule: there is no choice of the kind '%s'", e.kind);
	s->scheduled = xrealloc(s->scheduled, (s->nscheduled + 1) * sizeof(*s->scheduled));
	to = &s->scheduled[s->nscheduled++];
	*to = (struct scheduled){ .host = xstrdup(e.host) };
	to->choice = (struct choice){ .kind = choice_kind_parse(e.kind), .nth = e.nth, .value = e.value };
	lua_pop(L, 1);
}

static int l_schedule(lua_State *L)
{
	static const struct field fields[] = {
		FIELD(struct header, seed, FIELD_U64),
		FIELD(struct header, set, FIELD_ANY),
	};
	struct scenario *s = scenario_building(L, "schedule");
	struct header h = { .seed = s->opts.seed };
	int n;

	check_nargs(L, "schedule", 1);
	check_table(L, 1, "schedule", "schedule{{host = \"a\", kind = \"hold\", nth = 3, value = 1}}");
	if (s->world->nhosts)
		return scenario_error(L, "schedule: it comes first, before any host");
	n = array_length(L, 1, "schedule", 0, 1 << 20);
	fields_parse(L, 1, "schedule", fields, ARRAY_SIZE(fields), &h, n);
	if (s->opts.seed == SCENARIO_SEED)
		s->opts.seed = s->world->sim.seed = h.seed;
	take_set(L, s);
	for (int i = 1; i <= n; i++)
		take_entry(L, s, i);
	return 0;
}

int scenario_apply_schedule(struct scenario *s, char **err)
{
	struct choices *c = &s->world->sim.choices;
	struct choice *list;

	/* Who names a schedule on the command line, or searches for one, means that. */
	if (!s->nscheduled || strcmp(c->strategy->name, "default"))
		return 0;
	list = xcalloc(s->nscheduled, sizeof(*list));
	for (size_t i = 0; i < s->nscheduled; i++) {
		struct host *h = world_find_host(s->world, s->scheduled[i].host);

		if (!h) {
			if (asprintf(err, "%s: schedule: there is no host '%s'", s->opts.path,
				     s->scheduled[i].host) < 0)
				abort();
			free(list);
			return -1;
		}
		list[i] = s->scheduled[i].choice;
		list[i].host = h->id;
	}
	c->strategy->destroy(c->strategy);
	c->strategy = strategy_schedule(list, s->nscheduled);
	free(list);
	return 0;
}

void scenario_free_schedule(struct scenario *s)
{
	for (size_t i = 0; i < s->nscheduled; i++)
		free(s->scheduled[i].host);
	for (size_t i = 0; i < s->nkept; i++) {
		free((char *)s->kept[i].name);
		free((char *)s->kept[i].value);
	}
	free(s->scheduled);
	free(s->kept);
}

void scenario_open_schedule(struct scenario *s)
{
	scenario_function(s, "schedule", l_schedule);
}

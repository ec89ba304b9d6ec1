/* SPDX-License-Identifier: MIT */
/*
 * Loading a scenario and running its world.
 */
#include "sim/scenario/scenario.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "nic/report.h"
#include "sim/engine/units.h"
#include "sim/engine/version.h"
#include "sim/host/host.h"
#include "sim/process/hosted.h"
#include "sim/scenario/scenario_priv.h"
#include "stack/syscall.h"

#define MAX_FILE ((size_t)1 << 30)

/* Registry key: its address. */
static const char key_scenario = 's';

struct scenario *scenario_of(lua_State *L)
{
	struct scenario *s;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_scenario);
	s = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return s;
}

struct scenario *scenario_building(lua_State *L, const char *what)
{
	struct scenario *s = scenario_of(L);

	if (lua_world_started(s->lw))
		scenario_error(L, "%s: the world is built before it runs; programs cannot change it",
			       what);
	return s;
}

void scenario_function(struct scenario *s, const char *name, lua_CFunction fn)
{
	lua_pushcfunction(lua_world_state(s->lw), fn);
	lua_world_add(s->lw, name);
}

/* ---- handles ----------------------------------------------------------------------------------- */

static int handle_eq(lua_State *L)
{
	struct handle *a = lua_touserdata(L, 1), *b = lua_touserdata(L, 2);

	lua_pushboolean(L, a && b && a->obj == b->obj);
	return 1;
}

int handle_method(lua_State *L, const char *type)
{
	const char *known[32], *best, *key = luaL_checkstring(L, 2);
	size_t n = 0;

	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	lua_sorted_keys(L, lua_upvalueindex(1));
	while (n < ARRAY_SIZE(known) &&
	       lua_rawgeti(L, -1, (lua_Integer)n + 1) == LUA_TSTRING) {
		known[n++] = lua_tostring(L, -1); /* the table keeps it */
		lua_pop(L, 1);
	}
	best = suggest(key, known, n);
	return scenario_error(L, best ? "a %s has no '%s'; did you mean '%s'?" : "a %s has no '%s'",
			      type, key, best);
}

static int handle_methods(lua_State *L)
{
	lua_getmetatable(L, 1);
	lua_getfield(L, -1, "__name");
	return handle_method(L, lua_tostring(L, -1));
}

static int handle_newindex(lua_State *L)
{
	return scenario_error(L, "what a scenario has made cannot be given fields");
}

/* index() sees the methods as its upvalue and falls back on them. */
void handle_type(lua_State *L, const char *type, const luaL_Reg *methods, lua_CFunction index)
{
	luaL_newmetatable(L, type);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_pushcclosure(L, index ? index : handle_methods, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, handle_eq);
	lua_setfield(L, -2, "__eq");
	lua_pushcfunction(L, handle_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

void handle_add_method(lua_State *L, const char *type, const char *name, lua_CFunction fn)
{
	luaL_getmetatable(L, type);
	lua_getfield(L, -1, "__index");
	lua_getupvalue(L, -1, 1);
	lua_pushcfunction(L, fn);
	lua_setfield(L, -2, name);
	lua_pop(L, 3);
}

void handle_push(lua_State *L, const char *type, void *obj)
{
	struct handle *h = lua_newuserdatauv(L, sizeof(*h), 0);

	h->obj = obj;
	h->next_port = 0;
	luaL_setmetatable(L, type);
}

struct handle *handle_test(lua_State *L, int idx, const char *type)
{
	return luaL_testudata(L, idx, type);
}

struct handle *handle_check(lua_State *L, int idx, const char *type)
{
	return luaL_checkudata(L, idx, type);
}

/* ---- scenario{} and param() -------------------------------------------------------------------- */

struct about {
	const char *about;
	nsec_t duration;
	const char *epoch;
};

/* "2026-01-01" or "2026-01-01 12:30:00", UTC */
static void set_epoch(lua_State *L, struct scenario *s, const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);

	if (end && *end)
		end = strptime(end, " %H:%M:%S", &tm);
	if (!end || *end || tm.tm_year < 70 || tm.tm_year > 200)
		scenario_error(L, "scenario: 'epoch' must be a date, as \"2026-01-01 12:00:00\", from "
				  "1970 to 2100; not '%s'", text);
	s->world->epoch = (nsec_t)timegm(&tm) * NSEC_PER_SEC;
}

static int l_scenario(lua_State *L)
{
	static const struct field fields[] = {
		FIELD(struct about, about, FIELD_STRING),
		FIELD(struct about, duration, FIELD_DURATION),
		FIELD(struct about, epoch, FIELD_STRING),
	};
	struct scenario *s = scenario_building(L, "scenario");
	struct about a = { .duration = s->duration };

	check_nargs(L, "scenario", 1);
	check_table(L, 1, "scenario", "scenario{duration = \"10s\"}");
	fields_parse(L, 1, "scenario", fields, ARRAY_SIZE(fields), &a, 0);
	if (a.duration < 1)
		return scenario_error(L, "scenario: 'duration' must be at least 1ns");
	if (a.epoch)
		set_epoch(L, s, a.epoch);
	free(s->about);
	s->about = xstrdup(a.about ? a.about : "");
	if (!s->opts.duration)
		s->duration = a.duration;
	return 0;
}

/* param(name, default): what --set name=value says, of the default's type. */
static int l_param(lua_State *L)
{
	struct scenario *s = scenario_building(L, "param");
	const char *name = luaL_checkstring(L, 1), *text = NULL;
	char *names;
	int type = lua_type(L, 2);

	if (type != LUA_TNUMBER && type != LUA_TBOOLEAN && type != LUA_TSTRING)
		return scenario_error(L, "param: the default must be a number, true, false or a string");
	check_nargs(L, "param", 2);
	if (asprintf(&names, "%s%s%s", s->params ? s->params : "", s->params ? ", " : "", name) < 0)
		abort();
	free(s->params);
	s->params = names;
	for (size_t i = 0; i < s->opts.nparams; i++) {
		if (!strcmp(s->opts.params[i].name, name)) {
			text = s->opts.params[i].value;
			s->param_used[i] = true;
		}
	}
	for (size_t i = 0; i < s->nkept && !text; i++) {
		if (!strcmp(s->kept[i].name, name))
			text = s->kept[i].value;
	}
	lua_settop(L, 2);
	if (!text)
		return 1;
	switch (lua_type(L, 2)) {
	case LUA_TNUMBER:
		if (!lua_stringtonumber(L, text))
			return scenario_error(L, "--set %s=%s: a number is needed", name, text);
		return 1;
	case LUA_TBOOLEAN:
		if (strcmp(text, "true") && strcmp(text, "false"))
			return scenario_error(L, "--set %s=%s: true or false is needed", name, text);
		lua_pushboolean(L, !strcmp(text, "true"));
		return 1;
	default:
		lua_pushstring(L, text);
		return 1;
	}
}

/* ---- loading ----------------------------------------------------------------------------------- */

int scenario_read_file(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	FILE *f = fopen(path, "rb");
	size_t cap = 65536, n;
	int e;

	*text = NULL;
	*len = 0;
	if (f) {
		*text = xrealloc(NULL, cap);
		while ((n = fread(*text + *len, 1, cap - *len, f)) > 0 && *len < MAX_FILE) {
			*len += n;
			if (*len == cap)
				*text = xrealloc(*text, cap *= 2);
		}
		e = ferror(f) ? errno : *len >= MAX_FILE ? EFBIG : 0;
		fclose(f);
		if (!e)
			return 0;
		free(*text);
		*text = NULL;
	} else {
		e = errno;
	}
	if (asprintf(err, "%s: %s", path, strerror(e)) < 0)
		abort();
	return -e;
}

/* Lua shortens long names of files ("...end.lua:3: text"): gives back the whole. */
static char *whole_path(const char *path, const char *msg)
{
	size_t len = strcspn(msg, ":"), plen = strlen(path);
	char *whole;

	if (len < 4 || strncmp(msg, "...", 3) || plen < len - 3 ||
	    strncmp(path + plen - (len - 3), msg + 3, len - 3)) {
		/* No place at all: the call was the last thing of a function, which Lua forgets. */
		if (strchr(msg, ':'))
			return xstrdup(msg);
		if (asprintf(&whole, "%s: %s", path, msg) < 0)
			abort();
		return whole;
	}
	if (asprintf(&whole, "%s%s", path, msg + len) < 0)
		abort();
	return whole;
}

static int run_text(struct scenario *s, char **err)
{
	lua_State *L = lua_world_state(s->lw);
	char *text, *chunk;
	size_t len;
	int st;

	if (s->opts.read(s->opts.read_ctx, s->opts.path, &text, &len, err))
		return -1;
	trace_file(s->opts.trace, s->opts.path, text, len);
	if (asprintf(&chunk, "@%s", s->opts.path) < 0)
		abort();
	st = lua_world_load(L, text, len, chunk);
	free(text);
	free(chunk);
	if (st == LUA_OK)
		st = lua_pcall(L, 0, 0, 0);
	if (st != LUA_OK)
		*err = whole_path(s->opts.path, lua_type(L, -1) == LUA_TSTRING ?
							lua_tostring(L, -1) :
							"an error that is not a string");
	lua_settop(L, 0);
	return st == LUA_OK ? 0 : -1;
}

static int check_params(struct scenario *s, char **err)
{
	for (size_t i = 0; i < s->opts.nparams; i++) {
		if (s->param_used[i])
			continue;
		if (asprintf(err, "%s: it has no parameter '%s', which --set gives; it has %s",
			     s->opts.path, s->opts.params[i].name, s->params ? s->params : "none") < 0)
			abort();
		return -1;
	}
	return 0;
}

static int add_api(lua_State *L)
{
	struct scenario *s = lua_touserdata(L, 1);

	lua_pushlightuserdata(L, s);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_scenario);
	scenario_function(s, "scenario", l_scenario);
	scenario_function(s, "param", l_param);
	scenario_open_host(s);
	scenario_open_nic(s);
	scenario_open_link(s);
	scenario_open_program(s);
	scenario_open_rule(s);
	scenario_open_check(s);
	scenario_open_file(s);
	scenario_open_schedule(s);
	return 0;
}

static bool open_api(struct scenario *s)
{
	lua_State *L = lua_world_state(s->lw);
	bool ok;

	lua_pushcfunction(L, add_api);
	lua_pushlightuserdata(L, s);
	ok = lua_pcall(L, 1, 0, 0) == LUA_OK;
	lua_settop(L, 0);
	return ok;
}

static void trace_facts(struct scenario *s)
{
	struct trace *tr = s->opts.trace;
	char buf[64];

	trace_run(tr, "version", SOCKLOOM_VERSION);
	snprintf(buf, sizeof(buf), "%d", TRACE_SCHEMA_VERSION);
	trace_run(tr, "schema", buf);
	trace_run(tr, "scenario", s->opts.path);
	snprintf(buf, sizeof(buf), "%" PRIu64, s->opts.seed);
	trace_run(tr, "seed", buf);
	trace_run(tr, "level", trace_level_name(trace_get_level(tr)));
	for (size_t i = 0; i < s->opts.nparams; i++) {
		char *key;

		if (asprintf(&key, "set.%s", s->opts.params[i].name) < 0)
			abort();
		trace_run(tr, key, s->opts.params[i].value);
		free(key);
	}
}

struct scenario *scenario_load(const struct scenario_opts *o, char **err)
{
	struct scenario *s = xcalloc(1, sizeof(*s));
	struct lua_limits lim;
	char buf[64];

	s->opts = *o;
	if (!s->opts.read)
		s->opts.read = scenario_read_file;
	s->duration = o->duration ? o->duration : SCENARIO_DURATION;
	s->about = xstrdup("");
	s->param_used = xcalloc(o->nparams + 1, sizeof(*s->param_used));
	s->world = world_new(o->seed, o->strategy, o->trace);
	skb_world_init(s->world);
	stack_world_init(s->world);
	lua_limits_default(&lim);
	if (o->memory)
		lim.memory = o->memory;
	if (o->instructions)
		lim.instructions = o->instructions;
	s->lw = lua_world_new(s->world, &lim);
	if (!s->lw || !open_api(s)) {
		*err = xstrdup("not enough memory for the libraries");
		scenario_free(s);
		return NULL;
	}
	trace_facts(s);
	if (run_text(s, err) || check_params(s, err) || scenario_apply_schedule(s, err)) {
		scenario_free(s);
		return NULL;
	}
	snprintf(buf, sizeof(buf), "%" PRId64, s->duration);
	trace_run(o->trace, "duration", buf);
	lua_world_start(s->lw);
	return s;
}

struct world *scenario_world(struct scenario *s)
{
	return s->world;
}

const char *scenario_about(const struct scenario *s)
{
	return s->about;
}

nsec_t scenario_duration(const struct scenario *s)
{
	return s->duration;
}

void scenario_set_duration(struct scenario *s, nsec_t duration)
{
	s->duration = duration;
}

enum sim_stop scenario_run(struct scenario *s, nsec_t until)
{
	return sim_run(&s->world->sim, min(until, s->duration));
}

void scenario_finish(struct scenario *s, enum sim_stop why)
{
	static const char *const outcomes[] = {
		[SIM_RUNNING] = "running", [SIM_IDLE] = "idle", [SIM_TIME_LIMIT] = "time limit",
		[SIM_STOPPED] = "stopped",
	};
	struct world *w = s->world;
	struct trace *tr = s->opts.trace;
	char buf[64];

	syscall_trace_unfinished(w);
	world_report(w);
	nic_report_counters(w);
	for (u32 i = 1; i <= w->nhosts; i++) {
		if (w->hosts[i]->net)
			net_report_counters(w->hosts[i]->net);
	}
	snprintf(buf, sizeof(buf), "%" PRId64, w->sim.now);
	trace_run(tr, "end_time", buf);
	snprintf(buf, sizeof(buf), "%" PRIu64, w->sim.nevents);
	trace_run(tr, "events", buf);
	snprintf(buf, sizeof(buf), "%016" PRIx64, trace_hash(tr));
	trace_run(tr, "hash", buf);
	trace_run(tr, "outcome", outcomes[why]);
}

void scenario_free(struct scenario *s)
{
	struct hosted_world *hosted;

	if (!s)
		return;
	for (size_t i = 0; i < s->nchecks; i++) {
		free(s->checks[i].name);
		free(s->checks[i].sql);
		free(s->checks[i].where);
	}
	free(s->checks);
	/* Programs hold coroutines: the world goes first, then the state that they live in. */
	hosted = s->world->hosted;
	world_destroy(s->world);
	lua_world_free(s->lw);
	hosted_world_free(hosted);
	scenario_free_schedule(s);
	free(s->param_used);
	free(s->params);
	sqlite3_close(s->schema);
	free(s->about);
	free(s);
}

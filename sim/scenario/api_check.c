/* SPDX-License-Identifier: MIT */
/*
 * check(name, predicate): what must hold after the run.
 *
 * The predicate is a SELECT over the trace (its first value must not be 0, NULL or empty), or a function
 * that gets a query function and returns true, or false and a message.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_sqlite.h"
#include "sim/host/host.h"
#include "sim/process/hosted.h"
#include "sim/scenario/scenario_priv.h"

static sqlite3_stmt *prepare(struct sqlite3 *db, enum trace_level level, const char *sql, char *why,
			     size_t len);

/* A database with the tables of a trace and nothing in them. */
static struct sqlite3 *empty_trace(void)
{
	struct sqlite3 *db;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK)
		abort();
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);
		char *sql = sqlite3_mprintf("CREATE TABLE %s(seq INTEGER PRIMARY KEY", d->name);

		for (int c = 0; c < d->ncolumns; c++)
			sql = sqlite3_mprintf("%z, %s %s", sql, d->columns[c].name,
					      d->columns[c].decl);
		sql = sqlite3_mprintf("%z)", sql);
		sqlite3_exec(db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	for (const struct trace_view *v = trace_views(); v->name; v++) {
		char *sql = sqlite3_mprintf("CREATE VIEW %s AS %s", v->name, v->select);

		sqlite3_exec(db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	return db;
}

/* Mistakes in SQL are found before anything runs. */
static void compile_only(lua_State *L, struct scenario *s, const char *sql)
{
	char why[256];
	sqlite3_stmt *st;

	if (!s->schema)
		s->schema = empty_trace();
	st = prepare(s->schema, TRACE_ALL, sql, why, sizeof(why));
	if (!st)
		scenario_error(L, "check: %s", why);
	sqlite3_finalize(st);
}

static int l_check(lua_State *L)
{
	struct scenario *s = scenario_building(L, "check");
	const char *name = luaL_checkstring(L, 1);
	struct check *c;

	check_nargs(L, "check", 2);
	for (size_t i = 0; i < s->nchecks; i++) {
		if (!strcmp(s->checks[i].name, name))
			return scenario_error(L, "check: the name '%s' is taken", name);
	}
	if (lua_type(L, 2) != LUA_TSTRING && !lua_isfunction(L, 2))
		return scenario_error(L, "check: a SELECT or a function is needed, not %s",
				      luaL_typename(L, 2));
	if (lua_type(L, 2) == LUA_TSTRING)
		compile_only(L, s, lua_tostring(L, 2));
	s->checks = xrealloc(s->checks, (s->nchecks + 1) * sizeof(*s->checks));
	c = &s->checks[s->nchecks];
	*c = (struct check){ .name = xstrdup(name), .fn = LUA_NOREF };
	luaL_where(L, 1);
	c->where = xstrdup(lua_tostring(L, -1));
	lua_pop(L, 1);
	if (lua_type(L, 2) == LUA_TSTRING) {
		c->sql = xstrdup(lua_tostring(L, 2));
	} else {
		lua_settop(L, 2);
		c->fn = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	s->nchecks++;
	return 0;
}

/* Notes which tables a statement reads, those behind views included. */
static int note_table(void *ctx, int action, const char *table, const char *column, const char *db,
		      const char *view)
{
	u32 *tables = ctx;

	for (int t = TT_INVALID + 1; action == SQLITE_READ && t < TT_NTABLES; t++) {
		if (!strcmp(trace_table_desc((enum trace_table)t)->name, table))
			*tables |= 1u << t;
	}
	return SQLITE_OK;
}

u32 scenario_check_tables(struct scenario *s)
{
	u32 tables = 0;

	for (size_t i = 0; i < s->nchecks; i++) {
		sqlite3_stmt *st = NULL;

		if (!s->checks[i].sql)
			return ~0u;
		sqlite3_set_authorizer(s->schema, note_table, &tables);
		sqlite3_prepare_v2(s->schema, s->checks[i].sql, -1, &st, NULL);
		sqlite3_set_authorizer(s->schema, NULL, NULL);
		sqlite3_finalize(st);
	}
	return tables;
}

/* ---- queries ----------------------------------------------------------------------------------- */

/* Refuses tables that the run's level left empty: a count of 0 there would prove nothing. */
static int authorize(void *ctx, int action, const char *table, const char *column, const char *db,
		     const char *view)
{
	static const char *const unstable[] = { "random", "randomblob", "date", "time", "datetime",
						"julianday", "unixepoch", "strftime", "timediff",
						"load_extension", "current_date", "current_time",
						"current_timestamp" };
	const enum trace_level *level = ctx;

	for (size_t i = 0; action == SQLITE_FUNCTION && i < ARRAY_SIZE(unstable); i++) {
		if (!sqlite3_stricmp(column, unstable[i]))
			return SQLITE_DENY;
	}
	if (action == SQLITE_FUNCTION || action == SQLITE_SELECT || action == SQLITE_RECURSIVE)
		return SQLITE_OK;
	if (action != SQLITE_READ)
		return SQLITE_DENY;
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);

		if (!strcmp(d->name, table) && d->level > *level)
			return SQLITE_DENY;
	}
	return SQLITE_OK;
}

static sqlite3_stmt *prepare(struct sqlite3 *db, enum trace_level level, const char *sql, char *why,
			     size_t len)
{
	sqlite3_stmt *st = NULL;
	const char *tail;
	int rc;

	sqlite3_set_authorizer(db, authorize, &level);
	rc = sqlite3_prepare_v2(db, sql, -1, &st, &tail);
	sqlite3_set_authorizer(db, NULL, NULL);
	if (rc == SQLITE_AUTH && level < TRACE_ALL)
		snprintf(why, len, "it reads what --trace=%s does not record", trace_level_name(level));
	else if (rc != SQLITE_OK)
		snprintf(why, len, "%s", sqlite3_errmsg(db));
	else if (!st || !sqlite3_stmt_readonly(st))
		snprintf(why, len, "only a SELECT can be asked");
	else if (tail[strspn(tail, " \t\n;")])
		snprintf(why, len, "one statement only");
	else
		return st;
	sqlite3_finalize(st);
	return NULL;
}

static void push_cell(lua_State *L, sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		lua_pushinteger(L, sqlite3_column_int64(st, i));
		break;
	case SQLITE_FLOAT:
		lua_pushnumber(L, sqlite3_column_double(st, i));
		break;
	case SQLITE_NULL:
		lua_pushnil(L);
		break;
	default:
		lua_pushlstring(L, sqlite3_column_blob(st, i), (size_t)sqlite3_column_bytes(st, i));
	}
}

/* On an error the statement is gone. */
static void bind_args(lua_State *L, sqlite3_stmt *st, int first)
{
	int n = lua_gettop(L) - first + 1, want = sqlite3_bind_parameter_count(st);

	for (int i = first; i <= lua_gettop(L) && n == want; i++) {
		if (!lua_isnumber(L, i) && !lua_isstring(L, i))
			n = -1;
	}
	if (n != want) {
		sqlite3_finalize(st);
		luaL_error(L, "the query needs %d values, numbers or strings", want);
	}
	for (int i = first; i <= lua_gettop(L); i++) {
		int at = i - first + 1;

		if (lua_isinteger(L, i))
			sqlite3_bind_int64(st, at, lua_tointeger(L, i));
		else if (lua_isnumber(L, i))
			sqlite3_bind_double(st, at, lua_tonumber(L, i));
		else
			sqlite3_bind_text(st, at, luaL_checkstring(L, i), -1, SQLITE_TRANSIENT);
	}
}

/* q(sql, ...) -> the columns of the first row; q.rows(sql, ...) -> all rows, as tables by column */
static int query_first(lua_State *L)
{
	struct scenario *s = scenario_of(L);
	char why[256];
	sqlite3_stmt *st = prepare(s->db, s->level, luaL_checkstring(L, 1), why, sizeof(why));
	int rc, n = 0;

	if (!st)
		return luaL_error(L, "%s", why);
	bind_args(L, st, 2);
	luaL_checkstack(L, sqlite3_column_count(st) + LUA_MINSTACK, "too many columns");
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		n = sqlite3_column_count(st);
		for (int i = 0; i < n; i++)
			push_cell(L, st, i);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? n : luaL_error(L, "%s", sqlite3_errmsg(s->db));
}

static int query_rows(lua_State *L)
{
	struct scenario *s = scenario_of(L);
	char why[256];
	sqlite3_stmt *st = prepare(s->db, s->level, luaL_checkstring(L, 1), why, sizeof(why));
	lua_Integer row = 0;

	if (!st)
		return luaL_error(L, "%s", why);
	bind_args(L, st, 2);
	lua_newtable(L);
	while (sqlite3_step(st) == SQLITE_ROW) {
		lua_createtable(L, 0, sqlite3_column_count(st));
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			push_cell(L, st, i);
			lua_setfield(L, -2, sqlite3_column_name(st, i));
		}
		lua_rawseti(L, -2, ++row);
	}
	sqlite3_finalize(st);
	return 1;
}

/* ---- evaluation -------------------------------------------------------------------------------- */

static bool truthy(sqlite3_stmt *st)
{
	switch (sqlite3_column_type(st, 0)) {
	case SQLITE_NULL:
		return false;
	case SQLITE_TEXT:
	case SQLITE_BLOB:
		return sqlite3_column_bytes(st, 0) > 0;
	default:
		return sqlite3_column_double(st, 0) != 0;
	}
}

static bool eval_sql(struct scenario *s, const struct check *c, char *why, size_t len)
{
	sqlite3_stmt *st = prepare(s->db, s->level, c->sql, why, len);
	bool ok = false;
	int rc;

	if (!st)
		return false;
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW) {
		snprintf(why, len, "%s", rc == SQLITE_DONE ? "the query gave no row" :
							     sqlite3_errmsg(s->db));
	} else {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		ok = truthy(st);
		if (!ok)
			snprintf(why, len, "the query gave %s", text ? text : "NULL");
	}
	sqlite3_finalize(st);
	return ok;
}

static bool eval_function(struct scenario *s, const struct check *c, char *why, size_t len)
{
	lua_State *L = lua_world_state(s->lw);
	bool ok;

	lua_world_count_anew(s->lw);
	lua_rawgeti(L, LUA_REGISTRYINDEX, c->fn);
	lua_pushcfunction(L, query_first);
	lua_pushcfunction(L, query_rows);
	if (lua_pcall(L, 2, 2, 0) != LUA_OK) {
		snprintf(why, len, "%s", lua_tostring(L, -1) ? lua_tostring(L, -1) : "error");
		lua_settop(L, 0);
		return false;
	}
	ok = lua_toboolean(L, -2);
	if (!ok)
		snprintf(why, len, "%s", lua_isstring(L, -1) ? lua_tostring(L, -1) :
							       "the function returned false");
	lua_settop(L, 0);
	return ok;
}

static u32 report_stuck(struct scenario *s, u32 *limits,
			void (*report)(void *, const char *, bool, const char *), void *ctx)
{
	const struct hosted_failure *f = hosted_failure(s->world);
	char name[128];

	if (!f)
		return 0;
	snprintf(name, sizeof(name), "program %s of host %s, tid %d, makes calls", f->name,
		 f->host->name, f->tid);
	trace_check_result(s->opts.trace, name, false, f->message);
	report(ctx, name, false, f->message);
	++*limits;
	return 1;
}

/* Programs that broke are reported as checks of their own: nobody has to ask for that. */
static u32 report_failures(struct scenario *s, u32 *limits,
			   void (*report)(void *, const char *, bool, const char *), void *ctx)
{
	size_t n;
	const struct lua_failure *f = lua_world_failures(s->lw, &n);

	for (size_t i = 0; i < n; i++) {
		char name[128];

		snprintf(name, sizeof(name), "program of host %s, tid %d, ends without an error",
			 f[i].host->name, f[i].tid);
		*limits += f[i].limit;
		trace_check_result(s->opts.trace, name, false, f[i].message);
		report(ctx, name, false, f[i].message);
	}
	return (u32)n + report_stuck(s, limits, report, ctx);
}

struct scenario_verdict scenario_check(struct scenario *s, struct sqlite3 *db, enum trace_level level,
				       void (*report)(void *ctx, const char *name, bool ok,
						      const char *message),
				       void *ctx)
{
	struct scenario_verdict v = { .checks = (u32)s->nchecks };

	s->db = db;
	s->level = level;
	v.failures = report_failures(s, &v.limits, report, ctx);
	for (size_t i = 0; i < s->nchecks; i++) {
		const struct check *c = &s->checks[i];
		char why[512] = "", text[640];
		bool ok;

		ok = c->sql ? eval_sql(s, c, why, sizeof(why)) : eval_function(s, c, why, sizeof(why));
		snprintf(text, sizeof(text), "%s%s", c->where, why);
		v.failed += !ok;
		trace_check_result(s->opts.trace, c->name, ok, ok ? NULL : text);
		report(ctx, c->name, ok, ok ? NULL : text);
	}
	s->db = NULL;
	return v;
}

void scenario_open_check(struct scenario *s)
{
	scenario_function(s, "check", l_check);
}

/* SPDX-License-Identifier: MIT */
/*
 * The base library of scenarios and programs, without what could tell one run from another.
 *
 * Compared with Lua 5.4's: pairs() and next() go through keys in order (numbers, strings, false, true)
 * and refuse keys that have none; tostring() shows no address; setmetatable() refuses __gc, __mode and
 * __close, by which collections could be seen; there is no load, dofile, require, collectgarbage,
 * coroutine, io, os, debug. include() of the scenario layer takes dofile's place.
 */
#include <limits.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/process/lua_priv.h"

/* ---- order of keys ------------------------------------------------------------------------------- */

static int key_rank(lua_State *L, int idx)
{
	switch (lua_type(L, idx)) {
	case LUA_TNUMBER:
		return 0;
	case LUA_TSTRING:
		return 1;
	case LUA_TBOOLEAN:
		return 2;
	default:
		/* Which key it is depends on the hash, hence is not told. */
		return luaL_error(L, "the table has no stable order: keys must be numbers, strings or "
				     "booleans");
	}
}

static bool key_less(lua_State *L, int a, int b)
{
	int ra = key_rank(L, a), rb = key_rank(L, b);

	if (ra != rb)
		return ra < rb;
	if (ra == 1) {
		size_t la, lb;
		const char *sa = lua_tolstring(L, a, &la), *sb = lua_tolstring(L, b, &lb);
		int c = memcmp(sa, sb, la < lb ? la : lb);

		return c ? c < 0 : la < lb;
	}
	if (ra == 2)
		return !lua_toboolean(L, a) && lua_toboolean(L, b);
	return lua_compare(L, a, b, LUA_OPLT);
}

/* Pushes the array of t's keys, unordered; true when they are 1..n in order already. */
static bool push_keys(lua_State *L, int t)
{
	lua_Integer n = 0;
	bool sorted = true;

	lua_newtable(L);
	lua_pushnil(L);
	while (lua_next(L, t)) {
		lua_pop(L, 1);
		n++;
		key_rank(L, -1);
		if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) != n)
			sorted = false;
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, n);
	}
	return sorted;
}

/* Merges keys[lo, mid) and keys[mid, hi) of the table at a into the one at b. */
static void merge_keys(lua_State *L, int a, int b, lua_Integer lo, lua_Integer mid, lua_Integer hi)
{
	lua_Integer i = lo, j = mid;

	for (lua_Integer k = lo; k < hi; k++) {
		bool left = j >= hi;

		if (i < mid && j < hi) {
			lua_rawgeti(L, a, i);
			lua_rawgeti(L, a, j);
			left = !key_less(L, lua_gettop(L), lua_gettop(L) - 1);
			lua_pop(L, 2);
		}
		lua_rawgeti(L, a, left ? i++ : j++);
		lua_rawseti(L, b, k);
	}
}

/* Sorts the array on top of the stack, bottom up. */
static void sort_keys(lua_State *L)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
	int a = lua_gettop(L), b;

	lua_createtable(L, (int)n, 0);
	b = a + 1;
	for (lua_Integer width = 1; width < n; width *= 2) {
		int tmp = a;

		for (lua_Integer lo = 1; lo <= n; lo += 2 * width)
			merge_keys(L, a, b, lo, min(lo + width, n + 1), min(lo + 2 * width, n + 1));
		a = b;
		b = tmp;
	}
	lua_pushvalue(L, a);
	lua_replace(L, min(a, b));
	lua_settop(L, min(a, b));
}

void lua_sorted_keys(lua_State *L, int idx)
{
	idx = lua_absindex(L, idx);
	luaL_checkstack(L, LUA_MINSTACK, NULL);
	if (!push_keys(L, idx))
		sort_keys(L);
}

/* Upvalues: keys, position. Called with (t, last key). */
int lua_pairs_next(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));

	for (;;) {
		lua_pushinteger(L, ++i);
		lua_replace(L, lua_upvalueindex(2));
		if (lua_rawgeti(L, lua_upvalueindex(1), i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		/* Keys that the loop removed are passed by. */
		if (lua_rawget(L, 1) != LUA_TNIL)
			return 2;
		lua_pop(L, 2);
	}
}

static int base_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_pushvalue(L, 1);
		lua_call(L, 1, 3);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	lua_sorted_keys(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, lua_pairs_next, 2);
	lua_pushvalue(L, 1);
	return 2;
}

static int base_next(lua_State *L)
{
	bool found = false;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	if (!lua_isnil(L, 2))
		key_rank(L, 2);
	/* The least key above the given one. */
	lua_pushnil(L);
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		key_rank(L, -1);
		if (!lua_isnil(L, 2) && !key_less(L, 2, 4))
			continue;
		if (found && !key_less(L, 4, 3))
			continue;
		found = true;
		lua_pushvalue(L, -1);
		lua_replace(L, 3);
	}
	if (!found)
		return lua_pushnil(L), 1;
	lua_settop(L, 3);
	lua_pushvalue(L, 3);
	lua_rawget(L, 1);
	return 2;
}

/* ---- text ---------------------------------------------------------------------------------------- */

static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	switch (lua_type(L, 1)) {
	case LUA_TTABLE:
	case LUA_TFUNCTION:
	case LUA_TUSERDATA:
	case LUA_TLIGHTUSERDATA:
	case LUA_TTHREAD:
		if (luaL_getmetafield(L, 1, "__tostring") != LUA_TNIL) {
			lua_pushvalue(L, 1);
			lua_call(L, 1, 1);
			if (!lua_isstring(L, -1))
				luaL_error(L, "'__tostring' must return a string");
			return 1;
		}
		lua_pushstring(L, luaL_typename(L, 1));
		return 1;
	default:
		luaL_tolstring(L, 1, NULL);
		return 1;
	}
}

static int base_print(lua_State *L)
{
	struct lua_world *lw = lua_world_of(L);
	struct lua_task *t = lua_task_maybe(L);
	int n = lua_gettop(L);
	luaL_Buffer b;
	const char *text;
	size_t len;

	for (int i = 1; i <= n; i++) {
		lua_pushcfunction(L, base_tostring);
		lua_pushvalue(L, i);
		lua_call(L, 1, 1);
		lua_replace(L, i);
	}
	luaL_buffinit(L, &b);
	for (int i = 1; i <= n; i++) {
		if (i > 1)
			luaL_addchar(&b, '\t');
		lua_pushvalue(L, i);
		luaL_addvalue(&b);
	}
	luaL_addchar(&b, '\n');
	luaL_pushresult(&b);
	text = lua_tolstring(L, -1, &len);
	trace_log(lw->world->sim.trace, lw->world->sim.now, t ? t->u->task->host->id : 0,
		  t ? t->u->task->tid : 0, "stdout", text, len);
	return 0;
}

/* ---- metatables ---------------------------------------------------------------------------------- */

static int base_setmetatable(lua_State *L)
{
	static const char *const refused[] = { "__gc", "__mode", "__close" };

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	for (size_t i = 0; lua_istable(L, 2) && i < ARRAY_SIZE(refused); i++) {
		lua_pushstring(L, refused[i]);
		lua_rawget(L, 2);
		if (!lua_isnil(L, -1))
			return luaL_error(L, "%s is not available: it would show garbage collection",
					  refused[i]);
		lua_pop(L, 1);
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

/*
 * Protected calls count as instructions, and only so many may be nested: a recursion through them that
 * fails at its deepest level again and again takes few instructions, but long.
 */
#define PCALL_INSTRUCTIONS 100
#define ERROR_INSTRUCTIONS 1000
#define PCALL_DEPTH 150

static int *pcall_depth(lua_State *L)
{
	struct lua_task *t = lua_task_maybe(L);

	return t ? &t->protected_calls : &lua_world_of(L)->protected_calls;
}

/* lua_pcallk() of the nargs values above the function, all of which it takes. */
static int protected_call(lua_State *L, int nargs, int nresults, lua_KFunction k)
{
	lua_charge(L, PCALL_INSTRUCTIONS);
	if (*pcall_depth(L) == PCALL_DEPTH)
		return luaL_error(L, "more than %d protected calls inside each other", PCALL_DEPTH);
	++*pcall_depth(L);
	return k(L, lua_pcallk(L, nargs, nresults, 0, 0, k), 0);
}

/* Did it end without an error? */
static bool protected_ok(lua_State *L, int status)
{
	--*pcall_depth(L);
	if (status == LUA_OK || status == LUA_YIELD)
		return true;
	lua_charge(L, ERROR_INSTRUCTIONS);
	return false;
}

static int k_pcall(lua_State *L, int status, lua_KContext ctx)
{
	if (protected_ok(L, status))
		return lua_gettop(L); /* true, which base_pcall() put there, and the results */
	lua_pushboolean(L, false);
	lua_insert(L, -2);
	return 2;
}

static int base_pcall(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushboolean(L, true);
	lua_insert(L, 1);
	return protected_call(L, lua_gettop(L) - 2, LUA_MULTRET, k_pcall);
}

/* Handler and error have become the result. */
static int k_handled(lua_State *L, int status, lua_KContext ctx)
{
	protected_ok(L, status);
	lua_pushboolean(L, false);
	lua_insert(L, -2);
	return 2;
}

/* Stack: handler, then the function's results or its error. */
static int k_xpcall(lua_State *L, int status, lua_KContext ctx)
{
	if (protected_ok(L, status)) {
		lua_pushboolean(L, true);
		lua_replace(L, 1);
		return lua_gettop(L);
	}
	lua_pushvalue(L, 1);
	lua_insert(L, -2);
	return protected_call(L, 1, 1, k_handled);
}

/*
 * The handler runs after the stack was unwound, which programs cannot tell. The standard one's runs on
 * top of the error, and when that is the limit on instructions, where no limit holds any more.
 */
static int base_xpcall(lua_State *L)
{
	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, 2);
	lua_replace(L, 1);
	lua_replace(L, 2);
	return protected_call(L, lua_gettop(L) - 2, LUA_MULTRET, k_xpcall);
}

/* As the standard one, but not a way around the seal of the libraries. */
static int base_rawset(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkany(L, 2);
	luaL_checkany(L, 3);
	lua_settop(L, 3);
	if (lua_is_library(L, 1))
		return luaL_error(L, "libraries cannot be changed: all programs share them");
	lua_rawset(L, 1);
	return 1;
}

/* Functions of the standard library that are taken as they are. */
static void take(lua_State *L, lua_CFunction open, const char *const *names)
{
	int to = lua_gettop(L), from;

	/* luaopen_base() fills the globals: give it a table of its own. */
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_newtable(L);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
	from = lua_gettop(L);
	for (; *names; names++) {
		lua_getfield(L, from, *names);
		assert(!lua_isnil(L, -1));
		lua_setfield(L, to, *names);
	}
	lua_pop(L, 1);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

void lua_open_base(lua_State *L)
{
	static const char *const names[] = { "assert", "error", "getmetatable", "ipairs",
					     "rawequal", "rawget", "rawlen", "select",
					     "tonumber", "type", "_VERSION", NULL };
	static const luaL_Reg regs[] = {
		{ "pairs", base_pairs },	       { "next", base_next },
		{ "tostring", base_tostring },	       { "print", base_print },
		{ "setmetatable", base_setmetatable }, { "rawset", base_rawset },
		{ "pcall", base_pcall },
		{ "xpcall", base_xpcall },
		{ NULL, NULL },
	};

	take(L, luaopen_base, names);
	lua_add_functions(L, regs);
}

/* ---- table --------------------------------------------------------------------------------------- */

/* Is the value at b to come before the one at a? The order function, when given, is at index 2. */
static bool value_less(lua_State *L, int a, int b)
{
	bool less;

	if (lua_isnil(L, 2))
		return lua_compare(L, a, b, LUA_OPLT);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a);
	lua_pushvalue(L, b);
	lua_call(L, 2, 1);
	less = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return less;
}

static void merge_values(lua_State *L, int a, int b, lua_Integer lo, lua_Integer mid,
			 lua_Integer hi)
{
	lua_Integer i = lo, j = mid;

	for (lua_Integer k = lo; k < hi; k++) {
		bool left = j >= hi;

		if (i < mid && j < hi) {
			int top = lua_gettop(L);

			lua_rawgeti(L, a, i);
			lua_rawgeti(L, a, j);
			left = !value_less(L, top + 2, top + 1);
			lua_settop(L, top);
		}
		lua_rawgeti(L, a, left ? i++ : j++);
		lua_rawseti(L, b, k);
	}
}

/*
 * A stable merge sort. The library's quicksort takes its pivot from the clock for large arrays, which
 * shows in the order of equal elements. It works on copies: a comparison that fails leaves the table
 * as it was.
 */
static int table_sort(lua_State *L)
{
	lua_Integer n;
	int a = 3, b = 4;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (!lua_isnoneornil(L, 2))
		luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_settop(L, 2);
	n = luaL_len(L, 1);
	luaL_argcheck(L, n < INT_MAX, 1, "array too big");
	lua_newtable(L);
	lua_newtable(L);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_geti(L, 1, i);
		lua_rawseti(L, a, i);
	}
	for (lua_Integer width = 1; width < n; width *= 2) {
		int tmp = a;

		for (lua_Integer lo = 1; lo <= n; lo += 2 * width)
			merge_values(L, a, b, lo, min(lo + width, n + 1),
				     min(lo + 2 * width, n + 1));
		a = b;
		b = tmp;
	}
	for (lua_Integer i = 1; n > 1 && i <= n; i++) {
		lua_rawgeti(L, a, i);
		lua_seti(L, 1, i);
	}
	return 0;
}

void lua_open_tables(lua_State *L)
{
	static const char *const names[] = { "concat", "insert", "move", "pack", "remove", "unpack",
					     NULL };
	static const luaL_Reg regs[] = { { "sort", table_sort }, { NULL, NULL } };

	lua_newtable(L);
	take(L, luaopen_table, names);
	lua_add_functions(L, regs);
	lua_seal(L);
	lua_setfield(L, -2, "table");
	lua_newtable(L);
	take(L, luaopen_utf8, (const char *const[]){ "char", "charpattern", "codepoint", "codes",
						     "len", "offset", NULL });
	lua_seal(L);
	lua_setfield(L, -2, "utf8");
}

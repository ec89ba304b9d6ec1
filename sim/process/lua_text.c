/* SPDX-License-Identifier: MIT */
/*
 * The string and math libraries: the standard ones, with format() and random() replaced.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/process/lua_priv.h"

/* ---- string -------------------------------------------------------------------------------------- */

/* %p would show an address, and %s of a table as well: values go through our tostring() first. */
static int string_format(lua_State *L)
{
	const char *f = luaL_checkstring(L, 1);
	int n = lua_gettop(L), arg = 1;

	for (; *f; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == '%')
			continue;
		while (*f && strchr("-+ #0123456789.", *f))
			f++;
		arg++;
		if (*f == 'p')
			return luaL_error(L, "%%p is not available: addresses differ between runs");
		if (*f == 's' && arg <= n && !lua_isstring(L, arg)) {
			lua_pushvalue(L, lua_upvalueindex(2));
			lua_pushvalue(L, arg);
			lua_call(L, 1, 1);
			lua_replace(L, arg);
		}
		if (!*f)
			break;
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	if (lua_pcall(L, n, 1, 0) == LUA_OK)
		return 1;
	/* Its caller is this function, which has no line. */
	luaL_where(L, 1);
	lua_insert(L, -2);
	lua_concat(L, 2);
	return lua_error(L);
}

void lua_open_strings(lua_State *L)
{
	int api = lua_gettop(L);

	luaL_requiref(L, "string", luaopen_string, 0);
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_getfield(L, -1, "format");
	lua_getfield(L, api, "tostring");
	lua_pushcclosure(L, string_format, 2);
	lua_setfield(L, -2, "format");
	lua_pushvalue(L, -1);
	lua_seal(L);
	lua_setfield(L, api, "string");
	/* Methods of strings ("x"):rep(3) come from their metatable, which must not change. */
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_settop(L, api);
}

/* ---- math ---------------------------------------------------------------------------------------- */

static struct rng *stream_of(lua_State *L)
{
	struct lua_task *t = lua_task_maybe(L);

	if (!t)
		return &lua_world_of(L)->rng;
	if (!t->proc->rng_ready) {
		rng_init(&t->proc->rng, t->proc->lw->world->sim.seed, t->u->task->host->id,
			 RNG_PROGRAM, (u64)t->u->task->proc->pid);
		t->proc->rng_ready = true;
	}
	return &t->proc->rng;
}

/* math.random of Lua 5.4, from the process's own stream. */
static int math_random(lua_State *L)
{
	struct rng *r = stream_of(L);
	lua_Integer lo = 1, hi;
	u64 range, limit, v;

	switch (lua_gettop(L)) {
	case 0:
		lua_pushnumber(L, (lua_Number)(rng_u64(r) >> 11) * 0x1p-53);
		return 1;
	case 1:
		hi = luaL_checkinteger(L, 1);
		if (!hi) {
			lua_pushinteger(L, (lua_Integer)rng_u64(r));
			return 1;
		}
		break;
	case 2:
		lo = luaL_checkinteger(L, 1);
		hi = luaL_checkinteger(L, 2);
		break;
	default:
		return luaL_error(L, "wrong number of arguments");
	}
	luaL_argcheck(L, lo <= hi, lua_gettop(L), "interval is empty");
	range = (u64)hi - (u64)lo + 1;
	v = rng_u64(r);
	if (range) {
		limit = UINT64_MAX - UINT64_MAX % range;
		while (v >= limit)
			v = rng_u64(r);
		v %= range;
	}
	v += (u64)lo;
	lua_pushinteger(L, (lua_Integer)v);
	return 1;
}

static int math_randomseed(lua_State *L)
{
	return luaL_error(L, "the run's seed decides: use --seed");
}

void lua_open_math(lua_State *L)
{
	static const luaL_Reg regs[] = { { "random", math_random },
					 { "randomseed", math_randomseed },
					 { NULL, NULL } };

	luaL_requiref(L, "math", luaopen_math, 0);
	lua_add_functions(L, regs);
	lua_seal(L);
	lua_setfield(L, -2, "math");
}

/* SPDX-License-Identifier: MIT */
/*
 * The Lua state of a world: memory and instruction limits, globals, failures.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/process/lua_priv.h"

#define HOOK_INTERVAL 100000

/* Registry keys: the addresses of these. */
static const char key_api = 'a';
static const char key_sandbox = 's'; /* set of metatables */

void lua_limits_default(struct lua_limits *lim)
{
	lim->memory = (size_t)1 << 30;
	lim->instructions = 200000000;
}

static void *limited_alloc(void *ud, void *ptr, size_t osize, size_t nsize)
{
	struct lua_world *lw = ud;

	if (!ptr)
		osize = 0; /* Lua passes a type there */
	if (!nsize) {
		free(ptr);
		lw->used -= osize;
		return NULL;
	}
	if (nsize > osize && lw->used + (nsize - osize) > lw->limits.memory && !lw->unlimited)
		return NULL;
	ptr = realloc(ptr, nsize);
	if (ptr)
		lw->used += nsize - osize;
	return ptr;
}

bool lua_unlimited_begin(struct lua_world *lw)
{
	bool before = lw->unlimited;

	lw->unlimited = true;
	return before;
}

void lua_unlimited_end(struct lua_world *lw, bool before)
{
	lw->unlimited = before;
}

static void count_hook(lua_State *L, lua_Debug *ar);

/* level: of the stack, whose line the error names. */
static void count(lua_State *L, u64 instructions, int level)
{
	struct lua_task *t = lua_task_maybe(L);
	struct lua_world *lw = lua_world_of(L);
	u64 *n = t ? &t->instructions : &lw->load_instructions;

	*n += instructions;
	if (*n <= lw->limits.instructions)
		return;
	lw->limit_hit = true;
	/* From now on at every instruction, so that no pcall() around the loop can go on. */
	lua_sethook(L, count_hook, LUA_MASKCOUNT, 1);
	luaL_where(L, level);
	lua_pushfstring(L, "more than %I instructions without a call: an endless loop?",
			(lua_Integer)lw->limits.instructions);
	lua_concat(L, 2);
	lua_error(L);
}

static void count_hook(lua_State *L, lua_Debug *ar)
{
	count(L, (u64)lua_world_of(L)->hook_interval, 0); /* a hook is not a level of its own */
}

void lua_charge(lua_State *L, u64 instructions)
{
	count(L, instructions, 1);
}

void lua_world_count_anew(struct lua_world *lw)
{
	lw->load_instructions = 0;
	lua_sethook(lw->L, count_hook, LUA_MASKCOUNT, lw->hook_interval);
}

static int panic(lua_State *L)
{
	const char *msg = lua_tostring(L, -1);

	fprintf(stderr, "sockloom: Lua outside of a protected call: %s\n", msg ? msg : "?");
	exit(4);
}

/* The globals: empty, with everything there is behind them. */
static void set_globals(lua_State *L)
{
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_setfield(L, -2, "_G");
	lua_createtable(L, 0, 2);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_api);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_mark_sandbox(L);
	lua_setmetatable(L, -2);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

static int open_all(lua_State *L)
{
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_sandbox);
	lua_newtable(L);
	lua_pushvalue(L, -1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &key_api);
	lua_open_base(L);
	lua_open_tables(L);
	lua_open_math(L);
	lua_open_strings(L);
	lua_open_constants(L);
	lua_open_socket(L);
	lua_open_io(L);
	lua_open_poll(L);
	lua_open_task(L);
	set_globals(L);
	return 0;
}

struct lua_world *lua_world_new(struct world *w, const struct lua_limits *lim)
{
	struct lua_world *lw = xcalloc(1, sizeof(*lw));

	lw->world = w;
	lw->limits = *lim;
	lw->L = lua_newstate(limited_alloc, lw);
	if (!lw->L) {
		free(lw);
		return NULL;
	}
	*(struct lua_task **)lua_getextraspace(lw->L) = NULL;
	lua_atpanic(lw->L, panic);
	/* Collect when a third has been added, not when memory has doubled: there may be 100,000 programs. */
	lua_gc(lw->L, LUA_GCINC, 133, 200, 0);
	lw->hook_interval = (int)min((u64)HOOK_INTERVAL, max(lim->instructions, (u64)1));
	rng_init(&lw->rng, w->sim.seed, 0, RNG_PROGRAM, 0);
	w->process = lw;
	lua_pushcfunction(lw->L, open_all);
	if (lua_pcall(lw->L, 0, 0, 0) != LUA_OK) {
		w->process = NULL;
		lua_world_free(lw);
		return NULL;
	}
	lua_world_count_anew(lw);
	return lw;
}

void lua_world_free(struct lua_world *lw)
{
	if (!lw)
		return;
	lua_close(lw->L);
	for (size_t i = 0; i < lw->nfailures; i++)
		free(lw->failures[i].message);
	free(lw->failures);
	free(lw);
}

lua_State *lua_world_state(struct lua_world *lw)
{
	return lw->L;
}

void lua_world_add(struct lua_world *lw, const char *name)
{
	lua_State *L = lw->L;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_api);
	lua_insert(L, -2);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

void lua_world_start(struct lua_world *lw)
{
	lw->started = true;
}

bool lua_world_started(const struct lua_world *lw)
{
	return lw->started;
}

struct lua_world *lua_world_of(lua_State *L)
{
	void *lw;

	lua_getallocf(L, &lw);
	return lw;
}

struct world *lua_world_get(struct lua_world *lw)
{
	return lw->world;
}

const struct lua_failure *lua_world_failures(const struct lua_world *lw, size_t *n)
{
	*n = lw->nfailures;
	return lw->failures;
}

int lua_world_load(lua_State *L, const char *text, size_t len, const char *chunkname)
{
	return luaL_loadbufferx(L, text, len, chunkname, "t");
}

void lua_add_functions(lua_State *L, const luaL_Reg *regs)
{
	luaL_setfuncs(L, regs, 0);
}

static int sealed_newindex(lua_State *L)
{
	return luaL_error(L, "libraries cannot be changed: all programs share them");
}

void lua_mark_sandbox(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_sandbox);
	lua_pushvalue(L, -2);
	lua_pushboolean(L, true);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

bool lua_is_sandbox(lua_State *L, int idx)
{
	bool is;

	idx = lua_absindex(L, idx);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &key_sandbox);
	lua_pushvalue(L, idx);
	is = lua_rawget(L, -2) != LUA_TNIL;
	lua_pop(L, 2);
	return is;
}

bool lua_is_library(lua_State *L, int idx)
{
	bool is;

	if (!lua_getmetatable(L, idx))
		return false;
	/* The globals' metatable is the sandbox's too, but they are the program's. */
	lua_pushliteral(L, "__newindex");
	lua_rawget(L, -2);
	is = lua_tocfunction(L, -1) == sealed_newindex;
	lua_pop(L, 2);
	return is;
}

void lua_seal(lua_State *L)
{
	lua_newtable(L);
	lua_createtable(L, 0, 3);
	lua_rotate(L, -3, -1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, sealed_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, false);
	lua_setfield(L, -2, "__metatable");
	lua_mark_sandbox(L);
	lua_setmetatable(L, -2);
}

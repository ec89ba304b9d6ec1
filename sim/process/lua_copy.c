/* SPDX-License-Identifier: MIT */
/*
 * Deep copies: what fork(2) does to memory, done to Lua values.
 *
 * Tables are copied with their metatables; Lua functions are copied with their upvalues, and closures
 * that shared a variable share its copy. C functions and handles of the scenario are shared: they hold
 * nothing that a program can change. So are the sandbox's own metatables, through which libraries and
 * globals are read.
 *
 * Nothing recurses, since a list may be a million tables deep: whatever is met for the first time is made
 * empty and queued, and filled when its turn comes.
 */
#include "sim/process/lua_priv.h"

struct copier {
	/* Stack indices: original -> copy; upvalue id -> { closure, index }; originals to be filled. */
	int objects;
	int upvalues;
	int queue;
	lua_Integer queued, filled;
};

struct dump {
	luaL_Buffer b;
	bool begun;
};

/* The buffer may only begin above the function, hence in its first use. */
static int dump_writer(lua_State *L, const void *p, size_t size, void *ud)
{
	struct dump *d = ud;

	if (!d->begun) {
		d->begun = true;
		luaL_buffinit(L, &d->b);
	}
	luaL_addlstring(&d->b, p, size);
	return 0;
}

/* Pushes a function with the code of the one at orig and upvalues of its own. */
static void clone_code(lua_State *L, int orig)
{
	struct dump d = { .begun = false };
	const char *code;
	size_t len;

	lua_pushvalue(L, orig);
	if (lua_dump(L, dump_writer, &d, 0))
		luaL_error(L, "unable to copy a function");
	luaL_pushresult(&d.b);
	code = lua_tolstring(L, -1, &len);
	if (luaL_loadbufferx(L, code, len, "=copy", "b") != LUA_OK)
		lua_error(L);
	lua_replace(L, -3);
	lua_pop(L, 1);
}

/* Iterators hold a position. That of pairs() can be copied; that of string.gmatch() is hidden. */
static bool has_state(lua_State *L, int idx)
{
	bool state = false;

	if (lua_tocfunction(L, idx) == lua_pairs_next)
		return true;
	for (int i = 1; lua_getupvalue(L, idx, i); i++) {
		state |= lua_type(L, -1) == LUA_TUSERDATA;
		lua_pop(L, 1);
	}
	if (state)
		luaL_error(L, "an iterator of string.gmatch() cannot be copied into a process");
	return false;
}

/* Pushes what stands for the value at idx in the copy; its contents may come later. */
static void stand_in(lua_State *L, struct copier *c, int idx)
{
	int type = lua_type(L, idx);

	if ((type != LUA_TTABLE && type != LUA_TFUNCTION) ||
	    (lua_iscfunction(L, idx) && !has_state(L, idx))) {
		lua_pushvalue(L, idx);
		return;
	}
	lua_pushvalue(L, idx);
	if (lua_rawget(L, c->objects) != LUA_TNIL)
		return;
	lua_pop(L, 1);
	if (type == LUA_TTABLE) {
		lua_createtable(L, (int)lua_rawlen(L, idx), 0);
	} else if (lua_iscfunction(L, idx)) {
		lua_pushnil(L);
		lua_pushnil(L);
		lua_pushcclosure(L, lua_pairs_next, 2);
	} else {
		clone_code(L, idx);
	}
	lua_pushvalue(L, idx);
	lua_pushvalue(L, -2);
	lua_rawset(L, c->objects);
	lua_pushvalue(L, idx);
	lua_rawseti(L, c->queue, ++c->queued);
}

static void fill_table(lua_State *L, struct copier *c, int orig, int clone)
{
	lua_pushnil(L);
	while (lua_next(L, orig)) {
		int key = lua_gettop(L) - 1;

		stand_in(L, c, key);
		stand_in(L, c, key + 1);
		lua_rawset(L, clone);
		lua_pop(L, 1);
	}
	if (!lua_getmetatable(L, orig))
		return;
	if (lua_is_sandbox(L, -1))
		lua_pushvalue(L, -1);
	else
		stand_in(L, c, lua_gettop(L));
	lua_setmetatable(L, clone);
	lua_pop(L, 1);
}

static void fill_upvalue(lua_State *L, struct copier *c, int orig, int clone, int i)
{
	void *id = lua_upvalueid(L, orig, i);

	if (lua_rawgetp(L, c->upvalues, id) == LUA_TTABLE) {
		int n;

		lua_rawgeti(L, -1, 2);
		n = (int)lua_tointeger(L, -1);
		lua_pop(L, 1);
		lua_rawgeti(L, -1, 1);
		lua_upvaluejoin(L, clone, i, lua_gettop(L), n);
		lua_pop(L, 2);
		return;
	}
	lua_pop(L, 1);
	lua_createtable(L, 2, 0);
	lua_pushvalue(L, clone);
	lua_rawseti(L, -2, 1);
	lua_pushinteger(L, i);
	lua_rawseti(L, -2, 2);
	lua_rawsetp(L, c->upvalues, id);
	lua_getupvalue(L, orig, i);
	stand_in(L, c, lua_gettop(L));
	lua_setupvalue(L, clone, i);
	lua_pop(L, 1);
}

static void fill_function(lua_State *L, struct copier *c, int orig, int clone)
{
	for (int i = 1; lua_getupvalue(L, orig, i); i++) {
		if (lua_iscfunction(L, orig)) {
			stand_in(L, c, lua_gettop(L));
			lua_setupvalue(L, clone, i);
			lua_pop(L, 1);
			continue;
		}
		lua_pop(L, 1);
		fill_upvalue(L, c, orig, clone, i);
	}
}

static void fill_next(lua_State *L, struct copier *c)
{
	int orig;

	lua_rawgeti(L, c->queue, ++c->filled);
	orig = lua_gettop(L);
	lua_pushvalue(L, orig);
	lua_rawget(L, c->objects);
	if (lua_istable(L, orig))
		fill_table(L, c, orig, orig + 1);
	else
		fill_function(L, c, orig, orig + 1);
	lua_settop(L, orig - 1);
}

void lua_copy_value(lua_State *L, int idx)
{
	struct copier c = { .queued = 0 };

	idx = lua_absindex(L, idx);
	luaL_checkstack(L, LUA_MINSTACK + 10, "no room to copy");
	lua_newtable(L);
	c.objects = lua_gettop(L);
	lua_newtable(L);
	c.upvalues = lua_gettop(L);
	lua_newtable(L);
	c.queue = lua_gettop(L);
	stand_in(L, &c, idx);
	while (c.filled < c.queued)
		fill_next(L, &c);
	lua_replace(L, c.objects);
	lua_settop(L, c.objects);
}

/* SPDX-License-Identifier: MIT */
/*
 * Deep copies: what fork(2) does to memory, done to Lua values.
 *
 * Tables are copied with their metatables; Lua functions are copied with their upvalues, and closures
 * that shared a variable share its copy. C functions and handles of the scenario are shared: they hold
 * nothing that a program can change. The globals' metatable, through which the sandbox is read, is
 * protected, hence shared as well.
 */
#include "sim/process/lua_priv.h"

/* Stack indices of the memos: original -> copy; upvalue id -> { closure, index }. */
struct copier {
	int objects;
	int upvalues;
};

static void copy(lua_State *L, const struct copier *c, int idx);

static void remember(lua_State *L, const struct copier *c, int orig)
{
	lua_pushvalue(L, orig);
	lua_pushvalue(L, -2);
	lua_rawset(L, c->objects);
}

/* A metatable that hides itself belongs to the sandbox. */
static void copy_metatable(lua_State *L, const struct copier *c, int orig)
{
	if (!lua_getmetatable(L, orig))
		return;
	lua_pushliteral(L, "__metatable");
	lua_rawget(L, -2);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		copy(L, c, lua_gettop(L));
		lua_remove(L, -2);
	} else {
		lua_pop(L, 1);
	}
	lua_setmetatable(L, -2);
}

static void copy_table(lua_State *L, const struct copier *c, int orig)
{
	lua_createtable(L, (int)lua_rawlen(L, orig), 0);
	remember(L, c, orig);
	lua_pushnil(L);
	while (lua_next(L, orig)) {
		int key = lua_gettop(L) - 1;

		copy(L, c, key);
		copy(L, c, key + 1);
		lua_rawset(L, key - 1);
		lua_pop(L, 1);
	}
	copy_metatable(L, c, orig);
}

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

static void copy_upvalue(lua_State *L, const struct copier *c, int orig, int clone, int i)
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
	copy(L, c, lua_gettop(L));
	lua_setupvalue(L, clone, i);
	lua_pop(L, 1);
}

static void copy_function(lua_State *L, const struct copier *c, int orig)
{
	int clone;

	clone_code(L, orig);
	clone = lua_gettop(L);
	remember(L, c, orig);
	for (int i = 1; lua_getupvalue(L, orig, i); i++) {
		lua_pop(L, 1);
		copy_upvalue(L, c, orig, clone, i);
	}
}

/* Pushes the copy of the value at idx. */
static void copy(lua_State *L, const struct copier *c, int idx)
{
	int type = lua_type(L, idx);

	luaL_checkstack(L, 16, "too deep to copy");
	if (type == LUA_TTHREAD)
		luaL_error(L, "a coroutine cannot be copied into a process");
	if ((type != LUA_TTABLE && type != LUA_TFUNCTION) || lua_iscfunction(L, idx)) {
		lua_pushvalue(L, idx);
		return;
	}
	lua_pushvalue(L, idx);
	if (lua_rawget(L, c->objects) != LUA_TNIL)
		return;
	lua_pop(L, 1);
	if (type == LUA_TTABLE)
		copy_table(L, c, idx);
	else
		copy_function(L, c, idx);
}

void lua_copy_value(lua_State *L, int idx)
{
	struct copier c;

	idx = lua_absindex(L, idx);
	lua_newtable(L);
	c.objects = lua_gettop(L);
	lua_newtable(L);
	c.upvalues = lua_gettop(L);
	copy(L, &c, idx);
	lua_replace(L, c.objects);
	lua_settop(L, c.objects);
}

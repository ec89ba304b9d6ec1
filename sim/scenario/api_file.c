/* SPDX-License-Identifier: MIT */
/*
 * include(path): other files that a scenario is made of. They are recorded in the trace, so that it
 * replays alone.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario_priv.h"

#define MAX_INCLUDE_DEPTH 16

/* Relative to the scenario's own folder. */
static char *resolve(const struct scenario *s, const char *path)
{
	const char *slash = strrchr(s->opts.path, '/');
	char *full;

	if (path[0] == '/' || !slash)
		return xstrdup(path);
	if (asprintf(&full, "%.*s/%s", (int)(slash - s->opts.path), s->opts.path, path) < 0)
		abort();
	return full;
}

static int push_copy(lua_State *L)
{
	lua_pushlstring(L, lua_touserdata(L, 1), (size_t)lua_tointeger(L, 2));
	return 1;
}

/* Pushes the content of the file; leaves its resolved name below it. */
static void push_content(lua_State *L, struct scenario *s, const char *path)
{
	char *full = resolve(s, path), *text, *err = NULL;
	size_t len;
	int st;

	lua_pushstring(L, full);
	free(full);
	text = NULL;
	if (s->opts.read(s->opts.read_ctx, lua_tostring(L, -1), &text, &len, &err)) {
		lua_pushstring(L, err);
		free(err);
		luaL_error(L, "%s", lua_tostring(L, -1));
	}
	trace_file(s->opts.trace, lua_tostring(L, -1), text, len);
	/* Short of memory this raises an error: text must not be lost. */
	lua_pushcfunction(L, push_copy);
	lua_pushlightuserdata(L, text);
	lua_pushinteger(L, (lua_Integer)len);
	st = lua_pcall(L, 2, 1, 0);
	free(text);
	if (st != LUA_OK)
		lua_error(L);
}

/* include("lib.lua") -> what the file returns */
static int l_include(lua_State *L)
{
	struct scenario *s = scenario_building(L, "include");
	const char *path = luaL_checkstring(L, 1), *text;
	size_t len;
	int st, base = lua_gettop(L);

	check_nargs(L, "include", 1);
	if (s->include_depth == MAX_INCLUDE_DEPTH)
		return scenario_error(L, "include: files include each other without end");
	push_content(L, s, path);
	text = lua_tolstring(L, -1, &len);
	lua_pushfstring(L, "@%s", lua_tostring(L, base + 1));
	if (lua_world_load(L, text, len, lua_tostring(L, -1)) != LUA_OK)
		return lua_error(L);
	s->include_depth++;
	st = lua_pcall(L, 0, LUA_MULTRET, 0);
	s->include_depth--;
	if (st != LUA_OK)
		return lua_error(L);
	return lua_gettop(L) - (base + 3);
}

/* file("data.bin") -> its content, as a string */
static int l_file(lua_State *L)
{
	struct scenario *s = scenario_building(L, "file");

	push_content(L, s, luaL_checkstring(L, 1));
	return 1;
}

void scenario_open_file(struct scenario *s)
{
	scenario_function(s, "include", l_include);
	scenario_function(s, "file", l_file);
}

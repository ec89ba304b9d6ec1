/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses between Lua and Linux, in luaposix's form.
 */
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "sim/process/lua_priv.h"
#include "stack/addr.h"

static lua_Integer int_field(lua_State *L, int idx, const char *name, lua_Integer def)
{
	lua_Integer v = def;
	int ok = 1;

	if (lua_getfield(L, idx, name) != LUA_TNIL)
		v = lua_tointegerx(L, -1, &ok);
	if (!ok)
		luaL_error(L, "address: '%s' must be an integer", name);
	lua_pop(L, 1);
	return v;
}

static const char *text_field(lua_State *L, int idx, const char *name, size_t *len)
{
	const char *s;

	lua_getfield(L, idx, name);
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, lua_isnil(L, -1) ? "address: '%s' is missing" :
						 "address: '%s' must be a string", name);
	s = lua_tolstring(L, -1, len);
	lua_pop(L, 1); /* the table keeps the string */
	return s;
}

static socklen_t check_unix(lua_State *L, int idx, struct sockaddr_storage *ss)
{
	struct sockaddr_un *un = (void *)ss;
	size_t len;
	const char *path = text_field(L, idx, "path", &len);

	if (len > sizeof(un->sun_path))
		luaL_error(L, "address: path is longer than %d bytes", (int)sizeof(un->sun_path));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, len);
	/* An abstract name begins with a zero byte and has no terminator; a path may lack it. */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
			   (len && path[0] && len < sizeof(un->sun_path)));
}

socklen_t lua_check_sockaddr(lua_State *L, int idx, struct sockaddr_storage *ss)
{
	lua_Integer family, port;
	union ipaddr a;
	const char *text;

	if (!lua_istable(L, idx))
		luaL_error(L, "address: a table is needed, such as {family = AF_INET, addr = "
			      "\"10.0.0.1\", port = 80}, not a %s", luaL_typename(L, idx));
	idx = lua_absindex(L, idx);
	memset(ss, 0, sizeof(*ss));
	family = int_field(L, idx, "family", AF_INET);
	if (family == AF_UNIX)
		return check_unix(L, idx, ss);
	if (family == AF_UNSPEC)
		return sizeof(struct sockaddr_in);
	if (family != AF_INET && family != AF_INET6)
		luaL_error(L, "address: family %I has no form here", family);
	text = text_field(L, idx, "addr", NULL);
	port = int_field(L, idx, "port", 0);
	if (port < 0 || port > 65535)
		luaL_error(L, "address: port %I is not in 0..65535", port);
	if (ipaddr_parse(text, &a))
		luaL_error(L, "address: '%s' is not an IP address", text);
	if (family == AF_INET && !ipaddr_is_v4(&a))
		luaL_error(L, "address: '%s' is not an IPv4 address: give family = AF_INET6", text);
	return ipaddr_to_sockaddr(&a, (u16)port, (u32)int_field(L, idx, "scope_id", 0), (int)family,
				  ss);
}

static void push_unix(lua_State *L, const struct sockaddr_storage *ss, socklen_t len)
{
	const struct sockaddr_un *un = (const void *)ss;
	size_t n = len > offsetof(struct sockaddr_un, sun_path) ?
			   len - offsetof(struct sockaddr_un, sun_path) :
			   0;

	if (n && un->sun_path[0])
		n = strnlen(un->sun_path, n);
	lua_pushlstring(L, un->sun_path, n);
	lua_setfield(L, -2, "path");
}

void lua_push_sockaddr(lua_State *L, const struct sockaddr_storage *ss, socklen_t len)
{
	char text[64];
	union ipaddr a;
	u16 port;
	u32 scope;

	if (len < sizeof(sa_family_t)) {
		lua_pushnil(L);
		return;
	}
	lua_createtable(L, 0, 4);
	lua_pushinteger(L, ss->ss_family);
	lua_setfield(L, -2, "family");
	if (ss->ss_family == AF_UNIX) {
		push_unix(L, ss, len);
		return;
	}
	if (ipaddr_from_sockaddr((const struct sockaddr *)ss, len, &a, &port, &scope))
		return;
	/* An IPv4 peer of an IPv6 socket shows as ::ffff:a.b.c.d, as on Linux. */
	memcpy(text, "::ffff:", 7);
	ipaddr_format(text + 7, &a);
	lua_pushstring(L, ss->ss_family == AF_INET6 && ipaddr_is_v4(&a) ? text : text + 7);
	lua_setfield(L, -2, "addr");
	lua_pushinteger(L, port);
	lua_setfield(L, -2, "port");
	if (scope) {
		lua_pushinteger(L, scope);
		lua_setfield(L, -2, "scope_id");
	}
}

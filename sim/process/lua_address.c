/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses between Lua and Linux, in luaposix's form.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "sim/process/lua_priv.h"
#include "nic/netdev.h"
#include "stack/addr.h"
#include "stack/af_packet.h"

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

static void check_mac(lua_State *L, int idx, struct sockaddr_ll *ll)
{
	unsigned b[6];
	const char *text;
	char end;

	lua_getfield(L, idx, "addr");
	text = lua_tostring(L, -1);
	if (text) {
		if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4],
			   &b[5], &end) != 6)
			luaL_error(L, "address: '%s' is not an Ethernet address", text);
		for (int i = 0; i < 6; i++)
			ll->sll_addr[i] = (u8)b[i];
		ll->sll_halen = 6;
	}
	lua_pop(L, 1);
}

/* {family = AF_PACKET, ifindex = or ifname =, protocol = ETH_P_..., addr = "02:00:00:00:00:01"} */
static socklen_t check_packet(lua_State *L, int idx, struct sockaddr_storage *ss)
{
	struct sockaddr_ll *ll = (void *)ss;
	struct net_device *dev;

	ll->sll_family = AF_PACKET;
	ll->sll_protocol = htons((u16)int_field(L, idx, "protocol", 0));
	ll->sll_ifindex = (int)int_field(L, idx, "ifindex", 0);
	if (lua_getfield(L, idx, "ifname") != LUA_TNIL) {
		const char *name = lua_tostring(L, -1);

		dev = name ? dev_get_by_name(lua_task_of(L)->u->task->host, name) : NULL;
		if (!dev)
			luaL_error(L, "address: there is no device '%s'", name ? name : "?");
		ll->sll_ifindex = dev->ifindex;
	}
	lua_pop(L, 1);
	check_mac(L, idx, ll);
	return sizeof(*ll);
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
	if (family == AF_PACKET)
		return check_packet(L, idx, ss);
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

static void push_packet(lua_State *L, const struct sockaddr_storage *ss)
{
	const struct sockaddr_ll *ll = (const void *)ss;
	const u8 *a = ll->sll_addr;
	char text[24];

	lua_pushinteger(L, ntohs(ll->sll_protocol));
	lua_setfield(L, -2, "protocol");
	lua_pushinteger(L, ll->sll_ifindex);
	lua_setfield(L, -2, "ifindex");
	lua_pushinteger(L, ll->sll_hatype);
	lua_setfield(L, -2, "hatype");
	lua_pushinteger(L, ll->sll_pkttype);
	lua_setfield(L, -2, "pkttype");
	if (ll->sll_halen != 6)
		return;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4],
		 a[5]);
	lua_pushstring(L, text);
	lua_setfield(L, -2, "addr");
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
	if (ss->ss_family == AF_PACKET) {
		push_packet(L, ss);
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

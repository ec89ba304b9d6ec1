/* SPDX-License-Identifier: MIT */
/*
 * host{}, switch{} and what belongs to a host: routes, neighbours, sysctls.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine/units.h"
#include "sim/host/host.h"
#include "sim/scenario/scenario_priv.h"
#include "stack/ip.h"

static const char *check_name(lua_State *L, const char *what, const char *name)
{
	if (!name || !*name)
		scenario_error(L, "%s: 'name' is missing", what);
	if (strlen(name) > 63)
		scenario_error(L, "%s: the name '%s' is longer than 63 bytes", what, name);
	for (const char *c = name; *c; c++) {
		if (*c <= ' ' || *c > '~')
			scenario_error(L, "%s: the name '%s' must be of printable ASCII characters "
					  "without spaces", what, name);
	}
	return name;
}

/* Names of hosts and switches: a table in the registry, since there may be 100,000 of them. */
static void claim_name(lua_State *L, const char *what, const char *name)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, "sockloom.names");
	if (lua_getfield(L, -1, name) != LUA_TNIL)
		scenario_error(L, "%s: the name '%s' is taken", what, name);
	lua_pushboolean(L, true);
	lua_setfield(L, -3, name);
	lua_pop(L, 2);
}

/* ---- host{} ------------------------------------------------------------------------------------ */

struct host_args {
	const char *name;
	int cpus;
	bool cost, sysctl, forward, nameserver;
	u32 max_tasks;
};

/* cost = { irq = "1us", copy_byte = 50 }: durations, or plain numbers in the model's own unit. */
static void host_costs(lua_State *L, int idx, struct host *h)
{
	check_table(L, idx, "host: 'cost'", "{syscall = \"200ns\"}");
	lua_sorted_keys(L, idx);
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
		enum cost_id id = cost_parse(name);
		s64 v;

		lua_pushvalue(L, -1);
		lua_gettable(L, idx);
		if (id == COST_INVALID)
			scenario_error(L, "host: cost '%s' is not in the model", name);
		v = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : check_duration(L, -1, name);
		if (v < 0 || v > UINT32_MAX)
			scenario_error(L, "host: cost '%s' must be in 0..4.2s", name);
		h->cost.v[id] = (u32)v;
		lua_pop(L, 2);
	}
	/* Else a program that does nothing but calls would stand still in time for ever. */
	if (!h->cost.v[COST_USER_STEP] && !h->cost.v[COST_SYSCALL])
		scenario_error(L, "host: costs user_step and syscall cannot both be 0");
}

static void set_sysctl(lua_State *L, struct host *h, const char *name, int val)
{
	const char *text;
	int err;

	if (lua_isboolean(L, val))
		text = lua_toboolean(L, val) ? "1" : "0";
	else
		text = lua_tostring(L, val);
	if (!text)
		scenario_error(L, "sysctl: the value of %s must be a number or a string", name);
	err = net_sysctl_write(h->net, name, text);
	if (err)
		scenario_error(L, err == -ENOENT ? "sysctl: there is no %s%s" :
						   "sysctl: %s cannot be '%s'",
			       name, err == -ENOENT ? "" : text);
}

static void host_sysctls(lua_State *L, int idx, struct host *h)
{
	check_table(L, idx, "host: 'sysctl'", "{[\"net.core.somaxconn\"] = 128}");
	/* In order of names: conf.all before conf.eth0. */
	lua_sorted_keys(L, idx);
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		if (lua_type(L, -1) != LUA_TSTRING)
			scenario_error(L, "sysctl: keys are names such as net.core.somaxconn");
		lua_pushvalue(L, -1);
		lua_gettable(L, idx);
		set_sysctl(L, h, lua_tostring(L, -2), lua_gettop(L));
		lua_pop(L, 2);
	}
}

static union ipaddr parse_address(lua_State *L, const char *what, const char *text)
{
	union ipaddr a = { .d = { 0, 0 } };

	if (ipaddr_parse(text, &a))
		scenario_error(L, "%s: '%s' is not an IP address", what, text);
	return a;
}

static void add_nameserver(lua_State *L, int idx, struct host *h)
{
	const char *text = lua_type(L, idx) == LUA_TSTRING ? lua_tostring(L, idx) : "?";
	union ipaddr a = parse_address(L, "host: 'nameserver'", text);

	if (net_nameserver_add(h->net, &a))
		scenario_error(L, "host: 'nameserver' has more than three addresses");
}

/* nameserver = "10.0.0.53", or up to three of them: the lines of /etc/resolv.conf. */
static void host_nameservers(lua_State *L, int idx, struct host *h)
{
	if (!lua_istable(L, idx)) {
		add_nameserver(L, idx, h);
		return;
	}
	for (lua_Integer i = 1; lua_rawgeti(L, idx, i) != LUA_TNIL; i++) {
		add_nameserver(L, lua_gettop(L), h);
		lua_pop(L, 1);
	}
}

static int l_host(lua_State *L)
{
	static const struct field fields[] = {
		FIELD(struct host_args, name, FIELD_STRING),
		FIELD(struct host_args, cpus, FIELD_INT, 1, 256),
		FIELD(struct host_args, cost, FIELD_ANY),
		FIELD(struct host_args, sysctl, FIELD_ANY),
		FIELD(struct host_args, forward, FIELD_BOOL),
		FIELD(struct host_args, max_tasks, FIELD_U32, 1, 4194304),
		FIELD(struct host_args, nameserver, FIELD_ANY),
	};
	struct scenario *s = scenario_building(L, "host");
	struct host_args a = { .cpus = 1 };
	struct host *h;

	check_nargs(L, "host", 1);
	if (lua_type(L, 1) == LUA_TSTRING) {
		a.name = lua_tostring(L, 1);
	} else {
		check_table(L, 1, "host", "host{name = \"web\"}");
		fields_parse(L, 1, "host", fields, ARRAY_SIZE(fields), &a, 0);
	}
	check_name(L, "host", a.name);
	claim_name(L, "host", a.name);
	h = host_new(s->world, a.name, a.cpus);
	if (a.max_tasks)
		h->max_tasks = a.max_tasks;
	net_host_init(h);
	if (a.forward) {
		h->net->sysctl.ip_forward = true;
		h->net->sysctl.ipv6_forwarding = true;
	}
	if (a.cost) {
		lua_getfield(L, 1, "cost");
		host_costs(L, lua_gettop(L), h);
	}
	if (a.sysctl) {
		lua_getfield(L, 1, "sysctl");
		host_sysctls(L, lua_gettop(L), h);
	}
	if (a.nameserver) {
		lua_getfield(L, 1, "nameserver");
		host_nameservers(L, lua_gettop(L), h);
	}
	handle_push(L, HANDLE_HOST, h);
	return 1;
}

/* ---- methods ----------------------------------------------------------------------------------- */

/* h:sysctl("net.core.somaxconn") -> text; h:sysctl(name, value) sets it */
static int h_sysctl(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	const char *name = luaL_checkstring(L, 2);
	char buf[256];

	check_nargs(L, "sysctl", 3);
	if (lua_isnoneornil(L, 3)) {
		if (net_sysctl_read(h->net, name, buf, sizeof(buf)))
			return scenario_error(L, "sysctl: there is no %s", name);
		lua_pushstring(L, buf);
		return 1;
	}
	scenario_building(L, "sysctl");
	set_sysctl(L, h, name, 3);
	return 0;
}

struct route_args {
	const char *via, *dev, *src;
	u32 metric, mtu, initcwnd, initrwnd, advmss;
	u32 table; /* 0: main */
};

/* h:route("10.0.0.0/8" | "default", {via=, dev=, src=, metric=, table=, mtu=, initcwnd=...}) */
static int h_route(lua_State *L)
{
	static const struct field fields[] = {
		FIELD(struct route_args, via, FIELD_STRING),
		FIELD(struct route_args, dev, FIELD_STRING),
		FIELD(struct route_args, src, FIELD_STRING),
		FIELD(struct route_args, metric, FIELD_U32),
		FIELD(struct route_args, mtu, FIELD_U32, 68, 65535),
		FIELD(struct route_args, initcwnd, FIELD_U32, 1, 65535),
		FIELD(struct route_args, initrwnd, FIELD_U32, 1, 65535),
		FIELD(struct route_args, advmss, FIELD_U32, 48, 65535),
		FIELD(struct route_args, table, FIELD_U32, 1, INT32_MAX),
	};
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	const char *dst = luaL_checkstring(L, 2);
	struct route_args a = { .via = NULL };
	struct route_spec r = { .type = RTN_UNICAST_ };
	int err;

	scenario_building(L, "route");
	check_nargs(L, "route", 3);
	check_table(L, 3, "route", "{via = \"10.0.0.1\"}");
	fields_parse(L, 3, "route", fields, ARRAY_SIZE(fields), &a, 0);
	if (!a.via && !a.dev)
		return scenario_error(L, "route: 'via' or 'dev' is needed");
	if (a.via)
		r.gateway = parse_address(L, "route", a.via);
	if (!strcmp(dst, "default"))
		dst = a.via && !ipaddr_is_v4(&r.gateway) ? "::/0" : "0.0.0.0/0";
	r.dst = check_prefix(L, dst, &r.plen);
	if (!a.via)
		r.gateway = ipaddr_is_v4(&r.dst) ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);
	if (ipaddr_is_v4(&r.gateway) != ipaddr_is_v4(&r.dst))
		return scenario_error(L, "route: '%s' via '%s': families differ", dst, a.via);
	r.prefsrc = a.src ? parse_address(L, "route", a.src) :
		    ipaddr_is_v4(&r.dst) ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);
	if (a.dev) {
		r.dev = dev_get_by_name(h, a.dev);
		if (!r.dev)
			return scenario_error(L, "route: host %s has no device '%s'", h->name, a.dev);
	}
	r.metric = a.metric;
	r.mtu = a.mtu;
	r.table = a.table;
	r.initcwnd = a.initcwnd;
	r.initrwnd = a.initrwnd;
	r.advmss = a.advmss;
	err = route_add(h->net, &r);
	if (err)
		return scenario_error(L, "route: %s on host %s: %s%s", dst, h->name,
				      strerrordesc_np(-err),
				      err == -ENETUNREACH ? " (no device reaches the gateway)" : "");
	return 0;
}

/* h:neighbour("10.0.0.2", "02:00:00:00:00:02", "eth0"): a permanent entry, as `ip neigh add` */
static int h_neighbour(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	union ipaddr a = parse_address(L, "neighbour", luaL_checkstring(L, 2));
	struct net_device *dev = dev_get_by_name(h, luaL_checkstring(L, 4));
	u8 mac[6];

	scenario_building(L, "neighbour");
	check_nargs(L, "neighbour", 4);
	if (!parse_hex(luaL_checkstring(L, 3), lua_rawlen(L, 3), mac, 6, ':') || (mac[0] & 1))
		return scenario_error(L, "neighbour: '%s' is not the MAC address of a station",
				      lua_tostring(L, 3));
	if (!dev)
		return scenario_error(L, "neighbour: host %s has no device '%s'", h->name,
				      lua_tostring(L, 4));
	if (neigh_add(h->net, dev, &a, mac))
		return scenario_error(L, "neighbour: %s cannot be added", lua_tostring(L, 2));
	return 0;
}

/* h.name; everything else is a method. Programs may read it too. */
static int host_index(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;

	if (!strcmp(luaL_checkstring(L, 2), "name")) {
		lua_pushstring(L, h->name);
		return 1;
	}
	return handle_method(L, HANDLE_HOST);
}

/* ---- switch{} ---------------------------------------------------------------------------------- */

struct switch_args {
	const char *name;
	struct switch_params p;
};

static int l_switch(lua_State *L)
{
	static const struct field fields[] = {
		FIELD(struct switch_args, name, FIELD_STRING),
		FIELD_AS("ports", struct switch_args, p.ports, FIELD_INT, 2, 1024),
		FIELD_AS("queue", struct switch_args, p.port_queue, FIELD_U32, 1, 1000000),
		FIELD_AS("buffer", struct switch_args, p.buffer_bytes, FIELD_SIZE),
		FIELD_AS("latency", struct switch_args, p.latency, FIELD_DURATION),
		FIELD_AS("ageing", struct switch_args, p.ageing, FIELD_DURATION),
		FIELD_AS("mac_table", struct switch_args, p.mac_table, FIELD_U32, 1, 1000000),
	};
	struct scenario *s = scenario_building(L, "switch");
	struct switch_args a = { .name = NULL };

	switch_params_default(&a.p);
	check_nargs(L, "switch", 1);
	check_table(L, 1, "switch", "switch{name = \"s\"}");
	fields_parse(L, 1, "switch", fields, ARRAY_SIZE(fields), &a, 0);
	check_name(L, "switch", a.name);
	claim_name(L, "switch", a.name);
	handle_push(L, HANDLE_SWITCH, switch_new(s->world, a.name, &a.p));
	return 1;
}

/* find_host("web"): a host of an included file */
static int l_find_host(lua_State *L)
{
	struct scenario *s = scenario_building(L, "find_host");
	const char *name = luaL_checkstring(L, 1);

	check_nargs(L, "find_host", 1);
	for (u32 i = 1; i <= s->world->nhosts; i++) {
		if (!strcmp(s->world->hosts[i]->name, name)) {
			handle_push(L, HANDLE_HOST, s->world->hosts[i]);
			return 1;
		}
	}
	return scenario_error(L, "find_host: there is no host '%s'", name);
}

void scenario_open_host(struct scenario *s)
{
	static const luaL_Reg host_methods[] = {
		{ "sysctl", h_sysctl },
		{ "route", h_route },
		{ "neighbour", h_neighbour },
		{ NULL, NULL },
	};
	static const luaL_Reg none[] = { { NULL, NULL } };
	lua_State *L = lua_world_state(s->lw);

	handle_type(L, HANDLE_HOST, host_methods, host_index);
	handle_type(L, HANDLE_SWITCH, none, NULL);
	scenario_function(s, "host", l_host);
	scenario_function(s, "find_host", l_find_host);
	scenario_function(s, "switch", l_switch);
}

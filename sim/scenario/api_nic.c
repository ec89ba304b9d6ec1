/* SPDX-License-Identifier: MIT */
/*
 * host:nic{}: a multi-queue NIC with its addresses, queues, moderation, steering and discipline.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nic/nic.h"
#include "sim/host/host.h"
#include "sim/scenario/scenario_priv.h"
#include "stack/ip.h"

struct nic_args {
	const char *name, *mac, *driver_bug;
	int queues, rx_queues, tx_queues;
	u32 rx_ring, tx_ring, mtu;
	bool ip, gro, tso, rx_checksum, tx_checksum, rx_hash, udp_rss, threaded, bql;
	nsec_t rx_usecs, tx_usecs, dma_delay;
	u32 rx_frames, tx_frames;
	bool adaptive_rx;
	u64 dma_fail_nth;
	bool irq_affinity, rps, rfs, indir, rss_key, rules, qdisc;
};

static const struct field nic_fields[] = {
	FIELD(struct nic_args, name, FIELD_STRING),
	FIELD(struct nic_args, mac, FIELD_STRING),
	FIELD(struct nic_args, ip, FIELD_ANY),
	FIELD(struct nic_args, mtu, FIELD_U32, 68, 9216),
	FIELD(struct nic_args, queues, FIELD_INT, 1, NIC_MAX_QUEUES),
	FIELD(struct nic_args, rx_queues, FIELD_INT, 1, NIC_MAX_QUEUES),
	FIELD(struct nic_args, tx_queues, FIELD_INT, 1, NIC_MAX_QUEUES),
	FIELD(struct nic_args, rx_ring, FIELD_U32, 16, NIC_RING_MAX),
	FIELD(struct nic_args, tx_ring, FIELD_U32, 2, NIC_RING_MAX),
	FIELD(struct nic_args, gro, FIELD_BOOL),
	FIELD(struct nic_args, tso, FIELD_BOOL),
	FIELD(struct nic_args, rx_checksum, FIELD_BOOL),
	FIELD(struct nic_args, tx_checksum, FIELD_BOOL),
	FIELD(struct nic_args, rx_hash, FIELD_BOOL),
	FIELD(struct nic_args, udp_rss, FIELD_BOOL),
	FIELD(struct nic_args, threaded, FIELD_BOOL),
	FIELD(struct nic_args, bql, FIELD_BOOL),
	FIELD(struct nic_args, rx_usecs, FIELD_DURATION),
	FIELD(struct nic_args, rx_frames, FIELD_U32),
	FIELD(struct nic_args, tx_usecs, FIELD_DURATION),
	FIELD(struct nic_args, tx_frames, FIELD_U32),
	FIELD(struct nic_args, adaptive_rx, FIELD_BOOL),
	FIELD(struct nic_args, dma_delay, FIELD_DURATION),
	FIELD(struct nic_args, dma_fail_nth, FIELD_U64),
	FIELD(struct nic_args, irq_affinity, FIELD_ANY),
	FIELD(struct nic_args, rps, FIELD_ANY),
	FIELD(struct nic_args, rfs, FIELD_ANY),
	FIELD(struct nic_args, indir, FIELD_ANY),
	FIELD(struct nic_args, rss_key, FIELD_ANY),
	FIELD(struct nic_args, rules, FIELD_ANY),
	FIELD(struct nic_args, qdisc, FIELD_ANY),
	FIELD(struct nic_args, driver_bug, FIELD_STRING),
};

static void set_feature(struct nic_params *p, u32 bits, bool on)
{
	p->features = on ? p->features | bits : p->features & ~bits;
}

static void params_from_args(lua_State *L, struct nic_params *p, const struct nic_args *a)
{
	p->rx_queues = a->rx_queues ? a->rx_queues : a->queues;
	p->tx_queues = a->tx_queues ? a->tx_queues : a->queues;
	p->rx_ring = a->rx_ring;
	p->tx_ring = a->tx_ring;
	p->mtu = a->mtu;
	set_feature(p, NETIF_F_GRO, a->gro);
	set_feature(p, NETIF_F_TSO | NETIF_F_TSO6, a->tso);
	set_feature(p, NETIF_F_RXCSUM, a->rx_checksum);
	set_feature(p, NETIF_F_HW_CSUM, a->tx_checksum);
	set_feature(p, NETIF_F_RXHASH, a->rx_hash);
	/* Segmentation needs checksums for what it makes (netdev-features.rst). */
	if (!a->tx_checksum)
		set_feature(p, NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4, false);
	p->udp_rss_4tuple = a->udp_rss;
	p->no_bql = !a->bql;
	p->coalesce.rx_usecs = a->rx_usecs;
	p->coalesce.rx_frames = a->rx_frames;
	p->coalesce.tx_usecs = a->tx_usecs;
	p->coalesce.tx_frames = a->tx_frames;
	p->coalesce.adaptive_rx = a->adaptive_rx;
	p->dma_delay = a->dma_delay;
	p->dma_fail_nth = a->dma_fail_nth;
	if (!a->driver_bug)
		return;
	if (!strcmp(a->driver_bug, "rearm_before_check"))
		p->bugs.rearm_before_check = true;
	else if (!strcmp(a->driver_bug, "tx_wake_lost"))
		p->bugs.tx_wake_lost = true;
	else if (!strcmp(a->driver_bug, "no_refill_retry"))
		p->bugs.no_refill_retry = true;
	else
		scenario_error(L, "nic: driver_bug '%s' is not known; known are rearm_before_check, "
				  "tx_wake_lost, no_refill_retry",
			       a->driver_bug);
}

/* ---- addresses --------------------------------------------------------------------------------- */

/* One address for one interface in the whole scenario: a second is a slip of the pen. */
static void claim_address(lua_State *L, const struct net_device *dev, const union ipaddr *addr)
{
	char key[INET6_ADDRSTRLEN];

	/* Link-local addresses mean something on their own link only. */
	if (ipaddr_is_linklocal(addr))
		return;
	ipaddr_format(key, addr);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, "sockloom.addresses");
	if (lua_getfield(L, -1, key) != LUA_TNIL)
		scenario_error(L, "nic: %s is the address of %s already", key,
			       lua_tostring(L, -1));
	lua_pushfstring(L, "%s of host %s", dev->name, dev->host->name);
	lua_setfield(L, -3, key);
	lua_pop(L, 2);
}

static void add_address(lua_State *L, struct net_device *dev, const char *text)
{
	union ipaddr addr;
	int plen, err;

	addr = check_prefix(L, text, &plen);
	claim_address(L, dev, &addr);
	err = ip_addr_add(dev->host->net, dev, &addr, plen);
	if (err)
		scenario_error(L, "nic: %s on %s of host %s: %s", text, dev->name, dev->host->name,
			       err == -EEXIST ? "it is there already" : strerrordesc_np(-err));
}

static void add_addresses(lua_State *L, int idx, struct net_device *dev)
{
	if (lua_type(L, idx) == LUA_TSTRING) {
		add_address(L, dev, lua_tostring(L, idx));
		return;
	}
	for (int i = 1, n = array_length(L, idx, "nic: 'ip'", 1, 256); i <= n; i++) {
		if (lua_geti(L, idx, i) != LUA_TSTRING)
			scenario_error(L, "nic: 'ip' must be strings such as \"10.0.0.1/24\"");
		add_address(L, dev, lua_tostring(L, -1));
		lua_pop(L, 1);
	}
}

/* ---- queues ------------------------------------------------------------------------------------ */

static int list_int(lua_State *L, int idx, lua_Integer i, const char *what, int max_value)
{
	lua_Integer v;
	int ok;

	lua_geti(L, idx, i);
	v = lua_tointegerx(L, -1, &ok);
	if (!ok || v < 0 || v > max_value)
		scenario_error(L, "nic: %s[%d] must be in 0..%d", what, (int)i, max_value);
	lua_pop(L, 1);
	return (int)v;
}

/* irq_affinity = {0, 1, 2, 3}: the CPU of each queue's interrupt; fewer entries repeat. */
static void set_irq_affinity(lua_State *L, int idx, struct net_device *dev, int queues)
{
	int n = array_length(L, idx, "nic: 'irq_affinity'", 1, queues);

	for (int q = 0; q < queues; q++)
		nic_set_irq_affinity(dev, q,
				     list_int(L, idx, q % n + 1, "irq_affinity",
					      dev->host->ncpu - 1));
}

/* rps = {1, 2, 3}: CPUs that process what any RX queue takes in; rfs = entries of each queue. */
static void set_rps(lua_State *L, const struct nic_args *a, struct net_device *dev, int queues)
{
	u64 mask[4] = { 0 };
	u32 flows = 0;

	if (a->rps) {
		lua_getfield(L, 2, "rps");
		for (int i = 1, n = array_length(L, -1, "nic: 'rps'", 0, 256); i <= n; i++) {
			int cpu = list_int(L, lua_gettop(L), i, "rps", dev->host->ncpu - 1);

			mask[cpu / 64] |= 1ull << cpu % 64;
		}
	}
	if (a->rfs) {
		lua_getfield(L, 2, "rfs");
		if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0 ||
		    lua_tointeger(L, -1) > 1 << 20)
			scenario_error(L, "nic: 'rfs' must be an integer in 0..1048576");
		flows = (u32)lua_tointeger(L, -1);
	}
	for (int q = 0; q < queues; q++) {
		if (nic_set_rps(dev, q, mask, flows))
			scenario_error(L, "nic: rps and rfs cannot be set so");
	}
}

static void set_indir(lua_State *L, int idx, struct net_device *dev, int queues)
{
	u8 table[RSS_INDIR_SIZE];
	int n = array_length(L, idx, "nic: 'indir'", 1, RSS_INDIR_SIZE);

	for (int i = 0; i < RSS_INDIR_SIZE; i++)
		table[i] = (u8)list_int(L, idx, i % n + 1, "indir", queues - 1);
	nic_set_indir(dev, table, RSS_INDIR_SIZE);
}

static void set_rss_key(lua_State *L, int idx, struct net_device *dev)
{
	u8 key[RSS_KEY_LEN];

	if (lua_type(L, idx) != LUA_TSTRING ||
	    !parse_hex(lua_tostring(L, idx), lua_rawlen(L, idx), key, RSS_KEY_LEN, 0))
		scenario_error(L, "nic: rss_key must be %d bytes in hexadecimal", RSS_KEY_LEN);
	nic_set_rss_key(dev, key, RSS_KEY_LEN);
}

/* ---- steering rules ---------------------------------------------------------------------------- */

struct rule_args {
	const char *proto, *src, *dst;
	int sport, dport, queue;
	bool drop;
};

static bool rule_address(lua_State *L, struct nic_rule *r, const char *text, u8 to[16])
{
	union ipaddr a;
	bool v4;

	if (!text)
		return false;
	if (ipaddr_parse(text, &a))
		scenario_error(L, "nic: rule: '%s' is not an IP address", text);
	v4 = ipaddr_is_v4(&a);
	if (r->family && r->family != (v4 ? 4 : 6))
		scenario_error(L, "nic: rule: families of src and dst differ");
	r->family = v4 ? 4 : 6;
	memcpy(to, v4 ? a.b + 12 : a.b, v4 ? 4 : 16);
	return true;
}

/* rules = { {proto="tcp", dport=80, queue=1}, {src="10.0.0.9", drop=true} } */
static void add_rule(lua_State *L, int idx, int location, struct net_device *dev, int queues)
{
	static const struct field fields[] = {
		FIELD(struct rule_args, proto, FIELD_STRING),
		FIELD(struct rule_args, src, FIELD_STRING),
		FIELD(struct rule_args, dst, FIELD_STRING),
		FIELD(struct rule_args, sport, FIELD_INT, 0, 65535),
		FIELD(struct rule_args, dport, FIELD_INT, 0, 65535),
		FIELD(struct rule_args, queue, FIELD_INT, 0, NIC_MAX_QUEUES - 1),
		FIELD(struct rule_args, drop, FIELD_BOOL),
	};
	struct rule_args a = { .queue = -1 };
	struct nic_rule r = { .location = location };

	check_table(L, idx, "nic: rule", "{proto = \"tcp\", dport = 80, queue = 1}");
	fields_parse(L, idx, "nic: rule", fields, ARRAY_SIZE(fields), &a, 0);
	if (a.drop == (a.queue >= 0))
		scenario_error(L, "nic: rule: either 'queue' or 'drop = true' is needed");
	if (a.queue >= queues)
		scenario_error(L, "nic: rule: there is no queue %d", a.queue);
	if (a.proto && strcmp(a.proto, "tcp") && strcmp(a.proto, "udp"))
		scenario_error(L, "nic: rule: proto must be \"tcp\" or \"udp\"");
	if (a.proto)
		r.proto = !strcmp(a.proto, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	r.match_saddr = rule_address(L, &r, a.src, r.saddr);
	r.match_daddr = rule_address(L, &r, a.dst, r.daddr);
	r.sport = (u16)a.sport;
	r.dport = (u16)a.dport;
	r.queue = a.queue;
	if (nic_add_rule(dev, &r))
		scenario_error(L, "nic: rule %d cannot be added", location);
}

static void add_rules(lua_State *L, int idx, struct net_device *dev, int queues)
{
	for (int i = 1, n = array_length(L, idx, "nic: 'rules'", 0, 4096); i <= n; i++) {
		lua_geti(L, idx, i);
		add_rule(L, lua_gettop(L), i, dev, queues);
		lua_pop(L, 1);
	}
}

/* ---- host:nic{} -------------------------------------------------------------------------------- */

static void configure(lua_State *L, const struct nic_args *a, struct net_device *dev,
		      const struct nic_params *p)
{
	if (a->ip) {
		lua_getfield(L, 2, "ip");
		add_addresses(L, lua_gettop(L), dev);
	}
	if (a->irq_affinity) {
		lua_getfield(L, 2, "irq_affinity");
		set_irq_affinity(L, lua_gettop(L), dev, max(p->rx_queues, p->tx_queues));
	}
	if (a->rps || a->rfs)
		set_rps(L, a, dev, p->rx_queues);
	if (a->indir) {
		lua_getfield(L, 2, "indir");
		set_indir(L, lua_gettop(L), dev, p->rx_queues);
	}
	if (a->rss_key) {
		lua_getfield(L, 2, "rss_key");
		set_rss_key(L, lua_gettop(L), dev);
	}
	if (a->rules) {
		lua_getfield(L, 2, "rules");
		add_rules(L, lua_gettop(L), dev, p->rx_queues);
	}
	if (a->qdisc) {
		lua_getfield(L, 2, "qdisc");
		scenario_set_qdisc(L, lua_gettop(L), dev);
	}
	if (a->threaded && dev_set_threaded(dev, true))
		scenario_error(L, "nic: %s cannot be threaded", dev->name);
}

static int h_nic(lua_State *L)
{
	struct host *h = handle_check(L, 1, HANDLE_HOST)->obj;
	struct nic_args a = { .queues = 1, .gro = true, .tso = true, .rx_checksum = true,
			      .tx_checksum = true, .rx_hash = true, .bql = true };
	struct net_device *dev;
	struct nic_params p;
	char name[IFNAMSIZ];
	u8 mac[6];

	scenario_building(L, "nic");
	if (lua_isnoneornil(L, 2)) {
		lua_settop(L, 1);
		lua_newtable(L);
	}
	check_nargs(L, "nic", 2);
	check_table(L, 2, "nic", "nic{ip = \"10.0.0.1/24\"}");
	nic_params_default(&p);
	a.rx_ring = p.rx_ring;
	a.tx_ring = p.tx_ring;
	a.mtu = p.mtu;
	a.udp_rss = p.udp_rss_4tuple;
	fields_parse(L, 2, "nic", nic_fields, ARRAY_SIZE(nic_fields), &a, 0);
	lua_getfield(L, 2, "tso");
	if (lua_toboolean(L, -1) && !a.tx_checksum)
		return scenario_error(L, "nic: tso needs tx_checksum");
	lua_pop(L, 1);
	params_from_args(L, &p, &a);
	if (!a.name) {
		/* eth0, eth1... */
		for (int i = 0;; i++) {
			snprintf(name, sizeof(name), "eth%d", i);
			if (!dev_get_by_name(h, name))
				break;
		}
	} else if (strlen(a.name) >= sizeof(name)) {
		return scenario_error(L, "nic: the name '%s' is longer than 15 bytes", a.name);
	} else {
		strcpy(name, a.name);
	}
	if (a.mac) {
		if (!parse_hex(a.mac, strlen(a.mac), mac, 6, ':') || (mac[0] & 1))
			return scenario_error(L, "nic: '%s' is not the MAC address of a station",
					      a.mac);
	}
	dev = nic_new(h, name, &p, a.mac ? mac : NULL);
	if (!dev)
		return scenario_error(L, "nic: host %s has a device '%s' already", h->name, name);
	configure(L, &a, dev, &p);
	if (dev_open(dev))
		return scenario_error(L, "nic: %s of host %s cannot be opened", name, h->name);
	handle_push(L, HANDLE_NIC, dev);
	return 1;
}

/* nic.name, nic.index, nic.mac, nic.host */
static int nic_index(lua_State *L)
{
	struct net_device *dev = handle_check(L, 1, HANDLE_NIC)->obj;
	const char *key = luaL_checkstring(L, 2);
	char text[18];

	if (!strcmp(key, "name")) {
		lua_pushstring(L, dev->name);
	} else if (!strcmp(key, "index")) {
		lua_pushinteger(L, dev->ifindex);
	} else if (!strcmp(key, "mac")) {
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", dev->mac[0],
			 dev->mac[1], dev->mac[2], dev->mac[3], dev->mac[4], dev->mac[5]);
		lua_pushstring(L, text);
	} else if (!strcmp(key, "host")) {
		handle_push(L, HANDLE_HOST, dev->host);
	} else {
		return scenario_error(L, "a nic has no '%s'; it has name, index, mac and host", key);
	}
	return 1;
}

void scenario_open_nic(struct scenario *s)
{
	static const luaL_Reg none[] = { { NULL, NULL } };
	lua_State *L = lua_world_state(s->lw);

	handle_type(L, HANDLE_NIC, none, nic_index);
	handle_add_method(L, HANDLE_HOST, "nic", h_nic);
}

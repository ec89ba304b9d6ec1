/* SPDX-License-Identifier: MIT */
/*
 * setsockopt and getsockopt: what form each option's value has in Lua.
 *
 * Most are an integer (true and false do as well). SO_LINGER is two integers or seconds alone, timeouts
 * are a duration or two integers (seconds, microseconds) as in luaposix, names are strings, memberships
 * are tables, TCP_INFO comes back as a table with the names of struct tcp_info; filters: lua_bpf.c.
 */
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "sim/process/lua_priv.h"
#include "stack/addr.h"
#include "stack/af_packet.h"

enum value_form { FORM_INT, FORM_U64, FORM_LINGER, FORM_TIMEVAL, FORM_STRING, FORM_MREQ, FORM_MREQ6,
		  FORM_ADDR, FORM_UCRED, FORM_U32S, FORM_TCP_INFO, FORM_FILTER, FORM_PACKET_MREQ,
		  FORM_PACKET_STATS };

#define LUA_SO_NETNS_COOKIE 71 /* newer than the C library's headers */

struct option_form {
	int level, name;
	enum value_form form;
};

#define FILTER_ROOM (BPF_MAXINSNS * sizeof(struct sock_filter))

/* Options whose value is not an int. */
static const struct option_form forms[] = {
	{ SOL_SOCKET, SO_LINGER, FORM_LINGER },
	{ SOL_SOCKET, SO_RCVTIMEO, FORM_TIMEVAL },
	{ SOL_SOCKET, SO_SNDTIMEO, FORM_TIMEVAL },
	{ SOL_SOCKET, SO_BINDTODEVICE, FORM_STRING },
	{ SOL_SOCKET, SO_COOKIE, FORM_U64 },
	{ SOL_SOCKET, SO_ATTACH_FILTER, FORM_FILTER },
	{ SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, FORM_FILTER },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, FORM_U64 },
	{ SOL_SOCKET, SO_PEERCRED, FORM_UCRED },
	{ SOL_SOCKET, SO_PEERGROUPS, FORM_U32S },
	{ SOL_SOCKET, SO_MEMINFO, FORM_U32S },
	{ SOL_SOCKET, SO_PEERSEC, FORM_STRING },
	{ SOL_SOCKET, LUA_SO_NETNS_COOKIE, FORM_U64 },
	{ IPPROTO_TCP, TCP_CONGESTION, FORM_STRING },
	{ IPPROTO_TCP, TCP_INFO, FORM_TCP_INFO },
	{ SOL_PACKET, PACKET_ADD_MEMBERSHIP, FORM_PACKET_MREQ },
	{ SOL_PACKET, PACKET_DROP_MEMBERSHIP, FORM_PACKET_MREQ },
	{ SOL_PACKET, PACKET_STATISTICS, FORM_PACKET_STATS },
	{ IPPROTO_IP, IP_ADD_MEMBERSHIP, FORM_MREQ },
	{ IPPROTO_IP, IP_DROP_MEMBERSHIP, FORM_MREQ },
	{ IPPROTO_IP, IP_MULTICAST_IF, FORM_ADDR },
	{ IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, FORM_MREQ6 },
	{ IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, FORM_MREQ6 },
};

union option_value {
	int i;
	u64 u64;
	struct linger linger;
	struct timeval tv;
	struct ip_mreq mreq;
	struct ipv6_mreq mreq6;
	struct in_addr addr;
	struct ucred cred;
	struct tcp_info info;
	struct sock_fprog fprog;
	struct packet_mreq packet_mreq;
	struct tpacket_stats stats;
	char text[512];
};

struct option_call {
	int level, name;
	socklen_t len;
	union option_value v;
};

static enum value_form form_of(int level, int name)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i].level == level && forms[i].name == name)
			return forms[i].form;
	}
	return FORM_INT;
}

/* ---- set --------------------------------------------------------------------------------------- */

static int check_int(lua_State *L, int idx)
{
	if (lua_isboolean(L, idx))
		return lua_toboolean(L, idx);
	return (int)luaL_checkinteger(L, idx);
}

static void check_linger(lua_State *L, union option_value *v)
{
	v->linger.l_onoff = check_int(L, 4);
	v->linger.l_linger = (int)luaL_optinteger(L, 5, 0);
}

static void check_timeval(lua_State *L, union option_value *v)
{
	if (lua_gettop(L) >= 5) {
		v->tv.tv_sec = luaL_checkinteger(L, 4);
		v->tv.tv_usec = luaL_checkinteger(L, 5);
	} else {
		nsec_t t = lua_check_duration(L, 4);

		v->tv.tv_sec = t / NSEC_PER_SEC;
		v->tv.tv_usec = t % NSEC_PER_SEC / NSEC_PER_USEC;
	}
}

static union ipaddr check_ip(lua_State *L, int idx, const char *field, bool v4)
{
	union ipaddr a = v4 ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);
	const char *s;

	if (field)
		lua_getfield(L, idx, field);
	else
		lua_pushvalue(L, idx);
	s = lua_tostring(L, -1);
	if (s && (ipaddr_parse(s, &a) || ipaddr_is_v4(&a) != v4))
		luaL_error(L, "setsockopt: '%s' is not an IPv%d address", s, v4 ? 4 : 6);
	lua_pop(L, 1);
	return a;
}

/* {multiaddr=, interface=}: luaposix's form; the interface is an address, or an index for IPv6. */
static void check_mreq(lua_State *L, struct option_call *c, bool v4)
{
	union ipaddr group, local;

	luaL_checktype(L, 4, LUA_TTABLE);
	group = check_ip(L, 4, "multiaddr", v4);
	if (v4) {
		local = check_ip(L, 4, "interface", true);
		c->v.mreq.imr_multiaddr.s_addr = ipaddr_to_v4(&group);
		c->v.mreq.imr_interface.s_addr = ipaddr_to_v4(&local);
		c->len = sizeof(c->v.mreq);
		return;
	}
	memcpy(&c->v.mreq6.ipv6mr_multiaddr, group.b, 16);
	lua_getfield(L, 4, "interface");
	c->v.mreq6.ipv6mr_interface = (unsigned)luaL_optinteger(L, -1, 0);
	lua_pop(L, 1);
	c->len = sizeof(c->v.mreq6);
}

/* {ifindex=, type=, addr=}: addr for PACKET_MR_MULTICAST and PACKET_MR_UNICAST. */
static void check_packet_mreq(lua_State *L, struct option_call *c)
{
	struct packet_mreq *m = &c->v.packet_mreq;
	struct sockaddr_storage ss;
	const struct sockaddr_ll *ll = (const void *)&ss;

	luaL_checktype(L, 4, LUA_TTABLE);
	lua_pushinteger(L, AF_PACKET);
	lua_setfield(L, 4, "family");
	lua_check_sockaddr(L, 4, &ss);
	m->mr_ifindex = ll->sll_ifindex;
	m->mr_alen = ll->sll_halen;
	memcpy(m->mr_address, ll->sll_addr, sizeof(m->mr_address));
	lua_getfield(L, 4, "type");
	m->mr_type = (u16)luaL_checkinteger(L, -1);
	lua_pop(L, 1);
	c->len = sizeof(*m);
}

static void check_text(lua_State *L, struct option_call *c)
{
	size_t len;
	const char *s = luaL_checklstring(L, 4, &len);

	luaL_argcheck(L, len < sizeof(c->v.text), 4, "too long");
	memcpy(c->v.text, s, len);
	c->len = (socklen_t)len;
}

static void check_value(lua_State *L, struct option_call *c)
{
	union ipaddr a;

	switch (form_of(c->level, c->name)) {
	case FORM_LINGER:
		check_linger(L, &c->v);
		c->len = sizeof(c->v.linger);
		break;
	case FORM_TIMEVAL:
		check_timeval(L, &c->v);
		c->len = sizeof(c->v.tv);
		break;
	case FORM_STRING:
		check_text(L, c);
		break;
	case FORM_MREQ:
		check_mreq(L, c, true);
		break;
	case FORM_MREQ6:
		check_mreq(L, c, false);
		break;
	case FORM_PACKET_MREQ:
		check_packet_mreq(L, c);
		break;
	case FORM_ADDR:
		a = check_ip(L, 4, NULL, true);
		c->v.addr.s_addr = ipaddr_to_v4(&a);
		c->len = sizeof(c->v.addr);
		break;
	case FORM_FILTER:
		lua_check_filter(L, 4, c->name, &c->v.fprog);
		c->len = sizeof(c->v.fprog);
		break;
	case FORM_U64:
		c->v.u64 = (u64)luaL_checkinteger(L, 4);
		c->len = sizeof(c->v.u64);
		break;
	default:
		/* A string is the value's bytes, whatever the option. */
		if (lua_type(L, 4) == LUA_TSTRING) {
			check_text(L, c);
			break;
		}
		c->v.i = check_int(L, 4);
		c->len = sizeof(c->v.i);
	}
}

/* more: bytes behind the value. */
static struct option_call *option_call(lua_State *L, size_t more)
{
	struct option_call *c;
	lua_Integer level = luaL_checkinteger(L, 2), name = luaL_checkinteger(L, 3);

	lua_task_of(L);
	c = lua_call_buffer(L, sizeof(*c) + more);
	memset(c, 0, sizeof(*c) + more);
	c->level = (int)level;
	c->name = (int)name;
	return c;
}

static int l_setsockopt(lua_State *L)
{
	struct option_call *c = option_call(L, 0);

	check_value(L, c);
	return LUA_CALL(L, SYS_setsockopt, lua_k_result, luaL_checkinteger(L, 1), c->level, c->name,
			(s64)(intptr_t)&c->v, c->len);
}

/* ---- get --------------------------------------------------------------------------------------- */

static void push_tcp_info(lua_State *L, const struct tcp_info *i)
{
	const struct {
		const char *name;
		lua_Integer value;
	} fields[] = {
		{ "tcpi_state", i->tcpi_state },
		{ "tcpi_ca_state", i->tcpi_ca_state },
		{ "tcpi_retransmits", i->tcpi_retransmits },
		{ "tcpi_probes", i->tcpi_probes },
		{ "tcpi_backoff", i->tcpi_backoff },
		{ "tcpi_options", i->tcpi_options },
		{ "tcpi_snd_wscale", i->tcpi_snd_wscale },
		{ "tcpi_rcv_wscale", i->tcpi_rcv_wscale },
		{ "tcpi_rto", i->tcpi_rto },
		{ "tcpi_ato", i->tcpi_ato },
		{ "tcpi_snd_mss", i->tcpi_snd_mss },
		{ "tcpi_rcv_mss", i->tcpi_rcv_mss },
		{ "tcpi_unacked", i->tcpi_unacked },
		{ "tcpi_sacked", i->tcpi_sacked },
		{ "tcpi_lost", i->tcpi_lost },
		{ "tcpi_retrans", i->tcpi_retrans },
		{ "tcpi_pmtu", i->tcpi_pmtu },
		{ "tcpi_rcv_ssthresh", i->tcpi_rcv_ssthresh },
		{ "tcpi_rtt", i->tcpi_rtt },
		{ "tcpi_rttvar", i->tcpi_rttvar },
		{ "tcpi_snd_ssthresh", i->tcpi_snd_ssthresh },
		{ "tcpi_snd_cwnd", i->tcpi_snd_cwnd },
		{ "tcpi_advmss", i->tcpi_advmss },
		{ "tcpi_reordering", i->tcpi_reordering },
		{ "tcpi_rcv_space", i->tcpi_rcv_space },
		{ "tcpi_total_retrans", i->tcpi_total_retrans },
	};

	lua_createtable(L, 0, (int)ARRAY_SIZE(fields));
	for (size_t k = 0; k < ARRAY_SIZE(fields); k++) {
		lua_pushinteger(L, fields[k].value);
		lua_setfield(L, -2, fields[k].name);
	}
}

static int push_value(lua_State *L, const struct option_call *c)
{
	char text[64];
	union ipaddr a;

	switch (form_of(c->level, c->name)) {
	case FORM_LINGER:
		lua_pushinteger(L, c->v.linger.l_onoff);
		lua_pushinteger(L, c->v.linger.l_linger);
		return 2;
	case FORM_TIMEVAL:
		lua_pushinteger(L, c->v.tv.tv_sec);
		lua_pushinteger(L, c->v.tv.tv_usec);
		return 2;
	case FORM_STRING:
		lua_pushlstring(L, c->v.text, strnlen(c->v.text, c->len));
		return 1;
	case FORM_U64:
		lua_pushinteger(L, (lua_Integer)c->v.u64);
		return 1;
	case FORM_ADDR:
		a = ipaddr_v4(c->v.addr.s_addr);
		lua_pushstring(L, ipaddr_format(text, &a));
		return 1;
	case FORM_UCRED:
		lua_createtable(L, 0, 3);
		lua_pushinteger(L, c->v.cred.pid);
		lua_setfield(L, -2, "pid");
		lua_pushinteger(L, c->v.cred.uid);
		lua_setfield(L, -2, "uid");
		lua_pushinteger(L, c->v.cred.gid);
		lua_setfield(L, -2, "gid");
		return 1;
	case FORM_FILTER:
		lua_push_filter(L, (const struct sock_filter *)(const void *)(c + 1), c->len);
		return 1;
	case FORM_U32S:
		lua_createtable(L, (int)(c->len / sizeof(u32)), 0);
		for (socklen_t i = 0; i < c->len / sizeof(u32); i++) {
			u32 v;

			memcpy(&v, c->v.text + i * sizeof(v), sizeof(v));
			lua_pushinteger(L, v);
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		}
		return 1;
	case FORM_TCP_INFO:
		push_tcp_info(L, &c->v.info);
		return 1;
	case FORM_PACKET_STATS:
		lua_createtable(L, 0, 2);
		lua_pushinteger(L, c->v.stats.tp_packets);
		lua_setfield(L, -2, "packets");
		lua_pushinteger(L, c->v.stats.tp_drops);
		lua_setfield(L, -2, "drops");
		return 1;
	default:
		lua_pushinteger(L, c->v.i);
		return 1;
	}
}

static int k_getsockopt(lua_State *L, int status, lua_KContext ctx)
{
	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	return push_value(L, lua_call_buffer(L, 0));
}

static int l_getsockopt(lua_State *L)
{
	enum value_form form = form_of((int)luaL_checkinteger(L, 2), (int)luaL_checkinteger(L, 3));
	struct option_call *c = option_call(L, form == FORM_FILTER ? FILTER_ROOM : 0);
	void *val = &c->v;

	switch (form) {
	case FORM_FILTER: /* counted in instructions */
		val = c + 1;
		c->len = BPF_MAXINSNS;
		break;
	case FORM_INT:
		c->len = sizeof(c->v.i);
		break;
	case FORM_U64:
		c->len = sizeof(c->v.u64);
		break;
	case FORM_LINGER:
		c->len = sizeof(c->v.linger);
		break;
	case FORM_TIMEVAL:
		c->len = sizeof(c->v.tv);
		break;
	case FORM_ADDR:
		c->len = sizeof(c->v.addr);
		break;
	case FORM_UCRED:
		c->len = sizeof(c->v.cred);
		break;
	case FORM_TCP_INFO:
		c->len = sizeof(c->v.info);
		break;
	case FORM_PACKET_STATS:
		c->len = sizeof(c->v.stats);
		break;
	default:
		c->len = sizeof(c->v.text);
	}
	return LUA_CALL(L, SYS_getsockopt, k_getsockopt, luaL_checkinteger(L, 1), c->level, c->name,
			(s64)(intptr_t)val, (s64)(intptr_t)&c->len);
}

void lua_open_sockopt(lua_State *L)
{
	static const luaL_Reg regs[] = { { "setsockopt", l_setsockopt },
					 { "getsockopt", l_getsockopt },
					 { NULL, NULL } };

	lua_add_functions(L, regs);
}

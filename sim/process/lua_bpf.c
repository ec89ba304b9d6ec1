/* SPDX-License-Identifier: MIT */
/*
 * Values of SO_ATTACH_FILTER and its kin in Lua: a tcpdump expression, or a list of instructions, each
 * {code, jt, jf, k} or what BPF_STMT() and BPF_JUMP() make.
 */
#include <linux/filter.h>
#include <string.h>

#include "sim/process/lua_filter.h"
#include "sim/process/lua_priv.h"
#include "stack/sock.h"

_Static_assert(sizeof(struct filter_insn) == sizeof(struct sock_filter), "the same layout");

static struct sock *sock_of(lua_State *L, lua_Integer fd)
{
	struct lua_task *t = lua_task_of(L);
	struct file *f = fd_lookup(t->u->task->proc->files, (int)fd);

	return f ? sock_from_file(f) : NULL;
}

/* Field i of the instruction at list, from min to max. */
static u32 check_field(lua_State *L, int list, int i, lua_Integer min_value, lua_Integer max_value)
{
	lua_Integer v;
	int ok;

	lua_rawgeti(L, list, i);
	v = lua_tointegerx(L, -1, &ok);
	lua_pop(L, 1);
	if (!ok || v < min_value || v > max_value)
		luaL_error(L, "setsockopt: an instruction is {code, jt, jf, k}: 16, 8, 8 and 32 bits");
	return (u32)v;
}

/* k may be negative: SKF_AD_OFF + SKF_AD_CPU. */
static int check_list(lua_State *L, int idx, struct sock_filter *insns)
{
	int n = lua_check_array(L, idx, FILTER_MAX_INSNS);

	for (int i = 0; i < n; i++) {
		int at;

		lua_rawgeti(L, idx, i + 1);
		at = lua_gettop(L);
		luaL_checktype(L, at, LUA_TTABLE);
		insns[i].code = (u16)check_field(L, at, 1, 0, UINT16_MAX);
		insns[i].jt = (u8)check_field(L, at, 2, 0, UINT8_MAX);
		insns[i].jf = (u8)check_field(L, at, 3, 0, UINT8_MAX);
		insns[i].k = check_field(L, at, 4, INT32_MIN, UINT32_MAX);
		lua_pop(L, 1);
	}
	return n;
}

static int check_expression(lua_State *L, int idx, int name, struct sock_filter *insns)
{
	const char *expr = luaL_checkstring(L, idx);
	struct sock *sk = sock_of(L, luaL_checkinteger(L, 1));
	char err[FILTER_ERROR_SIZE];
	enum filter_start start = FILTER_FROM_NETWORK;
	int n;

	if (name == SO_ATTACH_REUSEPORT_CBPF)
		luaL_error(L, "setsockopt: an expression names no socket of the group: give instructions");
	if (sk && sk->family != AF_INET && sk->family != AF_INET6 && sk->family != AF_PACKET)
		luaL_error(L, "setsockopt: an expression is about packets, and there are none in this "
			      "family: give instructions");
	if (sk && sk->family == AF_PACKET && sk->type == SOCK_RAW)
		start = FILTER_FROM_LINK;
	n = filter_compile(expr, start, (struct filter_insn *)(void *)insns, err);
	if (n < 0)
		luaL_error(L, "setsockopt: %s", err);
	return n;
}

void lua_check_filter(lua_State *L, int idx, int name, struct sock_fprog *prog)
{
	struct sock_filter *insns =
		lua_newuserdatauv(L, FILTER_MAX_INSNS * sizeof(*insns), 0);

	memset(insns, 0, FILTER_MAX_INSNS * sizeof(*insns));
	if (lua_type(L, idx) == LUA_TSTRING)
		prog->len = (u16)check_expression(L, idx, name, insns);
	else
		prog->len = (u16)check_list(L, idx, insns);
	prog->filter = insns;
}

void lua_push_filter(lua_State *L, const struct sock_filter *insns, u32 n)
{
	lua_createtable(L, (int)n, 0);
	for (u32 i = 0; i < n; i++) {
		const lua_Integer v[4] = { insns[i].code, insns[i].jt, insns[i].jf, insns[i].k };

		lua_createtable(L, 4, 0);
		for (int j = 0; j < 4; j++) {
			lua_pushinteger(L, v[j]);
			lua_rawseti(L, -2, j + 1);
		}
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static int push_insn(lua_State *L, lua_Integer jt, lua_Integer jf)
{
	const lua_Integer v[4] = { luaL_checkinteger(L, 1), jt, jf, luaL_checkinteger(L, 2) };

	lua_createtable(L, 4, 0);
	for (int j = 0; j < 4; j++) {
		lua_pushinteger(L, v[j]);
		lua_rawseti(L, -2, j + 1);
	}
	return 1;
}

/* BPF_STMT(code, k) and BPF_JUMP(code, k, jt, jf), as in linux/filter.h. */
static int l_stmt(lua_State *L)
{
	return push_insn(L, 0, 0);
}

static int l_jump(lua_State *L)
{
	return push_insn(L, luaL_checkinteger(L, 3), luaL_checkinteger(L, 4));
}

void lua_open_bpf(lua_State *L)
{
	static const luaL_Reg regs[] = { { "BPF_STMT", l_stmt }, { "BPF_JUMP", l_jump },
					 { NULL, NULL } };

	lua_add_functions(L, regs);
}

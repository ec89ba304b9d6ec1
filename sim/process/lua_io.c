/* SPDX-License-Identifier: MIT */
/*
 * Descriptors for Lua programs: read, write and their relatives (posix.unistd, posix.fcntl).
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#include "sim/process/lua_priv.h"

#define LUA_MAX_READ (64 << 20)

static int k_read(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);

	if (r < 0)
		return lua_push_error(L, r);
	lua_pushlstring(L, lua_call_buffer(L, 0), (size_t)r);
	return 1;
}

/* read(fd, count) -> data ("" at the end of the file) */
static int l_read(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);

	luaL_argcheck(L, n >= 0 && n <= LUA_MAX_READ, 2, "not in 0..64 MiB");
	return LUA_CALL(L, SYS_read, k_read, luaL_checkinteger(L, 1),
			(s64)(intptr_t)lua_call_buffer(L, (size_t)n + 1), n);
}

static int l_write(lua_State *L)
{
	size_t len;
	const char *data = luaL_checklstring(L, 2, &len);

	return LUA_CALL(L, SYS_write, lua_k_result, luaL_checkinteger(L, 1), (s64)(intptr_t)data,
			(s64)len);
}

/* writev(fd, {s1, s2...}) */
static int l_writev(lua_State *L)
{
	struct iovec *iov;
	lua_Integer n;

	n = lua_check_array(L, 2, 1024);
	lua_task_of(L);
	iov = lua_call_buffer(L, (size_t)(n + 1) * sizeof(*iov));
	for (lua_Integer i = 0; i < n; i++) {
		const char *data;
		size_t len;

		lua_geti(L, 2, i + 1);
		luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "pieces must be strings");
		data = lua_tolstring(L, -1, &len); /* the table keeps it */
		iov[i] = (struct iovec){ .iov_base = (void *)data, .iov_len = len };
		lua_pop(L, 1);
	}
	return LUA_CALL(L, SYS_writev, lua_k_result, luaL_checkinteger(L, 1), (s64)(intptr_t)iov, n);
}

struct readv_buf {
	struct iovec iov[64];
	int n;
	u8 data[];
};

static int k_readv(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	struct readv_buf *b = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	lua_createtable(L, b->n, 0);
	for (int i = 0; i < b->n; i++) {
		size_t len = (size_t)min((s64)b->iov[i].iov_len, r);

		lua_pushlstring(L, b->iov[i].iov_base, len);
		lua_rawseti(L, -2, i + 1);
		r -= (s64)len;
	}
	return 1;
}

/* readv(fd, {n1, n2...}) -> {s1, s2...} */
static int l_readv(lua_State *L)
{
	struct readv_buf *b;
	size_t total = 0, at = 0;
	lua_Integer n;

	n = lua_check_array(L, 2, (int)ARRAY_SIZE(b->iov));
	lua_task_of(L);
	for (int i = 1; i <= n; i++) {
		lua_Integer size = lua_array_integer(L, 2, i);

		luaL_argcheck(L, size >= 0 && size <= LUA_MAX_READ, 2, "pieces must be in 0..64 MiB");
		total += (size_t)size;
	}
	b = lua_call_buffer(L, sizeof(*b) + total);
	b->n = (int)n;
	for (int i = 0; i < b->n; i++) {
		b->iov[i] = (struct iovec){ .iov_base = b->data + at,
					    .iov_len = (size_t)lua_array_integer(L, 2, i + 1) };
		at += b->iov[i].iov_len;
	}
	return LUA_CALL(L, SYS_readv, k_readv, luaL_checkinteger(L, 1), (s64)(intptr_t)b->iov, n);
}

static int k_sendfile(lua_State *L, int status, lua_KContext ctx)
{
	int n = lua_k_result(L, status, ctx);

	if (n == 1 && ctx) {
		lua_pushinteger(L, *(s64 *)lua_call_buffer(L, 0));
		n = 2;
	}
	return n;
}

/* sendfile(out, in, offset or nil, count) -> count [, new offset] */
static int l_sendfile(lua_State *L)
{
	bool has_off = !lua_isnoneornil(L, 3);
	struct lua_task *t = lua_task_of(L);
	s64 *off = lua_call_buffer(L, sizeof(*off));

	*off = luaL_optinteger(L, 3, 0);
	*t->req = (struct syscall_req){ .nr = SYS_sendfile,
					.a = { luaL_checkinteger(L, 1), luaL_checkinteger(L, 2),
					       has_off ? (s64)(intptr_t)off : 0,
					       luaL_checkinteger(L, 4) } };
	return lua_yieldk(L, 0, has_off, k_sendfile);
}

static int l_close(lua_State *L)
{
	return LUA_CALL(L, SYS_close, lua_k_result, luaL_checkinteger(L, 1));
}

/* dup(fd), dup2(fd, new) */
static int l_dup(lua_State *L)
{
	return LUA_CALL(L, SYS_dup, lua_k_result, luaL_checkinteger(L, 1));
}

static int l_dup2(lua_State *L)
{
	return LUA_CALL(L, SYS_dup2, lua_k_result, luaL_checkinteger(L, 1), luaL_checkinteger(L, 2));
}

static int l_lseek(lua_State *L)
{
	return LUA_CALL(L, SYS_lseek, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2), luaL_optinteger(L, 3, 0));
}

static int l_fcntl(lua_State *L)
{
	return LUA_CALL(L, SYS_fcntl, lua_k_result, luaL_checkinteger(L, 1), luaL_checkinteger(L, 2),
			luaL_optinteger(L, 3, 0));
}

static int k_ioctl(lua_State *L, int status, lua_KContext ctx)
{
	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_pushinteger(L, *(int *)lua_call_buffer(L, 0));
	return 1;
}

/* ioctl(fd, cmd [, int]) -> int, for the commands whose argument is an int */
static int l_ioctl(lua_State *L)
{
	lua_Integer cmd = luaL_checkinteger(L, 2);
	int *arg;

	switch (cmd) {
	case FIONREAD:
	case FIONBIO:
	case FIOASYNC:
	case SIOCOUTQ:
	case SIOCATMARK:
	case SIOCOUTQNSD:
		break;
	default:
		return luaL_error(L, "ioctl: command %I has no form here", cmd);
	}
	lua_task_of(L);
	arg = lua_call_buffer(L, sizeof(*arg));
	*arg = lua_isboolean(L, 3) ? lua_toboolean(L, 3) : (int)luaL_optinteger(L, 3, 0);
	return LUA_CALL(L, SYS_ioctl, k_ioctl, luaL_checkinteger(L, 1), cmd, (s64)(intptr_t)arg);
}

/* memfd_create(name) -> fd of an empty file in memory, to read, write and sendfile() from */
static int l_memfd_create(lua_State *L)
{
	return LUA_CALL(L, SYS_memfd_create, lua_k_result,
			(s64)(intptr_t)luaL_optstring(L, 1, "memfd"), luaL_optinteger(L, 2, 0));
}

static int l_eventfd(lua_State *L)
{
	return LUA_CALL(L, SYS_eventfd2, lua_k_result, luaL_optinteger(L, 1, 0),
			luaL_optinteger(L, 2, 0));
}

static int k_u64(lua_State *L, int status, lua_KContext ctx)
{
	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_pushinteger(L, *(s64 *)lua_call_buffer(L, 0));
	return 1;
}

/* The 8 bytes of an eventfd or timerfd as an integer. */
static int l_read_u64(lua_State *L)
{
	return LUA_CALL(L, SYS_read, k_u64, luaL_checkinteger(L, 1),
			(s64)(intptr_t)lua_call_buffer(L, 8), 8);
}

static int l_write_u64(lua_State *L)
{
	s64 *v;

	lua_task_of(L);
	v = lua_call_buffer(L, sizeof(*v));
	*v = luaL_checkinteger(L, 2);
	return LUA_CALL(L, SYS_write, lua_k_result, luaL_checkinteger(L, 1), (s64)(intptr_t)v, 8);
}

static int l_timerfd_create(lua_State *L)
{
	return LUA_CALL(L, SYS_timerfd_create, lua_k_result,
			luaL_optinteger(L, 1, CLOCK_MONOTONIC), luaL_optinteger(L, 2, 0));
}

static struct timespec to_timespec(nsec_t t)
{
	return (struct timespec){ .tv_sec = t / NSEC_PER_SEC, .tv_nsec = t % NSEC_PER_SEC };
}

/* timerfd_settime(fd, first [, interval [, flags]]) with durations */
static int l_timerfd_settime(lua_State *L)
{
	struct itimerspec *its;

	lua_task_of(L);
	its = lua_call_buffer(L, sizeof(*its));
	its->it_value = to_timespec(lua_check_duration(L, 2));
	its->it_interval = to_timespec(lua_isnoneornil(L, 3) ? 0 : lua_check_duration(L, 3));
	return LUA_CALL(L, SYS_timerfd_settime, lua_k_result, luaL_checkinteger(L, 1),
			luaL_optinteger(L, 4, 0), (s64)(intptr_t)its, 0);
}

void lua_open_io(lua_State *L)
{
	static const luaL_Reg regs[] = {
		{ "read", l_read },
		{ "write", l_write },
		{ "readv", l_readv },
		{ "writev", l_writev },
		{ "sendfile", l_sendfile },
		{ "close", l_close },
		{ "dup", l_dup },
		{ "dup2", l_dup2 },
		{ "lseek", l_lseek },
		{ "fcntl", l_fcntl },
		{ "ioctl", l_ioctl },
		{ "memfd_create", l_memfd_create },
		{ "eventfd", l_eventfd },
		{ "read_u64", l_read_u64 },
		{ "write_u64", l_write_u64 },
		{ "timerfd_create", l_timerfd_create },
		{ "timerfd_settime", l_timerfd_settime },
		{ NULL, NULL },
	};

	lua_add_functions(L, regs);
}

/* SPDX-License-Identifier: MIT */
/*
 * poll, select and epoll for Lua programs.
 */
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "sim/process/lua_priv.h"

/* Milliseconds; nil and -1 wait for ever. */
static lua_Integer check_timeout(lua_State *L, int idx)
{
	return luaL_optinteger(L, idx, -1);
}

/* ---- poll -------------------------------------------------------------------------------------- */

struct poll_buf {
	u32 n;
	struct pollfd fds[];
};

static const struct {
	const char *name;
	short bit;
} poll_names[] = { { "IN", POLLIN },	 { "PRI", POLLPRI },   { "OUT", POLLOUT },
		   { "ERR", POLLERR },	 { "HUP", POLLHUP },   { "NVAL", POLLNVAL },
		   { "RDHUP", POLLRDHUP } };

/* events: an integer, or luaposix's { IN = true }. */
static short check_events(lua_State *L, int idx)
{
	short ev = 0;

	if (lua_isinteger(L, idx))
		return (short)lua_tointeger(L, idx);
	if (!lua_istable(L, idx))
		luaL_error(L, "poll: 'events' must be a table such as {IN = true}, or an integer");
	for (size_t i = 0; i < ARRAY_SIZE(poll_names); i++) {
		lua_getfield(L, idx, poll_names[i].name);
		if (lua_toboolean(L, -1))
			ev |= poll_names[i].bit;
		lua_pop(L, 1);
	}
	return ev;
}

static void push_revents(lua_State *L, short revents)
{
	lua_createtable(L, 0, (int)ARRAY_SIZE(poll_names) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(poll_names); i++) {
		lua_pushboolean(L, (revents & poll_names[i].bit) != 0);
		lua_setfield(L, -2, poll_names[i].name);
	}
	lua_pushinteger(L, revents);
	lua_setfield(L, -2, "mask");
}

static int k_poll(lua_State *L, int status, lua_KContext ctx)
{
	struct poll_buf *b = lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	for (u32 i = 0; i < b->n; i++) {
		lua_geti(L, 1, b->fds[i].fd);
		if (lua_istable(L, -1)) {
			push_revents(L, b->fds[i].revents);
			lua_setfield(L, -2, "revents");
		}
		lua_pop(L, 1);
	}
	lua_pushinteger(L, lua_result(L));
	return 1;
}

/* In ascending order of descriptors: the kernel looks at them one by one. */
static int compare_pollfd(const void *a, const void *b)
{
	return ((const struct pollfd *)a)->fd - ((const struct pollfd *)b)->fd;
}

/* poll({[fd] = {events = {IN = true}}}, timeout in ms) -> number ready; sets revents */
static int l_poll(lua_State *L)
{
	lua_Integer timeout = check_timeout(L, 2);
	struct poll_buf *b;
	u32 n = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
		n++;
	lua_task_of(L);
	b = lua_call_buffer(L, sizeof(*b) + n * sizeof(*b->fds));
	b->n = 0;
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		if (!lua_isinteger(L, -2) || !lua_istable(L, -1))
			luaL_error(L, "poll: the table must be {[descriptor] = {events = }}");
		lua_getfield(L, -1, "events");
		b->fds[b->n++] = (struct pollfd){ .fd = (int)lua_tointeger(L, -3),
						  .events = check_events(L, lua_gettop(L)) };
		lua_pop(L, 1);
	}
	qsort(b->fds, b->n, sizeof(b->fds[0]), compare_pollfd);
	return LUA_CALL(L, SYS_poll, k_poll, (s64)(intptr_t)b->fds, n, timeout);
}

static int k_rpoll(lua_State *L, int status, lua_KContext ctx)
{
	struct poll_buf *b = lua_call_buffer(L, 0);
	int n = lua_k_result(L, status, ctx);

	if (n == 1) {
		lua_pushinteger(L, b->fds[0].revents);
		n = 2;
	}
	return n;
}

/* rpoll(fd, timeout in ms [, events]) -> 1 or 0, revents */
static int l_rpoll(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 1);
	struct poll_buf *b;

	lua_task_of(L);
	b = lua_call_buffer(L, sizeof(*b) + sizeof(*b->fds));
	b->n = 1;
	b->fds[0] = (struct pollfd){ .fd = (int)fd,
				     .events = (short)luaL_optinteger(L, 3, POLLIN) };
	return LUA_CALL(L, SYS_poll, k_rpoll, (s64)(intptr_t)b->fds, 1, check_timeout(L, 2));
}

/* ---- select ------------------------------------------------------------------------------------ */

struct select_buf {
	int n;
	struct timeval tv;
	fd_set set[3];
};

static void check_fd_set(lua_State *L, int idx, fd_set *set, int *n)
{
	FD_ZERO(set);
	if (lua_isnoneornil(L, idx))
		return;
	for (int i = 1; i <= lua_check_array(L, idx, 65536); i++) {
		lua_Integer fd = lua_array_integer(L, idx, i);

		luaL_argcheck(L, fd >= 0 && fd < FD_SETSIZE, idx, "descriptor not in 0..1023");
		FD_SET((int)fd, set);
		*n = max(*n, (int)fd + 1);
	}
}

static int k_select(lua_State *L, int status, lua_KContext ctx)
{
	struct select_buf *b = lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_pushinteger(L, lua_result(L));
	for (int k = 0; k < 3; k++) {
		lua_Integer at = 0;

		lua_newtable(L);
		for (int fd = 0; fd < b->n; fd++) {
			if (!FD_ISSET(fd, &b->set[k]))
				continue;
			lua_pushinteger(L, fd);
			lua_rawseti(L, -2, ++at);
		}
	}
	return 4;
}

/* select({fds to read}, {to write}, {exceptions}, timeout) -> n, {readable}, {writable}, {exceptional} */
static int l_select(lua_State *L)
{
	bool timed = !lua_isnoneornil(L, 4);
	struct select_buf *b;

	lua_settop(L, 4);
	lua_task_of(L);
	b = lua_call_buffer(L, sizeof(*b));
	b->n = 0;
	for (int k = 0; k < 3; k++)
		check_fd_set(L, k + 1, &b->set[k], &b->n);
	if (timed) {
		nsec_t t = lua_check_duration(L, 4);

		b->tv = (struct timeval){ .tv_sec = t / NSEC_PER_SEC,
					  .tv_usec = t % NSEC_PER_SEC / NSEC_PER_USEC };
	}
	return LUA_CALL(L, SYS_select, k_select, b->n, (s64)(intptr_t)&b->set[0],
			(s64)(intptr_t)&b->set[1], (s64)(intptr_t)&b->set[2],
			timed ? (s64)(intptr_t)&b->tv : 0);
}

/* ---- epoll ------------------------------------------------------------------------------------- */

static int l_epoll_create(lua_State *L)
{
	return LUA_CALL(L, SYS_epoll_create1, lua_k_result, luaL_optinteger(L, 1, 0));
}

/* epoll_ctl(ep, op, fd, events [, data]); data is an integer, the descriptor when left out */
static int l_epoll_ctl(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 3);
	struct epoll_event *ev;

	lua_task_of(L);
	ev = lua_call_buffer(L, sizeof(*ev));
	ev->events = (u32)luaL_optinteger(L, 4, 0);
	ev->data.u64 = (u64)luaL_optinteger(L, 5, fd);
	return LUA_CALL(L, SYS_epoll_ctl, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2), fd, (s64)(intptr_t)ev);
}

static int k_epoll_wait(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	const struct epoll_event *ev = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	lua_createtable(L, (int)r, 0);
	for (s64 i = 0; i < r; i++) {
		lua_createtable(L, 0, 2);
		lua_pushinteger(L, ev[i].events);
		lua_setfield(L, -2, "events");
		lua_pushinteger(L, (lua_Integer)ev[i].data.u64);
		lua_setfield(L, -2, "data");
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

/* epoll_wait(ep, max [, timeout in ms]) -> { {events=, data=}... } */
static int l_epoll_wait(lua_State *L)
{
	lua_Integer n = luaL_optinteger(L, 2, 64);
	struct epoll_event *ev;

	luaL_argcheck(L, n <= 65536, 2, "more than 65536 events");
	lua_task_of(L);
	ev = lua_call_buffer(L, (size_t)max(n, 1) * sizeof(*ev));
	return LUA_CALL(L, SYS_epoll_wait, k_epoll_wait, luaL_checkinteger(L, 1),
			(s64)(intptr_t)ev, n, check_timeout(L, 3));
}

void lua_open_poll(lua_State *L)
{
	static const luaL_Reg regs[] = {
		{ "poll", l_poll },
		{ "rpoll", l_rpoll },
		{ "select_fds", l_select },
		{ "epoll_create1", l_epoll_create },
		{ "epoll_ctl", l_epoll_ctl },
		{ "epoll_wait", l_epoll_wait },
		{ NULL, NULL },
	};

	lua_add_functions(L, regs);
}

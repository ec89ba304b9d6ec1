/* SPDX-License-Identifier: MIT */
/*
 * sendmmsg(2) and recvmmsg(2) for Lua programs.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sim/process/lua_priv.h"

#define MMSG_MAX 1024 /* UIO_MAXIOV, the kernel's limit */

struct mmsg_buf {
	struct timespec timeout;
	u32 n;
	size_t size; /* of each message's data when receiving */
	u8 *data;
	struct mmsghdr *vec;
	struct iovec *iov;
	struct sockaddr_storage *names;
};

/* One block: the struct, then its arrays, then the data. */
static struct mmsg_buf *mmsg_buf(lua_State *L, u32 n, size_t size)
{
	size_t total = sizeof(struct mmsg_buf) +
		       n * (sizeof(struct mmsghdr) + sizeof(struct iovec) +
			    sizeof(struct sockaddr_storage) + size);
	struct mmsg_buf *b = lua_call_buffer(L, total);

	memset(b, 0, total - n * size);
	b->n = n;
	b->size = size;
	b->names = (void *)(b + 1);
	b->vec = (void *)(b->names + n);
	b->iov = (void *)(b->vec + n);
	b->data = (void *)(b->iov + n);
	for (u32 i = 0; i < n; i++) {
		b->vec[i].msg_hdr.msg_iov = &b->iov[i];
		b->vec[i].msg_hdr.msg_iovlen = 1;
	}
	return b;
}

/* sendmmsg(fd, { {data=, addr=}... } [, flags]) -> number sent */
static int l_sendmmsg(lua_State *L)
{
	struct mmsg_buf *b;
	u32 n;

	n = (u32)lua_check_array(L, 2, MMSG_MAX);
	lua_settop(L, 3);
	lua_task_of(L);
	b = mmsg_buf(L, n, 0);
	for (u32 i = 0; i < n; i++) {
		const char *data;
		size_t len;

		if (lua_geti(L, 2, (lua_Integer)i + 1) != LUA_TTABLE ||
		    lua_getfield(L, -1, "data") != LUA_TSTRING)
			return luaL_error(L, "sendmmsg: message %d must be {data = string}", (int)i + 1);
		data = lua_tolstring(L, -1, &len); /* the table keeps it */
		b->iov[i] = (struct iovec){ .iov_base = (void *)data, .iov_len = len };
		lua_pop(L, 1);
		if (lua_getfield(L, -1, "addr") != LUA_TNIL) {
			b->vec[i].msg_hdr.msg_namelen =
				lua_check_sockaddr(L, lua_gettop(L), &b->names[i]);
			b->vec[i].msg_hdr.msg_name = &b->names[i];
		}
		lua_pop(L, 2);
	}
	return LUA_CALL(L, SYS_sendmmsg, lua_k_result, luaL_checkinteger(L, 1),
			(s64)(intptr_t)b->vec, n, luaL_optinteger(L, 3, 0));
}

static int k_recvmmsg(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	struct mmsg_buf *b = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	lua_createtable(L, (int)r, 0);
	for (s64 i = 0; i < r; i++) {
		struct msghdr *m = &b->vec[i].msg_hdr;

		lua_createtable(L, 0, 3);
		lua_pushlstring(L, b->iov[i].iov_base, min((size_t)b->vec[i].msg_len, b->size));
		lua_setfield(L, -2, "data");
		lua_pushinteger(L, m->msg_flags);
		lua_setfield(L, -2, "flags");
		if (m->msg_namelen) {
			lua_push_sockaddr(L, &b->names[i], m->msg_namelen);
			lua_setfield(L, -2, "addr");
		}
		lua_rawseti(L, -2, i + 1);
	}
	return 1;
}

/* recvmmsg(fd, n, size [, flags [, timeout]]) -> { {data=, addr=, flags=}... } */
static int l_recvmmsg(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2), size = luaL_checkinteger(L, 3);
	bool timed = !lua_isnoneornil(L, 5);
	struct mmsg_buf *b;

	luaL_argcheck(L, n >= 0 && n <= MMSG_MAX, 2, "not in 0..1024");
	luaL_argcheck(L, size >= 0 && size <= 1 << 20, 3, "not in 0..1 MiB");
	lua_task_of(L);
	b = mmsg_buf(L, (u32)n, (size_t)size);
	for (u32 i = 0; i < b->n; i++) {
		b->iov[i] = (struct iovec){ .iov_base = b->data + i * b->size,
					    .iov_len = b->size };
		b->vec[i].msg_hdr.msg_name = &b->names[i];
		b->vec[i].msg_hdr.msg_namelen = sizeof(b->names[i]);
	}
	if (timed) {
		nsec_t t = lua_check_duration(L, 5);

		b->timeout = (struct timespec){ .tv_sec = t / NSEC_PER_SEC,
						.tv_nsec = t % NSEC_PER_SEC };
	}
	return LUA_CALL(L, SYS_recvmmsg, k_recvmmsg, luaL_checkinteger(L, 1),
			(s64)(intptr_t)b->vec, b->n, luaL_optinteger(L, 4, 0),
			timed ? (s64)(intptr_t)&b->timeout : 0);
}

void lua_open_mmsg(lua_State *L)
{
	static const luaL_Reg regs[] = { { "sendmmsg", l_sendmmsg },
					 { "recvmmsg", l_recvmmsg },
					 { NULL, NULL } };

	lua_add_functions(L, regs);
}

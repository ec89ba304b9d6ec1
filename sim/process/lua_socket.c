/* SPDX-License-Identifier: MIT */
/*
 * Socket calls for Lua programs, with luaposix's names and conventions (posix.sys.socket): a result,
 * or nil, message, errno. Calls that luaposix lacks take and return tables in the same spirit.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "sim/process/lua_priv.h"
#include "stack/sock.h"

#define LUA_MAX_READ (64 << 20) /* of one call: a bound on a program's mistakes */

/* What a call that takes or fills an address keeps in the frame's buffer. */
struct name_buf {
	struct sockaddr_storage ss;
	socklen_t len;
	struct iovec iov;
	struct msghdr msg;
	u8 *control; /* MAX_CONTROL bytes behind the data, for sendmsg and recvmsg only */
	_Alignas(struct cmsghdr) u8 data[];
};

#define MAX_CONTROL ((size_t)1024)

static size_t check_count(lua_State *L, int idx)
{
	lua_Integer n = luaL_checkinteger(L, idx);

	luaL_argcheck(L, n >= 0 && n <= LUA_MAX_READ, idx, "not in 0..64 MiB");
	return (size_t)n;
}

static struct name_buf *name_buf(lua_State *L, size_t data)
{
	struct name_buf *b = lua_call_buffer(L, sizeof(*b) + data);

	memset(b, 0, sizeof(*b));
	b->len = sizeof(b->ss);
	return b;
}

/* The same with room for control messages. */
static struct name_buf *message_buf(lua_State *L, size_t data)
{
	size_t end = CMSG_ALIGN(data);
	struct name_buf *b = name_buf(L, end + MAX_CONTROL);

	b->control = b->data + end;
	memset(b->control, 0, MAX_CONTROL);
	return b;
}

/* ---- making and naming ------------------------------------------------------------------------- */

static int l_socket(lua_State *L)
{
	return LUA_CALL(L, SYS_socket, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2), luaL_optinteger(L, 3, 0));
}

static int k_pair(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	int *fd = lua_call_buffer(L, 2 * sizeof(int));

	if (r < 0)
		return lua_push_error(L, r);
	lua_pushinteger(L, fd[0]);
	lua_pushinteger(L, fd[1]);
	return 2;
}

static int l_socketpair(lua_State *L)
{
	return LUA_CALL(L, SYS_socketpair, k_pair, luaL_checkinteger(L, 1), luaL_checkinteger(L, 2),
			luaL_optinteger(L, 3, 0),
			(s64)(intptr_t)lua_call_buffer(L, 2 * sizeof(int)));
}

static int l_pipe(lua_State *L)
{
	return LUA_CALL(L, SYS_pipe2, k_pair,
			(s64)(intptr_t)lua_call_buffer(L, 2 * sizeof(int)),
			luaL_optinteger(L, 1, 0));
}

static int with_name(lua_State *L, int nr)
{
	struct name_buf *b;
	lua_Integer fd = luaL_checkinteger(L, 1);

	lua_task_of(L);
	b = name_buf(L, 0);
	b->len = lua_check_sockaddr(L, 2, &b->ss);
	return LUA_CALL(L, nr, lua_k_result, fd, (s64)(intptr_t)&b->ss, b->len);
}

static int l_bind(lua_State *L)
{
	return with_name(L, SYS_bind);
}

static int l_connect(lua_State *L)
{
	return with_name(L, SYS_connect);
}

static int l_listen(lua_State *L)
{
	return LUA_CALL(L, SYS_listen, lua_k_result, luaL_checkinteger(L, 1),
			luaL_optinteger(L, 2, SOMAXCONN));
}

static int l_shutdown(lua_State *L)
{
	return LUA_CALL(L, SYS_shutdown, lua_k_result, luaL_checkinteger(L, 1),
			luaL_checkinteger(L, 2));
}

static int k_accept(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	struct name_buf *b = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	lua_pushinteger(L, r);
	lua_push_sockaddr(L, &b->ss, b->len);
	return 2;
}

/* accept(fd [, flags]) -> fd, addr; with flags it is accept4. */
static int l_accept(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 1), flags = luaL_optinteger(L, 2, 0);
	struct name_buf *b = name_buf(L, 0);

	return LUA_CALL(L, flags ? SYS_accept4 : SYS_accept, k_accept, fd, (s64)(intptr_t)&b->ss,
			(s64)(intptr_t)&b->len, flags);
}

static int k_name(lua_State *L, int status, lua_KContext ctx)
{
	struct name_buf *b = lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return lua_push_error(L, lua_result(L));
	lua_push_sockaddr(L, &b->ss, b->len);
	return 1;
}

static int get_name(lua_State *L, int nr)
{
	lua_Integer fd = luaL_checkinteger(L, 1);
	struct name_buf *b = name_buf(L, 0);

	return LUA_CALL(L, nr, k_name, fd, (s64)(intptr_t)&b->ss, (s64)(intptr_t)&b->len);
}

static int l_getsockname(lua_State *L)
{
	return get_name(L, SYS_getsockname);
}

static int l_getpeername(lua_State *L)
{
	return get_name(L, SYS_getpeername);
}

/* ---- sending ----------------------------------------------------------------------------------- */

/* send(fd, data [, flags]) */
static int l_send(lua_State *L)
{
	size_t len;
	const char *data = luaL_checklstring(L, 2, &len);

	return LUA_CALL(L, SYS_sendto, lua_k_result, luaL_checkinteger(L, 1), (s64)(intptr_t)data,
			(s64)len, luaL_optinteger(L, 3, 0), 0, 0);
}

/* sendto(fd, data, addr [, flags]) */
static int l_sendto(lua_State *L)
{
	size_t len;
	const char *data = luaL_checklstring(L, 2, &len);
	struct name_buf *b;

	lua_task_of(L);
	b = name_buf(L, 0);
	b->len = lua_check_sockaddr(L, 3, &b->ss);
	return LUA_CALL(L, SYS_sendto, lua_k_result, luaL_checkinteger(L, 1), (s64)(intptr_t)data,
			(s64)len, luaL_optinteger(L, 4, 0), (s64)(intptr_t)&b->ss, b->len);
}

/* ---- control messages -------------------------------------------------------------------------- */

/* Appends {level=, type=, data=}; fds = {..} stands for SCM_RIGHTS. */
static void add_control(lua_State *L, struct name_buf *b, int level, int type, const void *data,
			size_t len)
{
	size_t at = b->msg.msg_controllen;
	struct cmsghdr *c = (void *)(b->control + at);

	if (at + CMSG_SPACE(len) > MAX_CONTROL)
		luaL_error(L, "control messages are longer than %d bytes", (int)MAX_CONTROL);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	b->msg.msg_control = b->control;
	b->msg.msg_controllen = at + CMSG_SPACE(len);
}

static void check_fds(lua_State *L, struct name_buf *b, int idx)
{
	int fds[200], n;

	if (!lua_istable(L, idx) || lua_rawlen(L, idx) > ARRAY_SIZE(fds))
		luaL_error(L, "sendmsg: 'fds' must be an array of at most %d descriptors",
			   (int)ARRAY_SIZE(fds));
	n = (int)lua_rawlen(L, idx);
	for (int i = 0; i < n; i++) {
		lua_geti(L, idx, i + 1);
		if (!lua_isinteger(L, -1))
			luaL_error(L, "sendmsg: 'fds' must be integers");
		fds[i] = (int)lua_tointeger(L, -1);
		lua_pop(L, 1);
	}
	add_control(L, b, SOL_SOCKET, SCM_RIGHTS, fds, (size_t)n * sizeof(int));
}

static void check_control(lua_State *L, struct name_buf *b, int idx)
{
	static const char form[] = "sendmsg: 'control' must be an array of {level = , type = , data = }";

	if (!lua_istable(L, idx))
		luaL_error(L, form);
	for (lua_Unsigned i = 1; i <= lua_rawlen(L, idx); i++) {
		const char *data;
		lua_Integer level, type;
		size_t len;

		if (lua_geti(L, idx, (lua_Integer)i) != LUA_TTABLE)
			luaL_error(L, form);
		lua_getfield(L, -1, "level");
		lua_getfield(L, -2, "type");
		lua_getfield(L, -3, "data");
		if (!lua_isinteger(L, -3) || !lua_isinteger(L, -2) || lua_type(L, -1) != LUA_TSTRING)
			luaL_error(L, form);
		level = lua_tointeger(L, -3);
		type = lua_tointeger(L, -2);
		data = lua_tolstring(L, -1, &len);
		add_control(L, b, (int)level, (int)type, data, len);
		lua_pop(L, 4);
	}
}

/* sendmsg(fd, {data=, addr=, fds=, control=} [, flags]) */
static int l_sendmsg(lua_State *L)
{
	struct name_buf *b;
	const char *data;
	size_t len;

	luaL_checktype(L, 2, LUA_TTABLE);
	lua_settop(L, 3);
	lua_task_of(L);
	b = message_buf(L, 0);
	if (lua_getfield(L, 2, "data") != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "sendmsg: 'data' must be a string");
	data = luaL_optlstring(L, -1, "", &len);
	b->iov = (struct iovec){ .iov_base = (void *)data, .iov_len = len };
	b->msg.msg_iov = &b->iov;
	b->msg.msg_iovlen = 1;
	if (lua_getfield(L, 2, "addr") != LUA_TNIL) {
		b->msg.msg_namelen = lua_check_sockaddr(L, -1, &b->ss);
		b->msg.msg_name = &b->ss;
	}
	if (lua_getfield(L, 2, "fds") != LUA_TNIL)
		check_fds(L, b, lua_gettop(L));
	if (lua_getfield(L, 2, "control") != LUA_TNIL)
		check_control(L, b, lua_gettop(L));
	return LUA_CALL(L, SYS_sendmsg, lua_k_result, luaL_checkinteger(L, 1),
			(s64)(intptr_t)&b->msg, luaL_optinteger(L, 3, 0));
}

/* ---- receiving --------------------------------------------------------------------------------- */

/* MSG_TRUNC on a TCP socket discards: the buffer was not filled (tcp(7)). */
static bool discarded(lua_State *L, s64 flags)
{
	struct lua_task *t = lua_task_of(L);
	struct file *f = flags & MSG_TRUNC ? fd_file(t->u->task, (int)t->req->a[0]) : NULL;
	struct sock *sk = f ? sock_from_file(f) : NULL;

	return sk && sk->type == SOCK_STREAM && sk->protocol == IPPROTO_TCP;
}

static int k_recv(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L), flags = lua_task_of(L)->req->a[3];
	const struct name_buf *b = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	/* With MSG_TRUNC the result counts more than the buffer holds. */
	lua_pushlstring(L, (const char *)b->data, discarded(L, flags) ? 0 : (size_t)min(r, (s64)ctx));
	if (!(flags & MSG_TRUNC))
		return 1;
	lua_pushinteger(L, r);
	return 2;
}

/* recv(fd, count [, flags]) -> data ("" at the end of the stream); with MSG_TRUNC also the call's result */
static int l_recv(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 1), flags = luaL_optinteger(L, 3, 0);
	size_t n = check_count(L, 2);
	struct name_buf *b = name_buf(L, n);
	struct lua_task *t = lua_task_of(L);

	*t->req = (struct syscall_req){
		.nr = SYS_recvfrom, .a = { fd, (s64)(intptr_t)b->data, (s64)n, flags, 0, 0 }
	};
	return lua_yieldk(L, 0, (lua_KContext)n, k_recv);
}

static int k_recvfrom(lua_State *L, int status, lua_KContext ctx)
{
	int n = k_recv(L, status, ctx);
	struct name_buf *b = lua_call_buffer(L, 0);

	if (lua_result(L) < 0)
		return n;
	lua_settop(L, lua_gettop(L) - (n - 1));
	lua_push_sockaddr(L, &b->ss, b->len);
	lua_pushinteger(L, lua_result(L));
	return 3;
}

/* recvfrom(fd, count [, flags]) -> data, addr, full length (with MSG_TRUNC) */
static int l_recvfrom(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 1), flags = luaL_optinteger(L, 3, 0);
	size_t n = check_count(L, 2);
	struct name_buf *b = name_buf(L, n);
	struct lua_task *t = lua_task_of(L);

	*t->req = (struct syscall_req){ .nr = SYS_recvfrom,
					.a = { fd, (s64)(intptr_t)b->data, (s64)n, flags,
					       (s64)(intptr_t)&b->ss, (s64)(intptr_t)&b->len } };
	return lua_yieldk(L, 0, (lua_KContext)n, k_recvfrom);
}

static void push_fds(lua_State *L, struct cmsghdr *c)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	lua_createtable(L, (int)n, 0);
	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		lua_pushinteger(L, fd);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	lua_setfield(L, -3, "fds");
}

static void push_creds(lua_State *L, struct cmsghdr *c)
{
	struct ucred cred;

	memcpy(&cred, CMSG_DATA(c), sizeof(cred));
	lua_createtable(L, 0, 3);
	lua_pushinteger(L, cred.pid);
	lua_setfield(L, -2, "pid");
	lua_pushinteger(L, cred.uid);
	lua_setfield(L, -2, "uid");
	lua_pushinteger(L, cred.gid);
	lua_setfield(L, -2, "gid");
	lua_setfield(L, -3, "creds");
}

/* control = { {level=, type=, data=}... }; fds and creds are also given decoded. */
static void push_control(lua_State *L, struct msghdr *m)
{
	lua_Integer n = 0;

	lua_newtable(L);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			push_fds(L, c);
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			push_creds(L, c);
		lua_createtable(L, 0, 3);
		lua_pushinteger(L, c->cmsg_level);
		lua_setfield(L, -2, "level");
		lua_pushinteger(L, c->cmsg_type);
		lua_setfield(L, -2, "type");
		lua_pushlstring(L, (const char *)CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
		lua_setfield(L, -2, "data");
		lua_rawseti(L, -2, ++n);
	}
	lua_setfield(L, -2, "control");
}

static int k_recvmsg(lua_State *L, int status, lua_KContext ctx)
{
	s64 r = lua_result(L);
	struct name_buf *b = lua_call_buffer(L, 0);

	if (r < 0)
		return lua_push_error(L, r);
	lua_createtable(L, 0, 6);
	lua_pushlstring(L, (const char *)b->data, discarded(L, lua_task_of(L)->req->a[2]) ? 0 : (size_t)min(r, (s64)ctx));
	lua_setfield(L, -2, "data");
	lua_pushinteger(L, b->msg.msg_flags);
	lua_setfield(L, -2, "flags");
	lua_pushinteger(L, r);
	lua_setfield(L, -2, "length");
	if (b->msg.msg_namelen) {
		lua_push_sockaddr(L, &b->ss, b->msg.msg_namelen);
		lua_setfield(L, -2, "addr");
	}
	push_control(L, &b->msg);
	return 1;
}

/* recvmsg(fd, count [, flags [, control size]]) -> {data, flags, length, addr, control, fds, creds} */
static int l_recvmsg(lua_State *L)
{
	lua_Integer fd = luaL_checkinteger(L, 1), flags = luaL_optinteger(L, 3, 0);
	lua_Integer csize = luaL_optinteger(L, 4, 1024);
	size_t n = check_count(L, 2);
	struct name_buf *b = message_buf(L, n);
	struct lua_task *t = lua_task_of(L);

	luaL_argcheck(L, csize >= 0 && csize <= (lua_Integer)MAX_CONTROL, 4,
		      "not in 0..1024");
	b->iov = (struct iovec){ .iov_base = b->data, .iov_len = n };
	b->msg = (struct msghdr){ .msg_name = &b->ss, .msg_namelen = sizeof(b->ss),
				  .msg_iov = &b->iov, .msg_iovlen = 1,
				  .msg_control = csize ? b->control : NULL,
				  .msg_controllen = (size_t)csize };
	*t->req = (struct syscall_req){ .nr = SYS_recvmsg,
					.a = { fd, (s64)(intptr_t)&b->msg, flags } };
	return lua_yieldk(L, 0, (lua_KContext)n, k_recvmsg);
}

/* For socket(AF_PACKET, type, htons(ETH_P_ALL)), which Linux wants in network order. */
static int l_htons(lua_State *L)
{
	lua_pushinteger(L, htons((u16)luaL_checkinteger(L, 1)));
	return 1;
}

void lua_open_socket(lua_State *L)
{
	static const luaL_Reg regs[] = {
		{ "socket", l_socket },		  { "socketpair", l_socketpair },
		{ "pipe", l_pipe },		  { "bind", l_bind },
		{ "connect", l_connect },	  { "listen", l_listen },
		{ "shutdown", l_shutdown },	  { "accept", l_accept },
		{ "getsockname", l_getsockname }, { "getpeername", l_getpeername },
		{ "send", l_send },		  { "sendto", l_sendto },
		{ "sendmsg", l_sendmsg },	  { "recv", l_recv },
		{ "recvfrom", l_recvfrom },	  { "recvmsg", l_recvmsg },
		{ "htons", l_htons },
		{ NULL, NULL },
	};

	lua_add_functions(L, regs);
	lua_open_sockopt(L);
	lua_open_bpf(L);
	lua_open_mmsg(L);
}

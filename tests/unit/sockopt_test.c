/* SPDX-License-Identifier: MIT */
/*
 * SOL_SOCKET (socket(7)): ranges, doubling, lengths, what may only be read; errors of socket(2).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static s64 set(struct vproc *p, int fd, int name, int val)
{
	return vcall(p, SYS_setsockopt, fd, SOL_SOCKET, name, &val, sizeof(val));
}

static s64 get(struct vproc *p, int fd, int name)
{
	int val = -77777;
	socklen_t len = sizeof(val);
	s64 ret = vcall(p, SYS_getsockopt, fd, SOL_SOCKET, name, &val, &len);

	return ret ? ret : val;
}

struct int_case {
	int name, val;
	s64 set, get; /* results */
};

static const struct int_case int_cases[] = {
	{ SO_RCVBUF, 0, 0, 2304 },
	{ SO_RCVBUF, 1000, 0, 2304 },
	{ SO_RCVBUF, 5000, 0, 10000 },
	{ SO_RCVBUF, 1152, 0, 2304 },
	{ SO_RCVBUF, 1153, 0, 2306 },
	{ SO_SNDBUF, 0, 0, 4608 },
	{ SO_SNDBUF, 2304, 0, 4608 },
	{ SO_SNDBUF, 2305, 0, 4610 },
	{ SO_SNDBUF, 50000, 0, 100000 },
	{ SO_RCVBUFFORCE, 10000000, 0, -ENOPROTOOPT },
	{ SO_RCVBUF, 4000, 0, 8000 },
	{ SO_REUSEADDR, 5, 0, 1 },
	{ SO_REUSEADDR, 0, 0, 0 },
	{ SO_REUSEPORT, -1, 0, 1 },
	{ SO_BROADCAST, 2, 0, 1 },
	{ SO_KEEPALIVE, 2, 0, 1 },
	{ SO_DONTROUTE, 2, 0, 1 },
	{ SO_OOBINLINE, 2, 0, 1 },
	{ SO_PRIORITY, 6, 0, 6 },
	{ SO_MARK, 0x1234, 0, 0x1234 },
	{ SO_RCVLOWAT, 0, 0, 1 },
	{ SO_RCVLOWAT, 10, 0, 10 },
	{ SO_RCVLOWAT, -1, 0, INT32_MAX },
	{ SO_SNDLOWAT, 5, -ENOPROTOOPT, 1 },
	{ SO_TYPE, 1, -ENOPROTOOPT, SOCK_DGRAM },
	{ SO_DOMAIN, 1, -ENOPROTOOPT, AF_INET },
	{ SO_PROTOCOL, 1, -ENOPROTOOPT, IPPROTO_UDP },
	{ SO_ERROR, 1, -ENOPROTOOPT, 0 },
	{ SO_ACCEPTCONN, 1, -ENOPROTOOPT, 0 },
	{ SO_TIMESTAMP, 3, 0, 1 },
	{ SO_TIMESTAMPNS, 3, 0, 1 },
	{ SO_TIMESTAMP, 0, 0, 0 },
	{ SO_MAX_PACING_RATE, 5000, 0, 5000 },
	{ SO_MAX_PACING_RATE, -1, 0, -1 },
	{ SO_BINDTOIFINDEX, -1, -EINVAL, 0 },
	{ SO_BUF_LOCK, 4, -EINVAL, 3 },
	{ SO_BUF_LOCK, 1, 0, 1 },
	{ SO_INCOMING_CPU, 1, 0, 1 },
	{ 9999, 1, -ENOPROTOOPT, -ENOPROTOOPT },
};

static void ints(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);

	for (size_t i = 0; i < ARRAY_SIZE(int_cases); i++) {
		const struct int_case *c = &int_cases[i];
		s64 ret = set(p, fd, c->name, c->val), val = get(p, fd, c->name);

		if (ret != c->set || val != c->get)
			print_message("option %d value %d: %lld %lld\n", c->name, c->val,
				      (long long)ret, (long long)val);
		assert_int_equal(ret, c->set);
		assert_int_equal(val, c->get);
	}
}

static void test_ints(void **state)
{
	vrun(ints);
}

static void lengths(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0), val = 1;
	struct linger ling = { 1, 5 };
	socklen_t len;
	u64 cookie;
	s16 small = -1;

	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &val, 3), -EINVAL);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &val, -1), -EINVAL);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &val, 8), 0);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, 0, 4), -EFAULT);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &ling, 7), -EINVAL);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &ling, 8), 0);
	memset(&ling, 0, sizeof(ling));
	len = sizeof(ling);
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_LINGER, &ling, &len), 0);
	assert_int_equal(ling.l_onoff, 1);
	assert_int_equal(ling.l_linger, 5);
	len = 2;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &small, &len), 0);
	assert_int_equal(len, 2);
	assert_int_equal(small, 1);
	len = 4;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), -EINVAL);
	len = 100;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &val, &len), 0);
	assert_int_equal(len, 4);
	len = (socklen_t)-1;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &val, &len), -EINVAL);
	assert_int_equal(vcall(p, SYS_getsockopt, 99, SOL_SOCKET, SO_KEEPALIVE, &val, &len), -EBADF);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, "none0", 6),
			 -ENODEV);
	len = 16;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, &cookie, &len), 0);
	assert_int_equal(len, 0);
}

static void test_lengths(void **state)
{
	vrun(lengths);
}

static void timeouts(struct vproc *p)
{
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
	struct timeval tv = { .tv_usec = 1000000 };
	socklen_t len = sizeof(tv);

	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 16), -EDOM);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 8), -EINVAL);
	tv = (struct timeval){ .tv_sec = 3, .tv_usec = 200000 };
	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 16), 0);
	tv = (struct timeval){ 0 };
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, &tv, &len), 0);
	assert_int_equal(tv.tv_sec, 0);
	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len), 0);
	assert_int_equal(tv.tv_sec, 3);
	assert_int_equal(tv.tv_usec, 200000);
	assert_int_equal(len, 16);
}

static void test_timeouts(void **state)
{
	vrun(timeouts);
}

struct socket_case {
	int family, type, protocol;
	s64 err;
};

static const struct socket_case socket_cases[] = {
	{ AF_INET, SOCK_STREAM, 0, 0 },
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP, 0 },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0 },
	{ AF_INET, SOCK_STREAM, IPPROTO_UDP, -EPROTONOSUPPORT },
	{ AF_INET, SOCK_DGRAM, IPPROTO_TCP, -EPROTONOSUPPORT },
	{ AF_INET, 7, 0, -ESOCKTNOSUPPORT },
	{ AF_INET, 15, 0, -EINVAL },
	{ AF_INET, SOCK_STREAM, -1, -EINVAL },
	{ AF_INET, SOCK_STREAM, 100000, -EINVAL },
	{ 250, SOCK_STREAM, 0, -EAFNOSUPPORT },
	{ AF_UNSPEC, SOCK_STREAM, 0, -EAFNOSUPPORT },
	{ AF_INET, SOCK_STREAM | 0x10, 0, -EINVAL },
};

static void sockets(struct vproc *p)
{
	int file = (int)vcall(p, SYS_eventfd2, 0, 0), fd;
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	for (size_t i = 0; i < ARRAY_SIZE(socket_cases); i++) {
		const struct socket_case *c = &socket_cases[i];
		s64 ret = vcall(p, SYS_socket, c->family, c->type, c->protocol);

		if (c->err ? ret != c->err : ret < 0)
			print_message("case %zu: %lld\n", i, (long long)ret);
		assert_true(c->err ? ret == c->err : ret >= 0);
		if (ret >= 0)
			vcall(p, SYS_close, ret);
	}
	fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFL, 0), O_RDWR | O_NONBLOCK);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(vcall(p, SYS_listen, file, 1), -ENOTSOCK);
	assert_int_equal(vcall(p, SYS_listen, 99, 1), -EBADF);
	assert_int_equal(vcall(p, SYS_accept4, fd, 0, 0, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_accept4, file, 0, 0, 0), -ENOTSOCK);
	assert_int_equal(vcall(p, SYS_bind, fd, &ss, 200), -EINVAL);
	assert_int_equal(vcall(p, SYS_bind, fd, &ss, -1), -EINVAL);
	assert_int_equal(vcall(p, SYS_shutdown, fd, 3), -EINVAL);
	assert_int_equal(vcall(p, SYS_getpeername, fd, &ss, &len), -ENOTCONN);
	len = (socklen_t)-1;
	assert_int_equal(vcall(p, SYS_getsockname, fd, &ss, &len), -EINVAL);
	len = 4;
	assert_int_equal(vcall(p, SYS_getsockname, fd, &ss, &len), 0);
	assert_int_equal(len, sizeof(struct sockaddr_in));
	assert_int_equal(vcall(p, SYS_socketpair, AF_INET, SOCK_STREAM, 0, &ss), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_sendfile, fd, fd, 0, 1), -EINVAL);
}

static void test_sockets(void **state)
{
	vrun(sockets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ints),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

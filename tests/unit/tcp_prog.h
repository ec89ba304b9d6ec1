/* SPDX-License-Identifier: MIT */
/*
 * Programs for tests with tcp_wire.h: what they do has a time, in milliseconds since the test
 * began, so that the test can meet them there. Included by one file of a test program.
 */
#ifndef TESTS_UNIT_TCP_PROG_H
#define TESTS_UNIT_TCP_PROG_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/support/tcp_wire.h"
#include "tests/unit/unit.h"

#define START NSEC_PER_SEC /* when wire_open() returns */
#define MS NSEC_PER_MSEC
#define PORT 80

static __unused_arg void at(struct vproc *p, int ms)
{
	nsec_t t = START + ms * MS;

	if (t > vproc_now(p))
		vproc_sleep(p, t - vproc_now(p));
}

static __unused_arg void until(struct wire *w, int ms)
{
	wire_run(w, START + ms * MS - wire_now(w));
}

static __unused_arg struct sockaddr_in address(const char *host, int port)
{
	union ipaddr a;

	assert_int_equal(ipaddr_parse(host, &a), 0);
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((u16)port),
				    .sin_addr.s_addr = ipaddr_to_v4(&a)};
}

static __unused_arg int set_int(struct vproc *p, int fd, int level, int name, int val)
{
	return (int)vcall(p, SYS_setsockopt, fd, level, name, &val, sizeof(val));
}

static __unused_arg int tcp_listener(struct vproc *p, int backlog)
{
	struct sockaddr_in sa = address("0.0.0.0", PORT);
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);

	assert_int_equal(set_int(p, fd, SOL_SOCKET, SO_REUSEADDR, 1), 0);
	assert_int_equal(vcall(p, SYS_bind, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, fd, backlog), 0);
	return fd;
}

static __unused_arg s64 tcp_read(struct vproc *p, int fd, void *buf, size_t len)
{
	return vcall(p, SYS_recvfrom, fd, buf, len, 0, 0, 0);
}

static __unused_arg s64 tcp_write(struct vproc *p, int fd, size_t len)
{
	static const char data[20000];

	return vcall(p, SYS_sendto, fd, data, len, MSG_NOSIGNAL, 0, 0);
}

/* Opens a world, starts fn(arg), and runs body. */
#define WIRE_TEST(w, fn, arg)                                                                      \
	struct wire w;                                                                             \
	wire_open(&w);                                                                             \
	wire_spawn(&w, fn, arg)

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What programs see of TIME_WAIT: ports that stay taken, connections in the place of old ones, data
 * to a peer that has gone. Everything here was seen of Linux 6.18 and holds there as well
 * (native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define MS NSEC_PER_MSEC

struct pair {
	int listener, client, server;
	struct sockaddr_in laddr, caddr; /* of the listener, of the client */
};

static int tcp_socket(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static s64 set_int(struct vproc *p, int fd, int level, int name, int val)
{
	return vcall(p, SYS_setsockopt, fd, level, name, &val, sizeof(val));
}

static int listen_at(struct vproc *p, struct sockaddr_in *a, bool reuse)
{
	int fd = tcp_socket(p);
	socklen_t len = sizeof(*a);

	set_int(p, fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	assert_int_equal(vcall(p, SYS_bind, fd, a, sizeof(*a)), 0);
	assert_int_equal(vcall(p, SYS_listen, fd, 5), 0);
	assert_int_equal(vcall(p, SYS_getsockname, fd, a, &len), 0);
	return fd;
}

static void connect_pair(struct vproc *p, struct pair *c)
{
	socklen_t len = sizeof(c->caddr);

	memset(c, 0, sizeof(*c));
	c->laddr.sin_family = AF_INET;
	c->laddr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->listener = listen_at(p, &c->laddr, false);
	c->client = tcp_socket(p);
	assert_int_equal(vcall(p, SYS_connect, c->client, &c->laddr, sizeof(c->laddr)), 0);
	assert_int_equal(vcall(p, SYS_getsockname, c->client, &c->caddr, &len), 0);
	c->server = (int)vcall(p, SYS_accept4, c->listener, 0, 0, 0);
	assert_true(c->server >= 0);
}

/* Both ends close, first before the other: first is left in TIME_WAIT. */
static void close_both(struct vproc *p, int first, int second)
{
	char b;

	assert_int_equal(vcall(p, SYS_close, first), 0);
	assert_int_equal(vcall(p, SYS_read, second, &b, 1), 0);
	assert_int_equal(vcall(p, SYS_close, second), 0);
	vproc_sleep(p, 5 * MS);
}

static s64 bind_to(struct vproc *p, const struct sockaddr_in *a, bool reuse, int *fd)
{
	*fd = tcp_socket(p);
	set_int(p, *fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	return vcall(p, SYS_bind, *fd, a, sizeof(*a));
}

/* The side that closed first keeps its port, the other does not. */
static void port_taken(struct vproc *p)
{
	struct pair c;
	int fd;

	connect_pair(p, &c);
	close_both(p, c.client, c.server);
	assert_int_equal(bind_to(p, &c.caddr, false, &fd), -EADDRINUSE);
	/* Both sides must have set SO_REUSEADDR. */
	assert_int_equal(bind_to(p, &c.caddr, true, &fd), -EADDRINUSE);

	connect_pair(p, &c);
	close_both(p, c.server, c.client);
	assert_int_equal(bind_to(p, &c.caddr, false, &fd), 0);
}

static void test_port_taken(void **state)
{
	vrun(port_taken);
}

/* A server that restarts: SO_REUSEADDR is needed while its connections are in TIME_WAIT. */
static void server_restart(struct vproc *p)
{
	struct pair c;
	int fd;

	connect_pair(p, &c);
	close_both(p, c.server, c.client);
	assert_int_equal(vcall(p, SYS_close, c.listener), 0);
	assert_int_equal(bind_to(p, &c.laddr, false, &fd), -EADDRINUSE);
}

static void test_server_restart(void **state)
{
	vrun(server_restart);
}

/*
 * A client bound to its port comes back at once: its SYN finds the server's TIME_WAIT, and replaces
 * it.
 */
static void same_tuple(struct vproc *p)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in laddr = any;
	int listener = listen_at(p, &laddr, true);
	socklen_t len = sizeof(any);
	char b;

	for (int round = 0; round < 6; round++) {
		int client, server;

		assert_int_equal(bind_to(p, &any, true, &client), 0);
		assert_int_equal(vcall(p, SYS_getsockname, client, &any, &len), 0);
		assert_int_equal(vcall(p, SYS_connect, client, &laddr, sizeof(laddr)), 0);
		server = (int)vcall(p, SYS_accept4, listener, 0, 0, 0);
		assert_true(server >= 0);
		assert_int_equal(vcall(p, SYS_write, client, "x", 1), 1);
		assert_int_equal(vcall(p, SYS_read, server, &b, 1), 1);
		/* In turn, so that TIME_WAIT is on either side. */
		if (round & 1)
			close_both(p, client, server);
		else
			close_both(p, server, client);
	}
}

static void test_same_tuple(void **state)
{
	vrun(same_tuple);
}

/* After close() nobody reads: data that comes later is answered by an RST. */
static void data_to_orphan(struct vproc *p)
{
	struct pair c;
	char b;

	vproc_signal(p, SIGPIPE, VPROC_IGN, 0);
	connect_pair(p, &c);
	assert_int_equal(vcall(p, SYS_close, c.client), 0);
	assert_int_equal(vcall(p, SYS_read, c.server, &b, 1), 0);
	assert_int_equal(vcall(p, SYS_write, c.server, "x", 1), 1);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vcall(p, SYS_write, c.server, "x", 1), -EPIPE);
}

static void test_data_to_orphan(void **state)
{
	vrun(data_to_orphan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_port_taken),
		cmocka_unit_test(test_server_restart),
		cmocka_unit_test(test_same_tuple),
		cmocka_unit_test(test_data_to_orphan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

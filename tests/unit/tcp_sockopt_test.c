/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_TCP (tcp(7)): ranges, what is read back, lengths; what they do to a
 * connection over loopback. Everything here was seen of Linux 6.18 and holds there as well
 * (native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define MS NSEC_PER_MSEC
#define TCP_TIMESTAMP_ 24
#define TCP_INFO_LEN 280 /* in Linux 6.18 */

static s64 set(struct vproc *p, int fd, int name, int val)
{
	return vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, name, &val, sizeof(val));
}

static s64 get(struct vproc *p, int fd, int name)
{
	int val = -77777;
	socklen_t len = sizeof(val);
	s64 ret = vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, name, &val, &len);

	return ret ? ret : val;
}

static int tcp_socket(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
}

struct int_case {
	int name, val;
	s64 set, get; /* results */
};

/* Each on a socket of its own. */
static const struct int_case int_cases[] = {
	{ TCP_NODELAY, 0, 0, 0 },
	{ TCP_NODELAY, 7, 0, 1 },
	{ TCP_NODELAY, -1, 0, 1 },
	{ TCP_CORK, 0, 0, 0 },
	{ TCP_CORK, -5, 0, 1 },
	{ TCP_MAXSEG, -1, -EINVAL, 536 },
	{ TCP_MAXSEG, 0, 0, 536 },
	{ TCP_MAXSEG, 87, -EINVAL, 536 },
	{ TCP_MAXSEG, 88, 0, 88 },
	{ TCP_MAXSEG, 32767, 0, 32767 },
	{ TCP_MAXSEG, 32768, -EINVAL, 536 },
	{ TCP_KEEPIDLE, 0, -EINVAL, 7200 },
	{ TCP_KEEPIDLE, 1, 0, 1 },
	{ TCP_KEEPIDLE, 32767, 0, 32767 },
	{ TCP_KEEPIDLE, 32768, -EINVAL, 7200 },
	{ TCP_KEEPINTVL, 0, -EINVAL, 75 },
	{ TCP_KEEPINTVL, 32767, 0, 32767 },
	{ TCP_KEEPINTVL, 32768, -EINVAL, 75 },
	{ TCP_KEEPCNT, 0, -EINVAL, 9 },
	{ TCP_KEEPCNT, 127, 0, 127 },
	{ TCP_KEEPCNT, 128, -EINVAL, 9 },
	{ TCP_SYNCNT, 0, -EINVAL, 6 },
	{ TCP_SYNCNT, 1, 0, 1 },
	{ TCP_SYNCNT, 127, 0, 127 },
	{ TCP_SYNCNT, 128, -EINVAL, 6 },
	{ TCP_LINGER2, -100000, 0, -1 },
	{ TCP_LINGER2, 0, 0, 60 },
	{ TCP_LINGER2, 5, 0, 5 },
	{ TCP_LINGER2, 121, 0, 120 },
	{ TCP_LINGER2, INT32_MAX, 0, 120 },
	{ TCP_DEFER_ACCEPT, -1, 0, 0 },
	{ TCP_DEFER_ACCEPT, 0, 0, 0 },
	{ TCP_DEFER_ACCEPT, 1, 0, 1 },
	{ TCP_DEFER_ACCEPT, 2, 0, 3 },
	{ TCP_DEFER_ACCEPT, 7, 0, 7 },
	{ TCP_DEFER_ACCEPT, 10, 0, 15 },
	{ TCP_DEFER_ACCEPT, 128, 0, 247 },
	{ TCP_DEFER_ACCEPT, 2304, 0, 2407 },
	{ TCP_DEFER_ACCEPT, INT32_MAX, 0, 29887 },
	{ TCP_WINDOW_CLAMP, 0, 0, 0 },
	{ TCP_WINDOW_CLAMP, -1, 0, 1152 },
	{ TCP_WINDOW_CLAMP, 1, 0, 1152 },
	{ TCP_WINDOW_CLAMP, 1153, 0, 1153 },
	{ TCP_WINDOW_CLAMP, INT32_MAX, 0, INT32_MAX },
	{ TCP_QUICKACK, 0, 0, 0 },
	{ TCP_QUICKACK, 1, 0, 1 },
	{ TCP_QUICKACK, 2, 0, 1 },
	{ TCP_USER_TIMEOUT, -1, -EINVAL, 0 },
	{ TCP_USER_TIMEOUT, 0, 0, 0 },
	{ TCP_USER_TIMEOUT, INT32_MAX, 0, INT32_MAX },
	{ TCP_NOTSENT_LOWAT, 0, 0, 0 },
	{ TCP_NOTSENT_LOWAT, 16384, 0, 16384 },
	{ TCP_NOTSENT_LOWAT, -1, 0, -1 },
	{ 999, 1, -ENOPROTOOPT, -ENOPROTOOPT },
};

static void ints(struct vproc *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(int_cases); i++) {
		const struct int_case *c = &int_cases[i];
		int fd = tcp_socket(p);
		s64 ret = set(p, fd, c->name, c->val), val = get(p, fd, c->name);

		if (ret != c->set || val != c->get)
			fail_msg("option %d value %d: %lld %lld", c->name, c->val, (long long)ret,
				 (long long)val);
		vcall(p, SYS_close, fd);
	}
}

static void test_ints(void **state)
{
	vrun(ints);
}

static void defaults(struct vproc *p)
{
	static const struct int_case cases[] = {
		{ TCP_NODELAY, .get = 0 },	{ TCP_MAXSEG, .get = 536 },
		{ TCP_CORK, .get = 0 },		{ TCP_KEEPIDLE, .get = 7200 },
		{ TCP_KEEPINTVL, .get = 75 },	{ TCP_KEEPCNT, .get = 9 },
		{ TCP_SYNCNT, .get = 6 },	{ TCP_LINGER2, .get = 60 },
		{ TCP_DEFER_ACCEPT, .get = 0 }, { TCP_WINDOW_CLAMP, .get = 0 },
		{ TCP_QUICKACK, .get = 1 },	{ TCP_USER_TIMEOUT, .get = 0 },
		{ TCP_NOTSENT_LOWAT, .get = 0 },
	};
	int fd = tcp_socket(p);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(get(p, fd, cases[i].name), cases[i].get);
}

static void test_defaults(void **state)
{
	vrun(defaults);
}

static void lengths(struct vproc *p)
{
	int fd = tcp_socket(p), val = 1;
	char buf[512];
	socklen_t len;

	for (socklen_t n = 0; n < 4; n++)
		assert_int_equal(vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &val, n),
				 -EINVAL);
	/* The length is looked at before the name. */
	assert_int_equal(vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, 999, &val, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &val, 5), 0);
	val = -1;
	len = 1;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_KEEPIDLE, &val, &len), 0);
	assert_int_equal(len, 1);
	assert_int_equal(val, (int)0xffffff00 | 0x20); /* the lowest byte of 7200 */
	len = (socklen_t)-1;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_NODELAY, &val, &len),
			 -EINVAL);
	len = sizeof(buf);
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, buf, &len), 0);
	assert_int_equal(len, TCP_INFO_LEN);
	len = 5;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, buf, &len), 0);
	assert_int_equal(len, 5);
	assert_int_equal(buf[0], TCP_CLOSE);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, TCP_INFO, buf, 104),
			 -ENOPROTOOPT);
	assert_int_equal(vcall(p, SYS_setsockopt, fd, 99, 1, &val, 4), -ENOPROTOOPT);
	/* Only under TCP_REPAIR. */
	assert_int_equal(set(p, fd, TCP_TIMESTAMP_, 1), -EPERM);
}

static void test_lengths(void **state)
{
	vrun(lengths);
}

static s64 set_cc(struct vproc *p, int fd, const char *name, socklen_t len)
{
	return vcall(p, SYS_setsockopt, fd, IPPROTO_TCP, TCP_CONGESTION, name, len);
}

static void congestion(struct vproc *p)
{
	int fd = tcp_socket(p);
	char buf[64];
	socklen_t len = sizeof(buf);

	assert_int_equal(set_cc(p, fd, "reno", 4), 0);
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_CONGESTION, buf, &len), 0);
	assert_int_equal(len, 16);
	assert_memory_equal(buf, "reno\0\0\0\0\0\0\0\0\0\0\0\0x", 17);
	/* A terminator may be there, and what follows it does not matter. */
	assert_int_equal(set_cc(p, fd, "cubic\0aaaaaaaaaaaaaa", 20), 0);
	len = 3;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_CONGESTION, buf, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(buf, "cubx", 4);
	assert_int_equal(set_cc(p, fd, "foo", 3), -ENOENT);
	assert_int_equal(set_cc(p, fd, "cubicaaaaaaaaaaaa", 17), -ENOENT);
	assert_int_equal(set_cc(p, fd, "", 1), -ENOENT);
	assert_int_equal(set_cc(p, fd, "", 0), -EINVAL);
}

static void test_congestion(void **state)
{
	vrun(congestion);
}

/* ---- a connection over loopback ---- */

struct pair {
	int listener, client, server;
};

static void connect_pair(struct vproc *p, struct pair *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	c->listener = tcp_socket(p);
	assert_int_equal(vcall(p, SYS_bind, c->listener, &a, sizeof(a)), 0);
	assert_int_equal(vcall(p, SYS_listen, c->listener, 5), 0);
	assert_int_equal(vcall(p, SYS_getsockname, c->listener, &a, &len), 0);
	c->client = tcp_socket(p);
	assert_int_equal(vcall(p, SYS_connect, c->client, &a, sizeof(a)), 0);
	c->server = (int)vcall(p, SYS_accept4, c->listener, 0, 0, 0);
	assert_true(c->server >= 0);
}

static struct tcp_info info_of(struct vproc *p, int fd)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);

	memset(&ti, 0xff, sizeof(ti));
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
	assert_int_equal(len, sizeof(ti));
	return ti;
}

static void info(struct vproc *p)
{
	struct pair c;
	struct tcp_info ti;
	int fd = tcp_socket(p);

	ti = info_of(p, fd);
	assert_int_equal(ti.tcpi_state, TCP_CLOSE);
	assert_int_equal(ti.tcpi_rto, 1000000);
	assert_int_equal(ti.tcpi_rttvar, 250000);
	assert_int_equal(ti.tcpi_snd_mss, 536);
	assert_int_equal(ti.tcpi_snd_cwnd, 10);
	assert_int_equal(ti.tcpi_snd_ssthresh, 0x7fffffff);
	assert_int_equal(ti.tcpi_reordering, 3);
	connect_pair(p, &c);
	ti = info_of(p, c.listener);
	assert_int_equal(ti.tcpi_state, TCP_LISTEN);
	assert_int_equal(ti.tcpi_unacked, 0);
	assert_int_equal(ti.tcpi_sacked, 5);
	for (int server = 0; server < 2; server++) {
		ti = info_of(p, server ? c.server : c.client);
		assert_int_equal(ti.tcpi_state, TCP_ESTABLISHED);
		assert_int_equal(ti.tcpi_options,
				 TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE);
		assert_int_equal(ti.tcpi_pmtu, 65535);
		assert_int_equal(ti.tcpi_advmss, 65483);
		assert_in_range(ti.tcpi_rto, 200000, 210000);
		assert_in_range(ti.tcpi_rtt, 1, 100000);
		assert_int_equal(ti.tcpi_unacked, 0);
		assert_true(ti.tcpi_snd_wscale > 0 && ti.tcpi_snd_wscale == ti.tcpi_rcv_wscale);
	}
}

static void test_info(void **state)
{
	vrun(info);
}

/* What is fixed once there is a connection. */
static void connected(struct vproc *p)
{
	struct pair c;
	s64 mss;

	connect_pair(p, &c);
	mss = get(p, c.client, TCP_MAXSEG);
	assert_true(mss > 1000);
	assert_int_equal(set(p, c.client, TCP_MAXSEG, 1000), 0);
	assert_int_equal(get(p, c.client, TCP_MAXSEG), mss);
	assert_int_equal(set(p, c.client, TCP_WINDOW_CLAMP, 0), -EINVAL);
	assert_int_equal(set(p, c.listener, TCP_WINDOW_CLAMP, 0), -EINVAL);
	assert_int_equal(set(p, c.client, TCP_WINDOW_CLAMP, 500), 0);
	assert_int_equal(get(p, c.client, TCP_WINDOW_CLAMP), 1152);
}

static void test_connected(void **state)
{
	vrun(connected);
}

/* The options of a listener are those of the connections that it accepts. */
static void inherited(struct vproc *p)
{
	static const struct int_case cases[] = {
		{ TCP_NODELAY, 1 },    { TCP_KEEPIDLE, 30 },	   { TCP_KEEPINTVL, 3 },
		{ TCP_KEEPCNT, 4 },    { TCP_USER_TIMEOUT, 5000 }, { TCP_LINGER2, 9 },
		{ TCP_NOTSENT_LOWAT, 1000 },
	};
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = tcp_socket(p), client = tcp_socket(p), fd;
	socklen_t len = sizeof(a);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(set(p, listener, cases[i].name, cases[i].val), 0);
	assert_int_equal(set_cc(p, listener, "reno", 4), 0);
	assert_int_equal(vcall(p, SYS_bind, listener, &a, sizeof(a)), 0);
	assert_int_equal(vcall(p, SYS_listen, listener, 5), 0);
	assert_int_equal(vcall(p, SYS_getsockname, listener, &a, &len), 0);
	assert_int_equal(vcall(p, SYS_connect, client, &a, sizeof(a)), 0);
	fd = (int)vcall(p, SYS_accept4, listener, 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (get(p, fd, cases[i].name) != cases[i].val)
			fail_msg("option %d: %lld", cases[i].name,
				 (long long)get(p, fd, cases[i].name));
	}
	len = 4;
	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_CONGESTION, &a, &len), 0);
	assert_memory_equal(&a, "reno", 4);
}

static void test_inherited(void **state)
{
	vrun(inherited);
}

static int readable(struct vproc *p, int fd)
{
	int n = -1;

	assert_int_equal(vcall(p, SYS_ioctl, fd, FIONREAD, &n), 0);
	return n;
}

static void cork(struct vproc *p)
{
	struct pair c;

	connect_pair(p, &c);
	assert_int_equal(set(p, c.client, TCP_CORK, 1), 0);
	assert_int_equal(vcall(p, SYS_write, c.client, "header", 6), 6);
	vproc_sleep(p, 20 * MS);
	assert_int_equal(readable(p, c.server), 0);
	/* TCP_NODELAY sends what waits, but leaves the cork in. */
	assert_int_equal(set(p, c.client, TCP_NODELAY, 1), 0);
	assert_int_equal(vcall(p, SYS_write, c.client, "body", 4), 4);
	vproc_sleep(p, 20 * MS);
	assert_int_equal(readable(p, c.server), 6);
	assert_int_equal(set(p, c.client, TCP_CORK, 0), 0);
	vproc_sleep(p, 20 * MS);
	assert_int_equal(readable(p, c.server), 10);
}

static void test_cork(void **state)
{
	vrun(cork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ints),	  cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_lengths),	  cmocka_unit_test(test_congestion),
		cmocka_unit_test(test_info),	  cmocka_unit_test(test_connected),
		cmocka_unit_test(test_inherited), cmocka_unit_test(test_cork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

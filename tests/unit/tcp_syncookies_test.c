/* SPDX-License-Identifier: MIT */
/*
 * Numbers that are computed rather than kept: initial sequence numbers (RFC 6528), timestamp
 * offsets (RFC 7323 5.4), SYN cookies (RFC 4987 3.6).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/engine/sim.h"
#include "stack/tcp_conn.h"
#include "tests/unit/support/vrun.h"
#include "tests/unit/unit.h"

#define MINUTE (60 * NSEC_PER_SEC)

struct numbers {
	struct sim sim;
	struct net net;
	struct ip_rx rx;
	union ipaddr us, peer, other;
	u8 syn[20], ack[20];
};

static int setup(void **state)
{
	struct numbers *n = calloc(1, sizeof(*n));

	n->net.sim = &n->sim;
	n->sim.now = 1000 * MINUTE + 5 * NSEC_PER_SEC;
	n->net.hash_secret[0] = 0x0123456789abcdef;
	n->net.hash_secret[1] = 0xfedcba9876543210;
	n->net.sysctl.tcp_timestamps = n->net.sysctl.tcp_sack = true;
	n->net.sysctl.tcp_window_scaling = true;
	n->net.sysctl.tcp_ecn = 2;
	n->us = ipaddr_v4(htonl(0x0a000001));
	n->peer = ipaddr_v4(htonl(0x0a000002));
	n->other = ipaddr_v4(htonl(0x0a000003));
	n->rx.saddr = n->peer;
	n->rx.daddr = n->us;
	put_be16(n->syn, 40000);
	put_be16(n->syn + 2, 80);
	put_be32(n->syn + 4, 0xfffffff0);
	*state = n;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static u32 isn(struct numbers *n, const union ipaddr *d, u16 dp)
{
	return tcp_secure_seq(&n->net, &n->us, 1234, d, dp);
}

static void test_isn_clock(void **state)
{
	struct numbers *n = *state;
	u32 first = isn(n, &n->peer, 80);

	assert_int_equal(isn(n, &n->peer, 80), first);
	n->sim.now += 64;
	assert_int_equal(isn(n, &n->peer, 80), first + 1);
	n->sim.now += NSEC_PER_SEC;
	assert_int_equal(isn(n, &n->peer, 80), first + 1 + 15625000);
}

static void test_isn_differs(void **state)
{
	struct numbers *n = *state;
	u32 first = isn(n, &n->peer, 80);

	assert_int_not_equal(isn(n, &n->peer, 81), first);
	assert_int_not_equal(isn(n, &n->other, 80), first);
	n->net.hash_secret[1]++;
	assert_int_not_equal(isn(n, &n->peer, 80), first);
}

static void test_ts_off(void **state)
{
	struct numbers *n = *state;
	u32 off = tcp_secure_ts_off(&n->net, &n->us, &n->peer);

	/* Does not move, so that timestamps of successive connections can be compared. */
	n->sim.now += MINUTE;
	assert_int_equal(tcp_secure_ts_off(&n->net, &n->us, &n->peer), off);
	assert_int_not_equal(tcp_secure_ts_off(&n->net, &n->us, &n->other), off);
	n->net.sysctl.tcp_timestamps = false;
	assert_int_equal(tcp_secure_ts_off(&n->net, &n->us, &n->peer), 0);
}

/* ---- SYN cookies ---- */

/* The ACK that answers a SYN-ACK with this number. */
static void answer(struct numbers *n, u32 cookie)
{
	memcpy(n->ack, n->syn, 4);
	put_be32(n->ack + 4, get_be32(n->syn + 4) + 1);
	put_be32(n->ack + 8, cookie + 1);
}

static u32 give(struct numbers *n, u16 mss)
{
	u32 cookie = tcp_cookie_init_sequence(&n->net, &n->rx, n->syn, &mss);

	answer(n, cookie);
	return cookie;
}

static void test_mss(void **state)
{
	static const struct {
		u16 peer, v4, v6;
	} cases[] = {
	    {100, 536, 1220},	{536, 536, 1220},    {1299, 536, 1220},	 {1300, 1300, 1220},
	    {1420, 1300, 1420}, {1440, 1440, 1440},  {1459, 1440, 1440}, {1460, 1460, 1440},
	    {8940, 1460, 8940}, {65535, 1460, 8940},
	};
	struct in6_addr a6 = { { { 0x20, 1, [15] = 1 } } };
	struct numbers *n = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			u16 mss = cases[i].peer, want = v6 ? cases[i].v6 : cases[i].v4;
			u32 cookie = tcp_cookie_init_sequence(&n->net, &n->rx, n->syn, &mss);

			assert_int_equal(mss, want);
			answer(n, cookie);
			assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), want);
		}
		n->rx.saddr = ipaddr_v6(&a6);
		a6.s6_addr[15]++;
		n->rx.daddr = ipaddr_v6(&a6);
	}
}

/* Good in its minute and in the next. */
static void test_age(void **state)
{
	struct numbers *n = *state;

	give(n, 1460);
	n->sim.now += 54 * NSEC_PER_SEC;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 1460);
	n->sim.now += MINUTE;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 1460);
	n->sim.now += NSEC_PER_SEC;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 0);
	n->sim.now += 1000 * MINUTE;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 0);
}

/* The count of minutes wraps at 256. */
static void test_wrap(void **state)
{
	struct numbers *n = *state;

	n->sim.now = 256 * MINUTE - NSEC_PER_SEC;
	give(n, 1300);
	n->sim.now += 2 * NSEC_PER_SEC;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 1300);
}

static void test_forged(void **state)
{
	struct numbers *n = *state;
	u32 cookie = give(n, 1460);
	int taken = 0;

	for (u32 i = 1; i < 20000; i++) {
		answer(n, cookie + i * 214013);
		taken += tcp_cookie_check(&n->net, &n->rx, n->ack) != 0;
	}
	/* 4 values of 2^24 in 2 of 256 minutes. */
	assert_in_range(taken, 0, 1);
	answer(n, cookie);
	n->rx.saddr = n->other;
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 0);
	n->rx.saddr = n->peer;
	put_be16(n->ack, 40001);
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 0);
	answer(n, cookie);
	put_be32(n->ack + 4, get_be32(n->ack + 4) + 100);
	assert_int_equal(tcp_cookie_check(&n->net, &n->rx, n->ack), 0);
}

static void test_timestamp(void **state)
{
	struct numbers *n = *state;

	for (u32 i = 0; i < 16 * 4; i++) {
		struct tcp_options_received opt = { .wscale_ok = (i & 15) != 15, .sack_ok = i & 16,
						    .snd_wscale = (i & 15) % 15 };
		struct tcp_options_received back = { .saw_tstamp = true, .tstamp_ok = true };
		u32 off = 0xffffff00, ts;
		bool ecn = i & 32, ecn_back;

		n->sim.now += NSEC_PER_MSEC;
		ts = tcp_cookie_init_timestamp(&n->net, &opt, ecn, off) - off;
		/* At most two steps of 64 ms old, and not from the future. */
		assert_in_range((u32)(n->sim.now / NSEC_PER_MSEC) - ts, 0, 127);
		assert_true(tcp_cookie_timestamp_decode(&n->net, &back, ts, &ecn_back));
		assert_int_equal(back.wscale_ok, opt.wscale_ok);
		assert_int_equal(back.snd_wscale, opt.snd_wscale);
		assert_int_equal(back.sack_ok, opt.sack_ok);
		assert_int_equal(ecn_back, ecn);
	}
}

/* Options that have been turned off since were never granted by us. */
static void test_timestamp_refused(void **state)
{
	struct tcp_options_received opt = { .saw_tstamp = true, .tstamp_ok = true };
	struct numbers *n = *state;
	bool ecn;

	n->net.sysctl.tcp_sack = false;
	assert_false(tcp_cookie_timestamp_decode(&n->net, &opt, 0x1f, &ecn));
	assert_true(tcp_cookie_timestamp_decode(&n->net, &opt, 0x0f, &ecn));
	n->net.sysctl.tcp_window_scaling = false;
	assert_true(tcp_cookie_timestamp_decode(&n->net, &opt, 0x0f, &ecn));
	assert_false(tcp_cookie_timestamp_decode(&n->net, &opt, 0x07, &ecn));
	n->net.sysctl.tcp_timestamps = false;
	assert_false(tcp_cookie_timestamp_decode(&n->net, &opt, 0x0f, &ecn));
	/* Without timestamps nothing was agreed on. */
	opt = (struct tcp_options_received){ .sack_ok = true, .wscale_ok = true, .snd_wscale = 7 };
	assert_true(tcp_cookie_timestamp_decode(&n->net, &opt, 0, &ecn));
	assert_false(opt.sack_ok || opt.wscale_ok || opt.snd_wscale || ecn);
}

/* ---- a connection that a cookie made ---- */

static struct tcp_info info_of(struct vproc *p, int fd)
{
	struct tcp_info ti;
	socklen_t len = sizeof(ti);

	assert_int_equal(vcall(p, SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
	return ti;
}

static void by_cookie(struct vproc *p)
{
	struct net *net = vproc_host(p)->net;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(80) };
	int listener = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0), client, server;
	struct tcp_info ci, si;
	char b[8];

	net->sysctl.tcp_syncookies = 2; /* always */
	/* Later than the first step of the timestamp clock that a cookie can name. */
	vproc_sleep(p, NSEC_PER_SEC);
	assert_int_equal(vcall(p, SYS_bind, listener, &a, sizeof(a)), 0);
	assert_int_equal(vcall(p, SYS_listen, listener, 5), 0);
	client = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(vcall(p, SYS_connect, client, &a, sizeof(a)), 0);
	server = (int)vcall(p, SYS_accept4, listener, 0, 0, 0);
	assert_true(server >= 0);
	assert_int_equal(net->mib.v[MIB_SyncookiesSent], 1);
	assert_int_equal(net->mib.v[MIB_SyncookiesRecv], 1);
	assert_int_equal(net->mib.v[MIB_SyncookiesFailed], 0);
	ci = info_of(p, client);
	si = info_of(p, server);
	assert_int_equal(si.tcpi_options, TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE);
	assert_int_equal(ci.tcpi_options, si.tcpi_options);
	assert_int_equal(ci.tcpi_snd_wscale, si.tcpi_rcv_wscale);
	assert_int_equal(ci.tcpi_rcv_wscale, si.tcpi_snd_wscale);
	assert_int_equal(si.tcpi_snd_mss, 1460 - 12);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vcall(p, SYS_write, i ? server : client, "cookie", 6), 6);
		assert_int_equal(vcall(p, SYS_read, i ? client : server, b, sizeof(b)), 6);
	}
}

static void test_by_cookie(void **state)
{
	vrun(by_cookie);
}

/* Without timestamps there is no place for the other options. */
static void by_bare_cookie(struct vproc *p)
{
	struct net *net = vproc_host(p)->net;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(80) };
	int listener = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0), client, server;

	net->sysctl.tcp_syncookies = 2;
	net->sysctl.tcp_timestamps = false;
	assert_int_equal(vcall(p, SYS_bind, listener, &a, sizeof(a)), 0);
	assert_int_equal(vcall(p, SYS_listen, listener, 5), 0);
	client = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(vcall(p, SYS_connect, client, &a, sizeof(a)), 0);
	server = (int)vcall(p, SYS_accept4, listener, 0, 0, 0);
	assert_true(server >= 0);
	assert_int_equal(info_of(p, server).tcpi_options, 0);
	assert_int_equal(info_of(p, client).tcpi_options, 0);
}

static void test_by_bare_cookie(void **state)
{
	vrun(by_bare_cookie);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_isn_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_isn_differs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ts_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timestamp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timestamp_refused, setup, teardown),
		cmocka_unit_test(test_by_cookie),
		cmocka_unit_test(test_by_bare_cookie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

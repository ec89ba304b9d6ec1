/* SPDX-License-Identifier: MIT */
/*
 * The ends of connections, segment by segment: FIN from either side or both, orphans, TIME_WAIT and
 * its reuse, resets and what RFC 5961 has against forged ones.
 */
#include "tests/unit/tcp_prog.h"

#include <signal.h>

/* What the program does with the connection that it accepts, and when (ms; 0: never). */
struct plan {
	int shutdown_at, close_at, read_at, write_at;
	bool linger0;
	int linger2;
	bool keep_listener; /* after close */
	s64 read, read2, written;
	int accepted;
};

static void server(struct vproc *p)
{
	struct plan *d = vproc_arg(p);
	int l = tcp_listener(p, 5), fd = (int)vcall(p, SYS_accept4, l, 0, 0, 0);
	char b[100];

	d->accepted++;
	if (d->linger0) {
		struct linger lg = {1, 0};

		vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &lg, sizeof(lg));
	}
	if (d->linger2)
		set_int(p, fd, IPPROTO_TCP, TCP_LINGER2, d->linger2);
	if (d->write_at) {
		at(p, d->write_at);
		d->written = tcp_write(p, fd, 1000);
	}
	if (d->read_at) {
		at(p, d->read_at);
		d->read = tcp_read(p, fd, b, sizeof(b));
		d->read2 = tcp_read(p, fd, b, sizeof(b));
	}
	if (d->shutdown_at) {
		at(p, d->shutdown_at);
		vcall(p, SYS_shutdown, fd, SHUT_WR);
	}
	if (d->close_at) {
		at(p, d->close_at);
		vcall(p, SYS_close, fd);
	}
	for (;;) {
		fd = (int)vcall(p, SYS_accept4, l, 0, 0, 0);
		d->accepted++;
	}
}

static u64 count(struct wire *w, enum mib m)
{
	return w->net->mib.v[m];
}

/* A connection on a host whose program follows the plan; ts: with timestamps. */
static void start(struct wire *w, struct wire_conn *c, struct plan *d, bool ts)
{
	wire_open(w);
	wire_spawn(w, server, d);
	wire_conn_init(c, w, 40000, PORT);
	c->ts = ts;
	wire_handshake(c);
}

/* ---- FIN ------------------------------------------------------------------------------------ */

/* We close first: FIN_WAIT1, FIN_WAIT2, TIME_WAIT for a minute. */
static void test_active_close(void **state)
{
	struct plan d = {.shutdown_at = 10, .close_at = 1000};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 2");
	wire_quiet(&c);
	/* Half-closed: the peer may still send. */
	wire_rx(&c, "P. 1:11(10) ack 2");
	wire_tx(&c, ". 2:2(0) ack 11");
	wire_rx(&c, "F. 11:11(0) ack 2");
	wire_tx(&c, ". 2:2(0) ack 12");
	assert_int_equal(w.net->tcp_tw_count, 1);
	assert_int_equal(w.net->mib.tcp_curr_estab, 0);
	/* The FIN again: our ACK was lost. */
	wire_run(&w, 600 * MS);
	wire_rx(&c, "F. 11:11(0) ack 2");
	wire_tx(&c, ". 2:2(0) ack 12");
	/* Bare ACKs out of the window are answered once in half a second. */
	wire_rx(&c, ". 5:5(0) ack 2");
	wire_tx(&c, ". 2:2(0) ack 12");
	wire_rx(&c, ". 5:5(0) ack 2");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_TCPACKSkippedTimeWait), 1);
	wire_run(&w, 59 * NSEC_PER_SEC);
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_run(&w, 2 * NSEC_PER_SEC);
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_rx(&c, ". 12:12(0) ack 2");
	wire_tx(&c, "R 2:2(0)");
	wire_close(&w);
}

/* The peer closes first: CLOSE_WAIT, LAST_ACK, nothing is left. */
static void test_passive_close(void **state)
{
	struct plan d = {.read_at = 5, .close_at = 100};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	wire_rx(&c, "PF. 1:11(10) ack 1 win 512");
	/* The ACK waits for an answer of the program, 40 ms. */
	wire_quiet(&c);
	assert_int_equal(w.net->mib.tcp_curr_estab, 1);
	wire_tx_after(&c, 40 * MS, ". 1:1(0) ack 12");
	until(&w, 100);
	assert_int_equal(d.read, 10);
	assert_int_equal(d.read2, 0);
	wire_tx(&c, "F. 1:1(0) ack 12");
	assert_int_equal(w.net->tcp_orphans, 1);
	wire_rx(&c, ". 12:12(0) ack 2");
	assert_int_equal(w.net->tcp_orphans, 0);
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_rx(&c, ". 12:12(0) ack 2");
	wire_tx(&c, "R 2:2(0)");
	wire_close(&w);
}

/* Both FINs cross: CLOSING. */
static void test_simultaneous_close(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, "F. 1:1(0) ack 1 win 512");
	wire_tx(&c, ". 2:2(0) ack 2");
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_rx(&c, ". 2:2(0) ack 2");
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_quiet(&c);
	wire_close(&w);
}

/* An orphan whose peer never closes: a minute in FIN_WAIT2, as a small sock. */
static void test_orphan(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 2 win 512");
	assert_int_equal(w.net->tcp_orphans, 0);
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_run(&w, 59 * NSEC_PER_SEC);
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_run(&w, 2 * NSEC_PER_SEC);
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_close(&w);
	/* The FIN comes in time: TIME_WAIT proper. */
	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 2 win 512");
	wire_run(&w, 30 * NSEC_PER_SEC);
	wire_rx(&c, "F. 1:1(0) ack 2 win 512");
	wire_tx(&c, ". 2:2(0) ack 2");
	wire_run(&w, 59 * NSEC_PER_SEC);
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_close(&w);
}

/* Data for an orphan is answered by a reset, before and after our FIN is acknowledged. */
static void test_data_for_orphan(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, "P. 1:11(10) ack 1 win 512");
	wire_tx(&c, "R 1:1(0)");
	assert_int_equal(count(&w, MIB_TCPAbortOnData), 1);
	wire_close(&w);
	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 2 win 512");
	wire_rx(&c, "P. 1:11(10) ack 2 win 512");
	wire_tx(&c, "R 2:2(0)");
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_close(&w);
}

/* TCP_LINGER2 < 0: no FIN_WAIT2 at all. */
static void test_linger2(void **state)
{
	struct plan d = {.close_at = 10, .linger2 = -1};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 2 win 512");
	wire_tx(&c, "R 2:2(0)");
	assert_int_equal(w.net->tcp_tw_count, 0);
	assert_int_equal(w.net->tcp_orphans, 0);
	wire_close(&w);
}

/* close() with unread data, and with a linger time of 0. */
static void test_abort(void **state)
{
	struct plan d = {.close_at = 10}, d0 = {.close_at = 10, .linger0 = true};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	wire_rx(&c, "P. 1:11(10) ack 1 win 512");
	wire_tx(&c, ". 1:1(0) ack 11");
	until(&w, 10);
	wire_tx(&c, "R. 1:1(0) ack 11");
	assert_int_equal(count(&w, MIB_TCPAbortOnClose), 1);
	wire_close(&w);
	start(&w, &c, &d0, false);
	until(&w, 10);
	wire_tx(&c, "R. 1:1(0) ack 1");
	assert_int_equal(count(&w, MIB_TCPAbortOnData), 1);
	assert_int_equal(count(&w, MIB_EstabResets), 1);
	wire_close(&w);
}

/* ---- RST ------------------------------------------------------------------------------------ */

/* RFC 5961 3.2: only the exact number resets; another one in the window is challenged. */
static void test_rst(void **state)
{
	struct plan d = {.read_at = 1};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 2);
	wire_rx(&c, "R 500:500(0)");
	wire_tx(&c, ". 1:1(0) ack 1");
	assert_int_equal(count(&w, MIB_TCPChallengeACK), 1);
	/* One answer in half a second. */
	wire_rx(&c, "R 500:500(0)");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_TCPACKSkippedChallenge), 1);
	/* Out of the window: nothing. */
	wire_run(&w, 600 * MS);
	wire_rx(&c, "R 100000:100000(0)");
	wire_quiet(&c);
	assert_int_equal(d.read, 0);
	wire_rx(&c, "R 1:1(0)");
	wire_quiet(&c);
	assert_int_equal(d.read, -ECONNRESET);
	assert_int_equal(d.read2, 0);
	wire_close(&w);
}

/* RFC 5961 4: a SYN in an established connection is challenged, whatever its number. */
static void test_syn(void **state)
{
	struct plan d = {.read_at = 1};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	wire_rx(&c, "S 1:1(0) win 512");
	wire_tx(&c, ". 1:1(0) ack 1");
	wire_run(&w, 600 * MS);
	wire_rx(&c, "S 700000:700000(0) win 512");
	wire_tx(&c, ". 1:1(0) ack 1");
	assert_int_equal(count(&w, MIB_TCPSYNChallenge), 2);
	assert_int_equal(w.net->mib.tcp_curr_estab, 1);
	wire_close(&w);
}

/* net.ipv4.tcp_challenge_ack_limit is for the whole host and a second. */
static void test_challenge_limit(void **state)
{
	struct plan d = {.read_at = 1};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_challenge_ack_limit", "1"), 0);
	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_invalid_ratelimit", "0"), 0);
	wire_run(&w, 100 * MS);
	for (int i = 0; i < 5; i++)
		wire_rx(&c, "R 500:500(0)");
	wire_tx(&c, ". 1:1(0) ack 1");
	wire_quiet(&c);
	wire_run(&w, NSEC_PER_SEC);
	wire_rx(&c, "R 500:500(0)");
	wire_tx(&c, ". 1:1(0) ack 1");
	wire_close(&w);
}

/* ---- TIME_WAIT ------------------------------------------------------------------------------ */

/* Up to TIME_WAIT: the next number of the peer is 2, ours is 2. */
static void to_time_wait(struct wire *w, struct wire_conn *c, struct plan *d, bool ts)
{
	start(w, c, d, ts);
	until(w, 10);
	wire_tx(c, "F. 1:1(0) ack 1");
	wire_rx(c, "F. 1:1(0) ack 2 win 512");
	wire_tx(c, ". 2:2(0) ack 2");
	assert_int_equal(w->net->tcp_tw_count, 1);
	wire_run(w, 600 * MS);
}

/* A SYN of a higher number opens a new connection; one of a lower number is answered with an ACK.
 */
static void test_tw_syn(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	to_time_wait(&w, &c, &d, false);
	wire_rx(&c, "S 1:1(0) win 65535 <mss 1460>");
	wire_tx(&c, ". 2:2(0) ack 2");
	assert_int_equal(w.net->tcp_tw_count, 1);
	/* The new one begins above all that the old one may have sent (65535 + 2). */
	wire_rx(&c, "S 100:100(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 65539:65539(0) ack 101");
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_rx(&c, ". 101:101(0) ack 65540");
	assert_int_equal(d.accepted, 2);
	wire_close(&w);
}

/* With timestamps (RFC 6191) the number does not matter, but an old timestamp does (PAWS). */
static void test_tw_paws(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	to_time_wait(&w, &c, &d, true);
	c.ts_off = -5000;
	wire_rx(&c, "S 100:100(0) win 65535 <mss 1460>");
	wire_tx(&c, ". 2:2(0) ack 2");
	assert_int_equal(count(&w, MIB_PAWSTimewait), 1);
	c.ts_off = 0;
	c.isn -= 1000000;
	wire_rx(&c, "S 100:100(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 65539:65539(0) ack 101");
	wire_close(&w);
}

/* RFC 1337: an RST ends TIME_WAIT, unless tcp_rfc1337. */
static void test_tw_rst(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	to_time_wait(&w, &c, &d, false);
	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_rfc1337", "1"), 0);
	wire_rx(&c, "R 2:2(0)");
	assert_int_equal(w.net->tcp_tw_count, 1);
	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_rfc1337", "0"), 0);
	/* Not with any number. */
	wire_rx(&c, "R 3:3(0)");
	assert_int_equal(w.net->tcp_tw_count, 1);
	wire_rx(&c, "R 2:2(0)");
	assert_int_equal(w.net->tcp_tw_count, 0);
	wire_quiet(&c);
	wire_close(&w);
}

static void test_tw_limit(void **state)
{
	struct plan d = {.close_at = 10};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_max_tw_buckets", "0"), 0);
	until(&w, 10);
	wire_tx(&c, "F. 1:1(0) ack 1");
	wire_rx(&c, "F. 1:1(0) ack 2 win 512");
	wire_tx(&c, ". 2:2(0) ack 2");
	assert_int_equal(w.net->tcp_tw_count, 0);
	assert_int_equal(count(&w, MIB_TCPTimeWaitOverflow), 1);
	wire_close(&w);
}

/* connect() from a port of its own that is in TIME_WAIT: with timestamps only. */
struct reuse {
	s64 ret[2];
};

static void reuser(struct vproc *p)
{
	struct reuse *r = vproc_arg(p);
	struct sockaddr_in from = address("10.0.0.1", 5000), to = address("10.0.0.2", 8080);

	for (int i = 0; i < 2; i++) {
		int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);

		set_int(p, fd, SOL_SOCKET, SO_REUSEADDR, 1);
		assert_int_equal(vcall(p, SYS_bind, fd, &from, sizeof(from)), 0);
		r->ret[i] = vcall(p, SYS_connect, fd, &to, sizeof(to));
		at(p, 1000 * (i + 1));
		vcall(p, SYS_close, fd);
		at(p, 1000 * (i + 1) + 500);
	}
}

static void test_tw_reuse(void **state)
{
	for (int ts = 0; ts < 2; ts++) {
		struct reuse r = {.ret = {-1, -1}};
		struct wire_conn c;
		struct wire w;

		wire_open(&w);
		wire_spawn(&w, reuser, &r);
		wire_conn_init(&c, &w, 8080, 0);
		wire_tx(&c, "S 0:0(0)");
		c.ts = ts;
		wire_rx(&c, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
		wire_tx(&c, ". 1:1(0) ack 1");
		until(&w, 1000);
		wire_tx(&c, "F. 1:1(0) ack 1");
		wire_rx(&c, "F. 1:1(0) ack 2");
		wire_tx(&c, ". 2:2(0) ack 2");
		until(&w, 1500);
		if (ts) {
			wire_tx(&c, "S 65539:65539(0)");
			assert_int_equal(w.net->tcp_tw_count, 0);
		} else {
			wire_quiet(&c);
			assert_int_equal(r.ret[1], -EADDRNOTAVAIL);
		}
		wire_close(&w);
	}
}

/* ---- errors of a connection that lives ------------------------------------------------------ */

/* ICMP "unreachable" is only remembered (RFC 1122 4.2.3.9) and told when we give up. */
static void test_soft_error(void **state)
{
	struct plan d = {.write_at = 10, .read_at = 11};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 12);
	wire_tx(&c, "P. 1:1001(1000) ack 1");
	wire_icmp(&c, 3, 1, 0, 1);
	assert_int_equal(w.net->mib.tcp_curr_estab, 1);
	assert_int_equal(d.read, 0);
	wire_run(&w, 1500 * NSEC_PER_SEC);
	assert_int_equal(d.read, -EHOSTUNREACH);
	assert_int_equal(count(&w, MIB_TCPAbortOnTimeout), 1);
	wire_close(&w);
}

/* RFC 1191: what does not fit is sent again in smaller pieces, at once. */
static void test_too_big(void **state)
{
	struct plan d = {.write_at = 10};
	struct wire_conn c;
	struct wire w;

	start(&w, &c, &d, false);
	until(&w, 12);
	wire_tx(&c, "P. 1:1001(1000) ack 1");
	wire_icmp(&c, 3, 4, 800, 1);
	wire_tx(&c, ". 1:761(760) ack 1");
	wire_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_active_close),
	    cmocka_unit_test(test_passive_close),
	    cmocka_unit_test(test_simultaneous_close),
	    cmocka_unit_test(test_orphan),
	    cmocka_unit_test(test_data_for_orphan),
	    cmocka_unit_test(test_linger2),
	    cmocka_unit_test(test_abort),
	    cmocka_unit_test(test_rst),
	    cmocka_unit_test(test_syn),
	    cmocka_unit_test(test_challenge_limit),
	    cmocka_unit_test(test_tw_syn),
	    cmocka_unit_test(test_tw_paws),
	    cmocka_unit_test(test_tw_rst),
	    cmocka_unit_test(test_tw_limit),
	    cmocka_unit_test(test_tw_reuse),
	    cmocka_unit_test(test_soft_error),
	    cmocka_unit_test(test_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

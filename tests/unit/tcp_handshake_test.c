/* SPDX-License-Identifier: MIT */
/*
 * Opening connections (RFC 9293 3.5): both sides of the handshake, segment by segment, and what
 * becomes of it when queues are full, segments are lost or do not belong.
 */
#include "tests/unit/tcp_prog.h"

/* What a program saw. */
struct seen {
	int backlog, defer, npass;
	s64 ret[8];
	nsec_t t[8];
	int n;
};

static void note(struct vproc *p, struct seen *s, s64 ret)
{
	s->t[s->n] = (vproc_now(p) - START) / MS;
	s->ret[s->n++] = ret;
}

/* Accepts from time npass on, for ever. */
static void server(struct vproc *p)
{
	struct seen *s = vproc_arg(p);
	int l = tcp_listener(p, s->backlog);

	if (s->defer)
		assert_int_equal(set_int(p, l, IPPROTO_TCP, TCP_DEFER_ACCEPT, s->defer), 0);
	at(p, s->npass);
	for (;;)
		note(p, s, vcall(p, SYS_accept4, l, 0, 0, 0));
}

static u64 count(struct wire *w, enum mib m)
{
	return w->net->mib.v[m];
}

/* ---- passive open --------------------------------------------------------------------------- */

static void test_three_way(void **state)
{
	struct seen s = {.backlog = 5};
	struct wire_conn c;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&c, &w, 40000, PORT);
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7>");
	wire_tx(&c, "S. 0:0(0) ack 1 win 64240 <mss 1460,nop,nop,sackOK,nop,wscale ");
	assert_int_equal(s.n, 0);
	wire_rx(&c, ". 1:1(0) ack 1 win 512");
	wire_quiet(&c);
	assert_int_equal(s.n, 1);
	assert_int_equal(count(&w, MIB_PassiveOpens), 1);
	assert_int_equal(w.net->mib.tcp_curr_estab, 1);
	/* A peer without options gets none but the MSS. */
	wire_conn_init(&c, &w, 40001, PORT);
	wire_rx(&c, "S 0:0(0) win 1000");
	wire_tx(&c, "S. 0:0(0) ack 1 win 64240 <mss 1460>");
	/* The third segment may bring data. */
	wire_rx(&c, "P. 1:11(10) ack 1 win 1000");
	wire_tx(&c, ". 1:1(0) ack 11");
	assert_int_equal(s.n, 2);
	wire_close(&w);
}

/* 1, 2, 4, 8, 16 s after each other (tcp_synack_retries = 5); then the request is gone. */
static void test_synack_again(void **state)
{
	struct seen s = {.backlog = 5};
	struct wire_conn c;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&c, &w, 40000, PORT);
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 0:0(0) ack 1");
	for (int i = 0; i < 5; i++)
		wire_tx_after(&c, NSEC_PER_SEC << i, "S. 0:0(0) ack 1");
	assert_int_equal(count(&w, MIB_TCPSynRetrans), 5);
	wire_run(&w, 33 * NSEC_PER_SEC);
	wire_quiet(&c);
	wire_rx(&c, ". 1:1(0) ack 1");
	wire_tx(&c, "R 1:1(0)");
	wire_close(&w);
}

static void test_syn_again(void **state)
{
	struct seen s = {.backlog = 5};
	struct wire_conn c;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&c, &w, 40000, PORT);
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 0:0(0) ack 1");
	wire_run(&w, 600 * MS);
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 0:0(0) ack 1");
	/* Not twice in half a second, and the timer has begun anew. */
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_TCPACKSkippedSynRecv), 1);
	wire_tx_after(&c, NSEC_PER_SEC, "S. 0:0(0) ack 1");
	wire_close(&w);
}

static void test_request_errors(void **state)
{
	struct seen s = {.backlog = 5};
	struct wire_conn c;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&c, &w, 40000, PORT);
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 0:0(0) ack 1");
	/* An ACK of something else: RST, the request stays. */
	wire_rx(&c, ". 1:1(0) ack 5");
	wire_tx(&c, "R 5:5(0)");
	/* Out of the window: an ACK. */
	wire_rx(&c, ". 90000:90000(0) ack 1");
	wire_tx(&c, ". 1:1(0) ack 1");
	/* An RST ends it; the listener goes on. */
	wire_rx(&c, "R. 1:1(0) ack 1");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_EmbryonicRsts), 1);
	assert_int_equal(count(&w, MIB_AttemptFails), 1);
	wire_rx(&c, ". 1:1(0) ack 1");
	wire_tx(&c, "R 1:1(0)");
	/* SYN and FIN together, no flag at all, a wrong checksum: silence. */
	wire_conn_init(&c, &w, 40001, PORT);
	wire_rx(&c, "SF 0:0(0) win 65535");
	wire_rx(&c, "- 0:0(0) win 65535");
	c.bad_checksum = true;
	wire_rx(&c, "S 0:0(0) win 65535");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_TcpInCsumErrors), 1);
	assert_int_equal(s.n, 0);
	wire_close(&w);
}

static void test_no_listener(void **state)
{
	struct wire w;
	struct wire_conn c;

	wire_open(&w);
	wire_conn_init(&c, &w, 40000, 81);
	wire_rx(&c, "S 0:0(0) win 65535");
	wire_tx(&c, "R. 0:0(0) ack 1 win 0");
	wire_rx(&c, "P. 7:17(10) ack 33");
	wire_tx(&c, "R 33:33(0)");
	wire_rx(&c, "F 7:7(0)");
	wire_tx(&c, "R. 0:0(0) ack 8");
	wire_rx(&c, "R 7:7(0)");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_OutRsts), 3);
	wire_close(&w);
}

/* ---- full queues ---------------------------------------------------------------------------- */

static void syn(struct wire_conn *c, struct wire *w, u16 port)
{
	wire_conn_init(c, w, port, PORT);
	wire_rx(c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(c, "S. 0:0(0) ack 1");
}

/* listen(1): two connections fit. SYNs are dropped then, and so is an ACK that comes too late. */
static void test_overflow(void **state)
{
	struct seen s = {.backlog = 1, .npass = 2500};
	struct wire_conn a, b, c, d;
	WIRE_TEST(w, server, &s);

	syn(&a, &w, 40000);
	wire_rx(&a, ". 1:1(0) ack 1");
	syn(&b, &w, 40001);
	syn(&c, &w, 40002);
	wire_rx(&b, ". 1:1(0) ack 1");
	/* c's peer believes that it is connected. */
	wire_rx(&c, ". 1:1(0) ack 1");
	wire_quiet(&c);
	assert_int_equal(count(&w, MIB_ListenOverflows), 1);
	assert_int_equal(count(&w, MIB_ListenDrops), 1);
	wire_conn_init(&d, &w, 40003, PORT);
	wire_rx(&d, "S 0:0(0) win 65535 <mss 1460>");
	wire_quiet(&d);
	assert_int_equal(count(&w, MIB_ListenOverflows), 2);
	assert_int_equal(count(&w, MIB_ListenDrops), 2);
	/* The SYN-ACK again, until there is room. */
	wire_tx_after(&c, NSEC_PER_SEC, "S. 0:0(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 1");
	until(&w, 2600);
	assert_int_equal(s.n, 2);
	wire_tx_after(&c, 400 * MS, "S. 0:0(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 1");
	assert_int_equal(s.n, 3);
	wire_close(&w);
}

static void test_abort_on_overflow(void **state)
{
	struct seen s = {.backlog = 1, .npass = 10000};
	struct wire_conn a, b, c;
	WIRE_TEST(w, server, &s);

	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_abort_on_overflow", "1"), 0);
	syn(&a, &w, 40000);
	wire_rx(&a, ". 1:1(0) ack 1");
	syn(&b, &w, 40001);
	syn(&c, &w, 40002);
	wire_rx(&b, ". 1:1(0) ack 1");
	wire_rx(&c, ". 1:1(0) ack 1");
	wire_tx(&c, "R 1:1(0)");
	wire_close(&w);
}

/* The SYN queue is longer than the backlog: a cookie, which needs no place. */
static void test_cookies(void **state)
{
	struct seen s = {.backlog = 1};
	struct wire_conn c[4];
	WIRE_TEST(w, server, &s);

	for (int i = 0; i < 3; i++) {
		wire_conn_init(&c[i], &w, (u16)(40000 + i), PORT);
		wire_rx(&c[i], "S 0:0(0) win 65535 <mss 1400,sackOK,wscale 7>");
		wire_tx(&c[i], "S. 0:0(0) ack 1");
	}
	assert_int_equal(count(&w, MIB_SyncookiesSent), 1);
	assert_int_equal(count(&w, MIB_TCPReqQFullDoCookies), 1);
	/* Nothing is kept of it, so nothing is sent again. */
	wire_run(&w, 1500 * MS);
	wire_tx(&c[0], "S. 0:0(0)");
	wire_quiet(&c[2]);
	wire_rx(&c[2], ". 1:1(0) ack 1 win 512");
	wire_quiet(&c[2]);
	assert_int_equal(s.n, 1);
	assert_int_equal(count(&w, MIB_SyncookiesRecv), 1);
	wire_rx(&c[2], "P. 1:11(10) ack 1 win 512");
	wire_tx(&c[2], ". 1:1(0) ack 11");
	/* A forged one. */
	wire_conn_init(&c[3], &w, 40003, PORT);
	wire_rx(&c[3], ". 1:1(0) ack 12345");
	wire_tx(&c[3], "R 12345:12345(0)");
	assert_int_equal(count(&w, MIB_SyncookiesFailed), 1);
	assert_int_equal(s.n, 1);
	/* Two minutes after the last cookie no ACK is taken for one. */
	wire_run(&w, 130 * NSEC_PER_SEC);
	wire_conn_init(&c[3], &w, 40004, PORT);
	wire_rx(&c[3], ". 1:1(0) ack 12345");
	wire_tx(&c[3], "R 12345:12345(0)");
	assert_int_equal(count(&w, MIB_SyncookiesFailed), 1);
	wire_close(&w);
}

static void test_no_cookies(void **state)
{
	struct seen s = {.backlog = 0};
	struct wire_conn a, b;
	WIRE_TEST(w, server, &s);

	assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_syncookies", "0"), 0);
	wire_conn_init(&a, &w, 40000, PORT);
	wire_rx(&a, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&a, "S. 0:0(0) ack 1");
	wire_conn_init(&b, &w, 40001, PORT);
	wire_rx(&b, "S 0:0(0) win 65535 <mss 1460>");
	wire_quiet(&b);
	assert_int_equal(count(&w, MIB_TCPReqQFullDrop), 1);
	wire_close(&w);
}

/* TCP_DEFER_ACCEPT: the bare ACK is not enough; data is, or the end of the time. */
static void test_defer_accept(void **state)
{
	struct seen s = {.backlog = 5, .defer = 1};
	struct wire_conn a, b;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&a, &w, 40000, PORT);
	wire_rx(&a, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&a, "S. 0:0(0) ack 1");
	wire_rx(&a, ". 1:1(0) ack 1");
	assert_int_equal(s.n, 0);
	assert_int_equal(count(&w, MIB_TCPDeferAcceptDrop), 1);
	wire_rx(&a, "P. 1:11(10) ack 1");
	wire_tx(&a, ". 1:1(0) ack 11");
	assert_int_equal(s.n, 1);
	wire_conn_init(&b, &w, 40001, PORT);
	wire_rx(&b, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&b, "S. 0:0(0) ack 1");
	wire_rx(&b, ". 1:1(0) ack 1");
	assert_int_equal(s.n, 1);
	wire_tx_after(&b, NSEC_PER_SEC, "S. 0:0(0) ack 1");
	wire_rx(&b, ". 1:1(0) ack 1");
	assert_int_equal(s.n, 2);
	wire_close(&w);
}

/* RFC 7323 5.2: an ACK that echoes a timestamp which was never sent. */
static void test_wrong_echo(void **state)
{
	struct seen s = {.backlog = 5};
	struct wire_conn c;
	u32 good;
	WIRE_TEST(w, server, &s);

	wire_conn_init(&c, &w, 40000, PORT);
	c.ts = true;
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
	wire_tx(&c, "S. 0:0(0) ack 1");
	good = c.tsecr;
	c.tsecr += 5;
	wire_rx(&c, ". 1:1(0) ack 1");
	wire_tx(&c, ". 1:1(0) ack 1");
	assert_int_equal(count(&w, MIB_TSEcrRejected), 1);
	assert_int_equal(s.n, 0);
	c.tsecr = good;
	wire_rx(&c, ". 1:1(0) ack 1");
	assert_int_equal(s.n, 1);
	wire_close(&w);
}

/* ---- SO_REUSEPORT and tcp_migrate_req ------------------------------------------------------- */

/* Two listeners; the first is closed after 100 ms, the second then accepts all it can. */
static void reloader(struct vproc *p)
{
	struct seen *s = vproc_arg(p);
	struct sockaddr_in sa = address("0.0.0.0", PORT);
	int l[2];

	for (int i = 0; i < 2; i++) {
		l[i] = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		set_int(p, l[i], SOL_SOCKET, SO_REUSEPORT, 1);
		assert_int_equal(vcall(p, SYS_bind, l[i], &sa, sizeof(sa)), 0);
		assert_int_equal(vcall(p, SYS_listen, l[i], 16), 0);
	}
	at(p, 100);
	vcall(p, SYS_close, l[0]);
	at(p, 200);
	while (vcall(p, SYS_accept4, l[1], 0, 0, 0) >= 0)
		s->npass++;
}

static void test_migrate(void **state)
{
	for (int migrate = 0; migrate < 2; migrate++) {
		struct seen s = {0};
		struct wire_conn c[8];
		int lost = 0;
		WIRE_TEST(w, reloader, &s);

		if (migrate)
			assert_int_equal(net_sysctl_write(w.net, "net.ipv4.tcp_migrate_req", "1"),
					 0);
		for (int i = 0; i < 8; i++) {
			syn(&c[i], &w, (u16)(40000 + i));
			/* Half of them are requests when the listener goes. */
			if (i % 2)
				wire_rx(&c[i], ". 1:1(0) ack 1");
		}
		until(&w, 110);
		for (int i = 0; i < 8; i++)
			if (i % 2 == 0)
				wire_rx(&c[i], ". 1:1(0) ack 1");
		lost = (int)count(&w, MIB_OutRsts);
		until(&w, 300);
		assert_int_equal(s.npass, 8 - lost);
		if (migrate)
			assert_int_equal(lost, 0);
		else
			assert_in_range(lost, 2, 6);
		wire_close(&w);
	}
}

/* ---- active open ---------------------------------------------------------------------------- */

static void client(struct vproc *p)
{
	struct seen *s = vproc_arg(p);
	struct sockaddr_in to = address("10.0.0.2", 8080);
	int fd = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);

	note(p, s, vcall(p, SYS_connect, fd, &to, sizeof(to)));
	if (!s->ret[0])
		note(p, s, tcp_write(p, fd, 100));
	vproc_sleep(p, 1000 * NSEC_PER_SEC);
}

static void test_connect(void **state)
{
	struct seen s = {0};
	struct wire_conn c;
	WIRE_TEST(w, client, &s);

	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0) win 64240 <mss 1460,sackOK,TS,nop,wscale ");
	c.ts = true;
	wire_rx(&c, "S. 0:0(0) ack 1 win 65535 <mss 1000,sackOK,wscale 7>");
	wire_tx(&c, ". 1:1(0) ack 1");
	wire_tx(&c, "P. 1:101(100) ack 1");
	assert_int_equal(s.ret[0], 0);
	assert_int_equal(count(&w, MIB_ActiveOpens), 1);
	wire_close(&w);
}

/* Four times after a second (tcp_syn_linear_timeouts), then backed off; six more tries in all. */
static void test_connect_timeout(void **state)
{
	struct seen s = {0};
	struct wire_conn c;
	WIRE_TEST(w, client, &s);

	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0)");
	for (int i = 0; i < 5; i++)
		wire_tx_after(&c, NSEC_PER_SEC, "S 0:0(0)");
	for (int i = 1; i < 6; i++)
		wire_tx_after(&c, NSEC_PER_SEC << i, "S 0:0(0)");
	wire_run(&w, 70 * NSEC_PER_SEC);
	wire_quiet(&c);
	assert_int_equal(s.ret[0], -ETIMEDOUT);
	wire_close(&w);
}

static void test_connect_errors(void **state)
{
	struct seen s[3] = {0};
	struct wire_conn c;
	WIRE_TEST(w, client, &s[0]);

	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0)");
	/* An RST must acknowledge the SYN (RFC 9293 3.10.7.3). */
	wire_rx(&c, "R 0:0(0)");
	wire_rx(&c, "R. 0:0(0) ack 77");
	assert_int_equal(s[0].n, 0);
	wire_rx(&c, "R. 0:0(0) ack 1");
	assert_int_equal(s[0].ret[0], -ECONNREFUSED);
	wire_quiet(&c);
	/* ICMP: only for the number that is in flight. */
	wire_spawn(&w, client, &s[1]);
	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0)");
	wire_icmp(&c, 3, 1, 0, 1000);
	assert_int_equal(s[1].n, 0);
	assert_int_equal(count(&w, MIB_OutOfWindowIcmps), 1);
	wire_icmp(&c, 3, 1, 0, 0);
	assert_int_equal(s[1].ret[0], -EHOSTUNREACH);
	wire_close(&w);
}

/* The peer still has a connection of the same names: its ACK gets an RST, and the SYN goes again at
 * once. */
static void test_former_connection(void **state)
{
	struct seen s = {0};
	struct wire_conn c;
	WIRE_TEST(w, client, &s);

	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0)");
	wire_rx(&c, ". 5000:5000(0) ack 7777");
	wire_tx(&c, "R 7777:7777(0)");
	wire_tx_after(&c, 8 * MS, "S 0:0(0)");
	wire_rx(&c, "S. 0:0(0) ack 1 win 65535 <mss 1460>");
	wire_tx(&c, ". 1:1(0) ack 1");
	assert_int_equal(s.ret[0], 0);
	wire_close(&w);
}

/* RFC 9293 figure 7. */
static void test_simultaneous_open(void **state)
{
	struct seen s = {0};
	struct wire_conn c;
	WIRE_TEST(w, client, &s);

	wire_conn_init(&c, &w, 8080, 0);
	wire_tx(&c, "S 0:0(0)");
	c.ts = true;
	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7>");
	wire_tx(&c, "S. 0:0(0) ack 1 win 64240 <mss 1460,");
	assert_int_equal(s.n, 0);
	wire_rx(&c, "S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 7>");
	assert_int_equal(s.ret[0], 0);
	/* The second SYN is a duplicate, and reported as one (RFC 2883). */
	wire_tx(&c, ". 1:1(0) ack 1 win 63 <nop,nop,TS,nop,nop,sack>");
	wire_tx(&c, "P. 1:101(100) ack 1");
	wire_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_three_way),	      cmocka_unit_test(test_synack_again),
	    cmocka_unit_test(test_syn_again),	      cmocka_unit_test(test_request_errors),
	    cmocka_unit_test(test_no_listener),	      cmocka_unit_test(test_overflow),
	    cmocka_unit_test(test_abort_on_overflow), cmocka_unit_test(test_cookies),
	    cmocka_unit_test(test_no_cookies),	      cmocka_unit_test(test_defer_accept),
	    cmocka_unit_test(test_wrong_echo),	      cmocka_unit_test(test_migrate),
	    cmocka_unit_test(test_connect),	      cmocka_unit_test(test_connect_timeout),
	    cmocka_unit_test(test_connect_errors),    cmocka_unit_test(test_former_connection),
	    cmocka_unit_test(test_simultaneous_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

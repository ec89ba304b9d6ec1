/* SPDX-License-Identifier: MIT */
/*
 * TIME_WAIT and FIN_WAIT2 without a holder: which segment is answered by what (RFC 9293 3.10.7.4,
 * RFC 1337, RFC 6191, RFC 7323 5), how long it stays, who may take its place.
 */
#include "stack/inet_hash.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"
#include "tests/unit/ip_fixture.h"

#define SEC NSEC_PER_SEC
#define MS NSEC_PER_MSEC
#define LPORT 5000
#define RPORT 80
#define SND_NXT 70000u
#define RCV_NXT 900000u
#define RCV_WND 10000u
#define TS_RECENT 500000u
#define START (100 * SEC)

static const char *const peer_addr = "10.0.0.2";

/* An established connection of ours, as the test wants it; the caller has its reference. */
static struct tcp_sock *conn_new(struct ip_fixture *f, const char *local, const char *peer)
{
	struct sock *sk = sk_alloc(f->net, &tcp_prot);
	struct tcp_sock *tp = tcp_sk(sk);

	assert_int_equal(sk->ops->init(sk), 0);
	tp->inet.saddr = tp->inet.rcv_saddr = addr(local);
	tp->inet.daddr = addr(peer);
	tp->inet.dport = RPORT;
	assert_int_equal(inet_get_port(sk, LPORT), 0);
	inet_ehash_insert(&tp->inet);
	sk->state = TCP_FIN_WAIT2;
	tp->snd_una = tp->snd_nxt = tp->write_seq = SND_NXT;
	tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = RCV_NXT;
	tp->rcv_wnd = RCV_WND;
	tp->rx_opt.tstamp_ok = tp->rx_opt.wscale_ok = true;
	tp->rx_opt.rcv_wscale = 3;
	tp->rx_opt.ts_recent = TS_RECENT;
	tp->rx_opt.ts_recent_stamp = f->w->sim.now;
	tp->tsoffset = 1000000;
	tp->rto = 300 * MS;
	return tp;
}

static struct inet_sock *find(struct ip_fixture *f)
{
	union ipaddr us = addr("10.0.0.1"), peer = addr(peer_addr);

	return inet_lookup_established(f->net, &peer, RPORT, &us, LPORT, f->eth0->ifindex);
}

/* The connection has gone to TIME_WAIT, or what state says. */
static struct tcp_timewait_sock *enter(struct ip_fixture *f, int state, nsec_t timeo)
{
	struct tcp_sock *tp;
	struct inet_sock *found;

	run_until(f, max(f->w->sim.now, START));
	tp = conn_new(f, "10.0.0.1", peer_addr);
	tcp_time_wait(tp, state, timeo);
	assert_int_equal(tp->inet.sk.state, TCP_CLOSE);
	sock_put(&tp->inet.sk);
	found = find(f);
	assert_non_null(found);
	assert_int_equal(found->sk.state, TCP_TIME_WAIT);
	return tcp_twsk(found);
}

/* ---- life ------------------------------------------------------------------------------------ */

static s64 bind_result(struct ip_fixture *f)
{
	struct sock *sk = sk_alloc(f->net, &tcp_prot);
	s64 ret;

	sk->ops->init(sk);
	ret = inet_get_port(sk, LPORT);
	sock_put(sk);
	return ret;
}

static void test_life(void **state)
{
	struct ip_fixture *f = *state;

	enter(f, TCP_TIME_WAIT, 0);
	assert_int_equal(mib(f, MIB_TW), 1);
	assert_int_equal(f->net->tcp_tw_count, 1);
	assert_int_equal(bind_result(f), -EADDRINUSE);
	run_until(f, START + 60 * SEC - 1);
	assert_non_null(find(f));
	run_until(f, START + 60 * SEC);
	assert_null(find(f));
	assert_int_equal(f->net->tcp_tw_count, 0);
	assert_int_equal(bind_result(f), 0);
}

static void test_fin_wait2_life(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_timewait_sock *tw = enter(f, TCP_FIN_WAIT2, 20 * SEC);

	assert_int_equal(tw->substate, TCP_FIN_WAIT2);
	run_until(f, START + 20 * SEC - 1);
	assert_non_null(find(f));
	run_until(f, START + 20 * SEC);
	assert_null(find(f));
	assert_int_equal(mib(f, MIB_TW), 1);
}

/*
 * At least 3.5 RTO, so that a retransmission of the peer's FIN is answered; a short stay is
 * "killed".
 */
static void test_shortest_life(void **state)
{
	struct ip_fixture *f = *state;

	enter(f, TCP_FIN_WAIT2, 0);
	assert_int_equal(mib(f, MIB_TW), 0);
	assert_int_equal(mib(f, MIB_TWKilled), 1);
	run_until(f, START + 1050 * MS - 1);
	assert_non_null(find(f));
	run_until(f, START + 1050 * MS);
	assert_null(find(f));
}

static void test_overflow(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_sock *tp;

	f->net->sysctl.tcp_max_tw_buckets = 0;
	tp = conn_new(f, "10.0.0.1", peer_addr);
	tcp_time_wait(tp, TCP_TIME_WAIT, 0);
	sock_put(&tp->inet.sk);
	assert_null(find(f));
	assert_int_equal(mib(f, MIB_TCPTimeWaitOverflow), 1);
	assert_int_equal(mib(f, MIB_TW), 0);
	assert_int_equal(bind_result(f), 0);
}

/* ---- segments -------------------------------------------------------------------------------- */

#define NO_TS INT32_MIN
#define S TCPHDR_SYN
#define A TCPHDR_ACK
#define F TCPHDR_FIN
#define R TCPHDR_RST

struct seg {
	s32 seq; /* from RCV_NXT */
	u32 len;
	u8 flags;
	s32 ts;	 /* from TS_RECENT, or NO_TS */
};

static enum tcp_tw_status feed(struct ip_fixture *f, struct tcp_timewait_sock *tw,
			       const struct seg *g, u32 *isn)
{
	struct tcp_out_options o = { .tstamp = g->ts != NO_TS, .tsval = TS_RECENT + (u32)g->ts };
	u32 hlen = 20 + tcp_options_size(&o);
	struct sk_buff *skb = alloc_skb(f->h);
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u8 *th = skb_put(skb, hlen);
	enum tcp_tw_status ret;

	memset(th, 0, hlen);
	put_be16(th, RPORT);
	put_be16(th + 2, LPORT);
	put_be32(th + 4, RCV_NXT + (u32)g->seq);
	put_be32(th + 8, SND_NXT);
	th[12] = (u8)(hlen / 4 << 4);
	th[13] = g->flags;
	tcp_options_write(th + 20, &o);
	*cb = (struct tcp_skb_cb){ .seq = RCV_NXT + (u32)g->seq, .tcp_flags = g->flags,
				   .ack_seq = SND_NXT, .hdr_len = (u16)hlen };
	cb->end_seq = cb->seq + g->len + !!(g->flags & S) + !!(g->flags & F);
	ret = tcp_timewait_state_process(tw, skb, th, isn);
	consume_skb(skb);
	return ret;
}

struct tw_case {
	const char *what;
	struct seg seg;
	enum tcp_tw_status want;
	bool gone;	/* the sock has ended */
	bool restarted; /* its 60 seconds begin anew */
};

static void run_cases(struct ip_fixture *f, int substate, const struct tw_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tw_case *c = &cases[i];
		struct tcp_timewait_sock *tw;
		enum tcp_tw_status got;
		u32 isn = 0;
		nsec_t t;

		tw = enter(f, substate, 50 * SEC);
		t = f->w->sim.now + 40 * SEC;
		run_until(f, t);
		got = feed(f, tw, &c->seg, &isn);
		if (got != c->want)
			fail_msg("%s: status %d", c->what, got);
		if (!find(f) != c->gone)
			fail_msg("%s: %s", c->what, c->gone ? "is still there" : "is gone");
		if (c->want == TCP_TW_SYN)
			assert_int_equal(isn, SND_NXT + 65535 + 2);
		if (c->gone)
			continue;
		assert_int_equal(tw->timer.expires == t + 60 * SEC, c->restarted);
		tcp_timewait_kill(tw);
		assert_null(find(f));
	}
}

static const struct tw_case timewait_cases[] = {
    {"the FIN again", {-1, 0, F | A, 1}, TCP_TW_ACK, .restarted = true},
    {"the FIN again without timestamp", {-1, 0, F | A, NO_TS}, TCP_TW_ACK, .restarted = true},
    {"bare ACK", {0, 0, A, 1}, TCP_TW_SUCCESS, .restarted = true},
    {"old bare ACK", {-100, 0, A, 1}, TCP_TW_ACK, .restarted = true},
    {"new data", {0, 10, A, 1}, TCP_TW_ACK, .restarted = true},
    {"RST at rcv_nxt", {0, 0, R, NO_TS}, TCP_TW_SUCCESS, .gone = true},
    {"RST with data at rcv_nxt", {0, 5, R | A, NO_TS}, TCP_TW_SUCCESS, .gone = true},
    {"RST elsewhere", {1, 0, R, NO_TS}, TCP_TW_SUCCESS},
    {"new SYN by number", {1, 0, S, NO_TS}, TCP_TW_SYN},
    {"new SYN by timestamp", {-5000, 0, S, 1}, TCP_TW_SYN},
    {"SYN with the same timestamp", {-5000, 0, S, 0}, TCP_TW_ACK},
    {"SYN at rcv_nxt", {0, 0, S, NO_TS}, TCP_TW_ACK},
    {"old SYN", {-5000, 0, S, NO_TS}, TCP_TW_ACK},
    {"new SYN with an old timestamp", {5000, 0, S, -1}, TCP_TW_ACK, .restarted = true},
    {"SYN-ACK", {5000, 0, S | A, 1}, TCP_TW_ACK, .restarted = true},
    {"ACK with an old timestamp", {0, 0, A, -1}, TCP_TW_ACK, .restarted = true},
    {"RST with an old timestamp", {0, 0, R, -1}, TCP_TW_SUCCESS},
};

static void test_timewait_segments(void **state)
{
	run_cases(*state, TCP_TIME_WAIT, timewait_cases, ARRAY_SIZE(timewait_cases));
}

static const struct tw_case fin_wait2_cases[] = {
	{ "FIN", { 0, 0, F | A, 1 }, TCP_TW_ACK, .restarted = true },
	{ "data", { 0, 10, A, 1 }, TCP_TW_RST },
	{ "data and FIN", { 0, 10, F | A, 1 }, TCP_TW_RST },
	{ "bare ACK", { 0, 0, A, 1 }, TCP_TW_SUCCESS },
	{ "data without ACK", { 0, 10, 0, 1 }, TCP_TW_SUCCESS },
	{ "RST in the window", { 100, 0, R, NO_TS }, TCP_TW_SUCCESS, .gone = true },
	{ "RST out of the window", { RCV_WND + 1, 0, R, NO_TS }, TCP_TW_ACK },
	{ "SYN in the window", { 100, 0, S, NO_TS }, TCP_TW_RST },
	{ "out of the window", { RCV_WND + 1, 0, A, 1 }, TCP_TW_ACK },
	{ "old data", { -10, 10, A, 1 }, TCP_TW_ACK },
	{ "old timestamp", { 0, 0, F | A, -1 }, TCP_TW_ACK },
};

static void test_fin_wait2_segments(void **state)
{
	run_cases(*state, TCP_FIN_WAIT2, fin_wait2_cases, ARRAY_SIZE(fin_wait2_cases));
}

/* The FIN makes TIME_WAIT of it, with what the FIN brought. */
static void test_fin_wait2_to_time_wait(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_timewait_sock *tw = enter(f, TCP_FIN_WAIT2, 50 * SEC);
	u32 isn = 0;

	run_until(f, START + 10 * SEC);
	assert_int_equal(feed(f, tw, &(struct seg){ 0, 0, F | A, 77 }, &isn), TCP_TW_ACK);
	assert_int_equal(tw->substate, TCP_TIME_WAIT);
	assert_int_equal(tw->rcv_nxt, RCV_NXT + 1);
	assert_int_equal(tw->ts_recent, TS_RECENT + 77);
	run_until(f, START + 70 * SEC - 1);
	assert_non_null(find(f));
	run_until(f, START + 70 * SEC);
	assert_null(find(f));
}

static void test_rfc1337(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_timewait_sock *tw = enter(f, TCP_TIME_WAIT, 0);
	nsec_t expires = tw->timer.expires;
	u32 isn = 0;

	f->net->sysctl.tcp_rfc1337 = true;
	run_until(f, START + SEC);
	assert_int_equal(feed(f, tw, &(struct seg){ 0, 0, R, NO_TS }, &isn), TCP_TW_SUCCESS);
	assert_ptr_equal(find(f), &tw->inet);
	assert_int_equal(tw->timer.expires, expires);
}

static void test_paws(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_timewait_sock *tw = enter(f, TCP_TIME_WAIT, 0);
	u32 isn = 0;

	assert_int_equal(feed(f, tw, &(struct seg){ 1, 0, S, -1 }, &isn), TCP_TW_ACK);
	assert_int_equal(mib(f, MIB_PAWSTimewait), 1);
	/* A minute after the last good timestamp an RST need not have one. */
	tw->ts_recent_stamp -= 60 * SEC;
	assert_int_equal(feed(f, tw, &(struct seg){ 0, 0, R, -1 }, &isn), TCP_TW_SUCCESS);
	assert_null(find(f));
	assert_int_equal(mib(f, MIB_PAWSTimewait), 1);
}

/* tcp_invalid_ratelimit: one answer in 500 ms, except to data. */
static void test_rate_limit(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_timewait_sock *tw = enter(f, TCP_TIME_WAIT, 0);
	const struct seg old = { -100, 0, A, 1 }, data = { -100, 50, A, 1 };
	u32 isn = 0;

	assert_int_equal(feed(f, tw, &old, &isn), TCP_TW_ACK);
	assert_int_equal(feed(f, tw, &old, &isn), TCP_TW_SUCCESS);
	assert_int_equal(mib(f, MIB_TCPACKSkippedTimeWait), 1);
	assert_int_equal(feed(f, tw, &data, &isn), TCP_TW_ACK);
	run_until(f, START + 501 * MS);
	assert_int_equal(feed(f, tw, &old, &isn), TCP_TW_ACK);
}

static void test_ack(void **state)
{
	static const u8 mac[6] = { 2, 0, 0, 0, 1, 2 };
	struct ip_fixture *f = *state;
	union ipaddr peer = addr(peer_addr);
	struct tcp_timewait_sock *tw;
	const u8 *th = f->sent[0].b + 14 + 20;

	assert_int_equal(neigh_add(f->net, f->eth0, &peer, mac), 0);
	run_until(f, START - SEC);
	f->nsent = 0;
	tw = enter(f, TCP_TIME_WAIT, 0);
	tcp_timewait_send_ack(tw, NULL);
	run_until(f, START + SEC);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].len, 14 + 20 + 32);
	assert_int_equal(get_be16(th), LPORT);
	assert_int_equal(get_be16(th + 2), RPORT);
	assert_int_equal(get_be32(th + 4), SND_NXT);
	assert_int_equal(get_be32(th + 8), RCV_NXT);
	assert_int_equal(th[13], A);
	assert_int_equal(get_be16(th + 14), RCV_WND >> 3);
	assert_int_equal(get_be32(th + 20), 0x0101080a);
	assert_int_equal(get_be32(th + 24), START / MS + 1000000);
	assert_int_equal(get_be32(th + 28), TS_RECENT);
}

/* ---- reuse by connect() ---------------------------------------------------------------------- */

struct reuse_case {
	const char *what, *peer;
	int sysctl;
	bool bound, no_ts;
	int substate;
	nsec_t after;
	bool ok;
};

static const struct reuse_case reuse_cases[] = {
    {"off", "10.0.0.2", 0, .after = 5 * SEC},
    {"on", "10.0.0.2", 1, .after = 5 * SEC, .ok = true},
    {"on, within a second", "10.0.0.2", 1, .after = SEC},
    {"on, after a second", "10.0.0.2", 1, .after = SEC + MS, .ok = true},
    {"on, without timestamps", "10.0.0.2", 1, .no_ts = true, .after = 5 * SEC},
    {"on, FIN_WAIT2", "10.0.0.2", 1, .substate = TCP_FIN_WAIT2, .after = 5 * SEC},
    {"loopback only", "10.0.0.2", 2, .after = 5 * SEC},
    {"loopback", "127.0.0.1", 2, .after = 5 * SEC, .ok = true},
    {"bound", "10.0.0.2", 0, .bound = true, .after = 0, .ok = true},
    {"bound, without timestamps", "10.0.0.2", 1, .bound = true, .no_ts = true, .after = 5 * SEC},
};

static void reuse_once(struct ip_fixture *f, const struct reuse_case *c)
{
	u64 recycled = mib(f, MIB_TWRecycled);
	struct tcp_sock *tp, *next;
	struct inet_sock *tw;

	f->net->sysctl.tcp_tw_reuse = c->sysctl;
	tp = conn_new(f, !strcmp(c->peer, "127.0.0.1") ? c->peer : "10.0.0.1", c->peer);
	if (c->no_ts)
		tp->rx_opt.ts_recent_stamp = 0;
	tcp_time_wait(tp, c->substate ? c->substate : TCP_TIME_WAIT, 50 * SEC);
	tw = inet_lookup_established(f->net, &tp->inet.daddr, RPORT, &tp->inet.saddr, LPORT, 0);
	assert_non_null(tw);
	run_until(f, f->w->sim.now + c->after);
	next = tcp_sk(sk_alloc(f->net, &tcp_prot));
	tp_sock(next)->ops->init(tp_sock(next));
	next->inet.num = c->bound ? LPORT : 0;
	if (tcp_twsk_unique(tw, &next->inet) != c->ok)
		fail_msg("%s", c->what);
	next->inet.num = 0;
	assert_int_equal(mib(f, MIB_TWRecycled) - recycled, c->ok);
	if (c->ok) {
		/* Beyond all that the old one may have sent. */
		assert_int_equal(next->write_seq, SND_NXT + 65535 + 2);
		assert_int_equal(next->rx_opt.ts_recent, TS_RECENT);
		assert_true(next->rx_opt.ts_recent_stamp != 0);
	} else {
		assert_int_equal(next->write_seq, 0);
		tcp_timewait_kill(tcp_twsk(tw));
	}
	assert_int_equal(f->net->tcp_tw_count, 0);
	sock_put(tp_sock(next));
	sock_put(tp_sock(tp));
}

static void test_reuse(void **state)
{
	struct ip_fixture *f = *state;

	run_until(f, START);
	for (size_t i = 0; i < ARRAY_SIZE(reuse_cases); i++)
		reuse_once(f, &reuse_cases[i]);
}

/* Only TIME_WAIT gives way. */
static void test_reuse_established(void **state)
{
	struct ip_fixture *f = *state;
	struct tcp_sock *tp = conn_new(f, "10.0.0.1", peer_addr);

	f->net->sysctl.tcp_tw_reuse = 1;
	tp->inet.sk.state = TCP_ESTABLISHED;
	assert_false(tcp_twsk_unique(&tp->inet, &tp->inet));
	tp->inet.sk.state = TCP_CLOSE;
	sock_put(tp_sock(tp));
}

/* The host goes while socks are in TIME_WAIT: nothing is left. */
static void test_tear_down(void **state)
{
	enter(*state, TCP_TIME_WAIT, 0);
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, ip_setup, ip_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_life),
		UNIT(test_fin_wait2_life),
		UNIT(test_shortest_life),
		UNIT(test_overflow),
		UNIT(test_timewait_segments),
		UNIT(test_fin_wait2_segments),
		UNIT(test_fin_wait2_to_time_wait),
		UNIT(test_rfc1337),
		UNIT(test_paws),
		UNIT(test_rate_limit),
		UNIT(test_ack),
		UNIT(test_reuse),
		UNIT(test_reuse_established),
		UNIT(test_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

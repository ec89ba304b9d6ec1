/* SPDX-License-Identifier: MIT */
/*
 * Sending: Nagle, cork, PSH, windows, probes, timeouts, recovery, as tcp(7) and the RFCs have them.
 */
#include "tests/unit/tcp_fixture.h"

#define MS NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define MSS 1448u

static int setup(void **state)
{
	*state = tcp_setup(10 * MS);
	return 0;
}

static int teardown(void **state)
{
	tcp_teardown(*state);
	return 0;
}

static bool lose_all(struct tcp_end *from, const struct seg_note *s, u64 nth)
{
	return from == &fixture->a;
}

/* Number of segments with data that a has sent, and their sizes. */
static int data_sizes(const struct tcp_end *e, u32 *sizes, int max)
{
	int n = 0;

	for (int i = 0; i < e->nsent; i++)
		if (e->notes[i].len && n < max)
			sizes[n++] = e->notes[i].len;
	return n;
}

/* RFC 9293 3.7.4: the second small segment waits for the ACK of the first. */
static void test_nagle(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	tcp_put(&f->a, 100, 0);
	tcp_put(&f->a, 100, 0);
	tcp_put(&f->a, 100, 0);
	assert_int_equal(f->a.nsent, 1);
	tcp_run(f, SEC);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 2);
	assert_int_equal(sizes[0], 100);
	assert_int_equal(sizes[1], 200);
}

/* Minshall: a small segment behind full ones only waits if an earlier small one is out. */
static void test_minshall(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	tcp_put(&f->a, 2 * MSS, 0);
	tcp_put(&f->a, 100, 0);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 3);
	assert_int_equal(sizes[2], 100);
}

static void test_nodelay(void **state)
{
	struct tcp_fixture *f = *state;

	f->a.tp->nonagle = TCP_NAGLE_OFF;
	for (int i = 0; i < 3; i++)
		tcp_put(&f->a, 100, 0);
	assert_int_equal(f->a.nsent, 3);
}

/* tcp(7): TCP_CORK holds partial frames back; MSG_MORE for one call. */
static void test_cork(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	f->a.tp->nonagle = TCP_NAGLE_CORK;
	tcp_put(&f->a, 1000, 0);
	assert_int_equal(f->a.nsent, 0);
	tcp_put(&f->a, 1000, 0);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 1);
	assert_int_equal(sizes[0], MSS);
	f->a.tp->nonagle = 0;
	tcp_push_pending(f->a.tp);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 2);
	assert_int_equal(sizes[1], 2000 - MSS);
}

static void test_msg_more(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	tcp_put(&f->a, 100, MSG_MORE);
	assert_int_equal(f->a.nsent, 0);
	tcp_put(&f->a, 100, 0);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 1);
	assert_int_equal(sizes[0], 200);
	assert_true(f->a.notes[0].flags & TCPHDR_PSH);
}

/* MSG_EOR: nothing is appended to what it ends. */
static void test_eor(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	f->a.tp->nonagle = TCP_NAGLE_CORK;
	tcp_put(&f->a, 100, MSG_EOR);
	tcp_put(&f->a, 100, 0);
	f->a.tp->nonagle = TCP_NAGLE_OFF;
	tcp_push_pending(f->a.tp);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 2);
}

/* RFC 6928: ten segments in the first round trip, twice as many in the next. */
static void test_initial_window(void **state)
{
	struct tcp_fixture *f = *state;

	f->a.writing = true;
	tp_sock(f->a.tp)->sndbuf = 1 << 20;
	keep_full(&f->a);
	assert_int_equal(f->a.ndata, 10);
	tcp_run(f, 20 * MS);
	assert_int_equal(f->a.ndata, 30);
	tcp_run(f, 20 * MS);
	assert_int_equal(f->a.ndata, 70);
}

/* The peer's window is a limit that nothing overrides. */
static void test_send_window(void **state)
{
	struct tcp_fixture *f = *state;

	f->a.tp->snd_wnd = 4 * MSS + 100;
	f->a.tp->snd_cwnd = 100;
	tp_sock(f->a.tp)->sndbuf = 1 << 20;
	tcp_put(&f->a, 20 * MSS, 0);
	assert_in_range(f->a.tp->snd_nxt - f->a.tp->snd_una, 4 * MSS, 4 * MSS + 100);
}

/* RFC 6298 5.5: each expiry doubles the RTO; Linux gives up after tcp_retries2 backoffs of 200 ms. */
static void test_rto_backoff(void **state)
{
	struct tcp_fixture *f = *state;
	nsec_t rto = f->a.tp->rto, t0 = f->w->sim.now, at = t0;

	f->lose = lose_all;
	tcp_put(&f->a, 1000, 0);
	tcp_run(f, 1200 * SEC);
	assert_int_equal(f->a.timeouts, 1);
	for (int i = 1; i < f->a.nsent; i++) {
		at += rto;
		assert_int_equal(f->a.notes[i].t, at);
		assert_int_equal(f->a.notes[i].seq, f->a.notes[0].seq);
		rto = min(rto * 2, TCP_RTO_MAX);
	}
	/* 924.6 s with the least RTO; here the first is 220 ms, and 15 retransmissions fit. */
	assert_int_equal(f->a.nsent, 16);
}

/* TCP_USER_TIMEOUT (RFC 5482): data unacknowledged for that long ends the connection. */
static void test_user_timeout(void **state)
{
	struct tcp_fixture *f = *state;

	f->lose = lose_all;
	f->a.tp->user_timeout = 3 * SEC;
	tcp_put(&f->a, 1000, 0);
	tcp_run(f, 2900 * MS);
	assert_int_equal(f->a.timeouts, 0);
	tcp_run(f, 500 * MS);
	assert_int_equal(f->a.timeouts, 1);
}

/* RFC 9293 3.8.6.1: a closed window is probed, at doubling intervals, for ever while answered. */
static void test_zero_window_probes(void **state)
{
	struct tcp_fixture *f = *state;
	nsec_t probes[8];
	int n = 0;

	f->b.reading = false;
	tp_sock(f->b.tp)->userlocks = SOCK_RCVBUF_LOCK;
	f->a.writing = true;
	keep_full(&f->a);
	tcp_run(f, 30 * SEC);
	assert_int_equal(f->a.tp->snd_wnd, 0);
	for (int i = 0; i < f->a.nsent; i++)
		if (!f->a.notes[i].len && f->a.notes[i].seq == f->a.tp->snd_una - 1 && n < 8)
			probes[n++] = f->a.notes[i].t;
	assert_in_range(n, 6, 8);
	for (int i = 2; i < n; i++) {
		nsec_t ratio = (probes[i] - probes[i - 1]) * 100 / (probes[i - 1] - probes[i - 2]);

		assert_in_range(ratio, 190, 210);
	}
	assert_int_equal(f->a.timeouts, 0);
	/* The reader returns: the window update starts it again. */
	f->b.reading = true;
	tcp_take(&f->b);
	tcp_run(f, SEC);
	assert_true(f->a.tp->snd_wnd > 0);
	assert_true(f->b.tp->bytes_received > 500000);
}

/* tcp(7): probes after tcp_keepalive_time, tcp_keepalive_intvl apart, then ETIMEDOUT. */
static void test_keepalive(void **state)
{
	struct tcp_fixture *f = *state;

	f->lose = lose_all;
	f->a.tp->keepalive_time = 10 * SEC;
	f->a.tp->keepalive_intvl = 2 * SEC;
	f->a.tp->keepcnt = 3;
	f->a.tp->rcv_tstamp = f->a.tp->ack.lrcvtime = f->w->sim.now;
	tcp_set_keepalive(f->a.tp, true);
	tp_sock(f->a.tp)->keepalive = true;
	tcp_run(f, 9990 * MS);
	assert_int_equal(f->a.nsent, 0);
	tcp_run(f, 4020 * MS);
	assert_int_equal(f->a.nsent, 3);
	assert_int_equal(f->a.notes[0].seq, f->a.tp->snd_una - 1);
	assert_int_equal(f->a.timeouts, 0);
	tcp_run(f, 2 * SEC);
	assert_int_equal(f->a.timeouts, 1);
	/* The last word is a reset. */
	assert_int_equal(f->a.nsent, 4);
	assert_true(f->a.notes[3].flags & TCPHDR_RST);
}

/* A peer that answers is left alone for another tcp_keepalive_time. */
static void test_keepalive_answered(void **state)
{
	struct tcp_fixture *f = *state;

	f->a.tp->keepalive_time = 10 * SEC;
	f->a.tp->keepalive_intvl = 2 * SEC;
	f->a.tp->keepcnt = 3;
	tcp_set_keepalive(f->a.tp, true);
	tp_sock(f->a.tp)->keepalive = true;
	tcp_run(f, 60 * SEC);
	assert_int_equal(f->a.timeouts, 0);
	assert_in_range(f->a.nsent, 5, 6);
	assert_int_equal(f->a.net->mib.v[MIB_TCPKeepAlive], f->a.nsent);
}

static bool lose_nth(struct tcp_end *from, const struct seg_note *s, u64 nth)
{
	const u64 *list = fixture->arg; /* ends with 0; data segments count from 1 */

	if (from != &fixture->a || !s->len)
		return false;
	for (; *list; list++)
		if (nth + 1 == *list)
			return true;
	return false;
}

static void transfer(struct tcp_fixture *f, u32 segs)
{
	u32 start = f->b.tp->rcv_nxt;

	tp_sock(f->a.tp)->sndbuf = 4 << 20;
	for (u32 i = 0; i < segs; i += 10)
		assert_int_equal(tcp_put(&f->a, 10 * MSS, 0), 10 * MSS);
	for (int i = 0; i < 400 && f->b.tp->rcv_nxt - start < segs * MSS; i++) {
		tcp_run(f, 5 * MS);
		tcp_check_counts(f->a.tp);
	}
	tcp_run(f, SEC);
	assert_int_equal(f->b.tp->rcv_nxt - start, segs * MSS);
	assert_int_equal(f->a.tp->packets_out, 0);
}

/* RFC 6675: one loss, repaired by one fast retransmission; ssthresh is beta times the window. */
static void test_fast_retransmit(void **state)
{
	struct tcp_fixture *f = *state;
	u64 lost[] = {15, 0};

	f->lose = lose_nth;
	f->arg = lost;
	transfer(f, 100);
	assert_int_equal(f->a.net->mib.v[MIB_TCPFastRetrans], 1);
	assert_int_equal(f->a.net->mib.v[MIB_TCPSackRecovery], 1);
	assert_int_equal(f->a.net->mib.v[MIB_TCPTimeouts], 0);
	assert_int_equal(f->a.ndata, 101);
	assert_int_equal(f->a.tp->ca_state, TCP_CA_Open);
}

/* Several losses in a window: each is sent again once. */
static void test_sack_recovery(void **state)
{
	struct tcp_fixture *f = *state;
	u64 lost[] = {41, 43, 44, 50, 51, 52, 60, 0};

	f->lose = lose_nth;
	f->arg = lost;
	transfer(f, 200);
	assert_int_equal(f->a.net->mib.v[MIB_TCPFastRetrans], 7);
	assert_int_equal(f->a.net->mib.v[MIB_TCPSackRecovery], 1);
	assert_int_equal(f->a.net->mib.v[MIB_TCPTimeouts], 0);
	assert_int_equal(f->a.ndata, 207);
}

/* RFC 6582: without SACK one hole is repaired for each round trip. */
static void test_newreno(void **state)
{
	struct tcp_fixture *f = *state;
	u64 lost[] = {41, 43, 50, 0};

	f->a.tp->rx_opt.sack_ok = f->b.tp->rx_opt.sack_ok = false;
	f->lose = lose_nth;
	f->arg = lost;
	transfer(f, 200);
	assert_int_equal(f->a.net->mib.v[MIB_TCPRenoRecovery], 1);
	assert_int_equal(f->a.net->mib.v[MIB_TCPFastRetrans], 3);
	assert_int_equal(f->a.net->mib.v[MIB_TCPTimeouts], 0);
}

/* The whole tail is lost: no ACKs come, so the timer repairs it. */
static void test_tail_loss(void **state)
{
	struct tcp_fixture *f = *state;
	u64 lost[] = {9, 10, 0};

	f->lose = lose_nth;
	f->arg = lost;
	transfer(f, 10);
	assert_in_range(f->a.net->mib.v[MIB_TCPTimeouts], 1, 1);
	assert_int_equal(f->b.tp->rcv_nxt, f->a.tp->snd_nxt);
}

static bool ack_blackout(struct tcp_end *from, const struct seg_note *s, u64 nth)
{
	/* b's ACKs vanish for a while. */
	return from == &fixture->b && s->t < *(nsec_t *)fixture->arg;
}

/* Eifel: ACKs that were delayed past the RTO echo the original's timestamp; the window comes back. */
static void test_spurious_rto(void **state)
{
	struct tcp_fixture *f = *state;

	f->delay = 150 * MS; /* the path became slower than the RTO of 220 ms */
	f->a.tp->snd_cwnd = 20;
	transfer(f, 20);
	assert_true(f->a.net->mib.v[MIB_TCPTimeouts] >= 1);
	assert_true(f->a.net->mib.v[MIB_TCPLossUndo] + f->a.net->mib.v[MIB_TCPFullUndo] >= 1);
	assert_true(f->a.tp->snd_cwnd >= 20);
	assert_int_equal(f->a.tp->snd_ssthresh, TCP_INFINITE_SSTHRESH);
}

/* Lost ACKs alone change nothing: the next one covers them. */
static void test_lost_acks(void **state)
{
	struct tcp_fixture *f = *state;
	nsec_t until = f->w->sim.now + 25 * MS;

	f->lose = ack_blackout;
	f->arg = &until;
	transfer(f, 50);
	assert_int_equal(f->a.net->mib.v[MIB_TCPSackRecovery], 0);
}

/* RFC 3168: CE is echoed until CWR, the window is reduced once for a window of data. */
static void test_ecn(void **state)
{
	struct tcp_fixture *f = *state;
	int cwr = 0, ece = 0, ect = 0;

	f->a.tp->ecn_flags = f->b.tp->ecn_flags = TCP_ECN_OK;
	f->a.tp->snd_cwnd = 40;
	tp_sock(f->a.tp)->sndbuf = 1 << 20;
	f->mark = 3;
	tcp_put(&f->a, 40 * MSS, 0);
	f->mark = 0;
	tcp_run(f, 25 * MS);
	assert_int_equal(f->a.tp->ca_state, TCP_CA_CWR);
	tcp_put(&f->a, 40 * MSS, 0);
	tcp_run(f, SEC);
	for (int i = 0; i < f->a.nsent; i++) {
		cwr += !!(f->a.notes[i].flags & TCPHDR_CWR);
		ect += f->a.notes[i].len && f->a.notes[i].tos == 2;
	}
	for (int i = 0; i < f->b.nsent; i++)
		ece += !!(f->b.notes[i].flags & TCPHDR_ECE);
	assert_int_equal(cwr, 1);
	assert_int_equal(ect, 80);
	assert_true(ece > 1);
	assert_false(f->b.notes[f->b.nsent - 1].flags & TCPHDR_ECE);
	assert_in_range(f->a.tp->snd_ssthresh, 27, 28); /* 0.7 * 40 */
	assert_int_equal(f->a.net->mib.v[MIB_TCPTimeouts], 0);
}

/* tcp(7), tcp_wmem: the send buffer grows while it is what limits a writer; SO_SNDBUF is left alone. */
static void test_sndbuf(void **state)
{
	struct tcp_fixture *f = *state;

	assert_int_equal(tp_sock(f->a.tp)->sndbuf, 46080); /* seen on Linux 6.18 */
	f->a.writing = true;
	keep_full(&f->a);
	tcp_run(f, SEC);
	assert_true(tp_sock(f->a.tp)->sndbuf > 1 << 20);
	assert_true(tp_sock(f->a.tp)->sndbuf <= 4 << 20);
}

static void test_sndbuf_locked(void **state)
{
	struct tcp_fixture *f = *state;

	tp_sock(f->a.tp)->sndbuf = 100000;
	tp_sock(f->a.tp)->userlocks = SOCK_SNDBUF_LOCK;
	f->a.writing = true;
	keep_full(&f->a);
	tcp_run(f, SEC);
	assert_int_equal(tp_sock(f->a.tp)->sndbuf, 100000);
}

/* SO_MEMINFO on Linux 6.18: 833 bytes for one that is queued; what is in flight is not appended to. */
static void test_wmem_queued(void **state)
{
	struct tcp_fixture *f = *state;

	tcp_put(&f->a, 1, 0);
	assert_int_equal(tp_sock(f->a.tp)->wmem_queued, 833);
	tcp_put(&f->a, 1000, 0);
	assert_int_equal(tp_sock(f->a.tp)->wmem_queued, 833 + 832 + 1000);
}

/* A route whose MTU shrank: the next segments fit. */
static void test_mtu(void **state)
{
	struct tcp_fixture *f = *state;
	u32 sizes[8];

	tcp_put(&f->a, 2 * MSS, 0);
	f->a.tp->inet.dst.mtu = 1000;
	tcp_put(&f->a, 2 * 948, 0);
	assert_int_equal(data_sizes(&f->a, sizes, 8), 4);
	assert_int_equal(sizes[2], 948);
	assert_int_equal(sizes[3], 948);
}

/* The FIN rides on the last segment and is acknowledged. */
static void test_fin(void **state)
{
	struct tcp_fixture *f = *state;

	tcp_put(&f->a, 500, 0);
	tcp_send_fin(f->a.tp);
	tcp_run(f, 200 * MS);
	assert_int_equal(f->b.fins, 1);
	assert_int_equal(f->a.tp->snd_una, f->a.tp->write_seq);
	assert_int_equal(f->a.tp->packets_out, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_nagle),	       T(test_minshall),     T(test_nodelay),
		T(test_cork),	       T(test_msg_more),     T(test_eor),
		T(test_initial_window), T(test_send_window), T(test_rto_backoff),
		T(test_user_timeout),  T(test_zero_window_probes), T(test_keepalive),
		T(test_keepalive_answered), T(test_fast_retransmit), T(test_sack_recovery),
		T(test_newreno),       T(test_tail_loss),    T(test_spurious_rto),
		T(test_lost_acks),     T(test_ecn),	     T(test_fin),
		T(test_sndbuf),	       T(test_sndbuf_locked), T(test_mtu),
		T(test_wmem_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

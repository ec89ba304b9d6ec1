/* SPDX-License-Identifier: MIT */
/*
 * Congestion control by itself: Reno against RFC 5681, CUBIC against RFC 9438's formula, HyStart, the
 * window's decay when it is not used.
 */
#include <math.h>

#include "tests/unit/tcp_fixture.h"

#define MS NSEC_PER_MSEC

static int setup(void **state)
{
	struct tcp_fixture *f = tcp_setup(50 * MS);

	f->a.tp->is_cwnd_limited = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	tcp_teardown(*state);
	return 0;
}

static struct tcp_sock *use(void **state, const char *cc, u32 cwnd, u32 ssthresh)
{
	struct tcp_sock *tp = ((struct tcp_fixture *)*state)->a.tp;

	tcp_set_congestion_control(tp, cc);
	tp->snd_cwnd = cwnd;
	tp->snd_ssthresh = ssthresh;
	return tp;
}

static void test_names(void **state)
{
	struct tcp_sock *tp = ((struct tcp_fixture *)*state)->a.tp;

	assert_string_equal(tp->ca_ops->name, "cubic");
	assert_int_equal(tcp_set_congestion_control(tp, "reno"), 0);
	assert_string_equal(tp->ca_ops->name, "reno");
	assert_int_equal(tcp_set_congestion_control(tp, "vegas"), -ENOENT);
	assert_string_equal(tp->ca_ops->name, "reno");
}

/* RFC 5681 3.1: one segment for each that is acknowledged, up to ssthresh. */
static void test_slow_start(void **state)
{
	struct tcp_sock *tp = use(state, "reno", 10, 64);

	tp->ca_ops->cong_avoid(tp, 0, 10);
	assert_int_equal(tp->snd_cwnd, 20);
	tp->ca_ops->cong_avoid(tp, 0, 20);
	assert_int_equal(tp->snd_cwnd, 40);
	/* 24 to ssthresh; the other 16 count towards the next segment. */
	tp->ca_ops->cong_avoid(tp, 0, 40);
	assert_int_equal(tp->snd_cwnd, 64);
	assert_int_equal(tp->snd_cwnd_cnt, 16);
}

/* One segment for each window, whatever the number of ACKs that report it. */
static void test_reno_avoidance(void **state)
{
	static const u32 per_ack[] = {1, 2, 5, 20};

	for (size_t i = 0; i < ARRAY_SIZE(per_ack); i++) {
		struct tcp_sock *tp = use(state, "reno", 20, 10);

		tp->snd_cwnd_cnt = 0;
		for (u32 acked = 0; acked < 20; acked += per_ack[i])
			tp->ca_ops->cong_avoid(tp, 0, per_ack[i]);
		assert_int_equal(tp->snd_cwnd, 21);
	}
}

static void test_reno_ssthresh(void **state)
{
	struct tcp_sock *tp = use(state, "reno", 20, 10);

	assert_int_equal(tp->ca_ops->ssthresh(tp), 10);
	tp->snd_cwnd = 3;
	assert_int_equal(tp->ca_ops->ssthresh(tp), 2); /* not below two */
	tp->prior_cwnd = 44;
	assert_int_equal(tp->ca_ops->undo_cwnd(tp), 44);
}

/* A window that is not in use does not grow (RFC 2861). */
static void test_not_limited(void **state)
{
	struct tcp_sock *tp = use(state, "reno", 20, 10);

	tp->is_cwnd_limited = false;
	tp->max_packets_out = 5;
	for (int i = 0; i < 100; i++)
		tp->ca_ops->cong_avoid(tp, 0, 10);
	assert_int_equal(tp->snd_cwnd, 20);
	/* In slow start half of it must be. */
	tp->snd_ssthresh = 100;
	tp->ca_ops->cong_avoid(tp, 0, 1);
	assert_int_equal(tp->snd_cwnd, 20);
	tp->max_packets_out = 11;
	tp->ca_ops->cong_avoid(tp, 0, 1);
	assert_int_equal(tp->snd_cwnd, 21);
}

/* RFC 9438 4.6 and 4.7: beta is 0.7; fast convergence remembers (1 + beta) / 2 of a smaller window. */
static void test_cubic_decrease(void **state)
{
	struct tcp_sock *tp = use(state, "cubic", 1000, 10);

	assert_in_range(tp->ca_ops->ssthresh(tp), 699, 701);
	tp->snd_cwnd = 2;
	assert_int_equal(tp->ca_ops->ssthresh(tp), 2);
}

/* W(t) = C (t - K)^3 + W_max, K = cbrt(W_max (1 - beta) / C), 4.2. RTT 100 ms, windows large. */
static void test_cubic_growth(void **state)
{
	static const u32 w_max[] = {500, 2000, 10000};
	struct tcp_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(w_max); i++) {
		struct tcp_sock *tp = use(state, "reno", w_max[i], 10);
		double k, w0, t, w;

		tcp_set_congestion_control(tp, "cubic");
		tp->snd_ssthresh = tp->snd_cwnd = tp->ca_ops->ssthresh(tp);
		tp->snd_cwnd_cnt = 0;
		w0 = tp->snd_cwnd;
		k = cbrt((w_max[i] - w0) / 0.4);
		for (int rtt = 0; rtt < 200; rtt++) {
			/* A round trip's worth of ACKs, spread over it in eight. */
			u32 cwnd = tp->snd_cwnd;

			for (u32 j = 0; j < 8; j++) {
				tcp_run(f, 100 * MS / 8);
				tp->ca_ops->pkts_acked(tp, 1, 100 * MS);
				tp->ca_ops->cong_avoid(tp, 0, cwnd * (j + 1) / 8 - cwnd * j / 8);
			}
			t = 0.1 * (rtt + 1);
			w = 0.4 * pow(t - k, 3) + w_max[i];
			/* RFC 9438 4.4, 4.5: at most half as much again in a round trip. */
			if (t < 2 * k && fabs(tp->snd_cwnd / w - 1) > 0.03)
				fail_msg("W_max %u, t %.1f: %u, formula %.1f", w_max[i], t,
					 tp->snd_cwnd, w);
		}
	}
}

/* 4.3: with a short RTT, CUBIC is at least as fast as Reno with beta 0.7: 0.53 segments a round trip. */
static void test_cubic_reno_friendly(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = use(state, "cubic", 100, 10);

	tp->snd_ssthresh = tp->snd_cwnd = tp->ca_ops->ssthresh(tp); /* 70 */
	for (int rtt = 0; rtt < 100; rtt++) {
		u32 cwnd = tp->snd_cwnd;

		for (u32 j = 0; j < cwnd; j++)
			tp->ca_ops->cong_avoid(tp, 0, 1);
		tcp_run(f, MS);
	}
	/* C t^3 is nothing in 0.1 s. */
	assert_in_range(tp->snd_cwnd, 70 + 48, 70 + 58);
}

/* HyStart: the RTT of a round grew by more than max(4 ms, an eighth). */
static void test_hystart_delay(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = use(state, "cubic", 40, TCP_INFINITE_SSTHRESH);

	tp->snd_nxt = tp->snd_una + 1000;
	for (int i = 0; i < 20; i++)
		tp->ca_ops->pkts_acked(tp, 1, 100 * MS);
	assert_int_equal(tp->snd_ssthresh, TCP_INFINITE_SSTHRESH);
	/* Next round; ACKs are apart, so they are no train. */
	tp->snd_una += 2000;
	tp->snd_nxt += 60000;
	for (int i = 0; i < 9; i++) {
		tcp_run(f, 5 * MS);
		tp->ca_ops->pkts_acked(tp, 1, 113 * MS);
	}
	assert_int_equal(tp->snd_ssthresh, 40);
	assert_int_equal(f->a.net->mib.v[MIB_TCPHystartDelayDetect], 1);
	tp->snd_una -= 2000;
	tp->snd_nxt = tp->snd_una;
}

/* HyStart: a train of ACKs, less than 2 ms apart, as long as half the least RTT. */
static void test_hystart_train(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = use(state, "cubic", 40, TCP_INFINITE_SSTHRESH);

	tp->snd_una += 2000;
	tp->snd_nxt += 60000;
	for (int i = 0; i < 60; i++) {
		tp->ca_ops->pkts_acked(tp, 1, 100 * MS);
		if (i < 49)
			assert_int_equal(tp->snd_ssthresh, TCP_INFINITE_SSTHRESH);
		tcp_run(f, MS);
	}
	assert_int_equal(tp->snd_ssthresh, 40);
	assert_int_equal(f->a.net->mib.v[MIB_TCPHystartTrainDetect], 1);
	tp->snd_una -= 2000;
	tp->snd_nxt = tp->snd_una;
}

/* Restart after idle: a halving for each RTO, not below the initial window (RFC 5681 4.1). */
static void test_restart_after_idle(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = use(state, "cubic", 100, 1000);

	tp->rto = 300 * MS;
	tp->lsndtime = f->w->sim.now;
	tcp_run(f, 299 * MS);
	tcp_slow_start_after_idle_check(tp);
	assert_int_equal(tp->snd_cwnd, 100);
	tcp_run(f, 400 * MS);
	tcp_slow_start_after_idle_check(tp);
	assert_int_equal(tp->snd_cwnd, 25);
	tcp_run(f, 9000 * MS);
	tcp_slow_start_after_idle_check(tp);
	assert_int_equal(tp->snd_cwnd, TCP_INIT_CWND);
	f->a.net->sysctl.tcp_slow_start_after_idle = false;
	tp->snd_cwnd = 100;
	tcp_slow_start_after_idle_check(tp);
	assert_int_equal(tp->snd_cwnd, 100);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_names),	       T(test_slow_start),	    T(test_reno_avoidance),
		T(test_reno_ssthresh), T(test_not_limited),	    T(test_cubic_decrease),
		T(test_cubic_growth),  T(test_cubic_reno_friendly), T(test_hystart_delay),
		T(test_hystart_train), T(test_restart_after_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

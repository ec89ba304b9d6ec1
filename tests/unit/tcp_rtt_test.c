/* SPDX-License-Identifier: MIT */
/*
 * The RTT estimator and the RTO: against RFC 6298 written out with doubles, and Linux's bounds.
 */
#include <math.h>

#include "tests/unit/tcp_fixture.h"

#define MS NSEC_PER_MSEC

static int setup(void **state)
{
	struct tcp_fixture *f = tcp_setup(5 * MS);

	f->a.tp->srtt = 0;
	f->a.tp->rtt_min = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	tcp_teardown(*state);
	return 0;
}

static struct tcp_sock *sock_a(void **state)
{
	return ((struct tcp_fixture *)*state)->a.tp;
}

/* RFC 6298 2.2: SRTT = R, RTTVAR = R / 2, RTO = SRTT + 4 RTTVAR. */
static void test_first_sample(void **state)
{
	struct tcp_sock *tp = sock_a(state);

	tcp_rtt_sample(tp, 300 * MS);
	assert_int_equal(tp->srtt, 300 * MS);
	assert_int_equal(tp->mdev / 4, 150 * MS);
	assert_int_equal(tp->rto, 900 * MS);
}

/* A sample that is absent changes nothing. */
static void test_no_sample(void **state)
{
	struct tcp_sock *tp = sock_a(state);

	tp->rto = TCP_TIMEOUT_INIT;
	tcp_rtt_sample(tp, -1);
	assert_int_equal(tp->srtt, 0);
	assert_int_equal(tp->rto, TCP_TIMEOUT_INIT);
}

/* 2.3 with alpha 1/8 and beta 1/4, while the RTT rises (Linux treats falls differently). */
static void test_ewma(void **state)
{
	struct tcp_sock *tp = sock_a(state);
	double srtt = 400e6, rttvar = 200e6;

	tcp_rtt_estimator(tp, 400 * MS);
	for (int i = 1; i <= 20; i++) {
		nsec_t r = (400 + 40 * i) * MS;

		rttvar = 0.75 * rttvar + 0.25 * fabs(srtt - (double)r);
		srtt = 0.875 * srtt + 0.125 * (double)r;
		tcp_rtt_estimator(tp, r);
		assert_true(fabs((double)tp->srtt - srtt) < 100);
		assert_true(fabs((double)tp->mdev / 4 - rttvar) < 100);
	}
}

/* A constant RTT: RTO tends to SRTT + rto_min and never goes below. */
static void test_rto_min(void **state)
{
	struct tcp_sock *tp = sock_a(state);

	for (int i = 0; i < 200; i++) {
		tcp_rtt_sample(tp, 10 * MS);
		/* one sample each round trip */
		tp->snd_una += 1448;
		tp->snd_nxt = tp->snd_una;
		assert_true(tp->rto >= 10 * MS + TCP_RTO_MIN);
	}
	assert_int_equal(tp->rto, 10 * MS + TCP_RTO_MIN);
	tp->rto_min = 50 * MS;
	for (int i = 0; i < 200; i++) {
		tcp_rtt_sample(tp, 10 * MS);
		tp->snd_una += 1448;
		tp->snd_nxt = tp->snd_una;
	}
	/* A quarter of the surplus goes with each round trip. */
	assert_in_range(tp->rto, 60 * MS, 60 * MS + 100);
	tp->snd_nxt = tp->snd_una = 1000;
}

static void test_rto_max(void **state)
{
	struct tcp_sock *tp = sock_a(state);

	tcp_rtt_sample(tp, 100 * NSEC_PER_SEC);
	assert_int_equal(tp->rto, TCP_RTO_MAX);
}

/* A sudden fall of the RTT must not inflate the RTO as a rise of the same size does. */
static void test_fall_is_damped(void **state)
{
	struct tcp_sock *tp = sock_a(state);
	nsec_t mdev;

	for (int i = 0; i < 100; i++)
		tcp_rtt_estimator(tp, 800 * MS);
	mdev = tp->mdev;
	tcp_rtt_estimator(tp, 400 * MS);
	/* By (400 ms - mdev / 4) / 8 and not by 400 ms. */
	assert_in_range(tp->mdev, mdev, mdev + 50 * MS);
	assert_int_equal(tp->srtt, 750 * MS);
}

/* RFC 6298 5.7: the handshake gave no sample. */
static void test_no_handshake_sample(void **state)
{
	struct tcp_sock *tp = sock_a(state);

	tcp_init_metrics(tp);
	assert_int_equal(tp->rto, 3 * NSEC_PER_SEC);
}

/* The least RTT of five minutes. */
static void test_rtt_min_window(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = f->a.tp;
	nsec_t rtt = 20 * MS;

	assert_true(tcp_ack_update_rtt(tp, FLAG_ACKED, rtt, -1, &rtt));
	rtt = 30 * MS;
	tcp_ack_update_rtt(tp, FLAG_ACKED, rtt, -1, &rtt);
	assert_int_equal(tp->rtt_min, 20 * MS);
	tcp_run(f, 301 * NSEC_PER_SEC);
	tcp_ack_update_rtt(tp, FLAG_ACKED, rtt, -1, &rtt);
	assert_int_equal(tp->rtt_min, 30 * MS);
}

/* RFC 7323: the echoed timestamp serves when Karn's algorithm forbids the clock. At least one tick. */
static void test_tsecr(void **state)
{
	struct tcp_fixture *f = *state;
	struct tcp_sock *tp = f->a.tp;
	nsec_t ca = -1;

	tp->rx_opt.saw_tstamp = true;
	tp->rx_opt.rcv_tsecr = (u32)(f->w->sim.now / MS) - 25;
	assert_true(tcp_ack_update_rtt(tp, FLAG_ACKED, -1, -1, &ca));
	assert_int_equal(ca, 25 * MS);
	tp->rx_opt.rcv_tsecr += 25;
	assert_int_equal(tcp_rtt_tsopt(tp), MS);
	/* Without new data acknowledged it is no sample. */
	ca = -1;
	assert_false(tcp_ack_update_rtt(tp, 0, -1, -1, &ca));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_first_sample),  T(test_no_sample),      T(test_ewma),
		T(test_rto_min),       T(test_rto_max),	       T(test_fall_is_damped),
		T(test_no_handshake_sample), T(test_rtt_min_window), T(test_tsecr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

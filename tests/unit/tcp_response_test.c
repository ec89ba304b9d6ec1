/* SPDX-License-Identifier: MIT */
/*
 * Long transfers over a path that loses one segment in 1/p: the average window against the published
 * response functions.
 *
 * Reno: W = sqrt(3 / (2 b p)), Mathis et al. 1997; Linux counts ACKed segments and not ACKs, so b is 1.
 * CUBIC: W = ((C (3 + beta)) / (4 (1 - beta)))^(1/4) (RTT / p)^(3/4), RFC 9438 5.1, or Reno's if that is
 * larger. Both derive from losses that are evenly spaced. Here the gaps are spread evenly over 0.5/p to
 * 1.5/p: with gaps that are all alike, CUBIC's flat top and whole segments let it settle in several cycles.
 */
#include <math.h>

#include "tests/unit/tcp_fixture.h"

struct losses {
	u64 inv_p;
	u64 next;	/* number of the data segment to lose */
	u32 first_cwnd; /* ends slow start; 0: has */
	struct rng rng;
};

static bool lose_now_and_then(struct tcp_end *from, const struct seg_note *s, u64 nth)
{
	struct losses *l = fixture->arg;

	if (!s->len || from != &fixture->a)
		return false;
	if (l->first_cwnd ? from->tp->snd_cwnd < l->first_cwnd : nth < l->next)
		return false;
	l->first_cwnd = 0;
	l->next = nth + l->inv_p / 2 + rng_below(&l->rng, (u32)l->inv_p);
	return true;
}

static double reno_window(u64 inv_p)
{
	return sqrt(1.5 * (double)inv_p);
}

static double cubic_window(u64 inv_p, nsec_t rtt)
{
	double w = pow(0.4 * 3.7 / (4 * 0.3), 0.25) * pow((double)rtt / 1e9 * (double)inv_p, 0.75);

	return fmax(w, reno_window(inv_p));
}

static double measure(const char *cc, u64 inv_p, nsec_t rtt, int periods, double expect)
{
	struct tcp_fixture *f = tcp_setup(rtt / 2);
	struct losses l = {.inv_p = inv_p, .first_cwnd = (u32)(expect * 1.1)};
	double window;
	nsec_t start;
	u64 acked;

	assert_int_equal(tcp_set_congestion_control(f->a.tp, cc), 0);
	f->lose = lose_now_and_then;
	f->arg = &l;
	rng_init(&l.rng, 1, 0, RNG_TEST, 0);
	f->a.writing = true;
	tp_sock(f->a.tp)->sndbuf = 4 << 20;
	keep_full(&f->a);
	/* Four periods to forget how it began. */
	while (f->a.ndata < 4 * inv_p)
		tcp_run(f, rtt);
	start = f->w->sim.now;
	acked = f->a.tp->bytes_acked;
	while (f->a.ndata < (u64)(4 + periods) * inv_p) {
		tcp_run(f, rtt);
		tcp_check_counts(f->a.tp);
	}
	window = (double)(f->a.tp->bytes_acked - acked) / 1448 /
		 ((double)(f->w->sim.now - start) / (double)rtt);
	assert_int_equal(f->a.net->mib.v[MIB_TCPTimeouts], 0);
	tcp_teardown(f);
	return window;
}

static void check(const char *cc, u64 inv_p, nsec_t rtt, int periods, double expect)
{
	double w = measure(cc, inv_p, rtt, periods, expect);

	if (fabs(w / expect - 1) > 0.15)
		fail_msg("%s at p = 1/%lu, RTT %ld ms: window %.1f, published %.1f", cc,
			 (unsigned long)inv_p, (long)(rtt / NSEC_PER_MSEC), w, expect);
}

static void test_reno(void **state)
{
	check("reno", 1000, 20 * NSEC_PER_MSEC, 100, reno_window(1000));
	check("reno", 10000, 100 * NSEC_PER_MSEC, 30, reno_window(10000));
}

static void test_cubic(void **state)
{
	check("cubic", 1000, 10 * NSEC_PER_MSEC, 100, cubic_window(1000, 10 * NSEC_PER_MSEC));
	check("cubic", 1000, 200 * NSEC_PER_MSEC, 100, cubic_window(1000, 200 * NSEC_PER_MSEC));
	check("cubic", 10000, 100 * NSEC_PER_MSEC, 30, cubic_window(10000, 100 * NSEC_PER_MSEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reno),
		cmocka_unit_test(test_cubic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

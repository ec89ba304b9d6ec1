/* SPDX-License-Identifier: MIT */
/*
 * Byte queue limits: starving grows the limit, lasting slack shrinks it, one packet always passes.
 */
#include "nic/dql.h"

#include "tests/unit/unit.h"

static void test_first_packet_passes(void **state)
{
	struct dql d;

	dql_init(&d);
	assert_int_equal(dql_avail(&d), 0); /* not negative: may send */
	dql_queued(&d, 1514);
	assert_true(dql_avail(&d) < 0);
}

/* The limit held the sender back and the hardware ran dry: the limit grows to what was sent. */
static void test_starving_grows(void **state)
{
	struct dql d;

	dql_init(&d);
	dql_queued(&d, 1500);
	dql_completed(&d, 1500, 1000);
	assert_int_equal(d.limit, 1500);
	dql_queued(&d, 1000);
	dql_queued(&d, 1000); /* 500 over */
	dql_completed(&d, 2000, 2000);
	assert_true(d.limit > 1500);
}

/* A sender that never waits for the limit leaves it alone. */
static void test_light_load_keeps(void **state)
{
	struct dql d;

	dql_init(&d);
	dql_queued(&d, 3000);
	dql_completed(&d, 3000, 0);
	assert_int_equal(d.limit, 3000);
	for (int i = 1; i < 100; i++) {
		dql_queued(&d, 100);
		dql_completed(&d, 100, i * NSEC_PER_MSEC);
	}
	assert_int_equal(d.limit, 3000);
}

/*
 * A hardware that sends 1500 bytes in each interval and always has more: 3000 are enough. What a burst
 * made of the limit is given back after the hold time, but not below what keeps it busy.
 */
static void test_slack_shrinks(void **state)
{
	struct dql d;
	nsec_t t = 0;

	dql_init(&d);
	dql_queued(&d, 60000);
	dql_completed(&d, 60000, t);
	assert_int_equal(d.limit, 60000);
	for (int i = 0; i < 5000; i++) {
		while (dql_avail(&d) >= 0)
			dql_queued(&d, 1500);
		t += NSEC_PER_MSEC;
		dql_completed(&d, 1500, t);
	}
	assert_in_range(d.limit, 1500, 6000);
	assert_true(d.num_queued - d.num_completed >= 1500);
}

/* Counters of 32 bits wrap without harm. */
static void test_wrap(void **state)
{
	struct dql d;

	dql_init(&d);
	d.num_queued = d.num_completed = d.prev_queued = UINT32_MAX - 1000;
	dql_queued(&d, 3000);
	assert_int_equal(dql_avail(&d), -3000);
	dql_completed(&d, 3000, 5);
	assert_int_equal(d.limit, 3000);
	assert_int_equal(dql_avail(&d), 3000);
}

static void test_bounds(void **state)
{
	struct dql d;

	dql_init(&d);
	d.max_limit = 2000;
	dql_queued(&d, 9000);
	dql_completed(&d, 9000, 1);
	assert_int_equal(d.limit, 2000);
	d.min_limit = 5000;
	d.max_limit = 6000;
	dql_queued(&d, 100);
	dql_completed(&d, 100, 2);
	assert_int_equal(d.limit, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_packet_passes), cmocka_unit_test(test_starving_grows),
	    cmocka_unit_test(test_light_load_keeps),	cmocka_unit_test(test_slack_shrinks),
	    cmocka_unit_test(test_wrap),		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Links: when frames start, end and arrive; the queue; changes of a running link.
 */
#include "nic/link.h"

#include "tests/unit/net_fixture.h"

#define GBIT 1000000000ull

/* (length + 24) * 8 / rate + delay; a frame takes at least 84 bytes on the wire (IEEE 802.3). */
static void test_timing(void **state)
{
	static const struct {
		u64 rate;
		nsec_t delay;
		u32 len;
		nsec_t arrive;
	} rows[] = {
	    {GBIT, 1000, 1514, 12304 + 1000},
	    {10 * GBIT, 1, 1514, 1230 + 1},
	    {100 * GBIT, 5, 1514, 123 + 5},
	    {GBIT, 1, 60, 672 + 1},
	    {GBIT, 1, 20, 672 + 1},
	    {GBIT, 1, 61, 680 + 1},
	    {10 * 1000 * 1000, 20, 1514, 1230400 + 20},
	    {0, 7, 1514, 7},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct link_params p = {.rate = rows[i].rate, .delay = rows[i].delay};
		struct net_fixture f;

		net_setup(&f);
		net_join(&f, &p);
		link_send(&f.note[0].port, net_frame(&f, 0, 2, 1, rows[i].len, 0));
		net_run(&f);
		assert_int_equal(f.note[1].n, 1);
		assert_int_equal(f.note[1].t[0], rows[i].arrive);
		net_teardown(&f);
	}
}

/* Fractions are carried: a thousand frames take a thousand times 1230.4 ns, in order. */
static void test_saturated_rate_is_exact(void **state)
{
	struct link_params p = {.rate = 10 * GBIT, .delay = 100};
	struct net_fixture f;

	net_setup(&f);
	net_join(&f, &p);
	for (u32 i = 0; i < 1000; i++)
		net_send(&f, 0, 1514, i);
	net_run(&f);
	assert_int_equal(f.note[1].n, 1000);
	assert_int_equal(f.note[1].t[999], 1230400 + 100);
	for (u32 i = 0; i < 1000; i++)
		assert_int_equal(f.note[1].tag[i], i);
	net_teardown(&f);
}

/* However many frames are in flight, one event stands for them. */
static void test_one_event(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = NSEC_PER_SEC};
	struct net_fixture f;

	net_setup(&f);
	net_join(&f, &p);
	for (u32 i = 0; i < 500; i++)
		net_send(&f, 0, 100, i);
	assert_true(f.w->sim.events.len - f.w->sim.events.vacant == 1);
	net_run(&f);
	assert_int_equal(f.note[1].n, 500);
	net_teardown(&f);
}

static void test_ready(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = 1};
	struct net_fixture f;

	net_setup(&f);
	net_join(&f, &p);
	assert_false(link_busy(&f.note[0].port));
	link_send(&f.note[0].port, net_frame(&f, 0, 2, 1, 1514, 0));
	assert_true(link_busy(&f.note[0].port));
	assert_false(link_busy(&f.note[1].port)); /* full duplex */
	link_want_ready(&f.note[0].port, 0);
	net_run(&f);
	assert_int_equal(f.note[0].ready, 1);
	assert_int_equal(f.note[0].ready_at, 12304);
	assert_false(link_busy(&f.note[0].port));
	link_want_ready(&f.note[0].port, 50000);
	net_run(&f);
	assert_int_equal(f.note[0].ready, 2);
	assert_int_equal(f.note[0].ready_at, 50000);
	net_teardown(&f);
}

static void test_not_before(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = 1};
	struct net_fixture f;
	u64 bytes;

	net_setup(&f);
	net_join(&f, &p);
	link_transmit(&f.note[0].port, net_frame(&f, 0, 2, 1, 60, 0), 5000);
	assert_int_equal(link_backlog(&f.note[0].port, &bytes), 1);
	assert_int_equal(bytes, 60);
	net_run(&f);
	assert_int_equal(f.note[1].t[0], 5000 + 672 + 1);
	assert_int_equal(link_backlog(&f.note[0].port, &bytes), 0);
	net_teardown(&f);
}

/* One frame on the wire, two in the queue, the rest dropped; room again when the next one starts. */
static void test_queue_by_packets(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = 1, .queue_packets = 2};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	for (u32 i = 0; i < 5; i++) {
		assert_false(link_busy(&f.note[0].port));
		link_send(&f.note[0].port, net_frame(&f, 0, 2, 1, 1514, i));
	}
	assert_int_equal(link_stats(l, 0)->queue_dropped, 2);
	sim_run(&f.w->sim, 12304); /* the first has ended, the second has started */
	net_send(&f, 0, 1514, 5);
	assert_int_equal(link_stats(l, 0)->queue_dropped, 2);
	net_send(&f, 0, 1514, 6);
	assert_int_equal(link_stats(l, 0)->queue_dropped, 3);
	net_run(&f);
	assert_int_equal(f.note[1].n, 4);
	assert_int_equal(f.note[1].tag[3], 5);
	assert_int_equal(f.note[1].t[3], 4 * 12304 + 1);
	net_teardown(&f);
}

static void test_queue_by_bytes(void **state)
{
	struct link_params p = {
	    .rate = GBIT, .delay = 1, .queue_packets = 100, .queue_bytes = 3000};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	net_send(&f, 0, 1514, 0); /* on the wire */
	net_send(&f, 0, 1514, 1);
	net_send(&f, 0, 1500, 2); /* 14 too many */
	net_send(&f, 0, 1486, 3);
	assert_int_equal(link_stats(l, 0)->queue_dropped, 1);
	net_run(&f);
	assert_int_equal(f.note[1].n, 3);
	net_teardown(&f);
}

/* A new rate holds for what has not started; a new delay for the same. */
static void test_change_of_rate(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = 10}, fast = {.rate = 10 * GBIT, .delay = 20};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	for (u32 i = 0; i < 3; i++)
		net_send(&f, 0, 1514, i);
	sim_run(&f.w->sim, 6000); /* in the middle of the first */
	link_set_params(l, 0, &fast);
	net_run(&f);
	assert_int_equal(f.note[1].t[0], 12304 + 10);
	assert_int_equal(f.note[1].t[1], 12304 + 1230 + 20);
	assert_int_equal(f.note[1].t[2], 12304 + 2460 + 20); /* 2460.8 */
	assert_int_equal(link_get_params(l, 1)->rate, GBIT);
	net_teardown(&f);
}

static void test_change_of_rate_moves_ready(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = 10}, slow = {.rate = GBIT / 10, .delay = 10};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	net_send(&f, 0, 1514, 0);
	net_send(&f, 0, 1514, 1);
	link_want_ready(&f.note[0].port, 0);
	sim_run(&f.w->sim, 6000);
	link_set_params(l, -1, &slow);
	net_run(&f);
	assert_int_equal(f.note[0].ready_at, 12304 + 123040);
	net_teardown(&f);
}

static void test_carrier(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = NSEC_PER_MSEC};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	assert_int_equal(f.note[0].ups, 1);
	for (u32 i = 0; i < 3; i++)
		net_send(&f, 0, 1514, i);
	sim_run(&f.w->sim, 15000);
	link_set_up(l, false);
	link_set_up(l, false);
	assert_int_equal(f.note[0].downs, 1);
	assert_int_equal(f.note[1].downs, 1);
	assert_int_equal(link_stats(l, 0)->down_dropped, 3);
	net_send(&f, 0, 1514, 3);
	assert_int_equal(link_stats(l, 0)->down_dropped, 4);
	link_set_up(l, true);
	assert_int_equal(f.note[1].ups, 2);
	net_send(&f, 0, 1514, 4);
	net_run(&f);
	assert_int_equal(f.note[1].n, 1);
	assert_int_equal(f.note[1].tag[0], 4);
	assert_int_equal(f.note[1].t[0], 15000 + 12304 + NSEC_PER_MSEC);
	net_teardown(&f);
}

/* A partition eats frames at both ends of their way, and nobody is told. */
static void test_partition(void **state)
{
	struct link_params p = {.rate = GBIT, .delay = NSEC_PER_MSEC};
	struct net_fixture f;
	struct link *l;

	net_setup(&f);
	l = net_join(&f, &p);
	net_send(&f, 0, 60, 0);
	sim_run(&f.w->sim, 1000);
	link_set_partition(l, true);
	net_send(&f, 0, 60, 1);
	net_run(&f);
	assert_int_equal(f.note[1].n, 0);
	assert_int_equal(link_stats(l, 0)->lost, 2);
	assert_int_equal(f.note[1].downs, 0);
	link_set_partition(l, false);
	net_send(&f, 0, 60, 2);
	net_run(&f);
	assert_int_equal(f.note[1].n, 1);
	net_teardown(&f);
}

static void test_params_check(void **state)
{
	struct link_params p = {.delay = 1};

	assert_int_equal(link_params_check(&p), 0);
	p.delay = 0;
	assert_true(link_params_check(&p) < 0);
	p = (struct link_params){.delay = 1, .faults.loss = {3, 2}};
	assert_true(link_params_check(&p) < 0);
	p = (struct link_params){.delay = 1, .faults.jitter = -1};
	assert_true(link_params_check(&p) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timing),
	    cmocka_unit_test(test_saturated_rate_is_exact),
	    cmocka_unit_test(test_one_event),
	    cmocka_unit_test(test_ready),
	    cmocka_unit_test(test_not_before),
	    cmocka_unit_test(test_queue_by_packets),
	    cmocka_unit_test(test_queue_by_bytes),
	    cmocka_unit_test(test_change_of_rate),
	    cmocka_unit_test(test_change_of_rate_moves_ready),
	    cmocka_unit_test(test_carrier),
	    cmocka_unit_test(test_partition),
	    cmocka_unit_test(test_params_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

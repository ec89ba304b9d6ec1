/* SPDX-License-Identifier: MIT */
/*
 * The switch: learning, ageing, flooding, latency, full queues.
 */
#include "nic/switch.h"

#include "tests/unit/net_fixture.h"

#define GBIT 1000000000ull

struct fixture {
	struct net_fixture f;
	struct netswitch *sw;
	struct link *link[3];
};

/* Host i at port i. */
static void setup(struct fixture *x, const struct switch_params *sp, const struct link_params *lp)
{
	net_setup(&x->f);
	x->sw = switch_new(x->f.w, "sw", sp);
	for (int i = 0; i < 3; i++)
		x->link[i] =
		    link_new(x->f.w, &x->f.note[i].port, switch_port(x->sw, i), lp, lp);
}

static void setup_default(struct fixture *x)
{
	struct switch_params sp;
	struct link_params lp = {.rate = GBIT, .delay = 100};

	switch_params_default(&sp);
	setup(x, &sp, &lp);
}

static void send(struct fixture *x, int host, u8 dst, u8 src, u32 len)
{
	link_transmit(&x->f.note[host].port, net_frame(&x->f, host, dst, src, len, 0), 0);
	net_run(&x->f);
}

static const u8 mac1[6] = {2, 0, 0, 0, 0, 1};

static void test_learns(void **state)
{
	struct fixture x;

	setup_default(&x);
	assert_int_equal(switch_lookup(x.sw, mac1), -1);
	send(&x, 0, 2, 1, 100); /* nobody knows 2 */
	assert_int_equal(x.f.note[1].n, 1);
	assert_int_equal(x.f.note[2].n, 1);
	assert_int_equal(x.f.note[0].n, 0);
	assert_int_equal(switch_lookup(x.sw, mac1), 0);
	send(&x, 1, 1, 2, 100);
	assert_int_equal(x.f.note[0].n, 1);
	assert_int_equal(x.f.note[2].n, 1); /* not flooded */
	send(&x, 0, 2, 1, 100);
	assert_int_equal(x.f.note[1].n, 2);
	assert_int_equal(x.f.note[2].n, 1);
	assert_int_equal(switch_port_stats(x.sw, 0)->flooded, 1);
	net_teardown(&x.f);
}

/* Store and forward: two serialisations, two delays, one latency. */
static void test_timing(void **state)
{
	struct fixture x;

	setup_default(&x);
	send(&x, 0, 255, 1, 1514);
	assert_int_equal(x.f.note[1].t[0], 2 * (12304 + 100) + 1000);
	net_teardown(&x.f);
}

static void test_moves_and_ages(void **state)
{
	struct fixture x;

	setup_default(&x);
	send(&x, 0, 255, 1, 64);
	send(&x, 2, 255, 1, 64); /* the host has moved */
	assert_int_equal(switch_lookup(x.sw, mac1), 2);
	x.f.w->sim.now += 299 * NSEC_PER_SEC;
	assert_int_equal(switch_lookup(x.sw, mac1), 2);
	x.f.w->sim.now += 2 * NSEC_PER_SEC;
	assert_int_equal(switch_lookup(x.sw, mac1), -1);
	net_teardown(&x.f);
}

static void test_broadcast_and_filter(void **state)
{
	struct fixture x;

	setup_default(&x);
	send(&x, 0, 255, 1, 64);
	assert_int_equal(x.f.note[1].n + x.f.note[2].n, 2);
	send(&x, 0, 1, 3, 64); /* 1 is at the port where this came in */
	assert_int_equal(x.f.note[1].n + x.f.note[2].n, 2);
	assert_int_equal(switch_port_stats(x.sw, 0)->dropped, 1);
	net_teardown(&x.f);
}

static void test_carrier_forgets(void **state)
{
	struct fixture x;

	setup_default(&x);
	send(&x, 0, 255, 1, 64);
	link_set_up(x.link[0], false);
	assert_int_equal(switch_lookup(x.sw, mac1), -1);
	send(&x, 2, 1, 3, 64); /* flooded to what is up */
	assert_int_equal(x.f.note[1].n, 2);
	assert_int_equal(x.f.note[0].n, 0);
	net_teardown(&x.f);
}

static void test_table_full(void **state)
{
	struct switch_params sp;
	struct link_params lp = {.rate = GBIT, .delay = 100};
	struct fixture x;

	switch_params_default(&sp);
	sp.mac_table = 20;
	setup(&x, &sp, &lp);
	for (u8 i = 1; i <= 30; i++)
		send(&x, 0, 255, i, 64);
	for (u8 i = 1; i <= 30; i++) {
		const u8 mac[6] = {2, 0, 0, 0, 0, i};

		assert_int_equal(switch_lookup(x.sw, mac), i <= 20 ? 0 : -1);
	}
	net_teardown(&x.f);
}

/* Two hosts send to a third at twice the rate of its port: the queue of the port overflows. */
static void overflow(struct fixture *x, u32 expect)
{
	send(x, 1, 255, 2, 64);
	for (u32 i = 0; i < 50; i++) {
		link_transmit(&x->f.note[0].port, net_frame(&x->f, 0, 2, 1, 1514, i), 0);
		link_transmit(&x->f.note[2].port, net_frame(&x->f, 2, 2, 3, 1514, i), 0);
	}
	net_run(&x->f);
	assert_int_equal(switch_port_stats(x->sw, 1)->dropped, 100 - x->f.note[1].n);
	assert_in_range(x->f.note[1].n, expect - 1, expect + 1);
	net_teardown(&x->f);
}

static void test_port_queue(void **state)
{
	struct switch_params sp;
	struct link_params lp = {.rate = GBIT, .delay = 100};
	struct fixture x;

	switch_params_default(&sp);
	sp.port_queue = 10;
	setup(&x, &sp, &lp);
	overflow(&x, 50 + 10); /* what leaves while 50 arrive, and what the queue holds at the end */
}

static void test_shared_buffer(void **state)
{
	struct switch_params sp;
	struct link_params lp = {.rate = GBIT, .delay = 100};
	struct fixture x;

	switch_params_default(&sp);
	sp.buffer_bytes = 5 * 1514;
	setup(&x, &sp, &lp);
	overflow(&x, 50 + 5);
}

static void test_bad_frame(void **state)
{
	struct link_params lp = {.rate = GBIT, .delay = 100, .faults.corrupt = {1, 1},
				 .faults.bad_fcs = true};
	struct switch_params sp;
	struct fixture x;

	switch_params_default(&sp);
	setup(&x, &sp, &lp);
	send(&x, 0, 255, 1, 100);
	assert_int_equal(x.f.note[1].n, 0);
	assert_int_equal(switch_lookup(x.sw, mac1), -1);
	net_teardown(&x.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_learns),
	    cmocka_unit_test(test_timing),
	    cmocka_unit_test(test_moves_and_ages),
	    cmocka_unit_test(test_broadcast_and_filter),
	    cmocka_unit_test(test_carrier_forgets),
	    cmocka_unit_test(test_table_full),
	    cmocka_unit_test(test_port_queue),
	    cmocka_unit_test(test_shared_buffer),
	    cmocka_unit_test(test_bad_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

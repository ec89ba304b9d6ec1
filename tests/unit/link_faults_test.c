/* SPDX-License-Identifier: MIT */
/*
 * Faults of links against their definitions. Probabilities are checked with fixed seeds over many frames,
 * with bounds of about five standard deviations.
 */
#include "nic/link_priv.h"

#include "tests/unit/net_fixture.h"

#define N 20000

static struct net_fixture run_with(const struct link_faults *faults, u64 seed, u32 n, nsec_t spacing)
{
	struct link_params p = {.rate = 0, .delay = NSEC_PER_MSEC, .faults = *faults};
	struct net_fixture f;

	net_setup_seed(&f, seed, strategy_default());
	net_join(&f, &p);
	for (u32 i = 0; i < n; i++)
		link_transmit(&f.note[0].port, net_frame(&f, 0, 2, 1, 64, i), i * spacing);
	net_run(&f);
	return f;
}

static void test_independent_loss(void **state)
{
	struct link_faults faults = {.loss = {1, 10}};
	struct net_fixture f = run_with(&faults, 7, N, 10);

	assert_in_range(link_stats(f.w->links, 0)->lost, 2000 - 215, 2000 + 215);
	assert_int_equal(f.note[1].n + link_stats(f.w->links, 0)->lost, N);
	net_teardown(&f);
}

/* Stationary loss p / (p + r), mean length of a burst 1 / r. */
static void test_gilbert_elliott(void **state)
{
	struct link_faults faults = {
	    .ge_p = {1, 100}, .ge_r = {1, 10}, .ge_loss_bad = {1, 1}, .ge_loss_good = {0, 1}};
	struct net_fixture f = run_with(&faults, 11, N, 10);
	u64 lost = link_stats(f.w->links, 0)->lost;
	u32 bursts = 0, expect = 0;

	for (int i = 0; i < f.note[1].n; i++) {
		bursts += f.note[1].tag[i] != expect;
		expect = f.note[1].tag[i] + 1;
	}
	assert_in_range(lost, N / 11 - 500, N / 11 + 500);
	assert_in_range(lost * 10 / bursts, 80, 120);
	net_teardown(&f);
}

static void test_duplicate(void **state)
{
	struct link_faults faults = {.duplicate = {1, 20}};
	struct net_fixture f = run_with(&faults, 3, N, 10);
	u64 dup = link_stats(f.w->links, 0)->duplicated;

	assert_in_range(dup, 1000 - 155, 1000 + 155);
	assert_int_equal(f.note[1].n, N + dup);
	net_teardown(&f);
}

static u32 bits_set(u8 b)
{
	return (u32)__builtin_popcount(b);
}

/* One to three bits differ, none of them in the Ethernet header, and the sender's bytes stay. */
static void test_corrupt(void **state)
{
	struct link_params p = {.delay = 1, .faults.corrupt = {1, 1}, .faults.bad_fcs = true};
	struct net_fixture f;
	u8 sent[300], got[300];

	net_setup(&f);
	net_join(&f, &p);
	f.note[1].keep_last = true;
	for (u32 i = 0; i < 200; i++) {
		struct sk_buff *skb = net_frame(&f, 0, 2, 1, 300, i), *mine = skb_clone(skb);
		u32 diff = 0;

		skb_copy_bits(skb, 0, sent, 300);
		link_send(&f.note[0].port, skb);
		net_run(&f);
		skb = f.note[1].keep;
		assert_int_equal(skb->len, 300);
		assert_true(skb->corrupted && skb->bad_fcs && skb->ip_summed == CHECKSUM_NONE);
		skb_copy_bits(skb, 0, got, 300);
		assert_memory_equal(sent, got, 14);
		for (int k = 14; k < 300; k++)
			diff += bits_set(sent[k] ^ got[k]);
		assert_in_range(diff, 0, 3); /* two flips may meet */
		skb_copy_bits(mine, 0, got, 300);
		assert_memory_equal(sent, got, 300);
		consume_skb(mine);
	}
	net_teardown(&f);
}

static u32 inversions(const struct note *n)
{
	u32 k = 0;

	for (int i = 1; i < n->n; i++)
		k += n->tag[i] < n->tag[i - 1];
	return k;
}

static void test_reorder(void **state)
{
	struct link_faults faults = {.reorder = {1, 10}, .reorder_delay = 1000};
	struct net_fixture f = run_with(&faults, 5, 2000, 10);
	u64 reordered = link_stats(f.w->links, 0)->reordered;

	assert_int_equal(f.note[1].n, 2000);
	assert_in_range(reordered, 200 - 67, 200 + 67);
	for (int i = 0; i < f.note[1].n; i++) {
		nsec_t late = f.note[1].t[i] - NSEC_PER_MSEC - f.note[1].tag[i] * 10;

		assert_true(late == 0 || late == 1000);
		reordered -= late == 1000;
	}
	assert_int_equal(reordered, 0);
	assert_true(inversions(&f.note[1]) > 0);
	net_teardown(&f);
}

static void test_jitter(void **state)
{
	struct link_faults faults = {.jitter = 999};
	struct net_fixture f = run_with(&faults, 5, N, 100);
	s64 sum = 0;

	for (int i = 0; i < f.note[1].n; i++) {
		nsec_t late = f.note[1].t[i] - NSEC_PER_MSEC - f.note[1].tag[i] * 100;

		assert_in_range(late, 0, 999);
		sum += late;
	}
	assert_in_range(sum / N, 499 - 11, 500 + 11); /* sigma of the mean: 2 */
	assert_true(inversions(&f.note[1]) > 0);
	net_teardown(&f);
}

static void test_jitter_keeps_order(void **state)
{
	struct link_faults faults = {.jitter = 999, .keep_order = true};
	struct net_fixture f = run_with(&faults, 5, N, 100);

	assert_int_equal(f.note[1].n, N);
	assert_int_equal(inversions(&f.note[1]), 0);
	net_teardown(&f);
}

static void test_drop_nth(void **state)
{
	struct link_faults faults = {.drop_nth = {1, 3, 7}};
	struct net_fixture f = run_with(&faults, 5, 10, 100);
	static const u32 expect[] = {1, 3, 4, 5, 7, 8, 9};

	assert_int_equal(f.note[1].n, ARRAY_SIZE(expect));
	assert_memory_equal(f.note[1].tag, expect, sizeof(expect));
	net_teardown(&f);
}

/* A fault that is switched on does not move the draws of another. */
static void test_streams_are_apart(void **state)
{
	struct link_faults loss = {.loss = {1, 5}};
	struct link_faults both = {.loss = {1, 5}, .duplicate = {0, 1}, .jitter = 50};
	struct net_fixture f = run_with(&loss, 9, 1000, 100), g = run_with(&both, 9, 1000, 100);
	struct net_fixture other = run_with(&loss, 10, 1000, 100);

	assert_int_equal(f.note[1].n, g.note[1].n);
	assert_memory_equal(f.note[1].tag, g.note[1].tag, (size_t)f.note[1].n * sizeof(u32));
	assert_true(memcmp(f.note[1].tag, other.note[1].tag, 400) != 0);
	net_teardown(&f);
	net_teardown(&g);
	net_teardown(&other);
}

/* Exploration: the answers of choose() and nothing else decide, for the first frames only. */
static void test_explored(void **state)
{
	static const struct choice sched[] = {
	    {1, CHOICE_DROP, 2, 2, 1},
	    {1, CHOICE_DELAY, 0, 4, 3},
	    {1, CHOICE_DROP, 9, 2, 1}, /* not asked: only 4 are */
	};
	struct link_params p = {.delay = NSEC_PER_MSEC,
				.faults = {.explore_drop = 4,
					   .explore_delay = 2,
					   .explore_quantum = 100}};
	struct net_fixture f;
	static const u32 expect[] = {1, 3, 4, 0, 5};

	net_setup_seed(&f, 1, strategy_schedule(sched, ARRAY_SIZE(sched)));
	net_join(&f, &p);
	for (u32 i = 0; i < 6; i++)
		link_transmit(&f.note[0].port, net_frame(&f, 0, 2, 1, 64, i), i * 70);
	net_run(&f);
	assert_int_equal(f.note[1].n, ARRAY_SIZE(expect));
	assert_memory_equal(f.note[1].tag, expect, sizeof(expect));
	net_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_independent_loss),   cmocka_unit_test(test_gilbert_elliott),
	    cmocka_unit_test(test_duplicate),	       cmocka_unit_test(test_corrupt),
	    cmocka_unit_test(test_reorder),	       cmocka_unit_test(test_jitter),
	    cmocka_unit_test(test_jitter_keeps_order), cmocka_unit_test(test_drop_nth),
	    cmocka_unit_test(test_streams_are_apart),  cmocka_unit_test(test_explored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

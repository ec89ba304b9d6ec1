/* SPDX-License-Identifier: MIT */
/*
 * Strategies that search: what they promise whatever they draw.
 */
#include "sim/engine/strategy_explore.h"

#include "sim/engine/sim.h"
#include "tests/unit/fake_trace.h"
#include "tests/unit/unit.h"

#define ASKS 200

/* A run that asks ASKS questions of several kinds; fills the answers. */
static void run(struct strategy *st, u32 answers[ASKS], struct choice_census *census, size_t *taken)
{
	const u32 actors[] = { choice_actor(1, 100), choice_actor(1, 101), choice_actor(1, 102) };
	struct trace tr = { .muted = true };
	struct sim s;

	sim_init(&s, 1, st, &tr);
	for (u32 i = 0; i < ASKS; i++) {
		switch (i % 4) {
		case 0:
			answers[i] = choose_actor(&s, 1, CHOICE_TASK, 3, 0, actors);
			break;
		case 1:
			answers[i] = choose_actor(&s, 1 + i % 2, CHOICE_HOLD, 1 + CHOICE_HOLDS,
						  actors[i % 3], NULL);
			break;
		case 2:
			answers[i] = choose_actor(&s, 1, CHOICE_PREEMPT, 2, actors[0], actors);
			break;
		default:
			answers[i] = choose(&s, 2, CHOICE_DROP, 2);
			break;
		}
	}
	if (census)
		choice_census_take(census, &s.choices);
	*taken = s.choices.ntaken;
	sim_destroy(&s);
}

static struct choice_census ordinary(void)
{
	struct choice_census c;
	u32 answers[ASKS];
	size_t taken;

	run(strategy_default(), answers, &c, &taken);
	assert_int_equal(taken, 0);
	return c;
}

static void test_names(void **state)
{
	for (int k = EXPLORE_INVALID + 1; k < EXPLORE_NKINDS; k++)
		assert_int_equal(explore_kind_parse(explore_kind_name((enum explore_kind)k)), k);
	assert_int_equal(explore_kind_parse("nonsense"), EXPLORE_INVALID);
	assert_int_equal(explore_kind_parse("invalid"), EXPLORE_INVALID);
}

static void test_census(void **state)
{
	struct choice_census c = ordinary();

	assert_int_equal(c.points, ASKS);
	assert_int_equal(c.asked[1][CHOICE_TASK], ASKS / 4);
	assert_int_equal(c.asked[2][CHOICE_HOLD], ASKS / 4);
	assert_int_equal(c.asked[2][CHOICE_DROP], ASKS / 4);
	assert_int_equal(c.asked[1][CHOICE_IRQ], 0);
	choice_census_free(&c);
}

/* Run 7 of a search is run 7, and differs from run 8; not every strategy draws in each run. */
static void test_function_of_seed_and_run(void **state)
{
	struct choice_census c = ordinary();

	for (int k = EXPLORE_INVALID + 1; k < EXPLORE_NKINDS; k++) {
		u32 a[ASKS], b[ASKS], different = 0;
		size_t taken;

		for (u64 i = 0; i < 20; i++) {
			run(strategy_explore((enum explore_kind)k, 5, i, 3, &c), a, NULL, &taken);
			run(strategy_explore((enum explore_kind)k, 5, i, 3, &c), b, NULL, &taken);
			assert_memory_equal(a, b, sizeof(a));
			run(strategy_explore((enum explore_kind)k, 5, i + 1, 3, &c), b, NULL, &taken);
			different += memcmp(a, b, sizeof(a)) != 0;
			run(strategy_explore((enum explore_kind)k, 6, i, 3, &c), b, NULL, &taken);
			different += memcmp(a, b, sizeof(a)) != 0;
		}
		assert_true(different > 10);
	}
	choice_census_free(&c);
}

/* delay and faults make at most depth decisions, and faults touches packets only. */
static void test_bounded(void **state)
{
	struct choice_census c = ordinary();
	u32 answers[ASKS], some = 0;
	size_t taken;

	for (u64 i = 0; i < 200; i++) {
		u32 depth = 1 + i % 4;

		run(strategy_explore(EXPLORE_DELAY, 1, i, depth, &c), answers, NULL, &taken);
		assert_true(taken <= depth);
		some += taken > 0;
		run(strategy_explore(EXPLORE_FAULTS, 1, i, depth, &c), answers, NULL, &taken);
		assert_true(taken <= depth);
		some += taken > 0;
		for (u32 j = 0; j < ASKS; j++)
			assert_true(!answers[j] || j % 4 == 3);
	}
	assert_true(some > 300);
	choice_census_free(&c);
}

/* Nothing to lose: faults has nothing to do. */
static void test_no_faults_to_choose(void **state)
{
	struct choice_census c = ordinary();
	u32 answers[ASKS];
	size_t taken;

	c.asked[2][CHOICE_DROP] = 0;
	run(strategy_explore(EXPLORE_FAULTS, 1, 1, 3, &c), answers, NULL, &taken);
	assert_int_equal(taken, 0);
	choice_census_free(&c);
}

/* pct with d = 1 has priorities and no change point: among the same options always the same one. */
static void test_pct_keeps_priorities(void **state)
{
	struct choice_census c = ordinary();
	u32 first[3] = { 0 };

	for (u64 i = 0; i < 60; i++) {
		u32 a[ASKS];
		size_t taken;

		run(strategy_explore(EXPLORE_PCT, 1, i, 1, &c), a, NULL, &taken);
		for (u32 j = 0; j < ASKS; j += 4)
			assert_int_equal(a[j], a[0]);
		for (u32 j = 1; j < ASKS; j += 2)
			assert_int_equal(a[j], 0);
		first[a[0]]++;
	}
	/* Every order of three tasks turns up. */
	assert_true(first[0] && first[1] && first[2]);
	choice_census_free(&c);
}

static void test_hold_time(void **state)
{
	assert_int_equal(hold_time(1), 10 * NSEC_PER_USEC);
	assert_int_equal(hold_time(3), NSEC_PER_MSEC);
	assert_int_equal(hold_time(CHOICE_HOLDS), NSEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_census),
		cmocka_unit_test(test_function_of_seed_and_run),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_no_faults_to_choose),
		cmocka_unit_test(test_pct_keeps_priorities),
		cmocka_unit_test(test_hold_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

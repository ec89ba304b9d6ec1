/* SPDX-License-Identifier: MIT */
/*
 * Choices: counting, recording, the three strategies, and that a recorded schedule gives the run
 * again.
 */
#include "sim/engine/choice.h"

#include "sim/engine/sim.h"
#include "tests/unit/fake_trace.h"
#include "tests/unit/unit.h"

struct fixture {
	struct trace tr;
	struct sim s;
};

static void setup(struct fixture *f, struct strategy *st)
{
	memset(f, 0, sizeof(*f));
	sim_init(&f->s, 1, st, &f->tr);
}

static void test_names(void **state)
{
	for (int k = CHOICE_INVALID + 1; k < CHOICE_NKINDS; k++)
		assert_int_equal(choice_kind_parse(choice_kind_name((enum choice_kind)k)), k);
	assert_int_equal(choice_kind_parse("nonsense"), CHOICE_INVALID);
	assert_int_equal(choice_kind_parse("invalid"), CHOICE_INVALID);
}

static void test_default(void **state)
{
	struct fixture f;

	setup(&f, strategy_default());
	for (u32 n = 1; n < 10; n++)
		assert_int_equal(choose(&f.s, 3, CHOICE_TASK, n), 0);
	assert_int_equal(f.s.choices.ntaken, 0);
	assert_string_equal(f.tr.text, "");
	sim_destroy(&f.s);
}

static void test_schedule(void **state)
{
	static const struct choice sched[] = {
	    {.host = 2, .kind = CHOICE_TASK, .nth = 0, .value = 1},
	    {.host = 1, .kind = CHOICE_TASK, .nth = 2, .value = 2},
	    {.host = 1, .kind = CHOICE_IRQ, .nth = 0, .value = 1},
	    {.host = 1, .kind = CHOICE_TASK, .nth = 1, .value = 7}, /* out of range below */
	};
	struct fixture f;

	setup(&f, strategy_schedule(sched, ARRAY_SIZE(sched)));
	f.s.now = 5;
	assert_int_equal(choose(&f.s, 1, CHOICE_TASK, 3), 0); /* 0th on host 1 */
	assert_int_equal(choose(&f.s, 1, CHOICE_TASK, 1), 0); /* not counted */
	assert_int_equal(choose(&f.s, 1, CHOICE_TASK, 3), 0); /* 1st: 7 is out of range */
	assert_int_equal(choose(&f.s, 1, CHOICE_IRQ, 2), 1);
	f.s.now = 9;
	assert_int_equal(choose(&f.s, 1, CHOICE_TASK, 3), 2); /* 2nd */
	assert_int_equal(choose(&f.s, 2, CHOICE_TASK, 2), 1);
	assert_string_equal(f.tr.text, "5 h1 choice irq 0 of 2: 1\n"
				       "9 h1 choice task 2 of 3: 2\n"
				       "9 h2 choice task 0 of 2: 1\n");
	sim_destroy(&f.s);
}

static u32 drive(struct sim *s, u32 *answers, u32 n)
{
	for (u32 i = 0; i < n; i++)
		answers[i] = choose(s, i % 3, i % 2 ? CHOICE_TASK : CHOICE_WAITER, 2 + i % 5);
	return n;
}

/* What a random run recorded, given as a schedule, gives the same answers. */
static void test_random_replays(void **state)
{
	u32 first[300], second[300];
	struct fixture f, g;

	setup(&f, strategy_random(99, (struct ratio){1, 4}));
	f.tr.muted = true;
	drive(&f.s, first, 300);
	assert_in_range(f.s.choices.ntaken, 40, 110);
	setup(&g, strategy_schedule(f.s.choices.taken, f.s.choices.ntaken));
	g.tr.muted = true;
	drive(&g.s, second, 300);
	assert_memory_equal(first, second, sizeof(first));
	assert_int_equal(f.s.choices.ntaken, g.s.choices.ntaken);
	assert_memory_equal(f.s.choices.taken, g.s.choices.taken,
			    f.s.choices.ntaken * sizeof(struct choice));
	sim_destroy(&f.s);
	sim_destroy(&g.s);
}

/* An answer depends on its place only, not on what was asked before. */
static void test_random_is_pure(void **state)
{
	struct fixture f, g;

	setup(&f, strategy_random(5, (struct ratio){1, 2}));
	setup(&g, strategy_random(5, (struct ratio){1, 2}));
	f.tr.muted = g.tr.muted = true;
	for (int i = 0; i < 50; i++) {
		u32 a = choose(&f.s, 1, CHOICE_DROP, 8);

		choose(&g.s, 2, CHOICE_DROP, 8);
		choose(&g.s, 1, CHOICE_TASK, 8);
		assert_int_equal(choose(&g.s, 1, CHOICE_DROP, 8), a);
	}
	sim_destroy(&f.s);
	sim_destroy(&g.s);
}

static void test_random_extremes(void **state)
{
	struct fixture f;

	setup(&f, strategy_random(5, (struct ratio){1, 1}));
	f.tr.muted = true;
	for (int i = 0; i < 100; i++)
		assert_in_range(choose(&f.s, 1, CHOICE_TASK, 4), 1, 3);
	sim_destroy(&f.s);
	setup(&f, strategy_random(5, (struct ratio){0, 1}));
	for (int i = 0; i < 100; i++)
		assert_int_equal(choose(&f.s, 1, CHOICE_TASK, 4), 0);
	sim_destroy(&f.s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),	   cmocka_unit_test(test_default),
	    cmocka_unit_test(test_schedule),	   cmocka_unit_test(test_random_replays),
	    cmocka_unit_test(test_random_is_pure), cmocka_unit_test(test_random_extremes),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}

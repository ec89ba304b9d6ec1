/* SPDX-License-Identifier: MIT */
/*
 * Random streams: the generator's published answers, independence of streams, exact ranges.
 */
#include "sim/engine/rng.h"

#include <string.h>

#include "tests/unit/unit.h"

/* Random123's kat_vectors for philox2x64, 10 rounds: the vector with counter and key zero. */
static void test_known_answer(void **state)
{
	struct rng r = {0};

	assert_true(rng_u64(&r) == 0xca00a0459843d731ULL);
}

static void test_streams_are_pure(void **state)
{
	struct rng a, b;

	rng_init(&a, 42, 3, RNG_LINK_LOSS, 9);
	for (int i = 0; i < 5; i++)
		rng_u64(&a);
	rng_init(&b, 42, 3, RNG_LINK_LOSS, 9);
	b.counter = 5;
	assert_true(rng_u64(&a) == rng_u64(&b));
}

/* Each part of a stream's name changes it. */
static void test_streams_differ(void **state)
{
	static const struct {
		u64 seed;
		u32 host;
		enum rng_purpose purpose;
		u64 index;
	} names[] = {
	    {1, 1, RNG_LINK_LOSS, 0},	{2, 1, RNG_LINK_LOSS, 0}, {1, 2, RNG_LINK_LOSS, 0},
	    {1, 1, RNG_LINK_JITTER, 0}, {1, 1, RNG_LINK_LOSS, 1}, {0, 1, RNG_LINK_LOSS, 1},
	    {1, 0, RNG_LINK_LOSS, 1},
	};
	u64 first[ARRAY_SIZE(names)];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rng r;

		rng_init(&r, names[i].seed, names[i].host, names[i].purpose, names[i].index);
		first[i] = rng_u64(&r);
		for (size_t k = 0; k < i; k++)
			assert_true(first[k] != first[i]);
	}
}

static void test_below_is_uniform(void **state)
{
	u32 count[6] = {0};
	struct rng r;

	rng_init(&r, 1, 1, RNG_TEST, 0);
	for (int i = 0; i < 60000; i++)
		count[rng_below(&r, 6)]++;
	/* Five standard deviations of a binomial (60000, 1/6) are 456. */
	for (int i = 0; i < 6; i++)
		assert_in_range(count[i], 10000 - 456, 10000 + 456);
	assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_true(rng_below(&r, 0x80000001u) < 0x80000001u);
}

static void test_chance(void **state)
{
	struct rng r;
	int hits = 0;

	rng_init(&r, 1, 1, RNG_TEST, 1);
	for (int i = 0; i < 100; i++)
		assert_false(rng_chance(&r, (struct ratio){0, 1}));
	assert_int_equal(r.counter, 0); /* a fault that is off draws nothing */
	for (int i = 0; i < 100; i++)
		assert_true(rng_chance(&r, (struct ratio){1, 1}));
	for (int i = 0; i < 10000; i++)
		hits += rng_chance(&r, (struct ratio){1, 4});
	assert_in_range(hits, 2500 - 217, 2500 + 217);
}

static void test_bytes(void **state)
{
	u8 a[13] = {0}, b[16] = {0};
	struct rng r, q;
	u64 word;

	rng_init(&r, 1, 1, RNG_TEST, 2);
	rng_bytes(&r, a, sizeof(a));
	rng_init(&r, 1, 1, RNG_TEST, 2);
	rng_bytes(&r, b, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	rng_init(&q, 1, 1, RNG_TEST, 2);
	word = rng_u64(&q);
	assert_int_equal(a[0], word & 0xff);
	assert_int_equal(a[7], word >> 56);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_answer),   cmocka_unit_test(test_streams_are_pure),
	    cmocka_unit_test(test_streams_differ), cmocka_unit_test(test_below_is_uniform),
	    cmocka_unit_test(test_chance),	   cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}

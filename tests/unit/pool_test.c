/* SPDX-License-Identifier: MIT */
/*
 * Pools: objects do not overlap, are aligned, and come back zeroed when asked.
 */
#include "sim/engine/pool.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_objects_do_not_overlap(void **state)
{
	static const size_t sizes[] = {1, 8, 24, 200, 5000, 40000};
	void *obj[100];

	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		struct pool p;

		pool_init(&p, "test", sizes[k]);
		for (int i = 0; i < 100; i++) {
			obj[i] = pool_alloc(&p);
			assert_int_equal((uintptr_t)obj[i] % 16, 0);
			memset(obj[i], i, sizes[k]);
		}
		assert_int_equal(p.in_use, 100);
		for (int i = 0; i < 100; i++) {
			const u8 *b = obj[i];

			assert_int_equal(b[0], i);
			assert_int_equal(b[sizes[k] - 1], i);
		}
		for (int i = 0; i < 100; i++)
			pool_free(&p, obj[i]);
		assert_int_equal(p.in_use, 0);
		pool_destroy(&p);
	}
}

static void test_zalloc(void **state)
{
	static const u8 zero[64];
	struct pool p;

	pool_init(&p, "test", sizeof(zero));
	for (int i = 0; i < 3; i++) {
		u8 *b = pool_zalloc(&p);

		assert_memory_equal(b, zero, sizeof(zero));
		memset(b, 0xff, sizeof(zero));
		pool_free(&p, b);
	}
	pool_destroy(&p);
}

static void test_unused_pool(void **state)
{
	struct pool p;

	pool_init(&p, "test", 100);
	pool_destroy(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_objects_do_not_overlap),
	    cmocka_unit_test(test_zalloc),
	    cmocka_unit_test(test_unused_pool),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}

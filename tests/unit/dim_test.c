/* SPDX-License-Identifier: MIT */
/*
 * Dynamic interrupt moderation against loads whose best profile is known (net_dim.rst).
 */
#include "nic/dim.h"

#include <string.h>

#include "tests/unit/unit.h"

/* What a profile makes of the load: bytes, packets and interrupts in a millisecond. */

/* Runs a load for so many decisions; returns the profile, and how often it changed at the end. */
static u8 settle(struct dim *d, void (*load)(u8 profile, struct dim_stats *per_msec), int decisions,
		 int *late_changes)
{
	struct dim_sample s = d->start;

	*late_changes = 0;
	for (int i = 0; i < decisions; i++) {
		u8 before = d->profile;
		struct dim_stats r;
		u64 msecs;

		load(d->profile, &r);
		msecs = (64 + r.events - 1) / r.events;
		s.t += (nsec_t)msecs * NSEC_PER_MSEC;
		s.bytes += r.bytes * msecs;
		s.packets += r.packets * msecs;
		s.events += r.events * msecs;
		dim_update(d, &s);
		*late_changes += i >= decisions / 2 && d->profile != before;
	}
	return d->profile;
}

/* The same throughput whatever the delay: fewer interrupts are better. */
static void saturated(u8 profile, struct dim_stats *r)
{
	*r = (struct dim_stats){1000000, 1000, 1000u >> profile};
}

/* Longer delays starve the sender, whose window is small: throughput falls. */
static void window_limited(u8 profile, struct dim_stats *r)
{
	*r = (struct dim_stats){1000000u >> profile, 1000u >> profile, 1000u >> profile};
}

/* Best in the middle. */
static void hill(u8 profile, struct dim_stats *r)
{
	static const u64 bytes[DIM_NPROFILES] = {100, 200, 400, 300, 200};

	*r = (struct dim_stats){bytes[profile] * 1000, bytes[profile], 500};
}

/* One packet at a time, seldom: every profile is the same. */
static void sparse(u8 profile, struct dim_stats *r)
{
	*r = (struct dim_stats){100, 1, 1};
}

static void goes_where_it_is_better(void **state)
{
	struct dim d;
	int changes;

	dim_init(&d);
	assert_int_equal(d.profile, 1);
	assert_int_equal(settle(&d, saturated, 40, &changes), 4);
	assert_int_equal(changes, 0);
	dim_init(&d);
	settle(&d, window_limited, 40, &changes);
	assert_true(d.profile <= 1);
}

static void finds_the_summit(void **state)
{
	struct dim d;
	int changes, near = 0;

	dim_init(&d);
	for (int i = 0; i < 40; i++) {
		settle(&d, hill, 1, &changes);
		near += i >= 20 && d.profile >= 1 && d.profile <= 3;
	}
	assert_true(near >= 18);
}

static void sparse_load_comes_to_rest(void **state)
{
	struct dim d;
	int changes;

	dim_init(&d);
	settle(&d, sparse, 100, &changes);
	assert_true(changes <= 25);
}

/* Parked, it moves again when the load changes. */
static void wakes_when_the_load_changes(void **state)
{
	struct dim d;
	int changes;

	dim_init(&d);
	assert_int_equal(settle(&d, saturated, 40, &changes), 4);
	settle(&d, window_limited, 60, &changes);
	assert_true(d.profile < 4);
}

/* A decision takes 64 interrupts. */
static void patience(void **state)
{
	struct dim d;
	struct dim_sample s = {0};

	dim_init(&d);
	dim_update(&d, &s);
	for (int i = 0; i < 63; i++) {
		s.t += NSEC_PER_MSEC;
		s.events++;
		s.packets += 100;
		s.bytes += 100000;
		dim_update(&d, &s);
		assert_int_equal(d.prev.bytes, 0);
	}
	s.t += NSEC_PER_MSEC;
	s.events++;
	dim_update(&d, &s);
	assert_int_not_equal(d.prev.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(goes_where_it_is_better),	   cmocka_unit_test(finds_the_summit),
	    cmocka_unit_test(sparse_load_comes_to_rest),   cmocka_unit_test(patience),
	    cmocka_unit_test(wakes_when_the_load_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

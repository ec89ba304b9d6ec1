/* SPDX-License-Identifier: MIT */
/*
 * Values with units: exact, and refused with a reason when they are not.
 */
#include "sim/engine/units.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_duration(void **state)
{
	static const struct {
		const char *s;
		nsec_t t;
	} good[] = {
	    {"0", 0},
	    {"0s", 0},
	    {"10ns", 10},
	    {"250us", 250000},
	    {"1.5ms", 1500000},
	    {"2s", 2000000000},
	    {"3min", 180000000000},
	    {"1h", 3600000000000},
	    {"0.000000001s", 1},
	    {"1.50us", 1500},
	    {"0.5h", 1800000000000},
	    {"9223372036.854775806s", INT64_MAX - 1},
	};
	static const struct {
		const char *s, *why;
	} bad[] = {
	    {"", "digit"},
	    {"10", "needs a unit"},
	    {"-1ms", "negative"},
	    {"1.5", "unit"},
	    {"1.5ns", "whole number"},
	    {"1 ms", "unit"},
	    {"1sec", "unit"},
	    {".5s", "digit"},
	    {"5.s", "unit"},
	    {"1.2.3s", "unit"},
	    {"1MS", "unit"},
	    {"10000000000s", "too long"},
	    {"1e3s", "unit"},
	    {"12345678901234567890ns", "digits"},
	    {"9223372036.854775807s", "too long"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *why = NULL;
		nsec_t t = -1;

		assert_int_equal(parse_duration(good[i].s, &t, &why), 0);
		assert_true(t == good[i].t);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;
		nsec_t t = -1;

		assert_int_equal(parse_duration(bad[i].s, &t, &why), -EINVAL);
		assert_true(t == -1);
		assert_non_null(strstr(why, bad[i].why));
	}
}

static void test_rate(void **state)
{
	const char *why;
	u64 v = 7;

	assert_int_equal(parse_rate("10Gbit", &v, &why), 0);
	assert_true(v == 10000000000);
	assert_int_equal(parse_rate("1.5kbit", &v, &why), 0);
	assert_true(v == 1500);
	assert_int_equal(parse_rate("9600bit", &v, &why), 0);
	assert_true(v == 9600);
	assert_int_equal(parse_rate("0", &v, &why), 0);
	assert_true(v == 0);
	assert_int_equal(parse_rate("100", &v, &why), -EINVAL);
	assert_int_equal(parse_rate("10gbit", &v, &why), -EINVAL);
	assert_int_equal(parse_rate("0.5bit", &v, &why), -EINVAL);
	assert_int_equal(parse_rate("99999999Tbit", &v, &why), -EINVAL);
}

static void test_size(void **state)
{
	const char *why;
	u64 v = 7;

	assert_int_equal(parse_size("64KiB", &v, &why), 0);
	assert_true(v == 65536);
	assert_int_equal(parse_size("9kB", &v, &why), 0);
	assert_true(v == 9000);
	assert_int_equal(parse_size("1500", &v, &why), 0);
	assert_true(v == 1500);
	assert_int_equal(parse_size("1500B", &v, &why), 0);
	assert_true(v == 1500);
	assert_int_equal(parse_size("0.5MiB", &v, &why), 0);
	assert_true(v == 524288);
	assert_int_equal(parse_size("1.5", &v, &why), -EINVAL);
	assert_int_equal(parse_size("1KB", &v, &why), -EINVAL);
	assert_int_equal(parse_size("x", &v, &why), -EINVAL);
}

static void test_ratio(void **state)
{
	static const struct {
		const char *s;
		struct ratio r;
	} good[] = {
	    {"1%", {1, 100}},  {"0.1%", {1, 1000}}, {"1/1000", {1, 1000}},
	    {"0", {0, 1}},     {"0%", {0, 1}},	    {"100%", {1, 1}},
	    {"2/4", {1, 2}},   {"50%", {1, 2}},	    {"1/1", {1, 1}},
	    {"12.5%", {1, 8}}, {"0/7", {0, 1}},	    {"1/4294967295", {1, 4294967295u}},
	};
	static const char *const bad[] = {
	    "1",
	    "0.5",
	    "101%",
	    "3/2",
	    "1/0",
	    "1/2/3",
	    "-1%",
	    "1.5/2",
	    "1/4294967296",
	    "0.00000000001%",
	    "0.00000000000000001%",
	    "%",
	    "1 %",
	    "1/",
	    "0.0000000000000000001%",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const char *why;
		struct ratio r;

		assert_int_equal(parse_ratio(good[i].s, &r, &why), 0);
		assert_int_equal(r.num, good[i].r.num);
		assert_int_equal(r.den, good[i].r.den);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = NULL;
		struct ratio r;

		assert_int_equal(parse_ratio(bad[i], &r, &why), -EINVAL);
		assert_non_null(why);
	}
}

static void test_format_duration(void **state)
{
	static const struct {
		nsec_t t;
		const char *s;
	} table[] = {
	    {0, "0s"},
	    {1, "1ns"},
	    {999, "999ns"},
	    {1000, "1us"},
	    {1234, "1.234us"},
	    {1500000, "1.5ms"},
	    {100000000, "100ms"},
	    {1000000001, "1.000000001s"},
	    {90 * NSEC_PER_SEC, "90s"},
	    {120 * NSEC_PER_SEC, "2min"},
	    {7200 * NSEC_PER_SEC, "2h"},
	    {-1500, "-1.5us"},
	    {INT64_MIN, "-9223372036.854775808s"},
	    {NSEC_NEVER, "never"},
	};
	char buf[40];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_string_equal(format_duration(buf, sizeof(buf), table[i].t), table[i].s);
	assert_string_equal(format_duration(buf, 4, 123456789), "123");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_duration),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_ratio),
	    cmocka_unit_test(test_format_duration),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Comparing a replay with its recording, two recordings with each other, and reading facts back.
 */
#include "sim/engine/trace_compare.h"

#include <sqlite3.h>

#include "tests/unit/trace_rows.h"
#include "tests/unit/unit.h"

static char *path(char *buf, const char *name)
{
	return rows_path(buf, 64, name);
}

static struct trace_read *record(const char *file, enum trace_level level, int n)
{
	struct trace_read *r;
	char *err;

	rows_file(file, level, n);
	r = trace_read_open(file, &err);
	assert_non_null(r);
	unlink(file);
	return r;
}

/* Replays n datagrams; at the k-th, an extra row (extra) or a changed one (late). */
static void replay(struct trace_read *r, struct trace_divergence *d, int n, int k, bool extra,
		   enum trace_level level)
{
	struct trace *tr = trace_new(level);

	memset(d, 0, sizeof(*d));
	trace_add_sink(tr, trace_compare_sink(r, level, d));
	rows_begin(tr);
	for (int i = 0; i < n; i++) {
		if (i == k && extra)
			trace_irq(tr, 10000LL * k, 1, 9, 0, "raise");
		rows_datagram(tr, i == k && !extra ? i + 1000 : i);
	}
	rows_end(tr, n);
	trace_free(tr, true);
}

static void test_same(void **state)
{
	struct trace_divergence d;
	struct trace_read *r;
	char buf[64];

	r = record(path(buf, "same"), TRACE_ALL, 50);
	replay(r, &d, 50, -1, false, TRACE_ALL);
	assert_false(d.found);
	assert_true(d.equal > 600);
	/* replayed at a lower level than recorded, and the other way round */
	replay(r, &d, 50, -1, false, TRACE_SYSCALLS);
	assert_false(d.found);
	trace_read_close(r);
	r = record(path(buf, "same"), TRACE_SCHEDULE, 50);
	replay(r, &d, 50, -1, false, TRACE_ALL);
	assert_false(d.found);
	trace_read_close(r);
}

static void test_changed_row(void **state)
{
	struct trace_divergence d;
	struct trace_read *r;
	char buf[64], *text;

	r = record(path(buf, "changed"), TRACE_ALL, 20);
	replay(r, &d, 20, 7, false, TRACE_ALL);
	assert_true(d.found);
	assert_string_equal(d.table, "hop");
	assert_string_equal(d.column, "packet");
	assert_string_equal(d.a, "1099511627783");
	assert_string_equal(d.b, "1099511628783");
	assert_int_equal(d.t, 80000 - 300);
	text = trace_divergence_text(&d, "recorded", "replayed");
	assert_non_null(strstr(text, "at 79.7us"));
	assert_non_null(strstr(text, "  recorded  1099511627783\n  replayed  1099511628783\n"));
	free(text);
	trace_divergence_clear(&d);
	trace_read_close(r);
}

static void test_extra_and_missing(void **state)
{
	struct trace_divergence d;
	struct trace_read *r;
	char buf[64];

	r = record(path(buf, "extra"), TRACE_ALL, 20);
	replay(r, &d, 20, 3, true, TRACE_ALL);
	assert_true(d.found);
	assert_null(d.column);
	assert_string_equal(d.b, "irq t=30000 host=1 irq=9 cpu=0 what=raise");
	assert_non_null(strstr(d.a, "hop packet=1099511627779"));
	trace_divergence_clear(&d);
	replay(r, &d, 19, -1, false, TRACE_ALL); /* one datagram less: another row stands there */
	assert_true(d.found);
	assert_non_null(strstr(d.a, "hop "));
	assert_non_null(strstr(d.b, "choice "));
	trace_divergence_clear(&d);
	trace_read_close(r);
}

/* The replay ends early: a difference, unless it was on purpose. */
static void test_stopped(void **state)
{
	struct trace_divergence d = {.found = false};
	struct trace_read *r;
	char buf[64];

	r = record(path(buf, "stopped"), TRACE_ALL, 20);
	for (int on_purpose = 0; on_purpose < 2; on_purpose++) {
		struct trace *tr = trace_new(TRACE_ALL);

		trace_add_sink(tr, trace_compare_sink(r, TRACE_ALL, &d));
		rows_begin(tr);
		for (int i = 0; i < 10; i++)
			rows_datagram(tr, i);
		d.stopped = on_purpose;
		trace_free(tr, true);
		assert_int_equal(d.found, !on_purpose);
		assert_null(d.b);
		trace_divergence_clear(&d);
	}
	trace_read_close(r);
}

/* A recording that was cut short: what is beyond its end is no difference. */
static void test_prefix(void **state)
{
	struct trace_divergence d = {.found = false};
	struct trace_read *a, *b;
	char buf[64], *err;
	struct trace *tr = trace_new(TRACE_ALL);

	path(buf, "prefix");
	trace_add_sink(tr, trace_sqlite_sink(buf, TRACE_ALL, &err));
	rows_begin(tr);
	for (int i = 0; i < 10; i++)
		rows_datagram(tr, i);
	trace_free(tr, false);
	a = trace_read_open(buf, &err);
	assert_non_null(a);
	unlink(buf);
	assert_false(a->complete);
	replay(a, &d, 20, -1, false, TRACE_ALL);
	assert_false(d.found);
	b = record(path(buf, "whole"), TRACE_ALL, 20);
	trace_compare_files(a, b, &d);
	assert_false(d.found);
	trace_compare_files(b, a, &d);
	assert_false(d.found);
	trace_read_close(a);
	trace_read_close(b);
}

static void test_files(void **state)
{
	struct trace_divergence d = {.found = false};
	struct trace_read *a, *b;
	char buf[64];

	a = record(path(buf, "fa"), TRACE_ALL, 20);
	b = record(path(buf, "fb"), TRACE_PACKETS, 20);
	trace_compare_files(a, b, &d);
	assert_false(d.found);
	trace_read_close(b);
	b = record(path(buf, "fb"), TRACE_ALL, 21);
	trace_compare_files(a, b, &d);
	assert_true(d.found);
	assert_int_equal(d.t, 209700);
	trace_divergence_clear(&d);
	trace_read_close(a);
	trace_read_close(b);
}

static void count_file(void *arg, const char *name, const void *content, size_t len)
{
	assert_string_equal(name, "s.lua");
	assert_int_equal(len, strlen(ROWS_SCENARIO));
	assert_memory_equal(content, ROWS_SCENARIO, len);
	++*(int *)arg;
}

static void test_read(void **state)
{
	struct trace_read *r;
	struct choice *sched;
	char buf[64], *s;
	size_t n;
	u64 seed;
	int files = 0;

	r = record(path(buf, "read"), TRACE_SCHEDULE, 3);
	assert_int_equal(r->level, TRACE_SCHEDULE);
	assert_true(r->complete);
	assert_true(trace_read_fact_u64(r, "seed", &seed));
	assert_int_equal(seed, 7);
	assert_true(trace_read_fact_u64(r, "hash", &seed));
	assert_false(trace_read_fact_u64(r, "scenario", &seed));
	assert_null(trace_read_fact(r, "nonsense"));
	s = trace_read_fact(r, "scenario");
	assert_string_equal(s, "s.lua");
	free(s);
	assert_int_equal(trace_read_files(r, count_file, &files), 1);
	assert_int_equal(files, 1);
	assert_int_equal(trace_read_schedule(r, &sched, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(sched[0].host, 2);
	assert_int_equal(sched[0].kind, CHOICE_TASK);
	assert_int_equal(sched[0].nth, 3);
	assert_int_equal(sched[0].n, 2);
	assert_int_equal(sched[0].value, 1);
	free(sched);
	trace_read_close(r);
}

static void test_open_errors(void **state)
{
	char buf[64], *err;
	FILE *f;

	assert_null(trace_read_open("/nonexistent.db", &err));
	assert_string_equal(err, "/nonexistent.db: No such file or directory");
	free(err);
	path(buf, "junk");
	f = fopen(buf, "w");
	for (int i = 0; i < 1000; i++)
		fputs("not a database ", f);
	fclose(f);
	assert_null(trace_read_open(buf, &err));
	assert_non_null(strstr(err, "not an SQLite database"));
	free(err);
	f = fopen(buf, "w");
	fclose(f);
	assert_null(trace_read_open(buf, &err));
	assert_non_null(strstr(err, "is not a trace"));
	free(err);
	unlink(buf);
}

/* A trace that somebody changed, or a disk damaged: an error, never a crash. */
static void test_damaged(void **state)
{
	static const char *const changes[] = {
	    "DROP TABLE hop",
	    "DROP VIEW flow",
	    "ALTER TABLE sched RENAME COLUMN wait TO waits",
	    "UPDATE run SET value = 'much' WHERE key = 'level'",
	    "PRAGMA user_version = 99",
	};
	struct trace_divergence d = {.found = false};
	char buf[64], *err;
	struct trace_read *r;
	sqlite3 *db;
	FILE *f;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		rows_file(path(buf, "changed"), TRACE_ALL, 2);
		sqlite3_open(buf, &db);
		assert_int_equal(sqlite3_exec(db, "PRAGMA legacy_alter_table=ON", NULL, NULL, NULL), 0);
		assert_int_equal(sqlite3_exec(db, changes[i], NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		assert_null(trace_read_open(buf, &err));
		assert_non_null(err);
		free(err);
		unlink(buf);
	}
	rows_file(path(buf, "damaged"), TRACE_ALL, 2000);
	f = fopen(buf, "r+");
	for (long off = 400000; off < 600000; off += 8192) {
		fseek(f, off, SEEK_SET);
		fputs("this is not a page", f);
	}
	fclose(f);
	r = trace_read_open(buf, &err);
	assert_non_null(r);
	unlink(buf);
	trace_compare_files(r, r, &d);
	assert_non_null(strstr(r->error, "malformed"));
	trace_divergence_clear(&d);
	trace_read_close(r);
}

static int see_frame(void *arg, const struct trace_frame_at *f)
{
	int *n = arg;

	assert_int_equal(f->len, ROWS_HEAD + ROWS_PAYLOAD);
	assert_memory_equal(f->frame, rows_head, ROWS_HEAD);
	assert_int_equal(f->packet, rows_packet_id(*n / 2));
	assert_int_equal(f->t, 10000 * (*n / 2 + 1) + (f->sent ? 0 : 5000));
	assert_int_equal(f->host, *n % 2 + 1);
	assert_int_equal(f->sent, *n % 2 == 0);
	return ++*n == 7 ? 42 : 0;
}

static void test_frames(void **state)
{
	struct trace_read *r;
	char buf[64];
	int n = 0;

	r = record(path(buf, "frames"), TRACE_PACKETS, 5);
	assert_int_equal(trace_read_frames(r, 0, 0, see_frame, &n), 42);
	assert_int_equal(n, 7);
	trace_read_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),    cmocka_unit_test(test_changed_row),
	    cmocka_unit_test(test_stopped), cmocka_unit_test(test_extra_and_missing),
	    cmocka_unit_test(test_prefix),  cmocka_unit_test(test_files),
	    cmocka_unit_test(test_read),    cmocka_unit_test(test_open_errors),
	    cmocka_unit_test(test_frames),  cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

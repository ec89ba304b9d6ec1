/* SPDX-License-Identifier: MIT */
/*
 * tools/TRACE.md against the schema: every table, view and column that is there is described, in
 * order, and nothing else; every example is a query that works.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "sim/engine/trace_sqlite.h"
#include "tests/unit/unit.h"

#define MANUAL "tools/TRACE.md"
#define CELLS 4

struct fixture {
	struct trace_sink *sink;
	sqlite3 *db;
	char *manual;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	FILE *file = fopen(MANUAL, "r");
	char *err;
	size_t n;

	if (!file)
		return -1;
	f->manual = calloc(1, 65536);
	n = fread(f->manual, 1, 65535, file);
	fclose(file);
	f->sink = trace_sqlite_sink(":memory:", TRACE_ALL, &err);
	f->db = trace_sqlite_db(f->sink);
	*state = f;
	return n ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	f->sink->close(f->sink, true);
	free(f->manual);
	free(f);
	return 0;
}

/* The row "| `name` | ... |" of the manual, cut into its cells. */
static bool find_row(const char *manual, const char *name, char cell[CELLS][2048])
{
	char start[64];
	const char *p, *bar;

	snprintf(start, sizeof(start), "\n| `%s` |", name);
	p = strstr(manual, start);
	if (!p)
		return false;
	p += 2;
	for (int i = 0; i < CELLS; i++) {
		bar = strchr(p, '|');
		if (!bar || bar - p >= 2048)
			return false;
		snprintf(cell[i], 2048, "%.*s", (int)(bar - p), p);
		p = bar + 1;
	}
	return true;
}

/* The words in backquotes, joined by spaces. */
static void quoted(const char *s, char *out, size_t len)
{
	const char *end;

	out[0] = '\0';
	while ((s = strchr(s, '`')) != NULL && (end = strchr(s + 1, '`')) != NULL) {
		size_t n = strlen(out);

		snprintf(out + n, len - n, "%s%.*s", n ? " " : "", (int)(end - s - 1), s + 1);
		s = end + 1;
	}
}

static void actual_columns(sqlite3 *db, const char *name, bool table, char *out, size_t len)
{
	sqlite3_stmt *st;

	sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?)", -1, &st, NULL);
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	out[0] = '\0';
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *column = (const char *)sqlite3_column_text(st, 0);
		size_t n = strlen(out);

		if (table && strcmp(column, "seq") == 0) /* described once, for all */
			continue;
		snprintf(out + n, len - n, "%s%s", n ? " " : "", column);
	}
	sqlite3_finalize(st);
}

static void check_example(sqlite3 *db, const char *cell)
{
	char sql[2048];
	sqlite3_stmt *st;

	quoted(cell, sql, sizeof(sql));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_non_null(st);
	assert_true(sqlite3_stmt_readonly(st));
	sqlite3_finalize(st);
}

static void test_described(void **state)
{
	struct fixture *f = *state;
	char cell[CELLS][2048], documented[2048], actual[2048];
	sqlite3_stmt *st;

	sqlite3_prepare_v2(f->db,
			   "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')",
			   -1, &st, NULL);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);
		bool table = strcmp((const char *)sqlite3_column_text(st, 1), "table") == 0;

		if (!find_row(f->manual, name, cell))
			fail_msg("%s does not describe %s", MANUAL, name);
		quoted(cell[2], documented, sizeof(documented));
		actual_columns(f->db, name, table, actual, sizeof(actual));
		assert_string_equal(documented, actual);
		check_example(f->db, cell[3]);
	}
	sqlite3_finalize(st);
}

/* What the manual describes exists. */
static void test_exists(void **state)
{
	struct fixture *f = *state;
	const char *p = f->manual;
	sqlite3_stmt *st;
	int n = 0;

	sqlite3_prepare_v2(f->db, "SELECT 1 FROM sqlite_schema WHERE name = ?", -1, &st, NULL);
	while ((p = strstr(p, "\n| `")) != NULL) {
		p += 4;
		sqlite3_bind_text(st, 1, p, (int)strcspn(p, "`"), SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_ROW)
			fail_msg("there is no %.20s", p);
		sqlite3_reset(st);
		n++;
	}
	sqlite3_finalize(st);
	assert_true(n >= TT_NTABLES - 1);
}

static void test_levels(void **state)
{
	struct fixture *f = *state;
	char cell[CELLS][2048], level[64];

	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);

		assert_true(find_row(f->manual, d->name, cell));
		snprintf(level, sizeof(level), " %s ", trace_level_name(d->level));
		assert_string_equal(cell[1], level);
	}
}

static void test_places(void **state)
{
	static const char *const places[] = {
	    PLACE_SOCKET_TX, PLACE_QDISC, PLACE_TX_RING,  PLACE_LINK,	PLACE_SWITCH,
	    PLACE_RX_RING,   PLACE_NAPI,  PLACE_BACKLOG,  PLACE_IP_RCV, PLACE_FORWARD,
	    PLACE_SOCKET_RX, PLACE_RECV,  PLACE_LOOPBACK,
	};
	struct fixture *f = *state;
	const char *p = strstr(f->manual, "Places, in the order");

	assert_non_null(p);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		p = strstr(p, places[i]);
		if (!p)
			fail_msg("%s does not name the place %s", MANUAL, places[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_described),
	    cmocka_unit_test(test_exists),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

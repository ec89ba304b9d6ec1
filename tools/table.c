/* SPDX-License-Identifier: MIT */
/*
 * Aligned tables (table.h). The widths come from the first rows; a later cell that is wider pushes
 * its line out of line, so that a result of any size is printed as it comes.
 */
#include "tools/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"
#include "tools/cli.h"

#define SAMPLE_ROWS 200

struct table {
	sqlite3_stmt *st;
	FILE *out;
	int ncol;
	int *width;
	bool *right;  /* numbers and durations are aligned right */
	char **cells; /* SAMPLE_ROWS rows */
	int nrows;
};

static void fn_duration(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	char buf[48];

	if (sqlite3_value_type(argv[0]) != SQLITE_INTEGER)
		return;
	format_duration(buf, sizeof(buf), sqlite3_value_int64(argv[0]));
	sqlite3_result_text(ctx, buf, -1, SQLITE_TRANSIENT);
}

static void fn_packet_name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	u64 id = (u64)sqlite3_value_int64(argv[0]);
	char buf[48];

	if (sqlite3_value_type(argv[0]) != SQLITE_INTEGER)
		return;
	snprintf(buf, sizeof(buf), "%llu:%llu", (unsigned long long)(id >> 40),
		 (unsigned long long)(id & ((1ULL << 40) - 1)));
	sqlite3_result_text(ctx, buf, -1, SQLITE_TRANSIENT);
}

void table_functions(struct sqlite3 *db)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

	sqlite3_create_function(db, "duration", 1, flags, NULL, fn_duration, NULL, NULL);
	sqlite3_create_function(db, "packet_name", 1, flags, NULL, fn_packet_name, NULL, NULL);
}

/* A cell as text on one line; blobs by their size. */
static char *cell_text(sqlite3_stmt *st, int col)
{
	const u8 *p;
	char *s;
	int n, k = 0;

	if (sqlite3_column_type(st, col) == SQLITE_NULL)
		return xstrdup("");
	n = sqlite3_column_bytes(st, col);
	if (sqlite3_column_type(st, col) == SQLITE_BLOB)
		return asprintf(&s, "(%d bytes)", n) < 0 ? NULL : s;
	p = sqlite3_column_text(st, col);
	n = sqlite3_column_bytes(st, col);
	s = xcalloc((size_t)n * 4 + 1, 1);
	for (int i = 0; i < n; i++) {
		if (p[i] == '\n')
			k += sprintf(s + k, "\\n");
		else if (p[i] < 0x20 || p[i] == 0x7f)
			k += sprintf(s + k, "\\x%02x", p[i]);
		else
			s[k++] = (char)p[i];
	}
	return s;
}

/* Columns on a terminal: bytes of UTF-8 that continue a character have no width. */
static int text_width(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((u8)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(struct table *t, int col, const char *s)
{
	int pad = max(t->width[col] - text_width(s), 0);
	bool last = col == t->ncol - 1;

	if (t->right[col])
		fprintf(t->out, "%*s%s", pad, "", s);
	else
		fprintf(t->out, "%s%*s", s, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", t->out);
}

static void sample(struct table *t)
{
	for (int c = 0; c < t->ncol; c++) {
		t->width[c] = text_width(sqlite3_column_name(t->st, c));
		t->right[c] = true;
	}
	while (t->nrows < SAMPLE_ROWS && sqlite3_step(t->st) == SQLITE_ROW) {
		for (int c = 0; c < t->ncol; c++) {
			char *s = cell_text(t->st, c);

			t->cells[t->nrows * t->ncol + c] = s;
			t->width[c] = max(t->width[c], text_width(s));
			if (*s && (*s < '0' || *s > '9') && *s != '-')
				t->right[c] = false;
			if (strchr(s, '.') && strchr(s, ':')) /* an address */
				t->right[c] = false;
		}
		t->nrows++;
	}
}

static void print_rows(struct table *t, bool color)
{
	fputs(cli_color(color, CLI_BOLD), t->out);
	for (int c = 0; c < t->ncol; c++)
		print_cell(t, c, sqlite3_column_name(t->st, c));
	fputs(cli_color(color, CLI_PLAIN), t->out);
	for (int r = 0; r < t->nrows; r++)
		for (int c = 0; c < t->ncol; c++)
			print_cell(t, c, t->cells[r * t->ncol + c]);
	while (t->nrows == SAMPLE_ROWS && sqlite3_step(t->st) == SQLITE_ROW)
		for (int c = 0; c < t->ncol; c++) {
			char *s = cell_text(t->st, c);

			print_cell(t, c, s);
			free(s);
		}
}

static void print_result(struct table *t, bool color, const char *empty)
{
	t->ncol = sqlite3_column_count(t->st);
	t->width = xcalloc((size_t)t->ncol + 1, sizeof(*t->width));
	t->right = xcalloc((size_t)t->ncol + 1, sizeof(*t->right));
	t->cells = xcalloc((size_t)t->ncol * SAMPLE_ROWS + 1, sizeof(*t->cells));
	sample(t);
	if (t->nrows)
		print_rows(t, color);
	else if (empty)
		fprintf(t->out, "%s\n", empty);
	for (int i = 0; i < t->nrows * t->ncol; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->width);
	free(t->right);
}

int table_print(struct sqlite3 *db, const char *sql, FILE *out, bool color, const char *empty,
		char **err)
{
	struct table t = {.out = out};
	const char *rest, *why = NULL;

	*err = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &t.st, &rest) != SQLITE_OK)
		why = sqlite3_errmsg(db);
	else if (!t.st)
		why = "there is no statement";
	else if (!sqlite3_stmt_readonly(t.st))
		why = "a trace is read, not changed";
	else if (rest[strspn(rest, " \t\r\n;")])
		why = "only one statement at a time";
	if (why) {
		*err = xstrdup(why);
		sqlite3_finalize(t.st);
		return -EINVAL;
	}
	print_result(&t, color, empty);
	if (sqlite3_finalize(t.st) != SQLITE_OK) {
		*err = xstrdup(sqlite3_errmsg(db));
		return -EINVAL;
	}
	return 0;
}

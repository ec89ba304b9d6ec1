/* SPDX-License-Identifier: MIT */
#include "tools/hosted_report.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/host/world.h"
#include "sim/process/hosted.h"

void print_missing(struct world *w)
{
	size_t n;
	const struct hosted_missing *m = hosted_missing(w, &n);

	if (!n)
		return;
	fprintf(stderr, "not emulated (ENOSYS):");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s %s %llu", i ? "," : "", m[i].name,
			(unsigned long long)m[i].count);
	fputc('\n', stderr);
}

/* The last rows of each process, in order of time. */
static const char *const last_lines =
	"SELECT h.name, l.tid, t.name, l.stream, l.text FROM (SELECT *, row_number() OVER "
	"(PARTITION BY host, tid ORDER BY t DESC) AS n FROM log) l JOIN host h ON h.id = l.host "
	"LEFT JOIN task t ON t.host = l.host AND t.tid = l.tid "
	"WHERE l.n <= 12 ORDER BY l.host, l.tid, l.n DESC";

static const char *column(sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s ? s : "?";
}

void print_output(struct world *w, struct sqlite3 *db)
{
	sqlite3_stmt *st;
	char last[64] = "", who[64];

	if (!w->hosted || sqlite3_prepare_v2(db, last_lines, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *text = column(st, 4);

		snprintf(who, sizeof(who), "%.20s of host %.20s, tid %d", column(st, 2),
			 column(st, 0), sqlite3_column_int(st, 1));
		if (strcmp(who, last))
			fprintf(stderr, "---- %s:\n", who);
		strcpy(last, who);
		fprintf(stderr, "%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	}
	sqlite3_finalize(st);
}

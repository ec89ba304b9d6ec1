/* SPDX-License-Identifier: MIT */
#include "tools/decision.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/choice.h"
#include "sim/engine/pool.h"
#include "sim/engine/trace_read.h"
#include "sim/engine/units.h"

/*
 * A choice is traced when it is made; what it does to a task is the next row of sched at that time. The
 * call that it comes before or in is the one that the task entered last.
 */
static const char sql[] =
	"SELECT c.seq, c.t, c.host, c.kind, c.nth, c.n, c.value, h.name, s.tid, t.name, "
	" (SELECT name FROM syscall y WHERE y.host = c.host AND y.tid = s.tid AND y.t_enter <= c.t"
	"  AND (y.t_exit IS NULL OR y.t_exit >= c.t) ORDER BY y.t_enter DESC LIMIT 1) "
	"FROM choice c JOIN host h ON h.id = c.host "
	"LEFT JOIN sched s ON s.seq = (SELECT min(seq) FROM sched WHERE seq > c.seq AND seq < c.seq + 4"
	"  AND host = c.host AND c.kind IN ('task', 'preempt', 'hold')) "
	"LEFT JOIN task t ON t.host = c.host AND t.tid = s.tid ORDER BY c.seq";

static const char *text_of(sqlite3_stmt *st, int i, const char *otherwise)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s ? s : otherwise;
}

static void say(struct decision *d, const char *host, const char *task, const char *call)
{
	char at[96] = "", time[32];

	if (call)
		snprintf(at, sizeof(at), d->kind[0] == 't' ? ", in %s()" : " before %s()", call);
	if (!strcmp(d->kind, "hold"))
		snprintf(d->text, sizeof(d->text), "%s of %s is held up for %s%s", task, host,
			 format_duration(time, sizeof(time), hold_time(d->value)), at);
	else if (!strcmp(d->kind, "preempt"))
		snprintf(d->text, sizeof(d->text), "%s of %s is preempted%s", task, host, at);
	else if (!strcmp(d->kind, "task"))
		snprintf(d->text, sizeof(d->text), "%s of %s goes first, of %u that could%s", task, host,
			 d->n, at);
	else if (!strcmp(d->kind, "waiter"))
		snprintf(d->text, sizeof(d->text), "on %s, the wakeup goes to waiter %u of %u", host,
			 d->value + 1, d->n);
	else if (!strcmp(d->kind, "wake_cpu"))
		snprintf(d->text, sizeof(d->text), "on %s, a woken task goes to another CPU (%u of %u)",
			 host, d->value + 1, d->n);
	else if (!strcmp(d->kind, "irq"))
		snprintf(d->text, sizeof(d->text), "on %s, an interrupt comes after the step, not before",
			 host);
	else if (!strcmp(d->kind, "drop"))
		snprintf(d->text, sizeof(d->text), "frame %u from %s is lost", d->nth + 1, host);
	else if (!strcmp(d->kind, "delay"))
		snprintf(d->text, sizeof(d->text), "frame %u from %s is late, by %u quanta", d->nth + 1,
			 host, d->value);
	else if (!strcmp(d->kind, "stall"))
		snprintf(d->text, sizeof(d->text), "on %s, the driver is held up between two steps", host);
	else
		snprintf(d->text, sizeof(d->text), "on %s, %s is %u of %u", host, d->kind, d->value, d->n);
}

size_t decisions_read(struct sqlite3 *db, struct decision **out)
{
	sqlite3_stmt *st;
	size_t n = 0;

	*out = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return 0;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct decision *d;

		*out = xrealloc(*out, (n + 1) * sizeof(**out));
		d = &(*out)[n++];
		*d = (struct decision){
			.seq = sqlite3_column_int64(st, 0), .t = sqlite3_column_int64(st, 1),
			.host = (u32)sqlite3_column_int64(st, 2),
			.nth = (u32)sqlite3_column_int64(st, 4), .n = (u32)sqlite3_column_int64(st, 5),
			.value = (u32)sqlite3_column_int64(st, 6), .tid = sqlite3_column_int(st, 8),
		};
		snprintf(d->kind, sizeof(d->kind), "%s", text_of(st, 3, "?"));
		say(d, text_of(st, 7, "?"), text_of(st, 9, "a task"), text_of(st, 10, NULL));
	}
	sqlite3_finalize(st);
	return n;
}

void decisions_print(const char *path, FILE *f)
{
	char *err = NULL, time[32];
	struct trace_read *r = trace_read_open(path, &err);
	struct decision *d = NULL;
	size_t n = r ? decisions_read(r->db, &d) : 0;

	for (size_t i = 0; i < n; i++)
		fprintf(f, "%4zu. at %s: %s\n", i + 1, format_duration(time, sizeof(time), d[i].t),
			d[i].text);
	free(d);
	free(err);
	if (r)
		trace_read_close(r);
}

/* SPDX-License-Identifier: MIT */
/*
 * The comparer of runs (trace_compare.h). Streams: it holds one row of each side.
 */
#include "sim/engine/trace_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"

nsec_t trace_row_time(const struct trace_table_desc *d, const struct tval *v)
{
	for (int c = 0; c < d->ncolumns; c++) {
		const char *name = d->columns[c].name;

		if (strcmp(name, "t") == 0 || strcmp(name, "t_enter") == 0 ||
		    strcmp(name, "t_start") == 0)
			return v[c].type == TV_INT ? v[c].i : 0;
	}
	return 0;
}

static bool same_cell(const struct tval *a, const struct tval *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case TV_NULL:
		return true;
	case TV_INT:
		return a->i == b->i;
	case TV_TEXT:
	case TV_BLOB:
		return a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
	}
	return false;
}

struct row {
	const struct trace_table_desc *d; /* NULL: none */
	const struct tval *v;
};

static void diverge_row(struct trace_divergence *out, struct row a, struct row b)
{
	struct row first = a.d ? a : b;

	out->found = true;
	out->t = trace_row_time(first.d, first.v);
	if (a.d && b.d)
		out->t = min(out->t, trace_row_time(b.d, b.v));
	out->table = first.d->name;
	out->a = a.d ? trace_row_text(a.d, a.v) : NULL;
	out->b = b.d ? trace_row_text(b.d, b.v) : NULL;
}

static void diverge_column(struct trace_divergence *out, struct row a, struct row b, int c)
{
	out->found = true;
	out->t = trace_row_time(a.d, a.v);
	out->table = a.d->name;
	out->column = a.d->columns[c].name;
	out->a = trace_cell_text(&a.v[c]);
	out->b = trace_cell_text(&b.v[c]);
	out->row = trace_row_text(a.d, a.v);
}

/* Both rows exist. */
static void compare(struct trace_divergence *out, struct row a, struct row b)
{
	if (a.d != b.d) {
		diverge_row(out, a, b);
		return;
	}
	for (int c = 0; c < a.d->ncolumns; c++)
		if (unlikely(!same_cell(&a.v[c], &b.v[c]))) {
			diverge_column(out, a, b, c);
			return;
		}
	out->equal++;
}

void trace_divergence_clear(struct trace_divergence *d)
{
	free(d->a);
	free(d->b);
	free(d->row);
	memset(d, 0, sizeof(*d));
}

char *trace_divergence_text(const struct trace_divergence *d, const char *name_a,
			    const char *name_b)
{
	int width = (int)max(strlen(name_a), strlen(name_b));
	char when[32], *s = NULL;
	int n;

	format_duration(when, sizeof(when), d->t);
	if (d->column)
		n = asprintf(&s,
			     "first difference at %s, after %llu equal rows: table %s, column %s\n"
			     "  %-*s  %s\n  %-*s  %s\n  in the row %s\n",
			     when, (unsigned long long)d->equal, d->table, d->column, width, name_a,
			     d->a, width, name_b, d->b, d->row);
	else
		n = asprintf(&s,
			     "first difference at %s, after %llu equal rows: another row\n"
			     "  %-*s  %s\n  %-*s  %s\n",
			     when, (unsigned long long)d->equal, width, name_a,
			     d->a ? d->a : "(no more rows)", width, name_b,
			     d->b ? d->b : "(no more rows)");
	return n < 0 ? NULL : s;
}

/* ---- a replay -----------------------------------------------------------------------------------
 */

struct compare_sink {
	struct trace_sink sink;
	struct trace_cursor recorded;
	struct trace_divergence *out;
	enum trace_level level;
	bool complete;
};

static void compare_row(struct trace_sink *s, const struct trace_table_desc *d,
			const struct tval *v)
{
	struct compare_sink *c = container_of(s, struct compare_sink, sink);
	struct row b = {d, v};

	if (c->out->found || c->out->stopped || d->level > c->level ||
	    !(TRACE_REPLAYED_TABLES & TRACE_TABLE_BIT(d->table)))
		return;
	if (!c->recorded.table) {
		if (c->complete)
			diverge_row(c->out, (struct row){NULL, NULL}, b);
		return;
	}
	compare(c->out, (struct row){c->recorded.table, c->recorded.v}, b);
	if (!c->out->found)
		trace_cursor_next(&c->recorded);
}

static char *compare_close(struct trace_sink *s, bool ok)
{
	struct compare_sink *c = container_of(s, struct compare_sink, sink);

	if (c->recorded.table && !c->out->found && !c->out->stopped)
		diverge_row(c->out, (struct row){c->recorded.table, c->recorded.v},
			    (struct row){NULL, NULL});
	trace_cursor_close(&c->recorded);
	free(c);
	return NULL;
}

struct trace_sink *trace_compare_sink(struct trace_read *recorded, enum trace_level level,
				      struct trace_divergence *out)
{
	struct compare_sink *c = xcalloc(1, sizeof(*c));

	c->sink.row = compare_row;
	c->sink.close = compare_close;
	c->out = out;
	c->level = min(level, recorded->level);
	c->complete = recorded->complete;
	trace_cursor_open(&c->recorded, recorded, TRACE_REPLAYED_TABLES, c->level);
	return &c->sink;
}

/* ---- two recordings -----------------------------------------------------------------------------
 */

void trace_compare_files(struct trace_read *a, struct trace_read *b, struct trace_divergence *out)
{
	enum trace_level level = min(a->level, b->level);
	struct trace_cursor ca, cb;

	trace_cursor_open(&ca, a, TRACE_REPLAYED_TABLES, level);
	trace_cursor_open(&cb, b, TRACE_REPLAYED_TABLES, level);
	while (!out->found && (ca.table || cb.table)) {
		struct row ra = {ca.table, ca.v}, rb = {cb.table, cb.v};

		if (!ra.d || !rb.d) {
			if ((ra.d || a->complete) && (rb.d || b->complete))
				diverge_row(out, ra, rb);
			break;
		}
		compare(out, ra, rb);
		trace_cursor_next(&ca);
		trace_cursor_next(&cb);
	}
	trace_cursor_close(&ca);
	trace_cursor_close(&cb);
}

/* SPDX-License-Identifier: MIT */
/*
 * Rows as lines of text, and a sink that collects them, for tests that read as a story and for
 * messages.
 */
#include "sim/engine/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

#define BLOB_SHOWN 32 /* bytes of a blob that a message shows */

static void put_cell(FILE *f, const struct tval *v)
{
	const u8 *p = v->p;

	switch (v->type) {
	case TV_NULL:
		fputs("NULL", f);
		break;
	case TV_INT:
		fprintf(f, "%lld", (long long)v->i);
		break;
	case TV_TEXT:
		fwrite(v->p, 1, v->len, f);
		break;
	case TV_BLOB:
		fprintf(f, "%u bytes", v->len);
		for (u32 i = 0; i < v->len && i < BLOB_SHOWN; i++)
			fprintf(f, "%s%02x", i ? "" : " ", p[i]);
		if (v->len > BLOB_SHOWN)
			fputs("...", f);
		break;
	}
}

static void put_row(FILE *f, const struct trace_table_desc *d, const struct tval *v)
{
	fputs(d->name, f);
	for (int c = 0; c < d->ncolumns; c++) {
		if (v[c].type == TV_NULL)
			continue;
		fprintf(f, " %s=", d->columns[c].name);
		put_cell(f, &v[c]);
	}
}

char *trace_cell_text(const struct tval *v)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	put_cell(f, v);
	fclose(f);
	return text;
}

char *trace_row_text(const struct trace_table_desc *d, const struct tval *v)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	put_row(f, d, v);
	fclose(f);
	return text;
}

struct memory_sink {
	struct trace_sink sink;
	char **text;
	size_t len, cap;
};

static void memory_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct memory_sink *m = container_of(s, struct memory_sink, sink);
	char *row = trace_row_text(d, v);
	size_t n = strlen(row);

	if (m->len + n + 2 > m->cap) {
		m->cap = (m->len + n + 2) * 2;
		*m->text = xrealloc(*m->text, m->cap);
	}
	memcpy(*m->text + m->len, row, n);
	m->len += n;
	memcpy(*m->text + m->len, "\n", 2);
	m->len++;
	free(row);
}

static char *memory_close(struct trace_sink *s, bool ok)
{
	free(container_of(s, struct memory_sink, sink));
	return NULL;
}

struct trace_sink *trace_memory_sink(char **text)
{
	struct memory_sink *m = xcalloc(1, sizeof(*m));

	m->sink.row = memory_row;
	m->sink.close = memory_close;
	m->text = text;
	m->len = *text ? strlen(*text) : 0;
	return &m->sink;
}

/* SPDX-License-Identifier: MIT */
#include "tools/log_sink.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"

struct log_sink {
	struct trace_sink sink;
	FILE *f;
	char **hosts; /* by id */
	size_t nhosts;
};

static void remember_host(struct log_sink *l, const struct tval *v)
{
	size_t id = (size_t)v[0].i;

	if (id >= l->nhosts) {
		size_t n = id * 2 + 16;

		l->hosts = xrealloc(l->hosts, n * sizeof(*l->hosts));
		memset(l->hosts + l->nhosts, 0, (n - l->nhosts) * sizeof(*l->hosts));
		l->nhosts = n;
	}
	free(l->hosts[id]);
	l->hosts[id] = strndup(v[1].p, v[1].len);
}

static void log_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct log_sink *l = (struct log_sink *)s;
	size_t id, len;
	char t[32];

	if (d->table == TT_HOST)
		remember_host(l, v);
	if (d->table != TT_LOG)
		return;
	id = (size_t)v[1].i;
	len = v[4].len;
	while (len && ((const char *)v[4].p)[len - 1] == '\n')
		len--;
	fprintf(l->f, "%12s %s: %.*s\n", format_duration(t, sizeof(t), v[0].i),
		id < l->nhosts && l->hosts[id] ? l->hosts[id] : "scenario", (int)len,
		(const char *)v[4].p);
}

static char *log_close(struct trace_sink *s, bool ok)
{
	struct log_sink *l = (struct log_sink *)s;

	for (size_t i = 0; i < l->nhosts; i++)
		free(l->hosts[i]);
	free(l->hosts);
	free(l);
	return NULL;
}

struct trace_sink *log_sink_new(FILE *f)
{
	struct log_sink *l = xcalloc(1, sizeof(*l));

	l->sink.row = log_row;
	l->sink.close = log_close;
	l->f = f;
	return &l->sink;
}

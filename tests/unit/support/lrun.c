/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"
#include "tests/unit/support/lrun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/host/host.h"
#include "sim/host/world.h"
#include "sim/process/lua_program.h"

struct lrun_ctx {
	struct lrun *r;
	const char *text;
};

static int read_memory(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	const struct lrun_ctx *c = ctx;
	const char *found = strcmp(path, LRUN_PATH) ? NULL : c->text;

	for (const struct lrun_file *f = c->r->files; !found && f && f->path; f++) {
		if (!strcmp(f->path, path))
			found = f->text;
	}
	if (!found) {
		if (asprintf(err, "%s: %s", path, strerror(ENOENT)) < 0)
			abort();
		return -ENOENT;
	}
	*text = strdup(found);
	*len = strlen(found);
	return 0;
}

struct lrun_sink {
	struct trace_sink sink;
	struct lrun *r;
	char *hosts[16];
};

static void add_log(struct lrun *r, const char *host, bool error, const char *text, size_t len)
{
	size_t at = r->len;

	while (len && text[len - 1] == '\n')
		len--;
	r->len += strlen(host) + 3 + len;
	r->log = xrealloc(r->log, r->len + 1);
	sprintf(r->log + at, "%s%c ", host, error ? '!' : ':');
	memcpy(r->log + r->len - len - 1, text, len);
	r->log[r->len - 1] = '\n';
	r->log[r->len] = '\0';
}

static void sink_row(struct trace_sink *sink, const struct trace_table_desc *d, const struct tval *v)
{
	struct lrun_sink *s = (struct lrun_sink *)sink;

	if (d->table == TT_HOST && v[0].i < (s64)ARRAY_SIZE(s->hosts)) {
		free(s->hosts[v[0].i]);
		s->hosts[v[0].i] = strndup(v[1].p, v[1].len);
	}
	if (d->table == TT_LOG) {
		const char *host = v[1].i < (s64)ARRAY_SIZE(s->hosts) ? s->hosts[v[1].i] : NULL;

		add_log(s->r, host ? host : "-", !strncmp(v[3].p, "stderr", 6), v[4].p, v[4].len);
	}
}

static char *sink_close(struct trace_sink *sink, bool ok)
{
	struct lrun_sink *s = (struct lrun_sink *)sink;

	for (size_t i = 0; i < ARRAY_SIZE(s->hosts); i++)
		free(s->hosts[i]);
	free(s);
	return NULL;
}

void lrun(struct lrun *r, const char *text)
{
	struct lrun_ctx ctx = { .r = r, .text = text };
	struct lrun_sink *sink = xcalloc(1, sizeof(*sink));
	struct trace *tr = trace_new(TRACE_ALL);
	struct scenario *s;
	size_t n;

	sink->sink.row = sink_row;
	sink->sink.close = sink_close;
	sink->r = r;
	trace_add_sink(tr, &sink->sink);
	r->o.path = LRUN_PATH;
	r->o.seed = r->o.seed ? r->o.seed : 1;
	r->o.strategy = strategy_default();
	r->o.trace = tr;
	r->o.read = read_memory;
	r->o.read_ctx = &ctx;
	add_log(r, "", false, "", 0);
	r->log[r->len = 0] = '\0';
	s = scenario_load(&r->o, &r->err);
	if (s) {
		scenario_finish(s, scenario_run(s, scenario_duration(s)));
		lua_world_failures(scenario_world(s)->process, &n);
		r->failures = (u32)n;
		r->end = scenario_world(s)->sim.now;
	}
	scenario_free(s);
	free(trace_finish(tr, s != NULL));
	r->hash = trace_hash(tr);
	trace_free(tr, s != NULL);
}

void lrun_free(struct lrun *r)
{
	free(r->err);
	free(r->log);
	r->err = r->log = NULL;
}

void lrun_expect(const char *text, const char *log)
{
	struct lrun r = { .err = NULL };

	lrun(&r, text);
	if (r.err)
		fail_msg("%s", r.err);
	assert_string_equal(r.log, log);
	assert_int_equal(r.failures, 0);
	lrun_free(&r);
}

/* The body is lines 2 and on. */
static void lprog(struct lrun *r, const char *body)
{
	char *text;

	if (asprintf(&text, "local a = host{name='a', cpus=2} a:spawn('p', function()\n%s\nend)",
		     body) < 0)
		abort();
	lrun(r, text);
	free(text);
	if (r->err)
		fail_msg("%s", r->err);
}

/* Takes "a: " from each line. */
static void strip_host(char *s)
{
	char *to = s;
	bool begin = true;

	for (; *s; s++) {
		if (begin && !strncmp(s, "a: ", 3))
			s += 3;
		if (!*s)
			break;
		begin = *s == '\n';
		*to++ = *s;
	}
	*to = '\0';
}

void lprog_expect(const char *body, const char *log)
{
	struct lrun r = { .err = NULL };

	lprog(&r, body);
	strip_host(r.log);
	assert_string_equal(r.log, log);
	assert_int_equal(r.failures, 0);
	lrun_free(&r);
}

void lprog_fails(const char *body, const char *error)
{
	struct lrun r = { .err = NULL };
	char *line;

	lprog(&r, body);
	line = strstr(r.log, "a! ");
	assert_non_null(line);
	line += 3;
	line[strcspn(line, "\n")] = '\0';
	assert_string_equal(line, error);
	assert_int_equal(r.failures, 1);
	lrun_free(&r);
}

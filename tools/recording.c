/* SPDX-License-Identifier: MIT */
#include "tools/recording.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/version.h"
#include "tools/cli.h"
#include "tools/cmd.h"

struct find_file {
	const char *name;
	char *text;
	size_t len;
};

static void match_file(void *arg, const char *name, const void *content, size_t len)
{
	struct find_file *f = arg;

	if (f->text || strcmp(name, f->name))
		return;
	f->text = xrealloc(NULL, len + 1);
	memcpy(f->text, content, len);
	f->len = len;
}

/* A file of the scenario, from the trace. */
static int read_recorded(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	struct recording *r = ctx;
	struct find_file f = { .name = path };

	trace_read_files(r->rec, match_file, &f);
	if (!f.text) {
		if (asprintf(err, "%s: it does not hold the file %s", r->path, path) < 0)
			abort();
		return -ENOENT;
	}
	*text = f.text;
	*len = f.len;
	return 0;
}

/* Facts named set.NAME are what --set gave. */
static void read_params(struct recording *r)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(r->rec->db,
			       "SELECT substr(key, 5), value FROM run WHERE key LIKE 'set.%' ORDER BY seq",
			       -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		r->params = xrealloc(r->params, (r->nparams + 1) * sizeof(*r->params));
		r->params[r->nparams++] = (struct scenario_param){
			.name = xstrdup((const char *)sqlite3_column_text(st, 0)),
			.value = xstrdup((const char *)sqlite3_column_text(st, 1)),
		};
	}
	sqlite3_finalize(st);
}

static int read_facts(struct recording *r, const char *command)
{
	char *version = trace_read_fact(r->rec, "version");
	int status = EXIT_USAGE;

	if (!version || strcmp(version, SOCKLOOM_VERSION))
		cli_error(command, "%s was written by sockloom %s; this is %s, and only the same version "
				   "gives the same run",
			  r->path, version ? version : "(unknown)", SOCKLOOM_VERSION);
	else if (!r->scenario || !trace_read_fact_u64(r->rec, "seed", &r->o.seed))
		cli_error(command, "%s names no scenario or seed", r->path);
	else if (trace_read_schedule(r->rec, &r->schedule, &r->nschedule))
		cli_error(command, "%s has a choice that this version does not know", r->path);
	else if (!r->rec->complete && r->rec->level < TRACE_SCHEDULE)
		cli_error(command, "%s was cut short, and --trace=none recorded no choices", r->path);
	else
		status = EXIT_OK;
	free(version);
	return status;
}

int recording_open(struct recording *r, const char *path, const char *command)
{
	u64 duration = 0;
	char *err = NULL;
	int status;

	*r = (struct recording){ .path = path };
	r->rec = trace_read_open(path, &err);
	if (!r->rec) {
		cli_error(command, "%s", err);
		free(err);
		return EXIT_USAGE;
	}
	r->scenario = trace_read_fact(r->rec, "scenario");
	status = read_facts(r, command);
	trace_read_fact_u64(r->rec, "duration", &duration);
	r->o.duration = (nsec_t)duration;
	r->o.path = r->scenario;
	r->o.read = read_recorded;
	r->o.read_ctx = r;
	if (status)
		return status;
	read_params(r);
	r->o.params = r->params;
	r->o.nparams = r->nparams;
	return EXIT_OK;
}

void recording_close(struct recording *r)
{
	for (size_t i = 0; i < r->nparams; i++) {
		free((char *)r->params[i].name);
		free((char *)r->params[i].value);
	}
	free(r->params);
	free(r->scenario);
	free(r->schedule);
	if (r->rec)
		trace_read_close(r->rec);
}

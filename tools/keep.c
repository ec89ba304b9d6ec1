/* SPDX-License-Identifier: MIT */
/*
 * sockloom keep: a run that fails as a scenario file of its own, to be committed as a regression test.
 */
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/engine/pool.h"
#include "sim/engine/version.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/decision.h"
#include "tools/recording.h"

static const struct cli_option options[] = {
	{ 'o', "output", "FILE", "write it here (default: the trace's name with .lua)" },
	{ 'f', "force", NULL, "replace a file that is there" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "keep",
	.synopsis = "[OPTIONS] DB",
	.about = "Writes a scenario file with the decisions of a recorded run in it: 'sockloom run' of it\n"
		 "fails while the bug is there, and passes when the program is mended. Shrink the run first.\n"
		 "Exit status: 0 written, 2 the trace cannot be used or the file is there already.",
	.options = options,
};

struct keep {
	struct recording rec;
	FILE *f;
	int nfiles;
	bool inner; /* files that the scenario includes or reads */
	const char *output;
};

static void quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			fprintf(f, "\\%03d", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static char *host_name(struct keep *k, u32 id)
{
	sqlite3_stmt *st;
	char *name = NULL;

	if (sqlite3_prepare_v2(k->rec.rec->db, "SELECT name FROM host WHERE id = ?", -1, &st, NULL) != SQLITE_OK)
		return xstrdup("?");
	sqlite3_bind_int64(st, 1, id);
	if (sqlite3_step(st) == SQLITE_ROW)
		name = xstrdup((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return name ? name : xstrdup("?");
}

static void write_schedule(struct keep *k)
{
	struct decision *d;
	size_t n = decisions_read(k->rec.rec->db, &d);

	fprintf(k->f, "schedule{\n");
	if (k->rec.o.seed != SCENARIO_SEED)
		fprintf(k->f, "  seed = %" PRIu64 ",\n", k->rec.o.seed);
	for (size_t i = 0; i < k->rec.nparams; i++) {
		fprintf(k->f, i ? ", [" : "  set = {[");
		quoted(k->f, k->rec.params[i].name);
		fprintf(k->f, "] = ");
		quoted(k->f, k->rec.params[i].value);
	}
	if (k->rec.nparams)
		fprintf(k->f, "},\n");
	for (size_t i = 0; i < n; i++) {
		char *host = host_name(k, d[i].host);

		fprintf(k->f, "  {host = ");
		quoted(k->f, host);
		fprintf(k->f, ", kind = \"%s\", nth = %u, value = %u}, -- %s\n", d[i].kind, d[i].nth,
			d[i].value, d[i].text);
		free(host);
	}
	fprintf(k->f, "}\n\n");
	free(d);
}

static void write_header(struct keep *k)
{
	char *name = trace_read_fact(k->rec.rec, "failure.name");
	char *message = trace_read_fact(k->rec.rec, "failure.message");

	fprintf(k->f, "-- A schedule that fails, kept as a regression test: it passes once the bug is mended.\n");
	if (name && *name)
		fprintf(k->f, "-- What failed: %s\n", name);
	if (message && *message)
		fprintf(k->f, "--   %s\n", message);
	fprintf(k->f, "-- From %s, by sockloom %s. The choices are numbered as this version asks for them.\n",
		k->rec.scenario, SOCKLOOM_VERSION);
	free(name);
	free(message);
}

static void write_file(void *arg, const char *name, const void *content, size_t len)
{
	struct keep *k = arg;

	if (!k->nfiles++)
		fwrite(content, 1, len, k->f);
	else
		k->inner = true;
}

/* What only a comparison with the ordinary run can tell is made a check. */
static void write_check(struct keep *k)
{
	char *sql = trace_read_fact(k->rec.rec, "failure.check");
	char *name = trace_read_fact(k->rec.rec, "failure.name");

	if (sql && name) {
		fprintf(k->f, "\ncheck(");
		quoted(k->f, name);
		fprintf(k->f, ", ");
		quoted(k->f, sql);
		fprintf(k->f, ")\n");
	}
	free(sql);
	free(name);
}

static int keep(struct keep *k, bool force)
{
	k->f = fopen(k->output, force ? "w" : "wx");
	if (!k->f) {
		cli_error("keep", "%s: %s%s", k->output, strerror(errno),
			  errno == EEXIST ? "; --force replaces it" : "");
		return EXIT_USAGE;
	}
	write_header(k);
	write_schedule(k);
	trace_read_files(k->rec.rec, write_file, k);
	write_check(k);
	if (fclose(k->f)) {
		cli_error("keep", "%s: %s", k->output, strerror(errno));
		return EXIT_INTERNAL;
	}
	printf("%s: run it with 'sockloom run %s'\n", k->output, k->output);
	if (k->inner)
		printf("it reads other files, which must lie beside it as they lay beside %s\n",
		       k->rec.scenario);
	return EXIT_OK;
}

static char *default_output(const char *path)
{
	size_t len = strlen(path);
	char *name;

	if (len > 3 && !strcmp(path + len - 3, ".db"))
		len -= 3;
	if (len > 4 && !strncmp(path + len - 4, ".min", 4))
		len -= 4;
	if (asprintf(&name, "%.*s.lua", (int)len, path) < 0)
		abort();
	return name;
}

int cmd_keep(int argc, char **argv)
{
	struct keep k = { 0 };
	const char *path = NULL;
	char *output = NULL;
	bool force = false;
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		if (cli_is(&c, "output"))
			k.output = c.value;
		else if (cli_is(&c, "force"))
			force = true;
		else if (cli_is(&c, CLI_ARGUMENT) && path)
			cli_usage(&c, "one trace only, not '%s' as well", c.value);
		else if (cli_is(&c, CLI_ARGUMENT))
			path = c.value;
	}
	if (c.status < 0 && !path)
		cli_usage(&c, "which trace?");
	if (c.status >= 0)
		return c.status;
	if (!k.output)
		k.output = output = default_output(path);
	status = recording_open(&k.rec, path, "keep");
	if (!status)
		status = keep(&k, force);
	recording_close(&k.rec);
	free(output);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * sockloom exec: one program, and what it forks, on a simulated host, with the caller's standard streams.
 *
 * The world is a scenario like others: a text is made that builds it and spawns the program, so that its
 * trace replays alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace_sqlite.h"
#include "sim/engine/units.h"
#include "sim/process/hosted.h"
#include "sim/scenario/scenario.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/hosted_report.h"

#define EXEC_FAILED 125 /* as env(1) and timeout(1): not the program's status but ours */

static const struct cli_option options[] = {
	{ 'w', "world", "FILE", "a scenario whose world it runs in (default: one host with loopback)" },
	{ 0, "host", "NAME", "the host of that world" },
	{ 's', "seed", "N", "seed of the random streams (default 1)" },
	{ 'o', "output", "DB", "write a trace here (default: none)" },
	{ 't', "trace", "LEVEL", "none, schedule, syscalls, packets or all (default packets)" },
	{ 0, "random", "P", "seeded random schedule: each choice is taken otherwise with chance P" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "exec",
	.synopsis = "[OPTIONS] [--] PROGRAM [ARGUMENTS]",
	.about = "Runs an ordinary Linux program on a simulated host. Its standard streams, working\n"
		 "directory, files and environment are the caller's; network, time, waiting, signals,\n"
		 "threads and randomness are simulated. The run ends when the program does.\n"
		 "Exit status: the program's; 128 and the signal that ended it; 125 sockloom failed,\n"
		 "2 the command line or the world is wrong.",
	.options = options,
};

struct exec_args {
	struct scenario_opts o;
	const char *world, *host, *output;
	enum trace_level level;
	struct ratio random;
	char **argv;
	char *text; /* of the scenario that is made */
	size_t len;
};

/* ---- the scenario -------------------------------------------------------------------------------- */

/* As a string of Lua, whatever bytes are in it. */
static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		u8 c = (u8)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(f, "\\%03u", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void put_environment(FILE *f)
{
	fprintf(f, "  env = {\n");
	for (char **e = environ; *e; e++) {
		char *eq = strchr(*e, '='), *name;

		if (!eq)
			continue;
		name = strndup(*e, (size_t)(eq - *e));
		fprintf(f, "    [");
		put_string(f, name);
		fprintf(f, "] = ");
		put_string(f, eq + 1);
		fprintf(f, ",\n");
		free(name);
	}
	fprintf(f, "  },\n");
}

static void make_scenario(struct exec_args *a)
{
	FILE *f = open_memstream(&a->text, &a->len);
	char *cwd = getcwd(NULL, 0);

	if (a->world) {
		fprintf(f, "include(");
		put_string(f, a->world);
		fprintf(f, ")\nlocal h = find_host(");
		put_string(f, a->host);
		fprintf(f, ")\n");
	} else {
		fprintf(f, "scenario{duration = \"100000000s\"}\nlocal h = host(\"localhost\")\n");
	}
	fprintf(f, "h:spawn{\n ");
	for (char **p = a->argv; *p; p++) {
		fprintf(f, " ");
		put_string(f, *p);
		fprintf(f, ",");
	}
	fprintf(f, "\n  streams = true, cwd = ");
	put_string(f, cwd ? cwd : "/");
	fprintf(f, ",\n");
	put_environment(f);
	fprintf(f, "}\n");
	fclose(f);
	free(cwd);
}

static int read_made(void *ctx, const char *path, char **text, size_t *len, char **err)
{
	struct exec_args *a = ctx;

	if (strcmp(path, a->o.path))
		return scenario_read_file(NULL, path, text, len, err);
	*text = xrealloc(NULL, a->len + 1);
	memcpy(*text, a->text, a->len + 1);
	*len = a->len;
	return 0;
}

/* ---- the run ------------------------------------------------------------------------------------- */

static int run_program(struct scenario *s)
{
	enum sim_stop why = scenario_run(s, scenario_duration(s));
	const struct hosted_failure *failure;
	struct world *w = scenario_world(s);
	char t[32];
	int status;

	scenario_finish(s, why);
	print_missing(w);
	failure = hosted_failure(w);
	if (failure) {
		cli_error("exec", "%s (pid %d): %s", failure->name, failure->tid, failure->message);
		return EXEC_FAILED;
	}
	if (hosted_main_status(w, &status))
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	format_duration(t, sizeof(t), w->sim.now);
	if (why == SIM_IDLE)
		cli_error("exec", "deadlock: at %s of virtual time everything waits, for ever", t);
	else
		cli_error("exec", "the program had not ended at %s, the end of the world's duration", t);
	return EXEC_FAILED;
}

/* A program that is not there is told as a shell tells it. */
static int load_failed(const char *err)
{
	static const char *const not_found[] = { "no such program in PATH", "no such file" };

	fprintf(stderr, "sockloom exec: %s\n", err);
	for (size_t i = 0; i < ARRAY_SIZE(not_found); i++) {
		if (strstr(err, not_found[i]))
			return 127;
	}
	return strstr(err, "not an executable file") ? 126 : EXIT_USAGE;
}

static int run(struct exec_args *a)
{
	struct trace_sink *db = NULL;
	int status = EXEC_FAILED;
	struct scenario *s;
	char *err = NULL;

	a->o.trace = trace_new(a->output ? a->level : TRACE_NONE);
	if (a->output) {
		db = trace_sqlite_sink(a->output, a->level, &err);
		if (!db) {
			cli_error("exec", "%s", err);
			free(err);
			trace_free(a->o.trace, false);
			return EXEC_FAILED;
		}
		trace_add_sink(a->o.trace, db);
	}
	a->o.strategy = a->random.num ? strategy_random(a->o.seed, a->random) : strategy_default();
	s = scenario_load(&a->o, &err);
	if (s)
		status = run_program(s);
	else
		status = load_failed(err);
	scenario_free(s);
	free(err);
	err = trace_finish(a->o.trace, s != NULL);
	if (err) {
		cli_error("exec", "%s", err);
		free(err);
		status = EXEC_FAILED;
	}
	trace_free(a->o.trace, s != NULL);
	if (!s && a->output)
		unlink(a->output);
	return status;
}

static void take_option(struct cli *c, struct exec_args *a)
{
	const char *why;

	if (cli_is(c, "world"))
		a->world = c->value;
	else if (cli_is(c, "host"))
		a->host = c->value;
	else if (cli_is(c, "output"))
		a->output = c->value;
	else if (cli_is(c, "seed"))
		cli_u64(c, &a->o.seed);
	else if (cli_is(c, "random") && parse_ratio(c->value, &a->random, &why))
		cli_usage(c, "--random '%s': %s", c->value, why);
	else if (cli_is(c, "trace")) {
		a->level = trace_level_parse(c->value);
		if ((int)a->level < 0)
			cli_usage(c, "--trace '%s': none, schedule, syscalls, packets or all", c->value);
	}
}

int cmd_exec(int argc, char **argv)
{
	struct exec_args a = { .o = { .seed = SCENARIO_SEED, .path = "exec" },
			       .level = TRACE_PACKETS };
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	/* What follows the program's name is the program's. */
	while (cli_next(&c)) {
		if (cli_is(&c, CLI_ARGUMENT)) {
			a.argv = argv + c.pos - 1;
			break;
		}
		take_option(&c, &a);
	}
	if (c.status >= 0)
		return c.status;
	if (!a.argv)
		return cli_usage(&c, "which program?");
	if (!a.world != !a.host)
		return cli_usage(&c, a.world ? "--world needs --host NAME, one of its hosts" :
					       "--host needs --world FILE, which has that host");
	make_scenario(&a);
	a.o.read = read_made;
	a.o.read_ctx = &a;
	status = run(&a);
	free(a.text);
	return status;
}

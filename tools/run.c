/* SPDX-License-Identifier: MIT */
/*
 * sockloom run: a scenario file goes in, a trace and a verdict come out.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic/skb.h"
#include "sim/engine/trace_sqlite.h"
#include "sim/engine/units.h"
#include "sim/host/host.h"
#include "sim/scenario/scenario.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/log_sink.h"
#include "tools/hosted_report.h"
#include "tools/params.h"

static const struct cli_option options[] = {
	{ 'o', "output", "DB", "write the trace here (default: the scenario's name with .db)" },
	{ 's', "seed", "N", "seed of the random streams (default 1)" },
	{ 't', "trace", "LEVEL", "none, schedule, syscalls, packets or all (default packets)" },
	{ 'd', "duration", "T", "stop at this virtual time, whatever the scenario says" },
	{ 0, "set", "NAME=VALUE", "value of a param() of the scenario; may be given again" },
	{ 0, "random", "P", "seeded random schedule: each choice is taken otherwise with chance P" },
	{ 0, "print", NULL, "print what programs print" },
	{ 'q', "quiet", NULL, "print failed checks only" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "run",
	.synopsis = "[OPTIONS] SCENARIO.lua",
	.about = "Runs a scenario and evaluates its checks over the trace.\n"
		 "Exit status: 0 all checks held, 1 one failed, 2 the scenario or the command line is\n"
		 "wrong, 4 the trace could not be written.",
	.options = options,
};

struct run_args {
	struct scenario_opts o;
	const char *output;
	enum trace_level level;
	struct ratio random;
	bool print, quiet;
	struct params params;
};

static void take_option(struct cli *c, struct run_args *a)
{
	const char *why;

	if (cli_is(c, "output"))
		a->output = c->value;
	else if (cli_is(c, "seed"))
		cli_u64(c, &a->o.seed);
	else if (cli_is(c, "duration"))
		cli_duration(c, &a->o.duration);
	else if (cli_is(c, "set"))
		params_add(&a->params, c, c->value);
	else if (cli_is(c, "print"))
		a->print = true;
	else if (cli_is(c, "quiet"))
		a->quiet = true;
	else if (cli_is(c, "random") && parse_ratio(c->value, &a->random, &why))
		cli_usage(c, "--random '%s': %s", c->value, why);
	else if (cli_is(c, "trace")) {
		a->level = trace_level_parse(c->value);
		if ((int)a->level < 0)
			cli_usage(c, "--trace '%s': none, schedule, syscalls, packets or all", c->value);
	} else if (cli_is(c, CLI_ARGUMENT)) {
		if (a->o.path)
			cli_usage(c, "one scenario only, not '%s' as well", c->value);
		a->o.path = c->value;
	}
}

/* scenarios/web.lua -> web.db in the current folder. */
static char *default_output(const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	size_t len = strlen(base);
	char *out = malloc(len + 4);

	if (!out)
		return NULL;
	if (len > 4 && !strcmp(base + len - 4, ".lua"))
		len -= 4;
	memcpy(out, base, len);
	strcpy(out + len, ".db");
	return out;
}

struct report_ctx {
	bool quiet, color;
};

static void report_check(void *ctx, const char *name, bool ok, const char *message)
{
	const struct report_ctx *r = ctx;
	FILE *f = ok ? stdout : stderr;

	if (ok && r->quiet)
		return;
	fprintf(f, "%s%s%s %s\n", cli_color(r->color, ok ? CLI_GREEN : CLI_RED),
		ok ? "ok  " : "FAIL", cli_color(r->color, CLI_PLAIN), name);
	if (message)
		fprintf(f, "     %s\n", message);
}

/* Runs in slices of virtual time, so that a terminal shows how far it has come. */
static enum sim_stop run_with_progress(struct scenario *s)
{
	struct world *w = scenario_world(s);
	nsec_t end = scenario_duration(s), step = max(end / 200, (nsec_t)1), until = step;
	struct cli_progress p;
	enum sim_stop why;

	cli_progress_init(&p);
	if (!p.on)
		return scenario_run(s, end);
	for (;;) {
		char now[32], all[32];

		why = scenario_run(s, min(until, end));
		if (why != SIM_TIME_LIMIT || until >= end)
			break;
		until += step;
		cli_progress(&p, "%s of %s, %llu events",
			     format_duration(now, sizeof(now), w->sim.now),
			     format_duration(all, sizeof(all), end),
			     (unsigned long long)w->sim.nevents);
	}
	cli_progress_end(&p);
	return why;
}

static void print_drops(const struct skb_pools *p)
{
	const char *sep = "";
	u64 all = 0;

	for (int i = 0; i < SKB_DROP_REASON_MAX; i++)
		all += p->dropped[i];
	printf("dropped    %llu%s", (unsigned long long)all, all ? " (" : "");
	for (int i = 0; all && i < SKB_DROP_REASON_MAX; i++) {
		if (!p->dropped[i])
			continue;
		printf("%s%s %llu", sep, skb_drop_reason_name((enum skb_drop_reason)i),
		       (unsigned long long)p->dropped[i]);
		sep = ", ";
	}
	puts(all ? ")" : "");
}

static void summary(struct scenario *s, const struct run_args *a, u64 hash,
		    const struct scenario_verdict *v)
{
	struct world *w = scenario_world(s);
	char t[32];

	if (a->quiet)
		return;
	printf("simulated  %s\n", format_duration(t, sizeof(t), w->sim.now));
	printf("events     %llu\n", (unsigned long long)w->sim.nevents);
	printf("packets    %llu\n", (unsigned long long)w->skb->packets);
	print_drops(w->skb);
	printf("choices    %zu\n", w->sim.choices.ntaken);
	printf("checks     %u of %u held\n", v->checks - v->failed, v->checks);
	printf("hash       %016llx\n", (unsigned long long)hash);
	printf("trace      %s\n", a->output);
}

static int run_loaded(struct scenario *s, const struct run_args *a, struct trace_sink *db)
{
	struct report_ctx r = { .quiet = a->quiet, .color = cli_is_terminal(stdout) };
	struct scenario_verdict v;
	struct sqlite3 *conn;

	scenario_finish(s, run_with_progress(s));
	print_missing(scenario_world(s));
	conn = trace_sqlite_db(db);
	if (!conn)
		return EXIT_INTERNAL;
	v = scenario_check(s, conn, a->level, report_check, &r);
	if (v.failed || v.failures)
		print_output(scenario_world(s), conn);
	summary(s, a, trace_hash(a->o.trace), &v);
	if (v.limits)
		return EXIT_USAGE;
	return v.failed || v.failures ? EXIT_CHECK : EXIT_OK;
}

static int run(struct run_args *a)
{
	char *err = NULL, *close_err;
	struct trace_sink *db;
	struct scenario *s;
	int status = EXIT_USAGE;

	a->o.trace = trace_new(a->level);
	db = trace_sqlite_sink(a->output, a->level, &err);
	if (!db) {
		cli_error("run", "%s", err);
		free(err);
		trace_free(a->o.trace, false);
		return EXIT_INTERNAL;
	}
	trace_add_sink(a->o.trace, db);
	if (a->print)
		trace_add_sink(a->o.trace, log_sink_new(stdout));
	a->o.strategy = a->random.num ? strategy_random(a->o.seed, a->random) : strategy_default();
	s = scenario_load(&a->o, &err);
	if (s)
		status = run_loaded(s, a, db);
	else
		fprintf(stderr, "%s\n", err);
	scenario_free(s);
	free(err);
	close_err = trace_finish(a->o.trace, s != NULL);
	if (close_err) {
		cli_error("run", "%s", close_err);
		free(close_err);
		status = EXIT_INTERNAL;
	}
	trace_free(a->o.trace, s != NULL);
	/* A scenario that did not load leaves no trace behind. */
	if (!s)
		unlink(a->output);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_args a = { .o = { .seed = SCENARIO_SEED }, .level = TRACE_PACKETS };
	char *output = NULL;
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c))
		take_option(&c, &a);
	if (c.status < 0 && !a.o.path)
		cli_usage(&c, "which scenario?");
	status = c.status;
	a.o.params = a.params.list;
	a.o.nparams = a.params.n;
	if (status < 0) {
		if (!a.output)
			a.output = output = default_output(a.o.path);
		status = run(&a);
	}
	params_free(&a.params);
	free(output);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * sockloom replay: runs a recorded run again, from the trace alone, and holds every row against it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "sim/engine/trace_compare.h"
#include "sim/engine/units.h"
#include "sim/host/world.h"
#include "sim/scenario/scenario.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/log_sink.h"
#include "tools/recording.h"
#include "tools/state.h"

static const struct cli_option options[] = {
	{ 'u', "until", "T", "stop at this virtual time and print the state of every host" },
	{ 'o', "output", "DB", "write a trace of the replay, with --trace as detailed as you like" },
	{ 't', "trace", "LEVEL", "level of that trace (default all)" },
	{ 0, "print", NULL, "print what programs print" },
	{ 'q', "quiet", NULL, "print nothing when the replay is the same" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "replay",
	.synopsis = "[OPTIONS] DB",
	.about = "Executes a recorded run again: scenario, seed and schedule are in the trace. Every row\n"
		 "is compared; the first difference is reported.\n"
		 "Exit status: 0 the same, 2 the trace cannot be replayed, 3 it diverged.",
	.options = options,
};

struct replay {
	const char *path, *output;
	nsec_t until;
	enum trace_level level;
	bool print, quiet;
	struct recording rec;
	struct scenario_opts o;
};

/* ---- the run ----------------------------------------------------------------------------------- */

static int verdict(const struct replay *r, const struct trace_divergence *d, u64 hash)
{
	char *text;
	u64 recorded;

	if (r->rec.rec->error) {
		cli_error("replay", "%s", r->rec.rec->error);
		return EXIT_USAGE;
	}
	if (d->found) {
		text = trace_divergence_text(d, "recorded", "replayed");
		fprintf(stderr, "%s", text);
		free(text);
		return EXIT_DIVERGED;
	}
	if (!d->stopped && trace_read_fact_u64(r->rec.rec, "hash", &recorded) && recorded != hash) {
		fprintf(stderr, "the rows are the same, but the hashes differ: recorded %016" PRIx64
				", replayed %016" PRIx64 "\n",
			recorded, hash);
		return EXIT_DIVERGED;
	}
	if (!r->quiet)
		printf("%s: the same: %" PRIu64 " rows, hash %016" PRIx64 "%s\n", r->path, d->equal,
		       hash, d->stopped ? " so far" : "");
	return EXIT_OK;
}

static int run_loaded(struct replay *r, struct scenario *s, struct trace_divergence *d)
{
	struct world *w = scenario_world(s);
	enum sim_stop why = scenario_run(s, r->until ? r->until : NSEC_NEVER);

	if (r->until && why == SIM_TIME_LIMIT && r->until < scenario_duration(s)) {
		char t[32];

		printf("at %s\n", format_duration(t, sizeof(t), w->sim.now));
		state_print(w, stdout);
		d->stopped = true;
	}
	scenario_finish(s, why);
	return verdict(r, d, trace_hash(r->o.trace));
}

/* The sinks: comparer, and if asked for a new trace and a print of the log. 0 or exit status. */
static int add_sinks(struct replay *r, struct trace_divergence *d)
{
	struct trace_sink *db;
	char *err;

	trace_add_sink(r->o.trace, trace_compare_sink(r->rec.rec, r->rec.rec->level, d));
	if (r->print)
		trace_add_sink(r->o.trace, log_sink_new(stdout));
	if (!r->output)
		return 0;
	db = trace_sqlite_sink(r->output, r->level, &err);
	if (!db) {
		cli_error("replay", "%s", err);
		free(err);
		return EXIT_INTERNAL;
	}
	trace_add_sink(r->o.trace, db);
	return 0;
}

static int replay(struct replay *r)
{
	struct trace_divergence d = { .found = false };
	struct scenario *s = NULL;
	char *err = NULL;
	int status;

	r->o = r->rec.o;
	r->o.strategy = strategy_schedule(r->rec.schedule, r->rec.nschedule);
	r->o.trace = trace_new(r->output ? max(r->level, r->rec.rec->level) : r->rec.rec->level);
	status = add_sinks(r, &d);
	if (!status) {
		s = scenario_load(&r->o, &err);
		if (!s) {
			cli_error("replay", "%s", err);
			status = EXIT_USAGE;
		}
	} else {
		r->o.strategy->destroy(r->o.strategy);
	}
	if (s)
		status = run_loaded(r, s, &d);
	scenario_free(s);
	free(err);
	err = trace_finish(r->o.trace, s != NULL);
	if (err) {
		cli_error("replay", "%s", err);
		status = EXIT_INTERNAL;
	}
	free(err);
	trace_free(r->o.trace, s != NULL);
	trace_divergence_clear(&d);
	return status;
}

static void take_option(struct cli *c, struct replay *r)
{
	if (cli_is(c, "until")) {
		cli_duration(c, &r->until);
	} else if (cli_is(c, "output")) {
		r->output = c->value;
	} else if (cli_is(c, "trace")) {
		r->level = trace_level_parse(c->value);
		if ((int)r->level < 0)
			cli_usage(c, "--trace '%s': none, schedule, syscalls, packets or all", c->value);
	} else if (cli_is(c, "print")) {
		r->print = true;
	} else if (cli_is(c, "quiet")) {
		r->quiet = true;
	} else if (cli_is(c, CLI_ARGUMENT)) {
		if (r->path)
			cli_usage(c, "one trace only, not '%s' as well", c->value);
		r->path = c->value;
	}
}

int cmd_replay(int argc, char **argv)
{
	struct replay r = { .level = TRACE_ALL };
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c))
		take_option(&c, &r);
	if (c.status < 0 && !r.path)
		cli_usage(&c, "which trace?");
	if (c.status >= 0)
		return c.status;
	status = recording_open(&r.rec, r.path, "replay");
	if (!status)
		status = replay(&r);
	recording_close(&r.rec);
	return status;
}

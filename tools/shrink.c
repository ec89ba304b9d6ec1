/* SPDX-License-Identifier: MIT */
/*
 * sockloom shrink: from a run that fails to one that fails with as few decisions as possible.
 *
 * Delta debugging (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002) over
 * the sparse schedule. Each reduction is run: that a part fails says nothing of a part of it.
 */
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/decision.h"
#include "tools/probe.h"
#include "tools/recording.h"

static const struct cli_option options[] = {
	{ 'o', "output", "DB", "write the minimal run here (default: the trace's name with .min.db)" },
	{ 'r', "runs", "N", "try at most so many schedules (default 20000)" },
	{ 'q', "quiet", NULL, "print nothing but errors" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "shrink",
	.synopsis = "[OPTIONS] DB",
	.about = "Takes decisions away from a run that fails, and makes those that remain smaller, while the\n"
		 "same check still fails: at the end, dropping any one of them lets the run pass.\n"
		 "Exit status: 0 done, 2 the trace cannot be run again or does not fail, 4 the minimal run\n"
		 "could not be written.",
	.options = options,
};

struct shrink {
	struct recording rec;
	struct probe probe;
	struct probe_result best; /* the smallest so far that fails as it should */
	struct cli_progress progress;
	const char *output;
	u64 runs, most;
	bool quiet;
};

static bool drop_range(const struct choice *from, size_t n, size_t at, size_t len, struct choice *to)
{
	memcpy(to, from, at * sizeof(*to));
	memcpy(to + at, from + at + len, (n - at - len) * sizeof(*to));
	return true;
}

/* Runs the schedule; true: it fails alike, and is the best now. */
static bool try_schedule(struct shrink *x, const struct choice *sched, size_t n)
{
	struct probe_result r;
	bool same;

	if (x->runs >= x->most)
		return false;
	x->runs++;
	probe_run(&x->probe, strategy_schedule(sched, n), &r);
	same = probe_same(&r, &x->best);
	if (same) {
		probe_result_clear(&x->best);
		x->best = r;
	} else {
		probe_result_clear(&r);
	}
	cli_progress(&x->progress, "%zu decisions, %llu runs", x->best.nschedule,
		     (unsigned long long)x->runs);
	return same;
}

/* Pieces of len entries are dropped, one after another. True: some could go. */
static bool drop_pieces(struct shrink *x, size_t len)
{
	struct choice *part = xcalloc(x->best.nschedule + 1, sizeof(*part));
	bool any = false;

	/* From the end: what comes late depends on what came before. */
	for (size_t end = x->best.nschedule; end; end = min(end, x->best.nschedule)) {
		size_t at = end > len ? end - len : 0, n = x->best.nschedule;

		drop_range(x->best.schedule, n, at, end - at, part);
		if (try_schedule(x, part, n - (end - at)))
			any = true;
		end = at;
		if (!end)
			break;
	}
	free(part);
	return any;
}

/* Smaller values: a shorter hold, an option nearer to the ordinary one. */
static bool lower_values(struct shrink *x)
{
	bool any = false;

	for (size_t i = 0; i < x->best.nschedule; i++) {
		size_t n = x->best.nschedule;
		struct choice *copy = xcalloc(n, sizeof(*copy));

		memcpy(copy, x->best.schedule, n * sizeof(*copy));
		for (u32 v = 1; v < copy[i].value; v = v < 8 ? v + 1 : v * 2) {
			u32 before = copy[i].value;

			copy[i].value = v;
			if (try_schedule(x, copy, n)) {
				any = true;
				break;
			}
			copy[i].value = before;
		}
		free(copy);
	}
	return any;
}

static void reduce(struct shrink *x)
{
	bool again;

	/* It may fail without any decision of the schedule that was not asked for. */
	try_schedule(x, NULL, 0);
	do {
		again = false;
		for (size_t len = x->best.nschedule; len; len /= 2)
			again |= drop_pieces(x, len);
		if (!again)
			again = lower_values(x);
	} while (again && x->runs < x->most);
}

static int report(struct shrink *x, size_t before)
{
	int status = probe_record(&x->probe, &x->best, x->output, "shrink");

	if (status || x->quiet)
		return status;
	printf("%s: %s\n     %s\n", probe_failure_name(x->best.failure), x->best.name, x->best.message);
	printf("%zu decisions of %zu remain, after %llu runs%s; trace %s\n", x->best.nschedule, before,
	       (unsigned long long)x->runs, x->runs >= x->most ? " (there may be fewer: --runs)" : "",
	       x->output);
	decisions_print(x->output, stdout);
	return EXIT_OK;
}

static int shrink(struct shrink *x)
{
	struct probe_result ordinary;
	size_t before = x->rec.nschedule;
	int status = EXIT_USAGE;

	probe_open(&x->probe, &x->rec.o, &ordinary);
	if (ordinary.failure) {
		cli_error("shrink", "%s: it %s without any decision: %s", x->rec.path,
			  ordinary.failure == PROBE_BROKEN ? "cannot be run" : "fails", ordinary.message);
		goto out;
	}
	probe_run(&x->probe, strategy_schedule(x->rec.schedule, before), &x->best);
	if (!x->best.failure) {
		cli_error("shrink", "%s: the run does not fail when it is made again: another version of a "
				    "program that it runs, or of a file?", x->rec.path);
		goto out;
	}
	cli_progress_init(&x->progress);
	reduce(x);
	cli_progress_end(&x->progress);
	status = report(x, before);
out:
	probe_result_clear(&ordinary);
	probe_result_clear(&x->best);
	probe_close(&x->probe);
	return status;
}

static char *default_output(const char *path)
{
	size_t len = strlen(path);
	char *name;

	if (len > 3 && !strcmp(path + len - 3, ".db"))
		len -= 3;
	if (len > 5 && !strncmp(path + len - 5, ".fail", 5))
		len -= 5;
	if (asprintf(&name, "%.*s.min.db", (int)len, path) < 0)
		abort();
	return name;
}

int cmd_shrink(int argc, char **argv)
{
	struct shrink x = { .most = 20000 };
	const char *path = NULL;
	char *output = NULL;
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		if (cli_is(&c, "output"))
			x.output = c.value;
		else if (cli_is(&c, "runs"))
			cli_u64(&c, &x.most);
		else if (cli_is(&c, "quiet"))
			x.quiet = true;
		else if (cli_is(&c, CLI_ARGUMENT) && path)
			cli_usage(&c, "one trace only, not '%s' as well", c.value);
		else if (cli_is(&c, CLI_ARGUMENT))
			path = c.value;
	}
	if (c.status < 0 && !path)
		cli_usage(&c, "which trace?");
	if (c.status >= 0)
		return c.status;
	if (!x.output)
		x.output = output = default_output(path);
	status = recording_open(&x.rec, path, "shrink");
	if (!status)
		status = shrink(&x);
	recording_close(&x.rec);
	free(output);
	return status;
}

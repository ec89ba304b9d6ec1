/* SPDX-License-Identifier: MIT */
/*
 * sockloom shrink: from a run that fails to one that fails with as few decisions as possible (reduce.h).
 */
#include <stdlib.h>
#include <string.h>

#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/decision.h"
#include "tools/probe.h"
#include "tools/recording.h"
#include "tools/reduce.h"

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
	struct reduction red;
	const char *output;
	bool quiet;
};

static int report(struct shrink *x, size_t before)
{
	int status = probe_record(&x->probe, &x->red.best, x->output, "shrink");

	if (status || x->quiet)
		return status;
	printf("%s: %s\n     %s\n", probe_failure_name(x->red.best.failure), x->red.best.name, x->red.best.message);
	printf("%zu decisions of %zu remain, after %llu runs%s; trace %s\n", x->red.best.nschedule, before,
	       (unsigned long long)x->red.runs, x->red.runs >= x->red.most ? " (there may be fewer: --runs)" : "",
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
	probe_run(&x->probe, strategy_schedule(x->rec.schedule, before), &x->red.best);
	if (!x->red.best.failure) {
		cli_error("shrink", "%s: the run does not fail when it is made again: another version of a "
				    "program that it runs, or of a file?", x->rec.path);
		goto out;
	}
	x->red.probe = &x->probe;
	reduce(&x->red);
	status = report(x, before);
out:
	probe_result_clear(&ordinary);
	probe_result_clear(&x->red.best);
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
	struct shrink x = { .red = { .most = 20000 } };
	const char *path = NULL;
	char *output = NULL;
	struct cli c;
	int status;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		if (cli_is(&c, "output"))
			x.output = c.value;
		else if (cli_is(&c, "runs"))
			cli_u64(&c, &x.red.most);
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

/* SPDX-License-Identifier: MIT */
/*
 * sockloom explain: why a run fails, by the nearest run that passes.
 *
 * The schedule is reduced until dropping any one decision lets the run pass; the run without the last of
 * them is the nearest one that passes. The two are laid side by side.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/decision.h"
#include "tools/ladder.h"
#include "tools/recording.h"
#include "tools/reduce.h"
#include "tools/steps.h"

#define WINDOW 6 /* steps shown before and after the pair */

static const struct cli_option options[] = {
	{ 'o', "output", "SVG", "draw both runs here (default: the trace's name with .svg)" },
	{ 'r', "runs", "N", "try at most so many schedules (default 20000)" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "explain",
	.synopsis = "[OPTIONS] DB",
	.about = "Says why a recorded run fails: finds the nearest schedule that passes, the first decision\n"
		 "that differs, the two steps whose order decides, and draws both runs.\n"
		 "Exit status: 0 done, 2 the trace cannot be run again or does not fail, 4 a file could not be\n"
		 "written.",
	.options = options,
};

struct explain {
	struct recording rec;
	struct probe probe;
	struct reduction red;
	struct probe_result pass;
	size_t dropped; /* which decision is not there in the run that passes */
	const char *output;
	/* The two runs, recorded. */
	char fail_path[64], pass_path[64];
	struct trace_read *fail_db, *pass_db;
	struct steps fail_steps, pass_steps;
	struct decision *decisions;
	size_t ndecisions;
	const struct step *first, *second;
};

/* ---- the run that passes ------------------------------------------------------------------------- */

static bool passes_without(struct explain *x, size_t drop)
{
	const struct probe_result *best = &x->red.best;
	struct choice *part = xcalloc(best->nschedule + 1, sizeof(*part));
	size_t n = 0;

	for (size_t i = 0; i < best->nschedule; i++) {
		if (i != drop)
			part[n++] = best->schedule[i];
	}
	probe_result_clear(&x->pass);
	probe_run(&x->probe, strategy_schedule(part, n), &x->pass);
	free(part);
	return !x->pass.failure;
}

/* The last decision is the nearest to what goes wrong. */
static bool find_pass(struct explain *x)
{
	for (size_t i = x->red.best.nschedule; i-- > 0;) {
		if (passes_without(x, i)) {
			x->dropped = i;
			return true;
		}
	}
	return false;
}

/* ---- recording both ------------------------------------------------------------------------------ */

static bool temporary(char path[64])
{
	int fd;

	strcpy(path, "/tmp/sockloom-explain.XXXXXX");
	fd = mkstemp(path);
	if (fd < 0) {
		cli_error("explain", "no temporary file can be made in /tmp");
		return false;
	}
	close(fd);
	return true;
}

static struct trace_read *record(struct explain *x, const struct probe_result *r, char path[64])
{
	struct trace_read *db;
	char *err = NULL;

	if (!temporary(path) || probe_record(&x->probe, r, path, "explain"))
		return NULL;
	db = trace_read_open(path, &err);
	if (!db)
		cli_error("explain", "%s", err);
	free(err);
	return db;
}

static bool record_both(struct explain *x)
{
	x->fail_db = record(x, &x->red.best, x->fail_path);
	x->pass_db = x->fail_db ? record(x, &x->pass, x->pass_path) : NULL;
	if (!x->pass_db)
		return false;
	steps_read(&x->fail_steps, x->fail_db->db);
	steps_read(&x->pass_steps, x->pass_db->db);
	steps_match(&x->fail_steps, &x->pass_steps);
	x->ndecisions = decisions_read(x->fail_db->db, &x->decisions);
	return true;
}

/* ---- text ---------------------------------------------------------------------------------------- */

static void who(const struct steps *s, const struct step *st, char *buf, size_t len)
{
	const struct step_task *t = steps_task(s, st);

	snprintf(buf, len, "%s(%d) of %s", t->name, t->tid, t->host_name);
}

static void column_text(const struct steps *s, const struct step *st, char *buf, size_t len)
{
	const struct step_task *t = steps_task(s, st);
	char text[160], time[32];

	step_text(st, 40, text, sizeof(text));
	snprintf(buf, len, "%s %s/%d %s", format_duration(time, sizeof(time), st->t), t->host_name,
		 t->tid, text);
}

static void print_window(const struct explain *x, const struct steps *s, const struct step *a,
			 const struct step *b, const char *title)
{
	size_t i = (size_t)(min(a, b) - s->step), k = (size_t)(max(a, b) - s->step), skipped = 0;

	printf("\n%s\n", title);
	for (size_t n = i - min(i, (size_t)WINDOW); n < s->n && n <= k + WINDOW; n++) {
		const struct step *st = &s->step[n];
		char text[256];

		/* Between the two only what they have to do with is of interest. */
		if (n > i + WINDOW && n + WINDOW < k) {
			skipped++;
			continue;
		}
		if (skipped)
			printf("     ... %zu steps\n", skipped);
		skipped = 0;
		column_text(s, st, text, sizeof(text));
		printf("  %s %s\n", st == a || st == b ? "=>" : "  ", text);
	}
}

static const char *about(const struct step *a, const struct step *b, char *buf, size_t len)
{
	if (a->target || b->target)
		snprintf(buf, len, "a signal to process %d", a->target ? a->target : b->target);
	else if (a->host == b->host)
		snprintf(buf, len, "descriptor %d", a->object);
	else
		snprintf(buf, len, "a connection between two hosts");
	return buf;
}

static void print_pair(const struct explain *x)
{
	const struct step *a = x->first, *b = x->second;
	char wa[96], wb[96], ta[160], tb[160], object[64];

	who(&x->fail_steps, a, wa, sizeof(wa));
	who(&x->fail_steps, b, wb, sizeof(wb));
	step_text(a, 40, ta, sizeof(ta));
	step_text(b, 40, tb, sizeof(tb));
	printf("\nThe two steps whose order decides are about %s:\n  1. %s: %s  (%s it)\n  2. %s: %s  (%s it)\n",
	       about(a, b, object, sizeof(object)), wa, ta, a->writes ? "changes" : "reads", wb, tb,
	       b->writes ? "changes" : "reads");
	print_window(x, &x->fail_steps, a, b, "The run that fails:");
	print_window(x, &x->pass_steps, &x->pass_steps.step[a->other], &x->pass_steps.step[b->other],
		     "The run that passes:");
}

static void print_story(const struct explain *x)
{
	const struct decision *d = &x->decisions[min(x->dropped, x->ndecisions - 1)];
	char wa[96], wb[96];

	printf("\nIn short: ");
	if (x->first) {
		who(&x->fail_steps, x->first, wa, sizeof(wa));
		who(&x->fail_steps, x->second, wb, sizeof(wb));
		printf("when %s, the %s() of %s %s before the %s() of %s %s. ", d->text, x->first->name, wa,
		       x->first->end ? "is over" : "begins", x->second->name, wb,
		       x->second->end ? "is over" : "begins");
		printf("In the ordinary order it is the other way round. ");
	} else {
		printf("when %s, the calls keep their order and what they return differs. ", d->text);
	}
	printf("So this does not hold: %s (%s).\n", x->red.best.name, x->red.best.message);
}

static void print_all(const struct explain *x)
{
	char time[32];

	printf("%s: %s\n     %s\n", probe_failure_name(x->red.best.failure), x->red.best.name,
	       x->red.best.message);
	printf("\nIt fails with %zu decision%s:\n", x->ndecisions, x->ndecisions == 1 ? "" : "s");
	for (size_t i = 0; i < x->ndecisions; i++)
		printf("  %s %s: %s\n", i == x->dropped ? "=>" : "  ",
		       format_duration(time, sizeof(time), x->decisions[i].t), x->decisions[i].text);
	printf("Without the one that => points at it passes.\n");
	if (x->first)
		print_pair(x);
	print_story(x);
}

static void find_pair(struct explain *x)
{
	const struct decision *d = &x->decisions[min(x->dropped, x->ndecisions - 1)];

	if (!steps_deciding_pair(&x->fail_steps, &x->pass_steps, d->t, d->tid, &x->first, &x->second))
		x->first = x->second = NULL;
}

/* ---- from outside -------------------------------------------------------------------------------- */

static int explain_runs(struct explain *x)
{
	struct ladder l = { .fail = &x->fail_steps, .pass = &x->pass_steps,
			    .title = x->red.best.name };
	int status;

	if (!record_both(x))
		return EXIT_INTERNAL;
	if (x->ndecisions) {
		find_pair(x);
		print_all(x);
		l.at = x->decisions[min(x->dropped, x->ndecisions - 1)].t;
		l.decision = x->decisions[min(x->dropped, x->ndecisions - 1)].text;
	}
	l.first = x->first;
	l.second = x->second;
	status = ladder_write(&l, x->output);
	if (!status)
		printf("drawn in %s\n", x->output);
	return status;
}

static int explain(struct explain *x)
{
	struct probe_result ordinary;
	int status = EXIT_USAGE;

	probe_open(&x->probe, &x->rec.o, &ordinary);
	x->red.probe = &x->probe;
	if (ordinary.failure)
		cli_error("explain", "%s: it %s without any decision, so there is no order to blame: %s",
			  x->rec.path, ordinary.failure == PROBE_BROKEN ? "cannot be run" : "fails",
			  ordinary.message);
	else
		probe_run(&x->probe, strategy_schedule(x->rec.schedule, x->rec.nschedule), &x->red.best);
	if (!ordinary.failure && !x->red.best.failure) {
		cli_error("explain", "%s: the run does not fail when it is made again", x->rec.path);
	} else if (!ordinary.failure) {
		reduce(&x->red);
		if (find_pass(x))
			status = explain_runs(x);
		else
			cli_error("explain", "%s: no run near it passes", x->rec.path);
	}
	probe_result_clear(&ordinary);
	return status;
}

static void explain_free(struct explain *x)
{
	steps_free(&x->fail_steps);
	steps_free(&x->pass_steps);
	free(x->decisions);
	if (x->fail_db)
		trace_read_close(x->fail_db);
	if (x->pass_db)
		trace_read_close(x->pass_db);
	if (x->fail_path[0])
		unlink(x->fail_path);
	if (x->pass_path[0])
		unlink(x->pass_path);
	probe_result_clear(&x->red.best);
	probe_result_clear(&x->pass);
	probe_close(&x->probe);
}

static char *default_output(const char *path)
{
	size_t len = strlen(path);
	char *name;

	if (len > 3 && !strcmp(path + len - 3, ".db"))
		len -= 3;
	if (asprintf(&name, "%.*s.svg", (int)len, path) < 0)
		abort();
	return name;
}

int cmd_explain(int argc, char **argv)
{
	struct explain x = { .red = { .most = 20000 } };
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
	status = recording_open(&x.rec, path, "explain");
	if (!status) {
		status = explain(&x);
		explain_free(&x);
	}
	recording_close(&x.rec);
	free(output);
	return status;
}

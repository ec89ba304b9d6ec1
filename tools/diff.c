/* SPDX-License-Identifier: MIT */
/*
 * sockloom diff: where two recorded runs first differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_compare.h"
#include "tools/cli.h"
#include "tools/cmd.h"

static const struct cli_option options[] = {
    {'q', "quiet", NULL, "print nothing, only set the exit status"},
    {0, NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    "diff", "[options] TRACE TRACE",
    "Compares two traces row by row, in the order of the run, and prints the first\n"
    "difference and how the runs as a whole differ. Exit status 0: the same, 1: different.",
    options};

struct pair {
	struct trace_read *a, *b;
};

/* What the run was started with. Other facts follow from the rows. */
static void diff_facts(struct pair *p)
{
	static const char *const keys[] = {"version",  "seed",	  "scenario", "level",
					   "end_time", "outcome", "hash"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *a = trace_read_fact(p->a, keys[i]), *b = trace_read_fact(p->b, keys[i]);

		if (!a != !b || (a && strcmp(a, b) != 0))
			printf("%-12s %s | %s\n", keys[i], a ? a : "(none)", b ? b : "(none)");
		free(a);
		free(b);
	}
}

static void diff_counts(struct pair *p)
{
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		u64 a = trace_read_count(p->a, (enum trace_table)t);
		u64 b = trace_read_count(p->b, (enum trace_table)t);

		if (a != b)
			printf("%-12s %llu rows | %llu rows\n",
			       trace_table_desc((enum trace_table)t)->name, (unsigned long long)a,
			       (unsigned long long)b);
	}
}

struct file_list {
	char *text[64];
	int n;
};

static void collect_file(void *arg, const char *name, const void *content, size_t len)
{
	struct file_list *l = arg;

	if (l->n < (int)ARRAY_SIZE(l->text) &&
	    asprintf(&l->text[l->n], "%s\n%.*s", name, (int)len, (const char *)content) >= 0)
		l->n++;
}

static bool diff_files(struct pair *p)
{
	struct file_list l[2] = {{.n = 0}, {.n = 0}};
	bool differ;

	trace_read_files(p->a, collect_file, &l[0]);
	trace_read_files(p->b, collect_file, &l[1]);
	differ = l[0].n != l[1].n;
	for (int i = 0; i < l[0].n && i < l[1].n; i++)
		differ |= strcmp(l[0].text[i], l[1].text[i]) != 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < l[k].n; i++)
			free(l[k].text[i]);
	if (differ)
		printf("the scenario files differ\n");
	return differ;
}

/* The hash covers rows that a low level leaves out. */
static bool same_hash(struct pair *p)
{
	u64 a, b;

	return !trace_read_fact_u64(p->a, "hash", &a) || !trace_read_fact_u64(p->b, "hash", &b) ||
	       a == b;
}

static void print_verdict(struct pair *p, const struct trace_divergence *d, bool same)
{
	char *text;

	if (d->found) {
		text = trace_divergence_text(d, p->a->path, p->b->path);
		fputs(text, stdout);
		free(text);
	} else if (same) {
		printf("the same: %llu rows\n", (unsigned long long)d->equal);
	} else {
		printf("different: all %llu rows that both recorded are equal, but the hashes are "
		       "not;\n"
		       "record both at the level all to see where\n",
		       (unsigned long long)d->equal);
	}
}

static int diff(struct pair *p, bool quiet)
{
	struct trace_divergence d = {.found = false};
	bool same;

	trace_compare_files(p->a, p->b, &d);
	same = !d.found && same_hash(p);
	if (p->a->error || p->b->error) {
		cli_error("diff", "%s", p->a->error ? p->a->error : p->b->error);
		trace_divergence_clear(&d);
		return EXIT_USAGE;
	}
	if (quiet) {
		trace_divergence_clear(&d);
		return same ? EXIT_OK : EXIT_CHECK;
	}
	print_verdict(p, &d, same);
	if (!p->a->complete || !p->b->complete)
		printf("%s was cut short: compared as far as it goes\n",
		       p->a->complete ? p->b->path : p->a->path);
	diff_facts(p);
	diff_files(p);
	diff_counts(p);
	trace_divergence_clear(&d);
	return same ? EXIT_OK : EXIT_CHECK;
}

static struct trace_read *open_trace(const char *path)
{
	char *err;
	struct trace_read *r = trace_read_open(path, &err);

	if (!r)
		cli_error("diff", "%s", err);
	free(err);
	return r;
}

int cmd_diff(int argc, char **argv)
{
	const char *path[2] = {NULL, NULL};
	bool quiet = false;
	struct pair p;
	struct cli c;
	int n = 0, status = EXIT_USAGE;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c)) {
		if (cli_is(&c, "quiet"))
			quiet = true;
		else if (n < 2)
			path[n++] = c.value;
		else
			return cli_usage(&c, "more than two traces");
	}
	if (c.status >= 0)
		return c.status;
	if (n < 2)
		return cli_usage(&c, "two traces are needed");
	p.a = open_trace(path[0]);
	p.b = p.a ? open_trace(path[1]) : NULL;
	if (p.b)
		status = diff(&p, quiet);
	if (p.a)
		trace_read_close(p.a);
	if (p.b)
		trace_read_close(p.b);
	return status;
}

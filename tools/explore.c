/* SPDX-License-Identifier: MIT */
/*
 * sockloom explore: runs a scenario under many schedules until one fails.
 *
 * Run i is a function of (seed, i). Worker w of j carries out the runs w, w + j, w + 2j... in a process of
 * its own and reports each in that order, so that reading the workers in turn gives the runs in order:
 * what is found does not depend on how many workers there are.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/params.h"
#include "tools/probe.h"

#define MAX_WORKERS 256
#define MAX_DEPTH 16
#define DEFAULT_RUNS 10000

static const struct cli_option options[] = {
	{ 'r', "runs", "N", "how many schedules to try (default 10000)" },
	{ 't', "time", "T", "stop after this much real time" },
	{ 'S', "strategy", "NAME",
	  "random, pct, pos, delay, starve, faults, dfs, or portfolio: all but dfs in turn (default)" },
	{ 'D', "depth", "D", "pct: ordering constraints; delay, faults, dfs: decisions (default 3, dfs 1)" },
	{ 'j', "jobs", "J", "worker processes (default: one for each CPU)" },
	{ 's', "seed", "N", "seed of the random streams and of the search (default 1)" },
	{ 'a', "all", NULL, "do not stop at the first failure; one trace for each that is different" },
	{ 'o', "output", "DB", "write the failing run here (default: the scenario's name with .fail.db)" },
	{ 'd', "duration", "T", "stop each run at this virtual time, whatever the scenario says" },
	{ 0, "set", "NAME=VALUE", "value of a param() of the scenario; may be given again" },
	{ 'q', "quiet", NULL, "print failures only" },
	{ 0, NULL, NULL, NULL },
};

static const struct cli_spec spec = {
	.command = "explore",
	.synopsis = "[OPTIONS] SCENARIO.lua",
	.about = "Runs a scenario under many schedules: another task goes first, a task is held up, an\n"
		 "interrupt comes later, a packet is lost on a link with explore_drop. Stops at the first\n"
		 "failure and writes its trace, which 'sockloom replay' and 'shrink' take.\n"
		 "A failure is a check or a program that fails, a task that waits for ever and ordinarily\n"
		 "does not, or a run without an end.\n"
		 "Exit status: 0 no failure found, 1 one was found, 2 the scenario or the command line is\n"
		 "wrong, 4 the search itself failed.",
	.options = options,
};

struct explore {
	struct scenario_opts o;
	struct params params;
	const char *output;
	u64 runs;
	nsec_t time;
	enum explore_kind kind; /* EXPLORE_INVALID: the portfolio */
	bool dfs;		/* all schedules with at most depth decisions */
	u32 depth; /* 0: not given */
	u32 jobs;
	bool all, quiet;
	struct probe probe;
};

/* ---- what a worker says of a run ------------------------------------------------------------------ */

struct report {
	u64 run;
	u32 kind;
	u32 failure;
	u64 order, points;
	nsec_t duration;
	u32 nschedule, name_len, message_len, sql_len; /* sql_len 0: there is none */
};

struct worker {
	pid_t pid;
	FILE *from;
};

/* What the search knows. */
struct found {
	u64 run;
	enum explore_kind kind;
	struct probe_result r;
	u64 times;
};

struct search {
	struct found *found;
	size_t nfound;
	u64 done;     /* runs */
	u64 *orders;  /* a hash set of fingerprints */
	u64 norders, cap;
	bool broken;  /* a worker has gone */
	bool exhausted; /* dfs: there are no more schedules */
};

/* SIGINT and SIGTERM are blocked, and looked at between runs. Workers die of them. */
static void block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(how, &set, NULL);
}

static bool interrupted(void)
{
	sigset_t set;

	return !sigpending(&set) && (sigismember(&set, SIGINT) || sigismember(&set, SIGTERM));
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- workers ------------------------------------------------------------------------------------- */

static enum explore_kind kind_of_run(const struct explore *x, u64 run)
{
	if (x->kind)
		return x->kind;
	return (enum explore_kind)(EXPLORE_INVALID + 1 + run % (EXPLORE_NKINDS - 1));
}

static void send_report(FILE *to, u64 run, enum explore_kind kind, const struct probe_result *r)
{
	struct report rep = {
		.run = run, .kind = kind, .failure = r->failure, .order = r->order,
		.points = r->points, .duration = r->duration,
	};

	/* Of a run that passes nothing more is of interest. */
	if (r->failure) {
		rep.nschedule = (u32)r->nschedule;
		rep.name_len = (u32)strlen(r->name);
		rep.message_len = (u32)strlen(r->message);
		rep.sql_len = r->sql ? (u32)strlen(r->sql) : 0;
	}
	fwrite(&rep, sizeof(rep), 1, to);
	if (!r->failure)
		return;
	fwrite(r->schedule, sizeof(*r->schedule), rep.nschedule, to);
	fwrite(r->name, 1, rep.name_len, to);
	fwrite(r->message, 1, rep.message_len, to);
	if (r->sql)
		fwrite(r->sql, 1, rep.sql_len, to);
	fflush(to);
}

/* ---- all schedules, one after another ------------------------------------------------------------ */

#define END_OF_SPACE UINT64_MAX /* the run of the report that says that there are no more */

struct enumeration {
	struct explore *x;
	FILE *to;
	u64 run;
	struct choice prefix[MAX_DEPTH];
};

/* Which of so many ports is left to the other strategies. */
static bool is_enumerated(const struct choice *ask)
{
	return ask->kind != CHOICE_PORT;
}

/*
 * The run with the first depth decisions of prefix, then all that add one more, at a later question than
 * the last. False: enough.
 */
static bool enumerate(struct enumeration *e, u32 depth, size_t from)
{
	struct choice_log log = { 0 };
	struct probe_result r;
	bool more = true;

	if (e->run >= e->x->runs || ferror(e->to))
		return false;
	probe_run(&e->x->probe, strategy_logged(e->prefix, depth, &log), &r);
	send_report(e->to, e->run++, EXPLORE_INVALID, &r);
	probe_result_clear(&r);
	for (size_t i = from; more && depth < e->x->depth && i < log.n; i++) {
		if (!is_enumerated(&log.asked[i]))
			continue;
		for (u32 v = 1; more && v < log.asked[i].n; v++) {
			e->prefix[depth] = log.asked[i];
			e->prefix[depth].value = v;
			more = enumerate(e, depth + 1, i + 1);
		}
	}
	choice_log_free(&log);
	return more;
}

static void work_dfs(struct explore *x, FILE *to)
{
	struct enumeration e = { .x = x, .to = to };
	struct probe_result none = { 0 };

	if (enumerate(&e, 0, 0))
		send_report(to, END_OF_SPACE, EXPLORE_INVALID, &none);
	fflush(to);
}

static void work(struct explore *x, u32 index, FILE *to)
{
	if (x->dfs) {
		work_dfs(x, to);
		return;
	}
	for (u64 run = index; run < x->runs && !ferror(to); run += x->jobs) {
		enum explore_kind kind = kind_of_run(x, run);
		struct probe_result r;

		probe_run(&x->probe,
			  strategy_explore(kind, x->o.seed, run, x->depth ? x->depth : 3,
					   &x->probe.census),
			  &r);
		send_report(to, run, kind, &r);
		probe_result_clear(&r);
	}
	fflush(to);
}

static bool start_worker(struct explore *x, u32 index, struct worker *w)
{
	pid_t parent = getpid();
	int fd[2];

	if (pipe(fd))
		return false;
	fflush(NULL);
	w->pid = fork();
	if (w->pid < 0) {
		close(fd[0]);
		close(fd[1]);
		return false;
	}
	if (!w->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		block_signals(SIG_UNBLOCK);
		close(fd[0]);
		if (getppid() == parent)
			work(x, index, fdopen(fd[1], "w"));
		_exit(0);
	}
	close(fd[1]);
	w->from = fdopen(fd[0], "r");
	return w->from;
}

static void stop_worker(struct worker *w)
{
	fclose(w->from);
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, 0);
}

static char *read_text(FILE *from, u32 len)
{
	char *s = xcalloc(1, (size_t)len + 1);

	return fread(s, 1, len, from) == len ? s : (free(s), NULL);
}

/* The next report of a worker; false: it is gone. */
static bool take_report(struct worker *w, struct report *rep, struct probe_result *r)
{
	*r = (struct probe_result){ 0 };
	if (fread(rep, sizeof(*rep), 1, w->from) != 1)
		return false;
	*r = (struct probe_result){ .failure = (enum probe_failure)rep->failure, .order = rep->order,
				    .points = rep->points, .duration = rep->duration,
				    .nschedule = rep->nschedule };
	r->schedule = xcalloc(rep->nschedule + 1, sizeof(*r->schedule));
	if (fread(r->schedule, sizeof(*r->schedule), rep->nschedule, w->from) != rep->nschedule)
		return false;
	r->name = read_text(w->from, rep->name_len);
	r->message = read_text(w->from, rep->message_len);
	if (rep->sql_len)
		r->sql = read_text(w->from, rep->sql_len);
	return r->name && r->message && !r->sql == !rep->sql_len;
}

/* ---- what was found ------------------------------------------------------------------------------ */

static void insert_order(u64 *set, u64 cap, u64 order)
{
	u64 i = order & (cap - 1);

	while (set[i])
		i = (i + 1) & (cap - 1);
	set[i] = order;
}

static void note_order(struct search *s, u64 order)
{
	u64 *set;

	order |= !order;
	if (s->cap) {
		for (u64 i = order & (s->cap - 1); s->orders[i]; i = (i + 1) & (s->cap - 1)) {
			if (s->orders[i] == order)
				return;
		}
	}
	if (s->norders * 2 >= s->cap) {
		u64 cap = s->cap ? s->cap * 2 : 1024;

		set = xcalloc(cap, sizeof(*set));
		for (u64 i = 0; i < s->cap; i++) {
			if (s->orders[i])
				insert_order(set, cap, s->orders[i]);
		}
		free(s->orders);
		s->orders = set;
		s->cap = cap;
	}
	insert_order(s->orders, s->cap, order);
	s->norders++;
}

/* Takes what r holds when it is a failure that was not there before. */
static void note_failure(struct search *s, const struct report *rep, struct probe_result *r)
{
	for (size_t i = 0; i < s->nfound; i++) {
		if (probe_same(&s->found[i].r, r)) {
			s->found[i].times++;
			return;
		}
	}
	s->found = xrealloc(s->found, (s->nfound + 1) * sizeof(*s->found));
	s->found[s->nfound++] = (struct found){ rep->run, (enum explore_kind)rep->kind, *r, 1 };
	*r = (struct probe_result){ 0 };
}

static void show_progress(struct cli_progress *p, const struct explore *x, const struct search *s,
			  double start)
{
	double t = seconds() - start;

	cli_progress(p, "%" PRIu64 " of %" PRIu64 " runs, %.0f/s, %" PRIu64 " behaviours, %zu failures",
		     s->done, x->runs, t > 0 ? (double)s->done / t : 0, s->norders, s->nfound);
}

static void search(struct explore *x, struct search *s)
{
	struct worker w[MAX_WORKERS];
	struct cli_progress progress;
	double start = seconds();
	u32 n = 0;

	cli_progress_init(&progress);
	while (n < x->jobs && start_worker(x, n, &w[n]))
		n++;
	s->broken = n < x->jobs;
	for (u64 run = 0; run < x->runs && !s->broken && !interrupted(); run++) {
		struct probe_result r;
		struct report rep;

		if (!take_report(&w[run % x->jobs], &rep, &r)) {
			s->broken = !interrupted();
			probe_result_clear(&r);
			break;
		}
		if (rep.run == END_OF_SPACE) {
			s->exhausted = true;
			probe_result_clear(&r);
			break;
		}
		s->done++;
		note_order(s, r.order);
		if (r.failure)
			note_failure(s, &rep, &r);
		probe_result_clear(&r);
		if ((s->nfound && !x->all) ||
		    (x->time && seconds() - start > (double)x->time / NSEC_PER_SEC))
			break;
		show_progress(&progress, x, s, start);
	}
	cli_progress_end(&progress);
	while (n)
		stop_worker(&w[--n]);
}

/* ---- what is printed ------------------------------------------------------------------------------ */

static char *output_name(const struct explore *x, size_t i)
{
	const char *base = strrchr(x->o.path, '/') ? strrchr(x->o.path, '/') + 1 : x->o.path;
	size_t len = strlen(base);
	char *name;
	int n;

	if (len > 4 && !strcmp(base + len - 4, ".lua"))
		len -= 4;
	if (x->output && !i)
		return xstrdup(x->output);
	if (x->output)
		n = asprintf(&name, "%s.%zu", x->output, i + 1);
	else if (i)
		n = asprintf(&name, "%.*s.fail-%zu.db", (int)len, base, i + 1);
	else
		n = asprintf(&name, "%.*s.fail.db", (int)len, base);
	if (n < 0)
		abort();
	return name;
}

static int print_found(struct explore *x, const struct found *f, size_t i)
{
	char *out = output_name(x, i);
	int status = probe_record(&x->probe, &f->r, out, "explore");
	bool color = cli_is_terminal(stdout);

	printf("%sFAIL%s %s: %s\n     %s\n", cli_color(color, CLI_RED), cli_color(color, CLI_PLAIN),
	       probe_failure_name(f->r.failure), f->r.name, f->r.message);
	printf("     run %" PRIu64 " (%s), %zu decisions of %" PRIu64 "%s; trace %s\n", f->run + 1,
	       f->kind ? explore_kind_name(f->kind) : "dfs", f->r.nschedule, f->r.points,
	       x->all && f->times > 1 ? ", again and again" : "", out);
	if (x->all)
		printf("     seen in %" PRIu64 " runs\n", f->times);
	free(out);
	return status;
}

/* PCT's promise for this scenario: 1/(n k^(d-1)). */
static void print_bound(const struct explore *x)
{
	u32 d = x->depth ? x->depth : 3;
	double k = (double)x->probe.census.points;

	if (x->kind != EXPLORE_PCT || x->quiet || !x->probe.actors || k < 1)
		return;
	printf("pct        n = %u tasks, k = %" PRIu64 " choices, d = %u: a bug of that depth is found with "
	       "a chance of at least 1 in %.0f for each run\n",
	       x->probe.actors, x->probe.census.points, d, x->probe.actors * pow(k, d - 1));
}

static int summary(struct explore *x, struct search *s)
{
	int status = s->nfound ? EXIT_CHECK : EXIT_OK;

	for (size_t i = 0; i < s->nfound; i++) {
		if (print_found(x, &s->found[i], i))
			status = EXIT_INTERNAL;
	}
	if (!x->quiet) {
		printf("runs       %" PRIu64 "%s\n", s->done, interrupted() ? ", interrupted" : "");
		printf("behaviours %" PRIu64 "\n", s->norders);
		printf("failures   %zu\n", s->nfound);
		if (s->exhausted)
			printf("exhausted  every schedule with at most %u decision%s, ports aside\n", x->depth,
			       x->depth == 1 ? "" : "s");
	}
	if (s->broken) {
		cli_error("explore", "a worker ended before its time");
		status = EXIT_INTERNAL;
	}
	return status;
}

/* A scenario that fails as it is needs no search. */
static int fails_ordinarily(struct explore *x, struct probe_result *r)
{
	struct found f = { .kind = EXPLORE_RANDOM, .r = *r, .times = 1 };
	char *out;

	if (r->failure == PROBE_BROKEN) {
		fprintf(stderr, "%s\n", r->message);
		return EXIT_USAGE;
	}
	out = output_name(x, 0);
	printf("FAIL %s: %s\n     %s\n     with the ordinary schedule: there is nothing to search for; trace %s\n",
	       probe_failure_name(r->failure), r->name, r->message, out);
	if (probe_record(&x->probe, &f.r, out, "explore")) {
		free(out);
		return EXIT_INTERNAL;
	}
	free(out);
	return EXIT_CHECK;
}

static int explore(struct explore *x)
{
	struct search s = { 0 };
	struct probe_result r;
	int status;

	probe_open(&x->probe, &x->o, &r);
	if (r.failure) {
		status = fails_ordinarily(x, &r);
	} else {
		print_bound(x);
		block_signals(SIG_BLOCK);
		search(x, &s);
		status = summary(x, &s);
	}
	for (size_t i = 0; i < s.nfound; i++)
		probe_result_clear(&s.found[i].r);
	free(s.found);
	free(s.orders);
	probe_result_clear(&r);
	probe_close(&x->probe);
	return status;
}

/* ---- the command line ---------------------------------------------------------------------------- */

static void take_strategy(struct cli *c, struct explore *x)
{
	x->kind = explore_kind_parse(c->value);
	x->dfs = !strcmp(c->value, "dfs");
	if (!x->kind && !x->dfs && strcmp(c->value, "portfolio"))
		cli_usage(c, "--strategy '%s': random, pct, pos, delay, starve, faults, dfs or portfolio",
			  c->value);
}

static void take_number(struct cli *c, u32 most, u32 *to)
{
	u64 n;

	if (!cli_u64(c, &n))
		return;
	if (!n || n > most)
		cli_usage(c, "--%s is from 1 to %u, not %s", c->option->name, most, c->value);
	else
		*to = (u32)n;
}

static void take_option(struct cli *c, struct explore *x)
{
	if (cli_is(c, "runs"))
		cli_u64(c, &x->runs);
	else if (cli_is(c, "time"))
		cli_duration(c, &x->time);
	else if (cli_is(c, "strategy"))
		take_strategy(c, x);
	else if (cli_is(c, "depth"))
		take_number(c, MAX_DEPTH, &x->depth);
	else if (cli_is(c, "jobs"))
		take_number(c, MAX_WORKERS, &x->jobs);
	else if (cli_is(c, "seed"))
		cli_u64(c, &x->o.seed);
	else if (cli_is(c, "all"))
		x->all = true;
	else if (cli_is(c, "output"))
		x->output = c->value;
	else if (cli_is(c, "duration"))
		cli_duration(c, &x->o.duration);
	else if (cli_is(c, "set"))
		params_add(&x->params, c, c->value);
	else if (cli_is(c, "quiet"))
		x->quiet = true;
	else if (cli_is(c, CLI_ARGUMENT)) {
		if (x->o.path)
			cli_usage(c, "one scenario only, not '%s' as well", c->value);
		x->o.path = c->value;
	}
}

int cmd_explore(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct explore x = { .o = { .seed = SCENARIO_SEED }, .runs = DEFAULT_RUNS };
	struct cli c;
	int status;

	x.jobs = cpus < 1 ? 1 : (u32)min(cpus, (long)MAX_WORKERS);
	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c))
		take_option(&c, &x);
	if (c.status < 0 && !x.o.path)
		cli_usage(&c, "which scenario?");
	/* One after another, and the next depends on what this one was asked. */
	if (x.dfs)
		x.jobs = 1;
	if (x.dfs && !x.depth)
		x.depth = 1;
	x.o.params = x.params.list;
	x.o.nparams = x.params.n;
	status = c.status < 0 ? explore(&x) : c.status;
	params_free(&x.params);
	return status;
}

/* SPDX-License-Identifier: MIT */
#include "tools/probe.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace_sqlite.h"
#include "sim/host/task.h"
#include "sim/host/world.h"
#include "tools/cli.h"
#include "tools/cmd.h"

#define SLICES 64 /* of a run's duration, between which its events are counted */
#define LATER 20  /* times the duration that tasks get who are late */
#define LIVELOCK_FACTOR 50
#define LIVELOCK_EVENTS 200000

const char *probe_failure_name(enum probe_failure f)
{
	static const char *const names[] = {
		[PROBE_PASS] = "pass", [PROBE_PROGRAM] = "program", [PROBE_CRASH] = "crash",
		[PROBE_CHECK] = "check", [PROBE_STUCK] = "stuck", [PROBE_LIVELOCK] = "livelock",
		[PROBE_BROKEN] = "broken",
	};

	return names[f];
}

void probe_result_clear(struct probe_result *r)
{
	free(r->name);
	free(r->message);
	free(r->sql);
	free(r->schedule);
	*r = (struct probe_result){ 0 };
}

bool probe_same(const struct probe_result *a, const struct probe_result *b)
{
	if (a->failure != b->failure)
		return false;
	return a->failure == PROBE_PASS || !strcmp(a->name, b->name);
}

static void __printf_like(4, 5) fail(struct probe_result *r, enum probe_failure f, char *name,
				     const char *fmt, ...)
{
	va_list ap;

	if (r->failure) {
		free(name);
		return;
	}
	r->failure = f;
	r->name = name;
	va_start(ap, fmt);
	if (vasprintf(&r->message, fmt, ap) < 0)
		abort();
	va_end(ap);
	r->message[strcspn(r->message, "\n")] = '\0';
}

static char *__printf_like(1, 2) text(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/* ---- how tasks end ------------------------------------------------------------------------------- */

/* A sink that counts the rows of the task table. */
struct task_sink {
	struct trace_sink sink;
	struct probe_tasks *tasks;
	size_t n;
	u32 all;
};

static struct probe_tasks *tasks_of(struct probe_tasks *list, size_t n, u32 host, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].host == host && !strcmp(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

static void task_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct task_sink *ts = container_of(s, struct task_sink, sink);
	struct probe_tasks *t;
	char name[16];

	/* host, pid, tid, ppid, name, t_start, t_exit, status, cpu_time; pid 0: a kernel thread */
	if (d->table != TT_TASK || !v[1].i)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)v[4].len, (const char *)v[4].p);
	t = tasks_of(ts->tasks, ts->n, (u32)v[0].i, name);
	if (!t) {
		ts->tasks = xrealloc(ts->tasks, (ts->n + 1) * sizeof(*ts->tasks));
		t = &ts->tasks[ts->n++];
		*t = (struct probe_tasks){ .host = (u32)v[0].i };
		strcpy(t->name, name);
	}
	ts->all++;
	t->waiting += v[6].type == TV_NULL;
	t->failed += v[7].type == TV_INT && v[7].i != 0;
}

static char *task_close(struct trace_sink *s, bool ok)
{
	return NULL;
}

static const char *host_name(struct world *w, u32 id)
{
	return w->hosts[id]->name;
}

/* No more than so many tasks are like that. */
static char *task_check(const struct probe_tasks *t, const char *host, const char *what, u32 most)
{
	char *sql = sqlite3_mprintf("SELECT count(*) <= %u FROM task t JOIN host h ON h.id = t.host "
				    "WHERE h.name = %Q AND t.name = %Q AND %s", most, host, t->name, what);
	char *copy = xstrdup(sql);

	sqlite3_free(sql);
	return copy;
}

/* What has become of tasks that the ordinary run's did not come to. */
static void compare_tasks(struct probe *p, struct task_sink *ts, struct world *w,
			  struct probe_result *r)
{
	static const struct probe_tasks none;

	for (size_t i = 0; i < ts->n; i++) {
		const struct probe_tasks *t = &ts->tasks[i];
		const struct probe_tasks *o = tasks_of(p->tasks, p->ntasks, t->host, t->name);
		const char *host = host_name(w, t->host);

		o = o ? o : &none;
		if (t->failed <= o->failed || r->failure)
			continue;
		fail(r, PROBE_CRASH, text("%s of host %s ends well", t->name, host),
		     "%u of this name ended with an error or a signal, ordinarily %u", t->failed,
		     o->failed);
		r->sql = task_check(t, host, "status != 0", o->failed);
	}
	for (size_t i = 0; i < ts->n; i++) {
		const struct probe_tasks *t = &ts->tasks[i];
		const struct probe_tasks *o = tasks_of(p->tasks, p->ntasks, t->host, t->name);
		const char *host = host_name(w, t->host);

		o = o ? o : &none;
		if (t->waiting <= o->waiting || r->late || r->failure)
			continue;
		fail(r, PROBE_STUCK, text("%s of host %s comes to its end", t->name, host),
		     "%u of this name wait for ever, ordinarily %u", t->waiting, o->waiting);
		r->sql = task_check(t, host, "t_exit IS NULL", o->waiting);
	}
}

static void name_wait(struct task *t, struct probe_result *r)
{
	char *msg = r->message;

	if (t->state != TASK_PARKED || !t->wait_what)
		return;
	r->message = text("%s; %s of %s waits in %s", msg, t->name, t->host->name, t->wait_what);
	free(msg);
}

/* Everybody who waits, for the message about one that is stuck. */
static void name_waits(struct world *w, struct probe_result *r)
{
	struct process *proc;
	struct task *t;

	if (r->failure != PROBE_STUCK)
		return;
	for (u32 i = 1; i <= w->nhosts; i++) {
		list_for_each_entry(proc, &w->hosts[i]->processes, node) {
			list_for_each_entry(t, &proc->threads, thread_node)
				name_wait(t, r);
		}
	}
}

/* ---- one run ------------------------------------------------------------------------------------- */

/* Rows for the database that all runs share. */
struct forward_sink {
	struct trace_sink sink;
	struct trace_sink *to;
};

static void forward_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct forward_sink *f = container_of(s, struct forward_sink, sink);

	f->to->row(f->to, d, v);
}

static void empty_tables(struct sqlite3 *db, u32 tables)
{
	char sql[64];

	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		if (!(tables & 1u << t))
			continue;
		snprintf(sql, sizeof(sql), "DELETE FROM %s", trace_table_desc((enum trace_table)t)->name);
		sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
}

static void note_check(void *ctx, const char *name, bool ok, const char *message)
{
	struct probe_result *r = ctx;
	const char *colon;

	if (ok || r->failure)
		return;
	/* A program's error is known by its place: "file:line". */
	if (!strncmp(name, "program of host ", 16)) {
		colon = message ? strchr(message, ':') : NULL;
		colon = colon ? strchr(colon + 1, ':') : NULL;
		fail(r, PROBE_PROGRAM,
		     colon ? text("%.*s", (int)(colon - message), message) : text("%s", name), "%s",
		     message ? message : name);
		return;
	}
	fail(r, PROBE_CHECK, text("%s", name), "%s", message ? message : "");
}

static u32 count_tasks(struct world *w, bool (*match)(const struct task *t))
{
	struct process *proc;
	struct task *t;
	u32 n = 0;

	for (u32 i = 1; i <= w->nhosts; i++) {
		list_for_each_entry(proc, &w->hosts[i]->processes, node) {
			list_for_each_entry(t, &proc->threads, thread_node)
				n += match(t);
		}
	}
	return n;
}

static bool is_alive(const struct task *t)
{
	return t->state != TASK_DEAD;
}

static bool is_held(const struct task *t)
{
	return t->state == TASK_HELD || t->state == TASK_NEW;
}

/*
 * Runs to the end: the scenario's, or a later one when tasks still live that ordinarily do not, as they
 * may only be late. False: it would not come to an end.
 */
static bool run_in_slices(struct probe *p, struct scenario *s, struct probe_result *r)
{
	struct world *w = scenario_world(s);
	nsec_t end = scenario_duration(s), step = max(end / SLICES, (nsec_t)1), until = 0;
	u64 most = p->events ? p->events * LIVELOCK_FACTOR + LIVELOCK_EVENTS : UINT64_MAX;
	enum sim_stop why = SIM_TIME_LIMIT;

	while (why == SIM_TIME_LIMIT && until < end) {
		if (w->sim.nevents > most)
			return false;
		until = min(until + step, end);
		why = scenario_run(s, until);
		if (until == scenario_duration(s) && why == SIM_TIME_LIMIT && p->events &&
		    count_tasks(w, is_alive) > p->waiting) {
			end *= LATER;
			step = end / SLICES;
			scenario_set_duration(s, end);
		}
	}
	r->duration = end;
	r->late = why == SIM_TIME_LIMIT && count_tasks(w, is_held);
	scenario_finish(s, why);
	return true;
}

static void take_schedule(struct probe_result *r, const struct sim *sim)
{
	r->order = sim->order;
	r->points = sim->choices.npoints;
	r->nschedule = sim->choices.ntaken;
	r->schedule = xcalloc(r->nschedule + 1, sizeof(*r->schedule));
	if (r->nschedule)
		memcpy(r->schedule, sim->choices.taken, r->nschedule * sizeof(*r->schedule));
}

static void check(struct probe *p, struct scenario *s, struct probe_result *r)
{
	struct sqlite3 *db = p->db ? trace_sqlite_db(p->db) : NULL;

	scenario_check(s, db, TRACE_ALL, note_check, r);
	if (db)
		empty_tables(db, p->tables);
}

static void keep_ordinary(struct probe *p, struct task_sink *ts, struct world *w)
{
	choice_census_take(&p->census, &w->sim.choices);
	p->events = w->sim.nevents;
	p->tasks = ts->tasks;
	p->ntasks = ts->n;
	p->actors = ts->all;
	for (size_t i = 0; i < ts->n; i++)
		p->waiting += ts->tasks[i].waiting;
	ts->tasks = NULL;
}

static void run_loaded(struct probe *p, struct scenario *s, struct task_sink *ts, bool ordinary,
		       struct probe_result *r)
{
	struct world *w = scenario_world(s);
	bool ended = run_in_slices(p, s, r);

	take_schedule(r, &w->sim);
	check(p, s, r);
	if (ordinary) {
		keep_ordinary(p, ts, w);
		return;
	}
	if (!ended && !r->failure)
		r->sql = text("SELECT CAST(value AS INTEGER) < %" PRIu64 " FROM run WHERE key = 'events'",
			      p->events * LIVELOCK_FACTOR);
	if (!ended)
		fail(r, PROBE_LIVELOCK, text("the run comes to an end"),
		     "%llu events, ordinarily %llu", (unsigned long long)w->sim.nevents,
		     (unsigned long long)p->events);
	else
		compare_tasks(p, ts, w, r);
	name_waits(w, r);
}

static void run_once(struct probe *p, struct strategy *st, bool ordinary, struct probe_result *r)
{
	struct task_sink ts = { .sink = { .row = task_row, .close = task_close } };
	struct forward_sink fs = { .sink = { .row = forward_row, .close = task_close }, .to = p->db };
	struct scenario_opts o = p->o;
	struct scenario *s;
	char *err = NULL;

	*r = (struct probe_result){ 0 };
	o.strategy = st;
	o.trace = trace_new(TRACE_ALL);
	trace_add_sink(o.trace, &ts.sink);
	if (p->db)
		trace_add_sink(o.trace, &fs.sink);
	trace_restrict(o.trace, p->tables | 1u << TT_TASK);
	s = scenario_load(&o, &err);
	if (s)
		run_loaded(p, s, &ts, ordinary, r);
	else
		fail(r, PROBE_BROKEN, text("the scenario loads"), "%s", err);
	free(err);
	scenario_free(s);
	trace_free(o.trace, true);
	free(ts.tasks);
}

/* What checks need is known once the scenario has been read. */
static void open_database(struct probe *p, struct probe_result *r)
{
	struct scenario_opts o = p->o;
	struct scenario *s;
	char *err = NULL;

	*r = (struct probe_result){ 0 };
	o.strategy = strategy_default();
	o.trace = trace_new(TRACE_NONE);
	s = scenario_load(&o, &err);
	if (s)
		p->tables = scenario_check_tables(s);
	if (p->tables)
		p->db = trace_sqlite_sink(":memory:", TRACE_ALL, &err);
	if (err)
		fail(r, PROBE_BROKEN, text("the scenario loads"), "%s", err);
	free(err);
	scenario_free(s);
	trace_free(o.trace, true);
}

/* ---- from outside -------------------------------------------------------------------------------- */

/* The scenario's own file is read once; what it includes goes to the reader below. */
static int read_cached(void *ctx, const char *path, char **out, size_t *len, char **err)
{
	struct probe *p = ctx;
	int ret;

	if (p->text && !strcmp(path, p->o.path)) {
		*out = xrealloc(NULL, p->len + 1);
		memcpy(*out, p->text, p->len);
		*len = p->len;
		return 0;
	}
	ret = p->read(p->read_ctx, path, out, len, err);
	if (!ret && !strcmp(path, p->o.path)) {
		p->text = xrealloc(NULL, *len + 1);
		memcpy(p->text, *out, *len);
		p->len = *len;
	}
	return ret;
}

void probe_open(struct probe *p, const struct scenario_opts *o, struct probe_result *r)
{
	*p = (struct probe){ .o = *o, .read = o->read ? o->read : scenario_read_file,
			     .read_ctx = o->read_ctx };
	p->o.read = read_cached;
	p->o.read_ctx = p;
	open_database(p, r);
	if (!r->failure)
		run_once(p, strategy_default(), true, r);
}

void probe_close(struct probe *p)
{
	if (p->db)
		free(p->db->close(p->db, true));
	choice_census_free(&p->census);
	free(p->tasks);
	free(p->text);
}

void probe_run(struct probe *p, struct strategy *st, struct probe_result *r)
{
	run_once(p, st, false, r);
}

static void no_report(void *ctx, const char *name, bool ok, const char *message)
{
}

int probe_record(struct probe *p, const struct probe_result *r, const char *path, const char *command)
{
	struct probe_result again = { 0 };
	struct scenario_opts o = p->o;
	struct trace_sink *db;
	struct scenario *s;
	char *err = NULL;

	o.duration = r->duration;
	o.strategy = strategy_schedule(r->schedule, r->nschedule);
	o.trace = trace_new(TRACE_ALL);
	db = trace_sqlite_sink(path, TRACE_ALL, &err);
	if (db)
		trace_add_sink(o.trace, db);
	s = db ? scenario_load(&o, &err) : NULL;
	if (s) {
		if (!run_in_slices(p, s, &again))
			scenario_finish(s, SIM_STOPPED);
		scenario_check(s, trace_sqlite_db(db), TRACE_ALL, no_report, NULL);
		trace_run(o.trace, "failure", probe_failure_name(r->failure));
		trace_run(o.trace, "failure.name", r->name ? r->name : "");
		trace_run(o.trace, "failure.message", r->message ? r->message : "");
		if (r->sql)
			trace_run(o.trace, "failure.check", r->sql);
	} else if (!db) {
		o.strategy->destroy(o.strategy);
	}
	scenario_free(s);
	if (!err)
		err = trace_finish(o.trace, s);
	trace_free(o.trace, s);
	if (err)
		cli_error(command, "%s", err);
	free(err);
	return s ? EXIT_OK : EXIT_INTERNAL;
}

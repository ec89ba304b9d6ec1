/* SPDX-License-Identifier: MIT */
#include "tools/steps.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

#define PAIR_WINDOW ((size_t)4000) /* steps near the decision among which the pair is looked for */

static const char *column(sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s ? s : "";
}

/* ---- reading ------------------------------------------------------------------------------------- */

static void read_tasks(struct steps *s, sqlite3 *db)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db,
			       "SELECT t.host, t.tid, t.pid, t.name, h.name FROM task t JOIN host h ON "
			       "h.id = t.host WHERE t.pid ORDER BY t.host, t.tid",
			       -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct step_task *t;

		s->task = xrealloc(s->task, (s->ntasks + 1) * sizeof(*s->task));
		t = &s->task[s->ntasks++];
		*t = (struct step_task){ .host = (u32)sqlite3_column_int64(st, 0),
					 .tid = sqlite3_column_int(st, 1),
					 .pid = sqlite3_column_int(st, 2) };
		snprintf(t->name, sizeof(t->name), "%s", column(st, 3));
		snprintf(t->host_name, sizeof(t->host_name), "%s", column(st, 4));
	}
	sqlite3_finalize(st);
}

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(*list, name))
			return true;
	}
	return false;
}

/* What the arguments say of whom and what the call is about. */
static void classify(struct step *s)
{
	static const char *const writers[] = {
		"send", "sendto", "sendmsg", "sendmmsg", "write", "writev", "close", "shutdown", "connect",
		"bind", "listen", "accept", "accept4", "recv", "recvfrom", "recvmsg", "read", "kill",
		"tgkill", "setsockopt", "epoll_ctl", "dup2", "dup3", "fork", "clone", "unlink", "sendfile",
		"socket", "open", "openat", "pipe", "pipe2", "exit_group", NULL
	};
	static const char *const no_fd[] = { "kill", "tgkill", "socket", "nanosleep", "getpid", "spawn",
					     "wait4", "exit_group", "rt_sigaction", "rt_sigprocmask",
					     "compute", "clock_gettime", NULL };
	const char *fd = strstr(s->args, "{fd=");

	s->writes = is_one_of(s->name, writers);
	s->object = -1;
	if (!strcmp(s->name, "kill") || !strcmp(s->name, "tgkill"))
		s->target = atoi(s->args);
	else if (fd)
		s->object = atoi(fd + 4);
	else if (!is_one_of(s->name, no_fd) && s->args[0] >= '0' && s->args[0] <= '9')
		s->object = atoi(s->args);
	else if (s->end && s->err == 0 && (!strcmp(s->name, "socket") || !strncmp(s->name, "open", 4)))
		s->object = (int)s->result;
	/* What accept() takes is of the listener; what it makes is told by its result. */
}

static void add(struct steps *s, size_t *cap, const struct step *st)
{
	if (s->n == *cap) {
		*cap = *cap ? *cap * 2 : 256;
		s->step = xrealloc(s->step, *cap * sizeof(*s->step));
	}
	s->step[s->n++] = *st;
}

static int by_time(const void *pa, const void *pb)
{
	const struct step *a = pa, *b = pb;

	if (a->t != b->t)
		return a->t < b->t ? -1 : 1;
	if (a->end != b->end)
		return a->end ? -1 : 1;
	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	return (a->tid > b->tid) - (a->tid < b->tid);
}

/* How many calls of each name the task in hand has made. */
struct tally {
	struct {
		char name[24];
		u32 n;
	} of[64];
	size_t n;
};

static u32 count_call(struct tally *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!strcmp(t->of[i].name, name))
			return t->of[i].n++;
	}
	if (t->n == ARRAY_SIZE(t->of))
		return 0;
	snprintf(t->of[t->n].name, sizeof(t->of[0].name), "%s", name);
	t->of[t->n].n = 1;
	t->n++;
	return 0;
}

void steps_read(struct steps *s, sqlite3 *db)
{
	static const char sql[] =
		"SELECT y.host, y.tid, coalesce(t.pid, y.tid), y.t_enter, y.t_exit, y.name, y.args, y.result, "
		"y.errno FROM syscall y LEFT JOIN task t ON t.host = y.host AND t.tid = y.tid "
		"ORDER BY y.host, y.tid, y.t_enter, y.seq";
	sqlite3_stmt *st;
	size_t cap = 0;
	struct step last = { 0 };
	struct tally tally = { .n = 0 };

	*s = (struct steps){ 0 };
	read_tasks(s, db);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return;
	while (sqlite3_step(st) == SQLITE_ROW) {
		struct step x = { .host = (u32)sqlite3_column_int64(st, 0),
				  .tid = sqlite3_column_int(st, 1), .pid = sqlite3_column_int(st, 2),
				  .t = sqlite3_column_int64(st, 3), .other = -1 };

		if (last.tid != x.tid || last.host != x.host)
			tally.n = 0;
		snprintf(x.name, sizeof(x.name), "%s", column(st, 5));
		x.nth = count_call(&tally, x.name);
		snprintf(x.args, sizeof(x.args), "%s", column(st, 6));
		x.never = sqlite3_column_type(st, 4) == SQLITE_NULL;
		x.result = sqlite3_column_int64(st, 7);
		x.err = sqlite3_column_int(st, 8);
		classify(&x);
		add(s, &cap, &x);
		last = x;
		if (x.never)
			continue;
		x.end = true;
		x.t = sqlite3_column_int64(st, 4);
		classify(&x);
		add(s, &cap, &x);
	}
	sqlite3_finalize(st);
	if (s->n)
		qsort(s->step, s->n, sizeof(*s->step), by_time);
}

void steps_free(struct steps *s)
{
	free(s->step);
	free(s->task);
	*s = (struct steps){ 0 };
}

const struct step_task *steps_task(const struct steps *s, const struct step *st)
{
	static const struct step_task unknown = { .name = "?", .host_name = "?" };

	for (size_t i = 0; i < s->ntasks; i++) {
		if (s->task[i].host == st->host && s->task[i].tid == st->tid)
			return &s->task[i];
	}
	return &unknown;
}

void step_text(const struct step *st, size_t args, char *buf, size_t len)
{
	int n = (int)min(strlen(st->args), args);

	if (!st->end)
		snprintf(buf, len, "%s(%.*s%s) %s", st->name, n, st->args, st->args[n] ? "..." : "",
			 st->never ? "never ends" : "begins");
	else if (st->err)
		snprintf(buf, len, "%s(%.*s%s) fails, errno %d", st->name, n, st->args,
			 st->args[n] ? "..." : "", st->err);
	else
		snprintf(buf, len, "%s(%.*s%s) = %lld", st->name, n, st->args, st->args[n] ? "..." : "",
			 (long long)st->result);
}

/* ---- comparing ----------------------------------------------------------------------------------- */

/* By whose which call it is. */
static int by_identity(const void *pa, const void *pb)
{
	const struct step *a = *(struct step *const *)pa, *b = *(struct step *const *)pb;

	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (strcmp(a->name, b->name))
		return strcmp(a->name, b->name);
	if (a->nth != b->nth)
		return a->nth < b->nth ? -1 : 1;
	return a->end - b->end;
}

void steps_match(struct steps *a, struct steps *b)
{
	struct step **index = xcalloc(b->n + 1, sizeof(struct step *));

	for (size_t k = 0; k < b->n; k++)
		index[k] = &b->step[k];
	qsort(index, b->n, sizeof(struct step *), by_identity);
	for (size_t i = 0; i < a->n; i++) {
		struct step *x = &a->step[i], **y;

		y = bsearch(&x, index, b->n, sizeof(struct step *), by_identity);
		if (!y)
			continue;
		x->other = *y - b->step;
		(*y)->other = (s64)i;
	}
	free(index);
}

/* How likely it is that the order of two steps matters; 0: they have nothing to do with each other. */
static int kinship(const struct step *x, const struct step *y)
{
	int score = 0;

	if (x->host == y->host && ((x->target && x->target == y->pid) || (y->target && y->target == x->pid)))
		score = 6;
	else if (x->host == y->host && x->pid == y->pid && x->object >= 0 && x->object == y->object)
		score = 5;
	else if (x->host == y->host && x->object >= 0 && x->object == y->object)
		score = 3; /* after a fork the same number is often the same file */
	else if (x->host != y->host && x->object >= 0 && y->object >= 0)
		score = 2;
	if (!score || !(x->writes || y->writes))
		return 0;
	return score;
}

static int rate(const struct step *x, const struct step *y, nsec_t t, int tid)
{
	int score = kinship(x, y);

	if (!score)
		return 0;
	score *= 4;
	score += 3 * (x->tid == tid || y->tid == tid);
	score += 4 * (x->never || y->never);
	score += (x->end && x->err) || (y->end && y->err) ? 3 : 0;
	score += 2 * (x->end != y->end);
	/* What was over before the decision cannot be due to it. */
	return x->t < t || y->t < t ? 1 : score;
}

bool steps_deciding_pair(const struct steps *a, const struct steps *b, nsec_t t, int tid,
			 const struct step **first, const struct step **second)
{
	size_t from = 0;
	int top = 0;
	nsec_t span = 0;

	while (from < a->n && a->step[from].t < t)
		from++;
	from -= min(from, PAIR_WINDOW / 8);
	for (size_t i = from; i < min(a->n, from + PAIR_WINDOW); i++) {
		const struct step *x = &a->step[i];

		if (x->other < 0)
			continue;
		for (size_t k = i + 1; k < min(a->n, from + PAIR_WINDOW); k++) {
			const struct step *y = &a->step[k];
			int r;

			if (y->other < 0 || y->other > x->other || (x->tid == y->tid && x->host == y->host))
				continue;
			r = rate(x, y, t, tid);
			if (r < top || !r || (r == top && y->t - x->t >= span))
				continue;
			top = r;
			span = y->t - x->t;
			*first = x;
			*second = y;
		}
	}
	return top > 0;
}

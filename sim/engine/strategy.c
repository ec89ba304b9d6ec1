/* SPDX-License-Identifier: MIT */
/*
 * The strategies that answer choices: the default, the seeded random one, and a given schedule
 * (choice.h).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/engine/choice.h"
#include "sim/engine/pool.h"

static void strategy_free(struct strategy *st)
{
	free(st);
}

static u32 default_pick(struct strategy *st, const struct choice_ask *q)
{
	return 0;
}

struct strategy *strategy_default(void)
{
	struct strategy *st = xcalloc(1, sizeof(*st));

	*st = (struct strategy){"default", default_pick, strategy_free};
	return st;
}

struct random_strategy {
	struct strategy st;
	u64 seed;
	struct ratio p;
};

/* Every choice has a stream of its own: an answer does not depend on what was asked before it. */
static u32 random_pick(struct strategy *st, const struct choice_ask *q)
{
	struct random_strategy *rs = container_of(st, struct random_strategy, st);
	struct rng r;

	rng_init(&r, rs->seed, q->host, RNG_STRATEGY, (u64)q->kind << 32 | q->nth);
	return rng_chance(&r, rs->p) ? 1 + rng_below(&r, q->n - 1) : 0;
}

struct strategy *strategy_random(u64 seed, struct ratio p)
{
	struct random_strategy *rs = xcalloc(1, sizeof(*rs));

	assert(p.den > 0);
	rs->st = (struct strategy){"random", random_pick, strategy_free};
	rs->seed = seed;
	rs->p = p;
	return &rs->st;
}

struct schedule_strategy {
	struct strategy st;
	struct choice_log *log; /* strategy_logged() */
	size_t len;
	struct choice entry[]; /* sorted */
};

static int compare_place(const struct choice *a, const struct choice *b)
{
	if (a->host != b->host)
		return a->host < b->host ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (a->nth > b->nth) - (a->nth < b->nth);
}

/* Of two entries for one place the smaller value wins, whatever order they came in. */
static int compare_entry(const void *pa, const void *pb)
{
	const struct choice *a = pa, *b = pb;
	int order = compare_place(a, b);

	return order ? order : (a->value > b->value) - (a->value < b->value);
}

static u32 schedule_pick(struct strategy *st, const struct choice_ask *q)
{
	struct schedule_strategy *ss = container_of(st, struct schedule_strategy, st);
	struct choice place = {.host = q->host, .kind = q->kind, .nth = q->nth};
	size_t lo = 0, hi = ss->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_place(&ss->entry[mid], &place) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == ss->len || compare_place(&ss->entry[lo], &place) != 0)
		return 0;
	return ss->entry[lo].value < q->n ? ss->entry[lo].value : 0;
}

static u32 logged_pick(struct strategy *st, const struct choice_ask *q)
{
	struct choice_log *log = container_of(st, struct schedule_strategy, st)->log;
	u32 value = schedule_pick(st, q);

	if (log->n == log->cap) {
		log->cap = log->cap ? log->cap * 2 : 256;
		log->asked = xrealloc(log->asked, log->cap * sizeof(*log->asked));
	}
	log->asked[log->n++] = (struct choice){q->host, q->kind, q->nth, q->n, value};
	return value;
}

void choice_log_free(struct choice_log *log)
{
	free(log->asked);
	*log = (struct choice_log){ 0 };
}

struct strategy *strategy_logged(const struct choice *sched, size_t len, struct choice_log *log)
{
	struct strategy *st = strategy_schedule(sched, len);

	container_of(st, struct schedule_strategy, st)->log = log;
	st->pick = logged_pick;
	return st;
}

struct strategy *strategy_schedule(const struct choice *sched, size_t len)
{
	struct schedule_strategy *ss = xcalloc(1, sizeof(*ss) + len * sizeof(*sched));

	ss->st = (struct strategy){"schedule", schedule_pick, strategy_free};
	ss->len = len;
	if (len) {
		memcpy(ss->entry, sched, len * sizeof(*sched));
		qsort(ss->entry, len, sizeof(*sched), compare_entry);
	}
	return &ss->st;
}

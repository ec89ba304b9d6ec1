/* SPDX-License-Identifier: MIT */
#include "sim/engine/strategy_explore.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

#define MAX_PLACES 16

static const char *const names[] = {
	[EXPLORE_INVALID] = "invalid", [EXPLORE_RANDOM] = "random", [EXPLORE_PCT] = "pct",
	[EXPLORE_POS] = "pos",	       [EXPLORE_DELAY] = "delay",   [EXPLORE_STARVE] = "starve",
	[EXPLORE_FAULTS] = "faults",
};
static_assert(ARRAY_SIZE(names) == EXPLORE_NKINDS, "every strategy has a name");

const char *explore_kind_name(enum explore_kind k)
{
	assert(k < EXPLORE_NKINDS);
	return names[k];
}

enum explore_kind explore_kind_parse(const char *name)
{
	for (int k = EXPLORE_INVALID + 1; k < EXPLORE_NKINDS; k++) {
		if (!strcmp(names[k], name))
			return (enum explore_kind)k;
	}
	return EXPLORE_INVALID;
}

void choice_census_take(struct choice_census *c, const struct choices *from)
{
	*c = (struct choice_census){ .points = from->npoints, .nhost = from->nhost };
	c->asked = xcalloc(from->nhost + 1, sizeof(*c->asked));
	if (from->nhost)
		memcpy(c->asked, from->nth, from->nhost * sizeof(*c->asked));
}

void choice_census_free(struct choice_census *c)
{
	free(c->asked);
	*c = (struct choice_census){ 0 };
}

/* One place of a schedule: the nth choice of a kind on a host, or a point of the run. */
struct place {
	u32 host;
	enum choice_kind kind;
	u32 nth;
	u64 point;
};

struct explorer {
	struct strategy st;
	struct rng rng;
	u64 key; /* of priorities */
	u32 sparse;  /* random: how rarely something unusual happens, as a power of 4 */
	u32 nplaces;
	struct place place[MAX_PLACES];
	u32 victim, victims; /* starve: one in so many tasks */
	u32 hold;	     /* starve: how long */
};

static struct explorer *explorer(struct strategy *st)
{
	return container_of(st, struct explorer, st);
}

/* ---- what the strategies share ------------------------------------------------------------------- */

static bool one_in(struct explorer *x, u32 n)
{
	return rng_below(&x->rng, n) == 0;
}

/* A value that is not the ordinary one. Short holds are more likely than long ones. */
static u32 other(struct explorer *x, const struct choice_ask *q)
{
	u32 v = 1;

	if (q->kind != CHOICE_HOLD)
		return 1 + rng_below(&x->rng, q->n - 1);
	while (v < q->n - 1 && !one_in(x, 3))
		v++;
	return v;
}

static bool is_fault(enum choice_kind kind)
{
	return kind == CHOICE_DROP || kind == CHOICE_DELAY;
}

static u64 mix(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

/* The option with the highest priority. */
static u32 best(const struct explorer *x, const struct choice_ask *q, u64 salt)
{
	u64 top = 0;
	u32 value = 0;

	for (u32 i = 0; i < q->n; i++) {
		u64 p = mix(x->key ^ mix(q->options[i] ^ salt)) | 1;

		if (p > top) {
			top = p;
			value = i;
		}
	}
	return value;
}

/* ---- the strategies ------------------------------------------------------------------------------ */

static u32 random_pick(struct strategy *st, const struct choice_ask *q)
{
	struct explorer *x = explorer(st);
	u32 scale = 1u << 2 * x->sparse;

	switch (q->kind) {
	case CHOICE_TASK:
	case CHOICE_WAITER:
	case CHOICE_WAKE_CPU:
		return one_in(x, scale) ? rng_below(&x->rng, q->n) : 0;
	case CHOICE_PORT:
		return one_in(x, 2) ? other(x, q) : 0;
	case CHOICE_HOLD:
		return one_in(x, 4 * scale) ? other(x, q) : 0;
	case CHOICE_DROP:
	case CHOICE_DELAY:
		return one_in(x, 16 * scale) ? other(x, q) : 0;
	default:
		return one_in(x, 2 * scale) ? other(x, q) : 0;
	}
}

static bool at_change_point(const struct explorer *x, u64 point)
{
	for (u32 i = 0; i < x->nplaces; i++) {
		if (x->place[i].point == point)
			return true;
	}
	return false;
}

static u32 pct_pick(struct strategy *st, const struct choice_ask *q)
{
	struct explorer *x = explorer(st);

	if (at_change_point(x, q->point)) {
		/* Priorities are lowered: of everybody at once, which is a new draw. */
		x->key = mix(x->key + q->point);
		return q->options ? best(x, q, 0) : other(x, q);
	}
	return q->options ? best(x, q, 0) : 0;
}

static u32 pos_pick(struct strategy *st, const struct choice_ask *q)
{
	struct explorer *x = explorer(st);

	/* A priority for each step: whoever acts draws anew. */
	if (q->options)
		return best(x, q, mix(q->point));
	return is_fault(q->kind) || !one_in(x, 16) ? 0 : other(x, q);
}

static u32 place_pick(struct strategy *st, const struct choice_ask *q)
{
	struct explorer *x = explorer(st);

	for (u32 i = 0; i < x->nplaces; i++) {
		const struct place *p = &x->place[i];

		if (p->host == q->host && p->kind == q->kind && p->nth == q->nth)
			return q->kind == CHOICE_HOLD ? 1 + rng_below(&x->rng, q->n - 1) : other(x, q);
	}
	return 0;
}

static bool is_victim(const struct explorer *x, u32 actor)
{
	return actor && mix(x->key ^ actor) % x->victims == x->victim;
}

static u32 starve_pick(struct strategy *st, const struct choice_ask *q)
{
	struct explorer *x = explorer(st);

	if (q->kind == CHOICE_HOLD && is_victim(x, q->actor))
		return one_in(x, 2) ? min(x->hold, q->n - 1) : 0;
	if (q->kind == CHOICE_STALL)
		return one_in(x, 2) ? other(x, q) : 0;
	if (!q->options)
		return 0;
	for (u32 i = 0; i < q->n; i++) {
		if (!is_victim(x, q->options[i]))
			return i;
	}
	return 0;
}

/* ---- making them --------------------------------------------------------------------------------- */

static bool wanted(enum explore_kind k, enum choice_kind kind, u32 asked)
{
	return asked && (k != EXPLORE_FAULTS || is_fault(kind));
}

/* A host and a kind that the ordinary run was asked for, each as likely; then one of those times. */
static bool draw_place(struct explorer *x, enum explore_kind k, const struct choice_census *c,
		       struct place *p)
{
	u32 n = 0, pick;

	for (u32 h = 0; h < c->nhost; h++) {
		for (int kind = 0; kind < CHOICE_NKINDS; kind++)
			n += wanted(k, (enum choice_kind)kind, c->asked[h][kind]);
	}
	if (!n)
		return false;
	pick = rng_below(&x->rng, n);
	for (u32 h = 0; h < c->nhost; h++) {
		for (int kind = 0; kind < CHOICE_NKINDS; kind++) {
			u32 asked = c->asked[h][kind];

			if (!wanted(k, (enum choice_kind)kind, asked) || pick--)
				continue;
			/* A run that goes otherwise may be longer. */
			*p = (struct place){ h, (enum choice_kind)kind,
					     rng_below(&x->rng, asked + asked / 4 + 1), 0 };
			return true;
		}
	}
	return false;
}

static void draw_places(struct explorer *x, enum explore_kind k, u32 n,
			const struct choice_census *c)
{
	n = min(n, (u32)MAX_PLACES);
	while (x->nplaces < n) {
		struct place *p = &x->place[x->nplaces];

		if (k == EXPLORE_PCT)
			*p = (struct place){ .point = rng_below(&x->rng, (u32)min(c->points, (u64)UINT32_MAX) + 1) };
		else if (!draw_place(x, k, c, p))
			return;
		x->nplaces++;
	}
}

static void explorer_free(struct strategy *st)
{
	free(explorer(st));
}

struct strategy *strategy_explore(enum explore_kind k, u64 seed, u64 run, u32 depth,
				  const struct choice_census *census)
{
	static u32 (*const picks[])(struct strategy *, const struct choice_ask *) = {
		[EXPLORE_RANDOM] = random_pick, [EXPLORE_PCT] = pct_pick, [EXPLORE_POS] = pos_pick,
		[EXPLORE_DELAY] = place_pick, [EXPLORE_STARVE] = starve_pick,
		[EXPLORE_FAULTS] = place_pick,
	};
	struct explorer *x = xcalloc(1, sizeof(*x));

	assert(k > EXPLORE_INVALID && k < EXPLORE_NKINDS && depth);
	x->st = (struct strategy){ names[k], picks[k], explorer_free };
	rng_init(&x->rng, seed, (u32)k, RNG_STRATEGY, run);
	x->key = (u64)rng_below(&x->rng, UINT32_MAX) << 32 | rng_below(&x->rng, UINT32_MAX);
	x->sparse = rng_below(&x->rng, 4);
	x->victims = 2 + rng_below(&x->rng, 3);
	x->victim = rng_below(&x->rng, x->victims);
	x->hold = 1 + rng_below(&x->rng, CHOICE_HOLDS);
	if (k == EXPLORE_PCT)
		draw_places(x, k, depth - 1, census);
	else if (k == EXPLORE_DELAY || k == EXPLORE_FAULTS)
		draw_places(x, k, 1 + rng_below(&x->rng, depth), census);
	return &x->st;
}

/* SPDX-License-Identifier: MIT */
/*
 * Asking for a choice, and the record of the answers (choice.h). The strategies are in strategy.c.
 */
#include "sim/engine/choice.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"
#include "sim/engine/sim.h"
#include "sim/engine/trace.h"

static const char *const kind_names[] = {
    [CHOICE_INVALID] = "invalid",   [CHOICE_TASK] = "task", [CHOICE_WAITER] = "waiter",
    [CHOICE_WAKE_CPU] = "wake_cpu", [CHOICE_IRQ] = "irq",   [CHOICE_DROP] = "drop",
    [CHOICE_DELAY] = "delay",	    [CHOICE_PORT] = "port", [CHOICE_PREEMPT] = "preempt",
    [CHOICE_STALL] = "stall",   [CHOICE_HOLD] = "hold",
};
static_assert(ARRAY_SIZE(kind_names) == CHOICE_NKINDS, "every kind has a name");

const char *choice_kind_name(enum choice_kind kind)
{
	assert(kind < CHOICE_NKINDS);
	return kind_names[kind];
}

enum choice_kind choice_kind_parse(const char *name)
{
	for (int k = CHOICE_INVALID + 1; k < CHOICE_NKINDS; k++)
		if (strcmp(kind_names[k], name) == 0)
			return (enum choice_kind)k;
	return CHOICE_INVALID;
}

void choices_init(struct choices *c, struct strategy *st)
{
	*c = (struct choices){.strategy = st};
}

void choices_destroy(struct choices *c)
{
	c->strategy->destroy(c->strategy);
	free(c->nth);
	free(c->taken);
}

static u32 count_choice(struct choices *c, u32 host, enum choice_kind kind)
{
	if (unlikely(host >= c->nhost)) {
		u32 n = max(host + 1, c->nhost * 2);

		c->nth = xrealloc(c->nth, n * sizeof(*c->nth));
		memset(c->nth + c->nhost, 0, (n - c->nhost) * sizeof(*c->nth));
		c->nhost = n;
	}
	return c->nth[host][kind]++;
}

static void record(struct choices *c, const struct choice *ch)
{
	if (c->ntaken == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->taken = xrealloc(c->taken, c->cap * sizeof(*c->taken));
	}
	c->taken[c->ntaken++] = *ch;
}

nsec_t hold_time(u32 value)
{
	nsec_t t = 10 * NSEC_PER_USEC;

	assert(value >= 1 && value <= CHOICE_HOLDS);
	while (--value)
		t *= 10;
	return t;
}

u32 choices_asked(const struct choices *c, u32 host, enum choice_kind kind)
{
	return host < c->nhost ? c->nth[host][kind] : 0;
}

u32 choose_actor(struct sim *s, u32 host, enum choice_kind kind, u32 n, u32 actor,
		 const u32 *options)
{
	struct choices *c = &s->choices;
	struct choice_ask q = {.host = host, .kind = kind, .n = n, .actor = actor, .options = options};
	u32 value;

	assert(n > 0 && kind > CHOICE_INVALID && kind < CHOICE_NKINDS);
	if (n == 1)
		return 0;
	q.nth = count_choice(c, host, kind);
	q.point = c->npoints++;
	value = c->strategy->pick(c->strategy, &q);
	assert(value < n);
	if (unlikely(value)) {
		record(c, &(struct choice){host, kind, q.nth, n, value});
		trace_choice(s->trace, s->now, host, kind_names[kind], q.nth, n, value);
	}
	return value;
}

u32 choose(struct sim *s, u32 host, enum choice_kind kind, u32 n)
{
	return choose_actor(s, host, kind, n, 0, NULL);
}

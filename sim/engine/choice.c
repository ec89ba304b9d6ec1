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
    [CHOICE_STALL] = "stall",
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

u32 choose(struct sim *s, u32 host, enum choice_kind kind, u32 n)
{
	struct choices *c = &s->choices;
	u32 nth, value;

	assert(n > 0 && kind > CHOICE_INVALID && kind < CHOICE_NKINDS);
	if (n == 1)
		return 0;
	nth = count_choice(c, host, kind);
	value = c->strategy->pick(c->strategy, host, kind, nth, n);
	assert(value < n);
	if (unlikely(value)) {
		record(c, &(struct choice){host, kind, nth, n, value});
		trace_choice(s->trace, s->now, host, kind_names[kind], nth, n, value);
	}
	return value;
}

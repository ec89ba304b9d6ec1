/* SPDX-License-Identifier: MIT */
#include "tools/reduce.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

static void drop_range(const struct choice *from, size_t n, size_t at, size_t len, struct choice *to)
{
	memcpy(to, from, at * sizeof(*to));
	memcpy(to + at, from + at + len, (n - at - len) * sizeof(*to));
}

/* Runs the schedule; true: it fails alike, and is the best now. */
static bool try_schedule(struct reduction *x, const struct choice *sched, size_t n)
{
	struct probe_result r;
	bool same;

	if (x->runs >= x->most)
		return false;
	x->runs++;
	probe_run(x->probe, strategy_schedule(sched, n), &r);
	same = probe_same(&r, &x->best);
	if (same) {
		probe_result_clear(&x->best);
		x->best = r;
	} else {
		probe_result_clear(&r);
	}
	cli_progress(&x->progress, "%zu decisions, %llu runs", x->best.nschedule,
		     (unsigned long long)x->runs);
	return same;
}

/* Pieces of len entries are dropped, one after another. True: some could go. */
static bool drop_pieces(struct reduction *x, size_t len)
{
	struct choice *part = xcalloc(x->best.nschedule + 1, sizeof(*part));
	bool any = false;

	/* From the end: what comes late depends on what came before. */
	for (size_t end = x->best.nschedule; end; end = min(end, x->best.nschedule)) {
		size_t at = end > len ? end - len : 0, n = x->best.nschedule;

		drop_range(x->best.schedule, n, at, end - at, part);
		if (try_schedule(x, part, n - (end - at)))
			any = true;
		end = at;
		if (!end)
			break;
	}
	free(part);
	return any;
}

/* Smaller values: a shorter hold, an option nearer to the ordinary one. */
static bool lower_values(struct reduction *x)
{
	bool any = false;

	for (size_t i = 0; i < x->best.nschedule; i++) {
		size_t n = x->best.nschedule;
		struct choice *copy = xcalloc(n, sizeof(*copy));

		memcpy(copy, x->best.schedule, n * sizeof(*copy));
		for (u32 v = 1; v < copy[i].value; v = v < 8 ? v + 1 : v * 2) {
			u32 before = copy[i].value;

			copy[i].value = v;
			if (try_schedule(x, copy, n)) {
				any = true;
				break;
			}
			copy[i].value = before;
		}
		free(copy);
	}
	return any;
}

void reduce(struct reduction *x)
{
	bool again;

	cli_progress_init(&x->progress);
	/* It may fail without any decision of the schedule that was not asked for. */
	try_schedule(x, NULL, 0);
	do {
		again = false;
		for (size_t len = x->best.nschedule; len; len /= 2)
			again |= drop_pieces(x, len);
		if (!again)
			again = lower_values(x);
	} while (again && x->runs < x->most);
	cli_progress_end(&x->progress);
}

/* SPDX-License-Identifier: MIT */
/*
 * Strategies that look for schedules that fail. Each is a function of (seed, run): the same run of the
 * same search makes the same choices, wherever it is carried out.
 *
 *	random	each choice may go otherwise; how often changes from run to run
 *	pct	random priorities, and depth - 1 places where something unusual happens (Burckhardt,
 *		Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
 *		Finding Bugs, ASPLOS 2010). Among tasks that share a CPU the most important goes on; tasks
 *		on CPUs of their own are overtaken by being held up at a change point.
 *	pos	partial-order sampling (Yuan, Yang, Gu, CAV 2018): each step draws a priority of its own
 *	delay	a few places, each put off or reordered (Emmi, Qadeer, Rakamaric: Delay-Bounded
 *		Scheduling, POPL 2011), drawn by host and kind, so that rare kinds have their turn
 *	starve	one task is held up for long, again and again (rr's chaos mode)
 *	faults	one to three packets of links with explore_drop or explore_delay are lost or late
 */
#ifndef SIM_ENGINE_STRATEGY_EXPLORE_H
#define SIM_ENGINE_STRATEGY_EXPLORE_H

#include "sim/engine/choice.h"

enum explore_kind {
	EXPLORE_INVALID = 0,
	EXPLORE_RANDOM,
	EXPLORE_PCT,
	EXPLORE_POS,
	EXPLORE_DELAY,
	EXPLORE_STARVE,
	EXPLORE_FAULTS,
	EXPLORE_NKINDS
};

const char *explore_kind_name(enum explore_kind k);
/* EXPLORE_INVALID when there is no such name. */
enum explore_kind explore_kind_parse(const char *name);

/* What the ordinary run was asked: how the places of a search are drawn. */
struct choice_census {
	u64 points;
	u32 nhost;
	u32 (*asked)[CHOICE_NKINDS];
};
/* Copies; choice_census_free() gives back. */
void choice_census_take(struct choice_census *c, const struct choices *from);
void choice_census_free(struct choice_census *c);

/* census is borrowed for as long as the strategy lives. depth >= 1: PCT's d, the others' greatest number of places. */
struct strategy *strategy_explore(enum explore_kind k, u64 seed, u64 run, u32 depth,
				  const struct choice_census *census);

#endif

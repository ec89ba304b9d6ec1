/* SPDX-License-Identifier: MIT */
/*
 * Choices: what the machine may legally do in more than one way.
 *
 * choose() returns 0, the ordinary Linux order, unless the run's strategy says otherwise. A schedule is
 * the sparse list of the choices that were not 0, each named by (host, kind, nth choice of that kind on
 * that host). Seed plus schedule reproduces a run.
 */
#ifndef SIM_ENGINE_CHOICE_H
#define SIM_ENGINE_CHOICE_H

#include "sim/engine/rng.h"
#include "sim/engine/types.h"

struct sim;

/* Append only; the names in choice_kind_name() are part of the trace format. */
enum choice_kind {
	CHOICE_INVALID = 0,
	CHOICE_TASK,	 /* which runnable task a CPU takes next: index into its run queue */
	CHOICE_WAITER,	 /* which exclusive waiter a wakeup takes first */
	CHOICE_WAKE_CPU, /* which allowed CPU a woken task goes to: 0 is Linux's pick */
	CHOICE_IRQ,	 /* an interrupt that arrives during a step: 0 before its effect, 1 after it */
	CHOICE_DROP,	 /* 1: this packet is lost on its link */
	CHOICE_DELAY,	 /* k: this packet is late by k times the link's explored quantum */
	CHOICE_PORT,	 /* which ephemeral port */
	CHOICE_PREEMPT,	 /* 1: the running task is preempted at this call */
	CHOICE_STALL,	 /* 1: a CPU is held up between two steps of a driver */
	CHOICE_HOLD,	 /* k: a task stays off its CPU for hold_time(k), before a call or after a wakeup */
	CHOICE_NKINDS
};

const char *choice_kind_name(enum choice_kind kind);
/* CHOICE_INVALID when there is no such name. */
enum choice_kind choice_kind_parse(const char *name);

/* One entry of a schedule. */
struct choice {
	u32 host;
	enum choice_kind kind;
	u32 nth;   /* counts from 0, only choices with n > 1 */
	u32 n;	   /* number of options there were; 0 in a schedule from outside: not known */
	u32 value; /* 0 < value < n */
};

/* How long CHOICE_HOLD's values keep a task off its CPU: 10 us, 100 us, 1 ms ... 1 s. */
#define CHOICE_HOLDS 6
nsec_t hold_time(u32 value);

/* Who acts, for strategies with priorities: a task, or a CPU's interrupts. */
static inline u32 choice_actor(u32 host, u32 id)
{
	return host << 16 | (id & 0xffff);
}

/* What a strategy is asked. */
struct choice_ask {
	u32 host;
	enum choice_kind kind;
	u32 nth; /* of that kind on that host */
	u32 n;
	u64 point;	    /* of all choices of the run, from 0 */
	u32 actor;	    /* whose step this is; 0: nobody's */
	const u32 *options; /* who goes first with value i; NULL: not a choice among actors */
};

/* A strategy decides every choice of a run. Returns a value below n. */
struct strategy {
	const char *name;
	u32 (*pick)(struct strategy *st, const struct choice_ask *q);
	void (*destroy)(struct strategy *st);
};

/* Always 0. */
struct strategy *strategy_default(void);
/* Each choice is non-zero with probability p, then uniform; from (seed, host, RNG_STRATEGY). */
struct strategy *strategy_random(u64 seed, struct ratio p);
/*
 * The entries of sched (copied, any order), 0 elsewhere. A value that is out of range when its turn
 * comes is taken as 0: a schedule that was cut by hand must still run.
 */
struct strategy *strategy_schedule(const struct choice *sched, size_t len);

/* What a run was asked, in order. */
struct choice_log {
	struct choice *asked; /* value: what was answered */
	size_t n, cap;
};
void choice_log_free(struct choice_log *log);
/* As strategy_schedule(), and notes every question in log, which is borrowed. */
struct strategy *strategy_logged(const struct choice *sched, size_t len, struct choice_log *log);

struct choices {
	struct strategy *strategy; /* owned */
	u64 npoints;		   /* how many were asked */
	u32 (*nth)[CHOICE_NKINDS]; /* counters for each host */
	u32 nhost;
	struct choice *taken; /* the schedule of this run: choices that were not 0 */
	size_t ntaken, cap;
};

/* Takes ownership of st. */
void choices_init(struct choices *c, struct strategy *st);
void choices_destroy(struct choices *c);
/* n >= 1; with n == 1 there is nothing to choose, and nothing is counted. Each non-zero answer is traced. */
u32 choose(struct sim *s, u32 host, enum choice_kind kind, u32 n);
/* The same, with what a strategy may want to know: struct choice_ask's actor and options. */
u32 choose_actor(struct sim *s, u32 host, enum choice_kind kind, u32 n, u32 actor,
		 const u32 *options);
/* How often a kind was asked for on a host so far. */
u32 choices_asked(const struct choices *c, u32 host, enum choice_kind kind);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * One run of a scenario under a given strategy, for its verdict only: what explore, shrink and explain do
 * thousands of times.
 *
 * What counts as a failure: a check that fails, a program's error or failed assertion, an exit status
 * or a signal that the ordinary run does not have, a task that waits for ever where the ordinary run's
 * ends, a run that takes many times as many events as the ordinary one. "Ordinary" is the run without any
 * choice, which probe_open() makes first.
 */
#ifndef TOOLS_PROBE_H
#define TOOLS_PROBE_H

#include "sim/engine/strategy_explore.h"
#include "sim/scenario/scenario.h"

enum probe_failure {
	PROBE_PASS = 0,
	PROBE_PROGRAM,	/* an error in a Lua program */
	PROBE_CRASH,	/* a status that the ordinary run does not have */
	PROBE_CHECK,	/* a check does not hold */
	PROBE_STUCK,	/* a task waits for ever */
	PROBE_LIVELOCK, /* no end */
	PROBE_BROKEN,	/* the scenario cannot be run at all */
};

const char *probe_failure_name(enum probe_failure f);

struct probe_result {
	enum probe_failure failure;
	char *name;    /* which check, program, task: the same failure has the same name */
	char *message; /* what it said, one line */
	char *sql;     /* a check that says the same where there is no ordinary run; NULL: not needed */
	u64 order;     /* fingerprint: which calls returned what, in which order (sim_happened()) */
	u64 points;    /* how many choices there were */
	nsec_t duration; /* how long it was given */
	bool late;	 /* somebody was still held up then: nothing can be said of who waits */
	struct choice *schedule;
	size_t nschedule;
};
void probe_result_clear(struct probe_result *r);
/* The same kind of failure of the same name. */
bool probe_same(const struct probe_result *a, const struct probe_result *b);

/* How many tasks of a name ended the ordinary run in which way. */
struct probe_tasks {
	u32 host;
	char name[16];
	u32 waiting, failed;
};

struct probe {
	struct scenario_opts o; /* strategy and trace are each run's own */
	scenario_reader read;	/* of o, as it was given */
	void *read_ctx;
	char *text; /* of the scenario file, read once */
	size_t len;
	u32 tables;		/* what checks read */
	struct trace_sink *db;	/* for checks; NULL: none reads anything */
	struct choice_census census;
	struct probe_tasks *tasks;
	size_t ntasks;
	u32 actors;  /* tasks of the ordinary run */
	u32 waiting; /* of these, alive at its end */
	u64 events;
};

/*
 * Makes the ordinary run and says in r what became of it. o is copied; what it points to is borrowed.
 */
void probe_open(struct probe *p, const struct scenario_opts *o, struct probe_result *r);
void probe_close(struct probe *p);
/* Takes st over. */
void probe_run(struct probe *p, struct strategy *st, struct probe_result *r);
/*
 * Runs a schedule once more and writes the whole trace, with the failure among its facts. EXIT_OK or an
 * exit status after an error in the name of command.
 */
int probe_record(struct probe *p, const struct probe_result *r, const char *path, const char *command);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Scenario files: from text to a world that runs, and from its trace to the verdict.
 *
 * A scenario is Lua (sim/process/lua_program.h says in which sandbox). Running its text builds the world
 * through host{}, link{}, switch{}, host:spawn() and check(); when it has ended, the world is complete and
 * runs. Mistakes are errors with file and line, before anything runs.
 *
 *	scenario_load() -> scenario_run() -> scenario_finish() -> scenario_check() -> scenario_free()
 */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include "sim/engine/sim.h"
#include "sim/engine/trace.h"

struct scenario;
struct sqlite3;
struct world;

/* A value for param(), from --set name=value. */
struct scenario_param {
	const char *name, *value;
};

/*
 * Where files come from: the file system, or the trace that is replayed. Returns 0 and *text (malloc'ed)
 * and *len, or -errno with *err (malloc'ed).
 */
typedef int (*scenario_reader)(void *ctx, const char *path, char **text, size_t *len, char **err);

struct scenario_opts {
	const char *path;	    /* of the scenario file; names messages and the trace's file row */
	u64 seed;
	struct strategy *strategy;  /* taken over */
	struct trace *trace;	    /* borrowed */
	const struct scenario_param *params;
	size_t nparams;
	scenario_reader read;	    /* NULL: the file system */
	void *read_ctx;
	nsec_t duration;	    /* 0: what the scenario says, or SCENARIO_DURATION */
	size_t memory;		    /* limits for Lua (struct lua_limits); 0: the default */
	u64 instructions;
};

/* The file system's; for readers that know only some of the files. */
int scenario_read_file(void *ctx, const char *path, char **text, size_t *len, char **err);

#define SCENARIO_DURATION (60 * NSEC_PER_SEC)
#define SCENARIO_SEED 1

/* Reads and builds. NULL: *err says where and why (free() it). Facts and files are traced. */
struct scenario *scenario_load(const struct scenario_opts *o, char **err);
struct world *scenario_world(struct scenario *s);
/* What the scenario says of itself; "" when it says nothing. */
const char *scenario_about(const struct scenario *s);
nsec_t scenario_duration(const struct scenario *s);
/* Another end than the scenario says; before scenario_finish(). */
void scenario_set_duration(struct scenario *s, nsec_t duration);
/* Runs up to virtual time until (or the duration, if that is earlier). May be called again. */
enum sim_stop scenario_run(struct scenario *s, nsec_t until);
/* The rows that end a run: tasks that still live, counters, CPU times, facts. Once. */
void scenario_finish(struct scenario *s, enum sim_stop why);

/* The tables that checks read (bits 1 << TT_...); all of them when a check is a function. */
u32 scenario_check_tables(struct scenario *s);

struct scenario_verdict {
	u32 checks, failed;
	u32 failures; /* programs that ended with an error: each counts as a failed check */
	u32 limits;   /* of these: programs that ran into a limit, which is the scenario's mistake */
};
/*
 * Evaluates the checks over the finished trace, in order of declaration, and traces their results. level:
 * what the trace holds; a check that reads a table above it fails and says so. report is called for each
 * (message NULL when it held).
 */
struct scenario_verdict scenario_check(struct scenario *s, struct sqlite3 *db, enum trace_level level,
				       void (*report)(void *ctx, const char *name, bool ok,
						      const char *message),
				       void *ctx);
void scenario_free(struct scenario *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A recorded run as steps of tasks: where each call begins and where it ends. Two runs are compared by the
 * order of their steps; a step is the same in both when it is the same end of the same task's nth call of
 * that name.
 */
#ifndef TOOLS_STEPS_H
#define TOOLS_STEPS_H

#include <stddef.h>

#include "sim/engine/types.h"

struct sqlite3;

#define STEP_ARGS 96

struct step {
	u32 host;
	int tid, pid;
	u32 nth;    /* of the task's calls of that name */
	bool end;   /* false: it begins */
	bool never; /* a call that begins and does not end */
	nsec_t t;
	char name[24], args[STEP_ARGS];
	s64 result;
	int err;
	int object; /* the descriptor that it is about; -1: none */
	int target; /* the process that it signals; 0: none */
	bool writes; /* changes what it is about: send, close, kill... */
	s64 other;  /* index of the same step of the other run; -1: none */
};

struct step_task {
	u32 host;
	int tid, pid;
	char name[16], host_name[24];
};

struct steps {
	struct step *step;
	size_t n;
	struct step_task *task;
	size_t ntasks;
};

void steps_read(struct steps *s, struct sqlite3 *db);
void steps_free(struct steps *s);
/* Fills in step.other of both. */
void steps_match(struct steps *a, struct steps *b);
const struct step_task *steps_task(const struct steps *s, const struct step *st);
/* "kill(100, SIGUSR1) = 0", or "select(...) begins"; at most so many characters of arguments. */
void step_text(const struct step *st, size_t args, char *buf, size_t len);

/*
 * The pair of steps of different tasks whose order differs between the runs and that most likely decides:
 * they are about the same thing, one changes it, and they are near the decision at time t (of task tid).
 * *first comes before *second in a, and after it in b. False: every order is the same.
 */
bool steps_deciding_pair(const struct steps *a, const struct steps *b, nsec_t t, int tid,
			 const struct step **first, const struct step **second);

#endif

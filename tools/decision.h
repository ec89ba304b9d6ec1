/* SPDX-License-Identifier: MIT */
/*
 * The decisions of a recorded run, as sentences.
 */
#ifndef TOOLS_DECISION_H
#define TOOLS_DECISION_H

#include <stdio.h>

#include "sim/engine/types.h"

struct sqlite3;

struct decision {
	s64 seq;
	nsec_t t;
	u32 host, nth, n, value;
	int tid;	/* whom it is about; 0: no task */
	char kind[16];
	char text[160]; /* "main of a is held up for 1ms before select()" */
};

/* All decisions of a trace, in order; *out is from malloc(). Returns how many. */
size_t decisions_read(struct sqlite3 *db, struct decision **out);
/* One line for each; for a trace that has just been written. */
void decisions_print(const char *path, FILE *f);

#endif

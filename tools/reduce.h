/* SPDX-License-Identifier: MIT */
/*
 * Delta debugging over the sparse schedule (Zeller and Hildebrandt, Simplifying and Isolating
 * Failure-Inducing Input, 2002). Each reduction is run: that a part fails says nothing of a part of it.
 */
#ifndef TOOLS_REDUCE_H
#define TOOLS_REDUCE_H

#include "tools/cli.h"
#include "tools/probe.h"

struct reduction {
	struct probe *probe;
	struct probe_result best; /* fails; on return as small as it gets */
	u64 runs, most;		  /* how many were made, how many may be */
	struct cli_progress progress;
};

/* At the end dropping any one decision of best lets the run pass, or fail otherwise. */
void reduce(struct reduction *x);

#endif

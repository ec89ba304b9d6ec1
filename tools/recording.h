/* SPDX-License-Identifier: MIT */
/*
 * A recorded run as something that can be run again: scenario, files, parameters, seed and schedule, all
 * from the trace.
 */
#ifndef TOOLS_RECORDING_H
#define TOOLS_RECORDING_H

#include "sim/engine/choice.h"
#include "sim/engine/trace_read.h"
#include "sim/scenario/scenario.h"

struct recording {
	const char *path;
	struct trace_read *rec;
	struct scenario_param *params;
	size_t nparams;
	char *scenario;
	struct choice *schedule;
	size_t nschedule;
	/* Ready for scenario_load(), but for the strategy and the trace; borrows the recording. */
	struct scenario_opts o;
};

/* EXIT_OK, or the exit status after an error in the name of command. recording_close() either way. */
int recording_open(struct recording *r, const char *path, const char *command);
void recording_close(struct recording *r);

#endif

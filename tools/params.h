/* SPDX-License-Identifier: MIT */
/*
 * --set NAME=VALUE: values for a scenario's param().
 */
#ifndef TOOLS_PARAMS_H
#define TOOLS_PARAMS_H

#include "sim/scenario/scenario.h"
#include "tools/cli.h"

#define MAX_PARAMS 64

struct params {
	struct scenario_param list[MAX_PARAMS];
	size_t n;
};

/* Adds what text says; a mistake is reported as cli_usage() does. */
void params_add(struct params *p, struct cli *c, const char *text);
void params_free(struct params *p);

#endif

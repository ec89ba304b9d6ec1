/* SPDX-License-Identifier: MIT */
/*
 * What hosted programs asked for in vain.
 */
#ifndef TOOLS_MISSING_H
#define TOOLS_MISSING_H

struct world;

/* A line on standard error with the calls that got ENOSYS, and how often; nothing when there are none. */
void print_missing(struct world *w);

#endif

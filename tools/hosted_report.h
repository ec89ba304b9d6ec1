/* SPDX-License-Identifier: MIT */
/*
 * What is said of hosted programs at the end of a run.
 */
#ifndef TOOLS_HOSTED_REPORT_H
#define TOOLS_HOSTED_REPORT_H

struct sqlite3;
struct world;

/* A line on standard error with the calls that got ENOSYS, and how often; nothing when there are none. */
void print_missing(struct world *w);
/* After a check failed: the last lines that each hosted program printed. db: the trace. */
void print_output(struct world *w, struct sqlite3 *db);

#endif

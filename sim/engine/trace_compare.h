/* SPDX-License-Identifier: MIT */
/*
 * Comparing runs row by row: a replay with its recording, or two recordings with each other.
 *
 * All rows of the tables that replay must give again are compared, in the order of the run over all
 * tables, every column, hashed or not. The first difference is what is reported: what follows it is
 * its consequence.
 */
#ifndef SIM_ENGINE_TRACE_COMPARE_H
#define SIM_ENGINE_TRACE_COMPARE_H

#include "sim/engine/trace_read.h"

struct trace_divergence {
	bool found;
	/*
	 * Set by whoever stops a replay early on purpose, before the rows that end a run are
	 * reported: rows are no longer compared, and rows that are missing are no difference.
	 */
	bool stopped;
	u64 equal; /* rows that were the same, before the first difference */
	nsec_t t;  /* of the first row that differs; of the earlier, when other rows stand there */
	const char *table;  /* of the row of a, or of b where a has none */
	const char *column; /* NULL: another row, or none, stands there */
	char *a, *b;	    /* the two values, or the two rows when column is NULL; NULL: no row */
	char *row;	    /* the row of a, when column is set */
};

/* Frees the texts. */
void trace_divergence_clear(struct trace_divergence *d);
/* Several lines for a user; a and b are named name_a and name_b. The caller frees it. */
char *trace_divergence_text(const struct trace_divergence *d, const char *name_a,
			    const char *name_b);

/*
 * A sink that holds the rows of a run at this level against recorded (borrowed): a is the
 * recording, b the replay. out (borrowed, zeroed by the caller) may be looked at during the run.
 * The recording of a run that was killed may end before the replay does.
 */
struct trace_sink *trace_compare_sink(struct trace_read *recorded, enum trace_level level,
				      struct trace_divergence *out);

/* The same for two recordings, at the lower of their levels; a killed run may be a prefix. */
void trace_compare_files(struct trace_read *a, struct trace_read *b, struct trace_divergence *out);

/* When a row happened: its column t, t_enter or t_start; 0 for rows that have no time. */
nsec_t trace_row_time(const struct trace_table_desc *d, const struct tval *v);

#endif

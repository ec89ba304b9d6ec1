/* SPDX-License-Identifier: MIT */
/*
 * Reading a recorded trace: what replay, diff, show and export share.
 *
 * A trace is opened read-only. One whose writer was killed is first brought back to its last
 * commit, as SQLite does; it then holds a prefix of the run, and complete is false.
 */
#ifndef SIM_ENGINE_TRACE_READ_H
#define SIM_ENGINE_TRACE_READ_H

#include "sim/engine/choice.h"
#include "sim/engine/trace.h"

struct sqlite3;
struct sqlite3_stmt;

struct trace_read {
	struct sqlite3 *db;
	char *path;
	enum trace_level level;
	bool complete; /* the run came to its end: it has an outcome */
	char *error;   /* the first error of reading ("PATH: ..."): results are then cut short */
};

/* NULL on failure, with *err set to "PATH: what is wrong" (free() it). */
struct trace_read *trace_read_open(const char *path, char **err);
void trace_read_close(struct trace_read *r);

/* A fact of the run table, or NULL; the caller frees it. */
char *trace_read_fact(struct trace_read *r, const char *key);
/* A fact that is a number, decimal or 0x...; false when it is not there or not a number. */
bool trace_read_fact_u64(struct trace_read *r, const char *key, u64 *value);
/* The files, in the order of recording; the first is the scenario. Returns how many. */
int trace_read_files(struct trace_read *r,
		     void (*fn)(void *arg, const char *name, const void *content, size_t len),
		     void *arg);
/*
 * The schedule of the run: its choices that were not 0. *out is from malloc(), NULL when there are
 * none. Returns 0, or -EINVAL when the trace names a kind of choice that this version does not
 * know.
 */
int trace_read_schedule(struct trace_read *r, struct choice **out, size_t *n);
/* How many rows a table has. */
u64 trace_read_count(struct trace_read *r, enum trace_table t);

/* ---- all rows, in the order of the run ----------------------------------------------------------
 */

#define TRACE_TABLE_BIT(t) (1u << (t))
/* The tables whose rows replay must give again: all but run, file and check_result. */
#define TRACE_REPLAYED_TABLES                                                                      \
	(~(TRACE_TABLE_BIT(TT_RUN) | TRACE_TABLE_BIT(TT_FILE) | TRACE_TABLE_BIT(TT_CHECK_RESULT)))

struct trace_cursor {
	struct trace_read *trace;
	const struct trace_table_desc *table; /* of the row it stands on; NULL: past the end */
	struct tval v[TRACE_MAX_COLUMNS];     /* valid until the next step */
	s64 seq;
	struct sqlite3_stmt *st[TT_NTABLES];
	s64 head[TT_NTABLES]; /* seq of the next row of each table; INT64_MAX: none */
};

/* Stands on the first row of the tables in mask (TRACE_TABLE_BIT) up to level. */
void trace_cursor_open(struct trace_cursor *c, struct trace_read *r, u32 mask,
		       enum trace_level level);
void trace_cursor_next(struct trace_cursor *c);
void trace_cursor_close(struct trace_cursor *c);

/* ---- frames -------------------------------------------------------------------------------------
 */

struct trace_frame_at {
	u64 packet;
	nsec_t t;
	u32 host;
	int ifindex;
	bool sent; /* false: received */
	const u8 *frame;
	u32 len;
};

/*
 * Every frame where an interface saw it, in the order of time: at the sender when it left, at each
 * receiver when it was put into the RX ring. host 0 and ifindex 0 mean any. Stops when fn returns
 * non-zero, and returns that. The recorded bytes are the sender's.
 */
int trace_read_frames(struct trace_read *r, u32 host, int ifindex,
		      int (*fn)(void *arg, const struct trace_frame_at *f), void *arg);

#endif

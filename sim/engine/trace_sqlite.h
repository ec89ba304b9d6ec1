/* SPDX-License-Identifier: MIT */
/*
 * The SQLite trace beyond "a sink that writes a file" (trace_sqlite_sink() in trace.h): what
 * identifies such a file, its views, and reading from the trace that is being written.
 */
#ifndef SIM_ENGINE_TRACE_SQLITE_H
#define SIM_ENGINE_TRACE_SQLITE_H

#include "sim/engine/trace.h"

struct sqlite3;

/* PRAGMA application_id of a trace ("slom"); PRAGMA user_version is TRACE_SCHEMA_VERSION. */
#define TRACE_APPLICATION_ID 0x736c6f6d

struct trace_view {
	const char *name;
	const char *select;
};

/* The views, and the statements that make the indexes; each list ends with NULL. */
const struct trace_view *trace_views(void);
const char *const *trace_indexes(void);

/*
 * The connection of a trace_sqlite_sink(), to query (and only query) what has been written so far:
 * commits, and makes the indexes. Rows may follow. NULL after an error, which close() will return.
 */
struct sqlite3 *trace_sqlite_db(struct trace_sink *sink);

#endif

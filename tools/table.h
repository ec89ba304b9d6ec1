/* SPDX-License-Identifier: MIT */
/*
 * The result of an SQL query as an aligned table.
 *
 * Queries may use two functions beside SQLite's: duration(ns) gives "1.5ms", packet_name(id) gives
 * "1:17" (host 1's 17th).
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdio.h>

#include "sim/engine/types.h"

struct sqlite3;

/* Registers the functions on a connection. */
void table_functions(struct sqlite3 *db);
/*
 * Prints the result of sql with a line of headings; none: prints empty and no headings (NULL:
 * nothing). Only one statement, and it may not write. Returns 0, or -EINVAL with *err set (free()
 * it).
 */
int table_print(struct sqlite3 *db, const char *sql, FILE *out, bool color, const char *empty,
		char **err);

#endif

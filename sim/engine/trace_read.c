/* SPDX-License-Identifier: MIT */
/*
 * Reading a recorded trace (trace_read.h).
 */
#include "sim/engine/trace_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace_place.h"
#include "sim/engine/trace_sqlite.h"

static char *__printf_like(2, 3) error_text(const char *path, const char *fmt, ...)
{
	char what[512], *s;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return asprintf(&s, "%s: %s", path, what) < 0 ? NULL : s;
}

/* The statement must be right: it is ours, and the schema has been checked. */
static sqlite3_stmt *prepare(struct trace_read *r, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(r->db, sql, -1, &st, NULL);

	assert(rc == SQLITE_OK);
	(void)rc;
	return st;
}

/* Steps to the next row; an error (a damaged file) is kept, and ends the rows. */
static bool next_row(struct trace_read *r, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (unlikely(rc != SQLITE_ROW && rc != SQLITE_DONE) && !r->error)
		r->error = error_text(r->path, "%s", sqlite3_errmsg(r->db));
	return rc == SQLITE_ROW;
}

static int pragma_int(sqlite3 *db, const char *sql, int *value)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int(st, 0);
	rc = sqlite3_finalize(st);
	return rc;
}

/*
 * A writer that was killed left its journal: roll back, and make the indexes that it came not to,
 * since the views are slow without. Takes writing; what fails here shows when the file is opened
 * for reading.
 */
static void recover(const char *path)
{
	char journal[4096];
	sqlite3 *db;
	int id = 0;

	snprintf(journal, sizeof(journal), "%s-journal", path);
	if (access(journal, F_OK) < 0)
		return;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    pragma_int(db, "PRAGMA application_id", &id) == SQLITE_OK &&
	    id == TRACE_APPLICATION_ID) {
		for (const char *const *sql = trace_indexes(); *sql; sql++)
			sqlite3_exec(db, *sql, NULL, NULL, NULL);
		sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
		unlink(
		    journal); /* an empty one is left by a writer that was between transactions */
	}
	sqlite3_close(db);
}

static char *check_identity(struct trace_read *r)
{
	int id = 0, version = 0, rc;

	rc = pragma_int(r->db, "PRAGMA application_id", &id);
	if (rc == SQLITE_OK)
		rc = pragma_int(r->db, "PRAGMA user_version", &version);
	if (rc == SQLITE_BUSY)
		return error_text(r->path, "is being written by another process");
	if (rc == SQLITE_READONLY || rc == SQLITE_CANTOPEN)
		return error_text(r->path,
				  "was cut short, and its journal cannot be rolled back: %s",
				  sqlite3_errmsg(r->db));
	if (rc == SQLITE_NOTADB)
		return error_text(r->path, "is not a trace: not an SQLite database");
	if (rc != SQLITE_OK)
		return error_text(r->path, "%s", sqlite3_errmsg(r->db));
	if (id != TRACE_APPLICATION_ID)
		return error_text(r->path, "is not a trace of sockloom");
	if (version != TRACE_SCHEMA_VERSION)
		return error_text(r->path, "has schema version %d, this sockloom reads version %d",
				  version, TRACE_SCHEMA_VERSION);
	return NULL;
}

/* Tables and columns as trace_schema.c has them, and views that work: what follows relies on it. */
static char *check_schema(struct trace_read *r)
{
	char sql[2048];
	sqlite3_stmt *st;

	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);
		int n = snprintf(sql, sizeof(sql), "SELECT seq");

		for (int c = 0; c < d->ncolumns; c++)
			n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", %s.%s", d->name,
				      d->columns[c].name);
		snprintf(sql + n, sizeof(sql) - (size_t)n, " FROM %s", d->name);
		if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) != SQLITE_OK)
			return error_text(r->path, "is damaged: %s", sqlite3_errmsg(r->db));
		sqlite3_finalize(st);
	}
	for (const struct trace_view *v = trace_views(); v->name; v++) {
		snprintf(sql, sizeof(sql), "SELECT * FROM %s", v->name);
		if (sqlite3_prepare_v2(r->db, sql, -1, &st, NULL) != SQLITE_OK)
			return error_text(r->path, "is damaged: %s", sqlite3_errmsg(r->db));
		sqlite3_finalize(st);
	}
	return NULL;
}

static char *read_level(struct trace_read *r)
{
	char *level = trace_read_fact(r, "level"), *outcome, *err = NULL;

	if (r->error)
		return xstrdup(r->error);
	if (!level)
		return error_text(r->path, "holds nothing: the run was stopped as it began");
	r->level = trace_level_parse(level);
	if ((int)r->level < 0)
		err = error_text(r->path, "has an unknown level '%s'", level);
	free(level);
	outcome = trace_read_fact(r, "outcome");
	r->complete = outcome != NULL;
	free(outcome);
	return err;
}

struct trace_read *trace_read_open(const char *path, char **err)
{
	struct trace_read *r;

	*err = NULL;
	if (access(path, R_OK) < 0) {
		*err = error_text(path, "%s", strerror(errno));
		return NULL;
	}
	recover(path);
	r = xcalloc(1, sizeof(*r));
	r->path = xstrdup(path);
	if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		*err = error_text(path, "%s", sqlite3_errmsg(r->db));
	if (!*err)
		*err = check_identity(r);
	if (!*err)
		*err = check_schema(r);
	if (!*err)
		*err = read_level(r);
	if (*err) {
		trace_read_close(r);
		return NULL;
	}
	return r;
}

void trace_read_close(struct trace_read *r)
{
	sqlite3_close(r->db);
	free(r->error);
	free(r->path);
	free(r);
}

char *trace_read_fact(struct trace_read *r, const char *key)
{
	sqlite3_stmt *st =
	    prepare(r, "SELECT value FROM run WHERE key = ? ORDER BY seq DESC LIMIT 1");
	const char *text;
	char *value = NULL;

	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	if (next_row(r, st)) {
		text = (const char *)sqlite3_column_text(st, 0);
		value = xstrdup(text ? text : "");
	}
	sqlite3_finalize(st);
	return value;
}

bool trace_read_fact_u64(struct trace_read *r, const char *key, u64 *value)
{
	char *text = trace_read_fact(r, key), *end = text;

	if (!text)
		return false;
	errno = 0;
	*value = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	bool ok = errno == 0 && end != text && *end == '\0';
	free(text);
	return ok;
}

int trace_read_files(struct trace_read *r,
		     void (*fn)(void *arg, const char *name, const void *content, size_t len),
		     void *arg)
{
	sqlite3_stmt *st = prepare(r, "SELECT name, content FROM file ORDER BY seq");
	int n = 0;

	while (next_row(r, st)) {
		const void *content = sqlite3_column_blob(st, 1);

		fn(arg, (const char *)sqlite3_column_text(st, 0), content ? content : "",
		   (size_t)sqlite3_column_bytes(st, 1));
		n++;
	}
	sqlite3_finalize(st);
	return n;
}

u64 trace_read_count(struct trace_read *r, enum trace_table t)
{
	char sql[96];
	sqlite3_stmt *st;
	u64 n = 0;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", trace_table_desc(t)->name);
	st = prepare(r, sql);
	if (next_row(r, st))
		n = (u64)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

int trace_read_schedule(struct trace_read *r, struct choice **out, size_t *n)
{
	sqlite3_stmt *st = prepare(r, "SELECT host, kind, nth, n, value FROM choice ORDER BY seq");
	u64 total = trace_read_count(r, TT_CHOICE);
	struct choice *c;
	int err = 0;

	*out = total ? xcalloc(total, sizeof(**out)) : NULL;
	*n = 0;
	while (*n < total && next_row(r, st)) {
		const char *kind = (const char *)sqlite3_column_text(st, 1);

		c = &(*out)[(*n)++];
		c->host = (u32)sqlite3_column_int64(st, 0);
		c->kind = kind ? choice_kind_parse(kind) : CHOICE_INVALID;
		c->nth = (u32)sqlite3_column_int64(st, 2);
		c->n = (u32)sqlite3_column_int64(st, 3);
		c->value = (u32)sqlite3_column_int64(st, 4);
		if (c->kind == CHOICE_INVALID)
			err = -EINVAL;
	}
	sqlite3_finalize(st);
	if (err) {
		free(*out);
		*out = NULL;
		*n = 0;
	}
	return err;
}

/* ---- cursor -------------------------------------------------------------------------------------
 */

static void advance(struct trace_cursor *c, int t)
{
	if (next_row(c->trace, c->st[t]))
		c->head[t] = sqlite3_column_int64(c->st[t], 0);
	else
		c->head[t] = INT64_MAX;
}

static void load_cell(sqlite3_stmt *st, int col, struct tval *v)
{
	switch (sqlite3_column_type(st, col)) {
	case SQLITE_INTEGER:
		*v = (struct tval){.type = TV_INT, .i = sqlite3_column_int64(st, col)};
		break;
	case SQLITE_NULL:
		*v = (struct tval){.type = TV_NULL};
		break;
	case SQLITE_BLOB:
		*v = (struct tval){.type = TV_BLOB, .p = sqlite3_column_blob(st, col)};
		v->len = (u32)sqlite3_column_bytes(st, col);
		break;
	default: /* text; a trace has no real numbers */
		*v = (struct tval){.type = TV_TEXT, .p = sqlite3_column_text(st, col)};
		v->len = (u32)sqlite3_column_bytes(st, col);
		break;
	}
}

/* Stands on the row with the least seq of all tables. */
static void settle(struct trace_cursor *c)
{
	int best = 0;

	c->head[0] = INT64_MAX;
	for (int t = 1; t < TT_NTABLES; t++)
		if (c->head[t] < c->head[best])
			best = t;
	c->seq = c->head[best];
	c->table = best ? trace_table_desc((enum trace_table)best) : NULL;
	for (int col = 0; best && col < c->table->ncolumns; col++)
		load_cell(c->st[best], col + 1, &c->v[col]);
}

void trace_cursor_open(struct trace_cursor *c, struct trace_read *r, u32 mask,
		       enum trace_level level)
{
	char sql[96];

	memset(c, 0, sizeof(*c));
	c->trace = r;
	for (int t = 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);

		c->head[t] = INT64_MAX;
		if (!(mask & TRACE_TABLE_BIT(t)) || d->level > level)
			continue;
		snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY seq", d->name);
		c->st[t] = prepare(r, sql);
		advance(c, t);
	}
	settle(c);
}

void trace_cursor_next(struct trace_cursor *c)
{
	assert(c->table);
	advance(c, c->table->table);
	settle(c);
}

void trace_cursor_close(struct trace_cursor *c)
{
	for (int t = 1; t < TT_NTABLES; t++)
		sqlite3_finalize(c->st[t]);
	memset(c, 0, sizeof(*c));
}

/* ---- frames -------------------------------------------------------------------------------------
 */

/* Sorts only the keys; each frame is then fetched by its rowid. */
static const char frames_sql[] =
    "SELECT p.t AS t, p.seq AS seq, p.id, p.host AS host, p.ifindex AS ifindex, 1, p.seq"
    " FROM packet p WHERE ?1 IN (0, p.host) AND ?2 IN (0, p.ifindex)"
    " UNION ALL"
    " SELECT h.t, h.seq, h.packet, h.host, h.ifindex, 0, p.seq FROM hop h JOIN packet p"
    " ON p.id = h.packet WHERE h.place = '" PLACE_RX_RING "' AND ?1 IN (0, h.host)"
    " AND ?2 IN (0, h.ifindex)"
    " ORDER BY t, seq";

int trace_read_frames(struct trace_read *r, u32 host, int ifindex,
		      int (*fn)(void *arg, const struct trace_frame_at *f), void *arg)
{
	sqlite3_stmt *at = prepare(r, frames_sql);
	sqlite3_stmt *get = prepare(r, "SELECT frame FROM packet WHERE seq = ?");
	struct trace_frame_at f;
	int rc = 0;

	sqlite3_bind_int64(at, 1, host);
	sqlite3_bind_int(at, 2, ifindex);
	while (rc == 0 && next_row(r, at)) {
		f.t = sqlite3_column_int64(at, 0);
		f.packet = (u64)sqlite3_column_int64(at, 2);
		f.host = (u32)sqlite3_column_int64(at, 3);
		f.ifindex = sqlite3_column_int(at, 4);
		f.sent = sqlite3_column_int(at, 5);
		sqlite3_bind_int64(get, 1, sqlite3_column_int64(at, 6));
		if (next_row(r, get)) {
			f.frame = sqlite3_column_blob(get, 0);
			f.len = (u32)sqlite3_column_bytes(get, 0);
			rc = fn(arg, &f);
		}
		sqlite3_reset(get);
	}
	sqlite3_finalize(at);
	sqlite3_finalize(get);
	return rc;
}

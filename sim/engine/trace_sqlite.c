/* SPDX-License-Identifier: MIT */
/*
 * The SQLite writer.
 *
 * Rows are appended to their tables by prepared statements, in transactions of a fixed number of
 * rows over all tables, so what is committed is always a prefix of the run. The rollback journal
 * makes that hold for a writer that is killed: the next reader rolls the last transaction back.
 * (synchronous=OFF gives up only what a crash of the machine would need; appending keeps the
 * journal small.)
 *
 * Every table has the row's number in the run, over all tables, as its rowid (column seq): it costs
 * nothing, and gives the order of rows that have the same time.
 *
 * The file is a function of the rows: fixed page size, commits counted in rows, no time, nothing
 * random, and indexes made at the end, from sorted input.
 */
#include "sim/engine/trace_sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"

#define ROWS_PER_COMMIT 8192
#define SQL_MAX 2048

struct sqlite_sink {
	struct trace_sink sink;
	sqlite3 *db;
	sqlite3_stmt *insert[TT_NTABLES];
	sqlite3_stmt *begin, *commit;
	enum trace_level level;
	char *path;
	char *error; /* the first one; rows are ignored from then on */
	s64 seq;
	u32 pending; /* rows in the open transaction */
	bool in_transaction;
	bool started; /* rows beyond the description of the world have come */
	bool indexed;
};

static char *format_error(const char *path, const char *what)
{
	char *s;

	return asprintf(&s, "%s: %s", path, what) < 0 ? NULL : s;
}

static void fail(struct sqlite_sink *q)
{
	if (!q->error)
		q->error = format_error(q->path, sqlite3_errmsg(q->db));
}

static void exec(struct sqlite_sink *q, const char *sql)
{
	if (!q->error && sqlite3_exec(q->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(q);
}

static void step(struct sqlite_sink *q, sqlite3_stmt *st)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		fail(q);
	sqlite3_reset(st);
}

static void begin(struct sqlite_sink *q)
{
	if (q->error || q->in_transaction)
		return;
	step(q, q->begin);
	q->in_transaction = true;
}

static void commit(struct sqlite_sink *q)
{
	if (q->error || !q->in_transaction)
		return;
	step(q, q->commit);
	q->in_transaction = false;
	q->pending = 0;
}

static int bind(sqlite3_stmt *st, int col, const struct tval *v)
{
	switch (v->type) {
	case TV_NULL:
		return sqlite3_bind_null(st, col);
	case TV_INT:
		return sqlite3_bind_int64(st, col, v->i);
	case TV_TEXT:
		return sqlite3_bind_text(st, col, v->len ? v->p : "", (int)v->len, SQLITE_STATIC);
	case TV_BLOB:
		return sqlite3_bind_blob(st, col, v->len ? v->p : "", (int)v->len, SQLITE_STATIC);
	}
	return SQLITE_ERROR;
}

/*
 * The first transaction ends with the description of the run, so that even a run that is killed at
 * once can be replayed; then commits are counted.
 */
static void maybe_commit(struct sqlite_sink *q, enum trace_table next)
{
	if (!q->started && next > TT_QUEUE) {
		q->started = true;
		commit(q);
	} else if (q->pending >= ROWS_PER_COMMIT) {
		commit(q);
	}
}

static void sqlite_row(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v)
{
	struct sqlite_sink *q = container_of(s, struct sqlite_sink, sink);
	sqlite3_stmt *st = q->insert[d->table];
	int rc;

	if (unlikely(d->level > q->level || q->error))
		return;
	maybe_commit(q, d->table);
	begin(q);
	rc = sqlite3_bind_int64(st, 1, ++q->seq);
	for (int c = 0; c < d->ncolumns && rc == SQLITE_OK; c++)
		rc = bind(st, c + 2, &v[c]);
	if (rc != SQLITE_OK)
		fail(q);
	else
		step(q, st);
	q->pending++;
}

static void make_indexes(struct sqlite_sink *q)
{
	if (q->indexed)
		return;
	q->indexed = true;
	commit(q);
	begin(q);
	for (const char *const *sql = trace_indexes(); *sql; sql++)
		exec(q, *sql);
	commit(q);
}

struct sqlite3 *trace_sqlite_db(struct trace_sink *sink)
{
	struct sqlite_sink *q = container_of(sink, struct sqlite_sink, sink);

	make_indexes(q);
	commit(q);
	return q->error ? NULL : q->db;
}

static void destroy(struct sqlite_sink *q)
{
	for (int t = 0; t < TT_NTABLES; t++)
		sqlite3_finalize(q->insert[t]);
	sqlite3_finalize(q->begin);
	sqlite3_finalize(q->commit);
	sqlite3_close(q->db);
	free(q->path);
	free(q);
}

static char *sqlite_close(struct trace_sink *s, bool ok)
{
	struct sqlite_sink *q = container_of(s, struct sqlite_sink, sink);
	char *err;

	make_indexes(q);
	commit(q);
	exec(q, "PRAGMA journal_mode=DELETE"); /* takes the journal file away */
	err = q->error;
	destroy(q);
	return err;
}

/* ---- a new file ---------------------------------------------------------------------------------
 */

/* NULL when path may be (over)written, else why not. */
static const char *check_target(const char *path)
{
	u8 head[100];
	struct stat st;
	size_t n;
	FILE *f;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? NULL : strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is not a regular file";
	f = fopen(path, "rb");
	if (!f)
		return strerror(errno);
	n = fread(head, 1, sizeof(head), f);
	fclose(f);
	if (n == 0)
		return NULL;
	if (n < sizeof(head) || memcmp(head, "SQLite format 3", 16) != 0 ||
	    memcmp(head + 68, "slom", 4) != 0)
		return "exists and is not a trace; it is left as it is";
	return NULL;
}

static int remove_old(const char *path)
{
	static const char *const suffix[] = {"-journal", "-wal", "-shm", ""};
	char name[4096];

	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		if (snprintf(name, sizeof(name), "%s%s", path, suffix[i]) >= (int)sizeof(name))
			return -ENAMETOOLONG;
		if (unlink(name) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static void create_table(struct sqlite_sink *q, const struct trace_table_desc *d)
{
	char sql[SQL_MAX], ins[SQL_MAX];
	size_t n, m;

	n = (size_t)snprintf(sql, sizeof(sql), "CREATE TABLE %s(seq INTEGER PRIMARY KEY", d->name);
	m = (size_t)snprintf(ins, sizeof(ins), "INSERT INTO %s VALUES(?", d->name);
	for (int c = 0; c < d->ncolumns; c++) {
		n += (size_t)snprintf(sql + n, sizeof(sql) - n, ", %s %s", d->columns[c].name,
				      d->columns[c].decl);
		m += (size_t)snprintf(ins + m, sizeof(ins) - m, ",?");
		assert(n < sizeof(sql) - 2 && m < sizeof(ins) - 2);
	}
	strcat(sql, ")");
	strcat(ins, ")");
	exec(q, sql);
	if (!q->error && sqlite3_prepare_v3(q->db, ins, -1, SQLITE_PREPARE_PERSISTENT,
					    &q->insert[d->table], NULL) != SQLITE_OK)
		fail(q);
}

static void create_schema(struct sqlite_sink *q)
{
	char sql[SQL_MAX * 2];

	snprintf(sql, sizeof(sql),
		 "PRAGMA page_size=8192; PRAGMA cache_size=-16384; PRAGMA locking_mode=EXCLUSIVE;"
		 "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF; BEGIN;"
		 "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 TRACE_APPLICATION_ID, TRACE_SCHEMA_VERSION);
	exec(q, sql);
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++)
		create_table(q, trace_table_desc((enum trace_table)t));
	for (const struct trace_view *v = trace_views(); v->name; v++) {
		int n = snprintf(sql, sizeof(sql), "CREATE VIEW %s AS %s", v->name, v->select);

		assert(n < (int)sizeof(sql));
		exec(q, sql);
	}
	exec(q, "COMMIT");
	if (!q->error && (sqlite3_prepare_v2(q->db, "BEGIN", -1, &q->begin, NULL) != SQLITE_OK ||
			  sqlite3_prepare_v2(q->db, "COMMIT", -1, &q->commit, NULL) != SQLITE_OK))
		fail(q);
}

static char *prepare_target(const char *path)
{
	const char *why = check_target(path);
	int err;

	if (why)
		return format_error(path, why);
	err = remove_old(path);
	return err ? format_error(path, strerror(-err)) : NULL;
}

struct trace_sink *trace_sqlite_sink(const char *path, enum trace_level level, char **err)
{
	struct sqlite_sink *q;

	if (strcmp(path, ":memory:") != 0) {
		*err = prepare_target(path);
		if (*err)
			return NULL;
	}
	q = xcalloc(1, sizeof(*q));
	q->sink.row = sqlite_row;
	q->sink.close = sqlite_close;
	q->level = level;
	q->path = xstrdup(path);
	if (sqlite3_open_v2(path, &q->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		fail(q);
	create_schema(q);
	if (q->error) {
		*err = q->error;
		destroy(q);
		return NULL;
	}
	return &q->sink;
}

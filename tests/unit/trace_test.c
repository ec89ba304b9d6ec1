/* SPDX-License-Identifier: MIT */
/*
 * The trace: rows to database, the hash, byte-identity, a killed writer, overwriting.
 */
#include "sim/engine/trace.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "sim/engine/trace_read.h"
#include "sim/engine/trace_sqlite.h"
#include "tests/unit/trace_rows.h"
#include "tests/unit/unit.h"

/* The first column of the first row as text; "" when there is none. */
static void query(sqlite3 *db, const char *sql, char *buf, size_t len)
{
	sqlite3_stmt *st;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	buf[0] = '\0';
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		snprintf(buf, len, "%s", (const char *)sqlite3_column_text(st, 0));
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
}

static void test_content(void **state)
{
	static const struct {
		const char *sql, *result;
	} cases[] = {
	    {"PRAGMA integrity_check", "ok"},
	    {"SELECT value FROM run WHERE key = 'seed'", "7"},
	    {"SELECT content FROM file WHERE name = 's.lua'", ROWS_SCENARIO},
	    {"SELECT group_concat(id || name || ncpu) FROM host", "1client1,2server1"},
	    {"SELECT mac FROM nic WHERE host = 2", "02:00:00:00:02:01"},
	    {"SELECT count(*) FROM packet", "20"},
	    {"SELECT src || sport || dst || dport || proto || payload FROM packet",
	     "10.0.0.1400010.0.0.253udp100"},
	    {"SELECT typeof(tcp_seq) || typeof(frag_offset) || length(frame) FROM packet",
	     "nullnull142"},
	    {"SELECT count(*) FROM dropped WHERE reason = 'SOCKET_RCVBUFF'", "2"},
	    {"SELECT count(*) FROM hop WHERE place = 'rx_ring' AND queue = 0", "20"},
	    {"SELECT typeof(queue) FROM hop WHERE place = 'link'", "null"},
	    {"SELECT name || result || errno || args FROM syscall",
	     "sendto1000"
	     "3, \"xxxx\"..., 100, 0, NULL, 0"},
	    {"SELECT typeof(t_exit) || typeof(status) FROM task WHERE pid = 20", "nullnull"},
	    {"SELECT status || ' ' || cpu_time FROM task WHERE pid = 10", "0 77"},
	    {"SELECT typeof(wait) FROM sched WHERE what = 'wake'", "null"},
	    {"SELECT wait FROM sched WHERE what = 'park'", "recv"},
	    {"SELECT host || kind || nth || n || value FROM choice", "2task321"},
	    {"SELECT from_state || to_state FROM sock_state", "CLOSESYN_SENT"},
	    {"SELECT stream || text FROM log", "stdoutdone"},
	    {"SELECT value FROM counter WHERE name = 'rx_packets'", "20"},
	    {"SELECT ok FROM check_result", "1"},
	    {"SELECT count(*) FROM irq", "40"},
	    {"SELECT sum(work) FROM napi_poll", "20"},
	    /* views */
	    {"SELECT packets || ' ' || dropped || ' ' || payload FROM flow", "20 2 2000"},
	    {"SELECT reason || place || host || packets FROM drop_reason",
	     "SOCKET_RCVBUFFsocket_rxserver2"},
	    {"SELECT (t_rx_ring - t_wire) || ' ' || (t_napi - t_rx_ring) || ' ' || (t_socket - "
	     "t_napi)"
	     " || ' ' || latency FROM wire_to_recv",
	     "5000 2000 1000 9000"},
	    {"SELECT duration || host || task || name FROM slow_syscall",
	     "14000serverreceiverrecvfrom"},
	    {"SELECT calls || ' ' || errors || ' ' || total FROM syscall_stat WHERE host = "
	     "'client'",
	     "20 0 10000"},
	    {"SELECT packets || ' ' || polls || ' ' || work FROM queue_load"
	     " WHERE host = 'server' AND dir = 'rx'",
	     "20 20 20"},
	    {"SELECT group_concat(kind) FROM (SELECT kind FROM timeline LIMIT 8)",
	     "call,call,hop,hop,packet,hop,return,hop"},
	    {"SELECT detail FROM timeline WHERE kind = 'packet'",
	     "10.0.0.1:4000 > 10.0.0.2:53 length 142"},
	};
	char path[64], buf[256];
	sqlite3 *db;

	rows_file(rows_path(path, sizeof(path), "content"), TRACE_ALL, 20);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		query(db, cases[i].sql, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].result);
	}
	sqlite3_close(db);
	unlink(path);
}

/* The rows of all tables are numbered from 1, without a gap. */
static void test_numbering(void **state)
{
	char path[64], *err;
	struct trace_read *r;
	struct trace_cursor c;
	s64 n = 0;

	rows_file(rows_path(path, sizeof(path), "number"), TRACE_PACKETS, 20);
	r = trace_read_open(path, &err);
	assert_non_null(r);
	assert_true(r->complete);
	trace_cursor_open(&c, r, ~0u, TRACE_ALL);
	for (; c.table; trace_cursor_next(&c))
		assert_int_equal(c.seq, ++n);
	assert_true(n > 200);
	trace_cursor_close(&c);
	trace_read_close(r);
	unlink(path);
}

/* The hash is the same at all levels, with and without sinks, and changes with any hashed cell. */
static void test_hash(void **state)
{
	struct trace *a = trace_new(TRACE_NONE), *b;
	char path[64];
	u64 hash;

	rows_write(a, 30);
	hash = trace_hash(a);
	trace_free(a, true);
	assert_true(hash != 0);
	for (int level = TRACE_NONE; level <= TRACE_ALL; level++)
		assert_int_equal(
		    rows_file(rows_path(path, sizeof(path), "hash"), (enum trace_level)level, 30),
		    hash);
	unlink(path);

	b = trace_new(TRACE_NONE);
	rows_write(b, 31);
	assert_true(trace_hash(b) != hash);
	trace_free(b, true);
}

static void test_hash_cells(void **state)
{
	u64 h[6];

	for (int i = 0; i < 6; i++) {
		struct trace *tr = trace_new(TRACE_ALL);
		u8 head[ROWS_HEAD];
		struct trace_packet p = {
		    .id = 1, .head = head, .head_len = ROWS_HEAD, .len = ROWS_HEAD};

		memcpy(head, rows_head, sizeof(head));
		head[40] ^= i == 5;
		trace_packet(tr, &p);
		trace_sched(tr, 5, i == 1 ? 2 : 1, 0, 10, i == 2 ? "wake" : "park",
			    i == 3 ? "recv" : NULL);
		trace_run(tr, "not", i == 4 ? "hashed" : "in the hash");
		trace_sock_state(tr, 5, 1, 1, "tcp", i == 4 ? "text" : NULL, NULL, "A", "B");
		h[i] = trace_hash(tr);
		trace_free(tr, true);
	}
	assert_int_equal(h[4], h[0]);
	for (int i = 0; i < 6; i++)
		for (int j = i + 1; j < 6; j++)
			if (i != 4 && j != 4)
				assert_true(h[i] != h[j]);
}

static void test_wants(void **state)
{
	struct trace *tr = trace_new(TRACE_SYSCALLS);
	char *text = NULL;

	assert_false(trace_wants(tr, TT_SYSCALL)); /* nobody listens */
	trace_add_sink(tr, trace_memory_sink(&text));
	assert_true(trace_wants(tr, TT_SYSCALL));
	assert_true(trace_wants(tr, TT_HOST));
	assert_false(trace_wants(tr, TT_PACKET));
	trace_sched(tr, 5, 1, 0, 10, "park", "recv");
	trace_irq(tr, 6, 1, 24, 0, "raise");
	trace_hop(tr, 1, 7, 1, PLACE_LINK, 2, -1);
	trace_task(tr, &(struct trace_task){
			   .host = 1, .pid = 3, .name = "x", .t_exit = NSEC_NEVER, .status = -1});
	trace_free(tr, true);
	assert_string_equal(text, "sched t=5 host=1 cpu=0 tid=10 what=park wait=recv\n"
				  "task host=1 pid=3 tid=0 ppid=0 name=x t_start=0 cpu_time=0\n");
	free(text);
}

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *p;

	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	*len = (size_t)ftell(f);
	rewind(f);
	p = malloc(*len);
	assert_int_equal(fread(p, 1, *len, f), *len);
	fclose(f);
	return p;
}

static void test_identical_bytes(void **state)
{
	char path[2][64], *p[2], *garbage;
	size_t len[2];

	for (int i = 0; i < 2; i++) {
		/* a different heap for each, so that bytes that nobody wrote would show */
		garbage = malloc(100000);
		memset(garbage, i ? 0xa5 : 0x5a, 100000);
		free(garbage);
		rows_file(rows_path(path[i], sizeof(path[i]), i ? "b" : "a"), TRACE_ALL, 1500);
		p[i] = slurp(path[i], &len[i]);
	}
	assert_int_equal(len[0], len[1]);
	assert_memory_equal(p[0], p[1], len[0]);
	for (int i = 0; i < 2; i++) {
		free(p[i]);
		unlink(path[i]);
	}
}

/* In a child process: writes n datagrams, and is killed. */
static void write_and_die(const char *path, int n)
{
	struct trace *tr = trace_new(TRACE_ALL);
	char *err;

	trace_add_sink(tr, trace_sqlite_sink(path, TRACE_ALL, &err));
	rows_begin(tr);
	for (int i = 0; i < n; i++)
		rows_datagram(tr, i);
	kill(getpid(), SIGKILL);
}

static void test_killed_writer(void **state)
{
	static const int count[] = {1, 3000};
	char path[64], buf[64], *err;
	struct trace_read *r;
	int status;
	pid_t pid;

	for (size_t i = 0; i < ARRAY_SIZE(count); i++) {
		rows_path(path, sizeof(path), "killed");
		pid = fork();
		if (pid == 0)
			write_and_die(path, count[i]);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		r = trace_read_open(path, &err);
		assert_non_null(r);
		assert_false(r->complete);
		query(r->db, "PRAGMA integrity_check", buf, sizeof(buf));
		assert_string_equal(buf, "ok");
		query(r->db, "SELECT value FROM run WHERE key = 'seed'", buf, sizeof(buf));
		assert_string_equal(buf, "7");
		query(r->db, "SELECT count(*) FROM queue", buf, sizeof(buf));
		assert_string_equal(buf, "4");
		/* a prefix: everything up to the last row that is there */
		query(r->db,
		      "SELECT max(seq) - count(*) FROM (SELECT seq FROM run UNION ALL SELECT seq "
		      "FROM file"
		      " UNION ALL SELECT seq FROM host UNION ALL SELECT seq FROM nic"
		      " UNION ALL SELECT seq FROM queue UNION ALL SELECT seq FROM hop"
		      " UNION ALL SELECT seq FROM packet UNION ALL SELECT seq FROM syscall"
		      " UNION ALL SELECT seq FROM irq UNION ALL SELECT seq FROM napi_poll"
		      " UNION ALL SELECT seq FROM dropped UNION ALL SELECT seq FROM sched)",
		      buf, sizeof(buf));
		assert_string_equal(buf, "0");
		query(r->db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'", buf,
		      sizeof(buf));
		assert_string_equal(buf, "3"); /* made when it was opened */
		if (count[i] > 1)
			assert_true(trace_read_count(r, TT_PACKET) > 1000);
		trace_read_close(r);
		unlink(path);
	}
}

static void test_overwrite(void **state)
{
	char path[64], *err = NULL;
	struct trace_sink *s;
	FILE *f;

	rows_file(rows_path(path, sizeof(path), "over"), TRACE_ALL, 1);
	rows_file(path, TRACE_ALL, 1); /* an older trace is replaced */
	f = fopen(path, "w");
	fputs("precious", f);
	fclose(f);
	s = trace_sqlite_sink(path, TRACE_ALL, &err);
	assert_null(s);
	assert_non_null(strstr(err, "not a trace"));
	free(err);
	unlink(path);
	s = trace_sqlite_sink("/nonexistent/x.db", TRACE_ALL, &err);
	assert_null(s);
	assert_non_null(strstr(err, "/nonexistent/x.db"));
	free(err);
	s = trace_sqlite_sink("/tmp", TRACE_ALL, &err);
	assert_null(s);
	free(err);
}

/* In a child: no file may grow beyond 1 MB. The run goes on, and its end tells what went wrong. */
static int write_to_full_disk(const char *path)
{
	struct trace *tr = trace_new(TRACE_ALL);
	struct rlimit limit = {1 << 20, 1 << 20};
	char *err;
	int ok;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	trace_add_sink(tr, trace_sqlite_sink(path, TRACE_ALL, &err));
	rows_write(tr, 20000);
	err = trace_finish(tr, true);
	ok = err && strstr(err, path);
	free(err);
	trace_free(tr, true);
	return !ok;
}

static void test_full_disk(void **state)
{
	char path[64], *err;
	struct trace_read *r;
	int status;
	pid_t pid;

	rows_path(path, sizeof(path), "full");
	pid = fork();
	if (pid == 0)
		_exit(write_to_full_disk(path));
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	r = trace_read_open(path, &err); /* what could be written is a prefix */
	assert_non_null(r);
	assert_false(r->complete);
	trace_read_close(r);
	unlink(path);
}

/* Checks query the trace while it is still being written. */
static void test_query_before_close(void **state)
{
	struct trace *tr = trace_new(TRACE_ALL);
	struct trace_sink *s;
	char *err, buf[64];

	s = trace_sqlite_sink(":memory:", TRACE_ALL, &err);
	trace_add_sink(tr, s);
	rows_begin(tr);
	for (int i = 0; i < 5; i++)
		rows_datagram(tr, i);
	query(trace_sqlite_db(s), "SELECT count(*) FROM wire_to_recv", buf, sizeof(buf));
	assert_string_equal(buf, "5");
	trace_check_result(tr, "five", true, "");
	query(trace_sqlite_db(s), "SELECT name FROM check_result", buf, sizeof(buf));
	assert_string_equal(buf, "five");
	trace_free(tr, true);
}

static void test_levels(void **state)
{
	for (int l = TRACE_NONE; l <= TRACE_ALL; l++)
		assert_int_equal(trace_level_parse(trace_level_name((enum trace_level)l)), l);
	assert_int_equal((int)trace_level_parse("everything"), -1);
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);

		assert_int_equal(d->table, t);
		assert_true(d->ncolumns > 0 && d->ncolumns < TRACE_MAX_COLUMNS);
		assert_non_null(d->columns[d->ncolumns - 1].name);
		assert_null(d->columns[d->ncolumns].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_content),
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_hash_cells),
	    cmocka_unit_test(test_wants),
	    cmocka_unit_test(test_identical_bytes),
	    cmocka_unit_test(test_killed_writer),
	    cmocka_unit_test(test_overwrite),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_query_before_close),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_numbering),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

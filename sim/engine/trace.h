/* SPDX-License-Identifier: MIT */
/*
 * The trace: what every layer reports while a run goes on.
 *
 * Each report is a typed row. A row is folded into the run's running hash whatever the trace level, so
 * that two runs can be compared by two hashes even when little was written; and it is handed to the
 * sinks that want its table: the SQLite writer, the replay comparer, an in-memory sink for tests.
 *
 * Two kinds of argument: numbers and static strings go into the hash and cost nothing to prepare; text
 * that must be formatted (a call's arguments) is prepared only when trace_wants() says so, is not
 * hashed, and is marked "unhashed" below.
 *
 * Callers pass struct rows by pointer; nothing is kept after the call returns. Strings marked static
 * must live as long as the program.
 */
#ifndef SIM_ENGINE_TRACE_H
#define SIM_ENGINE_TRACE_H

#include "sim/engine/types.h"

struct sim;
struct trace;

#define TRACE_SCHEMA_VERSION 1

enum trace_level {
	TRACE_NONE = 0, /* run, file, host, check_result */
	TRACE_SCHEDULE, /* and cpu, nic, queue, task, choice, counter, log: enough to replay */
	TRACE_SYSCALLS, /* and syscall, sched, sock_state */
	TRACE_PACKETS,	/* and packet, hop, dropped */
	TRACE_ALL,	/* and irq, napi_poll */
};

enum trace_table {
	TT_INVALID = 0,
	TT_RUN,
	TT_FILE,
	TT_HOST,
	TT_CPU,
	TT_NIC,
	TT_QUEUE,
	TT_TASK,
	TT_SYSCALL,
	TT_PACKET,
	TT_HOP,
	TT_DROPPED,
	TT_IRQ,
	TT_NAPI_POLL,
	TT_SCHED,
	TT_CHOICE,
	TT_SOCK_STATE,
	TT_COUNTER,
	TT_LOG,
	TT_CHECK_RESULT,
	TT_NTABLES
};

/* A cell as the sinks see it. */
enum tval_type { TV_NULL = 0, TV_INT, TV_TEXT, TV_BLOB };
struct tval {
	enum tval_type type;
	u32 len; /* of text and blob, in bytes */
	union {
		s64 i;
		const void *p;
	};
};

struct trace_column {
	const char *name;
	const char *decl; /* SQL type and comment-free constraints */
	bool hashed;
};

#define TRACE_MAX_COLUMNS 32
struct trace_table_desc {
	enum trace_table table;
	const char *name;
	enum trace_level level; /* written from this level on */
	int ncolumns;
	struct trace_column columns[TRACE_MAX_COLUMNS];
};
const struct trace_table_desc *trace_table_desc(enum trace_table t);
enum trace_level trace_level_parse(const char *name); /* -1 when unknown */
const char *trace_level_name(enum trace_level level);

/* A sink gets every row of the tables at or below the trace's level, in the order of the run. */
struct trace_sink {
	struct trace_sink *next;
	void (*row)(struct trace_sink *s, const struct trace_table_desc *d, const struct tval *v);
	/*
	 * Called once at the end; ok is false when the run failed. Frees the sink. Returns NULL, or what
	 * went wrong since it was made, as text that the caller frees.
	 */
	char *(*close)(struct trace_sink *s, bool ok);
};

struct trace *trace_new(enum trace_level level);
/*
 * Closes all sinks. Returns NULL, or the first sink's error (disk full...), which the caller frees.
 * Rows that come later are only hashed.
 */
char *trace_finish(struct trace *tr, bool ok);
/* Finishes it, unless that has been done, and frees it. */
void trace_free(struct trace *tr, bool ok);
void trace_add_sink(struct trace *tr, struct trace_sink *sink);
/*
 * For runs of which only the verdict is wanted: sinks get rows of these tables (bits 1 << TT_...) alone,
 * and nothing is hashed. Call it after the sinks were added.
 */
void trace_restrict(struct trace *tr, u32 tables);
/* The running hash (64 bits) over all rows so far, of all tables but RUN, FILE and CHECK_RESULT. */
u64 trace_hash(const struct trace *tr);
enum trace_level trace_get_level(const struct trace *tr);
/* True when some sink gets rows of this table: prepare unhashed text only then. */
bool trace_wants(const struct trace *tr, enum trace_table t);

/* ---- what layers report ------------------------------------------------------------------------- */

/* Facts of the run: "version", "schema", "seed", "level", "scenario", "end_time", "events", "hash", "outcome". */
void trace_run(struct trace *tr, const char *key, const char *value);
/* The scenario and the files that it names, whole. */
void trace_file(struct trace *tr, const char *name, const void *content, size_t len);
void trace_host(struct trace *tr, u32 id, const char *name, int ncpu);
/* At the end of the run: how a CPU spent its time, in ns of each context. */
void trace_cpu(struct trace *tr, u32 host, int cpu, nsec_t hardirq, nsec_t softirq, nsec_t task,
	       nsec_t idle);
/* kind: "ethernet", "loopback". */
void trace_nic(struct trace *tr, u32 host, int ifindex, const char *name, const u8 mac[6],
	       const char *kind, u32 mtu);
/* dir: "rx" or "tx". irq and napi_id are 0 where there is none. */
void trace_queue(struct trace *tr, u32 host, int ifindex, const char *dir, int queue, int irq, int cpu,
		 u32 napi_id);

/* A task ends, or the run ends with it alive (t_exit NSEC_NEVER, status -1: both stored as NULL). */
struct trace_task {
	u32 host;
	int pid, tid;
	int ppid;
	const char *name;
	nsec_t t_start, t_exit;
	int status; /* as wait(2) gives it */
	nsec_t cpu_time;
};
void trace_task(struct trace *tr, const struct trace_task *row);

/* Written when a call returns, or at the end of the run with t_exit NSEC_NEVER (NULL) while it waits. */
struct trace_syscall {
	nsec_t t_enter, t_exit;
	u32 host;
	int tid;
	int cpu;
	const char *name; /* static */
	const char *args; /* unhashed; as strace prints them; NULL unless trace_wants(TT_SYSCALL) */
	s64 result;	  /* >= 0, or -1 with err set */
	int err;	  /* positive errno or 0 */
};
void trace_syscall(struct trace *tr, const struct trace_syscall *row);

/*
 * A frame, when it first reaches a link or a loopback device. The header columns are parsed from the
 * frame by the trace (sim/engine/trace_frame.c), only when a sink wants them. In the hash go id, t,
 * host, ifindex, len and a hash of the linear header bytes.
 */
struct trace_packet {
	u64 id;
	nsec_t t;
	u32 host; /* the sender */
	int ifindex;
	const u8 *head; /* link-layer header onwards */
	u32 head_len;
	/* Payload that follows head in order: called to copy len bytes at off (from the frame's start). */
	void (*copy)(const void *cookie, u32 off, void *to, u32 len);
	const void *cookie;
	u32 len; /* of the whole frame, at least head_len */
	/*
	 * The transport checksum is left to the device (CHECKSUM_PARTIAL). The trace fills it in in its
	 * own copy, so that captures are right, and the hash, which covers head as it is, does not depend
	 * on the level.
	 */
	bool csum_partial;
};
void trace_packet(struct trace *tr, const struct trace_packet *row);

/* place: static text, one of the trace_place names. queue is -1 where there is none. */
void trace_hop(struct trace *tr, u64 packet, nsec_t t, u32 host, const char *place, int ifindex,
	       int queue);
/* reason: the name of enum skb_drop_reason without its prefix, static. */
void trace_dropped(struct trace *tr, u64 packet, nsec_t t, u32 host, const char *place, int ifindex,
		   const char *reason);
/* what: "raise", "enter", "mask", "unmask"; static. */
void trace_irq(struct trace *tr, nsec_t t, u32 host, int irq, int cpu, const char *what);
/* One poll of one instance. what: "poll", "complete", "rearm", "missed"; static. */
void trace_napi_poll(struct trace *tr, nsec_t t, u32 host, int cpu, u32 napi_id, const char *what,
		     int work, int budget);
/* what: "run", "park", "wake", "preempt", "exit"; static. wait: what it parks on, static, or NULL. */
void trace_sched(struct trace *tr, nsec_t t, u32 host, int cpu, int tid, const char *what,
		 const char *wait);
void trace_choice(struct trace *tr, nsec_t t, u32 host, const char *kind, u32 nth, u32 n, u32 value);
/* local and remote: unhashed text, NULL unless trace_wants(TT_SOCK_STATE). States are static names. */
void trace_sock_state(struct trace *tr, nsec_t t, u32 host, u64 sock, const char *proto,
		      const char *local, const char *remote, const char *from, const char *to);
/* At the end of the run. scope: "nic", "queue", "snmp", "netstat", "softnet", "qdisc", "link"... */
void trace_counter(struct trace *tr, u32 host, const char *scope, const char *object,
		   const char *name, u64 value);
/* A line that a program printed or the simulated kernel logged. tid 0: the kernel. */
void trace_log(struct trace *tr, nsec_t t, u32 host, int tid, const char *stream, const char *text,
	       size_t len);
void trace_check_result(struct trace *tr, const char *name, bool ok, const char *message);

/* ---- sinks -------------------------------------------------------------------------------------- */

/*
 * Writes path. An older trace there is replaced; any other file is left alone and is an error.
 * ":memory:" makes a trace for checks only. Rows above level are left out. On failure returns NULL and
 * sets *err (free() it). More about it in trace_sqlite.h.
 */
struct trace_sink *trace_sqlite_sink(const char *path, enum trace_level level, char **err);
/*
 * Appends each row to *text as a line, "hop packet=1 t=5 ...", with NULL cells left out; for tests.
 * *text is NULL or from malloc(), and stays the caller's.
 */
struct trace_sink *trace_memory_sink(char **text);

/* A row, or one cell, as text; the caller frees it. */
char *trace_row_text(const struct trace_table_desc *d, const struct tval *v);
char *trace_cell_text(const struct tval *v);

#endif

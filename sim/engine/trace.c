/* SPDX-License-Identifier: MIT */
/*
 * Rows: folding each into the running hash and handing it to the sinks (trace.h).
 *
 * A row is an array of cells on the stack. The hash takes the cells of the hashed columns: a number
 * as it is, a text as the hash of its bytes, NULL as a word that no run uses. These words gather
 * until there are some thousand bytes of them, since XXH3 is fastest by far on long input; it chains
 * over such blocks by its seed. So the hash is a function of the rows alone, and a run without sinks
 * pays for nothing else.
 */
#include "sim/engine/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sim/engine/pool.h"
#include "sim/engine/trace_frame.h"

#define HASH_NULL 0x9ae16a3b2f90404fULL
#define HASH_BLOCK 512u /* words */
#define NAME_MEMO 64u
/* A text that stays where it is for good: its hash is remembered by its address. No sink sees the type. */
#define TV_NAME ((enum tval_type)(TV_BLOB + 1))

struct name_hash {
	const char *name;
	u64 hash;
};

struct trace {
	enum trace_level level;
	u32 wanted; /* bit for each table that a sink gets; 0 without sinks */
	u64 hash;	/* of all blocks but the last */
	u64 block[HASH_BLOCK];
	u32 nblock;
	u32 hashed[TT_NTABLES]; /* a bit for each hashed column */
	struct name_hash names[NAME_MEMO];
	struct trace_sink *sinks;
	u8 *frame; /* where a frame is put together */
	u32 frame_cap;
	bool unhashed; /* trace_restrict() */
};
static_assert(TT_NTABLES <= 32, "a bit for each table");
static_assert(TRACE_MAX_COLUMNS <= 32, "a bit for each column");

struct trace *trace_new(enum trace_level level)
{
	struct trace *tr = xcalloc(1, sizeof(*tr));

	tr->level = level;
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++) {
		const struct trace_table_desc *d = trace_table_desc((enum trace_table)t);

		for (int c = 0; c < d->ncolumns; c++)
			tr->hashed[t] |= (u32)d->columns[c].hashed << c;
	}
	return tr;
}

char *trace_finish(struct trace *tr, bool ok)
{
	char *err = NULL;

	while (tr->sinks) {
		struct trace_sink *s = tr->sinks;
		char *e;

		tr->sinks = s->next;
		e = s->close(s, ok);
		if (err)
			free(e);
		else
			err = e;
	}
	tr->wanted = 0;
	return err;
}

void trace_free(struct trace *tr, bool ok)
{
	free(trace_finish(tr, ok));
	free(tr->frame);
	free(tr);
}

void trace_add_sink(struct trace *tr, struct trace_sink *sink)
{
	struct trace_sink **end = &tr->sinks;

	while (*end)
		end = &(*end)->next;
	*end = sink;
	sink->next = NULL;
	for (int t = TT_INVALID + 1; t < TT_NTABLES; t++)
		if (trace_table_desc((enum trace_table)t)->level <= tr->level)
			tr->wanted |= 1u << t;
}

void trace_restrict(struct trace *tr, u32 tables)
{
	tr->wanted &= tables;
	tr->unhashed = true;
}

u64 trace_hash(const struct trace *tr)
{
	return XXH3_64bits_withSeed(tr->block, tr->nblock * sizeof(u64), tr->hash);
}

enum trace_level trace_get_level(const struct trace *tr)
{
	return tr->level;
}

bool trace_wants(const struct trace *tr, enum trace_table t)
{
	return tr->wanted & (1u << t);
}

/* ---- cells --------------------------------------------------------------------------------------
 */

static inline struct tval v_null(void)
{
	return (struct tval){.type = TV_NULL};
}

static inline struct tval v_int(s64 i)
{
	return (struct tval){.type = TV_INT, .i = i};
}

static inline struct tval v_time(nsec_t t)
{
	return t == NSEC_NEVER ? v_null() : v_int(t);
}

/* A number that is -1 where there is none. */
static inline struct tval v_opt(s64 i)
{
	return i < 0 ? v_null() : v_int(i);
}

static inline struct tval v_mem(enum tval_type type, const void *p, size_t len)
{
	return (struct tval){.type = type, .len = (u32)len, .p = p};
}

static inline struct tval v_text(const char *s)
{
	return s ? v_mem(TV_TEXT, s, strlen(s)) : v_null();
}

static inline struct tval v_text_opt(const char *s)
{
	return *s ? v_text(s) : v_null();
}

/* Names of places, steps and reasons, which are constants of the program. */
static inline struct tval v_name(const char *s)
{
	return (struct tval){.type = s ? TV_NAME : TV_NULL, .p = s};
}

static u64 name_word(struct trace *tr, const char *name)
{
	struct name_hash *n = &tr->names[((uintptr_t)name >> 2) % NAME_MEMO];

	if (unlikely(n->name != name))
		*n = (struct name_hash){name, XXH3_64bits(name, strlen(name))};
	return n->hash;
}

static inline u64 cell_word(struct trace *tr, const struct tval *v)
{
	if (likely(v->type == TV_INT))
		return (u64)v->i;
	if (v->type == TV_NAME)
		return name_word(tr, v->p);
	return v->type == TV_NULL ? HASH_NULL : XXH3_64bits(v->p, v->len);
}

/* Room for n words at the end of the block. */
static inline u64 *hash_reserve(struct trace *tr, u32 n)
{
	if (unlikely(tr->nblock + n > HASH_BLOCK)) {
		tr->hash = trace_hash(tr);
		tr->nblock = 0;
	}
	return tr->block + tr->nblock;
}

static void fold(struct trace *tr, enum trace_table t, const struct tval *v)
{
	u64 *w = hash_reserve(tr, 1 + TRACE_MAX_COLUMNS);
	u32 left = tr->hashed[t];

	if (!left || tr->unhashed)
		return;
	*w++ = t;
	for (; left; left >>= 1, v++)
		if (left & 1)
			*w++ = cell_word(tr, v);
	tr->nblock = (u32)(w - tr->block);
}

static void hand_out(struct trace *tr, const struct trace_table_desc *d, const struct tval *v)
{
	for (struct trace_sink *s = tr->sinks; s; s = s->next)
		s->row(s, d, v);
}

/* Sinks know texts only. */
static void hand_out_row(struct trace *tr, const struct trace_table_desc *d, const struct tval *v)
{
	struct tval row[TRACE_MAX_COLUMNS];

	for (int c = 0; c < d->ncolumns; c++)
		row[c] = v[c].type == TV_NAME ? v_text(v[c].p) : v[c];
	hand_out(tr, d, row);
}

static void emit(struct trace *tr, enum trace_table t, const struct tval *v, size_t n)
{
	const struct trace_table_desc *d = trace_table_desc(t);

	assert((int)n == d->ncolumns);
	fold(tr, t, v);
	if (unlikely(trace_wants(tr, t)))
		hand_out_row(tr, d, v);
}

#define EMIT(tr, table, ...)                                                                       \
	emit(tr, table, (const struct tval[]){__VA_ARGS__},                                        \
	     sizeof((const struct tval[]){__VA_ARGS__}) / sizeof(struct tval))

/* ---- rows ---------------------------------------------------------------------------------------
 */

void trace_run(struct trace *tr, const char *key, const char *value)
{
	EMIT(tr, TT_RUN, v_text(key), v_text(value));
}

void trace_file(struct trace *tr, const char *name, const void *content, size_t len)
{
	EMIT(tr, TT_FILE, v_text(name), v_mem(TV_BLOB, content, len));
}

void trace_host(struct trace *tr, u32 id, const char *name, int ncpu)
{
	EMIT(tr, TT_HOST, v_int(id), v_text(name), v_int(ncpu));
}

void trace_cpu(struct trace *tr, u32 host, int cpu, nsec_t hardirq, nsec_t softirq, nsec_t task,
	       nsec_t idle)
{
	EMIT(tr, TT_CPU, v_int(host), v_int(cpu), v_int(hardirq), v_int(softirq), v_int(task),
	     v_int(idle));
}

void trace_nic(struct trace *tr, u32 host, int ifindex, const char *name, const u8 mac[6],
	       const char *kind, u32 mtu)
{
	char text[TRACE_MAC_LEN];

	trace_format_mac(text, mac);
	EMIT(tr, TT_NIC, v_int(host), v_int(ifindex), v_text(name), v_text(text), v_text(kind),
	     v_int(mtu));
}

void trace_queue(struct trace *tr, u32 host, int ifindex, const char *dir, int queue, int irq,
		 int cpu, u32 napi_id)
{
	EMIT(tr, TT_QUEUE, v_int(host), v_int(ifindex), v_text(dir), v_int(queue), v_int(irq),
	     v_int(cpu), v_int(napi_id));
}

void trace_task(struct trace *tr, const struct trace_task *row)
{
	EMIT(tr, TT_TASK, v_int(row->host), v_int(row->pid), v_int(row->tid), v_int(row->ppid),
	     v_text(row->name), v_int(row->t_start), v_time(row->t_exit), v_opt(row->status),
	     v_int(row->cpu_time));
}

void trace_syscall(struct trace *tr, const struct trace_syscall *row)
{
	bool waits = row->t_exit == NSEC_NEVER;

	EMIT(tr, TT_SYSCALL, v_int(row->t_enter), v_time(row->t_exit), v_int(row->host),
	     v_int(row->tid), v_int(row->cpu), v_text(row->name), v_text(row->args),
	     waits ? v_null() : v_int(row->result), waits ? v_null() : v_int(row->err));
}

/* The whole frame in one piece. */
static u8 *gather_frame(struct trace *tr, const struct trace_packet *row)
{
	if (tr->frame_cap < row->len) {
		tr->frame_cap = max(row->len, 2048u);
		tr->frame = xrealloc(tr->frame, tr->frame_cap);
	}
	memcpy(tr->frame, row->head, row->head_len);
	if (row->len > row->head_len)
		row->copy(row->cookie, row->head_len, tr->frame + row->head_len,
			  row->len - row->head_len);
	return tr->frame;
}

static void write_packet(struct trace *tr, const struct trace_packet *row)
{
	u8 *frame = gather_frame(tr, row);
	struct trace_frame f;
	char number[12]; /* of a protocol without a name here; the column is text */

	trace_frame_parse(frame, row->len, &f);
	snprintf(number, sizeof(number), "%d", f.ip_proto);
	if (row->csum_partial)
		trace_frame_fill_csum(frame, &f);
	const struct tval v[] = {
	    v_int((s64)row->id),
	    v_int(row->t),
	    v_int(row->host),
	    v_int(row->ifindex),
	    v_int(row->len),
	    v_text_opt(f.eth_src),
	    v_text_opt(f.eth_dst),
	    v_opt(f.eth_type),
	    v_opt(f.vlan),
	    v_opt(f.ip_version),
	    v_text_opt(f.src),
	    v_text_opt(f.dst),
	    f.proto ? v_text(f.proto) : v_text_opt(f.ip_proto < 0 ? "" : number),
	    v_opt(f.ttl),
	    v_opt(f.tos),
	    v_opt(f.ip_id),
	    v_opt(f.frag_offset),
	    v_opt(f.frag_more),
	    v_opt(f.sport),
	    v_opt(f.dport),
	    v_opt(f.tcp_flags),
	    v_opt(f.tcp_seq),
	    v_opt(f.tcp_ack),
	    v_opt(f.tcp_win),
	    v_opt(f.icmp_type),
	    v_opt(f.icmp_code),
	    v_opt(f.arp_op),
	    v_opt(f.payload),
	    v_mem(TV_BLOB, frame, row->len),
	};
	const struct trace_table_desc *d = trace_table_desc(TT_PACKET);

	assert((int)ARRAY_SIZE(v) == d->ncolumns);
	hand_out(tr, d, v);
}

static void fold_packet(struct trace *tr, const struct trace_packet *row)
{
	u64 w[] = {
	    TT_PACKET,
	    row->id,
	    (u64)row->t,
	    row->host,
	    (u64)row->ifindex,
	    row->len,
	    XXH3_64bits(row->head, row->head_len),
	};

	memcpy(hash_reserve(tr, ARRAY_SIZE(w)), w, sizeof(w));
	tr->nblock += (u32)ARRAY_SIZE(w);
}

void trace_packet(struct trace *tr, const struct trace_packet *row)
{
	assert(row->head_len <= row->len);
	if (!tr->unhashed)
		fold_packet(tr, row);
	if (unlikely(trace_wants(tr, TT_PACKET)))
		write_packet(tr, row);
}

void trace_hop(struct trace *tr, u64 packet, nsec_t t, u32 host, const char *place, int ifindex,
	       int queue)
{
	EMIT(tr, TT_HOP, v_int((s64)packet), v_int(t), v_int(host), v_name(place), v_int(ifindex),
	     v_opt(queue));
}

void trace_dropped(struct trace *tr, u64 packet, nsec_t t, u32 host, const char *place, int ifindex,
		   const char *reason)
{
	EMIT(tr, TT_DROPPED, v_int((s64)packet), v_int(t), v_int(host), v_name(place),
	     v_int(ifindex), v_name(reason));
}

void trace_irq(struct trace *tr, nsec_t t, u32 host, int irq, int cpu, const char *what)
{
	EMIT(tr, TT_IRQ, v_int(t), v_int(host), v_int(irq), v_int(cpu), v_name(what));
}

void trace_napi_poll(struct trace *tr, nsec_t t, u32 host, int cpu, u32 napi_id, const char *what,
		     int work, int budget)
{
	EMIT(tr, TT_NAPI_POLL, v_int(t), v_int(host), v_int(cpu), v_int(napi_id), v_name(what),
	     v_int(work), v_int(budget));
}

void trace_sched(struct trace *tr, nsec_t t, u32 host, int cpu, int tid, const char *what,
		 const char *wait)
{
	EMIT(tr, TT_SCHED, v_int(t), v_int(host), v_int(cpu), v_int(tid), v_name(what),
	     v_name(wait));
}

void trace_choice(struct trace *tr, nsec_t t, u32 host, const char *kind, u32 nth, u32 n, u32 value)
{
	EMIT(tr, TT_CHOICE, v_int(t), v_int(host), v_name(kind), v_int(nth), v_int(n),
	     v_int(value));
}

void trace_sock_state(struct trace *tr, nsec_t t, u32 host, u64 sock, const char *proto,
		      const char *local, const char *remote, const char *from, const char *to)
{
	EMIT(tr, TT_SOCK_STATE, v_int(t), v_int(host), v_int((s64)sock), v_text(proto),
	     v_text(local), v_text(remote), v_text(from), v_text(to));
}

void trace_counter(struct trace *tr, u32 host, const char *scope, const char *object,
		   const char *name, u64 value)
{
	EMIT(tr, TT_COUNTER, v_int(host), v_text(scope), v_text(object), v_text(name),
	     v_int((s64)value));
}

void trace_log(struct trace *tr, nsec_t t, u32 host, int tid, const char *stream, const char *text,
	       size_t len)
{
	EMIT(tr, TT_LOG, v_int(t), v_int(host), v_int(tid), v_text(stream),
	     v_mem(TV_TEXT, text, len));
}

void trace_check_result(struct trace *tr, const char *name, bool ok, const char *message)
{
	EMIT(tr, TT_CHECK_RESULT, v_text(name), v_int(ok), v_text(message));
}

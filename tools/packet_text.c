/* SPDX-License-Identifier: MIT */
/*
 * Packets as lines (packet_text.h).
 *
 * The initial sequence numbers of all connections are read once and kept sorted by the direction's
 * four names and time, so that each lookup is a binary search, also where ports are used again.
 */
#include "tools/packet_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"

#define KEY_LEN 128

struct isn {
	char *key; /* "src sport dst dport" */
	s64 row;   /* seq column of the SYN */
	u32 value;
};

struct packet_text {
	sqlite3_stmt *get;
	struct isn *isns;
	size_t n;
};

enum column {
	SEQ,
	ETH_TYPE,
	IP_VERSION,
	SRC,
	DST,
	PROTO,
	SPORT,
	DPORT,
	FLAGS,
	TCP_SEQ,
	TCP_ACK,
	WIN,
	ICMP_TYPE,
	ICMP_CODE,
	ARP_OP,
	PAYLOAD,
	LEN,
	FRAG_OFFSET,
	FRAG_MORE,
	ETH_SRC,
	ETH_DST,
	IP_ID
};

static const char get_sql[] =
    "SELECT seq, eth_type, ip_version, src, dst, proto, sport, dport, tcp_flags, tcp_seq, tcp_ack,"
    " tcp_win, icmp_type, icmp_code, arp_op, payload, len, frag_offset, frag_more, eth_src, "
    "eth_dst,"
    " ip_id FROM packet WHERE id = ?";

/* A line under construction. */
struct line {
	char *buf;
	size_t len, n;
};

static void __printf_like(2, 3) add(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (l->n >= l->len)
		return;
	va_start(ap, fmt);
	n = vsnprintf(l->buf + l->n, l->len - l->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->n += (size_t)n;
}

static int compare_isn(const void *a, const void *b)
{
	const struct isn *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->row > y->row) - (x->row < y->row);
}

static void make_key(char *key, const char *src, int sport, const char *dst, int dport)
{
	snprintf(key, KEY_LEN, "%s %d %s %d", src, sport, dst, dport);
}

static const char *text(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? s : "?";
}

static bool has(sqlite3_stmt *st, int col)
{
	return sqlite3_column_type(st, col) != SQLITE_NULL;
}

struct packet_text *packet_text_new(struct sqlite3 *db)
{
	struct packet_text *p = xcalloc(1, sizeof(*p));
	sqlite3_stmt *st;
	size_t cap = 0;
	char key[KEY_LEN];

	sqlite3_prepare_v2(db, get_sql, -1, &p->get, NULL);
	sqlite3_prepare_v2(db,
			   "SELECT seq, src, sport, dst, dport, tcp_seq FROM packet"
			   " WHERE tcp_flags & 2 ORDER BY seq",
			   -1, &st, NULL);
	while (sqlite3_step(st) == SQLITE_ROW) {
		if (p->n == cap) {
			cap = cap ? cap * 2 : 64;
			p->isns = xrealloc(p->isns, cap * sizeof(*p->isns));
		}
		make_key(key, text(st, 1), sqlite3_column_int(st, 2), text(st, 3),
			 sqlite3_column_int(st, 4));
		p->isns[p->n++] = (struct isn){xstrdup(key), sqlite3_column_int64(st, 0),
					       (u32)sqlite3_column_int64(st, 5)};
	}
	sqlite3_finalize(st);
	if (p->n)
		qsort(p->isns, p->n, sizeof(*p->isns), compare_isn);
	return p;
}

void packet_text_free(struct packet_text *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->isns[i].key);
	free(p->isns);
	sqlite3_finalize(p->get);
	free(p);
}

/* The ISN of a direction as of a row; 0 when the trace has none. */
static u32 find_isn(struct packet_text *p, char *key, s64 row)
{
	struct isn want = {key, row, 0};
	size_t lo = 0, hi = p->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (compare_isn(&p->isns[mid], &want) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && strcmp(p->isns[lo - 1].key, key) == 0 ? p->isns[lo - 1].value : 0;
}

static void add_flags(struct line *l, int flags)
{
	static const char letters[] = "FSRP.UEW"; /* as tcpdump */

	add(l, "Flags [");
	for (int i = 0; i < 8; i++)
		if (flags & 1 << i)
			add(l, "%c", letters[i]);
	if (!flags)
		add(l, "none");
	add(l, "]");
}

static void add_tcp(struct packet_text *p, struct line *l)
{
	sqlite3_stmt *st = p->get;
	int flags = sqlite3_column_int(st, FLAGS), len = sqlite3_column_int(st, PAYLOAD);
	int sport = sqlite3_column_int(st, SPORT), dport = sqlite3_column_int(st, DPORT);
	u32 seq = (u32)sqlite3_column_int64(st, TCP_SEQ),
	    ack = (u32)sqlite3_column_int64(st, TCP_ACK);
	s64 row = sqlite3_column_int64(st, SEQ);
	char there[KEY_LEN], back[KEY_LEN];

	make_key(there, text(st, SRC), sport, text(st, DST), dport);
	make_key(back, text(st, DST), dport, text(st, SRC), sport);
	add_flags(l, flags);
	if (!(flags & 2))
		seq -= find_isn(p, there, row);
	if (len > 0)
		add(l, ", seq %u:%u", seq, seq + (u32)len);
	else if (flags & 7)
		add(l, ", seq %u", seq);
	if (flags & 16)
		add(l, ", ack %u", ack - find_isn(p, back, row));
	add(l, ", win %d, length %d", sqlite3_column_int(st, WIN), len);
}

static const char *icmp_name(bool v6, int type)
{
	static const struct {
		int type;
		const char *v4, *v6;
	} names[] = {
	    {0, "echo reply", NULL},
	    {3, "destination unreachable", "time exceeded"},
	    {5, "redirect", NULL},
	    {8, "echo request", NULL},
	    {11, "time exceeded", NULL},
	    {12, "parameter problem", NULL},
	    {1, NULL, "destination unreachable"},
	    {2, NULL, "packet too big"},
	    {4, NULL, "parameter problem"},
	    {128, NULL, "echo request"},
	    {129, NULL, "echo reply"},
	    {130, NULL, "multicast listener query"},
	    {133, NULL, "router solicitation"},
	    {134, NULL, "router advertisement"},
	    {135, NULL, "neighbor solicitation"},
	    {136, NULL, "neighbor advertisement"},
	    {143, NULL, "multicast listener report v2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].type == type)
			return v6 ? names[i].v6 : names[i].v4;
	return NULL;
}

static void add_icmp(struct line *l, sqlite3_stmt *st, bool v6)
{
	int type = sqlite3_column_int(st, ICMP_TYPE), code = sqlite3_column_int(st, ICMP_CODE);
	const char *name = icmp_name(v6, type);

	if (name)
		add(l, "ICMP%s %s", v6 ? "6" : "", name);
	else
		add(l, "ICMP%s type %d", v6 ? "6" : "", type);
	if (code)
		add(l, " code %d", code);
	add(l, ", length %d", sqlite3_column_int(st, PAYLOAD));
}

static void add_ip(struct packet_text *p, struct line *l)
{
	sqlite3_stmt *st = p->get;
	const char *proto = text(st, PROTO);
	bool v6 = sqlite3_column_int(st, IP_VERSION) == 6;

	add(l, "IP%s %s", v6 ? "6" : "", text(st, SRC));
	if (has(st, SPORT))
		add(l, ".%d", sqlite3_column_int(st, SPORT));
	add(l, " > %s", text(st, DST));
	if (has(st, DPORT))
		add(l, ".%d", sqlite3_column_int(st, DPORT));
	add(l, ": ");
	if (has(st, FLAGS))
		add_tcp(p, l);
	else if (has(st, ICMP_TYPE))
		add_icmp(l, st, v6);
	else if (strcmp(proto, "udp") == 0)
		add(l, "UDP, length %d", sqlite3_column_int(st, PAYLOAD));
	else
		add(l, "proto %s, length %d", proto, sqlite3_column_int(st, PAYLOAD));
	if (has(st, FRAG_OFFSET))
		add(l, " (fragment id %d offset %d%s)", sqlite3_column_int(st, IP_ID),
		    sqlite3_column_int(st, FRAG_OFFSET),
		    sqlite3_column_int(st, FRAG_MORE) ? ", more follow" : ", last");
}

static void add_arp(struct line *l, sqlite3_stmt *st)
{
	if (sqlite3_column_int(st, ARP_OP) == 1)
		add(l, "ARP, Request who-has %s tell %s", text(st, DST), text(st, SRC));
	else if (sqlite3_column_int(st, ARP_OP) == 2)
		add(l, "ARP, Reply %s is-at %s", text(st, SRC), text(st, ETH_SRC));
	else
		add(l, "ARP, length %d", sqlite3_column_int(st, LEN));
}

char *packet_text_line(struct packet_text *p, u64 id, char *buf, size_t len)
{
	struct line l = {buf, len, 0};
	sqlite3_stmt *st = p->get;

	buf[0] = '\0';
	sqlite3_bind_int64(st, 1, (s64)id);
	if (sqlite3_step(st) == SQLITE_ROW) {
		if (has(st, ARP_OP))
			add_arp(&l, st);
		else if (has(st, IP_VERSION))
			add_ip(p, &l);
		else
			add(&l, "%s > %s, ethertype 0x%04x, length %d", text(st, ETH_SRC),
			    text(st, ETH_DST), (unsigned int)sqlite3_column_int(st, ETH_TYPE),
			    sqlite3_column_int(st, LEN));
	}
	sqlite3_reset(st);
	return buf;
}

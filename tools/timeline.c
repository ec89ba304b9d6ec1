/* SPDX-License-Identifier: MIT */
/*
 * The timeline of `sockloom show`: what happened, in the order of time.
 *
 * Rows come from the view timeline. A call is one line when nothing happened between its start and
 * its return, else two. Packets are shown as tcpdump shows them, where they first reach a link;
 * their way through rings, polls and sockets follows by their id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/engine/pool.h"
#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/packet_text.h"
#include "tools/show.h"

#define TEXT_LEN 1024

struct timeline {
	struct trace_read *trace;
	FILE *out;
	bool color;
	struct packet_text *packets;
	sqlite3_stmt *syscall, *host;
	char **host_names; /* by id */
	u32 nhosts;
	int name_width;
	/* A call whose line is held back until it is known whether its return follows at once. */
	s64 held_seq;
	char *held;
};

/* ---- flows --------------------------------------------------------------------------------------
 */

static int parse_port(const char *s, int *port)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (end == s || *end || v < 0 || v > 65535)
		return -EINVAL;
	*port = (int)v;
	return 0;
}

static int parse_endpoint(char *s, struct show_endpoint *e)
{
	char *colon, *close = NULL;

	e->port = -1;
	e->addr[0] = '\0';
	if (*s == '[') {
		close = strchr(s, ']');
		if (!close)
			return -EINVAL;
		*close = '\0';
		s++;
		colon = close[1] == ':' ? close + 1 : NULL;
		if (close[1] && !colon)
			return -EINVAL;
	} else {
		colon = strchr(s, ':');
		if (colon && strchr(colon + 1, ':')) /* a bare IPv6 address */
			colon = NULL;
	}
	if (colon) {
		*colon = '\0';
		if (parse_port(colon + 1, &e->port) < 0)
			return -EINVAL;
	}
	if (strlen(s) >= sizeof(e->addr))
		return -EINVAL;
	strcpy(e->addr, s);
	return e->addr[0] || e->port >= 0 ? 0 : -EINVAL;
}

int show_parse_flow(const char *s, struct show_filter *f)
{
	char *copy = xstrdup(s), *dash = strchr(copy, '-');
	int err;

	f->flow = true;
	f->end[1] = (struct show_endpoint){.port = -1};
	if (dash)
		*dash = '\0';
	err = parse_endpoint(copy, &f->end[0]);
	if (!err && dash)
		err = parse_endpoint(dash + 1, &f->end[1]);
	free(copy);
	return err;
}

int show_parse_packet(const char *s, struct show_filter *f)
{
	unsigned long long host = 0, n;
	int end = 0;

	if (sscanf(s, "%llu:%llu%n", &host, &n, &end) != 2) {
		host = 0;
		if (sscanf(s, "%llu%n", &n, &end) != 1)
			return -EINVAL;
	}
	if (s[end] || s[0] < '0' || s[0] > '9')
		return -EINVAL;
	f->has_packet = true;
	f->packet = (u64)host << 40 | n;
	return 0;
}

/* ---- lines --------------------------------------------------------------------------------------
 */

static const char *column(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? s : "";
}

static void load_hosts(struct timeline *tl)
{
	sqlite3_stmt *st;
	u32 id;

	sqlite3_prepare_v2(tl->trace->db, "SELECT id, name FROM host ORDER BY id", -1, &st, NULL);
	while (sqlite3_step(st) == SQLITE_ROW) {
		id = (u32)sqlite3_column_int64(st, 0);
		if (id >= tl->nhosts) {
			tl->host_names = xrealloc(tl->host_names, (id + 1) * sizeof(char *));
			while (tl->nhosts <= id)
				tl->host_names[tl->nhosts++] = NULL;
		}
		free(tl->host_names[id]);
		tl->host_names[id] = xstrdup(column(st, 1));
		tl->name_width = max(tl->name_width, (int)strlen(column(st, 1)));
	}
	sqlite3_finalize(st);
	tl->name_width = clamp(tl->name_width, 4, 16);
}

static void print_line(struct timeline *tl, nsec_t t, u32 host, enum cli_color c, const char *text)
{
	char number[16];
	const char *name = number;

	snprintf(number, sizeof(number), "#%u", host);
	if (host == 0)
		name = "-";
	else if (host < tl->nhosts && tl->host_names[host])
		name = tl->host_names[host];
	fprintf(tl->out, "%5lld.%09lld  %-*s  %s%s%s\n", (long long)(t / NSEC_PER_SEC),
		(long long)(t % NSEC_PER_SEC), tl->name_width, name, cli_color(tl->color, c), text,
		c == CLI_PLAIN ? "" : cli_color(tl->color, CLI_PLAIN));
}

static void flush_held(struct timeline *tl)
{
	if (tl->held)
		fputs(tl->held, tl->out);
	free(tl->held);
	tl->held = NULL;
}

/* Prints into tl->held instead. */
static void hold_line(struct timeline *tl, s64 seq, nsec_t t, u32 host, const char *text)
{
	FILE *out = tl->out;
	size_t len;

	flush_held(tl);
	tl->out = open_memstream(&tl->held, &len);
	print_line(tl, t, host, CLI_CYAN, text);
	fclose(tl->out);
	tl->out = out;
	tl->held_seq = seq;
}

static void return_text(struct timeline *tl, s64 seq, int tid, char *buf, size_t len)
{
	sqlite3_stmt *st = tl->syscall;
	char took[48], *name;
	int err;

	sqlite3_bind_int64(st, 1, seq);
	if (sqlite3_step(st) != SQLITE_ROW) {
		sqlite3_reset(st);
		return;
	}
	err = sqlite3_column_int(st, 3);
	format_duration(took, sizeof(took), sqlite3_column_int64(st, 4));
	name = xstrdup(column(st, 0));
	if (err)
		snprintf(buf, len, "%d %s(%s) = -1 %s (%s) <%s>", tid, name, column(st, 1),
			 strerrorname_np(err) ? strerrorname_np(err) : "?", strerror(err), took);
	else
		snprintf(buf, len, "%d %s(%s) = %lld <%s>", tid, name, column(st, 1),
			 (long long)sqlite3_column_int64(st, 2), took);
	free(name);
	sqlite3_reset(st);
}

static char *packet_name(u64 id, char *buf, size_t len)
{
	snprintf(buf, len, "[%llu:%llu]", (unsigned long long)(id >> 40),
		 (unsigned long long)(id & ((1ULL << 40) - 1)));
	return buf;
}

enum column_of_view { T, SEQ, HOST, CPU, TID, KIND, WHAT, DETAIL, PACKET };

static void packet_row(struct timeline *tl, sqlite3_stmt *st, const char *kind)
{
	u64 id = (u64)sqlite3_column_int64(st, PACKET);
	char text[TEXT_LEN], line[TEXT_LEN - 128], name[48];
	enum cli_color c = CLI_DIM;

	packet_name(id, name, sizeof(name));
	if (strcmp(kind, "packet") == 0) {
		c = CLI_BOLD;
		packet_text_line(tl->packets, id, line, sizeof(line));
		snprintf(text, sizeof(text), "%s %s", name, line);
	} else if (strcmp(kind, "drop") == 0) {
		c = CLI_RED;
		snprintf(text, sizeof(text), "%s dropped at %s: %s", name, column(st, DETAIL),
			 column(st, WHAT));
	} else {
		snprintf(text, sizeof(text), "%s %s%s%s", name, column(st, WHAT),
			 *column(st, DETAIL) ? " " : "", column(st, DETAIL));
	}
	print_line(tl, sqlite3_column_int64(st, T), (u32)sqlite3_column_int64(st, HOST), c, text);
}

static void other_row(struct timeline *tl, sqlite3_stmt *st, const char *kind)
{
	const char *what = column(st, WHAT), *detail = column(st, DETAIL);
	int cpu = sqlite3_column_int(st, CPU), tid = sqlite3_column_int(st, TID);
	enum cli_color c = CLI_DIM;
	char text[TEXT_LEN];

	if (strcmp(kind, "irq") == 0)
		snprintf(text, sizeof(text), "cpu%d %s %s", cpu, detail, what);
	else if (strcmp(kind, "napi") == 0)
		snprintf(text, sizeof(text), "cpu%d %s %s", cpu, detail, what);
	else if (strcmp(kind, "sched") == 0)
		snprintf(text, sizeof(text), "cpu%d task %d %s%s%s", cpu, tid, what,
			 *detail ? ": " : "", detail);
	else if (strcmp(kind, "choice") == 0)
		snprintf(text, sizeof(text), "choice %s %s", what, detail);
	else if (strcmp(kind, "state") == 0)
		snprintf(text, sizeof(text), "%s %s", what, detail);
	else
		snprintf(text, sizeof(text), "%d %s: %.*s", tid, what, (int)strcspn(detail, "\n"),
			 detail);
	if (strcmp(kind, "choice") == 0 || strcmp(kind, "log") == 0)
		c = CLI_YELLOW;
	else if (strcmp(kind, "state") == 0)
		c = CLI_GREEN;
	print_line(tl, sqlite3_column_int64(st, T), (u32)sqlite3_column_int64(st, HOST), c, text);
}

static void timeline_row(struct timeline *tl, sqlite3_stmt *st)
{
	const char *kind = column(st, KIND);
	nsec_t t = sqlite3_column_int64(st, T);
	s64 seq = sqlite3_column_int64(st, SEQ);
	u32 host = (u32)sqlite3_column_int64(st, HOST);
	int tid = sqlite3_column_int(st, TID);
	char text[TEXT_LEN];

	if (strcmp(kind, "call") == 0) {
		snprintf(text, sizeof(text), "%d %s(%s ...", tid, column(st, WHAT),
			 column(st, DETAIL));
		hold_line(tl, seq, t, host, text);
		return;
	}
	if (tl->held && tl->held_seq == seq) {
		free(tl->held);
		tl->held = NULL;
	}
	flush_held(tl);
	if (strcmp(kind, "return") == 0) {
		text[0] = '\0';
		return_text(tl, seq, tid, text, sizeof(text));
		print_line(tl, t, host, CLI_CYAN, text);
	} else if (sqlite3_column_type(st, PACKET) != SQLITE_NULL) {
		packet_row(tl, st, kind);
	} else {
		other_row(tl, st, kind);
	}
}

/* Packets of a flow, in both directions; everything else is left out. */
static const char flow_sql[] =
    " AND packet IN (SELECT id FROM packet WHERE"
    " (?4 IN ('', src) AND ?5 IN (-1, sport) AND ?6 IN ('', dst) AND ?7 IN (-1, dport)) OR"
    " (?4 IN ('', dst) AND ?5 IN (-1, dport) AND ?6 IN ('', src) AND ?7 IN (-1, sport)))";

/* A tid is unique on its host only. A task that still lives has no row yet in a run that was killed. */
static const char task_sql[] =
    " AND (CAST(tid AS TEXT) = ?9 OR EXISTS (SELECT 1 FROM task k WHERE k.host = timeline.host"
    " AND k.tid = timeline.tid AND k.name = ?9))";

static sqlite3_stmt *prepare_timeline(struct timeline *tl, const struct show_filter *f)
{
	sqlite3_stmt *st = NULL;
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "SELECT t, seq, host, cpu, tid, kind, what, detail, packet FROM timeline"
		 " WHERE t BETWEEN ?1 AND ?2 AND ?3 IN (0, host)%s%s%s",
		 f->flow ? flow_sql : "", f->has_packet ? " AND packet = ?8" : "",
		 f->task ? task_sql : "");
	sqlite3_prepare_v2(tl->trace->db, sql, -1, &st, NULL);
	sqlite3_bind_int64(st, 1, f->from);
	sqlite3_bind_int64(st, 2, f->to);
	sqlite3_bind_int64(st, 3, f->host);
	if (f->has_packet)
		sqlite3_bind_int64(st, 8, (s64)f->packet);
	if (f->task)
		sqlite3_bind_text(st, 9, f->task, -1, SQLITE_STATIC);
	for (int i = 0; f->flow && i < 2; i++) {
		sqlite3_bind_text(st, 4 + i * 2, f->end[i].addr, -1, SQLITE_STATIC);
		sqlite3_bind_int(st, 5 + i * 2, f->end[i].port);
	}
	return st;
}

int show_timeline(struct trace_read *r, const struct show_filter *f, FILE *out, bool color)
{
	struct timeline tl = {.trace = r, .out = out, .color = color};
	sqlite3_stmt *st = prepare_timeline(&tl, f);
	int rc;

	load_hosts(&tl);
	tl.packets = packet_text_new(r->db);
	sqlite3_prepare_v2(r->db,
			   "SELECT name, args, result, errno, t_exit - t_enter FROM syscall"
			   " WHERE seq = ?",
			   -1, &tl.syscall, NULL);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		timeline_row(&tl, st);
	flush_held(&tl);
	sqlite3_finalize(tl.syscall);
	packet_text_free(tl.packets);
	for (u32 i = 0; i < tl.nhosts; i++)
		free(tl.host_names[i]);
	free(tl.host_names);
	sqlite3_finalize(st); /* last: its error is the one to report */
	return rc == SQLITE_DONE ? 0 : -EIO;
}

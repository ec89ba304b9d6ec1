/* SPDX-License-Identifier: MIT */
/*
 * sockloom show: what is in a trace.
 */
#include "tools/show.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "sim/engine/units.h"
#include "tools/cli.h"
#include "tools/cmd.h"
#include "tools/table.h"

static const struct cli_option options[] = {
    {0, "summary", NULL, "what ran and how it ended (the default)"},
    {0, "timeline", NULL, "everything in the order of time"},
    {0, "from", "TIME", "timeline: from here (1.5ms; a bare number is ns)"},
    {0, "to", "TIME", "timeline: up to here"},
    {0, "host", "NAME", "timeline: only this host"},
    {0, "task", "NAME", "timeline: only tasks of this name, or this number"},
    {0, "flow", "FLOW", "timeline: only packets of ADDR[:PORT][-ADDR[:PORT]]"},
    {0, "packet", "ID", "timeline: only this packet, named as the timeline does: [1:17]"},
    {0, "flows", NULL, "packets and bytes of each direction of each conversation"},
    {0, "drops", NULL, "dropped packets by reason and place"},
    {0, "latency", NULL, "from the wire to recv() for each packet that reached a socket"},
    {0, "queues", NULL, "how each NIC queue was used"},
    {0, "syscalls", NULL, "calls by host and name, and the slowest"},
    {0, "counters", NULL, "counters at the end of the run that are not 0"},
    {0, "sql", "QUERY", "the result of any SQL query (tools/TRACE.md lists the tables)"},
    {0, NULL, NULL, NULL},
};

static const struct cli_spec spec = {
    "show", "[options] TRACE", "Shows what is in a trace. Several parts may be asked for at once.",
    options};

struct show {
	struct trace_read *trace;
	bool color;
	int status;
};

struct part {
	const char *option;
	const char *title;
	enum trace_level level; /* that the trace must have */
	const char *empty;
	const char *sql;
};

static const struct part parts[] = {
    {"flows", "Flows", TRACE_PACKETS, "no packets",
     "SELECT proto, src || iif(sport IS NULL, '', ':' || sport) AS source,"
     " dst || iif(dport IS NULL, '', ':' || dport) AS destination, packets, bytes, payload,"
     " dropped, syn, fin, rst, duration(t_first) AS first, duration(t_last) AS last FROM flow"},
    {"drops", "Dropped packets", TRACE_PACKETS, "no packet was dropped",
     "SELECT packets, reason, place, host, duration(t_first) AS first, duration(t_last) AS last"
     " FROM drop_reason"},
    {"latency", "From the wire to recv()", TRACE_PACKETS, "no packet reached a socket",
     "SELECT packet_name(packet) AS packet, (SELECT name FROM host WHERE id = w.host) AS host, "
     "proto,"
     " src || ':' || sport AS source, dst || ':' || dport AS destination,"
     " duration(t_wire) AS sent, duration(t_rx_ring - t_wire) AS wire,"
     " duration(t_napi - t_rx_ring) AS ring, duration(t_socket - coalesce(t_napi, t_wire)) AS "
     "stack,"
     " duration(t_recv - t_socket) AS socket, duration(latency) AS latency FROM wire_to_recv w"},
    {"queues", "NIC queues", TRACE_PACKETS, "no NIC queue",
     "SELECT host, nic, dir, queue, irq, cpu, napi_id, packets, polls, work FROM queue_load"},
    {"syscalls", "Calls", TRACE_SYSCALLS, "no calls",
     "SELECT host, name, calls, errors, waiting, duration(total) AS total,"
     " duration(longest) AS longest FROM syscall_stat"},
    {"syscalls", "Slowest calls", TRACE_SYSCALLS, NULL,
     "SELECT duration(duration) AS took, duration(t_enter) AS at, host, tid, task,"
     " name || '(' || coalesce(args, '') || ') = ' || result AS call FROM slow_syscall LIMIT 10"},
    {"counters", "Counters", TRACE_SCHEDULE, "no counter",
     "SELECT coalesce(h.name, c.host) AS host, c.scope, c.object, c.name, c.value FROM counter c"
     " LEFT JOIN host h ON h.id = c.host WHERE c.value != 0 ORDER BY c.seq"},
};
#define NPARTS ARRAY_SIZE(parts)

static void print_table(struct show *s, const char *sql, const char *empty)
{
	char *err;

	if (table_print(s->trace->db, sql, stdout, s->color, empty, &err) < 0) {
		cli_error("show", "%s: %s", s->trace->path, err);
		s->status = EXIT_USAGE;
		free(err);
	}
}

static void print_title(struct show *s, const char *title)
{
	printf("%s%s%s\n", cli_color(s->color, CLI_GREEN), title, cli_color(s->color, CLI_PLAIN));
}

static void print_part(struct show *s, const struct part *p)
{
	if (s->trace->level < p->level) {
		cli_error("show", "%s was recorded at the level %s; --%s needs --trace=%s",
			  s->trace->path, trace_level_name(s->trace->level), p->option,
			  trace_level_name(p->level));
		s->status = EXIT_USAGE;
		return;
	}
	print_title(s, p->title);
	print_table(s, p->sql, p->empty);
}

static void print_fact(struct show *s, const char *key, const char *label)
{
	char *value = trace_read_fact(s->trace, key);

	if (value)
		printf("%-10s %s\n", label, value);
	free(value);
}

static void print_fact_time(struct show *s, const char *key, const char *label)
{
	char buf[48];
	u64 t;

	if (trace_read_fact_u64(s->trace, key, &t))
		printf("%-10s %s\n", label, format_duration(buf, sizeof(buf), (nsec_t)t));
}

static void print_counts(struct show *s)
{
	static const struct {
		enum trace_table t;
		const char *name;
	} counts[] = {
	    {TT_PACKET, "packets"}, {TT_DROPPED, "dropped"}, {TT_SYSCALL, "calls"},
	    {TT_IRQ, "irqs"},	    {TT_SCHED, "sched"},     {TT_CHOICE, "choices"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (trace_table_desc(counts[i].t)->level <= s->trace->level)
			printf("%-10s %llu\n", counts[i].name,
			       (unsigned long long)trace_read_count(s->trace, counts[i].t));
}

static void print_summary(struct show *s)
{
	print_fact(s, "scenario", "scenario");
	print_fact(s, "seed", "seed");
	print_fact(s, "version", "version");
	print_fact(s, "level", "level");
	print_fact_time(s, "end_time", "end time");
	print_fact(s, "events", "events");
	print_fact(s, "hash", "hash");
	print_fact(s, "outcome", "outcome");
	if (!s->trace->complete)
		printf("%-10s cut short: a prefix of the run\n", "outcome");
	print_counts(s);
	printf("\n");
	print_table(
	    s,
	    "SELECT name AS host, ncpu AS cpus,"
	    " (SELECT count(*) FROM nic n WHERE n.host = h.id) AS nics,"
	    " (SELECT count(*) FROM task k WHERE k.host = h.id) AS tasks FROM host h ORDER BY id",
	    NULL);
	if (trace_read_count(s->trace, TT_CHECK_RESULT)) {
		printf("\n");
		print_table(s,
			    "SELECT iif(ok, 'ok', 'FAILED') AS result, name AS \"check\", message"
			    " FROM check_result ORDER BY seq",
			    NULL);
	}
}

static bool find_host(struct show *s, const char *name, u32 *id)
{
	sqlite3_stmt *st;

	sqlite3_prepare_v2(s->trace->db, "SELECT id FROM host WHERE name = ?", -1, &st, NULL);
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	*id = sqlite3_step(st) == SQLITE_ROW ? (u32)sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	if (!*id)
		cli_error("show", "%s has no host '%s'", s->trace->path, name);
	return *id != 0;
}

struct request {
	const char *path, *host, *sql;
	bool summary, timeline, part[NPARTS];
	struct show_filter filter;
};

/* Options that name a part; several rows of the table may have the same. */
static bool request_part(struct request *q, const char *option)
{
	bool found = false;

	for (size_t i = 0; i < NPARTS; i++)
		if (strcmp(parts[i].option, option) == 0)
			found = q->part[i] = true;
	return found;
}

static void parse_option(struct cli *c, struct request *q)
{
	if (cli_is(c, CLI_ARGUMENT)) {
		if (q->path)
			cli_usage(c, "more than one trace");
		q->path = c->value;
	} else if (cli_is(c, "summary")) {
		q->summary = true;
	} else if (cli_is(c, "timeline")) {
		q->timeline = true;
	} else if (cli_is(c, "from")) {
		q->timeline = cli_duration(c, &q->filter.from);
	} else if (cli_is(c, "to")) {
		q->timeline = cli_duration(c, &q->filter.to);
	} else if (cli_is(c, "host")) {
		q->timeline = true;
		q->host = c->value;
	} else if (cli_is(c, "task")) {
		q->timeline = true;
		q->filter.task = c->value;
	} else if (cli_is(c, "flow")) {
		q->timeline = true;
		if (show_parse_flow(c->value, &q->filter) < 0)
			cli_usage(c,
				  "--flow %s: write ADDR:PORT-ADDR:PORT; each part may be left out",
				  c->value);
	} else if (cli_is(c, "packet")) {
		q->timeline = true;
		if (show_parse_packet(c->value, &q->filter) < 0)
			cli_usage(c, "--packet %s: write HOST:NUMBER", c->value);
	} else if (cli_is(c, "sql")) {
		q->sql = c->value;
	} else {
		request_part(q, c->option->name);
	}
}

/* What a low level leaves out is not to be taken for "nothing happened". */
static void print_timeline(struct show *s, const struct request *q)
{
	if (s->trace->level < TRACE_ALL)
		fprintf(stderr, "(recorded at the level %s: %s)\n",
			trace_level_name(s->trace->level),
			s->trace->level < TRACE_SYSCALLS  ? "without calls, packets and interrupts"
			: s->trace->level < TRACE_PACKETS ? "without packets and interrupts"
							  : "without interrupts and polls");
	if (show_timeline(s->trace, &q->filter, stdout, s->color) < 0) {
		cli_error("show", "%s: %s", s->trace->path, sqlite3_errmsg(s->trace->db));
		s->status = EXIT_USAGE;
	}
}

static void run(struct show *s, struct request *q)
{
	bool first = true;

	if (q->host && !find_host(s, q->host, &q->filter.host)) {
		s->status = EXIT_USAGE;
		return;
	}
	if (q->summary) {
		print_summary(s);
		first = false;
	}
	for (size_t i = 0; i < NPARTS; i++)
		if (q->part[i]) {
			printf("%s", first ? "" : "\n");
			print_part(s, &parts[i]);
			first = false;
		}
	if (q->sql)
		print_table(s, q->sql, NULL);
	if (q->timeline)
		print_timeline(s, q);
}

int cmd_show(int argc, char **argv)
{
	struct request q = {.filter = {.from = 0, .to = NSEC_NEVER}};
	struct show s = {.color = cli_is_terminal(stdout)};
	bool any = false;
	struct cli c;
	char *err;

	cli_init(&c, &spec, argc, argv);
	while (cli_next(&c))
		parse_option(&c, &q);
	if (c.status >= 0)
		return c.status;
	if (!q.path)
		return cli_usage(&c, "which trace?");
	for (size_t i = 0; i < NPARTS; i++)
		any |= q.part[i];
	q.summary |= !any && !q.timeline && !q.sql;
	s.trace = trace_read_open(q.path, &err);
	if (!s.trace) {
		cli_error("show", "%s", err);
		free(err);
		return EXIT_USAGE;
	}
	table_functions(s.trace->db);
	run(&s, &q);
	if (s.trace->error) {
		cli_error("show", "%s", s.trace->error);
		s.status = EXIT_USAGE;
	}
	trace_read_close(s.trace);
	return s.status;
}

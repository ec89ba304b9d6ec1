/* SPDX-License-Identifier: MIT */
/*
 * The views of a trace: the common questions, each answered by one SELECT. tools/TRACE.md describes
 * them. Times are nanoseconds since the start of the run, seq is the order of the rows of all
 * tables.
 */
#include "sim/engine/trace_sqlite.h"

/* Every row that has a time, in the order of time. */
static const char timeline[] =
    "SELECT t_enter AS t, seq, host, cpu, tid, 'call' AS kind, name AS what,"
    "  coalesce(substr(args, 1, instr(args || ',', ',') - 1), '') AS detail, NULL AS packet"
    " FROM syscall"
    " UNION ALL SELECT t_exit, seq, host, cpu, tid, 'return', name,"
    "  '(' || coalesce(args, '') || ') = ' || result || iif(errno, ' errno ' || errno, ''), NULL"
    " FROM syscall WHERE t_exit IS NOT NULL"
    " UNION ALL SELECT t, seq, host, NULL, NULL, 'packet', coalesce(proto, eth_type),"
    "  coalesce(src || iif(sport IS NULL, '', ':' || sport) || ' > ' || dst ||"
    "   iif(dport IS NULL, '', ':' || dport), eth_src || ' > ' || eth_dst, '') || ' length ' || "
    "len,"
    "  id FROM packet"
    " UNION ALL SELECT t, seq, host, NULL, NULL, 'hop', place,"
    "  iif(queue IS NULL, '', 'queue ' || queue), packet FROM hop"
    " UNION ALL SELECT t, seq, host, NULL, NULL, 'drop', reason, place, packet FROM dropped"
    " UNION ALL SELECT t, seq, host, cpu, NULL, 'irq', what, 'irq ' || irq, NULL FROM irq"
    " UNION ALL SELECT t, seq, host, cpu, NULL, 'napi', what,"
    "  'napi ' || napi_id || ' ' || work || '/' || budget, NULL FROM napi_poll"
    " UNION ALL SELECT t, seq, host, cpu, tid, 'sched', what, coalesce(wait, ''), NULL FROM sched"
    " UNION ALL SELECT t, seq, host, NULL, NULL, 'choice', kind,"
    "  'number ' || nth || ': ' || value || ' of ' || n, NULL FROM choice"
    " UNION ALL SELECT t, seq, host, NULL, NULL, 'state', proto,"
    "  'socket ' || sock || coalesce(' ' || local, '') || coalesce(' > ' || remote, '') || ': ' ||"
    "  from_state || ' to ' || to_state, NULL FROM sock_state"
    " UNION ALL SELECT t, seq, host, NULL, tid, 'log', stream, text, NULL FROM log"
    " ORDER BY t, seq";

/* One direction of a conversation. */
static const char flow[] =
    "SELECT p.proto, p.src, p.sport, p.dst, p.dport, count(*) AS packets, sum(p.len) AS bytes,"
    " sum(p.payload) AS payload, min(p.t) AS t_first, max(p.t) AS t_last,"
    " sum(coalesce(p.tcp_flags & 2 > 0, 0)) AS syn, sum(coalesce(p.tcp_flags & 1 > 0, 0)) AS fin,"
    " sum(coalesce(p.tcp_flags & 4 > 0, 0)) AS rst, sum(coalesce(d.n, 0)) AS dropped"
    " FROM packet p LEFT JOIN (SELECT packet, count(*) AS n FROM dropped GROUP BY packet) d"
    " ON d.packet = p.id WHERE p.src IS NOT NULL"
    " GROUP BY p.proto, p.src, p.sport, p.dst, p.dport ORDER BY min(p.t), min(p.seq)";

static const char drop_reason[] =
    "SELECT reason, place, coalesce(h.name, host) AS host, count(*) AS packets, min(t) AS t_first,"
    " max(t) AS t_last FROM dropped LEFT JOIN host h ON h.id = host"
    " GROUP BY reason, place, host ORDER BY packets DESC, reason, place, host";

/* Where the time of each packet that reached a socket went, from the wire to the recv() that took
 * it. */
static const char wire_to_recv[] =
    "SELECT s.packet, s.host, p.proto, p.src, p.sport, p.dst, p.dport, p.t AS t_wire,"
    " (SELECT min(t) FROM hop WHERE packet = s.packet AND host = s.host AND place = 'rx_ring')"
    "  AS t_rx_ring,"
    " (SELECT min(t) FROM hop WHERE packet = s.packet AND host = s.host AND place = 'napi')"
    "  AS t_napi,"
    " s.t AS t_socket,"
    " (SELECT min(t) FROM hop WHERE packet = s.packet AND host = s.host AND place = 'recv')"
    "  AS t_recv,"
    " (SELECT min(t) FROM hop WHERE packet = s.packet AND host = s.host AND place = 'recv') - p.t"
    "  AS latency"
    " FROM hop s JOIN packet p ON p.id = s.packet WHERE s.place = 'socket_rx'";

static const char slow_syscall[] =
    "SELECT s.t_exit - s.t_enter AS duration, s.t_enter, h.name AS host, s.tid,"
    " (SELECT name FROM task WHERE host = s.host AND tid = s.tid) AS task, s.name, s.args, "
    "s.result,"
    " s.errno FROM syscall s LEFT JOIN host h ON h.id = s.host WHERE s.t_exit IS NOT NULL"
    " ORDER BY duration DESC, s.seq";

static const char syscall_stat[] =
    "SELECT h.name AS host, s.name, count(*) AS calls, sum(s.errno > 0) AS errors,"
    " sum(s.t_exit IS NULL) AS waiting, sum(s.t_exit - s.t_enter) AS total,"
    " max(s.t_exit - s.t_enter) AS longest FROM syscall s LEFT JOIN host h ON h.id = s.host"
    " GROUP BY s.host, s.name ORDER BY s.host, calls DESC, s.name";

/* polls and work need the level all. */
static const char queue_load[] =
    "SELECT h.name AS host, n.name AS nic, q.dir, q.queue, q.irq, q.cpu, q.napi_id,"
    " coalesce(r.n, 0) AS packets, coalesce(w.polls, 0) AS polls, coalesce(w.work, 0) AS work"
    " FROM queue q LEFT JOIN host h ON h.id = q.host"
    " LEFT JOIN nic n ON n.host = q.host AND n.ifindex = q.ifindex"
    " LEFT JOIN (SELECT host, ifindex, place, queue, count(*) AS n FROM hop"
    "  WHERE place IN ('rx_ring', 'tx_ring') GROUP BY host, ifindex, place, queue) r"
    "  ON r.host = q.host AND r.ifindex = q.ifindex AND r.queue = q.queue"
    "  AND r.place = q.dir || '_ring'"
    " LEFT JOIN (SELECT host, napi_id, sum(what = 'poll') AS polls, sum(work) AS work FROM "
    "napi_poll"
    "  GROUP BY host, napi_id) w ON q.dir = 'rx' AND w.host = q.host AND w.napi_id = q.napi_id"
    " ORDER BY q.host, q.ifindex, q.dir, q.queue";

static const struct trace_view views[] = {
    {"timeline", timeline},	    {"flow", flow},
    {"drop_reason", drop_reason},   {"wire_to_recv", wire_to_recv},
    {"slow_syscall", slow_syscall}, {"syscall_stat", syscall_stat},
    {"queue_load", queue_load},	    {NULL, NULL},
};

/* Only what the views and the tools look up by key; the tables are in the order of time as they
 * are. */
static const char *const indexes[] = {
    "CREATE INDEX IF NOT EXISTS packet_id ON packet(id)",
    "CREATE INDEX IF NOT EXISTS hop_packet ON hop(packet)",
    "CREATE INDEX IF NOT EXISTS dropped_packet ON dropped(packet)",
    NULL,
};

const struct trace_view *trace_views(void)
{
	return views;
}

const char *const *trace_indexes(void)
{
	return indexes;
}

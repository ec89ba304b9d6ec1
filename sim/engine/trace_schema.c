/* SPDX-License-Identifier: MIT */
/*
 * The tables of a trace: the one place that names them and their columns. The SQLite writer makes
 * its CREATE TABLE and INSERT statements from it, the comparer its messages, and a test holds the
 * manual (tools/TRACE.md) against it.
 *
 * Changing a name, a meaning or the order of columns is a new TRACE_SCHEMA_VERSION.
 */
#include "sim/engine/trace.h"

#include <string.h>

#define INT(name)                                                                                  \
	{                                                                                          \
		name, "INTEGER", true                                                              \
	}
#define TEXT(name)                                                                                 \
	{                                                                                          \
		name, "TEXT", true                                                                 \
	}
#define INT_UNHASHED(name)                                                                         \
	{                                                                                          \
		name, "INTEGER", false                                                             \
	}
#define TEXT_UNHASHED(name)                                                                        \
	{                                                                                          \
		name, "TEXT", false                                                                \
	}
#define BLOB_UNHASHED(name)                                                                        \
	{                                                                                          \
		name, "BLOB", false                                                                \
	}

static const struct trace_table_desc tables[TT_NTABLES] = {
    [TT_RUN] = {TT_RUN, "run", TRACE_NONE, 2, {TEXT_UNHASHED("key"), TEXT_UNHASHED("value")}},
    [TT_FILE] = {TT_FILE, "file", TRACE_NONE, 2, {TEXT_UNHASHED("name"), BLOB_UNHASHED("content")}},
    [TT_HOST] = {TT_HOST, "host", TRACE_NONE, 3, {INT("id"), TEXT("name"), INT("ncpu")}},
    [TT_CPU] = {TT_CPU,
		"cpu",
		TRACE_SCHEDULE,
		6,
		{INT("host"), INT("cpu"), INT("hardirq"), INT("softirq"), INT("task"),
		 INT("idle")}},
    [TT_NIC] = {TT_NIC,
		"nic",
		TRACE_SCHEDULE,
		6,
		{INT("host"), INT("ifindex"), TEXT("name"), TEXT("mac"), TEXT("kind"), INT("mtu")}},
    [TT_QUEUE] = {TT_QUEUE,
		  "queue",
		  TRACE_SCHEDULE,
		  7,
		  {INT("host"), INT("ifindex"), TEXT("dir"), INT("queue"), INT("irq"), INT("cpu"),
		   INT("napi_id")}},
    [TT_TASK] = {TT_TASK,
		 "task",
		 TRACE_SCHEDULE,
		 9,
		 {INT("host"), INT("pid"), INT("tid"), INT("ppid"), TEXT("name"), INT("t_start"),
		  INT("t_exit"), INT("status"), INT("cpu_time")}},
    [TT_SYSCALL] = {TT_SYSCALL,
		    "syscall",
		    TRACE_SYSCALLS,
		    9,
		    {INT("t_enter"), INT("t_exit"), INT("host"), INT("tid"), INT("cpu"),
		     TEXT("name"), TEXT_UNHASHED("args"), INT("result"), INT("errno")}},
    /* The frame enters the hash by its linear header bytes: see trace_packet(). */
    [TT_PACKET] = {TT_PACKET,
		   "packet",
		   TRACE_PACKETS,
		   29,
		   {INT("id"),
		    INT("t"),
		    INT("host"),
		    INT("ifindex"),
		    INT("len"),
		    TEXT_UNHASHED("eth_src"),
		    TEXT_UNHASHED("eth_dst"),
		    INT_UNHASHED("eth_type"),
		    INT_UNHASHED("vlan"),
		    INT_UNHASHED("ip_version"),
		    TEXT_UNHASHED("src"),
		    TEXT_UNHASHED("dst"),
		    TEXT_UNHASHED("proto"),
		    INT_UNHASHED("ttl"),
		    INT_UNHASHED("tos"),
		    INT_UNHASHED("ip_id"),
		    INT_UNHASHED("frag_offset"),
		    INT_UNHASHED("frag_more"),
		    INT_UNHASHED("sport"),
		    INT_UNHASHED("dport"),
		    INT_UNHASHED("tcp_flags"),
		    INT_UNHASHED("tcp_seq"),
		    INT_UNHASHED("tcp_ack"),
		    INT_UNHASHED("tcp_win"),
		    INT_UNHASHED("icmp_type"),
		    INT_UNHASHED("icmp_code"),
		    INT_UNHASHED("arp_op"),
		    INT_UNHASHED("payload"),
		    BLOB_UNHASHED("frame")}},
    [TT_HOP] = {TT_HOP,
		"hop",
		TRACE_PACKETS,
		6,
		{INT("packet"), INT("t"), INT("host"), TEXT("place"), INT("ifindex"),
		 INT("queue")}},
    [TT_DROPPED] = {TT_DROPPED,
		    "dropped",
		    TRACE_PACKETS,
		    6,
		    {INT("packet"), INT("t"), INT("host"), TEXT("place"), INT("ifindex"),
		     TEXT("reason")}},
    [TT_IRQ] = {TT_IRQ,
		"irq",
		TRACE_ALL,
		5,
		{INT("t"), INT("host"), INT("irq"), INT("cpu"), TEXT("what")}},
    [TT_NAPI_POLL] = {TT_NAPI_POLL,
		      "napi_poll",
		      TRACE_ALL,
		      7,
		      {INT("t"), INT("host"), INT("cpu"), INT("napi_id"), TEXT("what"), INT("work"),
		       INT("budget")}},
    [TT_SCHED] = {TT_SCHED,
		  "sched",
		  TRACE_SYSCALLS,
		  6,
		  {INT("t"), INT("host"), INT("cpu"), INT("tid"), TEXT("what"), TEXT("wait")}},
    [TT_CHOICE] = {TT_CHOICE,
		   "choice",
		   TRACE_SCHEDULE,
		   6,
		   {INT("t"), INT("host"), TEXT("kind"), INT("nth"), INT("n"), INT("value")}},
    [TT_SOCK_STATE] = {TT_SOCK_STATE,
		       "sock_state",
		       TRACE_SYSCALLS,
		       8,
		       {INT("t"), INT("host"), INT("sock"), TEXT("proto"), TEXT_UNHASHED("local"),
			TEXT_UNHASHED("remote"), TEXT("from_state"), TEXT("to_state")}},
    [TT_COUNTER] = {TT_COUNTER,
		    "counter",
		    TRACE_SCHEDULE,
		    5,
		    {INT("host"), TEXT("scope"), TEXT("object"), TEXT("name"), INT("value")}},
    [TT_LOG] = {TT_LOG,
		"log",
		TRACE_SCHEDULE,
		5,
		{INT("t"), INT("host"), INT("tid"), TEXT("stream"), TEXT("text")}},
    [TT_CHECK_RESULT] = {TT_CHECK_RESULT,
			 "check_result",
			 TRACE_NONE,
			 3,
			 {TEXT_UNHASHED("name"), INT_UNHASHED("ok"), TEXT_UNHASHED("message")}},
};

const struct trace_table_desc *trace_table_desc(enum trace_table t)
{
	assert(t > TT_INVALID && t < TT_NTABLES);
	return &tables[t];
}

static const char *const level_names[] = {
    [TRACE_NONE] = "none",	 [TRACE_SCHEDULE] = "schedule", [TRACE_SYSCALLS] = "syscalls",
    [TRACE_PACKETS] = "packets", [TRACE_ALL] = "all",
};

enum trace_level trace_level_parse(const char *name)
{
	for (int l = 0; l < (int)ARRAY_SIZE(level_names); l++)
		if (strcmp(level_names[l], name) == 0)
			return (enum trace_level)l;
	return (enum trace_level) - 1;
}

const char *trace_level_name(enum trace_level level)
{
	assert((unsigned int)level < ARRAY_SIZE(level_names));
	return level_names[level];
}

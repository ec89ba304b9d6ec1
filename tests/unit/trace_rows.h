/* SPDX-License-Identifier: MIT */
/*
 * A small made-up run: rows of every table, for the tests of the trace and of the tools that read
 * it.
 *
 * Host 1 (client, eth0) sends UDP datagrams 10.0.0.1:4000 > 10.0.0.2:53 to host 2 (server, eth0),
 * one each 10 us, 5 us on the wire; every tenth is dropped at the server's socket.
 */
#ifndef TESTS_UNIT_TRACE_ROWS_H
#define TESTS_UNIT_TRACE_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

#define ROWS_SCENARIO "host{'client'}\n"
#define ROWS_HEAD 42 /* Ethernet, IPv4, UDP */
#define ROWS_PAYLOAD 100

static const u8 rows_head[ROWS_HEAD] = {
    2,	  0,	0, 0,	2,    1,    2, 0, 0,  0,  1,	1,    8,  0, /* Ethernet */
    0x45, 0,	0, 128, 0x12, 0x34, 0, 0, 64, 17, 0x54, 0x37, 10, 0, 0, 1, 10, 0, 0, 2, /* IPv4 */
    0x0f, 0xa0, 0, 53,	0,    108,  0, 0, /* UDP, no checksum */
};

static void rows_copy(const void *cookie, u32 off, void *to, u32 len)
{
	memset(to, 'x', len);
}

static u64 rows_packet_id(int i)
{
	return (1ULL << 40) + (u64)i;
}

static void rows_begin(struct trace *tr)
{
	static const u8 mac[2][6] = {{2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 2, 1}};
	static const char *const name[] = {"client", "server"};

	trace_run(tr, "version", "test");
	trace_run(tr, "seed", "7");
	trace_run(tr, "level", trace_level_name(trace_get_level(tr)));
	trace_run(tr, "scenario", "s.lua");
	trace_file(tr, "s.lua", ROWS_SCENARIO, strlen(ROWS_SCENARIO));
	for (u32 h = 1; h <= 2; h++) {
		trace_host(tr, h, name[h - 1], 1);
		trace_nic(tr, h, 2, "eth0", mac[h - 1], "ethernet", 1500);
		trace_queue(tr, h, 2, "rx", 0, 24, 0, 8193);
		trace_queue(tr, h, 2, "tx", 0, 24, 0, 8193);
	}
}

/* One datagram's way. */
static void rows_datagram(struct trace *tr, int i)
{
	nsec_t t = 10000LL * (i + 1);
	u64 id = rows_packet_id(i);
	struct trace_syscall send = {.t_enter = t - 500,
				     .t_exit = t,
				     .host = 1,
				     .tid = 10,
				     .name = "sendto",
				     .result = ROWS_PAYLOAD};
	struct trace_syscall recv = {.t_enter = t - 5000,
				     .t_exit = t + 9000,
				     .host = 2,
				     .tid = 20,
				     .name = "recvfrom",
				     .result = ROWS_PAYLOAD};
	struct trace_packet p = {.id = id,
				 .t = t,
				 .host = 1,
				 .ifindex = 2,
				 .head = rows_head,
				 .head_len = ROWS_HEAD,
				 .len = ROWS_HEAD + ROWS_PAYLOAD,
				 .copy = rows_copy};

	if (trace_wants(tr, TT_SYSCALL))
		send.args = recv.args = "3, \"xxxx\"..., 100, 0, NULL, 0";
	trace_hop(tr, id, t - 300, 1, PLACE_SOCKET_TX, 0, -1);
	trace_hop(tr, id, t - 100, 1, PLACE_TX_RING, 2, 0);
	trace_packet(tr, &p);
	trace_hop(tr, id, t, 1, PLACE_LINK, 2, -1);
	trace_syscall(tr, &send);
	trace_hop(tr, id, t + 5000, 2, PLACE_RX_RING, 2, 0);
	trace_irq(tr, t + 5000, 2, 24, 0, "raise");
	trace_irq(tr, t + 6000, 2, 24, 0, "enter");
	trace_napi_poll(tr, t + 7000, 2, 0, 8193, "poll", 1, 64);
	trace_hop(tr, id, t + 7000, 2, PLACE_NAPI, 2, 0);
	if (i % 10 == 9) {
		trace_dropped(tr, id, t + 8000, 2, PLACE_SOCKET_RX, 2, "SOCKET_RCVBUFF");
		return;
	}
	trace_hop(tr, id, t + 8000, 2, PLACE_SOCKET_RX, 2, -1);
	trace_sched(tr, t + 8000, 2, 0, 20, "wake", NULL);
	trace_hop(tr, id, t + 9000, 2, PLACE_RECV, 0, -1);
	trace_syscall(tr, &recv);
	trace_sched(tr, t + 9000, 2, 0, 20, "park", "recv");
}

static void rows_end(struct trace *tr, int n)
{
	nsec_t t = 10000LL * (n + 2);
	char hash[32];

	trace_choice(tr, t, 2, "task", 3, 2, 1);
	trace_sock_state(tr, t, 1, 1, "tcp", NULL, NULL, "CLOSE", "SYN_SENT");
	trace_log(tr, t, 1, 10, "stdout", "done", 4);
	trace_cpu(tr, 1, 0, 1, 2, 3, 4);
	trace_task(
	    tr,
	    &(struct trace_task){
		.host = 1, .pid = 10, .tid = 10, .name = "sender", .t_exit = t, .cpu_time = 77});
	trace_task(tr, &(struct trace_task){.host = 2,
					    .pid = 20,
					    .tid = 20,
					    .name = "receiver",
					    .t_exit = NSEC_NEVER,
					    .status = -1});
	trace_counter(tr, 2, "nic", "eth0", "rx_packets", (u64)n);
	trace_check_result(tr, "all sent", true, "");
	snprintf(hash, sizeof(hash), "0x%016llx", (unsigned long long)trace_hash(tr));
	trace_run(tr, "hash", hash);
	trace_run(tr, "outcome", "ok");
}

static void __unused_arg rows_write(struct trace *tr, int n)
{
	rows_begin(tr);
	for (int i = 0; i < n; i++)
		rows_datagram(tr, i);
	rows_end(tr, n);
}

/* A file name of this process in buf, with the file removed. */
static char *rows_path(char *buf, size_t len, const char *name)
{
	snprintf(buf, len, "/tmp/sockloom-test-%d-%s", (int)getpid(), name);
	unlink(buf);
	return buf;
}

/* Writes a whole run to path and returns its hash. */
static u64 __unused_arg rows_file(const char *path, enum trace_level level, int n)
{
	struct trace *tr = trace_new(level);
	char *err = NULL;
	struct trace_sink *sink = trace_sqlite_sink(path, level, &err);
	u64 hash;

	if (!sink) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	trace_add_sink(tr, sink);
	rows_write(tr, n);
	hash = trace_hash(tr);
	err = trace_finish(tr, true);
	assert(!err);
	trace_free(tr, true);
	return hash;
}

#endif

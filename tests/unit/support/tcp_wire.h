/* SPDX-License-Identifier: MIT */
/*
 * The other end of a TCP connection, played by the test: segments by hand to one host, and what it
 *sends as text. Like packetdrill, numbers are relative to both first sequence numbers.
 *
 *	struct wire w;
 *	struct wire_conn c;
 *
 *	wire_open(&w);
 *	wire_conn_init(&c, &w, 40000, 80);
 *	wire_rx(&c, "S 0:0(0) win 65535 <mss 1460>");
 *	wire_tx(&c, "S. 0:0(0) ack 1");
 *	wire_rx(&c, ". 1:1(0) ack 1 win 65535");
 *
 * A segment: flags (S F R P U E C, '.' for ACK), first:last(length), "ack N", "win N", "urg N",
 *options. Payload is 'a' to 'z' by sequence number. The host is 10.0.0.1 (2001:db8::1), the
 *test 10.0.0.2, on a cable without delay; steps cost no time, so timers are exact.
 */
#ifndef TESTS_UNIT_SUPPORT_TCP_WIRE_H
#define TESTS_UNIT_SUPPORT_TCP_WIRE_H

#include "nic/netdev.h"
#include "sim/host/world.h"
#include "stack/net.h"
#include "tests/unit/support/script.h"

#define WIRE_MAX 256
#define WIRE_LEN 192

/* A segment that the host sent. */
struct wire_seg {
	nsec_t t;
	u16 sport, dport;
	u32 seq, ack, len;
	u16 window, urg;
	u8 flags;
	char options[96];
	u32 tsval, tsecr;
	bool ts;
};

struct wire {
	struct trace *tr;
	struct world *w;
	struct host *h;
	struct net *net;
	struct net_device *dev;
	struct wire_seg seg[WIRE_MAX]; /* in order of sending */
	int nseg;
	int spawn_mark; /* nseg when the latest process began */
};

struct wire_conn {
	struct wire *w;
	u16 port, host_port; /* of the test, of the host (0: learned from its first SYN) */
	u32 isn, host_isn;   /* what relative numbers count from */
	int next;	     /* in w->seg: what wire_tx() has seen */
	bool host_known;     /* host_isn is known */
	bool ts;	     /* put a timestamp into what is sent */
	s32 ts_off;	     /* of the test's clock, which counts milliseconds from 1,000,000 */
	u32 tsecr;	     /* the latest timestamp of the host */
	bool bad_checksum;   /* of the next segment */
};

void wire_open(struct wire *w);
void wire_close(struct wire *w);
/* Starts a process on the host; it runs at once. */
void wire_spawn(struct wire *w, vproc_fn fn, void *arg);
/* Lets ns pass. */
void wire_run(struct wire *w, nsec_t ns);
nsec_t wire_now(const struct wire *w);

/* host_port 0: a connection that the latest process opens. */
void wire_conn_init(struct wire_conn *c, struct wire *w, u16 port, u16 host_port);
/* A segment from the test, and everything that the host does about it at once. */
void wire_rx(struct wire_conn *c, const char *text);
/*
 * The next segment of the connection that the host has sent already. Its text must begin with the
 * one given (options, window and urgent pointer come last, so that they may be left out).
 */
void wire_tx(struct wire_conn *c, const char *text);
/* The same, sent exactly ns after now. */
void wire_tx_after(struct wire_conn *c, nsec_t ns, const char *text);
/* Nothing more has been sent. */
void wire_quiet(struct wire_conn *c);
/* The handshake with a host that listens, with or without timestamps. */
void wire_handshake(struct wire_conn *c);
/* An ICMP error (IPv4) that quotes the host's segment with this relative number. */
void wire_icmp(struct wire_conn *c, u8 type, u8 code, u16 info, u32 seq);

#endif

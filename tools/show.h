/* SPDX-License-Identifier: MIT */
/*
 * What the parts of `sockloom show` share.
 */
#ifndef TOOLS_SHOW_H
#define TOOLS_SHOW_H

#include <stdio.h>

#include "sim/engine/trace_read.h"

/* The ends of a flow: an address and a port, each optional. */
struct show_endpoint {
	char addr[64]; /* "": any */
	int port;      /* -1: any */
};

struct show_filter {
	nsec_t from, to; /* inclusive */
	u32 host;	 /* 0: all */
	const char *task; /* name or tid; NULL: all, and what belongs to none */
	bool has_packet; /* only this packet */
	u64 packet;
	bool flow;
	struct show_endpoint end[2]; /* either may be the sender */
};

/* "ADDR[:PORT][-ADDR[:PORT]]", ":PORT", "[ADDR6]:PORT"; 0 or -EINVAL. */
int show_parse_flow(const char *s, struct show_filter *f);
/* "HOST:NUMBER", as the timeline names packets, or the plain id; 0 or -EINVAL. */
int show_parse_packet(const char *s, struct show_filter *f);
/*
 * Prints the timeline: one line for each call, packet, hop, interrupt, poll, wakeup, state, message.
 * Returns 0, or -EIO when the trace could not be read to the end (sqlite3_errmsg() says why).
 */
int show_timeline(struct trace_read *r, const struct show_filter *f, FILE *out, bool color);

#endif

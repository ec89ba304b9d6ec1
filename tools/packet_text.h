/* SPDX-License-Identifier: MIT */
/*
 * A packet of a trace on one line, in the manner of tcpdump(8).
 *
 * TCP sequence numbers are shown relative to the SYN of their direction, as tcpdump does, when the
 * trace has it.
 */
#ifndef TOOLS_PACKET_TEXT_H
#define TOOLS_PACKET_TEXT_H

#include "sim/engine/types.h"

struct sqlite3;
struct packet_text;

struct packet_text *packet_text_new(struct sqlite3 *db);
void packet_text_free(struct packet_text *p);
/* Writes "IP 10.0.0.1.4000 > 10.0.0.2.53: UDP, length 100"; returns buf. */
char *packet_text_line(struct packet_text *p, u64 id, char *buf, size_t len);

#endif

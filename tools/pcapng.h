/* SPDX-License-Identifier: MIT */
/*
 * A writer of pcapng capture files: one section, nanosecond timestamps.
 * Format: draft-ietf-opsawg-pcapng (section header, interface description and enhanced packet
 * blocks). libpcap reads this format but does not write it.
 */
#ifndef TOOLS_PCAPNG_H
#define TOOLS_PCAPNG_H

#include "sim/engine/types.h"

struct pcapng;

enum pcapng_direction { PCAPNG_UNKNOWN = 0, PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

/* Replaces path. NULL with errno set on failure. */
struct pcapng *pcapng_open(const char *path, const char *application);
/* An Ethernet interface; mac may be NULL. Returns its number, from 0. */
u32 pcapng_interface(struct pcapng *p, const char *name, const u8 *mac);
/* comment may be NULL. */
void pcapng_packet(struct pcapng *p, u32 interface, nsec_t t, const u8 *data, u32 len,
		   enum pcapng_direction dir, const char *comment);
/* 0, or negative errno of the first write that failed. */
int pcapng_close(struct pcapng *p);

#endif

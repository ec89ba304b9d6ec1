/* SPDX-License-Identifier: MIT */
/*
 * Filter expressions of tcpdump, compiled by libpcap. A file of its own, since pcap.h cannot stand
 * beside linux/filter.h.
 */
#ifndef SIM_PROCESS_LUA_FILTER_H
#define SIM_PROCESS_LUA_FILTER_H

#include "sim/engine/types.h"

#define FILTER_MAX_INSNS 4096
#define FILTER_ERROR_SIZE 256

/* The layout of struct sock_filter. */
struct filter_insn {
	u16 code;
	u8 jt, jf;
	u32 k;
};

/* What the program finds at offset 0. */
enum filter_start {
	FILTER_FROM_LINK,    /* the Ethernet header */
	FILTER_FROM_NETWORK, /* whatever it is; loads count from the network header */
};

/*
 * The number of instructions in insns, which has room for FILTER_MAX_INSNS; -1 with a message in err.
 * Names of hosts, networks and ports are errors, since what they mean depends on the machine.
 */
int filter_compile(const char *expr, enum filter_start start, struct filter_insn *insns,
		   char err[FILTER_ERROR_SIZE]);

#endif

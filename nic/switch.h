/* SPDX-License-Identifier: MIT */
/*
 * A learning switch: store and forward, finite shared buffer, one output queue for each port.
 *
 * Learns source addresses with an ageing time (IEEE 802.1D: 300 s), floods what it does not know and
 * what is broadcast or multicast. A frame that finds its output queue or the shared buffer full is
 * dropped (SWITCH_BUFFER_FULL). A switch has a place in the event order of its own (a host id without a
 * stack), so that its ports are as far apart from the hosts as their links say.
 */
#ifndef NIC_SWITCH_H
#define NIC_SWITCH_H

#include "nic/link.h"

struct netswitch;

struct switch_params {
	int ports;	       /* 2..1024 */
	u32 port_queue;	       /* frames for each output; default 512 */
	u64 buffer_bytes;      /* shared; default 4 MiB */
	nsec_t latency;	       /* forwarding decision; default 1 us */
	nsec_t ageing;	       /* default 300 s */
	u32 mac_table;	       /* entries; default 8192 */
};

struct switch_port_stats {
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes, dropped, flooded;
};

void switch_params_default(struct switch_params *p);
/* Takes a host id of its own (host_new with a switch's name and no CPUs' work). Owned by the world. */
struct netswitch *switch_new(struct world *w, const char *name, const struct switch_params *p);
struct link_port *switch_port(struct netswitch *sw, int port);
const struct switch_port_stats *switch_port_stats(const struct netswitch *sw, int port);
/* Its ports, its host id, and the next switch of the world in order of creation. */
int switch_nports(const struct netswitch *sw);
u32 switch_host_id(const struct netswitch *sw);
struct netswitch *switch_next(const struct netswitch *sw);
/* The port where an address was learned, or -1. */
int switch_lookup(struct netswitch *sw, const u8 mac[6]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The default cost model: a server core of about 3 GHz with mitigations on.
 *
 * Sources: [M] measured on Linux 6.18, x86-64, with the loop named in the comment; [E] an estimate of
 * the share of a measured whole. The model is about the order of things, not about nanoseconds; a
 * scenario that cares sets its own.
 */
#include "sim/host/cost.h"

#include <string.h>

static const struct {
	const char *name;
	u32 value;
} costs[COST_NIDS] = {
	/* [E] MSI-X entry, handler that masks and schedules, exit: about 1 us with mitigations */
	[COST_IRQ] = { "irq", 1000 },
	/* [E] __do_softirq() entry and exit */
	[COST_SOFTIRQ] = { "softirq", 100 },
	/* [E] of a 10 Mpps-per-core XDP_DROP path (100 ns a packet), what is not the packet's */
	[COST_NAPI_POLL] = { "napi_poll", 150 },
	/* [E] descriptor, DMA sync, build_skb, GRO lookup */
	[COST_NAPI_PACKET] = { "napi_packet", 150 },
	[COST_NAPI_COMPLETE] = { "napi_complete", 50 },
	/* [E] a posted MMIO write and the read of the ring that follows */
	[COST_NAPI_REARM] = { "napi_rearm", 200 },
	[COST_TX_CLEAN] = { "tx_clean", 30 },
	/* [M] UDP ping over loopback costs about 2.4 us of kernel time for both ways together */
	[COST_RX_STACK] = { "rx_stack", 700 },
	[COST_TX_STACK] = { "tx_stack", 800 },
	[COST_BACKLOG_PACKET] = { "backlog_packet", 100 },
	/* [E] local APIC timer interrupt, run_timer_softirq */
	[COST_TIMER] = { "timer", 700 },
	/* [M] getppid() in a loop: 90 ns */
	[COST_SYSCALL] = { "syscall", 100 },
	/* [E] descriptor lookup, socket lock, LSM hooks */
	[COST_SOCKET_CALL] = { "socket_call", 200 },
	/* [M] memcpy of what is not in the first cache: about 10 GB/s; ps for each byte */
	[COST_COPY_BYTE] = { "copy_byte", 100 },
	/* [M] a ping-pong over two pipes on one CPU takes 2.2 us a hop: wakeup, switch, two calls */
	[COST_WAKEUP] = { "wakeup", 500 },
	[COST_CONTEXT_SWITCH] = { "context_switch", 1200 },
	/* a program that does little but calls */
	[COST_USER_STEP] = { "user_step", 100 },
};

void cost_model_default(struct cost_model *m)
{
	for (int i = 0; i < COST_NIDS; i++)
		m->v[i] = costs[i].value;
}

const char *cost_name(enum cost_id id)
{
	return id > COST_INVALID && id < COST_NIDS ? costs[id].name : NULL;
}

enum cost_id cost_parse(const char *name)
{
	for (int i = COST_INVALID + 1; i < COST_NIDS; i++) {
		if (!strcmp(costs[i].name, name))
			return (enum cost_id)i;
	}
	return COST_INVALID;
}

/* SPDX-License-Identifier: MIT */
/*
 * The cost model: how long each step occupies a CPU.
 *
 * Every figure can be set in the scenario (host{cost = {irq = "1us"}}); the table in cost.c holds each
 * default with its source. Costs are nanoseconds; per-byte costs are picoseconds a byte.
 */
#ifndef SIM_HOST_COST_H
#define SIM_HOST_COST_H

#include "sim/engine/types.h"

enum cost_id {
	COST_INVALID = 0,
	COST_IRQ,	    /* hard interrupt: entry, handler, exit */
	COST_SOFTIRQ,	    /* entering the softirq loop */
	COST_NAPI_POLL,	    /* starting one poll of one instance */
	COST_NAPI_PACKET,   /* one packet from the ring through GRO */
	COST_NAPI_COMPLETE, /* napi_complete_done */
	COST_NAPI_REARM,    /* writing the interrupt mask register */
	COST_TX_CLEAN,	    /* one completed TX descriptor */
	COST_RX_STACK,	    /* one packet from netif_receive_skb to its socket */
	COST_TX_STACK,	    /* one packet from the socket to the driver */
	COST_BACKLOG_PACKET, /* one packet moved by the RPS backlog */
	COST_TIMER,	    /* a timer interrupt and its softirq */
	COST_SYSCALL,	    /* entry and exit */
	COST_SOCKET_CALL,   /* work of an ordinary socket call beside entry and exit */
	COST_COPY_BYTE,	    /* ps for each byte between user and kernel */
	COST_WAKEUP,	    /* try_to_wake_up */
	COST_CONTEXT_SWITCH,
	COST_USER_STEP,	    /* a program's own work between two calls */
	COST_NIDS
};

struct cost_model {
	u32 v[COST_NIDS];
};

void cost_model_default(struct cost_model *m);
/* The scenario's name of a cost ("irq", "copy_byte"), or NULL past the end; for messages and parsing. */
const char *cost_name(enum cost_id id);
enum cost_id cost_parse(const char *name); /* COST_INVALID when unknown */

#endif

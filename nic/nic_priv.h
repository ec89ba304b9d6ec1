/* SPDX-License-Identifier: MIT */
/*
 * The inside of a NIC: what nic.c (set-up), nic_rx.c (receiving), moderation.c (interrupts) and nic_tx.c
 * share.
 */
#ifndef NIC_NIC_PRIV_H
#define NIC_NIC_PRIV_H

#include "nic/dim.h"
#include "nic/nic.h"
#include "nic/nic_tx.h"

/* A receive ring: descriptors that hold a frame, and descriptors that the hardware may fill. */
struct nic_rx_ring {
	struct sk_buff_head filled; /* the driver sees them */
	struct sk_buff_head dma;    /* on their way to memory (dma_delay), by time of arrival there */
	struct event dma_ev;	    /* the first of dma is there */
	u32 size;
	u32 free;    /* refilled and not used */
	u32 missing; /* refills that failed and are to be tried again */
	u64 packets, bytes, missed, alloc_failed;
};

/* Interrupt moderation of a queue pair. */
struct nic_irq_state {
	struct irq irq;
	bool masked;   /* the driver has masked it (NAPI is at work) */
	bool fired;    /* sent, and its handler has not run: the NIC masks it by itself meanwhile */
	u32 frames;    /* since the last interrupt: received */
	u32 tx_frames; /* ... and completed */
	struct event ev;
	u64 raised;
	struct dim *dim; /* adaptive moderation; made when it is first needed */
};

struct nic_queue {
	struct nic *nic;
	int index;
	struct napi_struct napi;
	struct nic_rx_ring rx;
	struct nic_irq_state mod;
};

struct nic {
	struct net_device *dev;
	struct link_port port;
	struct nic_params p;
	struct nic_tx tx;
	struct nic_queue *q; /* nq queue pairs; rings beyond rx_queues or tx_queues are not used */
	int nq;
	u8 indir[RSS_INDIR_SIZE];
	bool indir_set; /* by a user: fewer channels leave it alone */
	struct nic_rule *rules; /* by location */
	int nrules;
	u64 refills; /* counts for dma_fail_nth */
	u64 filtered, rule_drops, too_long;
};

static inline struct nic *nic_of(struct net_device *dev)
{
	return dev->priv;
}

/* The indirection table that spreads over all RX queues. */
void nic_default_indir(struct nic *nic);

/* nic_rx.c */
void nic_rx_init(struct nic *nic);
void nic_rx_purge(struct nic *nic);
/* The port's receive(): a frame has arrived whole. */
void nic_rx_frame(struct nic *nic, struct sk_buff *skb);
extern const struct napi_ops nic_napi_ops;

/* moderation.c */
void nic_irq_init(struct nic_queue *q, int cpu);
void nic_irq_stop(struct nic_queue *q);
void nic_irq_destroy(struct nic_queue *q);
/* n frames were received, or (tx) completed: raises the interrupt now or later. */
void nic_irq_event(struct nic_queue *q, u32 n, bool tx);
/* The driver's napi has completed: unmask. */
void nic_irq_unmask(struct nic_queue *q);

#endif

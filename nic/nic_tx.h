/* SPDX-License-Identifier: MIT */
/*
 * The transmitting half of the NIC (nic_tx.c), and what nic.c and the NAPI poll call of it.
 */
#ifndef NIC_NIC_TX_H
#define NIC_NIC_TX_H

#include "nic/gso.h"
#include "nic/link.h"
#include "nic/netdev.h"
#include "sim/engine/event.h"

struct nic_params;
struct nic_tx;

/* A descriptor: one packet, whatever its slices and segments. */
struct nic_tx_desc {
	struct sk_buff *skb; /* what is freed at completion; NULL: the frame was nobody's and has left */
	u32 bytes;	     /* on the wire, for byte queue limits */
	nsec_t visible;	     /* the NIC sees the doorbell */
	nsec_t done;	     /* the last bit has left; of those that have been sent */
};

/*
 * Indices run freely: clean <= completed <= sent <= tail.
 *   [clean, completed)  the hardware is done, the driver has not looked yet
 *   [completed, sent)   handed to the link
 *   [sent, tail)        waiting
 */
struct nic_tx_ring {
	struct nic_tx *tx;
	struct netdev_queue *txq;
	u32 size;		  /* descriptors */
	struct nic_tx_desc *desc; /* cap entries, a power of two; NULL until first used */
	u32 cap;
	u32 clean, completed, sent, tail;
	struct gso_iter it; /* of desc[sent], while it is being cut */
	bool cutting;
	bool stopping;	      /* has seen a full ring and not stored that it stops (tx_wake_lost) */
	int stop_cpu;	      /* the CPU that is about to store it */
	struct event stop_ev; /* the store takes effect */
	u32 clean_pkts, clean_bytes; /* cleaned, not yet told to BQL */
	u64 packets, bytes;   /* wire frames */
	u64 tso_packets;      /* super-packets */
	u64 restarts, busy, dropped;
};

struct nic_tx {
	struct net_device *dev;
	struct link_port *port;
	struct nic_tx_ring *ring;
	int nrings;
	int next; /* ring that is served next */
	int nwaiting; /* rings with something to send */
	bool ready_armed;
	bool wake_lost_bug;
	nsec_t dma_delay;
	struct event doorbell_ev;
	/* n packets of a queue are complete: raise its interrupt, moderated. */
	void (*completed)(struct net_device *dev, int queue, u32 n);
};

void nic_tx_init(struct nic_tx *tx, struct net_device *dev, struct link_port *port,
		 const struct nic_params *p,
		 void (*completed)(struct net_device *dev, int queue, u32 n));
/* Frees what the rings hold. */
void nic_tx_destroy(struct nic_tx *tx);
/* The device goes down: what waits is lost; resets the queues. */
void nic_tx_stop(struct nic_tx *tx);
/* The watchdog found a queue stuck: resets its ring and wakes it. */
void nic_tx_timeout(struct nic_tx *tx, int queue);
void nic_tx_set_ring(struct nic_tx *tx, u32 size);

/* start_xmit. */
enum netdev_tx nic_tx_xmit(struct nic_tx *tx, struct sk_buff *skb);
/* The port's ready(). */
void nic_tx_ready(struct nic_tx *tx);
/* The port's carrier(): without it everything waiting is lost, as frames on a dead cable are. */
void nic_tx_carrier(struct nic_tx *tx, bool up);

/* Completed packets that the driver has not cleaned: work for the NAPI poll. */
static inline u32 nic_tx_to_clean(const struct nic_tx_ring *r)
{
	return r->completed - r->clean;
}
/* Cleans one (there is one); after the last of a batch tells BQL and wakes the queue. */
void nic_tx_clean_one(struct nic_tx_ring *r);

static inline u32 nic_tx_used(const struct nic_tx_ring *r)
{
	return r->tail - r->clean;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The way down: from dev_queue_xmit() (netdev.h) through the discipline to the driver, and what drivers
 * call back (kernel: net/core/dev.c, sch_generic.c).
 */
#ifndef NIC_TX_H
#define NIC_TX_H

#include "nic/netdev.h"

/* The NET_TX softirq, for softirq_register(). */
nsec_t net_tx_next(struct cpu *cpu);
void net_tx_run(struct cpu *cpu);

/* The TX queue for skb: that of its device (XPS by the CPU, else by flow hash, RX queue when forwarded). */
struct netdev_queue *netdev_pick_tx(struct net_device *dev, struct sk_buff *skb);
/* The flow hash of a frame, computed from addresses and ports when the packet has none. */
u32 skb_get_hash(struct sk_buff *skb);
/* The same for both directions of a flow (__skb_get_hash_symmetric()): PACKET_FANOUT_HASH. */
u32 skb_get_hash_symmetric(struct sk_buff *skb);
/* May the stack hand packets to this queue now? */
static inline bool netif_xmit_stopped(const struct netdev_queue *txq)
{
	return txq->stopped || txq->bql_stopped;
}

/* The TX watchdog (tx_watchdog.c): a queue of dev has been stopped, woken; the device goes away. */
void tx_watchdog_stopped(struct netdev_queue *txq);
void tx_watchdog_woken(struct net_device *dev);
void tx_watchdog_free(struct net_device *dev);

/* Byte queue limits, called by drivers: bytes handed to the hardware, and bytes that it has sent. */
void netdev_tx_sent_queue(struct netdev_queue *txq, u32 bytes);
void netdev_tx_completed_queue(struct netdev_queue *txq, u32 pkts, u32 bytes);

#endif

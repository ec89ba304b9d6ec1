/* SPDX-License-Identifier: MIT */
/*
 * The multi-queue Ethernet NIC.
 *
 * RX: link -> MAC filter -> steering rules -> RSS (Toeplitz, indirection table) -> ring of the queue
 * (finite descriptors, refilled by the poll) -> interrupt moderation -> interrupt -> NAPI.
 * TX: ring of the queue (finite descriptors, BQL) -> TSO -> link; completions are reaped by the NAPI
 * instance of the queue pair, by interrupt, and wake a stopped queue.
 *
 * A ring is a count and a list of filled descriptors, so an idle NIC is small.
 */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include "nic/link.h"
#include "nic/napi.h"
#include "nic/netdev.h"

#define NIC_MAX_QUEUES 64
#define RSS_KEY_LEN 40
#define RSS_INDIR_SIZE 128
#define NIC_RING_MAX 4096
#define NIC_RING_MIN_RX 16
#define NIC_RING_MIN_TX 2

/* Interrupt moderation, as `ethtool -C`. */
struct nic_coalesce {
	nsec_t rx_usecs;      /* delay an interrupt by up to this after the first packet; default 0 */
	u32 rx_frames;	      /* ... or until so many packets wait; 0: no such limit */
	nsec_t tx_usecs;
	u32 tx_frames;
	bool adaptive_rx;     /* net_dim-like: chooses rx_usecs and rx_frames by the load */
};

/* An exact-match steering rule (`ethtool -N flow-type ... action N`). Zero fields match anything. */
struct nic_rule {
	int location;	    /* order of evaluation and name for removal */
	u8 proto;	    /* IPPROTO_TCP, IPPROTO_UDP, 0 */
	u8 family;	    /* 4, 6, 0 */
	u8 saddr[16], daddr[16]; /* v4 in the first four bytes */
	bool match_saddr, match_daddr;
	u16 sport, dport;   /* host order, 0: any */
	int queue;	    /* -1: drop (NIC_FILTER) */
};

/* Faults of drivers, by name, for the study of their bugs; all off by default. */
struct nic_driver_bugs {
	bool rearm_before_check; /* re-arms without looking at the ring again: races.md R14 */
	bool tx_wake_lost;	 /* stops the TX queue without re-testing: R15 */
	bool no_refill_retry;	 /* a failed refill is not tried again */
};

struct nic_params {
	int rx_queues, tx_queues; /* 1..NIC_MAX_QUEUES; default 1 */
	u32 rx_ring, tx_ring;	  /* descriptors; default 256, 16..NIC_RING_MAX (tx: >= 2) */
	u32 mtu;		  /* default 1500 */
	u32 features;		  /* NETIF_F_*; default all but LOOPBACK */
	struct nic_coalesce coalesce;
	u8 rss_key[RSS_KEY_LEN];  /* default: the Microsoft verification key */
	bool udp_rss_4tuple;	  /* hash UDP ports too (ethtool -N rx-flow-hash udp4 sdfn); default true */
	struct nic_driver_bugs bugs;
	u64 dma_fail_nth;	  /* exact: the n-th refill fails, 0: never */
	bool no_bql;		  /* the driver has no byte queue limits: its ring may fill up */
	nsec_t dma_delay;	  /* from doorbell or arrival to visible descriptor; default 0 */
};

void nic_params_default(struct nic_params *p);
/* mac NULL: derived from host id and ifindex (02:00:...). Registers the device; NULL: name taken. */
struct net_device *nic_new(struct host *h, const char *name, const struct nic_params *p,
			   const u8 *mac);
struct link_port *nic_port(struct net_device *dev);

/* Run-time settings; each returns 0 or negative errno. */
int nic_set_coalesce(struct net_device *dev, const struct nic_coalesce *c);
int nic_set_indir(struct net_device *dev, const u8 *table, int n);
int nic_set_rss_key(struct net_device *dev, const u8 *key, int len);
int nic_set_ring(struct net_device *dev, u32 rx, u32 tx);
int nic_set_irq_affinity(struct net_device *dev, int queue, int cpu);
int nic_add_rule(struct net_device *dev, const struct nic_rule *r);
int nic_del_rule(struct net_device *dev, int location);
/* RPS mask of an RX queue (rps_cpus), RFS entries of a queue (rps_flow_cnt). */
int nic_set_rps(struct net_device *dev, int queue, const u64 cpus[4], u32 flow_cnt);
/* For tests, tools and sock_rx_queue lookups. */
u32 toeplitz_hash(const u8 *key, const u8 *input, u32 len);
struct napi_struct *nic_napi(struct net_device *dev, int queue);

/* A queue as `replay --until` prints it. */
struct nic_queue_state {
	u32 rx_filled, rx_free, tx_used, tx_free;
	bool irq_masked, irq_pending, napi_scheduled, tx_stopped;
	u32 napi_id;
	int irq, cpu;
};
void nic_queue_state(struct net_device *dev, int queue, struct nic_queue_state *st);

#endif

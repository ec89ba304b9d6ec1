/* SPDX-License-Identifier: MIT */
/*
 * Queueing disciplines.
 *
 * enqueue() takes the skb; a drop is reported by kfree_skb_reason() and the NET_XMIT_DROP result.
 * qdisc_run() moves packets to the driver while it takes them; a discipline that holds packets back
 * until a time (netem, rate limits) arms its watchdog timer and raises NET_TX when it is due.
 */
#ifndef NIC_QDISC_H
#define NIC_QDISC_H

#include "nic/skb.h"
#include "sim/host/timer.h"

struct netdev_queue;
struct net_device;
struct Qdisc;

#define NET_XMIT_SUCCESS 0
#define NET_XMIT_DROP 1
#define NET_XMIT_CN 2

struct Qdisc_ops {
	const char *id; /* "pfifo_fast" */
	int (*init)(struct Qdisc *q, const void *params); /* params: the struct of that kind, or NULL */
	int (*enqueue)(struct sk_buff *skb, struct Qdisc *q);
	struct sk_buff *(*dequeue)(struct Qdisc *q); /* NULL: nothing may leave now */
	void (*reset)(struct Qdisc *q);
	void (*destroy)(struct Qdisc *q);
};

struct Qdisc {
	const struct Qdisc_ops *ops;
	struct net_device *dev;
	struct netdev_queue *txq; /* of a leaf; NULL for a root that serves all queues */
	u32 limit;		  /* packets */
	u32 qlen;
	u64 backlog;		  /* bytes */
	u64 drops, overlimits, requeues, bytes, packets;
	struct sk_buff *gso_skb;  /* taken from the discipline, refused by the driver */
	struct timer watchdog;
	bool running, scheduled;
	struct list_head sched_node; /* in softnet_data.output_queue */
	void *priv;
};

/* kind: "pfifo_fast", "pfifo", "prio", "netem", "fq", "noqueue"; NULL when it is unknown or params are wrong. */
struct Qdisc *qdisc_new(struct net_device *dev, struct netdev_queue *txq, const char *kind,
			const void *params);
void qdisc_free(struct Qdisc *q);
/* Replaces the root discipline of a device. 0, -ENOENT (kind), -EINVAL (params). */
int dev_set_qdisc(struct net_device *dev, const char *kind, const void *params);

/* struct for kind "netem" (tc-netem(8)). All ratios 0 and delays 0: a plain FIFO of limit packets. */
struct netem_params {
	nsec_t delay, jitter;
	struct ratio loss, duplicate, corrupt, reorder;
	u32 gap;
	u64 rate; /* bits/s, 0: none */
	u32 limit; /* packets, default 1000 */
};
struct prio_params {
	int bands; /* 2..16, default 3 */
	u8 priomap[16];
};
struct pfifo_params {
	u32 limit;
};

#endif

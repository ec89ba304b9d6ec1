/* SPDX-License-Identifier: MIT */
/*
 * Queueing disciplines (tc(8)).
 *
 * enqueue() takes the skb; a drop is reported by kfree_skb_reason() and the NET_XMIT_DROP result.
 * qdisc_run() moves packets to the driver while it takes them; a discipline that holds packets back
 * until a time (netem, fq) arms its watchdog timer and raises NET_TX when it is due.
 *
 * A device has either one leaf for each TX queue (what tc shows as mq, the default) or one root that
 * serves all of them. A queue without a discipline ("noqueue") calls the driver directly.
 */
#ifndef NIC_QDISC_H
#define NIC_QDISC_H

#include "nic/skb.h"
#include "sim/host/timer.h"

struct host;
struct cpu;
struct netdev_queue;
struct net_device;
struct Qdisc;

#define NET_XMIT_SUCCESS 0
#define NET_XMIT_DROP 1
#define NET_XMIT_CN 2

struct Qdisc_ops {
	const char *id; /* "pfifo_fast" */
	/* params: the struct of that kind, or NULL. 0 or -EINVAL. */
	int (*init)(struct Qdisc *q, const void *params);
	int (*enqueue)(struct sk_buff *skb, struct Qdisc *q);
	struct sk_buff *(*dequeue)(struct Qdisc *q); /* NULL: nothing may leave now */
	/* Any packet at all, due or not; NULL when empty. For purging. */
	struct sk_buff *(*drain)(struct Qdisc *q);
	void (*destroy)(struct Qdisc *q); /* frees priv; empty by then */
};

struct Qdisc {
	const struct Qdisc_ops *ops;
	struct net_device *dev;
	struct netdev_queue *txq; /* of a leaf; NULL for a root that serves all queues */
	u32 limit;		  /* packets */
	u32 qlen;		  /* packets held, those in requeue included */
	u64 backlog;		  /* bytes held */
	u64 drops, overlimits, requeues, bytes, packets;
	struct sk_buff_head requeue; /* taken from the discipline, refused by the driver */
	struct timer watchdog;
	bool running, scheduled;
	struct list_head sched_node; /* in softnet_data.output_queue */
	void *priv;
};

/*
 * kind: "pfifo_fast", "pfifo", "prio", "netem", "fq". NULL when it is unknown (*err = -ENOENT) or the
 * params are wrong (*err = -EINVAL).
 */
struct Qdisc *qdisc_new(struct net_device *dev, struct netdev_queue *txq, const char *kind,
			const void *params, int *err);
/* The length that new disciplines take; those of pfifo_fast take it at once. */
void dev_change_tx_queue_len(struct net_device *dev, u32 len);
bool qdisc_kind_known(const char *kind);
/* Frees it with what it holds, silently. */
void qdisc_free(struct Qdisc *q);
/* Drops what it holds (QUEUE_PURGE). */
void qdisc_reset(struct Qdisc *q);
/*
 * Replaces the root discipline of a device, as `tc qdisc replace dev DEV root KIND`. "mq": one leaf of
 * net.core.default_qdisc for each TX queue; "noqueue": none. 0, -ENOENT (kind), -EINVAL (params).
 */
int dev_set_qdisc(struct net_device *dev, const char *kind, const void *params);

/* Parameters of each kind; a field that is 0 takes its default. */

/* Kind "netem" (tc-netem(8)). All ratios 0 and delays 0: a plain FIFO of limit packets. */
struct netem_params {
	nsec_t delay, jitter; /* delay +- jitter, uniform */
	struct ratio loss, duplicate, corrupt, reorder;
	u32 gap;
	u64 rate;  /* bits/s, 0: none */
	u32 limit; /* packets, default 1000 */
};

/* Kind "prio" (tc-prio(8)). */
struct prio_params {
	int bands;	   /* 2..16, default 3 */
	u8 priomap[16];	   /* all zero: Linux's default map */
};

/* Kind "pfifo". */
struct pfifo_params {
	u32 limit; /* default: the device's tx_queue_len */
};

/* Kind "fq" (tc-fq(8)). */
struct fq_params {
	u32 limit;	     /* packets of each band, default 10000 */
	u32 flow_limit;	     /* packets of one flow, default 100 */
	u32 quantum;	     /* bytes, default 2 frames */
	u32 initial_quantum; /* bytes, default 10 frames */
	u64 maxrate;	     /* bits/s of one flow, 0: none */
	nsec_t horizon;	     /* departure times further away are dropped, default 10 s */
};

#endif

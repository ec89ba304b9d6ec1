/* SPDX-License-Identifier: MIT */
/*
 * What the disciplines share with their core (qdisc.c) and with tx.c.
 */
#ifndef NIC_QDISC_PRIV_H
#define NIC_QDISC_PRIV_H

#include "nic/netdev.h"
#include "nic/qdisc.h"

/* skb->cb while a discipline holds the packet. */
struct qdisc_cb {
	u32 pkt_len;  /* bytes on the wire, headers of every segment counted */
	u32 segs;     /* wire frames */
	nsec_t due;   /* netem, fq: earliest departure */
	u64 seq;      /* netem: order among equal times; fq: the band that counts it */
};

static inline struct qdisc_cb *qdisc_cb(struct sk_buff *skb)
{
	_Static_assert(sizeof(struct qdisc_cb) <= sizeof(skb->cb), "skb->cb");
	return (struct qdisc_cb *)(void *)skb->cb;
}

/* priority & 15 -> band, what pfifo_fast uses and prio by default (tc-prio(8), tc-pfifo_fast(8)). */
extern const u8 qdisc_default_priomap[16];
#define PFIFO_FAST_BANDS 3

extern const struct Qdisc_ops pfifo_qdisc_ops;
extern const struct Qdisc_ops pfifo_fast_qdisc_ops;
extern const struct Qdisc_ops prio_qdisc_ops;
extern const struct Qdisc_ops netem_qdisc_ops;
extern const struct Qdisc_ops fq_qdisc_ops;

nsec_t qdisc_now(const struct Qdisc *q);
/* Fills in the packet's cb; before enqueue(). */
void qdisc_pkt_init(struct sk_buff *skb);
/* Accounts of a packet that the discipline took in, gave out. */
void qdisc_took(struct Qdisc *q, struct sk_buff *skb);
void qdisc_gave(struct Qdisc *q, struct sk_buff *skb);
/* Drops skb at enqueue() and returns NET_XMIT_DROP. */
int qdisc_drop(struct Qdisc *q, struct sk_buff *skb, enum skb_drop_reason reason);
/* Runs the discipline again at time t. */
void qdisc_watchdog_schedule(struct Qdisc *q, nsec_t t);
/* Makes the NET_TX softirq run q on the CPU that runs now. */
void netif_schedule(struct Qdisc *q);
/* Moves packets to the driver until it is full, the discipline gives none, or the quota is used. */
void qdisc_run(struct Qdisc *q);

/* The leaves or root of a device that comes up, per net.core.default_qdisc, if it has none. */
void dev_activate(struct net_device *dev);
/* The device goes down or loses its carrier: drops what is queued. */
void dev_deactivate(struct net_device *dev);
/* Frees the disciplines of a device that goes away. */
void dev_shutdown(struct net_device *dev);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * NAPI: interrupt mitigation by polling (kernel: Documentation/networking/napi.rst).
 *
 * The life of one poll, each line a step of its own with time between them, so that a packet, an
 * interrupt or another CPU can come in between:
 *
 *   interrupt   the handler masks the queue's interrupt and calls napi_schedule()
 *   schedule    sets NAPI_STATE_SCHED, links the instance to the CPU's poll list, raises NET_RX
 *   poll        begin, then one step for each packet, until the budget or the ring is exhausted
 *   complete    napi_complete_done(): clears SCHED; false when NAPI_STATE_MISSED was set meanwhile
 *   re-arm      unmasks the interrupt, then looks at the ring once more (what some drivers forgot)
 */
#ifndef NIC_NAPI_H
#define NIC_NAPI_H

#include "nic/netdev.h"

#define NAPI_STATE_SCHED (1u << 0)
#define NAPI_STATE_MISSED (1u << 1)
#define NAPI_STATE_DISABLE (1u << 2)
#define NAPI_STATE_THREADED (1u << 3)
#define NAPI_STATE_IN_BUSY_POLL (1u << 4)
#define NAPI_STATE_PREFER_BUSY_POLL (1u << 5)
#define NAPI_STATE_SCHED_THREADED (1u << 6) /* scheduled, and its thread is to poll */

#define NAPI_POLL_WEIGHT 64
#define MIN_NAPI_ID 8193 /* above the number of CPUs, so that SO_INCOMING_NAPI_ID tells them apart */

struct napi_struct;

/* What a driver supplies. Every function is called in softirq (or napi thread) context. */
struct napi_ops {
	/* Cost of the next packet or other unit of work, or CPU_NO_STEP: nothing left to poll. */
	nsec_t (*next)(struct napi_struct *n);
	/* Does that unit. Returns how much of the budget it used (a TX completion uses none). */
	int (*poll_one)(struct napi_struct *n);
	/* A driver's extra time between completion and re-arming; NULL: none. */
	nsec_t (*rearm_delay)(struct napi_struct *n);
	/* Re-arms the interrupt after a successful completion; true: more work was found, schedule again. */
	bool (*rearm)(struct napi_struct *n); /* NULL: no interrupt */
};

#define GRO_MAX_HELD 8 /* flows of one of the buckets that flow hashes are spread over */

struct gro_list {
	struct sk_buff_head held; /* flows in order of first packet */
};

/* The step of a poll that a CPU or a napi thread is at. */
enum napi_phase { NAPI_BEGIN = 0, NAPI_POLL, NAPI_COMPLETE, NAPI_REARM };

/* A poll under way: in softnet_data for the softirq, in a thread of its own otherwise. */
struct napi_poll_ctx {
	struct napi_struct *napi; /* NULL: the poll is over */
	enum napi_phase phase;
	bool again; /* it is over because the budget is used up: the instance stays scheduled */
	int used;   /* budget so far */
};

struct napi_struct {
	struct list_head poll_node; /* softnet_data.poll_list */
	struct net_device *dev;
	const struct napi_ops *ops;
	void *priv;
	u32 state;
	u32 napi_id;
	int weight;   /* packets for each poll, default NAPI_POLL_WEIGHT */
	int work;     /* done in the poll under way */
	struct gro_list gro;
	struct sk_buff_head rx_list; /* gro_normal batch */
	int rx_count;		     /* segments in it */
	nsec_t gro_flush_timeout;
	u32 defer_hard_irqs, defer_hard_irqs_count;
	struct timer timer; /* gro_flush_timeout, defer_hard_irqs */
	struct napi_thread *thread; /* threaded NAPI */
	struct list_head dev_node;  /* net_device.napis */
	u64 polls, packets;
};

void netif_napi_add(struct net_device *dev, struct napi_struct *n, const struct napi_ops *ops,
		    void *priv);
void napi_enable(struct napi_struct *n);
void napi_disable(struct napi_struct *n);
/* From the interrupt handler, a watchdog or busy polling: schedules on the CPU that runs now. */
void napi_schedule(struct napi_struct *n);
/* Through GRO or past it. Takes skb, with the Ethernet header still in place (data at mac header). */
void napi_gro_receive(struct napi_struct *n, struct sk_buff *skb);
/* Flushes packets held for merging; all of them. */
void napi_gro_flush(struct napi_struct *n);
/* Moves polling of this instance to a kernel thread of its own, or back. */
int dev_set_threaded(struct net_device *dev, bool threaded);
/* NULL when there is no such id on the host. */
struct napi_struct *napi_by_id(struct host *h, u32 napi_id);
/* One busy-poll round from task context: up to budget packets; returns how many. Used by sockets. */
int napi_busy_poll(struct napi_struct *n, int budget);

/* /sys/class/net/DEV/gro_flush_timeout and napi_defer_hard_irqs, of all instances of a device. */
void dev_set_napi_defer(struct net_device *dev, nsec_t gro_flush_timeout, u32 defer_hard_irqs);
/*
 * One poll as a sequence of steps, wherever it runs: the cost of the next step, CPU_NO_STEP when there is no
 * poll (c->napi is NULL); and its effect, after which c->napi is NULL when the poll is over.
 */
nsec_t napi_poll_next(struct napi_poll_ctx *c);
void napi_poll_run(struct napi_poll_ctx *c);
/* Sets SCHED if it can: the caller then owns the poll. Else notes MISSED. napi_schedule_prep(). */
bool napi_schedule_prep(struct napi_struct *n);
/* An instance of no device. Starts disabled, as netif_napi_add()'s. */
void napi_init(struct napi_struct *n, struct host *h, const struct napi_ops *ops, void *priv);
/* The host of an instance. */
struct host *softnet_host(const struct napi_struct *n);
/* napi_thread.c */
void napi_thread_wake(struct napi_struct *n);
void napi_thread_forget(struct napi_struct *n);
/* As napi_gro_flush(), but leaves flows that began in this millisecond (a jiffy). */
void gro_flush_old(struct napi_struct *n);
/* The batch of rx_list goes up. */
void gro_normal_list(struct napi_struct *n);

/* Per-CPU receive state, as /proc/net/softnet_stat shows it. */
struct softnet_data {
	struct cpu *cpu;
	struct list_head poll_list;
	struct napi_poll_ctx poll; /* being polled */
	/* net_rx_action() under way: what it works on, what it leaves for the next, its limits. */
	bool rx_active, rx_squeezed;
	struct list_head rx_todo, rx_repoll;
	int rx_budget;
	nsec_t rx_deadline;
	struct irq rps_irq;	   /* another CPU has filled the backlog */
	struct sk_buff_head input_pkt_queue; /* RPS and loopback backlog */
	u64 input_head, input_tail;	     /* packets that left and entered it */
	struct napi_struct backlog; /* polls input_pkt_queue */
	struct list_head output_queue; /* qdiscs that wait for NET_TX */
	u64 processed, dropped, time_squeeze, received_rps, flow_limit_count;
};

static inline struct softnet_data *softnet(struct cpu *cpu)
{
	return cpu->softnet;
}

/* The NET_RX softirq, for softirq_register(). */
nsec_t net_rx_next(struct cpu *cpu);
void net_rx_run(struct cpu *cpu);
/* backlog.c: the CPU's own instance. */
void backlog_init(struct softnet_data *sd, struct host *h);
/* The CPU that RPS or RFS steers skb to; NULL: stays here. */
struct cpu *rps_target(struct sk_buff *skb);
/* recv() of a flow happens on the CPU that runs now: what RFS steers by. hash 0: not known. */
void rps_record_flow(struct host *h, u32 hash);
/* A packet goes to its protocol and taps, on this CPU. */
void netif_receive_skb_core(struct sk_buff *skb);

#endif

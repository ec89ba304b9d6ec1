/* SPDX-License-Identifier: MIT */
/*
 * Network devices and the two doors between them and the stack.
 *
 * Down: dev_queue_xmit() -> TX queue -> qdisc -> ops->start_xmit().
 * Up:   napi_gro_receive() -> GRO -> RPS -> netif_receive_skb() -> packet_type handler (stack/).
 */
#ifndef NIC_NETDEV_H
#define NIC_NETDEV_H

#include <net/if.h>

#include "nic/qdisc.h"
#include "nic/skb.h"
#include "sim/host/host.h"

#define ETH_ALEN 6
#define ETH_HLEN 14

struct napi_struct;
struct net_device;

enum netdev_tx { NETDEV_TX_OK = 0, NETDEV_TX_BUSY };

/* Device features that change what a sender may hand down. */
#define NETIF_F_HW_CSUM (1u << 0)
#define NETIF_F_TSO (1u << 1)
#define NETIF_F_TSO6 (1u << 2)
#define NETIF_F_GSO_UDP_L4 (1u << 3)
#define NETIF_F_GRO (1u << 4)
#define NETIF_F_RXCSUM (1u << 5)
#define NETIF_F_RXHASH (1u << 6)
#define NETIF_F_LOOPBACK (1u << 7)

struct net_device_ops {
	/* Takes skb on NETDEV_TX_OK; on BUSY the qdisc keeps it. */
	enum netdev_tx (*start_xmit)(struct sk_buff *skb, struct net_device *dev);
	int (*open)(struct net_device *dev);
	int (*stop)(struct net_device *dev);
	int (*change_mtu)(struct net_device *dev, u32 mtu);
	/* A TX queue has been stopped for watchdog_timeo: reset it. NULL: no watchdog. */
	void (*tx_timeout)(struct net_device *dev, int queue);
	void (*destroy)(struct net_device *dev);
	/* Of the link, Mbit/s; -1: not known. NULL: the device has no such thing. */
	s64 (*speed)(struct net_device *dev);
	/* The device's own counters for `ethtool -S`: calls emit for each. NULL: none. */
	void (*counters)(struct net_device *dev, void (*emit)(void *ctx, const char *name, u64 v),
			 void *ctx);
	/* The driver's part of SIOCETHTOOL, see nic/nic_ethtool.h. NULL: it has none. */
	int (*ethtool)(struct net_device *dev, void *data);
};

/* A TX queue as the stack sees it. */
struct netdev_queue {
	struct net_device *dev;
	int index;
	bool stopped;	    /* the driver's ring is full: netif_tx_stop_queue() */
	bool bql_stopped;   /* byte queue limits */
	struct Qdisc *qdisc;
	struct dql *dql;    /* NULL: no BQL */
	u64 tx_maxrate;
	nsec_t stopped_since;
};

/* struct rtnl_link_stats64, what /proc/net/dev and `ip -s link` show. */
struct netdev_stats {
	u64 rx_packets, tx_packets, rx_bytes, tx_bytes;
	u64 rx_errors, tx_errors, rx_dropped, tx_dropped;
	u64 multicast, collisions;
	u64 rx_length_errors, rx_over_errors, rx_crc_errors, rx_missed_errors;
	u64 tx_aborted_errors, tx_carrier_errors, tx_fifo_errors;
};

#define XPS_NONE 0xff

struct net_device {
	struct list_head node; /* netdev_table.devices, in order of ifindex */
	struct host *host;
	char name[IFNAMSIZ];
	int ifindex;
	u32 flags;  /* IFF_* */
	u32 mtu;    /* payload of the link layer, bytes */
	u32 features;
	u8 mac[ETH_ALEN];
	bool carrier;
	const char *kind; /* "ethernet", "loopback"; static */
	const struct net_device_ops *ops;
	int num_tx_queues, num_rx_queues;
	struct netdev_queue *txq;
	struct Qdisc *root; /* serves all queues (prio, netem...); NULL: one leaf for each queue */
	bool qdisc_set;	    /* the disciplines have been chosen, by a user or at the first opening */
	u32 tx_queue_len;   /* default 1000 */
	u32 gso_max_size;   /* default 65536 */
	u32 gso_max_segs;   /* default 65535 */
	struct netdev_stats stats;
	void *priv;	    /* the driver's */
	void *ip_ptr;	    /* stack/: addresses and per-device settings */
	struct list_head napis; /* struct napi_struct.dev_node, in order of id */
	struct rps_map *rps;	/* [num_rx_queues], NULL: off; backlog.c */
	u8 *xps_cpu_to_txq; /* NULL, or XPS_NONE for a CPU: hash decides */
	char *ifalias;	    /* IFLA_IFALIAS, kept for who asks; NULL: none */
	nsec_t watchdog_timeo; /* 0: the default, 5 s */
	struct tx_watchdog *tx_watchdog; /* made when a queue first stops */
	u64 tx_timeouts;
	struct xps_flow *xps_flows; /* which queue a TCP flow has; tx.c */
	int promiscuity, allmulti;
	struct dev_addr *addrs; /* further addresses that the NIC lets in; dev_addr_filter() */
};

/*
 * xps_cpus of a TX queue: these CPUs send through it, and none else does. A CPU has one queue, the last
 * that named it. 0, or -EINVAL: there is no such queue.
 */
int dev_set_xps(struct net_device *dev, int queue, const u64 cpus[4]);

/* Per-host settings under /proc/sys/net/core that nic/ owns. */
struct net_core_sysctl {
	int netdev_max_backlog; /* 1000 */
	int dev_weight;		/* 64 */
	int gro_normal_batch;	/* 8 */
	int rps_sock_flow_entries;
	char default_qdisc[16]; /* "pfifo_fast" */
};

/* RPS and RFS of an RX queue (Documentation/networking/scaling.rst). */
struct rps_flow;
struct rps_map {
	u16 *cpus; /* rps_cpus, ascending */
	u16 ncpu;
	u32 flow_cnt; /* rps_flow_cnt, a power of two; 0: no RFS */
	struct rps_flow *flows;
};

struct netdev_table {
	struct host_layer layer;
	struct list_head devices;
	int next_ifindex; /* loopback is 1 */
	u32 next_napi_id;
	struct netdev_notifier *notifiers;
	struct net_core_sysctl sysctl;
	u16 *sock_flow; /* rps_sock_flow_table: hash -> CPU + 1 */
	u32 sock_flow_cnt;
	/* Handlers by EtherType; see dev_add_pack(). */
	struct packet_type *ptypes;
	struct packet_type *taps; /* ETH_P_ALL */
	/* Does the stack want frames to that group? NULL: of all groups. */
	bool (*mc_wanted)(const struct net_device *dev, const u8 mac[ETH_ALEN]);
};

/* Receives frames of one EtherType, in softirq context. skb->data at the network header. Takes skb. */
struct packet_type {
	struct packet_type *next;
	be16 type; /* network order; ETH_P_ALL handlers get a clone of both directions */
	struct net_device *dev; /* NULL: any */
	void (*func)(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);
	void *priv;
	/* Taps: is sk's own sending not for it? NULL: that of priv is not. */
	bool (*id_match)(const struct packet_type *pt, const struct sock *sk);
	bool ignore_outgoing;
};

/* Called once for each host before any device; makes the table, softnet data and softirqs. */
void netdev_host_init(struct host *h);
void dev_add_pack(struct host *h, struct packet_type *pt);
void dev_remove_pack(struct host *h, struct packet_type *pt);

/* Allocates and registers; name must be unique on the host (NULL otherwise). Starts down. */
struct net_device *netdev_new(struct host *h, const char *name, const struct net_device_ops *ops,
			      int ntx, int nrx);
int dev_open(struct net_device *dev);
/*
 * What a user may switch: IFF_UP, IFF_NOARP, IFF_PROMISC, IFF_ALLMULTI. 0 or negative errno; -EOPNOTSUPP, and nothing
 * changes: a flag that has no effect here.
 */
int dev_change_flags(struct net_device *dev, u32 flags);
int dev_close(struct net_device *dev);
/* Adds (1) or takes away (-1) an address, unicast or of a group, that the device is to let in. */
void dev_addr_filter(struct net_device *dev, const u8 mac[ETH_ALEN], int inc);
/* The filter of a NIC: is a frame to that address let in? */
bool dev_addr_wanted(const struct net_device *dev, const u8 mac[ETH_ALEN]);
void netif_carrier_on(struct net_device *dev);
void netif_carrier_off(struct net_device *dev);
/* stack/ registers one to hear of up, down, carrier and address changes. */
enum netdev_event { NETDEV_UP = 1, NETDEV_DOWN, NETDEV_CHANGE, NETDEV_CHANGEMTU };
struct netdev_notifier {
	struct netdev_notifier *next;
	void (*call)(struct netdev_notifier *n, struct net_device *dev, enum netdev_event ev);
};
/* Tells the notifiers; for drivers that change the MTU. */
void netdev_notify(struct net_device *dev, enum netdev_event ev);
void netdev_add_notifier(struct host *h, struct netdev_notifier *n);
struct net_device *dev_get_by_index(struct host *h, int ifindex);
struct net_device *dev_get_by_name(struct host *h, const char *name);
/* The loopback device "lo", ifindex 1. Created by netdev_host_init(). */
struct net_device *dev_loopback(struct host *h);

/*
 * Sends a complete frame (skb->data at the link-layer header, skb->dev set). Picks the TX queue, goes
 * through the qdisc. Takes skb. Returns 0, or a NET_XMIT_* code / negative errno when it was dropped.
 */
int dev_queue_xmit(struct sk_buff *skb);
/*
 * The same past the queueing discipline and the taps (PACKET_QDISC_BYPASS): what the driver cannot
 * take now is dropped.
 */
int dev_direct_xmit(struct sk_buff *skb);
/* Drivers: flow control of a TX queue. Waking reschedules the qdisc (NET_TX softirq). */
void netif_tx_stop_queue(struct netdev_queue *txq);
void netif_tx_wake_queue(struct netdev_queue *txq);
/* Drivers and loopback: hand a frame up. eth_type_trans() has been called. */
void netif_receive_skb(struct sk_buff *skb);
/* Loopback and RPS: queue on a CPU's backlog (netdev_max_backlog); false: dropped. */
bool enqueue_to_backlog(struct sk_buff *skb, struct cpu *cpu);
/* netif_rx(): as enqueue_to_backlog() on the CPU that runs now or the RPS target. */
int netif_rx(struct sk_buff *skb);
/* Reads the Ethernet header: sets protocol, pkt_type, mac_header, pulls 14 bytes. False: too short. */
bool eth_type_trans(struct sk_buff *skb, struct net_device *dev);
/* Pushes an Ethernet header. */
void eth_header(struct sk_buff *skb, const u8 dst[ETH_ALEN], const u8 src[ETH_ALEN], u16 proto);

/* Software GSO: cuts a super-packet into wire segments, in order, appended to out. Frees skb. */
int skb_gso_segment(struct sk_buff *skb, struct sk_buff_head *out);

struct net_core_sysctl *net_core_sysctl(struct host *h);

#endif

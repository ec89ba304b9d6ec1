/* SPDX-License-Identifier: MIT */
/*
 * The network stack of one host: what Linux keeps in struct net.
 *
 * Small when idle: tables that belong to many hosts (established connections, bound ports) are in
 * struct stack_world and keyed with the host.
 */
#ifndef STACK_NET_H
#define STACK_NET_H

#include "nic/netdev.h"
#include "sim/engine/rng.h"
#include "sim/host/host.h"
#include "stack/addr.h"
#include "stack/snmp.h"

struct fib;
struct neigh_table;
struct frag_table;
struct inet_hash;
struct unix_table;
struct pmtu_table;
struct icmp_peers;
struct sock;

/* /proc/sys/net/ipv4 and ipv6, by their names. Units as in Linux; sizes in bytes. Defaults in net.c. */
struct net_sysctl {
	/* net.core */
	int somaxconn;				/* 4096 */
	u32 rmem_default, rmem_max, wmem_default, wmem_max; /* 212992, 4 MiB */
	u32 optmem_max;				/* 131072 */
	nsec_t message_cost;			/* 5 s */
	int message_burst;			/* 10 */
	/* IP */
	int ip_default_ttl;			/* 64 */
	bool ip_forward;
	bool ipv6_forwarding;
	bool ip_nonlocal_bind;
	int ip_local_port_range[2];		/* 32768, 60999 */
	int ip_unprivileged_port_start;		/* 1024 */
	int ping_group_range[2];		/* 0, 2147483647: as distributions set it */
	bool ip_no_pmtu_disc;
	nsec_t mtu_expires;			/* 600 s */
	u32 min_pmtu;				/* 552 */
	int icmp_ratelimit;			/* ms, 1000 */
	int icmp_ratemask;			/* 6168 */
	bool icmp_echo_ignore_all;
	bool icmp_echo_ignore_broadcasts;	/* true */
	int icmp_msgs_per_sec;			/* 1000 */
	int icmp_msgs_burst;			/* 50 */
	u32 ipfrag_high_thresh;			/* 4 MiB */
	nsec_t ipfrag_time;			/* 30 s */
	nsec_t ip6frag_time;			/* 60 s */
	int rp_filter;				/* 0: off, 1: strict, 2: loose (RFC 3704) */
	bool accept_local, route_localnet;
	bool accept_redirects;			/* true; of both families, ignored while forwarding */
	int icmpv6_ratelimit;			/* ms, 100 */
	bool icmpv6_echo_ignore_all;
	/* Neighbours of both families: net.ipv4.neigh.default and its ipv6 twin. */
	nsec_t base_reachable_time;		/* 30 s */
	nsec_t retrans_time;			/* 1 s */
	nsec_t delay_first_probe_time;		/* 5 s */
	int ucast_solicit, mcast_solicit;	/* 3, 3 */
	u32 unres_qlen_bytes;			/* 212992 */
	int neigh_gc_thresh2, neigh_gc_thresh3;	/* 512, 1024 */
	int igmp_qrv;				/* 2: times a report is sent, RFC 3376 8.1 */
	int igmp_max_memberships;		/* 20, of one socket */
	/* TCP, see tcp(7) and ip-sysctl */
	u32 tcp_rmem[3];			/* 4096, 131072, 33554432 */
	u32 tcp_wmem[3];			/* 4096, 16384, 4194304 */
	char tcp_congestion_control[16];	/* "cubic" */
	int tcp_syn_retries;			/* 6 */
	int tcp_synack_retries;			/* 5 */
	int tcp_syncookies;			/* 1; 2: always */
	int tcp_max_syn_backlog;		/* 4096 here; by memory in Linux */
	bool tcp_abort_on_overflow;
	int tcp_retries1, tcp_retries2;		/* 3, 15 */
	int tcp_orphan_retries;			/* 0 = 8 */
	int tcp_max_orphans;			/* 65536 */
	nsec_t tcp_fin_timeout;			/* 60 s */
	int tcp_tw_reuse;			/* 2: loopback only */
	int tcp_max_tw_buckets;			/* 65536 */
	nsec_t tcp_keepalive_time;		/* 7200 s */
	nsec_t tcp_keepalive_intvl;		/* 75 s */
	int tcp_keepalive_probes;		/* 9 */
	bool tcp_timestamps, tcp_sack, tcp_window_scaling; /* true */
	int tcp_ecn;				/* 2: when asked by the peer */
	bool tcp_slow_start_after_idle;		/* true */
	bool tcp_moderate_rcvbuf;		/* true */
	bool tcp_autocorking;			/* true */
	int tcp_reordering;			/* 3 */
	int tcp_challenge_ack_limit;		/* INT_MAX in 6.18: off */
	nsec_t tcp_invalid_ratelimit;		/* 500 ms */
	int tcp_limit_output_bytes;		/* 4 MiB in 6.18 */
	int tcp_min_snd_mss;			/* 48 */
	int tcp_min_tso_segs;			/* 2 */
	int tcp_tso_win_divisor;		/* 3 */
	bool tcp_rfc1337, tcp_stdurg;
	int tcp_notsent_lowat;			/* UINT_MAX: off, as -1 */
	bool tcp_migrate_req;
	nsec_t tcp_rto_min;			/* 200 ms */
	nsec_t tcp_rto_max;			/* 120 s */
	/* unix */
	int unix_max_dgram_qlen;		/* 10 */
	/* IPv6 */
	int ipv6_hop_limit;			/* 64 */
	bool ipv6_bindv6only;
	bool ipv6_disable;
	bool ipv6_accept_dad;			/* false here: addresses are usable at once */
};

/* The messages of the kernel log in this window; net_ratelimit.c. */
struct net_ratelimit {
	nsec_t begin;
	u32 printed, missed;
	bool open;
};

struct net {
	struct host *host;
	struct sim *sim;
	struct host_layer layer;      /* tear-down; net.c */
	u16 ping_rover;		      /* the last identifier given to a ping socket */
	bool dying;		      /* tear-down is under way: nothing is sent or configured */
	struct net_sysctl sysctl;
	struct netns_mib mib;
	struct fib *fib;	      /* routes of both families; route.c */
	struct neigh_table *neigh;    /* ARP and ND entries, made with the first; neighbour.c */
	struct net_ratelimit ratelimit;
	struct frag_table *frags;     /* made with the first fragment; fragment.c */
	struct pmtu_table *pmtu;      /* made with the first exception; route.c */
	struct unix_table *unix_tab;  /* made with the first bound name */
	struct netdev_notifier notifier;
	u32 genid;		      /* bumped when routes, addresses or PMTU change */
	struct rng rng_isn, rng_port, rng_ipid, rng_misc, rng_neigh, rng_icmp, rng_bpf;
	u32 *port_perturb;	      /* made with the first connect(); inet_port.c */
	u64 hash_secret[2];	      /* for ISN, port hash, IP id, cookies */
	u32 icmp_tokens;	      /* global ICMP rate limit; icmp_limit.c */
	nsec_t icmp_stamp;
	struct icmp_peers *icmp_peers; /* limits by destination, made with the first error sent */
	struct packet_type ptype_ip, ptype_arp, ptype_ip6;
	u32 ip_idents;		      /* identification of datagrams that may be fragmented */
	int tcp_orphans, tcp_tw_count;
	s64 tcp_challenge_second;     /* the one that challenge ACKs are counted in, from 1 */
	u32 tcp_challenge_count;      /* how many are left in it */
	union ipaddr nameserver[3];   /* /etc/resolv.conf */
	int nnameserver;
	struct list_head packet_fanouts; /* struct packet_fanout.node; packet_fanout.c */
	struct list_head raw_socks;   /* struct raw_sock.node, in order of creation; raw.c */
	struct list_head socks;	      /* struct sock.net_node, in order of creation: `ss`, tear-down */
	/* Option names that were asked for and are not there: counted, see sockopt.c. */
	u64 enoprotoopt;
};

/* What all hosts of a world share: pools and keyed hash tables. w->stack. */
struct stack_world;
void stack_world_init(struct world *w);
/* Adds the stack to a host: netdev_host_init(), loopback up with 127.0.0.1/8 and ::1. */
struct net *net_host_init(struct host *h);

static inline nsec_t net_now(const struct net *n)
{
	return n->sim->now;
}

/*
 * /proc/sys/net by name ("net.ipv4.tcp_sack", "net.core.somaxconn", also of nic/). Values as text, as
 * sysctl(8) takes and prints them. 0, -ENOENT, -EINVAL.
 */
int net_sysctl_write(struct net *net, const char *name, const char *value);
int net_sysctl_read(struct net *net, const char *name, char *buf, size_t len);
/*
 * What write(2) to the file under /proc/sys/net does with text: numbers as C writes them, a short vector
 * leaves the rest, what follows the last number is not taken. Bytes taken or negative errno.
 */
s64 net_sysctl_store(struct net *net, const char *name, const char *text, size_t len);
enum net_sysctl_kind { NET_SYSCTL_NUMBERS, NET_SYSCTL_WORD, NET_SYSCTL_READ_ONLY };
/* The i-th name in the table's order; NULL: no more. */
const char *net_sysctl_name(size_t i, enum net_sysctl_kind *kind);

/* Addresses for /etc/resolv.conf, at most three as resolv.conf(5) says: 0 or -ENOSPC. */
int net_nameserver_add(struct net *net, const union ipaddr *a);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What TCP and UDP share: struct inet_sock, binding, port selection and the lookup of sockets.
 *
 * Lookup tables belong to the world and are keyed with the host, so an idle host costs nothing:
 *   ehash    connected TCP sockets (and TIME_WAIT, request socks) by 4-tuple
 *   portinfo bound sockets by (host, protocol, port), listeners and UDP sockets among them
 *
 * Lookup order follows inet_lookup_listener() and udp4_lib_lookup(): the socket with the highest score
 * (device, local address, family, remote address, incoming CPU) wins; among SO_REUSEPORT sockets of the
 * same score the group picks by hash: reciprocal_scale(hash, num_socks).
 */
#ifndef STACK_INET_H
#define STACK_INET_H

#include "stack/ip.h"
#include "stack/sock.h"

struct inet_bind_bucket;
struct sock_reuseport;
struct inet_hash;

struct inet_sock {
	struct sock sk;
	union ipaddr saddr;	/* source of packets; any until known */
	union ipaddr rcv_saddr; /* what it is bound to */
	union ipaddr daddr;
	u16 sport;		/* host order; of packets */
	u16 num;		/* bound port; 0: not bound */
	u16 dport;
	struct list_head bind_node; /* in its bucket, in order of binding */
	struct list_head lookup_node; /* listeners and UDP: in the bucket's lookup list */
	struct inet_bind_bucket *bucket;
	struct inet_sock *hash_next; /* ehash chain */
	u32 hash;
	bool hashed;
	struct sock_reuseport *reuse_group;
	struct inet_sock **sockarray_slot; /* of a map that holds it; bpf_reuseport.c */
	struct dst dst;		/* cached route of a connected socket */
	/* IP-level options */
	u8 tos;
	s16 uc_ttl;		/* -1: default */
	u8 mc_ttl;		/* 1 */
	bool mc_loop;		/* true */
	int mc_index;
	union ipaddr mc_addr;
	u32 frag_size;		/* IPV6_MTU; 0: none */
	u8 pmtudisc;		/* IP_PMTUDISC_WANT... */
	/* what recvmsg() tells beside the data: of IPPROTO_IP, then of IPPROTO_IPV6 */
	bool recverr, pktinfo, recvttl, recvtos, recvopts, retopts;
	bool recverr6, pktinfo6, recvhoplimit, recvtclass;
	bool freebind, transparent, hdrincl, nodefrag;
	bool bind_address_no_port;
	bool v6only;
	u8 min_ttl;
	u32 flowlabel;
	u16 port_range[2];	/* IP_LOCAL_PORT_RANGE, 0: none */
	u16 inet_id;		/* identification of the next IPv4 packet of a connection; ip_output.c */
	bool inet_id_set;
	bool mc_all;		/* IP_MULTICAST_ALL, true for AF_INET */
	bool mc6_all;		/* IPV6_MULTICAST_ALL, true */
	struct list_head mc_list; /* struct ip_mc_socklist */
};

static inline struct inet_sock *inet_sk(struct sock *sk)
{
	return (struct inet_sock *)sk;
}

/* Common init for both protocols, from proto_ops.init. */
void inet_sock_init(struct inet_sock *inet);
/* bind(2) of AF_INET and AF_INET6. */
s64 inet_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len);
/* Binds to an ephemeral port if not bound (sendto, listen, connect of UDP). 0 or -EAGAIN. */
int inet_autobind(struct sock *sk);
/* Takes a port for sk (0: ephemeral): conflict rules of inet_csk_get_port() and udp_lib_get_port(). */
int inet_get_port(struct sock *sk, u16 port);
/* Gives it back. */
void inet_put_port(struct sock *sk);
/*
 * A source port for an active TCP connection, unless it is bound (even offsets preferred, keyed hash of
 * the destination plus table perturbation, as __inet_hash_connect(); CHOICE_PORT), then hashes inet.
 * saddr, daddr and dport are set. 0 or -EADDRNOTAVAIL.
 * may_replace: called for a sock that has the same 4-tuple (TIME_WAIT); true: it was removed.
 */
int inet_hash_connect(struct inet_sock *inet,
		      bool (*may_replace)(struct inet_sock *old, struct inet_sock *inet));
/* A child of a listener shares its port (accepted connections, request socks, TIME_WAIT). */
void inet_inherit_port(struct inet_sock *child, struct inet_sock *parent);
/* listen(): checks the port again (-EADDRINUSE), then makes the sock visible to inet_lookup_listener(). */
int inet_listen_insert(struct inet_sock *inet);
void inet_listen_remove(struct inet_sock *inet);
s64 inet_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss);
/* Parses and checks a destination; port 0 etc. are the caller's. 0 or -errno as connect(2). */
int inet_parse_dest(struct sock *sk, const struct sockaddr *sa, socklen_t len, union ipaddr *a,
		    u16 *port, int *oif);

/* IPPROTO_IP and IPPROTO_IPV6 levels; rows in inet_sockopt.c. */
s64 inet_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		    socklen_t len);
s64 inet_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		    socklen_t *len);
/* Control messages that the socket asked for (IP_PKTINFO, IP_TTL, IP_TOS, v6 ones). */
void inet_cmsg_recv(struct inet_sock *inet, struct msg *m, const struct ip_rx *rx, u16 dport);
/* IP_RECVOPTS, IP_RETOPTS: from skb's IPv4 header. */
void inet_cmsg_recv_opts(struct inet_sock *inet, struct msg *m, struct sk_buff *skb);

/* ---- established table ---- */
void inet_ehash_insert(struct inet_sock *inet);
void inet_ehash_remove(struct inet_sock *inet);
/* Exact match on the 4-tuple (and device); NULL: none. */
struct inet_sock *inet_lookup_established(struct net *net, const union ipaddr *saddr, u16 sport,
					  const union ipaddr *daddr, u16 dport, int dif);
/*
 * The listening TCP socket for a SYN to daddr:dport, reuseport group applied. skb: for the group's
 * program, its data at the transport header; NULL: the hash decides.
 */
struct inet_sock *inet_lookup_listener(struct net *net, struct sk_buff *skb,
				       const union ipaddr *saddr, u16 sport,
				       const union ipaddr *daddr, u16 dport, int dif);
/* The UDP socket for a datagram. */
struct inet_sock *udp_lookup(struct net *net, struct sk_buff *skb, const union ipaddr *saddr,
			     u16 sport, const union ipaddr *daddr, u16 dport, int dif);
/* Calls fn for every UDP socket that should get a multicast or broadcast datagram. */
void udp_lookup_multi(struct net *net, const union ipaddr *saddr, u16 sport,
		      const union ipaddr *daddr, u16 dport, int dif,
		      void (*fn)(void *ctx, struct inet_sock *inet), void *ctx);
/* True when the socket (or, with IP_MULTICAST_ALL, any) joined the group on the device. */
bool inet_mc_wants(const struct inet_sock *inet, const union ipaddr *group, int dif);
/* Flow hash of the tuple with the host's secret, as inet_ehashfn(). */
u32 inet_ehashfn(struct net *net, const union ipaddr *laddr, u16 lport, const union ipaddr *faddr,
		 u16 fport);

/* ---- SO_REUSEPORT groups (reuseport.c) ---- */
int reuseport_add_sock(struct inet_sock *inet, struct inet_sock *existing);
/* The last socket moves into the hole: net/core/sock_reuseport.c's documented order. */
void reuseport_detach_sock(struct inet_sock *inet);
/* skb as in inet_lookup_listener(). */
struct inet_sock *reuseport_select_sock(struct inet_sock *any, struct sk_buff *skb, u32 hash);
/* SO_ATTACH_REUSEPORT_CBPF and its kin: takes a reference. -EINVAL: not in a group, and in none yet. */
int reuseport_attach_prog(struct inet_sock *inet, struct bpf_prog *prog);
/* -ENOENT: there is no program; -EINVAL: the socket is no member of a group and will not be. */
int reuseport_detach_prog(struct inet_sock *inet);
/* Takes a socket that leaves its group out of the map that holds it. */
void bpf_sockarray_forget(struct inet_sock *inet);

/* Called by stack_world_init() and at tear-down. */
struct inet_hash *inet_hash_new(void);
void inet_hash_free(struct inet_hash *h);

#endif

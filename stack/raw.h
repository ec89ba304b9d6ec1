/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets (raw(7), RFC 3542): SOCK_RAW of AF_INET and AF_INET6.
 *
 *   raw.c	 both families: life, names, the packet's way to the reader; options of IPv4
 *   raw_send.c	 sending IPv4, the header with it (IP_HDRINCL) or not; MSG_MORE
 *   raw6.c	 what differs for IPv6
 *
 * The "port" of a raw socket is its protocol. Every socket of that protocol whose addresses and device
 * fit gets a copy of a packet for this host, before the protocol itself: of IPv4 with its header, of IPv6
 * without. A host without raw sockets looks at an empty list.
 */
#ifndef STACK_RAW_H
#define STACK_RAW_H

#include "stack/datagram.h"

/* Data that MSG_MORE holds back, its destination fixed by the first call. */
struct raw_cork {
	struct datagram dest;
	u8 *data;
	u32 len;
};

struct raw_sock {
	struct inet_sock inet; /* first */
	struct list_head node; /* net->raw_socks, in order of creation; unlinked: does not receive */
	u32 icmp_filter;       /* ICMP_FILTER: types not to be received */
	u32 icmp6_filter[8];   /* ICMP6_FILTER: the same */
	bool checksum;	       /* IPV6_CHECKSUM is on, at csum_offset */
	int csum_offset;
	struct raw_cork *cork;
};

static inline struct raw_sock *raw_sk(struct sock *sk)
{
	return (struct raw_sock *)sk;
}

/* SOCK_RAW of AF_INET and AF_INET6; the protocol is the creator's. */
extern const struct proto_ops raw_prot, rawv6_prot;

/*
 * A packet for this host, data at the transport header, before its protocol gets it: copies for those
 * who want it. True when there was a socket for it, be its buffer full or its filter closed.
 */
bool raw_deliver(struct net *net, struct sk_buff *skb);
/* An ICMP error about a packet of this protocol. */
void raw_err(struct net *net, u8 proto, const struct icmp_error *e);

/* ---- between the files ---- */

s64 raw_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
/* raw_probe_proto_opt(): ICMP needs its type and code. The type, 0, or -EFAULT. */
int raw_probe_type(const struct sock *sk, const struct iov_iter *from);
/* The bytes of a message in a packet, data at the first; up to 80 of them linear, for who parses it. */
struct sk_buff *raw_build(struct sock *sk, const struct iov_iter *from, u32 len);
/*
 * Appends to what MSG_MORE held back, or begins with that. 1: more is to come; 0: *d and *skb are
 * to be sent; negative errno.
 */
int raw_cork_send(struct raw_sock *raw, struct datagram *d, const struct iov_iter *from, bool more,
		  struct sk_buff **skb);
void raw_flush_pending(struct raw_sock *raw);

#endif

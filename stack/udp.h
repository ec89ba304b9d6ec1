/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768, udp(7)).
 *
 *   udp.c      the socket's side: connect, sendmsg, recvmsg, poll, options
 *   udp_rcv.c  the packet's side: checksum, lookup, delivery to one or many, ICMP errors
 *
 * Receive memory follows the kernel: packets are charged by truesize; a reader takes the whole receive
 * queue into a queue of its own and gives memory back in batches of a quarter of rcvbuf
 * (udp_rmem_release()), so a full socket stays full a little longer than its queue.
 */
#ifndef STACK_UDP_H
#define STACK_UDP_H

#include <netinet/udp.h>

#include "stack/inet.h"

struct udp_cork;

#define UDP_HLEN 8u
#define UDP_MAX_PAYLOAD 65535u

struct udp_sock {
	struct inet_sock inet; /* first */
	bool corkflag;	       /* UDP_CORK */
	struct udp_cork *cork; /* data of MSG_MORE or UDP_CORK that has not been sent */
	struct sk_buff_head reader_queue;
	u32 forward_deficit;   /* read, but not yet given back to rmem_alloc */
};

static inline struct udp_sock *udp_sk(struct sock *sk)
{
	return (struct udp_sock *)sk;
}

/* SOCK_DGRAM of AF_INET and AF_INET6. */
extern const struct proto_ops udp_prot, udpv6_prot;

/* Rows of struct net_protocol: both families. */
void udp_rcv(struct net *net, struct sk_buff *skb);
void udp_err(struct net *net, const struct icmp_error *e);

/*
 * Verifies the checksum of a queued datagram if the NIC or a short packet's softirq has not; false: bad,
 * the datagram is left to the caller.
 */
bool udp_csum_complete(struct sk_buff *skb);

#endif

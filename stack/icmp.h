/* SPDX-License-Identifier: MIT */
/*
 * ICMP of both families inside the network layer; what others send is declared in ip.h.
 *
 *   icmp.c	   receiving ICMP, echo, errors for sockets; building IPv4 errors
 *   icmpv6.c	   the same for IPv6
 *   icmp_limit.c  how many may be sent: a limit for the host and one for each destination
 */
#ifndef STACK_ICMP_H
#define STACK_ICMP_H

#include "stack/ip.h"

/* Handlers of the protocols, data at the ICMP header. Take skb. */
void icmp_rcv(struct net *net, struct sk_buff *skb);
void icmpv6_rcv(struct net *net, struct sk_buff *skb);
/* An error about an ICMP message of ours: a ping socket's. */
void icmp_err(struct net *net, const struct icmp_error *e);

/* A message of a socket's is on its way: counted. */
void icmp_count_sent(struct net *net, bool v4, u8 type);
void icmpv6_count_sent(struct net *net, u8 type);

/* Sends an error about skb (network_header valid); info: the second word. Does not take skb. */
void icmp_send(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);
void icmpv6_send(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info);
/* The neighbour did not answer: tell the sender, who may be a socket of ours. */
void icmp_send_link_failure(struct net *net, struct sk_buff *skb);

/* True: the host as a whole has sent too many already. */
bool icmp_global_exhausted(struct net *net);
/* Takes from both limits; false: too many to this destination. timeout: time for each message. */
bool icmp_peer_allow(struct net *net, const struct dst *dst, const union ipaddr *daddr,
		     nsec_t timeout);
void icmp_peers_free(struct net *net);

/* Copies up to len bytes of skb from its network header on; returns how many. */
u32 icmp_quote(struct sk_buff *skb, void *buf, u32 len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * ICMP echo sockets, as ping(8) uses them.
 */
#ifndef STACK_PING_H
#define STACK_PING_H

#include "stack/ip.h"
#include "stack/sock.h"

extern const struct proto_ops ping_prot, pingv6_prot;

/* 0 or -EACCES: t's group is not in net.ipv4.ping_group_range. */
s64 ping_may_create(struct task *t, struct net *net);
/* An echo reply of either family, data at the ICMP header. Does not take skb. */
void ping_rcv(struct net *net, struct sk_buff *skb);
/* An ICMP error about an echo request of ours. */
void ping_err(struct net *net, const struct icmp_error *e);

#endif

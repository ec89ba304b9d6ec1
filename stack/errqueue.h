/* SPDX-License-Identifier: MIT */
/*
 * The error queue of IP sockets (ip(7) IP_RECVERR, ipv6(7) IPV6_RECVERR, recvmsg(2) MSG_ERRQUEUE).
 */
#ifndef STACK_ERRQUEUE_H
#define STACK_ERRQUEUE_H

#include "stack/inet.h"

/* Does the socket want errors of packets of this family queued? */
static inline bool inet_recverr(const struct inet_sock *inet, bool v6)
{
	return v6 ? inet->recverr6 : inet->recverr;
}

/*
 * Queues an ICMP error. port: where the packet went, 0 where there is none; hdr: how much of the
 * quoted transport header is not the reader's data.
 */
void ip_icmp_error(struct inet_sock *inet, const struct icmp_error *e, int err, u16 port, u32 hdr);
/* Queues an error that the host itself found, if the socket wants it. info: the MTU. */
void ip_local_error(struct inet_sock *inet, int err, const union ipaddr *daddr, u16 port, u32 info);
/* recvmsg() with MSG_ERRQUEUE: bytes copied or -EAGAIN; never waits. */
s64 ip_recv_error(struct inet_sock *inet, struct msg *m);

#endif

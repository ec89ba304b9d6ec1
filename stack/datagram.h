/* SPDX-License-Identifier: MIT */
/*
 * What the datagram sockets of IP share: UDP, ICMP echo and raw sockets (net/ipv4/datagram.c,
 * net/core/datagram.c and ip_sockglue.c in Linux).
 */
#ifndef STACK_DATAGRAM_H
#define STACK_DATAGRAM_H

#include "stack/inet.h"

/* Where one datagram goes and with which headers. */
struct datagram {
	struct flow fl;
	struct ip_tx tx;
	struct dst dst;
};

/* What the socket's options say, before the call's own: no destination yet. */
void datagram_init(struct datagram *d, struct inet_sock *inet);
/* What one call may override: ip_cmsg_send(), ip6_datagram_send_ctl(). 0 or -errno. */
int datagram_control(struct host *h, struct datagram *d, const struct msg *m);
/* IP_MULTICAST_IF and IP_MULTICAST_TTL, if it goes to a group. */
void datagram_multicast(struct inet_sock *inet, struct datagram *d);
/*
 * DF and EMSGSIZE by IP_MTU_DISCOVER (ip(7)). len: of the data; thlen: of the transport header before
 * it, 0 for raw sockets.
 */
int datagram_fragmentation(struct inet_sock *inet, struct datagram *d, u32 len, u32 thlen);
/* What a datagram of len bytes and the headers hdr costs its sender. */
u32 datagram_truesize(u32 hdr, u32 len);

/* sock_alloc_send_pskb(): errors first, then room. 0, -errno or -EPARK. */
s64 datagram_wait_room(struct task *t, struct sock *sk, int flags);
/*
 * Nothing to read: the error, 0 after shutdown(), -EPARK... An error is told even before what there is to
 * read: readers ask for sock_error() first.
 */
s64 datagram_wait_packet(struct task *t, struct sock *sk, int flags);
/* The sender's address. */
void datagram_fill_name(struct sock *sk, struct msg *m, const struct ip_rx *rx, u16 sport);

/* connect() of a socket that has a port already; not with AF_UNSPEC. */
s64 datagram_connect(struct sock *sk, const struct sockaddr *sa, socklen_t len);
/* inet_shutdown(): an unconnected socket gets ENOTCONN, and is shut down all the same. */
s64 datagram_shutdown(struct task *t, struct sock *sk, int how);
/* datagram_poll(). readable: there is something to read. */
u32 datagram_poll(const struct sock *sk, bool readable);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Doors between the udp_*.c files.
 */
#ifndef STACK_UDP_PRIV_H
#define STACK_UDP_PRIV_H

#include "stack/udp.h"

s64 udp_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
/* Sends what MSG_MORE and UDP_CORK held back. 0 or negative errno. */
int udp_push_pending(struct udp_sock *up);
/* Forgets it. */
void udp_flush_pending(struct udp_sock *up);
/* The next datagram, with those of bad checksum dropped on the way; NULL: none. Stays queued. */
struct sk_buff *udp_first_packet(struct udp_sock *up);
/* The one that MSG_PEEK with SO_PEEK_OFF looks at; *off: where in it. */
struct sk_buff *udp_peek_packet(struct udp_sock *up, u32 *off);
/* Takes the first datagram off and uncharges it. The caller frees it. */
void udp_unlink(struct udp_sock *up, struct sk_buff *skb);

#endif

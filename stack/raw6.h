/* SPDX-License-Identifier: MIT */
/*
 * What raw sockets of IPv6 do differently (raw.h).
 */
#ifndef STACK_RAW6_H
#define STACK_RAW6_H

#include "stack/raw.h"

void rawv6_init(struct raw_sock *raw);
/* IPV6_CHECKSUM: may the reader see the packet? data at the transport header. */
bool rawv6_csum_ok(const struct raw_sock *raw, struct sk_buff *skb);
s64 rawv6_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len);
s64 rawv6_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 rawv6_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		     socklen_t len);
s64 rawv6_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		     socklen_t *len);

#endif

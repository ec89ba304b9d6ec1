/* SPDX-License-Identifier: MIT */
/*
 * What the families' parts of NETLINK_SOCK_DIAG share (sock_diag.c, packet_diag.c).
 */
#ifndef STACK_SOCK_DIAG_H
#define STACK_SOCK_DIAG_H

#include "stack/netlink.h"
#include "stack/sock.h"

u32 sock_diag_ino(const struct sock *sk);
void sock_diag_cookie(u32 to[2], u64 cookie);
/* SK_MEMINFO_* as an attribute. */
void sock_diag_meminfo(struct nl_buf *b, u16 type, const struct sock *sk);

/* A request about AF_PACKET. 0 or -errno. */
int packet_diag(struct nl_req *r);

#endif

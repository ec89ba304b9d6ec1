/* SPDX-License-Identifier: MIT */
/*
 * Who is at the other end of an AF_UNIX socket, as of the call that connected it (unix(7), SO_PEERCRED
 * and its kin). A socket that connects shares what its listener had at listen(2).
 */
#ifndef STACK_SOCK_PEER_H
#define STACK_SOCK_PEER_H

#include "stack/sock.h"

struct sockopt_arg;

struct sock_peer {
	u32 refs;
	u32 uid, gid;
	struct pid_ref *pid;
	const char *label; /* NULL: none */
	u32 ngroups;
	u32 groups[];
};

/* The peer of sk is t's process. */
void sock_peer_set(struct sock *sk, const struct task *t);
/* The peer of sk is from's. */
void sock_peer_share(struct sock *sk, const struct sock *from);
void sock_peer_drop(struct sock *sk);

/* Options of SOL_SOCKET. */
s64 so_peercred_get(struct sockopt_arg *a);
s64 so_peergroups_get(struct sockopt_arg *a);
s64 so_peerpidfd_get(struct sockopt_arg *a);
s64 so_peersec_get(struct sockopt_arg *a);

#endif

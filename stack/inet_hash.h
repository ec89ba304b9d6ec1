/* SPDX-License-Identifier: MIT */
/*
 * The tables behind stack/inet.h; for the inet_*.c files and their tests only.
 */
#ifndef STACK_INET_HASH_H
#define STACK_INET_HASH_H

#include "sim/engine/pool.h"
#include "stack/inet.h"

/* All sockets of one host that are bound to one port of one protocol. */
struct inet_bind_bucket {
	struct inet_bind_bucket *next; /* hash chain */
	struct host *host;
	u16 port;
	u8 protocol;
	/* Made by connect()'s port choice: bind() with port 0 and connect() pass it by (fastreuse -1). */
	bool connect_only;
	struct list_head owners; /* struct inet_sock.bind_node, in order of binding */
	struct list_head lookup; /* struct inet_sock.lookup_node, latest first */
};

struct inet_hash {
	struct inet_sock **ehash;
	u32 emask; /* size - 1 */
	u32 ecount;
	struct inet_bind_bucket **bhash;
	u32 bmask;
	u32 bcount;
	struct pool buckets;
};

struct inet_hash *inet_hash_of(struct net *net);
/* NULL when no socket of the host has this port. */
struct inet_bind_bucket *inet_bucket_find(struct net *net, u8 protocol, u16 port);
struct inet_bind_bucket *inet_bucket_get(struct net *net, u8 protocol, u16 port);
void inet_bucket_join(struct inet_bind_bucket *b, struct inet_sock *inet);
/* Frees the bucket with its last owner. */
void inet_bucket_leave(struct inet_sock *inet);
/* Do two local addresses overlap? With wildcard, an unspecified address overlaps all of its family. */
bool inet_rcv_saddr_equal(const struct inet_sock *a, const struct inet_sock *b);

#endif

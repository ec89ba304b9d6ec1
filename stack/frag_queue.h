/* SPDX-License-Identifier: MIT */
/*
 * The queue of fragments of one datagram: shared by fragment.c and ip_defrag.c only.
 */
#ifndef STACK_FRAG_QUEUE_H
#define STACK_FRAG_QUEUE_H

#include "sim/host/timer.h"
#include "stack/ip.h"

#define FRAG_HASH_SIZE 32u
#define FRAG_FIRST_IN 1u
#define FRAG_LAST_IN 2u

struct frag_key {
	union ipaddr saddr, daddr;
	u32 id;
	int iif; /* only where addresses are not unique: IPv6 link-local and multicast */
	u8 proto;
	bool v6;
};

struct frag_queue {
	struct list_head node; /* frag_table.queues */
	struct list_head hash_node;
	struct net *net;
	struct frag_key key;
	struct sk_buff_head fragments; /* by offset; data at the fragment's payload */
	u32 len;  /* of the whole payload once the last is in; so far the largest end */
	u32 meat; /* bytes that are there */
	u32 mem;
	u8 flags;
	u8 ecn; /* one bit for each ECN field seen */
	/* IPv6, of the first fragment: what follows, and where its headers end and name it. */
	u8 nexthdr;
	u16 hlen, nhoff;
	struct timer timer;
};

struct frag_table {
	struct list_head queues; /* in order of creation */
	struct list_head hash[FRAG_HASH_SIZE];
	u32 mem; /* bytes of all queues and their fragments */
};

/* Of a fragment in a queue, in skb->cb. */
struct frag_cb {
	u32 off, end;
};
#define FRAG_CB(skb) ((struct frag_cb *)(void *)(skb)->cb)

enum frag_insert { FRAG_INSERTED = 0, FRAG_DUP, FRAG_OVERLAP };
enum frag_event { FRAG_REQD = 0, FRAG_OK, FRAG_FAIL, FRAG_TIMEOUT, FRAG_NEVENTS };

/* The queue of a datagram, made when missing; NULL: no memory left. */
struct frag_queue *frag_queue_find(struct net *net, const struct frag_key *key);
void frag_count(const struct frag_queue *q, enum frag_event ev);
/* Takes note of where a fragment ends; false: it contradicts what came before. */
bool frag_note_end(struct frag_queue *q, u32 end, bool more);
/* Links skb (FRAG_CB set) in; it is taken only when FRAG_INSERTED is returned. */
enum frag_insert frag_queue_insert(struct frag_queue *q, struct sk_buff *skb);
bool frag_queue_complete(const struct frag_queue *q);
/* The datagram, with hlen bytes of the first fragment's headers in front; frees the queue. */
struct sk_buff *frag_reassemble(struct frag_queue *q, u32 hlen);
/* Drops all fragments and frees the queue. */
void frag_queue_kill(struct frag_queue *q, enum skb_drop_reason reason);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Futexes of a world: queues of waiters by key (futex(2)). Between hosted_futex.c and hosted_futex_pi.c.
 */
#ifndef SIM_PROCESS_HOSTED_FUTEX_H
#define SIM_PROCESS_HOSTED_FUTEX_H

#include "sim/process/hosted_int.h"

#define FUTEX_BUCKETS 256
#define FUTEX_ANY_BIT 0xffffffffu

/* Private: address space and address. Shared: device, inode and offset; compared, never ordered. */
struct futex_key {
	u64 space, object, offset;
};

struct futex_queue {
	struct list_head node; /* in its bucket; freed when the last waiter leaves */
	struct futex_key key;
	struct wait_queue_head q;
	u32 waiters;
};

struct futex_table {
	struct list_head bucket[FUTEX_BUCKETS];
	u32 nwoken; /* by the wakeup under way */
};

/* h->futex while the thread waits, and until it has noticed that it was woken. */
struct futex_waiter {
	struct wait_entry entry; /* mask: the bits of FUTEX_WAIT_BITSET */
	struct futex_queue *on;  /* NULL: woken */
	struct futex_table *table;
	struct task *task;
};

/* The key of the word at addr. 0, -EINVAL (unaligned) or -EFAULT. */
int futex_key(struct hosted *h, u64 addr, bool private, struct futex_key *key);
struct futex_queue *futex_find(struct hosted *h, const struct futex_key *key);
/*
 * Waits until woken. 0, -EPARK, -ETIMEDOUT, or what a signal makes of it. deadline: absolute on the
 * host's clock, NSEC_NEVER: none. Made again when parked.
 */
s64 futex_wait(struct task *t, struct hosted *h, const struct futex_key *key, u32 bits, nsec_t deadline);
/* Wakes up to nr waiters that wait for one of bits; how many. */
u32 futex_wake(struct hosted *h, const struct futex_key *key, u32 nr, u32 bits);
/* Wakes this one. */
void futex_wake_one(struct futex_waiter *w);
/* Stops waiting without being woken. */
void futex_cancel(struct hosted *h);

/* A timeout at user address addr (0: none), relative or on one of two clocks. 0 or negative errno. */
int futex_deadline(struct task *t, struct hosted *h, u64 addr, bool absolute, bool realtime,
		   nsec_t *deadline);

s64 futex_lock_pi(struct task *t, struct hosted *h, bool private, bool try);
s64 futex_unlock_pi(struct task *t, struct hosted *h, bool private);

#endif

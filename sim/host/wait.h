/* SPDX-License-Identifier: MIT */
/*
 * Wait queues, in the kernel's order (kernel/sched/wait.c).
 *
 * Non-exclusive waiters go to the front and are all woken; exclusive ones go to the tail and at most
 * nr_exclusive of them are woken. accept() waits exclusively at the tail, so the longest waiter is
 * served first (FIFO); epoll_wait() waits exclusively at the head, so the latest is served first
 * (LIFO). Which exclusive waiter a wakeup takes first is a choice (CHOICE_WAITER).
 */
#ifndef SIM_HOST_WAIT_H
#define SIM_HOST_WAIT_H

#include "sim/engine/list.h"
#include "sim/engine/types.h"

struct host;
struct task;
struct wait_entry;

/*
 * What happens when the queue is woken. key: the poll events that occurred (EPOLLIN...), or 0 for any.
 * Returns > 0 when this entry consumed the wakeup (counts against nr_exclusive), 0 when it did not
 * care, < 0 to stop the walk.
 */
typedef int (*wait_fn)(struct wait_entry *e, u32 key);

#define WAIT_EXCLUSIVE 1u

struct wait_entry {
	struct list_head node; /* self-linked when not queued */
	u32 flags;
	u32 mask; /* for task waits: poll events of interest, 0 = any */
	wait_fn func;
	struct task *task; /* whom the default function wakes */
	void *priv;
};

struct wait_queue_head {
	struct host *host;
	struct list_head list;
};

void wait_queue_init(struct wait_queue_head *q, struct host *h);
void wait_entry_init(struct wait_entry *e, struct task *t); /* default function: wake t */
void wait_entry_init_func(struct wait_entry *e, wait_fn func, void *priv);

/* add_wait_queue(): at the head, not exclusive. */
void wait_add(struct wait_queue_head *q, struct wait_entry *e);
/* At the tail, exclusive: accept, recv, EPOLLEXCLUSIVE registrations. */
void wait_add_exclusive(struct wait_queue_head *q, struct wait_entry *e);
/* At the head, exclusive: epoll_wait. */
void wait_add_exclusive_head(struct wait_queue_head *q, struct wait_entry *e);
void wait_remove(struct wait_entry *e);

/* nr_exclusive 0: all of them. */
void wake_up_nr(struct wait_queue_head *q, int nr_exclusive, u32 key);
static inline void wake_up(struct wait_queue_head *q, u32 key)
{
	wake_up_nr(q, 1, key);
}
static inline void wake_up_all(struct wait_queue_head *q, u32 key)
{
	wake_up_nr(q, 0, key);
}
static inline bool wait_queue_active(const struct wait_queue_head *q)
{
	return !list_empty(&q->list);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Futexes with an owner in the word: priority inheritance (FUTEX_LOCK_PI in futex(2); all priorities are
 * equal here, so that what is left is the handing over) and robust mutexes (set_robust_list(2)); and what
 * the end of a thread does to both.
 */
#include <errno.h>
#include <linux/futex.h>

#include "sim/process/hosted_futex.h"

#define ROBUST_LIMIT 2048 /* entries looked at; linux/futex.h's ROBUST_LIST_LIMIT */

struct robust_head {
	u64 next;
	s64 futex_offset;
	u64 pending;
};

/* ---- priority inheritance ------------------------------------------------------------------------ */

/* 1: it is ours now, 0: somebody has it, or negative errno. */
static int try_lock(struct task *t, struct hosted *h, u32 *word)
{
	u32 owner, new;

	if (hosted_read(h, h->args[0], word, sizeof(*word)) < 0)
		return -EFAULT;
	owner = *word & FUTEX_TID_MASK;
	if (owner == (u32)t->tid)
		return -EDEADLK;
	if (owner)
		return 0;
	new = (*word & (FUTEX_OWNER_DIED | FUTEX_WAITERS)) | (u32)t->tid;
	return hosted_write(h, h->args[0], &new, sizeof(new)) < 0 ? -EFAULT : 1;
}

/* FUTEX_LOCK_PI has always meant CLOCK_REALTIME. */
static bool pi_realtime(const struct hosted *h)
{
	return (h->args[1] & FUTEX_CMD_MASK) == FUTEX_LOCK_PI || h->args[1] & FUTEX_CLOCK_REALTIME;
}

s64 futex_lock_pi(struct task *t, struct hosted *h, bool private, bool try)
{
	struct syscall_ctx *ctx = task_ctx(t);
	struct futex_key key;
	nsec_t deadline;
	int err;
	u32 word;

	if (ctx->started)
		return futex_wait(t, h, NULL, FUTEX_ANY_BIT, (nsec_t)ctx->scratch[0]);
	err = futex_deadline(t, h, try ? 0 : h->args[3], true, pi_realtime(h), &deadline);
	if (!err)
		err = futex_key(h, h->args[0], private, &key);
	if (err)
		return err;
	err = try_lock(t, h, &word);
	if (err)
		return err < 0 ? err : 0;
	if (try)
		return -EAGAIN;
	if (!task_find(t->host, (int)(word & FUTEX_TID_MASK)))
		return -ESRCH;
	word |= FUTEX_WAITERS;
	if (hosted_write(h, h->args[0], &word, sizeof(word)) < 0)
		return -EFAULT;
	ctx->started = true;
	ctx->scratch[0] = (u64)deadline;
	return futex_wait(t, h, &key, FUTEX_ANY_BIT, deadline);
}

/* The word goes to the first waiter, which finds itself the owner when it wakes. */
static int hand_over(struct hosted *h, u64 addr, const struct futex_key *key, u32 flags)
{
	struct futex_queue *fq = futex_find(h, key);
	struct futex_waiter *w = NULL;
	u32 word = flags;

	if (fq && wait_queue_active(&fq->q)) {
		w = list_first_entry(&fq->q.list, struct wait_entry, node)->priv;
		word |= (u32)w->task->tid;
		if (fq->waiters > 1)
			word |= FUTEX_WAITERS;
	}
	if (hosted_write(h, addr, &word, sizeof(word)) < 0)
		return -EFAULT;
	if (w)
		futex_wake_one(w);
	return 0;
}

s64 futex_unlock_pi(struct task *t, struct hosted *h, bool private)
{
	struct futex_key key;
	u32 word;
	int err;

	err = futex_key(h, h->args[0], private, &key);
	if (err)
		return err;
	if (hosted_read(h, h->args[0], &word, sizeof(word)) < 0)
		return -EFAULT;
	if ((word & FUTEX_TID_MASK) != (u32)t->tid)
		return -EPERM;
	return hand_over(h, h->args[0], &key, 0);
}

/* ---- the end of a thread ------------------------------------------------------------------------- */

/* handle_futex_death(): its owner is gone; who waits is told. */
static void owner_died(struct task *t, struct hosted *h, u64 addr, bool pi)
{
	struct futex_key key;
	u32 word, new;

	if (futex_key(h, addr, false, &key) || hosted_read(h, addr, &word, sizeof(word)) < 0 ||
	    (word & FUTEX_TID_MASK) != (u32)t->tid)
		return;
	if (pi) {
		hand_over(h, addr, &key, FUTEX_OWNER_DIED);
		return;
	}
	new = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
	if (hosted_write(h, addr, &new, sizeof(new)) < 0)
		return;
	if (!(word & FUTEX_WAITERS))
		return;
	if (!futex_wake(h, &key, 1, FUTEX_ANY_BIT)) {
		/* glibc waits on process-private keys for mutexes that no other process sees. */
		key = (struct futex_key){ .space = h->proc->mm, .offset = addr };
		futex_wake(h, &key, 1, FUTEX_ANY_BIT);
	}
}

/* Bit 0 of a pointer in the list says that the mutex has priority inheritance. */
static void robust_exit(struct task *t, struct hosted *h)
{
	struct robust_head head;
	u64 entry;

	if (!h->robust_list || hosted_read(h, h->robust_list, &head, sizeof(head)) < 0)
		return;
	entry = head.next;
	for (int i = 0; i < ROBUST_LIMIT && (entry & ~1ull) != h->robust_list; i++) {
		u64 next;

		if (hosted_read(h, entry & ~1ull, &next, sizeof(next)) < 0)
			return;
		if (entry != head.pending)
			owner_died(t, h, (entry & ~1ull) + (u64)head.futex_offset, entry & 1);
		entry = next;
	}
	if (head.pending)
		owner_died(t, h, (head.pending & ~1ull) + (u64)head.futex_offset, head.pending & 1);
}

void hosted_futex_exit(struct task *t, struct hosted *h)
{
	struct futex_key key;
	u32 zero = 0;

	futex_cancel(h);
	robust_exit(t, h);
	h->robust_list = 0;
	/* A thread that is joined: only others of its address space care. */
	if (h->clear_child_tid && !hosted_write(h, h->clear_child_tid, &zero, sizeof(zero)) &&
	    !futex_key(h, h->clear_child_tid, false, &key))
		futex_wake(h, &key, 1, FUTEX_ANY_BIT);
	h->clear_child_tid = 0;
}

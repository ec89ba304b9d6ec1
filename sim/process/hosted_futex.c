/* SPDX-License-Identifier: MIT */
/*
 * Waiting and waking by the word in memory (futex(2)).
 *
 * Only one real thread runs at any moment and it is not this code, so that comparing a word and going to
 * sleep is one step without a lock. Which waiter a wakeup takes is the wait queue's matter: first come,
 * first served, unless a schedule chooses otherwise.
 */
#include "sim/process/hosted_futex.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

/* ---- keys ---------------------------------------------------------------------------------------- */

static struct futex_table *table_get(struct hosted_world *hw)
{
	struct futex_table *ft = hw->futexes;

	if (ft)
		return ft;
	ft = xcalloc(1, sizeof(*ft));
	for (int i = 0; i < FUTEX_BUCKETS; i++)
		list_init(&ft->bucket[i]);
	hw->futexes = ft;
	return ft;
}

/*
 * Memory that processes share is known by what is mapped there (proc_pid_maps(5)). Memory of one process is
 * another futex than that of FUTEX_PRIVATE_FLAG at its address (FUT_OFF_MMSHARED). 0 or -EFAULT.
 */
static int shared_key(struct hosted *h, u64 addr, struct futex_key *key)
{
	char path[64], line[512];
	int ret = -EFAULT;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", h->tid);
	f = fopen(path, "re");
	if (!f)
		return -EFAULT;
	while (fgets(line, sizeof(line), f)) {
		u64 start, end, offset, inode;
		unsigned major, minor;
		char perm[5];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64, &start,
			   &end, perm, &offset, &major, &minor, &inode) != 7)
			continue;
		if (addr < start || addr >= end)
			continue;
		ret = 0;
		*key = (struct futex_key){ .space = h->proc->mm, .object = 1, .offset = addr };
		if (perm[3] != 's')
			break;
		key->space = ((u64)major << 32 | minor) + (1ull << 63);
		key->object = inode;
		key->offset = offset + (addr - start);
		break;
	}
	fclose(f);
	return ret;
}

int futex_key(struct hosted *h, u64 addr, bool private, struct futex_key *key)
{
	if (addr & 3)
		return -EINVAL;
	if (!private)
		return shared_key(h, addr, key);
	*key = (struct futex_key){ .space = h->proc->mm, .offset = addr };
	return 0;
}

static struct list_head *bucket_of(struct futex_table *ft, const struct futex_key *key)
{
	u64 x = (key->space * 31 + key->object) * 31 + (key->offset >> 2);

	x ^= x >> 29;
	return &ft->bucket[(x * 0x9e3779b97f4a7c15ull) >> 56];
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->object == b->object && a->offset == b->offset;
}

struct futex_queue *futex_find(struct hosted *h, const struct futex_key *key)
{
	struct futex_queue *fq;

	list_for_each_entry(fq, bucket_of(table_get(h->proc->hw), key), node) {
		if (same_key(&fq->key, key))
			return fq;
	}
	return NULL;
}

static struct futex_queue *queue_get(struct task *t, struct hosted *h, const struct futex_key *key)
{
	struct futex_queue *fq = futex_find(h, key);

	if (fq)
		return fq;
	fq = xcalloc(1, sizeof(*fq));
	fq->key = *key;
	wait_queue_init(&fq->q, t->host);
	list_add(&fq->node, bucket_of(table_get(h->proc->hw), key));
	return fq;
}

static void queue_put(struct futex_queue *fq)
{
	if (--fq->waiters)
		return;
	list_del_init(&fq->node);
	free(fq);
}

/* ---- waiting and waking -------------------------------------------------------------------------- */

void futex_wake_one(struct futex_waiter *w)
{
	struct futex_queue *fq = w->on;

	wait_remove(&w->entry);
	w->on = NULL;
	queue_put(fq);
	task_wake(w->task);
}

static int wake_waiter(struct wait_entry *e, u32 bits)
{
	struct futex_waiter *w = e->priv;

	if (!(e->mask & bits))
		return 0;
	w->table->nwoken++;
	/* The queue must outlive the walk over it: futex_wake() holds it. */
	futex_wake_one(w);
	return 1;
}

u32 futex_wake(struct hosted *h, const struct futex_key *key, u32 nr, u32 bits)
{
	struct futex_table *ft = table_get(h->proc->hw);
	struct futex_queue *fq = futex_find(h, key);

	if (!fq)
		return 0;
	ft->nwoken = 0;
	fq->waiters++;
	while (nr--) {
		u32 before = ft->nwoken;

		wake_up(&fq->q, bits);
		if (ft->nwoken == before)
			break;
	}
	queue_put(fq);
	return ft->nwoken;
}

void futex_cancel(struct hosted *h)
{
	struct futex_waiter *w = h->futex;

	if (!w)
		return;
	if (w->on) {
		wait_remove(&w->entry);
		queue_put(w->on);
	}
	free(w);
	h->futex = NULL;
}

static void enqueue(struct task *t, struct hosted *h, const struct futex_key *key, u32 bits)
{
	struct futex_waiter *w = xcalloc(1, sizeof(*w));

	w->task = t;
	w->table = table_get(h->proc->hw);
	w->on = queue_get(t, h, key);
	w->on->waiters++;
	wait_entry_init_func(&w->entry, wake_waiter, w);
	w->entry.mask = bits;
	wait_add_exclusive(&w->on->q, &w->entry);
	h->futex = w;
}

s64 futex_wait(struct task *t, struct hosted *h, const struct futex_key *key, u32 bits, nsec_t deadline)
{
	struct futex_waiter *w = h->futex;
	s64 ret;

	if (w && !w->on) {
		futex_cancel(h);
		return 0;
	}
	if (!w)
		enqueue(t, h, key, bits);
	if (deadline != NSEC_NEVER)
		deadline = max(deadline - host_now(t->host), (nsec_t)0);
	ret = task_wait_on(t, NULL, false, 0, deadline, "futex");
	if (ret == -EPARK)
		return ret;
	futex_cancel(h);
	if (ret == -EAGAIN)
		return -ETIMEDOUT;
	/* With a timeout the kernel keeps a restart block: a handler always ends the call. */
	return deadline == NSEC_NEVER ? -ERESTARTSYS : -ERESTARTNOHAND;
}

int futex_deadline(struct task *t, struct hosted *h, u64 addr, bool absolute, bool realtime,
		   nsec_t *deadline)
{
	struct timespec ts;
	nsec_t ns;

	*deadline = NSEC_NEVER;
	if (!addr)
		return 0;
	if (hosted_read(h, addr, &ts, sizeof(ts)) < 0)
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	if (ts.tv_sec >= NSEC_NEVER / NSEC_PER_SEC - 1)
		return 0;
	ns = ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
	if (absolute)
		*deadline = realtime ? ns - t->host->world->epoch : ns;
	else if (ns < NSEC_NEVER - host_now(t->host))
		*deadline = host_now(t->host) + ns;
	return 0;
}

/* ---- operations ---------------------------------------------------------------------------------- */

static s64 op_wait(struct task *t, struct hosted *h, bool private, bool absolute, u32 bits)
{
	struct syscall_ctx *ctx = task_ctx(t);
	struct futex_key key;
	nsec_t deadline;
	u32 word;
	int err;

	if (!bits)
		return -EINVAL;
	if (ctx->started)
		return futex_wait(t, h, NULL, bits, (nsec_t)ctx->scratch[0]);
	err = futex_deadline(t, h, h->args[3], absolute,
			     h->args[1] & FUTEX_CLOCK_REALTIME, &deadline);
	if (!err)
		err = futex_key(h, h->args[0], private, &key);
	if (err)
		return err;
	if (hosted_read(h, h->args[0], &word, sizeof(word)) < 0)
		return -EFAULT;
	if (word != (u32)h->args[2])
		return -EAGAIN;
	ctx->started = true;
	ctx->scratch[0] = (u64)deadline;
	return futex_wait(t, h, &key, bits, deadline);
}

static s64 op_wake(struct hosted *h, bool private, u32 bits)
{
	struct futex_key key;
	int err;

	if (!bits)
		return -EINVAL;
	err = futex_key(h, h->args[0], private, &key);
	/* At least one, as ever. */
	return err ? err : (s64)futex_wake(h, &key, (u32)max((int)h->args[2], 1), bits);
}

/* Waiters that are not woken go on waiting for the other word. */
static u32 move_waiters(struct task *t, struct hosted *h, const struct futex_key *from,
			const struct futex_key *to, u32 nr)
{
	struct futex_queue *fq = futex_find(h, from), *target;
	struct wait_entry *e, *tmp;
	u32 moved = 0;

	if (!fq || !nr || same_key(from, to))
		return 0;
	target = queue_get(t, h, to);
	target->waiters++;
	fq->waiters++;
	list_for_each_entry_safe(e, tmp, &fq->q.list, node) {
		struct futex_waiter *w = e->priv;

		if (moved == nr)
			break;
		wait_remove(e);
		wait_add_exclusive(&target->q, e);
		w->on = target;
		target->waiters++;
		fq->waiters--;
		moved++;
	}
	queue_put(fq);
	queue_put(target);
	return moved;
}

static s64 op_requeue(struct task *t, struct hosted *h, bool private, bool compare)
{
	int nr_wake = (int)h->args[2], nr_move = (int)h->args[3], err;
	struct futex_key from, to;
	u32 word, woken;

	if (nr_wake < 0 || nr_move < 0)
		return -EINVAL;
	err = futex_key(h, h->args[0], private, &from);
	if (!err)
		err = futex_key(h, h->args[4], private, &to);
	if (err)
		return err;
	if (compare) {
		if (hosted_read(h, h->args[0], &word, sizeof(word)) < 0)
			return -EFAULT;
		if (word != (u32)h->args[5])
			return -EAGAIN;
	}
	woken = nr_wake ? futex_wake(h, &from, (u32)nr_wake, FUTEX_ANY_BIT) : 0;
	return (s64)woken + move_waiters(t, h, &from, &to, (u32)nr_move);
}

static int sign_extend12(u32 v)
{
	return (int)(v << 20) >> 20;
}

/* 1 or 0: the comparison; or negative errno. */
static int change_word(struct hosted *h, u64 addr, u32 code)
{
	u32 op = code >> 28 & 7, cmp = code >> 24 & 15;
	int arg = sign_extend12(code >> 12), with = sign_extend12(code), old, new;

	if (code >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = (int)(1u << (arg & 31));
	if (hosted_read(h, addr, &old, sizeof(old)) < 0)
		return -EFAULT;
	switch (op) {
	case FUTEX_OP_SET:
		new = arg;
		break;
	case FUTEX_OP_ADD:
		new = (int)((u32)old + (u32)arg);
		break;
	case FUTEX_OP_OR:
		new = old | arg;
		break;
	case FUTEX_OP_ANDN:
		new = old & ~arg;
		break;
	case FUTEX_OP_XOR:
		new = old ^ arg;
		break;
	default:
		return -ENOSYS;
	}
	if (hosted_write(h, addr, &new, sizeof(new)) < 0)
		return -EFAULT;
	switch (cmp) {
	case FUTEX_OP_CMP_EQ:
		return old == with;
	case FUTEX_OP_CMP_NE:
		return old != with;
	case FUTEX_OP_CMP_LT:
		return old < with;
	case FUTEX_OP_CMP_GE:
		return old >= with;
	case FUTEX_OP_CMP_LE:
		return old <= with;
	case FUTEX_OP_CMP_GT:
		return old > with;
	default:
		return -ENOSYS;
	}
}

static s64 op_wake_op(struct hosted *h, bool private)
{
	struct futex_key first, second;
	int err, cmp;
	u32 woken;

	err = futex_key(h, h->args[0], private, &first);
	if (!err)
		err = futex_key(h, h->args[4], private, &second);
	if (err)
		return err;
	cmp = change_word(h, h->args[4], (u32)h->args[5]);
	if (cmp < 0)
		return cmp;
	woken = futex_wake(h, &first, (u32)max((int)h->args[2], 1), FUTEX_ANY_BIT);
	if (cmp)
		woken += futex_wake(h, &second, (u32)max((int)h->args[3], 1), FUTEX_ANY_BIT);
	return woken;
}

static s64 do_futex(struct task *t, struct hosted *h, const s64 *a)
{
	int op = (int)h->args[1], cmd = op & FUTEX_CMD_MASK;
	bool private = op & FUTEX_PRIVATE_FLAG;

	if (op & FUTEX_CLOCK_REALTIME && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_LOCK_PI2)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return op_wait(t, h, private, false, FUTEX_ANY_BIT);
	case FUTEX_WAIT_BITSET:
		return op_wait(t, h, private, true, (u32)h->args[5]);
	case FUTEX_WAKE:
		return op_wake(h, private, FUTEX_ANY_BIT);
	case FUTEX_WAKE_BITSET:
		return op_wake(h, private, (u32)h->args[5]);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return op_requeue(t, h, private, cmd == FUTEX_CMP_REQUEUE);
	case FUTEX_WAKE_OP:
		return op_wake_op(h, private);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(t, h, private, cmd == FUTEX_TRYLOCK_PI);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(t, h, private);
	default:
		return -ENOSYS;
	}
}

static s64 do_set_tid_address(struct task *t, struct hosted *h, const s64 *a)
{
	h->clear_child_tid = h->args[0];
	return t->tid;
}

/* struct robust_list_head; linux/futex.h */
#define ROBUST_HEAD_SIZE 24

static s64 do_set_robust_list(struct task *t, struct hosted *h, const s64 *a)
{
	if (h->args[1] != ROBUST_HEAD_SIZE)
		return -EINVAL;
	h->robust_list = h->args[0];
	return 0;
}

static s64 do_get_robust_list(struct task *t, struct hosted *h, const s64 *a)
{
	struct task *of = h->args[0] ? task_find(t->host, (int)h->args[0]) : t;
	u64 head = 0, size = ROBUST_HEAD_SIZE;

	if (!of)
		return -ESRCH;
	if (task_utask(of)->prog == &hosted_program_ops)
		head = utask_hosted(task_utask(of))->robust_list;
	if (hosted_write(h, h->args[2], &size, sizeof(size)) < 0 ||
	    hosted_write(h, h->args[1], &head, sizeof(head)) < 0)
		return -EFAULT;
	return 0;
}

const struct hosted_call hosted_futex_calls[] = {
	{ SYS_futex, do_futex },
	{ SYS_set_tid_address, do_set_tid_address },
	{ SYS_set_robust_list, do_set_robust_list },
	{ SYS_get_robust_list, do_get_robust_list },
	{ 0, NULL },
};

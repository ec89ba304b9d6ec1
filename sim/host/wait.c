/* SPDX-License-Identifier: MIT */
/*
 * Wait queues (wait.h).
 */
#include "sim/host/wait.h"

#include "sim/host/task.h"

#define WAITER_CHOICES 64 /* the first so many of those that wait */

/* autoremove_wake_function(): an entry has done its work with its first wakeup. */
static int wake_task(struct wait_entry *e, u32 key)
{
	if (e->mask && key && !(e->mask & key))
		return 0;
	list_del_init(&e->node);
	task_wake(e->task);
	return 1;
}

void wait_queue_init(struct wait_queue_head *q, struct host *h)
{
	q->host = h;
	list_init(&q->list);
}

void wait_entry_init(struct wait_entry *e, struct task *t)
{
	*e = (struct wait_entry){ .func = wake_task, .task = t };
	list_init(&e->node);
}

void wait_entry_init_func(struct wait_entry *e, wait_fn func, void *priv)
{
	*e = (struct wait_entry){ .func = func, .priv = priv };
	list_init(&e->node);
}

void wait_add(struct wait_queue_head *q, struct wait_entry *e)
{
	e->flags &= ~WAIT_EXCLUSIVE;
	list_add(&e->node, &q->list);
}

void wait_add_exclusive(struct wait_queue_head *q, struct wait_entry *e)
{
	e->flags |= WAIT_EXCLUSIVE;
	list_add_tail(&e->node, &q->list);
}

void wait_add_exclusive_head(struct wait_queue_head *q, struct wait_entry *e)
{
	e->flags |= WAIT_EXCLUSIVE;
	list_add(&e->node, &q->list);
}

void wait_remove(struct wait_entry *e)
{
	list_del_init(&e->node);
}

/* The exclusive waiter that a schedule puts first; NULL: the ordinary order. */
static struct wait_entry *chosen_waiter(struct wait_queue_head *q, u32 key)
{
	u32 actors[WAITER_CHOICES], n = 0, pick;
	struct wait_entry *e;

	list_for_each_entry(e, &q->list, node) {
		if (!(e->flags & WAIT_EXCLUSIVE) || (e->mask && key && !(e->mask & key)))
			continue;
		actors[n++] = e->task ? task_actor(e->task) : 0;
		if (n == WAITER_CHOICES)
			break;
	}
	if (n < 2)
		return NULL;
	pick = choose_actor(q->host->sim, q->host->id, CHOICE_WAITER, n, 0, actors);
	if (!pick)
		return NULL;
	list_for_each_entry(e, &q->list, node) {
		if ((e->flags & WAIT_EXCLUSIVE) && (!e->mask || !key || (e->mask & key)) && !pick--)
			return e;
	}
	return NULL;
}

/*
 * __wake_up_common(). A wakeup function may unlink its own entry and others (a nested epoll), so the
 * walk holds a mark of its own in the list rather than a pointer to the next entry.
 */
static __attribute__((noinline)) void wake_walk(struct wait_queue_head *q, struct wait_entry *mark,
						int nr_exclusive, u32 key)
{
	list_add(&mark->node, &q->list);
	while (mark->node.next != &q->list) {
		struct wait_entry *e = list_entry(mark->node.next, struct wait_entry, node);
		bool exclusive = e->flags & WAIT_EXCLUSIVE;
		int ret;

		list_del_init(&mark->node);
		list_add(&mark->node, &e->node);
		if (!e->func)
			continue; /* another walk's mark */
		ret = e->func(e, key);
		if (ret < 0 || (ret && exclusive && !--nr_exclusive))
			break;
	}
	list_del_init(&mark->node);
}

void wake_up_nr(struct wait_queue_head *q, int nr_exclusive, u32 key)
{
	struct wait_entry mark = { .func = NULL };
	struct wait_entry *first;

	if (list_empty(&q->list))
		return;
	first = nr_exclusive > 0 ? chosen_waiter(q, key) : NULL;
	if (first) {
		/* In front of all others, for this wakeup. */
		list_del_init(&first->node);
		list_add(&first->node, &q->list);
	}
	wake_walk(q, &mark, nr_exclusive, key);
}

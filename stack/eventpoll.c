/* SPDX-License-Identifier: MIT */
/*
 * epoll(7).
 *
 * Theory of operation. A registration (epitem) belongs to an open file description and a descriptor
 * number; it hangs in the file's wait queue. A wakeup of that queue puts it at the end of the ready
 * list and wakes one epoll_wait(), the latest to have come. epoll_wait() takes items from the front
 * and asks each file again what is ready: what is not ready any more leaves the list without an
 * event. Level-triggered items go back to the end of the list, so that several ready files take
 * turns, and the next epoll_wait() asks them again. Edge-triggered ones stay out until the next
 * wakeup; one-shot ones until EPOLL_CTL_MOD.
 *
 * A registration goes with its description, not with its descriptor: see epoll(7), question 6.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "stack/poll.h"
#include "stack/stack_world.h"

#define EP_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EPOLLINOUT_BITS (EPOLLIN | EPOLLOUT)
#define EPOLLEXCLUSIVE_OK_BITS                                                                     \
	(EPOLLINOUT_BITS | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
#define EP_MAX_NESTS 4

struct eventpoll {
	struct file *file;
	struct wait_queue_head wq;	  /* epoll_wait() */
	struct wait_queue_head poll_wait; /* poll() and epoll of this instance */
	struct list_head items;		  /* struct epitem.ep_node, in order of registration */
	struct list_head ready;		  /* struct epitem.ready_node */
};

struct epitem {
	struct list_head ep_node;
	struct list_head file_node; /* file->epitems */
	struct list_head ready_node; /* self-linked: not ready */
	struct eventpoll *ep;
	struct file *file; /* no reference: the registration goes when the file does */
	int fd;
	struct epoll_event event;
	struct wait_entry waits[POLL_QUEUES_PER_FILE];
	int nwaits;
};

static const struct file_ops eventpoll_fops;

static struct pool *epitem_pool(struct host *h)
{
	return stack_pool(stack_world_of(h), "epitem", sizeof(struct epitem));
}

static bool is_epoll(const struct file *f)
{
	return f->ops == &eventpoll_fops;
}

/* ---- wakeups --------------------------------------------------------------------------------- */

static void ep_make_ready(struct epitem *epi)
{
	struct eventpoll *ep = epi->ep;

	if (list_empty(&epi->ready_node))
		list_add_tail(&epi->ready_node, &ep->ready);
	wake_up(&ep->wq, 0);
	wake_up(&ep->poll_wait, EPOLLIN | EPOLLRDNORM);
}

/* Did an EPOLLEXCLUSIVE item use the wakeup? Only when what happened is what it waits for. */
static bool exclusive_used(u32 key, u32 events)
{
	switch (key & EPOLLINOUT_BITS) {
	case EPOLLIN:
		return events & EPOLLIN;
	case EPOLLOUT:
		return events & EPOLLOUT;
	case 0:
		return true;
	default:
		return false;
	}
}

static int ep_poll_callback(struct wait_entry *e, u32 key)
{
	struct epitem *epi = e->priv;
	struct eventpoll *ep = epi->ep;
	bool exclusive = epi->event.events & EPOLLEXCLUSIVE;
	int woke = 0;

	/* A one-shot item that has fired is switched off. */
	if (!(epi->event.events & ~EP_PRIVATE_BITS))
		return !exclusive;
	if (key && !(key & epi->event.events))
		return !exclusive;
	if (wait_queue_active(&ep->wq) && exclusive)
		woke = exclusive_used(key, epi->event.events);
	ep_make_ready(epi);
	return exclusive ? woke : 1;
}

/* ---- registrations --------------------------------------------------------------------------- */

struct ep_table {
	struct poll_table pt;
	struct epitem *epi;
};

static void ep_queue(struct poll_table *pt, struct wait_queue_head *q)
{
	struct epitem *epi = container_of(pt, struct ep_table, pt)->epi;
	struct wait_entry *e;

	assert(epi->nwaits < POLL_QUEUES_PER_FILE);
	e = &epi->waits[epi->nwaits++];
	wait_entry_init_func(e, ep_poll_callback, epi);
	if (epi->event.events & EPOLLEXCLUSIVE)
		wait_add_exclusive(q, e);
	else
		wait_add(q, e);
}

static u32 ep_item_poll(struct epitem *epi, struct poll_table *pt)
{
	if (pt)
		pt->events = epi->event.events;
	return epi->file->ops->poll(epi->file, pt) & epi->event.events;
}

static struct epitem *ep_find(struct eventpoll *ep, struct file *f, int fd)
{
	struct epitem *epi;

	list_for_each_entry(epi, &f->epitems, file_node) {
		if (epi->ep == ep && epi->fd == fd)
			return epi;
	}
	return NULL;
}

static void ep_remove(struct epitem *epi)
{
	for (int i = 0; i < epi->nwaits; i++)
		wait_remove(&epi->waits[i]);
	list_del_init(&epi->ep_node);
	list_del_init(&epi->file_node);
	list_del_init(&epi->ready_node);
	pool_free(epitem_pool(epi->ep->file->host), epi);
}

void eventpoll_release_file(struct file *f)
{
	while (!list_empty(&f->epitems))
		ep_remove(list_first_entry(&f->epitems, struct epitem, file_node));
}

static s64 ep_insert(struct eventpoll *ep, struct file *f, int fd, const struct epoll_event *ev)
{
	struct epitem *epi = pool_zalloc(epitem_pool(f->host));
	struct ep_table table = { .pt = { .queue = ep_queue }, .epi = epi };

	epi->ep = ep;
	epi->file = f;
	epi->fd = fd;
	epi->event = *ev;
	list_init(&epi->ready_node);
	list_add_tail(&epi->ep_node, &ep->items);
	/* The latest first, as hlist_add_head_rcu() in attach_epitem(). */
	list_add(&epi->file_node, &f->epitems);
	if (ep_item_poll(epi, &table.pt))
		ep_make_ready(epi);
	return 0;
}

static s64 ep_modify(struct epitem *epi, const struct epoll_event *ev)
{
	epi->event = *ev;
	if (ep_item_poll(epi, NULL) && list_empty(&epi->ready_node))
		ep_make_ready(epi);
	return 0;
}

/* ---- nesting --------------------------------------------------------------------------------- */

/* Longest chain of epoll instances below ep; more than EP_MAX_NESTS: too long, or into itself. */
static int depth_below(const struct eventpoll *into, const struct eventpoll *ep, int depth)
{
	const struct epitem *epi;
	int result = 0;

	if (depth > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	list_for_each_entry(epi, &ep->items, ep_node) {
		const struct eventpoll *child = epi->file->priv;
		int d;

		if (!is_epoll(epi->file))
			continue;
		if (child == into)
			return EP_MAX_NESTS + 1;
		d = depth_below(into, child, depth + 1) + 1;
		result = max(result, d);
	}
	return result;
}

static int depth_above(const struct eventpoll *ep, int depth)
{
	const struct epitem *epi;
	int result = 0;

	if (depth > EP_MAX_NESTS)
		return EP_MAX_NESTS + 1;
	list_for_each_entry(epi, &ep->file->epitems, file_node) {
		int d = depth_above(epi->ep, depth + 1) + 1;

		result = max(result, d);
	}
	return result;
}

static bool ep_loop(const struct eventpoll *ep, const struct eventpoll *to)
{
	return depth_below(ep, to, 0) + 1 + depth_above(ep, 0) > EP_MAX_NESTS;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static s64 ctl_op(struct eventpoll *ep, struct file *tf, int fd, int op,
		  const struct epoll_event *ev)
{
	struct epitem *epi = ep_find(ep, tf, fd);
	struct epoll_event e = { 0 };

	if (op != EPOLL_CTL_DEL) {
		e = *ev;
		e.events |= EPOLLERR | EPOLLHUP;
	}
	switch (op) {
	case EPOLL_CTL_ADD:
		return epi ? -EEXIST : ep_insert(ep, tf, fd, &e);
	case EPOLL_CTL_DEL:
		if (!epi)
			return -ENOENT;
		ep_remove(epi);
		return 0;
	case EPOLL_CTL_MOD:
		if (!epi)
			return -ENOENT;
		return epi->event.events & EPOLLEXCLUSIVE ? -EINVAL : ep_modify(epi, &e);
	default:
		return -EINVAL;
	}
}

s64 sys_epoll_ctl(struct task *t, int epfd, int op, int fd, struct epoll_event *ev)
{
	struct file *f = fd_file(t, epfd), *tf = fd_file(t, fd);

	if (op != EPOLL_CTL_DEL && !ev)
		return -EFAULT;
	if (!f || !tf)
		return -EBADF;
	if (!tf->ops->poll)
		return -EPERM;
	if (f == tf || !is_epoll(f))
		return -EINVAL;
	if (op != EPOLL_CTL_DEL && ev->events & EPOLLEXCLUSIVE) {
		if (op == EPOLL_CTL_MOD)
			return -EINVAL;
		if (op == EPOLL_CTL_ADD &&
		    (is_epoll(tf) || ev->events & ~(u32)EPOLLEXCLUSIVE_OK_BITS))
			return -EINVAL;
	}
	if (op == EPOLL_CTL_ADD && is_epoll(tf) && ep_loop(f->priv, tf->priv))
		return -ELOOP;
	return ctl_op(f->priv, tf, fd, op, ev);
}

static int ep_send_events(struct eventpoll *ep, struct epoll_event *ev, int max_events)
{
	struct list_head todo;
	struct epitem *epi, *tmp;
	int n = 0;

	list_init(&todo);
	list_splice_tail_init(&ep->ready, &todo);
	list_for_each_entry_safe(epi, tmp, &todo, ready_node) {
		u32 revents;

		if (n >= max_events)
			break;
		list_del_init(&epi->ready_node);
		revents = ep_item_poll(epi, NULL);
		if (!revents)
			continue;
		ev[n].events = revents;
		ev[n++].data = epi->event.data;
		if (epi->event.events & EPOLLONESHOT)
			epi->event.events &= EP_PRIVATE_BITS;
		else if (!(epi->event.events & EPOLLET))
			list_add_tail(&epi->ready_node, &ep->ready);
	}
	/* What was not looked at comes first the next time. */
	list_splice_tail_init(&ep->ready, &todo);
	list_splice_tail_init(&todo, &ep->ready);
	if (!list_empty(&ep->ready))
		wake_up(&ep->wq, 0);
	return n;
}

static s64 ep_wait(struct task *t, int epfd, struct epoll_event *ev, int max_events, nsec_t timeo)
{
	struct file *f = fd_file(t, epfd);
	struct eventpoll *ep;
	s64 ret;

	if (max_events <= 0 || max_events > (int)(INT_MAX / sizeof(*ev)))
		return -EINVAL;
	if (!f)
		return -EBADF;
	if (!is_epoll(f))
		return -EINVAL;
	if (!ev)
		return -EFAULT;
	ep = f->priv;
	if (!list_empty(&ep->ready)) {
		ret = ep_send_events(ep, ev, max_events);
		task_copied(t, (size_t)ret * sizeof(*ev));
		if (ret)
			return ret;
	}
	ret = task_wait_on(t, NULL, false, 0, timeo, "epoll_wait");
	if (ret == -EAGAIN)
		return 0;
	if (ret != -EPARK)
		return -EINTR;
	wait_entry_init(&t->waits[0], t);
	wait_add_exclusive_head(&ep->wq, &t->waits[0]);
	return ret;
}

s64 sys_epoll_wait(struct task *t, int epfd, struct epoll_event *ev, int max_events, int timeout_ms)
{
	return ep_wait(t, epfd, ev, max_events,
		       timeout_ms < 0 ? NSEC_NEVER : timeout_ms * NSEC_PER_MSEC);
}

s64 sys_epoll_pwait(struct task *t, int epfd, struct epoll_event *ev, int max_events,
		    int timeout_ms, const struct sigset *mask)
{
	task_swap_mask(t, mask);
	return sys_epoll_wait(t, epfd, ev, max_events, timeout_ms);
}

s64 sys_epoll_pwait2(struct task *t, int epfd, struct epoll_event *ev, int max_events,
		     const struct timespec *timeout, const struct sigset *mask)
{
	nsec_t timeo;
	s64 err = timespec_timeo(timeout, &timeo);

	if (err)
		return err;
	task_swap_mask(t, mask);
	return ep_wait(t, epfd, ev, max_events, timeo);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Readable when some item is; items that are not any more leave the list on the way. */
static u32 ep_file_poll(struct file *f, struct poll_table *pt)
{
	struct eventpoll *ep = f->priv;
	struct epitem *epi, *tmp;

	poll_wait(pt, &ep->poll_wait);
	list_for_each_entry_safe(epi, tmp, &ep->ready, ready_node) {
		if (ep_item_poll(epi, NULL))
			return EPOLLIN | EPOLLRDNORM;
		list_del_init(&epi->ready_node);
	}
	return 0;
}

static s64 ep_file_release(struct task *t, struct file *f)
{
	struct eventpoll *ep = f->priv;

	while (!list_empty(&ep->items))
		ep_remove(list_first_entry(&ep->items, struct epitem, ep_node));
	free(ep);
	return 0;
}

/* Busy polling (EPIOCSPARAMS) cannot be set; what is unknown is EINVAL here and not ENOTTY. */
static s64 ep_file_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	return -EINVAL;
}

static const struct file_ops eventpoll_fops = {
	.kind = "eventpoll",
	.poll = ep_file_poll,
	.ioctl = ep_file_ioctl,
	.release = ep_file_release,
	.llseek = noop_llseek,
};

s64 sys_epoll_create1(struct task *t, int flags)
{
	struct eventpoll *ep;
	int fd;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	ep = xcalloc(1, sizeof(*ep));
	wait_queue_init(&ep->wq, t->host);
	wait_queue_init(&ep->poll_wait, t->host);
	list_init(&ep->items);
	list_init(&ep->ready);
	ep->file = file_new(t->host, &eventpoll_fops, ep, O_RDWR, 0600);
	fd = fd_install(t, ep->file, 0, flags & EPOLL_CLOEXEC);
	if (fd < 0)
		file_put(NULL, ep->file);
	return fd;
}

/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and ppoll(2), and what select(2) shares with them.
 *
 * At its first run the call looks at every file and links itself to the file's wait queues until it
 * finds one that is ready; when woken it looks again. The links stay for the whole call, as in the
 * kernel (fs/select.c), so its place in the queues is that of its first run.
 */
#include "stack/poll.h"

#include <stdlib.h>
#include <string.h>

struct poll_wqueues {
	struct poll_table pt;
	struct utask *u;
	struct file *file;
	u32 mask;
};

/* pollwake(): the entry stays, since the call may look and wait again. */
static int poll_wake(struct wait_entry *e, u32 key)
{
	if (key && !(key & e->mask))
		return 0;
	task_wake(e->priv);
	return 1;
}

static void poll_queue(struct poll_table *pt, struct wait_queue_head *q)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct utask *u = pwq->u;
	struct poll_entry *e;

	assert(u->npoll < u->poll_cap);
	e = &u->poll_entries[u->npoll++];
	e->file = pwq->file;
	file_get(e->file);
	wait_entry_init_func(&e->wait, poll_wake, u->task);
	e->wait.mask = pwq->mask;
	wait_add(q, &e->wait);
}

void poll_entries_reserve(struct utask *u, u32 nfiles)
{
	u32 need = nfiles * POLL_QUEUES_PER_FILE;

	assert(!u->npoll);
	if (need <= u->poll_cap)
		return;
	u->poll_entries = xrealloc(u->poll_entries, need * sizeof(*u->poll_entries));
	u->poll_cap = need;
}

void poll_entries_free(struct utask *u)
{
	while (u->npoll) {
		struct poll_entry *e = &u->poll_entries[--u->npoll];

		wait_remove(&e->wait);
		file_put(NULL, e->file);
	}
}

u32 poll_file(struct task *t, struct file *f, u32 mask, bool link)
{
	struct poll_wqueues pwq = {
		.pt = { .queue = poll_queue, .events = mask },
		.u = task_utask(t), .file = f, .mask = mask,
	};

	if (!f->ops->poll)
		return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
	return f->ops->poll(f, link ? &pwq.pt : NULL);
}

static u32 poll_one(struct task *t, struct pollfd *pfd, bool link)
{
	u32 mask = (u32)(u16)pfd->events | EPOLLERR | EPOLLHUP;
	struct file *f;

	if (pfd->fd < 0)
		return 0;
	f = fd_lookup(t->proc->files, pfd->fd);
	if (!f)
		return POLLNVAL;
	return poll_file(t, f, mask, link) & mask;
}

static s64 do_poll(struct task *t, struct pollfd *fds, unsigned nfds, nsec_t timeo)
{
	struct syscall_ctx *ctx = task_ctx(t);
	bool link = !ctx->started && timeo > 0;
	int ready = 0;
	s64 ret;

	if (nfds > t->proc->nofile)
		return -EINVAL;
	if (nfds && !fds)
		return -EFAULT;
	if (link)
		poll_entries_reserve(task_utask(t), nfds);
	ctx->started = true;
	for (unsigned i = 0; i < nfds; i++) {
		u32 mask = poll_one(t, &fds[i], link && !ready);

		fds[i].revents = (short)mask;
		ready += mask != 0;
	}
	if (ready)
		return ready;
	ret = task_wait_on(t, NULL, false, 0, timeo, "poll");
	if (ret == -EAGAIN)
		return 0;
	return ret == -ERESTARTSYS ? -ERESTARTNOHAND : ret;
}

s64 sys_poll(struct task *t, struct pollfd *fds, unsigned nfds, int timeout_ms)
{
	return do_poll(t, fds, nfds, timeout_ms < 0 ? NSEC_NEVER : timeout_ms * NSEC_PER_MSEC);
}

s64 timespec_timeo(const struct timespec *ts, nsec_t *timeo)
{
	*timeo = NSEC_NEVER;
	if (!ts)
		return 0;
	if (ts->tv_sec < 0 || (u64)ts->tv_nsec >= (u64)NSEC_PER_SEC)
		return -EINVAL;
	if (ts->tv_sec < NSEC_NEVER / NSEC_PER_SEC - 1)
		*timeo = ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
	return 0;
}

nsec_t poll_time_left(struct task *t, nsec_t timeo)
{
	struct utask *u = task_utask(t);

	if (timeo == NSEC_NEVER || u->ctx.deadline == NSEC_NEVER)
		return timeo;
	if (!u->ctx.deadline) /* it has not waited, but it has taken its time */
		return max(u->t_enter + timeo - host_now(t->host), 0);
	return max(u->ctx.deadline - host_now(t->host), 0);
}

/*
 * The limit is replaced by what is left of it, so a call that is made again must use its deadline.
 */
s64 sys_ppoll(struct task *t, struct pollfd *fds, unsigned nfds, struct timespec *timeout,
	      const struct sigset *mask)
{
	nsec_t timeo, left;
	s64 ret = timespec_timeo(timeout, &timeo);

	if (ret)
		return ret;
	task_swap_mask(t, mask);
	ret = do_poll(t, fds, nfds, timeo);
	if (timeout && ret != -EPARK) {
		left = poll_time_left(t, timeo);
		timeout->tv_sec = left / NSEC_PER_SEC;
		timeout->tv_nsec = left % NSEC_PER_SEC;
	}
	return ret;
}

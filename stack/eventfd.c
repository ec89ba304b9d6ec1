/* SPDX-License-Identifier: MIT */
/*
 * eventfd(2): a counter to wait for.
 */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "stack/syscalls.h"

struct eventfd {
	u64 count;
	bool semaphore;
	struct wait_queue_head wq;
};

static s64 efd_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct eventfd *e = f->priv;
	u64 val;

	if (to->total < sizeof(val))
		return -EINVAL;
	if (!e->count)
		return task_wait_on(t, &e->wq, false, EPOLLIN,
				    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "eventfd");
	val = e->semaphore ? 1 : e->count;
	e->count -= val;
	wake_up(&e->wq, EPOLLOUT);
	iov_copy_to(to, 0, &val, sizeof(val));
	return sizeof(val);
}

static s64 efd_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct eventfd *e = f->priv;
	u64 val;

	if (from->total != sizeof(val))
		return -EINVAL;
	iov_copy_from(from, 0, &val, sizeof(val));
	if (val == UINT64_MAX)
		return -EINVAL;
	if (UINT64_MAX - e->count <= val)
		return task_wait_on(t, &e->wq, false, EPOLLOUT,
				    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "eventfd");
	e->count += val;
	wake_up(&e->wq, EPOLLIN);
	return sizeof(val);
}

static u32 eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->priv;
	u32 mask = 0;

	poll_wait(pt, &e->wq);
	if (e->count)
		mask |= EPOLLIN;
	if (e->count == UINT64_MAX)
		mask |= EPOLLERR;
	if (e->count < UINT64_MAX - 1)
		mask |= EPOLLOUT;
	return mask;
}

static s64 eventfd_release(struct task *t, struct file *f)
{
	free(f->priv);
	return 0;
}

static const struct file_ops eventfd_ops = {
	.kind = "eventfd",
	.read = efd_read,
	.write = efd_write,
	.poll = eventfd_poll,
	.release = eventfd_release,
	.llseek = noop_llseek,
};

s64 sys_eventfd2(struct task *t, unsigned initval, int flags)
{
	struct eventfd *e;
	struct file *f;
	int fd;

	if (flags & ~(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	e = xcalloc(1, sizeof(*e));
	e->count = initval;
	e->semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&e->wq, t->host);
	f = file_new(t->host, &eventfd_ops, e, O_RDWR | (flags & EFD_NONBLOCK), 0600);
	fd = fd_install(t, f, 0, flags & EFD_CLOEXEC);
	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

/* SPDX-License-Identifier: MIT */
/*
 * Pipes (pipe(7)), page by page as fs/pipe.c keeps them: 16 buffers of one page, so a pipe holds 64
 * KiB when pages are full and less when they are not. A write of up to PIPE_BUF bytes goes into the
 * rest of the last page or into one new page: all of it or nothing.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "stack/capability.h"
#include "stack/pipe.h"
#include "stack/stack_world.h"
#include "stack/syscalls.h"

#define PIPE_DEF_BUFFERS 16u
#define PIPE_MAX_SIZE (1u << 20) /* /proc/sys/fs/pipe-max-size */

struct pool *pipe_page_pool(struct host *h)
{
	return stack_pool(stack_world_of(h), "pipe_page", sizeof(struct pipe_page));
}

/* O_ASYNC: each write tells the reader, each read the writer. */
static void signal_reader(struct pipe *p)
{
	if (p->reader)
		kill_fasync(p->reader, POLL_IN);
}

static void signal_writer(struct pipe *p)
{
	if (p->writer)
		kill_fasync(p->writer, POLL_OUT);
}

void pipe_wake_readers(struct pipe *p)
{
	wake_up(&p->rd_wait, EPOLLIN | EPOLLRDNORM);
	signal_reader(p);
}

void pipe_wake_writers(struct pipe *p)
{
	wake_up(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
	signal_writer(p);
}

/* ---- reading --------------------------------------------------------------------------------- */

static size_t take_buffers(struct pipe *p, const struct iov_iter *to)
{
	size_t done = 0;

	while (!pipe_empty(p) && done < to->total) {
		struct pipe_buf *b = pipe_slot(p, p->tail);
		u32 n = (u32)min((size_t)b->len, to->total - done);
		bool packet = b->packet;

		iov_copy_to(to, done, b->page->data + b->off, n);
		b->off += n;
		b->len -= n;
		done += n;
		/* What does not fit of a packet is lost. */
		if (b->len && !packet)
			break;
		pool_free(pipe_page_pool(p->host), b->page);
		p->tail++;
		if (packet)
			break;
	}
	return done;
}

static s64 pipe_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct pipe *p = f->priv;
	bool was_full = pipe_full(p);
	size_t n;

	if (!to->total)
		return 0;
	if (!pipe_empty(p)) {
		n = take_buffers(p, to);
		if (was_full && !pipe_full(p))
			wake_up(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
		/* Something is left: the next reader in the queue may go on. */
		if (!pipe_empty(p) && task_utask(t)->parked)
			wake_up(&p->rd_wait, EPOLLIN | EPOLLRDNORM);
		signal_writer(p);
		return (s64)n;
	}
	signal_writer(p);
	if (!p->writer)
		return 0;
	return task_wait_on(t, &p->rd_wait, true, EPOLLIN | EPOLLHUP,
			    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "pipe_read");
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The odd bytes at the end of a write go into the last page when they fit. */
static size_t merge(struct pipe *p, const struct iov_iter *from)
{
	u32 chars = (u32)(from->total & (PIPE_PAGE - 1));
	struct pipe_buf *b;

	if (!chars || pipe_empty(p))
		return 0;
	b = pipe_slot(p, p->head - 1);
	if (b->packet || b->off + b->len + chars > PIPE_PAGE)
		return 0;
	iov_copy_from(from, 0, b->page->data + b->off + b->len, chars);
	b->len += chars;
	return chars;
}

static size_t put_buffers(struct pipe *p, const struct iov_iter *from, size_t done, bool packet)
{
	while (done < from->total && !pipe_full(p)) {
		struct pipe_buf *b = pipe_slot(p, p->head++);
		u32 n = (u32)min(from->total - done, (size_t)PIPE_PAGE);

		b->page = pool_alloc(pipe_page_pool(p->host));
		b->off = 0;
		b->len = n;
		b->packet = packet;
		iov_copy_from(from, done, b->page->data, n);
		done += n;
	}
	return done;
}

s64 pipe_broken(struct task *t, size_t done)
{
	signal_send_task(t, &(struct siginfo){ .signo = SIGPIPE, .code = SI_USER,
					       .pid = t->proc->pid, .uid = t->proc->uid });
	return done ? (s64)done : -EPIPE;
}

static s64 pipe_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct pipe *p = f->priv;
	struct syscall_ctx *ctx = task_ctx(t);
	size_t before = (size_t)ctx->done, done = before;
	bool was_empty = pipe_empty(p);
	s64 ret;

	if (!from->total)
		return 0;
	if (!p->reader)
		return pipe_broken(t, done);
	if (!ctx->started && !(f->flags & O_DIRECT))
		done = merge(p, from);
	ctx->started = true;
	done = put_buffers(p, from, done, f->flags & O_DIRECT);
	ctx->done = (s64)done;
	/* Edge-triggered pollers count on each write, though there was something to read before. */
	if ((done > before && was_empty) || p->poll_usage)
		wake_up(&p->rd_wait, EPOLLIN | EPOLLRDNORM);
	signal_reader(p);
	if (done == from->total) {
		/* Room is left: the next writer in the queue may go on. */
		if (!pipe_full(p) && task_utask(t)->parked)
			wake_up(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
		return (s64)done;
	}
	ret = task_wait_on(t, &p->wr_wait, true, EPOLLOUT | EPOLLERR,
			   f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "pipe_write");
	return ret != -EPARK && done ? (s64)done : ret;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static u32 pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->priv;
	bool write = (f->flags & O_ACCMODE) == O_WRONLY;
	u32 mask = 0;

	p->poll_usage = true;
	poll_wait(pt, write ? &p->wr_wait : &p->rd_wait);
	if (write) {
		if (!pipe_full(p))
			mask |= EPOLLOUT | EPOLLWRNORM;
		if (!p->reader)
			mask |= EPOLLERR;
		return mask;
	}
	if (!pipe_empty(p))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!p->writer)
		mask |= EPOLLHUP;
	return mask;
}

static s64 pipe_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	struct pipe *p = f->priv;
	int n = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	if (!arg)
		return -EFAULT;
	for (u32 i = p->tail; i != p->head; i++)
		n += (int)pipe_slot(p, i)->len;
	*(int *)arg = n;
	return 0;
}

static int pipe_fasync(struct file *f, bool on)
{
	return 0;
}

static s64 pipe_release(struct task *t, struct file *f)
{
	struct pipe *p = f->priv;

	if (p->reader == f)
		p->reader = NULL;
	else
		p->writer = NULL;
	if (p->reader || p->writer) {
		wake_up_all(&p->rd_wait, EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP);
		wake_up_all(&p->wr_wait, EPOLLOUT | EPOLLWRNORM | EPOLLERR | EPOLLHUP);
		if (p->reader)
			kill_fasync(p->reader, POLL_IN);
		if (p->writer)
			kill_fasync(p->writer, POLL_OUT);
		return 0;
	}
	for (; p->tail != p->head; p->tail++)
		pool_free(pipe_page_pool(p->host), pipe_slot(p, p->tail)->page);
	free(p->bufs);
	free(p);
	return 0;
}

static const struct file_ops pipe_ops = {
	.kind = "pipe",
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.fasync = pipe_fasync,
	.release = pipe_release,
};

struct pipe *pipe_of(const struct file *f)
{
	return f->ops == &pipe_ops ? f->priv : NULL;
}

static s64 pipe_resize(struct task *t, struct pipe *p, s64 size)
{
	u32 n = 1, used = p->head - p->tail;
	struct pipe_buf *bufs;

	if (size <= 0 || size > 1u << 31)
		return -EINVAL;
	while ((u64)n * PIPE_PAGE < (u64)size)
		n *= 2;
	if (n > p->nbufs && n * PIPE_PAGE > PIPE_MAX_SIZE && !capable(t, CAP_SYS_RESOURCE))
		return -EPERM;
	if (n < used)
		return -EBUSY;
	bufs = xcalloc(n, sizeof(*bufs));
	for (u32 i = 0; i < used; i++)
		bufs[i] = *pipe_slot(p, p->tail + i);
	free(p->bufs);
	p->bufs = bufs;
	p->nbufs = n;
	p->tail = 0;
	p->head = used;
	wake_up(&p->wr_wait, EPOLLOUT | EPOLLWRNORM);
	return (s64)n * PIPE_PAGE;
}

s64 pipe_fcntl(struct task *t, struct file *f, int cmd, s64 arg)
{
	struct pipe *p = f->priv;

	if (f->ops != &pipe_ops)
		return -EBADF;
	return cmd == F_GETPIPE_SZ ? (s64)p->nbufs * PIPE_PAGE : pipe_resize(t, p, (u32)arg);
}

s64 sys_pipe2(struct task *t, int fds[2], int flags)
{
	struct pipe *p;
	int fd0, fd1;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	fd0 = fd_reserve(t, 0);
	if (fd0 < 0)
		return fd0;
	fd1 = fd_reserve(t, 0);
	if (fd1 < 0) {
		fd_fill(t, fd0, NULL, false);
		return fd1;
	}
	p = xcalloc(1, sizeof(*p));
	p->host = t->host;
	wait_queue_init(&p->rd_wait, t->host);
	wait_queue_init(&p->wr_wait, t->host);
	p->nbufs = PIPE_DEF_BUFFERS;
	p->bufs = xcalloc(p->nbufs, sizeof(*p->bufs));
	p->reader = file_new(t->host, &pipe_ops, p, O_RDONLY | (flags & O_NONBLOCK),
			     S_IFIFO | 0600);
	p->writer = file_new(t->host, &pipe_ops, p, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)),
			     S_IFIFO | 0600);
	p->writer->ino = p->reader->ino;
	fd_fill(t, fd0, p->reader, flags & O_CLOEXEC);
	fd_fill(t, fd1, p->writer, flags & O_CLOEXEC);
	fds[0] = fd0;
	fds[1] = fd1;
	return 0;
}

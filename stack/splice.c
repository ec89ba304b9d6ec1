/* SPDX-License-Identifier: MIT */
/*
 * splice(2), tee(2), vmsplice(2).
 *
 * Bytes move between a pipe and any file that can be read or written; nothing is charged for them,
 * as nothing is copied to or from the program. The other file never waits by itself: it is asked
 * without blocking, and when it cannot go on the call waits for it as poll(2) does. So what the
 * pipe holds is taken only when it has arrived.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stack/msg.h"
#include "stack/pipe.h"
#include "stack/poll.h"
#include "stack/stack_world.h"

#define SPLICE_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)
#define SPLICE_IOV 64 /* buffers for one write */

static bool readable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

/* ---- buffers --------------------------------------------------------------------------------- */

static size_t pipe_room(const struct pipe *p)
{
	return (size_t)(p->nbufs - (p->head - p->tail)) * PIPE_PAGE;
}

/* Appends bytes as full pages; there is room. */
static void pipe_append(struct pipe *p, const struct iov_iter *from, size_t len)
{
	for (size_t done = 0; done < len;) {
		struct pipe_buf *b = pipe_slot(p, p->head++);

		*b = (struct pipe_buf){ .page = pool_alloc(pipe_page_pool(p->host)),
					.len = (u32)min(len - done, (size_t)PIPE_PAGE) };
		iov_copy_from(from, done, b->page->data, b->len);
		done += b->len;
	}
	pipe_wake_readers(p);
}

/* Up to len bytes from the front, left where they are. */
static void pipe_peek(struct pipe *p, size_t len, struct iovec *iov, struct iov_iter *it)
{
	*it = (struct iov_iter){ .iov = iov };
	for (u32 i = p->tail; i != p->head && it->total < len && it->count < SPLICE_IOV; i++) {
		struct pipe_buf *b = pipe_slot(p, i);
		size_t n = min((size_t)b->len, len - it->total);

		iov[it->count].iov_base = b->page->data + b->off;
		iov[it->count++].iov_len = n;
		it->total += n;
	}
}

static void pipe_consume(struct pipe *p, size_t len)
{
	bool was_full = pipe_full(p);

	while (len) {
		struct pipe_buf *b = pipe_slot(p, p->tail);
		u32 n = (u32)min((size_t)b->len, len);

		b->off += n;
		b->len -= n;
		len -= n;
		if (!b->len) {
			pool_free(pipe_page_pool(p->host), b->page);
			p->tail++;
		}
	}
	if (was_full && !pipe_full(p))
		pipe_wake_writers(p);
}

/* The first buffer goes to the other pipe, or a copy of what is asked for of it. */
static size_t buf_copy(struct pipe *from, u32 i, struct pipe *to, size_t len)
{
	const struct pipe_buf *b = pipe_slot(from, i);
	struct pipe_buf *n = pipe_slot(to, to->head++);

	*n = (struct pipe_buf){ .page = pool_alloc(pipe_page_pool(to->host)),
				.len = (u32)min((size_t)b->len, len), .packet = b->packet };
	memcpy(n->page->data, b->page->data + b->off, n->len);
	return n->len;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* 0: there is something to take. 1: there never will be. */
static s64 wait_data(struct task *t, struct pipe *p, bool nonblock)
{
	if (!pipe_empty(p))
		return 0;
	if (!p->writer)
		return 1;
	return task_wait_on(t, &p->rd_wait, false, EPOLLIN | EPOLLHUP, nonblock ? 0 : NSEC_NEVER,
			    "splice");
}

/* 0: there is room. */
static s64 wait_room(struct task *t, struct pipe *p, bool nonblock)
{
	if (!p->reader)
		return pipe_broken(t, 0);
	if (!pipe_full(p))
		return 0;
	return task_wait_on(t, &p->wr_wait, false, EPOLLOUT | EPOLLERR, nonblock ? 0 : NSEC_NEVER,
			    "splice");
}

/* The file could not go on: until it can. */
static s64 wait_file(struct task *t, struct file *f, u32 events)
{
	struct utask *u = task_utask(t);
	s64 ret = task_wait_on(t, NULL, false, 0, f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "splice");

	if (ret != -EPARK)
		return ret;
	poll_entries_free(u);
	poll_entries_reserve(u, 1);
	poll_file(t, f, events | EPOLLERR | EPOLLHUP, true);
	return ret;
}

/* One read or write that does not wait, at *off or where the file stands. */
static s64 rw_now(struct task *t, struct file *f, const struct iov_iter *it, s64 *off, bool write)
{
	u64 pos = f->pos, copied = task_utask(t)->copied;
	u32 flags = f->flags;
	s64 ret;

	task_utask(t)->ctx = (struct syscall_ctx){ 0 };
	f->flags |= O_NONBLOCK;
	if (off)
		f->pos = (u64)*off;
	if (off && !write && f->ops->read_at)
		ret = f->ops->read_at(f, it->iov[0].iov_base, it->iov[0].iov_len, (u64)*off);
	else
		ret = write ? f->ops->write(t, f, it) : f->ops->read(t, f, it);
	assert(ret != -EPARK);
	f->flags = flags;
	if (off)
		f->pos = pos;
	if (off && ret > 0)
		*off += ret;
	task_utask(t)->ctx = (struct syscall_ctx){ 0 };
	task_utask(t)->copied = copied;
	return ret;
}

/* ---- splice ---------------------------------------------------------------------------------- */

/* All that the pipe holds, up to len; for more it does not wait once it has moved something. */
static s64 splice_to_file(struct task *t, struct pipe *p, struct file *out, s64 *off, size_t len,
			  bool nonblock)
{
	struct utask *u = task_utask(t);
	struct iovec iov[SPLICE_IOV];
	struct iov_iter it;
	s64 ret;

	while (u->moved < len) {
		if (pipe_empty(p) && u->moved)
			break;
		ret = wait_data(t, p, nonblock);
		if (ret)
			return ret < 0 ? ret : 0;
		pipe_peek(p, len - u->moved, iov, &it);
		ret = rw_now(t, out, &it, off, true);
		if (ret == -EAGAIN)
			ret = wait_file(t, out, EPOLLOUT);
		if (ret == -EPARK || (ret < 0 && !u->moved))
			return ret;
		if (ret <= 0)
			break;
		pipe_consume(p, (size_t)ret);
		u->moved += (u32)ret;
	}
	return u->moved;
}

/* What one read gives. */
static s64 splice_from_file(struct task *t, struct file *in, s64 *off, struct pipe *p, size_t len,
			    bool nonblock)
{
	struct iovec iov;
	struct iov_iter it = { &iov, 1, 0 };
	s64 ret = wait_room(t, p, nonblock);

	if (ret)
		return ret;
	iov.iov_len = it.total = min(len, pipe_room(p));
	iov.iov_base = xrealloc(NULL, iov.iov_len);
	ret = rw_now(t, in, &it, off, false);
	if (ret > 0) {
		iov.iov_len = it.total = (size_t)ret;
		pipe_append(p, &it, (size_t)ret);
	}
	free(iov.iov_base);
	return ret == -EAGAIN ? wait_file(t, in, EPOLLIN) : ret;
}

/* keep: tee(), which leaves what it copies. */
static s64 pipe_to_pipe(struct task *t, struct pipe *in, struct pipe *out, size_t len,
			bool nonblock, bool keep)
{
	size_t done = 0;
	s64 ret = wait_data(t, in, nonblock);

	if (!ret)
		ret = wait_room(t, out, nonblock);
	if (ret)
		return ret < 0 ? ret : 0;
	for (u32 i = in->tail; i != in->head && !pipe_full(out) && done < len; i++)
		done += buf_copy(in, i, out, len - done);
	if (!keep)
		pipe_consume(in, done);
	pipe_wake_readers(out);
	return (s64)done;
}

/* Where a file that has positions is to be read or written. */
static s64 check_offset(const struct file *f, const s64 *off)
{
	if (!off)
		return 0;
	if (!S_ISREG(f->mode))
		return -EINVAL;
	return *off < 0 ? -EINVAL : 0;
}

static s64 splice_out(struct task *t, struct pipe *p, struct file *in, struct file *out, s64 *off,
		      size_t len, bool nonblock)
{
	s64 err = check_offset(out, off);

	/* Native files are written where they stand, and nowhere else. */
	if (off && out->ops->position)
		return -EOPNOTSUPP;
	if (err || !out->ops->write || out->flags & O_APPEND)
		return -EINVAL;
	return splice_to_file(t, p, out, off, len, nonblock || in->flags & O_NONBLOCK);
}

static s64 splice_in(struct task *t, struct file *in, s64 *off, struct pipe *p, struct file *out,
		     size_t len, bool nonblock)
{
	s64 err = check_offset(in, off);

	if (err || !in->ops->read)
		return -EINVAL;
	return splice_from_file(t, in, off, p, len, nonblock || out->flags & O_NONBLOCK);
}

s64 sys_splice(struct task *t, int fd_in, s64 *off_in, int fd_out, s64 *off_out, size_t len,
	       unsigned flags)
{
	struct file *in, *out;
	struct pipe *from, *to;
	bool nonblock = flags & SPLICE_F_NONBLOCK;

	if (!len)
		return 0;
	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	in = fd_file(t, fd_in);
	out = fd_file(t, fd_out);
	if (!in || !out || !readable(in) || !writable(out))
		return -EBADF;
	len = min(len, MAX_RW_COUNT);
	from = pipe_of(in);
	to = pipe_of(out);
	if ((from && off_in) || (to && off_out))
		return -ESPIPE;
	if (from && to) {
		nonblock |= (in->flags | out->flags) & O_NONBLOCK ? true : false;
		return from == to ? -EINVAL : pipe_to_pipe(t, from, to, len, nonblock, false);
	}
	if (from)
		return splice_out(t, from, in, out, off_out, len, nonblock);
	return to ? splice_in(t, in, off_in, to, out, len, nonblock) : -EINVAL;
}

s64 sys_tee(struct task *t, int fd_in, int fd_out, size_t len, unsigned flags)
{
	struct file *in, *out;
	struct pipe *from, *to;

	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fd_file(t, fd_in);
	out = fd_file(t, fd_out);
	if (!in || !out || !readable(in) || !writable(out))
		return -EBADF;
	from = pipe_of(in);
	to = pipe_of(out);
	if (!from || !to || from == to)
		return -EINVAL;
	return pipe_to_pipe(t, from, to, len,
			    flags & SPLICE_F_NONBLOCK || (in->flags | out->flags) & O_NONBLOCK,
			    true);
}

static s64 vmsplice_read(struct task *t, struct pipe *p, const struct iov_iter *to, bool nonblock)
{
	struct iovec iov[SPLICE_IOV];
	struct iov_iter from;
	size_t done = 0;
	s64 ret = wait_data(t, p, nonblock);

	if (ret)
		return ret < 0 ? ret : 0;
	while (done < to->total && !pipe_empty(p)) {
		pipe_peek(p, to->total - done, iov, &from);
		for (int i = 0; i < from.count; i++) {
			iov_copy_to(to, done, iov[i].iov_base, iov[i].iov_len);
			done += iov[i].iov_len;
		}
		pipe_consume(p, from.total);
	}
	task_copied(t, done);
	return (s64)done;
}

static s64 vmsplice_write(struct task *t, struct pipe *p, const struct iov_iter *from,
			  bool nonblock)
{
	size_t n;
	s64 ret = wait_room(t, p, nonblock);

	if (ret)
		return ret;
	n = min(from->total, pipe_room(p));
	pipe_append(p, from, n);
	return (s64)n;
}

s64 sys_vmsplice(struct task *t, int fd, const struct iovec *iov, size_t count, unsigned flags)
{
	struct file *f;
	struct iov_iter it;
	s64 err;

	if (flags & ~SPLICE_ALL)
		return -EINVAL;
	f = fd_file(t, fd);
	if (!f || !pipe_of(f))
		return -EBADF;
	err = iov_check(iov, count, MAX_RW_COUNT, &it);
	if (err || !it.total)
		return err;
	if (writable(f))
		return vmsplice_write(t, pipe_of(f), &it, flags & SPLICE_F_NONBLOCK);
	return vmsplice_read(t, pipe_of(f), &it, flags & SPLICE_F_NONBLOCK);
}

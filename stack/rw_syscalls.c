/* SPDX-License-Identifier: MIT */
/*
 * read(2), write(2) and their relatives, for files of every kind.
 */
#include <string.h>
#include <sys/stat.h>
#include <stdlib.h>

#include "stack/memfile.h"
#include "stack/msg.h"
#include "stack/syscalls.h"

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif

static bool readable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

static s64 vfs_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	s64 ret;

	if (!readable(f))
		return -EBADF;
	if (!f->ops->read)
		return -EINVAL;
	ret = f->ops->read(t, f, to);
	/* Sockets count for themselves. */
	if (ret > 0 && !S_ISSOCK(f->mode))
		task_copied(t, (size_t)ret);
	return ret;
}

static s64 vfs_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	s64 ret;

	if (!writable(f))
		return -EBADF;
	if (!f->ops->write)
		return -EINVAL;
	ret = f->ops->write(t, f, from);
	if (ret > 0 && !S_ISSOCK(f->mode))
		task_copied(t, (size_t)ret);
	return ret;
}

/* Vectors without a byte end before the file is asked: write() of nothing sends an empty datagram, not these. */
static s64 vector_rw(struct task *t, struct file *f, const struct iov_iter *it, bool write)
{
	if (write ? !writable(f) : !readable(f))
		return -EBADF;
	if (write ? !f->ops->write : !f->ops->read)
		return -EINVAL;
	if (!it->total)
		return 0;
	return write ? vfs_write(t, f, it) : vfs_read(t, f, it);
}

s64 sys_readv(struct task *t, int fd, const struct iovec *iov, int count)
{
	struct file *f = fd_file(t, fd);
	struct iov_iter it;
	s64 err;

	if (!f)
		return -EBADF;
	err = iov_check(iov, (size_t)(s64)count, MAX_RW_COUNT, &it);
	return err ? err : vector_rw(t, f, &it, false);
}

s64 sys_writev(struct task *t, int fd, const struct iovec *iov, int count)
{
	struct file *f = fd_file(t, fd);
	struct iov_iter it;
	s64 err;

	if (!f)
		return -EBADF;
	err = iov_check(iov, (size_t)(s64)count, MAX_RW_COUNT, &it);
	return err ? err : vector_rw(t, f, &it, true);
}

s64 sys_read(struct task *t, int fd, void *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = min(len, MAX_RW_COUNT) };
	struct iov_iter it = { &iov, 1, iov.iov_len };
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (len && !buf)
		return -EFAULT;
	return vfs_read(t, f, &it);
}

s64 sys_write(struct task *t, int fd, const void *buf, size_t len)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf,
			     .iov_len = min(len, MAX_RW_COUNT) };
	struct iov_iter it = { &iov, 1, iov.iov_len };
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (len && !buf)
		return -EFAULT;
	return vfs_write(t, f, &it);
}

/* RWF_ flags that are bits of the description's otherwise, for this call only. */
static u32 flags_of(u32 flags, int rwf)
{
	if (rwf & RWF_APPEND)
		flags |= O_APPEND;
	if (rwf & RWF_NOAPPEND)
		flags &= ~(u32)O_APPEND;
	if (rwf & RWF_NOWAIT)
		flags |= O_NONBLOCK;
	return flags;
}

/*
 * Only files with a position have one to leave alone, or devices that have none and do not mind
 * (/dev/urandom); the rest is ESPIPE.
 */
static s64 rw_at(struct task *t, struct file *f, const struct iov_iter *it, s64 off, int rwf,
		 bool write)
{
	u64 pos;
	u32 flags;
	s64 ret;

	/* Anonymous inodes can be told to seek, but have no positions. */
	if (!S_ISREG(f->mode) && (!f->ops->llseek || !(f->mode & S_IFMT)))
		return -ESPIPE;
	pos = f->pos;
	flags = f->flags;
	f->pos = (u64)off;
	/* O_APPEND wins over the offset (pwrite(2), bugs). */
	f->flags = flags_of(flags, rwf);
	ret = write ? vfs_write(t, f, it) : vfs_read(t, f, it);
	f->pos = pos;
	f->flags = flags;
	return ret;
}

static s64 prw(struct task *t, int fd, void *buf, size_t len, s64 off, bool write)
{
	struct iovec iov = { .iov_base = buf, .iov_len = min(len, MAX_RW_COUNT) };
	struct iov_iter it = { &iov, 1, iov.iov_len };
	struct file *f;

	if (off < 0)
		return -EINVAL;
	f = fd_file(t, fd);
	return f ? rw_at(t, f, &it, off, 0, write) : -EBADF;
}

s64 sys_pread64(struct task *t, int fd, void *buf, size_t len, s64 off)
{
	return prw(t, fd, buf, len, off, false);
}

s64 sys_pwrite64(struct task *t, int fd, const void *buf, size_t len, s64 off)
{
	return prw(t, fd, (void *)(uintptr_t)buf, len, off, true);
}

/* What is written to memory is as safe as it gets: RWF_DSYNC and RWF_SYNC ask for no more. */
#define RWF_KNOWN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND)

/* Offset -1: where the description stands, which moves. */
static s64 rw_flags(struct task *t, struct file *f, const struct iov_iter *it, int rwf, bool write)
{
	u32 flags = f->flags;
	s64 ret;

	f->flags = flags_of(flags, rwf);
	ret = vector_rw(t, f, it, write);
	f->flags = flags;
	return ret;
}

static s64 prwv(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off, int rwf,
		bool write)
{
	struct iov_iter it;
	struct file *f;
	s64 err;

	if (off < -1)
		return -EINVAL;
	f = fd_file(t, fd);
	if (!f)
		return -EBADF;
	if (off != -1 && !S_ISREG(f->mode))
		return -ESPIPE;
	err = iov_check(iov, count, MAX_RW_COUNT, &it);
	if (err)
		return err;
	/* Regular files in memory cannot tell beforehand whether they would wait. */
	if (rwf & ~RWF_KNOWN || (rwf & RWF_NOWAIT && S_ISREG(f->mode)))
		return -EOPNOTSUPP;
	return off == -1 ? rw_flags(t, f, &it, rwf, write) : rw_at(t, f, &it, off, rwf, write);
}

s64 sys_preadv(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off)
{
	return off < 0 ? -EINVAL : prwv(t, fd, iov, count, off, 0, false);
}

s64 sys_pwritev(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off)
{
	return off < 0 ? -EINVAL : prwv(t, fd, iov, count, off, 0, true);
}

s64 sys_preadv2(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off, int flags)
{
	return prwv(t, fd, iov, count, off, flags, false);
}

s64 sys_pwritev2(struct task *t, int fd, const struct iovec *iov, size_t count, s64 off, int flags)
{
	return prwv(t, fd, iov, count, off, flags, true);
}

static s64 sendfile_done(struct task *t, struct file *in, s64 *off, s64 ret)
{
	if (ret <= 0)
		return ret;
	task_utask(t)->copied = 0;
	if (off)
		*off += ret;
	else
		in->pos += (u64)ret;
	return ret;
}

/* A call that parks reads again: the file is the same. Less than was asked for is always legal. */
#define SENDFILE_MAX ((size_t)512 << 10)

static s64 sendfile_native(struct task *t, struct file *out, struct file *in, s64 *off, size_t count)
{
	struct iovec iov = { .iov_base = xrealloc(NULL, SENDFILE_MAX) };
	struct iov_iter it = { &iov, 1, 0 };
	s64 ret;

	if (!off && in->ops->position)
		in->pos = in->ops->position(in, 0);
	ret = in->ops->read_at(in, iov.iov_base, min(count, SENDFILE_MAX),
			       off ? (u64)*off : in->pos);
	if (ret > 0) {
		iov.iov_len = it.total = (size_t)ret;
		ret = out->ops->write(t, out, &it);
	}
	free(iov.iov_base);
	if (ret > 0 && !off && in->ops->position)
		in->ops->position(in, ret);
	return sendfile_done(t, in, off, ret);
}

/*
 * The source makes its text when it is read: a copy goes out, and what the target does not take is read
 * again. While the target is full the call waits with the source's position unchanged.
 */
static s64 sendfile_read(struct task *t, struct file *in, struct file *out, s64 *off, size_t count)
{
	u8 copy[16384];
	struct iovec iov = { copy, min(count, sizeof(copy)) };
	struct iov_iter it = { &iov, 1, iov.iov_len };
	u64 before = in->pos, pos = off ? (u64)*off : before;
	s64 ret;

	in->pos = pos;
	ret = in->ops->read ? in->ops->read(t, in, &it) : -EINVAL;
	in->pos = before;
	if (ret <= 0)
		return ret;
	iov.iov_len = it.total = (size_t)ret;
	ret = out->ops->write(t, out, &it);
	return sendfile_done(t, in, off, ret);
}

/*
 * The source is a regular file, the target anything that can be written. Nothing is copied to or
 * from the user, so nothing is charged for bytes.
 */
s64 sys_sendfile(struct task *t, int out_fd, int in_fd, s64 *off, size_t count)
{
	struct file *in = fd_file(t, in_fd), *out = fd_file(t, out_fd);
	struct iovec iov;
	struct iov_iter it = { &iov, 1, 0 };
	u64 pos;

	if (!in || !readable(in) || !out || !writable(out))
		return -EBADF;
	if (!S_ISREG(in->mode))
		return off ? -ESPIPE : -EINVAL;
	if (off && *off < 0)
		return -EINVAL;
	if (!out->ops->write || (out->flags & O_APPEND))
		return -EINVAL;
	if (in->ops->read_at)
		return sendfile_native(t, out, in, off, count);
	/* A target of the same kind that grows moves its bytes, which may be the source's. */
	if (!memfile_is(in) || memfile_is(out))
		return sendfile_read(t, in, out, off, count);
	pos = off ? (u64)*off : in->pos;
	iov.iov_base = (void *)(uintptr_t)memfile_data(in, pos, &iov.iov_len);
	iov.iov_len = min(iov.iov_len, min(count, MAX_RW_COUNT));
	if (!iov.iov_len)
		return 0;
	it.total = iov.iov_len;
	return sendfile_done(t, in, off, out->ops->write(t, out, &it));
}

s64 noop_llseek(struct task *t, struct file *f, s64 off, int whence)
{
	return 0;
}

s64 sys_lseek(struct task *t, int fd, s64 off, int whence)
{
	struct file *f = fd_file(t, fd);
	s64 base;

	if (!f)
		return -EBADF;
	if ((u32)whence > SEEK_HOLE)
		return -EINVAL;
	if (f->ops->llseek)
		return f->ops->llseek(t, f, off, whence);
	if (!S_ISREG(f->mode))
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (s64)f->pos;
		break;
	case SEEK_END:
		base = (s64)memfile_size(f);
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	f->pos = (u64)base;
	return base;
}

s64 sys_ftruncate(struct task *t, int fd, s64 len)
{
	struct file *f;

	if (len < 0)
		return -EINVAL;
	f = fd_file(t, fd);
	if (!f)
		return -EBADF;
	if (!S_ISREG(f->mode) || !writable(f))
		return -EINVAL;
	/* Files of /proc and /sys have no length to change. */
	if (!memfile_is(f))
		return 0;
	return memfile_truncate(f, (u64)len);
}

s64 file_stat(struct task *t, struct file *f, struct stat *st)
{
	if (f->ops->getattr)
		return f->ops->getattr(t, f, st);
	memset(st, 0, sizeof(*st));
	st->st_mode = f->mode;
	st->st_nlink = 1;
	st->st_ino = f->ino;
	st->st_uid = t->proc->uid;
	st->st_gid = t->proc->gid;
	st->st_blksize = 4096;
	if (S_ISREG(f->mode)) {
		st->st_size = (s64)memfile_size(f);
		st->st_blocks = (st->st_size + 511) / 512;
	}
	return 0;
}

s64 sys_fstat(struct task *t, int fd, struct stat *st)
{
	struct file *f = fd_file(t, fd);

	return f ? file_stat(t, f, st) : -EBADF;
}

s64 sys_getdents64(struct task *t, int fd, void *buf, size_t len)
{
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (len && !buf)
		return -EFAULT;
	if (!f->ops->getdents)
		return -ENOTDIR;
	return f->ops->getdents(t, f, buf, len);
}

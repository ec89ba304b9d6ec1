/* SPDX-License-Identifier: MIT */
/*
 * Regular files in memory (memfd_create(2)): bytes that grow as they are written, holes read as
 * zeros.
 */
#include "stack/memfile.h"

#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stack/syscalls.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#define MFD_EXEC 16u
#endif
#define MEMFILE_MAX (1ull << 30) /* of one file: simulated files live in the simulator's memory */

struct memfile {
	u8 *data;
	size_t size, cap;
};

static s64 memfile_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct memfile *mf = f->priv;
	size_t n;

	if (f->pos >= mf->size)
		return 0;
	n = min(to->total, mf->size - f->pos);
	iov_copy_to(to, 0, mf->data + f->pos, n);
	f->pos += n;
	return (s64)n;
}

static void memfile_grow(struct memfile *mf, size_t size)
{
	if (size > mf->cap) {
		size_t cap = max(mf->cap * 2, size);

		mf->data = xrealloc(mf->data, cap);
		mf->cap = cap;
	}
	if (size > mf->size)
		memset(mf->data + mf->size, 0, size - mf->size);
}

static s64 memfile_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct memfile *mf = f->priv;
	u64 pos = f->flags & O_APPEND ? mf->size : f->pos;
	size_t n;

	if (!from->total)
		return 0;
	if (pos >= MEMFILE_MAX)
		return -EFBIG;
	n = min(from->total, (size_t)(MEMFILE_MAX - pos));
	memfile_grow(mf, pos + n);
	iov_copy_from(from, 0, mf->data + pos, n);
	mf->size = max(mf->size, pos + n);
	f->pos = pos + n;
	return (s64)n;
}

static s64 memfile_release(struct task *t, struct file *f)
{
	struct memfile *mf = f->priv;

	free(mf->data);
	free(mf);
	return 0;
}

/* No poll: a regular file is always ready, and epoll refuses it (EPERM). */
static const struct file_ops memfile_ops = {
	.kind = "file",
	.read = memfile_read,
	.write = memfile_write,
	.release = memfile_release,
};

bool memfile_is(const struct file *f)
{
	return f->ops == &memfile_ops;
}

static struct memfile *memfile_of(const struct file *f)
{
	assert(f->ops == &memfile_ops);
	return f->priv;
}

const void *memfile_data(const struct file *f, u64 pos, size_t *len)
{
	struct memfile *mf = memfile_of(f);

	*len = pos < mf->size ? mf->size - pos : 0;
	return *len ? mf->data + pos : NULL;
}

u64 memfile_size(const struct file *f)
{
	return memfile_of(f)->size;
}

s64 memfile_truncate(struct file *f, u64 size)
{
	struct memfile *mf = memfile_of(f);

	if (size > MEMFILE_MAX)
		return -EFBIG;
	memfile_grow(mf, size);
	mf->size = size;
	return 0;
}

s64 memfile_open(struct task *t, const void *content, size_t len, int flags)
{
	struct memfile *mf = xcalloc(1, sizeof(*mf));
	struct file *f = file_new(t->host, &memfile_ops, mf,
				  (u32)flags & (O_ACCMODE | O_APPEND | O_NONBLOCK), S_IFREG | 0600);
	int fd;

	if (len) {
		memfile_grow(mf, len);
		memcpy(mf->data, content, len);
		mf->size = len;
	}
	fd = fd_install(t, f, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

s64 sys_memfd_create(struct task *t, const char *name, unsigned flags)
{
	if (flags & ~(MFD_CLOEXEC | MFD_NOEXEC_SEAL | MFD_EXEC))
		return -EINVAL;
	if (!name)
		return -EFAULT;
	if (strlen(name) > 249)
		return -EINVAL;
	return memfile_open(t, NULL, 0, O_RDWR | (flags & MFD_CLOEXEC ? O_CLOEXEC : 0));
}

/* Between two files of this kind; others are of another file system. */
s64 sys_copy_file_range(struct task *t, int fd_in, s64 *off_in, int fd_out, s64 *off_out,
			size_t len, unsigned flags)
{
	struct file *in = fd_file(t, fd_in), *out = fd_file(t, fd_out);
	struct memfile *from, *to;
	u64 src, dst;

	if (!in || !out)
		return -EBADF;
	if (flags || !S_ISREG(in->mode) || !S_ISREG(out->mode))
		return -EINVAL;
	if ((in->flags & O_ACCMODE) == O_WRONLY || (out->flags & O_ACCMODE) == O_RDONLY ||
	    out->flags & O_APPEND)
		return -EBADF;
	if (!memfile_is(in) || !memfile_is(out))
		return -EXDEV;
	src = off_in ? (u64)*off_in : in->pos;
	dst = off_out ? (u64)*off_out : out->pos;
	if ((s64)src < 0 || (s64)dst < 0)
		return -EINVAL;
	from = memfile_of(in);
	to = memfile_of(out);
	if (dst >= MEMFILE_MAX)
		return -EFBIG;
	len = min(len, (size_t)(MEMFILE_MAX - dst));
	len = src < from->size ? min(len, from->size - src) : 0;
	if (from == to && src < dst + len && dst < src + len)
		return -EINVAL;
	if (!len)
		return 0;
	memfile_grow(to, dst + len);
	memcpy(to->data + dst, from->data + src, len);
	to->size = max(to->size, dst + len);
	*(off_in ? off_in : (s64 *)&in->pos) = (s64)(src + len);
	*(off_out ? off_out : (s64 *)&out->pos) = (s64)(dst + len);
	return (s64)len;
}

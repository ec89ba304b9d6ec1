/* SPDX-License-Identifier: MIT */
/*
 * Open file descriptions (open(2), "Open file descriptions").
 */
#include "stack/file.h"

#include <string.h>

#include "sim/host/process.h"
#include "stack/stack_world.h"
#include "stack/syscall.h"

static struct pool *file_pool(struct host *h)
{
	return stack_pool(stack_world_of(h), "file", sizeof(struct file));
}

struct file *file_new(struct host *h, const struct file_ops *ops, void *priv, u32 flags, u32 mode)
{
	struct file *f = pool_zalloc(file_pool(h));

	f->refs = 1;
	f->flags = flags;
	f->ops = ops;
	f->priv = priv;
	f->host = h;
	f->id = ++h->next_file;
	f->ino = f->id;
	f->mode = mode;
	f->async_fd = -1;
	list_init(&f->epitems);
	return f;
}

void file_get(struct file *f)
{
	f->refs++;
}

s64 file_put(struct task *t, struct file *f)
{
	s64 ret = 0;

	assert(f->refs);
	if (f->refs > 1) {
		f->refs--;
		return 0;
	}
	eventpoll_release_file(f);
	if (f->ops->release)
		ret = f->ops->release(t, f);
	if (ret == -EPARK)
		return ret;
	pool_free(file_pool(f->host), f);
	return ret;
}

void iov_copy_to(const struct iov_iter *it, size_t off, const void *from, size_t len)
{
	const u8 *src = from;

	for (int i = 0; i < it->count && len; i++) {
		size_t n;

		if (off >= it->iov[i].iov_len) {
			off -= it->iov[i].iov_len;
			continue;
		}
		n = min(len, it->iov[i].iov_len - off);
		memcpy((u8 *)it->iov[i].iov_base + off, src, n);
		src += n;
		len -= n;
		off = 0;
	}
	assert(!len);
}

void iov_copy_from(const struct iov_iter *it, size_t off, void *to, size_t len)
{
	u8 *dst = to;

	for (int i = 0; i < it->count && len; i++) {
		size_t n;

		if (off >= it->iov[i].iov_len) {
			off -= it->iov[i].iov_len;
			continue;
		}
		n = min(len, it->iov[i].iov_len - off);
		memcpy(dst, (const u8 *)it->iov[i].iov_base + off, n);
		dst += n;
		len -= n;
		off = 0;
	}
	assert(!len);
}

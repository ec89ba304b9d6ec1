/* SPDX-License-Identifier: MIT */
/*
 * /dev/random and /dev/urandom (random(4)): bytes of the reader's own random stream, as getrandom(2)
 * gives them. What is written is taken and changes nothing: there is no entropy to add to a stream
 * that a run's seed determines.
 */
#include <linux/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "stack/procfs_priv.h"
#include "stack/syscalls.h"

#define POOL_BITS 256

static s64 random_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	size_t off = 0;
	u8 bytes[256];

	while (off < to->total) {
		size_t n = min(to->total - off, sizeof(bytes));

		rng_bytes(&task_utask(t)->rng, bytes, n);
		iov_copy_to(to, off, bytes, n);
		off += n;
	}
	return (s64)off;
}

static s64 random_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	return (s64)from->total;
}

static u32 random_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}

static s64 random_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	if (cmd != RNDGETENTCNT)
		return -EINVAL;
	if (!arg)
		return -EFAULT;
	*(int *)arg = POOL_BITS;
	return 0;
}

/* There is no position: any seek succeeds and finds 0. */
static s64 random_llseek(struct task *t, struct file *f, s64 off, int whence)
{
	return 0;
}

static s64 random_getattr(struct task *t, struct file *f, struct stat *st)
{
	struct procfs_node n = { .e = f->priv, .mode = f->mode };

	n.path = n.e->path;
	n.at.host = f->host;
	procfs_fill_stat(t, &n, st);
	return 0;
}

static const char *random_name(struct file *f)
{
	return ((const struct procfs_entry *)f->priv)->path;
}

static const struct file_ops random_ops = {
	.kind = "random",
	.read = random_read,
	.write = random_write,
	.poll = random_poll,
	.ioctl = random_ioctl,
	.llseek = random_llseek,
	.getattr = random_getattr,
	.name = random_name,
};

const struct procfs_entry procfs_dev_entries[] = {
	{ .path = "/dev/random", .mode = S_IFCHR | 0666, .ops = &random_ops, .rdev = 0x108 },
	{ .path = "/dev/urandom", .mode = S_IFCHR | 0666, .ops = &random_ops, .rdev = 0x109 },
	{ 0 },
};

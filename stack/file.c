/* SPDX-License-Identifier: MIT */
/*
 * Open file descriptions (open(2), "Open file descriptions") and their asynchronous signals
 * (fcntl(2), F_SETOWN and F_SETSIG).
 */
#include "stack/file.h"

#include <signal.h>
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

/* As kill(2) would, but that no capability helps (sigio_perm() in Linux's fs/fcntl.c). */
static bool sigio_allowed(const struct file *f, const struct process *p)
{
	struct cred c = process_cred(p);

	return !f->owner_euid || f->owner_euid == c.suid || f->owner_euid == c.ruid ||
	       f->owner_ruid == c.suid || f->owner_ruid == c.ruid;
}

static void signal_owner(struct file *f, const struct siginfo *info)
{
	static const struct siginfo lost = { .signo = SIGIO, .code = SI_KERNEL };
	struct task *t;
	struct process *p;

	if (f->owner_thread) {
		t = task_find(f->host, f->owner_pid);
		if (!t || !t->proc || !sigio_allowed(f, t->proc))
			return;
		if (signal_send_task(t, info) == -EAGAIN && info->signo != SIGIO)
			signal_send_task(t, &lost);
		return;
	}
	list_for_each_entry(p, &f->host->processes, node) {
		if (f->owner_pid > 0 ? p->pid != f->owner_pid : p->pgid != -f->owner_pid)
			continue;
		if (!sigio_allowed(f, p))
			continue;
		/* The queue is full: a plain SIGIO says that something was lost (fcntl(2)). */
		if (signal_send_process(p, info) == -EAGAIN && info->signo != SIGIO)
			signal_send_process(p, &lost);
	}
}

void kill_fasync(struct file *f, int code, u32 band)
{
	struct siginfo info = { .signo = SIGIO, .code = SI_KERNEL };

	if (!(f->flags & O_ASYNC) || !f->owner_pid)
		return;
	if (f->owner_sig) {
		info.signo = f->owner_sig;
		info.code = code;
		info.band = band;
		info.fd = f->async_fd;
	}
	signal_owner(f, &info);
}

void send_sigurg_owner(struct file *f)
{
	struct siginfo info = { .signo = SIGURG, .code = SI_KERNEL };

	if (!f->owner_pid)
		return;
	signal_owner(f, &info);
	kill_fasync(f, POLL_PRI, EPOLLPRI);
}

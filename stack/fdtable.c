/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: the lowest free number is handed out (open(2)); RLIMIT_NOFILE bounds it.
 */
#include <stdlib.h>
#include <string.h>

#include "stack/syscall.h"

#define FD_TABLE_MIN 8u

struct files_struct *files_new(struct host *h)
{
	struct files_struct *fs = xcalloc(1, sizeof(*fs));

	fs->refs = 1;
	fs->host = h;
	return fs;
}

struct files_struct *files_dup(struct files_struct *old)
{
	struct files_struct *fs = files_new(old->host);

	fs->nfd = old->nfd;
	fs->top = old->top;
	fs->next_hint = old->next_hint;
	fs->fd = xcalloc(max(fs->nfd, 1u), sizeof(*fs->fd));
	for (u32 i = 0; i < fs->nfd; i++) {
		if (!old->fd[i].file) {
			fs->next_hint = min(fs->next_hint, i);
			continue;
		}
		fs->fd[i] = old->fd[i];
		fs->fd[i].reserved = false;
		file_get(fs->fd[i].file);
	}
	return fs;
}

void files_get(struct files_struct *fs)
{
	fs->refs++;
}

void files_put(struct task *t, struct files_struct *fs)
{
	if (--fs->refs)
		return;
	for (u32 i = 0; i < fs->nfd; i++) {
		if (fs->fd[i].file)
			file_put(t, fs->fd[i].file);
	}
	free(fs->fd);
	free(fs);
}

struct file *fd_lookup(struct files_struct *fs, int fd)
{
	if (fd < 0 || (u32)fd >= fs->nfd)
		return NULL;
	return fs->fd[fd].file;
}

struct file *fd_file(struct task *t, int fd)
{
	struct utask *u = task_utask(t);
	struct file *f;

	for (int i = 0; i < u->nheld; i++) {
		if (u->held[i].fd == fd)
			return u->held[i].file;
	}
	f = fd_lookup(t->proc->files, fd);
	if (f && u->in_call && u->nheld < UTASK_MAX_HELD) {
		u->held[u->nheld].fd = fd;
		u->held[u->nheld].file = f;
		u->held[u->nheld++].referenced = false;
	}
	return f;
}

static void files_grow(struct files_struct *fs, u32 need)
{
	u32 n = max(fs->nfd, FD_TABLE_MIN);

	if (need - 1 - FD_NATIVE_BASE >= FD_NATIVE_COUNT)
		fs->top = max(fs->top, need);
	while (n < need)
		n *= 2;
	if (n == fs->nfd)
		return;
	fs->fd = xrealloc(fs->fd, n * sizeof(*fs->fd));
	memset(fs->fd + fs->nfd, 0, (n - fs->nfd) * sizeof(*fs->fd));
	fs->nfd = n;
}

void fd_place(struct files_struct *fs, int fd, struct file *f, bool cloexec)
{
	files_grow(fs, (u32)fd + 1);
	assert(!fs->fd[fd].file);
	fs->fd[fd].file = f;
	fs->fd[fd].cloexec = cloexec;
}

static u32 lowest_free(const struct files_struct *fs, u32 fd)
{
	while (fd < fs->nfd && (fs->fd[fd].file || fs->fd[fd].reserved))
		fd++;
	return fd;
}

int fd_reserve(struct task *t, int min_fd)
{
	struct files_struct *fs = t->proc->files;
	u32 fd = lowest_free(fs, max((u32)min_fd, fs->next_hint));

	if (fd - FD_NATIVE_BASE < FD_NATIVE_COUNT && task_utask(t)->prog->native_frames)
		fd = lowest_free(fs, FD_NATIVE_BASE + FD_NATIVE_COUNT);
	if (fd >= t->proc->nofile)
		return -EMFILE;
	files_grow(fs, fd + 1);
	fs->fd[fd].reserved = true;
	if ((u32)min_fd <= fs->next_hint)
		fs->next_hint = fd + 1;
	return (int)fd;
}

void fd_fill(struct task *t, int fd, struct file *f, bool cloexec)
{
	struct files_struct *fs = t->proc->files;

	fs->fd[fd].reserved = false;
	fs->fd[fd].file = f;
	fs->fd[fd].cloexec = cloexec;
	if (!f)
		fs->next_hint = min(fs->next_hint, (u32)fd);
}

/*
 * The numbers of standard streams are given out as ever, since programs close and open them on
 * purpose; all others from base on. RLIMIT_NOFILE is about how many there are.
 */
static int reserve_native(struct task *t, int min_fd, int base)
{
	struct files_struct *fs = t->proc->files;
	u32 fd = lowest_free(fs, (u32)min_fd);

	if (fd > 2)
		fd = lowest_free(fs, (u32)base);
	if (fd >= FD_NATIVE_BASE + FD_NATIVE_COUNT || (fd > 2 && fd - (u32)base >= t->proc->nofile))
		return -EMFILE;
	files_grow(fs, fd + 1);
	fs->fd[fd].reserved = true;
	return (int)fd;
}

int fd_install(struct task *t, struct file *f, int min_fd, bool cloexec)
{
	int base = f->ops->base ? f->ops->base(t) : 0;
	int fd = base ? reserve_native(t, min_fd, base) : fd_reserve(t, min_fd);

	if (fd < 0)
		return fd;
	fd_fill(t, fd, f, cloexec);
	if (f->ops->installed)
		f->ops->installed(t, f, fd, cloexec);
	return fd;
}

struct file *fd_remove(struct files_struct *fs, int fd)
{
	struct file *f = fd_lookup(fs, fd);

	if (!f)
		return NULL;
	fs->fd[fd] = (struct fd_slot){ 0 };
	fs->next_hint = min(fs->next_hint, (u32)fd);
	return f;
}

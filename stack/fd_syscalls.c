/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: close(2), dup(2), fcntl(2), and the ioctl(2) that files of every kind have.
 */
#include <linux/close_range.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "sim/host/process.h"
#include "stack/syscalls.h"

#define SETFL_MASK (u32)(O_APPEND | O_NONBLOCK | O_ASYNC)

/*
 * The descriptor is free at once; the description may take its time (SO_LINGER), and the call waits
 * with it.
 */
static s64 close_file(struct task *t, struct file *f)
{
	struct utask *u = task_utask(t);
	s64 ret;

	u->closing = f;
	ret = file_put(t, f);
	if (ret == -EPARK)
		return ret;
	u->closing = NULL;
	return 0;
}

s64 sys_close(struct task *t, int fd)
{
	struct file *f = task_utask(t)->closing;

	if (!f)
		f = fd_remove(t->proc->files, fd);
	return f ? close_file(t, f) : -EBADF;
}

s64 sys_close_range(struct task *t, unsigned first, unsigned last, unsigned flags)
{
	struct files_struct *fs = t->proc->files;
	struct utask *u = task_utask(t);

	if (flags & ~(unsigned)CLOSE_RANGE_CLOEXEC || first > last)
		return -EINVAL;
	if (u->closing) {
		if (close_file(t, u->closing) == -EPARK)
			return -EPARK;
	}
	for (u32 fd = first; fd < fs->nfd && fd <= last; fd++) {
		if (!fs->fd[fd].file)
			continue;
		if (flags & CLOSE_RANGE_CLOEXEC)
			fs->fd[fd].cloexec = true;
		else if (close_file(t, fd_remove(fs, (int)fd)) == -EPARK)
			return -EPARK;
	}
	return 0;
}

static s64 dup_fd(struct task *t, int fd, s64 min_fd, bool cloexec)
{
	struct file *f = fd_lookup(t->proc->files, fd);
	int newfd;

	if (!f)
		return -EBADF;
	if (min_fd < 0 || (u64)min_fd >= t->proc->nofile)
		return -EINVAL;
	newfd = fd_install(t, f, (int)min_fd, cloexec);
	if (newfd >= 0)
		file_get(f);
	return newfd;
}

s64 sys_dup(struct task *t, int fd)
{
	return dup_fd(t, fd, 0, false);
}

/* The old file of newfd is closed after the new one stands there. */
static s64 dup_to(struct task *t, int fd, int newfd, bool cloexec)
{
	struct files_struct *fs = t->proc->files;
	struct file *f, *old;

	if (task_utask(t)->closing)
		return close_file(t, task_utask(t)->closing) ? -EPARK : newfd;
	if (newfd < 0 || (u64)newfd >= t->proc->nofile)
		return -EBADF;
	f = fd_lookup(fs, fd);
	if (!f)
		return -EBADF;
	if ((u32)newfd < fs->nfd && fs->fd[newfd].reserved)
		return -EBUSY;
	file_get(f);
	old = fd_remove(fs, newfd);
	fd_place(fs, newfd, f, cloexec);
	if (f->ops->installed)
		f->ops->installed(t, f, newfd, cloexec);
	else if (old && old->ops->displaced)
		old->ops->displaced(t, newfd);
	if (old && close_file(t, old) == -EPARK)
		return -EPARK;
	return newfd;
}

s64 sys_dup2(struct task *t, int fd, int newfd)
{
	if (fd == newfd && !task_utask(t)->closing)
		return fd_lookup(t->proc->files, fd) ? newfd : -EBADF;
	return dup_to(t, fd, newfd, false);
}

s64 sys_dup3(struct task *t, int fd, int newfd, int flags)
{
	if (flags & ~O_CLOEXEC || fd == newfd)
		return -EINVAL;
	return dup_to(t, fd, newfd, flags & O_CLOEXEC);
}

static void set_flags(struct file *f, int fd, u32 flags)
{
	bool async = flags & O_ASYNC;

	/* O_ASYNC means something to sockets, pipes and terminals only. */
	if (async != !!(f->flags & O_ASYNC)) {
		if (!f->ops->fasync)
			flags ^= O_ASYNC;
		else if (!f->ops->fasync(f, async) && async)
			f->async_fd = fd;
	}
	f->flags = (f->flags & ~SETFL_MASK) | (flags & SETFL_MASK);
}

s64 sys_fcntl(struct task *t, int fd, int cmd, s64 arg)
{
	struct files_struct *fs = t->proc->files;
	struct file *f = fd_lookup(fs, fd);

	if (!f)
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
		return dup_fd(t, fd, (int)arg, false);
	case F_DUPFD_CLOEXEC:
		return dup_fd(t, fd, (int)arg, true);
	case F_GETFD:
		return fs->fd[fd].cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		fs->fd[fd].cloexec = arg & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return f->flags;
	case F_SETFL:
		set_flags(f, fd, (u32)arg);
		return 0;
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return pipe_fcntl(t, f, cmd, arg);
	default:
		return file_owner_fcntl(t, f, cmd, arg);
	}
}

s64 sys_ioctl(struct task *t, int fd, unsigned cmd, void *arg)
{
	struct files_struct *fs = t->proc->files;
	struct file *f = fd_lookup(fs, fd);

	if (!f)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		fs->fd[fd].cloexec = cmd == FIOCLEX;
		return 0;
	case FIONBIO:
	case FIOASYNC:
		if (!arg)
			return -EFAULT;
		/* Nothing is asked of a file that cannot when nothing changes. */
		if (cmd == FIOASYNC && !f->ops->fasync)
			return *(int *)arg ? -ENOTTY : 0;
		{
			u32 bit = cmd == FIONBIO ? O_NONBLOCK : O_ASYNC;

			set_flags(f, fd, *(int *)arg ? f->flags | bit : f->flags & ~bit);
		}
		return 0;
	default:
		return f->ops->ioctl ? f->ops->ioctl(t, f, cmd, arg) : -ENOTTY;
	}
}

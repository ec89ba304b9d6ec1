/* SPDX-License-Identifier: MIT */
/*
 * Native files of hosted programs.
 *
 * A process has one table of descriptors, the simulator's: sockets, pipes and the like are there only. A
 * native file is there too, as a description that holds a descriptor of the supervisor's, and at the same
 * number in the real process, given to it while its call waits (SECCOMP_IOCTL_NOTIF_ADDFD). Reading and
 * writing it is then the kernel's business; see HOSTED_FD_BASE for how the filter tells which is which.
 * Closing and FD_CLOEXEC are both sides' business: the simulator's call, then the native one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process/hosted_int.h"
#include "stack/syscalls.h"

struct native {
	int fd; /* the supervisor's */
	char *path; /* as it was opened; for /proc/PID/fd */
};

static const struct file_ops regular_ops, stream_ops;

static bool is_native(const struct file *f)
{
	return f && (f->ops == &regular_ops || f->ops == &stream_ops);
}

static struct native *native_of(const struct file *f)
{
	assert(is_native(f));
	return f->priv;
}

int hosted_native_fd(struct file *f)
{
	return is_native(f) ? native_of(f)->fd : -1;
}

bool hosted_fd_native(struct hosted *h, int fd)
{
	return is_native(fd_lookup(h->u->task->proc->files, fd));
}

int hosted_add_fd(struct hosted *h, int real_fd, int fd, bool cloexec)
{
	struct seccomp_notif_addfd add = {
		.id = h->notify_id, .flags = SECCOMP_ADDFD_FLAG_SETFD, .srcfd = (u32)real_fd,
		.newfd = (u32)fd, .newfd_flags = cloexec ? O_CLOEXEC : 0,
	};

	return ioctl(h->proc->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno : 0;
}

/* The hosted thread whose call t makes; NULL: a Lua program's. */
static struct hosted *hosted_of(struct task *t)
{
	struct utask *u = task_utask(t);

	return u->prog == &hosted_program_ops ? u->program : NULL;
}

/* ---- the description ----------------------------------------------------------------------------- */

static s64 native_result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/* By Lua programs that were sent one, by splice() and the like; hosted programs do it natively. */
static s64 native_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	return native_result(readv(native_of(f)->fd, to->iov, to->count));
}

static s64 native_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	return native_result(writev(native_of(f)->fd, from->iov, from->count));
}

/* Terminals and pipes count as ready: reading one waits for real, and the world with it. */
static u32 native_poll(struct file *f, struct poll_table *pt)
{
	return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM;
}

static s64 native_read_at(struct file *f, void *buf, size_t len, u64 pos)
{
	return native_result(pread(native_of(f)->fd, buf, len, (off_t)pos));
}

static u64 native_position(struct file *f, s64 by)
{
	off_t pos = lseek(native_of(f)->fd, by, SEEK_CUR);

	return pos < 0 ? 0 : (u64)pos;
}

static s64 native_release(struct task *t, struct file *f)
{
	close(native_of(f)->fd);
	free(native_of(f)->path);
	free(f->priv);
	return 0;
}

static int native_base(struct task *t)
{
	return hosted_of(t) ? HOSTED_FD_BASE : 0;
}

static void native_installed(struct task *t, struct file *f, int fd, bool cloexec)
{
	struct hosted *h = hosted_of(t);

	if (h && h->at == HELD_NOTIFY)
		hosted_add_fd(h, native_of(f)->fd, fd, cloexec);
}

/*
 * The real descriptor cannot be closed from here. What stands there now can do no harm: calls on the
 * number are the simulated file's.
 */
static void native_displaced(struct task *t, int fd)
{
	struct hosted *h = hosted_of(t);
	int null;

	if (!h || h->at != HELD_NOTIFY)
		return;
	null = open("/dev/null", O_PATH | O_CLOEXEC);
	hosted_add_fd(h, null, fd, true);
	close(null);
}

static const char *native_name(struct file *f)
{
	return native_of(f)->path;
}

#define NATIVE_OPS                                                                                 \
	.kind = "native", .read = native_read, .write = native_write, .release = native_release,   \
	.base = native_base, .installed = native_installed, .displaced = native_displaced,         \
	.read_at = native_read_at, .position = native_position, .name = native_name

/* Regular files have no poll: they are always ready, and epoll refuses them (EPERM). */
static const struct file_ops regular_ops = { NATIVE_OPS };
static const struct file_ops stream_ops = { NATIVE_OPS, .poll = native_poll };

struct file *hosted_native_file(struct host *host, int real_fd, u32 flags, const char *path)
{
	struct native *n = xcalloc(1, sizeof(*n));
	struct stat st = { 0 };

	fstat(real_fd, &st);
	n->fd = real_fd;
	n->path = path ? xstrdup(path) : NULL;
	return file_new(host, S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? &regular_ops : &stream_ops,
			n, flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_PATH), st.st_mode);
}

void hosted_inherit_streams(struct process *p)
{
	for (int fd = 0; fd < 3; fd++) {
		int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), flags = fcntl(fd, F_GETFL);

		file_put(NULL, fd_remove(p->files, fd));
		if (copy >= 0)
			fd_place(p->files, fd,
				 hosted_native_file(p->host, copy, (u32)flags, NULL), false);
	}
}

/* ---- calls of both sides ------------------------------------------------------------------------- */

static s64 do_close(struct task *t, struct hosted *h, const s64 *a)
{
	if (hosted_fd_native(h, (int)a[0]))
		h->answer = ANSWER_NATIVE;
	return sys_close(t, (int)a[0]);
}

/*
 * Numbers of simulated files are free in the real process, so that the real call closes, or marks, just
 * the native ones.
 */
static s64 do_close_range(struct task *t, struct hosted *h, const s64 *a)
{
	s64 ret = sys_close_range(t, (unsigned)a[0], (unsigned)a[1],
				  (unsigned)a[2] & ~(unsigned)CLOSE_RANGE_UNSHARE);

	h->answer = ANSWER_NATIVE;
	return ret;
}

static s64 do_flock(struct task *t, struct hosted *h, const s64 *a)
{
	if (!fd_lookup(t->proc->files, (int)a[0]))
		return -EBADF;
	return hosted_fd_native(h, (int)a[0]) ? hosted_lock(t, h) : -EINVAL;
}

static s64 do_fcntl(struct task *t, struct hosted *h, const s64 *a)
{
	if (((int)a[1] == F_SETLKW || (int)a[1] == F_OFD_SETLKW) && hosted_fd_native(h, (int)a[0]))
		return hosted_lock(t, h);
	if ((int)a[1] == F_SETFD && hosted_fd_native(h, (int)a[0]))
		h->answer = ANSWER_NATIVE;
	return sys_fcntl(t, (int)a[0], (int)a[1], a[2]);
}

static s64 do_ioctl(struct task *t, struct hosted *h, const s64 *a)
{
	if (hosted_fd_native(h, (int)a[0])) /* FIOCLEX and FIONCLEX; others have passed */
		h->answer = ANSWER_NATIVE;
	return sys_ioctl(t, (int)a[0], (unsigned)a[1], (void *)(uintptr_t)a[2]);
}

/*
 * Memory that a simulated file shares with its program: at the file's number, which is free in the real
 * process, comes a descriptor of that memory, and the native call maps it. It stays there, for nobody
 * to see: calls on the number are the simulated file's.
 */
static s64 do_mmap(struct task *t, struct hosted *h, const s64 *a)
{
	struct file *f = fd_lookup(t->proc->files, (int)h->args[4]);
	int fd, err;

	if (h->args[5] & 4095) /* the first that x86-64's mmap() looks at */
		return -EINVAL;
	if (!f)
		return -EBADF;
	if (!h->args[1])
		return -EINVAL;
	fd = f->ops->mmap ? f->ops->mmap(f, h->args[1], h->args[5]) : -ENODEV;
	if (fd < 0)
		return fd;
	err = hosted_add_fd(h, fd, (int)h->args[4], true);
	if (err)
		return err;
	h->answer = ANSWER_NATIVE;
	return 0;
}

static s64 do_umask(struct task *t, struct hosted *h, const s64 *a)
{
	h->proc->umask = (u32)a[0] & 0777;
	h->answer = ANSWER_NATIVE;
	return 0;
}

const struct hosted_call hosted_file_calls[] = {
	{ SYS_close, do_close },
	{ SYS_close_range, do_close_range },
	{ SYS_fcntl, do_fcntl },
	{ SYS_flock, do_flock },
	{ SYS_ioctl, do_ioctl },
	{ SYS_mmap, do_mmap },
	{ SYS_umask, do_umask },
	{ 0, NULL },
};

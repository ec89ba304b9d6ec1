/* SPDX-License-Identifier: MIT */
/*
 * open(2) and its kin: the supervisor opens a native file, so that the description can be handed on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process/hosted_path.h"
#include "stack/tun.h"

static s64 install(struct task *t, struct file *f, int flags)
{
	int fd = fd_install(t, f, 0, flags & O_CLOEXEC);

	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

/* Opening a FIFO waits for the other side, which would be the whole world: there are none here. */
static int open_real(struct hosted *h, int dir, const char *path, int flags, u32 mode)
{
	mode_t before = umask(h->proc->umask);
	struct stat st;
	int fd = -1;

	if (!(flags & O_PATH) && !fstatat(dir, path, &st, 0) && S_ISFIFO(st.st_mode))
		errno = EOPNOTSUPP;
	else
		fd = openat(dir, path, flags | O_CLOEXEC | O_NOCTTY, mode);
	umask(before);
	return fd < 0 ? -errno : fd;
}

static s64 open_native(struct task *t, struct hosted *h, int dirfd, const char *path, int flags,
		       u32 mode)
{
	struct hosted_place at;
	int fd = hosted_place(h, dirfd, path, &at);

	if (fd < 0)
		return fd;
	fd = open_real(h, at.dir, at.path, flags, mode);
	hosted_place_free(&at);
	if (fd < 0)
		return fd;
	return install(t, hosted_native_file(t->host, fd, (u32)flags, path), flags);
}

/* As opening a terminal or a pipe again: the same description serves. */
static s64 reopen(struct task *t, struct file *f, int flags)
{
	file_get(f);
	return install(t, f, flags);
}

static s64 open_path(struct task *t, struct hosted *h, int dirfd, const char *path, int flags,
		     u32 mode)
{
	int fd = path ? hosted_named_descriptor(path) : -1;

	char full[PATH_MAX];
	struct file *virtual;
	int err = 0;

	if (!path)
		return -EFAULT;
	if (!*path)
		return -ENOENT;
	if (fd >= 0) {
		struct file *f = fd_lookup(t->proc->files, fd);

		if (!f)
			return -ENOENT;
		if (hosted_native_fd(f) < 0)
			return reopen(t, f, flags);
	}
	if (hosted_absolute(h, dirfd, path, full)) {
		if (!strcmp(full, "/dev/net/tun"))
			return install(t, tun_open(t, flags), flags);
		virtual = procfs_open(t, full, flags, &err);
		if (virtual)
			return install(t, virtual, flags);
		if (err)
			return err;
	}
	return open_native(t, h, dirfd, path, flags, mode);
}

static s64 do_open(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, AT_FDCWD, arg_text(a[0]), (int)a[1], (u32)a[2]);
}

static s64 do_openat(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, (int)a[0], arg_text(a[1]), (int)a[2], (u32)a[3]);
}

static s64 do_creat(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, AT_FDCWD, arg_text(a[0]), O_CREAT | O_WRONLY | O_TRUNC, (u32)a[1]);
}

/* Native, so that it can be mapped. */
static s64 do_memfd_create(struct task *t, struct hosted *h, const s64 *a)
{
	unsigned flags = (unsigned)a[1];
	int fd;

	if (!a[0])
		return -EFAULT;
	fd = memfd_create(arg_text(a[0]), flags | MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	return install(t, hosted_native_file(t->host, fd, O_RDWR, NULL),
		       flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}

const struct hosted_call hosted_open_calls[] = {
	{ SYS_open, do_open },
	{ SYS_openat, do_openat },
	{ SYS_creat, do_creat },
	{ SYS_memfd_create, do_memfd_create },
	{ 0, NULL },
};

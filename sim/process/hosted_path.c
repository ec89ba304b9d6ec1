/* SPDX-License-Identifier: MIT */
/*
 * Calls that name files: which are the simulated host's, which the real system's.
 *
 * /proc, /sys and /etc files that describe the host are the simulator's (stack/procfs.h); everything else
 * is native. A native file is opened by the supervisor, from the program's point of view (its working
 * directory, its umask, its /proc/self), so that the description can be handed on; calls that only look at
 * a path go on in the program itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process/hosted_int.h"
#include "stack/syscalls.h"

/* ---- names --------------------------------------------------------------------------------------- */

/* The directory that dirfd stands for, as the supervisor sees it; or negative errno. Opened with O_PATH. */
static int base_directory(struct hosted *h, int dirfd)
{
	char link[64];
	int fd;

	if (dirfd == AT_FDCWD) {
		snprintf(link, sizeof(link), "/proc/%d/cwd", h->tid);
		fd = open(link, O_PATH | O_CLOEXEC);
	} else {
		struct file *f = fd_lookup(h->u->task->proc->files, dirfd);

		if (!f)
			return -EBADF;
		if (hosted_native_fd(f) < 0)
			return -ENOTDIR;
		fd = fcntl(hosted_native_fd(f), F_DUPFD_CLOEXEC, 3);
	}
	return fd < 0 ? -errno : fd;
}

/* Behind a prefix of whole names; NULL: path is elsewhere. */
static const char *below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(path, prefix, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/* What the supervisor must not take for its own: /proc/self is the program's. */
static void own_proc(struct hosted *h, const char *path, char *to, size_t size)
{
	const char *rest = below(path, "/proc/self");

	if (rest) {
		snprintf(to, size, "/proc/%d%s", h->proc->tgid, rest);
		return;
	}
	rest = below(path, "/proc/thread-self");
	if (rest)
		snprintf(to, size, "/proc/%d/task/%d%s", h->proc->tgid, h->tid, rest);
	else
		snprintf(to, size, "%s", path);
}

/* The descriptor that a path like /dev/stdout or /proc/self/fd/1 names; -1: another path. */
static int named_descriptor(const char *path)
{
	static const char *const streams[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
	const char *rest;
	char *end;
	long fd;

	for (int i = 0; i < 3; i++) {
		if (!strcmp(path, streams[i]))
			return i;
	}
	rest = below(path, "/proc/self/fd");
	if (!rest)
		rest = below(path, "/dev/fd");
	if (!rest || rest[0] != '/' || !rest[1])
		return -1;
	fd = strtol(rest + 1, &end, 10);
	return *end || fd > INT_MAX ? -1 : (int)fd;
}

/* ---- opening ------------------------------------------------------------------------------------- */

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
	char own[PATH_MAX + 64];
	int dir = AT_FDCWD, fd;

	if (!*path)
		return -ENOENT;
	if (path[0] == '/') {
		own_proc(h, path, own, sizeof(own));
		path = own;
	} else {
		dir = base_directory(h, dirfd);
		if (dir < 0)
			return dir;
	}
	fd = open_real(h, dir, path, flags, mode);
	if (dir >= 0)
		close(dir);
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
	int fd = path ? named_descriptor(path) : -1;

	if (!path)
		return -EFAULT;
	if (fd >= 0) {
		struct file *f = fd_lookup(t->proc->files, fd);

		if (!f)
			return -ENOENT;
		if (hosted_native_fd(f) < 0)
			return reopen(t, f, flags);
	}
	return open_native(t, h, dirfd, path, flags, mode);
}

static const char *text(s64 a)
{
	return (const char *)(uintptr_t)a;
}

static s64 do_open(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, AT_FDCWD, text(a[0]), (int)a[1], (u32)a[2]);
}

static s64 do_openat(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, (int)a[0], text(a[1]), (int)a[2], (u32)a[3]);
}

static s64 do_creat(struct task *t, struct hosted *h, const s64 *a)
{
	return open_path(t, h, AT_FDCWD, text(a[0]), O_CREAT | O_WRONLY | O_TRUNC, (u32)a[1]);
}

/* Native, so that it can be mapped. */
static s64 do_memfd_create(struct task *t, struct hosted *h, const s64 *a)
{
	unsigned flags = (unsigned)a[1];
	int fd;

	if (!a[0])
		return -EFAULT;
	fd = memfd_create(text(a[0]), flags | MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	return install(t, hosted_native_file(t->host, fd, O_RDWR, NULL),
		       flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}

/* fstat() of a simulated file, as glibc makes it: no path. */
static s64 do_newfstatat(struct task *t, struct hosted *h, const s64 *a)
{
	return sys_fstat(t, (int)a[0], (struct stat *)(uintptr_t)a[2]);
}

const struct hosted_call hosted_path_calls[] = {
	{ SYS_open, do_open },
	{ SYS_openat, do_openat },
	{ SYS_creat, do_creat },
	{ SYS_memfd_create, do_memfd_create },
	{ SYS_newfstatat, do_newfstatat },
	{ 0, NULL },
};

/* ---- what goes on natively ----------------------------------------------------------------------- */

/* Calls on a descriptor, native when that is; all others of those numbers are simulated. */
static const u16 by_fd[] = {
	SYS_read, SYS_write, SYS_fstat, SYS_lseek, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev,
	SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_fsync, SYS_fdatasync, SYS_ftruncate,
	SYS_getdents, SYS_getdents64, SYS_fchmod, SYS_fchown, SYS_fstatfs, SYS_fadvise64,
	SYS_fallocate, SYS_sync_file_range, SYS_fgetxattr, SYS_flistxattr, SYS_fsetxattr,
	SYS_fremovexattr, SYS_fchdir, SYS_readahead, SYS_syncfs, SYS_flock,
};

/* Calls on paths that only the real file system has. */
static const u16 by_path[] = {
	SYS_stat, SYS_lstat, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_readlink,
	SYS_readlinkat, SYS_chdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat,
	SYS_rmdir, SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_unlink, SYS_unlinkat,
	SYS_chmod, SYS_fchmodat, SYS_chown, SYS_lchown, SYS_fchownat, SYS_utime, SYS_utimes,
	SYS_futimesat, SYS_utimensat, SYS_truncate, SYS_statfs, SYS_mknod, SYS_mknodat,
	SYS_getxattr, SYS_lgetxattr, SYS_setxattr, SYS_lsetxattr, SYS_listxattr, SYS_llistxattr,
	SYS_removexattr, SYS_lremovexattr, SYS_statx,
};

static bool among(const u16 *list, size_t n, int nr)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == nr)
			return true;
	}
	return false;
}

static bool is_empty(struct hosted *h, u64 addr)
{
	char c = 1;

	return !addr || (!hosted_read(h, addr, &c, 1) && !c);
}

/* AT_EMPTY_PATH: the file is dirfd's. */
static bool passes_stat(struct hosted *h, int flags)
{
	if (!(flags & AT_EMPTY_PATH) || !is_empty(h, h->args[1]))
		return true;
	return (int)h->args[0] == AT_FDCWD || hosted_fd_native(h, (int)h->args[0]);
}

bool hosted_passes(struct hosted *h)
{
	switch (h->nr) {
	case SYS_newfstatat:
		return passes_stat(h, (int)h->args[3]);
	case SYS_ioctl:
		return (u32)h->args[1] != FIOCLEX && (u32)h->args[1] != FIONCLEX &&
		       hosted_fd_native(h, (int)h->args[0]);
	case SYS_fcntl:
		return (int)h->args[1] != F_DUPFD && (int)h->args[1] != F_DUPFD_CLOEXEC &&
		       (int)h->args[1] != F_GETFD && (int)h->args[1] != F_SETFD &&
		       hosted_fd_native(h, (int)h->args[0]);
	default:
		if (among(by_fd, ARRAY_SIZE(by_fd), h->nr))
			return hosted_fd_native(h, (int)h->args[0]);
		return among(by_path, ARRAY_SIZE(by_path), h->nr);
	}
}

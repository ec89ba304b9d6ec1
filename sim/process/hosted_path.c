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
#include "stack/procfs.h"
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

/* "a/./b//../c" to "a/c", in place; a leading slash stays. */
void hosted_normalise(char *path)
{
	char *to = path;

	for (const char *p = path; *p;) {
		size_t len;

		while (*p == '/')
			p++;
		len = strcspn(p, "/");
		if (!len)
			break;
		if (len == 2 && !strncmp(p, "..", 2)) {
			while (to > path && *--to != '/')
				;
		} else if (len != 1 || *p != '.') {
			*to++ = '/';
			memmove(to, p, len);
			to += len;
		}
		p += len;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

/*
 * The absolute, normalised form of what the program names, to ask whether it is virtual. False: it cannot
 * be (a relative path whose directory is native and no part of /proc or /sys).
 */
static bool absolute(struct hosted *h, int dirfd, const char *path, char to[PATH_MAX])
{
	struct task *t = h->u->task;
	const char *base = NULL;
	char cwd[PATH_MAX], link[64];
	ssize_t n;

	if (path[0] == '/') {
		snprintf(to, PATH_MAX, "%s", path);
	} else {
		if (dirfd == AT_FDCWD) {
			snprintf(link, sizeof(link), "/proc/%d/cwd", h->tid);
			n = readlink(link, cwd, sizeof(cwd) - 1);
			cwd[max(n, (ssize_t)0)] = '\0';
			base = cwd;
		} else {
			struct file *f = fd_lookup(t->proc->files, dirfd);

			base = f ? procfs_path(f) : NULL;
			if (!base && f && hosted_native_fd(f) >= 0 && f->ops->name)
				base = f->ops->name(f);
		}
		if (!base || base[0] != '/' ||
		    (size_t)snprintf(to, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
			return false;
	}
	hosted_normalise(to);
	return true;
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
	if (absolute(h, dirfd, path, full)) {
		virtual = procfs_open(t, full, flags, &err);
		if (virtual)
			return install(t, virtual, flags);
		if (err)
			return err;
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

/* ---- looking at paths: only those that are virtual come here, see passes_path() ------------------- */

static s64 virtual_stat(struct task *t, struct hosted *h, int dirfd, const char *path, int flags,
			struct stat *st)
{
	char full[PATH_MAX];

	if (!path || !st)
		return -EFAULT;
	if (!absolute(h, dirfd, path, full))
		return -ENOENT;
	return flags & AT_SYMLINK_NOFOLLOW ? procfs_lstat(t, full, st) : procfs_stat(t, full, st);
}

static s64 do_stat(struct task *t, struct hosted *h, const s64 *a)
{
	return virtual_stat(t, h, AT_FDCWD, text(a[0]), h->nr == SYS_lstat ? AT_SYMLINK_NOFOLLOW : 0,
			    (struct stat *)(uintptr_t)a[1]);
}

/* fstat() of a simulated file, as glibc makes it, has no path. */
static s64 do_newfstatat(struct task *t, struct hosted *h, const s64 *a)
{
	struct stat *st = (struct stat *)(uintptr_t)a[2];

	if ((int)a[3] & AT_EMPTY_PATH && (!a[1] || !*text(a[1])))
		return st ? sys_fstat(t, (int)a[0], st) : -EFAULT;
	return virtual_stat(t, h, (int)a[0], text(a[1]), (int)a[3], st);
}

static struct statx_timestamp stamp(const struct timespec *ts)
{
	return (struct statx_timestamp){ .tv_sec = ts->tv_sec, .tv_nsec = (u32)ts->tv_nsec };
}

static s64 do_statx(struct task *t, struct hosted *h, const s64 *a)
{
	struct statx *sx = (struct statx *)(uintptr_t)a[4];
	struct stat st = { 0 };
	s64 ret;

	if (!sx)
		return -EFAULT;
	if ((int)a[2] & AT_EMPTY_PATH && (!a[1] || !*text(a[1])))
		ret = sys_fstat(t, (int)a[0], &st);
	else
		ret = virtual_stat(t, h, (int)a[0], text(a[1]), (int)a[2], &st);
	if (ret)
		return ret;
	*sx = (struct statx){
		.stx_mask = STATX_BASIC_STATS, .stx_blksize = (u32)st.st_blksize,
		.stx_nlink = (u32)st.st_nlink, .stx_uid = st.st_uid, .stx_gid = st.st_gid,
		.stx_mode = (u16)st.st_mode, .stx_ino = st.st_ino, .stx_size = (u64)st.st_size,
		.stx_blocks = (u64)st.st_blocks, .stx_atime = stamp(&st.st_atim),
		.stx_ctime = stamp(&st.st_ctim), .stx_mtime = stamp(&st.st_mtim),
	};
	return 0;
}

static s64 virtual_access(struct task *t, struct hosted *h, int dirfd, const char *path, int mode)
{
	char full[PATH_MAX];

	if (!path)
		return -EFAULT;
	return absolute(h, dirfd, path, full) ? procfs_access(t, full, mode) : -ENOENT;
}

static s64 do_access(struct task *t, struct hosted *h, const s64 *a)
{
	if (h->nr == SYS_access)
		return virtual_access(t, h, AT_FDCWD, text(a[0]), (int)a[1]);
	return virtual_access(t, h, (int)a[0], text(a[1]), (int)a[2]);
}

static s64 do_readlink(struct task *t, struct hosted *h, const s64 *a)
{
	int at = h->nr == SYS_readlinkat;
	char full[PATH_MAX];
	s64 len = a[1 + at + 1];

	if (!a[at] || !a[at + 1])
		return -EFAULT;
	if ((int)len <= 0)
		return -EINVAL;
	if (!absolute(h, at ? (int)a[0] : AT_FDCWD, text(a[at]), full))
		return -ENOENT;
	return procfs_readlink(t, full, (char *)(uintptr_t)a[at + 1], (size_t)(int)len);
}

const struct hosted_call hosted_path_calls[] = {
	{ SYS_open, do_open },
	{ SYS_openat, do_openat },
	{ SYS_creat, do_creat },
	{ SYS_memfd_create, do_memfd_create },
	{ SYS_stat, do_stat },
	{ SYS_lstat, do_stat },
	{ SYS_newfstatat, do_newfstatat },
	{ SYS_statx, do_statx },
	{ SYS_access, do_access },
	{ SYS_faccessat, do_access },
	{ SYS_faccessat2, do_access },
	{ SYS_readlink, do_readlink },
	{ SYS_readlinkat, do_readlink },
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
	SYS_chdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat,
	SYS_rmdir, SYS_link, SYS_linkat, SYS_symlink, SYS_symlinkat, SYS_unlink, SYS_unlinkat,
	SYS_chmod, SYS_fchmodat, SYS_chown, SYS_lchown, SYS_fchownat, SYS_utime, SYS_utimes,
	SYS_futimesat, SYS_utimensat, SYS_truncate, SYS_statfs, SYS_mknod, SYS_mknodat,
	SYS_getxattr, SYS_lgetxattr, SYS_setxattr, SYS_lsetxattr, SYS_listxattr, SYS_llistxattr,
	SYS_removexattr, SYS_lremovexattr,
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

/* True unless the simulator has that name. */
static bool passes_path(struct hosted *h, int dirfd, u64 addr)
{
	char path[PATH_MAX], full[PATH_MAX];
	struct stat st;

	if (hosted_read_string(h, addr, path, sizeof(path)) <= 0)
		return true;
	if (!absolute(h, dirfd, path, full))
		return true;
	return procfs_lstat(h->u->task, full, &st) == 1;
}

/* AT_EMPTY_PATH: the file is dirfd's. */
static bool passes_stat(struct hosted *h, int flags)
{
	if (!(flags & AT_EMPTY_PATH) || !is_empty(h, h->args[1]))
		return passes_path(h, (int)h->args[0], h->args[1]);
	return (int)h->args[0] == AT_FDCWD || hosted_fd_native(h, (int)h->args[0]);
}

bool hosted_passes(struct hosted *h)
{
	switch (h->nr) {
	case SYS_newfstatat:
		return passes_stat(h, (int)h->args[3]);
	case SYS_statx:
		return passes_stat(h, (int)h->args[2]);
	case SYS_stat:
	case SYS_lstat:
	case SYS_access:
	case SYS_readlink:
		return passes_path(h, AT_FDCWD, h->args[0]);
	case SYS_faccessat:
	case SYS_faccessat2:
	case SYS_readlinkat:
		return passes_path(h, (int)h->args[0], h->args[1]);
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

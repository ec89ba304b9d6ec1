/* SPDX-License-Identifier: MIT */
/*
 * Calls that are not ours after all: on a native descriptor at a low number, or about a path that is not
 * virtual. They go on natively at once, without a row and without virtual time.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "sim/process/hosted_path.h"

/* Calls on a descriptor, native when that is; all others of those numbers are simulated. */
static const u16 by_fd[] = {
	SYS_read, SYS_write, SYS_lseek, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev,
	SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_fsync, SYS_fdatasync, SYS_ftruncate,
	SYS_getdents, SYS_getdents64, SYS_fchmod, SYS_fchown, SYS_fstatfs, SYS_fadvise64,
	SYS_fallocate, SYS_sync_file_range, SYS_fgetxattr, SYS_flistxattr, SYS_fsetxattr,
	SYS_fremovexattr, SYS_readahead, SYS_syncfs,
};

/* Calls on paths that only the real file system has. */
static const u16 by_path[] = {
	SYS_rename, SYS_renameat, SYS_renameat2, SYS_mkdir, SYS_mkdirat,
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

/* True unless the simulator has that name, or the name of a process in it. */
static bool passes_path(struct hosted *h, int dirfd, u64 addr)
{
	char path[PATH_MAX], full[PATH_MAX];
	struct stat st;

	if (hosted_read_string(h, addr, path, sizeof(path)) <= 0)
		return true;
	if (!hosted_absolute(h, dirfd, path, full))
		return true;
	return strncmp(full, "/proc/", 6) && procfs_lstat(h->u->task, full, &st) == 1;
}

bool hosted_passes(struct hosted *h)
{
	switch (h->nr) {
	case SYS_getcwd:
		return !h->proc->cwd;
	case SYS_chdir:
		return !h->proc->cwd && passes_path(h, AT_FDCWD, h->args[0]);
	case SYS_fchdir:
		return !h->proc->cwd && hosted_fd_native(h, (int)h->args[0]);
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
		       hosted_fd_native(h, (int)h->args[0]) && !hosted_lock_waits(h);
	case SYS_flock:
		return hosted_fd_native(h, (int)h->args[0]) && !hosted_lock_waits(h);
	case SYS_mmap:
		return hosted_fd_native(h, (int)h->args[4]);
	case SYS_copy_file_range:
		return hosted_fd_native(h, (int)h->args[0]) && hosted_fd_native(h, (int)h->args[2]);
	default:
		if (among(by_fd, ARRAY_SIZE(by_fd), h->nr))
			return hosted_fd_native(h, (int)h->args[0]);
		return among(by_path, ARRAY_SIZE(by_path), h->nr) && !hosted_names_virtual(h);
	}
}

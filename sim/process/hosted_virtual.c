/* SPDX-License-Identifier: MIT */
/*
 * Calls that change names, owners and attributes, made on virtual files: the real files of those names
 * are not theirs to change. They have no extended attributes, as files of /proc have none (xattr(7)),
 * and lie on a file system that is read-only. Names of AF_UNIX sockets are the exception: they can be
 * removed, and have modes and owners.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sim/process/hosted_path.h"

#define CWD (-1)

/* Where the call has its paths, and the directories that they are relative to. */
static const struct {
	u16 nr;
	s8 dir, path, dir2, path2; /* numbers of arguments; path2 0: there is no second path */
} calls[] = {
	{ SYS_rename, CWD, 0, CWD, 1 },	      { SYS_renameat, 0, 1, 2, 3 },
	{ SYS_renameat2, 0, 1, 2, 3 },	      { SYS_mkdir, CWD, 0, 0, 0 },
	{ SYS_mkdirat, 0, 1, 0, 0 },	      { SYS_rmdir, CWD, 0, 0, 0 },
	{ SYS_link, CWD, 0, CWD, 1 },	      { SYS_linkat, 0, 1, 2, 3 },
	{ SYS_symlink, CWD, 1, 0, 0 },	      { SYS_symlinkat, 1, 2, 0, 0 },
	{ SYS_unlink, CWD, 0, 0, 0 },	      { SYS_unlinkat, 0, 1, 0, 0 },
	{ SYS_chmod, CWD, 0, 0, 0 },	      { SYS_fchmodat, 0, 1, 0, 0 },
	{ SYS_chown, CWD, 0, 0, 0 },	      { SYS_lchown, CWD, 0, 0, 0 },
	{ SYS_fchownat, 0, 1, 0, 0 },	      { SYS_utime, CWD, 0, 0, 0 },
	{ SYS_utimes, CWD, 0, 0, 0 },	      { SYS_futimesat, 0, 1, 0, 0 },
	{ SYS_utimensat, 0, 1, 0, 0 },	      { SYS_truncate, CWD, 0, 0, 0 },
	{ SYS_mknod, CWD, 0, 0, 0 },	      { SYS_mknodat, 0, 1, 0, 0 },
	{ SYS_getxattr, CWD, 0, 0, 0 },	      { SYS_lgetxattr, CWD, 0, 0, 0 },
	{ SYS_setxattr, CWD, 0, 0, 0 },	      { SYS_lsetxattr, CWD, 0, 0, 0 },
	{ SYS_listxattr, CWD, 0, 0, 0 },      { SYS_llistxattr, CWD, 0, 0, 0 },
	{ SYS_removexattr, CWD, 0, 0, 0 },    { SYS_lremovexattr, CWD, 0, 0, 0 },
};

static bool is_virtual(struct hosted *h, int dir, int arg)
{
	int dirfd = dir == CWD ? AT_FDCWD : (int)h->args[dir];
	char path[PATH_MAX], full[PATH_MAX];
	struct stat st;

	if (hosted_read_string(h, h->args[arg], path, sizeof(path)) <= 0 ||
	    !hosted_absolute(h, dirfd, path, full))
		return false;
	/* The real process does not stand where this name is to be looked for. */
	if (dir == CWD && h->proc->cwd && path[0] != '/')
		return true;
	/* A name that is not there, but would be in a place that has only virtual ones, is none. */
	return procfs_lstat(h->u->task, full, &st) != 1;
}

bool hosted_names_virtual(struct hosted *h)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].nr != h->nr)
			continue;
		return is_virtual(h, calls[i].dir, calls[i].path) ||
		       (calls[i].path2 && is_virtual(h, calls[i].dir2, calls[i].path2));
	}
	return false;
}

/* The path at this argument in full; the call is about a virtual one, so there is one. */
static const char *full_path(struct hosted *h, const s64 *a, int dir, int arg, char to[PATH_MAX])
{
	return hosted_absolute(h, dir == CWD ? AT_FDCWD : (int)a[dir], arg_text(a[arg]), to) ? to : "";
}

/* Of virtual files only the names of sockets can go. */
static s64 remove_name(struct task *t, const char *path)
{
	s64 ret = sys_unlink(t, path);

	return ret == -ENOENT ? -EROFS : ret;
}

static s64 do_unlink(struct task *t, struct hosted *h, const s64 *a)
{
	char path[PATH_MAX];

	return remove_name(t, full_path(h, a, CWD, 0, path));
}

static s64 do_unlinkat(struct task *t, struct hosted *h, const s64 *a)
{
	char path[PATH_MAX];

	if ((int)a[2] & AT_REMOVEDIR)
		return -ENOTDIR;
	return remove_name(t, full_path(h, a, 0, 1, path));
}

static s64 do_chmod(struct task *t, struct hosted *h, const s64 *a)
{
	char path[PATH_MAX];

	if (h->nr == SYS_chmod)
		return procfs_socket_chmod(t, full_path(h, a, CWD, 0, path), (u32)a[1]);
	return procfs_socket_chmod(t, full_path(h, a, 0, 1, path), (u32)a[2]);
}

static s64 do_chown(struct task *t, struct hosted *h, const s64 *a)
{
	char path[PATH_MAX];

	if (h->nr != SYS_fchownat)
		return procfs_socket_chown(t, full_path(h, a, CWD, 0, path), (u32)a[1], (u32)a[2]);
	return procfs_socket_chown(t, full_path(h, a, 0, 1, path), (u32)a[2], (u32)a[3]);
}

static s64 read_only(struct task *t, struct hosted *h, const s64 *a)
{
	return -EROFS;
}

static s64 no_attributes(struct task *t, struct hosted *h, const s64 *a)
{
	return -EOPNOTSUPP;
}

static s64 empty_list(struct task *t, struct hosted *h, const s64 *a)
{
	return 0;
}

const struct hosted_call hosted_virtual_calls[] = {
	{ SYS_rename, read_only },	     { SYS_renameat, read_only },
	{ SYS_renameat2, read_only },	     { SYS_mkdir, read_only },
	{ SYS_mkdirat, read_only },	     { SYS_rmdir, read_only },
	{ SYS_link, read_only },	     { SYS_linkat, read_only },
	{ SYS_symlink, read_only },	     { SYS_symlinkat, read_only },
	{ SYS_unlink, do_unlink },	     { SYS_unlinkat, do_unlinkat },
	{ SYS_chmod, do_chmod },	     { SYS_fchmodat, do_chmod },
	{ SYS_chown, do_chown },	     { SYS_lchown, do_chown },
	{ SYS_fchownat, do_chown },	     { SYS_utime, read_only },
	{ SYS_utimes, read_only },	     { SYS_futimesat, read_only },
	{ SYS_utimensat, read_only },	     { SYS_truncate, read_only },
	{ SYS_mknod, read_only },	     { SYS_mknodat, read_only },
	{ SYS_getxattr, no_attributes },     { SYS_lgetxattr, no_attributes },
	{ SYS_setxattr, no_attributes },     { SYS_lsetxattr, no_attributes },
	{ SYS_listxattr, empty_list },	     { SYS_llistxattr, empty_list },
	{ SYS_removexattr, no_attributes },  { SYS_lremovexattr, no_attributes },
	{ SYS_fgetxattr, no_attributes },    { SYS_flistxattr, empty_list },
	{ SYS_fsetxattr, no_attributes },    { SYS_fremovexattr, no_attributes },
	{ 0, NULL },
};

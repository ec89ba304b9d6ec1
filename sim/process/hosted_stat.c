/* SPDX-License-Identifier: MIT */
/*
 * Calls that look at files: stat(2) and its kin, access(2), readlink(2).
 *
 * What exists, and how large it is, is the real system's or the virtual files'. Times are not: those of
 * files that the run itself writes would be of the real clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sim/process/hosted_path.h"

/* ---- times --------------------------------------------------------------------------------------- */

static struct timespec epoch_of(const struct hosted *h)
{
	return (struct timespec){ .tv_sec = h->proc->hw->w->epoch / NSEC_PER_SEC };
}

static bool since_start(const struct hosted *h, s64 sec, s64 nsec)
{
	const struct timespec *s = &h->proc->hw->started;

	return sec > s->tv_sec || (sec == s->tv_sec && nsec >= s->tv_nsec);
}

static void fix(const struct hosted *h, struct timespec *ts)
{
	if (since_start(h, ts->tv_sec, ts->tv_nsec))
		*ts = epoch_of(h);
}

void hosted_fix_times(const struct hosted *h, struct stat *st)
{
	fix(h, &st->st_atim);
	fix(h, &st->st_mtim);
	fix(h, &st->st_ctim);
}

static void fix_statx(const struct hosted *h, struct statx_timestamp *ts)
{
	struct timespec epoch = epoch_of(h);

	if (since_start(h, ts->tv_sec, ts->tv_nsec))
		*ts = (struct statx_timestamp){ .tv_sec = epoch.tv_sec };
}

/* ---- stat ---------------------------------------------------------------------------------------- */

/* fstat(), by whatever name. */
static s64 stat_descriptor(struct task *t, struct hosted *h, int fd, struct stat *st)
{
	struct file *f = fd_lookup(t->proc->files, fd);

	if (!f || hosted_native_fd(f) < 0)
		return sys_fstat(t, fd, st);
	if (fstat(hosted_native_fd(f), st) < 0)
		return -errno;
	hosted_fix_times(h, st);
	return 0;
}

static s64 stat_native(struct hosted *h, int dirfd, const char *path, int flags, struct stat *st)
{
	struct hosted_place at;
	int err = hosted_place(h, dirfd, path, &at);

	if (err)
		return err;
	err = fstatat(at.dir, at.path, st, flags) < 0 ? -errno : 0;
	hosted_place_free(&at);
	if (!err)
		hosted_fix_times(h, st);
	return err;
}

static s64 stat_path(struct task *t, struct hosted *h, int dirfd, const char *path, int flags,
		     struct stat *st)
{
	char full[PATH_MAX];
	int ret = 1;

	if (!path || !st)
		return -EFAULT;
	if (!*path && flags & AT_EMPTY_PATH && dirfd != AT_FDCWD)
		return stat_descriptor(t, h, dirfd, st);
	if (*path && hosted_absolute(h, dirfd, path, full))
		ret = flags & AT_SYMLINK_NOFOLLOW ? procfs_lstat(t, full, st) :
						    procfs_stat(t, full, st);
	return ret == 1 ? stat_native(h, dirfd, path, flags, st) : ret;
}

static struct stat *arg_stat(s64 a)
{
	return (struct stat *)(uintptr_t)a;
}

static s64 do_stat(struct task *t, struct hosted *h, const s64 *a)
{
	return stat_path(t, h, AT_FDCWD, arg_text(a[0]), h->nr == SYS_lstat ? AT_SYMLINK_NOFOLLOW : 0,
			 arg_stat(a[1]));
}

static s64 do_fstat(struct task *t, struct hosted *h, const s64 *a)
{
	return a[1] ? stat_descriptor(t, h, (int)a[0], arg_stat(a[1])) : -EFAULT;
}

static s64 do_newfstatat(struct task *t, struct hosted *h, const s64 *a)
{
	return stat_path(t, h, (int)a[0], arg_text(a[1]), (int)a[3], arg_stat(a[2]));
}

static struct statx_timestamp stamp(const struct timespec *ts)
{
	return (struct statx_timestamp){ .tv_sec = ts->tv_sec, .tv_nsec = (u32)ts->tv_nsec };
}

static void to_statx(const struct stat *st, struct statx *sx)
{
	*sx = (struct statx){
		.stx_mask = STATX_BASIC_STATS, .stx_blksize = (u32)st->st_blksize,
		.stx_nlink = (u32)st->st_nlink, .stx_uid = st->st_uid, .stx_gid = st->st_gid,
		.stx_mode = (u16)st->st_mode, .stx_ino = st->st_ino, .stx_size = (u64)st->st_size,
		.stx_dev_major = major(st->st_dev), .stx_dev_minor = minor(st->st_dev),
		.stx_rdev_major = major(st->st_rdev), .stx_rdev_minor = minor(st->st_rdev),
		.stx_blocks = (u64)st->st_blocks, .stx_atime = stamp(&st->st_atim),
		.stx_ctime = stamp(&st->st_ctim), .stx_mtime = stamp(&st->st_mtim),
	};
}

static s64 statx_native(struct hosted *h, int dirfd, const char *path, int flags, u32 mask,
			struct statx *sx)
{
	struct hosted_place at;
	struct file *f;
	int err;

	if (!*path && flags & AT_EMPTY_PATH && dirfd != AT_FDCWD) {
		f = fd_lookup(h->u->task->proc->files, dirfd);
		at.dir = fcntl(hosted_native_fd(f), F_DUPFD_CLOEXEC, 3);
		at.path[0] = '\0';
		err = at.dir < 0 ? -errno : 0;
	} else {
		err = hosted_place(h, dirfd, path, &at);
	}
	if (err)
		return err;
	err = statx(at.dir, at.path, flags, mask, sx) < 0 ? -errno : 0;
	hosted_place_free(&at);
	if (err)
		return err;
	fix_statx(h, &sx->stx_atime);
	fix_statx(h, &sx->stx_btime);
	fix_statx(h, &sx->stx_ctime);
	fix_statx(h, &sx->stx_mtime);
	return 0;
}

/* Whether the simulator answers; and then what. */
static bool stat_simulated(struct task *t, struct hosted *h, int dirfd, const char *path, int flags,
			   struct stat *st, s64 *ret)
{
	char full[PATH_MAX];

	if (!*path && flags & AT_EMPTY_PATH && dirfd != AT_FDCWD) {
		struct file *f = fd_lookup(t->proc->files, dirfd);

		if (f && hosted_native_fd(f) >= 0)
			return false;
		*ret = sys_fstat(t, dirfd, st);
		return true;
	}
	if (!*path || !hosted_absolute(h, dirfd, path, full))
		return false;
	*ret = flags & AT_SYMLINK_NOFOLLOW ? procfs_lstat(t, full, st) : procfs_stat(t, full, st);
	return *ret != 1;
}

static s64 do_statx(struct task *t, struct hosted *h, const s64 *a)
{
	struct statx *sx = (struct statx *)(uintptr_t)a[4];
	const char *path = arg_text(a[1]);
	struct stat st = { 0 };
	s64 ret;

	if (!sx || !path)
		return -EFAULT;
	if (!stat_simulated(t, h, (int)a[0], path, (int)a[2], &st, &ret))
		return statx_native(h, (int)a[0], path, (int)a[2], (u32)a[3], sx);
	if (!ret)
		to_statx(&st, sx);
	return ret;
}

/* ---- access and readlink: only what is virtual comes here, see hosted_pass.c ---------------------- */

static s64 virtual_access(struct task *t, struct hosted *h, int dirfd, const char *path, int mode)
{
	struct hosted_place at;
	char full[PATH_MAX];
	s64 ret = 1;

	if (!path)
		return -EFAULT;
	if (hosted_absolute(h, dirfd, path, full))
		ret = procfs_access(t, full, mode);
	if (ret != 1)
		return ret;
	ret = hosted_place(h, dirfd, path, &at);
	if (ret)
		return ret;
	ret = faccessat(at.dir, at.path, mode, 0) < 0 ? -errno : 0;
	hosted_place_free(&at);
	return ret;
}

static s64 do_access(struct task *t, struct hosted *h, const s64 *a)
{
	if (h->nr == SYS_access)
		return virtual_access(t, h, AT_FDCWD, arg_text(a[0]), (int)a[1]);
	return virtual_access(t, h, (int)a[0], arg_text(a[1]), (int)a[2]);
}

static s64 do_readlink(struct task *t, struct hosted *h, const s64 *a)
{
	int at = h->nr == SYS_readlinkat, dirfd = at ? (int)a[0] : AT_FDCWD, len = (int)a[at + 2];
	char *buf = (char *)(uintptr_t)a[at + 1], full[PATH_MAX];
	struct hosted_place place;
	ssize_t n = -EXDEV;

	if (!a[at] || !buf)
		return -EFAULT;
	if (len <= 0)
		return -EINVAL;
	if (hosted_absolute(h, dirfd, arg_text(a[at]), full))
		n = procfs_readlink(t, full, buf, (size_t)len);
	if (n != -EXDEV)
		return n;
	n = hosted_place(h, dirfd, arg_text(a[at]), &place);
	if (n)
		return n;
	n = readlinkat(place.dir, place.path, buf, (size_t)len);
	hosted_place_free(&place);
	return n < 0 ? -errno : n;
}

const struct hosted_call hosted_stat_calls[] = {
	{ SYS_stat, do_stat },
	{ SYS_lstat, do_stat },
	{ SYS_fstat, do_fstat },
	{ SYS_newfstatat, do_newfstatat },
	{ SYS_statx, do_statx },
	{ SYS_access, do_access },
	{ SYS_faccessat, do_access },
	{ SYS_faccessat2, do_access },
	{ SYS_readlink, do_readlink },
	{ SYS_readlinkat, do_readlink },
	{ 0, NULL },
};

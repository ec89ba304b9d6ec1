/* SPDX-License-Identifier: MIT */
/*
 * Calls on descriptors that say something of a file as one of a file system: fstatfs(2), fsync(2),
 * posix_fadvise(2), fallocate(2), fchmod(2). cat, find and their like make them on whatever they open.
 */
#include <linux/falloc.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "stack/capability.h"
#include "stack/memfile.h"
#include "stack/procfs.h"
#include "stack/sock.h"
#include "stack/syscalls.h"

#define ST_VALID 0x0020
#ifndef ST_RELATIME
#define ST_RELATIME 4096
#endif

/* The type of the file system that a file lies on. */
static s64 fs_magic(const struct file *f)
{
	const char *path = procfs_path(f);

	if (path && strncmp(path, "/proc", 5) == 0)
		return PROC_SUPER_MAGIC;
	if (path && strncmp(path, "/sys", 4) == 0)
		return SYSFS_MAGIC;
	if (path)
		return EXT4_SUPER_MAGIC;
	if (S_ISSOCK(f->mode))
		return SOCKFS_MAGIC;
	if (S_ISFIFO(f->mode))
		return PIPEFS_MAGIC;
	if (S_ISREG(f->mode) || S_ISCHR(f->mode))
		return TMPFS_MAGIC;
	return ANON_INODE_FS_MAGIC;
}

/* File systems without blocks: what is on them has no size (statfs(2)). */
s64 sys_fstatfs(struct task *t, int fd, struct statfs *buf)
{
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (!buf)
		return -EFAULT;
	memset(buf, 0, sizeof(*buf));
	buf->f_type = fs_magic(f);
	buf->f_bsize = buf->f_frsize = 4096;
	buf->f_namelen = 255;
	buf->f_flags = ST_VALID | (procfs_path(f) ? ST_RELATIME : 0);
	return 0;
}

/* Only of file systems that keep pages; sysfs says yes all the same. */
s64 sys_fsync(struct task *t, int fd)
{
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	return memfile_is(f) || fs_magic(f) == SYSFS_MAGIC ? 0 : -EINVAL;
}

/* An advice about pages that nothing here keeps. */
s64 sys_fadvise64(struct task *t, int fd, s64 off, s64 len, int advice)
{
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (S_ISFIFO(f->mode))
		return -ESPIPE;
	return len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

/* Nothing that is simulated can be told to have room. */
s64 sys_fallocate(struct task *t, int fd, int mode, s64 off, s64 len)
{
	struct file *f = fd_file(t, fd);

	if (!f)
		return -EBADF;
	if (off < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (S_ISFIFO(f->mode))
		return -ESPIPE;
	if (S_ISDIR(f->mode))
		return -EISDIR;
	return S_ISREG(f->mode) ? -EOPNOTSUPP : -ENODEV;
}

/* A socket's mode bounds nobody, but fstat() shows it. */
s64 sys_fchmod(struct task *t, int fd, u32 mode)
{
	struct file *f = fd_file(t, fd);
	const struct sock *sk;

	if (!f)
		return -EBADF;
	sk = sock_from_file(f);
	if (!sk)
		return procfs_path(f) ? -EROFS : -EOPNOTSUPP;
	if (sk->uid != t->proc->uid && !capable(t, CAP_FOWNER))
		return -EPERM;
	f->mode = (f->mode & S_IFMT) | (mode & 07777);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Calls on descriptors that say something of a file as one of a file system: fstatfs(2), fsync(2),
 * posix_fadvise(2). cat, find and their like make them on whatever they open.
 */
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "stack/memfile.h"
#include "stack/procfs.h"
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

/* SPDX-License-Identifier: MIT */
/*
 * Names of AF_UNIX sockets in the file system (unix(7), "Pathname sockets"), as calls on paths see them:
 * they exist on the host only, whatever the real file system has there. Found by the very text that bind(2)
 * was given. Who may connect is not asked for: the mode is kept and shown.
 */
#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "stack/af_unix.h"
#include "stack/capability.h"
#include "stack/procfs_priv.h"

#define DISK_DEV makedev(0, 23) /* where the files of /etc lie too */

bool procfs_socket_stat(struct task *t, const char *path, struct stat *st)
{
	const struct unix_address *a = unix_path_find(t->host->net, path);

	if (!a)
		return false;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFSOCK | a->mode;
	st->st_nlink = 1;
	st->st_ino = procfs_ino(path);
	st->st_dev = DISK_DEV;
	st->st_uid = a->uid;
	st->st_gid = a->gid;
	st->st_blksize = 4096;
	st->st_mtim.tv_sec = host_realtime(t->host, 0) / NSEC_PER_SEC;
	st->st_atim = st->st_ctim = st->st_mtim;
	return true;
}

int procfs_socket_access(struct task *t, const char *path, int mode)
{
	const struct unix_address *a = unix_path_find(t->host->net, path);
	u32 bits = a->mode;

	if (t->proc->uid == a->uid)
		bits >>= 6;
	else if (t->proc->gid == a->gid)
		bits >>= 3;
	if (!((u32)mode & ~bits & 7))
		return 0;
	if (capable(t, CAP_DAC_OVERRIDE) && (!(mode & 1) || a->mode & 0111))
		return 0;
	return -EACCES;
}

static bool may_change(struct task *t, const struct unix_address *a, int cap)
{
	return (t->proc->uid == a->uid && cap == CAP_FOWNER) || capable(t, cap);
}

int procfs_socket_chmod(struct task *t, const char *path, u32 mode)
{
	struct unix_address *a = unix_path_find(t->host->net, path);

	if (!a)
		return -EROFS;
	if (!may_change(t, a, CAP_FOWNER))
		return -EPERM;
	a->mode = mode & 07777;
	return 0;
}

int procfs_socket_chown(struct task *t, const char *path, u32 uid, u32 gid)
{
	struct unix_address *a = unix_path_find(t->host->net, path);

	if (!a)
		return -EROFS;
	if (!may_change(t, a, CAP_CHOWN))
		return -EPERM;
	a->uid = uid == UINT32_MAX ? a->uid : uid;
	a->gid = gid == UINT32_MAX ? a->gid : gid;
	return 0;
}

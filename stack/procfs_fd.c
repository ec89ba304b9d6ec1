/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/fd and /proc/PID/fdinfo (proc_pid_fd(5), proc_pid_fdinfo(5)): what descriptors stand for.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "stack/pidfd.h"
#include "stack/procfs_priv.h"

#define ANON_MNT_ID 15 /* of the mount that no path leads to */

struct file *procfs_fd_file(const struct procfs_at *at)
{
	struct process *p = process_find(at->host, at->pid);

	return p && p->files ? fd_lookup(p->files, at->fd - 1) : NULL;
}

bool procfs_fd_native(const struct procfs_at *at)
{
	struct file *f = at->fd ? procfs_fd_file(at) : NULL;

	return f && strcmp(f->ops->kind, "native") == 0;
}

void file_link_target(struct file *f, char *buf, size_t len)
{
	const char *name = f->ops->name ? f->ops->name(f) : NULL;
	const char *kind = f->ops->kind;

	if (name)
		snprintf(buf, len, "%s", name);
	else if (strcmp(kind, "socket") == 0 || strcmp(kind, "pipe") == 0)
		snprintf(buf, len, "%s:[%llu]", kind, (unsigned long long)f->ino);
	else if (S_ISREG(f->mode))
		snprintf(buf, len, "/memfd: (deleted)");
	else if (S_ISCHR(f->mode))
		snprintf(buf, len, "/dev/%s", kind);
	else
		snprintf(buf, len, "anon_inode:[%s]", kind);
}

static int fd_link(struct seq_file *m)
{
	struct file *f = procfs_fd_file(&m->at);
	char target[PROCFS_PATH_MAX];

	if (!f)
		return -ENOENT;
	file_link_target(f, target, sizeof(target));
	seq_puts(m, target);
	return 0;
}

static int fdinfo_show(struct seq_file *m)
{
	struct process *p = process_find(m->at.host, m->at.pid);
	struct file *f = procfs_fd_file(&m->at);
	u32 flags;
	int pid;

	if (!f)
		return -ENOENT;
	flags = f->flags | (p->files->fd[m->at.fd - 1].cloexec ? O_CLOEXEC : 0);
	seq_printf(m, "pos:\t%llu\nflags:\t0%o\nmnt_id:\t%d\nino:\t%llu\n",
		   (unsigned long long)f->pos, flags, ANON_MNT_ID, (unsigned long long)f->ino);
	if (pidfd_info(f, &pid))
		seq_printf(m, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
	return 0;
}

const struct procfs_entry procfs_fd_entries[] = {
	{ .path = "/proc/%pid/fd/%fd", .mode = S_IFLNK | 0700, .show = fd_link },
	{ .path = "/proc/%pid/fdinfo/%fd", .mode = S_IFREG | 0444, .show = fdinfo_show },
	{ .path = "/proc/%pid/task/%tid/fd/%fd", .mode = S_IFLNK | 0700, .show = fd_link },
	{ .path = "/proc/%pid/task/%tid/fdinfo/%fd", .mode = S_IFREG | 0444, .show = fdinfo_show },
	{ 0 },
};

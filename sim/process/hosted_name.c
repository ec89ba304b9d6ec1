/* SPDX-License-Identifier: MIT */
/*
 * Names of files: from the program's point of view to the supervisor's (hosted_path.h).
 */
#include "sim/process/hosted_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The real process behind a simulated pid; 0: there is none. */
static pid_t real_pid(struct hosted *h, long pid)
{
	struct task *t = pid > 0 && pid <= INT_MAX ? task_find(h->u->task->host, (int)pid) : NULL;

	if (!t || !t->proc || task_utask(t)->prog != &hosted_program_ops)
		return 0;
	return utask_hosted(task_utask(t))->proc->tgid;
}

/* /proc/self is the program's, not the supervisor's, and numbers in /proc are simulated pids. */
static void own_proc(struct hosted *h, const char *path, char *to, size_t size)
{
	const char *rest = below(path, "/proc/self");
	char *end;
	long pid;

	if (rest) {
		snprintf(to, size, "/proc/%d%s", h->proc->tgid, rest);
		return;
	}
	rest = below(path, "/proc/thread-self");
	if (rest) {
		snprintf(to, size, "/proc/%d/task/%d%s", h->proc->tgid, h->tid, rest);
		return;
	}
	rest = below(path, "/proc");
	if (rest && rest[0] == '/' && rest[1] >= '0' && rest[1] <= '9') {
		pid = strtol(rest + 1, &end, 10);
		snprintf(to, size, "/proc/%d%s", real_pid(h, pid), end);
		return;
	}
	snprintf(to, size, "%s", path);
}

int hosted_named_descriptor(const char *path)
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

bool hosted_absolute(struct hosted *h, int dirfd, const char *path, char to[PATH_MAX])
{
	struct task *t = h->u->task;
	const char *base = NULL;
	char cwd[PATH_MAX], link[64];
	ssize_t n;

	if (path[0] == '/') {
		snprintf(to, PATH_MAX, "%s", path);
	} else {
		if (dirfd == AT_FDCWD && h->proc->cwd) {
			base = h->proc->cwd;
		} else if (dirfd == AT_FDCWD) {
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

int hosted_place(struct hosted *h, int dirfd, const char *path, struct hosted_place *at)
{
	char full[PATH_MAX];

	at->dir = AT_FDCWD;
	/* From a virtual directory there is no real one to start from. */
	if (path[0] != '/' && dirfd == AT_FDCWD && h->proc->cwd) {
		if (!hosted_absolute(h, dirfd, path, full))
			return -ENAMETOOLONG;
		path = full;
	}
	if (path[0] == '/') {
		own_proc(h, path, at->path, sizeof(at->path));
		return 0;
	}
	at->dir = base_directory(h, dirfd);
	snprintf(at->path, sizeof(at->path), "%s", path);
	return at->dir < 0 ? at->dir : 0;
}

void hosted_place_free(struct hosted_place *at)
{
	if (at->dir >= 0)
		close(at->dir);
}

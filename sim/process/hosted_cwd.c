/* SPDX-License-Identifier: MIT */
/*
 * The working directory, when it is a virtual one: chdir(2), fchdir(2), getcwd(2). The real process stays
 * where it was; its name for what is relative is asked for in hosted_absolute().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/process/hosted_path.h"

static void set_cwd(struct hosted *h, const char *path)
{
	free(h->proc->cwd);
	h->proc->cwd = path ? xstrdup(path) : NULL;
}

/* Out of a virtual directory, into a real one: that must be there before the virtual one is left. */
static s64 leave(struct hosted *h, int dirfd, const char *path)
{
	struct hosted_place at;
	struct stat st;
	int err;

	/* The real process would look from where it stands, which is elsewhere. */
	if (h->proc->cwd && path[0] && path[0] != '/')
		return -ENOENT;
	if (path[0]) {
		err = hosted_place(h, dirfd, path, &at);
		if (err)
			return err;
		err = fstatat(at.dir, at.path, &st, 0) < 0 ? -errno : 0;
		hosted_place_free(&at);
		if (err)
			return err;
		if (!S_ISDIR(st.st_mode))
			return -ENOTDIR;
	}
	set_cwd(h, NULL);
	h->answer = ANSWER_NATIVE;
	return 0;
}

static s64 do_chdir(struct task *t, struct hosted *h, const s64 *a)
{
	const char *path = arg_text(a[0]);
	char full[PATH_MAX];
	struct stat st;
	int ret = 1;

	if (!path)
		return -EFAULT;
	if (!*path)
		return -ENOENT;
	if (hosted_absolute(h, AT_FDCWD, path, full))
		ret = procfs_stat(t, full, &st);
	if (ret < 0)
		return ret;
	if (ret == 1)
		return leave(h, AT_FDCWD, path);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	ret = procfs_access(t, full, X_OK);
	if (ret)
		return ret;
	set_cwd(h, full);
	return 0;
}

static s64 do_fchdir(struct task *t, struct hosted *h, const s64 *a)
{
	struct file *f = fd_lookup(t->proc->files, (int)a[0]);

	if (!f)
		return -EBADF;
	if (!S_ISDIR(f->mode))
		return -ENOTDIR;
	if (!procfs_path(f))
		return leave(h, (int)a[0], "");
	set_cwd(h, procfs_path(f));
	return 0;
}

/* Only of a virtual directory; see hosted_passes(). */
static s64 do_getcwd(struct task *t, struct hosted *h, const s64 *a)
{
	size_t len = strlen(h->proc->cwd) + 1;

	if (!a[0])
		return -EFAULT;
	if ((u64)a[1] < len)
		return -ERANGE;
	memcpy((char *)(uintptr_t)a[0], h->proc->cwd, len);
	return (s64)len;
}

const struct hosted_call hosted_cwd_calls[] = {
	{ SYS_chdir, do_chdir },
	{ SYS_fchdir, do_fchdir },
	{ SYS_getcwd, do_getcwd },
	{ 0, NULL },
};

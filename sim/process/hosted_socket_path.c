/* SPDX-License-Identifier: MIT */
/*
 * Pathnames of AF_UNIX sockets of hosted programs (unix(7)).
 *
 * The socket's name exists on the simulated host alone, under its absolute path: a real file would be seen by
 * other hosts and by the next run. The real file system says whether its directory is there, and whether
 * something else has the name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "sim/process/hosted_path.h"

/* The directory that a path names a file of, as text. */
static void directory_of(const char *path, char to[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		strcpy(to, ".");
	else if (slash == path)
		strcpy(to, "/");
	else
		snprintf(to, PATH_MAX, "%.*s", (int)(slash - path), path);
}

static s64 look(struct hosted *h, const char *path, struct stat *st)
{
	struct hosted_place at;
	s64 ret = hosted_place(h, AT_FDCWD, path, &at);

	if (ret < 0)
		return ret;
	if (fstatat(at.dir, at.path, st, 0))
		ret = -errno;
	hosted_place_free(&at);
	return ret;
}

s64 hosted_socket_path(struct utask *u, const char *path, char key[])
{
	struct hosted *h = u->program;
	char dir[PATH_MAX];
	struct stat st;
	s64 ret;

	if (!hosted_absolute(h, AT_FDCWD, path, key))
		return -ENAMETOOLONG;
	directory_of(path, dir);
	ret = look(h, dir, &st);
	if (ret)
		return ret;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return look(h, path, &st) ? 0 : -EEXIST;
}

/* SPDX-License-Identifier: MIT */
/*
 * Virtual files from a scripted process: open(2) of them as a program that opens paths would make it.
 */
#ifndef TESTS_UNIT_PROCFS_PROG_H
#define TESTS_UNIT_PROCFS_PROG_H

#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stack/procfs.h"

#define NOT_VIRTUAL 1000000

static __unused_arg struct task *prog_task(struct vproc *p)
{
	return task_find(vproc_host(p), (int)vcall(p, SYS_gettid));
}

/* A descriptor, -errno, or NOT_VIRTUAL. */
static __unused_arg int vopen(struct vproc *p, const char *path, int flags)
{
	struct task *t = prog_task(p);
	int err;
	struct file *f = procfs_open(t, path, flags, &err);

	if (!f)
		return err ? err : NOT_VIRTUAL;
	return fd_install(t, f, 0, flags & O_CLOEXEC);
}

/* The whole text, read by pieces of len; freed by the caller. */
static __unused_arg char *slurp(struct vproc *p, const char *path, size_t len)
{
	int fd = vopen(p, path, O_RDONLY);
	size_t have = 0;
	char *buf = calloc(1, 1);
	s64 n;

	if (fd < 0 || fd == NOT_VIRTUAL)
		fail_msg("%s: %d", path, fd);
	do {
		buf = realloc(buf, have + len + 1);
		n = vcall(p, SYS_read, fd, buf + have, len);
		if (n < 0)
			fail_msg("reading %s: %d", path, (int)n);
		have += (size_t)n;
	} while (n);
	buf[have] = 0;
	assert_int_equal(vcall(p, SYS_close, fd), 0);
	return buf;
}

static __unused_arg void expect_text(struct vproc *p, const char *path, const char *text)
{
	char *got = slurp(p, path, 4096);

	if (strcmp(got, text) != 0)
		fail_msg("%s:\n%s\ninstead of:\n%s", path, got, text);
	free(got);
}

/* write(2) of a text to a path: bytes or -errno. */
static __unused_arg int put(struct vproc *p, const char *path, const char *text)
{
	int fd = vopen(p, path, O_WRONLY);
	s64 ret;

	if (fd < 0)
		return fd;
	ret = vcall(p, SYS_write, fd, text, strlen(text));
	vcall(p, SYS_close, fd);
	return (int)ret;
}

/* "name name ..." in the order of getdents64; freed by the caller. size: of the buffer of one call. */
static __unused_arg char *list(struct vproc *p, const char *path, size_t size)
{
	int fd = vopen(p, path, O_RDONLY | O_DIRECTORY);
	char *out = calloc(1, 1 << 16), *buf = malloc(size);
	s64 n;

	if (fd < 0 || fd == NOT_VIRTUAL)
		fail_msg("%s: %d", path, fd);
	while ((n = vcall(p, SYS_getdents64, fd, buf, size)) > 0) {
		for (s64 at = 0; at < n;) {
			const struct dirent64 *d = (const struct dirent64 *)(void *)(buf + at);

			strcat(out, d->d_name);
			strcat(out, " ");
			assert_int_equal(d->d_reclen % 8, 0);
			at += d->d_reclen;
		}
	}
	assert_int_equal(n, 0);
	assert_int_equal(vcall(p, SYS_close, fd), 0);
	free(buf);
	return out;
}

static __unused_arg void expect_list(struct vproc *p, const char *path, const char *names)
{
	char *got = list(p, path, 4096);

	if (strcmp(got, names) != 0)
		fail_msg("%s lists:\n%s\ninstead of:\n%s", path, got, names);
	free(got);
}

#endif

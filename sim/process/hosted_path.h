/* SPDX-License-Identifier: MIT */
/*
 * Names of files as a hosted program means them: between hosted_name.c, hosted_open.c, hosted_stat.c and
 * hosted_pass.c.
 *
 * /proc, /sys and /etc files that describe the host are the simulator's (stack/procfs.h); everything else
 * is native, looked at from the program's point of view: its working directory, its /proc/self.
 */
#ifndef SIM_PROCESS_HOSTED_PATH_H
#define SIM_PROCESS_HOSTED_PATH_H

#include <limits.h>
#include <sys/stat.h>

#include "sim/process/hosted_int.h"
#include "stack/procfs.h"
#include "stack/syscalls.h"

/* Where the supervisor finds what the program names: for openat(2) and its kin. */
struct hosted_place {
	int dir; /* a descriptor to be closed, or AT_FDCWD */
	char path[PATH_MAX + 64];
};

/* 0, or negative errno: dirfd is no directory. */
int hosted_place(struct hosted *h, int dirfd, const char *path, struct hosted_place *at);
void hosted_place_free(struct hosted_place *at);
/*
 * The absolute, normalised form of what the program names, to ask whether it is virtual. False: it
 * cannot be.
 */
bool hosted_absolute(struct hosted *h, int dirfd, const char *path, char to[PATH_MAX]);
/* The descriptor that a path like /dev/stdout or /proc/self/fd/1 names; -1: another path. */
int hosted_named_descriptor(const char *path);

/* True when a call that changes names or attributes is about a virtual file; hosted_virtual.c. */
bool hosted_names_virtual(struct hosted *h);

/* Times of what has changed since the run began would differ from run to run: they are the epoch's. */
void hosted_fix_times(const struct hosted *h, struct stat *st);

static inline const char *arg_text(s64 a)
{
	return (const char *)(uintptr_t)a;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The virtual files of a simulated host: /proc and /sys as a whole, and the few files of /etc and
 * /dev that would tell of the real machine (/etc/hosts, /etc/resolv.conf, /dev/urandom...).
 *
 * They exist for programs that open paths. What is not virtual is the caller's to open natively:
 * everything outside these places, and in /proc/PID what only the real process has (exe, maps, mem,
 * environ...). A name below /proc or /sys that this module does not know does not exist, lest a
 * program see the machine that it really runs on.
 *
 * Paths are absolute and normalised: no "//", no "." or "..".
 */
#ifndef STACK_PROCFS_H
#define STACK_PROCFS_H

#include "stack/file.h"

struct stat;

/*
 * Opens a path for t with flags as of open(2). NULL: with *err 0 the path is not virtual, else *err
 * is the negative errno.
 */
struct file *procfs_open(struct task *t, const char *path, int flags, int *err);
/* stat(2) and lstat(2): 0, negative errno, or 1: not virtual. */
int procfs_stat(struct task *t, const char *path, struct stat *st);
int procfs_lstat(struct task *t, const char *path, struct stat *st);
/* access(2) with mode R_OK..., faccessat's effective ids: 0, negative errno, or 1: not virtual. */
int procfs_access(struct task *t, const char *path, int mode);
/*
 * readlink(2) of a symbolic link: the length (cut off at len), negative errno, or -EXDEV: not
 * virtual.
 */
int procfs_readlink(struct task *t, const char *path, char *buf, size_t len);
/*
 * chmod(2) and chown(2) of a virtual path: 0 or negative errno. Only names of AF_UNIX sockets, which are
 * virtual wherever they are, have modes and owners to change; all else is on a file system that is read-only.
 */
int procfs_socket_chmod(struct task *t, const char *path, u32 mode);
int procfs_socket_chown(struct task *t, const char *path, u32 uid, u32 gid);
/* The path of an open virtual file, for openat(2) relative to it; NULL: no file of this module. */
const char *procfs_path(const struct file *f);

/* The target of /proc/PID/fd/N for a file of any kind: "socket:[12]". At most len bytes with the
 * zero byte. */
void file_link_target(struct file *f, char *buf, size_t len);

#endif

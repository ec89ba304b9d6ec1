/* SPDX-License-Identifier: MIT */
/*
 * What the procfs_*.c files share: tables of entries, and the text that an entry prints.
 *
 * Theory of operation
 *
 * Each group of files has one table: (path pattern, mode, show, store). A component of a pattern
 * that begins with '%' stands for many names (struct procfs_wild in procfs_wild.c): %pid, %tid, %fd,
 * %if, %rxq, %txq, %cpu. Directories are implied by the paths below them; a row of its own gives a
 * directory another mode. Finding a path is matching it against every row, and listing a directory
 * is collecting the next component of every row below: no tree is kept, nothing is kept for a host,
 * and names always agree with what exists now.
 *
 * /proc/sys/net is the one exception: its names are those of stack/sysctl.c's table.
 *
 * A file's text is made at once when it is read at position 0 and kept for the reads that follow,
 * as a seq_file's would be.
 */
#ifndef STACK_PROCFS_PRIV_H
#define STACK_PROCFS_PRIV_H

#include <stdarg.h>

#include "stack/net.h"
#include "stack/procfs.h"

/* What the wildcards of a path stand for. Numbers, not pointers: what they name may go. */
struct procfs_at {
	struct host *host;
	int pid, tid, ifindex;	/* 0 where the path has none */
	int fd, queue, cpu;	/* one more than the number; 0: none */
	const char *sysctl;		       /* "net.core.somaxconn"; of sysctl.c's table */
};

/* Text that a file shows. */
struct seq_file {
	struct procfs_at at;
	struct task *reader;
	char *buf;
	size_t len, cap;
};

void seq_putn(struct seq_file *m, const char *s, size_t n);
void seq_puts(struct seq_file *m, const char *s);
void seq_printf(struct seq_file *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Blanks until what was written since from is width bytes wide. */
void seq_pad(struct seq_file *m, size_t from, size_t width);

/* The host's CPUs among bits, as "%*pb" prints them, and a newline. */
void seq_cpumask(struct seq_file *m, const u64 bits[4]);

#define PF_NATIVE 1u   /* listed, but the caller's to open: the real process has it */
#define PF_ABSENT 2u   /* does not exist, whatever the real file system has */
#define PF_SIZED 4u    /* st_size is the text's length, as of a file on a disk; not writable: EROFS */
#define PF_SYSCTL 8u   /* permissions and positions of /proc/sys */
#define PF_ONCE 16u    /* a read at a position beyond 0 finds the end: numbers of /proc/sys */
#define PF_NO_WRITE 32u /* opening for writing is EACCES, even for root: /proc/net, sysfs */

struct procfs_entry {
	const char *path;
	u32 mode; /* S_IFREG, S_IFDIR, S_IFLNK or S_IFCHR, and permissions */
	/* Prints the text, or the target of a link; 0 or negative errno. */
	int (*show)(struct seq_file *m);
	/* text: what was written, with a zero byte after it; bytes taken or negative errno. */
	s64 (*store)(struct task *t, const struct procfs_at *at, const char *text, size_t len);
	u32 flags;
	const char *text; /* what it shows, if that never changes */
	const struct file_ops *ops; /* a device's own; NULL: a file with show and store */
	u32 rdev;
};

/* A path that was found. */
struct procfs_node {
	const struct procfs_entry *e; /* NULL: a directory that other rows imply. Also of PF_NATIVE */
	const char *pattern;	      /* of the directory: the first patlen bytes of some row's path */
	size_t patlen;
	u32 mode, flags;
	struct procfs_at at;
	const char *path; /* with links resolved; the caller's */
};

/* ---- procfs.c ---- */
#define PROCFS_PATH_MAX 4096 /* PATH_MAX */
/* 0, -ENOENT, -ENOTDIR, or 1: not virtual. path has no links to be followed. */
int procfs_lookup(struct host *h, const char *path, struct procfs_node *n);
u64 procfs_ino(const char *path);
/* Owner of a node: the process's, or root. */
u32 procfs_uid(const struct procfs_node *n);
u32 procfs_gid(const struct procfs_node *n);
/* The rows of all groups in one order; the cursor is 0 at first. NULL: that was the last. */
struct procfs_cursor {
	size_t group, row;
};
const struct procfs_entry *procfs_next(struct procfs_cursor *c);

/* ---- procfs_wild.c ---- */
/* Binds a component to a wildcard; false: there is no such thing now. */
bool procfs_wild_match(struct procfs_at *at, const char *wild, size_t wlen, const char *comp,
		       size_t len);
/* The next name after *cursor (0 at first) in order; false: no more. */
bool procfs_wild_next(const struct procfs_at *at, const char *wild, size_t wlen, s64 *cursor,
		      char name[64]);

/* ---- procfs_file.c ---- */
struct file *procfs_file_new(struct task *t, const struct procfs_node *n, int flags);
/* Fills st for a node; the text's length is computed for PF_SIZED. */
void procfs_fill_stat(struct task *t, const struct procfs_node *n, struct stat *st);
/* What a link points to, or what a file shows now. The caller frees m->buf. */
int procfs_show(struct task *t, const struct procfs_node *n, struct seq_file *m);

/* ---- procfs_dir.c ---- */
struct procfs_dirent {
	char name[64];
	u8 type; /* DT_* */
};
struct procfs_dir {
	struct procfs_dirent *ent;
	u32 n, cap;
};
/* The names of a directory in the order that getdents64 gives, without "." and "..". */
int procfs_list(const struct procfs_node *n, struct procfs_dir *d);
void procfs_dir_add(struct procfs_dir *d, const char *name, size_t len, u8 type);

/* ---- procfs_sysctl.c: the part that is no table ---- */
/* path begins with "/proc/sys/net". As procfs_lookup(). */
int procfs_sysctl_lookup(struct host *h, const char *path, struct procfs_node *n);
void procfs_sysctl_list(const char *path, struct procfs_dir *d);

/* ---- procfs_socket.c: names of AF_UNIX sockets ---- */
/* False: no socket has this name. */
bool procfs_socket_stat(struct task *t, const char *path, struct stat *st);
/* Of one that is there. 0 or -EACCES. */
int procfs_socket_access(struct task *t, const char *path, int mode);

/* ---- procfs_inet.c ---- */
struct sock;
/* st_ino of the socket's file; 0: it has none. */
u64 procfs_sock_ino(const struct sock *sk);

/* The device that a path is about: there while a file is shown or stored to. */
static inline struct net_device *procfs_device(const struct procfs_at *at)
{
	return dev_get_by_index(at->host, at->ifindex);
}

/* ---- procfs_fd.c ---- */
/* What a path's descriptor stands for; NULL: it is closed. */
struct file *procfs_fd_file(const struct procfs_at *at);
/* True when that is a file of the real system. */
bool procfs_fd_native(const struct procfs_at *at);

/* ---- helpers of store functions ---- */
/* One unsigned number as kstrtoul() with base 0 reads it: 0 or -EINVAL, -ERANGE. */
int procfs_parse_ulong(const char *text, u64 *v);

/* Tables; each ends with a NULL path. */
extern const struct procfs_entry procfs_etc_entries[];
extern const struct procfs_entry procfs_dev_entries[];
extern const struct procfs_entry procfs_sysctl_entries[];
extern const struct procfs_entry procfs_host_entries[];
extern const struct procfs_entry procfs_pid_entries[];
extern const struct procfs_entry procfs_fd_entries[];
extern const struct procfs_entry procfs_inet_entries[];
extern const struct procfs_entry procfs_netdev_entries[];
extern const struct procfs_entry procfs_route_entries[];
extern const struct procfs_entry procfs_snmp_entries[];
extern const struct procfs_entry procfs_unix_entries[];
extern const struct procfs_entry sysfs_cpu_entries[];
extern const struct procfs_entry sysfs_net_entries[];
extern const struct procfs_entry sysfs_queue_entries[];

#endif

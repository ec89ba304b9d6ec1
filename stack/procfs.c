/* SPDX-License-Identifier: MIT */
/*
 * Virtual files: from a path to a row of a table (procfs_priv.h has the theory), and what open(2),
 * stat(2) and readlink(2) make of it. Names and modes are those of Linux 6.18 (proc(5), sysfs(5)).
 */
#include "stack/procfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stack/capability.h"
#include "stack/procfs_priv.h"
#include "stack/syscall.h"

#define MAX_LINKS 40 /* path_resolution(7) */

static const struct procfs_entry *const groups[] = {
	procfs_host_entries,   procfs_pid_entries,    procfs_fd_entries,   procfs_inet_entries,
	procfs_netdev_entries, procfs_route_entries,  procfs_snmp_entries, procfs_unix_entries,
	procfs_sysctl_entries, sysfs_cpu_entries,     sysfs_net_entries,   procfs_etc_entries,
	procfs_dev_entries,    sysfs_queue_entries,
};

const struct procfs_entry *procfs_next(struct procfs_cursor *c)
{
	const struct procfs_entry *e;

	while (c->group < ARRAY_SIZE(groups)) {
		e = &groups[c->group][c->row++];
		if (e->path)
			return e;
		c->group++;
		c->row = 0;
	}
	return NULL;
}

/* The component at p (which begins with '/'): its length; *next behind it. */
static size_t component(const char *p, const char **name, const char **next)
{
	*name = p + 1;
	*next = strchrnul(*name, '/');
	return (size_t)(*next - *name);
}

/*
 * What wildcards made of components, so that many rows with one wildcard look once: a host may have
 * thousands of processes.
 */
struct wild_memo {
	struct {
		const char *wild, *name;
		size_t wlen;
		bool found;
		struct procfs_at at;
	} seen[6];
	u32 n;
};

static bool match_wild(struct wild_memo *memo, struct procfs_at *at, const char *wild, size_t wlen,
		       const char *name, size_t len)
{
	bool found;

	for (u32 i = 0; i < memo->n; i++) {
		if (memo->seen[i].name != name || memo->seen[i].wlen != wlen ||
		    memcmp(memo->seen[i].wild, wild, wlen))
			continue;
		if (memo->seen[i].found)
			*at = memo->seen[i].at;
		return memo->seen[i].found;
	}
	found = procfs_wild_match(at, wild, wlen, name, len);
	if (memo->n < ARRAY_SIZE(memo->seen)) {
		memo->seen[memo->n].wild = wild;
		memo->seen[memo->n].wlen = wlen;
		memo->seen[memo->n].name = name;
		memo->seen[memo->n].found = found;
		memo->seen[memo->n++].at = *at;
	}
	return found;
}

enum match { MATCH_NONE, MATCH_EXACT, MATCH_DIR, MATCH_BELOW };

/*
 * MATCH_DIR: the path is a directory on the way to the row, *used bytes of whose pattern it took.
 * MATCH_BELOW: the row's path is a part of the path.
 */
static enum match match_row(const struct procfs_entry *e, const char *path, struct wild_memo *memo,
			    struct procfs_at *at, size_t *used)
{
	const char *pat = e->path;

	while (*pat && *path) {
		const char *pname, *pnext, *name, *next;
		size_t plen = component(pat, &pname, &pnext), len = component(path, &name, &next);

		if (*pname == '%') {
			if (!match_wild(memo, at, pname, plen, name, len))
				return MATCH_NONE;
		} else if (plen != len || memcmp(pname, name, len)) {
			return MATCH_NONE;
		}
		pat = pnext;
		path = next;
	}
	*used = (size_t)(pat - e->path);
	if (!*pat)
		return *path ? MATCH_BELOW : MATCH_EXACT;
	return MATCH_DIR;
}

/* True for path itself and everything below dir. */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/');
}

/* Places of which nothing else may be seen. */
static bool owned(const char *path)
{
	return is_below(path, "/proc") || is_below(path, "/sys");
}

static bool may_be_virtual(const char *path)
{
	return owned(path) || is_below(path, "/etc") || is_below(path, "/dev");
}

static void node_set(struct procfs_node *n, const struct procfs_entry *e, const char *path,
		     const struct procfs_at *at, size_t used, bool exact)
{
	n->pattern = e->path;
	n->patlen = used;
	n->at = *at;
	n->path = path;
	n->e = exact ? e : NULL;
	n->mode = exact ? e->mode : S_IFDIR | (is_below(path, "/sys") ? 0755 : 0555);
	n->flags = exact ? e->flags : 0;
}

int procfs_lookup(struct host *h, const char *path, struct procfs_node *n)
{
	const struct procfs_entry *e;
	bool own = owned(path), below = false;
	struct wild_memo memo = { .n = 0 };
	struct procfs_cursor rows = { 0 };

	n->e = NULL;
	if (!may_be_virtual(path))
		return 1;
	if (is_below(path, "/proc/sys/net"))
		return procfs_sysctl_lookup(h, path, n);
	n->pattern = NULL;
	while ((e = procfs_next(&rows))) {
		struct procfs_at at = { .host = h };
		size_t used;

		/* /proc, /sys, /etc, /dev: most rows are in another of them. */
		if (e->path[1] != path[1])
			continue;
		switch (match_row(e, path, &memo, &at, &used)) {
		case MATCH_EXACT:
			if (e->flags & PF_ABSENT)
				return -ENOENT;
			node_set(n, e, path, &at, used, true);
			return e->flags & PF_NATIVE || procfs_fd_native(&at) ? 1 : 0;
		case MATCH_DIR:
			if (own && !n->pattern)
				node_set(n, e, path, &at, used, false);
			break;
		case MATCH_BELOW:
			if (e->flags & PF_NATIVE || procfs_fd_native(&at))
				return 1;
			below |= !S_ISDIR(e->mode);
			break;
		case MATCH_NONE:
			break;
		}
	}
	if (n->pattern)
		return 0;
	if (!own && !below)
		return 1;
	return below ? -ENOTDIR : -ENOENT;
}

/* FNV-1a of the path: stable, and different enough that no program takes two files for one. */
u64 procfs_ino(const char *path)
{
	u64 hash = 0xcbf29ce484222325ull;

	if (strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0)
		return 1;
	for (; *path; path++)
		hash = (hash ^ (u8)*path) * 0x100000001b3ull;
	return (hash ^ hash >> 32) & 0xffffffff;
}

static const struct process *node_owner(const struct procfs_node *n)
{
	return n->at.pid ? process_find(n->at.host, n->at.pid) : NULL;
}

u32 procfs_uid(const struct procfs_node *n)
{
	const struct process *p = node_owner(n);

	return p ? p->uid : 0;
}

u32 procfs_gid(const struct procfs_node *n)
{
	const struct process *p = node_owner(n);

	return p ? p->gid : 0;
}

/* ---- links ----------------------------------------------------------------------------------- */

/* out = the directory of a link's path, the link's target, the rest. 0 or -ENAMETOOLONG. */
static int splice_link(char out[PROCFS_PATH_MAX], const char *path, size_t linklen,
		       const char *target)
{
	char tmp[PROCFS_PATH_MAX];
	size_t dir = linklen;
	int n;

	while (path[dir - 1] != '/')
		dir--;
	/* Targets that climb up do so at their beginning only. */
	while (*target == '.' && target[1] == '.' && target[2] == '/' && dir > 1) {
		target += 3;
		do
			dir--;
		while (path[dir - 1] != '/');
	}
	if (*target == '/')
		dir = 0;
	if (strcmp(target, "/") == 0 && path[linklen])
		target = "";
	n = snprintf(tmp, sizeof(tmp), "%.*s%s%s", (int)dir, path, target, path + linklen);
	if (n >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	memcpy(out, tmp, (size_t)n + 1);
	return 0;
}

/* A link of /proc/PID/fd to what has no path; that of a virtual file is one like others. */
static bool leads_to_file(const struct procfs_node *n)
{
	struct file *f = n->at.fd ? procfs_fd_file(&n->at) : NULL;

	return n->at.fd && (!f || !procfs_path(f));
}

/* The files of a thread's net are its process's: the path without "/task/TID". */
static void drop_task(struct host *h, char path[PROCFS_PATH_MAX])
{
	char *task = strstr(path, "/task/"), *net;
	struct procfs_node n;
	int ret;

	if (strncmp(path, "/proc/", 6) || !task)
		return;
	net = strchr(task + 6, '/');
	if (!net || !is_below(net, "/net"))
		return;
	*net = 0;
	ret = procfs_lookup(h, path, &n);
	*net = '/';
	if (!ret && n.at.tid)
		memmove(task, net, strlen(net) + 1);
}

/*
 * Follows one link of the path: 1 when there was one, 0 when not, or negative errno. last: also the
 * last component.
 */
static int follow_one(struct task *t, char path[PROCFS_PATH_MAX], bool last)
{
	struct procfs_node n;
	struct seq_file m;
	size_t len = strlen(path);
	char part[PROCFS_PATH_MAX];
	int err;

	for (size_t i = 1; i <= len; i++) {
		if (i < len ? path[i] != '/' : !last)
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (procfs_lookup(t->host, part, &n) || !S_ISLNK(n.mode) || leads_to_file(&n))
			continue;
		err = procfs_show(t, &n, &m);
		if (!err)
			err = splice_link(path, path, i, m.buf);
		free(m.buf);
		return err ? err : 1;
	}
	return 0;
}

/*
 * The node of a path with its links followed; n->path is then buf. Links of /proc/PID/fd are left:
 * they lead to files, not to paths.
 */
static int resolve(struct task *t, const char *path, bool last, char buf[PROCFS_PATH_MAX],
		   struct procfs_node *n)
{
	size_t len = strlen(path);

	n->e = NULL;
	if (!may_be_virtual(path))
		return 1;
	if (len >= PROCFS_PATH_MAX)
		return owned(path) ? -ENOENT : 1;
	memcpy(buf, path, len + 1);
	/* A slash at the end asks for what the link leads to. */
	while (len > 1 && buf[len - 1] == '/') {
		buf[--len] = 0;
		last = true;
	}
	for (int i = 0; i < MAX_LINKS; i++) {
		int ret = owned(buf) ? follow_one(t, buf, last) : 0;

		if (ret < 0)
			return ret;
		if (ret)
			continue;
		drop_task(t->host, buf);
		return procfs_lookup(t->host, buf, n);
	}
	return -ELOOP;
}

/* ---- permissions ----------------------------------------------------------------------------- */

/* want: R_OK, W_OK, X_OK. */
static int node_access(struct task *t, const struct procfs_node *n, int want)
{
	u32 bits = n->mode;

	if (t->proc->uid == procfs_uid(n) || (n->flags & PF_SYSCTL && capable(t, CAP_NET_ADMIN)))
		bits >>= 6;
	else if (t->proc->gid == procfs_gid(n))
		bits >>= 3;
	if (!((u32)want & ~bits & 7))
		return want & W_OK && n->flags & PF_NO_WRITE ? -EACCES : 0;
	if (n->flags & (PF_SYSCTL | PF_NO_WRITE) && !S_ISDIR(n->mode))
		return -EACCES;
	if (capable(t, CAP_DAC_OVERRIDE) && (!(want & X_OK) || S_ISDIR(n->mode)))
		return 0;
	if (!(want & W_OK) && capable(t, CAP_DAC_READ_SEARCH) &&
	    (S_ISDIR(n->mode) || want == R_OK))
		return 0;
	return -EACCES;
}

static int check_open(struct task *t, const struct procfs_node *n, int flags)
{
	int acc = flags & O_ACCMODE;
	int want = acc == O_RDONLY ? R_OK : acc == O_WRONLY ? W_OK : R_OK | W_OK;
	int err;

	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (S_ISLNK(n->mode))
		return -ELOOP; /* only with O_NOFOLLOW */
	if (S_ISDIR(n->mode) && (acc != O_RDONLY || flags & O_CREAT))
		return -EISDIR;
	if (!S_ISDIR(n->mode) && flags & O_DIRECTORY)
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (flags & O_TRUNC)
		want |= W_OK;
	err = node_access(t, n, want);
	if (err)
		return err;
	return want & W_OK && n->flags & PF_SIZED ? -EROFS : 0;
}

/* ---- the calls ------------------------------------------------------------------------------- */

/*
 * Opening what a descriptor stands for, with its links of /proc: sockets and anonymous inodes have no
 * such door (ENXIO). Others here are streams (pipes, the console): the same description serves,
 * where Linux makes a new one for the same stream, which tells apart only status flags.
 */
static struct file *open_fd_link(const struct procfs_node *n, int flags, int *err)
{
	struct file *f = procfs_fd_file(&n->at);
	u32 have;

	*err = 0;
	if (!f) {
		*err = -ENOENT;
		return NULL;
	}
	have = f->flags & O_ACCMODE;
	if (!S_ISFIFO(f->mode) && !S_ISCHR(f->mode))
		*err = -ENXIO;
	else if (have != O_RDWR && have != ((u32)flags & O_ACCMODE))
		*err = -EACCES;
	if (*err)
		return NULL;
	file_get(f);
	return f;
}

struct file *procfs_open(struct task *t, const char *path, int flags, int *err)
{
	char buf[PROCFS_PATH_MAX];
	struct procfs_node n;
	struct stat st;
	int ret = resolve(t, path, !(flags & O_NOFOLLOW), buf, &n);

	*err = 0;
	if (ret == 1 && procfs_socket_stat(t, path, &st)) {
		*err = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : -ENXIO;
		return NULL;
	}
	if (!ret && n.at.fd && S_ISLNK(n.mode) && !(flags & O_NOFOLLOW))
		return open_fd_link(&n, flags, err);
	if (ret == -ENOENT && flags & O_CREAT && is_below(path, "/sys"))
		ret = -EACCES;
	if (!ret)
		ret = check_open(t, &n, flags);
	if (!ret)
		return procfs_file_new(t, &n, flags);
	*err = ret < 0 ? ret : 0;
	return NULL;
}

static int stat_path(struct task *t, const char *path, bool follow, struct stat *st)
{
	char buf[PROCFS_PATH_MAX];
	struct procfs_node n;
	int ret = resolve(t, path, follow, buf, &n);

	/* What is only listed here looks like all else: a number of its own, no size. */
	if (ret == 1 && n.e && (!follow || !S_ISLNK(n.mode)))
		ret = 0;
	if (ret == 1 && procfs_socket_stat(t, path, st))
		return 0;
	if (ret)
		return ret;
	if (follow && n.at.fd && S_ISLNK(n.mode)) {
		struct file *f = procfs_fd_file(&n.at);

		return f ? (int)file_stat(t, f, st) : -ENOENT;
	}
	procfs_fill_stat(t, &n, st);
	return 0;
}

int procfs_stat(struct task *t, const char *path, struct stat *st)
{
	return stat_path(t, path, true, st);
}

int procfs_lstat(struct task *t, const char *path, struct stat *st)
{
	return stat_path(t, path, false, st);
}

int procfs_access(struct task *t, const char *path, int mode)
{
	char buf[PROCFS_PATH_MAX];
	struct procfs_node n;
	struct stat st;
	int ret = resolve(t, path, true, buf, &n);

	if (ret == 1 && procfs_socket_stat(t, path, &st))
		return procfs_socket_access(t, path, mode);
	if (ret)
		return ret;
	if (n.at.fd && S_ISLNK(n.mode))
		return procfs_fd_file(&n.at) ? 0 : -ENOENT;
	ret = mode ? node_access(t, &n, mode) : 0;
	if (!ret && mode & W_OK && n.flags & PF_SIZED)
		ret = -EROFS;
	return ret;
}

/* A native file whose name is known, and not as a relative path. */
static bool has_name(const struct procfs_node *n)
{
	struct file *f = procfs_fd_file(&n->at);

	const char *name = f && f->ops->name ? f->ops->name(f) : NULL;

	return name && *name == '/';
}

int procfs_readlink(struct task *t, const char *path, char *buf, size_t len)
{
	char resolved[PROCFS_PATH_MAX];
	struct procfs_node n;
	struct seq_file m;
	struct stat st;
	int ret = resolve(t, path, false, resolved, &n);

	if (ret == 1 && n.e && n.at.fd && S_ISLNK(n.mode) && has_name(&n))
		ret = 0;
	if (ret == 1 && procfs_socket_stat(t, path, &st))
		return -EINVAL;
	if (ret)
		return ret < 0 ? ret : -EXDEV;
	if (!S_ISLNK(n.mode))
		return -EINVAL;
	ret = procfs_show(t, &n, &m);
	if (!ret) {
		ret = (int)min(m.len, len);
		memcpy(buf, m.buf, (size_t)ret);
	}
	free(m.buf);
	return ret;
}

int procfs_parse_ulong(const char *text, u64 *v)
{
	char *end;

	if (*text == '+')
		text++;
	if (!(*text >= '0' && *text <= '9'))
		return -EINVAL;
	errno = 0;
	*v = strtoull(text, &end, 0);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	return errno ? -ERANGE : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Open virtual files and directories: reading and writing with a position, fstat(2), getdents64(2).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "stack/procfs_priv.h"
#include "stack/syscalls.h"

#define WRITE_MAX 4095u /* a page less the zero byte: what /proc/sys and sysfs take in one write */

struct procfs_file {
	struct procfs_node node;
	struct seq_file text;
	bool shown;	       /* text is there */
	struct procfs_dir dir; /* listed when it is first read at position 0 */
	char path[];
};

/* ---- text ------------------------------------------------------------------------------------ */

static void seq_room(struct seq_file *m, size_t n)
{
	if (m->len + n + 1 <= m->cap)
		return;
	m->cap = max(m->cap * 2, m->len + n + 1);
	m->buf = xrealloc(m->buf, m->cap);
}

void seq_putn(struct seq_file *m, const char *s, size_t n)
{
	seq_room(m, n);
	memcpy(m->buf + m->len, s, n);
	m->len += n;
	m->buf[m->len] = 0;
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_putn(m, s, strlen(s));
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list ap;
	int n;

	seq_room(m, 256);
	va_start(ap, fmt);
	n = vsnprintf(m->buf + m->len, m->cap - m->len, fmt, ap);
	va_end(ap);
	if ((size_t)n >= m->cap - m->len) {
		seq_room(m, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(m->buf + m->len, m->cap - m->len, fmt, ap);
		va_end(ap);
	}
	m->len += (size_t)n;
}

void seq_pad(struct seq_file *m, size_t from, size_t width)
{
	while (m->len - from < width)
		seq_putn(m, " ", 1);
}

void seq_cpumask(struct seq_file *m, const u64 bits[4])
{
	int ncpu = m->at.host->ncpu;

	for (int word = (ncpu - 1) / 32; word >= 0; word--) {
		int n = min(ncpu - word * 32, 32);
		u64 mask = (u32)(bits[word / 2] >> word % 2 * 32) & ((1ull << n) - 1);

		seq_printf(m, "%0*llx%s", (n + 3) / 4, (unsigned long long)mask, word ? "," : "\n");
	}
}

/* What a file is about may have ended since it was opened: 0 or negative errno. */
static int gone(const struct procfs_at *at)
{
	if (at->pid && !process_find(at->host, at->pid))
		return -ESRCH;
	return at->ifindex && !dev_get_by_index(at->host, at->ifindex) ? -ENODEV : 0;
}

int procfs_show(struct task *t, const struct procfs_node *n, struct seq_file *m)
{
	*m = (struct seq_file){ .at = n->at, .reader = t };
	seq_puts(m, "");
	if (gone(&n->at))
		return gone(&n->at);
	if (n->e && n->e->text)
		seq_puts(m, n->e->text);
	return n->e && n->e->show ? n->e->show(m) : 0;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int file_refresh(struct task *t, struct procfs_file *pf)
{
	free(pf->text.buf);
	pf->text = (struct seq_file){ 0 };
	pf->shown = true;
	return procfs_show(t, &pf->node, &pf->text);
}

static s64 procfs_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct procfs_file *pf = f->priv;
	size_t n;
	int err;

	if (S_ISDIR(f->mode))
		return -EISDIR;
	if (!to->total)
		return 0;
	if (!pf->node.e->show && !pf->node.e->text)
		return S_ISREG(f->mode) ? -EINVAL : -EIO;
	if (f->pos && pf->node.flags & PF_ONCE)
		return 0;
	if (!f->pos || !pf->shown) {
		err = file_refresh(t, pf);
		if (err)
			return err;
	}
	if (f->pos >= pf->text.len)
		return 0;
	n = min(to->total, pf->text.len - (size_t)f->pos);
	iov_copy_to(to, 0, pf->text.buf + f->pos, n);
	f->pos += n;
	return (s64)n;
}

static s64 procfs_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct procfs_file *pf = f->priv;
	size_t len = min(from->total, (size_t)WRITE_MAX);
	char text[WRITE_MAX + 1];
	s64 ret;

	if (!pf->node.e->store)
		return -EIO;
	if (!len)
		return 0;
	/* kernel.sysctl_writes_strict: numbers are written at the beginning or not at all. */
	if (f->pos && pf->node.flags & PF_SYSCTL)
		return (s64)from->total;
	if (gone(&pf->node.at))
		return gone(&pf->node.at);
	iov_copy_from(from, 0, text, len);
	text[len] = 0;
	ret = pf->node.e->store(t, &pf->node.at, text, len);
	if (ret > 0)
		f->pos += (u64)ret;
	return ret;
}

static s64 procfs_llseek(struct task *t, struct file *f, s64 off, int whence)
{
	struct procfs_file *pf = f->priv;
	s64 base = 0;

	if (whence == SEEK_CUR)
		base = (s64)f->pos;
	else if (whence == SEEK_END && pf->node.flags & PF_SIZED)
		base = pf->shown || !file_refresh(t, pf) ? (s64)pf->text.len : 0;
	else if (whence == SEEK_END && !(pf->node.flags & PF_SYSCTL))
		return -EINVAL; /* the length of what is made when it is read is not known */
	else if (whence != SEEK_SET && whence != SEEK_END)
		return -EINVAL;
	if (__builtin_add_overflow(base, off, &base))
		return -EOVERFLOW;
	if (base < 0)
		return -EINVAL;
	f->pos = (u64)base;
	return base;
}

/* Its permissions say how the file is open. */
static void fill_fd_link(const struct procfs_node *n, struct stat *st)
{
	const struct file *f = procfs_fd_file(&n->at);
	u32 acc = f ? f->flags & O_ACCMODE : O_RDWR;

	st->st_mode = S_IFLNK | 0100 | (acc != O_WRONLY ? 0400 : 0) | (acc != O_RDONLY ? 0200 : 0);
	st->st_size = 64;
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), elen = strlen(end);

	return len >= elen && strcmp(s + len - elen, end) == 0;
}

static s64 count_fds(const struct procfs_node *n)
{
	const struct process *p = process_find(n->at.host, n->at.pid);
	s64 count = 0;

	for (u32 i = 0; p && p->files && i < p->files->nfd; i++)
		count += p->files->fd[i].file != NULL;
	return count;
}

void procfs_fill_stat(struct task *t, const struct procfs_node *n, struct stat *st)
{
	bool sys = strncmp(n->path, "/sys", 4) == 0;
	struct seq_file m;

	memset(st, 0, sizeof(*st));
	st->st_mode = n->mode;
	st->st_nlink = S_ISDIR(n->mode) ? 2 : 1;
	st->st_ino = procfs_ino(n->path);
	st->st_uid = procfs_uid(n);
	st->st_gid = procfs_gid(n);
	st->st_blksize = sys ? 4096 : 1024;
	st->st_dev = makedev(0, sys ? 22 : 21);
	st->st_rdev = n->e ? n->e->rdev : 0;
	/* As old as the host. */
	st->st_mtim.tv_sec = host_realtime(n->at.host, 0) / NSEC_PER_SEC;
	st->st_atim = st->st_ctim = st->st_mtim;
	if (n->flags & PF_SIZED) {
		st->st_dev = makedev(0, 23);
		if (!procfs_show(t, n, &m))
			st->st_size = (s64)m.len;
		free(m.buf);
	} else if (S_ISLNK(n->mode) && n->at.fd) {
		fill_fd_link(n, st);
	} else if (n->at.pid && S_ISDIR(n->mode) && ends_with(n->path, "/fd")) {
		st->st_size = count_fds(n);
	} else if (sys && S_ISREG(n->mode)) {
		st->st_size = 4096;
	}
}

static s64 procfs_getattr(struct task *t, struct file *f, struct stat *st)
{
	struct procfs_file *pf = f->priv;

	procfs_fill_stat(t, &pf->node, st);
	return 0;
}

static int dir_refresh(struct procfs_file *pf)
{
	static const char *const dots[] = { ".", ".." };

	free(pf->dir.ent);
	pf->dir = (struct procfs_dir){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(dots); i++)
		procfs_dir_add(&pf->dir, dots[i], strlen(dots[i]), DT_DIR);
	return procfs_list(&pf->node, &pf->dir);
}

/* Of "." and "..": theirs; of others that of the path below. */
static u64 dirent_ino(const struct procfs_file *pf, const char *name)
{
	char path[PROCFS_PATH_MAX + 80];

	if (strcmp(name, ".") == 0)
		return procfs_ino(pf->path);
	snprintf(path, sizeof(path), "%s/%s", pf->path, name);
	if (strcmp(name, "..") == 0)
		*max(strrchr(pf->path, '/') - pf->path + path, path + 1) = 0;
	return procfs_ino(path);
}

static s64 procfs_getdents(struct task *t, struct file *f, void *buf, size_t len)
{
	struct procfs_file *pf = f->priv;
	u8 *out = buf;
	size_t done = 0;

	if (!S_ISDIR(f->mode))
		return -ENOTDIR;
	if (!f->pos || !pf->dir.ent) {
		int err = dir_refresh(pf);

		if (err)
			return err;
	}
	for (; f->pos < pf->dir.n; f->pos++) {
		const struct procfs_dirent *e = &pf->dir.ent[f->pos];
		struct dirent64 d = { .d_ino = dirent_ino(pf, e->name), .d_off = (s64)f->pos + 1,
				      .d_type = e->type };
		size_t head = offsetof(struct dirent64, d_name);
		size_t size = (head + strlen(e->name) + 1 + 7) & ~(size_t)7;

		if (done + size > len)
			return done ? (s64)done : -EINVAL;
		d.d_reclen = (u16)size;
		memset(out + done, 0, size);
		memcpy(out + done, &d, head);
		memcpy(out + done + head, e->name, strlen(e->name));
		done += size;
	}
	return (s64)done;
}

static s64 procfs_release(struct task *t, struct file *f)
{
	struct procfs_file *pf = f->priv;

	free(pf->text.buf);
	free(pf->dir.ent);
	free(pf);
	return 0;
}

static const char *procfs_name(struct file *f)
{
	return procfs_path(f);
}

/* No poll: regular files are always ready, and epoll refuses them. */
static const struct file_ops procfs_ops = {
	.kind = "proc",
	.read = procfs_read,
	.write = procfs_write,
	.llseek = procfs_llseek,
	.getattr = procfs_getattr,
	.getdents = procfs_getdents,
	.name = procfs_name,
	.release = procfs_release,
};

struct file *procfs_file_new(struct task *t, const struct procfs_node *n, int flags)
{
	size_t len = strlen(n->path);
	struct procfs_file *pf = xcalloc(1, sizeof(*pf) + len + 1);
	u32 keep = (u32)flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW);

	if (n->e && n->e->ops) {
		free(pf);
		return file_new(t->host, n->e->ops, (void *)(uintptr_t)n->e, keep, n->mode);
	}
	pf->node = *n;
	memcpy(pf->path, n->path, len);
	pf->node.path = pf->path;
	return file_new(t->host, &procfs_ops, pf, keep, n->mode);
}

const char *procfs_path(const struct file *f)
{
	return f->ops == &procfs_ops ? ((const struct procfs_file *)f->priv)->path : NULL;
}

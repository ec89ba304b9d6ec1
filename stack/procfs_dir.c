/* SPDX-License-Identifier: MIT */
/*
 * What a virtual directory lists, and in which order. Linux keeps the names of /proc and /proc/net by
 * length and then by byte, those of /proc/sys by byte, those of /proc/PID in an order of its own; those
 * of sysfs lie in a hash, and are by byte here.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "stack/procfs_priv.h"

static void append(struct procfs_dir *d, const char *name, size_t len, u8 type)
{
	struct procfs_dirent *e;

	assert(len < sizeof(e->name));
	if (d->n == d->cap) {
		d->cap = max(d->cap * 2, 16u);
		d->ent = xrealloc(d->ent, d->cap * sizeof(*d->ent));
	}
	e = &d->ent[d->n++];
	memcpy(e->name, name, len);
	e->name[len] = 0;
	e->type = type;
}

void procfs_dir_add(struct procfs_dir *d, const char *name, size_t len, u8 type)
{
	for (u32 i = 0; i < d->n; i++) {
		if (strncmp(d->ent[i].name, name, len) == 0 && !d->ent[i].name[len])
			return;
	}
	append(d, name, len, type);
}

/* The names of a wildcard are distinct from all others. */
static void add_wild(struct procfs_dir *d, const struct procfs_node *n, const char *wild, size_t len,
		     u8 type)
{
	s64 cursor = 0;
	char name[64];

	while (procfs_wild_next(&n->at, wild, len, &cursor, name))
		append(d, name, strlen(name), type);
}

/*
 * The next component of a row's path below the directory. *wild: the last row whose wildcard was listed;
 * rows with the same one follow each other.
 */
static void add_row(struct procfs_dir *d, const struct procfs_node *n, const struct procfs_entry *e,
		    const struct procfs_entry **wild)
{
	const char *name = e->path + n->patlen, *end;
	u8 type;

	if (strncmp(e->path, n->pattern, n->patlen) || *name != '/')
		return;
	name++;
	end = strchrnul(name, '/');
	type = *end ? DT_DIR : (u8)IFTODT(e->mode);
	if (e->flags & PF_ABSENT)
		return;
	if (*name != '%') {
		procfs_dir_add(d, name, (size_t)(end - name), type);
	} else if (!*wild || strncmp((*wild)->path, e->path, (size_t)(end - e->path))) {
		add_wild(d, n, name, (size_t)(end - name), type);
		*wild = e;
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct procfs_dirent *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Links and processes stand at the end of /proc, in their own order. */
static bool late(const struct procfs_dirent *e)
{
	return (e->name[0] >= '1' && e->name[0] <= '9') || strcmp(e->name, "self") == 0 ||
	       strcmp(e->name, "thread-self") == 0;
}

static int by_length(const void *a, const void *b)
{
	const struct procfs_dirent *x = a, *y = b;
	size_t xl = strlen(x->name), yl = strlen(y->name);

	if (late(x) != late(y))
		return late(x) ? 1 : -1;
	if (late(x)) {
		bool xn = x->name[0] <= '9', yn = y->name[0] <= '9';

		if (xn != yn)
			return xn ? 1 : -1;
	}
	if (xl != yl)
		return xl < yl ? -1 : 1;
	return strcmp(x->name, y->name);
}

static bool pattern_is(const struct procfs_node *n, const char *s)
{
	return n->patlen == strlen(s) && strncmp(n->pattern, s, n->patlen) == 0;
}

int procfs_list(const struct procfs_node *n, struct procfs_dir *d)
{
	const struct procfs_entry *e, *wild = NULL;
	struct procfs_cursor rows = { 0 };
	u32 dots = d->n;
	int (*order)(const void *, const void *) = NULL;

	if (n->at.pid && !process_find(n->at.host, n->at.pid))
		return -ENOENT;
	if (strncmp(n->path, "/proc/sys/net", 13) == 0) {
		procfs_sysctl_list(n->path, d);
		return 0;
	}
	while ((e = procfs_next(&rows)))
		add_row(d, n, e, &wild);
	if (pattern_is(n, "/proc") || pattern_is(n, "/proc/%pid/net"))
		order = by_length;
	else if (strncmp(n->path, "/sys", 4) == 0 || strncmp(n->path, "/proc/sys", 9) == 0)
		order = by_bytes;
	if (order)
		qsort(d->ent + dots, d->n - dots, sizeof(*d->ent), order);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys (Documentation/admin-guide/sysctl/): below net the settings of stack/sysctl.c, which can be
 * written; of the rest what programs look for, with the values of a host that is nobody's in
 * particular. None of that can be written, because nothing would follow from it: EACCES.
 */
#include <stdio.h>
#include <stdlib.h>
#include <dirent.h>
#include <sys/stat.h>

#include "stack/procfs_priv.h"
#include "stack/syscalls.h"
#include "stack/utsname.h"

#define NET_ROOT "/proc/sys/net"

/* ---- net ------------------------------------------------------------------------------------- */

static int sysctl_show(struct seq_file *m)
{
	char value[128];
	int err = net_sysctl_read(m->at.host->net, m->at.sysctl, value, sizeof(value));

	if (!err)
		seq_printf(m, "%s\n", value);
	return err;
}

static s64 sysctl_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	return net_sysctl_store(at->host->net, at->sysctl, text, len);
}

static const struct procfs_entry sysctl_file = {
	.path = NET_ROOT, .mode = S_IFREG | 0644, .show = sysctl_show, .store = sysctl_store
};

/* "net/core/somaxconn" of a path as "net.core.somaxconn"; false: no name of a setting. */
static bool sysctl_name(const char *path, char name[PROCFS_PATH_MAX])
{
	const char *s = path + strlen("/proc/sys/");
	size_t i = 0;

	for (; s[i]; i++) {
		if (s[i] == '.')
			return false;
		name[i] = s[i];
		if (s[i] == '/')
			name[i] = '.';
	}
	name[i] = 0;
	return true;
}

int procfs_sysctl_lookup(struct host *h, const char *path, struct procfs_node *n)
{
	char want[PROCFS_PATH_MAX];
	const char *name;
	size_t len;
	enum net_sysctl_kind kind;

	if (!sysctl_name(path, want))
		return -ENOENT;
	len = strlen(want);
	*n = (struct procfs_node){ .path = path, .at.host = h, .pattern = NET_ROOT,
				   .patlen = strlen(NET_ROOT), .mode = S_IFDIR | 0555,
				   .flags = PF_SYSCTL };
	for (size_t i = 0; (name = net_sysctl_name(i, &kind)); i++) {
		size_t nlen = strlen(name);

		if (strncmp(name, want, len) == 0 && name[len] == '.')
			return 0;
		if (strncmp(name, want, nlen) == 0 && want[nlen] == '.')
			return -ENOTDIR;
		if (strcmp(name, want))
			continue;
		n->e = &sysctl_file;
		n->mode = kind == NET_SYSCTL_READ_ONLY ? S_IFREG | 0444 : sysctl_file.mode;
		n->flags = PF_SYSCTL | (kind == NET_SYSCTL_NUMBERS ? PF_ONCE : 0);
		n->at.sysctl = name;
		return 0;
	}
	return -ENOENT;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct procfs_dirent *)a)->name,
		      ((const struct procfs_dirent *)b)->name);
}

void procfs_sysctl_list(const char *path, struct procfs_dir *d)
{
	char dir[PROCFS_PATH_MAX];
	u32 dots = d->n;
	const char *name;
	size_t len;
	enum net_sysctl_kind kind;

	if (!sysctl_name(path, dir))
		return;
	len = strlen(dir);
	for (size_t i = 0; (name = net_sysctl_name(i, &kind)); i++) {
		const char *comp = name + len + 1, *end;

		if (strncmp(name, dir, len) || name[len] != '.')
			continue;
		end = strchrnul(comp, '.');
		procfs_dir_add(d, comp, (size_t)(end - comp), *end ? DT_DIR : DT_REG);
	}
	qsort(d->ent + dots, d->n - dots, sizeof(*d->ent), by_name);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int kernel_hostname(struct seq_file *m)
{
	seq_printf(m, "%s\n", m->at.host->name);
	return 0;
}

static int kernel_threads_max(struct seq_file *m)
{
	seq_printf(m, "%u\n", m->at.host->max_tasks);
	return 0;
}

/* RFC 9562 section 5.4: 122 random bits. */
static void show_uuid(struct seq_file *m, struct rng *r)
{
	u8 b[16];

	rng_bytes(r, b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++)
		seq_printf(m, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", b[i]);
	seq_puts(m, "\n");
}

static int random_boot_id(struct seq_file *m)
{
	struct rng r;

	rng_init(&r, m->at.host->sim->seed, m->at.host->id, RNG_BOOT_ID, 0);
	show_uuid(m, &r);
	return 0;
}

/* Another one for each reading, of the reader's stream. */
static int random_uuid(struct seq_file *m)
{
	show_uuid(m, &task_utask(m->reader)->rng);
	return 0;
}

#define RO (S_IFREG | 0444)
#define VALUE(n, v) { .path = "/proc/sys/" n, .mode = RO, .text = v, .flags = PF_SYSCTL }
#define SHOW(n, fn) { .path = "/proc/sys/" n, .mode = RO, .show = fn, .flags = PF_SYSCTL }

const struct procfs_entry procfs_sysctl_entries[] = {
	VALUE("fs/file-max", "9223372036854775807\n"),
	VALUE("fs/nr_open", "1048576\n"), /* as sys_setrlimit() has it */
	VALUE("fs/pipe-max-size", "1048576\n"),
	VALUE("kernel/cap_last_cap", "40\n"),
	VALUE("kernel/domainname", UTS_DOMAINNAME "\n"),
	SHOW("kernel/hostname", kernel_hostname),
	VALUE("kernel/ngroups_max", "65536\n"),
	VALUE("kernel/osrelease", UTS_RELEASE "\n"),
	VALUE("kernel/ostype", UTS_SYSNAME "\n"),
	VALUE("kernel/pid_max", "4194304\n"),
	SHOW("kernel/random/boot_id", random_boot_id),
	VALUE("kernel/random/entropy_avail", "256\n"),
	VALUE("kernel/random/poolsize", "256\n"),
	SHOW("kernel/random/uuid", random_uuid),
	VALUE("kernel/randomize_va_space", "0\n"),
	SHOW("kernel/threads-max", kernel_threads_max),
	VALUE("kernel/version", UTS_VERSION "\n"),
	{ .path = NET_ROOT, .mode = S_IFDIR | 0555 },
	VALUE("vm/max_map_count", "65530\n"),
	VALUE("vm/mmap_min_addr", "65536\n"),
	VALUE("vm/overcommit_memory", "0\n"),
	VALUE("vm/overcommit_ratio", "50\n"),
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * The wildcards of path patterns: which names stand for what is there now, in order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "stack/procfs_priv.h"

/* A number as the kernel prints it: no sign, no leading zero. -1: none. */
static s64 parse_number(const char *s, size_t len)
{
	s64 v = 0;

	if (!len || len > 9 || (len > 1 && *s == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + s[i] - '0';
	}
	return v;
}

/* The number behind a prefix: "rx-3", "cpu0". */
static s64 parse_prefixed(const char *prefix, const char *s, size_t len)
{
	size_t plen = strlen(prefix);

	if (len <= plen || memcmp(s, prefix, plen))
		return -1;
	return parse_number(s + plen, len - plen);
}

static struct process *at_process(const struct procfs_at *at)
{
	return process_find(at->host, at->pid);
}

static struct task *thread_of(const struct procfs_at *at, int tid)
{
	struct process *p = at_process(at);
	struct task *t;

	if (!p)
		return NULL;
	list_for_each_entry(t, &p->threads, thread_node) {
		if (t->tid == tid)
			return t;
	}
	return NULL;
}

static struct net_device *at_device(const struct procfs_at *at)
{
	return dev_get_by_index(at->host, at->ifindex);
}

static int device_queues(const struct procfs_at *at, bool rx)
{
	struct net_device *dev = at_device(at);

	if (!dev)
		return 0;
	return rx ? dev->num_rx_queues : dev->num_tx_queues;
}

static bool match_pid(struct procfs_at *at, const char *s, size_t len)
{
	s64 pid = parse_number(s, len);

	if (pid <= 0 || !process_find(at->host, (int)pid))
		return false;
	at->pid = (int)pid;
	return true;
}

/* A zombie's directory still lists its main thread, of which nothing is left here. */
static bool match_tid(struct procfs_at *at, const char *s, size_t len)
{
	s64 tid = parse_number(s, len);

	if (tid <= 0 || !thread_of(at, (int)tid))
		return false;
	at->tid = (int)tid;
	return true;
}

static bool match_fd(struct procfs_at *at, const char *s, size_t len)
{
	struct process *p = at_process(at);
	s64 fd = parse_number(s, len);

	if (fd < 0 || !p || !p->files || !fd_lookup(p->files, (int)fd))
		return false;
	at->fd = (int)fd + 1;
	return true;
}

static bool match_if(struct procfs_at *at, const char *s, size_t len)
{
	char name[IFNAMSIZ];
	struct net_device *dev;

	if (len >= sizeof(name))
		return false;
	memcpy(name, s, len);
	name[len] = 0;
	dev = dev_get_by_name(at->host, name);
	if (!dev)
		return false;
	at->ifindex = dev->ifindex;
	return true;
}

static bool match_queue(struct procfs_at *at, const char *s, size_t len, bool rx)
{
	s64 q = parse_prefixed(rx ? "rx-" : "tx-", s, len);

	if (q < 0 || q >= device_queues(at, rx))
		return false;
	at->queue = (int)q + 1;
	return true;
}

static bool match_rxq(struct procfs_at *at, const char *s, size_t len)
{
	return match_queue(at, s, len, true);
}

static bool match_txq(struct procfs_at *at, const char *s, size_t len)
{
	return match_queue(at, s, len, false);
}

static bool match_cpu(struct procfs_at *at, const char *s, size_t len)
{
	s64 cpu = parse_prefixed("cpu", s, len);

	if (cpu < 0 || cpu >= at->host->ncpu)
		return false;
	at->cpu = (int)cpu + 1;
	return true;
}

static bool next_pid(const struct procfs_at *at, s64 *cursor, char name[64])
{
	struct process *p;

	list_for_each_entry(p, &at->host->processes, node) {
		if (p->pid <= *cursor)
			continue;
		*cursor = p->pid;
		snprintf(name, 64, "%d", p->pid);
		return true;
	}
	return false;
}

/* Threads are in order of creation, and so of number. */
static bool next_tid(const struct procfs_at *at, s64 *cursor, char name[64])
{
	struct process *p = at_process(at);
	struct task *t;

	if (!p)
		return false;
	list_for_each_entry(t, &p->threads, thread_node) {
		if (t->tid <= *cursor)
			continue;
		*cursor = t->tid;
		snprintf(name, 64, "%d", t->tid);
		return true;
	}
	return false;
}

static bool next_fd(const struct procfs_at *at, s64 *cursor, char name[64])
{
	struct process *p = at_process(at);

	for (; p && p->files && *cursor < p->files->nfd; (*cursor)++) {
		if (!p->files->fd[*cursor].file)
			continue;
		snprintf(name, 64, "%lld", (long long)(*cursor)++);
		return true;
	}
	return false;
}

static bool next_if(const struct procfs_at *at, s64 *cursor, char name[64])
{
	struct net_device *dev;

	list_for_each_entry(dev, &at->host->netdevs->devices, node) {
		if (dev->ifindex <= *cursor)
			continue;
		*cursor = dev->ifindex;
		snprintf(name, 64, "%s", dev->name);
		return true;
	}
	return false;
}

static bool next_rxq(const struct procfs_at *at, s64 *cursor, char name[64])
{
	if (*cursor >= device_queues(at, true))
		return false;
	snprintf(name, 64, "rx-%lld", (long long)(*cursor)++);
	return true;
}

static bool next_txq(const struct procfs_at *at, s64 *cursor, char name[64])
{
	if (*cursor >= device_queues(at, false))
		return false;
	snprintf(name, 64, "tx-%lld", (long long)(*cursor)++);
	return true;
}

static bool next_cpu(const struct procfs_at *at, s64 *cursor, char name[64])
{
	if (*cursor >= at->host->ncpu)
		return false;
	snprintf(name, 64, "cpu%lld", (long long)(*cursor)++);
	return true;
}

static const struct procfs_wild {
	const char *name;
	bool (*match)(struct procfs_at *at, const char *s, size_t len);
	bool (*next)(const struct procfs_at *at, s64 *cursor, char name[64]);
} wilds[] = {
	{ "%pid", match_pid, next_pid }, { "%tid", match_tid, next_tid },
	{ "%fd", match_fd, next_fd },	 { "%if", match_if, next_if },
	{ "%rxq", match_rxq, next_rxq }, { "%txq", match_txq, next_txq },
	{ "%cpu", match_cpu, next_cpu },
};

static const struct procfs_wild *find_wild(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(wilds); i++) {
		if (strlen(wilds[i].name) == len && memcmp(wilds[i].name, name, len) == 0)
			return &wilds[i];
	}
	assert(!"a wildcard of a table");
	return NULL;
}

bool procfs_wild_match(struct procfs_at *at, const char *wild, size_t wlen, const char *comp,
		       size_t len)
{
	return find_wild(wild, wlen)->match(at, comp, len);
}

bool procfs_wild_next(const struct procfs_at *at, const char *wild, size_t wlen, s64 *cursor,
		      char name[64])
{
	return find_wild(wild, wlen)->next(at, cursor, name);
}

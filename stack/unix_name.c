/* SPDX-License-Identifier: MIT */
/*
 * Names of AF_UNIX sockets (unix(7), "Address format"): pathnames, abstract names, autobind.
 *
 * A table of the host stands for the file system and for the abstract namespace. A pathname of a Lua
 * program is known by its text; one of a program with a file system by its absolute form
 * (program_ops.socket_path). As on Linux, it outlives its socket until it is unlinked, an abstract name
 * does not, and an abstract name belongs to one socket type: two sockets of different types may have the
 * same.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack/af_unix.h"
#include "stack/stack_world.h"
#include "stack/syscalls.h"

#define AUTOBIND_MASK 0xfffffu /* five hexadecimal digits */
#define AUTOBIND_LEN 6

struct unix_table *unix_table(struct net *net)
{
	struct unix_table *tab = net->unix_tab;

	if (likely(tab))
		return tab;
	tab = xcalloc(1, sizeof(*tab));
	for (u32 i = 0; i < UNIX_HASH_SIZE; i++)
		list_init(&tab->names[i]);
	list_init(&tab->inflight);
	list_init(&tab->users);
	list_init(&tab->fput);
	rng_init(&tab->rng, net->sim->seed, net->host->id, RNG_UNIX_AUTOBIND, 0);
	net->unix_tab = tab;
	return tab;
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct pool *address_pool(struct net *net)
{
	return stack_pool(stack_world_of(net->host), "unix-address", sizeof(struct unix_address));
}

/* FNV-1a. */
static u32 name_hash(const char *name, size_t len, u16 type)
{
	u32 h = 2166136261u ^ type;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (u8)name[i]) * 16777619u;
	return h;
}

/* An abstract name: sun is cut to its len. */
static struct unix_address *name_find(struct unix_table *tab, const char *bytes, socklen_t len,
				      u16 type)
{
	u32 hash = name_hash(bytes + UNIX_PATH_OFFSET, len - UNIX_PATH_OFFSET, type);
	struct unix_address *a;

	list_for_each_entry(a, &tab->names[hash % UNIX_HASH_SIZE], node) {
		if (a->hash == hash && a->type == type && !a->key && a->len == len &&
		    !memcmp(a->bytes, bytes, len))
			return a;
	}
	return NULL;
}

static struct unix_address *path_find(struct unix_table *tab, const char *key)
{
	u32 hash = name_hash(key, strlen(key), 0);
	struct unix_address *a;

	list_for_each_entry(a, &tab->names[hash % UNIX_HASH_SIZE], node) {
		if (a->hash == hash && a->key && !strcmp(a->key, key))
			return a;
	}
	return NULL;
}

/* key: NULL for an abstract name. */
static void name_add(struct sock *sk, const char *bytes, socklen_t len, const char *key)
{
	struct unix_table *tab = unix_table(sk->net);
	struct unix_address *a = pool_zalloc(address_pool(sk->net));

	a->key = key ? xstrdup(key) : NULL;
	a->type = key ? 0 : sk->type;
	a->len = len;
	memcpy(a->bytes, bytes, len);
	a->hash = key ? name_hash(key, strlen(key), 0) :
			name_hash(a->bytes + UNIX_PATH_OFFSET, len - UNIX_PATH_OFFSET, a->type);
	a->owner = sk;
	a->refs = 2; /* the table's and the socket's */
	list_add(&a->node, &tab->names[a->hash % UNIX_HASH_SIZE]);
	unix_sk(sk)->addr = a;
}

void unix_address_put(struct net *net, struct unix_address *addr)
{
	if (!addr || --addr->refs)
		return;
	free(addr->key);
	pool_free(address_pool(net), addr);
}

static void name_remove(struct net *net, struct unix_address *a)
{
	if (list_empty(&a->node))
		return;
	list_del_init(&a->node);
	unix_address_put(net, a);
}

/* ---- bind ------------------------------------------------------------------------------------ */

int unix_validate_addr(const struct sockaddr *sa, socklen_t len)
{
	if (len <= UNIX_PATH_OFFSET || len > sizeof(struct sockaddr_un))
		return -EINVAL;
	return sa->sa_family == AF_UNIX ? 0 : -EINVAL;
}

/* The kernel's form of a name: a pathname ends with its first null byte, which counts. */
static socklen_t name_import(const struct sockaddr *sa, socklen_t len,
			     char bytes[sizeof(struct sockaddr_un) + 1], bool *path)
{
	memset(bytes, 0, sizeof(struct sockaddr_un) + 1);
	memcpy(bytes, sa, len);
	*path = bytes[UNIX_PATH_OFFSET] != '\0';
	return *path ? (socklen_t)strlen(bytes + UNIX_PATH_OFFSET) + UNIX_PATH_OFFSET + 1 : len;
}

s64 unix_autobind(struct sock *sk)
{
	struct unix_table *tab = unix_table(sk->net);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = UNIX_PATH_OFFSET + AUTOBIND_LEN;
	u32 first, num;

	if (unix_sk(sk)->addr)
		return 0;
	first = num = rng_u32(&tab->rng) & AUTOBIND_MASK;
	do {
		num = (num + 1) & AUTOBIND_MASK;
		snprintf(un.sun_path + 1, AUTOBIND_LEN, "%05x", num);
		if (!name_find(tab, (const char *)&un, len, sk->type)) {
			name_add(sk, (const char *)&un, len, NULL);
			return 0;
		}
	} while (num != first);
	return -ENOSPC;
}

s64 unix_autobind_for_creds(struct sock *sk)
{
	return sk_may_passcred(sk) ? unix_autobind(sk) : 0;
}

/* What a pathname is known by; 0, -EEXIST for a file that is no socket here, or another errno. */
static s64 path_key(struct task *t, const char *bytes, char key[PATH_MAX])
{
	struct utask *u = task_utask(t);

	if (u->prog->socket_path)
		return u->prog->socket_path(u, bytes + UNIX_PATH_OFFSET, key);
	strcpy(key, bytes + UNIX_PATH_OFFSET);
	return 0;
}

/* unix_bind_bsd(): a name that exists is found before the socket's own state. */
static s64 bind_path(struct task *t, struct sock *sk, const char *bytes, socklen_t len)
{
	struct unix_address *a;
	char key[PATH_MAX];
	s64 err = path_key(t, bytes, key);

	if (err == -EEXIST || (!err && path_find(unix_table(sk->net), key)))
		return -EADDRINUSE;
	if (err)
		return err;
	if (unix_sk(sk)->addr)
		return -EINVAL;
	name_add(sk, bytes, len, key);
	a = unix_sk(sk)->addr;
	a->mode = 0755;
	a->uid = t->proc->uid;
	a->gid = t->proc->gid;
	return 0;
}

s64 unix_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	char bytes[sizeof(struct sockaddr_un) + 1];
	bool path;

	if (len == UNIX_PATH_OFFSET && sa->sa_family == AF_UNIX)
		return unix_autobind(sk);
	if (unix_validate_addr(sa, len))
		return -EINVAL;
	len = name_import(sa, len, bytes, &path);
	if (path)
		return bind_path(t, sk, bytes, len);
	if (unix_sk(sk)->addr)
		return -EINVAL;
	if (name_find(unix_table(sk->net), bytes, len, sk->type))
		return -EADDRINUSE;
	name_add(sk, bytes, len, NULL);
	return 0;
}

void unix_unbind(struct sock *sk)
{
	struct unix_address *a = unix_sk(sk)->addr;

	if (!a || a->owner != sk)
		return;
	a->owner = NULL;
	if (!a->key)
		name_remove(sk->net, a);
}

struct unix_address *unix_path_find(struct net *net, const char *path)
{
	return net->unix_tab && *path ? path_find(net->unix_tab, path) : NULL;
}

s64 sys_unlink(struct task *t, const char *path)
{
	struct unix_address *a;

	if (!path)
		return -EFAULT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	a = unix_path_find(t->host->net, path);
	if (!a)
		return -ENOENT;
	name_remove(t->host->net, a);
	return 0;
}

/* ---- looking up ------------------------------------------------------------------------------ */

static s64 find_path(struct task *t, struct net *net, const char *bytes, struct unix_address **out)
{
	char key[PATH_MAX];
	s64 err = path_key(t, bytes, key);

	*out = err && err != -EEXIST ? NULL : unix_path_find(net, key);
	if (*out)
		return 0;
	return err == -EEXIST ? -ECONNREFUSED : err ? err : -ENOENT;
}

s64 unix_find_other(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		    struct sock **out)
{
	char bytes[sizeof(struct sockaddr_un) + 1];
	struct unix_address *a = NULL;
	bool path;
	s64 err;

	len = name_import(sa, len, bytes, &path);
	if (path) {
		err = find_path(t, sk->net, bytes, &a);
		if (err)
			return err;
	} else {
		if (sk->net->unix_tab)
			a = name_find(sk->net->unix_tab, bytes, len, sk->type);
		if (!a)
			return -ECONNREFUSED;
	}
	if (!a->owner)
		return -ECONNREFUSED;
	if (a->owner->type != sk->type)
		return -EPROTOTYPE;
	*out = a->owner;
	return 0;
}

s64 unix_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss)
{
	struct sockaddr_un unnamed = { .sun_family = AF_UNIX };
	struct unix_address *a;

	if (peer)
		sk = unix_sk(sk)->peer;
	if (!sk)
		return -ENOTCONN;
	a = unix_sk(sk)->addr;
	if (!a) {
		memcpy(ss, &unnamed, sizeof(unnamed));
		return UNIX_PATH_OFFSET;
	}
	memcpy(ss, a->bytes, a->len);
	return a->len;
}

void unix_copy_addr(struct msg *m, struct sock *sender)
{
	struct unix_address *a = unix_sk(sender)->addr;

	if (!m->name || !a)
		return;
	memcpy(m->name, a->bytes, min(a->len, m->namelen));
	m->namelen = a->len;
}

void unix_net_free(struct net *net)
{
	struct unix_table *tab = net->unix_tab;

	if (!tab)
		return;
	unix_gc(net);
	for (u32 i = 0; i < UNIX_HASH_SIZE; i++) {
		while (!list_empty(&tab->names[i]))
			name_remove(net, list_first_entry(&tab->names[i], struct unix_address,
							  node));
	}
	assert(list_empty(&tab->inflight) && list_empty(&tab->users) && list_empty(&tab->fput));
	free(tab);
	net->unix_tab = NULL;
}

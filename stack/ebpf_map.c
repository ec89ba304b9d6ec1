/* SPDX-License-Identifier: MIT */
/*
 * Maps of BPF programs: arrays and hash tables (bpf(2), BPF_MAP_CREATE). Elements of a hash table are
 * handed out in a fixed order and found by the hash of their key; nothing depends on an address.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "sim/engine/pool.h"
#include "stack/ebpf.h"

#define KMALLOC_MAX (1u << 22)
#define MAP_BYTES_MAX (1ull << 28) /* beyond: no memory */

static u32 round_up_pow2(u32 n)
{
	u32 p = 1;

	while (p < n && p < 1u << 30)
		p <<= 1;
	return p;
}

/* As the map_alloc_check() of each type. */
static int check_sizes(const union bpf_attr *a)
{
	if (!a->max_entries || !a->key_size || !a->value_size)
		return -EINVAL;
	switch (a->map_type) {
	case BPF_MAP_TYPE_ARRAY:
		if (a->key_size != 4 || a->map_flags & ~(u32)BPF_F_NUMA_NODE)
			return -EINVAL;
		return a->value_size > INT_MAX - 4096 ? -E2BIG : 0;
	case BPF_MAP_TYPE_HASH:
		if (a->map_flags & ~(u32)(BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE))
			return -EINVAL;
		return a->key_size > KMALLOC_MAX || a->value_size > KMALLOC_MAX ? -E2BIG : 0;
	case BPF_MAP_TYPE_REUSEPORT_SOCKARRAY:
		if (a->key_size != 4 || a->map_flags & ~(u32)BPF_F_NUMA_NODE)
			return -EINVAL;
		return a->value_size != 4 && a->value_size != 8 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static void hash_init(struct bpf_map *m)
{
	u32 buckets = round_up_pow2(m->max_entries);

	m->keys = xcalloc(m->max_entries, m->key_size);
	m->bucket = xcalloc(buckets, sizeof(*m->bucket));
	m->next = xcalloc(m->max_entries, sizeof(*m->next));
	m->mask = buckets - 1;
	for (u32 i = 0; i + 1 < m->max_entries; i++)
		m->next[i] = i + 2;
	m->free = 1;
}

int bpf_map_create(const union bpf_attr *a, struct bpf_map **out)
{
	u64 stride = (a->value_size + 7ull) & ~7ull;
	int err = check_sizes(a);
	struct bpf_map *m;

	if (err)
		return err;
	if (a->max_entries * (stride + a->key_size) > MAP_BYTES_MAX)
		return -ENOMEM;
	m = xcalloc(1, sizeof(*m));
	*m = (struct bpf_map){ .refs = 1, .type = a->map_type, .key_size = a->key_size,
			       .value_size = a->value_size, .max_entries = a->max_entries,
			       .flags = a->map_flags, .stride = (u32)stride };
	if (m->type == BPF_MAP_TYPE_REUSEPORT_SOCKARRAY)
		m->socks = xcalloc(m->max_entries, sizeof(struct inet_sock *));
	else
		m->values = xcalloc(m->max_entries, m->stride);
	if (m->type == BPF_MAP_TYPE_HASH)
		hash_init(m);
	*out = m;
	return 0;
}

void bpf_map_put(struct bpf_map *m)
{
	if (!m || --m->refs)
		return;
	if (m->socks)
		bpf_sockarray_clear(m);
	free(m->socks);
	free(m->values);
	free(m->keys);
	free(m->bucket);
	free(m->next);
	free(m);
}

/* ---- elements ------------------------------------------------------------------------------------ */

static u32 *bucket_of(const struct bpf_map *m, const void *key)
{
	return &m->bucket[XXH3_64bits(key, m->key_size) & m->mask];
}

static u8 *key_at(const struct bpf_map *m, u32 slot)
{
	return m->keys + (size_t)slot * m->key_size;
}

s64 bpf_map_find(const struct bpf_map *m, const void *key)
{
	u32 i;

	if (m->type != BPF_MAP_TYPE_HASH) {
		memcpy(&i, key, sizeof(i));
		return i < m->max_entries ? (s64)i : -1;
	}
	for (i = *bucket_of(m, key); i; i = m->next[i - 1]) {
		if (!memcmp(key_at(m, i - 1), key, m->key_size))
			return i - 1;
	}
	return -1;
}

static int hash_insert(struct bpf_map *m, const void *key, const void *value)
{
	u32 slot = m->free, *b = bucket_of(m, key);

	if (!slot)
		return -E2BIG;
	m->free = m->next[slot - 1];
	m->next[slot - 1] = *b;
	*b = slot;
	m->count++;
	memcpy(key_at(m, slot - 1), key, m->key_size);
	memcpy(bpf_map_value(m, slot - 1), value, m->value_size);
	return 0;
}

int bpf_map_update(struct bpf_map *m, const void *key, const void *value, u64 flags)
{
	s64 slot;

	if (flags > BPF_EXIST)
		return -EINVAL;
	slot = bpf_map_find(m, key);
	if (slot < 0 && m->type != BPF_MAP_TYPE_HASH)
		return -E2BIG;
	if (slot >= 0 && flags == BPF_NOEXIST)
		return -EEXIST;
	if (slot < 0 && flags == BPF_EXIST)
		return -ENOENT;
	if (slot < 0)
		return hash_insert(m, key, value);
	memmove(bpf_map_value(m, (u32)slot), value, m->value_size);
	return 0;
}

int bpf_map_delete(struct bpf_map *m, const void *key)
{
	u32 *at;

	if (m->type != BPF_MAP_TYPE_HASH)
		return -EINVAL;
	for (at = bucket_of(m, key); *at; at = &m->next[*at - 1]) {
		u32 slot = *at;

		if (memcmp(key_at(m, slot - 1), key, m->key_size) != 0)
			continue;
		*at = m->next[slot - 1];
		m->next[slot - 1] = m->free;
		m->free = slot;
		m->count--;
		return 0;
	}
	return -ENOENT;
}

static int hash_next_key(const struct bpf_map *m, const void *key, void *next)
{
	s64 slot = key ? bpf_map_find(m, key) : -1;
	u32 i = slot >= 0 ? m->next[slot] : 0, b = 0;

	if (slot >= 0)
		b = (u32)(bucket_of(m, key) - m->bucket) + 1;
	while (!i && b <= m->mask)
		i = m->bucket[b++];
	if (!i)
		return -ENOENT;
	memcpy(next, key_at(m, i - 1), m->key_size);
	return 0;
}

int bpf_map_next_key(const struct bpf_map *m, const void *key, void *next)
{
	u32 i = 0;

	if (m->type == BPF_MAP_TYPE_HASH)
		return hash_next_key(m, key, next);
	if (key) {
		memcpy(&i, key, sizeof(i));
		i = i >= m->max_entries ? 0 : i + 1;
	}
	if (i >= m->max_entries)
		return -ENOENT;
	memcpy(next, &i, sizeof(i));
	return 0;
}

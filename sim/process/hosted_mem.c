/* SPDX-License-Identifier: MIT */
/*
 * Memory of hosted programs: process_vm_readv(2) and process_vm_writev(2), and the arena that holds
 * copies for the length of a call.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "sim/process/hosted_priv.h"

#define ARENA_SIZE 16384	 /* kept from call to call, and grown up to */
#define ARENA_MAX (1u << 20)	 /* by calls that need more */
#define PAGE_MASK 4095ull

int hosted_read(struct hosted *h, u64 addr, void *buf, size_t len)
{
	struct iovec local = { buf, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };

	if (!len)
		return 0;
	return process_vm_readv(h->tid, &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int hosted_write(struct hosted *h, u64 addr, const void *buf, size_t len)
{
	struct iovec local = { (void *)(uintptr_t)buf, len };
	struct iovec remote = { (void *)(uintptr_t)addr, len };

	if (!len)
		return 0;
	return process_vm_writev(h->tid, &local, 1, &remote, 1, 0) == (ssize_t)len ? 0 : -EFAULT;
}

int hosted_move(struct hosted *h, const struct hosted_piece *v, u32 n, bool write)
{
	struct iovec local[HOSTED_PIECES], remote[HOSTED_PIECES];
	size_t total = 0;
	ssize_t moved;
	u32 k = 0;

	assert(n <= HOSTED_PIECES);
	for (u32 i = 0; i < n; i++) {
		if (!v[i].len)
			continue;
		local[k] = (struct iovec){ v[i].p, v[i].len };
		remote[k++] = (struct iovec){ (void *)(uintptr_t)v[i].addr, v[i].len };
		total += v[i].len;
	}
	if (!k)
		return 0;
	moved = write ? process_vm_writev(h->tid, local, k, remote, k, 0) :
			process_vm_readv(h->tid, local, k, remote, k, 0);
	return moved == (ssize_t)total ? 0 : -EFAULT;
}

/* A string may end just before memory that is not there: no read crosses a page. */
int hosted_read_string(struct hosted *h, u64 addr, char *buf, size_t size)
{
	size_t have = 0;

	while (have < size) {
		size_t n = min((size_t)(PAGE_MASK + 1 - ((addr + have) & PAGE_MASK)), size - have);
		const char *end;

		n = min(n, (size_t)256);
		if (hosted_read(h, addr + have, buf + have, n) < 0)
			return -EFAULT;
		end = memchr(buf + have, 0, n);
		if (end)
			return (int)(end - buf);
		have += n;
	}
	return -ENAMETOOLONG;
}

void *hosted_alloc(struct hosted *h, size_t len)
{
	struct hosted_arena *a = &h->arena;
	size_t need = (len + 15) & ~(size_t)15;
	void *p;

	if (!a->base) {
		a->size = ARENA_SIZE;
		a->base = xrealloc(NULL, a->size);
	}
	if (need <= a->size - a->used) {
		p = a->base + a->used;
		a->used += need;
		return p;
	}
	a->big = xrealloc(a->big, (a->nbig + 1) * sizeof(*a->big));
	p = xrealloc(NULL, len);
	a->big[a->nbig++] = p;
	a->big_size += need;
	return p;
}

/* So that the next call like this one does without malloc(). */
static void arena_grow(struct hosted_arena *a)
{
	size_t size = a->size;

	while (size < a->size + a->big_size)
		size *= 2;
	a->big_size = 0;
	if (size > ARENA_MAX)
		return;
	free(a->base);
	a->base = xrealloc(NULL, size);
	a->size = size;
}

void hosted_arena_reset(struct hosted *h)
{
	struct hosted_arena *a = &h->arena;

	a->used = 0;
	if (!a->nbig)
		return;
	for (u32 i = 0; i < a->nbig; i++)
		free(a->big[i]);
	free(a->big);
	a->big = NULL;
	a->nbig = 0;
	arena_grow(a);
}

void hosted_arena_free(struct hosted *h)
{
	hosted_arena_reset(h);
	free(h->arena.base);
	h->arena.base = NULL;
}

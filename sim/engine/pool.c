/* SPDX-License-Identifier: MIT */
/*
 * Fixed-size object pools and the allocators of set-up paths (pool.h).
 *
 * A slab is carved as its objects are first asked for, so that a pool touches only memory that it
 * uses.
 */
#include "sim/engine/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_BYTES 32768u
#define SLAB_MIN_OBJECTS 4u
#define OBJECT_ALIGN 16u

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_IS_HEAP 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(POOL_IS_HEAP)
#define POOL_IS_HEAP 1
#endif
#ifndef POOL_IS_HEAP
#define POOL_IS_HEAP 0
#endif

/* What is at the start of a free object and of a slab. */
struct link_word {
	_Alignas(OBJECT_ALIGN) void *next;
};

static _Noreturn void out_of_memory(size_t size)
{
	fprintf(stderr, "sockloom: out of memory (%zu bytes)\n", size);
	exit(4);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory(n * size);
	return p;
}

void *xrealloc(void *ptr, size_t size)
{
	void *p = realloc(ptr, size ? size : 1);

	if (!p)
		out_of_memory(size);
	return p;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xrealloc(NULL, len), s, len);
}

void pool_init(struct pool *p, const char *name, size_t size)
{
	size_t unit = max(size, sizeof(struct link_word));

	unit = (unit + OBJECT_ALIGN - 1) / OBJECT_ALIGN * OBJECT_ALIGN;
	*p = (struct pool){.name = name, .size = size, .unit = unit};
	p->per_slab = max(SLAB_BYTES / unit, SLAB_MIN_OBJECTS);
}

void pool_destroy(struct pool *p)
{
	assert(p->in_use == 0);
	while (p->slabs) {
		struct link_word *slab = p->slabs;

		p->slabs = slab->next;
		free(slab);
	}
	p->free = NULL;
	p->nfresh = 0;
}

static void pool_grow(struct pool *p)
{
	struct link_word *slab = xrealloc(NULL, sizeof(*slab) + p->per_slab * p->unit);

	slab->next = p->slabs;
	p->slabs = slab;
	p->fresh = (char *)(slab + 1);
	p->nfresh = p->per_slab;
}

void *pool_alloc(struct pool *p)
{
	struct link_word *obj = p->free;

	p->in_use++;
	if (POOL_IS_HEAP)
		return xrealloc(NULL, p->size);
	if (likely(obj)) {
		p->free = obj->next;
		return obj;
	}
	if (unlikely(!p->nfresh))
		pool_grow(p);
	obj = (struct link_word *)(void *)p->fresh;
	p->fresh += p->unit;
	p->nfresh--;
	return obj;
}

void *pool_zalloc(struct pool *p)
{
	return memset(pool_alloc(p), 0, p->size);
}

void pool_free(struct pool *p, void *obj)
{
	struct link_word *word = obj;

	assert(p->in_use > 0);
	p->in_use--;
	if (POOL_IS_HEAP) {
		free(obj);
		return;
	}
	word->next = p->free;
	p->free = word;
}

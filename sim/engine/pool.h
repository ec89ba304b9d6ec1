/* SPDX-License-Identifier: MIT */
/*
 * Pools of objects of one size, for everything that is made and freed on the path of a packet.
 *
 * A pool grows by slabs from the C heap and gives them back only when it is destroyed. Objects are
 * handed out in a deterministic order (last freed, first reused), which no result may depend on
 * anyway. Under AddressSanitizer every object is a heap object of its own, so that a use after
 * free is seen.
 */
#ifndef SIM_ENGINE_POOL_H
#define SIM_ENGINE_POOL_H

#include "sim/engine/types.h"

struct pool {
	const char *name;
	size_t size;	/* bytes for each object, as asked for */
	size_t unit;	/* bytes that it takes in a slab */
	size_t in_use;	/* objects handed out now */
	void *free;	/* singly linked free objects */
	void *slabs;	/* singly linked slabs */
	char *fresh;	/* the part of the latest slab that was never handed out */
	size_t nfresh;	/* objects in it */
	size_t per_slab;
};

/* name must outlive the pool. */
void pool_init(struct pool *p, const char *name, size_t size);
/* Frees every slab; the caller has freed all objects (asserted). */
void pool_destroy(struct pool *p);
/* An object with undefined content. Never fails: memory exhaustion ends the program (status 4). */
void *pool_alloc(struct pool *p);
/* The same, all zero. */
void *pool_zalloc(struct pool *p);
void pool_free(struct pool *p, void *obj);

/* calloc and realloc for set-up paths; end the program with status 4 when memory is exhausted. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Where packets and their payload buffers come from.
 */
#include <stdlib.h>

#include "nic/skb.h"
#include "sim/host/host.h"

static const u32 buf_class[] = { 256, 2048, 16384, 65536 };

struct skb_pools_object {
	struct world_object obj;
	struct skb_pools pools;
};

static void pools_destroy(struct world_object *o)
{
	struct skb_pools_object *po = container_of(o, struct skb_pools_object, obj);

	pool_destroy(&po->pools.skb);
	for (size_t i = 0; i < ARRAY_SIZE(buf_class); i++)
		pool_destroy(&po->pools.buf[i]);
	po->pools.world->skb = NULL;
	free(po);
}

void skb_world_init(struct world *w)
{
	struct skb_pools_object *po = xcalloc(1, sizeof(*po));

	po->obj.destroy = pools_destroy;
	po->pools.world = w;
	pool_init(&po->pools.skb, "sk_buff", sizeof(struct sk_buff));
	for (size_t i = 0; i < ARRAY_SIZE(buf_class); i++)
		pool_init(&po->pools.buf[i], "skb_buf", buf_class[i]);
	w->skb = &po->pools;
	/* Hosts free packets while they are torn down. */
	world_own_late(w, &po->obj);
}

/* The pool for a buffer of this many bytes, its header included; NULL: the C heap. */
static struct pool *class_of(struct skb_pools *p, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(buf_class); i++) {
		if (size <= buf_class[i])
			return &p->buf[i];
	}
	return NULL;
}

struct skb_buf *skb_buf_alloc(struct world *w, u32 size)
{
	size_t total = sizeof(struct skb_buf) + size;
	struct pool *pool = class_of(w->skb, total);
	struct skb_buf *b = pool ? pool_alloc(pool) : xrealloc(NULL, total);

	b->refs = 1;
	b->size = pool ? (u32)(pool->size - sizeof(*b)) : size;
	b->pools = w->skb;
	return b;
}

void skb_buf_free(struct skb_buf *b)
{
	struct pool *pool = class_of(b->pools, sizeof(*b) + b->size);

	if (pool)
		pool_free(pool, b);
	else
		free(b);
}

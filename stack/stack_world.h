/* SPDX-License-Identifier: MIT */
/*
 * What the stacks of all hosts of a world share: pools and hash tables keyed with the host.
 *
 * An idle host then costs no table of its own. Nothing here lets one host see another: each entry
 * of a table belongs to one host and is only found with that host's key.
 *
 * It lives until the world and the last host are gone: tear-down of a host still frees into the
 * pools.
 */
#ifndef STACK_STACK_WORLD_H
#define STACK_STACK_WORLD_H

#include "sim/engine/pool.h"
#include "sim/host/host.h"

struct inet_hash;
struct neighbour;

#define STACK_MAX_POOLS 48

struct stack_world {
	struct world_object obj;
	struct world *world;
	struct inet_hash *inet;
	struct neighbour **neigh_hash; /* chains by (host, device, address); neighbour.c */
	u32 neigh_mask, nneigh;
	char *etc_hosts; /* what all hosts know of each other; made when first read, procfs_etc.c */
	struct pool pools[STACK_MAX_POOLS]; /* handed out by stack_pool() */
	int npools;
};

static inline struct stack_world *stack_world_of(const struct host *h)
{
	return h->world->stack;
}

/*
 * The pool of objects of this kind, made when first asked for. name is compared by address: pass
 * the same static string (for sockets, proto_ops.name). The pointer stays valid; keep it where it
 * is hot.
 */
struct pool *stack_pool(struct stack_world *sw, const char *name, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The world: all hosts of a simulation and what joins them.
 *
 * Everything hangs off struct world; world_destroy() frees everything. Layers above attach what they
 * own by a list of objects with destructors, so that this layer needs to know nothing of links or
 * sockets.
 */
#ifndef SIM_HOST_WORLD_H
#define SIM_HOST_WORLD_H

#include "sim/engine/list.h"
#include "sim/engine/pool.h"
#include "sim/engine/sim.h"
#include "sim/host/cost.h"

struct host;
struct net;
struct netdev_table;

/* Something that the world owns; destroyed in reverse order of being added, before the hosts. */
struct world_object {
	struct list_head node;
	void (*destroy)(struct world_object *o);
};

/* 2026-01-01 00:00 UTC: programs take a clock near 0 for one that is not set. */
#define WORLD_EPOCH (1767225600 * NSEC_PER_SEC)

struct skb_pools; /* nic/skb.h */
struct link;
struct netswitch;

struct world {
	struct sim sim;
	struct host **hosts; /* hosts[1..nhosts]; hosts[0] is NULL */
	u32 nhosts;
	u32 cap;
	struct list_head objects;
	struct list_head late_objects; /* destroyed after the hosts: what their tear-down still needs */
	struct skb_pools *skb; /* set by nic/ */
	struct link *links, *last_link; /* nic/: in order of creation */
	u32 nlinks;
	struct netswitch *switches, *last_switch;
	nsec_t epoch; /* CLOCK_REALTIME at virtual time 0, since 1970; default WORLD_EPOCH */
	void *stack;	       /* set by stack/: struct stack_world */
	void *process;	       /* Lua programs; set by sim/process/ */
	void *hosted;	       /* hosted programs; set by sim/process/ */
};

/* Takes ownership of st; borrows tr. */
struct world *world_new(u64 seed, struct strategy *st, struct trace *tr);
void world_destroy(struct world *w);
void world_own(struct world *w, struct world_object *o);
/* The same, but destroyed after the hosts. */
void world_own_late(struct world *w, struct world_object *o);
/* The rows of this layer that end a run: how CPUs spent their time, tasks that still live. */
void world_report(struct world *w);
/* NULL when there is no such host. */
struct host *world_find_host(struct world *w, const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The forwarding information base: routes of both families, longest prefix first.
 *
 * Tables as in Linux: local (addresses of this host, broadcast, IPv6 multicast), asked first, then main,
 * and those that rules name (fib_rules.h). A table is one array sorted by prefix length (longest first), prefix, metric; a
 * host with one address has about ten entries, a router some thousands, and both are found by at
 * most one binary search for each prefix length in use.
 */
#ifndef STACK_FIB_H
#define STACK_FIB_H

#include "stack/ip.h"

/* As linux/rtnetlink.h numbers them; any other number may be a table too. */
enum { FIB_TABLE_DEFAULT = 253, FIB_TABLE_MAIN, FIB_TABLE_LOCAL };

/* Linux's preference of IPv6 routes: what the user adds, and what an address brings. */
#define IP6_RT_PRIO_USER 1024
#define IP6_RT_PRIO_ADDRCONF 256

struct fib_entry {
	union ipaddr dst;	/* bits beyond plen are 0 */
	union ipaddr gateway;	/* any: on link */
	union ipaddr prefsrc;	/* any: none */
	struct net_device *dev; /* NULL only for blackhole, unreachable, prohibit */
	u32 metric, table;
	u32 mtu, initcwnd, initrwnd, advmss, rtt;
	u8 plen; /* 0..128; IPv4's lengths are moved up by 96 */
	u8 type; /* enum rtn_type */
	bool mtu_lock;
	bool kernel; /* made for an address, not by the user */
};

struct fib_group {
	u32 start;
	u8 plen;
};

/* What a lookup by destination alone found, for tables that are long to search. */
struct fib_cached {
	union ipaddr daddr;
	const struct fib_entry *entry; /* NULL: there is none */
	u32 genid;		       /* of the net; 0: unused */
};

struct fib_table {
	struct fib_entry *entry;
	u32 n, cap;
	struct fib_cached *cache; /* FIB_CACHE places by address; NULL until it pays */
	struct fib_group *group; /* where each prefix length starts */
	u32 ngroup;
	u32 id; /* its number, of those in fib->more */
};

struct fib_rules;

struct fib {
	struct fib_table local, main;
	struct fib_table **more; /* by rising number; made with their first route */
	u32 nmore;
	struct fib_rules *rules; /* NULL: as at first */
};

/* What a lookup must respect beside the destination. */
struct fib_key {
	const union ipaddr *daddr;
	int oif;      /* 0: any */
	bool on_link; /* only routes without a gateway (SO_DONTROUTE) */
	/* For rules. */
	const union ipaddr *saddr; /* NULL: not known yet */
	int iif;		   /* 0: our own */
	u32 mark, uid;
	u8 tos, proto;
	u16 sport, dport;
};

/* Sets the bits beyond plen (0..128) to 0. */
union ipaddr ipaddr_mask(const union ipaddr *a, int plen);
/* The table of that number; NULL: it has no routes and never had. */
struct fib_table *fib_table(const struct net *net, u32 id);
/* The best entry of one table or, as the rules say, of all; NULL: none. Valid until the next change. */
const struct fib_entry *fib_table_lookup(const struct net *net, u32 id,
					 const struct fib_key *key);
const struct fib_entry *fib_lookup(const struct net *net, const struct fib_key *key);
/* 0 or -EEXIST (same prefix, metric and device; without a device: same prefix and metric). */
int fib_insert(struct net *net, u32 id, const struct fib_entry *e);
/*
 * Removes the first entry with the prefix, plen, type and metric of e, and with its device and
 * gateway where those are set. 0 or -ESRCH.
 */
int fib_delete(struct net *net, u32 id, const struct fib_entry *e);
/* Removes what leads through dev, which is down; the host's own IPv4 addresses stay. */
void fib_flush_dev(struct net *net, const struct net_device *dev);
/* Removes user routes whose preferred source is a, which is gone (fib_sync_down_addr()). */
void fib_flush_prefsrc(struct net *net, const union ipaddr *a);
/* Routes, addresses or path MTUs have changed: no cached dst is valid any more. */
void rt_genid_bump(struct net *net);
void fib_free(struct net *net);

#endif

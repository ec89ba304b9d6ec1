/* SPDX-License-Identifier: MIT */
/*
 * The routing tables as sorted arrays (fib.h). Linux keeps IPv4 in an LC-trie and IPv6 in a radix
 * tree; what can be observed, the longest prefix and then the smallest metric, is the same.
 */
#include "stack/fib.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack/fib_rules.h"

/* Below this a scan beats a binary search. */
#define FIB_LINEAR 8
/* A router's tables are asked four times for each packet it forwards: beyond this length it remembers. */
#define FIB_CACHE_FROM 32
#define FIB_CACHE 512u

void rt_genid_bump(struct net *net)
{
	net->genid++;
	if (!net->genid) /* 0 is the generation of a dst that was never filled */
		net->genid = 1;
}

/* The first n (0..64) bits of a half of an address, as they lie in memory. */
static inline u64 half_mask(int n)
{
	return n <= 0 ? 0 : n >= 64 ? ~0ull : htobe64(~0ull << (64 - n));
}

union ipaddr ipaddr_mask(const union ipaddr *a, int plen)
{
	return (union ipaddr){.d = {a->d[0] & half_mask(plen), a->d[1] & half_mask(plen - 64)}};
}

/* As memcmp() orders them. */
static inline bool ipaddr_before(const union ipaddr *a, const union ipaddr *b)
{
	if (a->d[0] != b->d[0])
		return be64toh(a->d[0]) < be64toh(b->d[0]);
	return be64toh(a->d[1]) < be64toh(b->d[1]);
}

static int fib_cmp(const struct fib_entry *a, const struct fib_entry *b)
{
	int d;

	if (a->plen != b->plen)
		return a->plen > b->plen ? -1 : 1;
	d = memcmp(a->dst.b, b->dst.b, sizeof(a->dst.b));
	if (d)
		return d;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	return 0;
}

static void fib_regroup(struct fib_table *t)
{
	t->ngroup = 0;
	for (u32 i = 0; i < t->n; i++) {
		if (i && t->entry[i].plen == t->entry[i - 1].plen)
			continue;
		t->group = xrealloc(t->group, (t->ngroup + 1) * sizeof(*t->group));
		t->group[t->ngroup++] = (struct fib_group){.start = i, .plen = t->entry[i].plen};
	}
}

/* First entry of [lo, hi), all of one prefix length, whose prefix is not below key. */
static u32 fib_lower_bound(const struct fib_table *t, u32 lo, u32 hi, const union ipaddr *key)
{
	if (hi - lo <= FIB_LINEAR) {
		while (lo < hi && !ipaddr_equal(&t->entry[lo].dst, key))
			lo++;
		return lo;
	}
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (ipaddr_before(&t->entry[mid].dst, key))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct fib_table *fib_table(const struct net *net, u32 id)
{
	struct fib *fib = net->fib;

	if (id == FIB_TABLE_LOCAL || id == FIB_TABLE_MAIN)
		return id == FIB_TABLE_LOCAL ? &fib->local : &fib->main;
	for (u32 i = 0; i < fib->nmore; i++) {
		if (fib->more[i]->id == id)
			return fib->more[i];
	}
	return NULL;
}

static bool fib_usable(const struct fib_entry *e, const struct fib_key *key)
{
	if (key->oif && (!e->dev || e->dev->ifindex != key->oif))
		return false;
	return !key->on_link || ipaddr_is_any(&e->gateway);
}

static const struct fib_entry *table_search(const struct fib_table *t, const struct fib_key *key)
{
	bool v4 = ipaddr_is_v4(key->daddr);

	for (u32 g = 0; g < t->ngroup; g++) {
		u32 end = g + 1 < t->ngroup ? t->group[g + 1].start : t->n;
		union ipaddr prefix;
		u32 i;

		if (v4 && t->group[g].plen < 96)
			break; /* an IPv6 default route is none for IPv4 */
		prefix = ipaddr_mask(key->daddr, t->group[g].plen);
		i = fib_lower_bound(t, t->group[g].start, end, &prefix);
		for (; i < end && ipaddr_equal(&t->entry[i].dst, &prefix); i++) {
			if (fib_usable(&t->entry[i], key))
				return &t->entry[i];
		}
	}
	return NULL;
}

static struct fib_cached *cache_place(struct fib_table *t, const union ipaddr *a)
{
	u64 h = (a->d[0] ^ a->d[1]) * 0x9e3779b97f4a7c15ull;

	if (!t->cache)
		t->cache = xcalloc(FIB_CACHE, sizeof(*t->cache));
	return &t->cache[(h >> 32) % FIB_CACHE];
}

const struct fib_entry *fib_table_lookup(const struct net *net, u32 id,
					 const struct fib_key *key)
{
	struct fib_table *t = fib_table(net, id);
	struct fib_cached *c;

	if (!t)
		return NULL;
	if (t->n < FIB_CACHE_FROM || key->oif || key->on_link)
		return table_search(t, key);
	c = cache_place(t, key->daddr);
	if (c->genid != net->genid || !ipaddr_equal(&c->daddr, key->daddr))
		*c = (struct fib_cached){.daddr = *key->daddr,
					 .entry = table_search(t, key),
					 .genid = net->genid};
	return c->entry;
}

const struct fib_entry *fib_lookup(const struct net *net, const struct fib_key *key)
{
	const struct fib_entry *e;

	if (unlikely(net->fib->rules))
		return fib_rules_lookup(net, key);
	e = fib_table_lookup(net, FIB_TABLE_LOCAL, key);
	if (e && likely(e->type != RTN_THROW_))
		return e;
	e = fib_table_lookup(net, FIB_TABLE_MAIN, key);
	return e && likely(e->type != RTN_THROW_) ? e : NULL;
}

/*
 * IPv4 refuses a second route with the same prefix and metric in the main table; IPv6 and the local
 * table have one for each device (fib_table_insert(), fib6_add_rt2node()).
 */
static bool fib_same(u32 id, const struct fib_entry *a, const struct fib_entry *b)
{
	if (id != FIB_TABLE_LOCAL && ipaddr_is_v4(&a->dst) && a->plen >= 96)
		return true;
	return a->dev == b->dev && a->type == b->type && ipaddr_equal(&a->gateway, &b->gateway);
}

static struct fib_table *table_make(struct fib *fib, u32 id)
{
	u32 at = 0;

	if (id == FIB_TABLE_LOCAL || id == FIB_TABLE_MAIN)
		return id == FIB_TABLE_LOCAL ? &fib->local : &fib->main;
	while (at < fib->nmore && fib->more[at]->id < id)
		at++;
	if (at < fib->nmore && fib->more[at]->id == id)
		return fib->more[at];
	fib->more = xrealloc(fib->more, (fib->nmore + 1) * sizeof(struct fib_table *));
	memmove(&fib->more[at + 1], &fib->more[at], (fib->nmore - at) * sizeof(struct fib_table *));
	fib->nmore++;
	fib->more[at] = xcalloc(1, sizeof(struct fib_table));
	fib->more[at]->id = id;
	return fib->more[at];
}

int fib_insert(struct net *net, u32 id, const struct fib_entry *e)
{
	struct fib_table *t;
	u32 i = 0;

	if (!net->fib)
		net->fib = xcalloc(1, sizeof(*net->fib));
	t = table_make(net->fib, id);
	while (i < t->n && fib_cmp(&t->entry[i], e) < 0)
		i++;
	for (; i < t->n && fib_cmp(&t->entry[i], e) == 0; i++) {
		if (fib_same(id, &t->entry[i], e))
			return -EEXIST;
	}
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 8;
		t->entry = xrealloc(t->entry, t->cap * sizeof(*t->entry));
	}
	memmove(&t->entry[i + 1], &t->entry[i], (t->n - i) * sizeof(*t->entry));
	t->entry[i] = *e;
	t->entry[i].table = id;
	t->n++;
	fib_regroup(t);
	rt_genid_bump(net);
	return 0;
}

static void fib_remove_at(struct net *net, struct fib_table *t, u32 i)
{
	t->n--;
	memmove(&t->entry[i], &t->entry[i + 1], (t->n - i) * sizeof(*t->entry));
	fib_regroup(t);
	rt_genid_bump(net);
}

static bool fib_matches(const struct fib_entry *e, const struct fib_entry *want)
{
	return fib_cmp(e, want) == 0 && e->type == want->type &&
	       (!want->dev || e->dev == want->dev) &&
	       (ipaddr_is_any(&want->gateway) || ipaddr_equal(&e->gateway, &want->gateway));
}

int fib_delete(struct net *net, u32 id, const struct fib_entry *e)
{
	struct fib_table *t = fib_table(net, id);

	for (u32 i = 0; t && i < t->n; i++) {
		if (fib_matches(&t->entry[i], e)) {
			fib_remove_at(net, t, i);
			return 0;
		}
	}
	return -ESRCH;
}

/* IPv4 addresses stay the host's while their device is down (fib_sync_down_dev()). */
static bool survives_down(const struct fib_entry *e)
{
	return e->type == RTN_LOCAL_ && ipaddr_is_v4(&e->dst);
}

static void table_flush_dev(struct net *net, struct fib_table *t, const struct net_device *dev)
{
	for (u32 i = t->n; i-- > 0;) {
		if (t->entry[i].dev == dev && !survives_down(&t->entry[i]))
			fib_remove_at(net, t, i);
	}
}

void fib_flush_dev(struct net *net, const struct net_device *dev)
{
	table_flush_dev(net, &net->fib->local, dev);
	table_flush_dev(net, &net->fib->main, dev);
	for (u32 i = 0; i < net->fib->nmore; i++)
		table_flush_dev(net, net->fib->more[i], dev);
}

static void table_flush_prefsrc(struct net *net, struct fib_table *t, const union ipaddr *a)
{
	for (u32 i = t->n; i-- > 0;) {
		if (!t->entry[i].kernel && ipaddr_equal(&t->entry[i].prefsrc, a))
			fib_remove_at(net, t, i);
	}
}

void fib_flush_prefsrc(struct net *net, const union ipaddr *a)
{
	table_flush_prefsrc(net, &net->fib->main, a);
	for (u32 i = 0; i < net->fib->nmore; i++)
		table_flush_prefsrc(net, net->fib->more[i], a);
}

static void table_free(struct fib_table *t)
{
	free(t->entry);
	free(t->group);
	free(t->cache);
}

void fib_free(struct net *net)
{
	struct fib *fib = net->fib;

	if (!fib)
		return;
	table_free(&fib->local);
	table_free(&fib->main);
	for (u32 i = 0; i < fib->nmore; i++) {
		table_free(fib->more[i]);
		free(fib->more[i]);
	}
	free(fib->more);
	fib_rules_free(fib->rules);
	free(fib);
	net->fib = NULL;
}

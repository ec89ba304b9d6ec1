/* SPDX-License-Identifier: MIT */
/*
 * Lookup of TCP and UDP sockets.
 *
 * Scores follow compute_score() of net/ipv4/inet_hashtables.c and net/ipv4/udp.c: sockets bound to the
 * very address are looked at before those bound to a wildcard, and within each pass the best score
 * wins. The tables are keyed with the host; they grow with their content and decide no order.
 */
#include "stack/inet_hash.h"

#include <stdlib.h>
#include <xxhash.h>

#include "stack/stack_world.h"

#define EHASH_MIN 256u
#define BHASH_MIN 256u

struct tuple_key {
	union ipaddr laddr, faddr;
	u16 lport, fport;
	u32 host;
};

struct inet_hash *inet_hash_of(struct net *net)
{
	return ((struct stack_world *)net->host->world->stack)->inet;
}

struct inet_hash *inet_hash_new(void)
{
	struct inet_hash *h = xcalloc(1, sizeof(*h));

	h->ehash = xcalloc(EHASH_MIN, sizeof(*h->ehash));
	h->emask = EHASH_MIN - 1;
	h->bhash = xcalloc(BHASH_MIN, sizeof(*h->bhash));
	h->bmask = BHASH_MIN - 1;
	pool_init(&h->buckets, "inet_bind_bucket", sizeof(struct inet_bind_bucket));
	return h;
}

void inet_hash_free(struct inet_hash *h)
{
	assert(h->ecount == 0 && h->bcount == 0);
	pool_destroy(&h->buckets);
	free(h->ehash);
	free(h->bhash);
	free(h);
}

static u32 tuple_hash(const struct host *host, const union ipaddr *laddr, u16 lport,
		      const union ipaddr *faddr, u16 fport)
{
	struct tuple_key k = {
		.laddr = *laddr, .faddr = *faddr, .lport = lport, .fport = fport, .host = host->id
	};

	return (u32)XXH3_64bits(&k, sizeof(k));
}

u32 inet_ehashfn(struct net *net, const union ipaddr *laddr, u16 lport, const union ipaddr *faddr,
		 u16 fport)
{
	struct tuple_key k = { .laddr = *laddr, .faddr = *faddr, .lport = lport, .fport = fport };

	return (u32)XXH3_64bits_withSeed(&k, sizeof(k), net->hash_secret[0]);
}

/* ---- established ------------------------------------------------------------------------------- */

static void ehash_grow(struct inet_hash *h)
{
	u32 size = (h->emask + 1) * 2;
	struct inet_sock **table = xcalloc(size, sizeof(*table));

	for (u32 i = 0; i <= h->emask; i++) {
		struct inet_sock *next;

		for (struct inet_sock *s = h->ehash[i]; s; s = next) {
			next = s->hash_next;
			s->hash_next = table[s->hash & (size - 1)];
			table[s->hash & (size - 1)] = s;
		}
	}
	free(h->ehash);
	h->ehash = table;
	h->emask = size - 1;
}

void inet_ehash_insert(struct inet_sock *inet)
{
	struct inet_hash *h = inet_hash_of(inet->sk.net);

	assert(!inet->hashed);
	if (h->ecount > h->emask)
		ehash_grow(h);
	inet->hash = tuple_hash(inet->sk.host, &inet->rcv_saddr, inet->num, &inet->daddr,
				inet->dport);
	inet->hash_next = h->ehash[inet->hash & h->emask];
	h->ehash[inet->hash & h->emask] = inet;
	inet->hashed = true;
	h->ecount++;
}

void inet_ehash_remove(struct inet_sock *inet)
{
	struct inet_hash *h = inet_hash_of(inet->sk.net);
	struct inet_sock **pp;

	if (!inet->hashed)
		return;
	for (pp = &h->ehash[inet->hash & h->emask]; *pp != inet; pp = &(*pp)->hash_next)
		;
	*pp = inet->hash_next;
	inet->hash_next = NULL;
	inet->hashed = false;
	h->ecount--;
}

struct inet_sock *inet_lookup_established(struct net *net, const union ipaddr *saddr, u16 sport,
					  const union ipaddr *daddr, u16 dport, int dif)
{
	struct inet_hash *h = inet_hash_of(net);
	u32 hash = tuple_hash(net->host, daddr, dport, saddr, sport);

	for (struct inet_sock *s = h->ehash[hash & h->emask]; s; s = s->hash_next) {
		if (s->hash == hash && s->sk.net == net && s->num == dport && s->dport == sport &&
		    ipaddr_equal(&s->daddr, saddr) && ipaddr_equal(&s->rcv_saddr, daddr) &&
		    (!s->sk.bound_dev_if || s->sk.bound_dev_if == dif))
			return s;
	}
	return NULL;
}

/* ---- bound ports ------------------------------------------------------------------------------- */

static u32 port_hash(const struct host *host, u8 protocol, u16 port)
{
	u64 key = (u64)host->id << 32 | (u32)protocol << 16 | port;

	return (u32)XXH3_64bits(&key, sizeof(key));
}

struct inet_bind_bucket *inet_bucket_find(struct net *net, u8 protocol, u16 port)
{
	struct inet_hash *h = inet_hash_of(net);
	struct inet_bind_bucket *b = h->bhash[port_hash(net->host, protocol, port) & h->bmask];

	while (b && (b->host != net->host || b->port != port || b->protocol != protocol))
		b = b->next;
	return b;
}

static void bhash_grow(struct inet_hash *h)
{
	u32 size = (h->bmask + 1) * 2;
	struct inet_bind_bucket **table = xcalloc(size, sizeof(*table));

	for (u32 i = 0; i <= h->bmask; i++) {
		struct inet_bind_bucket *next;

		for (struct inet_bind_bucket *b = h->bhash[i]; b; b = next) {
			u32 slot = port_hash(b->host, b->protocol, b->port) & (size - 1);

			next = b->next;
			b->next = table[slot];
			table[slot] = b;
		}
	}
	free(h->bhash);
	h->bhash = table;
	h->bmask = size - 1;
}

struct inet_bind_bucket *inet_bucket_get(struct net *net, u8 protocol, u16 port)
{
	struct inet_hash *h = inet_hash_of(net);
	struct inet_bind_bucket *b = inet_bucket_find(net, protocol, port);
	u32 slot;

	if (b)
		return b;
	if (h->bcount > h->bmask)
		bhash_grow(h);
	b = pool_zalloc(&h->buckets);
	b->host = net->host;
	b->port = port;
	b->protocol = protocol;
	list_init(&b->owners);
	list_init(&b->lookup);
	slot = port_hash(net->host, protocol, port) & h->bmask;
	b->next = h->bhash[slot];
	h->bhash[slot] = b;
	h->bcount++;
	return b;
}

void inet_bucket_join(struct inet_bind_bucket *b, struct inet_sock *inet)
{
	assert(!inet->bucket);
	inet->bucket = b;
	inet->num = b->port;
	list_add_tail(&inet->bind_node, &b->owners);
}

void inet_bucket_leave(struct inet_sock *inet)
{
	struct inet_bind_bucket *b = inet->bucket;
	struct inet_bind_bucket **pp;
	struct inet_hash *h;

	if (!b)
		return;
	h = inet_hash_of(inet->sk.net);
	list_del_init(&inet->bind_node);
	list_del_init(&inet->lookup_node);
	inet->bucket = NULL;
	if (!list_empty(&b->owners))
		return;
	pp = &h->bhash[port_hash(b->host, b->protocol, b->port) & h->bmask];
	while (*pp != b)
		pp = &(*pp)->next;
	*pp = b->next;
	h->bcount--;
	pool_free(&h->buckets, b);
}

/* ---- scored lookup ----------------------------------------------------------------------------- */

struct lookup {
	struct net *net;
	struct sk_buff *skb; /* NULL: not for a packet */
	const union ipaddr *saddr, *daddr;
	u16 sport;
	int dif;
	bool refused; /* a group's program wants no socket to have it */
	bool exact;   /* this pass: bound to daddr itself; else bound to a wildcard */
	bool v4;
};

/* Does the socket's family and address take packets to l->daddr, in this pass? */
static bool address_matches(const struct inet_sock *s, const struct lookup *l)
{
	if (l->v4 && s->v6only)
		return false;
	if (l->exact)
		return ipaddr_equal(&s->rcv_saddr, l->daddr);
	if (!ipaddr_is_any(&s->rcv_saddr))
		return false;
	return l->v4 || s->sk.family == AF_INET6;
}

static int score_listener(const struct inet_sock *s, const struct lookup *l)
{
	struct cpu *cpu = cpu_current(l->net->host);
	int score;

	if (s->sk.state != TCP_LISTEN || !address_matches(s, l))
		return -1;
	if (s->sk.bound_dev_if && s->sk.bound_dev_if != l->dif)
		return -1;
	score = s->sk.bound_dev_if ? 2 : 1;
	if (s->sk.family == (l->v4 ? AF_INET : AF_INET6))
		score++;
	if (s->sk.incoming_cpu_set == cpu->id)
		score++;
	return score;
}

static int score_udp(const struct inet_sock *s, const struct lookup *l)
{
	struct cpu *cpu = cpu_current(l->net->host);
	int score;

	if (!address_matches(s, l))
		return -1;
	score = s->sk.family == (l->v4 ? AF_INET : AF_INET6) ? 2 : 1;
	if (s->dport) {
		if (s->dport != l->sport || !ipaddr_equal(&s->daddr, l->saddr))
			return -1;
		score += 8;
	}
	if (s->sk.bound_dev_if) {
		if (s->sk.bound_dev_if != l->dif)
			return -1;
		score += 4;
	}
	if (s->sk.incoming_cpu_set == cpu->id)
		score++;
	return score;
}

static struct inet_sock *best_of(struct inet_bind_bucket *b, struct lookup *l, u32 hash,
				 int (*score)(const struct inet_sock *, const struct lookup *))
{
	struct inet_sock *s, *best = NULL;
	int hi = 0;

	list_for_each_entry(s, &b->lookup, lookup_node) {
		int n = score(s, l);

		if (n > hi) {
			hi = n;
			best = s;
		}
	}
	/* A connected UDP socket keeps its own packets even inside a group. */
	if (best && best->reuse_group && !best->dport) {
		best = reuseport_select_sock(best, l->skb, hash);
		l->refused = !best;
	}
	return best;
}

static struct inet_sock *lookup_port(struct net *net, u8 protocol, struct sk_buff *skb,
				     const union ipaddr *saddr, u16 sport,
				     const union ipaddr *daddr, u16 dport, int dif,
				     int (*score)(const struct inet_sock *, const struct lookup *))
{
	struct inet_bind_bucket *b = inet_bucket_find(net, protocol, dport);
	struct lookup l = { .net = net, .skb = skb, .saddr = saddr, .daddr = daddr, .sport = sport,
			    .dif = dif, .exact = true, .v4 = ipaddr_is_v4(daddr) };
	struct inet_sock *s;
	u32 hash;

	if (!b || list_empty(&b->lookup))
		return NULL;
	hash = inet_ehashfn(net, daddr, dport, saddr, sport);
	s = best_of(b, &l, hash, score);
	if (s || l.refused)
		return s;
	l.exact = false;
	return best_of(b, &l, hash, score);
}

struct inet_sock *inet_lookup_listener(struct net *net, struct sk_buff *skb,
				       const union ipaddr *saddr, u16 sport,
				       const union ipaddr *daddr, u16 dport, int dif)
{
	return lookup_port(net, IPPROTO_TCP, skb, saddr, sport, daddr, dport, dif, score_listener);
}

struct inet_sock *udp_lookup(struct net *net, struct sk_buff *skb, const union ipaddr *saddr,
			     u16 sport, const union ipaddr *daddr, u16 dport, int dif)
{
	return lookup_port(net, IPPROTO_UDP, skb, saddr, sport, daddr, dport, dif, score_udp);
}

void udp_lookup_multi(struct net *net, const union ipaddr *saddr, u16 sport,
		      const union ipaddr *daddr, u16 dport, int dif,
		      void (*fn)(void *ctx, struct inet_sock *inet), void *ctx)
{
	struct inet_bind_bucket *b = inet_bucket_find(net, IPPROTO_UDP, dport);
	struct lookup l = { .net = net, .saddr = saddr, .daddr = daddr, .sport = sport, .dif = dif,
			    .v4 = ipaddr_is_v4(daddr) };
	struct inet_sock *s, *tmp;

	if (!b)
		return;
	list_for_each_entry_safe(s, tmp, &b->lookup, lookup_node) {
		l.exact = true;
		if (score_udp(s, &l) < 0) {
			l.exact = false;
			if (score_udp(s, &l) < 0)
				continue;
		}
		if (ipaddr_is_multicast(daddr) && !inet_mc_wants(s, daddr, dif))
			continue;
		fn(ctx, s);
	}
}

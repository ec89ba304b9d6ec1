/* SPDX-License-Identifier: MIT */
/*
 * Queues of fragments (fragment.h). What both families do; headers are in ip_defrag.c.
 */
#include "stack/fragment.h"

#include <stdlib.h>

#include "sim/engine/trace_place.h"
#include "stack/frag_queue.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/stack_world.h"

static struct pool *queue_pool(struct net *net)
{
	static const char name[] = "frag_queue";

	return stack_pool(stack_world_of(net->host), name, sizeof(struct frag_queue));
}

static u32 frag_hash(const struct frag_key *k)
{
	u64 h = k->id ^ (u64)k->proto << 32 ^ (u64)(u32)k->iif << 40;

	h = (h ^ k->saddr.d[0] ^ k->saddr.d[1]) * 0x9e3779b97f4a7c15ull;
	h = (h ^ k->daddr.d[0] ^ k->daddr.d[1]) * 0x9e3779b97f4a7c15ull;
	return (u32)(h >> 32) % FRAG_HASH_SIZE;
}

static bool frag_key_equal(const struct frag_key *a, const struct frag_key *b)
{
	return a->id == b->id && a->proto == b->proto && a->iif == b->iif && a->v6 == b->v6 &&
	       ipaddr_equal(&a->saddr, &b->saddr) && ipaddr_equal(&a->daddr, &b->daddr);
}

void frag_count(const struct frag_queue *q, enum frag_event ev)
{
	static const enum mib mibs[2][FRAG_NEVENTS] = {
	    {MIB_ReasmReqds, MIB_ReasmOKs, MIB_ReasmFails, MIB_ReasmTimeout},
	    {MIB_Ip6ReasmReqds, MIB_Ip6ReasmOKs, MIB_Ip6ReasmFails, MIB_Ip6ReasmTimeout},
	};

	q->net->mib.v[mibs[q->key.v6][ev]]++;
}

void frag_queue_kill(struct frag_queue *q, enum skb_drop_reason reason)
{
	struct frag_table *t = q->net->frags;
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&q->fragments)))
		kfree_skb_reason(skb, reason, PLACE_IP_RCV);
	timer_del(&q->timer);
	list_del_init(&q->node);
	list_del_init(&q->hash_node);
	t->mem -= q->mem;
	pool_free(queue_pool(q->net), q);
}

/* ip_expire(), ip6frag_expire_frag_queue(). */
static void frag_expire(struct timer *timer)
{
	struct frag_queue *q = container_of(timer, struct frag_queue, timer);
	struct sk_buff *head = skb_peek(&q->fragments);

	frag_count(q, FRAG_FAIL);
	frag_count(q, FRAG_TIMEOUT);
	/* Code 1 in both families: fragment reassembly time exceeded. */
	if ((q->flags & FRAG_FIRST_IN) && head)
		icmp_send_time_exceeded(q->net, head, 1);
	frag_queue_kill(q, SKB_DROP_REASON_FRAG_REASM_TIMEOUT);
}

static struct frag_table *frag_table_get(struct net *net)
{
	struct frag_table *t = net->frags;

	if (t)
		return t;
	t = net->frags = xcalloc(1, sizeof(*t));
	list_init(&t->queues);
	for (u32 i = 0; i < FRAG_HASH_SIZE; i++)
		list_init(&t->hash[i]);
	return t;
}

struct frag_queue *frag_queue_find(struct net *net, const struct frag_key *key)
{
	struct frag_table *t = frag_table_get(net);
	u32 hash = frag_hash(key);
	struct frag_queue *q;

	list_for_each_entry(q, &t->hash[hash], hash_node) {
		if (frag_key_equal(&q->key, key))
			return q;
	}
	if (t->mem > net->sysctl.ipfrag_high_thresh)
		return NULL;
	q = pool_zalloc(queue_pool(net));
	q->net = net;
	q->key = *key;
	q->mem = sizeof(*q);
	t->mem += q->mem;
	skb_queue_init(&q->fragments);
	list_add_tail(&q->node, &t->queues);
	list_add_tail(&q->hash_node, &t->hash[hash]);
	timer_init(&q->timer, net->host, frag_expire);
	timer_mod(&q->timer,
		  net_now(net) + (key->v6 ? net->sysctl.ip6frag_time : net->sysctl.ipfrag_time));
	return q;
}

bool frag_note_end(struct frag_queue *q, u32 end, bool more)
{
	if (!more) {
		if (end < q->len || ((q->flags & FRAG_LAST_IN) && end != q->len))
			return false;
		q->flags |= FRAG_LAST_IN;
		q->len = end;
	} else if (end > q->len) {
		if (q->flags & FRAG_LAST_IN)
			return false;
		q->len = end;
	}
	return true;
}

/* inet_frag_queue_insert(): from the end, since fragments mostly come in order. */
enum frag_insert frag_queue_insert(struct frag_queue *q, struct sk_buff *skb)
{
	struct frag_cb *cb = FRAG_CB(skb);
	struct list_head *pos = q->fragments.list.prev;

	while (pos != &q->fragments.list) {
		struct sk_buff *p = list_entry(pos, struct sk_buff, node);
		const struct frag_cb *pc = FRAG_CB(p);

		if (cb->off >= pc->end)
			break;
		if (cb->off >= pc->off && cb->end <= pc->end)
			return FRAG_DUP;
		if (cb->end > pc->off)
			return FRAG_OVERLAP;
		pos = pos->prev;
	}
	list_insert(&skb->node, pos, pos->next);
	q->fragments.qlen++;
	q->meat += cb->end - cb->off;
	q->mem += skb->truesize;
	q->net->frags->mem += skb->truesize;
	if (cb->off == 0)
		q->flags |= FRAG_FIRST_IN;
	return FRAG_INSERTED;
}

bool frag_queue_complete(const struct frag_queue *q)
{
	return (q->flags & (FRAG_FIRST_IN | FRAG_LAST_IN)) == (FRAG_FIRST_IN | FRAG_LAST_IN) &&
	       q->meat == q->len;
}

/* The payloads share no buffer and are too many: copy them into one. */
static void frag_copy_payload(struct sk_buff *whole, struct frag_queue *q)
{
	struct skb_buf *buf = skb_buf_alloc(q->net->host->world, q->len);
	struct sk_buff *p;
	u32 off = 0;

	list_for_each_entry(p, &q->fragments.list, node) {
		skb_copy_bits(p, 0, buf->data + off, p->len);
		off += p->len;
	}
	skb_add_frag(whole, buf, 0, q->len);
	skb_buf_put(buf);
}

/* A new packet with the first fragment's headers (hlen bytes at its network header). */
static struct sk_buff *frag_whole_new(struct frag_queue *q, struct sk_buff *first, u32 hlen)
{
	struct sk_buff *whole = alloc_skb(q->net->host);

	whole->id = first->id;
	whole->dev = first->dev;
	whole->protocol = first->protocol;
	whole->pkt_type = first->pkt_type;
	whole->hash = first->hash;
	whole->queue_mapping = first->queue_mapping;
	whole->napi_id = first->napi_id;
	whole->priority = first->priority;
	whole->mark = first->mark;
	whole->tstamp = first->tstamp;
	whole->wire_time = first->wire_time;
	whole->mac_header = whole->data;
	skb_reset_network_header(whole);
	memcpy(skb_put(whole, hlen), skb_network_header(first), hlen);
	whole->transport_header = whole->tail;
	return whole;
}

struct sk_buff *frag_reassemble(struct frag_queue *q, u32 hlen)
{
	struct sk_buff *first = skb_peek(&q->fragments), *p;
	struct sk_buff *whole = frag_whole_new(q, first, hlen);
	u8 summed = CHECKSUM_UNNECESSARY;
	bool fits = true;
	u32 truesize = 0;

	list_for_each_entry(p, &q->fragments.list, node) {
		fits = fits && skb_add_range(whole, p, 0, p->len);
		if (p->ip_summed == CHECKSUM_NONE)
			summed = CHECKSUM_NONE;
		whole->corrupted |= p->corrupted;
		truesize += p->truesize;
	}
	if (!fits) {
		consume_skb(whole);
		whole = frag_whole_new(q, first, hlen);
		frag_copy_payload(whole, q);
		list_for_each_entry(p, &q->fragments.list, node)
			whole->corrupted |= p->corrupted;
	}
	whole->ip_summed = summed;
	whole->truesize = truesize;
	frag_count(q, FRAG_OK);
	while ((p = skb_dequeue(&q->fragments)))
		consume_skb(p);
	frag_queue_kill(q, SKB_DROP_REASON_NOT_SPECIFIED);
	return whole;
}

void frag_table_free(struct net *net)
{
	struct frag_table *t = net->frags;
	struct frag_queue *q, *tmp;

	if (!t)
		return;
	list_for_each_entry_safe(q, tmp, &t->queues, node)
		frag_queue_kill(q, SKB_DROP_REASON_NOT_SPECIFIED);
	free(t);
	net->frags = NULL;
}

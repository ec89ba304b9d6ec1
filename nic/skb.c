/* SPDX-License-Identifier: MIT */
/*
 * Packets (skb.h): making, sharing, cutting, queueing.
 */
#include "nic/skb.h"

#include <string.h>

#include "nic/netdev.h"
#include "sim/engine/trace.h"
#include "sim/host/host.h"

/* ---- life -------------------------------------------------------------------------------------- */

static struct sk_buff *skb_new(struct skb_pools *pools)
{
	struct sk_buff *skb = pool_alloc(&pools->skb);

	/* All but the slices, which nfrags counts, and the head's bytes. */
	memset(skb, 0, offsetof(struct sk_buff, frags));
	list_init(&skb->node);
	skb->pools = pools;
	return skb;
}

struct sk_buff *alloc_skb(struct host *h)
{
	struct sk_buff *skb = skb_new(h->world->skb);

	skb->host = h;
	skb->data = skb->tail = SKB_HEADROOM;
	return skb;
}

struct sk_buff *skb_clone(const struct sk_buff *skb)
{
	struct sk_buff *c = pool_alloc(&skb->pools->skb);

	memcpy(c, skb, offsetof(struct sk_buff, frags));
	list_init(&c->node);
	c->sk = NULL;
	c->destructor = NULL;
	for (u32 i = 0; i < skb->nfrags; i++) {
		c->frags[i] = skb->frags[i];
		skb_buf_get(c->frags[i].buf);
	}
	/* Headers in front of data may be looked at through their offsets. */
	memcpy(c->head, skb->head, skb->tail);
	return c;
}

static void skb_free(struct sk_buff *skb)
{
	skb_orphan(skb);
	for (u32 i = 0; i < skb->nfrags; i++)
		skb_buf_put(skb->frags[i].buf);
	pool_free(&skb->pools->skb, skb);
}

void consume_skb(struct sk_buff *skb)
{
	if (skb)
		skb_free(skb);
}

void kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason, const char *place)
{
	struct sim *s = &skb->pools->world->sim;

	skb->pools->dropped[reason]++;
	trace_dropped(s->trace, skb->id, s->now, skb->host ? skb->host->id : 0, place,
		      skb->dev ? skb->dev->ifindex : 0, skb_drop_reason_name(reason));
	skb_free(skb);
}

/* ---- linear part ------------------------------------------------------------------------------- */

u8 *skb_push(struct sk_buff *skb, u32 n)
{
	assert(n <= skb->data);
	skb->data -= (u16)n;
	skb->len += n;
	return skb->head + skb->data;
}

u8 *skb_put(struct sk_buff *skb, u32 n)
{
	u8 *p = skb->head + skb->tail;

	assert(!skb->nfrags && skb->tail + n <= SKB_HEAD_SIZE);
	skb->tail += (u16)n;
	skb->len += n;
	return p;
}

void skb_pull(struct sk_buff *skb, u32 n)
{
	assert(n <= skb_headlen(skb));
	skb->data += (u16)n;
	skb->len -= n;
}

/* The first n slices are used up. */
static void frags_drop(struct sk_buff *skb, u32 n)
{
	if (!n)
		return;
	skb->nfrags -= (u8)n;
	memmove(skb->frags, skb->frags + n, skb->nfrags * sizeof(skb->frags[0]));
}

/* Moves the first n bytes of the slices to the end of the linear part. */
static void pull_from_frags(struct sk_buff *skb, u32 n)
{
	u32 gone = 0;

	while (n) {
		struct skb_frag *f = &skb->frags[gone];
		u32 part = min(n, f->len);

		memcpy(skb->head + skb->tail, f->buf->data + f->off, part);
		skb->tail += (u16)part;
		f->off += part;
		f->len -= part;
		n -= part;
		if (!f->len) {
			skb_buf_put(f->buf);
			gone++;
		}
	}
	frags_drop(skb, gone);
}

bool pskb_may_pull_slow(struct sk_buff *skb, u32 n)
{
	u32 headlen = skb_headlen(skb);

	if (n > skb->len)
		return false;
	/* A header that has been pulled over leaves room in front: slide back when there is none behind. */
	if (skb->tail + (n - headlen) > SKB_HEAD_SIZE) {
		u32 keep = min((u32)skb->data, (u32)min(skb->mac_header, skb->network_header));
		u32 shift = keep;

		if (skb->tail - shift + (n - headlen) > SKB_HEAD_SIZE)
			return false;
		memmove(skb->head, skb->head + shift, skb->tail - shift);
		skb->data -= (u16)shift;
		skb->tail -= (u16)shift;
		skb->mac_header -= (u16)shift;
		skb->network_header -= (u16)shift;
		skb->transport_header -= (u16)min(shift, (u32)skb->transport_header);
		skb->csum_start -= (u16)min(shift, (u32)skb->csum_start);
	}
	pull_from_frags(skb, n - headlen);
	return true;
}

void skb_trim(struct sk_buff *skb, u32 n)
{
	u32 headlen = skb_headlen(skb), left;

	if (n >= skb->len)
		return;
	left = n > headlen ? n - headlen : 0;
	for (u32 i = 0; i < skb->nfrags; i++) {
		struct skb_frag *f = &skb->frags[i];

		if (left >= f->len) {
			left -= f->len;
			continue;
		}
		f->len = left;
		left = 0;
		if (!f->len) {
			for (u32 j = i; j < skb->nfrags; j++)
				skb_buf_put(skb->frags[j].buf);
			skb->nfrags = (u8)i;
			break;
		}
	}
	if (n < headlen)
		skb->tail = (u16)(skb->data + n);
	skb->len = n;
}

void skb_eat(struct sk_buff *skb, u32 n)
{
	u32 part = min(n, skb_headlen(skb)), gone = 0;

	assert(n <= skb->len);
	skb_pull(skb, part);
	n -= part;
	skb->len -= n;
	while (n) {
		struct skb_frag *f = &skb->frags[gone];

		part = min(n, f->len);
		f->off += part;
		f->len -= part;
		n -= part;
		if (!f->len) {
			skb_buf_put(f->buf);
			gone++;
		}
	}
	frags_drop(skb, gone);
}

void skb_copy_bits(const struct sk_buff *skb, u32 off, void *to, u32 len)
{
	u32 headlen = skb_headlen(skb), pos = headlen;
	u8 *out = to;

	assert(off + len <= skb->len);
	if (off < headlen) {
		u32 n = min(len, headlen - off);

		memcpy(out, skb->head + skb->data + off, n);
		out += n;
		off += n;
		len -= n;
	}
	for (u32 i = 0; i < skb->nfrags && len; i++) {
		const struct skb_frag *f = &skb->frags[i];

		if (off < pos + f->len) {
			u32 n = min(len, pos + f->len - off);

			memcpy(out, f->buf->data + f->off + (off - pos), n);
			out += n;
			off += n;
			len -= n;
		}
		pos += f->len;
	}
}

/* ---- slices ------------------------------------------------------------------------------------ */

bool skb_add_frag(struct sk_buff *skb, struct skb_buf *buf, u32 off, u32 len)
{
	struct skb_frag *last = skb->nfrags ? &skb->frags[skb->nfrags - 1] : NULL;

	if (!len)
		return true;
	if (last && last->buf == buf && last->off + last->len == off) {
		last->len += len;
		skb->len += len;
		return true;
	}
	if (skb->nfrags == MAX_SKB_FRAGS)
		return false;
	skb_buf_get(buf);
	skb->frags[skb->nfrags++] = (struct skb_frag){ .buf = buf, .off = off, .len = len };
	skb->len += len;
	return true;
}

void skb_add_data(struct sk_buff *skb, const void *data, u32 len)
{
	struct skb_buf *buf = skb_buf_alloc(skb->pools->world, len);
	bool ok;

	memcpy(buf->data, data, len);
	ok = skb_add_frag(skb, buf, 0, len);
	assert(ok);
	(void)ok;
	skb_buf_put(buf);
}

bool skb_add_range(struct sk_buff *skb, const struct sk_buff *from, u32 off, u32 len)
{
	u32 headlen = skb_headlen(from), pos = headlen;

	if (off < headlen && len) {
		u32 n = min(len, headlen - off);

		if (skb->nfrags == MAX_SKB_FRAGS)
			return false;
		skb_add_data(skb, from->head + from->data + off, n);
		off += n;
		len -= n;
	}
	for (u32 i = 0; i < from->nfrags && len; i++) {
		const struct skb_frag *f = &from->frags[i];

		if (off < pos + f->len) {
			u32 n = min(len, pos + f->len - off);

			if (!skb_add_frag(skb, f->buf, f->off + (off - pos), n))
				return false;
			off += n;
			len -= n;
		}
		pos += f->len;
	}
	return true;
}

u8 *skb_linearize_copy(struct sk_buff *skb, u32 *len)
{
	u32 n = skb->len - skb_headlen(skb);
	struct skb_buf *buf;

	*len = n;
	if (!n)
		return NULL;
	buf = skb_buf_alloc(skb->pools->world, n);
	skb_copy_bits(skb, skb_headlen(skb), buf->data, n);
	for (u32 i = 0; i < skb->nfrags; i++)
		skb_buf_put(skb->frags[i].buf);
	skb->frags[0] = (struct skb_frag){ .buf = buf, .off = 0, .len = n };
	skb->nfrags = 1;
	return buf->data;
}

/* ---- queues ------------------------------------------------------------------------------------ */

void skb_queue_purge(struct sk_buff_head *q)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(q)) != NULL)
		consume_skb(skb);
}

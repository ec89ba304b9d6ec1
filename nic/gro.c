/* SPDX-License-Identifier: MIT */
/*
 * Generic receive offload: consecutive segments of a TCP flow that one poll takes in become one packet
 * (net/ipv4/tcp_offload.c has the rules; the IP headers must be the same but for length and id).
 *
 * A merged packet keeps gso_size and gso_segs, so that TCP can acknowledge as if each had come alone.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "nic/napi.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_URG 0x20
#define TCP_CWR 0x80
#define GRO_MAX_SIZE 65535u

/* In skb->cb, of the packet at hand and of those that are held. */
struct gro_cb {
	u32 seq;	 /* of its first byte */
	u32 len;	 /* payload bytes so far */
	u16 mss;	 /* of the first segment */
	u16 count;	 /* segments */
	u16 id;		 /* IPv4 identification of the first */
	u16 l4;		 /* transport header, from data */
	u16 hdr_len;	 /* all headers, from data */
	u8 flags;
	u8 bucket;
	bool fixed_id;	 /* all have the same identification */
	u32 jiffy;	 /* when it was held; milliseconds */
};

static struct gro_cb *gro_cb(struct sk_buff *skb)
{
	return (struct gro_cb *)(void *)skb->cb;
}

/* Network header's length when the packet is one that GRO looks at; 0: it is not. */
static u32 ip_header_ok(struct sk_buff *skb)
{
	const u8 *ip;

	if (skb->protocol == htons(ETH_P_IP)) {
		if (!pskb_may_pull(skb, 20))
			return 0;
		ip = skb_data(skb);
		/* No options, not a fragment, and nothing behind the datagram (padding). */
		if (ip[0] != 0x45 || ip[9] != IPPROTO_TCP || (get_be16(ip + 6) & 0x3fff) ||
		    get_be16(ip + 2) != skb->len)
			return 0;
		return 20;
	}
	if (skb->protocol == htons(ETH_P_IPV6)) {
		if (!pskb_may_pull(skb, 40))
			return 0;
		ip = skb_data(skb);
		if (ip[0] >> 4 != 6 || ip[6] != IPPROTO_TCP || get_be16(ip + 4) + 40u != skb->len)
			return 0;
		return 40;
	}
	return 0;
}

#define GRO_BUCKETS 8u

/* By the hash that the NIC gave, as Linux does; when it gave none, by the ports. */
static u8 gro_bucket(const struct sk_buff *skb, const u8 *th)
{
	u32 hash = skb->hash ? skb->hash : (u32)get_be16(th) ^ get_be16(th + 2);

	return (u8)(hash % GRO_BUCKETS);
}

/*
 * A device that did not look at the checksum leaves that to GRO (skb_gro_checksum_validate()): what is
 * wrong goes up alone, to be counted where it belongs.
 */
static bool gro_checksum_ok(struct sk_buff *skb)
{
	const struct gro_cb *cb = gro_cb(skb);
	const u8 *ip = skb_data(skb);
	bool v4 = cb->l4 == 20;
	u32 len = skb->len - cb->l4;
	u32 sum;

	if (skb->ip_summed != CHECKSUM_NONE)
		return true;
	sum = csum_partial(ip + (v4 ? 12 : 8), v4 ? 8 : 32, IPPROTO_TCP + len);
	if (csum_fold(skb_checksum(skb, cb->l4, len, sum)))
		return false;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

/* Fills in the cb; false: not for GRO. */
static bool gro_parse(struct sk_buff *skb)
{
	u32 l4 = ip_header_ok(skb), thlen;
	struct gro_cb *cb = gro_cb(skb);
	const u8 *th;

	if (!l4 || !pskb_may_pull(skb, l4 + 20))
		return false;
	thlen = (u32)(skb_data(skb)[l4 + 12] >> 4) * 4;
	if (thlen < 20 || !pskb_may_pull(skb, l4 + thlen))
		return false;
	th = skb_data(skb) + l4;
	*cb = (struct gro_cb){ .seq = get_be32(th + 4), .len = skb->len - l4 - thlen, .count = 1,
			       .l4 = (u16)l4, .hdr_len = (u16)(l4 + thlen), .flags = th[13] };
	cb->mss = (u16)cb->len;
	cb->id = get_be16(skb_data(skb) + 4);
	cb->bucket = gro_bucket(skb, th);
	return true;
}

static bool same_flow(struct sk_buff *p, struct sk_buff *skb)
{
	const struct gro_cb *a = gro_cb(p), *b = gro_cb(skb);
	const u8 *ip = skb_data(p), *ip2 = skb_data(skb);
	u32 addrs = a->l4 == 20 ? 12 : 8, alen = a->l4 == 20 ? 8 : 32;

	return a->bucket == b->bucket && a->l4 == b->l4 && p->protocol == skb->protocol &&
	       p->vlan_tci == skb->vlan_tci &&
	       !memcmp(ip + a->l4, ip2 + b->l4, 4) && !memcmp(ip + addrs, ip2 + addrs, alen) &&
	       !memcmp(p->head + p->mac_header, skb->head + skb->mac_header, ETH_HLEN);
}

/* TTL, TOS, DF, or their IPv6 counterparts. */
static bool same_ip_fields(const u8 *a, const u8 *b, bool v4)
{
	if (v4)
		return a[1] == b[1] && a[8] == b[8] && (a[6] & 0x40) == (b[6] & 0x40);
	return !memcmp(a, b, 4) && a[7] == b[7];
}

/*
 * The IPv4 identification counts up from the first segment; or, with DF, stays what it is, which the second
 * segment decides (RFC 6864: it has no meaning in an atomic datagram).
 */
static bool same_id_rule(struct sk_buff *p, const struct sk_buff *skb)
{
	struct gro_cb *a = gro_cb(p);
	u16 offset = (u16)(((const struct gro_cb *)(const void *)skb->cb)->id - a->id);

	if (a->count == 1 && !offset && (skb_data(p)[6] & 0x40))
		a->fixed_id = true;
	return offset == (a->fixed_id ? 0 : a->count);
}

static bool can_merge(struct sk_buff *p, struct sk_buff *skb)
{
	const struct gro_cb *a = gro_cb(p), *b = gro_cb(skb);
	const u8 *th = skb_data(p) + a->l4, *th2 = skb_data(skb) + b->l4;
	u8 differ = (u8)(a->flags ^ b->flags);

	if ((b->flags & TCP_CWR) || (differ & (u8)~(TCP_FIN | TCP_PSH | TCP_CWR)))
		return false;
	if (a->hdr_len != b->hdr_len || get_be32(th + 8) != get_be32(th2 + 8))
		return false;
	/* Options too, time stamps among them. */
	if (memcmp(th + 20, th2 + 20, a->hdr_len - a->l4 - 20u))
		return false;
	if (!b->len || b->len > a->mss || a->seq + a->len != b->seq)
		return false;
	if (p->len + b->len > GRO_MAX_SIZE)
		return false;
	if (!same_ip_fields(skb_data(p), skb_data(skb), a->l4 == 20))
		return false;
	return a->l4 != 20 || same_id_rule(p, skb);
}

/* Appends skb's payload to p and frees skb; false: no slot. */
static bool gro_merge(struct sk_buff *p, struct sk_buff *skb)
{
	struct gro_cb *a = gro_cb(p), *b = gro_cb(skb);
	u8 nfrags = p->nfrags;
	u32 len = p->len;

	if (!skb_add_range(p, skb, b->hdr_len, b->len)) {
		if (p->nfrags != nfrags || p->len != len)
			skb_trim(p, len);
		return false;
	}
	a->len += b->len;
	a->count++;
	a->flags |= b->flags & (TCP_FIN | TCP_PSH);
	skb_data(p)[a->l4 + 13] = a->flags;
	/* The head of the merged skb is given back, its buffer stays. */
	p->truesize += skb->truesize > 256 ? skb->truesize - 256 : skb->truesize;
	consume_skb(skb);
	return true;
}

/* napi_gro_complete(): the headers say what the packet now is. */
static void gro_complete(struct sk_buff *p)
{
	struct gro_cb *cb = gro_cb(p);
	u8 *ip = skb_data(p);

	if (cb->count == 1)
		return;
	p->gso_size = cb->mss;
	p->gso_segs = cb->count;
	if (cb->l4 == 20) {
		p->gso_type = SKB_GSO_TCPV4;
		put_be16(ip + 2, (u16)p->len);
		put_be16(ip + 10, 0);
		put_be16(ip + 10, csum_fold(csum_partial(ip, 20, 0)));
	} else {
		p->gso_type = SKB_GSO_TCPV6;
		put_be16(ip + 4, (u16)(p->len - 40));
	}
	/* Each segment was checked; the sum of the whole has not been computed. */
	p->ip_summed = CHECKSUM_PARTIAL;
	p->csum_start = (u16)(p->data + cb->l4);
	p->csum_offset = 16;
}

/* The batch counts segments, so a long merged packet does not wait for others. */
static void gro_normal_one(struct napi_struct *n, struct sk_buff *skb)
{
	skb_queue_tail(&n->rx_list, skb);
	n->rx_count += max(skb->gso_segs, 1);
	if (n->rx_count >= softnet_host(n)->netdevs->sysctl.gro_normal_batch)
		gro_normal_list(n);
}

static void gro_flush_one(struct napi_struct *n, struct sk_buff *p)
{
	skb_unlink(&n->gro.held, p);
	gro_complete(p);
	gro_normal_one(n, p);
}

void napi_gro_flush(struct napi_struct *n)
{
	while (n->gro.held.qlen)
		gro_flush_one(n, skb_peek(&n->gro.held));
}

static u32 gro_jiffy(const struct napi_struct *n)
{
	return (u32)(host_now(softnet_host(n)) / NSEC_PER_MSEC);
}

void gro_flush_old(struct napi_struct *n)
{
	struct sk_buff *p;

	/* The first was held first. */
	while ((p = skb_peek(&n->gro.held)) != NULL && gro_cb(p)->jiffy != gro_jiffy(n))
		gro_flush_one(n, p);
}

/* Makes room in the bucket: its oldest flow goes. */
static void gro_make_room(struct napi_struct *n, u8 bucket)
{
	struct sk_buff *p, *oldest = NULL;
	u32 count = 0;

	list_for_each_entry(p, &n->gro.held.list, node) {
		if (gro_cb(p)->bucket != bucket)
			continue;
		oldest = oldest ? oldest : p;
		count++;
	}
	if (count >= GRO_MAX_HELD)
		gro_flush_one(n, oldest);
}

static struct sk_buff *held_flow(struct napi_struct *n, struct sk_buff *skb)
{
	struct sk_buff *p;

	list_for_each_entry(p, &n->gro.held.list, node) {
		if (same_flow(p, skb))
			return p;
	}
	return NULL;
}

/* True when the packet ends its flow's merging: short, or with a flag that somebody waits for. */
static bool is_final(const struct gro_cb *cb, u32 mss)
{
	return cb->len < mss || (cb->flags & (TCP_URG | TCP_PSH | TCP_RST | TCP_SYN | TCP_FIN));
}

void napi_gro_receive(struct napi_struct *n, struct sk_buff *skb)
{
	struct sk_buff *p;
	struct gro_cb *cb = gro_cb(skb);

	if (!(skb->dev->features & NETIF_F_GRO) || !gro_parse(skb)) {
		gro_normal_one(n, skb);
		return;
	}
	p = held_flow(n, skb);
	if (!gro_checksum_ok(skb)) {
		if (p)
			gro_flush_one(n, p);
		gro_normal_one(n, skb);
		return;
	}
	if (p && can_merge(p, skb)) {
		bool final = is_final(cb, gro_cb(p)->mss);

		if (gro_merge(p, skb)) {
			if (final)
				gro_flush_one(n, p);
			return;
		}
	}
	if (p)
		gro_flush_one(n, p);
	if (is_final(cb, 1)) {
		gro_normal_one(n, skb);
		return;
	}
	gro_make_room(n, cb->bucket);
	cb->jiffy = gro_jiffy(n);
	skb_queue_tail(&n->gro.held, skb);
}

/* SPDX-License-Identifier: MIT */
/*
 * The headers' part of reassembly, for IPv4 (net/ipv4's ip_fragment.c) and IPv6 (reassembly.c).
 */
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/frag_queue.h"
#include "stack/fragment.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"

#define FRAG6_HLEN 8u
#define IP_MAX_LEN 65535u
#define ECN_NOT_ECT 1u
#define ECN_CE 8u

static void frag_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_IP_RCV);
}

/*
 * RFC 3168 section 5.3: congestion seen by one fragment was seen by the datagram; fragments that
 * are not ECN-capable among ones that are make it invalid. False: drop. Sets *ecn to the two bits.
 */
static bool frag_ecn(u8 seen, u8 *tos)
{
	if ((seen & ECN_NOT_ECT) && seen != ECN_NOT_ECT)
		return false;
	if (seen & ECN_CE)
		*tos |= 3;
	return true;
}

/*
 * Puts skb, trimmed to its payload, into the queue. True: the datagram is complete. Takes skb.
 */
static bool frag_add(struct frag_queue *q, struct sk_buff *skb, u32 off, u32 end, bool more, u8 tos)
{
	struct net *net = q->net;

	*FRAG_CB(skb) = (struct frag_cb){.off = off, .end = end};
	if (off == end || !frag_note_end(q, end, more)) {
		frag_count(q, FRAG_FAIL);
		frag_queue_kill(q, SKB_DROP_REASON_NOT_SPECIFIED);
		frag_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return false;
	}
	switch (frag_queue_insert(q, skb)) {
	case FRAG_DUP:
		frag_drop(skb, SKB_DROP_REASON_DUP_FRAG);
		return false;
	case FRAG_OVERLAP:
		NET_INC_STATS(net, ReasmOverlaps);
		frag_count(q, FRAG_FAIL);
		frag_queue_kill(q, SKB_DROP_REASON_NOT_SPECIFIED);
		frag_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return false;
	case FRAG_INSERTED:
		break;
	}
	q->ecn |= (u8)(1u << (tos & 3));
	return frag_queue_complete(q);
}

/* ---- IPv4 ---- */

static struct sk_buff *ip_frag_finish(struct frag_queue *q)
{
	struct net *net = q->net;
	u32 hlen = (skb_network_header(skb_peek(&q->fragments))[0] & 0xfu) * 4;
	u8 tos = skb_network_header(skb_peek(&q->fragments))[1];
	struct sk_buff *whole;
	u8 *iph;

	if (hlen + q->len > IP_MAX_LEN || !frag_ecn(q->ecn, &tos)) {
		frag_count(q, FRAG_FAIL);
		frag_queue_kill(q, SKB_DROP_REASON_PKT_TOO_BIG);
		return NULL;
	}
	whole = frag_reassemble(q, hlen);
	iph = skb_network_header(whole);
	iph[1] = tos;
	put_be16(iph + 2, (u16)whole->len);
	put_be16(iph + 6, 0);
	ip_send_check(iph);
	ip_trace_hop(net, whole, PLACE_IP_RCV);
	return whole;
}

struct sk_buff *ip_defrag(struct net *net, struct sk_buff *skb)
{
	const u8 *iph = skb_network_header(skb);
	u32 hlen = (iph[0] & 0xfu) * 4, len = skb->len - hlen;
	u32 frag = get_be16(iph + 6), off = (frag & IP_OFFSET) * 8;
	u8 tos = iph[1];
	struct frag_key key = {.id = get_be16(iph + 4), .proto = iph[9]};
	struct frag_queue *q;

	NET_INC_STATS(net, ReasmReqds);
	ip_header_addrs(skb, &key.saddr, &key.daddr);
	q = frag_queue_find(net, &key);
	if (!q) {
		NET_INC_STATS(net, ReasmFails);
		frag_drop(skb, SKB_DROP_REASON_NOMEM);
		return NULL;
	}
	skb_pull(skb, hlen);
	if ((frag & IP_MF) && (len & 7)) {
		len &= ~7u;
		skb_trim(skb, len);
		skb->ip_summed = CHECKSUM_NONE;
	}
	if (!frag_add(q, skb, off, off + len, frag & IP_MF, tos))
		return NULL;
	return ip_frag_finish(q);
}

/* ---- IPv6 ---- */

/* Takes out the fragment header: what stood before it now leads to what came behind it. */
static struct sk_buff *ip6_frag_finish(struct frag_queue *q)
{
	struct sk_buff *first = skb_peek(&q->fragments), *whole;
	u32 frag_off = q->hlen, nhoff = q->nhoff;
	struct net *net = q->net;
	u8 nexthdr = q->nexthdr;
	u8 tos = (u8)(get_be32(skb_network_header(first)) >> 20);
	u8 *h;

	if (frag_off - IPV6_HLEN + q->len > IP_MAX_LEN || !frag_ecn(q->ecn, &tos)) {
		frag_count(q, FRAG_FAIL);
		frag_queue_kill(q, SKB_DROP_REASON_PKT_TOO_BIG);
		return NULL;
	}
	whole = frag_reassemble(q, frag_off);
	h = skb_network_header(whole);
	put_be32(h, (get_be32(h) & ~(0xffu << 20)) | (u32)tos << 20);
	put_be16(h + 4, (u16)(whole->len - IPV6_HLEN));
	h[nhoff] = nexthdr;
	ip_trace_hop(net, whole, PLACE_IP_RCV);
	return whole;
}

static struct sk_buff *frag6_error(struct net *net, struct sk_buff *skb, u32 pointer)
{
	NET_INC_STATS(net, Ip6InHdrErrors);
	icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, pointer);
	frag_drop(skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
	return NULL;
}

/* The key, with the device where the same address may mean another host on another link. */
static struct frag_key frag6_key(struct sk_buff *skb, u32 id)
{
	struct frag_key key = {.id = id, .v6 = true};

	ip_header_addrs(skb, &key.saddr, &key.daddr);
	if (ipaddr_is_multicast(&key.daddr) || ipaddr_is_linklocal(&key.daddr))
		key.iif = skb->dev->ifindex;
	return key;
}

struct sk_buff *ip6_defrag(struct net *net, struct sk_buff *skb, u8 *nexthdr, u32 *off, u32 nhoff)
{
	u32 frag_off = *off, start, end, word;
	struct frag_queue *q;
	struct frag_key key;
	const u8 *fh;
	bool more;

	NET_INC_STATS(net, Ip6ReasmReqds);
	if (!pskb_may_pull(skb, frag_off + FRAG6_HLEN))
		return frag6_error(net, skb, frag_off);
	fh = skb_data(skb) + frag_off;
	word = get_be16(fh + 2);
	*nexthdr = fh[0];
	if (!(word & 0xfff9)) { /* RFC 6946: an atomic fragment stands for itself */
		NET_INC_STATS(net, Ip6ReasmOKs);
		*off += FRAG6_HLEN;
		return skb;
	}
	more = word & 1;
	start = word & 0xfff8;
	end = start + skb->len - frag_off - FRAG6_HLEN;
	if (end > IP_MAX_LEN)
		return frag6_error(net, skb, frag_off + 2);
	if (more && (end & 7))
		return frag6_error(net, skb, 4);
	key = frag6_key(skb, get_be32(fh + 4));
	q = frag_queue_find(net, &key);
	if (!q) {
		NET_INC_STATS(net, Ip6ReasmFails);
		frag_drop(skb, SKB_DROP_REASON_NOMEM);
		return NULL;
	}
	/* Which header follows is for the first fragment to say (RFC 8200 section 4.5). */
	if (start == 0) {
		q->nexthdr = *nexthdr;
		q->hlen = (u16)frag_off;
		q->nhoff = (u16)nhoff;
	}
	word = get_be32(skb_data(skb)) >> 20;
	skb_pull(skb, frag_off + FRAG6_HLEN);
	if (!frag_add(q, skb, start, end, more, (u8)word))
		return NULL;
	*nexthdr = q->nexthdr;
	*off = q->hlen;
	return ip6_frag_finish(q);
}

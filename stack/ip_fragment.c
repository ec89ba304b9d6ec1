/* SPDX-License-Identifier: MIT */
/*
 * Fragmentation on output: RFC 791 section 3.2 and RFC 8200 section 4.5.
 *
 * Fragments share the payload's bytes; only headers are new. The checksum of the transport header
 * must be in place first, since no fragment has the whole datagram.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/sock.h"

/* A packet that carries [off, off + len) of skb's bytes behind room for hlen bytes of header. */
static struct sk_buff *frag_new(struct net *net, struct sk_buff *skb, u32 hlen, u32 off, u32 len)
{
	struct sk_buff *f = alloc_skb(net->host);

	f->dev = skb->dev;
	f->protocol = skb->protocol;
	f->priority = skb->priority;
	f->mark = skb->mark;
	f->ip_summed = skb->ip_summed;
	f->corrupted = skb->corrupted;
	f->hash = skb->hash;
	f->l4_hash = skb->l4_hash;
	f->tstamp = skb->tstamp;
	skb_reset_network_header(f);
	skb_put(f, hlen);
	f->transport_header = f->tail;
	f->truesize = SKB_TRUESIZE(hlen + len);
	if (!skb_add_range(f, skb, off, len)) {
		consume_skb(f);
		return NULL;
	}
	if (skb->sk)
		skb_set_owner_w(f, skb->sk);
	return f;
}

static int frag_fail(struct net *net, struct sk_buff *skb, bool v4, int err)
{
	if (v4)
		NET_INC_STATS(net, FragFails);
	else
		NET_INC_STATS(net, Ip6FragFails);
	kfree_skb_reason(skb,
			 err == -EMSGSIZE ? SKB_DROP_REASON_PKT_TOO_BIG : SKB_DROP_REASON_NOMEM,
			 PLACE_SOCKET_TX);
	return err;
}

/* No fragment has the whole datagram, so the device cannot fill in the checksum. */
static void frag_prepare(struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_help(skb);
}

static void ip_frag_header(struct sk_buff *f, const u8 *iph, u32 hlen, u32 off, bool more)
{
	u8 *fh = skb_network_header(f);
	u16 flags = get_be16(iph + 6) & (u16) ~(IP_OFFSET | IP_MF);
	bool last_mf = get_be16(iph + 6) & IP_MF;

	memcpy(fh, iph, hlen);
	put_be16(fh + 2, (u16)f->len);
	off += get_be16(iph + 6) & IP_OFFSET; /* a fragment may be cut again on its way */
	put_be16(fh + 6, (u16)(flags | off | (more || last_mf ? IP_MF : 0)));
	if (off)
		ip_options_fragment(fh, hlen);
	ip_send_check(fh);
}

int ip_fragment(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu, bool ignore_df)
{
	const u8 *iph = skb_network_header(skb);
	u32 hlen = (iph[0] & 0xfu) * 4;
	u32 left = skb->len - hlen, off = 0, room;
	int err = 0;

	if ((get_be16(iph + 6) & IP_DF) && !ignore_df) {
		icmp_send_unreach(net, skb, ICMP_FRAG_NEEDED, mtu);
		return frag_fail(net, skb, true, -EMSGSIZE);
	}
	frag_prepare(skb);
	room = (mtu - hlen) & ~7u;
	assert(mtu > hlen + 8);
	while (left) {
		u32 len = left <= mtu - hlen ? left : room;
		struct sk_buff *f = frag_new(net, skb, hlen, hlen + off, len);
		int ret;

		if (!f)
			return frag_fail(net, skb, true, -ENOMEM);
		left -= len;
		ip_frag_header(f, skb_network_header(skb), hlen, off / 8, left);
		off += len;
		NET_INC_STATS(net, FragCreates);
		ret = ip_finish_output2(net, f, dst);
		if (ret && !err)
			err = ret;
	}
	NET_INC_STATS(net, FragOKs);
	consume_skb(skb);
	return err;
}

static void ip6_frag_header(struct sk_buff *f, const u8 *ip6, u32 off, bool more, u32 id)
{
	u8 *fh = skb_network_header(f);

	memcpy(fh, ip6, IPV6_HLEN);
	put_be16(fh + 4, (u16)(f->len - IPV6_HLEN));
	fh[6] = IPPROTO_FRAGMENT;
	fh[40] = ip6[6];
	fh[41] = 0;
	put_be16(fh + 42, (u16)(off | more));
	put_be32(fh + 44, id);
}

/* What we send has no extension headers, so the fragment header follows the IPv6 header. */
int ip6_fragment(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu)
{
	u32 left = skb->len - IPV6_HLEN, off = 0, room;
	u32 id = rng_u32(&net->rng_ipid);
	int err = 0;

	frag_prepare(skb);
	room = (mtu - IPV6_HLEN - 8) & ~7u;
	while (left) {
		u32 len = left <= mtu - IPV6_HLEN - 8 ? left : room;
		struct sk_buff *f = frag_new(net, skb, IPV6_HLEN + 8, IPV6_HLEN + off, len);
		int ret;

		if (!f)
			return frag_fail(net, skb, false, -ENOMEM);
		left -= len;
		ip6_frag_header(f, skb_network_header(skb), off, left, id);
		off += len;
		NET_INC_STATS(net, Ip6FragCreates);
		ret = ip_finish_output2(net, f, dst);
		if (ret && !err)
			err = ret;
	}
	NET_INC_STATS(net, Ip6FragOKs);
	consume_skb(skb);
	return err;
}

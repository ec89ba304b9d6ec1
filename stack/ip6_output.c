/* SPDX-License-Identifier: MIT */
/*
 * Sending IPv6 (RFC 8200, RFC 6437 for flow labels; net/ipv6's ip6_output.c), and checksums over
 * the pseudo-header of both families.
 *
 * Flow labels are automatic as by net.ipv6.auto_flowlabels = 1: a keyed hash of the flow, so that
 * all packets of a connection have the same.
 */
#include <errno.h>

#include "sim/engine/trace_place.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"

#define IPV6_FLOWLABEL_MASK 0xfffffu

u32 ip_pseudo_sum(const union ipaddr *saddr, const union ipaddr *daddr, u8 proto, u32 len)
{
	u8 tail[8];
	u32 sum;

	put_be32(tail, len);
	put_be32(tail + 4, proto);
	if (ipaddr_is_v4(saddr))
		sum = csum_partial(&saddr->b[12], 4, csum_partial(&daddr->b[12], 4, 0));
	else
		sum = csum_partial(saddr->b, 16, csum_partial(daddr->b, 16, 0));
	return csum_partial(tail, sizeof(tail), sum);
}

bool ip_transport_csum_ok(struct sk_buff *skb, const union ipaddr *s, const union ipaddr *d,
			  u8 proto)
{
	if (skb->ip_summed != CHECKSUM_NONE)
		return true;
	return csum_fold(skb_checksum(skb, 0, skb->len, ip_pseudo_sum(s, d, proto, skb->len))) == 0;
}

static u32 ip6_make_flowlabel(struct net *net, struct sk_buff *skb, const struct ip_tx *tx)
{
	u64 h = net->hash_secret[0] ^ tx->proto;

	if (tx->flowlabel)
		return tx->flowlabel & IPV6_FLOWLABEL_MASK;
	if (skb_headlen(skb) >= 4 && (tx->proto == IPPROTO_TCP || tx->proto == IPPROTO_UDP))
		h ^= (u64)get_be32(skb_data(skb)) << 8;
	h = (h ^ tx->saddr.d[1]) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 32) ^ tx->daddr.d[0]) * 0x9e3779b97f4a7c15ull;
	h = (h ^ (h >> 32) ^ tx->daddr.d[1]) * 0x9e3779b97f4a7c15ull;
	return (u32)(h >> 44) & IPV6_FLOWLABEL_MASK;
}

static u8 ip6_select_hoplimit(struct net *net, const struct dst *dst, const struct ip_tx *tx)
{
	if (tx->ttl)
		return tx->ttl;
	return dst->type == RTN_MULTICAST_ ? 1 : (u8)net->sysctl.ipv6_hop_limit;
}

int ip6_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx)
{
	u32 label = ip6_make_flowlabel(net, skb, tx);
	u8 *h = skb_push(skb, IPV6_HLEN);
	u32 payload = skb->len - IPV6_HLEN;

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	put_be32(h, 6u << 28 | (u32)tx->tos << 20 | label);
	/* A super-packet that is too long for the field has 0 there (RFC 2675); segments have their
	 * own. */
	put_be16(h + 4, payload > 0xffff ? 0 : (u16)payload);
	h[6] = tx->proto;
	h[7] = ip6_select_hoplimit(net, dst, tx);
	memcpy(h + 8, tx->saddr.b, 16);
	memcpy(h + 24, tx->daddr.b, 16);
	skb->dev = dst->dev;
	NET_INC_STATS(net, Ip6OutRequests);
	if (!ip_fits(skb, dst->mtu) && (tx->df && !tx->local_df)) {
		NET_INC_STATS(net, Ip6FragFails);
		kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_BIG, PLACE_SOCKET_TX);
		return -EMSGSIZE;
	}
	NET_INC_STATS(net, Ip6OutTransmits);
	NET_ADD_STATS(net, Ip6OutOctets, skb->len);
	if (dst->type == RTN_MULTICAST_) {
		NET_INC_STATS(net, Ip6OutMcastPkts);
		NET_ADD_STATS(net, Ip6OutMcastOctets, skb->len);
	}
	if (dst->type == RTN_MULTICAST_ && !tx->no_mc_loop && !(dst->dev->flags & IFF_LOOPBACK) &&
	    ip_mc_joined(dst->dev, &tx->daddr))
		ip_loopback_copy(net, skb);
	return ip_finish_output(net, skb, dst, dst->mtu, tx->local_df);
}

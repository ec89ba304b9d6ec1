/* SPDX-License-Identifier: MIT */
/*
 * IPv6 extension headers (RFC 8200 section 4): options, routing, fragment.
 *
 * nhoff is the offset of the next-header field that named the header under examination: where a
 * parameter problem points to. All offsets count from the IPv6 header, where skb->data is.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip6.h>

#include "sim/engine/trace_place.h"
#include "stack/fragment.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"

#define IP6_MAX_OPTS 8 /* max_hbh_opts_number, max_dst_opts_number */
/* More headers than any packet of a sound mind has; Linux has no such limit but the packet's end.
 */
#define IP6_MAX_EXTHDRS 16

static void exthdr_drop(struct net *net, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(net, Ip6InHdrErrors);
	kfree_skb_reason(skb, reason, PLACE_IP_RCV);
}

bool ip6_skip_exthdr(const u8 *buf, u32 len, struct ip6_upper *ext)
{
	if (len < IPV6_HLEN)
		return false;
	*ext = (struct ip6_upper){.nexthdr = buf[6], .off = IPV6_HLEN};
	for (int n = 0; n < IP6_MAX_EXTHDRS; n++) {
		u32 hlen;

		switch (ext->nexthdr) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
			if (ext->off + 2 > len)
				return false;
			hlen = (buf[ext->off + 1] + 1u) * 8;
			break;
		case IPPROTO_FRAGMENT:
			if (ext->off + 8 > len)
				return false;
			ext->frag_off = ext->off;
			/* The upper header is in the first fragment only. */
			if (get_be16(buf + ext->off + 2) & 0xfff8)
				return false;
			hlen = 8;
			break;
		default:
			return ext->off <= len;
		}
		ext->nexthdr = buf[ext->off];
		ext->off += hlen;
	}
	return false;
}

/* An option that we do not know: its two upper bits say what to do (RFC 8200 section 4.2). */
static bool unknown_option(struct net *net, struct sk_buff *skb, u32 off)
{
	union ipaddr s, d;
	u8 action = (u8)(skb_data(skb)[off] >> 6);

	if (action == 0)
		return true;
	ip_header_addrs(skb, &s, &d);
	if (action == 2 || (action == 3 && !ipaddr_is_multicast(&d)))
		icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_OPTION, off);
	exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
	return false;
}

/* ip6_parse_tlv(): false: dropped. */
static bool parse_options(struct net *net, struct sk_buff *skb, u32 off, u32 end)
{
	int count = 0;

	off += 2;
	while (off < end) {
		const u8 *opt = skb_data(skb) + off;
		u32 optlen = opt[0] == IP6OPT_PAD1 ? 1 : off + 1 < end ? opt[1] + 2u : end + 1;

		if (off + optlen > end) {
			exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
			return false;
		}
		if (opt[0] != IP6OPT_PAD1 && opt[0] != IP6OPT_PADN) {
			if (++count > IP6_MAX_OPTS) {
				exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
				return false;
			}
			if (opt[0] != IP6OPT_ROUTER_ALERT && !unknown_option(net, skb, off))
				return false;
		}
		off += optlen;
	}
	return true;
}

/* Makes one header linear and returns its length; 0: dropped. */
static u32 pull_exthdr(struct net *net, struct sk_buff *skb, u32 off)
{
	u32 hlen;

	if (!pskb_may_pull(skb, off + 8))
		goto truncated;
	hlen = (skb_data(skb)[off + 1] + 1u) * 8;
	if (!pskb_may_pull(skb, off + hlen))
		goto truncated;
	return hlen;
truncated:
	exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
	return 0;
}

bool ip6_parse_hopopts(struct net *net, struct sk_buff *skb, u8 *nexthdr, u32 *off, u32 *nhoff)
{
	u32 hlen = pull_exthdr(net, skb, *off);

	if (!hlen || !parse_options(net, skb, *off, *off + hlen))
		return false;
	*nexthdr = skb_data(skb)[*off];
	*nhoff = *off;
	*off += hlen;
	return true;
}

/* Routing headers are obeyed only when they are done: types 0 and 2 are not supported (RFC 5095).
 */
static bool parse_routing(struct net *net, struct sk_buff *skb, u8 *nexthdr, u32 *off, u32 *nhoff)
{
	u32 hlen = pull_exthdr(net, skb, *off);
	const u8 *h;

	if (!hlen)
		return false;
	h = skb_data(skb) + *off;
	if (h[3] != 0) {
		icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_HEADER, *off + 2);
		exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
		return false;
	}
	*nexthdr = h[0];
	*nhoff = *off;
	*off += hlen;
	return true;
}

static bool is_upper(u8 nexthdr)
{
	return nexthdr != IPPROTO_HOPOPTS && nexthdr != IPPROTO_ROUTING &&
	       nexthdr != IPPROTO_DSTOPTS && nexthdr != IPPROTO_FRAGMENT;
}

struct sk_buff *ip6_input_exthdrs(struct net *net, struct sk_buff *skb, u8 *proto, u32 *nhoff)
{
	u8 nexthdr = skb_data(skb)[6];
	u32 off = IPV6_HLEN;

	*nhoff = 6;
	for (int n = 0; !is_upper(nexthdr); n++) {
		bool ok = true;

		if (n == IP6_MAX_EXTHDRS) {
			exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
			return NULL;
		}
		if (nexthdr == IPPROTO_HOPOPTS && n > 0) {
			/* Allowed only right behind the IPv6 header. */
			icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, *nhoff);
			exthdr_drop(net, skb, SKB_DROP_REASON_IPV6_BAD_EXTHDR);
			return NULL;
		}
		if (nexthdr == IPPROTO_HOPOPTS || nexthdr == IPPROTO_DSTOPTS)
			ok = ip6_parse_hopopts(net, skb, &nexthdr, &off, nhoff);
		else if (nexthdr == IPPROTO_ROUTING)
			ok = parse_routing(net, skb, &nexthdr, &off, nhoff);
		else
			skb = ip6_defrag(net, skb, &nexthdr, &off, *nhoff);
		if (!ok || !skb)
			return NULL;
	}
	*proto = nexthdr;
	skb_pull(skb, off);
	skb_reset_transport_header(skb);
	return skb;
}

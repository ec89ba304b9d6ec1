/* SPDX-License-Identifier: MIT */
/*
 * Receiving IPv6 (RFC 8200; net/ipv6's ip6_input.c): header checks, local delivery.
 */
#include <errno.h>
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"
#include "stack/raw.h"
#include "stack/route.h"

static void ip6_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_IP_RCV);
}

/* ---- local delivery ---- */

static void ip6_unknown_nexthdr(struct net *net, struct sk_buff *skb, u8 proto, u32 nhoff, bool raw)
{
	if (proto == IPPROTO_NONE || raw) {
		NET_INC_STATS(net, Ip6InDelivers);
		consume_skb(skb);
		return;
	}
	NET_INC_STATS(net, Ip6InUnknownProtos);
	icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, nhoff);
	ip6_drop(skb, SKB_DROP_REASON_IP_NOPROTO);
}

static void ip6_local_deliver(struct net *net, struct sk_buff *skb, enum rtn_type type)
{
	u32 word = get_be32(skb_data(skb));
	struct ip_rx rx = {.tos = (u8)(word >> 20),
			   .ttl = skb_data(skb)[7],
			   .flowlabel = word & 0xfffff,
			   .iif = skb->dev->ifindex,
			   .multicast = type == RTN_MULTICAST_};
	const struct net_protocol *p;
	bool raw = false;
	u32 nhoff;

	ip_header_addrs(skb, &rx.saddr, &rx.daddr);
	skb = ip6_input_exthdrs(net, skb, &rx.proto, &nhoff);
	if (!skb)
		return;
	*IP_RX(skb) = rx;
	if (unlikely(!list_empty(&net->raw_socks)))
		raw = raw_deliver(net, skb);
	p = inet_protocol(rx.proto);
	if (!p || rx.proto == IPPROTO_ICMP || rx.proto == IPPROTO_IGMP) {
		ip6_unknown_nexthdr(net, skb, rx.proto, nhoff, raw);
		return;
	}
	NET_INC_STATS(net, Ip6InDelivers);
	p->handler(net, skb);
}

/* ---- routing of what came in ---- */

static void ip6_no_route(struct net *net, struct sk_buff *skb, u8 code)
{
	if (!net->sysctl.ipv6_forwarding)
		NET_INC_STATS(net, Ip6InAddrErrors);
	else
		NET_INC_STATS(net, Ip6InNoRoutes);
	icmpv6_send(net, skb, ICMP6_DST_UNREACH, code, 0);
	ip6_drop(skb, SKB_DROP_REASON_IP_INNOROUTES);
}

static void ip6_route_and_deliver(struct net *net, struct sk_buff *skb, const union ipaddr *s,
				  const union ipaddr *d)
{
	enum rtn_type type;
	struct flow fl;

	route_input_flow(net, skb, s, d, &fl);
	type = route_input_type(net, skb->dev, &fl);
	switch (type) {
	case RTN_LOCAL_:
		ip6_local_deliver(net, skb, type);
		break;
	case RTN_MULTICAST_:
		NET_INC_STATS(net, Ip6InMcastPkts);
		NET_ADD_STATS(net, Ip6InMcastOctets, skb->len);
		if (ip_mc_joined(skb->dev, d)) {
			ip6_local_deliver(net, skb, type);
		} else {
			NET_INC_STATS(net, Ip6InDiscards);
			ip6_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		}
		break;
	case RTN_UNICAST_:
		if (net->sysctl.ipv6_forwarding) {
			ip6_forward(net, skb);
		} else {
			NET_INC_STATS(net, Ip6InAddrErrors);
			ip6_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		}
		break;
	case RTN_BLACKHOLE_:
		ip6_drop(skb, SKB_DROP_REASON_IP_INNOROUTES);
		break;
	case RTN_PROHIBIT_:
		ip6_no_route(net, skb, ICMP6_DST_UNREACH_ADMIN);
		break;
	case RTN_UNREACHABLE_:
	case RTN_BROADCAST_:
	case RTN_THROW_:
	case RTN_UNREACHABLE_NET_: /* route_input_type() gives neither */
	case RTN_UNSPEC_:
		ip6_no_route(net, skb, ICMP6_DST_UNREACH_NOROUTE);
		break;
	}
}

/* ---- header checks ---- */

/* Addresses that must not be on a wire: RFC 4291 sections 2.5.3 and 2.7. */
static bool ip6_addrs_ok(const struct sk_buff *skb, const union ipaddr *s, const union ipaddr *d)
{
	bool lo = skb->dev->flags & IFF_LOOPBACK;

	if (ipaddr_is_multicast(s) || (!ipaddr_is_v4(d) && ipaddr_is_any(d)))
		return false;
	if (!lo && (ipaddr_is_loopback(s) || ipaddr_is_loopback(d)))
		return false;
	/* Mapped addresses stand for IPv4 inside a host only. */
	if (ipaddr_is_v4(s) || ipaddr_is_v4(d))
		return false;
	/* Interface-local and reserved multicast scopes do not leave a host (RFC 7346). */
	if (!lo && skb->pkt_type != PACKET_LOOPBACK && ipaddr_is_multicast(d) &&
	    ((d->b[1] & 0xf) == 1 || (d->b[1] & 0xf) == 0))
		return false;
	return true;
}

static void ip6_count_ecn(struct net *net, const struct sk_buff *skb, const u8 *h)
{
	static const enum mib by_ecn[4] = {MIB_Ip6InNoECTPkts, MIB_Ip6InECT1Pkts,
					   MIB_Ip6InECT0Pkts, MIB_Ip6InCEPkts};

	net->mib.v[by_ecn[h[1] >> 4 & 3]] += max(skb->gso_segs, 1);
}

static enum skb_drop_reason ip6_check_header(struct net *net, struct sk_buff *skb)
{
	union ipaddr s, d;
	u32 len;

	if (net->sysctl.ipv6_disable) {
		NET_INC_STATS(net, Ip6InDiscards);
		return SKB_DROP_REASON_IPV6DISABLED;
	}
	if (!pskb_may_pull(skb, IPV6_HLEN) || skb_data(skb)[0] >> 4 != 6) {
		NET_INC_STATS(net, Ip6InHdrErrors);
		return SKB_DROP_REASON_IP_INHDR;
	}
	ip6_count_ecn(net, skb, skb_data(skb));
	ip_header_addrs(skb, &s, &d);
	if (!ip6_addrs_ok(skb, &s, &d)) {
		NET_INC_STATS(net, Ip6InHdrErrors);
		return SKB_DROP_REASON_IP_INHDR;
	}
	len = get_be16(skb_data(skb) + 4);
	/* 0: only of a super-packet that GRO has put together. */
	if (len || !skb->gso_size) {
		if (len + IPV6_HLEN > skb->len) {
			NET_INC_STATS(net, Ip6InTruncatedPkts);
			return SKB_DROP_REASON_PKT_TOO_SMALL;
		}
		if (skb->len > len + IPV6_HLEN)
			skb_trim(skb, len + IPV6_HLEN);
	}
	skb->transport_header = (u16)(skb->data + IPV6_HLEN);
	return SKB_NOT_DROPPED_YET;
}

void ipv6_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct net *net = dev->host->net;
	enum skb_drop_reason reason;
	union ipaddr s, d;

	if (skb->pkt_type == PACKET_OTHERHOST) {
		ip6_drop(skb, SKB_DROP_REASON_OTHERHOST);
		return;
	}
	NET_INC_STATS(net, Ip6InReceives);
	NET_ADD_STATS(net, Ip6InOctets, skb->len);
	skb_reset_network_header(skb);
	ip_trace_hop(net, skb, PLACE_IP_RCV);
	reason = ip6_check_header(net, skb);
	if (reason) {
		ip6_drop(skb, reason);
		return;
	}
	ip_header_addrs(skb, &s, &d);
	ip6_route_and_deliver(net, skb, &s, &d);
}

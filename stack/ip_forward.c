/* SPDX-License-Identifier: MIT */
/*
 * Forwarding of both families: RFC 1812 section 5, RFC 8200 section 3, as net/ipv4's ip_forward()
 * and net/ipv6's ip6_forward() do it. Learned path MTUs are not used (ip_forward_use_pmtu = 0).
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "sim/engine/trace_place.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/route.h"

static void forward_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_FORWARD);
}

/* RFC 1141: one less in the upper byte of a header word is one more in the complement's. */
static void ip_decrease_ttl(u8 *iph)
{
	u32 check = get_be16(iph + 10);

	check += 0x0100;
	put_be16(iph + 10, (u16)(check + (check >= 0xffff)));
	iph[8]--;
}

void ip_forward(struct net *net, struct sk_buff *skb)
{
	u8 *iph = skb_network_header(skb);
	union ipaddr s, d;
	struct flow fl;
	struct dst dst;

	if (skb->pkt_type != PACKET_HOST) {
		forward_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return;
	}
	if (iph[8] <= 1) {
		NET_INC_STATS(net, InHdrErrors);
		icmp_send_time_exceeded(net, skb, ICMP_EXC_TTL);
		forward_drop(skb, SKB_DROP_REASON_IP_INHDR);
		return;
	}
	ip_header_addrs(skb, &s, &d);
	route_input_flow(net, skb, &s, &d, &fl);
	if (route_forward(net, &fl, &dst)) {
		forward_drop(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return;
	}
	if (!ip_fits(skb, dst.mtu) && (get_be16(iph + 6) & IP_DF)) {
		NET_INC_STATS(net, FragFails);
		icmp_send_unreach(net, skb, ICMP_FRAG_NEEDED, dst.mtu);
		forward_drop(skb, SKB_DROP_REASON_PKT_TOO_BIG);
		return;
	}
	ip_decrease_ttl(iph);
	ip_trace_hop(net, skb, PLACE_FORWARD);
	NET_INC_STATS(net, ForwDatagrams);
	NET_INC_STATS(net, OutTransmits);
	NET_ADD_STATS(net, OutOctets, skb->len);
	ip_finish_output(net, skb, &dst, dst.mtu, false);
}

void ip6_forward(struct net *net, struct sk_buff *skb)
{
	u8 *ip6 = skb_network_header(skb);
	union ipaddr s, d;
	struct flow fl;
	struct dst dst;

	if (skb->pkt_type != PACKET_HOST) {
		NET_INC_STATS(net, Ip6InDiscards);
		forward_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return;
	}
	if (ip6[7] <= 1) {
		NET_INC_STATS(net, Ip6InHdrErrors);
		icmp_send_time_exceeded(net, skb, ICMP6_TIME_EXCEED_TRANSIT);
		forward_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return;
	}
	ip_header_addrs(skb, &s, &d);
	route_input_flow(net, skb, &s, &d, &fl);
	if (route_forward(net, &fl, &dst)) {
		NET_INC_STATS(net, Ip6InNoRoutes);
		forward_drop(skb, SKB_DROP_REASON_IP_OUTNOROUTES);
		return;
	}
	if (ipaddr_is_any(&s) || ipaddr_is_multicast(&s) || ipaddr_is_loopback(&s) ||
	    (ipaddr_is_linklocal(&s) && dst.dev != skb->dev)) {
		if (ipaddr_is_linklocal(&s))
			icmpv6_send(net, skb, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_BEYONDSCOPE, 0);
		NET_INC_STATS(net, Ip6InAddrErrors);
		forward_drop(skb, SKB_DROP_REASON_IP_INVALID_SOURCE);
		return;
	}
	if (!ip_fits(skb, dst.mtu)) {
		NET_INC_STATS(net, Ip6InTooBigErrors);
		NET_INC_STATS(net, Ip6FragFails);
		icmpv6_send(net, skb, ICMP6_PACKET_TOO_BIG, 0, dst.mtu);
		forward_drop(skb, SKB_DROP_REASON_PKT_TOO_BIG);
		return;
	}
	ip6[7]--;
	ip_trace_hop(net, skb, PLACE_FORWARD);
	NET_INC_STATS(net, Ip6OutForwDatagrams);
	NET_INC_STATS(net, Ip6OutTransmits);
	NET_ADD_STATS(net, Ip6OutOctets, skb->len);
	ip_finish_output2(net, skb, &dst);
}

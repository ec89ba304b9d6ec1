/* SPDX-License-Identifier: MIT */
/*
 * MLDv2 as a host (RFC 3810): listener reports without sources, answers to queries of both
 * versions.
 */
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"

#define MLD2_REPORT 143
#define MLD_QUERY_LEN 24u
#define MLD2_QUERY_LEN 28u
#define MLD2_REPORT_LEN 28u /* header and one record */
#define HBH_LEN 8u

/* Hop-by-hop header with a router alert for MLD (RFC 2711); PadN fills it up. */
static void push_router_alert(struct sk_buff *skb)
{
	static const u8 hbh[HBH_LEN] = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0};

	memcpy(skb_push(skb, HBH_LEN), hbh, HBH_LEN);
}

void mld_send_report(struct ip_mc_group *g, enum mc_record type)
{
	static const union ipaddr all_mld2_routers = {.b = {0xff, 0x02, [15] = 0x16}};
	struct net *net = g->net;
	struct flow fl = {.daddr = all_mld2_routers, .oif = g->dev->ifindex, .anysrc = true};
	struct ip_tx tx = {
	    .daddr = all_mld2_routers, .proto = IPPROTO_HOPOPTS, .ttl = 1, .no_mc_loop = true};
	struct sk_buff *skb;
	struct dst dst;
	u8 *h;

	if (route_output(net, &fl, &dst))
		return;
	tx.saddr = dst.saddr;
	skb = alloc_skb(net->host);
	h = skb_put(skb, MLD2_REPORT_LEN);
	memset(h, 0, MLD2_REPORT_LEN);
	h[0] = MLD2_REPORT;
	put_be16(h + 6, 1);
	h[8] = (u8)type;
	memcpy(h + 12, g->group.b, 16);
	put_be16(h + 2, csum_fold(csum_partial(
			    h, MLD2_REPORT_LEN,
			    ip_pseudo_sum(&tx.saddr, &tx.daddr, IPPROTO_ICMPV6, MLD2_REPORT_LEN))));
	push_router_alert(skb);
	skb->truesize = SKB_TRUESIZE(MLD2_REPORT_LEN + HBH_LEN);
	NET_INC_STATS(net, Icmp6OutMsgs);
	NET_INC_STATS(net, Icmp6OutMLDv2Reports);
	ip_output(net, skb, &dst, &tx);
}

/* RFC 3810 section 5.1.3, in milliseconds. */
static nsec_t mld_max_resp(u16 code, bool v2)
{
	nsec_t ms = code;

	if (v2 && code >= 32768)
		ms = (nsec_t)((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3);
	return ms * NSEC_PER_MSEC;
}

void mld_rcv(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	union ipaddr group;
	const u8 *h;

	if (!pskb_may_pull(skb, MLD_QUERY_LEN)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_SMALL, PLACE_SOCKET_RX);
		return;
	}
	h = skb_data(skb);
	/* RFC 3810 section 6.2: only from the link itself. */
	if (h[0] == MLD_LISTENER_QUERY && rx.ttl == 1 && ipaddr_is_linklocal(&rx.saddr)) {
		memcpy(group.b, h + 8, 16);
		ip_mc_query(skb->dev, false, ipaddr_is_any(&group) ? NULL : &group,
			    mld_max_resp(get_be16(h + 4), skb->len >= MLD2_QUERY_LEN));
	}
	consume_skb(skb);
}

/* SPDX-License-Identifier: MIT */
/*
 * IGMPv3 as a host (RFC 3376): membership reports without sources, answers to queries of any
 * version.
 */
#include <netinet/igmp.h>
#include <netinet/ip.h>

#include "sim/engine/trace_place.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"

#define IGMPV3_REPORT 0x22
#define IGMP_QUERY 0x11
#define IGMPV3_ALL_ROUTERS 0xe0000016u /* 224.0.0.22 */
#define IGMP_MIN_LEN 8u
#define IGMPV3_QUERY_LEN 12u
#define IGMPV3_REPORT_LEN 16u /* header and one record */

void igmp_send_report(struct ip_mc_group *g, enum mc_record type)
{
	static const u8 router_alert[4] = {IPOPT_RA, 4, 0, 0};
	struct net *net = g->net;
	struct flow fl = {.saddr = ipaddr_v4(0),
			  .daddr = ipaddr_v4(htonl(IGMPV3_ALL_ROUTERS)),
			  .oif = g->dev->ifindex};
	struct ip_tx tx = {.daddr = fl.daddr,
			   .proto = IPPROTO_IGMP,
			   .tos = 0xc0,
			   .ttl = 1,
			   .df = true,
			   .opts = router_alert,
			   .optlen = sizeof(router_alert),
			   .no_mc_loop = true};
	struct sk_buff *skb;
	struct dst dst;
	u8 *h;

	if (route_output(net, &fl, &dst))
		return;
	tx.saddr = dst.saddr;
	skb = alloc_skb(net->host);
	h = skb_put(skb, IGMPV3_REPORT_LEN);
	memset(h, 0, IGMPV3_REPORT_LEN);
	h[0] = IGMPV3_REPORT;
	put_be16(h + 6, 1);
	h[8] = (u8)type;
	memcpy(h + 12, &g->group.b[12], 4);
	put_be16(h + 2, csum_fold(csum_partial(h, IGMPV3_REPORT_LEN, 0)));
	skb->truesize = SKB_TRUESIZE(IGMPV3_REPORT_LEN);
	ip_output(net, skb, &dst, &tx);
}

/* RFC 3376 section 4.1.1: above 127 the code is a floating point number. In tenths of a second. */
static nsec_t igmp_max_resp(u8 code)
{
	nsec_t tenths = code;

	if (code >= 128)
		tenths = (nsec_t)((code & 0xf) | 0x10) << (((code >> 4) & 7) + 3);
	return tenths * 100 * NSEC_PER_MSEC;
}

static void igmp_query(struct sk_buff *skb)
{
	const u8 *h = skb_data(skb);
	union ipaddr group = ipaddr_v4(0);
	/* A query of version 1 has no time: ten seconds (RFC 2236 section 4). */
	nsec_t delay = h[1] ? igmp_max_resp(h[1]) : 10 * NSEC_PER_SEC;

	if (skb->len > IGMP_MIN_LEN && skb->len < IGMPV3_QUERY_LEN)
		return; /* no version has this length: RFC 3376 section 7.1 */
	memcpy(&group.b[12], h + 4, 4);
	ip_mc_query(skb->dev, true, ipaddr_is_any(&group) ? NULL : &group, delay);
}

void igmp_rcv(struct net *net, struct sk_buff *skb)
{
	if (!pskb_may_pull(skb, IGMP_MIN_LEN)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_PKT_TOO_SMALL, PLACE_SOCKET_RX);
		return;
	}
	if (skb->ip_summed == CHECKSUM_NONE && csum_fold(skb_checksum(skb, 0, skb->len, 0))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_SKB_CSUM, PLACE_SOCKET_RX);
		return;
	}
	/* Reports of other hosts mean nothing to a host of version 3. */
	if (skb_data(skb)[0] == IGMP_QUERY)
		igmp_query(skb);
	consume_skb(skb);
}

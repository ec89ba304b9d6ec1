/* SPDX-License-Identifier: MIT */
/*
 * Neighbour discovery (RFC 4861): solicitations, advertisements, redirects.
 *
 * Routers' advertisements are not listened to (accept_ra = 0): addresses and routes are configured
 * by the scenario. Every message must have hop limit 255, which proves that it comes from the link.
 */
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/neighbour.h"
#include "stack/pmtu.h"

#define ND_HLEN 24u /* NS and NA */
#define ND_REDIRECT_HLEN 40u
#define ND_OPT_LLADDR_LEN 8u
#define ND_HOPLIMIT 255
#define ND_MAX_LEN 128u /* of what is parsed; options beyond are not looked at */

#define NA_ROUTER 0x80
#define NA_SOLICITED 0x40
#define NA_OVERRIDE 0x20

union ipaddr ipv6_solicited_node(const union ipaddr *a)
{
	return (union ipaddr){.b = {0xff, 0x02, [11] = 1, 0xff, a->b[13], a->b[14], a->b[15]}};
}

static void nd_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_SOCKET_RX);
}

/* ---- sending ---- */

/* A message with target and, when opt is not 0, our link-layer address. n: the way, if it is known.
 */
static void nd_send(struct net *net, struct net_device *dev, u8 type, u8 flags,
		    const union ipaddr *saddr, const union ipaddr *daddr,
		    const union ipaddr *target, u8 opt, struct neighbour *n)
{
	u32 len = ND_HLEN + (opt ? ND_OPT_LLADDR_LEN : 0);
	struct sk_buff *skb = alloc_skb(net->host);
	struct dst dst = {.dev = dev,
			  .nexthop = *daddr,
			  .neigh = n,
			  .mtu = dev->mtu,
			  .genid = net->genid,
			  .type = ipaddr_is_multicast(daddr) ? RTN_MULTICAST_ : RTN_UNICAST_};
	struct ip_tx tx = {.saddr = *saddr,
			   .daddr = *daddr,
			   .proto = IPPROTO_ICMPV6,
			   .ttl = ND_HOPLIMIT,
			   .no_mc_loop = true};
	u8 *h = skb_put(skb, len);

	memset(h, 0, len);
	h[0] = type;
	h[4] = flags;
	memcpy(h + 8, target->b, 16);
	if (opt) {
		h[ND_HLEN] = opt;
		h[ND_HLEN + 1] = 1;
		memcpy(h + ND_HLEN + 2, dev->mac, ETH_ALEN);
	}
	put_be16(h + 2,
		 csum_fold(csum_partial(h, len, ip_pseudo_sum(saddr, daddr, IPPROTO_ICMPV6, len))));
	skb->transport_header = skb->data;
	skb->truesize = SKB_TRUESIZE(len);
	NET_INC_STATS(net, Icmp6OutMsgs);
	if (type == ND_NEIGHBOR_SOLICIT)
		NET_INC_STATS(net, Icmp6OutNeighborSolicits);
	else
		NET_INC_STATS(net, Icmp6OutNeighborAdvertisements);
	ip6_output(net, skb, &dst, &tx);
}

void ndisc_solicit(struct neighbour *n, struct sk_buff *skb)
{
	union ipaddr daddr = n->addr, saddr = {.d = {0, 0}};
	bool unicast = (n->state & NUD_VALID) && n->probes <= n->net->sysctl.ucast_solicit;

	if (skb && skb->protocol == htons(ETH_P_IPV6)) {
		memcpy(saddr.b, skb_network_header(skb) + 8, 16);
		if (!ip_addr_is_local(n->net, &saddr, n->dev))
			saddr = (union ipaddr){.d = {0, 0}};
	}
	if (ipaddr_is_any(&saddr))
		saddr = ipv6_dev_get_saddr(n->net, n->dev, &n->addr);
	if (!unicast)
		daddr = ipv6_solicited_node(&n->addr);
	nd_send(n->net, n->dev, ND_NEIGHBOR_SOLICIT, 0, &saddr, &daddr, &n->addr,
		ipaddr_is_any(&saddr) ? 0 : ND_OPT_SOURCE_LINKADDR, unicast ? n : NULL);
}

/* ---- receiving ---- */

/* Finds the link-layer address option; false: the options are malformed. */
static bool nd_parse_lladdr(const u8 *opt, u32 len, u8 type, const u8 **lladdr)
{
	*lladdr = NULL;
	while (len >= 2) {
		u32 olen = opt[1] * 8u;

		if (!olen || olen > len)
			return false;
		if (opt[0] == type && !*lladdr)
			*lladdr = opt + 2;
		opt += olen;
		len -= olen;
	}
	return len == 0;
}

static u32 nd_options_len(const struct sk_buff *skb, u32 hlen)
{
	return skb_headlen(skb) - hlen;
}

/* Takes nothing; returns why the message is dropped, or 0. */
static enum skb_drop_reason nd_recv_ns(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	const u8 *h = skb_data(skb), *lladdr;
	bool dad = ipaddr_is_any(&rx.saddr), many = ipaddr_is_multicast(&rx.daddr);
	static const union ipaddr all_nodes = {.b = {0xff, 0x02, [15] = 1}};
	struct net_device *dev = skb->dev;
	struct neighbour *n;
	union ipaddr target;
	u8 flags;

	memcpy(target.b, h + 8, 16);
	if (ipaddr_is_multicast(&target) ||
	    !nd_parse_lladdr(h + ND_HLEN, nd_options_len(skb, ND_HLEN), ND_OPT_SOURCE_LINKADDR,
			     &lladdr))
		return SKB_DROP_REASON_IP6_NDISC_BAD_OPTIONS;
	/* RFC 4861 section 7.1.1: a probe for duplicates goes to the group and names no address. */
	if (dad && (lladdr || !many))
		return SKB_DROP_REASON_IP6_NDISC_BAD_OPTIONS;
	if (!ip_addr_is_local(net, &target, dev))
		return SKB_NOT_DROPPED_YET;
	flags = (u8)((net->sysctl.ipv6_forwarding ? NA_ROUTER : 0) | (many ? NA_OVERRIDE : 0));
	if (dad) {
		nd_send(net, dev, ND_NEIGHBOR_ADVERT, flags | NA_OVERRIDE, &target, &all_nodes,
			&target, ND_OPT_TARGET_LINKADDR, NULL);
		return SKB_NOT_DROPPED_YET;
	}
	n = lladdr || !many ? neigh_create(net, dev, &rx.saddr) : neigh_lookup(net, dev, &rx.saddr);
	if (n && lladdr)
		neigh_update(n, lladdr, NUD_STALE,
			     NEIGH_UPDATE_WEAK_OVERRIDE | NEIGH_UPDATE_OVERRIDE);
	nd_send(net, dev, ND_NEIGHBOR_ADVERT, flags | NA_SOLICITED, &target, &rx.saddr, &target,
		many ? ND_OPT_TARGET_LINKADDR : 0, n);
	return SKB_NOT_DROPPED_YET;
}

static enum skb_drop_reason nd_recv_na(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	const u8 *h = skb_data(skb), *lladdr;
	struct neighbour *n;
	union ipaddr target;

	memcpy(target.b, h + 8, 16);
	if (ipaddr_is_multicast(&target) ||
	    ((h[4] & NA_SOLICITED) && ipaddr_is_multicast(&rx.daddr)) ||
	    !nd_parse_lladdr(h + ND_HLEN, nd_options_len(skb, ND_HLEN), ND_OPT_TARGET_LINKADDR,
			     &lladdr))
		return SKB_DROP_REASON_IP6_NDISC_BAD_OPTIONS;
	n = neigh_lookup(net, skb->dev, &target);
	if (n && !(n->state & NUD_FAILED))
		neigh_update(n, lladdr, h[4] & NA_SOLICITED ? NUD_REACHABLE : NUD_STALE,
			     NEIGH_UPDATE_WEAK_OVERRIDE | NEIGH_UPDATE_OVERRIDE_ISROUTER |
				 (h[4] & NA_OVERRIDE ? NEIGH_UPDATE_OVERRIDE : 0) |
				 (h[4] & NA_ROUTER ? NEIGH_UPDATE_ISROUTER : 0));
	return SKB_NOT_DROPPED_YET;
}

/* RFC 4861 section 8: believed from the current first hop only; hosts, not routers, obey. */
static enum skb_drop_reason nd_recv_redirect(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	union ipaddr target, daddr;
	const u8 *h = skb_data(skb), *lladdr;
	struct dst dst;

	memcpy(target.b, h + 8, 16);
	memcpy(daddr.b, h + 24, 16);
	if (!ipaddr_is_linklocal(&rx.saddr) || ipaddr_is_multicast(&daddr) ||
	    (!ipaddr_is_linklocal(&target) && !ipaddr_equal(&target, &daddr)) ||
	    !nd_parse_lladdr(h + ND_REDIRECT_HLEN, nd_options_len(skb, ND_REDIRECT_HLEN),
			     ND_OPT_TARGET_LINKADDR, &lladdr))
		return SKB_DROP_REASON_IP6_NDISC_BAD_OPTIONS;
	if (net->sysctl.ipv6_forwarding || !net->sysctl.accept_redirects)
		return SKB_NOT_DROPPED_YET;
	if (route_output(net, &(struct flow){.daddr = daddr}, &dst) || dst.dev != skb->dev ||
	    !ipaddr_equal(&dst.nexthop, &rx.saddr))
		return SKB_NOT_DROPPED_YET;
	if (lladdr)
		neigh_event_ns(net, skb->dev, &target, lladdr);
	pmtu_redirect(net, &daddr, &target);
	return SKB_NOT_DROPPED_YET;
}

void ndisc_rcv(struct net *net, struct sk_buff *skb)
{
	enum skb_drop_reason reason = SKB_NOT_DROPPED_YET;
	u8 type = skb_data(skb)[0];
	u32 hlen = type == ND_REDIRECT ? ND_REDIRECT_HLEN : ND_HLEN;

	if (type == ND_ROUTER_SOLICIT || type == ND_ROUTER_ADVERT) {
		consume_skb(skb);
		return;
	}
	if (!pskb_may_pull(skb, hlen) || !pskb_may_pull(skb, min(skb->len, ND_MAX_LEN)))
		reason = SKB_DROP_REASON_PKT_TOO_SMALL;
	else if (IP_RX(skb)->ttl != ND_HOPLIMIT)
		reason = SKB_DROP_REASON_IP6_NDISC_HOP_LIMIT;
	else if (skb_data(skb)[1] != 0)
		reason = SKB_DROP_REASON_IP6_NDISC_BAD_CODE;
	else if (type == ND_NEIGHBOR_SOLICIT)
		reason = nd_recv_ns(net, skb);
	else if (type == ND_NEIGHBOR_ADVERT)
		reason = nd_recv_na(net, skb);
	else
		reason = nd_recv_redirect(net, skb);
	if (reason)
		nd_drop(skb, reason);
	else
		consume_skb(skb);
}

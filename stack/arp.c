/* SPDX-License-Identifier: MIT */
/*
 * ARP over Ethernet (RFC 826, RFC 1122 section 2.3.2, arp(7)): arp_process() and arp_solicit() with
 * Linux's defaults: arp_ignore = 0, arp_announce = 0, arp_filter = 0, arp_accept = 0.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>

#include "stack/in_device.h"
#include "stack/neighbour.h"

/* Ethernet and IPv4: 8 bytes of header, then sender and target, hardware and protocol address each.
 */
#define ARP_LEN 28u
#define ARP_SHA 8
#define ARP_SPA 14
#define ARP_THA 18
#define ARP_TPA 24

static const u8 eth_broadcast[ETH_ALEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void arp_send(struct net *net, struct net_device *dev, u16 op, const u8 *dst_mac,
		     const union ipaddr *spa, const union ipaddr *tpa, const u8 *tha)
{
	struct sk_buff *skb = alloc_skb(net->host);
	u8 *p;

	skb->dev = dev;
	skb->protocol = htons(ETH_P_ARP);
	skb_reset_network_header(skb);
	p = skb_put(skb, ARP_LEN);
	put_be16(p, ARPHRD_ETHER);
	put_be16(p + 2, ETH_P_IP);
	p[4] = ETH_ALEN;
	p[5] = 4;
	put_be16(p + 6, op);
	memcpy(p + ARP_SHA, dev->mac, ETH_ALEN);
	memcpy(p + ARP_SPA, &spa->b[12], 4);
	if (tha)
		memcpy(p + ARP_THA, tha, ETH_ALEN);
	else
		memset(p + ARP_THA, 0, ETH_ALEN);
	memcpy(p + ARP_TPA, &tpa->b[12], 4);
	skb->truesize = SKB_TRUESIZE(ARP_LEN);
	eth_header(skb, dst_mac, dev->mac, ETH_P_ARP);
	dev_queue_xmit(skb);
}

/* The source of the packet that waits, if it is ours, so that the answer finds the way back. */
static union ipaddr arp_source(struct neighbour *n, struct sk_buff *skb)
{
	union ipaddr s = ipaddr_v4(0);

	if (skb && skb->protocol == htons(ETH_P_IP)) {
		memcpy(&s.w[3], skb_network_header(skb) + 12, 4);
		if (!ip_addr_is_local(n->net, &s, NULL))
			s = ipaddr_v4(0);
	}
	return ipaddr_is_any(&s) ? inet_select_addr(n->net, n->dev, &n->addr) : s;
}

void arp_solicit(struct neighbour *n, struct sk_buff *skb)
{
	union ipaddr spa = arp_source(n, skb);
	/* The first ucast_solicit questions go to the address that is known, if any. */
	bool unicast = (n->state & NUD_VALID) && n->probes <= n->net->sysctl.ucast_solicit;

	arp_send(n->net, n->dev, ARPOP_REQUEST, unicast ? n->ha : eth_broadcast, &spa, &n->addr,
		 NULL);
}

static bool arp_valid(struct sk_buff *skb, const struct net_device *dev)
{
	const u8 *p;

	if (dev->flags & (IFF_NOARP | IFF_LOOPBACK) || skb->pkt_type == PACKET_OTHERHOST ||
	    !pskb_may_pull(skb, ARP_LEN))
		return false;
	p = skb_data(skb);
	if (get_be16(p) != ARPHRD_ETHER || get_be16(p + 2) != ETH_P_IP || p[4] != ETH_ALEN ||
	    p[5] != 4)
		return false;
	return get_be16(p + 6) == ARPOP_REQUEST || get_be16(p + 6) == ARPOP_REPLY;
}

static union ipaddr arp_addr(const u8 *p)
{
	union ipaddr a = ipaddr_v4(0);

	memcpy(&a.w[3], p, 4);
	return a;
}

/*
 * News about a neighbour that is known already. A gratuitous packet, or a reply that was not sent
 * to us alone, does not confirm that we can reach it.
 */
static void arp_learn(struct net *net, struct sk_buff *skb, struct net_device *dev, bool reply)
{
	const u8 *p = skb_data(skb);
	union ipaddr spa = arp_addr(p + ARP_SPA), tpa = arp_addr(p + ARP_TPA);
	struct neighbour *n = neigh_lookup(net, dev, &spa);
	bool gratuitous = ipaddr_equal(&spa, &tpa);
	u8 state = reply && skb->pkt_type == PACKET_HOST ? NUD_REACHABLE : NUD_STALE;
	bool override;

	if (!n)
		return;
	/* LOCKTIME, one second: the first of several answers wins. */
	override = net_now(net) > n->updated + NSEC_PER_SEC || gratuitous;
	neigh_update(n, p + ARP_SHA, state, override ? NEIGH_UPDATE_OVERRIDE : 0);
}

/* A question for an address of ours: learn who asks, and answer. */
static void arp_reply(struct net *net, struct sk_buff *skb, struct net_device *dev)
{
	const u8 *p = skb_data(skb);
	union ipaddr spa = arp_addr(p + ARP_SPA), tpa = arp_addr(p + ARP_TPA);

	if (neigh_event_ns(net, dev, &spa, p + ARP_SHA))
		arp_send(net, dev, ARPOP_REPLY, p + ARP_SHA, &tpa, &spa, p + ARP_SHA);
}

static void arp_process(struct net *net, struct sk_buff *skb, struct net_device *dev)
{
	const u8 *p = skb_data(skb);
	bool request = get_be16(p + 6) == ARPOP_REQUEST;
	union ipaddr spa = arp_addr(p + ARP_SPA), tpa = arp_addr(p + ARP_TPA);

	if (ipaddr_is_multicast(&tpa) || ipaddr_is_loopback(&tpa))
		return;
	if (ipaddr_is_any(&spa)) {
		/* RFC 5227 probe for a duplicate: answer, but there is nobody to learn. */
		if (request && ip_addr_is_local(net, &tpa, NULL))
			arp_send(net, dev, ARPOP_REPLY, p + ARP_SHA, &tpa, &spa, p + ARP_SHA);
		return;
	}
	if (request && ip_addr_is_local(net, &tpa, NULL))
		arp_reply(net, skb, dev);
	else
		arp_learn(net, skb, dev, !request);
}

void arp_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct net *net = dev->host->net;

	if (!arp_valid(skb, dev)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_NOT_SPECIFIED, "arp_rcv");
		return;
	}
	arp_process(net, skb, dev);
	consume_skb(skb);
}

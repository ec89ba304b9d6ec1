/* SPDX-License-Identifier: MIT */
/*
 * The Ethernet header (net/ethernet/eth.c).
 */
#include <netinet/in.h>
#include <string.h>

#include "nic/netdev.h"

bool eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const u8 *eth;

	if (!pskb_may_pull(skb, ETH_HLEN))
		return false;
	skb->dev = dev;
	skb_reset_mac_header(skb);
	eth = skb_data(skb);
	skb->protocol = htons(get_be16(eth + 12));
	if (eth[0] & 1)
		skb->pkt_type = memcmp(eth, "\xff\xff\xff\xff\xff\xff", ETH_ALEN) ?
					PACKET_MULTICAST :
					PACKET_BROADCAST;
	else
		skb->pkt_type = memcmp(eth, dev->mac, ETH_ALEN) ? PACKET_OTHERHOST : PACKET_HOST;
	skb_pull(skb, ETH_HLEN);
	skb_reset_network_header(skb);
	return true;
}

void eth_header(struct sk_buff *skb, const u8 dst[ETH_ALEN], const u8 src[ETH_ALEN], u16 proto)
{
	u8 *eth = skb_push(skb, ETH_HLEN);

	memcpy(eth, dst, ETH_ALEN);
	memcpy(eth + ETH_ALEN, src, ETH_ALEN);
	put_be16(eth + 12, proto);
	skb_reset_mac_header(skb);
}

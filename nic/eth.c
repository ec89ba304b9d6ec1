/* SPDX-License-Identifier: MIT */
/*
 * The Ethernet header (net/ethernet/eth.c).
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "nic/netdev.h"

/* A number too small for a type is IEEE 802.3's length: of Novell's raw frames, or 802.2's. */
static u16 frame_type(const struct sk_buff *skb, const u8 *eth)
{
	u16 type = get_be16(eth + 12);
	u8 sap[2] = { 0 };

	if (type >= ETH_P_802_3_MIN)
		return type;
	if (skb->len >= ETH_HLEN + 2)
		skb_copy_bits(skb, ETH_HLEN, sap, 2);
	return sap[0] == 0xff && sap[1] == 0xff ? ETH_P_802_3 : ETH_P_802_2;
}

bool eth_type_trans(struct sk_buff *skb, struct net_device *dev)
{
	const u8 *eth;

	if (!pskb_may_pull(skb, ETH_HLEN))
		return false;
	skb->dev = dev;
	skb_reset_mac_header(skb);
	eth = skb_data(skb);
	skb->protocol = htons(frame_type(skb, eth));
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

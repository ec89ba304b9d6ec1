/* SPDX-License-Identifier: MIT */
/*
 * The loopback device (drivers/net/loopback.c): what is sent is received, through the backlog of the
 * CPU that sends. No queue, an MTU of 65536, super-packets as they are.
 */
#include "nic/loopback.h"

#include <errno.h>
#include <limits.h>

#include "nic/netdev.h"
#include "nic/trace_frame.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

static enum netdev_tx loopback_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct host *h = dev->host;

	skb_trace_packet(skb, h, dev->ifindex);
	trace_hop(h->sim->trace, skb->id, host_now(h), h->id, PLACE_LOOPBACK, dev->ifindex, -1);
	/* The sender's account ends here, before the receiver's begins. */
	skb_orphan(skb);
	skb->tstamp = host_now(h);
	skb->wire_time = skb->tstamp;
	skb->queue_mapping = 0;
	if (!eth_type_trans(skb, dev)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_HDR_TRUNC, PLACE_LOOPBACK);
		return NETDEV_TX_OK;
	}
	/* Bytes without the Ethernet header, which is gone by now. */
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += skb->len;
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += skb->len;
	netif_rx(skb);
	return NETDEV_TX_OK;
}

static int loopback_change_mtu(struct net_device *dev, u32 mtu)
{
	if (mtu > INT_MAX)
		return -EINVAL;
	dev->mtu = mtu;
	netdev_notify(dev, NETDEV_CHANGEMTU);
	return 0;
}

static const struct net_device_ops loopback_ops = {
	.start_xmit = loopback_xmit,
	.change_mtu = loopback_change_mtu,
};

void loopback_new(struct host *h)
{
	struct net_device *dev = netdev_new(h, "lo", &loopback_ops, 1, 1);

	dev->kind = "loopback";
	dev->flags = IFF_LOOPBACK;
	dev->mtu = 65536;
	dev->carrier = true;
	dev->features = NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_GSO_UDP_L4 |
			NETIF_F_RXCSUM | NETIF_F_LOOPBACK;
	trace_nic(h->sim->trace, h->id, dev->ifindex, dev->name, dev->mac, dev->kind, dev->mtu);
}

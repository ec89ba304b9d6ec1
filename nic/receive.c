/* SPDX-License-Identifier: MIT */
/*
 * From the driver to the protocols: netif_receive_skb() (net/core/dev.c).
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "nic/napi.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

/* True when there was a tap for it. */
static bool deliver_taps(struct sk_buff *skb)
{
	bool found = false;

	for (struct packet_type *pt = skb->dev->host->netdevs->taps, *next; pt; pt = next) {
		next = pt->next;
		if (pt->dev && pt->dev != skb->dev)
			continue;
		found = true;
		pt->func(skb_clone(skb), skb->dev, pt);
	}
	return found;
}

static struct packet_type *find_handler(struct sk_buff *skb, struct packet_type *from)
{
	for (struct packet_type *pt = from; pt; pt = pt->next) {
		if (pt->type == skb->protocol && (!pt->dev || pt->dev == skb->dev))
			return pt;
	}
	return NULL;
}

void netif_receive_skb_core(struct sk_buff *skb)
{
	struct net_device *dev = skb->dev;
	struct host *h = dev->host;
	struct packet_type *pt, *next;
	bool seen = false;

	softnet(cpu_current(h))->processed++;
	cpu_charge(h, h->cost.v[COST_RX_STACK]);
	if (unlikely(h->netdevs->taps != NULL))
		seen = deliver_taps(skb);
	/* The first handler is the protocol's, which takes the packet; sockets of one EtherType follow. */
	pt = find_handler(skb, h->netdevs->ptypes);
	while (pt && (next = find_handler(skb, pt->next)) != NULL) {
		struct sk_buff *copy = skb_clone(skb);

		pt->func(copy, dev, pt);
		pt = next;
	}
	if (pt) {
		pt->func(skb, dev, pt);
	} else if (seen) {
		consume_skb(skb);
	} else {
		dev->stats.rx_dropped++;
		kfree_skb_reason(skb, SKB_DROP_REASON_UNHANDLED_PROTO, PLACE_NAPI);
	}
}

void netif_receive_skb(struct sk_buff *skb)
{
	struct cpu *cpu = rps_target(skb);

	if (cpu)
		enqueue_to_backlog(skb, cpu);
	else
		netif_receive_skb_core(skb);
}

void gro_normal_list(struct napi_struct *n)
{
	struct sk_buff *skb;

	n->rx_count = 0;
	while ((skb = skb_dequeue(&n->rx_list)) != NULL)
		netif_receive_skb(skb);
}

/* SPDX-License-Identifier: MIT */
/*
 * Sending frames: packet(7), "Address types"; packet_snd() in Linux. The order of the checks is Linux's,
 * since programs see it in errno.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stddef.h>
#include <string.h>

#include "nic/tx.h"
#include "sim/engine/trace_place.h"
#include "stack/af_packet.h"
#include "stack/datagram.h"
#include "stack/ip_internal.h"
#include "stack/syscall.h"

#define VLAN_HLEN 4u
#define FRAME_LINEAR 100u

int packet_target(struct packet_sock *po, const struct msg *m, struct net_device **dev, be16 *proto,
		  const u8 **addr)
{
	const struct sockaddr_ll *ll = m->name;
	size_t base = offsetof(struct sockaddr_ll, sll_addr);

	*addr = NULL;
	if (!ll || !m->namelen) {
		*dev = po->ifindex ? dev_get_by_index(po->sk.host, po->ifindex) : NULL;
		*proto = po->num;
	} else {
		if (m->namelen < sizeof(*ll) || m->namelen < base + ll->sll_halen)
			return -EINVAL;
		*dev = dev_get_by_index(po->sk.host, ll->sll_ifindex);
		*proto = ll->sll_protocol;
		*addr = ll->sll_addr;
	}
	if (!*dev)
		return -ENXIO;
	return (*dev)->flags & IFF_UP ? 0 : -ENETDOWN;
}

static u16 frame_protocol(const struct sk_buff *skb)
{
	u8 b[2];

	skb_copy_bits(skb, 12, b, 2);
	return get_be16(b);
}

int packet_transmit(struct packet_sock *po, struct sk_buff *skb, struct net_device *dev, be16 proto,
		    const u8 *addr)
{
	static const u8 zero[ETH_ALEN];
	bool header = packet_has_header(dev);
	int err;

	skb->dev = dev;
	skb->protocol = proto;
	if (po->sk.type == SOCK_RAW && header) {
		/* packet_parse_headers() */
		if (!proto || proto == htons(ETH_P_ALL))
			skb->protocol = htons(frame_protocol(skb));
		skb->network_header = (u16)(skb->data + ETH_HLEN);
	} else {
		/* A device without such a header still has one inside this stack. */
		if (!addr && header && !(dev->flags & (IFF_LOOPBACK | IFF_NOARP))) {
			consume_skb(skb);
			return -EINVAL;
		}
		skb_reset_network_header(skb);
		eth_header(skb, addr && header ? addr : zero, dev->mac, ntohs(proto));
	}
	skb->priority = po->sk.priority;
	skb->mark = po->sk.mark;
	skb->id = (u64)dev->host->id << 40 | ++dev->host->next_packet;
	cpu_charge(dev->host, dev->host->cost.v[COST_TX_STACK]);
	ip_trace_hop(po->sk.net, skb, PLACE_SOCKET_TX);
	err = po->qdisc_bypass ? dev_direct_xmit(skb) : dev_queue_xmit(skb);
	if (err > 0) /* net_xmit_errno() */
		err = err == NET_XMIT_CN ? 0 : -ENOBUFS;
	return err;
}

static struct sk_buff *build(struct sock *sk, const struct iov_iter *from, u32 len)
{
	struct sk_buff *skb = alloc_skb(sk->host);
	u32 linear = min(len, FRAME_LINEAR);
	struct skb_buf *buf;

	iov_copy_from(from, 0, skb_put(skb, linear), linear);
	if (len > linear) {
		buf = skb_buf_alloc(sk->host->world, len - linear);
		iov_copy_from(from, linear, buf->data, len - linear);
		skb_add_frag(skb, buf, 0, len - linear);
		skb_buf_put(buf);
	}
	return skb;
}

struct sk_buff *packet_build(struct sock *sk, const void *data, u32 len)
{
	struct iovec iov = { (void *)(uintptr_t)data, len };

	return build(sk, &(struct iov_iter){ .iov = &iov, .count = 1, .total = len }, len);
}

/* A tagged frame may be longer by its tag. */
static bool fits(const struct sk_buff *skb, const struct net_device *dev, u32 reserve)
{
	u32 max = dev->mtu + reserve;

	return skb->len <= max ||
	       (reserve && skb->len <= max + VLAN_HLEN && frame_protocol(skb) == ETH_P_8021Q);
}

s64 packet_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct packet_sock *po = pkt_sk(sk);
	struct net_device *dev;
	struct sk_buff *skb;
	u32 len = (u32)m->iter.total, reserve;
	const u8 *addr;
	be16 proto;
	s64 err;

	if (po->tx)
		return tpacket_snd(t, po, m, flags);
	err = packet_target(po, m, &dev, &proto, &addr);
	if (err)
		return err;
	if (m->control)
		return -EINVAL; /* SO_TXTIME, SO_MARK and stamps of one packet are not there */
	reserve = sk->type == SOCK_RAW && packet_has_header(dev) ? ETH_HLEN : 0;
	if (m->iter.total > dev->mtu + reserve + VLAN_HLEN)
		return -EMSGSIZE;
	err = datagram_wait_room(t, sk, flags);
	if (err)
		return err;
	if (len < reserve)
		return -EINVAL;
	skb = build(sk, &m->iter, len);
	if (!fits(skb, dev, reserve)) {
		consume_skb(skb);
		return -EMSGSIZE;
	}
	skb->truesize = datagram_truesize(reserve ? 0 : ETH_HLEN, len);
	skb_set_owner_w(skb, sk);
	err = packet_transmit(po, skb, dev, proto, addr);
	return err ? err : len;
}

/* SPDX-License-Identifier: MIT */
/*
 * Sending IPv4 (RFC 791, RFC 1122 section 3.3; net/ipv4's ip_output.c), and the last steps that
 * both families share: size check, neighbour, device.
 *
 * Identification: a connected socket's datagrams count in the socket; for others a keyed hash of
 * (source, destination, protocol) is added to a counter of the host, so that numbers of a flow do not
 * repeat soon (RFC 6864); 0 where even the sender may not fragment (IP_PMTUDISC_DO).
 */
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>

#include "nic/gso.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "stack/in_device.h"
#include "stack/inet.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"
#include "stack/neighbour.h"

void ip_send_check(u8 *iph)
{
	u32 hlen = (iph[0] & 0xfu) * 4;

	put_be16(iph + 10, 0);
	put_be16(iph + 10, csum_fold(csum_partial(iph, hlen, 0)));
}

bool ip_header_csum_ok(const u8 *iph, u32 hlen)
{
	return csum_fold(csum_partial(iph, hlen, 0)) == 0;
}

void ip_trace_hop(struct net *net, const struct sk_buff *skb, const char *place)
{
	trace_hop(net->sim->trace, skb->id, net_now(net), net->host->id, place,
		  skb->dev ? skb->dev->ifindex : 0, -1);
}

/* NET_XMIT_* to errno, as net_xmit_errno(): congestion notification is no error. */
static int xmit_errno(int ret)
{
	if (ret > 0)
		return ret == NET_XMIT_CN ? 0 : -ENOBUFS;
	return ret;
}

static void count_casts(struct net *net, const struct sk_buff *skb, const struct dst *dst)
{
	if (dst->type == RTN_MULTICAST_) {
		NET_INC_STATS(net, OutMcastPkts);
		NET_ADD_STATS(net, OutMcastOctets, skb->len);
	} else if (dst->type == RTN_BROADCAST_) {
		NET_INC_STATS(net, OutBcastPkts);
		NET_ADD_STATS(net, OutBcastOctets, skb->len);
	}
}

int ip_finish_output2(struct net *net, struct sk_buff *skb, struct dst *dst)
{
	struct net_device *dev = dst->dev;

	skb->dev = dev;
	if (skb->protocol == htons(ETH_P_IP))
		count_casts(net, skb, dst);
	if (dev->flags & IFF_LOOPBACK) {
		eth_header(skb, dev->mac, dev->mac, ntohs(skb->protocol));
		return xmit_errno(dev_queue_xmit(skb));
	}
	if (!dst->neigh || dst->genid != net->genid) {
		dst->neigh = neigh_create(net, dev, &dst->nexthop);
		if (!dst->neigh) {
			kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL, PLACE_SOCKET_TX);
			return -ENOBUFS;
		}
	}
	return xmit_errno(neigh_output(dst->neigh, skb));
}

bool ip_fits(struct sk_buff *skb, u32 mtu)
{
	if (skb->len <= mtu)
		return true;
	return skb->gso_size && gso_header_len(skb) + skb->gso_size <= mtu;
}

static int ip_fragment_one(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu,
			   bool ignore_df)
{
	if (skb->len <= mtu)
		return ip_finish_output2(net, skb, dst);
	if (skb->protocol == htons(ETH_P_IP))
		return ip_fragment(net, skb, dst, mtu, ignore_df);
	return ip6_fragment(net, skb, dst, mtu);
}

/*
 * ip_finish_output_gso(): the segments of a super-packet do not fit (a path MTU has shrunk, or it
 * came from a link with a larger MTU): each is a datagram that is cut, or refused, by itself.
 */
static int ip_finish_output_gso(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu,
				bool ignore_df)
{
	struct sk_buff_head segs;
	int err = 0;

	skb_queue_init(&segs);
	skb_gso_segment(skb, &segs);
	while ((skb = skb_dequeue(&segs)) != NULL) {
		int ret = ip_fragment_one(net, skb, dst, mtu, ignore_df);

		if (ret && !err)
			err = ret;
	}
	return err;
}

int ip_finish_output(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu, bool ignore_df)
{
	if (likely(ip_fits(skb, mtu)))
		return ip_finish_output2(net, skb, dst);
	if (skb->gso_size)
		return ip_finish_output_gso(net, skb, dst, mtu, ignore_df);
	return ip_fragment_one(net, skb, dst, mtu, ignore_df);
}

void ip_loopback_copy(struct net *net, struct sk_buff *skb)
{
	struct sk_buff *copy = skb_clone(skb);

	copy->dev = skb->dev;
	copy->pkt_type = PACKET_LOOPBACK;
	copy->mac_header = copy->data;
	if (copy->ip_summed == CHECKSUM_NONE)
		copy->ip_summed = CHECKSUM_UNNECESSARY;
	netif_rx(copy);
}

/* ---- IPv4 ---- */

/* Of a connected socket: a counter of its own. */
static u16 inet_ident(struct net *net, struct inet_sock *inet, u32 segs)
{
	u16 id;

	if (!inet->inet_id_set) {
		inet->inet_id = (u16)rng_u32(&net->rng_ipid);
		inet->inet_id_set = true;
	}
	id = inet->inet_id;
	inet->inet_id = (u16)(id + segs);
	return id;
}

u16 ip_select_ident(struct net *net, const struct sk_buff *skb, const struct ip_tx *tx, bool df)
{
	u32 segs = max(skb->gso_segs, 1);
	u64 h;

	if (skb->sk && !ipaddr_is_any(&inet_sk(skb->sk)->daddr))
		return inet_ident(net, inet_sk(skb->sk), segs);
	if (df && !tx->local_df)
		return 0;
	h = (net->hash_secret[0] ^ tx->saddr.w[3]) * 0x9e3779b97f4a7c15ull;
	h = (net->hash_secret[1] ^ h ^ tx->daddr.w[3] ^ (u64)tx->proto << 32) *
	    0x9e3779b97f4a7c15ull;
	net->ip_idents += segs;
	return (u16)((u32)(h >> 48) + net->ip_idents - segs);
}

static u8 ip_select_ttl(struct net *net, const struct dst *dst, const struct ip_tx *tx)
{
	if (tx->ttl)
		return tx->ttl;
	return dst->type == RTN_MULTICAST_ ? 1 : (u8)net->sysctl.ip_default_ttl;
}

static void ip_build_header(struct net *net, struct sk_buff *skb, struct dst *dst,
			    const struct ip_tx *tx)
{
	u32 hlen = IPV4_HLEN + tx->optlen;
	u8 *iph = skb_push(skb, hlen);
	bool df = tx->df && !(tx->local_df && skb->len > dst->mtu && !skb->gso_size);

	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IP);
	iph[0] = (u8)(0x40 | hlen / 4);
	iph[1] = tx->tos;
	put_be16(iph + 2, (u16)skb->len);
	put_be16(iph + 4, ip_select_ident(net, skb, tx, df));
	put_be16(iph + 6, df ? IP_DF : 0);
	iph[8] = ip_select_ttl(net, dst, tx);
	iph[9] = tx->proto;
	memcpy(iph + 12, &tx->saddr.b[12], 4);
	memcpy(iph + 16, &tx->daddr.b[12], 4);
	if (tx->optlen)
		memcpy(iph + IPV4_HLEN, tx->opts, tx->optlen);
	ip_send_check(iph);
}

/* Multicast and broadcast reach the sender's own host too (ip_mc_output()). */
static void ip_loop_casts(struct net *net, struct sk_buff *skb, const struct dst *dst,
			  const struct ip_tx *tx)
{
	if (dst->dev->flags & IFF_LOOPBACK)
		return;
	if (dst->type == RTN_BROADCAST_ ||
	    (dst->type == RTN_MULTICAST_ && !tx->no_mc_loop && ip_mc_joined(dst->dev, &tx->daddr)))
		ip_loopback_copy(net, skb);
}

int ip4_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx)
{
	ip_build_header(net, skb, dst, tx);
	skb->dev = dst->dev;
	NET_INC_STATS(net, OutRequests);
	NET_INC_STATS(net, OutTransmits);
	NET_ADD_STATS(net, OutOctets, skb->len);
	if (dst->type != RTN_UNICAST_ && dst->type != RTN_LOCAL_)
		ip_loop_casts(net, skb, dst, tx);
	return ip_finish_output(net, skb, dst, dst->mtu, tx->local_df);
}

int ip_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx)
{
	if (net->dying) {
		consume_skb(skb);
		return -ENETDOWN;
	}
	if (!skb->id)
		skb->id = (u64)net->host->id << 40 | ++net->host->next_packet;
	skb->dev = dst->dev;
	skb->transport_header = skb->data;
	if (tx->priority)
		skb->priority = tx->priority;
	if (tx->mark)
		skb->mark = tx->mark;
	cpu_charge(net->host, net->host->cost.v[COST_TX_STACK]);
	ip_trace_hop(net, skb, PLACE_SOCKET_TX);
	return ipaddr_is_v4(&tx->daddr) ? ip4_output(net, skb, dst, tx)
					: ip6_output(net, skb, dst, tx);
}

int ip_send_ready(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx)
{
	if (ipaddr_is_v4(&tx->daddr)) {
		NET_INC_STATS(net, OutTransmits);
		NET_ADD_STATS(net, OutOctets, skb->len);
		if (dst->type != RTN_UNICAST_ && dst->type != RTN_LOCAL_)
			ip_loop_casts(net, skb, dst, tx);
	} else {
		NET_INC_STATS(net, Ip6OutTransmits);
		NET_ADD_STATS(net, Ip6OutOctets, skb->len);
		if (dst->type == RTN_MULTICAST_)
			ip_loop_casts(net, skb, dst, tx);
	}
	return ip_finish_output(net, skb, dst, dst->mtu, false);
}

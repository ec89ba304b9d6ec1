/* SPDX-License-Identifier: MIT */
/*
 * Receiving IPv4 (RFC 791, RFC 1122 section 3.2; net/ipv4's ip_input.c and route.c): header checks,
 * validation of the source, local delivery.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "sim/engine/trace_place.h"
#include "stack/af_packet.h"
#include "stack/fib.h"
#include "stack/fragment.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"
#include "stack/neighbour.h"
#include "stack/raw.h"
#include "stack/route.h"

static void ip_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_IP_RCV);
}

void ip_header_addrs(struct sk_buff *skb, union ipaddr *saddr, union ipaddr *daddr)
{
	const u8 *nh = skb_network_header(skb);

	if (nh[0] >> 4 == 6) {
		memcpy(saddr->b, nh + 8, 16);
		memcpy(daddr->b, nh + 24, 16);
		return;
	}
	*saddr = *daddr = ipaddr_v4(0);
	memcpy(&saddr->b[12], nh + 12, 4);
	memcpy(&daddr->b[12], nh + 16, 4);
}

/* ---- local delivery ---- */

static void ip_protocol_unknown(struct net *net, struct sk_buff *skb, bool raw)
{
	if (raw) {
		NET_INC_STATS(net, InDelivers);
		consume_skb(skb);
		return;
	}
	NET_INC_STATS(net, InUnknownProtos);
	icmp_send_unreach(net, skb, ICMP_PROT_UNREACH, 0);
	ip_drop(skb, SKB_DROP_REASON_IP_NOPROTO);
}

/* data at the IP header, whole datagram. */
static void ip_local_deliver_finish(struct net *net, struct sk_buff *skb)
{
	const u8 *iph = skb_network_header(skb);
	u32 hlen = (iph[0] & 0xfu) * 4;
	const struct net_protocol *p = inet_protocol(iph[9]);
	struct ip_rx *rx = IP_RX(skb);

	bool raw = false;

	rx->optlen = (u8)(hlen - IPV4_HLEN);
	skb_pull(skb, hlen);
	skb_reset_transport_header(skb);
	if (unlikely(!list_empty(&net->raw_socks)))
		raw = raw_deliver(net, skb);
	if (!p || p->proto == IPPROTO_ICMPV6) {
		ip_protocol_unknown(net, skb, raw);
		return;
	}
	NET_INC_STATS(net, InDelivers);
	p->handler(net, skb);
}

static void ip_local_deliver(struct net *net, struct sk_buff *skb, enum rtn_type type)
{
	const u8 *iph = skb_network_header(skb);
	struct ip_rx rx = {.proto = iph[9],
			   .tos = iph[1],
			   .ttl = iph[8],
			   .iif = skb->dev->ifindex,
			   .broadcast = type == RTN_BROADCAST_,
			   .multicast = type == RTN_MULTICAST_};

	ip_header_addrs(skb, &rx.saddr, &rx.daddr);
	if (get_be16(iph + 6) & (IP_MF | IP_OFFSET)) {
		skb = ip_defrag(net, skb);
		if (!skb)
			return;
	}
	*IP_RX(skb) = rx;
	ip_local_deliver_finish(net, skb);
}

/* ---- routing of what came in ---- */

/* Sources that cannot be (RFC 1812 section 5.3.7), and RFC 3704's reverse path. 0: fine. */
static enum skb_drop_reason validate_source(struct net *net, const struct sk_buff *skb,
					    const union ipaddr *s, const union ipaddr *d)
{
	const struct net_sysctl *sys = &net->sysctl;
	const struct fib_entry *e;

	if (ipaddr_is_multicast(s) || ipaddr_is_limited_broadcast(s))
		return SKB_DROP_REASON_IP_INVALID_SOURCE;
	if (ipaddr_is_any(s) &&
	    (ipaddr_is_limited_broadcast(d) || ipaddr_is_any(d) || ipaddr_is_multicast(d)))
		return SKB_NOT_DROPPED_YET; /* DHCP: a host that has no address yet */
	if (s->b[12] == 0)
		return SKB_DROP_REASON_IP_INVALID_SOURCE;
	if (d->b[12] == 0 && !ipaddr_is_any(d))
		return SKB_DROP_REASON_IP_INVALID_DEST;
	if ((ipaddr_is_loopback(s) || ipaddr_is_loopback(d)) && !sys->route_localnet)
		return SKB_DROP_REASON_IP_LOCALNET;
	e = fib_table_lookup(net, FIB_TABLE_LOCAL, &(struct fib_key){.daddr = s});
	if (e && e->type == RTN_BROADCAST_)
		return SKB_DROP_REASON_IP_INVALID_SOURCE;
	if (e && !sys->accept_local)
		return SKB_DROP_REASON_IP_LOCAL_SOURCE;
	if (!sys->rp_filter)
		return SKB_NOT_DROPPED_YET;
	e = net->fib->rules ? fib_lookup(net, &(struct fib_key){.daddr = s, .saddr = d}) :
			      fib_table_lookup(net, FIB_TABLE_MAIN, &(struct fib_key){.daddr = s});
	if (e && (e->dev == skb->dev || sys->rp_filter == 2))
		return SKB_NOT_DROPPED_YET;
	return SKB_DROP_REASON_IP_RPFILTER;
}

static void count_casts(struct net *net, const struct sk_buff *skb, enum rtn_type type)
{
	if (type == RTN_MULTICAST_) {
		NET_INC_STATS(net, InMcastPkts);
		NET_ADD_STATS(net, InMcastOctets, skb->len);
	} else if (type == RTN_BROADCAST_) {
		NET_INC_STATS(net, InBcastPkts);
		NET_ADD_STATS(net, InBcastOctets, skb->len);
	}
}

/* No way to the destination (ip_error()): a router says so, a host stays silent. */
static void ip_no_route(struct net *net, struct sk_buff *skb, int err)
{
	bool unreach = err == -ENETUNREACH;

	if (!net->sysctl.ip_forward) {
		/* A host treats every foreign destination alike (RFC 1122 3.2.1.3). */
		NET_INC_STATS(net, InAddrErrors);
		ip_drop(skb, SKB_DROP_REASON_IP_INADDRERRORS);
		return;
	}
	if (unreach)
		NET_INC_STATS(net, InNoRoutes);
	if (err != -EINVAL) /* blackhole: silence */
		icmp_send_unreach(net, skb,
				  unreach	   ? ICMP_NET_UNREACH
				  : err == -EACCES ? ICMP_PKT_FILTERED
						   : ICMP_HOST_UNREACH,
				  0);
	ip_drop(skb, SKB_DROP_REASON_IP_INNOROUTES);
}

static void ip_route_and_deliver(struct net *net, struct sk_buff *skb, const union ipaddr *s,
				 const union ipaddr *d)
{
	enum rtn_type type;
	struct flow fl;

	route_input_flow(net, skb, s, d, &fl);
	type = route_input_type(net, skb->dev, &fl);
	count_casts(net, skb, type);
	switch (type) {
	case RTN_LOCAL_:
	case RTN_BROADCAST_:
		ip_local_deliver(net, skb, type);
		break;
	case RTN_MULTICAST_:
		if (ip_mc_joined(skb->dev, d))
			ip_local_deliver(net, skb, type);
		else
			ip_drop(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		break;
	case RTN_UNICAST_:
		if (net->sysctl.ip_forward)
			ip_forward(net, skb);
		else
			ip_no_route(net, skb, -EHOSTUNREACH);
		break;
	case RTN_THROW_:
	case RTN_UNREACHABLE_NET_: /* route_input_type() gives neither */
	case RTN_UNSPEC_:
		ip_no_route(net, skb, -ENETUNREACH);
		break;
	case RTN_UNREACHABLE_:
		ip_no_route(net, skb, -EHOSTUNREACH);
		break;
	case RTN_PROHIBIT_:
		ip_no_route(net, skb, -EACCES);
		break;
	case RTN_BLACKHOLE_:
		ip_no_route(net, skb, -EINVAL);
		break;
	}
}

static bool ip_rcv_options(struct net *net, struct sk_buff *skb, u32 hlen)
{
	u8 pp = 0;

	switch (ip_options_check(skb_network_header(skb), hlen, &pp)) {
	case IP_OPT_OK:
		return true;
	case IP_OPT_BAD:
		NET_INC_STATS(net, InHdrErrors);
		icmp_send_param_problem(net, skb, 0, pp);
		break;
	case IP_OPT_SOURCE_ROUTE:
		break;
	}
	ip_drop(skb, SKB_DROP_REASON_IP_INHDR);
	return false;
}

static void ip_rcv_finish(struct net *net, struct sk_buff *skb, u32 hlen)
{
	union ipaddr s, d;

	ip_header_addrs(skb, &s, &d);
	/* What came by the loopback device, or back to its sender, was checked when it was routed.
	 */
	if (!(skb->dev->flags & IFF_LOOPBACK) && skb->pkt_type != PACKET_LOOPBACK) {
		enum skb_drop_reason reason = validate_source(net, skb, &s, &d);

		if (reason) {
			if (reason == SKB_DROP_REASON_IP_RPFILTER)
				NET_INC_STATS(net, IPReversePathFilter);
			ip_drop(skb, reason);
			return;
		}
	}
	if (hlen > IPV4_HLEN && !ip_rcv_options(net, skb, hlen))
		return;
	if (ipaddr_is_any(&d)) {
		ip_local_deliver(net, skb, RTN_BROADCAST_);
		return;
	}
	ip_route_and_deliver(net, skb, &s, &d);
}

/* ---- header checks ---- */

static void count_ecn(struct net *net, const struct sk_buff *skb, u8 tos)
{
	static const enum mib by_ecn[4] = {MIB_InNoECTPkts, MIB_InECT1Pkts, MIB_InECT0Pkts,
					   MIB_InCEPkts};

	net->mib.v[by_ecn[tos & 3]] += max(skb->gso_segs, 1);
}

/* ip_rcv_core(): 0, or why the packet is dropped; *hlen: the header's length. */
static enum skb_drop_reason ip_check_header(struct net *net, struct sk_buff *skb, u32 *hlen)
{
	const u8 *iph;
	u32 len;

	if (!pskb_may_pull(skb, IPV4_HLEN))
		goto inhdr_error;
	iph = skb_data(skb);
	*hlen = (iph[0] & 0xfu) * 4;
	if (iph[0] >> 4 != 4 || *hlen < IPV4_HLEN)
		goto inhdr_error;
	count_ecn(net, skb, iph[1]);
	if (!pskb_may_pull(skb, *hlen))
		goto inhdr_error;
	iph = skb_data(skb);
	if (!ip_header_csum_ok(iph, *hlen)) {
		NET_INC_STATS(net, InCsumErrors);
		NET_INC_STATS(net, InHdrErrors);
		return SKB_DROP_REASON_IP_CSUM;
	}
	len = get_be16(iph + 2);
	if (skb->len < len) {
		NET_INC_STATS(net, InTruncatedPkts);
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	}
	if (len < *hlen)
		goto inhdr_error;
	if (skb->len > len)
		skb_trim(skb, len); /* Ethernet's padding */
	skb->transport_header = (u16)(skb->data + *hlen);
	return SKB_NOT_DROPPED_YET;

inhdr_error:
	NET_INC_STATS(net, InHdrErrors);
	return SKB_DROP_REASON_IP_INHDR;
}

void ip_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct net *net = dev->host->net;
	enum skb_drop_reason reason;
	u32 hlen = 0;

	if (skb->pkt_type == PACKET_OTHERHOST) {
		ip_drop(skb, SKB_DROP_REASON_OTHERHOST);
		return;
	}
	NET_INC_STATS(net, InReceives);
	NET_ADD_STATS(net, InOctets, skb->len);
	skb_reset_network_header(skb);
	ip_trace_hop(net, skb, PLACE_IP_RCV);
	reason = ip_check_header(net, skb, &hlen);
	if (reason) {
		ip_drop(skb, reason);
		return;
	}
	ip_rcv_finish(net, skb, hlen);
}

/* ---- registration ---- */

static void ip_netdev_event(struct netdev_notifier *n, struct net_device *dev, enum netdev_event ev)
{
	struct net *net = container_of(n, struct net, notifier);

	if (net->dying)
		return;
	in_device_event(net, dev, ev);
	packet_device_event(net, dev, ev);
}

void ip_host_init(struct net *net)
{
	net->ptype_ip = (struct packet_type){.type = htons(ETH_P_IP), .func = ip_rcv};
	net->ptype_arp = (struct packet_type){.type = htons(ETH_P_ARP), .func = arp_rcv};
	net->ptype_ip6 = (struct packet_type){.type = htons(ETH_P_IPV6), .func = ipv6_rcv};
	dev_add_pack(net->host, &net->ptype_ip);
	dev_add_pack(net->host, &net->ptype_arp);
	dev_add_pack(net->host, &net->ptype_ip6);
	net->notifier.call = ip_netdev_event;
	netdev_add_notifier(net->host, &net->notifier);
	net->host->netdevs->mc_wanted = ip_mc_wanted;
}

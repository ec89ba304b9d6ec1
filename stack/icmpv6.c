/* SPDX-License-Identifier: MIT */
/*
 * ICMP for IPv6 (RFC 4443, icmp(7)): errors, echo, and the door to neighbour discovery and MLD.
 */
#include <errno.h>
#include <netinet/icmp6.h>

#include "sim/engine/trace_place.h"
#include "stack/icmp.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/multicast.h"
#include "stack/neighbour.h"
#include "stack/ping.h"
#include "stack/raw.h"

#define ICMP6_HLEN 8u
#define MLD2_REPORT 143

struct icmp6_errno {
	int err;
	bool fatal;
};

/* By code of destination unreachable (icmpv6_err_convert()). */
static const struct icmp6_errno icmp6_unreach[] = {
    [ICMP6_DST_UNREACH_NOROUTE] = {ENETUNREACH, false},
    [ICMP6_DST_UNREACH_ADMIN] = {EACCES, true},
    [ICMP6_DST_UNREACH_BEYONDSCOPE] = {EHOSTUNREACH, false},
    [ICMP6_DST_UNREACH_ADDR] = {EHOSTUNREACH, false},
    [ICMP6_DST_UNREACH_NOPORT] = {ECONNREFUSED, true},
    [5] = {EACCES, true}, /* policy failed */
    [6] = {EACCES, true}, /* reject route */
};

/* ---- sending ---- */

static void icmpv6_count_out(struct net *net, u8 type)
{
	NET_INC_STATS(net, Icmp6OutMsgs);
	switch (type) {
	case ICMP6_DST_UNREACH:
		NET_INC_STATS(net, Icmp6OutDestUnreachs);
		break;
	case ICMP6_PACKET_TOO_BIG:
		NET_INC_STATS(net, Icmp6OutPktTooBigs);
		break;
	case ICMP6_TIME_EXCEEDED:
		NET_INC_STATS(net, Icmp6OutTimeExcds);
		break;
	case ICMP6_PARAM_PROB:
		NET_INC_STATS(net, Icmp6OutParmProblems);
		break;
	case ICMP6_ECHO_REQUEST:
		NET_INC_STATS(net, Icmp6OutEchos);
		break;
	case ICMP6_ECHO_REPLY:
		NET_INC_STATS(net, Icmp6OutEchoReplies);
		break;
	default:
		break;
	}
}

/* RFC 4443 section 2.4 (e). head: the first bytes of the packet in question. */
static bool icmpv6_may_answer(const struct sk_buff *skb, const u8 *head, u32 len, u8 type, u8 code,
			      const union ipaddr *s, const union ipaddr *d)
{
	bool to_many = type == ICMP6_PACKET_TOO_BIG ||
		       (type == ICMP6_PARAM_PROB && code == ICMP6_PARAMPROB_OPTION);
	struct ip6_upper ext;

	if (ipaddr_is_any(s) || ipaddr_is_multicast(s))
		return false;
	if (!to_many && (ipaddr_is_multicast(d) || skb->pkt_type != PACKET_HOST))
		return false;
	if (!ip6_skip_exthdr(head, len, &ext))
		return !ext.frag_off; /* only about the first fragment */
	/* Not about ICMPv6 errors, nor what cannot be told from one. */
	return ext.nexthdr != IPPROTO_ICMPV6 || (ext.off < len && (head[ext.off] & 0x80));
}

static struct sk_buff *icmpv6_build(struct net *net, const u8 h[ICMP6_HLEN], const void *data,
				    u32 len, const struct ip_tx *tx)
{
	struct sk_buff *skb = alloc_skb(net->host);
	u8 *p = skb_put(skb, ICMP6_HLEN);
	u32 sum = ip_pseudo_sum(&tx->saddr, &tx->daddr, IPPROTO_ICMPV6, ICMP6_HLEN + len);

	memcpy(p, h, ICMP6_HLEN);
	put_be16(p + 2, csum_fold(csum_partial(data, len, csum_partial(p, ICMP6_HLEN, sum))));
	skb_add_data(skb, data, len);
	skb->truesize = SKB_TRUESIZE(ICMP6_HLEN + len);
	return skb;
}

/* From the address that was asked for when it is ours. */
static int icmpv6_route(struct net *net, const struct sk_buff *skb, const union ipaddr *asked,
			const union ipaddr *to, struct dst *dst)
{
	struct flow fl = {.daddr = *to, .proto = IPPROTO_ICMPV6};

	if (!ipaddr_is_multicast(asked) && ip_addr_is_local(net, asked, NULL))
		fl.saddr = *asked;
	if (ipaddr_is_linklocal(to) && skb->dev)
		fl.oif = skb->dev->ifindex;
	if (ip_addr_is_local(net, to, NULL))
		fl.oif = 0;
	return route_output(net, &fl, dst);
}

/* Wider prefixes stand for more hosts and may have more (icmpv6_xrlim_allow()). */
static nsec_t icmpv6_timeout(const struct net *net, const struct dst *dst)
{
	nsec_t t = net->sysctl.icmpv6_ratelimit * NSEC_PER_MSEC;

	return dst->plen < 128 ? t >> ((128 - dst->plen) >> 5) : t;
}

void icmpv6_send(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	u8 quote[IPV6_MIN_MTU - IPV6_HLEN - ICMP6_HLEN];
	u32 len = icmp_quote(skb, quote, sizeof(quote));
	bool limited = type != ICMP6_PACKET_TOO_BIG;
	u8 h[ICMP6_HLEN] = {type, code};
	union ipaddr s, d;
	struct ip_tx tx;
	struct dst dst;

	ip_header_addrs(skb, &s, &d);
	if (net->dying || !icmpv6_may_answer(skb, quote, len, type, code, &s, &d))
		return;
	if (limited && icmp_global_exhausted(net))
		return;
	if (icmpv6_route(net, skb, &d, &s, &dst))
		return;
	if (limited && !icmp_peer_allow(net, &dst, &s, icmpv6_timeout(net, &dst))) {
		NET_INC_STATS(net, Icmp6OutRateLimitHost);
		return;
	}
	put_be32(h + 4, info);
	icmpv6_count_out(net, type);
	tx = (struct ip_tx){.saddr = dst.saddr,
			    .daddr = s,
			    .proto = IPPROTO_ICMPV6,
			    .local_df = true,
			    .mark = skb->mark};
	ip_output(net, icmpv6_build(net, h, quote, len, &tx), &dst, &tx);
}

/* ---- receiving ---- */

static void icmpv6_drop(struct net *net, struct sk_buff *skb, enum skb_drop_reason reason)
{
	NET_INC_STATS(net, Icmp6InErrors);
	kfree_skb_reason(skb, reason, PLACE_SOCKET_RX);
}

static void icmpv6_echo(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	struct sk_buff *reply;
	struct ip_tx tx;
	struct dst dst;
	u32 sum;
	u8 *h;

	if (net->sysctl.icmpv6_echo_ignore_all ||
	    icmpv6_route(net, skb, &rx.daddr, &rx.saddr, &dst))
		return;
	tx = (struct ip_tx){.saddr = dst.saddr,
			    .daddr = rx.saddr,
			    .proto = IPPROTO_ICMPV6,
			    .tos = rx.tos,
			    .local_df = true};
	reply = alloc_skb(net->host);
	h = skb_put(reply, ICMP6_HLEN);
	memcpy(h, skb_data(skb), ICMP6_HLEN);
	h[0] = ICMP6_ECHO_REPLY;
	put_be16(h + 2, 0);
	reply->truesize = SKB_TRUESIZE(skb->len);
	if (!skb_add_range(reply, skb, ICMP6_HLEN, skb->len - ICMP6_HLEN)) {
		consume_skb(reply);
		return;
	}
	sum = ip_pseudo_sum(&tx.saddr, &tx.daddr, IPPROTO_ICMPV6, reply->len);
	put_be16(h + 2, csum_fold(skb_checksum(reply, 0, reply->len, sum)));
	icmpv6_count_out(net, ICMP6_ECHO_REPLY);
	ip_output(net, reply, &dst, &tx);
}

static void icmpv6_classify(const u8 *h, struct icmp_error *e)
{
	e->type = h[0];
	e->code = h[1];
	e->err = EPROTO;
	switch (e->type) {
	case ICMP6_DST_UNREACH:
		e->fatal = true;
		if (e->code < ARRAY_SIZE(icmp6_unreach)) {
			e->err = icmp6_unreach[e->code].err;
			e->fatal = icmp6_unreach[e->code].fatal;
		}
		break;
	case ICMP6_PACKET_TOO_BIG:
		e->err = EMSGSIZE;
		e->info = get_be32(h + 4);
		break;
	case ICMP6_TIME_EXCEEDED:
		e->err = EHOSTUNREACH;
		break;
	case ICMP6_PARAM_PROB:
		e->fatal = true;
		e->info = get_be32(h + 4);
		break;
	default:
		break;
	}
}

/* icmpv6_notify(): whose packet is quoted? False: malformed. */
static bool icmpv6_error_rcv(struct net *net, struct sk_buff *skb)
{
	struct icmp_error e = {
	    .v6 = true, .offender = IP_RX(skb)->saddr, .skb = skb, .iif = IP_RX(skb)->iif};
	const struct net_protocol *p;
	struct ip6_upper ext;
	const u8 *h, *ip6;
	u32 len;

	if (!pskb_may_pull(skb, ICMP6_HLEN + IPV6_HLEN))
		return false;
	/* As much of the quoted headers as fits: what lies deeper cannot be looked at. */
	pskb_may_pull(skb, min(skb->len, ICMP6_HLEN + IPV6_HLEN + 32u));
	h = skb_data(skb);
	ip6 = h + ICMP6_HLEN;
	len = skb_headlen(skb) - ICMP6_HLEN;
	if (ip6[0] >> 4 != 6 || !ip6_skip_exthdr(ip6, len, &ext) || ext.off + 8 > len)
		return false;
	memcpy(e.saddr.b, ip6 + 8, 16);
	memcpy(e.daddr.b, ip6 + 24, 16);
	e.inner = ip6 + ext.off;
	e.inner_len = len - ext.off;
	icmpv6_classify(h, &e);
	p = inet_protocol(ext.nexthdr);
	raw_err(net, ext.nexthdr, &e);
	if (p && p->err_handler && ext.nexthdr != IPPROTO_ICMP)
		p->err_handler(net, &e);
	return true;
}

static void icmpv6_count_in(struct net *net, u8 type)
{
	static const struct {
		u8 type;
		enum mib mib;
	} counters[] = {
	    {ICMP6_DST_UNREACH, MIB_Icmp6InDestUnreachs},
	    {ICMP6_PACKET_TOO_BIG, MIB_Icmp6InPktTooBigs},
	    {ICMP6_TIME_EXCEEDED, MIB_Icmp6InTimeExcds},
	    {ICMP6_PARAM_PROB, MIB_Icmp6InParmProblems},
	    {ICMP6_ECHO_REQUEST, MIB_Icmp6InEchos},
	    {ICMP6_ECHO_REPLY, MIB_Icmp6InEchoReplies},
	    {ND_NEIGHBOR_SOLICIT, MIB_Icmp6InNeighborSolicits},
	    {ND_NEIGHBOR_ADVERT, MIB_Icmp6InNeighborAdvertisements},
	};

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		if (counters[i].type == type)
			net->mib.v[counters[i].mib]++;
	}
}

/* Messages that have a handler; takes skb. */
static void icmpv6_dispatch(struct net *net, struct sk_buff *skb, u8 type)
{
	switch (type) {
	case ICMP6_ECHO_REQUEST:
		icmpv6_echo(net, skb);
		break;
	case ICMP6_ECHO_REPLY:
		ping_rcv(net, skb);
		break;
	case ICMP6_DST_UNREACH:
	case ICMP6_PACKET_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAM_PROB:
		if (!icmpv6_error_rcv(net, skb)) {
			icmpv6_drop(net, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
			return;
		}
		break;
	case ND_ROUTER_SOLICIT:
	case ND_ROUTER_ADVERT:
	case ND_NEIGHBOR_SOLICIT:
	case ND_NEIGHBOR_ADVERT:
	case ND_REDIRECT:
		ndisc_rcv(net, skb);
		return;
	case MLD_LISTENER_QUERY:
	case MLD_LISTENER_REPORT:
	case MLD_LISTENER_REDUCTION:
	case MLD2_REPORT:
		mld_rcv(net, skb);
		return;
	default:
		break;
	}
	consume_skb(skb);
}

void icmpv6_rcv(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx *rx = IP_RX(skb);

	NET_INC_STATS(net, Icmp6InMsgs);
	if (!ip_transport_csum_ok(skb, &rx->saddr, &rx->daddr, IPPROTO_ICMPV6)) {
		NET_INC_STATS(net, Icmp6InCsumErrors);
		icmpv6_drop(net, skb, SKB_DROP_REASON_ICMP_CSUM);
		return;
	}
	if (!pskb_may_pull(skb, ICMP6_HLEN)) {
		icmpv6_drop(net, skb, SKB_DROP_REASON_PKT_TOO_SMALL);
		return;
	}
	icmpv6_count_in(net, skb_data(skb)[0]);
	ip_trace_hop(net, skb, PLACE_SOCKET_RX);
	icmpv6_dispatch(net, skb, skb_data(skb)[0]);
}

void icmpv6_count_sent(struct net *net, u8 type)
{
	icmpv6_count_out(net, type);
}

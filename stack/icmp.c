/* SPDX-License-Identifier: MIT */
/*
 * ICMP for IPv4 (RFC 792, RFC 1122 section 3.2.2, icmp(7)).
 *
 * Errors that come in are handed to the protocol whose packet they quote, with the errno that Linux
 * gives (icmp_err_convert). Errors that go out quote at most what fits into 576 bytes, never answer
 * an ICMP error, a fragment other than the first, or what was sent to many; and they are limited
 * (icmp_limit.c).
 */
#include "stack/icmp.h"
#include "stack/ping.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "sim/engine/trace_place.h"
#include "stack/in_device.h"
#include "stack/ip_internal.h"
#include "stack/pmtu.h"
#include "stack/raw.h"

#define ICMP_HLEN 8u
#define ICMP_MAX_LEN 576u
#define ICMP_MAX_TYPE 18
/* Internetwork control, RFC 1812 section 4.3.2.5. */
#define IPTOS_PREC_INTERNETCONTROL_ 0xc0
#define IPTOS_TOS_MASK_ 0x1e

struct icmp_errno {
	int err;
	bool fatal;
};

/* By code of destination unreachable. */
static const struct icmp_errno icmp_err_convert[] = {
    [ICMP_NET_UNREACH] = {ENETUNREACH, false},	  [ICMP_HOST_UNREACH] = {EHOSTUNREACH, false},
    [ICMP_PROT_UNREACH] = {ENOPROTOOPT, true},	  [ICMP_PORT_UNREACH] = {ECONNREFUSED, true},
    [ICMP_FRAG_NEEDED] = {EMSGSIZE, false},	  [ICMP_SR_FAILED] = {EOPNOTSUPP, false},
    [ICMP_NET_UNKNOWN] = {ENETUNREACH, true},	  [ICMP_HOST_UNKNOWN] = {EHOSTDOWN, true},
    [ICMP_HOST_ISOLATED] = {ENONET, true},	  [ICMP_NET_ANO] = {ENETUNREACH, true},
    [ICMP_HOST_ANO] = {EHOSTUNREACH, true},	  [ICMP_NET_UNR_TOS] = {ENETUNREACH, false},
    [ICMP_HOST_UNR_TOS] = {EHOSTUNREACH, false},  [ICMP_PKT_FILTERED] = {EHOSTUNREACH, true},
    [ICMP_PREC_VIOLATION] = {EHOSTUNREACH, true}, [ICMP_PREC_CUTOFF] = {EHOSTUNREACH, true},
};

/* ---- sending ---- */

u32 icmp_quote(struct sk_buff *skb, void *buf, u32 len)
{
	u16 data = skb->data;
	u32 whole = skb->len + (u32)(data - skb->network_header);

	/* Upper layers have pulled the headers; they are still there. */
	assert(skb->network_header <= data);
	skb->data = skb->network_header;
	skb->len = whole;
	len = min(len, whole);
	/* On a real wire it would have been there long since. */
	if (skb->ip_summed == CHECKSUM_PARTIAL && !skb->gso_size)
		skb_checksum_help(skb);
	skb_copy_bits(skb, 0, buf, len);
	skb->len -= (u32)(data - skb->network_header);
	skb->data = data;
	return len;
}

static void icmp_count_out(struct net *net, u8 type)
{
	NET_INC_STATS(net, IcmpOutMsgs);
	switch (type) {
	case ICMP_DEST_UNREACH:
		NET_INC_STATS(net, IcmpOutDestUnreachs);
		break;
	case ICMP_TIME_EXCEEDED:
		NET_INC_STATS(net, IcmpOutTimeExcds);
		break;
	case ICMP_PARAMETERPROB:
		NET_INC_STATS(net, IcmpOutParmProbs);
		break;
	case ICMP_ECHO:
		NET_INC_STATS(net, IcmpOutEchos);
		break;
	case ICMP_ECHOREPLY:
		NET_INC_STATS(net, IcmpOutEchoReps);
		break;
	default:
		break;
	}
}

static bool icmp_type_is_error(u8 type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
}

/* RFC 1122 section 3.2.2: what must not be answered with an error. head: the packet's first bytes.
 */
static bool icmp_may_answer(struct net *net, const struct sk_buff *skb, const u8 *head, u32 len,
			    const union ipaddr *s, const union ipaddr *d)
{
	u32 hlen = (head[0] & 0xfu) * 4;
	enum rtn_type stype;

	if (skb->pkt_type != PACKET_HOST)
		return false;
	if (ip_addr_type(net, d) == RTN_BROADCAST_ || ipaddr_is_multicast(d))
		return false;
	if (get_be16(head + 6) & IP_OFFSET)
		return false;
	stype = ip_addr_type(net, s);
	if (ipaddr_is_any(s) || stype == RTN_BROADCAST_ || stype == RTN_MULTICAST_)
		return false;
	/* About an ICMP message only when it is no error itself, as far as its type can be read. */
	if (head[9] == IPPROTO_ICMP &&
	    (len <= hlen || head[hlen] > ICMP_MAX_TYPE || icmp_type_is_error(head[hlen])))
		return false;
	return true;
}

static bool icmp_limited(const struct net *net, u8 type, u8 code)
{
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)
		return false;
	return net->sysctl.icmp_ratemask & (1 << type);
}

static struct sk_buff *icmp_build(struct net *net, u8 type, u8 code, u32 info, const void *data,
				  u32 len)
{
	struct sk_buff *skb = alloc_skb(net->host);
	u8 *h = skb_put(skb, ICMP_HLEN);

	h[0] = type;
	h[1] = code;
	put_be16(h + 2, 0);
	put_be32(h + 4, info);
	put_be16(h + 2, csum_fold(csum_partial(data, len, csum_partial(h, ICMP_HLEN, 0))));
	skb_add_data(skb, data, len);
	skb->truesize = SKB_TRUESIZE(ICMP_HLEN + len);
	return skb;
}

/* From the address that was asked for when it is ours, else from the one of the way back. */
static int icmp_route(struct net *net, const union ipaddr *asked, const union ipaddr *to, u8 tos,
		      struct dst *dst)
{
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = *to, .proto = IPPROTO_ICMP, .tos = tos};

	if (ip_addr_is_local(net, asked, NULL))
		fl.saddr = *asked;
	return route_output(net, &fl, dst);
}

void icmp_send(struct net *net, struct sk_buff *skb, u8 type, u8 code, u32 info)
{
	u8 quote[ICMP_MAX_LEN];
	u32 len = icmp_quote(skb, quote, sizeof(quote));
	u8 tos = (u8)((quote[1] & IPTOS_TOS_MASK_) | IPTOS_PREC_INTERNETCONTROL_);
	bool limited = icmp_limited(net, type, code);
	union ipaddr s, d;
	struct ip_tx tx;
	struct dst dst;

	ip_header_addrs(skb, &s, &d);
	if (net->dying || !icmp_may_answer(net, skb, quote, len, &s, &d))
		return;
	if (limited && icmp_global_exhausted(net)) {
		NET_INC_STATS(net, IcmpOutRateLimitGlobal);
		return;
	}
	if (icmp_route(net, &d, &s, tos, &dst))
		return;
	if (limited &&
	    !icmp_peer_allow(net, &dst, &s, net->sysctl.icmp_ratelimit * NSEC_PER_MSEC)) {
		NET_INC_STATS(net, IcmpOutRateLimitHost);
		return;
	}
	len = min(len, min(dst.mtu, ICMP_MAX_LEN) - IPV4_HLEN - ICMP_HLEN);
	icmp_count_out(net, type);
	tx = (struct ip_tx){.saddr = dst.saddr,
			    .daddr = s,
			    .proto = IPPROTO_ICMP,
			    .tos = tos,
			    .local_df = true,
			    .mark = skb->mark};
	ip_output(net, icmp_build(net, type, code, info, quote, len), &dst, &tx);
}

/* The closest ICMPv6 message to an ICMP one. */
static void icmpv6_send_unreach(struct net *net, struct sk_buff *skb, u8 code, u32 info)
{
	switch (code) {
	case ICMP_NET_UNREACH:
		icmpv6_send(net, skb, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, 0);
		break;
	case ICMP_PROT_UNREACH:
		icmpv6_send(net, skb, ICMP6_PARAM_PROB, ICMP6_PARAMPROB_NEXTHEADER, info);
		break;
	case ICMP_PORT_UNREACH:
		icmpv6_send(net, skb, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, 0);
		break;
	case ICMP_FRAG_NEEDED:
		icmpv6_send(net, skb, ICMP6_PACKET_TOO_BIG, 0, info);
		break;
	case ICMP_PKT_FILTERED:
		icmpv6_send(net, skb, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, 0);
		break;
	default:
		icmpv6_send(net, skb, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, 0);
		break;
	}
}

void icmp_send_unreach(struct net *net, struct sk_buff *skb, u8 code, u32 mtu)
{
	if (skb_is_ipv6(skb))
		icmpv6_send_unreach(net, skb, code, mtu);
	else
		icmp_send(net, skb, ICMP_DEST_UNREACH, code, code == ICMP_FRAG_NEEDED ? mtu : 0);
}

void icmp_send_time_exceeded(struct net *net, struct sk_buff *skb, u8 code)
{
	if (skb_is_ipv6(skb))
		icmpv6_send(net, skb, ICMP6_TIME_EXCEEDED, code, 0);
	else
		icmp_send(net, skb, ICMP_TIME_EXCEEDED, code, 0);
}

void icmp_send_param_problem(struct net *net, struct sk_buff *skb, u8 code, u32 pointer)
{
	if (skb_is_ipv6(skb))
		icmpv6_send(net, skb, ICMP6_PARAM_PROB, code, pointer);
	else
		icmp_send(net, skb, ICMP_PARAMETERPROB, code, pointer << 24);
}

void icmp_send_link_failure(struct net *net, struct sk_buff *skb)
{
	icmp_send_unreach(net, skb, ICMP_HOST_UNREACH, 0);
}

/* ---- receiving ---- */

static void icmp_drop(struct sk_buff *skb, enum skb_drop_reason reason)
{
	kfree_skb_reason(skb, reason, PLACE_SOCKET_RX);
}

/* The reply shares the request's payload; only the type, hence the checksum, differs (RFC 1624). */
static void icmp_echo(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	struct sk_buff *reply;
	struct ip_tx tx;
	struct dst dst;
	u32 sum;
	u8 *h;

	if (net->sysctl.icmp_echo_ignore_all || icmp_route(net, &rx.daddr, &rx.saddr, rx.tos, &dst))
		return;
	reply = alloc_skb(net->host);
	h = skb_put(reply, ICMP_HLEN);
	memcpy(h, skb_data(skb), ICMP_HLEN);
	h[0] = ICMP_ECHOREPLY;
	sum = (u32)(u16)~get_be16(h + 2) + (u16) ~(ICMP_ECHO << 8);
	put_be16(h + 2, csum_fold(sum));
	reply->truesize = SKB_TRUESIZE(skb->len);
	reply->mark = skb->mark;
	if (!skb_add_range(reply, skb, ICMP_HLEN, skb->len - ICMP_HLEN)) {
		consume_skb(reply);
		return;
	}
	/* The shortcut cannot tell a message of nothing but zeros, whose checksum is 0xffff. */
	if (!get_be16(h + 2))
		put_be16(h + 2, csum_fold(skb_checksum(reply, 0, reply->len, 0)));
	icmp_count_out(net, ICMP_ECHOREPLY);
	tx = (struct ip_tx){.saddr = dst.saddr,
			    .daddr = rx.saddr,
			    .proto = IPPROTO_ICMP,
			    .tos = rx.tos,
			    .local_df = true};
	ip_output(net, reply, &dst, &tx);
}

/* Fills errno and the second word's meaning; false: the message is of no use. */
static bool icmp_classify(const u8 *h, struct icmp_error *e)
{
	e->type = h[0];
	e->code = h[1];
	e->err = EHOSTUNREACH;
	switch (e->type) {
	case ICMP_DEST_UNREACH:
		if (e->code >= ARRAY_SIZE(icmp_err_convert))
			return false;
		e->err = icmp_err_convert[e->code].err;
		e->fatal = icmp_err_convert[e->code].fatal;
		if (e->code == ICMP_FRAG_NEEDED)
			e->info = get_be16(h + 6);
		return true;
	case ICMP_TIME_EXCEEDED:
		return e->code != ICMP_EXC_FRAGTIME;
	case ICMP_PARAMETERPROB:
		e->err = EPROTO;
		e->fatal = true;
		e->info = h[4];
		return true;
	default:
		return false;
	}
}

static void icmp_redirect(struct net *net, const struct sk_buff *skb, const u8 *h,
			  const union ipaddr *daddr)
{
	union ipaddr gw = ipaddr_v4(0);
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = *daddr};
	struct dst dst;

	memcpy(&gw.b[12], h + 4, 4);
	if (net->sysctl.ip_forward || !net->sysctl.accept_redirects ||
	    ip_addr_type(net, &gw) != RTN_UNICAST_ || route_output(net, &fl, &dst))
		return;
	/* Believed only from the gateway in use, for a gateway on the same link (RFC 1122 3.2.2.2).
	 */
	if (!ipaddr_equal(&dst.nexthop, &IP_RX(skb)->saddr) || ipaddr_equal(&dst.nexthop, &gw) ||
	    dst.dev != skb->dev)
		return;
	fl.daddr = gw;
	if (route_output(net, &fl, &dst) || dst.dev != skb->dev || !ipaddr_equal(&dst.nexthop, &gw))
		return;
	pmtu_redirect(net, daddr, &gw);
}

/* icmp_unreach(): finds whose packet is quoted. False: malformed. */
static bool icmp_error_rcv(struct net *net, struct sk_buff *skb)
{
	struct icmp_error e = {.offender = IP_RX(skb)->saddr, .skb = skb, .iif = IP_RX(skb)->iif};
	const struct net_protocol *p;
	const u8 *h, *iph;
	u32 hlen;

	if (!pskb_may_pull(skb, ICMP_HLEN + IPV4_HLEN))
		return false;
	hlen = (skb_data(skb)[ICMP_HLEN] & 0xfu) * 4;
	if (hlen < IPV4_HLEN || skb_data(skb)[ICMP_HLEN] >> 4 != 4)
		return false;
	if (!pskb_may_pull(skb, ICMP_HLEN + hlen + 8))
		return false;
	h = skb_data(skb);
	iph = h + ICMP_HLEN;
	e.saddr = e.daddr = ipaddr_v4(0);
	memcpy(&e.saddr.b[12], iph + 12, 4);
	memcpy(&e.daddr.b[12], iph + 16, 4);
	e.inner = iph + hlen;
	e.inner_len = skb_headlen(skb) - ICMP_HLEN - hlen;
	if (h[0] == ICMP_REDIRECT) {
		icmp_redirect(net, skb, h, &e.daddr);
		return true;
	}
	if (!icmp_classify(h, &e))
		return true;
	raw_err(net, iph[9], &e);
	p = inet_protocol(iph[9]);
	if (p && p->err_handler)
		p->err_handler(net, &e);
	return true;
}

static void icmp_count_in(struct net *net, u8 type)
{
	NET_INC_STATS(net, IcmpInMsgs);
	switch (type) {
	case ICMP_DEST_UNREACH:
		NET_INC_STATS(net, IcmpInDestUnreachs);
		break;
	case ICMP_TIME_EXCEEDED:
		NET_INC_STATS(net, IcmpInTimeExcds);
		break;
	case ICMP_PARAMETERPROB:
		NET_INC_STATS(net, IcmpInParmProbs);
		break;
	case ICMP_SOURCE_QUENCH:
		NET_INC_STATS(net, IcmpInSrcQuenchs);
		break;
	case ICMP_REDIRECT:
		NET_INC_STATS(net, IcmpInRedirects);
		break;
	case ICMP_ECHO:
		NET_INC_STATS(net, IcmpInEchos);
		break;
	case ICMP_ECHOREPLY:
		NET_INC_STATS(net, IcmpInEchoReps);
		break;
	default:
		break;
	}
}

static enum skb_drop_reason icmp_check(struct net *net, struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_NONE && csum_fold(skb_checksum(skb, 0, skb->len, 0)) != 0) {
		NET_INC_STATS(net, IcmpInMsgs);
		NET_INC_STATS(net, IcmpInCsumErrors);
		NET_INC_STATS(net, IcmpInErrors);
		return SKB_DROP_REASON_ICMP_CSUM;
	}
	if (!pskb_may_pull(skb, ICMP_HLEN)) {
		NET_INC_STATS(net, IcmpInMsgs);
		NET_INC_STATS(net, IcmpInErrors);
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	}
	icmp_count_in(net, skb_data(skb)[0]);
	if (skb_data(skb)[0] > ICMP_MAX_TYPE) {
		NET_INC_STATS(net, IcmpInErrors);
		return SKB_DROP_REASON_UNHANDLED_PROTO;
	}
	return SKB_NOT_DROPPED_YET;
}

void icmp_rcv(struct net *net, struct sk_buff *skb)
{
	enum skb_drop_reason reason = icmp_check(net, skb);
	bool many = IP_RX(skb)->broadcast || IP_RX(skb)->multicast;
	u8 type;

	if (reason) {
		icmp_drop(skb, reason);
		return;
	}
	type = skb_data(skb)[0];
	if (many && (type != ICMP_ECHO || net->sysctl.icmp_echo_ignore_broadcasts)) {
		icmp_drop(skb, SKB_DROP_REASON_INVALID_PROTO);
		return;
	}
	ip_trace_hop(net, skb, PLACE_SOCKET_RX);
	if (type == ICMP_ECHO) {
		icmp_echo(net, skb);
	} else if (type == ICMP_ECHOREPLY) {
		ping_rcv(net, skb);
	} else if (icmp_type_is_error(type) && !icmp_error_rcv(net, skb)) {
		NET_INC_STATS(net, IcmpInErrors);
		icmp_drop(skb, SKB_DROP_REASON_PKT_TOO_SMALL);
		return;
	}
	consume_skb(skb);
}

void icmp_err(struct net *net, const struct icmp_error *e)
{
	ping_err(net, e);
}

void icmp_count_sent(struct net *net, bool v4, u8 type)
{
	if (v4)
		icmp_count_out(net, type);
	else
		icmpv6_count_sent(net, type);
}

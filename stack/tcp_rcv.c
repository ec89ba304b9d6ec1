/* SPDX-License-Identifier: MIT */
/*
 * A segment comes: to which socket it belongs (tcp_v4_rcv()); resets and challenge ACKs (RFC 5961); ICMP
 * errors. The states are in tcp_state.c and tcp_input.c.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <signal.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/bpf.h"
#include "stack/errqueue.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

static void discard(struct sk_buff *skb, enum skb_drop_reason why)
{
	kfree_skb_reason(skb, why, PLACE_SOCKET_RX);
}

/* Addresses from the IP header, which stays in front of the segment. */
struct ip_rx tcp_skb_rx(struct sk_buff *skb)
{
	const u8 *ip = skb_network_header(skb);
	struct ip_rx rx = { .proto = IPPROTO_TCP, .iif = skb->dev ? skb->dev->ifindex : 0 };

	if (ip[0] >> 4 == 4) {
		be32 a;

		memcpy(&a, ip + 12, 4);
		rx.saddr = ipaddr_v4(a);
		memcpy(&a, ip + 16, 4);
		rx.daddr = ipaddr_v4(a);
		rx.tos = ip[1];
		rx.ttl = ip[8];
	} else {
		memcpy(rx.saddr.b, ip + 8, 16);
		memcpy(rx.daddr.b, ip + 24, 16);
		rx.tos = (u8)(get_be16(ip) >> 4);
		rx.ttl = ip[7];
	}
	return rx;
}

/* ---- RST and challenge ACK ----------------------------------------------------------------------- */

void tcp_v_send_reset(struct net *net, struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const u8 *th = skb_data(skb);
	struct ip_rx rx = tcp_skb_rx(skb);
	struct tcp_header_spec h = { .saddr = rx.daddr, .daddr = rx.saddr,
				     .sport = get_be16(th + 2), .dport = get_be16(th),
				     .flags = TCPHDR_RST };

	if (cb->tcp_flags & TCPHDR_RST)
		return;
	if (!tp && !ip_addr_is_local(net, &rx.daddr, NULL))
		return;
	if (cb->tcp_flags & TCPHDR_ACK) {
		h.seq = cb->ack_seq;
	} else {
		h.flags |= TCPHDR_ACK;
		h.ack = cb->end_seq;
	}
	if (tp) {
		h.mark = tp_sock(tp)->mark;
		h.oif = tp_sock(tp)->bound_dev_if;
	}
	if (!h.oif && ipaddr_is_linklocal(&rx.saddr) && !ipaddr_is_v4(&rx.saddr))
		h.oif = rx.iif;
	NET_INC_STATS(net, OutRsts);
	tcp_send_bare(net, &h, NULL);
}

bool tcp_oow_rate_limited(struct net *net, nsec_t *last, bool has_data, enum mib mib_idx)
{
	nsec_t now = net_now(net);

	/* Data is no part of a loop of ACKs. */
	if (has_data)
		return false;
	if (*last && now - *last < net->sysctl.tcp_invalid_ratelimit) {
		net->mib.v[mib_idx]++;
		return true;
	}
	*last = now ? now : 1;
	return false;
}

/*
 * The host's budget for this second (tcp_challenge_ack_limit). A random part of it is left out, so that
 * nobody can count what is left of it (RFC 5961 7).
 */
static bool challenge_allowed(struct net *net)
{
	u32 limit = (u32)net->sysctl.tcp_challenge_ack_limit;
	s64 second = net_now(net) / NSEC_PER_SEC + 1;

	if (limit == INT32_MAX)
		return true;
	if (net->tcp_challenge_second != second) {
		net->tcp_challenge_second = second;
		net->tcp_challenge_count =
			((limit + 1) >> 1) + (limit ? rng_below(&net->rng_misc, limit) : 0);
	}
	if (!net->tcp_challenge_count)
		return false;
	net->tcp_challenge_count--;
	return true;
}

void tcp_send_challenge_ack(struct tcp_sock *tp)
{
	if (tcp_oow_rate_limited(tp_net(tp), &tp->last_oow_ack_time, false,
				 MIB_TCPACKSkippedChallenge))
		return;
	if (!challenge_allowed(tp_net(tp)))
		return;
	NET_INC_STATS(tp_net(tp), TCPChallengeACK);
	tcp_send_ack(tp);
}

/* ---- demultiplexing ------------------------------------------------------------------------------ */

/* Fills in the control block; 0 or why it is dropped. */
static enum skb_drop_reason parse_header(struct net *net, struct sk_buff *skb,
					 const struct ip_rx *rx)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const u8 *th;
	u32 hlen;

	if (!pskb_may_pull(skb, 20))
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	hlen = (u32)(skb_data(skb)[12] >> 4) * 4;
	if (hlen < 20 || !pskb_may_pull(skb, hlen))
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	if (skb->ip_summed == CHECKSUM_NONE &&
	    !ip_transport_csum_ok(skb, &rx->saddr, &rx->daddr, IPPROTO_TCP)) {
		NET_INC_STATS(net, TcpInCsumErrors);
		return SKB_DROP_REASON_TCP_CSUM;
	}
	skb_reset_transport_header(skb);
	th = skb_data(skb);
	memset(cb, 0, sizeof(*cb));
	cb->seq = get_be32(th + 4);
	cb->ack_seq = get_be32(th + 8);
	cb->tcp_flags = th[13];
	cb->urg_ptr = get_be16(th + 18);
	cb->hdr_len = (u16)hlen;
	cb->ip_dsfield = rx->tos;
	cb->has_rxtstamp = skb->tstamp != 0;
	cb->end_seq = cb->seq + (skb->len - hlen) + !!(th[13] & TCPHDR_SYN) +
		      !!(th[13] & TCPHDR_FIN);
	return SKB_NOT_DROPPED_YET;
}

/*
 * The socket's filter: false, and skb is gone; true, with what is left of the data. A FIN stays, right
 * behind it.
 */
static bool tcp_filter(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 len = skb->len;

	if (sk_filter_trim_cap(tp_sock(tp), skb, cb->hdr_len)) {
		tp_sock(tp)->drops += max(skb->gso_segs, (u16)1);
		discard(skb, SKB_DROP_REASON_SOCKET_FILTER);
		return false;
	}
	cb->end_seq -= len - skb->len;
	return true;
}

/* A new SYN that a TIME_WAIT sock lets in goes to the listener, if there is one. */
static void timewait_syn(struct net *net, struct tcp_timewait_sock *tw, struct sk_buff *skb,
			 const struct ip_rx *rx, u32 isn)
{
	const u8 *th = skb_data(skb);
	struct inet_sock *l = inet_lookup_listener(net, skb, &rx->saddr, get_be16(th), &rx->daddr,
						   get_be16(th + 2), rx->iif);

	if (l) {
		tcp_timewait_kill(tw);
		if (!tcp_filter((struct tcp_sock *)l, skb))
			return;
		tcp_conn_request((struct tcp_sock *)l, skb, isn);
		return;
	}
	tcp_timewait_send_ack(tw, skb);
	consume_skb(skb);
}

static void timewait_rcv(struct net *net, struct tcp_timewait_sock *tw, struct sk_buff *skb,
			 const struct ip_rx *rx)
{
	u32 isn = 0;

	switch (tcp_timewait_state_process(tw, skb, skb_data(skb), &isn)) {
	case TCP_TW_SYN:
		timewait_syn(net, tw, skb, rx, isn);
		return;
	case TCP_TW_ACK:
		tcp_timewait_send_ack(tw, skb);
		break;
	case TCP_TW_RST:
		tcp_v_send_reset(net, NULL, skb);
		tcp_timewait_kill(tw);
		break;
	case TCP_TW_SUCCESS:
		break;
	}
	consume_skb(skb);
}

static void segs_in(struct tcp_sock *tp, const struct sk_buff *skb)
{
	u32 n = max(skb->gso_segs, (u16)1);

	tp->segs_in += n;
	if (skb->len > TCP_SKB_CB(skb)->hdr_len)
		tp->data_segs_in += n;
	if (skb->napi_id)
		tp_sock(tp)->napi_id = skb->napi_id;
	tp_sock(tp)->incoming_cpu = cpu_current(tp_sock(tp)->host)->id;
}

/* tcp_child_process(): the new connection takes the segment, and the listener's waiters are told. */
static void child_process(struct tcp_sock *lp, struct tcp_sock *child, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(child), *lsk = tp_sock(lp);

	sock_hold(sk);
	segs_in(child, skb);
	tcp_rcv_state_process(child, skb);
	/* The listener had been shut down before it listened, and that is inherited. */
	if (sk->state == TCP_ESTABLISHED && sk->shutdown & SEND_SHUTDOWN)
		tcp_shutdown(NULL, sk, SHUT_WR);
	if (sk->state != TCP_SYN_RECV)
		lsk->data_ready(lsk);
	sock_put(sk);
}

static void listen_rcv(struct tcp_sock *lp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_sock *child;

	if (cb->tcp_flags & TCPHDR_ACK) {
		child = tcp_cookie_v_check(lp, skb);
		if (child && child != lp)
			child_process(lp, child, skb);
		if (child != lp)
			return;
		tcp_v_send_reset(tp_net(lp), NULL, skb);
		discard(skb, SKB_DROP_REASON_TCP_FLAGS);
	} else if ((cb->tcp_flags & (TCPHDR_RST | TCPHDR_SYN | TCPHDR_FIN)) == TCPHDR_SYN) {
		tcp_conn_request(lp, skb, 0);
	} else {
		discard(skb, cb->tcp_flags & TCPHDR_RST ? SKB_DROP_REASON_TCP_RESET :
							  SKB_DROP_REASON_TCP_FLAGS);
	}
}

static void request_rcv(struct tcp_request_sock *req, struct sk_buff *skb)
{
	struct tcp_sock *lp = req->listener, *child;

	if (lp && !tcp_filter(lp, skb))
		return;
	child = tcp_check_req(req, skb);
	if (child)
		child_process(lp, child, skb);
}

static void connection_rcv(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);

	sock_hold(sk);
	segs_in(tp, skb);
	if (sk->state == TCP_ESTABLISHED)
		tcp_rcv_established(tp, skb);
	else
		tcp_rcv_state_process(tp, skb);
	sock_put(sk);
}

static void dispatch(struct net *net, struct inet_sock *inet, struct sk_buff *skb,
		     const struct ip_rx *rx)
{
	switch (inet->sk.state) {
	case TCP_TIME_WAIT:
		timewait_rcv(net, tcp_twsk(inet), skb, rx);
		return;
	case TCP_NEW_SYN_RECV:
		request_rcv(tcp_rsk(inet), skb);
		return;
	default:
		break;
	}
	if (inet->min_ttl && rx->ttl < inet->min_ttl) {
		NET_INC_STATS(net, TCPMinTTLDrop);
		discard(skb, SKB_DROP_REASON_TCP_MINTTL);
		return;
	}
	if (!tcp_filter((struct tcp_sock *)inet, skb))
		return;
	if (inet->sk.state == TCP_LISTEN)
		listen_rcv((struct tcp_sock *)inet, skb);
	else
		connection_rcv((struct tcp_sock *)inet, skb);
}

void tcp_v_rcv(struct net *net, struct sk_buff *skb)
{
	struct ip_rx rx = *IP_RX(skb);
	enum skb_drop_reason why;
	struct inet_sock *inet;
	const u8 *th;

	if (skb->pkt_type != PACKET_HOST) {
		discard(skb, SKB_DROP_REASON_OTHERHOST);
		return;
	}
	NET_INC_STATS(net, InSegs);
	why = parse_header(net, skb, &rx);
	if (why) {
		NET_INC_STATS(net, InErrs);
		discard(skb, why);
		return;
	}
	skb_orphan(skb);
	trace_hop(net->sim->trace, skb->id, net_now(net), net->host->id, PLACE_SOCKET_RX,
		  skb->dev ? skb->dev->ifindex : 0, -1);
	th = skb_data(skb);
	inet = inet_lookup_established(net, &rx.saddr, get_be16(th), &rx.daddr, get_be16(th + 2),
				       rx.iif);
	if (!inet)
		inet = inet_lookup_listener(net, skb, &rx.saddr, get_be16(th), &rx.daddr,
					    get_be16(th + 2), rx.iif);
	if (inet) {
		dispatch(net, inet, skb, &rx);
		return;
	}
	tcp_v_send_reset(net, NULL, skb);
	discard(skb, SKB_DROP_REASON_NO_SOCKET);
}

/* ---- ICMP errors --------------------------------------------------------------------------------- */

static bool is_too_big(const struct icmp_error *e)
{
	return e->v6 ? e->type == ICMP6_PACKET_TOO_BIG :
		       e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED;
}

/* tcp_v4_mtu_reduced() */
static void mtu_reduced(struct tcp_sock *tp, u32 mtu)
{
	ip_update_pmtu(tp_net(tp), &tp->inet.daddr, mtu);
	if (tcp_rebuild_header(tp))
		return;
	if (tp->inet.pmtudisc != IP_PMTUDISC_DONT && tp->pmtu_cookie > tp->inet.dst.mtu) {
		tcp_sync_mss(tp, tp->inet.dst.mtu);
		tcp_simple_retransmit(tp);
	}
}

static void connection_err(struct tcp_sock *tp, const struct icmp_error *e, u32 seq)
{
	struct sock *sk = tp_sock(tp);

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN)
		return;
	/* RFC 5927: only for what is in flight. */
	if (!between(seq, tp->snd_una, tp->snd_nxt)) {
		NET_INC_STATS(sk->net, OutOfWindowIcmps);
		return;
	}
	if (is_too_big(e)) {
		mtu_reduced(tp, e->info);
		return;
	}
	if (!e->err)
		return;
	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV) {
		if (inet_recverr(&tp->inet, e->v6))
			ip_icmp_error(&tp->inet, e, e->err, tp->inet.dport, 0);
		sk->err = e->err;
		sk->error_report(sk);
		tcp_done(tp);
		return;
	}
	/* RFC 1122 4.2.3.9: soft for a connection that lives, unless its owner asked for all. */
	if (!inet_recverr(&tp->inet, e->v6)) {
		sk->err_soft = e->err;
		return;
	}
	sk->err = e->err;
	sk->error_report(sk);
}

void tcp_v_err(struct net *net, const struct icmp_error *e)
{
	struct inet_sock *inet;
	u32 seq;

	if (e->inner_len < 8)
		return;
	seq = get_be32(e->inner + 4);
	inet = inet_lookup_established(net, &e->daddr, get_be16(e->inner + 2), &e->saddr,
				       get_be16(e->inner), e->iif);
	if (!inet) {
		if (e->v6)
			NET_INC_STATS(net, Icmp6InErrors);
		else
			NET_INC_STATS(net, IcmpInErrors);
		return;
	}
	if (inet->sk.state == TCP_TIME_WAIT)
		return;
	if (inet->sk.state == TCP_NEW_SYN_RECV) {
		if (!is_too_big(e) && e->fatal)
			tcp_req_err(tcp_rsk(inet), seq);
		return;
	}
	sock_hold(&inet->sk);
	connection_err((struct tcp_sock *)inet, e, seq);
	sock_put(&inet->sk);
}

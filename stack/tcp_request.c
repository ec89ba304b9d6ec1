/* SPDX-License-Identifier: MIT */
/*
 * Passive open: a SYN becomes a request sock, and segments that come for one (tcp_conn_request(),
 * tcp_check_req(), reqsk_timer_handler()).
 *
 * The SYN queue is bounded by the backlog; beyond it a cookie takes a request's place. A SYN that finds the
 * accept queue full is dropped; so is the ACK that would complete a handshake then (the client believes
 * that it is connected), unless net.ipv4.tcp_abort_on_overflow asks for an RST.
 */
#include <errno.h>

#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

static bool synq_is_full(const struct tcp_sock *lp)
{
	return lp->syn_qlen > lp->inet.sk.max_ack_backlog;
}

/* ---- request socks --------------------------------------------------------------------------------- */

void tcp_req_unlink(struct tcp_request_sock *req)
{
	struct tcp_sock *lp = req->listener;

	timer_del(&req->timer);
	inet_ehash_remove(&req->inet);
	if (!lp)
		return;
	list_del_init(&req->node);
	lp->syn_qlen--;
	if (!req->num_timeout)
		lp->syn_young--;
	req->listener = NULL;
}

void tcp_req_drop(struct tcp_request_sock *req)
{
	tcp_req_unlink(req);
	sock_put(&req->inet.sk);
}

static void req_destruct(struct sock *sk)
{
	struct tcp_request_sock *req = (struct tcp_request_sock *)sk;

	timer_del(&req->timer);
	inet_ehash_remove(&req->inet);
	list_del_init(&req->node);
}

static const struct proto_ops tcp_req_prot = {
	.name = "TCP-REQ",
	.type = SOCK_STREAM,
	.protocol = IPPROTO_TCP,
	.obj_size = sizeof(struct tcp_request_sock),
	.destruct = req_destruct,
};

/* The SYN-ACK; also when it is sent again. */
static int send_synack(struct tcp_sock *lp, struct tcp_request_sock *req, u32 tsval)
{
	struct inet_sock *inet = &req->inet;
	struct tcp_header_spec h = {
		.saddr = inet->rcv_saddr, .daddr = inet->daddr, .sport = inet->num,
		.dport = inet->dport, .seq = req->snt_isn, .ack = req->rcv_isn + 1,
		.flags = TCPHDR_SYN | TCPHDR_ACK | (req->ecn_ok ? TCPHDR_ECE : 0),
		.window = (u16)min(req->rcv_wnd, 65535u), .tos = (u8)(inet->tos & ~3),
		.mark = inet->sk.mark, .tstamp = req->rx_opt.tstamp_ok, .tsval = tsval,
		.tsecr = req->rx_opt.ts_recent, .mss = req->mss, .sack_perm = req->rx_opt.sack_ok,
		.wscale_opt = req->rx_opt.wscale_ok, .wscale = req->rx_opt.rcv_wscale,
		.oif = inet->sk.bound_dev_if,
	};

	/* Not by the number of timeouts: that counts the first one only once this is on its way. */
	if (!req->snt_tsval_first)
		h.tsval = req->snt_tsval_first = tsval ? tsval : UINT32_MAX;
	req->snt_tsval_last = h.tsval;
	if (lp->inet.uc_ttl > 0)
		h.ttl = (u8)lp->inet.uc_ttl;
	return tcp_send_bare(tp_net(lp), &h, &inet->dst);
}

static u32 req_timestamp(const struct tcp_request_sock *req)
{
	return (u32)(net_now(req->inet.sk.net) / NSEC_PER_MSEC) + req->ts_off;
}

static void resend_synack(struct tcp_request_sock *req)
{
	struct net *net = req->inet.sk.net;

	if (send_synack(req->listener, req, req_timestamp(req)))
		return;
	req->num_retrans++;
	NET_INC_STATS(net, RetransSegs);
	NET_INC_STATS(net, TCPSynRetrans);
}

/* Until the SYN-ACK is sent again: 1, 2, 4... seconds. */
static nsec_t req_timeout(const struct tcp_request_sock *req)
{
	nsec_t limit = req->inet.sk.net->sysctl.tcp_rto_max;

	return min(TCP_TIMEOUT_INIT << min((u32)req->num_timeout, 8u), limit);
}

/* When many young requests wait, old ones are given fewer chances. */
static int max_synack_retries(const struct tcp_sock *lp)
{
	const struct net_sysctl *ctl = &lp->inet.sk.net->sysctl;
	int retries = lp->syncnt ? lp->syncnt : ctl->tcp_synack_retries;
	u32 young = lp->syn_young << 1;

	if (lp->syn_qlen << 1 <= max(8u, lp->inet.sk.max_ack_backlog))
		return retries;
	while (retries > 2 && lp->syn_qlen >= young) {
		retries--;
		young <<= 1;
	}
	return retries;
}

/* reqsk_timer_handler(), with syn_ack_recalc() for TCP_DEFER_ACCEPT. */
static void req_timer(struct timer *timer)
{
	struct tcp_request_sock *req = container_of(timer, struct tcp_request_sock, timer);
	struct tcp_sock *lp = req->listener;
	int retries = max_synack_retries(lp), defer = lp->defer_accept;
	bool expire, resend = true;

	expire = req->num_timeout >= retries;
	if (defer) {
		expire = expire && (!req->acked || req->num_timeout >= defer);
		resend = !req->acked || req->num_timeout >= defer - 1;
	}
	if (expire) {
		tcp_req_drop(req);
		return;
	}
	if (resend)
		resend_synack(req);
	if (req->num_timeout++ == 0)
		lp->syn_young--;
	timer_mod(&req->timer, net_now(req->inet.sk.net) + req_timeout(req));
}

struct tcp_request_sock *tcp_req_alloc(struct tcp_sock *lp)
{
	struct sock *lsk = tp_sock(lp);
	struct tcp_request_sock *req = (struct tcp_request_sock *)sk_alloc(lsk->net, &tcp_req_prot);
	struct sock *sk = &req->inet.sk;

	sk->family = lsk->family;
	inet_sock_init(&req->inet);
	list_init(&req->node);
	timer_init(&req->timer, lsk->host, req_timer);
	sk->state = TCP_NEW_SYN_RECV;
	sk->mark = lsk->mark;
	sk->bound_dev_if = lsk->bound_dev_if;
	req->inet.tos = lp->inet.tos;
	req->listener = lp;
	return req;
}

/* Initial window and scale for the SYN-ACK (tcp_openreq_init_rwin()). */
void tcp_req_window(struct tcp_sock *lp, struct tcp_request_sock *req)
{
	struct sock *lsk = tp_sock(lp);
	u32 space = tcp_full_space(lp), mss = req->mss;

	req->window_clamp = lp->window_clamp_user;
	if ((lsk->userlocks & SOCK_RCVBUF_LOCK) && (!req->window_clamp || req->window_clamp > space))
		req->window_clamp = space;
	tcp_select_initial_window(lsk->net, lsk, space, mss - (req->rx_opt.tstamp_ok ? 12 : 0),
				  &req->rcv_wnd, &req->window_clamp, req->rx_opt.wscale_ok,
				  &req->rx_opt.rcv_wscale);
}

static u16 advertised_mss(const struct tcp_sock *lp, const struct dst *dst, bool v4)
{
	u32 mss = dst->advmss ? dst->advmss : max(dst->mtu, 88u) - (v4 ? 20 : 40) - 20;

	if (lp->rx_opt.user_mss)
		mss = min(mss, (u32)lp->rx_opt.user_mss);
	return (u16)min(mss, 65495u);
}

/* Addresses, route and options from the SYN. */
int tcp_req_init(struct tcp_sock *lp, struct tcp_request_sock *req, struct sk_buff *skb,
		    const struct ip_rx *rx)
{
	struct net *net = tp_net(lp);
	const u8 *th = skb_data(skb);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct inet_sock *inet = &req->inet;
	struct flow fl = { .saddr = rx->daddr, .daddr = rx->saddr, .oif = inet->sk.bound_dev_if,
			   .proto = IPPROTO_TCP, .tos = inet->tos, .mark = inet->sk.mark,
			   .sport = get_be16(th + 2), .dport = get_be16(th) };
	u8 ecn = cb->tcp_flags & (TCPHDR_ECE | TCPHDR_CWR);
	int err;

	inet->saddr = inet->rcv_saddr = rx->daddr;
	inet->daddr = rx->saddr;
	inet->num = inet->sport = fl.sport;
	inet->dport = fl.dport;
	/* Link-local peers are reached where they came from. */
	if (ipaddr_is_linklocal(&rx->saddr) && !ipaddr_is_v4(&rx->saddr))
		fl.oif = inet->sk.bound_dev_if = rx->iif;
	err = route_output(net, &fl, &inet->dst);
	if (err)
		return err;
	req->rcv_isn = cb->seq;
	req->mss = advertised_mss(lp, &inet->dst, ipaddr_is_v4(&rx->saddr));
	req->rx_opt = (struct tcp_options_received){ .mss_clamp = 536,
						     .user_mss = lp->rx_opt.user_mss };
	tcp_parse_options(net, th, cb->hdr_len, &req->rx_opt, true);
	req->rx_opt.tstamp_ok = req->rx_opt.saw_tstamp && net->sysctl.tcp_timestamps;
	req->rx_opt.ts_recent = req->rx_opt.tstamp_ok ? req->rx_opt.rcv_tsval : 0;
	req->ecn_ok = net->sysctl.tcp_ecn && ecn == (TCPHDR_ECE | TCPHDR_CWR) && !(rx->tos & 3);
	req->ts_off = tcp_secure_ts_off(net, &inet->saddr, &inet->daddr);
	return 0;
}

/* The SYN queue is full or cookies are wanted always. *drop: no cookies, no room. */
static bool want_cookie(struct tcp_sock *lp, u32 isn, bool *drop)
{
	const struct net_sysctl *ctl = &lp->inet.sk.net->sysctl;

	*drop = false;
	if (isn || (ctl->tcp_syncookies != 2 && !synq_is_full(lp)))
		return false;
	if (ctl->tcp_syncookies) {
		NET_INC_STATS(tp_net(lp), TCPReqQFullDoCookies);
		return true;
	}
	NET_INC_STATS(tp_net(lp), TCPReqQFullDrop);
	*drop = true;
	return false;
}

static void send_cookie(struct tcp_sock *lp, struct tcp_request_sock *req, const u8 *th,
			const struct ip_rx *rx)
{
	struct net *net = tp_net(lp);
	u16 mss = req->rx_opt.mss_clamp;
	u32 tsval = 0;

	/* Without timestamps a cookie cannot say what else was agreed. */
	if (!req->rx_opt.tstamp_ok) {
		req->rx_opt.wscale_ok = req->rx_opt.sack_ok = false;
		req->ecn_ok = false;
	}
	tcp_req_window(lp, req);
	req->snt_isn = tcp_cookie_init_sequence(net, rx, th, &mss);
	if (req->rx_opt.tstamp_ok)
		tsval = tcp_cookie_init_timestamp(net, &req->rx_opt, req->ecn_ok, req->ts_off);
	NET_INC_STATS(net, SyncookiesSent);
	lp->synq_overflow = max(net_now(net), 1);
	send_synack(lp, req, tsval);
}

static void req_queue(struct tcp_sock *lp, struct tcp_request_sock *req)
{
	list_add_tail(&req->node, &lp->syn_queue);
	lp->syn_qlen++;
	lp->syn_young++;
	inet_ehash_insert(&req->inet);
	req->snt_synack = tp_now(lp);
	timer_mod(&req->timer, tp_now(lp) + TCP_TIMEOUT_INIT);
}

/* Few places are left and cookies are off: keep them for peers that are known (none are, here). */
static bool last_places(const struct tcp_sock *lp)
{
	const struct net_sysctl *ctl = &lp->inet.sk.net->sysctl;
	u32 max = (u32)ctl->tcp_max_syn_backlog;

	return !ctl->tcp_syncookies && max - min(lp->syn_qlen, max) < max >> 2;
}

void tcp_conn_request(struct tcp_sock *lp, struct sk_buff *skb, u32 isn)
{
	struct net *net = tp_net(lp);
	struct tcp_request_sock *req = NULL;
	struct ip_rx rx = tcp_skb_rx(skb);
	bool drop, cookie;

	/* Neither broadcast nor multicast opens a connection (RFC 1122 4.2.3.10). */
	if (skb->pkt_type != PACKET_HOST)
		goto drop;
	cookie = want_cookie(lp, isn, &drop);
	if (drop)
		goto drop;
	if (tcp_acceptq_is_full(lp)) {
		NET_INC_STATS(net, ListenOverflows);
		goto drop;
	}
	req = tcp_req_alloc(lp);
	if (tcp_req_init(lp, req, skb, &rx) || (!cookie && !isn && last_places(lp)))
		goto drop_req;
	if (cookie) {
		send_cookie(lp, req, skb_data(skb), &rx);
		req->listener = NULL;
		sock_put(&req->inet.sk);
		consume_skb(skb);
		return;
	}
	req->snt_isn = isn ? isn : tcp_secure_seq(net, &req->inet.saddr, req->inet.num,
						  &req->inet.daddr, req->inet.dport);
	tcp_req_window(lp, req);
	req_queue(lp, req);
	send_synack(lp, req, req_timestamp(req));
	consume_skb(skb);
	return;
drop_req:
	req->listener = NULL;
	sock_put(&req->inet.sk);
drop:
	tcp_listen_drop(lp);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW, PLACE_SOCKET_RX);
}

/* ---- segments for a request ------------------------------------------------------------------------ */

static void req_discard(struct sk_buff *skb, enum skb_drop_reason why)
{
	kfree_skb_reason(skb, why, PLACE_SOCKET_RX);
}

static void send_req_ack(struct tcp_request_sock *req)
{
	struct inet_sock *inet = &req->inet;
	struct tcp_header_spec h = {
		.saddr = inet->rcv_saddr, .daddr = inet->daddr, .sport = inet->num,
		.dport = inet->dport, .seq = req->snt_isn + 1, .ack = req->rcv_isn + 1,
		.flags = TCPHDR_ACK, .window = (u16)(req->rcv_wnd >> req->rx_opt.rcv_wscale),
		.tstamp = req->rx_opt.tstamp_ok, .tsval = req_timestamp(req),
		.tsecr = req->rx_opt.ts_recent, .tos = inet->tos,
	};

	tcp_send_bare(inet->sk.net, &h, &inet->dst);
}

static bool paws_reject(const struct tcp_request_sock *req,
			const struct tcp_options_received *opt, bool rst)
{
	if (!opt->saw_tstamp || !req->rx_opt.tstamp_ok || rst)
		return false;
	return (s32)(req->rx_opt.ts_recent - opt->rcv_tsval) > 0;
}

/* RFC 7323 5.2: the echo of a timestamp that we never sent. */
static bool tsecr_reject(const struct tcp_request_sock *req,
			 const struct tcp_options_received *opt, bool ack)
{
	return ack && opt->saw_tstamp && opt->rcv_tsecr &&
	       !between(opt->rcv_tsecr, req->snt_tsval_first, req->snt_tsval_last);
}

/* PAWS, a wrong echo or a wrong number: answered with what we expect, and dropped. */
static void req_unacceptable(struct tcp_request_sock *req, struct sk_buff *skb, bool paws,
			     bool tsecr)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct net *net = req->inet.sk.net;
	bool has_data = cb->seq != cb->end_seq && !(cb->tcp_flags & TCPHDR_SYN);

	if (!(cb->tcp_flags & TCPHDR_RST) &&
	    !tcp_oow_rate_limited(net, &req->last_oow_ack_time, has_data, MIB_TCPACKSkippedSynRecv))
		send_req_ack(req);
	if (paws)
		NET_INC_STATS(net, PAWSEstab);
	else if (tsecr)
		NET_INC_STATS(net, TSEcrRejected);
	req_discard(skb, paws  ? SKB_DROP_REASON_TCP_RFC7323_PAWS :
			 tsecr ? SKB_DROP_REASON_TCP_RFC7323_TSECR :
				 SKB_DROP_REASON_TCP_INVALID_SEQUENCE);
}

static bool in_window(const struct tcp_skb_cb *cb, u32 start, u32 end)
{
	if (cb->seq == start)
		return true;
	if (after(cb->end_seq, start) && before(cb->seq, end))
		return true;
	return cb->seq == end && cb->seq == cb->end_seq;
}

/* A SYN again: the SYN-ACK was lost, or is late. */
static void retransmitted_syn(struct tcp_request_sock *req)
{
	struct net *net = req->inet.sk.net;

	if (tcp_oow_rate_limited(net, &req->last_oow_ack_time, false, MIB_TCPACKSkippedSynRecv))
		return;
	resend_synack(req);
	timer_mod(&req->timer, net_now(net) + req_timeout(req));
}

static struct tcp_sock *embryonic_reset(struct tcp_request_sock *req, struct sk_buff *skb)
{
	struct net *net = req->inet.sk.net;

	if (!(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_RST))
		tcp_v_send_reset(net, NULL, skb);
	NET_INC_STATS(net, EmbryonicRsts);
	tcp_req_drop(req);
	req_discard(skb, SKB_DROP_REASON_TCP_RESET);
	return NULL;
}

/* The third ACK of the handshake; its data, if any, comes along. */
static struct tcp_sock *handshake_ack(struct tcp_request_sock *req, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_sock *lp = req->listener, *child;
	struct net *net = tp_net(lp);

	/* TCP_DEFER_ACCEPT: a bare ACK does not complete it yet. */
	if (req->num_timeout < lp->defer_accept && cb->end_seq == req->rcv_isn + 1) {
		req->acked = true;
		NET_INC_STATS(net, TCPDeferAcceptDrop);
		req_discard(skb, SKB_DROP_REASON_NOT_SPECIFIED);
		return NULL;
	}
	child = tcp_req_complete(lp, req, skb);
	if (child)
		return child;
	if (net->sysctl.tcp_abort_on_overflow)
		return embryonic_reset(req, skb);
	req->acked = true;
	req_discard(skb, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW);
	return NULL;
}

/* tcp_check_req() */
struct tcp_sock *tcp_check_req(struct tcp_request_sock *req, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct net *net = req->inet.sk.net;
	struct tcp_options_received opt = { .mss_clamp = 0, .tstamp_ok = req->rx_opt.tstamp_ok,
					    .wscale_ok = req->rx_opt.wscale_ok,
					    .sack_ok = req->rx_opt.sack_ok };
	u8 flags = cb->tcp_flags & (TCPHDR_RST | TCPHDR_SYN | TCPHDR_ACK);
	bool paws, tsecr;

	tcp_parse_options(net, skb_data(skb), cb->hdr_len, &opt, false);
	paws = paws_reject(req, &opt, flags & TCPHDR_RST);
	if (cb->seq == req->rcv_isn && flags == TCPHDR_SYN && !paws) {
		retransmitted_syn(req);
		consume_skb(skb);
		return NULL;
	}
	/* An ACK of something that we did not send: RFC 9293 3.10.7.4, as if in LISTEN. */
	if ((flags & TCPHDR_ACK) && cb->ack_seq != req->snt_isn + 1) {
		if (!(flags & TCPHDR_RST))
			tcp_v_send_reset(net, NULL, skb);
		req_discard(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
		return NULL;
	}
	tsecr = tsecr_reject(req, &opt, flags & TCPHDR_ACK);
	if (paws || tsecr || !in_window(cb, req->rcv_isn + 1, req->rcv_isn + 1 + req->rcv_wnd)) {
		req_unacceptable(req, skb, paws, tsecr);
		return NULL;
	}
	if (opt.saw_tstamp && req->rx_opt.tstamp_ok && !after(cb->seq, req->rcv_isn + 1))
		req->rx_opt.ts_recent = opt.rcv_tsval;
	if (cb->seq == req->rcv_isn)
		flags &= (u8)~TCPHDR_SYN;
	if (flags & (TCPHDR_RST | TCPHDR_SYN)) {
		NET_INC_STATS(net, AttemptFails);
		return embryonic_reset(req, skb);
	}
	if (!(flags & TCPHDR_ACK)) {
		req_discard(skb, SKB_DROP_REASON_TCP_FLAGS);
		return NULL;
	}
	return handshake_ack(req, skb);
}

/* tcp_req_err(): ICMP says that the SYN-ACK cannot get there. */
void tcp_req_err(struct tcp_request_sock *req, u32 seq)
{
	struct net *net = req->inet.sk.net;

	if (seq != req->snt_isn) {
		NET_INC_STATS(net, OutOfWindowIcmps);
		return;
	}
	tcp_listen_drop(req->listener);
	tcp_req_drop(req);
}

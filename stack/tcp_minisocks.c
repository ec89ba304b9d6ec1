/* SPDX-License-Identifier: MIT */
/*
 * From a request, or a SYN cookie, to a connection: the socket that accept() returns
 * (tcp_create_openreq_child(), tcp_v4_syn_recv_sock(), cookie_v4_check()).
 *
 * It begins with its listener's options and with what the handshake agreed upon, in SYN_RECV; the segment
 * that completed the handshake is then processed like any other.
 */
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/bpf.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

#define COOKIE_VALID (120 * NSEC_PER_SEC)

/* ---- the child ------------------------------------------------------------------------------------- */

/* What an accepted socket has from its listener (socket(7), tcp(7); sk_clone()). */
static void inherit_options(struct tcp_sock *tp, const struct tcp_sock *lp)
{
	struct sock *sk = tp_sock(tp);
	const struct sock *lsk = &lp->inet.sk;

	sk->userlocks = lsk->userlocks & ~(SOCK_BINDPORT_LOCK | SOCK_BINDADDR_LOCK);
	sk->rcvbuf = lsk->rcvbuf;
	sk->sndbuf = lsk->sndbuf;
	sk->shutdown = lsk->shutdown;
	sk->debug = lsk->debug;
	sk->reuse = lsk->reuse;
	sk->reuseport = lsk->reuseport;
	sk->incoming_cpu_set = lsk->incoming_cpu_set;
	sk->keepalive = lsk->keepalive;
	sk->oobinline = lsk->oobinline;
	sk->linger = lsk->linger;
	sk->lingertime = lsk->lingertime;
	sk->broadcast = lsk->broadcast;
	sk->dontroute = lsk->dontroute;
	sk->timestamp = lsk->timestamp;
	sk->timestampns = lsk->timestampns;
	sk->rcvtimeo = lsk->rcvtimeo;
	sk->sndtimeo = lsk->sndtimeo;
	sk->rcvlowat = lsk->rcvlowat;
	sk->priority = lsk->priority;
	sk->max_pacing_rate = lsk->max_pacing_rate;
	sk->uid = lsk->uid;
	sk_filter_inherit(sk, lsk);
	tp->inet.tos = lp->inet.tos;
	tp->inet.uc_ttl = lp->inet.uc_ttl;
	tp->inet.min_ttl = lp->inet.min_ttl;
	tp->inet.pmtudisc = lp->inet.pmtudisc;
	tp->inet.v6only = lp->inet.v6only;
	tp->inet.pktinfo = lp->inet.pktinfo;
	tp->inet.recvttl = lp->inet.recvttl;
	tp->inet.recvtos = lp->inet.recvtos;
	tp->inet.recvopts = lp->inet.recvopts;
	tp->inet.retopts = lp->inet.retopts;
	tp->inet.pktinfo6 = lp->inet.pktinfo6;
	tp->inet.recvhoplimit = lp->inet.recvhoplimit;
	tp->inet.recvtclass = lp->inet.recvtclass;
	tp->inet.recverr = lp->inet.recverr;
	tp->inet.recverr6 = lp->inet.recverr6;
	tp->inet.freebind = lp->inet.freebind;
	tp->inet.transparent = lp->inet.transparent;
	tp->inet.bind_address_no_port = lp->inet.bind_address_no_port;
	tp->inet.flowlabel = lp->inet.flowlabel;
	memcpy(tp->inet.port_range, lp->inet.port_range, sizeof(tp->inet.port_range));
	tp->nonagle = lp->nonagle;
	tp->nodelay = lp->nodelay;
	tp->keepalive_time = lp->keepalive_time;
	tp->keepalive_intvl = lp->keepalive_intvl;
	tp->keepcnt = lp->keepcnt;
	tp->user_timeout = lp->user_timeout;
	tp->linger2 = lp->linger2;
	tp->syncnt = lp->syncnt;
	tp->notsent_lowat = lp->notsent_lowat;
	tp->window_clamp_user = lp->window_clamp_user;
	tp->rto_min = lp->rto_min;
	tp->ca_ops = lp->ca_ops;
	tp->rx_opt.user_mss = lp->rx_opt.user_mss;
}

/* tcp_create_openreq_child() */
static void child_sequences(struct tcp_sock *tp, const struct tcp_request_sock *req, u16 window)
{
	tp->rx_opt.tstamp_ok = req->rx_opt.tstamp_ok;
	tp->rx_opt.wscale_ok = req->rx_opt.wscale_ok;
	tp->rx_opt.sack_ok = req->rx_opt.sack_ok;
	tp->rx_opt.mss_clamp = req->rx_opt.mss_clamp;
	tp->rx_opt.snd_wscale = req->rx_opt.wscale_ok ? req->rx_opt.snd_wscale : 0;
	tp->rx_opt.rcv_wscale = req->rx_opt.wscale_ok ? req->rx_opt.rcv_wscale : 0;
	if (req->rx_opt.tstamp_ok) {
		tp->rx_opt.ts_recent = req->rx_opt.ts_recent;
		tp->rx_opt.ts_recent_stamp = tp_now(tp);
		tp->tsoffset = req->ts_off;
	}
	tp->tcp_header_len = req->rx_opt.tstamp_ok ? 32 : 20;
	tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = req->rcv_isn + 1;
	tp->rcv_isn = req->rcv_isn;
	tp->snt_isn = req->snt_isn;
	tp->snd_una = tp->snd_nxt = tp->write_seq = tp->pushed_seq = req->snt_isn + 1;
	tp->snd_sml = tp->snd_up = req->snt_isn + 1;
	tcp_init_wl(tp, req->rcv_isn);
	tp->rcv_wnd = tp->rcv_ssthresh = req->rcv_wnd;
	tp->window_clamp = req->rx_opt.wscale_ok ? req->window_clamp :
						    min(req->window_clamp, 65535u);
	tp->snd_wnd = (u32)window << tp->rx_opt.snd_wscale;
	tp->max_window = tp->snd_wnd;
	tp->total_retrans = req->num_retrans;
	if (req->num_timeout) {
		/* RFC 5681 3.1: cuts the initial window, unless sending again was needless. */
		tp->undo_marker = req->snt_isn;
		tp->retrans_stamp = req->snt_synack;
	}
	tp->snt_synack = req->snt_synack;
	tp->last_oow_ack_time = 0;
	tp->advmss = req->mss;
	if (req->ecn_ok)
		tp->ecn_flags = TCP_ECN_OK;
}

static struct tcp_sock *child_new(struct tcp_sock *lp, struct tcp_request_sock *req, u16 window)
{
	struct sock *lsk = tp_sock(lp), *sk = sk_alloc(lsk->net, lsk->ops);
	struct tcp_sock *tp = tcp_sk(sk);

	tcp_init_sock(sk);
	inherit_options(tp, lp);
	sk->bound_dev_if = req->inet.sk.bound_dev_if;
	sk->mark = req->inet.sk.mark;
	tp->inet.saddr = tp->inet.rcv_saddr = req->inet.rcv_saddr;
	tp->inet.daddr = req->inet.daddr;
	tp->inet.dport = req->inet.dport;
	tp->inet.dst = req->inet.dst;
	inet_inherit_port(&tp->inet, &lp->inet);
	sock_set_state(sk, TCP_SYN_RECV);
	child_sequences(tp, req, window);
	tcp_sync_mss(tp, tp->inet.dst.mtu);
	tcp_initialize_rcv_mss(tp);
	if (sk->keepalive)
		tcp_reset_keepalive_timer(tp, tp->keepalive_time ?
						      tp->keepalive_time :
						      sk->net->sysctl.tcp_keepalive_time);
	return tp;
}

/* Makes the child and puts it into the accept queue; NULL: the queue is full. */
struct tcp_sock *tcp_req_complete(struct tcp_sock *lp, struct tcp_request_sock *req,
				 struct sk_buff *skb)
{
	struct tcp_sock *child;

	if (tcp_acceptq_is_full(lp)) {
		NET_INC_STATS(tp_net(lp), ListenOverflows);
		tcp_listen_drop(lp);
		return NULL;
	}
	child = child_new(lp, req, get_be16(skb_data(skb) + 14));
	tcp_req_unlink(req);
	inet_ehash_insert(&child->inet);
	tcp_acceptq_add(lp, child);
	sock_put(&req->inet.sk);
	return child;
}

/* ---- SYN cookies ----------------------------------------------------------------------------------- */

/* cookie_v4_check(): the request that was never stored, made again from the ACK. */
struct tcp_sock *tcp_cookie_v_check(struct tcp_sock *lp, struct sk_buff *skb)
{
	struct net *net = tp_net(lp);
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct ip_rx rx = tcp_skb_rx(skb);
	struct tcp_request_sock *req;
	struct tcp_sock *child;
	u16 mss;

	if (!net->sysctl.tcp_syncookies || (cb->tcp_flags & (TCPHDR_SYN | TCPHDR_RST)) ||
	    !(cb->tcp_flags & TCPHDR_ACK))
		return lp;
	/* Who sent no cookie lately takes none. */
	if (!lp->synq_overflow || net_now(net) > lp->synq_overflow + COOKIE_VALID)
		return lp;
	mss = tcp_cookie_check(net, &rx, skb_data(skb));
	if (!mss) {
		NET_INC_STATS(net, SyncookiesFailed);
		return lp;
	}
	NET_INC_STATS(net, SyncookiesRecv);
	req = tcp_req_alloc(lp);
	req->cookie = true;
	if (tcp_req_init(lp, req, skb, &rx))
		goto drop;
	req->rx_opt.mss_clamp = mss;
	req->rx_opt.wscale_ok = req->rx_opt.sack_ok = req->ecn_ok = false;
	req->rx_opt.snd_wscale = 0;
	if (req->rx_opt.saw_tstamp && req->rx_opt.rcv_tsecr &&
	    !tcp_cookie_timestamp_decode(net, &req->rx_opt, req->rx_opt.rcv_tsecr - req->ts_off,
					 &req->ecn_ok))
		goto drop;
	req->rcv_isn = cb->seq - 1;
	req->snt_isn = cb->ack_seq - 1;
	tcp_req_window(lp, req);
	/* Not queued, hence not counted there. */
	req->listener = NULL;
	if (tcp_acceptq_is_full(lp)) {
		NET_INC_STATS(net, ListenOverflows);
		tcp_listen_drop(lp);
		goto drop;
	}
	child = child_new(lp, req, get_be16(skb_data(skb) + 14));
	sock_put(&req->inet.sk);
	inet_ehash_insert(&child->inet);
	tcp_acceptq_add(lp, child);
	return child;
drop:
	req->listener = NULL;
	sock_put(&req->inet.sk);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW, PLACE_SOCKET_RX);
	return NULL;
}

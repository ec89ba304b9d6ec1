/* SPDX-License-Identifier: MIT */
/*
 * Passive open: the SYN queue of request socks, the accept queue, and what happens when they are full
 * (tcp_conn_request(), tcp_check_req(), reqsk_timer_handler(), inet_csk_accept(); listen(2)).
 *
 * Both queues are bounded by the backlog. A SYN that finds the accept queue full is dropped; so is the
 * ACK that would complete a handshake then (the client believes that it is connected), unless
 * net.ipv4.tcp_abort_on_overflow asks for an RST.
 */
#include <errno.h>

#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/syscall.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

#define COOKIE_VALID (120 * NSEC_PER_SEC)

static const struct proto_ops tcp_req_prot;

static bool acceptq_is_full(const struct tcp_sock *lp)
{
	return lp->inet.sk.ack_backlog > lp->inet.sk.max_ack_backlog;
}

static bool synq_is_full(const struct tcp_sock *lp)
{
	return lp->syn_qlen > lp->inet.sk.max_ack_backlog;
}

static void listen_drop(struct tcp_sock *lp)
{
	lp->inet.sk.drops++;
	NET_INC_STATS(tp_net(lp), ListenDrops);
}

/* ---- listen(2), accept(2) ------------------------------------------------------------------------ */

s64 tcp_listen(struct task *t, struct sock *sk, int backlog)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (tp->ss_state != SS_UNCONNECTED || (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN))
		return -EINVAL;
	sk->max_ack_backlog = (u32)backlog;
	if (sk->state == TCP_LISTEN)
		return 0;
	if (!tp->inet.num && inet_get_port(sk, 0))
		return -EADDRINUSE;
	sk->ack_backlog = 0;
	/* Conflicts are judged as those of a listener. */
	sock_set_state(sk, TCP_LISTEN);
	if (inet_listen_insert(&tp->inet)) {
		sock_set_state(sk, TCP_CLOSE);
		return -EADDRINUSE;
	}
	return 0;
}

s64 tcp_accept(struct task *t, struct sock *sk, struct sock **out, int file_flags)
{
	struct tcp_sock *lp = tcp_sk(sk), *child;
	nsec_t timeo = sock_rcvtimeo(sk, file_flags & O_NONBLOCK);

	if (sk->state != TCP_LISTEN)
		return -EINVAL;
	if (list_empty(&lp->accept_queue)) {
		s64 ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLRDNORM | EPOLLHUP, timeo,
				       "accept");

		return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
	}
	child = list_first_entry(&lp->accept_queue, struct tcp_sock, accept_node);
	list_del_init(&child->accept_node);
	child->listener = NULL;
	child->ss_state = SS_CONNECTED;
	sk->ack_backlog--;
	*out = tp_sock(child);
	return 0;
}

static void queue_child(struct tcp_sock *lp, struct tcp_sock *child)
{
	list_add_tail(&child->accept_node, &lp->accept_queue);
	child->listener = lp;
	lp->inet.sk.ack_backlog++;
}

/*
 * net.ipv4.tcp_migrate_req: another listener of the SO_REUSEPORT group takes what waits for the one that
 * has just left it. NULL: none. c: the connection or request.
 */
static struct tcp_sock *heir_of(const struct tcp_sock *lp, const struct inet_sock *c)
{
	const struct inet_sock *gone = &lp->inet;
	struct net *net = gone->sk.net;
	struct inet_sock *heir;

	if (!net->sysctl.tcp_migrate_req || !gone->sk.reuseport)
		return NULL;
	heir = inet_lookup_listener(net, &c->daddr, c->dport, &c->rcv_saddr, gone->sport,
				    gone->sk.bound_dev_if);
	if (!heir || !heir->sk.reuseport || !ipaddr_equal(&heir->rcv_saddr, &gone->rcv_saddr))
		return NULL;
	return tcp_sk(&heir->sk);
}

static bool migrate_req(struct tcp_sock *lp, struct tcp_request_sock *req)
{
	struct tcp_sock *heir = heir_of(lp, &req->inet);

	if (!heir)
		return false;
	list_move_tail(&req->node, &heir->syn_queue);
	req->listener = heir;
	heir->syn_qlen++;
	heir->syn_young += !req->num_timeout;
	NET_INC_STATS(tp_net(lp), TCPMigrateReqSuccess);
	return true;
}

static bool migrate_child(struct tcp_sock *lp, struct tcp_sock *child)
{
	struct tcp_sock *heir = heir_of(lp, &child->inet);

	if (!heir)
		return false;
	queue_child(heir, child);
	NET_INC_STATS(tp_net(lp), TCPMigrateReqSuccess);
	tp_sock(heir)->data_ready(tp_sock(heir));
	return true;
}

/* inet_csk_listen_stop(): connections that nobody accepted are reset, or go to another listener. */
void tcp_listen_stop(struct tcp_sock *lp)
{
	bool dying = tp_net(lp)->dying;

	while (!list_empty(&lp->syn_queue)) {
		struct tcp_request_sock *req =
			list_first_entry(&lp->syn_queue, struct tcp_request_sock, node);

		if (dying) {
			list_del_init(&req->node);
			req->listener = NULL;
		} else if (!migrate_req(lp, req)) {
			tcp_req_drop(req);
		}
	}
	lp->syn_qlen = lp->syn_young = 0;
	while (!list_empty(&lp->accept_queue)) {
		struct tcp_sock *child =
			list_first_entry(&lp->accept_queue, struct tcp_sock, accept_node);

		list_del_init(&child->accept_node);
		child->listener = NULL;
		if (dying || migrate_child(lp, child))
			continue;
		tp_sock(child)->dead = true;
		tcp_disconnect(child);
		sock_put(tp_sock(child));
	}
	lp->inet.sk.ack_backlog = 0;
}

/* ---- request socks --------------------------------------------------------------------------------- */

static void req_unlink(struct tcp_request_sock *req)
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
	req_unlink(req);
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

	if (!req->num_timeout && !req->num_retrans)
		req->snt_tsval_first = tsval;
	req->snt_tsval_last = tsval;
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

static struct tcp_request_sock *req_alloc(struct tcp_sock *lp)
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
static void req_window(struct tcp_sock *lp, struct tcp_request_sock *req)
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
static int req_init(struct tcp_sock *lp, struct tcp_request_sock *req, struct sk_buff *skb,
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
	req_window(lp, req);
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
	if (acceptq_is_full(lp)) {
		NET_INC_STATS(net, ListenOverflows);
		goto drop;
	}
	req = req_alloc(lp);
	if (req_init(lp, req, skb, &rx) || (!cookie && !isn && last_places(lp)))
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
	req_window(lp, req);
	req_queue(lp, req);
	send_synack(lp, req, req_timestamp(req));
	consume_skb(skb);
	return;
drop_req:
	req->listener = NULL;
	sock_put(&req->inet.sk);
drop:
	listen_drop(lp);
	kfree_skb_reason(skb, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW, PLACE_SOCKET_RX);
}

/* ---- the child ------------------------------------------------------------------------------------- */

/* What an accepted socket has from its listener (socket(7), tcp(7); sk_clone()). */
static void inherit_options(struct tcp_sock *tp, const struct tcp_sock *lp)
{
	struct sock *sk = tp_sock(tp);
	const struct sock *lsk = &lp->inet.sk;

	sk->userlocks = lsk->userlocks & ~(SOCK_BINDPORT_LOCK | SOCK_BINDADDR_LOCK);
	sk->rcvbuf = lsk->rcvbuf;
	sk->sndbuf = lsk->sndbuf;
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
	tp->inet.tos = lp->inet.tos;
	tp->inet.uc_ttl = lp->inet.uc_ttl;
	tp->inet.min_ttl = lp->inet.min_ttl;
	tp->inet.pmtudisc = lp->inet.pmtudisc;
	tp->inet.v6only = lp->inet.v6only;
	tp->inet.pktinfo = lp->inet.pktinfo;
	tp->inet.recvttl = lp->inet.recvttl;
	tp->inet.recvtos = lp->inet.recvtos;
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
	sock_set_state(sk, TCP_SYN_RECV);
	tp->inet.saddr = tp->inet.rcv_saddr = req->inet.rcv_saddr;
	tp->inet.daddr = req->inet.daddr;
	tp->inet.dport = req->inet.dport;
	tp->inet.dst = req->inet.dst;
	inet_inherit_port(&tp->inet, &lp->inet);
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
static struct tcp_sock *complete(struct tcp_sock *lp, struct tcp_request_sock *req,
				 struct sk_buff *skb)
{
	struct tcp_sock *child;

	if (acceptq_is_full(lp)) {
		NET_INC_STATS(tp_net(lp), ListenOverflows);
		listen_drop(lp);
		return NULL;
	}
	child = child_new(lp, req, get_be16(skb_data(skb) + 14));
	req_unlink(req);
	inet_ehash_insert(&child->inet);
	queue_child(lp, child);
	sock_put(&req->inet.sk);
	return child;
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
	child = complete(lp, req, skb);
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
	listen_drop(req->listener);
	tcp_req_drop(req);
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
	req = req_alloc(lp);
	req->cookie = true;
	if (req_init(lp, req, skb, &rx))
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
	req_window(lp, req);
	/* Not queued, hence not counted there. */
	req->listener = NULL;
	if (acceptq_is_full(lp)) {
		NET_INC_STATS(net, ListenOverflows);
		listen_drop(lp);
		goto drop;
	}
	child = child_new(lp, req, get_be16(skb_data(skb) + 14));
	sock_put(&req->inet.sk);
	inet_ehash_insert(&child->inet);
	queue_child(lp, child);
	return child;
drop:
	req->listener = NULL;
	sock_put(&req->inet.sk);
	req_discard(skb, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW);
	return NULL;
}

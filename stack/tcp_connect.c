/* SPDX-License-Identifier: MIT */
/*
 * connect(2) on TCP sockets, and its undoing (inet_stream_connect(), tcp_v4_connect(), tcp_disconnect()).
 */
#include <errno.h>

#include "sim/host/host.h"
#include "stack/syscall.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

static union ipaddr any_of(const struct sock *sk)
{
	return sk->family == AF_INET ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);
}

/* Back to an unconnected socket; what bind() fixed stays. */
static void forget_peer(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	tp->inet.dst.dev = NULL;
	tp->inet.dport = 0;
	tp->inet.daddr = any_of(sk);
	if (!(sk->userlocks & SOCK_BINDADDR_LOCK))
		tp->inet.saddr = tp->inet.rcv_saddr = any_of(sk);
}

/* ---- disconnect ---------------------------------------------------------------------------------- */

/* States whose peer has to be told by an RST (tcp_need_reset()). */
static bool need_reset(int state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_FIN_WAIT1 ||
	       state == TCP_FIN_WAIT2 || state == TCP_SYN_RECV;
}

static void reset_variables(struct tcp_sock *tp)
{
	u32 seq = tp->write_seq + tp->max_window + 2;
	struct tcp_options_received opt = { .user_mss = tp->rx_opt.user_mss };

	tp->srtt = 0;
	tp->mdev = TCP_TIMEOUT_INIT;
	tp->rto = TCP_TIMEOUT_INIT;
	tp->rcv_rtt_est.rtt = 0;
	tp->write_seq = seq ? seq : 1;
	tp->backoff = tp->probes_out = tp->retransmits = 0;
	tp->total_retrans = tp->total_rto = 0;
	tp->snd_cwnd = TCP_INIT_CWND;
	tp->snd_cwnd_cnt = 0;
	tp->snd_ssthresh = TCP_INFINITE_SSTHRESH;
	tp->is_cwnd_limited = false;
	tp->max_packets_out = 0;
	tp->window_clamp = tp->window_clamp_user;
	tp->delivered = tp->delivered_ce = 0;
	tp->ca_state = TCP_CA_Open;
	tp->packets_out = tp->sacked_out = tp->lost_out = tp->retrans_out = 0;
	tp->rx_opt = opt;
	tp->copied_seq = tp->rcv_nxt;
	tp->urg_data = 0;
	tp->dsack = false;
	tp->num_selective_acks = 0;
	tp->bytes_acked = tp->bytes_received = tp->bytes_sent = tp->bytes_retrans = 0;
	tp->ack.pending = 0;
	tp->ack.pingpong = false;
	tp->ack.quick = 0;
	tp->ack.rcv_mss = 0;
	tp->scaling_ratio = 0;
	tp->sock_done = false;
}

int tcp_disconnect(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	int old = sk->state;

	if (old != TCP_CLOSE)
		tcp_set_state(tp, TCP_CLOSE);
	if (old == TCP_LISTEN) {
		tcp_listen_stop(tp);
	} else if (need_reset(old) || (tp->snd_nxt != tp->write_seq &&
				       (old == TCP_CLOSING || old == TCP_LAST_ACK))) {
		tcp_send_active_reset(tp);
		sk->err = ECONNRESET;
	} else if (old == TCP_SYN_SENT) {
		sk->err = ECONNRESET;
	}
	tcp_clear_xmit_timers(tp);
	skb_queue_purge(&sk->receive_queue);
	tcp_write_queue_purge(tp);
	tcp_ofo_queue_purge(tp);
	forget_peer(tp);
	sk->shutdown = 0;
	reset_variables(tp);
	tp->ss_state = SS_UNCONNECTED;
	sk->error_report(sk);
	return 0;
}

/* ---- connect ------------------------------------------------------------------------------------- */

/* Sets addresses and route. */
static int connect_route(struct tcp_sock *tp, const struct sockaddr *sa, socklen_t len)
{
	struct sock *sk = tp_sock(tp);
	struct inet_sock *inet = &tp->inet;
	struct flow fl = { .saddr = inet->saddr, .proto = IPPROTO_TCP, .tos = inet->tos,
			   .mark = sk->mark, .sport = inet->sport, .uid = sk->uid,
			   .dontroute = sk->dontroute };
	struct dst dst;
	int err = inet_parse_dest(sk, sa, len, &fl.daddr, &fl.dport, &fl.oif);

	if (err)
		return err;
	if (ipaddr_is_any(&fl.saddr) && ipaddr_is_v4(&fl.saddr) != ipaddr_is_v4(&fl.daddr))
		fl.saddr = ipaddr_is_v4(&fl.daddr) ? ipaddr_v4(INADDR_ANY) :
						     ipaddr_v6(&in6addr_any);
	err = route_connect(sk->net, &fl, &dst);
	if (err) {
		if (err == -ENETUNREACH)
			NET_INC_STATS(sk->net, OutNoRoutes);
		return err;
	}
	if (dst.type == RTN_MULTICAST_ || dst.type == RTN_BROADCAST_)
		return -ENETUNREACH;
	if (ipaddr_is_any(&inet->saddr))
		inet->saddr = dst.saddr;
	if (ipaddr_is_any(&inet->rcv_saddr))
		inet->rcv_saddr = inet->saddr;
	if (tp->rx_opt.ts_recent_stamp && !ipaddr_equal(&inet->daddr, &fl.daddr)) {
		tp->rx_opt.ts_recent = 0;
		tp->rx_opt.ts_recent_stamp = 0;
		tp->write_seq = 0;
	}
	inet->daddr = fl.daddr;
	inet->dport = fl.dport;
	inet->dst = dst;
	if (fl.oif && !sk->bound_dev_if && ipaddr_is_linklocal(&fl.daddr) && !ipaddr_is_v4(&fl.daddr))
		sk->bound_dev_if = fl.oif;
	return 0;
}

/* Sends the SYN. */
static int connect_start(struct tcp_sock *tp, const struct sockaddr *sa, socklen_t len)
{
	struct sock *sk = tp_sock(tp);
	struct inet_sock *inet = &tp->inet;
	int err = connect_route(tp, sa, len);

	if (err)
		return err;
	tcp_set_state(tp, TCP_SYN_SENT);
	err = inet_hash_connect(inet, tcp_twsk_unique);
	if (!err) {
		if (!tp->write_seq)
			tp->write_seq = tcp_secure_seq(sk->net, &inet->saddr, inet->sport,
						       &inet->daddr, inet->dport);
		tp->tsoffset = tcp_secure_ts_off(sk->net, &inet->saddr, &inet->daddr);
		err = tcp_connect_output(tp);
	}
	if (err) {
		tcp_set_state(tp, TCP_CLOSE);
		forget_peer(tp);
		return err;
	}
	/* When the first SYN went: echoed timestamps and TCP_USER_TIMEOUT count from here. */
	tp->retrans_stamp = tp_now(tp);
	return 0;
}

/* The connection came to nothing: why, and a socket that can try again. */
static s64 connect_failed(struct tcp_sock *tp)
{
	int err = sock_error(tp_sock(tp));

	tcp_disconnect(tp);
	tp_sock(tp)->err = 0;
	return err ? err : -ECONNABORTED;
}

static s64 connect_wait(struct task *t, struct tcp_sock *tp, nsec_t timeo, int not_yet)
{
	struct sock *sk = tp_sock(tp);

	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV) {
		s64 ret = task_wait_on(t, &sk->wq, false, 0, timeo, "connect");

		if (ret == -EPARK)
			task_ctx(t)->scratch[0] = (u64)-not_yet;
		if (ret == -ERESTARTSYS)
			return sock_intr_errno(timeo);
		return ret == -EAGAIN ? not_yet : ret;
	}
	if (sk->state == TCP_CLOSE)
		return connect_failed(tp);
	tp->ss_state = SS_CONNECTED;
	return 0;
}

s64 tcp_v_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		  int file_flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct syscall_ctx *ctx = task_ctx(t);
	nsec_t timeo = sock_sndtimeo(sk, file_flags & O_NONBLOCK);
	int err;

	/* Woken: the call goes on where it waited. */
	if (ctx->started)
		return connect_wait(t, tp, timeo, -(int)ctx->scratch[0]);
	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC)
		return tcp_disconnect(tp);
	ctx->started = true;
	if (tp->ss_state == SS_CONNECTED)
		return -EISCONN;
	if (tp->ss_state == SS_CONNECTING)
		return connect_wait(t, tp, timeo, -EALREADY);
	if (sk->state != TCP_CLOSE)
		return -EISCONN;
	err = connect_start(tp, sa, len);
	if (err)
		return err;
	tp->ss_state = SS_CONNECTING;
	return connect_wait(t, tp, timeo, -EINPROGRESS);
}

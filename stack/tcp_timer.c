/* SPDX-License-Identifier: MIT */
/*
 * The retransmission timer: RTO with backoff, giving up, and the persist timer that shares its slot.
 *
 * RFC 6298 5, RFC 1122 4.2.3.5 (R1 and R2 as tcp_retries1 and tcp_retries2), RFC 5482 in its local
 * form (TCP_USER_TIMEOUT). Giving up is decided by time: as long as the given number of backoffs of
 * the least RTO would have lasted. SYNs count instead: the first four timeouts are not backed off
 * (tcp_syn_linear_timeouts).
 */
#include "stack/tcp_int.h"

#define SYN_LINEAR_TIMEOUTS 4u

void tcp_reset_xmit_timer(struct tcp_sock *tp, enum tcp_timer_kind what, nsec_t when)
{
	nsec_t latest = tp_now(tp) + max(tp_net(tp)->sysctl.tcp_rto_max, NSEC_PER_SEC);

	tp->pending_timer = (u8)what;
	tp->timeout = min(when, latest);
	timer_mod(&tp->retransmit_timer, tp->timeout);
}

void tcp_clear_xmit_timer(struct tcp_sock *tp, enum tcp_timer_kind what)
{
	if (tp->pending_timer != what)
		return;
	tp->pending_timer = ICSK_TIME_NONE;
	timer_del(&tp->retransmit_timer);
}

void tcp_rearm_rto(struct tcp_sock *tp)
{
	if (!tp->packets_out)
		tcp_clear_xmit_timer(tp, ICSK_TIME_RETRANS);
	else
		tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS, tp_now(tp) + tp->rto);
}

int tcp_orphan_retries(struct tcp_sock *tp, bool alive)
{
	int retries = tp_net(tp)->sysctl.tcp_orphan_retries;

	if (tp_sock(tp)->err_soft && !alive)
		return 0;
	return !retries && alive ? 8 : retries;
}

/* How long that many retransmissions take when each wait is twice the one before, up to rto_max. */
static nsec_t model_timeout(const struct tcp_sock *tp, u32 boundary, nsec_t rto_base)
{
	nsec_t rto_max = tp->inet.sk.net->sysctl.tcp_rto_max;
	u32 linear = 0;

	while ((rto_base << (linear + 1)) <= rto_max && linear < 30)
		linear++;
	if (boundary <= linear)
		return ((2LL << boundary) - 1) * rto_base;
	return ((2LL << linear) - 1) * rto_base + (nsec_t)(boundary - linear) * rto_max;
}

static bool retransmits_timed_out(struct tcp_sock *tp, int boundary, nsec_t timeout)
{
	u8 state = tp_sock(tp)->state;

	if (!tp->retransmits)
		return false;
	if (!timeout) {
		bool syn = state == TCP_SYN_SENT || state == TCP_SYN_RECV;

		timeout = model_timeout(tp, (u32)max(boundary, 0), syn ? TCP_TIMEOUT_INIT : TCP_RTO_MIN);
	}
	return tp_now(tp) - tp->retrans_stamp >= timeout;
}

static bool syn_timed_out(struct tcp_sock *tp)
{
	u32 tries = tp->syncnt ? tp->syncnt : (u32)tp_net(tp)->sysctl.tcp_syn_retries;

	if (tp_sock(tp)->state == TCP_SYN_SENT)
		tries += SYN_LINEAR_TIMEOUTS;
	return tp->retransmits >= tries;
}

/* True: the connection has been given up. */
static bool write_timeout(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	int retry_until = sk->net->sysctl.tcp_retries2;
	bool expired;

	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV) {
		expired = syn_timed_out(tp) ||
			  (tp->user_timeout && retransmits_timed_out(tp, 0, tp->user_timeout));
	} else {
		/* R1: the route may be a black hole; look it up again. */
		if (retransmits_timed_out(tp, sk->net->sysctl.tcp_retries1, 0))
			tp->inet.dst.genid = sk->net->genid - 1;
		if (sk->dead)
			retry_until = tcp_orphan_retries(
			    tp, tp->rto < sk->net->sysctl.tcp_rto_max);
		expired = retransmits_timed_out(tp, retry_until, tp->user_timeout);
	}
	if (expired)
		tcp_write_err(tp);
	return expired;
}

static void count_failure(struct tcp_sock *tp)
{
	struct net *net = tp_net(tp);

	if (tp->ca_state == TCP_CA_Recovery) {
		if (tcp_is_sack(tp))
			NET_INC_STATS(net, TCPSackRecoveryFail);
		else
			NET_INC_STATS(net, TCPRenoRecoveryFail);
	} else if (tp->ca_state == TCP_CA_Loss) {
		NET_INC_STATS(net, TCPLossFailures);
	} else if (tp->ca_state == TCP_CA_Disorder || tp->sacked_out) {
		if (tcp_is_sack(tp))
			NET_INC_STATS(net, TCPSackFailures);
		else
			NET_INC_STATS(net, TCPRenoFailures);
	}
}

static nsec_t clamp_rto_to_user_timeout(struct tcp_sock *tp)
{
	nsec_t remaining;

	if (!tp->user_timeout)
		return tp->rto;
	remaining = tp->user_timeout - (tp_now(tp) - tp->retrans_stamp);
	return remaining <= 0 ? NSEC_PER_MSEC : min(tp->rto, remaining);
}

static void back_off(struct tcp_sock *tp)
{
	if (tp_sock(tp)->state != TCP_SYN_SENT || tp->total_rto > SYN_LINEAR_TIMEOUTS) {
		tp->backoff++;
		tp->rto = min(tp->rto << 1, tp_net(tp)->sysctl.tcp_rto_max);
	}
	tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS, tp_now(tp) + clamp_rto_to_user_timeout(tp));
}

/* The peer has closed a window that data is in: go on probing as long as it answers. */
static void probe_shrunk_window(struct tcp_sock *tp, struct sk_buff *skb)
{
	nsec_t since = tp->retrans_stamp ? tp->retrans_stamp : TCP_SKB_CB(skb)->tx_time;
	nsec_t silent = tp_now(tp) - tp->rcv_tstamp;
	nsec_t limit = tp->user_timeout ? tp->user_timeout : tp_net(tp)->sysctl.tcp_rto_max;

	if ((tp->user_timeout && tp_now(tp) - since > limit) || silent > tp_net(tp)->sysctl.tcp_rto_max) {
		tcp_write_err(tp);
		return;
	}
	tcp_enter_loss(tp);
	tcp_retransmit_skb(tp, skb);
	back_off(tp);
}

static void retransmit_timer(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	struct sk_buff *skb = tcp_rtx_queue_head(tp);

	if (!tp->packets_out || !skb)
		return;
	if (!tp->snd_wnd && !sk->dead && sk->state != TCP_SYN_SENT && sk->state != TCP_SYN_RECV) {
		probe_shrunk_window(tp, skb);
		return;
	}
	NET_INC_STATS(sk->net, TCPTimeouts);
	if (write_timeout(tp))
		return;
	if (!tp->retransmits)
		count_failure(tp);
	tcp_enter_loss(tp);
	tp->retransmits++;
	tp->total_rto++;
	if (tcp_retransmit_skb(tp, tcp_rtx_queue_head(tp)) > 0) {
		/* The local queue is full: that says nothing about the path. */
		tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS, tp_now(tp) + TCP_RESOURCE_PROBE_INTERVAL);
		return;
	}
	back_off(tp);
}

static void probe_timer(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	int max_probes = sk->net->sysctl.tcp_retries2;

	if (tp->packets_out || !tcp_send_head(tp)) {
		tp->probes_out = 0;
		tp->probes_tstamp = 0;
		return;
	}
	if (!tp->probes_tstamp)
		tp->probes_tstamp = tp_now(tp);
	else if (tp->user_timeout && tp_now(tp) - tp->probes_tstamp >= tp->user_timeout)
		max_probes = -1;
	if (sk->dead && max_probes >= 0) {
		bool alive = tcp_probe0_when(tp, TCP_RTO_MAX) < TCP_RTO_MAX;

		max_probes = tcp_orphan_retries(tp, alive);
		if (!alive && tp->backoff >= max_probes)
			max_probes = -1;
	}
	if (tp->probes_out >= max_probes)
		tcp_write_err(tp);
	else
		tcp_send_probe0(tp);
}

static void write_timer(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, retransmit_timer);
	struct sock *sk = tp_sock(tp);
	u8 what = tp->pending_timer;

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN || !what)
		return;
	sock_hold(sk);
	tp->pending_timer = ICSK_TIME_NONE;
	if (what == ICSK_TIME_RETRANS)
		retransmit_timer(tp);
	else
		probe_timer(tp);
	sock_put(sk);
}

void tcp_init_xmit_timers(struct tcp_sock *tp)
{
	struct host *h = tp_sock(tp)->host;

	timer_init(&tp->retransmit_timer, h, write_timer);
	timer_init(&tp->delack_timer, h, tcp_delack_timer);
	timer_init(&tp->keepalive_timer, h, tcp_keepalive_timer);
	timer_init(&tp->pacing_timer, h, tcp_tsq_handler);
	timer_init(&tp->compressed_ack_timer, h, tcp_compressed_ack_timer);
}

void tcp_clear_xmit_timers(struct tcp_sock *tp)
{
	tp->pending_timer = ICSK_TIME_NONE;
	tp->ack.pending = 0;
	timer_del(&tp->retransmit_timer);
	timer_del(&tp->delack_timer);
	timer_del(&tp->keepalive_timer);
	timer_del(&tp->pacing_timer);
	timer_del(&tp->compressed_ack_timer);
}

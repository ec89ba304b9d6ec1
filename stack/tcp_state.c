/* SPDX-License-Identifier: MIT */
/*
 * The states other than ESTABLISHED and LISTEN (RFC 9293 3.10.7, tcp_rcv_state_process()).
 *
 * SYN_SENT has rules of its own, simultaneous open included; all others share the checks of
 * tcp_validate_incoming() and differ in what an ACK of our SYN or FIN means to them.
 */
#include <errno.h>
#include <signal.h>

#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

/* Two jiffies of a kernel that runs at 250 Hz. */
#define TCP_TIMEOUT_MIN (8 * NSEC_PER_MSEC)

static void discard(struct sk_buff *skb, enum skb_drop_reason why)
{
	kfree_skb_reason(skb, why, PLACE_SOCKET_RX);
}

/* ---- SYN_SENT ------------------------------------------------------------------------------------ */

void tcp_init_transfer(struct tcp_sock *tp)
{
	tcp_rebuild_header(tp);
	tcp_init_metrics(tp);
	tcp_init_congestion_control(tp);
	tcp_init_buffer_space(tp);
}

static void store_ts_recent(struct tcp_sock *tp)
{
	tp->rx_opt.ts_recent = tp->rx_opt.rcv_tsval;
	tp->rx_opt.ts_recent_stamp = tp_now(tp);
}

/* Header length once it is known whether every segment carries a timestamp. */
static void agree_timestamps(struct tcp_sock *tp)
{
	if (tp->rx_opt.saw_tstamp) {
		tp->rx_opt.tstamp_ok = true;
		tp->tcp_header_len = 32;
		store_ts_recent(tp);
	} else {
		tp->tcp_header_len = 20;
	}
}

static void finish_connect(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	tcp_set_state(tp, TCP_ESTABLISHED);
	tp->ack.lrcvtime = tp_now(tp);
	tcp_init_transfer(tp);
	tp->lsndtime = tp_now(tp);
	if (sk->keepalive)
		tcp_reset_keepalive_timer(tp, tp->keepalive_time ?
						      tp->keepalive_time :
						      sk->net->sysctl.tcp_keepalive_time);
	if (!sk->dead) {
		sk->state_change(sk);
		if (sk->file)
			kill_fasync(sk->file, POLL_OUT);
	}
}

/* The echo of the very first SYN (or SYN-ACK): sending it again was needless, the path loses nothing. */
static void undo_spurious_syn(struct tcp_sock *tp)
{
	if (tp->undo_marker && tp->retrans_stamp && tp->rx_opt.saw_tstamp &&
	    tp->rx_opt.rcv_tsecr == (u32)(tp->retrans_stamp / NSEC_PER_MSEC))
		tp->undo_marker = 0;
}

/* The SYN-ACK is acceptable. */
static void synsent_established(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if ((tp->ecn_flags & TCP_ECN_OK) &&
	    (cb->tcp_flags & (TCPHDR_ECE | TCPHDR_CWR)) != TCPHDR_ECE)
		tp->ecn_flags = 0;
	tcp_init_wl(tp, cb->seq);
	undo_spurious_syn(tp);
	tcp_ack(tp, skb, FLAG_SLOWPATH);
	tp->rcv_nxt = tp->rcv_wup = cb->seq + 1;
	tp->rcv_isn = cb->seq;
	/* The window of a SYN is never scaled. */
	tp->snd_wnd = get_be16(skb_data(skb) + 14);
	tp->max_window = max(tp->max_window, tp->snd_wnd);
	if (!tp->rx_opt.wscale_ok) {
		tp->rx_opt.snd_wscale = tp->rx_opt.rcv_wscale = 0;
		tp->window_clamp = min(tp->window_clamp, 65535u);
	}
	agree_timestamps(tp);
	if (tp->rx_opt.tstamp_ok)
		tp->advmss -= 12;
	tcp_sync_mss(tp, tp->inet.dst.mtu);
	tcp_initialize_rcv_mss(tp);
	tp->copied_seq = tp->rcv_nxt;
	finish_connect(tp);
	if (tp->defer_accept || tp->ack.pingpong) {
		/* The request will carry the ACK. */
		tcp_sched_ack(tp);
		tcp_enter_quickack_mode(tp, TCP_MAX_QUICKACKS);
		tp->ack.pending |= ICSK_ACK_TIMER;
		tp->ack.timeout = tp_now(tp) + TCP_DELACK_MAX;
		timer_mod(&tp->delack_timer, tp->ack.timeout);
	} else {
		tcp_send_ack(tp);
	}
}

/* Both sides sent a SYN (RFC 9293 figure 7). */
static void simultaneous_open(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	tcp_set_state(tp, TCP_SYN_RECV);
	agree_timestamps(tp);
	tp->rcv_nxt = tp->copied_seq = tp->rcv_wup = cb->seq + 1;
	tp->rcv_isn = cb->seq;
	tp->snd_wnd = get_be16(skb_data(skb) + 14);
	tp->snd_wl1 = cb->seq;
	tp->max_window = tp->snd_wnd;
	if (!tp->rx_opt.wscale_ok) {
		tp->rx_opt.snd_wscale = tp->rx_opt.rcv_wscale = 0;
		tp->window_clamp = min(tp->window_clamp, 65535u);
	}
	if ((tp->ecn_flags & TCP_ECN_OK) &&
	    (cb->tcp_flags & (TCPHDR_ECE | TCPHDR_CWR)) != (TCPHDR_ECE | TCPHDR_CWR))
		tp->ecn_flags = 0;
	tcp_sync_mss(tp, tp->inet.dst.mtu);
	tcp_initialize_rcv_mss(tp);
	tcp_send_synack(tp);
}

/* The echoed timestamp is one that we sent with this SYN. */
static bool echo_is_ours(const struct tcp_sock *tp)
{
	u32 now = (u32)(tp->inet.sk.net->sim->now / NSEC_PER_MSEC);
	u32 first = (u32)(tp->retrans_stamp / NSEC_PER_MSEC);

	if (!tp->rx_opt.saw_tstamp || !tp->rx_opt.rcv_tsecr || !tp->retrans_stamp)
		return true;
	return between(tp->rx_opt.rcv_tsecr, first, now);
}

static void synsent_rcv(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_options_received saved = tp->rx_opt;
	struct net *net = tp_net(tp);

	tcp_parse_options(net, skb_data(skb), cb->hdr_len, &tp->rx_opt, true);
	if (tp->rx_opt.saw_tstamp && tp->rx_opt.rcv_tsecr)
		tp->rx_opt.rcv_tsecr -= tp->tsoffset;
	if (cb->tcp_flags & TCPHDR_ACK) {
		if (!after(cb->ack_seq, tp->snd_una) || after(cb->ack_seq, tp->snd_nxt) ||
		    !echo_is_ours(tp)) {
			/* Our RST ends the former connection that it is of; then the SYN again. */
			if (!between(cb->ack_seq, tp->snd_una + 1, tp->snd_nxt)) {
				if (!tp->retransmits)
					tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS,
							     tp_now(tp) + TCP_TIMEOUT_MIN);
			} else {
				NET_INC_STATS(net, PAWSActive);
			}
			tp->rx_opt = saved;
			tcp_v_send_reset(net, tp, skb);
			discard(skb, SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE);
			return;
		}
		if (cb->tcp_flags & TCPHDR_RST) {
			tcp_reset(tp, skb);
			consume_skb(skb);
			return;
		}
		if (cb->tcp_flags & TCPHDR_SYN) {
			synsent_established(tp, skb);
			consume_skb(skb);
			return;
		}
	} else if (!(cb->tcp_flags & TCPHDR_RST) && (cb->tcp_flags & TCPHDR_SYN)) {
		simultaneous_open(tp, skb);
		consume_skb(skb);
		return;
	}
	tp->rx_opt = saved;
	discard(skb, SKB_DROP_REASON_TCP_FLAGS);
}

/* ---- the other states ---------------------------------------------------------------------------- */

/* The ACK of our SYN-ACK, or of our SYN in a simultaneous open. */
static void synrecv_established(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	tp->delivered++;
	if (!tp->srtt && tp->snt_synack && !tp->total_retrans)
		tcp_rtt_sample(tp, tp_now(tp) - tp->snt_synack);
	undo_spurious_syn(tp);
	tp->retrans_stamp = 0;
	tcp_init_transfer(tp);
	tp->copied_seq = tp->rcv_nxt;
	tcp_set_state(tp, TCP_ESTABLISHED);
	if (tp->listener)
		NET_INC_STATS(sk->net, PassiveOpens);
	sk->state_change(sk);
	if (sk->file)
		kill_fasync(sk->file, POLL_OUT);
	tp->snd_una = cb->ack_seq;
	tp->snd_wnd = (u32)get_be16(skb_data(skb) + 14) << tp->rx_opt.snd_wscale;
	tcp_init_wl(tp, cb->seq);
	if (tp->rx_opt.tstamp_ok)
		tp->advmss -= 12;
	tp->lsndtime = tp_now(tp);
	tcp_initialize_rcv_mss(tp);
	if (sk->shutdown & SEND_SHUTDOWN) {
		tcp_set_state(tp, TCP_FIN_WAIT1);
		tcp_send_fin(tp);
	}
}

/* Data for a connection whose reader is gone. */
static bool data_after_close(const struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	u32 fin = !!(cb->tcp_flags & TCPHDR_FIN);

	return cb->end_seq != cb->seq && after(cb->end_seq - fin, tp->rcv_nxt);
}

/* Our FIN is acknowledged. True: skb is gone, and perhaps tp. */
static bool fin_wait1_acked(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	nsec_t timeo;

	if (tp->snd_una != tp->write_seq)
		return false;
	tcp_set_state(tp, TCP_FIN_WAIT2);
	sk->shutdown |= SEND_SHUTDOWN;
	dst_confirm(&tp->inet.dst);
	if (!sk->dead) {
		sk->state_change(sk);
		return false;
	}
	if (tp->linger2 < 0 || data_after_close(tp, cb)) {
		NET_INC_STATS(sk->net, TCPAbortOnData);
		tcp_v_send_reset(sk->net, tp, skb);
		tcp_done(tp);
		discard(skb, SKB_DROP_REASON_TCP_ABORT_ON_DATA);
		return true;
	}
	timeo = tcp_fin_time(tp);
	if (timeo > TCP_TIMEWAIT_LEN) {
		tcp_reset_keepalive_timer(tp, timeo - TCP_TIMEWAIT_LEN);
	} else if (cb->tcp_flags & TCPHDR_FIN) {
		/* The FIN of this very segment will end it. */
		tcp_reset_keepalive_timer(tp, timeo);
	} else {
		tcp_time_wait(tp, TCP_FIN_WAIT2, timeo);
		consume_skb(skb);
		return true;
	}
	return false;
}

/* What an acceptable ACK does to the state. True: skb is gone, and perhaps tp. */
static bool state_ack(struct tcp_sock *tp, struct sk_buff *skb)
{
	switch (tp_sock(tp)->state) {
	case TCP_SYN_RECV:
		synrecv_established(tp, skb);
		return false;
	case TCP_FIN_WAIT1:
		return fin_wait1_acked(tp, skb);
	case TCP_CLOSING:
		if (tp->snd_una != tp->write_seq)
			return false;
		tcp_time_wait(tp, TCP_TIME_WAIT, 0);
		consume_skb(skb);
		return true;
	case TCP_LAST_ACK:
		if (tp->snd_una != tp->write_seq)
			return false;
		tcp_done(tp);
		consume_skb(skb);
		return true;
	default:
		return false;
	}
}

/* Text and FIN, by state. Takes skb. True: tp is still there and may answer. */
static bool state_data(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	switch (sk->state) {
	case TCP_CLOSE_WAIT:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		if (!before(cb->seq, tp->rcv_nxt))
			break;
		/* A retransmission of what we have: answered like in FIN_WAIT. */
		/* fallthrough */
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
		/* RFC 1122 4.2.2.13: data for a reader that is gone is answered by an RST. */
		if ((sk->shutdown & RCV_SHUTDOWN) && data_after_close(tp, cb)) {
			NET_INC_STATS(sk->net, TCPAbortOnData);
			tcp_v_send_reset(sk->net, tp, skb);
			tcp_reset(tp, skb);
			discard(skb, SKB_DROP_REASON_TCP_ABORT_ON_DATA);
			return false;
		}
		/* fallthrough */
	case TCP_ESTABLISHED:
		tcp_data_queue(tp, skb);
		return true;
	default:
		break;
	}
	consume_skb(skb);
	return true;
}

void tcp_rcv_state_process(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	int acked;

	if (sk->state == TCP_SYN_SENT) {
		synsent_rcv(tp, skb);
		if (sk->state == TCP_ESTABLISHED)
			tcp_data_snd_check(tp);
		return;
	}
	if (!(cb->tcp_flags & (TCPHDR_ACK | TCPHDR_RST | TCPHDR_SYN))) {
		discard(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	if (!tcp_validate_incoming(tp, skb))
		return;
	if (!(cb->tcp_flags & TCPHDR_ACK)) {
		discard(skb, SKB_DROP_REASON_TCP_FLAGS);
		return;
	}
	acked = tcp_ack(tp, skb, FLAG_SLOWPATH | FLAG_UPDATE_TS_RECENT | FLAG_NO_CHALLENGE_ACK);
	if (acked <= 0 && sk->state == TCP_SYN_RECV) {
		tcp_v_send_reset(sk->net, tp, skb);
		discard(skb, acked ? (enum skb_drop_reason)-acked : SKB_DROP_REASON_TCP_OLD_ACK);
		return;
	}
	/* Old (0): what else it carries may still be wanted. */
	if (acked < 0) {
		tcp_send_challenge_ack(tp);
		discard(skb, (enum skb_drop_reason)-acked);
		return;
	}
	if (state_ack(tp, skb))
		return;
	tcp_urg(tp, skb);
	if (state_data(tp, skb) && sk->state != TCP_CLOSE) {
		tcp_data_snd_check(tp);
		tcp_ack_snd_check(tp);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * When to acknowledge: at once, with the next data, or after a while.
 *
 * RFC 9293 3.8.6.3 and RFC 5681 4.2: every second full segment is acknowledged, no ACK waits longer than
 * 200 ms. Linux adapts the wait (ato) to the gaps between segments, sends the first ACKs of a
 * connection at once (quickack) so that slow start is not slowed down, and waits longer in a
 * conversation (pingpong), where data will carry the ACK. While data is missing, SACKs beyond the
 * third are thinned to one for each twentieth of a round trip, at most a millisecond.
 */
#include "stack/tcp_int.h"

#define COMP_SACK_DELAY NSEC_PER_MSEC /* sysctl tcp_comp_sack_delay_ns */
#define COMP_SACK_NR 44u	      /* sysctl tcp_comp_sack_nr */
#define FASTRETRANS_THRESH 3u

void tcp_sched_ack(struct tcp_sock *tp)
{
	tp->ack.pending |= ICSK_ACK_SCHED;
}

void tcp_clear_delack(struct tcp_sock *tp)
{
	tp->ack.pending = 0;
	tp->ack.retry = 0;
	timer_del(&tp->delack_timer);
}

void tcp_incr_quickack(struct tcp_sock *tp, u32 max)
{
	u32 n = tp->ack.rcv_mss ? tp->rcv_wnd / (2u * tp->ack.rcv_mss) : 0;

	if (!n)
		n = 2;
	n = min(n, max);
	if (n > tp->ack.quick)
		tp->ack.quick = (u8)n;
}

void tcp_enter_quickack_mode(struct tcp_sock *tp, u32 max_quickacks)
{
	tcp_incr_quickack(tp, max_quickacks);
	tp->ack.pingpong = false;
	tp->ack.ato = TCP_ATO_MIN;
}

static nsec_t delack_wait(struct tcp_sock *tp)
{
	nsec_t ato = max(tp->ack.ato, TCP_ATO_MIN);
	nsec_t limit = NSEC_PER_SEC / 2;

	if (ato > TCP_DELACK_MIN) {
		if (tp->ack.pingpong || (tp->ack.pending & ICSK_ACK_PUSHED))
			limit = TCP_DELACK_MAX;
		if (tp->srtt)
			limit = min(limit, max(tp->srtt, TCP_DELACK_MIN));
		ato = min(ato, limit);
	}
	return min(ato, min(TCP_DELACK_MAX, tcp_rto_min(tp)));
}

void tcp_send_delayed_ack(struct tcp_sock *tp)
{
	nsec_t now = tp_now(tp);
	nsec_t ato = delack_wait(tp);
	nsec_t timeout = now + ato;

	if (tp->ack.pending & ICSK_ACK_TIMER) {
		/* Nearly due anyway: now. */
		if (tp->ack.timeout <= now + ato / 4) {
			tcp_send_ack(tp);
			return;
		}
		timeout = min(timeout, tp->ack.timeout);
	}
	tp->ack.pending |= ICSK_ACK_SCHED | ICSK_ACK_TIMER;
	tp->ack.timeout = timeout;
	timer_mod(&tp->delack_timer, timeout);
}

void tcp_delack_timer(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, delack_timer);
	struct sock *sk = tp_sock(tp);

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN || !(tp->ack.pending & ICSK_ACK_TIMER))
		return;
	tp->ack.pending &= (u8)~ICSK_ACK_TIMER;
	if (!tcp_ack_scheduled(tp))
		return;
	if (!tp->ack.pingpong) {
		tp->ack.ato = min(tp->ack.ato << 1, tp->rto);
	} else {
		/* The conversation has stopped: the reply did not come in time. */
		tp->ack.pingpong = false;
		tp->ack.ato = TCP_ATO_MIN;
	}
	tcp_send_ack(tp);
	NET_INC_STATS(sk->net, DelayedACKs);
}

void tcp_compressed_ack_timer(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, compressed_ack_timer);

	/* The one that started the timer would have been sent anyway. */
	if (!tp->compressed_ack || tp_sock(tp)->state == TCP_CLOSE)
		return;
	tp->compressed_ack--;
	tcp_send_ack(tp);
}

/* Data is missing: tell at once at first, then now and then. */
static void ack_with_hole(struct tcp_sock *tp)
{
	nsec_t rtt = tp->rcv_rtt_est.rtt;

	if (!tcp_is_sack(tp) || tp->compressed_ack >= COMP_SACK_NR) {
		tcp_send_ack(tp);
		return;
	}
	if (tp->compressed_ack_rcv_nxt != tp->rcv_nxt) {
		tp->compressed_ack_rcv_nxt = tp->rcv_nxt;
		tp->dup_ack_counter = 0;
	}
	if (tp->dup_ack_counter < FASTRETRANS_THRESH) {
		tp->dup_ack_counter++;
		tcp_send_ack(tp);
		return;
	}
	tp->compressed_ack++;
	if (timer_pending(&tp->compressed_ack_timer))
		return;
	if (tp->srtt && (!rtt || tp->srtt < rtt))
		rtt = tp->srtt;
	timer_mod(&tp->compressed_ack_timer, tp_now(tp) + min(COMP_SACK_DELAY, rtt / 20));
}

static bool ack_now(struct tcp_sock *tp)
{
	if (tcp_in_quickack_mode(tp) || (tp->ack.pending & ICSK_ACK_NOW))
		return true;
	if (tp->rcv_nxt - tp->rcv_wup <= tp->ack.rcv_mss)
		return false;
	/* A reader that is about to free space will acknowledge with the larger window. */
	return (s32)(tp->rcv_nxt - tp->copied_seq) < tp_sock(tp)->rcvlowat ||
	       tcp_compute_window(tp) >= tp->rcv_wnd;
}

void tcp_ack_snd_check(struct tcp_sock *tp)
{
	if (!tcp_ack_scheduled(tp))
		return;
	if (ack_now(tp))
		tcp_send_ack(tp);
	else if (list_empty(&tp->out_of_order_queue.list))
		tcp_send_delayed_ack(tp);
	else
		ack_with_hole(tp);
}

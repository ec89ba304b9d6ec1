/* SPDX-License-Identifier: MIT */
/*
 * What may be sent, and when.
 *
 * Theory of operation
 *
 * tcp_write_xmit() takes segments from the write queue while the congestion window (RFC 5681), the
 * peer's window (RFC 9293 3.8.6), Nagle's algorithm with Minshall's change (RFC 9293 3.7.4; TCP_NODELAY
 * and TCP_CORK, tcp(7)), pacing and the limit of what may wait in the local device (small queues) allow.
 * It sends super-packets of about a millisecond at the flow's rate, larger for short round trips, and
 * holds a short one back when the next ACK will make it longer.
 *
 * Invariant: what is sent moves to rtx_queue at once, whether the device took it or not makes no
 * difference to the peer; what transmission refused stays at the head of the write queue.
 */
#include "stack/tcp_int.h"

#define PACING_SHIFT 10	  /* sk_pacing_shift: a super-packet holds about 1 ms at the flow's rate */
#define TSO_RTT_LOG 9	  /* tcp_tso_rtt_log: halve the extra size for each 512 us of min RTT */
#define TSO_DEFER_MAX NSEC_PER_MSEC

static bool minshall_check(const struct tcp_sock *tp)
{
	return after(tp->snd_sml, tp->snd_una) && !after(tp->snd_sml, tp->snd_nxt);
}

/* True: the partial segment waits. */
static bool nagle_check(bool partial, const struct tcp_sock *tp, int nonagle)
{
	return partial && ((nonagle & TCP_NAGLE_CORK) ||
			   (!nonagle && tp->packets_out && minshall_check(tp)));
}

static bool nagle_test(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss, int nonagle)
{
	if (nonagle & TCP_NAGLE_PUSH)
		return true;
	if (tcp_urg_mode(tp) || (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN))
		return true;
	return !nagle_check(skb->len < mss, tp, nonagle);
}

static u32 cwnd_test(const struct tcp_sock *tp)
{
	u32 in_flight = tcp_packets_in_flight(tp);

	if (in_flight >= tp->snd_cwnd)
		return 0;
	/* At least two super-packets in a window, so that its ACKs come in two. */
	return min(max(tp->snd_cwnd >> 1, 1u), tp->snd_cwnd - in_flight);
}

static bool snd_wnd_test(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 end_seq = skb->len > mss ? cb->seq + mss : cb->end_seq;

	return !after(end_seq, tcp_wnd_end(tp));
}

u32 tcp_tso_segs(struct tcp_sock *tp, u32 mss)
{
	u64 bytes = tp->pacing_rate ? tp->pacing_rate >> PACING_SHIFT : TCP_MAX_QUEUE_SKB;
	u64 r = (u64)(tp->rtt_min / NSEC_PER_USEC) >> TSO_RTT_LOG;
	u32 min_segs = (u32)max(tp_net(tp)->sysctl.tcp_min_tso_segs, 1);

	if (r < 32)
		bytes += TCP_MAX_QUEUE_SKB >> r;
	bytes = min(bytes, (u64)TCP_MAX_QUEUE_SKB);
	return max((u32)bytes / mss, min_segs);
}

/* Waits for a longer segment when the next ACK is near. */
static bool tso_should_defer(struct tcp_sock *tp, const struct sk_buff *skb, bool *cwnd_limited,
			     u32 max_segs)
{
	nsec_t now = tp_now(tp);
	u32 send_win, cong_win, limit, chunk;
	struct sk_buff *head = tcp_rtx_queue_head(tp);

	if (tp->ca_state >= TCP_CA_Recovery || now - tp->lsndtime > TSO_DEFER_MAX || !head)
		return false;
	send_win = tcp_wnd_end(tp) - TCP_SKB_CB(skb)->seq;
	cong_win = (tp->snd_cwnd - tcp_packets_in_flight(tp)) * tp->mss_cache;
	limit = min(send_win, cong_win);
	if (limit >= max_segs * tp->mss_cache)
		return false;
	if (skb->node.next != &tp->write_queue.list && limit >= skb->len)
		return false;
	chunk = (u32)min((u64)tp->snd_wnd, (u64)tp->snd_cwnd * tp->mss_cache);
	if (limit >= chunk / (u32)max(tp_net(tp)->sysctl.tcp_tso_win_divisor, 1))
		return false;
	/* The head was sent less than half a round trip ago: its ACK is far. */
	if (now - TCP_SKB_CB(head)->tx_time < tp->srtt / 2)
		return false;
	if (cong_win < send_win) {
		if (cong_win <= skb->len) {
			*cwnd_limited = true;
			return true;
		}
	} else if (send_win <= skb->len) {
		return true;
	}
	return !(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN) && !TCP_SKB_CB(skb)->eor;
}

static u32 split_point(const struct tcp_sock *tp, const struct sk_buff *skb, u32 mss, u32 max_segs,
		       int nonagle)
{
	u32 window = tcp_wnd_end(tp) - TCP_SKB_CB(skb)->seq;
	u32 max_len = mss * max_segs;
	u32 needed, partial;

	if (max_len <= window && skb->node.next != &tp->write_queue.list)
		return max_len;
	needed = min(skb->len, window);
	if (max_len <= needed)
		return max_len;
	partial = needed % mss;
	/* The short end goes along only when Nagle would let it go alone. */
	if (nagle_check(partial != 0, tp, nonagle))
		return needed - partial;
	return needed;
}

bool tcp_small_queue_check(struct tcp_sock *tp, const struct sk_buff *skb, u32 factor)
{
	u64 limit = max(2ull * skb->truesize, tp->pacing_rate >> PACING_SHIFT);

	if (!tcp_needs_pacing(tp))
		limit = min(limit, (u64)tp_net(tp)->sysctl.tcp_limit_output_bytes);
	limit <<= factor;
	if (tp_sock(tp)->wmem_alloc <= limit)
		return false;
	/* With at most one segment out, the ACK clock alone would not come back soon enough. */
	if (tp->rtx_queue.qlen <= 1)
		return false;
	tp->tsq_throttled = true;
	return true;
}

bool tcp_pacing_check(const struct tcp_sock *tp)
{
	return tcp_needs_pacing((struct tcp_sock *)tp) && timer_pending(&tp->pacing_timer) &&
	       tp->pacing_timer.expires > tp->inet.sk.net->sim->now;
}

void tcp_event_new_data_sent(struct tcp_sock *tp, struct sk_buff *skb)
{
	u32 prior_packets = tp->packets_out;

	tp->snd_nxt = TCP_SKB_CB(skb)->end_seq;
	skb_unlink(&tp->write_queue, skb);
	skb_queue_tail(&tp->rtx_queue, skb);
	tp->packets_out += tcp_skb_pcount(skb);
	if (!prior_packets)
		tcp_rearm_rto(tp);
	NET_ADD_STATS(tp_net(tp), TCPOrigDataSent, tcp_skb_pcount(skb));
}

/* Whether skb, the head, may go now; cuts it to what may. 0: not. */
static u32 prepare_head(struct tcp_sock *tp, struct sk_buff *skb, u32 mss, int nonagle, bool push_one,
			u32 quota, u32 max_segs, bool *cwnd_limited)
{
	bool last = skb->node.next == &tp->write_queue.list;
	u32 segs = tcp_set_skb_tso_segs(skb, mss);
	u32 limit = mss;

	if (!snd_wnd_test(tp, skb, mss))
		return 0;
	if (segs == 1) {
		if (!nagle_test(tp, skb, mss, last ? nonagle : TCP_NAGLE_PUSH))
			return 0;
	} else if (!push_one && tso_should_defer(tp, skb, cwnd_limited, max_segs)) {
		return 0;
	}
	if (segs > 1 && !tcp_urg_mode(tp))
		limit = split_point(tp, skb, mss, quota, nonagle);
	if (skb->len > limit)
		tcp_fragment(tp, &tp->write_queue, skb, limit, mss);
	return tcp_small_queue_check(tp, skb, 0) ? 0 : tcp_skb_pcount(skb);
}

bool tcp_write_xmit(struct tcp_sock *tp, u32 mss, int nonagle, bool push_one)
{
	u32 max_segs = tcp_tso_segs(tp, mss);
	bool cwnd_limited = false;
	u32 sent = 0;
	struct sk_buff *skb;

	while ((skb = tcp_send_head(tp))) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
		u32 quota, segs;

		if (tcp_pacing_check(tp))
			break;
		quota = min(cwnd_test(tp), max_segs);
		if (!quota)
			break;
		segs = prepare_head(tp, skb, mss, nonagle, push_one, quota, max_segs, &cwnd_limited);
		if (!segs || cb->end_seq == cb->seq)
			break;
		if (tcp_transmit_skb(tp, skb, true))
			break;
		tcp_event_new_data_sent(tp, skb);
		if (skb->len < segs * mss)
			tp->snd_sml = cb->end_seq;
		sent += segs;
		if (push_one)
			break;
	}
	cwnd_limited |= tcp_packets_in_flight(tp) >= tp->snd_cwnd;
	if (sent || cwnd_limited)
		tcp_cwnd_validate(tp, cwnd_limited);
	if (sent) {
		if (tcp_in_cwnd_reduction(tp))
			tp->prr_out += sent;
		return false;
	}
	return !tp->packets_out && !tcp_write_queue_empty(tp);
}

void tcp_push_frames(struct tcp_sock *tp, u32 mss, int nonagle)
{
	if (tp_sock(tp)->state == TCP_CLOSE)
		return;
	/* Nothing in flight and nothing sent: only a probe can learn of a larger window. */
	if (tcp_write_xmit(tp, mss, nonagle, false) && !tp->packets_out && !tp->pending_timer)
		tcp_reset_xmit_timer(tp, ICSK_TIME_PROBE0, tp_now(tp) + tcp_probe0_base(tp));
}

void tcp_push_pending(struct tcp_sock *tp)
{
	if (tcp_send_head(tp))
		tcp_push_frames(tp, tcp_current_mss(tp), tp->nonagle);
}

void tcp_push_one(struct tcp_sock *tp)
{
	if (tcp_send_head(tp))
		tcp_write_xmit(tp, tcp_current_mss(tp), TCP_NAGLE_PUSH, true);
}

void tcp_tsq_handler(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, pacing_timer);
	u8 state = tp_sock(tp)->state;

	tp->tsq_throttled = false;
	if (state != TCP_ESTABLISHED && state != TCP_FIN_WAIT1 && state != TCP_CLOSING &&
	    state != TCP_CLOSE_WAIT && state != TCP_LAST_ACK)
		return;
	sock_hold(tp_sock(tp));
	if (tp->lost_out > tp->retrans_out && tp->snd_cwnd > tcp_packets_in_flight(tp))
		tcp_xmit_retransmit_queue(tp);
	tcp_write_xmit(tp, tcp_current_mss(tp), tp->nonagle, false);
	sock_put(tp_sock(tp));
}

void tcp_send_fin(struct tcp_sock *tp)
{
	struct sk_buff *tail = tcp_queue_tail(&tp->write_queue);

	if (tail) {
		TCP_SKB_CB(tail)->tcp_flags |= TCPHDR_FIN;
		TCP_SKB_CB(tail)->end_seq++;
		tp->write_seq++;
	} else {
		tail = tcp_stream_alloc_skb(tp);
		tcp_init_nondata_skb(tail, tp->write_seq, TCPHDR_ACK | TCPHDR_FIN);
		tcp_queue_skb(tp, tail);
	}
	tcp_push_frames(tp, tcp_current_mss(tp), TCP_NAGLE_OFF);
}

/* SPDX-License-Identifier: MIT */
/*
 * Segments of an established connection.
 *
 * RFC 9293 3.10.7.4 in Linux's order: a fast path for the segment that was expected (header prediction:
 * next in order, window unchanged, no option but the timestamp), else PAWS and sequence (RFC 7323 5,
 * RFC 5961), RST, SYN, ACK, urgent pointer, data, FIN.
 */
#include "sim/host/signal.h"
#include "sim/host/task.h"
#include "stack/tcp_int.h"

#include <signal.h>

#define TCP_PAWS_WINDOW 1
#define TCP_PAWS_24DAYS (24LL * 86400 * NSEC_PER_SEC)
#define TSTAMP_HLEN 32u

static inline u8 *th_of(struct sk_buff *skb)
{
	return skb_data(skb);
}

void tcp_rcv_nxt_update(struct tcp_sock *tp, u32 seq)
{
	tp->bytes_received += seq - tp->rcv_nxt;
	tp->rcv_nxt = seq;
}

static void data_ready(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	int avail = (int)(tp->rcv_nxt - tp->copied_seq);

	if (sk->dead)
		return;
	/* A reader with SO_RCVLOWAT is woken early when the window is about to close. */
	if (avail >= sk->rcvlowat || tcp_receive_window(tp) <= tp->ack.rcv_mss ||
	    sk->rmem_alloc > sk->rcvbuf - (sk->rcvbuf >> 3) || (sk->shutdown & RCV_SHUTDOWN))
		sk->data_ready(sk);
}

/* Makes data of it: header gone; charged unless it was merged into the last one (true). */
static bool queue_rcv(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	struct sk_buff *tail = tcp_queue_tail(&sk->receive_queue);
	bool eaten = tail && tcp_try_coalesce(tp, tail, skb);

	tcp_rcv_nxt_update(tp, TCP_SKB_CB(skb)->end_seq);
	if (!eaten) {
		skb_queue_tail(&sk->receive_queue, skb);
		skb_set_owner_r(skb, sk);
	}
	return eaten;
}

void tcp_event_data_recv(struct tcp_sock *tp, struct sk_buff *skb)
{
	nsec_t now = tp_now(tp);

	tcp_sched_ack(tp);
	tcp_measure_rcv_mss(tp, skb);
	tcp_rcv_rtt_measure(tp);
	if (!tp->ack.ato) {
		/* The first data: the sender is in slow start. */
		tcp_incr_quickack(tp, TCP_MAX_QUICKACKS);
		tp->ack.ato = TCP_ATO_MIN;
	} else {
		nsec_t gap = now - tp->ack.lrcvtime;

		if (gap <= TCP_ATO_MIN / 2)
			tp->ack.ato = (tp->ack.ato >> 1) + TCP_ATO_MIN / 2;
		else if (gap < tp->ack.ato)
			tp->ack.ato = min((tp->ack.ato >> 1) + gap, tp->rto);
		else if (gap > tp->rto)
			tcp_incr_quickack(tp, TCP_MAX_QUICKACKS);
	}
	tp->ack.lrcvtime = now;
	tcp_ecn_check_ce(tp, skb);
	if (skb->len >= 128)
		tcp_grow_window(tp, skb);
}

/* ---- data ---- */

static void out_of_window(struct tcp_sock *tp, struct sk_buff *skb, enum skb_drop_reason why)
{
	tcp_enter_quickack_mode(tp, TCP_MAX_QUICKACKS);
	tcp_sched_ack(tp);
	kfree_skb_reason(skb, why, "tcp_data_queue");
}

/* No memory. True: skb is dropped. What has an empty queue before it is taken nevertheless. */
static bool refuse_for_memory(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);

	if (likely(tcp_try_rmem_schedule(tp, skb)))
		return false;
	tp->ack.pending |= ICSK_ACK_NOMEM | ICSK_ACK_NOW;
	tcp_sched_ack(tp);
	sk->data_ready(sk);
	if (!sk->receive_queue.qlen || !skb->len)
		return false;
	NET_INC_STATS(sk->net, TCPRcvQDrop);
	kfree_skb_reason(skb, SKB_DROP_REASON_PROTO_MEM, "tcp_data_queue");
	return true;
}

static void queue_in_order(struct tcp_sock *tp, struct sk_buff *skb)
{
	bool fin = TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN;
	bool eaten;

	if (refuse_for_memory(tp, skb))
		return;
	eaten = queue_rcv(tp, skb);
	if (skb->len)
		tcp_event_data_recv(tp, skb);
	if (fin)
		tcp_fin(tp);
	if (!list_empty(&tp->out_of_order_queue.list)) {
		tcp_ofo_queue(tp);
		/* RFC 5681 4.2: when a gap is filled, at once. */
		if (list_empty(&tp->out_of_order_queue.list))
			tp->ack.pending |= ICSK_ACK_NOW;
	}
	if (tp->num_selective_acks)
		tcp_sack_remove(tp);
	if (eaten)
		consume_skb(skb);
	data_ready(tp);
}

void tcp_data_queue(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 win;

	if (cb->seq == cb->end_seq) {
		consume_skb(skb);
		return;
	}
	skb_pull(skb, cb->hdr_len);
	tp->dsack = false;
	tcp_ecn_accept_cwr(tp, skb);
	win = tcp_receive_window(tp);
	if (cb->seq == tp->rcv_nxt) {
		/* A bare FIN needs no window. */
		if (!win && skb->len) {
			NET_INC_STATS(tp_net(tp), TCPZeroWindowDrop);
			out_of_window(tp, skb, SKB_DROP_REASON_TCP_ZEROWINDOW);
			return;
		}
		queue_in_order(tp, skb);
	} else if (!after(cb->end_seq, tp->rcv_nxt)) {
		/* A retransmission of what we have. */
		NET_INC_STATS(tp_net(tp), DelayedACKLost);
		tcp_dsack_set(tp, cb->seq, cb->end_seq);
		out_of_window(tp, skb, SKB_DROP_REASON_TCP_OLD_DATA);
	} else if (!before(cb->seq, tp->rcv_nxt + win)) {
		out_of_window(tp, skb, SKB_DROP_REASON_TCP_OVERWINDOW);
	} else if (before(cb->seq, tp->rcv_nxt)) {
		tcp_dsack_set(tp, cb->seq, tp->rcv_nxt);
		if (!win) {
			NET_INC_STATS(tp_net(tp), TCPZeroWindowDrop);
			out_of_window(tp, skb, SKB_DROP_REASON_TCP_ZEROWINDOW);
			return;
		}
		queue_in_order(tp, skb);
	} else {
		tcp_data_queue_ofo(tp, skb);
	}
}

/* ---- urgent data ---- */

/* A new urgent pointer; it points at the byte before what RFC 9293 says (RFC 6093 2.2). */
static void check_urg(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	struct sock *sk = tp_sock(tp);
	u32 ptr = cb->urg_ptr;

	if (ptr && !sk->net->sysctl.tcp_stdurg)
		ptr--;
	ptr += cb->seq;
	if (after(tp->copied_seq, ptr) || before(ptr, tp->rcv_nxt))
		return;
	if (tp->urg_data && !after(ptr, tp->urg_seq))
		return;
	sk_send_sigurg(sk);
	/* The old urgent byte was never read and stands where the reader is: step over it. */
	if (tp->urg_seq == tp->copied_seq && tp->urg_data && !sk->oobinline &&
	    tp->copied_seq != tp->rcv_nxt) {
		struct sk_buff *skb = skb_peek(&sk->receive_queue);

		tp->copied_seq++;
		if (skb && !before(tp->copied_seq, TCP_SKB_CB(skb)->end_seq)) {
			skb_unlink(&sk->receive_queue, skb);
			consume_skb(skb);
		}
	}
	tp->urg_data = TCP_URG_NOTYET;
	tp->urg_seq = ptr;
}

void tcp_urg(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct sock *sk = tp_sock(tp);

	if (cb->tcp_flags & TCPHDR_URG)
		check_urg(tp, cb);
	if (tp->urg_data == TCP_URG_NOTYET) {
		u32 off = tp->urg_seq - cb->seq + cb->hdr_len - !!(cb->tcp_flags & TCPHDR_SYN);
		u8 byte;

		if (off >= skb->len)
			return;
		skb_copy_bits(skb, off, &byte, 1);
		tp->urg_data = (u16)(TCP_URG_VALID | byte);
		if (!sk->dead)
			sk->data_ready(sk);
	}
}

/* ---- acceptability ---- */

static bool paws_check(const struct tcp_sock *tp, s32 window)
{
	const struct tcp_options_received *o = &tp->rx_opt;

	if ((s32)(o->ts_recent - o->rcv_tsval) <= window)
		return true;
	if (tp->inet.sk.net->sim->now >= o->ts_recent_stamp + TCP_PAWS_24DAYS)
		return true;
	return !o->ts_recent;
}

/* A duplicate ACK that was overtaken fails PAWS without being old data. */
static bool disordered_ack(const struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 nwin = (u32)get_be16(th_of(skb) + 14) << tp->rx_opt.snd_wscale;
	s32 replay = (s32)min(tp->rto * 12 / 10 / NSEC_PER_MSEC, (nsec_t)INT32_MAX);

	return (cb->tcp_flags & TCPHDR_ACK) && cb->seq == cb->end_seq && cb->seq == tp->rcv_nxt &&
	       cb->ack_seq == tp->snd_una &&
	       !(after(cb->seq, tp->snd_wl1) ||
		 (cb->seq == tp->snd_wl1 && (nwin > tp->snd_wnd || !nwin))) &&
	       (s32)(tp->rx_opt.ts_recent - tp->rx_opt.rcv_tsval) <= replay;
}

static enum skb_drop_reason check_sequence(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	u32 limit = tp->rcv_nxt + tcp_receive_window(tp);
	u32 fin = !!(cb->tcp_flags & TCPHDR_FIN);

	if (before(cb->end_seq, tp->rcv_wup))
		return SKB_DROP_REASON_TCP_OLD_SEQUENCE;
	if (likely(!after(cb->end_seq, limit)))
		return SKB_NOT_DROPPED_YET;
	if (after(cb->seq, limit))
		return SKB_DROP_REASON_TCP_INVALID_SEQUENCE;
	/* A FIN may stick out by itself; data only when nothing else waits to be read. */
	if (!after(cb->end_seq - fin, limit))
		return SKB_NOT_DROPPED_YET;
	if (!tp_sock(tp)->receive_queue.qlen)
		return SKB_NOT_DROPPED_YET;
	NET_INC_STATS(tp_net(tp), BeyondWindow);
	return SKB_DROP_REASON_TCP_INVALID_END_SEQUENCE;
}

/* Answers an unacceptable segment with what we expect. */
static void send_dupack(struct tcp_sock *tp, const struct tcp_skb_cb *cb)
{
	if (cb->end_seq != cb->seq && before(cb->seq, tp->rcv_nxt)) {
		NET_INC_STATS(tp_net(tp), DelayedACKLost);
		tcp_enter_quickack_mode(tp, TCP_MAX_QUICKACKS);
		tcp_dsack_set(tp, cb->seq, after(cb->end_seq, tp->rcv_nxt) ? tp->rcv_nxt : cb->end_seq);
	}
	tcp_send_ack(tp);
}

/* A reset whose number is that of our peer's FIN: it had not seen our ACK of it. */
static bool reset_after_fin(const struct tcp_sock *tp, u32 seq)
{
	u8 state = tp->inet.sk.state;

	return seq == tp->rcv_nxt - 1 &&
	       (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK || state == TCP_CLOSING);
}

/* RFC 5961 3.2, and the end of the highest SACK block, where the peer may believe us to be. */
static bool reset_acceptable(const struct tcp_sock *tp, u32 seq)
{
	u32 high;

	if (seq == tp->rcv_nxt || reset_after_fin(tp, seq))
		return true;
	if (!tcp_is_sack(tp) || !tp->num_selective_acks)
		return false;
	high = tp->selective_acks[0].end_seq;
	for (int i = 1; i < tp->num_selective_acks; i++)
		if (after(tp->selective_acks[i].end_seq, high))
			high = tp->selective_acks[i].end_seq;
	return seq == high;
}

static bool drop(struct sk_buff *skb, enum skb_drop_reason why)
{
	kfree_skb_reason(skb, why, "tcp_validate_incoming");
	return false;
}

static bool syn_challenge(struct tcp_sock *tp, struct sk_buff *skb)
{
	NET_INC_STATS(tp_net(tp), InErrs);
	NET_INC_STATS(tp_net(tp), TCPSYNChallenge);
	tcp_send_challenge_ack(tp);
	return drop(skb, SKB_DROP_REASON_TCP_INVALID_SYN);
}

static bool do_reset(struct tcp_sock *tp, struct sk_buff *skb)
{
	tcp_reset(tp, skb);
	return drop(skb, SKB_DROP_REASON_TCP_RESET);
}

/* The aligned timestamp alone, as nearly every segment has it; else all options. */
static void fast_parse_options(struct tcp_sock *tp, struct sk_buff *skb)
{
	const u8 *th = th_of(skb);
	u32 hlen = TCP_SKB_CB(skb)->hdr_len;
	struct tcp_options_received *o = &tp->rx_opt;

	o->saw_tstamp = false;
	o->saw_sack = false;
	o->num_sacks = 0;
	if (hlen == 20)
		return;
	if (o->tstamp_ok && hlen == TSTAMP_HLEN && get_be32(th + 20) == 0x0101080a) {
		o->saw_tstamp = true;
		o->rcv_tsval = get_be32(th + 24);
		o->rcv_tsecr = get_be32(th + 28);
	} else {
		tcp_parse_options(tp_net(tp), th, hlen, o, false);
	}
	if (o->saw_tstamp && o->rcv_tsecr)
		o->rcv_tsecr -= tp->tsoffset;
}

bool tcp_validate_incoming(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	bool rst = cb->tcp_flags & TCPHDR_RST, syn = cb->tcp_flags & TCPHDR_SYN;
	struct net *net = tp_net(tp);
	bool has_data = cb->seq != cb->end_seq;
	enum skb_drop_reason why;

	fast_parse_options(tp, skb);
	if (tp->rx_opt.saw_tstamp && !rst && !paws_check(tp, TCP_PAWS_WINDOW) &&
	    !disordered_ack(tp, skb)) {
		if (syn)
			return syn_challenge(tp, skb);
		NET_INC_STATS(net, PAWSEstab);
		if (!tcp_oow_rate_limited(net, &tp->last_oow_ack_time, has_data, MIB_TCPACKSkippedPAWS))
			send_dupack(tp, cb);
		return drop(skb, SKB_DROP_REASON_TCP_RFC7323_PAWS);
	}
	why = check_sequence(tp, cb);
	if (why) {
		if (rst)
			return reset_after_fin(tp, cb->seq) ? do_reset(tp, skb) : drop(skb, why);
		if (syn)
			return syn_challenge(tp, skb);
		if (!tcp_oow_rate_limited(net, &tp->last_oow_ack_time, has_data, MIB_TCPACKSkippedSeq))
			send_dupack(tp, cb);
		return drop(skb, why);
	}
	if (rst) {
		if (reset_acceptable(tp, cb->seq))
			return do_reset(tp, skb);
		tcp_send_challenge_ack(tp);
		return drop(skb, SKB_DROP_REASON_TCP_RESET);
	}
	if (syn) {
		/* The SYN-ACK of a simultaneous open passes. */
		if (tp_sock(tp)->state == TCP_SYN_RECV && (cb->tcp_flags & TCPHDR_ACK) &&
		    cb->seq + 1 == cb->end_seq && cb->seq + 1 == tp->rcv_nxt &&
		    cb->ack_seq == tp->snd_nxt)
			return true;
		return syn_challenge(tp, skb);
	}
	return true;
}

/* ---- the paths ---- */

void tcp_data_snd_check(struct tcp_sock *tp)
{
	tcp_push_pending(tp);
	tcp_new_space(tp);
	tcp_check_space(tp);
}

static bool predicted(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const u8 *th = th_of(skb);

	if ((th[13] & ~TCPHDR_PSH) != TCPHDR_ACK || cb->seq != tp->rcv_nxt ||
	    after(cb->ack_seq, tp->snd_nxt) || before(cb->ack_seq, tp->snd_una))
		return false;
	if (cb->hdr_len != (tp->rx_opt.tstamp_ok ? TSTAMP_HLEN : 20u) ||
	    (u32)get_be16(th + 14) << tp->rx_opt.snd_wscale != tp->snd_wnd)
		return false;
	if (!list_empty(&tp->out_of_order_queue.list) || !tp->rcv_wnd || tp->urg_data)
		return false;
	if (after(cb->end_seq, tp->rcv_nxt + tcp_receive_window(tp)) ||
	    tp_sock(tp)->rmem_alloc + skb->truesize > tp_sock(tp)->rcvbuf)
		return false;
	fast_parse_options(tp, skb);
	if (tp->rx_opt.tstamp_ok)
		return tp->rx_opt.saw_tstamp && (s32)(tp->rx_opt.rcv_tsval - tp->rx_opt.ts_recent) >= 0;
	return true;
}

static void fast_path_data(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	bool eaten;

	tcp_rcv_rtt_measure_ts(tp, skb);
	NET_INC_STATS(tp_net(tp), TCPHPHits);
	skb_pull(skb, cb->hdr_len);
	eaten = queue_rcv(tp, skb);
	tcp_event_data_recv(tp, skb);
	if (cb->ack_seq != tp->snd_una) {
		tcp_ack(tp, skb, FLAG_DATA);
		tcp_data_snd_check(tp);
	} else {
		tp->snd_wl1 = cb->seq;
	}
	tcp_ack_snd_check(tp);
	if (eaten)
		consume_skb(skb);
	data_ready(tp);
}

static void slow_path(struct tcp_sock *tp, struct sk_buff *skb)
{
	int reason;

	if (!(TCP_SKB_CB(skb)->tcp_flags & (TCPHDR_ACK | TCPHDR_RST | TCPHDR_SYN))) {
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_FLAGS, "tcp_rcv_established");
		return;
	}
	if (!tcp_validate_incoming(tp, skb))
		return;
	reason = tcp_ack(tp, skb, FLAG_SLOWPATH | FLAG_UPDATE_TS_RECENT);
	if (reason < 0) {
		kfree_skb_reason(skb, (enum skb_drop_reason)-reason, "tcp_rcv_established");
		return;
	}
	tcp_rcv_rtt_measure_ts(tp, skb);
	tcp_urg(tp, skb);
	tcp_data_queue(tp, skb);
	tcp_data_snd_check(tp);
	tcp_ack_snd_check(tp);
}

void tcp_rcv_established(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	sock_hold(tp_sock(tp));
	skb_reset_transport_header(skb);
	if (!predicted(tp, skb)) {
		slow_path(tp, skb);
		sock_put(tp_sock(tp));
		return;
	}
	if (tp->rx_opt.tstamp_ok && tp->rcv_nxt == tp->rcv_wup) {
		tp->rx_opt.ts_recent = tp->rx_opt.rcv_tsval;
		tp->rx_opt.ts_recent_stamp = tp_now(tp);
	}
	if (skb->len > cb->hdr_len) {
		fast_path_data(tp, skb);
	} else {
		tcp_ack(tp, skb, 0);
		consume_skb(skb);
		tcp_data_snd_check(tp);
		tp->rcv_rtt_est.last_tsecr = tp->rx_opt.rcv_tsecr;
	}
	sock_put(tp_sock(tp));
}

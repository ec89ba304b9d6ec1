/* SPDX-License-Identifier: MIT */
/*
 * The receive window and the sizes of both buffers.
 *
 * SO_RCVBUF counts memory, the window counts payload: scaling_ratio, measured on arriving segments,
 * translates. rcv_ssthresh is how much of the buffer we dare to offer; it grows with segments whose
 * payload fills their memory well. Dynamic right-sizing: once for each round trip the buffer is made to
 * hold twice what the application took, up to tcp_rmem[2]. The window never shrinks (RFC 9293 3.8.6)
 * and avoids silly sizes (RFC 1122 4.2.3.3). Numbers follow Linux 6.18; tcp(7) and ip-sysctl.rst name
 * the settings.
 */
#include "stack/tcp_int.h"

#define MAX_TCP_WINDOW_UNSCALED 65535u
#define DEFAULT_SCALING_RATIO 128u /* half of the buffer is payload until it is measured */

static u32 ratio_of(const struct tcp_sock *tp)
{
	return tp->scaling_ratio ? tp->scaling_ratio : DEFAULT_SCALING_RATIO;
}

u32 tcp_win_from_space(const struct tcp_sock *tp, u32 space)
{
	return (u32)((u64)space * ratio_of(tp) >> 8);
}

static u32 space_from_win(const struct tcp_sock *tp, u32 win)
{
	u64 space = ((u64)win << 8) / ratio_of(tp);

	return (u32)min(space, (u64)INT32_MAX);
}

u32 tcp_full_space(struct tcp_sock *tp)
{
	return tcp_win_from_space(tp, tp_sock(tp)->rcvbuf);
}

u32 tcp_space(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	return sk->rmem_alloc >= sk->rcvbuf ? 0
					    : tcp_win_from_space(tp, sk->rcvbuf - sk->rmem_alloc);
}

static u32 align_scale(const struct tcp_sock *tp, u32 window)
{
	u32 unit = 1u << tp->rx_opt.rcv_wscale;

	return (window + unit - 1) & ~(unit - 1);
}

static u32 unscaled_window(const struct tcp_sock *tp, u32 free_space, u32 full_space, u32 mss)
{
	u32 window = tp->rcv_wnd;

	if ((s32)window <= (s32)(free_space - mss) || window > free_space)
		return free_space - free_space % mss;
	if (mss == full_space && free_space > window + (full_space >> 1))
		return free_space;
	return window;
}

u32 tcp_compute_window(struct tcp_sock *tp)
{
	u32 mss = tp->ack.rcv_mss;
	u32 free_space = tcp_space(tp);
	u32 allowed_space = tcp_full_space(tp);
	u32 full_space = min(tp->window_clamp, allowed_space);

	if (mss > full_space) {
		mss = full_space;
		if (!mss)
			return 0;
	}
	if (free_space < full_space >> 1) {
		tp->ack.quick = 0;
		/* What scaling would round up must not become a larger window. */
		free_space &= ~((1u << tp->rx_opt.rcv_wscale) - 1);
		if (free_space < allowed_space >> 4 || free_space < mss)
			return 0;
	}
	free_space = min(free_space, tp->rcv_ssthresh);
	if (tp->rx_opt.rcv_wscale)
		return align_scale(tp, free_space);
	return mss ? unscaled_window(tp, free_space, full_space, mss) : free_space;
}

u16 tcp_select_window(struct tcp_sock *tp)
{
	struct net *net = tp_net(tp);
	u32 old_win = tp->rcv_wnd;
	u32 cur_win, new_win;

	if (tp->ack.pending & ICSK_ACK_NOMEM) {
		tp->rcv_wnd = 0;
		tp->rcv_wup = tp->rcv_nxt;
		return 0;
	}
	cur_win = tcp_receive_window(tp);
	new_win = tcp_compute_window(tp);
	if (new_win < cur_win) {
		if (!new_win)
			NET_INC_STATS(net, TCPWantZeroWindowAdv);
		new_win = align_scale(tp, cur_win);
	}
	tp->rcv_wnd = new_win;
	tp->rcv_wup = tp->rcv_nxt;
	new_win = min(new_win, MAX_TCP_WINDOW_UNSCALED << tp->rx_opt.rcv_wscale);
	new_win >>= tp->rx_opt.rcv_wscale;
	if (!new_win && old_win)
		NET_INC_STATS(net, TCPToZeroWindowAdv);
	else if (new_win && !old_win)
		NET_INC_STATS(net, TCPFromZeroWindowAdv);
	return (u16)new_win;
}

static u32 log2_floor(u32 v)
{
	return v ? 31u - (u32)__builtin_clz(v) : 0;
}

void tcp_select_initial_window(struct net *net, struct sock *sk, u32 space, u32 mss, u32 *rcv_wnd,
			       u32 *window_clamp, bool wscale_ok, u8 *rcv_wscale)
{
	u32 initrwnd = sk ? inet_sk(sk)->dst.initrwnd : 0;

	if (!*window_clamp)
		*window_clamp = MAX_TCP_WINDOW_UNSCALED << TCP_MAX_WSCALE;
	space = min(space, *window_clamp);
	if (mss && space > mss)
		space -= space % mss;
	*rcv_wnd = space;
	if (initrwnd)
		*rcv_wnd = min(*rcv_wnd, initrwnd * mss);
	*rcv_wscale = 0;
	if (wscale_ok) {
		space = max(space, net->sysctl.tcp_rmem[2]);
		space = max(space, net->sysctl.rmem_max);
		space = min(space, *window_clamp);
		*rcv_wscale = (u8)clamp((int)log2_floor(space) - 15, 0, (int)TCP_MAX_WSCALE);
	}
	*window_clamp = min(MAX_TCP_WINDOW_UNSCALED << *rcv_wscale, *window_clamp);
}

void tcp_set_window_clamp(struct tcp_sock *tp, u32 val)
{
	u32 old = tp->window_clamp;

	val = max(val, SOCK_MIN_RCVBUF / 2);
	if (val == old)
		return;
	tp->window_clamp = val;
	if (val < old)
		tp->rcv_ssthresh = min(tp->rcv_ssthresh, val);
	else
		tp->rcv_ssthresh = max(tp->rcv_ssthresh, min(tp->rcv_wnd, val));
}

void tcp_initialize_rcv_mss(struct tcp_sock *tp)
{
	u32 hint = min((u32)tp->advmss, tp->mss_cache);

	hint = min(hint, tp->rcv_wnd / 2);
	hint = min(hint, TCP_MSS_DEFAULT);
	tp->ack.rcv_mss = (u16)max(hint, TCP_MIN_MSS);
}

static u32 roundup_pow2(u32 v)
{
	u32 r = 1;

	while (r < v)
		r *= 2;
	return r;
}

void tcp_sndbuf_expand(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 per_mss = max((u32)tp->rx_opt.mss_clamp, tp->mss_cache) + TCP_MAX_HEADER + 320;
	u32 nr_segs = max(max(TCP_INIT_CWND, tp->snd_cwnd), tp->reordering + 1);
	u64 sndmem = 2ull * nr_segs * (roundup_pow2(per_mss) + 256);

	if (sk->sndbuf < sndmem)
		sk->sndbuf = max(sk->sndbuf,
				 (u32)min(sndmem, (u64)tp_net(tp)->sysctl.tcp_wmem[2]));
}

/* A writer waits although the congestion window would take more: the buffer is what limits it. */
void tcp_new_space(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	if (!tp->nospace)
		return;
	if (!(sk->userlocks & SOCK_SNDBUF_LOCK) && tcp_packets_in_flight(tp) < tp->snd_cwnd) {
		tcp_sndbuf_expand(tp);
		tp->snd_cwnd_stamp = tp_now(tp);
	}
}

void tcp_init_buffer_space(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 maxwin = tcp_full_space(tp);

	if (!(sk->userlocks & SOCK_SNDBUF_LOCK))
		tcp_sndbuf_expand(tp);
	tp->rcvq_space.time = tp_now(tp);
	tp->rcvq_space.seq = tp->copied_seq;
	if (tp->window_clamp >= maxwin)
		tp->window_clamp = max(maxwin, 4u * tp->advmss);
	/* Keep room for one segment beyond the window. */
	if (tp->window_clamp > 2u * tp->advmss && tp->window_clamp + tp->advmss > maxwin)
		tp->window_clamp = max(2u * tp->advmss, maxwin - min(maxwin, (u32)tp->advmss));
	tp->rcv_ssthresh = min(tp->rcv_ssthresh, tp->window_clamp);
	tp->snd_cwnd_stamp = tp_now(tp);
	tp->rcvq_space.space =
	    min(min(tp->rcv_ssthresh, tp->rcv_wnd), TCP_INIT_CWND * (u32)tp->advmss);
}

/* How much rcv_ssthresh may grow for a segment whose memory is larger than its payload deserves. */
static u32 grow_step(const struct tcp_sock *tp, const struct sk_buff *skb)
{
	u32 truesize = tcp_win_from_space(tp, skb->truesize) >> 1;
	u32 window = tcp_win_from_space(tp, tp->inet.sk.net->sysctl.tcp_rmem[2]) >> 1;

	while (tp->rcv_ssthresh <= window) {
		if (truesize <= skb->len)
			return 2u * tp->ack.rcv_mss;
		truesize >>= 1;
		window >>= 1;
	}
	return 0;
}

void tcp_grow_window(struct tcp_sock *tp, const struct sk_buff *skb)
{
	s64 room = (s64)min(tp->window_clamp, tcp_space(tp)) - tp->rcv_ssthresh;
	u32 incr;

	if (room <= 0)
		return;
	if (tcp_win_from_space(tp, skb->truesize) <= skb->len)
		incr = 2u * tp->advmss;
	else
		incr = grow_step(tp, skb);
	if (incr) {
		incr = max(incr, 2 * skb->len);
		tp->rcv_ssthresh += (u32)min(room, (s64)incr);
		tp->ack.quick |= 1;
	}
}

static void measure_scaling_ratio(struct tcp_sock *tp, const struct sk_buff *skb)
{
	u64 ratio = ((u64)skb->len << 8) / skb->truesize;
	u8 old = tp->scaling_ratio;

	tp->scaling_ratio = (u8)clamp(ratio, 1ull, 255ull);
	if (old != tp->scaling_ratio) {
		tcp_set_window_clamp(tp, tcp_full_space(tp));
		tp->rcvq_space.space = min(tp->rcvq_space.space, tp->window_clamp);
	}
}

/* skb: payload only. Learns the peer's segment size, and whether a write seems to have ended. */
void tcp_measure_rcv_mss(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 lss = tp->ack.last_seg_size;
	u32 len = skb->gso_size ? skb->gso_size : skb->len;

	tp->ack.last_seg_size = 0;
	if (len >= tp->ack.rcv_mss) {
		if (len != tp->ack.rcv_mss)
			measure_scaling_ratio(tp, skb);
		tp->ack.rcv_mss = (u16)min(len, (u32)tp->advmss);
		if (cb->tcp_flags & TCPHDR_PSH)
			tp->ack.pending |= ICSK_ACK_PUSHED;
		return;
	}
	len += cb->hdr_len;
	if (len >= TCP_MSS_DEFAULT + 20 ||
	    (len >= TCP_MIN_MSS + 20 &&
	     !(cb->tcp_flags & (TCPHDR_FIN | TCPHDR_URG | TCPHDR_SYN | TCPHDR_PSH)))) {
		len -= tp->tcp_header_len;
		tp->ack.last_seg_size = (u16)len;
		if (len == lss) {
			tp->ack.rcv_mss = (u16)len;
			return;
		}
	}
	if (tp->ack.pending & ICSK_ACK_PUSHED)
		tp->ack.pending |= ICSK_ACK_PUSHED2;
	tp->ack.pending |= ICSK_ACK_PUSHED;
}

static void rcv_rtt_update(struct tcp_sock *tp, nsec_t sample, bool win_dep)
{
	nsec_t m = max(sample, 1);

	/* A sample by the window contains the time that the sender waited: keep the least. */
	if (!tp->rcv_rtt_est.rtt)
		tp->rcv_rtt_est.rtt = m;
	else if (win_dep)
		tp->rcv_rtt_est.rtt = min(tp->rcv_rtt_est.rtt, m);
	else
		tp->rcv_rtt_est.rtt += (m - tp->rcv_rtt_est.rtt) / 8;
}

void tcp_rcv_rtt_measure(struct tcp_sock *tp)
{
	if (tp->rcv_rtt_est.time) {
		if (before(tp->rcv_nxt, tp->rcv_rtt_est.seq))
			return;
		rcv_rtt_update(tp, tp_now(tp) - tp->rcv_rtt_est.time, true);
	}
	tp->rcv_rtt_est.seq = tp->rcv_nxt + tp->rcv_wnd;
	tp->rcv_rtt_est.time = tp_now(tp);
}

void tcp_rcv_rtt_measure_ts(struct tcp_sock *tp, const struct sk_buff *skb)
{
	nsec_t rtt;

	if (!tp->rx_opt.saw_tstamp || tp->rx_opt.rcv_tsecr == tp->rcv_rtt_est.last_tsecr)
		return;
	tp->rcv_rtt_est.last_tsecr = tp->rx_opt.rcv_tsecr;
	if (TCP_SKB_CB(skb)->end_seq - TCP_SKB_CB(skb)->seq < tp->ack.rcv_mss)
		return;
	rtt = tcp_rtt_tsopt(tp);
	if (rtt >= 0)
		rcv_rtt_update(tp, rtt, false);
}

static void rcvbuf_grow(struct tcp_sock *tp, u32 copied)
{
	struct sock *sk = tp_sock(tp);
	u32 oldval = max(tp->rcvq_space.space, 1u);
	u64 rcvwin, grow;
	u32 rcvbuf;

	tp->rcvq_space.space = copied;
	if (!tp_net(tp)->sysctl.tcp_moderate_rcvbuf || (sk->userlocks & SOCK_RCVBUF_LOCK))
		return;
	/* The measure is one round trip late, and a slow-starting sender doubles its rate. */
	rcvwin = (u64)copied << 1;
	grow = rcvwin * (copied - oldval) / oldval;
	rcvwin += grow << 1;
	if (!list_empty(&tp->out_of_order_queue.list))
		rcvwin += TCP_SKB_CB(tcp_queue_tail(&tp->out_of_order_queue))->end_seq - tp->rcv_nxt;
	rcvwin = min(rcvwin, (u64)INT32_MAX);
	rcvbuf = min(space_from_win(tp, (u32)rcvwin), tp_net(tp)->sysctl.tcp_rmem[2]);
	if (rcvbuf > sk->rcvbuf) {
		sk->rcvbuf = rcvbuf;
		tcp_set_window_clamp(tp, tcp_win_from_space(tp, rcvbuf));
	}
}

void tcp_rcv_space_adjust(struct tcp_sock *tp)
{
	nsec_t now = tp_now(tp);
	u32 copied, inq;

	if (!tp->rcv_rtt_est.rtt || now - tp->rcvq_space.time < tp->rcv_rtt_est.rtt)
		return;
	copied = tp->copied_seq - tp->rcvq_space.seq;
	inq = tp->rcv_nxt - tp->copied_seq;
	if (copied > inq && copied - inq > tp->rcvq_space.space)
		rcvbuf_grow(tp, copied - inq);
	tp->rcvq_space.seq = tp->copied_seq;
	tp->rcvq_space.time = now;
}

void tcp_cleanup_rbuf(struct tcp_sock *tp, int copied)
{
	bool time_to_ack = false;

	if (tcp_ack_scheduled(tp)) {
		u8 pending = tp->ack.pending;
		bool pushed = (pending & ICSK_ACK_PUSHED2) ||
			      ((pending & ICSK_ACK_PUSHED) && !tp->ack.pingpong);

		time_to_ack = tp->rcv_nxt - tp->rcv_wup > tp->ack.rcv_mss ||
			      (copied > 0 && pushed && !tp_sock(tp)->rmem_alloc);
	}
	/* A window that at least doubles is worth telling. */
	if (copied > 0 && !time_to_ack && !(tp_sock(tp)->shutdown & RCV_SHUTDOWN)) {
		u32 now = tcp_receive_window(tp);

		if (2 * (u64)now <= tp->window_clamp) {
			u32 new_window = tcp_compute_window(tp);

			time_to_ack = new_window && new_window >= 2 * (u64)now;
		}
	}
	if (time_to_ack)
		tcp_send_ack(tp);
}

/* SPDX-License-Identifier: MIT */
/*
 * Sending again what was sent: one segment, or all that is marked lost as far as cwnd allows.
 *
 * RFC 6675 4 (NextSeg by the scoreboard), RFC 9293 3.8.1. A retransmission is cut to the window and to
 * the current MSS, and small neighbours join it. Retransmitted data never carries ECT.
 */
#include "stack/tcp_int.h"

#define SYN_ECN (TCPHDR_SYN | TCPHDR_ECE | TCPHDR_CWR)

/* Fills a short segment up with those behind it, as long as they are all still needed. */
static void retrans_try_collapse(struct tcp_sock *tp, struct sk_buff *to, u32 space)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(to);
	struct sk_buff *skb;
	bool first = true;

	if (cb->tcp_flags & (TCPHDR_SYN | TCPHDR_FIN))
		return;
	while ((skb = tcp_queue_next(&tp->rtx_queue, to))) {
		const struct tcp_skb_cb *next = TCP_SKB_CB(skb);
		u32 pcount = tcp_skb_pcount(skb);

		if (pcount > 1 || cb->eor || !skb->len || (next->tcp_flags & TCPHDR_SYN) ||
		    (next->sacked & TCPCB_SACKED_ACKED) || skb->len > space - min(space, to->len))
			break;
		/* The first may be partly outside the window; the rest must be inside. */
		if (!first && after(next->end_seq, tcp_wnd_end(tp)))
			break;
		first = false;
		if (next->tcp_flags & TCPHDR_FIN)
			break;
		if (to->nfrags + skb->nfrags > MAX_SKB_FRAGS)
			break;
		tcp_adjust_pcount(tp, skb, (int)pcount);
		tcp_rtx_merge(tp, to, skb);
		TCP_SKB_CB(to)->tcp_gso_segs = 1;
		TCP_SKB_CB(to)->tcp_gso_size = 0;
	}
}

/* Cuts skb to len, or brings its segment count up to date with the MSS. */
static void fit_segment(struct tcp_sock *tp, struct sk_buff *skb, u32 len, u32 mss, u32 avail)
{
	int diff;

	if (skb->len > len) {
		tcp_fragment(tp, &tp->rtx_queue, skb, len, mss);
		return;
	}
	diff = (int)tcp_skb_pcount(skb);
	diff -= (int)tcp_set_skb_tso_segs(skb, mss);
	if (diff)
		tcp_adjust_pcount(tp, skb, diff);
	avail = min(avail, mss);
	if (skb->len && skb->len < avail)
		retrans_try_collapse(tp, skb, avail);
}

static int trim_acked(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (before(cb->seq, tp->snd_una) && (cb->tcp_flags & TCPHDR_SYN)) {
		cb->tcp_flags &= (u8)~TCPHDR_SYN;
		cb->seq++;
	}
	if (!before(cb->seq, tp->snd_una))
		return 0;
	if (before(cb->end_seq, tp->snd_una))
		return -EINVAL;
	if (tp->snd_una - cb->seq < skb->len)
		tcp_trim_head(tp, skb, tp->snd_una - cb->seq);
	return 0;
}

static int send_again(struct tcp_sock *tp, struct sk_buff *skb, u32 segs)
{
	struct net *net = tp_net(tp);
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	s32 avail = (s32)(tcp_wnd_end(tp) - cb->seq);
	u32 mss, len;
	int err;

	err = trim_acked(tp, skb);
	if (!err)
		err = tcp_rebuild_header(tp);
	if (err)
		return err;
	mss = tcp_current_mss(tp);
	avail = (s32)(tcp_wnd_end(tp) - cb->seq);
	if (avail <= 0) {
		/* Outside a window that shrank; at its very edge it is the zero-window probe. */
		if (cb->seq != tp->snd_una)
			return -EAGAIN;
		avail = (s32)mss;
	}
	len = mss * segs;
	if (len > (u32)avail)
		len = (u32)avail >= mss ? (u32)avail / mss * mss : (u32)avail;
	fit_segment(tp, skb, len, mss, (u32)avail);
	/* RFC 3168 6.1.1.1: a SYN that went unanswered is tried without ECN. */
	if ((cb->tcp_flags & SYN_ECN) == SYN_ECN) {
		cb->tcp_flags &= (u8) ~(TCPHDR_ECE | TCPHDR_CWR);
		tp->ecn_flags = 0;
	}
	segs = tcp_skb_pcount(skb);
	NET_ADD_STATS(net, RetransSegs, segs);
	if (cb->tcp_flags & TCPHDR_SYN)
		NET_INC_STATS(net, TCPSynRetrans);
	tp->total_retrans += segs;
	tp->bytes_retrans += skb->len;
	cb->sacked |= TCPCB_EVER_RETRANS;
	err = tcp_transmit_skb(tp, skb, true);
	if (err)
		NET_ADD_STATS(net, TCPRetransFail, segs);
	return err;
}

int tcp_retransmit_segs(struct tcp_sock *tp, struct sk_buff *skb, u32 segs)
{
	int err = send_again(tp, skb, segs);

	if (!err) {
		TCP_SKB_CB(skb)->sacked |= TCPCB_RETRANS;
		tp->retrans_out += tcp_skb_pcount(skb);
	}
	if (!tp->retrans_stamp)
		tp->retrans_stamp = tp_now(tp);
	tp->undo_retrans = max(tp->undo_retrans, 0) + (int)tcp_skb_pcount(skb);
	return err;
}

int tcp_retransmit_skb(struct tcp_sock *tp, struct sk_buff *skb)
{
	return tcp_retransmit_segs(tp, skb, 1);
}

void tcp_xmit_retransmit_queue(struct tcp_sock *tp)
{
	struct sk_buff *head = tcp_rtx_queue_head(tp), *skb, *hole = NULL;
	bool rearm_timer = false;
	u32 max_segs;

	if (!tp->packets_out || !head)
		return;
	max_segs = tcp_tso_segs(tp, tcp_current_mss(tp));
	skb = tp->retransmit_skb_hint ? tp->retransmit_skb_hint : head;
	for (; skb; skb = tcp_queue_next(&tp->rtx_queue, skb)) {
		u8 sacked = TCP_SKB_CB(skb)->sacked;
		u32 in_flight = tcp_packets_in_flight(tp);

		if (tcp_pacing_check(tp))
			break;
		if (!hole)
			tp->retransmit_skb_hint = skb;
		if (in_flight >= tp->snd_cwnd || tp->retrans_out >= tp->lost_out)
			break;
		if (!(sacked & TCPCB_LOST)) {
			if (!hole && !(sacked & (TCPCB_SACKED_RETRANS | TCPCB_SACKED_ACKED)))
				hole = skb;
			continue;
		}
		if (sacked & (TCPCB_SACKED_ACKED | TCPCB_SACKED_RETRANS))
			continue;
		if (tcp_small_queue_check(tp, skb, 1))
			break;
		if (tcp_retransmit_segs(tp, skb, min(tp->snd_cwnd - in_flight, max_segs)))
			break;
		if (tp->ca_state != TCP_CA_Loss)
			NET_ADD_STATS(tp_net(tp), TCPFastRetrans, tcp_skb_pcount(skb));
		else
			NET_ADD_STATS(tp_net(tp), TCPSlowStartRetrans, tcp_skb_pcount(skb));
		if (tcp_in_cwnd_reduction(tp))
			tp->prr_out += tcp_skb_pcount(skb);
		rearm_timer |= skb == head;
	}
	if (rearm_timer)
		tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS, tp_now(tp) + tp->rto);
}

/* Path MTU discovery: what does not fit any more counts as lost, but not as congestion. */
void tcp_simple_retransmit(struct tcp_sock *tp)
{
	u32 mss = tcp_current_mss(tp), prior_lost = tp->lost_out;
	struct sk_buff *skb;

	list_for_each_entry(skb, &tp->rtx_queue.list, node)
		if (skb->len > mss)
			tcp_mark_skb_lost(tp, skb);
	tp->retransmit_skb_hint = NULL;
	if (prior_lost == tp->lost_out)
		return;
	if (!tcp_is_sack(tp))
		tp->sacked_out = min(tp->sacked_out, tp->packets_out - max(tp->lost_out, 1u));
	if (tp->ca_state != TCP_CA_Loss) {
		tp->high_seq = tp->snd_nxt;
		tp->snd_ssthresh = tcp_current_ssthresh(tp);
		tp->prior_ssthresh = 0;
		tp->undo_marker = 0;
		tcp_set_ca_state(tp, TCP_CA_Loss);
	}
	tcp_xmit_retransmit_queue(tp);
}

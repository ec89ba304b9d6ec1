/* SPDX-License-Identifier: MIT */
/*
 * The sender's scoreboard: which segments of rtx_queue the peer holds (SACKed) and which are lost.
 *
 * RFC 2018, RFC 2883 (duplicate SACK) and RFC 6675: a segment is lost when `reordering` segments above
 * it are SACKed. The degree of reordering starts at three and grows with what is seen (a hole that fills
 * without a retransmission).
 *
 * Work per ACK is bounded by what changed: blocks that were known with the last ACK are skipped, a block
 * that grew at its end is walked from the highest SACKed segment, neighbours that are both SACKed
 * become one skb, and loss marking goes on where it stopped (lost_skb_hint, lost_cnt_hint).
 */
#include <string.h>

#include "stack/tcp_int.h"

void tcp_clear_retrans_hints(struct tcp_sock *tp)
{
	tp->retransmit_skb_hint = NULL;
	tp->lost_skb_hint = NULL;
	tp->lost_cnt_hint = 0;
	if (tcp_rtx_queue_empty(tp))
		tp->highest_sack = NULL;
}

void tcp_mark_skb_lost(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (cb->sacked & TCPCB_SACKED_ACKED)
		return;
	if (tp->retransmit_skb_hint && before(cb->seq, TCP_SKB_CB(tp->retransmit_skb_hint)->seq))
		tp->retransmit_skb_hint = skb;
	if (cb->sacked & TCPCB_LOST) {
		if (cb->sacked & TCPCB_SACKED_RETRANS) {
			cb->sacked &= (u8)~TCPCB_SACKED_RETRANS;
			tp->retrans_out -= tcp_skb_pcount(skb);
			NET_ADD_STATS(tp_net(tp), TCPLostRetransmit, tcp_skb_pcount(skb));
		}
		return;
	}
	cb->sacked |= TCPCB_LOST;
	tp->lost_out += tcp_skb_pcount(skb);
}

/* Marks what has more than `packets` SACKed segments above it to spare; one: at most the head. */
static void mark_head_lost(struct tcp_sock *tp, u32 packets, bool one)
{
	u32 loss_high = tcp_highest_sack_seq(tp);
	struct sk_buff *skb = tp->lost_skb_hint;
	u32 cnt = 0;

	if (skb) {
		if (one && after(TCP_SKB_CB(skb)->seq, tp->snd_una))
			return;
		cnt = tp->lost_cnt_hint;
	} else {
		skb = tcp_rtx_queue_head(tp);
	}
	for (; skb; skb = tcp_queue_next(&tp->rtx_queue, skb)) {
		tp->lost_skb_hint = skb;
		tp->lost_cnt_hint = cnt;
		if (after(TCP_SKB_CB(skb)->end_seq, loss_high))
			break;
		if (TCP_SKB_CB(skb)->sacked & TCPCB_SACKED_ACKED)
			cnt += tcp_skb_pcount(skb);
		if (cnt > packets)
			break;
		if (!(TCP_SKB_CB(skb)->sacked & TCPCB_LOST))
			tcp_mark_skb_lost(tp, skb);
		if (one)
			break;
	}
}

void tcp_update_scoreboard(struct tcp_sock *tp, bool fast_rexmit)
{
	int sacked_upto = (int)tp->sacked_out - (int)tp->reordering;

	if (!tcp_is_sack(tp))
		return;
	if (sacked_upto >= 0)
		mark_head_lost(tp, (u32)sacked_upto, false);
	else if (fast_rexmit)
		mark_head_lost(tp, 1, true);
}

void tcp_check_sack_reordering(struct tcp_sock *tp, u32 low_seq, bool ts)
{
	u32 fack = tcp_highest_sack_seq(tp);
	u32 mss = tp->mss_cache, metric;

	if (!before(low_seq, fack))
		return;
	metric = fack - low_seq;
	if (mss && metric > tp->reordering * mss)
		tp->reordering = min((metric + mss - 1) / mss, TCP_MAX_REORDERING);
	if (ts)
		NET_INC_STATS(tp_net(tp), TCPTSReorder);
	else
		NET_INC_STATS(tp_net(tp), TCPSACKReorder);
}

static bool block_valid(const struct tcp_sock *tp, bool dsack, u32 start, u32 end)
{
	if (after(end, tp->snd_nxt) || !before(start, end) || !before(start, tp->snd_nxt))
		return false;
	if (after(start, tp->snd_una))
		return true;
	if (!dsack || !tp->undo_marker || after(end, tp->snd_una))
		return false;
	if (!before(start, tp->undo_marker))
		return true;
	return after(end, tp->undo_marker) && !before(start, end - tp->max_window);
}

/* The first block reports a duplicate when it is acknowledged already or lies inside the second. */
static bool check_dsack(struct tcp_sock *tp, u32 ack, u32 prior_snd_una, struct tcp_sacktag_state *st)
{
	const struct tcp_sack_block *b = tp->rx_opt.sacks;
	u32 segs;

	if (before(b[0].start_seq, ack)) {
		NET_INC_STATS(tp_net(tp), TCPDSACKRecv);
	} else if (tp->rx_opt.num_sacks > 1 && !after(b[0].end_seq, b[1].end_seq) &&
		   !before(b[0].start_seq, b[1].start_seq)) {
		NET_INC_STATS(tp_net(tp), TCPDSACKOfoRecv);
	} else {
		return false;
	}
	segs = max((b[0].end_seq - b[0].start_seq) / max(tp->mss_cache, 1u), 1u);
	if (tp->undo_marker && tp->undo_retrans > 0 && !after(b[0].end_seq, prior_snd_una) &&
	    after(b[0].end_seq, tp->undo_marker))
		tp->undo_retrans = max(0, tp->undo_retrans - (int)segs);
	st->flag |= FLAG_DSACKING_ACK;
	return true;
}

static void count_delivered(struct tcp_sock *tp, u32 n, int flag)
{
	tp->delivered += n;
	if (flag & FLAG_ECE)
		tp->delivered_ce += n;
}

static void newly_sacked(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_sacktag_state *st)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 pcount = tcp_skb_pcount(skb);

	if (cb->sacked & TCPCB_SACKED_RETRANS) {
		/* Not marked lost: then the retransmission is believed to be in flight still. */
		if (cb->sacked & TCPCB_LOST) {
			cb->sacked &= (u8) ~(TCPCB_LOST | TCPCB_SACKED_RETRANS);
			tp->lost_out -= pcount;
			tp->retrans_out -= pcount;
		}
	} else {
		if (!(cb->sacked & TCPCB_RETRANS)) {
			/* A hole that was not retransmitted is filled: it was overtaken. */
			if (before(cb->seq, tcp_highest_sack_seq(tp)) && before(cb->seq, st->reord))
				st->reord = cb->seq;
			if (!after(cb->end_seq, tp->high_seq))
				st->flag |= FLAG_ORIG_SACK_ACKED;
			if (!st->first_sackt)
				st->first_sackt = cb->tx_time;
			st->last_sackt = cb->tx_time;
		}
		if (cb->sacked & TCPCB_LOST) {
			cb->sacked &= (u8)~TCPCB_LOST;
			tp->lost_out -= pcount;
		}
	}
	cb->sacked |= TCPCB_SACKED_ACKED;
	st->flag |= FLAG_DATA_SACKED;
	tp->sacked_out += pcount;
	count_delivered(tp, pcount, st->flag);
	if (tp->lost_skb_hint && before(cb->seq, TCP_SKB_CB(tp->lost_skb_hint)->seq))
		tp->lost_cnt_hint += pcount;
}

static void sacktag_one(struct tcp_sock *tp, struct sk_buff *skb, struct tcp_sacktag_state *st,
			bool dup)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 pcount = tcp_skb_pcount(skb);

	if (dup && (cb->sacked & TCPCB_RETRANS)) {
		if (tp->undo_marker && tp->undo_retrans > 0 && after(cb->end_seq, tp->undo_marker))
			tp->undo_retrans = max(0, tp->undo_retrans - (int)pcount);
		if ((cb->sacked & TCPCB_SACKED_ACKED) && before(cb->seq, st->reord))
			st->reord = cb->seq;
	}
	if (!after(cb->end_seq, tp->snd_una))
		return;
	if (!(cb->sacked & TCPCB_SACKED_ACKED)) {
		newly_sacked(tp, skb, st);
		if (!tp->highest_sack ||
		    after(cb->end_seq, TCP_SKB_CB(tp->highest_sack)->end_seq) ||
		    !(TCP_SKB_CB(tp->highest_sack)->sacked & TCPCB_SACKED_ACKED))
			tp->highest_sack = skb;
	}
	if (dup && (cb->sacked & TCPCB_SACKED_RETRANS)) {
		cb->sacked &= (u8)~TCPCB_SACKED_RETRANS;
		tp->retrans_out -= pcount;
	}
}

/* Cuts skb so that its first part lies inside the block or outside; true: inside. */
static bool match_to_block(struct tcp_sock *tp, struct sk_buff *skb, u32 start, u32 end)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 mss = cb->tcp_gso_size ? cb->tcp_gso_size : max(skb->len, 1u);
	bool in_sack = !before(cb->seq, start);
	u32 len;

	if (!after(start, cb->seq) && !before(end, cb->end_seq))
		return true;
	if (tcp_skb_pcount(skb) == 1)
		return false;
	len = in_sack ? end - cb->seq : start - cb->seq;
	/* Only whole segments: round towards what is not SACKed. */
	if (len > mss && len % mss)
		len = in_sack ? len / mss * mss : (len / mss + 1) * mss;
	else if (len < mss)
		len = in_sack ? 0 : mss;
	if (!len || len >= skb->len)
		return false;
	tcp_fragment(tp, &tp->rtx_queue, skb, len, mss);
	return in_sack;
}

/* Two SACKed neighbours of the same history become one, so that walks stay short. */
static struct sk_buff *merge_sacked(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sk_buff *prev = tcp_queue_prev(&tp->rtx_queue, skb);

	if (!prev || TCP_SKB_CB(prev)->sacked != TCP_SKB_CB(skb)->sacked ||
	    TCP_SKB_CB(prev)->end_seq != TCP_SKB_CB(skb)->seq)
		return skb;
	if (tp->lost_skb_hint == skb || tp->lost_skb_hint == prev || tp->retransmit_skb_hint == skb)
		return skb;
	if (!tcp_rtx_merge(tp, prev, skb))
		return skb;
	NET_INC_STATS(tp_net(tp), TCPSackMerged);
	return prev;
}

static void walk_block(struct tcp_sock *tp, struct sk_buff *skb, const struct tcp_sack_block *b,
		       struct tcp_sacktag_state *st, bool dup)
{
	for (; skb; skb = tcp_queue_next(&tp->rtx_queue, skb)) {
		struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
		bool was_sacked;

		if (!before(cb->seq, b->end_seq))
			break;
		if (!after(cb->end_seq, b->start_seq))
			continue;
		was_sacked = cb->sacked & TCPCB_SACKED_ACKED;
		if (!match_to_block(tp, skb, b->start_seq, b->end_seq))
			continue;
		sacktag_one(tp, skb, st, dup);
		if (!was_sacked && (cb->sacked & TCPCB_SACKED_ACKED))
			skb = merge_sacked(tp, skb);
	}
}

/* Where to begin: what the last ACK told of this block needs no second look. False: nothing is new. */
static bool block_start(struct tcp_sock *tp, const struct tcp_sack_block *b, struct sk_buff **skb)
{
	struct sk_buff *high = tp->sacked_out ? tp->highest_sack : NULL;

	*skb = tcp_rtx_queue_head(tp);
	for (size_t i = 0; i < ARRAY_SIZE(tp->recv_sack_cache); i++) {
		const struct tcp_sack_block *c = &tp->recv_sack_cache[i];

		if (c->start_seq == c->end_seq || c->start_seq != b->start_seq)
			continue;
		if (c->end_seq == b->end_seq)
			return false;
		if (high && !before(c->end_seq, TCP_SKB_CB(high)->end_seq) &&
		    after(b->end_seq, c->end_seq))
			*skb = high;
		return true;
	}
	if (high && !before(b->start_seq, TCP_SKB_CB(high)->end_seq))
		*skb = high;
	return true;
}

static u32 collect_blocks(struct tcp_sock *tp, u32 prior_snd_una, bool dup,
			  struct tcp_sack_block out[4], bool is_dup[4])
{
	u32 n = 0;

	for (int i = 0; i < tp->rx_opt.num_sacks; i++) {
		struct tcp_sack_block b = tp->rx_opt.sacks[i];
		u32 pos = n;

		if (!block_valid(tp, dup && !i, b.start_seq, b.end_seq)) {
			NET_INC_STATS(tp_net(tp), TCPSACKDiscard);
			continue;
		}
		if (!after(b.end_seq, prior_snd_una))
			continue;
		/* In order of sequence. */
		for (; pos && after(out[pos - 1].start_seq, b.start_seq); pos--) {
			out[pos] = out[pos - 1];
			is_dup[pos] = is_dup[pos - 1];
		}
		out[pos] = b;
		is_dup[pos] = dup && !i;
		n++;
	}
	return n;
}

int tcp_sacktag_write_queue(struct tcp_sock *tp, const struct sk_buff *skb, u32 prior_snd_una,
			    struct tcp_sacktag_state *st)
{
	struct tcp_sack_block blocks[4];
	bool is_dup[4];
	bool dup;
	u32 n;

	st->reord = tp->snd_nxt;
	if (!tp->sacked_out) {
		tp->highest_sack = NULL;
		memset(tp->recv_sack_cache, 0, sizeof(tp->recv_sack_cache));
	}
	dup = check_dsack(tp, TCP_SKB_CB(skb)->ack_seq, prior_snd_una, st);
	if (before(TCP_SKB_CB(skb)->ack_seq, prior_snd_una - tp->max_window) || !tp->packets_out)
		return st->flag;
	n = collect_blocks(tp, prior_snd_una, dup, blocks, is_dup);
	for (u32 i = 0; i < n; i++) {
		struct sk_buff *start;

		if (is_dup[i])
			walk_block(tp, tcp_rtx_queue_head(tp), &blocks[i], st, true);
		else if (block_start(tp, &blocks[i], &start))
			walk_block(tp, start, &blocks[i], st, false);
	}
	memset(tp->recv_sack_cache, 0, sizeof(tp->recv_sack_cache));
	memcpy(tp->recv_sack_cache, blocks, n * sizeof(blocks[0]));
	if (tp->ca_state != TCP_CA_Loss || tp->undo_marker)
		tcp_check_sack_reordering(tp, st->reord, false);
	return st->flag;
}

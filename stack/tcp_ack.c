/* SPDX-License-Identifier: MIT */
/*
 * Processing of an acknowledgement.
 *
 * RFC 9293 3.10.7.4 (fifth check), RFC 5961 5 (range), RFC 7323 (window, timestamps), RFC 6675. In this
 * order: is it acceptable, does it update the window, what does it SACK, what leaves rtx_queue (RTT
 * samples), is it unusual (tcp_recovery.c), how does the congestion window change, what is sent now.
 *
 * Work is O(segments that leave the queue).
 */
#include "stack/tcp_int.h"

void tcp_init_wl(struct tcp_sock *tp, u32 seq)
{
	tp->snd_wl1 = seq;
}

/* What tcp_clean_rtx_queue() finds out about the segments it removes. */
struct clean_result {
	nsec_t first_ackt, last_ackt; /* transmission of the first and last ACKed once-sent segment */
	u32 reord;
	u32 pkts_acked;
	int flag;
};

static void store_ts_recent(struct tcp_sock *tp)
{
	tp->rx_opt.ts_recent = tp->rx_opt.rcv_tsval;
	tp->rx_opt.ts_recent_stamp = tp_now(tp);
}

/* RFC 7323 4.3: only from segments that cover the last ACK sent. */
static void replace_ts_recent(struct tcp_sock *tp, u32 seq)
{
	if (tp->rx_opt.saw_tstamp && !after(seq, tp->rcv_wup) &&
	    (s32)(tp->rx_opt.ts_recent - tp->rx_opt.rcv_tsval) <= 0)
		store_ts_recent(tp);
}

static void snd_una_update(struct tcp_sock *tp, u32 ack)
{
	tp->bytes_acked += ack - tp->snd_una;
	tp->snd_una = ack;
}

static int update_window(struct tcp_sock *tp, struct sk_buff *skb, u32 ack, u32 ack_seq)
{
	u32 nwin = get_be16(skb_transport_header(skb) + 14);
	int flag = 0;

	if (!(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN))
		nwin <<= tp->rx_opt.snd_wscale;
	if (after(ack, tp->snd_una) || after(ack_seq, tp->snd_wl1) ||
	    (ack_seq == tp->snd_wl1 && (nwin > tp->snd_wnd || !nwin))) {
		flag |= FLAG_WIN_UPDATE;
		tp->snd_wl1 = ack_seq;
		if (tp->snd_wnd != nwin) {
			tp->snd_wnd = nwin;
			if (!tcp_write_queue_empty(tp))
				tcp_slow_start_after_idle_check(tp);
			if (nwin > tp->max_window) {
				tp->max_window = nwin;
				tcp_sync_mss(tp, tp->pmtu_cookie);
			}
		}
	}
	snd_una_update(tp, ack);
	return flag;
}

/* The ACK ends inside skb: how many of its segments leave. */
static u32 partly_acked(struct tcp_sock *tp, struct sk_buff *skb)
{
	u32 before_trim = tcp_skb_pcount(skb);

	tcp_trim_head(tp, skb, tp->snd_una - TCP_SKB_CB(skb)->seq);
	return before_trim - tcp_skb_pcount(skb);
}

static void account_acked(struct tcp_sock *tp, const struct sk_buff *skb, u32 start_seq, u32 n,
			  struct clean_result *r)
{
	const struct tcp_skb_cb *cb = (const struct tcp_skb_cb *)(const void *)skb->cb;

	if (cb->sacked & TCPCB_RETRANS) {
		if (cb->sacked & TCPCB_SACKED_RETRANS)
			tp->retrans_out -= n;
		r->flag |= FLAG_RETRANS_DATA_ACKED;
	} else if (!(cb->sacked & TCPCB_SACKED_ACKED)) {
		r->last_ackt = cb->tx_time;
		if (!r->first_ackt)
			r->first_ackt = cb->tx_time;
		if (before(start_seq, r->reord))
			r->reord = start_seq;
		if (!after(cb->end_seq, tp->high_seq))
			r->flag |= FLAG_ORIG_SACK_ACKED;
	}
	if (cb->sacked & TCPCB_SACKED_ACKED)
		tp->sacked_out -= n;
	else if (tcp_is_sack(tp))
		tp->delivered += n;
	if (cb->sacked & TCPCB_LOST)
		tp->lost_out -= n;
	tp->packets_out -= n;
	r->pkts_acked += n;
	if (cb->tcp_flags & TCPHDR_SYN) {
		r->flag |= FLAG_SYN_ACKED;
		tp->retrans_stamp = 0;
	} else {
		r->flag |= FLAG_DATA_ACKED;
	}
}

/* Removes what is acknowledged; true: the last one left as a whole. */
static bool take_acked(struct tcp_sock *tp, struct clean_result *r)
{
	struct sk_buff *skb;

	while ((skb = tcp_rtx_queue_head(tp))) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
		u32 start_seq = cb->seq, n = tcp_skb_pcount(skb);
		bool whole = !after(cb->end_seq, tp->snd_una);

		if (!whole) {
			if (n == 1 || !after(tp->snd_una, cb->seq))
				break;
			n = partly_acked(tp, skb);
			if (!n)
				break;
		}
		account_acked(tp, skb, start_seq, n, r);
		if (!whole)
			return false;
		if (skb == tp->retransmit_skb_hint)
			tp->retransmit_skb_hint = NULL;
		if (skb == tp->lost_skb_hint)
			tp->lost_skb_hint = NULL;
		if (skb == tp->highest_sack)
			tp->highest_sack = NULL;
		tcp_wmem_free_skb(tp, &tp->rtx_queue, skb);
	}
	return true;
}

static void sample_rtt(struct tcp_sock *tp, struct clean_result *r, struct tcp_sacktag_state *st,
		       u32 prior_sacked, u32 prior_snd_una, bool fully, u32 prior_fack)
{
	nsec_t now = tp_now(tp), seq_rtt = -1, ca_rtt = -1, sack_rtt = -1;
	struct sk_buff *head = tcp_rtx_queue_head(tp);
	bool updated;

	if (r->first_ackt && !(r->flag & FLAG_RETRANS_DATA_ACKED)) {
		seq_rtt = now - r->first_ackt;
		ca_rtt = now - r->last_ackt;
		/* A lone short segment may have waited for a delayed ACK. */
		if (r->pkts_acked == 1 && fully && !prior_sacked &&
		    tp->snd_una - prior_snd_una < tp->mss_cache &&
		    !(r->flag & (FLAG_CA_ALERT | FLAG_SYN_ACKED)))
			r->flag |= FLAG_ACK_MAYBE_DELAYED;
	}
	if (st->first_sackt) {
		sack_rtt = now - st->first_sackt;
		ca_rtt = now - st->last_sackt;
	}
	updated = tcp_ack_update_rtt(tp, r->flag, seq_rtt, sack_rtt, &ca_rtt);
	st->rtt = ca_rtt;
	if (r->flag & FLAG_ACKED) {
		r->flag |= FLAG_SET_XMIT_TIMER;
		if (!tcp_is_sack(tp)) {
			tcp_remove_reno_sacks(tp, (int)r->pkts_acked);
			/* Which of them was acknowledged cannot be told. */
			if (r->flag & FLAG_RETRANS_DATA_ACKED)
				r->flag &= ~FLAG_ORIG_SACK_ACKED;
		} else {
			u32 delta = prior_sacked - tp->sacked_out;

			if (before(r->reord, prior_fack))
				tcp_check_sack_reordering(tp, r->reord, false);
			tp->lost_cnt_hint -= min(tp->lost_cnt_hint, delta);
		}
	} else if (head && updated && sack_rtt >= 0 && sack_rtt > now - TCP_SKB_CB(head)->tx_time) {
		/* Do not let SACKs of old data put the timer off for ever. */
		r->flag |= FLAG_SET_XMIT_TIMER;
	}
}

static int clean_rtx_queue(struct tcp_sock *tp, u32 prior_fack, u32 prior_snd_una,
			   struct tcp_sacktag_state *st, int flag)
{
	struct clean_result r = { .reord = tp->snd_nxt, .flag = flag };
	u32 prior_sacked = tp->sacked_out;
	bool fully = take_acked(tp, &r);
	struct sk_buff *head = tcp_rtx_queue_head(tp);

	if (between(tp->snd_up, prior_snd_una, tp->snd_una))
		tp->snd_up = tp->snd_una;
	if (head && (TCP_SKB_CB(head)->sacked & TCPCB_SACKED_ACKED))
		r.flag |= FLAG_SACK_RENEGING;
	sample_rtt(tp, &r, st, prior_sacked, prior_snd_una, fully, prior_fack);
	if (tp->ca_ops && tp->ca_ops->pkts_acked)
		tp->ca_ops->pkts_acked(tp, r.pkts_acked, st->rtt);
	return r.flag;
}

static bool ack_is_dubious(const struct tcp_sock *tp, int flag)
{
	return !(flag & FLAG_NOT_DUP) || (flag & FLAG_CA_ALERT) || tp->ca_state != TCP_CA_Open;
}

static bool may_raise_cwnd(const struct tcp_sock *tp, int flag)
{
	/* Under heavy reordering what was SACKed counts: the head may be late for long. */
	if (tp->reordering > (u32)tp->inet.sk.net->sysctl.tcp_reordering)
		return flag & FLAG_FORWARD_PROGRESS;
	return flag & FLAG_DATA_ACKED;
}

static void cong_control(struct tcp_sock *tp, u32 ack, u32 delivered, bool newly_lost, int flag)
{
	if (tcp_in_cwnd_reduction(tp)) {
		tcp_cwnd_reduction(tp, (int)delivered, newly_lost, flag);
	} else if (may_raise_cwnd(tp, flag)) {
		tp->ca_ops->cong_avoid(tp, ack, delivered);
		tp->snd_cwnd_stamp = tp_now(tp);
	}
	tcp_update_pacing_rate(tp);
}

static void xmit_recovery(struct tcp_sock *tp, enum tcp_rexmit rexmit)
{
	if (rexmit == REXMIT_NONE || tp_sock(tp)->state == TCP_SYN_SENT)
		return;
	if (rexmit == REXMIT_NEW) {
		tcp_push_frames(tp, tcp_current_mss(tp), TCP_NAGLE_OFF);
		if (after(tp->snd_nxt, tp->high_seq))
			return;
		tp->frto = false;
	}
	tcp_xmit_retransmit_queue(tp);
}

/* An ACK below snd_una: its SACK blocks may still tell something new. */
static int old_ack(struct tcp_sock *tp, struct sk_buff *skb, int flag, u32 prior_snd_una)
{
	struct tcp_sacktag_state st = { 0 };
	enum tcp_rexmit rexmit = REXMIT_NONE;

	if (!tp->rx_opt.num_sacks || !tcp_is_sack(tp))
		return 0;
	flag |= tcp_sacktag_write_queue(tp, skb, prior_snd_una, &st);
	tcp_fastretrans_alert(tp, prior_snd_una, 0, &flag, &rexmit);
	xmit_recovery(tp, rexmit);
	return 0;
}

static int too_old(struct tcp_sock *tp, u32 ack, int flag)
{
	u32 window = (u32)min((u64)tp->max_window, tp->bytes_acked);

	if (!before(ack, tp->snd_una - window))
		return 0;
	if (!(flag & FLAG_NO_CHALLENGE_ACK))
		tcp_send_challenge_ack(tp);
	return -SKB_DROP_REASON_TCP_TOO_OLD_ACK;
}

/* Window, SACK blocks and ECE of an acceptable ACK; updates snd_una. */
static int note_ack(struct tcp_sock *tp, struct sk_buff *skb, int flag, u32 prior_snd_una,
		    struct tcp_sacktag_state *st)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if ((flag & (FLAG_SLOWPATH | FLAG_SND_UNA_ADVANCED)) == FLAG_SND_UNA_ADVANCED) {
		/* Fast path: the window is what it was, no options but the timestamp. */
		tp->snd_wl1 = cb->seq;
		snd_una_update(tp, cb->ack_seq);
		NET_INC_STATS(tp_net(tp), TCPHPAcks);
		return flag | FLAG_WIN_UPDATE;
	}
	if (cb->seq != cb->end_seq)
		flag |= FLAG_DATA;
	else
		NET_INC_STATS(tp_net(tp), TCPPureAcks);
	flag |= update_window(tp, skb, cb->ack_seq, cb->seq);
	if (tcp_ecn_rcv_ecn_echo(tp, cb->tcp_flags))
		st->flag = FLAG_ECE;
	if (tp->rx_opt.num_sacks && tcp_is_sack(tp))
		flag |= tcp_sacktag_write_queue(tp, skb, prior_snd_una, st);
	return flag | st->flag;
}

static void ack_in_flight(struct tcp_sock *tp, struct sk_buff *skb, int flag, u32 prior_snd_una,
			  u32 prior_fack, u32 prior_delivered, u32 prior_lost,
			  struct tcp_sacktag_state *st)
{
	u32 ack = TCP_SKB_CB(skb)->ack_seq;
	enum tcp_rexmit rexmit = REXMIT_NONE;

	flag = clean_rtx_queue(tp, prior_fack, prior_snd_una, st, flag);
	if (ack_is_dubious(tp, flag)) {
		int num_dupack = 0;

		if (!(flag & (FLAG_SND_UNA_ADVANCED | FLAG_NOT_DUP | FLAG_DSACKING_ACK)))
			num_dupack = max(1, (int)skb->gso_segs);
		tcp_fastretrans_alert(tp, prior_snd_una, num_dupack, &flag, &rexmit);
	}
	if (flag & FLAG_SET_XMIT_TIMER)
		tcp_rearm_rto(tp);
	if ((flag & FLAG_FORWARD_PROGRESS) || !(flag & FLAG_NOT_DUP))
		dst_confirm(&tp->inet.dst);
	if (tp->delivered != prior_delivered) {
		NET_ADD_STATS(tp_net(tp), TCPDelivered, tp->delivered - prior_delivered);
		tp->delivered_time = tp_now(tp);
		if (flag & FLAG_ECE)
			NET_ADD_STATS(tp_net(tp), TCPDeliveredCE, tp->delivered - prior_delivered);
	}
	if (tp->ca_ops)
		cong_control(tp, ack, tp->delivered - prior_delivered, tp->lost_out > prior_lost, flag);
	xmit_recovery(tp, rexmit);
}

int tcp_ack(struct tcp_sock *tp, struct sk_buff *skb, int flag)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_sacktag_state st = { .rtt = -1 };
	u32 prior_snd_una = tp->snd_una, prior_packets = tp->packets_out;
	u32 prior_delivered = tp->delivered, prior_lost = tp->lost_out;
	u32 prior_fack;

	if (before(cb->ack_seq, prior_snd_una)) {
		int reason = too_old(tp, cb->ack_seq, flag);

		return reason ? reason : old_ack(tp, skb, flag, prior_snd_una);
	}
	if (after(cb->ack_seq, tp->snd_nxt))
		return -SKB_DROP_REASON_TCP_ACK_UNSENT_DATA;
	if (after(cb->ack_seq, prior_snd_una)) {
		flag |= FLAG_SND_UNA_ADVANCED;
		tp->retransmits = 0;
	}
	prior_fack = tcp_is_sack(tp) ? tcp_highest_sack_seq(tp) : tp->snd_una;
	if (flag & FLAG_UPDATE_TS_RECENT)
		replace_ts_recent(tp, cb->seq);
	flag = note_ack(tp, skb, flag, prior_snd_una, &st);
	tp_sock(tp)->err_soft = 0;
	tp->probes_out = 0;
	tp->rcv_tstamp = tp_now(tp);
	if (prior_packets) {
		ack_in_flight(tp, skb, flag, prior_snd_una, prior_fack, prior_delivered, prior_lost, &st);
	} else {
		enum tcp_rexmit rexmit = REXMIT_NONE;

		if (flag & FLAG_DSACKING_ACK)
			tcp_fastretrans_alert(tp, prior_snd_una, 0, &flag, &rexmit);
		tcp_ack_probe(tp);
	}
	return 1;
}

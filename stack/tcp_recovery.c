/* SPDX-License-Identifier: MIT */
/*
 * The states of congestion recovery and what an unusual ACK does to them.
 *
 *   Open      nothing unusual
 *   Disorder  duplicate ACKs or SACKs, not enough to act
 *   CWR       the window is being reduced: ECN, or the local queue is full
 *   Recovery  data was lost, fast retransmit under way (RFC 6675 with SACK, RFC 6582 without)
 *   Loss      the retransmission timer expired (RFC 5681 3.1, F-RTO: RFC 5682)
 *
 * CWR and Recovery reduce the window in proportion to what arrives (PRR, RFC 6937), so that it is at
 * ssthresh a round trip later. Without SACK, each duplicate ACK counts as one SACKed segment.
 */
#include "stack/tcp_int.h"

void tcp_reset_reno_sack(struct tcp_sock *tp)
{
	tp->sacked_out = 0;
}

/* More duplicate ACKs than segments: reordering or duplication, not loss. */
static void check_reno_reordering(struct tcp_sock *tp, u32 addend)
{
	u32 holes = min(max(tp->lost_out, 1u), tp->packets_out);

	if (tp->sacked_out + holes <= tp->packets_out)
		return;
	tp->sacked_out = tp->packets_out - holes;
	tp->reordering = min(tp->packets_out + addend, TCP_MAX_REORDERING);
	NET_INC_STATS(tp_net(tp), TCPRenoReorder);
}

void tcp_add_reno_sack(struct tcp_sock *tp, int num_dupack)
{
	u32 prior = tp->sacked_out;

	if (!num_dupack)
		return;
	tp->sacked_out += (u32)num_dupack;
	check_reno_reordering(tp, 0);
	if (tp->sacked_out > prior)
		tp->delivered += tp->sacked_out - prior;
}

void tcp_remove_reno_sacks(struct tcp_sock *tp, int acked)
{
	if (acked > 0) {
		/* One of the ACKed was the hole; the rest ate duplicate ACKs. */
		tp->delivered += (u32)max(acked - (int)tp->sacked_out, 1);
		tp->sacked_out -= min((u32)acked - 1, tp->sacked_out);
	}
	check_reno_reordering(tp, (u32)acked);
}

bool tcp_force_fast_retransmit(const struct tcp_sock *tp)
{
	return after(tcp_highest_sack_seq(tp), tp->snd_una + tp->reordering * tp->mss_cache);
}

static void init_cwnd_reduction(struct tcp_sock *tp)
{
	tp->high_seq = tp->snd_nxt;
	tp->snd_cwnd_cnt = 0;
	tp->prior_cwnd = tp->snd_cwnd;
	tp->prr_delivered = 0;
	tp->prr_out = 0;
	tp->snd_ssthresh = tp->ca_ops->ssthresh(tp);
	tcp_ecn_queue_cwr(tp);
}

void tcp_cwnd_reduction(struct tcp_sock *tp, int newly_acked_sacked, bool newly_lost, int flag)
{
	int delta = (int)tp->snd_ssthresh - (int)tcp_packets_in_flight(tp);
	int sndcnt;

	if (newly_acked_sacked <= 0 || !tp->prior_cwnd)
		return;
	tp->prr_delivered += (u32)newly_acked_sacked;
	if (delta < 0) {
		u64 dividend = (u64)tp->snd_ssthresh * tp->prr_delivered + tp->prior_cwnd - 1;

		sndcnt = (int)(dividend / tp->prior_cwnd) - (int)tp->prr_out;
	} else {
		sndcnt = max((int)tp->prr_delivered - (int)tp->prr_out, newly_acked_sacked);
		if ((flag & FLAG_SND_UNA_ADVANCED) && !newly_lost)
			sndcnt++;
		sndcnt = min(delta, sndcnt);
	}
	/* The fast retransmission itself always goes. */
	sndcnt = max(sndcnt, tp->prr_out ? 0 : 1);
	tp->snd_cwnd = tcp_packets_in_flight(tp) + (u32)sndcnt;
}

static void end_cwnd_reduction(struct tcp_sock *tp)
{
	if (tp->snd_ssthresh < TCP_INFINITE_SSTHRESH &&
	    (tp->ca_state == TCP_CA_CWR || tp->undo_marker)) {
		tp->snd_cwnd = tp->snd_ssthresh;
		tp->snd_cwnd_stamp = tp_now(tp);
	}
	tcp_ca_event(tp, CA_EVENT_COMPLETE_CWR);
}

void tcp_enter_cwr(struct tcp_sock *tp)
{
	tp->prior_ssthresh = 0;
	if (tp->ca_state >= TCP_CA_CWR || !tp->ca_ops)
		return;
	tp->undo_marker = 0;
	init_cwnd_reduction(tp);
	tcp_set_ca_state(tp, TCP_CA_CWR);
}

void tcp_try_keep_open(struct tcp_sock *tp)
{
	enum tcp_ca_state state = TCP_CA_Open;

	if (tcp_left_out(tp) || tcp_any_retrans_done(tp))
		state = TCP_CA_Disorder;
	if (tp->ca_state != state) {
		tcp_set_ca_state(tp, state);
		tp->high_seq = tp->snd_nxt;
	}
}

static void try_to_open(struct tcp_sock *tp, int flag)
{
	if (!tcp_any_retrans_done(tp))
		tp->retrans_stamp = 0;
	if (flag & FLAG_ECE)
		tcp_enter_cwr(tp);
	if (tp->ca_state != TCP_CA_CWR)
		tcp_try_keep_open(tp);
}

static void enter_recovery(struct tcp_sock *tp, bool ece_ack)
{
	if (tcp_is_sack(tp))
		NET_INC_STATS(tp_net(tp), TCPSackRecovery);
	else
		NET_INC_STATS(tp_net(tp), TCPRenoRecovery);
	tp->prior_ssthresh = 0;
	tcp_init_undo(tp);
	if (!tcp_in_cwnd_reduction(tp)) {
		if (!ece_ack)
			tp->prior_ssthresh = tcp_current_ssthresh(tp);
		init_cwnd_reduction(tp);
	}
	tcp_set_ca_state(tp, TCP_CA_Recovery);
}

/* RFC 6582: the head is lost at the third duplicate ACK and at each partial ACK. */
static void newreno_mark_lost(struct tcp_sock *tp, bool snd_una_advanced)
{
	struct sk_buff *skb = tcp_rtx_queue_head(tp);
	u32 mss;

	if (!skb || (TCP_SKB_CB(skb)->sacked & TCPCB_LOST))
		return;
	if (!(tp->ca_state < TCP_CA_Recovery && tp->sacked_out >= tp->reordering) &&
	    !(tp->ca_state == TCP_CA_Recovery && snd_una_advanced))
		return;
	mss = tcp_current_mss(tp);
	if (tcp_skb_pcount(skb) > 1 && skb->len > mss)
		tcp_fragment(tp, &tp->rtx_queue, skb, mss, mss);
	tcp_mark_skb_lost(tp, skb);
}

static void identify_loss(struct tcp_sock *tp, int flag)
{
	if (!tcp_rtx_queue_empty(tp) && !tcp_is_sack(tp))
		newreno_mark_lost(tp, flag & FLAG_SND_UNA_ADVANCED);
}

static bool time_to_recover(const struct tcp_sock *tp)
{
	return tp->lost_out || tp->sacked_out + 1 > tp->reordering;
}

/* The peer dropped what it had SACKed: wait a little for more ACKs, then send everything again. */
static bool check_sack_reneging(struct tcp_sock *tp, int *flag)
{
	if (!(*flag & FLAG_SACK_RENEGING) || !(*flag & FLAG_SND_UNA_ADVANCED))
		return false;
	tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS,
			     tp_now(tp) + max(tp->srtt / 2, 10 * NSEC_PER_MSEC));
	*flag &= ~FLAG_SET_XMIT_TIMER;
	return true;
}

static void timeout_mark_lost(struct tcp_sock *tp)
{
	struct sk_buff *skb = tcp_rtx_queue_head(tp);
	bool reneging = skb && (TCP_SKB_CB(skb)->sacked & TCPCB_SACKED_ACKED);

	if (reneging) {
		NET_INC_STATS(tp_net(tp), TCPSACKReneging);
		tp->sacked_out = 0;
		tp->highest_sack = NULL;
		tp->is_sack_reneg = true;
	} else if (!tcp_is_sack(tp)) {
		tcp_reset_reno_sack(tp);
	}
	list_for_each_entry(skb, &tp->rtx_queue.list, node) {
		if (reneging)
			TCP_SKB_CB(skb)->sacked &= (u8)~TCPCB_SACKED_ACKED;
		tcp_mark_skb_lost(tp, skb);
	}
	tcp_clear_retrans_hints(tp);
}

void tcp_enter_loss(struct tcp_sock *tp)
{
	u32 reordering = (u32)tp_net(tp)->sysctl.tcp_reordering;
	bool new_recovery = tp->ca_state < TCP_CA_Recovery;

	timeout_mark_lost(tp);
	/* Once for a window of data; again when a retransmission was acknowledged in between. */
	if (tp->ca_ops && (tp->ca_state <= TCP_CA_Disorder || !after(tp->high_seq, tp->snd_una) ||
			   (tp->ca_state == TCP_CA_Loss && !tp->retransmits))) {
		tp->prior_ssthresh = tcp_current_ssthresh(tp);
		tp->prior_cwnd = tp->snd_cwnd;
		tp->snd_ssthresh = tp->ca_ops->ssthresh(tp);
		tcp_ca_event(tp, CA_EVENT_LOSS);
		tcp_init_undo(tp);
	}
	tp->snd_cwnd = tcp_packets_in_flight(tp) + 1;
	tp->snd_cwnd_cnt = 0;
	tp->snd_cwnd_stamp = tp_now(tp);
	/* Many SACKs and yet a timeout: the degree of reordering was overestimated. */
	if (tp->ca_state <= TCP_CA_Disorder && tp->sacked_out >= reordering)
		tp->reordering = min(tp->reordering, reordering);
	tcp_set_ca_state(tp, TCP_CA_Loss);
	tp->high_seq = tp->snd_nxt;
	tcp_ecn_queue_cwr(tp);
	tp->frto = new_recovery || tp->retransmits;
}

void tcp_process_loss(struct tcp_sock *tp, int flag, int num_dupack, enum tcp_rexmit *rexmit)
{
	bool recovered = !before(tp->snd_una, tp->high_seq);

	if ((flag & FLAG_SND_UNA_ADVANCED) && tcp_try_undo_loss(tp, false))
		return;
	if (tp->frto) {
		/* Step 3.b: data that was never retransmitted is acknowledged. */
		if ((flag & FLAG_ORIG_SACK_ACKED) && tcp_try_undo_loss(tp, true))
			return;
		if (after(tp->snd_nxt, tp->high_seq)) {
			if ((flag & FLAG_DATA_SACKED) || num_dupack)
				tp->frto = false; /* step 3.a */
		} else if ((flag & FLAG_SND_UNA_ADVANCED) && !recovered) {
			tp->high_seq = tp->snd_nxt;
			/* Step 2.b: new data will tell. */
			if (!tcp_write_queue_empty(tp) && after(tcp_wnd_end(tp), tp->snd_nxt)) {
				*rexmit = REXMIT_NEW;
				return;
			}
			tp->frto = false;
		}
	}
	if (recovered) {
		tcp_try_undo_recovery(tp);
		return;
	}
	if (!tcp_is_sack(tp)) {
		if (after(tp->snd_nxt, tp->high_seq) && num_dupack)
			tcp_add_reno_sack(tp, num_dupack);
		else if (flag & FLAG_SND_UNA_ADVANCED)
			tcp_reset_reno_sack(tp);
	}
	*rexmit = REXMIT_LOST;
}

/* high_seq is acknowledged; true: nothing else is to be done for this ACK. */
static bool leave_states(struct tcp_sock *tp)
{
	if (tp->ca_state == TCP_CA_Open) {
		tp->retrans_stamp = 0;
	} else if (!before(tp->snd_una, tp->high_seq)) {
		/* CWR is held until something above high_seq arrives: the peer has then seen CWR. */
		if (tp->ca_state == TCP_CA_CWR && tp->snd_una != tp->high_seq) {
			end_cwnd_reduction(tp);
			tcp_set_ca_state(tp, TCP_CA_Open);
		} else if (tp->ca_state == TCP_CA_Recovery) {
			if (!tcp_is_sack(tp))
				tcp_reset_reno_sack(tp);
			if (tcp_try_undo_recovery(tp))
				return true;
			end_cwnd_reduction(tp);
		}
	}
	return false;
}

/* False: this ACK is dealt with. */
static bool in_recovery(struct tcp_sock *tp, u32 prior_snd_una, int num_dupack, int flag, bool *do_lost)
{
	if (!(flag & FLAG_SND_UNA_ADVANCED)) {
		if (!tcp_is_sack(tp))
			tcp_add_reno_sack(tp, num_dupack);
	} else if (tcp_try_undo_partial(tp, prior_snd_una, do_lost)) {
		return false;
	}
	if (tcp_try_undo_dsack(tp))
		try_to_open(tp, flag);
	identify_loss(tp, flag);
	if (tp->ca_state != TCP_CA_Recovery) {
		if (!time_to_recover(tp))
			return false;
		enter_recovery(tp, flag & FLAG_ECE);
	}
	return true;
}

static bool before_recovery(struct tcp_sock *tp, int num_dupack, int flag, bool *fast_rexmit)
{
	if (!tcp_is_sack(tp)) {
		if (flag & FLAG_SND_UNA_ADVANCED)
			tcp_reset_reno_sack(tp);
		tcp_add_reno_sack(tp, num_dupack);
	}
	if (tp->ca_state <= TCP_CA_Disorder)
		tcp_try_undo_dsack(tp);
	identify_loss(tp, flag);
	if (!time_to_recover(tp)) {
		try_to_open(tp, flag);
		return false;
	}
	enter_recovery(tp, flag & FLAG_ECE);
	*fast_rexmit = true;
	return true;
}

void tcp_fastretrans_alert(struct tcp_sock *tp, u32 prior_snd_una, int num_dupack, int *ack_flag,
			   enum tcp_rexmit *rexmit)
{
	int flag = *ack_flag;
	bool do_lost = num_dupack || ((flag & FLAG_DATA_SACKED) && tcp_force_fast_retransmit(tp));
	bool fast_rexmit = false;

	if (!tp->packets_out && tp->sacked_out)
		tp->sacked_out = 0;
	if (flag & FLAG_ECE)
		tp->prior_ssthresh = 0;
	if (check_sack_reneging(tp, ack_flag) || leave_states(tp))
		return;
	if (tp->ca_state == TCP_CA_Recovery) {
		if (!in_recovery(tp, prior_snd_una, num_dupack, flag, &do_lost))
			return;
	} else {
		if (tp->ca_state == TCP_CA_Loss) {
			tcp_process_loss(tp, flag, num_dupack, rexmit);
			identify_loss(tp, flag);
			if (tp->ca_state != TCP_CA_Open)
				return;
		}
		if (!before_recovery(tp, num_dupack, flag, &fast_rexmit))
			return;
	}
	if (do_lost)
		tcp_update_scoreboard(tp, fast_rexmit);
	*rexmit = REXMIT_LOST;
}

/* SPDX-License-Identifier: MIT */
/*
 * Taking a reduction of the window back when it turns out that nothing was lost.
 *
 * The Eifel algorithm (RFC 3522, RFC 4015): an ACK echoes a timestamp from before the first
 * retransmission; and DSACK (RFC 3708): every retransmission was reported as a duplicate. F-RTO (RFC
 * 5682) tells a spurious timeout by ACKs of data that was never retransmitted.
 */
#include "stack/tcp_int.h"

void tcp_init_undo(struct tcp_sock *tp)
{
	tp->undo_marker = tp->snd_una;
	/* Retransmissions still in flight may produce DSACKs later; none: not to be undone by them. */
	tp->undo_retrans = tp->retrans_out ? (int)tp->retrans_out : -1;
}

bool tcp_any_retrans_done(const struct tcp_sock *tp)
{
	const struct sk_buff *head = tcp_rtx_queue_head(tp);

	return tp->retrans_out || (head && (((const struct tcp_skb_cb *)(const void *)head->cb)->sacked &
					    TCPCB_EVER_RETRANS));
}

/* The ACK was caused by the original transmission. */
static bool packet_delayed(const struct tcp_sock *tp)
{
	const struct tcp_options_received *o = &tp->rx_opt;
	u8 state = tp->inet.sk.state;

	if (tp->retrans_stamp && o->saw_tstamp && o->rcv_tsecr &&
	    before(o->rcv_tsecr, (u32)(tp->retrans_stamp / NSEC_PER_TS_TICK)))
		return true;
	return !tp->retrans_stamp && state != TCP_SYN_SENT && state != TCP_SYN_RECV;
}

static bool may_undo(const struct tcp_sock *tp)
{
	return tp->undo_marker && (!tp->undo_retrans || packet_delayed(tp));
}

static void undo_cwnd_reduction(struct tcp_sock *tp, bool unmark_loss)
{
	struct sk_buff *skb;

	if (unmark_loss) {
		list_for_each_entry(skb, &tp->rtx_queue.list, node)
			TCP_SKB_CB(skb)->sacked &= (u8)~TCPCB_LOST;
		tp->lost_out = 0;
		tcp_clear_retrans_hints(tp);
	}
	if (tp->prior_ssthresh) {
		tp->snd_cwnd = tp->ca_ops->undo_cwnd(tp);
		if (tp->prior_ssthresh > tp->snd_ssthresh) {
			tp->snd_ssthresh = tp->prior_ssthresh;
			tcp_ecn_withdraw_cwr(tp);
		}
	}
	tp->snd_cwnd_stamp = tp_now(tp);
	tp->undo_marker = 0;
}

/* RFC 6582 4: without SACK the state is held until more than high_seq is acknowledged. */
static bool non_sack_preventing_reopen(struct tcp_sock *tp)
{
	if (tp->snd_una != tp->high_seq || tcp_is_sack(tp))
		return false;
	if (!tcp_any_retrans_done(tp))
		tp->retrans_stamp = 0;
	return true;
}

bool tcp_try_undo_recovery(struct tcp_sock *tp)
{
	if (may_undo(tp)) {
		undo_cwnd_reduction(tp, false);
		if (tp->ca_state == TCP_CA_Loss)
			NET_INC_STATS(tp_net(tp), TCPLossUndo);
		else
			NET_INC_STATS(tp_net(tp), TCPFullUndo);
	}
	if (non_sack_preventing_reopen(tp))
		return true;
	tcp_set_ca_state(tp, TCP_CA_Open);
	tp->is_sack_reneg = false;
	return false;
}

bool tcp_try_undo_dsack(struct tcp_sock *tp)
{
	if (!tp->undo_marker || tp->undo_retrans)
		return false;
	undo_cwnd_reduction(tp, false);
	NET_INC_STATS(tp_net(tp), TCPDSACKUndo);
	return true;
}

bool tcp_try_undo_loss(struct tcp_sock *tp, bool frto_undo)
{
	if (!frto_undo && !may_undo(tp))
		return false;
	undo_cwnd_reduction(tp, true);
	NET_INC_STATS(tp_net(tp), TCPLossUndo);
	if (frto_undo)
		NET_INC_STATS(tp_net(tp), TCPSpuriousRTOs);
	tp->retransmits = 0;
	if (non_sack_preventing_reopen(tp))
		return true;
	if (frto_undo || tcp_is_sack(tp)) {
		tcp_set_ca_state(tp, TCP_CA_Open);
		tp->is_sack_reneg = false;
	}
	return true;
}

bool tcp_try_undo_partial(struct tcp_sock *tp, u32 prior_snd_una, bool *do_lost)
{
	if (!tp->undo_marker || !packet_delayed(tp)) {
		/* An ordinary partial ACK. */
		*do_lost = tcp_force_fast_retransmit(tp);
		return false;
	}
	/* The hole was filled by a late packet. */
	tcp_check_sack_reordering(tp, prior_snd_una, true);
	if (tp->retrans_out)
		return true;
	if (!tcp_any_retrans_done(tp))
		tp->retrans_stamp = 0;
	undo_cwnd_reduction(tp, true);
	NET_INC_STATS(tp_net(tp), TCPPartialUndo);
	tcp_try_keep_open(tp);
	return false;
}

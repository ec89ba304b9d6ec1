/* SPDX-License-Identifier: MIT */
/*
 * Explicit congestion notification, RFC 3168, for a connection that negotiated it (TCP_ECN_OK).
 *
 * New data carries ECT(0); retransmissions and pure ACKs do not (6.1.5, 6.1.4). A receiver that saw CE
 * sets ECE on every ACK until CWR comes (TCP_ECN_DEMAND_CWR); a sender that got ECE reduces its window
 * once for each window of data and sets CWR on the next new segment (TCP_ECN_QUEUE_CWR).
 */
#include "stack/tcp_int.h"

#define INET_ECN_MASK 3
#define INET_ECN_NOT_ECT 0
#define INET_ECN_CE 3

void tcp_ecn_queue_cwr(struct tcp_sock *tp)
{
	if (tp->ecn_flags & TCP_ECN_OK)
		tp->ecn_flags |= TCP_ECN_QUEUE_CWR;
}

void tcp_ecn_withdraw_cwr(struct tcp_sock *tp)
{
	tp->ecn_flags &= (u8)~TCP_ECN_QUEUE_CWR;
}

void tcp_ecn_accept_cwr(struct tcp_sock *tp, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!(cb->tcp_flags & TCPHDR_CWR))
		return;
	tp->ecn_flags &= (u8)~TCP_ECN_DEMAND_CWR;
	/* The sender has reduced its window: tell it at once where it stands. */
	if (cb->seq != cb->end_seq)
		tp->ack.pending |= ICSK_ACK_NOW;
}

void tcp_ecn_check_ce(struct tcp_sock *tp, const struct sk_buff *skb)
{
	if (!(tp->ecn_flags & TCP_ECN_OK))
		return;
	switch (TCP_SKB_CB(skb)->ip_dsfield & INET_ECN_MASK) {
	case INET_ECN_NOT_ECT:
		/* ECT stopped: a retransmission, so the sender wants ACKs quickly. */
		if (tp->ecn_flags & TCP_ECN_SEEN)
			tcp_enter_quickack_mode(tp, 2);
		break;
	case INET_ECN_CE:
		if (!(tp->ecn_flags & TCP_ECN_DEMAND_CWR)) {
			tcp_enter_quickack_mode(tp, 2);
			tp->ecn_flags |= TCP_ECN_DEMAND_CWR;
		}
		tp->ecn_flags |= TCP_ECN_SEEN;
		break;
	default:
		tp->ecn_flags |= TCP_ECN_SEEN;
	}
}

bool tcp_ecn_rcv_ecn_echo(const struct tcp_sock *tp, u8 flags)
{
	return (flags & TCPHDR_ECE) && !(flags & TCPHDR_SYN) && (tp->ecn_flags & TCP_ECN_OK);
}

u8 tcp_ecn_send(struct tcp_sock *tp, const struct sk_buff *skb, bool *ect)
{
	u8 flags = 0;

	*ect = false;
	if (!(tp->ecn_flags & TCP_ECN_OK))
		return 0;
	if (skb->len && !before(TCP_SKB_CB(skb)->seq, tp->snd_nxt)) {
		*ect = true;
		if (tp->ecn_flags & TCP_ECN_QUEUE_CWR) {
			tp->ecn_flags &= (u8)~TCP_ECN_QUEUE_CWR;
			flags |= TCPHDR_CWR;
		}
	}
	if (tp->ecn_flags & TCP_ECN_DEMAND_CWR)
		flags |= TCPHDR_ECE;
	return flags;
}

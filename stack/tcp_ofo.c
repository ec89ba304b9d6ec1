/* SPDX-License-Identifier: MIT */
/*
 * The out-of-order queue: data beyond a hole, and memory for it.
 *
 * RFC 9293 3.10.7.4: segments that arrive early are kept. The queue is sorted, without overlaps, and
 * neighbours are joined, so that it has about as many skbs as holes. When memory runs out, data at the
 * far end of the queue is dropped first: it may be reneged upon (RFC 2018 8).
 */
#include "stack/tcp_int.h"

bool tcp_try_coalesce(struct tcp_sock *tp, struct sk_buff *to, struct sk_buff *from)
{
	struct tcp_skb_cb *tcb = TCP_SKB_CB(to), *fcb = TCP_SKB_CB(from);
	u32 delta = from->truesize - min(from->truesize, SKB_TRUESIZE_OVERHEAD);

	if (fcb->seq != tcb->end_seq || to->nfrags + from->nfrags + 1 > MAX_SKB_FRAGS)
		return false;
	if (from->len && !skb_add_range(to, from, 0, from->len))
		return false;
	to->truesize += delta;
	tp_sock(tp)->rmem_alloc += delta;
	NET_INC_STATS(tp_net(tp), TCPRcvCoalesce);
	tcb->end_seq = fcb->end_seq;
	tcb->ack_seq = fcb->ack_seq;
	tcb->tcp_flags |= fcb->tcp_flags;
	if (fcb->has_rxtstamp) {
		tcb->has_rxtstamp = true;
		to->tstamp = from->tstamp;
	}
	return true;
}

void tcp_ofo_queue_purge(struct tcp_sock *tp)
{
	skb_queue_purge(&tp->out_of_order_queue);
	tp->num_selective_acks = 0;
}

static void drop_ofo(struct tcp_sock *tp, struct sk_buff *skb, enum skb_drop_reason why)
{
	skb_unlink(&tp->out_of_order_queue, skb);
	kfree_skb_reason(skb, why, "tcp_data_queue_ofo");
}

/* Drops from the far end until a eighth of the buffer is free; never what is older than in. */
static void prune_ofo_queue(struct tcp_sock *tp, const struct sk_buff *in)
{
	struct sock *sk = tp_sock(tp);
	u32 in_seq = ((const struct tcp_skb_cb *)(const void *)in->cb)->seq;
	u32 goal = sk->rcvbuf - (sk->rcvbuf >> 3);
	bool pruned = false;
	struct sk_buff *skb;

	while (sk->rmem_alloc > goal && (skb = tcp_queue_tail(&tp->out_of_order_queue))) {
		if (after(in_seq, TCP_SKB_CB(skb)->seq))
			break;
		drop_ofo(tp, skb, SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE);
		pruned = true;
	}
	if (pruned) {
		NET_INC_STATS(sk->net, OfoPruned);
		tp->num_selective_acks = 0;
	}
}

/* The sender has filled the buffer with more memory than the window promised: offer less. */
static void clamp_window(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 limit = sk->net->sysctl.tcp_rmem[2];

	tp->ack.quick = 0;
	if (sk->rcvbuf < limit && !(sk->userlocks & SOCK_RCVBUF_LOCK))
		sk->rcvbuf = max(sk->rcvbuf, min(sk->rmem_alloc, limit));
	if (sk->rmem_alloc > sk->rcvbuf)
		tp->rcv_ssthresh = min(tp->window_clamp, 2u * tp->advmss);
}

bool tcp_try_rmem_schedule(struct tcp_sock *tp, const struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);

	if (likely(sk->rmem_alloc <= sk->rcvbuf))
		return true;
	NET_INC_STATS(sk->net, PruneCalled);
	clamp_window(tp);
	if (sk->rmem_alloc <= sk->rcvbuf)
		return true;
	prune_ofo_queue(tp, skb);
	if (sk->rmem_alloc <= sk->rcvbuf)
		return true;
	NET_INC_STATS(sk->net, RcvPruned);
	return false;
}

/* Cuts what the queue holds already from skb's front. False: nothing is left. */
static bool trim_front(struct tcp_sock *tp, struct sk_buff *skb, u32 upto)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (!after(cb->end_seq, upto)) {
		tcp_dsack_set(tp, cb->seq, cb->end_seq);
		return false;
	}
	tcp_dsack_set(tp, cb->seq, upto);
	skb_eat(skb, upto - cb->seq);
	cb->seq = upto;
	return true;
}

/* Removes or shortens what follows skb and is covered by it. */
static void merge_right(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct sk_buff *next;

	while ((next = tcp_queue_next(&tp->out_of_order_queue, skb))) {
		const struct tcp_skb_cb *ncb = TCP_SKB_CB(next);

		if (!after(cb->end_seq, ncb->seq))
			break;
		if (before(cb->end_seq, ncb->end_seq)) {
			tcp_dsack_extend(tp, ncb->seq, cb->end_seq);
			skb_trim(skb, ncb->seq - cb->seq);
			cb->end_seq = ncb->seq;
			cb->tcp_flags &= (u8)~TCPHDR_FIN;
			break;
		}
		tcp_dsack_extend(tp, ncb->seq, ncb->end_seq);
		NET_INC_STATS(tp_net(tp), TCPOFOMerge);
		drop_ofo(tp, next, SKB_DROP_REASON_TCP_OFOMERGE);
	}
}

/* Puts skb into its place, or merges it. False: its bytes are there, the caller frees it. */
static bool ofo_insert(struct tcp_sock *tp, struct sk_buff *skb, bool *dup)
{
	struct sk_buff_head *q = &tp->out_of_order_queue;
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct sk_buff *pos = tcp_queue_tail(q);

	/* From the tail: new data usually belongs there. */
	while (pos && before(cb->seq, TCP_SKB_CB(pos)->seq))
		pos = tcp_queue_prev(q, pos);
	if (pos && before(cb->seq, TCP_SKB_CB(pos)->end_seq) &&
	    !trim_front(tp, skb, TCP_SKB_CB(pos)->end_seq)) {
		*dup = true;
		return false;
	}
	list_add(&skb->node, pos ? &pos->node : &q->list);
	q->qlen++;
	merge_right(tp, skb);
	if (pos && tcp_try_coalesce(tp, pos, skb)) {
		skb_unlink(q, skb);
		return false;
	}
	return true;
}

void tcp_data_queue_ofo(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);
	u32 seq = TCP_SKB_CB(skb)->seq, end_seq = TCP_SKB_CB(skb)->end_seq;
	bool dup = false, kept;

	tcp_ecn_check_ce(tp, skb);
	if (!tcp_try_rmem_schedule(tp, skb)) {
		NET_INC_STATS(sk->net, TCPOFODrop);
		sk->data_ready(sk);
		kfree_skb_reason(skb, SKB_DROP_REASON_PROTO_MEM, "tcp_data_queue_ofo");
		return;
	}
	tcp_sched_ack(tp);
	NET_INC_STATS(sk->net, TCPOFOQueue);
	kept = ofo_insert(tp, skb, &dup);
	if (tcp_is_sack(tp)) {
		tcp_sack_new_ofo_skb(tp, seq, end_seq);
		if (!dup)
			tcp_grow_window(tp, skb);
	}
	if (kept) {
		skb_set_owner_r(skb, sk);
	} else if (dup) {
		NET_INC_STATS(sk->net, TCPOFOMerge);
		kfree_skb_reason(skb, SKB_DROP_REASON_TCP_OFOMERGE, "tcp_data_queue_ofo");
	} else {
		consume_skb(skb);
	}
}

void tcp_ofo_queue(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	struct sk_buff *skb;

	while ((skb = skb_peek(&tp->out_of_order_queue))) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
		struct sk_buff *tail = tcp_queue_tail(&sk->receive_queue);
		bool fin = cb->tcp_flags & TCPHDR_FIN;

		if (after(cb->seq, tp->rcv_nxt))
			break;
		if (before(cb->seq, tp->rcv_nxt))
			tcp_dsack_extend(tp, cb->seq, before(cb->end_seq, tp->rcv_nxt) ? cb->end_seq
										       : tp->rcv_nxt);
		if (!after(cb->end_seq, tp->rcv_nxt)) {
			drop_ofo(tp, skb, SKB_DROP_REASON_TCP_OFO_DROP);
			continue;
		}
		skb_unlink(&tp->out_of_order_queue, skb);
		tcp_rcv_nxt_update(tp, cb->end_seq);
		if (tail && tcp_try_coalesce(tp, tail, skb))
			consume_skb(skb);
		else
			skb_queue_tail(&sk->receive_queue, skb);
		if (fin) {
			/* It has purged the queue. */
			tcp_fin(tp);
			break;
		}
	}
}

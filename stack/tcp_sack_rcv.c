/* SPDX-License-Identifier: MIT */
/*
 * The SACK blocks that we send: RFC 2018 4 (the block with the latest segment first, then the most
 * recently reported), RFC 2883 (a duplicate is reported once, before the others).
 */
#include "stack/tcp_int.h"

#define TCP_NUM_SACKS 4
#define SACK_BLOCKS_EXPECTED 2 /* what an ordinary option has room for beside a timestamp, less one */

/* Joins [seq, end_seq) to b when they touch. */
static bool sack_extend(struct tcp_sack_block *b, u32 seq, u32 end_seq)
{
	if (after(seq, b->end_seq) || after(b->start_seq, end_seq))
		return false;
	if (before(seq, b->start_seq))
		b->start_seq = seq;
	if (after(end_seq, b->end_seq))
		b->end_seq = end_seq;
	return true;
}

void tcp_dsack_set(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	if (!tcp_is_sack(tp))
		return;
	if (before(seq, tp->rcv_nxt))
		NET_INC_STATS(tp_net(tp), TCPDSACKOldSent);
	else
		NET_INC_STATS(tp_net(tp), TCPDSACKOfoSent);
	tp->dsack = true;
	tp->duplicate_sack = (struct tcp_sack_block){ seq, end_seq };
}

void tcp_dsack_extend(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	if (!tp->dsack)
		tcp_dsack_set(tp, seq, end_seq);
	else
		sack_extend(&tp->duplicate_sack, seq, end_seq);
}

/* Many holes: blocks would fall out of the option before they are reported. */
static void flush_compressed(struct tcp_sock *tp)
{
	if (!tp->compressed_ack)
		return;
	tp->compressed_ack--; /* the one that is sent now is not saved */
	tcp_send_ack(tp);
}

static void remove_block(struct tcp_sock *tp, u32 i)
{
	tp->num_selective_acks--;
	for (; i < tp->num_selective_acks; i++)
		tp->selective_acks[i] = tp->selective_acks[i + 1];
}

/* The first block has grown and may touch others now. */
static void coalesce_first(struct tcp_sock *tp)
{
	struct tcp_sack_block *sp = tp->selective_acks;

	for (u32 i = 1; i < tp->num_selective_acks;) {
		if (sack_extend(&sp[0], sp[i].start_seq, sp[i].end_seq))
			remove_block(tp, i);
		else
			i++;
	}
}

static void move_to_front(struct tcp_sack_block *sp, u32 i, struct tcp_sack_block b)
{
	for (; i > 0; i--)
		sp[i] = sp[i - 1];
	sp[0] = b;
}

void tcp_sack_new_ofo_skb(struct tcp_sock *tp, u32 seq, u32 end_seq)
{
	struct tcp_sack_block *sp = tp->selective_acks;
	u32 i;

	for (i = 0; i < tp->num_selective_acks; i++) {
		if (!sack_extend(&sp[i], seq, end_seq))
			continue;
		if (i >= SACK_BLOCKS_EXPECTED)
			flush_compressed(tp);
		move_to_front(sp, i, sp[i]);
		coalesce_first(tp);
		return;
	}
	if (i >= SACK_BLOCKS_EXPECTED)
		flush_compressed(tp);
	if (i >= TCP_NUM_SACKS)
		i = TCP_NUM_SACKS - 1;
	else
		tp->num_selective_acks++;
	move_to_front(sp, i, (struct tcp_sack_block){ seq, end_seq });
}

void tcp_sack_remove(struct tcp_sock *tp)
{
	if (list_empty(&tp->out_of_order_queue.list)) {
		tp->num_selective_acks = 0;
		return;
	}
	for (u32 i = 0; i < tp->num_selective_acks;) {
		if (!before(tp->rcv_nxt, tp->selective_acks[i].start_seq))
			remove_block(tp, i);
		else
			i++;
	}
}

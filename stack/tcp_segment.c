/* SPDX-License-Identifier: MIT */
/*
 * Segments in the send queues: making, filling, cutting, joining and charging them.
 *
 * A queued skb holds slices of payload and no header; it may span many segments of the wire (a
 * super-packet), which tcp_gso_segs counts. User bytes are copied once, into buffers that several
 * skbs may share: small writes fill the socket's own buffer (tp->page) one after the other. sndbuf is
 * charged by Linux's arithmetic: 832 bytes for an skb and one for each byte (seen in SO_MEMINFO).
 */
#include "stack/tcp_int.h"

#define SMALL_PAGE (2048u - (u32)sizeof(struct skb_buf))
#define LARGE_PAGE (65536u - (u32)sizeof(struct skb_buf))

struct sk_buff *tcp_stream_alloc_skb(struct tcp_sock *tp)
{
	struct sk_buff *skb = alloc_skb(tp_sock(tp)->host);

	skb->truesize = TCP_SKB_TRUESIZE;
	*TCP_SKB_CB(skb) = (struct tcp_skb_cb){ .tcp_gso_segs = 1 };
	return skb;
}

void tcp_init_nondata_skb(struct sk_buff *skb, u32 seq, u8 flags)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	cb->seq = cb->end_seq = seq;
	if (flags & (TCPHDR_SYN | TCPHDR_FIN))
		cb->end_seq++;
	cb->tcp_flags = flags;
	cb->tcp_gso_segs = 1;
}

void tcp_queue_skb(struct tcp_sock *tp, struct sk_buff *skb)
{
	tp->write_seq = TCP_SKB_CB(skb)->end_seq;
	skb_queue_tail(&tp->write_queue, skb);
	tp_sock(tp)->wmem_queued += skb->truesize;
}

void tcp_wmem_free_skb(struct tcp_sock *tp, struct sk_buff_head *queue, struct sk_buff *skb)
{
	if (queue)
		skb_unlink(queue, skb);
	tp_sock(tp)->wmem_queued -= skb->truesize;
	consume_skb(skb);
}

void tcp_write_queue_purge(struct tcp_sock *tp)
{
	struct sk_buff *skb;

	while ((skb = skb_peek(&tp->write_queue)))
		tcp_wmem_free_skb(tp, &tp->write_queue, skb);
	while ((skb = skb_peek(&tp->rtx_queue)))
		tcp_wmem_free_skb(tp, &tp->rtx_queue, skb);
	if (tp->page)
		skb_buf_put(tp->page);
	tp->page = NULL;
	tcp_clear_retrans_hints(tp);
	tp->packets_out = 0;
	tp->sacked_out = tp->lost_out = tp->retrans_out = 0;
	tp->backoff = 0;
}

u32 tcp_set_skb_tso_segs(struct sk_buff *skb, u32 mss)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	if (skb->len <= mss) {
		cb->tcp_gso_size = 0;
		cb->tcp_gso_segs = 1;
	} else {
		cb->tcp_gso_size = (u16)mss;
		cb->tcp_gso_segs = (u16)((skb->len + mss - 1) / mss);
	}
	return cb->tcp_gso_segs;
}

void tcp_adjust_pcount(struct tcp_sock *tp, const struct sk_buff *skb, int decr)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	tp->packets_out -= (u32)decr;
	if (cb->sacked & TCPCB_SACKED_ACKED)
		tp->sacked_out -= (u32)decr;
	if (cb->sacked & TCPCB_SACKED_RETRANS)
		tp->retrans_out -= (u32)decr;
	if (cb->sacked & TCPCB_LOST)
		tp->lost_out -= (u32)decr;
	/* Reno's SACKs are an estimate that belongs to no segment. */
	if (!tcp_is_sack(tp) && decr > 0)
		tp->sacked_out -= min(tp->sacked_out, (u32)decr);
	if (tp->lost_skb_hint && before(cb->seq, TCP_SKB_CB(tp->lost_skb_hint)->seq) &&
	    (cb->sacked & TCPCB_SACKED_ACKED))
		tp->lost_cnt_hint -= (u32)decr;
}

void tcp_fragment(struct tcp_sock *tp, struct sk_buff_head *queue, struct sk_buff *skb, u32 len,
		  u32 mss)
{
	struct sk_buff *rest = tcp_stream_alloc_skb(tp);
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb), *rcb = TCP_SKB_CB(rest);
	u32 nlen = skb->len - len, old_pcount = cb->tcp_gso_segs;
	bool fits = skb_add_range(rest, skb, len, nlen);

	assert(len && len < skb->len && fits);
	skb_trim(skb, len);
	tp_sock(tp)->wmem_queued += rest->truesize;
	rest->truesize += nlen;
	skb->truesize -= nlen;
	*rcb = *cb;
	rcb->seq = cb->seq + len;
	cb->end_seq = rcb->seq;
	cb->tcp_flags &= (u8) ~(TCPHDR_FIN | TCPHDR_PSH);
	cb->eor = false;
	tcp_set_skb_tso_segs(skb, mss);
	tcp_set_skb_tso_segs(rest, mss);
	/* Of data that is in flight the counters know the old number of segments. */
	if (!before(tp->snd_nxt, rcb->end_seq)) {
		int diff = (int)old_pcount - cb->tcp_gso_segs - rcb->tcp_gso_segs;

		if (diff)
			tcp_adjust_pcount(tp, skb, diff);
	}
	list_add(&rest->node, &skb->node);
	queue->qlen++;
	if (tp->highest_sack == skb)
		tp->highest_sack = rest;
}

void tcp_trim_head(struct tcp_sock *tp, struct sk_buff *skb, u32 len)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	assert(len < skb->len);
	skb_eat(skb, len);
	cb->seq += len;
	skb->truesize -= len;
	tp_sock(tp)->wmem_queued -= len;
	if (cb->tcp_gso_segs > 1)
		tcp_set_skb_tso_segs(skb, cb->tcp_gso_size);
}

bool tcp_rtx_merge(struct tcp_sock *tp, struct sk_buff *prev, struct sk_buff *skb)
{
	struct tcp_skb_cb *pcb = TCP_SKB_CB(prev), *cb = TCP_SKB_CB(skb);
	u32 size = pcb->tcp_gso_size ? pcb->tcp_gso_size : cb->tcp_gso_size;

	if (prev->len + skb->len > TCP_MAX_QUEUE_SKB || prev->nfrags + skb->nfrags > MAX_SKB_FRAGS ||
	    !skb->len || pcb->eor || ((pcb->tcp_flags | cb->tcp_flags) & (TCPHDR_SYN | TCPHDR_FIN)))
		return false;
	if (!skb_add_range(prev, skb, 0, skb->len))
		return false;
	if (!size)
		size = max(prev->len - skb->len, skb->len);
	prev->truesize += skb->len;
	skb->truesize -= skb->len;
	pcb->end_seq = cb->end_seq;
	pcb->tcp_flags |= cb->tcp_flags;
	pcb->eor = cb->eor;
	/* The counters keep what was sent, so the sum of both stands. */
	pcb->tcp_gso_segs += cb->tcp_gso_segs;
	pcb->tcp_gso_size = (u16)min(size, 0xffffu);
	if (tp->highest_sack == skb)
		tp->highest_sack = prev;
	if (tp->retransmit_skb_hint == skb)
		tp->retransmit_skb_hint = prev;
	if (tp->lost_skb_hint == skb) {
		tp->lost_skb_hint = prev;
		tp->lost_cnt_hint -= pcb->sacked & TCPCB_SACKED_ACKED
					 ? (u32)(pcb->tcp_gso_segs - cb->tcp_gso_segs)
					 : 0;
	}
	tcp_wmem_free_skb(tp, &tp->rtx_queue, skb);
	return true;
}

u32 tcp_xmit_size_goal(struct tcp_sock *tp, u32 mss_now)
{
	u32 goal = tp->xmit_size_goal_segs * mss_now;
	u32 bound = tcp_bound_to_half_wnd(tp, TCP_MAX_QUEUE_SKB);

	if (bound < goal || bound >= goal + mss_now) {
		tp->xmit_size_goal_segs = bound / mss_now;
		goal = tp->xmit_size_goal_segs * mss_now;
	}
	return max(goal, mss_now);
}

bool tcp_stream_memory_free(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 lowat = tp->notsent_lowat ? tp->notsent_lowat : (u32)sk->net->sysctl.tcp_notsent_lowat;

	if (sk->wmem_queued >= sk->sndbuf) {
		tp->nospace = true;
		return false;
	}
	return !lowat || tp->write_seq - tp->snd_nxt < lowat;
}

/* A new empty segment at the end of the write queue. */
static struct sk_buff *entail(struct tcp_sock *tp)
{
	struct sk_buff *skb = tcp_stream_alloc_skb(tp);

	tcp_init_nondata_skb(skb, tp->write_seq, TCPHDR_ACK);
	TCP_SKB_CB(skb)->tcp_gso_segs = 0;
	tcp_queue_skb(tp, skb);
	tp->nonagle &= (u8)~TCP_NAGLE_PUSH;
	tcp_slow_start_after_idle_check(tp);
	return skb;
}

/* At least one byte of room in tp->page; returns how much. */
static u32 page_refill(struct tcp_sock *tp, size_t want)
{
	if (tp->page && tp->page_off < tp->page->size)
		return tp->page->size - tp->page_off;
	if (tp->page)
		skb_buf_put(tp->page);
	tp->page = skb_buf_alloc(tp_sock(tp)->host->world,
				 want > SMALL_PAGE ? (u32)min(want, (size_t)LARGE_PAGE) : SMALL_PAGE);
	tp->page_off = 0;
	return tp->page->size;
}

/* Copies up to n bytes of user data to the end of skb; 0: no slot is left. */
static u32 append(struct tcp_sock *tp, struct sk_buff *skb, const struct iov_iter *it, size_t off,
		  u32 n, size_t want)
{
	n = min(n, page_refill(tp, want));
	if (!skb_add_frag(skb, tp->page, tp->page_off, n))
		return 0;
	iov_copy_from(it, off, tp->page->data + tp->page_off, n);
	tp->page_off += n;
	if (tp->page_off == tp->page->size) {
		skb_buf_put(tp->page);
		tp->page = NULL;
	}
	skb->truesize += n;
	tp_sock(tp)->wmem_queued += n;
	tp->write_seq += n;
	TCP_SKB_CB(skb)->end_seq += n;
	TCP_SKB_CB(skb)->tcp_gso_segs = 0;
	return n;
}

static void mark_push(struct tcp_sock *tp, struct sk_buff *skb)
{
	TCP_SKB_CB(skb)->tcp_flags |= TCPHDR_PSH;
	tp->pushed_seq = tp->write_seq;
}

/* A full segment is queued: more than half a window without PSH forces one; else start sending. */
static void push_full(struct tcp_sock *tp, struct sk_buff *skb, u32 mss)
{
	if (after(tp->write_seq, tp->pushed_seq + (tp->max_window >> 1))) {
		mark_push(tp, skb);
		tcp_push_frames(tp, mss, TCP_NAGLE_PUSH);
	} else if (skb == tcp_send_head(tp)) {
		tcp_push_one(tp);
	}
}

size_t tcp_queue_data(struct tcp_sock *tp, const struct iov_iter *it, size_t off, size_t len, int flags)
{
	u32 mss = tcp_current_mss(tp);
	u32 goal = flags & MSG_OOB ? mss : tcp_xmit_size_goal(tp, mss);
	size_t done = 0;

	while (done < len) {
		struct sk_buff *skb = tcp_queue_tail(&tp->write_queue);
		u32 n;

		if (!skb || skb->len >= goal || TCP_SKB_CB(skb)->eor ||
		    (TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN)) {
			if (!tcp_stream_memory_free(tp))
				break;
			skb = entail(tp);
		}
		n = append(tp, skb, it, off + done, (u32)min(len - done, (size_t)(goal - skb->len)),
			   len - done);
		if (!n) {
			/* No slot: what is there is a segment, and the next one begins. */
			mark_push(tp, skb);
			if (!tcp_stream_memory_free(tp))
				break;
			skb = entail(tp);
			continue;
		}
		done += n;
		if (!(flags & MSG_OOB) && skb->len >= goal && done < len)
			push_full(tp, skb, mss);
	}
	if (done == len && (flags & MSG_EOR) && !tcp_write_queue_empty(tp))
		TCP_SKB_CB(tcp_queue_tail(&tp->write_queue))->eor = true;
	return done;
}

/* Small writes wait for company while the device still holds an earlier one (tcp_autocorking). */
static bool should_autocork(const struct tcp_sock *tp, const struct sk_buff *skb, u32 goal)
{
	return skb->len < goal && tp->inet.sk.net->sysctl.tcp_autocorking &&
	       !tcp_rtx_queue_empty(tp) && tp->inet.sk.wmem_alloc > skb->truesize &&
	       !(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_FIN);
}

void tcp_push(struct tcp_sock *tp, int flags, int nonagle)
{
	struct sk_buff *skb = tcp_queue_tail(&tp->write_queue);
	u32 mss;

	if (!skb)
		return;
	if (!(flags & MSG_MORE) || after(tp->write_seq, tp->pushed_seq + (tp->max_window >> 1)))
		mark_push(tp, skb);
	if (flags & MSG_OOB)
		tp->snd_up = tp->write_seq;
	mss = tcp_current_mss(tp);
	if (should_autocork(tp, skb, tcp_xmit_size_goal(tp, mss))) {
		if (!tp->tsq_throttled) {
			NET_INC_STATS(tp_net(tp), TCPAutoCorking);
			tp->tsq_throttled = true;
		}
		return;
	}
	if (flags & MSG_MORE)
		nonagle = TCP_NAGLE_CORK;
	tcp_push_frames(tp, mss, nonagle);
}

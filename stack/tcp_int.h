/* SPDX-License-Identifier: MIT */
/*
 * What the files of TCP's data path share among themselves; the doors to the rest are in tcp.h.
 */
#ifndef STACK_TCP_INT_H
#define STACK_TCP_INT_H

#include "stack/tcp.h"

/* What an ACK told, gathered by tcp_ack(); those that callers may pass in are in tcp.h. */
#define FLAG_DATA 0x01		    /* the segment carries data */
#define FLAG_WIN_UPDATE 0x02	    /* it updated the send window */
#define FLAG_DATA_ACKED 0x04	    /* new data is acknowledged */
#define FLAG_RETRANS_DATA_ACKED 0x08 /* ...of which some was retransmitted */
#define FLAG_SYN_ACKED 0x10
#define FLAG_DATA_SACKED 0x20	    /* new data is SACKed */
#define FLAG_ECE 0x40
#define FLAG_ORIG_SACK_ACKED 0x200  /* never retransmitted data is (S)ACKed */
#define FLAG_SND_UNA_ADVANCED 0x400
#define FLAG_DSACKING_ACK 0x800
#define FLAG_SET_XMIT_TIMER 0x1000
#define FLAG_SACK_RENEGING 0x2000
#define FLAG_ACK_MAYBE_DELAYED 0x10000
#define FLAG_ACKED (FLAG_DATA_ACKED | FLAG_SYN_ACKED)
#define FLAG_NOT_DUP (FLAG_DATA | FLAG_WIN_UPDATE | FLAG_ACKED)
#define FLAG_CA_ALERT (FLAG_DATA_SACKED | FLAG_ECE | FLAG_DSACKING_ACK)
#define FLAG_FORWARD_PROGRESS (FLAG_ACKED | FLAG_DATA_SACKED)

#define TCP_MAX_REORDERING 300u	    /* sysctl tcp_max_reordering */
/*
 * Room that Linux leaves in front of a segment. It follows from the kernel's configuration: 256 without
 * wireless drivers (the initial sndbuf of a 1460-byte MSS is then 46080), 320 with them (87040).
 */
#define TCP_MAX_HEADER 256u
#define TCP_SKB_TRUESIZE 832u	    /* of an empty segment in a send queue, with such a header */
#define TCP_MAX_QUEUE_SKB 65279u    /* sk_gso_max_size: 65536 - TCP_MAX_HEADER - 1 */

#define NSEC_PER_TS_TICK NSEC_PER_MSEC

/* What to send after an ACK. */
enum tcp_rexmit { REXMIT_NONE, REXMIT_LOST, REXMIT_NEW };

/* What the SACK blocks of one ACK told. */
struct tcp_sacktag_state {
	u32 reord;	    /* lowest seq that was overtaken; snd_nxt: none */
	nsec_t first_sackt; /* transmission of the first and last newly SACKed segment; 0: none */
	nsec_t last_sackt;
	nsec_t rtt;	    /* of this ACK, for congestion control; < 0: none */
	int flag;
};

/* ---- small queries ---- */
static inline bool tcp_is_sack(const struct tcp_sock *tp)
{
	return tp->rx_opt.sack_ok;
}
static inline u32 tcp_wnd_end(const struct tcp_sock *tp)
{
	return tp->snd_una + tp->snd_wnd;
}
static inline u32 tcp_left_out(const struct tcp_sock *tp)
{
	return tp->sacked_out + tp->lost_out;
}
static inline bool tcp_in_slow_start(const struct tcp_sock *tp)
{
	return tp->snd_cwnd < tp->snd_ssthresh;
}
static inline bool tcp_in_cwnd_reduction(const struct tcp_sock *tp)
{
	return tp->ca_state == TCP_CA_CWR || tp->ca_state == TCP_CA_Recovery;
}
static inline bool tcp_urg_mode(const struct tcp_sock *tp)
{
	return tp->snd_una != tp->snd_up;
}
static inline bool tcp_write_queue_empty(const struct tcp_sock *tp)
{
	return list_empty(&tp->write_queue.list);
}
static inline bool tcp_rtx_queue_empty(const struct tcp_sock *tp)
{
	return list_empty(&tp->rtx_queue.list);
}
static inline struct sk_buff *tcp_send_head(const struct tcp_sock *tp)
{
	return skb_peek(&tp->write_queue);
}
static inline struct sk_buff *tcp_rtx_queue_head(const struct tcp_sock *tp)
{
	return skb_peek(&tp->rtx_queue);
}
static inline struct sk_buff *tcp_queue_tail(const struct sk_buff_head *q)
{
	return list_empty(&q->list) ? NULL : list_last_entry(&q->list, struct sk_buff, node);
}
static inline struct sk_buff *tcp_queue_next(const struct sk_buff_head *q, const struct sk_buff *skb)
{
	return skb->node.next == &q->list ? NULL : list_entry(skb->node.next, struct sk_buff, node);
}
static inline struct sk_buff *tcp_queue_prev(const struct sk_buff_head *q, const struct sk_buff *skb)
{
	return skb->node.prev == &q->list ? NULL : list_entry(skb->node.prev, struct sk_buff, node);
}
/* end_seq of the highest SACKed segment, or snd_una. Linux keeps the seq of the one after it. */
static inline u32 tcp_highest_sack_seq(const struct tcp_sock *tp)
{
	if (!tp->sacked_out || !tp->highest_sack)
		return tp->snd_una;
	return TCP_SKB_CB(tp->highest_sack)->end_seq;
}
static inline bool tcp_ack_scheduled(const struct tcp_sock *tp)
{
	return tp->ack.pending & ICSK_ACK_SCHED;
}
static inline bool tcp_in_quickack_mode(const struct tcp_sock *tp)
{
	return tp->ack.quick && !tp->ack.pingpong;
}
/* SK_PACING_NEEDED: a rate was set, and the stack itself holds packets back. */
static inline bool tcp_needs_pacing(struct tcp_sock *tp)
{
	u64 rate = tp_sock(tp)->max_pacing_rate;

	return rate && rate != ~0ull;
}
static inline nsec_t tcp_probe0_base(const struct tcp_sock *tp)
{
	return max(tp->rto, TCP_RTO_MIN);
}
/* Bytes of the window that the peer may still use. */
static inline u32 tcp_receive_window(const struct tcp_sock *tp)
{
	s32 win = (s32)(tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt);

	return win < 0 ? 0 : (u32)win;
}
static inline void tcp_ca_event(struct tcp_sock *tp, enum tcp_ca_event ev)
{
	if (tp->ca_ops && tp->ca_ops->cwnd_event)
		tp->ca_ops->cwnd_event(tp, ev);
}

/* ---- tcp_rtt.c ---- */
void tcp_rtt_estimator(struct tcp_sock *tp, nsec_t rtt);
/* An ACK's samples (< 0: none); true when the estimate was updated. *ca_rtt may be filled in. */
bool tcp_ack_update_rtt(struct tcp_sock *tp, int flag, nsec_t seq_rtt, nsec_t sack_rtt, nsec_t *ca_rtt);
/* RTT by the echoed timestamp, at least one tick; < 0: none. */
nsec_t tcp_rtt_tsopt(struct tcp_sock *tp);
nsec_t tcp_rto_min(struct tcp_sock *tp);

/* ---- tcp_cong.c ---- */
u32 tcp_slow_start(struct tcp_sock *tp, u32 acked);
void tcp_cong_avoid_ai(struct tcp_sock *tp, u32 w, u32 acked);
bool tcp_is_cwnd_limited(const struct tcp_sock *tp);
u32 tcp_reno_undo_cwnd(struct tcp_sock *tp);
u32 tcp_current_ssthresh(const struct tcp_sock *tp);
u32 tcp_init_cwnd(const struct tcp_sock *tp);
void tcp_set_ca_state(struct tcp_sock *tp, enum tcp_ca_state state);
void tcp_update_pacing_rate(struct tcp_sock *tp);
void tcp_slow_start_after_idle_check(struct tcp_sock *tp);
void tcp_cwnd_validate(struct tcp_sock *tp, bool is_cwnd_limited);
extern const struct tcp_congestion_ops tcp_cubic; /* tcp_cubic.c */

/* ---- tcp_rcvbuf.c ---- */
u32 tcp_win_from_space(const struct tcp_sock *tp, u32 space);
u32 tcp_compute_window(struct tcp_sock *tp); /* __tcp_select_window() */
void tcp_measure_rcv_mss(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_grow_window(struct tcp_sock *tp, const struct sk_buff *skb);
void tcp_rcv_rtt_measure(struct tcp_sock *tp);
void tcp_rcv_rtt_measure_ts(struct tcp_sock *tp, const struct sk_buff *skb);
void tcp_sndbuf_expand(struct tcp_sock *tp);
/* Grows the send buffer for a writer that waits; before tcp_check_space(). */
void tcp_new_space(struct tcp_sock *tp);

/* ---- tcp_header.c ---- */
/* Options that an established connection sends now; sacks is room for four blocks. */
u32 tcp_established_options(struct tcp_sock *tp, struct tcp_out_options *o,
			    struct tcp_sack_block sacks[4]);
void tcp_syn_options(struct tcp_sock *tp, struct tcp_out_options *o);

/* ---- tcp_route.c ---- */
/* A valid route in inet->dst, looked up again when it went stale. 0 or -errno. */
int tcp_rebuild_header(struct tcp_sock *tp);

/* ---- tcp_segment.c ---- */
struct sk_buff *tcp_stream_alloc_skb(struct tcp_sock *tp);
void tcp_init_nondata_skb(struct sk_buff *skb, u32 seq, u8 flags);
/* Appends to the write queue and charges it. */
void tcp_queue_skb(struct tcp_sock *tp, struct sk_buff *skb);
/* Takes skb off queue (NULL: none) and frees it. */
void tcp_wmem_free_skb(struct tcp_sock *tp, struct sk_buff_head *queue, struct sk_buff *skb);
u32 tcp_set_skb_tso_segs(struct sk_buff *skb, u32 mss);
/* Cuts skb of queue after len bytes; the rest becomes a segment of its own behind it. */
void tcp_fragment(struct tcp_sock *tp, struct sk_buff_head *queue, struct sk_buff *skb, u32 len,
		  u32 mss);
void tcp_trim_head(struct tcp_sock *tp, struct sk_buff *skb, u32 len);
void tcp_adjust_pcount(struct tcp_sock *tp, const struct sk_buff *skb, int decr);
/* Appends skb's bytes to prev when they fit: false otherwise. Frees skb, moves hints. */
bool tcp_rtx_merge(struct tcp_sock *tp, struct sk_buff *prev, struct sk_buff *skb);
u32 tcp_xmit_size_goal(struct tcp_sock *tp, u32 mss_now);
u32 tcp_bound_to_half_wnd(const struct tcp_sock *tp, u32 size);

/* ---- tcp_output.c ---- */
/* True: something is left unsent and nothing in flight, so a probe must be armed. */
bool tcp_write_xmit(struct tcp_sock *tp, u32 mss_now, int nonagle, bool push_one);
void tcp_push_frames(struct tcp_sock *tp, u32 mss_now, int nonagle);
u32 tcp_tso_segs(struct tcp_sock *tp, u32 mss_now);
bool tcp_small_queue_check(struct tcp_sock *tp, const struct sk_buff *skb, u32 factor);
bool tcp_pacing_check(const struct tcp_sock *tp);
void tcp_event_new_data_sent(struct tcp_sock *tp, struct sk_buff *skb);
u32 tcp_acceptable_seq(const struct tcp_sock *tp);
/* The pacing timer: continues what pacing or the small-queue limit stopped. */
void tcp_tsq_handler(struct timer *t);

/* ---- tcp_retransmit.c ---- */
/* At most segs segments of skb. 0, -errno, or > 0: dropped by the local queue. */
int tcp_retransmit_segs(struct tcp_sock *tp, struct sk_buff *skb, u32 segs);
void tcp_xmit_retransmit_queue(struct tcp_sock *tp);
int tcp_xmit_probe(struct tcp_sock *tp, bool urgent, enum mib mib);

/* ---- tcp_probe.c ---- */
int tcp_wakeup_probe(struct tcp_sock *tp, enum mib mib);
void tcp_send_probe0(struct tcp_sock *tp);
/* An ACK came while nothing was in flight: the window opened, or the next probe is due later. */
void tcp_ack_probe(struct tcp_sock *tp);
nsec_t tcp_probe0_when(const struct tcp_sock *tp, nsec_t max_when);

/* ---- tcp_timer.c ---- */
void tcp_clear_xmit_timer(struct tcp_sock *tp, enum tcp_timer_kind what);
/* Tries for an orphan: fewer when it makes no progress (tcp_orphan_retries). */
int tcp_orphan_retries(struct tcp_sock *tp, bool alive);
void tcp_clear_delack(struct tcp_sock *tp);

/* ---- tcp_delack.c ---- */
void tcp_delack_timer(struct timer *t);
void tcp_compressed_ack_timer(struct timer *t);
/* Grants up to max ACKs that are not delayed. */
void tcp_incr_quickack(struct tcp_sock *tp, u32 max);
/* ---- tcp_keepalive.c ---- */
void tcp_keepalive_timer(struct timer *t);

/* ---- tcp_sack.c ---- */
int tcp_sacktag_write_queue(struct tcp_sock *tp, const struct sk_buff *skb, u32 prior_snd_una,
			    struct tcp_sacktag_state *st);
void tcp_check_sack_reordering(struct tcp_sock *tp, u32 low_seq, bool ts);
void tcp_clear_retrans_hints(struct tcp_sock *tp);
void tcp_mark_skb_lost(struct tcp_sock *tp, struct sk_buff *skb);
/* RFC 6675's rule with the current degree of reordering. */
void tcp_update_scoreboard(struct tcp_sock *tp, bool fast_rexmit);

/* ---- tcp_recovery.c, tcp_undo.c ---- */
void tcp_fastretrans_alert(struct tcp_sock *tp, u32 prior_snd_una, int num_dupack, int *ack_flag,
			   enum tcp_rexmit *rexmit);
void tcp_cwnd_reduction(struct tcp_sock *tp, int newly_acked_sacked, bool newly_lost, int flag);
void tcp_remove_reno_sacks(struct tcp_sock *tp, int acked);
void tcp_reset_reno_sack(struct tcp_sock *tp);
void tcp_process_loss(struct tcp_sock *tp, int flag, int num_dupack, enum tcp_rexmit *rexmit);
void tcp_init_undo(struct tcp_sock *tp);
bool tcp_any_retrans_done(const struct tcp_sock *tp);
bool tcp_try_undo_recovery(struct tcp_sock *tp);
bool tcp_try_undo_partial(struct tcp_sock *tp, u32 prior_snd_una, bool *do_lost);
bool tcp_try_undo_dsack(struct tcp_sock *tp);
bool tcp_try_undo_loss(struct tcp_sock *tp, bool frto_undo);
void tcp_try_keep_open(struct tcp_sock *tp);
void tcp_add_reno_sack(struct tcp_sock *tp, int num_dupack);
bool tcp_force_fast_retransmit(const struct tcp_sock *tp);

/* ---- tcp_ecn.c ---- */
void tcp_ecn_queue_cwr(struct tcp_sock *tp);
void tcp_ecn_withdraw_cwr(struct tcp_sock *tp);
void tcp_ecn_accept_cwr(struct tcp_sock *tp, const struct sk_buff *skb);
void tcp_ecn_check_ce(struct tcp_sock *tp, const struct sk_buff *skb);
bool tcp_ecn_rcv_ecn_echo(const struct tcp_sock *tp, u8 flags);
/* Flags to set in the header of an established segment; *ect: codepoint ECT(0) in the IP header. */
u8 tcp_ecn_send(struct tcp_sock *tp, const struct sk_buff *skb, bool *ect);

/* ---- tcp_ofo.c ---- */
void tcp_data_queue_ofo(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_ofo_queue(struct tcp_sock *tp);
/* Room for skb, if need be after the queues were pruned. */
bool tcp_try_rmem_schedule(struct tcp_sock *tp, const struct sk_buff *skb);
bool tcp_try_coalesce(struct tcp_sock *tp, struct sk_buff *to, struct sk_buff *from);
void tcp_ofo_skb_free(struct tcp_sock *tp, struct sk_buff *skb);

/* ---- tcp_sack_rcv.c ---- */
void tcp_dsack_set(struct tcp_sock *tp, u32 seq, u32 end_seq);
void tcp_dsack_extend(struct tcp_sock *tp, u32 seq, u32 end_seq);
void tcp_sack_new_ofo_skb(struct tcp_sock *tp, u32 seq, u32 end_seq);
/* Drops blocks that rcv_nxt has passed. */
void tcp_sack_remove(struct tcp_sock *tp);
/* ---- tcp_input.c ---- */
void tcp_event_data_recv(struct tcp_sock *tp, struct sk_buff *skb);
void tcp_sched_ack(struct tcp_sock *tp);
void tcp_rcv_nxt_update(struct tcp_sock *tp, u32 seq);

#endif

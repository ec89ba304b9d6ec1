/* SPDX-License-Identifier: MIT */
/*
 * Probes of a closed window and of an idle peer (RFC 9293 3.8.6.1 and 3.8.4).
 *
 * A probe carries data when the window has room for some (a silly window opens that way), else it is an
 * old sequence number without data, which any peer must answer.
 */
#include "stack/tcp_int.h"

static u32 log2_floor(u64 v)
{
	return v ? 63u - (u32)__builtin_clzll(v) : 0;
}

nsec_t tcp_probe0_when(const struct tcp_sock *tp, nsec_t max_when)
{
	u32 backoff = min((u32)tp->backoff, log2_floor(TCP_RTO_MAX / TCP_RTO_MIN) + 1);
	nsec_t when = tcp_probe0_base(tp) << backoff;

	return min(when, max_when);
}

static nsec_t clamp_to_user_timeout(struct tcp_sock *tp, nsec_t when)
{
	nsec_t remaining;

	if (!tp->user_timeout || !tp->probes_tstamp)
		return when;
	remaining = tp->user_timeout - (tp_now(tp) - tp->probes_tstamp);
	return min(max(remaining, TCP_RTO_MIN / 100), when);
}

static int probe_with_data(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 mss = tcp_current_mss(tp);
	u32 room = tcp_wnd_end(tp) - cb->seq;
	int err;

	if (before(tp->pushed_seq, cb->end_seq))
		tp->pushed_seq = cb->end_seq;
	if (room < cb->end_seq - cb->seq || skb->len > mss) {
		room = min(room, mss);
		cb->tcp_flags |= TCPHDR_PSH;
		if (room < skb->len)
			tcp_fragment(tp, &tp->write_queue, skb, room, mss);
	}
	tcp_set_skb_tso_segs(skb, mss);
	cb->tcp_flags |= TCPHDR_PSH;
	err = tcp_transmit_skb(tp, skb, true);
	if (!err)
		tcp_event_new_data_sent(tp, skb);
	return err;
}

int tcp_wakeup_probe(struct tcp_sock *tp, enum mib mib)
{
	struct sk_buff *skb = tcp_send_head(tp);

	if (tp_sock(tp)->state == TCP_CLOSE)
		return -1;
	if (skb && before(TCP_SKB_CB(skb)->seq, tcp_wnd_end(tp)))
		return probe_with_data(tp, skb);
	if (between(tp->snd_up, tp->snd_una + 1, tp->snd_una + 0xffff))
		tcp_xmit_probe(tp, true, mib);
	return tcp_xmit_probe(tp, false, mib);
}

int tcp_write_wakeup(struct tcp_sock *tp)
{
	return tcp_wakeup_probe(tp, MIB_TCPWinProbe);
}

void tcp_send_window_probe(struct tcp_sock *tp)
{
	if (tp_sock(tp)->state != TCP_ESTABLISHED)
		return;
	tp->snd_wl1 = tp->rcv_nxt - 1;
	tcp_xmit_probe(tp, false, MIB_TCPWinProbe);
}

void tcp_send_probe0(struct tcp_sock *tp)
{
	int err = tcp_write_wakeup(tp);
	nsec_t when = TCP_RESOURCE_PROBE_INTERVAL;

	if (tp->packets_out || tcp_write_queue_empty(tp)) {
		tp->probes_out = 0;
		tp->backoff = 0;
		tp->probes_tstamp = 0;
		return;
	}
	tp->probes_out++;
	if (err <= 0) {
		if (tp->backoff < tp_net(tp)->sysctl.tcp_retries2)
			tp->backoff++;
		when = tcp_probe0_when(tp, tp_net(tp)->sysctl.tcp_rto_max);
	}
	tcp_reset_xmit_timer(tp, ICSK_TIME_PROBE0, tp_now(tp) + clamp_to_user_timeout(tp, when));
}

void tcp_ack_probe(struct tcp_sock *tp)
{
	struct sk_buff *head = tcp_send_head(tp);

	if (!head)
		return;
	if (!after(TCP_SKB_CB(head)->end_seq, tcp_wnd_end(tp))) {
		/* The window is open: tcp_data_snd_check() goes on. */
		tp->backoff = 0;
		tp->probes_tstamp = 0;
		tcp_clear_xmit_timer(tp, ICSK_TIME_PROBE0);
	} else {
		nsec_t when = tcp_probe0_when(tp, tp_net(tp)->sysctl.tcp_rto_max);

		tcp_reset_xmit_timer(tp, ICSK_TIME_PROBE0,
				     tp_now(tp) + clamp_to_user_timeout(tp, when));
	}
}

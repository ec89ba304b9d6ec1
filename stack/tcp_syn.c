/* SPDX-License-Identifier: MIT */
/*
 * The SYN of an active open, and the SYN-ACK of a simultaneous one (RFC 9293 3.5).
 */
#include "stack/tcp_int.h"

/* The MSS that we announce: that of the device, less a user's TCP_MAXSEG. */
static u16 advertised_mss(const struct tcp_sock *tp)
{
	u32 ip_header = ipaddr_is_v4(&tp->inet.daddr) ? 20 : 40;
	const struct dst *dst = &tp->inet.dst;
	u32 mss = dst->advmss ? dst->advmss : max(dst->mtu, 88u) - ip_header - 20;

	if (tp->rx_opt.user_mss)
		mss = min(mss, (u32)tp->rx_opt.user_mss);
	return (u16)min(mss, 65495u);
}

static void init_windows(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 space = tcp_full_space(tp);

	if ((sk->userlocks & SOCK_RCVBUF_LOCK) && (!tp->window_clamp || tp->window_clamp > space))
		tp->window_clamp = space;
	tcp_select_initial_window(sk->net, sk, space, tp->advmss, &tp->rcv_wnd, &tp->window_clamp,
				  sk->net->sysctl.tcp_window_scaling, &tp->rx_opt.rcv_wscale);
	tp->rcv_ssthresh = tp->rcv_wnd;
}

static void connect_init(struct tcp_sock *tp)
{
	tp->tcp_header_len = tp_net(tp)->sysctl.tcp_timestamps ? 32 : 20;
	if (tp->rx_opt.user_mss)
		tp->rx_opt.mss_clamp = tp->rx_opt.user_mss;
	tp->max_window = 0;
	tcp_sync_mss(tp, tp->inet.dst.mtu);
	tp->advmss = advertised_mss(tp);
	init_windows(tp);
	tcp_initialize_rcv_mss(tp);
	tp->snd_wnd = 0;
	tcp_init_wl(tp, 0);
	tcp_write_queue_purge(tp);
	tp->snd_una = tp->snd_sml = tp->snd_up = tp->snd_nxt = tp->write_seq;
	tp->pushed_seq = tp->write_seq;
	tp->rcv_nxt = tp->rcv_wup = tp->copied_seq = 0;
	tp->rto = TCP_TIMEOUT_INIT;
	tp->retransmits = 0;
	tp->retrans_stamp = 0;
	tp->total_rto = 0;
	tp->total_retrans = 0;
	if (!tp->snd_cwnd)
		tp->snd_cwnd = TCP_INIT_CWND;
	if (!tp->snd_cwnd_clamp)
		tp->snd_cwnd_clamp = ~0u;
	if (!tp->snd_ssthresh)
		tp->snd_ssthresh = TCP_INFINITE_SSTHRESH;
	if (!tp->reordering)
		tp->reordering = (u32)tp_net(tp)->sysctl.tcp_reordering;
}

int tcp_connect_output(struct tcp_sock *tp)
{
	struct sk_buff *skb;
	u8 flags = TCPHDR_SYN;
	int err = tcp_rebuild_header(tp);

	if (err)
		return err;
	connect_init(tp);
	if (tp_net(tp)->sysctl.tcp_ecn == 1) {
		flags |= TCPHDR_ECE | TCPHDR_CWR;
		tp->ecn_flags = TCP_ECN_OK;
	} else {
		tp->ecn_flags = 0;
	}
	skb = tcp_stream_alloc_skb(tp);
	tcp_init_nondata_skb(skb, tp->write_seq, flags);
	tp->snt_isn = tp->write_seq;
	tp->write_seq++;
	tp_sock(tp)->wmem_queued += skb->truesize;
	skb_queue_tail(&tp->rtx_queue, skb);
	tp->packets_out += tcp_skb_pcount(skb);
	tp->snd_nxt = tp->write_seq;
	tp->pushed_seq = tp->write_seq;
	err = tcp_transmit_skb(tp, skb, true);
	if (err == -ECONNREFUSED)
		return err;
	NET_INC_STATS(tp_net(tp), ActiveOpens);
	tcp_reset_xmit_timer(tp, ICSK_TIME_RETRANS, tp_now(tp) + tp->rto);
	return 0;
}

void tcp_send_synack(struct tcp_sock *tp)
{
	struct sk_buff *skb = tcp_rtx_queue_head(tp);

	if (!skb || !(TCP_SKB_CB(skb)->tcp_flags & TCPHDR_SYN))
		return;
	TCP_SKB_CB(skb)->tcp_flags |= TCPHDR_ACK;
	if (!(tp->ecn_flags & TCP_ECN_OK))
		TCP_SKB_CB(skb)->tcp_flags &= (u8) ~(TCPHDR_ECE | TCPHDR_CWR);
	else
		TCP_SKB_CB(skb)->tcp_flags &= (u8)~TCPHDR_CWR;
	tcp_transmit_skb(tp, skb, true);
}

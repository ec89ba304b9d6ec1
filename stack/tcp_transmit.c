/* SPDX-License-Identifier: MIT */
/*
 * One segment on its way to the network layer: header, options, accounting, and its return.
 *
 * The queue keeps its skb and the wire gets a clone that shares the payload. The clone is charged to
 * wmem_alloc until the device is done with it (Linux's TCP small queues): its destructor lets a socket
 * that stopped for that reason go on.
 */
#include "stack/tcp_int.h"

#define ECT_0 2

/* A packet has left the host. Sending goes on from a timer: the driver's context is not ours. */
static void tcp_wfree(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct tcp_sock *tp = tcp_sk(sk);

	skb->sk = NULL;
	assert(sk->wmem_alloc >= skb->truesize);
	sk->wmem_alloc -= skb->truesize;
	if (tp->tsq_throttled && sk->state != TCP_CLOSE && !timer_pending(&tp->pacing_timer))
		timer_mod(&tp->pacing_timer, tp_now(tp));
	sock_put(sk);
}

/* A window's worth has been told and acknowledged: what was scheduled is done. */
static void event_ack_sent(struct tcp_sock *tp)
{
	if (tp->compressed_ack) {
		NET_ADD_STATS(tp_net(tp), TCPAckCompressed, tp->compressed_ack);
		tp->compressed_ack = 0;
		timer_del(&tp->compressed_ack_timer);
	}
	if (tp->ack.quick) {
		if (tcp_ack_scheduled(tp) && tp->ack.quick == 1) {
			tp->ack.quick = 0;
			tp->ack.ato = TCP_ATO_MIN;
		} else if (tcp_ack_scheduled(tp)) {
			tp->ack.quick--;
		}
	}
	tcp_clear_delack(tp);
}

static void event_data_sent(struct tcp_sock *tp)
{
	nsec_t now = tp_now(tp);

	if (!tcp_packets_in_flight(tp))
		tcp_ca_event(tp, CA_EVENT_TX_START);
	tp->lsndtime = now;
	/* Data soon after data: a conversation, whose ACKs can ride along. */
	if (now - tp->ack.lrcvtime < tp->ack.ato)
		tp->ack.pingpong = true;
}

/* The urgent pointer, counted from seq, and whether the segment shows it (RFC 6093). */
static u16 urgent_pointer(const struct tcp_sock *tp, u32 seq, u8 *flags)
{
	if (!tcp_urg_mode(tp) || !before(seq, tp->snd_up))
		return 0;
	if (before(tp->snd_up, seq + 0x10000)) {
		*flags |= TCPHDR_URG;
		return (u16)(tp->snd_up - seq);
	}
	if (after(seq + 0xffff, tp->snd_nxt)) {
		*flags |= TCPHDR_URG;
		return 0xffff;
	}
	return 0;
}

/* Writes the header into skb's linear area, in front of its slices. */
static void build_header(struct tcp_sock *tp, struct sk_buff *skb, bool *ect)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_sack_block sacks[4];
	struct tcp_out_options o;
	u32 hlen;
	u16 urg, window;
	u8 flags = cb->tcp_flags;
	u8 *th;

	*ect = false;
	if (flags & TCPHDR_SYN) {
		tcp_syn_options(tp, &o);
		hlen = 20 + tcp_options_size(&o);
		window = (u16)min(tp->rcv_wnd, 65535u);
	} else {
		hlen = 20 + tcp_established_options(tp, &o, sacks);
		tp->dsack = false; /* reported once */
		window = tcp_select_window(tp);
		flags |= tcp_ecn_send(tp, skb, ect);
	}
	urg = urgent_pointer(tp, cb->seq, &flags);
	assert(skb->data == skb->tail && skb->data + hlen <= SKB_HEAD_SIZE);
	skb_reset_transport_header(skb);
	skb->tail = (u16)(skb->tail + hlen);
	skb->len += hlen;
	th = skb_transport_header(skb);
	put_be16(th, tp->inet.sport);
	put_be16(th + 2, tp->inet.dport);
	put_be32(th + 4, cb->seq);
	put_be32(th + 8, flags & TCPHDR_ACK ? tp->rcv_nxt : 0);
	th[12] = (u8)(hlen / 4 << 4);
	th[13] = flags;
	put_be16(th + 14, window);
	put_be16(th + 16, 0);
	put_be16(th + 18, urg);
	tcp_options_write(th + 20, &o);
}

static void set_offload(struct tcp_sock *tp, struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = 16;
	skb->gso_segs = cb->tcp_gso_segs;
	if (cb->tcp_gso_segs > 1) {
		skb->gso_size = cb->tcp_gso_size;
		skb->gso_type = ipaddr_is_v4(&tp->inet.daddr) ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	}
	skb->hash = tp->inet.hash;
	skb->l4_hash = true;
	skb->priority = tp_sock(tp)->priority;
	skb->mark = tp_sock(tp)->mark;
}

static int xmit(struct tcp_sock *tp, struct sk_buff *skb, bool ect)
{
	struct inet_sock *inet = &tp->inet;
	struct ip_tx tx = { .saddr = inet->saddr, .daddr = inet->daddr, .proto = IPPROTO_TCP,
			    .tos = (u8)((inet->tos & ~3) | (ect ? ECT_0 : 0)),
			    .ttl = (u8)(inet->uc_ttl > 0 ? inet->uc_ttl : 0),
			    .df = inet->pmtudisc == IP_PMTUDISC_DO ||
				  inet->pmtudisc == IP_PMTUDISC_PROBE ||
				  (inet->pmtudisc == IP_PMTUDISC_WANT && !inet->dst.pmtu_locked),
			    .local_df = inet->pmtudisc != IP_PMTUDISC_DO,
			    .flowlabel = inet->flowlabel, .priority = skb->priority,
			    .mark = skb->mark };
	int err = tcp_rebuild_header(tp);

	if (err) {
		kfree_skb_reason(skb, SKB_DROP_REASON_IP_OUTNOROUTES, "tcp_transmit_skb");
		return err;
	}
	err = ip_output(tp_net(tp), skb, &inet->dst, &tx);
	if (unlikely(err > 0)) {
		/* The local queue dropped it, or is about to (2: NET_XMIT_CN). */
		tcp_enter_cwr(tp);
		if (err == 2)
			err = 0;
	}
	return err;
}

static void count_sent(struct tcp_sock *tp, u32 segs, u32 payload)
{
	tp->segs_out += segs;
	NET_ADD_STATS(tp_net(tp), OutSegs, segs);
	if (payload) {
		tp->data_segs_out += segs;
		tp->bytes_sent += payload;
	}
}

/* Holds the next packet back for as long as this one takes at the pacing rate. */
static void update_pacing(struct tcp_sock *tp, u32 bytes)
{
	nsec_t wait;

	if (!tcp_needs_pacing(tp) || !tp->pacing_rate || tp->pacing_rate == ~0ull || !bytes)
		return;
	wait = (nsec_t)((u64)bytes * NSEC_PER_SEC / tp->pacing_rate);
	timer_mod(&tp->pacing_timer, tp_now(tp) + wait);
}

int tcp_transmit_skb(struct tcp_sock *tp, struct sk_buff *skb, bool clone)
{
	struct sk_buff *oskb = clone ? skb : NULL;
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 payload = skb->len, segs = max((u32)cb->tcp_gso_segs, 1u);
	u8 flags = cb->tcp_flags;
	bool ect;
	int err;

	if (clone) {
		skb = skb_clone(oskb);
		skb->sk = tp_sock(tp);
		skb->destructor = tcp_wfree;
		tp_sock(tp)->wmem_alloc += skb->truesize;
		sock_hold(tp_sock(tp));
	}
	build_header(tp, skb, &ect);
	set_offload(tp, skb);
	if (flags & TCPHDR_ACK)
		event_ack_sent(tp);
	if (payload) {
		event_data_sent(tp);
		update_pacing(tp, skb->len);
	}
	count_sent(tp, segs, payload);
	if (oskb) {
		TCP_SKB_CB(oskb)->tx_time = tp_now(tp);
		TCP_SKB_CB(oskb)->delivered = tp->delivered;
		TCP_SKB_CB(oskb)->delivered_time = tp->delivered_time;
	}
	err = xmit(tp, skb, ect);
	return err;
}

u32 tcp_acceptable_seq(const struct tcp_sock *tp)
{
	u32 end = tcp_wnd_end(tp);

	/* Inside the window if the peer took it back; a rounding of its scale does not count. */
	if (!before(end, tp->snd_nxt) ||
	    (tp->rx_opt.wscale_ok && tp->snd_nxt - end < 1u << tp->rx_opt.snd_wscale))
		return tp->snd_nxt;
	return end;
}

static struct sk_buff *bare_skb(struct tcp_sock *tp, u32 seq, u8 flags)
{
	struct sk_buff *skb = tcp_stream_alloc_skb(tp);

	tcp_init_nondata_skb(skb, seq, flags);
	return skb;
}

void tcp_send_ack(struct tcp_sock *tp)
{
	if (tp_sock(tp)->state == TCP_CLOSE)
		return;
	tcp_transmit_skb(tp, bare_skb(tp, tcp_acceptable_seq(tp), TCPHDR_ACK), false);
}

void tcp_send_active_reset(struct tcp_sock *tp)
{
	NET_INC_STATS(tp_net(tp), OutRsts);
	if (tcp_transmit_skb(tp, bare_skb(tp, tcp_acceptable_seq(tp), TCPHDR_ACK | TCPHDR_RST), false))
		NET_INC_STATS(tp_net(tp), TCPAbortFailed);
}

int tcp_xmit_probe(struct tcp_sock *tp, bool urgent, enum mib mib)
{
	/* An old sequence number makes the peer answer. With urgent data the number is current. */
	tp_net(tp)->mib.v[mib]++;
	return tcp_transmit_skb(tp, bare_skb(tp, tp->snd_una - !urgent, TCPHDR_ACK), false);
}

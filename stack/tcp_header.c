/* SPDX-License-Identifier: MIT */
/*
 * TCP headers on the way out: options, and segments that no socket has queued.
 *
 * Options: RFC 9293 3.2 (MSS), RFC 7323 (window scale, timestamps), RFC 2018 (SACK), in the order and
 * with the padding of Linux, which fingerprints of it are known by.
 */
#include "stack/tcp_int.h"

#define TCPOPT_NOP_ 1
#define TCPOPT_MSS_ 2
#define TCPOPT_WSCALE_ 3
#define TCPOPT_SACK_PERM_ 4
#define TCPOPT_SACK_ 5
#define TCPOPT_TIMESTAMP_ 8
#define TCP_MAX_OPTIONS 40u

u32 tcp_options_size(const struct tcp_out_options *o)
{
	u32 n = 0;

	if (o->mss)
		n += 4;
	if (o->tstamp)
		n += 12;
	else if (o->sack_perm)
		n += 4;
	if (o->wscale_opt)
		n += 4;
	if (o->num_sacks)
		n += 4 + 8u * o->num_sacks;
	return n;
}

static u8 *write_tstamp(u8 *p, const struct tcp_out_options *o)
{
	/* SACK-permitted takes the place of the padding. */
	*p++ = o->sack_perm ? TCPOPT_SACK_PERM_ : TCPOPT_NOP_;
	*p++ = o->sack_perm ? 2 : TCPOPT_NOP_;
	*p++ = TCPOPT_TIMESTAMP_;
	*p++ = 10;
	put_be32(p, o->tsval);
	put_be32(p + 4, o->tsecr);
	return p + 8;
}

static u8 *write_sacks(u8 *p, const struct tcp_out_options *o)
{
	*p++ = TCPOPT_NOP_;
	*p++ = TCPOPT_NOP_;
	*p++ = TCPOPT_SACK_;
	*p++ = (u8)(2 + 8 * o->num_sacks);
	for (int i = 0; i < o->num_sacks; i++, p += 8) {
		put_be32(p, o->sacks[i].start_seq);
		put_be32(p + 4, o->sacks[i].end_seq);
	}
	return p;
}

void tcp_options_write(u8 *p, const struct tcp_out_options *o)
{
	if (o->mss) {
		*p++ = TCPOPT_MSS_;
		*p++ = 4;
		put_be16(p, o->mss);
		p += 2;
	}
	if (o->tstamp) {
		p = write_tstamp(p, o);
	} else if (o->sack_perm) {
		*p++ = TCPOPT_NOP_;
		*p++ = TCPOPT_NOP_;
		*p++ = TCPOPT_SACK_PERM_;
		*p++ = 2;
	}
	if (o->wscale_opt) {
		*p++ = TCPOPT_NOP_;
		*p++ = TCPOPT_WSCALE_;
		*p++ = 3;
		*p++ = o->wscale;
	}
	if (o->num_sacks)
		write_sacks(p, o);
}

u32 tcp_established_options(struct tcp_sock *tp, struct tcp_out_options *o,
			    struct tcp_sack_block sacks[4])
{
	u32 room, n = 0, eff = tp->num_selective_acks + tp->dsack;

	*o = (struct tcp_out_options){ 0 };
	if (tp->rx_opt.tstamp_ok) {
		o->tstamp = true;
		o->tsval = tcp_time_stamp(tp);
		o->tsecr = tp->rx_opt.ts_recent;
	}
	if (eff) {
		room = (TCP_MAX_OPTIONS - (o->tstamp ? 12u : 0u) - 4u) / 8u;
		if (tp->dsack)
			sacks[n++] = tp->duplicate_sack;
		for (u32 i = 0; i < tp->num_selective_acks && n < room; i++)
			sacks[n++] = tp->selective_acks[i];
		o->num_sacks = (u8)n;
		o->sacks = sacks;
	}
	return tcp_options_size(o);
}

void tcp_syn_options(struct tcp_sock *tp, struct tcp_out_options *o)
{
	const struct net_sysctl *ctl = &tp_net(tp)->sysctl;
	bool answer = tp_sock(tp)->state == TCP_SYN_RECV; /* of a simultaneous open */

	*o = (struct tcp_out_options){ .mss = tp->advmss };
	if (answer ? tp->rx_opt.tstamp_ok : ctl->tcp_timestamps) {
		o->tstamp = true;
		o->tsval = tcp_time_stamp(tp);
		o->tsecr = tp->rx_opt.ts_recent;
	}
	if (answer ? tp->rx_opt.wscale_ok : ctl->tcp_window_scaling) {
		o->wscale_opt = true;
		o->wscale = tp->rx_opt.rcv_wscale;
	}
	o->sack_perm = answer ? tp->rx_opt.sack_ok : ctl->tcp_sack;
}

/* Header bytes in front of nothing: the skb has no payload yet. */
static void write_bare_header(struct sk_buff *skb, const struct tcp_header_spec *h,
			      const struct tcp_out_options *o)
{
	u32 hlen = 20 + tcp_options_size(o);
	u8 *th = skb_put(skb, hlen);

	skb_reset_transport_header(skb);
	put_be16(th, h->sport);
	put_be16(th + 2, h->dport);
	put_be32(th + 4, h->seq);
	put_be32(th + 8, h->ack);
	th[12] = (u8)(hlen / 4 << 4);
	th[13] = h->flags;
	put_be16(th + 14, h->window);
	put_be32(th + 16, 0);
	tcp_options_write(th + 20, o);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = 16;
}

int tcp_send_bare(struct net *net, const struct tcp_header_spec *h, struct dst *dst)
{
	struct tcp_out_options o = { .tstamp = h->tstamp, .tsval = h->tsval, .tsecr = h->tsecr,
				     .mss = h->mss, .sack_perm = h->sack_perm,
				     .wscale_opt = h->wscale_opt, .wscale = h->wscale };
	struct ip_tx tx = { .saddr = h->saddr, .daddr = h->daddr, .proto = IPPROTO_TCP,
			    .tos = h->tos, .ttl = h->ttl, .df = true, .mark = h->mark };
	struct dst looked_up = { 0 };
	struct sk_buff *skb;
	int err;

	if (!dst || !dst_valid(dst, net)) {
		struct flow fl = { .saddr = h->saddr, .daddr = h->daddr, .oif = h->oif,
				   .proto = IPPROTO_TCP, .tos = h->tos, .mark = h->mark,
				   .sport = h->sport, .dport = h->dport };

		err = route_output(net, &fl, &looked_up);
		if (err)
			return err;
		dst = &looked_up;
	}
	skb = alloc_skb(net->host);
	skb->truesize = TCP_SKB_TRUESIZE;
	skb->mark = h->mark;
	skb->hash = inet_ehashfn(net, &h->saddr, h->sport, &h->daddr, h->dport);
	skb->l4_hash = true;
	write_bare_header(skb, h, &o);
	NET_INC_STATS(net, OutSegs);
	return ip_output(net, skb, dst, &tx);
}

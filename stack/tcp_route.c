/* SPDX-License-Identifier: MIT */
/*
 * The way to the peer: the cached route, and the segment size that its path MTU allows.
 *
 * RFC 9293 3.7.1, RFC 1191 and RFC 8201 as far as TCP takes part: ICMP errors and interface changes
 * alter the route's mtu, and the next segment is built for it.
 */
#include "stack/tcp_int.h"

#define MIN_SND_MSS 48u

int tcp_rebuild_header(struct tcp_sock *tp)
{
	struct inet_sock *inet = &tp->inet;
	struct sock *sk = tp_sock(tp);
	struct flow fl = { .saddr = inet->saddr, .daddr = inet->daddr, .oif = sk->bound_dev_if,
			   .proto = IPPROTO_TCP, .tos = inet->tos, .mark = sk->mark,
			   .sport = inet->sport, .dport = inet->dport, .uid = sk->uid,
			   .dontroute = sk->dontroute, .anysrc = inet->transparent };

	if (likely(dst_valid(&inet->dst, sk->net)))
		return 0;
	return route_output(sk->net, &fl, &inet->dst);
}

u32 tcp_bound_to_half_wnd(const struct tcp_sock *tp, u32 size)
{
	/* Half of the largest window seen: a full-sized segment must always fit in two. */
	u32 cutoff = tp->max_window > TCP_MSS_DEFAULT ? tp->max_window >> 1 : tp->max_window;

	if (cutoff && size > cutoff)
		return max(cutoff, 68u - min(68u, (u32)tp->tcp_header_len));
	return size;
}

u32 tcp_sync_mss(struct tcp_sock *tp, u32 pmtu)
{
	u32 ip_header = ipaddr_is_v4(&tp->inet.daddr) ? 20 : 40;
	u32 clamp_to = tp->rx_opt.mss_clamp ? tp->rx_opt.mss_clamp : TCP_MSS_DEFAULT;
	u32 min_mss = (u32)tp_net(tp)->sysctl.tcp_min_snd_mss;
	u32 header = max((u32)tp->tcp_header_len, 20u);
	u32 mss;

	if (!min_mss)
		min_mss = MIN_SND_MSS;
	mss = pmtu > ip_header + 20 ? pmtu - ip_header - 20 : min_mss;
	mss = min(mss, clamp_to);
	mss = mss > tp->ext_hdr_len ? mss - tp->ext_hdr_len : min_mss;
	mss = max(mss, min_mss);
	mss -= header - 20;
	mss = tcp_bound_to_half_wnd(tp, mss);
	tp->pmtu_cookie = pmtu;
	tp->mss_cache = mss;
	return mss;
}

u32 tcp_current_mss(struct tcp_sock *tp)
{
	struct tcp_out_options o;
	struct tcp_sack_block sacks[4];
	u32 header_len, mss = tp->mss_cache;

	if (!tcp_rebuild_header(tp) && tp->inet.dst.mtu != tp->pmtu_cookie)
		mss = tcp_sync_mss(tp, tp->inet.dst.mtu);
	if (likely(!tp->num_selective_acks && !tp->dsack))
		return mss;
	/* SACK blocks take their room from the payload. */
	header_len = 20 + tcp_established_options(tp, &o, sacks);
	if (header_len > tp->tcp_header_len)
		mss -= min(header_len - tp->tcp_header_len, mss - 1);
	return mss;
}

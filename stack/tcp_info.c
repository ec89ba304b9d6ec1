/* SPDX-License-Identifier: MIT */
/*
 * TCP_INFO (tcp(7)): the state of a connection in Linux's units.
 */
#include "stack/tcp_info.h"

#include <stddef.h>
#include <string.h>

#include "stack/tcp_int.h"

static_assert(sizeof(struct tcp_full_info) == 280, "length in Linux 6.18");
static_assert(offsetof(struct tcp_full_info, pacing_rate) == sizeof(struct tcp_info),
	      "begins as netinet/tcp.h declares it");
static_assert(offsetof(struct tcp_full_info, snd_wnd) == 228, "as in linux/tcp.h");

static u32 usec(nsec_t t)
{
	return (u32)(t / NSEC_PER_USEC);
}

static u32 msec_since(const struct tcp_sock *tp, nsec_t t)
{
	return (u32)((tp->inet.sk.net->sim->now - t) / NSEC_PER_MSEC);
}

static u8 negotiated_options(const struct tcp_sock *tp)
{
	u8 o = 0;

	if (tp->rx_opt.tstamp_ok)
		o |= TCPI_OPT_TIMESTAMPS;
	if (tp->rx_opt.sack_ok)
		o |= TCPI_OPT_SACK;
	if (tp->rx_opt.wscale_ok)
		o |= TCPI_OPT_WSCALE;
	if (tp->ecn_flags & TCP_ECN_OK)
		o |= TCPI_OPT_ECN;
	if (tp->ecn_flags & TCP_ECN_SEEN)
		o |= 16; /* TCPI_OPT_ECN_SEEN */
	return o;
}

static void info_timers(const struct tcp_sock *tp, struct tcp_full_info *i)
{
	i->retransmits = tp->retransmits;
	i->probes = tp->probes_out;
	i->backoff = tp->backoff;
	i->rto = usec(tp->rto);
	i->ato = usec(tp->ack.ato);
	i->rtt = usec(tp->srtt);
	i->rttvar = usec(tp->mdev / 4);
	i->min_rtt = tp->rtt_min ? usec(tp->rtt_min) : ~0u;
	i->rcv_rtt = usec(tp->rcv_rtt_est.rtt);
	i->last_data_sent = msec_since(tp, tp->lsndtime);
	i->last_data_recv = msec_since(tp, tp->ack.lrcvtime);
	i->last_ack_recv = msec_since(tp, tp->rcv_tstamp);
}

static void info_windows(struct tcp_sock *tp, struct tcp_full_info *i)
{
	if (tp->rx_opt.wscale_ok) {
		i->snd_wscale = tp->rx_opt.snd_wscale & 15;
		i->rcv_wscale = tp->rx_opt.rcv_wscale & 15;
	}
	i->snd_mss = tp->mss_cache;
	i->rcv_mss = tp->ack.rcv_mss;
	i->advmss = tp->advmss;
	i->pmtu = tp->pmtu_cookie;
	i->rcv_ssthresh = tp->rcv_ssthresh;
	i->rcv_space = tp->rcvq_space.space;
	i->snd_wnd = tp->snd_wnd;
	i->rcv_wnd = tp->rcv_wnd;
}

static void info_flight(const struct tcp_sock *tp, struct tcp_full_info *i)
{
	i->ca_state = tp->ca_state;
	i->unacked = tp->packets_out;
	i->sacked = tp->sacked_out;
	i->lost = tp->lost_out;
	i->retrans = tp->retrans_out;
	i->snd_ssthresh = tp->snd_ssthresh;
	i->delivery_rate_app_limited = tp->app_limited != 0;
	i->notsent_bytes = (u32)max((s32)(tp->write_seq - tp->snd_nxt), 0);
}

static void info_counters(const struct tcp_sock *tp, struct tcp_full_info *i)
{
	i->total_retrans = tp->total_retrans;
	i->bytes_acked = tp->bytes_acked;
	i->bytes_received = tp->bytes_received;
	i->bytes_sent = tp->bytes_sent;
	i->bytes_retrans = tp->bytes_retrans;
	i->segs_in = tp->segs_in;
	i->segs_out = tp->segs_out;
	i->data_segs_in = tp->data_segs_in;
	i->data_segs_out = tp->data_segs_out;
	i->delivered = tp->delivered;
	i->delivered_ce = tp->delivered_ce;
	i->total_rto = (u16)tp->total_rto;
}

void tcp_get_info(struct tcp_sock *tp, struct tcp_full_info *i)
{
	const struct sock *sk = tp_sock(tp);

	memset(i, 0, sizeof(*i));
	i->state = sk->state;
	i->pacing_rate = tp->pacing_rate ? tp->pacing_rate : ~0ull;
	i->max_pacing_rate = sk->max_pacing_rate;
	i->reordering = tp->reordering;
	i->snd_cwnd = tp->snd_cwnd;
	if (sk->state == TCP_LISTEN) {
		/* Two fields have another meaning: length and limit of the accept queue. */
		i->unacked = sk->ack_backlog;
		i->sacked = sk->max_ack_backlog;
		return;
	}
	i->options = negotiated_options(tp);
	info_timers(tp, i);
	info_windows(tp, i);
	info_flight(tp, i);
	info_counters(tp, i);
}

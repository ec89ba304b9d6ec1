/* SPDX-License-Identifier: MIT */
/*
 * Round-trip time and the retransmission timeout.
 *
 * RFC 6298, with two changes that Linux makes: the deviation follows a falling RTT only slowly, and
 * what enters the RTO is the largest deviation of the last round trip, at least rto_min (200 ms). So
 * RTO = SRTT + max(rto_min, 4 * RTTVAR), which RFC 6298 2.4 would round up to one second.
 *
 * Samples come from segments that were never retransmitted (Karn's algorithm) or from the timestamp
 * option (RFC 7323 section 4.3).
 */
#include "stack/tcp_int.h"

#define TCP_MIN_RTT_WLEN (300 * NSEC_PER_SEC) /* sysctl tcp_min_rtt_wlen */

nsec_t tcp_rto_min(struct tcp_sock *tp)
{
	return tp->rto_min ? tp->rto_min : tp_net(tp)->sysctl.tcp_rto_min;
}

static void rtt_first_sample(struct tcp_sock *tp, nsec_t m)
{
	tp->srtt = m;
	tp->mdev = 2 * m; /* RTTVAR = R / 2 */
	tp->rttvar = max(tp->mdev, tcp_rto_min(tp));
	tp->mdev_max = tp->rttvar;
	tp->rtt_seq = tp->snd_nxt;
}

void tcp_rtt_estimator(struct tcp_sock *tp, nsec_t rtt)
{
	nsec_t m = max(rtt, 1);

	if (!tp->srtt) {
		rtt_first_sample(tp, m);
		return;
	}
	m -= tp->srtt;
	tp->srtt += m / 8;
	if (m < 0) {
		/* A fall of the RTT that exceeds the deviation raises it by an eighth only. */
		m = -m - tp->mdev / 4;
		if (m > 0)
			m /= 8;
	} else {
		m -= tp->mdev / 4;
	}
	tp->mdev += m;
	if (tp->mdev > tp->mdev_max) {
		tp->mdev_max = tp->mdev;
		tp->rttvar = max(tp->rttvar, tp->mdev_max);
	}
	if (after(tp->snd_una, tp->rtt_seq)) {
		if (tp->mdev_max < tp->rttvar)
			tp->rttvar -= (tp->rttvar - tp->mdev_max) / 4;
		tp->rtt_seq = tp->snd_nxt;
		tp->mdev_max = tcp_rto_min(tp);
	}
}

void tcp_set_rto(struct tcp_sock *tp)
{
	tp->rto = min(tp->srtt + tp->rttvar, tp_net(tp)->sysctl.tcp_rto_max);
}

void tcp_rtt_sample(struct tcp_sock *tp, nsec_t rtt)
{
	if (rtt < 0)
		return;
	tcp_rtt_estimator(tp, rtt);
	tcp_set_rto(tp);
	tp->rtt_min = max(rtt, 1);
	tp->rtt_min_stamp = tp_now(tp);
	tp->backoff = 0;
}

nsec_t tcp_rtt_tsopt(struct tcp_sock *tp)
{
	/* rcv_tsecr is relative to the clock without this connection's offset. */
	s32 delta = (s32)((u32)(tp_now(tp) / NSEC_PER_TS_TICK) - tp->rx_opt.rcv_tsecr);

	if (delta < 0)
		return -1;
	return max(delta, 1) * NSEC_PER_TS_TICK;
}

static void update_rtt_min(struct tcp_sock *tp, nsec_t rtt, int flag)
{
	nsec_t now = tp_now(tp);

	if (rtt < 0)
		return;
	if ((flag & FLAG_ACK_MAYBE_DELAYED) && rtt > tp->rtt_min && tp->rtt_min)
		return;
	if (!tp->rtt_min || rtt <= tp->rtt_min || now - tp->rtt_min_stamp > TCP_MIN_RTT_WLEN) {
		tp->rtt_min = max(rtt, 1);
		tp->rtt_min_stamp = now;
	}
}

bool tcp_ack_update_rtt(struct tcp_sock *tp, int flag, nsec_t seq_rtt, nsec_t sack_rtt, nsec_t *ca_rtt)
{
	if (seq_rtt < 0)
		seq_rtt = sack_rtt;
	if (seq_rtt < 0 && tp->rx_opt.saw_tstamp && tp->rx_opt.rcv_tsecr && (flag & FLAG_ACKED))
		seq_rtt = *ca_rtt = tcp_rtt_tsopt(tp);
	if (seq_rtt < 0)
		return false;
	update_rtt_min(tp, *ca_rtt, flag);
	tcp_rtt_estimator(tp, seq_rtt);
	tcp_set_rto(tp);
	tp->backoff = 0;
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * CUBIC congestion control (RFC 9438) with HyStart, in Linux's integers.
 *
 * W(t) = C (t - K)^3 + W_max with C = 0.4, beta = 0.7; time in units of 1/1024 s. The window grows by
 * one segment for every cnt segments acknowledged, where cnt is chosen so that W(t + RTT) is reached in
 * a round trip. Reno's window is estimated alongside and used while it is larger (RFC 9438 4.3). HyStart
 * (Ha and Rhee, 2011) leaves slow start when a train of ACKs lasts half the minimum RTT or the RTT of a
 * round has grown by an eighth (4 to 16 ms).
 */
#include <string.h>

#include "stack/tcp_int.h"

#define BETA 717u	     /* 0.7 * 1024 */
#define BETA_SCALE 1024u
#define C_SCALE 410u	     /* 0.4 * 1024 */
#define TIME_SHIFT 10	     /* 1024 units a second */
#define RENO_SCALE 15u	     /* 8 * (1 + beta) / (1 - beta) / 3, rounded down */
#define MAX_FIRST_CNT 20u    /* before the first loss: at least 5 % a round trip */
#define HYSTART_LOW_WINDOW 16u
#define HYSTART_MIN_SAMPLES 8u
#define HYSTART_ACK_DELTA (2 * NSEC_PER_MSEC)
#define HYSTART_DELAY_MIN (4 * NSEC_PER_MSEC)
#define HYSTART_DELAY_MAX (16 * NSEC_PER_MSEC)

struct cubic {
	u32 cnt;	    /* ACKed segments for one more of window */
	u32 last_max_cwnd;
	u32 last_cwnd;
	u32 origin;	    /* W_max of this epoch */
	u32 k;		    /* 1/1024 s */
	u32 ack_cnt;
	u32 tcp_cwnd;	    /* Reno's window */
	u32 end_seq;	    /* of HyStart's round */
	nsec_t last_time, delay_min, epoch_start;
	nsec_t round_start, last_ack, curr_rtt;
	u8 sample_cnt;
	bool found;	    /* HyStart has ended slow start */
};

static inline struct cubic *cubic_of(struct tcp_sock *tp)
{
	static_assert(sizeof(struct cubic) <= sizeof(tp->ca_priv), "cubic's state");
	return (struct cubic *)(void *)tp->ca_priv;
}

/* The largest r with r * r * r <= a. */
static u32 cube_root(u64 a)
{
	u64 r = 0;

	for (int bit = 20; bit >= 0; bit--) {
		u64 t = r | 1ull << bit;

		if (t * t * t <= a)
			r = t;
	}
	return (u32)r;
}

static void cubic_reset(struct cubic *ca)
{
	memset(ca, 0, sizeof(*ca));
}

static void hystart_reset(struct tcp_sock *tp, struct cubic *ca)
{
	ca->round_start = ca->last_ack = tp_now(tp);
	ca->end_seq = tp->snd_nxt;
	ca->curr_rtt = NSEC_NEVER;
	ca->sample_cnt = 0;
}

static void cubic_init(struct tcp_sock *tp)
{
	cubic_reset(cubic_of(tp));
	hystart_reset(tp, cubic_of(tp));
}

static void cubic_cwnd_event(struct tcp_sock *tp, enum tcp_ca_event ev)
{
	struct cubic *ca = cubic_of(tp);
	nsec_t now = tp_now(tp);
	nsec_t idle = now - tp->lsndtime;

	/* Time in which nothing was sent does not count as growth. */
	if (ev == CA_EVENT_TX_START && ca->epoch_start && idle > 0)
		ca->epoch_start = min(ca->epoch_start + idle, now);
}

static void epoch_begin(struct cubic *ca, u32 cwnd, u32 acked, nsec_t now)
{
	ca->epoch_start = now;
	ca->ack_cnt = acked;
	ca->tcp_cwnd = cwnd;
	if (ca->last_max_cwnd <= cwnd) {
		ca->k = 0;
		ca->origin = cwnd;
	} else {
		u64 factor = (1ull << (10 + 3 * TIME_SHIFT)) / C_SCALE;

		ca->k = cube_root(factor * (ca->last_max_cwnd - cwnd));
		ca->origin = ca->last_max_cwnd;
	}
}

/* W(t + RTT): the window that the cubic function wants a round trip from now. */
static u32 cubic_target(const struct cubic *ca, nsec_t now)
{
	u64 t = (u64)(((now - ca->epoch_start + ca->delay_min) << TIME_SHIFT) / NSEC_PER_SEC);
	u64 offs = t < ca->k ? ca->k - t : t - ca->k;
	u64 delta;

	if (offs > (1u << 17))
		offs = 1u << 17; /* over two minutes from K: any window is allowed by then */
	delta = (C_SCALE * offs * offs * offs) >> (10 + 3 * TIME_SHIFT);
	if (t < ca->k)
		return ca->origin - (u32)min(delta, ca->origin);
	return ca->origin + (u32)delta;
}

static void reno_friendliness(struct cubic *ca, u32 cwnd)
{
	u32 step = (cwnd * RENO_SCALE) >> 3;

	while (ca->ack_cnt > step) {
		ca->ack_cnt -= step;
		ca->tcp_cwnd++;
	}
	if (ca->tcp_cwnd > cwnd)
		ca->cnt = min(ca->cnt, cwnd / (ca->tcp_cwnd - cwnd));
}

static void cubic_update(struct cubic *ca, u32 cwnd, u32 acked, nsec_t now)
{
	u32 target;

	ca->ack_cnt += acked;
	if (ca->last_cwnd == cwnd && now - ca->last_time <= NSEC_PER_SEC / 32)
		return;
	/* Once a tick of Linux's clock is enough, except after a reduction. */
	if (!ca->epoch_start || now - ca->last_time >= NSEC_PER_MSEC) {
		ca->last_cwnd = cwnd;
		ca->last_time = now;
		if (!ca->epoch_start)
			epoch_begin(ca, cwnd, acked, now);
		target = cubic_target(ca, now);
		ca->cnt = target > cwnd ? cwnd / (target - cwnd) : 100 * cwnd;
		if (!ca->last_max_cwnd)
			ca->cnt = min(ca->cnt, MAX_FIRST_CNT);
	}
	reno_friendliness(ca, cwnd);
	ca->cnt = max(ca->cnt, 2u);
}

static void cubic_cong_avoid(struct tcp_sock *tp, u32 ack, u32 acked)
{
	struct cubic *ca = cubic_of(tp);

	if (!tcp_is_cwnd_limited(tp))
		return;
	if (tcp_in_slow_start(tp)) {
		acked = tcp_slow_start(tp, acked);
		if (!acked)
			return;
	}
	cubic_update(ca, tp->snd_cwnd, acked, tp_now(tp));
	tcp_cong_avoid_ai(tp, ca->cnt, acked);
}

static u32 cubic_ssthresh(struct tcp_sock *tp)
{
	struct cubic *ca = cubic_of(tp);

	ca->epoch_start = 0;
	/* Fast convergence: a flow that lost before it was back at its maximum gives way. */
	if (tp->snd_cwnd < ca->last_max_cwnd)
		ca->last_max_cwnd = (u32)((u64)tp->snd_cwnd * (BETA_SCALE + BETA) / (2 * BETA_SCALE));
	else
		ca->last_max_cwnd = tp->snd_cwnd;
	return max((u32)((u64)tp->snd_cwnd * BETA / BETA_SCALE), 2u);
}

static void cubic_set_state(struct tcp_sock *tp, enum tcp_ca_state state)
{
	if (state == TCP_CA_Loss)
		cubic_init(tp);
}

static nsec_t hystart_ack_delay(const struct tcp_sock *tp)
{
	nsec_t delay;

	if (!tp->pacing_rate)
		return 0;
	delay = (nsec_t)((u64)TCP_MAX_QUEUE_SKB * 4 * NSEC_PER_SEC / tp->pacing_rate);
	return min(delay, NSEC_PER_MSEC);
}

static void hystart_leave(struct tcp_sock *tp, struct cubic *ca)
{
	ca->found = true;
	tp->snd_ssthresh = tp->snd_cwnd;
}

static void hystart_ack_train(struct tcp_sock *tp, struct cubic *ca)
{
	nsec_t now = tp_now(tp);
	nsec_t threshold = ca->delay_min + hystart_ack_delay(tp);

	if (now - ca->last_ack > HYSTART_ACK_DELTA)
		return;
	ca->last_ack = now;
	/* A pacing sender stretches its train to half a round trip by itself. */
	if (!tcp_needs_pacing(tp))
		threshold >>= 1;
	if (now - ca->round_start <= threshold)
		return;
	hystart_leave(tp, ca);
	NET_INC_STATS(tp_net(tp), TCPHystartTrainDetect);
	NET_ADD_STATS(tp_net(tp), TCPHystartTrainCwnd, tp->snd_cwnd);
}

static void hystart_delay(struct tcp_sock *tp, struct cubic *ca, nsec_t delay)
{
	nsec_t step = clamp(ca->delay_min >> 3, HYSTART_DELAY_MIN, HYSTART_DELAY_MAX);

	ca->curr_rtt = min(ca->curr_rtt, delay);
	if (ca->sample_cnt < HYSTART_MIN_SAMPLES) {
		ca->sample_cnt++;
		return;
	}
	if (ca->curr_rtt <= ca->delay_min + step)
		return;
	hystart_leave(tp, ca);
	NET_INC_STATS(tp_net(tp), TCPHystartDelayDetect);
	NET_ADD_STATS(tp_net(tp), TCPHystartDelayCwnd, tp->snd_cwnd);
}

static void cubic_pkts_acked(struct tcp_sock *tp, u32 pkts, nsec_t rtt)
{
	struct cubic *ca = cubic_of(tp);

	if (rtt < 0)
		return;
	/* Right after a recovery the queue is not what it was. */
	if (ca->epoch_start && tp_now(tp) - ca->epoch_start < NSEC_PER_SEC)
		return;
	rtt = max(rtt, 1);
	if (!ca->delay_min || rtt < ca->delay_min)
		ca->delay_min = rtt;
	if (ca->found || !tcp_in_slow_start(tp))
		return;
	if (after(tp->snd_una, ca->end_seq))
		hystart_reset(tp, ca);
	if (tp->snd_cwnd < HYSTART_LOW_WINDOW)
		return;
	hystart_ack_train(tp, ca);
	if (!ca->found)
		hystart_delay(tp, ca, rtt);
}

const struct tcp_congestion_ops tcp_cubic = {
	.name = "cubic",
	.init = cubic_init,
	.ssthresh = cubic_ssthresh,
	.cong_avoid = cubic_cong_avoid,
	.set_state = cubic_set_state,
	.cwnd_event = cubic_cwnd_event,
	.pkts_acked = cubic_pkts_acked,
	.undo_cwnd = tcp_reno_undo_cwnd,
};

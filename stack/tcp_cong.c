/* SPDX-License-Identifier: MIT */
/*
 * Congestion control: the table of algorithms, Reno, and what all of them share.
 *
 * RFC 5681: slow start, congestion avoidance with byte counting in segments, halving on loss. RFC 2861
 * (validation of a window that is not used) and the restart after idle of RFC 5681 4.1 as Linux does
 * them: the window decays by half for each RTO of idleness, not below the initial one.
 */
#include <stdio.h>
#include <string.h>

#include "stack/tcp_int.h"

u32 tcp_slow_start(struct tcp_sock *tp, u32 acked)
{
	u32 cwnd = min(tp->snd_cwnd + acked, tp->snd_ssthresh);

	acked -= cwnd - tp->snd_cwnd;
	tp->snd_cwnd = min(cwnd, tp->snd_cwnd_clamp);
	return acked;
}

void tcp_cong_avoid_ai(struct tcp_sock *tp, u32 w, u32 acked)
{
	/* Credits gathered with a larger w are worth one segment now. */
	if (tp->snd_cwnd_cnt >= w) {
		tp->snd_cwnd_cnt = 0;
		tp->snd_cwnd++;
	}
	tp->snd_cwnd_cnt += acked;
	if (tp->snd_cwnd_cnt >= w) {
		u32 delta = tp->snd_cwnd_cnt / w;

		tp->snd_cwnd_cnt -= delta * w;
		tp->snd_cwnd += delta;
	}
	tp->snd_cwnd = min(tp->snd_cwnd, tp->snd_cwnd_clamp);
}

bool tcp_is_cwnd_limited(const struct tcp_sock *tp)
{
	if (tp->is_cwnd_limited)
		return true;
	/* In slow start a window that is half used may grow. */
	return tcp_in_slow_start(tp) && tp->snd_cwnd < 2 * tp->max_packets_out;
}

static void reno_cong_avoid(struct tcp_sock *tp, u32 ack, u32 acked)
{
	if (!tcp_is_cwnd_limited(tp))
		return;
	if (tcp_in_slow_start(tp)) {
		acked = tcp_slow_start(tp, acked);
		if (!acked)
			return;
	}
	tcp_cong_avoid_ai(tp, tp->snd_cwnd, acked);
}

static u32 reno_ssthresh(struct tcp_sock *tp)
{
	return max(tp->snd_cwnd >> 1, 2u);
}

u32 tcp_reno_undo_cwnd(struct tcp_sock *tp)
{
	return max(tp->snd_cwnd, tp->prior_cwnd);
}

static const struct tcp_congestion_ops tcp_reno = {
	.name = "reno",
	.ssthresh = reno_ssthresh,
	.cong_avoid = reno_cong_avoid,
	.undo_cwnd = tcp_reno_undo_cwnd,
};

/* In the order in which Linux lists them. */
static const struct tcp_congestion_ops *const algorithms[] = { &tcp_reno, &tcp_cubic };

const struct tcp_congestion_ops *tcp_ca_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strcmp(algorithms[i]->name, name))
			return algorithms[i];
	return NULL;
}

int tcp_ca_list(char *buf, size_t len)
{
	size_t off = 0;

	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
		int n = snprintf(buf + off, len - off, i ? " %s" : "%s", algorithms[i]->name);

		if (n >= (int)(len - off))
			return -EINVAL;
		off += (size_t)n;
	}
	return 0;
}

static void start_algorithm(struct tcp_sock *tp)
{
	tp->prior_ssthresh = 0;
	memset(tp->ca_priv, 0, sizeof(tp->ca_priv));
	if (tp->ca_ops->init)
		tp->ca_ops->init(tp);
}

void tcp_init_congestion_control(struct tcp_sock *tp)
{
	if (!tp->ca_ops)
		tp->ca_ops = tcp_ca_find(tp_net(tp)->sysctl.tcp_congestion_control);
	if (!tp->ca_ops)
		tp->ca_ops = &tcp_reno;
	start_algorithm(tp);
}

int tcp_set_congestion_control(struct tcp_sock *tp, const char *name)
{
	const struct tcp_congestion_ops *ops = tcp_ca_find(name);
	u8 state = tp_sock(tp)->state;

	if (!ops)
		return -ENOENT;
	if (ops == tp->ca_ops)
		return 0;
	if (tp->ca_ops && tp->ca_ops->release)
		tp->ca_ops->release(tp);
	tp->ca_ops = ops;
	if (state != TCP_CLOSE && state != TCP_LISTEN)
		start_algorithm(tp);
	return 0;
}

void tcp_set_ca_state(struct tcp_sock *tp, enum tcp_ca_state state)
{
	if (tp->ca_ops && tp->ca_ops->set_state)
		tp->ca_ops->set_state(tp, state);
	tp->ca_state = (u8)state;
}

u32 tcp_init_cwnd(const struct tcp_sock *tp)
{
	u32 cwnd = tp->inet.dst.initcwnd ? tp->inet.dst.initcwnd : TCP_INIT_CWND;

	return min(cwnd, tp->snd_cwnd_clamp);
}

/* What the SYN exchange left to guess. RFC 6298 5.7: without a sample the RTO restarts at 3 s. */
void tcp_init_metrics(struct tcp_sock *tp)
{
	if (!tp->snd_cwnd_clamp)
		tp->snd_cwnd_clamp = ~0u;
	if (!tp->reordering)
		tp->reordering = (u32)tp_net(tp)->sysctl.tcp_reordering;
	if (!tp->srtt) {
		tp->rttvar = tp->mdev = tp->mdev_max = 3 * NSEC_PER_SEC;
		tp->rto = 3 * NSEC_PER_SEC;
	}
	if (tp->total_retrans > 1 && tp->undo_marker)
		tp->snd_cwnd = 1;
	else
		tp->snd_cwnd = tcp_init_cwnd(tp);
	if (!tp->snd_ssthresh)
		tp->snd_ssthresh = TCP_INFINITE_SSTHRESH;
	tp->snd_cwnd_stamp = tp_now(tp);
	/* The handshake counts as sending: the first write is not one after idle. */
	tp->lsndtime = tp_now(tp);
}

u32 tcp_current_ssthresh(const struct tcp_sock *tp)
{
	if (tcp_in_cwnd_reduction(tp))
		return tp->snd_ssthresh;
	return max(tp->snd_ssthresh, (tp->snd_cwnd >> 1) + (tp->snd_cwnd >> 2));
}

/* A rate that empties the window in less than a round trip: 2 times in slow start, 1.2 after it. */
void tcp_update_pacing_rate(struct tcp_sock *tp)
{
	u32 percent = tp->snd_cwnd < tp->snd_ssthresh / 2 ? 200 : 120;
	u64 bytes = (u64)tp->mss_cache * max(tp->snd_cwnd, tp->packets_out) * percent / 100;
	u64 rate = ~0ull;

	if (tp->srtt && bytes < (1ull << 34))
		rate = bytes * NSEC_PER_SEC / (u64)tp->srtt;
	if (tp_sock(tp)->max_pacing_rate)
		rate = min(rate, tp_sock(tp)->max_pacing_rate);
	tp->pacing_rate = rate;
}

static void cwnd_restart(struct tcp_sock *tp, nsec_t idle)
{
	u32 restart = min(tcp_init_cwnd(tp), tp->snd_cwnd);
	u32 cwnd = tp->snd_cwnd;

	tcp_ca_event(tp, CA_EVENT_CWND_RESTART);
	tp->snd_ssthresh = tcp_current_ssthresh(tp);
	while ((idle -= tp->rto) > 0 && cwnd > restart)
		cwnd >>= 1;
	tp->snd_cwnd = max(cwnd, restart);
	tp->snd_cwnd_stamp = tp_now(tp);
	tp->snd_cwnd_used = 0;
}

void tcp_slow_start_after_idle_check(struct tcp_sock *tp)
{
	nsec_t idle = tp_now(tp) - tp->lsndtime;

	if (!tp_net(tp)->sysctl.tcp_slow_start_after_idle || tp->packets_out || !tp->rto)
		return;
	if (idle > tp->rto)
		cwnd_restart(tp, idle);
}

/* RFC 2861: a window that the application did not use for a whole RTO shrinks half way to its use. */
static void cwnd_application_limited(struct tcp_sock *tp)
{
	if (tp->ca_state == TCP_CA_Open && !tp->nospace) {
		u32 used = max(tp->snd_cwnd_used, tcp_init_cwnd(tp));

		if (used < tp->snd_cwnd) {
			tp->snd_ssthresh = tcp_current_ssthresh(tp);
			tp->snd_cwnd = (tp->snd_cwnd + used) >> 1;
		}
		tp->snd_cwnd_used = 0;
	}
	tp->snd_cwnd_stamp = tp_now(tp);
}

void tcp_cwnd_validate(struct tcp_sock *tp, bool is_cwnd_limited)
{
	nsec_t now = tp_now(tp);

	/* Within a window of data remember the strongest sign that it was in full use. */
	if (!before(tp->snd_una, tp->cwnd_usage_seq) || is_cwnd_limited ||
	    (!tp->is_cwnd_limited && tp->packets_out > tp->max_packets_out)) {
		tp->is_cwnd_limited = is_cwnd_limited;
		tp->max_packets_out = tp->packets_out;
		tp->cwnd_usage_seq = tp->snd_nxt;
	}
	if (tcp_is_cwnd_limited(tp)) {
		tp->snd_cwnd_used = 0;
		tp->snd_cwnd_stamp = now;
		return;
	}
	tp->snd_cwnd_used = max(tp->snd_cwnd_used, tp->packets_out);
	if (tp_net(tp)->sysctl.tcp_slow_start_after_idle && now - tp->snd_cwnd_stamp >= tp->rto)
		cwnd_application_limited(tp);
}

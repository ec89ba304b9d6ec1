/* SPDX-License-Identifier: MIT */
/*
 * Keepalive (RFC 9293 3.8.4, tcp(7)) and the end of orphans in FIN_WAIT2, which share a timer.
 */
#include "stack/tcp_int.h"

#define KEEPALIVE_TIME(tp) ((tp)->keepalive_time ? (tp)->keepalive_time : tp_net(tp)->sysctl.tcp_keepalive_time)
#define KEEPALIVE_INTVL(tp) ((tp)->keepalive_intvl ? (tp)->keepalive_intvl : tp_net(tp)->sysctl.tcp_keepalive_intvl)

void tcp_reset_keepalive_timer(struct tcp_sock *tp, nsec_t after)
{
	timer_mod(&tp->keepalive_timer, tp_now(tp) + after);
}

void tcp_delete_keepalive_timer(struct tcp_sock *tp)
{
	timer_del(&tp->keepalive_timer);
}

void tcp_set_keepalive(struct tcp_sock *tp, bool on)
{
	struct sock *sk = tp_sock(tp);

	if (sk->state == TCP_CLOSE || sk->state == TCP_LISTEN)
		return;
	if (on && !sk->keepalive)
		tcp_reset_keepalive_timer(tp, KEEPALIVE_TIME(tp));
	else if (!on)
		tcp_delete_keepalive_timer(tp);
}

nsec_t tcp_fin_time(const struct tcp_sock *tp)
{
	nsec_t fin = tp->linger2 ? tp->linger2 : tp->inet.sk.net->sysctl.tcp_fin_timeout;

	return max(fin, (tp->rto << 2) - (tp->rto >> 1));
}

static void orphan_timeout(struct tcp_sock *tp)
{
	if (tp->linger2 >= 0) {
		nsec_t rest = tcp_fin_time(tp) - TCP_TIMEWAIT_LEN;

		if (rest > 0) {
			tcp_time_wait(tp, TCP_FIN_WAIT2, rest);
			return;
		}
	}
	tcp_send_active_reset(tp);
	tcp_done(tp);
}

/* Probes, or gives up; returns when to look again, 0: the connection is gone. */
static nsec_t probe_idle_peer(struct tcp_sock *tp, nsec_t idle)
{
	int probes = tp->keepcnt ? tp->keepcnt : tp_net(tp)->sysctl.tcp_keepalive_probes;

	if (tp->user_timeout ? idle >= tp->user_timeout && tp->probes_out > 0
			     : tp->probes_out >= probes) {
		tcp_send_active_reset(tp);
		tcp_write_err(tp);
		return 0;
	}
	if (tcp_wakeup_probe(tp, MIB_TCPKeepAlive) > 0)
		return TCP_RESOURCE_PROBE_INTERVAL;
	tp->probes_out++;
	return KEEPALIVE_INTVL(tp);
}

static void keepalive(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	nsec_t next = KEEPALIVE_TIME(tp);
	nsec_t idle;

	if (sk->state == TCP_LISTEN)
		return;
	if (sk->state == TCP_FIN_WAIT2 && sk->dead) {
		orphan_timeout(tp);
		return;
	}
	if (!sk->keepalive || sk->state == TCP_CLOSE || sk->state == TCP_SYN_SENT)
		return;
	/* Data in flight keeps itself alive. */
	if (!tp->packets_out && tcp_write_queue_empty(tp)) {
		idle = tp_now(tp) - max(tp->ack.lrcvtime, tp->rcv_tstamp);
		next = idle >= next ? probe_idle_peer(tp, idle) : next - idle;
	}
	if (next)
		tcp_reset_keepalive_timer(tp, next);
}

void tcp_keepalive_timer(struct timer *t)
{
	struct tcp_sock *tp = container_of(t, struct tcp_sock, keepalive_timer);

	sock_hold(tp_sock(tp));
	keepalive(tp);
	sock_put(tp_sock(tp));
}

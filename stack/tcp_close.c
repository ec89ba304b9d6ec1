/* SPDX-License-Identifier: MIT */
/*
 * The end of a connection: shutdown(2), close(2) with SO_LINGER, orphans, RST and FIN from the peer
 * (RFC 9293 3.6; tcp_close(), tcp_fin(), tcp_reset(), tcp_done()).
 *
 * A connection that outlives its descriptor is an orphan: it holds a reference of its own until it is
 * in CLOSE, or until a TIME_WAIT sock takes its place.
 */
#include <errno.h>
#include <signal.h>

#include "sim/host/host.h"
#include "stack/syscall.h"
#include "stack/net_ratelimit.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

/* ---- states -------------------------------------------------------------------------------------- */

/* The state after our FIN is queued; true: a FIN has to be sent (tcp_close_state()). */
static bool close_state(struct tcp_sock *tp)
{
	switch (tp_sock(tp)->state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECV:
		tcp_set_state(tp, TCP_FIN_WAIT1);
		return true;
	case TCP_CLOSE_WAIT:
		tcp_set_state(tp, TCP_LAST_ACK);
		return true;
	case TCP_SYN_SENT:
	case TCP_LISTEN:
		tcp_set_state(tp, TCP_CLOSE);
		return false;
	default:
		return false;
	}
}

/* The orphan is over: its own reference goes. */
static void orphan_end(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	if (!tp->orphan)
		return;
	tp->orphan = false;
	sk->net->tcp_orphans--;
	sock_put(sk);
}

void tcp_done(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV)
		NET_INC_STATS(sk->net, AttemptFails);
	tcp_set_state(tp, TCP_CLOSE);
	tcp_clear_xmit_timers(tp);
	sk->shutdown = SHUTDOWN_MASK;
	if (!sk->dead)
		sk->state_change(sk);
	orphan_end(tp);
}

void tcp_reset(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);

	switch (sk->state) {
	case TCP_SYN_SENT:
		sk->err = ECONNREFUSED;
		break;
	case TCP_CLOSE_WAIT:
		sk->err = EPIPE;
		break;
	case TCP_CLOSE:
		return;
	default:
		sk->err = ECONNRESET;
	}
	sock_hold(sk);
	tcp_write_queue_purge(tp);
	tcp_done(tp);
	if (!sk->dead)
		sk->error_report(sk);
	sock_put(sk);
}

void tcp_write_err(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	NET_INC_STATS(sk->net, TCPAbortOnTimeout);
	sk->err = sk->err_soft ? sk->err_soft : ETIMEDOUT;
	if (!sk->dead)
		sk->error_report(sk);
	tcp_write_queue_purge(tp);
	tcp_done(tp);
}

void tcp_fin(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	tcp_sched_ack(tp);
	sk->shutdown |= RCV_SHUTDOWN;
	tp->sock_done = true;
	switch (sk->state) {
	case TCP_SYN_RECV:
	case TCP_ESTABLISHED:
		tcp_set_state(tp, TCP_CLOSE_WAIT);
		tp->ack.pingpong = true;
		break;
	case TCP_FIN_WAIT1:
		/* Both closed at once. */
		tcp_send_ack(tp);
		tcp_set_state(tp, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		tcp_send_ack(tp);
		tcp_time_wait(tp, TCP_TIME_WAIT, 0);
		break;
	default:
		/* A retransmission in CLOSE_WAIT, CLOSING or LAST_ACK. */
		break;
	}
	tcp_ofo_queue_purge(tp);
	tp->num_selective_acks = 0;
	tp->dsack = false;
	if (sk->dead)
		return;
	sk->state_change(sk);
	if (sk->file)
		kill_fasync(sk->file, sk->shutdown == SHUTDOWN_MASK || sk->state == TCP_CLOSE ?
					      POLL_HUP :
					      POLL_IN);
}

/* ---- shutdown(2) --------------------------------------------------------------------------------- */

static void shutdown_send(struct tcp_sock *tp)
{
	int state = tp_sock(tp)->state;

	if (state != TCP_ESTABLISHED && state != TCP_SYN_SENT && state != TCP_CLOSE_WAIT)
		return;
	if (close_state(tp))
		tcp_send_fin(tp);
}

/* inet_shutdown() */
s64 tcp_shutdown(struct task *t, struct sock *sk, int how)
{
	struct tcp_sock *tp = tcp_sk(sk);
	s64 ret = 0;

	how++;
	/* What connect() would say next: shutdown() has looked at the outcome. */
	if (tp->ss_state == SS_CONNECTING && sk->state != TCP_SYN_SENT &&
	    sk->state != TCP_SYN_RECV && sk->state != TCP_CLOSE)
		tp->ss_state = SS_CONNECTED;
	switch (sk->state) {
	case TCP_LISTEN:
		if (how & RCV_SHUTDOWN)
			ret = tcp_disconnect(tp);
		break;
	case TCP_SYN_SENT:
		ret = tcp_disconnect(tp);
		break;
	case TCP_CLOSE:
		ret = -ENOTCONN;
		/* Waiters are told all the same. */
		sk->shutdown |= (u8)how;
		break;
	default:
		sk->shutdown |= (u8)how;
		if (how & SEND_SHUTDOWN)
			shutdown_send(tp);
	}
	sk->state_change(sk);
	return ret;
}

/* ---- close(2) ------------------------------------------------------------------------------------ */

/* Drops what nobody will read; true: there were bytes in it. */
static bool drop_unread(struct tcp_sock *tp)
{
	struct sk_buff_head *q = &tp_sock(tp)->receive_queue;
	bool unread = false;
	struct sk_buff *skb;

	while ((skb = skb_dequeue(q)) != NULL) {
		const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
		u32 end = cb->end_seq - !!(cb->tcp_flags & TCPHDR_FIN);

		if (after(end, tp->copied_seq))
			unread = true;
		consume_skb(skb);
	}
	return unread;
}

/* The first half of close(): says goodbye as the state asks for. */
static void close_begin(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	bool unread;

	tp->closing = true;
	sk->shutdown = SHUTDOWN_MASK;
	if (sk->state == TCP_LISTEN) {
		tcp_set_state(tp, TCP_CLOSE);
		tcp_listen_stop(tp);
		return;
	}
	unread = drop_unread(tp);
	if (sk->state == TCP_CLOSE)
		return;
	if (unread) {
		/* RFC 2525 2.17: the peer must not believe that its data was read. */
		NET_INC_STATS(sk->net, TCPAbortOnClose);
		tcp_set_state(tp, TCP_CLOSE);
		tcp_send_active_reset(tp);
	} else if (sk->linger && !sk->lingertime) {
		NET_INC_STATS(sk->net, TCPAbortOnData);
		tcp_disconnect(tp);
	} else if (close_state(tp)) {
		tcp_send_fin(tp);
	}
}

/* FIN_WAIT2 without a reader: RFC 9293 lets it wait for ever, Linux for tcp_fin_timeout. */
static void orphan_fin_wait2(struct tcp_sock *tp)
{
	nsec_t timeo = tcp_fin_time(tp);

	if (tp->linger2 < 0) {
		NET_INC_STATS(tp_net(tp), TCPAbortOnLinger);
		tcp_set_state(tp, TCP_CLOSE);
		tcp_send_active_reset(tp);
	} else if (timeo > TCP_TIMEWAIT_LEN) {
		tcp_reset_keepalive_timer(tp, timeo - TCP_TIMEWAIT_LEN);
	} else {
		tcp_time_wait(tp, TCP_FIN_WAIT2, timeo);
	}
}

static void orphan_begin(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);

	sk->dead = true;
	sk->file = NULL;
	tp->orphan = true;
	sk->net->tcp_orphans++;
	sock_hold(sk);
	if (sk->state == TCP_FIN_WAIT2)
		orphan_fin_wait2(tp);
	if (sk->state != TCP_CLOSE && sk->net->tcp_orphans > sk->net->sysctl.tcp_max_orphans) {
		net_info_ratelimited(sk->net, "TCP: too many orphaned sockets");
		NET_INC_STATS(sk->net, TCPAbortOnMemory);
		tcp_set_state(tp, TCP_CLOSE);
		tcp_send_active_reset(tp);
	}
	if (sk->state == TCP_CLOSE) {
		tcp_clear_xmit_timers(tp);
		orphan_end(tp);
	}
}

/* Our FIN is not acknowledged yet: what SO_LINGER waits for. */
static bool lingers(const struct sock *sk)
{
	return sk->state == TCP_FIN_WAIT1 || sk->state == TCP_CLOSING || sk->state == TCP_LAST_ACK;
}

s64 tcp_release(struct task *t, struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	/* Tear-down of the host: nothing is sent any more. */
	if (sk->net->dying) {
		tcp_clear_xmit_timers(tp);
		return 0;
	}
	if (!tp->closing)
		close_begin(tp);
	if (t && sk->linger && sk->lingertime && lingers(sk) &&
	    task_wait_on(t, &sk->wq, false, 0, sk->lingertime, "linger") == -EPARK)
		return -EPARK;
	orphan_begin(tp);
	/* The bound port of a closed socket is free at once, whatever keeps the sock. */
	if (sk->state == TCP_CLOSE && tp->inet.bucket)
		inet_put_port(sk);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * send(2) and its relatives on TCP sockets (tcp_sendmsg_locked()).
 */
#include <errno.h>

#include "stack/syscall.h"
#include "stack/tcp_conn.h"

/* sk_stream_error() without the signal, which the socket layer sends. */
static s64 stream_error(struct sock *sk)
{
	int err = sock_error(sk);

	return err ? err : -EPIPE;
}

static s64 wait_or(struct task *t, struct sock *sk, nsec_t timeo, s64 done)
{
	s64 ret = task_wait_on(t, &sk->wq, false, EPOLLOUT | EPOLLERR | EPOLLHUP, timeo, "send");

	if (ret == -EPARK || !done)
		return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
	return done;
}

/* sk_stream_wait_connect(): data may be sent only once the handshake is over. */
static s64 wait_connected(struct task *t, struct sock *sk, nsec_t timeo)
{
	int err;

	if (sk->state == TCP_ESTABLISHED || sk->state == TCP_CLOSE_WAIT)
		return 0;
	err = sock_error(sk);
	if (err)
		return err;
	if (sk->state != TCP_SYN_SENT && sk->state != TCP_SYN_RECV)
		return -EPIPE;
	return wait_or(t, sk, timeo, 0);
}

s64 tcp_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct syscall_ctx *ctx = task_ctx(t);
	nsec_t timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	size_t total = m->iter.total;
	s64 ret;

	/* There is no fast open: as where net.ipv4.tcp_fastopen is 0. */
	if (flags & MSG_FASTOPEN)
		return tp->ss_state == SS_UNCONNECTED ? -EOPNOTSUPP : -EISCONN;
	ret = ctx->done ? 0 : wait_connected(t, sk, timeo);
	if (ret)
		return ret;
	for (;;) {
		size_t n = 0;

		if (sk->err || (sk->shutdown & SEND_SHUTDOWN))
			return ctx->done ? ctx->done : stream_error(sk);
		if ((size_t)ctx->done == total)
			break;
		if (tcp_stream_memory_free(tp))
			n = tcp_queue_data(tp, &m->iter, (size_t)ctx->done,
					   total - (size_t)ctx->done, flags);
		ctx->done += (s64)n;
		if (n)
			continue;
		/* Full: what is there goes out, and the rest waits for ACKs. */
		tp->nospace = true;
		if (tp->write_queue.qlen)
			tcp_push(tp, flags & ~MSG_MORE, TCP_NAGLE_PUSH);
		if (tcp_stream_memory_free(tp))
			continue;
		return wait_or(t, sk, timeo, ctx->done);
	}
	if (total)
		tcp_push(tp, flags, tp->nonagle);
	return (s64)total;
}

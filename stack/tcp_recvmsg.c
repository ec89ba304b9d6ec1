/* SPDX-License-Identifier: MIT */
/*
 * recv(2) and its relatives on TCP sockets (tcp_recvmsg_locked(), tcp_recv_urg()).
 */
#include <errno.h>

#include "nic/napi.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/errqueue.h"
#include "stack/syscall.h"
#include "stack/tcp_conn.h"

/* One call in progress. */
struct reader {
	struct tcp_sock *tp;
	struct msg *m;
	int flags;
	u32 seq;       /* next byte; tp->copied_seq unless peeking */
	s64 copied;
	size_t len;    /* still wanted */
	nsec_t tstamp; /* arrival of the last segment read; 0: none */
};

static s64 recv_urg(struct tcp_sock *tp, struct msg *m, int flags)
{
	struct sock *sk = tp_sock(tp);

	if (sk->oobinline || !tp->urg_data || tp->urg_data == TCP_URG_READ)
		return -EINVAL;
	if (sk->state == TCP_CLOSE && !tp->sock_done)
		return -ENOTCONN;
	if (tp->urg_data & TCP_URG_VALID) {
		u8 byte = (u8)tp->urg_data;

		if (!(flags & MSG_PEEK))
			tp->urg_data = TCP_URG_READ;
		m->flags |= MSG_OOB;
		if (!m->iter.total) {
			m->flags |= MSG_TRUNC;
			return 0;
		}
		if (!(flags & MSG_TRUNC))
			iov_copy_to(&m->iter, 0, &byte, 1);
		return 1;
	}
	if (sk->state == TCP_CLOSE || (sk->shutdown & RCV_SHUTDOWN))
		return 0;
	return -EAGAIN;
}

/* Takes a segment that has been read whole off the queue. */
static void eat(struct tcp_sock *tp, struct sk_buff *skb)
{
	struct sock *sk = tp_sock(tp);

	trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_RECV,
		  skb->dev ? skb->dev->ifindex : 0, -1);
	rps_record_flow(sk->host, skb->hash);
	skb_unlink(&sk->receive_queue, skb);
	consume_skb(skb);
}

static struct sk_buff *next_skb(struct reader *r)
{
	struct sk_buff_head *q = &tp_sock(r->tp)->receive_queue;
	struct sk_buff *skb;

	list_for_each_entry(skb, &q->list, node) {
		if (before(r->seq, TCP_SKB_CB(skb)->end_seq))
			return skb;
	}
	return NULL;
}

/* How many of n bytes may be copied before the urgent mark; steps over an urgent byte at the front. */
static u32 up_to_mark(struct reader *r, u32 *offset, u32 n)
{
	struct tcp_sock *tp = r->tp;
	u32 dist = tp->urg_seq - r->seq;

	if (!tp->urg_data || dist >= n)
		return n;
	if (dist)
		return dist;
	if (tp_sock(tp)->oobinline)
		return n;
	r->seq++;
	(*offset)++;
	return n - 1;
}

static void advance(struct reader *r)
{
	if (!(r->flags & MSG_PEEK))
		r->tp->copied_seq = r->seq;
}

/* Reads from skb. False: the end of the stream. */
static bool read_skb(struct reader *r, struct sk_buff *skb)
{
	struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 offset = r->seq - cb->seq - !!(cb->tcp_flags & TCPHDR_SYN);
	bool fin = cb->tcp_flags & TCPHDR_FIN;
	u32 used;

	if (offset < skb->len) {
		used = up_to_mark(r, &offset, (u32)min((size_t)(skb->len - offset), r->len));
		if (used)
			r->tstamp = skb->tstamp ? skb->tstamp : tp_now(r->tp);
		if (used && !(r->flags & MSG_TRUNC))
			skb_copy_to_iter(skb, offset, &r->m->iter, (size_t)r->copied, used);
		r->seq += used;
		r->copied += used;
		r->len -= used;
		if (r->flags & MSG_PEEK)
			sk_peek_offset_fwd(tp_sock(r->tp), used);
		else
			sk_peek_offset_bwd(tp_sock(r->tp), used);
		advance(r);
		if (!(r->flags & MSG_PEEK))
			tcp_rcv_space_adjust(r->tp);
		if (r->tp->urg_data && after(r->tp->copied_seq, r->tp->urg_seq))
			r->tp->urg_data = 0;
		if (offset + used < skb->len)
			return true;
	}
	if (fin)
		r->seq++;
	advance(r);
	if (!(r->flags & MSG_PEEK))
		eat(r->tp, skb);
	return !fin;
}

/* Nothing is left in the queue: why not to wait; 0: wait. */
static bool must_return(struct task *t, struct reader *r, nsec_t timeo, s64 *ret)
{
	struct tcp_sock *tp = r->tp;
	struct sock *sk = tp_sock(tp);
	int err;

	*ret = r->copied;
	if (r->copied)
		return sk->err || sk->state == TCP_CLOSE || (sk->shutdown & RCV_SHUTDOWN) ||
		       timeo <= 0 || signal_pending(t);
	if (tp->sock_done)
		return true;
	err = sock_error(sk);
	if (err) {
		*ret = err;
		return true;
	}
	if (sk->shutdown & RCV_SHUTDOWN)
		return true;
	if (sk->state == TCP_CLOSE) {
		*ret = -ENOTCONN;
		return true;
	}
	return false;
}

static s64 wait_data(struct task *t, struct reader *r, nsec_t timeo)
{
	struct sock *sk = tp_sock(r->tp);
	s64 ret;

	/* The window may have opened by what was read so far. */
	tcp_cleanup_rbuf(r->tp, (int)r->copied);
	/* Not exclusively: all who read from one connection are woken (sk_wait_data()). */
	ret = task_wait_on(t, &sk->wq, false, EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP | EPOLLRDHUP,
			   timeo, "recv");
	if (ret == -EPARK) {
		/* One that peeks begins anew: another may have read meanwhile. */
		if (!(r->flags & MSG_PEEK)) {
			task_ctx(t)->done = r->copied;
			task_ctx(t)->scratch[0] = (u64)r->tstamp;
		} else {
			sk_peek_offset_bwd(sk, (u32)r->copied);
		}
		return ret;
	}
	if (r->copied)
		return r->copied;
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

static s64 read_loop(struct task *t, struct reader *r, size_t target, nsec_t timeo)
{
	for (;;) {
		struct tcp_sock *tp = r->tp;
		struct sk_buff *skb;
		s64 ret;

		/* A read stops at the urgent mark; at it, the program hears of SIGURG first. */
		if (tp->urg_data && tp->urg_seq == r->seq) {
			if (r->copied)
				return r->copied;
			if (signal_pending(t))
				return timeo > 0 ? sock_intr_errno(timeo) : -EAGAIN;
		}
		skb = next_skb(r);
		if (skb) {
			if (!read_skb(r, skb) || !r->len)
				return r->copied;
			continue;
		}
		if ((size_t)r->copied >= target)
			return r->copied;
		if (must_return(t, r, timeo, &ret))
			return ret;
		return wait_data(t, r, timeo);
	}
}

static size_t recv_target(const struct sock *sk, size_t len, int flags)
{
	size_t low = flags & MSG_WAITALL ? len : min((size_t)max(sk->rcvlowat, 1), len);

	return low ? low : 1;
}

s64 tcp_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct syscall_ctx *ctx = task_ctx(t);
	nsec_t timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	struct reader r = { .tp = tp, .m = m, .flags = flags, .seq = tp->copied_seq };
	s64 ret;

	if (flags & MSG_ERRQUEUE)
		return ip_recv_error(&tp->inet, m);
	if (sk->state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return recv_urg(tp, m, flags);
	if (flags & MSG_PEEK && sk->peek_off > 0)
		r.seq += (u32)sk->peek_off;
	r.copied = ctx->done;
	r.tstamp = (nsec_t)ctx->scratch[0];
	r.len = m->iter.total - (size_t)r.copied;
	ret = read_loop(t, &r, recv_target(sk, m->iter.total, flags), timeo);
	if (ret > 0 && r.tstamp)
		sock_recv_timestamp(m, sk, r.tstamp);
	if (ret != -EPARK)
		tcp_cleanup_rbuf(tp, (int)max(ret, 0));
	return ret;
}

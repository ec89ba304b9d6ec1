/* SPDX-License-Identifier: MIT */
/*
 * Messages over AF_UNIX: SOCK_DGRAM and SOCK_SEQPACKET (unix(7)).
 *
 * Reliable and in order. A receiver's queue takes one more than net.unix.max_dgram_qlen (a
 * listener's children: the default too) messages, then senders wait for it, except for the two
 * ends of a pair that are connected to each other, which only SO_SNDBUF bounds. A sender that polls
 * is linked into the receiver's peer_wait (peer_wake), since the room it waits for is not its own.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "stack/af_unix.h"
#include "stack/bpf.h"
#include "stack/syscall.h"
#include "stack/truesize.h"

#define PAGE_ALIGN(x) (((x) + 4095u) & ~4095u)

/* ---- connect --------------------------------------------------------------------------------- */

/* A connected socket takes messages from its peer only. */
static bool unix_may_send(const struct sock *sk, struct sock *other)
{
	struct sock *peer = unix_sk(other)->peer;

	return !peer || peer == sk;
}

/* What the old peer sent is lost, and it is told so if it was connected to us. */
static void unix_dgram_disconnected(struct sock *sk, struct sock *old)
{
	if (!sk->receive_queue.qlen)
		return;
	skb_queue_purge(&sk->receive_queue);
	unix_wake_peers(sk, true);
	if (!old->dead && unix_sk(old)->peer == sk) {
		old->err = ECONNRESET;
		old->error_report(old);
	}
}

static void replace_peer(struct sock *sk, struct sock *other)
{
	struct sock *old = unix_sk(sk)->peer;

	if (other)
		sock_hold(other);
	unix_sk(sk)->peer = other;
	if (!old)
		return;
	if (!other)
		sock_set_state(sk, TCP_CLOSE);
	unix_dgram_peer_wake_disconnect_wakeup(sk, old);
	if (other != old) {
		unix_dgram_disconnected(sk, old);
		if (!unix_sk(old)->peer)
			sock_set_state(old, TCP_CLOSE);
	}
	sock_put(old);
}

s64 unix_dgram_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       int file_flags)
{
	struct sock *other = NULL;
	s64 err;

	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family != AF_UNSPEC) {
		if (unix_validate_addr(sa, len))
			return -EINVAL;
		err = unix_autobind_for_creds(sk);
		if (!err)
			err = unix_find_other(t, sk, sa, len, &other);
		if (err)
			return err;
		if (!unix_may_send(sk, other))
			return -EPERM;
		sock_set_state(sk, TCP_ESTABLISHED);
		sock_set_state(other, TCP_ESTABLISHED);
	}
	replace_peer(sk, other);
	return 0;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* The peer is gone: a datagram socket is no longer connected. */
static s64 send_to_dead(struct sock *sk, struct sock *other)
{
	if (sk->type == SOCK_SEQPACKET)
		return -EPIPE;
	unix_sk(sk)->peer = NULL;
	unix_dgram_peer_wake_disconnect_wakeup(sk, other);
	sock_set_state(sk, TCP_CLOSE);
	unix_dgram_disconnected(sk, other);
	sock_put(other);
	return -ECONNREFUSED;
}

/* Room at other? 0, -EAGAIN or -EPARK. */
static s64 wait_for_room(struct task *t, struct sock *sk, struct sock *other, int flags)
{
	nsec_t timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);

	if (other == sk || unix_sk(other)->peer == sk || !unix_recvq_full(other))
		return 0;
	if (timeo) {
		s64 ret = unix_wait_for_peer(t, other, timeo, "send");

		if (ret != -EAGAIN)
			return ret;
	}
	if (unix_sk(sk)->peer != other || unix_dgram_peer_wake_me(sk, other))
		return -EAGAIN;
	return 0;
}

/*
 * The receiver's filter: false, it will not have the message, which its sender is not told; else *len is
 * how much of it there will be.
 */
static bool filter_message(struct sock *other, const struct msg *m, u32 *len)
{
	struct sk_buff *skb;
	u8 *data;
	bool ok;

	if (!other->filter)
		return true;
	skb = alloc_skb(other->host);
	data = xrealloc(NULL, *len + 1);
	iov_copy_from(&m->iter, 0, data, *len);
	skb_add_data(skb, data, *len);
	free(data);
	ok = !sk_filter(other, skb);
	*len = skb->len;
	if (ok)
		consume_skb(skb);
	else
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_FILTER, PLACE_SOCKET_RX);
	return ok;
}

/* The sender is told that all of it went. */
static s64 deliver(struct task *t, struct sock *sk, struct sock *other, struct msg *m, u32 len,
		   struct scm_cookie *scm)
{
	u32 paged = 0;
	struct sk_buff *skb;

	if (len > SKB_MAX_ALLOC) {
		paged = min(len - SKB_MAX_ALLOC, MAX_SKB_FRAGS * 4096u);
		paged = PAGE_ALIGN(paged);
	}
	skb = unix_alloc_skb(sk, m, 0, len, min(paged, len));
	unix_scm_to_skb(t, scm, skb, other);
	if (other->timestamp || other->timestampns)
		skb->tstamp = net_now(sk->net);
	unix_queue_skb(other, skb);
	return (s64)m->iter.total;
}

/* Nothing is made before the message can go, so a call that waits has nothing to undo. */
static s64 dgram_send(struct task *t, struct sock *sk, struct msg *m, int flags,
		      struct scm_cookie *scm)
{
	struct sock *other = unix_sk(sk)->peer;
	u32 len = (u32)m->iter.total;
	bool named = m->name && m->namelen;
	s64 err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (named && unix_validate_addr(m->name, m->namelen))
		return -EINVAL;
	if (!named && !other)
		return -ENOTCONN;
	err = unix_autobind_for_creds(sk);
	if (err)
		return err;
	if ((s64)m->iter.total > (s64)sk->sndbuf - 32)
		return -EMSGSIZE;
	err = unix_send_ready(t, sk, flags);
	if (!err)
		err = unix_scm_check(t, NULL, scm);
	if (!err && named)
		err = unix_find_other(t, sk, m->name, m->namelen, &other);
	if (err)
		return err;
	if (!filter_message(other, m, &len))
		return (s64)m->iter.total;
	if (!unix_may_send(sk, other))
		return -EPERM;
	if (other->dead)
		return send_to_dead(sk, other);
	if (other->shutdown & RCV_SHUTDOWN)
		return -EPIPE;
	err = unix_scm_check(t, other, scm);
	if (!err)
		err = wait_for_room(t, sk, other, flags);
	return err ? err : deliver(t, sk, other, m, len, scm);
}

s64 unix_dgram_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct scm_cookie scm;
	s64 ret = scm_send(t, sk, m, &scm, 0);

	if (ret)
		return ret;
	ret = dgram_send(t, sk, m, flags, &scm);
	scm_destroy(sk, &scm);
	return ret;
}

s64 unix_seqpacket_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	int err = sock_error(sk);

	if (err)
		return err;
	if (sk->state != TCP_ESTABLISHED)
		return -ENOTCONN;
	m->namelen = 0;
	return unix_dgram_sendmsg(t, sk, m, flags);
}

/* ---- receiving ------------------------------------------------------------------------------- */

/*
 * Nothing to read. A reader that would not wait is not told of the end by a datagram socket, only
 * by a connected one.
 */
static s64 dgram_wait(struct task *t, struct sock *sk, int flags)
{
	nsec_t timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	bool eof = sk->shutdown & RCV_SHUTDOWN;
	s64 ret;

	if (eof && (timeo || sk->type == SOCK_SEQPACKET))
		return 0;
	ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLERR, timeo, "recv");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

/* SO_PEEK_OFF: whole messages before the offset are passed over. */
static struct sk_buff *dgram_first(struct sock *sk, int flags, u32 *skip)
{
	struct sk_buff *skb = skb_peek(&sk->receive_queue);

	*skip = 0;
	if (!(flags & MSG_PEEK) || sk->peek_off < 0)
		return skb;
	*skip = (u32)sk->peek_off;
	while (skb && *skip >= skb->len && (*skip || UNIXCB(skb)->peeked)) {
		*skip -= skb->len;
		skb = unix_peek_next(sk, skb);
	}
	if (skb && !skb->len)
		UNIXCB(skb)->peeked = true;
	return skb;
}

static void dgram_take(struct sock *sk, struct sk_buff *skb, struct scm_cookie *scm, int flags,
		       u32 size)
{
	bool peek = flags & MSG_PEEK;

	if (UNIXCB(skb)->fp)
		unix_skb_files(sk, scm, skb, peek);
	if (peek) {
		sk_peek_offset_fwd(sk, size);
		return;
	}
	sk_peek_offset_bwd(sk, skb->len);
	skb_unlink(&sk->receive_queue, skb);
	consume_skb(skb);
}

s64 unix_dgram_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct scm_cookie scm = { 0 };
	struct sk_buff *skb;
	u32 skip, size, len;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = sock_error(sk);
	if (err)
		return err;
	skb = dgram_first(sk, flags, &skip);
	if (!skb)
		return dgram_wait(t, sk, flags);
	unix_copy_addr(m, skb->sk);
	len = skb->len - skip;
	size = (u32)min((size_t)len, m->iter.total);
	if (size < len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, skip, &m->iter, 0, size);
	sock_recv_cmsgs(m, sk, skb);
	unix_skb_creds(&scm, skb);
	dgram_take(sk, skb, &scm, flags, size);
	unix_wake_peers(sk, false);
	scm_recv(t, sk, m, &scm, flags);
	return flags & MSG_TRUNC ? len : size;
}

s64 unix_seqpacket_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	if (sk->state != TCP_ESTABLISHED)
		return -ENOTCONN;
	return unix_dgram_recvmsg(t, sk, m, flags);
}

/* ---- readiness ------------------------------------------------------------------------------- */

u32 unix_dgram_poll(struct sock *sk)
{
	struct sock *other = unix_sk(sk)->peer;
	bool writable = unix_writable(sk);
	u32 mask = 0;

	if (sk->err || sk->error_queue.qlen)
		mask |= EPOLLERR;
	if (sk->shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (sk->shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (sk->receive_queue.qlen)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (sk->type == SOCK_SEQPACKET && sk->state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (writable && other && unix_sk(other)->peer != sk && unix_recvq_full(other))
		writable = !unix_dgram_peer_wake_me(sk, other);
	if (writable)
		mask |= EPOLL_OUT_ALL;
	return mask;
}

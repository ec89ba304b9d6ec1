/* SPDX-License-Identifier: MIT */
/*
 * Bytes over AF_UNIX: SOCK_STREAM (unix(7)).
 *
 * A write becomes skbs of at most half of SO_SNDBUF and of what one skb holds. They are not joined
 * again: a read takes from several, but stops where files came with the bytes, and where the
 * sender's credentials change for a reader that asked for them (SO_PASSCRED).
 *
 * MSG_OOB sends one byte in an skb of its own, which oob_skb of the receiver points at until the
 * byte is read or overtaken. Read with MSG_OOB, the skb stays where it was, empty, as the mark
 * (SIOCATMARK); an ordinary read stops before the mark, and one that starts at it passes over the
 * byte, unless SO_OOBINLINE makes it data like other.
 */
#include <string.h>

#include "stack/af_unix.h"
#include "stack/syscall.h"
#include "stack/truesize.h"

#define PAGE_ALIGN(x) (((x) + 4095u) & ~4095u)
#define UNIX_SKB_FRAGS_SZ 32768u /* bytes of one skb that are in pages */
#define SKB_MAX_HEAD 3776u	 /* one page without the shared info */

/* ---- sending --------------------------------------------------------------------------------- */

struct stream_write {
	struct task *t;
	struct sock *sk, *other;
	struct msg *m;
	int flags;
	struct scm_cookie scm;
};

/* One skb to the peer: 0, a negative errno, or -EPARK. */
static s64 stream_send_skb(struct stream_write *w, size_t off, u32 len, u32 paged)
{
	struct sk_buff *skb;
	s64 err = unix_send_ready(w->t, w->sk, w->flags);

	if (err) {
		/* Shut down while it waited: sock_alloc_send_pskb() sends no signal. */
		w->m->nosigpipe = true;
		return err;
	}
	err = unix_scm_check(w->t, NULL, &w->scm);
	if (err)
		return err;
	if (w->other->dead || w->other->shutdown & RCV_SHUTDOWN)
		return -EPIPE;
	err = unix_scm_check(w->t, w->other, &w->scm);
	if (err)
		return err;
	skb = unix_alloc_skb(w->sk, w->m, off, len, paged);
	unix_scm_to_skb(w->t, &w->scm, skb, w->other);
	unix_queue_skb(w->other, skb);
	return 0;
}

/* The bytes before the urgent one. Half a buffer at a time lets the reader work meanwhile. */
static s64 stream_send_data(struct stream_write *w, size_t len)
{
	struct syscall_ctx *ctx = task_ctx(w->t);

	while ((size_t)ctx->done < len) {
		size_t left = len - (size_t)ctx->done;
		u32 size = (u32)min(left, (size_t)(w->sk->sndbuf >> 1) - 64);
		u32 paged = 0;
		s64 err;

		size = min(size, SKB_MAX_HEAD + UNIX_SKB_FRAGS_SZ);
		if (size > SKB_MAX_HEAD)
			paged = min(size, PAGE_ALIGN(size - SKB_MAX_HEAD));
		err = stream_send_skb(w, (size_t)ctx->done, size, paged);
		if (err)
			return err;
		ctx->done += size;
	}
	return 0;
}

static s64 stream_send_oob(struct stream_write *w, size_t off)
{
	struct sock *other = w->other;
	struct sk_buff *skb;
	s64 err = stream_send_skb(w, off, 1, 0);

	if (err) {
		w->m->nosigpipe = true;
		return err;
	}
	skb = list_last_entry(&other->receive_queue.list, struct sk_buff, node);
	unix_sk(other)->oob_skb = skb;
	sk_send_sigurg(other);
	return 0;
}

static s64 stream_send(struct stream_write *w)
{
	struct sock *sk = w->sk;
	struct syscall_ctx *ctx = task_ctx(w->t);
	size_t len = w->m->iter.total;
	bool oob = w->flags & MSG_OOB;
	s64 err;

	if (oob && !len)
		return -EOPNOTSUPP;
	if (w->m->name && w->m->namelen)
		return sk->state == TCP_ESTABLISHED ? -EISCONN : -EOPNOTSUPP;
	if (!w->other)
		return -ENOTCONN;
	/* A call that has waited finds out further down, where it gets no signal. */
	if (!ctx->started && sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	ctx->started = true;
	err = stream_send_data(w, len - oob);
	if (!err && oob)
		err = stream_send_oob(w, len - 1);
	if (err == -EPARK)
		return err;
	if (err)
		return ctx->done ? ctx->done : err;
	return ctx->done + oob;
}

s64 unix_stream_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct stream_write w = { .t = t, .sk = sk, .other = unix_sk(sk)->peer, .m = m,
				  .flags = flags };
	s64 ret = scm_send(t, sk, m, &w.scm, task_ctx(t)->done ? SCM_NO_RIGHTS : 0);

	if (ret)
		return ret;
	ret = stream_send(&w);
	scm_destroy(sk, &w.scm);
	return ret;
}

/* ---- urgent data, on the reader's side ------------------------------------------------------- */

static void stream_unlink(struct sock *sk, struct sk_buff *skb)
{
	skb_unlink(&sk->receive_queue, skb);
	consume_skb(skb);
}

/*
 * An ordinary read has come to skb, which is empty (a mark whose byte was read) or the urgent one:
 * the skb to go on with, or NULL to stop here.
 */
static struct sk_buff *manage_oob(struct sock *sk, struct sk_buff *skb, int flags, bool copied)
{
	struct unix_sock *u = unix_sk(sk);
	struct sk_buff *next;

	if (!unix_skb_len(skb)) {
		if (copied && (!u->oob_skb || skb == u->oob_skb))
			return NULL;
		next = unix_peek_next(sk, skb);
		if (!(flags & MSG_PEEK))
			stream_unlink(sk, skb);
		skb = next;
	}
	if (!skb || skb != u->oob_skb)
		return skb;
	if (copied)
		return NULL;
	next = unix_peek_next(sk, skb);
	if (flags & MSG_PEEK)
		return sk->oobinline ? skb : next;
	u->oob_skb = NULL;
	if (sk->oobinline)
		return skb;
	/* Overtaken: the byte is lost. */
	stream_unlink(sk, skb);
	return skb_peek(&sk->receive_queue);
}

static s64 stream_recv_urg(struct sock *sk, struct msg *m, int flags)
{
	struct unix_sock *u = unix_sk(sk);
	struct sk_buff *skb = u->oob_skb;

	if (sk->oobinline || !skb)
		return -EINVAL;
	if (m->iter.total)
		skb_copy_to_iter(skb, UNIXCB(skb)->consumed, &m->iter, 0, 1);
	m->flags |= MSG_OOB;
	if (flags & MSG_PEEK)
		return 1;
	u->oob_skb = NULL;
	/* Of marks in a row only the last stays. */
	if (skb->node.prev != &sk->receive_queue.list) {
		struct sk_buff *prev = list_entry(skb->node.prev, struct sk_buff, node);

		if (!unix_skb_len(prev))
			stream_unlink(sk, prev);
	}
	UNIXCB(skb)->consumed++;
	return 1;
}

bool unix_stream_atmark(struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->receive_queue);
	struct sk_buff *oob = unix_sk(sk)->oob_skb;

	if (!skb)
		return false;
	return skb == oob || (!unix_skb_len(skb) && (!oob || unix_peek_next(sk, skb) == oob));
}

/* ---- receiving ------------------------------------------------------------------------------- */

struct stream_read {
	struct task *t;
	struct sock *sk;
	struct msg *m;
	int flags;
	size_t copied, size, target;
	u32 skip; /* SO_PEEK_OFF */
	bool touched, check_creds;
	struct scm_cookie scm;
	s64 err;
};

/* Credentials of the first part outlive a wait for the rest (MSG_WAITALL, SO_RCVLOWAT). */
static void save_progress(struct stream_read *r)
{
	struct syscall_ctx *ctx = task_ctx(r->t);
	struct unix_sock *u = unix_sk(r->sk);

	ctx->done = (s64)r->copied;
	ctx->scratch[0] = r->check_creds | (u64)r->scm.has_creds << 1;
	ctx->scratch[1] = r->scm.pid ? (u32)r->scm.pid->ref.pid : 0;
	ctx->scratch[3] = (uintptr_t)r->scm.label;
	if (r->scm.pid) {
		pid_ref_put(u->recv_pid);
		u->recv_pid = r->scm.pid;
		r->scm.pid = NULL;
	}
	ctx->scratch[2] = (u64)r->scm.gid << 32 | r->scm.uid;
}

static void load_progress(struct stream_read *r)
{
	const struct syscall_ctx *ctx = task_ctx(r->t);
	struct pid_ref *pid = unix_sk(r->sk)->recv_pid;

	r->copied = (size_t)ctx->done;
	r->size = r->m->iter.total - r->copied;
	r->touched = r->copied > 0;
	r->check_creds = ctx->scratch[0] & 1;
	r->scm.has_creds = ctx->scratch[0] >> 1;
	if (ctx->scratch[1] && pid && pid->ref.pid == (int)ctx->scratch[1])
		r->scm.pid = pid_ref_get(pid);
	r->scm.label = (const char *)(uintptr_t)ctx->scratch[3];
	r->scm.uid = (u32)ctx->scratch[2];
	r->scm.gid = (u32)(ctx->scratch[2] >> 32);
}

/* Nothing more is there: why to stop, or -EPARK. */
static s64 stream_no_data(struct stream_read *r)
{
	struct sock *sk = r->sk;
	nsec_t timeo = sock_rcvtimeo(sk, r->flags & MSG_DONTWAIT);
	s64 ret;

	if (r->copied >= r->target)
		return 0;
	ret = sock_error(sk);
	if (ret || sk->shutdown & RCV_SHUTDOWN)
		return ret;
	ret = task_wait_on(r->t, &sk->wq, false, 0, timeo, "recv");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

/* The skb to read from, at skb or behind it; NULL: no further, r->err says why. */
static struct sk_buff *stream_next(struct stream_read *r, struct sk_buff *skb)
{
	for (;;) {
		if (skb && (!unix_skb_len(skb) || skb == unix_sk(r->sk)->oob_skb)) {
			skb = manage_oob(r->sk, skb, r->flags, r->copied);
			if (!skb && r->copied)
				return NULL;
		}
		if (!skb) {
			r->err = stream_no_data(r);
			return NULL;
		}
		while (skb && r->skip >= unix_skb_len(skb)) {
			r->skip -= unix_skb_len(skb);
			skb = unix_peek_next(r->sk, skb);
		}
		if (skb)
			return skb;
	}
}

/* MSG_PEEK has looked at skb: the next to look at, NULL to stop. */
static struct sk_buff *stream_peeked(struct stream_read *r, struct sk_buff *skb, u32 chunk)
{
	sk_peek_offset_fwd(r->sk, chunk);
	if (UNIXCB(skb)->fp) {
		unix_skb_files(r->sk, &r->scm, skb, true);
		return NULL;
	}
	r->skip = 0;
	return unix_peek_next(r->sk, skb);
}

/* The first chunk bytes are read: true when the read may go on behind skb. */
static bool stream_taken(struct stream_read *r, struct sk_buff *skb, u32 chunk)
{
	UNIXCB(skb)->consumed += chunk;
	sk_peek_offset_bwd(r->sk, chunk);
	if (UNIXCB(skb)->fp)
		unix_skb_files(r->sk, &r->scm, skb, false);
	if (unix_skb_len(skb))
		return false;
	stream_unlink(r->sk, skb);
	return !r->scm.fp && r->size;
}

/* Copies what it may of skb; false: it belongs to another sender's message. */
static bool stream_copy(struct stream_read *r, struct sk_buff *skb, u32 *chunk)
{
	if (r->check_creds) {
		if (!unix_skb_creds_eq(&r->scm, skb))
			return false;
	} else if (sk_may_passcred(r->sk)) {
		unix_skb_creds(&r->scm, skb);
		r->check_creds = true;
	}
	r->touched = true;
	*chunk = (u32)min((size_t)(unix_skb_len(skb) - r->skip), r->size);
	skb_copy_to_iter(skb, UNIXCB(skb)->consumed + r->skip, &r->m->iter, r->copied, *chunk);
	r->copied += *chunk;
	r->size -= *chunk;
	return true;
}

static void stream_read(struct stream_read *r)
{
	struct sk_buff *skb = skb_peek(&r->sk->receive_queue);
	u32 chunk;

	while ((skb = stream_next(r, skb)) && stream_copy(r, skb, &chunk)) {
		if (r->flags & MSG_PEEK) {
			skb = stream_peeked(r, skb, chunk);
			if (!skb)
				break;
		} else {
			if (!stream_taken(r, skb, chunk))
				break;
			skb = skb_peek(&r->sk->receive_queue);
		}
	}
}

s64 unix_stream_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct stream_read r = { .t = t, .sk = sk, .m = m, .flags = flags };
	size_t target = m->iter.total;

	if (sk->state != TCP_ESTABLISHED)
		return -EINVAL;
	if (flags & MSG_OOB)
		return stream_recv_urg(sk, m, flags);
	if (!(flags & MSG_WAITALL))
		target = min((size_t)sk->rcvlowat, target);
	r.target = target ? target : 1;
	r.skip = flags & MSG_PEEK && sk->peek_off > 0 ? (u32)sk->peek_off : 0;
	load_progress(&r);
	stream_read(&r);
	if (r.err == -EPARK) {
		save_progress(&r);
		return -EPARK;
	}
	if (r.touched)
		unix_copy_addr(m, unix_sk(sk)->peer);
	scm_recv(t, sk, m, &r.scm, flags);
	return r.copied ? (s64)r.copied : r.err;
}

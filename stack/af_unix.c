/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX sockets as such (unix(7)): birth, connections, shutdown, readiness, death.
 *
 * connect() makes the accepting end itself: an embryo that hangs in the listener's queue by an
 * empty skb until accept() takes it, or the listener dies. So data may be written, and is, before
 * anybody has accepted.
 *
 * States are TCP's names: CLOSE, LISTEN, ESTABLISHED. A closed end leaves its peer ESTABLISHED and
 * shut down both ways.
 */
#include "stack/af_unix.h"

#include <linux/sockios.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "stack/stack_world.h"
#include "stack/syscall.h"
#include "stack/truesize.h"

#define PAGE_ALIGN(x) (((x) + 4095u) & ~4095u)
#define UNIX_SLICE (60u * 1024) /* of payload, below the largest class of buffers */

/* ---- waking ---------------------------------------------------------------------------------- */

/* At tear-down nobody is woken, but nobody may stay linked either. */
static void unlink_waiters(struct wait_queue_head *q)
{
	while (!list_empty(&q->list))
		list_del_init(q->list.next);
}

void unix_wake_peers(struct sock *sk, bool all)
{
	struct wait_queue_head *q = &unix_sk(sk)->peer_wait;

	if (unlikely(sk->net->dying))
		unlink_waiters(q);
	else
		wake_up_nr(q, all ? 0 : 1, EPOLL_OUT_ALL);
}

static void unix_state_change(struct sock *sk, int code)
{
	if (sk->net->dying)
		return;
	sk->state_change(sk);
	if (code && sk->file)
		kill_fasync(sk->file, code);
}

s64 unix_wait_for_peer(struct task *t, struct sock *other, nsec_t timeo, const char *what)
{
	s64 ret = task_wait_on(t, &unix_sk(other)->peer_wait, true, 0, timeo, what);

	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

/* ---- polling for room at the peer ------------------------------------------------------------ */

static int peer_wake_relay(struct wait_entry *e, u32 key)
{
	struct unix_sock *u = container_of(e, struct unix_sock, peer_wake);

	wait_remove(e);
	u->peer_wake_at = NULL;
	wake_up(&u->sk.wq, key);
	return 0;
}

static void peer_wake_disconnect(struct unix_sock *u, struct sock *other)
{
	if (u->peer_wake_at != other)
		return;
	wait_remove(&u->peer_wake);
	u->peer_wake_at = NULL;
}

bool unix_dgram_peer_wake_me(struct sock *sk, struct sock *other)
{
	struct unix_sock *u = unix_sk(sk);
	bool connected = !u->peer_wake_at;

	if (connected) {
		u->peer_wake_at = other;
		wait_add(&unix_sk(other)->peer_wait, &u->peer_wake);
	}
	/* A dead peer is worth a write, which gets ECONNREFUSED. */
	if (unix_recvq_full(other) && !other->dead)
		return true;
	if (connected)
		peer_wake_disconnect(u, other);
	return false;
}

void unix_dgram_peer_wake_disconnect_wakeup(struct sock *sk, struct sock *other)
{
	peer_wake_disconnect(unix_sk(sk), other);
	if (!sk->net->dying)
		wake_up(&sk->wq, EPOLL_OUT_ALL);
}

/* ---- memory ---------------------------------------------------------------------------------- */

bool unix_writable(const struct sock *sk)
{
	return sk->state != TCP_LISTEN && (u64)sk->wmem_alloc << 2 <= sk->sndbuf;
}

static void unix_write_space(struct sock *sk)
{
	if (sk->net->dying || !unix_writable(sk))
		return;
	wake_up(&sk->wq, EPOLL_OUT_ALL);
	if (sk->async_nospace && sk->file) {
		sk->async_nospace = false;
		kill_fasync(sk->file, POLL_OUT);
	}
}

/* As sock_wfree(): the last byte is given back after write_space() has looked, which shows. */
static void unix_destruct_skb(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (UNIXCB(skb)->fp)
		unix_skb_drop_files(sk, skb);
	pid_ref_put(UNIXCB(skb)->pid);
	assert(sk->wmem_alloc >= skb->truesize);
	sk->wmem_alloc -= skb->truesize - 1;
	sk->write_space(sk);
	sk->wmem_alloc--;
	sock_put(sk);
}

static struct sk_buff *charged_skb(struct sock *sk, u32 truesize)
{
	struct sk_buff *skb = alloc_skb(sk->host);

	*UNIXCB(skb) = (struct unix_cb){ .uid = UINT32_MAX, .gid = UINT32_MAX };
	skb->truesize = truesize;
	skb->sk = sk;
	skb->destructor = unix_destruct_skb;
	sk->wmem_alloc += truesize;
	sock_hold(sk);
	return skb;
}

/* Short data goes where a packet has its headers, longer data into slices. */
struct sk_buff *unix_alloc_skb(struct sock *sk, const struct msg *m, size_t off, u32 len,
			       u32 paged_len)
{
	u32 truesize = skb_account_truesize(len - paged_len) + PAGE_ALIGN(paged_len);
	struct sk_buff *skb = charged_skb(sk, truesize);
	u32 slice = max(UNIX_SLICE, (len + MAX_SKB_FRAGS - 1) / MAX_SKB_FRAGS);

	if (len <= SKB_HEAD_SIZE - SKB_HEADROOM) {
		iov_copy_from(&m->iter, off, skb_put(skb, len), len);
		return skb;
	}
	for (u32 pos = 0; pos < len; pos += slice) {
		struct skb_frag *f = &skb->frags[skb->nfrags++];

		f->off = 0;
		f->len = min(slice, len - pos);
		f->buf = skb_buf_alloc(sk->host->world, f->len);
		iov_copy_from(&m->iter, off + pos, f->buf->data, f->len);
	}
	skb->len = len;
	return skb;
}

s64 unix_send_ready(struct task *t, struct sock *sk, int flags)
{
	nsec_t timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	int err = sock_error(sk);
	s64 ret;

	if (err)
		return err;
	if (sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	if (sk->wmem_alloc < sk->sndbuf)
		return 0;
	ret = task_wait_on(t, &sk->wq, false, 0, timeo, "send");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

void unix_queue_skb(struct sock *other, struct sk_buff *skb)
{
	if (UNIXCB(skb)->fp)
		unix_inflight(other->net, UNIXCB(skb)->fp);
	skb_queue_tail(&other->receive_queue, skb);
	other->data_ready(other);
}

/* ---- birth ----------------------------------------------------------------------------------- */

static int unix_init_sock(struct sock *sk)
{
	struct unix_sock *u = unix_sk(sk);

	sk->max_ack_backlog = (u32)sk->net->sysctl.unix_max_dgram_qlen;
	sk->write_space = unix_write_space;
	sk->passrights = true;
	wait_queue_init(&u->peer_wait, sk->host);
	wait_entry_init_func(&u->peer_wake, peer_wake_relay, NULL);
	list_init(&u->inflight_node);
	list_init(&u->gc_node);
	return 0;
}

s64 unix_create(struct task *t, struct net *net, int type, int protocol, struct sock **out)
{
	const struct proto_ops *ops;

	if (protocol && protocol != PF_UNIX)
		return -EPROTONOSUPPORT;
	switch (type) {
	case SOCK_STREAM:
		ops = &unix_stream_ops;
		break;
	case SOCK_RAW: /* as BSD has it */
	case SOCK_DGRAM:
		ops = &unix_dgram_ops;
		break;
	case SOCK_SEQPACKET:
		ops = &unix_seqpacket_ops;
		break;
	default:
		return -ESOCKTNOSUPPORT;
	}
	*out = sk_alloc(net, ops);
	return 0;
}

static void set_peer(struct sock *sk, struct sock *peer)
{
	sock_hold(peer);
	unix_sk(sk)->peer = peer;
}

static s64 unix_socketpair(struct task *t, struct sock *a, struct sock *b)
{
	set_peer(a, b);
	set_peer(b, a);
	sock_peer_set(a, t);
	sock_peer_share(b, a);
	sock_set_state(a, TCP_ESTABLISHED);
	sock_set_state(b, TCP_ESTABLISHED);
	return 0;
}

/* ---- connections ----------------------------------------------------------------------------- */

static s64 unix_listen(struct task *t, struct sock *sk, int backlog)
{
	if (!unix_sk(sk)->addr)
		return -EINVAL;
	if (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN)
		return -EINVAL;
	if ((u32)backlog > sk->max_ack_backlog)
		unix_wake_peers(sk, true);
	sk->max_ack_backlog = (u32)backlog;
	sock_set_state(sk, TCP_LISTEN);
	sock_peer_set(sk, t);
	return 0;
}

/* The accepting end, in other's queue. */
static void connect_embryo(struct task *t, struct sock *sk, struct sock *other)
{
	struct sock *newsk = sk_alloc(sk->net, sk->ops);
	struct unix_sock *newu = unix_sk(newsk);

	unix_init_sock(newsk);
	newsk->uid = other->uid;
	newsk->label = other->label;
	newsk->passcred = other->passcred;
	newsk->passpidfd = other->passpidfd;
	newsk->passsec = other->passsec;
	newsk->passrights = other->passrights;
	newu->listener = other;
	newu->addr = unix_sk(other)->addr;
	newu->addr->refs++;
	set_peer(newsk, sk);
	sock_peer_set(newsk, t);
	sock_set_state(newsk, TCP_ESTABLISHED);
	set_peer(sk, newsk);
	sock_peer_share(sk, other);
	sock_set_state(sk, TCP_ESTABLISHED);
	skb_queue_tail(&other->receive_queue, charged_skb(newsk, skb_linear_truesize(1)));
	other->data_ready(other);
}

/* The order of the checks is the kernel's: the other side's state comes before ours. */
static s64 unix_stream_connect(struct task *t, struct sock *sk, const struct sockaddr *sa,
			       socklen_t len, int file_flags)
{
	nsec_t timeo = sock_sndtimeo(sk, file_flags & O_NONBLOCK);
	struct sock *other;
	s64 err;

	if (unix_validate_addr(sa, len))
		return -EINVAL;
	err = unix_autobind_for_creds(sk);
	if (!err)
		err = unix_find_other(t, sk, sa, len, &other);
	if (err)
		return err;
	if (other->state != TCP_LISTEN || other->shutdown & RCV_SHUTDOWN)
		return -ECONNREFUSED;
	if (unix_recvq_full(other))
		return unix_wait_for_peer(t, other, timeo, "connect");
	if (sk->state != TCP_CLOSE)
		return sk->state == TCP_ESTABLISHED ? -EISCONN : -EINVAL;
	connect_embryo(t, sk, other);
	return 0;
}

static s64 unix_accept(struct task *t, struct sock *sk, struct sock **out, int file_flags)
{
	nsec_t timeo = sock_rcvtimeo(sk, file_flags & O_NONBLOCK);
	struct sk_buff *skb;
	int err;
	s64 ret;

	if (sk->state != TCP_LISTEN)
		return -EINVAL;
	err = sock_error(sk);
	if (err)
		return err;
	skb = skb_dequeue(&sk->receive_queue);
	if (skb) {
		*out = skb->sk;
		unix_sk(*out)->listener = NULL;
		consume_skb(skb);
		unix_wake_peers(sk, false);
		return 0;
	}
	if (timeo && sk->shutdown & RCV_SHUTDOWN)
		return -EINVAL;
	ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLERR, timeo, "accept");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
}

static bool connection_based(const struct sock *sk)
{
	return sk->type == SOCK_STREAM || sk->type == SOCK_SEQPACKET;
}

/* What one end does not send the other does not receive. Not being connected is no error. */
static s64 unix_shutdown(struct task *t, struct sock *sk, int how)
{
	struct sock *other = unix_sk(sk)->peer;
	u8 mode = (u8)(how + 1);
	u8 peer_mode = 0;

	sk->shutdown |= mode;
	unix_state_change(sk, 0);
	if (!other || !connection_based(sk))
		return 0;
	if (mode & RCV_SHUTDOWN)
		peer_mode |= SEND_SHUTDOWN;
	if (mode & SEND_SHUTDOWN)
		peer_mode |= RCV_SHUTDOWN;
	other->shutdown |= peer_mode;
	if (peer_mode == SHUTDOWN_MASK)
		unix_state_change(other, POLL_HUP);
	else if (peer_mode & RCV_SHUTDOWN)
		unix_state_change(other, POLL_IN);
	else
		unix_state_change(other, 0);
	return 0;
}

/* ---- death ----------------------------------------------------------------------------------- */

/* What was sent with MSG_OOB and read leaves an empty skb, which is no unread data. */
static bool has_unread(const struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->receive_queue);

	if (skb && !unix_skb_len(skb))
		skb = unix_peek_next(sk, skb);
	return skb != NULL;
}

static void release_peer(struct sock *sk, struct sock *peer, bool unread)
{
	if (connection_based(sk)) {
		peer->shutdown = SHUTDOWN_MASK;
		if (unread)
			peer->err = ECONNRESET;
		unix_state_change(peer, POLL_HUP);
	}
	peer_wake_disconnect(unix_sk(sk), peer);
	sock_put(peer);
}

/* embryo: it was never accepted, which its peer learns as a reset. */
static void unix_release_sock(struct sock *sk, bool embryo)
{
	struct unix_sock *u = unix_sk(sk);
	bool listening = sk->state == TCP_LISTEN, unread = has_unread(sk);
	struct sock *peer = u->peer;
	struct sk_buff *skb;

	unix_unbind(sk);
	sk->dead = true;
	sk->shutdown = SHUTDOWN_MASK;
	sock_set_state(sk, TCP_CLOSE);
	u->peer = NULL;
	u->oob_skb = NULL;
	unix_wake_peers(sk, true);
	if (peer)
		release_peer(sk, peer, unread || embryo);
	while ((skb = skb_dequeue(&sk->receive_queue))) {
		struct sock *child = listening ? skb->sk : NULL;

		if (child)
			unix_release_sock(child, true);
		consume_skb(skb);
		if (child)
			sock_put(child);
	}
}

static s64 unix_release(struct task *t, struct sock *sk)
{
	unix_release_sock(sk, false);
	if (sk->net->unix_tab)
		unix_gc(sk->net);
	return 0;
}

static void unix_destruct(struct sock *sk)
{
	struct unix_sock *u = unix_sk(sk);

	assert(!sk->wmem_alloc && !u->inflight && !wait_queue_active(&u->peer_wait));
	unix_address_put(sk->net, u->addr);
	pid_ref_put(unix_sk(sk)->recv_pid);
}

/* ---- readiness ------------------------------------------------------------------------------- */

static u32 unix_poll(struct sock *sk)
{
	u32 mask = 0;

	if (sk->err)
		mask |= EPOLLERR;
	if (sk->shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (sk->shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
	if (sk->receive_queue.qlen)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (unix_sk(sk)->oob_skb)
		mask |= EPOLLPRI;
	if (sk->state == TCP_CLOSE)
		mask |= EPOLLHUP;
	/* Also when the other end is gone, so that nobody is stuck. */
	if (unix_writable(sk))
		mask |= EPOLL_OUT_ALL;
	return mask;
}

static s64 unix_inq_len(struct sock *sk)
{
	struct sk_buff *skb;
	s64 sum = 0;

	if (sk->state == TCP_LISTEN)
		return -EINVAL;
	if (!connection_based(sk)) {
		skb = skb_peek(&sk->receive_queue);
		return skb ? skb->len : 0;
	}
	list_for_each_entry(skb, &sk->receive_queue.list, node)
		sum += unix_skb_len(skb);
	return sum;
}

static s64 unix_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	s64 n;

	switch (cmd) {
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem_alloc;
		return 0;
	case SIOCINQ:
		n = unix_inq_len(sk);
		if (n < 0)
			return n;
		*(int *)arg = (int)n;
		return 0;
	case SIOCATMARK:
		if (sk->type != SOCK_STREAM)
			return -EOPNOTSUPP;
		*(int *)arg = unix_stream_atmark(sk);
		return 0;
	default:
		return -ENOTTY;
	}
}

#define UNIX_OPS(text, sock_type)                                                                  \
	.name = text, .family = AF_UNIX, .type = sock_type, .obj_size = sizeof(struct unix_sock),  \
	.init = unix_init_sock, .release = unix_release, .destruct = unix_destruct,                \
	.bind = unix_bind, .socketpair = unix_socketpair, .shutdown = unix_shutdown,               \
	.getname = unix_getname, .ioctl = unix_ioctl

const struct proto_ops unix_stream_ops = {
	UNIX_OPS("UNIX-STREAM", SOCK_STREAM),
	.connect = unix_stream_connect,
	.accept = unix_accept,
	.listen = unix_listen,
	.sendmsg = unix_stream_sendmsg,
	.recvmsg = unix_stream_recvmsg,
	.poll = unix_poll,
};

const struct proto_ops unix_dgram_ops = {
	UNIX_OPS("UNIX-DGRAM", SOCK_DGRAM),
	.connect = unix_dgram_connect,
	.sendmsg = unix_dgram_sendmsg,
	.recvmsg = unix_dgram_recvmsg,
	.poll = unix_dgram_poll,
};

const struct proto_ops unix_seqpacket_ops = {
	UNIX_OPS("UNIX-SEQPACKET", SOCK_SEQPACKET),
	.connect = unix_stream_connect,
	.accept = unix_accept,
	.listen = unix_listen,
	.sendmsg = unix_seqpacket_sendmsg,
	.recvmsg = unix_seqpacket_recvmsg,
	.poll = unix_dgram_poll,
};

/* SPDX-License-Identifier: MIT */
/*
 * TCP's face to the socket layer: a socket's birth and death, poll, ioctl, names (tcp(7)).
 */
#include "stack/tcp.h"

#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "sim/host/host.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

/* A third of the buffer is free, and not half of TCP_NOTSENT_LOWAT waits to be sent. */
static bool stream_is_writeable(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 room = sk->sndbuf > sk->wmem_queued ? sk->sndbuf - sk->wmem_queued : 0;
	u32 lowat = tp->notsent_lowat ? tp->notsent_lowat : (u32)sk->net->sysctl.tcp_notsent_lowat;

	if (room < sk->wmem_queued >> 1 || !tcp_stream_memory_free(tp))
		return false;
	return !lowat || (u64)(tp->write_seq - tp->snd_nxt) << 1 < lowat;
}

/* sk_stream_write_space() */
static void tcp_write_space(struct sock *sk)
{
	if (!tcp_sk(sk)->nospace || !stream_is_writeable(tcp_sk(sk)))
		return;
	tcp_sk(sk)->nospace = false;
	wake_up(&sk->wq, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (sk->file)
		kill_fasync(sk->file, POLL_OUT);
}

/* A writer waits, and an ACK may have made room; tcp_new_space() has grown the buffer. */
void tcp_check_space(struct tcp_sock *tp)
{
	if (tp->nospace)
		tp_sock(tp)->write_space(tp_sock(tp));
}

int tcp_init_sock(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	const struct net_sysctl *ctl = &sk->net->sysctl;

	inet_sock_init(&tp->inet);
	skb_queue_init(&tp->write_queue);
	skb_queue_init(&tp->rtx_queue);
	skb_queue_init(&tp->out_of_order_queue);
	list_init(&tp->accept_queue);
	list_init(&tp->syn_queue);
	list_init(&tp->accept_node);
	tcp_init_xmit_timers(tp);
	tp->rto = TCP_TIMEOUT_INIT;
	tp->rto_min = ctl->tcp_rto_min;
	tp->mdev = TCP_TIMEOUT_INIT;
	tp->snd_cwnd = TCP_INIT_CWND;
	tp->snd_ssthresh = TCP_INFINITE_SSTHRESH;
	tp->snd_cwnd_clamp = ~0u;
	tp->mss_cache = 536;
	tp->reordering = (u32)ctl->tcp_reordering;
	tp->ca_ops = tcp_ca_find(ctl->tcp_congestion_control);
	sk->sndbuf = ctl->tcp_wmem[1];
	sk->rcvbuf = ctl->tcp_rmem[1];
	sk->write_space = tcp_write_space;
	return 0;
}

static bool is_current(int state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

void tcp_set_state(struct tcp_sock *tp, int state)
{
	struct sock *sk = tp_sock(tp);
	int old = sk->state;

	if (old == state)
		return;
	/* CurrEstab: RFC 4022's sum of ESTABLISHED and CLOSE_WAIT. */
	if (is_current(state) && !is_current(old))
		sk->net->mib.tcp_curr_estab++;
	else if (!is_current(state) && is_current(old))
		sk->net->mib.tcp_curr_estab--;
	if (state == TCP_CLOSE) {
		if (old == TCP_CLOSE_WAIT || old == TCP_ESTABLISHED)
			NET_INC_STATS(sk->net, EstabResets);
		if (old == TCP_LISTEN)
			inet_listen_remove(&tp->inet);
		inet_ehash_remove(&tp->inet);
		if (tp->inet.bucket && !(sk->userlocks & SOCK_BINDPORT_LOCK))
			inet_put_port(sk);
	}
	sock_set_state(sk, state);
}

/* Everything that a socket holds; also at tear-down, when it is in any state. */
void tcp_destruct(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tcp_clear_xmit_timers(tp);
	tcp_listen_stop(tp);
	if (tp->inet.reuse_group || !list_empty(&tp->inet.lookup_node))
		inet_listen_remove(&tp->inet);
	inet_ehash_remove(&tp->inet);
	if (tp->inet.bucket)
		inet_put_port(sk);
	list_del_init(&tp->accept_node);
	tcp_write_queue_purge(tp);
	tcp_ofo_queue_purge(tp);
	if (tp->ca_ops && tp->ca_ops->release)
		tp->ca_ops->release(tp);
	if (tp->page)
		skb_buf_put(tp->page);
	tp->page = NULL;
}

/* ---- poll -------------------------------------------------------------------------------------- */

/* sock_rcvlowat() */
static u32 read_target(const struct sock *sk)
{
	return sk->rcvlowat > 0 ? (u32)sk->rcvlowat : 1;
}

/* tcp_epollin_ready() */
static bool readable(struct tcp_sock *tp, u32 target)
{
	u32 avail = tp->rcv_nxt - tp->copied_seq;

	if (!avail)
		return false;
	/* A reader with SO_RCVLOWAT is not left waiting for what there is no room for. */
	return avail >= target || tp->ack.rcv_mss >= tcp_receive_window(tp) ||
	       tp_sock(tp)->rmem_alloc > tp_sock(tp)->rcvbuf - (tp_sock(tp)->rcvbuf >> 3);
}

static u32 poll_connected(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 mask = 0, target = read_target(sk);

	if (tp->urg_data && tp->urg_seq == tp->copied_seq && !sk->oobinline)
		target++;
	if (readable(tp, target))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!(sk->shutdown & SEND_SHUTDOWN) && !stream_is_writeable(tp))
		tp->nospace = true;
	else
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (tp->urg_data & TCP_URG_VALID)
		mask |= EPOLLPRI;
	return mask;
}

/* tcp_poll() */
u32 tcp_poll(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 mask = 0;

	if (sk->state == TCP_LISTEN)
		return list_empty(&tp->accept_queue) ? 0 : EPOLLIN | EPOLLRDNORM;
	if (sk->shutdown == SHUTDOWN_MASK || sk->state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (sk->shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (sk->state != TCP_SYN_SENT && sk->state != TCP_SYN_RECV)
		mask |= poll_connected(tp);
	if (sk->err || sk->error_queue.qlen)
		mask |= EPOLLERR;
	return mask;
}

/* ---- ioctl ------------------------------------------------------------------------------------- */

int tcp_inq(struct tcp_sock *tp)
{
	struct sock *sk = tp_sock(tp);
	u32 n;

	if (sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV)
		return 0;
	if (!sk->oobinline && tp->urg_data && !before(tp->urg_seq, tp->copied_seq) &&
	    before(tp->urg_seq, tp->rcv_nxt))
		return (int)(tp->urg_seq - tp->copied_seq);
	n = tp->rcv_nxt - tp->copied_seq;
	/* The FIN is no byte. */
	return (int)(n && tp->sock_done ? n - 1 : n);
}

static s64 tcp_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	bool young = sk->state == TCP_SYN_SENT || sk->state == TCP_SYN_RECV;
	int val;

	if (sk->state == TCP_LISTEN && cmd != SIOCATMARK)
		return cmd == FIONREAD || cmd == SIOCOUTQ || cmd == SIOCOUTQNSD ? -EINVAL : -ENOTTY;
	switch (cmd) {
	case FIONREAD:
		val = tcp_inq(tp);
		break;
	case SIOCATMARK:
		val = tp->urg_data && tp->urg_seq == tp->copied_seq;
		break;
	case SIOCOUTQ:
		val = young ? 0 : (int)(tp->write_seq - tp->snd_una);
		break;
	case SIOCOUTQNSD:
		val = young ? 0 : (int)(tp->write_seq - tp->snd_nxt);
		break;
	default:
		return -ENOTTY;
	}
	*(int *)arg = val;
	return 0;
}

/* tcp_set_rcvlowat(): the buffer must be able to hold what is waited for. */
static int tcp_set_rcvlowat(struct sock *sk, int val)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u32 cap = sk->userlocks & SOCK_RCVBUF_LOCK ? sk->rcvbuf >> 1 :
						      sk->net->sysctl.tcp_rmem[2] >> 1;
	u32 space;

	val = min(val, (int)cap);
	sk->rcvlowat = val ? val : 1;
	if (readable(tp, read_target(sk)))
		sk->data_ready(sk);
	if (sk->userlocks & SOCK_RCVBUF_LOCK)
		return 0;
	/* Twice as much memory as payload: tcp_space_from_win() at the initial ratio. */
	space = (u32)val * 2;
	if (space > sk->rcvbuf) {
		sk->rcvbuf = space;
		if (tp->window_clamp && tp->window_clamp < (u32)val)
			tcp_set_window_clamp(tp, (u32)val);
	}
	return 0;
}

#define TCP_PROTO_OPS(af, text)                                                                    \
	{                                                                                          \
		.name = text, .family = af, .type = SOCK_STREAM, .protocol = IPPROTO_TCP,          \
		.obj_size = sizeof(struct tcp_sock), .init = tcp_init_sock,                        \
		.release = tcp_release, .destruct = tcp_destruct, .bind = inet_bind,               \
		.connect = tcp_v_connect, .accept = tcp_accept, .listen = tcp_listen,              \
		.shutdown = tcp_shutdown, .getname = inet_getname, .sendmsg = tcp_sendmsg,         \
		.recvmsg = tcp_recvmsg, .poll = tcp_poll, .ioctl = tcp_ioctl,                      \
		.setsockopt = tcp_setsockopt, .getsockopt = tcp_getsockopt,                        \
		.set_rcvlowat = tcp_set_rcvlowat,                                                  \
	}

const struct proto_ops tcp_prot = TCP_PROTO_OPS(AF_INET, "TCP");
const struct proto_ops tcpv6_prot = TCP_PROTO_OPS(AF_INET6, "TCPv6");

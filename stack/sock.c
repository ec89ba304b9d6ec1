/* SPDX-License-Identifier: MIT */
/*
 * What every socket has: birth, memory accounting, upcalls, errors (socket(7); net/core/sock.c in
 * Linux).
 */
#include "stack/sock.h"

#include <limits.h>
#include <signal.h>

#include "sim/engine/trace.h"
#include "stack/addr.h"
#include "stack/sock_peer.h"
#include "stack/bpf.h"
#include "stack/stack_world.h"

#define EPOLL_WRITE (EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND)
#define EPOLL_READ (EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND)

const char *tcp_state_name(int state)
{
	static const char *const names[] = {
		[0] = "INVALID",
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",
		[TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSE",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
		[TCP_NEW_SYN_RECV] = "NEW_SYN_RECV",
	};

	return state >= 0 && state < (int)ARRAY_SIZE(names) ? names[state] : names[0];
}

static struct pool *sock_pool(struct host *h, const struct proto_ops *ops)
{
	return stack_pool(stack_world_of(h), ops->name, ops->obj_size);
}

struct sock *sk_alloc(struct net *net, const struct proto_ops *ops)
{
	struct sock *sk = pool_zalloc(sock_pool(net->host, ops));

	sk->net = net;
	sk->host = net->host;
	sk->ops = ops;
	sk->refs = 1;
	sk->cookie = ++net->host->next_sock;
	sk->family = (u16)ops->family;
	sk->type = (u16)ops->type;
	sk->protocol = (u16)ops->protocol;
	sk->state = TCP_CLOSE;
	wait_queue_init(&sk->wq, net->host);
	skb_queue_init(&sk->receive_queue);
	skb_queue_init(&sk->error_queue);
	sk->rcvbuf = net->sysctl.rmem_default;
	sk->sndbuf = net->sysctl.wmem_default;
	sk->rcvtimeo = NSEC_NEVER;
	sk->sndtimeo = NSEC_NEVER;
	sk->rcvlowat = 1;
	sk->incoming_cpu = -1;
	sk->incoming_cpu_set = -1;
	sk->max_pacing_rate = UINT64_MAX;
	sk->peek_off = -1;
	sk->data_ready = sock_def_readable;
	sk->write_space = sock_def_write_space;
	sk->state_change = sock_def_wakeup;
	sk->error_report = sock_def_error_report;
	list_add_tail(&sk->net_node, &net->socks);
	return sk;
}

void sock_put(struct sock *sk)
{
	assert(sk->refs);
	if (--sk->refs)
		return;
	skb_queue_purge(&sk->receive_queue);
	skb_queue_purge(&sk->error_queue);
	sock_peer_drop(sk);
	if (sk->ops->destruct)
		sk->ops->destruct(sk);
	sk_filter_release(sk);
	assert(!wait_queue_active(&sk->wq));
	list_del_init(&sk->net_node);
	pool_free(sock_pool(sk->host, sk->ops), sk);
}

int sock_error(struct sock *sk)
{
	int err = sk->err;

	sk->err = 0;
	return -err;
}

static void trace_state(struct sock *sk, int from, int to)
{
	struct trace *tr = sk->host->sim->trace;
	char text[2][128];
	const char *name[2] = { NULL, NULL };

	if (trace_wants(tr, TT_SOCK_STATE) && sk->ops->getname &&
	    (sk->family == AF_INET || sk->family == AF_INET6)) {
		for (int peer = 0; peer < 2; peer++) {
			struct sockaddr_storage ss;
			union ipaddr a;
			u16 port;
			u32 scope;
			s64 len = sk->ops->getname(sk, peer, &ss);

			if (len < 0 || ipaddr_from_sockaddr((struct sockaddr *)&ss, (socklen_t)len,
							    &a, &port, &scope))
				continue;
			name[peer] = ipaddr_format_port(text[peer], &a, port);
		}
	}
	trace_sock_state(tr, host_now(sk->host), sk->host->id, sk->cookie, sk->ops->name, name[0],
			 name[1], tcp_state_name(from), tcp_state_name(to));
}

void sock_set_state(struct sock *sk, int state)
{
	int from = sk->state;

	if (from == state)
		return;
	sk->state = (u8)state;
	trace_state(sk, from, state);
}

/* ---- upcalls --------------------------------------------------------------------------------- */

static void sk_wake_async(struct sock *sk, int code)
{
	if (sk->file)
		kill_fasync(sk->file, code);
}

void sock_def_readable(struct sock *sk)
{
	wake_up(&sk->wq, EPOLL_READ);
	sk_wake_async(sk, POLL_IN);
}

void sock_def_write_space(struct sock *sk)
{
	if (sk->wmem_alloc * 2 > sk->sndbuf)
		return;
	wake_up(&sk->wq, EPOLL_WRITE);
	if (sock_writeable(sk) && sk->async_nospace) {
		sk->async_nospace = false;
		sk_wake_async(sk, POLL_OUT);
	}
}

void sock_def_wakeup(struct sock *sk)
{
	wake_up_all(&sk->wq, 0);
}

void sock_def_error_report(struct sock *sk)
{
	wake_up(&sk->wq, EPOLLERR);
	sk_wake_async(sk, POLL_ERR);
}

void sk_send_sigurg(struct sock *sk)
{
	if (sk->file)
		send_sigurg_owner(sk->file);
}

/* ---- memory ---------------------------------------------------------------------------------- */

bool sock_writeable(const struct sock *sk)
{
	return sk->wmem_alloc < sk->sndbuf >> 1;
}

static void sock_rfree(struct sk_buff *skb)
{
	assert(skb->sk->rmem_alloc >= skb->truesize);
	skb->sk->rmem_alloc -= skb->truesize;
}

void skb_set_owner_r(struct sk_buff *skb, struct sock *sk)
{
	skb_orphan(skb);
	skb->sk = sk;
	skb->destructor = sock_rfree;
	sk->rmem_alloc += skb->truesize;
}

/* The last bytes keep the sock until write_space has run. */
static void sock_wfree(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	assert(sk->wmem_alloc >= skb->truesize);
	sk->wmem_alloc -= skb->truesize;
	if (!sk->net->dying)
		sk->write_space(sk);
	sock_put(sk);
}

void skb_set_owner_w(struct sk_buff *skb, struct sock *sk)
{
	skb_orphan(skb);
	sock_hold(sk);
	skb->sk = sk;
	skb->destructor = sock_wfree;
	sk->wmem_alloc += skb->truesize;
}

int sock_queue_rcv_skb(struct sock *sk, struct sk_buff *skb)
{
	int err = sk_filter(sk, skb);

	if (err)
		return err;
	if (sk->rmem_alloc >= sk->rcvbuf) {
		sk->drops++;
		return -ENOMEM;
	}
	skb_set_owner_r(skb, sk);
	skb_queue_tail(&sk->receive_queue, skb);
	if (!sk->dead)
		sk->data_ready(sk);
	return 0;
}

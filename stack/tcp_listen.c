/* SPDX-License-Identifier: MIT */
/*
 * listen(2) and accept(2): the accept queue (inet_csk_listen_start(), inet_csk_accept(),
 * inet_csk_listen_stop()).
 *
 * It holds one connection more than the backlog says. One that is reset while it waits stays: accept()
 * returns it, and its first read says ECONNRESET. What waits for a listener that goes is reset, or given to
 * another one of its SO_REUSEPORT group (net.ipv4.tcp_migrate_req).
 */
#include <errno.h>

#include "sim/host/host.h"
#include "stack/syscall.h"
#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

void tcp_listen_drop(struct tcp_sock *lp)
{
	lp->inet.sk.drops++;
	NET_INC_STATS(tp_net(lp), ListenDrops);
}

/* ---- listen(2), accept(2) ------------------------------------------------------------------------ */

s64 tcp_listen(struct task *t, struct sock *sk, int backlog)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (tp->ss_state != SS_UNCONNECTED || (sk->state != TCP_CLOSE && sk->state != TCP_LISTEN))
		return -EINVAL;
	sk->max_ack_backlog = (u32)backlog;
	if (sk->state == TCP_LISTEN)
		return 0;
	if (!tp->inet.num && inet_get_port(sk, 0))
		return -EADDRINUSE;
	sk->ack_backlog = 0;
	/* Conflicts are judged as those of a listener. */
	sock_set_state(sk, TCP_LISTEN);
	if (inet_listen_insert(&tp->inet)) {
		sock_set_state(sk, TCP_CLOSE);
		return -EADDRINUSE;
	}
	return 0;
}

s64 tcp_accept(struct task *t, struct sock *sk, struct sock **out, int file_flags)
{
	struct tcp_sock *lp = tcp_sk(sk), *child;
	nsec_t timeo = sock_rcvtimeo(sk, file_flags & O_NONBLOCK);

	if (sk->state != TCP_LISTEN)
		return -EINVAL;
	if (list_empty(&lp->accept_queue)) {
		s64 ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLRDNORM | EPOLLHUP, timeo,
				       "accept");

		return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
	}
	child = list_first_entry(&lp->accept_queue, struct tcp_sock, accept_node);
	list_del_init(&child->accept_node);
	child->listener = NULL;
	child->ss_state = SS_CONNECTED;
	sk->ack_backlog--;
	*out = tp_sock(child);
	return 0;
}

void tcp_acceptq_add(struct tcp_sock *lp, struct tcp_sock *child)
{
	list_add_tail(&child->accept_node, &lp->accept_queue);
	child->listener = lp;
	lp->inet.sk.ack_backlog++;
}

/*
 * net.ipv4.tcp_migrate_req: another listener of the SO_REUSEPORT group takes what waits for the one that
 * has just left it. NULL: none. c: the connection or request.
 */
static struct tcp_sock *heir_of(const struct tcp_sock *lp, const struct inet_sock *c)
{
	const struct inet_sock *gone = &lp->inet;
	struct net *net = gone->sk.net;
	struct inet_sock *heir;

	if (!net->sysctl.tcp_migrate_req || !gone->sk.reuseport)
		return NULL;
	heir = inet_lookup_listener(net, NULL, &c->daddr, c->dport, &c->rcv_saddr, gone->sport,
				    gone->sk.bound_dev_if);
	if (!heir || !heir->sk.reuseport || !ipaddr_equal(&heir->rcv_saddr, &gone->rcv_saddr))
		return NULL;
	return tcp_sk(&heir->sk);
}

static bool migrate_req(struct tcp_sock *lp, struct tcp_request_sock *req)
{
	struct tcp_sock *heir = heir_of(lp, &req->inet);

	if (!heir)
		return false;
	list_move_tail(&req->node, &heir->syn_queue);
	req->listener = heir;
	heir->syn_qlen++;
	heir->syn_young += !req->num_timeout;
	NET_INC_STATS(tp_net(lp), TCPMigrateReqSuccess);
	return true;
}

static bool migrate_child(struct tcp_sock *lp, struct tcp_sock *child)
{
	struct tcp_sock *heir = heir_of(lp, &child->inet);

	if (!heir)
		return false;
	tcp_acceptq_add(heir, child);
	NET_INC_STATS(tp_net(lp), TCPMigrateReqSuccess);
	tp_sock(heir)->data_ready(tp_sock(heir));
	return true;
}

/* inet_csk_listen_stop(): connections that nobody accepted are reset, or go to another listener. */
void tcp_listen_stop(struct tcp_sock *lp)
{
	bool dying = tp_net(lp)->dying;

	while (!list_empty(&lp->syn_queue)) {
		struct tcp_request_sock *req =
			list_first_entry(&lp->syn_queue, struct tcp_request_sock, node);

		if (dying) {
			list_del_init(&req->node);
			req->listener = NULL;
		} else if (!migrate_req(lp, req)) {
			tcp_req_drop(req);
		}
	}
	lp->syn_qlen = lp->syn_young = 0;
	while (!list_empty(&lp->accept_queue)) {
		struct tcp_sock *child =
			list_first_entry(&lp->accept_queue, struct tcp_sock, accept_node);

		list_del_init(&child->accept_node);
		child->listener = NULL;
		if (dying || migrate_child(lp, child))
			continue;
		tp_sock(child)->dead = true;
		tcp_disconnect(child);
		sock_put(tp_sock(child));
	}
	lp->inet.sk.ack_backlog = 0;
}

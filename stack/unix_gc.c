/* SPDX-License-Identifier: MIT */
/*
 * Sockets that only messages in flight refer to (net/unix/garbage.c in Linux).
 *
 * A socket may be sent over a socket, in the end over itself: then nobody can reach it, and its
 * count of references never becomes 0. So whenever a socket is released while others are in flight
 * (as on Linux, not when its last descriptor is closed and a message still holds it):
 *
 *   1. A candidate is a socket all references to whose file are in flight.
 *   2. From its references take those that lie in queues of candidates. What has some left can be
 *      reached from outside, and with it everything in its queue, and so on.
 *   3. The other candidates are garbage: their queues are freed, and with them their references.
 *
 * A socket that waits to be accepted stands for itself in its listener's queue. Linux does this on
 * a kernel thread soon after; here it is part of the close.
 */
#include "stack/af_unix.h"

static struct unix_sock *file_unix_sock(struct file *f)
{
	struct sock *sk = sock_from_file(f);

	return sk && sk->family == AF_UNIX ? unix_sk(sk) : NULL;
}

void unix_inflight(struct net *net, const struct scm_fp_list *fpl)
{
	for (u32 i = 0; i < fpl->count; i++) {
		struct unix_sock *u = file_unix_sock(fpl->fp[i]);

		if (u && !u->inflight++)
			list_add_tail(&u->inflight_node, &unix_table(net)->inflight);
	}
}

void unix_notinflight(struct net *net, const struct scm_fp_list *fpl)
{
	for (u32 i = 0; i < fpl->count; i++) {
		struct unix_sock *u = file_unix_sock(fpl->fp[i]);

		if (u && !--u->inflight)
			list_del_init(&u->inflight_node);
	}
}

/* ---- looking into queues --------------------------------------------------------------------- */

typedef void (*gc_fn)(struct unix_sock *child, struct list_head *todo);

static void scan_queue(struct sock *sk, gc_fn fn, struct list_head *todo)
{
	struct sk_buff *skb;

	list_for_each_entry(skb, &sk->receive_queue.list, node) {
		struct scm_fp_list *fpl = UNIXCB(skb)->fp;

		for (u32 i = 0; fpl && i < fpl->count; i++) {
			struct unix_sock *child = file_unix_sock(fpl->fp[i]);

			if (child && child->gc_candidate)
				fn(child, todo);
		}
	}
}

static void scan_children(struct unix_sock *u, gc_fn fn, struct list_head *todo)
{
	struct sk_buff *skb;

	if (u->sk.state != TCP_LISTEN) {
		scan_queue(&u->sk, fn, todo);
		return;
	}
	list_for_each_entry(skb, &u->sk.receive_queue.list, node)
		scan_queue(skb->sk, fn, todo);
}

static void take_reference(struct unix_sock *child, struct list_head *todo)
{
	child->gc_refs--;
}

static void reach(struct unix_sock *child, struct list_head *todo)
{
	if (child->gc_reached)
		return;
	child->gc_reached = true;
	list_add_tail(&child->gc_node, todo);
}

/* ---- collecting ------------------------------------------------------------------------------ */

static bool find_candidates(struct unix_table *tab)
{
	struct unix_sock *u;
	bool any = false;

	list_for_each_entry(u, &tab->inflight, inflight_node) {
		u->gc_refs = u->inflight;
		u->gc_candidate = u->sk.file && u->sk.file->refs == u->inflight;
		u->gc_reached = false;
		any |= u->gc_candidate;
	}
	return any;
}

static void find_reached(struct unix_table *tab)
{
	struct list_head todo;
	struct unix_sock *u;

	list_init(&todo);
	list_for_each_entry(u, &tab->inflight, inflight_node) {
		if (u->gc_candidate)
			scan_children(u, take_reference, NULL);
	}
	list_for_each_entry(u, &tab->inflight, inflight_node) {
		if (u->gc_candidate && u->gc_refs)
			reach(u, &todo);
	}
	while (!list_empty(&todo)) {
		u = list_first_entry(&todo, struct unix_sock, gc_node);
		list_del_init(&u->gc_node);
		scan_children(u, reach, &todo);
	}
}

static void splice_queue(struct sock *sk, struct sk_buff_head *to)
{
	list_splice_tail_init(&sk->receive_queue.list, &to->list);
	to->qlen += sk->receive_queue.qlen;
	sk->receive_queue.qlen = 0;
	unix_sk(sk)->oob_skb = NULL;
}

static void collect_queues(struct unix_sock *u, struct sk_buff_head *hitlist)
{
	struct sk_buff *skb;

	if (u->sk.state != TCP_LISTEN) {
		splice_queue(&u->sk, hitlist);
		return;
	}
	list_for_each_entry(skb, &u->sk.receive_queue.list, node)
		splice_queue(skb->sk, hitlist);
}

void unix_gc(struct net *net)
{
	struct unix_table *tab = net->unix_tab;
	struct sk_buff_head hitlist;
	struct unix_sock *u;

	if (list_empty(&tab->inflight) || tab->gc_busy || !find_candidates(tab))
		return;
	find_reached(tab);
	skb_queue_init(&hitlist);
	list_for_each_entry(u, &tab->inflight, inflight_node) {
		if (u->gc_candidate && !u->gc_reached)
			collect_queues(u, &hitlist);
	}
	/* What this closes may leave others alone: they are looked for when the last is gone. */
	tab->gc_busy = true;
	skb_queue_purge(&hitlist);
	tab->gc_busy = false;
}

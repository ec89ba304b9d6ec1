/* SPDX-License-Identifier: MIT */
/*
 * Netlink sockets (netlink(7), net/netlink/af_netlink.c): addresses, requests, acknowledgements, dumps,
 * groups.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "stack/bpf.h"
#include "stack/capability.h"
#include "stack/msg.h"
#include "stack/netlink.h"
#include "stack/sockopt.h"
#include "stack/syscall.h"

#define MAX_GROUPS 64
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static struct netlink_sock *nl_sk(struct sock *sk)
{
	return (struct netlink_sock *)sk;
}

s64 netlink_create(struct task *t, struct net *net, int type, int protocol, struct sock **out)
{
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE && protocol != NETLINK_SOCK_DIAG)
		return -EPROTONOSUPPORT;
	*out = sk_alloc(net, &netlink_prot);
	(*out)->type = (u16)type;
	(*out)->protocol = (u16)protocol;
	return 0;
}

/* ---- addresses ----------------------------------------------------------------------------------- */

static bool portid_taken(struct net *net, const struct netlink_sock *self, u32 portid)
{
	struct sock *sk;

	list_for_each_entry(sk, &net->socks, net_node) {
		struct netlink_sock *nl = nl_sk(sk);

		if (sk->ops == &netlink_prot && nl != self && nl->bound &&
		    nl->sk.protocol == self->sk.protocol && nl->portid == portid)
			return true;
	}
	return false;
}

/* The pid, as long as nobody else has it; then numbers from the top, which no pid reaches. */
static void autobind(struct task *t, struct netlink_sock *nl)
{
	u32 portid = (u32)t->proc->pid;

	for (u32 n = 4096; portid_taken(nl->sk.net, nl, portid); n++)
		portid = (u32) - (s32)n;
	nl->portid = portid;
	nl->bound = true;
}

static s64 netlink_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_nl *snl = (const void *)sa;
	struct netlink_sock *nl = nl_sk(sk);

	if (len < sizeof(*snl) || snl->nl_family != AF_NETLINK)
		return -EINVAL;
	if (nl->bound && snl->nl_pid != nl->portid)
		return -EINVAL;
	if (!nl->bound && snl->nl_pid) {
		if (portid_taken(sk->net, nl, snl->nl_pid))
			return -EADDRINUSE;
		nl->portid = snl->nl_pid;
		nl->bound = true;
	} else if (!nl->bound) {
		autobind(t, nl);
	}
	nl->groups = (nl->groups & ~(u64)UINT32_MAX) | snl->nl_groups;
	return 0;
}

static s64 netlink_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
			   int file_flags)
{
	const struct sockaddr_nl *snl = (const void *)sa;
	struct netlink_sock *nl = nl_sk(sk);

	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC) {
		sk->state = TCP_CLOSE;
		nl->dst_portid = 0;
		return 0;
	}
	if (sa->sa_family != AF_NETLINK || len < sizeof(*snl))
		return -EINVAL;
	if (!nl->bound)
		autobind(t, nl);
	nl->dst_portid = snl->nl_pid;
	sk->state = TCP_ESTABLISHED;
	return 0;
}

static s64 netlink_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss)
{
	struct sockaddr_nl *snl = (void *)ss;
	struct netlink_sock *nl = nl_sk(sk);

	memset(snl, 0, sizeof(*snl));
	snl->nl_family = AF_NETLINK;
	snl->nl_pid = peer ? nl->dst_portid : nl->portid;
	snl->nl_groups = peer ? 0 : (u32)nl->groups;
	return sizeof(*snl);
}

/* ---- answers ------------------------------------------------------------------------------------- */

static void room(struct nl_buf *b, u32 n)
{
	if (b->len + n <= b->cap)
		return;
	b->cap = max(b->cap * 2, b->len + n + 1024);
	b->data = xrealloc(b->data, b->cap);
}

static void *append(struct nl_buf *b, u32 n)
{
	u32 aligned = NLMSG_ALIGN(n);
	void *p;

	room(b, aligned);
	p = b->data + b->len;
	memset(p, 0, aligned);
	b->len += aligned;
	return p;
}

void *nl_begin(struct nl_buf *b, u16 type, u16 flags, u32 seq, u32 pid, u32 payload)
{
	struct nlmsghdr *h;

	b->msg = b->len;
	h = append(b, NLMSG_HDRLEN);
	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	h->nlmsg_seq = seq;
	h->nlmsg_pid = pid;
	h->nlmsg_len = NLMSG_HDRLEN + payload;
	return append(b, payload);
}

void nl_end(struct nl_buf *b)
{
	struct nlmsghdr *h = (void *)(b->data + b->msg);

	if (b->len - b->msg > NLMSG_ALIGN(h->nlmsg_len))
		h->nlmsg_len = b->len - b->msg;
}

void nl_put(struct nl_buf *b, u16 type, const void *data, u32 len)
{
	struct nlattr *a = append(b, (u32)NLA_HDRLEN + len);

	a->nla_type = type;
	a->nla_len = (u16)(NLA_HDRLEN + len);
	memcpy((u8 *)a + NLA_HDRLEN, data, len);
}

void nl_put_string(struct nl_buf *b, u16 type, const char *s)
{
	nl_put(b, type, s, (u32)strlen(s) + 1);
}

u32 nl_nest(struct nl_buf *b, u16 type)
{
	u32 at = b->len;
	struct nlattr *a = append(b, (u32)NLA_HDRLEN);

	a->nla_type = type;
	return at;
}

void nl_nest_end(struct nl_buf *b, u32 at)
{
	struct nlattr *a = (void *)(b->data + at);

	a->nla_len = (u16)(b->len - at);
}

void nl_free(struct nl_buf *b)
{
	free(b->data);
	*b = (struct nl_buf){ 0 };
}

static void queue(struct netlink_sock *nl, const u8 *data, u32 len)
{
	struct sk_buff *skb = alloc_skb(nl->sk.host);

	skb_add_data(skb, data, len);
	skb->truesize = SKB_TRUESIZE(len);
	if (sk_filter(&nl->sk, skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_SOCKET_FILTER, PLACE_SOCKET_RX);
		return;
	}
	/* The kernel sends no more of a dump than fits; here it all waits. */
	skb_set_owner_r(skb, &nl->sk);
	skb_queue_tail(&nl->sk.receive_queue, skb);
	nl->sk.data_ready(&nl->sk);
}

/* Whole messages, in datagrams of at most NL_DATAGRAM bytes unless one alone is longer. */
static void queue_all(struct netlink_sock *nl, const struct nl_buf *b)
{
	u32 start = 0, end = 0;

	while (end < b->len) {
		const struct nlmsghdr *h = (const void *)(b->data + end);
		u32 next = end + NLMSG_ALIGN(h->nlmsg_len);

		if (next - start > NL_DATAGRAM && end > start) {
			queue(nl, b->data + start, end - start);
			start = end;
		}
		end = next;
	}
	if (end > start)
		queue(nl, b->data + start, end - start);
}

static void acknowledge(struct nl_req *r, int err)
{
	u32 echo = err && !r->nl->cap_ack ? r->h->nlmsg_len : (u32)sizeof(struct nlmsghdr);
	struct nl_buf b = { 0 };
	struct nlmsgerr *e;

	e = nl_begin(&b, NLMSG_ERROR, r->nl->cap_ack ? NLM_F_CAPPED : 0, r->h->nlmsg_seq,
		     r->nl->portid, (u32)sizeof(int) + echo);
	e->error = err;
	memcpy(&e->msg, r->h, echo);
	nl_end(&b);
	queue(r->nl, b.data, b.len);
	nl_free(&b);
}

void nl_notify(struct net *net, int protocol, int group, const struct nl_buf *b)
{
	struct sock *sk;

	list_for_each_entry(sk, &net->socks, net_node) {
		if (sk->ops != &netlink_prot || sk->protocol != protocol ||
		    !(nl_sk(sk)->groups >> (group - 1) & 1))
			continue;
		if (sk->rmem_alloc > sk->rcvbuf) { /* it is told that it has missed some */
			sk->err = ENOBUFS;
			sk->error_report(sk);
			continue;
		}
		queue(nl_sk(sk), b->data, b->len);
	}
}

/* ---- requests ------------------------------------------------------------------------------------ */

int nl_parse(const struct nl_req *r, u32 fixed, const struct nlattr **attrs, u16 max_type)
{
	u32 off = NLMSG_ALIGN(fixed);

	memset(attrs, 0, (max_type + 1u) * sizeof(*attrs));
	while (off + NLA_HDRLEN <= r->len) {
		const struct nlattr *a = (const void *)((const u8 *)r->payload + off);
		u16 type = a->nla_type & NLA_TYPE_MASK;

		if (a->nla_len < NLA_HDRLEN || a->nla_len > r->len - off)
			return -EINVAL;
		if (type <= max_type)
			attrs[type] = a;
		off += NLA_ALIGN(a->nla_len);
	}
	return 0;
}

u32 nl_attr_u32(const struct nlattr *a, u32 otherwise)
{
	u32 v;

	if (!a || nl_attr_len(a) < sizeof(v))
		return otherwise;
	memcpy(&v, nl_attr_data(a), sizeof(v));
	return v;
}

static void one_request(struct task *t, struct netlink_sock *nl, const struct nlmsghdr *h)
{
	struct nl_buf out = { 0 };
	struct nl_req r = {
		.t = t, .nl = nl, .net = nl->sk.net, .h = h, .payload = NLMSG_DATA(h),
		.len = h->nlmsg_len - (u32)NLMSG_HDRLEN, .out = &out,
	};
	int err = 0;

	if (!(h->nlmsg_flags & NLM_F_REQUEST) || h->nlmsg_type < NLMSG_MIN_TYPE) {
		if (h->nlmsg_flags & NLM_F_ACK)
			acknowledge(&r, 0);
		return;
	}
	err = nl->sk.protocol == NETLINK_ROUTE ? rtnetlink_rcv(&r) : sock_diag_rcv(&r);
	if (!err && r.dump) {
		int *done = nl_begin(&out, NLMSG_DONE, NLM_F_MULTI, h->nlmsg_seq, nl->portid, sizeof(int));

		*done = 0;
		nl_end(&out);
	}
	queue_all(nl, &out);
	nl_free(&out);
	if (err || (h->nlmsg_flags & NLM_F_ACK && !r.dump))
		acknowledge(&r, err);
}

static s64 netlink_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	const struct sockaddr_nl *snl = m->name;
	struct netlink_sock *nl = nl_sk(sk);
	u32 total = (u32)m->iter.total, off = 0, to = nl->dst_portid;
	u8 *data;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (snl && m->namelen) {
		if (m->namelen < sizeof(*snl) || snl->nl_family != AF_NETLINK)
			return -EINVAL;
		to = snl->nl_pid;
		if (snl->nl_groups && !capable(t, CAP_NET_ADMIN))
			return -EPERM;
	}
	if (m->iter.total > sk->sndbuf)
		return -EMSGSIZE;
	if (!nl->bound)
		autobind(t, nl);
	if (to)
		return -ECONNREFUSED; /* another process: nobody listens but the kernel */
	data = xrealloc(NULL, NLMSG_ALIGN(total) + 1);
	iov_copy_from(&m->iter, 0, data, total);
	while (off + NLMSG_HDRLEN <= total) {
		const struct nlmsghdr *h = (const void *)(data + off);

		if (h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > total - off)
			break;
		one_request(t, nl, h);
		off += NLMSG_ALIGN(h->nlmsg_len);
	}
	free(data);
	return total;
}

/* ---- receiving ----------------------------------------------------------------------------------- */

/* SO_PASSCRED: every message comes from the kernel, which is no process. */
static void netlink_creds(const struct sock *sk, struct msg *m)
{
	static const struct ucred kernel;

	if (sk->passcred && m->control)
		put_cmsg(m, SOL_SOCKET, SCM_CREDENTIALS, sizeof(kernel), &kernel);
	else if (sk->passcred)
		m->flags |= MSG_CTRUNC;
}

static s64 netlink_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	nsec_t timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	struct sk_buff *skb;
	u32 len, size;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = sock_error(sk);
	if (err)
		return err;
	skb = skb_peek(&sk->receive_queue);
	if (!skb) {
		s64 ret = task_wait_on(t, &sk->wq, true, EPOLLIN | EPOLLERR, timeo, "recv");

		return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
	}
	len = skb->len;
	size = (u32)min((size_t)len, m->iter.total);
	if (size < len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, 0, &m->iter, 0, size);
	if (m->name) {
		struct sockaddr_nl snl = { .nl_family = AF_NETLINK };

		memcpy(m->name, &snl, min((size_t)m->namelen, sizeof(snl)));
		m->namelen = sizeof(snl);
	}
	if (!(flags & MSG_PEEK)) {
		skb_unlink(&sk->receive_queue, skb);
		skb_orphan(skb);
		consume_skb(skb);
	}
	netlink_creds(sk, m);
	task_copied(t, size);
	return flags & MSG_TRUNC ? len : size;
}

static u32 netlink_poll(struct sock *sk)
{
	return EPOLLOUT | EPOLLWRNORM | (sk->receive_queue.qlen ? EPOLLIN | EPOLLRDNORM : 0) |
	       (sk->err ? EPOLLERR : 0);
}

/* ---- options ------------------------------------------------------------------------------------- */

static bool *flag_option(struct netlink_sock *nl, int name)
{
	switch (name) {
	case NETLINK_EXT_ACK:
		return &nl->ext_ack;
	case NETLINK_CAP_ACK:
		return &nl->cap_ack;
	case NETLINK_GET_STRICT_CHK:
		return &nl->strict;
	case NETLINK_PKTINFO:
		return &nl->pktinfo;
	default:
		return NULL;
	}
}

static s64 netlink_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
			      socklen_t len)
{
	struct netlink_sock *nl = nl_sk(sk);
	int v = 0;

	if (level != SOL_NETLINK)
		return -ENOPROTOOPT;
	if (len >= sizeof(v) && !sockopt_there(val, len))
		return -EFAULT;
	if (len >= sizeof(v))
		memcpy(&v, val, sizeof(v));
	if (name == NETLINK_ADD_MEMBERSHIP || name == NETLINK_DROP_MEMBERSHIP) {
		if (v < 1 || v > MAX_GROUPS)
			return -EINVAL;
		if (name == NETLINK_ADD_MEMBERSHIP)
			nl->groups |= 1ull << (v - 1);
		else
			nl->groups &= ~(1ull << (v - 1));
		return 0;
	}
	/* Packet information comes with groups; nobody has been seen to need it. */
	if (!flag_option(nl, name) || name == NETLINK_PKTINFO)
		return -ENOPROTOOPT;
	*flag_option(nl, name) = v;
	return 0;
}

static s64 netlink_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
			      socklen_t *len)
{
	const bool *flag = flag_option(nl_sk(sk), name);
	int v;

	if (level != SOL_NETLINK || !flag)
		return -ENOPROTOOPT;
	if (*len < sizeof(v))
		return -EINVAL;
	v = *flag;
	memcpy(val, &v, sizeof(v));
	*len = sizeof(v);
	return 0;
}

static s64 netlink_release(struct task *t, struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&sk->receive_queue))) {
		skb_orphan(skb);
		consume_skb(skb);
	}
	return 0;
}

const struct proto_ops netlink_prot = {
	.name = "NETLINK",
	.family = AF_NETLINK,
	.type = SOCK_RAW,
	.obj_size = sizeof(struct netlink_sock),
	.release = netlink_release,
	.bind = netlink_bind,
	.connect = netlink_connect,
	.getname = netlink_getname,
	.sendmsg = netlink_sendmsg,
	.recvmsg = netlink_recvmsg,
	.poll = netlink_poll,
	.setsockopt = netlink_setsockopt,
	.getsockopt = netlink_getsockopt,
};

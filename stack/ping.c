/* SPDX-License-Identifier: MIT */
/*
 * ICMP echo sockets (icmp(7), net/ipv4/ping.c): SOCK_DGRAM of IPPROTO_ICMP and IPPROTO_ICMPV6.
 *
 * A program sends the echo request as it likes, but for the identifier, which is the socket's "port", and
 * the checksum; it receives the replies to that identifier. Who may is net.ipv4.ping_group_range; the
 * default here is everybody, which distributions set.
 */
#include "stack/errqueue.h"
#include "stack/ping.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "stack/datagram.h"
#include "stack/icmp.h"
#include "stack/inet.h"
#include "stack/msg.h"
#include "stack/syscall.h"

#define ECHO_LEN 8 /* type, code, checksum, identifier, sequence number */

static bool is_ping(const struct sock *sk, int family)
{
	return sk->family == family && sk->type == SOCK_DGRAM &&
	       sk->protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

s64 ping_may_create(struct task *t, struct net *net)
{
	const int *range = net->sysctl.ping_group_range;

	return (s64)t->proc->gid >= range[0] && (s64)t->proc->gid <= range[1] ? 0 : -EACCES;
}

static int ping_init_sock(struct sock *sk)
{
	inet_sock_init(inet_sk(sk));
	return 0;
}

/* ---- identifiers --------------------------------------------------------------------------------- */

static struct inet_sock *ping_find(struct net *net, int family, u16 ident)
{
	struct sock *sk;

	list_for_each_entry(sk, &net->socks, net_node) {
		if (is_ping(sk, family) && inet_sk(sk)->num == ident)
			return inet_sk(sk);
	}
	return NULL;
}

static int ping_get_ident(struct inet_sock *inet, u16 ident)
{
	struct net *net = inet->sk.net;
	int family = inet->sk.family;

	if (ident) {
		if (ping_find(net, family, ident))
			return -EADDRINUSE;
		inet->num = ident;
		return 0;
	}
	for (u32 tries = 0; tries < 65535; tries++) {
		net->ping_rover = (u16)(net->ping_rover + 1);
		if (net->ping_rover && !ping_find(net, family, net->ping_rover)) {
			inet->num = net->ping_rover;
			return 0;
		}
	}
	return -EAGAIN;
}

/* ---- addresses ----------------------------------------------------------------------------------- */

static s64 ping_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in *sin = (const void *)sa;
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	struct inet_sock *inet = inet_sk(sk);
	bool v4 = sk->family == AF_INET;
	union ipaddr a;
	int err;

	if (len < (v4 ? sizeof(*sin) : sizeof(*sin6)))
		return -EINVAL;
	if (sa->sa_family != sk->family)
		return -EAFNOSUPPORT;
	a = v4 ? ipaddr_v4(sin->sin_addr.s_addr) : ipaddr_v6(&sin6->sin6_addr);
	if (!ipaddr_is_any(&a) && !ip_addr_is_local(sk->net, &a, NULL))
		return -EADDRNOTAVAIL;
	if (inet->num)
		return -EINVAL;
	err = ping_get_ident(inet, ntohs(v4 ? sin->sin_port : sin6->sin6_port));
	if (err)
		return err;
	inet->saddr = inet->rcv_saddr = a;
	inet->sport = inet->num;
	return 0;
}

static s64 ping_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
			int file_flags)
{
	struct inet_sock *inet = inet_sk(sk);
	struct flow fl = { .saddr = inet->saddr, .proto = (u8)sk->protocol, .tos = inet->tos,
			   .mark = sk->mark, .uid = sk->uid };
	struct dst dst;
	int err;

	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC) {
		sock_set_state(sk, TCP_CLOSE);
		inet->dport = 0;
		return 0;
	}
	err = inet_parse_dest(sk, sa, len, &fl.daddr, &fl.dport, &fl.oif);
	if (!err)
		err = route_output(sk->net, &fl, &dst);
	if (!err && !inet->num)
		err = ping_get_ident(inet, 0);
	if (err)
		return err;
	if (ipaddr_is_any(&inet->saddr))
		inet->saddr = dst.saddr;
	if (ipaddr_is_any(&inet->rcv_saddr))
		inet->rcv_saddr = dst.saddr;
	inet->sport = inet->num;
	inet->daddr = fl.daddr;
	inet->dport = fl.dport;
	sock_set_state(sk, TCP_ESTABLISHED);
	return 0;
}

/* ---- sending ------------------------------------------------------------------------------------- */

static struct sk_buff *ping_build(struct inet_sock *inet, const struct iov_iter *from, u32 len,
				  const struct ip_tx *tx)
{
	struct sk_buff *skb = alloc_skb(inet->sk.host);
	u8 *h = skb_put(skb, ECHO_LEN);
	struct skb_buf *buf;
	u32 sum = 0;

	skb_reset_transport_header(skb);
	iov_copy_from(from, 0, h, ECHO_LEN);
	put_be16(h + 2, 0);
	put_be16(h + 4, inet->num);
	if (len > ECHO_LEN) {
		buf = skb_buf_alloc(skb->host->world, len - ECHO_LEN);
		iov_copy_from(from, ECHO_LEN, buf->data, len - ECHO_LEN);
		skb_add_frag(skb, buf, 0, len - ECHO_LEN);
		skb_buf_put(buf);
	}
	if (inet->sk.family == AF_INET6)
		sum = ip_pseudo_sum(&tx->saddr, &tx->daddr, IPPROTO_ICMPV6, len);
	put_be16(h + 2, csum_fold(skb_checksum(skb, 0, len, sum)));
	skb->truesize = datagram_truesize(inet->sk.family == AF_INET ? 20 : 40, len);
	skb->priority = inet->sk.priority;
	skb->mark = inet->sk.mark;
	skb_set_owner_w(skb, &inet->sk);
	return skb;
}

/* ping_common_sendmsg() */
static int ping_check(const struct sock *sk, const struct iov_iter *from, int flags)
{
	u8 want = sk->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	u8 h[2];

	if (from->total > 0xffff)
		return -EMSGSIZE;
	if (from->total < ECHO_LEN)
		return -EINVAL;
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	iov_copy_from(from, 0, h, sizeof(h));
	return h[0] == want && !h[1] ? 0 : -EINVAL;
}

static int ping_name(struct inet_sock *inet, const struct msg *m, struct datagram *d)
{
	const struct sockaddr *sa = m->name;
	int family = inet->sk.family, err;
	size_t need = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	u16 port;

	if (!sa || !m->namelen) {
		if (inet->sk.state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		d->fl.daddr = inet->daddr;
		return 0;
	}
	if (m->namelen < need)
		return -EINVAL;
	if (sa->sa_family != family)
		return -EAFNOSUPPORT;
	err = inet_parse_dest(&inet->sk, sa, m->namelen, &d->fl.daddr, &port, &d->fl.oif);
	if (!err && family == AF_INET6 && ipaddr_is_v4(&d->fl.daddr))
		err = -EINVAL;
	return err;
}

static int ping_dest(struct inet_sock *inet, const struct msg *m, struct datagram *d)
{
	int err;

	datagram_init(d, inet);
	d->fl.sport = 0;
	err = ping_name(inet, m, d);
	if (err)
		return err;
	if (ipaddr_is_multicast(&d->fl.daddr))
		d->tx.ttl = 0;
	err = datagram_control(inet->sk.host, d, m);
	if (err)
		return err;
	datagram_multicast(inet, d);
	err = route_output(inet->sk.net, &d->fl, &d->dst);
	if (err)
		return err;
	if (d->dst.type == RTN_BROADCAST_ && !inet->sk.broadcast)
		return -EACCES;
	d->tx.saddr = d->dst.saddr;
	d->tx.daddr = d->fl.daddr;
	return 0;
}

static s64 ping_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct inet_sock *inet = inet_sk(sk);
	u32 len = (u32)m->iter.total;
	struct datagram d;
	s64 err = 0;

	if (!inet->num)
		err = ping_get_ident(inet, 0);
	inet->sport = inet->num;
	if (!err)
		err = ping_check(sk, &m->iter, flags);
	if (!err)
		err = ping_dest(inet, m, &d);
	if (!err)
		err = datagram_fragmentation(inet, &d, len, 0);
	if (!err)
		err = datagram_wait_room(t, sk, flags);
	if (err)
		return err;
	icmp_count_sent(sk->net, sk->family == AF_INET,
			sk->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	err = ip_output(sk->net, ping_build(inet, &m->iter, len, &d.tx), &d.dst, &d.tx);
	if (err && (err != -ENOBUFS || inet_recverr(inet, sk->family == AF_INET6)))
		return err;
	task_copied(t, len);
	return len;
}

/* ---- receiving ----------------------------------------------------------------------------------- */

void ping_rcv(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx *rx = IP_RX(skb);
	int family = ipaddr_is_v4(&rx->daddr) ? AF_INET : AF_INET6;
	struct inet_sock *inet;
	struct sk_buff *copy;
	int err;

	if (!pskb_may_pull(skb, ECHO_LEN))
		return;
	inet = ping_find(net, family, get_be16(skb_data(skb) + 4));
	if (!inet || (inet->sk.bound_dev_if && inet->sk.bound_dev_if != rx->iif) ||
	    (!ipaddr_is_any(&inet->rcv_saddr) && !ipaddr_equal(&inet->rcv_saddr, &rx->daddr)))
		return;
	copy = skb_clone(skb);
	err = sock_queue_rcv_skb(&inet->sk, copy);
	if (err) {
		inet->sk.drops++;
		kfree_skb_reason(copy, sock_drop_reason(err), PLACE_SOCKET_RX);
	}
}

void ping_err(struct net *net, const struct icmp_error *e)
{
	struct inet_sock *inet;

	if (e->inner_len < ECHO_LEN)
		return;
	inet = ping_find(net, e->v6 ? AF_INET6 : AF_INET, get_be16(e->inner + 4));
	if (!inet)
		return;
	if (inet_recverr(inet, e->v6))
		ip_icmp_error(inet, e, e->err, 0, 0);
	else if (!e->fatal || inet->sk.state != TCP_ESTABLISHED)
		return;
	inet->sk.err = e->err;
	inet->sk.error_report(&inet->sk);
}

static s64 ping_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct sk_buff *skb;
	u32 len, size;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (flags & MSG_ERRQUEUE)
		return ip_recv_error(inet_sk(sk), m);
	err = sock_error(sk);
	if (err)
		return err;
	skb = skb_peek(&sk->receive_queue);
	if (!skb)
		return datagram_wait_packet(t, sk, flags);
	len = skb->len;
	size = (u32)min((size_t)len, m->iter.total);
	if (size < len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, 0, &m->iter, 0, size);
	datagram_fill_name(sk, m, IP_RX(skb), 0);
	sock_recv_cmsgs(m, sk, skb);
	inet_cmsg_recv(inet_sk(sk), m, IP_RX(skb), 0);
	inet_cmsg_recv_opts(inet_sk(sk), m, skb);
	if (!(flags & MSG_PEEK)) {
		skb_unlink(&sk->receive_queue, skb);
		consume_skb(skb);
	}
	task_copied(t, size);
	return flags & MSG_TRUNC ? len : size;
}

static u32 ping_poll(struct sock *sk)
{
	return datagram_poll(sk, sk->receive_queue.qlen);
}

static s64 ping_release(struct task *t, struct sock *sk)
{
	struct sk_buff *skb;

	inet_sk(sk)->num = 0;
	reuseport_detach_sock(inet_sk(sk));
	while ((skb = skb_dequeue(&sk->receive_queue)))
		consume_skb(skb);
	return 0;
}

#define PING_OPS(af, proto, text)                                                                  \
	{                                                                                          \
		.name = text, .family = af, .type = SOCK_DGRAM, .protocol = proto,                 \
		.obj_size = sizeof(struct inet_sock), .init = ping_init_sock,                      \
		.release = ping_release, .bind = ping_bind, .connect = ping_connect,               \
		.shutdown = datagram_shutdown,                                                     \
		.getname = inet_getname, .sendmsg = ping_sendmsg, .recvmsg = ping_recvmsg,         \
		.poll = ping_poll, .setsockopt = inet_setsockopt, .getsockopt = inet_getsockopt,   \
	}

const struct proto_ops ping_prot = PING_OPS(AF_INET, IPPROTO_ICMP, "PING");
const struct proto_ops pingv6_prot = PING_OPS(AF_INET6, IPPROTO_ICMPV6, "PINGv6");

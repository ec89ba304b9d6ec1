/* SPDX-License-Identifier: MIT */
/*
 * Sending UDP: where a datagram goes, what it may be, and corking.
 *
 * The order of the checks is that of udp_sendmsg() and udpv6_sendmsg(), since programs see it in errno.
 * A datagram is charged to the socket until the device is done with it; a full send buffer waits.
 */
#include "stack/udp_priv.h"

#include <stdlib.h>

#include "sim/host/host.h"
#include "stack/datagram.h"

/* Bytes of a datagram that is being put together, its destination fixed by the first call. */
struct udp_cork {
	struct datagram dest;
	u8 *data;
	u32 len;
};

/* ---- destination ------------------------------------------------------------------------------- */

static int dest_name(struct inet_sock *inet, struct datagram *d, const struct msg *m)
{
	struct sock *sk = &inet->sk;
	const struct sockaddr *sa = m->name;
	u16 port;
	int err;

	/* AF_UNSPEC is AF_INET on an IPv4 socket, and "no address" on an IPv6 one. */
	if (sa && m->namelen >= sizeof(struct sockaddr_in) && sa->sa_family == AF_UNSPEC) {
		struct sockaddr_in sin;

		if (sk->family == AF_INET6) {
			sa = NULL;
		} else {
			memcpy(&sin, sa, sizeof(sin));
			sin.sin_family = AF_INET;
			err = inet_parse_dest(sk, (struct sockaddr *)&sin, sizeof(sin), &d->fl.daddr,
					      &port, &d->fl.oif);
			d->fl.dport = port;
			return err ? err : port ? 0 : -EINVAL;
		}
	}
	if (!sa) {
		if (sk->state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		d->fl.daddr = inet->daddr;
		d->fl.dport = inet->dport;
		return 0;
	}
	err = inet_parse_dest(sk, sa, m->namelen, &d->fl.daddr, &port, &d->fl.oif);
	if (err == -EAFNOSUPPORT && sk->family == AF_INET6)
		err = inet->v6only && sa->sa_family == AF_INET ? -ENETUNREACH : -EINVAL;
	d->fl.dport = port;
	return err ? err : port ? 0 : -EINVAL;
}

/* The path of a connected socket is looked up once and kept while routes stay the same. */
static int dest_route(struct inet_sock *inet, struct datagram *d, bool connected)
{
	struct sock *sk = &inet->sk;
	int err;

	if (connected && dst_valid(&inet->dst, sk->net)) {
		d->dst = inet->dst;
		return 0;
	}
	err = route_output(sk->net, &d->fl, &d->dst);
	if (err) {
		if (err == -ENETUNREACH)
			NET_INC_STATS(sk->net, OutNoRoutes);
		return err;
	}
	if (d->dst.type == RTN_BROADCAST_ && !sk->broadcast)
		return -EACCES;
	if (connected)
		inet->dst = d->dst;
	return 0;
}

static int dest_resolve(struct inet_sock *inet, struct datagram *d, const struct msg *m)
{
	int err;

	datagram_init(d, inet);
	err = dest_name(inet, d, m);
	if (err)
		return err;
	if (ipaddr_is_any(&d->fl.saddr) && ipaddr_is_v4(&d->fl.saddr) != ipaddr_is_v4(&d->fl.daddr))
		d->fl.saddr = ipaddr_is_v4(&d->fl.daddr) ? ipaddr_v4(INADDR_ANY) :
							   ipaddr_v6(&in6addr_any);
	if (ipaddr_is_multicast(&d->fl.daddr))
		d->tx.ttl = 0;
	err = datagram_control(inet->sk.host, d, m);
	if (err)
		return err;
	datagram_multicast(inet, d);
	err = dest_route(inet, d, !m->name && !m->control);
	if (err)
		return err;
	d->tx.saddr = d->dst.saddr;
	d->tx.daddr = d->fl.daddr;
	return 0;
}

/* ---- building ---------------------------------------------------------------------------------- */

/* The length that the header can tell, then what the path takes. */
static int dest_fragmentation(struct inet_sock *inet, struct datagram *d, u32 len)
{
	if (ipaddr_is_v4(&d->fl.daddr) && len > UDP_MAX_PAYLOAD)
		return -EMSGSIZE;
	return datagram_fragmentation(inet, d, len, UDP_HLEN);
}

static struct sk_buff *udp_build(struct sock *sk, const struct datagram *d, u32 len)
{
	struct sk_buff *skb = alloc_skb(sk->host);
	u8 *uh = skb_push(skb, UDP_HLEN);

	skb_reset_transport_header(skb);
	put_be16(uh, d->fl.sport);
	put_be16(uh + 2, d->fl.dport);
	put_be16(uh + 4, (u16)(len + UDP_HLEN));
	put_be16(uh + 6, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = 6;
	skb->truesize = datagram_truesize((ipaddr_is_v4(&d->fl.daddr) ? 20 : 40) + UDP_HLEN, len);
	skb->priority = sk->priority;
	skb->mark = sk->mark;
	return skb;
}

static int udp_transmit(struct sock *sk, struct sk_buff *skb, struct datagram *d)
{
	bool v4 = ipaddr_is_v4(&d->fl.daddr);
	int err;

	skb_set_owner_w(skb, sk);
	err = ip_output(sk->net, skb, &d->dst, &d->tx);
	/* A full device queue is the network's loss, not the caller's error (udp_send_skb()). */
	if (err == -ENOBUFS) {
		if (v4)
			NET_INC_STATS(sk->net, SndbufErrors);
		else
			NET_INC_STATS(sk->net, Udp6SndbufErrors);
		return 0;
	}
	if (!err && v4)
		NET_INC_STATS(sk->net, OutDatagrams);
	else if (!err)
		NET_INC_STATS(sk->net, Udp6OutDatagrams);
	return err;
}

/* ---- corking ----------------------------------------------------------------------------------- */

void udp_flush_pending(struct udp_sock *up)
{
	if (!up->cork)
		return;
	free(up->cork->data);
	free(up->cork);
	up->cork = NULL;
}

static s64 cork_append(struct udp_sock *up, const struct iov_iter *from, u32 len)
{
	struct udp_cork *c = up->cork;
	int err = dest_fragmentation(&up->inet, &c->dest, c->len + len);

	if (err) {
		udp_flush_pending(up);
		return err;
	}
	c->data = xrealloc(c->data, c->len + len + 1);
	iov_copy_from(from, 0, c->data + c->len, len);
	c->len += len;
	return 0;
}

int udp_push_pending(struct udp_sock *up)
{
	struct sock *sk = &up->inet.sk;
	struct udp_cork *c = up->cork;
	struct sk_buff *skb;
	int err;

	if (!c)
		return 0;
	skb = udp_build(sk, &c->dest, c->len);
	if (c->len)
		skb_add_data(skb, c->data, c->len);
	err = udp_transmit(sk, skb, &c->dest);
	udp_flush_pending(up);
	return err;
}

/* ---- sendmsg ----------------------------------------------------------------------------------- */

static void udp_copy_payload(struct sk_buff *skb, const struct iov_iter *from, u32 len)
{
	struct skb_buf *buf;

	if (!len)
		return;
	buf = skb_buf_alloc(skb->host->world, len);
	iov_copy_from(from, 0, buf->data, len);
	skb_add_frag(skb, buf, 0, len);
	skb_buf_put(buf);
}

static s64 cork_send(struct udp_sock *up, const struct datagram *d, const struct msg *m, bool more)
{
	u32 len = (u32)m->iter.total;
	s64 err;

	if (!up->cork) {
		up->cork = xcalloc(1, sizeof(*up->cork));
		up->cork->dest = *d;
	}
	err = cork_append(up, &m->iter, len);
	if (!err && !more)
		err = udp_push_pending(up);
	return err ? err : len;
}

s64 udp_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct udp_sock *up = udp_sk(sk);
	bool more = up->corkflag || (flags & MSG_MORE);
	struct datagram d;
	struct sk_buff *skb;
	s64 ret;

	if (inet_autobind(sk))
		return -EAGAIN;
	if (m->iter.total > UDP_MAX_PAYLOAD && sk->family == AF_INET)
		return -EMSGSIZE;
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!up->cork) {
		ret = dest_resolve(&up->inet, &d, m);
		if (ret)
			return ret;
		ret = dest_fragmentation(&up->inet, &d, (u32)m->iter.total);
		if (ret)
			return ret;
	}
	ret = datagram_wait_room(t, sk, flags);
	if (ret) {
		if (ret == -EAGAIN)
			NET_INC_STATS(sk->net, SndbufErrors);
		return ret;
	}
	if (up->cork || more)
		return cork_send(up, &d, m, more);
	skb = udp_build(sk, &d, (u32)m->iter.total);
	udp_copy_payload(skb, &m->iter, (u32)m->iter.total);
	ret = udp_transmit(sk, skb, &d);
	return ret ? ret : (s64)m->iter.total;
}

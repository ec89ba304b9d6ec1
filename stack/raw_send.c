/* SPDX-License-Identifier: MIT */
/*
 * Sending from raw sockets: IPv4, and what both families share.
 *
 * With IP_HDRINCL the program writes the header. The kernel fills in the total length and the checksum
 * always, source and identification where they are zero, and routes by the address of the call.
 */
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "stack/errqueue.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/raw.h"
#include "stack/syscall.h"

#define RAW_LINEAR 80u

/* ---- both families ----------------------------------------------------------------------------- */

int raw_probe_type(const struct sock *sk, const struct iov_iter *from)
{
	u8 h[2];

	if (sk->protocol != (sk->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return 0;
	if (from->total < sizeof(h))
		return -EFAULT;
	iov_copy_from(from, 0, h, sizeof(h));
	return h[0];
}

static void fill(struct sock *sk, struct sk_buff *skb)
{
	skb->priority = sk->priority;
	skb->mark = sk->mark;
	skb->id = (u64)sk->host->id << 40 | ++sk->host->next_packet;
}

struct sk_buff *raw_build(struct sock *sk, const struct iov_iter *from, u32 len)
{
	struct sk_buff *skb = alloc_skb(sk->host);
	u32 linear = min(len, RAW_LINEAR);
	struct skb_buf *buf;

	iov_copy_from(from, 0, skb_put(skb, linear), linear);
	if (len > linear) {
		buf = skb_buf_alloc(sk->host->world, len - linear);
		iov_copy_from(from, linear, buf->data, len - linear);
		skb_add_frag(skb, buf, 0, len - linear);
		skb_buf_put(buf);
	}
	fill(sk, skb);
	return skb;
}

void raw_flush_pending(struct raw_sock *raw)
{
	if (!raw->cork)
		return;
	free(raw->cork->data);
	free(raw->cork);
	raw->cork = NULL;
}

int raw_cork_send(struct raw_sock *raw, struct datagram *d, const struct iov_iter *from, bool more,
		  struct sk_buff **skb)
{
	struct raw_cork *c = raw->cork;
	u32 len = (u32)from->total;
	struct iov_iter all;
	struct iovec iov;
	int err;

	if (!c) {
		c = raw->cork = xcalloc(1, sizeof(*c));
		c->dest = *d;
	}
	err = datagram_fragmentation(&raw->inet, &c->dest, c->len + len, 0);
	if (err) {
		raw_flush_pending(raw);
		return err;
	}
	c->data = xrealloc(c->data, c->len + len + 1);
	iov_copy_from(from, 0, c->data + c->len, len);
	c->len += len;
	if (more)
		return 1;
	iov = (struct iovec){ c->data, c->len };
	all = (struct iov_iter){ .iov = &iov, .count = 1, .total = c->len };
	*skb = raw_build(&raw->inet.sk, &all, c->len);
	*d = c->dest;
	raw_flush_pending(raw);
	return 0;
}

/* ---- IPv4 -------------------------------------------------------------------------------------- */

static int dest_name(struct inet_sock *inet, struct datagram *d, const struct msg *m)
{
	const struct sockaddr_in *sin = m->name;
	struct sockaddr_in any;
	u16 port;

	if (!sin || !m->namelen) {
		if (inet->sk.state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		d->fl.daddr = inet->daddr;
		return 0;
	}
	if (m->namelen < sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family && sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	any = *sin;
	any.sin_family = AF_INET;
	return inet_parse_dest(&inet->sk, (struct sockaddr *)&any, sizeof(any), &d->fl.daddr, &port,
			       &d->fl.oif);
}

static int dest_resolve(struct raw_sock *raw, struct datagram *d, const struct msg *m, int flags)
{
	struct inet_sock *inet = &raw->inet;
	int err, type;

	datagram_init(d, inet);
	d->fl.sport = 0;
	d->fl.anysrc = inet->hdrincl;
	err = dest_name(inet, d, m);
	if (err)
		return err;
	if (ipaddr_is_multicast(&d->fl.daddr))
		d->tx.ttl = 0;
	err = datagram_control(inet->sk.host, d, m);
	if (err)
		return err;
	datagram_multicast(inet, d);
	type = inet->hdrincl ? 0 : raw_probe_type(&inet->sk, &m->iter);
	if (type < 0)
		return type;
	err = route_output(inet->sk.net, &d->fl, &d->dst);
	if (err)
		return err;
	if (d->dst.type == RTN_BROADCAST_ && !inet->sk.broadcast)
		return -EACCES;
	if (flags & MSG_CONFIRM)
		dst_confirm(&d->dst);
	d->tx.saddr = d->dst.saddr;
	d->tx.daddr = d->fl.daddr;
	return 0;
}

/* The fields that are ours to fill in; data at the header. 0 or -EINVAL. */
static int finish_header(struct net *net, struct sk_buff *skb, const struct datagram *d)
{
	u8 *iph = skb_data(skb);
	u32 hlen = (iph[0] & 0xfu) * 4;

	if (hlen > skb->len || hlen < IPV4_HLEN)
		return -EINVAL;
	skb_reset_network_header(skb);
	skb->transport_header = skb->data;
	if (!get_be32(iph + 12))
		memcpy(iph + 12, &d->dst.saddr.b[12], 4);
	put_be16(iph + 2, (u16)skb->len);
	if (!get_be16(iph + 4))
		put_be16(iph + 4, ip_select_ident(net, skb, &d->tx, false));
	ip_send_check(iph);
	skb->transport_header = (u16)(skb->data + hlen);
	if (iph[9] == IPPROTO_ICMP && skb->len >= hlen + sizeof(struct icmphdr))
		icmp_count_sent(net, true, iph[hlen]);
	return 0;
}

/* raw_send_hdrinc() */
static s64 send_hdrincl(struct inet_sock *inet, struct datagram *d, const struct msg *m)
{
	struct sock *sk = &inet->sk;
	u32 len = (u32)m->iter.total;
	struct sk_buff *skb;
	int err;

	if (len > d->dst.dev->mtu) {
		ip_local_error(inet, EMSGSIZE, &d->fl.daddr, inet->dport, d->dst.dev->mtu);
		return -EMSGSIZE;
	}
	if (len < IPV4_HLEN)
		return -EINVAL;
	skb = raw_build(sk, &m->iter, len);
	err = finish_header(sk->net, skb, d);
	if (err) {
		consume_skb(skb);
		return err;
	}
	skb->protocol = htons(ETH_P_IP);
	skb->truesize = datagram_truesize(0, len);
	skb->dev = d->dst.dev;
	skb_set_owner_w(skb, sk);
	cpu_charge(sk->host, sk->host->cost.v[COST_TX_STACK]);
	ip_trace_hop(sk->net, skb, PLACE_SOCKET_TX);
	err = ip_send_ready(sk->net, skb, &d->dst, &d->tx);
	if (err)
		NET_INC_STATS(sk->net, OutDiscards);
	return err == -ENOBUFS && !inet->recverr ? 0 : err;
}

static s64 send_data(struct raw_sock *raw, struct datagram *d, const struct msg *m, int flags)
{
	struct sock *sk = &raw->inet.sk;
	u32 len = (u32)m->iter.total;
	struct sk_buff *skb;
	int err;

	if (raw->cork || flags & MSG_MORE) {
		err = raw_cork_send(raw, d, &m->iter, flags & MSG_MORE, &skb);
		if (err)
			return err > 0 ? 0 : err;
	} else {
		err = datagram_fragmentation(&raw->inet, d, len, 0);
		if (err)
			return err;
		skb = raw_build(sk, &m->iter, len);
	}
	if (sk->protocol == IPPROTO_ICMP)
		icmp_count_sent(sk->net, true, skb_data(skb)[0]);
	skb->truesize = datagram_truesize(IPV4_HLEN, skb->len);
	skb_set_owner_w(skb, sk);
	err = ip_output(sk->net, skb, &d->dst, &d->tx);
	return err == -ENOBUFS && !raw->inet.recverr ? 0 : err;
}

s64 raw_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct raw_sock *raw = raw_sk(sk);
	struct datagram d;
	s64 err;

	if (m->iter.total > 0xffff)
		return -EMSGSIZE;
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	err = dest_resolve(raw, &d, m, flags);
	if (!err)
		err = datagram_wait_room(t, sk, flags);
	if (err)
		return err;
	err = raw->inet.hdrincl ? send_hdrincl(&raw->inet, &d, m) : send_data(raw, &d, m, flags);
	return err ? err : (s64)m->iter.total;
}

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
#include "stack/errqueue.h"
#include "stack/syscall.h"
#include "stack/truesize.h"

/* Where one datagram goes and with which headers. */
struct udp_dest {
	struct flow fl;
	struct ip_tx tx;
	struct dst dst;
};

/* Bytes of a datagram that is being put together, its destination fixed by the first call. */
struct udp_cork {
	struct udp_dest dest;
	u8 *data;
	u32 len;
};

/* ---- destination ------------------------------------------------------------------------------- */

static int cmsg_pktinfo(struct udp_dest *d, const struct cmsghdr *c)
{
	if (c->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo info;

		if (c->cmsg_len != CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (info.ipi_ifindex)
			d->fl.oif = info.ipi_ifindex;
		if (info.ipi_spec_dst.s_addr)
			d->fl.saddr = ipaddr_v4(info.ipi_spec_dst.s_addr);
	} else {
		struct in6_pktinfo info;

		if (c->cmsg_len < CMSG_LEN(sizeof(info)))
			return -EINVAL;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		if (info.ipi6_ifindex)
			d->fl.oif = (int)info.ipi6_ifindex;
		if (!IN6_IS_ADDR_UNSPECIFIED(&info.ipi6_addr))
			d->fl.saddr = ipaddr_v6(&info.ipi6_addr);
	}
	return 0;
}

/* ip_cmsg_send(), ip6_datagram_send_ctl(): what one call may override. */
static int dest_cmsg(struct udp_dest *d, const struct cmsghdr *c)
{
	bool v4 = c->cmsg_level == IPPROTO_IP;
	int val;

	if (!v4 && c->cmsg_level != IPPROTO_IPV6)
		return c->cmsg_level == SOL_SOCKET ? -EINVAL : 0;
	if (c->cmsg_type == (v4 ? IP_PKTINFO : IPV6_PKTINFO))
		return cmsg_pktinfo(d, c);
	if (v4 && c->cmsg_type == IP_TOS && c->cmsg_len == CMSG_LEN(1))
		val = *CMSG_DATA(c);
	else if (c->cmsg_len == CMSG_LEN(sizeof(val)))
		memcpy(&val, CMSG_DATA(c), sizeof(val));
	else
		return -EINVAL;
	if (c->cmsg_type == (v4 ? IP_TTL : IPV6_HOPLIMIT)) {
		if (val < (v4 ? 1 : -1) || val > 255)
			return -EINVAL;
		d->tx.ttl = val == -1 ? 0 : (u8)val;
		return 0;
	}
	if (c->cmsg_type == (v4 ? IP_TOS : IPV6_TCLASS)) {
		if (val < (v4 ? 0 : -1) || val > 255)
			return -EINVAL;
		d->tx.tos = val == -1 ? 0 : (u8)val;
		return 0;
	}
	return -EINVAL;
}

static int dest_control(struct udp_dest *d, const struct msg *m)
{
	struct msghdr h = { .msg_control = m->control, .msg_controllen = m->controllen };

	if (!m->control)
		return 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		int err;

		if (c->cmsg_len < sizeof(*c) ||
		    c->cmsg_len > m->controllen - (size_t)((u8 *)c - (u8 *)m->control))
			return -EINVAL;
		err = dest_cmsg(d, c);
		if (err)
			return err;
	}
	return 0;
}

static int dest_name(struct inet_sock *inet, struct udp_dest *d, const struct msg *m)
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

static void dest_multicast(struct inet_sock *inet, struct udp_dest *d)
{
	if (!ipaddr_is_multicast(&d->fl.daddr))
		return;
	if (!d->fl.oif)
		d->fl.oif = inet->mc_index;
	if (ipaddr_is_any(&d->fl.saddr) && !ipaddr_is_any(&inet->mc_addr))
		d->fl.saddr = inet->mc_addr;
	if (!d->tx.ttl)
		d->tx.ttl = inet->mc_ttl;
}

/* The path of a connected socket is looked up once and kept while routes stay the same. */
static int dest_route(struct inet_sock *inet, struct udp_dest *d, bool connected)
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

static int dest_resolve(struct inet_sock *inet, struct udp_dest *d, const struct msg *m)
{
	struct sock *sk = &inet->sk;
	int err;

	*d = (struct udp_dest){
		.fl = { .saddr = inet->saddr, .oif = sk->bound_dev_if, .proto = IPPROTO_UDP,
			.tos = inet->tos, .mark = sk->mark, .sport = inet->sport, .uid = sk->uid,
			.dontroute = sk->dontroute },
		.tx = { .proto = IPPROTO_UDP, .tos = inet->tos, .flowlabel = inet->flowlabel,
			.priority = sk->priority, .mark = sk->mark },
	};
	if (inet->uc_ttl > 0)
		d->tx.ttl = (u8)inet->uc_ttl;
	err = dest_name(inet, d, m);
	if (err)
		return err;
	if (ipaddr_is_any(&d->fl.saddr) && ipaddr_is_v4(&d->fl.saddr) != ipaddr_is_v4(&d->fl.daddr))
		d->fl.saddr = ipaddr_is_v4(&d->fl.daddr) ? ipaddr_v4(INADDR_ANY) :
							   ipaddr_v6(&in6addr_any);
	if (ipaddr_is_multicast(&d->fl.daddr))
		d->tx.ttl = 0;
	err = dest_control(d, m);
	if (err)
		return err;
	dest_multicast(inet, d);
	err = dest_route(inet, d, !m->name && !m->control);
	if (err)
		return err;
	d->tx.saddr = d->dst.saddr;
	d->tx.daddr = d->fl.daddr;
	return 0;
}

/* ---- building ---------------------------------------------------------------------------------- */

/* DF and EMSGSIZE by IP_MTU_DISCOVER (ip(7)). hdr: IP and UDP headers. */
static int dest_fragmentation(struct inet_sock *inet, struct udp_dest *d, u32 len)
{
	bool v4 = ipaddr_is_v4(&d->fl.daddr);
	u32 hdr = (v4 ? 20 : 40) + UDP_HLEN;
	u32 mtu = inet->pmtudisc >= IP_PMTUDISC_PROBE ? d->dst.dev->mtu : d->dst.mtu;
	bool df = inet->pmtudisc == IP_PMTUDISC_DO || inet->pmtudisc == IP_PMTUDISC_PROBE;
	bool strict = df || inet->pmtudisc == IP_PMTUDISC_INTERFACE;

	if (!v4 && inet->frag_size)
		mtu = min(mtu, inet->frag_size);
	if (v4 && len > UDP_MAX_PAYLOAD)
		return -EMSGSIZE;
	if (len + UDP_HLEN > (v4 ? 65535u - 20 : 65535u) || (strict && len + hdr > mtu)) {
		ip_local_error(inet, EMSGSIZE, &d->fl.daddr, v4 ? inet->dport : d->fl.dport,
			       v4 ? min(mtu, 65535u) : mtu);
		return -EMSGSIZE;
	}
	d->tx.df = df || (inet->pmtudisc == IP_PMTUDISC_WANT && !d->dst.pmtu_locked &&
			      len + hdr <= mtu);
	d->tx.local_df = !strict;
	d->dst.mtu = mtu; /* where it is cut up */
	return 0;
}

/* __ip_append_data(): linear up to a slab's size, else a small head and pages. */
static u32 udp_truesize(const struct udp_dest *d, u32 len)
{
	u32 hdr = (ipaddr_is_v4(&d->fl.daddr) ? 20 : 40) + UDP_HLEN + 16 + 15;

	if (len + hdr < SKB_MAX_ALLOC)
		return skb_linear_truesize(len + hdr);
	return skb_linear_truesize(hdr) + len;
}

static struct sk_buff *udp_build(struct sock *sk, const struct udp_dest *d, u32 len)
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
	skb->truesize = udp_truesize(d, len);
	skb->priority = sk->priority;
	skb->mark = sk->mark;
	return skb;
}

static int udp_transmit(struct sock *sk, struct sk_buff *skb, struct udp_dest *d)
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

/* sock_alloc_send_pskb(): errors first, then room. 0, -errno or -EPARK. */
static s64 udp_wait_room(struct task *t, struct sock *sk, int flags)
{
	int err = sock_error(sk);
	nsec_t timeo;
	s64 ret;

	if (err)
		return err;
	if (sk->shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	if (sk->wmem_alloc < sk->sndbuf)
		return 0;
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	ret = task_wait_on(t, &sk->wq, false, EPOLLOUT, timeo, "send");
	return ret == -ERESTARTSYS ? sock_intr_errno(timeo) : ret;
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

static s64 cork_send(struct udp_sock *up, const struct udp_dest *d, const struct msg *m, bool more)
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
	struct udp_dest d;
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
	ret = udp_wait_room(t, sk, flags);
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

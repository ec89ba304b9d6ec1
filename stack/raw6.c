/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets of IPv6 (RFC 3542, ipv6(7); net/ipv6/raw.c): they speak IPv6 only, fill in checksums
 * where IPV6_CHECKSUM says, and take a port for the protocol.
 */
#include "stack/raw6.h"

#include <netinet/icmp6.h>
#include <string.h>

#include "sim/engine/trace_place.h"
#include "stack/errqueue.h"
#include "stack/icmp.h"
#include "stack/ip_internal.h"
#include "stack/sockopt.h"
#include "stack/syscall.h"

#define SIN6_LEN_RFC2133 24 /* struct sockaddr_in6 before it had a scope id */
#define IPPROTO_MH_ 135	    /* mobility header, RFC 6275 */

void rawv6_init(struct raw_sock *raw)
{
	raw->checksum = raw->inet.num == IPPROTO_ICMPV6 || raw->inet.num == IPPROTO_MH_;
	raw->csum_offset = raw->inet.num == IPPROTO_MH_ ? 4 : 2;
}

bool rawv6_csum_ok(const struct raw_sock *raw, struct sk_buff *skb)
{
	const struct ip_rx *rx = IP_RX(skb);

	if (!raw->checksum || skb->ip_summed != CHECKSUM_NONE)
		return true;
	return ip_transport_csum_ok(skb, &rx->saddr, &rx->daddr, (u8)raw->inet.num);
}

/* ---- names ------------------------------------------------------------------------------------- */

static bool nonlocal_ok(const struct inet_sock *inet)
{
	return inet->freebind || inet->transparent || inet->sk.net->sysctl.ip_nonlocal_bind;
}

s64 rawv6_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	struct inet_sock *inet = inet_sk(sk);
	bool scoped, many;
	union ipaddr a;

	if (len < SIN6_LEN_RFC2133 || sin6->sin6_family != AF_INET6)
		return -EINVAL;
	a = ipaddr_v6(&sin6->sin6_addr);
	if (ipaddr_is_v4(&a))
		return -EADDRNOTAVAIL;
	if (sk->state != TCP_CLOSE)
		return -EINVAL;
	many = ipaddr_is_multicast(&a);
	/* Link-local, or a group of that scope or a smaller one. */
	scoped = ipaddr_is_linklocal(&a) || (many && ((a.b[1] & 0xf) == 1 || (a.b[1] & 0xf) == 2));
	if (scoped) {
		if (len >= sizeof(*sin6) && sin6->sin6_scope_id)
			sk->bound_dev_if = (int)sin6->sin6_scope_id;
		if (!sk->bound_dev_if)
			return -EINVAL;
	}
	if (!ipaddr_is_any(&a)) {
		struct net_device *dev = NULL;

		if (sk->bound_dev_if) {
			dev = dev_get_by_index(sk->host, sk->bound_dev_if);
			if (!dev)
				return -ENODEV;
		}
		if (!many && !nonlocal_ok(inet) && !ip_addr_is_local(sk->net, &a, dev))
			return -EADDRNOTAVAIL;
	}
	inet->rcv_saddr = a;
	if (!many)
		inet->saddr = a;
	return 0;
}

/* ---- sending ----------------------------------------------------------------------------------- */

static int dest_name(struct inet_sock *inet, struct datagram *d, const struct msg *m)
{
	const struct sockaddr_in6 *sin6 = m->name;
	struct sockaddr_in6 to;
	u16 proto;

	if (!sin6 || !m->namelen) {
		if (inet->sk.state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		d->fl.daddr = inet->daddr;
		return 0;
	}
	if (m->namelen < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family && sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	memset(&to, 0, sizeof(to));
	memcpy(&to, sin6, min((size_t)m->namelen, sizeof(to)));
	to.sin6_family = AF_INET6;
	proto = ntohs(to.sin6_port);
	if (!proto)
		proto = inet->num;
	else if (proto != inet->num && inet->num != IPPROTO_RAW)
		return -EINVAL;
	if (proto > 255)
		return -EINVAL;
	d->fl.proto = d->tx.proto = (u8)proto;
	if (IN6_IS_ADDR_V4MAPPED(&to.sin6_addr))
		return -ENETUNREACH;
	return inet_parse_dest(&inet->sk, (struct sockaddr *)&to, sizeof(to), &d->fl.daddr, &proto,
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
	type = inet->hdrincl ? 0 : raw_probe_type(&inet->sk, &m->iter);
	if (type < 0)
		return type;
	datagram_multicast(inet, d);
	err = route_output(inet->sk.net, &d->fl, &d->dst);
	if (err)
		return err;
	if (flags & MSG_CONFIRM)
		dst_confirm(&d->dst);
	d->tx.saddr = d->dst.saddr;
	d->tx.daddr = d->fl.daddr;
	return 0;
}

static void put_field(struct sk_buff *skb, u32 off, u16 v)
{
	u8 b[2] = { (u8)(v >> 8), (u8)v }, *flat;
	u32 head = skb_headlen(skb), len;

	flat = off + 2 > head ? skb_linearize_copy(skb, &len) : NULL;
	for (u32 i = 0; i < 2; i++)
		*(off + i < head ? skb_data(skb) + off + i : flat + off + i - head) = b[i];
}

/* rawv6_push_pending_frames(): the checksum, where the socket wants one. */
static int fill_checksum(const struct raw_sock *raw, struct sk_buff *skb, const struct datagram *d)
{
	u32 off = (u32)raw->csum_offset, len = skb->len, sum;
	u16 fold;

	if (!raw->checksum)
		return 0;
	if (off + 1 >= len)
		return -EINVAL;
	sum = ip_pseudo_sum(&d->tx.saddr, &d->tx.daddr, d->tx.proto, len);
	put_field(skb, off, 0);
	fold = csum_fold(skb_checksum(skb, 0, len, sum));
	if (!fold && d->tx.proto == IPPROTO_UDP)
		fold = 0xffff;
	put_field(skb, off, fold);
	return 0;
}

/* rawv6_send_hdrinc(): as it is. */
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
	if (len < IPV6_HLEN)
		return -EINVAL;
	skb = raw_build(sk, &m->iter, len);
	skb_reset_network_header(skb);
	skb->transport_header = skb->data;
	skb->protocol = htons(ETH_P_IPV6);
	skb->truesize = datagram_truesize(0, len);
	skb->dev = d->dst.dev;
	skb_set_owner_w(skb, sk);
	cpu_charge(sk->host, sk->host->cost.v[COST_TX_STACK]);
	ip_trace_hop(sk->net, skb, PLACE_SOCKET_TX);
	NET_INC_STATS(sk->net, Ip6OutRequests);
	err = ip_send_ready(sk->net, skb, &d->dst, &d->tx);
	if (err)
		NET_INC_STATS(sk->net, Ip6OutDiscards);
	return err == -ENOBUFS && !inet->recverr6 ? 0 : err;
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
	err = fill_checksum(raw, skb, d);
	if (err) {
		consume_skb(skb);
		return err;
	}
	if (d->tx.proto == IPPROTO_ICMPV6)
		icmp_count_sent(sk->net, false, skb_data(skb)[0]);
	skb->truesize = datagram_truesize(IPV6_HLEN, skb->len);
	skb_set_owner_w(skb, sk);
	err = ip_output(sk->net, skb, &d->dst, &d->tx);
	return err == -ENOBUFS && !raw->inet.recverr6 ? 0 : err;
}

s64 rawv6_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct raw_sock *raw = raw_sk(sk);
	struct datagram d;
	s64 err;

	if (m->iter.total > INT32_MAX)
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

/* ---- options ----------------------------------------------------------------------------------- */

static bool is_ours(int level, int name)
{
	return level == SOL_RAW ||
	       (level == IPPROTO_IPV6 && (name == IPV6_CHECKSUM || name == IPV6_HDRINCL));
}

static s64 set_filter(struct sock *sk, int name, const void *val, socklen_t len)
{
	struct raw_sock *raw = raw_sk(sk);

	if (sk->protocol != IPPROTO_ICMPV6)
		return -EOPNOTSUPP;
	if (name != ICMP6_FILTER)
		return -ENOPROTOOPT;
	if (!sockopt_there(val, len))
		return -EFAULT;
	if (len)
		memcpy(raw->icmp6_filter, val, min((size_t)len, sizeof(raw->icmp6_filter)));
	return 0;
}

s64 rawv6_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		     socklen_t len)
{
	struct raw_sock *raw = raw_sk(sk);
	int v;

	if (level == IPPROTO_ICMPV6)
		return set_filter(sk, name, val, len);
	if (!is_ours(level, name))
		return inet_setsockopt(t, sk, level, name, val, len);
	if (len < sizeof(v))
		return -EINVAL;
	if (!sockopt_there(val, len))
		return -EFAULT;
	memcpy(&v, val, sizeof(v));
	switch (name) {
	case IPV6_HDRINCL:
		raw->inet.hdrincl = v;
		return 0;
	case IPV6_CHECKSUM:
		/* RFC 3542 section 3.1: not of ICMPv6; only even offsets. */
		if ((sk->protocol == IPPROTO_ICMPV6 && level == IPPROTO_IPV6) || (v > 0 && v & 1))
			return -EINVAL;
		raw->checksum = v >= 0;
		if (v >= 0)
			raw->csum_offset = v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

s64 rawv6_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		     socklen_t *len)
{
	struct raw_sock *raw = raw_sk(sk);
	int v;

	if (level == IPPROTO_ICMPV6) {
		if (sk->protocol != IPPROTO_ICMPV6)
			return -EOPNOTSUPP;
		if (name != ICMP6_FILTER)
			return -ENOPROTOOPT;
		*len = min(*len, (socklen_t)sizeof(raw->icmp6_filter));
		memcpy(val, raw->icmp6_filter, *len);
		return 0;
	}
	if (!is_ours(level, name))
		return inet_getsockopt(t, sk, level, name, val, len);
	if (name == IPV6_HDRINCL)
		v = raw->inet.hdrincl;
	else if (name == IPV6_CHECKSUM)
		v = raw->checksum ? raw->csum_offset : -1;
	else
		return -ENOPROTOOPT;
	*len = min(*len, (socklen_t)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}

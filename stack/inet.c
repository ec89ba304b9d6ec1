/* SPDX-License-Identifier: MIT */
/*
 * What bind(2), getsockname(2) and addresses in calls mean for AF_INET and AF_INET6 (ip(7), ipv6(7)),
 * the same for every protocol.
 */
#include "stack/inet.h"

#include <linux/capability.h>
#include <netinet/ip.h>
#include <stdlib.h>

#include "sim/host/host.h"

#define SIN6_LEN_RFC2133 24 /* struct sockaddr_in6 before it had a scope id */

void inet_sock_init(struct inet_sock *inet)
{
	union ipaddr any = inet->sk.family == AF_INET ? ipaddr_v4(INADDR_ANY) :
							 ipaddr_v6(&in6addr_any);

	inet->saddr = inet->rcv_saddr = inet->daddr = inet->mc_addr = any;
	list_init(&inet->bind_node);
	list_init(&inet->lookup_node);
	list_init(&inet->mc_list);
	inet->uc_ttl = -1;
	inet->mc_ttl = 1;
	inet->mc_loop = true;
	inet->mc_all = inet->sk.family == AF_INET; /* inet6_create() leaves it out */
	inet->mc6_all = true;
	inet->pmtudisc = inet->sk.net->sysctl.ip_no_pmtu_disc ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	inet->v6only = inet->sk.family == AF_INET6 && inet->sk.net->sysctl.ipv6_bindv6only;
}

/* ---- bind -------------------------------------------------------------------------------------- */

static bool port_privileged(struct task *t, struct sock *sk, u16 port)
{
	return port && port < sk->net->sysctl.ip_unprivileged_port_start &&
	       !(t->proc->caps & 1ull << CAP_NET_BIND_SERVICE);
}

/* inet_addr_valid_or_nonlocal() */
static bool bindable(const struct inet_sock *inet, const union ipaddr *a)
{
	enum rtn_type type;

	if (ipaddr_is_any(a) || inet->freebind || inet->transparent ||
	    inet->sk.net->sysctl.ip_nonlocal_bind)
		return true;
	type = ip_addr_type(inet->sk.net, a);
	return type == RTN_LOCAL_ || type == RTN_MULTICAST_ || type == RTN_BROADCAST_;
}

static s64 parse_bind4(const struct sockaddr *sa, socklen_t len, union ipaddr *a, u16 *port)
{
	const struct sockaddr_in *sin = (const void *)sa;

	if (len < sizeof(*sin))
		return -EINVAL;
	/* Old programs leave the family out when they bind to any address. */
	if (sin->sin_family != AF_INET &&
	    (sin->sin_family != AF_UNSPEC || sin->sin_addr.s_addr != htonl(INADDR_ANY)))
		return -EAFNOSUPPORT;
	*a = ipaddr_v4(sin->sin_addr.s_addr);
	*port = ntohs(sin->sin_port);
	return 0;
}

static s64 parse_bind6(struct sock *sk, const struct sockaddr *sa, socklen_t len, union ipaddr *a,
		       u16 *port)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	*a = ipaddr_v6(&sin6->sin6_addr);
	*port = ntohs(sin6->sin6_port);
	return ipaddr_is_multicast(a) && sk->type == SOCK_STREAM ? -EINVAL : 0;
}

/* Which link the address is on. */
static s64 bind_scope6(struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       const union ipaddr *a)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;

	if (ipaddr_is_v4(a))
		return inet_sk(sk)->v6only ? -EINVAL : 0;
	if (ipaddr_needs_scope(a)) {
		if (len >= sizeof(*sin6) && sin6->sin6_scope_id)
			sk->bound_dev_if = (int)sin6->sin6_scope_id;
		if (!sk->bound_dev_if)
			return -EINVAL;
	}
	if (!ipaddr_is_any(a) && sk->bound_dev_if && !dev_get_by_index(sk->host, sk->bound_dev_if))
		return -ENODEV;
	return 0;
}

/* What __inet_bind() looks at after the address, and __inet6_bind() before it. */
static s64 may_bind(struct task *t, struct sock *sk, u16 port)
{
	if (port_privileged(t, sk, port))
		return -EACCES;
	return sk->state != TCP_CLOSE || inet_sk(sk)->num ? -EINVAL : 0;
}

s64 inet_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	struct inet_sock *inet = inet_sk(sk);
	union ipaddr any = inet->rcv_saddr, a;
	bool v6only = inet->v6only;
	enum rtn_type type;
	u16 port;
	s64 ret;

	if (sk->family == AF_INET) {
		ret = parse_bind4(sa, len, &a, &port);
	} else {
		ret = parse_bind6(sk, sa, len, &a, &port);
		if (!ret)
			ret = may_bind(t, sk, port);
		if (!ret)
			ret = bind_scope6(sk, sa, len, &a);
	}
	if (ret)
		return ret;
	if (!bindable(inet, &a))
		return -EADDRNOTAVAIL;
	ret = may_bind(t, sk, port);
	if (ret)
		return ret;
	inet->rcv_saddr = inet->saddr = a;
	type = ipaddr_is_any(&a) ? RTN_UNSPEC_ : ip_addr_type(sk->net, &a);
	if (type == RTN_MULTICAST_ || type == RTN_BROADCAST_)
		inet->saddr = ipaddr_is_v4(&a) ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);
	/* Bound to an IPv6 address it can have nothing to do with IPv4 any more. */
	if (!ipaddr_is_v4(&a) && !ipaddr_is_any(&a))
		inet->v6only = true;
	if ((port || !inet->bind_address_no_port) && inet_get_port(sk, port)) {
		inet->rcv_saddr = inet->saddr = any;
		inet->v6only = v6only;
		return -EADDRINUSE;
	}
	if (!ipaddr_is_any(&a))
		sk->userlocks |= SOCK_BINDADDR_LOCK;
	if (port)
		sk->userlocks |= SOCK_BINDPORT_LOCK;
	return 0;
}

/* ---- names ------------------------------------------------------------------------------------- */

s64 inet_getname(struct sock *sk, bool peer, struct sockaddr_storage *ss)
{
	struct inet_sock *inet = inet_sk(sk);
	const union ipaddr *a = &inet->rcv_saddr;

	if (peer) {
		if (!inet->dport || sk->state == TCP_CLOSE || sk->state == TCP_SYN_SENT)
			return -ENOTCONN;
		return ipaddr_to_sockaddr(&inet->daddr, inet->dport,
					  ipaddr_is_linklocal(&inet->daddr) ? sk->bound_dev_if : 0,
					  sk->family, ss);
	}
	if (ipaddr_is_any(a))
		a = &inet->saddr;
	return ipaddr_to_sockaddr(a, inet->sport, ipaddr_is_linklocal(a) ? sk->bound_dev_if : 0,
				  sk->family, ss);
}

static s64 parse_dest6(struct sock *sk, const struct sockaddr *sa, socklen_t len, union ipaddr *a,
		       u16 *port, int *oif)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	u32 scope = len >= sizeof(*sin6) ? sin6->sin6_scope_id : 0;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	*a = ipaddr_v6(&sin6->sin6_addr);
	*port = ntohs(sin6->sin6_port);
	if (ipaddr_is_v4(a))
		return inet_sk(sk)->v6only ? -ENETUNREACH : 0;
	if (ipaddr_is_linklocal(a) && !ipaddr_is_v4(a)) {
		if (scope && *oif && *oif != (int)scope)
			return -EINVAL;
		if (scope)
			*oif = (int)scope;
		if (!*oif)
			return -EINVAL;
	}
	return 0;
}

/* A destination of "any" means this host: the bound address, or the loopback address. */
static void dest_any_is_local(const struct inet_sock *inet, union ipaddr *a)
{
	if (!ipaddr_is_any(a))
		return;
	if (!ipaddr_is_any(&inet->saddr) && ipaddr_is_v4(a) == ipaddr_is_v4(&inet->saddr))
		*a = inet->saddr;
	else
		*a = ipaddr_is_v4(a) ? ipaddr_v4(htonl(INADDR_LOOPBACK)) :
				       ipaddr_v6(&in6addr_loopback);
}

int inet_parse_dest(struct sock *sk, const struct sockaddr *sa, socklen_t len, union ipaddr *a,
		    u16 *port, int *oif)
{
	struct inet_sock *inet = inet_sk(sk);
	int ret = 0;

	*oif = sk->bound_dev_if;
	if (sk->family == AF_INET || (sk->type == SOCK_DGRAM && sa->sa_family == AF_INET)) {
		const struct sockaddr_in *sin = (const void *)sa;

		if (len < sizeof(*sin))
			return -EINVAL;
		if (sin->sin_family != AF_INET)
			return -EAFNOSUPPORT;
		if (inet->v6only)
			return -EAFNOSUPPORT;
		*a = ipaddr_v4(sin->sin_addr.s_addr);
		*port = ntohs(sin->sin_port);
	} else if (sa->sa_family != AF_INET6) {
		return len < SIN6_LEN_RFC2133 ? -EINVAL : -EAFNOSUPPORT;
	} else {
		ret = (int)parse_dest6(sk, sa, len, a, port, oif);
	}
	if (!ret)
		dest_any_is_local(inet, a);
	return ret;
}

/* ---- control messages ------------------------------------------------------------------------------ */

static void cmsg_pktinfo(struct inet_sock *inet, struct msg *m, const struct ip_rx *rx)
{
	struct in_pktinfo info = { .ipi_ifindex = rx->iif };

	info.ipi_addr.s_addr = ipaddr_to_v4(&rx->daddr);
	/* The address that an answer should come from. */
	info.ipi_spec_dst.s_addr = rx->broadcast || rx->multicast ? ipaddr_to_v4(&inet->saddr) :
								    ipaddr_to_v4(&rx->daddr);
	put_cmsg(m, IPPROTO_IP, IP_PKTINFO, sizeof(info), &info);
}

/* ip_cmsg_recv() */
static void cmsg_recv4(struct inet_sock *inet, struct msg *m, const struct ip_rx *rx)
{
	int ttl = rx->ttl;

	if (inet->pktinfo)
		cmsg_pktinfo(inet, m, rx);
	if (inet->recvttl)
		put_cmsg(m, IPPROTO_IP, IP_TTL, sizeof(ttl), &ttl);
	if (inet->recvtos)
		put_cmsg(m, IPPROTO_IP, IP_TOS, sizeof(rx->tos), &rx->tos);
}

/* ip6_datagram_recv_specific_ctl() */
static void cmsg_recv6(struct inet_sock *inet, struct msg *m, const struct ip_rx *rx)
{
	int hops = rx->ttl, tclass = rx->tos;

	if (inet->recvhoplimit)
		put_cmsg(m, IPPROTO_IPV6, IPV6_HOPLIMIT, sizeof(hops), &hops);
	if (inet->recvtclass)
		put_cmsg(m, IPPROTO_IPV6, IPV6_TCLASS, sizeof(tclass), &tclass);
}

void inet_cmsg_recv(struct inet_sock *inet, struct msg *m, const struct ip_rx *rx, u16 dport)
{
	if (inet->sk.family == AF_INET6 && inet->pktinfo6) {
		struct in6_pktinfo info = { .ipi6_ifindex = (unsigned)rx->iif };

		memcpy(&info.ipi6_addr, rx->daddr.b, 16);
		put_cmsg(m, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info), &info);
	}
	if (ipaddr_is_v4(&rx->daddr))
		cmsg_recv4(inet, m, rx);
	else
		cmsg_recv6(inet, m, rx);
}

/* Only record route and timestamp go back: source routes are refused on the way in. */
static u32 echoed_options(const u8 *opts, u32 len, u8 *out)
{
	u32 n = 0;

	for (u32 i = 0; i < len && opts[i] != IPOPT_EOL;) {
		u32 size = opts[i] == IPOPT_NOP ? 1 : i + 1 < len ? opts[i + 1] : 0;

		if (!size || i + size > len)
			break;
		if (opts[i] == IPOPT_RR || opts[i] == IPOPT_TS) {
			memcpy(out + n, opts + i, size);
			n += size;
		}
		i += size;
	}
	while (n % 4)
		out[n++] = IPOPT_EOL;
	return n;
}

void inet_cmsg_recv_opts(struct inet_sock *inet, struct msg *m, struct sk_buff *skb)
{
	u8 back[MAX_IPOPTLEN];
	const u8 *opts;
	u32 len = IP_RX(skb)->optlen, n;

	if (!len || !(inet->recvopts || inet->retopts))
		return;
	opts = skb_network_header(skb) + sizeof(struct iphdr);
	if (inet->recvopts)
		put_cmsg(m, IPPROTO_IP, IP_RECVOPTS, len, opts);
	if (!inet->retopts)
		return;
	n = echoed_options(opts, len, back);
	if (n)
		put_cmsg(m, IPPROTO_IP, IP_RETOPTS, n, back);
}

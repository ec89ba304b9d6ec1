/* SPDX-License-Identifier: MIT */
/*
 * Options of IPPROTO_IP (ip(7)) and IPPROTO_IPV6 (ipv6(7)).
 *
 * Both families share their fields: a socket of AF_INET6 that talks IPv4 uses one TOS, as Linux's
 * tclass and tos are kept in step by programs that set both.
 */
#include "sim/host/host.h"
#include "stack/inet_mc.h"
#include "stack/ip_internal.h"
#include "stack/sockopt.h"

#define INET_ECN_MASK 3
#define IPV6_MULTICAST_ALL_ 29 /* linux/in6.h cannot stand beside netinet/in.h */

/* ---- both families ------------------------------------------------------------------------------- */

/* rt_tos2priority(): TC_PRIO_* by the four TOS bits of RFC 1349. */
static u32 tos_priority(u8 tos)
{
	static const u8 prio[16] = { 0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4 };

	return prio[(tos & 0x1e) >> 1];
}

static s64 set_tos(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);
	u8 tos = (u8)a->val;

	if (a->row->level == IPPROTO_IPV6 && (a->val < -1 || a->val > 255))
		return -EINVAL;
	if (a->val == -1 && a->row->level == IPPROTO_IPV6)
		tos = 0;
	/* TCP negotiates ECN itself. */
	if (a->sk->type == SOCK_STREAM)
		tos = (u8)((tos & ~INET_ECN_MASK) | (inet->tos & INET_ECN_MASK));
	inet->tos = tos;
	if (a->row->level == IPPROTO_IP)
		a->sk->priority = tos_priority(tos);
	return 0;
}

static s64 set_hdrincl(struct sockopt_arg *a)
{
	if (a->sk->type != SOCK_RAW)
		return -ENOPROTOOPT;
	inet_sk(a->sk)->hdrincl = a->val;
	return 0;
}

/* Who no longer wants the errors loses those that wait. */
static s64 set_recverr(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);

	*(a->row->level == IPPROTO_IP ? &inet->recverr : &inet->recverr6) = a->val;
	if (!a->val)
		skb_queue_purge(&a->sk->error_queue);
	return 0;
}

static s64 set_hops(struct sockopt_arg *a)
{
	if (a->val == 0 && a->row->level == IPPROTO_IP)
		return -EINVAL;
	inet_sk(a->sk)->uc_ttl = (s16)a->val;
	return 0;
}

static s64 get_hops(struct sockopt_arg *a)
{
	const struct net_sysctl *sys = &a->sk->net->sysctl;
	s16 ttl = inet_sk(a->sk)->uc_ttl;

	if (ttl < 0)
		ttl = (s16)(a->row->level == IPPROTO_IP ? sys->ip_default_ttl :
							   sys->ipv6_hop_limit);
	a->val = ttl;
	return 0;
}

static s64 set_mc_hops(struct sockopt_arg *a)
{
	if (a->sk->type == SOCK_STREAM)
		return -EINVAL;
	inet_sk(a->sk)->mc_ttl = (u8)(a->val == -1 ? 1 : a->val);
	return 0;
}

static s64 get_mtu(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);
	struct flow fl = { .saddr = inet->saddr, .daddr = inet->daddr, .oif = a->sk->bound_dev_if };
	struct dst dst;

	if (!inet->dport || route_output(a->sk->net, &fl, &dst))
		return -ENOTCONN;
	a->val = (int)dst.mtu;
	return 0;
}

static s64 set_mtu_discover(struct sockopt_arg *a)
{
	inet_sk(a->sk)->pmtudisc = (u8)a->val;
	return 0;
}

/* ---- IPv4 -------------------------------------------------------------------------------------- */

static s64 set_port_range(struct sockopt_arg *a)
{
	u16 lo = (u16)((u32)a->val & 0xffff), hi = (u16)((u32)a->val >> 16);

	if (a->len != sizeof(u32) || (lo && hi && lo > hi))
		return -EINVAL;
	inet_sk(a->sk)->port_range[0] = lo;
	inet_sk(a->sk)->port_range[1] = hi;
	return 0;
}

static s64 get_port_range(struct sockopt_arg *a)
{
	const u16 *r = inet_sk(a->sk)->port_range;

	a->val = (int)((u32)r[1] << 16 | r[0]);
	return 0;
}

/* struct ip_mreqn, struct ip_mreq or, for IP_MULTICAST_IF, struct in_addr. */
static s64 parse_mreq(const struct sockopt_arg *a, struct ip_mreqn *m)
{
	memset(m, 0, sizeof(*m));
	if (a->len >= sizeof(*m))
		memcpy(m, a->buf, sizeof(*m));
	else if (a->len >= sizeof(struct ip_mreq))
		memcpy(m, a->buf, sizeof(struct ip_mreq));
	else if (a->row->name == IP_MULTICAST_IF && a->len >= sizeof(struct in_addr))
		memcpy(&m->imr_address, a->buf, sizeof(struct in_addr));
	else
		return -EINVAL;
	return 0;
}

static s64 set_membership(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);
	union ipaddr group, local;
	struct ip_mreqn m;
	s64 err = parse_mreq(a, &m);

	if (err)
		return err;
	group = ipaddr_v4(m.imr_multiaddr.s_addr);
	local = ipaddr_v4(m.imr_address.s_addr);
	if (a->row->name == IP_ADD_MEMBERSHIP)
		return inet_mc_join(inet, &group, m.imr_ifindex, &local);
	return inet_mc_leave(inet, &group, m.imr_ifindex, &local);
}

struct find_addr {
	union ipaddr addr;
	int ifindex;
};

static void match_address(void *ctx, const struct in_ifaddr *ifa)
{
	struct find_addr *f = ctx;

	if (!f->ifindex && ipaddr_equal(&ifa->addr, &f->addr))
		f->ifindex = ifa->dev->ifindex;
}

static s64 set_mc_if(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);
	struct find_addr f = { .ifindex = 0 };
	struct ip_mreqn m;
	s64 err;

	err = parse_mreq(a, &m);
	if (err)
		return err;
	f.addr = ipaddr_v4(m.imr_address.s_addr);
	if (m.imr_ifindex) {
		if (!dev_get_by_index(a->sk->host, m.imr_ifindex))
			return -EADDRNOTAVAIL;
		f.ifindex = m.imr_ifindex;
	} else if (m.imr_address.s_addr) {
		ifaddr_for_each(a->sk->net, match_address, &f);
		if (!f.ifindex)
			return -EADDRNOTAVAIL;
	}
	if (a->sk->bound_dev_if && f.ifindex && f.ifindex != a->sk->bound_dev_if)
		return -EINVAL;
	inet->mc_index = f.ifindex;
	inet->mc_addr = f.addr;
	return 0;
}

static s64 get_mc_if(struct sockopt_arg *a)
{
	struct in_addr addr = { .s_addr = ipaddr_to_v4(&inet_sk(a->sk)->mc_addr) };

	return sockopt_return(a, &addr, sizeof(addr));
}

#define INET(member) SOCKOPT_FIELD(struct inet_sock, member)

static const struct sockopt_row ip_rows[] = {
	{ IPPROTO_IP, IP_TOS, "IP_TOS", SOCKOPT_INT, INET(tos), .set = set_tos },
	{ IPPROTO_IP, IP_TTL, "IP_TTL", SOCKOPT_INT, .min = -1, .max = 255, .set = set_hops,
	  .get = get_hops },
	{ IPPROTO_IP, IP_MTU_DISCOVER, "IP_MTU_DISCOVER", SOCKOPT_INT, INET(pmtudisc),
	  .min = IP_PMTUDISC_DONT, .max = IP_PMTUDISC_OMIT, .set = set_mtu_discover },
	{ IPPROTO_IP, IP_MTU, "IP_MTU", SOCKOPT_INT, .access = SOCKOPT_RO, .get = get_mtu },
	{ IPPROTO_IP, IP_PKTINFO, "IP_PKTINFO", SOCKOPT_BOOL, INET(pktinfo) },
	{ IPPROTO_IP, IP_RECVTTL, "IP_RECVTTL", SOCKOPT_BOOL, INET(recvttl) },
	{ IPPROTO_IP, IP_RECVTOS, "IP_RECVTOS", SOCKOPT_BOOL, INET(recvtos) },
	{ IPPROTO_IP, IP_RECVOPTS, "IP_RECVOPTS", SOCKOPT_BOOL, INET(recvopts) },
	{ IPPROTO_IP, IP_RETOPTS, "IP_RETOPTS", SOCKOPT_BOOL, INET(retopts) },
	{ IPPROTO_IP, IP_RECVERR, "IP_RECVERR", SOCKOPT_BOOL, INET(recverr), .set = set_recverr },
	{ IPPROTO_IP, IP_HDRINCL, "IP_HDRINCL", SOCKOPT_BOOL, INET(hdrincl), .set = set_hdrincl },
	{ IPPROTO_IP, IP_FREEBIND, "IP_FREEBIND", SOCKOPT_BOOL, INET(freebind),
	  .min_len = 1 },
	{ IPPROTO_IP, IP_MINTTL, "IP_MINTTL", SOCKOPT_INT, INET(min_ttl), .min = 0, .max = 255,
	  .min_len = 1 },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT", SOCKOPT_BOOL,
	  INET(bind_address_no_port) },
	{ IPPROTO_IP, 51, "IP_LOCAL_PORT_RANGE", SOCKOPT_INT, .set = set_port_range,
	  .get = get_port_range, .min_len = sizeof(u32) },
	/* Linux gives the number: of a raw socket that is its protocol, of others the port. */
	{ IPPROTO_IP, 52, "IP_PROTOCOL", SOCKOPT_INT, INET(num), .access = SOCKOPT_RO },
	{ IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", SOCKOPT_INT, INET(mc_ttl), .min = -1,
	  .max = 255, .min_len = 1, .set = set_mc_hops },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, "IP_MULTICAST_LOOP", SOCKOPT_BOOL, INET(mc_loop),
	  .min_len = 1 },
	{ IPPROTO_IP, IP_MULTICAST_ALL, "IP_MULTICAST_ALL", SOCKOPT_INT, INET(mc_all), .min = 0,
	  .max = 1, .min_len = 1 },
	{ IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", SOCKOPT_STRUCT, .set = set_mc_if,
	  .get = get_mc_if, .min_len = sizeof(struct in_addr), .reads = sizeof(struct ip_mreqn),
	  .stream_errno = EINVAL },
	{ IPPROTO_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", SOCKOPT_STRUCT,
	  .min_len = sizeof(struct ip_mreq), .reads = sizeof(struct ip_mreqn),
	  .stream_errno = EPROTO, .access = SOCKOPT_WO, .set = set_membership },
	{ IPPROTO_IP, IP_DROP_MEMBERSHIP, "IP_DROP_MEMBERSHIP", SOCKOPT_STRUCT,
	  .min_len = sizeof(struct ip_mreq), .reads = sizeof(struct ip_mreqn),
	  .stream_errno = EPROTO, .access = SOCKOPT_WO, .set = set_membership },
};
static const struct sockopt_table ip_options = { ip_rows, ARRAY_SIZE(ip_rows), .byte_values = true };

/* ---- IPv6 -------------------------------------------------------------------------------------- */

static s64 set_v6only(struct sockopt_arg *a)
{
	if (inet_sk(a->sk)->num)
		return -EINVAL;
	inet_sk(a->sk)->v6only = a->val;
	return 0;
}

static s64 set_membership6(struct sockopt_arg *a)
{
	struct inet_sock *inet = inet_sk(a->sk);
	struct ipv6_mreq m;
	union ipaddr group;

	memcpy(&m, a->buf, sizeof(m));
	group = ipaddr_v6(&m.ipv6mr_multiaddr);
	if (a->row->name == IPV6_ADD_MEMBERSHIP)
		return inet_mc_join(inet, &group, (int)m.ipv6mr_interface, NULL);
	if (!IN6_IS_ADDR_MULTICAST(&m.ipv6mr_multiaddr))
		return -EINVAL;
	return inet_mc_leave(inet, &group, (int)m.ipv6mr_interface, NULL);
}

/* The largest packet to be sent before it is cut up; 0: what the path takes. */
static s64 set_frag_size(struct sockopt_arg *a)
{
	if (a->val && a->val < (int)IPV6_MIN_MTU)
		return -EINVAL;
	inet_sk(a->sk)->frag_size = (u32)a->val;
	return 0;
}

static s64 set_mc_if6(struct sockopt_arg *a)
{
	if (a->val && !dev_get_by_index(a->sk->host, a->val))
		return -ENODEV;
	if (a->val && a->sk->bound_dev_if && a->sk->bound_dev_if != a->val)
		return -EINVAL;
	inet_sk(a->sk)->mc_index = a->val;
	return 0;
}

static const struct sockopt_row ipv6_rows[] = {
	{ IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", SOCKOPT_BOOL, INET(v6only), .set = set_v6only },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, "IPV6_UNICAST_HOPS", SOCKOPT_INT, .min = -1, .max = 255,
	  .set = set_hops, .get = get_hops },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "IPV6_MULTICAST_HOPS", SOCKOPT_INT, INET(mc_ttl),
	  .min = -1, .max = 255, .set = set_mc_hops, .stream_errno = ENOPROTOOPT },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, "IPV6_MULTICAST_LOOP", SOCKOPT_INT, INET(mc_loop),
	  .min = 0, .max = 1 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_IF, "IPV6_MULTICAST_IF", SOCKOPT_INT, INET(mc_index),
	  .set = set_mc_if6, .stream_errno = ENOPROTOOPT },
	{ IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP", SOCKOPT_STRUCT,
	  .min_len = sizeof(struct ipv6_mreq), .reads = sizeof(struct ipv6_mreq),
	  .stream_errno = EPROTO, .access = SOCKOPT_WO, .set = set_membership6 },
	{ IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, "IPV6_DROP_MEMBERSHIP", SOCKOPT_STRUCT,
	  .min_len = sizeof(struct ipv6_mreq), .reads = sizeof(struct ipv6_mreq),
	  .stream_errno = EPROTO, .access = SOCKOPT_WO, .set = set_membership6 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_ALL_, "IPV6_MULTICAST_ALL", SOCKOPT_BOOL, INET(mc6_all) },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", SOCKOPT_BOOL, INET(pktinfo6) },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, "IPV6_RECVHOPLIMIT", SOCKOPT_BOOL,
	  INET(recvhoplimit) },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, "IPV6_RECVTCLASS", SOCKOPT_BOOL, INET(recvtclass) },
	{ IPPROTO_IPV6, IPV6_RECVERR, "IPV6_RECVERR", SOCKOPT_BOOL, INET(recverr6),
	  .set = set_recverr },
	{ IPPROTO_IPV6, IPV6_TCLASS, "IPV6_TCLASS", SOCKOPT_INT, INET(tos), .set = set_tos },
	{ IPPROTO_IPV6, IPV6_MTU, "IPV6_MTU", SOCKOPT_INT, .set = set_frag_size, .get = get_mtu },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, "IPV6_MTU_DISCOVER", SOCKOPT_INT, INET(pmtudisc),
	  .min = IPV6_PMTUDISC_DONT, .max = IPV6_PMTUDISC_OMIT, .set = set_mtu_discover },
};
static const struct sockopt_table ipv6_options = { ipv6_rows, ARRAY_SIZE(ipv6_rows), .int_or_zero = true };

const struct sockopt_table *inet_sockopt_table(const struct sock *sk, int level)
{
	if (level == IPPROTO_TCP && sk->type == SOCK_STREAM)
		return &tcp_socket_options;
	/* ipv6_setsockopt(): what TCP and UDP have of IPv4 is theirs. */
	if (level == IPPROTO_IP && (sk->family == AF_INET || sk->type != SOCK_RAW))
		return &ip_options;
	if (level == IPPROTO_IPV6 && sk->family == AF_INET6)
		return &ipv6_options;
	return NULL;
}

s64 inet_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
		    socklen_t len)
{
	const struct sockopt_table *tab = inet_sockopt_table(sk, level);

	return tab ? sockopt_table_set(t, sk, tab, name, val, len) : -ENOPROTOOPT;
}

s64 inet_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
		    socklen_t *len)
{
	const struct sockopt_table *tab = inet_sockopt_table(sk, level);

	if (!tab)
		return sk->family == AF_INET ? -EOPNOTSUPP : -ENOPROTOOPT;
	return sockopt_table_get(t, sk, tab, name, val, len);
}

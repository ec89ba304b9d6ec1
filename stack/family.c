/* SPDX-License-Identifier: MIT */
/*
 * The table of address families, and of what AF_INET and AF_INET6 offer (socket(2), ip(7)).
 */
#include "sim/host/process.h"
#include "stack/af_packet.h"
#include "stack/af_unix.h"
#include "stack/capability.h"
#include "stack/netlink.h"
#include "stack/ping.h"
#include "stack/raw.h"
#include "stack/sock.h"
#include "stack/tcp.h"
#include "stack/udp.h"

#define SOCK_MAX_TYPE 11

struct inet_protosw {
	int type, protocol;
	const struct proto_ops *v4, *v6;
};

/* The first row of a type is its default protocol. */
static const struct inet_protosw inetsw[] = {
	{ SOCK_STREAM, IPPROTO_TCP, &tcp_prot, &tcpv6_prot },
	{ SOCK_DGRAM, IPPROTO_UDP, &udp_prot, &udpv6_prot },
	{ SOCK_DGRAM, IPPROTO_ICMP, &ping_prot, NULL },
	{ SOCK_DGRAM, IPPROTO_ICMPV6, NULL, &pingv6_prot },
};

/* Any protocol but 0 has raw sockets. */
static s64 raw_create(struct task *t, struct net *net, bool v6, int protocol, struct sock **out)
{
	if (!protocol)
		return -EPROTONOSUPPORT;
	if (!capable(t, CAP_NET_RAW))
		return -EPERM;
	*out = sk_alloc(net, v6 ? &rawv6_prot : &raw_prot);
	(*out)->protocol = (u16)protocol;
	return 0;
}

/*
 * inet_create(): a known protocol of another type is EPROTONOSUPPORT, an unknown type
 * ESOCKTNOSUPPORT.
 */
static s64 inet_create_sock(struct task *t, struct net *net, bool v6, int type, int protocol, struct sock **out)
{
	bool known = false;

	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (type == SOCK_RAW)
		return raw_create(t, net, v6, protocol, out);
	for (size_t i = 0; i < ARRAY_SIZE(inetsw); i++) {
		const struct inet_protosw *sw = &inetsw[i];

		if (sw->type != type)
			continue;
		known = true;
		if ((protocol && protocol != sw->protocol) || !(v6 ? sw->v6 : sw->v4))
			continue;
		if (sw->v4 == &ping_prot || sw->v6 == &pingv6_prot) {
			s64 err = ping_may_create(t, net);

			if (err)
				return err;
		}
		*out = sk_alloc(net, v6 ? sw->v6 : sw->v4);
		return 0;
	}
	return known ? -EPROTONOSUPPORT : -ESOCKTNOSUPPORT;
}

static s64 inet4_create(struct task *t, struct net *net, int type, int protocol, struct sock **out)
{
	return inet_create_sock(t, net, false, type, protocol, out);
}

static s64 inet6_create(struct task *t, struct net *net, int type, int protocol, struct sock **out)
{
	if (net->sysctl.ipv6_disable)
		return -EAFNOSUPPORT;
	return inet_create_sock(t, net, true, type, protocol, out);
}

static const struct net_family families[] = {
	{ AF_UNIX, unix_create },
	{ AF_INET, inet4_create },
	{ AF_INET6, inet6_create },
	{ AF_NETLINK, netlink_create },
	{ AF_PACKET, packet_create },
};

s64 sock_create(struct task *t, int family, int type, int protocol, struct sock **out)
{
	s64 ret = -EAFNOSUPPORT;

	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_MAX_TYPE)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (families[i].family == family)
			ret = families[i].create(t, t->host->net, type, protocol, out);
	}
	if (ret)
		return ret;
	(*out)->uid = t->proc->uid;
	(*out)->label = process_attr(t->proc)->label;
	if ((*out)->ops->init)
		ret = (*out)->ops->init(*out);
	if (ret) {
		sock_put(*out);
		*out = NULL;
	}
	return ret;
}

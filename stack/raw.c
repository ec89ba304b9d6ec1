/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets of both families (raw.h; net/ipv4/raw.c and net/ipv6/raw.c in Linux).
 */
#include "stack/raw.h"

#include <linux/icmp.h>
#include <linux/sockios.h>
#include <netinet/icmp6.h>
#include <sys/ioctl.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "stack/errqueue.h"
#include "stack/inet_mc.h"
#include "stack/ip_internal.h"
#include "stack/raw6.h"
#include "stack/sockopt.h"
#include "stack/syscall.h"

/* ---- life -------------------------------------------------------------------------------------- */

static int raw_init_sock(struct sock *sk)
{
	struct raw_sock *raw = raw_sk(sk);

	inet_sock_init(&raw->inet);
	sk->reuse = true; /* INET_PROTOSW_REUSE */
	raw->inet.num = raw->inet.sport = sk->protocol;
	raw->inet.hdrincl = sk->protocol == IPPROTO_RAW;
	if (sk->family == AF_INET6)
		rawv6_init(raw);
	list_add_tail(&raw->node, &sk->net->raw_socks);
	return 0;
}

static s64 raw_release(struct task *t, struct sock *sk)
{
	raw_flush_pending(raw_sk(sk));
	inet_mc_drop(inet_sk(sk));
	list_del_init(&raw_sk(sk)->node);
	sock_set_state(sk, TCP_CLOSE);
	skb_queue_purge(&sk->receive_queue);
	return 0;
}

static void raw_destruct(struct sock *sk)
{
	raw_flush_pending(raw_sk(sk));
	list_del_init(&raw_sk(sk)->node);
}

/* ---- names ------------------------------------------------------------------------------------- */

static s64 raw_bind(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in *sin = (const void *)sa;
	struct inet_sock *inet = inet_sk(sk);
	union ipaddr a;
	enum rtn_type type;

	if (sk->state != TCP_CLOSE || len < sizeof(*sin))
		return -EINVAL;
	/* Nobody asks for the family. */
	a = ipaddr_v4(sin->sin_addr.s_addr);
	type = ipaddr_is_any(&a) ? RTN_UNSPEC_ : ip_addr_type(sk->net, &a);
	if (type == RTN_UNICAST_ && !inet->freebind && !inet->transparent &&
	    !sk->net->sysctl.ip_nonlocal_bind)
		return -EADDRNOTAVAIL;
	inet->rcv_saddr = inet->saddr = a;
	if (type == RTN_MULTICAST_ || type == RTN_BROADCAST_)
		inet->saddr = ipaddr_v4(INADDR_ANY);
	inet->dst.dev = NULL;
	return 0;
}

/*
 * __udp_disconnect(): since a protocol is no port that bind() locked, the socket also leaves the
 * table, and receives no more.
 */
static s64 raw_disconnect(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	union ipaddr any = sk->family == AF_INET ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);

	sock_set_state(sk, TCP_CLOSE);
	inet->daddr = inet->saddr = inet->rcv_saddr = any;
	inet->dport = 0;
	inet->dst.dev = NULL;
	inet->sport = 0;
	sk->bound_dev_if = 0;
	list_del_init(&raw_sk(sk)->node);
	return 0;
}

static s64 raw_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       int file_flags)
{
	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC)
		return raw_disconnect(sk);
	if (sk->family == AF_INET6 && sa->sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	return datagram_connect(sk, sa, len);
}

/* ---- from the network layer -------------------------------------------------------------------- */

static bool raw_match(struct raw_sock *raw, int family, u8 proto, const union ipaddr *laddr,
		      const union ipaddr *raddr, int dif)
{
	const struct inet_sock *inet = &raw->inet;

	if (inet->sk.family != family || inet->num != proto)
		return false;
	if (!ipaddr_is_any(&inet->daddr) && !ipaddr_equal(&inet->daddr, raddr))
		return false;
	if (inet->sk.bound_dev_if && inet->sk.bound_dev_if != dif)
		return false;
	if (ipaddr_is_any(&inet->rcv_saddr) || ipaddr_equal(&inet->rcv_saddr, laddr))
		return true;
	return family == AF_INET6 && ipaddr_is_multicast(laddr) && inet_mc_wants(inet, laddr, dif);
}

static bool raw_filtered(const struct raw_sock *raw, struct sk_buff *skb, const struct ip_rx *rx)
{
	u8 type;

	if (rx->proto != (raw->inet.sk.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return false;
	if (!pskb_may_pull(skb, sizeof(struct icmphdr)))
		return true;
	type = skb_data(skb)[0];
	if (raw->inet.sk.family == AF_INET6)
		return raw->icmp6_filter[type / 32] >> type % 32 & 1;
	return type < 32 && (raw->icmp_filter >> type & 1);
}

static void raw_drop(struct sock *sk, struct sk_buff *copy, enum skb_drop_reason reason)
{
	sk->drops++;
	kfree_skb_reason(copy, reason, PLACE_SOCKET_RX);
}

/* Takes copy: IPv4 shows the header too. */
static void raw_rcv(struct raw_sock *raw, struct sk_buff *copy)
{
	struct sock *sk = &raw->inet.sk;
	int err;

	if (sk->family == AF_INET6 && !rawv6_csum_ok(raw, copy)) {
		raw_drop(sk, copy, SKB_DROP_REASON_SKB_CSUM);
		return;
	}
	if (sk->family == AF_INET)
		skb_push(copy, (u32)(copy->data - copy->network_header));
	skb_checksum_show(copy, copy->dev && copy->dev->flags & IFF_LOOPBACK);
	trace_hop(sk->net->sim->trace, copy->id, net_now(sk->net), sk->host->id, PLACE_SOCKET_RX,
		  copy->dev ? copy->dev->ifindex : 0, -1);
	err = sock_queue_rcv_skb(sk, copy);
	if (err)
		kfree_skb_reason(copy, sock_drop_reason(err), PLACE_SOCKET_RX);
}

bool raw_deliver(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	int family = ipaddr_is_v4(&rx.daddr) ? AF_INET : AF_INET6;
	struct raw_sock *raw;
	bool found = false;

	list_for_each_entry(raw, &net->raw_socks, node) {
		struct sock *sk = &raw->inet.sk;

		if (!raw_match(raw, family, rx.proto, &rx.daddr, &rx.saddr, rx.iif))
			continue;
		found = true;
		if (sk->rmem_alloc >= sk->rcvbuf) {
			raw_drop(sk, skb_clone(skb), SKB_DROP_REASON_SOCKET_RCVBUFF);
			continue;
		}
		if (raw_filtered(raw, skb, &rx) ||
		    (family == AF_INET && rx.multicast &&
		     !inet_mc_wants(&raw->inet, &rx.daddr, rx.iif)))
			continue;
		raw_rcv(raw, skb_clone(skb));
	}
	return found;
}

/* ---- errors ------------------------------------------------------------------------------------ */

static bool too_big(const struct icmp_error *e)
{
	return e->v6 ? e->type == ICMP6_PACKET_TOO_BIG :
		       e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED;
}

static void raw_err_one(struct raw_sock *raw, const struct icmp_error *e)
{
	struct inet_sock *inet = &raw->inet;
	bool fatal = e->fatal, wanted = inet_recverr(inet, e->v6);
	struct icmp_error whole = *e;

	if (too_big(e)) {
		ip_update_pmtu(inet->sk.net, &e->daddr, e->info);
		fatal = e->v6 ? inet->pmtudisc == IP_PMTUDISC_DO :
				inet->pmtudisc != IP_PMTUDISC_DONT;
	}
	if (!wanted && (inet->sk.state != TCP_ESTABLISHED || !fatal))
		return;
	if (wanted) {
		/* Who writes the header himself gets it back too. */
		if (inet->hdrincl)
			whole.inner = e->skb->head + e->skb->data + sizeof(struct icmphdr);
		ip_icmp_error(inet, &whole, e->err, 0, 0);
	}
	inet->sk.err = e->err;
	inet->sk.error_report(&inet->sk);
}

void raw_err(struct net *net, u8 proto, const struct icmp_error *e)
{
	struct raw_sock *raw;

	list_for_each_entry(raw, &net->raw_socks, node) {
		if (raw_match(raw, e->v6 ? AF_INET6 : AF_INET, proto, &e->saddr, &e->daddr, e->iif))
			raw_err_one(raw, e);
	}
}

/* ---- to the reader ----------------------------------------------------------------------------- */

static s64 raw_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct sk_buff *skb;
	u32 len, copied;
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
	copied = (u32)min((size_t)len, m->iter.total);
	if (copied < len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, 0, &m->iter, 0, copied);
	datagram_fill_name(sk, m, IP_RX(skb), 0);
	sock_recv_cmsgs(m, sk, skb);
	inet_cmsg_recv(inet_sk(sk), m, IP_RX(skb), 0);
	inet_cmsg_recv_opts(inet_sk(sk), m, skb);
	if (!(flags & MSG_PEEK)) {
		skb_unlink(&sk->receive_queue, skb);
		trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_RECV,
			  skb->dev ? skb->dev->ifindex : 0, -1);
		consume_skb(skb);
	}
	return flags & MSG_TRUNC ? len : copied;
}

static u32 raw_poll(struct sock *sk)
{
	return datagram_poll(sk, sk->receive_queue.qlen);
}

static s64 raw_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct sk_buff *skb;

	switch (cmd) {
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem_alloc;
		return 0;
	case FIONREAD:
		skb = skb_peek(&sk->receive_queue);
		*(int *)arg = skb ? (int)skb->len : 0;
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- options ----------------------------------------------------------------------------------- */

static s64 raw_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
			  socklen_t len)
{
	if (level != SOL_RAW)
		return inet_setsockopt(t, sk, level, name, val, len);
	if (name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	if (!sockopt_there(val, len))
		return -EFAULT;
	if (len)
		memcpy(&raw_sk(sk)->icmp_filter, val,
		       min(len, (socklen_t)sizeof(struct icmp_filter)));
	return 0;
}

static s64 raw_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
			  socklen_t *len)
{
	if (level != SOL_RAW)
		return inet_getsockopt(t, sk, level, name, val, len);
	if (name != ICMP_FILTER)
		return -ENOPROTOOPT;
	if (sk->protocol != IPPROTO_ICMP)
		return -EOPNOTSUPP;
	*len = min(*len, (socklen_t)sizeof(struct icmp_filter));
	if (*len)
		memcpy(val, &raw_sk(sk)->icmp_filter, *len);
	return 0;
}

#define RAW_OPS(text, af, ...)                                                                     \
	{                                                                                          \
		.name = text, .family = af, .type = SOCK_RAW, .obj_size = sizeof(struct raw_sock), \
		.init = raw_init_sock, .release = raw_release, .destruct = raw_destruct,           \
		.connect = raw_connect, .shutdown = datagram_shutdown, .getname = inet_getname,    \
		.recvmsg = raw_recvmsg, .poll = raw_poll, .ioctl = raw_ioctl, __VA_ARGS__          \
	}

const struct proto_ops raw_prot =
	RAW_OPS("RAW", AF_INET, .bind = raw_bind, .sendmsg = raw_sendmsg,
		.setsockopt = raw_setsockopt, .getsockopt = raw_getsockopt);
const struct proto_ops rawv6_prot =
	RAW_OPS("RAWv6", AF_INET6, .bind = rawv6_bind, .sendmsg = rawv6_sendmsg,
		.setsockopt = rawv6_setsockopt, .getsockopt = rawv6_getsockopt);

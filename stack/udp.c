/* SPDX-License-Identifier: MIT */
#include "stack/errqueue.h"
#include "stack/udp.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "nic/napi.h"
#include "sim/host/host.h"
#include "stack/datagram.h"
#include "stack/inet_mc.h"
#include "stack/sockopt.h"
#include "stack/udp_priv.h"

static int udp_init_sock(struct sock *sk)
{
	inet_sock_init(inet_sk(sk));
	skb_queue_init(&udp_sk(sk)->reader_queue);
	return 0;
}

static void udp_purge(struct udp_sock *up)
{
	struct sock *sk = &up->inet.sk;

	while (udp_first_packet(up)) {
		struct sk_buff *skb = skb_peek(&up->reader_queue);

		udp_unlink(up, skb);
		consume_skb(skb);
	}
	sk->rmem_alloc -= up->forward_deficit;
	up->forward_deficit = 0;
}

static s64 udp_release(struct task *t, struct sock *sk)
{
	udp_flush_pending(udp_sk(sk));
	inet_mc_drop(inet_sk(sk));
	reuseport_detach_sock(inet_sk(sk));
	if (inet_sk(sk)->num)
		inet_put_port(sk);
	sock_set_state(sk, TCP_CLOSE);
	udp_purge(udp_sk(sk));
	return 0;
}

/* ---- connect ----------------------------------------------------------------------------------- */

/* connect() with AF_UNSPEC. What bind() fixed stays. */
static s64 udp_disconnect(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);
	union ipaddr any = sk->family == AF_INET ? ipaddr_v4(INADDR_ANY) : ipaddr_v6(&in6addr_any);

	sock_set_state(sk, TCP_CLOSE);
	inet->daddr = any;
	inet->dport = 0;
	inet->dst.dev = NULL;
	if (!(sk->userlocks & SOCK_BINDADDR_LOCK))
		inet->saddr = inet->rcv_saddr = any;
	if (!(sk->userlocks & SOCK_BINDPORT_LOCK) && inet->num) {
		inet_put_port(sk);
		inet->sport = 0;
	}
	return 0;
}

static s64 udp_connect(struct task *t, struct sock *sk, const struct sockaddr *sa, socklen_t len,
		       int file_flags)
{
	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	if (sa->sa_family == AF_UNSPEC)
		return udp_disconnect(sk);
	if (inet_autobind(sk))
		return -EAGAIN;
	return datagram_connect(sk, sa, len);
}

/* ---- receiving --------------------------------------------------------------------------------- */

static s64 udp_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	struct udp_sock *up = udp_sk(sk);
	struct sk_buff *skb;
	struct ip_rx rx;
	bool peek_off = flags & MSG_PEEK && sk->peek_off >= 0;
	u32 off = peek_off ? (u32)sk->peek_off : 0;
	u32 ulen, copied;
	u16 sport, dport;
	int err;

	if (flags & MSG_ERRQUEUE)
		return ip_recv_error(&up->inet, m);
	err = sock_error(sk);
	if (err)
		return err;
	skb = peek_off ? udp_peek_packet(up, &off) : udp_first_packet(up);
	if (!skb)
		return datagram_wait_packet(t, sk, flags);
	rx = *IP_RX(skb);
	sport = get_be16(skb_data(skb));
	dport = get_be16(skb_data(skb) + 2);
	ulen = skb->len - UDP_HLEN;
	copied = (u32)min((size_t)(ulen - off), m->iter.total);
	if (copied < ulen)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, UDP_HLEN + off, &m->iter, 0, copied);
	datagram_fill_name(sk, m, &rx, sport);
	rps_record_flow(sk->host, skb->hash);
	sock_recv_cmsgs(m, sk, skb);
	inet_cmsg_recv(&up->inet, m, &rx, dport);
	inet_cmsg_recv_opts(&up->inet, m, skb);
	if (!(flags & MSG_PEEK)) {
		if (ipaddr_is_v4(&rx.daddr))
			NET_INC_STATS(sk->net, InDatagrams);
		else
			NET_INC_STATS(sk->net, Udp6InDatagrams);
		udp_unlink(up, skb);
		trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_RECV,
			  skb->dev ? skb->dev->ifindex : 0, -1);
		consume_skb(skb);
		sk_peek_offset_bwd(sk, flags & MSG_TRUNC ? ulen : copied);
	} else {
		sk_peek_offset_fwd(sk, flags & MSG_TRUNC ? ulen : copied);
	}
	return flags & MSG_TRUNC ? ulen : copied;
}

/* udp_poll(): a blocking reader is not told of a packet with a bad checksum. */
static u32 udp_poll(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);
	bool nonblock = sk->file && sk->file->flags & O_NONBLOCK;
	bool readable = sk->receive_queue.qlen || up->reader_queue.qlen;

	if (readable && !nonblock && !(sk->shutdown & RCV_SHUTDOWN))
		readable = udp_first_packet(up) != NULL;
	return datagram_poll(sk, readable);
}

static s64 udp_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct sk_buff *skb;

	switch (cmd) {
	case SIOCOUTQ:
		*(int *)arg = (int)sk->wmem_alloc;
		return 0;
	case FIONREAD:
		skb = udp_first_packet(udp_sk(sk));
		*(int *)arg = skb ? (int)(skb->len - UDP_HLEN) : 0;
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- options ----------------------------------------------------------------------------------- */

static s64 udp_setsockopt(struct task *t, struct sock *sk, int level, int name, const void *val,
			  socklen_t len)
{
	int v;

	if (level != IPPROTO_UDP)
		return inet_setsockopt(t, sk, level, name, val, len);
	if (len < sizeof(v))
		return -EINVAL;
	if (!sockopt_there(val, len))
		return -EFAULT;
	memcpy(&v, val, sizeof(v));
	if (name != UDP_CORK) {
		sk->net->enoprotoopt++;
		return -ENOPROTOOPT;
	}
	udp_sk(sk)->corkflag = v != 0;
	return v ? 0 : udp_push_pending(udp_sk(sk));
}

static s64 udp_getsockopt(struct task *t, struct sock *sk, int level, int name, void *val,
			  socklen_t *len)
{
	int v;

	if (level != IPPROTO_UDP)
		return inet_getsockopt(t, sk, level, name, val, len);
	if (name != UDP_CORK) {
		sk->net->enoprotoopt++;
		return -ENOPROTOOPT;
	}
	v = udp_sk(sk)->corkflag;
	*len = min(*len, (socklen_t)sizeof(v));
	memcpy(val, &v, *len);
	return 0;
}

#define UDP_PROTO_OPS(af, text)                                                                    \
	{                                                                                          \
		.name = text, .family = af, .type = SOCK_DGRAM, .protocol = IPPROTO_UDP,           \
		.obj_size = sizeof(struct udp_sock), .init = udp_init_sock,                        \
		.release = udp_release, .bind = inet_bind, .connect = udp_connect,                 \
		.shutdown = datagram_shutdown, .getname = inet_getname, .sendmsg = udp_sendmsg,         \
		.recvmsg = udp_recvmsg, .poll = udp_poll, .ioctl = udp_ioctl,                      \
		.setsockopt = udp_setsockopt, .getsockopt = udp_getsockopt,                        \
	}

const struct proto_ops udp_prot = UDP_PROTO_OPS(AF_INET, "UDP");
const struct proto_ops udpv6_prot = UDP_PROTO_OPS(AF_INET6, "UDPv6");

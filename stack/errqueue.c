/* SPDX-License-Identifier: MIT */
/*
 * The error queue of IP sockets: net/ipv4/ip_sockglue.c and net/ipv6/datagram.c, ip(7), ipv6(7).
 *
 * An entry is a packet whose header area holds what the reader is told, and whose data is the quoted
 * payload. It counts against SO_RCVBUF like received data.
 */
#include "stack/errqueue.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>

#include "stack/ip.h"

struct ext_err {
	struct sock_extended_err ee;
	bool v6;
	u16 port;
	union ipaddr daddr; /* where the packet went */
	struct ip_rx rx;    /* of the ICMP message */
};

static struct ext_err *ext_err(struct sk_buff *skb)
{
	return (struct ext_err *)(void *)skb_network_header(skb);
}

static bool is_icmp(const struct ext_err *x)
{
	return x->ee.ee_origin == SO_EE_ORIGIN_ICMP || x->ee.ee_origin == SO_EE_ORIGIN_ICMP6;
}

static struct sk_buff *make(struct sock *sk, const struct ext_err *x)
{
	struct sk_buff *skb = alloc_skb(sk->host);

	memcpy(skb_put(skb, sizeof(*x)), x, sizeof(*x));
	skb_reset_network_header(skb);
	skb_pull(skb, sizeof(*x));
	skb->tstamp = host_now(sk->host);
	return skb;
}

/* sock_queue_err_skb() */
static void queue(struct sock *sk, struct sk_buff *skb)
{
	if (sk->rmem_alloc + skb->truesize >= sk->rcvbuf) {
		consume_skb(skb);
		return;
	}
	skb_set_owner_r(skb, sk);
	skb_queue_tail(&sk->error_queue, skb);
	if (!sk->dead)
		sk->error_report(sk);
}

void ip_icmp_error(struct inet_sock *inet, const struct icmp_error *e, int err, u16 port, u32 hdr)
{
	struct ext_err x = { .v6 = e->v6, .port = port, .daddr = e->daddr, .rx = *IP_RX(e->skb) };
	const u8 *base = e->skb->head + e->skb->data;
	u32 off = (u32)(e->inner - base) + hdr;
	struct sk_buff *skb;
	u32 len;
	u8 *flat;

	x.ee = (struct sock_extended_err){
		.ee_errno = (u32)err, .ee_type = e->type, .ee_code = e->code, .ee_info = e->info,
		.ee_origin = e->v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP,
	};
	if (off > e->skb->len)
		return;
	skb = make(&inet->sk, &x);
	len = e->skb->len - off;
	flat = xrealloc(NULL, len + 1);
	skb_copy_bits(e->skb, off, flat, len);
	skb_add_data(skb, flat, len);
	free(flat);
	skb->truesize = e->skb->truesize;
	queue(&inet->sk, skb);
}

void ip_local_error(struct inet_sock *inet, int err, const union ipaddr *daddr, u16 port, u32 info)
{
	struct ext_err x = { .v6 = !ipaddr_is_v4(daddr), .port = port, .daddr = *daddr };
	struct sk_buff *skb;

	if (!inet_recverr(inet, x.v6))
		return;
	x.ee = (struct sock_extended_err){
		.ee_errno = (u32)err, .ee_origin = SO_EE_ORIGIN_LOCAL, .ee_info = info,
	};
	skb = make(&inet->sk, &x);
	skb->truesize = SKB_TRUESIZE(x.v6 ? 40 : 20);
	queue(&inet->sk, skb);
}

/* sock_dequeue_err_skb(): SO_ERROR follows the head of the queue. */
static struct sk_buff *dequeue(struct sock *sk)
{
	struct sk_buff *skb = skb_dequeue(&sk->error_queue), *next = skb_peek(&sk->error_queue);
	bool next_icmp = next && is_icmp(ext_err(next));

	if (!skb)
		return NULL;
	if (next_icmp)
		sk->err = (int)ext_err(next)->ee.ee_errno;
	else if (is_icmp(ext_err(skb)))
		sk->err = 0;
	if (next)
		sk->error_report(sk);
	return skb;
}

static socklen_t to_sockaddr(const struct inet_sock *inet, const struct ext_err *x,
			     const union ipaddr *a, u16 port, struct sockaddr_storage *ss)
{
	bool scoped = x->v6 && ipaddr_is_linklocal(a);

	memset(ss, 0, sizeof(*ss));
	return ipaddr_to_sockaddr(a, port, scoped ? (u32)x->rx.iif : 0, inet->sk.family, ss);
}

static void put_error(struct inet_sock *inet, struct msg *m, const struct ext_err *x)
{
	bool v4 = inet->sk.family == AF_INET;
	struct {
		struct sock_extended_err ee;
		u8 offender[sizeof(struct sockaddr_in6)];
	} hdr = { .ee = x->ee };
	socklen_t len = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	struct sockaddr_storage ss;

	if (is_icmp(x)) {
		to_sockaddr(inet, x, &x->rx.saddr, 0, &ss);
		memcpy(hdr.offender, &ss, len);
		inet_cmsg_recv(inet, m, &x->rx, 0);
	}
	put_cmsg(m, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR,
		 sizeof(hdr.ee) + len, &hdr);
}

s64 ip_recv_error(struct inet_sock *inet, struct msg *m)
{
	struct sk_buff *skb = dequeue(&inet->sk);
	struct sockaddr_storage ss;
	const struct ext_err *x;
	socklen_t len;
	u32 copied;

	if (!skb)
		return -EAGAIN;
	x = ext_err(skb);
	copied = (u32)min((size_t)skb->len, m->iter.total);
	if (copied < skb->len)
		m->flags |= MSG_TRUNC;
	skb_copy_to_iter(skb, 0, &m->iter, 0, copied);
	sock_recv_timestamp(m, &inet->sk, skb->tstamp);
	if (m->name) {
		len = to_sockaddr(inet, x, &x->daddr, x->port, &ss);
		memcpy(m->name, &ss, min(len, m->namelen));
		m->namelen = len;
	}
	put_error(inet, m, x);
	m->flags |= MSG_ERRQUEUE;
	consume_skb(skb);
	return copied;
}

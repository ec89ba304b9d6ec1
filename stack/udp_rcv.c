/* SPDX-License-Identifier: MIT */
/*
 * Receiving UDP: from the network layer to a socket's queue.
 */
#include <netinet/ip_icmp.h>
#include <netinet/icmp6.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "sim/host/host.h"
#include "stack/bpf.h"
#include "stack/errqueue.h"
#include "stack/udp_priv.h"

/* Shorter datagrams are verified when they arrive, longer ones when they are copied to the reader. */
#define CHECKSUM_BREAK 76u

static void count_error(struct net *net, bool v4, bool csum)
{
	if (v4) {
		NET_INC_STATS(net, UdpInErrors);
		NET_ADD_STATS(net, UdpInCsumErrors, csum);
	} else {
		NET_INC_STATS(net, Udp6InErrors);
		NET_ADD_STATS(net, Udp6InCsumErrors, csum);
	}
}

bool udp_csum_complete(struct sk_buff *skb)
{
	const struct ip_rx *rx = IP_RX(skb);

	if (skb->ip_summed != CHECKSUM_NONE)
		return true;
	if (!ip_transport_csum_ok(skb, &rx->saddr, &rx->daddr, IPPROTO_UDP))
		return false;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

/* ---- queueing ---------------------------------------------------------------------------------- */

static void udp_rmem_release(struct udp_sock *up, u32 size, bool partial)
{
	struct sock *sk = &up->inet.sk;

	up->forward_deficit += size;
	if (partial && up->forward_deficit < sk->rcvbuf >> 2 && up->reader_queue.qlen)
		return;
	assert(sk->rmem_alloc >= up->forward_deficit);
	sk->rmem_alloc -= up->forward_deficit;
	up->forward_deficit = 0;
}

void udp_unlink(struct udp_sock *up, struct sk_buff *skb)
{
	skb_unlink(&up->reader_queue, skb);
	skb->sk = NULL;
	udp_rmem_release(up, skb->truesize, true);
}

static void reader_refill(struct udp_sock *up)
{
	struct sock *sk = &up->inet.sk;

	list_splice_tail_init(&sk->receive_queue.list, &up->reader_queue.list);
	up->reader_queue.qlen += sk->receive_queue.qlen;
	sk->receive_queue.qlen = 0;
}

struct sk_buff *udp_first_packet(struct udp_sock *up)
{
	struct sock *sk = &up->inet.sk;
	struct sk_buff *skb;

	for (;;) {
		skb = skb_peek(&up->reader_queue);
		if (!skb && sk->receive_queue.qlen) {
			reader_refill(up);
			continue;
		}
		if (!skb || udp_csum_complete(skb))
			return skb;
		count_error(sk->net, ipaddr_is_v4(&IP_RX(skb)->daddr), true);
		sk->drops++;
		udp_unlink(up, skb);
		kfree_skb_reason(skb, SKB_DROP_REASON_UDP_CSUM, PLACE_SOCKET_RX);
	}
}

/* Packets that lie before the offset are passed over, empty ones once they have been peeked at. */
struct sk_buff *udp_peek_packet(struct udp_sock *up, u32 *off)
{
	struct sk_buff *skb;

	if (!udp_first_packet(up))
		return NULL;
	if (up->inet.sk.receive_queue.qlen)
		reader_refill(up);
	list_for_each_entry(skb, &up->reader_queue.list, node) {
		u32 len = skb->len - UDP_HLEN;

		if (*off >= len && (*off || IP_RX(skb)->peeked)) {
			*off -= len;
			continue;
		}
		IP_RX(skb)->peeked = !len;
		return skb;
	}
	return NULL;
}

/* __udp_enqueue_schedule_skb(): one packet always fits into an empty buffer. */
static bool udp_enqueue(struct sock *sk, struct sk_buff *skb)
{
	if (sk->rmem_alloc && sk->rmem_alloc + skb->truesize > sk->rcvbuf)
		return false;
	sk->rmem_alloc += skb->truesize;
	skb->sk = sk;
	skb_queue_tail(&sk->receive_queue, skb);
	return true;
}

static void udp_drop(struct sock *sk, struct sk_buff *skb, bool v4, bool csum,
		     enum skb_drop_reason reason)
{
	sk->drops++;
	count_error(sk->net, v4, csum);
	kfree_skb_reason(skb, reason, PLACE_SOCKET_RX);
}

/* Takes skb. */
static void udp_queue_rcv(struct inet_sock *inet, struct sk_buff *skb)
{
	struct sock *sk = &inet->sk;
	bool v4 = ipaddr_is_v4(&IP_RX(skb)->daddr);

	/* A filter sees what is right only. */
	if ((skb->len <= CHECKSUM_BREAK || sk->filter) && !udp_csum_complete(skb)) {
		udp_drop(sk, skb, v4, true, SKB_DROP_REASON_UDP_CSUM);
		return;
	}
	if (sk_filter_trim_cap(sk, skb, UDP_HLEN)) {
		udp_drop(sk, skb, v4, false, SKB_DROP_REASON_SOCKET_FILTER);
		return;
	}
	if (skb->napi_id)
		sk->napi_id = skb->napi_id;
	if (inet->dport)
		sk->incoming_cpu = cpu_current(sk->host)->id;
	trace_hop(sk->net->sim->trace, skb->id, net_now(sk->net), sk->host->id, PLACE_SOCKET_RX,
		  skb->dev ? skb->dev->ifindex : 0, -1);
	if (!udp_enqueue(sk, skb)) {
		if (v4)
			NET_INC_STATS(sk->net, RcvbufErrors);
		else
			NET_INC_STATS(sk->net, Udp6RcvbufErrors);
		udp_drop(sk, skb, v4, false, SKB_DROP_REASON_SOCKET_RCVBUFF);
		return;
	}
	sk->data_ready(sk);
}

/* ---- demultiplexing ---------------------------------------------------------------------------- */

struct multi {
	struct sk_buff *skb;
	struct inet_sock *prev; /* delivered when the next is known, so that the last takes the skb */
};

static void multi_deliver(void *ctx, struct inet_sock *inet)
{
	struct multi *m = ctx;

	if (m->prev) {
		struct sk_buff *copy = skb_clone(m->skb);

		memcpy(copy->cb, m->skb->cb, sizeof(copy->cb));
		udp_queue_rcv(m->prev, copy);
	}
	m->prev = inet;
}

static void udp_deliver_multi(struct net *net, struct sk_buff *skb, u16 sport, u16 dport)
{
	const struct ip_rx rx = *IP_RX(skb);
	struct multi m = { .skb = skb };

	udp_lookup_multi(net, &rx.saddr, sport, &rx.daddr, dport, rx.iif, multi_deliver, &m);
	if (m.prev) {
		udp_queue_rcv(m.prev, skb);
		return;
	}
	if (ipaddr_is_v4(&rx.daddr))
		NET_INC_STATS(net, IgnoredMulti);
	else
		NET_INC_STATS(net, Udp6IgnoredMulti);
	consume_skb(skb);
}

static void udp_no_port(struct net *net, struct sk_buff *skb, bool v4)
{
	if (!udp_csum_complete(skb)) {
		count_error(net, v4, true);
		kfree_skb_reason(skb, SKB_DROP_REASON_UDP_CSUM, PLACE_IP_RCV);
		return;
	}
	if (v4)
		NET_INC_STATS(net, NoPorts);
	else
		NET_INC_STATS(net, Udp6NoPorts);
	icmp_send_unreach(net, skb, ICMP_PORT_UNREACH, 0);
	kfree_skb_reason(skb, SKB_DROP_REASON_NO_SOCKET, PLACE_IP_RCV);
}

/* Length and the meaning of a zero checksum (RFC 768; RFC 8200 section 8.1 forbids it in IPv6). */
static enum skb_drop_reason udp_check_header(struct sk_buff *skb, bool v4)
{
	u32 ulen;

	if (!pskb_may_pull(skb, UDP_HLEN))
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	skb_reset_transport_header(skb);
	ulen = get_be16(skb_data(skb) + 4);
	if (ulen > skb->len || ulen < UDP_HLEN)
		return SKB_DROP_REASON_PKT_TOO_SMALL;
	if (ulen < skb->len) {
		skb_trim(skb, ulen);
	}
	if (skb->ip_summed != CHECKSUM_PARTIAL && !get_be16(skb_data(skb) + 6)) {
		if (!v4)
			return SKB_DROP_REASON_UDP_CSUM;
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}
	return SKB_NOT_DROPPED_YET;
}

void udp_rcv(struct net *net, struct sk_buff *skb)
{
	const struct ip_rx rx = *IP_RX(skb);
	bool v4 = ipaddr_is_v4(&rx.daddr);
	enum skb_drop_reason reason = udp_check_header(skb, v4);
	struct inet_sock *inet;
	u16 sport, dport;

	if (reason) {
		count_error(net, v4, reason == SKB_DROP_REASON_UDP_CSUM);
		kfree_skb_reason(skb, reason, PLACE_IP_RCV);
		return;
	}
	skb_orphan(skb);
	sport = get_be16(skb_data(skb));
	dport = get_be16(skb_data(skb) + 2);
	if (rx.broadcast || rx.multicast) {
		udp_deliver_multi(net, skb, sport, dport);
		return;
	}
	inet = udp_lookup(net, skb, &rx.saddr, sport, &rx.daddr, dport, rx.iif);
	if (inet)
		udp_queue_rcv(inet, skb);
	else
		udp_no_port(net, skb, v4);
}

/* ---- errors ------------------------------------------------------------------------------------ */

/* What the error means to a socket: its errno, and whether a connected socket hears of it. */
static int udp_err_convert(struct inet_sock *inet, const struct icmp_error *e, bool *fatal)
{
	bool too_big = e->v6 ? e->type == ICMP6_PACKET_TOO_BIG :
			       e->type == ICMP_DEST_UNREACH && e->code == ICMP_FRAG_NEEDED;

	*fatal = e->fatal;
	if (!too_big)
		return e->err;
	ip_update_pmtu(inet->sk.net, &e->daddr, e->info);
	*fatal = inet->pmtudisc != IP_PMTUDISC_DONT;
	return *fatal ? EMSGSIZE : 0;
}

void udp_err(struct net *net, const struct icmp_error *e)
{
	struct inet_sock *inet;
	struct sock *sk;
	bool fatal;
	int err;

	if (e->inner_len < UDP_HLEN)
		return;
	inet = udp_lookup(net, NULL, &e->daddr, get_be16(e->inner + 2), &e->saddr,
			  get_be16(e->inner), e->iif);
	if (!inet) {
		if (e->v6)
			NET_INC_STATS(net, Icmp6InErrors);
		else
			NET_INC_STATS(net, IcmpInErrors);
		return;
	}
	sk = &inet->sk;
	err = udp_err_convert(inet, e, &fatal);
	if (!err)
		return;
	if (inet_recverr(inet, e->v6))
		ip_icmp_error(inet, e, err, get_be16(e->inner + 2), UDP_HLEN);
	else if (!fatal || sk->state != TCP_ESTABLISHED)
		return;
	sk->err = err;
	sk->error_report(sk);
}

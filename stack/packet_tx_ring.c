/* SPDX-License-Identifier: MIT */
/*
 * PACKET_TX_RING: send(2) sends the frames that the program has marked, in order, and, unless it must not
 * wait, returns when the last has left. A frame is the program's again when the device is done with it.
 */
#include <string.h>

#include "stack/datagram.h"
#include "stack/packet_ring.h"
#include "stack/syscall.h"

#define VLAN_HLEN 4u

bool packet_ring_writeable(const struct packet_sock *po)
{
	return ring_get_status(po->tx, ring_frame(po->tx, po->tx->head)) == TP_STATUS_AVAILABLE;
}

/* The device is done with a frame. */
static void frame_done(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct packet_ring *r = pkt_sk(sk)->tx;

	assert(sk->wmem_alloc >= skb->truesize);
	sk->wmem_alloc -= skb->truesize;
	if (r && r->pending) {
		r->pending--;
		ring_set_status(r, ring_frame(r, skb->tx_slot), TP_STATUS_AVAILABLE);
	}
	if (!sk->net->dying)
		wake_up(&sk->wq, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	sock_put(sk);
}

/* The length and place of a frame's data; negative errno: it is malformed. */
static s64 parse_frame(const struct packet_ring *r, const u8 *frame, u32 size_max, u32 *off)
{
	const struct tpacket_hdr *h1 = (const void *)frame;
	const struct tpacket2_hdr *h2 = (const void *)frame;
	const struct tpacket3_hdr *h3 = (const void *)frame;
	u32 first = r->hdrlen - (u32)sizeof(struct sockaddr_ll), len;
	bool cooked = r->po->sk.type == SOCK_DGRAM;

	*off = first;
	switch (r->po->version) {
	case TPACKET_V1:
		len = h1->tp_len;
		*off = cooked ? h1->tp_net : h1->tp_mac;
		break;
	case TPACKET_V2:
		len = h2->tp_len;
		*off = cooked ? h2->tp_net : h2->tp_mac;
		break;
	default:
		if (h3->tp_next_offset)
			return -EINVAL;
		len = h3->tp_len;
		*off = cooked ? h3->tp_net : h3->tp_mac;
		break;
	}
	if (len > size_max)
		return -EMSGSIZE;
	if (!r->po->tx_has_off)
		*off = first;
	else if (*off < first || r->frame_size - len < *off)
		return -EINVAL;
	return len;
}

static s64 make_packet(struct packet_ring *r, const u8 *frame, const struct net_device *dev,
		       u32 reserve, struct sk_buff **skb)
{
	u32 size_max = min(r->frame_size - (r->hdrlen - (u32)sizeof(struct sockaddr_ll)),
			   dev->mtu + reserve + VLAN_HLEN);
	u32 off;
	s64 len = parse_frame(r, frame, size_max, &off);

	if (len < 0)
		return len;
	if (len < (s64)reserve)
		return -EINVAL;
	if (len > (s64)dev->mtu + reserve &&
	    !(reserve && get_be16(frame + off + 12) == 0x8100))
		return -EMSGSIZE;
	*skb = packet_build(&r->po->sk, frame + off, (u32)len);
	return len;
}

static void charge(struct packet_ring *r, struct sk_buff *skb, u32 slot)
{
	struct sock *sk = &r->po->sk;

	skb->truesize = datagram_truesize(0, skb->len);
	sock_hold(sk);
	skb->sk = sk;
	skb->destructor = frame_done;
	skb->tx_slot = slot;
	sk->wmem_alloc += skb->truesize;
	r->pending++;
}

/* One frame. 1: go on; 0: there is none; negative errno: stop with that. */
static s64 send_one(struct packet_ring *r, struct net_device *dev, be16 proto, const u8 *addr)
{
	bool raw = r->po->sk.type == SOCK_RAW;
	u32 reserve = raw && packet_has_header(dev) ? ETH_HLEN : 0;
	u8 *frame = ring_frame(r, r->head);
	u32 slot = r->head;
	struct sk_buff *skb;
	s64 len;
	int err;

	if (ring_get_status(r, frame) != TP_STATUS_SEND_REQUEST)
		return 0;
	len = make_packet(r, frame, dev, reserve, &skb);
	if (len < 0) {
		ring_set_status(r, frame,
				r->po->loss ? TP_STATUS_AVAILABLE : TP_STATUS_WRONG_FORMAT);
		if (!r->po->loss)
			return len;
		r->head = (r->head + 1) % r->nframes;
		return 1;
	}
	ring_set_status(r, frame, TP_STATUS_SENDING);
	charge(r, skb, slot);
	r->head = (r->head + 1) % r->nframes;
	err = packet_transmit(r->po, skb, dev, proto, addr);
	if (err && ring_get_status(r, frame) == TP_STATUS_AVAILABLE) {
		/* It never left: it stays to be sent. */
		ring_set_status(r, frame, TP_STATUS_SEND_REQUEST);
		r->head = slot;
		return err;
	}
	r->sum += (u32)len;
	return 1;
}

s64 tpacket_snd(struct task *t, struct packet_sock *po, struct msg *m, int flags)
{
	struct packet_ring *r = po->tx;
	struct net_device *dev;
	const u8 *addr;
	nsec_t timeo;
	be16 proto;
	s64 ret = packet_target(po, m, &dev, &proto, &addr);

	if (ret)
		return ret;
	do {
		if (po->sk.wmem_alloc >= po->sk.sndbuf && r->pending)
			break; /* frames come back as they are sent */
		ret = send_one(r, dev, proto, addr);
	} while (ret > 0);
	if (!ret && r->pending && !(flags & MSG_DONTWAIT)) {
		timeo = sock_sndtimeo(&po->sk, false);
		ret = task_wait_on(t, &po->sk.wq, false, EPOLLOUT, timeo, "send");
		if (ret == -EPARK)
			return ret;
		ret = ret == -ERESTARTSYS ? sock_intr_errno(timeo) : -ETIMEDOUT;
	}
	if (!ret)
		ret = r->sum;
	r->sum = 0;
	return ret;
}

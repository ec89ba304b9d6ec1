/* SPDX-License-Identifier: MIT */
/*
 * Rings of packet sockets: set up, mapped, filled (packet_ring.h).
 */
#include "stack/packet_ring.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"

#define RING_PAGE 4096u
#define RING_MAX (1ull << 30) /* of both rings: what does not fit is ENOMEM */
#define BLK_HDR_LEN 48u	      /* struct tpacket_block_desc */

/* ---- frames ------------------------------------------------------------------------------------ */

u8 *ring_block(const struct packet_ring *r, u32 i)
{
	return r->po->ring_mem + r->base + (u64)i * r->block_size;
}

u8 *ring_frame(const struct packet_ring *r, u32 i)
{
	return ring_block(r, i / r->frames_per_block) +
	       (u64)(i % r->frames_per_block) * r->frame_size;
}

u32 ring_get_status(const struct packet_ring *r, const u8 *frame)
{
	switch (r->po->version) {
	case TPACKET_V1:
		return (u32)((const struct tpacket_hdr *)(const void *)frame)->tp_status;
	case TPACKET_V2:
		return ((const struct tpacket2_hdr *)(const void *)frame)->tp_status;
	default:
		return ((const struct tpacket3_hdr *)(const void *)frame)->tp_status;
	}
}

void ring_set_status(const struct packet_ring *r, u8 *frame, u32 status)
{
	switch (r->po->version) {
	case TPACKET_V1:
		((struct tpacket_hdr *)(void *)frame)->tp_status = status;
		break;
	case TPACKET_V2:
		((struct tpacket2_hdr *)(void *)frame)->tp_status = status;
		break;
	default:
		((struct tpacket3_hdr *)(void *)frame)->tp_status = status;
		break;
	}
}

/* ---- set-up ------------------------------------------------------------------------------------ */

static u32 version_hdrlen(int version)
{
	return version == TPACKET_V1 ? TPACKET_HDRLEN :
	       version == TPACKET_V2 ? TPACKET2_HDRLEN :
				       TPACKET3_HDRLEN;
}

static s64 check_request(const struct packet_sock *po, const struct tpacket_req3 *q, bool tx)
{
	u32 min_frame = version_hdrlen(po->version) + po->reserve;
	u64 frames = q->tp_frame_size ? q->tp_block_size / q->tp_frame_size : 0;

	if ((int)q->tp_block_size <= 0 || q->tp_block_size % RING_PAGE)
		return -EINVAL;
	if (po->version == TPACKET_V3 &&
	    q->tp_block_size < BLK_HDR_LEN + (((u64)q->tp_sizeof_priv + 7) & ~7ull) + min_frame)
		return -EINVAL;
	if (q->tp_frame_size < min_frame || q->tp_frame_size % TPACKET_ALIGNMENT || !frames)
		return -EINVAL;
	if (frames > UINT32_MAX / q->tp_block_nr || frames * q->tp_block_nr != q->tp_frame_nr)
		return -EINVAL;
	if (tx && po->version == TPACKET_V3 &&
	    (q->tp_retire_blk_tov || q->tp_sizeof_priv || q->tp_feature_req_word))
		return -EINVAL;
	return 0;
}

/* New memory for both rings, RX first; what one held moves along. */
static s64 remap(struct packet_sock *po)
{
	u64 rx = ring_len(po->rx), len = rx + ring_len(po->tx);
	u8 *mem = NULL, *old = po->ring_mem;
	int fd = -1;

	if (len > RING_MAX)
		return -ENOMEM;
	if (len) {
		fd = memfd_create("packet ring", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, (off_t)len) < 0) {
			close(fd);
			return -ENOMEM;
		}
		mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (mem == MAP_FAILED) {
			close(fd);
			return -ENOMEM;
		}
	}
	if (po->rx && po->rx->base != UINT64_MAX && mem)
		memcpy(mem, old + po->rx->base, rx);
	if (po->tx && po->tx->base != UINT64_MAX && mem)
		memcpy(mem + rx, old + po->tx->base, ring_len(po->tx));
	if (po->rx)
		po->rx->base = 0;
	if (po->tx)
		po->tx->base = rx;
	if (old)
		munmap(old, po->ring_len);
	if (po->ring_fd >= 0)
		close(po->ring_fd);
	po->ring_fd = fd;
	po->ring_mem = mem;
	po->ring_len = len;
	return 0;
}

static void ring_free(struct packet_ring *r)
{
	if (!r)
		return;
	prb_free(r);
	free(r);
}

static struct packet_ring *ring_new(struct packet_sock *po, const struct tpacket_req3 *q)
{
	struct packet_ring *r = xcalloc(1, sizeof(*r));

	r->po = po;
	r->base = UINT64_MAX; /* none yet */
	r->block_size = q->tp_block_size;
	r->nblocks = q->tp_block_nr;
	r->frame_size = q->tp_frame_size;
	r->nframes = q->tp_frame_nr;
	r->frames_per_block = q->tp_block_size / q->tp_frame_size;
	r->hdrlen = version_hdrlen(po->version);
	return r;
}

static s64 replace(struct packet_sock *po, struct packet_ring *r, bool tx,
		   const struct tpacket_req3 *q)
{
	struct packet_ring **slot = tx ? &po->tx : &po->rx, *old = *slot;
	bool was_running = po->running;
	s64 err;

	packet_unregister_hook(po);
	*slot = r;
	err = remap(po);
	if (err) {
		*slot = old;
		ring_free(r);
	} else {
		ring_free(old);
		if (r && !tx && po->version == TPACKET_V3)
			prb_init(r, q);
		po->hook.func = po->rx ? tpacket_rcv : packet_rcv;
		if (!tx)
			skb_queue_purge(&po->sk.receive_queue);
	}
	if (was_running)
		packet_register_hook(po);
	return err;
}

s64 packet_set_ring(struct packet_sock *po, const void *val, socklen_t len, bool tx)
{
	struct packet_ring *r = tx ? po->tx : po->rx;
	size_t need = po->version == TPACKET_V3 ? sizeof(struct tpacket_req3) :
						  sizeof(struct tpacket_req);
	struct tpacket_req3 q = { 0 };
	s64 err;

	if (len < need)
		return -EINVAL;
	if (!val) /* not EFAULT: so says Linux */
		return -EINVAL;
	memcpy(&q, val, need);
	if (r && r->pending)
		return -EBUSY;
	if (!q.tp_block_nr)
		return q.tp_frame_nr ? -EINVAL : r ? replace(po, NULL, tx, &q) : 0;
	if (r)
		return -EBUSY;
	err = check_request(po, &q, tx);
	return err ? err : replace(po, ring_new(po, &q), tx, &q);
}

void packet_free_rings(struct packet_sock *po)
{
	ring_free(po->rx);
	ring_free(po->tx);
	po->rx = po->tx = NULL;
	remap(po);
}

int packet_mmap(struct sock *sk, u64 len, u64 offset)
{
	struct packet_sock *po = pkt_sk(sk);

	len = (len + RING_PAGE - 1) & ~(u64)(RING_PAGE - 1);
	if (offset || !po->ring_len || len != po->ring_len)
		return -EINVAL;
	return po->ring_fd;
}

/* ---- what poll() and fanout ask ---------------------------------------------------------------- */

/* The frame that many places ahead is free. */
static bool frame_free(const struct packet_ring *r, u32 ahead)
{
	u32 i = (r->head + ahead) % r->nframes;

	return ring_get_status(r, ring_frame(r, i)) == TP_STATUS_KERNEL;
}

enum packet_room packet_ring_room(const struct packet_sock *po)
{
	const struct packet_ring *r = po->rx;

	if (po->version == TPACKET_V3)
		return prb_block_free(r, r->nblocks >> 2) ? ROOM_NORMAL :
		       prb_block_free(r, 0)		  ? ROOM_LOW :
							    ROOM_NONE;
	return frame_free(r, r->nframes >> 2) ? ROOM_NORMAL :
	       frame_free(r, 0)		      ? ROOM_LOW :
						ROOM_NONE;
}

bool packet_ring_readable(const struct packet_sock *po)
{
	const struct packet_ring *r = po->rx;

	if (po->version == TPACKET_V3)
		return prb_readable(r);
	return !frame_free(r, r->nframes - 1);
}

/* ---- receiving --------------------------------------------------------------------------------- */

/* Where the parts of a packet go in its frame. */
struct layout {
	u32 mac, net, snaplen;
};

static struct layout place(const struct packet_sock *po, const struct sk_buff *skb, u32 snaplen)
{
	struct layout l = { .snaplen = snaplen };
	u32 maclen, align = TPACKET_ALIGNMENT - 1;

	if (po->sk.type == SOCK_DGRAM) {
		l.mac = l.net = ((po->rx->hdrlen + align) & ~align) + 16 + po->reserve;
		return l;
	}
	maclen = (u32)(skb->network_header - skb->data);
	l.net = ((po->rx->hdrlen + max(maclen, 16u) + align) & ~align) + po->reserve;
	l.mac = l.net - maclen;
	return l;
}

/* PACKET_COPY_THRESH: a packet that is too long for its frame can be read(2) whole. */
static struct sk_buff *copy_for_queue(struct packet_sock *po, struct sk_buff *skb,
				      const struct net_device *dev)
{
	struct sk_buff *copy;

	if (!po->copy_thresh || po->sk.rmem_alloc >= po->sk.rcvbuf)
		return NULL;
	copy = skb_clone(skb);
	packet_fill_cb(po, copy, dev);
	skb_set_owner_r(copy, &po->sk);
	return copy;
}

static void fit(struct packet_sock *po, struct layout *l)
{
	u32 room = po->version == TPACKET_V3 ? po->rx->max_frame_len : po->rx->frame_size;

	if (l->mac + l->snaplen <= room)
		return;
	l->snaplen = room > l->mac ? room - l->mac : 0;
	if (po->version == TPACKET_V3)
		l->mac = min(l->mac, room);
}

static void fill_header(struct packet_sock *po, u8 *frame, const struct sk_buff *skb,
			const struct layout *l, u32 *status, u32 *hdrlen)
{
	nsec_t t = skb->tstamp ? skb->tstamp : net_now(po->sk.net);
	struct tpacket_hdr *h1 = (void *)frame;
	struct tpacket2_hdr *h2 = (void *)frame;
	struct tpacket3_hdr *h3 = (void *)frame;

	t = host_realtime(po->sk.host, t);
	switch (po->version) {
	case TPACKET_V1:
		h1->tp_len = skb->len;
		h1->tp_snaplen = l->snaplen;
		h1->tp_mac = (u16)l->mac;
		h1->tp_net = (u16)l->net;
		h1->tp_sec = (u32)(t / NSEC_PER_SEC);
		h1->tp_usec = (u32)(t % NSEC_PER_SEC / NSEC_PER_USEC);
		*hdrlen = sizeof(*h1);
		break;
	case TPACKET_V2:
		*h2 = (struct tpacket2_hdr){ .tp_status = h2->tp_status, .tp_len = skb->len,
					     .tp_snaplen = l->snaplen, .tp_mac = (u16)l->mac,
					     .tp_net = (u16)l->net,
					     .tp_sec = (u32)(t / NSEC_PER_SEC),
					     .tp_nsec = (u32)(t % NSEC_PER_SEC),
					     .tp_vlan_tci = skb->vlan_tci };
		if (skb->vlan_tci) {
			h2->tp_vlan_tpid = 0x8100;
			*status |= TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
		}
		*hdrlen = sizeof(*h2);
		break;
	default:
		h3->tp_status |= *status;
		h3->tp_len = skb->len;
		h3->tp_snaplen = l->snaplen;
		h3->tp_mac = (u16)l->mac;
		h3->tp_net = (u16)l->net;
		h3->tp_sec = (u32)(t / NSEC_PER_SEC);
		h3->tp_nsec = (u32)(t % NSEC_PER_SEC);
		memset(h3->tp_padding, 0, sizeof(h3->tp_padding));
		*hdrlen = sizeof(*h3);
		break;
	}
}

static void fill_name(u8 *frame, u32 hdrlen, const struct packet_cb *cb)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = cb->protocol,
				  .sll_ifindex = cb->ifindex, .sll_hatype = cb->hatype,
				  .sll_pkttype = cb->pkttype, .sll_halen = cb->halen };

	memcpy(ll.sll_addr, cb->addr, sizeof(ll.sll_addr));
	memcpy(frame + TPACKET_ALIGN(hdrlen), &ll, sizeof(ll));
}

/* The next frame, if the program has given it back. */
static u8 *next_frame(struct packet_sock *po, struct sk_buff *skb, const struct layout *l)
{
	struct packet_ring *r = po->rx;
	u8 *frame;

	if (po->version == TPACKET_V3)
		return prb_get_frame(r, skb, l->mac + l->snaplen);
	frame = ring_frame(r, r->head);
	if (ring_get_status(r, frame) != TP_STATUS_KERNEL)
		return NULL;
	r->head = (r->head + 1) % r->nframes;
	return frame;
}

static void account_drop(struct packet_sock *po, struct sk_buff *skb, struct sk_buff *copy)
{
	po->tp_drops++;
	consume_skb(copy);
	kfree_skb_reason(skb, SKB_DROP_REASON_PACKET_SOCK_ERROR, PLACE_SOCKET_RX);
}

void tpacket_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct packet_sock *po = pkt_sk(pt->priv);
	u32 status = TP_STATUS_USER, hdrlen;
	struct sk_buff *copy = NULL;
	struct layout l;
	u32 snaplen;
	u8 *frame;

	snaplen = packet_prepare(po, skb, dev);
	if (!snaplen) {
		consume_skb(skb);
		return;
	}
	l = place(po, skb, snaplen);
	if (packet_ring_room(po) == ROOM_NONE || l.net > UINT16_MAX) {
		account_drop(po, skb, NULL);
		return;
	}
	if (po->version <= TPACKET_V2 && l.mac + l.snaplen > po->rx->frame_size)
		copy = copy_for_queue(po, skb, dev);
	fit(po, &l);
	packet_fill_cb(po, skb, dev);
	frame = next_frame(po, skb, &l);
	if (!frame) {
		account_drop(po, skb, copy);
		po->sk.data_ready(&po->sk);
		return;
	}
	status |= packet_csum_status(skb);
	if (po->version <= TPACKET_V2 && po->tp_drops)
		status |= TP_STATUS_LOSING;
	po->tp_packets++;
	if (copy) {
		status |= TP_STATUS_COPY;
		skb_queue_tail(&po->sk.receive_queue, copy);
	}
	skb_copy_bits(skb, 0, frame + l.mac, l.snaplen);
	fill_header(po, frame, skb, &l, &status, &hdrlen);
	fill_name(frame, hdrlen, PACKET_CB(skb));
	trace_hop(po->sk.net->sim->trace, skb->id, net_now(po->sk.net), po->sk.host->id,
		  PLACE_SOCKET_RX, dev->ifindex, -1);
	consume_skb(skb);
	if (po->version == TPACKET_V3) {
		prb_fill_done(po->rx);
		return;
	}
	ring_set_status(po->rx, frame, status);
	po->sk.data_ready(&po->sk);
}

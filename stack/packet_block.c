/* SPDX-License-Identifier: MIT */
/*
 * TPACKET_V3: packets of any length are packed into blocks. A block is the program's when it is full, or
 * when its time is over and it holds something; then the next is opened, or, as long as that is still the
 * program's, the queue is frozen and packets are dropped.
 *
 * Linux's timer runs on, from one opening of a block to the next, whether there are packets or not. Here it
 * is armed at the first packet of a block, for the moment at which Linux's would expire.
 */
#include <string.h>

#include "nic/tx.h"
#include "stack/packet_ring.h"

#define BLK_HDR_LEN 48u
#define V3_ALIGN(x) (((x) + 7u) & ~7u)
#define DEFAULT_TIMEOUT (8 * NSEC_PER_MSEC)

static struct tpacket_block_desc *block_desc(const struct packet_ring *r, u32 i)
{
	return (struct tpacket_block_desc *)(void *)ring_block(r, i);
}

static struct tpacket_hdr_v1 *block_hdr(const struct packet_ring *r)
{
	return &block_desc(r, r->active)->hdr.bh1;
}

static u32 first_offset(const struct packet_ring *r)
{
	return BLK_HDR_LEN + V3_ALIGN(r->priv_len);
}

static void stamp(const struct packet_ring *r, struct tpacket_bd_ts *ts)
{
	nsec_t t = host_realtime(r->po->sk.host, net_now(r->po->sk.net));

	ts->ts_sec = (u32)(t / NSEC_PER_SEC);
	ts->ts_nsec = (u32)(t % NSEC_PER_SEC);
}

/* ---- blocks ------------------------------------------------------------------------------------ */

static void open_block(struct packet_ring *r)
{
	struct tpacket_block_desc *d = block_desc(r, r->active);
	struct tpacket_hdr_v1 *h = &d->hdr.bh1;

	d->version = (u32)r->po->version;
	d->offset_to_priv = BLK_HDR_LEN;
	h->seq_num = r->seq++;
	h->num_pkts = 0;
	h->blk_len = first_offset(r);
	h->offset_to_first_pkt = first_offset(r);
	stamp(r, &h->ts_first_pkt);
	r->next = r->prev = first_offset(r);
	r->frozen = false;
	r->opened = net_now(r->po->sk.net);
}

static void close_block(struct packet_ring *r, u32 status)
{
	struct tpacket_hdr_v1 *h = block_hdr(r);
	struct tpacket3_hdr *last = (void *)(ring_block(r, r->active) + r->prev);

	status |= TP_STATUS_USER;
	if (r->po->tp_drops)
		status |= TP_STATUS_LOSING;
	if (h->num_pkts) {
		last->tp_next_offset = 0;
		h->ts_last_pkt.ts_sec = last->tp_sec;
		h->ts_last_pkt.ts_nsec = last->tp_nsec;
	} else {
		stamp(r, &h->ts_last_pkt);
	}
	h->block_status = status;
	timer_del(&r->timer);
	r->active = (r->active + 1) % r->nblocks;
	r->po->sk.data_ready(&r->po->sk);
}

/* The block after the one that was closed. False: still in use. */
static bool dispatch_next(struct packet_ring *r)
{
	if (block_hdr(r)->block_status != TP_STATUS_KERNEL) {
		r->frozen = true;
		r->po->tp_freezes++;
		return false;
	}
	open_block(r);
	return true;
}

static void retire(struct timer *t)
{
	struct packet_ring *r = container_of(t, struct packet_ring, timer);

	if (r->frozen || !block_hdr(r)->num_pkts)
		return;
	close_block(r, TP_STATUS_BLK_TMO);
	dispatch_next(r);
}

/* ---- frames ------------------------------------------------------------------------------------ */

static u8 *take(struct packet_ring *r, struct sk_buff *skb, u32 len)
{
	struct tpacket_hdr_v1 *h = block_hdr(r);
	u8 *frame = ring_block(r, r->active) + r->next;
	struct tpacket3_hdr *h3 = (void *)frame;

	h3->tp_next_offset = len;
	h3->hv1.tp_vlan_tci = skb->vlan_tci;
	h3->hv1.tp_vlan_tpid = skb->vlan_tci ? 0x8100 : 0;
	h3->tp_status = skb->vlan_tci ? TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID : 0;
	h3->hv1.tp_rxhash = r->features & TP_FT_REQ_FILL_RXHASH ? skb_get_hash(skb) : 0;
	h3->hv1.tp_padding = 0;
	r->prev = r->next;
	r->next += len;
	h->blk_len += len;
	h->num_pkts++;
	return frame;
}

u8 *prb_get_frame(struct packet_ring *r, struct sk_buff *skb, u32 len)
{
	len = V3_ALIGN(len);
	if (r->frozen) {
		if (block_hdr(r)->block_status != TP_STATUS_KERNEL)
			return NULL;
		open_block(r);
	}
	if (r->next + len < r->block_size)
		return take(r, skb, len);
	close_block(r, 0);
	return dispatch_next(r) ? take(r, skb, len) : NULL;
}

void prb_fill_done(struct packet_ring *r)
{
	nsec_t now = net_now(r->po->sk.net);

	if (block_hdr(r)->num_pkts == 1 && !timer_pending(&r->timer))
		timer_mod(&r->timer, now + r->timeout - (now - r->opened) % r->timeout);
}

bool prb_block_free(const struct packet_ring *r, u32 ahead)
{
	u32 i = (r->active + ahead) % r->nblocks;

	return block_desc(r, i)->hdr.bh1.block_status == TP_STATUS_KERNEL;
}

bool prb_readable(const struct packet_ring *r)
{
	return !prb_block_free(r, r->nblocks - 1);
}

/* ---- life -------------------------------------------------------------------------------------- */

/* prb_calc_retire_blk_tmo(): long enough for the link to fill the block; 8 ms when it is slow. */
static nsec_t natural_timeout(const struct packet_ring *r)
{
	const struct packet_sock *po = r->po;
	struct net_device *dev = dev_get_by_index(po->sk.host, po->ifindex);
	s64 speed = dev && dev->ops->speed ? dev->ops->speed(dev) : -1;
	u32 mbits;

	if (speed < 1000)
		return DEFAULT_TIMEOUT;
	mbits = (u32)((u64)r->block_size * 8 / (1u << 20));
	return (nsec_t)(mbits / (u32)(speed / 1000) + 1) * NSEC_PER_MSEC;
}

void prb_init(struct packet_ring *r, const struct tpacket_req3 *req)
{
	r->seq = 1;
	r->priv_len = req->tp_sizeof_priv;
	r->features = req->tp_feature_req_word;
	r->max_frame_len = r->block_size - first_offset(r);
	r->timeout = req->tp_retire_blk_tov ? (nsec_t)req->tp_retire_blk_tov * NSEC_PER_MSEC :
					      natural_timeout(r);
	timer_init(&r->timer, r->po->sk.host, retire);
	open_block(r);
}

void prb_free(struct packet_ring *r)
{
	if (r->timer.fn)
		timer_del(&r->timer);
}

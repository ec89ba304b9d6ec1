/* SPDX-License-Identifier: MIT */
/*
 * Generic segmentation offload: TCP over IPv4 and IPv6, and UDP_SEGMENT.
 *
 * Specified by Documentation/networking/segmentation-offloads.rst: every segment but the last
 * carries gso_size bytes of payload. TCP: sequence numbers advance; FIN and PSH belong to the last
 * segment, CWR (RFC 3168, section 6.1.2: one segment per reduction) to the first. IPv4: the
 * identification counts up, the header checksum follows. UDP: each segment has its own length.
 * Transport checksums stay CHECKSUM_PARTIAL.
 */
#include "nic/gso.h"

#include <errno.h>
#include <string.h>

#include "nic/netdev.h"

#define TCPHDR_FIN 0x01
#define TCPHDR_PSH 0x08
#define TCPHDR_CWR 0x80

#define IPV4_TOTLEN 2
#define IPV4_ID 4
#define IPV4_CHECK 10
#define IPV6_PAYLEN 4
#define IPV6_HLEN 40
#define TCP_SEQ 4
#define TCP_DOFF 12
#define TCP_FLAGS 13
#define UDP_LEN 4
#define UDP_HLEN 8

u32 gso_header_len(struct sk_buff *skb)
{
	u32 off = (u32)(skb->transport_header - skb->data);

	if (skb->gso_type == SKB_GSO_UDP_L4)
		return off + UDP_HLEN;
	return off + (u32)(skb_transport_header(skb)[TCP_DOFF] >> 4) * 4;
}

u32 gso_segment_count(struct sk_buff *skb)
{
	u32 payload = skb->len - gso_header_len(skb);

	return payload ? (payload + skb->gso_size - 1) / skb->gso_size : 1;
}

void gso_iter_init(struct gso_iter *it, struct sk_buff *skb)
{
	u8 *ip = skb_network_header(skb);

	assert(skb->gso_size);
	*it = (struct gso_iter){.skb = skb, .hdr_len = gso_header_len(skb)};
	it->left = skb->len - it->hdr_len;
	it->linear_off = skb->data + it->hdr_len;
	if (skb->gso_type != SKB_GSO_UDP_L4)
		it->seq = get_be32(skb_transport_header(skb) + TCP_SEQ);
	if (ip[0] >> 4 == 4)
		it->ipid = get_be16(ip + IPV4_ID);
}

u32 gso_iter_next_len(const struct gso_iter *it)
{
	return it->left || !it->index ? it->hdr_len + min(it->left, it->skb->gso_size) : 0;
}

/* A packet with the first hdr_len bytes of skb at the same place, and what a device needs to know.
 */
static struct sk_buff *copy_headers(struct sk_buff *skb, u32 hdr_len)
{
	struct sk_buff *seg = alloc_skb(skb->host);

	seg->dev = skb->dev;
	seg->data = skb->data;
	seg->tail = (u16)(skb->data + hdr_len);
	seg->len = hdr_len;
	seg->mac_header = skb->mac_header;
	seg->network_header = skb->network_header;
	seg->transport_header = skb->transport_header;
	seg->protocol = skb->protocol;
	seg->pkt_type = skb->pkt_type;
	seg->ip_summed = skb->ip_summed;
	seg->csum_start = skb->csum_start;
	seg->csum_offset = skb->csum_offset;
	seg->hash = skb->hash;
	seg->l4_hash = skb->l4_hash;
	seg->corrupted = skb->corrupted;
	seg->queue_mapping = skb->queue_mapping;
	seg->vlan_tci = skb->vlan_tci;
	seg->priority = skb->priority;
	seg->mark = skb->mark;
	seg->tstamp = skb->tstamp;
	memcpy(seg->head + seg->data, skb->head + skb->data, hdr_len);
	return seg;
}

static void add_payload(struct gso_iter *it, struct sk_buff *seg, u32 len)
{
	struct sk_buff *skb = it->skb;

	it->left -= len;
	if (it->linear_off < skb->tail) {
		u32 n = min(len, skb->tail - it->linear_off);

		memcpy(skb_put(seg, n), skb->head + it->linear_off, n);
		it->linear_off += n;
		len -= n;
	}
	while (len) {
		struct skb_frag *f = &skb->frags[it->frag];
		u32 n = min(len, f->len - it->frag_off);
		bool room = skb_add_frag(seg, f->buf, f->off + it->frag_off, n);

		assert(room); /* a segment has no more slices than the whole */
		len -= n;
		it->frag_off += n;
		if (it->frag_off == f->len) {
			it->frag++;
			it->frag_off = 0;
		}
	}
}

static void patch_ip(struct gso_iter *it, struct sk_buff *seg)
{
	u8 *ip = skb_network_header(seg);
	u32 len = seg->len - (u32)(seg->network_header - seg->data);

	if (ip[0] >> 4 == 6) {
		put_be16(ip + IPV6_PAYLEN, (u16)(len - IPV6_HLEN));
		return;
	}
	put_be16(ip + IPV4_TOTLEN, (u16)len);
	put_be16(ip + IPV4_ID, it->ipid++);
	put_be16(ip + IPV4_CHECK, 0);
	put_be16(ip + IPV4_CHECK, csum_fold(csum_partial(ip, (u32)(ip[0] & 15) * 4, 0)));
}

static void patch_transport(struct gso_iter *it, struct sk_buff *seg, u32 payload)
{
	u8 *th = skb_transport_header(seg);

	if (it->skb->gso_type == SKB_GSO_UDP_L4) {
		put_be16(th + UDP_LEN, (u16)(UDP_HLEN + payload));
		return;
	}
	put_be32(th + TCP_SEQ, it->seq);
	it->seq += payload;
	if (it->left)
		th[TCP_FLAGS] &= (u8) ~(TCPHDR_FIN | TCPHDR_PSH);
	if (it->index)
		th[TCP_FLAGS] &= (u8)~TCPHDR_CWR;
}

struct sk_buff *gso_iter_next(struct gso_iter *it)
{
	u32 payload = min(it->left, it->skb->gso_size);
	struct sk_buff *seg;

	if (!it->left && it->index)
		return NULL;
	seg = copy_headers(it->skb, it->hdr_len);
	add_payload(it, seg, payload);
	seg->truesize = SKB_TRUESIZE(seg->len);
	if (!it->index) /* the first frame goes on under the name of the whole */
		seg->id = it->skb->id;
	patch_ip(it, seg);
	patch_transport(it, seg, payload);
	it->index++;
	return seg;
}

/*
 * The charge of the whole moves to the last segment: the socket's memory is free when everything
 * has been sent.
 */
int skb_gso_segment(struct sk_buff *skb, struct sk_buff_head *out)
{
	struct gso_iter it;
	struct sk_buff *seg, *last = NULL;
	int n = 0;

	gso_iter_init(&it, skb);
	while ((seg = gso_iter_next(&it)) != NULL) {
		skb_queue_tail(out, seg);
		last = seg;
		n++;
	}
	if (last) {
		last->sk = skb->sk;
		last->destructor = skb->destructor;
		last->truesize = skb->truesize;
		skb->sk = NULL;
		skb->destructor = NULL;
	}
	consume_skb(skb);
	return n;
}

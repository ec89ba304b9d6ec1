/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum (RFC 1071; RFC 1624 for why a zero is sent as ones in UDP).
 */
#include <netinet/in.h>
#include <string.h>

#include "nic/skb.h"

/* Sums native words, which RFC 1071 section 2(B) allows, and swaps once at the end. */
u32 csum_partial(const void *data, u32 len, u32 sum)
{
	const u8 *p = data;
	u64 acc = 0;

	for (; len >= 8; len -= 8, p += 8) {
		u64 w;

		memcpy(&w, p, 8);
		acc += (u32)w;
		acc += w >> 32;
	}
	for (; len >= 2; len -= 2, p += 2) {
		u16 w;

		memcpy(&w, p, 2);
		acc += w;
	}
	if (len)
		acc += __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? p[0] : (u32)p[0] << 8;
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
		acc = __builtin_bswap16((u16)acc);
	return sum + (u32)acc;
}

u16 csum_fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

/* One piece of a sum over several; the bytes of a piece that begins at an odd place are swapped. */
static u32 piece(const u8 *p, u32 n, u32 sum, bool odd)
{
	u32 s = csum_partial(p, n, 0);

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return sum + (odd ? __builtin_bswap16((u16)s) : s);
}

u32 skb_checksum(const struct sk_buff *skb, u32 off, u32 len, u32 sum)
{
	u32 headlen = skb_headlen(skb), pos = headlen;
	bool odd = false;

	assert(off + len <= skb->len);
	if (off < headlen && len) {
		u32 n = min(len, headlen - off);

		sum = piece(skb->head + skb->data + off, n, sum, odd);
		odd ^= n & 1;
		off += n;
		len -= n;
	}
	for (u32 i = 0; i < skb->nfrags && len; i++) {
		const struct skb_frag *f = &skb->frags[i];

		if (off < pos + f->len) {
			u32 n = min(len, pos + f->len - off);

			sum = piece(f->buf->data + f->off + (off - pos), n, sum, odd);
			odd ^= n & 1;
			off += n;
			len -= n;
		}
		pos += f->len;
	}
	return sum;
}

/* Addresses, protocol and length, from the IP header in place. */
static u32 pseudo_header(struct sk_buff *skb, u8 proto, u32 len)
{
	const u8 *ip = skb_network_header(skb);
	bool v4 = ip[0] >> 4 == 4;

	return csum_partial(ip + (v4 ? 12 : 8), v4 ? 8 : 32, 0) + proto + (len >> 16) +
	       (len & 0xffff);
}

static u8 csum_proto(const struct sk_buff *skb)
{
	return skb->csum_offset == 16 ? IPPROTO_TCP :
	       skb->csum_offset == 6  ? IPPROTO_UDP :
					IPPROTO_ICMPV6;
}

void skb_checksum_help(struct sk_buff *skb)
{
	u32 start = (u32)(skb->csum_start - skb->data), len = skb->len - start;
	u8 *field = skb->head + skb->csum_start + skb->csum_offset;
	u8 proto = csum_proto(skb);
	u16 sum;

	assert(skb->ip_summed == CHECKSUM_PARTIAL && !skb->gso_size);
	put_be16(field, 0);
	sum = csum_fold(skb_checksum(skb, start, len, pseudo_header(skb, proto, len)));
	put_be16(field, sum || proto != IPPROTO_UDP ? sum : 0xffff);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
}

void skb_checksum_show(struct sk_buff *skb, bool sender)
{
	u32 len = skb->len - (u32)(skb->csum_start - skb->data);

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;
	if (!sender && !skb->gso_size) {
		skb_checksum_help(skb);
		return;
	}
	put_be16(skb->head + skb->csum_start + skb->csum_offset,
		 (u16)~csum_fold(pseudo_header(skb, csum_proto(skb), len)));
}

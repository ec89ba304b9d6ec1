/* SPDX-License-Identifier: MIT */
/*
 * Cutting super-packets into wire frames, in software (skb_gso_segment) or by the NIC (TSO).
 *
 * Both use one iterator: each call makes the next segment, a small packet of its own whose headers are
 * copied and patched and whose payload is slices of the super-packet's buffers.
 */
#ifndef NIC_GSO_H
#define NIC_GSO_H

#include "nic/skb.h"

struct gso_iter {
	struct sk_buff *skb; /* borrowed; unchanged */
	u32 hdr_len;	     /* from data to the end of the transport header */
	u32 left;	     /* payload bytes still to be sent */
	u32 linear_off;	     /* next payload byte in the linear area, offset into head */
	u32 frag, frag_off;  /* next payload byte in the slices */
	u32 index;	     /* of the next segment */
	u32 seq;	     /* TCP: of the next segment */
	u16 ipid;	     /* IPv4: of the next segment */
};

/* Bytes from data to the end of the transport header of a super-packet. */
u32 gso_header_len(struct sk_buff *skb);
/* Wire frames that it becomes. */
u32 gso_segment_count(struct sk_buff *skb);
void gso_iter_init(struct gso_iter *it, struct sk_buff *skb);
/* The length of the next segment's frame; 0 when there is none. */
u32 gso_iter_next_len(const struct gso_iter *it);
/* The next segment, NULL after the last. */
struct sk_buff *gso_iter_next(struct gso_iter *it);

#endif

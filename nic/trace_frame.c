/* SPDX-License-Identifier: MIT */
#include "nic/trace_frame.h"

#include "sim/engine/trace.h"
#include "sim/host/host.h"

static void frame_copy(const void *cookie, u32 off, void *to, u32 len)
{
	skb_copy_bits(cookie, off, to, len);
}

void skb_trace_packet(struct sk_buff *skb, struct host *sender, int ifindex)
{
	if (!skb->id)
		skb->id = (u64)sender->id << 40 | ++sender->next_packet;
	if (skb->traced)
		return;
	skb->pools->packets++;
	trace_packet(sender->sim->trace, &(struct trace_packet){
						 .id = skb->id,
						 .t = host_now(sender),
						 .host = sender->id,
						 .ifindex = ifindex,
						 .head = skb_data(skb),
						 .head_len = skb_headlen(skb),
						 .copy = frame_copy,
						 .cookie = skb,
						 .len = skb->len,
						 .csum_partial = skb->ip_summed == CHECKSUM_PARTIAL,
					 });
	skb->traced = true;
}

/* SPDX-License-Identifier: MIT */
/*
 * A program's access to the packet: where an offset points, and the bytes there, whether they are in
 * the linear part, in a slice, or in headers that have been passed (bpf_skb_load_helper_*() in Linux).
 */
#include <string.h>

#include "stack/bpf.h"

bool bpf_load_bytes(const struct sk_buff *skb, s64 off, void *to, u32 n)
{
	u8 *out = to;
	u32 front;

	if (off < -(s64)skb->data || off + n > skb->len)
		return false;
	if (off < 0) {
		front = (u32)min((s64)n, -off);
		memcpy(out, skb->head + ((s64)skb->data + off), front);
		out += front;
		n -= front;
		off = 0;
	}
	if (n)
		skb_copy_bits(skb, (u32)off, out, n);
	return true;
}

/* A message without a device (AF_UNIX, AF_NETLINK) begins with its network header and has no other. */
bool bpf_load_offset(const struct sk_buff *skb, u32 base, s32 k, s64 *off)
{
	if (k >= 0) {
		*off = (s64)base + k;
	} else if (k >= SKF_NET_OFF) {
		*off = (skb->dev ? (s64)skb->network_header - skb->data : 0) + (k - SKF_NET_OFF);
	} else if (k >= SKF_LL_OFF && skb->dev) {
		*off = (s64)skb->mac_header - skb->data + (k - SKF_LL_OFF);
	} else {
		return false;
	}
	return true;
}

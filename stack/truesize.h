/* SPDX-License-Identifier: MIT */
/*
 * What a packet costs in memory: the truesize of an skb whose data is linear, as __alloc_skb() makes it.
 *
 * The slab allocator hands out powers of two, so a byte more can double the cost. Heads of up to 576
 * bytes with their shared info come from a cache of their own. Measured on Linux 6.18 with SO_MEMINFO.
 */
#ifndef STACK_TRUESIZE_H
#define STACK_TRUESIZE_H

#include "nic/skb.h"

#define SKB_STRUCT_SIZE 256u	   /* SKB_DATA_ALIGN(sizeof(struct sk_buff)) on x86-64 */
#define SKB_SHARED_INFO_SIZE 320u  /* SKB_DATA_ALIGN(sizeof(struct skb_shared_info)) */
#define SKB_SMALL_HEAD_SIZE 576u
#define SKB_MAX_ALLOC 16064u	   /* the largest head that is not split into pages */

/* size: bytes asked of alloc_skb(), headroom included. */
static inline u32 skb_linear_truesize(u32 size)
{
	u32 head = SKB_DATA_ALIGN(size) + SKB_SHARED_INFO_SIZE;
	u32 slab = 1024;

	if (head <= SKB_SMALL_HEAD_SIZE)
		return SKB_SMALL_HEAD_SIZE + SKB_STRUCT_SIZE;
	while (slab < head)
		slab *= 2;
	return slab + SKB_STRUCT_SIZE;
}

/* The same with memory that is charged to the cgroup (AF_UNIX), which that cache does not give. */
static inline u32 skb_account_truesize(u32 size)
{
	u32 head = SKB_DATA_ALIGN(size) + SKB_SHARED_INFO_SIZE;

	if (head <= 512)
		return 512 + SKB_STRUCT_SIZE;
	return max(skb_linear_truesize(size), 1024 + SKB_STRUCT_SIZE);
}

#endif

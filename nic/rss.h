/* SPDX-License-Identifier: MIT */
/*
 * What RSS and steering rules see of a frame.
 */
#ifndef NIC_RSS_H
#define NIC_RSS_H

#include "nic/nic.h"

struct rss_tuple {
	u8 family; /* 4 or 6 */
	u8 proto;
	u8 addr_len; /* both addresses: 8 or 32 */
	bool ports;  /* valid behind the addresses: TCP or UDP, not a fragment */
	u8 bytes[36]; /* source, destination, source port, destination port: the hash's input */
};

/* skb->data at the network header, protocol set. False: not IP; queue 0 takes it. */
bool rss_parse(struct sk_buff *skb, struct rss_tuple *t);
/* *l4: the ports were part of it. */
u32 rss_hash(const u8 *key, const struct rss_tuple *t, bool udp_4tuple, bool *l4);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Receive-side scaling: the Toeplitz hash (Microsoft, "RSS hashing types" and "Verifying the RSS hash
 * calculation", whose vectors are the unit test), and the parts of a frame that it covers.
 */
#include "nic/rss.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

u32 toeplitz_hash(const u8 *key, const u8 *input, u32 len)
{
	u64 window = (u64)get_be32(key) << 32 | get_be32(key + 4);
	u32 hash = 0;

	for (u32 i = 0; i < len; i++) {
		u8 byte = input[i];

		/* The upper 32 bits of the window belong to the bit at hand. */
		for (int bit = 0; bit < 8; bit++) {
			if (byte & (0x80 >> bit))
				hash ^= (u32)(window >> (32 - bit));
		}
		window = window << 8 | (i + 8 < RSS_KEY_LEN ? key[i + 8] : 0);
	}
	return hash;
}

/* Where the transport header is and which protocol; false: not IP, or too short. */
static bool locate(struct sk_buff *skb, u8 *proto, u32 *l4, bool *fragment)
{
	bool v4 = skb->protocol == htons(ETH_P_IP);
	const u8 *ip;

	*fragment = false;
	if (!v4 && skb->protocol != htons(ETH_P_IPV6))
		return false;
	if (!pskb_may_pull(skb, v4 ? 20 : 40))
		return false;
	ip = skb_data(skb);
	if (ip[0] >> 4 != (v4 ? 4 : 6))
		return false;
	*proto = ip[v4 ? 9 : 6];
	*l4 = v4 ? (u32)(ip[0] & 15) * 4 : 40;
	*fragment = v4 && get_be16(ip + 6) & 0x3fff;
	return true;
}

bool rss_parse(struct sk_buff *skb, struct rss_tuple *t)
{
	bool v4 = skb->protocol == htons(ETH_P_IP), fragment;
	u32 l4;

	memset(t, 0, sizeof(*t));
	if (!locate(skb, &t->proto, &l4, &fragment))
		return false;
	t->family = v4 ? 4 : 6;
	t->addr_len = v4 ? 8 : 32;
	memcpy(t->bytes, skb_data(skb) + (v4 ? 12 : 8), t->addr_len);
	if (!fragment && (t->proto == IPPROTO_TCP || t->proto == IPPROTO_UDP) &&
	    pskb_may_pull(skb, l4 + 4)) {
		memcpy(t->bytes + t->addr_len, skb_data(skb) + l4, 4);
		t->ports = true;
	}
	return true;
}

u32 rss_hash(const u8 *key, const struct rss_tuple *t, bool udp_4tuple, bool *l4)
{
	*l4 = t->ports && (t->proto == IPPROTO_TCP || udp_4tuple);
	return toeplitz_hash(key, t->bytes, t->addr_len + (*l4 ? 4u : 0u));
}

/* SPDX-License-Identifier: MIT */
/*
 * First sequence numbers and timestamp offsets.
 *
 * RFC 6528: ISN = M + F(4-tuple, secret), where M is a clock that ticks every 64 ns, so that the
 * numbers of one 4-tuple go up from one connection to the next while those of another tell nothing
 * about them. Timestamps get a like offset by pair of addresses alone (RFC 7323 5.4): PAWS and
 * TIME_WAIT compare timestamps of one connection with those of the next.
 */
#include <xxhash.h>

#include "stack/tcp_int.h"

#define ISN_CLOCK_SHIFT 6 /* 64 ns */

enum seq_purpose { SEQ_ISN = 1, SEQ_TS_OFFSET };

struct seq_key {
	union ipaddr saddr, daddr;
	u16 sport, dport;
	u32 purpose;
};
static_assert(sizeof(struct seq_key) == 40, "the key is hashed by its bytes and has no padding");

static u64 seq_hash(const struct net *net, const struct seq_key *k)
{
	return XXH3_64bits_withSeed(k, sizeof(*k), net->hash_secret[1]);
}

u32 tcp_secure_seq(struct net *net, const union ipaddr *s, u16 sp, const union ipaddr *d, u16 dp)
{
	struct seq_key k = {.saddr = *s, .daddr = *d, .sport = sp, .dport = dp, .purpose = SEQ_ISN};

	return (u32)seq_hash(net, &k) + (u32)(net_now(net) >> ISN_CLOCK_SHIFT);
}

u32 tcp_secure_ts_off(struct net *net, const union ipaddr *s, const union ipaddr *d)
{
	struct seq_key k = { .saddr = *s, .daddr = *d, .purpose = SEQ_TS_OFFSET };

	return net->sysctl.tcp_timestamps ? (u32)(seq_hash(net, &k) >> 32) : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies: a listener whose queue is full answers with a sequence number from which the final
 * ACK brings back all that it would have kept.
 *
 * The number holds a count of minutes in its upper eight bits and, by differences of keyed hashes
 * of the 4-tuple, the peer's sequence number and an index into a table of MSS values. Window scale,
 * SACK and ECN go into the low six bits of our timestamp, if the peer uses timestamps; else they
 * are lost. A cookie is good for its minute and the next. Described in RFC 4987 3.6; the layout is
 * Linux's, the hash our own.
 */
#include <xxhash.h>

#include "stack/tcp_conn.h"
#include "stack/tcp_int.h"

#define COOKIE_BITS 24
#define COOKIE_MASK ((1u << COOKIE_BITS) - 1)
#define COOKIE_PERIOD (60 * NSEC_PER_SEC)
#define MAX_SYNCOOKIE_AGE 2u

/* The low bits of a timestamp: window scale (15: none), SACK, ECN. */
#define TS_BITS 6
#define TS_WSCALE_MASK 0x0fu
#define TS_SACK 0x10u
#define TS_ECN 0x20u

/* From what peers announce most: minimal, tunnels and PPPoE, Ethernet; jumbo frames for IPv6. */
static const u16 mss_v4[] = { 536, 1300, 1440, 1460 };
static const u16 mss_v6[] = { 1280 - 60, 1480 - 60, 1500 - 60, 9000 - 60 };
#define MSS_ENTRIES ARRAY_SIZE(mss_v4)
static_assert(ARRAY_SIZE(mss_v6) == MSS_ENTRIES, "one index serves both");

struct cookie_key {
	union ipaddr saddr, daddr;
	u16 sport, dport;
	u32 count, round;
	u32 zero;
};
static_assert(sizeof(struct cookie_key) == 48, "the key is hashed by its bytes and has no padding");

static const u16 *mss_table(const struct ip_rx *rx)
{
	return ipaddr_is_v4(&rx->daddr) ? mss_v4 : mss_v6;
}

/* rx and th: of a segment from the peer, SYN and ACK alike. */
static u32 cookie_hash(const struct net *net, const struct ip_rx *rx, const u8 *th, u32 count,
		       u32 round)
{
	struct cookie_key k = { .saddr = rx->saddr, .daddr = rx->daddr, .sport = get_be16(th),
				.dport = get_be16(th + 2), .count = count, .round = round };

	return (u32)XXH3_64bits_withSeed(&k, sizeof(k), net->hash_secret[0] ^ net->hash_secret[1]);
}

static u32 cookie_time(const struct net *net)
{
	return (u32)(net_now(net) / COOKIE_PERIOD);
}

u32 tcp_cookie_init_sequence(struct net *net, const struct ip_rx *rx, const u8 *th, u16 *mss)
{
	u32 seq = get_be32(th + 4), count = cookie_time(net);
	const u16 *table = mss_table(rx);
	u32 i = MSS_ENTRIES - 1;

	while (i && *mss < table[i])
		i--;
	*mss = table[i];
	return cookie_hash(net, rx, th, 0, 0) + seq + (count << COOKIE_BITS) +
	       ((cookie_hash(net, rx, th, count, 1) + i) & COOKIE_MASK);
}

u16 tcp_cookie_check(struct net *net, const struct ip_rx *rx, const u8 *th)
{
	u32 seq = get_be32(th + 4) - 1, cookie = get_be32(th + 8) - 1;
	u32 count = cookie_time(net), age, i;

	cookie -= cookie_hash(net, rx, th, 0, 0) + seq;
	age = (count - (cookie >> COOKIE_BITS)) & (~0u >> COOKIE_BITS);
	if (age >= MAX_SYNCOOKIE_AGE)
		return 0;
	i = (cookie - cookie_hash(net, rx, th, count - age, 1)) & COOKIE_MASK;
	return i < MSS_ENTRIES ? mss_table(rx)[i] : 0;
}

u32 tcp_cookie_init_timestamp(struct net *net, const struct tcp_options_received *opt, bool ecn_ok,
			      u32 ts_off)
{
	u32 now = (u32)(net_now(net) / NSEC_PER_TS_TICK);
	u32 ts = now >> TS_BITS << TS_BITS;

	ts |= opt->wscale_ok ? opt->snd_wscale : TS_WSCALE_MASK;
	if (opt->sack_ok)
		ts |= TS_SACK;
	if (ecn_ok)
		ts |= TS_ECN;
	/* Never from the future: later timestamps of the connection must not be lower. */
	if (after(ts, now))
		ts -= 1u << TS_BITS;
	return ts + ts_off;
}

bool tcp_cookie_timestamp_decode(struct net *net, struct tcp_options_received *opt, u32 tsecr,
				 bool *ecn_ok)
{
	const struct net_sysctl *ctl = &net->sysctl;

	*ecn_ok = false;
	if (!opt->saw_tstamp) {
		opt->tstamp_ok = opt->sack_ok = opt->wscale_ok = false;
		opt->snd_wscale = 0;
		return true;
	}
	if (!ctl->tcp_timestamps)
		return false;
	*ecn_ok = (tsecr & TS_ECN) && ctl->tcp_ecn;
	opt->sack_ok = tsecr & TS_SACK;
	if (opt->sack_ok && !ctl->tcp_sack)
		return false;
	if ((tsecr & TS_WSCALE_MASK) == TS_WSCALE_MASK)
		return true;
	opt->wscale_ok = true;
	opt->snd_wscale = (u8)(tsecr & TS_WSCALE_MASK);
	return ctl->tcp_window_scaling;
}

/* SPDX-License-Identifier: MIT */
/*
 * Options of a received header: RFC 9293 3.2 (end, no-operation, MSS), RFC 7323 (window scale,
 * timestamps), RFC 2018 (SACK).
 *
 * An option of an unknown kind, or of a known kind with a length that is not its own, is passed
 * over by its length; a length that cannot be (below 2, or beyond the header) ends the parsing, and
 * what came before it counts.
 */
#include "stack/tcp_int.h"

#define KIND_EOL 0
#define KIND_NOP 1
#define KIND_MSS 2
#define KIND_WSCALE 3
#define KIND_SACK_PERM 4
#define KIND_SACK 5
#define KIND_TIMESTAMP 8

#define LEN_MSS 4
#define LEN_WSCALE 3
#define LEN_SACK_PERM 2
#define LEN_TIMESTAMP 10
#define LEN_SACK_BASE 2
#define LEN_SACK_BLOCK 8

static void parse_mss(struct tcp_options_received *opt, const u8 *p)
{
	u16 mss = get_be16(p);

	if (!mss)
		return;
	if (opt->user_mss && opt->user_mss < mss)
		mss = opt->user_mss;
	opt->mss_clamp = mss;
}

static void parse_sacks(struct tcp_options_received *opt, const u8 *p, u32 size)
{
	u32 n = (size - LEN_SACK_BASE) / LEN_SACK_BLOCK;

	if (size < LEN_SACK_BASE + LEN_SACK_BLOCK || (size - LEN_SACK_BASE) % LEN_SACK_BLOCK)
		return;
	/* 40 bytes of options have room for four blocks. */
	assert(n <= ARRAY_SIZE(opt->sacks));
	for (u32 i = 0; i < n; i++, p += LEN_SACK_BLOCK) {
		opt->sacks[i].start_seq = get_be32(p);
		opt->sacks[i].end_seq = get_be32(p + 4);
	}
	opt->num_sacks = (u8)n;
	opt->saw_sack = true;
}

/* Options that count in a SYN alone. p: the option's value. */
static void parse_syn_option(const struct net_sysctl *ctl, struct tcp_options_received *opt,
			     u8 kind, u32 size, const u8 *p)
{
	if (kind == KIND_MSS && size == LEN_MSS) {
		parse_mss(opt, p);
	} else if (kind == KIND_WSCALE && size == LEN_WSCALE && ctl->tcp_window_scaling) {
		opt->wscale_ok = true;
		opt->snd_wscale = (u8)min((u32)p[0], TCP_MAX_WSCALE);
	} else if (kind == KIND_SACK_PERM && size == LEN_SACK_PERM && ctl->tcp_sack) {
		opt->sack_ok = true;
	} else if (kind == KIND_TIMESTAMP && size == LEN_TIMESTAMP && ctl->tcp_timestamps) {
		opt->tstamp_ok = true;
	}
}

static void parse_option(const struct net_sysctl *ctl, struct tcp_options_received *opt, bool syn,
			 u8 kind, u32 size, const u8 *p)
{
	if (syn)
		parse_syn_option(ctl, opt, kind, size, p);
	if (kind == KIND_TIMESTAMP && size == LEN_TIMESTAMP && opt->tstamp_ok) {
		opt->saw_tstamp = true;
		opt->rcv_tsval = get_be32(p);
		opt->rcv_tsecr = get_be32(p + 4);
	} else if (kind == KIND_SACK && opt->sack_ok) {
		parse_sacks(opt, p, size);
	}
}

void tcp_parse_options(struct net *net, const u8 *th, u32 hdr_len, struct tcp_options_received *opt,
		       bool syn)
{
	const u8 *p = th + 20, *end = th + hdr_len;

	opt->saw_tstamp = opt->saw_sack = false;
	opt->num_sacks = 0;
	if (syn) {
		opt->tstamp_ok = opt->sack_ok = opt->wscale_ok = false;
		opt->snd_wscale = 0;
	}
	while (p < end) {
		u32 size;

		if (*p == KIND_EOL)
			return;
		if (*p == KIND_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return;
		size = p[1];
		parse_option(&net->sysctl, opt, syn, p[0], size, p + 2);
		p += size;
	}
}

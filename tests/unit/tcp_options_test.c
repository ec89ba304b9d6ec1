/* SPDX-License-Identifier: MIT */
/*
 * Options of received headers: RFC 9293 3.2, RFC 7323, RFC 2018; what of a SYN's offer is honoured.
 */
#include <stdlib.h>
#include <string.h>

#include "stack/tcp.h"
#include "tests/unit/unit.h"

#define NOP "\x01"
#define EOL "\x00"
#define MSS1460 "\x02\x04\x05\xb4"
#define WS7 "\x03\x03\x07"
#define SACKOK "\x04\x02"
#define TS "\x08\x0a\x00\x00\x01\x02\x00\x00\x03\x04"
#define SYN_LINUX MSS1460 SACKOK TS NOP WS7 /* what Linux sends */
#define BLOCK(n) "\x00\x00\x00" n "\x00\x00\x01" n

static int setup(void **state)
{
	struct net *net = calloc(1, sizeof(*net));

	net->sysctl.tcp_timestamps = net->sysctl.tcp_sack = net->sysctl.tcp_window_scaling = true;
	*state = net;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/*
 * Parses bytes as the options of a header, padded with zeros to a multiple of four as a header is.
 */
static void parse(struct net *net, struct tcp_options_received *opt, const char *bytes, u32 len,
		  bool syn)
{
	/* Of the exact size, so that a sanitizer sees a read beyond it. */
	u32 hdr_len = 20 + (len + 3) / 4 * 4;
	u8 *th = calloc(1, hdr_len);

	memcpy(th + 20, bytes, len);
	tcp_parse_options(net, th, hdr_len, opt, syn);
	free(th);
}
#define PARSE(net, opt, bytes, syn) parse(net, opt, bytes, sizeof(bytes) - 1, syn)

struct syn_case {
	const char *what, *bytes;
	u32 len;
	u16 mss;
	bool wscale_ok;
	u8 snd_wscale;
	bool sack_ok, tstamp_ok;
};
#define OPTS(s) s, sizeof(s) - 1

static const struct syn_case syn_cases[] = {
    {"none", OPTS(""), 536, false, 0, false, false},
    {"Linux", OPTS(SYN_LINUX), 1460, true, 7, true, true},
    {"MSS alone", OPTS(MSS1460), 1460, false, 0, false, false},
    {"MSS 0 is none", OPTS("\x02\x04\x00\x00"), 536, false, 0, false, false},
    {"scale 14", OPTS("\x03\x03\x0e" NOP), 536, true, 14, false, false},
    {"scale 15 counts as 14 (RFC 7323 2.3)", OPTS("\x03\x03\x0f" NOP), 536, true, 14, false, false},
    {"scale 255 counts as 14", OPTS("\x03\x03\xff" NOP), 536, true, 14, false, false},
    {"unknown is passed over", OPTS("\xfe\x06xxxx" MSS1460), 1460, false, 0, false, false},
    {"unknown without value", OPTS("\xfe\x02" SACKOK), 536, false, 0, true, false},
    {"end of list", OPTS(SACKOK EOL EOL MSS1460), 536, false, 0, true, false},
    {"length 0 ends", OPTS(SACKOK "\xfe\x00" MSS1460), 536, false, 0, true, false},
    {"length 1 ends", OPTS(SACKOK "\xfe\x01" MSS1460), 536, false, 0, true, false},
    {"length beyond the header ends", OPTS(SACKOK "\x02\x07" MSS1460), 536, false, 0, true, false},
    {"kind in the last byte", OPTS(NOP NOP NOP "\x02"), 536, false, 0, false, false},
    {"MSS of length 3", OPTS("\x02\x03\x05" SACKOK), 536, false, 0, true, false},
    {"scale of length 4", OPTS("\x03\x04\x07\x07" SACKOK), 536, false, 0, true, false},
    {"SACK-permitted of length 3", OPTS("\x04\x03\x00" WS7), 536, true, 7, false, false},
    {"timestamp of length 6", OPTS("\x08\x06\x00\x00\x00\x00"), 536, false, 0, false, false},
    {"the last MSS counts", OPTS("\x02\x04\x02\x00" MSS1460), 1460, false, 0, false, false},
};

static void test_syn(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(syn_cases); i++) {
		const struct syn_case *c = &syn_cases[i];
		/* What an earlier connection left must not stay. */
		struct tcp_options_received opt = {.mss_clamp = 536,
						   .tstamp_ok = true,
						   .sack_ok = true,
						   .wscale_ok = true,
						   .snd_wscale = 9};

		parse(*state, &opt, c->bytes, c->len, true);
		if (opt.mss_clamp != c->mss || opt.wscale_ok != c->wscale_ok ||
		    opt.snd_wscale != c->snd_wscale || opt.sack_ok != c->sack_ok ||
		    opt.tstamp_ok != c->tstamp_ok || opt.saw_tstamp != c->tstamp_ok)
			fail_msg("%s", c->what);
	}
}

static void test_timestamp_values(void **state)
{
	struct tcp_options_received opt = { 0 };

	PARSE(*state, &opt, SYN_LINUX, true);
	assert_int_equal(opt.rcv_tsval, 0x0102);
	assert_int_equal(opt.rcv_tsecr, 0x0304);
}

/* TCP_MAXSEG bounds what the peer may ask for. */
static void test_user_mss(void **state)
{
	struct tcp_options_received opt = { .user_mss = 1000 };

	PARSE(*state, &opt, MSS1460, true);
	assert_int_equal(opt.mss_clamp, 1000);
	opt.user_mss = 2000;
	PARSE(*state, &opt, MSS1460, true);
	assert_int_equal(opt.mss_clamp, 1460);
}

static void test_disabled(void **state)
{
	struct net *net = *state;
	struct tcp_options_received opt = { 0 };

	net->sysctl.tcp_timestamps = net->sysctl.tcp_sack = net->sysctl.tcp_window_scaling = false;
	PARSE(net, &opt, SYN_LINUX, true);
	assert_int_equal(opt.mss_clamp, 1460);
	assert_false(opt.tstamp_ok || opt.saw_tstamp || opt.sack_ok || opt.wscale_ok);
	assert_int_equal(opt.snd_wscale, 0);
}

/* Options of the SYN mean nothing later (RFC 9293 3.2, RFC 7323 2.2, RFC 2018 2). */
static void test_syn_options_later(void **state)
{
	struct tcp_options_received opt = { .mss_clamp = 536, .snd_wscale = 3, .wscale_ok = true };

	PARSE(*state, &opt, SYN_LINUX, false);
	assert_int_equal(opt.mss_clamp, 536);
	assert_int_equal(opt.snd_wscale, 3);
	assert_true(opt.wscale_ok);
	assert_false(opt.sack_ok || opt.tstamp_ok || opt.saw_tstamp);
}

static void test_established_timestamp(void **state)
{
	struct tcp_options_received opt = { .tstamp_ok = true };

	PARSE(*state, &opt, NOP NOP TS, false);
	assert_true(opt.saw_tstamp);
	assert_int_equal(opt.rcv_tsval, 0x0102);
	/* The next segment has none. */
	PARSE(*state, &opt, "", false);
	assert_false(opt.saw_tstamp);
	assert_true(opt.tstamp_ok);
}

static void test_sack_blocks(void **state)
{
	struct tcp_options_received opt = { .sack_ok = true };

	PARSE(*state, &opt,
	      NOP NOP "\x05\x22" BLOCK("\x01") BLOCK("\x02") BLOCK("\x03") BLOCK("\x04"), false);
	assert_true(opt.saw_sack);
	assert_int_equal(opt.num_sacks, 4);
	for (u32 i = 0; i < 4; i++) {
		assert_int_equal(opt.sacks[i].start_seq, i + 1);
		assert_int_equal(opt.sacks[i].end_seq, 0x100 + i + 1);
	}
	PARSE(*state, &opt, NOP NOP "\x05\x0a" BLOCK("\x05"), false);
	assert_int_equal(opt.num_sacks, 1);
	PARSE(*state, &opt, "", false);
	assert_int_equal(opt.num_sacks, 0);
	assert_false(opt.saw_sack);
}

static void test_bad_sack(void **state)
{
	struct tcp_options_received opt = { .sack_ok = true };

	/* Not a whole number of blocks; none; not negotiated. */
	PARSE(*state, &opt, NOP NOP "\x05\x0b" BLOCK("\x01") "\x00", false);
	assert_int_equal(opt.num_sacks, 0);
	PARSE(*state, &opt, NOP NOP "\x05\x02", false);
	assert_int_equal(opt.num_sacks, 0);
	opt.sack_ok = false;
	PARSE(*state, &opt, NOP NOP "\x05\x0a" BLOCK("\x01"), false);
	assert_int_equal(opt.num_sacks, 0);
	assert_false(opt.saw_sack);
}

/* Whatever 40 bytes say, nothing beyond them is read and no number leaves its range. */
static void test_any_bytes(void **state)
{
	u32 x = 1;

	for (int n = 0; n < 20000; n++) {
		struct tcp_options_received opt = { .tstamp_ok = true, .sack_ok = true };
		char b[40];

		for (size_t i = 0; i < sizeof(b); i++) {
			x = x * 1664525 + 1013904223;
			/* Small numbers, so that kinds and lengths are often known ones. */
			b[i] = (char)(x >> 24 & (x >> 20 & 1 ? 0x0f : 0x3f));
		}
		parse(*state, &opt, b, (u32)n % 40, n & 1);
		assert_in_range(opt.num_sacks, 0, 4);
		assert_in_range(opt.snd_wscale, 0, 14);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_syn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timestamp_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_mss, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disabled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_syn_options_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_established_timestamp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sack_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_sack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_bytes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

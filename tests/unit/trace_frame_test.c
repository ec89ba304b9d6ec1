/* SPDX-License-Identifier: MIT */
/*
 * The frame parser: frames written out by hand from the RFCs, every truncation of them, random
 * bytes, and checksums that are known.
 */
#include "sim/engine/trace_frame.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/rng.h"
#include "tests/unit/unit.h"

#define ETH 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1

static const u8 tcp_syn[] =
    {
	ETH, 0x08, 0x00, 0x45, 0x10, 0,	   44,	0xab, 0xcd, 0x40, 0,	64,   6,
	0,   0,	   192,	 168,  0,    1,	   192, 168,  100,  20,	  0x9c, 0x40, 0,
	80,  0x01, 0x02, 0x03, 0x04, 0xf0, 0,	0,    1,    0x60, 0x12, 0xfa, 0xf0,
	0,   0,	   0,	 0,    2,    4,	   5,	0xb4, 0,    0, /* padding of the link */
};

static const u8 vlan_udp[] = {
    ETH, 0x81, 0x00, 0x20, 0x64, 0x08, 0x00, 0x45, 0, 0,  31, 0,  7, 0x20, 0, 1, 17,  0,   0,
    10,	 0,    0,    1,	   255,	 255,  255,  255,  0, 68, 0,  67, 0, 11,   0, 0, 'a', 'b', 'c',
};

static const u8 ip6_fragment_udp[] = {
    ETH,  0x86, 0xdd, 0x60, 0xb0, 0,   0, 0, 28, 0,  255,  0xfe, 0x80, 0, 0, 0, 0,
    0,	  0,	0,    0,    0,	  0,   0, 0, 0,	 1,  0xff, 2,	 0,    0, 0, 0, 0,
    0,	  0,	0,    0,    0,	  0,   0, 0, 2,	 44, 0,	   0,	 0,    0, 0, 0, 0, /* hop-by-hop */
    17,	  0,	0,    1,    0,	  0,   0, 9, /* fragment, first of more */
    0x13, 0x88, 0x13, 0x89, 0,	  100, 0, 0, 1,	 2,  3,	   4,
};

static const u8 arp_request[] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0, 1, 0x08, 0x06, 0, 1, 8, 0,  6, 4, 0,
    1,	  2,	0,    0,    0,	  0,	1, 10, 1, 2, 3, 0, 0,	 0,    0, 0, 0, 10, 1, 2, 4,
};

static const u8 icmp_echo[] = {
    ETH, 0x08, 0x00, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 1, 0,   0,	  10,  0,   0,
    1,	 10,   0,    0,	   2, 8, 0,  0, 0, 0, 1, 0,  2, 'p', 'i', 'n', 'g',
};

static void test_tcp(void **state)
{
	struct trace_frame f;

	trace_frame_parse(tcp_syn, sizeof(tcp_syn), &f);
	assert_string_equal(f.eth_src, "02:00:00:00:00:01");
	assert_string_equal(f.eth_dst, "02:00:00:00:00:02");
	assert_int_equal(f.eth_type, 0x0800);
	assert_int_equal(f.vlan, -1);
	assert_int_equal(f.ip_version, 4);
	assert_string_equal(f.src, "192.168.0.1");
	assert_string_equal(f.dst, "192.168.100.20");
	assert_string_equal(f.proto, "tcp");
	assert_int_equal(f.ttl, 64);
	assert_int_equal(f.tos, 0x10);
	assert_int_equal(f.ip_id, 0xabcd);
	assert_int_equal(f.frag_offset, -1); /* DF alone makes no fragment */
	assert_int_equal(f.sport, 40000);
	assert_int_equal(f.dport, 80);
	assert_int_equal(f.tcp_seq, 0x01020304);
	assert_int_equal(f.tcp_ack, 0xf0000001);
	assert_int_equal(f.tcp_flags, 0x12);
	assert_int_equal(f.tcp_win, 0xfaf0);
	assert_int_equal(f.payload, 0); /* the padding is not payload */
	assert_int_equal(f.icmp_type, -1);
}

static void test_vlan_udp_fragment(void **state)
{
	struct trace_frame f;

	trace_frame_parse(vlan_udp, sizeof(vlan_udp), &f);
	assert_int_equal(f.vlan, 0x2064);
	assert_int_equal(f.eth_type, 0x0800);
	assert_string_equal(f.dst, "255.255.255.255");
	assert_string_equal(f.proto, "udp");
	assert_int_equal(f.frag_offset, 0);
	assert_int_equal(f.frag_more, 1);
	assert_int_equal(f.sport, 68);
	assert_int_equal(f.dport, 67);
	assert_int_equal(f.payload, 3);
}

static void test_ip6(void **state)
{
	struct trace_frame f;

	trace_frame_parse(ip6_fragment_udp, sizeof(ip6_fragment_udp), &f);
	assert_int_equal(f.ip_version, 6);
	assert_string_equal(f.src, "fe80::1");
	assert_string_equal(f.dst, "ff02::2");
	assert_int_equal(f.tos, 0x0b);
	assert_int_equal(f.ttl, 255);
	assert_int_equal(f.ip_id, 9);
	assert_int_equal(f.frag_offset, 0);
	assert_int_equal(f.frag_more, 1);
	assert_string_equal(f.proto, "udp");
	assert_int_equal(f.sport, 5000);
	assert_int_equal(f.dport, 5001);
	assert_int_equal(f.payload, 4);
}

static void test_arp_icmp(void **state)
{
	struct trace_frame f;

	trace_frame_parse(arp_request, sizeof(arp_request), &f);
	assert_string_equal(f.proto, "arp");
	assert_int_equal(f.arp_op, 1);
	assert_string_equal(f.src, "10.1.2.3");
	assert_string_equal(f.dst, "10.1.2.4");
	assert_int_equal(f.ip_version, -1);
	trace_frame_parse(icmp_echo, sizeof(icmp_echo), &f);
	assert_string_equal(f.proto, "icmp");
	assert_int_equal(f.icmp_type, 8);
	assert_int_equal(f.icmp_code, 0);
	assert_int_equal(f.payload, 4);
}

/* RFC 768, 9293: with the checksum in place, the sum over pseudo-header and segment is 0xffff. */
static u32 check_sum(const u8 *frame, const struct trace_frame *f)
{
	u32 addrs = f->ip_version == 4 ? 8 : 32, sum = (u32)f->ip_proto + f->l4_len;

	for (u32 i = 0; i < addrs; i++)
		sum += (u32)frame[f->l3_addr + i] << (i % 2 ? 0 : 8);
	for (u32 i = 0; i < f->l4_len; i++)
		sum += (u32)frame[f->l4_off + i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void test_checksum(void **state)
{
	struct trace_frame f;
	u8 b[128];

	memcpy(b, tcp_syn, sizeof(tcp_syn));
	trace_frame_parse(b, sizeof(tcp_syn), &f);
	assert_int_not_equal(check_sum(b, &f), 0xffff);
	trace_frame_fill_csum(b, &f);
	assert_int_equal(check_sum(b, &f), 0xffff);
	/* what stood in the field does not matter */
	b[14 + 20 + 16] ^= 0x55;
	trace_frame_fill_csum(b, &f);
	assert_int_equal(check_sum(b, &f), 0xffff);
	/* odd length */
	memcpy(b, vlan_udp, sizeof(vlan_udp));
	b[18 + 6] = 0; /* no fragment */
	trace_frame_parse(b, sizeof(vlan_udp), &f);
	trace_frame_fill_csum(b, &f);
	assert_int_equal(check_sum(b, &f), 0xffff);
	/* a fragment and ICMP are left alone */
	memcpy(b, icmp_echo, sizeof(icmp_echo));
	trace_frame_parse(b, sizeof(icmp_echo), &f);
	trace_frame_fill_csum(b, &f);
	assert_memory_equal(b, icmp_echo, sizeof(icmp_echo));
}

/* Copies into a heap block of exactly that length, so that reading past the end is seen. */
static void parse_exact(const u8 *p, u32 len)
{
	u8 *copy = malloc(len ? len : 1);
	struct trace_frame f;

	memcpy(copy, p, len);
	trace_frame_parse(copy, len, &f);
	assert_true(strlen(f.src) < sizeof(f.src) && strlen(f.dst) < sizeof(f.dst));
	assert_true(f.payload <= (s32)len);
	assert_true(f.l4_off + f.l4_len <= len);
	trace_frame_fill_csum(copy, &f);
	free(copy);
}

static void test_any_bytes(void **state)
{
	static const struct {
		const u8 *p;
		u32 len;
	} good[] = {{tcp_syn, sizeof(tcp_syn)},
		    {vlan_udp, sizeof(vlan_udp)},
		    {ip6_fragment_udp, sizeof(ip6_fragment_udp)},
		    {arp_request, sizeof(arp_request)},
		    {icmp_echo, sizeof(icmp_echo)}};
	struct rng r;
	u8 b[256];

	rng_init(&r, 1, 0, RNG_TEST, 0);
	for (size_t g = 0; g < ARRAY_SIZE(good); g++) {
		for (u32 len = 0; len <= good[g].len; len++)
			parse_exact(good[g].p, len);
		for (int i = 0; i < 3000; i++) {
			memcpy(b, good[g].p, good[g].len);
			for (int k = 0; k < 3; k++)
				b[rng_below(&r, good[g].len)] = (u8)rng_u32(&r);
			parse_exact(b, good[g].len);
		}
	}
	for (int i = 0; i < 10000; i++) {
		rng_bytes(&r, b, sizeof(b));
		if (i % 2) {
			b[12] = i % 4 == 1 ? 0x08 : 0x86;
			b[13] = i % 4 == 1 ? 0x00 : 0xdd;
			b[14] = (u8)((b[14] & 15) | (i % 4 == 1 ? 0x40 : 0x60));
		}
		parse_exact(b, rng_below(&r, sizeof(b) + 1));
	}
}

static void test_addresses(void **state)
{
	static const struct {
		u8 a[4];
		const char *text;
	} v4[] = {{{0, 0, 0, 0}, "0.0.0.0"},
		  {{255, 255, 255, 255}, "255.255.255.255"},
		  {{1, 20, 100, 9}, "1.20.100.9"},
		  {{10, 99, 101, 200}, "10.99.101.200"}};
	char buf[TRACE_ADDR_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(v4); i++) {
		trace_format_ip4(buf, v4[i].a);
		assert_string_equal(buf, v4[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tcp),	      cmocka_unit_test(test_vlan_udp_fragment),
	    cmocka_unit_test(test_ip6),	      cmocka_unit_test(test_arp_icmp),
	    cmocka_unit_test(test_checksum),  cmocka_unit_test(test_any_bytes),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

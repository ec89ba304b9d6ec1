/* SPDX-License-Identifier: MIT */
/*
 * The way of packets through the network layer: header checks and their counters, sources that are
 * refused, forwarding, multicast, extension headers.
 */
#include "stack/ip.h"

#include "stack/multicast.h"
#include "tests/unit/ip_fixture.h"

static u8 echo_buf[FRAME_MAX];

static struct ip4 echo_from(const char *src, const char *dst)
{
	return (struct ip4){
	    .src = src, .dst = dst, .proto = 1, .data = echo_buf, .len = build_echo(echo_buf, 20)};
}

/* ---- header checks ---- */

static void test_bad_headers(void **state)
{
	static const struct {
		u32 at, len; /* byte of the IP header to change; bytes of the frame that arrive, 0:
				all */
		u8 value;
		bool fix_csum;
		enum mib mib;
	} cases[] = {
	    {0, 0, 0x55, false, MIB_InHdrErrors},     /* version */
	    {0, 0, 0x44, false, MIB_InHdrErrors},     /* header of 16 bytes */
	    {0, 0, 0x4f, false, MIB_InHdrErrors},     /* header beyond the packet */
	    {8, 0, 63, false, MIB_InCsumErrors},      /* checksum */
	    {2, 0, 0x01, true, MIB_InTruncatedPkts},  /* longer than the frame */
	    {3, 0, 19, true, MIB_InHdrErrors},	      /* shorter than its header */
	    {8, 14 + 12, 64, false, MIB_InHdrErrors}, /* cut off */
	    {9, 0, 200, true, MIB_InUnknownProtos},
	};
	struct ip_fixture *f = *state;
	u8 b[FRAME_MAX];

	know(f, "10.0.0.2", 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip4 p = echo_from("10.0.0.2", "10.0.0.1");
		u32 len = build_ip4(b, f->eth0, &p);
		u64 before = mib(f, cases[i].mib);

		b[14 + cases[i].at] = cases[i].value;
		if (cases[i].fix_csum)
			ip_send_check(b + 14);
		inject(f->eth0, b, cases[i].len ? cases[i].len : len);
		assert_int_equal(mib(f, cases[i].mib), before + 1);
		assert_int_equal(mib(f, MIB_InReceives), i + 1);
	}
	assert_int_equal(mib(f, MIB_IcmpInMsgs), 0);
	/* Protocol unreachable is the only answer. */
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].b[35], 2);
}

/* Whatever arrives, nothing reads beyond the packet (this test is for AddressSanitizer). */
static void test_noise(void **state)
{
	static const u16 types[] = {0x0800, 0x0806, 0x86dd};
	static const u8 nexts[] = {0, 1, 2, 43, 44, 58, 59, 60};
	struct ip_fixture *f = *state;
	struct rng r;
	u8 b[300];

	rng_init(&r, 3, 0, RNG_TEST, 0);
	for (int i = 0; i < 20000; i++) {
		u32 len = 14 + rng_below(&r, 200), type = rng_below(&r, 3);

		rng_bytes(&r, b, sizeof(b));
		put_eth(b, f->eth0, 2, types[type]);
		if (type == 0) {
			b[14] = (u8)(0x45 + rng_below(&r, 3));
			put_be16(b + 16, (u16)(len - 14));
			put_be16(b + 20, rng_below(&r, 2) ? 0 : (u16)rng_below(&r, 0x4000));
			b[23] = nexts[rng_below(&r, 4)];
			put_v4(b + 30, "10.0.0.1");
			put_be16(b + 34, (u16)(rng_below(&r, 20) << 8 | rng_below(&r, 6)));
			put_v4(b + 26, "10.0.0.2");
			if (len >= 14 + (b[14] & 15u) * 4)
				ip_send_check(b + 14);
		} else if (type == 2) {
			b[14] = 0x60;
			put_be16(b + 18, (u16)(len - 54));
			b[20] = nexts[rng_below(&r, 8)];
			memcpy(b + 22, addr("2001:db8::2").b, 16);
			memcpy(b + 38, addr("2001:db8::1").b, 16);
			b[54] = nexts[rng_below(&r, 8)];
			b[55] = (u8)rng_below(&r, 3);
		}
		inject(f->eth0, b, len);
		f->nsent = 0;
	}
	assert_true(mib(f, MIB_InReceives) > 5000);
	assert_true(mib(f, MIB_Ip6InReceives) > 5000);
}

static void test_padding_is_cut(void **state)
{
	struct ip_fixture *f = *state;
	struct ip4 p = echo_from("10.0.0.2", "10.0.0.1");
	u8 b[FRAME_MAX] = {0};
	u32 len;

	know(f, "10.0.0.2", 2);
	len = build_ip4(b, f->eth0, &p);
	memset(b + len, 0xee, 10);
	inject(f->eth0, b, len + 10);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].len, len);
}

static void test_refused_addresses(void **state)
{
	static const struct {
		const char *src, *dst;
	} cases[] = {
	    {"224.0.0.1", "10.0.0.1"}, {"255.255.255.255", "10.0.0.1"}, {"127.0.0.1", "10.0.0.1"},
	    {"10.0.0.1", "10.0.0.1"},  {"0.0.0.0", "10.0.0.1"},		{"10.0.0.255", "10.0.0.1"},
	    {"10.0.0.2", "127.0.0.1"}, {"10.0.0.2", "0.1.2.3"},		{"10.0.0.2", "239.1.1.1"}};
	struct ip_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip4 p = echo_from(cases[i].src, cases[i].dst);

		send_ip4(f->eth0, &p);
		assert_int_equal(mib(f, MIB_IcmpInMsgs), 0);
	}
	assert_int_equal(f->nsent, 0);
}

static void test_reverse_path(void **state)
{
	struct ip_fixture *f = *state;
	struct ip4 p = echo_from("10.1.0.2", "10.0.0.1");

	f->eth1 = add_device(f, "eth1");
	add_addr(f, f->eth1, "10.1.0.1/24");
	f->net->sysctl.rp_filter = 1;
	send_ip4(f->eth0, &p); /* belongs to eth1 */
	assert_int_equal(mib(f, MIB_IPReversePathFilter), 1);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 0);
	f->net->sysctl.rp_filter = 2; /* loose: any way back will do */
	send_ip4(f->eth0, &p);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 1);
	p.src = "99.0.0.1";
	send_ip4(f->eth0, &p);
	assert_int_equal(mib(f, MIB_IPReversePathFilter), 2);
}

static void test_not_for_us(void **state)
{
	struct ip_fixture *f = *state;
	struct ip4 p = echo_from("10.0.0.2", "10.9.9.9");
	u8 b[FRAME_MAX];
	u32 len;

	send_ip4(f->eth0, &p);
	assert_int_equal(mib(f, MIB_InAddrErrors), 1);
	assert_int_equal(f->nsent, 0);
	p.dst = "10.0.0.1";
	len = build_ip4(b, f->eth0, &p);
	b[5] ^= 0x55; /* another MAC: a promiscuous device saw it */
	inject(f->eth0, b, len);
	assert_int_equal(mib(f, MIB_InReceives), 1);
}

static void test_options(void **state)
{
	static const struct {
		u8 opt[4];
		bool ok;
		int pointer; /* of the parameter problem; -1: none */
	} cases[] = {{{1, 1, 1, 1}, true, 0},	   {{0, 9, 9, 9}, true, 0},
		     {{0x94, 4, 0, 0}, true, 0},   {{0x94, 9, 0, 0}, false, 20},
		     {{0x94, 1, 0, 0}, false, 20}, {{1, 1, 1, 0x94}, false, 23},
		     {{7, 3, 3, 0}, false, 22},	   {{0x83, 3, 4, 0}, false, -1}};
	struct ip_fixture *f = *state;

	know(f, "10.0.0.2", 2);
	f->net->sysctl.icmp_echo_ignore_all = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip4 p = echo_from("10.0.0.2", "10.0.0.1");
		u8 b[FRAME_MAX];
		u32 len = build_ip4(b, f->eth0, &p);
		u64 before = mib(f, MIB_IcmpInEchos);

		f->nsent = 0;
		memmove(b + 38, b + 34, len - 34);
		memcpy(b + 34, cases[i].opt, 4);
		b[14] = 0x46;
		put_be16(b + 16, (u16)(len + 4 - 14));
		ip_send_check(b + 14);
		inject(f->eth0, b, len + 4);
		assert_int_equal(mib(f, MIB_IcmpInEchos) - before, cases[i].ok);
		assert_int_equal(f->nsent, !cases[i].ok && cases[i].pointer >= 0);
		if (f->nsent) {
			assert_int_equal(f->sent[0].b[34], 12);
			assert_int_equal(f->sent[0].b[38], cases[i].pointer);
		}
	}
}

/* ---- forwarding ---- */

static struct ip_fixture *router(void **state)
{
	static const u8 mac[6] = {2, 0, 0, 0, 2, 2};
	struct ip_fixture *f = *state;
	union ipaddr v4 = addr("10.1.0.2"), v6 = addr("2001:db8:1::2");

	f->eth1 = add_device(f, "eth1");
	add_addr(f, f->eth1, "10.1.0.1/24");
	add_addr(f, f->eth1, "2001:db8:1::1/64");
	f->net->sysctl.ip_forward = f->net->sysctl.ipv6_forwarding = true;
	know(f, "10.0.0.2", 2);
	know(f, "2001:db8::2", 2);
	neigh_add(f->net, f->eth1, &v4, mac);
	neigh_add(f->net, f->eth1, &v6, mac);
	return f;
}

static void test_forward(void **state)
{
	struct ip_fixture *f = router(state);
	struct ip4 p = echo_from("10.0.0.2", "10.1.0.2");
	const struct frame *fr = f->sent;

	p.ttl = 2;
	send_ip4(f->eth0, &p);
	assert_int_equal(f->nsent, 1);
	assert_ptr_equal(fr->dev, f->eth1);
	assert_int_equal(fr->b[4], 2);
	assert_int_equal(fr->b[22], 1);
	assert_true(ip_header_csum_ok(fr->b + 14, 20));
	assert_int_equal(mib(f, MIB_ForwDatagrams), 1);
	/* The incremental checksum is right for every TTL. */
	for (int ttl = 3; ttl < 60; ttl++) {
		p.ttl = (u8)ttl;
		p.id = (u16)(ttl * 1117);
		send_ip4(f->eth0, &p);
		assert_true(ip_header_csum_ok(f->sent[f->nsent - 1].b + 14, 20));
	}
}

static void test_ttl_exceeded(void **state)
{
	struct ip_fixture *f = router(state);
	struct ip4 p = echo_from("10.0.0.2", "10.1.0.2");
	const u8 *b = f->sent[0].b;

	p.ttl = 1;
	send_ip4(f->eth0, &p);
	assert_int_equal(f->nsent, 1);
	assert_ptr_equal(f->sent[0].dev, f->eth0);
	assert_memory_equal(b + 26, "\x0a\x00\x00\x01", 4); /* from where it came in */
	assert_int_equal(b[34], 11);
	assert_int_equal(b[35], 0);
	assert_int_equal(b[15] & 0xe0, 0xc0); /* internetwork control */
	assert_int_equal(csum_fold(csum_partial(b + 34, f->sent[0].len - 34, 0)), 0);
	assert_int_equal(mib(f, MIB_InHdrErrors), 1);
	assert_int_equal(mib(f, MIB_IcmpOutTimeExcds), 1);
}

static void test_forward_errors(void **state)
{
	struct ip_fixture *f = router(state);
	struct ip4 p = echo_from("10.0.0.2", "10.1.0.2");

	f->eth1->mtu = 600;
	rt_genid_bump(f->net);
	p.len = build_echo(echo_buf, 992);
	p.frag = 0x4000;
	send_ip4(f->eth0, &p);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].b[34], 3);
	assert_int_equal(f->sent[0].b[35], 4);
	assert_int_equal(get_be16(f->sent[0].b + 40), 600); /* next-hop MTU, RFC 1191 */
	assert_true(f->sent[0].len <= 14 + 576);
	p.frag = 0; /* without DF it is cut */
	send_ip4(f->eth0, &p);
	assert_int_equal(f->nsent, 3);
	assert_int_equal(mib(f, MIB_FragCreates), 2);
	p.dst = "99.0.0.1";
	p.len = 28;
	send_ip4(f->eth0, &p);
	assert_int_equal(f->nsent, 4);
	assert_int_equal(f->sent[3].b[34], 3);
	assert_int_equal(f->sent[3].b[35], 0); /* net unreachable */
	assert_int_equal(mib(f, MIB_InNoRoutes), 1);
}

static void test_forward_ipv6(void **state)
{
	static const u8 payload[1300] = {58};
	struct ip_fixture *f = router(state);
	struct ip6 p = {.src = "2001:db8::2",
			.dst = "2001:db8:1::2",
			.next = 17,
			.hops = 2,
			.data = payload,
			.len = 100};

	send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].b[21], 1);
	p.hops = 1;
	send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 2);
	assert_int_equal(f->sent[1].b[54], 3);
	p.hops = 9;
	p.len = sizeof(payload);
	f->eth1->mtu = 1300;
	rt_genid_bump(f->net);
	send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 3);
	assert_int_equal(f->sent[2].b[54], 2);
	assert_int_equal(get_be32(f->sent[2].b + 58), 1300);
	assert_int_equal(f->sent[2].len, 14 + 1280);
	p.dst = "2001:db9::1";
	send_ip6(f->eth0, &p);
	assert_int_equal(f->sent[3].b[54], 1);
	assert_int_equal(f->sent[3].b[55], 0);
}

/* ---- multicast ---- */

static void test_multicast(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr g = addr("239.1.1.1");
	struct ip4 p = echo_from("10.0.0.2", "239.1.1.1");
	const u8 *b = f->sent[0].b;

	f->net->sysctl.icmp_echo_ignore_broadcasts = false;
	know(f, "10.0.0.2", 2);
	send_ip4(f->eth0, &p);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 0);
	assert_int_equal(ip_mc_join(f->net, f->eth0, &g), 0);
	run_until(f, 2 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 2); /* igmp_qrv reports */
	assert_memory_equal(b, "\x01\x00\x5e\x00\x00\x16", 6);
	assert_int_equal(b[22], 1); /* TTL */
	assert_int_equal(b[14], 0x46);
	assert_memory_equal(b + 34, "\x94\x04\x00\x00", 4); /* router alert */
	assert_int_equal(b[38], 0x22);
	assert_int_equal(b[46], 4); /* change to exclude mode */
	assert_memory_equal(b + 50, "\xef\x01\x01\x01", 4);
	assert_int_equal(csum_fold(csum_partial(b + 38, 16, 0)), 0);
	send_ip4(f->eth0, &p);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 1);
	assert_int_equal(mib(f, MIB_InMcastPkts), 2);
	f->nsent = 0;
	assert_int_equal(ip_mc_leave(f->net, f->eth0, &g), 0);
	assert_int_equal(ip_mc_leave(f->net, f->eth0, &g), -EADDRNOTAVAIL);
	assert_false(ip_mc_joined(f->eth0, &g));
	run_until(f, 5 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 2);
	assert_int_equal(b[46], 3);
}

static void test_multicast_query(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr g = addr("239.1.1.1"), g6 = addr("ff02::77");
	u8 query[12] = {0x11, 100};
	struct ip4 p = {
	    .src = "10.0.0.2", .dst = "224.0.0.1", .proto = 2, .ttl = 1, .data = query, .len = 12};

	ip_mc_join(f->net, f->eth0, &g);
	ip_mc_join(f->net, f->eth0, &g6);
	run_until(f, 3 * NSEC_PER_SEC);
	assert_int_equal(mib(f, MIB_Icmp6OutMLDv2Reports), 2);
	f->nsent = 0;
	put_be16(query + 2, csum_fold(csum_partial(query, 12, 0)));
	send_ip4(f->eth0, &p);
	run_until(f, 14 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 1); /* within ten seconds, one for each group of that family */
	assert_int_equal(f->sent[0].b[46], 2);
}

/* What we send to a group that we are in comes back to us. */
static void test_multicast_loop(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr g = addr("239.1.1.1");
	u64 before;

	add_route(f, "224.0.0.0/4", NULL, f->eth0, 0);
	ip_mc_join(f->net, f->eth0, &g);
	run_until(f, 3 * NSEC_PER_SEC);
	before = mib(f, MIB_InMcastPkts);
	send_datagram(f, "239.1.1.1", 5, true);
	run_until(f, 4 * NSEC_PER_SEC);
	assert_int_equal(mib(f, MIB_InMcastPkts), before + 1);
	send_datagram(f, "239.1.1.2", 5, true);
	run_until(f, 5 * NSEC_PER_SEC);
	assert_int_equal(mib(f, MIB_InMcastPkts), before + 1);
}

/* ---- IPv6 headers ---- */

static void test_extension_headers(void **state)
{
	/* Headers in front of "no next header" (59): what comes of them? */
	static const struct {
		u8 first;
		u8 b[24];
		u32 len;
		int type, code, pointer; /* of the ICMPv6 error; type 0: none */
		enum mib mib;
	} cases[] = {
	    {59, {0}, 0, 0, 0, 0, MIB_Ip6InDelivers},
	    {0, {59, 0, 1, 4}, 8, 0, 0, 0, MIB_Ip6InDelivers}, /* hop-by-hop, PadN */
	    {0, {60, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4}, 16, 0, 0, 0, MIB_Ip6InDelivers},
	    {60, {0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4}, 16, 4, 1, 40, MIB_Ip6InHdrErrors},
	    {0, {59, 0, 0x3f, 4}, 8, 0, 0, 0, MIB_Ip6InDelivers},   /* unknown: skip */
	    {0, {59, 0, 0x7f, 4}, 8, 0, 0, 0, MIB_Ip6InHdrErrors},  /* unknown: discard */
	    {0, {59, 0, 0xbf, 4}, 8, 4, 2, 42, MIB_Ip6InHdrErrors}, /* unknown: tell */
	    {0, {59, 0, 1, 5}, 8, 0, 0, 0, MIB_Ip6InHdrErrors},	    /* option too long */
	    {0, {59, 1, 1, 4}, 8, 0, 0, 0, MIB_Ip6InHdrErrors},	    /* header too long */
	    {43, {59, 0, 0, 0}, 8, 0, 0, 0, MIB_Ip6InDelivers},	    /* routing, done */
	    {43, {59, 2, 0, 1}, 24, 4, 0, 42, MIB_Ip6InHdrErrors},  /* RFC 5095 */
	    {123, {0}, 8, 4, 1, 6, MIB_Ip6InUnknownProtos},
	    {60, {123, 0, 1, 4}, 8, 4, 1, 40, MIB_Ip6InUnknownProtos},
	};
	struct ip_fixture *f = *state;

	know(f, "2001:db8::2", 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 before = mib(f, cases[i].mib);

		f->nsent = 0;
		run_until(f, (nsec_t)(i + 1) * NSEC_PER_SEC);
		send_ip6(f->eth0, &(struct ip6){.src = "2001:db8::2",
						.dst = "2001:db8::1",
						.next = cases[i].first,
						.data = cases[i].b,
						.len = cases[i].len});
		assert_int_equal(mib(f, cases[i].mib), before + 1);
		assert_int_equal(f->nsent, cases[i].type != 0);
		if (!f->nsent)
			continue;
		assert_int_equal(f->sent[0].b[54], cases[i].type);
		assert_int_equal(f->sent[0].b[55], cases[i].code);
		assert_int_equal(get_be32(f->sent[0].b + 58), cases[i].pointer);
	}
}

static void test_refused_addresses_ipv6(void **state)
{
	static const struct {
		const char *src, *dst;
	} cases[] = {{"ff02::1", "2001:db8::1"},
		     {"::1", "2001:db8::1"},
		     {"2001:db8::2", "::1"},
		     {"2001:db8::2", "::"},
		     {"2001:db8::2", "ff01::1"}};
	struct ip_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		send_ip6(f->eth0,
			 &(struct ip6){.src = cases[i].src, .dst = cases[i].dst, .next = 59});
		assert_int_equal(mib(f, MIB_Ip6InHdrErrors), i + 1);
	}
	send_ip6(f->eth0, &(struct ip6){.src = "2001:db8::2", .dst = "2001:db8::99", .next = 59});
	assert_int_equal(mib(f, MIB_Ip6InAddrErrors), 1);
	assert_int_equal(mib(f, MIB_Ip6InDelivers), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_bad_headers),       T(test_noise),
	    T(test_padding_is_cut),    T(test_refused_addresses),
	    T(test_reverse_path),      T(test_not_for_us),
	    T(test_options),	       T(test_forward),
	    T(test_ttl_exceeded),      T(test_forward_errors),
	    T(test_forward_ipv6),      T(test_multicast),
	    T(test_multicast_query),   T(test_multicast_loop),
	    T(test_extension_headers), T(test_refused_addresses_ipv6),
	};

	return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * ICMP: echo, errors that come in and go out, limits, redirects (RFC 792, RFC 1122 3.2.2, RFC
 * 4443).
 */
#include "stack/icmp.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "tests/unit/ip_fixture.h"

static u8 buf[FRAME_MAX];

static void send_echo(struct ip_fixture *f, const char *src, const char *dst, u32 len)
{
	send_ip4(f->eth0, &(struct ip4){.src = src,
					.dst = dst,
					.proto = 1,
					.tos = 0x10,
					.data = buf,
					.len = build_echo(buf, len)});
}

static void test_echo(void **state)
{
	struct ip_fixture *f = *state;
	const u8 *b = f->sent[0].b;

	know(f, "10.0.0.2", 2);
	send_echo(f, "10.0.0.2", "10.0.0.1", 101);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(b[34], 0);
	assert_int_equal(b[15], 0x10);
	assert_int_equal(get_be16(b + 20), 0); /* no DF */
	assert_int_equal(csum_fold(csum_partial(b + 34, 109, 0)), 0);
	assert_memory_equal(b + 38, buf + 4, 105);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 1);
	assert_int_equal(mib(f, MIB_IcmpOutEchoReps), 1);
	memset(buf, 0, 28); /* nothing but zeros: the checksum is 0xffff, not 0 */
	buf[0] = 8;
	put_be16(buf + 2, 0xf7ff);
	send_ip4(f->eth0,
		 &(struct ip4){
		     .src = "10.0.0.2", .dst = "10.0.0.1", .proto = 1, .data = buf, .len = 28});
	assert_int_equal(get_be16(f->sent[1].b + 36), 0xffff);
	f->nsent = 1;
	f->net->sysctl.icmp_echo_ignore_all = true;
	send_echo(f, "10.0.0.2", "10.0.0.1", 10);
	assert_int_equal(f->nsent, 1);
	f->net->sysctl.icmp_echo_ignore_all = false;
	send_echo(f, "10.0.0.2", "10.0.0.255", 10); /* icmp_echo_ignore_broadcasts */
	assert_int_equal(f->nsent, 1);
	f->net->sysctl.icmp_echo_ignore_broadcasts = false;
	send_echo(f, "10.0.0.2", "10.0.0.255", 10);
	assert_int_equal(f->nsent, 2);
	assert_memory_equal(f->sent[1].b + 26, "\x0a\x00\x00\x01", 4);
}

static void test_bad_checksum(void **state)
{
	struct ip_fixture *f = *state;
	u32 len = build_echo(buf, 100);

	buf[50] ^= 1;
	send_ip4(f->eth0,
		 &(struct ip4){
		     .src = "10.0.0.2", .dst = "10.0.0.1", .proto = 1, .data = buf, .len = len});
	assert_int_equal(mib(f, MIB_IcmpInCsumErrors), 1);
	assert_int_equal(mib(f, MIB_IcmpInErrors), 1);
	assert_int_equal(mib(f, MIB_IcmpInEchos), 0);
	assert_int_equal(f->nsent, 0);
}

/* A packet of a protocol that nobody has, from host src. */
static void send_unknown(struct ip_fixture *f, const char *src, const char *dst, u16 frag, u8 proto,
			 const u8 *data, u32 len)
{
	send_ip4(
	    f->eth0,
	    &(struct ip4){
		.src = src, .dst = dst, .proto = proto, .frag = frag, .data = data, .len = len});
}

static void test_unreachable(void **state)
{
	static const u8 data[1000];
	struct ip_fixture *f = *state;
	const u8 *b = f->sent[0].b;

	know(f, "10.0.0.2", 2);
	send_unknown(f, "10.0.0.2", "10.0.0.1", 0, 200, data, 1000);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(b[34], 3);
	assert_int_equal(b[35], 2);
	assert_int_equal(f->sent[0].len, 14 + 576); /* RFC 1812 4.3.2.3 */
	assert_int_equal(b[42], 0x45);
	assert_int_equal(b[42 + 9], 200);
	assert_int_equal(csum_fold(csum_partial(b + 34, 556, 0)), 0);
}

/* RFC 1122 section 3.2.2: no error about these. */
static void test_no_error_about(void **state)
{
	static const u8 zero[64];
	struct ip_fixture *f = *state;
	u8 error[36] = {3, 3};
	u8 b[FRAME_MAX];
	struct ip4 p = {.src = "10.0.0.2", .dst = "10.0.0.1", .proto = 200, .data = zero, .len = 8};
	u32 len;

	know(f, "10.0.0.2", 2);
	know(f, "10.0.0.3", 3);
	send_unknown(f, "10.0.0.2", "10.0.0.255", 0, 200, zero, 8);
	send_unknown(f, "10.0.0.2", "224.0.0.1", 0, 200, zero, 8);
	len = build_ip4(b, f->eth0, &p); /* link-layer broadcast */
	memset(b, 0xff, 6);
	inject(f->eth0, b, len);
	assert_int_equal(f->nsent, 0);
	/* An ICMP error that cannot be forwarded. */
	f->net->sysctl.ip_forward = true;
	send_unknown(f, "10.0.0.2", "99.0.0.1", 0, 1, error, sizeof(error));
	assert_int_equal(f->nsent, 0);
	/* A later fragment. */
	send_unknown(f, "10.0.0.2", "99.0.0.1", 3, 17, zero, 8);
	assert_int_equal(f->nsent, 0);
	send_unknown(f, "10.0.0.2", "99.0.0.1", 0, 17, zero, 8);
	assert_int_equal(f->nsent, 1);
}

/* icmp_ratelimit: six at once, then one a second to each destination; icmp_msgs_burst for all. */
static void test_rate_limit_host(void **state)
{
	static const u8 zero[8];
	struct ip_fixture *f = *state;

	know(f, "10.0.0.2", 2);
	know(f, "10.0.0.3", 3);
	for (int i = 0; i < 20; i++)
		send_unknown(f, "10.0.0.2", "10.0.0.1", 0, 200, zero, 8);
	assert_int_equal(f->nsent, 6);
	assert_int_equal(mib(f, MIB_IcmpOutRateLimitHost), 14);
	send_unknown(f, "10.0.0.3", "10.0.0.1", 0, 200, zero, 8);
	assert_int_equal(f->nsent, 7);
	run_until(f, 999 * NSEC_PER_MSEC);
	send_unknown(f, "10.0.0.2", "10.0.0.1", 0, 200, zero, 8);
	assert_int_equal(f->nsent, 7);
	run_until(f, 1000 * NSEC_PER_MSEC);
	send_unknown(f, "10.0.0.2", "10.0.0.1", 0, 200, zero, 8);
	assert_int_equal(f->nsent, 8);
}

static void test_rate_limit_global(void **state)
{
	static const u8 zero[8];
	struct ip_fixture *f = *state;
	char src[32];
	int n;

	for (int i = 2; i < 250; i++) {
		snprintf(src, sizeof(src), "10.0.0.%d", i);
		know(f, src, (u8)i);
	}
	for (int i = 2; i < 250; i++) {
		snprintf(src, sizeof(src), "10.0.0.%d", i);
		send_unknown(f, src, "10.0.0.1", 0, 200, zero, 8);
		if (mib(f, MIB_IcmpOutRateLimitGlobal))
			break;
	}
	n = f->nsent; /* 50 tokens, of which each takes 0 to 2 */
	assert_true(n >= 25 && n < 80);
	assert_int_equal(mib(f, MIB_IcmpOutRateLimitGlobal), 1);
	f->nsent = 0;
	run_until(f, 20 * NSEC_PER_MSEC); /* a thousand a second: twenty more */
	for (int i = 100; i < 110; i++) {
		snprintf(src, sizeof(src), "10.0.0.%d", i);
		send_unknown(f, src, "10.0.0.1", 0, 200, zero, 8);
	}
	assert_int_equal(f->nsent, 10);
}

/* An error about a datagram of ours from 10.0.0.1 to dst; returns the length in buf. */
static u32 build_error(u8 type, u8 code, u32 info, const char *dst, u8 proto)
{
	u8 *q = buf + 8;

	memset(buf, 0, 64);
	buf[0] = type;
	buf[1] = code;
	put_be32(buf + 4, info);
	q[0] = 0x45;
	put_be16(q + 2, 60);
	q[8] = 64;
	q[9] = proto;
	put_v4(q + 12, "10.0.0.1");
	put_v4(q + 16, dst);
	put_be16(q + 20, 1000);
	put_be16(q + 22, 2000);
	put_be16(buf + 2, csum_fold(csum_partial(buf, 36, 0)));
	return 36;
}

static void test_errors_truncated(void **state)
{
	struct ip_fixture *f = *state;

	for (u32 len = 0; len < 36; len++) {
		build_error(3, 3, 0, "10.0.0.2", 17);
		put_be16(buf + 2, 0);
		put_be16(buf + 2, csum_fold(csum_partial(buf, len, 0)));
		send_ip4(
		    f->eth0,
		    &(struct ip4){
			.src = "10.0.0.2", .dst = "10.0.0.1", .proto = 1, .data = buf, .len = len});
	}
	assert_int_equal(mib(f, MIB_IcmpInErrors), 36);
}

static void test_redirect(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = addr("8.8.8.8")};
	union ipaddr other = addr("10.0.0.3");
	struct ip4 p = {.src = "10.0.0.2", .dst = "10.0.0.1", .proto = 1, .data = buf};
	struct dst dst;

	add_route(f, "0.0.0.0/0", "10.0.0.2", NULL, 0);
	p.len = build_error(ICMP_REDIRECT, 1, 0x0a000003, "8.8.8.8", 17);
	p.src = "10.0.0.9"; /* not the gateway in use */
	send_ip4(f->eth0, &p);
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_false(ipaddr_equal(&dst.nexthop, &other));
	p.src = "10.0.0.2";
	send_ip4(f->eth0, &p);
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_true(ipaddr_equal(&dst.nexthop, &other));
	fl.daddr = addr("8.8.4.4"); /* of that destination only */
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_false(ipaddr_equal(&dst.nexthop, &other));
	/* To a gateway that is not on the link; or when redirects are not accepted. */
	p.len = build_error(ICMP_REDIRECT, 1, 0x0b000003, "8.8.4.4", 17);
	send_ip4(f->eth0, &p);
	f->net->sysctl.accept_redirects = false;
	p.len = build_error(ICMP_REDIRECT, 1, 0x0a000003, "8.8.4.4", 17);
	send_ip4(f->eth0, &p);
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	assert_memory_equal(&dst.nexthop.b[12], "\x0a\x00\x00\x02", 4);
	assert_int_equal(mib(f, MIB_IcmpInRedirects), 4);
}

/* ---- IPv6 ---- */

static u32 build_icmp6(u8 *p, u8 type, u32 len, const char *s, const char *d)
{
	union ipaddr sa = addr(s), da = addr(d);

	memset(p, 0, len);
	p[0] = type;
	for (u32 i = 8; i < len; i++)
		p[i] = (u8)i;
	put_be16(p + 2, csum_fold(csum_partial(p, len, ip_pseudo_sum(&sa, &da, 58, len))));
	return len;
}

static void test_echo_ipv6(void **state)
{
	struct ip_fixture *f = *state;
	struct ip6 p = {.src = "2001:db8::2", .dst = "2001:db8::1", .next = 58, .data = buf};
	const u8 *b = f->sent[0].b;

	know(f, "2001:db8::2", 2);
	p.len = build_icmp6(buf, 128, 77, p.src, p.dst);
	send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(b[54], 129);
	assert_memory_equal(b + 58, buf + 4, 73);
	assert_int_equal(csum_fold(csum_partial(b + 54, 77, csum_partial(b + 22, 32, 58 + 77))), 0);
	p.dst = "ff02::1"; /* answered from an address of ours */
	p.len = build_icmp6(buf, 128, 20, p.src, p.dst);
	send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 2);
	assert_memory_equal(f->sent[1].b + 22, addr("2001:db8::1").b, 16);
	buf[10] ^= 1;
	send_ip6(f->eth0, &p);
	assert_int_equal(mib(f, MIB_Icmp6InCsumErrors), 1);
	assert_int_equal(f->nsent, 2);
}

/* icmp.ratelimit 100 ms, a quarter of it for a route of 64 bits: six at once, then one in 25 ms. */
static void test_rate_limit_ipv6(void **state)
{
	static const u8 zero[8];
	struct ip_fixture *f = *state;
	struct ip6 p = {
	    .src = "2001:db8::2", .dst = "2001:db8::1", .next = 200, .data = zero, .len = 8};

	know(f, "2001:db8::2", 2);
	for (int i = 0; i < 20; i++)
		send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 6);
	assert_int_equal(mib(f, MIB_Icmp6OutRateLimitHost), 14);
	run_until(f, 25 * NSEC_PER_MSEC);
	for (int i = 0; i < 3; i++)
		send_ip6(f->eth0, &p);
	assert_int_equal(f->nsent, 7);
}

static void test_redirect_ipv6(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.daddr = addr("2001:db8:9::1")};
	union ipaddr target = addr("fe80::3");
	struct ip6 p = {.src = "fe80::2",
			.dst = "2001:db8::1",
			.next = 58,
			.hops = 255,
			.data = buf,
			.len = 40};
	union ipaddr da = addr(p.dst), sa = addr(p.src);
	struct dst dst;

	add_route(f, "::/0", "fe80::2", f->eth0, 0);
	for (int hops = 64; hops <= 255; hops += 191) {
		memset(buf, 0, 40);
		buf[0] = ND_REDIRECT;
		memcpy(buf + 8, target.b, 16);
		memcpy(buf + 24, fl.daddr.b, 16);
		put_be16(buf + 2,
			 csum_fold(csum_partial(buf, 40, ip_pseudo_sum(&sa, &da, 58, 40))));
		p.hops = (u8)hops;
		send_ip6(f->eth0, &p);
		assert_int_equal(route_output(f->net, &fl, &dst), 0);
		assert_int_equal(ipaddr_equal(&dst.nexthop, &target), hops == 255);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_echo),
	    T(test_bad_checksum),
	    T(test_unreachable),
	    T(test_no_error_about),
	    T(test_rate_limit_host),
	    T(test_rate_limit_global),
	    T(test_errors_truncated),
	    T(test_redirect),
	    T(test_echo_ipv6),
	    T(test_rate_limit_ipv6),
	    T(test_redirect_ipv6),
	};

	return cmocka_run_group_tests_name("icmp", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Neighbours: ARP (RFC 826, arp(7)) and neighbour discovery (RFC 4861), with Linux's times.
 */
#include "stack/neighbour.h"

#include "tests/unit/ip_fixture.h"

static const u8 all_ones[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static u32 build_arp(u8 *b, const struct net_device *dev, u16 op, u8 n, const char *spa,
		     const char *tpa)
{
	static const u8 fixed[6] = {0, 1, 8, 0, 6, 4};
	const u8 sha[6] = {2, 0, 0, 0, 1, n};
	u32 off = put_eth(b, dev, n, 0x0806);

	memset(b + off, 0, 46);
	memcpy(b + off, fixed, 6);
	put_be16(b + off + 6, op);
	memcpy(b + off + 8, sha, 6);
	put_v4(b + off + 14, spa);
	put_v4(b + off + 24, tpa);
	return off + 46; /* padded to the least Ethernet frame */
}

static void send_arp(struct net_device *dev, u16 op, u8 n, const char *spa, const char *tpa)
{
	u8 b[64];

	inject(dev, b, build_arp(b, dev, op, n, spa, tpa));
}

static struct neighbour *neigh(struct ip_fixture *f, const char *a)
{
	union ipaddr ip = addr(a);

	return neigh_lookup(f->net, f->eth0, &ip);
}

static void assert_state(struct ip_fixture *f, const char *a, const char *state)
{
	assert_non_null(neigh(f, a));
	assert_string_equal(neigh_state_name(neigh_state(neigh(f, a))), state);
}

static bool is_arp_request(const struct frame *fr, const u8 *to)
{
	return get_be16(fr->b + 12) == 0x0806 && get_be16(fr->b + 20) == 1 &&
	       memcmp(fr->b, to, 6) == 0;
}

static void test_resolve(void **state)
{
	struct ip_fixture *f = *state;
	const u8 mac[6] = {2, 0, 0, 0, 1, 2};
	const struct frame *fr = f->sent;

	assert_int_equal(send_datagram(f, "10.0.0.2", 1, true), 0);
	assert_int_equal(send_datagram(f, "10.0.0.2", 2, true), 0);
	assert_int_equal(f->nsent, 1);
	assert_true(is_arp_request(fr, all_ones));
	assert_memory_equal(fr->b + 22, f->eth0->mac, 6);
	assert_memory_equal(fr->b + 28, "\x0a\x00\x00\x01", 4);
	assert_memory_equal(fr->b + 32, "\0\0\0\0\0\0", 6);
	assert_memory_equal(fr->b + 38, "\x0a\x00\x00\x02", 4);
	assert_state(f, "10.0.0.2", "INCOMPLETE");
	send_arp(f->eth0, 2, 2, "10.0.0.2", "10.0.0.1");
	assert_state(f, "10.0.0.2", "REACHABLE");
	assert_int_equal(f->nsent, 3); /* in order */
	assert_memory_equal(f->sent[1].b, mac, 6);
	assert_int_equal(f->sent[1].len, 14 + 20 + 8 + 1);
	assert_int_equal(f->sent[2].len, 14 + 20 + 8 + 2);
	assert_int_equal(send_datagram(f, "10.0.0.2", 3, true), 0);
	assert_int_equal(f->nsent, 4);
}

/* Questions at 0, 1 and 2 s; at 3 s the packets come back as host unreachable. */
static void test_no_answer(void **state)
{
	struct ip_fixture *f = *state;

	send_datagram(f, "10.0.0.2", 1, true);
	send_datagram(f, "10.0.0.2", 1, true);
	run_until(f, 10 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(is_arp_request(&f->sent[i], all_ones));
		assert_int_equal(f->sent[i].t, i * NSEC_PER_SEC);
	}
	assert_state(f, "10.0.0.2", "FAILED");
	assert_int_equal(mib(f, MIB_IcmpOutDestUnreachs), 2);
	assert_int_equal(mib(f, MIB_IcmpInDestUnreachs), 2); /* to ourselves */
	/* The next packet asks again at once. */
	send_datagram(f, "10.0.0.2", 1, true);
	assert_int_equal(f->nsent, 4);
	assert_state(f, "10.0.0.2", "INCOMPLETE");
}

/* unres_qlen_bytes: the oldest go. */
static void test_queue_limit(void **state)
{
	struct ip_fixture *f = *state;
	u32 each = SKB_TRUESIZE(1008), fits = 212992 / each, off = 20 + 8;

	f->net->sysctl.unres_qlen_bytes = 3 * each;
	assert_true(fits > 100);
	for (u32 i = 0; i < 5; i++)
		send_datagram(f, "10.0.0.2", 1000 - i, true);
	send_arp(f->eth0, 2, 2, "10.0.0.2", "10.0.0.1");
	assert_int_equal(f->nsent, 1 + 3);
	assert_int_equal(f->sent[1].len, 14 + off + 998);
	assert_int_equal(f->sent[3].len, 14 + off + 996);
}

static void test_ages(void **state)
{
	struct ip_fixture *f = *state;
	nsec_t reach, t0;
	const u8 mac[6] = {2, 0, 0, 0, 1, 2};

	send_datagram(f, "10.0.0.2", 1, true);
	send_arp(f->eth0, 2, 2, "10.0.0.2", "10.0.0.1");
	reach = f->net->neigh->reachable_time;
	assert_true(reach >= 15 * NSEC_PER_SEC && reach < 45 * NSEC_PER_SEC);
	run_until(f, reach);
	assert_state(f, "10.0.0.2", "REACHABLE");
	run_until(f, reach + 1);
	assert_state(f, "10.0.0.2", "STALE");
	f->nsent = 0;
	t0 = f->w->sim.now;
	send_datagram(f, "10.0.0.2", 1, true); /* goes out, and starts the delay */
	assert_int_equal(f->nsent, 1);
	assert_state(f, "10.0.0.2", "DELAY");
	run_until(f, t0 + 5 * NSEC_PER_SEC);
	assert_state(f, "10.0.0.2", "PROBE");
	assert_int_equal(f->nsent, 2);
	assert_true(is_arp_request(&f->sent[1], mac)); /* unicast */
	send_arp(f->eth0, 2, 2, "10.0.0.2", "10.0.0.1");
	assert_state(f, "10.0.0.2", "REACHABLE");
	run_until(f, t0 + 60 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 2);
}

static void test_probes_fail(void **state)
{
	struct ip_fixture *f = *state;
	nsec_t t0 = 100 * NSEC_PER_SEC;

	send_arp(f->eth0, 1, 2, "10.0.0.2", "10.0.0.1"); /* learned as STALE */
	assert_state(f, "10.0.0.2", "STALE");
	run_until(f, t0);
	f->nsent = 0;
	send_datagram(f, "10.0.0.2", 1, true);
	run_until(f, t0 + 20 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 1 + 3);
	assert_int_equal(f->sent[1].t, t0 + 5 * NSEC_PER_SEC);
	assert_int_equal(f->sent[3].t, t0 + 7 * NSEC_PER_SEC);
	assert_state(f, "10.0.0.2", "FAILED");
}

/* An upper layer's confirmation ends the delay without a question. */
static void test_confirm(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = addr("10.0.0.2")};
	struct dst dst;

	send_arp(f->eth0, 1, 2, "10.0.0.2", "10.0.0.1");
	f->nsent = 0;
	send_datagram(f, "10.0.0.2", 1, true);
	assert_int_equal(route_output(f->net, &fl, &dst), 0);
	dst.neigh = neigh(f, "10.0.0.2");
	run_until(f, 2 * NSEC_PER_SEC);
	dst_confirm(&dst);
	run_until(f, 8 * NSEC_PER_SEC);
	assert_state(f, "10.0.0.2", "REACHABLE");
	assert_int_equal(f->nsent, 1);
}

static void test_answers_requests(void **state)
{
	struct ip_fixture *f = *state;
	const u8 mac[6] = {2, 0, 0, 0, 1, 7};

	send_arp(f->eth0, 1, 7, "10.0.0.7", "10.0.0.1");
	assert_int_equal(f->nsent, 1);
	assert_memory_equal(f->sent[0].b, mac, 6);
	assert_int_equal(get_be16(f->sent[0].b + 20), 2);
	assert_memory_equal(f->sent[0].b + 28, "\x0a\x00\x00\x01", 4);
	assert_memory_equal(f->sent[0].b + 32, mac, 6);
	send_arp(f->eth0, 1, 7, "10.0.0.7", "10.0.0.99"); /* not ours */
	assert_int_equal(f->nsent, 1);
	send_arp(f->eth0, 1, 8, "0.0.0.0", "10.0.0.1"); /* RFC 5227 probe */
	assert_int_equal(f->nsent, 2);
	assert_null(neigh(f, "0.0.0.0"));
	/* Nobody is learned from what was not meant for us (arp_accept = 0). */
	send_arp(f->eth0, 2, 9, "10.0.0.9", "10.0.0.1");
	assert_null(neigh(f, "10.0.0.9"));
}

/* LOCKTIME: within a second of the last change another address is not believed. */
static void test_first_answer_wins(void **state)
{
	struct ip_fixture *f = *state;

	send_datagram(f, "10.0.0.2", 1, true);
	send_arp(f->eth0, 2, 2, "10.0.0.2", "10.0.0.1");
	send_arp(f->eth0, 2, 66, "10.0.0.2", "10.0.0.1");
	assert_int_equal(neigh(f, "10.0.0.2")->ha[5], 2);
	run_until(f, 2 * NSEC_PER_SEC);
	send_arp(f->eth0, 2, 66, "10.0.0.2", "10.0.0.1");
	assert_int_equal(neigh(f, "10.0.0.2")->ha[5], 66);
}

static void test_malformed_arp(void **state)
{
	struct ip_fixture *f = *state;
	u8 b[64];

	for (u32 len = 14; len < 42; len++) {
		build_arp(b, f->eth0, 1, 7, "10.0.0.7", "10.0.0.1");
		inject(f->eth0, b, len);
	}
	for (int i = 0; i < 8; i++) { /* each field of the fixed header in turn */
		u32 len = build_arp(b, f->eth0, 1, 7, "10.0.0.7", "10.0.0.1");

		b[14 + i] ^= 0x40;
		inject(f->eth0, b, len);
	}
	assert_int_equal(f->nsent, 0);
	assert_null(neigh(f, "10.0.0.7"));
}

static void test_permanent(void **state)
{
	struct ip_fixture *f = *state;

	know(f, "10.0.0.2", 2);
	send_datagram(f, "10.0.0.2", 1, true);
	assert_int_equal(f->nsent, 1);
	send_arp(f->eth0, 1, 66, "10.0.0.2", "10.0.0.1");
	assert_int_equal(neigh(f, "10.0.0.2")->ha[5], 2);
	assert_state(f, "10.0.0.2", "PERMANENT");
	netif_carrier_off(f->eth0);
	assert_non_null(neigh(f, "10.0.0.2"));
	dev_close(f->eth0);
	assert_null(neigh(f, "10.0.0.2"));
}

static void test_multicast_mac(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {
	    .saddr = ipaddr_v4(0), .daddr = addr("224.129.1.2"), .oif = f->eth0->ifindex};
	union ipaddr a = addr("ff02::1:2345"), b = addr("10.0.0.255");

	assert_memory_equal(neigh_create(f->net, f->eth0, &fl.daddr)->ha,
			    "\x01\x00\x5e\x01\x01\x02", 6);
	assert_memory_equal(neigh_create(f->net, f->eth0, &a)->ha, "\x33\x33\x00\x01\x23\x45", 6);
	assert_memory_equal(neigh_create(f->net, f->eth0, &b)->ha, all_ones, 6);
}

/* A full table makes room from entries that are not in use, else refuses. */
static void test_table_limits(void **state)
{
	struct ip_fixture *f = *state;
	char text[32];

	f->net->sysctl.neigh_gc_thresh2 = 4;
	f->net->sysctl.neigh_gc_thresh3 = 8;
	for (int i = 2; i < 20; i++) {
		union ipaddr a;

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		a = addr(text);
		if (i < 10)
			assert_non_null(neigh_create(f->net, f->eth0, &a));
		else
			assert_null(neigh_create(f->net, f->eth0, &a));
	}
	run_until(f, 6 * NSEC_PER_SEC);
	assert_int_equal(send_datagram(f, "10.0.0.50", 1, true), 0);
	assert_non_null(neigh(f, "10.0.0.50"));
}

/* ---- neighbour discovery ---- */

static void put_icmp6_csum(u8 *p, u32 len, const char *s, const char *d)
{
	union ipaddr sa = addr(s), da = addr(d);

	put_be16(p + 2, 0);
	put_be16(p + 2, csum_fold(csum_partial(p, len, ip_pseudo_sum(&sa, &da, 58, len))));
}

/* A message with target and a link-layer address option; hops 0 means 255. */
static void send_nd(struct ip_fixture *f, u8 type, u8 flags, const char *src, const char *dst,
		    const char *target, u8 opt, u8 hops)
{
	u8 p[32] = {type, 0, 0, 0, flags};
	union ipaddr t = addr(target);
	u32 len = opt ? 32 : 24;

	memcpy(p + 8, t.b, 16);
	p[24] = opt;
	p[25] = 1;
	memcpy(p + 26, (const u8[]){2, 0, 0, 0, 1, 2}, 6);
	put_icmp6_csum(p, len, src, dst);
	send_ip6(f->eth0, &(struct ip6){.src = src,
					.dst = dst,
					.next = 58,
					.hops = hops ? hops : 255,
					.data = p,
					.len = len});
}

static void test_nd_resolve(void **state)
{
	struct ip_fixture *f = *state;
	const u8 *p = f->sent[0].b;
	union ipaddr want = addr("ff02::1:ff00:2");

	send_datagram(f, "2001:db8::2", 10, false);
	assert_int_equal(f->nsent, 1);
	assert_memory_equal(p, "\x33\x33\xff\x00\x00\x02", 6);
	assert_int_equal(p[14 + 7], 255);
	assert_memory_equal(p + 14 + 24, want.b, 16);
	assert_int_equal(p[54], 135);
	assert_int_equal(p[78], 1); /* source link-layer address */
	assert_memory_equal(p + 80, f->eth0->mac, 6);
	assert_int_equal(csum_fold(csum_partial(p + 54, 32, csum_partial(p + 22, 32, 58 + 32))), 0);
	send_nd(f, 136, 0x60, "2001:db8::2", "2001:db8::1", "2001:db8::2", 2, 64);
	assert_int_equal(f->nsent, 1); /* hop limit: not from this link */
	send_nd(f, 136, 0x60, "2001:db8::2", "2001:db8::1", "2001:db8::2", 2, 0);
	assert_state(f, "2001:db8::2", "REACHABLE");
	assert_int_equal(f->nsent, 2);
}

static void test_nd_no_answer(void **state)
{
	struct ip_fixture *f = *state;

	send_datagram(f, "2001:db8::2", 10, false);
	run_until(f, 10 * NSEC_PER_SEC);
	assert_int_equal(f->nsent, 3);
	assert_int_equal(f->sent[2].t, 2 * NSEC_PER_SEC);
	assert_int_equal(mib(f, MIB_Icmp6OutDestUnreachs), 1);
	assert_int_equal(mib(f, MIB_Icmp6InDestUnreachs), 1);
}

static void test_nd_answers(void **state)
{
	struct ip_fixture *f = *state;
	const u8 *p = f->sent[0].b;

	send_nd(f, 135, 0, "2001:db8::2", "ff02::1:ff00:1", "2001:db8::1", 1, 0);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(p[54], 136);
	assert_int_equal(p[58], 0x60); /* solicited, override */
	assert_int_equal(p[21], 255);
	assert_int_equal(p[78], 2);
	assert_state(f, "2001:db8::2", "DELAY"); /* learned as STALE, and the answer used it */
	send_nd(f, 135, 0, "2001:db8::2", "ff02::1:ff00:9", "2001:db8::9", 1, 0);
	assert_int_equal(f->nsent, 1);
	/* A duplicate address probe is answered to all nodes. */
	send_nd(f, 135, 0, "::", "ff02::1:ff00:1", "2001:db8::1", 0, 0);
	assert_int_equal(f->nsent, 2);
	assert_memory_equal(f->sent[1].b, "\x33\x33\x00\x00\x00\x01", 6);
	/* It must not carry an address. */
	send_nd(f, 135, 0, "::", "ff02::1:ff00:1", "2001:db8::1", 1, 0);
	assert_int_equal(f->nsent, 2);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_resolve),	      T(test_no_answer),
	    T(test_queue_limit),      T(test_ages),
	    T(test_probes_fail),      T(test_confirm),
	    T(test_answers_requests), T(test_first_answer_wins),
	    T(test_malformed_arp),    T(test_permanent),
	    T(test_multicast_mac),    T(test_table_limits),
	    T(test_nd_resolve),	      T(test_nd_no_answer),
	    T(test_nd_answers),
	};

	return cmocka_run_group_tests_name("neigh", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Fragmentation and reassembly: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722, Linux's
 * limits.
 */
#include "stack/fragment.h"

#include "stack/frag_queue.h"
#include "tests/unit/ip_fixture.h"

#define MF 0x2000

/* Bytes [off, off + len) of an ICMP echo request of total bytes, as a fragment. */
static void send_piece(struct ip_fixture *f, u32 total, u32 off, u32 len, u16 id, u8 tos)
{
	u8 echo[FRAME_MAX];

	build_echo(echo, total - 8);
	send_ip4(f->eth0, &(struct ip4){.src = "10.0.0.2",
					.dst = "10.0.0.1",
					.proto = 1,
					.id = id,
					.tos = tos,
					.data = echo + off,
					.len = len,
					.frag = (u16)(off / 8 | (off + len < total ? MF : 0))});
}

static u64 echoes(struct ip_fixture *f)
{
	return mib(f, MIB_IcmpInEchos);
}

static u32 queues(struct ip_fixture *f)
{
	struct frag_queue *q;
	u32 n = 0;

	list_for_each_entry(q, &f->net->frags->queues, node)
		n++;
	if (!n)
		assert_int_equal(f->net->frags->mem, 0);
	return n;
}

/* All orders of four fragments give the datagram back, and its checksum is right. */
static void test_any_order(void **state)
{
	struct ip_fixture *f = *state;
	u64 n = 0;

	know(f, "10.0.0.2", 2);
	f->net->sysctl.icmp_echo_ignore_all = true;
	for (int a = 0; a < 4; a++) {
		for (int b = 0; b < 4; b++) {
			for (int c = 0; c < 4; c++) {
				int order[4] = {a, b, c, 6 - a - b - c};

				if (a == b || b == c || a == c)
					continue;
				for (int i = 0; i < 4; i++)
					send_piece(f, 100, (u32)order[i] * 24,
						   order[i] == 3 ? 28 : 24, (u16)n, 0);
				n++;
				assert_int_equal(echoes(f), n);
			}
		}
	}
	assert_int_equal(n, 24);
	assert_int_equal(mib(f, MIB_ReasmOKs), 24);
	assert_int_equal(mib(f, MIB_ReasmReqds), 96);
	assert_int_equal(mib(f, MIB_ReasmFails), 0);
	assert_int_equal(mib(f, MIB_IcmpInErrors), 0);
	assert_int_equal(queues(f), 0);
}

/* What comes back is what was sent, through reassembly and fragmentation. */
static void test_large_echo(void **state)
{
	struct ip_fixture *f = *state;
	u8 want[FRAME_MAX], got[FRAME_MAX];
	u32 total = build_echo(want, 8000), n = 0;

	know(f, "10.0.0.2", 2);
	for (u32 off = 0; off < total; off += 1480)
		send_piece(f, total, off, min(1480, total - off), 5, 0);
	assert_int_equal(f->nsent, 6);
	for (int i = 0; i < f->nsent; i++) {
		const u8 *ip = f->sent[i].b + 14;
		u32 len = get_be16(ip + 2) - 20u, off = (get_be16(ip + 6) & 0x1fffu) * 8;

		assert_true(ip_header_csum_ok(ip, 20));
		assert_int_equal(off, n);
		assert_int_equal(get_be16(ip + 4), get_be16(f->sent[0].b + 18));
		assert_int_equal(!!(get_be16(ip + 6) & MF), i < f->nsent - 1);
		assert_int_equal(f->sent[i].len, 34 + len);
		memcpy(got + off, ip + 20, len);
		n += len;
	}
	assert_int_equal(n, total);
	assert_int_equal(csum_fold(csum_partial(got, total, 0)), 0);
	assert_int_equal(got[0], 0);
	assert_memory_equal(got + 4, want + 4, total - 4);
	assert_int_equal(mib(f, MIB_FragCreates), 6);
	assert_int_equal(mib(f, MIB_FragOKs), 1);
}

static void test_duplicate_is_harmless(void **state)
{
	struct ip_fixture *f = *state;

	f->net->sysctl.icmp_echo_ignore_all = true;
	send_piece(f, 100, 0, 48, 1, 0);
	send_piece(f, 100, 0, 48, 1, 0);
	send_piece(f, 100, 8, 16, 1, 0); /* wholly contained */
	send_piece(f, 100, 48, 52, 1, 0);
	assert_int_equal(echoes(f), 1);
	assert_int_equal(mib(f, MIB_ReasmFails), 0);
}

/* RFC 5722, in Linux for IPv4 too: a partial overlap ends the datagram. */
static void test_overlap_kills(void **state)
{
	static const struct {
		u32 off, len;
	} cases[] = {{40, 16}, {0, 56}, {40, 60}};
	struct ip_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		send_piece(f, 100, i == 1 ? 8 : 0, 48 - (i == 1 ? 8 : 0), (u16)i, 0);
		send_piece(f, 100, cases[i].off, cases[i].len, (u16)i, 0);
		assert_int_equal(queues(f), 0);
		assert_int_equal(mib(f, MIB_ReasmOverlaps), i + 1);
		assert_int_equal(mib(f, MIB_ReasmFails), i + 1);
	}
	assert_int_equal(echoes(f), 0);
}

/* A last fragment that contradicts what is there, and data beyond the end. */
static void test_contradicting_ends(void **state)
{
	struct ip_fixture *f = *state;

	send_piece(f, 100, 48, 52, 1, 0);
	send_piece(f, 80, 64, 16, 1, 0);
	assert_int_equal(queues(f), 0);
	send_piece(f, 100, 48, 52, 2, 0);
	send_piece(f, 200, 104, 16, 2, 0);
	assert_int_equal(queues(f), 0);
	assert_int_equal(mib(f, MIB_ReasmFails), 2);
}

static void test_oversized(void **state)
{
	struct ip_fixture *f = *state;
	u8 b[1480] = {0};
	struct ip4 p = {
	    .src = "10.0.0.2", .dst = "10.0.0.1", .proto = 1, .id = 9, .data = b, .len = sizeof(b)};

	/* RFC 791's 65535 with the header: the "ping of death". */
	for (u32 off = 0; off < 65536 - 20; off += 1480) {
		p.frag = (u16)(off / 8 | (off + 1480 < 65536 ? MF : 0));
		send_ip4(f->eth0, &p);
	}
	assert_int_equal(mib(f, MIB_ReasmOKs), 0);
	assert_int_equal(mib(f, MIB_ReasmFails), 1);
	assert_int_equal(queues(f), 0);
}

static void test_timeout(void **state)
{
	struct ip_fixture *f = *state;

	know(f, "10.0.0.2", 2);
	send_piece(f, 100, 0, 48, 1, 0);
	send_piece(f, 100, 48, 52, 2, 0); /* without the first fragment nobody is told */
	run_until(f, 30 * NSEC_PER_SEC - 1);
	assert_int_equal(queues(f), 2);
	run_until(f, 31 * NSEC_PER_SEC);
	assert_int_equal(queues(f), 0);
	assert_int_equal(mib(f, MIB_ReasmTimeout), 2);
	assert_int_equal(mib(f, MIB_ReasmFails), 2);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].t, 30 * NSEC_PER_SEC);
	assert_int_equal(f->sent[0].b[34], 11);
	assert_int_equal(f->sent[0].b[35], 1);
	assert_memory_equal(f->sent[0].b + 14 + 28 + 12, "\x0a\x00\x00\x02",
			    4); /* quotes the header */
}

static void test_memory_limit(void **state)
{
	struct ip_fixture *f = *state;

	f->net->sysctl.ipfrag_high_thresh = 4000;
	for (u16 id = 0; id < 50; id++)
		send_piece(f, 100, 0, 48, id, 0);
	assert_true(queues(f) < 10);
	assert_int_equal(mib(f, MIB_ReasmFails), 50 - queues(f));
	assert_true(f->net->frags->mem <= 4000 + 2000);
}

/* RFC 3168 section 5.3. */
static void test_ecn(void **state)
{
	static const struct {
		u8 a, b;
		bool ok;
	} cases[] = {{2, 2, true}, {2, 3, true}, {0, 0, true}, {0, 3, false}, {0, 2, false}};
	struct ip_fixture *f = *state;
	u64 ok = 0;

	f->net->sysctl.icmp_echo_ignore_all = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		send_piece(f, 100, 0, 48, (u16)i, cases[i].a);
		send_piece(f, 100, 48, 52, (u16)i, cases[i].b);
		ok += cases[i].ok;
		assert_int_equal(echoes(f), ok);
	}
}

/* ---- IPv6 ---- */

/* Bytes [off, off + len) of an ICMPv6 echo request of total bytes. */
static void send_piece6(struct ip_fixture *f, u32 total, u32 off, u32 len, u32 id, bool more)
{
	union ipaddr s = addr("2001:db8::2"), d = addr("2001:db8::1");
	u8 echo[FRAME_MAX] = {128}, p[FRAME_MAX] = {58};

	for (u32 i = 8; i < total; i++)
		echo[i] = (u8)(i * 3);
	put_be16(echo + 2, csum_fold(csum_partial(echo, total, ip_pseudo_sum(&s, &d, 58, total))));
	put_be16(p + 2, (u16)(off | more));
	put_be32(p + 4, id);
	memcpy(p + 8, echo + off, len);
	send_ip6(
	    f->eth0,
	    &(struct ip6){
		.src = "2001:db8::2", .dst = "2001:db8::1", .next = 44, .data = p, .len = len + 8});
}

static void test_ipv6(void **state)
{
	struct ip_fixture *f = *state;
	u32 created = 0;

	know(f, "2001:db8::2", 2);
	send_piece6(f, 3000, 1448, 1448, 1, true);
	send_piece6(f, 3000, 2896, 104, 1, false);
	send_piece6(f, 3000, 0, 1448, 1, true);
	assert_int_equal(mib(f, MIB_Icmp6InEchos), 1);
	assert_int_equal(mib(f, MIB_Icmp6InCsumErrors), 0);
	assert_int_equal(mib(f, MIB_Ip6ReasmOKs), 1);
	for (int i = 0; i < f->nsent; i++) {
		const u8 *p = f->sent[i].b;

		assert_int_equal(p[14 + 6], 44);
		assert_int_equal(p[54], 58);
		assert_int_equal(get_be16(p + 56) & 0xfff8, created);
		assert_int_equal(get_be16(p + 56) & 1, i < f->nsent - 1);
		created += f->sent[i].len - 62;
	}
	assert_int_equal(f->nsent, 3);
	assert_int_equal(created, 3000);
	/* An atomic fragment is whole by itself (RFC 6946). */
	send_piece6(f, 100, 0, 100, 2, false);
	assert_int_equal(mib(f, MIB_Icmp6InEchos), 2);
}

static void test_ipv6_errors(void **state)
{
	struct ip_fixture *f = *state;

	know(f, "2001:db8::2", 2);
	/* A length that is no multiple of eight: parameter problem, pointing at the length. */
	send_piece6(f, 3000, 0, 1001, 1, true);
	assert_int_equal(f->nsent, 1);
	assert_int_equal(f->sent[0].b[54], 4);
	assert_int_equal(get_be32(f->sent[0].b + 58), 4);
	send_piece6(f, 3000, 0, 96, 2, true);
	send_piece6(f, 3000, 48, 96, 2, true); /* RFC 5722 */
	assert_int_equal(mib(f, MIB_Ip6ReasmFails), 1);
	send_piece6(f, 3000, 0, 96, 3, true);
	run_until(f, 60 * NSEC_PER_SEC);
	assert_int_equal(mib(f, MIB_Ip6ReasmTimeout), 1);
	assert_int_equal(f->nsent, 2);
	assert_int_equal(f->sent[1].b[54], 3);
	assert_int_equal(f->sent[1].b[55], 1);
}

/* ---- output ---- */

static void test_df(void **state)
{
	struct ip_fixture *f = *state;

	know(f, "10.0.0.2", 2);
	assert_int_equal(send_datagram(f, "10.0.0.2", 1472, true), 0);
	assert_int_equal(f->sent[0].len, 1514);
	assert_int_equal(get_be16(f->sent[0].b + 20), 0x4000);
	assert_int_equal(get_be16(f->sent[0].b + 18), 0); /* RFC 6864: atomic, no identification */
	assert_int_equal(send_datagram(f, "10.0.0.2", 1473, true), -EMSGSIZE);
	assert_int_equal(mib(f, MIB_FragFails), 1);
	assert_int_equal(send_datagram(f, "10.0.0.2", 1473, false), 0);
	assert_int_equal(f->nsent, 3);
	assert_int_equal(f->sent[2].len, 14 + 20 + 1);
}

/* A super-packet whose segments do not fit: each is cut by itself, or refused when it has DF. */
static void test_super_packet(void **state)
{
	struct ip_fixture *f = *state;
	struct flow fl = {.saddr = ipaddr_v4(0), .daddr = addr("10.0.0.2")};
	static const u8 payload[3000];

	know(f, "10.0.0.2", 2);
	for (int df = 0; df < 2; df++) {
		struct sk_buff *skb = alloc_skb(f->h);
		u8 *th = skb_put(skb, 20);
		struct ip_tx tx = {.daddr = fl.daddr, .proto = IPPROTO_TCP, .df = df};
		struct dst dst;

		memset(th, 0, 20);
		th[12] = 0x50;
		skb_add_data(skb, payload, sizeof(payload));
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb->data;
		skb->csum_offset = 16;
		skb->gso_type = SKB_GSO_TCPV4;
		skb->gso_size = 1000;
		skb->gso_segs = 3;
		assert_int_equal(route_output(f->net, &fl, &dst), 0);
		tx.saddr = dst.saddr;
		dst.mtu = 600;
		f->nsent = 0;
		assert_int_equal(ip_output(f->net, skb, &dst, &tx), df ? -EMSGSIZE : 0);
		assert_int_equal(f->nsent, df ? 0 : 6);
	}
	assert_int_equal(mib(f, MIB_FragOKs), 3);
	assert_int_equal(mib(f, MIB_FragFails), 3);
}

static void test_identification(void **state)
{
	struct ip_fixture *f = *state;
	u16 id;

	know(f, "10.0.0.2", 2);
	for (int i = 0; i < 10; i++)
		send_datagram(f, "10.0.0.2", 10, false);
	id = get_be16(f->sent[0].b + 18);
	for (int i = 1; i < 10; i++)
		assert_int_equal(get_be16(f->sent[i].b + 18), (u16)(id + i));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, ip_setup, ip_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_any_order),	    T(test_large_echo),		T(test_duplicate_is_harmless),
	    T(test_overlap_kills),  T(test_contradicting_ends), T(test_oversized),
	    T(test_timeout),	    T(test_memory_limit),	T(test_ecn),
	    T(test_ipv6),	    T(test_ipv6_errors),	T(test_df),
	    T(test_identification), T(test_super_packet),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * The Internet checksum, against RFC 1071's own example, published packets, and a naive twin.
 */
#include "nic/skb.h"

#include "sim/engine/rng.h"
#include "tests/unit/net_fixture.h"

/* RFC 1071, section 4.1, word by word. */
static u16 naive(const u8 *p, u32 len)
{
	u32 sum = 0;

	for (u32 i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (u32)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

/* Section 3's numerical example: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2. */
static void rfc1071_example(void **state)
{
	static const u8 bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	assert_int_equal((u16)~csum_fold(csum_partial(bytes, sizeof(bytes), 0)), 0xddf2);
}

/* Sums of parts add up (section 2(A): commutative and associative), odd only at the end. */
static void parts_add_up(void **state)
{
	u8 bytes[301];
	struct rng r;

	rng_init(&r, 1, 1, RNG_TEST, 0);
	rng_bytes(&r, bytes, sizeof(bytes));
	for (u32 len = 0; len <= sizeof(bytes); len++) {
		for (u32 cut = 0; cut <= len; cut += 2) {
			u32 sum = csum_partial(bytes + cut, len - cut, csum_partial(bytes, cut, 0));

			assert_int_equal(csum_fold(sum), naive(bytes, len));
		}
	}
}

/* All ones: the carries of the largest sum there can be. */
static void carries(void **state)
{
	static u8 ones[65536];

	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(csum_fold(csum_partial(ones, sizeof(ones), 0)), 0);
	assert_int_equal(csum_fold(csum_partial(ones, 65535, 0xffff)), naive(ones, 65535));
}

/* An IPv4 header whose checksum is b861, as printed in many a textbook. */
static void ipv4_header(void **state)
{
	static const u8 header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				    0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};

	assert_int_equal(csum_fold(csum_partial(header, sizeof(header), 0)), 0);
}

/* Slices of odd length put the next one at an odd place: the sum must not care. */
static void packet_of_odd_slices(void **state)
{
	static const u32 slices[] = {1, 7, 3, 64, 5, 33, 2, 9};
	struct net_fixture f;
	struct sk_buff *skb;
	u8 bytes[256];
	struct rng r;
	u32 pos = 13;

	net_setup(&f);
	rng_init(&r, 2, 1, RNG_TEST, 0);
	rng_bytes(&r, bytes, sizeof(bytes));
	skb = alloc_skb(f.host[0]);
	memcpy(skb_put(skb, pos), bytes, pos);
	for (size_t i = 0; i < ARRAY_SIZE(slices); i++) {
		skb_add_data(skb, bytes + pos, slices[i]);
		pos += slices[i];
	}
	for (u32 off = 0; off <= pos; off++) {
		for (u32 len = 0; off + len <= pos; len++)
			assert_int_equal(csum_fold(skb_checksum(skb, off, len, 0)),
					 naive(bytes + off, len));
	}
	consume_skb(skb);
	net_teardown(&f);
}

/* A datagram from 10.0.0.1:1000 to 10.0.0.2:2000 with the payload given, checksum left out. */
static struct sk_buff *datagram(struct net_fixture *f, const void *payload, u32 len)
{
	static const u8 head[] = {0x45, 0, 0, 0,  0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0,
				  0,	1, 10, 0, 0, 2, 0x03, 0xe8, 0x07, 0xd0, 0, 0, 0, 0};
	struct sk_buff *skb = alloc_skb(f->host[0]);
	u8 *ip = skb_put(skb, sizeof(head));

	memcpy(ip, head, sizeof(head));
	put_be16(ip + 2, (u16)(sizeof(head) + len));
	put_be16(ip + 24, (u16)(8 + len));
	skb->network_header = skb->data;
	skb->transport_header = (u16)(skb->data + 20);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = 6;
	if (len)
		skb_add_data(skb, payload, len);
	return skb;
}

/* RFC 768: pseudo-header, header and data sum to zero once the field is filled in. */
static void help_fills_in_udp(void **state)
{
	struct net_fixture f;
	struct sk_buff *skb;
	u32 sum;

	net_setup(&f);
	for (u32 len = 0; len < 9; len++) {
		skb = datagram(&f, "abcdefgh", len);
		skb_checksum_help(skb);
		assert_int_not_equal(skb->ip_summed, CHECKSUM_PARTIAL);
		sum = csum_partial(skb_network_header(skb) + 12, 8, 17 + 8 + len);
		assert_int_equal(csum_fold(skb_checksum(skb, 20, 8 + len, sum)), 0);
		consume_skb(skb);
	}
	net_teardown(&f);
}

/* RFC 768: a computed checksum of zero is transmitted as all ones. */
static void udp_zero_is_sent_as_ones(void **state)
{
	struct net_fixture f;
	struct sk_buff *skb;
	u8 pad[2];
	u32 sum;

	net_setup(&f);
	skb = datagram(&f, "\0\0", 2);
	sum = csum_partial(skb_network_header(skb) + 12, 8, 17 + 10);
	put_be16(pad, csum_fold(skb_checksum(skb, 20, 10, sum)));
	consume_skb(skb);
	skb = datagram(&f, pad, 2);
	skb_checksum_help(skb);
	assert_int_equal(get_be16(skb_transport_header(skb) + 6), 0xffff);
	consume_skb(skb);
	net_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc1071_example),	     cmocka_unit_test(parts_add_up),
	    cmocka_unit_test(carries),		     cmocka_unit_test(ipv4_header),
	    cmocka_unit_test(packet_of_odd_slices), cmocka_unit_test(help_fills_in_udp),
	    cmocka_unit_test(udp_zero_is_sent_as_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

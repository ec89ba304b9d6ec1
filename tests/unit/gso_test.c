/* SPDX-License-Identifier: MIT */
/*
 * Segmentation: what the segments of a super-packet must look like (segmentation-offloads.rst, RFC 9293,
 * RFC 3168), with their checksums computed the slow way.
 */
#include "nic/gso.h"

#include "nic/netdev.h"
#include "tests/unit/net_fixture.h"

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define CWR 0x80

struct spec {
	bool v6, udp;
	u32 thlen; /* transport header */
	u32 payload, mss;
	u8 flags;
};

static u8 byte_of(u32 i)
{
	return (u8)(i * 7 + i / 251);
}

static void add_payload(struct net_fixture *f, struct sk_buff *skb, u32 len)
{
	u32 i = 0;

	while (i < len) { /* slices of uneven size, none a multiple of a segment */
		u32 n = min(len - i, 1111 + i / 3);
		struct skb_buf *b = skb_buf_alloc(f->w, n);

		for (u32 k = 0; k < n; k++)
			b->data[k] = byte_of(i + k);
		assert_true(skb_add_frag(skb, b, 0, n));
		skb_buf_put(b);
		i += n;
	}
}

static struct sk_buff *super_packet(struct net_fixture *f, const struct spec *s)
{
	struct sk_buff *skb = alloc_skb(f->host[0]);
	u32 iplen = s->v6 ? 40 : 20;
	u8 *ip, *th;

	skb->mac_header = skb->data;
	memset(skb_put(skb, ETH_HLEN), 0x22, ETH_HLEN);
	skb->network_header = skb->tail;
	ip = skb_put(skb, iplen);
	memset(ip, 0, iplen);
	skb->transport_header = skb->tail;
	th = skb_put(skb, s->thlen);
	memset(th, 0, s->thlen);
	if (s->v6) {
		ip[0] = 0x60;
		put_be16(ip + 4, (u16)(s->thlen + s->payload));
		ip[6] = s->udp ? 17 : 6;
		ip[8] = 0xfd;
		ip[39] = 9;
	} else {
		ip[0] = 0x45;
		put_be16(ip + 2, (u16)(20 + s->thlen + s->payload));
		put_be16(ip + 4, 0xfffe);
		ip[9] = s->udp ? 17 : 6;
		put_be32(ip + 12, 0x0a000001);
		put_be32(ip + 16, 0x0a000002);
	}
	put_be16(th, 1000);
	put_be16(th + 2, 2000);
	if (s->udp) {
		put_be16(th + 4, (u16)(8 + s->payload));
	} else {
		put_be32(th + 4, 0xfffffff0u);
		th[12] = (u8)(s->thlen / 4 << 4);
		th[13] = s->flags;
	}
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = s->udp ? 6 : 16;
	skb->gso_size = (u16)s->mss;
	skb->gso_type = s->udp ? SKB_GSO_UDP_L4 : s->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	add_payload(f, skb, s->payload);
	return skb;
}

/* RFC 1071, one byte pair after the other. */
static u32 naive_sum(const u8 *p, u32 len, u32 sum)
{
	for (u32 i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (u32)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_checksums(const struct spec *s, struct sk_buff *seg, const u8 *frame)
{
	u32 iplen = s->v6 ? 40 : 20, l4 = seg->len - ETH_HLEN - iplen, sum = l4;
	const u8 *ip = frame + ETH_HLEN;

	if (s->v6) {
		sum += ip[6];
		sum = naive_sum(ip + 8, 32, sum);
	} else {
		assert_int_equal(naive_sum(ip, 20, 0), 0xffff);
		sum += ip[9];
		sum = naive_sum(ip + 12, 8, sum);
	}
	assert_int_equal(naive_sum(ip + iplen, l4, sum), 0xffff);
}

static void check_segment(const struct spec *s, struct sk_buff *seg, u32 index, u32 count)
{
	u32 iplen = s->v6 ? 40 : 20, hdr = ETH_HLEN + iplen + s->thlen;
	u32 off = index * s->mss, payload = min(s->mss, s->payload - off);
	u8 frame[70000], *ip = frame + ETH_HLEN, *th = ip + iplen;
	u8 flags = s->flags;

	assert_int_equal(seg->len, hdr + payload);
	assert_int_equal(seg->gso_size, 0);
	assert_int_equal(seg->ip_summed, CHECKSUM_PARTIAL);
	skb_checksum_help(seg);
	skb_copy_bits(seg, 0, frame, seg->len);
	check_checksums(s, seg, frame);
	for (u32 i = 0; i < payload; i++)
		assert_int_equal(frame[hdr + i], byte_of(off + i));
	if (s->v6) {
		assert_int_equal(get_be16(ip + 4), s->thlen + payload);
	} else {
		assert_int_equal(get_be16(ip + 2), 20 + s->thlen + payload);
		assert_int_equal(get_be16(ip + 4), (u16)(0xfffe + index));
	}
	if (s->udp) {
		assert_int_equal(get_be16(th + 4), 8 + payload);
		return;
	}
	if (index)
		flags &= (u8)~CWR;
	if (index != count - 1)
		flags &= (u8) ~(FIN | PSH);
	assert_int_equal(get_be32(th + 4), 0xfffffff0u + off);
	assert_int_equal(th[13], flags);
}

static int charged;

static void uncharge(struct sk_buff *skb)
{
	charged -= (int)skb->truesize;
}

static void run(const struct spec *s)
{
	struct net_fixture f;
	struct sk_buff_head out;
	struct sk_buff *skb;
	u32 count = (s->payload + s->mss - 1) / s->mss, i = 0;

	net_setup(&f);
	skb = super_packet(&f, s);
	assert_int_equal(gso_segment_count(skb), count);
	skb->truesize = 5000;
	skb->destructor = uncharge;
	charged = 5000;
	skb->id = 99;
	skb_queue_init(&out);
	assert_int_equal(skb_gso_segment(skb, &out), count);
	while ((skb = skb_dequeue(&out)) != NULL) {
		assert_int_equal(charged, 5000); /* the last one carries the charge */
		assert_int_equal(skb->id, i ? 0 : 99);
		check_segment(s, skb, i++, count);
		consume_skb(skb);
	}
	assert_int_equal(i, count);
	assert_int_equal(charged, 0);
	net_teardown(&f);
}

static void test_tcp4(void **state)
{
	run(&(struct spec){.thlen = 32, .payload = 4000, .mss = 1448, .flags = CWR | ACK | PSH | FIN});
}

static void test_tcp4_exact_multiple(void **state)
{
	run(&(struct spec){.thlen = 20, .payload = 4 * 1460, .mss = 1460, .flags = ACK | PSH});
}

static void test_tcp4_large(void **state)
{
	run(&(struct spec){.thlen = 32, .payload = 65000 - 52, .mss = 1448, .flags = ACK | PSH});
}

static void test_tcp6(void **state)
{
	run(&(struct spec){.v6 = true, .thlen = 32, .payload = 5001, .mss = 1428, .flags = CWR | ACK});
}

static void test_udp4(void **state)
{
	run(&(struct spec){.udp = true, .thlen = 8, .payload = 3001, .mss = 1000});
}

static void test_udp6(void **state)
{
	run(&(struct spec){.v6 = true, .udp = true, .thlen = 8, .payload = 3000, .mss = 1000});
}

/* The NIC's way: the super-packet stays whole, and no payload byte is copied. */
static void test_iterator_shares_payload(void **state)
{
	const struct spec s = {.thlen = 32, .payload = 4000, .mss = 1448, .flags = ACK};
	struct net_fixture f;
	struct gso_iter it;
	struct sk_buff *skb, *seg;
	u32 sum = 0, len;

	net_setup(&f);
	skb = super_packet(&f, &s);
	gso_iter_init(&it, skb);
	while ((len = gso_iter_next_len(&it)) != 0) {
		seg = gso_iter_next(&it);
		assert_int_equal(seg->len, len);
		assert_int_equal(skb_headlen(seg), ETH_HLEN + 20 + 32);
		assert_true(seg->nfrags >= 1);
		sum += seg->len - skb_headlen(seg);
		consume_skb(seg);
	}
	assert_null(gso_iter_next(&it));
	assert_int_equal(sum, 4000);
	assert_int_equal(skb->len, ETH_HLEN + 52 + 4000);
	consume_skb(skb);
	net_teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tcp4),       cmocka_unit_test(test_tcp4_exact_multiple),
	    cmocka_unit_test(test_tcp4_large), cmocka_unit_test(test_tcp6),
	    cmocka_unit_test(test_udp4),       cmocka_unit_test(test_udp6),
	    cmocka_unit_test(test_iterator_shares_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Packets: sharing, cutting, making linear, queues; and that nothing of it copies or leaks payload.
 */
#include "nic/skb.h"

#include "nic/netdev.h"
#include "tests/unit/net_fixture.h"

/* A packet whose bytes are 0, 1, 2...: linear bytes first, then slices of the given lengths. */
static struct sk_buff *counting(struct net_fixture *f, u32 linear, const u32 *slices, int n)
{
	struct sk_buff *skb = alloc_skb(f->host[0]);
	u8 next = 0, bytes[256];
	u8 *p = skb_put(skb, linear);

	for (u32 i = 0; i < linear; i++)
		p[i] = next++;
	for (int k = 0; k < n; k++) {
		for (u32 i = 0; i < slices[k]; i++)
			bytes[i] = next++;
		skb_add_data(skb, bytes, slices[k]);
	}
	return skb;
}

static void check_bytes(const struct sk_buff *skb, u8 first, u32 len)
{
	u8 bytes[512];

	assert_int_equal(skb->len, len);
	skb_copy_bits(skb, 0, bytes, len);
	for (u32 i = 0; i < len; i++)
		assert_int_equal(bytes[i], (u8)(first + i));
}

static size_t packets(const struct net_fixture *f)
{
	return f->w->skb->skb.in_use;
}

static size_t buffers(const struct net_fixture *f)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(f->w->skb->buf); i++)
		n += f->w->skb->buf[i].in_use;
	return n;
}

static void new_packet_is_empty_with_headroom(void **state)
{
	struct net_fixture f;
	struct sk_buff *skb;

	net_setup(&f);
	skb = alloc_skb(f.host[0]);
	assert_int_equal(skb->len, 0);
	assert_int_equal(skb_headroom(skb), SKB_HEADROOM);
	assert_ptr_equal(skb->host, f.host[0]);
	assert_int_equal(skb->id, 0);
	assert_null(skb->sk);
	consume_skb(skb);
	consume_skb(NULL);
	assert_int_equal(packets(&f), 0);
	net_teardown(&f);
}

static void push_put_pull(void **state)
{
	struct net_fixture f;
	struct sk_buff *skb;

	net_setup(&f);
	skb = alloc_skb(f.host[0]);
	memcpy(skb_put(skb, 4), "data", 4);
	memcpy(skb_push(skb, 2), "hd", 2);
	assert_int_equal(skb->len, 6);
	assert_int_equal(skb_headlen(skb), 6);
	assert_memory_equal(skb_data(skb), "hddata", 6);
	skb_pull(skb, 3);
	assert_int_equal(skb->len, 3);
	assert_memory_equal(skb_data(skb), "ata", 3);
	consume_skb(skb);
	net_teardown(&f);
}

/* A clone shares the bytes of the slices and has header bytes of its own. */
static void clone_shares_payload(void **state)
{
	static const u32 slices[] = {100, 50};
	struct net_fixture f;
	struct sk_buff *skb, *c;

	net_setup(&f);
	skb = counting(&f, 20, slices, 2);
	skb->id = 77;
	c = skb_clone(skb);
	assert_int_equal(buffers(&f), 2);
	assert_ptr_equal(c->frags[0].buf, skb->frags[0].buf);
	assert_int_equal(c->frags[0].buf->refs, 2);
	assert_int_equal(c->id, 77);
	skb_data(c)[0] = 0xaa;
	check_bytes(skb, 0, 170);
	consume_skb(skb);
	skb_data(c)[0] = 0;
	check_bytes(c, 0, 170);
	consume_skb(c);
	assert_int_equal(buffers(&f), 0);
	net_teardown(&f);
}

static void count_uncharge(struct sk_buff *skb)
{
	(*(u32 *)(void *)skb->sk)++;
}

/* The charge stays with the original: a clone has no owner (skb_clone() in the kernel). */
static void clone_has_no_owner(void **state)
{
	struct net_fixture f;
	struct sk_buff *skb, *c;
	u32 uncharged = 0;

	net_setup(&f);
	skb = alloc_skb(f.host[0]);
	skb->sk = (struct sock *)(void *)&uncharged;
	skb->destructor = count_uncharge;
	c = skb_clone(skb);
	assert_null(c->sk);
	consume_skb(c);
	assert_int_equal(uncharged, 0);
	consume_skb(skb);
	assert_int_equal(uncharged, 1);
	net_teardown(&f);
}

static void may_pull(void **state)
{
	static const struct {
		u32 linear, slices[3], want;
		bool ok;
	} t[] = {
	    {20, {30, 0, 0}, 20, true},	  /* is linear */
	    {20, {30, 0, 0}, 21, true},	  /* one byte of a slice */
	    {0, {30, 20, 10}, 60, true},  /* everything, over three slices */
	    {10, {30, 20, 10}, 40, true}, /* ends where a slice ends */
	    {20, {30, 0, 0}, 51, false},  /* the frame is shorter */
	    {100, {200, 0, 0}, 299, false}, /* more than the linear area takes */
	};
	struct net_fixture f;

	net_setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int n = 0;
		struct sk_buff *skb;
		u32 len = t[i].linear;

		for (; n < 3 && t[i].slices[n]; n++)
			len += t[i].slices[n];
		skb = counting(&f, t[i].linear, t[i].slices, n);
		assert_int_equal(pskb_may_pull(skb, t[i].want), t[i].ok);
		if (t[i].ok)
			assert_true(skb_headlen(skb) >= t[i].want);
		check_bytes(skb, 0, len);
		consume_skb(skb);
	}
	assert_int_equal(buffers(&f), 0);
	net_teardown(&f);
}

/* A buffer that two packets share is not changed when one of them makes its header linear. */
static void may_pull_leaves_shared_bytes(void **state)
{
	static const u32 slices[] = {60};
	struct net_fixture f;
	struct sk_buff *skb, *c;

	net_setup(&f);
	skb = counting(&f, 0, slices, 1);
	c = skb_clone(skb);
	assert_true(pskb_may_pull(c, 40));
	memset(skb_data(c), 0xff, 40);
	check_bytes(skb, 0, 60);
	consume_skb(c);
	consume_skb(skb);
	net_teardown(&f);
}

static void trim_and_eat(void **state)
{
	static const u32 slices[] = {30, 30, 30};
	static const u32 cut[] = {0, 5, 10, 11, 40, 41, 70, 99, 100, 200};
	struct net_fixture f;

	net_setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(cut); i++) {
		struct sk_buff *skb = counting(&f, 10, slices, 3);
		u32 n = min(cut[i], 100u);

		skb_trim(skb, cut[i]);
		check_bytes(skb, 0, n);
		consume_skb(skb);
		skb = counting(&f, 10, slices, 3);
		skb_eat(skb, n);
		check_bytes(skb, (u8)n, 100 - n);
		consume_skb(skb);
	}
	assert_int_equal(buffers(&f), 0);
	net_teardown(&f);
}

/* Slices of one buffer that follow each other are one slice; the 18th is refused. */
static void slices_merge_and_are_limited(void **state)
{
	struct net_fixture f;
	struct skb_buf *b;
	struct sk_buff *skb;

	net_setup(&f);
	b = skb_buf_alloc(f.w, 1000);
	skb = alloc_skb(f.host[0]);
	assert_true(skb_add_frag(skb, b, 0, 10));
	assert_true(skb_add_frag(skb, b, 10, 10));
	assert_int_equal(skb->nfrags, 1);
	assert_int_equal(b->refs, 2);
	for (u32 i = 1; i < MAX_SKB_FRAGS; i++)
		assert_true(skb_add_frag(skb, b, 20 + 2 * i, 1));
	assert_int_equal(skb->nfrags, MAX_SKB_FRAGS);
	assert_false(skb_add_frag(skb, b, 500, 1));
	assert_int_equal(skb->len, 20 + MAX_SKB_FRAGS - 1);
	consume_skb(skb);
	assert_int_equal(b->refs, 1);
	skb_buf_put(b);
	net_teardown(&f);
}

static void range_of_another(void **state)
{
	static const u32 slices[] = {30, 30};
	struct net_fixture f;
	struct sk_buff *skb, *r;

	net_setup(&f);
	skb = counting(&f, 10, slices, 2);
	for (u32 off = 0; off <= 70; off += 7) {
		r = alloc_skb(f.host[0]);
		assert_true(skb_add_range(r, skb, off, 70 - off));
		check_bytes(r, (u8)off, 70 - off);
		consume_skb(r);
	}
	consume_skb(skb);
	assert_int_equal(buffers(&f), 0);
	net_teardown(&f);
}

static void linearize_copy_is_private(void **state)
{
	static const u32 slices[] = {30, 30};
	struct net_fixture f;
	struct sk_buff *skb, *c;
	u32 len;

	net_setup(&f);
	skb = counting(&f, 10, slices, 2);
	c = skb_clone(skb);
	skb_linearize_copy(c, &len)[0] ^= 0xff;
	assert_int_equal(len, 60);
	check_bytes(skb, 0, 70);
	consume_skb(skb);
	consume_skb(c);
	net_teardown(&f);
}

static void queue_order(void **state)
{
	struct net_fixture f;
	struct sk_buff_head q;
	struct sk_buff *a, *b, *c;

	net_setup(&f);
	skb_queue_init(&q);
	a = alloc_skb(f.host[0]);
	b = alloc_skb(f.host[0]);
	c = alloc_skb(f.host[0]);
	assert_null(skb_peek(&q));
	assert_null(skb_dequeue(&q));
	skb_queue_tail(&q, b);
	skb_queue_tail(&q, c);
	skb_queue_head(&q, a);
	assert_int_equal(q.qlen, 3);
	assert_ptr_equal(skb_peek(&q), a);
	skb_unlink(&q, b);
	assert_ptr_equal(skb_dequeue(&q), a);
	assert_ptr_equal(skb_peek(&q), c);
	consume_skb(a);
	consume_skb(b);
	skb_queue_purge(&q);
	assert_int_equal(q.qlen, 0);
	assert_int_equal(packets(&f), 0);
	net_teardown(&f);
}

/* Sizes of the classes and beyond: what is asked for is there, and everything comes back. */
static void buffers_of_all_sizes(void **state)
{
	static const u32 size[] = {0, 1, 100, 256, 2000, 2048, 16000, 16384, 65000, 65536, 200000};
	struct net_fixture f;

	net_setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(size); i++) {
		struct skb_buf *b = skb_buf_alloc(f.w, size[i]);

		assert_true(b->size >= size[i]);
		memset(b->data, 1, b->size);
		skb_buf_get(b);
		skb_buf_put(b);
		skb_buf_put(b);
	}
	assert_int_equal(buffers(&f), 0);
	net_teardown(&f);
}

static void ethernet_header(void **state)
{
	static const u8 mac[] = {2, 0, 0, 0, 0, 9}, src[] = {2, 0, 0, 0, 0, 1};
	static const struct {
		u8 dst[6];
		u8 pkt_type;
	} t[] = {
	    {{2, 0, 0, 0, 0, 9}, PACKET_HOST},
	    {{2, 0, 0, 0, 0, 8}, PACKET_OTHERHOST},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, PACKET_BROADCAST},
	    {{1, 0, 0x5e, 0, 0, 1}, PACKET_MULTICAST},
	};
	struct net_device dev = {0};
	struct net_fixture f;

	net_setup(&f);
	memcpy(dev.mac, mac, 6);
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct sk_buff *skb = alloc_skb(f.host[0]);

		memcpy(skb_put(skb, 4), "text", 4);
		eth_header(skb, t[i].dst, src, 0x86dd);
		assert_int_equal(skb->len, 18);
		assert_true(eth_type_trans(skb, &dev));
		assert_int_equal(skb->pkt_type, t[i].pkt_type);
		assert_int_equal(get_be16(&skb->protocol), 0x86dd);
		assert_memory_equal(skb_data(skb), "text", 4);
		assert_memory_equal(skb_mac_header(skb) + 6, src, 6);
		assert_ptr_equal(skb_network_header(skb), skb_data(skb));
		assert_ptr_equal(skb->dev, &dev);
		consume_skb(skb);
	}
	net_teardown(&f);
}

static void runt_has_no_ethernet_header(void **state)
{
	struct net_device dev = {0};
	struct net_fixture f;
	struct sk_buff *skb;

	net_setup(&f);
	skb = alloc_skb(f.host[0]);
	memset(skb_put(skb, 13), 0, 13);
	assert_false(eth_type_trans(skb, &dev));
	consume_skb(skb);
	net_teardown(&f);
}

static void every_reason_has_a_name(void **state)
{
	for (int i = 1; i < SKB_DROP_REASON_MAX; i++)
		assert_non_null(skb_drop_reason_name((enum skb_drop_reason)i));
	assert_string_equal(skb_drop_reason_name(SKB_DROP_REASON_FULL_RING), "FULL_RING");
	assert_string_equal(skb_drop_reason_name(SKB_DROP_REASON_TCP_CSUM), "TCP_CSUM");
}

/* The sizes that Linux 6.18 on x86-64 charges: a 1-byte packet, a full Ethernet payload. */
static void truesize_formula(void **state)
{
	assert_int_equal(SKB_TRUESIZE(0), 576);
	assert_int_equal(SKB_TRUESIZE(1), 640);
	assert_int_equal(SKB_TRUESIZE(1500), 2112);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_packet_is_empty_with_headroom),
	    cmocka_unit_test(push_put_pull),
	    cmocka_unit_test(clone_shares_payload),
	    cmocka_unit_test(clone_has_no_owner),
	    cmocka_unit_test(may_pull),
	    cmocka_unit_test(may_pull_leaves_shared_bytes),
	    cmocka_unit_test(trim_and_eat),
	    cmocka_unit_test(slices_merge_and_are_limited),
	    cmocka_unit_test(range_of_another),
	    cmocka_unit_test(linearize_copy_is_private),
	    cmocka_unit_test(queue_order),
	    cmocka_unit_test(buffers_of_all_sizes),
	    cmocka_unit_test(ethernet_header),
	    cmocka_unit_test(runt_has_no_ethernet_header),
	    cmocka_unit_test(every_reason_has_a_name),
	    cmocka_unit_test(truesize_formula),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

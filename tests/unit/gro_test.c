/* SPDX-License-Identifier: MIT */
/*
 * GRO: what is merged, what is not, and that a merged packet can be cut into what it was made of.
 */
#include "nic/gso.h"
#include "nic/napi.h"

#include "tests/unit/rx_fixture.h"

#define ACK 0x10
#define PSH 0x08
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define CWR 0x80

/* The first of a flow: 1000 bytes from sequence number 5000. */
static const struct rx_ip first = {.proto = IPPROTO_TCP, .sport = 1000, .dport = 80, .seq = 5000,
				   .ack = 77, .flags = ACK, .len = 1000};

/* The one that follows. */
static struct rx_ip following(const struct rx_ip *f)
{
	struct rx_ip n = *f;

	n.seq += f->len;
	return n;
}

static u16 total_length(struct sk_buff *skb)
{
	return get_be16(skb_data(skb) + 2);
}

static void merges(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first, b = following(&a), c = following(&b);
	struct sk_buff *skb;
	u8 bytes[2500];

	c.len = 500; /* a shorter one ends it */
	rx_setup_default(x);
	rx_send_frame(x, &a);
	rx_send_frame(x, &b);
	rx_send_frame(x, &c);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 1);
	skb = rx_nth(x, 0);
	assert_int_equal(skb->len, 40 + 2500);
	assert_int_equal(total_length(skb), skb->len);
	assert_int_equal(csum_fold(csum_partial(skb_data(skb), 20, 0)), 0);
	assert_int_equal(skb->gso_size, 1000);
	assert_int_equal(skb->gso_segs, 3);
	assert_int_equal(skb->gso_type, SKB_GSO_TCPV4);
	/* Each costs its buffer of half a page; the heads of the merged ones are given back. */
	assert_int_equal(skb->truesize, 256 + 3 * 2048);
	skb_copy_bits(skb, 40, bytes, 2500);
	for (u32 i = 0; i < 2500; i++)
		assert_int_equal(bytes[i], (u8)(5000 + i));
	assert_int_equal(softnet(&x->host->cpus[0])->processed, 1);
	rx_teardown(x);
	free(x);
}

/* Segmentation undoes it, byte for byte: a router that forwards a merged packet changes nothing. */
static void cut_again(void **state)
{
	static const u8 stamps[] = {1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 9};
	struct rx_fixture *x = malloc(sizeof(*x));
	struct sk_buff_head segs;
	struct rx_ip f[4] = {first};
	struct sk_buff *skb;

	f[0].id = 0xfffe; /* wraps */
	memcpy(f[0].opt, stamps, 12);
	f[0].opt_len = 12;
	for (int i = 1; i < 4; i++) {
		f[i] = following(&f[i - 1]);
		f[i].id = (u16)(f[0].id + i);
	}
	f[3].len = 300;
	f[3].flags |= PSH;
	rx_setup_default(x);
	for (int i = 0; i < 4; i++)
		rx_send_frame(x, &f[i]);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 1);
	skb = skb_dequeue(&x->got);
	skb_push(skb, ETH_HLEN);
	skb->network_header = (u16)(skb->data + ETH_HLEN);
	skb->transport_header = (u16)(skb->network_header + 20);
	skb_queue_init(&segs);
	assert_int_equal(skb_gso_segment(skb, &segs), 4);
	for (int i = 0; i < 4; i++) {
		struct sk_buff *seg = skb_dequeue(&segs), *want = rx_frame(x, &f[i]);
		u8 a[2048], b[2048];

		skb_checksum_help(seg);
		skb_checksum_help(want);
		assert_int_equal(seg->len, want->len);
		skb_copy_bits(seg, 0, a, seg->len);
		skb_copy_bits(want, 0, b, want->len);
		assert_memory_equal(a, b, seg->len);
		consume_skb(seg);
		consume_skb(want);
	}
	rx_teardown(x);
	free(x);
}

struct change {
	const char *what;
	void (*fn)(struct rx_ip *second);
	u32 packets; /* that come up of the two */
};

static void as_is(struct rx_ip *f)
{
}
static void gap(struct rx_ip *f)
{
	f->seq += 1;
}
static void again(struct rx_ip *f)
{
	f->seq -= 1000;
}
static void other_ack(struct rx_ip *f)
{
	f->ack++;
}
static void other_port(struct rx_ip *f)
{
	f->sport++;
}
static void other_host(struct rx_ip *f)
{
	f->saddr = 0x0a000009;
}
static void other_ttl(struct rx_ip *f)
{
	f->ttl = 63;
}
static void congestion(struct rx_ip *f)
{
	f->tos = 3;
}
static void no_df(struct rx_ip *f)
{
	f->no_df = true;
}
static void longer(struct rx_ip *f)
{
	f->len = 1001;
}
static void shorter(struct rx_ip *f)
{
	f->len = 1;
}
static void empty(struct rx_ip *f)
{
	f->len = 0;
}
static void push(struct rx_ip *f)
{
	f->flags |= PSH;
}
static void finish(struct rx_ip *f)
{
	f->flags |= FIN;
}
static void reset(struct rx_ip *f)
{
	f->flags |= RST;
}
static void reduced(struct rx_ip *f)
{
	f->flags |= CWR;
}
static void no_ack(struct rx_ip *f)
{
	f->flags = 0;
}
static void options(struct rx_ip *f)
{
	f->opt_len = 4;
	memset(f->opt, 1, 4);
}
static void next_id(struct rx_ip *f)
{
	f->id++;
}
static void odd_id(struct rx_ip *f)
{
	f->id += 2;
}

/* Rules of tcp_gro_receive() and inet_gro_receive(), one at a time. */
static void rules(void **state)
{
	static const struct change t[] = {
	    {"as is", as_is, 1},	   {"a gap", gap, 2},
	    {"a repetition", again, 2},	   {"another ACK", other_ack, 2},
	    {"another port", other_port, 2}, {"another host", other_host, 2},
	    {"another TTL", other_ttl, 2}, {"CE", congestion, 2},
	    {"without DF", no_df, 2},	   {"longer", longer, 2},
	    {"shorter", shorter, 1},	   {"empty", empty, 2},
	    {"PSH", push, 1},		   {"FIN", finish, 1},
	    {"RST", reset, 2},		   {"CWR", reduced, 2},
	    {"without ACK", no_ack, 2},	   {"options", options, 2},
	    {"next id", next_id, 1},	   {"id after next", odd_id, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rx_fixture *x = malloc(sizeof(*x));
		struct rx_ip a = first, b = following(&a);
		u32 seq;

		t[i].fn(&b);
		rx_setup_default(x);
		rx_send_frame(x, &a);
		rx_send_frame(x, &b);
		rx_run(x, 0);
		if (x->got.qlen != t[i].packets)
			fail_msg("%s: %u packets", t[i].what, x->got.qlen);
		/* Order within the flow is kept. */
		seq = get_be32(skb_data(rx_nth(x, 0)) + 24);
		assert_int_equal(seq, 5000);
		if (t[i].packets == 2) {
			assert_int_equal(rx_nth(x, 0)->gso_size, 0);
			assert_int_equal(rx_nth(x, 1)->gso_size, 0);
		}
		rx_teardown(x);
		free(x);
	}
}

/* PSH and FIN of the last belong to the whole; a segment after them starts anew. */
static void push_ends_merging(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first, b = following(&a), c = following(&b);

	b.flags |= PSH;
	rx_setup_default(x);
	rx_send_frame(x, &a);
	rx_send_frame(x, &b);
	rx_send_frame(x, &c);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 2);
	assert_int_equal(skb_data(rx_nth(x, 0))[33], ACK | PSH);
	assert_int_equal(rx_nth(x, 0)->gso_segs, 2);
	assert_int_equal(rx_nth(x, 1)->len, 1040);
	rx_teardown(x);
	free(x);
}

/* Flows between each other do not disturb. */
static void two_flows(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first, b = first;

	b.sport = 1001;
	rx_setup_default(x);
	for (int i = 0; i < 5; i++) {
		rx_send_frame(x, &a);
		rx_send_frame(x, &b);
		a = following(&a);
		b = following(&b);
	}
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 2);
	assert_int_equal(rx_nth(x, 0)->gso_segs, 5);
	assert_int_equal(rx_nth(x, 1)->gso_segs, 5);
	rx_teardown(x);
	free(x);
}

/* 64 KiB is the end of one packet. */
static void size_limit(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first;
	struct nic_params p;
	u32 sum = 0;

	nic_params_default(&p);
	rx_setup(x, strategy_default(), &p);
	a.len = 1400;
	for (int i = 0; i < 60; i++) {
		rx_send_frame(x, &a);
		a = following(&a);
	}
	rx_run(x, 0);
	for (u32 i = 0; i < x->got.qlen; i++) {
		assert_true(rx_nth(x, i)->len < 65536);
		assert_int_equal(total_length(rx_nth(x, i)), rx_nth(x, i)->len);
		sum += rx_nth(x, i)->len - 40;
	}
	assert_int_equal(sum, 60 * 1400);
	rx_teardown(x);
	free(x);
}

static void features(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first, b = following(&a);
	struct nic_params p;

	nic_params_default(&p);
	p.features &= ~NETIF_F_GRO;
	rx_setup(x, strategy_default(), &p);
	rx_send_frame(x, &a);
	rx_send_frame(x, &b);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 2);
	rx_teardown(x);
	/* Without checksums in hardware GRO computes them; a wrong one is left to the protocol. */
	nic_params_default(&p);
	p.features &= ~NETIF_F_RXCSUM;
	rx_setup(x, strategy_default(), &p);
	for (int i = 0; i < 5; i++) {
		struct sk_buff *skb = rx_frame(x, &a);

		if (i == 3) {
			skb_checksum_help(skb);
			skb_data(skb)[50] ^= 1;
		}
		link_transmit(&x->f.note[0].port, skb, 0);
		a = following(&a);
	}
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 3);
	assert_int_equal(rx_nth(x, 0)->gso_segs, 3);
	assert_int_equal(rx_nth(x, 1)->ip_summed, CHECKSUM_NONE);
	assert_int_equal(rx_nth(x, 2)->len, 1040);
	rx_teardown(x);
	free(x);
}

/* UDP is not merged unless a socket asks for it, which nothing here does. */
static void udp_is_left_alone(void **state)
{
	static const struct rx_ip udp = {.proto = IPPROTO_UDP, .sport = 1, .dport = 2, .len = 100};
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	rx_send_frame(x, &udp);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 2);
	rx_teardown(x);
	free(x);
}

/*
 * gro_flush_timeout: a flow that began in this millisecond is held past the poll; what comes within the
 * time joins it, and interrupts are on meanwhile.
 */
static void flush_timeout(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip a = first, b = following(&a);
	struct nic_queue_state st;
	struct rx_later l;

	rx_setup_default(x);
	dev_set_napi_defer(x->dev, 50000, 0);
	rx_send_frame(x, &a);
	rx_arrive_at(x, &l, 20000, rx_frame(x, &b));
	rx_run(x, 10000);
	assert_int_equal(x->got.qlen, 0);
	nic_queue_state(x->dev, 0, &st);
	assert_false(st.irq_masked);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 1);
	assert_int_equal(rx_nth(x, 0)->gso_segs, 2);
	rx_teardown(x);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(merges),	       cmocka_unit_test(cut_again),
	    cmocka_unit_test(rules),	       cmocka_unit_test(push_ends_merging),
	    cmocka_unit_test(two_flows),       cmocka_unit_test(size_limit),
	    cmocka_unit_test(features),	       cmocka_unit_test(udp_is_left_alone),
	    cmocka_unit_test(flush_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

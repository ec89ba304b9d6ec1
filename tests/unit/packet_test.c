/* SPDX-License-Identifier: MIT */
/*
 * What packet and raw sockets rest on beside what the transcripts of tests/conformance compare: filters of
 * NICs, taps, hashes of flows, what is shown of checksums, raw sockets on a device.
 */
#include "stack/af_packet.h"

#include <netinet/ip_icmp.h>

#include "nic/tx.h"
#include "stack/multicast.h"
#include "stack/raw.h"
#include "tests/unit/ip_fixture.h"

static const u8 group1[] = { 0x01, 0x00, 0x5e, 1, 2, 3 };
static const u8 group2[] = { 0x01, 0x00, 0x5e, 1, 2, 4 };
static const u8 stranger[] = { 2, 0, 0, 0, 9, 9 };

/* ---- filters ------------------------------------------------------------------------------------- */

static void test_own_and_all(void **state)
{
	struct ip_fixture *f = *state;

	assert_true(dev_addr_wanted(f->eth0, f->eth0->mac));
	assert_true(dev_addr_wanted(f->eth0, (const u8[]){ 255, 255, 255, 255, 255, 255 }));
	assert_false(dev_addr_wanted(f->eth0, stranger));
	f->eth0->promiscuity++;
	assert_true(dev_addr_wanted(f->eth0, stranger));
	f->eth0->promiscuity--;
	assert_false(dev_addr_wanted(f->eth0, stranger));
}

/* RFC 1112 section 4: all hosts; RFC 4291 section 2.8: all nodes, and solicited-node groups of addresses. */
static void test_groups_of_ip(void **state)
{
	struct ip_fixture *f = *state;
	union ipaddr g = addr("239.129.2.3"); /* 23 bits count: the same as 239.1.2.3 */

	assert_true(dev_addr_wanted(f->eth0, (const u8[]){ 0x01, 0x00, 0x5e, 0, 0, 1 }));
	assert_true(dev_addr_wanted(f->eth0, (const u8[]){ 0x33, 0x33, 0, 0, 0, 1 }));
	assert_true(dev_addr_wanted(f->eth0, (const u8[]){ 0x33, 0x33, 0xff, 0, 0, 1 }));
	assert_false(dev_addr_wanted(f->eth0, (const u8[]){ 0x33, 0x33, 0xff, 0, 0, 3 }));
	assert_false(dev_addr_wanted(f->eth0, group1));
	assert_int_equal(ip_mc_join(f->net, f->eth0, &g), 0);
	assert_true(dev_addr_wanted(f->eth0, group1));
	assert_int_equal(ip_mc_leave(f->net, f->eth0, &g), 0);
	assert_false(dev_addr_wanted(f->eth0, group1));
}

static void test_added_addresses(void **state)
{
	struct ip_fixture *f = *state;

	dev_addr_filter(f->eth0, group1, 1);
	dev_addr_filter(f->eth0, stranger, 1);
	dev_addr_filter(f->eth0, stranger, 1);
	assert_true(dev_addr_wanted(f->eth0, group1));
	assert_false(dev_addr_wanted(f->eth0, group2));
	dev_addr_filter(f->eth0, stranger, -1);
	assert_true(dev_addr_wanted(f->eth0, stranger));
	dev_addr_filter(f->eth0, stranger, -1);
	assert_false(dev_addr_wanted(f->eth0, stranger));
	f->eth0->allmulti++;
	assert_true(dev_addr_wanted(f->eth0, group2));
	assert_false(dev_addr_wanted(f->eth0, stranger));
	/* group1 stays: the end of the world frees it */
}

/* ---- taps ---------------------------------------------------------------------------------------- */

struct tap {
	struct packet_type pt;
	int in, out;
	be16 protocol;
};

static void tap_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct tap *t = pt->priv;

	if (skb->pkt_type == PACKET_OUTGOING)
		t->out++;
	else
		t->in++;
	t->protocol = skb->protocol;
	consume_skb(skb);
}

static void tap_add(struct ip_fixture *f, struct tap *t, u16 type, struct net_device *dev)
{
	*t = (struct tap){ .pt = { .type = htons(type), .dev = dev, .func = tap_rcv } };
	t->pt.priv = t;
	dev_add_pack(f->h, &t->pt);
}

static void send_frame(struct ip_fixture *f, u16 type, u32 len)
{
	u8 b[64] = { 0 };

	put_eth(b, f->eth0, 2, type);
	inject(f->eth0, b, len);
}

static void test_several_handlers(void **state)
{
	struct ip_fixture *f = *state;
	struct tap all, other, one, two;

	f->eth1 = add_device(f, "eth1");
	tap_add(f, &all, ETH_P_ALL, NULL);
	tap_add(f, &other, ETH_P_ALL, f->eth1);
	tap_add(f, &one, 0x88b5, NULL);
	tap_add(f, &two, 0x88b5, f->eth0);
	send_frame(f, 0x88b5, 20);
	assert_int_equal(all.in, 1);
	assert_int_equal(other.in, 0);
	assert_int_equal(one.in, 1);
	assert_int_equal(two.in, 1);
	/* Nobody's, but a tap has seen it: no drop. */
	send_frame(f, 0x88b6, 20);
	assert_int_equal(all.in, 2);
	assert_int_equal(f->eth0->stats.rx_dropped, 0);
	dev_remove_pack(f->h, &all.pt);
	send_frame(f, 0x88b6, 20);
	assert_int_equal(f->eth0->stats.rx_dropped, 1);
	dev_remove_pack(f->h, &other.pt);
	dev_remove_pack(f->h, &one.pt);
	dev_remove_pack(f->h, &two.pt);
}

/* IEEE 802.3: a number below 1536 is a length. */
static void test_lengths(void **state)
{
	struct ip_fixture *f = *state;
	struct tap all;
	u8 b[64] = { 0 };

	tap_add(f, &all, ETH_P_ALL, NULL);
	put_eth(b, f->eth0, 2, 30);
	inject(f->eth0, b, 44);
	assert_int_equal(ntohs(all.protocol), ETH_P_802_2);
	b[14] = b[15] = 0xff;
	inject(f->eth0, b, 44);
	assert_int_equal(ntohs(all.protocol), ETH_P_802_3);
	put_eth(b, f->eth0, 2, 1535);
	inject(f->eth0, b, 14);
	assert_int_equal(ntohs(all.protocol), ETH_P_802_2);
	put_eth(b, f->eth0, 2, 1536);
	inject(f->eth0, b, 44);
	assert_int_equal(ntohs(all.protocol), 1536);
	dev_remove_pack(f->h, &all.pt);
}

/* ---- flows and checksums ------------------------------------------------------------------------- */

static struct sk_buff *datagram_of(struct ip_fixture *f, const char *s, u16 sport, const char *d,
				   u16 dport)
{
	struct sk_buff *skb = alloc_skb(f->h);
	u8 *p = skb_put(skb, 20 + 8 + 4);

	memset(p, 0, 32);
	p[0] = 0x45;
	p[9] = IPPROTO_UDP;
	put_be16(p + 2, 32);
	put_v4(p + 12, s);
	put_v4(p + 16, d);
	put_be16(p + 20, sport);
	put_be16(p + 22, dport);
	put_be16(p + 24, 12);
	memcpy(p + 28, "data", 4);
	skb_reset_network_header(skb);
	skb->csum_start = (u16)(skb->data + 20);
	skb->csum_offset = 6;
	skb->ip_summed = CHECKSUM_PARTIAL;
	return skb;
}

static u32 hash_of(struct ip_fixture *f, const char *s, u16 sport, const char *d, u16 dport)
{
	struct sk_buff *skb = datagram_of(f, s, sport, d, dport);
	u32 h = skb_get_hash_symmetric(skb);

	consume_skb(skb);
	return h;
}

static void test_symmetric_hash(void **state)
{
	struct ip_fixture *f = *state;
	u32 h = hash_of(f, "10.0.0.1", 1000, "10.0.0.2", 80);

	assert_int_equal(h, hash_of(f, "10.0.0.2", 80, "10.0.0.1", 1000));
	assert_int_not_equal(h, hash_of(f, "10.0.0.1", 1001, "10.0.0.2", 80));
	assert_int_not_equal(h, hash_of(f, "10.0.0.1", 1000, "10.0.0.3", 80));
}

/* UDP's: 10.0.0.1 + 10.0.0.2 + 17 + 12 = 1420 for a NIC to start from; with it, the whole sums to ffff. */
static void test_shown_checksums(void **state)
{
	struct ip_fixture *f = *state;
	struct sk_buff *skb = datagram_of(f, "10.0.0.1", 1000, "10.0.0.2", 80);
	u32 sum;

	skb_checksum_show(skb, true);
	assert_int_equal(get_be16(skb_data(skb) + 26), 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 12);
	assert_int_equal(skb->ip_summed, CHECKSUM_PARTIAL);
	skb_checksum_show(skb, false);
	assert_int_equal(skb->ip_summed, CHECKSUM_UNNECESSARY);
	sum = csum_partial(skb_data(skb) + 12, 8, 17 + 12);
	assert_int_equal(csum_fold(csum_partial(skb_data(skb) + 20, 12, sum)), 0);
	consume_skb(skb);
}

/* ---- raw sockets --------------------------------------------------------------------------------- */

static struct raw_sock *raw_new(struct ip_fixture *f, int family, u16 protocol)
{
	struct sock *sk = NULL;

	assert_int_equal(sock_create(&(struct task){ .host = f->h, .proc = &(struct process){ .caps = ~0ull } },
				     family, SOCK_RAW, protocol, &sk), 0);
	return raw_sk(sk);
}

static void echo(struct ip_fixture *f, const char *src, u32 len)
{
	static u8 buf[FRAME_MAX];

	send_ip4(f->eth0, &(struct ip4){ .src = src, .dst = "10.0.0.1", .proto = 1, .data = buf,
					 .len = build_echo(buf, len) });
}

static void test_raw_matches(void **state)
{
	struct ip_fixture *f = *state;
	struct raw_sock *any = raw_new(f, AF_INET, IPPROTO_ICMP), *far = raw_new(f, AF_INET, IPPROTO_ICMP);
	struct raw_sock *bound = raw_new(f, AF_INET, IPPROTO_ICMP), *udp = raw_new(f, AF_INET, IPPROTO_UDP);
	struct raw_sock *dev = raw_new(f, AF_INET, IPPROTO_ICMP);

	far->inet.daddr = addr("10.0.0.9");
	bound->inet.rcv_saddr = addr("127.0.0.1");
	dev->inet.sk.bound_dev_if = 1;
	know(f, "10.0.0.2", 2);
	echo(f, "10.0.0.2", 10);
	assert_int_equal(any->inet.sk.receive_queue.qlen, 1);
	assert_int_equal(skb_peek(&any->inet.sk.receive_queue)->len, 20 + 8 + 10);
	assert_int_equal(far->inet.sk.receive_queue.qlen + bound->inet.sk.receive_queue.qlen +
			 udp->inet.sk.receive_queue.qlen + dev->inet.sk.receive_queue.qlen, 0);
	/* The protocol itself has had it too. */
	assert_int_equal(f->nsent, 1);
	far->inet.daddr = addr("10.0.0.2");
	bound->inet.rcv_saddr = addr("10.0.0.1");
	dev->inet.sk.bound_dev_if = f->eth0->ifindex;
	any->icmp_filter = 1u << ICMP_ECHO;
	echo(f, "10.0.0.2", 10);
	assert_int_equal(any->inet.sk.receive_queue.qlen, 1);
	assert_int_equal(far->inet.sk.receive_queue.qlen, 1);
	assert_int_equal(bound->inet.sk.receive_queue.qlen, 1);
	assert_int_equal(dev->inet.sk.receive_queue.qlen, 1);
}

/* A full buffer is no reason to say that nobody speaks the protocol. */
static void test_raw_full(void **state)
{
	static const u8 data[100];
	struct ip_fixture *f = *state;
	struct raw_sock *raw = raw_new(f, AF_INET, 200);

	know(f, "10.0.0.2", 2);
	raw->inet.sk.rcvbuf = 1;
	for (int i = 0; i < 3; i++)
		send_ip4(f->eth0, &(struct ip4){ .src = "10.0.0.2", .dst = "10.0.0.1", .proto = 200,
						 .data = data, .len = sizeof(data) });
	assert_int_equal(raw->inet.sk.receive_queue.qlen, 1);
	assert_int_equal(raw->inet.sk.drops, 2);
	assert_int_equal(f->nsent, 0);
	assert_int_equal(mib(f, MIB_InUnknownProtos), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, ip_setup, ip_teardown)
	const struct CMUnitTest tests[] = {
		T(test_own_and_all), T(test_groups_of_ip), T(test_added_addresses),
		T(test_several_handlers), T(test_lengths), T(test_symmetric_hash),
		T(test_shown_checksums), T(test_raw_matches), T(test_raw_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

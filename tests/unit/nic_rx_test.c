/* SPDX-License-Identifier: MIT */
/*
 * The receiving half of the NIC: filter, rules, RSS, finite ring, DMA, moderation, offloads.
 */
#include "nic/nic_priv.h"

#include <errno.h>

#include "tests/unit/rx_fixture.h"

static const struct rx_ip udp = {.proto = IPPROTO_UDP, .sport = 1000, .dport = 2000, .len = 10};

static struct rx_fixture *setup_params(const struct nic_params *p)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup(x, strategy_default(), p);
	return x;
}

static void done(struct rx_fixture *x)
{
	rx_teardown(x);
	free(x);
}

/* The driver has no time between the frames: the ring takes what it has, the rest is missed. */
static void ring_overflow(void **state)
{
	struct rx_fixture *x;
	struct nic_params p;
	struct nic_queue_state st;

	nic_params_default(&p);
	p.rx_ring = 16;
	x = setup_params(&p);
	for (u32 i = 0; i < 40; i++)
		rx_send(x, i);
	rx_run(x, RX_DELAY);
	nic_queue_state(x->dev, 0, &st);
	assert_int_equal(st.rx_filled, 16);
	assert_int_equal(st.rx_free, 0);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 16);
	assert_int_equal(x->dev->stats.rx_missed_errors, 24);
	assert_int_equal(x->dev->stats.rx_packets, 16);
	assert_int_equal(rx_count(x, "dropped", "place=rx_ring ifindex=2 reason=FULL_RING"), 24);
	/* The poll has refilled the ring. */
	nic_queue_state(x->dev, 0, &st);
	assert_int_equal(st.rx_free, 16);
	for (u32 i = 0; i < 16; i++)
		rx_send(x, i);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 32);
	done(x);
}

static void mac_filter(void **state)
{
	static const struct {
		u8 dst;
		bool promisc, taken;
	} t[] = {{2, false, true}, {3, false, false}, {3, true, true}, {255, false, true}};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rx_fixture *x = malloc(sizeof(*x));

		rx_setup_default(x);
		x->dev->promiscuity = t[i].promisc;
		link_transmit(&x->f.note[0].port, net_frame(&x->f, 0, t[i].dst, 1, 60, 0), 0);
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, t[i].taken);
		assert_int_equal(rx_count(x, "dropped", "reason=NIC_FILTER"), !t[i].taken);
		assert_int_equal(rx_count(x, "irq", "what=raise"), t[i].taken);
		done(x);
	}
}

static void frames_that_are_wrong(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct sk_buff *skb;

	rx_setup_default(x);
	skb = net_frame(&x->f, 0, 2, 1, 60, 0);
	skb->corrupted = skb->bad_fcs = true;
	link_transmit(&x->f.note[0].port, skb, 0);
	/* 1500 and a header pass, and a VLAN tag more; a byte more does not. */
	link_transmit(&x->f.note[0].port, net_frame(&x->f, 0, 2, 1, 1518, 0), 0);
	link_transmit(&x->f.note[0].port, net_frame(&x->f, 0, 2, 1, 1519, 0), 0);
	skb = alloc_skb(x->f.host[0]);
	skb_put(skb, 13);
	link_transmit(&x->f.note[0].port, skb, 0);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 1);
	assert_int_equal(x->dev->stats.rx_crc_errors, 1);
	assert_int_equal(x->dev->stats.rx_length_errors, 2);
	assert_int_equal(rx_count(x, "dropped", "reason=FRAME_CRC"), 1);
	assert_int_equal(rx_count(x, "dropped", "reason=FRAME_TOO_LONG"), 1);
	assert_int_equal(rx_count(x, "dropped", "reason=HDR_TRUNC"), 1);
	done(x);
}

static int queue_of(struct rx_fixture *x, const struct rx_ip *f)
{
	u32 n = x->got.qlen;

	rx_send_frame(x, f);
	rx_run(x, 0);
	return x->got.qlen == n ? -1 : rx_nth(x, n)->queue_mapping - 1;
}

/* Hash 0x51ccc178 (a published vector): entry 0x78 of the indirection table. */
static void rss(void **state)
{
	static const struct rx_ip tcp = {.proto = IPPROTO_TCP, .saddr = 0x420995bb,
					 .daddr = 0xa18e6450, .sport = 2794, .dport = 1766,
					 .flags = 0x10, .len = 10};
	u8 table[RSS_INDIR_SIZE] = {0};
	struct rx_fixture *x;
	struct nic_params p;

	nic_params_default(&p);
	p.rx_queues = 7;
	x = setup_params(&p);
	assert_int_equal(queue_of(x, &tcp), 0x78 % 7); /* default: i % queues */
	assert_int_equal(rx_nth(x, 0)->hash, 0x51ccc178);
	assert_true(rx_nth(x, 0)->l4_hash);
	assert_int_equal(rx_nth(x, 0)->napi_id, MIN_NAPI_ID + 0x78 % 7);
	table[0x78] = 5;
	assert_int_equal(nic_set_indir(x->dev, table, RSS_INDIR_SIZE), 0);
	assert_int_equal(queue_of(x, &tcp), 5);
	table[0] = 7; /* there is none */
	assert_int_equal(nic_set_indir(x->dev, table, RSS_INDIR_SIZE), -EINVAL);
	assert_int_equal(nic_set_indir(x->dev, table, 1), -EINVAL);
	assert_int_equal(nic_set_rss_key(x->dev, table, 39), -EINVAL);
	done(x);
}

static void steering_rules(void **state)
{
	struct nic_rule web = {.location = 1, .proto = IPPROTO_UDP, .dport = 2000, .queue = 2};
	struct nic_rule drop = {.location = 2, .family = 4, .saddr = {10, 0, 0, 9},
				.match_saddr = true, .queue = -1};
	struct nic_rule first = {.location = 0, .sport = 1234, .queue = 3};
	struct rx_ip f = udp;
	struct rx_fixture *x;
	struct nic_params p;

	nic_params_default(&p);
	p.rx_queues = 4;
	x = setup_params(&p);
	assert_int_equal(nic_add_rule(x->dev, &web), 0);
	assert_int_equal(nic_add_rule(x->dev, &drop), 0);
	assert_int_equal(nic_add_rule(x->dev, &first), 0);
	assert_int_equal(queue_of(x, &f), 2);
	f.sport = 1234; /* an earlier location wins */
	assert_int_equal(queue_of(x, &f), 3);
	f.sport = 1;
	f.saddr = 0x0a000009;
	assert_int_equal(queue_of(x, &f), 2); /* still the earlier one */
	f.dport = 1;
	assert_int_equal(queue_of(x, &f), -1);
	assert_int_equal(rx_count(x, "dropped", "reason=NIC_FILTER"), 1);
	assert_int_equal(nic_del_rule(x->dev, 2), 0);
	assert_int_not_equal(queue_of(x, &f), -1);
	assert_int_equal(nic_del_rule(x->dev, 2), -ENOENT);
	web.queue = 4;
	assert_int_equal(nic_add_rule(x->dev, &web), -EINVAL);
	done(x);
}

/* Each queue's interrupt goes to its CPU. */
static void irq_affinity(void **state)
{
	struct nic_rule r = {.queue = 1};
	struct rx_fixture *x;
	struct nic_params p;

	nic_params_default(&p);
	p.rx_queues = 2;
	x = setup_params(&p);
	nic_add_rule(x->dev, &r);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[0], 1); /* default: queue i on CPU i */
	assert_int_equal(nic_set_irq_affinity(x->dev, 1, 0), 0);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[1], 0);
	assert_int_equal(nic_set_irq_affinity(x->dev, 1, 2), -EINVAL);
	assert_int_equal(nic_set_irq_affinity(x->dev, 2, 0), -EINVAL);
	done(x);
}

/* When the interrupt of n frames, gap apart, is raised. */
static void moderation(void **state)
{
	static const struct {
		nsec_t usecs;
		u32 frames, n;
		nsec_t gap, raised;
	} t[] = {
	    {0, 0, 3, 100, 1000},			/* at once */
	    {50 * NSEC_PER_USEC, 0, 3, 100, 51000},	/* the first frame's time */
	    {50 * NSEC_PER_USEC, 4, 3, 100, 51000},	/* too few */
	    {50 * NSEC_PER_USEC, 4, 4, 100, 1300},	/* the fourth */
	    {50 * NSEC_PER_USEC, 1, 2, 100, 1000},	/* each */
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rx_later l[4];
		struct rx_fixture *x;
		struct nic_params p;

		nic_params_default(&p);
		p.coalesce.rx_usecs = t[i].usecs;
		p.coalesce.rx_frames = t[i].frames;
		x = setup_params(&p);
		for (u32 k = 0; k < t[i].n; k++)
			rx_arrive_at(x, &l[k], RX_DELAY + k * t[i].gap,
				     net_frame(&x->f, 0, 2, 1, 60, k));
		rx_run(x, 0);
		assert_int_equal(rx_count(x, "irq", "what=raise"), 1);
		assert_int_equal(strtol(rx_story(x), NULL, 10), t[i].raised);
		assert_int_equal(x->got.qlen, t[i].n);
		done(x);
	}
}

/* Interrupts of a steady load, n frames gap apart. */
static u64 interrupts(u32 n, nsec_t gap, bool adaptive)
{
	struct rx_later *l = malloc(n * sizeof(*l));
	struct rx_fixture *x;
	struct nic_params p;
	u64 raised;

	nic_params_default(&p);
	p.coalesce.adaptive_rx = adaptive;
	x = setup_params(&p);
	for (u32 k = 0; k < n; k++)
		rx_arrive_at(x, &l[k], RX_DELAY + k * gap, net_frame(&x->f, 0, 2, 1, 60, k));
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, n);
	raised = nic_of(x->dev)->q[0].mod.raised;
	free(l);
	done(x);
	return raised;
}

/* Sparse traffic has an interrupt for each frame; dense traffic gets far fewer than without. */
static void adaptive_moderation(void **state)
{
	assert_int_equal(interrupts(300, NSEC_PER_MSEC, true), 300);
	assert_int_equal(interrupts(4000, 5000, false), 4000);
	assert_true(interrupts(4000, 5000, true) < 1000);
}

/* The interrupt comes when the frame is in memory, once. */
static void dma_delay(void **state)
{
	struct rx_fixture *x;
	struct rx_later l;
	struct nic_params p;

	nic_params_default(&p);
	p.dma_delay = 5000;
	x = setup_params(&p);
	rx_send(x, 1);
	rx_send(x, 2);
	rx_arrive_at(x, &l, 3000, net_frame(&x->f, 0, 2, 1, 60, 3));
	rx_run(x, 0);
	/* The third is there at 8000, while the first two are polled (7000 to 7600, re-armed 9200). */
	assert_string_equal(rx_story(x), "6000 0 irq raise\n"
					 "7000 0 irq enter\n"
					 "7000 0 irq mask\n"
					 "7600 0 napi poll 2\n"
					 "7600 0 napi complete 2\n"
					 "9200 0 napi rearm 2\n"
					 "9200 0 irq unmask\n"
					 "9550 0 napi poll 1\n"
					 "9550 0 napi complete 1\n"
					 "10450 0 napi rearm 1\n"
					 "10450 0 irq unmask\n");
	assert_int_equal(x->got.qlen, 3);
	done(x);
}

/* A failed refill is made good at the next packet, except by a driver that forgets it. */
static void refill_fails(void **state)
{
	for (int bug = 0; bug < 2; bug++) {
		struct nic_queue_state st;
		struct rx_fixture *x;
		struct nic_params p;

		nic_params_default(&p);
		p.rx_ring = 16;
		p.dma_fail_nth = 1;
		p.bugs.no_refill_retry = bug;
		x = setup_params(&p);
		rx_send(x, 1);
		rx_run(x, 0);
		nic_queue_state(x->dev, 0, &st);
		assert_int_equal(st.rx_free, 15);
		rx_send(x, 2);
		rx_run(x, 0);
		nic_queue_state(x->dev, 0, &st);
		assert_int_equal(st.rx_free, bug ? 15 : 16);
		done(x);
	}
}

/* What the sender's host knew stays there. */
static void sender_is_forgotten(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct sk_buff *skb;

	rx_setup_default(x);
	skb = rx_frame(x, &udp);
	skb->mark = 7;
	skb->priority = 6;
	skb->hash = 99;
	skb->l4_hash = true;
	link_transmit(&x->f.note[0].port, skb, 0);
	rx_run(x, 0);
	skb = rx_nth(x, 0);
	assert_int_equal(skb->mark, 0);
	assert_int_equal(skb->priority, 0);
	assert_int_not_equal(skb->hash, 99);
	assert_false(skb->l4_hash);
	assert_ptr_equal(skb->host, x->host);
	assert_ptr_equal(skb->dev, x->dev);
	done(x);
}

/* Without RX checksums the stack gets real bytes to check. */
static void checksum_offload(void **state)
{
	struct rx_fixture *x;
	struct sk_buff *skb;
	struct nic_params p;
	u32 sum;

	nic_params_default(&p);
	x = setup_params(&p);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_not_equal(rx_nth(x, 0)->ip_summed, CHECKSUM_NONE);
	done(x);
	p.features &= ~NETIF_F_RXCSUM;
	x = setup_params(&p);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	skb = rx_nth(x, 0);
	assert_int_equal(skb->ip_summed, CHECKSUM_NONE);
	sum = csum_partial(skb_data(skb) + 12, 8, IPPROTO_UDP + 18);
	assert_int_equal(csum_fold(skb_checksum(skb, 20, 18, sum)), 0);
	done(x);
}

static void carrier_follows_the_link(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	assert_true(x->dev->carrier);
	assert_true(x->dev->flags & IFF_RUNNING);
	link_set_up(x->link, false);
	assert_false(x->dev->carrier);
	assert_false(x->dev->flags & IFF_RUNNING);
	link_set_up(x->link, true);
	assert_true(x->dev->carrier);
	rx_send(x, 1);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 1);
	done(x);
}

static void names_and_addresses(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct net_device *dev;
	struct nic_params p;

	rx_setup_default(x);
	nic_params_default(&p);
	assert_null(nic_new(x->host, "eth0", &p, NULL));
	dev = nic_new(x->host, "eth1", &p, NULL);
	assert_non_null(dev);
	assert_int_equal(dev->ifindex, 3);
	assert_int_equal(dev->mac[0] & 3, 2); /* locally administered, a station's */
	assert_ptr_equal(dev_get_by_name(x->host, "eth1"), dev);
	assert_ptr_equal(dev_get_by_index(x->host, 3), dev);
	assert_int_equal(nic_set_ring(dev, 15, 16), -EINVAL);
	assert_int_equal(nic_set_ring(dev, 16, 1), -EINVAL);
	assert_int_equal(nic_set_ring(dev, 16, 16), 0);
	done(x);
}

struct counters {
	u64 packets, interrupts;
};

static void emit(void *ctx, const char *name, u64 v)
{
	struct counters *c = ctx;

	if (!strcmp(name, "rx_queue_0_packets"))
		c->packets = v;
	if (!strcmp(name, "rx_queue_0_interrupts"))
		c->interrupts = v;
}

static void counters(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct counters c = {0};

	rx_setup_default(x);
	for (u32 i = 0; i < 5; i++)
		rx_send(x, i);
	rx_run(x, 0);
	x->dev->ops->counters(x->dev, emit, &c);
	assert_int_equal(c.packets, 5);
	assert_int_equal(c.interrupts, 1);
	assert_int_equal(x->dev->stats.rx_bytes, 5 * 60);
	done(x);
}

/* No packet is left anywhere when a world ends in the middle of everything. */
static void teardown_at_any_time(void **state)
{
	for (nsec_t t = 900; t < 6000; t += 70) {
		struct rx_fixture *x;
		struct nic_params p;

		nic_params_default(&p);
		p.dma_delay = t % 3 * 200;
		x = setup_params(&p);
		nic_set_rps(x->dev, 0, (const u64[4]){2}, 0);
		for (u32 i = 0; i < 5; i++)
			rx_send_frame(x, &udp);
		rx_run(x, t);
		done(x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ring_overflow),
	    cmocka_unit_test(mac_filter),
	    cmocka_unit_test(frames_that_are_wrong),
	    cmocka_unit_test(rss),
	    cmocka_unit_test(steering_rules),
	    cmocka_unit_test(irq_affinity),
	    cmocka_unit_test(moderation),
	    cmocka_unit_test(adaptive_moderation),
	    cmocka_unit_test(dma_delay),
	    cmocka_unit_test(refill_fails),
	    cmocka_unit_test(sender_is_forgotten),
	    cmocka_unit_test(checksum_offload),
	    cmocka_unit_test(carrier_follows_the_link),
	    cmocka_unit_test(names_and_addresses),
	    cmocka_unit_test(counters),
	    cmocka_unit_test(teardown_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Two hosts, two NICs, one cable: the whole way from dev_queue_xmit() to a protocol's handler, with
 * interrupts and polls as they come.
 */
#include "nic/nic.h"

#include "nic/dql.h"
#include "nic/nic_tx.h"
#include "nic/qdisc_priv.h"
#include "nic/report.h"
#include "tests/unit/net_fixture.h"

#define GBIT 1000000000ull

struct fixture {
	struct net_fixture f;
	struct net_device *dev[2];
	struct link *link;
	struct packet_type pt;
	u64 frames, bytes;
	u32 last;
	bool in_order;
};

static void rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt)
{
	struct fixture *x = pt->priv;
	u8 tag[4];

	skb_copy_bits(skb, 0, tag, 4);
	x->in_order &= get_be32(tag) == x->last + 1;
	x->last = get_be32(tag);
	x->frames++;
	x->bytes += skb->len;
	consume_skb(skb);
}

static void setup(struct fixture *x, const struct nic_params *np, const struct link_params *lp,
		  struct strategy *st)
{
	static const u8 mac[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

	memset(x, 0, sizeof(*x));
	x->in_order = true;
	net_setup_seed(&x->f, 1, st);
	for (int i = 0; i < 2; i++) {
		netdev_host_init(x->f.host[i]);
		x->dev[i] = nic_new(x->f.host[i], "eth0", np, mac[i]);
		assert_int_equal(dev_open(x->dev[i]), 0);
	}
	x->link = link_new(x->f.w, nic_port(x->dev[0]), nic_port(x->dev[1]), lp, lp);
	x->pt = (struct packet_type){.func = rcv, .priv = x};
	put_be16(&x->pt.type, 0x0800);
	dev_add_pack(x->f.host[1], &x->pt);
}

static void send_frame(struct fixture *x, u32 tag, u32 len)
{
	struct sk_buff *skb = net_frame(&x->f, 0, 2, 1, len, tag);

	skb->dev = x->dev[0];
	dev_queue_xmit(skb);
}

static void test_bulk(void **state)
{
	struct nic_params np;
	struct fixture x;

	nic_params_default(&np);
	setup(&x, &np, &(struct link_params){.rate = GBIT, .delay = 1000}, strategy_default());
	for (u32 i = 1; i <= 900; i++)
		send_frame(&x, i, 1514);
	net_run(&x.f);
	assert_int_equal(x.frames, 900);
	assert_int_equal(x.bytes, 900 * 1500);
	assert_true(x.in_order);
	assert_int_equal(x.dev[0]->stats.tx_packets, 900);
	assert_int_equal(x.dev[1]->stats.rx_packets, 900);
	/* The wire was never idle for long: byte queue limits do not starve it. */
	assert_true(x.f.w->sim.now < 900 * 12304 * 102 / 100);
	nic_report_counters(x.f.w);
	net_teardown(&x.f);
}

/* A small ring, stopped and woken by real completions, loses nothing. */
static void test_small_ring(void **state)
{
	struct nic_params np;
	struct fixture x;

	nic_params_default(&np);
	np.tx_ring = 16;
	setup(&x, &np, &(struct link_params){.rate = GBIT, .delay = 1000}, strategy_default());
	for (u32 i = 1; i <= 500; i++)
		send_frame(&x, i, 200);
	net_run(&x.f);
	assert_int_equal(x.frames, 500);
	assert_true(x.in_order);
	net_teardown(&x.f);
}

/* The driver that loses a wakeup works by luck, until its CPU is held up between check and stop. */
static void stuck(struct strategy *st, bool expect)
{
	struct nic_params np;
	struct fixture x;

	nic_params_default(&np);
	np.tx_ring = 16;
	np.bugs.tx_wake_lost = true;
	setup(&x, &np, &(struct link_params){.rate = 10 * GBIT, .delay = 1000}, st);
	nic_set_irq_affinity(x.dev[0], 0, 1);
	x.dev[0]->txq[0].dql->limit = x.dev[0]->txq[0].dql->min_limit = 1 << 20;
	for (u32 i = 1; i <= 50; i++)
		send_frame(&x, i, 100);
	sim_run(&x.f.w->sim, NSEC_PER_SEC);
	assert_int_equal(x.frames, expect ? 16 : 50);
	assert_int_equal(x.dev[0]->txq[0].stopped, expect);
	sim_run(&x.f.w->sim, 10 * NSEC_PER_SEC);
	assert_int_equal(x.dev[0]->tx_timeouts, expect); /* the watchdog heals it */
	assert_int_equal(x.frames, 50);
	net_teardown(&x.f);
}

static void test_wake_lost(void **state)
{
	static const struct choice stall = {1, CHOICE_STALL, 0, 2, 1};

	stuck(strategy_default(), false);
	stuck(strategy_schedule(&stall, 1), true);
}

static void test_flap(void **state)
{
	struct nic_params np;
	struct fixture x;

	nic_params_default(&np);
	setup(&x, &np, &(struct link_params){.rate = GBIT, .delay = 1000}, strategy_default());
	for (u32 i = 1; i <= 100; i++)
		send_frame(&x, i, 1514);
	sim_run(&x.f.w->sim, 100000);
	link_set_up(x.link, false);
	sim_run(&x.f.w->sim, 2 * NSEC_PER_MSEC);
	assert_in_range(x.frames, 6, 8);
	send_frame(&x, 101, 1514);
	link_set_up(x.link, true);
	send_frame(&x, 102, 1514);
	net_run(&x.f);
	assert_int_equal(x.last, 102);
	assert_in_range(x.frames, 7, 9);
	net_teardown(&x.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bulk),
	    cmocka_unit_test(test_small_ring),
	    cmocka_unit_test(test_wake_lost),
	    cmocka_unit_test(test_flap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * From dev_queue_xmit() through discipline, ring and TSO to the wire: times, flow control, byte queue
 * limits, and the driver bug that loses a wakeup. The driver's completion handler is the test's.
 */
#include "nic/nic_tx.h"

#include <errno.h>

#include "nic/dql.h"
#include "nic/nic.h"
#include "nic/qdisc_priv.h"
#include "nic/tx.h"
#include "tests/unit/net_fixture.h"

#define GBIT 1000000000ull

struct fixture {
	struct net_fixture f;
	struct net_device *dev;
	struct nic_tx tx;
	struct link_port port;
	struct link *link;
	struct irq irq;
	int completed;	 /* packets, as the interrupt says */
	bool auto_clean; /* the interrupt's poll runs at once */
	nsec_t completed_at;
};

/* The functions of a device have no other way to the test. */
static struct fixture *fixture_of(struct net_device *dev)
{
	return dev->priv;
}

static enum netdev_tx xmit(struct sk_buff *skb, struct net_device *dev)
{
	return nic_tx_xmit(&fixture_of(dev)->tx, skb);
}

static void completed(struct net_device *dev, int queue, u32 n)
{
	struct fixture *x = fixture_of(dev);

	x->completed += (int)n;
	x->completed_at = x->f.w->sim.now;
	irq_raise(&x->irq);
}

/* The handler polls at once; it costs no time, and runs on CPU 1. Senders are on CPU 0. */
static void clean_irq(struct irq *irq)
{
	struct fixture *x = container_of(irq, struct fixture, irq);

	for (int i = 0; x->auto_clean && i < x->tx.nrings; i++)
		while (nic_tx_to_clean(&x->tx.ring[i]))
			nic_tx_clean_one(&x->tx.ring[i]);
}

static void no_receive(struct link_port *p, struct sk_buff *skb)
{
	consume_skb(skb);
}

static void ready(struct link_port *p)
{
	nic_tx_ready(&((struct fixture *)p->owner)->tx);
}

static void carrier(struct link_port *p, bool up)
{
	nic_tx_carrier(&((struct fixture *)p->owner)->tx, up);
}

static void tx_timeout(struct net_device *dev, int queue)
{
	nic_tx_timeout(&fixture_of(dev)->tx, queue);
}

static const struct net_device_ops dev_ops = {.start_xmit = xmit, .tx_timeout = tx_timeout};
static const struct link_port_ops port_ops = {no_receive, ready, carrier};

static void setup(struct fixture *x, struct strategy *st, const struct nic_params *np,
		  const struct link_params *lp)
{
	memset(x, 0, sizeof(*x));
	net_setup_seed(&x->f, 1, st);
	netdev_host_init(x->f.host[0]);
	x->dev = netdev_new(x->f.host[0], "eth0", &dev_ops, np->tx_queues, 1);
	x->dev->priv = x;
	memset(&x->f.host[0]->cost, 0, sizeof(x->f.host[0]->cost));
	irq_init(&x->irq, x->f.host[0], "eth0", clean_irq);
	x->irq.cpu = 1;
	x->dev->features = ~(u32)NETIF_F_LOOPBACK;
	x->dev->mtu = 1500;
	x->dev->tx_queue_len = 1000;
	x->dev->gso_max_size = 65536;
	x->port = (struct link_port){.ops = &port_ops, .owner = x, .host = x->f.host[0]->id};
	nic_tx_init(&x->tx, x->dev, &x->port, np, completed);
	x->link = link_new(x->f.w, &x->port, &x->f.note[1].port, lp, lp);
	x->dev->flags |= IFF_UP;
	x->dev->carrier = true;
	assert_int_equal(dev_set_qdisc(x->dev, "mq", NULL), 0);
	x->auto_clean = true;
}

static void setup_default(struct fixture *x, u32 ring, u64 rate)
{
	setup(x, strategy_default(), &(struct nic_params){.tx_queues = 1, .tx_ring = ring},
	      &(struct link_params){.rate = rate, .delay = 100});
}

/* Byte queue limits out of the way. */
static void no_bql(struct fixture *x)
{
	for (int i = 0; i < x->tx.nrings; i++)
		x->dev->txq[i].dql->limit = x->dev->txq[i].dql->min_limit = 1 << 30;
}

static void teardown(struct fixture *x)
{
	nic_tx_destroy(&x->tx);
	dev_shutdown(x->dev);
	net_teardown(&x->f);
}

static int send_frame(struct fixture *x, u32 tag, u32 len)
{
	struct sk_buff *skb = net_frame(&x->f, 0, 2, 1, len, tag);

	skb->dev = x->dev;
	return dev_queue_xmit(skb);
}

static int charged;

static void uncharge(struct sk_buff *skb)
{
	charged -= (int)skb->truesize;
}

/* A TCP super-packet of n segments of 1000 bytes. */
static struct sk_buff *super_packet(struct fixture *x, u32 n)
{
	struct sk_buff *skb = alloc_skb(x->f.host[0]);
	u8 *p = skb_put(skb, 14 + 40), zero[1000] = {0};

	memset(p, 0, 54);
	put_be16(p + 12, 0x0800);
	p[14] = 0x45;
	p[23] = 6;
	p[14 + 20 + 12] = 0x50;
	skb->network_header = (u16)(skb->data + 14);
	skb->transport_header = (u16)(skb->data + 34);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = 16;
	skb->gso_type = SKB_GSO_TCPV4;
	skb->gso_size = 1000;
	for (u32 i = 0; i < n; i++) {
		if (i == 10) { /* the rest in one slice */
			u8 rest[60000] = {0};

			skb_add_data(skb, rest, (n - 10) * 1000);
			break;
		}
		skb_add_data(skb, zero, 1000);
	}
	skb->dev = x->dev;
	return skb;
}

static void test_one_packet(void **state)
{
	struct fixture x;
	struct sk_buff *skb;

	setup_default(&x, 256, GBIT);
	x.auto_clean = false;
	skb = net_frame(&x.f, 0, 2, 1, 1514, 5);
	skb->dev = x.dev;
	skb->truesize = 2304;
	skb->destructor = uncharge;
	charged = 2304;
	assert_int_equal(dev_queue_xmit(skb), NET_XMIT_SUCCESS);
	assert_int_equal(nic_tx_used(&x.tx.ring[0]), 1);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].t[0], 12304 + 100);
	assert_int_equal(x.completed_at, 12304);
	assert_int_equal(charged, 2304); /* until the driver cleans */
	nic_tx_clean_one(&x.tx.ring[0]);
	assert_int_equal(charged, 0);
	assert_int_equal(nic_tx_used(&x.tx.ring[0]), 0);
	assert_int_equal(x.dev->stats.tx_packets, 1);
	assert_int_equal(x.dev->stats.tx_bytes, 1514);
	teardown(&x);
}

/* One packet in the ring, many on the wire, back to back; one completion. */
static void test_tso(void **state)
{
	struct fixture x;

	setup_default(&x, 256, 10 * GBIT);
	dev_queue_xmit(super_packet(&x, 44));
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 44);
	for (int i = 0; i < 44; i++) /* (1054 + 24) * 0.8 ns each */
		assert_int_equal(x.f.note[1].t[i], 100 + (i + 1) * 8624 / 10);
	assert_int_equal(x.completed, 1);
	assert_int_equal(x.tx.ring[0].packets, 44);
	assert_int_equal(x.tx.ring[0].tso_packets, 1);
	assert_int_equal(x.dev->txq[0].qdisc->packets, 44);
	teardown(&x);
}

/* Without the feature the super-packet is cut on its way to the driver. */
static void test_software_gso(void **state)
{
	struct fixture x;

	setup_default(&x, 256, 10 * GBIT);
	x.dev->features = 0;
	dev_queue_xmit(super_packet(&x, 20));
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 20);
	assert_int_equal(x.tx.ring[0].tso_packets, 0);
	assert_int_equal(x.completed, 20);
	teardown(&x);
}

/* A full ring stops the queue; the discipline keeps what does not fit; nothing is lost or overtaken. */
static void test_ring_full(void **state)
{
	struct fixture x;

	setup_default(&x, 4, GBIT);
	no_bql(&x);
	for (u32 i = 0; i < 30; i++)
		send_frame(&x, i, 1514);
	assert_int_equal(nic_tx_used(&x.tx.ring[0]), 4);
	assert_true(x.dev->txq[0].stopped);
	assert_int_equal(x.dev->txq[0].qdisc->qlen, 26);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 30);
	for (u32 i = 0; i < 30; i++)
		assert_int_equal(x.f.note[1].tag[i], i);
	assert_false(x.dev->txq[0].stopped);
	assert_true(x.tx.ring[0].restarts > 0);
	teardown(&x);
}

/* Segments of a software-cut packet that find the ring full wait in front. */
static void test_requeue_keeps_order(void **state)
{
	struct fixture x;

	setup_default(&x, 4, GBIT);
	no_bql(&x);
	x.dev->features = 0;
	dev_queue_xmit(super_packet(&x, 10));
	send_frame(&x, 77, 100);
	assert_int_equal(x.dev->txq[0].qdisc->requeue.qlen, 6);
	assert_int_equal(x.dev->txq[0].qdisc->qlen, 7);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 11);
	assert_int_equal(x.f.note[1].tag[10], 77);
	assert_int_equal(x.dev->txq[0].qdisc->backlog, 0);
	teardown(&x);
}

/* The limit settles at what keeps the wire busy, far below the ring. */
static void test_bql(void **state)
{
	struct fixture x;

	setup_default(&x, 256, GBIT);
	for (u32 i = 0; i < 500; i++)
		send_frame(&x, i, 1514);
	assert_int_equal(nic_tx_used(&x.tx.ring[0]), 1); /* the limit starts at nothing */
	assert_true(x.dev->txq[0].bql_stopped);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 500);
	assert_in_range(x.dev->txq[0].dql->limit, 1514, 10 * 1514);
	assert_false(x.dev->txq[0].bql_stopped);
	/* Busy nearly all the time. */
	assert_true(x.f.note[1].t[499] < 500 * 12304 * 101 / 100);
	teardown(&x);
}

/*
 * The ring is cleaned between the driver's check and its stop. A right driver looks again; a
 * wrong one waits for ever.
 */
static void wake_race(bool bug, int expect)
{
	struct nic_params np = {.tx_queues = 1, .tx_ring = 2, .bugs.tx_wake_lost = bug};
	struct fixture x;

	setup(&x, strategy_default(), &np, &(struct link_params){.rate = 0, .delay = 100});
	no_bql(&x);
	for (u32 i = 0; i < 6; i++)
		send_frame(&x, i, 100);
	sim_run(&x.f.w->sim, NSEC_PER_SEC);
	assert_int_equal(x.f.note[1].n, expect);
	assert_int_equal(x.dev->txq[0].stopped, expect < 6);
	/* The watchdog resets the queue after 5 s; what was in the discipline goes on. */
	sim_run(&x.f.w->sim, 6 * NSEC_PER_SEC);
	assert_int_equal(x.dev->tx_timeouts, expect < 6);
	assert_int_equal(x.f.note[1].n, expect < 6 ? expect + 2 : expect);
	teardown(&x);
}

static void test_tx_wake_lost(void **state)
{
	wake_race(false, 6);
	wake_race(true, 2);
}

/* On a slower wire the window is too short for the race, unless the CPU is held up in it. */
static void test_tx_wake_lost_explored(void **state)
{
	static const struct choice stall = {1, CHOICE_STALL, 0, 2, 1};
	struct nic_params np = {.tx_queues = 1, .tx_ring = 2, .bugs.tx_wake_lost = true};
	struct link_params lp = {.rate = GBIT, .delay = 100};

	for (int explore = 0; explore < 2; explore++) {
		struct fixture x;

		setup(&x, explore ? strategy_schedule(&stall, 1) : strategy_default(), &np, &lp);
		no_bql(&x);
		for (u32 i = 0; i < 6; i++)
			send_frame(&x, i, 100);
		sim_run(&x.f.w->sim, NSEC_PER_SEC);
		assert_int_equal(x.f.note[1].n, explore ? 2 : 6);
		teardown(&x);
	}
}

/* A small packet of another queue does not wait for a super-packet. */
static void test_queues_take_turns(void **state)
{
	struct nic_params np = {.tx_queues = 2, .tx_ring = 256};
	struct fixture x;
	struct sk_buff *skb;
	int at = 0;

	setup(&x, strategy_default(), &np, &(struct link_params){.rate = GBIT, .delay = 100});
	skb = super_packet(&x, 40);
	skb->queue_mapping = 1; /* as a forwarded packet of RX queue 0 */
	dev_queue_xmit(skb);
	skb = net_frame(&x.f, 0, 2, 1, 100, 77);
	skb->dev = x.dev;
	skb->queue_mapping = 2;
	dev_queue_xmit(skb);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 41);
	while (x.f.note[1].tag[at] != 77)
		at++;
	assert_in_range(at, 1, 3);
	teardown(&x);
}

static void test_carrier_loss(void **state)
{
	struct fixture x;

	setup_default(&x, 16, GBIT);
	no_bql(&x);
	for (u32 i = 0; i < 10; i++)
		send_frame(&x, i, 1514);
	sim_run(&x.f.w->sim, 13000); /* one has arrived, one is on the wire */
	link_set_up(x.link, false);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 1);
	assert_int_equal(nic_tx_used(&x.tx.ring[0]), 0);
	link_set_up(x.link, true);
	send_frame(&x, 99, 100);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].tag[1], 99);
	teardown(&x);
}

static void test_dma_delay(void **state)
{
	struct nic_params np = {.tx_queues = 1, .tx_ring = 16, .dma_delay = 700};
	struct fixture x;

	setup(&x, strategy_default(), &np, &(struct link_params){.rate = GBIT, .delay = 100});
	no_bql(&x);
	send_frame(&x, 0, 60);
	sim_run(&x.f.w->sim, 300);
	send_frame(&x, 1, 60);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].t[0], 700 + 672 + 100);
	assert_int_equal(x.f.note[1].t[1], 700 + 2 * 672 + 100);
	teardown(&x);
}

static void test_device_down(void **state)
{
	struct fixture x;

	setup_default(&x, 16, GBIT);
	x.dev->flags &= ~(u32)IFF_UP;
	assert_int_equal(send_frame(&x, 0, 100), NET_XMIT_CN);
	assert_int_equal(dev_set_qdisc(x.dev, "noqueue", NULL), 0);
	assert_int_equal(send_frame(&x, 0, 100), NET_XMIT_CN); /* not ENETDOWN */
	assert_int_equal(x.dev->stats.tx_dropped, 2);
	x.dev->flags |= IFF_UP;
	assert_int_equal(send_frame(&x, 0, 100), 0);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 1);
	teardown(&x);
}

static void test_replace_qdisc(void **state)
{
	struct fixture x;

	setup_default(&x, 16, GBIT);
	for (u32 i = 0; i < 5; i++)
		send_frame(&x, i, 1514); /* one in the ring, four in the discipline */
	assert_int_equal(dev_set_qdisc(x.dev, "netem", &(struct netem_params){.delay = 5000}), 0);
	assert_int_equal(dev_set_qdisc(x.dev, "nonsense", NULL), -ENOENT);
	assert_string_equal(x.dev->root->ops->id, "netem");
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 1); /* what the old one held is gone, as with tc */
	teardown(&x);
}

/* netem on a device: the watchdog runs the discipline when a packet is due. */
static void test_watchdog(void **state)
{
	struct fixture x;

	setup_default(&x, 16, 0);
	dev_set_qdisc(x.dev, "netem", &(struct netem_params){.delay = 50 * NSEC_PER_USEC});
	for (u32 i = 0; i < 3; i++)
		send_frame(&x, i, 100);
	net_run(&x.f);
	assert_int_equal(x.f.note[1].n, 3);
	for (int i = 0; i < 3; i++)
		assert_in_range(x.f.note[1].t[i], 50000, 60000);
	teardown(&x);
}

static void test_pick_queue(void **state)
{
	struct nic_params np = {.tx_queues = 4, .tx_ring = 16};
	struct fixture x;
	u8 xps[2] = {3, 1};
	int seen[4] = {0};

	setup(&x, strategy_default(), &np, &(struct link_params){.rate = GBIT, .delay = 100});
	for (u32 i = 0; i < 64; i++) {
		struct sk_buff *skb = super_packet(&x, 1);
		int q;

		put_be16(skb_transport_header(skb), (u16)(1000 + i));
		q = netdev_pick_tx(x.dev, skb)->index;
		assert_true(skb->hash != 0);
		seen[q]++;
		skb->queue_mapping = 0;
		assert_int_equal(netdev_pick_tx(x.dev, skb)->index, q); /* a flow stays */
		consume_skb(skb);
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(seen[i], 6, 30);
	x.dev->xps_cpu_to_txq = xps;
	for (u32 i = 0; i < 5; i++) {
		struct sk_buff *skb = super_packet(&x, 1);

		/* The flow stays where it began, until nothing of it is on its way. */
		x.f.host[0]->cur_cpu = i ? &x.f.host[0]->cpus[1] : NULL;
		skb->ooo_okay = i == 4;
		assert_int_equal(netdev_pick_tx(x.dev, skb)->index, i == 4 ? 1 : 3);
		consume_skb(skb);
	}
	x.f.host[0]->cur_cpu = NULL;
	x.dev->xps_cpu_to_txq = NULL;
	teardown(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_packet),
	    cmocka_unit_test(test_tso),
	    cmocka_unit_test(test_software_gso),
	    cmocka_unit_test(test_ring_full),
	    cmocka_unit_test(test_requeue_keeps_order),
	    cmocka_unit_test(test_bql),
	    cmocka_unit_test(test_tx_wake_lost),
	    cmocka_unit_test(test_tx_wake_lost_explored),
	    cmocka_unit_test(test_queues_take_turns),
	    cmocka_unit_test(test_carrier_loss),
	    cmocka_unit_test(test_dma_delay),
	    cmocka_unit_test(test_device_down),
	    cmocka_unit_test(test_replace_qdisc),
	    cmocka_unit_test(test_watchdog),
	    cmocka_unit_test(test_pick_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

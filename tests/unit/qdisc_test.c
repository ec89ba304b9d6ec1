/* SPDX-License-Identifier: MIT */
/*
 * Disciplines by themselves: order, limits, times.
 */
#include "nic/qdisc_priv.h"

#include <errno.h>

#include "tests/unit/net_fixture.h"

struct fixture {
	struct net_fixture f;
	struct net_device dev;
	struct netdev_queue txq;
	struct Qdisc *q;
};

static void setup(struct fixture *x, const char *kind, const void *params)
{
	int err;

	net_setup(&x->f);
	x->dev = (struct net_device){.host = x->f.host[0],
				     .name = "eth0",
				     .ifindex = 2,
				     .mtu = 1500,
				     .num_tx_queues = 1,
				     .txq = &x->txq,
				     .tx_queue_len = 1000};
	x->txq = (struct netdev_queue){.dev = &x->dev};
	x->q = qdisc_new(&x->dev, &x->txq, kind, params, &err);
	assert_int_equal(err, 0);
}

static void teardown(struct fixture *x)
{
	qdisc_free(x->q);
	net_teardown(&x->f);
}

/* flow stands for the flow hash; tag says which packet it is. */
static int put(struct fixture *x, u32 tag, u32 len, u32 priority, u32 flow, nsec_t tstamp)
{
	struct sk_buff *skb = net_frame(&x->f, 0, 2, 1, len, tag);

	skb->dev = &x->dev;
	skb->priority = priority;
	skb->hash = flow;
	skb->tstamp = tstamp;
	qdisc_pkt_init(skb);
	return x->q->ops->enqueue(skb, x->q);
}

/* The tag of the next packet, -1: none now. */
static int get(struct fixture *x)
{
	struct sk_buff *skb = x->q->ops->dequeue(x->q);
	u8 tag[4];

	if (!skb)
		return -1;
	skb_copy_bits(skb, 14, tag, 4);
	consume_skb(skb);
	return (int)get_be32(tag);
}

static void at(struct fixture *x, nsec_t t)
{
	x->f.w->sim.now = t;
}

static void test_pfifo(void **state)
{
	struct fixture x;

	setup(&x, "pfifo", &(struct pfifo_params){.limit = 3});
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(put(&x, i, 100, 7 - i, 1, 0), i < 3 ? NET_XMIT_SUCCESS : NET_XMIT_DROP);
	assert_int_equal(x.q->drops, 1);
	assert_int_equal(x.q->qlen, 3);
	assert_int_equal(x.q->backlog, 300);
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(&x), i);
	assert_int_equal(get(&x), -1);
	assert_int_equal(x.q->packets, 3);
	assert_int_equal(x.q->bytes, 300);
	assert_int_equal(x.q->qlen + x.q->backlog, 0);
	teardown(&x);
}

/* tc-pfifo_fast(8): priority 6 and 7 in band 0; 0, 4 and 8 to 15 in band 1; the rest in band 2. */
static void test_pfifo_fast(void **state)
{
	static const int expect[] = {6, 7, 0, 4, 8, 15, 1, 2, 3, 5};
	static const u32 in[] = {1, 2, 3, 0, 4, 5, 6, 8, 15, 7};
	struct fixture x;

	setup(&x, "pfifo_fast", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		put(&x, in[i], 100, in[i], 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		assert_int_equal(get(&x), expect[i]);
	for (u32 i = 0; i < 1001; i++)
		assert_int_equal(put(&x, i, 100, 0, 1, 0),
				 i < 1000 ? NET_XMIT_SUCCESS : NET_XMIT_DROP);
	assert_int_equal(put(&x, 0, 100, 7, 1, 0), NET_XMIT_SUCCESS); /* each band by itself */
	teardown(&x);
}

static void test_prio(void **state)
{
	struct prio_params p = {.bands = 4, .priomap = {3, 2, 1, 0}};
	struct fixture x;
	int err;

	setup(&x, "prio", &p);
	for (u32 i = 0; i < 4; i++)
		put(&x, i, 100, i, 1, 0);
	for (int i = 3; i >= 0; i--)
		assert_int_equal(get(&x), i);
	p.priomap[5] = 4;
	assert_null(qdisc_new(&x.dev, &x.txq, "prio", &p, &err));
	assert_int_equal(err, -EINVAL);
	p = (struct prio_params){.bands = 17};
	assert_null(qdisc_new(&x.dev, &x.txq, "prio", &p, &err));
	assert_null(qdisc_new(&x.dev, &x.txq, "hfsc", NULL, &err));
	assert_int_equal(err, -ENOENT);
	teardown(&x);
}

static void test_netem_delay(void **state)
{
	struct fixture x;

	setup(&x, "netem", &(struct netem_params){.delay = 1000});
	put(&x, 0, 100, 0, 1, 0);
	at(&x, 500);
	put(&x, 1, 100, 0, 1, 0);
	at(&x, 999);
	assert_int_equal(get(&x), -1);
	assert_int_equal(x.q->watchdog.expires, 1000);
	at(&x, 1000);
	assert_int_equal(get(&x), 0);
	assert_int_equal(get(&x), -1);
	at(&x, 1500);
	assert_int_equal(get(&x), 1);
	teardown(&x);
}

/* 1000 bytes at 8 Mbit/s take 1 ms each, one after the other; a delay comes on top, once. */
static void test_netem_rate(void **state)
{
	struct fixture x;

	setup(&x, "netem",
	      &(struct netem_params){.rate = 8000000, .delay = 10 * NSEC_PER_MSEC});
	for (u32 i = 0; i < 5; i++)
		put(&x, i, 1000, 0, 1, 0);
	for (int i = 0; i < 5; i++) {
		at(&x, (11 + i) * NSEC_PER_MSEC - 1);
		assert_int_equal(get(&x), -1);
		at(&x, (11 + i) * NSEC_PER_MSEC);
		assert_int_equal(get(&x), i);
	}
	teardown(&x);
}

static void test_netem_limit(void **state)
{
	struct fixture x;

	setup(&x, "netem", &(struct netem_params){.delay = 1000, .limit = 2});
	assert_int_equal(put(&x, 0, 100, 0, 1, 0), NET_XMIT_SUCCESS);
	assert_int_equal(put(&x, 1, 100, 0, 1, 0), NET_XMIT_SUCCESS);
	assert_int_equal(put(&x, 2, 100, 0, 1, 0), NET_XMIT_DROP);
	assert_int_equal(x.q->drops, 1);
	teardown(&x);
}

/* reorder 100% gap 5: every fifth packet goes at once, the others are delayed. */
static void test_netem_gap(void **state)
{
	struct fixture x;

	setup(&x, "netem",
	      &(struct netem_params){.delay = 1000, .reorder = {1, 1}, .gap = 5});
	for (u32 i = 0; i < 10; i++)
		put(&x, i, 100, 0, 1, 0);
	assert_int_equal(get(&x), 4);
	assert_int_equal(get(&x), 9);
	assert_int_equal(get(&x), -1);
	at(&x, 1000);
	for (int i = 0; i < 9; i++)
		if (i != 4)
			assert_int_equal(get(&x), i);
	teardown(&x);
}

static void test_netem_loss_and_duplicate(void **state)
{
	struct fixture x;
	int n = 0;

	setup(&x, "netem", &(struct netem_params){.loss = {1, 4}, .limit = 5000});
	for (u32 i = 0; i < 4000; i++)
		assert_int_equal(put(&x, i, 100, 0, 1, 0), NET_XMIT_SUCCESS);
	assert_in_range(x.q->drops, 1000 - 140, 1000 + 140);
	teardown(&x);
	setup(&x, "netem", &(struct netem_params){.duplicate = {1, 1}});
	put(&x, 5, 100, 0, 1, 0);
	while (get(&x) == 5)
		n++;
	assert_int_equal(n, 2);
	teardown(&x);
}

static void test_netem_jitter(void **state)
{
	struct fixture x;
	int last = -1, inversions = 0, tag;

	setup(&x, "netem", &(struct netem_params){.delay = 1000, .jitter = 500});
	for (u32 i = 0; i < 100; i++)
		put(&x, i, 100, 0, 1, 0);
	at(&x, 499);
	assert_int_equal(get(&x), -1);
	at(&x, 1500);
	while ((tag = get(&x)) >= 0) {
		inversions += tag < last;
		last = tag;
	}
	assert_int_equal(x.q->packets, 100);
	assert_true(inversions > 20);
	teardown(&x);
}

/* One bulk flow and one packet of another: the new flow goes before the old one's rest. */
static void test_fq_is_fair(void **state)
{
	struct fixture x;

	setup(&x, "fq", &(struct fq_params){.quantum = 1000, .initial_quantum = 1000});
	for (u32 i = 0; i < 6; i++)
		put(&x, i, 1000, 0, 111, 0);
	assert_int_equal(get(&x), 0);
	for (u32 i = 10; i < 13; i++)
		put(&x, i, 1000, 0, 222, 0);
	assert_int_equal(get(&x), 10);
	/* From here they take turns. */
	assert_int_equal(get(&x), 1);
	assert_int_equal(get(&x), 11);
	assert_int_equal(get(&x), 2);
	assert_int_equal(get(&x), 12);
	assert_int_equal(get(&x), 3);
	assert_int_equal(get(&x), 4);
	teardown(&x);
}

static void test_fq_paces(void **state)
{
	struct fixture x;

	setup(&x, "fq", NULL);
	put(&x, 0, 1000, 0, 111, 5000);
	put(&x, 1, 1000, 0, 111, 6000);
	put(&x, 2, 1000, 0, 222, 0);
	assert_int_equal(get(&x), 2);
	assert_int_equal(get(&x), -1);
	assert_int_equal(x.q->watchdog.expires, 5000);
	at(&x, 5000);
	assert_int_equal(get(&x), 0);
	assert_int_equal(get(&x), -1);
	assert_int_equal(x.q->watchdog.expires, 6000);
	at(&x, 6000);
	assert_int_equal(get(&x), 1);
	teardown(&x);
}

static void test_fq_maxrate(void **state)
{
	struct fixture x;

	setup(&x, "fq", &(struct fq_params){.maxrate = 8000000});
	for (u32 i = 0; i < 3; i++)
		put(&x, i, 1000, 0, 1, 0);
	assert_int_equal(get(&x), 0);
	for (int i = 1; i < 3; i++) {
		at(&x, i * NSEC_PER_MSEC - 1);
		assert_int_equal(get(&x), -1);
		at(&x, i * NSEC_PER_MSEC);
		assert_int_equal(get(&x), i);
	}
	teardown(&x);
}

static void test_fq_limits(void **state)
{
	struct fixture x;

	setup(&x, "fq", &(struct fq_params){.limit = 4, .flow_limit = 3});
	for (u32 i = 0; i < 4; i++)
		assert_int_equal(put(&x, i, 100, 0, 1, 0), i < 3 ? NET_XMIT_SUCCESS : NET_XMIT_DROP);
	assert_int_equal(put(&x, 4, 100, 0, 2, 11 * NSEC_PER_SEC), NET_XMIT_DROP); /* horizon */
	assert_int_equal(put(&x, 5, 100, 0, 2, 0), NET_XMIT_SUCCESS);
	assert_int_equal(put(&x, 6, 100, 0, 4, 0), NET_XMIT_DROP);    /* the band is full */
	assert_int_equal(put(&x, 7, 100, 1, 5, 0), NET_XMIT_SUCCESS); /* another is not */
	assert_int_equal(put(&x, 8, 100, 7, 3, 0), NET_XMIT_SUCCESS);
	assert_int_equal(x.q->drops, 3);
	assert_int_equal(get(&x), 8); /* TC_PRIO_CONTROL first */
	teardown(&x);
}

/* Three busy bands share 9 to 3 to 1. */
static void test_fq_bands(void **state)
{
	static const u32 priority[3] = {6, 0, 1};
	struct fixture x;
	int n[3] = {0};

	setup(&x, "fq", &(struct fq_params){.flow_limit = 10000});
	for (u32 i = 0; i < 9000; i++)
		put(&x, i % 3, 1000, priority[i % 3], i % 3 + 1, 0);
	for (int i = 0; i < 2550; i++) { /* three rounds of 850 kB */
		int band = get(&x);

		assert_in_range(band, 0, 2);
		n[band]++;
	}
	assert_in_range(n[0], 1765 - 70, 1765 + 70);
	assert_in_range(n[1], 588 - 30, 588 + 30);
	assert_in_range(n[2], 196 - 70, 196 + 70);
	teardown(&x);
}

/* Reset drops everything, whatever it waits for; the discipline goes on working. */
static void test_reset(void **state)
{
	static const char *const kinds[] = {"pfifo", "pfifo_fast", "prio", "netem", "fq"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct fixture x;

		setup(&x, kinds[i], NULL);
		for (u32 k = 0; k < 10; k++)
			put(&x, k, 100, k, k, k * 1000);
		get(&x);
		qdisc_reset(x.q);
		assert_int_equal(x.q->qlen, 0);
		assert_int_equal(x.q->drops, 9);
		put(&x, 77, 100, 0, 1, 0);
		assert_int_equal(get(&x), 77);
		teardown(&x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pfifo),
	    cmocka_unit_test(test_pfifo_fast),
	    cmocka_unit_test(test_prio),
	    cmocka_unit_test(test_netem_delay),
	    cmocka_unit_test(test_netem_rate),
	    cmocka_unit_test(test_netem_limit),
	    cmocka_unit_test(test_netem_gap),
	    cmocka_unit_test(test_netem_loss_and_duplicate),
	    cmocka_unit_test(test_netem_jitter),
	    cmocka_unit_test(test_fq_is_fair),
	    cmocka_unit_test(test_fq_paces),
	    cmocka_unit_test(test_fq_maxrate),
	    cmocka_unit_test(test_fq_limits),
	    cmocka_unit_test(test_fq_bands),
	    cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

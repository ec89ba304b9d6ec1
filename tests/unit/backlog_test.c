/* SPDX-License-Identifier: MIT */
/*
 * The backlog of a CPU: loopback, RPS, RFS, its limit (Documentation/networking/scaling.rst).
 *
 * Costs in ns: softirq 100, beginning a poll 150, a packet of the backlog 100.
 */
#include "nic/napi.h"

#include "tests/unit/rx_fixture.h"

static const u64 cpu1[4] = {2}, nobody[4] = {0};

static void loop(struct rx_fixture *x, u32 tag)
{
	struct sk_buff *skb = alloc_skb(x->host);

	put_be32(skb_put(skb, 4), tag);
	eth_header(skb, dev_loopback(x->host)->mac, dev_loopback(x->host)->mac, ETH_P_IP);
	skb->dev = dev_loopback(x->host);
	assert_int_equal(dev_queue_xmit(skb), 0);
}

static void loopback(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct net_device *lo;

	rx_setup_default(x);
	lo = dev_loopback(x->host);
	assert_int_equal(lo->ifindex, 1);
	assert_int_equal(lo->mtu, 65536);
	assert_true(lo->flags & IFF_LOOPBACK);
	dev_open(lo);
	loop(x, 1);
	loop(x, 2);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 2);
	assert_int_equal(x->t[0], 350);
	assert_int_equal(rx_nth(x, 0)->pkt_type, PACKET_HOST);
	assert_ptr_equal(rx_nth(x, 0)->dev, lo);
	assert_int_equal(get_be32(skb_data(rx_nth(x, 1))), 2);
	assert_int_equal(lo->stats.rx_packets, 2);
	assert_int_equal(lo->stats.tx_bytes, 2 * 4); /* without the Ethernet header, as loopback_xmit() */
	rx_teardown(x);
	free(x);
}

static void down_loopback_takes_nothing(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct sk_buff *skb;

	rx_setup_default(x);
	skb = alloc_skb(x->host);
	skb_put(skb, 4);
	eth_header(skb, dev_loopback(x->host)->mac, dev_loopback(x->host)->mac, ETH_P_IP);
	skb->dev = dev_loopback(x->host);
	dev_queue_xmit(skb);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 0);
	rx_teardown(x);
	free(x);
}

/* Full is when more than netdev_max_backlog wait: one more than the setting fits. */
static void max_backlog(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct softnet_data *sd;

	rx_setup_default(x);
	sd = softnet(&x->host->cpus[0]);
	net_core_sysctl(x->host)->netdev_max_backlog = 10;
	dev_open(dev_loopback(x->host));
	for (u32 i = 0; i < 20; i++) {
		struct sk_buff *skb = alloc_skb(x->host);

		skb_put(skb, 4);
		eth_header(skb, dev_loopback(x->host)->mac, dev_loopback(x->host)->mac, ETH_P_IP);
		skb->dev = dev_loopback(x->host);
		dev_queue_xmit(skb);
	}
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 11);
	assert_int_equal(sd->dropped, 9);
	assert_int_equal(sd->processed, 11);
	assert_int_equal(rx_count(x, "dropped", "place=backlog ifindex=1 reason=CPU_BACKLOG"), 9);
	rx_teardown(x);
	free(x);
}

static const struct rx_ip udp = {.proto = IPPROTO_UDP, .sport = 1000, .dport = 2000, .len = 10};

/* RPS moves the protocols' work to another CPU, in order, by an interrupt between CPUs. */
static void rps(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	assert_int_equal(nic_set_rps(x->dev, 0, cpu1, 0), 0);
	for (u32 i = 0; i < 5; i++) {
		struct rx_ip f = udp;

		f.seq = i;
		rx_send_frame(x, &f);
	}
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 5);
	for (u32 i = 0; i < 5; i++) {
		assert_int_equal(x->cpu[i], 1);
		assert_int_equal(skb_data(rx_nth(x, i))[0] >> 4, 4);
	}
	assert_int_equal(softnet(&x->host->cpus[1])->received_rps, 1);
	assert_int_equal(softnet(&x->host->cpus[1])->processed, 5);
	assert_int_equal(softnet(&x->host->cpus[0])->processed, 0);
	/* And off. */
	assert_int_equal(nic_set_rps(x->dev, 0, nobody, 0), 0);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[5], 0);
	rx_teardown(x);
	free(x);
}

/* Whatever the time between two packets, the backlog that is about to complete sees the second. */
static void rps_loses_nothing(void **state)
{
	for (nsec_t gap = 0; gap < 6000; gap += 10) {
		struct rx_fixture *x = malloc(sizeof(*x));
		struct rx_later l;

		rx_setup_default(x);
		nic_set_rps(x->dev, 0, cpu1, 0);
		rx_send_frame(x, &udp);
		rx_arrive_at(x, &l, RX_DELAY + gap, rx_frame(x, &udp));
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, 2);
		assert_int_equal(softnet(&x->host->cpus[1])->input_pkt_queue.qlen, 0);
		rx_teardown(x);
		free(x);
	}
}

/* RFS: to the CPU on which the flow's reader ran last, against what RPS would do. */
static void rfs(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_ip other = udp;
	u32 hash;

	rx_setup_default(x);
	assert_int_equal(nic_set_rps(x->dev, 0, cpu1, 256), 0);
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[0], 1); /* nobody has read yet: RPS decides */
	hash = rx_nth(x, 0)->hash;
	assert_int_not_equal(hash, 0);
	rps_record_flow(x->host, hash); /* outside of any step: on CPU 0 */
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[1], 0);
	/* The reader has moved, and nothing of the flow waits: the flow follows. */
	x->host->cur_cpu = &x->host->cpus[1];
	rps_record_flow(x->host, hash);
	x->host->cur_cpu = NULL;
	rx_send_frame(x, &udp);
	rx_run(x, 0);
	assert_int_equal(x->cpu[2], 1);
	other.sport = 1001; /* a flow of its own */
	rx_send_frame(x, &other);
	rx_run(x, 0);
	assert_int_equal(x->cpu[3], 1);
	rx_teardown(x);
	free(x);
}

static void bad_settings(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	assert_int_not_equal(nic_set_rps(x->dev, 1, cpu1, 0), 0);
	assert_int_not_equal(nic_set_rps(x->dev, -1, cpu1, 0), 0);
	rx_teardown(x);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(loopback), cmocka_unit_test(down_loopback_takes_nothing),
	    cmocka_unit_test(max_backlog), cmocka_unit_test(rps),
	    cmocka_unit_test(rps_loses_nothing), cmocka_unit_test(rfs),
	    cmocka_unit_test(bad_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * NAPI told as a story: the interrupt masks, schedules; the poll, its completion and the re-arming are
 * steps of their own, and what comes in between must not be lost (napi.rst).
 *
 * Costs in ns: interrupt 1000; softirq 100; beginning a poll 150; a packet 150; completion 50; re-arming
 * 200; a packet's way through the stack 700, which delays the step after its delivery.
 */
#include "nic/napi.h"

#include <errno.h>

#include "tests/unit/rx_fixture.h"

static struct sk_buff *plain(struct rx_fixture *x, u32 tag)
{
	return net_frame(&x->f, 0, 2, 1, 60, tag);
}

static void check_story(struct rx_fixture *x, const char *expected)
{
	assert_string_equal(rx_story(x), expected);
}

static void one_packet(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	rx_send(x, 1);
	rx_run(x, 0);
	check_story(x, "1000 0 irq raise\n"
		       "2000 0 irq enter\n"
		       "2000 0 irq mask\n"
		       "2450 0 napi poll 1\n"
		       "2450 0 napi complete 1\n"
		       "3350 0 napi rearm 1\n"
		       "3350 0 irq unmask\n");
	assert_int_equal(x->got.qlen, 1);
	rx_teardown(x);
	free(x);
}

/* One that comes while the poll runs is part of it: no interrupt. */
static void packet_during_the_poll(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_later l;

	rx_setup_default(x);
	rx_send(x, 1);
	rx_arrive_at(x, &l, 2300, plain(x, 2));
	rx_run(x, 0);
	check_story(x, "1000 0 irq raise\n"
		       "2000 0 irq enter\n"
		       "2000 0 irq mask\n"
		       "2600 0 napi poll 2\n"
		       "2600 0 napi complete 2\n"
		       "4200 0 napi rearm 2\n"
		       "4200 0 irq unmask\n");
	rx_teardown(x);
	free(x);
}

/* One that comes between the last look at the ring and the unmasking is found by looking once more. */
static void packet_before_rearm(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct rx_later l;

	rx_setup_default(x);
	rx_send(x, 1);
	rx_arrive_at(x, &l, 3000, plain(x, 2));
	rx_run(x, 0);
	check_story(x, "1000 0 irq raise\n"
		       "2000 0 irq enter\n"
		       "2000 0 irq mask\n"
		       "2450 0 napi poll 1\n"
		       "2450 0 napi complete 1\n"
		       "3350 0 napi rearm 1\n"
		       "3350 0 irq unmask\n"
		       "3700 0 napi poll 1\n"
		       "3700 0 napi complete 1\n"
		       "4600 0 napi rearm 1\n"
		       "4600 0 irq unmask\n");
	assert_int_equal(x->got.qlen, 2);
	rx_teardown(x);
	free(x);
}

static bool stalled(struct rx_fixture *x)
{
	struct nic_queue_state st;

	nic_queue_state(x->dev, 0, &st);
	return st.rx_filled && !st.irq_masked && !st.irq_pending && !st.napi_scheduled;
}

/* Two packets, the second at time t, with and without the bug. True: the second is stuck. */
static bool loses(nsec_t t, bool bug, struct strategy *st)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct nic_params p;
	struct rx_later l;
	bool lost;

	nic_params_default(&p);
	p.bugs.rearm_before_check = bug;
	rx_setup(x, st, &p);
	rx_send(x, 1);
	rx_arrive_at(x, &l, t, plain(x, 2));
	rx_run(x, 0);
	lost = stalled(x);
	assert_int_equal(x->got.qlen, lost ? 1 : 2);
	if (lost) { /* the next one's interrupt brings both */
		rx_send(x, 3);
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, 3);
	}
	rx_teardown(x);
	free(x);
	return lost;
}

/* The lost interrupt: whoever does not look again loses just what comes in that window. */
static void lost_interrupt(void **state)
{
	for (nsec_t t = 1100; t < 6000; t += 50) {
		bool window = t > 2400 && t < 3350;

		assert_false(loses(t, false, strategy_default()));
		if (t != 2400 && t != 3350)
			assert_int_equal(loses(t, true, strategy_default()), window);
	}
}

/* A schedule that holds the CPU up between completion and re-arming widens the window. */
static void lost_interrupt_by_schedule(void **state)
{
	static const struct choice stall = {.host = 2, .kind = CHOICE_STALL, .value = 1};

	assert_false(loses(50000, true, strategy_default()));
	assert_true(loses(50000, true, strategy_schedule(&stall, 1)));
	assert_false(loses(50000, false, strategy_schedule(&stall, 1)));
}

/* 100 packets: polls of at most 64, one interrupt, one completion, in order. */
static void weight(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	u8 tag[4];

	rx_setup_default(x);
	for (u32 i = 0; i < 100; i++)
		rx_send(x, i);
	rx_run(x, 0);
	assert_int_equal(rx_count(x, "irq", "what=raise"), 1);
	assert_int_equal(rx_count(x, "napi_poll", "what=poll work=64"), 1);
	assert_int_equal(rx_count(x, "napi_poll", "what=poll work=36"), 1);
	assert_int_equal(rx_count(x, "napi_poll", "what=complete"), 1);
	assert_int_equal(x->got.qlen, 100);
	for (u32 i = 0; i < 100; i++) {
		skb_copy_bits(rx_nth(x, i), 0, tag, 4);
		assert_int_equal(get_be32(tag), i);
	}
	assert_int_equal(softnet(&x->host->cpus[0])->processed, 100);
	assert_int_equal(softnet(&x->host->cpus[0])->time_squeeze, 0);
	rx_teardown(x);
	free(x);
}

/* net.core.netdev_budget and netdev_budget_usecs end an action early: time_squeeze counts. */
static void time_squeeze(void **state)
{
	static const struct {
		int budget;
		nsec_t time;
		u64 squeezed;
	} t[] = {
	    {300, 2000 * NSEC_PER_USEC, 0},
	    {64, 2000 * NSEC_PER_USEC, 1}, /* the first poll uses it up, the second (36) does not */
	    {300, 20 * NSEC_PER_USEC, 2}, /* each poll of so many packets takes longer */
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct rx_fixture *x = malloc(sizeof(*x));

		rx_setup_default(x);
		x->host->netdev_budget = t[i].budget;
		x->host->netdev_budget_time = t[i].time;
		for (u32 k = 0; k < 100; k++)
			rx_send(x, k);
		rx_run(x, 0);
		assert_int_equal(softnet(&x->host->cpus[0])->time_squeeze, t[i].squeezed);
		assert_int_equal(x->got.qlen, 100);
		rx_teardown(x);
		free(x);
	}
}

struct later_call {
	struct event ev;
	struct rx_fixture *x;
	void (*fn)(struct rx_fixture *x);
};

static void call_fire(struct sim *s, struct event *ev)
{
	struct later_call *c = container_of(ev, struct later_call, ev);

	c->fn(c->x);
}

static void call_at(struct rx_fixture *x, struct later_call *c, nsec_t t,
		    void (*fn)(struct rx_fixture *x))
{
	*c = (struct later_call){.x = x, .fn = fn};
	event_init(&c->ev, x->host->id, call_fire);
	event_at(&x->f.w->sim, &c->ev, x->host->id, t);
}

static void schedule_again(struct rx_fixture *x)
{
	napi_schedule(nic_napi(x->dev, 0));
}

/* NAPI_STATE_MISSED: who schedules what is being polled makes it look once more. */
static void missed(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct later_call c;

	rx_setup_default(x);
	rx_send(x, 1);
	call_at(x, &c, 2410, schedule_again);
	rx_run(x, 0);
	check_story(x, "1000 0 irq raise\n"
		       "2000 0 irq enter\n"
		       "2000 0 irq mask\n"
		       "2450 0 napi poll 1\n"
		       "2450 0 napi complete 1\n"
		       "2450 0 napi missed 1\n"
		       "3350 0 napi poll 0\n"
		       "3350 0 napi complete 0\n"
		       "3550 0 napi rearm 0\n"
		       "3550 0 irq unmask\n");
	rx_teardown(x);
	free(x);
}

/*
 * napi_defer_hard_irqs 2: after work, two polls by timer before interrupts are on again. The timer's
 * interrupt costs 700, then softirq 100 (a new round of the same loop costs nothing).
 */
static void defer_hard_irqs(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	dev_set_napi_defer(x->dev, 20000, 2);
	rx_send(x, 1);
	rx_run(x, 0);
	check_story(x, "1000 0 irq raise\n"
		       "2000 0 irq enter\n"
		       "2000 0 irq mask\n"
		       "2450 0 napi poll 1\n"
		       "2450 0 napi complete 1\n"
		       "23450 0 napi poll 0\n"
		       "23450 0 napi complete 0\n"
		       "44450 0 napi poll 0\n"
		       "44450 0 napi complete 0\n"
		       "44650 0 napi rearm 0\n"
		       "44650 0 irq unmask\n");
	rx_teardown(x);
	free(x);
}

static void close_device(struct rx_fixture *x)
{
	dev_close(x->dev);
}

/* Down at any moment of a poll, and up again: it works as before. */
static void close_at_any_time(void **state)
{
	for (nsec_t t = 900; t < 4000; t += 50) {
		struct rx_fixture *x = malloc(sizeof(*x));
		struct later_call c;
		u32 before;

		rx_setup_default(x);
		for (u32 i = 0; i < 3; i++)
			rx_send(x, i);
		call_at(x, &c, t, close_device);
		rx_run(x, 0);
		before = x->got.qlen;
		assert_false(x->dev->flags & IFF_UP);
		rx_send(x, 7);
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, before);
		assert_int_equal(dev_open(x->dev), 0);
		for (u32 i = 0; i < 300; i++)
			net_send(&x->f, 0, 60, i);
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, before + 256); /* the ring was whole */
		rx_teardown(x);
		free(x);
	}
}

/* Threaded: the poll is a task's, and the softirq does none of it. */
static void threaded(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	assert_int_equal(dev_set_threaded(x->dev, true), 0);
	for (u32 i = 0; i < 200; i++)
		rx_send(x, i);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 200);
	assert_true(x->host->cpus[0].time[CTX_TASK] + x->host->cpus[1].time[CTX_TASK] >
		    200 * (150 + 700));
	assert_int_equal(x->host->cpus[0].time[CTX_SOFTIRQ], 0);
	assert_int_equal(x->host->cpus[1].time[CTX_SOFTIRQ], 0);
	assert_false(stalled(x));
	/* And back. */
	assert_int_equal(dev_set_threaded(x->dev, false), 0);
	rx_send(x, 0);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 201);
	assert_true(x->host->cpus[0].time[CTX_SOFTIRQ] > 0);
	rx_teardown(x);
	free(x);
}

static void threaded_needs_napi(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));

	rx_setup_default(x);
	assert_int_equal(dev_set_threaded(dev_loopback(x->host), true), -EOPNOTSUPP);
	rx_teardown(x);
	free(x);
}

static int polled;

static void busy(struct rx_fixture *x)
{
	polled = napi_busy_poll(nic_napi(x->dev, 0), 8);
}

/* Interrupts are a millisecond late; a program that polls has its packets at once, 8 a time. */
static void busy_poll(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct later_call c[3];
	struct nic_params p;

	nic_params_default(&p);
	p.coalesce.rx_usecs = NSEC_PER_MSEC;
	rx_setup(x, strategy_default(), &p);
	for (u32 i = 0; i < 10; i++)
		rx_send(x, i);
	for (int i = 0; i < 3; i++)
		call_at(x, &c[i], 5000 + 1000 * i, busy);
	rx_run(x, 5500);
	assert_int_equal(polled, 8);
	assert_int_equal(x->got.qlen, 8);
	rx_run(x, 6500);
	assert_int_equal(polled, 2);
	rx_run(x, 7500);
	assert_int_equal(polled, 0);
	rx_run(x, 0);
	assert_int_equal(x->got.qlen, 10);
	assert_false(stalled(x));
	rx_teardown(x);
	free(x);
}

/* While the softirq polls there is nothing to do for a program; nothing is lost or doubled. */
static void busy_poll_beside_softirq(void **state)
{
	for (nsec_t t = 1000; t < 5000; t += 50) {
		struct rx_fixture *x = malloc(sizeof(*x));
		struct later_call c;

		rx_setup_default(x);
		for (u32 i = 0; i < 3; i++)
			rx_send(x, i);
		call_at(x, &c, t, busy);
		rx_run(x, 0);
		assert_int_equal(x->got.qlen, 3);
		assert_false(stalled(x));
		rx_teardown(x);
		free(x);
	}
}

static void ids(void **state)
{
	struct rx_fixture *x = malloc(sizeof(*x));
	struct nic_params p;

	nic_params_default(&p);
	p.rx_queues = 3;
	rx_setup(x, strategy_default(), &p);
	for (int i = 0; i < 3; i++) {
		struct napi_struct *n = nic_napi(x->dev, i);

		assert_int_equal(n->napi_id, MIN_NAPI_ID + i);
		assert_ptr_equal(napi_by_id(x->host, n->napi_id), n);
	}
	assert_null(napi_by_id(x->host, 1));
	rx_send(x, 0);
	rx_run(x, 0);
	assert_int_equal(rx_nth(x, 0)->napi_id, MIN_NAPI_ID);
	rx_teardown(x);
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_packet),
	    cmocka_unit_test(packet_during_the_poll),
	    cmocka_unit_test(packet_before_rearm),
	    cmocka_unit_test(lost_interrupt),
	    cmocka_unit_test(lost_interrupt_by_schedule),
	    cmocka_unit_test(weight),
	    cmocka_unit_test(time_squeeze),
	    cmocka_unit_test(missed),
	    cmocka_unit_test(defer_hard_irqs),
	    cmocka_unit_test(close_at_any_time),
	    cmocka_unit_test(threaded),
	    cmocka_unit_test(threaded_needs_napi),
	    cmocka_unit_test(busy_poll),
	    cmocka_unit_test(busy_poll_beside_softirq),
	    cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

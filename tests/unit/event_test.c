/* SPDX-License-Identifier: MIT */
/*
 * The event queue: the total order and its ties, cancelling, re-keying, and a comparison with a
 * naive queue under random operations.
 */
#include "sim/engine/event.h"

#include "sim/engine/rng.h"
#include "sim/engine/sim.h"
#include "tests/unit/fake_trace.h"
#include "tests/unit/unit.h"

struct fixture {
	struct trace tr;
	struct sim s;
};

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	sim_init(&f->s, 1, strategy_default(), &f->tr);
}

static void never(struct sim *s, struct event *ev)
{
	fail();
}

static void test_time_order(void **state)
{
	static const nsec_t times[] = {50, 10, 40, 20, 30, 15, 45, 5, 60, 25};
	struct event ev[ARRAY_SIZE(times)];
	struct fixture f;
	nsec_t last = -1;

	setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		event_init(&ev[i], 1, never);
		event_at(&f.s, &ev[i], 1, times[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		nsec_t t = event_queue_next(&f.s.events);
		struct event *e = event_queue_pop(&f.s.events);

		assert_true(e->time == t && t > last);
		assert_false(event_pending(e));
		last = t;
	}
	assert_null(event_queue_pop(&f.s.events));
	assert_true(event_queue_next(&f.s.events) == NSEC_NEVER);
	sim_destroy(&f.s);
}

/* At one time: by host, then by origin, then by the origin's counter; whoever was inserted first.
 */
static void test_ties(void **state)
{
	static const struct {
		u32 host, origin;
	} insert[] = {
	    {2, 2}, {1, 2}, {0, 1}, {2, 1}, {1, 1}, {1, 2}, {2, 2}, {1, 1}, {0, 0}, {1, 0},
	};
	static const int expect[] = {8, 2, 9, 4, 7, 1, 5, 3, 0, 6};
	struct event ev[ARRAY_SIZE(insert)];
	struct fixture f;

	setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(insert); i++) {
		event_init(&ev[i], insert[i].host, never);
		event_at(&f.s, &ev[i], insert[i].origin, 100);
	}
	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		assert_int_equal(event_queue_pop(&f.s.events) - ev, expect[i]);
	sim_destroy(&f.s);
}

/* A host's events keep their order whatever another host schedules in between. */
static void test_counters_are_per_origin(void **state)
{
	struct event a, b, c;
	struct fixture f;

	setup(&f);
	event_init(&a, 1, never);
	event_init(&b, 2, never);
	event_init(&c, 1, never);
	event_at(&f.s, &a, 1, 10);
	event_at(&f.s, &b, 2, 10);
	event_at(&f.s, &c, 1, 10);
	assert_int_equal(a.seq, 0);
	assert_int_equal(b.seq, 0);
	assert_int_equal(c.seq, 1);
	sim_destroy(&f.s);
}

static void test_cancel_and_move(void **state)
{
	struct event ev[6];
	struct fixture f;

	setup(&f);
	for (int i = 0; i < 6; i++) {
		event_init(&ev[i], 1, never);
		event_at(&f.s, &ev[i], 1, 60 - 10 * i);
	}
	event_cancel(&f.s, &ev[5]); /* the earliest */
	event_cancel(&f.s, &ev[2]); /* one in the middle */
	event_cancel(&f.s, &ev[2]); /* no longer pending: nothing */
	assert_false(event_pending(&ev[5]));
	assert_false(event_pending(&ev[2]));
	event_at(&f.s, &ev[0], 1, 5);  /* last to first */
	event_at(&f.s, &ev[4], 1, 70); /* first to last */
	event_at(&f.s, &ev[3], 1, 50); /* becomes equal to ev[1], and was scheduled after it */
	assert_ptr_equal(event_queue_pop(&f.s.events), &ev[0]);
	assert_ptr_equal(event_queue_pop(&f.s.events), &ev[1]);
	assert_ptr_equal(event_queue_pop(&f.s.events), &ev[3]);
	assert_ptr_equal(event_queue_pop(&f.s.events), &ev[4]);
	assert_null(event_queue_pop(&f.s.events));
	sim_destroy(&f.s);
}

#define NMODEL 200

/* The event that should be next, found by looking at all of them. */
static struct event *naive_next(struct event *ev, int n)
{
	struct event *best = NULL;

	for (int i = 0; i < n; i++) {
		struct event *e = &ev[i];
		bool before;

		if (!event_pending(e))
			continue;
		if (!best)
			before = true;
		else if (e->time != best->time)
			before = e->time < best->time;
		else if (e->host != best->host)
			before = e->host < best->host;
		else if (e->origin != best->origin)
			before = e->origin < best->origin;
		else
			before = e->seq < best->seq;
		if (before)
			best = e;
	}
	return best;
}

static void test_against_naive_queue(void **state)
{
	struct event ev[NMODEL];
	struct fixture f;
	struct rng r;

	setup(&f);
	rng_init(&r, 7, 0, RNG_TEST, 0);
	for (int i = 0; i < NMODEL; i++)
		event_init(&ev[i], rng_below(&r, 4), never);
	for (int i = 0; i < 20000; i++) {
		struct event *e = &ev[rng_below(&r, NMODEL)];

		switch (rng_below(&r, 4)) {
		case 0:
		case 1:
			event_at(&f.s, e, rng_below(&r, 4), f.s.now + 1 + rng_below(&r, 30));
			break;
		case 2:
			event_cancel(&f.s, e);
			break;
		case 3:
			e = naive_next(ev, NMODEL);
			assert_true(event_queue_next(&f.s.events) == (e ? e->time : NSEC_NEVER));
			assert_ptr_equal(event_queue_pop(&f.s.events), e);
			if (e)
				f.s.now = e->time;
			break;
		}
	}
	sim_destroy(&f.s);
}

struct ticker {
	struct event ev;
	int count;
};

static void tick(struct sim *s, struct event *ev)
{
	struct ticker *t = container_of(ev, struct ticker, ev);

	assert_false(event_pending(ev));
	assert_true(s->now == ev->time);
	if (++t->count == 5)
		sim_stop(s);
	else
		event_at(s, ev, 1, s->now + 10);
}

static void test_run(void **state)
{
	struct ticker t = {0};
	struct fixture f;

	setup(&f);
	assert_int_equal(sim_run(&f.s, 1000), SIM_IDLE);
	assert_true(f.s.now == 0);
	event_init(&t.ev, 1, tick);
	event_at(&f.s, &t.ev, 1, 10);
	assert_int_equal(sim_run(&f.s, 20), SIM_TIME_LIMIT);
	assert_int_equal(t.count, 2); /* the limit itself is included */
	assert_int_equal(sim_run(&f.s, 25), SIM_TIME_LIMIT);
	assert_true(f.s.now == 25);
	assert_int_equal(sim_run(&f.s, NSEC_NEVER), SIM_STOPPED);
	assert_true(f.s.now == 50);
	assert_int_equal(sim_run(&f.s, NSEC_NEVER), SIM_IDLE);
	assert_true(f.s.now == 50 && f.s.nevents == 5);
	sim_destroy(&f.s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_time_order),
	    cmocka_unit_test(test_ties),
	    cmocka_unit_test(test_counters_are_per_origin),
	    cmocka_unit_test(test_cancel_and_move),
	    cmocka_unit_test(test_against_naive_queue),
	    cmocka_unit_test(test_run),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * CPUs and tasks: what sim/host promises about who runs when (cpu.h, task.h, wait.h, timer.h).
 *
 * Costs are set by each test, so that times are exact. What happens is noted as text, and compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/trace.h"
#include "sim/host/host.h"
#include "sim/host/task.h"
#include "sim/host/timer.h"
#include "tests/unit/unit.h"

struct fixture {
	struct trace *tr;
	struct world *w;
	struct host *h;
	char notes[4096];
};

static struct fixture *fx; /* steps and handlers have no other way to the notes */

static void note(const char *what)
{
	size_t len = strlen(fx->notes);

	snprintf(fx->notes + len, sizeof(fx->notes) - len, "%lld %s\n", (long long)fx->w->sim.now,
		 what);
}

static void begin(struct fixture *f, int ncpu, struct strategy *st)
{
	memset(f, 0, sizeof(*f));
	fx = f;
	f->tr = trace_new(TRACE_NONE);
	f->w = world_new(1, st ? st : strategy_default(), f->tr);
	f->h = host_new(f->w, "h", ncpu);
	memset(&f->h->cost, 0, sizeof(f->h->cost));
}

static void end(struct fixture *f, const char *expected)
{
	sim_run(&f->w->sim, NSEC_PER_SEC);
	assert_string_equal(f->notes, expected);
	world_destroy(f->w);
	trace_free(f->tr, true);
}

/* ---- a task that takes steps of a given cost ------------------------------------------------------- */

struct stepper {
	const char *name;
	nsec_t cost;
	int steps;
	struct wait_queue_head *wait; /* parks here before its first step */
	bool lifo, waited;
};

static nsec_t stepper_next(struct task *t)
{
	const struct stepper *s = t->priv;

	return s->wait && !s->waited ? 0 : s->cost;
}

static enum step_result stepper_run(struct task *t)
{
	struct stepper *s = t->priv;

	if (s->wait && !s->waited) {
		s->waited = true;
		if (s->lifo)
			wait_add_exclusive_head(s->wait, &t->waits[0]);
		else
			wait_add_exclusive(s->wait, &t->waits[0]);
		return STEP_PARK;
	}
	note(s->name);
	if (--s->steps > 0)
		return STEP_AGAIN;
	task_exit(t, 0);
	return STEP_EXIT;
}

static const struct task_ops stepper_ops = { .next = stepper_next, .run = stepper_run };

static struct task *start(struct fixture *f, struct stepper *s, int cpu)
{
	return task_new(f->h, process_new(f->h, NULL, s->name), s->name, &stepper_ops, s, cpu);
}

/* ---- events that do something at a stated time ------------------------------------------------------- */

struct later {
	struct event ev;
	void (*fn)(void *arg);
	void *arg;
};

static void later_run(struct sim *s, struct event *ev)
{
	struct later *l = container_of(ev, struct later, ev);

	l->fn(l->arg);
}

static void at(struct fixture *f, struct later *l, nsec_t t, void (*fn)(void *), void *arg)
{
	*l = (struct later){ .fn = fn, .arg = arg };
	event_init(&l->ev, f->h->id, later_run);
	event_at(&f->w->sim, &l->ev, f->h->id, t);
}

static void raise_irq(void *arg)
{
	irq_raise(arg);
}

static void irq_note(struct irq *irq)
{
	note("irq");
}

/* ---- interrupts ------------------------------------------------------------------------------------ */

/* "Interrupts extend what they interrupt": the step's end moves by exactly what the handler took. */
static void test_interrupt_extends_step(void **state)
{
	struct stepper s = { .name = "step", .cost = 1000, .steps = 2 };
	struct fixture f;
	struct later l;
	struct irq irq;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_IRQ] = 100;
	irq_init(&irq, f.h, "test", irq_note);
	start(&f, &s, -1);
	at(&f, &l, 300, raise_irq, &irq);
	end(&f, "400 irq\n1100 step\n2100 step\n");
}

/* The same, with the choice that the interrupt lands right after the step. */
static void test_interrupt_after_step_by_choice(void **state)
{
	const struct choice sched[] = { { .host = 1, .kind = CHOICE_IRQ, .nth = 0, .value = 1 } };
	struct stepper s = { .name = "step", .cost = 1000, .steps = 2 };
	struct fixture f;
	struct later l;
	struct irq irq;

	begin(&f, 1, strategy_schedule(sched, 1));
	f.h->cost.v[COST_IRQ] = 100;
	irq_init(&irq, f.h, "test", irq_note);
	start(&f, &s, -1);
	at(&f, &l, 300, raise_irq, &irq);
	end(&f, "1000 step\n1100 irq\n2100 step\n");
}

/* An interrupt that is pending is not pending twice, and hard interrupts do not nest. */
static void test_interrupts_coalesce_and_queue(void **state)
{
	struct fixture f;
	struct later l[3];
	struct irq a, b;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_IRQ] = 100;
	irq_init(&a, f.h, "a", irq_note);
	irq_init(&b, f.h, "b", irq_note);
	at(&f, &l[0], 10, raise_irq, &a);
	at(&f, &l[1], 20, raise_irq, &b);
	at(&f, &l[2], 30, raise_irq, &b);
	end(&f, "110 irq\n210 irq\n");
}

/* ---- softirqs -------------------------------------------------------------------------------------- */

static int softirq_work;
static bool softirq_again;

static nsec_t softirq_next(struct cpu *cpu)
{
	return softirq_work ? 50 : CPU_NO_STEP;
}

static void softirq_run(struct cpu *cpu)
{
	note("softirq");
	softirq_work--;
}

static void irq_with_softirq(struct irq *irq)
{
	note("irq");
	softirq_work = 2;
	softirq_raise(cpu_current(irq->host), SOFTIRQ_NET_RX);
}

/* Softirqs run on exit from the interrupt, before the task goes on. */
static void test_softirq_on_interrupt_exit(void **state)
{
	struct stepper s = { .name = "step", .cost = 1000, .steps = 1 };
	struct fixture f;
	struct later l;
	struct irq irq;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_IRQ] = 100;
	softirq_register(f.h, SOFTIRQ_NET_RX, softirq_next, softirq_run);
	irq_init(&irq, f.h, "test", irq_with_softirq);
	start(&f, &s, -1);
	at(&f, &l, 300, raise_irq, &irq);
	end(&f, "400 irq\n450 softirq\n500 softirq\n1200 step\n");
}

/* One unit of work a round; the next round's is raised by this one's. */
static void softirq_run_again(struct cpu *cpu)
{
	note("softirq");
	softirq_work = 0;
	if (softirq_again)
		softirq_raise(cpu, SOFTIRQ_NET_RX);
}

static nsec_t softirq_next_again(struct cpu *cpu)
{
	if (softirq_work)
		return 50;
	softirq_work = 1; /* for the next round */
	return CPU_NO_STEP;
}

static void kick_softirq(void *arg)
{
	softirq_raise(&((struct host *)arg)->cpus[0], SOFTIRQ_NET_RX);
}

static void stop_again(void *arg)
{
	softirq_again = false;
}

/*
 * A softirq that raises itself again is given ten rounds; then ksoftirqd goes on with it, as a task that
 * shares the CPU, so that others get their turn.
 */
static void test_ksoftirqd_after_ten_rounds(void **state)
{
	struct stepper s = { .name = "step", .cost = 1000, .steps = 1 };
	struct fixture f;
	struct later l[2];

	begin(&f, 1, NULL);
	softirq_work = 1;
	softirq_again = true;
	softirq_register(f.h, SOFTIRQ_NET_RX, softirq_next_again, softirq_run_again);
	at(&f, &l[0], 10, kick_softirq, f.h);
	at(&f, &l[1], 511, stop_again, NULL);
	start(&f, &s, -1);
	sim_run(&f.w->sim, 511);
	/* Ten rounds of 50 ns interrupt the step, which began at 0. */
	assert_string_equal(f.notes, "60 softirq\n110 softirq\n160 softirq\n210 softirq\n"
				     "260 softirq\n310 softirq\n360 softirq\n410 softirq\n"
				     "460 softirq\n510 softirq\n");
	assert_non_null(f.h->cpus[0].ksoftirqd);
	f.notes[0] = '\0';
	/* The step goes on where it was; ksoftirqd's one round left comes when it is over. */
	end(&f, "1500 step\n1550 softirq\n");
}

/* ---- wait queues ----------------------------------------------------------------------------------- */

static void wake_one(void *arg)
{
	wake_up(arg, 0);
}

/* accept() waits at the tail: the longest waiter is served first. */
static void test_exclusive_fifo(void **state)
{
	struct stepper a = { "a", 10, 1, .wait = NULL }, b = { "b", 10, 1, .wait = NULL };
	struct wait_queue_head q;
	struct fixture f;
	struct later l[2];

	begin(&f, 1, NULL);
	wait_queue_init(&q, f.h);
	a.wait = b.wait = &q;
	start(&f, &a, -1);
	start(&f, &b, -1);
	at(&f, &l[0], 100, wake_one, &q);
	at(&f, &l[1], 200, wake_one, &q);
	end(&f, "110 a\n210 b\n");
}

/* epoll_wait() waits at the head: the latest is served first. */
static void test_exclusive_lifo(void **state)
{
	struct stepper a = { "a", 10, 1, .lifo = true }, b = { "b", 10, 1, .lifo = true };
	struct wait_queue_head q;
	struct fixture f;
	struct later l[2];

	begin(&f, 1, NULL);
	wait_queue_init(&q, f.h);
	a.wait = b.wait = &q;
	start(&f, &a, -1);
	start(&f, &b, -1);
	at(&f, &l[0], 100, wake_one, &q);
	at(&f, &l[1], 200, wake_one, &q);
	end(&f, "110 b\n210 a\n");
}

/* Which exclusive waiter goes first is a choice. */
static void test_waiter_by_choice(void **state)
{
	const struct choice sched[] = { { .host = 1, .kind = CHOICE_WAITER, .nth = 0, .value = 1 } };
	struct stepper a = { "a", 10, 1, .wait = NULL }, b = { "b", 10, 1, .wait = NULL };
	struct wait_queue_head q;
	struct fixture f;
	struct later l[2];

	begin(&f, 1, strategy_schedule(sched, 1));
	wait_queue_init(&q, f.h);
	a.wait = b.wait = &q;
	start(&f, &a, -1);
	start(&f, &b, -1);
	at(&f, &l[0], 100, wake_one, &q);
	at(&f, &l[1], 200, wake_one, &q);
	end(&f, "110 b\n210 a\n");
}

/* ---- scheduling ------------------------------------------------------------------------------------ */

/* First in, first out on one CPU; each switch costs. */
static void test_run_queue_is_fifo(void **state)
{
	struct stepper a = { "a", 10, 2 }, b = { "b", 10, 1 };
	struct fixture f;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_CONTEXT_SWITCH] = 5;
	start(&f, &a, -1);
	start(&f, &b, -1);
	end(&f, "15 a\n25 a\n40 b\n");
}

/* Which runnable task goes next is a choice. */
static void test_task_by_choice(void **state)
{
	const struct choice sched[] = { { .host = 1, .kind = CHOICE_TASK, .nth = 0, .value = 1 } };
	struct stepper a = { "a", 10, 1 }, b = { "b", 10, 1 }, c = { "c", 10, 1 };
	struct fixture f;

	begin(&f, 1, strategy_schedule(sched, 1));
	start(&f, &a, -1);
	start(&f, &b, -1);
	start(&f, &c, -1);
	end(&f, "10 a\n20 c\n30 b\n");
}

/* A task that never waits gives way at the end of its slice of 3 ms. */
static void test_time_slice(void **state)
{
	struct stepper a = { "a", 2 * NSEC_PER_MSEC, 3 }, b = { "b", NSEC_PER_MSEC, 1 };
	struct fixture f;

	begin(&f, 1, NULL);
	start(&f, &a, -1);
	start(&f, &b, -1);
	end(&f, "2000000 a\n4000000 a\n5000000 b\n7000000 a\n");
}

/* A woken task goes to an idle CPU when its own is busy. */
static void test_wakeup_takes_idle_cpu(void **state)
{
	struct stepper a = { "a", 1000, 1 }, b = { "b", 1000, 1 };
	struct fixture f;

	begin(&f, 2, NULL);
	start(&f, &a, -1);
	start(&f, &b, -1);
	end(&f, "1000 a\n1000 b\n");
}

/* Time adds up: what a CPU spent in its contexts is all of its busy time. */
static void test_accounting(void **state)
{
	struct stepper s = { .name = "step", .cost = 1000, .steps = 2 };
	struct fixture f;
	struct later l;
	struct irq irq;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_IRQ] = 100;
	softirq_register(f.h, SOFTIRQ_NET_RX, softirq_next, softirq_run);
	irq_init(&irq, f.h, "test", irq_with_softirq);
	start(&f, &s, -1);
	at(&f, &l, 300, raise_irq, &irq);
	sim_run(&f.w->sim, NSEC_PER_SEC);
	assert_int_equal(f.h->cpus[0].time[CTX_HARDIRQ], 100);
	assert_int_equal(f.h->cpus[0].time[CTX_SOFTIRQ], 100);
	assert_int_equal(f.h->cpus[0].time[CTX_TASK], 2000);
	f.notes[0] = '\0';
	end(&f, "");
}

/* ---- timers ---------------------------------------------------------------------------------------- */

static void timer_note(struct timer *t)
{
	note("timer");
}

struct timer_change {
	struct timer *timer;
	nsec_t when; /* < 0: delete */
};

static void change_timer(void *arg)
{
	const struct timer_change *c = arg;

	if (c->when < 0)
		timer_del(c->timer);
	else
		timer_mod(c->timer, c->when);
}

/* Moved to later, then to earlier, a timer runs once, at the last time that it was given. */
static void test_timer_moves(void **state)
{
	struct timer_change c[2];
	struct fixture f;
	struct later l[2];
	struct timer t;

	begin(&f, 1, NULL);
	timer_init(&t, f.h, timer_note);
	timer_mod(&t, 1000);
	c[0] = (struct timer_change){ &t, 5000 };
	c[1] = (struct timer_change){ &t, 2000 };
	at(&f, &l[0], 100, change_timer, &c[0]);
	at(&f, &l[1], 1500, change_timer, &c[1]);
	end(&f, "2000 timer\n");
}

static void test_timer_deleted(void **state)
{
	struct timer_change c;
	struct fixture f;
	struct later l;
	struct timer t;

	begin(&f, 1, NULL);
	timer_init(&t, f.h, timer_note);
	timer_mod(&t, 1000);
	assert_true(timer_pending(&t));
	c = (struct timer_change){ &t, -1 };
	at(&f, &l, 999, change_timer, &c);
	end(&f, "");
}

/* It runs in softirq context: a step under way is suspended for the timer's cost. */
static void test_timer_suspends_step(void **state)
{
	struct stepper s = { .name = "step", .cost = 1000, .steps = 1 };
	struct fixture f;
	struct timer t;

	begin(&f, 1, NULL);
	f.h->cost.v[COST_TIMER] = 70;
	timer_init(&t, f.h, timer_note);
	timer_mod(&t, 500);
	start(&f, &s, -1);
	end(&f, "570 timer\n1070 step\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interrupt_extends_step),
		cmocka_unit_test(test_interrupt_after_step_by_choice),
		cmocka_unit_test(test_interrupts_coalesce_and_queue),
		cmocka_unit_test(test_softirq_on_interrupt_exit),
		cmocka_unit_test(test_ksoftirqd_after_ten_rounds),
		cmocka_unit_test(test_exclusive_fifo),
		cmocka_unit_test(test_exclusive_lifo),
		cmocka_unit_test(test_waiter_by_choice),
		cmocka_unit_test(test_run_queue_is_fifo),
		cmocka_unit_test(test_task_by_choice),
		cmocka_unit_test(test_time_slice),
		cmocka_unit_test(test_wakeup_takes_idle_cpu),
		cmocka_unit_test(test_accounting),
		cmocka_unit_test(test_timer_moves),
		cmocka_unit_test(test_timer_deleted),
		cmocka_unit_test(test_timer_suspends_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

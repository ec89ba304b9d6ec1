/* SPDX-License-Identifier: MIT */
/*
 * Contexts and steps (cpu.h).
 *
 * cpu_dispatch() is the one place that decides what occupies a CPU: pending interrupts first, then the
 * softirq step that one of them suspended, then a softirq loop that is due, then the task. It runs when
 * a step has ended and when work comes to an idle CPU.
 */
#include "sim/host/cpu.h"

#include "sim/engine/trace.h"
#include "sim/host/sched.h"

static void cpu_dispatch(struct cpu *cpu);

static void step_start(struct cpu *cpu, enum cpu_context ctx, nsec_t cost)
{
	struct sim *s = cpu->host->sim;

	cost += cpu->charge[ctx];
	cpu->charge[ctx] = 0;
	cpu->ctx = ctx;
	cpu->step[ctx].active = true;
	cpu->step[ctx].tail = false;
	cpu->step_start = s->now;
	event_at(s, &cpu->ev, cpu->host->id, s->now + cost);
}

/* Spends what a context was charged after its last step, when no further step takes it along. */
static void tail_start(struct cpu *cpu, enum cpu_context ctx)
{
	step_start(cpu, ctx, 0);
	cpu->step[ctx].tail = true;
}

static void step_suspend(struct cpu *cpu)
{
	struct sim *s = cpu->host->sim;

	cpu->step[cpu->ctx].remaining = cpu->ev.time - s->now;
	cpu->time[cpu->ctx] += s->now - cpu->step_start;
	if (cpu->ctx == CTX_TASK && cpu->curr)
		sched_account(cpu->curr, s->now - cpu->step_start);
	event_cancel(s, &cpu->ev);
	cpu->ctx = CTX_IDLE;
}

static void step_resume(struct cpu *cpu, enum cpu_context ctx)
{
	struct sim *s = cpu->host->sim;

	cpu->ctx = ctx;
	cpu->step_start = s->now;
	event_at(s, &cpu->ev, cpu->host->id, s->now + cpu->step[ctx].remaining);
}

static void hardirq_start(struct cpu *cpu)
{
	struct irq *irq = list_first_entry(&cpu->irqs, struct irq, node);

	list_del_init(&irq->node);
	irq->pending = false;
	cpu->cur_irq = irq;
	step_start(cpu, CTX_HARDIRQ, cpu->host->cost.v[COST_IRQ]);
}

/* True when a step of the softirq context was started or resumed. */
static bool softirq_start(struct cpu *cpu)
{
	nsec_t cost;

	if (cpu->step[CTX_SOFTIRQ].active) {
		step_resume(cpu, CTX_SOFTIRQ);
		return true;
	}
	/* ksoftirqd is inside its loop: bottom halves do not nest. */
	if (cpu->in_ksoftirqd || (!cpu->softirq_active && !cpu->softirq_kick))
		return false;
	cost = softirq_loop_next(cpu);
	if (cost != CPU_NO_STEP) {
		step_start(cpu, CTX_SOFTIRQ, cost);
		return true;
	}
	if (!cpu->charge[CTX_SOFTIRQ])
		return false;
	tail_start(cpu, CTX_SOFTIRQ);
	return true;
}

static void task_start(struct cpu *cpu)
{
	nsec_t cost;

	if (cpu->step[CTX_TASK].active) {
		step_resume(cpu, CTX_TASK);
		return;
	}
	/* What a task that is gone was charged for is spent before anything else runs. */
	if (!cpu->curr && cpu->charge[CTX_TASK]) {
		tail_start(cpu, CTX_TASK);
		return;
	}
	cost = sched_next(cpu);
	if (cost != CPU_NO_STEP)
		step_start(cpu, CTX_TASK, cost);
	else if (cpu->charge[CTX_TASK])
		tail_start(cpu, CTX_TASK);
}

static void cpu_dispatch(struct cpu *cpu)
{
	struct host *h = cpu->host;
	struct cpu *outer = h->cur_cpu;

	cpu->ctx = CTX_IDLE;
	h->cur_cpu = cpu;
	if (!list_empty(&cpu->irqs))
		hardirq_start(cpu);
	else if (!softirq_start(cpu))
		task_start(cpu);
	h->cur_cpu = outer;
}

void cpu_kick(struct cpu *cpu)
{
	/* At work on an effect, or in an interrupt: dispatch follows anyway. */
	if (cpu->host->cur_cpu == cpu || cpu->ctx == CTX_HARDIRQ || cpu->ctx == CTX_SOFTIRQ)
		return;
	if (cpu->ctx == CTX_IDLE)
		cpu_dispatch(cpu);
}

void cpu_interrupt(struct cpu *cpu)
{
	struct host *h = cpu->host;

	/* From a step of this host: as raise_softirq() in a task, it waits for the step's end. */
	if (h->cur_cpu || cpu->ctx != CTX_TASK || cpu->in_ksoftirqd) {
		cpu_kick(cpu);
		return;
	}
	if (choose(h->sim, h->id, CHOICE_IRQ, 2))
		return;
	step_suspend(cpu);
	cpu_dispatch(cpu);
}

static void hardirq_run(struct cpu *cpu)
{
	struct irq *irq = cpu->cur_irq;

	cpu->cur_irq = NULL;
	if (irq) {
		trace_irq(cpu->host->sim->trace, host_now(cpu->host), cpu->host->id, irq->number,
			  cpu->id, "enter");
		irq->handler(irq);
	}
	/* irq_exit(): softirqs that are pending run now, unless a loop was interrupted. */
	if (cpu->softirq_pending)
		cpu->softirq_kick = true;
}

static void step_effect(struct cpu *cpu, enum cpu_context ctx)
{
	if (ctx == CTX_HARDIRQ)
		hardirq_run(cpu);
	else if (ctx == CTX_SOFTIRQ)
		softirq_loop_run(cpu);
	else
		sched_run(cpu);
}

static void step_end(struct sim *s, struct event *ev)
{
	struct cpu *cpu = container_of(ev, struct cpu, ev);
	enum cpu_context ctx = cpu->ctx;

	cpu->time[ctx] += s->now - cpu->step_start;
	cpu->step[ctx].active = false;
	cpu->host->cur_cpu = cpu;
	if (!cpu->step[ctx].tail)
		step_effect(cpu, ctx);
	cpu->host->cur_cpu = NULL;
	cpu_dispatch(cpu);
}

/* ---- interrupts -------------------------------------------------------------------------------- */

void irq_init(struct irq *irq, struct host *h, const char *name, void (*handler)(struct irq *))
{
	*irq = (struct irq){ .host = h, .number = h->next_irq++, .name = name, .handler = handler };
	list_init(&irq->node);
}

void irq_raise(struct irq *irq)
{
	struct host *h = irq->host;
	struct cpu *cpu = &h->cpus[irq->cpu];

	if (irq->pending)
		return;
	irq->pending = true;
	list_add_tail(&irq->node, &cpu->irqs);
	trace_irq(h->sim->trace, host_now(h), h->id, irq->number, cpu->id, "raise");
	if (h->cur_cpu == cpu || cpu->ctx == CTX_HARDIRQ)
		return;
	/* It comes before the effect of the step under way, or, if so chosen, right after it. */
	if (cpu->ctx != CTX_IDLE) {
		if (choose(h->sim, h->id, CHOICE_IRQ, 2))
			return;
		step_suspend(cpu);
	}
	cpu_dispatch(cpu);
}

void irq_cancel(struct irq *irq)
{
	struct cpu *cpu = &irq->host->cpus[irq->cpu];

	list_del_init(&irq->node);
	irq->pending = false;
	if (cpu->cur_irq == irq)
		cpu->cur_irq = NULL;
}

/* ---- the rest ---------------------------------------------------------------------------------- */

void cpu_init(struct cpu *cpu, struct host *h, int id)
{
	*cpu = (struct cpu){ .host = h, .id = id };
	event_init(&cpu->ev, h->id, step_end);
	list_init(&cpu->irqs);
	list_init(&cpu->timers);
	list_init(&cpu->runqueue);
}

void cpu_destroy(struct cpu *cpu)
{
	event_cancel(cpu->host->sim, &cpu->ev);
}

void cpu_drop_task(struct cpu *cpu)
{
	cpu->curr = NULL;
	if (!cpu->step[CTX_TASK].active)
		return;
	cpu->step[CTX_TASK].active = false;
	if (cpu->ctx == CTX_TASK && cpu->host->cur_cpu != cpu) {
		struct sim *s = cpu->host->sim;

		cpu->time[CTX_TASK] += s->now - cpu->step_start;
		event_cancel(s, &cpu->ev);
		cpu_dispatch(cpu);
	}
}

struct cpu *cpu_current(struct host *h)
{
	return h->cur_cpu ? h->cur_cpu : &h->cpus[0];
}

void cpu_charge(struct host *h, nsec_t cost)
{
	if (h->cur_cpu)
		h->cur_cpu->charge[h->cur_cpu->ctx] += cost;
}

bool cpu_in_interrupt(const struct cpu *cpu)
{
	return cpu->ctx == CTX_HARDIRQ || cpu->ctx == CTX_SOFTIRQ || cpu->step[CTX_SOFTIRQ].active ||
	       cpu->in_ksoftirqd;
}

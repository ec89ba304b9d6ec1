/* SPDX-License-Identifier: MIT */
/*
 * The softirq loop and ksoftirqd (kernel/softirq.c).
 *
 * The loop works on a snapshot of what is pending, round after round, at most MAX_SOFTIRQ_RESTART times
 * and MAX_SOFTIRQ_TIME long; what is left goes to ksoftirqd, a task that competes with others. The next
 * interrupt's exit runs pending softirqs all the same, as the kernel does since 6.5.
 */
#include <stdio.h>

#include "sim/host/sched.h"

#define MAX_SOFTIRQ_RESTART 10
#define MAX_SOFTIRQ_TIME (2 * NSEC_PER_MSEC)

void softirq_register(struct host *h, enum softirq_nr nr, nsec_t (*next)(struct cpu *),
		      void (*run)(struct cpu *))
{
	h->softirq[nr] = (struct softirq_action){ .next = next, .run = run };
}

void softirq_raise(struct cpu *cpu, enum softirq_nr nr)
{
	cpu->softirq_pending |= 1u << nr;
	/* Inside the loop the next round finds it; a hard interrupt looks at its exit. */
	if (cpu->softirq_active || cpu->ctx == CTX_HARDIRQ)
		return;
	cpu->softirq_kick = true;
	cpu_interrupt(cpu);
}

static void loop_begin(struct cpu *cpu)
{
	cpu->softirq_active = true;
	cpu->softirq_kick = false;
	cpu->softirq_restarts = 0;
	cpu->softirq_start = host_now(cpu->host);
	cpu->softirq_round = cpu->softirq_pending;
	cpu->softirq_pending = 0;
	cpu->charge[cpu->in_ksoftirqd ? CTX_TASK : CTX_SOFTIRQ] += cpu->host->cost.v[COST_SOFTIRQ];
}

/* Another round, or the end of the loop. */
static bool loop_again(struct cpu *cpu)
{
	if (!cpu->softirq_pending)
		return false;
	if (host_now(cpu->host) - cpu->softirq_start >= MAX_SOFTIRQ_TIME ||
	    ++cpu->softirq_restarts >= MAX_SOFTIRQ_RESTART) {
		if (!cpu->in_ksoftirqd)
			ksoftirqd_wake(cpu);
		return false;
	}
	cpu->softirq_round = cpu->softirq_pending;
	cpu->softirq_pending = 0;
	return true;
}

nsec_t softirq_loop_next(struct cpu *cpu)
{
	if (!cpu->softirq_active) {
		if (!cpu->softirq_pending) {
			cpu->softirq_kick = false;
			return CPU_NO_STEP;
		}
		loop_begin(cpu);
	}
	do {
		while (cpu->softirq_round) {
			int nr = __builtin_ctz(cpu->softirq_round);
			const struct softirq_action *a = &cpu->host->softirq[nr];
			nsec_t cost = a->next ? a->next(cpu) : CPU_NO_STEP;

			if (cost != CPU_NO_STEP) {
				cpu->softirq_cur = (s8)nr;
				return cost;
			}
			cpu->softirq_round &= ~(1u << nr);
		}
	} while (loop_again(cpu));
	cpu->softirq_active = false;
	cpu->softirq_kick = false;
	return CPU_NO_STEP;
}

void softirq_loop_run(struct cpu *cpu)
{
	cpu->host->softirq[cpu->softirq_cur].run(cpu);
}

/* ---- ksoftirqd --------------------------------------------------------------------------------- */

static nsec_t ksoftirqd_next(struct task *t)
{
	struct cpu *cpu = t->priv;
	nsec_t cost;

	/* Another loop (after an interrupt) is suspended or has left nothing to do. */
	cpu->in_ksoftirqd = true;
	cost = softirq_loop_next(cpu);
	if (cost == CPU_NO_STEP)
		cpu->in_ksoftirqd = false;
	return cost == CPU_NO_STEP ? 0 : cost;
}

static enum step_result ksoftirqd_run(struct task *t)
{
	struct cpu *cpu = t->priv;

	if (cpu->in_ksoftirqd) {
		softirq_loop_run(cpu);
		return STEP_AGAIN;
	}
	t->wait_what = "softirq";
	return cpu->softirq_pending ? STEP_AGAIN : STEP_PARK;
}

static const struct task_ops ksoftirqd_ops = { .next = ksoftirqd_next, .run = ksoftirqd_run };

/* Made when first needed: an idle host has none. */
void ksoftirqd_wake(struct cpu *cpu)
{
	if (!cpu->ksoftirqd) {
		char name[TASK_NAME_LEN];
		u64 mask[4] = { 0 };

		snprintf(name, sizeof(name), "ksoftirqd/%u", (unsigned)(u8)cpu->id);
		cpu->ksoftirqd = task_new(cpu->host, NULL, name, &ksoftirqd_ops, cpu, cpu->id);
		mask[cpu->id / 64] = 1ull << cpu->id % 64;
		task_set_affinity(cpu->ksoftirqd, mask);
		return;
	}
	task_wake(cpu->ksoftirqd);
}

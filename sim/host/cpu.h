/* SPDX-License-Identifier: MIT */
/*
 * A CPU and its three contexts.
 *
 * A CPU runs one context at a time: hard interrupt, then softirq, then task. Everything that runs is a
 * sequence of steps. A step occupies the CPU for its cost and takes effect at its end. So every
 * activity is a pair of functions: next() says what the next step costs, run() carries out its effect.
 *
 *   next(): cost in ns (>= 0) of the step about to start, or CPU_NO_STEP when there is nothing to do.
 *   run():  the effect. May raise interrupts and softirqs, wake tasks, send packets.
 *
 * An interrupt that arrives during a softirq or task step suspends it; the step's end moves by as much
 * as the interrupt (and the softirqs that it raised, on interrupt exit) took. Hard interrupts do not
 * nest. Softirqs run on exit from a hard interrupt, after a task step that raised them, and in
 * ksoftirqd when the loop overran its limits (10 rounds or 2 ms: kernel/softirq.c's
 * MAX_SOFTIRQ_RESTART and MAX_SOFTIRQ_TIME).
 *
 * Work whose size shows only while it is done (bytes copied, packets sent) is charged with
 * cpu_charge(): it delays the next step in the same context.
 */
#ifndef SIM_HOST_CPU_H
#define SIM_HOST_CPU_H

#include "sim/engine/event.h"
#include "sim/engine/list.h"
#include "sim/engine/types.h"

struct host;
struct task;
struct cpu;

#define CPU_NO_STEP ((nsec_t)-1) /* wide, lest an unsigned cost beside it in ?: make it positive */

enum softirq_nr {
	SOFTIRQ_TIMER = 0,
	SOFTIRQ_NET_TX,
	SOFTIRQ_NET_RX,
	SOFTIRQ_NR
};

struct softirq_action {
	nsec_t (*next)(struct cpu *cpu);
	void (*run)(struct cpu *cpu);
};

enum cpu_context { CTX_IDLE = 0, CTX_TASK, CTX_SOFTIRQ, CTX_HARDIRQ, CTX_NR };

/* An interrupt line. Raising it while it is pending changes nothing (level-like, as MSI-X coalesces). */
struct irq {
	struct list_head node; /* in cpu->irqs while pending */
	struct host *host;
	int number;	/* unique on the host */
	int cpu;	/* affinity; takes effect at the next raise */
	bool pending;
	const char *name; /* static or owned by the device */
	void (*handler)(struct irq *irq);
};

/* One context's step in progress. */
struct cpu_step {
	bool active;	  /* a step is under way or suspended */
	bool tail;	  /* it only spends charge: no effect */
	nsec_t remaining; /* cost not yet spent, while suspended */
};

struct cpu {
	struct host *host;
	int id;
	enum cpu_context ctx;  /* what occupies the CPU now */
	struct event ev;       /* end of the step that occupies the CPU */
	nsec_t step_start;
	struct cpu_step step[CTX_NR];
	nsec_t charge[CTX_NR]; /* added to the next step of that context */
	struct list_head irqs; /* pending interrupts, in order of arrival */
	struct irq *cur_irq;
	u32 softirq_pending;   /* bit mask of enum softirq_nr */
	u32 softirq_round;     /* snapshot being worked on in this round */
	s8 softirq_cur;	       /* vector whose step is under way */
	u8 softirq_restarts;
	bool softirq_active;   /* the loop is under way: in softirq context or in ksoftirqd */
	bool softirq_kick;     /* a loop is due: interrupt exit, or raised from a task */
	bool in_ksoftirqd;     /* the loop runs in task context */
	nsec_t softirq_start;  /* when the softirq loop began */
	struct task *ksoftirqd; /* created when first needed */
	struct list_head timers; /* expired timers that wait for SOFTIRQ_TIMER */
	struct list_head runqueue; /* runnable tasks, the running one not among them */
	int nr_running;
	struct task *curr; /* running task or NULL */
	nsec_t slice_start;
	nsec_t time[CTX_NR]; /* spent in each context */
	void *softnet;	     /* nic/: struct softnet_data */
};

void cpu_init(struct cpu *cpu, struct host *h, int id);
void cpu_destroy(struct cpu *cpu);

/* handler runs in hard-interrupt context, at the end of a step that costs COST_IRQ. */
void irq_init(struct irq *irq, struct host *h, const char *name, void (*handler)(struct irq *));
/* From any context of the same host, or from an event (a device). */
void irq_raise(struct irq *irq);
/* Withdraws a pending interrupt; for tear-down. */
void irq_cancel(struct irq *irq);

void softirq_register(struct host *h, enum softirq_nr nr, nsec_t (*next)(struct cpu *),
		      void (*run)(struct cpu *));
/* Marks the softirq pending on cpu; it runs as described above. Callable from anywhere. */
void softirq_raise(struct cpu *cpu, enum softirq_nr nr);

/* The CPU on which the code that calls this runs now (inside run() or a handler), else cpu 0. */
struct cpu *cpu_current(struct host *h);
/* Delays the next step of the context that runs now; from outside any step: does nothing. */
void cpu_charge(struct host *h, nsec_t cost);
/* True while cpu runs or has suspended a softirq or hard-interrupt step. */
bool cpu_in_interrupt(const struct cpu *cpu);
/* Gives work to a CPU that has none; does nothing to one that is busy. For sched.c. */
void cpu_kick(struct cpu *cpu);
/* The same, but from outside any step (a timer of the host) it suspends a task's step. For softirq.c. */
void cpu_interrupt(struct cpu *cpu);

#endif

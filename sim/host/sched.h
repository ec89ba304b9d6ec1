/* SPDX-License-Identifier: MIT */
/*
 * Doors between cpu.c and the files about tasks; for sim/host only.
 */
#ifndef SIM_HOST_SCHED_H
#define SIM_HOST_SCHED_H

#include "sim/host/host.h"
#include "sim/host/task.h"

/*
 * Starts what the task context of cpu does next: picks a task if none is current. Returns the cost of its
 * step, or CPU_NO_STEP: the CPU is idle.
 */
nsec_t sched_next(struct cpu *cpu);
/* The current task's step has ended: its effect, and whether it stays on the CPU. */
void sched_run(struct cpu *cpu);
/* t has been on a CPU for so long. */
void sched_account(struct task *t, nsec_t spent);
/* Takes a task off the CPU that it runs on (exit of another thread). */
void cpu_drop_task(struct cpu *cpu);
void ksoftirqd_wake(struct cpu *cpu);

/* The softirq loop: cost of its next step, CPU_NO_STEP when it is over. */
nsec_t softirq_loop_next(struct cpu *cpu);
void softirq_loop_run(struct cpu *cpu);

/* Makes a new task runnable, now or at start. */
void sched_task_init(struct task *t, nsec_t start);
/* Off every queue and CPU. The CPU whose effect runs now is left to sched_run(). */
void sched_task_remove(struct task *t);
/* SIGSTOP and SIGCONT for all threads. */
void sched_process_stop(struct process *p);
void sched_process_continue(struct process *p);
/* Ends a process whose threads are gone or were never there; for host_destroy(). */
void process_free(struct process *p);

void timers_host_init(struct host *h);
void task_free(struct task *t);
/* Its row at the end of a run that it outlived. */
void task_report(struct task *t);

#endif

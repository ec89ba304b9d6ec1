/* SPDX-License-Identifier: MIT */
/*
 * What the files of the call driver share: syscall.c (steps), signal_deliver.c (signals on the way
 * back to the program), syscall_table.c (numbers), task_syscalls.c (birth and death).
 */
#ifndef STACK_SYSCALL_PRIV_H
#define STACK_SYSCALL_PRIV_H

#include "stack/syscalls.h"

/* u->req begins (again). */
void call_begin(struct utask *u, nsec_t t_enter);

/*
 * Takes all signals that t may take now: runs default actions, sets up a frame for each handler.
 * ret is the result of the call that t returns from: of an interrupted one the first handler
 * decides whether it is made again (u->frames_restart). Returns the number of handlers, or -1 when
 * t is dead.
 */
int signals_deliver(struct task *t, s64 ret);

/* Closes the process's descriptors when t is its last thread. */
void process_release_files(struct task *t);
/* Timers of setitimer() go with their process; itimer.c. */
void process_timers_free(struct process *p);
/* A user task in p, from absolute time start. */
struct task *utask_start(struct host *h, struct process *p, const char *name,
			 const struct program_ops *ops, void *program, int cpu, nsec_t start);

/* True for calls that cost COST_SOCKET_CALL. */
bool syscall_is_socket(int nr);

/* kill_syscalls.c: whether t may send signo to p; and sending, with that check. signo 0: none. */
bool may_signal(const struct task *t, const struct process *p, int signo);
s64 signal_process_checked(struct task *t, struct process *p, const struct siginfo *info);
/* usage_syscalls.c */
struct cpu_usage;
void rusage_fill(struct rusage *ru, const struct cpu_usage *u);

/* poll.c: unlinks and forgets what poll() or select() wait for. */
void poll_entries_free(struct utask *u);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * From the simulator's struct siginfo to what programs see, and back.
 */
#ifndef STACK_SIGINFO_H
#define STACK_SIGINFO_H

#include <signal.h>

#include "sim/host/signal.h"

struct signalfd_siginfo;

/* Which fields a signal has. Of a fault, siginfo.value is the address. */
enum siginfo_layout {
	LAYOUT_KILL,
	LAYOUT_TIMER,
	LAYOUT_POLL,
	LAYOUT_CHLD,
	LAYOUT_RT,
	LAYOUT_FAULT,
	LAYOUT_SYS,
};
enum siginfo_layout siginfo_layout(int signo, int code);

void siginfo_to_user(siginfo_t *to, const struct siginfo *from);
void siginfo_from_user(struct siginfo *to, const siginfo_t *from);
void siginfo_to_signalfd(struct signalfd_siginfo *to, const struct siginfo *from);

/* Takes a signal of t that is not in blocked; a timer's goes on from there (posix_timer.c). */
bool task_dequeue_signal(struct task *t, u64 blocked, struct siginfo *info);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that stand for a process (pidfd_open(2)).
 */
#ifndef STACK_PIDFD_H
#define STACK_PIDFD_H

#include "stack/file.h"

/* The number of the process that the descriptor stands for; -EBADF: it is no pidfd. */
int pidfd_pid(struct task *t, int fd, bool *nonblock);
/* A descriptor for p at fd, which t has reserved (clone(2), CLONE_PIDFD). flags: O_NONBLOCK. */
void pidfd_fill(struct task *t, int fd, struct process *p, u32 flags);
struct pid_ref;
/* The same for whom r stands for, who may be gone. */
void pidfd_fill_ref(struct task *t, int fd, const struct pid_ref *r, u32 flags);
/* For /proc/PID/fdinfo: true and the number, -1 of a process that is gone; false: f is no pidfd. */
bool pidfd_info(const struct file *f, int *pid);

#endif

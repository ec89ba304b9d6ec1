/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that stand for a process (pidfd_open(2)).
 */
#ifndef STACK_PIDFD_H
#define STACK_PIDFD_H

#include "stack/file.h"

/* The number of the process that the descriptor stands for; -EBADF: it is no pidfd. */
int pidfd_pid(struct task *t, int fd, bool *nonblock);

#endif

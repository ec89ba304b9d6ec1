/* SPDX-License-Identifier: MIT */
/*
 * One row for each call that is implemented.
 */
#ifndef STACK_SYSCALL_TABLE_H
#define STACK_SYSCALL_TABLE_H

#include "stack/syscalls.h"

struct syscall_entry {
	const char *name;
	const char *args; /* one letter for each argument, see syscall_format.c */
	s64 (*fn)(struct task *t, const s64 *a);
	bool socket; /* costs COST_SOCKET_CALL */
};

/* NULL: not implemented. */
const struct syscall_entry *syscall_entry(int nr);

#endif

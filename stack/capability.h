/* SPDX-License-Identifier: MIT */
/*
 * Capabilities of the caller (capabilities(7)); the numbers are those of linux/capability.h.
 */
#ifndef STACK_CAPABILITY_H
#define STACK_CAPABILITY_H

#include <linux/capability.h>

#include "sim/host/task.h"

/* True also for kernel threads and tear-down (t NULL). */
static inline bool capable(const struct task *t, int cap)
{
	return !t || !t->proc || (t->proc->caps >> cap & 1);
}

#endif

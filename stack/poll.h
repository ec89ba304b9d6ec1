/* SPDX-License-Identifier: MIT */
/*
 * What poll(2) and select(2) share.
 */
#ifndef STACK_POLL_H
#define STACK_POLL_H

#include "stack/syscall_priv.h"

/* A pipe's reading and writing side; every other file has one queue. */
#define POLL_QUEUES_PER_FILE 2

/* Room for the wait entries of a call that looks at so many files. */
void poll_entries_reserve(struct utask *u, u32 nfiles);
/* The file's events now; with link, t is linked to its queues for the events in mask. */
u32 poll_file(struct task *t, struct file *f, u32 mask, bool link);
/* 0 or -EINVAL; NULL: no limit. */
s64 timespec_timeo(const struct timespec *ts, nsec_t *timeo);
/* What is left of a call's time limit. */
nsec_t poll_time_left(struct task *t, nsec_t timeo);
/* select() looks at no more descriptors than this: the size of the kernel's table. */
int select_max_fds(const struct files_struct *fs);

#endif

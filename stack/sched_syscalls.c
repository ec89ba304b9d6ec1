/* SPDX-License-Identifier: MIT */
/*
 * Scheduling (sched(7)): affinity, yielding, policies and priorities.
 *
 * All tasks are SCHED_OTHER with nice value 0, and nothing else can be had: what would change the
 * order in which tasks run is refused with EPERM, which programs are prepared for, rather than
 * kept without effect.
 */
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/syscall_priv.h"

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif
#define SCHED_EXT 7
#define RT_PRIO_MAX 99

s64 sys_sched_yield(struct task *t)
{
	task_utask(t)->yield = true;
	return 0;
}

static struct task *task_or_self(struct task *t, int tid)
{
	return tid ? task_find(t->host, tid) : t;
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

/* One's own tasks, or all with CAP_SYS_NICE. */
static bool may_move(const struct task *t, const struct task *to)
{
	struct cred theirs = process_cred(to->proc);

	return t->proc->uid == theirs.euid || t->proc->uid == theirs.ruid ||
	       capable(t, CAP_SYS_NICE);
}

s64 sys_sched_setaffinity(struct task *t, int tid, size_t len, const void *mask)
{
	u64 bits[4] = { 0 };
	struct task *to;
	bool any = false;

	if (!mask)
		return -EFAULT;
	memcpy(bits, mask, min(len, sizeof(bits)));
	to = task_or_self(t, tid);
	if (!to || !to->proc)
		return -ESRCH;
	if (!may_move(t, to))
		return -EPERM;
	for (int cpu = 0; cpu < t->host->ncpu; cpu++)
		any |= bits[cpu / 64] >> (cpu % 64) & 1;
	if (!any)
		return -EINVAL;
	task_set_affinity(to, bits);
	return 0;
}

s64 sys_sched_getaffinity(struct task *t, int tid, size_t len, void *mask)
{
	struct task *to = task_or_self(t, tid);
	size_t size = (size_t)(t->host->ncpu + 63) / 64 * 8;
	u64 bits[4];

	if (len < size || len & 7)
		return -EINVAL;
	if (!to)
		return -ESRCH;
	for (int i = 0; i < 4; i++)
		bits[i] = to->affinity[i];
	for (int cpu = t->host->ncpu; cpu < 256; cpu++)
		bits[cpu / 64] &= ~(1ull << (cpu % 64));
	memcpy(mask, bits, size);
	return (s64)size;
}

s64 sys_getcpu(struct task *t, unsigned *cpu, unsigned *node)
{
	if (cpu)
		*cpu = (unsigned)t->cpu;
	if (node)
		*node = 0;
	return 0;
}

/* ---- policies -------------------------------------------------------------------------------- */

static bool realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool known(int policy)
{
	return policy >= SCHED_OTHER && policy <= SCHED_EXT && policy != 4;
}

/* 0 or why there is no such task. */
static s64 find_tid(struct task *t, int tid)
{
	if (tid < 0)
		return -EINVAL;
	return task_or_self(t, tid) ? 0 : -ESRCH;
}

s64 sys_sched_setscheduler(struct task *t, int tid, int policy, const struct sched_param *param)
{
	int prio;
	s64 err;

	if (!param || tid < 0 || policy < 0)
		return -EINVAL;
	err = find_tid(t, tid);
	if (err)
		return err;
	prio = param->sched_priority;
	if (!known(policy & ~SCHED_RESET_ON_FORK) ||
	    (policy & ~SCHED_RESET_ON_FORK) == SCHED_DEADLINE)
		return -EINVAL;
	if (prio < 0 || prio > RT_PRIO_MAX ||
	    realtime(policy & ~SCHED_RESET_ON_FORK) != (prio != 0))
		return -EINVAL;
	return policy == SCHED_OTHER ? 0 : -EPERM;
}

s64 sys_sched_getscheduler(struct task *t, int tid)
{
	s64 err = find_tid(t, tid);

	return err ? err : SCHED_OTHER;
}

s64 sys_sched_setparam(struct task *t, int tid, const struct sched_param *param)
{
	s64 err;

	if (!param)
		return -EINVAL;
	err = find_tid(t, tid);
	if (err)
		return err;
	return param->sched_priority ? -EINVAL : 0;
}

s64 sys_sched_getparam(struct task *t, int tid, struct sched_param *param)
{
	s64 err;

	if (!param)
		return -EINVAL;
	err = find_tid(t, tid);
	if (!err)
		param->sched_priority = 0;
	return err;
}

s64 sys_sched_get_priority_max(struct task *t, int policy)
{
	return realtime(policy) ? RT_PRIO_MAX : known(policy) ? 0 : -EINVAL;
}

s64 sys_sched_get_priority_min(struct task *t, int policy)
{
	return realtime(policy) ? 1 : known(policy) ? 0 : -EINVAL;
}

s64 sys_sched_rr_get_interval(struct task *t, int tid, struct timespec *ts)
{
	s64 err = find_tid(t, tid);

	if (err)
		return err;
	if (!ts)
		return -EFAULT;
	*ts = (struct timespec){ .tv_nsec = TASK_SLICE };
	return 0;
}

/* ---- nice values ----------------------------------------------------------------------------- */

/* Whom getpriority() and setpriority() mean. The first, and how many. */
static bool meant(const struct process *p, int which, int who)
{
	if (which == PRIO_PGRP)
		return p->pgid == who;
	return process_cred(p).ruid == (u32)who;
}

static s64 find_who(struct task *t, int which, int who, struct process **first)
{
	struct process *p;
	struct task *to;

	switch (which) {
	case PRIO_PROCESS:
		to = task_or_self(t, who);
		*first = to ? to->proc : NULL;
		return *first ? 0 : -ESRCH;
	case PRIO_PGRP:
		who = who ? who : t->proc->pgid;
		break;
	case PRIO_USER:
		who = who ? who : (int)process_cred(t->proc).ruid;
		break;
	default:
		return -EINVAL;
	}
	list_for_each_entry(p, &t->host->processes, node) {
		if (meant(p, which, who)) {
			*first = p;
			return 0;
		}
	}
	return -ESRCH;
}

/* 20 - nice, since a negative result would be an error. */
s64 sys_getpriority(struct task *t, int which, int who)
{
	struct process *p;
	s64 err = find_who(t, which, who, &p);

	return err ? err : 20;
}

s64 sys_setpriority(struct task *t, int which, int who, int nice)
{
	struct process *p;
	struct cred theirs;
	s64 err = find_who(t, which, who, &p);

	if (err)
		return err;
	theirs = process_cred(p);
	if (theirs.ruid != t->proc->uid && theirs.euid != t->proc->uid && !capable(t, CAP_SYS_NICE))
		return -EPERM;
	if (nice < 0 && !capable(t, CAP_SYS_NICE))
		return -EACCES;
	return nice ? -EPERM : 0;
}

/* No class has been set: IOPRIO_CLASS_NONE. There are no disks. */
s64 sys_ioprio_get(struct task *t, int which, int who)
{
	struct process *p;
	s64 err = which < 1 || which > 3 ? -EINVAL : find_who(t, which - 1, who, &p);

	return err;
}

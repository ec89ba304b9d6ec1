/* SPDX-License-Identifier: MIT */
/*
 * getrlimit(2), setrlimit(2), prlimit(2). RLIMIT_NOFILE bounds the descriptor table; what the
 * others bound is not modelled (memory, CPU time) or has bounds of its own (the host's number of
 * tasks): they are kept, inherited and shown.
 */
#include <sys/resource.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/syscalls.h"

#define NR_OPEN (1u << 20) /* /proc/sys/fs/nr_open */

struct process_limit process_limit(const struct process *p, int resource)
{
	struct process_limit l = process_attr(p)->limits[resource];

	if (resource == RLIMIT_NOFILE)
		return (struct process_limit){ p->nofile, p->nofile_max };
	if (l.cur == RLIM_HOST)
		l.cur = p->host->max_tasks;
	if (l.max == RLIM_HOST)
		l.max = p->host->max_tasks;
	return l;
}

s64 sys_getrlimit(struct task *t, int resource, struct rlimit *rl)
{
	struct process_limit l;

	if ((u32)resource >= PROCESS_RLIMITS)
		return -EINVAL;
	if (!rl)
		return -EFAULT;
	l = process_limit(t->proc, resource);
	rl->rlim_cur = l.cur;
	rl->rlim_max = l.max;
	return 0;
}

static s64 set_limit(struct task *t, struct process *p, int resource, const struct rlimit *rl)
{
	if (rl->rlim_cur > rl->rlim_max)
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && rl->rlim_max > NR_OPEN)
		return -EPERM;
	if (rl->rlim_max > process_limit(p, resource).max && !capable(t, CAP_SYS_RESOURCE))
		return -EPERM;
	if (resource == RLIMIT_NOFILE) {
		p->nofile = (u32)rl->rlim_cur;
		p->nofile_max = (u32)rl->rlim_max;
	} else {
		process_attr_set(p)->limits[resource] =
			(struct process_limit){ rl->rlim_cur, rl->rlim_max };
	}
	return 0;
}

s64 sys_setrlimit(struct task *t, int resource, const struct rlimit *rl)
{
	if (!rl)
		return -EFAULT;
	if ((u32)resource >= PROCESS_RLIMITS)
		return -EINVAL;
	return set_limit(t, t->proc, resource, rl);
}

/* All ids of the other are the real ones of the caller. */
static bool may_limit(const struct task *t, const struct process *p)
{
	struct cred mine = process_cred(t->proc), theirs = process_cred(p);

	if (p == t->proc || capable(t, CAP_SYS_RESOURCE))
		return true;
	return mine.ruid == theirs.euid && mine.ruid == theirs.suid && mine.ruid == theirs.ruid &&
	       mine.rgid == theirs.egid && mine.rgid == theirs.sgid && mine.rgid == theirs.rgid;
}

s64 sys_prlimit64(struct task *t, int pid, int resource, const struct rlimit *new_limit,
		  struct rlimit *old_limit)
{
	struct process *p = pid ? process_find_any(t->host, pid) : t->proc;
	struct process_limit old;
	s64 err = 0;

	if (!p)
		return -ESRCH;
	if (!may_limit(t, p))
		return -EPERM;
	if ((u32)resource >= PROCESS_RLIMITS)
		return -EINVAL;
	old = process_limit(p, resource);
	if (new_limit)
		err = set_limit(t, p, resource, new_limit);
	if (!err && old_limit) {
		old_limit->rlim_cur = old.cur;
		old_limit->rlim_max = old.max;
	}
	return err;
}

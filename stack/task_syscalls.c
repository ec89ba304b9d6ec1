/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads: fork, exit, identities, affinity, limits, getrandom(2), uname(2).
 */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "stack/capability.h"
#include "stack/syscall_priv.h"
#include "stack/timers.h"
#include "stack/utsname.h"

/* ---- birth and death ------------------------------------------------------------------------- */

/*
 * What a child has of its parent (fork(2)): descriptors, dispositions, identity; no pending
 * signals.
 */
static struct process *fork_process(struct task *t, const struct spawn_req *req)
{
	struct process *parent = t->proc;
	struct process *p = process_new(t->host, parent, req->name);

	if (req->share_files) {
		p->files = parent->files;
		files_get(p->files);
	} else {
		p->files = files_dup(parent->files);
	}
	signal_actions_copy(p, parent);
	p->pgid = parent->pgid;
	p->sid = parent->sid;
	p->uid = parent->uid;
	p->gid = parent->gid;
	p->caps = parent->caps;
	p->user_step_cost = parent->user_step_cost;
	p->nofile = parent->nofile;
	p->nofile_max = parent->nofile_max;
	p->oom_score_adj = parent->oom_score_adj;
	return p;
}

static void handlers_to_default(struct process *p)
{
	for (int sig = 1; sig <= SIG_MAX; sig++) {
		if (signal_action(p, sig)->disposition == SIGD_HANDLER)
			*signal_action_set(p, sig) = (struct sigaction_state){ 0 };
	}
}

s64 sys_spawn(struct task *t, struct spawn_req *req)
{
	struct process *p;
	struct task *child;

	if (t->host->ntasks >= t->host->max_tasks)
		return -EAGAIN;
	p = req->thread ? t->proc : fork_process(t, req);
	child = utask_start(t->host, p, req->name, req->ops, req->program, req->cpu,
			    host_now(t->host));
	if (req->clear_handlers && !req->thread)
		handlers_to_default(p);
	req->program = NULL;
	child->blocked = t->blocked;
	if (req->cpu < 0)
		task_set_affinity(child, t->affinity);
	return child->tid;
}

static void close_on_exec(struct task *t)
{
	struct files_struct *fs = t->proc->files;

	if (fs->refs > 1) { /* unshared by execve(2) */
		t->proc->files = files_dup(fs);
		files_put(t, fs);
		fs = t->proc->files;
	}
	for (u32 fd = 0; fd < fs->nfd; fd++) {
		if (fs->fd[fd].file && fs->fd[fd].cloexec)
			file_put(NULL, fd_remove(fs, (int)fd));
	}
}

void utask_exec(struct task *t, const char *name)
{
	struct process *p = t->proc;
	struct task *other, *tmp;

	list_for_each_entry_safe(other, tmp, &p->threads, thread_node) {
		if (other != t)
			utask_exit(other, 0);
	}
	t->tid = p->pid;
	p->execed = true;
	p->exit_signal = SIGCHLD;
	if (p->timers)
		posix_timers_delete(p->timers);
	close_on_exec(t);
	handlers_to_default(p);
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(t->name, sizeof(t->name), "%s", name);
}

s64 sys_exit(struct task *t, int status)
{
	utask_exit(t, (status & 0xff) << 8);
	return 0;
}

s64 sys_exit_group(struct task *t, int status)
{
	utask_exit_group(t, (status & 0xff) << 8);
	return 0;
}

/* ---- identities ------------------------------------------------------------------------------ */

s64 sys_getpid(struct task *t)
{
	return t->proc->pid;
}

s64 sys_gettid(struct task *t)
{
	return t->tid;
}

/* ---- scheduling ------------------------------------------------------------------------------ */

s64 sys_sched_yield(struct task *t)
{
	task_utask(t)->yield = true;
	return 0;
}

static struct task *task_or_self(struct task *t, int tid)
{
	return tid ? task_find(t->host, tid) : t;
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
	if (!to)
		return -ESRCH;
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

/* ---- the rest -------------------------------------------------------------------------------- */

s64 sys_getrandom(struct task *t, void *buf, size_t len, unsigned flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (len && !buf)
		return -EFAULT;
	len = min(len, (size_t)INT32_MAX);
	rng_bytes(&task_utask(t)->rng, buf, len);
	return (s64)len;
}

s64 sys_getrlimit(struct task *t, int resource, struct rlimit *rl)
{
	if (resource != RLIMIT_NOFILE)
		return -EINVAL;
	if (!rl)
		return -EFAULT;
	rl->rlim_cur = t->proc->nofile;
	rl->rlim_max = t->proc->nofile_max;
	return 0;
}

s64 sys_setrlimit(struct task *t, int resource, const struct rlimit *rl)
{
	if (!rl)
		return -EFAULT;
	if (resource != RLIMIT_NOFILE || rl->rlim_cur > rl->rlim_max)
		return -EINVAL;
	/* fs.nr_open */
	if (rl->rlim_max > 1u << 20)
		return -EPERM;
	if (rl->rlim_max > t->proc->nofile_max && !capable(t, CAP_SYS_RESOURCE))
		return -EPERM;
	t->proc->nofile = rl->rlim_cur;
	t->proc->nofile_max = rl->rlim_max;
	return 0;
}

s64 sys_uname(struct task *t, struct utsname *buf)
{
	if (!buf)
		return -EFAULT;
	memset(buf, 0, sizeof(*buf));
	snprintf(buf->sysname, sizeof(buf->sysname), UTS_SYSNAME);
	snprintf(buf->nodename, sizeof(buf->nodename), "%s", t->host->name);
	snprintf(buf->release, sizeof(buf->release), UTS_RELEASE);
	snprintf(buf->version, sizeof(buf->version), UTS_VERSION);
	snprintf(buf->machine, sizeof(buf->machine), "x86_64");
	snprintf(buf->domainname, sizeof(buf->domainname), UTS_DOMAINNAME);
	return 0;
}

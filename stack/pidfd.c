/* SPDX-License-Identifier: MIT */
/*
 * pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2): a descriptor that stands for a process, even
 * when its number has been given to another. It is readable once the process has ended. Threads
 * (PIDFD_THREAD) have none: EINVAL, as before Linux 6.9.
 */
#include "stack/pidfd.h"

#include <signal.h>
#include <stdlib.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/siginfo.h"
#include "stack/syscall_priv.h"

#define PIDFD_NONBLOCK O_NONBLOCK

static u32 pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct process_ref *r = f->priv;

	poll_wait(pt, &r->exited);
	if (!r->proc)
		return EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	return r->proc->zombie ? EPOLLIN | EPOLLRDNORM : 0;
}

static s64 pidfd_release(struct task *t, struct file *f)
{
	process_ref_drop(f->priv);
	free(f->priv);
	return 0;
}

static const struct file_ops pidfd_ops = {
	.kind = "pidfd",
	.poll = pidfd_poll,
	.release = pidfd_release,
};

int pidfd_pid(struct task *t, int fd, bool *nonblock)
{
	struct file *f = fd_file(t, fd);
	struct process_ref *r;

	if (!f || f->ops != &pidfd_ops)
		return -EBADF;
	*nonblock = f->flags & PIDFD_NONBLOCK;
	r = f->priv;
	return r->pid;
}

void pidfd_fill(struct task *t, int fd, struct process *p, u32 flags)
{
	struct process_ref *r = xcalloc(1, sizeof(*r));

	process_ref_init(r, p);
	fd_fill(t, fd, file_new(t->host, &pidfd_ops, r, O_RDWR | flags, 0600), true);
}

void pidfd_fill_ref(struct task *t, int fd, const struct pid_ref *from, u32 flags)
{
	struct process_ref *r;

	if (from->ref.proc) {
		pidfd_fill(t, fd, from->ref.proc, flags);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->pid = from->ref.pid;
	list_init(&r->node);
	wait_queue_init(&r->exited, t->host);
	fd_fill(t, fd, file_new(t->host, &pidfd_ops, r, O_RDWR | flags, 0600), true);
}

bool pidfd_info(const struct file *f, int *pid)
{
	const struct process_ref *r = f->priv;

	if (f->ops != &pidfd_ops)
		return false;
	*pid = r->proc ? r->pid : -1;
	return true;
}

s64 sys_pidfd_open(struct task *t, int pid, unsigned flags)
{
	struct process *p;
	struct task *thread;
	int fd;

	if (flags & ~(unsigned)PIDFD_NONBLOCK || pid <= 0)
		return -EINVAL;
	p = process_find(t->host, pid);
	if (!p) {
		thread = task_find(t->host, pid);
		return thread && thread->proc ? -ENOENT : -ESRCH;
	}
	fd = fd_reserve(t, 0);
	if (fd >= 0)
		pidfd_fill(t, fd, p, flags);
	return fd;
}

/* Whom the descriptor stands for; *err says why there is nobody. */
static struct process *pidfd_process(struct task *t, int fd, s64 *err)
{
	struct file *f = fd_file(t, fd);
	struct process_ref *r;

	*err = -EBADF;
	if (!f || f->ops != &pidfd_ops)
		return NULL;
	r = f->priv;
	*err = r->proc ? 0 : -ESRCH;
	return r->proc;
}

s64 sys_pidfd_send_signal(struct task *t, int fd, int signo, const siginfo_t *user, unsigned flags)
{
	struct siginfo info = { .signo = signo, .code = SI_USER, .pid = t->proc->pid,
				.uid = process_cred(t->proc).ruid };
	struct process *p;
	s64 err;

	if (flags)
		return -EINVAL;
	p = pidfd_process(t, fd, &err);
	if (err == -EBADF)
		return err;
	if (user) {
		if (user->si_signo != signo)
			return -EINVAL;
		if ((user->si_code >= 0 || user->si_code == SI_TKILL) && p != t->proc)
			return -EPERM;
		siginfo_from_user(&info, user);
	}
	if (!p)
		return err;
	if (signo < 0 || signo > SIG_MAX)
		return -EINVAL;
	return signal_process_checked(t, p, &info);
}

/* ptrace(2), PTRACE_MODE_ATTACH_REALCREDS. */
static bool may_attach(const struct task *t, const struct process *p)
{
	struct cred mine = process_cred(t->proc), theirs = process_cred(p);

	if (p == t->proc || capable(t, CAP_SYS_PTRACE))
		return true;
	return mine.ruid == theirs.euid && mine.ruid == theirs.suid && mine.ruid == theirs.ruid &&
	       mine.rgid == theirs.egid && mine.rgid == theirs.sgid && mine.rgid == theirs.rgid &&
	       !process_attr(p)->undumpable && !(theirs.permitted & ~mine.permitted);
}

s64 sys_pidfd_getfd(struct task *t, int pidfd, int target, unsigned flags)
{
	struct process *p;
	struct file *f;
	s64 err;
	int fd;

	if (flags)
		return -EINVAL;
	p = pidfd_process(t, pidfd, &err);
	if (!p)
		return err;
	if (!may_attach(t, p))
		return -EPERM;
	if (p->zombie || !p->files)
		return -ESRCH;
	f = fd_lookup(p->files, target);
	if (!f)
		return -EBADF;
	fd = fd_install(t, f, 0, true);
	if (fd >= 0)
		file_get(f);
	return fd;
}

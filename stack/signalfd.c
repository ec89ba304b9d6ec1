/* SPDX-License-Identifier: MIT */
/*
 * signalfd(2). Whose signals are read, and who is woken by them, is up to the process that reads or
 * waits, not to the one that made the descriptor.
 */
#include <sys/signalfd.h>
#include <signal.h>
#include <stdlib.h>

#include "sim/host/process.h"
#include "stack/siginfo.h"
#include "stack/syscalls.h"

#define UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

struct signalfd {
	u64 set;
};

static s64 signalfd_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	const struct signalfd *sfd = f->priv;
	size_t n = to->total / sizeof(struct signalfd_siginfo), done = 0;
	struct signalfd_siginfo si;
	struct siginfo info;

	if (!n)
		return -EINVAL;
	while (done < n && task_dequeue_signal(t, ~sfd->set, &info)) {
		siginfo_to_signalfd(&si, &info);
		iov_copy_to(to, done++ * sizeof(si), &si, sizeof(si));
	}
	if (done)
		return (s64)(done * sizeof(si));
	return task_wait_on(t, &process_attr_set(t->proc)->signalfd, false, 0,
			    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "signalfd");
}

static u32 signalfd_poll(struct file *f, struct poll_table *pt)
{
	const struct signalfd *sfd = f->priv;
	struct task *t = task_current(f->host);

	if (!t || !t->proc)
		return 0;
	poll_wait(pt, &process_attr_set(t->proc)->signalfd);
	return (t->pending.set.bits | t->proc->sig.pending.set.bits) & sfd->set ? EPOLLIN : 0;
}

static s64 signalfd_release(struct task *t, struct file *f)
{
	free(f->priv);
	return 0;
}

static const struct file_ops signalfd_ops = {
	.kind = "signalfd",
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
	.llseek = noop_llseek,
};

static s64 signalfd_change(struct task *t, int fd, u64 set)
{
	struct file *f = fd_file(t, fd);
	struct signalfd *sfd;

	if (!f)
		return -EBADF;
	if (f->ops != &signalfd_ops)
		return -EINVAL;
	sfd = f->priv;
	sfd->set = set;
	wake_up_all(&process_attr_set(t->proc)->signalfd, EPOLLIN);
	return fd;
}

s64 sys_signalfd4(struct task *t, int fd, const struct sigset *mask, int flags)
{
	struct signalfd *sfd;
	struct file *f;
	u64 set;

	if (!mask)
		return -EFAULT;
	if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK))
		return -EINVAL;
	set = mask->bits & ~UNBLOCKABLE;
	if (fd != -1)
		return signalfd_change(t, fd, set);
	sfd = xcalloc(1, sizeof(*sfd));
	sfd->set = set;
	f = file_new(t->host, &signalfd_ops, sfd, O_RDWR | (flags & SFD_NONBLOCK), 0600);
	fd = fd_install(t, f, 0, flags & SFD_CLOEXEC);
	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

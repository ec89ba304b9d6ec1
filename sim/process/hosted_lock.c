/* SPDX-License-Identifier: MIT */
/*
 * Locks of native files (flock(2), fcntl(2) F_SETLKW and F_OFD_SETLKW): the kernel's own, but waiting for one
 * is the simulator's business, as a call that waited natively would stop the world. Whether it would wait is
 * asked for first, from time to time.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "sim/process/hosted_path.h"

#define LOCK_POLL NSEC_PER_MSEC

static int native_of(struct hosted *h, int fd)
{
	struct file *f = fd_lookup(h->u->task->proc->files, fd);

	return f ? hosted_native_fd(f) : -1;
}

/* The description is the program's too: a lock that is had now is the program's. */
static bool flock_waits(int fd, int op)
{
	return !(op & (LOCK_NB | LOCK_UN)) && flock(fd, op | LOCK_NB) && errno == EWOULDBLOCK;
}

/* Locks of processes are not the supervisor's to take. Nobody else runs until the program takes it. */
static bool record_lock_waits(struct hosted *h, int fd, int cmd)
{
	struct flock fl;

	if (hosted_read(h, h->args[2], &fl, sizeof(fl)) || fl.l_type == F_UNLCK)
		return false;
	if (cmd == F_OFD_SETLKW)
		return fcntl(fd, F_OFD_SETLK, &fl) && errno == EAGAIN;
	return !fcntl(fd, F_GETLK, &fl) && fl.l_type != F_UNLCK && fl.l_pid != h->proc->tgid;
}

bool hosted_lock_waits(struct hosted *h)
{
	int fd = native_of(h, (int)h->args[0]), cmd = (int)h->args[1];

	if (fd < 0)
		return false;
	if (h->nr == SYS_flock)
		return flock_waits(fd, cmd);
	return (cmd == F_SETLKW || cmd == F_OFD_SETLKW) && record_lock_waits(h, fd, cmd);
}

s64 hosted_lock(struct task *t, struct hosted *h)
{
	if (!hosted_lock_waits(h)) {
		h->answer = ANSWER_NATIVE;
		return 0;
	}
	task_ctx(t)->deadline = 0;
	return task_wait_on(t, NULL, false, 0, LOCK_POLL, "flock");
}

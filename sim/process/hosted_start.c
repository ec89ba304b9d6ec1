/* SPDX-License-Identifier: MIT */
/*
 * Starting a real process: fork, the fence around it, execve, and it is held before its first
 * instruction. No privilege is needed (PR_SET_NO_NEW_PRIVS).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/process/hosted_int.h"

#define LISTENER_FD 3 /* in the child, which has closed everything from 3 on */
#define CHILD_FAILED 120

static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig <= SIG_MAX; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void standard_streams(const struct hosted_image *im)
{
	int null;

	if (im->streams)
		return;
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
}

static void descriptor_limit(void)
{
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = HOSTED_FD_BASE + HOSTED_FD_COUNT;
	setrlimit(RLIMIT_NOFILE, &rl);
}

/* In the child. Returns only on failure. */
static void child(const struct hosted_world *hw, const struct hosted_image *im, int go)
{
	struct sock_fprog prog = { .len = hw->filter_len, .filter = hw->filter };
	char c;

	/* The supervisor is about to attach. */
	if (read(go, &c, 1) != 1)
		return;
	/* Its own session: keys on the terminal are for the supervisor. */
	setsid();
	default_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	personality(ADDR_NO_RANDOMIZE);
	standard_streams(im);
	descriptor_limit();
	umask(022);
	if (im->cwd && chdir(im->cwd) < 0)
		return;
	syscall(SYS_close_range, LISTENER_FD, ~0u, 0);
	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
		    &prog) != LISTENER_FD)
		return;
	execve(im->path, im->argv, im->env);
}

/* A copy of the child's descriptor. */
static int take_listener(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = -1;

	if (pidfd >= 0) {
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, LISTENER_FD, 0);
		close(pidfd);
	}
	if (fd >= 0)
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return fd;
}

static int attach(pid_t pid, int go)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACESYSGOOD;

	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		return -errno;
	return write(go, "", 1) == 1 ? 0 : -errno;
}

/* From the stop at execve() to the stop behind it. */
static int through_exec(struct hosted *h)
{
	int status = hosted_waitpid(h->tid);

	if (status == -1 || !WIFSTOPPED(status) || status >> 16 != PTRACE_EVENT_SECCOMP)
		return -ENOEXEC;
	h->proc->listener = take_listener(h->tid);
	if (h->proc->listener < 0)
		return -EPERM;
	ptrace(PTRACE_SYSCALL, h->tid, NULL, NULL);
	status = hosted_waitpid(h->tid);
	if (status == -1 || !WIFSTOPPED(status))
		return -ENOEXEC;
	if (status >> 16 != PTRACE_EVENT_EXEC)
		return (int)ptrace(PTRACE_PEEKUSER, h->tid,
				   offsetof(struct user_regs_struct, rax), NULL);
	return 0;
}

int hosted_start(struct hosted *h, const struct hosted_image *im)
{
	struct hosted_proc *p = h->proc;
	int go[2], err;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	if (!pid) {
		child(p->hw, im, go[0]);
		_exit(CHILD_FAILED);
	}
	close(go[0]);
	p->tgid = pid;
	hosted_set_tid(h, pid);
	p->listener_refs = xcalloc(1, sizeof(*p->listener_refs));
	*p->listener_refs = 1;
	err = attach(pid, go[1]);
	close(go[1]);
	if (!err)
		err = through_exec(h);
	if (err < 0)
		return err;
	h->at = HELD_NEW;
	hosted_image_setup(h);
	return 0;
}

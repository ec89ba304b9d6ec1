/* SPDX-License-Identifier: MIT */
/*
 * Birth and change of real threads: clone(2), clone3, fork, vfork, execve(2).
 *
 * These are carried out natively while the virtual call is, between two ptrace stops, and only then.
 * All real threads become children of the supervisor (CLONE_PARENT), who reaps them; who is whose child
 * is the simulator's matter, and so are tids in memory, SIGCHLD, and the wait of vfork().
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "sim/process/hosted_int.h"
#include "stack/pidfd.h"
#include "stack/syscalls.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#define CLONE_NATIVE                                                                               \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SETTLS |         \
	 CLONE_SYSVSEM | CLONE_IO)
#define CLONE_SERVED                                                                               \
	(CLONE_NATIVE | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |                   \
	 CLONE_CHILD_CLEARTID | CLONE_DETACHED | CLONE_UNTRACED | CLONE_PARENT | CLONE_PIDFD |     \
	 CLONE_CLEAR_SIGHAND)

struct clone_req {
	u64 flags, stack, parent_tid, child_tid, tls, pidfd, exit_signal;
};

/* linux/sched.h; grown three times, later fields may be missing. */
struct clone3_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	u64 set_tid, set_tid_size, cgroup;
};

static int read_clone3(struct hosted *h, struct clone_req *c)
{
	struct clone3_args a = { 0 };
	u64 size = h->args[1];

	if (size < offsetof(struct clone3_args, set_tid))
		return -EINVAL;
	if (size > 4096)
		return -E2BIG;
	if (hosted_read(h, h->args[0], &a, min(size, (u64)sizeof(a))) < 0)
		return -EFAULT;
	if (a.set_tid_size || a.set_tid || a.flags & 0xff || a.exit_signal > SIG_MAX ||
	    !a.stack != !a.stack_size)
		return -EINVAL;
	*c = (struct clone_req){
		.flags = a.flags, .stack = a.stack ? a.stack + a.stack_size : 0,
		.parent_tid = a.parent_tid, .child_tid = a.child_tid, .tls = a.tls,
		.pidfd = a.pidfd, .exit_signal = a.exit_signal,
	};
	return 0;
}

static int read_clone(struct hosted *h, struct clone_req *c)
{
	*c = (struct clone_req){ .exit_signal = SIGCHLD };
	switch (h->nr) {
	case SYS_clone3:
		return read_clone3(h, c);
	case SYS_vfork:
		c->flags = CLONE_VFORK | CLONE_VM;
		return 0;
	case SYS_fork:
		return 0;
	default:
		c->flags = (u32)h->args[0] & ~(u64)CSIGNAL;
		c->exit_signal = h->args[0] & CSIGNAL;
		c->stack = h->args[1];
		/* The old call has one pointer for both. */
		c->parent_tid = c->pidfd = h->args[2];
		c->child_tid = h->args[3];
		c->tls = h->args[4];
		return 0;
	}
}

/* The kernel's own checks, for flags that it will not see. */
static int check_clone(const struct clone_req *c)
{
	if (c->flags & ~(u64)CLONE_SERVED)
		return c->flags & (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET) ? -EPERM : -EINVAL;
	/* Threads have no pidfd here; the old call has one pointer for it and for the tid. */
	if (c->flags & CLONE_PIDFD &&
	    (c->flags & (CLONE_THREAD | CLONE_DETACHED) ||
	     (c->flags & CLONE_PARENT_SETTID && c->parent_tid == c->pidfd)))
		return -EINVAL;
	/* Threads that share handlers but no descriptors, or the other way round. */
	if (!(c->flags & CLONE_THREAD) && c->flags & (CLONE_SIGHAND | CLONE_PARENT))
		return -EINVAL;
	if (c->flags & CLONE_THREAD && !(c->flags & CLONE_FILES))
		return -EINVAL;
	return 0;
}

/* ---- natively ------------------------------------------------------------------------------------ */

/* The parent has stopped with the news; the child stops before its first instruction. */
static pid_t new_child(struct hosted *h, int status)
{
	unsigned long tid = 0;
	int event = status >> 16;

	if (event != PTRACE_EVENT_CLONE && event != PTRACE_EVENT_FORK &&
	    event != PTRACE_EVENT_VFORK)
		return 0;
	ptrace(PTRACE_GETEVENTMSG, h->tid, NULL, &tid);
	if (!tid || hosted_waitpid((pid_t)tid) == -1)
		return 0;
	return (pid_t)tid;
}

/* The real tid of the new thread, or negative errno. h ends up on its way out of the call. */
static s64 clone_native(struct hosted *h, const struct clone_req *c)
{
	struct user_regs_struct r, call, child;
	u64 flags = c->flags & CLONE_NATIVE;
	pid_t tid = 0;
	s64 result;
	int status;

	if (!(flags & CLONE_THREAD))
		flags |= CLONE_PARENT;
	ptrace(PTRACE_GETREGS, h->tid, NULL, &r);
	call = r;
	call.orig_rax = SYS_clone;
	call.rdi = flags;
	call.rsi = c->stack;
	call.rdx = call.r10 = 0;
	call.r8 = c->tls;
	ptrace(PTRACE_SETREGS, h->tid, NULL, &call);
	ptrace(PTRACE_SYSCALL, h->tid, NULL, NULL);
	for (;;) {
		status = hosted_waitpid(h->tid);
		if (status == -1 || !WIFSTOPPED(status))
			return -ESRCH;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			break;
		if (!tid)
			tid = new_child(h, status);
		ptrace(PTRACE_SYSCALL, h->tid, NULL, NULL);
	}
	ptrace(PTRACE_GETREGS, h->tid, NULL, &call);
	result = (s64)call.rax;
	h->at = HELD_EXIT;
	call.rdi = r.rdi;
	call.rsi = r.rsi;
	call.rdx = r.rdx;
	call.r10 = r.r10;
	call.r8 = r.r8;
	ptrace(PTRACE_SETREGS, h->tid, NULL, &call);
	if (!tid)
		return result < 0 ? result : -EAGAIN;
	ptrace(PTRACE_GETREGS, tid, NULL, &child);
	child.rdi = r.rdi;
	child.rsi = r.rsi;
	child.rdx = r.rdx;
	child.r10 = r.r10;
	child.r8 = r.r8;
	ptrace(PTRACE_SETREGS, tid, NULL, &child);
	return tid;
}

/* ---- virtually ----------------------------------------------------------------------------------- */

static struct hosted *new_hosted(struct hosted *h, const struct clone_req *c, pid_t tid)
{
	struct hosted_proc *p = h->proc;
	struct hosted *child;

	if (!(c->flags & CLONE_THREAD)) {
		p = hosted_proc_new(h->proc->hw);
		p->tgid = tid;
		p->listener = h->proc->listener;
		p->listener_refs = h->proc->listener_refs;
		++*p->listener_refs;
		p->umask = h->proc->umask;
		p->cwd = h->proc->cwd ? xstrdup(h->proc->cwd) : NULL;
		if (c->flags & CLONE_VM)
			p->mm = h->proc->mm;
	} else {
		p->threaded = true;
	}
	child = hosted_new(p);
	child->at = HELD_NEW;
	hosted_set_tid(child, tid);
	return child;
}

static s64 wait_vfork(struct task *t, struct hosted *h, s64 result)
{
	s64 ret;

	if (!h->vfork_child) {
		t->blocked = h->vfork_mask;
		return result;
	}
	/* Nothing but SIGKILL interrupts this wait, and that ends the task without a word here. */
	ret = task_wait_on(t, &h->vfork_wait, false, 0, NSEC_NEVER, "vfork");
	return ret == -EPARK ? ret : -ERESTARTNOINTR;
}

void hosted_vfork_done(struct hosted *h)
{
	struct hosted *parent = h->vfork_parent;

	if (!parent)
		return;
	h->vfork_parent = NULL;
	parent->vfork_child = NULL;
	wake_up_all(&parent->vfork_wait, 0);
}

static s64 do_clone(struct task *t, struct hosted *h, const s64 *a)
{
	struct hosted *child;
	struct spawn_req req = { .ops = &hosted_program_ops, .cpu = -1, .name = t->name };
	struct clone_req c;
	s64 ret;
	int err, pidfd = -1;

	if (h->at == HELD_EXIT)
		return wait_vfork(t, h, (s64)task_ctx(t)->scratch[0]);
	err = read_clone(h, &c);
	if (!err)
		err = check_clone(&c);
	if (err)
		return err;
	if (t->host->ntasks >= t->host->max_tasks)
		return -EAGAIN;
	if (c.flags & CLONE_PIDFD) {
		pidfd = fd_reserve(t, 0);
		if (pidfd < 0)
			return pidfd;
	}
	ret = clone_native(h, &c);
	if (ret < 0) {
		if (pidfd >= 0)
			fd_fill(t, pidfd, NULL, false);
		return ret;
	}
	child = new_hosted(h, &c, (pid_t)ret);
	req.program = child;
	req.thread = c.flags & CLONE_THREAD;
	req.share_files = c.flags & CLONE_FILES;
	req.clear_handlers = c.flags & CLONE_CLEAR_SIGHAND;
	req.exit_signal = c.exit_signal ? (int)c.exit_signal : -1;
	ret = sys_spawn(t, &req);
	if (pidfd >= 0) {
		pidfd_fill(t, pidfd, process_find(t->host, (int)ret), 0);
		hosted_write(h, c.pidfd, &pidfd, sizeof(pidfd));
	}
	if (c.flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = c.child_tid;
	if (c.flags & CLONE_PARENT_SETTID)
		hosted_write(h, c.parent_tid, &(int){ (int)ret }, sizeof(int));
	if (c.flags & CLONE_CHILD_SETTID)
		hosted_write(child, c.child_tid, &(int){ (int)ret }, sizeof(int));
	if (!(c.flags & CLONE_VFORK))
		return ret;
	child->vfork_parent = h;
	h->vfork_child = child;
	wait_queue_init(&h->vfork_wait, t->host);
	h->vfork_mask = t->blocked;
	t->blocked.bits = ~(1ull << (SIGKILL - 1));
	task_ctx(t)->scratch[0] = (u64)ret;
	return wait_vfork(t, h, ret);
}

/* ---- execve ------------------------------------------------------------------------------------- */

/*
 * Into the call and out of it: true when the thread has a new image. All other threads of its process
 * die on the way and must be reaped for it to go on; it takes over the number of the leader.
 */
static bool exec_native(struct hosted *h, s64 *err)
{
	struct hosted_world *hw = h->proc->hw;
	int status;
	pid_t tid;

	ptrace(PTRACE_SYSCALL, h->tid, NULL, NULL);
	for (;;) {
		struct hosted *other;

		tid = waitpid(h->proc->threaded ? -1 : h->tid, &status, __WALL);
		if (tid < 0) {
			if (errno == EINTR)
				continue;
			*err = -ESRCH;
			return false;
		}
		if (tid == h->proc->tgid && WIFSTOPPED(status) &&
		    status >> 16 == PTRACE_EVENT_EXEC)
			return true;
		if (tid == h->tid && WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			*err = ptrace(PTRACE_PEEKUSER, h->tid,
				      offsetof(struct user_regs_struct, rax), NULL);
			h->at = HELD_EXIT;
			return false;
		}
		other = hosted_find(hw, tid);
		if (other)
			hosted_note(other, status);
		if (h->at == HELD_DEAD) {
			*err = -ESRCH;
			return false;
		}
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static s64 do_execve(struct task *t, struct hosted *h, const s64 *a)
{
	u64 path_arg = h->nr == SYS_execveat ? h->args[1] : h->args[0];
	char path[4096];
	s64 err = 0;
	int len;

	len = hosted_read_string(h, path_arg, path, sizeof(path));
	if (len < 0)
		return len;
	if (!exec_native(h, &err))
		return err;
	if (h->tid != h->proc->tgid) {
		struct hosted *leader = hosted_find(h->proc->hw, h->proc->tgid);

		if (leader)
			hosted_set_tid(leader, 0);
		hosted_set_tid(h, h->proc->tgid);
	}
	hosted_futex_exit(t, h);
	utask_exec(t, base_name(path));
	h->clear_child_tid = h->robust_list = 0;
	h->proc->mm = ++h->proc->hw->next_mm;
	hosted_vfork_done(h);
	hosted_image_setup(h);
	h->at = HELD_EXIT;
	h->answer = ANSWER_AS_IS;
	return 0;
}

const struct hosted_call hosted_clone_calls[] = {
	{ SYS_clone, do_clone },
	{ SYS_clone3, do_clone },
	{ SYS_fork, do_clone },
	{ SYS_vfork, do_clone },
	{ SYS_execve, do_execve },
	{ SYS_execveat, do_execve },
	{ 0, NULL },
};

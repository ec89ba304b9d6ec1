/* SPDX-License-Identifier: MIT */
/*
 * System calls: the one door between programs and the stack.
 *
 * A program (Lua or a hosted binary) is a vtable that runs to its next call. Calls are numbered as
 * on x86-64 (asm/unistd_64.h) and take Linux's structures; pointers are simulator memory that the
 * program keeps valid until the call has returned. Every call has a typed function sys_NAME(),
 * which completes with a result >= 0 or a negative errno, or returns -EPARK after it has linked the
 * task to what it waits for. A parked call is simply called again, with the same arguments, when
 * the task was woken: progress made so far is in t's struct syscall_ctx.
 *
 * -ERESTARTSYS: interrupted before it did anything; restarted after a handler with SA_RESTART, else
 * EINTR. -ERESTARTNOHAND: EINTR whenever a handler ran (poll, select, epoll_wait, nanosleep,
 * pause).
 */
#ifndef STACK_SYSCALL_H
#define STACK_SYSCALL_H

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "sim/host/task.h"
#include "stack/file.h"

#define EPARK 4096
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513 /* made again whatever the handler's flags say */
#define ERESTARTNOHAND 514

/* Requests that are not system calls, numbered above them. */
enum pseudo_call {
	CALL_COMPUTE = 1000, /* a[0]: ns of CPU time */
	CALL_LOG,	     /* a[0]: 1 stdout, 2 stderr; a[1] text, a[2] length; costs nothing */
	CALL_SPAWN,	     /* a[0]: struct spawn_req *; result: pid (process) or tid (thread) */
	CALL_YIELD,	     /* a schedule point that does nothing */
	CALL_FAULT,	     /* a[0]: signal of a fault of the program's own; for program_ops.call */
};

struct syscall_req {
	int nr;
	s64 a[6];
};

struct utask;
struct program_ops;

/* fork(), or a new thread of the caller's process. */
struct spawn_req {
	const struct program_ops *ops;
	void *program; /* taken over, and set to NULL here, when the call succeeds */
	const char *name;
	bool thread;   /* shares descriptors, signals and pid */
	bool share_files;    /* a process, but with its parent's descriptors (CLONE_FILES) */
	bool clear_handlers; /* CLONE_CLEAR_SIGHAND */
	int exit_signal; /* to the parent; 0: SIGCHLD, negative: none */
	int cpu;       /* -1: any */
};

struct program_ops {
	/*
	 * Runs the program until its next call. result: of the previous call (-errno on failure; 0
	 * at first). Fills req. False: the program has ended with *status as in wait(2).
	 */
	bool (*resume)(struct utask *u, s64 result, struct syscall_req *req, int *status);
	/*
	 * A handler is to run before the program goes on; called once for each signal, and the
	 * handler of the latest runs first, as its frame is on top. The next resume()'s result
	 * means nothing: the program runs the handler, whose calls are requests like others, and
	 * ends it with the request SYS_rt_sigreturn. The result that this returns is that of the
	 * call that was interrupted; a call to be restarted (SA_RESTART) is carried out again
	 * before that. restore: the signal mask after the handler.
	 */
	void (*handle_signal)(struct utask *u, const struct siginfo *info, u64 handler,
			      const struct sigset *restore);
	/*
	 * Optional. A call that this kind of program carries out itself, before the table of calls
	 * is asked: true when it did, with *result as a call's (-EPARK too).
	 */
	bool (*call)(struct utask *u, const struct syscall_req *req, s64 *result);
	/*
	 * Optional. The task is about to end, with this status as of wait(2): its memory and
	 * descriptors are still there.
	 */
	void (*exiting)(struct utask *u, int status);
	/*
	 * Optional: what the pathname of an AF_UNIX socket means. Writes its absolute form to key, PATH_MAX
	 * bytes; 0, -EEXIST when a file that is no socket of the host has it, or a negative errno. Without
	 * this a pathname is its text.
	 */
	s64 (*socket_path)(struct utask *u, const char *path, char key[]);
	/* The task is gone. */
	void (*destroy)(struct utask *u);
	/*
	 * The program keeps the frames of its handlers itself and makes a call that is to be
	 * restarted again by itself: it gets -ERESTARTNOINTR as its result. rt_sigreturn is a
	 * matter of call().
	 */
	bool native_frames;
};

/* What a call in progress keeps while it is parked. Zeroed when the call begins. */
struct syscall_ctx {
	bool started;	   /* set by the call at its first run, if it needs to know */
	nsec_t deadline;   /* absolute; 0: not yet computed, NSEC_NEVER: none */
	s64 done;	   /* bytes or messages completed */
	u64 scratch[4];
};

/* A handler that was set up and has not returned: what the program goes on with then. */
struct sigframe {
	struct sigframe *next;
	struct sigset mask;
	s64 result;
	bool restart; /* req is carried out (again) first */
	struct syscall_req req;
	nsec_t t_enter;
};

#define UTASK_MAX_HELD 2

/* One wait queue of one file that poll() or select() waits for. */
struct poll_entry {
	struct wait_entry wait;
	struct file *file; /* referenced */
};

/* A user task: t->priv. */
struct utask {
	struct task *task;
	const struct program_ops *prog;
	void *program;
	struct syscall_req req;
	struct syscall_ctx ctx;
	bool in_call;	 /* req is being carried out */
	bool call_done;	 /* result is there; the exit path is left to run */
	s64 result;
	nsec_t t_enter;
	struct sigset saved_mask; /* of sigsuspend, ppoll... */
	bool restore_mask;
	nsec_t compute_left;
	bool parked;	 /* the call has waited: its waits and timeout are to be undone */
	bool restart;	 /* req is to be carried out before the program is resumed */
	bool exiting;	 /* no call may wait any more */
	u64 copied;	 /* bytes between user and kernel in this call, not yet charged */
	nsec_t copy_cost;
	struct sigframe *frames; /* the innermost first */
	bool frames_restart;	 /* the frame of the call says that it is made again */
	bool yield;		 /* to the end of the run queue after this step */
	/* Files named by this call; referenced while it is parked. */
	struct {
		int fd;
		struct file *file;
		bool referenced;
	} held[UTASK_MAX_HELD];
	int nheld;
	int reserved_fd;      /* of a parked accept(); -1: none */
	struct file *closing; /* of a parked close() */
	struct rng rng;	      /* getrandom() */
	u32 moved;	      /* bytes that splice() has moved */
	u32 mmsg_done;	      /* messages that sendmmsg() or recvmmsg() have finished */
	/*
	 * Entries of poll() and select(), kept from call to call; linked while the call is parked.
	 */
	struct poll_entry *poll_entries;
	u32 npoll, poll_cap;
};

static inline struct utask *task_utask(struct task *t)
{
	return t->priv;
}
static inline struct syscall_ctx *task_ctx(struct task *t)
{
	return &task_utask(t)->ctx;
}

/*
 * Starts a program as a process of its own (parent NULL: the scenario's), from absolute time start.
 * cpu -1: any. Descriptors 0, 1 and 2 are console files whose output is traced as log rows.
 */
struct process *process_spawn(struct host *h, const char *name, const struct program_ops *ops,
			      void *program, int cpu, nsec_t start);

/*
 * For calls that must wait: links the task to q (exclusively for accept and recv), sets the timeout
 * and returns -EPARK; or the reason not to wait: -ERESTARTSYS when a signal is pending, -EAGAIN
 * when ctx->deadline has passed (or is now). Sets ctx->deadline from timeo (NSEC_NEVER: none) at
 * the first call. mask: poll events that should wake it, 0: any. what: static, for traces ("recv").
 */
s64 task_wait_on(struct task *t, struct wait_queue_head *q, bool exclusive, u32 mask, nsec_t timeo,
		 const char *what);

/* Ends one thread, or all of t's process; status as in wait(2). */
void utask_exit(struct task *t, int status);
void utask_exit_group(struct task *t, int status);
/*
 * execve(2) has succeeded: other threads end, descriptors with FD_CLOEXEC close, handlers become
 * SIG_DFL, the process has another name.
 */
void utask_exec(struct task *t, const char *name);

/* Ends the wait of a call that goes on to wait for something else (sendmmsg's next message). */
void task_wait_again(struct task *t);
/* Bytes that a call has copied between user and kernel; they cost CPU time. */
static inline void task_copied(struct task *t, size_t n)
{
	task_utask(t)->copied += n;
}
/* Swaps the signal mask until the call is over: ppoll, pselect6, epoll_pwait, rt_sigsuspend. */
void task_swap_mask(struct task *t, const struct sigset *mask);
/*
 * Rows for calls that have not returned when the run ends; for all hosts in order. Called once,
 * before the trace is closed.
 */
void syscall_trace_unfinished(struct world *w);

/* The number's name as strace has it; NULL when it is not implemented. */
const char *syscall_name(int nr);
/* Carries out one request for t; what the user-task driver calls. */
s64 syscall_dispatch(struct task *t, const struct syscall_req *req);
/*
 * Formats the arguments (and, after the call, what was returned through pointers) as strace does.
 */
void syscall_format(struct task *t, const struct syscall_req *req, s64 result, bool exit, char *buf,
		    size_t len);

/* The typed calls are declared in stack/syscalls.h. */

#endif

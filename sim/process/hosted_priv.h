/* SPDX-License-Identifier: MIT */
/*
 * Doors between the hosted_*.c files: ordinary Linux programs as virtual processes.
 *
 * A hosted thread is a real thread that is stopped except while its task is resumed: exactly one real
 * thread runs at any moment, and the simulator waits for it. It stops when it makes a call that the
 * seccomp filter (hosted_filter.c) sends here, in one of two ways: as a seccomp notification, the fast
 * way, for nearly everything, or as a ptrace stop, for calls whose registers matter (clone, execve,
 * rt_sigreturn, exit). The call's arguments are copied in (hosted_args.c), it is carried out in virtual
 * time by stack/ as if a Lua program had made it, or by struct hosted_call for what only real programs
 * know (futex, openat, clone), and its results are copied back when the task is resumed.
 *
 * Nothing real may reach a result: pids and tids are the task's, clocks and randomness the host's.
 */
#ifndef SIM_PROCESS_HOSTED_PRIV_H
#define SIM_PROCESS_HOSTED_PRIV_H

#include <sys/types.h>

#include "sim/process/hosted.h"
#include "stack/syscall.h"

/*
 * Descriptors of native files live in [HOSTED_FD_BASE, HOSTED_FD_BASE + HOSTED_FD_COUNT), so that the
 * filter can tell them from simulated ones by number, and reading a file costs what it costs outside.
 * 0, 1 and 2 may be native too (they are inherited, or the lowest free), and what dup2() puts low.
 * Simulated files never get a number of that window.
 */
#define HOSTED_FD_BASE FD_NATIVE_BASE
#define HOSTED_FD_COUNT FD_NATIVE_COUNT

/* Where a real thread is held. */
enum hosted_at {
	HELD_NEW = 0, /* ptrace stop before its first instruction */
	HELD_NOTIFY,  /* its call waits for the answer to a seccomp notification */
	HELD_ENTRY,   /* ptrace stop on the way into a call, which has not been carried out natively */
	HELD_EXIT,    /* ptrace stop on the way out of a call that was carried out natively */
	HELD_FAULT,   /* ptrace stop because of a fault of its own */
	HELD_TSC,	    /* ptrace stop because it reads the time-stamp counter */
	HELD_DEAD,
};

/* How a finished call is answered. */
enum hosted_answer {
	ANSWER_RESULT = 0, /* with the result that the simulator found */
	ANSWER_NATIVE,	   /* if that is no error, carry the call out natively: both sides must know */
	ANSWER_AS_IS,	   /* HELD_EXIT: registers are as the native call left them */
};

/* Copies of a call's memory: freed, or kept for the next call, when the call has returned. */
struct hosted_arena {
	u8 *base;
	size_t size, used;
	void **big; /* pieces that did not fit; freed after the call */
	size_t big_size;
	u32 nbig;
};

/* Bytes that are copied between the program's memory and ours. */
struct hosted_piece {
	u64 addr;
	void *p;
	size_t len;
};
#define HOSTED_PIECES 64 /* that are moved with one system call */

/* A signal whose handler is to run before the program goes on. */
struct hosted_signal {
	struct siginfo info;
	u64 mask; /* what the handler's return restores */
};

/* What the threads of one process share; a real thread group. */
struct hosted_proc {
	u32 refs;
	struct hosted_world *hw;
	pid_t tgid;   /* real */
	int listener; /* of the filter that it was started with; shared along the tree of forks */
	u32 *listener_refs;
	u64 mm;	      /* unique for each address space: the key of private futexes */
	u32 umask;
	char *cwd; /* of a process that stands in a virtual directory; else NULL */
	bool threaded; /* it has had more than one thread */
	bool main; /* it has the caller's standard streams: the run ends with it */
};

struct hosted {
	struct list_head node; /* hosted_world->threads */
	struct list_head hash; /* hosted_world->by_tid */
	struct hosted_image *image; /* to be started at the first resume; else NULL */
	struct utask *u;       /* NULL until it is resumed for the first time */
	struct hosted_proc *proc;
	pid_t tid; /* real */
	enum hosted_at at;
	u64 notify_id;
	/* The call as the program made it: user addresses. */
	int nr;
	u64 args[6];
	enum hosted_answer answer;
	struct hosted_arena arena;
	bool marshalled;
	int early;   /* the arguments could not be copied: the call's result; else 0 */
	int status;  /* HELD_DEAD: as waitpid gave it; HELD_FAULT: the signal */
	u64 stop[3]; /* HELD_FAULT: si_code, address; HELD_TSC: length of the instruction */
	bool running;
	struct hosted_signal *signals; /* to be set up at the next resume, the innermost last */
	u32 nsignals;
	/* vfork(): the parent waits for the child, which lends its memory, to be done with it. */
	struct hosted *vfork_child, *vfork_parent;
	struct wait_queue_head vfork_wait;
	struct sigset vfork_mask;
	void *futex;		/* hosted_futex.c: what it waits for */
	u64 clear_child_tid, robust_list;
};

static inline struct hosted *utask_hosted(struct utask *u)
{
	return u->program;
}
extern const struct program_ops hosted_program_ops;

/* ---- memory of the program: hosted_mem.c -------------------------------------------------------- */

/* 0 or -EFAULT; all or nothing is not promised. */
int hosted_read(struct hosted *h, u64 addr, void *buf, size_t len);
int hosted_write(struct hosted *h, u64 addr, const void *buf, size_t len);
/* Up to HOSTED_PIECES of them, in order; 0 or -EFAULT. */
int hosted_move(struct hosted *h, const struct hosted_piece *v, u32 n, bool write);
/* With the zero byte. Its length, -EFAULT, or -ENAMETOOLONG when it does not fit. */
int hosted_read_string(struct hosted *h, u64 addr, char *buf, size_t size);
/* Room that lives until the call has returned; not cleared. */
void *hosted_alloc(struct hosted *h, size_t len);
void hosted_arena_reset(struct hosted *h);
void hosted_arena_free(struct hosted *h);

/* ---- arguments: hosted_args.c ------------------------------------------------------------------- */

/*
 * Fills req from h->nr and h->args: copies what the call reads into the arena, makes room there for
 * what it writes. 0, or the negative errno that is the call's result: then pointers in req are NULL,
 * so that it can be traced.
 */
int hosted_args_in(struct hosted *h, struct syscall_req *req);
/* Copies back what the call wrote. The result, or -EFAULT. */
s64 hosted_args_out(struct hosted *h, const struct syscall_req *req, s64 result);

/* ---- calls that only real programs make: hosted_calls.c ----------------------------------------- */

/* a: as in req (copies where hosted_args.c knows the call, user addresses in h->args). */
struct hosted_call {
	int nr;
	s64 (*fn)(struct task *t, struct hosted *h, const s64 *a);
};
/* program_ops.call. */
bool hosted_call(struct utask *u, const struct syscall_req *req, s64 *result);
/* One table in each file. They end with fn NULL. */
extern const struct hosted_call hosted_futex_calls[];
extern const struct hosted_call hosted_file_calls[];
extern const struct hosted_call hosted_open_calls[];
extern const struct hosted_call hosted_stat_calls[];
extern const struct hosted_call hosted_virtual_calls[];
extern const struct hosted_call hosted_cwd_calls[];
/* Would this flock() or fcntl() wait for a lock? hosted_lock.c */
bool hosted_lock_waits(struct hosted *h);
/* It would, or would have: waits in virtual time, then lets the call through. */
s64 hosted_lock(struct task *t, struct hosted *h);
/* program_ops.socket_path; hosted_socket_path.c. */
s64 hosted_socket_path(struct utask *u, const char *path, char key[]);
extern const struct hosted_call hosted_clone_calls[];
extern const struct hosted_call hosted_signal_calls[];

/* ---- native files: hosted_file.c ---------------------------------------------------------------- */

/* True when fd is a native file now: calls on it are the kernel's. */
bool hosted_fd_native(struct hosted *h, int fd);
/*
 * A call that is not ours after all (a descriptor that is native, a path that is not virtual) and is
 * answered at once with "go on natively": costs no virtual time and leaves no row.
 */
bool hosted_passes(struct hosted *h);
/* A description of a native file; takes over real_fd. path: as it was opened, or NULL. */
struct file *hosted_native_file(struct host *host, int real_fd, u32 flags, const char *path);
/* The supervisor's descriptor of a native file; -1: it is none. */
int hosted_native_fd(struct file *f);
/* exec: 0, 1 and 2 of a new process are the supervisor's own, as its real process inherits them. */
void hosted_inherit_streams(struct process *p);
/*
 * Gives the program the supervisor's descriptor real_fd at number fd; the program's call must be
 * waiting (HELD_NOTIFY). 0 or negative errno.
 */
int hosted_add_fd(struct hosted *h, int real_fd, int fd, bool cloexec);

/* ---- futexes: hosted_futex.c -------------------------------------------------------------------- */

/* A thread ends: robust list, then clear_child_tid and its waiter (futex(2), set_tid_address(2)). */
void hosted_futex_exit(struct task *t, struct hosted *h);

/* ---- the real threads: hosted_tracee.c ---------------------------------------------------------- */

/* Lets h go on from where it is held and waits until it is held again, or dead. */
void hosted_run(struct hosted *h, s64 result);

#endif

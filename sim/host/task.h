/* SPDX-License-Identifier: MIT */
/*
 * Tasks (threads), processes (what threads share) and scheduling.
 *
 * A task is a sequence of steps like everything that runs on a CPU (cpu.h): next() gives a step's cost,
 * run() its effect. Two kinds exist: kernel threads (ksoftirqd, threaded NAPI) with their own ops, and
 * user tasks, whose ops are in stack/syscall.c: they resume a program to its next call and carry it out.
 *
 * A task that waits returns STEP_PARK from run() after it has linked itself to wait queues and a
 * timeout. There is no stack to keep. When woken, its next() and run() are called again.
 *
 * Scheduling: each CPU has a run queue, first in first out; which runnable task goes next is a choice
 * (CHOICE_TASK). A wakeup goes to the task's previous CPU if that is idle, else to the lowest-numbered
 * idle CPU that its affinity allows, else to the previous CPU; this pick too is a choice
 * (CHOICE_WAKE_CPU). A task that runs on gives way to others at the end of its time slice
 * (TASK_SLICE, 3 ms: the base slice of the kernel's EEVDF scheduler) when somebody waits.
 */
#ifndef SIM_HOST_TASK_H
#define SIM_HOST_TASK_H

#include "sim/engine/event.h"
#include "sim/engine/list.h"
#include "sim/host/host.h"
#include "sim/host/signal.h"
#include "sim/host/wait.h"

#define TASK_SLICE (3 * NSEC_PER_MSEC)
#define TASK_NAME_LEN 16

enum step_result {
	STEP_AGAIN, /* call next() for the following step */
	STEP_PARK,  /* waits: woken by task_wake() */
	STEP_YIELD, /* to the end of the run queue */
	STEP_HOLD,  /* goes on, unless it is held up (CHOICE_HOLD) */
	STEP_EXIT,  /* task_exit() has been called */
};

struct task_ops {
	nsec_t (*next)(struct task *t);
	enum step_result (*run)(struct task *t);
	/* Frees what belongs to the task's driver; the task itself is freed by this layer. */
	void (*destroy)(struct task *t);
};

enum task_state {
	TASK_NEW = 0, /* its start time has not come */
	TASK_RUNNING, /* on a CPU or in a run queue */
	TASK_PARKED,
	TASK_HELD,    /* would run, but is kept from it for a while (CHOICE_HOLD) */
	TASK_STOPPED, /* would run, but its process is stopped (SIGSTOP) */
	TASK_DEAD,
};

struct files_struct; /* stack/file.h */
struct process_attr; /* sim/host/process.h */

/* What the threads of one process share. */
struct process {
	struct list_head node;	   /* host->processes */
	struct list_head threads;  /* struct task.thread_node, in order of creation */
	struct list_head children; /* struct process.sibling */
	struct list_head sibling;
	struct process *parent; /* NULL: init, which is no process here */
	struct host *host;
	int pid;
	int parent_tid;	 /* the parent's thread that made it */
	u32 uid, gid;	 /* effective; the others are in struct cred (process.h) */
	u64 caps; /* effective: bit mask of CAP_*; the scenario's default is that of root */
	char name[TASK_NAME_LEN];
	struct files_struct *files; /* owned by stack/ */
	struct signal_struct sig;
	struct wait_queue_head wait_child; /* wait4 */
	bool zombie;	 /* all threads gone, status not collected */
	bool stopped;	 /* by SIGSTOP and its kin, until SIGCONT */
	bool continued;	 /* by SIGCONT, and no wait has told so yet */
	bool group_exit; /* exit_group() or a signal: one status for all threads */
	bool execed;	 /* has carried out execve() since its fork */
	u8 exit_signal;	 /* to the parent; SIGCHLD, or what clone() said (0: none) */
	u8 stop_signal;	 /* what stopped it, until a wait has told; 0: told */
	int status;	 /* as wait(2) gives it */
	u32 user_step_cost; /* ns of the program's own work between two calls */
	u32 nofile;	 /* RLIMIT_NOFILE, soft; default 1024 */
	u32 nofile_max;	 /* the hard limit */
	int oom_score_adj; /* kept for /proc */
	int pgid, sid;	 /* process group and session */
	nsec_t cpu_time, utime; /* of all its threads there ever were; utime: the program's part */
	void *timers;	 /* setitimer() and timer_create(); owned by stack/ */
	struct process_attr *attr; /* what few processes change; NULL: all as at first */
};

struct task {
	struct list_head run_node;    /* in a run queue */
	struct list_head thread_node; /* process->threads */
	struct host *host;
	struct process *proc; /* NULL: a kernel thread */
	const struct task_ops *ops;
	void *priv;	      /* the ops' own */
	int tid;	      /* of the main thread: the pid */
	char name[TASK_NAME_LEN];
	enum task_state state;
	int cpu;	      /* where it runs or ran last */
	u64 affinity[4];      /* allowed CPUs, one bit each */
	bool woken;	      /* a wakeup came since run() last began */
	bool timed_out;	      /* the timeout expired since it was set */
	bool in_user;	      /* the step under way is the program's own work */
	struct event timeout;
	const char *wait_what; /* static: what it parks on, for traces and deadlock reports */
	struct sigset blocked;
	struct sigset real_blocked; /* sigtimedwait(): what is blocked for the program; else none */
	struct signal_queue pending; /* signals sent to this thread */
	nsec_t t_start, cpu_time, utime; /* utime: the program's own part of cpu_time */
	u32 nvcsw, nivcsw; /* context switches: because it waited, because it had to */
	struct wait_entry waits[2]; /* the common case of one or two queues */
};

/* Makes a process with no threads. parent may be NULL. pid 0: the next free one. */
struct process *process_new(struct host *h, struct process *parent, const char *name);
/* Makes a runnable task on cpu (or -1: any); starts at once. proc NULL: a kernel thread. */
struct task *task_new(struct host *h, struct process *proc, const char *name,
		      const struct task_ops *ops, void *priv, int cpu);
/* As task_new(), but the task first becomes runnable at absolute time start. */
struct task *task_new_at(struct host *h, struct process *proc, const char *name,
			 const struct task_ops *ops, void *priv, int cpu, nsec_t start);
/*
 * Ends the task: removes it from queues, reports it to the trace, and when it was the last of its
 * process makes the process a zombie, sends SIGCHLD to the parent and wakes wait_child. Called from its
 * own run(), which then returns STEP_EXIT, or for another thread (exit_group).
 */
void task_exit(struct task *t, int status);
/* Makes a parked task runnable; remembers the wakeup when it is not parked. */
void task_wake(struct task *t);
/* What strategies know it by. */
u32 task_actor(const struct task *t);
/* Sets or, with NSEC_NEVER, clears the timeout that wakes the task (absolute time). */
void task_set_timeout(struct task *t, nsec_t when);
/* The task that the current step belongs to; NULL in interrupt context or outside any step. */
struct task *task_current(struct host *h);
void task_set_affinity(struct task *t, const u64 mask[4]);
struct task *task_find(struct host *h, int tid);
struct process *process_find(struct host *h, int pid);
/*
 * A thread group by its number or that of any of its threads, as kill(2) finds it; NULL: none.
 */
struct process *process_find_any(struct host *h, int tid);
/* Frees a zombie that nobody will wait for. */
void process_reap(struct process *p);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending, queueing, blocking and taking them (signal(7)).
 *
 * This layer keeps the state and decides which task is to take a signal. What taking means (run the
 * handler, default action, EINTR or restart) is up to the task's driver in stack/syscall.c, which calls
 * signal_take() before it returns to the program.
 */
#ifndef SIM_HOST_SIGNAL_H
#define SIM_HOST_SIGNAL_H

#include "sim/engine/list.h"
#include "sim/engine/types.h"

struct task;
struct process;
struct host;

#define SIG_MAX 64 /* signals are 1..64; 32 and up are real-time signals, which queue */

struct sigset {
	u64 bits; /* bit signo - 1 */
};

struct siginfo {
	int signo;
	int code; /* SI_USER, SI_KERNEL, POLL_IN... */
	int pid;
	u32 uid;
	int status;
	int fd;	  /* si_fd of SIGIO */
	s64 band; /* si_band */
	s64 value;
	s64 utime, stime; /* of SIGCHLD, in clock ticks (USER_HZ, 100) */
	int timerid, overrun; /* of SI_TIMER */
};

struct signal_entry {
	struct list_head node;
	struct siginfo info;
};

struct signal_queue {
	struct sigset set;
	struct list_head queued; /* struct signal_entry, in order of arrival */
	int nqueued;
};

enum sig_disposition { SIGD_DEFAULT = 0, SIGD_IGNORE, SIGD_HANDLER };

struct sigaction_state {
	enum sig_disposition disposition;
	u32 flags; /* SA_RESTART, SA_SIGINFO, SA_RESETHAND, SA_NODEFER ... as in signal.h */
	struct sigset mask;
	u64 handler; /* the program's own name for its handler */
};

struct signal_struct {
	struct signal_queue pending; /* sent to the process */
	struct sigaction_state *actions; /* [SIG_MAX + 1]; NULL: all as they are at first */
};

/* How a process takes a signal; for reading. */
const struct sigaction_state *signal_action(const struct process *p, int signo);
/* The same, to be changed. */
struct sigaction_state *signal_action_set(struct process *p, int signo);
/* fork(): the child takes signals as its parent does. */
void signal_actions_copy(struct process *child, const struct process *parent);

void signal_queue_init(struct signal_queue *q);
void signal_queue_clear(struct signal_queue *q);

/*
 * Sends to a process (any thread that does not block it takes it) or to one task. Ignored signals are
 * dropped here, as the kernel does; the target is woken when it must act. 0 or negative errno
 * (-EAGAIN: the real-time queue is full).
 */
int signal_send_process(struct process *p, const struct siginfo *info);
int signal_send_task(struct task *t, const struct siginfo *info);
/* SIG_IGN, or SIG_DFL where that means the same. */
bool signal_ignored_by(const struct process *p, int signo);
/* A stop signal that was blocked until now takes effect. */
void signal_stop(struct process *p, int signo);
/* True when a signal that is sent now would be dropped, since t's process ignores it. */
bool signal_ignored(const struct task *t, int signo);
/* What is pending of these signals is forgotten: they are ignored from now on. */
void signal_discard(struct process *p, u64 mask);
/* The signal of a timer that is deleted or set anew, wherever it is pending. */
void signal_discard_timer(struct process *p, int timerid);
/* True when a signal waits that the task does not block: what makes a sleep end with EINTR. */
bool signal_pending(const struct task *t);
/* Takes the next unblocked signal, lowest number first, thread's before process's. False: none. */
bool signal_take(struct task *t, struct siginfo *info);
/* The same, as if the task blocked just these: sigwaitinfo(2), signalfd(2). */
bool signal_dequeue(struct task *t, u64 blocked, struct siginfo *info);
/* Default action of signo. */
enum sig_default { SIG_ACT_TERM, SIG_ACT_CORE, SIG_ACT_IGN, SIG_ACT_STOP, SIG_ACT_CONT };
enum sig_default signal_default_action(int signo);
const char *signal_name(int signo); /* "SIGPIPE" */
int signal_parse(const char *name); /* 0 when unknown */

#endif

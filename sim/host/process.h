/* SPDX-License-Identifier: MIT */
/*
 * What few processes change: identities beside the effective ones, limits, relations.
 *
 * An idle host is small, so these live outside struct process and exist from the first change on.
 */
#ifndef SIM_HOST_PROCESS_H
#define SIM_HOST_PROCESS_H

#include "sim/host/task.h"

#define CAP_FULL_SET ((1ull << 41) - 1) /* all that Linux 6.18 knows (linux/capability.h) */
#define PROCESS_RLIMITS 16
#define RLIM_NONE (~0ull)
#define RLIM_HOST (~0ull - 1) /* what the host bounds: its max_tasks */

/* Identities and capabilities (credentials(7), capabilities(7)). */
struct cred {
	u32 ruid, euid, suid, fsuid;
	u32 rgid, egid, sgid, fsgid;
	u32 ngroups;
	u32 *groups; /* supplementary ones, ascending; owned by the process */
	u64 permitted, effective, inheritable, bounding, ambient;
	u32 securebits;
};

/* What a process has used. */
struct cpu_usage {
	nsec_t utime, stime;
	u64 nvcsw, nivcsw;
};

struct process_limit {
	u64 cur, max;
};

/*
 * Somebody who holds on to a process by other means than its number (pidfd_open(2)). proc is NULL
 * when the process is gone.
 */
struct process_ref {
	struct list_head node; /* process_attr->refs */
	struct process *proc;
	int pid;
	struct wait_queue_head exited;
};

/*
 * The same, shared by all that name the process as a sender or peer (SO_PEERPIDFD, SCM_PIDFD).
 */
struct pid_ref {
	u32 refs;
	struct process_ref ref;
};

struct process_attr {
	struct pid_ref *pid; /* held; NULL: nobody has asked for one */
	const char *label;   /* security label, of host_label(); NULL: none */
	struct cred *cred; /* NULL: all identities are the effective ones */
	struct cpu_usage threads;  /* context switches of threads that are gone */
	struct cpu_usage children; /* of children that were waited for, and theirs */
	struct process_limit limits[PROCESS_RLIMITS];
	struct list_head refs; /* struct process_ref */
	struct wait_queue_head signalfd; /* woken with every signal that is queued */
	u8 pdeath_signal;   /* sent to it when the thread that made it ends */
	bool undumpable;    /* PR_SET_DUMPABLE 0 */
	bool subreaper;	    /* adopts its descendants' orphans */
	bool no_new_privs;
	u32 membarrier;	    /* MEMBARRIER_CMD_REGISTER_*: what was registered */
	u64 timer_slack;
};

/* For reading. */
const struct process_attr *process_attr(const struct process *p);
/* To be changed. */
struct process_attr *process_attr_set(struct process *p);
/* fork(): what the child has of these. */
void process_attr_copy(struct process *child, const struct process *parent);

/* A copy of p's identities; groups is p's own. */
struct cred process_cred(const struct process *p);
/* Gives p these; groups is copied when it is not p's own. */
void process_cred_set(struct process *p, const struct cred *c);

/* What p has used; children is in process_attr(). */
struct cpu_usage process_usage(const struct process *p);
/* A child was waited for: what it and its children have used counts as p's children's. */
void process_usage_reap(struct process *p, const struct process *child);

void process_ref_init(struct process_ref *r, struct process *p);
void process_ref_drop(struct process_ref *r);
/* p's, with one reference more. */
struct pid_ref *pid_ref_of(struct process *p);
static inline struct pid_ref *pid_ref_get(struct pid_ref *r)
{
	r->refs++;
	return r;
}
/* r may be NULL. */
void pid_ref_put(struct pid_ref *r);

/*
 * The group has no member whose parent is in another group of the same session (setpgid(2),
 * credentials(7)): nobody could continue it. ignored counts as gone; it may be NULL.
 */
bool pgrp_orphaned(struct host *h, int pgid, const struct process *ignored);
/*
 * The child's parent goes, or ceases to be its parent (child NULL: p itself goes): if its group is
 * orphaned by that and has stopped members, they get SIGHUP and SIGCONT.
 */
void pgrp_exit(struct process *p, struct process *child);

/* A thread of p ends, or p does (t NULL): its children find another parent. */
void process_reparent(struct process *p, struct task *t);
/* Tells p's parent of what became of p (SIGCHLD, wait). True: the parent wants no zombie. */
bool process_notify_parent(struct process *p);
/* The same for stops and continues. code: CLD_STOPPED or CLD_CONTINUED. */
void process_notify_job(struct process *p, int code, int signo);
/* si_code and si_status for a wait status. */
void wait_status_split(int status, int *code, int *value);

#endif

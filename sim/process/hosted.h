/* SPDX-License-Identifier: MIT */
/*
 * Hosted programs: ordinary Linux binaries (x86-64), dynamic or static, as virtual processes.
 *
 * Their calls about the network, time, waiting, signals, threads and randomness are served by the
 * simulated host; what they compute, their memory and their files are native. A program that computes
 * between two calls costs its process's user_step_cost of virtual time, whatever the computation.
 * See README.md of this folder for the mechanism (seccomp user notification and ptrace; no privilege).
 */
#ifndef SIM_PROCESS_HOSTED_H
#define SIM_PROCESS_HOSTED_H

#include "sim/host/task.h"

struct hosted_world;

struct hosted_options {
	const char *const *argv; /* NULL at the end; argv[0] with a slash, or searched in PATH */
	const char *const *env;	 /* NULL at the end; whole environment */
	const char *name;	 /* of the process; NULL: the last part of argv[0] */
	const char *cwd;	 /* NULL: a new private directory, removed at the end of the world */
	int cpu;		 /* -1: any */
	nsec_t start;
	/* Standard streams are the caller's own, and the run ends with it; else rows of the log. */
	bool streams;
};

/*
 * Starts a program as a process of its own. NULL, with *err (malloc) saying why, when there is no such
 * program or this machine cannot host (no seccomp, RLIMIT_NOFILE too low).
 */
struct process *hosted_spawn(struct host *h, const struct hosted_options *o, char **err);

/* A program that ran into a limit of sockloom's own; the run stopped there. */
struct hosted_failure {
	struct host *host;
	int tid;
	char name[TASK_NAME_LEN];
	const char *message; /* static */
};
/* NULL: there was none. */
const struct hosted_failure *hosted_failure(struct world *w);

/* The status, as of wait(2), of the program that had the caller's streams. False: it has not ended. */
bool hosted_main_status(struct world *w, int *status);

/* A call that programs made and that nothing here serves: they got ENOSYS. */
struct hosted_missing {
	const char *name;
	u64 count;
};
/* In order of number; owned by the world, valid until the next call of this function. */
const struct hosted_missing *hosted_missing(struct world *w, size_t *n);

/* w->hosted, after the world was destroyed, whose programs hold real processes. NULL: does nothing. */
void hosted_world_free(struct hosted_world *hw);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the files of the hosting mechanism itself share: real threads, notifications, ptrace.
 */
#ifndef SIM_PROCESS_HOSTED_INT_H
#define SIM_PROCESS_HOSTED_INT_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "sim/process/hosted_priv.h"

/* Newer than the oldest headers that this builds with; linux/seccomp.h. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP 1
#endif

#define HOSTED_BUCKETS 1024
#define HOSTED_LAST_NR 512
#define HOSTED_COMPUTE_LIMIT 60 /* seconds of real CPU time between two calls */

struct hosted_world {
	struct world *w;
	struct list_head threads;	     /* struct hosted.node, in order of creation */
	struct list_head by_tid[HOSTED_BUCKETS]; /* struct hosted.hash */
	struct sock_filter *filter;
	u16 filter_len;
	u64 next_mm;
	struct timespec started; /* real time; only to tell files that the run has written */
	u64 missing[HOSTED_LAST_NR + 1];     /* calls that got ENOSYS, by number */
	struct hosted_missing *missing_list;
	void *futexes; /* hosted_futex.c */
	char *dir;     /* of all private directories; NULL: none yet */
	int dir_lock;
	u32 ndirs;
	struct hosted *stuck; /* it computed without end; being killed */
	struct hosted_failure failure;
	bool failed;
	bool main_over; /* the program with the caller's streams */
	int main_status;
};

/* A program that has not been started yet. */
struct hosted_image {
	char **argv, **env;
	char *path; /* of the executable, absolute */
	char *cwd;  /* NULL: make a private one */
	bool streams;
};

struct hosted_world *hosted_world_get(struct world *w);
struct hosted *hosted_find(struct hosted_world *hw, pid_t tid);
/* A real thread has got its number, or another one (execve), or 0: gone. */
void hosted_set_tid(struct hosted *h, pid_t tid);
void hosted_image_free(struct hosted_image *im);
struct hosted_proc *hosted_proc_new(struct hosted_world *hw);
struct hosted *hosted_new(struct hosted_proc *proc);
/* Frees it; the last one of its process kills what is left of the real one. */
void hosted_put(struct hosted *h);

/* hosted_clone.c: a child of vfork() no longer needs its parent's memory. */
void hosted_vfork_done(struct hosted *h);

/* hosted_filter.c: the program, to be freed; its length. */
u16 hosted_filter_build(struct sock_filter **insns);

/* hosted_start.c: a real process, held before its first instruction. 0 or negative errno. */
int hosted_start(struct hosted *h, const struct hosted_image *im);

/* hosted_tracee.c */
/* Blocks until the thread tid stops or ends; its status as waitpid's. -1: there is no such thread. */
int hosted_waitpid(pid_t tid);
/* waitpid until h stops on its way out of the call that it is let into; true when it did. */
bool hosted_native_call(struct hosted *h);
/* What waitpid() said of h. */
void hosted_note(struct hosted *h, int status);
/* HELD_ENTRY, HELD_EXIT, HELD_TSC: puts the result into the registers; h stays held. */
void hosted_prepare(struct hosted *h, s64 result);
/* Sends the answer that lets h leave where it is held, without waiting. */
void hosted_answer(struct hosted *h, s64 result);
void hosted_signals_install(void);
void hosted_signals_restore(void);

/* hosted_tsc.c: the supervisor's own permission to read the time-stamp counter. */
extern volatile int hosted_tsc_allowed __attribute__((visibility("hidden")));
void hosted_tsc_forbid(void);
void hosted_tsc_restore(void);
/* The length of the instruction if it reads the counter, else 0. */
int hosted_tsc_length(const u8 b[3]);

/* hosted_signal.c: sets up frames for h->signals and lets h go. False: it died, or is held again. */
bool hosted_inject(struct hosted *h, s64 result);

/* hosted_image.c: after execve: hides the vDSO, sets AT_RANDOM and the identity. */
void hosted_image_setup(struct hosted *h);

/*
 * hosted_dir.c: a new directory for a process, /tmp/sockloom.NN/HOST.N, the same in each run (NN is 00
 * unless another run has it). Removed with the world; free() the name.
 */
char *hosted_private_directory(struct hosted_world *hw, const char *host);
void hosted_dir_free(struct hosted_world *hw);

/* hosted_name.c: "/a/./b//../c" becomes "/a/c". */
void hosted_normalise(char *path);

/* hosted_names.c: as strace has it; NULL: no such call. */
const char *hosted_call_name(int nr);

#endif

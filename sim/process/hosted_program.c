/* SPDX-License-Identifier: MIT */
/*
 * A hosted Linux program as a virtual process: struct program_ops over a real thread.
 */
#include "sim/process/hosted.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/engine/trace.h"
#include "sim/host/world.h"
#include "sim/process/hosted_int.h"
#include "stack/syscall_table.h"

/* Reading the time-stamp counter takes some 20 ns, so that a loop over it makes progress. */
#define TSC_COST 20

/* ---- resuming ------------------------------------------------------------------------------------ */

static void print(struct hosted *h, const char *stream, const char *text)
{
	struct task *t = h->u->task;

	trace_log(t->host->sim->trace, host_now(t->host), t->host->id, t->tid, stream, text,
		  strlen(text));
}

/* As a shell does: 127 there is no such file, 126 it cannot be executed. */
static bool start(struct hosted *h, int *status)
{
	char text[PATH_MAX + 64];
	int err = hosted_start(h, h->image);

	if (err < 0) {
		snprintf(text, sizeof(text), "%s: %s\n", h->image->path, strerror(-err));
		print(h, "stderr", text);
		*status = (err == -ENOENT ? 127 : 126) << 8;
	}
	hosted_image_free(h->image);
	h->image = NULL;
	return err >= 0;
}

static void request(struct hosted *h, struct syscall_req *req)
{
	memset(req->a, 0, sizeof(req->a));
	h->early = 0;
	switch (h->at) {
	case HELD_FAULT:
		req->nr = CALL_FAULT;
		req->a[0] = h->status;
		return;
	case HELD_TSC:
		req->nr = CALL_COMPUTE;
		req->a[0] = TSC_COST;
		return;
	default:
		req->nr = h->nr;
		h->early = hosted_args_in(h, req);
		h->marshalled = !h->early;
		return;
	}
}

static void stuck(struct hosted *h)
{
	struct hosted_world *hw = h->proc->hw;
	struct task *t = h->u->task;

	hw->stuck = NULL;
	hw->failed = true;
	hw->failure = (struct hosted_failure){
		.host = t->host, .tid = t->tid,
		.message = "it computed for a minute without a call: virtual time stands still "
			   "meanwhile, so that a loop that waits for another thread never ends",
	};
	memcpy(hw->failure.name, t->name, sizeof(t->name));
	sim_stop(&hw->w->sim);
}

const struct hosted_failure *hosted_failure(struct world *w)
{
	struct hosted_world *hw = w->hosted;

	return hw && hw->failed ? &hw->failure : NULL;
}

static bool hosted_resume(struct utask *u, s64 result, struct syscall_req *req, int *status)
{
	struct hosted *h = u->program;

	h->u = u;
	if (h->image && !start(h, status))
		return false;
	if (h->marshalled)
		result = hosted_args_out(h, req, result);
	h->marshalled = false;
	hosted_arena_reset(h);
	hosted_run(h, result);
	while (h->at == HELD_NOTIFY && hosted_passes(h)) {
		h->answer = ANSWER_NATIVE;
		hosted_run(h, 0);
	}
	if (h->proc->hw->stuck == h)
		stuck(h);
	if (h->at == HELD_DEAD) {
		*status = WIFSIGNALED(h->status) ? WTERMSIG(h->status) : h->status & 0xff00;
		return false;
	}
	request(h, req);
	return true;
}

static void hosted_handle_signal(struct utask *u, const struct siginfo *info, u64 handler,
				 const struct sigset *restore)
{
	struct hosted *h = u->program;

	h->signals = xrealloc(h->signals, (h->nsignals + 1) * sizeof(*h->signals));
	h->signals[h->nsignals++] = (struct hosted_signal){ .info = *info, .mask = restore->bits };
}

/* ---- calls --------------------------------------------------------------------------------------- */

/* A fault that is blocked or ignored is fatal all the same (signal(7), "Synchronous..."). */
static s64 fault(struct task *t, struct hosted *h)
{
	struct siginfo info = { .signo = h->status, .code = (int)h->stop[0],
				.value = (s64)h->stop[1] };
	const struct sigaction_state *sa = signal_action(t->proc, info.signo);

	if (sa->disposition != SIGD_HANDLER || t->blocked.bits >> (info.signo - 1) & 1) {
		utask_exit_group(t, info.signo);
		return 0;
	}
	return signal_send_task(t, &info);
}

static const struct hosted_call *find_call(int nr)
{
	static const struct hosted_call *const tables[] = { hosted_clone_calls, hosted_signal_calls,
							    hosted_futex_calls, hosted_file_calls,
							    hosted_open_calls, hosted_stat_calls,
							    hosted_virtual_calls, hosted_cwd_calls };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct hosted_call *c = tables[i]; c->fn; c++) {
			if (c->nr == nr)
				return c;
		}
	}
	return NULL;
}

static void count_missing(struct hosted_world *hw, int nr)
{
	if (nr >= 0 && nr <= HOSTED_LAST_NR)
		hw->missing[nr]++;
}

bool hosted_call(struct utask *u, const struct syscall_req *req, s64 *result)
{
	struct hosted *h = u->program;
	const struct syscall_entry *e;
	const struct hosted_call *c;

	if (req->nr == CALL_FAULT) {
		*result = fault(u->task, h);
		return true;
	}
	if (req->nr >= CALL_COMPUTE)
		return false;
	if (h->early) {
		*result = h->early;
		return true;
	}
	c = find_call(req->nr);
	if (c) {
		*result = c->fn(u->task, h, req->a);
		return true;
	}
	e = syscall_entry(req->nr);
	/* Restartable sequences would need to be told of each switch; libraries do without. */
	if ((!e || !e->fn) && req->nr != SYS_rseq)
		count_missing(h->proc->hw, req->nr);
	return false;
}

/* The caller's own program is over, and with it the run. */
static void main_over(struct hosted *h, int status)
{
	struct hosted_world *hw = h->proc->hw;

	hw->main_over = true;
	hw->main_status = status;
	sim_stop(&hw->w->sim);
}

static void hosted_exiting(struct utask *u, int status)
{
	struct hosted *h = u->program;

	if (h->u && h->tid && h->at != HELD_DEAD)
		hosted_futex_exit(u->task, h);
	hosted_vfork_done(h);
	if (h->proc->main && h->proc->refs == 1)
		main_over(h, status);
}

/* A thread that ends while others of its process go on does so natively: its exit is let through. */
static void hosted_destroy(struct utask *u)
{
	struct hosted *h = u->program;

	if (h->vfork_child)
		h->vfork_child->vfork_parent = NULL;
	hosted_vfork_done(h);
	if (h->tid && h->at == HELD_NOTIFY && h->nr == SYS_exit && h->proc->refs > 1) {
		h->answer = ANSWER_NATIVE;
		hosted_answer(h, 0);
	}
	hosted_put(h);
}

const struct program_ops hosted_program_ops = {
	.resume = hosted_resume,
	.handle_signal = hosted_handle_signal,
	.call = hosted_call,
	.exiting = hosted_exiting,
	.destroy = hosted_destroy,
	.socket_path = hosted_socket_path,
	.native_frames = true,
};

bool hosted_main_status(struct world *w, int *status)
{
	struct hosted_world *hw = w->hosted;

	if (!hw || !hw->main_over)
		return false;
	*status = hw->main_status;
	return true;
}

/* ---- spawning ------------------------------------------------------------------------------------ */

static char *env_value(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; env[i]; i++) {
		if (!strncmp(env[i], name, len) && env[i][len] == '=')
			return env[i] + len + 1;
	}
	return NULL;
}

static bool executable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* As execvp(3) does; malloc'ed, or NULL. */
static char *find_program(const char *name, char *const *env)
{
	const char *dirs = env_value(env, "PATH");
	char *path;

	if (strchr(name, '/'))
		return executable(name) ? realpath(name, NULL) : NULL;
	for (const char *d = dirs ? dirs : "/usr/local/bin:/usr/bin:/bin"; *d;) {
		int len = (int)strcspn(d, ":");

		if (asprintf(&path, "%.*s/%s", len ? len : 1, len ? d : ".", name) < 0)
			abort();
		if (executable(path))
			return path;
		free(path);
		d += len + (d[len] == ':');
	}
	return NULL;
}

static char **copy_strings(const char *const *v)
{
	size_t n = 0;
	char **copy;

	while (v[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	for (size_t i = 0; i < n; i++)
		copy[i] = xstrdup(v[i]);
	return copy;
}

static bool room_for_descriptors(char **err)
{
	struct rlimit rl;

	getrlimit(RLIMIT_NOFILE, &rl);
	if (rl.rlim_max >= HOSTED_FD_BASE + HOSTED_FD_COUNT) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
		return true;
	}
	if (asprintf(err, "hosting a program needs a limit of %d open files (ulimit -Hn), not %llu",
		     HOSTED_FD_BASE + HOSTED_FD_COUNT, (unsigned long long)rl.rlim_max) < 0)
		abort();
	return false;
}

static struct hosted_image *image_new(const struct hosted_options *o, char **err)
{
	struct hosted_image *im = xcalloc(1, sizeof(*im));

	im->argv = copy_strings(o->argv);
	im->env = copy_strings(o->env);
	im->streams = o->streams;
	im->path = find_program(im->argv[0], im->env);
	if (!im->path) {
		if (asprintf(err, "%s: %s", im->argv[0],
			     !strchr(im->argv[0], '/')	     ? "no such program in PATH" :
			     access(im->argv[0], F_OK) < 0 ? "no such file" :
							       "not an executable file") < 0)
			abort();
		hosted_image_free(im);
		return NULL;
	}
	if (o->cwd)
		im->cwd = xstrdup(o->cwd);
	return im;
}

struct process *hosted_spawn(struct host *h, const struct hosted_options *o, char **err)
{
	const char *slash = strrchr(o->argv[0], '/');
	struct hosted_world *hw;
	struct hosted_image *im;
	struct hosted *ht;
	struct process *p;

	if (!room_for_descriptors(err))
		return NULL;
	im = image_new(o, err);
	if (!im)
		return NULL;
	hw = hosted_world_get(h->world);
	ht = hosted_new(hosted_proc_new(hw));
	ht->image = im;
	if (!im->cwd)
		im->cwd = hosted_private_directory(hw, h->name);
	p = process_spawn(h, o->name ? o->name : slash ? slash + 1 : o->argv[0],
			  &hosted_program_ops, ht, o->cpu, o->start);
	if (o->streams) {
		ht->proc->main = true;
		hosted_inherit_streams(p);
	}
	return p;
}

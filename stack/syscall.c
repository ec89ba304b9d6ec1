/* SPDX-License-Identifier: MIT */
/*
 * The driver of user tasks: from the program's request to its result.
 *
 * A call takes these steps on the CPU: the program's own work (COST_USER_STEP), the call itself
 * (COST_SYSCALL, and COST_SOCKET_CALL for socket calls), and copying (COST_COPY_BYTE for each
 * byte). A call that waits parks the task between the second step and itself: it is made again when
 * the task is woken. Signals are taken on the way back to the program; see signal_deliver.c.
 */
#include "stack/syscall.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sim/engine/trace.h"
#include "stack/net.h"
#include "stack/syscall_priv.h"
#include "stack/timers.h"

#define ARGS_TEXT_LEN 1024

/* ---- waiting --------------------------------------------------------------------------------- */

s64 task_wait_on(struct task *t, struct wait_queue_head *q, bool exclusive, u32 mask, nsec_t timeo,
		 const char *what)
{
	struct utask *u = task_utask(t);
	struct syscall_ctx *ctx = &u->ctx;
	struct wait_entry *e = &t->waits[list_empty(&t->waits[0].node) ? 0 : 1];

	if (timeo <= 0 || u->exiting)
		return -EAGAIN;
	if (!ctx->deadline)
		ctx->deadline = timeo >= NSEC_NEVER - host_now(t->host) ? NSEC_NEVER :
									  host_now(t->host) + timeo;
	if (ctx->deadline != NSEC_NEVER && host_now(t->host) >= ctx->deadline)
		return -EAGAIN;
	if (signal_pending(t))
		return -ERESTARTSYS;
	if (q) {
		wait_remove(e);
		wait_entry_init(e, t);
		e->mask = mask;
		if (exclusive)
			wait_add_exclusive(q, e);
		else
			wait_add(q, e);
	}
	if (ctx->deadline != NSEC_NEVER)
		task_set_timeout(t, ctx->deadline);
	t->wait_what = what;
	return -EPARK;
}

static void unlink_waits(struct task *t)
{
	wait_remove(&t->waits[0]);
	wait_remove(&t->waits[1]);
}

void task_wait_again(struct task *t)
{
	struct utask *u = task_utask(t);

	unlink_waits(t);
	if (u->parked)
		task_set_timeout(t, NSEC_NEVER);
	u->ctx = (struct syscall_ctx){ 0 };
}

void task_swap_mask(struct task *t, const struct sigset *mask)
{
	struct utask *u = task_utask(t);

	if (!mask || u->restore_mask)
		return;
	u->saved_mask = t->blocked;
	u->restore_mask = true;
	t->blocked = *mask;
	t->blocked.bits &= ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1));
}

/* ---- the life of a call ---------------------------------------------------------------------- */

static void hold_files(struct utask *u)
{
	for (int i = 0; i < u->nheld; i++) {
		if (!u->held[i].referenced)
			file_get(u->held[i].file);
		u->held[i].referenced = true;
	}
}

static void release_files(struct utask *u)
{
	for (int i = 0; i < u->nheld; i++) {
		if (u->held[i].referenced)
			file_put(NULL, u->held[i].file);
	}
	u->nheld = 0;
}

/* Undoes whatever the call left behind: it has a result, or its task goes. */
static void call_cleanup(struct utask *u)
{
	struct task *t = u->task;

	if (u->parked) {
		unlink_waits(t);
		task_set_timeout(t, NSEC_NEVER);
		u->parked = false;
	}
	if (u->npoll)
		poll_entries_free(u);
	if (u->nheld)
		release_files(u);
	if (u->reserved_fd >= 0 && t->proc->files)
		fd_fill(t, u->reserved_fd, NULL, false);
	u->reserved_fd = -1;
	if (u->closing)
		file_put(NULL, u->closing);
	u->closing = NULL;
}

void call_begin(struct utask *u, nsec_t t_enter)
{
	u->in_call = true;
	u->call_done = false;
	u->ctx = (struct syscall_ctx){ 0 };
	u->t_enter = t_enter;
	u->copied = 0;
	u->copy_cost = 0;
	u->mmsg_done = 0;
	u->moved = 0;
	if (u->req.nr == CALL_COMPUTE)
		u->compute_left = max(u->req.a[0], 0);
}

static void trace_call(struct utask *u, s64 result, nsec_t t_exit)
{
	struct task *t = u->task;
	struct trace *tr = t->host->sim->trace;
	char args[ARGS_TEXT_LEN];
	const char *name = syscall_name(u->req.nr);
	struct trace_syscall row = {
		.t_enter = u->t_enter, .t_exit = t_exit, .host = t->host->id, .tid = t->tid,
		.cpu = t->cpu, .name = name ? name : "syscall",
		.result = result < 0 ? -1 : result, .err = result < 0 ? (int)-result : 0,
	};

	if (trace_wants(tr, TT_SYSCALL)) {
		syscall_format(t, &u->req, result, t_exit != NSEC_NEVER, args, sizeof(args));
		row.args = args;
	}
	trace_syscall(tr, &row);
}

static enum step_result call_return(struct utask *u)
{
	struct task *t = u->task;

	trace_call(u, u->result, host_now(t->host));
	sim_happened(t->host->sim, task_actor(t), (u64)u->req.nr << 32 ^ (u64)u->result);
	u->in_call = false;
	return STEP_AGAIN;
}

static bool is_restart(s64 ret)
{
	return ret == -ERESTARTSYS || ret == -ERESTARTNOHAND;
}

/*
 * The call has a result. An interrupted one is decided here: EINTR, made again after the handler,
 * or made again at once when no handler ran, with its deadline as it was.
 */
static enum step_result call_complete(struct utask *u, s64 ret)
{
	struct task *t = u->task;

	if (is_restart(ret) || (ret == -EINTR && u->restore_mask)) {
		int handlers;

		if (u->parked)
			unlink_waits(t);
		handlers = signals_deliver(t, ret);
		if (handlers < 0)
			return STEP_EXIT;
		if (!handlers && is_restart(ret))
			return STEP_AGAIN;
		if (handlers && u->frames_restart) {
			call_cleanup(u);
			u->in_call = false;
			return STEP_AGAIN;
		}
		ret = -EINTR;
	}
	call_cleanup(u);
	if (u->restore_mask) {
		t->blocked = u->saved_mask;
		u->restore_mask = false;
	}
	t->real_blocked.bits = 0;
	u->result = ret;
	u->call_done = true;
	u->copy_cost = (nsec_t)(u->copied * t->host->cost.v[COST_COPY_BYTE] / 1000);
	return u->copy_cost ? STEP_AGAIN : call_return(u);
}

static enum step_result run_sigreturn(struct utask *u)
{
	struct sigframe *f = u->frames;

	if (!f) {
		utask_exit_group(u->task, SIGSEGV);
		return STEP_EXIT;
	}
	u->result = 0;
	call_return(u);
	u->frames = f->next;
	u->task->blocked = f->mask;
	u->result = f->result;
	if (f->restart) {
		u->req = f->req;
		call_begin(u, f->t_enter);
	}
	free(f);
	return STEP_AGAIN;
}

/* A long computation gives way and takes signals at the end of each slice. */
static enum step_result run_compute(struct utask *u)
{
	struct task *t = u->task;

	u->compute_left -= min(u->compute_left, TASK_SLICE);
	if (!u->compute_left)
		return call_complete(u, 0);
	u->req.a[0] = u->compute_left;
	if (signal_pending(t) && signals_deliver(t, -ERESTARTNOINTR) < 0)
		return STEP_EXIT;
	if (u->frames_restart && u->frames) {
		u->frames_restart = false;
		u->in_call = false;
	}
	return STEP_AGAIN;
}

static enum step_result run_call(struct utask *u)
{
	struct task *t = u->task;
	s64 ret;

	if (u->req.nr == CALL_COMPUTE)
		return run_compute(u);
	if (u->req.nr == SYS_rt_sigreturn && !u->prog->native_frames)
		return run_sigreturn(u);
	if (u->parked)
		unlink_waits(t);
	ret = syscall_dispatch(t, &u->req);
	if (u->exiting)
		return STEP_EXIT;
	if (ret == -EPARK) {
		hold_files(u);
		u->parked = true;
		return STEP_PARK;
	}
	return call_complete(u, ret);
}

/* Lines of a program's log are no calls: they cost nothing and take no time. */
static bool run_log(struct utask *u)
{
	struct task *t = u->task;

	if (u->req.nr != CALL_LOG)
		return false;
	trace_log(t->host->sim->trace, host_now(t->host), t->host->id, t->tid,
		  u->req.a[0] == 2 ? "stderr" : "stdout", (const char *)(uintptr_t)u->req.a[1],
		  (size_t)u->req.a[2]);
	u->result = 0;
	return true;
}

/* By the one that waits longest. */
static bool preempted(struct cpu *cpu, const struct task *t)
{
	struct task *next = list_first_entry(&cpu->runqueue, struct task, run_node);
	const u32 actors[] = { task_actor(t), task_actor(next) };

	return choose_actor(t->host->sim, t->host->id, CHOICE_PREEMPT, 2, actors[0], actors);
}

static enum step_result run_user(struct utask *u)
{
	struct task *t = u->task;
	struct cpu *cpu = &t->host->cpus[t->cpu];
	int status = 0;

	if (signal_pending(t) && signals_deliver(t, 0) < 0)
		return STEP_EXIT;
	u->frames_restart = false;
	do {
		if (!u->prog->resume(u, u->result, &u->req, &status)) {
			if (t->tid == t->proc->pid || WIFSIGNALED(status))
				utask_exit_group(t, status);
			else
				utask_exit(t, status);
			return STEP_EXIT;
		}
	} while (run_log(u));
	call_begin(u, host_now(t->host));
	if (!list_empty(&cpu->runqueue) && preempted(cpu, t))
		return STEP_YIELD;
	return STEP_HOLD;
}

static nsec_t utask_next(struct task *t)
{
	struct utask *u = task_utask(t);
	const u32 *cost = t->host->cost.v;

	t->in_user = !u->in_call || (u->req.nr == CALL_COMPUTE && !u->call_done);
	if (!u->in_call)
		return t->proc->user_step_cost;
	if (u->call_done)
		return u->copy_cost;
	if (u->parked)
		return 0;
	if (u->req.nr == CALL_COMPUTE)
		return min(u->compute_left, TASK_SLICE);
	return cost[COST_SYSCALL] + (syscall_is_socket(u->req.nr) ? cost[COST_SOCKET_CALL] : 0);
}

/* Timers of CPU time, after each step: its cost has been accounted for. */
static void run_cpu_timers(struct process *p)
{
	struct process_timers *pt = p->timers;

	if (!pt || !pt->ncpu)
		return;
	cpu_itimers_run(pt);
	posix_cpu_timers_run(pt);
}

static enum step_result utask_run(struct task *t)
{
	struct utask *u = task_utask(t);
	enum step_result r;

	run_cpu_timers(t->proc);
	if (!u->in_call)
		return run_user(u);
	if (u->call_done)
		return call_return(u);
	r = run_call(u);
	/* sched_yield() and CALL_YIELD give way once they have returned. */
	if (u->yield && r == STEP_AGAIN) {
		u->yield = false;
		return STEP_YIELD;
	}
	return r;
}

/* ---- birth and death ------------------------------------------------------------------------- */

static void utask_destroy(struct task *t)
{
	struct utask *u = task_utask(t);

	/* Tear-down of the host: whoever is alive still holds its files. */
	if (!u->exiting) {
		u->exiting = true;
		if (t->host->net)
			t->host->net->dying = true;
		call_cleanup(u);
		process_release_files(t);
	}
	while (u->frames) {
		struct sigframe *f = u->frames;

		u->frames = f->next;
		free(f);
	}
	free(u->poll_entries);
	if (u->prog->destroy)
		u->prog->destroy(u);
	free(u);
}

static const struct task_ops utask_ops = {
	.next = utask_next,
	.run = utask_run,
	.destroy = utask_destroy,
};

void process_release_files(struct task *t)
{
	struct process *p = t->proc;

	/* Not the last thread: the others go on. */
	if (p->threads.next != p->threads.prev || !p->files)
		return;
	process_timers_free(p);
	files_put(t, p->files);
	p->files = NULL;
}

void utask_exit(struct task *t, int status)
{
	struct utask *u = task_utask(t);

	u->exiting = true;
	if (WIFSIGNALED(status))
		t->proc->group_exit = true;
	if (u->in_call && !u->call_done)
		trace_call(u, 0, NSEC_NEVER);
	if (u->prog->exiting)
		u->prog->exiting(u, status);
	call_cleanup(u);
	process_release_files(t);
	task_exit(t, status);
}

void utask_exit_group(struct task *t, int status)
{
	struct task *other, *tmp;

	t->proc->group_exit = true;
	list_for_each_entry_safe(other, tmp, &t->proc->threads, thread_node) {
		if (other != t)
			utask_exit(other, status);
	}
	utask_exit(t, status);
}

struct task *utask_start(struct host *h, struct process *p, const char *name,
			 const struct program_ops *ops, void *program, int cpu, nsec_t start)
{
	struct utask *u = xcalloc(1, sizeof(*u));
	struct task *t;

	u->prog = ops;
	u->program = program;
	u->reserved_fd = -1;
	if (start > host_now(h))
		t = task_new_at(h, p, name, &utask_ops, u, cpu, start);
	else
		t = task_new(h, p, name, &utask_ops, u, cpu);
	u->task = t;
	rng_init(&u->rng, h->sim->seed, h->id, RNG_GETRANDOM, (u64)t->tid);
	wait_entry_init(&t->waits[0], t);
	wait_entry_init(&t->waits[1], t);
	return t;
}

struct process *process_spawn(struct host *h, const char *name, const struct program_ops *ops,
			      void *program, int cpu, nsec_t start)
{
	struct process *p = process_new(h, NULL, name);

	p->files = files_new(h);
	console_install(p->files);
	p->pgid = p->sid = p->pid;
	p->user_step_cost = h->cost.v[COST_USER_STEP];
	p->nofile = 1024;
	p->nofile_max = 1u << 20;
	utask_start(h, p, name, ops, program, cpu, start);
	return p;
}

void syscall_trace_unfinished(struct world *w)
{
	struct process *p;
	struct task *t;

	for (u32 i = 1; i <= w->nhosts; i++) {
		list_for_each_entry(p, &w->hosts[i]->processes, node) {
			for (u32 fd = 0; p->files && fd < min(p->files->nfd, 3u); fd++)
				console_flush(p->files->fd[fd].file);
			list_for_each_entry(t, &p->threads, thread_node) {
				struct utask *u = task_utask(t);

				if (t->ops == &utask_ops && u->in_call)
					trace_call(u, 0, NSEC_NEVER);
			}
		}
	}
}

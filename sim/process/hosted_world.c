/* SPDX-License-Identifier: MIT */
/*
 * All hosted threads of a world, found by real tid.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/host/world.h"
#include "sim/process/hosted_futex.h"

/*
 * Supervisor and programs take turns, never run at once: on one CPU a switch costs a tenth of what it
 * costs between two.
 */
static void pin(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

struct hosted_world *hosted_world_get(struct world *w)
{
	struct hosted_world *hw = w->hosted;

	if (hw)
		return hw;
	hw = xcalloc(1, sizeof(*hw));
	hw->w = w;
	/* The clock that files are stamped with. */
	clock_gettime(CLOCK_REALTIME_COARSE, &hw->started);
	list_init(&hw->threads);
	for (int i = 0; i < HOSTED_BUCKETS; i++)
		list_init(&hw->by_tid[i]);
	hw->filter_len = hosted_filter_build(&hw->filter);
	hosted_signals_install();
	pin();
	w->hosted = hw;
	return hw;
}

static struct list_head *bucket(struct hosted_world *hw, pid_t tid)
{
	return &hw->by_tid[(u32)tid % HOSTED_BUCKETS];
}

struct hosted *hosted_find(struct hosted_world *hw, pid_t tid)
{
	struct hosted *h;

	list_for_each_entry(h, bucket(hw, tid), hash) {
		if (h->tid == tid)
			return h;
	}
	return NULL;
}

void hosted_set_tid(struct hosted *h, pid_t tid)
{
	list_del_init(&h->hash);
	h->tid = tid;
	if (tid)
		list_add(&h->hash, bucket(h->proc->hw, tid));
}

struct hosted_proc *hosted_proc_new(struct hosted_world *hw)
{
	struct hosted_proc *p = xcalloc(1, sizeof(*p));

	p->hw = hw;
	p->listener = -1;
	p->mm = ++hw->next_mm;
	p->umask = 022;
	return p;
}

struct hosted *hosted_new(struct hosted_proc *proc)
{
	struct hosted *h = xcalloc(1, sizeof(*h));

	h->proc = proc;
	proc->refs++;
	list_init(&h->hash);
	list_add_tail(&h->node, &proc->hw->threads);
	return h;
}

void hosted_image_free(struct hosted_image *im)
{
	if (!im)
		return;
	for (size_t i = 0; im->argv && im->argv[i]; i++)
		free(im->argv[i]);
	for (size_t i = 0; im->env && im->env[i]; i++)
		free(im->env[i]);
	free(im->argv);
	free(im->env);
	free(im->path);
	free(im->cwd);
	free(im);
}

/*
 * Nothing else runs now: who dies can be waited for. The first thread is reported after all others have
 * been, so whoever comes is taken.
 */
static void kill_real(struct hosted_proc *p)
{
	struct hosted *h;
	int status;
	pid_t tid;

	kill(p->tgid, SIGKILL);
	for (;;) {
		tid = waitpid(p->threaded ? -1 : p->tgid, &status, __WALL);
		if (tid < 0 && errno == EINTR)
			continue;
		if (tid < 0 || (tid == p->tgid && (WIFEXITED(status) || WIFSIGNALED(status))))
			return;
		h = hosted_find(p->hw, tid);
		if (h)
			hosted_note(h, status);
	}
}

static void proc_put(struct hosted_proc *p)
{
	if (--p->refs)
		return;
	if (p->tgid)
		kill_real(p);
	if (p->listener_refs && !--*p->listener_refs) {
		close(p->listener);
		free(p->listener_refs);
	}
	free(p->cwd);
	free(p);
}

void hosted_put(struct hosted *h)
{
	hosted_set_tid(h, 0);
	list_del_init(&h->node);
	hosted_arena_free(h);
	futex_cancel(h);
	hosted_image_free(h->image);
	free(h->signals);
	proc_put(h->proc);
	free(h);
}

const struct hosted_missing *hosted_missing(struct world *w, size_t *n)
{
	struct hosted_world *hw = w->hosted;

	*n = 0;
	if (!hw)
		return NULL;
	free(hw->missing_list);
	hw->missing_list = xcalloc(HOSTED_LAST_NR + 1, sizeof(*hw->missing_list));
	for (int nr = 0; nr <= HOSTED_LAST_NR; nr++) {
		if (hw->missing[nr]) {
			const char *name = hosted_call_name(nr);

			hw->missing_list[(*n)++] = (struct hosted_missing){
				.name = name ? name : "(unknown)", .count = hw->missing[nr]
			};
		}
	}
	return hw->missing_list;
}

void hosted_world_free(struct hosted_world *hw)
{
	if (!hw)
		return;
	assert(list_empty(&hw->threads));
	hosted_signals_restore();
	hosted_tsc_restore();
	hosted_dir_free(hw);
	free(hw->futexes);
	free(hw->filter);
	free(hw->missing_list);
	free(hw);
}

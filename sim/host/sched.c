/* SPDX-License-Identifier: MIT */
/*
 * Scheduling (task.h): which task a CPU runs, where a woken task goes.
 */
#include "sim/engine/trace.h"
#include "sim/host/sched.h"

#define RUNQUEUE_CHOICES 64

static void trace_task_sched(struct task *t, int cpu, const char *what, const char *wait)
{
	trace_sched(t->host->sim->trace, host_now(t->host), t->host->id, cpu, t->tid, what, wait);
}

static bool allowed(const struct task *t, int cpu)
{
	return t->affinity[cpu / 64] >> cpu % 64 & 1;
}

static bool cpu_idle(const struct cpu *cpu)
{
	return !cpu->curr && !cpu->nr_running && cpu->ctx == CTX_IDLE;
}

static void enqueue(struct cpu *cpu, struct task *t)
{
	t->cpu = cpu->id;
	list_add_tail(&t->run_node, &cpu->runqueue);
	cpu->nr_running++;
}

static void dequeue(struct task *t)
{
	struct cpu *cpu = &t->host->cpus[t->cpu];

	list_del_init(&t->run_node);
	cpu->nr_running--;
}

/* ---- where to wake ------------------------------------------------------------------------------- */

/* The CPU where it ran before if that is idle, else the first idle one, else the one before. */
static int linux_pick(const struct task *t)
{
	const struct host *h = t->host;

	if (allowed(t, t->cpu) && cpu_idle(&h->cpus[t->cpu]))
		return t->cpu;
	for (int i = 0; i < h->ncpu; i++) {
		if (allowed(t, i) && cpu_idle(&h->cpus[i]))
			return i;
	}
	if (allowed(t, t->cpu))
		return t->cpu;
	for (int i = 0; i < h->ncpu; i++) {
		if (allowed(t, i))
			return i;
	}
	return t->cpu;
}

static int select_cpu(struct task *t)
{
	struct host *h = t->host;
	int pick = linux_pick(t);
	u32 n = 0, v;

	if (h->ncpu == 1)
		return 0;
	for (int i = 0; i < h->ncpu; i++)
		n += allowed(t, i);
	v = n > 1 ? choose(h->sim, h->id, CHOICE_WAKE_CPU, n) : 0;
	/* Value v is the v-th allowed CPU beside Linux's pick. */
	for (int i = 0; v && i < h->ncpu; i++) {
		if (i != pick && allowed(t, i) && !--v)
			return i;
	}
	return pick;
}

static void activate(struct task *t)
{
	struct cpu *cpu;

	if (t->proc && t->proc->stopped) {
		t->state = TASK_STOPPED;
		return;
	}
	cpu = &t->host->cpus[select_cpu(t)];
	t->state = TASK_RUNNING;
	enqueue(cpu, t);
	cpu_kick(cpu);
}

/* A CPU that others keep busy, a hypervisor that runs another guest: it takes a while. */
static bool held_up(struct task *t)
{
	struct host *h = t->host;
	u32 v = choose_actor(h->sim, h->id, CHOICE_HOLD, 1 + CHOICE_HOLDS, task_actor(t), NULL);

	if (!v)
		return false;
	t->state = TASK_HELD;
	trace_task_sched(t, t->cpu, "hold", NULL);
	event_at(h->sim, &t->timeout, h->id, host_now(h) + hold_time(v));
	return true;
}

void task_wake(struct task *t)
{
	t->woken = true;
	if (t->state != TASK_PARKED)
		return;
	cpu_charge(t->host, t->host->cost.v[COST_WAKEUP]);
	trace_task_sched(t, t->cpu, "wake", NULL);
	/* Kernel threads are no actors of a program; a stopped one is held up enough. */
	if (!t->proc || t->proc->stopped || !held_up(t))
		activate(t);
}

static void timeout_expire(struct sim *s, struct event *ev)
{
	struct task *t = container_of(ev, struct task, timeout);

	if (t->state == TASK_NEW || t->state == TASK_HELD) {
		activate(t);
		return;
	}
	t->timed_out = true;
	task_wake(t);
}

void task_set_timeout(struct task *t, nsec_t when)
{
	t->timed_out = false;
	if (when == NSEC_NEVER)
		event_cancel(t->host->sim, &t->timeout);
	else
		event_at(t->host->sim, &t->timeout, t->host->id, max(when, host_now(t->host)));
}

void sched_task_init(struct task *t, nsec_t start)
{
	event_init(&t->timeout, t->host->id, timeout_expire);
	list_init(&t->run_node);
	if (start > host_now(t->host)) {
		t->state = TASK_NEW;
		event_at(t->host->sim, &t->timeout, t->host->id, start);
	} else {
		activate(t);
	}
}

/* Off every queue and CPU. The CPU whose effect runs now is left to sched_run(). */
void sched_task_remove(struct task *t)
{
	struct cpu *cpu = &t->host->cpus[t->cpu];

	event_cancel(t->host->sim, &t->timeout);
	if (!list_empty(&t->run_node))
		dequeue(t);
	if (cpu->curr == t && !(t->host->cur_cpu == cpu && cpu->ctx == CTX_TASK))
		cpu_drop_task(cpu);
}

void sched_process_stop(struct process *p)
{
	struct task *t;

	p->stopped = true;
	/* One that is on a CPU leaves it at the end of its step. */
	list_for_each_entry(t, &p->threads, thread_node) {
		if (list_empty(&t->run_node))
			continue;
		dequeue(t);
		t->state = TASK_STOPPED;
	}
}

void sched_process_continue(struct process *p)
{
	struct task *t;

	p->stopped = false;
	list_for_each_entry(t, &p->threads, thread_node) {
		if (t->state == TASK_STOPPED)
			activate(t);
	}
}

/* ---- running ------------------------------------------------------------------------------------- */

u32 task_actor(const struct task *t)
{
	return choice_actor(t->host->id, (u32)t->tid);
}

/* Which of those that wait goes next; one of the first RUNQUEUE_CHOICES. */
static u32 choose_task(struct cpu *cpu)
{
	u32 actors[RUNQUEUE_CHOICES], n = 0;
	struct task *t;

	list_for_each_entry(t, &cpu->runqueue, run_node) {
		if (n == RUNQUEUE_CHOICES)
			break;
		actors[n++] = task_actor(t);
	}
	return choose_actor(cpu->host->sim, cpu->host->id, CHOICE_TASK, n, 0, actors);
}

static void pick_task(struct cpu *cpu)
{
	struct host *h = cpu->host;
	struct task *t = list_first_entry(&cpu->runqueue, struct task, run_node);
	u32 v = 0;

	if (cpu->nr_running > 1)
		v = choose_task(cpu);
	while (v--)
		t = list_entry(t->run_node.next, struct task, run_node);
	dequeue(t);
	/* From the idle task, too, there is a switch. */
	cpu->charge[CTX_TASK] += h->cost.v[COST_CONTEXT_SWITCH];
	cpu->curr = t;
	cpu->slice_start = host_now(h);
	trace_task_sched(t, cpu->id, "run", NULL);
}

nsec_t sched_next(struct cpu *cpu)
{
	nsec_t cost;

	if (!cpu->curr) {
		if (!cpu->nr_running)
			return CPU_NO_STEP;
		pick_task(cpu);
	}
	cost = cpu->curr->ops->next(cpu->curr);
	assert(cost >= 0);
	return cost;
}

/* A step has ended and the task would go on: its slice, its affinity. */
static void stay_or_yield(struct cpu *cpu, struct task *t)
{
	if (!allowed(t, cpu->id) || (t->proc && t->proc->stopped)) {
		cpu->curr = NULL;
		t->nivcsw++;
		trace_task_sched(t, cpu->id, "preempt", NULL);
		activate(t);
	} else if (cpu->nr_running && host_now(cpu->host) - cpu->slice_start >= TASK_SLICE) {
		cpu->curr = NULL;
		t->nivcsw++;
		trace_task_sched(t, cpu->id, "preempt", NULL);
		enqueue(cpu, t);
	}
}

void sched_account(struct task *t, nsec_t spent)
{
	nsec_t user = t->in_user ? spent : 0;

	t->cpu_time += spent;
	t->utime += user;
	if (t->proc) {
		t->proc->cpu_time += spent;
		t->proc->utime += user;
	}
}

void sched_run(struct cpu *cpu)
{
	struct task *t = cpu->curr;
	enum step_result r;

	t->woken = false;
	sched_account(t, host_now(cpu->host) - cpu->step_start);
	r = t->ops->run(t);
	switch (r) {
	case STEP_EXIT:
		cpu->curr = NULL;
		task_free(t);
		break;
	case STEP_PARK:
		if (t->woken) {
			stay_or_yield(cpu, t);
			break;
		}
		t->state = TASK_PARKED;
		t->nvcsw++;
		cpu->curr = NULL;
		trace_task_sched(t, cpu->id, "park", t->wait_what);
		break;
	case STEP_YIELD:
		cpu->curr = NULL;
		t->nivcsw++;
		trace_task_sched(t, cpu->id, "preempt", NULL);
		if (t->proc && t->proc->stopped)
			t->state = TASK_STOPPED;
		else
			enqueue(cpu, t);
		break;
	case STEP_HOLD:
		if (!held_up(t)) {
			stay_or_yield(cpu, t);
			break;
		}
		cpu->curr = NULL;
		t->nivcsw++;
		break;
	case STEP_AGAIN:
		stay_or_yield(cpu, t);
		break;
	}
}

struct task *task_current(struct host *h)
{
	return h->cur_cpu && h->cur_cpu->ctx == CTX_TASK ? h->cur_cpu->curr : NULL;
}

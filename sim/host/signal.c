/* SPDX-License-Identifier: MIT */
/*
 * Signals (signal.h, signal(7)).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "sim/host/process.h"
#include "sim/host/sched.h"

#define SIGRTMIN_KERNEL 32

static u64 bit(int signo)
{
	return 1ull << (signo - 1);
}

void signal_queue_init(struct signal_queue *q)
{
	*q = (struct signal_queue){ .nqueued = 0 };
	list_init(&q->queued);
}

void signal_queue_clear(struct signal_queue *q)
{
	struct signal_entry *e, *tmp;

	list_for_each_entry_safe(e, tmp, &q->queued, node) {
		list_del_init(&e->node);
		free(e);
	}
	q->nqueued = 0;
	q->set.bits = 0;
}

/* ---- actions ----------------------------------------------------------------------------------- */

const struct sigaction_state *signal_action(const struct process *p, int signo)
{
	static const struct sigaction_state initial = { .disposition = SIGD_DEFAULT };

	return p->sig.actions ? &p->sig.actions[signo] : &initial;
}

struct sigaction_state *signal_action_set(struct process *p, int signo)
{
	if (!p->sig.actions)
		p->sig.actions = xcalloc(SIG_MAX + 1, sizeof(*p->sig.actions));
	return &p->sig.actions[signo];
}

void signal_actions_copy(struct process *child, const struct process *parent)
{
	if (parent->sig.actions)
		memcpy(signal_action_set(child, 0), parent->sig.actions,
		       (SIG_MAX + 1) * sizeof(*parent->sig.actions));
}

/* ---- queues ------------------------------------------------------------------------------------ */

static void queue_remove(struct signal_queue *q, u64 mask)
{
	struct signal_entry *e, *tmp;

	q->set.bits &= ~mask;
	list_for_each_entry_safe(e, tmp, &q->queued, node) {
		if (!(bit(e->info.signo) & mask))
			continue;
		list_del_init(&e->node);
		q->nqueued--;
		free(e);
	}
}

/* Signals that wait for the processes of one user: RLIMIT_SIGPENDING counts them together. */
static u64 pending_of_user(struct host *h, u32 uid)
{
	struct process *p;
	struct task *t;
	u64 n = 0;

	list_for_each_entry(p, &h->processes, node) {
		if (process_cred(p).ruid != uid)
			continue;
		n += (u64)p->sig.pending.nqueued;
		list_for_each_entry(t, &p->threads, thread_node)
			n += (u64)t->pending.nqueued;
	}
	return n;
}

/* Real-time signals only: what has a standard one's number gets through (__send_signal_locked()). */
static bool too_many(const struct process *p, const struct siginfo *info)
{
	u64 limit = process_attr(p)->limits[RLIMIT_SIGPENDING].cur;

	if (info->signo < SIGRTMIN_KERNEL || info->code == SI_TIMER)
		return false;
	if (limit == RLIM_HOST)
		limit = p->host->max_tasks;
	return pending_of_user(p->host, process_cred(p).ruid) >= limit;
}

static int queue_add(const struct process *p, struct signal_queue *q, const struct siginfo *info)
{
	struct signal_entry *e;

	/*
	 * A standard signal that is pending already is not queued a second time. Each timer has one
	 * at most, and sees to that itself.
	 */
	if (info->signo < SIGRTMIN_KERNEL && q->set.bits & bit(info->signo) &&
	    info->code != SI_TIMER)
		return 0;
	if (too_many(p, info)) {
		/* kill(2)'s arrives all the same, without what siginfo tells. */
		if (info->code == SI_USER)
			q->set.bits |= bit(info->signo);
		return info->code == SI_USER ? 0 : -EAGAIN;
	}
	e = xcalloc(1, sizeof(*e));
	e->info = *info;
	list_add_tail(&e->node, &q->queued);
	q->nqueued++;
	q->set.bits |= bit(info->signo);
	return 0;
}

static bool is_stop(int signo)
{
	return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

bool signal_ignored_by(const struct process *p, int signo)
{
	const struct sigaction_state *sa = signal_action(p, signo);

	if (signo == SIGKILL || signo == SIGSTOP)
		return false;
	if (sa->disposition == SIGD_IGNORE)
		return true;
	return sa->disposition == SIGD_DEFAULT && signal_default_action(signo) == SIG_ACT_IGN;
}

/* prepare_signal(): stop signals and SIGCONT cancel each other, whether blocked or not. */
static void cancel_opposites(struct process *p, int signo)
{
	u64 mask = is_stop(signo) ? bit(SIGCONT) :
		   signo == SIGCONT ?
			       bit(SIGSTOP) | bit(SIGTSTP) | bit(SIGTTIN) | bit(SIGTTOU) :
			       0;
	struct task *t;

	if (!mask)
		return;
	queue_remove(&p->sig.pending, mask);
	list_for_each_entry(t, &p->threads, thread_node)
		queue_remove(&t->pending, mask);
	if (signo == SIGCONT && p->stopped) {
		p->continued = true;
		p->stop_signal = 0;
		sched_process_continue(p);
		process_notify_job(p, CLD_CONTINUED, SIGCONT);
	}
}

void signal_stop(struct process *p, int signo)
{
	/* Nobody could continue a group without a shell: only SIGSTOP stops it. */
	if (p->stopped || (signo != SIGSTOP && pgrp_orphaned(p->host, p->pgid, NULL)))
		return;
	p->stop_signal = (u8)signo;
	p->continued = false;
	sched_process_stop(p);
	process_notify_job(p, CLD_STOPPED, signo);
}

/* Default stop: carried out here, since no program takes part in it. True: done. */
static bool try_stop(struct process *p, int signo, u64 blocked)
{
	if (!is_stop(signo) || blocked & bit(signo) ||
	    signal_action(p, signo)->disposition != SIGD_DEFAULT)
		return false;
	signal_stop(p, signo);
	return true;
}

/* The thread that is to take a signal of the process: the main one if it can, else the first. */
static struct task *taker(struct process *p, int signo)
{
	struct task *t;

	list_for_each_entry(t, &p->threads, thread_node) {
		if (!(t->blocked.bits & bit(signo)))
			return t;
	}
	return NULL;
}

static u64 sanitize(u64 blocked)
{
	return blocked & ~(bit(SIGKILL) | bit(SIGSTOP));
}

static u64 blocked_of(const struct task *t)
{
	return sanitize(t->blocked.bits | t->real_blocked.bits);
}

static void wake_for(struct process *p, struct task *t, int signo)
{
	if (p->attr && wait_queue_active(&p->attr->signalfd))
		wake_up_all(&p->attr->signalfd, EPOLLIN);
	if (signo == SIGKILL && p->stopped)
		sched_process_continue(p);
	if (t)
		task_wake(t);
}

bool signal_ignored(const struct task *t, int signo)
{
	return signal_ignored_by(t->proc, signo) && !(blocked_of(t) & bit(signo));
}

int signal_send_process(struct process *p, const struct siginfo *info)
{
	struct task *t;
	int err;

	if (p->zombie || list_empty(&p->threads))
		return 0;
	cancel_opposites(p, info->signo);
	t = taker(p, info->signo);
	if (try_stop(p, info->signo, t ? 0 : ~0ull))
		return 0;
	/* What is ignored is dropped, unless it is blocked: the program may look at it yet. */
	if (t && signal_ignored(t, info->signo))
		return 0;
	err = queue_add(p, &p->sig.pending, info);
	wake_for(p, t, info->signo);
	return err;
}

int signal_send_task(struct task *t, const struct siginfo *info)
{
	struct process *p = t->proc;
	u64 blocked = sanitize(t->blocked.bits);
	int err;

	if (!p)
		return -EPERM; /* kernel threads take none */
	cancel_opposites(p, info->signo);
	if (try_stop(p, info->signo, blocked))
		return 0;
	if (signal_ignored(t, info->signo))
		return 0;
	err = queue_add(p, &t->pending, info);
	wake_for(p, blocked & bit(info->signo) ? NULL : t, info->signo);
	return err;
}

bool signal_pending(const struct task *t)
{
	u64 set = t->pending.set.bits | (t->proc ? t->proc->sig.pending.set.bits : 0);

	return set & ~sanitize(t->blocked.bits);
}

#define SYNCHRONOUS                                                                                \
	(bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGFPE) | bit(SIGSYS))

/* The first entry of the lowest unblocked signal; those that the program caused itself first. */
static bool queue_take(struct signal_queue *q, u64 blocked, struct siginfo *info)
{
	u64 set = q->set.bits & ~blocked;
	struct signal_entry *e, *found = NULL;
	bool more = false;
	int signo;

	if (!set)
		return false;
	if (set & bit(SIGKILL))
		signo = SIGKILL;
	else
		signo = __builtin_ctzll(set & SYNCHRONOUS ? set & SYNCHRONOUS : set) + 1;
	list_for_each_entry(e, &q->queued, node) {
		if (e->info.signo != signo)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = e;
	}
	if (!found) {
		q->set.bits &= ~bit(signo);
		*info = (struct siginfo){ .signo = signo, .code = SI_USER };
		return true;
	}
	*info = found->info;
	list_del_init(&found->node);
	q->nqueued--;
	free(found);
	if (!more)
		q->set.bits &= ~bit(signo);
	return true;
}

bool signal_dequeue(struct task *t, u64 blocked, struct siginfo *info)
{
	if (queue_take(&t->pending, blocked, info))
		return true;
	return t->proc && queue_take(&t->proc->sig.pending, blocked, info);
}

bool signal_take(struct task *t, struct siginfo *info)
{
	return signal_dequeue(t, sanitize(t->blocked.bits), info);
}

/* ---- forgetting ------------------------------------------------------------------------------ */

void signal_discard(struct process *p, u64 mask)
{
	struct task *t;

	queue_remove(&p->sig.pending, mask);
	list_for_each_entry(t, &p->threads, thread_node)
		queue_remove(&t->pending, mask);
}

static void discard_timer(struct signal_queue *q, int timerid)
{
	struct signal_entry *e, *tmp;

	list_for_each_entry_safe(e, tmp, &q->queued, node) {
		if (e->info.code != SI_TIMER || e->info.timerid != timerid)
			continue;
		list_del_init(&e->node);
		q->nqueued--;
		free(e);
	}
	q->set.bits = 0;
	list_for_each_entry(e, &q->queued, node)
		q->set.bits |= bit(e->info.signo);
}

void signal_discard_timer(struct process *p, int timerid)
{
	struct task *t;

	discard_timer(&p->sig.pending, timerid);
	list_for_each_entry(t, &p->threads, thread_node)
		discard_timer(&t->pending, timerid);
}

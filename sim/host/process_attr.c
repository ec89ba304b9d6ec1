/* SPDX-License-Identifier: MIT */
/*
 * What few processes change (process.h): kept apart, made with the first change.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/host/process.h"

#define MIB (1ull << 20)

/*
 * Limits as Debian's kernel gives them to a system service, by the numbers of RLIMIT_*
 * (asm-generic/resource.h). NOFILE is in struct process.
 */
static const struct process_attr initial = {
    .limits =
	{
	    [0] = {RLIM_NONE, RLIM_NONE},  /* CPU */
	    [1] = {RLIM_NONE, RLIM_NONE},  /* FSIZE */
	    [2] = {RLIM_NONE, RLIM_NONE},  /* DATA */
	    [3] = {8 * MIB, RLIM_NONE},	   /* STACK */
	    [4] = {0, RLIM_NONE},	   /* CORE */
	    [5] = {RLIM_NONE, RLIM_NONE},  /* RSS */
	    [6] = {RLIM_HOST, RLIM_HOST},  /* NPROC */
	    [8] = {8 * MIB, 8 * MIB},	   /* MEMLOCK */
	    [9] = {RLIM_NONE, RLIM_NONE},  /* AS */
	    [10] = {RLIM_NONE, RLIM_NONE}, /* LOCKS */
	    [11] = {RLIM_HOST, RLIM_HOST}, /* SIGPENDING */
	    [12] = {819200, 819200},	   /* MSGQUEUE */
	    [15] = {RLIM_NONE, RLIM_NONE}, /* RTTIME */
	},
    .timer_slack = 50 * NSEC_PER_USEC,
};

const struct process_attr *process_attr(const struct process *p)
{
	return p->attr ? p->attr : &initial;
}

struct process_attr *process_attr_set(struct process *p)
{
	if (!p->attr) {
		p->attr = xcalloc(1, sizeof(*p->attr));
		*p->attr = initial;
		list_init(&p->attr->refs);
		wait_queue_init(&p->attr->signalfd, p->host);
	}
	return p->attr;
}

void process_attr_copy(struct process *child, const struct process *parent)
{
	const struct process_attr *from = parent->attr;
	struct process_attr *to;

	if (!from)
		return;
	to = process_attr_set(child);
	memcpy(to->limits, from->limits, sizeof(to->limits));
	to->undumpable = from->undumpable;
	to->no_new_privs = from->no_new_privs;
	to->timer_slack = from->timer_slack;
	to->membarrier = from->membarrier;
	to->label = from->label;
	if (from->cred)
		process_cred_set(child, from->cred);
}

/* ---- identities ------------------------------------------------------------------------------ */

struct cred process_cred(const struct process *p)
{
	struct cred c;

	if (p->attr && p->attr->cred)
		c = *p->attr->cred;
	else
		c = (struct cred){
		    .ruid = p->uid,
		    .suid = p->uid,
		    .fsuid = p->uid,
		    .rgid = p->gid,
		    .sgid = p->gid,
		    .fsgid = p->gid,
		    .permitted = p->caps,
		    .bounding = CAP_FULL_SET,
		};
	c.euid = p->uid;
	c.egid = p->gid;
	c.effective = p->caps;
	return c;
}

void process_cred_set(struct process *p, const struct cred *c)
{
	struct process_attr *a = process_attr_set(p);
	u32 *groups = a->cred ? a->cred->groups : NULL;

	if (c->groups != groups) {
		free(groups);
		groups = NULL;
		if (c->ngroups) {
			groups = xcalloc(c->ngroups, sizeof(*groups));
			memcpy(groups, c->groups, c->ngroups * sizeof(*groups));
		}
	}
	if (!a->cred)
		a->cred = xcalloc(1, sizeof(*a->cred));
	*a->cred = *c;
	a->cred->groups = groups;
	p->uid = c->euid;
	p->gid = c->egid;
	p->caps = c->effective;
}

/* ---- usage ----------------------------------------------------------------------------------- */

struct cpu_usage process_usage(const struct process *p)
{
	struct cpu_usage u = process_attr(p)->threads;
	struct task *t;

	u.utime = p->utime;
	u.stime = p->cpu_time - p->utime;
	list_for_each_entry (t, &p->threads, thread_node) {
		u.nvcsw += t->nvcsw;
		u.nivcsw += t->nivcsw;
	}
	return u;
}

void process_usage_reap(struct process *p, const struct process *child)
{
	struct cpu_usage *sum = &process_attr_set(p)->children;
	struct cpu_usage own = process_usage(child);
	const struct cpu_usage *theirs = &process_attr(child)->children;

	sum->utime += own.utime + theirs->utime;
	sum->stime += own.stime + theirs->stime;
	sum->nvcsw += own.nvcsw + theirs->nvcsw;
	sum->nivcsw += own.nivcsw + theirs->nivcsw;
}

/* ---- references ------------------------------------------------------------------------------ */

void process_ref_init(struct process_ref *r, struct process *p)
{
	r->proc = p;
	r->pid = p->pid;
	wait_queue_init(&r->exited, p->host);
	list_add_tail(&r->node, &process_attr_set(p)->refs);
}

void process_ref_drop(struct process_ref *r)
{
	list_del_init(&r->node);
	r->proc = NULL;
}

struct pid_ref *pid_ref_of(struct process *p)
{
	struct process_attr *a = process_attr_set(p);

	if (!a->pid) {
		a->pid = xcalloc(1, sizeof(*a->pid));
		a->pid->refs = 1;
		process_ref_init(&a->pid->ref, p);
	}
	return pid_ref_get(a->pid);
}

void pid_ref_put(struct pid_ref *r)
{
	if (!r || --r->refs)
		return;
	process_ref_drop(&r->ref);
	free(r);
}

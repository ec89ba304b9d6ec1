/* SPDX-License-Identifier: MIT */
/*
 * prctl(2): names, relations, capabilities, privileges. Operations that are not here fail with
 * EINVAL, as unknown ones do.
 */
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/syscalls.h"

static s64 set_name(struct task *t, const char *name)
{
	if (!name)
		return -EFAULT;
	snprintf(t->name, sizeof(t->name), "%.15s", name);
	if (t->tid == t->proc->pid)
		memcpy(t->proc->name, t->name, sizeof(t->proc->name));
	return 0;
}

static s64 get_name(const struct task *t, char *name)
{
	if (!name)
		return -EFAULT;
	memcpy(name, t->name, TASK_NAME_LEN);
	return 0;
}

static s64 put_int(s64 ptr, int value)
{
	if (!ptr)
		return -EFAULT;
	*(int *)(uintptr_t)ptr = value;
	return 0;
}

static s64 set_keepcaps(struct process *p, u64 on)
{
	struct cred c = process_cred(p);

	if (on > 1)
		return -EINVAL;
	if (c.securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c.securebits &= ~(u32)SECBIT_KEEP_CAPS;
	c.securebits |= on ? SECBIT_KEEP_CAPS : 0;
	process_cred_set(p, &c);
	return 0;
}

/* Locks stay, and what they lock. */
static s64 set_securebits(struct task *t, u64 bits)
{
	struct cred c = process_cred(t->proc);
	u64 locked = (c.securebits & SECURE_ALL_LOCKS) >> 1;

	if (locked & (c.securebits ^ bits) || c.securebits & SECURE_ALL_LOCKS & ~bits ||
	    bits & ~(u64)(SECURE_ALL_LOCKS | SECURE_ALL_BITS) || !capable(t, CAP_SETPCAP))
		return -EPERM;
	c.securebits = (u32)bits;
	process_cred_set(t->proc, &c);
	return 0;
}

static s64 bounding_drop(struct task *t, u64 cap)
{
	struct cred c = process_cred(t->proc);

	if (!capable(t, CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	c.bounding &= ~(1ull << cap);
	process_cred_set(t->proc, &c);
	return 0;
}

static s64 ambient(struct process *p, u64 op, u64 cap, u64 rest)
{
	struct cred c = process_cred(p);
	u64 bit;

	if (rest)
		return -EINVAL;
	if (op == PR_CAP_AMBIENT_CLEAR_ALL) {
		if (cap)
			return -EINVAL;
		c.ambient = 0;
		process_cred_set(p, &c);
		return 0;
	}
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	bit = 1ull << cap;
	switch (op) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(c.ambient & bit);
	case PR_CAP_AMBIENT_RAISE:
		if (!(c.permitted & c.inheritable & bit) ||
		    c.securebits & SECBIT_NO_CAP_AMBIENT_RAISE)
			return -EPERM;
		c.ambient |= bit;
		break;
	case PR_CAP_AMBIENT_LOWER:
		c.ambient &= ~bit;
		break;
	default:
		return -EINVAL;
	}
	process_cred_set(p, &c);
	return 0;
}

/* Operations about capabilities. */
static s64 prctl_cap(struct task *t, int op, const s64 *a)
{
	struct cred c = process_cred(t->proc);

	switch (op) {
	case PR_GET_KEEPCAPS:
		return !!(c.securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keepcaps(t->proc, (u64)a[0]);
	case PR_GET_SECUREBITS:
		return c.securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(t, (u64)a[0]);
	case PR_CAPBSET_READ:
		return (u64)a[0] > CAP_LAST_CAP ? -EINVAL : (s64)(c.bounding >> a[0] & 1);
	case PR_CAPBSET_DROP:
		return bounding_drop(t, (u64)a[0]);
	case PR_CAP_AMBIENT:
		return ambient(t->proc, (u64)a[0], (u64)a[1], (u64)(a[2] | a[3]));
	default:
		return -EINVAL;
	}
}

/* Operations that ask. */
static s64 prctl_get(struct task *t, int op, const s64 *a)
{
	const struct process_attr *attr = process_attr(t->proc);

	switch (op) {
	case PR_GET_NAME:
		return get_name(t, (char *)(uintptr_t)a[0]);
	case PR_GET_PDEATHSIG:
		return put_int(a[0], attr->pdeath_signal);
	case PR_GET_DUMPABLE:
		return !attr->undumpable;
	case PR_GET_NO_NEW_PRIVS:
		return a[0] || a[1] || a[2] || a[3] ? -EINVAL : attr->no_new_privs;
	case PR_GET_CHILD_SUBREAPER:
		return put_int(a[0], attr->subreaper);
	case PR_GET_TIMERSLACK:
		return (s64)attr->timer_slack;
	default:
		return prctl_cap(t, op, a);
	}
}

s64 sys_prctl(struct task *t, int op, s64 a2, s64 a3, s64 a4, s64 a5)
{
	const s64 a[4] = { a2, a3, a4, a5 };
	struct process *p = t->proc;

	switch (op) {
	case PR_SET_NAME:
		return set_name(t, (const char *)(uintptr_t)a2);
	case PR_SET_PDEATHSIG:
		if ((u64)a2 > SIG_MAX)
			return -EINVAL;
		process_attr_set(p)->pdeath_signal = (u8)a2;
		return 0;
	case PR_SET_DUMPABLE:
		if (a2 != 0 && a2 != 1)
			return -EINVAL;
		process_attr_set(p)->undumpable = !a2;
		return 0;
	case PR_SET_NO_NEW_PRIVS:
		if (a2 != 1 || a3 || a4 || a5)
			return -EINVAL;
		process_attr_set(p)->no_new_privs = true;
		return 0;
	case PR_SET_CHILD_SUBREAPER:
		process_attr_set(p)->subreaper = a2;
		return 0;
	/* How late a sleep may end; here none is late at all. */
	case PR_SET_TIMERSLACK:
		process_attr_set(p)->timer_slack = a2 > 0 ? (u64)a2 : 50 * NSEC_PER_USEC;
		return 0;
	default:
		return prctl_get(t, op, a);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * User and group ids (credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2),
 * getgroups(2)). They are those of the process: a C library that sets them thread by thread sets
 * them to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "stack/capability.h"
#include "stack/cred.h"
#include "stack/syscalls.h"

#define KEEP UINT32_MAX /* the argument -1 */
#define GROUPS_MAX 65536

/* ---- users ----------------------------------------------------------------------------------- */

s64 sys_setuid(struct task *t, u32 uid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (uid == KEEP)
		return -EINVAL;
	if (capable(t, CAP_SETUID))
		c.ruid = c.suid = uid;
	else if (uid != old.ruid && uid != old.suid)
		return -EPERM;
	c.euid = c.fsuid = uid;
	cred_fix_caps(&c, &old);
	cred_commit(t->proc, &c);
	return 0;
}

static bool uid_any(const struct cred *c, u32 uid, bool saved)
{
	return uid == KEEP || uid == c->ruid || uid == c->euid || (saved && uid == c->suid);
}

s64 sys_setreuid(struct task *t, u32 ruid, u32 euid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (!capable(t, CAP_SETUID) && (!uid_any(&old, ruid, false) || !uid_any(&old, euid, true)))
		return -EPERM;
	c.ruid = ruid == KEEP ? old.ruid : ruid;
	c.euid = euid == KEEP ? old.euid : euid;
	if (ruid != KEEP || (euid != KEEP && euid != old.ruid))
		c.suid = c.euid;
	c.fsuid = c.euid;
	cred_fix_caps(&c, &old);
	cred_commit(t->proc, &c);
	return 0;
}

s64 sys_setresuid(struct task *t, u32 ruid, u32 euid, u32 suid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (!capable(t, CAP_SETUID) && (!uid_any(&old, ruid, true) || !uid_any(&old, euid, true) ||
					!uid_any(&old, suid, true)))
		return -EPERM;
	c.ruid = ruid == KEEP ? old.ruid : ruid;
	c.euid = euid == KEEP ? old.euid : euid;
	c.suid = suid == KEEP ? old.suid : suid;
	c.fsuid = c.euid;
	cred_fix_caps(&c, &old);
	cred_commit(t->proc, &c);
	return 0;
}

s64 sys_getresuid(struct task *t, u32 *ruid, u32 *euid, u32 *suid)
{
	struct cred c = process_cred(t->proc);

	if (!ruid || !euid || !suid)
		return -EFAULT;
	*ruid = c.ruid;
	*euid = c.euid;
	*suid = c.suid;
	return 0;
}

/* The old one, whether it could be changed or not. */
s64 sys_setfsuid(struct task *t, u32 uid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (uid == KEEP ||
	    (uid != old.fsuid && !uid_any(&old, uid, true) && !capable(t, CAP_SETUID)))
		return old.fsuid;
	c.fsuid = uid;
	cred_fix_fscaps(&c, &old);
	cred_commit(t->proc, &c);
	return old.fsuid;
}

/* ---- groups ---------------------------------------------------------------------------------- */

s64 sys_setgid(struct task *t, u32 gid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (gid == KEEP)
		return -EINVAL;
	if (capable(t, CAP_SETGID))
		c.rgid = c.sgid = gid;
	else if (gid != old.rgid && gid != old.sgid)
		return -EPERM;
	c.egid = c.fsgid = gid;
	cred_commit(t->proc, &c);
	return 0;
}

static bool gid_any(const struct cred *c, u32 gid, bool saved)
{
	return gid == KEEP || gid == c->rgid || gid == c->egid || (saved && gid == c->sgid);
}

s64 sys_setregid(struct task *t, u32 rgid, u32 egid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (!capable(t, CAP_SETGID) && (!gid_any(&old, rgid, false) || !gid_any(&old, egid, true)))
		return -EPERM;
	c.rgid = rgid == KEEP ? old.rgid : rgid;
	c.egid = egid == KEEP ? old.egid : egid;
	if (rgid != KEEP || (egid != KEEP && egid != old.rgid))
		c.sgid = c.egid;
	c.fsgid = c.egid;
	cred_commit(t->proc, &c);
	return 0;
}

s64 sys_setresgid(struct task *t, u32 rgid, u32 egid, u32 sgid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (!capable(t, CAP_SETGID) && (!gid_any(&old, rgid, true) || !gid_any(&old, egid, true) ||
					!gid_any(&old, sgid, true)))
		return -EPERM;
	c.rgid = rgid == KEEP ? old.rgid : rgid;
	c.egid = egid == KEEP ? old.egid : egid;
	c.sgid = sgid == KEEP ? old.sgid : sgid;
	c.fsgid = c.egid;
	cred_commit(t->proc, &c);
	return 0;
}

s64 sys_getresgid(struct task *t, u32 *rgid, u32 *egid, u32 *sgid)
{
	struct cred c = process_cred(t->proc);

	if (!rgid || !egid || !sgid)
		return -EFAULT;
	*rgid = c.rgid;
	*egid = c.egid;
	*sgid = c.sgid;
	return 0;
}

s64 sys_setfsgid(struct task *t, u32 gid)
{
	struct cred old = process_cred(t->proc), c = old;

	if (gid == KEEP ||
	    (gid != old.fsgid && !gid_any(&old, gid, true) && !capable(t, CAP_SETGID)))
		return old.fsgid;
	c.fsgid = gid;
	cred_commit(t->proc, &c);
	return old.fsgid;
}

s64 sys_getgroups(struct task *t, int size, u32 *list)
{
	struct cred c = process_cred(t->proc);

	if (size < 0 || (size && (u32)size < c.ngroups))
		return -EINVAL;
	if (size && c.ngroups) {
		if (!list)
			return -EFAULT;
		memcpy(list, c.groups, c.ngroups * sizeof(*list));
	}
	return c.ngroups;
}

static int compare_gids(const void *a, const void *b)
{
	const u32 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

s64 sys_setgroups(struct task *t, size_t size, const u32 *list)
{
	struct cred c = process_cred(t->proc);
	u32 *sorted;

	if (!capable(t, CAP_SETGID))
		return -EPERM;
	if (size > GROUPS_MAX)
		return -EINVAL;
	if (size && !list)
		return -EFAULT;
	sorted = xcalloc(size + 1, sizeof(*sorted));
	if (size)
		memcpy(sorted, list, size * sizeof(*sorted));
	qsort(sorted, size, sizeof(*sorted), compare_gids);
	c.ngroups = (u32)size;
	c.groups = sorted;
	cred_commit(t->proc, &c);
	free(sorted);
	return 0;
}

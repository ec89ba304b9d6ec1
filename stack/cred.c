/* SPDX-License-Identifier: MIT */
/*
 * Transitions of credentials; see cred.h.
 */
#include "stack/cred.h"

#include <linux/capability.h>
#include <linux/securebits.h>

#define BIT(cap) (1ull << (cap))
/* What a user id for the file system of 0 is worth. */
#define CAP_FS_SET                                                                                 \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) |     \
	 BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) | BIT(CAP_MAC_OVERRIDE))

static bool has_root(const struct cred *c)
{
	return !c->ruid || !c->euid || !c->suid;
}

void cred_fix_caps(struct cred *c, const struct cred *old)
{
	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (has_root(old) && !has_root(c)) {
		if (!(c->securebits & SECBIT_KEEP_CAPS)) {
			c->permitted = 0;
			c->effective = 0;
		}
		c->ambient = 0;
	}
	if (!old->euid && c->euid)
		c->effective = 0;
	if (old->euid && !c->euid)
		c->effective = c->permitted;
}

void cred_fix_fscaps(struct cred *c, const struct cred *old)
{
	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (!old->fsuid && c->fsuid)
		c->effective &= ~CAP_FS_SET;
	if (old->fsuid && !c->fsuid)
		c->effective |= c->permitted & CAP_FS_SET;
}

void cred_commit(struct process *p, const struct cred *c)
{
	struct cred old = process_cred(p);
	struct process_attr *a;

	process_cred_set(p, c);
	if (old.euid == c->euid && old.egid == c->egid && old.fsuid == c->fsuid &&
	    old.fsgid == c->fsgid && !(c->permitted & ~old.permitted))
		return;
	/* Others' rights over the process ended with what it was. */
	a = process_attr_set(p);
	a->undumpable = true;
	a->pdeath_signal = 0;
}

void cred_exec(struct process *p)
{
	struct cred c = process_cred(p);
	bool root = !(c.securebits & SECBIT_NOROOT) && (!c.ruid || !c.euid);

	c.suid = c.fsuid = c.euid;
	c.sgid = c.fsgid = c.egid;
	c.permitted = root ? c.inheritable | c.bounding : c.ambient;
	c.effective = root && !c.euid ? c.permitted : c.ambient;
	c.securebits &= ~(u32)SECBIT_KEEP_CAPS;
	process_cred_set(p, &c);
	process_attr_set(p)->undumpable = false;
}

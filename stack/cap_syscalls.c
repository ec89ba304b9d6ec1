/* SPDX-License-Identifier: MIT */
/*
 * capget(2) and capset(2), all three versions of their structures.
 */
#include <linux/capability.h>

#include "stack/capability.h"
#include "stack/cred.h"
#include "stack/syscalls.h"

/* How many words of each set the caller knows of. An unknown version is told which one to use. */
static s64 check_version(struct __user_cap_header_struct *hdr, u32 *words)
{
	if (!hdr)
		return -EFAULT;
	switch (hdr->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = _LINUX_CAPABILITY_U32S_1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = _LINUX_CAPABILITY_U32S_3;
		return 0;
	default:
		hdr->version = _LINUX_CAPABILITY_VERSION_3;
		return -EINVAL;
	}
}

s64 sys_capget(struct task *t, struct __user_cap_header_struct *hdr,
	       struct __user_cap_data_struct *data)
{
	struct process *p;
	struct cred c;
	u32 words;
	s64 err = check_version(hdr, &words);

	/* To ask for the version is no mistake. */
	if (!data)
		return err == -EINVAL ? 0 : err;
	if (err)
		return err;
	if (hdr->pid < 0)
		return -EINVAL;
	p = hdr->pid ? process_find_any(t->host, hdr->pid) : t->proc;
	if (!p)
		return -ESRCH;
	c = process_cred(p);
	for (u32 i = 0; i < words; i++) {
		data[i].effective = (u32)(c.effective >> (32 * i));
		data[i].permitted = (u32)(c.permitted >> (32 * i));
		data[i].inheritable = (u32)(c.inheritable >> (32 * i));
	}
	return 0;
}

s64 sys_capset(struct task *t, struct __user_cap_header_struct *hdr,
	       const struct __user_cap_data_struct *data)
{
	struct cred old = process_cred(t->proc), c = old;
	u32 words;
	s64 err = check_version(hdr, &words);

	if (err)
		return err;
	if (hdr->pid && hdr->pid != t->tid)
		return -EPERM;
	if (!data)
		return -EFAULT;
	c.effective = c.permitted = c.inheritable = 0;
	for (u32 i = 0; i < words; i++) {
		c.effective |= (u64)data[i].effective << (32 * i) & CAP_FULL_SET;
		c.permitted |= (u64)data[i].permitted << (32 * i) & CAP_FULL_SET;
		c.inheritable |= (u64)data[i].inheritable << (32 * i) & CAP_FULL_SET;
	}
	if (!capable(t, CAP_SETPCAP) && c.inheritable & ~(old.inheritable | old.permitted))
		return -EPERM;
	if (c.inheritable & ~(old.inheritable | old.bounding) || c.permitted & ~old.permitted ||
	    c.effective & ~c.permitted)
		return -EPERM;
	c.ambient &= c.permitted & c.inheritable;
	cred_commit(t->proc, &c);
	return 0;
}

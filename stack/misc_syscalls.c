/* SPDX-License-Identifier: MIT */
/*
 * The host as programs see it, and randomness: uname(2), sysinfo(2), personality(2),
 * membarrier(2), getrandom(2).
 */
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>

#include "sim/host/process.h"
#include "stack/syscalls.h"
#include "stack/utsname.h"

#define KIB 1024ull
#define MEMBARRIER_GET_REGISTRATIONS (1 << 9) /* Linux 6.3; older headers lack it */
#define PERSONALITY_ASK 0xffffffffu

s64 sys_getrandom(struct task *t, void *buf, size_t len, unsigned flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (len && !buf)
		return -EFAULT;
	len = min(len, (size_t)INT32_MAX);
	rng_bytes(&task_utask(t)->rng, buf, len);
	return (s64)len;
}

s64 sys_uname(struct task *t, struct utsname *buf)
{
	if (!buf)
		return -EFAULT;
	memset(buf, 0, sizeof(*buf));
	snprintf(buf->sysname, sizeof(buf->sysname), UTS_SYSNAME);
	snprintf(buf->nodename, sizeof(buf->nodename), "%s", t->host->name);
	snprintf(buf->release, sizeof(buf->release), UTS_RELEASE);
	snprintf(buf->version, sizeof(buf->version), UTS_VERSION);
	snprintf(buf->machine, sizeof(buf->machine), "x86_64");
	snprintf(buf->domainname, sizeof(buf->domainname), UTS_DOMAINNAME);
	return 0;
}

/* Memory is what /proc/meminfo says (procfs_host.c): 4 GiB, nearly all free, no swap. */
s64 sys_sysinfo(struct task *t, struct sysinfo *info)
{
	nsec_t now = host_now(t->host);

	if (!info)
		return -EFAULT;
	memset(info, 0, sizeof(*info));
	info->uptime = (now + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	info->totalram = 4194304 * KIB;
	info->freeram = 3932160 * KIB;
	info->procs = (u16)t->host->ntasks;
	info->mem_unit = 1;
	return 0;
}

/* Linux's own, and no other. */
s64 sys_personality(struct task *t, unsigned persona)
{
	return persona == PERSONALITY_ASK || !persona ? 0 : -EINVAL;
}

/* ---- membarrier ------------------------------------------------------------------------------ */

#define MEMBARRIER_SUPPORTED                                                                       \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                 \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |             \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |  \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_GET_REGISTRATIONS)

/* Tasks take turns: whoever runs next sees all that was written before. */
s64 sys_membarrier(struct task *t, int cmd, unsigned flags)
{
	u32 registered = process_attr(t->proc)->membarrier;

	if (flags)
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_SUPPORTED;
	case MEMBARRIER_GET_REGISTRATIONS:
		return registered;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		process_attr_set(t->proc)->membarrier |= (u32)cmd;
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		/* The bit of a command's registration is the next one. */
		return registered & (u32)cmd << 1 ? 0 : -EPERM;
	default:
		return -EINVAL;
	}
}

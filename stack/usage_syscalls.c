/* SPDX-License-Identifier: MIT */
/*
 * What was used: getrusage(2), times(2). The program's own work is user time, its calls are system
 * time. Memory is not modelled: those fields are 0.
 */
#include <string.h>
#include <sys/times.h>

#include "sim/host/process.h"
#include "stack/syscall_priv.h"

#define NSEC_PER_TICK (NSEC_PER_SEC / 100) /* USER_HZ */

static struct timeval to_timeval(nsec_t ns)
{
	return (struct timeval){ .tv_sec = ns / NSEC_PER_SEC,
				 .tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC };
}

void rusage_fill(struct rusage *ru, const struct cpu_usage *u)
{
	memset(ru, 0, sizeof(*ru));
	ru->ru_utime = to_timeval(u->utime);
	ru->ru_stime = to_timeval(u->stime);
	ru->ru_nvcsw = (long)u->nvcsw;
	ru->ru_nivcsw = (long)u->nivcsw;
}

s64 sys_getrusage(struct task *t, int who, struct rusage *ru)
{
	struct cpu_usage u;

	switch (who) {
	case RUSAGE_SELF:
		u = process_usage(t->proc);
		break;
	case RUSAGE_CHILDREN:
		u = process_attr(t->proc)->children;
		break;
	case RUSAGE_THREAD:
		u = (struct cpu_usage){ .utime = t->utime, .stime = t->cpu_time - t->utime,
					.nvcsw = t->nvcsw, .nivcsw = t->nivcsw };
		break;
	default:
		return -EINVAL;
	}
	if (!ru)
		return -EFAULT;
	rusage_fill(ru, &u);
	return 0;
}

s64 sys_times(struct task *t, struct tms *buf)
{
	struct cpu_usage own = process_usage(t->proc);
	const struct cpu_usage *children = &process_attr(t->proc)->children;

	if (buf) {
		buf->tms_utime = own.utime / NSEC_PER_TICK;
		buf->tms_stime = own.stime / NSEC_PER_TICK;
		buf->tms_cutime = children->utime / NSEC_PER_TICK;
		buf->tms_cstime = children->stime / NSEC_PER_TICK;
	}
	return host_now(t->host) / NSEC_PER_TICK;
}

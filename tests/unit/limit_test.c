/* SPDX-License-Identifier: MIT */
/*
 * Limits, scheduling and what the host says of itself: getrlimit(2), sched(7), sysinfo(2),
 * membarrier(2). Tests named linux_ pass on Linux too, as root (support/native.c); the others are
 * about what is refused here and not there.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#ifndef SCHED_DEADLINE
#define SCHED_DEADLINE 6
#endif

static void linux_limits(struct vproc *p)
{
	struct rlimit rl = { 5, 4 }, old = { 0 };
	int self = (int)vcall(p, SYS_getpid);

	assert_int_equal(vcall(p, SYS_getrlimit, 16, &rl), -EINVAL);
	assert_int_equal(vcall(p, SYS_getrlimit, RLIMIT_STACK, &old), 0);
	assert_int_equal(old.rlim_cur, 8 << 20);
	assert_true(old.rlim_max == RLIM_INFINITY);
	assert_int_equal(vcall(p, SYS_getrlimit, RLIMIT_CORE, &old), 0);
	assert_int_equal(old.rlim_cur, 0);
	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_CORE, &rl), -EINVAL);
	rl.rlim_max = RLIM_INFINITY;
	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_CORE, &rl), 0);
	assert_int_equal(vcall(p, SYS_prlimit64, self, RLIMIT_CORE, 0, &old), 0);
	assert_int_equal(old.rlim_cur, 5);
	rl.rlim_cur = 0;
	assert_int_equal(vcall(p, SYS_prlimit64, 0, RLIMIT_CORE, &rl, &old), 0);
	assert_int_equal(old.rlim_cur, 5);
	assert_int_equal(vcall(p, SYS_prlimit64, 4000000, RLIMIT_CORE, 0, &old), -ESRCH);
	assert_int_equal(vcall(p, SYS_prlimit64, 0, 99, 0, &old), -EINVAL);
}

static void test_limits(void **state)
{
	vrun(linux_limits);
}

static void child_of_limits(struct vproc *p)
{
	struct rlimit rl = { 0 };

	vcall(p, SYS_getrlimit, RLIMIT_FSIZE, &rl);
	vcall(p, SYS_setuid, 1000);
	rl.rlim_max = RLIM_INFINITY;
	if (rl.rlim_cur != 1000 || vcall(p, SYS_setrlimit, RLIMIT_FSIZE, &rl) != -EPERM ||
	    vcall(p, SYS_prlimit64, vcall(p, SYS_getppid), RLIMIT_FSIZE, 0, &rl) != -EPERM)
		vcall(p, SYS_exit_group, 1);
}

/* Inherited; only CAP_SYS_RESOURCE raises the hard limit. */
static void linux_inherited(struct vproc *p)
{
	struct rlimit rl = { 1000, 1000 };
	int status;
	s64 pid;

	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_FSIZE, &rl), 0);
	pid = vproc_fork(p, child_of_limits, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static void test_inherited(void **state)
{
	vrun(linux_inherited);
}

static void linux_sched(struct vproc *p)
{
	struct sched_param param = { .sched_priority = 0 };
	struct timespec ts;

	assert_int_equal(vcall(p, SYS_sched_getscheduler, 0), SCHED_OTHER);
	assert_int_equal(vcall(p, SYS_sched_getscheduler, -1), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_getscheduler, 4000000), -ESRCH);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_OTHER, &param), 0);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_FIFO, &param), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, 4, &param), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_DEADLINE, &param), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, -1, &param), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 4000000, 0, &param), -ESRCH);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_OTHER, 0), -EINVAL);
	param.sched_priority = 1;
	assert_int_equal(vcall(p, SYS_sched_setparam, 0, &param), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_getparam, 0, &param), 0);
	assert_int_equal(param.sched_priority, 0);
	assert_int_equal(vcall(p, SYS_sched_get_priority_max, SCHED_RR), 99);
	assert_int_equal(vcall(p, SYS_sched_get_priority_min, SCHED_FIFO), 1);
	assert_int_equal(vcall(p, SYS_sched_get_priority_max, SCHED_IDLE), 0);
	assert_int_equal(vcall(p, SYS_sched_get_priority_max, 4), -EINVAL);
	assert_int_equal(vcall(p, SYS_sched_rr_get_interval, 0, &ts), 0);
	assert_int_equal(ts.tv_sec, 0);
	assert_int_equal(vcall(p, SYS_getpriority, PRIO_PROCESS, 0), 20);
	assert_int_equal(vcall(p, SYS_getpriority, PRIO_PGRP, 0), 20);
	assert_int_equal(vcall(p, SYS_getpriority, PRIO_USER, 424242), -ESRCH);
	assert_int_equal(vcall(p, SYS_getpriority, 3, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_setpriority, PRIO_PROCESS, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_setpriority, PRIO_PROCESS, 4000000, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_ioprio_get, 1, 0), 0);
	assert_int_equal(vcall(p, SYS_ioprio_get, 0, 0), -EINVAL);
}

static void test_sched(void **state)
{
	vrun(linux_sched);
}

static void refused(struct vproc *p)
{
	struct sched_param param = { .sched_priority = 10 }, zero = { 0 };
	struct sysinfo si;

	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_FIFO, &param), -EPERM);
	assert_int_equal(vcall(p, SYS_sched_setscheduler, 0, SCHED_BATCH, &zero), -EPERM);
	assert_int_equal(vcall(p, SYS_setpriority, PRIO_PROCESS, 0, 5), -EPERM);
	assert_int_equal(vcall(p, SYS_getpriority, PRIO_PROCESS, 0), 20);
	assert_int_equal(vcall(p, SYS_personality, 0x40000), -EINVAL);
	vproc_sleep(p, 1500 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_sysinfo, &si), 0);
	assert_int_equal(si.uptime, 2);
	assert_int_equal(si.procs, 1);
	assert_true(si.totalram * si.mem_unit == 4ull << 30);
}

static void test_refused(void **state)
{
	vrun(refused);
}

static void unprivileged(struct vproc *p)
{
	if (vcall(p, SYS_setuid, 1000) ||
	    vcall(p, SYS_setpriority, PRIO_PROCESS, 0, -1) != -EACCES ||
	    vcall(p, SYS_setpriority, PRIO_PROCESS, vcall(p, SYS_getppid), 0) != -EPERM)
		vcall(p, SYS_exit_group, 1);
}

static void linux_misc(struct vproc *p)
{
	int status, mask = (int)vcall(p, SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
	s64 pid = vproc_fork(p, unprivileged, NULL);

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
	assert_true(mask & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	assert_int_equal(vcall(p, SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), -EPERM);
	assert_int_equal(vcall(p, SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0),
			 0);
	assert_int_equal(vcall(p, SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_membarrier, 1 << 9, 0, 0),
			 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	assert_int_equal(vcall(p, SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 1, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_membarrier, 1 << 20, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_personality, 0xffffffff), 0);
}

static void test_misc(void **state)
{
	vrun(linux_misc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits), cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_sched), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_misc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * wait4(2), waitid(2), SIGCHLD, orphans. These tests pass on Linux too (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <limits.h>
#include <linux/prctl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define MS NSEC_PER_MSEC

static int ncaught;

static void on_child(struct vproc *p, const struct siginfo *info)
{
	ncaught++;
}

static void exits_7(struct vproc *p)
{
	vcall(p, SYS_exit_group, 7);
}

static void sleeps(struct vproc *p)
{
	vproc_sleep(p, 60 * NSEC_PER_SEC);
}

static s64 do_waitid(struct vproc *p, int type, s64 id, siginfo_t *si, int options)
{
	memset(si, 0x55, sizeof(*si));
	return vcall(p, SYS_waitid, type, id, si, options, 0);
}

static void arguments(struct vproc *p)
{
	siginfo_t si;
	int status;

	assert_int_equal(do_waitid(p, P_ALL, 0, &si, 0), -EINVAL);
	assert_int_equal(do_waitid(p, P_ALL, 0, &si, WNOHANG), -EINVAL);
	assert_int_equal(do_waitid(p, P_ALL, 0, &si, WEXITED | 0x10), -EINVAL);
	assert_int_equal(do_waitid(p, P_PID, 0, &si, WEXITED), -EINVAL);
	assert_int_equal(do_waitid(p, P_PGID, -1, &si, WEXITED), -EINVAL);
	assert_int_equal(do_waitid(p, 9, 1, &si, WEXITED), -EINVAL);
	assert_int_equal(do_waitid(p, 3, -1, &si, WEXITED), -EINVAL);
	assert_int_equal(do_waitid(p, 3, 1, &si, WEXITED), -EBADF);
	assert_int_equal(do_waitid(p, P_ALL, 0, &si, WEXITED), -ECHILD);
	assert_int_equal(do_waitid(p, P_PID, 1, &si, WEXITED), -ECHILD);
	assert_int_equal(vcall(p, SYS_wait4, -1, &status, WNOWAIT, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_wait4, INT_MIN, &status, 0, 0), -ESRCH);
	assert_int_equal(vcall(p, SYS_wait4, -1, &status, 0, 0), -ECHILD);
}

static void test_arguments(void **state)
{
	vrun(arguments);
}

/* WNOWAIT leaves the zombie; WNOHANG with nothing to tell clears the structure. */
static void exited(struct vproc *p)
{
	siginfo_t si;
	s64 pid;

	pid = vproc_fork(p, sleeps, NULL);
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WEXITED | WNOHANG), 0);
	assert_int_equal(si.si_signo, 0);
	assert_int_equal(si.si_pid, 0);
	vcall(p, SYS_kill, pid, SIGKILL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(do_waitid(p, P_ALL, 0, &si, WEXITED | (i ? 0 : WNOWAIT)), 0);
		assert_int_equal(si.si_signo, SIGCHLD);
		assert_int_equal(si.si_code, CLD_KILLED);
		assert_int_equal(si.si_pid, pid);
		assert_int_equal(si.si_status, SIGKILL);
	}
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WEXITED), -ECHILD);
	pid = vproc_fork(p, exits_7, NULL);
	assert_int_equal(do_waitid(p, P_PGID, 0, &si, WEXITED), 0);
	assert_int_equal(si.si_code, CLD_EXITED);
	assert_int_equal(si.si_pid, pid);
	assert_int_equal(si.si_status, 7);
	/* A zombie is nothing to wait for when only stops are asked for. */
	pid = vproc_fork(p, exits_7, NULL);
	vproc_sleep(p, 50 * MS);
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WSTOPPED), -ECHILD);
	/* Nor is it a "clone" child. */
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WEXITED | __WCLONE), -ECHILD);
	assert_int_equal(vcall(p, SYS_waitid, P_PID, pid, 0, WEXITED | __WALL, 0), 0);
}

static void test_exited(void **state)
{
	vrun(exited);
}

/* SIGSTOP and SIGCONT: each is told once. */
static void job_control(struct vproc *p)
{
	siginfo_t si;
	int status;
	s64 pid;

	ncaught = 0;
	vproc_signal(p, SIGCHLD, on_child, SA_RESTART);
	pid = vproc_fork(p, sleeps, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WNOHANG | WUNTRACED, 0), 0);
	vcall(p, SYS_kill, pid, SIGSTOP);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WUNTRACED, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGSTOP);
	assert_int_equal(ncaught, 1);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WNOHANG | WUNTRACED, 0), 0);
	vcall(p, SYS_kill, pid, SIGCONT);
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WCONTINUED | WNOWAIT), 0);
	assert_int_equal(si.si_code, CLD_CONTINUED);
	assert_int_equal(si.si_status, SIGCONT);
	assert_int_equal(ncaught, 2);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WCONTINUED, 0), pid);
	assert_true(WIFCONTINUED(status));
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WNOHANG | WCONTINUED, 0), 0);
	vproc_signal(p, SIGCHLD, on_child, SA_RESTART | SA_NOCLDSTOP);
	vcall(p, SYS_kill, pid, SIGSTOP);
	assert_int_equal(do_waitid(p, P_PID, pid, &si, WSTOPPED), 0);
	assert_int_equal(si.si_code, CLD_STOPPED);
	assert_int_equal(si.si_status, SIGSTOP);
	assert_int_equal(ncaught, 2);
	/* What is stopped ends all the same. */
	vcall(p, SYS_kill, pid, SIGKILL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(ncaught, 3);
}

static void test_job_control(void **state)
{
	vrun(job_control);
}

/* Details of SIGCHLD, taken with sigtimedwait although the default is to ignore it. */
static void sigchld(struct vproc *p)
{
	u64 set = 1ull << (SIGCHLD - 1);
	struct timespec ts = { .tv_sec = 5 };
	siginfo_t si;
	int status;
	s64 pid;

	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8);
	pid = vproc_fork(p, exits_7, NULL);
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), SIGCHLD);
	assert_int_equal(si.si_code, CLD_EXITED);
	assert_int_equal(si.si_status, 7);
	assert_int_equal(si.si_pid, pid);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	/* To ignore a signal discards what is pending. */
	pid = vproc_fork(p, exits_7, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	vproc_signal(p, SIGCHLD, VPROC_DFL, 0);
	ts.tv_sec = 0;
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), -EAGAIN);
	/* SA_NOCLDWAIT: no zombie, but the signal comes. */
	vproc_signal(p, SIGCHLD, on_child, SA_NOCLDWAIT);
	pid = vproc_fork(p, exits_7, NULL);
	ts.tv_sec = 5;
	assert_int_equal(vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8), SIGCHLD);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), -ECHILD);
	vproc_signal(p, SIGCHLD, VPROC_DFL, 0);
	vcall(p, SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8);
}

static void test_sigchld(void **state)
{
	vrun(sigchld);
}

static int report[2];

static void grandchild(struct vproc *p)
{
	int ppid;

	vproc_sleep(p, 50 * MS);
	ppid = (int)vcall(p, SYS_getppid);
	vcall(p, SYS_write, report[1], &ppid, 4);
	vcall(p, SYS_exit_group, 3);
}

static void dies_first(struct vproc *p)
{
	vproc_fork(p, grandchild, NULL);
	vcall(p, SYS_exit_group, 0);
}

/* Orphans belong to the nearest subreaper. */
static void orphans(struct vproc *p)
{
	int ppid, status;
	siginfo_t si;
	s64 pid;

	vcall(p, SYS_pipe2, report, 0);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	pid = vproc_fork(p, dies_first, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(vcall(p, SYS_read, report[0], &ppid, 4), 4);
	assert_int_equal(ppid, vcall(p, SYS_getpid));
	assert_int_equal(do_waitid(p, P_ALL, 0, &si, WEXITED), 0);
	assert_int_equal(si.si_status, 3);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void test_orphans(void **state)
{
	vrun(orphans);
}

/* Without a subreaper they belong to init. Only here: a container may have one outside. */
static void to_init(struct vproc *p)
{
	int ppid, status;
	s64 pid;

	vcall(p, SYS_pipe2, report, 0);
	pid = vproc_fork(p, dies_first, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(vcall(p, SYS_read, report[0], &ppid, 4), 4);
	assert_int_equal(ppid, 1);
	assert_int_equal(vcall(p, SYS_getppid), 1);
	vproc_sleep(p, 10 * MS);
	assert_int_equal(vcall(p, SYS_wait4, -1, &status, 0, 0), -ECHILD);
}

static void test_to_init(void **state)
{
	vrun(to_init);
}

static void with_parent(struct vproc *p)
{
	vcall(p, SYS_prctl, PR_SET_PDEATHSIG, SIGUSR2, 0, 0, 0);
	vproc_sleep(p, 20 * NSEC_PER_SEC);
}

static void leaves_child(struct vproc *p)
{
	vproc_fork(p, with_parent, NULL);
	vproc_sleep(p, 50 * MS);
}

static void pdeathsig(struct vproc *p)
{
	int status;
	s64 pid;
	siginfo_t si;

	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	pid = vproc_fork(p, leaves_child, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(do_waitid(p, P_ALL, 0, &si, WEXITED), 0);
	assert_int_equal(si.si_code, CLD_KILLED);
	assert_int_equal(si.si_status, SIGUSR2);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void test_pdeathsig(void **state)
{
	vrun(pdeathsig);
}

static void stops_itself(struct vproc *p)
{
	vcall(p, SYS_kill, vcall(p, SYS_getpid), SIGTSTP);
	vcall(p, SYS_exit_group, 9);
}

static void own_session(struct vproc *p)
{
	assert_int_equal(vcall(p, SYS_setsid), vcall(p, SYS_getpid));
	stops_itself(p);
}

static void own_group(struct vproc *p)
{
	vcall(p, SYS_setpgid, 0, 0);
	stops_itself(p);
}

/* Only SIGSTOP stops a group that nobody in the session could continue. */
static void orphaned_group(struct vproc *p)
{
	int status;
	s64 pid = vproc_fork(p, own_session, NULL);

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WUNTRACED, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 9);
	pid = vproc_fork(p, own_group, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WUNTRACED, 0), pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGTSTP);
	vcall(p, SYS_kill, -pid, SIGCONT);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 9);
}

static void test_orphaned_group(void **state)
{
	vrun(orphaned_group);
}

static s64 stopped_pid;

static void session_of_two(struct vproc *p)
{
	int status;
	s64 pid = vproc_fork(p, own_group, NULL);

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, WUNTRACED, 0), pid);
	assert_true(WIFSTOPPED(status));
	vcall(p, SYS_write, report[1], &pid, 8);
}

/* Its controller goes: the stopped group gets SIGHUP and SIGCONT, so it ends. */
static void hangup(struct vproc *p)
{
	siginfo_t si;
	int status;
	s64 pid;

	vcall(p, SYS_pipe2, report, 0);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	vcall(p, SYS_setsid);
	pid = vproc_fork(p, session_of_two, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(vcall(p, SYS_read, report[0], &stopped_pid, 8), 8);
	/* The subreaper is of the same session and another group: not orphaned yet. */
	assert_int_equal(do_waitid(p, P_PID, stopped_pid, &si, WEXITED | WNOHANG), 0);
	assert_int_equal(si.si_pid, 0);
	vcall(p, SYS_kill, stopped_pid, SIGKILL);
	assert_int_equal(do_waitid(p, P_PID, stopped_pid, &si, WEXITED), 0);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void test_hangup(void **state)
{
	vrun(hangup);
}

static void leader_of_two(struct vproc *p)
{
	vcall(p, SYS_setsid);
	session_of_two(p);
}

static void hangup_to_init(struct vproc *p)
{
	siginfo_t si;
	int status;
	s64 pid;

	vcall(p, SYS_pipe2, report, 0);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	pid = vproc_fork(p, leader_of_two, NULL);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(vcall(p, SYS_read, report[0], &stopped_pid, 8), 8);
	assert_int_equal(do_waitid(p, P_PID, stopped_pid, &si, WEXITED), 0);
	assert_int_equal(si.si_code, CLD_KILLED);
	assert_int_equal(si.si_status, SIGHUP);
	assert_int_equal(vcall(p, SYS_prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0), 0);
}

static void test_hangup_to_init(void **state)
{
	vrun(hangup_to_init);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_exited),
		cmocka_unit_test(test_job_control), cmocka_unit_test(test_sigchld),
		cmocka_unit_test(test_orphans), cmocka_unit_test(test_to_init),
		cmocka_unit_test(test_pdeathsig), cmocka_unit_test(test_orphaned_group),
		cmocka_unit_test(test_hangup), cmocka_unit_test(test_hangup_to_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

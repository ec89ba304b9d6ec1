/* SPDX-License-Identifier: MIT */
/*
 * credentials(7), capabilities(7): ids, capability sets, prctl(2). Each test runs in a child, since
 * it gives its privileges away; what fails there fails by its exit status. These tests pass on
 * Linux too, as root (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* In the child: its line is the exit status when it does not hold. */
#define CHECK(p, x)                                                                                \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			vcall(p, SYS_exit_group, 1);                                               \
		}                                                                                  \
	} while (0)

#define BIT(cap) (1ull << (cap))

static void in_child(struct vproc *p, vproc_fn fn)
{
	int status;
	s64 pid = vproc_fork(p, fn, NULL);

	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

struct caps {
	u64 effective, permitted, inheritable;
};

static struct caps getcaps(struct vproc *p)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];

	CHECK(p, vcall(p, SYS_capget, &hdr, d) == 0);
	return (struct caps){ d[0].effective | (u64)d[1].effective << 32,
			      d[0].permitted | (u64)d[1].permitted << 32,
			      d[0].inheritable | (u64)d[1].inheritable << 32 };
}

static s64 setcaps(struct vproc *p, u64 effective, u64 permitted, u64 inheritable)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = {
		{ (u32)effective, (u32)permitted, (u32)inheritable },
		{ (u32)(effective >> 32), (u32)(permitted >> 32), (u32)(inheritable >> 32) },
	};

	return vcall(p, SYS_capset, &hdr, d);
}

static bool uids_are(struct vproc *p, u32 r, u32 e, u32 s)
{
	u32 ids[3] = { 0 };

	return !vcall(p, SYS_getresuid, &ids[0], &ids[1], &ids[2]) && ids[0] == r && ids[1] == e &&
	       ids[2] == s && vcall(p, SYS_getuid) == r && vcall(p, SYS_geteuid) == e;
}

static bool gids_are(struct vproc *p, u32 r, u32 e, u32 s)
{
	u32 ids[3] = { 0 };

	return !vcall(p, SYS_getresgid, &ids[0], &ids[1], &ids[2]) && ids[0] == r && ids[1] == e &&
	       ids[2] == s && vcall(p, SYS_getgid) == r && vcall(p, SYS_getegid) == e;
}

/* As a daemon gives up root for good. */
static void setuid_for_good(struct vproc *p)
{
	u32 groups[3] = { 30, 10, 20 }, out[3] = { 0 };

	CHECK(p, uids_are(p, 0, 0, 0));
	CHECK(p, vcall(p, SYS_setgroups, 3, groups) == 0);
	CHECK(p, vcall(p, SYS_getgroups, 0, 0) == 3);
	CHECK(p, vcall(p, SYS_getgroups, 2, out) == -EINVAL);
	CHECK(p, vcall(p, SYS_getgroups, 3, out) == 3);
	CHECK(p, out[0] == 10 && out[1] == 20 && out[2] == 30);
	CHECK(p, vcall(p, SYS_setgroups, 70000, groups) == -EINVAL);
	CHECK(p, vcall(p, SYS_setgid, -1) == -EINVAL);
	CHECK(p, vcall(p, SYS_setgid, 33) == 0);
	CHECK(p, gids_are(p, 33, 33, 33));
	CHECK(p, getcaps(p).effective);
	CHECK(p, vcall(p, SYS_setuid, -1) == -EINVAL);
	CHECK(p, vcall(p, SYS_setuid, 1000) == 0);
	CHECK(p, uids_are(p, 1000, 1000, 1000));
	CHECK(p, !getcaps(p).effective && !getcaps(p).permitted);
	CHECK(p, vcall(p, SYS_setuid, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_setuid, 1000) == 0);
	CHECK(p, vcall(p, SYS_setgid, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_setgroups, 0, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_getgroups, 0, 0) == 3);
	CHECK(p, vcall(p, SYS_setresuid, -1, 0, -1) == -EPERM);
	CHECK(p, vcall(p, SYS_setreuid, 0, -1) == -EPERM);
	CHECK(p, vcall(p, SYS_setresuid, -1, -1, -1) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_DUMPABLE) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_DUMPABLE, 1) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_DUMPABLE) == 1);
}

/* The effective id alone goes and comes back. */
static void seteuid_and_back(struct vproc *p)
{
	u64 full = getcaps(p).permitted;

	CHECK(p, vcall(p, SYS_setresuid, -1, 1000, -1) == 0);
	CHECK(p, uids_are(p, 0, 1000, 0));
	CHECK(p, !getcaps(p).effective && getcaps(p).permitted == full);
	CHECK(p, vcall(p, SYS_setuid, 5) == -EPERM);
	CHECK(p, vcall(p, SYS_setresuid, -1, 0, -1) == 0);
	CHECK(p, getcaps(p).effective == full);
	/* setreuid() changes the saved one too. */
	CHECK(p, vcall(p, SYS_setreuid, 1, 2) == 0);
	CHECK(p, uids_are(p, 1, 2, 2));
	CHECK(p, !getcaps(p).permitted);
	CHECK(p, vcall(p, SYS_setreuid, 2, 1) == 0);
	CHECK(p, uids_are(p, 2, 1, 1));
	CHECK(p, vcall(p, SYS_setresuid, 1, 2, 1) == 0);
	CHECK(p, vcall(p, SYS_setuid, 1) == 0);
	CHECK(p, uids_are(p, 1, 1, 1));
}

static void group_ids(struct vproc *p)
{
	CHECK(p, vcall(p, SYS_setregid, 3, 4) == 0);
	CHECK(p, gids_are(p, 3, 4, 4));
	CHECK(p, vcall(p, SYS_setresgid, -1, -1, 9) == 0);
	CHECK(p, gids_are(p, 3, 4, 9));
	CHECK(p, vcall(p, SYS_setfsgid, 77) == 4);
	CHECK(p, vcall(p, SYS_setfsgid, -1) == 77);
	CHECK(p, vcall(p, SYS_setuid, 1) == 0);
	CHECK(p, vcall(p, SYS_setfsgid, 78) == 77);
	CHECK(p, vcall(p, SYS_setfsgid, 9) == 77);
	CHECK(p, vcall(p, SYS_setfsgid, -1) == 9);
	CHECK(p, vcall(p, SYS_setresgid, 9, 3, -1) == 0);
	CHECK(p, gids_are(p, 9, 3, 9));
	CHECK(p, vcall(p, SYS_setregid, 5, -1) == -EPERM);
}

static void fs_uid(struct vproc *p)
{
	CHECK(p, vcall(p, SYS_setfsuid, 1000) == 0);
	CHECK(p, !(getcaps(p).effective & BIT(CAP_CHOWN)));
	CHECK(p, getcaps(p).effective & BIT(CAP_NET_ADMIN));
	CHECK(p, vcall(p, SYS_setfsuid, 0) == 1000);
	CHECK(p, getcaps(p).effective & BIT(CAP_CHOWN));
}

static void keep_caps(struct vproc *p)
{
	u64 full = getcaps(p).permitted;

	CHECK(p, vcall(p, SYS_prctl, PR_SET_KEEPCAPS, 2) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_KEEPCAPS, 1) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_KEEPCAPS) == 1);
	CHECK(p, vcall(p, SYS_setuid, 1000) == 0);
	CHECK(p, getcaps(p).permitted == full && !getcaps(p).effective);
	CHECK(p, setcaps(p, BIT(CAP_NET_RAW), BIT(CAP_NET_RAW) | BIT(CAP_SETPCAP), 0) == 0);
	CHECK(p, getcaps(p).effective == BIT(CAP_NET_RAW));
	/* What is given up does not come back. */
	CHECK(p, setcaps(p, 0, full, 0) == -EPERM);
	CHECK(p, setcaps(p, BIT(CAP_CHOWN), BIT(CAP_NET_RAW), 0) == -EPERM);
	/* Inheritable beyond what is permitted needs CAP_SETPCAP. */
	CHECK(p, setcaps(p, 0, BIT(CAP_NET_RAW), BIT(CAP_CHOWN)) == -EPERM);
	CHECK(p, setcaps(p, 0, BIT(CAP_NET_RAW), BIT(CAP_NET_RAW)) == 0);
	CHECK(p, getcaps(p).inheritable == BIT(CAP_NET_RAW));
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_DROP, CAP_CHOWN) == -EPERM);
}

static void ambient(struct vproc *p)
{
	u64 full = getcaps(p).permitted;

	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) ==
			 -EPERM);
	CHECK(p, setcaps(p, full, full, BIT(CAP_CHOWN)) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 1);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 63, 0, 0) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, 9, 1, 0, 0) == -EINVAL);
	/* It goes with its inheritable bit. */
	CHECK(p, setcaps(p, full, full, 0) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 0);
	/* The bounding set. */
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_READ, CAP_CHOWN) == 1);
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_READ, 63) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_DROP, 63) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_DROP, CAP_CHOWN) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_CAPBSET_READ, CAP_CHOWN) == 0);
	CHECK(p, setcaps(p, full, full, BIT(CAP_CHOWN)) == -EPERM);
}

static void securebits(struct vproc *p)
{
	u64 full = getcaps(p).permitted;

	CHECK(p, vcall(p, SYS_prctl, PR_GET_SECUREBITS) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_SECUREBITS, 1 << 20) == -EPERM);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_SECUREBITS,
		       SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_SECUREBITS, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_setuid, 1000) == 0);
	CHECK(p, getcaps(p).effective == full);
}

static void versions(struct vproc *p)
{
	struct __user_cap_header_struct hdr = { .version = 7 };
	struct __user_cap_data_struct d[2] = { 0 };

	CHECK(p, vcall(p, SYS_capget, &hdr, 0) == 0);
	CHECK(p, hdr.version == _LINUX_CAPABILITY_VERSION_3);
	hdr.version = 7;
	CHECK(p, vcall(p, SYS_capget, &hdr, d) == -EINVAL);
	CHECK(p, vcall(p, SYS_capget, 0, 0) == -EFAULT);
	hdr.version = _LINUX_CAPABILITY_VERSION_1;
	CHECK(p, vcall(p, SYS_capget, &hdr, d) == 0);
	CHECK(p, d[0].effective && !d[1].effective);
	hdr.version = _LINUX_CAPABILITY_VERSION_3;
	hdr.pid = -1;
	CHECK(p, vcall(p, SYS_capget, &hdr, d) == -EINVAL);
	hdr.pid = 4000000;
	CHECK(p, vcall(p, SYS_capget, &hdr, d) == -ESRCH);
	hdr.pid = (int)vcall(p, SYS_getppid);
	CHECK(p, vcall(p, SYS_capget, &hdr, d) == 0);
	CHECK(p, vcall(p, SYS_capset, &hdr, d) == -EPERM);
}

static void prctls(struct vproc *p)
{
	char name[16] = "";
	int v = -1;

	CHECK(p, vcall(p, SYS_prctl, PR_SET_NAME, "a name that is too long") == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_NAME, name) == 0);
	CHECK(p, !strcmp(name, "a name that is "));
	CHECK(p, vcall(p, SYS_prctl, PR_SET_PDEATHSIG, 65) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_PDEATHSIG, SIGHUP) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_PDEATHSIG, &v) == 0 && v == SIGHUP);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_TIMERSLACK) == 50000);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_TIMERSLACK, 1) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_TIMERSLACK) == 1);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_TIMERSLACK, 0) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_TIMERSLACK) == 50000);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_CHILD_SUBREAPER, &v) == 0 && !v);
	CHECK(p, vcall(p, SYS_prctl, PR_SET_DUMPABLE, 2) == -EINVAL);
	CHECK(p, vcall(p, SYS_prctl, 123456) == -EINVAL);
	/* Another id: nobody asked that one for a signal. */
	CHECK(p, vcall(p, SYS_setuid, 1000) == 0);
	CHECK(p, vcall(p, SYS_prctl, PR_GET_PDEATHSIG, &v) == 0 && !v);
}

static void sleeps(struct vproc *p)
{
	u64 none = 0;

	vcall(p, SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
	vproc_sleep(p, 60 * NSEC_PER_SEC);
}

/* Who may signal whom. */
static void kill_rules(struct vproc *p)
{
	s64 pid = vproc_fork(p, sleeps, NULL);
	siginfo_t si = { .si_code = SI_QUEUE };
	int fd = (int)vcall(p, SYS_pidfd_open, pid, 0);

	CHECK(p, vcall(p, SYS_setresuid, 1000, 1000, 0) == 0);
	CHECK(p, vcall(p, SYS_kill, pid, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_kill, 1, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_tgkill, pid, pid, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_rt_sigqueueinfo, pid, SIGUSR1, &si) == -EPERM);
	CHECK(p, vcall(p, SYS_pidfd_getfd, fd, 0, 0) == -EPERM);
	CHECK(p, vcall(p, SYS_pidfd_send_signal, fd, SIGTERM, 0, 0) == -EPERM);
	/* SIGCONT reaches everybody in the session. */
	CHECK(p, vcall(p, SYS_kill, pid, SIGCONT) == 0);
	CHECK(p, vcall(p, SYS_setresuid, -1, 0, -1) == 0);
	CHECK(p, vcall(p, SYS_kill, pid, SIGKILL) == 0);
}

static void sigio_rules(struct vproc *p)
{
	struct timespec ts = { 0 };
	u64 set = 1ull << (SIGIO - 1);
	int fds[2], status;
	siginfo_t si;
	s64 pid;

	CHECK(p, vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, 0, 8) == 0);
	CHECK(p, vcall(p, SYS_pipe2, fds, 0) == 0);
	CHECK(p, vcall(p, SYS_fcntl, fds[0], F_SETFL, O_ASYNC) == 0);
	for (int other = 0; other < 2; other++) {
		int parent = (int)vcall(p, SYS_getpid);

		if (other)
			CHECK(p, vcall(p, SYS_setresuid, -1, 1000, -1) == 0);
		CHECK(p, vcall(p, SYS_fcntl, fds[0], F_SETOWN, parent) == 0);
		if (other)
			CHECK(p, vcall(p, SYS_setresuid, -1, 0, -1) == 0);
		CHECK(p, vcall(p, SYS_write, fds[1], "x", 1) == 1);
		CHECK(p, vcall(p, SYS_rt_sigtimedwait, &set, &si, &ts, 8) == SIGIO);
	}
	/* Somebody else's process gets none. */
	pid = vproc_fork(p, sleeps, NULL);
	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	CHECK(p, vcall(p, SYS_setresuid, 1000, 1000, 0) == 0);
	CHECK(p, vcall(p, SYS_fcntl, fds[0], F_SETOWN, pid) == 0);
	CHECK(p, vcall(p, SYS_write, fds[1], "x", 1) == 1);
	vproc_sleep(p, 10 * NSEC_PER_MSEC);
	CHECK(p, vcall(p, SYS_setresuid, -1, 0, -1) == 0);
	vcall(p, SYS_kill, pid, SIGTERM);
	CHECK(p, vcall(p, SYS_wait4, pid, &status, 0, 0) == pid);
	/* It was not SIGIO that ended it. */
	CHECK(p, WTERMSIG(status) == SIGTERM);
}

#define CHILD_TEST(name)                                                                           \
	static void name##_parent(struct vproc *p)                                                 \
	{                                                                                          \
		in_child(p, name);                                                                 \
	}                                                                                          \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		vrun(name##_parent);                                                               \
	}

CHILD_TEST(setuid_for_good)
CHILD_TEST(seteuid_and_back)
CHILD_TEST(group_ids)
CHILD_TEST(fs_uid)
CHILD_TEST(keep_caps)
CHILD_TEST(ambient)
CHILD_TEST(securebits)
CHILD_TEST(versions)
CHILD_TEST(prctls)
CHILD_TEST(kill_rules)
CHILD_TEST(sigio_rules)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setuid_for_good), cmocka_unit_test(test_seteuid_and_back),
		cmocka_unit_test(test_group_ids), cmocka_unit_test(test_fs_uid),
		cmocka_unit_test(test_keep_caps), cmocka_unit_test(test_ambient),
		cmocka_unit_test(test_securebits), cmocka_unit_test(test_versions),
		cmocka_unit_test(test_prctls), cmocka_unit_test(test_kill_rules),
		cmocka_unit_test(test_sigio_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * /proc and /proc/PID: processes and threads of a host, links to oneself, descriptors. Formats are those
 * of Linux 6.18, from which the lines were recorded; numbers are the host's.
 */
#include "tests/unit/procfs_prog.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include "sim/engine/trace.h"
#include "stack/net.h"
#include "stack/stack_world.h"

static char *dup_path(const char *fmt, int a, int b)
{
	char *s = malloc(128);

	snprintf(s, 128, fmt, a, b);
	return s;
}

static void expect_link(struct vproc *p, const char *path, const char *target)
{
	char buf[128];
	int n = procfs_readlink(prog_task(p), path, buf, sizeof(buf) - 1);

	if (n < 0)
		fail_msg("%s: %d", path, n);
	buf[n] = 0;
	if (strcmp(buf, target) != 0)
		fail_msg("%s -> %s instead of %s", path, buf, target);
}

static void child(struct vproc *p)
{
	vproc_sleep(p, NSEC_PER_SEC);
}

static void root_list(struct vproc *p)
{
	int pid = (int)vcall(p, SYS_getpid), kid = (int)vproc_fork(p, child, NULL);
	char want[512];

	snprintf(want, sizeof(want),
		 ". .. net sys stat swaps mounts uptime vmstat cmdline cpuinfo loadavg meminfo "
		 "modules version diskstats partitions filesystems self thread-self %d %d ", pid, kid);
	expect_list(p, "/proc", want);
	vproc_sleep(p, 2 * NSEC_PER_SEC);
	assert_int_equal(vcall(p, SYS_wait4, kid, NULL, 0, NULL), kid);
	snprintf(want, sizeof(want), "/proc/%d", kid);
	assert_int_equal(vopen(p, want, O_RDONLY), -ENOENT);
}

static void self_links(struct vproc *p)
{
	int pid = (int)vcall(p, SYS_getpid);
	char text[64], buf[4];
	struct stat a, b;

	snprintf(text, sizeof(text), "%d", pid);
	expect_link(p, "/proc/self", text);
	snprintf(text, sizeof(text), "%d/task/%d", pid, pid);
	expect_link(p, "/proc/thread-self", text);
	expect_link(p, "/proc/net", "self/net");
	expect_link(p, "/proc/mounts", "self/mounts");
	expect_link(p, "/proc/self/root", "/");
	assert_int_equal(procfs_readlink(prog_task(p), "/proc/mounts", buf, 4), 4);
	assert_memory_equal(buf, "self", 4);
	assert_int_equal(procfs_readlink(prog_task(p), "/proc/uptime", buf, 4), -EINVAL);
	assert_int_equal(procfs_readlink(prog_task(p), "/proc/none", buf, 4), -ENOENT);
	assert_int_equal(procfs_readlink(prog_task(p), "/proc/self/exe", buf, 4), -EXDEV);
	assert_int_equal(vopen(p, "/proc/self", O_RDONLY | O_NOFOLLOW), -ELOOP);
	assert_int_equal(procfs_lstat(prog_task(p), "/proc/self", &a), 0);
	assert_int_equal(a.st_mode, S_IFLNK | 0777);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/self", &a), 0);
	snprintf(text, sizeof(text), "/proc/%d", pid);
	assert_int_equal(procfs_stat(prog_task(p), text, &b), 0);
	assert_int_equal(a.st_mode, S_IFDIR | 0555);
	assert_int_equal(a.st_ino, b.st_ino);
	expect_text(p, "/proc/self/root/proc/self/comm", "test\n");
	assert_int_equal(vopen(p, "/proc/self/root/usr", O_RDONLY), NOT_VIRTUAL);
}

static void native_names(struct vproc *p)
{
	static const char *const names[] = { "exe", "cwd", "maps", "mem", "environ", "auxv",
					     "cmdline", "smaps", "map_files",
					     "ns/net", "cwd/x", "exe/x" };
	struct stat st;
	char *got;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		assert_int_equal(vopen(p, path, O_RDONLY), NOT_VIRTUAL);
		if (strchr(names[i], '/'))
			assert_int_equal(procfs_lstat(prog_task(p), path, &st), 1);
	}
	/* What they are is told here, as Linux would; where links lead is not. */
	assert_int_equal(procfs_lstat(prog_task(p), "/proc/self/exe", &st), 0);
	assert_int_equal(st.st_mode, S_IFLNK | 0777);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/self/exe", &st), 1);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/self/maps", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0444);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/self/ns", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0511);
	got = slurp(p, "/proc/mounts", 4096);
	assert_memory_equal(got, "/dev/root / ext4 rw,relatime 0 0\n", 33);
	free(got);
	/* A path's device is that of its mount. */
	got = slurp(p, "/proc/self/mountinfo", 4096);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/uptime", &st), 0);
	assert_int_equal(st.st_dev, 21);
	assert_non_null(strstr(got, " 0:21 / /proc rw,relatime - proc "));
	free(got);
	assert_int_equal(vopen(p, "/proc/self/syscall", O_RDONLY), -ENOENT);
}

static void stat_lines(struct vproc *p)
{
	int pid = (int)vcall(p, SYS_getpid), kid;
	char want[512], path[64], *got;

	snprintf(want, sizeof(want),
		 "%d (test) R 1 %d %d 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 16777216 1024 "
		 "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		 pid, pid, pid);
	expect_text(p, "/proc/self/stat", want);
	kid = (int)vproc_fork(p, child, NULL);
	vproc_sleep(p, NSEC_PER_SEC / 2);
	snprintf(path, sizeof(path), "/proc/%d/stat", kid);
	got = slurp(p, path, 4096);
	snprintf(want, sizeof(want), "%d (child) S %d %d ", kid, pid, pid);
	assert_memory_equal(got, want, strlen(want));
	free(got);
	vproc_sleep(p, NSEC_PER_SEC);
	got = slurp(p, path, 4096);
	snprintf(want, sizeof(want), "%d (child) Z %d %d ", kid, pid, pid);
	assert_memory_equal(got, want, strlen(want));
	free(got);
}

/* Ticks of a hundredth of a second: of the program, of its calls, of children that are gone. */
static void times(struct vproc *p)
{
	char *got;

	vcall(p, CALL_COMPUTE, 1234 * NSEC_PER_MSEC);
	if (!vproc_arg(p)) {
		static char is_child;
		int kid = (int)vproc_fork(p, times, &is_child);

		assert_int_equal(vcall(p, SYS_wait4, kid, NULL, 0, NULL), kid);
		got = slurp(p, "/proc/self/stat", 4096);
		assert_non_null(strstr(got, " 0 0 0 0 0 123 0 123 0 20 0 1 "));
		free(got);
	}
}

static void test_times(void **state)
{
	struct trace *tr = trace_new(TRACE_NONE);
	struct world *w = world_new(1, strategy_default(), tr);
	struct host *h = host_new(w, "a", 1);

	stack_world_init(w);
	net_host_init(h);
	vproc_start(h, "test", times, NULL, 0);
	sim_run(&w->sim, 10 * NSEC_PER_SEC);
	assert_true(h->sim->now > 2 * NSEC_PER_SEC);
	world_destroy(w);
	trace_free(tr, true);
}

static void handler(struct vproc *p, const struct siginfo *info)
{
}

/* The lines as Linux prints them, of a process with a handler, a mask and no rights. */
static void status_lines(struct vproc *p)
{
	static const char *const lines[] = {
		"Name:\tte\\\\st\\n\nUmask:\t0022\nState:\tR (running)\nTgid:\t100\nNgid:\t0\nPid:\t100\n",
		"\nPPid:\t1\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\n"
		"Gid:\t100\t100\t100\t100\nFDSize:\t64\nGroups:\t \nNStgid:\t100\n",
		"\nVmRSS:\t    4096 kB\n",
		"\nThreads:\t1\nSigQ:\t0/32768\nSigPnd:\t0000000000000000\n",
		"\nSigBlk:\t0000000000000200\nSigIgn:\t0000000000001000\n"
		"SigCgt:\t0000000000004000\nCapInh:\t0000000000000000\n"
		"CapPrm:\t0000000000001000\nCapEff:\t0000000000001000\n"
		"CapBnd:\t000001ffffffffff\n",
		"\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n",
	};
	struct process *proc = prog_task(p)->proc;
	struct sigset set = { .bits = 1ull << 9 };
	char *got;

	vproc_signal(p, SIGTERM, handler, 0);
	vproc_signal(p, SIGPIPE, VPROC_IGN, 0);
	vcall(p, SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL);
	proc->uid = 1000;
	proc->gid = 100;
	proc->caps = 1 << 12;
	assert_int_equal(put(p, "/proc/self/comm", "te\\st\n"), 6);
	got = slurp(p, "/proc/self/status", 4096);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!strstr(got, lines[i]))
			fail_msg("status:\n%s\nwithout\n%s", got, lines[i]);
	}
	free(got);
}

static void names_and_limits(struct vproc *p)
{
	struct rlimit core = { 4096, RLIM_INFINITY };
	char *got;

	expect_text(p, "/proc/self/comm", "test\n");
	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_CORE, &core), 0);
	assert_int_equal(put(p, "/proc/self/comm", "abcdefghijklmnopqrstu\n"), 22);
	expect_text(p, "/proc/self/comm", "abcdefghijklmno\n");
	expect_text(p, "/proc/thread-self/comm", "abcdefghijklmno\n");
	got = slurp(p, "/proc/self/limits", 4096);
	assert_non_null(strstr(got, "Limit                     Soft Limit           Hard Limit      "
				    "     Units     \n"));
	assert_non_null(strstr(got, "Max open files            1024                 "));
	assert_non_null(strstr(got, "Max core file size        4096                 unlimited       "
				    "     bytes     \n"));
	assert_non_null(strstr(got, "Max nice priority         0                    0               "
				    "     \n"));
	free(got);
	expect_text(p, "/proc/self/cgroup", "0::/\n");
	expect_text(p, "/proc/self/loginuid", "4294967295");
	expect_text(p, "/proc/self/statm", "4096 1024 512 0 0 2048 0\n");
}

static void oom(struct vproc *p)
{
	expect_text(p, "/proc/self/oom_score_adj", "0\n");
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "5 6\n"), -EINVAL);
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "1001\n"), -EINVAL);
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "abc"), -EINVAL);
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "-17\n"), 4);
	expect_text(p, "/proc/self/oom_score_adj", "-17\n");
	prog_task(p)->proc->caps = 0;
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "100"), 3);
	assert_int_equal(put(p, "/proc/self/oom_score_adj", "99"), -EACCES);
}

static void thread(struct vproc *p)
{
	vproc_sleep(p, NSEC_PER_SEC);
}

static void threads(struct vproc *p)
{
	int pid = (int)vcall(p, SYS_getpid), tid = (int)vproc_thread(p, thread, NULL);
	char *want = dup_path(". .. %d %d ", pid, tid), *path, *got;

	expect_list(p, "/proc/self/task", want);
	free(want);
	path = dup_path("/proc/self/task/%d/stat", tid, 0);
	vproc_sleep(p, NSEC_PER_SEC / 2);
	got = slurp(p, path, 4096);
	want = dup_path("%d (child) S 1 %d", tid, pid);
	assert_memory_equal(got, want, strlen(want));
	free(got);
	free(want);
	free(path);
	path = dup_path("/proc/self/task/%d/comm", tid, 0);
	assert_int_equal(put(p, path, "worker"), 6);
	expect_text(p, path, "worker\n");
	expect_text(p, "/proc/self/comm", "test\n");
	free(path);
	got = slurp(p, "/proc/loadavg", 100);
	assert_memory_equal(got, "0.00 0.00 0.00 1/2 ", 19);
	free(got);
}

static void descriptors(struct vproc *p)
{
	int fds[2], sock = (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0), ev, dir;
	char *path, *want, buf[512];
	struct stat st, fst;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	ev = (int)vcall(p, SYS_eventfd2, 0, 0);
	assert_int_equal(vcall(p, SYS_fstat, sock, &st), 0);
	path = dup_path("/proc/self/fd/%d", sock, 0);
	want = dup_path("socket:[%d]", (int)st.st_ino, 0);
	expect_link(p, path, want);
	assert_int_equal(procfs_lstat(prog_task(p), path, &fst), 0);
	assert_int_equal(fst.st_mode, S_IFLNK | 0700);
	assert_int_equal(procfs_stat(prog_task(p), path, &fst), 0);
	assert_int_equal(fst.st_ino, st.st_ino);
	assert_int_equal(vopen(p, path, O_RDWR), -ENXIO);
	free(path);
	free(want);
	assert_int_equal(vcall(p, SYS_fstat, fds[0], &st), 0);
	assert_int_equal(vcall(p, SYS_fstat, fds[1], &fst), 0);
	assert_int_equal(st.st_ino, fst.st_ino);
	path = dup_path("/proc/self/fd/%d", fds[1], 0);
	want = dup_path("pipe:[%d]", (int)st.st_ino, 0);
	expect_link(p, path, want);
	assert_int_equal(procfs_lstat(prog_task(p), path, &fst), 0);
	assert_int_equal(fst.st_mode, S_IFLNK | 0300);
	assert_int_equal(vopen(p, path, O_RDONLY), -EACCES);
	assert_true(vopen(p, path, O_WRONLY) > ev);
	free(path);
	free(want);
	path = dup_path("/proc/self/fd/%d", ev, 0);
	expect_link(p, path, "anon_inode:[eventfd]");
	free(path);
	path = dup_path("/proc/self/fdinfo/%d", ev, 0);
	snprintf(buf, sizeof(buf), "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t");
	want = slurp(p, path, 100);
	assert_memory_equal(want, buf, strlen(buf));
	free(path);
	free(want);
	/* A directory's descriptor is a way to what is below. */
	dir = vopen(p, "/proc/sys/kernel", O_RDONLY);
	path = dup_path("/proc/self/fd/%d", dir, 0);
	expect_link(p, path, "/proc/sys/kernel");
	free(path);
	path = dup_path("/proc/self/fd/%d/ostype", dir, 0);
	expect_text(p, path, "Linux\n");
	free(path);
	assert_int_equal(vopen(p, "/proc/self/fd/777", O_RDONLY), -ENOENT);
	assert_int_equal(procfs_stat(prog_task(p), "/proc/self/fd", &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0500);
	assert_int_equal(st.st_size, 9);
}

static const char *native_name(struct file *f)
{
	return "/home/user/file";
}

/* What the real system has: its name is told, everything else is left to the caller. */
static void native_descriptors(struct vproc *p)
{
	static const struct file_ops ops = { .kind = "native", .name = native_name };
	struct task *t = prog_task(p);
	int fd = fd_install(t, file_new(t->host, &ops, NULL, O_RDWR, S_IFREG | 0600), 0, false);
	char *path = dup_path("/proc/self/fd/%d", fd, 0), buf[64];
	struct stat st;

	file_link_target(fd_lookup(t->proc->files, fd), buf, sizeof(buf));
	assert_string_equal(buf, "/home/user/file");
	assert_int_equal(vopen(p, path, O_RDWR), NOT_VIRTUAL);
	assert_int_equal(procfs_stat(t, path, &st), 1);
	assert_int_equal(procfs_lstat(t, path, &st), 0);
	assert_int_equal(st.st_mode, S_IFLNK | 0700);
	expect_link(p, path, "/home/user/file");
	free(path);
	path = dup_path("/proc/self/fd/%d/x", fd, 0);
	assert_int_equal(vopen(p, path, O_RDWR), NOT_VIRTUAL);
	free(path);
}

/* A file outlives its process. */
static void gone(struct vproc *p)
{
	int kid = (int)vproc_fork(p, child, NULL), fd, dir;
	char *path = dup_path("/proc/%d/stat", kid, 0), buf[512];

	fd = vopen(p, path, O_RDONLY);
	free(path);
	path = dup_path("/proc/%d/fd", kid, 0);
	dir = vopen(p, path, O_RDONLY);
	free(path);
	vproc_sleep(p, 2 * NSEC_PER_SEC);
	assert_int_equal(vcall(p, SYS_wait4, kid, NULL, 0, NULL), kid);
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), -ESRCH);
	assert_int_equal(vcall(p, SYS_getdents64, dir, buf, sizeof(buf)), -ENOENT);
}

static void foreign(struct vproc *p)
{
	int kid = (int)vproc_fork(p, child, NULL);
	char *path = dup_path("/proc/%d/fd", kid, 0);
	struct process *proc = prog_task(p)->proc;

	proc->uid = proc->gid = 1000;
	proc->caps = 0;
	assert_int_equal(vopen(p, path, O_RDONLY), -EACCES);
	free(path);
	path = dup_path("/proc/%d/comm", kid, 0);
	expect_text(p, path, "child\n");
	assert_int_equal(vopen(p, path, O_WRONLY), -EACCES);
	free(path);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(root_list)
TEST(self_links)
TEST(native_names)
TEST(stat_lines)
TEST(status_lines)
TEST(names_and_limits)
TEST(oom)
TEST(threads)
TEST(descriptors)
TEST(native_descriptors)
TEST(gone)
TEST(foreign)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_list),	cmocka_unit_test(test_self_links),
		cmocka_unit_test(test_native_names),	cmocka_unit_test(test_stat_lines),
		cmocka_unit_test(test_status_lines),	cmocka_unit_test(test_names_and_limits),
		cmocka_unit_test(test_oom),		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_descriptors),	cmocka_unit_test(test_native_descriptors),
		cmocka_unit_test(test_gone),		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

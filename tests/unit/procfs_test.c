/* SPDX-License-Identifier: MIT */
/*
 * Virtual files as such: what is virtual and what is not, opening, positions, directories, links,
 * permissions; /etc, /dev/urandom, /proc/sys and the files about CPUs. Errors are those that Linux 6.18
 * gives for the same calls.
 */
#include "tests/unit/procfs_prog.h"

#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sim/engine/trace.h"
#include "stack/ip.h"
#include "stack/net.h"
#include "stack/stack_world.h"

static void not_virtual(struct vproc *p)
{
	static const char *const paths[] = { "/", "", "/etc", "/etc/passwd", "/etc/hosts.allow",
					     "/dev", "/dev/null", "/dev/urandom2", "/tmp/proc",
					     "/procfs", "/system", "/usr/lib/x", "/etcetera/hosts",
					     "hosts", "/devel/urandom" };
	struct stat st;
	char buf[8];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (vopen(p, paths[i], O_RDONLY) != NOT_VIRTUAL)
			fail_msg("%s is taken for virtual", paths[i]);
		assert_int_equal(procfs_stat(prog_task(p), paths[i], &st), 1);
		assert_int_equal(procfs_readlink(prog_task(p), paths[i], buf, 8), -EXDEV);
		assert_int_equal(procfs_access(prog_task(p), paths[i], R_OK), 1);
	}
}

static void open_errors(struct vproc *p)
{
	static const struct {
		const char *path;
		int flags, err;
	} rows[] = {
		{ "/proc/nothing", O_RDONLY, -ENOENT },
		{ "/proc/nothing", O_WRONLY | O_CREAT, -ENOENT },
		{ "/sys/nothing", O_WRONLY | O_CREAT, -EACCES },
		{ "/sys/nothing", O_RDONLY, -ENOENT },
		{ "/proc/99999", O_RDONLY, -ENOENT },
		{ "/proc/0", O_RDONLY, -ENOENT },
		{ "/proc/01", O_RDONLY, -ENOENT },
		{ "/proc/uptime/x", O_RDONLY, -ENOTDIR },
		{ "/proc/uptime", O_RDONLY | O_DIRECTORY, -ENOTDIR },
		{ "/proc/uptime", O_RDONLY | O_CREAT | O_EXCL, -EEXIST },
		{ "/proc", O_WRONLY, -EISDIR },
		{ "/proc", O_RDWR, -EISDIR },
		{ "/proc/sys/net/ipv4", O_RDONLY | O_CREAT, -EISDIR },
		{ "/proc/sys/net/zork", O_RDONLY, -ENOENT },
		{ "/proc/sys/net/ipv4/zork", O_WRONLY | O_CREAT, -ENOENT },
		{ "/proc/sys/net/ipv4/tcp_sack/x", O_RDONLY, -ENOTDIR },
		{ "/proc/sys/net/ipv4.tcp_sack", O_RDONLY, -ENOENT },
		{ "/proc/sys/net.ipv4.tcp_sack", O_RDONLY, -ENOENT },
		{ "/proc/sys/kernel/osrelease", O_WRONLY, -EACCES },
		{ "/sys/devices/system/cpu/online", O_WRONLY, -EACCES },
		{ "/sys/devices/system/cpu/cpu2", O_RDONLY, -ENOENT },
		{ "/sys/devices/system/cpu/cpu-1", O_RDONLY, -ENOENT },
		{ "/etc/hosts", O_WRONLY, -EROFS },
		{ "/etc/hosts", O_RDONLY | O_TRUNC, -EROFS },
		{ "/etc/hosts/x", O_RDONLY, -ENOTDIR },
		{ "/etc/gai.conf", O_RDONLY, -ENOENT },
		{ "/etc/localtime", O_RDONLY, -ENOENT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = vopen(p, rows[i].path, rows[i].flags);

		if (fd != rows[i].err)
			fail_msg("%s: %d instead of %d", rows[i].path, fd, rows[i].err);
	}
}

/* As /proc/version and a seq_file behave: one byte at a time gives the same text. */
static void positions(struct vproc *p)
{
	int fd = vopen(p, "/proc/sys/kernel/hostname", O_RDONLY);
	char buf[64], *bytes, *once;
	struct stat st;

	assert_int_equal(vcall(p, SYS_read, fd, buf, 64), 2);
	assert_memory_equal(buf, "a\n", 2);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 64), 0);
	assert_int_equal(vcall(p, SYS_pread64, fd, buf, 64, 1), 1);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_SET), 0);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 1), 1);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_CUR), 1);
	assert_int_equal(vcall(p, SYS_write, fd, buf, 1), -EBADF);
	fd = vopen(p, "/proc/uptime", O_RDONLY);
	assert_int_equal(vcall(p, SYS_lseek, fd, 5, SEEK_SET), 5);
	assert_int_equal(vcall(p, SYS_lseek, fd, 5, SEEK_CUR), 10);
	assert_int_equal(vcall(p, SYS_lseek, fd, 5, SEEK_END), -EINVAL);
	assert_int_equal(vcall(p, SYS_lseek, fd, -1, SEEK_SET), -EINVAL);
	assert_int_equal(vcall(p, SYS_fstat, fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0444);
	assert_int_equal(st.st_size, 0);
	once = slurp(p, "/proc/cpuinfo", 65536);
	bytes = slurp(p, "/proc/cpuinfo", 1);
	assert_string_equal(once, bytes);
	free(once);
	free(bytes);
	/* New text with each reading from the beginning. */
	fd = vopen(p, "/proc/uptime", O_RDONLY);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 64), 10);
	assert_memory_equal(buf, "0.00 ", 5);
	vproc_sleep(p, 1250 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_pread64, fd, buf, 64, 0), 10);
	assert_memory_equal(buf, "1.25 2.50\n", 10);
	assert_int_equal(vcall(p, SYS_write, vopen(p, "/proc/version", O_WRONLY), "x", 1), -EIO);
}

/* What strace shows of ls: getdents64 until 0, and again after lseek to 0. */
static void directories(struct vproc *p)
{
	char big[4096], small[16];
	struct stat st;
	int fd;

	expect_list(p, "/proc/sys", ". .. fs kernel net vm ");
	expect_list(p, "/proc/sys/kernel/random", ". .. boot_id entropy_avail poolsize uuid ");
	expect_list(p, "/proc/sys/net", ". .. core ipv4 ipv6 unix ");
	expect_list(p, "/proc/sys/net/ipv6", ". .. bindv6only conf icmp ip6frag_time neigh ");
	expect_list(p, "/proc/sys/net/ipv4/route", ". .. min_pmtu mtu_expires ");
	expect_list(p, "/sys/devices/system/cpu",
		    ". .. cpu0 cpu1 isolated kernel_max offline online possible present ");
	fd = vopen(p, "/proc/sys/vm", O_RDONLY);
	assert_int_equal(vcall(p, SYS_read, fd, big, 10), -EISDIR);
	assert_int_equal(vcall(p, SYS_pread64, fd, big, 10, 0), -EISDIR);
	assert_int_equal(vcall(p, SYS_getdents64, fd, small, sizeof(small)), -EINVAL);
	assert_true(vcall(p, SYS_getdents64, fd, big, sizeof(big)) > 0);
	assert_int_equal(vcall(p, SYS_getdents64, fd, big, sizeof(big)), 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_SET), 0);
	assert_true(vcall(p, SYS_getdents64, fd, big, sizeof(big)) > 0);
	assert_int_equal(vcall(p, SYS_fstat, fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0555);
	fd = vopen(p, "/proc/uptime", O_RDONLY);
	assert_int_equal(vcall(p, SYS_getdents64, fd, big, sizeof(big)), -ENOTDIR);
	assert_int_equal(vcall(p, SYS_getdents64, 99, big, sizeof(big)), -EBADF);
	assert_int_equal(vcall(p, SYS_getdents64, vcall(p, SYS_eventfd2, 0, 0), big, 100), -ENOTDIR);
}

/* Every name of a listing can be opened, by pieces of any size, and has one number. */
static void walk(struct vproc *p, const char *dir, int depth)
{
	char *names = list(p, dir, 300), *again = list(p, dir, 4096), *save;

	assert_string_equal(names, again);
	free(again);
	for (char *n = strtok_r(names, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
		char path[512];
		struct stat st, fst;
		int fd, ret;

		if (strcmp(n, ".") == 0 || strcmp(n, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, n);
		ret = procfs_lstat(prog_task(p), path, &st);
		if (ret == -ENOENT && strstr(dir, "/fd"))
			continue; /* the descriptor that listed it */
		assert_int_equal(ret, 0);
		if (S_ISLNK(st.st_mode)) {
			ret = procfs_readlink(prog_task(p), path, path, 1);
			assert_true(ret == 1 || ret == -EXDEV);
			continue;
		}
		fd = vopen(p, path, O_RDONLY);
		if (fd == NOT_VIRTUAL || (fd == -EACCES && !(st.st_mode & 0444)))
			continue; /* the real process's */
		if (fd < 0)
			fail_msg("%s: %d", path, fd);
		vcall(p, SYS_close, fd);
		if (S_ISDIR(st.st_mode)) {
			assert_true(depth < 12);
			walk(p, path, depth + 1);
			continue;
		}
		fd = vopen(p, path, O_RDONLY);
		assert_int_equal(vcall(p, SYS_fstat, fd, &fst), 0);
		assert_true(fst.st_ino == st.st_ino && fst.st_mode == st.st_mode);
		vcall(p, SYS_close, fd);
		/* What /sys has no value for is EINVAL there. */
		if (strncmp(path, "/sys/devices/virtual", 20))
			free(slurp(p, path, 4096));
	}
	free(names);
}

static void walk_all(struct vproc *p)
{
	walk(p, "/proc", 0);
	walk(p, "/sys", 0);
}

/* Paths of pieces that mean something, in no order. */
static void garbage(struct vproc *p)
{
	static const char *const pieces[] = {
		"/proc", "/sys", "/net", "/self", "/thread-self", "/1",	   "/2",  "/task", "/fd",
		"/0",	 "/etc", "/dev", "/hosts", "/class",  "/devices", "/lo", "/ipv4", "/tcp",
		"/cpu0", "/virtual", "/queues", "/rx-0", "/tx-0", "/statistics", "/urandom", "/stat",
		"/%pid", "/%fd", "/..", "/.", "//", "/-1", "/99999999999999999999", "/system", "/cpu",
	};
	struct rng r;

	rng_init(&r, 1, 0, RNG_TEST, 0);
	for (int i = 0; i < 20000; i++) {
		char path[256] = "", buf[64];
		struct stat st;
		int n = 1 + (int)rng_below(&r, 7), fd, flags = (int)rng_below(&r, 1 << 18);

		while (n--)
			strcat(path, pieces[rng_below(&r, ARRAY_SIZE(pieces))]);
		if (!rng_below(&r, 4))
			path[rng_below(&r, (u32)strlen(path)) + 1] = (char)(1 + rng_below(&r, 255));
		procfs_stat(prog_task(p), path, &st);
		procfs_lstat(prog_task(p), path, &st);
		procfs_readlink(prog_task(p), path, buf, sizeof(buf));
		procfs_access(prog_task(p), path, (int)rng_below(&r, 8));
		fd = vopen(p, path, flags);
		if (fd < 0 || fd == NOT_VIRTUAL)
			continue;
		vcall(p, SYS_read, fd, buf, sizeof(buf));
		vcall(p, SYS_getdents64, fd, buf, sizeof(buf));
		vcall(p, SYS_close, fd);
	}
}

/* ---- /etc, /dev ------------------------------------------------------------------------------ */

static void etc_of_two(struct vproc *p)
{
	struct stat st;
	char buf[8];
	int fd;

	expect_text(p, "/etc/hosts", "127.0.0.1\tlocalhost\n"
				     "::1\tlocalhost ip6-localhost ip6-loopback\n"
				     "10.0.0.1\tclient\n"
				     "2001:db8::1\tclient\n"
				     "10.0.0.2\tserver\n");
	expect_text(p, "/etc/hostname", "client\n");
	expect_text(p, "/etc/resolv.conf", "nameserver 10.0.0.2\nnameserver 2001:db8::2\n");
	expect_text(p, "/etc/host.conf", "multi on\n");
	assert_int_equal(procfs_stat(prog_task(p), "/etc/hostname", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(st.st_size, 7);
	fd = vopen(p, "/etc/hostname", O_RDONLY);
	assert_int_equal(vcall(p, SYS_lseek, fd, -2, SEEK_END), 5);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 8), 2);
	assert_memory_equal(buf, "t\n", 2);
}

static void etc_of_none(struct vproc *p)
{
	char *hosts = slurp(p, "/etc/hosts", 100);

	assert_non_null(strstr(hosts, "\n127.0.1.1\tbare\n"));
	free(hosts);
	expect_text(p, "/etc/resolv.conf", "# no name server\n");
}

static void add_dev(struct host *h, const char *name, const char *addrs[], int n)
{
	static const struct net_device_ops none;
	struct net_device *dev = netdev_new(h, name, &none, 1, 1);

	for (int i = 0; i < n; i++) {
		union ipaddr a;
		int plen;

		assert_int_equal(ipaddr_parse_prefix(addrs[i], &a, &plen), 0);
		assert_int_equal(ip_addr_add(h->net, dev, &a, plen), 0);
	}
}

static void test_etc(void **state)
{
	struct trace *tr = trace_new(TRACE_NONE);
	struct world *w = world_new(1, strategy_default(), tr);
	const char *addrs[] = { "2001:db8::1/64", "10.0.0.1/24" }, *other[] = { "10.0.0.2/24" };
	struct host *a = host_new(w, "client", 1), *b = host_new(w, "server", 1);
	struct host *c = host_new(w, "bare", 1);
	union ipaddr ns;

	stack_world_init(w);
	net_host_init(a);
	net_host_init(b);
	net_host_init(c);
	add_dev(a, "eth0", addrs, 2);
	add_dev(b, "eth0", other, 1);
	assert_int_equal(ipaddr_parse("10.0.0.2", &ns), 0);
	assert_int_equal(net_nameserver_add(a->net, &ns), 0);
	assert_int_equal(ipaddr_parse("2001:db8::2", &ns), 0);
	assert_int_equal(net_nameserver_add(a->net, &ns), 0);
	assert_int_equal(net_nameserver_add(a->net, &ns), 0);
	assert_int_equal(net_nameserver_add(a->net, &ns), -ENOSPC);
	a->net->nnameserver = 2;
	vproc_start(a, "p", etc_of_two, NULL, 0);
	vproc_start(c, "p", etc_of_none, NULL, 0);
	sim_run(&w->sim, NSEC_PER_SEC);
	world_destroy(w);
	trace_free(tr, true);
}

static void random_devices(struct vproc *p)
{
	u8 a[32], b[32], zero[32] = { 0 };
	struct stat st;
	int fd = vopen(p, "/dev/urandom", O_RDWR), bits = 0;
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	assert_int_equal(vcall(p, SYS_read, fd, a, 32), 32);
	assert_int_equal(vcall(p, SYS_read, fd, b, 32), 32);
	assert_memory_not_equal(a, b, 32);
	assert_memory_not_equal(a, zero, 32);
	assert_int_equal(vcall(p, SYS_pread64, fd, b, 32, 5), 32);
	assert_memory_not_equal(a, b, 32);
	assert_int_equal(vcall(p, SYS_write, fd, "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_lseek, fd, 100, SEEK_SET), 0);
	assert_int_equal(vcall(p, SYS_fstat, fd, &st), 0);
	assert_int_equal(st.st_mode, S_IFCHR | 0666);
	assert_int_equal(st.st_rdev, 0x109);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 1);
	assert_int_equal(pfd.revents, POLLIN | POLLOUT);
	assert_int_equal(vcall(p, SYS_ioctl, fd, 0x80045200, &bits), 0);
	assert_int_equal(bits, 256);
	assert_int_equal(vcall(p, SYS_read, vopen(p, "/dev/random", O_RDONLY), b, 32), 32);
}

/* ---- /proc/sys ------------------------------------------------------------------------------- */

/* Written to a network namespace of Linux 6.18, these gave the same. */
static void sysctl_writes(struct vproc *p)
{
#define V4 "/proc/sys/net/ipv4/"
	static const struct {
		const char *path, *text;
		int ret;
		const char *then;
	} rows[] = {
		{ V4 "ip_default_ttl", "0x20", 4, "32\n" },
		{ V4 "ip_default_ttl", "010", 3, "8\n" },
		{ V4 "ip_default_ttl", " 64\n", 4, "64\n" },
		{ V4 "ip_default_ttl", "\n", -EINVAL, "64\n" },
		{ V4 "ip_default_ttl", "", 0, "64\n" },
		{ V4 "ip_default_ttl", "64,3", -EINVAL, "64\n" },
		{ V4 "ip_default_ttl", "256", -EINVAL, "64\n" },
		{ V4 "ip_default_ttl", "-1", -EINVAL, "64\n" },
		{ V4 "ip_default_ttl", "+5", -EINVAL, "64\n" },
		{ V4 "tcp_rmem", "4096 x", -EINVAL, "4096\t131072\t33554432\n" },
		{ V4 "tcp_rmem", "4096 131072 33554432 7", 21, "4096\t131072\t33554432\n" },
		{ V4 "tcp_rmem", "5000 0 5", -EINVAL, "5000\t131072\t33554432\n" },
		{ V4 "tcp_rmem", "4096\t131072\t33554432\n", 21, "4096\t131072\t33554432\n" },
		{ V4 "ip_local_port_range", "40000", 5, "40000\t60999\n" },
		{ V4 "ip_local_port_range", "5000 4000", -EINVAL, "40000\t60999\n" },
		{ V4 "ip_local_port_range", "0 4000", -EINVAL, "40000\t60999\n" },
		{ V4 "ip_local_port_range", "1024 70000", -EINVAL, "40000\t60999\n" },
		{ V4 "ip_local_port_range", "32768 60999", 11, "32768\t60999\n" },
		{ V4 "tcp_congestion_control", "reno\n", 5, "reno\n" },
		{ V4 "tcp_congestion_control", "none\n", -ENOENT, "reno\n" },
		{ V4 "tcp_congestion_control", "reno junk\n", -ENOENT, "reno\n" },
		{ V4 "tcp_congestion_control", "aaaaaaaaaaaaaaaaaaaaaaaaa\n", -ENOENT, "reno\n" },
		{ V4 "tcp_fin_timeout", "99999999999", -EINVAL, "60\n" },
		{ "/proc/sys/net/core/default_qdisc", "zork\n", -ENOENT, "pfifo_fast\n" },
		{ "/proc/sys/net/core/default_qdisc", "fq\n", 3, "fq\n" },
		{ "/proc/sys/net/core/somaxconn", "128\n", 4, "128\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int ret = put(p, rows[i].path, rows[i].text);

		if (ret != rows[i].ret)
			fail_msg("'%s' to %s: %d", rows[i].text, rows[i].path, ret);
		expect_text(p, rows[i].path, rows[i].then);
	}
}

/* Numbers are read at the beginning or not at all; words like a file. Linux's, byte for byte. */
static void sysctl_positions(struct vproc *p)
{
	int fd = vopen(p, V4 "tcp_rmem", O_RDWR);
	char buf[64];

	assert_int_equal(vcall(p, SYS_read, fd, buf, 1), 1);
	assert_int_equal(buf[0], '4');
	assert_int_equal(vcall(p, SYS_read, fd, buf, 5), 0);
	assert_int_equal(vcall(p, SYS_lseek, fd, 0, SEEK_END), 0);
	assert_int_equal(vcall(p, SYS_pread64, fd, buf, 5, 3), 0);
	/* Beyond the beginning a write is taken and does nothing. */
	assert_int_equal(vcall(p, SYS_pwrite64, fd, "1 1 1", 5, 3), 5);
	expect_text(p, V4 "tcp_rmem", "4096\t131072\t33554432\n");
	fd = vopen(p, V4 "tcp_congestion_control", O_RDONLY);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 1), 1);
	assert_int_equal(vcall(p, SYS_read, fd, buf, 10), 5);
	assert_memory_equal(buf, "ubic\n", 5);
}

static void sysctl_permissions(struct vproc *p)
{
	struct process *proc = prog_task(p)->proc;
	struct stat st;

	assert_int_equal(procfs_stat(prog_task(p), V4 "tcp_sack", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	proc->uid = proc->gid = 1000;
	proc->caps = 0;
	assert_int_equal(put(p, V4 "tcp_sack", "0"), -EACCES);
	expect_text(p, V4 "tcp_sack", "1\n");
	assert_int_equal(procfs_access(prog_task(p), V4 "tcp_sack", W_OK), -EACCES);
	assert_int_equal(procfs_access(prog_task(p), V4 "tcp_sack", R_OK), 0);
	proc->caps = 1ull << 12; /* CAP_NET_ADMIN */
	assert_int_equal(put(p, V4 "tcp_sack", "0"), 1);
	expect_text(p, V4 "tcp_sack", "0\n");
	assert_int_equal(put(p, "/proc/version", "x"), -EACCES);
}

static void kernel_values(struct vproc *p)
{
	char *a, *b, *boot;

	expect_text(p, "/proc/sys/kernel/hostname", "a\n");
	expect_text(p, "/proc/sys/kernel/ostype", "Linux\n");
	expect_text(p, V4 "tcp_available_congestion_control", "reno cubic\n");
	assert_int_equal(put(p, V4 "tcp_allowed_congestion_control", "reno"), -EACCES);
	expect_text(p, "/proc/sys/kernel/osrelease", "6.18.0\n");
	expect_text(p, "/proc/sys/vm/overcommit_memory", "0\n");
	expect_text(p, "/proc/version",
		    "Linux version 6.18.0 (sockloom@sockloom) (gcc) #1 SMP\n");
	a = slurp(p, "/proc/sys/kernel/random/uuid", 100);
	b = slurp(p, "/proc/sys/kernel/random/uuid", 100);
	boot = slurp(p, "/proc/sys/kernel/random/boot_id", 100);
	assert_int_equal(strlen(a), 37);
	free(a);
	a = slurp(p, "/etc/machine-id", 100);
	assert_int_equal(strlen(a), 33);
	free(a);
	a = slurp(p, "/proc/sys/kernel/random/uuid", 100);
	assert_int_equal(a[14], '4');
	assert_string_not_equal(a, b);
	expect_text(p, "/proc/sys/kernel/random/boot_id", boot);
	free(a);
	free(b);
	free(boot);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void cpus_of_two(struct vproc *p)
{
	expect_text(p, "/sys/devices/system/cpu/online", "0-1\n");
	expect_text(p, "/sys/devices/system/cpu/possible", "0-1\n");
	expect_text(p, "/sys/devices/system/cpu/offline", "\n");
	expect_text(p, "/sys/devices/system/cpu/cpu1/topology/core_cpus", "2\n");
	expect_text(p, "/sys/devices/system/cpu/cpu0/topology/package_cpus", "3\n");
	expect_text(p, "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1\n");
}

static void cpus_of_forty(struct vproc *p)
{
	char *stat = slurp(p, "/proc/stat", 4096), *info = slurp(p, "/proc/cpuinfo", 4096);

	expect_text(p, "/sys/devices/system/cpu/online", "0-39\n");
	expect_text(p, "/sys/devices/system/cpu/cpu33/topology/core_cpus", "02,00000000\n");
	expect_text(p, "/sys/devices/system/node/node0/cpumap", "ff,ffffffff\n");
	assert_non_null(strstr(stat, "\ncpu39 "));
	assert_null(strstr(stat, "\ncpu40 "));
	assert_memory_equal(stat, "cpu  0 0 0 ", 11);
	assert_non_null(strstr(info, "processor\t: 39\n"));
	free(stat);
	free(info);
}

static void cpus_of_one(struct vproc *p)
{
	expect_text(p, "/sys/devices/system/cpu/online", "0\n");
	expect_text(p, "/sys/devices/system/node/node0/cpumap", "1\n");
}

static void test_cpus(void **state)
{
	vrun_cpus(cpus_of_two, 2);
	vrun_cpus(cpus_of_forty, 40);
	vrun_cpus(cpus_of_one, 1);
}

/* What cat and find ask of every file, answered as Linux does. */
static void file_calls(struct vproc *p)
{
	int proc = vopen(p, "/proc/uptime", O_RDONLY), etc = vopen(p, "/etc/hosts", O_RDONLY);
	int sys = vopen(p, "/sys/devices/system/cpu/online", O_RDONLY), fds[2];
	int sock = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	int mem = (int)vcall(p, SYS_memfd_create, "m", 0);
	struct statfs sf;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	assert_int_equal(vcall(p, SYS_fstatfs, proc, &sf), 0);
	assert_int_equal(sf.f_type, 0x9fa0);
	assert_int_equal(sf.f_flags, 0x1020);
	assert_int_equal(vcall(p, SYS_fstatfs, sys, &sf), 0);
	assert_int_equal(sf.f_type, 0x62656572);
	assert_int_equal(vcall(p, SYS_fstatfs, sock, &sf), 0);
	assert_int_equal(sf.f_type, 0x534f434b);
	assert_int_equal(sf.f_flags, 0x20);
	assert_int_equal(vcall(p, SYS_fstatfs, fds[0], &sf), 0);
	assert_int_equal(sf.f_type, 0x50495045);
	assert_int_equal(vcall(p, SYS_fstatfs, 99, &sf), -EBADF);
	assert_int_equal(vcall(p, SYS_fsync, proc), -EINVAL);
	assert_int_equal(vcall(p, SYS_fsync, sock), -EINVAL);
	assert_int_equal(vcall(p, SYS_fsync, sys), 0);
	assert_int_equal(vcall(p, SYS_fdatasync, mem), 0);
	assert_int_equal(vcall(p, SYS_fadvise64, proc, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	assert_int_equal(vcall(p, SYS_fadvise64, sock, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	assert_int_equal(vcall(p, SYS_fadvise64, fds[0], 0, -1, 77), -ESPIPE);
	assert_int_equal(vcall(p, SYS_fadvise64, etc, 0, -1, 2), -EINVAL);
	assert_int_equal(vcall(p, SYS_fadvise64, etc, 0, 0, 77), -EINVAL);
	assert_int_equal(vcall(p, SYS_ftruncate, proc, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_ftruncate, vopen(p, V4 "tcp_sack", O_RDWR | O_TRUNC), 0), 0);
}

/* sendfile(2) reads it as read(2) would, also into a pipe that fills up. */
static void sendfile_proc(struct vproc *p)
{
	int in = vopen(p, "/proc/cpuinfo", O_RDONLY), fds[2];
	char *want = slurp(p, "/proc/cpuinfo", 4096), got[8192];
	s64 off = 10, n, have = 0;

	assert_int_equal(vcall(p, SYS_pipe2, fds, 0), 0);
	while ((n = vcall(p, SYS_sendfile, fds[1], in, NULL, 700)) > 0)
		have += n;
	assert_int_equal(n, 0);
	assert_int_equal(have, (s64)strlen(want));
	assert_int_equal(vcall(p, SYS_read, fds[0], got, sizeof(got)), have);
	assert_memory_equal(got, want, (size_t)have);
	assert_int_equal(vcall(p, SYS_sendfile, fds[1], in, &off, 5), 5);
	assert_int_equal(off, 15);
	assert_int_equal(vcall(p, SYS_read, fds[0], got, 5), 5);
	assert_memory_equal(got, want + 10, 5);
	free(want);
}

/* The name of a socket is a file of its own kind: seen, not opened, and free again when it is removed. */
static void socket_names(struct vproc *p)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX, .sun_path = "/tmp/x.sock" };
	int fd = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	struct task *t = prog_task(p);
	struct stat st;
	char buf[8];

	assert_int_equal(procfs_stat(t, sa.sun_path, &st), 1);
	assert_int_equal(vcall(p, SYS_bind, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(procfs_stat(t, sa.sun_path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0755);
	assert_int_equal(procfs_lstat(t, sa.sun_path, &st), 0);
	assert_int_equal(vopen(p, sa.sun_path, O_RDWR), -ENXIO);
	assert_int_equal(vopen(p, sa.sun_path, O_RDWR | O_CREAT | O_EXCL), -EEXIST);
	assert_int_equal(procfs_readlink(t, sa.sun_path, buf, 8), -EINVAL);
	assert_int_equal(procfs_socket_chmod(t, sa.sun_path, 0600), 0);
	assert_int_equal(procfs_socket_chmod(t, "/etc/hosts", 0600), -EROFS);
	t->proc->uid = t->proc->gid = 1000;
	t->proc->caps = 0;
	assert_int_equal(procfs_access(t, sa.sun_path, R_OK), -EACCES);
	assert_int_equal(procfs_access(t, sa.sun_path, F_OK), 0);
	assert_int_equal(procfs_socket_chmod(t, sa.sun_path, 0666), -EPERM);
	assert_int_equal(procfs_socket_chown(t, sa.sun_path, 1000, 1000), -EPERM);
	assert_int_equal(procfs_stat(t, sa.sun_path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(vcall(p, SYS_unlink, sa.sun_path), 0);
	assert_int_equal(procfs_stat(t, sa.sun_path, &st), 1);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(not_virtual)
TEST(open_errors)
TEST(positions)
TEST(directories)
TEST(walk_all)
TEST(garbage)
TEST(random_devices)
TEST(file_calls)
TEST(socket_names)
TEST(sendfile_proc)
TEST(sysctl_writes)
TEST(sysctl_positions)
TEST(sysctl_permissions)
TEST(kernel_values)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_virtual),	   cmocka_unit_test(test_open_errors),
		cmocka_unit_test(test_positions),	   cmocka_unit_test(test_directories),
		cmocka_unit_test(test_walk_all),	   cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_etc),		   cmocka_unit_test(test_random_devices),
		cmocka_unit_test(test_sysctl_writes),	   cmocka_unit_test(test_sysctl_positions),
		cmocka_unit_test(test_sysctl_permissions), cmocka_unit_test(test_kernel_values),
		cmocka_unit_test(test_cpus),		   cmocka_unit_test(test_file_calls),
		cmocka_unit_test(test_sendfile_proc),	   cmocka_unit_test(test_socket_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

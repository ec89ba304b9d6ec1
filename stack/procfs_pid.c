/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID and /proc/PID/task/TID (proc_pid_stat(5), proc_pid_status(5), proc_pid_limits(5)...): what a
 * simulated process is on its host. Memory is the real process's and not told here: a stated size
 * stands for it. What only the real process can answer (exe, maps, environ...) is listed and left to
 * the caller.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sim/host/process.h"
#include "stack/capability.h"
#include "stack/procfs_priv.h"
#include "stack/syscalls.h"

#define USER_TICK (NSEC_PER_SEC / 100) /* USER_HZ */
#define VM_PAGES 4096u	/* 16 MiB of 4 KiB */
#define RSS_PAGES 1024u

/* What a path is about: a process, and one thread of it; t NULL: a zombie has none. */
struct who {
	struct process *p;
	struct task *t;
	bool thread; /* the thread alone */
	int tid;     /* the number that it goes by: the thread's or the process's */
};

static int who_is(const struct procfs_at *at, struct who *w)
{
	struct task *t;

	w->p = process_find(at->host, at->pid);
	w->t = NULL;
	w->thread = at->tid;
	w->tid = at->tid ? at->tid : at->pid;
	if (!w->p)
		return -ESRCH;
	list_for_each_entry(t, &w->p->threads, thread_node) {
		if (t->tid == w->tid)
			w->t = t;
	}
	return at->tid && !w->t ? -ESRCH : 0;
}

static const char *comm_of(const struct who *w)
{
	return w->t ? w->t->name : w->p->name;
}

static int nthreads(const struct process *p)
{
	struct task *t;
	int n = 0;

	list_for_each_entry(t, &p->threads, thread_node)
		n++;
	return n;
}

static const char *state_of(const struct who *w)
{
	if (!w->t)
		return "Z (zombie)";
	switch (w->t->state) {
	case TASK_NEW:
	case TASK_RUNNING:
	case TASK_HELD:
		return "R (running)";
	case TASK_PARKED:
		return "S (sleeping)";
	case TASK_STOPPED:
		return "T (stopped)";
	case TASK_DEAD:
		break;
	}
	return "X (dead)";
}

static int ppid_of(const struct process *p)
{
	return p->parent ? p->parent->pid : 1;
}

/* What a process has used, or one thread of it. */
static struct cpu_usage usage_of(const struct who *w)
{
	if (!w->thread)
		return process_usage(w->p);
	return (struct cpu_usage){ w->t->utime, w->t->cpu_time - w->t->utime, w->t->nvcsw,
				   w->t->nivcsw };
}

static long long ticks(nsec_t t)
{
	return t / USER_TICK;
}

struct signal_masks {
	u64 pending, shared, blocked, ignored, caught;
};

static struct signal_masks signals_of(const struct who *w)
{
	struct signal_masks s = { .shared = w->p->sig.pending.set.bits };

	if (w->t) {
		s.pending = w->t->pending.set.bits;
		s.blocked = w->t->blocked.bits;
	}
	for (int sig = 1; sig <= SIG_MAX; sig++) {
		const struct sigaction_state *a = signal_action(w->p, sig);

		if (a->disposition == SIGD_IGNORE)
			s.ignored |= 1ull << (sig - 1);
		else if (a->disposition == SIGD_HANDLER)
			s.caught |= 1ull << (sig - 1);
	}
	return s;
}

/* The 52 fields of proc_pid_stat(5); addresses are 0, as for a reader without ptrace rights. */
static int stat_show(struct seq_file *m)
{
	const struct cpu_usage *children;
	struct signal_masks s;
	struct cpu_usage u;
	struct who w;
	int err = who_is(&m->at, &w);

	if (err)
		return err;
	children = &process_attr(w.p)->children;
	s = signals_of(&w);
	u = usage_of(&w);
	seq_printf(m, "%d (%s) %c %d %d %d 0 -1 0 0 0 0 0 %lld %lld %lld %lld 20 0 %d 0 %lld %u %u "
		      "%llu 0 0 0 0 0 %llu %llu %llu %llu 0 0 0 %d %d 0 0 0 0 0 0 0 0 0 0 0 0 %d\n",
		   w.tid, comm_of(&w), *state_of(&w), ppid_of(w.p), w.p->pgid, w.p->sid,
		   ticks(u.utime), ticks(u.stime), ticks(children->utime), ticks(children->stime),
		   max(nthreads(w.p), 1), w.t ? ticks(w.t->t_start) : 0,
		   w.t ? VM_PAGES * 4096 : 0, w.t ? RSS_PAGES : 0,
		   (unsigned long long)process_limit(w.p, RLIMIT_RSS).cur,
		   (unsigned long long)(s.pending & INT32_MAX),
		   (unsigned long long)(s.blocked & INT32_MAX),
		   (unsigned long long)(s.ignored & INT32_MAX),
		   (unsigned long long)(s.caught & INT32_MAX),
		   w.tid == w.p->pid ? w.p->exit_signal : -1, w.t ? w.t->cpu : 0,
		   w.p->zombie ? w.p->status : 0);
	return 0;
}

static int statm_show(struct seq_file *m)
{
	seq_printf(m, "%u %u %u 0 0 %u 0\n", VM_PAGES, RSS_PAGES, RSS_PAGES / 2, VM_PAGES / 2);
	return 0;
}

/* Newlines and backslashes of a name are escaped. */
static void put_name(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			seq_puts(m, "\\n");
		else if (*name == '\\')
			seq_puts(m, "\\\\");
		else
			seq_putn(m, name, 1);
	}
}

static void put_mask(struct seq_file *m, const char *name, u64 bits)
{
	seq_printf(m, "%s:\t%016llx\n", name, (unsigned long long)bits);
}

/* The CPUs that it may use as a bit mask and as ranges. */
static void put_cpus(struct seq_file *m, const struct task *t)
{
	int ncpu = m->at.host->ncpu;
	bool first = true;

	seq_puts(m, "Cpus_allowed:\t");
	seq_cpumask(m, t->affinity);
	seq_puts(m, "Cpus_allowed_list:\t");
	for (int cpu = 0; cpu < ncpu; cpu++) {
		int last = cpu;

		if (!(t->affinity[cpu / 64] >> cpu % 64 & 1))
			continue;
		while (last + 1 < ncpu && t->affinity[(last + 1) / 64] >> (last + 1) % 64 & 1)
			last++;
		seq_printf(m, last > cpu ? "%s%d-%d" : "%s%d", first ? "" : ",", cpu, last);
		first = false;
		cpu = last;
	}
	seq_puts(m, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
}

static void put_memory(struct seq_file *m)
{
	static const struct {
		const char *name;
		u32 kib;
	} rows[] = {
		{ "VmPeak", VM_PAGES * 4 },  { "VmSize", VM_PAGES * 4 },  { "VmLck", 0 },
		{ "VmPin", 0 },		     { "VmHWM", RSS_PAGES * 4 },  { "VmRSS", RSS_PAGES * 4 },
		{ "RssAnon", RSS_PAGES * 2 }, { "RssFile", RSS_PAGES * 2 }, { "RssShmem", 0 },
		{ "VmData", VM_PAGES * 2 },  { "VmStk", 132 },		  { "VmExe", 64 },
		{ "VmLib", 2048 },	     { "VmPTE", 64 },		  { "VmSwap", 0 },
		{ "HugetlbPages", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		seq_printf(m, "%s:\t%8u kB\n", rows[i].name, rows[i].kib);
	seq_puts(m, "CoreDumping:\t0\nTHP_enabled:\t1\nuntag_mask:\t0xffffffffffffffff\n");
}

static void put_signals(struct seq_file *m, const struct who *w)
{
	struct signal_masks s = signals_of(w);

	seq_printf(m, "Threads:\t%d\nSigQ:\t%d/%llu\n", max(nthreads(w->p), 1),
		   w->p->sig.pending.nqueued,
		   (unsigned long long)process_limit(w->p, RLIMIT_SIGPENDING).cur);
	put_mask(m, "SigPnd", s.pending);
	put_mask(m, "ShdPnd", s.shared);
	put_mask(m, "SigBlk", s.blocked);
	put_mask(m, "SigIgn", s.ignored);
	put_mask(m, "SigCgt", s.caught);
}

static void put_caps(struct seq_file *m, const struct who *w)
{
	struct cred c = process_cred(w->p);

	put_mask(m, "CapInh", c.inheritable & CAP_FULL_SET);
	put_mask(m, "CapPrm", c.permitted & CAP_FULL_SET);
	put_mask(m, "CapEff", c.effective & CAP_FULL_SET);
	put_mask(m, "CapBnd", c.bounding & CAP_FULL_SET);
	put_mask(m, "CapAmb", c.ambient & CAP_FULL_SET);
	seq_printf(m, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n"
		      "Speculation_Store_Bypass:\tnot vulnerable\n"
		      "SpeculationIndirectBranch:\tnot affected\n",
		   process_attr(w->p)->no_new_privs);
}

static void put_ids(struct seq_file *m, const struct who *w)
{
	struct cred c = process_cred(w->p);

	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", c.ruid,
		   c.euid, c.suid, c.fsuid, c.rgid, c.egid, c.sgid, c.fsgid,
		   w->p->files ? max(w->p->files->nfd, 64u) : 0);
	for (u32 i = 0; i < c.ngroups; i++)
		seq_printf(m, i ? " %u" : "%u", c.groups[i]);
	seq_puts(m, " \n");
}

static int status_show(struct seq_file *m)
{
	const struct process *p;
	struct cpu_usage u;
	struct who w;
	int err = who_is(&m->at, &w);

	if (err)
		return err;
	p = w.p;
	u = usage_of(&w);
	seq_puts(m, "Name:\t");
	put_name(m, comm_of(&w));
	seq_printf(m, "\nUmask:\t0022\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\n"
		      "TracerPid:\t0\n", state_of(&w), p->pid, w.tid, ppid_of(p));
	put_ids(m, &w);
	seq_printf(m, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n", p->pid, w.tid,
		   p->pgid, p->sid);
	if (w.t)
		put_memory(m);
	put_signals(m, &w);
	put_caps(m, &w);
	if (w.t)
		put_cpus(m, w.t);
	seq_printf(m, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		   (unsigned long long)u.nvcsw, (unsigned long long)u.nivcsw);
	return 0;
}

static int comm_show(struct seq_file *m)
{
	struct who w;
	int err = who_is(&m->at, &w);

	if (!err)
		seq_printf(m, "%s\n", comm_of(&w));
	return err;
}

/* A thread of the same process may name it; what is too long is cut off. */
static s64 comm_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct who w;
	int err = who_is(at, &w);

	if (err)
		return err;
	if (!w.t || t->proc != w.p)
		return -EINVAL;
	snprintf(w.t->name, sizeof(w.t->name), "%.*s", (int)len, text);
	return (s64)len;
}

static void put_limit(struct seq_file *m, u64 v)
{
	size_t from = m->len;

	if (v == RLIM_NONE)
		seq_puts(m, "unlimited");
	else
		seq_printf(m, "%llu", (unsigned long long)v);
	seq_pad(m, from, 20);
	seq_puts(m, " ");
}

static int limits_show(struct seq_file *m)
{
	struct process *p = process_find(m->at.host, m->at.pid);
	static const struct {
		const char *name, *unit;
	} rows[PROCESS_RLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", NULL },
		[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};

	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (int i = 0; i < PROCESS_RLIMITS; i++) {
		struct process_limit l = process_limit(p, i);

		seq_printf(m, "%-25s ", rows[i].name);
		put_limit(m, l.cur);
		put_limit(m, l.max);
		if (rows[i].unit)
			seq_printf(m, "%-10s", rows[i].unit);
		seq_puts(m, "\n");
	}
	return 0;
}

static int timerslack_ns_show(struct seq_file *m)
{
	struct process *p = process_find(m->at.host, m->at.pid);

	seq_printf(m, "%llu\n", (unsigned long long)process_attr(p)->timer_slack);
	return 0;
}

static int oom_score_adj_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", process_find(m->at.host, m->at.pid)->oom_score_adj);
	return 0;
}

/* Nothing runs out of memory here; the value is only kept, and inherited by children. */
static s64 oom_score_adj_store(struct task *t, const struct procfs_at *at, const char *text,
			       size_t len)
{
	struct process *p = process_find(at->host, at->pid);
	bool negative;
	u64 v;

	while (*text == ' ' || *text == '\t')
		text++;
	negative = *text == '-';
	if (procfs_parse_ulong(text + negative, &v) || v > 1000)
		return -EINVAL;
	if ((negative ? -(int)v : (int)v) < p->oom_score_adj && !capable(t, CAP_SYS_RESOURCE))
		return -EACCES;
	p->oom_score_adj = negative ? -(int)v : (int)v;
	return (s64)len;
}

static int self_show(struct seq_file *m)
{
	seq_printf(m, "%d", m->reader->proc->pid);
	return 0;
}

static int thread_self_show(struct seq_file *m)
{
	seq_printf(m, "%d/task/%d", m->reader->proc->pid, m->reader->tid);
	return 0;
}

#define RO (S_IFREG | 0444)
#define LINK (S_IFLNK | 0777)
#define PID "/proc/%pid/"
#define TID "/proc/%pid/task/%tid/"
#define NATIVE(dir, n, m) { .path = dir n, .mode = m, .flags = PF_NATIVE }
#define SHOW(dir, n, fn) { .path = dir n, .mode = RO, .show = fn }
#define TEXT(dir, n, t) { .path = dir n, .mode = RO, .text = t }
/*
 * The file systems that a program of the simulated host sees (proc_pid_mountinfo(5)). Numbers of devices
 * are those of stat(2) on virtual files.
 */
#define MOUNTS                                                                                     \
	"/dev/root / ext4 rw,relatime 0 0\n"                                                       \
	"proc /proc proc rw,relatime 0 0\n"                                                        \
	"sysfs /sys sysfs rw,relatime 0 0\n"                                                       \
	"devtmpfs /dev devtmpfs rw,relatime 0 0\n"                                                 \
	"devpts /dev/pts devpts rw,relatime,mode=600,ptmxmode=000 0 0\n"                           \
	"tmpfs /dev/shm tmpfs rw,relatime 0 0\n"
#define MOUNTINFO                                                                                  \
	"21 1 0:23 / / rw,relatime - ext4 /dev/root rw\n"                                          \
	"22 21 0:21 / /proc rw,relatime - proc proc rw\n"                                          \
	"23 21 0:22 / /sys rw,relatime - sysfs sysfs rw\n"                                         \
	"24 21 0:5 / /dev rw,relatime - devtmpfs devtmpfs rw\n"                                    \
	"25 24 0:24 / /dev/pts rw,relatime - devpts devpts rw,mode=600,ptmxmode=000\n"             \
	"26 24 0:25 / /dev/shm rw,relatime - tmpfs tmpfs rw\n"
#define STORE(dir, n, fn)                                                                          \
	{ .path = dir n, .mode = S_IFREG | 0644, .show = fn##_show, .store = fn##_store }

/* In the order in which Linux lists them. A thread has nearly all of its process's. */
#define COMMON(dir)                                                                                \
	NATIVE(dir, "ns", S_IFDIR | 0511), { .path = dir "net", .mode = S_IFDIR | 0555 },          \
		NATIVE(dir, "environ", S_IFREG | 0400), NATIVE(dir, "auxv", S_IFREG | 0400),       \
		SHOW(dir, "status", status_show),                                                  \
		{ .path = dir "personality", .mode = S_IFREG | 0400, .text = "00040000\n" },       \
		SHOW(dir, "limits", limits_show), STORE(dir, "comm", comm),                        \
		NATIVE(dir, "cmdline", RO), SHOW(dir, "stat", stat_show),                          \
		SHOW(dir, "statm", statm_show), NATIVE(dir, "maps", RO),                           \
		NATIVE(dir, "mem", S_IFREG | 0600), NATIVE(dir, "cwd", LINK),                      \
		{ .path = dir "root", .mode = LINK, .text = "/" }, NATIVE(dir, "exe", LINK),       \
		TEXT(dir, "mounts", MOUNTS), TEXT(dir, "mountinfo", MOUNTINFO),                    \
		NATIVE(dir, "smaps", RO),                                                          \
		NATIVE(dir, "smaps_rollup", RO), NATIVE(dir, "pagemap", S_IFREG | 0400),           \
		TEXT(dir, "wchan", "0"), TEXT(dir, "cpuset", "/\n"),                               \
		TEXT(dir, "cgroup", "0::/\n"), TEXT(dir, "oom_score", "666\n"),                    \
		STORE(dir, "oom_score_adj", oom_score_adj),                                        \
		TEXT(dir, "loginuid", "4294967295"), TEXT(dir, "sessionid", "4294967295"),         \
		TEXT(dir, "uid_map", "         0          0 4294967295\n"),                        \
		TEXT(dir, "gid_map", "         0          0 4294967295\n"),                        \
		TEXT(dir, "setgroups", "allow\n")

const struct procfs_entry procfs_pid_entries[] = {
	{ .path = "/proc/mounts", .mode = LINK, .text = "self/mounts" },
	{ .path = "/proc/net", .mode = LINK, .text = "self/net" },
	{ .path = "/proc/self", .mode = LINK, .show = self_show },
	{ .path = "/proc/thread-self", .mode = LINK, .show = thread_self_show },
	{ .path = PID "task", .mode = S_IFDIR | 0555 },
	{ .path = PID "fd", .mode = S_IFDIR | 0500 },
	NATIVE(PID, "map_files", S_IFDIR | 0500),
	{ .path = PID "fdinfo", .mode = S_IFDIR | 0555 },
	COMMON(PID),
	SHOW(PID, "timerslack_ns", timerslack_ns_show),
	{ .path = "/proc/%pid/task/%tid", .mode = S_IFDIR | 0555 },
	{ .path = TID "fd", .mode = S_IFDIR | 0500 },
	{ .path = TID "fdinfo", .mode = S_IFDIR | 0555 },
	COMMON(TID),
	{ 0 },
};

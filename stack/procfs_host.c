/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of the machine (proc_uptime(5), proc_stat(5), proc_cpuinfo(5)...): virtual time, the
 * host's CPUs and tasks. What a simulated host does not have (memory, a disk, a processor's features) is
 * stated: 4 GiB, of which nearly all is free, and the features that every x86-64 of level 2 has.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "stack/procfs_priv.h"
#include "stack/utsname.h"

#define USER_TICK (NSEC_PER_SEC / 100) /* USER_HZ */

static u64 ticks(nsec_t t)
{
	return (u64)(max(t, (nsec_t)0) / USER_TICK);
}

static nsec_t cpu_idle(const struct host *h, int cpu)
{
	const struct cpu *c = &h->cpus[cpu];

	return max(host_now(h) - c->time[CTX_TASK] - c->time[CTX_SOFTIRQ] - c->time[CTX_HARDIRQ],
		   (nsec_t)0);
}

static void hundredths(struct seq_file *m, nsec_t t, const char *end)
{
	seq_printf(m, "%llu.%02llu%s", (unsigned long long)(ticks(t) / 100),
		   (unsigned long long)(ticks(t) % 100), end);
}

static int uptime_show(struct seq_file *m)
{
	const struct host *h = m->at.host;
	nsec_t idle = 0;

	for (int i = 0; i < h->ncpu; i++)
		idle += cpu_idle(h, i);
	hundredths(m, host_now(h), " ");
	hundredths(m, idle, "\n");
	return 0;
}

/* Runnable threads and all of them. */
static void count_tasks(const struct host *h, int *running, int *all)
{
	struct process *p;
	struct task *t;

	*running = 0;
	*all = 0;
	list_for_each_entry(p, &h->processes, node) {
		list_for_each_entry(t, &p->threads, thread_node) {
			*all += t->state != TASK_NEW;
			*running += t->state == TASK_RUNNING;
		}
	}
}

/* The averages decay over minutes by a tick of five seconds, of which there is none: always 0. */
static int loadavg_show(struct seq_file *m)
{
	int running, all;

	count_tasks(m->at.host, &running, &all);
	seq_printf(m, "0.00 0.00 0.00 %d/%d %d\n", running, all, m->at.host->next_pid - 1);
	return 0;
}

/* user nice system idle iowait irq softirq steal guest guest_nice */
static void cpu_line(struct seq_file *m, const char *name, nsec_t user, nsec_t idle, nsec_t irq,
		     nsec_t softirq)
{
	seq_printf(m, "%s %llu 0 0 %llu 0 %llu %llu 0 0 0\n", name,
		   (unsigned long long)ticks(user), (unsigned long long)ticks(idle),
		   (unsigned long long)ticks(irq), (unsigned long long)ticks(softirq));
}

/* Time of tasks is all user time: calls are not told apart. */
static int stat_show(struct seq_file *m)
{
	const struct host *h = m->at.host;
	nsec_t user = 0, idle = 0, irq = 0, softirq = 0;
	int running, all;

	for (int i = 0; i < h->ncpu; i++) {
		user += h->cpus[i].time[CTX_TASK];
		idle += cpu_idle(h, i);
		irq += h->cpus[i].time[CTX_HARDIRQ];
		softirq += h->cpus[i].time[CTX_SOFTIRQ];
	}
	cpu_line(m, "cpu ", user, idle, irq, softirq);
	for (int i = 0; i < h->ncpu; i++) {
		const struct cpu *c = &h->cpus[i];
		char name[16];

		snprintf(name, sizeof(name), "cpu%d", i);
		cpu_line(m, name, c->time[CTX_TASK], cpu_idle(h, i), c->time[CTX_HARDIRQ],
			 c->time[CTX_SOFTIRQ]);
	}
	count_tasks(h, &running, &all);
	seq_printf(m, "intr 0\nctxt 0\nbtime %lld\nprocesses %d\nprocs_running %d\nprocs_blocked 0\n"
		      "softirq 0 0 0 0 0 0 0 0 0 0 0\n",
		   (long long)(h->world->epoch / NSEC_PER_SEC), h->next_pid - 1, running);
	return 0;
}

static int cpuinfo_show(struct seq_file *m)
{
	int ncpu = m->at.host->ncpu;

	for (int i = 0; i < ncpu; i++)
		seq_printf(m,
			   "processor\t: %d\n"
			   "vendor_id\t: GenuineIntel\n"
			   "cpu family\t: 6\n"
			   "model\t\t: 44\n"
			   "model name\t: Simulated x86-64 processor\n"
			   "stepping\t: 1\n"
			   "cpu MHz\t\t: 1000.000\n"
			   "cache size\t: 16384 KB\n"
			   "physical id\t: 0\n"
			   "siblings\t: %d\n"
			   "core id\t\t: %d\n"
			   "cpu cores\t: %d\n"
			   "apicid\t\t: %d\n"
			   "initial apicid\t: %d\n"
			   "fpu\t\t: yes\n"
			   "fpu_exception\t: yes\n"
			   "cpuid level\t: 11\n"
			   "wp\t\t: yes\n"
			   "flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca "
			   "cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx lm constant_tsc "
			   "rep_good nopl cpuid pni ssse3 cx16 sse4_1 sse4_2 popcnt hypervisor "
			   "lahf_lm\n"
			   "bugs\t\t:\n"
			   "bogomips\t: 2000.00\n"
			   "clflush size\t: 64\n"
			   "cache_alignment\t: 64\n"
			   "address sizes\t: 46 bits physical, 48 bits virtual\n"
			   "power management:\n\n",
			   i, ncpu, i, ncpu, i, i);
	return 0;
}

static int meminfo_show(struct seq_file *m)
{
	static const struct {
		const char *name;
		u32 kib;
	} rows[] = {
		{ "MemTotal", 4194304 },    { "MemFree", 3932160 },	{ "MemAvailable", 3932160 },
		{ "Buffers", 0 },	    { "Cached", 131072 },	{ "SwapCached", 0 },
		{ "Active", 65536 },	    { "Inactive", 65536 },	{ "Active(anon)", 0 },
		{ "Inactive(anon)", 0 },    { "Active(file)", 65536 },	{ "Inactive(file)", 65536 },
		{ "Unevictable", 0 },	    { "Mlocked", 0 },		{ "SwapTotal", 0 },
		{ "SwapFree", 0 },	    { "Zswap", 0 },		{ "Zswapped", 0 },
		{ "Dirty", 0 },		    { "Writeback", 0 },		{ "AnonPages", 0 },
		{ "Mapped", 0 },	    { "Shmem", 0 },		{ "KReclaimable", 32768 },
		{ "Slab", 65536 },	    { "SReclaimable", 32768 },	{ "SUnreclaim", 32768 },
		{ "KernelStack", 1024 },    { "PageTables", 1024 },	{ "SecPageTables", 0 },
		{ "NFS_Unstable", 0 },	    { "Bounce", 0 },		{ "WritebackTmp", 0 },
		{ "CommitLimit", 2097152 }, { "Committed_AS", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t from = m->len;

		seq_printf(m, "%s:", rows[i].name);
		seq_pad(m, from, 16);
		seq_printf(m, "%8u kB\n", rows[i].kib);
	}
	seq_puts(m, "VmallocTotal:   34359738367 kB\n"
		    "VmallocUsed:           0 kB\n"
		    "VmallocChunk:          0 kB\n"
		    "Percpu:                0 kB\n"
		    "HugePages_Total:       0\n"
		    "HugePages_Free:        0\n"
		    "HugePages_Rsvd:        0\n"
		    "HugePages_Surp:        0\n"
		    "Hugepagesize:       2048 kB\n"
		    "Hugetlb:               0 kB\n");
	return 0;
}

#define RO (S_IFREG | 0444)
#define SHOW(n) { .path = "/proc/" #n, .mode = RO, .show = n##_show }

const struct procfs_entry procfs_host_entries[] = {
	{ .path = "/proc/diskstats", .mode = RO, .text = "" },
	{ .path = "/proc/modules", .mode = RO, .text = "" },
	{ .path = "/proc/partitions", .mode = RO, .text = "" },
	/* What vmstat(8) asks for. */
	{ .path = "/proc/vmstat", .mode = RO,
	  .text = "nr_free_pages 983040\nnr_dirty 0\nnr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\n"
		  "pswpout 0\npgalloc_normal 0\npgfree 0\npgfault 0\npgmajfault 0\n"
		  "oom_kill 0\n" },
	{ .path = "/proc/cmdline", .mode = RO, .text = "ro quiet nokaslr\n" },
	SHOW(cpuinfo),
	{ .path = "/proc/filesystems", .mode = RO,
	  .text = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsockfs\n"
		  "nodev\tpipefs\nnodev\tdevpts\n\text4\n" },
	SHOW(loadavg),
	SHOW(meminfo),
	SHOW(stat),
	{ .path = "/proc/swaps", .mode = RO,
	  .text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" },
	SHOW(uptime),
	{ .path = "/proc/version", .mode = RO,
	  .text = UTS_SYSNAME " version " UTS_RELEASE " (sockloom@sockloom) (gcc) " UTS_VERSION
			      "\n" },
	{ 0 },
};

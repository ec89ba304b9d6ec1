/* SPDX-License-Identifier: MIT */
/*
 * /sys/devices/system: the host's CPUs as one package of cores with one thread each, on one memory node
 * (Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/admin-guide/cputopology.rst); and
 * the few files of /sys/kernel that programs ask for.
 */
#include <sys/stat.h>

#include "stack/procfs_priv.h"

/* "0-3", or "0". */
static int all_list(struct seq_file *m)
{
	int last = m->at.host->ncpu - 1;

	if (last)
		seq_printf(m, "0-%d\n", last);
	else
		seq_puts(m, "0\n");
	return 0;
}

static int all_mask(struct seq_file *m)
{
	static const u64 all[4] = { ~0ull, ~0ull, ~0ull, ~0ull };

	seq_cpumask(m, all);
	return 0;
}

static int own_number(struct seq_file *m)
{
	seq_printf(m, "%d\n", m->at.cpu - 1);
	return 0;
}

static int own_mask(struct seq_file *m)
{
	u64 bits[4] = { 0 };

	bits[(m->at.cpu - 1) / 64] = 1ull << (m->at.cpu - 1) % 64;
	seq_cpumask(m, bits);
	return 0;
}

#define RO (S_IFREG | 0444)
#define SYSTEM "/sys/devices/system/"
#define SHOW(n, fn) { .path = SYSTEM n, .mode = RO, .show = fn, .flags = PF_NO_WRITE }
#define VALUE(n, v) { .path = n, .mode = RO, .text = v, .flags = PF_NO_WRITE }
#define TOPOLOGY SYSTEM "cpu/%cpu/topology/"
#define TOPO(n, fn) { .path = TOPOLOGY n, .mode = RO, .show = fn, .flags = PF_NO_WRITE }

const struct procfs_entry sysfs_cpu_entries[] = {
	VALUE(SYSTEM "clocksource/clocksource0/available_clocksource", "tsc \n"),
	VALUE(SYSTEM "clocksource/clocksource0/current_clocksource", "tsc\n"),
	TOPO("core_cpus", own_mask),
	TOPO("core_cpus_list", own_number),
	TOPO("core_id", own_number),
	TOPO("core_siblings", all_mask),
	TOPO("core_siblings_list", all_list),
	VALUE(TOPOLOGY "die_id", "0\n"),
	TOPO("package_cpus", all_mask),
	TOPO("package_cpus_list", all_list),
	VALUE(TOPOLOGY "physical_package_id", "0\n"),
	TOPO("thread_siblings", own_mask),
	TOPO("thread_siblings_list", own_number),
	VALUE(SYSTEM "cpu/isolated", "\n"),
	VALUE(SYSTEM "cpu/kernel_max", "255\n"),
	VALUE(SYSTEM "cpu/offline", "\n"),
	SHOW("cpu/online", all_list),
	SHOW("cpu/possible", all_list),
	SHOW("cpu/present", all_list),
	VALUE(SYSTEM "node/has_cpu", "0\n"),
	SHOW("node/node0/cpulist", all_list),
	SHOW("node/node0/cpumap", all_mask),
	VALUE(SYSTEM "node/online", "0\n"),
	VALUE(SYSTEM "node/possible", "0\n"),
	VALUE("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
	VALUE("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"),
	{ 0 },
};

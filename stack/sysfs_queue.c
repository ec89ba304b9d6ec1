/* SPDX-License-Identifier: MIT */
/*
 * /sys/class/net/IF/queues (Documentation/ABI/testing/sysfs-class-net-queues,
 * Documentation/networking/scaling.rst): RPS and RFS of receive queues, XPS of transmit queues.
 */
#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>

#include "nic/nic.h"
#include "stack/capability.h"
#include "stack/procfs_priv.h"

/*
 * bitmap_parse(): groups of up to 8 hexadecimal digits, the lowest last, with commas between. 0, -EINVAL,
 * or -EOVERFLOW when it names a CPU that is not there.
 */
static int parse_cpumask(const char *s, int ncpu, u64 bits[4])
{
	size_t len = strlen(s);
	int bit = 0, digits = 0;
	bool any = false, over = false;

	memset(bits, 0, 4 * sizeof(*bits));
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	for (size_t i = len; i-- > 0;) {
		u32 v;

		if (s[i] == ',') {
			if (!digits)
				return -EINVAL;
			bit += 32 - 4 * digits;
			digits = 0;
			continue;
		}
		if (!isxdigit((unsigned char)s[i]) || digits == 8)
			return -EINVAL;
		v = (u32)(isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 32) - 'a' + 10);
		if (bit >= 256 ? v : bit + 4 > ncpu && v >> max(ncpu - bit, 0))
			over = true;
		else if (bit < 256)
			bits[bit / 64] |= (u64)v << bit % 64;
		bit += 4;
		digits++;
		any = true;
	}
	if (!any || !digits)
		return -EINVAL;
	return over ? -EOVERFLOW : 0;
}

static void rps_get(const struct net_device *dev, int queue, u64 bits[4], u32 *flow_cnt)
{
	memset(bits, 0, 4 * sizeof(*bits));
	*flow_cnt = 0;
	if (!dev->rps)
		return;
	for (int i = 0; i < dev->rps[queue].ncpu; i++)
		bits[dev->rps[queue].cpus[i] / 64] |= 1ull << dev->rps[queue].cpus[i] % 64;
	*flow_cnt = dev->rps[queue].flow_cnt;
}

static int rps_cpus_show(struct seq_file *m)
{
	u64 bits[4];
	u32 flow_cnt;

	rps_get(procfs_device(&m->at), m->at.queue - 1, bits, &flow_cnt);
	seq_cpumask(m, bits);
	return 0;
}

static int rps_flow_cnt_show(struct seq_file *m)
{
	u64 bits[4];
	u32 flow_cnt;

	rps_get(procfs_device(&m->at), m->at.queue - 1, bits, &flow_cnt);
	seq_printf(m, "%u\n", flow_cnt);
	return 0;
}

/* Which CPUs send through the queue; a device with one queue has no such map. */
static int xps_cpus_show(struct seq_file *m)
{
	const struct net_device *dev = procfs_device(&m->at);
	u64 bits[4] = { 0 };

	if (dev->num_tx_queues == 1)
		return -ENOENT;
	for (int cpu = 0; dev->xps_cpu_to_txq && cpu < m->at.host->ncpu; cpu++) {
		if (dev->xps_cpu_to_txq[cpu] == m->at.queue - 1)
			bits[cpu / 64] |= 1ull << cpu % 64;
	}
	seq_cpumask(m, bits);
	return 0;
}

/* Each of the two settings leaves the other, and the table of sockets' flows, as they are. */
static int rps_set(struct net_device *dev, int queue, const u64 *cpus, const u32 *flow_cnt)
{
	int entries = net_core_sysctl(dev->host)->rps_sock_flow_entries, err;
	u64 bits[4];
	u32 flows;

	rps_get(dev, queue, bits, &flows);
	err = nic_set_rps(dev, queue, cpus ? cpus : bits, flow_cnt ? *flow_cnt : flows);
	net_core_sysctl(dev->host)->rps_sock_flow_entries = entries;
	return err;
}

static s64 rps_cpus_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev = procfs_device(at);
	u64 bits[4];
	int err;

	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	err = parse_cpumask(text, at->host->ncpu, bits);
	if (!err)
		err = rps_set(dev, at->queue - 1, bits, NULL);
	return err ? err : (s64)len;
}

static s64 rps_flow_cnt_store(struct task *t, const struct procfs_at *at, const char *text,
			      size_t len)
{
	u32 flow_cnt;
	u64 v;
	int err;

	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	err = procfs_parse_ulong(text, &v);
	if (err)
		return err;
	if (v > UINT32_MAX)
		return -EINVAL;
	flow_cnt = (u32)v;
	err = rps_set(procfs_device(at), at->queue - 1, NULL, &flow_cnt);
	return err ? err : (s64)len;
}

/* Which CPUs send through the queue. A device with one queue has no such map. */
static s64 xps_cpus_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev = procfs_device(at);
	u64 bits[4];
	int err;

	if (dev->num_tx_queues == 1)
		return -ENOENT;
	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	err = parse_cpumask(text, at->host->ncpu, bits);
	if (!err)
		err = dev_set_xps(dev, at->queue - 1, bits);
	return err ? err : (s64)len;
}

#define DIR "/sys/devices/virtual/net/%if/queues/"
#define RW (S_IFREG | 0644)

const struct procfs_entry sysfs_queue_entries[] = {
	{ .path = DIR "%rxq/rps_cpus", .mode = RW, .show = rps_cpus_show,
	  .store = rps_cpus_store },
	{ .path = DIR "%rxq/rps_flow_cnt", .mode = RW, .show = rps_flow_cnt_show,
	  .store = rps_flow_cnt_store },
	{ .path = DIR "%txq/xps_cpus", .mode = RW, .show = xps_cpus_show,
	  .store = xps_cpus_store },
	{ 0 },
};

/* SPDX-License-Identifier: MIT */
/*
 * /sys/class/net of a host with a NIC of four queues on a cable. Values and errors are those that a veth
 * pair of Linux 6.18 gave (sysfs-class-net).
 */
#include "tests/unit/procfs_prog.h"

#include "nic/napi.h"
#include "nic/nic.h"
#include "nic/qdisc.h"
#include "sim/engine/trace.h"
#include "stack/ip.h"
#include "stack/net.h"
#include "stack/stack_world.h"

#define ETH "/sys/class/net/eth0/"
#define LO "/sys/class/net/lo/"

/* A read that fails. */
static int read_error(struct vproc *p, const char *path)
{
	int fd = vopen(p, path, O_RDONLY);
	char buf[16];
	s64 ret;

	if (fd < 0)
		return fd;
	ret = vcall(p, SYS_read, fd, buf, sizeof(buf));
	vcall(p, SYS_close, fd);
	return (int)ret;
}

static void values(struct vproc *p)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{ ETH "addr_len", "6\n" },	{ ETH "address", "02:00:00:00:01:02\n" },
		{ ETH "broadcast", "ff:ff:ff:ff:ff:ff\n" },
		{ ETH "carrier", "1\n" },	{ ETH "dev_id", "0x0\n" },
		{ ETH "dormant", "0\n" },	{ ETH "duplex", "full\n" },
		{ ETH "flags", "0x1003\n" },	{ ETH "ifalias", "" },
		{ ETH "ifindex", "2\n" },	{ ETH "iflink", "2\n" },
		{ ETH "mtu", "1500\n" },	{ ETH "operstate", "up\n" },
		{ ETH "speed", "1000\n" },	{ ETH "tx_queue_len", "1000\n" },
		{ ETH "type", "1\n" },		{ ETH "uevent", "INTERFACE=eth0\nIFINDEX=2\n" },
		{ ETH "statistics/rx_bytes", "0\n" },
		{ ETH "statistics/tx_window_errors", "0\n" },
		{ ETH "queues/rx-3/rps_cpus", "00\n" },
		{ ETH "queues/rx-0/rps_flow_cnt", "0\n" },
		{ ETH "queues/tx-1/xps_cpus", "00\n" },
		{ LO "address", "00:00:00:00:00:00\n" },
		{ LO "broadcast", "00:00:00:00:00:00\n" },
		{ LO "flags", "0x9\n" },	{ LO "mtu", "65536\n" },
		{ LO "operstate", "unknown\n" }, { LO "type", "772\n" },
		{ LO "tx_queue_len", "1000\n" }, { LO "carrier", "1\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_text(p, rows[i].path, rows[i].text);
	assert_int_equal(read_error(p, LO "speed"), -EINVAL);
	assert_int_equal(read_error(p, LO "duplex"), -EINVAL);
	assert_int_equal(read_error(p, LO "queues/tx-0/xps_cpus"), -ENOENT);
	assert_int_equal(vopen(p, LO "queues/rx-1/rps_cpus", O_RDONLY), -ENOENT);
	assert_int_equal(vopen(p, "/sys/class/net/eth1/mtu", O_RDONLY), -ENOENT);
}

static void lists(struct vproc *p)
{
	struct stat a, b;
	char buf[64];

	expect_list(p, "/sys/class/net", ". .. eth0 lo ");
	expect_list(p, "/sys/devices/virtual/net", ". .. eth0 lo ");
	expect_list(p, ETH "queues", ". .. rx-0 rx-1 rx-2 rx-3 tx-0 tx-1 tx-2 tx-3 ");
	expect_list(p, LO "queues/rx-0", ". .. rps_cpus rps_flow_cnt ");
	expect_list(p, ETH "statistics",
		    ". .. collisions multicast rx_bytes rx_compressed rx_crc_errors rx_dropped "
		    "rx_errors rx_fifo_errors rx_frame_errors rx_length_errors rx_missed_errors "
		    "rx_nohandler rx_over_errors rx_packets tx_aborted_errors tx_bytes "
		    "tx_carrier_errors tx_compressed tx_dropped tx_errors tx_fifo_errors "
		    "tx_heartbeat_errors tx_packets tx_window_errors ");
	assert_int_equal(procfs_readlink(prog_task(p), "/sys/class/net/lo", buf, 64), 28);
	assert_memory_equal(buf, "../../devices/virtual/net/lo", 28);
	assert_int_equal(procfs_stat(prog_task(p), "/sys/class/net/lo", &a), 0);
	assert_int_equal(procfs_stat(prog_task(p), "/sys/devices/virtual/net/lo", &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_mode, S_IFDIR | 0755);
	assert_int_equal(procfs_stat(prog_task(p), LO "mtu", &a), 0);
	assert_int_equal(a.st_mode, S_IFREG | 0644);
	assert_int_equal(a.st_size, 4096);
	/* From a device back to its class. */
	expect_text(p, LO "subsystem/eth0/ifindex", "2\n");
}

static void writes(struct vproc *p)
{
	static const struct {
		const char *path, *text;
		int ret;
		const char *then;
	} rows[] = {
		{ LO "mtu", "70000\n", 6, "70000\n" },
		{ ETH "mtu", "67\n", -EINVAL, "1500\n" },
		{ ETH "mtu", "0x5dc", 5, "1500\n" },
		{ ETH "mtu", "1500x", -EINVAL, "1500\n" },
		{ ETH "mtu", "99999", -EINVAL, "1500\n" },
		{ ETH "mtu", "1400\n", 5, "1400\n" },
		{ ETH "mtu", "", 0, "1400\n" },
		{ ETH "tx_queue_len", "-1", -EINVAL, "1000\n" },
		{ ETH "tx_queue_len", "500", 3, "500\n" },
		{ ETH "tx_queue_len", "99999999999", -ERANGE, "500\n" },
		{ ETH "queues/rx-1/rps_cpus", "3", 1, "03\n" },
		{ ETH "queues/rx-1/rps_cpus", "zz", -EINVAL, "03\n" },
		{ ETH "queues/rx-1/rps_cpus", "ff,3", -EOVERFLOW, "03\n" },
		{ ETH "queues/rx-1/rps_cpus", "ff00", -EOVERFLOW, "03\n" },
		{ ETH "queues/rx-1/rps_cpus", "f0\n", 3, "f0\n" },
		{ ETH "queues/rx-1/rps_cpus", "0000000f", 8, "0f\n" },
		{ ETH "queues/rx-1/rps_flow_cnt", "100", 3, "128\n" },
		{ ETH "queues/rx-1/rps_flow_cnt", "x", -EINVAL, "128\n" },
		{ ETH "queues/rx-1/rps_cpus", "0", 1, "00\n" },
		{ ETH "queues/rx-1/rps_flow_cnt", "0", 1, "0\n" },
		{ ETH "queues/tx-1/xps_cpus", "3", 1, "03\n" },
		{ ETH "queues/tx-1/xps_cpus", "zz", -EINVAL, "03\n" },
		{ ETH "queues/tx-1/xps_cpus", "fff", -EOVERFLOW, "03\n" },
		{ ETH "queues/tx-2/xps_cpus", "6", 1, "06\n" },
		{ ETH "queues/tx-1/xps_cpus", NULL, 0, "01\n" }, /* a CPU has one queue here */
		{ ETH "queues/tx-2/xps_cpus", "0", 1, "00\n" },
		{ ETH "ifalias", "a b\nc\n", 6, "a b\nc\n" },
		{ ETH "ifalias", "\n", 1, "" },
		{ ETH "carrier", "1", -EOPNOTSUPP, "1\n" },
		{ ETH "proto_down", "x", -EINVAL, "0\n" },
		{ ETH "proto_down", "1", -EOPNOTSUPP, "0\n" },
		{ ETH "threaded", "2", -EINVAL, "0\n" },
		{ ETH "threaded", "1\n", 2, "1\n" },
		{ ETH "gro_flush_timeout", "20000", 5, "20000\n" },
		{ ETH "napi_defer_hard_irqs", "2", 1, "2\n" },
		{ ETH "flags", "0x1103", 6, "0x1103\n" },
		{ ETH "flags", "0x1107", -EOPNOTSUPP, "0x1103\n" }, /* IFF_DEBUG */
		{ ETH "flags", "0x1083", 6, "0x1083\n" },
		{ ETH "flags", "0x1002", 6, "0x1002\n" },
		{ ETH "operstate", NULL, 0, "down\n" },
		{ ETH "flags", "0x1003", 6, "0x1003\n" },
	};
	char alias[257] = "";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int ret = rows[i].text ? put(p, rows[i].path, rows[i].text) : 0;

		if (ret != rows[i].ret)
			fail_msg("'%s' to %s: %d", rows[i].text, rows[i].path, ret);
		expect_text(p, rows[i].path, rows[i].then);
	}
	assert_int_equal(put(p, ETH "ifindex", "1"), -EACCES);
	assert_int_equal(put(p, LO "queues/tx-0/xps_cpus", "1"), -ENOENT);
	memset(alias, 'x', sizeof(alias) - 1);
	assert_int_equal(put(p, ETH "ifalias", alias), -EINVAL);
	assert_int_equal(put(p, ETH "ifalias", alias + 1), 255);
	/* What the queue's CPUs send goes there; others go by their hash. */
	assert_int_equal(dev_get_by_name(vproc_host(p), "eth0")->xps_cpu_to_txq[0], 1);
	assert_int_equal(dev_get_by_name(vproc_host(p), "eth0")->xps_cpu_to_txq[1], XPS_NONE);
	assert_int_equal(put(p, ETH "address", "x"), -EACCES);
	assert_int_equal(put(p, LO "tx_queue_len", "1"), -EOPNOTSUPP);
	expect_text(p, "/proc/sys/net/core/rps_sock_flow_entries", "0\n");
	expect_text(p, ETH "gro_flush_timeout", "20000\n");
}

/* A device that is down has neither carrier nor speed. */
static void down(struct vproc *p)
{
	struct net_device *dev = dev_get_by_name(vproc_host(p), "eth0");

	assert_int_equal(dev->txq[0].qdisc->limit, 1000);
	assert_int_equal(put(p, ETH "tx_queue_len", "7"), 1);
	assert_int_equal(dev->txq[0].qdisc->limit, 7);
	assert_int_equal(put(p, ETH "flags", "0x1002"), 6);
	assert_false(dev->flags & IFF_UP);
	assert_int_equal(read_error(p, ETH "carrier"), -EINVAL);
	assert_int_equal(read_error(p, ETH "speed"), -EINVAL);
	assert_int_equal(read_error(p, ETH "duplex"), -EINVAL);
}

static void permissions(struct vproc *p)
{
	int fd = vopen(p, ETH "mtu", O_WRONLY);
	struct process *proc = prog_task(p)->proc;

	proc->caps = 0;
	assert_int_equal(vcall(p, SYS_write, fd, "1400", 4), -EPERM);
	assert_int_equal(put(p, ETH "queues/rx-0/rps_cpus", "1"), -EPERM);
	proc->uid = proc->gid = 1000;
	assert_int_equal(vopen(p, ETH "mtu", O_WRONLY), -EACCES);
	expect_text(p, ETH "mtu", "1500\n");
}

static void on_nic(vproc_fn fn)
{
	struct trace *tr = trace_new(TRACE_NONE);
	struct world *w = world_new(1, strategy_default(), tr);
	struct host *h[2] = { host_new(w, "a", 8), host_new(w, "b", 1) };
	struct link_params lp = { .rate = 1000000000, .delay = 1000 };
	struct net_device *dev[2];
	struct nic_params np;

	nic_params_default(&np);
	np.rx_queues = np.tx_queues = 4;
	stack_world_init(w);
	for (int i = 0; i < 2; i++) {
		net_host_init(h[i]);
		dev[i] = nic_new(h[i], "eth0", &np, NULL);
	}
	link_new(w, nic_port(dev[0]), nic_port(dev[1]), &lp, &lp);
	for (int i = 0; i < 2; i++)
		assert_int_equal(dev_open(dev[i]), 0);
	vproc_start(h[0], "p", fn, NULL, 0);
	sim_run(&w->sim, NSEC_PER_SEC);
	world_destroy(w);
	trace_free(tr, true);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		on_nic(fn);                                                                        \
	}
TEST(values)
TEST(lists)
TEST(writes)
TEST(down)
TEST(permissions)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_writes), cmocka_unit_test(test_down),
		cmocka_unit_test(test_permissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * /sys/class/net (Documentation/ABI/testing/sysfs-class-net and its -queues and -statistics twins): a
 * link for each device of the host into /sys/devices/virtual/net. What Linux lets be written can be
 * where the simulator models the effect; elsewhere the mode says that it cannot.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "nic/napi.h"
#include "stack/capability.h"
#include "stack/procfs_priv.h"

#define IFALIAS_MAX 256u /* with a byte to spare */
#define LO_QUEUE_LEN 1000u /* what Linux prints for a device without a queue */

static bool is_loopback(const struct net_device *dev)
{
	return dev->flags & IFF_LOOPBACK;
}

/* A TUN device has none: its packets begin with IP. */
static bool has_address(const struct net_device *dev)
{
	return !(dev->flags & IFF_POINTOPOINT);
}

/* ---- showing --------------------------------------------------------------------------------- */

enum attr {
	ATTR_ADDR_LEN,
	ATTR_CARRIER,
	ATTR_DORMANT,
	ATTR_FLAGS,
	ATTR_GRO_FLUSH_TIMEOUT,
	ATTR_IFINDEX,
	ATTR_IFLINK,
	ATTR_MTU,
	ATTR_NAME_ASSIGN_TYPE,
	ATTR_NAPI_DEFER,
	ATTR_SPEED,
	ATTR_TESTING,
	ATTR_THREADED,
	ATTR_TX_QUEUE_LEN,
	ATTR_TYPE,
};

static const struct napi_struct *first_napi(const struct net_device *dev)
{
	if (list_empty(&dev->napis))
		return NULL;
	return list_first_entry(&dev->napis, struct napi_struct, dev_node);
}

/* What only a running device knows. 0 or -EINVAL. */
static int show_running(struct net_device *dev, enum attr a, s64 *v)
{
	if (!(dev->flags & IFF_UP))
		return -EINVAL;
	*v = a == ATTR_CARRIER && dev->carrier;
	if (a != ATTR_SPEED)
		return 0;
	if (!dev->ops->speed)
		return -EINVAL;
	*v = dev->ops->speed(dev);
	return 0;
}

static s64 napi_value(const struct net_device *dev, enum attr a)
{
	const struct napi_struct *n = first_napi(dev);

	if (!n)
		return 0;
	if (a == ATTR_GRO_FLUSH_TIMEOUT)
		return n->gro_flush_timeout;
	return a == ATTR_NAPI_DEFER ? n->defer_hard_irqs : !!(n->state & NAPI_STATE_THREADED);
}

static int show_number(struct seq_file *m, enum attr a)
{
	struct net_device *dev = procfs_device(&m->at);
	s64 v = 0;
	int err = 0;

	switch (a) {
	case ATTR_ADDR_LEN:
		v = has_address(dev) ? ETH_ALEN : 0;
		break;
	case ATTR_CARRIER:
	case ATTR_DORMANT:
	case ATTR_TESTING:
	case ATTR_SPEED:
		err = show_running(dev, a, &v);
		break;
	case ATTR_FLAGS:
		seq_printf(m, "0x%x\n", dev->flags & ~(u32)IFF_RUNNING);
		return 0;
	case ATTR_GRO_FLUSH_TIMEOUT:
	case ATTR_NAPI_DEFER:
	case ATTR_THREADED:
		v = napi_value(dev, a);
		break;
	case ATTR_IFINDEX:
	case ATTR_IFLINK:
		v = dev->ifindex;
		break;
	case ATTR_MTU:
		v = dev->mtu;
		break;
	case ATTR_NAME_ASSIGN_TYPE: /* enumerated by the kernel; predictable */
		v = is_loopback(dev) ? 2 : 1;
		break;
	case ATTR_TX_QUEUE_LEN:
		v = is_loopback(dev) ? LO_QUEUE_LEN : dev->tx_queue_len;
		break;
	case ATTR_TYPE:
		v = is_loopback(dev)  ? ARPHRD_LOOPBACK
		    : has_address(dev) ? ARPHRD_ETHER
				       : ARPHRD_NONE;
		break;
	}
	if (!err)
		seq_printf(m, "%lld\n", (long long)v);
	return err;
}

#define NUMBER(fn, attr)                                                                           \
	static int fn##_show(struct seq_file *m)                                                   \
	{                                                                                          \
		return show_number(m, attr);                                                       \
	}
NUMBER(addr_len, ATTR_ADDR_LEN)
NUMBER(carrier, ATTR_CARRIER)
NUMBER(dormant, ATTR_DORMANT)
NUMBER(flags, ATTR_FLAGS)
NUMBER(gro_flush_timeout, ATTR_GRO_FLUSH_TIMEOUT)
NUMBER(ifindex, ATTR_IFINDEX)
NUMBER(iflink, ATTR_IFLINK)
NUMBER(mtu, ATTR_MTU)
NUMBER(name_assign_type, ATTR_NAME_ASSIGN_TYPE)
NUMBER(napi_defer_hard_irqs, ATTR_NAPI_DEFER)
NUMBER(speed, ATTR_SPEED)
NUMBER(testing, ATTR_TESTING)
NUMBER(threaded, ATTR_THREADED)
NUMBER(tx_queue_len, ATTR_TX_QUEUE_LEN)
NUMBER(type, ATTR_TYPE)
#undef NUMBER

static void put_mac(struct seq_file *m, const u8 *mac)
{
	for (int i = 0; has_address(procfs_device(&m->at)) && i < ETH_ALEN; i++)
		seq_printf(m, i ? ":%02x" : "%02x", mac[i]);
	seq_puts(m, "\n");
}

static int address_show(struct seq_file *m)
{
	put_mac(m, procfs_device(&m->at)->mac);
	return 0;
}

static int broadcast_show(struct seq_file *m)
{
	u8 mac[ETH_ALEN];

	memset(mac, is_loopback(procfs_device(&m->at)) ? 0 : 0xff, sizeof(mac));
	put_mac(m, mac);
	return 0;
}

static int duplex_show(struct seq_file *m)
{
	s64 speed;
	int err = show_running(procfs_device(&m->at), ATTR_SPEED, &speed);

	if (!err)
		seq_puts(m, speed < 0 ? "unknown\n" : "full\n");
	return err;
}

/* Who has no link to watch says nothing of it (RFC 2863, operstates.rst). */
static bool watches_link(const struct net_device *dev)
{
	return dev->kind && strcmp(dev->kind, "ethernet") == 0;
}

static int operstate_show(struct seq_file *m)
{
	const struct net_device *dev = procfs_device(&m->at);

	if (!(dev->flags & IFF_UP) || !dev->carrier)
		seq_puts(m, "down\n");
	else
		seq_puts(m, watches_link(dev) ? "up\n" : "unknown\n");
	return 0;
}

static int uevent_show(struct seq_file *m)
{
	const struct net_device *dev = procfs_device(&m->at);

	seq_printf(m, "INTERFACE=%s\nIFINDEX=%d\n", dev->name, dev->ifindex);
	return 0;
}

static int class_link(struct seq_file *m)
{
	seq_printf(m, "../../devices/virtual/net/%s", procfs_device(&m->at)->name);
	return 0;
}

/* A line of the administrator's own. */
static int ifalias_show(struct seq_file *m)
{
	const char *alias = procfs_device(&m->at)->ifalias;

	if (alias)
		seq_printf(m, "%s\n", alias);
	return 0;
}

static int proto_down_show(struct seq_file *m)
{
	seq_puts(m, "0\n");
	return 0;
}

#define STAT(field)                                                                                \
	static int stat_##field(struct seq_file *m)                                                \
	{                                                                                          \
		seq_printf(m, "%llu\n", (unsigned long long)procfs_device(&m->at)->stats.field);          \
		return 0;                                                                          \
	}
STAT(collisions)
STAT(multicast)
STAT(rx_bytes)
STAT(rx_crc_errors)
STAT(rx_dropped)
STAT(rx_errors)
STAT(rx_length_errors)
STAT(rx_missed_errors)
STAT(rx_over_errors)
STAT(rx_packets)
STAT(tx_aborted_errors)
STAT(tx_bytes)
STAT(tx_carrier_errors)
STAT(tx_dropped)
STAT(tx_errors)
STAT(tx_fifo_errors)
STAT(tx_packets)
#undef STAT

/* ---- storing --------------------------------------------------------------------------------- */

/* netdev_store(): may t change the device, and to what number? */
static int store_number(struct task *t, const struct procfs_at *at, const char *text,
			struct net_device **dev, u64 *v)
{
	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	*dev = procfs_device(at);
	return procfs_parse_ulong(text, v);
}

static s64 ifalias_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev = procfs_device(at);
	size_t keep = len - (text[len - 1] == '\n');

	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	if (keep >= IFALIAS_MAX)
		return -EINVAL;
	free(dev->ifalias);
	dev->ifalias = NULL;
	if (keep) {
		dev->ifalias = xcalloc(1, keep + 1);
		memcpy(dev->ifalias, text, keep);
	}
	return (s64)len;
}

/* No driver here can be told. */
static s64 carrier_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	return capable(t, CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
}

static s64 proto_down_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	return err ? err : -EOPNOTSUPP;
}

static s64 mtu_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (err)
		return err;
	if (v > INT32_MAX)
		return -EINVAL;
	if (v == dev->mtu)
		return (s64)len;
	err = dev->ops->change_mtu ? dev->ops->change_mtu(dev, (u32)v) : -EOPNOTSUPP;
	return err ? err : (s64)len;
}

static s64 flags_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (!err)
		err = dev_change_flags(dev, (u32)v);
	return err ? err : (s64)len;
}

static s64 tx_queue_len_store(struct task *t, const struct procfs_at *at, const char *text,
			      size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (err)
		return err;
	if (v > UINT32_MAX)
		return -ERANGE;
	if (is_loopback(dev))
		return -EOPNOTSUPP; /* there is no queue whose length it could be */
	dev_change_tx_queue_len(dev, (u32)v);
	return (s64)len;
}

static s64 threaded_store(struct task *t, const struct procfs_at *at, const char *text, size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (!err && v > 1)
		err = -EINVAL;
	if (!err)
		err = dev_set_threaded(dev, v);
	return err ? err : (s64)len;
}

static s64 gro_flush_timeout_store(struct task *t, const struct procfs_at *at, const char *text,
				   size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (err)
		return err;
	if (v > INT64_MAX)
		return -ERANGE;
	dev_set_napi_defer(dev, (nsec_t)v, (u32)napi_value(dev, ATTR_NAPI_DEFER));
	return (s64)len;
}

static s64 napi_defer_hard_irqs_store(struct task *t, const struct procfs_at *at, const char *text,
				      size_t len)
{
	struct net_device *dev;
	u64 v;
	int err = store_number(t, at, text, &dev, &v);

	if (err)
		return err;
	if (v > INT32_MAX)
		return -ERANGE;
	dev_set_napi_defer(dev, napi_value(dev, ATTR_GRO_FLUSH_TIMEOUT), (u32)v);
	return (s64)len;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define DIR "/sys/devices/virtual/net/%if/"
#define RO (S_IFREG | 0444)
#define RW (S_IFREG | 0644)
#define SHOW(n) { .path = DIR #n, .mode = RO, .show = n##_show, .flags = PF_NO_WRITE }
#define TEXT(n, t) { .path = DIR n, .mode = RO, .text = t, .flags = PF_NO_WRITE }
#define STORE(n) { .path = DIR #n, .mode = RW, .show = n##_show, .store = n##_store }
#define STAT(n)                                                                                    \
	{ .path = DIR "statistics/" #n, .mode = RO, .show = stat_##n, .flags = PF_NO_WRITE }
/* What this host's devices never count. */
#define ZERO(n) TEXT("statistics/" n, "0\n")

const struct procfs_entry sysfs_net_entries[] = {
	{ .path = "/sys/class/net/%if", .mode = S_IFLNK | 0777, .show = class_link },
	TEXT("addr_assign_type", "0\n"),
	SHOW(addr_len),
	SHOW(address),
	SHOW(broadcast),
	STORE(carrier),
	TEXT("dev_id", "0x0\n"),
	TEXT("dev_port", "0\n"),
	SHOW(dormant),
	SHOW(duplex),
	STORE(flags),
	STORE(gro_flush_timeout),
	STORE(ifalias),
	SHOW(ifindex),
	SHOW(iflink),
	TEXT("link_mode", "0\n"),
	STORE(mtu),
	SHOW(name_assign_type),
	STORE(napi_defer_hard_irqs),
	TEXT("netdev_group", "0\n"),
	SHOW(operstate),
	STORE(proto_down),
	SHOW(speed),
	STAT(collisions),
	STAT(multicast),
	STAT(rx_bytes),
	ZERO("rx_compressed"),
	STAT(rx_crc_errors),
	STAT(rx_dropped),
	STAT(rx_errors),
	ZERO("rx_fifo_errors"),
	ZERO("rx_frame_errors"),
	STAT(rx_length_errors),
	STAT(rx_missed_errors),
	ZERO("rx_nohandler"),
	STAT(rx_over_errors),
	STAT(rx_packets),
	STAT(tx_aborted_errors),
	STAT(tx_bytes),
	STAT(tx_carrier_errors),
	ZERO("tx_compressed"),
	STAT(tx_dropped),
	STAT(tx_errors),
	STAT(tx_fifo_errors),
	ZERO("tx_heartbeat_errors"),
	STAT(tx_packets),
	ZERO("tx_window_errors"),
	{ .path = DIR "subsystem", .mode = S_IFLNK | 0777, .text = "../../../../class/net" },
	SHOW(testing),
	STORE(threaded),
	STORE(tx_queue_len),
	SHOW(type),
	SHOW(uevent),
	{ 0 },
};

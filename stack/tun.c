/* SPDX-License-Identifier: MIT */
/*
 * TUN and TAP devices (drivers/net/tun.c, Documentation/networking/tuntap.rst).
 *
 * What the host sends by the device waits until the program that holds the descriptor reads it, one packet
 * for each read(2); what the program writes is received. TUN carries IP packets, TAP Ethernet frames.
 * Unless IFF_NO_PI was asked for, four bytes come before each: flags, and the EtherType.
 *
 * A device whose descriptor is closed stays, down and without a carrier, until somebody attaches to it by
 * name again: devices of this stack live as long as their host.
 */
#include "stack/tun.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nic/netdev.h"
#include "nic/trace_frame.h"
#include "sim/engine/trace.h"
#include "sim/engine/trace_place.h"
#include "stack/capability.h"
#include "stack/ip.h"
#include "stack/net.h"
#include "stack/syscall.h"

#define PI_LEN 4
#define TUN_MTU 1500
/* tx_queue_len, an Ethernet device's for TAP; what waits beyond it is dropped */
#define TUN_QUEUE 500
#define TAP_QUEUE 1000
#define TUN_SERVED (IFF_TUN | IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL)

/* A device; it outlives its descriptors. */
struct tun {
	struct net_device *dev;
	struct file *file; /* who is attached; NULL: nobody */
	bool tap, no_pi;
	struct sk_buff_head queue;
	struct wait_queue_head wq;
};

/* ---- the device ---------------------------------------------------------------------------------- */

static const struct net_device_ops tun_netdev_ops;

static enum netdev_tx tun_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct tun *tun = dev->priv;

	skb_trace_packet(skb, dev->host, dev->ifindex);
	if (!tun->file || tun->queue.qlen >= dev->tx_queue_len) {
		dev->stats.tx_dropped++;
		kfree_skb_reason(skb, tun->file ? SKB_DROP_REASON_FULL_RING : SKB_DROP_REASON_DEV_READY,
				 PLACE_TX_RING);
		return NETDEV_TX_OK;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_help(skb);
	/* Its socket's account ends: the reader may take its time (tun_net_xmit). */
	skb_orphan(skb);
	skb_queue_tail(&tun->queue, skb);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += tun->tap ? skb->len : skb->len - ETH_HLEN;
	wake_up(&tun->wq, EPOLLIN | EPOLLRDNORM);
	return NETDEV_TX_OK;
}

static int tun_change_mtu(struct net_device *dev, u32 mtu)
{
	if (mtu < 68 || mtu > 65535)
		return -EINVAL;
	dev->mtu = mtu;
	netdev_notify(dev, NETDEV_CHANGEMTU);
	return 0;
}

static void tun_destroy(struct net_device *dev)
{
	struct tun *tun = dev->priv;

	skb_queue_purge(&tun->queue);
	free(tun);
}

/* What ethtool is told unless somebody sets another. */
static s64 tun_speed(struct net_device *dev)
{
	return 10000;
}

static const struct net_device_ops tun_netdev_ops = {
	.start_xmit = tun_xmit,
	.change_mtu = tun_change_mtu,
	.destroy = tun_destroy,
	.speed = tun_speed,
};

static struct tun *tun_new(struct host *h, const char *name, bool tap)
{
	struct net_device *dev = netdev_new(h, name, &tun_netdev_ops, 1, 1);
	struct tun *tun;

	if (!dev)
		return NULL;
	tun = xcalloc(1, sizeof(*tun));
	tun->dev = dev;
	tun->tap = tap;
	skb_queue_init(&tun->queue);
	wait_queue_init(&tun->wq, h);
	dev->priv = tun;
	dev->kind = tap ? "tap" : "tun";
	dev->mtu = TUN_MTU;
	dev->tx_queue_len = tap ? TAP_QUEUE : TUN_QUEUE;
	if (tap) {
		/* Locally administered, and nobody else's in this world. */
		memcpy(dev->mac, (u8[]){ 2, 't', (u8)(h->id >> 8), (u8)h->id,
					 (u8)(dev->ifindex >> 8), (u8)dev->ifindex }, ETH_ALEN);
		dev->flags = IFF_BROADCAST | IFF_MULTICAST;
	} else {
		dev->flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
	}
	trace_nic(h->sim->trace, h->id, dev->ifindex, dev->name, dev->mac, dev->kind, dev->mtu);
	return tun;
}

/* ---- attaching ----------------------------------------------------------------------------------- */

/* "tun%d", or nothing at all: the first free one. */
static int pick_name(struct host *h, const char *pattern, bool tap, char name[IFNAMSIZ])
{
	const char *percent = strchr(pattern, '%');

	if (*pattern && !percent) {
		snprintf(name, IFNAMSIZ, "%s", pattern);
		return 0;
	}
	if (percent && strncmp(percent, "%d", 2))
		return -EINVAL;
	for (int n = 0; n < 4096; n++) {
		int len = percent ? snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(percent - pattern),
					     pattern, n, percent + 2) :
				    snprintf(name, IFNAMSIZ, "%s%d", tap ? "tap" : "tun", n);

		if (len >= IFNAMSIZ)
			return -EINVAL;
		if (!dev_get_by_name(h, name))
			return 0;
	}
	return -ENFILE;
}

static s64 set_iff(struct task *t, struct file *f, struct ifreq *ifr)
{
	u16 flags = (u16)ifr->ifr_flags;
	bool tap = !(flags & IFF_TUN); /* TUN wins if both are asked for */
	char name[IFNAMSIZ], pattern[IFNAMSIZ];
	struct net_device *dev;
	struct tun *tun;
	int err;

	if (f->priv)
		return -EEXIST;
	if (flags & ~TUN_SERVED || !(flags & (IFF_TUN | IFF_TAP)))
		return -EINVAL;
	if (!capable(t, CAP_NET_ADMIN))
		return -EPERM;
	snprintf(pattern, sizeof(pattern), "%.*s", IFNAMSIZ - 1, ifr->ifr_name);
	err = pick_name(f->host, pattern, tap, name);
	if (err)
		return err;
	dev = dev_get_by_name(f->host, name);
	if (dev) {
		if (dev->ops != &tun_netdev_ops)
			return -EINVAL;
		tun = dev->priv;
		if (flags & IFF_TUN_EXCL)
			return -EBUSY;
		if (tun->tap != tap)
			return -EINVAL;
		if (tun->file)
			return -EBUSY;
	} else {
		tun = tun_new(f->host, name, tap);
		if (!tun)
			return -EINVAL;
	}
	tun->file = f;
	tun->no_pi = flags & IFF_NO_PI;
	f->priv = tun;
	netif_carrier_on(tun->dev);
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", name);
	return 0;
}

static s64 get_iff(const struct tun *tun, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", tun->dev->name);
	ifr->ifr_flags = (short)((tun->tap ? IFF_TAP : IFF_TUN) | (tun->no_pi ? IFF_NO_PI : 0));
	return 0;
}

/* arg: memory of the right size, or a plain number, by the command. */
static s64 tun_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	struct tun *tun = f->priv;
	s64 v = (s64)(uintptr_t)arg;

	switch (cmd) {
	case TUNSETIFF:
		return arg ? set_iff(t, f, arg) : -EFAULT;
	case TUNGETFEATURES:
		if (!arg)
			return -EFAULT;
		*(u32 *)arg = TUN_SERVED;
		return 0;
	}
	if (!tun)
		return -EBADFD;
	switch (cmd) {
	case TUNGETIFF:
		return arg ? get_iff(tun, arg) : -EFAULT;
	case TUNSETPERSIST: /* devices stay in any case */
	case TUNSETOWNER:
	case TUNSETGROUP:
		return capable(t, CAP_NET_ADMIN) ? 0 : -EPERM;
	case TUNSETOFFLOAD:
		return v ? -EINVAL : 0;
	case TUNSETNOCSUM:
		return 0;
	default:
		return -ENOTTY;
	}
}

/* ---- reading and writing ------------------------------------------------------------------------- */

static s64 put_user(struct tun *tun, struct sk_buff *skb, const struct iov_iter *to)
{
	u32 skip = tun->tap ? 0 : ETH_HLEN, len = skb->len - skip;
	u8 pi[PI_LEN] = { 0 }, *flat;
	size_t head = tun->no_pi ? 0 : PI_LEN;
	size_t room, n;
	u16 flags;

	if (to->total < head)
		return -EINVAL;
	room = to->total - head;
	n = min((size_t)len, room);
	if (head) {
		flags = len > room ? TUN_PKT_STRIP : 0;
		memcpy(pi, &flags, sizeof(flags));
		memcpy(pi + 2, &skb->protocol, sizeof(u16));
		iov_copy_to(to, 0, pi, PI_LEN);
	}
	flat = xrealloc(NULL, n + 1);
	skb_copy_bits(skb, skip, flat, (u32)n);
	iov_copy_to(to, head, flat, n);
	free(flat);
	return (s64)(head + n);
}

static s64 tun_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct tun *tun = f->priv;
	struct sk_buff *skb;
	s64 ret;

	if (!tun)
		return -EBADFD;
	skb = skb_dequeue(&tun->queue);
	if (!skb)
		return task_wait_on(t, &tun->wq, true, EPOLLIN,
				    f->flags & O_NONBLOCK ? 0 : NSEC_NEVER, "tun");
	ret = put_user(tun, skb, to);
	consume_skb(skb);
	if (ret > 0)
		task_copied(t, (size_t)ret);
	return ret;
}

/* The EtherType of what a TUN program writes: said, or by the version of IP. */
static int tun_protocol(const struct tun *tun, const u8 *pi, const u8 *packet, size_t len, u16 *proto)
{
	if (!tun->no_pi) {
		*proto = get_be16(pi + 2);
		return 0;
	}
	switch (len ? packet[0] >> 4 : 0) {
	case 4:
		*proto = ETH_P_IP;
		return 0;
	case 6:
		*proto = ETH_P_IPV6;
		return 0;
	default:
		return -EINVAL;
	}
}

static s64 receive(struct tun *tun, const u8 *pi, const u8 *packet, size_t len)
{
	struct net_device *dev = tun->dev;
	struct sk_buff *skb;
	u16 proto = 0;

	if (tun->tap ? len < ETH_HLEN : tun_protocol(tun, pi, packet, len, &proto) < 0) {
		dev->stats.rx_dropped += !tun->tap;
		return -EINVAL;
	}
	skb = alloc_skb(dev->host);
	if (tun->tap) {
		skb_add_data(skb, packet, (u32)len);
	} else {
		u8 *eth = skb_put(skb, ETH_HLEN);

		memset(eth, 0, ETH_HLEN);
		put_be16(eth + 12, proto);
		skb_add_data(skb, packet, (u32)len);
	}
	skb_trace_packet(skb, dev->host, dev->ifindex);
	skb->tstamp = skb->wire_time = host_now(dev->host);
	if (!eth_type_trans(skb, dev)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_HDR_TRUNC, PLACE_RX_RING);
		return (s64)len;
	}
	dev->stats.rx_packets++;
	dev->stats.rx_bytes += len;
	netif_rx(skb);
	return (s64)len;
}

static s64 tun_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct tun *tun = f->priv;
	size_t head;
	u8 *flat;
	s64 ret;

	if (!tun)
		return -EBADFD;
	if (!(tun->dev->flags & IFF_UP))
		return -EIO;
	head = tun->no_pi ? 0 : PI_LEN;
	if (from->total < head || from->total - head > 65535 + ETH_HLEN)
		return -EINVAL;
	flat = xrealloc(NULL, from->total + 1);
	iov_copy_from(from, 0, flat, from->total);
	ret = receive(tun, flat, flat + head, from->total - head);
	free(flat);
	if (ret < 0)
		return ret;
	task_copied(t, from->total);
	return (s64)from->total;
}

static u32 tun_poll(struct file *f, struct poll_table *pt)
{
	struct tun *tun = f->priv;
	u32 events = 0;

	if (!tun)
		return EPOLLERR;
	poll_wait(pt, &tun->wq);
	if (tun->queue.qlen)
		events |= EPOLLIN | EPOLLRDNORM;
	if (tun->dev->flags & IFF_UP)
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static s64 tun_release(struct task *t, struct file *f)
{
	struct tun *tun = f->priv;

	if (!tun || (f->host->net && f->host->net->dying))
		return 0;
	tun->file = NULL;
	skb_queue_purge(&tun->queue);
	netif_carrier_off(tun->dev);
	dev_close(tun->dev);
	in_device_flush(f->host->net, tun->dev);
	return 0;
}

static const struct file_ops tun_ops = {
	.kind = "tun",
	.read = tun_read,
	.write = tun_write,
	.poll = tun_poll,
	.ioctl = tun_ioctl,
	.release = tun_release,
};

struct file *tun_open(struct task *t, int flags)
{
	return file_new(t->host, &tun_ops, NULL, (u32)flags & (O_ACCMODE | O_NONBLOCK),
			S_IFCHR | 0666);
}

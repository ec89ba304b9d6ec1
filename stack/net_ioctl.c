/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) of any socket (socket(7), "Ioctls"; netdevice(7)): owner, time stamp, what a device is.
 */
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "nic/netdev.h"
#include "stack/ip.h"
#include "stack/socket.h"
#include "stack/syscall.h"

static s64 ioctl_stamp(struct sock *sk, unsigned cmd, void *arg)
{
	nsec_t t = host_realtime(sk->host, sk->stamp);

	if (!sk->stamp)
		return -ENOENT;
	if (cmd == SIOCGSTAMP) {
		struct timeval *tv = arg;

		tv->tv_sec = t / NSEC_PER_SEC;
		tv->tv_usec = t % NSEC_PER_SEC / NSEC_PER_USEC;
	} else {
		struct timespec *ts = arg;

		ts->tv_sec = t / NSEC_PER_SEC;
		ts->tv_nsec = t % NSEC_PER_SEC;
	}
	return 0;
}

struct first_addr {
	struct net_device *dev;
	bool found;
	struct in_ifaddr ifa;
};

static void find_v4(void *ctx, const struct in_ifaddr *ifa)
{
	struct first_addr *fa = ctx;

	if (!fa->found && ifa->dev == fa->dev && ipaddr_is_v4(&ifa->addr)) {
		fa->found = true;
		fa->ifa = *ifa;
	}
}

static s64 ioctl_addr(struct sock *sk, unsigned cmd, struct ifreq *ifr, struct net_device *dev)
{
	struct first_addr fa = { .dev = dev };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	be32 mask;

	ifaddr_for_each(sk->net, find_v4, &fa);
	if (!fa.found)
		return -EADDRNOTAVAIL;
	mask = fa.ifa.plen ? htonl(~0u << (32 - fa.ifa.plen)) : 0;
	sin.sin_addr.s_addr = ipaddr_to_v4(&fa.ifa.addr);
	if (cmd == SIOCGIFNETMASK)
		sin.sin_addr.s_addr = mask;
	else if (cmd == SIOCGIFBRDADDR)
		sin.sin_addr.s_addr |= ~mask;
	memcpy(&ifr->ifr_addr, &sin, sizeof(sin));
	return 0;
}

static s64 ioctl_dev(struct sock *sk, unsigned cmd, struct ifreq *ifr)
{
	struct net_device *dev;

	if (cmd == SIOCGIFNAME) {
		dev = dev_get_by_index(sk->host, ifr->ifr_ifindex);
		if (!dev)
			return -ENODEV;
		memset(ifr->ifr_name, 0, IFNAMSIZ);
		memcpy(ifr->ifr_name, dev->name, min(strlen(dev->name), (size_t)IFNAMSIZ - 1));
		return 0;
	}
	ifr->ifr_name[IFNAMSIZ - 1] = 0;
	dev = dev_get_by_name(sk->host, ifr->ifr_name);
	if (!dev)
		return -ENODEV;
	switch (cmd) {
	case SIOCGIFINDEX:
		ifr->ifr_ifindex = dev->ifindex;
		return 0;
	case SIOCGIFMTU:
		ifr->ifr_mtu = (int)dev->mtu;
		return 0;
	case SIOCGIFHWADDR:
		memset(&ifr->ifr_hwaddr, 0, sizeof(ifr->ifr_hwaddr));
		ifr->ifr_hwaddr.sa_family =
			dev->flags & IFF_LOOPBACK ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
		memcpy(ifr->ifr_hwaddr.sa_data, dev->mac, ETH_ALEN);
		return 0;
	default:
		return ioctl_addr(sk, cmd, ifr, dev);
	}
}

static bool known(unsigned cmd)
{
	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
	case FIOGETOWN:
	case SIOCGPGRP:
	case SIOCGSTAMP:
	case SIOCGSTAMPNS:
	case SIOCGIFNAME:
	case SIOCGIFINDEX:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFBRDADDR:
		return true;
	default:
		return false;
	}
}

/* What is not known here, as what a terminal answers, comes without memory: ENOTTY, not EFAULT. */
s64 net_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct file *f = sk->file;

	if (!known(cmd))
		return -ENOTTY;
	if (!arg)
		return -EFAULT;
	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
		f->owner_pid = *(int *)arg;
		f->owner_thread = false;
		f->owner_uid = t->proc->uid;
		return 0;
	case FIOGETOWN:
	case SIOCGPGRP:
		*(int *)arg = f->owner_pid;
		return 0;
	case SIOCGSTAMP:
	case SIOCGSTAMPNS:
		return ioctl_stamp(sk, cmd, arg);
	default:
		return ioctl_dev(sk, cmd, arg);
	}
}

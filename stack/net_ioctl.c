/* SPDX-License-Identifier: MIT */
/*
 * ioctl(2) of any socket (socket(7), "Ioctls"; netdevice(7)): owner and time stamp; those about
 * devices are in if_ioctl.c.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "nic/netdev.h"
#include "sim/host/process.h"
#include "stack/ip.h"
#include "stack/socket.h"
#include "stack/syscall.h"

static s64 ioctl_stamp(struct sock *sk, unsigned cmd, void *arg)
{
	nsec_t t;

	/* Streams keep no time of a packet, and AF_UNIX and netlink sockets do not know the call. */
	if (sk->family != AF_INET && sk->family != AF_INET6 && sk->family != AF_PACKET)
		return -ENOTTY;
	sk->stamps = true;
	if (!sk->stamp)
		return -ENOENT;
	if (sk->stamp == SOCK_UNSTAMPED)
		sk->stamp = host_now(sk->host);
	t = host_realtime(sk->host, sk->stamp);
	if (cmd == SIOCGSTAMP || cmd == SIOCGSTAMP_NEW) {
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

static bool known(unsigned cmd)
{
	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
	case FIOGETOWN:
	case SIOCGPGRP:
	case SIOCGSTAMP:
	case SIOCGSTAMPNS:
	case SIOCGSTAMP_NEW:
	case SIOCGSTAMPNS_NEW:
		return true;
	default:
		return if_ioctl_known(cmd);
	}
}

/* What is not known here, as what a terminal answers, comes without memory: ENOTTY, not EFAULT. */
s64 net_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg)
{
	struct file *f = sk->file;

	if (!known(cmd))
		return -ENOTTY;
	/* Only families whose packets bear stamps have these: gettstamp of their operations. */
	if ((cmd == SIOCGSTAMP || cmd == SIOCGSTAMPNS) &&
	    (sk->family == AF_UNIX || sk->family == AF_NETLINK))
		return -ENOTTY;
	if (!arg)
		return -EFAULT;
	switch (cmd) {
	case FIOSETOWN:
	case SIOCSPGRP:
		return file_set_owner(t, f, *(int *)arg);
	case FIOGETOWN:
	case SIOCGPGRP:
		*(int *)arg = file_owner(f);
		return 0;
	case SIOCGSTAMP:
	case SIOCGSTAMPNS:
	case SIOCGSTAMP_NEW:
	case SIOCGSTAMPNS_NEW:
		return ioctl_stamp(sk, cmd, arg);
	default:
		return if_ioctl(t, sk, cmd, arg);
	}
}

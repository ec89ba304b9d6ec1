/* SPDX-License-Identifier: MIT */
/*
 * TUN and TAP devices (Documentation/networking/tuntap.rst): attaching, names, what is read and what is
 * written. Errors are those that /dev/net/tun of Linux 6.18 gave.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "stack/tun.h"

#define HERE 0x0a090001  /* 10.9.0.1 */
#define THERE 0x0a090002 /* behind the descriptor */

static int tun(struct vproc *p)
{
	struct task *t = task_find(vproc_host(p), (int)vcall(p, SYS_gettid));
	struct file *f = tun_open(t, O_RDWR | O_NONBLOCK);

	return fd_install(t, f, 0, 0);
}

static s64 attach(struct vproc *p, int fd, const char *name, int flags, char got[IFNAMSIZ])
{
	struct ifreq ifr = { .ifr_flags = (short)flags };
	s64 ret;

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ret = vcall(p, SYS_ioctl, fd, TUNSETIFF, &ifr);
	if (got)
		memcpy(got, ifr.ifr_name, IFNAMSIZ);
	return ret;
}

/* An address, which brings it up as well. */
static void configure(struct vproc *p, const char *name)
{
	int s = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(HERE) };
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, name);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	assert_int_equal(vcall(p, SYS_ioctl, s, SIOCSIFADDR, &ifr), 0);
	sin.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	assert_int_equal(vcall(p, SYS_ioctl, s, SIOCSIFNETMASK, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, s, SIOCGIFFLAGS, &ifr), 0);
	ifr.ifr_flags |= IFF_UP;
	assert_int_equal(vcall(p, SYS_ioctl, s, SIOCSIFFLAGS, &ifr), 0);
	vcall(p, SYS_close, s);
}

static int events(struct vproc *p, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };

	vcall(p, SYS_poll, &pfd, 1, 0);
	return pfd.revents;
}

static void attaching(struct vproc *p)
{
	int fd = tun(p), other = tun(p);
	struct ifreq ifr;
	char name[IFNAMSIZ], buf[64];

	/* Without a device there is nothing to talk to. */
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), -EBADFD);
	assert_int_equal(vcall(p, SYS_write, fd, buf, sizeof(buf)), -EBADFD);
	assert_int_equal(vcall(p, SYS_ioctl, fd, TUNGETIFF, &ifr), -EBADFD);
	assert_int_equal(events(p, fd), POLLERR);
	assert_int_equal(attach(p, fd, "t0", IFF_NO_PI, NULL), -EINVAL);
	assert_int_equal(attach(p, fd, "lo", IFF_TUN, NULL), -EINVAL);
	/* TUN wins over TAP. */
	assert_int_equal(attach(p, fd, "t0", IFF_TUN | IFF_TAP | IFF_NO_PI, name), 0);
	assert_string_equal(name, "t0");
	assert_int_equal(attach(p, fd, "t1", IFF_TUN, NULL), -EEXIST);
	assert_int_equal(vcall(p, SYS_ioctl, fd, TUNGETIFF, &ifr), 0);
	assert_string_equal(ifr.ifr_name, "t0");
	assert_int_equal(ifr.ifr_flags & (IFF_TUN | IFF_TAP | IFF_NO_PI), IFF_TUN | IFF_NO_PI);
	/* Who has it keeps it, and what it is it stays. */
	assert_int_equal(attach(p, other, "t0", IFF_TUN, NULL), -EBUSY);
	assert_int_equal(attach(p, other, "t0", IFF_TUN | IFF_TUN_EXCL, NULL), -EBUSY);
	assert_int_equal(attach(p, other, "t0", IFF_TAP, NULL), -EINVAL);
	/* Names are found when none is given. */
	assert_int_equal(attach(p, other, "", IFF_TAP, name), 0);
	assert_string_equal(name, "tap0");
	assert_int_equal(attach(p, tun(p), "vpn%d", IFF_TUN, name), 0);
	assert_string_equal(name, "vpn0");
	assert_int_equal(attach(p, tun(p), "vpn%d", IFF_TUN, name), 0);
	assert_string_equal(name, "vpn1");
}

static void unprivileged(struct vproc *p)
{
	int fd = tun(p);

	task_find(vproc_host(p), (int)vcall(p, SYS_gettid))->proc->caps = 0;
	assert_int_equal(attach(p, fd, "t0", IFF_TUN, NULL), -EPERM);
}

static void send_datagram(struct vproc *p, const char *text)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(THERE) };
	int s = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(vcall(p, SYS_sendto, s, text, strlen(text), 0, &to, sizeof(to)), strlen(text));
	vcall(p, SYS_close, s);
}

/* One packet for each read, whole or cut off; four bytes before it say what it is. */
static void sending(struct vproc *p)
{
	int fd = tun(p);
	struct iphdr *ip;
	u8 buf[256];

	assert_int_equal(attach(p, fd, "t0", IFF_TUN, NULL), 0);
	configure(p, "t0");
	while (vcall(p, SYS_read, fd, buf, sizeof(buf)) > 0)
		; /* what a new interface says of itself */
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), -EAGAIN);
	assert_int_equal(events(p, fd), POLLOUT);
	send_datagram(p, "hello");
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(events(p, fd), POLLIN | POLLOUT);
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), 4 + 20 + 8 + 5);
	assert_memory_equal(buf, "\0\0\x08\0", 4); /* no flags; ETH_P_IP */
	ip = (struct iphdr *)(void *)(buf + 4);
	assert_int_equal(ip->version, 4);
	assert_int_equal(ip->protocol, IPPROTO_UDP);
	assert_int_equal(ntohl(ip->saddr), HERE);
	assert_int_equal(ntohl(ip->daddr), THERE);
	assert_memory_equal(buf + 4 + 28, "hello", 5);
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), -EAGAIN);
	/* What does not fit is lost, and the flags tell of it (TUN_PKT_STRIP). */
	send_datagram(p, "hello");
	send_datagram(p, "again");
	vproc_sleep(p, NSEC_PER_MSEC);
	memset(buf, 0xee, sizeof(buf));
	vcall(p, SYS_read, fd, buf, 10);
	assert_int_equal(buf[0] | buf[1] << 8, TUN_PKT_STRIP);
	assert_int_equal(buf[10], 0xee);
	assert_int_equal(vcall(p, SYS_read, fd, buf, sizeof(buf)), 4 + 20 + 8 + 5);
	assert_memory_equal(buf + 4 + 28, "again", 5);
}

static u16 checksum(const void *data, size_t len)
{
	const u8 *b = data;
	u32 sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (u32)(b[i] << 8 | b[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((u16)~sum);
}

/* A datagram of four bytes from behind the device. */
static size_t datagram(u8 *buf, u16 port)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .tot_len = htons(32), .ttl = 64,
			    .protocol = IPPROTO_UDP, .saddr = htonl(THERE), .daddr = htonl(HERE) };
	struct udphdr uh = { .source = htons(9), .dest = htons(port), .len = htons(12) };

	ip.check = checksum(&ip, sizeof(ip));
	memcpy(buf, &ip, sizeof(ip));
	memcpy(buf + 20, &uh, sizeof(uh));
	memcpy(buf + 28, "ping", 4);
	return 32;
}

static void receiving(struct vproc *p)
{
	int fd = tun(p), s = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(77) };
	socklen_t len = sizeof(at);
	u8 buf[64], got[64];

	assert_int_equal(vcall(p, SYS_bind, s, &at, sizeof(at)), 0);
	assert_int_equal(attach(p, fd, "t0", IFF_TUN | IFF_NO_PI, NULL), 0);
	datagram(buf, 77);
	/* A device that is down takes nothing. */
	assert_int_equal(vcall(p, SYS_write, fd, buf, 32), -EIO);
	configure(p, "t0");
	assert_int_equal(vcall(p, SYS_write, fd, buf, 32), 32);
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_recvfrom, s, got, sizeof(got), 0, &at, &len), 4);
	assert_memory_equal(got, "ping", 4);
	assert_int_equal(ntohl(at.sin_addr.s_addr), THERE);
	/* Neither IPv4 nor IPv6: without the four bytes only the packet tells which. */
	buf[0] = 0x05;
	assert_int_equal(vcall(p, SYS_write, fd, buf, 32), -EINVAL);
	/* Closed: the program at the other end is gone, and so is the interface. */
	assert_int_equal(vcall(p, SYS_close, fd), 0);
	at.sin_addr.s_addr = htonl(THERE);
	assert_true(vcall(p, SYS_sendto, s, "x", 1, 0, &at, sizeof(at)) < 0);
}

/* The four bytes say what follows, and are there even if nothing else is. */
static void packet_information(struct vproc *p)
{
	int fd = tun(p), s = (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(77) };
	u8 buf[64] = { 0, 0, 0x08, 0 }, got[64];

	assert_int_equal(vcall(p, SYS_bind, s, &at, sizeof(at)), 0);
	assert_int_equal(attach(p, fd, "t0", IFF_TUN, NULL), 0);
	configure(p, "t0");
	datagram(buf + 4, 77);
	assert_int_equal(vcall(p, SYS_write, fd, buf, 3), -EINVAL);
	assert_int_equal(vcall(p, SYS_write, fd, buf, 36), 36);
	vproc_sleep(p, NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_recvfrom, s, got, sizeof(got), 0, NULL, NULL), 4);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(attaching)
TEST(unprivileged)
TEST(sending)
TEST(receiving)
TEST(packet_information)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attaching), cmocka_unit_test(test_unprivileged),
		cmocka_unit_test(test_sending),	  cmocka_unit_test(test_receiving),
		cmocka_unit_test(test_packet_information),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

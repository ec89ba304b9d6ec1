/* SPDX-License-Identifier: MIT */
/*
 * Interfaces by ioctl (netdevice(7)), on lo, which every host has: the same code says the same of Linux,
 * run as root in a network namespace where lo is up (support/native.c).
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int udp(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_INET, SOCK_DGRAM, 0);
}

static struct ifreq named(const char *name)
{
	struct ifreq ifr;

	memset(&ifr, 0x5a, sizeof(ifr));
	memset(ifr.ifr_name, 0, IFNAMSIZ);
	strcpy(ifr.ifr_name, name);
	return ifr;
}

static u32 addr_of(const struct ifreq *ifr)
{
	struct sockaddr_in sin;

	memcpy(&sin, &ifr->ifr_addr, sizeof(sin));
	assert_int_equal(sin.sin_family, AF_INET);
	return ntohl(sin.sin_addr.s_addr);
}

static s64 set_addr(struct vproc *p, int fd, unsigned cmd, int family, u32 addr)
{
	struct ifreq ifr = named("lo");
	struct sockaddr_in sin = { .sin_family = (sa_family_t)family, .sin_addr.s_addr = htonl(addr) };

	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	return vcall(p, SYS_ioctl, fd, cmd, &ifr);
}

static void reading(struct vproc *p)
{
	int fd = udp(p);
	struct ifreq ifr = named("lo");

	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFINDEX, &ifr), 0);
	assert_int_equal(ifr.ifr_ifindex, 1);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFFLAGS, &ifr), 0);
	assert_int_equal(ifr.ifr_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFMTU, &ifr), 0);
	assert_int_equal(ifr.ifr_mtu, 65536);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFMETRIC, &ifr), 0);
	assert_int_equal(ifr.ifr_metric, 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFTXQLEN, &ifr), 0);
	assert_int_equal(ifr.ifr_qlen, 1000);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFHWADDR, &ifr), 0);
	assert_int_equal(ifr.ifr_hwaddr.sa_family, ARPHRD_LOOPBACK);
	assert_memory_equal(ifr.ifr_hwaddr.sa_data, "\0\0\0\0\0\0", 6);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFADDR, &ifr), 0);
	assert_int_equal(addr_of(&ifr), INADDR_LOOPBACK);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNETMASK, &ifr), 0);
	assert_int_equal(addr_of(&ifr), 0xff000000);
	ifr.ifr_ifindex = 1;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNAME, &ifr), 0);
	assert_string_equal(ifr.ifr_name, "lo");
}

static void nothing_there(struct vproc *p)
{
	static const unsigned cmds[] = { SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFMTU, SIOCGIFHWADDR,
					 SIOCGIFADDR,  SIOCSIFFLAGS, SIOCSIFMTU, SIOCSIFADDR };
	int fd = udp(p);
	struct ifreq ifr;

	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		ifr = named("nosuch0");
		ifr.ifr_addr.sa_family = AF_INET;
		assert_int_equal(vcall(p, SYS_ioctl, fd, cmds[i], &ifr), -ENODEV);
	}
	ifr.ifr_ifindex = 4711;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNAME, &ifr), -ENODEV);
	/* A name that does not end is cut off, not read beyond. */
	memset(ifr.ifr_name, 'x', IFNAMSIZ);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFMTU, &ifr), -ENODEV);
}

/* A buffer takes whole entries; without one the length that all need is told. */
static void conf(struct vproc *p)
{
	int fd = udp(p);
	struct ifreq ifr[2];
	struct ifconf c = { .ifc_len = 0, .ifc_buf = NULL };

	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFCONF, &c), 0);
	assert_int_equal(c.ifc_len, sizeof(struct ifreq));
	c = (struct ifconf){ .ifc_len = sizeof(ifr), .ifc_req = ifr };
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFCONF, &c), 0);
	assert_int_equal(c.ifc_len, sizeof(struct ifreq));
	assert_string_equal(ifr[0].ifr_name, "lo");
	assert_int_equal(addr_of(&ifr[0]), INADDR_LOOPBACK);
	c = (struct ifconf){ .ifc_len = sizeof(struct ifreq) - 1, .ifc_req = ifr };
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFCONF, &c), 0);
	assert_int_equal(c.ifc_len, 0);
}

static void addresses(struct vproc *p)
{
	int fd = udp(p);
	struct ifreq ifr = named("lo");

	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET6, 0x0a000001), -EINVAL);
	/* The class of the address says the mask until one is set. */
	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET, 0x0a000001), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNETMASK, &ifr), 0);
	assert_int_equal(addr_of(&ifr), 0xff000000);
	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET, 0xc0a80001), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNETMASK, &ifr), 0);
	assert_int_equal(addr_of(&ifr), 0xffffff00);
	assert_int_equal(set_addr(p, fd, SIOCSIFNETMASK, AF_INET, 0xff00ff00), -EINVAL);
	assert_int_equal(set_addr(p, fd, SIOCSIFNETMASK, AF_INET, 0xffff0000), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFNETMASK, &ifr), 0);
	assert_int_equal(addr_of(&ifr), 0xffff0000);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFADDR, &ifr), 0);
	assert_int_equal(addr_of(&ifr), 0xc0a80001);
	/* No address: it is taken away. */
	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET, 0), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFADDR, &ifr), -EADDRNOTAVAIL);
	assert_int_equal(set_addr(p, fd, SIOCSIFNETMASK, AF_INET, 0xff000000), -EADDRNOTAVAIL);
	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET, INADDR_LOOPBACK), 0);
}

static void flags(struct vproc *p)
{
	int fd = udp(p);
	struct ifreq ifr = named("lo");

	ifr.ifr_flags = 0;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFFLAGS, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFFLAGS, &ifr), 0);
	/* What the device is cannot be taken from it. */
	assert_int_equal(ifr.ifr_flags, IFF_LOOPBACK);
	ifr.ifr_flags = IFF_UP;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFFLAGS, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFFLAGS, &ifr), 0);
	assert_int_equal(ifr.ifr_flags, IFF_UP | IFF_LOOPBACK | IFF_RUNNING);
	ifr.ifr_qlen = 7;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFTXQLEN, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFTXQLEN, &ifr), 0);
	assert_int_equal(ifr.ifr_qlen, 7);
	ifr.ifr_qlen = -1;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFTXQLEN, &ifr), -EINVAL);
}

static void unprivileged(struct vproc *p)
{
	int fd = udp(p);
	struct ifreq ifr = named("lo");

	assert_int_equal(vcall(p, SYS_setresuid, 1000, 1000, 1000), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCGIFFLAGS, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFFLAGS, &ifr), -EPERM);
	ifr.ifr_mtu = 1500;
	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCSIFMTU, &ifr), -EPERM);
	assert_int_equal(set_addr(p, fd, SIOCSIFADDR, AF_INET, 0x0a000001), -EPERM);
}

/* Any socket will do, and nothing else. */
static void other_descriptors(struct vproc *p)
{
	struct ifreq ifr = named("lo");
	int tcp6 = (int)vcall(p, SYS_socket, AF_INET6, SOCK_STREAM, 0);
	int local = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	int fd[2];

	assert_int_equal(vcall(p, SYS_ioctl, tcp6, SIOCGIFMTU, &ifr), 0);
	assert_int_equal(vcall(p, SYS_ioctl, local, SIOCGIFMTU, &ifr), 0);
	assert_int_equal(ifr.ifr_mtu, 65536);
	assert_int_equal(vcall(p, SYS_pipe2, fd, 0), 0);
	assert_int_equal(vcall(p, SYS_ioctl, fd[0], SIOCGIFMTU, &ifr), -ENOTTY);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(reading)
TEST(nothing_there)
TEST(conf)
TEST(addresses)
TEST(flags)
TEST(other_descriptors)
TEST(unprivileged)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),	      cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_conf),	      cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_flags),	      cmocka_unit_test(test_other_descriptors),
		cmocka_unit_test(test_unprivileged), /* the last: on Linux it is one process */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

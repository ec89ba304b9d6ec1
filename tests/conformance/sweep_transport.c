/* SPDX-License-Identifier: MIT */
/*
 * Every option number of the levels above IP on every kind of socket with every length (sweep.h; tcp(7),
 * udp(7), raw(7), packet(7), netlink(7)).
 * differs: options of TCP, UDP, packet and netlink sockets that are not there yet
 */
#include "sweep.h"

#include <linux/udp.h>

int main(void)
{
	static const struct sweep s[] = {
	    {"IPPROTO_TCP", IPPROTO_TCP, 0, 45, .masked = {TCP_INFO, TCP_TIMESTAMP}},
	    {"IPPROTO_UDP", IPPROTO_UDP, 0, 4, .masked = {0}},
	    {"IPPROTO_UDP, from 100", IPPROTO_UDP, 98, 106, .masked = {0}},
	    {"SOL_RAW", SOL_RAW, 0, 4, .masked = {0}},
	    {"IPPROTO_ICMPV6", IPPROTO_ICMPV6, 0, 4, .masked = {0}},
	    {"SOL_PACKET", SOL_PACKET, 0, 26, .masked = {0}},
	    {"SOL_NETLINK", SOL_NETLINK, 0, 15, .masked = {0}},
	    {"no level", 12345, 0, 4, .masked = {0}},
	};
	int fd;

	/* The kernel's default is whatever it was built with. */
	fd = open("/proc/sys/net/ipv4/tcp_congestion_control", O_WRONLY);
	CALL(write(fd, "reno", 4));
	close(fd);
	return sweep_run(s, sizeof(s) / sizeof(s[0]));
}

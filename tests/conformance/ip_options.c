/* SPDX-License-Identifier: MIT */
/* Options at IPPROTO_IP: fresh values, ranges, lengths (a byte does): ip(7). */
#include "options.h"
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

static const struct option table[] = {
	O(IP_TOS, 0, 16, 255, 256, -1),
	O(IP_TTL, -1, 0, 1, 255, 256),
	O(IP_MTU_DISCOVER, -1, 0, 1, 2, 3, 5, 6),
	O(IP_MTU, 1),
	O(IP_PKTINFO, 1, 2),
	O(IP_RECVTTL, 1, 2),
	O(IP_RECVTOS, 1, 2),
	O(IP_FREEBIND, 1, 2, -1),
	O(IP_MINTTL, -1, 0, 255, 256),
	O(IP_BIND_ADDRESS_NO_PORT, 1, 2),
	O(IP_LOCAL_PORT_RANGE, 0, 1000, (int)0x80007000, 0x70008000),
	O(IP_MULTICAST_TTL, -1, 0, 255, 256),
	O(IP_MULTICAST_LOOP, 0, 1, 5),
	O(IP_MULTICAST_ALL, 0, 1, 2),
	O(IP_MULTICAST_IF, 0),
	O(999, 1),
};

static void join(int fd, int opt, const char *group, const char *local, int index)
{
	struct ip_mreqn m = {.imr_ifindex = index};

	inet_pton(AF_INET, group, &m.imr_multiaddr);
	inet_pton(AF_INET, local, &m.imr_address);
	printf("%s %s at %s, %d: ", opt == IP_ADD_MEMBERSHIP ? "join" : "leave", group, local,
	       index);
	printf("%s\n",
	       setsockopt(fd, IPPROTO_IP, opt, &m, sizeof(m)) ? strerrorname_np(errno) : "0");
}

int main(void)
{
	int fd, c[2];

	part("UDP");
	WALK(table, IPPROTO_IP, udp4);
	part("TCP");
	WALK(table, IPPROTO_IP, tcp4);
	part("on an IPv6 socket");
	fd = udp6();
	OPT(fd, IPPROTO_IP, IP_TTL);
	OPT(fd, IPPROTO_IP, IP_PKTINFO);
	part("IP_MTU needs a connection");
	fd = udp4();
	CALL(connect(fd, ADDR("127.0.0.1:9")));
	OPT(fd, IPPROTO_IP, IP_MTU);
	tcp_pair(c, "127.0.0.1:0");
	OPT(c[0], IPPROTO_IP, IP_MTU);
	part("membership");
	fd = udp4();
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.3", "127.0.0.1", 0);
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.3", "127.0.0.1", 0);
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.4", "0.0.0.0", 1);
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.5", "0.0.0.0", 0);
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.5", "10.9.9.9", 0);
	join(fd, IP_ADD_MEMBERSHIP, "224.1.2.5", "0.0.0.0", 77);
	join(fd, IP_ADD_MEMBERSHIP, "10.0.0.1", "127.0.0.1", 0);
	join(fd, IP_DROP_MEMBERSHIP, "224.1.2.3", "127.0.0.1", 0);
	join(fd, IP_DROP_MEMBERSHIP, "224.1.2.3", "127.0.0.1", 0);
	join(tcp4(), IP_ADD_MEMBERSHIP, "224.1.2.3", "127.0.0.1", 0);
	part("IP_FREEBIND");
	int one = 1;

	fd = tcp4();
	CALL(bind(fd, ADDR("10.77.0.1:80")));
	CALL(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)));
	CALL(bind(fd, ADDR("10.77.0.1:80")));
	NAME(fd);
	part("IP_BIND_ADDRESS_NO_PORT");
	fd = tcp4();
	CALL(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)));
	CALL(bind(fd, ADDR("127.0.0.1:0")));
	NAME(fd);
	part("IP_LOCAL_PORT_RANGE");
	int range = 40001 << 16 | 40000;

	fd = udp4();
	CALL(setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)));
	CALL(bind(fd, ADDR("127.0.0.1:0")));
	FACT(port_of(fd) >= 40000 && port_of(fd) <= 40001);
	return 0;
}

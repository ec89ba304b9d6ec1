/* SPDX-License-Identifier: MIT */
/*
 * ICMP echo sockets: SOCK_DGRAM of IPPROTO_ICMP and IPPROTO_ICMPV6: icmp(7), ping_group_range.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "transcript.h"

static void range(const char *text)
{
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);

	CALL(write(fd, text, strlen(text)));
	close(fd);
}

static void take(int fd, size_t room)
{
	unsigned char buf[128], control[256];
	struct sockaddr_storage from;
	struct iovec iov = { buf, room };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	long n;

	settle();
	n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0) {
		printf("  recv: %s\n", strerrorname_np(errno));
		return;
	}
	printf("  recv: %ld flags %s type %d code %d sequence %d from ", n, msg_names((unsigned)m.msg_flags),
	       buf[0], buf[1], buf[6] << 8 | buf[7]);
	show_addr(&from, m.msg_namelen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		printf("  level %d type %d length %zu first %02x\n", c->cmsg_level, c->cmsg_type,
		       c->cmsg_len - CMSG_LEN(0), *(unsigned char *)CMSG_DATA(c));
}

static void talk(int family, int protocol, const char *self, const char *foreign, const char *other)
{
	unsigned char echo[70000] = { family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST, 0, 0, 0, 9, 9, 0, 7 };
	int fd = FD(socket(family, SOCK_DGRAM, protocol)), again, on = 1;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct cmsghdr *c = (void *)control;
	struct iovec iov = { echo, 16 };
	struct msghdr m = { .msg_name = addr_of(self), .msg_namelen = addr_len(self), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };

	EVENTS(fd);
	PEER(fd);
	CALL(send(fd, echo, 16, 0));
	CALL(sendto(fd, echo, 7, 0, ADDR(self)));
	CALL(sendto(fd, echo, 65536, 0, ADDR(self)));
	CALL(sendto(fd, echo, 16, MSG_OOB, ADDR(self)));
	CALL(sendto(fd, echo, 16, 0, addr_of(self), 8));
	CALL(sendto(fd, echo, 16, 0, ADDR(other)));
	CALL(sendto(fd, echo, 16, 0, ADDR(foreign)));
	echo[1] = 1;
	CALL(sendto(fd, echo, 16, 0, ADDR(self)));
	echo[1] = 0;
	echo[0]++;
	CALL(sendto(fd, echo, 16, 0, ADDR(self)));
	echo[0]--;
	CALL(recv(fd, echo, 8, MSG_DONTWAIT));
	CALL(recv(fd, echo, 8, MSG_DONTWAIT | MSG_OOB));
	CALL(recv(fd, echo, 8, MSG_DONTWAIT | MSG_ERRQUEUE));
	CALL(sendto(fd, echo, 16, 0, ADDR(self)));
	settle();
	EVENTS(fd);
	take(fd, 64);
	take(fd, 64);
	CALL(sendto(fd, echo, 8, 0, ADDR(self)));
	take(fd, 8);
	CALL(sendto(fd, echo, 16, 0, ADDR(self)));
	take(fd, 8);
	part("a bound identifier");
	again = FD(socket(family, SOCK_DGRAM, protocol));
	CALL(bind(again, ADDR(foreign)));
	CALL(bind(again, ADDR(other)));
	CALL(bind(again, ADDR(family == AF_INET ? "127.0.0.1:77" : "[::1]:77")));
	NAME(again);
	CALL(bind(again, ADDR(family == AF_INET ? "127.0.0.1:78" : "[::1]:78")));
	CALL(sendto(again, echo, 16, 0, ADDR(self)));
	take(again, 64);
	take(fd, 64);
	part("connected");
	CALL(connect(again, ADDR(self)));
	NAME(again);
	CALL(send(again, echo, 16, 0));
	take(again, 64);
	CALL(connect(again, ADDR("unspec")));
	CALL(send(again, echo, 16, 0));
	part("ancillary data");
	setsockopt(again, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	setsockopt(again, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(again, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			       family == AF_INET ? IP_TTL : IPV6_HOPLIMIT };
	*(int *)(void *)CMSG_DATA(c) = 3;
	CALL(sendmsg(again, &m, 0));
	take(again, 64);
	*(int *)(void *)CMSG_DATA(c) = 300;
	CALL(sendmsg(again, &m, 0));
	part("to the end");
	CALL(listen(again, 1));
	CALL(shutdown(again, SHUT_WR));
	CALL(shutdown(again, 3));
	EVENTS(again);
	CALL(sendto(again, echo, 16, 0, ADDR(self)));
	close(again);
	close(fd);
}

int main(void)
{
	part("nobody may");
	range("1 0");
	FD(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	FD(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
	range("0 0");
	FD(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMPV6));
	FD(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMP));
	part("IPv4");
	talk(AF_INET, IPPROTO_ICMP, "127.0.0.1:0", "10.9.9.9:0", "[::1]:0");
	part("IPv6");
	talk(AF_INET6, IPPROTO_ICMPV6, "[::1]:0", "[fd00::9]:0", "127.0.0.1:0");
	return 0;
}

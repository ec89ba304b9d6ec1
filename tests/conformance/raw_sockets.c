/* SPDX-License-Identifier: MIT */
/*
 * Raw sockets without packets: who may have one, names, bind(2), connect(2), options and errors: raw(7).
 */
#include <linux/capability.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>

#include "transcript.h"

static void kinds(void)
{
	static const int protocols[] = { 0, 1, 2, 6, 17, 41, 58, 89, 200, 255, 256, 262, 263, -1 };

	part("kinds");
	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
			int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW, protocols[i]), val = -1, type = -1;
			socklen_t len = sizeof(val);

			if (fd < 0) {
				printf("v%d protocol %d: %s\n", v6 ? 6 : 4, protocols[i],
				       strerrorname_np(errno));
				continue;
			}
			getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &val, &len);
			getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
			printf("v%d protocol %d: type %d protocol %d\n", v6 ? 6 : 4, protocols[i], type, val);
			close(fd);
		}
	}
}

static void names(int fd, const char *any, const char *self, const char *foreign, const char *many)
{
	NAME(fd);
	PEER(fd);
	EVENTS(fd);
	CALL(bind(fd, ADDR(foreign)));
	CALL(bind(fd, addr_of(self), 8));
	CALL(bind(fd, ADDR("unix:x")));
	CALL(bind(fd, ADDR(self)));
	NAME(fd);
	CALL(bind(fd, ADDR(many)));
	NAME(fd);
	CALL(bind(fd, ADDR(any)));
	NAME(fd);
	CALL(listen(fd, 1));
	CALL(accept(fd, NULL, NULL));
	CALL(send(fd, "x", 1, 0));
	CALL(shutdown(fd, SHUT_WR));
	CALL(connect(fd, addr_of(self), 1));
	CALL(connect(fd, addr_of(self), 8));
	CALL(connect(fd, ADDR("unix:x")));
	CALL(connect(fd, ADDR(self)));
	NAME(fd);
	PEER(fd);
	CALL(bind(fd, ADDR(any)));
	CALL(connect(fd, ADDR("unspec")));
	NAME(fd);
	PEER(fd);
	EVENTS(fd);
}

static void lists(void)
{
	char line[512];
	static const char *const file[] = { "/proc/net/raw", "/proc/net/raw6" };
	int b = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	int c = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	part("lists");
	CALL(connect(b, ADDR("127.0.0.1:7")));
	CALL(bind(c, ADDR("[::1]:0")));
	for (int i = 0; i < 2; i++) {
		FILE *f = fopen(file[i], "r");

		while (fgets(line, sizeof(line), f)) {
			/* Without the inode. */
			if (strchr(line, ':') && strlen(line) > (i ? 139u : 91u))
				line[i ? 139 : 91] = 0;
			printf("%s\n", strchr(line, ':') ? strchr(line, ':') : line);
		}
		fclose(f);
	}
	close(b);
	close(c);
}

static void icmp_options(int fd)
{
	struct icmp_filter f = { .data = 0x12345678 };
	unsigned char buf[64];
	socklen_t len;
	int val;

	CALL(setsockopt(fd, SOL_RAW, ICMP_FILTER, &f, sizeof(f)));
	len = sizeof(buf);
	memset(buf, 0xee, sizeof(buf));
	CALL(getsockopt(fd, SOL_RAW, ICMP_FILTER, buf, &len));
	printf("  %u: %02x%02x%02x%02x%02x\n", len, buf[0], buf[1], buf[2], buf[3], buf[4]);
	CALL(setsockopt(fd, SOL_RAW, ICMP_FILTER, &(char[8]){ 1 }, 8));
	CALL(setsockopt(fd, SOL_RAW, ICMP_FILTER, &(char[8]){ 2 }, 1));
	CALL(setsockopt(fd, SOL_RAW, ICMP_FILTER, &f, 0));
	len = 2;
	CALL(getsockopt(fd, SOL_RAW, ICMP_FILTER, buf, &len));
	printf("  %u: %02x%02x\n", len, buf[0], buf[1]);
	len = sizeof(buf);
	CALL(getsockopt(fd, SOL_RAW, 2, buf, &len));
	CALL(setsockopt(fd, SOL_RAW, 2, buf, 4));
	OPT(fd, IPPROTO_IP, IP_HDRINCL);
	val = 5;
	CALL(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &val, sizeof(val)));
	OPT(fd, IPPROTO_IP, IP_HDRINCL);
	val = 0;
	CALL(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &val, 1));
	OPT(fd, IPPROTO_IP, IP_HDRINCL);
	OPT(fd, IPPROTO_IP, IP_TTL);
	OPT(fd, IPPROTO_IP, IP_MULTICAST_TTL);
	OPT(fd, IPPROTO_IP, IP_PKTINFO);
	OPT(fd, SOL_SOCKET, SO_RCVBUF);
	OPT(fd, SOL_SOCKET, SO_SNDBUF);
}

static void ip6_options(int fd)
{
	struct icmp6_filter f;
	unsigned char buf[64];
	socklen_t len = sizeof(buf);
	int val;

	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
	memset(buf, 0xee, sizeof(buf));
	CALL(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)));
	CALL(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, buf, &len));
	printf("  %u: %02x %02x %02x %02x\n", len, buf[0], buf[16], buf[31], buf[32]);
	CALL(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, 3));
	CALL(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, 64));
	CALL(setsockopt(fd, IPPROTO_ICMPV6, 2, &f, sizeof(f)));
	len = 5;
	CALL(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, buf, &len));
	VALUE(len);
	OPT(fd, IPPROTO_IPV6, IPV6_CHECKSUM);
	OPT(fd, SOL_RAW, IPV6_CHECKSUM);
	for (val = -2; val < 8; val++)
		CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &val, sizeof(val)));
	OPT(fd, IPPROTO_IPV6, IPV6_CHECKSUM);
	CALL(setsockopt(fd, SOL_RAW, IPV6_CHECKSUM, &(int){ 4 }, sizeof(int)));
	OPT(fd, IPPROTO_IPV6, IPV6_CHECKSUM);
	CALL(setsockopt(fd, SOL_RAW, IPV6_CHECKSUM, &val, 2));
	CALL(setsockopt(fd, SOL_RAW, 99, &val, sizeof(val)));
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &(int){ 3 }, sizeof(int)));
	OPT(fd, IPPROTO_IPV6, IPV6_HDRINCL);
	OPT(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
	OPT(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	OPT(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
}

static void privilege(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	part("without CAP_NET_RAW");
	syscall(SYS_capget, &h, d);
	d[0].effective &= ~(1u << CAP_NET_RAW);
	syscall(SYS_capset, &h, d);
	FD(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	FD(socket(AF_INET, SOCK_RAW, 0));
	FD(socket(AF_INET, SOCK_RAW, 300));
	FD(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	FD(socket(AF_INET6, SOCK_RAW, 0));
}

int main(void)
{
	int fd;

	kinds();
	part("names");
	fd = FD(socket(AF_INET, SOCK_RAW, 200));
	names(fd, "0.0.0.0:0", "127.0.0.1:7", "10.9.8.7:0", "224.0.0.1:0");
	close(fd);
	part("names of IPv6");
	fd = FD(socket(AF_INET6, SOCK_RAW, 200));
	names(fd, "[::]:0", "[::1]:7", "[fd00::9]:0", "[ff02::1]:0");
	CALL(bind(fd, ADDR("[::ffff:127.0.0.1]:0")));
	CALL(bind(fd, ADDR("127.0.0.1:0")));
	close(fd);
	lists();
	part("options");
	fd = FD(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	icmp_options(fd);
	close(fd);
	part("options of another protocol");
	fd = FD(socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
	icmp_options(fd);
	close(fd);
	fd = FD(socket(AF_INET, SOCK_DGRAM, 0));
	OPT(fd, IPPROTO_IP, IP_HDRINCL);
	CALL(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &fd, sizeof(fd)));
	OPT(fd, SOL_RAW, ICMP_FILTER);
	CALL(setsockopt(fd, SOL_RAW, ICMP_FILTER, &fd, sizeof(fd)));
	close(fd);
	part("options of IPv6");
	fd = FD(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
	ip6_options(fd);
	close(fd);
	fd = FD(socket(AF_INET6, SOCK_RAW, 200));
	ip6_options(fd);
	close(fd);
	privilege();
	return 0;
}

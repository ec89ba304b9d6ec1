/* SPDX-License-Identifier: MIT */
/*
 * What raw sockets of IPv6 send and receive over loopback: raw(7), ipv6(7), RFC 3542.
 */
#include <netinet/icmp6.h>
#include <netinet/ip6.h>

#include "transcript.h"

static void hex(const unsigned char *p, long n)
{
	printf("  ");
	for (long i = 0; i < n; i++)
		printf("%02x%s", p[i], i % 4 == 3 ? " " : "");
	printf("\n");
}

static void cmsgs(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		printf("  level %d type %d:", c->cmsg_level, c->cmsg_type);
		hex(CMSG_DATA(c), (long)(c->cmsg_len - CMSG_LEN(0)));
	}
}

static void take(int fd, size_t room, int flags)
{
	unsigned char buf[256], control[256];
	struct sockaddr_in6 from;
	struct iovec iov = { buf, room };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	long n = recvmsg(fd, &m, MSG_DONTWAIT | flags);

	if (n < 0) {
		printf("  recv: %s\n", strerrorname_np(errno));
		return;
	}
	printf("  recv: %ld flags %s from ", n, msg_names((unsigned)m.msg_flags));
	show_addr(&from, m.msg_namelen);
	cmsgs(&m);
	if (n > (long)room)
		n = (long)room;
	for (long i = 0; i + 3 < n && flags & MSG_ERRQUEUE; i++) {
		/* The flow label of a quoted header. */
		if (buf[i] == 0x60 && !buf[i + 4])
			buf[i + 1] = buf[i + 2] = buf[i + 3] = 0;
	}
	hex(buf, n);
}

static void protocols(void)
{
	int a = socket(AF_INET6, SOCK_RAW, 200), b = socket(AF_INET6, SOCK_RAW, 200);
	int any = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW), in = socket(AF_INET6, SOCK_RAW, 201);

	part("copies by protocol");
	CALL(sendto(a, "hello", 5, 0, ADDR("[::1]:0")));
	settle();
	EVENTS(a);
	take(a, 256, MSG_PEEK);
	take(a, 3, MSG_TRUNC);
	take(b, 256, 0);
	take(b, 256, 0);
	part("the port is the protocol");
	CALL(sendto(a, "port", 4, 0, ADDR("[::1]:200")));
	CALL(sendto(a, "port", 4, 0, ADDR("[::1]:201")));
	CALL(sendto(any, "port", 4, 0, ADDR("[::1]:201")));
	CALL(sendto(any, "port", 4, 0, ADDR("[::1]:256")));
	take(a, 256, 0);
	take(b, 256, 0);
	take(in, 256, 0);
	part("bound and connected");
	CALL(bind(a, ADDR("[::1]:0")));
	CALL(connect(b, ADDR("127.0.0.1:0")));
	CALL(connect(b, ADDR("[::1]:0")));
	NAME(b);
	PEER(b);
	CALL(send(b, "two", 3, 0));
	take(a, 256, 0);
	take(b, 256, 0);
	CALL(connect(b, ADDR("unspec")));
	CALL(send(b, "two", 3, 0));
	CALL(sendto(a, "three", 5, 0, ADDR("[::1]:0")));
	take(a, 256, 0);
	take(b, 256, 0);
	close(a);
	close(b);
	close(in);
	close(any);
}

static void errors(void)
{
	int fd = socket(AF_INET6, SOCK_RAW, 200), icmp = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	static char big[70000];

	part("errors");
	CALL(send(fd, "x", 1, 0));
	CALL(sendto(fd, "x", 1, 0, addr_of("[::1]:0"), 8));
	CALL(sendto(fd, "x", 1, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("[::ffff:127.0.0.1]:0")));
	CALL(sendto(fd, "x", 1, MSG_OOB, ADDR("[::1]:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("[fd00::9]:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("[::]:0")));
	CALL(sendto(fd, big, 65536, 0, ADDR("[::1]:0")));
	CALL(sendto(fd, big, 65535, 0, ADDR("[::1]:0")));
	CALL(recv(fd, big, sizeof(big), MSG_DONTWAIT));
	CALL(recv(fd, big, sizeof(big), MSG_DONTWAIT));
	CALL(recv(fd, big, sizeof(big), MSG_OOB));
	CALL(recv(fd, big, sizeof(big), MSG_DONTWAIT | MSG_ERRQUEUE));
	CALL(sendto(icmp, "", 0, 0, ADDR("[::1]:0")));
	CALL(sendto(icmp, "x", 1, 0, ADDR("[::1]:0")));
	CALL(sendto(icmp, "xx", 2, 0, ADDR("[::1]:0")));
	CALL(sendto(icmp, "xxx", 3, 0, ADDR("[::1]:0")));
	close(fd);
	close(icmp);
}

static void echo(void)
{
	int a = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), b = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	struct icmp6_filter f;
	struct {
		struct icmp6_hdr h;
		char text[4];
	} p = { .h = { .icmp6_type = ICMP6_ECHO_REQUEST, .icmp6_id = htons(1234), .icmp6_seq = htons(1) },
		.text = "ping" };

	part("ICMPv6: the checksum is filled in");
	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
	CALL(setsockopt(a, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)));
	CALL(sendto(a, &p, sizeof(p), 0, ADDR("[::1]:0")));
	settle();
	take(a, 256, 0);
	take(a, 256, 0);
	take(b, 256, 0);
	take(b, 256, 0);
	close(a);
	close(b);
}

static void checksums(void)
{
	int a = socket(AF_INET6, SOCK_RAW, 200), b = socket(AF_INET6, SOCK_RAW, 200);

	part("IPV6_CHECKSUM");
	CALL(setsockopt(a, IPPROTO_IPV6, IPV6_CHECKSUM, &(int){ 2 }, sizeof(int)));
	CALL(sendto(a, "checksum", 8, 0, ADDR("[::1]:0")));
	take(a, 256, 0);
	take(b, 256, 0);
	part("a packet without a right one");
	CALL(sendto(b, "checksum", 8, 0, ADDR("[::1]:0")));
	settle();
	take(a, 256, 0);
	take(b, 256, 0);
	part("beyond the end");
	CALL(sendto(a, "abc", 3, 0, ADDR("[::1]:0")));
	CALL(sendto(a, "abcd", 4, 0, ADDR("[::1]:0")));
	take(b, 256, 0);
	close(a);
	close(b);
}

static void header_included(void)
{
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW), in = socket(AF_INET6, SOCK_RAW, 200);
	struct {
		struct ip6_hdr h;
		char text[4];
	} p = { .h.ip6_flow = htonl(0x60000000), .text = "text" };

	part("IPV6_HDRINCL");
	OPT(fd, IPPROTO_IPV6, IPV6_HDRINCL);
	p.h.ip6_plen = htons(4);
	p.h.ip6_nxt = 200;
	p.h.ip6_hlim = 9;
	p.h.ip6_src = p.h.ip6_dst = in6addr_loopback;
	CALL(setsockopt(in, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &(int){ 1 }, sizeof(int)));
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("[::1]:0")));
	take(in, 256, 0);
	CALL(sendto(fd, &p, 39, 0, ADDR("[::1]:0")));
	p.h.ip6_plen = 0;
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("[::1]:0")));
	take(in, 256, 0);
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &(int){ 0 }, sizeof(int)));
	CALL(sendto(fd, "plain", 5, 0, ADDR("[::1]:200")));
	take(in, 256, 0);
	CALL(setsockopt(in, IPPROTO_IPV6, IPV6_HDRINCL, &(int){ 1 }, sizeof(int)));
	p.h.ip6_plen = htons(4);
	CALL(sendto(in, &p, sizeof(p), 0, ADDR("[::1]:0")));
	take(in, 256, 0);
	close(fd);
	close(in);
}

static void udp(void)
{
	int raw = socket(AF_INET6, SOCK_RAW, IPPROTO_UDP), fd = socket(AF_INET6, SOCK_DGRAM, 0);
	unsigned char p[16] = { 0x0f, 0xa8, 0x0f, 0xa9, 0, 13, 0, 0, 'h', 'e', 'l', 'l', 'o' };
	char rest[8];

	part("UDP and its errors");
	CALL(bind(fd, ADDR("[::1]:4007")));
	CALL(sendto(fd, "own", 3, 0, ADDR("[::1]:4007")));
	take(raw, 256, 0);
	CALL(setsockopt(raw, IPPROTO_IPV6, IPV6_CHECKSUM, &(int){ 6 }, sizeof(int)));
	CALL(sendto(raw, p, 13, 0, ADDR("[::1]:0")));
	settle();
	take(raw, 256, 0);
	EVENTS(raw);
	CALL(setsockopt(raw, IPPROTO_IPV6, IPV6_RECVERR, &(int){ 1 }, sizeof(int)));
	CALL(sendto(raw, p, 13, 0, ADDR("[::1]:0")));
	settle();
	EVENTS(raw);
	take(raw, 256, 0);
	take(raw, 256, 0);
	take(raw, 256, MSG_ERRQUEUE);
	take(raw, 256, MSG_ERRQUEUE);
	CALL(setsockopt(raw, IPPROTO_IPV6, IPV6_RECVERR, &(int){ 0 }, sizeof(int)));
	CALL(connect(raw, ADDR("[::1]:0")));
	CALL(send(raw, p, 13, 0));
	settle();
	EVENTS(raw);
	CALL(recv(raw, rest, 8, MSG_DONTWAIT));
	close(raw);
	close(fd);
}

static void ancillary(void)
{
	int fd = socket(AF_INET6, SOCK_RAW, 200), on = 1;
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { "data", 4 };
	struct msghdr m = { .msg_name = addr_of("[::1]:0"), .msg_namelen = addr_len("[::1]:0"),
			    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	part("ancillary data");
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 0x10 }, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &(int){ 33 }, sizeof(on)));
	CALL(sendto(fd, "data", 4, 0, ADDR("[::1]:0")));
	take(fd, 256, 0);
	memset(control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), IPPROTO_IPV6, IPV6_HOPLIMIT };
	*(int *)(void *)CMSG_DATA(c) = 3;
	CALL(sendmsg(fd, &m, 0));
	take(fd, 256, 0);
	c->cmsg_type = 99;
	CALL(sendmsg(fd, &m, 0));
	close(fd);
}

int main(void)
{
	protocols();
	errors();
	echo();
	checksums();
	header_included();
	udp();
	ancillary();
	return 0;
}

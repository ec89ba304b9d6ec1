/* SPDX-License-Identifier: MIT */
/*
 * What raw sockets of IPv4 send and receive over loopback: raw(7), icmp(7).
 */
#include <linux/icmp.h>
#include <netinet/ip.h>
#include <linux/sockios.h>
#include <netinet/udp.h>

#include "transcript.h"

static unsigned sum16(const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += (unsigned)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void hex(const unsigned char *p, long n)
{
	printf("  ");
	for (long i = 0; i < n; i++)
		printf("%02x%s", p[i], i % 4 == 3 ? " " : "");
	printf("\n");
}

/* Prints a packet; the identification is whether there is one. */
static void packet(unsigned char *p, long n)
{
	if (n >= 20)
		printf("  header checksum %s, id %s\n",
		       sum16(p, (size_t)(p[0] & 15) * 4) == 0xffff ? "right" : "wrong",
		       p[4] || p[5] ? "set" : "0");
	for (long i = 0; i < n; i++) {
		long at = n > 48 - 1 && p[9] == IPPROTO_ICMP && p[20] == ICMP_DEST_UNREACH && i >= 28 ? i - 28 : i;

		if (at == 4 || at == 5 || at == 10 || at == 11 || (n > 47 && (i == 22 || i == 23)))
			p[i] = 0;
	}
	hex(p, n);
}

static void cmsgs(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		printf("  level %d type %d:", c->cmsg_level, c->cmsg_type);
		hex(CMSG_DATA(c), (long)(c->cmsg_len - CMSG_LEN(0)));
	}
}

static long take(int fd, size_t room, int flags)
{
	unsigned char buf[256], control[256];
	struct sockaddr_in from;
	struct iovec iov = { buf, room };
	struct msghdr m = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			    .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	long n = recvmsg(fd, &m, MSG_DONTWAIT | flags);

	if (n < 0) {
		printf("  recv: %s\n", strerrorname_np(errno));
		return n;
	}
	printf("  recv: %ld flags %s from ", n, msg_names((unsigned)m.msg_flags));
	show_addr(&from, m.msg_namelen);
	cmsgs(&m);
	packet(buf, n > (long)room ? (long)room : n);
	return n;
}

static void protocols(void)
{
	int a = socket(AF_INET, SOCK_RAW, 200), b = socket(AF_INET, SOCK_RAW, 200);
	int c = socket(AF_INET, SOCK_RAW, 201), n;

	part("copies by protocol");
	CALL(sendto(a, "hello", 5, 0, ADDR("127.0.0.1:0")));
	settle();
	EVENTS(a);
	EVENTS(c);
	CALL(ioctl(a, FIONREAD, &n));
	VALUE(n);
	CALL(ioctl(a, SIOCOUTQ, &n));
	VALUE(n);
	take(a, 256, MSG_PEEK);
	take(a, 10, MSG_TRUNC);
	take(b, 7, 0);
	take(c, 256, 0);
	part("the port means nothing");
	CALL(sendto(a, "", 0, 0, ADDR("127.0.0.2:99")));
	take(a, 256, 0);
	take(b, 256, 0);
	part("bound and connected");
	CALL(bind(a, ADDR("127.0.0.2:0")));
	CALL(connect(b, ADDR("127.0.0.3:0")));
	NAME(b);
	PEER(b);
	CALL(sendto(a, "one", 3, 0, ADDR("127.0.0.1:0")));
	CALL(send(b, "two", 3, 0));
	take(a, 256, 0);
	take(b, 256, 0);
	CALL(connect(b, ADDR("unspec")));
	CALL(send(b, "two", 3, 0));
	CALL(sendto(a, "three", 5, 0, ADDR("127.0.0.1:0")));
	take(b, 256, 0);
	close(a);
	close(b);
	close(c);
}

static void errors(void)
{
	int fd = socket(AF_INET, SOCK_RAW, 200), icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	static char big[70000];

	part("errors");
	CALL(send(fd, "x", 1, 0));
	CALL(sendto(fd, "x", 1, 0, addr_of("127.0.0.1:0"), 8));
	CALL(sendto(fd, "x", 1, 0, ADDR("[::1]:0")));
	CALL(sendto(fd, "x", 1, MSG_OOB, ADDR("127.0.0.1:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("10.1.1.1:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("127.255.255.255:0")));
	CALL(sendto(fd, "x", 1, 0, ADDR("255.255.255.255:0")));
	CALL(sendto(fd, big, 65536, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(fd, big, 65516, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(fd, big, 65515, 0, ADDR("127.0.0.1:0")));
	CALL(recv(fd, big, sizeof(big), MSG_DONTWAIT));
	CALL(recv(fd, big, sizeof(big), MSG_OOB));
	CALL(recv(fd, big, sizeof(big), MSG_DONTWAIT | MSG_ERRQUEUE));
	CALL(sendto(icmp, "", 0, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(icmp, "x", 1, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(icmp, "xx", 2, 0, ADDR("127.0.0.1:0")));
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0, 50000 }, sizeof(struct timeval)));
	TOOK(50, CALL(recv(fd, big, sizeof(big), 0)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &(int){ IP_PMTUDISC_DO }, sizeof(int)));
	CALL(sendto(fd, big, 65515, 0, ADDR("127.0.0.1:0")));
	CALL(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	CALL(sendto(fd, "x", 1, 0, ADDR("127.0.0.1:0")));
	close(fd);
	close(icmp);
}

static void header_included(void)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), in = socket(AF_INET, SOCK_RAW, 200);
	struct {
		struct iphdr ip;
		char text[4];
	} p = { .ip = { .version = 4, .ihl = 5, .ttl = 9, .tos = 8, .protocol = 200, .tot_len = 1, .check = 2 },
		.text = "text" };

	part("IP_HDRINCL");
	OPT(fd, IPPROTO_IP, IP_HDRINCL);
	p.ip.daddr = htonl(INADDR_LOOPBACK);
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(in, 256, 0);
	p.ip.saddr = htonl(0x7f000009);
	p.ip.id = htons(77);
	p.ip.frag_off = htons(IP_DF);
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(in, 256, 0);
	part("routed by the address, not by the header");
	p.ip.daddr = htonl(0x7f000005);
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(in, 256, 0);
	CALL(sendto(fd, &p, 19, 0, ADDR("127.0.0.1:0")));
	p.ip.ihl = 7;
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	p.ip.ihl = 4;
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(in, 256, 0);
	part("IPPROTO_RAW does not receive");
	p.ip.ihl = 5;
	p.ip.protocol = IPPROTO_RAW;
	CALL(sendto(fd, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(fd, 256, 0);
	part("switched on and off");
	CALL(setsockopt(in, IPPROTO_IP, IP_HDRINCL, &(int){ 1 }, sizeof(int)));
	p.ip.protocol = 200;
	CALL(sendto(in, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	take(in, 256, 0);
	CALL(setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &(int){ 0 }, sizeof(int)));
	CALL(sendto(fd, "plain", 5, 0, ADDR("127.0.0.1:0")));
	take(fd, 256, 0);
	close(fd);
	close(in);
}

static void icmp(void)
{
	int a = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), b = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct icmp_filter f = { .data = 1u << ICMP_ECHO };
	struct {
		struct icmphdr h;
		char text[4];
	} p = { .h = { .type = ICMP_ECHO, .un.echo.id = htons(1234), .un.echo.sequence = htons(1) },
		.text = "ping" };

	part("ICMP");
	p.h.checksum = htons((uint16_t)~sum16(&p, sizeof(p)));
	CALL(setsockopt(a, SOL_RAW, ICMP_FILTER, &f, sizeof(f)));
	CALL(sendto(a, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	settle();
	take(a, 256, 0);
	take(a, 256, 0);
	take(b, 256, 0);
	take(b, 256, 0);
	part("a wrong checksum");
	p.h.checksum = 0;
	CALL(sendto(a, &p, sizeof(p), 0, ADDR("127.0.0.1:0")));
	settle();
	take(a, 256, 0);
	take(b, 256, 0);
	take(b, 256, 0);
	close(a);
	close(b);
}

static void udp(void)
{
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct {
		struct udphdr h;
		char text[5];
	} p = { .h = { .dest = htons(4007), .source = htons(4008), .len = htons(13) }, .text = "hello" };
	char rest[8];

	part("UDP is seen by both");
	CALL(bind(fd, ADDR("127.0.0.1:4007")));
	CALL(sendto(raw, &p, 13, 0, ADDR("127.0.0.1:0")));
	settle();
	take(raw, 256, 0);
	DATA(p.text, recv(fd, p.text, 5, MSG_DONTWAIT));
	CALL(sendto(fd, "own", 3, 0, ADDR("127.0.0.1:4007")));
	settle();
	take(raw, 256, 0);
	DATA(p.text, recv(fd, p.text, 5, MSG_DONTWAIT));
	part("an error for the raw socket");
	CALL(connect(raw, ADDR("127.0.0.1:0")));
	p.h.dest = htons(4009);
	CALL(send(raw, &p, 13, 0));
	settle();
	EVENTS(raw);
	CALL(recv(raw, rest, 5, MSG_DONTWAIT));
	CALL(recv(raw, rest, 5, MSG_DONTWAIT));
	CALL(recv(raw, rest, 5, MSG_DONTWAIT));
	part("unconnected, with IP_RECVERR");
	CALL(connect(raw, ADDR("unspec")));
	close(raw);
	raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	CALL(sendto(raw, &p, 13, 0, ADDR("127.0.0.1:0")));
	settle();
	EVENTS(raw);
	CALL(setsockopt(raw, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int)));
	CALL(sendto(raw, &p, 13, 0, ADDR("127.0.0.1:0")));
	settle();
	EVENTS(raw);
	take(raw, 256, 0);
	take(raw, 256, 0);
	take(raw, 256, 0);
	take(raw, 256, MSG_ERRQUEUE);
	take(raw, 256, MSG_ERRQUEUE);
	close(raw);
	close(fd);
}

static void unknown(void)
{
	int fd = socket(AF_INET, SOCK_RAW, 201), out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 9, .protocol = 210,
			    .daddr = htonl(INADDR_LOOPBACK) };
	int icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	part("a protocol that nobody wants");
	CALL(sendto(out, &ip, sizeof(ip), 0, ADDR("127.0.0.1:0")));
	settle();
	take(icmp, 256, 0);
	part("one that somebody wants");
	ip.protocol = 201;
	CALL(sendto(out, &ip, sizeof(ip), 0, ADDR("127.0.0.1:0")));
	settle();
	take(icmp, 256, 0);
	take(fd, 256, 0);
	close(fd);
	close(out);
	close(icmp);
}

static void ancillary(void)
{
	int fd = socket(AF_INET, SOCK_RAW, 200), on = 1;
	char control[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int))];
	struct iovec iov = { "data", 4 };
	struct msghdr m = { .msg_name = addr_of("127.0.0.1:0"), .msg_namelen = addr_len("127.0.0.1:0"),
			    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	part("ancillary data");
	CALL(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_TOS, &(int){ 0x10 }, sizeof(on)));
	CALL(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){ 33 }, sizeof(on)));
	CALL(sendto(fd, "data", 4, 0, ADDR("127.0.0.2:0")));
	take(fd, 256, 0);
	memset(control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&m);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO };
	((struct in_pktinfo *)(void *)CMSG_DATA(c))->ipi_spec_dst.s_addr = htonl(0x7f000008);
	c = CMSG_NXTHDR(&m, c);
	*c = (struct cmsghdr){ CMSG_LEN(sizeof(int)), IPPROTO_IP, IP_TTL };
	*(int *)(void *)CMSG_DATA(c) = 3;
	CALL(sendmsg(fd, &m, 0));
	take(fd, 256, 0);
	c->cmsg_type = 99;
	CALL(sendmsg(fd, &m, 0));
	close(fd);
}

static void full(void)
{
	int fd = socket(AF_INET, SOCK_RAW, 200), n = 0;
	static char big[1000];

	part("a full buffer");
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 0 }, sizeof(int)));
	for (int i = 0; i < 8; i++)
		sendto(fd, big, sizeof(big), 0, ADDR("127.0.0.1:0"));
	settle();
	while (recv(fd, big, sizeof(big), MSG_DONTWAIT) > 0)
		n++;
	VALUE(n);
	close(fd);
}

int main(void)
{
	protocols();
	errors();
	header_included();
	icmp();
	udp();
	unknown();
	ancillary();
	full();
	return 0;
}

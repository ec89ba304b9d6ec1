/* SPDX-License-Identifier: MIT */
/*
 * Control messages of UDP: IP_PKTINFO, IP_TTL, IP_TOS, IPV6_PKTINFO and their kin, both
 * ways: ip(7), ipv6(7), cmsg(3).
 */
#include "transcript.h"

static void show_cmsgs(struct msghdr *m)
{
	char a[64], b[64];

	printf("  flags %s\n", msg_names((unsigned)m->msg_flags));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int val = 0;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo *p = (void *)CMSG_DATA(c);

			inet_ntop(AF_INET, &p->ipi_spec_dst, a, sizeof(a));
			inet_ntop(AF_INET, &p->ipi_addr, b, sizeof(b));
			printf("  IP_PKTINFO index %d local %s to %s\n", p->ipi_ifindex, a, b);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo *p = (void *)CMSG_DATA(c);

			inet_ntop(AF_INET6, &p->ipi6_addr, a, sizeof(a));
			printf("  IPV6_PKTINFO index %d to %s\n", p->ipi6_ifindex, a);
		} else {
			memcpy(&val, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0) < 4 ? 1 : 4);
			printf("  level %d type %d length %zu value %d\n", c->cmsg_level,
			       c->cmsg_type, c->cmsg_len - CMSG_LEN(0), val);
		}
	}
}

static void receive(int fd, size_t room)
{
	char buf[32], ctl[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct sockaddr_storage from;
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = ctl,
			   .msg_controllen = room};

	memset(ctl, 0, sizeof(ctl));
	DATA(buf, recvmsg(fd, &m, 0));
	printf("  from ");
	show_addr(&from, m.msg_namelen);
	show_cmsgs(&m);
}

static void send_with(int fd, struct sockaddr *to, socklen_t len, int level, int type,
		      const void *data, size_t n)
{
	char ctl[64] = {0};
	struct iovec iov = {"with", 4};
	struct msghdr m = {.msg_name = to,
			   .msg_namelen = len,
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = ctl,
			   .msg_controllen = CMSG_SPACE(n)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	printf("level %d type %d: ", level, type);
	CALL(sendmsg(fd, &m, 0));
}

static void on(int fd, int level, int opt)
{
	int one = 1;

	setsockopt(fd, level, opt, &one, sizeof(one));
}

int main(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), val;
	struct in_pktinfo pi = {0};
	struct in6_pktinfo pi6 = {0};

	part("IPv4");
	CALL(bind(b, ADDR("0.0.0.0:0")));
	on(b, IPPROTO_IP, IP_PKTINFO);
	CALL(sendto(a, "plain", 5, 0, TO("127.0.0.1:0", b)));
	receive(b, 256);
	CALL(sendto(a, "else", 4, 0, TO("127.9.9.9:0", b)));
	receive(b, 256);
	on(b, IPPROTO_IP, IP_RECVTTL);
	on(b, IPPROTO_IP, IP_RECVTOS);
	CALL(sendto(a, "three", 5, 0, TO("127.0.0.1:0", b)));
	receive(b, 256);
	part("too little room");
	CALL(sendto(a, "small", 5, 0, TO("127.0.0.1:0", b)));
	receive(b, CMSG_SPACE(sizeof(pi)));
	CALL(sendto(a, "small", 5, 0, TO("127.0.0.1:0", b)));
	receive(b, 20);
	CALL(sendto(a, "none", 4, 0, TO("127.0.0.1:0", b)));
	receive(b, 0);
	part("sent with");
	val = 9;
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_TTL, &val, sizeof(val));
	receive(b, 256);
	val = 0x10;
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_TOS, &val, sizeof(val));
	receive(b, 256);
	inet_pton(AF_INET, "127.7.7.7", &pi.ipi_spec_dst);
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	receive(b, 256);
	part("refused");
	val = 256;
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_TTL, &val, sizeof(val));
	val = 0;
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_TTL, &val, sizeof(val));
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, 999, &val, sizeof(val));
	inet_pton(AF_INET, "10.7.7.7", &pi.ipi_spec_dst);
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	pi.ipi_spec_dst.s_addr = 0;
	pi.ipi_ifindex = 77;
	send_with(a, TO("127.0.0.1:0", b), IPPROTO_IP, IP_PKTINFO, &pi, sizeof(pi));
	part("IPv6");
	a = socket(AF_INET6, SOCK_DGRAM, 0);
	b = socket(AF_INET6, SOCK_DGRAM, 0);
	CALL(bind(b, ADDR("[::]:0")));
	on(b, IPPROTO_IPV6, IPV6_RECVPKTINFO);
	on(b, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
	on(b, IPPROTO_IPV6, IPV6_RECVTCLASS);
	CALL(sendto(a, "plain", 5, 0, TO("[::1]:0", b)));
	receive(b, 256);
	CALL(sendto(a, "mapped", 6, 0, TO("[::ffff:127.0.0.1]:0", b)));
	receive(b, 256);
	val = 9;
	send_with(a, TO("[::1]:0", b), IPPROTO_IPV6, IPV6_HOPLIMIT, &val, sizeof(val));
	receive(b, 256);
	val = 0x22;
	send_with(a, TO("[::1]:0", b), IPPROTO_IPV6, IPV6_TCLASS, &val, sizeof(val));
	receive(b, 256);
	inet_pton(AF_INET6, "::1", &pi6.ipi6_addr);
	pi6.ipi6_ifindex = 1;
	send_with(a, TO("[::1]:0", b), IPPROTO_IPV6, IPV6_PKTINFO, &pi6, sizeof(pi6));
	receive(b, 256);
	val = 300;
	send_with(a, TO("[::1]:0", b), IPPROTO_IPV6, IPV6_HOPLIMIT, &val, sizeof(val));
	pi6.ipi6_ifindex = 77;
	send_with(a, TO("[::1]:0", b), IPPROTO_IPV6, IPV6_PKTINFO, &pi6, sizeof(pi6));
	return 0;
}

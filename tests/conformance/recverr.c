/* SPDX-License-Identifier: MIT */
/*
 * Error queues: IP_RECVERR, IPV6_RECVERR and MSG_ERRQUEUE of recvmsg(2) as ip(7) and ipv6(7) tell.
 */
#include <time.h>

#include <linux/errqueue.h>

#include "transcript.h"

static void show_cmsgs(struct msghdr *m, int port)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct sock_extended_err *e = (void *)CMSG_DATA(c);
		struct sockaddr *sa = SO_EE_OFFENDER(e);
		int val;

		if ((c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR) &&
		    (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_RECVERR)) {
			memcpy(&val, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0) < 4 ? 1 : 4);
			printf("  level %d type %d length %zu\n", c->cmsg_level, c->cmsg_type,
			       c->cmsg_len - CMSG_LEN(0));
			continue;
		}
		printf("  error level %d length %zu: %s origin %d type %d code %d pad %d info %u data %u\n",
		       c->cmsg_level, c->cmsg_len - CMSG_LEN(0), strerrorname_np((int)e->ee_errno),
		       e->ee_origin, e->ee_type, e->ee_code, e->ee_pad, e->ee_info, e->ee_data);
		printf("  offender family %d: ", sa->sa_family);
		if (sa->sa_family)
			show_addr((void *)sa, sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
									 sizeof(struct sockaddr_in6));
		else
			printf("none\n");
	}
	(void)port;
}

static void take(int fd, size_t room, size_t ctl_room, int flags)
{
	char buf[64], ctl[512];
	struct iovec iov = {buf, room};
	struct sockaddr_storage from;
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			   .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = ctl_room};
	long n;

	memset(ctl, 0, sizeof(ctl));
	memset(&from, 0, sizeof(from));
	n = recvmsg(fd, &m, MSG_ERRQUEUE | flags);
	if (n < 0) {
		printf("  errqueue: %s\n", strerrorname_np(errno));
		return;
	}
	printf("  errqueue: %ld '%.*s' flags %s name %u ", n, (int)n, buf,
	       msg_names((unsigned)m.msg_flags), m.msg_namelen);
	if (m.msg_namelen)
		show_addr(&from, m.msg_namelen);
	else
		printf("none\n");
	show_cmsgs(&m, 0);
}

static void ready(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLPRI, 0};

	poll(&p, 1, 50);
	printf("  poll %#x\n", p.revents);
}

static void option(int fd, int level, int name, int val)
{
	printf("  set %d %d to %d: %s\n", level, name, val,
	       setsockopt(fd, level, name, &val, sizeof(val)) ? strerrorname_np(errno) : "0");
}

static socklen_t to_port(struct sockaddr_storage *ss, int family, int mapped, int port)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		in->sin_port = htons((uint16_t)port);
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*in);
	}
	in6->sin6_port = htons((uint16_t)port);
	if (mapped)
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6->sin6_addr);
	else
		in6->sin6_addr = in6addr_loopback;
	return sizeof(*in6);
}

static void one(const char *what, int family, int mapped, int level, int name, int connected)
{
	struct sockaddr_storage ss;
	socklen_t len = to_port(&ss, family, mapped, 9);
	int fd = socket(family, SOCK_DGRAM, 0), on = 1;

	printf("%s%s\n", what, connected ? ", connected" : "");
	if (name)
		option(fd, level, name, 1);
	if (connected)
		CALL(connect(fd, (void *)&ss, len));
	CALL(sendto(fd, "hello", 5, 0, connected ? NULL : (void *)&ss, connected ? 0 : len));
	ready(fd);
	CALL(recv(fd, (char[4]){0}, 4, MSG_DONTWAIT));
	take(fd, 64, 512, 0);
	take(fd, 64, 512, 0);
	ready(fd);
	CALL(sendto(fd, "again", 5, 0, connected ? NULL : (void *)&ss, connected ? 0 : len));
	CALL(sendto(fd, "third", 5, 0, connected ? NULL : (void *)&ss, connected ? 0 : len));
	CALL(sendto(fd, "fourth", 6, 0, connected ? NULL : (void *)&ss, connected ? 0 : len));
	ready(fd);
	setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on));
	take(fd, 3, 512, 0);
	CALL(recv(fd, (char[4]){0}, 4, MSG_DONTWAIT));
	take(fd, 64, 20, MSG_PEEK);
	if (name) {
		option(fd, level, name, 0);
		take(fd, 64, 512, 0);
		ready(fd);
	}
	close(fd);
}

/* Too long for the loopback device, by don't-fragment. */
static void local(const char *what, int family, int mapped, int level, int name, int discover)
{
	static char big[65520];
	struct sockaddr_storage ss;
	socklen_t len = to_port(&ss, family, mapped, 9);
	int fd = socket(family, SOCK_DGRAM, 0);

	printf("%s\n", what);
	if (name)
		option(fd, level, name, 1);
	option(fd, level, discover, family == AF_INET || mapped ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO);
	CALL(sendto(fd, big, sizeof(big), 0, (void *)&ss, len));
	ready(fd);
	take(fd, 64, 512, 0);
	take(fd, 64, 512, 0);
	CALL(connect(fd, (void *)&ss, len));
	CALL(send(fd, big, 65530, 0));
	take(fd, 64, 512, 0);
	CALL(send(fd, big, sizeof(big) + 100, 0));
	take(fd, 64, 512, 0);
	close(fd);
}

int main(void)
{
	int fd, val;
	socklen_t len = sizeof(val);

	for (int connected = 0; connected < 2; connected++) {
		one("udp, not asked for", AF_INET, 0, 0, 0, connected);
		one("udp", AF_INET, 0, IPPROTO_IP, IP_RECVERR, connected);
		one("udp6", AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVERR, connected);
		one("udp6, IP_RECVERR", AF_INET6, 0, IPPROTO_IP, IP_RECVERR, connected);
		one("udp6 of v4", AF_INET6, 1, IPPROTO_IP, IP_RECVERR, connected);
		one("udp6 of v4, IPV6_RECVERR", AF_INET6, 1, IPPROTO_IPV6, IPV6_RECVERR, connected);
	}
	local("local, not asked for", AF_INET, 0, IPPROTO_IP, 0, IP_MTU_DISCOVER);
	local("local", AF_INET, 0, IPPROTO_IP, IP_RECVERR, IP_MTU_DISCOVER);
	local("local6", AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVERR, IPV6_MTU_DISCOVER);
	printf("tcp\n");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	option(fd, IPPROTO_IP, IP_RECVERR, 1);
	CALL(getsockopt(fd, IPPROTO_IP, IP_RECVERR, &val, &len));
	printf("  value %d length %u\n", val, len);
	take(fd, 64, 512, 0);
	option(fd, IPPROTO_IP, IP_RECVERR, 0);
	option(fd, IPPROTO_IP, IP_RETOPTS, 1);
	option(fd, IPPROTO_IP, IP_RECVOPTS, 2);
	CALL(getsockopt(fd, IPPROTO_IP, IP_RETOPTS, &val, &len));
	printf("  value %d\n", val);
	close(fd);
	return 0;
}

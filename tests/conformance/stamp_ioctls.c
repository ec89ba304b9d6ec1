/* SPDX-License-Identifier: MIT */
/*
 * ioctls of any socket: SIOCGSTAMP and SIOCGSTAMPNS before and after the first packet, and what
 * they have to do with SO_TIMESTAMP; FIONBIO, FIONREAD, SIOCOUTQ, SIOCATMARK on each type:
 * socket(7), "Ioctls".
 */
#include "transcript.h"

#include <linux/sockios.h>

#define OLD_STAMP 0x8906
#define OLD_STAMPNS 0x8907

static char buf[64];

static void stamp(const char *what, int fd)
{
	struct timeval tv = {0, 0};
	struct timespec ts = {0, 0}, now;
	int r, e, r2, e2;

	r = ioctl(fd, OLD_STAMP, &tv);
	e = errno;
	r2 = ioctl(fd, OLD_STAMPNS, &ts);
	e2 = errno;
	clock_gettime(CLOCK_REALTIME, &now);
	printf("%s: SIOCGSTAMP %s, SIOCGSTAMPNS %s", what, r ? strerrorname_np(e) : "0",
	       r2 ? strerrorname_np(e2) : "0");
	if (!r && !r2)
		printf(", the same time: %s, lately: %s",
		       tv.tv_sec == ts.tv_sec && tv.tv_usec == ts.tv_nsec / 1000 ? "yes" : "no",
		       now.tv_sec - ts.tv_sec <= 10 ? "yes" : "no");
	printf("\n");
}

/* Whether a control message came with the data. */
static void receive(int fd)
{
	char control[256];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};

	settle();
	printf("recvmsg %ld:", (long)recvmsg(fd, &m, MSG_DONTWAIT));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		printf(" level %d type %d", c->cmsg_level, c->cmsg_type);
	printf("\n");
}

static void udp(const char *host, int family)
{
	int a = socket(family, SOCK_DGRAM, 0), b = socket(family, SOCK_DGRAM, 0), one = 1, zero = 0;

	part(family == AF_INET ? "UDP" : "UDP over IPv6");
	CALL(bind(b, ADDR(host)));
	CALL(connect(a, TO(host, b)));
	stamp("fresh", b);
	send(a, "one", 3, 0);
	settle();
	stamp("not read yet", b);
	receive(b);
	stamp("read", b);
	send(a, "two", 3, 0);
	receive(b);
	stamp("read again", b);
	CALL(setsockopt(b, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one)));
	send(a, "three", 5, 0);
	receive(b);
	stamp("with SO_TIMESTAMP", b);
	CALL(setsockopt(b, SOL_SOCKET, SO_TIMESTAMP, &zero, sizeof(zero)));
	send(a, "four", 4, 0);
	receive(b);
	stamp("without", b);
	close(b);
	b = socket(family, SOCK_DGRAM, 0);
	bind(b, ADDR(host));
	connect(a, TO(host, b));
	CALL(setsockopt(b, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)));
	stamp("SO_TIMESTAMPNS, fresh", b);
	send(a, "five", 4, 0);
	receive(b);
	stamp("read", b);
	CALL(ioctl(b, OLD_STAMP, NULL));
	CALL(ioctl(b, SIOCGSTAMP_NEW, buf));
	CALL(ioctl(b, SIOCGSTAMPNS_NEW, buf));
	close(a);
	close(b);
}

static void sizes(const char *what, int fd)
{
	int n = -77;

	printf("%s:", what);
#define SIZE(cmd)                                                                                  \
	do {                                                                                       \
		int r = ioctl(fd, cmd, &n);                                                        \
		printf(" %s %s", #cmd, r < 0 ? strerrorname_np(errno) : "");                       \
		if (!r)                                                                            \
			printf("%d", n);                                                           \
		n = -77;                                                                           \
	} while (0)
	SIZE(FIONREAD);
	SIZE(SIOCINQ);
	SIZE(SIOCOUTQ);
	SIZE(SIOCOUTQNSD);
	SIZE(SIOCATMARK);
	printf("\n");
}

static void all_sizes(const char *what, int a, int b)
{
	part(what);
	sizes("empty", b);
	send(a, "12345", 5, 0);
	send(a, "678", 3, 0);
	settle();
	sizes("the receiver", b);
	recv(b, buf, 1, 0);
	sizes("a byte read", b);
	recv(b, buf, 64, 0);
	recv(b, buf, 64, MSG_DONTWAIT);
	sizes("all read", b);
	sizes("the sender", a);
	shutdown(b, SHUT_RD);
	sizes("shut", b);
	close(a);
	sizes("the sender closed", b);
	close(b);
}

static void states(void)
{
	int t = socket(AF_INET, SOCK_STREAM, 0), n;

	part("states");
	sizes("unconnected TCP", t);
	sizes("listening TCP", tcp_listener("127.0.0.1:0", 1));
	sizes("UDP", socket(AF_INET, SOCK_DGRAM, 0));
	sizes("unconnected AF_UNIX stream", socket(AF_UNIX, SOCK_STREAM, 0));
	sizes("AF_UNIX datagrams", socket(AF_UNIX, SOCK_DGRAM, 0));
	t = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(t, ADDR("unix:@s"));
	listen(t, 1);
	sizes("listening AF_UNIX stream", t);
	CALL(ioctl(t, FIONREAD, NULL));
	CALL(ioctl(t, SIOCOUTQ, NULL));
	CALL(ioctl(t, FIONBIO, NULL));
	n = 5;
	CALL(ioctl(t, FIONBIO, &n));
	FACT(fcntl(t, F_GETFL) & O_NONBLOCK);
	CALL(accept(t, NULL, NULL));
	n = 0;
	CALL(ioctl(t, FIONBIO, &n));
	FACT(fcntl(t, F_GETFL) & O_NONBLOCK);
	stamp("TCP", socket(AF_INET, SOCK_STREAM, 0));
	stamp("AF_UNIX", t);
}

int main(void)
{
	int fd[2];

	udp("127.0.0.1:0", AF_INET);
	udp("[::1]:0", AF_INET6);
	tcp_pair(fd, "127.0.0.1:0");
	send(fd[0], "x", 1, 0);
	settle();
	recv(fd[1], buf, 1, 0);
	stamp("connected TCP", fd[1]);
	states();
	tcp_pair(fd, "127.0.0.1:0");
	all_sizes("TCP", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	all_sizes("AF_UNIX stream", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	all_sizes("AF_UNIX seqpacket", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	all_sizes("AF_UNIX datagrams", fd[0], fd[1]);
	fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
	bind(fd[1], ADDR("127.0.0.1:0"));
	connect(fd[0], TO("127.0.0.1:0", fd[1]));
	all_sizes("UDP", fd[0], fd[1]);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Buffers: SO_SNDBUF and SO_RCVBUF are doubled and have minima and maxima, FORCE goes beyond, and
 * what counts is the memory that messages take, not their bytes: socket(7), "Notes".
 */
#include "transcript.h"

static char buf[1 << 18];

static int get(int fd, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	getsockopt(fd, SOL_SOCKET, name, &v, &len);
	return v;
}

static void values(const char *what, int fd)
{
	static const int list[] = {-1,	    0,		 1,	  100,	  1151,	  1152,
				   1153,    2303,	 2304,	  2305,	  4607,	  4608,
				   4609,    10000,	 106496,  212991, 212992, 212993,
				   1000000, INT_MAX / 2, INT_MAX, INT_MIN};

	part(what);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		int v = list[i], r, s;

		r = setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v));
		s = setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &v, sizeof(v));
		printf("%d: %d %d", v, r, s);
		printf(" receive %d", get(fd, SO_RCVBUF));
		printf(" send %d", get(fd, SO_SNDBUF));
		r = setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &v, sizeof(v));
		s = setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &v, sizeof(v));
		printf(" forced %d %d: %d %d\n", r, s, get(fd, SO_RCVBUF), get(fd, SO_SNDBUF));
	}
	close(fd);
}

/* How many messages of a size a receiver takes that nobody reads. */
static void udp_room(int size, int rcvbuf)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0), n = 0;

	bind(b, ADDR("127.0.0.1:0"));
	connect(a, TO("127.0.0.1:0", b));
	setsockopt(b, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	for (int i = 0; i < 3000; i++)
		send(a, buf, (size_t)size, 0);
	settle();
	while (recv(b, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		n++;
	printf("%d bytes, SO_RCVBUF %d: %d messages\n", size, rcvbuf, n);
	close(a);
	close(b);
}

static void unix_room(int type, int size, int sndbuf)
{
	int fd[2], n = 0;

	socketpair(AF_UNIX, type, 0, fd);
	setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	while (n < 3000 && send(fd[0], buf, (size_t)size, MSG_DONTWAIT) == size)
		n++;
	printf("%d bytes, SO_SNDBUF %d: %d messages, then %s\n", size, sndbuf, n,
	       strerrorname_np(errno));
	close(fd[0]);
	close(fd[1]);
}

/* A message larger than the buffer. */
static void too_large(void)
{
	int fd[2], small = 5000;

	part("larger than the buffer");
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	VALUE(get(fd[0], SO_SNDBUF));
	CALL(send(fd[0], buf, 9968, MSG_DONTWAIT));
	CALL(send(fd[0], buf, 9969, MSG_DONTWAIT));
	CALL(send(fd[0], buf, 100000, MSG_DONTWAIT));
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	CALL(send(fd[0], buf, 9969, MSG_DONTWAIT));
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	CALL(send(fd[0], buf, 100000, MSG_DONTWAIT));
	fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
	bind(fd[1], ADDR("127.0.0.1:0"));
	connect(fd[0], TO("127.0.0.1:0", fd[1]));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	CALL(send(fd[0], buf, 60000, MSG_DONTWAIT));
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	small = 1 << 20;
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	CALL(send(fd[0], buf, 60000, 0));
	settle();
	CALL(recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT));
	CALL(recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT));
}

/* Without CAP_NET_ADMIN. */
static void unprivileged(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), v = 1 << 20;

	part("another user");
	setresuid(1000, 1000, 1000);
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &v, sizeof(v)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &v, sizeof(v)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &v, sizeof(v)));
	VALUE(get(fd, SO_RCVBUF));
}

int main(void)
{
	static const int udp_sizes[] = {0,    1,    100,  256,	257,  600,
					1000, 1400, 2000, 4000, 9000, 20000};
	static const int unix_sizes[] = {1, 100, 257, 1000, 2000, 4000, 9000, 20000};

	values("UDP", socket(AF_INET, SOCK_DGRAM, 0));
	values("TCP over IPv6", socket(AF_INET6, SOCK_STREAM, 0));
	values("AF_UNIX", socket(AF_UNIX, SOCK_STREAM, 0));
	part("what a UDP receiver takes");
	for (size_t i = 0; i < sizeof(udp_sizes) / sizeof(udp_sizes[0]); i++) {
		udp_room(udp_sizes[i], 0);
		udp_room(udp_sizes[i], 20000);
		udp_room(udp_sizes[i], 106496);
	}
	part("what an AF_UNIX datagram sender may have under way");
	for (size_t i = 0; i < sizeof(unix_sizes) / sizeof(unix_sizes[0]); i++) {
		unix_room(SOCK_DGRAM, unix_sizes[i], 20000);
		unix_room(SOCK_SEQPACKET, unix_sizes[i], 20000);
		unix_room(SOCK_SEQPACKET, unix_sizes[i], 106496);
	}
	too_large();
	unprivileged();
	return 0;
}

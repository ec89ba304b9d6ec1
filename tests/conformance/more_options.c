/* SPDX-License-Identifier: MIT */
/*
 * Options that do something to one socket: SO_PEEK_OFF, SO_RCVLOWAT, SO_OOBINLINE, SO_BROADCAST, SO_DONTROUTE,
 * SO_BINDTODEVICE, SO_BINDTOIFINDEX, SO_MEMINFO, SO_INCOMING_CPU, timeouts old and new: socket(7).
 */
#include "options.h"
#include <net/if.h>

static void peek(const char *name, int out, int in)
{
	char buf[16];

	part(name);
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	CALL(setsockopt(in, SOL_SOCKET, SO_PEEK_OFF, &(int){ 0 }, 4));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	CALL(send(out, "abcdefgh", 8, 0));
	settle();
	DATA(buf, recv(in, buf, 3, MSG_PEEK | MSG_DONTWAIT));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	DATA(buf, recv(in, buf, 3, MSG_PEEK | MSG_DONTWAIT));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	DATA(buf, recv(in, buf, 2, MSG_DONTWAIT));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	CALL(send(out, "ij", 2, 0));
	settle();
	DATA(buf, recv(in, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
	DATA(buf, recv(in, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	CALL(setsockopt(in, SOL_SOCKET, SO_PEEK_OFF, &(int){ 1 }, 4));
	DATA(buf, recv(in, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	DATA(buf, recv(in, buf, 8, MSG_DONTWAIT));
	CALL(setsockopt(in, SOL_SOCKET, SO_PEEK_OFF, &(int){ -1 }, 4));
	DATA(buf, recv(in, buf, 8, MSG_PEEK | MSG_DONTWAIT));
	CALL(setsockopt(in, SOL_SOCKET, SO_PEEK_OFF, &(int){ -7 }, 4));
	OPT(in, SOL_SOCKET, SO_PEEK_OFF);
}

static int udp_pair(int fd[2])
{
	fd[0] = udp4();
	fd[1] = udp4();
	bind(fd[1], ADDR("127.0.0.1:0"));
	return connect(fd[0], TO("127.0.0.1", fd[1]));
}

static void timeout(const char *name, int opt, socklen_t len, long sec, long usec)
{
	struct {
		long sec, usec;
	} tv = { sec, usec }, back = { -1, -1 };
	socklen_t back_len = sizeof(back);
	int fd = udp4();

	printf("%s %u %ld %ld: %s", name, len, sec, usec,
	       setsockopt(fd, SOL_SOCKET, opt, &tv, len) ? strerrorname_np(errno) : "0");
	getsockopt(fd, SOL_SOCKET, opt, &back, &back_len);
	printf("; get: length %u, %ld %ld\n", back_len, back.sec, back.usec);
	close(fd);
}

static void lengths_of(const char *name, int fd, int opt)
{
	printf("%s:", name);
	for (socklen_t want = 0; want <= 40; want += 2) {
		unsigned char buf[40];
		socklen_t len = want;

		printf(" %u:%s", want, getsockopt(fd, SOL_SOCKET, opt, buf, &len) ? strerrorname_np(errno) : "");
		if (len != want)
			printf("%u", len);
	}
	printf("\n");
}

int main(void)
{
	unsigned mem[9];
	socklen_t len = sizeof(mem);
	int fd[2], one = 1, dev = (int)if_nametoindex("lo");

	tcp_pair(fd, "127.0.0.1");
	peek("SO_PEEK_OFF of TCP", fd[0], fd[1]);
	udp_pair(fd);
	peek("SO_PEEK_OFF of UDP", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peek("SO_PEEK_OFF of AF_UNIX streams", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	peek("SO_PEEK_OFF of AF_UNIX datagrams", fd[0], fd[1]);
	part("timeouts");
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 16, 1, 500000);
	timeout("SO_SNDTIMEO", SO_SNDTIMEO, 16, 0, 4000);
	timeout("SO_RCVTIMEO_NEW", 66, 16, 2, 40000);
	timeout("SO_SNDTIMEO_NEW", 67, 16, 2, 40000);
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 16, 1, 1000000);
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 16, 1, -1);
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 16, -1, 0);
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 15, 1, 0);
	timeout("SO_RCVTIMEO_NEW", 66, 8, 1, 0);
	timeout("SO_RCVTIMEO", SO_RCVTIMEO, 16, LONG_MAX, 0);
	part("SO_MEMINFO");
	udp_pair(fd);
	lengths_of("SO_MEMINFO", fd[0], SO_MEMINFO);
	lengths_of("SO_COOKIE", fd[0], SO_COOKIE);
	CALL(send(fd[0], "abc", 3, 0));
	settle();
	CALL(getsockopt(fd[1], SOL_SOCKET, SO_MEMINFO, mem, &len));
	for (int i = 0; i < 9; i++)
		if (i != 4) /* what has been reserved depends on the CPU */
			printf(" %u", mem[i]);
	printf("\n");
	part("SO_INCOMING_CPU, SO_INCOMING_NAPI_ID");
	OPT(fd[0], SOL_SOCKET, SO_INCOMING_NAPI_ID);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_INCOMING_CPU, &(int){ 0 }, 4));
	OPT(fd[0], SOL_SOCKET, SO_INCOMING_CPU);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_INCOMING_CPU, &(int){ -5 }, 4));
	OPT(fd[0], SOL_SOCKET, SO_INCOMING_CPU);
	part("SO_BROADCAST, SO_DONTROUTE");
	CALL(sendto(udp4(), "x", 1, 0, ADDR("127.255.255.255:9")));
	fd[0] = udp4();
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BROADCAST, &one, 4));
	CALL(sendto(fd[0], "x", 1, 0, ADDR("127.255.255.255:9")));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_DONTROUTE, &one, 4));
	CALL(sendto(fd[0], "x", 1, 0, ADDR("127.0.0.1:9")));
	CALL(sendto(fd[0], "x", 1, 0, ADDR("8.8.8.8:9")));
	CALL(sendto(udp4(), "x", 1, MSG_DONTROUTE, ADDR("8.8.8.8:9")));
	part("bound to a device");
	fd[0] = udp4();
	fd[1] = udp4();
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BINDTOIFINDEX, &dev, 4));
	CALL(bind(fd[0], ADDR("127.0.0.1:4000")));
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	CALL(bind(fd[1], ADDR("127.0.0.1:4000")));
	CALL(sendto(fd[0], "x", 1, 0, ADDR("127.0.0.1:4000")));
	CALL(sendto(fd[0], "x", 1, 0, ADDR("8.8.8.8:4000")));
	CALL(bind(udp4(), ADDR("127.0.0.1:4000")));
	fd[1] = udp4();
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_BINDTOIFINDEX, &(int){ 77 }, 4));
	CALL(sendto(fd[1], "x", 1, 0, ADDR("127.0.0.1:4000")));
	CALL(bind(fd[1], ADDR("127.0.0.1:4001")));
	part("without capabilities");
	setresuid(1000, 1000, 1000);
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BINDTOIFINDEX, &(int){ 0 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	fd[0] = udp4();
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_MARK, &one, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_PRIORITY, &(int){ 6 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_PRIORITY, &(int){ 7 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_DEBUG, &one, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_DEBUG, &(int){ 0 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 4096 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUFFORCE, &(int){ 4096 }, 4));
	CALL(setsockopt(fd[0], SOL_SOCKET, SO_INCOMING_CPU, &one, 4));
	return 0;
}

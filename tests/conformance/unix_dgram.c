/* SPDX-License-Identifier: MIT */
/* AF_UNIX datagrams: connect, queues that are full, truncation, who may send to whom: unix(7). */
#include "transcript.h"

static char buf[16];

int main(void)
{
	int a = FD(socket(AF_UNIX, SOCK_DGRAM, 0)), b = FD(socket(AF_UNIX, SOCK_DGRAM, 0)), c, n,
	    sv[2];
	struct sockaddr_un from;
	socklen_t len;
	char *big = calloc(1, 1 << 20);

	part("unconnected");
	EVENTS(a);
	CALL(send(a, "x", 1, 0));
	CALL(bind(b, ADDR("unix:@b")));
	CALL(sendto(a, "anonymous", 9, 0, ADDR("unix:@b")));
	EVENTS(b);
	len = sizeof(from);
	DATA(buf, recvfrom(b, buf, 16, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(bind(a, ADDR("unix:@a")));
	CALL(sendto(a, "named", 5, 0, ADDR("unix:@b")));
	len = sizeof(from);
	DATA(buf, recvfrom(b, buf, 16, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(sendto(a, "x", 1, 0, ADDR("unix:@nobody")));
	CALL(sendto(a, "x", 1, 0, ADDR("unix:nofile")));
	part("connected: from others nothing");
	CALL(connect(b, ADDR("unix:@a")));
	PEER(b);
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	CALL(sendto(c, "x", 1, 0, ADDR("unix:@b")));
	CALL(connect(c, ADDR("unix:@b")));
	CALL(send(b, "to a", 4, 0));
	CALL(connect(b, ADDR("unspec")));
	PEER(b);
	CALL(sendto(c, "x", 1, 0, ADDR("unix:@b")));
	DATA(buf, recv(b, buf, 16, 0));
	part("the peer closes");
	CALL(connect(c, ADDR("unix:@b")));
	CALL(close(b));
	EVENTS(c);
	CALL(send(c, "x", 1, MSG_NOSIGNAL));
	CALL(send(c, "x", 1, MSG_NOSIGNAL));
	PEER(c);
	OPT(c, SOL_SOCKET, SO_ERROR);
	part("truncation");
	CALL(socketpair(AF_UNIX, SOCK_DGRAM, 0, sv));
	NAME(sv[0]);
	PEER(sv[0]);
	CALL(send(sv[0], "0123456789", 10, 0));
	DATA(buf, recv(sv[1], buf, 4, MSG_PEEK | MSG_TRUNC));
	struct iovec iov = {buf, 4};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	DATA(buf, recvmsg(sv[1], &m, 0));
	puts(msg_names((unsigned)m.msg_flags));
	CALL(send(sv[0], "", 0, 0));
	EVENTS(sv[1]);
	CALL(ioctl(sv[1], FIONREAD, &n));
	DATA(buf, recv(sv[1], buf, 4, 0));
	part("sizes and a full queue");
	CALL(send(sv[0], big, 1 << 20, 0));
	for (n = 0; send(sv[0], "x", 1, MSG_DONTWAIT) == 1; n++)
		;
	VALUE(n);
	CALL(send(sv[0], "x", 1, MSG_DONTWAIT));
	EVENTS(sv[0]);
	DATA(buf, recv(sv[1], buf, 4, 0));
	EVENTS(sv[0]);
	CALL(send(sv[0], "x", 1, MSG_DONTWAIT));
	part("an unconnected sender of a full queue");
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	CALL(bind(b, ADDR("unix:@q")));
	for (n = 0; sendto(a, "x", 1, MSG_DONTWAIT, ADDR("unix:@q")) == 1; n++)
		;
	VALUE(n);
	CALL(sendto(a, "x", 1, MSG_DONTWAIT, ADDR("unix:@q")));
	EVENTS(a);
	CALL(connect(a, ADDR("unix:@q")));
	EVENTS(a);
	part("shutdown of a pair");
	CALL(shutdown(sv[1], SHUT_RD));
	EVENTS(sv[0]);
	CALL(send(sv[0], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
	CALL(shutdown(sv[0], SHUT_WR));
	CALL(send(sv[0], "x", 1, MSG_NOSIGNAL));
	EVENTS(sv[1]);
	CALL(close(sv[1]));
	EVENTS(sv[0]);
	CALL(send(sv[0], "x", 1, MSG_NOSIGNAL));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* UDP: connect, reconnect, disconnect, port unreachable, sizes, poll: udp(7), ip(7). */
#include "transcript.h"

static char buf[64];

static void udp(int family, const char *any, const char *host)
{
	int a = FD(socket(family, SOCK_DGRAM, 0)), b = FD(socket(family, SOCK_DGRAM, 0)), c;
	struct sockaddr_storage from;
	socklen_t len;

	part(host);
	NAME(a);
	PEER(a);
	EVENTS(a);
	CALL(send(a, "x", 1, 0));
	CALL(bind(b, ADDR(host)));
	CALL(connect(a, TO(host, b)));
	NAME(a);
	PEER(a);
	CALL(send(a, "one", 3, 0));
	EVENTS(b);
	len = sizeof(from);
	DATA(buf, recvfrom(b, buf, 64, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(sendto(b, "two", 3, 0, (struct sockaddr *)&from, len));
	DATA(buf, recv(a, buf, 64, 0));
	part("from others a connected socket hears nothing");
	c = socket(family, SOCK_DGRAM, 0);
	CALL(sendto(c, "three", 5, 0, TO(host, a)));
	EVENTS(a);
	DATA(buf, recv(a, buf, 64, MSG_DONTWAIT));
	OPT(a, SOL_SOCKET, SO_ERROR);
	part("an unconnected sender hears nothing of it either");
	EVENTS(c);
	OPT(c, SOL_SOCKET, SO_ERROR);
	part("sendto on a connected socket");
	CALL(bind(c, ADDR(any)));
	CALL(sendto(a, "aside", 5, 0, TO(host, c)));
	settle();
	CALL(bind(c, ADDR(any)));
	DATA(buf, recv(c, buf, 64, MSG_DONTWAIT));
	part("connect again, disconnect");
	CALL(connect(a, TO(host, c)));
	PEER(a);
	CALL(connect(a, ADDR("unspec")));
	PEER(a);
	NAME(a);
	CALL(connect(a, ADDR("unspec")));
	part("port unreachable");
	CALL(connect(a, TO(host, b)));
	CALL(close(b));
	CALL(send(a, "gone", 4, 0));
	EVENTS(a);
	OPT(a, SOL_SOCKET, SO_ERROR);
	OPT(a, SOL_SOCKET, SO_ERROR);
	CALL(send(a, "gone", 4, 0));
	settle();
	CALL(send(a, "gone", 4, 0));
	CALL(send(a, "gone", 4, 0));
	settle();
	DATA(buf, recv(a, buf, 64, 0));
	DATA(buf, recv(a, buf, 64, MSG_DONTWAIT));
	part("shutdown");
	CALL(shutdown(c, SHUT_RD));
	CALL(shutdown(a, SHUT_RD));
	EVENTS(a);
	DATA(buf, recv(a, buf, 64, 0));
	CALL(shutdown(a, SHUT_WR));
	EVENTS(a);
	CALL(send(a, "x", 1, MSG_NOSIGNAL));
	close(a);
	close(c);
}

int main(void)
{
	static char big[70000];
	int fd[2];

	udp(AF_INET, "0.0.0.0:0", "127.0.0.1:0");
	udp(AF_INET6, "[::]:0", "[::1]:0");
	part("sizes");
	fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
	CALL(bind(fd[1], ADDR("127.0.0.1:0")));
	CALL(connect(fd[0], TO("127.0.0.1:0", fd[1])));
	CALL(send(fd[0], big, 65508, 0));
	CALL(send(fd[0], big, 65507, 0));
	CALL(send(fd[0], "", 0, 0));
	CALL(send(fd[0], "0123456789", 10, 0));
	CALL(send(fd[0], "abc", 3, 0));
	settle();
	int n = -1;

	CALL(ioctl(fd[1], FIONREAD, &n));
	VALUE(n);
	CALL(recv(fd[1], big, sizeof(big), 0));
	EVENTS(fd[1]);
	CALL(ioctl(fd[1], FIONREAD, &n));
	VALUE(n);
	DATA(buf, recv(fd[1], buf, 64, 0));
	DATA(buf, recv(fd[1], buf, 4, MSG_PEEK));
	DATA(buf, recv(fd[1], buf, 4, MSG_PEEK | MSG_TRUNC));
	DATA(buf, recv(fd[1], buf, 4, MSG_WAITALL));
	DATA(buf, recv(fd[1], buf, 0, 0));
	DATA(buf, recv(fd[1], buf, 4, MSG_DONTWAIT));
	part("destinations");
	CALL(sendto(fd[1], "x", 1, 0, ADDR("127.0.0.1:0")));
	CALL(sendto(fd[1], "x", 1, 0, ADDR("255.255.255.255:9")));
	CALL(sendto(fd[1], "x", 1, 0, addr_of("127.0.0.1:9"), 8));
	CALL(sendto(fd[1], "x", 1, 0, ADDR("[::1]:9")));
	CALL(sendto(fd[1], "x", 1, 0, ADDR("unspec")));
	CALL(sendto(fd[1], "x", 1, MSG_OOB, ADDR("127.0.0.1:9")));
	CALL(listen(fd[1], 1));
	CALL(accept(fd[1], NULL, NULL));
	part("MSG_MORE");
	CALL(send(fd[0], "first ", 6, MSG_MORE));
	EVENTS(fd[1]);
	CALL(send(fd[0], "second", 6, 0));
	settle();
	DATA(buf, recv(fd[1], buf, 64, MSG_DONTWAIT));
	return 0;
}

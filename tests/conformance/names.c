/* SPDX-License-Identifier: MIT */
/*
 * getsockname(), getpeername(), accept() and recvfrom(): value-result lengths, truncation,
 * bad pointers.
 */
#include "transcript.h"

static void cut(const char *what, int fd, int (*call)(int, struct sockaddr *, socklen_t *),
		socklen_t room)
{
	unsigned char buf[128];
	socklen_t len = room, used;
	int r;

	memset(buf, 0xaa, sizeof(buf));
	r = call(fd, (struct sockaddr *)buf, &len);
	for (used = sizeof(buf); used && buf[used - 1] == 0xaa; used--)
		;
	printf("%s, room %d: %s, length %d, wrote %s%u bytes\n", what, (int)room,
	       r < 0 ? strerrorname_np(errno) : "ok", (int)len, used == 15 || used == 16 ? "" : "",
	       used);
}

static void sizes(const char *what, int fd, int (*call)(int, struct sockaddr *, socklen_t *))
{
	static const socklen_t rooms[] = {0, 1, 2, 4, 16, 28, 110, 128, (socklen_t)-1};

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
		cut(what, fd, call, rooms[i]);
}

int main(void)
{
	int t[2], u[2], l, c;
	struct sockaddr_in sin;
	socklen_t len = 7;
	char buf[4];

	tcp_pair(t, "127.0.0.1:0");
	sizes("getsockname of TCP", t[0], getsockname);
	sizes("getpeername of TCP", t[0], getpeername);
	tcp_pair(t, "[::1]:0");
	sizes("getsockname of TCP over IPv6", t[0], getsockname);
	socketpair(AF_UNIX, SOCK_STREAM, 0, u);
	sizes("getsockname of a pair", u[0], getsockname);
	sizes("getpeername of a pair", u[0], getpeername);
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	CALL(bind(l, ADDR("unix:@name")));
	sizes("getsockname of an abstract name", l, getsockname);
	sizes("getpeername of an unconnected socket", l, getpeername);
	part("bad pointers");
	CALL(getsockname(t[0], NULL, &len));
	CALL(getsockname(t[0], (struct sockaddr *)&sin, NULL));
	CALL(getpeername(t[0], NULL, NULL));
	part("accept");
	l = tcp_listener("127.0.0.1:0", 4);
	for (int i = 0; i < 3; i++) {
		c = socket(AF_INET, SOCK_STREAM, 0);
		connect(c, TO("127.0.0.1:0", l));
	}
	memset(&sin, 0, sizeof(sin));
	len = 4;
	FD(accept(l, (struct sockaddr *)&sin, &len));
	VALUE(len);
	FACT(sin.sin_family == AF_INET && sin.sin_port != 0 && sin.sin_addr.s_addr == 0);
	len = 16;
	FD(accept(l, NULL, &len));
	VALUE(len);
	CALL(accept(l, (struct sockaddr *)&sin, NULL));
	l = tcp_listener("127.0.0.1:0", 4);
	fcntl(l, F_SETFL, O_NONBLOCK);
	CALL(accept(l, NULL, NULL));
	part("recvfrom");
	u[0] = socket(AF_INET, SOCK_DGRAM, 0);
	u[1] = socket(AF_INET, SOCK_DGRAM, 0);
	CALL(bind(u[1], ADDR("127.0.0.1:0")));
	for (int i = 0; i < 3; i++)
		CALL(sendto(u[0], "abc", 3, 0, TO("127.0.0.1:0", u[1])));
	len = 2;
	DATA(buf, recvfrom(u[1], buf, 4, 0, (struct sockaddr *)&sin, &len));
	VALUE(len);
	len = 0;
	DATA(buf, recvfrom(u[1], buf, 4, 0, NULL, &len));
	VALUE(len);
	len = (socklen_t)-1;
	DATA(buf, recvfrom(u[1], buf, 4, 0, (struct sockaddr *)&sin, &len));
	part("recvfrom of TCP gives no address");
	send(t[0], "x", 1, 0);
	len = 16;
	DATA(buf, recvfrom(t[1], buf, 4, 0, (struct sockaddr *)&sin, &len));
	VALUE(len);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Connections that fail: ECONNREFUSED at once and later, SO_ERROR read once, ENETUNREACH:
 * connect(2).
 */
#include "transcript.h"

static void refused(const char *host, int family)
{
	int l = socket(family, SOCK_STREAM, 0), s;

	part(host);
	CALL(bind(l, ADDR(host))); /* bound and not listening: a port where nobody is */
	s = FD(socket(family, SOCK_STREAM, 0));
	CALL(connect(s, TO(host, l)));
	OPT(s, SOL_SOCKET, SO_ERROR);
	EVENTS(s);
	CALL(connect(s, TO(host, l)));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	close(s);
	part("non-blocking");
	s = FD(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	EVENTS(s);
	CALL(connect(s, TO(host, l)));
	EVENTS(s);
	OPT(s, SOL_SOCKET, SO_ERROR);
	OPT(s, SOL_SOCKET, SO_ERROR);
	EVENTS(s);
	CALL(connect(s, TO(host, l)));
	CALL(connect(s, TO(host, l)));
	settle();
	char byte;

	CALL(recv(s, &byte, 1, 0));
	CALL(recv(s, &byte, 1, 0));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	close(s);
	part("error reported by send");
	s = FD(socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CALL(connect(s, TO(host, l)));
	settle();
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(listen(l, 1));
	CALL(connect(s, TO(host, l)));
	EVENTS(s);
	CALL(connect(s, TO(host, l)));
	close(s);
	close(l);
}

int main(void)
{
	refused("127.0.0.1:0", AF_INET);
	refused("[::1]:0", AF_INET6);
	part("no route");
	CALL(connect(socket(AF_INET, SOCK_STREAM, 0), ADDR("10.1.2.3:80")));
	CALL(connect(socket(AF_INET6, SOCK_STREAM, 0), ADDR("[2001:db8::1]:80")));
	CALL(connect(socket(AF_INET, SOCK_DGRAM, 0), ADDR("10.1.2.3:80")));
	CALL(sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, ADDR("10.1.2.3:80")));
	part("broadcast and multicast");
	CALL(connect(socket(AF_INET, SOCK_STREAM, 0), ADDR("255.255.255.255:80")));
	CALL(connect(socket(AF_INET, SOCK_STREAM, 0), ADDR("224.0.0.1:80")));
	CALL(connect(socket(AF_INET, SOCK_DGRAM, 0), ADDR("127.255.255.255:80")));
	part("to itself");
	int s = socket(AF_INET, SOCK_STREAM, 0);

	CALL(bind(s, ADDR("127.0.0.1:0")));
	CALL(connect(s, TO("127.0.0.1:0", s)));
	CALL(send(s, "me", 2, 0));
	char buf[4];

	DATA(buf, recv(s, buf, 4, 0));
	PEER(s);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * bind(), listen(), accept() and connect() of TCP sockets in every state that refuses them:
 * tcp(7), bind(2), connect(2).
 */
#include "transcript.h"

static void states(const char *any, const char *loop, const char *foreign)
{
	int s = FD(socket(loop[0] == '[' ? AF_INET6 : AF_INET, SOCK_STREAM, 0)), c, a;

	part(loop);
	NAME(s);
	PEER(s);
	CALL(accept(s, NULL, NULL));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(recv(s, &c, 1, 0));
	CALL(shutdown(s, SHUT_RDWR));
	EVENTS(s);
	CALL(bind(s, ADDR(foreign)));
	CALL(bind(s, addr_of(loop), 3));
	CALL(bind(s, addr_of(loop), 200));
	CALL(bind(s, NULL, 16));
	CALL(bind(s, ADDR("unix:name")));
	CALL(bind(s, ADDR(loop)));
	CALL(bind(s, ADDR(any)));
	NAME(s);
	CALL(listen(s, 3));
	CALL(listen(s, -1));
	CALL(listen(s, 1 << 20));
	CALL(connect(s, ADDR(loop)));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(recv(s, &c, 1, 0));
	PEER(s);
	EVENTS(s);

	c = FD(socket(loop[0] == '[' ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	CALL(connect(c, addr_to(loop, s), 7));
	CALL(connect(c, TO(loop, s)));
	settle();
	CALL(connect(c, TO(loop, s)));
	CALL(connect(c, TO(loop, s)));
	CALL(bind(c, ADDR(any)));
	CALL(listen(c, 1));
	CALL(accept(c, NULL, NULL));
	NAME(c);
	PEER(c);
	EVENTS(s);
	a = FD(accept4(s, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	FACT(fcntl(a, F_GETFL) == (O_RDWR | O_NONBLOCK));
	FACT(fcntl(a, F_GETFD) == FD_CLOEXEC);
	CALL(accept4(s, NULL, NULL, 1));
	NAME(a);
	PEER(a);
	FACT(port_of(a) == port_of(s));
	CALL(listen(a, 1));
	CALL(connect(a, TO(loop, s)));
	EVENTS(s);
	CALL(shutdown(s, SHUT_WR));
	EVENTS(s);
	CALL(shutdown(s, SHUT_RD));
	EVENTS(s);
	CALL(accept(s, NULL, NULL));
	CALL(listen(s, 1));
	EVENTS(s);
	close(s);
	EVENTS(c);
	close(a);
	EVENTS(c);
	close(c);
}

int main(void)
{
	int s, c;

	states("0.0.0.0:0", "127.0.0.1:0", "10.1.2.3:0");
	states("[::]:0", "[::1]:0", "[2001:db8::1]:0");
	part("listen without bind");
	s = FD(socket(AF_INET, SOCK_STREAM, 0));
	CALL(listen(s, 5));
	NAME(s);
	part("to an unspecified address is to this host");
	c = FD(socket(AF_INET, SOCK_STREAM, 0));
	CALL(connect(c, TO("0.0.0.0:0", s)));
	PEER(c);
	part("AF_UNSPEC disconnects");
	CALL(connect(c, ADDR("unspec")));
	PEER(c);
	CALL(connect(c, TO("127.0.0.1:0", s)));
	PEER(c);
	part("wrong families");
	CALL(connect(socket(AF_INET, SOCK_STREAM, 0), ADDR("[::1]:1")));
	CALL(connect(socket(AF_INET6, SOCK_STREAM, 0), ADDR("127.0.0.1:1")));
	CALL(bind(socket(AF_INET, SOCK_STREAM, 0), ADDR("[::1]:1")));
	CALL(bind(socket(AF_INET6, SOCK_STREAM, 0), ADDR("127.0.0.1:1")));
	CALL(
	    bind(socket(AF_INET6, SOCK_STREAM, 0), addr_of("[::1]:0"), sizeof(struct sockaddr_in)));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Resets: SO_LINGER with 0, close() with unread data, data for a closed socket; EPIPE and
 * SIGPIPE: tcp(7), socket(7).
 */
#include "transcript.h"

static int fd[2];
#define client fd[0]
#define server fd[1]

static void after(const char *title)
{
	char buf[8];

	part(title);
	EVENTS(client);
	DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
	EVENTS(client);
	DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
	CALL(send(client, "x", 1, MSG_NOSIGNAL));
	OPT(client, SOL_SOCKET, SO_ERROR);
	PEER(client);
	CALL(shutdown(client, SHUT_WR));
	close(client);
}

int main(void)
{
	struct linger l = {1, 0};
	char buf[8];

	catch_signal(SIGPIPE, 0);
	tcp_pair(fd, "127.0.0.1:0");
	CALL(setsockopt(server, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	CALL(close(server));
	after("SO_LINGER 0");

	tcp_pair(fd, "127.0.0.1:0");
	CALL(send(server, "last words", 10, 0));
	setsockopt(server, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	CALL(close(server));
	after("SO_LINGER 0 after data");

	tcp_pair(fd, "[::1]:0");
	CALL(send(client, "unread", 6, 0));
	settle();
	CALL(close(server));
	after("closed with unread data");

	tcp_pair(fd, "127.0.0.1:0");
	CALL(close(server));
	CALL(send(client, "1", 1, MSG_NOSIGNAL));
	settle();
	after("sent to a closed socket");

	part("SO_ERROR first");
	tcp_pair(fd, "127.0.0.1:0");
	setsockopt(server, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	CALL(close(server));
	settle();
	OPT(client, SOL_SOCKET, SO_ERROR);
	OPT(client, SOL_SOCKET, SO_ERROR);
	DATA(buf, recv(client, buf, 8, 0));
	EVENTS(client);
	close(client);

	part("EPIPE and SIGPIPE");
	tcp_pair(fd, "127.0.0.1:0");
	CALL(shutdown(client, SHUT_WR));
	CALL(send(client, "x", 1, MSG_NOSIGNAL));
	VALUE(caught[SIGPIPE]);
	CALL(send(client, "x", 1, 0));
	VALUE(caught[SIGPIPE]);
	CALL(write(client, "x", 1));
	VALUE(caught[SIGPIPE]);
	CALL(send(client, "", 0, MSG_NOSIGNAL));
	part("reset by AF_UNSPEC");
	CALL(connect(server, ADDR("unspec")));
	EVENTS(client);
	DATA(buf, recv(client, buf, 8, 0));
	part("reset while nobody has accepted");
	int s = tcp_listener("127.0.0.1:0", 5), c = socket(AF_INET, SOCK_STREAM, 0), a;

	CALL(connect(c, TO("127.0.0.1:0", s)));
	CALL(send(c, "early", 5, 0));
	setsockopt(c, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	CALL(close(c));
	EVENTS(s);
	a = FD(accept(s, NULL, NULL));
	DATA(buf, recv(a, buf, 8, 0));
	DATA(buf, recv(a, buf, 8, 0));
	part("the listener closes before accept");
	c = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(c, TO("127.0.0.1:0", s)));
	CALL(close(s));
	EVENTS(c);
	DATA(buf, recv(c, buf, 8, 0));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Half close in every order, with what poll() says on both sides at each step: shutdown(2),
 * tcp(7).
 */
#include "transcript.h"

static int fd[2]; /* the client, the server */
#define client fd[0]
#define server fd[1]

static void both(void)
{
	EVENTS(client);
	EVENTS(server);
}

static void order(const char *title, int how, bool close_server_first)
{
	char buf[8];

	part(title);
	tcp_pair(fd, "127.0.0.1:0");
	both();
	CALL(send(server, "to client", 9, 0));
	CALL(shutdown(client, how));
	both();
	DATA(buf, recv(client, buf, 8, 0));
	DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
	DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
	CALL(send(client, "x", 1, MSG_NOSIGNAL));
	settle();
	DATA(buf, recv(server, buf, 8, MSG_DONTWAIT));
	CALL(send(server, "more", 4, MSG_NOSIGNAL));
	both();
	DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
	CALL(shutdown(client, how));
	if (close_server_first) {
		CALL(close(server));
		EVENTS(client);
		DATA(buf, recv(client, buf, 8, MSG_DONTWAIT));
		CALL(send(client, "y", 1, MSG_NOSIGNAL));
		EVENTS(client);
		CALL(close(client));
	} else {
		CALL(shutdown(server, SHUT_WR));
		both();
		PEER(client);
		PEER(server);
		CALL(shutdown(server, SHUT_RD));
		both();
		CALL(send(server, "z", 1, MSG_NOSIGNAL));
		CALL(close(client));
		EVENTS(server);
		CALL(close(server));
	}
}

int main(void)
{
	order("SHUT_WR, then the other side shuts down", SHUT_WR, false);
	order("SHUT_WR, then the other side closes", SHUT_WR, true);
	order("SHUT_RD, then the other side shuts down", SHUT_RD, false);
	order("SHUT_RD, then the other side closes", SHUT_RD, true);
	order("SHUT_RDWR, then the other side shuts down", SHUT_RDWR, false);
	order("SHUT_RDWR, then the other side closes", SHUT_RDWR, true);
	part("errors");
	tcp_pair(fd, "[::1]:0");
	CALL(shutdown(client, 3));
	CALL(shutdown(client, -1));
	CALL(shutdown(client, SHUT_WR));
	CALL(shutdown(server, SHUT_WR));
	both();
	CALL(shutdown(client, SHUT_WR));
	CALL(shutdown(server, SHUT_RD));
	return 0;
}

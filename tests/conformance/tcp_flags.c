/* SPDX-License-Identifier: MIT */
/*
 * Flags of send() and recv() on TCP: MSG_PEEK, TRUNC, WAITALL, DONTWAIT, MORE, OOB;
 * SIOCATMARK, SO_OOBINLINE: recv(2), tcp(7).
 */
#include "transcript.h"
#include <linux/sockios.h>

static int fd[2], mark;
#define client fd[0]
#define server fd[1]
static char buf[32];

static void *later(void *arg)
{
	sleep_ms(30);
	send(client, arg, strlen(arg), 0);
	return NULL;
}

static void urgent(int inlined)
{
	tcp_pair(fd, "127.0.0.1:0");
	CALL(setsockopt(server, SOL_SOCKET, SO_OOBINLINE, &inlined, sizeof(inlined)));
	CALL(recv(server, buf, 1, MSG_OOB));
	CALL(send(client, "abcd", 4, MSG_OOB));
	settle();
	EVENTS(server);
	CALL(ioctl(server, SIOCATMARK, &mark));
	VALUE(mark);
	DATA(buf, recv(server, buf, 1, MSG_OOB | MSG_PEEK));
	DATA(buf, recv(server, buf, 1, MSG_OOB));
	DATA(buf, recv(server, buf, 1, MSG_OOB));
	CALL(send(client, "ef", 2, 0));
	settle();
	DATA(buf, recv(server, buf, 2, 0));
	DATA(buf, recv(server, buf, 30, 0));
	ioctl(server, SIOCATMARK, &mark);
	VALUE(mark);
	EVENTS(server);
	DATA(buf, recv(server, buf, 30, MSG_DONTWAIT));
	DATA(buf, recv(server, buf, 30, MSG_DONTWAIT));
	EVENTS(server);
}

int main(void)
{
	pthread_t t;

	tcp_pair(fd, "127.0.0.1:0");
	part("MSG_DONTWAIT");
	DATA(buf, recv(server, buf, 8, MSG_DONTWAIT));
	DATA(buf, recv(server, buf, 0, MSG_DONTWAIT));
	DATA(buf, recv(server, buf, 8, MSG_ERRQUEUE));
	part("MSG_PEEK");
	CALL(send(client, "0123456789", 10, 0));
	settle();
	DATA(buf, recv(server, buf, 4, MSG_PEEK));
	DATA(buf, recv(server, buf, 32, MSG_PEEK));
	DATA(buf, recv(server, buf, 4, 0));
	part("MSG_TRUNC throws away");
	CALL(recv(server, NULL, 3, MSG_TRUNC));
	DATA(buf, recv(server, buf, 32, MSG_PEEK | MSG_TRUNC));
	DATA(buf, recv(server, buf, 32, 0));
	part("MSG_WAITALL");
	CALL(send(client, "abc", 3, 0));
	pthread_create(&t, NULL, later, "defgh");
	DATA(buf, recv(server, buf, 6, MSG_WAITALL));
	pthread_join(t, NULL);
	DATA(buf, recv(server, buf, 6, MSG_WAITALL | MSG_DONTWAIT));
	pthread_create(&t, NULL, later, "uvwxyz");
	DATA(buf, recv(server, buf, 6, MSG_WAITALL | MSG_PEEK));
	pthread_join(t, NULL);
	DATA(buf, recv(server, buf, 32, 0));
	part("MSG_WAITALL until the end");
	CALL(send(client, "end", 3, 0));
	CALL(shutdown(client, SHUT_WR));
	DATA(buf, recv(server, buf, 6, MSG_WAITALL));
	DATA(buf, recv(server, buf, 6, MSG_WAITALL));
	part("MSG_MORE is sent at last");
	CALL(send(server, "half ", 5, MSG_MORE));
	CALL(send(server, "whole", 5, 0));
	settle();
	DATA(buf, recv(client, buf, 32, MSG_DONTWAIT));
	part("urgent data aside");
	urgent(0);
	part("urgent data inline");
	urgent(1);
	part("unread sizes");
	tcp_pair(fd, "127.0.0.1:0");
	CALL(send(client, "12345", 5, 0));
	settle();
	int n = -1;

	CALL(ioctl(server, FIONREAD, &n));
	VALUE(n);
	CALL(ioctl(client, SIOCOUTQ, &n));
	VALUE(n);
	CALL(ioctl(client, SIOCOUTQNSD, &n));
	VALUE(n);
	CALL(ioctl(tcp_listener("127.0.0.1:0", 1), FIONREAD, &n));
	CALL(ioctl(client, 0x5432, &n));
	part("unknown flags, bad pointers");
	CALL(send(client, "x", 1, 0x8000000));
	CALL(recv(server, NULL, 4, MSG_DONTWAIT));
	CALL(send(client, NULL, 4, 0));
	CALL(send(client, "x", 0, 0));
	return 0;
}

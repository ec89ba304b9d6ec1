/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX streams and sequenced packets: data, shutdown, close, EPIPE, ECONNRESET, poll:
 * unix(7).
 */
#include "transcript.h"

static int sv[2];
static char buf[16];

static void both(void)
{
	EVENTS(sv[0]);
	EVENTS(sv[1]);
}

static void data(int type)
{
	CALL(socketpair(AF_UNIX, type, 0, sv));
	both();
	CALL(send(sv[0], "abc", 3, 0));
	CALL(send(sv[0], "defgh", 5, 0));
	int n = -1;

	CALL(ioctl(sv[1], FIONREAD, &n));
	VALUE(n);
	DATA(buf, recv(sv[1], buf, 2, MSG_PEEK));
	DATA(buf, recv(sv[1], buf, 2, MSG_PEEK | MSG_TRUNC));
	DATA(buf, recv(sv[1], buf, 2, 0));
	DATA(buf, recv(sv[1], buf, 16, 0));
	DATA(buf, recv(sv[1], buf, 16, MSG_DONTWAIT));
	CALL(send(sv[0], "", 0, 0));
	EVENTS(sv[1]);
	DATA(buf, recv(sv[1], buf, 16, MSG_DONTWAIT));
	CALL(send(sv[0], "o", 1, MSG_OOB));
	CALL(sendto(sv[0], "x", 1, 0, ADDR("unix:@somewhere")));
}

static void half(int type)
{
	part("half close");
	CALL(shutdown(sv[0], SHUT_WR));
	both();
	DATA(buf, recv(sv[1], buf, 16, MSG_DONTWAIT));
	CALL(send(sv[0], "x", 1, MSG_NOSIGNAL));
	CALL(send(sv[1], "other way", 9, 0));
	DATA(buf, recv(sv[0], buf, 16, MSG_DONTWAIT));
	CALL(shutdown(sv[0], SHUT_RD));
	both();
	CALL(send(sv[1], "x", 1, MSG_NOSIGNAL));
	CALL(shutdown(sv[1], SHUT_RDWR));
	both();
	CALL(shutdown(sv[1], 5));
	CALL(close(sv[1]));
	EVENTS(sv[0]);
	PEER(sv[0]);
	CALL(close(sv[0]));
	part("close with unread data");
	socketpair(AF_UNIX, type, 0, sv);
	CALL(send(sv[0], "unread", 6, 0));
	CALL(send(sv[1], "reply", 5, 0));
	CALL(close(sv[1]));
	EVENTS(sv[0]);
	DATA(buf, recv(sv[0], buf, 16, 0));
	DATA(buf, recv(sv[0], buf, 16, 0));
	DATA(buf, recv(sv[0], buf, 16, 0));
	CALL(send(sv[0], "x", 1, MSG_NOSIGNAL));
	CALL(send(sv[0], "x", 1, 0));
	VALUE(caught[SIGPIPE]);
	CALL(close(sv[0]));
	part("close with nothing unread");
	socketpair(AF_UNIX, type, 0, sv);
	CALL(send(sv[1], "last", 4, 0));
	CALL(close(sv[1]));
	EVENTS(sv[0]);
	DATA(buf, recv(sv[0], buf, 16, 0));
	DATA(buf, recv(sv[0], buf, 16, 0));
	OPT(sv[0], SOL_SOCKET, SO_ERROR);
	CALL(close(sv[0]));
	part("full");
	socketpair(AF_UNIX, type, 0, sv);
	FACT(fill(sv[0]));
	both();
	CALL(send(sv[0], "x", 1, MSG_DONTWAIT));
}

int main(void)
{
	catch_signal(SIGPIPE, 0);
	part("SOCK_STREAM");
	data(SOCK_STREAM);
	char oob;

	DATA(&oob, recv(sv[1], &oob, 1, MSG_OOB));
	half(SOCK_STREAM);
	part("SOCK_SEQPACKET");
	data(SOCK_SEQPACKET);
	half(SOCK_SEQPACKET);
	part("record boundaries");
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv);
	struct iovec iov = {buf, 3};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	CALL(send(sv[0], "12345", 5, MSG_EOR));
	DATA(buf, recvmsg(sv[1], &m, 0));
	puts(msg_names((unsigned)m.msg_flags));
	CALL(send(sv[0], "12", 2, 0));
	DATA(buf, recvmsg(sv[1], &m, 0));
	puts(msg_names((unsigned)m.msg_flags));
	CALL(send(sv[0], "abcdef", 6, 0));
	CALL(send(sv[0], "ghi", 3, 0));
	DATA(buf, read(sv[1], buf, 2));
	DATA(buf, read(sv[1], buf, 16));
	part("unconnected");
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	EVENTS(s);
	DATA(buf, recv(s, buf, 1, 0));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(shutdown(s, SHUT_WR));
	CALL(accept(s, NULL, NULL));
	part("the listener closes before accept");
	int c = socket(AF_UNIX, SOCK_STREAM, 0);

	CALL(bind(s, ADDR("unix:@l")));
	CALL(listen(s, 2));
	CALL(connect(c, ADDR("unix:@l")));
	CALL(send(c, "early", 5, 0));
	EVENTS(s);
	CALL(close(s));
	EVENTS(c);
	DATA(buf, recv(c, buf, 16, 0));
	DATA(buf, recv(c, buf, 16, 0));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The table of I/O events of socket(7): what poll(), select() and epoll say of a socket at each
 * step of its life: stream, datagram, sequenced packets; connecting, listening, full, urgent, half
 * closed, reset.
 */
#include "transcript.h"

#include <sys/select.h>

#define ALL                                                                                        \
	(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM |           \
	 POLLWRBAND | POLLMSG)

static char buf[64];

static void by_select(int fd)
{
	struct timeval now = {0, 0};
	fd_set r, w, e;
	int n;

	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(fd, &r);
	FD_SET(fd, &w);
	FD_SET(fd, &e);
	n = select(fd + 1, &r, &w, &e, &now);
	printf("; select %d %s%s%s", n, FD_ISSET(fd, &r) ? "r" : "-", FD_ISSET(fd, &w) ? "w" : "-",
	       FD_ISSET(fd, &e) ? "e" : "-");
}

static void by_epoll(int fd)
{
	struct epoll_event ev = {ALL, {0}};
	int ep = epoll_create1(0), n;

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	ev.events = 0;
	n = epoll_wait(ep, &ev, 1, 0);
	printf("; epoll %d %s\n", n, n > 0 ? poll_names(ev.events) : "0");
	close(ep);
}

static void look(const char *what, int fd)
{
	struct pollfd p = {fd, ALL, 0}, none = {fd, 0, 0};

	settle();
	poll(&p, 1, 0);
	poll(&none, 1, 0);
	printf("%s: poll %s, asked for nothing %s", what, poll_names((unsigned)p.revents),
	       poll_names((unsigned)none.revents));
	by_select(fd);
	by_epoll(fd);
}

/* A pair that is connected, whatever the type. */
static void pair_look(const char *title, int fd[2])
{
	part(title);
	look("connected", fd[0]);
	send(fd[1], "abc", 3, 0);
	look("data", fd[0]);
	recv(fd[0], buf, 1, 0);
	look("a byte read", fd[0]);
	recv(fd[0], buf, sizeof(buf), MSG_DONTWAIT);
	look("all read", fd[0]);
	FACT(fill(fd[0]));
	look("full", fd[0]);
	look("the receiver", fd[1]);
	while (recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	look("drained", fd[0]);
	shutdown(fd[1], SHUT_WR);
	look("the peer writes no more", fd[0]);
	look("the one that shut down", fd[1]);
	shutdown(fd[0], SHUT_RD);
	look("reads no more", fd[0]);
	shutdown(fd[0], SHUT_WR);
	look("both ways shut", fd[0]);
	look("the peer, both ways shut", fd[1]);
	close(fd[1]);
	look("the peer closed", fd[0]);
	close(fd[0]);
}

static void peer_closes(const char *title, int fd[2], bool unread)
{
	part(title);
	if (unread)
		send(fd[0], "unread", 6, 0);
	settle();
	close(fd[1]);
	look("the peer closed", fd[0]);
	recv(fd[0], buf, sizeof(buf), MSG_DONTWAIT);
	look("after recv()", fd[0]);
	send(fd[0], "x", 1, MSG_NOSIGNAL);
	look("after send()", fd[0]);
	send(fd[0], "x", 1, MSG_NOSIGNAL);
	look("after another send()", fd[0]);
	close(fd[0]);
}

static void connecting(void)
{
	int l = socket(AF_INET, SOCK_STREAM, 0),
	    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), a, c;

	part("connecting over TCP");
	look("fresh", s);
	bind(l, ADDR("127.0.0.1:0"));
	look("bound", l);
	CALL(connect(s, TO("127.0.0.1:0", l)));
	look("refused", s);
	OPT(s, SOL_SOCKET, SO_ERROR);
	look("error told", s);
	listen(l, 4);
	look("listening", l);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CALL(connect(c, TO("127.0.0.1:0", l)));
	look("connected", c);
	look("the listener", l);
	a = accept(l, NULL, NULL);
	look("accepted", a);
	look("the listener again", l);
	shutdown(l, SHUT_RD);
	look("the listener, shut down", l);
	close(a);
	close(c);
	close(s);
	close(l);
}

static void nowhere(void)
{
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), l = tcp_listener("127.0.0.1:0", 0),
	    c[2];

	part("a connection that hangs");
	for (int i = 0; i < 2; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(c[i], TO("127.0.0.1:0", l));
		settle();
	}
	CALL(connect(s, TO("127.0.0.1:0", l)));
	look("in progress", s);
	CALL(connect(s, TO("127.0.0.1:0", l)));
	CALL(send(s, "x", 1, MSG_NOSIGNAL));
	CALL(recv(s, buf, 1, 0));
	shutdown(s, SHUT_WR);
	look("given up", s);
	close(s);
	close(l);
	close(c[0]);
	close(c[1]);
}

static void urgent(int inlined)
{
	int fd[2];

	part(inlined ? "urgent data inline" : "urgent data");
	tcp_pair(fd, "127.0.0.1:0");
	setsockopt(fd[1], SOL_SOCKET, SO_OOBINLINE, &inlined, sizeof(inlined));
	send(fd[0], "abc", 3, MSG_OOB);
	look("urgent", fd[1]);
	if (!inlined)
		recv(fd[1], buf, 1, MSG_OOB);
	look("the byte read", fd[1]);
	recv(fd[1], buf, 2, 0);
	look("up to the mark", fd[1]);
	send(fd[0], "def", 3, 0);
	look("more", fd[1]);
	recv(fd[1], buf, 1, 0);
	look("past the mark", fd[1]);
	close(fd[0]);
	close(fd[1]);
}

static void resets(void)
{
	struct linger l = {1, 0};
	int fd[2];

	part("reset");
	tcp_pair(fd, "127.0.0.1:0");
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd[1]);
	look("reset", fd[0]);
	OPT(fd[0], SOL_SOCKET, SO_ERROR);
	look("error told", fd[0]);
	close(fd[0]);
}

static void udp(int family, const char *host)
{
	int a = socket(family, SOCK_DGRAM, 0), b = socket(family, SOCK_DGRAM, 0);

	part(family == AF_INET ? "UDP" : "UDP over IPv6");
	look("fresh", a);
	bind(b, ADDR(host));
	look("bound", b);
	connect(a, TO(host, b));
	send(a, "abc", 3, 0);
	look("data", b);
	recv(b, buf, 1, 0);
	look("read", b);
	send(a, "", 0, 0);
	look("an empty datagram", b);
	recv(b, buf, 1, 0);
	close(b);
	send(a, "x", 1, 0);
	look("port unreachable", a);
	OPT(a, SOL_SOCKET, SO_ERROR);
	look("error told", a);
	shutdown(a, SHUT_WR);
	look("shut to write", a);
	shutdown(a, SHUT_RD);
	look("shut to read", a);
	connect(a, ADDR("unspec"));
	look("disconnected", a);
	close(a);
}

static void unix_listener(int type)
{
	int l = socket(AF_UNIX, type, 0), c = socket(AF_UNIX, type | SOCK_NONBLOCK, 0), d, a;

	part(type == SOCK_STREAM ? "AF_UNIX stream listener" : "AF_UNIX seqpacket listener");
	look("fresh", c);
	bind(l, ADDR("unix:@io"));
	look("bound", l);
	listen(l, 0);
	look("listening", l);
	CALL(connect(c, ADDR("unix:@io")));
	look("connected", c);
	look("the listener", l);
	d = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
	CALL(connect(d, ADDR("unix:@io")));
	look("no room", d);
	a = accept(l, NULL, NULL);
	look("accepted", a);
	look("the listener again", l);
	close(l);
	close(a);
	look("the accepted one closed", c);
	close(c);
	close(d);
}

static void unix_dgram(void)
{
	int fd[2], s = socket(AF_UNIX, SOCK_DGRAM, 0);

	part("AF_UNIX datagrams");
	look("fresh", s);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	look("connected", fd[0]);
	send(fd[1], "abc", 3, 0);
	look("data", fd[0]);
	recv(fd[0], buf, 1, 0);
	FACT(fill(fd[0]));
	look("the receiver is full", fd[0]);
	recv(fd[1], buf, 1, 0);
	look("one taken", fd[0]);
	shutdown(fd[1], SHUT_RD);
	look("the receiver reads no more", fd[0]);
	close(fd[1]);
	look("the peer closed", fd[0]);
	close(fd[0]);
	close(s);
}

int main(void)
{
	int fd[2];

	part("not open");
	struct pollfd p = {77, 0, 0};

	CALL(poll(&p, 1, -1));
	puts(poll_names((unsigned)p.revents));
	connecting();
	nowhere();
	tcp_pair(fd, "127.0.0.1:0");
	pair_look("TCP", fd);
	tcp_pair(fd, "[::1]:0");
	peer_closes("TCP, nothing unread", fd, false);
	tcp_pair(fd, "127.0.0.1:0");
	peer_closes("TCP, unread data", fd, true);
	urgent(0);
	urgent(1);
	resets();
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	pair_look("AF_UNIX stream", fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	peer_closes("AF_UNIX stream, unread data", fd, true);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	pair_look("AF_UNIX seqpacket", fd);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	peer_closes("AF_UNIX seqpacket, unread data", fd, true);
	unix_listener(SOCK_STREAM);
	unix_listener(SOCK_SEQPACKET);
	unix_dgram();
	udp(AF_INET, "127.0.0.1:0");
	udp(AF_INET6, "[::1]:0");
	return 0;
}

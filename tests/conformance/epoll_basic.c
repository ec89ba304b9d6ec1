/* SPDX-License-Identifier: MIT */
/*
 * epoll: level, edge, one-shot, errors of epoll_ctl(), closed and duplicated descriptors,
 * nesting: epoll(7).
 */
#include "transcript.h"

static int ep;

/* What epoll_wait() gives at once. */
static void got(const char *title)
{
	struct epoll_event ev[8];
	int n;

	settle();
	n = epoll_wait(ep, ev, 8, 0);
	printf("%s: %d", title, n);
	for (int i = 0; i < n; i++)
		printf(" [%d %s]", ev[i].data.fd, poll_names(ev[i].events));
	printf("\n");
}

static int ctl(int op, int fd, unsigned events, int tag)
{
	struct epoll_event ev = {events, {.fd = tag}};

	return epoll_ctl(ep, op, fd, &ev);
}

int main(void)
{
	int p[2], sv[2], d, file, other, fd[2];
	char buf[64];

	part("creation");
	CALL(epoll_create(0));
	CALL(epoll_create1(1));
	ep = FD(epoll_create1(EPOLL_CLOEXEC));
	FACT(fcntl(ep, F_GETFD) == FD_CLOEXEC);
	pipe(p);
	part("errors");
	file = open("file", O_CREAT | O_RDWR, 0600);
	CALL(ctl(EPOLL_CTL_ADD, file, EPOLLIN, 0));
	CALL(ctl(EPOLL_CTL_ADD, ep, EPOLLIN, 0));
	CALL(ctl(EPOLL_CTL_ADD, 999, EPOLLIN, 0));
	CALL(ctl(EPOLL_CTL_MOD, p[0], EPOLLIN, 0));
	CALL(ctl(EPOLL_CTL_DEL, p[0], 0, 0));
	CALL(ctl(77, p[0], 0, 0));
	CALL(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], NULL));
	CALL(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &(struct epoll_event){0}));
	CALL(epoll_wait(p[0], (struct epoll_event[1]){0}, 1, 0));
	CALL(epoll_wait(ep, NULL, 1, 0));
	CALL(epoll_wait(ep, (struct epoll_event[1]){0}, 0, 0));
	CALL(epoll_wait(ep, (struct epoll_event[1]){0}, -1, 0));
	part("level");
	CALL(ctl(EPOLL_CTL_ADD, p[0], EPOLLIN, 1));
	CALL(ctl(EPOLL_CTL_ADD, p[0], EPOLLIN, 1));
	CALL(ctl(EPOLL_CTL_ADD, p[1], EPOLLOUT, 2));
	got("empty pipe");
	write(p[1], "abc", 3);
	got("written");
	got("again");
	CALL(ctl(EPOLL_CTL_MOD, p[1], 0, 2));
	got("no interest in writing");
	part("edge");
	CALL(ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 1));
	got("modified");
	got("again");
	write(p[1], "d", 1);
	got("more written");
	read(p[0], buf, 1);
	got("some read");
	part("one-shot");
	CALL(ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 1));
	got("first");
	got("second");
	write(p[1], "e", 1);
	got("written");
	CALL(ctl(EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT, 1));
	got("armed again");
	part("closing");
	d = dup(p[0]);
	CALL(ctl(EPOLL_CTL_MOD, p[0], EPOLLIN, 1));
	CALL(close(p[0]));
	got("closed, with a duplicate");
	CALL(ctl(EPOLL_CTL_DEL, p[0], 0, 0));
	CALL(close(d));
	got("duplicate closed");
	CALL(ctl(EPOLL_CTL_DEL, p[1], 0, 0));
	close(p[1]);
	got("nothing left");
	part("two descriptors of one file");
	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	d = dup(sv[0]);
	CALL(ctl(EPOLL_CTL_ADD, sv[0], EPOLLIN, 3));
	CALL(ctl(EPOLL_CTL_ADD, d, EPOLLIN | EPOLLRDHUP, 4));
	write(sv[1], "x", 1);
	got("written");
	close(sv[1]);
	got("peer closed");
	CALL(ctl(EPOLL_CTL_DEL, sv[0], 0, 0));
	CALL(ctl(EPOLL_CTL_DEL, d, 0, 0));
	part("order is that of readiness, then turns");
	int a[2], b[2];

	pipe(a);
	pipe(b);
	ctl(EPOLL_CTL_ADD, a[0], EPOLLIN, 5);
	ctl(EPOLL_CTL_ADD, b[0], EPOLLIN, 6);
	write(b[1], "x", 1);
	write(a[1], "x", 1);
	struct epoll_event one;

	for (int i = 0; i < 4; i++) {
		CALL(epoll_wait(ep, &one, 1, 0));
		VALUE(one.data.fd);
	}
	part("nested");
	other = ep;
	ep = epoll_create1(0);
	CALL(ctl(EPOLL_CTL_ADD, other, EPOLLIN, 9));
	got("outer");
	read(a[0], buf, 1);
	read(b[0], buf, 1);
	got("outer, nothing ready");
	EVENTS(other);
	CALL(epoll_ctl(other, EPOLL_CTL_ADD, ep, &(struct epoll_event){EPOLLIN, {0}}));
	part("EPOLLEXCLUSIVE");
	CALL(ctl(EPOLL_CTL_ADD, a[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
	CALL(ctl(EPOLL_CTL_MOD, a[0], EPOLLIN, 1));
	CALL(ctl(EPOLL_CTL_ADD, b[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 1));
	CALL(ctl(EPOLL_CTL_MOD, b[0], EPOLLIN | EPOLLEXCLUSIVE, 1));
	part("TCP, edge");
	tcp_pair(fd, "127.0.0.1:0");
	CALL(ctl(EPOLL_CTL_ADD, fd[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 8));
	got("added");
	got("again");
	send(fd[1], "x", 1, 0);
	got("data");
	shutdown(fd[1], SHUT_WR);
	got("end");
	shutdown(fd[0], SHUT_WR);
	got("both ends");
	part("an unconnected TCP socket");
	d = socket(AF_INET, SOCK_STREAM, 0);
	CALL(ctl(EPOLL_CTL_ADD, d, EPOLLIN | EPOLLOUT, 7));
	got("unconnected");
	TOOK(50, CALL(epoll_wait(epoll_create1(0), &one, 1, 50)));
	return 0;
}

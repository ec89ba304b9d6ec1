/* SPDX-License-Identifier: MIT */
/*
 * Where folklore and Linux differ: resets before accept(), full accept queues, close() against a call that
 * waits, edges that merge, half-closed connections, datagrams to a daemon that was restarted.
 */
#include <pthread.h>
#include <sys/un.h>
#include <time.h>

#include "transcript.h"

static struct sockaddr_in any_port(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	bind(fd, (void *)&a, sizeof(a));
	getsockname(fd, (void *)&a, &len);
	return a;
}

static void wait_ms(int ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
}

/* accept() gives a connection that was reset, with an address; the error comes with the first read. */
static void reset_before_accept(void)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s, on = 1;
	struct linger now = { 1, 0 };
	struct sockaddr_in a = any_port(l), from;
	socklen_t len = sizeof(from);
	struct pollfd p = { l, POLLIN, 0 };
	char buf[8];

	printf("reset before accept\n");
	listen(l, 8);
	CALL(connect(c, (void *)&a, sizeof(a)));
	setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	CALL(close(c));
	wait_ms(20);
	CALL(poll(&p, 1, 0));
	s = accept(l, (void *)&from, &len);
	FACT(s >= 0);
	FACT(len == sizeof(from) && from.sin_family == AF_INET && from.sin_port);
	CALL(getpeername(s, (void *)&from, &len));
	CALL(setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	CALL(read(s, buf, sizeof(buf)));
	CALL(read(s, buf, sizeof(buf)));
	close(s);
	close(l);
}

/* A full queue drops SYNs: clients of loopback see that they are not connected. */
static void full_queue(void)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), c[8], connected = 0, waiting = 0;
	struct sockaddr_in a = any_port(l);

	printf("full accept queue\n");
	listen(l, 1);
	for (int i = 0; i < 8; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(c[i], (void *)&a, sizeof(a));
	}
	wait_ms(100);
	for (int i = 0; i < 8; i++) {
		struct tcp_info info;
		socklen_t len = sizeof(info);

		getsockopt(c[i], IPPROTO_TCP, TCP_INFO, &info, &len);
		connected += info.tcpi_state == 1;
		waiting += info.tcpi_state == 2;
		close(c[i]);
	}
	printf("  %d established, %d in SYN_SENT\n", connected, waiting);
	close(l);
}

static int listener;

static void *accept_later(void *arg)
{
	long fd = accept(listener, NULL, NULL);

	(void)arg;
	return (void *)(fd < 0 ? -(long)errno : 0);
}

/* close() does not wake accept(); a new connection goes to the listener that was "closed". */
static void close_and_shutdown(int how)
{
	int c = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a;
	struct timespec soon;
	pthread_t t;
	void *ret;

	printf(how ? "shutdown() wakes accept()\n" : "close() does not wake accept()\n");
	listener = socket(AF_INET, SOCK_STREAM, 0);
	a = any_port(listener);
	listen(listener, 8);
	pthread_create(&t, NULL, accept_later, NULL);
	wait_ms(50);
	if (how)
		CALL(shutdown(listener, SHUT_RDWR));
	else
		CALL(close(listener));
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_sec += 1;
	ERR(pthread_timedjoin_np(t, &ret, &soon));
	if (!how) {
		CALL(connect(c, (void *)&a, sizeof(a)));
		pthread_join(t, &ret);
	} else {
		close(listener);
	}
	printf("  accept: %s\n", ret ? strerrorname_np((int)-(long)ret) : "a connection");
	close(c);
}

/* Three connections before epoll_wait() are one edge. */
static void edges_merge(void)
{
	int l = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), ep = epoll_create1(0), c[3], n = 0;
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	struct sockaddr_in a = any_port(l);

	printf("edges merge\n");
	listen(l, 8);
	epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
	for (int i = 0; i < 3; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM, 0);
		connect(c[i], (void *)&a, sizeof(a));
	}
	CALL(epoll_wait(ep, &e, 1, 100));
	FACT(accept(l, NULL, NULL) >= 0);
	CALL(epoll_wait(ep, &e, 1, 100));
	while (accept(l, NULL, NULL) >= 0)
		n++;
	printf("  %d were left\n", n);
	for (int i = 0; i < 3; i++)
		close(c[i]);
	close(l);
	close(ep);
}

/* The peer's SHUT_WR is POLLRDHUP and no POLLHUP; a reply still goes through. */
static void half_close(void)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), s;
	struct sockaddr_in a = any_port(l);
	struct pollfd p = { .events = POLLIN | POLLOUT | POLLRDHUP };
	char buf[8];

	printf("half close\n");
	listen(l, 8);
	connect(c, (void *)&a, sizeof(a));
	s = accept(l, NULL, NULL);
	CALL(shutdown(c, SHUT_WR));
	wait_ms(20);
	p.fd = s;
	CALL(poll(&p, 1, 0));
	printf("  events %#x\n", p.revents);
	CALL(send(s, "reply", 5, 0));
	DATA(buf, recv(c, buf, sizeof(buf), 0));
	close(s);
	close(c);
	close(l);
}

static int sender;

static void *send_more(void *arg)
{
	long ret = send(sender, "x", 1, 0);

	(void)arg;
	return (void *)(ret < 0 ? -(long)errno : 0);
}

/* A sender that waits learns that the daemon has gone; the next daemon is another one. */
static void daemon_restarts(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "daemon" };
	int d = socket(AF_UNIX, SOCK_DGRAM, 0), n = 0;
	pthread_t t;
	void *ret;

	printf("a daemon restarts\n");
	bind(d, (void *)&a, sizeof(a));
	sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	CALL(connect(sender, (void *)&a, sizeof(a)));
	while (send(sender, "x", 1, MSG_DONTWAIT) == 1)
		n++;
	printf("  %d sends, then %s\n", n, strerrorname_np(errno));
	pthread_create(&t, NULL, send_more, NULL);
	wait_ms(50);
	close(d);
	pthread_join(t, &ret);
	printf("  the one that waited: %s\n", ret ? strerrorname_np((int)-(long)ret) : "sent");
	unlink("daemon");
	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	CALL(bind(d, (void *)&a, sizeof(a)));
	CALL(send(sender, "x", 1, 0));
	CALL(connect(sender, (void *)&a, sizeof(a)));
	CALL(send(sender, "x", 1, 0));
	close(sender);
	close(d);
	unlink("daemon");
}

int main(void)
{
	reset_before_accept();
	full_queue();
	close_and_shutdown(0);
	close_and_shutdown(1);
	edges_merge();
	half_close();
	daemon_restarts();
	return 0;
}

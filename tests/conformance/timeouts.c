/* SPDX-License-Identifier: MIT */
/* SO_RCVTIMEO, SO_SNDTIMEO, SO_RCVLOWAT: values, and what waiting calls do with them: socket(7). */
#include "transcript.h"

static int fd[2];
static char buf[16];

static void timeout(int s, int name, long sec, long usec)
{
	struct timeval tv = {sec, usec}, back = {-1, -1};
	socklen_t len = sizeof(back);

	printf("%s %ld s %ld us: ", name == SO_RCVTIMEO ? "SO_RCVTIMEO" : "SO_SNDTIMEO", sec, usec);
	if (setsockopt(s, SOL_SOCKET, name, &tv, sizeof(tv)))
		printf("-1 %s; ", strerrorname_np(errno));
	getsockopt(s, SOL_SOCKET, name, &back, &len);
	printf("now %ld s %ld us, length %u\n", back.tv_sec, back.tv_usec, len);
}

static void *later(void *arg)
{
	sleep_ms(30);
	send(fd[0], arg, strlen(arg), 0);
	return NULL;
}

int main(void)
{
	int s, l, low;
	pthread_t t;

	tcp_pair(fd, "127.0.0.1:0");
	part("values");
	timeout(fd[1], SO_RCVTIMEO, 0, 0);
	timeout(fd[1], SO_RCVTIMEO, 1, 500000);
	timeout(fd[1], SO_RCVTIMEO, 0, 1000000);
	timeout(fd[1], SO_RCVTIMEO, 0, -1);
	timeout(fd[1], SO_RCVTIMEO, -1, 0);
	timeout(fd[1], SO_RCVTIMEO, 1L << 60, 0);
	timeout(fd[1], SO_SNDTIMEO, 3, 8000);
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &low, sizeof(low)));
	part("recv");
	timeout(fd[1], SO_RCVTIMEO, 0, 60000);
	TOOK(60, DATA(buf, recv(fd[1], buf, 16, 0)));
	TOOK(0, DATA(buf, recv(fd[1], buf, 16, MSG_DONTWAIT)));
	send(fd[0], "some", 4, 0);
	TOOK(60, DATA(buf, recv(fd[1], buf, 16, MSG_WAITALL)));
	part("poll does not know it");
	struct pollfd p = {fd[1], POLLIN, 0};

	TOOK(100, CALL(poll(&p, 1, 100)));
	part("accept");
	l = tcp_listener("127.0.0.1:0", 1);
	timeout(l, SO_RCVTIMEO, 0, 60000);
	TOOK(60, CALL(accept(l, NULL, NULL)));
	part("what accept() gives does not inherit it");
	s = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(s, TO("127.0.0.1:0", l)));
	int a = FD(accept(l, NULL, NULL));
	struct timeval tv;
	socklen_t len = sizeof(tv);

	CALL(getsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &tv, &len));
	FACT(tv.tv_sec == 0 && tv.tv_usec == 60000);
	FACT(tv.tv_sec == 0 && tv.tv_usec == 0);
	part("send");
	timeout(a, SO_SNDTIMEO, 0, 60000);
	FACT(fill(a));
	TOOK(60, CALL(send(a, "x", 1, 0)));
	part("UDP and AF_UNIX");
	s = socket(AF_INET, SOCK_DGRAM, 0);
	timeout(s, SO_RCVTIMEO, 0, 60000);
	TOOK(60, DATA(buf, recv(s, buf, 16, 0)));
	int sv[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	timeout(sv[0], SO_RCVTIMEO, 0, 60000);
	TOOK(60, DATA(buf, recv(sv[0], buf, 16, 0)));
	timeout(sv[0], SO_SNDTIMEO, 0, 60000);
	FACT(fill(sv[0]));
	TOOK(60, CALL(send(sv[0], "x", 1, 0)));
	part("SO_RCVLOWAT");
	OPT(fd[1], SOL_SOCKET, SO_RCVLOWAT);
	low = 5;
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)));
	OPT(fd[1], SOL_SOCKET, SO_RCVLOWAT);
	send(fd[0], "abc", 3, 0);
	EVENTS(fd[1]);
	TOOK(60, DATA(buf, recv(fd[1], buf, 16, 0)));
	send(fd[0], "abc", 3, 0);
	pthread_create(&t, NULL, later, "de");
	p.revents = 0;
	CALL(poll(&p, 1, 2000));
	DATA(buf, recv(fd[1], buf, 16, 0));
	pthread_join(t, NULL);
	low = 0;
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)));
	OPT(fd[1], SOL_SOCKET, SO_RCVLOWAT);
	low = -5;
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)));
	OPT(sv[1], SOL_SOCKET, SO_SNDLOWAT);
	CALL(setsockopt(sv[1], SOL_SOCKET, SO_SNDLOWAT, &low, sizeof(low)));
	return 0;
}

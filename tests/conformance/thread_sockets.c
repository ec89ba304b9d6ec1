/* SPDX-License-Identifier: MIT */
/*
 * One thread closes, shuts down or uses what another one waits for: close(2), shutdown(2),
 * and the kernel's own ways.
 */
#include "transcript.h"

static char buf[8];
static long result;
static int err;

enum { RECV, ACCEPT, POLL, UDP };

struct job {
	int kind, fd;
};

static void *wait_for(void *arg)
{
	struct job *j = arg;
	struct pollfd p = {j->fd, POLLIN, 0};

	switch (j->kind) {
	case RECV:
	case UDP:
		result = recv(j->fd, buf, 8, 0);
		break;
	case ACCEPT:
		result = accept(j->fd, NULL, NULL) < 0 ? -1 : 0;
		break;
	default:
		result = poll(&p, 1, 300);
		printf("  poll: %s\n", poll_names((unsigned)p.revents));
		break;
	}
	err = errno;
	return NULL;
}

static pthread_t start(struct job *j)
{
	pthread_t t;

	pthread_create(&t, NULL, wait_for, j);
	sleep_ms(30);
	return t;
}

static void end(pthread_t t, const char *what)
{
	pthread_join(t, NULL);
	printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
	       result < 0 ? strerrorname_np(err) : "");
}

int main(void)
{
	struct job j;
	pthread_t t, t2;
	int fd[2], p[2];

	part("shutdown wakes");
	tcp_pair(fd, "127.0.0.1:0");
	t = start(&(struct job){RECV, fd[0]});
	CALL(shutdown(fd[0], SHUT_RD));
	end(t, "recv of TCP");
	int l = tcp_listener("127.0.0.1:0", 1);

	t = start(&(struct job){ACCEPT, l});
	CALL(shutdown(l, SHUT_RD));
	end(t, "accept");
	int u = socket(AF_INET, SOCK_DGRAM, 0);

	bind(u, ADDR("127.0.0.1:0"));
	t = start(&(struct job){UDP, u});
	CALL(shutdown(u, SHUT_RD));
	end(t, "recv of UDP");
	part("a closed descriptor goes on being waited for");
	tcp_pair(fd, "127.0.0.1:0");
	t = start(&(struct job){RECV, fd[0]});
	CALL(close(fd[0]));
	CALL(send(fd[1], "still", 5, MSG_NOSIGNAL));
	end(t, "recv of TCP");
	CALL(recv(fd[0], buf, 8, 0));
	settle();
	CALL(recv(fd[1], buf, 8, MSG_DONTWAIT));
	l = tcp_listener("127.0.0.1:0", 1);
	int port = port_of(l), c = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr *to = addr_of("127.0.0.1:0");

	((struct sockaddr_in *)to)->sin_port = htons((uint16_t)port);
	t = start(&(struct job){ACCEPT, l});
	CALL(close(l));
	CALL(connect(c, to, 16));
	end(t, "accept");
	part("poll");
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	j = (struct job){POLL, p[0]};
	t = start(&j);
	CALL(close(p[0]));
	CALL(send(p[1], "x", 1, MSG_NOSIGNAL));
	end(t, "poll");
	part("the number is given out again");
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	t = start(&(struct job){RECV, p[0]});
	int other[2];

	pipe(other);
	VALUE(dup2(other[0], p[0]) == p[0]);
	write(other[1], "pipe", 4);
	CALL(send(p[1], "sock", 4, MSG_NOSIGNAL));
	end(t, "recv");
	printf("%.4s\n", buf);
	part("two wait for one message");
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	t = start(&(struct job){RECV, p[0]});
	t2 = start(&(struct job){RECV, p[0]});
	CALL(send(p[1], "a", 1, 0));
	sleep_ms(20);
	CALL(send(p[1], "bc", 2, 0));
	pthread_join(t, NULL);
	pthread_join(t2, NULL);
	VALUE(recv(p[0], buf, 8, MSG_DONTWAIT));
	part("reset wakes");
	tcp_pair(fd, "127.0.0.1:0");
	t = start(&(struct job){RECV, fd[0]});
	struct linger lin = {1, 0};

	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &lin, sizeof(lin));
	CALL(close(fd[1]));
	end(t, "recv");
	return 0;
}

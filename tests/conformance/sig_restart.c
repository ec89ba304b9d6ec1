/* SPDX-License-Identifier: MIT */
/*
 * Which blocking calls go on after a handler with SA_RESTART, and which give EINTR all the
 * same: signal(7).
 */
#include "transcript.h"
#include <sys/eventfd.h>
#include <sys/select.h>

static int p[2], u[2], fd[2], udp, l, ev, ep, full[2], fullp[2];
static char buf[8];
static struct timeval tv;
static struct timespec ts;
static struct epoll_event e;
static struct pollfd pf;
static fd_set set;

/* The call is interrupted after 20 ms; after 60 ms something comes that lets it end. */
static void *rescue(void *arg)
{
	uint64_t one = 1;

	(void)arg;
	sleep_ms(60);
	write(p[1], "p", 1);
	write(u[1], "u", 1);
	write(fd[1], "t", 1);
	sendto(udp, "d", 1, 0, TO("127.0.0.1:0", udp));
	connect(socket(AF_INET, SOCK_STREAM, 0), TO("127.0.0.1:0", l));
	write(ev, &one, 8);
	for (int i = 0; i < 64; i++)
		recv(full[1], (char[4096]){0}, 4096, MSG_DONTWAIT);
	read(fullp[0], (char[4096]){0}, 4096);
	return NULL;
}

static int flags;

#define INTERRUPTED(call)                                                                          \
	do {                                                                                       \
		begin();                                                                           \
		show_result(#call, (call));                                                        \
		finish();                                                                          \
	} while (0)

static pthread_t helper;

static void begin(void)
{
	sigset_t alrm;

	sigemptyset(&alrm);
	sigaddset(&alrm, SIGALRM);
	pipe(p);
	socketpair(AF_UNIX, SOCK_STREAM, 0, u);
	tcp_pair(fd, "127.0.0.1:0");
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	bind(udp, ADDR("127.0.0.1:0"));
	l = tcp_listener("127.0.0.1:0", 1);
	ev = eventfd(0, 0);
	ep = epoll_create1(0);
	e = (struct epoll_event){EPOLLIN, {0}};
	epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e);
	pf = (struct pollfd){p[0], POLLIN, 0};
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	tv = (struct timeval){5, 0};
	ts = (struct timespec){0, 100000000};
	socketpair(AF_UNIX, SOCK_STREAM, 0, full);
	pipe(fullp);
	fill(full[0]);
	fill(fullp[1]);
	caught[SIGALRM] = 0;
	catch_signal(SIGALRM, flags);
	pthread_sigmask(SIG_BLOCK, &alrm, NULL);
	pthread_create(&helper, NULL, rescue, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alrm, NULL);
	alarm_ms(20);
}

static void finish(void)
{
	if (caught[SIGALRM] != 1)
		printf("  caught %d\n", caught[SIGALRM]);
	pthread_join(helper, NULL);
	for (int i = 3; i < 64; i++)
		close(i);
}

static void all(void)
{
	INTERRUPTED(read(p[0], buf, 8));
	INTERRUPTED(read(u[0], buf, 8));
	INTERRUPTED(readv(fd[0], &(struct iovec){buf, 8}, 1));
	INTERRUPTED(recv(fd[0], buf, 8, 0));
	INTERRUPTED(recv(udp, buf, 8, 0));
	INTERRUPTED(recvmsg(
	    u[0], &(struct msghdr){.msg_iov = &(struct iovec){buf, 8}, .msg_iovlen = 1}, 0));
	INTERRUPTED(accept(l, NULL, NULL) < 0 ? -1 : 0);
	INTERRUPTED(read(ev, buf, 8));
	INTERRUPTED(write(full[0], "x", 1));
	INTERRUPTED(write(fullp[1], "x", 1));
	INTERRUPTED(poll(&pf, 1, 5000));
	INTERRUPTED(ppoll(&pf, 1, &ts, NULL));
	INTERRUPTED(select(p[0] + 1, &set, NULL, NULL, &tv));
	INTERRUPTED(epoll_wait(ep, &e, 1, 5000));
	INTERRUPTED(nanosleep(&ts, NULL));
	INTERRUPTED(usleep(100000));
	INTERRUPTED(pause());
	INTERRUPTED(
	    (setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), recv(fd[0], buf, 8, 0)));
	INTERRUPTED(
	    (setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), recv(udp, buf, 8, 0)));
	INTERRUPTED((setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)),
		     accept(l, NULL, NULL) < 0 ? -1 : 0));
	INTERRUPTED((long)syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL));
}

int main(void)
{
	part("SA_RESTART");
	flags = SA_RESTART;
	all();
	part("without");
	flags = 0;
	all();
	part("wait");
	for (flags = 0; flags <= SA_RESTART; flags += SA_RESTART) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			sleep_ms(80);
			_exit(3);
		}
		catch_signal(SIGALRM, flags);
		alarm_ms(20);
		CALL(waitpid(pid, &status, 0) < 0 ? -1 : 0);
		while (waitpid(pid, &status, 0) > 0)
			;
		show_status("child", status);
	}
	part("what is left of a sleep");
	struct timespec left = {0, 0};

	catch_signal(SIGALRM, SA_RESTART);
	alarm_ms(20);
	ts = (struct timespec){5, 0};
	CALL(nanosleep(&ts, &left));
	FACT(left.tv_sec == 4 && left.tv_nsec > 800000000 && left.tv_nsec < 985000000);
	part("data that came before counts");
	tcp_pair(fd, "127.0.0.1:0");
	catch_signal(SIGALRM, SA_RESTART);
	send(fd[1], "abc", 3, 0);
	alarm_ms(20);
	CALL(recv(fd[0], buf, 8, MSG_WAITALL));
	socketpair(AF_UNIX, SOCK_STREAM, 0, u);
	send(u[1], "abc", 3, 0);
	alarm_ms(20);
	CALL(recv(u[0], buf, 8, MSG_WAITALL));
	return 0;
}

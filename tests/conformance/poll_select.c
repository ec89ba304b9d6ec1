/* SPDX-License-Identifier: MIT */
/*
 * poll(), ppoll(), select(), pselect(): odd descriptors, timeouts, signals, bad arguments:
 * poll(2), select(2).
 */
#include "transcript.h"
#include <sys/select.h>

static int p[2], closed;

static void show(const char *text, int n, const struct pollfd *f, int nf)
{
	int err = errno;

	printf("%s = %d%s%s:", text, n, n < 0 ? " " : "", n < 0 ? strerrorname_np(err) : "");
	for (int i = 0; i < nf; i++)
		printf(" %s", poll_names((unsigned)f[i].revents));
	printf("\n");
}
#define POLL(f, n, ms) show("poll(" #f ", " #ms ")", poll(f, n, ms), f, n)

static void sets(const char *text, int n, fd_set *r, fd_set *w, fd_set *e)
{
	int err = errno;

	printf("%s = %d%s%s:", text, n, n < 0 ? " " : "", n < 0 ? strerrorname_np(err) : "");
	for (int i = 0; i < 2; i++)
		printf(" %c%c%c", r && FD_ISSET(p[i], r) ? 'r' : '-',
		       w && FD_ISSET(p[i], w) ? 'w' : '-', e && FD_ISSET(p[i], e) ? 'e' : '-');
	printf("\n");
}

int main(void)
{
	struct pollfd none = {-1, POLLIN, 0x55}, bad, two[2], same[2], file, zero;
	fd_set r, w, e;
	struct timeval tv = {0, 30000};
	struct timespec ts = {0, 30000000};
	sigset_t set, old;

	pipe(p);
	closed = 60;
	bad = (struct pollfd){closed, POLLIN, 0};
	part("poll");
	POLL(&none, 1, 0);
	TOOK(30, POLL(&none, 1, 30));
	POLL(&bad, 1, -1);
	bad.events = 0;
	POLL(&bad, 1, 1000);
	two[0] = (struct pollfd){p[0], POLLIN | POLLOUT, 0};
	two[1] = (struct pollfd){p[1], POLLIN | POLLOUT, 0};
	POLL(two, 2, -1);
	write(p[1], "x", 1);
	POLL(two, 2, 0);
	same[0] = same[1] = (struct pollfd){p[0], POLLIN | POLLRDNORM, 0};
	POLL(same, 2, 0);
	zero = (struct pollfd){p[0], 0, 0};
	POLL(&zero, 1, 0);
	file = (struct pollfd){open("file", O_CREAT | O_RDWR, 0600), POLLIN | POLLOUT | POLLPRI, 0};
	POLL(&file, 1, 0);
	TOOK(0, POLL(&file, 1, -1));
	TOOK(30, CALL(poll(NULL, 0, 30)));
	CALL(poll(NULL, 1, 0));
	CALL(poll(two, 1 << 30, 0));
	part("ppoll");
	TOOK(30, CALL(ppoll(&none, 1, &ts, NULL)));
	FACT(ts.tv_nsec == 30000000);
	ts.tv_nsec = -1;
	CALL(ppoll(&none, 1, &ts, NULL));
	ts = (struct timespec){0, 0};
	catch_signal(SIGUSR1, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	CALL(poll(&none, 1, 10));
	CALL(ppoll(two, 2, NULL, &old)); /* ready: the signal stays pending */
	VALUE(caught[SIGUSR1]);
	CALL(ppoll(&none, 1, NULL, &old));
	VALUE(caught[SIGUSR1]);
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	FACT(sigismember(&now, SIGUSR1) == 1);
	sigprocmask(SIG_SETMASK, &old, NULL);
	part("EINTR");
	catch_signal(SIGALRM, SA_RESTART);
	alarm_ms(30);
	TOOK(25, CALL(poll(&none, 1, 5000)));
	alarm_ms(30);
	tv = (struct timeval){5, 0};
	TOOK(25, CALL(select(0, NULL, NULL, NULL, &tv)));
	part("select");
#define SETS()                                                                                     \
	do {                                                                                       \
		FD_ZERO(&r);                                                                       \
		FD_SET(p[0], &r);                                                                  \
		FD_ZERO(&w);                                                                       \
		FD_SET(p[1], &w);                                                                  \
		FD_ZERO(&e);                                                                       \
		FD_SET(p[0], &e);                                                                  \
	} while (0)
	SETS();
	sets("ready to read and to write", select(p[1] + 1, &r, &w, &e, NULL), &r, &w, &e);
	SETS();
	sets("nfds leaves the second out", select(p[1], &r, &w, &e, NULL), &r, NULL, &e);
	FD_ZERO(&r);
	FD_SET(p[1], &r);
	tv = (struct timeval){0, 30000};
	TOOK(30, sets("timeout", select(p[1] + 1, &r, NULL, NULL, &tv), &r, NULL, NULL));
	VALUE(tv.tv_sec);
	VALUE(tv.tv_usec);
	FD_ZERO(&r);
	FD_SET(closed, &r);
	CALL(select(closed + 1, &r, NULL, NULL, NULL));
	CALL(select(-1, NULL, NULL, NULL, NULL));
	tv = (struct timeval){-1, 0};
	CALL(select(0, NULL, NULL, NULL, &tv));
	tv = (struct timeval){0, 0};
	CALL(select(0, NULL, NULL, NULL, &tv));
	tv = (struct timeval){5, 0};
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	CALL(select(p[0] + 1, &r, NULL, NULL, &tv));
	FACT(tv.tv_sec == 4 || tv.tv_sec == 5);
	FACT(tv.tv_sec == 5 || tv.tv_usec > 900000);
	part("pselect");
	ts = (struct timespec){0, 30000000};
	TOOK(30, CALL(pselect(0, NULL, NULL, NULL, &ts, NULL)));
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	CALL(pselect(0, NULL, NULL, NULL, NULL, &old));
	VALUE(caught[SIGUSR1]);
	part("exceptional conditions");
	int fd[2];

	tcp_pair(fd, "127.0.0.1:0");
	send(fd[0], "u", 1, MSG_OOB);
	settle();
	FD_ZERO(&e);
	FD_SET(fd[1], &e);
	CALL(select(fd[1] + 1, NULL, NULL, &e, NULL));
	part("closed pipes");
	close(p[1]);
	EVENTS(p[0]);
	SETS();
	FD_ZERO(&w);
	CALL(select(p[0] + 1, &r, NULL, &e, NULL));
	return 0;
}

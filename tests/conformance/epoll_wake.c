/* SPDX-License-Identifier: MIT */
/*
 * Who is woken by epoll and how often: EPOLLET with several waiters, EPOLLEXCLUSIVE,
 * epoll_pwait(), changes under a waiter.
 */
#include "transcript.h"

static int ep[4], p[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int woken;

static void *waiter(void *arg)
{
	struct epoll_event ev;
	int n = epoll_wait(*(int *)arg, &ev, 1, 200);

	pthread_mutex_lock(&lock);
	woken += n;
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Four threads wait, on one instance or each on its own; what wakes how many? */
static void wake(const char *title, unsigned events, bool shared)
{
	struct epoll_event ev = {EPOLLIN | events, {0}};
	pthread_t t[4];

	pipe(p);
	woken = 0;
	for (int i = 0; i < 4; i++) {
		ep[i] = shared && i ? ep[0] : epoll_create1(0);
		if (!shared || !i)
			epoll_ctl(ep[i], EPOLL_CTL_ADD, p[0], &ev);
	}
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, waiter, &ep[i]);
	sleep_ms(50);
	write(p[1], "x", 1);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	printf("%s: %d woken\n", title, woken);
	for (int i = 0; i < (shared ? 1 : 4); i++)
		close(ep[i]);
	close(p[0]);
	close(p[1]);
}

static void *adder(void *arg)
{
	struct epoll_event ev = {EPOLLIN, {.u32 = 42}};

	sleep_ms(30);
	epoll_ctl(ep[0], EPOLL_CTL_ADD, *(int *)arg, &ev);
	return NULL;
}

static void *closer(void *arg)
{
	sleep_ms(30);
	close(*(int *)arg);
	return NULL;
}

int main(void)
{
	struct epoll_event ev = {0};
	sigset_t set, old;
	pthread_t t;

	part("four waiters of one instance");
	wake("level", 0, true);
	wake("edge", EPOLLET, true);
	wake("one-shot", EPOLLONESHOT, true);
	part("four instances");
	wake("level", 0, false);
	wake("edge", EPOLLET, false);
	part("changes under a waiter");
	pipe(p);
	write(p[1], "x", 1);
	ep[0] = epoll_create1(0);
	pthread_create(&t, NULL, adder, &p[0]);
	CALL(epoll_wait(ep[0], &ev, 1, 2000));
	VALUE(ev.data.u32);
	pthread_join(t, NULL);
	part("the instance is closed under a waiter");
	char byte;

	read(p[0], &byte, 1);
	pthread_create(&t, NULL, closer, &ep[0]);
	TOOK(80, CALL(epoll_wait(ep[0], &ev, 1, 80)));
	pthread_join(t, NULL);
	CALL(epoll_wait(ep[0], &ev, 1, 0));
	part("epoll_pwait");
	ep[0] = epoll_create1(0);
	catch_signal(SIGUSR1, SA_RESTART);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	CALL(epoll_wait(ep[0], &ev, 1, 10));
	VALUE(caught[SIGUSR1]);
	CALL(epoll_pwait(ep[0], &ev, 1, 1000, &old));
	VALUE(caught[SIGUSR1]);
	CALL(epoll_pwait(ep[0], &ev, 1, 10, &set));
	struct timespec ts = {0, 40000000};

	TOOK(40, CALL(epoll_pwait2(ep[0], &ev, 1, &ts, NULL)));
	ts.tv_nsec = 1000000000;
	CALL(epoll_pwait2(ep[0], &ev, 1, &ts, NULL));
	return 0;
}

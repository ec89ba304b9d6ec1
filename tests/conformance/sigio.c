/* SPDX-License-Identifier: MIT */
/*
 * SIGIO and SIGURG: who owns a socket, what is sent when, what siginfo tells, who may be sent it,
 * and that the condition may have gone: socket(7), "Signals" and "Ioctls"; fcntl(2), "Managing
 * signals".
 */
#include "transcript.h"

#include <linux/sockios.h>
#include <sys/resource.h>

#define RT (SIGRTMIN + 2)

static struct {
	int sig, fd, code, band, n;
} log_[256];
static volatile sig_atomic_t logged;
static char buf[4096];

static void note(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	if (logged < 256) {
		log_[logged].sig = sig;
		log_[logged].fd = si->si_fd;
		log_[logged].code = si->si_code;
		log_[logged].band = (int)si->si_band;
	}
	logged++;
}

static void on(int sig)
{
	struct sigaction sa = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(sig, &sa, NULL);
}

/* What came since the last look; of an equal run only how many. */
static void came(const char *what, int fd)
{
	settle();
	printf("%s:", what);
	for (int i = 0; i < logged; i++) {
		bool info = log_[i].code > 0 && log_[i].code <= 6;

		printf(" %s", log_[i].sig == RT ? "RT" : signal_name(log_[i].sig));
		printf("(code %d", log_[i].code);
		if (info)
			printf(", %s, fd %s", poll_names((unsigned)log_[i].band),
			       log_[i].fd == fd ? "of it" : "another");
		printf(")");
	}
	printf("%s\n", logged ? "" : " nothing");
	logged = 0;
}

static void async(int fd)
{
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

/* A stream's life, told to its owner. */
static void stream(const char *title, int fd[2], int sig)
{
	part(title);
	async(fd[0]);
	fcntl(fd[0], F_SETSIG, sig);
	came("at first", fd[0]);
	send(fd[1], "a", 1, 0);
	came("data", fd[0]);
	send(fd[1], "b", 1, 0);
	came("more data", fd[0]);
	recv(fd[0], buf, 10, 0);
	came("read", fd[0]);
	FACT(fill(fd[0]));
	came("filled", fd[0]);
	while (recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	settle();
	FACT(logged > 0);
	if (logged)
		printf("drained: code %d, %s\n", log_[0].code,
		       log_[0].code > 0 ? poll_names((unsigned)log_[0].band) : "-");
	logged = 0;
	shutdown(fd[1], SHUT_WR);
	came("the peer writes no more", fd[0]);
	close(fd[1]);
	came("the peer closes", fd[0]);
	fcntl(fd[0], F_SETFL, 0);
	close(fd[0]);
}

static void connecting(void)
{
	int l = tcp_listener("127.0.0.1:0", 4), c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
	    a;

	part("connecting");
	async(l);
	fcntl(l, F_SETSIG, RT);
	async(c);
	fcntl(c, F_SETSIG, RT);
	CALL(connect(c, TO("127.0.0.1:0", l)));
	settle();
	/* One host does both: whose turn was first is its own affair. */
	for (int i = 0; i < logged; i++) {
		if (log_[i].fd == c)
			printf("the client: code %d, %s\n", log_[i].code,
			       poll_names((unsigned)log_[i].band));
	}
	for (int i = 0; i < logged; i++) {
		if (log_[i].fd == l)
			printf("the listener: code %d, %s\n", log_[i].code,
			       poll_names((unsigned)log_[i].band));
	}
	logged = 0;
	a = accept(l, NULL, NULL);
	CALL(fcntl(a, F_GETFL) & O_ASYNC);
	CALL(fcntl(a, F_GETOWN));
	close(l);
	close(c);
	close(a);
	logged = 0;
	part("refused");
	l = socket(AF_INET, SOCK_STREAM, 0);
	bind(l, ADDR("127.0.0.1:0"));
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	async(c);
	fcntl(c, F_SETSIG, RT);
	CALL(connect(c, TO("127.0.0.1:0", l)));
	came("refused", c);
	close(c);
	close(l);
	logged = 0;
}

static void datagrams(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM, 0);

	part("UDP");
	bind(b, ADDR("127.0.0.1:0"));
	connect(a, TO("127.0.0.1:0", b));
	async(b);
	fcntl(b, F_SETSIG, RT);
	send(a, "x", 1, 0);
	came("data", b);
	recv(b, buf, 1, 0);
	came("read", b);
	async(a);
	fcntl(a, F_SETSIG, RT);
	close(b);
	send(a, "x", 1, 0);
	came("port unreachable", a);
	close(a);
	logged = 0;
}

static void urgent(void)
{
	int fd[2], mark;

	part("SIGURG");
	tcp_pair(fd, "127.0.0.1:0");
	send(fd[0], "u", 1, MSG_OOB);
	came("without an owner", fd[1]);
	recv(fd[1], buf, 1, MSG_OOB);
	fcntl(fd[1], F_SETOWN, getpid());
	send(fd[0], "v", 1, MSG_OOB);
	came("with one", fd[1]);
	CALL(ioctl(fd[1], SIOCATMARK, &mark));
	VALUE(mark);
	fcntl(fd[1], F_SETSIG, RT);
	send(fd[0], "w", 1, MSG_OOB);
	came("F_SETSIG", fd[1]);
	fcntl(fd[1], F_SETFL, O_ASYNC);
	send(fd[0], "x", 1, MSG_OOB);
	came("and O_ASYNC", fd[1]);
	CALL(fcntl(fd[1], F_SETOWN, 0));
	send(fd[0], "y", 1, MSG_OOB);
	came("owned no more", fd[1]);
	close(fd[0]);
	close(fd[1]);
	logged = 0;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	fcntl(fd[1], F_SETOWN, getpid());
	send(fd[0], "u", 1, MSG_OOB);
	came("AF_UNIX", fd[1]);
	close(fd[0]);
	close(fd[1]);
}

static void owners(void)
{
	struct f_owner_ex ex;
	int fd[2], n = -7;

	part("owners by ioctl");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	CALL(ioctl(fd[0], SIOCGPGRP, &n));
	VALUE(n);
	n = getpid();
	CALL(ioctl(fd[0], SIOCSPGRP, &n));
	n = 0;
	CALL(ioctl(fd[0], FIOGETOWN, &n));
	FACT(n == getpid());
	FACT(fcntl(fd[0], F_GETOWN) == getpid());
	n = -getpgrp();
	CALL(ioctl(fd[0], FIOSETOWN, &n));
	n = 0;
	CALL(ioctl(fd[0], SIOCGPGRP, &n));
	FACT(n == -getpgrp());
	CALL(fcntl(fd[0], F_GETOWN_EX, &ex));
	FACT(ex.type == F_OWNER_PGRP && ex.pid == getpgrp());
	n = 999999;
	CALL(ioctl(fd[0], SIOCSPGRP, &n));
	n = INT_MIN;
	CALL(ioctl(fd[0], SIOCSPGRP, &n));
	CALL(ioctl(fd[0], SIOCSPGRP, NULL));
	CALL(ioctl(fd[0], SIOCGPGRP, NULL));
	n = 0;
	CALL(ioctl(fd[0], SIOCSPGRP, &n));
	CALL(fcntl(fd[0], F_GETOWN));
	int p[2];

	pipe(p);
	CALL(ioctl(p[0], SIOCGPGRP, &n));
	CALL(ioctl(p[0], FIOASYNC, &n));
	part("F_SETOWN_EX");
	ex = (struct f_owner_ex){F_OWNER_PID, getpid()};
	CALL(fcntl(fd[0], F_SETOWN_EX, &ex));
	FACT(fcntl(fd[0], F_GETOWN) == getpid());
	ex = (struct f_owner_ex){F_OWNER_PID, 0};
	CALL(fcntl(fd[0], F_SETOWN_EX, &ex));
	CALL(fcntl(fd[0], F_GETOWN));
	ex = (struct f_owner_ex){F_OWNER_PID, 999999};
	CALL(fcntl(fd[0], F_SETOWN_EX, &ex));
	ex = (struct f_owner_ex){F_OWNER_TID, -5};
	CALL(fcntl(fd[0], F_SETOWN_EX, &ex));
	CALL(fcntl(fd[0], F_SETOWN_EX, NULL));
	CALL(fcntl(fd[0], F_GETOWN_EX, NULL));
	CALL(fcntl(fd[0], F_SETOWN, INT_MIN));
	part("F_SETSIG");
	CALL(fcntl(fd[0], F_SETSIG, -1));
	CALL(fcntl(fd[0], F_SETSIG, 64));
	VALUE(fcntl(fd[0], F_GETSIG));
	CALL(fcntl(fd[0], F_SETSIG, 0));
	VALUE(fcntl(fd[0], F_GETSIG));
	close(fd[0]);
	close(fd[1]);
}

static volatile pid_t told;

static void who(int sig)
{
	(void)sig;
	told = gettid();
}

static volatile pid_t thread_id;
static volatile bool stop;

static void *thread(void *arg)
{
	(void)arg;
	thread_id = gettid();
	while (!stop)
		sleep_ms(5);
	return NULL;
}

/* One thread, a process group, a child that is another user's. */
static void targets(void)
{
	struct f_owner_ex ex = {F_OWNER_TID, 0};
	int fd[2], status;
	pthread_t t;
	pid_t child;
	int to_us[2];

	part("one thread");
	signal(SIGIO, who);
	pthread_create(&t, NULL, thread, NULL);
	while (!thread_id)
		sleep_ms(1);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	ex.pid = thread_id;
	CALL(fcntl(fd[0], F_SETOWN_EX, &ex));
	fcntl(fd[0], F_SETFL, O_ASYNC);
	send(fd[1], "x", 1, 0);
	settle();
	FACT(told == thread_id);
	stop = true;
	pthread_join(t, NULL);
	told = 0;
	send(fd[1], "x", 1, 0);
	settle();
	VALUE(told);
	CALL(fcntl(fd[0], F_GETOWN_EX, &ex));
	VALUE(ex.pid);
	part("a process group");
	pipe(to_us);
	setpgid(0, 0);
	child = fork();
	if (!child) {
		write(to_us[1], "r", 1);
		for (int i = 0; i < 100 && !told; i++)
			sleep_ms(5);
		leave(told == getpid() ? 3 : 4);
	}
	read(to_us[0], buf, 1);
	CALL(fcntl(fd[0], F_SETOWN, -getpgrp()));
	send(fd[1], "x", 1, 0);
	settle();
	FACT(told == getpid());
	waitpid(child, &status, 0);
	show_status("the child", status);
	part("the condition has gone");
	signal(SIGIO, SIG_DFL);
	logged = 0;
	on(SIGIO);
	recv(fd[0], buf, 100, MSG_DONTWAIT);
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, &old);
	fcntl(fd[0], F_SETOWN, getpid());
	send(fd[1], "gone", 4, 0);
	child = fork();
	if (!child)
		leave(recv(fd[0], buf, 10, MSG_DONTWAIT) == 4 ? 0 : 1);
	waitpid(child, &status, 0);
	show_status("another process reads", status);
	sigprocmask(SIG_SETMASK, &old, NULL);
	came("then the signal", fd[0]);
	DATA(buf, recv(fd[0], buf, 10, MSG_DONTWAIT));
	EVENTS(fd[0]);
	close(fd[0]);
	close(fd[1]);
	part("another user's process");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	child = fork();
	if (!child) {
		setresuid(1000, 1000, 1000);
		leave(fcntl(fd[0], F_SETOWN, getppid()) == 0 && fcntl(fd[0], F_SETFL, O_ASYNC) == 0
			  ? 0
			  : 1);
	}
	waitpid(child, &status, 0);
	show_status("it sets the owner", status);
	send(fd[1], "x", 1, 0);
	came("set by one who may not", fd[0]);
	fcntl(fd[0], F_SETOWN, getpid());
	send(fd[1], "x", 1, 0);
	came("set by oneself", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

/* A user of its own: the limit counts what waits for all processes of one. */
static void overflow(void)
{
	struct rlimit lim = {3, 3};
	sigset_t set, old;
	int fd[2];

	part("the queue of signals is full");
	setresuid(54321, 54321, 54321);
	setrlimit(RLIMIT_SIGPENDING, &lim);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	async(fd[0]);
	fcntl(fd[0], F_SETSIG, RT);
	sigemptyset(&set);
	sigaddset(&set, RT);
	sigaddset(&set, SIGIO);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 6; i++)
		send(fd[1], "x", 1, 0);
	settle();
	sigpending(&set);
	FACT(sigismember(&set, SIGIO) == 1);
	FACT(sigismember(&set, RT) == 1);
	CALL(sigqueue(getpid(), RT, (union sigval){0}));
	CALL(kill(getpid(), RT));
	sigprocmask(SIG_SETMASK, &old, NULL);
	came("let through", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	int fd[2], one = 1, zero = 0;

	on(SIGIO);
	on(SIGURG);
	on(RT);
	part("FIOASYNC");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	CALL(ioctl(fd[0], FIOASYNC, &one));
	FACT(fcntl(fd[0], F_GETFL) & O_ASYNC);
	send(fd[1], "x", 1, 0);
	came("without an owner", fd[0]);
	fcntl(fd[0], F_SETOWN, getpid());
	send(fd[1], "x", 1, 0);
	came("with one", fd[0]);
	CALL(ioctl(fd[0], FIOASYNC, &zero));
	FACT(fcntl(fd[0], F_GETFL) & O_ASYNC);
	send(fd[1], "x", 1, 0);
	came("off", fd[0]);
	CALL(ioctl(fd[0], FIOASYNC, NULL));
	int d = dup(fd[0]);

	CALL(fcntl(fd[0], F_SETFL, O_ASYNC));
	CALL(close(fd[0]));
	send(fd[1], "x", 1, 0);
	came("closed, with a duplicate", d);
	close(d);
	close(fd[1]);
	logged = 0;
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	stream("AF_UNIX, SIGIO", fd, 0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	stream("AF_UNIX, F_SETSIG", fd, RT);
	tcp_pair(fd, "127.0.0.1:0");
	stream("TCP, SIGIO", fd, 0);
	tcp_pair(fd, "127.0.0.1:0");
	stream("TCP, F_SETSIG to SIGIO", fd, SIGIO);
	tcp_pair(fd, "127.0.0.1:0");
	stream("TCP, F_SETSIG", fd, RT);
	connecting();
	datagrams();
	urgent();
	owners();
	targets();
	overflow();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Ways to end, or nearly: "ends crash", "ends forks"... */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int depth;

static void crash(void)
{
	*(volatile int *)16 = 1;
}

/* Until the limit, and then they all go. */
static void forks(void)
{
	int n = 0, e;
	pid_t p;

	while ((p = fork()) > 0)
		n++;
	e = errno;
	if (!p) {
		pause();
		_exit(0);
	}
	printf("%d children, then %s\n", n, strerrorname_np(e));
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

/* All descriptors gone: the next is 0, and there is nowhere to print. */
static void closes(void)
{
	for (int fd = 0; fd < 100; fd++)
		close(fd);
	if (write(1, "x", 1) != -1 || errno != EBADF)
		exit(2);
	exit(socket(AF_INET, SOCK_DGRAM, 0) == 0 ? 33 : 3);
}

static void no_file(void)
{
	execl("/nonexistent/program", "program", NULL);
	printf("execl: %s\n", strerrorname_np(errno));
	exit(127);
}

/* The child stops itself; the parent sees it, and lets it go on. */
static void stops(void)
{
	int status;
	pid_t p = fork();

	if (!p) {
		raise(SIGSTOP);
		_exit(44);
	}
	waitpid(p, &status, WUNTRACED);
	printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
	kill(p, SIGCONT);
	waitpid(p, &status, 0);
	printf("then exited with %d\n", WEXITSTATUS(status));
}

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	siglongjmp(back, info->si_addr == (void *)16 ? 1 : 2);
}

static int recurse(int n)
{
	volatile char frame[4096];

	frame[0] = (char)n;
	depth = n;
	return recurse(n + 1) + frame[0];
}

/* Handlers of faults: with the address, and on a stack of their own when the ordinary one is full. */
static void recovers(void)
{
	stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	if (!sigsetjmp(back, 1))
		crash();
	else
		printf("back from address 16\n");
	if (sigsetjmp(back, 1) == 2)
		printf("back from %s\n", depth > 100 ? "a deep stack" : "a shallow one");
	else
		recurse(0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} ways[] = { { "crash", crash }, { "abort", abort }, { "forks", forks }, { "closes", closes },
		     { "no_file", no_file }, { "stops", stops }, { "recovers", recovers } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc == 2 && !strcmp(argv[1], ways[i].name)) {
			ways[i].fn();
			return 0;
		}
	}
	return 99;
}

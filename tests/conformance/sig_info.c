/* SPDX-License-Identifier: MIT */
/*
 * Signals: siginfo of each kind of sender, masks, order of delivery, real-time queues,
 * alternate stacks: sigaction(2), signal(7).
 */
#include "transcript.h"
#include <setjmp.h>

static char order[256];
static struct {
	int sig, code, value, status;
	pid_t pid;
} got;
static char stack[1 << 16];
static volatile bool on_stack;
static sigjmp_buf env;

static void note(int sig, siginfo_t *si, void *ctx)
{
	char here;

	(void)ctx;
	got.sig = sig;
	got.code = si->si_code;
	got.pid = si->si_pid;
	got.value = si->si_value.sival_int;
	on_stack = &here >= stack && &here < stack + sizeof(stack);
	snprintf(order + strlen(order), sizeof(order) - strlen(order), " %s", signal_name(sig));
	if (si->si_code == SI_QUEUE)
		snprintf(order + strlen(order), sizeof(order) - strlen(order), ":%d",
			 si->si_value.sival_int);
}

static void on(int sig, int flags)
{
	struct sigaction sa = {.sa_sigaction = note, .sa_flags = flags | SA_SIGINFO};

	CALL(sigaction(sig, &sa, NULL));
}

static void show(const char *title)
{
	printf("%s:%s; code %d, pid is %s\n", title, order, got.code,
	       got.pid == getpid() ? "mine"
	       : got.pid	   ? "another's"
				   : "0");
	order[0] = '\0';
	memset(&got, 0, sizeof(got));
}

static void fault(int sig, siginfo_t *si, void *ctx)
{
	(void)ctx;
	got.sig = sig;
	got.code = si->si_code;
	got.value = si->si_addr == NULL;
	siglongjmp(env, 1);
}

int main(void)
{
	sigset_t all, some, old;
	siginfo_t si;
	struct timespec ts = {0, 30000000};
	int status;

	part("refused");
	CALL(sigaction(0, NULL, NULL));
	CALL(sigaction(65, NULL, NULL));
	CALL(sigaction(SIGKILL, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
	CALL(sigaction(SIGSTOP, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
	CALL(kill(getpid(), 0));
	CALL(kill(getpid(), 65));
	CALL(kill(999999, 0));
	CALL(kill(-999999, SIGTERM));
	CALL(sigprocmask(77, &(sigset_t){0}, NULL));
	part("senders");
	on(SIGUSR1, 0);
	on(SIGUSR2, 0);
	on(SIGRTMIN, 0);
	on(SIGRTMIN + 3, 0);
	on(SIGALRM, 0);
	on(SIGCHLD, 0);
	kill(getpid(), SIGUSR1);
	show("kill");
	raise(SIGUSR1);
	show("raise");
	sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 42});
	show("sigqueue");
	alarm_ms(10);
	pause();
	show("alarm");
	if (!fork())
		_exit(7);
	pause();
	show("a child's end");
	wait(NULL);
	part("order when they are let through together");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = i});
	sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 9});
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigpending(&some);
	FACT(sigismember(&some, SIGUSR1) && sigismember(&some, SIGRTMIN) &&
	     !sigismember(&some, SIGALRM));
	part("sigwaitinfo takes the lowest");
	sigemptyset(&some);
	sigaddset(&some, SIGRTMIN + 3);
	sigaddset(&some, SIGUSR2);
	printf("%s\n", signal_name(sigwaitinfo(&some, &si)));
	printf("%s %d\n", signal_name(sigwaitinfo(&some, &si)), si.si_int);
	sigprocmask(SIG_SETMASK, &old, NULL);
	show("the rest");
	part("sigtimedwait");
	sigprocmask(SIG_BLOCK, &some, &old);
	TOOK(30, CALL(sigtimedwait(&some, &si, &ts)));
	ts.tv_nsec = -1;
	CALL(sigtimedwait(&some, &si, &ts));
	ts = (struct timespec){1, 0};
	alarm_ms(10);
	CALL(sigtimedwait(&some, &si, &ts));
	show("another signal");
	part("sigsuspend");
	kill(getpid(), SIGUSR2);
	show("blocked");
	CALL(sigsuspend(&old));
	show("suspended");
	sigset_t now;

	sigprocmask(SIG_SETMASK, &old, &now);
	FACT(sigismember(&now, SIGUSR2) == 1);
	part("ignored signals do not stay");
	sigprocmask(SIG_BLOCK, &some, &old);
	signal(SIGUSR2, SIG_IGN);
	kill(getpid(), SIGUSR2);
	sigpending(&now);
	FACT(sigismember(&now, SIGUSR2) == 1);
	signal(SIGUSR2, SIG_IGN);
	sigpending(&now);
	FACT(sigismember(&now, SIGUSR2) == 1);
	sigprocmask(SIG_SETMASK, &old, NULL);
	part("alternate stack");
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof(stack)}, back;

	CALL(sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = 100}, NULL));
	CALL(sigaltstack(&(stack_t){.ss_flags = 77}, NULL));
	CALL(sigaltstack(&ss, NULL));
	CALL(sigaltstack(NULL, &back));
	FACT(back.ss_sp == stack && back.ss_flags == 0);
	raise(SIGUSR1);
	FACT(on_stack);
	on(SIGUSR1, SA_ONSTACK);
	raise(SIGUSR1);
	FACT(on_stack);
	show("two");
	part("SA_RESETHAND, SA_NODEFER");
	on(SIGUSR1, (int)SA_RESETHAND);
	raise(SIGUSR1);
	struct sigaction sa;

	sigaction(SIGUSR1, NULL, &sa);
	FACT(sa.sa_handler == SIG_DFL);
	show("once");
	part("a fault of its own");
	sa = (struct sigaction){.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	if (!sigsetjmp(env, 1))
		*(volatile int *)NULL = 1;
	printf("%s code %d, at NULL %d\n", signal_name(got.sig), got.code, got.value);
	volatile int zero = 0;

	if (!sigsetjmp(env, 1))
		zero = 100 / zero;
	printf("%s code %d\n", signal_name(got.sig), got.code);
	part("deaths");
	const int deaths[] = {SIGTERM, SIGKILL, SIGSEGV, SIGABRT, SIGUSR2, SIGCHLD, SIGRTMIN + 5};

	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		pid_t pid = fork();

		if (!pid) {
			if (deaths[i] != SIGKILL)
				signal(deaths[i], SIG_DFL);
			kill(getpid(), deaths[i]);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		printf("%s, ", signal_name(deaths[i]));
		show_status("child",
			    status & ~0x80); /* whether a core is dumped depends on limits */
	}
	return 0;
}

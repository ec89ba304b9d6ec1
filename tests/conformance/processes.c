/* SPDX-License-Identifier: MIT */
/*
 * fork(), exec(), wait(): statuses, descriptors over exec, orphans, groups, vfork: fork(2),
 * execve(2), wait(2).
 */
#include "transcript.h"
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static int status;

static pid_t child(int code)
{
	pid_t pid = fork();

	if (!pid)
		_exit(code);
	return pid;
}

/* Run again by exec: says what it finds. */
static int again(char **argv)
{
	int kept = atoi(argv[2]), gone = atoi(argv[3]);
	sigset_t mask;
	struct sigaction sa;

	printf("exec: %s\n", argv[1]);
	FACT(fcntl(kept, F_GETFD) == 0);
	FACT(fcntl(gone, F_GETFD) == -1);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	FACT(sigismember(&mask, SIGUSR1) == 1);
	sigaction(SIGUSR2, NULL, &sa);
	FACT(sa.sa_handler == SIG_DFL);
	sigaction(SIGTERM, NULL, &sa);
	FACT(sa.sa_handler == SIG_IGN);
	puts(getenv("COLOUR") ? getenv("COLOUR") : "no COLOUR");
	write(kept, "from exec", 9);
	return 5;
}

int main(int argc, char **argv)
{
	int p[2], s, gone;
	char buf[32], a[8], b[8];
	pid_t pid;
	siginfo_t si;

	if (argc > 3)
		return again(argv);
	part("wait");
	CALL(wait(&status));
	child(3);
	FACT(wait(&status) > 0);
	show_status("child", status);
	pid = child(0x1ff);
	CALL(waitpid(pid + 1000, &status, 0));
	FACT(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	CALL(waitpid(pid, &status, 0));
	CALL(waitpid(-1, &status, 77777));
	pid = fork();
	if (!pid) {
		pause();
		_exit(1);
	}
	CALL(waitpid(pid, &status, WNOHANG));
	kill(pid, SIGSTOP);
	FACT(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
	kill(pid, SIGCONT);
	FACT(waitpid(pid, &status, WCONTINUED) == pid);
	show_status("child", status);
	kill(pid, SIGTERM);
	memset(&si, 0, sizeof(si));
	CALL(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT));
	FACT(si.si_pid == pid && si.si_signo == SIGCHLD && si.si_code == CLD_KILLED &&
	     si.si_status == SIGTERM);
	CALL(waitid(P_ALL, 0, &si, WEXITED));
	CALL(waitid(P_ALL, 0, &si, WEXITED));
	CALL(waitid(P_ALL, 0, &si, 0));
	part("SIGCHLD ignored: no zombies");
	signal(SIGCHLD, SIG_IGN);
	child(1);
	CALL(wait(&status));
	signal(SIGCHLD, SIG_DFL);
	part("exec");
	pipe(p);
	gone = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	snprintf(a, sizeof(a), "%d", p[1]);
	snprintf(b, sizeof(b), "%d", gone);
	pid = fork();
	if (!pid) {
		sigset_t set;

		sigemptyset(&set);
		sigaddset(&set, SIGUSR1);
		sigprocmask(SIG_BLOCK, &set, NULL);
		catch_signal(SIGUSR2, 0);
		signal(SIGTERM, SIG_IGN);
		char *args[] = {"name", "one", a, b, NULL}, *env[] = {"COLOUR=red", NULL};

		CALL(execve("/nonexistent", args, env));
		CALL(execve("file", args, env));
		CALL(execve("/", args, env));
		fflush(stdout);
		execve("/proc/self/exe", args, env);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	show_status("child", status);
	DATA(buf, read(p[0], buf, 32));
	part("posix_spawn");
	extern char **environ;
	char *sh[] = {"sh", "-c", "exit 42", NULL};

	ERR(posix_spawn(&pid, "/bin/sh", NULL, NULL, sh, environ));
	waitpid(pid, &status, 0);
	show_status("sh", status);
	ERR(posix_spawn(&pid, "/nonexistent", NULL, NULL, sh, environ));
	status = system("exit 3");
	show_status("system", status);
	part("memory and descriptors of a child are its own, offsets shared");
	pid = fork();
	if (!pid) {
		status = 77;
		close(p[0]);
		write(gone, "abc", 3);
		_exit(0);
	}
	status = 1;
	waitpid(pid, NULL, 0);
	VALUE(status);
	CALL(fcntl(p[0], F_GETFD));
	VALUE(lseek(gone, 0, SEEK_CUR));
	part("vfork shares memory");
	volatile int shared = 1;

	pid = vfork();
	if (!pid) {
		shared = 2;
		_exit(4);
	}
	VALUE(shared);
	waitpid(pid, &status, 0);
	show_status("child", status);
	part("orphans");
	CALL(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid_t me = getpid();

	pid = fork();
	if (!pid) {
		if (!fork()) {
			sleep_ms(40);
			FACT(getppid() == me);
			leave(6);
		}
		_exit(0);
	}
	FACT(waitpid(pid, &status, 0) == pid);
	FACT(wait(&status) > 0);
	show_status("orphan", status);
	part("groups and sessions");
	pid = fork();
	if (!pid) {
		FACT(getpgrp() == getpgid(getppid()));
		FACT(setsid() == getpid());
		FACT(getsid(0) == getpid() && getpgrp() == getpid());
		CALL(setsid());
		CALL(setpgid(0, 0));
		leave(0);
	}
	waitpid(pid, &status, 0);
	show_status("child", status);
	CALL(getpgid(999999));
	CALL(setpgid(999999, 0));
	part("limits");
	struct rlimit rl;

	pid = fork();
	if (!pid) {
		getrlimit(RLIMIT_NOFILE, &rl);
		rl.rlim_cur = 10;
		CALL(setrlimit(RLIMIT_NOFILE, &rl));
		s = socket(AF_UNIX, SOCK_STREAM, 0);
		while (dup(s) >= 0)
			;
		CALL(dup(s));
		CALL(socket(AF_INET, SOCK_STREAM, 0));
		CALL(pipe(p));
		CALL(dup2(s, 10));
		CALL(fcntl(s, F_DUPFD, 10));
		leave(0);
	}
	waitpid(pid, &status, 0);
	show_status("child", status);
	return 0;
}

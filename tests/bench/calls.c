/* SPDX-License-Identifier: MIT */
/*
 * calls getppid|send|sleep N: a program that does nothing but calls. getppid: without data; send: 1 KiB
 * into a socket, taken out again every tenth time; sleep: 10 ms each.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int sends(long n)
{
	static char buf[10240];
	int s[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return 1;
	for (long i = 0; i < n; i++) {
		if (send(s[0], buf, 1024, 0) != 1024)
			return 1;
		if (i % 10 == 9 && recv(s[1], buf, sizeof(buf), MSG_WAITALL) != sizeof(buf))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct timespec ten_ms = { 0, 10000000 };
	long n = argc == 3 ? atol(argv[2]) : 0;

	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "send"))
		return sends(n);
	for (long i = 0; i < n; i++) {
		if (!strcmp(argv[1], "sleep"))
			nanosleep(&ten_ms, NULL);
		else
			syscall(SYS_getppid);
	}
	return 0;
}

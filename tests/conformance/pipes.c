/* SPDX-License-Identifier: MIT */
/* Pipes: PIPE_BUF, O_NONBLOCK, SIGPIPE, POLLHUP, sizes, FIONREAD: pipe(7), fcntl(2). */
#include "transcript.h"

static int p[2];
static char big[1 << 17];

int main(void)
{
	char buf[16];
	int n;

	catch_signal(SIGPIPE, 0);
	part("creation");
	CALL(pipe2(p, 0x1000000));
	CALL(pipe(NULL));
	CALL(pipe2(p, O_CLOEXEC | O_NONBLOCK));
	FACT(fcntl(p[0], F_GETFL) == (O_RDONLY | O_NONBLOCK));
	FACT(fcntl(p[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
	FACT(fcntl(p[0], F_GETFD) == FD_CLOEXEC);
	part("the wrong end");
	CALL(write(p[0], "x", 1));
	CALL(read(p[1], buf, 1));
	CALL(lseek(p[0], 0, SEEK_SET));
	CALL(pread(p[0], buf, 1, 0));
	CALL(fsync(p[0]));
	CALL(ftruncate(p[1], 0));
	CALL(listen(p[0], 1));
	part("sizes");
	EVENTS(p[0]);
	EVENTS(p[1]);
	VALUE(fcntl(p[1], F_GETPIPE_SZ));
	DATA(buf, read(p[0], buf, 16));
	DATA(buf, read(p[0], buf, 0));
	CALL(write(p[1], "", 0));
	CALL(write(p[1], "hello", 5));
	CALL(write(p[1], " world", 6));
	CALL(ioctl(p[0], FIONREAD, &n));
	VALUE(n);
	DATA(buf, read(p[0], buf, 7));
	DATA(buf, read(p[0], buf, 16));
	CALL(write(p[1], big, 65537));
	EVENTS(p[0]);
	EVENTS(p[1]);
	CALL(write(p[1], "x", 1));
	CALL(read(p[0], big, 1));
	EVENTS(p[1]);
	CALL(write(p[1], "x", 1));
	CALL(read(p[0], big, 4095));
	EVENTS(p[1]);
	CALL(write(p[1], big, 4097));
	CALL(write(p[1], big, 1));
	part("PIPE_BUF is written whole or not at all");
	CALL(read(p[0], big, 100));
	CALL(write(p[1], big, 4096));
	CALL(write(p[1], big, 101));
	CALL(write(p[1], big, 5000));
	CALL(ioctl(p[0], FIONREAD, &n));
	VALUE(n);
	CALL(read(p[0], big, sizeof(big)));
	CALL(read(p[0], big, sizeof(big)));
	part("many small writes fill slots");
	for (n = 0; write(p[1], "ab", 2) == 2; n++)
		;
	VALUE(n);
	CALL(read(p[0], big, sizeof(big)));
	part("F_SETPIPE_SZ");
	VALUE(fcntl(p[1], F_SETPIPE_SZ, 1));
	VALUE(fcntl(p[1], F_SETPIPE_SZ, 5000));
	VALUE(fcntl(p[1], F_GETPIPE_SZ));
	CALL(write(p[1], big, 8192));
	CALL(fcntl(p[1], F_SETPIPE_SZ, 4096));
	CALL(fcntl(p[1], F_SETPIPE_SZ, -1));
	VALUE(fcntl(p[1], F_SETPIPE_SZ, 1 << 17));
	CALL(fcntl(socket(AF_INET, SOCK_STREAM, 0), F_GETPIPE_SZ));
	part("the writer closes");
	CALL(read(p[0], big, sizeof(big)));
	CALL(write(p[1], "end", 3));
	CALL(close(p[1]));
	EVENTS(p[0]);
	DATA(buf, read(p[0], buf, 16));
	DATA(buf, read(p[0], buf, 16));
	EVENTS(p[0]);
	part("the reader closes");
	pipe(p);
	CALL(close(p[0]));
	EVENTS(p[1]);
	CALL(write(p[1], "x", 1));
	VALUE(caught[SIGPIPE]);
	CALL(write(p[1], "", 0));
	part("a FIFO that a blocked reader shares");
	pipe(p);
	pid_t pid = fork();

	if (!pid) {
		close(p[1]);
		CALL(read(p[0], buf, 16));
		CALL(read(p[0], buf, 16));
		leave(0);
	}
	close(p[0]);
	settle();
	CALL(write(p[1], "to child", 8));
	settle();
	close(p[1]);
	int status;

	waitpid(pid, &status, 0);
	show_status("child", status);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * A whole small server and its client in one statically linked program: fork, accept, poll, exit
 * statuses. build: -static
 */
#include "transcript.h"

static int serve(int l)
{
	char buf[64];

	for (int i = 0; i < 3; i++) {
		int c = accept(l, NULL, NULL);
		long n;

		while ((n = read(c, buf, sizeof(buf))) > 0) {
			for (long k = 0; k < n; k++)
				buf[k] ^= buf[k] >= 'a' && buf[k] <= 'z' ? 0x20 : 0;
			write(c, buf, (size_t)n);
		}
		close(c);
	}
	return 17;
}

int main(void)
{
	int l = tcp_listener("127.0.0.1:0", 5), c, status;
	char buf[64];
	pid_t pid = fork();

	if (!pid)
		_exit(serve(l));
	for (int i = 0; i < 3; i++) {
		c = FD(socket(AF_INET, SOCK_STREAM, 0));
		CALL(connect(c, TO("127.0.0.1:0", l)));
		snprintf(buf, sizeof(buf), "hello, world %d", i);
		CALL(write(c, buf, strlen(buf)));
		DATA(buf, read(c, buf, sizeof(buf)));
		CALL(shutdown(c, SHUT_WR));
		DATA(buf, read(c, buf, sizeof(buf)));
		CALL(close(c));
	}
	FACT(waitpid(pid, &status, 0) == pid);
	show_status("server", status);
	return 0;
}

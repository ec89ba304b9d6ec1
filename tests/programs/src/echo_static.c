/* SPDX-License-Identifier: MIT */
/* A forked server echoes what its parent sends; linked statically. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 100000

static void serve(int l, int other)
{
	char buf[4096];
	int c = accept(l, NULL, NULL);
	ssize_t n;

	close(other);
	while ((n = read(c, buf, sizeof(buf))) > 0) {
		if (write(c, buf, (size_t)n) != n)
			_exit(1);
	}
	_exit(n < 0);
}

int main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), status;
	size_t got = 0;
	char out[1000], in[1000];

	if (bind(l, (struct sockaddr *)&sin, len) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&sin, &len)) {
		perror("listen");
		return 1;
	}
	if (!fork())
		serve(l, c);
	if (connect(c, (struct sockaddr *)&sin, len)) {
		perror("connect");
		return 1;
	}
	for (int i = 0; i < BYTES / 1000; i++) {
		memset(out, 'a' + i % 26, sizeof(out));
		if (send(c, out, sizeof(out), 0) != sizeof(out) ||
		    recv(c, in, sizeof(in), MSG_WAITALL) != sizeof(in) || memcmp(in, out, sizeof(in)))
			return 1;
		got += sizeof(in);
	}
	close(c);
	wait(&status);
	printf("echoed %zu bytes, status %d\n", got, status);
	return status;
}

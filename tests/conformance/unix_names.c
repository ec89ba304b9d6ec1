/* SPDX-License-Identifier: MIT */
/*
 * Names of AF_UNIX sockets: paths, abstract names, autobind, lengths, errors of bind() and
 * connect(): unix(7).
 */
#include "transcript.h"
#include <sys/stat.h>

int main(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int s = FD(socket(AF_UNIX, SOCK_STREAM, 0)), c, d;
	struct stat st;

	part("a path");
	NAME(s);
	CALL(bind(s, ADDR("unix:sock")));
	NAME(s);
	CALL(stat("sock", &st));
	FACT(S_ISSOCK(st.st_mode));
	CALL(bind(s, ADDR("unix:other")));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:sock")));
	c = FD(socket(AF_UNIX, SOCK_STREAM, 0));
	CALL(connect(c, ADDR("unix:sock")));
	CALL(listen(s, 5));
	CALL(connect(c, ADDR("unix:sock")));
	NAME(c);
	PEER(c);
	CALL(connect(c, ADDR("unix:sock")));
	CALL(connect(c, ADDR("unspec")));
	d = FD(accept(s, NULL, NULL));
	NAME(d);
	PEER(d);
	CALL(connect(socket(AF_UNIX, SOCK_DGRAM, 0), ADDR("unix:sock")));
	CALL(connect(socket(AF_UNIX, SOCK_SEQPACKET, 0), ADDR("unix:sock")));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:nothing")));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:nodir/x")));
	CALL(open("sock", O_RDWR));
	CALL(close(s));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:sock")));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:sock")));
	CALL(unlink("sock"));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:sock")));
	CALL(close(open("file", O_CREAT | O_WRONLY, 0600)));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:file")));

	part("an abstract name");
	s = FD(socket(AF_UNIX, SOCK_STREAM, 0));
	CALL(bind(s, ADDR("unix:@name")));
	NAME(s);
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:@name")));
	CALL(bind(socket(AF_UNIX, SOCK_DGRAM, 0), ADDR("unix:@name")));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:@name")));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:@none")));
	CALL(close(s));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("unix:@name")));

	part("autobind");
	s = FD(socket(AF_UNIX, SOCK_DGRAM, 0));
	CALL(bind(s, (struct sockaddr *)&un, sizeof(sa_family_t)));
	socklen_t len = sizeof(un);

	CALL(getsockname(s, (struct sockaddr *)&un, &len));
	VALUE(len);
	FACT(un.sun_path[0] == '\0' && strspn(un.sun_path + 1, "0123456789abcdef") == 5);

	part("lengths");
	memset(un.sun_path, 'x', sizeof(un.sun_path));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un)));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un) + 1));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, 1));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, 2));
	CALL(bind(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("127.0.0.1:0")));
	CALL(connect(socket(AF_UNIX, SOCK_STREAM, 0), ADDR("127.0.0.1:1")));
	part("a full backlog");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	CALL(bind(s, ADDR("unix:@full")));
	CALL(listen(s, 1));
	for (int i = 0; i < 4; i++)
		CALL(connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), ADDR("unix:@full")));
	EVENTS(s);
	CALL(accept(s, NULL, NULL) > 0);
	CALL(connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), ADDR("unix:@full")));
	CALL(listen(socket(AF_UNIX, SOCK_STREAM, 0), 1));
	CALL(listen(socket(AF_UNIX, SOCK_DGRAM, 0), 1));
	return 0;
}

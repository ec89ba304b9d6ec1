/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and credentials over AF_UNIX: SCM_RIGHTS, SCM_CREDENTIALS, SO_PASSCRED,
 * SO_PEERCRED, MSG_CTRUNC: unix(7).
 */
#include "transcript.h"

static int sv[2];

static void send_rights(int sock, const int *fds, size_t n, const char *text)
{
	char ctl[CMSG_SPACE(300 * sizeof(int))] = {0};
	struct iovec iov = {(char *)text, strlen(text)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = ctl,
			   .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	printf("%zu descriptors: ", n);
	CALL(sendmsg(sock, &m, MSG_NOSIGNAL));
}

/* got: where the last descriptor goes. */
static void receive(int sock, size_t room, int flags, int *got)
{
	char ctl[1024], buf[16];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr m = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = room};

	memset(ctl, 0, sizeof(ctl));
	if (DATA(buf, recvmsg(sock, &m, flags)) < 0)
		return;
	printf("  flags %s\n", msg_names((unsigned)m.msg_flags));
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_type == SCM_RIGHTS) {
			size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			int fd = ((int *)CMSG_DATA(c))[n - 1];

			printf("  SCM_RIGHTS %zu, FD_CLOEXEC %d\n", n, fcntl(fd, F_GETFD));
			if (got)
				*got = fd;
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred u;

			memcpy(&u, CMSG_DATA(c), sizeof(u));
			printf("  SCM_CREDENTIALS pid is %s, uid %u gid %u\n",
			       u.pid == getpid() ? "mine"
			       : u.pid		 ? "another's"
						 : "0",
			       u.uid, u.gid);
		} else {
			printf("  level %d type %d\n", c->cmsg_level, c->cmsg_type);
		}
	}
}

static void send_cred(int sock, pid_t pid, uid_t uid)
{
	char ctl[CMSG_SPACE(sizeof(struct ucred))] = {0};
	struct ucred u = {pid, uid, 0};
	struct iovec iov = {"cred", 4};
	struct msghdr m = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(u));
	memcpy(CMSG_DATA(c), &u, sizeof(u));
	CALL(sendmsg(sock, &m, 0));
}

int main(void)
{
	int p[2], got = -1, one = 1, fds[300], bad = 999;
	struct ucred u;
	socklen_t len = sizeof(u);
	char byte;

	part("SCM_RIGHTS");
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	CALL(pipe(p));
	send_rights(sv[0], p, 2, "pipe");
	CALL(close(p[1]));
	receive(sv[1], 256, 0, &got);
	CALL(write(got, "!", 1));
	DATA(&byte, read(p[0], &byte, 1));
	close(got);
	part("MSG_CMSG_CLOEXEC");
	send_rights(sv[0], p, 1, "x");
	receive(sv[1], 256, MSG_CMSG_CLOEXEC, &got);
	part("too little room");
	send_rights(sv[0], (int[]){0, 1, 2}, 3, "three");
	receive(sv[1], CMSG_SPACE(2 * sizeof(int)), 0, NULL);
	send_rights(sv[0], p, 1, "none");
	receive(sv[1], 0, 0, NULL);
	send_rights(sv[0], p, 1, "tiny");
	receive(sv[1], 8, 0, NULL);
	part("peeked at, then received");
	send_rights(sv[0], p, 1, "peek");
	receive(sv[1], 256, MSG_PEEK, NULL);
	receive(sv[1], 256, 0, NULL);
	part("rights end a read of a stream");
	CALL(send(sv[0], "before", 6, 0));
	send_rights(sv[0], p, 1, "with");
	CALL(send(sv[0], "after", 5, 0));
	receive(sv[1], 256, MSG_DONTWAIT, NULL);
	receive(sv[1], 256, MSG_DONTWAIT, NULL);
	receive(sv[1], 256, MSG_DONTWAIT, NULL);
	part("errors");
	send_rights(sv[0], &bad, 1, "bad");
	for (int i = 0; i < 300; i++)
		fds[i] = 0;
	send_rights(sv[0], fds, 253, "most");
	receive(sv[1], 1024, 0, NULL);
	send_rights(sv[0], fds, 254, "more");
	part("a socket in flight keeps its connection");
	int t[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, t);
	send_rights(sv[0], &t[1], 1, "t");
	close(t[1]);
	CALL(send(t[0], "hello", 5, MSG_NOSIGNAL));
	receive(sv[1], 256, 0, &got);
	char buf[8];

	DATA(buf, recv(got, buf, 8, 0));
	part("dropped with the queue");
	send_rights(sv[0], &got, 1, "t");
	close(got);
	CALL(close(sv[1]));
	EVENTS(t[0]);
	CALL(send(t[0], "x", 1, MSG_NOSIGNAL));
	part("credentials");
	socketpair(AF_UNIX, SOCK_DGRAM, 0, sv);
	CALL(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &u, &len));
	FACT(u.pid == getpid() && u.uid == getuid());
	send(sv[0], "before", 6, 0);
	receive(sv[1], 256, 0, NULL);
	CALL(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	send(sv[0], "after", 5, 0);
	receive(sv[1], 256, 0, NULL);
	send_cred(sv[0], getpid(), 0);
	receive(sv[1], 256, 0, NULL);
	send_cred(sv[0], 999999, 0);
	send(sv[0], "cut", 3, 0);
	receive(sv[1], 20, 0, NULL);
	part("another process");
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	if (!fork()) {
		send(sv[0], "child", 5, 0);
		_exit(0);
	}
	wait(NULL);
	receive(sv[1], 256, 0, NULL);
	CALL(getsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_PEERCRED, &u, &len));
	printf("pid %d uid %d gid %d\n", u.pid, (int)u.uid, (int)u.gid);
	return 0;
}

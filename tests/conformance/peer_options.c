/* SPDX-License-Identifier: MIT */
/*
 * Options that tell who is at the other end and what may pass: SO_PEERCRED, SO_PEERGROUPS, SO_PEERPIDFD,
 * SO_PEERSEC, SO_PASSCRED, SO_PASSPIDFD, SO_PASSSEC, SO_COOKIE, SO_NETNS_COOKIE: socket(7), unix(7).
 */
#include "options.h"
#include <grp.h>
#include <sys/un.h>

#ifndef SO_PEERPIDFD
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif
#ifndef SCM_SECURITY
#define SCM_SECURITY 0x03
#endif
#define SO_PASSRIGHTS_ 83

static const struct option table[] = {
	O(SO_PASSCRED, 1, 2, 0), O(SO_PASSPIDFD, 1, 2, 0), O(SO_PASSSEC, 1, 2, 0),
	O(SO_PASSRIGHTS_, 1, 2, 0), O(SO_BSDCOMPAT, 0, 1),
};

static int unix_dgram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}
static int unix_seqpacket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET, 0);
}
static int netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}
static int packet(void)
{
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}
static int raw4(void)
{
	return socket(AF_INET, SOCK_RAW, 200);
}

static const struct {
	const char *name;
	int (*make)(void);
} families[] = {
	{ "tcp4", tcp4 },
	{ "tcp6", tcp6 },
	{ "udp4", udp4 },
	{ "udp6", udp6 },
	{ "raw4", raw4 },
	{ "unix stream", unix_stream },
	{ "unix dgram", unix_dgram },
	{ "unix seqpacket", unix_seqpacket },
	{ "netlink", netlink },
	{ "packet", packet },
};
#define NFAMILIES (sizeof(families) / sizeof(families[0]))

/* What the option gives, by length; the value only where it means something. */
static void get_lengths(const char *what, int fd, int opt, bool set_too)
{
	static const socklen_t lens[] = { 0, 1, 3, 4, 5, 7, 8, 11, 12, 13, 64 };

	printf("%s:", what);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		unsigned char buf[64] = { 0 };
		socklen_t len = lens[i];
		int ret = getsockopt(fd, SOL_SOCKET, opt, buf, &len);

		printf(" %u:%s", lens[i], ret ? strerrorname_np(errno) : "0");
		if (len != lens[i])
			printf("/%u", len);
		if (opt == SO_PEERPIDFD && !ret && len == 4)
			close(*(int *)buf);
	}
	if (set_too)
		for (socklen_t len = 0; len <= 8; len += 4) {
			unsigned char buf[8] = { 0 };

			printf(" set %u:%s", len,
			       setsockopt(fd, SOL_SOCKET, opt, buf, len) ? strerrorname_np(errno) : "0");
		}
	printf("\n");
}

static void cred(const char *what, int fd)
{
	struct ucred c = { -7, 77, 77 };
	socklen_t len = sizeof(c);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len)) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: length %u, pid is %s, uid %d, gid %d\n", what, len,
	       c.pid == getpid() ? "mine" : c.pid == getppid() ? "my parent's" : c.pid ? "another's" : "0",
	       (int)c.uid, (int)c.gid);
}

static void groups(const char *what, int fd)
{
	gid_t g[8];
	socklen_t len = sizeof(g);

	for (size_t i = 0; i < 8; i++)
		g[i] = 99;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, g, &len)) {
		printf("%s: %s length %u\n", what, strerrorname_np(errno), len);
		return;
	}
	printf("%s: length %u:", what, len);
	for (socklen_t i = 0; i < len / sizeof(g[0]); i++)
		printf(" %u", g[i]);
	printf("\n");
}

static void pidfd(const char *what, int fd)
{
	int p = -7;
	socklen_t len = sizeof(p);
	char path[64], text[512];
	ssize_t n;
	FILE *f;
	int pid = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &p, &len)) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: length %u, cloexec %d, ", what, len, fcntl(p, F_GETFD));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", p);
	f = fopen(path, "r");
	n = f ? (ssize_t)fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n > 0 ? n : 0] = 0;
	if (f)
		fclose(f);
	if (strstr(text, "Pid:"))
		sscanf(strstr(text, "Pid:"), "Pid: %d", &pid);
	printf("pid is %s, signal 0: %s\n",
	       pid == getpid() ? "mine" : pid == getppid() ? "my parent's" : pid == -1 ? "gone" : "another's",
	       syscall(SYS_pidfd_send_signal, p, 0, NULL, 0) ? strerrorname_np(errno) : "0");
	close(p);
}

/* All that comes with a message. */
static void receive(const char *what, int fd, size_t room)
{
	char data[16], control[256];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = room };
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

	printf("%s: %zd%s%s, flags %s:", what, n, n < 0 ? " " : "", n < 0 ? strerrorname_np(errno) : "",
	       msg_names((unsigned)m.msg_flags));
	if (n < 0) {
		printf("\n");
		return;
	}
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		printf(" [%s length %zu",
		       c->cmsg_type == SCM_CREDENTIALS ? "SCM_CREDENTIALS"
		       : c->cmsg_type == SCM_PIDFD     ? "SCM_PIDFD"
		       : c->cmsg_type == SCM_SECURITY  ? "SCM_SECURITY"
						       : "SCM_RIGHTS",
		       c->cmsg_len - CMSG_LEN(0));
		if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
			struct ucred u;

			memcpy(&u, CMSG_DATA(c), sizeof(u));
			printf(" %s %d %d", u.pid == getpid() ? "mine" : u.pid ? "another's" : "0", (int)u.uid,
			       (int)u.gid);
		}
		if (c->cmsg_type == SCM_PIDFD) {
			int fd2;

			memcpy(&fd2, CMSG_DATA(c), sizeof(fd2));
			printf(" %s", fd2 >= 0 ? "descriptor" : strerrorname_np(-fd2));
			if (fd2 >= 0) {
				printf(" cloexec %d signal 0: %s", fcntl(fd2, F_GETFD),
				       syscall(SYS_pidfd_send_signal, fd2, 0, NULL, 0)
					       ? strerrorname_np(errno)
					       : "0");
				close(fd2);
			}
		}
		printf("]");
	}
	printf("\n");
}

static const int on = 1, off = 0;

static void passing(int type)
{
	int fd[2];

	CALL(socketpair(AF_UNIX, type, 0, fd));
	CALL(send(fd[0], "a", 1, 0));
	receive("nothing asked", fd[1], 256);
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSPIDFD, &on, 4));
	CALL(send(fd[0], "b", 1, 0));
	receive("pidfd", fd[1], 256);
	CALL(send(fd[0], "b", 1, 0));
	receive("pidfd, room for half", fd[1], CMSG_LEN(2));
	CALL(send(fd[0], "b", 1, 0));
	receive("pidfd, room for a header", fd[1], CMSG_LEN(0));
	CALL(send(fd[0], "b", 1, 0));
	receive("pidfd, no room", fd[1], 0);
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &on, 4));
	CALL(send(fd[0], "c", 1, 0));
	receive("both", fd[1], 256);
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSSEC, &on, 4));
	CALL(send(fd[0], "d", 1, 0));
	receive("all three", fd[1], 256);
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSPIDFD, &off, 4));
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &off, 4));
	CALL(send(fd[0], "d", 1, 0));
	receive("security alone", fd[1], 256);
	CALL(send(fd[0], "d", 1, 0));
	receive("security, no room", fd[1], 0);
	/* Asked after it was sent. */
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSSEC, &off, 4));
	CALL(send(fd[0], "e", 1, 0));
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSPIDFD, &on, 4));
	CALL(setsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &on, 4));
	receive("asked too late", fd[1], 256);
	/* The sender has ended by the time of the receipt. */
	if (!fork()) {
		send(fd[0], "f", 1, 0);
		_exit(0);
	}
	wait(NULL);
	receive("from the dead", fd[1], 256);
	close(fd[0]);
	close(fd[1]);
}

static void peers(void)
{
	static const gid_t list[] = { 30, 10, 20 };
	int fd[2], l = unix_stream(), c = unix_stream(), a;
	struct ucred none;

	part("a pair");
	CALL(setgroups(3, list));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CALL(setgroups(0, NULL));
	cred("one end", fd[0]);
	cred("the other", fd[1]);
	groups("groups", fd[0]);
	get_lengths("SO_PEERGROUPS", fd[0], SO_PEERGROUPS, true);
	pidfd("pidfd", fd[1]);
	get_lengths("SO_PEERPIDFD", fd[0], SO_PEERPIDFD, true);
	get_lengths("SO_PEERSEC", fd[0], SO_PEERSEC, true);
	get_lengths("SO_PEERCRED", fd[0], SO_PEERCRED, true);
	part("not connected");
	cred("cred", c);
	groups("groups", c);
	pidfd("pidfd", c);
	part("a listener, and one that comes");
	CALL(bind(l, ADDR("unix:@peers")));
	cred("bound", l);
	CALL(setgroups(2, list));
	CALL(listen(l, 5));
	cred("listening", l);
	groups("listening", l);
	pidfd("listening", l);
	CALL(setgroups(1, list));
	if (!fork()) {
		CALL(setgroups(3, list));
		CALL(setresgid(3, 4, 5));
		CALL(setresuid(1, 2, 3));
		CALL(connect(c, ADDR("unix:@peers")));
		cred("the client's", c);
		groups("the client's", c);
		pidfd("the client's", c);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	close(c);
	fflush(stdout);
	a = accept(l, NULL, NULL);
	cred("accepted", a);
	groups("accepted", a);
	pidfd("accepted, and it has ended", a);
	close(a);
	close(l);
	(void)none;
	part("a datagram socket's pair");
	CALL(socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	cred("cred", fd[0]);
	groups("groups", fd[0]);
	pidfd("pidfd", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

static void cookies(void)
{
	uint64_t one, two, three;
	socklen_t len = sizeof(one);
	int fd = udp4(), other = unix_stream();

	get_lengths("SO_COOKIE", fd, SO_COOKIE, true);
	get_lengths("SO_NETNS_COOKIE", fd, SO_NETNS_COOKIE, true);
	get_lengths("SO_NETNS_COOKIE of AF_UNIX", other, SO_NETNS_COOKIE, false);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &one, &len);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &two, &len);
	getsockopt(other, SOL_SOCKET, SO_COOKIE, &three, &len);
	FACT(one && one == two && three && one != three);
	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &one, &len);
	getsockopt(other, SOL_SOCKET, SO_NETNS_COOKIE, &two, &len);
	FACT(one && one == two);
	close(fd);
	close(other);
}

int main(void)
{
	for (size_t i = 0; i < NFAMILIES; i++) {
		int fd = families[i].make();

		part(families[i].name);
		WALK(table, SOL_SOCKET, families[i].make);
		cred("SO_PEERCRED", fd);
		get_lengths("SO_PEERGROUPS", fd, SO_PEERGROUPS, true);
		get_lengths("SO_PEERPIDFD", fd, SO_PEERPIDFD, true);
		get_lengths("SO_PEERSEC", fd, SO_PEERSEC, true);
		close(fd);
	}
	part("cookies");
	cookies();
	peers();
	part("messages of a stream");
	passing(SOCK_STREAM);
	part("messages of SOCK_DGRAM");
	passing(SOCK_DGRAM);
	part("messages of SOCK_SEQPACKET");
	passing(SOCK_SEQPACKET);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * unix(7): what travels beside the data (files, credentials, urgent bytes), and what becomes of
 * sockets that only messages hold.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#ifndef SIOCATMARK
#define SIOCATMARK 0x8905
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* One message and its control buffer. */
struct packet {
	struct msghdr mh;
	struct iovec iov;
	char data[16];
	_Alignas(struct cmsghdr) u8 control[4096];
};

static void packet_init(struct packet *k, size_t len, size_t controllen)
{
	memset(k, 0, sizeof(*k));
	k->iov = (struct iovec){ k->data, len };
	k->mh = (struct msghdr){ .msg_iov = &k->iov, .msg_iovlen = 1, .msg_control = k->control,
				 .msg_controllen = controllen };
}

static void add_cmsg(struct packet *k, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *h = (struct cmsghdr *)(k->control + k->mh.msg_controllen);

	h->cmsg_level = level;
	h->cmsg_type = type;
	h->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(h), data, len);
	k->mh.msg_controllen += CMSG_SPACE(len);
}

static s64 send_fds(struct vproc *p, int sock, const int *fds, int n)
{
	struct packet k;

	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, SCM_RIGHTS, fds, (size_t)n * sizeof(int));
	return vcall(p, SYS_sendmsg, sock, &k.mh, MSG_DONTWAIT);
}

/* The number of files that came; flags as recvmsg() returned them in *k. */
static int recv_fds(struct vproc *p, int sock, struct packet *k, size_t room, int flags, int *fds)
{
	struct cmsghdr *h;
	size_t len;

	packet_init(k, sizeof(k->data), room);
	assert_true(vcall(p, SYS_recvmsg, sock, &k->mh, flags | MSG_DONTWAIT) >= 0);
	h = CMSG_FIRSTHDR(&k->mh);
	if (!h)
		return 0;
	assert_int_equal(h->cmsg_type, SCM_RIGHTS);
	len = h->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(h), len);
	return (int)(len / sizeof(int));
}

static void pair(struct vproc *p, int type, int fds[2])
{
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, type, 0, fds), 0);
}

static u32 wait_event(struct vproc *p, int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	assert_true(vcall(p, SYS_poll, &pfd, 1, timeout_ms) >= 0);
	return (u32)pfd.revents;
}

/* ---- SCM_RIGHTS ------------------------------------------------------------------------------ */

static void rights(struct vproc *p)
{
	int s[2], pipefd[2], got[8], bad = 99, n;
	struct packet k;
	char buf[4];

	pair(p, SOCK_STREAM, s);
	assert_int_equal(vcall(p, SYS_pipe2, pipefd, 0), 0);
	assert_int_equal(send_fds(p, s[0], &bad, 1), -EBADF);
	assert_int_equal(send_fds(p, s[0], &pipefd[1], 1), 1);
	/* In flight it is open, whoever closes it. */
	vcall(p, SYS_close, pipefd[1]);
	assert_int_equal(wait_event(p, pipefd[0], 0), 0);
	n = recv_fds(p, s[1], &k, sizeof(k.control), 0, got);
	assert_int_equal(n, 1);
	assert_int_equal(k.mh.msg_controllen, CMSG_SPACE(sizeof(int)));
	assert_int_equal(k.mh.msg_flags, 0);
	assert_int_equal(got[0], pipefd[1]); /* the lowest free number */
	assert_int_equal(vcall(p, SYS_fcntl, got[0], F_GETFD), 0);
	assert_int_equal(vcall(p, SYS_write, got[0], "hey", 3), 3);
	assert_int_equal(vcall(p, SYS_read, pipefd[0], buf, 4), 3);
	/* MSG_PEEK gives descriptors too, and leaves the message as it was. */
	assert_int_equal(send_fds(p, s[0], got, 1), 1);
	assert_int_equal(recv_fds(p, s[1], &k, sizeof(k.control), MSG_PEEK, got + 1), 1);
	n = recv_fds(p, s[1], &k, sizeof(k.control), MSG_CMSG_CLOEXEC, got + 2);
	assert_int_equal(n, 1);
	assert_int_equal(k.mh.msg_flags, MSG_CMSG_CLOEXEC);
	assert_int_equal(vcall(p, SYS_fcntl, got[2], F_GETFD), FD_CLOEXEC);
	for (int i = 0; i < 3; i++)
		vcall(p, SYS_close, got[i]);
	assert_int_equal(wait_event(p, pipefd[0], 0), POLLHUP);
}

/* A read stops behind the bytes that files came with. */
static void stream_boundaries(struct vproc *p)
{
	int s[2], got[8];
	struct packet k;

	pair(p, SOCK_STREAM, s);
	assert_int_equal(vcall(p, SYS_write, s[0], "ab", 2), 2);
	assert_int_equal(send_fds(p, s[0], s, 2), 1);
	assert_int_equal(vcall(p, SYS_write, s[0], "cd", 2), 2);
	packet_init(&k, 16, sizeof(k.control));
	assert_int_equal(vcall(p, SYS_recvmsg, s[1], &k.mh, 0), 3);
	assert_int_equal(k.mh.msg_controllen, CMSG_SPACE(2 * sizeof(int)));
	assert_int_equal(vcall(p, SYS_recvmsg, s[1], &k.mh, 0), 2);
	/* A plain read() lets them go. */
	assert_int_equal(send_fds(p, s[0], s, 2), 1);
	assert_int_equal(vcall(p, SYS_read, s[1], k.data, 16), 1);
	assert_int_equal(vcall(p, SYS_write, s[0], "e", 1), 1);
	assert_int_equal(recv_fds(p, s[1], &k, sizeof(k.control), 0, got), 0);
}

static void truncation(struct vproc *p)
{
	struct rlimit rl = { 8, 1024 }, old;
	int s[2], fds[3], got[8], off = 0;
	struct packet k;

	pair(p, SOCK_DGRAM, s);
	fds[0] = fds[1] = fds[2] = s[0];
	/* Room for two of three. */
	assert_int_equal(send_fds(p, s[0], fds, 3), 1);
	assert_int_equal(recv_fds(p, s[1], &k, CMSG_LEN(2 * sizeof(int)), 0, got), 2);
	assert_int_equal(k.mh.msg_flags, MSG_CTRUNC);
	assert_int_equal(k.mh.msg_controllen, CMSG_LEN(2 * sizeof(int)));
	/* No buffer. */
	assert_int_equal(send_fds(p, s[0], fds, 1), 1);
	assert_int_equal(recv_fds(p, s[1], &k, 0, 0, got), 0);
	assert_int_equal(k.mh.msg_flags, MSG_CTRUNC);
	/* No descriptors: 0 to 6 are taken, 7 is the last. */
	assert_int_equal(vcall(p, SYS_getrlimit, RLIMIT_NOFILE, &old), 0);
	rl.rlim_max = old.rlim_max;
	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_NOFILE, &rl), 0);
	assert_int_equal(send_fds(p, s[0], fds, 3), 1);
	assert_int_equal(recv_fds(p, s[1], &k, sizeof(k.control), 0, got), 1);
	assert_int_equal(k.mh.msg_flags, MSG_CTRUNC);
	assert_int_equal(vcall(p, SYS_setrlimit, RLIMIT_NOFILE, &old), 0);
	/* SO_PASSRIGHTS: the receiver takes none. */
	assert_int_equal(vcall(p, SYS_setsockopt, s[1], SOL_SOCKET, SO_PASSRIGHTS, &off, 4), 0);
	assert_int_equal(send_fds(p, s[0], fds, 1), -EPERM);
}

static void bad_control(struct vproc *p)
{
	int s[2], many[254];
	struct packet k;
	struct ucred cred = { 1, 2, 3 };

	pair(p, SOCK_DGRAM, s);
	for (int i = 0; i < 254; i++)
		many[i] = s[0];
	assert_int_equal(send_fds(p, s[0], many, 254), -EINVAL);
	assert_int_equal(send_fds(p, s[0], many, 253), 1);
	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, 77, many, 4);
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), -EINVAL);
	packet_init(&k, 1, 0);
	add_cmsg(&k, IPPROTO_IP, 77, many, 4);
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), 1);
	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred) - 4);
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), -EINVAL);
	cred.pid = 1 << 22;
	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), -ESRCH);
	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, SCM_RIGHTS, many, 4);
	((struct cmsghdr *)k.control)->cmsg_len = 1000;
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), -EINVAL);
}

/* ---- credentials ----------------------------------------------------------------------------- */

static struct ucred recv_cred(struct vproc *p, int sock, s64 expect)
{
	struct packet k;
	struct ucred cred;
	struct cmsghdr *h;

	packet_init(&k, 16, sizeof(k.control));
	assert_int_equal(vcall(p, SYS_recvmsg, sock, &k.mh, MSG_DONTWAIT), expect);
	h = CMSG_FIRSTHDR(&k.mh);
	assert_non_null(h);
	assert_int_equal(h->cmsg_type, SCM_CREDENTIALS);
	assert_int_equal(h->cmsg_len, CMSG_LEN(sizeof(cred)));
	memcpy(&cred, CMSG_DATA(h), sizeof(cred));
	return cred;
}

static void child_writes(struct vproc *p)
{
	int *s = vproc_arg(p);

	assert_int_equal(vcall(p, SYS_write, s[0], "child", 5), 5);
}

static void credentials(struct vproc *p)
{
	struct ucred cred = { .pid = (int)vcall(p, SYS_getpid), .uid = 5, .gid = 6 }, got;
	int s[2], on = 1, status;
	struct packet k;
	s64 pid;

	pair(p, SOCK_STREAM, s);
	/* Sent before anybody asked: unknown. */
	assert_int_equal(vcall(p, SYS_write, s[0], "a", 1), 1);
	assert_int_equal(vcall(p, SYS_setsockopt, s[1], SOL_SOCKET, SO_PASSCRED, &on, 4), 0);
	assert_int_equal(vcall(p, SYS_write, s[0], "bc", 2), 2);
	got = recv_cred(p, s[1], 1);
	assert_int_equal(got.pid, 0);
	assert_int_equal(got.uid, 65534);
	assert_int_equal(got.gid, 65534);
	/* Writers are not mixed up in one read. */
	packet_init(&k, 1, 0);
	add_cmsg(&k, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred));
	assert_int_equal(vcall(p, SYS_sendmsg, s[0], &k.mh, 0), 1);
	pid = vproc_fork(p, child_writes, s);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	got = recv_cred(p, s[1], 2);
	assert_int_equal(got.pid, cred.pid);
	assert_int_equal(got.uid, 0);
	got = recv_cred(p, s[1], 1);
	assert_int_equal(got.uid, 5);
	assert_int_equal(got.gid, 6);
	got = recv_cred(p, s[1], 5);
	assert_int_equal(got.pid, pid);
	/* read() has nowhere to put them. */
	assert_int_equal(vcall(p, SYS_write, s[0], "a", 1), 1);
	packet_init(&k, 1, 0);
	assert_int_equal(vcall(p, SYS_recvmsg, s[1], &k.mh, 0), 1);
	assert_int_equal(k.mh.msg_flags, MSG_CTRUNC);
}

static void peercred(struct vproc *p)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0cred" };
	int l = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0), on = 1;
	int c = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0), a;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	assert_int_equal(vcall(p, SYS_getsockopt, c, SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
	assert_int_equal(cred.pid, 0);
	assert_int_equal(cred.uid, (u32)-1);
	assert_int_equal(vcall(p, SYS_bind, l, &un, 7), 0);
	assert_int_equal(vcall(p, SYS_setsockopt, l, SOL_SOCKET, SO_PASSCRED, &on, 4), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 1), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &un, 7), 0);
	a = (int)vcall(p, SYS_accept, l, 0, 0);
	for (int i = 0; i < 2; i++) {
		len = sizeof(cred);
		assert_int_equal(vcall(p, SYS_getsockopt, i ? a : c, SOL_SOCKET, SO_PEERCRED, &cred,
				       &len), 0);
		assert_int_equal(cred.pid, vcall(p, SYS_getpid));
		assert_int_equal(cred.uid, 0);
	}
	/* SO_PASSCRED is inherited; who sends with it gets a name. */
	assert_int_equal(vcall(p, SYS_getsockopt, a, SOL_SOCKET, SO_PASSCRED, &on, &len), 0);
	assert_int_equal(on, 1);
	c = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(vcall(p, SYS_setsockopt, c, SOL_SOCKET, SO_PASSCRED, &on, 4), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &un, 7), 0);
	len = sizeof(un);
	assert_int_equal(vcall(p, SYS_getsockname, c, &un, &len), 0);
	assert_int_equal(len, 8);
}

/* ---- cycles ---------------------------------------------------------------------------------- */

/* A pipe's only writing end is in the queue of a socket that is in another's queue, and so on. */
static void cycle(struct vproc *p, int type, bool closed)
{
	int a[2], b[2], pipefd[2], fds[3];

	assert_int_equal(vcall(p, SYS_pipe2, pipefd, 0), 0);
	pair(p, type, a);
	pair(p, type, b);
	/* a[1]'s queue holds both b, and b[1]'s both a. */
	memcpy(fds, b, sizeof(b));
	fds[2] = pipefd[1];
	assert_int_equal(send_fds(p, a[0], fds, 3), 1);
	assert_int_equal(send_fds(p, b[0], a, 2), 1);
	vcall(p, SYS_close, pipefd[1]);
	vcall(p, SYS_close, a[0]);
	vcall(p, SYS_close, b[0]);
	vcall(p, SYS_close, b[1]);
	/* Reachable by a[1]. */
	assert_int_equal(wait_event(p, pipefd[0], 20), 0);
	if (!closed)
		return;
	vcall(p, SYS_close, a[1]);
	/* Nobody looks before a socket really goes. */
	assert_int_equal(wait_event(p, pipefd[0], 20), 0);
	vcall(p, SYS_close, vcall(p, SYS_socket, AF_UNIX, SOCK_DGRAM, 0));
	assert_int_equal(wait_event(p, pipefd[0], 1000), POLLHUP);
}

static void cycles(struct vproc *p)
{
	int s[2];

	cycle(p, SOCK_DGRAM, true);
	cycle(p, SOCK_STREAM, true);
	/* A socket within itself. */
	pair(p, SOCK_STREAM, s);
	assert_int_equal(send_fds(p, s[0], &s[1], 1), 1);
	vcall(p, SYS_close, s[1]);
	vcall(p, SYS_close, s[0]);
	/* Left to the end of the process. */
	cycle(p, SOCK_SEQPACKET, false);
}

/* A listener whose only reference lies in the queue of an embryo of its own. */
static void embryo_cycle(struct vproc *p)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0embryo" };
	int l = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	int c = (int)vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	int pipefd[2], fds[2];

	assert_int_equal(vcall(p, SYS_pipe2, pipefd, 0), 0);
	assert_int_equal(vcall(p, SYS_bind, l, &un, 9), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 1), 0);
	assert_int_equal(vcall(p, SYS_connect, c, &un, 9), 0);
	fds[0] = l;
	fds[1] = pipefd[1];
	assert_int_equal(send_fds(p, c, fds, 2), 1);
	vcall(p, SYS_close, l);
	vcall(p, SYS_close, pipefd[1]);
	assert_int_equal(wait_event(p, pipefd[0], 20), 0);
	vcall(p, SYS_close, c);
	assert_int_equal(wait_event(p, pipefd[0], 1000), POLLHUP);
}

/* Each socket in the queue of the next: closed one by one, without a stack for each. */
static void chain(struct vproc *p)
{
	int s[2], prev = -1, first[2];

	assert_int_equal(vcall(p, SYS_pipe2, first, 0), 0);
	prev = first[1];
	for (int i = 0; i < 1000; i++) {
		pair(p, SOCK_DGRAM, s);
		assert_int_equal(send_fds(p, s[0], &prev, 1), 1);
		vcall(p, SYS_close, prev);
		vcall(p, SYS_close, s[0]);
		prev = s[1];
	}
	assert_int_equal(wait_event(p, first[0], 0), 0);
	vcall(p, SYS_close, prev);
	assert_int_equal(wait_event(p, first[0], 1000), POLLHUP);
}

/* ---- MSG_OOB --------------------------------------------------------------------------------- */

static int atmark(struct vproc *p, int fd)
{
	int n = -1;

	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCATMARK, &n), 0);
	return n;
}

static s64 oob(struct vproc *p, int fd, const char *text)
{
	return vcall(p, SYS_sendto, fd, text, strlen(text), MSG_OOB, 0, 0);
}

static s64 rd(struct vproc *p, int fd, char *buf, int flags)
{
	memset(buf, 0, 8);
	return vcall(p, SYS_recvfrom, fd, buf, 8, flags | MSG_DONTWAIT, 0, 0);
}

static int urgents;

static void count_sigurg(struct vproc *p, const struct siginfo *info)
{
	urgents++;
}

static void urgent(struct vproc *p)
{
	struct pollfd pfd;
	char buf[8];
	int s[2];

	urgents = 0;
	pair(p, SOCK_STREAM, s);
	assert_int_equal(vproc_signal(p, SIGURG, count_sigurg, 0), 0);
	assert_int_equal(vcall(p, SYS_fcntl, s[1], F_SETOWN, vcall(p, SYS_getpid)), 0);
	assert_int_equal(vcall(p, SYS_sendto, s[0], "", 0, MSG_OOB, 0, 0), -EOPNOTSUPP);
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), -EINVAL);
	assert_int_equal(oob(p, s[0], "abC"), 3);
	assert_int_equal(urgents, 1);
	pfd = (struct pollfd){ .fd = s[1], .events = POLLIN | POLLPRI };
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 0), 1);
	assert_int_equal(pfd.revents, POLLIN | POLLPRI);
	assert_int_equal(vcall(p, SYS_write, s[0], "de", 2), 2);
	assert_int_equal(rd(p, s[1], buf, MSG_OOB | MSG_PEEK), 1);
	assert_int_equal(buf[0], 'C');
	assert_int_equal(atmark(p, s[1]), 0);
	assert_int_equal(rd(p, s[1], buf, 0), 2);
	assert_int_equal(atmark(p, s[1]), 1);
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), 1);
	assert_int_equal(atmark(p, s[1]), 1);
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), -EINVAL);
	assert_int_equal(rd(p, s[1], buf, 0), 2);
	assert_string_equal(buf, "de");
	assert_int_equal(rd(p, s[1], buf, 0), -EAGAIN);
	/* Passed over by an ordinary read that begins at it. */
	assert_int_equal(oob(p, s[0], "F"), 1);
	assert_int_equal(vcall(p, SYS_write, s[0], "gh", 2), 2);
	assert_int_equal(rd(p, s[1], buf, MSG_PEEK), 2);
	assert_int_equal(rd(p, s[1], buf, 0), 2);
	assert_string_equal(buf, "gh");
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), -EINVAL);
	/* The second makes the first data. */
	assert_int_equal(oob(p, s[0], "iJ"), 2);
	assert_int_equal(oob(p, s[0], "kL"), 2);
	assert_int_equal(rd(p, s[1], buf, 0), 3);
	assert_string_equal(buf, "iJk");
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), 1);
	assert_int_equal(buf[0], 'L');
	/* A mark that was read is not unread data. */
	vcall(p, SYS_close, s[1]);
	assert_int_equal(rd(p, s[0], buf, 0), 0);
}

static void urgent_inline(struct vproc *p)
{
	int s[2], on = 1;
	char buf[8];

	pair(p, SOCK_STREAM, s);
	assert_int_equal(vcall(p, SYS_setsockopt, s[1], SOL_SOCKET, SO_OOBINLINE, &on, 4), 0);
	assert_int_equal(oob(p, s[0], "abC"), 3);
	assert_int_equal(vcall(p, SYS_write, s[0], "de", 2), 2);
	assert_int_equal(rd(p, s[1], buf, MSG_OOB), -EINVAL);
	assert_int_equal(rd(p, s[1], buf, 0), 2);
	assert_int_equal(atmark(p, s[1]), 1);
	assert_int_equal(rd(p, s[1], buf, 0), 3);
	assert_string_equal(buf, "Cde");
}

/* Marks in a row: only one stays. */
static void urgent_marks(struct vproc *p)
{
	char buf[8];
	int s[2], n = -1;

	pair(p, SOCK_STREAM, s);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(oob(p, s[0], "X"), 1);
		assert_int_equal(rd(p, s[1], buf, MSG_OOB), 1);
	}
	assert_int_equal(vcall(p, SYS_ioctl, s[1], FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(rd(p, s[1], buf, 0), -EAGAIN);
	assert_int_equal(wait_event(p, s[1], 0), 0);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(rights)
TEST(stream_boundaries)
TEST(truncation)
TEST(bad_control)
TEST(credentials)
TEST(peercred)
TEST(cycles)
TEST(embryo_cycle)
TEST(chain)
TEST(urgent)
TEST(urgent_inline)
TEST(urgent_marks)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),	    cmocka_unit_test(test_stream_boundaries),
		cmocka_unit_test(test_truncation),  cmocka_unit_test(test_bad_control),
		cmocka_unit_test(test_credentials), cmocka_unit_test(test_peercred),
		cmocka_unit_test(test_cycles),	    cmocka_unit_test(test_embryo_cycle),
		cmocka_unit_test(test_chain),	    cmocka_unit_test(test_urgent),
		cmocka_unit_test(test_urgent_inline), cmocka_unit_test(test_urgent_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

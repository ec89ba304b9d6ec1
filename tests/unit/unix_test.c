/* SPDX-License-Identifier: MIT */
/*
 * unix(7): names, connections, streams and messages.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATH "unix_test.sock"
#define OFFSET offsetof(struct sockaddr_un, sun_path)

static u8 big[512 * 1024];

/* "@x" is the abstract name x. */
static socklen_t name(struct sockaddr_un *un, const char *text)
{
	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, text, strlen(text));
	if (text[0] != '@')
		return (socklen_t)(OFFSET + strlen(text) + 1);
	un->sun_path[0] = '\0';
	return (socklen_t)(OFFSET + strlen(text));
}

static int sock(struct vproc *p, int type)
{
	return (int)vcall(p, SYS_socket, AF_UNIX, type, 0);
}

static s64 do_bind(struct vproc *p, int fd, const char *text)
{
	struct sockaddr_un un;
	socklen_t len = name(&un, text);

	return vcall(p, SYS_bind, fd, &un, len);
}

static s64 do_connect(struct vproc *p, int fd, const char *text)
{
	struct sockaddr_un un;
	socklen_t len = name(&un, text);

	return vcall(p, SYS_connect, fd, &un, len);
}

static int bound(struct vproc *p, int type, const char *text)
{
	int fd = sock(p, type);

	assert_int_equal(do_bind(p, fd, text), 0);
	return fd;
}

static int listener(struct vproc *p, int type, const char *text, int backlog)
{
	int fd = bound(p, type, text);

	assert_int_equal(vcall(p, SYS_listen, fd, backlog), 0);
	return fd;
}

static u32 events(struct vproc *p, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP };

	assert_true(vcall(p, SYS_poll, &pfd, 1, 0) >= 0);
	return (u32)pfd.revents;
}

static int inq(struct vproc *p, int fd)
{
	int n = -1;

	assert_int_equal(vcall(p, SYS_ioctl, fd, FIONREAD, &n), 0);
	return n;
}

static int outq(struct vproc *p, int fd)
{
	int n = -1;

	assert_int_equal(vcall(p, SYS_ioctl, fd, SIOCOUTQ, &n), 0);
	return n;
}

static int so_error(struct vproc *p, int fd)
{
	int v = -1;
	socklen_t len = sizeof(v);

	assert_int_equal(vcall(p, SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &v, &len), 0);
	return v;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void creation(struct vproc *p)
{
	int fds[2], v;
	socklen_t len = sizeof(v);

	assert_int_equal(vcall(p, SYS_socket, AF_UNIX, SOCK_STREAM, 5), -EPROTONOSUPPORT);
	assert_int_equal(vcall(p, SYS_socket, AF_UNIX, SOCK_RDM, 0), -ESOCKTNOSUPPORT);
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, SOCK_RAW, AF_UNIX, fds), 0);
	assert_int_equal(vcall(p, SYS_getsockopt, fds[0], SOL_SOCKET, SO_TYPE, &v, &len), 0);
	assert_int_equal(v, SOCK_DGRAM);
	assert_int_equal(vcall(p, SYS_setsockopt, fds[0], IPPROTO_IP, 1, &v, sizeof(v)), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_getsockopt, fds[0], IPPROTO_IP, 1, &v, &len), -EOPNOTSUPP);
}

static void names(struct vproc *p)
{
	struct sockaddr_un un, got;
	socklen_t len = sizeof(got), n;
	int a = sock(p, SOCK_STREAM), b, c;

	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, OFFSET);
	assert_int_equal(vcall(p, SYS_getpeername, a, &got, &len), -ENOTCONN);
	n = name(&un, "@one");
	assert_int_equal(vcall(p, SYS_bind, a, &un, 1), -EINVAL);
	assert_int_equal(vcall(p, SYS_bind, a, &un, sizeof(un) + 1), -EINVAL);
	un.sun_family = AF_INET;
	assert_int_equal(vcall(p, SYS_bind, a, &un, n), -EINVAL);
	assert_int_equal(do_bind(p, a, "@one"), 0);
	assert_int_equal(do_bind(p, a, "@two"), -EINVAL);
	len = sizeof(got);
	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, OFFSET + 4);
	assert_memory_equal(got.sun_path, "\0one", 4);
	/* Abstract names: one namespace for each type; bytes count, not text. */
	b = sock(p, SOCK_STREAM);
	assert_int_equal(do_bind(p, b, "@one"), -EADDRINUSE);
	n = name(&un, "@one");
	assert_int_equal(vcall(p, SYS_bind, b, &un, n + 1), 0);
	c = bound(p, SOCK_DGRAM, "@one");
	vcall(p, SYS_close, a);
	assert_int_equal(do_bind(p, sock(p, SOCK_STREAM), "@one"), 0);
	vcall(p, SYS_close, c);
}

static void autobind(struct vproc *p)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX }, got;
	socklen_t len = sizeof(got);
	int a = sock(p, SOCK_DGRAM);

	assert_int_equal(vcall(p, SYS_bind, a, &un, OFFSET), 0);
	assert_int_equal(vcall(p, SYS_bind, a, &un, OFFSET), 0);
	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, OFFSET + 6);
	assert_int_equal(got.sun_path[0], 0);
	for (int i = 1; i < 6; i++)
		assert_non_null(strchr("0123456789abcdef", got.sun_path[i]));
}

static void paths(struct vproc *p)
{
	struct sockaddr_un un, got;
	socklen_t len = sizeof(got);
	int a, b;

	vcall(p, SYS_unlink, PATH);
	assert_int_equal(vcall(p, SYS_unlink, PATH), -ENOENT);
	b = sock(p, SOCK_STREAM);
	assert_int_equal(do_connect(p, b, PATH), -ENOENT);
	a = bound(p, SOCK_STREAM, PATH);
	assert_int_equal(do_bind(p, a, PATH), -EADDRINUSE);
	assert_int_equal(do_bind(p, b, PATH), -EADDRINUSE);
	assert_int_equal(do_bind(p, a, "@free"), -EINVAL);
	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, OFFSET + sizeof(PATH));
	assert_string_equal(got.sun_path, PATH);
	assert_int_equal(do_connect(p, b, PATH), -ECONNREFUSED);
	assert_int_equal(do_connect(p, sock(p, SOCK_SEQPACKET), PATH), -EPROTOTYPE);
	/* The name outlives its socket. */
	vcall(p, SYS_close, a);
	assert_int_equal(do_connect(p, b, PATH), -ECONNREFUSED);
	assert_int_equal(do_bind(p, b, PATH), -EADDRINUSE);
	assert_int_equal(vcall(p, SYS_unlink, PATH), 0);
	assert_int_equal(do_bind(p, b, PATH), 0);
	assert_int_equal(vcall(p, SYS_unlink, PATH), 0);
	/* A name of full length gets its null byte from the kernel. */
	memset(&un, 'x', sizeof(un));
	un.sun_family = AF_UNIX;
	vcall(p, SYS_unlink, PATH);
	a = sock(p, SOCK_STREAM);
	assert_int_equal(vcall(p, SYS_bind, a, &un, sizeof(un)), 0);
	len = sizeof(got);
	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, sizeof(un) + 1);
	memset(big, 'x', 108);
	big[108] = 0;
	assert_int_equal(vcall(p, SYS_unlink, big), 0);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void connecting(struct vproc *p)
{
	struct sockaddr_un got;
	socklen_t len = sizeof(got);
	int l = sock(p, SOCK_STREAM), c = sock(p, SOCK_STREAM), a;
	char buf[8];

	assert_int_equal(vcall(p, SYS_listen, l, 5), -EINVAL);
	assert_int_equal(vcall(p, SYS_accept, l, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_listen, sock(p, SOCK_DGRAM), 5), -EOPNOTSUPP);
	assert_int_equal(do_connect(p, c, "@l"), -ECONNREFUSED);
	assert_int_equal(do_bind(p, l, "@l"), 0);
	assert_int_equal(do_connect(p, c, "@l"), -ECONNREFUSED);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	assert_int_equal(events(p, l), 0);
	assert_int_equal(events(p, c), POLLOUT | POLLHUP);
	assert_int_equal(vcall(p, SYS_read, c, buf, 8), -EINVAL);
	assert_int_equal(vcall(p, SYS_sendto, c, "x", 1, MSG_NOSIGNAL, 0, 0), -ENOTCONN);
	assert_int_equal(do_connect(p, c, "@l"), 0);
	assert_int_equal(do_connect(p, c, "@l"), -EISCONN);
	assert_int_equal(do_connect(p, l, "@l"), -EINVAL);
	/* Written before it is accepted. */
	assert_int_equal(vcall(p, SYS_write, c, "early", 5), 5);
	assert_int_equal(events(p, l), POLLIN);
	a = (int)vcall(p, SYS_accept, l, &got, &len);
	assert_true(a >= 0);
	assert_int_equal(len, OFFSET);
	assert_int_equal(inq(p, a), 5);
	assert_int_equal(vcall(p, SYS_read, a, buf, 8), 5);
	len = sizeof(got);
	assert_int_equal(vcall(p, SYS_getsockname, a, &got, &len), 0);
	assert_int_equal(len, OFFSET + 2);
	len = sizeof(got);
	assert_int_equal(vcall(p, SYS_getpeername, c, &got, &len), 0);
	assert_int_equal(len, OFFSET + 2);
	assert_int_equal(vcall(p, SYS_sendto, c, "x", 1, 0, &got, len), -EISCONN);
	assert_int_equal(vcall(p, SYS_ioctl, l, FIONREAD, &len), -EINVAL);
	/* A closed end still has its name at the other. */
	assert_int_equal(vcall(p, SYS_close, a), 0);
	len = sizeof(got);
	assert_int_equal(vcall(p, SYS_getpeername, c, &got, &len), 0);
	assert_int_equal(len, OFFSET + 2);
}

static void backlog(struct vproc *p)
{
	int l = listener(p, SOCK_STREAM, "@l", 1);
	int c[3], last = sock(p, SOCK_STREAM | SOCK_NONBLOCK);
	struct timeval tv = { .tv_usec = 10000 };

	for (int i = 0; i < 2; i++) {
		c[i] = sock(p, SOCK_STREAM);
		assert_int_equal(do_connect(p, c[i], "@l"), 0);
	}
	assert_int_equal(do_connect(p, last, "@l"), -EAGAIN);
	c[2] = sock(p, SOCK_STREAM);
	assert_int_equal(vcall(p, SYS_setsockopt, c[2], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), 0);
	assert_int_equal(do_connect(p, c[2], "@l"), -EAGAIN);
	assert_true(vcall(p, SYS_accept, l, 0, 0) >= 0);
	assert_int_equal(do_connect(p, last, "@l"), 0);
	/* What nobody accepted is reset when the listener goes. */
	assert_int_equal(vcall(p, SYS_close, l), 0);
	assert_int_equal(events(p, c[0]), POLLOUT);
	assert_int_equal(events(p, last), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	assert_int_equal(so_error(p, last), ECONNRESET);
	assert_int_equal(do_connect(p, c[2], "@l"), -ECONNREFUSED);
}

static void late_acceptor(struct vproc *p)
{
	int *l = vproc_arg(p);

	vproc_sleep(p, 20 * NSEC_PER_MSEC);
	assert_true(vcall(p, SYS_accept, *l, 0, 0) >= 0);
}

static void blocking_connect(struct vproc *p)
{
	int l = listener(p, SOCK_SEQPACKET, "@l", 0), a = sock(p, SOCK_SEQPACKET);
	int b = sock(p, SOCK_SEQPACKET), status;
	nsec_t start = vproc_now(p);
	s64 pid;

	assert_int_equal(do_connect(p, a, "@l"), 0);
	pid = vproc_fork(p, late_acceptor, &l);
	assert_int_equal(do_connect(p, b, "@l"), 0);
	assert_true(vproc_now(p) - start >= 15 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static void listener_shutdown(struct vproc *p)
{
	int l = listener(p, SOCK_STREAM, "@l", 5), c = sock(p, SOCK_STREAM);

	assert_int_equal(do_connect(p, c, "@l"), 0);
	assert_int_equal(vcall(p, SYS_shutdown, l, SHUT_RD), 0);
	assert_int_equal(do_connect(p, sock(p, SOCK_STREAM), "@l"), -ECONNREFUSED);
	assert_true(vcall(p, SYS_accept, l, 0, 0) >= 0);
	assert_int_equal(vcall(p, SYS_accept, l, 0, 0), -EINVAL);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void pair(struct vproc *p, int type, int fds[2])
{
	assert_int_equal(vcall(p, SYS_socketpair, AF_UNIX, type, 0, fds), 0);
}

static void stream_reads(struct vproc *p)
{
	int fds[2], off = 1;
	char buf[16];

	pair(p, SOCK_STREAM | SOCK_NONBLOCK, fds);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 0), 0);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 1), -EAGAIN);
	assert_int_equal(vcall(p, SYS_write, fds[1], "", 0), 0);
	assert_int_equal(events(p, fds[0]), POLLOUT);
	assert_int_equal(vcall(p, SYS_write, fds[1], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_write, fds[1], "defg", 4), 4);
	assert_int_equal(inq(p, fds[0]), 7);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 16, MSG_PEEK, 0, 0), 7);
	assert_memory_equal(buf, "abcdefg", 7);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 5), 5);
	assert_int_equal(inq(p, fds[0]), 2);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 16, MSG_WAITALL, 0, 0), 2);
	/* Unlike TCP, MSG_TRUNC is nothing special. */
	assert_int_equal(vcall(p, SYS_write, fds[1], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 2, MSG_TRUNC, 0, 0), 2);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 2, 0, 0, 0), 1);
	/* SO_PEEK_OFF moves on with each look, and back with each read. */
	assert_int_equal(vcall(p, SYS_write, fds[1], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_write, fds[1], "def", 3), 3);
	assert_int_equal(vcall(p, SYS_setsockopt, fds[0], SOL_SOCKET, SO_PEEK_OFF, &off, 4), 0);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 1, MSG_PEEK, 0, 0), 1);
	assert_int_equal(buf[0], 'b');
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 3, MSG_PEEK, 0, 0), 3);
	assert_memory_equal(buf, "cde", 3);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 2), 2);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 3, MSG_PEEK, 0, 0), 1);
	assert_int_equal(buf[0], 'f');
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 3, MSG_PEEK, 0, 0), -EAGAIN);
}

/* Memory of what the peer has not read; sizes as Linux accounts them. */
static void stream_memory(struct vproc *p)
{
	static const struct {
		size_t len;
		int outq;
	} rows[] = {
		{ 1, 768 },	   { 192, 768 },     { 193, 1280 },    { 704, 1280 },
		{ 705, 2304 },	   { 3776, 4352 },   { 3777, 4864 },   { 7872, 8448 },
		{ 7873, 8960 },	   { 10000, 12544 }, { 40000, 41472 }, { 48833, 50176 },
		{ 100000, 103168 },
	};
	int fds[2];
	s64 total = 0, n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pair(p, SOCK_STREAM | SOCK_NONBLOCK, fds);
		assert_int_equal(vcall(p, SYS_write, fds[0], big, rows[i].len), rows[i].len);
		assert_int_equal(outq(p, fds[0]), rows[i].outq);
		assert_int_equal(inq(p, fds[1]), rows[i].len);
		vcall(p, SYS_close, fds[0]);
		vcall(p, SYS_close, fds[1]);
	}
	pair(p, SOCK_STREAM | SOCK_NONBLOCK, fds);
	n = vcall(p, SYS_write, fds[0], big, sizeof(big));
	assert_int_equal(n, 219264);
	assert_int_equal(vcall(p, SYS_write, fds[0], big, 1), -EAGAIN);
	/* Writable again when a quarter is left. */
	assert_int_equal(events(p, fds[0]), 0);
	while (!(events(p, fds[0]) & POLLOUT))
		total += vcall(p, SYS_read, fds[1], big, 8192);
	assert_int_equal(total, 188416);
	pair(p, SOCK_STREAM | SOCK_NONBLOCK, fds);
	for (n = 0; vcall(p, SYS_write, fds[0], big, 1) == 1; n++)
		;
	assert_int_equal(n, 278);
	for (n = 0; !(events(p, fds[0]) & POLLOUT); n++)
		assert_int_equal(vcall(p, SYS_read, fds[1], big, 1), 1);
	assert_int_equal(n, 209);
}

static void stream_writer(struct vproc *p)
{
	int *fds = vproc_arg(p);

	vcall(p, SYS_close, fds[0]);
	assert_int_equal(vcall(p, SYS_write, fds[1], big, sizeof(big)), sizeof(big));
}

static void stream_blocking(struct vproc *p)
{
	int fds[2], status;
	s64 pid, total = 0, n;
	static u8 buf[70000];

	pair(p, SOCK_STREAM, fds);
	pid = vproc_fork(p, stream_writer, fds);
	vcall(p, SYS_close, fds[1]);
	vproc_sleep(p, 5 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 70000, MSG_WAITALL, 0, 0), 70000);
	total = 70000;
	while ((n = vcall(p, SYS_read, fds[0], buf, sizeof(buf))) > 0)
		total += n;
	assert_int_equal(n, 0);
	assert_int_equal(total, sizeof(big));
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static void slow_sender(struct vproc *p)
{
	int *fds = vproc_arg(p);

	for (int i = 0; i < 4; i++) {
		vproc_sleep(p, 5 * NSEC_PER_MSEC);
		assert_int_equal(vcall(p, SYS_write, fds[1], "abc", 3), 3);
	}
}

static void stream_lowat(struct vproc *p)
{
	int fds[2], status, lowat = 5;
	char buf[16];
	s64 pid;

	pair(p, SOCK_STREAM, fds);
	assert_int_equal(vcall(p, SYS_setsockopt, fds[0], SOL_SOCKET, SO_RCVLOWAT, &lowat, 4), 0);
	pid = vproc_fork(p, slow_sender, fds);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 16), 6);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 5, MSG_WAITALL, 0, 0), 5);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 1), 1);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static int sigpipes;

static void count_sigpipe(struct vproc *p, const struct siginfo *info)
{
	sigpipes++;
}

static void stream_shutdown(struct vproc *p)
{
	int fds[2];
	char buf[8];

	sigpipes = 0;
	assert_int_equal(vproc_signal(p, SIGPIPE, count_sigpipe, 0), 0);
	pair(p, SOCK_STREAM, fds);
	assert_int_equal(vcall(p, SYS_write, fds[0], "x", 1), 1);
	assert_int_equal(vcall(p, SYS_shutdown, fds[0], SHUT_WR), 0);
	assert_int_equal(events(p, fds[0]), POLLOUT);
	assert_int_equal(events(p, fds[1]), POLLIN | POLLOUT | POLLRDHUP);
	assert_int_equal(vcall(p, SYS_write, fds[0], "x", 1), -EPIPE);
	assert_int_equal(sigpipes, 1);
	assert_int_equal(vcall(p, SYS_sendto, fds[0], "x", 1, MSG_NOSIGNAL, 0, 0), -EPIPE);
	assert_int_equal(sigpipes, 1);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 1);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 0);
	assert_int_equal(vcall(p, SYS_write, fds[1], "yz", 2), 2);
	assert_int_equal(vcall(p, SYS_shutdown, fds[0], SHUT_RD), 0);
	assert_int_equal(events(p, fds[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	assert_int_equal(vcall(p, SYS_sendto, fds[1], "x", 1, MSG_NOSIGNAL, 0, 0), -EPIPE);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 8), 2);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 8), 0);
	assert_int_equal(vcall(p, SYS_shutdown, sock(p, SOCK_STREAM), SHUT_WR), 0);
}

static void stream_close(struct vproc *p)
{
	int fds[2];
	char buf[8];

	/* Everything was read: end of file. */
	pair(p, SOCK_STREAM, fds);
	assert_int_equal(vcall(p, SYS_write, fds[0], "ab", 2), 2);
	vcall(p, SYS_close, fds[0]);
	assert_int_equal(events(p, fds[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 2);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 0);
	assert_int_equal(vcall(p, SYS_sendto, fds[1], "x", 1, MSG_NOSIGNAL, 0, 0), -EPIPE);
	/* Something was not: reset, once, and after what is there. */
	pair(p, SOCK_STREAM, fds);
	assert_int_equal(vcall(p, SYS_write, fds[1], "unread", 6), 6);
	assert_int_equal(vcall(p, SYS_write, fds[0], "ab", 2), 2);
	vcall(p, SYS_close, fds[0]);
	assert_int_equal(events(p, fds[1]), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 2);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), -ECONNRESET);
	assert_int_equal(vcall(p, SYS_read, fds[1], buf, 8), 0);
}

/* ---- datagrams ------------------------------------------------------------------------------- */

static s64 do_sendto(struct vproc *p, int fd, const void *data, size_t len, const char *to)
{
	struct sockaddr_un un;
	socklen_t n = name(&un, to);

	return vcall(p, SYS_sendto, fd, data, len, 0, &un, n);
}

static void dgram_basics(struct vproc *p)
{
	int a = bound(p, SOCK_DGRAM, "@a"), b = sock(p, SOCK_DGRAM), c = bound(p, SOCK_DGRAM, "@c");
	struct sockaddr_un from;
	socklen_t len = sizeof(from);
	char buf[8];

	assert_int_equal(events(p, b), POLLOUT);
	assert_int_equal(vcall(p, SYS_write, b, "x", 1), -ENOTCONN);
	assert_int_equal(do_sendto(p, b, "x", 1, "@nobody"), -ECONNREFUSED);
	assert_int_equal(do_sendto(p, b, "hello", 5, "@a"), 5);
	assert_int_equal(do_sendto(p, c, "", 0, "@a"), 0);
	assert_int_equal(inq(p, a), 5);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 3, MSG_PEEK | MSG_TRUNC, &from, &len), 5);
	assert_int_equal(len, 0);
	len = sizeof(from);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 3, 0, &from, &len), 3);
	len = sizeof(from);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 8, 0, &from, &len), 0);
	assert_int_equal(len, OFFSET + 2);
	assert_memory_equal(from.sun_path, "\0c", 2);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 8, MSG_DONTWAIT, 0, 0), -EAGAIN);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 8, MSG_OOB, 0, 0), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_sendto, b, buf, 8, MSG_OOB, 0, 0), -EOPNOTSUPP);
	assert_int_equal(vcall(p, SYS_accept, a, 0, 0), -EOPNOTSUPP);
	/* Connected to somebody else, a socket does not take it. */
	assert_int_equal(do_connect(p, a, "@c"), 0);
	assert_int_equal(do_sendto(p, b, "x", 1, "@a"), -EPERM);
	assert_int_equal(do_connect(p, b, "@a"), -EPERM);
	assert_int_equal(vcall(p, SYS_write, a, "x", 1), 1);
	vcall(p, SYS_close, c);
	assert_int_equal(vcall(p, SYS_write, a, "x", 1), -ECONNREFUSED);
	assert_int_equal(vcall(p, SYS_write, a, "x", 1), -ENOTCONN);
}

static void dgram_disconnect(struct vproc *p)
{
	int a = bound(p, SOCK_DGRAM, "@a"), b = bound(p, SOCK_DGRAM, "@b");
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	char buf[8];

	assert_int_equal(do_connect(p, a, "@b"), 0);
	assert_int_equal(do_connect(p, b, "@a"), 0);
	assert_int_equal(vcall(p, SYS_write, b, "lost", 4), 4);
	assert_int_equal(vcall(p, SYS_connect, a, &unspec, sizeof(unspec)), 0);
	assert_int_equal(vcall(p, SYS_recvfrom, a, buf, 8, MSG_DONTWAIT, 0, 0), -EAGAIN);
	assert_int_equal(so_error(p, b), ECONNRESET);
	assert_int_equal(vcall(p, SYS_write, a, "x", 1), -ENOTCONN);
}

static void dgram_memory(struct vproc *p)
{
	static const struct {
		size_t len;
		int outq;
	} rows[] = {
		{ 0, 768 },	  { 192, 768 },	    { 257, 1280 },    { 16064, 16640 },
		{ 16065, 20736 }, { 40000, 41216 }, { 85696, 86272 }, { 85697, 102656 },
		{ 212960, 332032 },
	};
	int fds[2];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pair(p, SOCK_DGRAM | SOCK_NONBLOCK, fds);
		assert_int_equal(vcall(p, SYS_write, fds[0], big, rows[i].len), rows[i].len);
		assert_int_equal(outq(p, fds[0]), rows[i].outq);
		assert_int_equal(vcall(p, SYS_read, fds[1], big, sizeof(big)), rows[i].len);
		vcall(p, SYS_close, fds[0]);
		vcall(p, SYS_close, fds[1]);
	}
	pair(p, SOCK_DGRAM | SOCK_NONBLOCK, fds);
	assert_int_equal(vcall(p, SYS_write, fds[0], big, 212961), -EMSGSIZE);
}

/* The queue holds one more than net.unix.max_dgram_qlen; a pair's ends have no such limit. */
static void dgram_qlen(struct vproc *p)
{
	int a = bound(p, SOCK_DGRAM, "@a"), b = sock(p, SOCK_DGRAM | SOCK_NONBLOCK), fds[2], n;
	char buf[8];

	for (n = 0; do_sendto(p, b, "x", 1, "@a") == 1; n++)
		;
	assert_int_equal(n, 11);
	assert_int_equal(do_sendto(p, b, "x", 1, "@a"), -EAGAIN);
	assert_int_equal(events(p, b), POLLOUT);
	assert_int_equal(do_connect(p, b, "@a"), 0);
	assert_int_equal(events(p, b), 0);
	assert_int_equal(vcall(p, SYS_read, a, buf, 8), 1);
	assert_int_equal(events(p, b), POLLOUT);
	pair(p, SOCK_DGRAM | SOCK_NONBLOCK, fds);
	for (n = 0; vcall(p, SYS_write, fds[0], "x", 1) == 1; n++)
		;
	assert_int_equal(n, 278);
}

static void slow_reader(struct vproc *p)
{
	int *fd = vproc_arg(p);
	char buf[8];

	vproc_sleep(p, 20 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_read, *fd, buf, 8), 1);
	vproc_sleep(p, 20 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_read, *fd, buf, 8), 1);
}

static void dgram_blocking(struct vproc *p)
{
	int a = bound(p, SOCK_DGRAM, "@a"), b = sock(p, SOCK_DGRAM), status;
	struct pollfd pfd = { .fd = b, .events = POLLOUT };
	struct timeval tv = { .tv_usec = 5000 };
	nsec_t start;
	s64 pid;

	assert_int_equal(do_connect(p, b, "@a"), 0);
	for (int i = 0; i < 11; i++)
		assert_int_equal(vcall(p, SYS_write, b, "x", 1), 1);
	assert_int_equal(vcall(p, SYS_setsockopt, b, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), 0);
	assert_int_equal(vcall(p, SYS_write, b, "x", 1), -EAGAIN);
	tv.tv_usec = 0;
	assert_int_equal(vcall(p, SYS_setsockopt, b, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), 0);
	start = vproc_now(p);
	pid = vproc_fork(p, slow_reader, &a);
	assert_int_equal(vcall(p, SYS_write, b, "x", 1), 1);
	assert_true(vproc_now(p) - start >= 15 * NSEC_PER_MSEC);
	/* poll() of the sender hears of room at the receiver. */
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 5), 0);
	assert_int_equal(vcall(p, SYS_poll, &pfd, 1, 1000), 1);
	assert_true(vproc_now(p) - start >= 35 * NSEC_PER_MSEC);
	assert_int_equal(vcall(p, SYS_wait4, pid, &status, 0, 0), pid);
	assert_int_equal(status, 0);
}

static void dgram_shutdown(struct vproc *p)
{
	int fds[2];
	char buf[8];

	pair(p, SOCK_DGRAM, fds);
	assert_int_equal(vcall(p, SYS_shutdown, fds[0], SHUT_RD), 0);
	assert_int_equal(events(p, fds[0]), POLLIN | POLLOUT | POLLRDHUP);
	assert_int_equal(events(p, fds[1]), POLLOUT);
	assert_int_equal(vcall(p, SYS_read, fds[0], buf, 8), 0);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[0], buf, 8, MSG_DONTWAIT, 0, 0), -EAGAIN);
	assert_int_equal(vcall(p, SYS_write, fds[1], "x", 1), -EPIPE);
	assert_int_equal(vcall(p, SYS_shutdown, fds[0], SHUT_WR), 0);
	assert_int_equal(vcall(p, SYS_write, fds[0], "x", 1), -EPIPE);
	assert_int_equal(events(p, fds[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

static void seqpacket(struct vproc *p)
{
	struct iovec iov = { .iov_base = big, .iov_len = 2 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[2];
	char buf[8];

	assert_int_equal(vcall(p, SYS_write, sock(p, SOCK_SEQPACKET), "x", 1), -ENOTCONN);
	assert_int_equal(vcall(p, SYS_read, sock(p, SOCK_SEQPACKET), buf, 1), -ENOTCONN);
	assert_int_equal(events(p, sock(p, SOCK_SEQPACKET)), POLLOUT | POLLHUP);
	pair(p, SOCK_SEQPACKET, fds);
	assert_int_equal(vcall(p, SYS_write, fds[0], "abc", 3), 3);
	assert_int_equal(vcall(p, SYS_write, fds[0], "de", 2), 2);
	assert_int_equal(inq(p, fds[1]), 5);
	assert_int_equal(vcall(p, SYS_recvmsg, fds[1], &mh, 0), 2);
	assert_int_equal(mh.msg_flags, MSG_TRUNC);
	assert_int_equal(vcall(p, SYS_recvmsg, fds[1], &mh, 0), 2);
	assert_int_equal(mh.msg_flags, 0);
	assert_int_equal(vcall(p, SYS_shutdown, fds[0], SHUT_WR), 0);
	assert_int_equal(vcall(p, SYS_recvfrom, fds[1], buf, 8, MSG_DONTWAIT, 0, 0), 0);
	/* EPIPE without a signal. */
	assert_int_equal(vcall(p, SYS_write, fds[0], "x", 1), -EPIPE);
	assert_int_equal(vcall(p, SYS_write, fds[1], "x", 1), 1);
	vcall(p, SYS_close, fds[0]);
	assert_int_equal(vcall(p, SYS_write, fds[1], "x", 1), -ECONNRESET);
	assert_int_equal(vcall(p, SYS_write, fds[1], "x", 1), -EPIPE);
	/* An empty message left unread is no unread data. */
	pair(p, SOCK_SEQPACKET, fds);
	assert_int_equal(vcall(p, SYS_write, fds[1], "", 0), 0);
	vcall(p, SYS_close, fds[0]);
	assert_int_equal(so_error(p, fds[1]), 0);
}

#define TEST(fn)                                                                                   \
	static void test_##fn(void **state)                                                        \
	{                                                                                          \
		vrun(fn);                                                                          \
	}
TEST(creation)
TEST(names)
TEST(autobind)
TEST(paths)
TEST(connecting)
TEST(backlog)
TEST(blocking_connect)
TEST(listener_shutdown)
TEST(stream_reads)
TEST(stream_memory)
TEST(stream_blocking)
TEST(stream_lowat)
TEST(stream_shutdown)
TEST(stream_close)
TEST(dgram_basics)
TEST(dgram_disconnect)
TEST(dgram_memory)
TEST(dgram_qlen)
TEST(dgram_blocking)
TEST(dgram_shutdown)
TEST(seqpacket)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creation),	  cmocka_unit_test(test_names),
		cmocka_unit_test(test_autobind),	  cmocka_unit_test(test_paths),
		cmocka_unit_test(test_connecting),	  cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_blocking_connect),  cmocka_unit_test(test_listener_shutdown),
		cmocka_unit_test(test_stream_reads),	  cmocka_unit_test(test_stream_memory),
		cmocka_unit_test(test_stream_blocking),	  cmocka_unit_test(test_stream_lowat),
		cmocka_unit_test(test_stream_shutdown),	  cmocka_unit_test(test_stream_close),
		cmocka_unit_test(test_dgram_basics),	  cmocka_unit_test(test_dgram_disconnect),
		cmocka_unit_test(test_dgram_memory),	  cmocka_unit_test(test_dgram_qlen),
		cmocka_unit_test(test_dgram_blocking),	  cmocka_unit_test(test_dgram_shutdown),
		cmocka_unit_test(test_seqpacket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

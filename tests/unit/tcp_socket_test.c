/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets as programs see them, over loopback: connect, accept, send, recv, shutdown, close,
 * poll.
 *
 * Uses nothing but calls, so that it runs on Linux as well (support/native.c); what it asserts was
 * seen there (6.18), where the manual says otherwise too.
 */
#include "tests/unit/unit.h"
#include "tests/unit/support/vrun.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#ifndef SIOCATMARK
#define SIOCATMARK 0x8905
#endif

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((u16)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int stream(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static int stream_nonblock(struct vproc *p)
{
	return (int)vcall(p, SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

/* A listener on a port of its own; the address is stored. */
static int listener(struct vproc *p, int backlog, struct sockaddr_in *sa)
{
	int fd = stream(p);
	socklen_t len = sizeof(*sa);

	*sa = loopback(0);
	assert_int_equal(vcall(p, SYS_bind, fd, sa, sizeof(*sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, fd, backlog), 0);
	assert_int_equal(vcall(p, SYS_getsockname, fd, sa, &len), 0);
	return fd;
}

struct pair {
	int l, c, s; /* listener, client, server */
	struct sockaddr_in sa;
};

static void pair(struct vproc *p, struct pair *f)
{
	f->l = listener(p, 5, &f->sa);
	f->c = stream(p);
	assert_int_equal(vcall(p, SYS_connect, f->c, &f->sa, sizeof(f->sa)), 0);
	f->s = (int)vcall(p, SYS_accept4, f->l, 0, 0, 0);
	assert_true(f->s >= 0);
}

static s64 vsend(struct vproc *p, int fd, const char *text, int flags)
{
	return vcall(p, SYS_sendto, fd, text, strlen(text), flags | MSG_NOSIGNAL, 0, 0);
}

static s64 vrecv(struct vproc *p, int fd, void *buf, size_t len, int flags)
{
	return vcall(p, SYS_recvfrom, fd, buf, len, flags, 0, 0);
}

static int events(struct vproc *p, int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP};

	vcall(p, SYS_poll, &pfd, 1, 0);
	return pfd.revents;
}

static int opt(struct vproc *p, int fd, int level, int name)
{
	int val = -1;
	socklen_t len = sizeof(val);

	assert_int_equal(vcall(p, SYS_getsockopt, fd, level, name, &val, &len), 0);
	return val;
}

static void linger(struct vproc *p, int fd, int seconds)
{
	struct linger l = {1, seconds};

	assert_int_equal(vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
}

#define MS NSEC_PER_MSEC

/* ---- states of a socket --------------------------------------------------------------------- */

static void fresh(struct vproc *p)
{
	int fd = stream(p);
	char b[4];
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	assert_int_equal(events(p, fd), POLLOUT | POLLHUP);
	assert_int_equal(vrecv(p, fd, b, 4, 0), -ENOTCONN);
	assert_int_equal(vsend(p, fd, "x", 0), -EPIPE);
	assert_int_equal(vcall(p, SYS_shutdown, fd, SHUT_WR), -ENOTCONN);
	assert_int_equal(vcall(p, SYS_accept4, fd, 0, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_getpeername, fd, &sa, &len), -ENOTCONN);
}

static void test_fresh(void **state)
{
	vrun(fresh);
}

static void refused(struct vproc *p)
{
	struct sockaddr_in sa;
	int l = listener(p, 1, &sa), fd = stream(p);

	vcall(p, SYS_close, l);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -ECONNREFUSED);
	/* The socket can try again. */
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -ECONNREFUSED);
	fd = stream_nonblock(p);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EINPROGRESS);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(events(p, fd), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	assert_int_equal(opt(p, fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	assert_int_equal(opt(p, fd, SOL_SOCKET, SO_ERROR), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -ECONNABORTED);
}

static void test_refused(void **state)
{
	vrun(refused);
}

/* EALREADY while it is under way; the first call after the handshake gives 0, later ones EISCONN.
 */
static void nonblocking(struct vproc *p)
{
	struct sockaddr_in sa;
	int l = listener(p, 1, &sa), fd = stream_nonblock(p), s;

	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EINPROGRESS);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(events(p, fd), POLLOUT);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EISCONN);
	assert_int_equal(events(p, l), POLLIN);
	s = (int)vcall(p, SYS_accept4, l, 0, 0, 0);
	assert_int_equal(vcall(p, SYS_connect, s, &sa, sizeof(sa)), -EISCONN);
	assert_int_equal(vcall(p, SYS_listen, fd, 1), -EINVAL);
	/* shutdown() has seen that it is connected. */
	fd = stream_nonblock(p);
	vcall(p, SYS_connect, fd, &sa, sizeof(sa));
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vcall(p, SYS_shutdown, fd, SHUT_WR), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EISCONN);
}

static void test_nonblocking(void **state)
{
	vrun(nonblocking);
}

static void disconnect(struct vproc *p)
{
	struct sockaddr unspec = {.sa_family = AF_UNSPEC};
	struct pair f;
	char b[8];

	pair(p, &f);
	assert_int_equal(vcall(p, SYS_connect, f.c, &unspec, sizeof(unspec)), 0);
	assert_int_equal(opt(p, f.c, SOL_SOCKET, SO_ERROR), ECONNRESET);
	vproc_sleep(p, MS);
	assert_int_equal(vrecv(p, f.s, b, 8, 0), -ECONNRESET);
	assert_int_equal(vrecv(p, f.s, b, 8, 0), 0);
	assert_int_equal(vcall(p, SYS_connect, f.c, &f.sa, sizeof(f.sa)), 0);
	assert_int_equal(vsend(p, f.c, "hi", 0), 2);
}

static void test_disconnect(void **state)
{
	vrun(disconnect);
}

/* ---- data ----------------------------------------------------------------------------------- */

static void echo(struct vproc *p)
{
	struct pair f;
	char b[32] = "";
	int n;

	pair(p, &f);
	assert_int_equal(vrecv(p, f.s, b, 0, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(vrecv(p, f.s, b, 8, MSG_DONTWAIT), -EAGAIN);
	assert_int_equal(vsend(p, f.c, "hello world", 0), 11);
	vproc_sleep(p, MS);
	assert_int_equal(vrecv(p, f.s, b, 0, 0), 0);
	assert_int_equal(vcall(p, SYS_ioctl, f.s, FIONREAD, &n), 0);
	assert_int_equal(n, 11);
	assert_int_equal(vrecv(p, f.s, b, 5, MSG_PEEK), 5);
	assert_int_equal(vrecv(p, f.s, b, 5, 0), 5);
	assert_memory_equal(b, "hello", 5);
	/* MSG_TRUNC throws bytes away. */
	assert_int_equal(vrecv(p, f.s, b, 1, MSG_TRUNC), 1);
	assert_memory_equal(b, "hello", 5);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 5);
	assert_memory_equal(b, "world", 5);
	assert_int_equal(vsend(p, f.c, "x", MSG_FASTOPEN), -EISCONN);
}

static void test_echo(void **state)
{
	vrun(echo);
}

static void halves(struct vproc *p)
{
	struct pair *f = vproc_arg(p);

	vproc_sleep(p, 20 * MS);
	vsend(p, f->c, "def", 0);
	vproc_sleep(p, 20 * MS);
	vcall(p, SYS_shutdown, f->c, SHUT_WR);
}

static void waitall(struct vproc *p)
{
	struct pair f;
	char b[32];

	pair(p, &f);
	vsend(p, f.c, "abc", 0);
	vproc_thread(p, halves, &f);
	assert_int_equal(vrecv(p, f.s, b, 6, MSG_WAITALL), 6);
	assert_memory_equal(b, "abcdef", 6);
	/* The end of the stream ends the wait. */
	assert_int_equal(vrecv(p, f.s, b, 6, MSG_WAITALL), 0);
}

static void test_waitall(void **state)
{
	vrun(waitall);
}

static void timeouts(struct vproc *p)
{
	struct timeval tv = {.tv_usec = 50000};
	struct pair f;
	nsec_t t;
	char b[32];

	pair(p, &f);
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	t = vproc_now(p);
	assert_int_equal(vrecv(p, f.s, b, 4, 0), -EAGAIN);
	assert_in_range(vproc_now(p) - t, 50 * MS, 70 * MS);
	vsend(p, f.c, "ab", 0);
	t = vproc_now(p);
	assert_int_equal(vrecv(p, f.s, b, 4, MSG_WAITALL), 2);
	assert_in_range(vproc_now(p) - t, 50 * MS, 70 * MS);
	vcall(p, SYS_setsockopt, f.l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	assert_int_equal(vcall(p, SYS_accept4, f.l, 0, 0, 0), -EAGAIN);
}

static void test_timeouts(void **state)
{
	vrun(timeouts);
}

static void urgent(struct vproc *p)
{
	struct pair f;
	char b[32];
	int n;

	pair(p, &f);
	assert_int_equal(vrecv(p, f.s, b, 1, MSG_OOB), -EINVAL);
	vsend(p, f.c, "hello", 0);
	assert_int_equal(vsend(p, f.c, "X", MSG_OOB), 1);
	vsend(p, f.c, "tail", 0);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(events(p, f.s), POLLIN | POLLPRI | POLLOUT);
	/* A peek does not move the mark. */
	assert_int_equal(vrecv(p, f.s, b, 32, MSG_PEEK), 5);
	assert_int_equal(vrecv(p, f.s, b, 32, MSG_PEEK), 5);
	assert_int_equal(vcall(p, SYS_ioctl, f.s, FIONREAD, &n), 0);
	assert_int_equal(n, 5);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 5);
	vcall(p, SYS_ioctl, f.s, SIOCATMARK, &n);
	assert_int_equal(n, 1);
	assert_int_equal(vrecv(p, f.s, b, 32, MSG_OOB), 1);
	assert_int_equal(b[0], 'X');
	assert_int_equal(vrecv(p, f.s, b, 32, MSG_OOB), -EINVAL);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 4);
	assert_memory_equal(b, "tail", 4);
	vcall(p, SYS_ioctl, f.s, SIOCATMARK, &n);
	assert_int_equal(n, 0);
}

static void test_urgent(void **state)
{
	vrun(urgent);
}

static void urgent_inline(struct vproc *p)
{
	struct pair f;
	char b[32];
	int one = 1;

	pair(p, &f);
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	vsend(p, f.c, "ab", 0);
	vsend(p, f.c, "X", MSG_OOB);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vrecv(p, f.s, b, 32, MSG_OOB), -EINVAL);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 2);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 1);
	assert_int_equal(b[0], 'X');
}

static void test_urgent_inline(void **state)
{
	vrun(urgent_inline);
}

static char big[300000];

static void drain(struct vproc *p)
{
	struct pair *f = vproc_arg(p);
	char b[5000];

	vproc_sleep(p, 20 * MS);
	while (vrecv(p, f->s, b, sizeof(b), 0) > 0)
		;
}

/* A writer that fills the buffers waits until its peer reads; one that may not wait sends a part.
 */
static void full(struct vproc *p)
{
	struct pair f;
	s64 n, sum = 0;
	int val = 20000;

	pair(p, &f);
	vcall(p, SYS_setsockopt, f.c, SOL_SOCKET, SO_SNDBUF, &val, sizeof(val));
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_RCVBUF, &val, sizeof(val));
	while ((n = vcall(p, SYS_sendto, f.c, big, sizeof(big), MSG_DONTWAIT, 0, 0)) > 0) {
		sum += n;
		vproc_sleep(p, MS);
	}
	assert_int_equal(n, -EAGAIN);
	assert_in_range(sum, 1, (s64)sizeof(big) - 1);
	assert_int_equal(events(p, f.c) & POLLOUT, 0);
	vproc_thread(p, drain, &f);
	assert_int_equal(vcall(p, SYS_sendto, f.c, big, sizeof(big), 0, 0, 0), sizeof(big));
	vcall(p, SYS_shutdown, f.c, SHUT_WR);
	vproc_sleep(p, 500 * MS);
}

static void test_full(void **state)
{
	vrun(full);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Half-close is no POLLHUP, and the answer still gets through. */
static void half_close(struct vproc *p)
{
	struct pair f;
	char b[32];

	pair(p, &f);
	vsend(p, f.c, "req", 0);
	assert_int_equal(vcall(p, SYS_shutdown, f.c, SHUT_WR), 0);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(events(p, f.s), POLLIN | POLLOUT | POLLRDHUP);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 3);
	assert_int_equal(vrecv(p, f.s, b, 32, 0), 0);
	assert_int_equal(vsend(p, f.s, "reply", 0), 5);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vrecv(p, f.c, b, 32, 0), 5);
	assert_int_equal(vsend(p, f.c, "x", 0), -EPIPE);
	vcall(p, SYS_close, f.s);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vrecv(p, f.c, b, 32, 0), 0);
	assert_int_equal(events(p, f.c), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
}

static void test_half_close(void **state)
{
	vrun(half_close);
}

/* Writing to a peer that is gone: the first write elicits the RST, the second gets EPIPE. */
static void peer_gone(struct vproc *p)
{
	struct pair f;
	char b[8];

	pair(p, &f);
	vcall(p, SYS_close, f.s);
	vproc_sleep(p, MS);
	assert_int_equal(vsend(p, f.c, "a", 0), 1);
	vproc_sleep(p, MS);
	/* The FIN came before: an RST in CLOSE_WAIT is EPIPE. */
	assert_int_equal(opt(p, f.c, SOL_SOCKET, SO_ERROR), EPIPE);
	assert_int_equal(vsend(p, f.c, "b", 0), -EPIPE);
	assert_int_equal(vrecv(p, f.c, b, 8, 0), 0);
}

static void test_peer_gone(void **state)
{
	vrun(peer_gone);
}

/* Data that was never read turns close() into a reset; what the peer has received stays readable.
 */
static void unread(struct vproc *p)
{
	struct pair f;
	char b[8];

	pair(p, &f);
	vsend(p, f.c, "body", 0);
	vsend(p, f.s, "reply", 0);
	vproc_sleep(p, 5 * MS);
	vcall(p, SYS_close, f.s);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vrecv(p, f.c, b, 8, 0), 5);
	assert_int_equal(vrecv(p, f.c, b, 8, 0), -ECONNRESET);
	assert_int_equal(vrecv(p, f.c, b, 8, 0), 0);
}

static void test_unread(void **state)
{
	vrun(unread);
}

/* A reset before accept(): accept() succeeds all the same. */
static void reset_before_accept(struct vproc *p)
{
	struct sockaddr_in sa, peer;
	socklen_t len = sizeof(peer);
	int l = listener(p, 5, &sa), c = stream(p), s, one = 1;
	char b[8];

	vcall(p, SYS_connect, c, &sa, sizeof(sa));
	vproc_sleep(p, MS);
	linger(p, c, 0);
	vcall(p, SYS_close, c);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(events(p, l), POLLIN);
	s = (int)vcall(p, SYS_accept4, l, &peer, &len, 0);
	assert_true(s >= 0);
	assert_int_equal(peer.sin_family, AF_INET);
	assert_int_equal(vcall(p, SYS_getpeername, s, &peer, &len), -ENOTCONN);
	assert_int_equal(vcall(p, SYS_setsockopt, s, IPPROTO_TCP, TCP_NODELAY, &one, 4), 0);
	assert_int_equal(vrecv(p, s, b, 8, 0), -ECONNRESET);
	assert_int_equal(vrecv(p, s, b, 8, 0), 0);
}

static void test_reset_before_accept(void **state)
{
	vrun(reset_before_accept);
}

static void close_listener(struct vproc *p)
{
	vproc_sleep(p, 20 * MS);
	vcall(p, SYS_shutdown, *(int *)vproc_arg(p), SHUT_RDWR);
}

/* shutdown() of a listener wakes who waits in accept(); connections in its queue are reset. */
static void listener_shutdown(struct vproc *p)
{
	struct sockaddr_in sa;
	int l = listener(p, 5, &sa), c = stream(p);
	char b[8];

	vproc_thread(p, close_listener, &l);
	assert_int_equal(vcall(p, SYS_accept4, l, 0, 0, 0), -EINVAL);
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), -ECONNREFUSED);
	l = listener(p, 5, &sa);
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	vproc_sleep(p, MS);
	vcall(p, SYS_close, l);
	vproc_sleep(p, MS);
	assert_int_equal(vrecv(p, c, b, 8, 0), -ECONNRESET);
}

static void test_listener_shutdown(void **state)
{
	vrun(listener_shutdown);
}

/* listen(1): two connections wait, further SYNs are dropped. */
static void backlog(struct vproc *p)
{
	struct sockaddr_in sa;
	int established = 0, fd[8];

	for (int backlog = 0; backlog < 2; backlog++) {
		int l = listener(p, backlog, &sa);

		established = 0;
		for (int i = 0; i < 8; i++) {
			fd[i] = stream_nonblock(p);
			vcall(p, SYS_connect, fd[i], &sa, sizeof(sa));
			vproc_sleep(p, MS);
			established += events(p, fd[i]) == POLLOUT;
		}
		assert_int_equal(established, backlog + 1);
		for (int i = 0; i < 8; i++)
			vcall(p, SYS_close, fd[i]);
		vcall(p, SYS_close, l);
	}
}

static void test_backlog(void **state)
{
	vrun(backlog);
}

/* A connection to itself: both SYNs cross. */
static void self_connect(struct vproc *p)
{
	struct sockaddr_in sa = loopback(0), peer;
	socklen_t len = sizeof(sa);
	int fd = stream(p);
	char b[8];

	assert_int_equal(vcall(p, SYS_bind, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_getsockname, fd, &sa, &len), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_getpeername, fd, &peer, &len), 0);
	assert_int_equal(peer.sin_port, sa.sin_port);
	assert_int_equal(vsend(p, fd, "me", 0), 2);
	assert_int_equal(vrecv(p, fd, b, 8, 0), 2);
	vcall(p, SYS_shutdown, fd, SHUT_WR);
	assert_int_equal(vrecv(p, fd, b, 8, 0), 0);
}

static void test_self_connect(void **state)
{
	vrun(self_connect);
}

static void v6(struct vproc *p)
{
	struct sockaddr_in6 sa = {.sin6_family = AF_INET6}, peer;
	struct sockaddr_in sa4;
	socklen_t len = sizeof(sa);
	int l = (int)vcall(p, SYS_socket, AF_INET6, SOCK_STREAM, 0), c = stream(p), s;
	char b[8];

	assert_int_equal(vcall(p, SYS_bind, l, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_listen, l, 5), 0);
	vcall(p, SYS_getsockname, l, &sa, &len);
	sa4 = loopback(ntohs(sa.sin6_port));
	assert_int_equal(vcall(p, SYS_connect, c, &sa4, sizeof(sa4)), 0);
	len = sizeof(peer);
	s = (int)vcall(p, SYS_accept4, l, &peer, &len, 0);
	assert_int_equal(len, sizeof(peer));
	assert_int_equal(peer.sin6_family, AF_INET6);
	assert_true(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
	vsend(p, s, "4", 0);
	assert_int_equal(vrecv(p, c, b, 8, 0), 1);
	c = (int)vcall(p, SYS_socket, AF_INET6, SOCK_STREAM, 0);
	sa.sin6_addr = in6addr_loopback;
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	s = (int)vcall(p, SYS_accept4, l, &peer, &len, 0);
	assert_true(IN6_IS_ADDR_LOOPBACK(&peer.sin6_addr));
	vsend(p, s, "6", 0);
	assert_int_equal(vrecv(p, c, b, 8, 0), 1);
	/* A v4-mapped destination. */
	c = (int)vcall(p, SYS_socket, AF_INET6, SOCK_STREAM, 0);
	memset(&sa.sin6_addr, 0, 16);
	sa.sin6_addr.s6_addr[10] = sa.sin6_addr.s6_addr[11] = 0xff;
	sa.sin6_addr.s6_addr[12] = 127;
	sa.sin6_addr.s6_addr[15] = 1;
	assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
}

static void test_v6(void **state)
{
	vrun(v6);
}

static void slow_reader(struct vproc *p)
{
	struct pair *f = vproc_arg(p);
	char b[5000];

	vproc_sleep(p, 300 * MS);
	while (vrecv(p, f->s, b, sizeof(b), 0) > 0)
		;
}

/* close() with SO_LINGER waits until the data is acknowledged, or for its time. */
static void lingering(struct vproc *p)
{
	int val = 20000;
	struct pair f;
	nsec_t t;

	pair(p, &f);
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_RCVBUF, &val, sizeof(val));
	linger(p, f.c, 1);
	val = 400000;
	vcall(p, SYS_setsockopt, f.c, SOL_SOCKET, SO_SNDBUF, &val, sizeof(val));
	assert_int_equal(vcall(p, SYS_sendto, f.c, big, 200000, 0, 0, 0), 200000);
	t = vproc_now(p);
	assert_int_equal(vcall(p, SYS_close, f.c), 0);
	assert_in_range(vproc_now(p) - t, 1000 * MS, 1050 * MS);
	pair(p, &f);
	linger(p, f.c, 30);
	vcall(p, SYS_setsockopt, f.c, SOL_SOCKET, SO_SNDBUF, &val, sizeof(val));
	val = 20000;
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_RCVBUF, &val, sizeof(val));
	vcall(p, SYS_sendto, f.c, big, 200000, 0, 0, 0);
	vproc_thread(p, slow_reader, &f);
	t = vproc_now(p);
	assert_int_equal(vcall(p, SYS_close, f.c), 0);
	assert_in_range(vproc_now(p) - t, 290 * MS, 3000 * MS);
}

static void test_lingering(void **state)
{
	vrun(lingering);
}

/* A connection in TIME_WAIT keeps its port from bind(), unless SO_REUSEADDR. */
static void time_wait(struct vproc *p)
{
	struct pair f;
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int fd = stream(p), one = 1;

	pair(p, &f);
	vcall(p, SYS_getsockname, f.s, &sa, &len);
	vcall(p, SYS_close, f.s);
	vproc_sleep(p, MS);
	vcall(p, SYS_close, f.c);
	vcall(p, SYS_close, f.l);
	vproc_sleep(p, MS);
	assert_int_equal(vcall(p, SYS_bind, fd, &sa, sizeof(sa)), -EADDRINUSE);
	fd = stream(p);
	vcall(p, SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Both must have it. */
	assert_int_equal(vcall(p, SYS_bind, fd, &sa, sizeof(sa)), -EADDRINUSE);
}

static void test_time_wait(void **state)
{
	vrun(time_wait);
}

/* A signal ends connect() but not the handshake; the next calls give 0 and EISCONN (not POSIX's
 * EISCONN). */
static void on_alarm(struct vproc *p, const struct siginfo *info)
{
}

static void interrupted(struct vproc *p)
{
	struct itimerval it = {.it_value.tv_usec = 30000};
	struct sockaddr_in sa;
	int l = listener(p, 0, &sa), c = stream(p), fd = stream(p), s;

	/* The one place is taken: the SYN is dropped, and sent again after a second. */
	vcall(p, SYS_connect, c, &sa, sizeof(sa));
	vproc_signal(p, SIGALRM, on_alarm, 0);
	vcall(p, SYS_setitimer, ITIMER_REAL, &it, 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EINTR);
	s = (int)vcall(p, SYS_accept4, l, 0, 0, 0);
	assert_true(s >= 0);
	assert_int_equal(vcall(p, SYS_fcntl, fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EALREADY);
	s = (int)vcall(p, SYS_accept4, l, 0, 0, 0);
	assert_true(s >= 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(vcall(p, SYS_connect, fd, &sa, sizeof(sa)), -EISCONN);
}

static void test_interrupted(void **state)
{
	vrun(interrupted);
}

struct closer {
	int l;
	struct sockaddr_in sa;
};

static void close_and_connect(struct vproc *p)
{
	struct closer *k = vproc_arg(p);
	int c = stream(p);

	vproc_sleep(p, 20 * MS);
	vcall(p, SYS_close, k->l);
	vproc_sleep(p, 20 * MS);
	assert_int_equal(vcall(p, SYS_connect, c, &k->sa, sizeof(k->sa)), 0);
}

/* close() of a listener does not end an accept() that waits: it still gets the next connection. */
static void closed_while_accepting(struct vproc *p)
{
	struct closer k;

	k.l = listener(p, 5, &k.sa);
	vproc_thread(p, close_and_connect, &k);
	assert_true(vcall(p, SYS_accept4, k.l, 0, 0, 0) >= 0);
}

static void test_closed_while_accepting(void **state)
{
	vrun(closed_while_accepting);
}

/* Edge-triggered: three connections before the program looks are one event. */
static void edge(struct vproc *p)
{
	struct sockaddr_in sa;
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	int l = listener(p, 5, &sa), ep = (int)vcall(p, SYS_epoll_create1, 0);

	assert_int_equal(vcall(p, SYS_epoll_ctl, ep, EPOLL_CTL_ADD, l, &ev), 0);
	for (int i = 0; i < 3; i++) {
		int c = stream(p);

		assert_int_equal(vcall(p, SYS_connect, c, &sa, sizeof(sa)), 0);
	}
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 0), 1);
	assert_true(vcall(p, SYS_accept4, l, 0, 0, 0) >= 0);
	assert_int_equal(vcall(p, SYS_epoll_wait, ep, &ev, 1, 50), 0);
	assert_int_equal(events(p, l), POLLIN);
}

static void test_edge(void **state)
{
	vrun(edge);
}

/* Of an SO_REUSEPORT group: what waits for a listener that is closed is reset. */
static void reuseport(struct vproc *p)
{
	struct sockaddr_in sa = loopback(0);
	socklen_t len = sizeof(sa);
	int l[2], fd[8], reset = 0, one = 1;
	char b[4];

	for (int i = 0; i < 2; i++) {
		l[i] = stream(p);
		vcall(p, SYS_setsockopt, l[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		assert_int_equal(vcall(p, SYS_bind, l[i], &sa, sizeof(sa)), 0);
		assert_int_equal(vcall(p, SYS_listen, l[i], 16), 0);
		vcall(p, SYS_getsockname, l[i], &sa, &len);
	}
	for (int i = 0; i < 8; i++) {
		fd[i] = stream(p);
		assert_int_equal(vcall(p, SYS_connect, fd[i], &sa, sizeof(sa)), 0);
	}
	vproc_sleep(p, 5 * MS);
	vcall(p, SYS_close, l[0]);
	vproc_sleep(p, 5 * MS);
	for (int i = 0; i < 8; i++)
		reset += vrecv(p, fd[i], b, 4, MSG_DONTWAIT) == -ECONNRESET;
	assert_in_range(reset, 1, 8);
	for (int i = 0; i < 8 - reset; i++)
		assert_true(vcall(p, SYS_accept4, l[1], 0, 0, 0) >= 0);
	assert_int_equal(events(p, l[1]), 0);
}

static void test_reuseport(void **state)
{
	vrun(reuseport);
}

static void timestamps(struct vproc *p)
{
	struct pair f;
	char b[32], control[64];
	struct iovec iov = {b, sizeof(b)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	int one = 1;

	pair(p, &f);
	vcall(p, SYS_setsockopt, f.s, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));
	vproc_sleep(p, 50 * MS);
	vsend(p, f.c, "x", 0);
	vproc_sleep(p, 5 * MS);
	assert_int_equal(vcall(p, SYS_recvmsg, f.s, &m, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&m));
	assert_int_equal(CMSG_FIRSTHDR(&m)->cmsg_type, SO_TIMESTAMP);
}

static void test_timestamps(void **state)
{
	vrun(timestamps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fresh),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_nonblocking),
	    cmocka_unit_test(test_disconnect),
	    cmocka_unit_test(test_echo),
	    cmocka_unit_test(test_waitall),
	    cmocka_unit_test(test_timeouts),
	    cmocka_unit_test(test_urgent),
	    cmocka_unit_test(test_urgent_inline),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_half_close),
	    cmocka_unit_test(test_peer_gone),
	    cmocka_unit_test(test_unread),
	    cmocka_unit_test(test_reset_before_accept),
	    cmocka_unit_test(test_listener_shutdown),
	    cmocka_unit_test(test_backlog),
	    cmocka_unit_test(test_self_connect),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_lingering),
	    cmocka_unit_test(test_time_wait),
	    cmocka_unit_test(test_interrupted),
	    cmocka_unit_test(test_closed_while_accepting),
	    cmocka_unit_test(test_edge),
	    cmocka_unit_test(test_reuseport),
	    cmocka_unit_test(test_timestamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

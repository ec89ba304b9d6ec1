/* SPDX-License-Identifier: MIT */
/*
 * The file calls on sockets, and non-blocking ones: read(), write(), their vectors, what seeks
 * (ESPIPE), O_NONBLOCK with EAGAIN and EINPROGRESS: socket(7), "Socket-layer functions".
 */
#include "transcript.h"

#include <sys/sendfile.h>
#include <sys/stat.h>

static char buf[64], other[64];

static void pair_calls(const char *title, int a, int b)
{
	struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cde", 3}}, in[2] = {{buf, 2}, {other, 60}};
	struct stat st;
	struct msghdr m = {.msg_iov = in, .msg_iovlen = 2};

	part(title);
	CALL(write(a, "hello", 5));
	settle();
	DATA(buf, read(b, buf, 64));
	CALL(writev(a, out, 3));
	settle();
	CALL(readv(b, in, 2));
	printf("%.2s %.3s\n", buf, other);
	CALL(pread(b, buf, 1, 0));
	CALL(pwrite(a, "x", 1, 0));
	CALL(preadv(b, in, 2, 0));
	CALL(pwritev(a, out, 3, 0));
	CALL(preadv2(b, in, 2, 0, 0));
	CALL(pwritev2(a, out, 3, -1, 0));
	settle();
	CALL(preadv2(b, in, 2, -1, 0));
	CALL(preadv2(b, in, 2, -1, RWF_NOWAIT));
	CALL(pwritev2(a, out, 3, -1, 0x10000));
	CALL(lseek(a, 0, SEEK_SET));
	CALL(lseek(a, 0, SEEK_CUR));
	CALL(lseek(a, 0, 77));
	CALL(sendto(a, "to", 2, 0, NULL, 0));
	settle();
	DATA(buf, recvfrom(b, buf, 64, 0, NULL, NULL));
	m.msg_iov = out;
	m.msg_iovlen = 3;
	CALL(sendmsg(a, &m, 0));
	settle();
	m.msg_iov = in;
	m.msg_iovlen = 2;
	CALL(recvmsg(b, &m, 0));
	CALL(fstat(a, &st));
	FACT(S_ISSOCK(st.st_mode));
	VALUE(st.st_mode & 07777);
	VALUE(st.st_size);
	CALL(ftruncate(a, 0));
	CALL(fsync(a));
	CALL(fdatasync(a));
	CALL(posix_fadvise(a, 0, 0, 0));
	CALL(posix_fallocate(a, 0, 1));
	CALL(fchmod(a, 0600));
	CALL(fstat(a, &st));
	VALUE(st.st_mode & 07777);
	CALL(sendfile(a, b, NULL, 1));
	CALL(write(a, NULL, 0));
	CALL(read(b, NULL, 0));
	CALL(writev(a, out, 0));
	CALL(writev(a, out, -1));
}

static void would_block(const char *title, int a, int b)
{
	part(title);
	CALL(fcntl(a, F_SETFL, O_NONBLOCK));
	CALL(read(a, buf, 1));
	CALL(recv(a, buf, 1, 0));
	CALL(recvfrom(a, buf, 1, 0, NULL, NULL));
	CALL(recvmsg(a, &(struct msghdr){.msg_iov = &(struct iovec){buf, 1}, .msg_iovlen = 1}, 0));
	FACT(fill(a));
	CALL(write(a, "x", 1));
	CALL(send(a, "x", 1, 0));
	CALL(sendmsg(a, &(struct msghdr){.msg_iov = &(struct iovec){buf, 1}, .msg_iovlen = 1}, 0));
	CALL(fcntl(a, F_SETFL, 0));
	CALL(recv(a, buf, 1, MSG_DONTWAIT));
	CALL(send(a, "x", 1, MSG_DONTWAIT));
	close(a);
	close(b);
}

static void connecting(const char *host, int family)
{
	int l = tcp_listener(host, 0), c[3];

	part(host);
	CALL(fcntl(l, F_SETFL, O_NONBLOCK));
	CALL(accept(l, NULL, NULL));
	for (int i = 0; i < 3; i++) {
		c[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
		CALL(connect(c[i], TO(host, l)));
		settle();
		CALL(connect(c[i], TO(host, l)));
	}
	CALL(connect(c[0], TO(host, l)));
	FD(accept(l, NULL, NULL));
	for (int i = 0; i < 3; i++)
		close(c[i]);
	close(l);
}

static void unix_connecting(int type)
{
	int l = socket(AF_UNIX, type | SOCK_NONBLOCK, 0), c[3], a;

	part(type == SOCK_STREAM ? "AF_UNIX stream" : "AF_UNIX seqpacket");
	CALL(bind(l, ADDR("unix:@calls")));
	CALL(accept(l, NULL, NULL));
	CALL(listen(l, 0));
	CALL(accept(l, NULL, NULL));
	for (int i = 0; i < 3; i++) {
		c[i] = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
		CALL(connect(c[i], ADDR("unix:@calls")));
		CALL(connect(c[i], ADDR("unix:@calls")));
	}
	a = FD(accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	FACT(fcntl(a, F_GETFL) == (O_RDWR | O_NONBLOCK));
	FACT(fcntl(a, F_GETFD) == FD_CLOEXEC);
	CALL(accept4(l, NULL, NULL, 1));
	CALL(connect(c[2], ADDR("unix:@calls")));
	close(l);
	for (int i = 0; i < 3; i++)
		close(c[i]);
	close(a);
}

/* Calls that make no sense for the state or the type. */
static void wrong(void)
{
	int t = socket(AF_INET, SOCK_STREAM, 0), u = socket(AF_INET, SOCK_DGRAM, 0),
	    l = tcp_listener("127.0.0.1:0", 1);
	int x = socket(AF_UNIX, SOCK_STREAM, 0), d = socket(AF_UNIX, SOCK_DGRAM, 0), q[2];

	part("states and types");
	CALL(read(t, buf, 1));
	CALL(write(t, "x", 1));
	CALL(accept(t, NULL, NULL));
	CALL(shutdown(t, SHUT_WR));
	CALL(read(l, buf, 1));
	CALL(write(l, "x", 1));
	CALL(connect(l, TO("127.0.0.1:0", l)));
	CALL(shutdown(u, SHUT_WR));
	CALL(listen(u, 1));
	CALL(accept(u, NULL, NULL));
	CALL(write(u, "x", 1));
	CALL(accept(x, NULL, NULL));
	CALL(listen(x, 1));
	CALL(listen(d, 1));
	CALL(accept(d, NULL, NULL));
	CALL(connect(x, ADDR("127.0.0.1:1")));
	CALL(bind(t, ADDR("unix:@x")));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, q));
	CALL(connect(q[0], ADDR("unix:@x")));
	CALL(listen(q[0], 1));
	CALL(bind(q[0], ADDR("unix:@x")));
	CALL(bind(q[0], ADDR("unix:@y")));
	CALL(listen(l, 5));
	CALL(listen(l, -1));
	CALL(bind(l, ADDR("127.0.0.1:0")));
}

int main(void)
{
	int fd[2], a, b;

	signal(SIGPIPE, SIG_IGN);
	tcp_pair(fd, "127.0.0.1:0");
	pair_calls("TCP", fd[0], fd[1]);
	would_block("TCP, O_NONBLOCK", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	pair_calls("AF_UNIX stream", fd[0], fd[1]);
	would_block("AF_UNIX stream, O_NONBLOCK", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd);
	pair_calls("AF_UNIX seqpacket", fd[0], fd[1]);
	would_block("AF_UNIX seqpacket, O_NONBLOCK", fd[0], fd[1]);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fd);
	pair_calls("AF_UNIX datagrams", fd[0], fd[1]);
	would_block("AF_UNIX datagrams, O_NONBLOCK", fd[0], fd[1]);
	a = socket(AF_INET, SOCK_DGRAM, 0);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	bind(b, ADDR("127.0.0.1:0"));
	connect(a, TO("127.0.0.1:0", b));
	pair_calls("UDP", a, b);
	part("UDP, O_NONBLOCK");
	CALL(fcntl(b, F_SETFL, O_NONBLOCK));
	recv(b, buf, 1, 0);
	CALL(read(b, buf, 1));
	CALL(recv(b, buf, 1, 0));
	connecting("127.0.0.1:0", AF_INET);
	connecting("[::1]:0", AF_INET6);
	unix_connecting(SOCK_STREAM);
	unix_connecting(SOCK_SEQPACKET);
	wrong();
	return 0;
}

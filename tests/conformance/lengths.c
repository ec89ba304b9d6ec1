/* SPDX-License-Identifier: MIT */
/*
 * How much is written, and what is told about it: names, options and messages longer than the room for
 * them, what an interrupted call leaves behind. recvmsg(2), getsockname(2), getsockopt(2), poll(2).
 */
#include "transcript.h"

#include <sys/select.h>
#include <sys/uio.h>

static int tcp, peer, pair[2], dgram[2];

static void show(const char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%c", buf[i] >= ' ' && buf[i] < 127 ? buf[i] : '?');
	printf("\n");
}

static void connection(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int l = socket(AF_INET, SOCK_STREAM, 0);

	bind(l, (void *)&a, sizeof(a));
	listen(l, 1);
	getsockname(l, (void *)&a, &len);
	peer = socket(AF_INET, SOCK_STREAM, 0);
	connect(peer, (void *)&a, sizeof(a));
	tcp = accept(l, NULL, NULL);
	close(l);
}

static void names(void)
{
	char name[32];
	socklen_t len;

	memset(name, '.', sizeof(name));
	len = 2;
	CALL(getsockname(tcp, (void *)name, &len));
	VALUE(len);
	FACT(name[0] == AF_INET && name[2] == '.');
	len = 0;
	CALL(getsockname(tcp, NULL, &len));
	VALUE(len);
	len = (socklen_t)-1;
	CALL(getpeername(tcp, (void *)name, &len));
	VALUE((int)len);
	len = 1000;
	CALL(getpeername(tcp, (void *)name, &len));
	VALUE(len);
	FACT(name[16] == '.');
	len = sizeof(name);
	CALL(recvfrom(tcp, name, 0, MSG_DONTWAIT, (void *)name, &len)); /* a stream has no names to tell */
	len = sizeof(name);
	send(peer, "x", 1, 0);
	CALL(recvfrom(tcp, name + 20, 1, 0, (void *)name, &len));
	VALUE(len);
}

static void options(void)
{
	unsigned char value[8];
	socklen_t len;
	int one = 1;

	CALL(setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &one, 3));
	CALL(setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &one, 1000));
	for (len = 0; len < 6; len++) {
		socklen_t room = len;

		memset(value, 0xee, sizeof(value));
		CALL(getsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, value, &room));
		printf("%u of %u: %02x %02x %02x %02x %02x\n", room, len, value[0], value[1], value[2], value[3],
		       value[4]);
	}
	len = (socklen_t)-1;
	CALL(getsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, value, &len));
}

static void discarded(void)
{
	char buf[8];

	memset(buf, '.', sizeof(buf));
	send(peer, "0123456789", 10, 0);
	CALL(recv(tcp, buf, 4, MSG_TRUNC | MSG_WAITALL));
	show(buf, sizeof(buf));
	CALL(recv(tcp, NULL, 2, MSG_TRUNC | MSG_WAITALL));
	DATA(buf, recv(tcp, buf, 2, 0));
	send(dgram[0], "datagram", 8, 0);
	CALL(recv(dgram[1], buf, 4, MSG_TRUNC));
	show(buf, sizeof(buf));
	send(dgram[0], "datagram", 8, 0);
	CALL(recv(dgram[1], buf, 4, 0));
	CALL(recv(dgram[1], buf, 4, MSG_DONTWAIT));
}

static void messages(void)
{
	char a[4], b[8], control[64], name[16];
	struct iovec iov[3] = { { a, 3 }, { NULL, 0 }, { b, 4 } };
	struct msghdr m = { .msg_name = name, .msg_namelen = sizeof(name), .msg_iov = iov, .msg_iovlen = 3,
			    .msg_control = control, .msg_controllen = sizeof(control), .msg_flags = -1 };

	memset(a, '.', sizeof(a));
	memset(b, '.', sizeof(b));
	send(dgram[0], "12345", 5, 0);
	CALL(recvmsg(dgram[1], &m, 0));
	show(a, sizeof(a));
	show(b, sizeof(b));
	printf("name %u control %zu flags %#x\n", m.msg_namelen, m.msg_controllen, (unsigned)m.msg_flags);
	FACT(m.msg_control == control && m.msg_name == name && m.msg_iov == iov && m.msg_iovlen == 3);
	send(dgram[0], "1234567890", 10, 0);
	m.msg_control = NULL;
	m.msg_controllen = 100;
	m.msg_name = NULL;
	m.msg_namelen = 100;
	CALL(recvmsg(dgram[1], &m, 0));
	printf("name %u control %zu flags %#x\n", m.msg_namelen, m.msg_controllen, (unsigned)m.msg_flags);
	m.msg_iovlen = 0;
	CALL(recvmsg(dgram[1], &m, MSG_DONTWAIT));
	m.msg_iovlen = 1025;
	CALL(recvmsg(dgram[1], &m, MSG_DONTWAIT));
	m.msg_iovlen = 1;
	m.msg_name = name;
	m.msg_namelen = (socklen_t)-1;
	CALL(recvmsg(dgram[1], &m, MSG_DONTWAIT));
	CALL(sendmsg(dgram[0], &m, 0));
	m.msg_name = NULL;
	m.msg_control = control;
	m.msg_controllen = 1u << 20;
	CALL(sendmsg(dgram[0], &m, 0));
	m.msg_controllen = (size_t)1 << 40;
	CALL(sendmsg(dgram[0], &m, 0));
	CALL(recvmsg(dgram[1], &m, MSG_DONTWAIT));
	iov[0].iov_len = (size_t)-1;
	CALL(recvmsg(dgram[1], &m, MSG_DONTWAIT));
	CALL(readv(dgram[1], iov, 1));
	CALL(readv(dgram[1], iov, 1025));
}

static void interrupted(int signo)
{
	(void)signo;
}

/* A thousandth of a second from now. */
static void soon(void)
{
	struct itimerval it = { .it_value = { 0, 1000 } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void signals(void)
{
	struct sigaction sa = { .sa_handler = interrupted };
	struct pollfd pfd = { .fd = tcp, .events = POLLIN, .revents = 0x55 };
	struct timespec left = { 5, 0 }, rem = { 7, 7 };
	struct timeval tv = { 5, 0 };
	fd_set set;

	sigaction(SIGALRM, &sa, NULL);
	CALL(recv(tcp, &set, 100, 0));
	soon();
	CALL(syscall(SYS_ppoll, &pfd, 1, &left, NULL, 8));
	VALUE(pfd.revents);
	VALUE(left.tv_sec);
	FD_ZERO(&set);
	FD_SET(tcp, &set);
	soon();
	CALL(syscall(SYS_select, tcp + 1, &set, NULL, NULL, &tv));
	FACT(FD_ISSET(tcp, &set));
	VALUE(tv.tv_sec);
	left = (struct timespec){ 5, 0 };
	soon();
	CALL(nanosleep(&left, &rem));
	VALUE(rem.tv_sec);
	left = (struct timespec){ 0, 1 };
	rem = (struct timespec){ 7, 7 };
	CALL(nanosleep(&left, &rem));
	VALUE(rem.tv_sec);
	left = (struct timespec){ 5, 0 };
	send(peer, "x", 1, 0);
	CALL(syscall(SYS_ppoll, &pfd, 1, &left, NULL, 8));
	VALUE(left.tv_sec);
}

int main(void)
{
	connection();
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram);
	names();
	options();
	discarded();
	messages();
	signals();
	return 0;
}

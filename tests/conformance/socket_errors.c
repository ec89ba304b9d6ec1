/* SPDX-License-Identifier: MIT */
/*
 * What socket() and socketpair() refuse, and with which error: socket(2), and the order of
 * its checks.
 */
#include "transcript.h"

int main(void)
{
	int sv[2];

	part("families");
	FD(socket(AF_UNSPEC, SOCK_STREAM, 0));
	FD(socket(-1, SOCK_STREAM, 0));
	FD(socket(200, SOCK_STREAM, 0));
	FD(socket(AF_X25, SOCK_STREAM, 0));
	part("types");
	FD(socket(AF_INET, 0, 0));
	FD(socket(AF_INET, -1, 0));
	FD(socket(AF_INET, 15, 0));
	FD(socket(AF_INET, 11, 0));
	FD(socket(AF_INET, SOCK_SEQPACKET, 0));
	FD(socket(AF_INET, SOCK_RDM, 0));
	FD(socket(AF_INET, SOCK_STREAM | 0x10000, 0));
	FD(socket(AF_UNIX, SOCK_RDM, 0));
	FD(socket(AF_UNIX, 0, 0));
	FD(socket(AF_INET, SOCK_RAW, 0));
	part("protocols");
	FD(socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
	FD(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	FD(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP));
	FD(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
	FD(socket(AF_INET, SOCK_STREAM, -1));
	FD(socket(AF_INET, SOCK_STREAM, 300));
	FD(socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP));
	FD(socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP));
	FD(socket(AF_UNIX, SOCK_STREAM, 0));
	FD(socket(AF_UNIX, SOCK_STREAM, 1));
	FD(socket(AF_UNIX, SOCK_STREAM, 2));
	FD(socket(AF_UNIX, SOCK_DGRAM, 1));
	FD(socket(AF_UNIX, SOCK_SEQPACKET, 0));
	FD(socket(AF_UNIX, SOCK_SEQPACKET, 5));
	FD(socket(AF_UNIX, SOCK_RAW, 0));
	part("flags");
	int fd = FD(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

	FACT(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
	FACT(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	fd = FD(socket(AF_INET, SOCK_STREAM, 0));
	FACT(fcntl(fd, F_GETFL) == O_RDWR);
	FACT(fcntl(fd, F_GETFD) == 0);
	part("socketpair");
	CALL(socketpair(AF_INET, SOCK_STREAM, 0, sv));
	CALL(socketpair(AF_INET, SOCK_DGRAM, 0, sv));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 7, sv));
	CALL(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL));
	CALL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sv));
	FACT(fcntl(sv[1], F_GETFL) == (O_RDWR | O_NONBLOCK));
	part("the lowest free descriptor");
	close(sv[0]);
	FACT(socket(AF_INET, SOCK_DGRAM, 0) == sv[0]);
	part("not a socket");
	CALL(listen(0, 1));
	CALL(listen(999, 1));
	CALL(bind(1, ADDR("127.0.0.1:0")));
	CALL(connect(-1, ADDR("127.0.0.1:0")));
	CALL(shutdown(1, SHUT_RD));
	CALL(accept(1, NULL, NULL));
	CALL(getsockname(1, NULL, NULL));
	CALL(send(1, "x", 1, 0));
	CALL(recv(1, sv, 1, 0));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Options at SOL_SOCKET: fresh values, what is stored, lengths: socket(7),
 * net/core/sock.c's rules.
 */
#include "options.h"

static const struct option table[] = {
	O(SO_DEBUG),
	O(SO_REUSEADDR, 0, 1, 2, -1),
	O(SO_TYPE, 1),
	O(SO_ERROR, 1),
	O(SO_DONTROUTE, 1, 7),
	O(SO_BROADCAST, 1, -3),
	O(SO_SNDBUF, 0, 1, 4096, 10000, 1 << 20, INT_MAX, -1),
	O(SO_RCVBUF, 0, 1, 4096, 10000, 1 << 20, INT_MAX, -1),
	O(SO_KEEPALIVE, 1, 5),
	O(SO_OOBINLINE, 1, 5),
	O(SO_PRIORITY, 0, 6, 7, -1),
	O(SO_REUSEPORT, 1, 2),
	O(SO_RCVLOWAT, 0, 1, 100000, -1, INT_MAX),
	O(SO_SNDLOWAT, 1, 2),
	O(SO_ACCEPTCONN, 1),
	O(SO_SNDBUFFORCE, 1, 10000),
	O(SO_RCVBUFFORCE, 1, 10000),
	O(SO_MARK, 1, -1),
	O(SO_PROTOCOL, 1),
	O(SO_DOMAIN, 1),
	O(SO_TIMESTAMP, 1, 3),
	O(SO_TIMESTAMPNS, 1, 3),
	O(SO_INCOMING_NAPI_ID, 1),
	O(SO_BINDTOIFINDEX, 1, 0, -1, 99),
	O(SO_BUF_LOCK, 0, 1, 3, 4),
	O(9999, 1),
};

static const struct option unix_table[] = {
	O(SO_PEEK_OFF, 0, 5, -1, -2),
	O(SO_PASSCRED, 1, 2),
	O(SO_TIMESTAMP, 1),
};

static void linger(int onoff, int seconds)
{
	struct linger l = {onoff, seconds}, back = {-1, -1};
	socklen_t len = sizeof(back);
	int fd = tcp4();

	CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	CALL(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(int)));
	CALL(getsockopt(fd, SOL_SOCKET, SO_LINGER, &back, &len));
	printf("linger %d, %d: %d, %d\n", onoff, seconds, back.l_onoff, back.l_linger);
	close(fd);
}

static void device(const char *name, socklen_t len)
{
	char back[16] = "";
	socklen_t back_len = sizeof(back);
	int fd = udp4();

	printf("SO_BINDTODEVICE \"%s\" %u: ", name, len);
	printf("%s", setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, len) ? strerrorname_np(errno)
									    : "0");
	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, back, &back_len))
		printf(" get: %s\n", strerrorname_np(errno));
	else
		printf(" get: \"%s\" length %u\n", back, back_len);
	OPT(fd, SOL_SOCKET, SO_BINDTOIFINDEX);
	close(fd);
}

int main(void)
{
	int fd, val = 0;
	socklen_t len;

	part("TCP");
	WALK(table, SOL_SOCKET, tcp4);
	part("UDP over IPv6");
	WALK(table, SOL_SOCKET, udp6);
	part("AF_UNIX");
	WALK(table, SOL_SOCKET, unix_stream);
	WALK(unix_table, SOL_SOCKET, unix_stream);
	part("SO_LINGER");
	linger(1, 0);
	linger(0, 5);
	linger(7, 30);
	part("SO_BINDTODEVICE");
	device("lo", 3);
	device("lo", 2);
	device("nosuch0", 8);
	device("", 0);
	part("bad pointers and levels");
	fd = tcp4();
	len = sizeof(val);
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &val, NULL));
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, &len));
	len = (socklen_t)-1;
	CALL(getsockopt(fd, SOL_SOCKET, SO_TYPE, &val, &len));
	CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, 4));
	CALL(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &val, (socklen_t)-1));
	len = sizeof(val);
	CALL(getsockopt(fd, 12345, 1, &val, &len));
	CALL(setsockopt(fd, 12345, 1, &val, sizeof(val)));
	CALL(setsockopt(fd, SOL_SOCKET, -1, &val, sizeof(val)));
	fd = unix_stream();
	CALL(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &val, &len));
	CALL(setsockopt(fd, IPPROTO_IP, IP_TTL, &val, sizeof(val)));
	return 0;
}

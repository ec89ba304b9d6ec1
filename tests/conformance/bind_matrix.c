/* SPDX-License-Identifier: MIT */
/*
 * Who may bind beside whom: addresses, SO_REUSEADDR, SO_REUSEPORT, states: socket(7),
 * ip(7), ipv6(7).
 */
#include "transcript.h"

static int one = 1;

/* how: a letter each for SO_REUSEADDR (r) and SO_REUSEPORT (p), 6 for IPV6_V6ONLY, l to listen. */
static int make(int type, const char *addr, int port, const char *how, const char **err)
{
	int fd = socket(addr[0] == '[' ? AF_INET6 : AF_INET, type, 0);
	struct sockaddr *sa = addr_of(addr);

	((struct sockaddr_in *)sa)->sin_port = htons((uint16_t)port);
	for (const char *p = how; *p; p++) {
		if (*p == 'r')
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (*p == 'p')
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		if (*p == '6')
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	}
	*err = "0";
	if (bind(fd, sa, addr_len(addr)))
		*err = strerrorname_np(errno);
	else if (strchr(how, 'l') && listen(fd, 1))
		*err = errno == EADDRINUSE ? "EADDRINUSE from listen" : strerrorname_np(errno);
	return fd;
}

static void matrix(int type, const char *first, const char *second)
{
	static const char *const tcp[] = {"", "l", "r", "rl", "p", "pl", "rp", "rpl"};
	static const char *const udp[] = {"", "r", "p", "rp"};
	const char *const *how = type == SOCK_STREAM ? tcp : udp, *err;
	int n = type == SOCK_STREAM ? 8 : 4;

	printf("%s, %s then %s\n", type == SOCK_STREAM ? "TCP" : "UDP", first, second);
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++) {
			int a = make(type, first, 0, how[i], &err), b;

			b = make(type, second, port_of(a), how[j], &err);
			printf("  %-3s %-3s %s\n", how[i], how[j], err);
			close(a);
			close(b);
		}
	}
}

static void v6(const char *first, const char *how1, const char *second, const char *how2)
{
	const char *err;
	int a = make(SOCK_STREAM, first, 0, how1, &err), b;

	b = make(SOCK_STREAM, second, port_of(a), how2, &err);
	printf("%s %s, %s %s: %s\n", first, how1, second, how2, err);
	close(a);
	close(b);
}

int main(void)
{
	const char *err;
	int l, c, a, port;

	matrix(SOCK_STREAM, "127.0.0.1:0", "127.0.0.1:0");
	matrix(SOCK_STREAM, "0.0.0.0:0", "127.0.0.1:0");
	matrix(SOCK_STREAM, "127.0.0.1:0", "127.0.0.2:0");
	matrix(SOCK_DGRAM, "127.0.0.1:0", "127.0.0.1:0");
	matrix(SOCK_DGRAM, "0.0.0.0:0", "127.0.0.1:0");
	part("between families");
	v6("[::]:0", "l", "0.0.0.0:0", "l");
	v6("[::]:0", "6l", "0.0.0.0:0", "l");
	v6("[::]:0", "rl", "0.0.0.0:0", "rl");
	v6("[::]:0", "pl", "0.0.0.0:0", "pl");
	v6("[::]:0", "r", "0.0.0.0:0", "r");
	v6("[::1]:0", "l", "127.0.0.1:0", "l");
	v6("[::1]:0", "l", "[::]:0", "l");
	v6("[::ffff:127.0.0.1]:0", "l", "127.0.0.1:0", "l");
	v6("[::ffff:127.0.0.1]:0", "l", "[::1]:0", "l");
	v6("0.0.0.0:0", "l", "[::1]:0", "l");
	part("TIME_WAIT");
	l = make(SOCK_STREAM, "127.0.0.1:0", 0, "l", &err);
	port = port_of(l);
	c = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(c, TO("127.0.0.1:0", l)));
	a = accept(l, NULL, NULL);
	CALL(close(a));
	CALL(close(l));
	settle();
	CALL(close(c));
	settle();
	l = make(SOCK_STREAM, "127.0.0.1:0", port, "l", &err);
	printf("without SO_REUSEADDR: %s\n", err);
	close(l);
	l = make(SOCK_STREAM, "127.0.0.1:0", port, "rl", &err);
	printf("with SO_REUSEADDR: %s\n", err);
	part("a connection made from the port");
	c = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(c, TO("127.0.0.1:0", l)));
	a = accept(l, NULL, NULL);
	close(l);
	l = make(SOCK_STREAM, "127.0.0.1:0", port, "l", &err);
	printf("without SO_REUSEADDR: %s\n", err);
	close(l);
	l = make(SOCK_STREAM, "127.0.0.1:0", port, "rl", &err);
	printf("with SO_REUSEADDR: %s\n", err);
	part("TCP and UDP do not meet");
	make(SOCK_DGRAM, "127.0.0.1:0", port, "", &err);
	printf("%s\n", err);
	return 0;
}

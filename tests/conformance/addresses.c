/* SPDX-License-Identifier: MIT */
/*
 * Addresses given to bind(), connect() and sendto(): every length of each family's, other families'
 * in their place, a sockaddr_storage, AF_UNSPEC that disconnects, IPv4 in IPv6: socket(7), "Socket
 * address structures".
 */
#include "transcript.h"

enum { BIND, CONNECT, SENDTO };
static const char *const names[] = {"bind", "connect", "sendto"};

static const char *attempt(int call, int family, int type, const void *addr, socklen_t len)
{
	int fd = socket(family, type | SOCK_NONBLOCK, 0), r;
	const char *err;

	r = call == BIND      ? bind(fd, addr, len)
	    : call == CONNECT ? connect(fd, addr, len)
			      : (int)sendto(fd, "x", 1, MSG_NOSIGNAL, addr, len);
	err = r < 0 ? strerrorname_np(errno) : "ok";
	close(fd);
	return err;
}

/* Runs of lengths that have the same result are one line. */
static void lengths(const char *what, int call, int family, int type, const char *text)
{
	struct sockaddr_storage ss[2] = {0};
	const char *last = NULL;
	int from = 0;

	memcpy(ss, addr_of(text), addr_len(text));
	printf("%s, %s:", what, names[call]);
	for (int len = 0; len <= 130; len++) {
		const char *err =
		    len == 130 ? NULL : attempt(call, family, type, ss, (socklen_t)len);

		if (last && (!err || strcmp(err, last))) {
			printf(" %d-%d %s", from, len - 1, last);
			from = len;
		}
		last = err;
	}
	printf("; -1 %s\n", attempt(call, family, type, ss, (socklen_t)-1));
}

static void families(const char *what, int call, int family, int type)
{
	struct sockaddr_storage ss;

	printf("%s, %s, family in place:", what, names[call]);
	for (int f = 0; f < 50; f++) {
		memset(&ss, 0, sizeof(ss));
		ss.ss_family = (sa_family_t)f;
		if (call != BIND)
			((struct sockaddr_in *)&ss)->sin_port = htons(9);
		if (f == AF_UNIX)
			((struct sockaddr_un *)&ss)->sun_path[1] = 'q';
		printf(" %s", attempt(call, family, type, &ss, sizeof(struct sockaddr_in6)));
	}
	printf("\n");
}

static void all(const char *what, int family, int type, const char *local, const char *remote)
{
	part(what);
	lengths(what, BIND, family, type, local);
	lengths(what, CONNECT, family, type, remote);
	lengths(what, SENDTO, family, type, remote);
	for (int call = BIND; call <= SENDTO; call++)
		families(what, call, family, type);
}

static void unspec(void)
{
	int fd[2], u = socket(AF_INET6, SOCK_DGRAM, 0), s = socket(AF_UNIX, SOCK_STREAM, 0), x[2];
	struct sockaddr sa = {.sa_family = AF_UNSPEC};

	part("AF_UNSPEC");
	tcp_pair(fd, "127.0.0.1:0");
	CALL(connect(fd[0], &sa, 1));
	CALL(connect(fd[0], &sa, 2));
	PEER(fd[0]);
	NAME(fd[0]);
	EVENTS(fd[1]);
	CALL(connect(fd[0], &sa, sizeof(sa)));
	CALL(connect(fd[0], TO("127.0.0.1:0", tcp_listener("127.0.0.1:0", 1))));
	PEER(fd[0]);
	int l = tcp_listener("127.0.0.1:0", 1);

	CALL(connect(l, &sa, 2));
	EVENTS(l);
	OPT(l, SOL_SOCKET, SO_ACCEPTCONN);
	CALL(connect(u, ADDR("[::1]:9")));
	CALL(connect(u, &sa, 2));
	PEER(u);
	NAME(u);
	CALL(bind(socket(AF_INET, SOCK_DGRAM, 0), &sa, sizeof(sa)));
	CALL(bind(socket(AF_INET6, SOCK_DGRAM, 0), &sa, sizeof(struct sockaddr_in6)));
	CALL(connect(s, &sa, 2));
	CALL(bind(s, &sa, 2));
	socketpair(AF_UNIX, SOCK_DGRAM, 0, x);
	CALL(connect(x[0], &sa, 2));
	PEER(x[0]);
	CALL(send(x[0], "x", 1, 0));
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, x);
	CALL(connect(x[0], &sa, 2));
}

static void mapped(void)
{
	int s = socket(AF_INET6, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0), a, u, v,
	    one = 1;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[8];

	part("IPv4 in IPv6");
	CALL(bind(s, ADDR("[::]:0")));
	CALL(listen(s, 2));
	CALL(connect(c, TO("127.0.0.1:0", s)));
	a = FD(accept(s, (struct sockaddr *)&from, &len));
	VALUE(len);
	show_addr(&from, len);
	NAME(a);
	PEER(a);
	OPT(a, SOL_SOCKET, SO_DOMAIN);
	OPT(a, IPPROTO_IPV6, IPV6_V6ONLY);
	CALL(setsockopt(a, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	OPT(a, IPPROTO_IP, IP_TTL);
	u = socket(AF_INET6, SOCK_DGRAM, 0);
	v = socket(AF_INET, SOCK_DGRAM, 0);
	CALL(bind(v, ADDR("127.0.0.1:0")));
	CALL(sendto(u, "to v4", 5, 0, TO("[::ffff:127.0.0.1]:0", v)));
	len = sizeof(from);
	DATA(buf, recvfrom(v, buf, 8, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(sendto(v, "back", 4, 0, TO("127.0.0.1:0", u)));
	len = sizeof(from);
	DATA(buf, recvfrom(u, buf, 8, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(connect(u, TO("[::ffff:127.0.0.1]:0", v)));
	NAME(u);
	PEER(u);
	part("IPV6_V6ONLY");
	s = socket(AF_INET6, SOCK_STREAM, 0);
	CALL(setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	CALL(bind(s, ADDR("[::ffff:127.0.0.1]:0")));
	CALL(connect(s, ADDR("[::ffff:127.0.0.1]:9")));
	CALL(bind(s, ADDR("[::]:0")));
	CALL(listen(s, 2));
	c = socket(AF_INET, SOCK_STREAM, 0);
	CALL(connect(c, TO("127.0.0.1:0", s)));
	u = socket(AF_INET6, SOCK_DGRAM, 0);
	CALL(setsockopt(u, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	CALL(sendto(u, "x", 1, 0, ADDR("[::ffff:127.0.0.1]:9")));
	part("bound to one family");
	u = socket(AF_INET6, SOCK_DGRAM, 0);
	CALL(bind(u, ADDR("[::1]:0")));
	CALL(sendto(u, "x", 1, 0, ADDR("[::ffff:127.0.0.1]:9")));
	CALL(connect(u, ADDR("[::ffff:127.0.0.1]:9")));
	u = socket(AF_INET6, SOCK_DGRAM, 0);
	CALL(bind(u, ADDR("[::ffff:127.0.0.1]:0")));
	CALL(sendto(u, "x", 1, 0, ADDR("[::1]:9")));
	CALL(connect(u, ADDR("[::1]:9")));
}

/* Parts of sockaddr_in6 besides address and port. */
static void scopes(void)
{
	struct sockaddr_in6 a = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_flowinfo = htonl(7)};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	socklen_t len = sizeof(a);

	part("scope and flow");
	a.sin6_scope_id = 1;
	CALL(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CALL(getsockname(fd, (struct sockaddr *)&a, &len));
	VALUE(a.sin6_scope_id);
	VALUE(a.sin6_flowinfo);
	inet_pton(AF_INET6, "fe80::1", &a.sin6_addr);
	a.sin6_port = 0;
	for (unsigned i = 0; i < 3; i++) {
		fd = socket(AF_INET6, SOCK_DGRAM, 0);
		a.sin6_scope_id = i == 2 ? 77 : i;
		CALL(bind(fd, (struct sockaddr *)&a, sizeof(a)));
		a.sin6_port = htons(9);
		CALL(connect(fd, (struct sockaddr *)&a, sizeof(a)));
		a.sin6_port = 0;
	}
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	memset(in.sin_zero, 0x55, sizeof(in.sin_zero));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	CALL(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	len = sizeof(in);
	CALL(getsockname(fd, (struct sockaddr *)&in, &len));
	VALUE(in.sin_zero[0]);
	CALL(bind(socket(AF_INET, SOCK_DGRAM, 0), ADDR("10.9.8.7:0")));
	CALL(bind(socket(AF_INET, SOCK_DGRAM, 0), ADDR("255.255.255.255:0")));
	CALL(bind(socket(AF_INET, SOCK_DGRAM, 0), ADDR("224.0.0.5:0")));
	CALL(bind(socket(AF_INET, SOCK_STREAM, 0), ADDR("224.0.0.5:0")));
	CALL(bind(socket(AF_INET6, SOCK_STREAM, 0), ADDR("[ff02::1]:0")));
	CALL(bind(socket(AF_INET6, SOCK_DGRAM, 0), ADDR("[ff02::1]:0")));
	CALL(bind(socket(AF_INET6, SOCK_DGRAM, 0), ADDR("[2001:db8::1]:0")));
}

static void paths(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_un back;
	socklen_t len;
	int fd;

	part("paths of 107 to 108 bytes");
	memset(un.sun_path, 'p', sizeof(un.sun_path));
	for (socklen_t n = 107; n <= 108; n++) {
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		CALL(bind(fd, (struct sockaddr *)&un, 2 + n));
		len = sizeof(back);
		CALL(getsockname(fd, (struct sockaddr *)&back, &len));
		VALUE(len);
	}
	part("names with null bytes");
	memcpy(un.sun_path, "\0a\0b", 4);
	for (socklen_t n = 1; n <= 5; n++) {
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		CALL(bind(fd, (struct sockaddr *)&un, 2 + n));
		len = sizeof(back);
		CALL(getsockname(fd, (struct sockaddr *)&back, &len));
		VALUE(len);
	}
	memcpy(un.sun_path, "cut\0off", 8);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	CALL(bind(fd, (struct sockaddr *)&un, 2 + 8));
	len = sizeof(back);
	CALL(getsockname(fd, (struct sockaddr *)&back, &len));
	VALUE(len);
}

int main(void)
{
	all("TCP", AF_INET, SOCK_STREAM, "127.0.0.1:0", "127.0.0.1:9");
	all("UDP", AF_INET, SOCK_DGRAM, "127.0.0.1:0", "127.0.0.1:9");
	all("TCP over IPv6", AF_INET6, SOCK_STREAM, "[::1]:0", "[::1]:9");
	all("UDP over IPv6", AF_INET6, SOCK_DGRAM, "[::1]:0", "[::1]:9");
	all("AF_UNIX stream", AF_UNIX, SOCK_STREAM, "unix:@n", "unix:@m");
	all("AF_UNIX datagrams", AF_UNIX, SOCK_DGRAM, "unix:@n", "unix:@m");
	unspec();
	mapped();
	scopes();
	paths();
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Options at IPPROTO_IPV6, IPV6_V6ONLY and addresses of IPv4 in IPv6 form: ipv6(7). */
#include "options.h"

static const struct option table[] = {
	O(IPV6_V6ONLY, 1, 0, 2, -1),
	O(IPV6_UNICAST_HOPS, -2, -1, 0, 1, 255, 256),
	O(IPV6_MULTICAST_HOPS, -2, -1, 0, 255, 256),
	O(IPV6_MULTICAST_LOOP, 0, 1, 2),
	O(IPV6_MULTICAST_IF, 0, 1, 77, -1),
	O(IPV6_RECVPKTINFO, 1, 2),
	O(IPV6_RECVHOPLIMIT, 1, 2),
	O(IPV6_RECVTCLASS, 1, 2),
	O(IPV6_TCLASS, -2, -1, 0, 255, 256),
	O(IPV6_MTU, 1279, 1280, 65536),
	O(IPV6_MTU_DISCOVER, -1, 0, 1, 2, 3, 5, 6),
	O(999, 1),
};

static int only, off;

/* A listener on address l with IPV6_V6ONLY v6only; who gets through? */
static void listener(const char *l, int v6only, const char *to)
{
	int s = tcp6(), a, c;

	printf("listener at %s, v6only %d, client to %s\n", l, v6only, to);
	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (CALL(bind(s, ADDR(l))) || listen(s, 1))
		return;
	c = to[0] == '[' ? tcp6() : tcp4();
	if (!CALL(connect(c, TO(to, s)))) {
		a = accept(s, NULL, NULL);
		NAME(a);
		PEER(a);
		NAME(c);
		PEER(c);
		OPT(a, SOL_SOCKET, SO_DOMAIN);
		OPT(a, IPPROTO_IP, IP_TTL);
		CALL(setsockopt(a, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)));
	}
	close(c);
	close(s);
}

int main(void)
{
	int u, v;
	char buf[8];
	struct sockaddr_in6 from = {0};
	socklen_t len;

	part("UDP");
	WALK(table, IPPROTO_IPV6, udp6);
	part("TCP");
	WALK(table, IPPROTO_IPV6, tcp6);
	part("on an IPv4 socket");
	OPT(tcp4(), IPPROTO_IPV6, IPV6_V6ONLY);
	CALL(setsockopt(tcp4(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)));
	part("two families, one port");
	listener("[::]:0", 0, "127.0.0.1:0");
	listener("[::]:0", 0, "[::1]:0");
	listener("[::]:0", 0, "[::ffff:127.0.0.1]:0");
	listener("[::]:0", 1, "127.0.0.1:0");
	listener("[::]:0", 1, "[::1]:0");
	listener("[::ffff:127.0.0.1]:0", 0, "127.0.0.1:0");
	listener("[::ffff:127.0.0.1]:0", 0, "[::1]:0");
	listener("[::ffff:127.0.0.1]:0", 1, "127.0.0.1:0");
	part("a v6only socket to an IPv4 address");
	only = 1;
	u = tcp6();
	CALL(setsockopt(u, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)));
	CALL(connect(u, ADDR("[::ffff:127.0.0.1]:1")));
	part("bound to an IPv4 address, to an IPv6 one");
	u = tcp6();
	CALL(bind(u, ADDR("[::ffff:127.0.0.1]:0")));
	CALL(connect(u, ADDR("[::1]:1")));
	part("UDP both ways");
	u = udp6();
	CALL(bind(u, ADDR("[::]:0")));
	v = udp4();
	CALL(sendto(v, "four", 4, 0, TO("127.0.0.1:0", u)));
	len = sizeof(from);
	DATA(buf, recvfrom(u, buf, 8, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	CALL(sendto(u, "back", 4, 0, (struct sockaddr *)&from, len));
	len = sizeof(from);
	DATA(buf, recvfrom(v, buf, 8, 0, (struct sockaddr *)&from, &len));
	show_addr(&from, len);
	part("link-local addresses name an interface");
	CALL(connect(udp6(), ADDR("[fe80::1]:9")));
	CALL(bind(tcp6(), ADDR("[fe80::1]:0")));
	return 0;
}

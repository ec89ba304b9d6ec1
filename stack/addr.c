/* SPDX-License-Identifier: MIT */
/*
 * Addresses of both families: tests, text and sockaddr (addr.h).
 *
 * Text follows inet_pton(3) and inet_ntop(3), that is RFC 4291 section 2.2 and RFC 5952.
 */
#include "stack/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* SIN6_LEN_RFC2133: a sockaddr_in6 without sin6_scope_id is still accepted. */
#define SIN6_LEN_MIN 24

union ipaddr ipaddr_v4(be32 addr)
{
	union ipaddr a = {.b = {[10] = 0xff, [11] = 0xff}};

	a.w[3] = addr;
	return a;
}

union ipaddr ipaddr_v6(const struct in6_addr *in6)
{
	union ipaddr a;

	memcpy(a.b, in6, sizeof(a.b));
	return a;
}

bool ipaddr_is_any(const union ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return a->w[3] == 0;
	return (a->d[0] | a->d[1]) == 0;
}

bool ipaddr_is_multicast(const union ipaddr *a)
{
	return ipaddr_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

bool ipaddr_is_loopback(const union ipaddr *a)
{
	static const union ipaddr loopback6 = {.b = {[15] = 1}};

	return ipaddr_is_v4(a) ? a->b[12] == 127 : ipaddr_equal(a, &loopback6);
}

bool ipaddr_is_linklocal(const union ipaddr *a)
{
	if (ipaddr_is_v4(a))
		return a->b[12] == 169 && a->b[13] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool ipaddr_needs_scope(const union ipaddr *a)
{
	u8 scope = a->b[1] & 0xf;

	if (ipaddr_is_v4(a))
		return false;
	return ipaddr_is_linklocal(a) || (a->b[0] == 0xff && (scope == 1 || scope == 2));
}

bool ipaddr_is_limited_broadcast(const union ipaddr *a)
{
	return ipaddr_is_v4(a) && a->w[3] == UINT32_MAX;
}

bool ipaddr_prefix_equal(const union ipaddr *a, const union ipaddr *b, int plen)
{
	bool v4 = ipaddr_is_v4(a);
	int bits = v4 ? plen + 96 : plen;

	if (v4 != ipaddr_is_v4(b))
		return false;
	if (memcmp(a->b, b->b, (size_t)bits / 8) != 0)
		return false;
	return bits % 8 == 0 || ((a->b[bits / 8] ^ b->b[bits / 8]) >> (8 - bits % 8)) == 0;
}

char *ipaddr_format(char *buf, const union ipaddr *a)
{
	if (ipaddr_is_v4(a))
		inet_ntop(AF_INET, &a->b[12], buf, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, a->b, buf, INET6_ADDRSTRLEN);
	return buf;
}

char *ipaddr_format_port(char *buf, const union ipaddr *a, u16 port)
{
	char text[INET6_ADDRSTRLEN];

	snprintf(buf, 64, ipaddr_is_v4(a) ? "%s:%u" : "[%s]:%u", ipaddr_format(text, a), port);
	return buf;
}

int ipaddr_parse(const char *s, union ipaddr *out)
{
	struct in_addr in;
	struct in6_addr in6;

	if (inet_pton(AF_INET, s, &in) == 1) {
		*out = ipaddr_v4(in.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, s, &in6) == 1) {
		*out = ipaddr_v6(&in6);
		return 0;
	}
	return -EINVAL;
}

int ipaddr_parse_prefix(const char *s, union ipaddr *out, int *plen)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(s, '/');
	char *end;
	long n;

	if (!slash || (size_t)(slash - s) >= sizeof(addr) || slash[1] < '0' || slash[1] > '9')
		return -EINVAL;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	if (ipaddr_parse(addr, out))
		return -EINVAL;
	n = strtol(slash + 1, &end, 10);
	if (*end || n > (ipaddr_is_v4(out) ? 32 : 128))
		return -EINVAL;
	*plen = (int)n;
	return 0;
}

int ipaddr_from_sockaddr(const struct sockaddr *sa, socklen_t len, union ipaddr *a, u16 *port,
			 u32 *scope_id)
{
	const struct sockaddr_in *sin = (const void *)sa;
	const struct sockaddr_in6 *sin6 = (const void *)sa;

	*scope_id = 0;
	if (len < sizeof(sa->sa_family))
		return -EINVAL;
	switch (sa->sa_family) {
	case AF_INET:
		if (len < sizeof(*sin))
			return -EINVAL;
		*a = ipaddr_v4(sin->sin_addr.s_addr);
		*port = ntohs(sin->sin_port);
		return 0;
	case AF_INET6:
		if (len < SIN6_LEN_MIN)
			return -EINVAL;
		*a = ipaddr_v6(&sin6->sin6_addr);
		*port = ntohs(sin6->sin6_port);
		if (len >= sizeof(*sin6))
			*scope_id = sin6->sin6_scope_id;
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

socklen_t ipaddr_to_sockaddr(const union ipaddr *a, u16 port, u32 scope_id, int family,
			     struct sockaddr_storage *ss)
{
	struct sockaddr_in *sin = (void *)ss;
	struct sockaddr_in6 *sin6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (family == AF_INET) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		sin->sin_addr.s_addr = ipaddr_to_v4(a);
		return sizeof(*sin);
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	memcpy(&sin6->sin6_addr, a->b, sizeof(a->b));
	sin6->sin6_scope_id = ipaddr_is_linklocal(a) && !ipaddr_is_v4(a) ? scope_id : 0;
	return sizeof(*sin6);
}

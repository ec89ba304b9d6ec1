/* SPDX-License-Identifier: MIT */
/*
 * IP addresses of either family in 16 bytes: IPv6 as it is, IPv4 as v4-mapped (::ffff:a.b.c.d, RFC 4291
 * section 2.5.5.2). One code path then serves both families wherever the family does not matter:
 * lookups, hashes, comparisons, TCP and UDP.
 *
 * The unspecified address of IPv4 is ::ffff:0.0.0.0, which is not the unspecified address of IPv6.
 */
#ifndef STACK_ADDR_H
#define STACK_ADDR_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sim/engine/types.h"

union ipaddr {
	u8 b[16];
	u32 w[4]; /* for comparison and copying only; network order in memory */
	u64 d[2];
};

union ipaddr ipaddr_v4(be32 addr);
union ipaddr ipaddr_v6(const struct in6_addr *a);
static inline bool ipaddr_is_v4(const union ipaddr *a)
{
	return a->d[0] == 0 && a->b[8] == 0 && a->b[9] == 0 && a->b[10] == 0xff && a->b[11] == 0xff;
}
static inline be32 ipaddr_to_v4(const union ipaddr *a)
{
	return a->w[3];
}
static inline bool ipaddr_equal(const union ipaddr *a, const union ipaddr *b)
{
	return a->d[0] == b->d[0] && a->d[1] == b->d[1];
}
bool ipaddr_is_any(const union ipaddr *a);	 /* 0.0.0.0 or :: */
bool ipaddr_is_multicast(const union ipaddr *a); /* 224/4 or ff00::/8 */
bool ipaddr_is_loopback(const union ipaddr *a);	 /* 127/8 or ::1 */
bool ipaddr_is_linklocal(const union ipaddr *a); /* 169.254/16 or fe80::/10 */
/* Means something on one link only: fe80::/10, ff01::/16 and ff02::/16 and their kin. */
bool ipaddr_needs_scope(const union ipaddr *a);
/* 255.255.255.255 only; directed broadcasts need the routing table. */
bool ipaddr_is_limited_broadcast(const union ipaddr *a);
/* True when the first plen bits agree; plen counts in the address's own family (0..32 or 0..128). */
bool ipaddr_prefix_equal(const union ipaddr *a, const union ipaddr *b, int plen);

/* "10.0.0.1" or "fe80::1" without brackets; returns buf (at least INET6_ADDRSTRLEN bytes). */
char *ipaddr_format(char *buf, const union ipaddr *a);
/* "a.b.c.d:port" or "[v6]:port"; at least 64 bytes. */
char *ipaddr_format_port(char *buf, const union ipaddr *a, u16 port);
/* Numeric only. 0 or -EINVAL. */
int ipaddr_parse(const char *s, union ipaddr *out);
/* "10.0.0.1/24". */
int ipaddr_parse_prefix(const char *s, union ipaddr *out, int *plen);

/* sockaddr_in / sockaddr_in6 to and from; port in host order. */
int ipaddr_from_sockaddr(const struct sockaddr *sa, socklen_t len, union ipaddr *a, u16 *port,
			 u32 *scope_id);
/* family AF_INET6 writes a v4-mapped address for IPv4. Returns the length. */
socklen_t ipaddr_to_sockaddr(const union ipaddr *a, u16 port, u32 scope_id, int family,
			     struct sockaddr_storage *ss);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Sweeps a level's socket options: every number of a range on every kind of socket, set and get
 *with each length of 0 to 128, aligned or not, and with pointers that are bad. One line tells what
 *an option did:
 *
 *	tcp4 2: get 0-3:= 4-128:4 [00*4] set 0 0-3:EINVAL 4-128:ok [00*4] ...
 *
 * "get 0-3:=" gave as many bytes as there was room for, "4-128:4" gave 4; [..] is the value then,
 *as bytes. "set 0", "set 1" and "set -1" were given zero bytes, the number 1 before zero bytes,
 *bytes of ones, each on a socket of its own, then the value was read. "bad" has the results of odd
 *calls in the order of bad_calls(). Values end where mapped memory ends: who reads or writes beyond
 *a length fails. Numbers in a row that did the same share a line.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "transcript.h"

#include <linux/netlink.h>
#include <net/ethernet.h>
#include <stdarg.h>
#include <sys/mman.h>

#define LENGTHS 129 /* 0 to 128 */
#define PAGE 4096u

struct sweep {
	const char *level_name;
	int level, first, last;
	int masked[12]; /* options with a value of the machine's: cookies, times; ends with 0 */
	int skipped[6]; /* no options of sockets: doors of a firewall that the kernel may have; ends
			   with 0 */
	int gives_fd;	/* the value is a descriptor to close; 0: none */
};

struct sweep_kind {
	const char *name;
	int (*make)(void);
};

static unsigned char *sweep_end; /* the first byte after mapped memory */
static unsigned char *sweep_odd; /* 64 mapped bytes at an odd address, far from any end */
static long sweep_count;
static char sweep_line[16384];
static size_t sweep_used;

static inline __attribute__((format(printf, 1, 2))) void sweep_put(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sweep_used +=
	    (size_t)vsnprintf(sweep_line + sweep_used, sizeof(sweep_line) - sweep_used, fmt, ap);
	va_end(ap);
}

/* ---- kinds of sockets --------------------------------------------------------------------------
 */

#define SWEEP_SOCKET(name, ...)                                                                    \
	static inline int sweep_##name(void)                                                       \
	{                                                                                          \
		return socket(__VA_ARGS__);                                                        \
	}

SWEEP_SOCKET(tcp4, AF_INET, SOCK_STREAM, 0)
SWEEP_SOCKET(tcp6, AF_INET6, SOCK_STREAM, 0)
SWEEP_SOCKET(udp4, AF_INET, SOCK_DGRAM, 0)
SWEEP_SOCKET(udp6, AF_INET6, SOCK_DGRAM, 0)
SWEEP_SOCKET(icmp4, AF_INET, SOCK_RAW, IPPROTO_ICMP)
SWEEP_SOCKET(raw4, AF_INET, SOCK_RAW, 253)
SWEEP_SOCKET(icmp6, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
SWEEP_SOCKET(raw6, AF_INET6, SOCK_RAW, 253)
SWEEP_SOCKET(unix_stream, AF_UNIX, SOCK_STREAM, 0)
SWEEP_SOCKET(unix_dgram, AF_UNIX, SOCK_DGRAM, 0)
SWEEP_SOCKET(unix_seqpacket, AF_UNIX, SOCK_SEQPACKET, 0)
SWEEP_SOCKET(packet, AF_PACKET, SOCK_RAW, 0)
SWEEP_SOCKET(cooked, AF_PACKET, SOCK_DGRAM, 0)
SWEEP_SOCKET(netlink, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)

static inline int sweep_listen4(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind(fd, (struct sockaddr *)&a, sizeof(a));
	listen(fd, 1);
	return fd;
}

static inline int sweep_unix_pair(void)
{
	int fd[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	close(fd[1]);
	return fd[0];
}

static inline int sweep_udp_connected(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_port = htons(7), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	bind(fd, (struct sockaddr *)&a, sizeof(a));
	a.sin_port = htons(9);
	connect(fd, (struct sockaddr *)&a, sizeof(a));
	return fd;
}

#define SWEEP_KIND(name)                                                                           \
	{                                                                                          \
#name, sweep_##name                                                                \
	}

static const struct sweep_kind sweep_kinds[] = {
    SWEEP_KIND(tcp4),	    SWEEP_KIND(listen4),	SWEEP_KIND(tcp6),
    SWEEP_KIND(udp4),	    SWEEP_KIND(udp_connected),	SWEEP_KIND(udp6),
    SWEEP_KIND(icmp4),	    SWEEP_KIND(raw4),		SWEEP_KIND(icmp6),
    SWEEP_KIND(raw6),	    SWEEP_KIND(unix_stream),	SWEEP_KIND(unix_pair),
    SWEEP_KIND(unix_dgram), SWEEP_KIND(unix_seqpacket), SWEEP_KIND(packet),
    SWEEP_KIND(cooked),	    SWEEP_KIND(netlink),
};

/* ---- one option --------------------------------------------------------------------------------
 */

static inline bool sweep_listed(const int *list, int opt)
{
	for (; *list; list++) {
		if (*list == opt)
			return true;
	}
	return false;
}

static inline bool sweep_gives_fd(const struct sweep *s, int opt)
{
	return s->gives_fd && s->gives_fd == opt;
}

/* Bytes in hexadecimal; four or more of one kind as "00*8". */
static inline void sweep_bytes(const unsigned char *p, size_t n)
{
	sweep_put(" [");
	for (size_t i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && p[i + run] == p[i]; run++)
			;
		if (run >= 4) {
			sweep_put("%02x*%zu%s", p[i], run, i + run < n ? " " : "");
		} else {
			run = 1;
			sweep_put("%02x", p[i]);
		}
	}
	sweep_put("]");
}

static inline void sweep_value(const struct sweep *s, int fd, int opt)
{
	unsigned char buf[LENGTHS];
	socklen_t len = LENGTHS - 1;

	sweep_count++;
	memset(buf, 0xaa, sizeof(buf));
	if (getsockopt(fd, s->level, opt, buf, &len))
		return;
	if (sweep_gives_fd(s, opt) && len == sizeof(int)) {
		close(*(int *)buf);
		sweep_put(" [fd]");
	} else if (sweep_listed(s->masked, opt)) {
		sweep_put(" [*%u]", len);
	} else {
		sweep_bytes(buf, len < sizeof(buf) ? len : sizeof(buf));
	}
}

/* Results by length, equal neighbours as one: -1 EINVAL..., 0 and more a length, SAME the length
 * itself. */
#define SWEEP_SAME 1000000
static inline void sweep_runs(const int result[LENGTHS])
{
	for (int i = 0, run; i < LENGTHS; i += run) {
		for (run = 1; i + run < LENGTHS && result[i + run] == result[i]; run++)
			;
		sweep_put(run > 1 ? " %d-%d:" : " %d:", i, i + run - 1);
		if (result[i] < 0)
			sweep_put("%s", strerrorname_np(-result[i]));
		else if (result[i] == SWEEP_SAME)
			sweep_put("=");
		else
			sweep_put("%d", result[i]);
	}
}

static inline void sweep_get(const struct sweep *s, int opt, int (*make)(void))
{
	unsigned char full[LENGTHS] = {0};
	int result[LENGTHS], fd = make(), bad = 0;
	socklen_t len = LENGTHS - 1;
	bool steady = !sweep_listed(s->masked, opt) && !sweep_gives_fd(s, opt) &&
		      !getsockopt(fd, s->level, opt, full, &len);

	for (unsigned n = 0; n < LENGTHS; n++) {
		unsigned char *buf = sweep_end - n;

		len = n;
		sweep_count++;
		memset(sweep_end - LENGTHS - 1, 0xaa, LENGTHS + 1);
		result[n] = getsockopt(fd, s->level, opt, buf, &len) ? -errno : (int)len;
		if (result[n] >= 0 && len == n)
			result[n] = SWEEP_SAME;
		if (result[n] >= 0 && sweep_gives_fd(s, opt) && len == sizeof(int)) {
			int got;

			memcpy(&got, buf, sizeof(got));
			close(got);
		}
		/* What fits is the beginning of the value. */
		if (steady && result[n] >= 0 && len <= n && memcmp(buf, full, len))
			bad++;
	}
	/* A length equal to the one that is given always: "4:=" amid "5-128:4" is the same result.
	 */
	for (int n = 1; n < LENGTHS - 1; n++) {
		if (result[n] == SWEEP_SAME && result[n + 1] == n)
			result[n] = n;
	}
	sweep_put(" get");
	sweep_runs(result);
	if (bad)
		sweep_put(" (%d not the value's beginning)", bad);
	sweep_value(s, fd, opt);
	close(fd);
}

static inline void sweep_set(const struct sweep *s, int opt, int (*make)(void), int fill)
{
	int result[LENGTHS], fd = make();

	for (unsigned n = 0; n < LENGTHS; n++) {
		unsigned char *buf = sweep_end - n;

		memset(buf, fill < 0 ? 0xff : 0, n);
		if (fill > 0 && n)
			buf[0] = 1;
		sweep_count++;
		result[n] = setsockopt(fd, s->level, opt, buf, n) ? -errno : 0;
	}
	sweep_put(" set %d", fill);
	sweep_runs(result);
	sweep_value(s, fd, opt);
	close(fd);
}

static inline void sweep_result(int ret)
{
	sweep_count++;
	sweep_put(" %s", ret < 0 ? strerrorname_np(errno) : "0");
}

/* Pointers to nothing, at odd addresses, into the end of memory; lengths that are no lengths. */
static inline void sweep_bad(const struct sweep *s, int opt, int (*make)(void))
{
	unsigned char *half = sweep_end - 2, *four = sweep_end - 4;
	int fd = make(), l = s->level;
	socklen_t len = 4;

	memset(sweep_end - 8, 0, 8);
	memset(sweep_odd, 0, 64);
	sweep_put(" bad");
	sweep_result(setsockopt(fd, l, opt, NULL, 0));
	sweep_result(setsockopt(fd, l, opt, NULL, 4));
	sweep_result(setsockopt(fd, l, opt, sweep_end, 64));
	sweep_result(setsockopt(fd, l, opt, half, 4));
	sweep_result(setsockopt(fd, l, opt, four, 64));
	sweep_result(setsockopt(fd, l, opt, sweep_odd, 4));
	sweep_result(setsockopt(fd, l, opt, sweep_odd, (socklen_t)-1));
	sweep_result(setsockopt(fd, l, opt, sweep_odd, 1u << 31));
	if (!sweep_gives_fd(s, opt)) {
		sweep_result(getsockopt(fd, l, opt, NULL, &len));
		len = 64;
		sweep_result(getsockopt(fd, l, opt, sweep_end, &len));
		len = 4;
		sweep_result(getsockopt(fd, l, opt, half, &len));
		len = 64;
		sweep_result(getsockopt(fd, l, opt, four, &len));
		sweep_result(getsockopt(fd, l, opt, sweep_odd, NULL));
		sweep_result(getsockopt(fd, l, opt, sweep_odd, (socklen_t *)sweep_end));
		sweep_result(getsockopt(fd, l, opt, sweep_odd, (socklen_t *)half));
		len = (socklen_t)-1;
		sweep_result(getsockopt(fd, l, opt, sweep_odd, &len));
		memcpy(sweep_odd + 8, &(socklen_t){4}, 4);
		sweep_result(getsockopt(fd, l, opt, sweep_odd, (socklen_t *)(sweep_odd + 8)));
	}
	close(fd);
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static inline void sweep_memory(void)
{
	unsigned char *map =
	    mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(map + 2 * PAGE, PAGE);
	sweep_end = map + 2 * PAGE;
	sweep_odd = map + 65;
}

static inline void sweep_flush(const char *kind, int first, int last, const char *text)
{
	if (first == last)
		printf("%s %d:%s\n", kind, first, text);
	else
		printf("%s %d-%d:%s\n", kind, first, last, text);
}

static inline void sweep_kind(const struct sweep *s, const struct sweep_kind *k)
{
	static char before[sizeof(sweep_line)];
	int first = s->first;

	for (int opt = s->first; opt <= s->last; opt++) {
		sweep_used = 0;
		if (sweep_listed(s->skipped, opt)) {
			sweep_put(" not tried");
			goto tried;
		}
		sweep_get(s, opt, k->make);
		sweep_set(s, opt, k->make, 0);
		sweep_set(s, opt, k->make, 1);
		sweep_set(s, opt, k->make, -1);
		sweep_bad(s, opt, k->make);
	tried:
		if (opt > s->first && strcmp(before, sweep_line) != 0) {
			sweep_flush(k->name, first, opt - 1, before);
			first = opt;
		}
		memcpy(before, sweep_line, sizeof(before));
	}
	sweep_flush(k->name, first, s->last, before);
}

static inline int sweep_run(const struct sweep *s, size_t n)
{
	sweep_memory();
	for (size_t i = 0; i < n; i++) {
		part(s[i].level_name);
		for (size_t k = 0; k < sizeof(sweep_kinds) / sizeof(sweep_kinds[0]); k++)
			sweep_kind(&s[i], &sweep_kinds[k]);
	}
	printf("combinations: %ld\n", sweep_count);
	return 0;
}

#endif

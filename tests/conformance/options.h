/* SPDX-License-Identifier: MIT */
/*
 * Walks a table of options of one level: the value of a fresh socket, what becomes of each value
 * that is set, and which lengths are taken and given.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "transcript.h"

struct option {
	const char *name;
	int opt;
	int values[12]; /* up to END */
};
#define END (-12345)
#define O(name, ...)                                                                               \
	{                                                                                          \
#name, name,                                                                       \
		{                                                                                  \
			__VA_ARGS__ __VA_OPT__(, ) END                                             \
		}                                                                                  \
	}

static inline void get_int(int fd, int level, const struct option *o)
{
	int val = 0x5a5a5a5a;
	socklen_t len = sizeof(val);

	if (getsockopt(fd, level, o->opt, &val, &len))
		printf(" get: %s", strerrorname_np(errno));
	else if (len != sizeof(val))
		printf(" get: length %u", len);
	else
		printf(" get: %d", val);
}

static inline void lengths(int fd, int level, const struct option *o)
{
	static const socklen_t lens[] = {0, 1, 2, 3, 4, 8};
	unsigned char buf[8];

	printf("  lengths of get:");
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		socklen_t len = lens[i];

		memset(buf, 0x5a, sizeof(buf));
		if (getsockopt(fd, level, o->opt, buf, &len))
			printf(" %u:%s", lens[i], strerrorname_np(errno));
		else
			printf(" %u:%u", lens[i], len);
	}
	printf("\n  lengths of set:");
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(buf, 0, sizeof(buf));
		buf[0] = 1;
		printf(" %u:%s", lens[i],
		       setsockopt(fd, level, o->opt, buf, lens[i]) ? strerrorname_np(errno) : "0");
	}
	printf("\n");
}

/* make: gives a fresh socket for each option. */
static inline void walk(const struct option *tab, size_t n, int level, int (*make)(void))
{
	for (const struct option *o = tab; o < tab + n; o++) {
		int fd = make();

		printf("%s:", o->name);
		get_int(fd, level, o);
		printf("\n");
		for (const int *v = o->values; *v != END; v++) {
			printf("  set %d: %s;", *v,
			       setsockopt(fd, level, o->opt, v, sizeof(*v)) ? strerrorname_np(errno)
									    : "0");
			get_int(fd, level, o);
			printf("\n");
		}
		lengths(fd, level, o);
		close(fd);
	}
}

static inline int tcp4(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}
static inline int tcp6(void)
{
	return socket(AF_INET6, SOCK_STREAM, 0);
}
static inline int udp4(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}
static inline int udp6(void)
{
	return socket(AF_INET6, SOCK_DGRAM, 0);
}
static inline int unix_stream(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}
#define WALK(tab, level, make) walk(tab, sizeof(tab) / sizeof((tab)[0]), level, make)

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Socket options as tables: one row for each option of a level (socket(7), ip(7), tcp(7)).
 *
 * A row says what an option takes and where it lives; one pair of functions runs every table. An
 * option without a row is refused with ENOPROTOOPT and counted (net->enoprotoopt): nothing is
 * accepted and ignored. The coverage table of the documentation is made from the rows.
 *
 * Simple options name a field of the socket; others have functions. Examples:
 *
 *	{ IPPROTO_IP, IP_RECVTTL, "IP_RECVTTL", SOCKOPT_BOOL, SOCKOPT_FIELD(struct inet_sock, recvttl) },
 *	{ IPPROTO_IP, IP_TTL, "IP_TTL", SOCKOPT_INT, .min = -1, .max = 255, .set = set_ttl, .get = get_ttl },
 */
#ifndef STACK_SOCKOPT_H
#define STACK_SOCKOPT_H

#include "stack/sock.h"

enum sockopt_type {
	SOCKOPT_INVALID = 0,
	SOCKOPT_INT,	 /* int; a->val */
	SOCKOPT_BOOL,	 /* int, stored as 0 or 1; a->val */
	SOCKOPT_TIMEVAL, /* struct timeval; min_len is not checked by the table: row functions parse it */
	SOCKOPT_LINGER,	 /* struct linger */
	SOCKOPT_STRING,	 /* bytes up to len, not terminated */
	SOCKOPT_STRUCT,	 /* anything else; the functions see a->buf and a->len */
};

enum sockopt_access { SOCKOPT_RW = 0, SOCKOPT_RO, SOCKOPT_WO };

struct sockopt_row;

/* One call in progress, as a row's function sees it. */
struct sockopt_arg {
	struct task *t;
	struct sock *sk;
	const struct sockopt_row *row;
	int name;	/* the name asked for; one row may serve several (old and new numbers) */
	int val;	/* INT and BOOL. set: the value given; get: to be filled in */
	void *buf;	/* other types. set: the value given (do not write); get: room for a->len bytes */
	socklen_t len;	/* set: of the value given; get: room, to be set to the length returned */
};

struct sockopt_row {
	int level, name;
	const char *text; /* "SO_KEEPALIVE" */
	enum sockopt_type type;
	/* Where the value lives when there is no function; size 0: nowhere. 1, 2, 4 or 8 bytes. */
	u16 off, size;
	s32 min, max;	   /* INT: allowed values, EINVAL beyond; both 0: any */
	socklen_t min_len; /* smallest length that set accepts, EINVAL below; INT and BOOL: always 4 */
	u8 stream_errno;   /* what a stream is refused it with, whatever the value; 0: it is not */
	u8 access;	   /* enum sockopt_access: the other direction is ENOPROTOOPT */
	s64 (*set)(struct sockopt_arg *a); /* 0, -errno or -EPARK */
	s64 (*get)(struct sockopt_arg *a); /* 0 or -errno */
	socklen_t reads; /* STRUCT and STRING: no more bytes than these are read; 0: all */
	const char *note; /* what differs from Linux, for the documentation; NULL: nothing known */
};

/* .off and .size of a field of the embedding struct: bool, u8, u16, int, u32, u64. */
#define SOCKOPT_FIELD(type, member)                                                                \
	.off = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct sockopt_table {
	const struct sockopt_row *rows;
	size_t nrows;
	/*
	 * IPPROTO_IP: a set of 1 to 3 bytes is one unsigned byte, a get of less than 4 returns one
	 * byte.
	 */
	bool byte_values;
	/* An int is read before the name is looked at, and EINVAL if there is none: SOL_SOCKET, TCP. */
	bool int_first;
	/* The same, but a value that is too short, or no value, stands for 0: IPPROTO_IPV6. */
	bool int_or_zero;
};

/* The value of a program that has no memory there: EFAULT when it comes to reading it. */
#define SOCKOPT_FAULT ((const void *)-1)

/* NULL: no such option. */
const struct sockopt_row *sockopt_find(const struct sockopt_table *tab, int name);
/* As setsockopt(2) and getsockopt(2) for one level; an unknown name counts in net->enoprotoopt. */
s64 sockopt_table_set(struct task *t, struct sock *sk, const struct sockopt_table *tab, int name,
		      const void *val, socklen_t len);
s64 sockopt_table_get(struct task *t, struct sock *sk, const struct sockopt_table *tab, int name,
		      void *val, socklen_t *len);

/* For get functions of other types: copies min(len, a->len) bytes and sets a->len. Returns 0. */
s64 sockopt_return(struct sockopt_arg *a, const void *data, socklen_t len);

/*
 * How many of a value's len bytes setsockopt(2) reads from the program's memory: the others need not be
 * there.
 */
socklen_t sockopt_reads(struct task *t, int fd, int level, int name, socklen_t len);

/* For what has no table: there is a value to be read. */
static inline bool sockopt_there(const void *val, socklen_t len)
{
	return !len || (val && val != SOCKOPT_FAULT);
}

/* Of a socket of AF_INET or AF_INET6; NULL: it has no table of that level. */
const struct sockopt_table *inet_sockopt_table(const struct sock *sk, int level);
extern const struct sockopt_table tcp_socket_options;
/* SOL_SOCKET; sockopt.c. */
extern const struct sockopt_table sol_socket_options;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Text of a call's arguments, piece by piece; shared by the two files that make it.
 */
#ifndef STACK_SYSCALL_FORMAT_H
#define STACK_SYSCALL_FORMAT_H

#include "stack/syscalls.h"

/* A growing text; what does not fit is cut. */
struct sbuf {
	char *buf;
	size_t len, pos;
};
void sb_printf(struct sbuf *sb, const char *fmt, ...) __printf_like(2, 3);
/* A quoted string with escapes, at most 32 bytes as strace prints by default. */
void sb_bytes(struct sbuf *sb, const void *data, size_t len);

struct flag_name {
	u64 bit;
	const char *name;
};
/* "A|B|0x8"; "0" when there is none. */
void sb_flags(struct sbuf *sb, u64 flags, const struct flag_name *names, size_t n);

void sb_sockaddr(struct sbuf *sb, const struct sockaddr *sa, socklen_t len);
void sb_family(struct sbuf *sb, int family);
void sb_socket_type(struct sbuf *sb, int type);
void sb_protocol(struct sbuf *sb, int protocol);
void sb_msg_flags(struct sbuf *sb, int flags);
/* received: bytes that are in the vectors; SIZE_MAX: all. */
void sb_iovec(struct sbuf *sb, const struct iovec *iov, size_t count, size_t received);
void sb_msghdr(struct sbuf *sb, const struct msghdr *h, size_t received);
void sb_sockopt_level(struct sbuf *sb, int level);
void sb_sockopt_name(struct sbuf *sb, int level, int name);
void sb_sockopt_value(struct sbuf *sb, int level, int name, const void *val, socklen_t len);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Checks and copies of what msghdr and sockaddr arguments hold.
 */
#ifndef STACK_MSG_H
#define STACK_MSG_H

#include "stack/sock.h"

/* MAX_RW_COUNT: what one read or write moves at most. */
#define MAX_RW_COUNT 0x7ffff000u

/* import_iovec(): at most 1024 pieces, no negative length; the total is cut to max. 0 or -errno. */
s64 iov_check(const struct iovec *iov, size_t count, size_t max, struct iov_iter *it);
/* move_addr_to_kernel(): 0, -EINVAL, -EFAULT. */
s64 name_check(const struct sockaddr *sa, socklen_t len);
/* move_addr_to_user(): as much as fits, and the full length. */
s64 name_return(const struct sockaddr_storage *ss, socklen_t len, struct sockaddr *sa,
		socklen_t *salen);

#endif

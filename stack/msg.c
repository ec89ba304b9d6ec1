/* SPDX-License-Identifier: MIT */
/*
 * Messages between user and protocol: I/O vectors, control messages (cmsg(3)), names (recvmsg(2)).
 */
#include "stack/msg.h"

#include <limits.h>
#include <string.h>

s64 iov_check(const struct iovec *iov, size_t count, size_t max, struct iov_iter *it)
{
	size_t total = 0;

	if (count > 1024)
		return -EINVAL;
	if (count && !iov)
		return -EFAULT;
	for (size_t i = 0; i < count; i++) {
		if ((s64)iov[i].iov_len < 0)
			return -EINVAL;
		if (iov[i].iov_len && !iov[i].iov_base)
			return -EFAULT;
		if (__builtin_add_overflow(total, iov[i].iov_len, &total))
			return -EINVAL;
	}
	it->iov = iov;
	it->count = (int)count;
	it->total = min(total, max);
	return 0;
}

void put_cmsg(struct msg *m, int level, int type, u32 len, const void *data)
{
	struct cmsghdr hdr = { .cmsg_level = level, .cmsg_type = type };
	size_t cmlen = CMSG_LEN(len);

	if (!m->control || m->controllen < sizeof(hdr)) {
		m->flags |= MSG_CTRUNC;
		return;
	}
	if (m->controllen < cmlen) {
		m->flags |= MSG_CTRUNC;
		cmlen = m->controllen;
	}
	hdr.cmsg_len = cmlen;
	memcpy(m->control, &hdr, sizeof(hdr));
	memcpy((u8 *)m->control + sizeof(hdr), data, cmlen - sizeof(hdr));
	cmlen = min(CMSG_SPACE(len), m->controllen);
	m->control = (u8 *)m->control + cmlen;
	m->controllen -= cmlen;
}

s64 name_check(const struct sockaddr *sa, socklen_t len)
{
	if ((int)len < 0 || len > sizeof(struct sockaddr_storage))
		return -EINVAL;
	return len && !sa ? -EFAULT : 0;
}

s64 name_return(const struct sockaddr_storage *ss, socklen_t len, struct sockaddr *sa,
		socklen_t *salen)
{
	int room;

	if (!salen)
		return -EFAULT;
	room = (int)*salen;
	if (room < 0)
		return -EINVAL;
	memcpy(sa, ss, min((socklen_t)room, len));
	*salen = len;
	return 0;
}

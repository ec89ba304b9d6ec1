/* SPDX-License-Identifier: MIT */
/*
 * Arguments with pieces: struct iovec, struct msghdr, struct mmsghdr (readv(2), recvmsg(2),
 * recvmmsg(2)).
 */
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sim/process/hosted_args.h"

#define UIO_MAX 1024
#define SOCKADDR_MAX 128
#define CONTROL_MAX (1 << 20)

int args_move(struct hosted *h, const struct iovec *remote, u64 count, void *local, u64 len,
	      bool write)
{
	struct iovec pieces[UIO_MAX], flat = { local, len };
	u64 n = 0, left = len;
	ssize_t moved;

	for (u64 i = 0; i < count && left; i++) {
		pieces[n] = remote[i];
		pieces[n].iov_len = min((u64)remote[i].iov_len, left);
		left -= pieces[n].iov_len;
		if (pieces[n].iov_len)
			n++;
	}
	if (!n)
		return 0;
	moved = write ? process_vm_writev(h->tid, &flat, 1, pieces, n, 0) :
			process_vm_readv(h->tid, &flat, 1, pieces, n, 0);
	return moved == (ssize_t)len ? 0 : -EFAULT;
}

/*
 * The pieces in one block of the arena; *value points to an array of them. Behind it stay the pieces
 * as the program gave them, for the way back.
 */
static int pieces_in(struct hosted *h, u64 addr, u64 count, bool gather, s64 *value)
{
	struct iovec *iov, *user;
	u64 total = 0;
	u8 *p;

	iov = hosted_alloc(h, 2 * count * sizeof(*iov) + sizeof(*iov));
	user = iov + count;
	if (hosted_read(h, addr, user, count * sizeof(*iov)) < 0)
		return -EFAULT;
	for (u64 i = 0; i < count; i++) {
		if ((s64)user[i].iov_len < 0)
			return -EINVAL;
		user[i].iov_len = min((u64)user[i].iov_len, MAX_RW_COUNT - total);
		total += user[i].iov_len;
	}
	p = hosted_alloc(h, total);
	if (gather && args_move(h, user, count, p, total, false) < 0)
		return -EFAULT;
	for (u64 i = 0; i < count; i++) {
		iov[i] = (struct iovec){ p, user[i].iov_len };
		p += user[i].iov_len;
	}
	*value = (s64)(uintptr_t)iov;
	return 0;
}

int args_iovec_in(struct hosted *h, u64 addr, u64 count, bool gather, s64 *value)
{
	if (count > UIO_MAX)
		return -EINVAL;
	return pieces_in(h, addr, count, gather, value);
}

static int pieces_out(struct hosted *h, const struct iovec *iov, u64 count, u64 len)
{
	return count ? args_move(h, iov + count, count, iov[0].iov_base, len, true) : 0;
}

int args_iovec_out(struct hosted *h, u64 addr, const struct iovec *iov, u64 len)
{
	return pieces_out(h, iov, h->args[2], len);
}

/* ---- messages ------------------------------------------------------------------------------------ */

static int name_in(struct hosted *h, struct msghdr *m, bool send)
{
	int len = (int)m->msg_namelen;
	void *name = m->msg_name;

	if (!name) {
		m->msg_namelen = 0;
		return 0;
	}
	if (len < 0)
		return -EINVAL;
	/* Longer ones are cut, as by the kernel's copy_msghdr_from_user(). */
	len = min(len, SOCKADDR_MAX);
	m->msg_namelen = (socklen_t)len;
	m->msg_name = hosted_alloc(h, SOCKADDR_MAX);
	return send ? hosted_read(h, (u64)(uintptr_t)name, m->msg_name, (size_t)len) : 0;
}

static int control_in(struct hosted *h, struct msghdr *m, bool send)
{
	void *control = m->msg_control;

	if (!control || !m->msg_controllen) {
		m->msg_control = NULL;
		m->msg_controllen = 0;
		return 0;
	}
	if (m->msg_controllen > INT_MAX)
		return -ENOBUFS;
	m->msg_controllen = min(m->msg_controllen, (size_t)CONTROL_MAX);
	m->msg_control = hosted_alloc(h, m->msg_controllen);
	memset(m->msg_control, 0, m->msg_controllen);
	return send ? hosted_read(h, (u64)(uintptr_t)control, m->msg_control, m->msg_controllen) :
		      0;
}

static int msghdr_in(struct hosted *h, struct msghdr *m, bool gather)
{
	s64 iov = 0;
	int err;

	err = name_in(h, m, gather);
	if (!err)
		err = control_in(h, m, gather);
	if (err)
		return err;
	if (m->msg_iovlen > UIO_MAX)
		return -EMSGSIZE;
	err = pieces_in(h, (u64)(uintptr_t)m->msg_iov, m->msg_iovlen, gather, &iov);
	m->msg_iov = (struct iovec *)(uintptr_t)iov;
	return err;
}

int args_msg_in(struct hosted *h, u64 addr, bool gather, s64 *value)
{
	struct msghdr *m = args_copy(h, addr, sizeof(*m));

	*value = (s64)(uintptr_t)m;
	return m ? msghdr_in(h, m, gather) : -EFAULT;
}

static int msghdr_out(struct hosted *h, u64 addr, const struct msghdr *m, u64 len)
{
	struct msghdr user;
	int err;

	if (hosted_read(h, addr, &user, sizeof(user)) < 0)
		return -EFAULT;
	err = pieces_out(h, m->msg_iov, m->msg_iovlen, len);
	if (user.msg_name && !err)
		err = hosted_write(h, (u64)(uintptr_t)user.msg_name, m->msg_name,
				   min(user.msg_namelen, m->msg_namelen));
	if (m->msg_control && !err)
		err = hosted_write(h, (u64)(uintptr_t)user.msg_control, m->msg_control,
				   min(user.msg_controllen, m->msg_controllen));
	if (user.msg_name)
		user.msg_namelen = m->msg_namelen;
	user.msg_controllen = m->msg_controllen;
	user.msg_flags = m->msg_flags;
	return err ? err : hosted_write(h, addr, &user, sizeof(user));
}

int args_msg_out(struct hosted *h, u64 addr, const struct msghdr *m, u64 len)
{
	return msghdr_out(h, addr, m, len);
}

int args_mmsg_in(struct hosted *h, u64 addr, u64 count, bool gather, s64 *value)
{
	u64 n = min((u64)(u32)count, (u64)UIO_MAX);
	struct mmsghdr *vec = args_copy(h, addr, n * sizeof(*vec));

	*value = (s64)(uintptr_t)vec;
	if (!vec)
		return -EFAULT;
	for (u64 i = 0; i < n; i++) {
		int err = msghdr_in(h, &vec[i].msg_hdr, gather);

		if (err)
			return err;
	}
	return 0;
}

int args_mmsg_out(struct hosted *h, u64 addr, const void *vec, u64 n, bool received)
{
	const struct mmsghdr *m = vec;
	int err = 0;

	for (u64 i = 0; i < n && !err; i++) {
		u64 at = addr + i * sizeof(*m);

		if (received)
			err = msghdr_out(h, at, &m[i].msg_hdr, m[i].msg_len);
		if (!err)
			err = hosted_write(h, at + offsetof(struct mmsghdr, msg_len), &m[i].msg_len,
					   sizeof(m[i].msg_len));
	}
	return err;
}

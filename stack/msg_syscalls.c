/* SPDX-License-Identifier: MIT */
/*
 * Socket calls that carry data: sendto(2), recvfrom(2), sendmsg(2), recvmsg(2), sendmmsg(2),
 * recvmmsg(2).
 */
#include <limits.h>
#include <string.h>

#include "stack/msg.h"
#include "stack/socket.h"
#include "stack/syscalls.h"

static struct sock *sock_lookup(struct task *t, int fd, s64 *err)
{
	struct file *f = fd_file(t, fd);
	struct sock *sk = f ? sock_from_file(f) : NULL;

	*err = !f || f->flags & O_PATH ? -EBADF : -ENOTSOCK;
	return sk;
}

s64 sys_sendto(struct task *t, int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *sa, socklen_t salen)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf,
			     .iov_len = min(len, MAX_RW_COUNT) };
	struct msg m = { .iter = { &iov, 1, iov.iov_len } };
	s64 err;
	struct sock *sk;

	if (len && !buf)
		return -EFAULT;
	sk = sock_lookup(t, fd, &err);
	if (!sk)
		return err;
	if (sa) {
		err = name_check(sa, salen);
		if (err)
			return err;
		m.name = (void *)(uintptr_t)sa;
		m.namelen = salen;
	}
	return sock_sendmsg(t, sk, &m, flags);
}

/*
 * Receives with the name in a buffer of our own: a protocol that has no name to give (TCP) leaves
 * it alone, and the caller's length becomes 0.
 */
static s64 recv_named(struct task *t, struct sock *sk, struct msg *m, int flags,
		      struct sockaddr_storage *ss)
{
	s64 ret;

	ss->ss_family = AF_UNSPEC;
	m->name = ss;
	m->namelen = sizeof(*ss);
	ret = sock_recvmsg(t, sk, m, flags);
	if (ss->ss_family == AF_UNSPEC)
		m->namelen = 0;
	return ret;
}

s64 sys_recvfrom(struct task *t, int fd, void *buf, size_t len, int flags, struct sockaddr *sa,
		 socklen_t *salen)
{
	struct iovec iov = { .iov_base = buf, .iov_len = min(len, MAX_RW_COUNT) };
	struct msg m = { .iter = { &iov, 1, iov.iov_len } };
	struct sockaddr_storage ss;
	s64 err;
	struct sock *sk;

	if (len && !buf)
		return -EFAULT;
	sk = sock_lookup(t, fd, &err);
	if (!sk)
		return err;
	if (!sa)
		return sock_recvmsg(t, sk, &m, flags);
	err = recv_named(t, sk, &m, flags, &ss);
	if (err >= 0) {
		s64 bad = name_return(&ss, m.namelen, sa, salen);

		if (bad)
			return bad;
	}
	return err;
}

/* copy_msghdr_from_user(). */
static s64 msg_import(const struct msghdr *h, struct msg *m)
{
	if (!h)
		return -EFAULT;
	if ((int)h->msg_namelen < 0)
		return -EINVAL;
	if (h->msg_iovlen > 1024)
		return -EMSGSIZE;
	if (h->msg_controllen > INT_MAX)
		return -ENOBUFS;
	memset(m, 0, sizeof(*m));
	m->name = h->msg_namelen ? h->msg_name : NULL;
	m->namelen = m->name ? min(h->msg_namelen, (socklen_t)sizeof(struct sockaddr_storage)) : 0;
	m->control = h->msg_controllen ? h->msg_control : NULL;
	m->controllen = m->control ? h->msg_controllen : 0;
	return iov_check(h->msg_iov, h->msg_iovlen, MAX_RW_COUNT, &m->iter);
}

static s64 send_one(struct task *t, struct sock *sk, const struct msghdr *h, int flags)
{
	struct msg m;
	s64 ret = msg_import(h, &m);

	if (ret)
		return ret;
	if (m.controllen > sk->net->sysctl.optmem_max)
		return -ENOBUFS;
	return sock_sendmsg(t, sk, &m, flags);
}

static s64 recv_one(struct task *t, struct sock *sk, struct msghdr *h, int flags)
{
	struct sockaddr_storage ss;
	struct msg m;
	s64 ret = msg_import(h, &m);
	size_t room = m.controllen;
	void *name = h ? h->msg_name : NULL;

	if (ret)
		return ret;
	if (name)
		ret = recv_named(t, sk, &m, flags, &ss);
	else
		ret = sock_recvmsg(t, sk, &m, flags);
	if (ret < 0)
		return ret;
	if (name) {
		memcpy(name, &ss, min(m.namelen, h->msg_namelen));
		h->msg_namelen = m.namelen;
	}
	h->msg_controllen = room - m.controllen;
	h->msg_flags = m.flags | (flags & MSG_CMSG_CLOEXEC);
	return ret;
}

s64 sys_sendmsg(struct task *t, int fd, const struct msghdr *msg, int flags)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);

	return sk ? send_one(t, sk, msg, flags) : err;
}

s64 sys_recvmsg(struct task *t, int fd, struct msghdr *msg, int flags)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);

	return sk ? recv_one(t, sk, msg, flags) : err;
}

/* The messages that went are the result; an error shows at the next call, if it still holds. */
s64 sys_sendmmsg(struct task *t, int fd, struct mmsghdr *vec, unsigned vlen, int flags)
{
	struct utask *u = task_utask(t);
	s64 ret;
	struct sock *sk = sock_lookup(t, fd, &ret);

	if (!sk)
		return ret;
	vlen = min(vlen, 1024u);
	while (u->mmsg_done < vlen) {
		struct mmsghdr *mm = &vec[u->mmsg_done];

		ret = send_one(t, sk, &mm->msg_hdr, flags);
		if (ret == -EPARK)
			return ret;
		if (ret < 0)
			return u->mmsg_done ? u->mmsg_done : ret;
		mm->msg_len = (unsigned)ret;
		u->mmsg_done++;
		task_wait_again(t);
	}
	return u->mmsg_done;
}

/* The time limit is looked at after each message only (recvmmsg(2), BUGS). */
static bool recvmmsg_expired(struct task *t, const struct timespec *timeout)
{
	nsec_t limit;

	if (!timeout)
		return false;
	limit = timeout->tv_sec * NSEC_PER_SEC + timeout->tv_nsec;
	return host_now(t->host) >= task_utask(t)->t_enter + limit;
}

static s64 recvmmsg_error(struct sock *sk, s64 err, u32 done)
{
	if (!done)
		return err;
	/* Told at the next call, as do_recvmmsg() does. */
	if (err != -EAGAIN && err != -ERESTARTSYS && err != -EINTR)
		sk->err = (int)-err;
	return done;
}

s64 sys_recvmmsg(struct task *t, int fd, struct mmsghdr *vec, unsigned vlen, int flags,
		 const struct timespec *timeout)
{
	struct utask *u = task_utask(t);
	s64 ret;
	struct sock *sk;

	if (timeout && (timeout->tv_sec < 0 || (u64)timeout->tv_nsec >= NSEC_PER_SEC))
		return -EINVAL;
	sk = sock_lookup(t, fd, &ret);
	if (!sk)
		return ret;
	if (!u->mmsg_done && !u->parked && sk->err)
		return sock_error(sk);
	while (u->mmsg_done < vlen) {
		struct mmsghdr *mm = &vec[u->mmsg_done];
		bool waitone = (flags & MSG_WAITFORONE) && u->mmsg_done;

		ret = recv_one(t, sk, &mm->msg_hdr,
			       (flags & ~MSG_WAITFORONE) | (waitone ? MSG_DONTWAIT : 0));
		if (ret == -EPARK)
			return ret;
		if (ret < 0)
			return recvmmsg_error(sk, ret, u->mmsg_done);
		mm->msg_len = (unsigned)ret;
		u->mmsg_done++;
		task_wait_again(t);
		if (recvmmsg_expired(t, timeout) || (mm->msg_hdr.msg_flags & MSG_OOB))
			break;
	}
	return u->mmsg_done;
}

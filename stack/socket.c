/* SPDX-License-Identifier: MIT */
/*
 * Sockets as files (net/socket.c in Linux): read and write are recvmsg and sendmsg without the
 * extras.
 */
#include "stack/socket.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "stack/syscall.h"

s64 sock_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	s64 ret;

	if (!sk->ops->sendmsg)
		return -EOPNOTSUPP;
	if (sk->file && sk->file->flags & O_NONBLOCK)
		flags |= MSG_DONTWAIT;
	if (sk->type == SOCK_SEQPACKET)
		flags |= MSG_EOR;
	ret = sk->ops->sendmsg(t, sk, m, flags);
	if (ret == -EAGAIN || ret == -EPARK)
		sk->async_nospace = true;
	/* sk_stream_error(): datagram sockets report EPIPE without a signal. */
	if (ret == -EPIPE && sk->type == SOCK_STREAM && !m->nosigpipe && !(flags & MSG_NOSIGNAL))
		signal_send_task(t, &(struct siginfo){ .signo = SIGPIPE, .code = SI_USER,
						       .pid = t->proc->pid, .uid = t->proc->uid });
	if (ret > 0)
		task_copied(t, (size_t)ret);
	return ret;
}

s64 sock_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags)
{
	s64 ret;

	if (!sk->ops->recvmsg)
		return -EOPNOTSUPP;
	if (sk->file && sk->file->flags & O_NONBLOCK)
		flags |= MSG_DONTWAIT;
	ret = sk->ops->recvmsg(t, sk, m, flags);
	if (ret > 0)
		task_copied(t, min((size_t)ret, m->iter.total));
	return ret;
}

static s64 sock_read(struct task *t, struct file *f, const struct iov_iter *to)
{
	struct msg m = { .iter = *to };

	/* Nothing to read is no reason to wait (sock_read_iter()). */
	if (!to->total)
		return 0;
	return sock_recvmsg(t, f->priv, &m, 0);
}

static s64 sock_write(struct task *t, struct file *f, const struct iov_iter *from)
{
	struct msg m = { .iter = *from };

	return sock_sendmsg(t, f->priv, &m, 0);
}

static u32 sock_poll(struct file *f, struct poll_table *pt)
{
	struct sock *sk = f->priv;
	u32 mask;

	poll_wait(pt, &sk->wq);
	mask = sk->ops->poll ? sk->ops->poll(sk) : 0;
	if (!(mask & EPOLLOUT))
		sk->async_nospace = true;
	return mask;
}

static s64 sock_ioctl(struct task *t, struct file *f, unsigned cmd, void *arg)
{
	struct sock *sk = f->priv;
	s64 ret = net_ioctl(t, sk, cmd, arg);

	if (ret != -ENOTTY || !sk->ops->ioctl || !arg)
		return ret;
	return sk->ops->ioctl(t, sk, cmd, arg);
}

static int sock_mmap(struct file *f, u64 len, u64 offset)
{
	struct sock *sk = f->priv;

	return sk->ops->mmap ? sk->ops->mmap(sk, len, offset) : -ENODEV;
}

static int sock_fasync(struct file *f, bool on)
{
	return 0;
}

static s64 sock_release(struct task *t, struct file *f)
{
	struct sock *sk = f->priv;
	s64 ret = sk->ops->release ? sk->ops->release(t, sk) : 0;

	if (ret == -EPARK)
		return ret;
	sk->file = NULL;
	sk->dead = true;
	sock_put(sk);
	return 0;
}

static const struct file_ops socket_file_ops = {
	.kind = "socket",
	.read = sock_read,
	.write = sock_write,
	.poll = sock_poll,
	.ioctl = sock_ioctl,
	.fasync = sock_fasync,
	.mmap = sock_mmap,
	.release = sock_release,
};

struct file *sock_file_new(struct sock *sk, u32 flags)
{
	struct file *f = file_new(sk->host, &socket_file_ops, sk, O_RDWR | flags, S_IFSOCK | 0777);

	sk->file = f;
	return f;
}

struct sock *sock_from_file(struct file *f)
{
	return f->ops == &socket_file_ops ? f->priv : NULL;
}

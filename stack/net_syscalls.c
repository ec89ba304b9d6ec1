/* SPDX-License-Identifier: MIT */
/*
 * Socket calls that carry no data: socket(2), bind(2), listen(2), accept(2), connect(2), ... The
 * order of the checks is that of net/socket.c, since programs see it in errno.
 */
#include <netinet/icmp6.h>
#include <string.h>

#include "stack/inet.h"
#include "stack/msg.h"
#include "stack/socket.h"
#include "stack/sockopt.h"
#include "stack/syscalls.h"

#define ICMP_FILTER_ 1 /* linux/icmp.h cannot stand beside netinet's */

#define SOCK_TYPE_MASK 0xf

/* The sock of a descriptor; NULL with *err set. */
static struct sock *sock_lookup(struct task *t, int fd, s64 *err)
{
	struct file *f = fd_file(t, fd);
	struct sock *sk;

	if (!f || f->flags & O_PATH) {
		*err = -EBADF;
		return NULL;
	}
	sk = sock_from_file(f);
	*err = sk ? 0 : -ENOTSOCK;
	return sk;
}

static s64 install_sock(struct task *t, struct sock *sk, int flags)
{
	struct file *f = sock_file_new(sk, flags & SOCK_NONBLOCK);
	int fd = fd_install(t, f, 0, flags & SOCK_CLOEXEC);

	if (fd < 0)
		file_put(NULL, f);
	return fd;
}

s64 sys_socket(struct task *t, int family, int type, int protocol)
{
	int flags = type & ~SOCK_TYPE_MASK;
	struct sock *sk;
	s64 ret;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	ret = sock_create(t, family, type & SOCK_TYPE_MASK, protocol, &sk);
	return ret ? ret : install_sock(t, sk, flags);
}

/* fds come first: no pair is made when there is no room for its descriptors. */
s64 sys_socketpair(struct task *t, int family, int type, int protocol, int fds[2])
{
	int flags = type & ~SOCK_TYPE_MASK;
	struct sock *a = NULL, *b = NULL;
	int fd0, fd1;
	s64 ret;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	fd0 = fd_reserve(t, 0);
	if (fd0 < 0)
		return fd0;
	fd1 = fd_reserve(t, 0);
	ret = fd1 < 0 ? fd1 : sock_create(t, family, type & SOCK_TYPE_MASK, protocol, &a);
	if (!ret)
		ret = sock_create(t, family, type & SOCK_TYPE_MASK, protocol, &b);
	if (!ret)
		ret = a->ops->socketpair ? a->ops->socketpair(t, a, b) : -EOPNOTSUPP;
	if (!ret) {
		fd_fill(t, fd0, sock_file_new(a, flags & SOCK_NONBLOCK), flags & SOCK_CLOEXEC);
		fd_fill(t, fd1, sock_file_new(b, flags & SOCK_NONBLOCK), flags & SOCK_CLOEXEC);
		fds[0] = fd0;
		fds[1] = fd1;
		return 0;
	}
	fd_fill(t, fd0, NULL, false);
	if (fd1 >= 0)
		fd_fill(t, fd1, NULL, false);
	/* A file releases what the protocol took at birth. */
	if (a)
		file_put(NULL, sock_file_new(a, 0));
	if (b)
		file_put(NULL, sock_file_new(b, 0));
	return ret;
}

s64 sys_bind(struct task *t, int fd, const struct sockaddr *sa, socklen_t len)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);

	if (!sk)
		return err;
	err = name_check(sa, len);
	if (err)
		return err;
	return sk->ops->bind ? sk->ops->bind(t, sk, sa, len) : -EOPNOTSUPP;
}

s64 sys_listen(struct task *t, int fd, int backlog)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);

	if (!sk)
		return err;
	if ((u32)backlog > (u32)sk->net->sysctl.somaxconn)
		backlog = sk->net->sysctl.somaxconn;
	return sk->ops->listen ? sk->ops->listen(t, sk, backlog) : -EOPNOTSUPP;
}

/* The peer's name of a connection just accepted, which may have been reset already. */
static s64 accept_name(struct sock *sk, struct sockaddr *sa, socklen_t *salen)
{
	struct sockaddr_storage ss = { 0 };
	s64 len;

	if (sk->family == AF_INET || sk->family == AF_INET6) {
		struct inet_sock *inet = inet_sk(sk);

		u32 scope = ipaddr_is_linklocal(&inet->daddr) ? (u32)sk->bound_dev_if : 0;

		len = ipaddr_to_sockaddr(&inet->daddr, inet->dport, scope, sk->family, &ss);
	} else {
		len = sk->ops->getname ? sk->ops->getname(sk, true, &ss) : -EOPNOTSUPP;
	}
	if (len < 0)
		return -ECONNABORTED;
	return name_return(&ss, (socklen_t)len, sa, salen);
}

static s64 do_accept(struct task *t, struct sock *sk, struct sockaddr *sa, socklen_t *salen,
		     int flags, int newfd)
{
	struct sock *newsk = NULL;
	struct file *f;
	s64 ret;

	if (!sk->ops->accept)
		return -EOPNOTSUPP;
	ret = sk->ops->accept(t, sk, &newsk, (int)sk->file->flags);
	if (ret)
		return ret;
	f = sock_file_new(newsk, flags & SOCK_NONBLOCK);
	if (sa) {
		ret = accept_name(newsk, sa, salen);
		if (ret) {
			file_put(NULL, f);
			return ret;
		}
	}
	fd_fill(t, newfd, f, flags & SOCK_CLOEXEC);
	return newfd;
}

/* The number of the new descriptor is taken before the call waits: EMFILE comes first. */
s64 sys_accept4(struct task *t, int fd, struct sockaddr *sa, socklen_t *salen, int flags)
{
	struct utask *u = task_utask(t);
	struct file *f = fd_file(t, fd);
	struct sock *sk;
	int newfd;
	s64 ret;

	if (!f)
		return -EBADF;
	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	newfd = u->reserved_fd >= 0 ? u->reserved_fd : fd_reserve(t, 0);
	if (newfd < 0)
		return newfd;
	u->reserved_fd = newfd;
	sk = sock_from_file(f);
	ret = sk ? do_accept(t, sk, sa, salen, flags, newfd) : -ENOTSOCK;
	/* What is left in reserved_fd goes back when the call is over. */
	if (ret >= 0)
		u->reserved_fd = -1;
	return ret;
}

s64 sys_connect(struct task *t, int fd, const struct sockaddr *sa, socklen_t len)
{
	struct file *f = fd_file(t, fd);
	struct sock *sk;
	s64 err;

	if (!f)
		return -EBADF;
	err = name_check(sa, len);
	if (err)
		return err;
	sk = sock_from_file(f);
	if (!sk)
		return -ENOTSOCK;
	return sk->ops->connect ? sk->ops->connect(t, sk, sa, len, (int)f->flags) : -EOPNOTSUPP;
}

static s64 get_name(struct task *t, int fd, struct sockaddr *sa, socklen_t *salen, bool peer)
{
	struct sockaddr_storage ss = { 0 };
	s64 len;
	struct sock *sk = sock_lookup(t, fd, &len);

	if (!sk)
		return len;
	len = sk->ops->getname ? sk->ops->getname(sk, peer, &ss) : -EOPNOTSUPP;
	if (len < 0)
		return len;
	return name_return(&ss, (socklen_t)len, sa, salen);
}

s64 sys_getsockname(struct task *t, int fd, struct sockaddr *sa, socklen_t *salen)
{
	return get_name(t, fd, sa, salen, false);
}

s64 sys_getpeername(struct task *t, int fd, struct sockaddr *sa, socklen_t *salen)
{
	return get_name(t, fd, sa, salen, true);
}

s64 sys_shutdown(struct task *t, int fd, int how)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);

	if (!sk)
		return err;
	if (!sk->ops->shutdown)
		return -EOPNOTSUPP;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	return sk->ops->shutdown(t, sk, how);
}

s64 sys_setsockopt(struct task *t, int fd, int level, int name, const void *val, socklen_t len)
{
	s64 err;
	struct sock *sk;

	sk = sock_lookup(t, fd, &err);
	if (!sk)
		return err;
	if ((int)len < 0)
		return -EINVAL;
	if (level == SOL_SOCKET)
		return sockopt_table_set(t, sk, &sol_socket_options, name, val, len);
	if (!sk->ops->setsockopt)
		return -EOPNOTSUPP;
	return sk->ops->setsockopt(t, sk, level, name, val, len);
}

static bool raw_has_option(const struct sock *sk, int level, int name)
{
	if (sk->type != SOCK_RAW)
		return false;
	if (sk->family == AF_INET6)
		return level == SOL_RAW || (level == IPPROTO_ICMPV6 &&
					    sk->protocol == IPPROTO_ICMPV6 && name == ICMP6_FILTER);
	return level == SOL_RAW && sk->protocol == IPPROTO_ICMP && name == ICMP_FILTER_;
}

/* Nothing else of the arguments matters to a socket that has no such level. */
static bool has_option(const struct sock *sk, int level, int name)
{
	if (level == SOL_SOCKET)
		return true;
	switch (sk->family) {
	case AF_INET:
	case AF_INET6:
		return inet_sockopt_table(sk, level) || raw_has_option(sk, level, name) ||
		       (level == IPPROTO_UDP && sk->protocol == IPPROTO_UDP);
	case AF_PACKET:
		return level == SOL_PACKET;
	case AF_NETLINK:
		return level == SOL_NETLINK;
	default:
		return false;
	}
}

/* do_ipv6_getsockopt() takes a negative length for a large one. */
static bool large_length(const struct sock *sk, int level)
{
	return sk->family == AF_INET6 &&
	       (level == IPPROTO_IPV6 || (sk->type == SOCK_RAW && level == SOL_RAW));
}

s64 sys_getsockopt(struct task *t, int fd, int level, int name, void *val, socklen_t *len)
{
	s64 err;
	struct sock *sk = sock_lookup(t, fd, &err);
	socklen_t none = 0;

	if (!sk)
		return err;
	err = !len ? -EFAULT : (int)*len < 0 ? -EINVAL : *len && !val ? -EFAULT : 0;
	if (err == -EINVAL && val && large_length(sk, level)) {
		*len = sizeof(struct sockaddr_storage);
		err = 0;
	}
	if (err && has_option(sk, level, name))
		return err;
	if (err) {
		len = &none;
		val = NULL;
	}
	if (level == SOL_SOCKET)
		return sockopt_table_get(t, sk, &sol_socket_options, name, val, len);
	if (!sk->ops->getsockopt)
		return -EOPNOTSUPP;
	return sk->ops->getsockopt(t, sk, level, name, val, len);
}

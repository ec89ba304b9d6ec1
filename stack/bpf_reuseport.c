/* SPDX-License-Identifier: MIT */
/*
 * Programs of SO_REUSEPORT groups: SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF,
 * SO_DETACH_REUSEPORT_BPF (socket(7); net/core/sock_reuseport.c), and the map that a program of
 * BPF_PROG_TYPE_SK_REUSEPORT picks from (kernel/bpf/reuseport_array.c). The group that holds the program
 * is in reuseport.c.
 */
#include <errno.h>
#include <string.h>

#include "stack/bpf_sockopt.h"
#include "stack/ebpf.h"
#include "stack/inet.h"

#define ENOTSUPP 524 /* Linux's own, which programs see here */

static bool may_have_group(const struct sock *sk)
{
	return sk->family == AF_INET || sk->family == AF_INET6;
}

static bool is_tcp_or_udp(const struct sock *sk)
{
	return may_have_group(sk) && (sk->type == SOCK_STREAM || sk->type == SOCK_DGRAM) &&
	       (sk->protocol == IPPROTO_TCP || sk->protocol == IPPROTO_UDP);
}

/* ---- options ------------------------------------------------------------------------------------- */

/* The program is the group's, not charged to a socket, but may be no larger than one may hold. */
static s64 attach(struct sock *sk, struct bpf_prog *prog)
{
	if (prog->type != BPF_PROG_TYPE_SK_REUSEPORT && prog->size > sk->net->sysctl.optmem_max)
		return -ENOMEM;
	if (prog->type == BPF_PROG_TYPE_SK_REUSEPORT && !is_tcp_or_udp(sk))
		return -ENOTSUPP;
	return may_have_group(sk) ? reuseport_attach_prog(inet_sk(sk), prog) : -EINVAL;
}

s64 so_attach_reuseport_cbpf(struct sockopt_arg *a)
{
	struct bpf_prog *prog;
	s64 err = bpf_check_fprog(a, &prog);

	if (err)
		return err;
	err = attach(a->sk, prog);
	bpf_prog_put(prog);
	return err;
}

s64 so_attach_reuseport_ebpf(struct sockopt_arg *a)
{
	struct bpf_prog *prog;
	s64 err = bpf_check_prog_fd(a, &prog);

	if (err)
		return err;
	err = attach(a->sk, prog);
	bpf_prog_put(prog);
	return err;
}

s64 so_detach_reuseport_bpf(struct sockopt_arg *a)
{
	return may_have_group(a->sk) ? reuseport_detach_prog(inet_sk(a->sk)) : -EINVAL;
}

/* ---- BPF_MAP_TYPE_REUSEPORT_SOCKARRAY ------------------------------------------------------------ */

void bpf_sockarray_forget(struct inet_sock *inet)
{
	if (!inet->sockarray_slot)
		return;
	*inet->sockarray_slot = NULL;
	inet->sockarray_slot = NULL;
}

void bpf_sockarray_clear(struct bpf_map *m)
{
	for (u32 i = 0; i < m->max_entries; i++) {
		if (m->socks[i])
			bpf_sockarray_forget(m->socks[i]);
	}
}

static int update_check(struct sock *sk, const struct inet_sock *old, u64 flags)
{
	if (old && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!old && flags == BPF_EXIST)
		return -ENOENT;
	if (!is_tcp_or_udp(sk))
		return -ENOTSUPP;
	/* Listening, or bound for UDP, and in a group. */
	if (list_empty(&inet_sk(sk)->lookup_node) || !inet_sk(sk)->reuse_group)
		return -EINVAL;
	return inet_sk(sk)->sockarray_slot ? -EBUSY : 0;
}

int bpf_sockarray_update(struct task *t, struct bpf_map *m, const void *key, const void *value,
			 u64 flags)
{
	s64 slot = bpf_map_find(m, key);
	struct sock *sk;
	struct file *f;
	u64 fd = 0;
	int err;

	if (flags > BPF_EXIST)
		return -EINVAL;
	if (slot < 0)
		return -E2BIG;
	memcpy(&fd, value, m->value_size);
	if (fd > INT32_MAX)
		return -EINVAL;
	f = fd_lookup(t->proc->files, (int)fd);
	sk = f ? sock_from_file(f) : NULL;
	if (!sk)
		return f ? -ENOTSOCK : -EBADF;
	err = update_check(sk, m->socks[slot], flags);
	if (err)
		return err;
	if (m->socks[slot])
		bpf_sockarray_forget(m->socks[slot]);
	m->socks[slot] = inet_sk(sk);
	inet_sk(sk)->sockarray_slot = &m->socks[slot];
	return 0;
}

int bpf_sockarray_delete(struct bpf_map *m, const void *key)
{
	s64 slot = bpf_map_find(m, key);

	if (slot < 0)
		return -E2BIG;
	if (!m->socks[slot])
		return -ENOENT;
	bpf_sockarray_forget(m->socks[slot]);
	return 0;
}

int bpf_sockarray_lookup(const struct bpf_map *m, const void *key, void *value)
{
	s64 slot = bpf_map_find(m, key);

	if (m->value_size != sizeof(u64))
		return -ENOSPC;
	if (slot < 0 || !m->socks[slot])
		return -ENOENT;
	memcpy(value, &m->socks[slot]->sk.cookie, sizeof(u64));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Filters of sockets: SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_GET_FILTER, SO_LOCK_FILTER,
 * SO_ATTACH_BPF (socket(7); net/core/filter.c), and the place where they run: sk_filter_trim_cap().
 *
 * A socket is charged for its filter out of net.core.optmem_max, for the new one before the old one is
 * let go. A locked filter stays, whatever happens; accepted sockets have their listener's, lock and all.
 */
#include <net/if.h>
#include <string.h>

#include "nic/netdev.h"
#include "stack/bpf_sockopt.h"
#include "stack/ebpf.h"

/* ---- on a socket ------------------------------------------------------------------------------- */

static bool charge(struct sock *sk, u32 size)
{
	u32 limit = sk->net->sysctl.optmem_max;

	if (size > limit || sk->omem_alloc + size >= limit)
		return false;
	sk->omem_alloc += size;
	return true;
}

void sk_filter_release(struct sock *sk)
{
	struct bpf_prog *prog = sk->filter;

	if (!prog)
		return;
	assert(sk->omem_alloc >= prog->size);
	sk->omem_alloc -= prog->size;
	sk->filter = NULL;
	bpf_prog_put(prog);
}

int sk_filter_attach(struct sock *sk, struct bpf_prog *prog)
{
	if (!charge(sk, prog->size))
		return -ENOMEM;
	sk_filter_release(sk);
	bpf_prog_get(prog);
	sk->filter = prog;
	return 0;
}

void sk_filter_inherit(struct sock *sk, const struct sock *listener)
{
	sk->filter_locked = listener->filter_locked;
	/* The limit may have been lowered since: then the child is not limited by what it is charged. */
	if (!listener->filter)
		return;
	bpf_prog_get(listener->filter);
	sk->filter = listener->filter;
	sk->omem_alloc += listener->filter->size;
}

/* What the filter sees in the checksum field is what the wire had, or what a NIC starts from. */
int sk_filter_trim_cap(struct sock *sk, struct sk_buff *skb, u32 cap)
{
	u32 keep;

	if (likely(!sk->filter))
		return 0;
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb_checksum_show(skb, skb->dev && skb->dev->flags & IFF_LOOPBACK);
	keep = bpf_prog_run_sk(sk->filter, skb, 0, sk);
	if (!keep)
		return -EPERM;
	skb_trim(skb, max(keep, cap));
	return 0;
}

/* ---- options ----------------------------------------------------------------------------------- */

s64 bpf_check_fprog(const struct sockopt_arg *a, struct bpf_prog **prog)
{
	struct sock_fprog fprog;

	if (a->len != sizeof(fprog))
		return -EINVAL;
	memcpy(&fprog, a->buf, sizeof(fprog));
	if (a->sk->filter_locked)
		return -EPERM;
	return bpf_prog_create(&fprog, prog);
}

s64 so_attach_filter(struct sockopt_arg *a)
{
	struct bpf_prog *prog;
	s64 err = bpf_check_fprog(a, &prog);

	if (err)
		return err;
	err = sk_filter_attach(a->sk, prog);
	bpf_prog_put(prog);
	return err;
}

s64 bpf_check_prog_fd(const struct sockopt_arg *a, struct bpf_prog **prog)
{
	u32 fd;

	if (a->len != sizeof(fd))
		return -EINVAL;
	memcpy(&fd, a->buf, sizeof(fd));
	if (a->sk->filter_locked)
		return -EPERM;
	return bpf_prog_from_fd(a->t, (int)fd, prog);
}

s64 so_attach_bpf(struct sockopt_arg *a)
{
	struct bpf_prog *prog;
	s64 err = bpf_check_prog_fd(a, &prog);

	if (err)
		return err;
	err = prog->type == BPF_PROG_TYPE_SOCKET_FILTER ? sk_filter_attach(a->sk, prog) : -EINVAL;
	bpf_prog_put(prog);
	return err;
}

s64 so_detach_filter(struct sockopt_arg *a)
{
	if (a->sk->filter_locked)
		return -EPERM;
	if (!a->sk->filter)
		return -ENOENT;
	sk_filter_release(a->sk);
	return 0;
}

/* Room and result are numbers of instructions; no room asks how many there are. */
s64 so_get_filter(struct sockopt_arg *a)
{
	const struct bpf_prog *prog = a->sk->filter;
	socklen_t room = a->len;

	a->len = 0;
	if (!prog)
		return 0;
	if (!prog->insns)
		return -EACCES;
	if (room && room < prog->len)
		return -EINVAL;
	if (room)
		memcpy(a->buf, prog->insns, prog->len * sizeof(*prog->insns));
	a->len = prog->len;
	return 0;
}

s64 so_lock_filter(struct sockopt_arg *a)
{
	if (a->sk->filter_locked && !a->val)
		return -EPERM;
	a->sk->filter_locked = a->val;
	return 0;
}

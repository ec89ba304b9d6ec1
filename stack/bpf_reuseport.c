/* SPDX-License-Identifier: MIT */
/*
 * Programs of SO_REUSEPORT groups: SO_ATTACH_REUSEPORT_CBPF, SO_DETACH_REUSEPORT_BPF (socket(7);
 * net/core/sock_reuseport.c). The group that holds the program is in reuseport.c.
 */
#include "stack/bpf.h"
#include "stack/bpf_sockopt.h"
#include "stack/inet.h"

static bool may_have_group(const struct sock *sk)
{
	return sk->family == AF_INET || sk->family == AF_INET6;
}

/* The program is the group's, not charged to a socket, but may be no larger than one may hold. */
s64 so_attach_reuseport_cbpf(struct sockopt_arg *a)
{
	struct bpf_prog *prog;
	s64 err = bpf_check_fprog(a, &prog);

	if (err)
		return err;
	if (prog->size > a->sk->net->sysctl.optmem_max)
		err = -ENOMEM;
	else if (!may_have_group(a->sk))
		err = -EINVAL;
	else
		err = reuseport_attach_prog(inet_sk(a->sk), prog);
	bpf_prog_put(prog);
	return err;
}

s64 so_detach_reuseport_bpf(struct sockopt_arg *a)
{
	return may_have_group(a->sk) ? reuseport_detach_prog(inet_sk(a->sk)) : -EINVAL;
}

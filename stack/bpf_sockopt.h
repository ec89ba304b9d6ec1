/* SPDX-License-Identifier: MIT */
/*
 * The options of socket filters, as functions of their rows in sockopt.c.
 */
#ifndef STACK_BPF_SOCKOPT_H
#define STACK_BPF_SOCKOPT_H

#include "stack/sockopt.h"

struct bpf_prog;

/* The program that a struct sock_fprog gives, checked; -EPERM when the socket's filter is locked. */
s64 bpf_check_fprog(const struct sockopt_arg *a, struct bpf_prog **prog);
/* The program behind the descriptor that the option gives, with a reference. */
s64 bpf_check_prog_fd(const struct sockopt_arg *a, struct bpf_prog **prog);
/* Takes a reference of its own, and charges sk: 0 or -ENOMEM. */
int sk_filter_attach(struct sock *sk, struct bpf_prog *prog);

/* sk_filter.c */
s64 so_attach_filter(struct sockopt_arg *a);
s64 so_attach_bpf(struct sockopt_arg *a);
s64 so_detach_filter(struct sockopt_arg *a);
s64 so_get_filter(struct sockopt_arg *a);
s64 so_lock_filter(struct sockopt_arg *a);

/* bpf_reuseport.c */
s64 so_attach_reuseport_cbpf(struct sockopt_arg *a);
s64 so_attach_reuseport_ebpf(struct sockopt_arg *a);
s64 so_detach_reuseport_bpf(struct sockopt_arg *a);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the socket calls share (net_syscalls.c, msg_syscalls.c, rw_syscalls.c).
 */
#ifndef STACK_SOCKET_H
#define STACK_SOCKET_H

#include "stack/sock.h"

/* sendmsg and recvmsg of a socket with what the file's flags add; SIGPIPE is sent here. */
s64 sock_sendmsg(struct task *t, struct sock *sk, struct msg *m, int flags);
s64 sock_recvmsg(struct task *t, struct sock *sk, struct msg *m, int flags);

/*
 * ioctl(2) of any socket: addresses and devices (netdevice(7)), time stamps; -ENOTTY: not one of
 * these.
 */
/* if_ioctl.c: the ioctls of netdevice(7). arg is memory of the command's size. */
bool if_ioctl_known(unsigned cmd);
s64 if_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg);
s64 net_ioctl(struct task *t, struct sock *sk, unsigned cmd, void *arg);

#endif

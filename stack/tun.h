/* SPDX-License-Identifier: MIT */
/*
 * /dev/net/tun: a device whose wire is a descriptor (Documentation/networking/tuntap.rst).
 */
#ifndef STACK_TUN_H
#define STACK_TUN_H

#include "stack/file.h"

/* open("/dev/net/tun"): no device until TUNSETIFF. */
struct file *tun_open(struct task *t, int flags);

#endif

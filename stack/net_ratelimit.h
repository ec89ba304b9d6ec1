/* SPDX-License-Identifier: MIT */
/*
 * Messages of the host's kernel log that whoever is on the network can cause: at most
 * net.core.message_burst of them in net.core.message_cost seconds (sysctl/net.rst).
 */
#ifndef STACK_NET_RATELIMIT_H
#define STACK_NET_RATELIMIT_H

#include "stack/net.h"

/* A line of the kernel log, stream "kernel" of the trace's log, unless there were too many. */
void net_info_ratelimited(struct net *net, const char *text);

#endif

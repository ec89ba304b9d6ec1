/* SPDX-License-Identifier: MIT */
/*
 * Route lookup inside the network layer; the transports' part is in ip.h.
 */
#ifndef STACK_ROUTE_H
#define STACK_ROUTE_H

#include "stack/ip.h"

/* The route of a packet that is forwarded. 0, -ENETUNREACH, -EHOSTUNREACH, -EACCES or -EINVAL. */
int route_forward(struct net *net, const union ipaddr *daddr, struct dst *dst);

#endif

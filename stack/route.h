/* SPDX-License-Identifier: MIT */
/*
 * Route lookup inside the network layer; the transports' part is in ip.h.
 */
#ifndef STACK_ROUTE_H
#define STACK_ROUTE_H

#include "nic/skb.h"
#include "stack/ip.h"

/* The flow of a packet that came in: what rules may ask for. Its network header is valid. */
void route_input_flow(const struct net *net, struct sk_buff *skb, const union ipaddr *s,
		      const union ipaddr *d, struct flow *fl);
/* The route of a packet that is forwarded. 0, -ENETUNREACH, -EHOSTUNREACH, -EACCES or -EINVAL. */
int route_forward(struct net *net, const struct flow *fl, struct dst *dst);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A frame's row in the trace.
 */
#ifndef NIC_TRACE_FRAME_H
#define NIC_TRACE_FRAME_H

#include "nic/skb.h"

struct host;

/*
 * Gives the frame (skb->data at the Ethernet header) an id if it has none, and reports it, once, as sent by
 * that interface of sender. A packet that is forwarded or switched is not reported again.
 */
void skb_trace_packet(struct sk_buff *skb, struct host *sender, int ifindex);

#endif

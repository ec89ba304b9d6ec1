/* SPDX-License-Identifier: MIT */
/*
 * Reassembly of both families (RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722).
 *
 * Fragments of a datagram wait in a queue, sorted and without overlaps. An exact repetition is
 * dropped; a fragment that overlaps in part ends the whole datagram, in both families. Memory is
 * bounded by ipfrag_high_thresh: beyond, no new datagram is begun. A datagram that is not whole
 * after ipfrag_time is dropped, and its sender told if the first fragment is there.
 */
#ifndef STACK_FRAGMENT_H
#define STACK_FRAGMENT_H

#include "stack/ip.h"

/*
 * Takes a fragment for us, data at the IPv4 header. Returns the whole datagram when this one
 * completes it, else NULL.
 */
struct sk_buff *ip_defrag(struct net *net, struct sk_buff *skb);
/*
 * The same for IPv6: the fragment header is at *off, its number in the field at nhoff. On return of
 * a datagram that header is gone (or stepped over, if the datagram is not fragmented), and *nexthdr
 * and *off tell what follows.
 */
struct sk_buff *ip6_defrag(struct net *net, struct sk_buff *skb, u8 *nexthdr, u32 *off, u32 nhoff);
void frag_table_free(struct net *net);

#endif

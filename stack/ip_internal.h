/* SPDX-License-Identifier: MIT */
/*
 * What the files of the network layer share.
 *
 * The way of a packet, function by function:
 *
 *   in    ip_rcv / ipv6_rcv -> route_input_type -> ip_local_deliver -> net_protocol.handler
 *						 -> ip_forward / ip6_forward
 *   out   ip_output -> ip4_output / ip6_output -> ip_finish_output -> ip_fragment -> neigh_output
 */
#ifndef STACK_IP_INTERNAL_H
#define STACK_IP_INTERNAL_H

#include <netinet/if_ether.h>
#include <netinet/ip.h>

#include "stack/ip.h"

#define IPV4_HLEN 20u
#define IPV6_HLEN 40u
#define IP_OFFSET 0x1fffu
#define IPV6_MIN_MTU 1280u

/* Packets of the two EtherTypes, in softirq context. */
void ip_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);
void ipv6_rcv(struct sk_buff *skb, struct net_device *dev, struct packet_type *pt);

int ip4_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx);
int ip6_output(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx);
/* Neighbour and device; the packet fits. Takes skb. 0 or negative errno. */
int ip_finish_output2(struct net *net, struct sk_buff *skb, struct dst *dst);
/* Cuts what does not fit in mtu; skb->data at the network header. ignore_df: ours to cut. Takes
 * skb. */
int ip_finish_output(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu,
		     bool ignore_df);
/*
 * A packet whose header is written already, data at it (IP_HDRINCL): the steps after that. Takes skb.
 * 0 or negative errno.
 */
int ip_send_ready(struct net *net, struct sk_buff *skb, struct dst *dst, const struct ip_tx *tx);
/* The identification of an IPv4 packet; df: it may not be fragmented. */
u16 ip_select_ident(struct net *net, const struct sk_buff *skb, const struct ip_tx *tx, bool df);
int ip_fragment(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu, bool ignore_df);
int ip6_fragment(struct net *net, struct sk_buff *skb, struct dst *dst, u32 mtu);
/* True when a packet may go out whole: small enough, or a super-packet whose segments are. */
bool ip_fits(struct sk_buff *skb, u32 mtu);
/* A copy of an outgoing multicast or broadcast packet for the host's own members. */
void ip_loopback_copy(struct net *net, struct sk_buff *skb);

void ip_forward(struct net *net, struct sk_buff *skb);
void ip6_forward(struct net *net, struct sk_buff *skb);

/* Computes and stores the header checksum. */
void ip_send_check(u8 *iph);
/* True when the IPv4 header's checksum is right. */
bool ip_header_csum_ok(const u8 *iph, u32 hlen);
/* Addresses of the packet's network header, which is linear. */
void ip_header_addrs(struct sk_buff *skb, union ipaddr *saddr, union ipaddr *daddr);
static inline bool skb_is_ipv6(struct sk_buff *skb)
{
	return skb_network_header(skb)[0] >> 4 == 6;
}
/* SKB with room for headers, data at the network header, for packets that the kernel makes itself.
 */
void ip_trace_hop(struct net *net, const struct sk_buff *skb, const char *place);

/* RFC 791 options (ip_options.c). */
enum ip_opt_verdict { IP_OPT_OK = 0, IP_OPT_BAD, IP_OPT_SOURCE_ROUTE };
/* Checks the options of a received header; *pp: offset in the header of what is wrong. */
enum ip_opt_verdict ip_options_check(const u8 *iph, u32 hlen, u8 *pp);
/* Replaces by no-operations the options that are not copied into later fragments. */
void ip_options_fragment(u8 *iph, u32 hlen);

/* IPv6 extension headers (ip6_exthdr.c). */
struct ip6_upper {
	u8 nexthdr;   /* the upper protocol */
	u32 off;      /* its offset from the network header */
	u32 frag_off; /* offset of the fragment header, 0: none */
	u8 nexthdr_frag;
};
/* Walks a quoted packet's headers inside buf; false: it ends before the upper header. */
bool ip6_skip_exthdr(const u8 *buf, u32 len, struct ip6_upper *ext);
/*
 * Processes the headers between the IPv6 header and the upper protocol of a packet for us, data at
 * the IPv6 header. Reassembles. NULL: the packet was consumed; else data is at the upper header and
 * *proto says which it is.
 */
struct sk_buff *ip6_input_exthdrs(struct net *net, struct sk_buff *skb, u8 *proto, u32 *nhoff);
/* Hop-by-hop options, which routers look at too; false: consumed. *nexthdr and *off move on. */
bool ip6_parse_hopopts(struct net *net, struct sk_buff *skb, u8 *nexthdr, u32 *off, u32 *nhoff);

/* The handler of a protocol; NULL: none. protocol.c */
const struct net_protocol *inet_protocol(u8 proto);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * From the bytes of a frame to the header columns of the packet table.
 *
 * Reads Ethernet II with up to two VLAN tags, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200) with
 * the common extension headers, TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792) and ICMPv6 (RFC
 * 4443). Any bytes are allowed: a column whose field is not there, or not whole, stays unset.
 * Nothing is verified: the trace says what the frame claims.
 */
#ifndef SIM_ENGINE_TRACE_FRAME_H
#define SIM_ENGINE_TRACE_FRAME_H

#include "sim/engine/types.h"

#define TRACE_ADDR_LEN 46 /* INET6_ADDRSTRLEN */
#define TRACE_MAC_LEN 18

/* Numbers are -1, and texts empty, where the frame has no such field. */
struct trace_frame {
	char eth_src[TRACE_MAC_LEN], eth_dst[TRACE_MAC_LEN];
	s32 eth_type; /* of the payload, behind VLAN tags */
	s32 vlan;     /* the tag control field of the outer tag */
	s32 ip_version;
	char src[TRACE_ADDR_LEN], dst[TRACE_ADDR_LEN]; /* of ARP: the protocol addresses */
	s32 ip_proto;				       /* of the last header that was followed */
	const char *proto; /* "tcp", "udp", "icmp", "icmp6", "igmp", "arp", or NULL */
	s32 ttl, tos, ip_id;
	s32 frag_offset, frag_more; /* bytes; set for fragments only */
	s32 sport, dport;
	s32 tcp_flags; /* low 8 bits: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128 */
	s64 tcp_seq, tcp_ack;
	s32 tcp_win; /* as on the wire, not scaled */
	s32 icmp_type, icmp_code;
	s32 arp_op;
	/* Bytes behind the last header that was understood, without Ethernet padding. */
	s32 payload;
	u32 l4_off, l4_len; /* where the transport header begins, the bytes from there; 0: none */
	u32 l3_addr;	    /* where the source address begins; the destination follows */
};

void trace_frame_parse(const u8 *frame, u32 len, struct trace_frame *f);
/*
 * Fills in the transport checksum of a TCP, UDP or ICMPv6 packet, whatever stands there: the
 * Internet checksum (RFC 1071) over the pseudo-header and all from the transport header on. f: of
 * this frame.
 */
void trace_frame_fill_csum(u8 *frame, const struct trace_frame *f);
/* Write text; buf holds TRACE_MAC_LEN or TRACE_ADDR_LEN bytes. */
void trace_format_mac(char *buf, const u8 mac[6]);
void trace_format_ip4(char *buf, const u8 addr[4]);
void trace_format_ip6(char *buf, const u8 addr[16]);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The parser of frames for the packet table (trace_frame.h).
 *
 * It knows nothing of skbs and shares no code with the stack, on purpose: what the trace says about
 * a frame does not follow a mistake that the stack makes.
 */
#include "sim/engine/trace_frame.h"

#include <arpa/inet.h>
#include <string.h>

#define ETH_P_IP_ 0x0800
#define ETH_P_ARP_ 0x0806
#define ETH_P_8021Q_ 0x8100
#define ETH_P_8021AD_ 0x88a8
#define ETH_P_IPV6_ 0x86dd

#define MAX_EXTENSION_HEADERS 8

/* What is left of the frame. */
struct cursor {
	const u8 *p;
	u32 len;
	u32 off; /* of p in the frame */
};

static u16 be16_at(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static u32 be32_at(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void skip(struct cursor *c, u32 n)
{
	assert(n <= c->len);
	c->p += n;
	c->off += n;
	c->len -= n;
}

/* Bytes behind the headers' own length field are padding of the link. */
static void limit(struct cursor *c, u32 len)
{
	if (c->len > len)
		c->len = len;
}

void trace_format_mac(char *buf, const u8 mac[6])
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < 6; i++) {
		*buf++ = hex[mac[i] >> 4];
		*buf++ = hex[mac[i] & 15];
		*buf++ = i < 5 ? ':' : '\0';
	}
}

/* By hand: this is done twice for each packet of a trace. */
void trace_format_ip4(char *buf, const u8 addr[4])
{
	for (int i = 0; i < 4; i++) {
		unsigned int v = addr[i];

		if (v >= 100)
			*buf++ = (char)('0' + v / 100);
		if (v >= 10)
			*buf++ = (char)('0' + v / 10 % 10);
		*buf++ = (char)('0' + v % 10);
		*buf++ = i < 3 ? '.' : '\0';
	}
}

void trace_format_ip6(char *buf, const u8 addr[16])
{
	inet_ntop(AF_INET6, addr, buf, TRACE_ADDR_LEN);
}

static void parse_tcp(struct cursor c, struct trace_frame *f)
{
	u32 hlen;

	if (c.len < 4)
		return;
	f->sport = be16_at(c.p);
	f->dport = be16_at(c.p + 2);
	if (c.len < 20)
		return;
	f->tcp_seq = be32_at(c.p + 4);
	f->tcp_ack = be32_at(c.p + 8);
	f->tcp_flags = c.p[13];
	f->tcp_win = be16_at(c.p + 14);
	hlen = (u32)(c.p[12] >> 4) * 4;
	if (hlen >= 20 && hlen <= c.len)
		f->payload = (s32)(c.len - hlen);
}

static void parse_udp(struct cursor c, struct trace_frame *f)
{
	u32 ulen;

	if (c.len < 4)
		return;
	f->sport = be16_at(c.p);
	f->dport = be16_at(c.p + 2);
	if (c.len < 8)
		return;
	ulen = be16_at(c.p + 4);
	if (ulen >= 8)
		limit(&c, ulen);
	f->payload = (s32)(c.len - 8);
}

static void parse_icmp(struct cursor c, struct trace_frame *f)
{
	if (c.len < 4)
		return;
	f->icmp_type = c.p[0];
	f->icmp_code = c.p[1];
	f->payload = (s32)(c.len > 8 ? c.len - 8 : 0);
}

static const char *proto_name(int proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	case IPPROTO_IGMP:
		return "igmp";
	default:
		return NULL;
	}
}

static void parse_transport(struct cursor c, int proto, struct trace_frame *f)
{
	f->ip_proto = proto;
	f->proto = proto_name(proto);
	f->payload = (s32)c.len;
	f->l4_off = c.off;
	f->l4_len = c.len;
	if (f->frag_offset > 0) /* only the first fragment has the header */
		return;
	switch (proto) {
	case IPPROTO_TCP:
		parse_tcp(c, f);
		break;
	case IPPROTO_UDP:
		parse_udp(c, f);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		parse_icmp(c, f);
		break;
	default:
		break;
	}
}

static void parse_ip4(struct cursor c, struct trace_frame *f)
{
	u32 hlen, total;
	u16 frag;

	if (c.len < 20 || c.p[0] >> 4 != 4)
		return;
	f->ip_version = 4;
	f->tos = c.p[1];
	f->ip_id = be16_at(c.p + 4);
	f->ttl = c.p[8];
	f->l3_addr = c.off + 12;
	trace_format_ip4(f->src, c.p + 12);
	trace_format_ip4(f->dst, c.p + 16);
	frag = be16_at(c.p + 6);
	if (frag & 0x3fff) {
		f->frag_offset = (frag & 0x1fff) * 8;
		f->frag_more = !!(frag & 0x2000);
	}
	f->ip_proto = c.p[9];
	f->proto = proto_name(c.p[9]);
	hlen = (u32)(c.p[0] & 15) * 4;
	total = be16_at(c.p + 2);
	if (total >= 20)
		limit(&c, total);
	if (hlen < 20 || hlen > c.len)
		return;
	int proto = c.p[9];
	skip(&c, hlen);
	parse_transport(c, proto, f);
}

/* Follows one extension header. Returns the next header's number, or -1 when next is not one. */
static int parse_ip6_extension(struct cursor *c, int next, struct trace_frame *f)
{
	u32 hlen;

	if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
	    next != IPPROTO_DSTOPTS)
		return -1;
	if (c->len < 8)
		return -1;
	hlen = next == IPPROTO_FRAGMENT ? 8 : ((u32)c->p[1] + 1) * 8;
	if (next == IPPROTO_FRAGMENT) {
		f->frag_offset = be16_at(c->p + 2) & 0xfff8;
		f->frag_more = c->p[3] & 1;
		f->ip_id = (s32)(be32_at(c->p + 4) & INT32_MAX);
	}
	if (hlen > c->len)
		return -1;
	next = c->p[0];
	skip(c, hlen);
	return next;
}

static void parse_ip6(struct cursor c, struct trace_frame *f)
{
	int proto, next;
	u32 plen;

	if (c.len < 40 || c.p[0] >> 4 != 6)
		return;
	f->ip_version = 6;
	f->tos = (be16_at(c.p) >> 4) & 0xff;
	f->ttl = c.p[7];
	f->l3_addr = c.off + 8;
	trace_format_ip6(f->src, c.p + 8);
	trace_format_ip6(f->dst, c.p + 24);
	proto = c.p[6];
	plen = be16_at(c.p + 4);
	skip(&c, 40);
	if (plen)
		limit(&c, plen);
	for (int i = 0; i < MAX_EXTENSION_HEADERS && f->frag_offset <= 0; i++) {
		next = parse_ip6_extension(&c, proto, f);
		if (next < 0)
			break;
		proto = next;
	}
	parse_transport(c, proto, f);
}

/* Ethernet and IPv4 addresses only; what is left of an ARP packet has no payload. */
static void parse_arp(struct cursor c, struct trace_frame *f)
{
	f->proto = "arp";
	if (c.len < 28 || be16_at(c.p) != 1 || be16_at(c.p + 2) != ETH_P_IP_ || c.p[4] != 6 ||
	    c.p[5] != 4)
		return;
	f->arp_op = be16_at(c.p + 6);
	trace_format_ip4(f->src, c.p + 14);
	trace_format_ip4(f->dst, c.p + 24);
	f->payload = 0;
}

static void frame_clear(struct trace_frame *f)
{
	f->eth_src[0] = f->eth_dst[0] = f->src[0] = f->dst[0] = '\0';
	f->proto = NULL;
	f->eth_type = f->vlan = f->ip_version = f->ip_proto = -1;
	f->ttl = f->tos = f->ip_id = f->frag_offset = f->frag_more = -1;
	f->sport = f->dport = f->tcp_flags = f->tcp_win = -1;
	f->tcp_seq = f->tcp_ack = -1;
	f->icmp_type = f->icmp_code = f->arp_op = f->payload = -1;
	f->l4_off = f->l4_len = f->l3_addr = 0;
}

void trace_frame_parse(const u8 *frame, u32 len, struct trace_frame *f)
{
	struct cursor c = {frame, len, 0};

	frame_clear(f);
	if (c.len < 14)
		return;
	trace_format_mac(f->eth_dst, c.p);
	trace_format_mac(f->eth_src, c.p + 6);
	f->eth_type = be16_at(c.p + 12);
	skip(&c, 14);
	for (int tags = 0; tags < 2; tags++) {
		if ((f->eth_type != ETH_P_8021Q_ && f->eth_type != ETH_P_8021AD_) || c.len < 4)
			break;
		if (tags == 0)
			f->vlan = be16_at(c.p);
		f->eth_type = be16_at(c.p + 2);
		skip(&c, 4);
	}
	f->payload = (s32)c.len;
	if (f->eth_type == ETH_P_IP_)
		parse_ip4(c, f);
	else if (f->eth_type == ETH_P_IPV6_)
		parse_ip6(c, f);
	else if (f->eth_type == ETH_P_ARP_)
		parse_arp(c, f);
}

static u64 sum_be16(const u8 *p, u32 len)
{
	u64 sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += be16_at(p);
	return len ? sum + ((u32)*p << 8) : sum;
}

void trace_frame_fill_csum(u8 *frame, const struct trace_frame *f)
{
	bool udp = f->ip_proto == IPPROTO_UDP;
	u32 off = f->ip_proto == IPPROTO_TCP ? 16 : udp ? 6 : 2;
	u8 *l4 = frame + f->l4_off;
	u64 sum;

	if (!f->l4_off || f->l4_len < off + 2 || f->frag_offset >= 0 ||
	    (f->ip_proto != IPPROTO_TCP && !udp && f->ip_proto != IPPROTO_ICMPV6))
		return;
	l4[off] = l4[off + 1] = 0;
	sum = sum_be16(frame + f->l3_addr, f->ip_version == 4 ? 8 : 32);
	sum += (u32)f->ip_proto + (f->l4_len >> 16) + (f->l4_len & 0xffff);
	sum += sum_be16(l4, f->l4_len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	if (sum == 0 && udp) /* 0 would mean that there is none (RFC 768) */
		sum = 0xffff;
	l4[off] = (u8)(sum >> 8);
	l4[off + 1] = (u8)sum;
}

/* SPDX-License-Identifier: MIT */
/*
 * Filter expressions (lua_filter.h; pcap-filter(7)).
 *
 * libpcap compiles for a link type. A socket that is not AF_PACKET has passed the headers in front of
 * what its filter sees, but can look back at them: so the expression is compiled for packets that begin
 * with an IP header, and each load from the packet is moved to SKF_NET_OFF.
 */
#include "sim/process/lua_filter.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#define NET_OFF (-0x100000) /* SKF_NET_OFF */
#define SNAPLEN 262144

/* ---- names ------------------------------------------------------------------------------------- */

/* Words of pcap-filter(7). Any other would be looked up in files of this machine, or in the DNS. */
static const char *const words[] = {
	"and", "or", "not", "host", "net", "mask", "port", "portrange", "proto", "protochain",
	"src", "dst", "ether", "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "igmp",
	"sctp", "ah", "esp", "broadcast", "multicast", "less", "greater", "len", "vlan", "mpls",
	"inbound", "outbound", "ifindex", "icmptype", "icmpcode", "icmp6type", "icmp6code",
	"tcpflags", "tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece",
	"tcp-cwr", "icmp-echoreply", "icmp-unreach", "icmp-redirect", "icmp-echo", "icmp-timxceed",
	"icmp6-echo", "icmp6-echoreply",
};

static bool word_known(const char *w, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) == len && !memcmp(words[i], w, len))
			return true;
	}
	return false;
}

/* Numbers, ranges, addresses: what has a digit or a colon, and nothing that a name would have. */
static bool is_number(const char *w, size_t len)
{
	bool colon = memchr(w, ':', len), hex = colon || (len > 2 && w[0] == '0' && w[1] == 'x');

	for (size_t i = 0; i < len; i++) {
		if (isdigit((unsigned char)w[i]) || strchr(":./-", w[i]))
			continue;
		if (!hex || !(isxdigit((unsigned char)w[i]) || (i == 1 && w[i] == 'x')))
			return false;
	}
	return true;
}

static bool names_nothing(const char *expr, char *err)
{
	static const char word_chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-";

	while (*expr) {
		size_t len = strspn(expr, word_chars);

		if (len && !word_known(expr, len) && !is_number(expr, len)) {
			snprintf(err, FILTER_ERROR_SIZE,
				 "'%.*s' is no word of pcap-filter(7), and names are not looked up: "
				 "give a number or an address", (int)min(len, (size_t)64), expr);
			return false;
		}
		expr += len ? len : 1;
	}
	return true;
}

/* ---- compiling --------------------------------------------------------------------------------- */

static void count_from_network(struct filter_insn *f)
{
	u16 class = BPF_CLASS(f->code), mode = BPF_MODE(f->code);

	if ((class == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) ||
	    (class == BPF_LDX && mode == BPF_MSH))
		f->k += (u32)NET_OFF;
}

static int copy_out(const struct bpf_program *prog, enum filter_start start,
		    struct filter_insn *insns, char *err)
{
	if (prog->bf_len > FILTER_MAX_INSNS) {
		snprintf(err, FILTER_ERROR_SIZE, "%u instructions are more than %d", prog->bf_len,
			 FILTER_MAX_INSNS);
		return -1;
	}
	for (u32 i = 0; i < prog->bf_len; i++) {
		const struct bpf_insn *in = &prog->bf_insns[i];

		insns[i] = (struct filter_insn){ in->code, in->jt, in->jf, in->k };
		if (start == FILTER_FROM_NETWORK)
			count_from_network(&insns[i]);
	}
	return (int)prog->bf_len;
}

int filter_compile(const char *expr, enum filter_start start, struct filter_insn *insns,
		   char err[FILTER_ERROR_SIZE])
{
	int dlt = start == FILTER_FROM_LINK ? DLT_EN10MB : DLT_RAW, n = -1;
	struct bpf_program prog;
	pcap_t *p;

	if (!names_nothing(expr, err))
		return -1;
	p = pcap_open_dead(dlt, SNAPLEN);
	if (!p) {
		snprintf(err, FILTER_ERROR_SIZE, "libpcap does not start");
		return -1;
	}
	if (pcap_compile(p, &prog, expr, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(err, FILTER_ERROR_SIZE, "%s", pcap_geterr(p));
	} else {
		n = copy_out(&prog, start, insns, err);
		pcap_freecode(&prog);
	}
	pcap_close(p);
	return n;
}

/* SPDX-License-Identifier: MIT */
/*
 * Socket filters (socket(7) SO_ATTACH_FILTER, bpf(2); Documentation/networking/filter.rst of Linux).
 *
 * A program is refused when it is given, for the same reasons and with the same errors as in Linux, and
 * then run for each packet. Its result is how many bytes of the packet the socket gets: 0 drops it.
 * What a program sees depends on who runs it:
 *
 *	TCP, UDP		from the transport header on
 *	raw, ping		from the IP header (raw IPv4) or the ICMP header on
 *	packet sockets		from the link-layer header on (SOCK_RAW), from the network header on (SOCK_DGRAM)
 *	AF_UNIX, AF_NETLINK	the message
 *	SO_REUSEPORT groups	what is behind the transport header
 *
 * Loads at SKF_NET_OFF and SKF_LL_OFF count from the network and the link-layer header in each case.
 */
#ifndef STACK_BPF_H
#define STACK_BPF_H

#include <linux/filter.h>

#include "nic/skb.h"

struct bpf_insn;
struct bpf_map;
struct sock;

struct bpf_prog {
	u32 refs;
	u32 type; /* enum bpf_prog_type; BPF_PROG_TYPE_UNSPEC: a classic one */
	u32 size; /* bytes that a socket is charged for it, as Linux's bpf_prog_size() */
	u32 len;  /* instructions */
	struct sock_filter *insns; /* of a classic program, else NULL */
	struct bpf_insn *code;	   /* of an extended one; ebpf.h */
	struct bpf_map **maps;	   /* that it names; by number in its instructions */
	u32 nmaps;
};

/*
 * A checked copy of a classic program: 0, or -EINVAL. The rules are those of bpf_check_classic().
 */
int bpf_prog_create(const struct sock_fprog *fprog, struct bpf_prog **out);
static inline void bpf_prog_get(struct bpf_prog *prog)
{
	prog->refs++;
}
/* The last one frees; NULL is fine. */
void bpf_prog_put(struct bpf_prog *prog);

/*
 * Runs a program over the packet as it is from its data + offset on (0: from data); the result is the
 * program's. A packet with CHECKSUM_PARTIAL shows what is in its checksum field: skb_checksum_show().
 */
u32 bpf_prog_run(const struct bpf_prog *prog, const struct sk_buff *skb, u32 offset);
/* The same for sk's own filter, which may ask for the socket's cookie and user. */
u32 bpf_prog_run_sk(const struct bpf_prog *prog, const struct sk_buff *skb, u32 offset,
		    const struct sock *sk);

/*
 * The filter of sk, if it has one: 0, with skb cut to what it lets through, but not below cap bytes; or
 * -EPERM: drop skb with SOCKET_FILTER.
 */
int sk_filter_trim_cap(struct sock *sk, struct sk_buff *skb, u32 cap);
static inline int sk_filter(struct sock *sk, struct sk_buff *skb)
{
	return sk_filter_trim_cap(sk, skb, 1);
}

/* At the end of sk's life; an accepted socket has its listener's filter (socket(7)). */
void sk_filter_release(struct sock *sk);
void sk_filter_inherit(struct sock *sk, const struct sock *listener);

/* ---- parts ------------------------------------------------------------------------------------- */

/* What a classic program is charged as: Linux's size of what it becomes there. bpf_classic.c */
u32 bpf_classic_size(const struct sock_filter *insns, u32 len);
/* Linux's size of a program of len instructions after translation. */
u32 bpf_prog_size(u32 len);
/* n bytes at off (from data; negative: in front of it) of the packet, false: not there. bpf_load.c */
bool bpf_load_bytes(const struct sk_buff *skb, s64 off, void *to, u32 n);
/* SKF_NET_OFF and SKF_LL_OFF become offsets from data + base; false: no such header. */
bool bpf_load_offset(const struct sk_buff *skb, u32 base, s32 k, s64 *off);
/* SKF_AD_*: false: the program ends, its result is what A is. bpf_ancillary.c */
bool bpf_ancillary(const struct sk_buff *skb, u32 base, u32 ad, u32 *a, u32 x);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK (netlink(7), Documentation/userspace-api/netlink): between af_netlink.c and the families of
 * messages (rtnetlink*.c, sock_diag.c).
 *
 * A request is answered while it is sent: answers wait in the socket's receive queue. A dump is cut into
 * datagrams as the kernel cuts it.
 */
#ifndef STACK_NETLINK_H
#define STACK_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "stack/sock.h"

/* A datagram of a dump holds whole messages up to this (NLMSG_GOODSIZE with pages of 4 KiB). */
#define NL_DATAGRAM 3776u

extern const struct proto_ops netlink_prot;
s64 netlink_create(struct task *t, struct net *net, int type, int protocol, struct sock **out);

struct netlink_sock {
	struct sock sk;
	u32 portid, dst_portid;
	u64 groups; /* bit n - 1: member of group n */
	bool bound, ext_ack, cap_ack, strict, pktinfo;
};

/* A request, and where its answers go. */
struct nl_req {
	struct task *t;
	struct netlink_sock *nl;
	struct net *net;
	const struct nlmsghdr *h;
	const void *payload; /* behind the header */
	u32 len;	     /* of the payload */
	const struct nlattr **attrs; /* by type; see nl_parse() */
	bool dump;
	struct nl_buf *out;
};

/* Messages under construction: whole ones are [0, end), the one being built goes on to len. */
struct nl_buf {
	u8 *data;
	u32 len, cap;
	u32 msg; /* where the message under way began */
};

/* Begins a message; payload (its fixed header, zeroed) is returned. */
void *nl_begin(struct nl_buf *b, u16 type, u16 flags, u32 seq, u32 pid, u32 payload);
void nl_end(struct nl_buf *b);
void nl_put(struct nl_buf *b, u16 type, const void *data, u32 len);
static inline void nl_put_u8(struct nl_buf *b, u16 type, u8 v)
{
	nl_put(b, type, &v, sizeof(v));
}
static inline void nl_put_u32(struct nl_buf *b, u16 type, u32 v)
{
	nl_put(b, type, &v, sizeof(v));
}
void nl_put_string(struct nl_buf *b, u16 type, const char *s);
/* Nested attributes: the offset that nl_nest_end() wants. */
u32 nl_nest(struct nl_buf *b, u16 type);
void nl_nest_end(struct nl_buf *b, u32 at);
/* Answers to r begin as this. */
static inline void *nl_answer(struct nl_req *r, u16 type, u32 payload)
{
	return nl_begin(r->out, type, r->dump ? NLM_F_MULTI : 0, r->h->nlmsg_seq, r->nl->portid,
			payload);
}

/* Attributes behind the first fixed bytes of the payload, into attrs[0..max]. 0 or -EINVAL. */
int nl_parse(const struct nl_req *r, u32 fixed, const struct nlattr **attrs, u16 max);
static inline u32 nl_attr_len(const struct nlattr *a)
{
	return a->nla_len - (u32)NLA_HDRLEN;
}
static inline const void *nl_attr_data(const struct nlattr *a)
{
	return (const u8 *)a + NLA_HDRLEN;
}
u32 nl_attr_u32(const struct nlattr *a, u32 otherwise);

/* A message of nl_begin()..nl_end() for all members of a group of the protocol (RTNLGRP_*). */
void nl_notify(struct net *net, int protocol, int group, const struct nl_buf *b);
void nl_free(struct nl_buf *b);

/* Carries out r->h. 0, or negative errno: what the acknowledgement says. */
int rtnetlink_rcv(struct nl_req *r);
int sock_diag_rcv(struct nl_req *r);

/* Their parts. */
int rtnl_link(struct nl_req *r);
int rtnl_addr(struct nl_req *r);
int rtnl_route(struct nl_req *r);
int rtnl_neigh(struct nl_req *r);
int rtnl_rule(struct nl_req *r);
/* An address as an attribute: 4 or 16 bytes. False: of the wrong size. */
bool nl_attr_addr(const struct nlattr *a, u8 family, union ipaddr *to);
void nl_put_addr(struct nl_buf *b, u16 type, const union ipaddr *a);
int nl_addr_family(const union ipaddr *a);

#endif

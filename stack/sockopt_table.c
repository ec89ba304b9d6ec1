/* SPDX-License-Identifier: MIT */
/*
 * Runs a table of socket options (sockopt.h): lengths, ranges, fields, refusals.
 */
#include <string.h>

#include "stack/sockopt.h"

/* linux/if_packet.h cannot stand beside nic/skb.h. */
#define PACKET_AUXDATA_ 8
#define PACKET_ORIGDEV_ 9

const struct sockopt_row *sockopt_find(const struct sockopt_table *tab, int name)
{
	for (size_t i = 0; i < tab->nrows; i++) {
		if (tab->rows[i].name == name)
			return &tab->rows[i];
	}
	return NULL;
}

static s64 refuse(struct sock *sk)
{
	sk->net->enoprotoopt++;
	return -ENOPROTOOPT;
}

static bool is_int(const struct sockopt_row *row)
{
	return row->type == SOCKOPT_INT || row->type == SOCKOPT_BOOL;
}

static void field_store(const struct sockopt_row *row, struct sock *sk, int val)
{
	void *p = (u8 *)sk + row->off;

	switch (row->size) {
	case 1:
		*(u8 *)p = (u8)val;
		break;
	case 2:
		*(u16 *)p = (u16)val;
		break;
	case 4:
		*(int *)p = val;
		break;
	default:
		assert(row->size == 8);
		*(u64 *)p = (u64)(u32)val;
		break;
	}
}

static int field_load(const struct sockopt_row *row, const struct sock *sk)
{
	const void *p = (const u8 *)sk + row->off;

	switch (row->size) {
	case 1:
		return *(const u8 *)p;
	case 2:
		return *(const u16 *)p;
	case 4:
		return *(const int *)p;
	default:
		assert(row->size == 8);
		return (int)*(const u64 *)p;
	}
}

s64 sockopt_return(struct sockopt_arg *a, const void *data, socklen_t len)
{
	a->len = min(a->len, len);
	memcpy(a->buf, data, a->len);
	return 0;
}

static s64 parse_int(const struct sockopt_table *tab, struct sockopt_arg *a)
{
	const struct sockopt_row *row = a->row;

	if (a->len >= sizeof(int)) {
		memcpy(&a->val, a->buf, sizeof(int));
	} else if (tab->byte_values && a->len >= 1) {
		a->val = *(const u8 *)a->buf;
	} else if (tab->byte_values) {
		a->val = 0;
	} else {
		return -EINVAL;
	}
	if (row->type == SOCKOPT_BOOL)
		a->val = a->val != 0;
	if ((row->min || row->max) && (a->val < row->min || a->val > row->max))
		return -EINVAL;
	return 0;
}

/* As Linux reads values. */
static socklen_t row_reads(const struct sock *sk, const struct sockopt_table *tab,
			   const struct sockopt_row *row, socklen_t len)
{
	const socklen_t whole = sizeof(int);
	socklen_t first = tab->int_first ? min(len, whole) : 0;

	if (tab->int_or_zero && len >= whole)
		first = whole;
	if (!row || row->access == SOCKOPT_RO || (row->stream_errno && sk->type == SOCK_STREAM))
		return first;
	if (is_int(row) && tab->byte_values)
		return len >= whole ? whole : min(len, 1u);
	if (is_int(row))
		return first;
	if (row->type == SOCKOPT_TIMEVAL || row->type == SOCKOPT_LINGER)
		return min(len, row->min_len);
	return row->reads ? min(len, row->reads) : len;
}

socklen_t sockopt_reads(struct task *t, int fd, int level, int name, socklen_t len)
{
	const struct sockopt_table *tab;
	struct file *f = fd_lookup(t->proc->files, fd);
	struct sock *sk = f ? sock_from_file(f) : NULL;

	if (!sk)
		return 0;
	if (level == SOL_SOCKET)
		tab = &sol_socket_options;
	else if (sk->family == AF_INET || sk->family == AF_INET6)
		tab = inet_sockopt_table(sk, level);
	else
		tab = NULL;
	if (tab)
		return row_reads(sk, tab, sockopt_find(tab, name), len);
	if (level == IPPROTO_ICMPV6) /* struct icmp6_filter */
		return min(len, 32u);
	if (level == SOL_PACKET && name != PACKET_AUXDATA_ && name != PACKET_ORIGDEV_)
		return len;
	return min(len, (socklen_t)sizeof(int));
}

/* What is wrong before the name is looked at. */
static s64 check_first(const struct sockopt_table *tab, int name, const void *val, socklen_t len)
{
	const struct sockopt_row *row = sockopt_find(tab, name);

	if (row && row->type == SOCKOPT_STRING)
		return 0;
	if (tab->int_first && len < sizeof(int))
		return -EINVAL;
	if (tab->int_first && (!val || val == SOCKOPT_FAULT))
		return -EFAULT;
	if (tab->int_or_zero && len >= sizeof(int) && val == SOCKOPT_FAULT)
		return -EFAULT;
	return 0;
}

s64 sockopt_table_set(struct task *t, struct sock *sk, const struct sockopt_table *tab, int name,
		      const void *val, socklen_t len)
{
	static const int zero;
	const struct sockopt_row *row = sockopt_find(tab, name);
	struct sockopt_arg a = { .t = t, .sk = sk, .row = row, .name = name,
				 .buf = (void *)(uintptr_t)val, .len = len };
	s64 err = check_first(tab, name, val, len);

	if (err)
		return err;
	if (!row || row->access == SOCKOPT_RO || (!row->set && !row->size))
		return refuse(sk);
	if (tab->int_or_zero && len < row->min_len)
		return -EINVAL;
	if (row->stream_errno && sk->type == SOCK_STREAM)
		return row->stream_errno == ENOPROTOOPT ? refuse(sk) : -row->stream_errno;
	if (tab->int_or_zero && !val && is_int(row) && len >= sizeof(int))
		a.buf = (void *)(uintptr_t)&zero;
	if (len < row->min_len)
		return -EINVAL;
	if (len && (!a.buf || a.buf == SOCKOPT_FAULT))
		return -EFAULT;
	if (is_int(row)) {
		err = parse_int(tab, &a);
		if (err)
			return err;
	}
	if (row->set)
		return row->set(&a);
	field_store(row, sk, a.val);
	return 0;
}

static s64 return_int(const struct sockopt_table *tab, struct sockopt_arg *a, void *val,
		      socklen_t *len)
{
	u8 byte = (u8)a->val;

	/* do_ip_getsockopt(): a small value fits a small buffer. */
	if (tab->byte_values && *len > 0 && *len < sizeof(int) && a->val >= 0 && a->val <= 255) {
		*len = 1;
		memcpy(val, &byte, 1);
		return 0;
	}
	*len = min(*len, (socklen_t)sizeof(int));
	memcpy(val, &a->val, *len);
	return 0;
}

s64 sockopt_table_get(struct task *t, struct sock *sk, const struct sockopt_table *tab, int name,
		      void *val, socklen_t *len)
{
	const struct sockopt_row *row = sockopt_find(tab, name);
	struct sockopt_arg a = { .t = t, .sk = sk, .row = row, .name = name,
				 .buf = val, .len = *len };
	s64 err = 0;

	if (!row || row->access == SOCKOPT_WO || (!row->get && !row->size))
		return refuse(sk);
	if (row->get)
		err = row->get(&a);
	else
		a.val = field_load(row, sk);
	if (err == -ERANGE)
		*len = a.len; /* how much room it takes: SO_PEERGROUPS, SO_PEERSEC */
	if (err)
		return err;
	if (is_int(row))
		return return_int(tab, &a, val, len);
	*len = a.len;
	return 0;
}

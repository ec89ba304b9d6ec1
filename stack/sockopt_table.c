/* SPDX-License-Identifier: MIT */
/*
 * Runs a table of socket options (sockopt.h): lengths, ranges, fields, refusals.
 */
#include <string.h>

#include "stack/sockopt.h"

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

s64 sockopt_table_set(struct task *t, struct sock *sk, const struct sockopt_table *tab, int name,
		      const void *val, socklen_t len)
{
	const struct sockopt_row *row = sockopt_find(tab, name);
	struct sockopt_arg a = { .t = t, .sk = sk, .row = row, .name = name,
				 .buf = (void *)(uintptr_t)val, .len = len };
	s64 err;

	/* sk_setsockopt() wants an int before it looks at the name. */
	if (!row || row->access == SOCKOPT_RO || (!row->set && !row->size))
		return tab == &sol_socket_options && len < sizeof(int) ? -EINVAL : refuse(sk);
	if (row->dgram_only && sk->type == SOCK_STREAM)
		return refuse(sk);
	if (len < row->min_len)
		return -EINVAL;
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
